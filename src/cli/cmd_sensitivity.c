/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which inputs an endpoint of an experiment depends on: slopes, elementary effects, parts of the variance. */
#include "sensitivity.h"

#include <math.h>
#include <stdio.h>

/* Options that belong to one method alone. @return an exit code */
static int check_method(const ost_sensitivity_arguments_t *a, ost_sensitivity_kind_t kind)
{
    const struct {
        const char *option;
        bool is_given;
        unsigned methods; /* bits */
    } options[] = { { "trajectories", a->n_trajectories > 0, 1u << OST_SENSITIVITY_MORRIS },
        { "levels", a->n_levels > 0, 1u << OST_SENSITIVITY_MORRIS },
        { "base", a->n_base > 0, 1u << OST_SENSITIVITY_SOBOL },
        { "design-seed", a->seed > 0, 1u << OST_SENSITIVITY_MORRIS | 1u << OST_SENSITIVITY_SOBOL },
        { "group", a->group.n > 0, 1u << OST_SENSITIVITY_MORRIS | 1u << OST_SENSITIVITY_SOBOL } };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].is_given && (options[i].methods & 1u << kind) == 0)
            return OST_CLI_USAGE(
                "--%s: the method %s does not have it", options[i].option, ost_sensitivity_words[kind]);
    if (a->n_levels % 2 != 0)
        return OST_CLI_USAGE("--levels: %llu is odd; expected an even number, as an input moves by half of the levels",
            (unsigned long long) a->n_levels);
    if ((a->n_base & (a->n_base - 1)) != 0 || (a->n_base > 0 && a->n_base < 2 * OST_SOBOL_NETS))
        return OST_CLI_USAGE("--base: %llu is not a power of 2 from %d on, such as 1024 or 4096",
            (unsigned long long) a->n_base, 2 * OST_SOBOL_NETS);
    return OST_EXIT_OK;
}

/* A shard stays a journal. @return an exit code */
static int end_shard(ost_analysis_t *self, const ost_analysis_how_t *how, bool quiet)
{
    ost_error_t err = { 0 };
    char n[64];
    const int ret = ost_values_seal(self->log, how->output, &err);
    self->log = NULL;
    if (ret < 0) return ost_cli_fail(&err);
    if (quiet) return OST_EXIT_OK;
    printf("written: %s, %s of shard %zu of %zu\n", how->output, ost_cli_plural(self->took.n_points, "point", n),
        how->shard.i, how->shard.n);
    ost_cli_print_merge(how->output, how->shard, "OUT.h5");
    return OST_EXIT_OK;
}

static int end(ost_analysis_t *self, const ost_sensitivity_arguments_t *a)
{
    ost_error_t err = { 0 };
    int ret = 0;
    if (!a->quiet) ret = ost_analysis_print(self, stdout, &err);
    if (ret == 0 && a->csv != NULL) ret = ost_cli_write(a->csv, ost_analysis_put_csv, self, &err);
    if (ret == 0 && a->output != NULL) ret = ost_analysis_write(self, a->output, &err);
    if (ret < 0) return ost_cli_fail(&err);
    ost_values_remove(self->log); /* what it holds is in the file */
    self->log = NULL;
    if (a->output != NULL && !a->quiet) {
        putchar('\n');
        ost_cli_written(a->output, true);
    }
    return OST_EXIT_OK;
}

/* @return an exit code */
static int say_failures(const ost_analysis_t *self)
{
    char n[32];
    if (self->took.failures == 0) return OST_EXIT_OK;
    ost_cli_message("%s subject-arms of all points failed and are left out; the first: %s",
        ost_cli_thousands(self->took.failures, n), self->took.first_failure);
    return OST_EXIT_FAILURES;
}

/* Options that need a file, and points to be computed. @return an exit code */
static int check_journal(const ost_sensitivity_arguments_t *a, const ost_analysis_how_t *how, bool is_given)
{
    const char *option = a->shard != NULL ? "shard" : a->resume ? "resume" : a->restart ? "restart" : NULL;
    if (option == NULL) return OST_EXIT_OK;
    if (is_given)
        ost_cli_message("--%s: nothing is computed of a sweep that is there", option);
    else if (how->output == NULL)
        ost_cli_message("--%s: -o OUT.h5 is missing", option);
    else if (a->shard != NULL && a->csv != NULL)
        ost_cli_message("--csv: a shard has no indices; 'osteon merge' makes them of all shards");
    else
        return OST_EXIT_OK;
    return OST_EXIT_USAGE;
}

static int analyse(const char *name, ost_sensitivity_arguments_t *a)
{
    ost_analysis_t self = { 0 };
    bool is_given = false;
    int code = ost_analysis_is_given(name, a, &is_given);
    int isa, kind = is_given ? OST_SENSITIVITY_SOBOL : OST_SENSITIVITY_MORRIS;
    ost_analysis_how_t how = { .output = a->output, .n_threads = (int) a->n_threads };
    if (code != OST_EXIT_OK) return code;
    if (!ost_cli_word("method", a->method, ost_sensitivity_words, OST_N_SENSITIVITIES, &kind) ||
        !ost_cli_isa(a->isa, &isa) || !ost_cli_progress_init(&how.progress, a->progress, a->quiet) ||
        !ost_cli_shard(a->shard, &how.shard) || !ost_cli_resume(a->resume, a->restart, &how.resume))
        return OST_EXIT_USAGE;
    self.design.kind = (ost_sensitivity_kind_t) kind;
    code = check_method(a, self.design.kind);
    if (code == OST_EXIT_OK) code = check_journal(a, &how, is_given);
    if (code == OST_EXIT_OK)
        code = is_given ? ost_analysis_take_sweep(&self, name, a) : ost_analysis_prepare(&self, name, a, isa);
    if (code == OST_EXIT_OK && a->output != NULL && !a->force && !a->resume)
        code = ost_analysis_check_replaced(&self, a->output, a->quiet);
    if (code == OST_EXIT_OK) code = ost_analysis_run(&self, &how);
    if (code == OST_EXIT_OK && self.log != NULL && how.shard.n > 0)
        code = end_shard(&self, &how, a->quiet);
    else if (code == OST_EXIT_OK && self.endpoints != NULL)
        code = end(&self, a);
    if (code == OST_EXIT_OK) code = say_failures(&self);
    ost_analysis_free(&self);
    return code;
}

static int run_sensitivity(char **words, void *arguments)
{
    ost_sensitivity_arguments_t *a = arguments;
    int code = ost_cli_is_read("sensitivity", words[0], a->output) ? OST_EXIT_USAGE : ost_analysis_recall(words[0], a);
    if (code == OST_EXIT_OK) code = analyse(words[0], a);
    ost_analysis_free_arguments(a);
    return code;
}

#define WORD(NAME, word) "|" word
static const ost_option_t options[] = {
    { "of", "ENDPOINT",
        "an endpoint of the experiment, or one of your own, as hip={output: ..., arm: ..., to: ...}; default: all "
        "of the experiment",
        .target = OST_CHANGES(ost_sensitivity_arguments_t, of), .path = "" },
    { "method", &OST_SENSITIVITIES(WORD)[1],
        "slopes at the present values, elementary effects over the range (default), parts of the variance",
        .target = OST_WORD(ost_sensitivity_arguments_t, method) },
    { "by", &OST_FACTOR_SOURCES(WORD)[1],
        "values of parameters: draws of a fit (default where any is fitted, and of the fitted ones alone), SD "
        "before the fit, the model's range (default elsewhere), differences between subjects",
        .target = OST_WORD(ost_sensitivity_arguments_t, by) },
    { "parameters", "TABLE.csv", "draws of 'osteon fit --draws'; default: those of the fit that comes with osteon",
        .target = OST_WORD(ost_sensitivity_arguments_t, table) },
    { "over", "NAME,...", "parameters, or all of a model, as aibl.K_E or aibl; default: all that have values",
        .target = OST_CHANGES(ost_sensitivity_arguments_t, over), .path = "" },
    { "vary", "PATH=VALUES",
        "another input: an entry as --set takes it, with a range, as '0.5 mg..2 mg' or '0.5 mg..2 mg : log', or "
        "several values; alone, no parameters are moved",
        .target = OST_CHANGES(ost_sensitivity_arguments_t, vary), .path = "" },
    { "group", "NAME=INPUT,...", "inputs that are moved together and have one index",
        .target = OST_CHANGES(ost_sensitivity_arguments_t, group), .path = "" },
    { "trajectories", "R", "of morris; default 20", .target = OST_NUMBER(ost_sensitivity_arguments_t, n_trajectories),
        .lower = 2, .upper = 10000 },
    { "levels", "P", "of morris, an even number; default 4",
        .target = OST_NUMBER(ost_sensitivity_arguments_t, n_levels), .lower = 2, .upper = 1000 },
    { "base", "N", "base samples of sobol, a power of 2; default 1024; each takes a point for every input and two more",
        .target = OST_NUMBER(ost_sensitivity_arguments_t, n_base), .lower = 1, .upper = 1 << 20 },
    { "design-seed", "S", "seed of what is random in the points; default 1",
        .target = OST_NUMBER(ost_sensitivity_arguments_t, seed), .lower = 1, .upper = UINT64_MAX },
    { "csv", "OUT.csv", "write all indices with their intervals", .target = OST_WORD(ost_sensitivity_arguments_t, csv),
        .output = &ost_outputs[OST_OUTPUT_INDICES] },
    OST_OPTION_OUTPUT(ost_sensitivity_arguments_t, OST_OUTPUT_RESULT, "OUT.h5",
        "write indices, points and values of the endpoints there; 'osteon-plot OUT.h5' draws them"),
    OST_OPTIONS_PEOPLE(ost_sensitivity_arguments_t),
    OST_OPTION_SET(ost_sensitivity_arguments_t),
    OST_OPTION_THREADS(ost_sensitivity_arguments_t),
    OST_OPTION_ISA(ost_sensitivity_arguments_t),
    { "shard", "I/N", "the I-th of N parts of the points, into OUT.h5; 'osteon merge' puts them together",
        .target = OST_WORD(ost_sensitivity_arguments_t, shard) },
    OST_OPTIONS_RESUME(ost_sensitivity_arguments_t),
    OST_OPTION_FORCE(ost_sensitivity_arguments_t),
    OST_OPTION_PROGRESS(ost_sensitivity_arguments_t),
    { "quiet", NULL, "no progress, no tables", .target = OST_FLAG(ost_sensitivity_arguments_t, quiet), .letter = 'q' },
};

const ost_command_t ost_command_sensitivity = {
    .name = "sensitivity",
    .argument = "EXPERIMENT|SWEEP.h5|RESULT.h5",
    .summary = "which parameters and entries an endpoint depends on",
    .about =
        "Move inputs of an experiment (parameters, doses, times, covariates) and say how much each of them changes "
        "its\nendpoints, sorted by importance. The same subjects, at most 100 unless --subjects asks for more, are "
        "simulated\nat every point. A result file of this command is repeated; options change endpoints, inputs or "
        "points.",
    .notes =
        "morris moves each input over its range (of a distribution, its middle 95 %) with the others at 20 places; "
        "sobol\nsamples all inputs independently; local takes slopes at the present values. A slope is by "
        "differences of 1 % and\n0.5 % at rtol 1e-10. --by variability moves parameters and covariates of one "
        "typical subject as they differ\nbetween subjects.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(ost_sensitivity_arguments_t, .method = NULL),
    .run = run_sensitivity,
};
