/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a folder of trials, or one trial; prints a prediction check for every observation, and writes the report. */
#include "cli.h"
#include "report/validate_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of --parameters: those of the models, without uncertainty. */
#define NO_PARAMETERS "none"

static int put_report(const void *validation, FILE *out, ost_error_t *err)
{
    (void) err;
    ost_validation_write_html(validation, out);
    return 0;
}

static int put_csv(const void *validation, FILE *out, ost_error_t *err)
{
    (void) err;
    ost_validation_write_csv(validation, out);
    return 0;
}

typedef struct {
    ost_cli_progress_t progress;
    double begin; /* s */
} watch_t;

static void show_progress(void *user, const ost_validation_progress_t *p)
{
    watch_t *self = user;
    double seconds = ost_cli_seconds() - self->begin, left = seconds * (1 / p->fraction - 1);
    const char *what = p->of_draws ? "uncertainty of parameters" : "estimate";
    bool is_end = !(p->fraction < 1);
    char n[64];
    if (!is_end && !ost_cli_progress_is_due(&self->progress)) return;
    json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:f, s:f}", "event", is_end ? "finished" : "progress", "what",
        what, "trials_done", (json_int_t) p->n_done, "trials", (json_int_t) p->n_all, "seconds", seconds,
        "seconds_left", left);
    if (is_end)
        ost_cli_progress(&self->progress, OST_PROGRESS_ENDS, object, "%s simulated in %.0f s",
            ost_cli_plural(p->n_all, "trial", n), seconds);
    else
        ost_cli_progress(&self->progress, OST_PROGRESS_GOES_ON, object, "%s: %zu of %zu trials (%.0f %%), %.0f s left",
            what, p->n_done, p->n_all, 100 * p->fraction, left);
}

typedef struct {
    ost_validation_options_t how;
    const char *parameters, *output, *csv, *progress;
    uint64_t n_threads; /* 0: all */
    watch_t watch;
} validate_arguments_t;

/* The draws that are asked for; without a word the shipped fit, for the models that it is of. */
static int read_draws(validate_arguments_t *self, ost_draws_t *draws, ost_error_t *err)
{
    const bool is_default = self->parameters == NULL;
    char *shipped = NULL;
    if (is_default && ost_cli_data_folder(OST_CLI_FIT, &shipped) != OST_EXIT_OK) return ost_no_memory(err);
    const bool has_none = !is_default && strcmp(self->parameters, NO_PARAMETERS) == 0;
    if (!is_default && !has_none && ost_cli_draws_table(self->parameters, &shipped) != OST_EXIT_OK)
        return ost_no_memory(err);
    const char *path = shipped;
    if (is_default && path == NULL) ost_cli_message("validate: without the shipped fit, %s is not there", OST_CLI_FIT);
    int ret = path != NULL ? ost_draws_read(draws, path, err) : 0;
    if (draws->path != NULL) self->how.draws = draws;
    self->how.shipped_only = is_default;
    free(shipped);
    return ret;
}

/* Whether what is no file is the name of a trial, or several: "atac,sabre". */
static bool is_name(const char *path)
{
    return access(path, F_OK) != 0 && strchr(path, '/') == NULL && !ost_cli_ends_with(path, ".yaml");
}

/* Simulate, compare, print and write. @return an exit code */
static int validate(validate_arguments_t *a)
{
    ost_validation_options_t *how = &a->how;
    ost_error_t err = { 0 };
    ost_draws_t draws = { 0 };
    ost_validation_t validation = { 0 };
    int ret = read_draws(a, &draws, &err);
    if (ret == 0) ret = ost_validation_run(&validation, how, &err);
    ost_cli_warn(&validation.trials.evidence.warnings);
    if (ret == 0) ret = ost_validation_print(&validation, stdout, &err);
    if (ret == 0 && validation.n_checks == 0)
        ret = ost_fail_at(&err, OST_ERR_NAME, how->trials.folder, 0, 0, "no row of the evidence can be compared");
    if (ret == 0 && a->output != NULL) ret = ost_cli_write(a->output, put_report, &validation, &err);
    if (ret == 0 && a->csv != NULL) ret = ost_cli_write(a->csv, put_csv, &validation, &err);
    int code = ret == 0 ? OST_EXIT_OK : OST_EXIT_INTERRUPTED;
    if (ret == OST_ERR_LIMIT && atomic_load(how->trials.stop))
        ost_cli_message("interrupted: nothing was printed or written");
    else if (ret < 0)
        code = ost_cli_fail(&err);
    ost_validation_free(&validation);
    ost_draws_free(&draws);
    return code;
}

static int run_validate(char **words, void *arguments)
{
    static const char *const names[] = { "trials", OST_CLI_ENDPOINTS, OST_CLI_ARMS };
    validate_arguments_t *a = arguments;
    ost_trials_options_t *trials = &a->how.trials;
    char *paths[3] = { NULL };
    int code = OST_EXIT_OK;
    const char **place = is_name(words[0]) ? &trials->only : &trials->folder;
    if (words[0][0] != '\0' && *place != NULL)
        return OST_CLI_USAGE("validate: '%s' and '%s' both name trials", *place, words[0]);
    a->watch.begin = ost_cli_seconds();
    if (!ost_cli_progress_init(&a->watch.progress, a->progress, false)) return OST_EXIT_USAGE;
    for (size_t i = 0; i < 3 && code == OST_EXIT_OK; i++) code = ost_cli_data_folder(names[i], &paths[i]);
    if (words[0][0] != '\0') *place = words[0];
    if (trials->folder == NULL) trials->folder = paths[0] != NULL ? paths[0] : "configs/trials";
    trials->shipped = paths[0];
    trials->endpoints = paths[1];
    trials->arms = paths[2];
    trials->stop = ost_cli_catch_signals();
    a->how.n_threads = (int) a->n_threads;
    a->how.progress = show_progress;
    a->how.user = &a->watch;
    if (code == OST_EXIT_OK &&
        (!ost_cli_exists(trials->folder) || (trials->evidence != NULL && !ost_cli_exists(trials->evidence))))
        code = OST_EXIT_INPUT;
    if (code == OST_EXIT_OK) code = validate(a);
    for (size_t i = 0; i < 3; i++) free(paths[i]);
    return code;
}

static const ost_option_t options[] = {
    { "trials", "DIR|TRIAL.yaml",
        "folder of trials, or one trial, as without the option; default: those that come with osteon",
        .target = OST_WORD(validate_arguments_t, how.trials.folder) },
    { "evidence", "TABLE.csv", "another table of evidence",
        .target = OST_WORD(validate_arguments_t, how.trials.evidence) },
    { "trial", "NAME,NAME,...", "only these trials of the folder, as NAME without the option",
        .target = OST_WORD(validate_arguments_t, how.trials.only) },
    { "model", "MODEL", "this bone model instead of the trials' own; all subjects are eligible",
        .target = OST_WORD(validate_arguments_t, how.trials.model) },
    { "parameters", "TABLE.csv",
        "estimates and draws of 'osteon fit'; default: osteon's own, for its own models; 'none': without",
        .target = OST_WORD(validate_arguments_t, parameters) },
    { "subjects", "N", "eligible ones, in each arm; default 500",
        .target = OST_NUMBER(validate_arguments_t, how.trials.n_subjects), .lower = 2, .upper = 10000000 },
    OST_OPTION_THREADS(validate_arguments_t),
    OST_OPTION_PROGRESS(validate_arguments_t),
    OST_OPTION_OUTPUT(validate_arguments_t, OST_OUTPUT_REPORT, "REPORT.html", "write a report with charts"),
    { "csv", "OUT.csv", "write all that is known of every check, a row each",
        .target = OST_WORD(validate_arguments_t, csv), .output = &ost_outputs[OST_OUTPUT_CHECKS] },
};

const ost_command_t ost_command_validate = {
    .name = "validate",
    .argument = "[NAME,...|TRIAL.yaml|DIR]",
    .summary = "check predictions against observations of trials",
    .about = "Simulate the trials of a folder and compare every observation of the evidence with its prediction.",
    .notes =
        "A trial is an experiment that names rows of an evidence table: see "
        "configs/evidence/README.md.\nPredictions have 90 % intervals. " OST_PREDICTION_NOTE
        "\nRows of role calibrate may have been "
        "fitted, rows of role "
        "validate never were.\nThe trials that come with osteon take three minutes of a processor (all of its cores "
        "share "
        "them); 'osteon validate atac' is sooner, --subjects 20 --parameters none a first look.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(
        validate_arguments_t, .how = { .trials = { .n_subjects = 500 }, .n_draws = 40, .n_draw_subjects = 16 }),
    .run = run_validate,
};
