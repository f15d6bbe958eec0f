/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "osteon/cohort.h"

int ost_cmd_plan(int argc, char **argv)
{
    bool dot = false;
    ost_text_list_t overrides = { 0 };
    const ost_option_t options[] = {
        { .name = "dot", .text = "write a Graphviz graph of blocks and signals", .flag = &dot },
        { .name = "set",
            .argument = "PATH=VALUE",
            .text = "change the experiment, as in 'osteon run'",
            .overrides = &overrides },
    };
    const ost_syntax_t syntax = {
        .command = "plan",
        .argument = "EXPERIMENT",
        .about = "Print how an experiment is assembled: blocks, signals, states, outputs, events of every arm.",
        .notes = "To draw it: osteon plan EXPERIMENT --dot | dot -Tsvg > plan.svg",
        .options = options,
        .n_options = sizeof(options) / sizeof(options[0]),
    };
    ost_error_t err = { 0 };
    ost_experiment_t experiment = { 0 };
    ost_library_t library = { 0 };
    ost_plan_t plan = { 0 };
    int code;
    const char *name = ost_cli_parse(&syntax, argc, argv, &code);
    if (name == NULL) goto out;
    if ((code = ost_cli_experiment(&experiment, name, &overrides)) != OST_EXIT_OK) goto out;
    if (ost_library_init(&library, &err) < 0 || ost_plan_build(&plan, &library, &experiment, &err) < 0) {
        code = ost_cli_fail(&err);
        goto out;
    }
    if (dot)
        ost_plan_dot(&plan, stdout);
    else
        ost_plan_print(&plan, stdout);
out:
    ost_plan_free(&plan);
    ost_library_free(&library);
    ost_experiment_free(&experiment);
    ost_text_list_free(&overrides);
    return code;
}
