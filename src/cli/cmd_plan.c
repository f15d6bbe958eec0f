/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "plan/plan.h"

#include <string.h>

typedef struct {
    bool dot;
    const char *sbml;
    ost_text_list_t overrides;
} plan_arguments_t;

static const char *arm_name(const void *arms, size_t i)
{
    return ((const ost_arm_t *) arms)[i].name;
}

static int write_sbml(const ost_plan_t *plan, const ost_signals_t *signals, const char *name)
{
    const ost_experiment_t *e = plan->experiment;
    ost_error_t err = { 0 };
    size_t i = 0;
    while (i < e->n_arms && strcmp(e->arms[i].name, name) != 0) i++;
    if (i == e->n_arms) {
        const char *near = ost_nearest_of(name, e->arms, e->n_arms, arm_name);
        ost_cli_message("--sbml: the experiment has no arm '%s'%s%s%s", name, OST_HINT(near));
        return OST_EXIT_USAGE;
    }
    return ost_plan_write_sbml(plan, signals, i, stdout, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

static int run_plan(const ost_command_t *self, int argc, char **argv)
{
    plan_arguments_t a = { 0 };
    ost_error_t err = { 0 };
    ost_experiment_t experiment = { 0 };
    ost_library_t library = { 0 };
    ost_plan_t plan = { 0 };
    int code;
    const char *name = ost_cli_parse(self, argc, argv, &a, &code);
    if (name == NULL) goto out;
    if ((code = ost_cli_experiment(&experiment, name, &a.overrides)) != OST_EXIT_OK) goto out;
    if (ost_library_init(&library, &err) < 0 || ost_plan_build(&plan, &library, &experiment, &err) < 0) {
        code = ost_cli_fail(&err);
        goto out;
    }
    if (a.sbml != NULL)
        code = write_sbml(&plan, &library.signals, a.sbml);
    else if (a.dot)
        ost_plan_dot(&plan, stdout);
    else
        ost_plan_print(&plan, stdout);
out:
    ost_plan_free(&plan);
    ost_library_free(&library);
    ost_experiment_free(&experiment);
    ost_text_list_free(&a.overrides);
    return code;
}

static const ost_option_t options[] = {
    { .name = "dot",
        .text = "write a Graphviz graph of blocks and signals",
        .target = OST_FLAG(plan_arguments_t, dot) },
    { .name = "sbml",
        .argument = "ARM",
        .text = "write the first subject in this arm as SBML (Level 3 Version 2)",
        .target = OST_WORD(plan_arguments_t, sbml) },
    { .name = "set",
        .argument = "PATH=VALUE",
        .text = "change the experiment, as in 'osteon run'",
        .target = OST_CHANGES(plan_arguments_t, overrides),
        .path = "" },
};

const ost_command_t ost_command_plan = {
    .name = "plan",
    .argument = "EXPERIMENT",
    .summary = "print or draw how blocks, signals and events of an experiment fit together",
    .about = "Print how an experiment is assembled: blocks, signals, states, outputs, events of every arm.",
    .notes = "To draw it: osteon plan EXPERIMENT --dot | dot -Tsvg > plan.svg\nAs SBML: models, their signals, the "
             "subject's "
             "parameters, doses and changes as events, from its history before treatment on;\n"
             "--set population.first_subject=N takes another subject.",
    OST_OPTIONS(options),
    .run = run_plan,
};
