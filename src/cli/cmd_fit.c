/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the file of a fit; prints its estimates, and writes them and a sample of the posterior to the table that
 * `osteon validate` reads. */
#include "analysis/validate.h"
#include "cli.h"
#include "core/table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    ost_cli_progress_t progress;
    const atomic_bool *stop;
} watch_t;

static int show_progress(void *user, const char *what, size_t done, size_t all, double objective)
{
    watch_t *self = user;
    if (ost_cli_progress_is_due(&self->progress) ||
        self->progress.kind == OST_PROGRESS_JSON) { /* all, few as they are */
        json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:f}", "event", "progress", "what", what, "done",
            (json_int_t) done, "of", (json_int_t) all, "minus2_log_posterior", objective);
        ost_cli_progress(&self->progress, OST_PROGRESS_GOES_ON, object, "%-24s %4zu of %zu  -2 log posterior %10.1f",
            what, done, all, objective);
    }
    return atomic_load(self->stop);
}

static void show_end(watch_t *self, const ost_fit_t *fit)
{
    char n[64];
    const char *event = atomic_load(self->stop) ? "interrupted" : "finished";
    json_t *object = json_pack("{s:s, s:I}", "event", event, "subject_arms", (json_int_t) fit->n_simulated);
    ost_cli_progress(&self->progress, OST_PROGRESS_ENDS, object, "%s: %s simulated", event,
        ost_cli_plural(fit->n_simulated, "subject-arm", n));
}

/* What `osteon validate` reads: row 0 is the estimate, the others are draws. Of an interrupted fit it has the best
 * values so far, without columns of residual errors. */
typedef struct {
    const ost_fit_t *fit;
    const double *draws; /* [n_draws][n_params] */
    size_t n_draws;
} table_t;

static int put_table(const void *what, FILE *out, ost_error_t *err)
{
    static const char *const parts[] = { "between", "within", "trials", "growth" };
    const table_t *self = what;
    const ost_fit_t *fit = self->fit;
    size_t n = fit->n_params;
    (void) err;
    fprintf(out, "draw");
    for (size_t k = 0; k < n; k++) fprintf(out, ",%s [%s]", fit->params[k].name, fit->params[k].unit_text);
    const int n_classes = fit->has_errors ? OST_N_CLASSES : 0;
    for (int c = 0; c < n_classes; c++)
        for (int i = 0; i < 4; i++) fprintf(out, ",%s %s", parts[i], ost_class_words[c]);
    for (size_t d = 0; d <= self->n_draws; d++) {
        fprintf(out, "\n%zu", d);
        for (size_t k = 0; k < n; k++) {
            double value = d == 0 ? fit->params[k].value : self->draws[(d - 1) * n + k];
            fprintf(out, ",%.9g", value / fit->params[k].factor);
        }
        for (int c = 0; c < n_classes; c++)
            fprintf(out, ",%.4g,%.4g,%g,%.4g", fit->residual_error[c].sigma_between,
                fit->residual_error[c].sigma_within, fit->residual_error[c].n_trials, fit->residual_error[c].growth);
    }
    fputc('\n', out);
    return 0;
}

static const char *row_trial(const ost_fit_t *fit, size_t row)
{
    return ost_fit_observation(fit, row)->row->trial;
}

/* A trial of the evidence by a refit, or each by one step. */
static int leave_out(ost_fit_t *fit, const char *which, const ost_fit_options_t *options, ost_error_t *err)
{
    size_t n = fit->n_rows + 1, n_steps = 0;
    double *residuals = malloc(n * sizeof(*residuals)), *sd = malloc(n * sizeof(*sd));
    ost_fit_step_t *steps = malloc(n * sizeof(*steps));
    int ret = residuals == NULL || sd == NULL || steps == NULL ? ost_no_memory(err) : 0;
    if (ret == 0)
        ret = strcmp(which, "each") == 0 ? ost_fit_leave_out_each(fit, options, residuals, sd, steps, &n_steps, err)
                                         : ost_fit_leave_out(fit, which, options, residuals, sd, err);
    if (ret == 0) ret = ost_fit_print_left_out(fit, residuals, sd, steps, n_steps, stdout, err);
    free(steps);
    free(sd);
    free(residuals);
    return ret;
}

/* Of a parameter that check_request() found. */
static int profile(ost_fit_t *fit, const char *name, const ost_fit_options_t *options, ost_error_t *err)
{
    static const double z[] = { -2, -1, 1, 2 };
    double rise[4];
    size_t k = 0;
    while (strcmp(fit->params[k].name, name) != 0) k++;
    int ret = ost_fit_profile(fit, k, z, 4, options, rise, err);
    printf("\nprofile of %s: -2 log posterior rises by ", name);
    for (int i = 0; i < 4; i++) printf(isnan(rise[i]) ? "%snot computed" : "%s%.1f", i > 0 ? ", " : "", rise[i]);
    printf(" at -2, -1, 1, 2 SE (4, 1, 1, 4 if normal)\n");
    return ret;
}

typedef struct {
    const char *output, *left_out, *profiled, *from, *progress;
    uint64_t n_draws, n_threads; /* n_threads 0: all */
    bool errors_only, normal;
} request_t;

/* The estimate of an earlier fit of the same parameters, in place of the search for it. */
static int start_from(ost_fit_t *fit, const char *path, ost_error_t *err)
{
    ost_draws_t table;
    int ret = ost_draws_read(&table, path, err);
    if (ret == 0) ret = ost_draws_check(&table, &fit->trials.library, err);
    for (size_t k = 0; k < fit->n_params && ret == 0; k++) {
        size_t i = 0;
        while (i < table.n_params && strcmp(table.names[i], fit->params[k].name) != 0) i++;
        if (i == table.n_params)
            ret = ost_fail_at(err, OST_ERR_NAME, path, 1, 0, "has no column for '%s'", fit->params[k].name);
        else
            fit->params[k].value = table.values[i];
    }
    fit->n_starts = 0;
    ost_draws_free(&table);
    return ret;
}

static int check_name(const char *what, const char *word, const char *const *names, size_t n, ost_error_t *err)
{
    if (word == NULL || ost_words_find(names, n, word) < n) return 0;
    return ost_fail(err, OST_ERR_NAME, "%s '%s'%s%s%s", what, word, OST_HINT(ost_nearest(word, names, n)));
}

/* What is asked of the fit has to be there before the search, which takes long. */
static int check_request(const ost_fit_t *fit, const request_t *request, ost_error_t *err)
{
    const char **names = malloc((fit->n_params + fit->n_rows + 1) * sizeof(*names));
    if (names == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < fit->n_params; i++) names[i] = fit->params[i].name;
    int ret = check_name("--profile: this fit estimates no", request->profiled, names, fit->n_params, err);
    names[0] = "each";
    for (size_t i = 0; i < fit->n_rows; i++) names[i + 1] = row_trial(fit, i);
    if (ret == 0)
        ret = check_name("--leave-out: this fit has no row of trial", request->left_out, names, fit->n_rows + 1, err);
    free(names);
    return ret;
}

static int write_table(const char *path, const ost_fit_t *fit, const double *draws, size_t n_draws, ost_error_t *err)
{
    const table_t table = { fit, draws, n_draws };
    return path != NULL ? ost_cli_write(path, put_table, &table, err) : 0;
}

/* The draws, in place of the table that has the estimate alone. */
static int draw(ost_fit_t *fit, const request_t *request, const ost_fit_options_t *options, ost_error_t *err)
{
    size_t n = (size_t) request->n_draws;
    double *draws = malloc(((n + 2) * fit->n_params) * sizeof(*draws));
    if (draws == NULL) return ost_no_memory(err);
    ost_sample_quality_t quality = { .r_hat = draws + n * fit->n_params, .size = draws + (n + 1) * fit->n_params };
    int ret = request->normal ? ost_fit_sample_normal(fit, n, draws, err)
                              : ost_fit_sample(fit, n, options, draws, &quality, err);
    if (ret == OST_ERR_LIMIT) printf("%s: the estimate, without draws\n", request->output);
    if (ret == 0) ret = write_table(request->output, fit, draws, n, err);
    if (ret == 0 && !request->normal) ret = ost_fit_print_sample(fit, draws, n, &quality, stdout, err);
    if (ret == 0)
        printf("%s: estimate and %zu draws of %s\n", request->output, n,
            request->normal ? "the normal approximation" : "the posterior");
    free(draws);
    return ret;
}

/* What runs an experiment at the estimate. */
static void print_next(const ost_fit_t *fit, const request_t *request)
{
    char experiment[PATH_MAX + 8], table[PATH_MAX + 8];
    const char *path = fit->trials.trials[0].experiment.path;
    printf("next:    osteon run %s --parameters %s --draws 0%s\n", ost_cli_quoted(path, experiment, sizeof(experiment)),
        request->output != NULL ? ost_cli_quoted(request->output, table, sizeof(table)) : "TABLE.csv",
        request->output != NULL ? "" : ", with the table of 'osteon fit -o TABLE.csv'");
}

static int run(ost_fit_t *fit, const char *path, const request_t *request, watch_t *watch, ost_error_t *err)
{
    bool stopped = false;
    const ost_fit_options_t options = {
        .n_threads = (int) request->n_threads,
        .progress = show_progress,
        .user = watch,
        .errors_only = request->errors_only,
    };
    char *endpoints, *arms = NULL;
    bool is_full = ost_cli_data_folder(OST_CLI_ENDPOINTS, &endpoints) != OST_EXIT_OK ||
                   ost_cli_data_folder(OST_CLI_ARMS, &arms) != OST_EXIT_OK;
    int ret = is_full ? ost_no_memory(err) : ost_fit_read(fit, path, endpoints, arms, watch->stop, err);
    free(endpoints);
    free(arms);
    ost_cli_warn(&fit->warnings);
    ost_cli_warn(&fit->trials.evidence.warnings);
    for (size_t t = 0; t < fit->trials.n_trials; t++) ost_cli_not_compared(&fit->trials.trials[t].matched);
    if (ret == 0) ret = check_request(fit, request, err);
    if (ret == 0 && request->from != NULL) ret = start_from(fit, request->from, err);
    if (ret == 0) ret = ost_fit_run(fit, &options, &stopped, err);
    if (ret == 0) show_end(watch, fit);
    if (ret == 0) ret = ost_fit_print(fit, stdout, err);
    if (ret == 0) ret = write_table(request->output, fit, NULL, 0, err);
    if (ret == 0 && stopped && request->output != NULL)
        printf("%s: the best estimate so far, without its errors\n", request->output);
    if (ret == 0) print_next(fit, request);
    if (ret < 0 || stopped) return ret;
    if (request->profiled != NULL) ret = profile(fit, request->profiled, &options, err);
    if (ret == 0 && request->left_out != NULL) ret = leave_out(fit, request->left_out, &options, err);
    return ret == 0 && request->n_draws > 0 ? draw(fit, request, &options, err) : ret;
}

static int run_fit(char **words, void *arguments)
{
    const request_t *request = arguments;
    ost_error_t err = { 0 };
    ost_fit_t fit = { 0 };
    if (!ost_cli_exists(words[0]) || (request->from != NULL && !ost_cli_exists(request->from))) return OST_EXIT_INPUT;
    if (request->n_draws > 0 && request->output == NULL)
        return OST_CLI_USAGE("fit: --draws needs -o TABLE.csv to keep them in");
    if (request->errors_only && request->from == NULL)
        return OST_CLI_USAGE("fit: --errors-only needs --from TABLE.csv, whose estimate it keeps");
    watch_t watch = { .stop = ost_cli_catch_signals() };
    if (!ost_cli_progress_init(&watch.progress, request->progress, false)) return OST_EXIT_USAGE;
    int ret = run(&fit, words[0], request, &watch, &err);
    int code = ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    if (atomic_load(watch.stop)) code = OST_EXIT_INTERRUPTED;
    ost_fit_free(&fit);
    return code;
}

static const ost_option_t options[] = {
    OST_OPTION_OUTPUT(request_t, OST_OUTPUT_DRAWS, "TABLE.csv", "write the estimates and draws"),
    { "draws", "N", "size of the sample of the posterior; default 0", .target = OST_NUMBER(request_t, n_draws),
        .upper = 100000 },
    { "normal", NULL, "draws of the normal approximation at the estimate: no time, and as good as it is normal",
        .target = OST_FLAG(request_t, normal) },
    { "from", "TABLE.csv", "begin at the estimate of an earlier fit instead of searching",
        .target = OST_WORD(request_t, from) },
    { "errors-only", NULL, "keep the estimate of --from; estimate the residual errors alone",
        .target = OST_FLAG(request_t, errors_only) },
    { "leave-out", "TRIAL", "refit without a trial and predict it; 'each': all in turn, by one step from the estimate",
        .target = OST_WORD(request_t, left_out) },
    { "profile", "PARAMETER", "rise of -2 log posterior around the estimate of this parameter",
        .target = OST_WORD(request_t, profiled) },
    OST_OPTION_THREADS(request_t),
    OST_OPTION_PROGRESS(request_t),
};

const ost_command_t ost_command_fit = {
    .name = "fit",
    .argument = "FIT.yaml",
    .summary = "estimate parameters from the evidence of trials",
    .about = "Estimate parameters from the rows of an evidence table whose role is calibrate.",
    .notes = "The file names the trials, the parameters with their priors, and the rows that are not fitted, with "
             "reasons:\nsee configs/fit/README.md. Ctrl-C ends the search and keeps the best so far.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(request_t, .output = NULL),
    .run = run_fit,
};
