/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One experiment on several bone models: it is run on each into one journal, and these plans become one file. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    ost_simulation_arguments_t simulation;
    const char *models;
    bool allow_gaps;
} compare_arguments_t;

static int run_compare(char **words, void *arguments)
{
    const compare_arguments_t *a = arguments;
    ost_simulation_t how;
    int isa, code = OST_EXIT_OK;
    char *models = NULL;
    if (a->models == NULL)
        code = ost_cli_compared_models(words[0], &models);
    else if ((models = strdup(a->models)) == NULL)
        code = ost_cli_no_memory();
    const size_t length = models != NULL ? strlen(models) : 0;
    if (code == OST_EXIT_OK && models == NULL) code = OST_CLI_USAGE("compare: --models MODEL,... is missing");
    if (code == OST_EXIT_OK &&
        (length == 0 || models[0] == ',' || models[length - 1] == ',' || strstr(models, ",,") != NULL))
        code = OST_CLI_USAGE("--models: a name is missing in '%s'", models);
    if (code == OST_EXIT_OK &&
        (!ost_cli_simulation(&a->simulation, &how, &isa) || ost_cli_needs_output("compare", words[0], &how)))
        code = OST_EXIT_USAGE;
    if (code == OST_EXIT_OK)
        code =
            ost_cli_plan_models(words[0], models, a->allow_gaps, &a->simulation.overrides, isa, ost_cli_simulate, &how);
    free(models);
    return code;
}

static const ost_option_t options[] = {
    { "models", "MODEL,...", "bone models, by name or path (default: those of a file that compare wrote)",
        .target = OST_WORD(compare_arguments_t, models), .letter = 'm' },
    OST_OPTION_OUTPUT(
        ost_simulation_arguments_t, OST_OUTPUT_RESULT, "OUT.h5", "file to write (HDF5); default: NAME_models.h5 here"),
    { "allow-gaps", NULL, "an arm whose drug has no effect on a model is left without values, instead of an error",
        .target = OST_FLAG(compare_arguments_t, allow_gaps) },
    OST_OPTIONS_PEOPLE(ost_simulation_arguments_t),
    OST_OPTION_SET(ost_simulation_arguments_t),
    OST_OPTIONS_SIMULATION,
    OST_OPTION_QUIET(ost_simulation_arguments_t),
};

const ost_command_t ost_command_compare = {
    .name = "compare",
    .argument = "EXPERIMENT|RESULT.h5",
    .summary = "simulate an experiment on several bone models",
    .about = "Simulate an experiment on several bone models, the same subjects in each, into one file with a "
             "dimension 'model'.",
    .notes = "Each model replaces the experiment's own bone model. Outputs, sites and arms that a "
             "model does not\nhave are NaN; outputs that the models have in different units are kept relative to "
             "time 0.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(compare_arguments_t, .models = NULL),
    .run = run_compare,
};
