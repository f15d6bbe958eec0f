/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "osteon/validate.h"

#include <stdio.h>
#include <stdlib.h>

static void put_report(const void *validation, FILE *out)
{
    ost_validation_write_html(validation, out);
}

int ost_cmd_validate(int argc, char **argv)
{
    ost_validation_options_t request = { .trials = { .n_subjects = 1000 }, .n_draws = 40, .n_draw_subjects = 16 };
    const char *parameters = NULL, *output = NULL, *subjects = NULL, *threads = NULL;
    const ost_option_t options[] = {
        { .name = "trials",
            .argument = "DIR",
            .text = "folder of trials; default: those that come with osteon",
            .value = &request.trials.folder },
        { .name = "evidence",
            .argument = "CSV",
            .text = "another table of evidence",
            .value = &request.trials.evidence },
        { .name = "trial", .argument = "NAME", .text = "only this one", .value = &request.trials.only },
        { .name = "model",
            .argument = "MODEL",
            .text = "this bone model instead of the trials' own",
            .value = &request.trials.model },
        { .name = "parameters",
            .argument = "TABLE.csv",
            .text = "estimates and draws of 'osteon fit'",
            .value = &parameters },
        { .name = "subjects", .argument = "N", .text = "in each arm; default 1000", .value = &subjects },
        { .name = "threads", .argument = "T", .text = "default: all", .value = &threads },
        { .name = "output",
            .letter = 'o',
            .argument = "REPORT.html",
            .text = "write a report with figures",
            .value = &output },
    };
    const ost_syntax_t syntax = {
        .command = "validate",
        .argument = "",
        .about = "Simulate the trials of a folder and hold every figure of the evidence against the simulation.",
        .notes = "A trial is an experiment that names rows of an evidence table: see "
                 "configs/evidence/README.md.\nPredictions have 90 % intervals. Rows of role calibrate may have been "
                 "fitted, rows of role "
                 "validate never were.",
        .options = options,
        .n_options = sizeof(options) / sizeof(options[0]),
    };
    ost_error_t err = { 0 };
    ost_draws_t draws = { 0 };
    ost_validation_t validation = { 0 };
    uint64_t n_threads = 0;
    int code, ret;
    char *own = ost_cli_data_folder("trials");
    if (ost_cli_parse(&syntax, argc, argv, &code) == NULL) goto out;
    if (request.trials.folder == NULL) request.trials.folder = own != NULL ? own : "configs/trials";
    code = OST_EXIT_USAGE;
    if ((subjects != NULL && !ost_cli_count("subjects", subjects, 2, 10000000, &request.trials.n_subjects)) ||
        (threads != NULL && !ost_cli_count("threads", threads, 1, 4096, &n_threads)))
        goto out;
    if (output != NULL && !ost_cli_may_replace(output, OST_CLI_HTML)) goto out;
    request.n_threads = (int) n_threads;
    code = OST_EXIT_INPUT;
    if (!ost_cli_exists(request.trials.folder) ||
        (request.trials.evidence != NULL && !ost_cli_exists(request.trials.evidence)) ||
        (parameters != NULL && !ost_cli_exists(parameters)))
        goto out;
    ret = parameters != NULL ? ost_draws_read(&draws, parameters, &err) : 0;
    if (ret == 0 && parameters != NULL) request.draws = &draws;
    if (ret == 0 && output != NULL) ret = ost_cli_check_output(output, &err);
    if (ret == 0) ret = ost_validation_run(&validation, &request, &err);
    if (ret == 0) ost_validation_print(&validation, stdout);
    if (ret == 0 && output != NULL) ret = ost_cli_write(output, put_report, &validation, &err);
    code = ret == 0 ? OST_EXIT_OK : ost_cli_fail(&err);
out:
    ost_validation_free(&validation);
    ost_draws_free(&draws);
    free(own);
    return code;
}
