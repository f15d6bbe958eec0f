/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes plans; simulates them into one result file, with progress, a summary of each, and what to do next. */
#include "analysis/sensitivity.h"
#include "cli.h"
#include "cohort/cohort.h"
#include "doubts.h"
#include "results/results.h"

#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAX_MESSAGES 5
/* Of a run, until what it will take of disk is told by its first blocks (assumed). */
#define LEAST_SECONDS 1.0
#define LEAST_SUBJECTS 256

typedef struct {
    ost_journal_t *journal;
    const ost_plan_t *plan;
    const ost_part_t *parts; /* [n_parts] */
    size_t part, n_parts;
    uint64_t n_resumed;     /* subjects of earlier sessions */
    ost_progress_t *before; /* of a sweep, what its other points took; seconds and subjects of this session */
    size_t n_beside;        /* points that are run side by side, each on its own thread; 1: one on all threads */
    const ost_simulation_t *how;
    ost_cli_progress_t *progress;
    const atomic_bool *stop;    /* ends the run early once true */
    bool has_checked;           /* the room on disk */
    ost_histories_t *histories; /* of a sweep, what its points share; NULL: nothing */
} run_t;

static int write_block(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    run_t *self = user;
    return ost_journal_block(self->journal, self->part, block, err);
}

/* Subjects count from the beginning of the run, speed from that of this session. Those of a sweep are of all points. */
static void report(run_t *self, ost_cli_moment_t moment, const char *event, const ost_progress_t *now)
{
    char done[32], all[32], failed[48] = "";
    uint64_t n_done = now->subjects_done + self->n_resumed, n = ost_journal_part(self->journal, self->part)->n_subjects;
    ost_progress_t sum = *now, *p = &sum;
    if (self->parts->sweep != NULL) {
        sum.subjects_done += self->before->subjects_done;
        sum.failures += self->before->failures;
        sum.seconds = (sum.seconds + self->before->seconds) / (double) self->n_beside;
        n_done += self->before->subjects;
        n *= self->n_parts;
    }
    double rate = p->seconds > 0 ? (double) p->subjects_done / p->seconds : 0;
    double left = rate > 0 ? (double) (n - n_done) / rate : 0;
    json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f}", "event", event, "subjects_done",
        (json_int_t) n_done, "subjects", (json_int_t) n, "failures", (json_int_t) p->failures, "seconds", p->seconds,
        "subjects_per_second", rate, "seconds_left", left);
    if (p->failures > 0) snprintf(failed, sizeof(failed), ", %s failed", ost_cli_thousands(p->failures, done));
    ost_cli_thousands(n_done, done);
    ost_cli_thousands(n, all);
    double percent = 100 * (double) n_done / (double) n;
    if (moment == OST_PROGRESS_GOES_ON)
        ost_cli_progress(self->progress, moment, object, "%s of %s subjects (%.0f %%), %.0f/s, %.0f s left%s", done,
            all, percent, rate, left, failed);
    else
        ost_cli_progress(self->progress, moment, object, "%s: %s of %s subjects (%.0f %%) in %.1f s%s", event, done,
            all, percent, p->seconds, failed);
}

/* Say so once where the disk will not hold what the run is going to write, by what its first blocks took. */
static void check_room(run_t *self, const ost_progress_t *p)
{
    const ost_journal_part_t *kept = ost_journal_part(self->journal, self->part);
    const ost_keep_t keep = ost_part_keep(self->parts);
    const double n_done = (double) (p->subjects_done + self->n_resumed);
    char part[PATH_MAX], folder[PATH_MAX], a[32], b[32];
    struct statvfs disk;
    struct stat st;
    if (self->has_checked || self->n_parts > 1 || p->seconds < LEAST_SECONDS || n_done < LEAST_SUBJECTS) return;
    self->has_checked = true;
    snprintf(part, sizeof(part), "%s.part", self->how->out);
    snprintf(folder, sizeof(folder), "%s", self->how->out);
    const char *where = dirname(folder);
    if (stat(part, &st) != 0 || statvfs(where, &disk) != 0) return;
    double all = (double) st.st_size / n_done * (double) kept->n_subjects;
    double file = (keep == OST_KEEP_SUBJECTS ? all : 0) + ost_results_room(kept->columns, keep);
    double left = (self->how->shard.n > 0 ? all : all + file) - (double) st.st_size;
    double room = (double) disk.f_bavail * (double) disk.f_frsize;
    if (left > room)
        ost_cli_message(
            "warning: this run will take %s more of disk until it is written, and '%s' has %s: it will stop "
            "there; what was computed is kept, and goes on with --resume",
            ost_cli_bytes(left, a), where, ost_cli_bytes(room, b));
}

static int report_progress(void *user, const ost_progress_t *p)
{
    run_t *self = user;
#pragma omp critical(report)
    {
        if (ost_cli_progress_is_due(self->progress)) report(self, OST_PROGRESS_GOES_ON, "progress", p);
        check_room(self, p);
    }
    return 0;
}

/* Of a part that was run. */
static void report_end(run_t *self, const ost_cohort_summary_t *s)
{
    const ost_progress_t end = { .subjects_done = s->subjects, .failures = s->failures, .seconds = s->seconds_wall };
    if (self->parts->sweep == NULL) {
        report(self, OST_PROGRESS_ENDS, s->interrupted ? "interrupted" : "finished", &end);
        return;
    }
#pragma omp critical(report)
    {
        self->before->subjects_done += s->subjects;
        self->before->subjects += s->subjects + self->n_resumed;
        self->before->failures += s->failures;
        self->before->seconds += s->seconds_wall;
    }
}

/* Of all points of a sweep. */
static void report_sweep(run_t *self, bool is_interrupted)
{
    const ost_progress_t nothing = { 0 };
    self->n_resumed = 0;
    report(self, OST_PROGRESS_ENDS, is_interrupted ? "interrupted" : "finished", &nothing);
}

/* Sums over all points of a sweep; arrays and what was probed are those of the first. */
static ost_cohort_summary_t sum_points(const run_t *run)
{
    ost_cohort_summary_t all = ost_journal_part(run->journal, 0)->sums;
    for (size_t p = 1; p < run->n_parts; p++) {
        const ost_cohort_summary_t *one = &ost_journal_part(run->journal, p)->sums;
        all.subjects += one->subjects;
        all.failures += one->failures;
        all.not_eligible += one->not_eligible;
        all.seconds_wall += one->seconds_wall;
        all.n_threads = one->n_threads > all.n_threads ? one->n_threads : all.n_threads;
        ost_solver_stats_add(&all.stats, &one->stats);
    }
    all.seconds_wall /= (double) run->n_beside;
    if (run->n_beside > 1) all.n_threads = (int) run->n_beside;
    return all;
}

/* The first failures of a part. @return how many lines more may be printed */
static size_t print_failures(const run_t *run, size_t part, size_t most)
{
    char point[200] = "";
    ost_failed_t f;
    size_t i = 0;
    if (run->parts->sweep != NULL) ost_design_point(run->parts->sweep->design, part, point, sizeof(point));
    for (; i < most && ost_journal_failure(run->journal, part, i, &f); i++)
        printf("  %s%ssubject %llu, arm '%s': %s\n", point, point[0] != '\0' ? ", " : "",
            (unsigned long long) f.subject, f.arm, f.message);
    return most - i;
}

/* Whether the blocks of a run that was interrupted make a result file: they have all values of their subjects. */
static bool can_be_partial(const ost_part_t *parts, size_t n_parts)
{
    return n_parts == 1 && ost_part_keep(parts) == OST_KEEP_SUBJECTS;
}

/* What goes into a compartment by the dosing table, of the subjects that are simulated. */
static void print_compartment(const ost_experiment_t *e, uint32_t compartment)
{
    const ost_events_t *events = &e->events;
    const ost_compartment_t *to = &events->compartments[compartment];
    double least = INFINITY, most = 0;
    uint64_t n = 0, n_dosed = 0;
    char a[64], b[64];
    for (uint64_t i = e->first_subject; i < e->first_subject + e->n_subjects; i++) {
        const uint64_t before = n;
        for (size_t r = events->first[i]; r < events->first[i + 1]; r++) {
            const ost_event_row_t *row = &events->rows[r];
            const bool is_dose = row->kind == OST_ROW_DOSE || row->kind == OST_ROW_RESET_DOSE;
            if (!is_dose || row->compartment != compartment) continue;
            least = fmin(least, row->amount / events->amount.factor);
            most = fmax(most, row->amount / events->amount.factor);
            n += 1 + row->n_more;
        }
        n_dosed += n > before;
    }
    if (n > 0)
        printf("  %s%s%s: %s of %.6g to %.6g %s, %s\n", to->drug, to->compartment != NULL ? "." : "",
            to->compartment != NULL ? to->compartment : "", ost_cli_plural(n, "dose", a), least, most,
            events->amount_text, ost_cli_plural(n_dosed, "subject", b));
}

/* What the dosing table gives and how long it is, so that a wrong unit is seen. */
static void print_table(const ost_experiment_t *e)
{
    const ost_events_t *events = &e->events;
    double last = -INFINITY;
    if (!events->is_given || e->enrolls) return;
    for (size_t r = events->first[e->first_subject]; r < events->first[e->first_subject + e->n_subjects]; r++)
        last = fmax(last, events->rows[r].t);
    printf("%s: the last row is at day %.6g, month %.4g\n", e->people.path, last, last / OST_DAYS_PER_MONTH);
    for (uint32_t c = 0; c < events->n_compartments; c++) print_compartment(e, c);
}

/* @param may_enroll  one experiment, which can draw its subjects until enough are eligible */
static void print_eligible(const ost_experiment_t *e, const ost_cohort_summary_t *all, bool may_enroll)
{
    char a[64], b[64];
    printf("eligible: %s of %s", ost_cli_thousands(all->subjects - all->not_eligible, a),
        ost_cli_plural(all->subjects, "subject", b));
    if (may_enroll && all->not_eligible > 0 && all->not_eligible < all->subjects && !ost_people_are_rows(&e->people))
        printf("; --set population.subjects=~ --set population.enroll=%llu draws until %llu are",
            (unsigned long long) e->n_subjects, (unsigned long long) e->n_subjects);
    putchar('\n');
}

/* What all blocks took and amount to, those of earlier sessions as well. */
static void print_summary(const run_t *run, const ost_cohort_summary_t *s, const char *heading)
{
    const ost_experiment_t *e = run->plan->experiment;
    const ost_journal_part_t *kept = ost_journal_part(run->journal, run->part);
    const bool is_sweep = run->parts->sweep != NULL;
    const ost_cohort_summary_t sums = is_sweep ? sum_points(run) : kept->sums, *all = &sums;
    char a[64], b[64], c[64], points[80] = "";
    double jobs = fmax(1, (double) all->subjects * (double) e->n_arms);
    if (heading != NULL) printf("%s\n", heading);
    if (is_sweep) snprintf(points, sizeof(points), "%s x ", ost_cli_plural(run->n_parts, "point", a));
    printf("%s%s x %s in %.2f s on %s (%s): %.0f subject-arms/s\n", points,
        ost_cli_plural(is_sweep ? kept->n_subjects : kept->sums.subjects, "subject", a),
        ost_cli_plural(e->n_arms, "arm", b), all->seconds_wall, ost_cli_plural((uint64_t) all->n_threads, "thread", c),
        ost_isa_name(s->isa), jobs / all->seconds_wall);
    if (ost_people_are_rows(&e->people) && !e->enrolls && e->n_subjects < e->people.n_rows)
        printf("subjects: %s of %s of %s\n", ost_cli_thousands(e->n_subjects, a),
            ost_cli_plural(e->people.n_rows, e->events.is_given ? "ID" : "row", b), e->people.path);
    print_table(e);
    if (run->n_resumed > 0)
        printf("resumed: %s of an earlier run were there\n", ost_cli_plural(run->n_resumed, "subject", a));
    double steps = (double) all->stats.steps, tries = steps + (double) all->stats.rejected;
    printf("%.1f steps of %s per subject-arm, %.2f %% of steps rejected\n", steps / jobs, ost_stepper_name(s->stepper),
        tries > 0 ? 100 * (double) all->stats.rejected / tries : 0);
    if (ost_histories_n_shared(run->histories) > 0)
        printf("histories before treatment: %s of %s were those of another point\n",
            ost_cli_thousands(ost_histories_n_shared(run->histories), a), ost_cli_thousands(all->subjects, b));
    ost_cli_print_doubts(run->plan, all);
    if (s->screened > 0)
        printf(
            "enrolled: %s of %s\n", ost_cli_thousands(all->subjects, a), ost_cli_plural(s->screened, "candidate", b));
    if (e->eligible != NULL && !e->enrolls) print_eligible(e, all, run->n_parts == 1);
    if (all->failures > 0)
        printf("failed: %s of %s\n", ost_cli_thousands(all->failures, a),
            ost_cli_plural(all->subjects * e->n_arms, "subject-arm", b));
    size_t most = MAX_MESSAGES;
    for (size_t p = is_sweep ? 0 : run->part; p <= run->part && most > 0; p++) most = print_failures(run, p, most);
    if (all->failures > MAX_MESSAGES) printf("  ... the others are in the file\n");
    if (s->interrupted && can_be_partial(run->parts, run->n_parts))
        printf("interrupted: %s of %s are computed; the same command with --resume goes on from there\n",
            ost_cli_thousands(all->subjects, a), ost_cli_plural(kept->n_subjects, "subject", b));
}

/* After a failure: what a run with --resume can start from. */
static void mention_part(const char *out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s.part", out);
    if (access(path, F_OK) == 0)
        ost_cli_message("%s holds what was computed; the same command with --resume goes on from there", path);
}

/* With --resume and no journal: a result of another run is left alone, and there is nothing left to do of a complete
 * one. @param[out] n_failed  subject-arms of a complete one @return 0: run; 1: it is complete; or a negative code */
static int check_finished(
    const ost_part_t *parts, size_t n_parts, const char *out, uint64_t *n_failed, ost_error_t *err)
{
    ost_results_t *results = NULL;
    ost_identity_t identity = { 0 };
    if (ost_journal_exists(out) || access(out, F_OK) != 0) return 0;
    bool is_sealed;
    int ret = ost_results_check_seal(out, &is_sealed, err);
    if (ret == 0) ret = ost_cli_open_result(&results, out, true, err);
    if (ret == 0) ret = ost_parts_identity(&identity, parts, n_parts, err);
    if (ret == 0) ret = ost_identity_compare(&identity, &results->attributes, "resumed", out, err);
    if (ret == 0) {
        const char *n_done = ost_results_attribute(results, "n_done");
        ret = n_done != NULL && strtoull(n_done, NULL, 10) == parts[0].plan->experiment->n_subjects;
        *n_failed = ost_results_failures(results);
    }
    ost_identity_free(&identity);
    ost_results_close(results);
    return ret;
}

/* Run one of the plans. @param[out] summary  to be freed in any case @return 0, 1: interrupted, or a negative code */
static int run_part(run_t *run, ost_cohort_summary_t *summary, ost_error_t *err)
{
    const ost_journal_part_t *kept = ost_journal_part(run->journal, run->part);
    const ost_sweep_t *sweep = run->parts->sweep;
    const ost_cohort_options_t options = { .n_threads = run->n_beside > 1 ? 1 : run->how->n_threads,
        .sink = write_block,
        .parallel_sink = true,
        .done = kept->done,
        .histories = run->histories,
        .no_probe = run->how->no_probe || (sweep != NULL && run->part > 0),
        .progress = report_progress,
        .stop = run->stop,
        .user = run };
    run->n_resumed = kept->n_resumed;
    int ret = ost_cohort_run(run->plan, &options, summary, err);
    if (ret == 0) report_end(run, summary);
    if (ret == 0) ret = ost_journal_end(run->journal, run->part, summary, err);
    return ret == 0 ? summary->interrupted : ret;
}

/* Subjects, and subject-arms that failed, of all parts. */
static ost_cohort_summary_t count(const ost_journal_t *journal, size_t n_parts)
{
    ost_cohort_summary_t all = { 0 };
    for (size_t p = 0; p < n_parts; p++) {
        all.subjects += ost_journal_part(journal, p)->sums.subjects;
        all.failures += ost_journal_part(journal, p)->sums.failures;
    }
    return all;
}

static bool is_empty(const ost_journal_part_t *part)
{
    return part->sums.subjects > 0 && part->sums.not_eligible == part->sums.subjects;
}

/* Plans whose cohort has no eligible subject: all values are NaN, which is a warning. @param is_whole  not a shard
 * @return OST_ERR_VALUE where a whole run has no other plans: there is no result */
static int check_eligible(
    const ost_journal_t *journal, const ost_part_t *parts, size_t n_parts, bool is_whole, ost_error_t *err)
{
    char n[64], who[96], text[1024];
    size_t n_empty = 0;
    for (size_t p = 0; p < n_parts; p++) n_empty += is_empty(ost_journal_part(journal, p));
    for (size_t p = 0; p < n_parts && n_empty > 0; p++) {
        const uint64_t n_subjects = ost_journal_part(journal, p)->sums.subjects;
        const ost_experiment_t *e = parts[p].plan->experiment;
        if (!is_empty(ost_journal_part(journal, p))) continue;
        snprintf(who, sizeof(who), n_subjects > 1 ? "none of %s is" : "the subject is not",
            ost_cli_plural(n_subjects, "subject", n));
        OST_FAIL_AT(err, OST_ERR_VALUE, e, e->eligible_location, "%s%s%s eligible by '%.200s'%s",
            parts[p].name != NULL ? parts[p].name : "", parts[p].name != NULL ? ": " : "", who, e->eligible,
            n_subjects > 1 ? "; widen the condition, or simulate more subjects" : "");
        if (is_whole && n_empty == n_parts) return err->code;
        ost_cli_message("warning: %s: all values are NaN", ost_error_format(err, text, sizeof(text)));
    }
    return 0;
}

/* What is wanted is there: of a shard, in a journal; else in a result file. @param[out] n_failed  subject-arms in it
 * @return 0: no; 1: yes, or a negative code */
static int check_complete(
    const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how, uint64_t *n_failed, ost_error_t *err)
{
    ost_journal_t *journal = NULL;
    if (how->resume != OST_JOURNAL_RESUME) return 0;
    if (how->shard.n == 0) return check_finished(parts, n_parts, how->out, n_failed, err);
    if (ost_journal_exists(how->out) || !ost_journal_is(how->out)) return 0;
    int ret = ost_journal_gather(&journal, &how->out, 1, parts, n_parts, how->shard, err);
    if (ret == 0) *n_failed = count(journal, n_parts).failures;
    ost_journal_close(journal);
    return ret == 0 ? 1 : ret;
}

/* One thread's share of the points of a sweep: each is planned by one thread at a time. @param run  shared: its part is
 * the next one; @param[in,out] ret  shared: of all threads @param[out] last  what the last point took */
static void work_on_points(run_t *run, int *ret, ost_cohort_summary_t *last, ost_error_t *err)
{
    const ost_sweep_t *sweep = run->parts->sweep;
    for (bool more = true; more;) {
        ost_error_t why = { 0 };
        ost_cohort_summary_t summary = { 0 };
        run_t own;
        int code = 0;
#pragma omp critical(points)
        {
            more = *ret == 0 && run->part < run->n_parts;
            own = *run;
            if (more) code = sweep->plan(sweep->user, run->part++, &own.plan, &why);
        }
        if (more && code == 0) code = run_part(&own, &summary, &why);
#pragma omp critical(points)
        {
            if (more && code >= 0) *last = (ost_cohort_summary_t){ .isa = summary.isa, .stepper = summary.stepper };
            if (code != 0 && *ret >= 0 && (*ret == 0 || code < 0)) {
                *ret = code;
                if (code < 0 && err != NULL) *err = why;
            }
        }
        ost_cohort_summary_free(&summary);
    }
}

/* All points of a sweep: one after the other where each has a block for every thread, else side by side. */
static int run_points(run_t *run, ost_error_t *err)
{
    const uint64_t n_blocks = (run->parts->plan->experiment->n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK;
    const size_t n_threads = run->how->n_threads > 0 ? (size_t) run->how->n_threads : (size_t) omp_get_max_threads();
    ost_cohort_summary_t last = { 0 };
    int ret = 0;
    run->histories = ost_histories_new(run->parts->plan->experiment->n_subjects); /* without, nothing is shared */
    run->part = 0;
    run->n_beside = n_blocks < n_threads ? n_threads : 1;
    if (run->n_beside > run->n_parts) run->n_beside = run->n_parts;
#pragma omp parallel num_threads((int) run->n_beside)
    work_on_points(run, &ret, &last, err);
    run->part = run->n_parts - 1;
    run->plan = run->parts->plan;
    last.interrupted = ret > 0;
    if (ret >= 0) report_sweep(run, ret > 0);
    if (ret >= 0 && !run->how->quiet && sum_points(run).subjects > 0) print_summary(run, &last, NULL);
    ost_histories_delete(run->histories);
    return ret;
}

/* All plans that are left to be run. @return as run_part() */
static int run_parts(run_t *run, const ost_part_t *parts, size_t n_parts, ost_error_t *err)
{
    int ret = 0;
    if (parts->sweep != NULL) return run_points(run, err);
    for (run->part = 0; run->part < n_parts && ret == 0; run->part++) {
        ost_cohort_summary_t summary = { 0 };
        run->plan = parts[run->part].plan;
        ret = run_part(run, &summary, err);
        bool has_any = ret >= 0 && ost_journal_part(run->journal, run->part)->sums.subjects > 0;
        if (has_any && !run->how->quiet) print_summary(run, &summary, parts[run->part].name);
        ost_cohort_summary_free(&summary);
    }
    return ret;
}

/* Of what was run, make the file. A shard stays a journal. @return 0 or a negative code */
static int finish(run_t *run, const ost_part_t *parts, size_t n_parts, bool is_interrupted, ost_error_t *err)
{
    const ost_simulation_t *how = run->how;
    bool is_shard = how->shard.n > 0;
    uint64_t n_done = count(run->journal, n_parts).subjects;
    int ret = 0;
    if (n_done == 0)
        ost_cli_message("interrupted before the first block of up to %d subjects was finished; nothing is written",
            OST_COHORT_BLOCK);
    if (is_shard && !is_interrupted) return ost_journal_seal(run->journal, how->out, err);
    if (!is_shard && (!is_interrupted || (can_be_partial(parts, n_parts) && n_done > 0)))
        ret = ost_results_write(run->journal, how->out, err);
    if (ret == 0 && !is_interrupted)
        ost_journal_remove(run->journal);
    else
        ost_journal_close(run->journal);
    for (size_t p = 0, n = 0; p < n_parts && ret == 0 && !is_interrupted && !how->quiet; p++)
        if (parts[p].left_out != NULL) printf("%s%s\n", n++ == 0 ? "left out\n" : "", parts[p].left_out);
    return ret;
}

/* Whether there is nothing that a figure of the sweep would show. */
static bool lacks_endpoints(const ost_part_t *parts)
{
    const ost_sweep_t *sweep = parts[0].sweep;
    return sweep != NULL && sweep->design->kind != OST_DESIGN_DRAWS && parts[0].plan->experiment->n_endpoints == 0;
}

/* Of a sweep by a sampler or a table, whether there are enough points for indices. */
static void print_indices(const ost_part_t *parts, const char *out)
{
    const ost_sweep_t *sweep = parts[0].sweep;
    const ost_design_kind_t kind = sweep != NULL ? sweep->design->kind : OST_DESIGN_GRID;
    char path[PATH_MAX + 8];
    if (kind == OST_DESIGN_GRID || sweep->design->n_drawn > 0 || lacks_endpoints(parts)) return;
    if (sweep->design->n_points >= OST_GIVEN_LEAST)
        printf("         osteon sensitivity %s\n", ost_cli_quoted(out, path, sizeof(path)));
    else
        printf("indices: none of fewer than %d points ('osteon sensitivity' makes them of more)\n", OST_GIVEN_LEAST);
}

static void print_finished(const ost_part_t *parts, const ost_simulation_t *how)
{
    char a[32], *merged = NULL;
    struct stat st;
    if (how->shard.n == 0) {
        ost_cli_written(how->out, !lacks_endpoints(parts));
        print_indices(parts, how->out);
        return;
    }
    printf("written: %s (%s), shard %zu of %zu\n", how->out,
        stat(how->out, &st) == 0 ? ost_cli_bytes((double) st.st_size, a) : "?", how->shard.i, how->shard.n);
    ost_cli_name_output(parts, &merged);
    ost_cli_print_merge(how->out, how->shard, merged != NULL ? merged : "OUT.h5");
    free(merged);
}

/* What is said of failures even where there is no summary. A shard's messages are shown once it is merged.
 * @return the exit code of what is complete */
static int end(const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how, uint64_t n_failed)
{
    char a[32], b[64], path[PATH_MAX + 8];
    uint64_t n = 0;
    if (n_failed == 0) return OST_EXIT_OK;
    for (size_t p = 0; p < n_parts; p++) n += parts[p].plan->experiment->n_subjects * parts[p].plan->experiment->n_arms;
    ost_results_t *results = NULL;
    char *why = NULL;
    if (how->shard.n > 0 || ost_results_open(&results, how->out, NULL) < 0 ||
        ost_results_first_failure(results, &why, NULL) < 0)
        why = NULL;
    ost_results_close(results);
    ost_cli_message("%s of %s failed%s%s; 'failure_message' in %s says why", ost_cli_thousands(n_failed, a),
        ost_cli_plural(n, "subject-arm", b), why != NULL ? ", the first: " : "", why != NULL ? why : "",
        ost_cli_quoted(how->out, path, sizeof(path)));
    free(why);
    return OST_EXIT_FAILURES;
}

/* Simulate to the end, or to an interruption. @param replaces  an earlier result. @return an exit code */
static int simulate(const ost_part_t *parts, size_t n_parts, const ost_simulation_t *how, bool replaces)
{
    ost_error_t err = { 0 };
    ost_progress_t before = { 0 };
    ost_cli_progress_t progress = how->progress;
    run_t run = { .how = how,
        .parts = parts,
        .n_parts = n_parts,
        .before = &before,
        .n_beside = 1,
        .progress = &progress,
        .stop = ost_cli_catch_signals() };
    uint64_t n_failed = 0;
    int ret = check_complete(parts, n_parts, how, &n_failed, &err);
    if (ret > 0) {
        ost_cli_message("%s is complete; there is nothing to resume", how->out);
        return end(parts, n_parts, how, n_failed);
    }
    if (ret == 0) ret = ost_journal_open(&run.journal, how->out, parts, n_parts, how->shard, how->resume, &err);
    if (ret < 0) return ost_cli_fail(&err);
    if (replaces && !how->quiet) ost_cli_replaces(how->out, parts[0].plan->experiment->name);
    ret = run_parts(&run, parts, n_parts, &err);
    n_failed = count(run.journal, n_parts).failures;
    bool is_interrupted = ret > 0;
    if (ret == 0 && (ret = check_eligible(run.journal, parts, n_parts, how->shard.n == 0, &err)) < 0) {
        ost_journal_remove(run.journal);
        return ost_cli_fail(&err);
    }
    bool has_result = !is_interrupted || (can_be_partial(parts, n_parts) && how->shard.n == 0);
    has_result = has_result && count(run.journal, n_parts).subjects > 0;
    if (ret < 0)
        ost_journal_close(run.journal);
    else
        ret = finish(&run, parts, n_parts, is_interrupted, &err);
    if (ret == 0 && !how->quiet && has_result) print_finished(parts, how);
    int code = ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    if (ret < 0 || is_interrupted) mention_part(how->out);
    if (code != OST_EXIT_OK && !is_interrupted) return code;
    return is_interrupted ? OST_EXIT_INTERRUPTED : end(parts, n_parts, how, n_failed);
}

int ost_cli_simulate(const ost_part_t *parts, size_t n_parts, const void *simulation)
{
    const ost_simulation_t *how = simulation;
    ost_simulation_t named = *how;
    char *own = NULL;
    int code = OST_EXIT_OK;
    bool replaces = false;
    if (how->out == NULL) code = ost_cli_default_output(parts, &own);
    if (how->out == NULL) named.out = own;
    if (code == OST_EXIT_OK && how->resume != OST_JOURNAL_RESUME)
        code = ost_cli_check_replaced(named.out, parts, n_parts, how->force, &replaces);
    if (code == OST_EXIT_OK) code = simulate(parts, n_parts, &named, replaces);
    free(own);
    return code;
}
