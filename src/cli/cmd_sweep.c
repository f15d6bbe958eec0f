/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment at many points of what is varied, the same subjects at each, into one file. */
#include "draws.h"
#include "input/sweep_file.h"

typedef struct {
    ost_simulation_arguments_t simulation;
    const char *design, *table, *keep, *parameters;
    uint64_t n_points, seed; /* 0: not said */
    uint64_t n_draws;        /* UINT64_MAX: all */
    ost_text_list_t vary;
} sweep_arguments_t;

/* What is varied, by options or a table; without both, as a file records. @return an exit code */
static int find_asked(const char *name, sweep_arguments_t *a, ost_sweep_asked_t *asked)
{
    int kind = OST_DESIGN_GRID, keep = OST_KEEP_SUBJECTS;
    bool is_sweep, is_new = a->vary.n > 0 || a->table != NULL,
                   is_drawn = a->parameters != NULL || a->n_draws < UINT64_MAX;
    ost_error_t err = { 0 };
    if (!ost_cli_word("design", a->design, ost_design_words, OST_DESIGN_DRAWS, &kind) ||
        !ost_cli_word("keep", a->keep, ost_keep_words, OST_N_KEEPS, &keep))
        return OST_EXIT_USAGE;
    if (!is_new) {
        int code = ost_cli_recorded_sweep(name, asked, &is_sweep);
        if (code != OST_EXIT_OK) return code;
        if (is_sweep && (a->design != NULL || a->n_points > 0 || a->seed > 0 || is_drawn))
            return OST_CLI_USAGE("sweep: %s without --vary; expected --vary PATH=VALUES, or the sweep of %s as it was",
                is_drawn ? "draws" : "a design", name);
        if (a->keep != NULL) asked->keep = (ost_keep_t) keep;
        if (is_sweep) return OST_EXIT_OK;
        return OST_CLI_USAGE(
            "sweep: --vary PATH=VALUES is missing, such as --vary 'arms.anastrozole.regimen.0.dose=0.5 mg, "
            "1 mg'");
    }
    if (a->table != NULL && (a->vary.n > 0 || (a->design != NULL && kind != OST_DESIGN_TABLE)))
        return OST_CLI_USAGE(
            "sweep: --table and --%s exclude each other: the table has the points", a->vary.n > 0 ? "vary" : "design");
    if (a->seed > 0 && (a->table != NULL || !ost_design_is_chosen((ost_design_kind_t) kind)))
        return OST_CLI_USAGE("--design-seed: there is nothing random in a design %s",
            ost_design_words[a->table != NULL ? OST_DESIGN_TABLE : kind]);
    if (a->table != NULL && ost_vary_table(&a->vary, a->table, &err) < 0) return ost_cli_fail(&err);
    *asked = (ost_sweep_asked_t){ .kind = a->table != NULL ? OST_DESIGN_TABLE : (ost_design_kind_t) kind,
        .keep = a->keep != NULL ? (ost_keep_t) keep : OST_N_KEEPS,
        .vary = a->vary,
        .n_points = a->n_points,
        .seed = a->seed > 0 ? a->seed : 1 };
    a->vary = (ost_text_list_t){ 0 };
    if (!is_drawn) return OST_EXIT_OK;
    const ost_draws_asked_t draws = { .parameters = a->parameters, .n_draws = a->n_draws };
    return ost_cli_add_draws(name, &draws, &a->simulation.overrides, asked, a->simulation.quiet);
}

/* Take over what a sweep file says and options do not. @param[in,out] name  of the experiment then @return an exit code
 */
static int read_file(const char **name, ost_sweep_file_t *file, sweep_arguments_t *a)
{
    ost_error_t err = { 0 };
    bool is_sweep;
    if (!ost_cli_ends_with(*name, ".yaml") && !ost_cli_ends_with(*name, ".yml")) return OST_EXIT_OK;
    if (ost_sweep_file_read(file, *name, ost_keep_words, OST_N_KEEPS, &is_sweep, &err) < 0) return ost_cli_fail(&err);
    if (!is_sweep) return OST_EXIT_OK;
    if (a->vary.n > 0 || a->table != NULL)
        return OST_CLI_USAGE("sweep: --%s and the sweep file %s exclude each other: the file says what is varied",
            a->vary.n > 0 ? "vary" : "table", *name);
    *name = file->experiment;
    a->vary = file->vary;
    file->vary = (ost_text_list_t){ 0 };
    a->table = file->table;
    if (a->design == NULL) a->design = file->design;
    if (a->keep == NULL) a->keep = file->keep;
    if (a->n_points == 0) a->n_points = file->n_points;
    if (a->seed == 0) a->seed = file->seed;
    return OST_EXIT_OK;
}

static int run_sweep(char **words, void *arguments)
{
    sweep_arguments_t *a = arguments;
    const char *name = words[0];
    ost_sweep_file_t file = { 0 };
    ost_sweep_asked_t asked = { 0 };
    ost_simulation_t how;
    int isa, code = read_file(&name, &file, a);
    if (code == OST_EXIT_OK) code = find_asked(name, a, &asked);
    if (code == OST_EXIT_OK &&
        (!ost_cli_simulation(&a->simulation, &how, &isa) || ost_cli_needs_output("sweep", name, &how)))
        code = OST_EXIT_USAGE;
    if (code == OST_EXIT_OK)
        code = ost_cli_plan_sweep(name, &asked, &a->simulation.overrides, isa, ost_cli_simulate, &how);
    ost_cli_sweep_free(&asked);
    ost_sweep_file_free(&file);
    return code;
}

#define DESIGN_WORD(NAME, word) "|" word
static const ost_option_t options[] = {
    { "vary", "PATH=VALUES",
        "an entry as --set takes it, and its values: '0.5 mg, 1 mg', a range '0.25 mg..4 mg : 5 log', or "
        "a distribution '{distribution: normal, mean: 1 mg, sd: 0.1 mg}'",
        .target = OST_CHANGES(sweep_arguments_t, vary), .path = "" },
    { "design", &OST_DESIGNS_OFFERED(DESIGN_WORD)[1],
        "how points are chosen; default grid: every combination of the values",
        .target = OST_WORD(sweep_arguments_t, design) },
    { "points", "N", "number of points of a latin hypercube, a Sobol' or a Halton design",
        .target = OST_NUMBER(sweep_arguments_t, n_points), .lower = 1, .upper = OST_MAX_POINTS },
    { "design-seed", "S", "seed of what is random in these designs; default 1",
        .target = OST_NUMBER(sweep_arguments_t, seed), .lower = 1, .upper = UINT64_MAX },
    { "table", "POINTS.csv", "points as rows of a table, its columns named 'PATH [unit]', instead of --vary",
        .target = OST_WORD(sweep_arguments_t, table) },
    { "keep", &OST_KEEPS(DESIGN_WORD)[1],
        "besides the endpoints of each point, all subjects (default), quantiles over them, or nothing",
        .target = OST_WORD(sweep_arguments_t, keep) },
    OST_OPTIONS_DRAWS(sweep_arguments_t),
    OST_OPTION_OUTPUT(
        ost_simulation_arguments_t, OST_OUTPUT_RESULT, "OUT.h5", "file to write (HDF5); default: NAME_sweep.h5 here"),
    OST_OPTIONS_PEOPLE(ost_simulation_arguments_t),
    OST_OPTION_SET(ost_simulation_arguments_t),
    OST_OPTIONS_SIMULATION,
    OST_OPTION_QUIET(ost_simulation_arguments_t),
};

const ost_command_t ost_command_sweep = {
    .name = "sweep",
    .argument = "EXPERIMENT|SWEEP.yaml|SWEEP.h5",
    .summary = "simulate an experiment at many values of its entries",
    .about = "Simulate an experiment at every combination of values of some of its entries (doses, times, parameters, "
             "covariates,\nmodels), or at points of another design, the same subjects at each point, into one file; or "
             "repeat a sweep\nfrom what its file records. A sweep file (YAML) has the keys experiment, vary or table, "
             "design, points, seed,\nkeep; options go before it.",
    .notes = "A grid has a dimension for each entry that is varied, in front of arms and subjects; another design has "
             "the\ndimension 'point'. Each point is what 'osteon run --set PATH=VALUE' gives, and each endpoint of the "
             "experiment\nhas a value at each point; 'osteon show' prints them. Values of a range are rounded to 12 "
             "digits.\n"
             "A finished sweep is replaced only by the same sweep, or with --force.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(sweep_arguments_t, .n_draws = UINT64_MAX),
    .run = run_sweep,
};
