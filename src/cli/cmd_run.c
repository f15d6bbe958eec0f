/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "cohort/cohort.h"
#include "results/results.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Seconds between two reports, to a person and to a log. */
#define TERMINAL_PERIOD 0.1
#define LOG_PERIOD 3.0
#define MAX_MESSAGES 5

static volatile sig_atomic_t interrupt_wanted;

/* A second signal ends the program at once (SA_RESETHAND). */
static void on_signal(int signal_number)
{
    (void) signal_number;
    interrupt_wanted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int) SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit then is an error of the write, with a message */
}

typedef struct {
    const char *out, *isa, *shard;
    uint64_t n_threads; /* 0: all */
    bool dry_run, quiet, resume, restart;
    ost_text_list_t overrides;
} run_arguments_t;

typedef struct {
    ost_journal_t *journal;
    const ost_plan_t *plan;
    size_t part;
    bool quiet, terminal;
    double last_report; /* s since the start */
} run_t;

static int write_block(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    run_t *self = user;
    return ost_journal_block(self->journal, self->part, block, err);
}

static double rate_of(const ost_progress_t *p)
{
    return p->seconds > 0 ? (double) p->subjects_done / p->seconds : 0;
}

static double seconds_left(const ost_progress_t *p)
{
    double rate = rate_of(p);
    return rate > 0 ? (double) (p->subjects - p->subjects_done) / rate : 0;
}

static void report_terminal(const ost_progress_t *p)
{
    char done[32], all[32];
    fprintf(stderr, "\r%s of %s subjects (%.0f %%), %.0f/s, %.0f s left", ost_cli_thousands(p->subjects_done, done),
        ost_cli_thousands(p->subjects, all), 100 * (double) p->subjects_done / (double) p->subjects, rate_of(p),
        seconds_left(p));
    if (p->failures > 0) fprintf(stderr, ", %s failed", ost_cli_thousands(p->failures, done));
    fputs("\033[K", stderr);
    fflush(stderr);
}

static void report_log(const ost_progress_t *p, const char *event)
{
    json_t *line = json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f}", "event", event, "subjects_done",
        (json_int_t) p->subjects_done, "subjects", (json_int_t) p->subjects, "failures", (json_int_t) p->failures,
        "seconds", p->seconds, "subjects_per_second", rate_of(p), "seconds_left", seconds_left(p));
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (text != NULL) fprintf(stderr, "%s\n", text);
    free(text);
    json_decref(line);
}

static int report_progress(void *user, const ost_progress_t *p)
{
    run_t *self = user;
    double period = self->terminal ? TERMINAL_PERIOD : LOG_PERIOD;
    if (!self->quiet && p->seconds - self->last_report >= period) {
        self->last_report = p->seconds;
        if (self->terminal)
            report_terminal(p);
        else
            report_log(p, "progress");
    }
    return interrupt_wanted;
}

static void report_end(const run_t *self, const ost_cohort_summary_t *s, int ret)
{
    const ost_progress_t end = { .subjects_done = s->subjects,
        .subjects = ost_journal_part(self->journal, self->part)->n_subjects,
        .failures = s->failures,
        .seconds = s->seconds_wall };
    if (self->terminal)
        fputs("\r\033[K", stderr);
    else if (ret == 0)
        report_log(&end, s->interrupted ? "interrupted" : "finished");
}

static void print_dry_run(const ost_plan_t *plan)
{
    const ost_experiment_t *e = plan->experiment;
    char a[64], b[64], c[64];
    double cells = (double) e->n_arms * (double) e->n_subjects;
    double bytes = cells * 9 + (double) e->n_subjects * (double) (e->n_covariates + 1) * 8;
    printf("%s: %s\n\narms\n", e->name, e->title != NULL ? e->title : "");
    for (size_t i = 0; i < e->n_arms; i++)
        printf("  %-24s %s  %s\n", e->arms[i].name, ost_cli_plural(plan->timeline->arms[i].n_events, "event", a),
            e->arms[i].label != NULL ? e->arms[i].label : "");
    printf("\nsubjects   %s, from number %llu on, seed %llu\n", ost_cli_thousands(e->n_subjects, a),
        (unsigned long long) e->first_subject, (unsigned long long) e->seed);
    printf("system     %s, %s, %s\n", ost_cli_plural(plan->system->n_states, "state", a),
        ost_cli_plural(plan->wiring->n_signals, "signal", b), ost_cli_plural(plan->blocks->n, "model", c));
    printf("times      %zu, month %g to %g\n\nvariables\n", e->n_times, e->times[0] / OST_DAYS_PER_MONTH,
        e->times[e->n_times - 1] / OST_DAYS_PER_MONTH);
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        const ost_variable_t *v = &plan->outputs->variables[i];
        double size = cells * (double) v->n_elements * (double) e->n_times * (e->float64 ? 8 : 4);
        bytes += size;
        snprintf(b, sizeof(b), "[%s] x %u", v->unit_text, v->n_elements);
        printf("  %-26s %-16s %10s  %s\n", v->name, b, ost_cli_bytes(size, a), v->text);
    }
    for (size_t i = 0; i < plan->blocks->n_params; i++)
        if (ost_plan_param_varies(plan, i)) bytes += 8 * (double) e->n_subjects;
    printf("\nfile       %s%s\n", ost_cli_bytes(bytes, b), e->compression > 0 ? " before compression" : "");
}

/* Largest error over the elements of a variable, NAN where it was not measured. */
static double error_of(const double *errors, const ost_variable_t *v)
{
    double worst = NAN;
    for (size_t i = v->first; i < v->first + v->n_elements; i++) worst = fmax(worst, errors[i]);
    return worst;
}

/* How far something is off, in BMD and where it is farthest. */
static void print_error(const ost_plan_t *plan, const char *what, size_t n_subjects, const double *errors)
{
    const ost_variable_t *farthest = NULL, *bmd = NULL;
    char text[64];
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        const ost_variable_t *v = &plan->outputs->variables[i];
        double error = error_of(errors, v);
        if (isnan(error)) continue;
        if (strcmp(v->name, "bmd") == 0) bmd = v;
        if (farthest == NULL || error > error_of(errors, farthest)) farthest = v;
    }
    if (farthest == NULL) return;
    const ost_variable_t *first = bmd != NULL ? bmd : farthest;
    printf("%s, first %s: %s differs by %.2g %% at most", what, ost_cli_plural(n_subjects, "subject", text),
        first->name, error_of(errors, first));
    if (first != farthest) printf(", and most of all %s, by %.2g %%", farthest->name, error_of(errors, farthest));
    putchar('\n');
}

/* What the run measured of its own errors; and outputs without a value. */
static void print_doubts(const ost_plan_t *plan, const ost_cohort_summary_t *s)
{
    char text[64];
    print_error(plan, "this tolerance against a smaller one", s->n_solver_probed, s->solver_error);
    print_error(plan, "periodic dosing against exact", s->n_periodic_probed, s->periodic_error);
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        const ost_variable_t *v = &plan->outputs->variables[i];
        uint64_t n = 0;
        for (size_t o = v->first; o < v->first + v->n_elements; o++)
            n = s->n_not_finite[o] > n ? s->n_not_finite[o] : n;
        if (n > 0)
            printf(
                "no value: %s is not a number at some times of %s\n", v->name, ost_cli_plural(n, "subject-arm", text));
    }
}

/* What this run took, and what all blocks amount to, those of an earlier run as well. */
static void print_summary(const run_t *run, const ost_cohort_summary_t *s, const char *heading)
{
    const ost_experiment_t *e = run->plan->experiment;
    const ost_journal_part_t *kept = ost_journal_part(run->journal, run->part);
    const ost_cohort_summary_t *all = &kept->sums;
    char a[64], b[64], c[64];
    double jobs = fmax(1, (double) s->subjects * (double) e->n_arms);
    if (heading != NULL) printf("%s\n", heading);
    printf("%s x %s in %.2f s on %s (%s): %.0f subject-arms/s\n", ost_cli_plural(s->subjects, "subject", a),
        ost_cli_plural(e->n_arms, "arm", b), s->seconds_wall, ost_cli_plural((uint64_t) s->n_threads, "thread", c),
        ost_isa_name(s->isa), jobs / s->seconds_wall);
    if (kept->n_resumed > 0)
        printf("resumed: %s of an earlier run were there\n", ost_cli_plural(kept->n_resumed, "subject", a));
    double steps = (double) s->stats.steps, tries = steps + (double) s->stats.rejected;
    printf("%.1f steps of %s per subject-arm, %.2f %% of steps rejected\n", steps / jobs, ost_stepper_name(s->stepper),
        tries > 0 ? 100 * (double) s->stats.rejected / tries : 0);
    print_doubts(run->plan, all);
    if (all->failures > 0)
        printf("failed: %s of %s\n", ost_cli_thousands(all->failures, a),
            ost_cli_plural(all->subjects * e->n_arms, "subject-arm", b));
    ost_failed_t f;
    for (size_t i = 0; i < MAX_MESSAGES && ost_journal_failure(run->journal, run->part, i, &f); i++)
        printf("  subject %llu, arm '%s': %s\n", (unsigned long long) f.subject, f.arm, f.message);
    if (all->failures > MAX_MESSAGES) printf("  ... the others are in the file\n");
    if (s->interrupted && heading == NULL)
        printf("interrupted: %s of %s are in the file; the same command with --resume goes on from there\n",
            ost_cli_thousands(all->subjects, a), ost_cli_plural(kept->n_subjects, "subject", b));
}

void ost_cli_written(const char *out)
{
    char a[32], plot[PATH_MAX];
    struct stat st;
    printf("written: %s (%s)\n", out, stat(out, &st) == 0 ? ost_cli_bytes((double) st.st_size, a) : "?");
    printf("next:    osteon show %s\n", out);
    if (ost_cli_plot_command(plot, sizeof(plot))) printf("         %s %s\n", plot, out);
}

/* After a failure: what a run with --resume can start from. */
static void mention_part(const char *out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s.part", out);
    if (access(path, F_OK) == 0)
        ost_cli_message("%s holds what was computed; the same command with --resume goes on from there", path);
}

bool ost_cli_resume(bool resume, bool restart, ost_resume_t *how)
{
    *how = restart ? OST_JOURNAL_RESTART : resume ? OST_JOURNAL_RESUME : OST_JOURNAL_NEW;
    if (resume && restart) ost_cli_message("--resume and --restart exclude each other");
    return !(resume && restart);
}

/* With --resume and no journal: a result of another run is left alone, and there is nothing left to do of a complete
 * one. @return 0: run; 1: it is complete; or a negative code */
static int check_finished(const ost_plan_t *plan, const char *out, ost_error_t *err)
{
    ost_results_t *results = NULL;
    ost_identity_t identity = { 0 };
    if (ost_journal_exists(out) || access(out, F_OK) != 0) return 0;
    int ret = ost_results_open(&results, out, err);
    if (ret == 0) ret = ost_identity_init(&identity, plan, err);
    if (ret == 0) ret = ost_identity_compare(&identity, &results->attributes, "resumed", out, err);
    if (ret == 0) {
        const char *n_done = ost_results_attribute(results, "n_done");
        ret = n_done != NULL && strtoull(n_done, NULL, 10) == plan->experiment->n_subjects;
    }
    ost_identity_free(&identity);
    ost_results_close(results);
    return ret;
}

/* Run one of the plans. @return 0, 1: interrupted, or a negative code */
static int run_part(run_t *run, const char *heading, const ost_simulation_t *how, ost_error_t *err)
{
    ost_cohort_summary_t summary = { 0 };
    const ost_cohort_options_t options = { .n_threads = how->n_threads,
        .sink = write_block,
        .parallel_sink = true,
        .done = ost_journal_part(run->journal, run->part)->done,
        .progress = report_progress,
        .user = run };
    run->last_report = 0;
    int ret = ost_cohort_run(run->plan, &options, &summary, err);
    if (!how->quiet) report_end(run, &summary, ret);
    if (ret == 0) ret = ost_journal_end(run->journal, run->part, &summary, err);
    if (ret == 0 && !how->quiet) print_summary(run, &summary, heading);
    if (ret == 0) ret = summary.interrupted;
    ost_cohort_summary_free(&summary);
    return ret;
}

bool ost_cli_shard(const char *text, ost_shard_t *shard)
{
    int n = 0;
    *shard = (ost_shard_t){ 0 };
    if (text == NULL) return true;
    if (strspn(text, "0123456789/") == strlen(text) && strlen(text) < 20 &&
        sscanf(text, "%zu/%zu%n", &shard->i, &shard->n, &n) == 2 && text[n] == '\0' && shard->i >= 1 &&
        shard->i <= shard->n) {
        return true;
    }
    ost_cli_message("--shard: '%s' is no part of a cohort, such as 2/8, the second of eight", text);
    return false;
}

bool ost_cli_isa(const char *text, int *isa)
{
    *isa = text != NULL ? ost_isa_from_name(text) : -1;
    if (text == NULL || *isa >= 0) return true;
    ost_cli_message(
        "--isa: '%s' is not available on this machine; the widest is '%s'", text, ost_isa_name(ost_isa_best()));
    return false;
}

static int merge(const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how)
{
    ost_error_t err = { 0 };
    ost_journal_t *journal = NULL;
    uint64_t n_failed = 0, n_subjects = 0;
    char a[64], b[64];
    int ret = ost_journal_gather(
        &journal, (const char *const *) how->shards->items, how->shards->n, parts, n_parts, (ost_shard_t){ 0 }, &err);
    if (ret == 0) ret = ost_results_write(journal, how->out, &err);
    for (size_t p = 0; p < n_parts && ret == 0; p++) {
        n_failed += ost_journal_part(journal, p)->sums.failures;
        n_subjects = ost_journal_part(journal, p)->sums.subjects;
    }
    ost_journal_close(journal);
    if (ret < 0) return ost_cli_fail(&err);
    if (!how->quiet) {
        printf("merged: %s of %s", ost_cli_plural(n_subjects, "subject", a), ost_cli_plural(how->shards->n, "file", b));
        printf(n_failed > 0 ? ", %s failed\n" : "\n", ost_cli_plural(n_failed, "subject-arm", a));
        ost_cli_written(how->out);
    }
    return n_failed > 0 ? OST_EXIT_FAILURES : OST_EXIT_OK;
}

/* What is wanted is there: of a shard, in a journal; else in a result file. @return 0: no; 1: yes, or a negative code
 */
static int check_complete(const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how, ost_error_t *err)
{
    ost_journal_t *journal = NULL;
    if (how->resume != OST_JOURNAL_RESUME) return 0;
    if (how->shard.n == 0) return n_parts == 1 ? check_finished(parts[0].plan, how->out, err) : 0;
    if (ost_journal_exists(how->out) || !ost_journal_is(how->out)) return 0;
    int ret = ost_journal_gather(&journal, &how->out, 1, parts, n_parts, how->shard, err);
    ost_journal_close(journal);
    return ret == 0 ? 1 : ret;
}

/* Run all plans. @return 0, 1: interrupted, or a negative code */
static int run_parts(run_t *run, const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how,
    uint64_t *n_failed, ost_error_t *err)
{
    int ret = 0;
    *n_failed = 0;
    for (run->part = 0; run->part < n_parts && ret == 0; run->part++) {
        run->plan = parts[run->part].plan;
        ret = run_part(run, parts[run->part].name, how, err);
        *n_failed += ost_journal_part(run->journal, run->part)->sums.failures;
    }
    return ret;
}

/* Of what was run, make the file. A shard stays a journal. @return 0 or a negative code */
static int finish(run_t *run, const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how, bool is_interrupted,
    ost_error_t *err)
{
    bool is_shard = how->shard.n > 0;
    int ret = 0;
    if (is_shard && !is_interrupted) return ost_journal_seal(run->journal, how->out, err);
    if (!is_shard && (!is_interrupted || n_parts == 1)) ret = ost_results_write(run->journal, how->out, err);
    if (ret == 0 && !is_interrupted)
        ost_journal_remove(run->journal);
    else
        ost_journal_close(run->journal);
    for (size_t p = 0, n = 0; p < n_parts && ret == 0 && !is_interrupted && !how->quiet; p++)
        if (parts[p].left_out != NULL) printf("%s%s\n", n++ == 0 ? "left out\n" : "", parts[p].left_out);
    return ret;
}

static void print_finished(const ost_simulation_t *how)
{
    char a[32];
    struct stat st;
    if (how->shard.n == 0) {
        ost_cli_written(how->out);
        return;
    }
    printf("written: %s (%s), shard %zu of %zu\n", how->out,
        stat(how->out, &st) == 0 ? ost_cli_bytes((double) st.st_size, a) : "?", how->shard.i, how->shard.n);
    printf("next:    osteon merge the files of all %zu shards -o OUT.h5\n", how->shard.n);
}

int ost_cli_simulate(const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how)
{
    ost_error_t err = { 0 };
    run_t run = { .quiet = how->quiet, .terminal = isatty(STDERR_FILENO) == 1 };
    uint64_t n_failed = 0;
    if (how->shards != NULL) return merge(parts, n_parts, how);
    catch_signals();
    int ret = check_complete(parts, n_parts, how, &err);
    if (ret > 0) {
        ost_cli_message("%s is complete; there is nothing to resume", how->out);
        return OST_EXIT_OK;
    }
    if (ret == 0) ret = ost_journal_open(&run.journal, how->out, parts, n_parts, how->shard, how->resume, &err);
    if (ret < 0) return ost_cli_fail(&err);
    ret = run_parts(&run, parts, n_parts, how, &n_failed, &err);
    bool is_interrupted = ret > 0;
    if (ret < 0)
        ost_journal_close(run.journal);
    else
        ret = finish(&run, parts, n_parts, how, is_interrupted, &err);
    if (ret == 0 && !how->quiet && !(is_interrupted && (n_parts > 1 || how->shard.n > 0))) print_finished(how);
    int code = ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    if (ret < 0 || is_interrupted) mention_part(how->out);
    if (code != OST_EXIT_OK) return code;
    if (is_interrupted) return OST_EXIT_INTERRUPTED;
    return n_failed > 0 ? OST_EXIT_FAILURES : OST_EXIT_OK;
}

int ost_cli_run(const char *name, const ost_text_list_t *overrides, int isa, const ost_simulation_t *how)
{
    ost_error_t err = { 0 };
    ost_experiment_t experiment = { 0 };
    ost_library_t library = { 0 };
    ost_plan_t plan = { 0 };
    const ost_part_t part = { .plan = &plan };
    int code = ost_cli_experiment(&experiment, name, overrides);
    if (code == OST_EXIT_OK && isa >= 0) experiment.solver.isa = (ost_isa_t) isa;
    if (code == OST_EXIT_OK &&
        (ost_library_init(&library, &err) < 0 || ost_plan_build(&plan, &library, &experiment, &err) < 0 ||
            ost_endpoints_check(&plan, &err) < 0)) {
        code = ost_cli_fail(&err);
    } else if (code == OST_EXIT_OK && how->out == NULL) {
        print_dry_run(&plan);
    } else if (code == OST_EXIT_OK) {
        code = ost_cli_simulate(&part, 1, how);
    }
    ost_plan_free(&plan);
    ost_library_free(&library);
    ost_experiment_free(&experiment);
    return code;
}

static int run_run(const ost_command_t *self, int argc, char **argv)
{
    run_arguments_t a = { 0 };
    ost_simulation_t how = { 0 };
    int isa = -1, code;
    char *compared = NULL;
    const char *name = ost_cli_parse(self, argc, argv, &a, &code);
    if (name == NULL) goto out;
    code = OST_EXIT_USAGE;
    if (!ost_cli_isa(a.isa, &isa)) goto out;
    if (a.out == NULL && !a.dry_run) {
        ost_cli_message("run: -o OUT.h5 is missing (--dry-run needs none)");
        goto out;
    }
    if (!ost_cli_resume(a.resume, a.restart, &how.resume) || !ost_cli_shard(a.shard, &how.shard)) goto out;
    if (!a.dry_run && !ost_cli_may_replace(a.out, OST_CLI_HDF5)) goto out;
    if ((compared = ost_cli_compared_models(name)) != NULL) {
        ost_cli_message("run: '%s' is of several models; 'osteon compare %s -o OUT.h5' repeats it", name, name);
        goto out;
    }
    how.out = a.dry_run ? NULL : a.out;
    how.n_threads = (int) a.n_threads;
    how.quiet = a.quiet;
    code = ost_cli_run(name, &a.overrides, isa, &how);
out:
    ost_text_list_free(&a.overrides);
    free(compared);
    return code;
}

static const ost_option_t options[] = {
    { .name = "output",
        .letter = 'o',
        .argument = "OUT.h5",
        .text = "file to write (HDF5)",
        .target = OST_WORD(run_arguments_t, out) },
    OST_OPTIONS_PEOPLE(run_arguments_t),
    { .name = "rtol",
        .argument = "X",
        .text = "relative tolerance of the solver",
        .target = OST_CHANGES(run_arguments_t, overrides),
        .path = "solver.rtol" },
    { .name = "dosing",
        .argument = "exact|periodic",
        .target = OST_CHANGES(run_arguments_t, overrides),
        .path = "solver.dosing",
        .text = "give every dose, or their mean effect once it repeats" },
    OST_OPTION_SET(run_arguments_t),
    OST_OPTION_THREADS(run_arguments_t),
    OST_OPTION_ISA(run_arguments_t),
    OST_OPTION_SHARD(run_arguments_t),
    OST_OPTIONS_RESUME(run_arguments_t),
    { .name = "dry-run",
        .text = "print what would be computed and written",
        .target = OST_FLAG(run_arguments_t, dry_run) },
    { .name = "quiet", .letter = 'q', .text = "no progress, no summary", .target = OST_FLAG(run_arguments_t, quiet) },
};

const ost_command_t ost_command_run = {
    .name = "run",
    .argument = "EXPERIMENT|RESULT.h5",
    .summary = "simulate an experiment, or repeat a result file",
    .about = "Simulate an experiment (a YAML file, or the name of one of 'osteon list configs'), or repeat a result "
             "file\nfrom what it records. Options that change the experiment are recorded in the file.",
    .notes = "Progress goes to standard error: one line on a terminal, JSON lines otherwise. Ctrl-C finishes what "
             "is in\nhand, keeps it and exits with 130.",
    OST_OPTIONS(options),
    .run = run_run,
};
