/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the file of a fit; prints its estimates, and writes them and a sample of the posterior to the table that
 * `osteon validate` reads. */
#include "analysis/validate.h"
#include "cli.h"
#include "core/table.h"

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

static void put_table(const void *what, FILE *out)
{
    static const char *const parts[] = { "between", "within", "trials", "growth" };
    const table_t *self = what;
    const ost_fit_t *fit = self->fit;
    size_t n = fit->n_params;
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
}

static const char *row_trial(const ost_fit_t *fit, size_t row)
{
    return ost_fit_observation(fit, row)->row->trial;
}

static bool is_inside(const ost_fit_t *fit, const ost_observation_t *observation, double residual, double sd)
{
    return fabs(residual) <= ost_fit_half_width(&fit->residual_error[observation->endpoint_class]) * sd;
}

static int leave_out_one(ost_fit_t *fit, const char *trial, const ost_fit_options_t *options, double *residuals,
    double *sd, ost_table_t *table, ost_error_t *err)
{
    int ret = ost_fit_leave_out(fit, trial, options, residuals, sd, err);
    for (size_t i = 0; i < fit->n_rows && ret == 0; i++) {
        const ost_observation_t *observation = ost_fit_observation(fit, i);
        const ost_evidence_row_t *row = observation->row;
        if (isnan(residuals[i])) continue;
        ost_table_row(table, "%s\t%s\t%s\t%g\t%.3g\t%+.2f\t%.2f\t%s", row->trial, row->arm,
            observation->endpoint.output, row->time_months, row->value, residuals[i], sd[i],
            is_inside(fit, observation, residuals[i], sd[i]) ? "inside" : "outside");
    }
    return ret;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* What is known of the rows left out. */
typedef struct {
    ost_naive_sum_t *by_treatment; /* of BMD, as in ost_naive_add() */
    double *misses;                /* [n_bmd] sizes of the residuals of BMD */
    size_t n_bmd, n_inside, n;
} left_out_t;

/* @param residuals, sd  [n_rows], NAN for rows that were not left out */
static void count_left_out(left_out_t *self, const ost_fit_t *fit, const double *residuals, const double *sd)
{
    for (size_t k = 0; k < fit->n_rows; k++) {
        if (isnan(residuals[k])) continue;
        const ost_observation_t *observation = ost_fit_observation(fit, k);
        const bool inside = is_inside(fit, observation, residuals[k], sd[k]);
        self->n++;
        self->n_inside += inside;
        if (observation->endpoint_class != OST_CLASS_BMD) continue;
        self->misses[self->n_bmd++] = fabs(residuals[k]);
        ost_naive_add(self->by_treatment, &fit->naive, &fit->trials, observation,
            observation->row->value + residuals[k] / ost_observation_scale(observation), inside);
    }
}

static int print_left_out(
    left_out_t *self, const ost_fit_t *fit, const ost_table_t *table, bool is_all, ost_error_t *err)
{
    putchar('\n');
    int ret = ost_table_print(table, stdout, err);
    qsort(self->misses, self->n_bmd, sizeof(*self->misses), compare_doubles);
    printf("left out%s: n %zu, 90 %% intervals cover %.2f; BMD n %zu, median absolute error %.2f\n",
        is_all ? "" : ", only the trials above", self->n, (double) self->n_inside / (double) self->n, self->n_bmd,
        self->n_bmd > 0 ? self->misses[self->n_bmd / 2] : NAN);
    if (ret < 0 || self->n_bmd == 0) return ret;
    ret = ost_naive_print(self->by_treatment, &fit->trials.treatments, "BMD left out", stdout, err);
    if (ret == 0) ost_print_wrapped(stdout, "%s", OST_NAIVE_NOTE);
    return ret;
}

/* Every trial of the evidence in turn, or one. Where this is interrupted, the table has the trials that are finished.
 */
static int leave_out(ost_fit_t *fit, const char *which, const ost_fit_options_t *options, ost_error_t *err)
{
    size_t n = fit->n_rows;
    double *residuals = malloc((n + 1) * sizeof(double)), *sd = malloc((n + 1) * sizeof(double));
    left_out_t found = { .misses = malloc((n + 1) * sizeof(double)),
        .by_treatment = calloc(fit->trials.treatments.n_classes + 2, sizeof(*found.by_treatment)) };
    int ret =
        residuals == NULL || sd == NULL || found.misses == NULL || found.by_treatment == NULL ? ost_no_memory(err) : 0;
    ost_table_t table = { 0 };
    ost_table_columns(&table, "<left out\t<arm\t<output\tmonth\tobserved\tsimulated - observed\tSD\t<check");
    for (size_t i = 0; i < n && ret == 0; i++) {
        const char *trial = row_trial(fit, i);
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            if (strcmp(row_trial(fit, k), trial) == 0) is_first = false;
        if (!is_first || (strcmp(which, "each") != 0 && strcmp(which, trial) != 0)) continue;
        ret = leave_out_one(fit, trial, options, residuals, sd, &table, err);
        if (ret == 0) count_left_out(&found, fit, residuals, sd);
    }
    if (ret == 0 && found.n == 0) ret = ost_fail(err, OST_ERR_NAME, "no row of trial '%s' is fitted", which);
    if (found.n > 0) {
        ost_error_t own = { 0 };
        int printed = print_left_out(&found, fit, &table, ret == 0, &own);
        if (ret == 0 && printed < 0) *err = own;
        if (ret == 0) ret = printed;
    }
    ost_table_free(&table);
    free(found.by_treatment);
    free(found.misses);
    free(residuals);
    free(sd);
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
    bool errors_only;
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
    char hint[300];
    size_t i = 0;
    while (word != NULL && i < n && strcmp(names[i], word) != 0) i++;
    if (word == NULL || i < n) return 0;
    return ost_fail(err, OST_ERR_NAME, "%s '%s'%s", what, word, ost_cli_hint(hint, sizeof(hint), word, names, n));
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
    int ret = ost_fit_sample(fit, n, options, draws, &quality, err);
    if (ret == OST_ERR_LIMIT) printf("%s: the estimate, without draws\n", request->output);
    if (ret == 0) ret = write_table(request->output, fit, draws, n, err);
    if (ret == 0) ret = ost_fit_print_sample(fit, draws, n, &quality, stdout, err);
    if (ret == 0) printf("%s: estimate and %zu draws of the posterior\n", request->output, n);
    free(draws);
    return ret;
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
    if (ret < 0 || stopped) return ret;
    if (request->profiled != NULL) ret = profile(fit, request->profiled, &options, err);
    if (ret == 0 && request->left_out != NULL) ret = leave_out(fit, request->left_out, &options, err);
    return ret == 0 && request->n_draws > 0 ? draw(fit, request, &options, err) : ret;
}

static int run_fit(const ost_command_t *self, int argc, char **argv)
{
    request_t request = { 0 };
    ost_error_t err = { 0 };
    ost_fit_t fit = { 0 };
    int code;
    const char *path = ost_cli_parse(self, argc, argv, &request, &code);
    if (path == NULL) return code;
    if (!ost_cli_exists(path) || (request.from != NULL && !ost_cli_exists(request.from))) return OST_EXIT_INPUT;
    if (request.n_draws > 0 && request.output == NULL) {
        ost_cli_message("fit: --draws needs -o TABLE.csv to keep them in");
        return OST_EXIT_USAGE;
    }
    if (request.errors_only && request.from == NULL) {
        ost_cli_message("fit: --errors-only needs --from TABLE.csv, whose estimate it keeps");
        return OST_EXIT_USAGE;
    }
    watch_t watch = { .stop = ost_cli_catch_signals() };
    if (!ost_cli_progress_init(&watch.progress, request.progress, false)) return OST_EXIT_USAGE;
    int ret = run(&fit, path, &request, &watch, &err);
    code = ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    if (atomic_load(watch.stop)) code = OST_EXIT_INTERRUPTED;
    ost_fit_free(&fit);
    return code;
}

static const ost_option_t options[] = {
    OST_OPTION_OUTPUT(request_t, OST_OUTPUT_DRAWS, "TABLE.csv", "write the estimates and draws"),
    { .name = "draws",
        .argument = "N",
        .text = "size of the sample of the posterior; default 0",
        .target = OST_NUMBER(request_t, n_draws),
        .upper = 100000 },
    { .name = "from",
        .argument = "TABLE.csv",
        .text = "begin at the estimate of an earlier fit instead of searching",
        .target = OST_WORD(request_t, from) },
    { .name = "errors-only",
        .text = "keep the estimate of --from; estimate the residual errors alone",
        .target = OST_FLAG(request_t, errors_only) },
    { .name = "leave-out",
        .argument = "TRIAL",
        .text = "refit without a trial and predict it; 'each': all in turn",
        .target = OST_WORD(request_t, left_out) },
    { .name = "profile",
        .argument = "PARAMETER",
        .text = "rise of -2 log posterior around the estimate of this parameter",
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
    .run = run_fit,
};
