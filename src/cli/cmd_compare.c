/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One experiment on several bone models: it is run on each into one journal, and these plans become one file. */
#include "cli.h"
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    ost_simulation_arguments_t simulation;
    const char *models;
    bool allow_gaps;
} compare_arguments_t;

static int run_compare(const ost_command_t *self, int argc, char **argv)
{
    compare_arguments_t a = { 0 };
    ost_simulation_t how = { 0 };
    char *models = NULL;
    int isa, code;
    const char *name = ost_cli_parse(self, argc, argv, &a, &code);
    if (name == NULL) goto out;
    if (a.models != NULL && (models = strdup(a.models)) == NULL) code = ost_cli_no_memory();
    if (a.models == NULL) code = ost_cli_compared_models(name, &models);
    if (code != OST_EXIT_OK) goto out;
    code = OST_EXIT_USAGE;
    if (models == NULL) {
        ost_cli_message("compare: --models MODEL,... is missing");
        goto out;
    }
    size_t length = strlen(models);
    if (length == 0 || models[0] == ',' || models[length - 1] == ',' || strstr(models, ",,") != NULL) {
        ost_cli_message("--models: a name is missing in '%s'", models);
        goto out;
    }
    if (!ost_cli_simulation(&a.simulation, &how, &isa) || ost_cli_needs_output(self->name, name, &how)) goto out;
    code = ost_cli_plan_models(name, models, a.allow_gaps, &a.simulation.overrides, isa, ost_cli_simulate, &how);
out:
    free(models);
    ost_text_list_free(&a.simulation.overrides);
    return code;
}

static const ost_option_t options[] = {
    { .name = "models",
        .letter = 'm',
        .argument = "MODEL,...",
        .text = "bone models, by name or path (default: those of a file that compare wrote)",
        .target = OST_WORD(compare_arguments_t, models) },
    OST_OPTION_OUTPUT(
        ost_simulation_arguments_t, OST_OUTPUT_RESULT, "OUT.h5", "file to write (HDF5); default: NAME_models.h5 here"),
    { .name = "allow-gaps",
        .text = "an arm whose drug has no effect on a model is left without values, instead of an error",
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
    .run = run_compare,
};
