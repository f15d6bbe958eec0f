/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "cohort/cohort.h"
#include "draws.h"
#include "plan/plan.h"
#include "results/arrays.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    ost_simulation_arguments_t simulation;
    const char *subject, *parameters;
    uint64_t n_draws; /* UINT64_MAX: all */
} run_arguments_t;

static int print_dry_run(const ost_part_t *parts, size_t n_parts, const void *simulation)
{
    const ost_simulation_t *how = simulation;
    ost_error_t err = { 0 };
    const ost_plan_t *plan = parts[0].plan;
    const ost_experiment_t *e = plan->experiment;
    char a[64], b[64], c[64];
    if (ost_shard_check(how->shard, plan, &err) < 0) return ost_cli_fail(&err);
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
    (void) n_parts;
    return ost_cli_estimate(parts, how);
}

/* Between output times of one subject, at most. */
#define WEEKS_BETWEEN 1.0

/* "times=[0 d, 7.60 d, ...]": those of the experiment, and as many between two of them as it takes. */
static int add_finer_times(ost_text_list_t *overrides, const ost_experiment_t *e)
{
    ost_text_list_t times = { 0 };
    int ret = 0;
    for (size_t i = 0; i < e->n_times && ret == 0; i++) {
        double from = i > 0 ? e->times[i - 1] : e->times[0], step = e->times[i] - from;
        int n = (int) fmax(1, ceil(step / (7 * WEEKS_BETWEEN) - 1e-9));
        for (int k = 1; k < n && ret == 0; k++) ret = ost_text_list_add(&times, "%.17g d", from + step * k / n);
        if (ret == 0) ret = ost_text_list_add(&times, "%.17g d", e->times[i]);
    }
    char *list = ret == 0 ? ost_text_join((const char *const *) times.items, times.n, ", ") : NULL;
    if (list != NULL) ret = ost_text_list_add(overrides, "times=[%s]", list);
    ost_text_list_free(&times);
    free(list);
    return list != NULL ? ret : OST_ERR_NO_MEMORY;
}

static bool changes(const ost_text_list_t *overrides, const char *key)
{
    for (size_t i = 0; i < overrides->n; i++)
        if (strncmp(overrides->items[i], key, strlen(key)) == 0) return true;
    return false;
}

static int take_number(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    uint64_t *number = user;
    *number = block->subject[0];
    (void) err;
    return 0;
}

/* Number among the candidates of who is enrolled as number `member` of the cohort. @return an exit code */
static int find_candidate(const ost_experiment_t *e, uint64_t member, int n_threads, uint64_t *number)
{
    ost_error_t err = { 0 };
    ost_library_t library = { 0 };
    ost_plan_t plan = { 0 };
    ost_cohort_summary_t summary = { 0 };
    const ost_cohort_options_t options = { .n_threads = n_threads,
        .first = member,
        .n = 1,
        .no_probe = true,
        .sink = take_number,
        .stop = ost_cli_catch_signals(),
        .user = number };
    int ret = ost_library_init(&library, &err);
    if (ret == 0) ret = ost_plan_build(&plan, &library, e, &err);
    if (ret == 0) ret = ost_cohort_run(&plan, &options, &summary, &err);
    const bool is_interrupted = summary.interrupted;
    ost_cohort_summary_free(&summary);
    ost_plan_free(&plan);
    ost_library_free(&library);
    return ret < 0 ? ost_cli_fail(&err) : is_interrupted ? OST_EXIT_INTERRUPTED : OST_EXIT_OK;
}

/* Settings by which the run has one subject of the cohort alone. @param number  in the seed's stream */
static int add_subject(ost_text_list_t *overrides, const ost_experiment_t *e, uint64_t number)
{
    int ret = changes(overrides, "times") ? 0 : add_finer_times(overrides, e);
    if (ret == 0 && !changes(overrides, "outputs")) ret = ost_text_list_add(overrides, "outputs=all");
    if (ret == 0)
        ret = ost_text_list_add(
            overrides, "population.cohort=%llu", (unsigned long long) (e->n_cohort > 0 ? e->n_cohort : e->n_subjects));
    if (ret == 0) ret = ost_text_list_add(overrides, "population.first_subject=%llu", (unsigned long long) number);
    if (ret == 0) ret = ost_text_list_add(overrides, "population.subjects=1");
    for (size_t k = 0; k < 2 && ret == 0 && e->enrolls; k++) /* the number is that of a candidate who was enrolled */
        ret = ost_text_list_add(overrides, "population.%s=~", k == 0 ? "enroll" : "strata");
    return ret;
}

/* Say behind the settings from the `first` on whose they are. @param name  of what is run */
static int mark_subject(ost_text_list_t *overrides, size_t first, unsigned long long number, const char *name)
{
    bool is_plain = true; /* else it may not stand in a setting */
    name = ost_cli_base_name(name);
    for (const char *c = name; *c != '\0'; c++) is_plain &= *c >= ' ' && *c <= '~';
    for (size_t i = first; i < overrides->n; i++) {
        char *marked;
        if (asprintf(&marked, "%s" OST_SUBJECT_MARK "%llu of %s", overrides->items[i], number,
                is_plain ? name : "the cohort") < 0)
            return OST_ERR_NO_MEMORY;
        free(overrides->items[i]);
        overrides->items[i] = marked;
    }
    return 0;
}

/* One subject of a cohort, by its number in the result file: the same person, all outputs, finer times.
 * @param isa  -1: the experiment's @return an exit code */
static int choose_subject(const char *name, run_arguments_t *a, int isa)
{
    ost_experiment_t e;
    char *end;
    unsigned long long number = strtoull(a->subject, &end, 10);
    uint64_t candidate = number;
    int code = ost_cli_experiment(&e, name, &a->simulation.overrides);
    uint64_t last = e.first_subject + e.n_subjects - 1;
    if (code == OST_EXIT_OK && isa >= 0) e.solver.isa = (ost_isa_t) isa;
    if (code == OST_EXIT_OK &&
        (!isdigit((unsigned char) a->subject[0]) || *end != '\0' || number < e.first_subject || number > last))
        code = OST_CLI_USAGE("--subject: '%s' is not the number of one of its subjects, %llu to %llu", a->subject,
            (unsigned long long) e.first_subject, (unsigned long long) last);
    if (code == OST_EXIT_OK && e.enrolls)
        code = find_candidate(&e, number - e.first_subject, (int) a->simulation.n_threads, &candidate);
    if (code == OST_EXIT_OK && e.enrolls && !a->simulation.quiet)
        printf("subject %llu is candidate %llu\n", number, (unsigned long long) candidate);
    const size_t n_own = a->simulation.overrides.n;
    if (code == OST_EXIT_OK && (add_subject(&a->simulation.overrides, &e, candidate) < 0 ||
                                   mark_subject(&a->simulation.overrides, n_own, number, name) < 0))
        code = ost_cli_no_memory();
    ost_experiment_free(&e);
    return code;
}

/* Facts of a file that another command made, and repeats. */
static const struct {
    const char *fact, *of, *command;
} others[] = { { OST_SWEEP_DESIGN, "a sweep", "sweep" }, { OST_COMPARED_MODELS, "several models", "compare" },
    { OST_ANALYSIS_METHOD, "a sensitivity analysis", "sensitivity" } };
enum { N_OTHERS = sizeof(others) / sizeof(others[0]) };

/* @param[out] is_draws  the file is of draws of parameters, which this command makes @return an exit code */
static int check_recorded(const char *name, bool *is_draws)
{
    ost_identity_t recorded;
    int code = ost_cli_recorded(name, &recorded);
    const char *design = ost_identity_get(&recorded, OST_SWEEP_DESIGN);
    *is_draws = design != NULL && strcmp(design, ost_design_words[OST_DESIGN_DRAWS]) == 0;
    for (size_t i = *is_draws; i < N_OTHERS && code == OST_EXIT_OK; i++)
        if (ost_identity_get(&recorded, others[i].fact) != NULL)
            code = OST_CLI_USAGE(
                "run: '%s' is of %s; 'osteon %s %s -o OUT.h5' repeats it", name, others[i].of, others[i].command, name);
    ost_identity_free(&recorded);
    return code;
}

static int run_draws(const char *name, run_arguments_t *a, int isa, const ost_simulation_t *how)
{
    const ost_draws_asked_t asked = { a->parameters, a->n_draws, a->parameters == NULL && a->n_draws == UINT64_MAX,
        a->subject != NULL, how->dry_run };
    return ost_cli_run_draws(name, &asked, &a->simulation.overrides, isa, how);
}

static int run_run(char **words, void *arguments)
{
    run_arguments_t *a = arguments;
    ost_simulation_t how;
    bool is_draws;
    int isa;
    if (!ost_cli_simulation(&a->simulation, &how, &isa)) return OST_EXIT_USAGE;
    int code = check_recorded(words[0], &is_draws);
    if (code == OST_EXIT_OK && ost_cli_needs_output("run", words[0], &how)) code = OST_EXIT_USAGE;
    if (code != OST_EXIT_OK) return code;
    if (a->parameters != NULL || a->n_draws < UINT64_MAX || is_draws) return run_draws(words[0], a, isa, &how);
    if (a->subject != NULL) code = choose_subject(words[0], a, isa);
    return code == OST_EXIT_OK ? ost_cli_plan(words[0], &a->simulation.overrides, isa,
                                     how.dry_run ? print_dry_run : ost_cli_simulate, &how)
                               : code;
}

static const ost_option_t options[] = {
    OST_OPTION_OUTPUT(
        ost_simulation_arguments_t, OST_OUTPUT_RESULT, "OUT.h5", "file to write (HDF5); default: NAME.h5 here"),
    OST_OPTIONS_PEOPLE(ost_simulation_arguments_t),
    { "rtol", "X", "relative tolerance of the solver", .target = OST_CHANGES(ost_simulation_arguments_t, overrides),
        .path = "solver.rtol" },
    { "dosing", "exact|periodic", "give every dose, or their mean effect once it repeats",
        .target = OST_CHANGES(ost_simulation_arguments_t, overrides), .path = "solver.dosing" },
    OST_OPTION_SET(ost_simulation_arguments_t),
    { "subject", "NUMBER",
        "this subject of the result file alone, with all outputs and weekly times between those there are; the "
        "first is 0, where subjects are enrolled the first of these",
        .target = OST_WORD(run_arguments_t, subject) },
    OST_OPTIONS_DRAWS(run_arguments_t),
    OST_OPTIONS_SIMULATION,
    { "dry-run", NULL, "print what would be computed and written, and what that takes",
        .target = OST_FLAG(ost_simulation_arguments_t, dry_run) },
    OST_OPTION_QUIET(ost_simulation_arguments_t),
};

const ost_command_t ost_command_run = {
    .name = "run",
    .argument = "EXPERIMENT|RESULT.h5",
    .summary = "simulate an experiment, or repeat a result file",
    .about = "Simulate an experiment (a YAML file, or the name of one of 'osteon list configs'), or repeat a result "
             "file\nfrom what it records. Options that change the experiment are recorded in the file.",
    .notes =
        "Without -o the file has the name of the experiment and stands in the current folder; an earlier result "
        "of an\nexperiment of that name is replaced, any other file only with --force. Ctrl-C ends the run within a "
        "second,\nkeeps finished blocks and exits with 130.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(run_arguments_t, .n_draws = UINT64_MAX),
    .run = run_run,
};
