/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result file as one HTML page: what was asked, figures with tables, and with observed data a predictive check. */
#include "core/memory.h"
#include "core/table.h"
#include "predictive_check.h"
#include "report/result_page.h"
#include "show.h"

#include <stdio.h>

typedef struct {
    const char *output, *variables, *data, *of, *ignore;
} report_arguments_t;

static int put_page(const void *page, FILE *out, ost_error_t *err)
{
    return ost_result_write_html(page, out, err);
}

/* Observations in units of the file; those that it cannot have are named. @return an exit code */
static int place_evidence(show_t *shown)
{
    shown->n_subjects = shown->results->n_subjects;
    shown->base = ost_memory_list(&shown->memory, shown->n_subjects, sizeof(double));
    shown->value = ost_memory_list(&shown->memory, shown->n_subjects, sizeof(double));
    shown->work = ost_memory_list(&shown->memory, shown->n_subjects, sizeof(double));
    return shown->memory.failed ? ost_cli_no_memory() : ost_show_place_evidence(shown);
}

static int write_page(const report_arguments_t *a, const char *path, ost_results_t *results)
{
    show_t shown = { .results = results };
    ost_predictive_check_t check = { .results = results, .matched = &shown.matched, .output = a->of };
    ost_text_list_t outputs = { 0 };
    ost_error_t err = { 0 };
    const bool has_outputs = !results->is_analysis && results->keep == OST_KEEP_SUBJECTS &&
                             (results->design.n_axes == 0 || results->design.kind == OST_DESIGN_DRAWS);
    int code = OST_EXIT_OK;
    if (a->variables != NULL && !has_outputs)
        return OST_CLI_USAGE("--variables: not for %s, whose figures are of endpoints", path);
    if (ost_results_experiment(results, NULL, 0, &shown.experiment, &err) < 0) code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK && has_outputs) {
        ost_experiment_free(&shown.experiment);
        code = ost_show_read_evidence(&shown);
    }
    if (code == OST_EXIT_OK && has_outputs && results->models.n == 0) code = place_evidence(&shown);
    if (code == OST_EXIT_OK && a->variables != NULL) code = ost_cli_split("variables", a->variables, &outputs);
    if (code == OST_EXIT_OK && a->ignore != NULL) code = ost_cli_split("ignore", a->ignore, &check.ignore);
    if (code == OST_EXIT_OK && a->data != NULL)
        code = ost_cli_predictive_check(&check, &shown.experiment, a->data, shown.experiment.seed);
    const ost_result_page_t page = { .results = results,
        .path = path,
        .experiment = &shown.experiment,
        .matched = &shown.matched,
        .outputs = &outputs,
        .vpc = a->data != NULL ? &check.vpc : NULL };
    if (code == OST_EXIT_OK && ost_cli_write(a->output, put_page, &page, &err) < 0) code = ost_cli_fail(&err);
    for (size_t i = 0; i < check.notes.n && code == OST_EXIT_OK; i++)
        ost_print_wrapped(stdout, "%s: %s", a->data, check.notes.items[i]);
    if (code == OST_EXIT_OK) printf("wrote %s\n", a->output);
    ost_cli_predictive_check_free(&check);
    ost_text_list_free(&outputs);
    ost_memory_free(&shown.memory);
    ost_matched_free(&shown.matched);
    ost_evidence_free(&shown.evidence);
    ost_experiment_free(&shown.experiment);
    return code;
}

static int run_report(char **words, void *arguments)
{
    const report_arguments_t *a = arguments;
    ost_results_t *results;
    if (a->output == NULL || (a->data == NULL && (a->of != NULL || a->ignore != NULL)))
        return OST_CLI_USAGE(a->output == NULL ? "report: -o PAGE.html is missing"
                             : a->of != NULL   ? "--of: of which data? expected --data OBSERVED.csv"
                                               : "--ignore: columns of which data? expected --data OBSERVED.csv");
    if (a->data != NULL && !ost_cli_exists(a->data)) return OST_EXIT_INPUT;
    int code = ost_cli_open(&results, words[0]);
    if (results == NULL) return code;
    code = write_page(a, words[0], results);
    ost_results_close(results);
    return code;
}

static const ost_option_t options[] = {
    OST_OPTION_OUTPUT(report_arguments_t, OST_OUTPUT_REPORT, "PAGE.html", "the page to write"),
    { "variables", "NAME,...",
        "outputs to draw, as ctx or bmd[total_hip] (default: those of the experiment's plot, or as 'show')",
        .target = OST_WORD(report_arguments_t, variables) },
    { "data", "OBSERVED.csv",
        "a visual predictive check against observed data: columns ID, TIME [month], DV [unit or %], ARM "
        "where there are several, and "
        "MDV and EVID where rows are no observations",
        .target = OST_WORD(report_arguments_t, data) },
    { "of", "OUTPUT",
        "the output that DV observes: of people's scans measured_bmd[total_hip], which has the error of a scan",
        .target = OST_WORD(report_arguments_t, of) },
    { "ignore", "COLUMN,...", "columns of the data that are left out; others that are not read are errors",
        .target = OST_WORD(report_arguments_t, ignore) },
};

const ost_command_t ost_command_report = {
    .name = "report",
    .argument = "RESULT.h5|OUT.h5.part",
    .summary = "write a result file as a page, against observed data where there are some",
    .about = "Write one HTML page of a run, a comparison of models, draws of parameters, a sweep or a sensitivity "
             "analysis: what\nwas asked, figures, a table of values for each, endpoints, and what failed. It needs no "
             "other file, and prints.",
    .notes =
        "With --data, the 5th, 50th and 95th percentile of observed values over time stand against the 90 % "
        "intervals of the\nsame percentiles in 500 simulated data sets of the same design: as many subjects, at the "
        "same times. DV is in a unit\nof the output, or in % of its change from baseline; ARM has the names of the "
        "file's arms; a person is an ID within an\narm; where the run has a table of doses, each ID is compared with "
        "its own subject, so that only draws of parameters give\nintervals. Elsewhere, ten simulated subjects or more "
        "for each observed person make intervals that hold what they say.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(report_arguments_t, .output = NULL),
    .run = run_report,
};
