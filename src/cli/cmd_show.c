/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The result beside the evidence. A row of the table is one arm, one element of the variable and one interval of
 * months; changes are paired, each subject against itself. */
#include "cli.h"
#include "input/evidence.h"
#include "results/results.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double from, to; /* months */
} span_t;

typedef struct {
    ost_results_t *results;
    const char *months, *variable, *versus_name; /* of the command line */
    size_t n_elements, n_subjects;
    size_t versus;      /* the arm that others are held against, SIZE_MAX: none */
    double versus_mean; /* of it, in the row being printed; NAN in its own */
    ost_trial_t trial;  /* the file's experiment and its observations, empty where there are none */
    ost_evidence_t evidence;
    bool has_values;                           /* a baseline of zero or less: values instead of changes in percent */
    double *base, *value, *change;             /* [n_subjects] */
    double *medians;                           /* [n_models], of those that have values */
    int model_width, arm_width, element_width; /* model_width 0: a file without that dimension */
    span_t *spans;
    size_t n_spans;
} show_t;

static span_t span_of(const ost_observation_t *observation)
{
    return (span_t){ observation->from / OST_DAYS_PER_MONTH, observation->to / OST_DAYS_PER_MONTH };
}

/* "bmd[total_hip]" is of variable bmd and element total_hip. */
static bool is_output(const char *output, const char *variable, const char *element)
{
    size_t n = strlen(variable), n_element = strlen(element);
    if (strncmp(output, variable, n) != 0) return false;
    if (n_element == 0) return output[n] == '\0';
    return output[n] == '[' && strncmp(output + n + 1, element, n_element) == 0 &&
           strcmp(output + n + 1 + n_element, "]") == 0;
}

/* Whether an observation is a change in percent in this arm and element. */
static bool belongs(const show_t *self, const ost_observation_t *observation, const char *arm, const char *element)
{
    return observation->measure == OST_MEASURE_PERCENT && !observation->per_year && observation->versus == SIZE_MAX &&
           strcmp(self->trial.experiment.arms[observation->arm].name, arm) == 0 &&
           is_output(observation->output, self->variable, element);
}

/* @return index of the output time at `month`, to half a day; -1 if there is none */
static long time_index(const show_t *self, double month)
{
    const double *t = ost_results_times(self->results);
    for (size_t i = 0; i < ost_results_n_times(self->results); i++)
        if (fabs(t[i] - month * OST_DAYS_PER_MONTH) <= 0.5) return (long) i;
    return -1;
}

static int compare_spans(const void *a, const void *b)
{
    const span_t *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

static bool add_span(show_t *self, double from, double to)
{
    for (size_t i = 0; i < self->n_spans; i++)
        if (self->spans[i].from == from && self->spans[i].to == to) return true;
    span_t *spans = realloc(self->spans, (self->n_spans + 1) * sizeof(*spans));
    if (spans == NULL) return false;
    self->spans = spans;
    spans[self->n_spans++] = (span_t){ from, to };
    qsort(spans, self->n_spans, sizeof(*spans), compare_spans);
    return true;
}

/* Add what the evidence compares at `month`, or at any month where it is NAN. */
static bool add_evidence_spans(show_t *self, double month)
{
    bool ok = true;
    for (size_t i = 0; i < self->trial.n_observations; i++)
        for (size_t a = 0; a < ost_results_n_arms(self->results); a++)
            for (size_t e = 0; e < self->n_elements && ok; e++) {
                const ost_observation_t *observation = &self->trial.observations[i];
                const char *element = ost_results_element(self->results, self->variable, e);
                if (!belongs(self, observation, ost_results_arm(self->results, a), element)) continue;
                span_t span = span_of(observation);
                long from = time_index(self, span.from), to = time_index(self, span.to);
                if (from >= 0 && to >= 0 && (isnan(month) || to == time_index(self, month)))
                    ok = add_span(self, span.from, span.to);
            }
    return ok;
}

/* The months that the evidence has, and whole years at 1, 2, 5; the last time if the file has none of these. */
static bool default_spans(show_t *self)
{
    static const double usual[] = { 12, 24, 60 };
    size_t n_times = ost_results_n_times(self->results);
    bool ok = add_evidence_spans(self, NAN);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && ok; i++)
        if (time_index(self, usual[i]) >= 0) ok = add_span(self, 0, usual[i]);
    if (ok && self->n_spans == 0)
        ok = add_span(self, 0, ost_results_times(self->results)[n_times - 1] / OST_DAYS_PER_MONTH);
    return ok;
}

/* "12,24,60". @return an exit code */
static int parse_months(show_t *self, const char *text)
{
    const double *t = ost_results_times(self->results);
    size_t n = ost_results_n_times(self->results);
    for (const char *p = text;; p++) {
        char *end;
        double month = strtod(p, &end);
        if (end == p || (*end != ',' && *end != '\0')) {
            ost_cli_message("--at: '%s' is not a list of months such as 12,24,60", text);
            return OST_EXIT_USAGE;
        }
        if (time_index(self, month) < 0) {
            ost_cli_message("--at: the file has no values at month %g; it has %zu times from month %g to %g", month, n,
                t[0] / OST_DAYS_PER_MONTH, t[n - 1] / OST_DAYS_PER_MONTH);
            return OST_EXIT_USAGE;
        }
        if (!add_span(self, 0, month) || !add_evidence_spans(self, month)) {
            ost_cli_message("out of memory");
            return OST_EXIT_INPUT;
        }
        p = end;
        if (*p == '\0') return OST_EXIT_OK;
    }
}

/* Fill self->change, sorted, with what the subjects that did not fail have. @return their number or an error */
static long collect(show_t *self, size_t arm, size_t element, span_t span, ost_error_t *err)
{
    long from = time_index(self, span.from), to = time_index(self, span.to);
    if (to < 0 || (from < 0 && !self->has_values)) return 0;
    int ret = ost_results_read(self->results, self->variable, arm, element, (size_t) to, self->value, err);
    if (ret == 0 && !self->has_values)
        ret = ost_results_read(self->results, self->variable, arm, element, (size_t) from, self->base, err);
    if (ret < 0) return ret;
    size_t n = 0;
    for (size_t i = 0; i < self->n_subjects; i++) {
        double x = self->has_values ? self->value[i] : 100 * (self->value[i] / self->base[i] - 1);
        if (!isnan(x)) self->change[n++] = x;
    }
    gsl_sort(self->change, 1, n);
    return (long) n;
}

static void print_evidence(const show_t *self, const ost_evidence_row_t *row, size_t n)
{
    char interval[64] = "-";
    bool is_mean = strcmp(row->statistic, "mean") == 0;
    double simulated =
        is_mean ? gsl_stats_mean(self->change, 1, n) : gsl_stats_median_from_sorted_data(self->change, 1, n);
    if (!isnan(row->lower) && !isnan(row->upper))
        snprintf(interval, sizeof(interval), "%.2f to %.2f", row->lower, row->upper);
    else if (!isnan(row->upper))
        snprintf(interval, sizeof(interval), "%s %.2f", row->interval, row->upper);
    printf("  %8.2f %-6s %+7.2f  %-15s %-9s %s, %s", row->value, row->statistic, simulated - row->value, interval,
        row->role, row->trial, row->arm);
}

/* The next of the observations from `first` on that stands beside a row. @return n_observations if there is none */
static size_t find_observation(const show_t *self, size_t first, const char *arm, const char *element, span_t span)
{
    size_t i = first;
    for (; i < self->trial.n_observations; i++) {
        span_t own = span_of(&self->trial.observations[i]);
        if (own.from == span.from && own.to == span.to && belongs(self, &self->trial.observations[i], arm, element))
            break;
    }
    return i;
}

/* Values of a share of people: a difference of 2 % is one in 50. */
static bool is_share(const show_t *self)
{
    return self->has_values && strcmp(ost_results_unit(self->results, self->variable), "%") == 0;
}

static void print_difference(const show_t *self, size_t n)
{
    double difference = gsl_stats_mean(self->change, 1, n) - self->versus_mean;
    if (self->versus == SIZE_MAX) return;
    if (isnan(difference))
        printf("%*s", is_share(self) ? 18 : 9, "");
    else
        printf(" %+8.2f", difference);
    if (is_share(self) && difference != 0 && !isnan(difference)) printf(" %8.3g", 100 / fabs(difference));
}

/* The words before the numbers of a row. */
static void print_name(const show_t *self, const char *arm, const char *element, span_t span, const char *model)
{
    char months[32];
    if (span.from > 0)
        snprintf(months, sizeof(months), "%g-%g", span.from, span.to);
    else
        snprintf(months, sizeof(months), "%g", span.to);
    printf("%-*s %-*s %7s  ", self->arm_width, arm, self->element_width, element, months);
    if (self->model_width > 0) printf("%-*s ", self->model_width, model);
}

static void print_row(
    const show_t *self, const char *arm, const char *element, span_t span, const char *model, size_t n)
{
    const double *x = self->change;
    bool is_first = true;
    print_name(self, arm, element, span, model);
    printf("%8.2f %8.2f %8.2f %8.2f", gsl_stats_median_from_sorted_data(x, 1, n),
        gsl_stats_quantile_from_sorted_data(x, 1, n, 0.05), gsl_stats_quantile_from_sorted_data(x, 1, n, 0.95),
        gsl_stats_mean(x, 1, n));
    print_difference(self, n);
    for (size_t i = 0; !self->has_values; i++, is_first = false) {
        i = find_observation(self, i, arm, element, span);
        if (i >= self->trial.n_observations) break;
        if (!is_first)
            printf("\n%*s",
                self->arm_width + self->element_width + self->model_width + (self->model_width > 0) +
                    (self->versus != SIZE_MAX ? 56 : 47),
                "");
        print_evidence(self, self->trial.observations[i].row, n);
    }
    putchar('\n');
}

static void print_head(const show_t *self, const char *path)
{
    char subjects[64], arms[64], models[64], failed[64], done[32];
    size_t n_models = ost_results_n_models(self->results);
    const char *title = ost_results_attribute(self->results, "title");
    uint64_t n_done = strtoull(ost_results_attribute(self->results, "n_done"), NULL, 10);
    printf("%s: %s%s", path, title != NULL ? title : "", title != NULL ? "; " : "");
    if (n_done < self->n_subjects) printf("interrupted after %s of ", ost_cli_thousands(n_done, done));
    printf("%s x %s%s%s, %s failed\n", ost_cli_plural(self->n_subjects, "subject", subjects),
        ost_cli_plural(ost_results_n_arms(self->results), "arm", arms), n_models > 0 ? " x " : "",
        n_models > 0 ? ost_cli_plural(n_models, "model", models) : "",
        ost_cli_plural(ost_results_failures(self->results), "subject-arm", failed));
    if (self->has_values)
        printf("%s [%s] (a baseline is zero or less, so values instead of changes)\n\n", self->variable,
            ost_results_unit(self->results, self->variable));
    else
        printf("%s: change in percent, each subject against itself at month 0 (a-b: at month b against month a)\n\n",
            self->variable);
    printf("%-*s %-*s %7s  ", self->arm_width, "arm", self->element_width, self->n_elements > 1 ? "site" : "", "month");
    if (self->model_width > 0) printf("%-*s ", self->model_width, "model");
    printf("%8s %8s %8s %8s", "median", "5 %", "95 %", "mean");
    if (self->versus != SIZE_MAX) printf(" %8s", "less");
    if (self->versus != SIZE_MAX && is_share(self)) printf(" %8s", "one in");
    if (self->trial.n_observations > 0 && !self->has_values)
        printf("  %8s %-6s %7s  %-15s %-9s %s", "observed", "", "differ", "interval", "role", "trial, arm");
    putchar('\n');
}

static int wider(int width, const char *text)
{
    int n = (int) strlen(text);
    return n > width ? n : width;
}

/* How far the medians of the models are apart: what the structure of a model makes, beside what people make. */
static void print_models(
    const show_t *self, const char *arm, const char *element, span_t span, double *medians, size_t n)
{
    gsl_sort(medians, 1, n);
    print_name(self, arm, element, span, "(models)");
    printf("%8.2f %8.2f %8.2f  median and range of the medians of %zu models\n",
        gsl_stats_median_from_sorted_data(medians, 1, n), medians[0], medians[n - 1], n);
}

/* The rows of an arm, an element and a span: one, or one a model. @return their number or an error */
static long print_rows(show_t *self, size_t arm, size_t element, span_t span, ost_error_t *err)
{
    const char *arm_name = ost_results_arm(self->results, arm);
    const char *element_name = ost_results_element(self->results, self->variable, element);
    size_t n_models = ost_results_n_models(self->results), n_rows = 0;
    for (size_t m = 0; m == 0 || m < n_models; m++) {
        const char *model = n_models > 0 ? ost_results_model(self->results, m) : "";
        ost_results_use_model(self->results, m);
        self->versus_mean = NAN;
        long n = self->versus != SIZE_MAX && self->versus != arm ? collect(self, self->versus, element, span, err) : 0;
        if (n > 0) self->versus_mean = gsl_stats_mean(self->change, 1, (size_t) n);
        if (n >= 0) n = collect(self, arm, element, span, err);
        if (n < 0) return n;
        if (n == 0) continue;
        print_row(self, arm_name, element_name, span, model, (size_t) n);
        self->medians[n_rows++] = gsl_stats_median_from_sorted_data(self->change, 1, (size_t) n);
    }
    if (n_rows > 1) print_models(self, arm_name, element_name, span, self->medians, n_rows);
    return (long) n_rows;
}

static void find_widths(show_t *self)
{
    self->arm_width = (int) strlen("arm");
    self->element_width = self->n_elements > 1 ? (int) strlen("site") : 0;
    self->model_width = ost_results_n_models(self->results) > 0 ? (int) strlen("(models)") : 0;
    for (size_t a = 0; a < ost_results_n_arms(self->results); a++)
        self->arm_width = wider(self->arm_width, ost_results_arm(self->results, a));
    for (size_t e = 0; e < self->n_elements; e++)
        self->element_width = wider(self->element_width, ost_results_element(self->results, self->variable, e));
    for (size_t m = 0; m < ost_results_n_models(self->results); m++)
        self->model_width = wider(self->model_width, ost_results_model(self->results, m));
}

static int print_table(show_t *self, const char *path, ost_error_t *err)
{
    find_widths(self);
    print_head(self, path);
    long n_rows = 0;
    for (size_t a = 0; a < ost_results_n_arms(self->results); a++)
        for (size_t e = 0; e < self->n_elements; e++)
            for (size_t i = 0; i < self->n_spans; i++) {
                const char *arm = ost_results_arm(self->results, a);
                const char *element = ost_results_element(self->results, self->variable, e);
                bool has_evidence =
                    find_observation(self, 0, arm, element, self->spans[i]) < self->trial.n_observations;
                if (self->spans[i].from > 0 && !has_evidence) continue;
                long n = print_rows(self, a, e, self->spans[i], err);
                if (n < 0) return (int) n;
                n_rows += n;
            }
    if (n_rows == 0)
        printf("nothing to show: no subject has a value of '%s' at these times%s\n", self->variable,
            ost_results_failures(self->results) > 0 ? "; 'failure_message' in the file says why subjects failed" : "");
    const char *left_out = ost_results_attribute(self->results, "arms_left_out");
    if (left_out != NULL) printf("\nleft out\n%s\n", left_out);
    return 0;
}

/* Percent of the arm's subjects that are looked at (self->base) with a time (self->value) of at most so many months. */
static double share_by(const show_t *self, double months)
{
    size_t n = 0, n_seen = 0;
    for (size_t i = 0; i < self->n_subjects; i++) {
        if (isnan(self->base[i])) continue;
        n += self->value[i] <= (months + 1e-6) * OST_DAYS_PER_MONTH;
        n_seen++;
    }
    return n_seen > 0 ? 100.0 * (double) n / (double) n_seen : 0;
}

static bool is_same_for_all(const show_t *self)
{
    size_t i = 1;
    while (i < self->n_subjects && self->value[i] == self->value[0]) i++;
    return i == self->n_subjects;
}

/* How many have begun and ended a regimen line that they take each in their own way. */
static int print_schedule(
    const show_t *self, size_t schedule, size_t arm, bool ended, const char **gap, ost_error_t *err)
{
    size_t n;
    const char *const *names = ost_results_schedules(self->results, &n);
    long zero = time_index(self, 0);
    int ret = ost_results_read(self->results, self->variable, arm, 0, zero < 0 ? 0 : (size_t) zero, self->base, err);
    if (ret == 0) ret = ost_results_read_schedule(self->results, schedule, arm, ended, self->value, err);
    if (ret < 0 || is_same_for_all(self) || share_by(self, INFINITY) == 0) return ret;
    printf("%s%-*s  %s %s by month", *gap, self->arm_width, ost_results_arm(self->results, arm),
        ended ? "ended" : "began", names[schedule]);
    *gap = "";
    for (size_t i = 0; i < self->n_spans; i++)
        if (i == 0 || self->spans[i].to != self->spans[i - 1].to)
            printf("%s %g: %.1f %%", i > 0 ? "," : "", self->spans[i].to, share_by(self, self->spans[i].to));
    putchar('\n');
    return 0;
}

static int print_schedules(const show_t *self, ost_error_t *err)
{
    size_t n, n_arms = ost_results_n_arms(self->results);
    const char *gap = "\n";
    int ret = 0;
    ost_results_schedules(self->results, &n);
    for (size_t i = 0; i < 2 * n * n_arms && ret == 0; i++)
        ret = print_schedule(self, i / 2 % n, i / 2 / n, i % 2 == 1, &gap, err);
    return ret;
}

/* Whether percent changes make sense: no subject of the first arm starts at zero or below. */
static int find_baseline(show_t *self, ost_error_t *err)
{
    long zero = time_index(self, 0);
    self->has_values = zero < 0;
    for (size_t e = 0; e < self->n_elements && zero >= 0; e++) {
        int ret = ost_results_read(self->results, self->variable, 0, e, (size_t) zero, self->base, err);
        if (ret < 0) return ret;
        for (size_t i = 0; i < self->n_subjects; i++)
            if (self->base[i] < 1e-12) self->has_values = true;
    }
    return 0;
}

/* The evidence that the experiment in the file names. A file whose table has gone is still shown, without it. */
static void load_evidence(show_t *self)
{
    ost_error_t err = { 0 };
    char message[1024];
    if (ost_results_attribute(self->results, "experiment") == NULL) return;
    if (ost_results_experiment(self->results, NULL, 0, &self->trial.experiment, &err) == 0)
        ost_cli_evidence(&self->trial, &self->evidence);
    else
        ost_cli_message("without evidence: %s", ost_error_format(&err, message, sizeof(message)));
}

static int find_variable(show_t *self)
{
    size_t n;
    char hint[300];
    const char *const *names = ost_results_variables(self->results, &n);
    if (self->variable == NULL) self->variable = ost_results_n_elements(self->results, "bmd") > 0 ? "bmd" : names[0];
    self->n_elements = ost_results_n_elements(self->results, self->variable);
    if (self->n_elements > 0) return OST_EXIT_OK;
    ost_cli_message("--variable: the file has no '%s'%s; it has:", self->variable,
        ost_cli_hint(hint, sizeof(hint), self->variable, names, n));
    for (size_t i = 0; i < n; i++) fprintf(stderr, "  %s\n", names[i]);
    return OST_EXIT_USAGE;
}

static int find_versus(show_t *self)
{
    size_t n = ost_results_n_arms(self->results);
    char hint[300];
    self->versus = SIZE_MAX;
    for (size_t a = 0; a < n && self->versus_name != NULL; a++)
        if (strcmp(ost_results_arm(self->results, a), self->versus_name) == 0) self->versus = a;
    if (self->versus_name == NULL || self->versus != SIZE_MAX) return OST_EXIT_OK;
    const char **names = malloc((n + 1) * sizeof(*names));
    for (size_t a = 0; a < n && names != NULL; a++) names[a] = ost_results_arm(self->results, a);
    ost_cli_message("--versus: the file has no arm '%s'%s; it has:", self->versus_name,
        ost_cli_hint(hint, sizeof(hint), self->versus_name, names, names != NULL ? n : 0));
    for (size_t a = 0; a < n; a++) fprintf(stderr, "  %s\n", ost_results_arm(self->results, a));
    free(names);
    return OST_EXIT_USAGE;
}

static int show_file(show_t *self, const char *path)
{
    ost_error_t err = { 0 };
    int code;
    if (!ost_cli_exists(path)) return OST_EXIT_INPUT;
    if (ost_results_open(&self->results, path, &err) < 0) return ost_cli_fail(&err);
    if ((code = find_variable(self)) != OST_EXIT_OK || (code = find_versus(self)) != OST_EXIT_OK) return code;
    self->n_subjects = ost_results_n_subjects(self->results);
    self->base = calloc(self->n_subjects + 1, sizeof(double));
    self->value = calloc(self->n_subjects + 1, sizeof(double));
    self->change = calloc(self->n_subjects + 1, sizeof(double));
    self->medians = calloc(ost_results_n_models(self->results) + 1, sizeof(double));
    if (self->base == NULL || self->value == NULL || self->change == NULL || self->medians == NULL) {
        ost_cli_message("out of memory");
        return OST_EXIT_INPUT;
    }
    load_evidence(self);
    if (self->months != NULL && (code = parse_months(self, self->months)) != OST_EXIT_OK) return code;
    if (self->months == NULL && !default_spans(self)) {
        ost_cli_message("out of memory");
        return OST_EXIT_INPUT;
    }
    if (find_baseline(self, &err) < 0 || print_table(self, path, &err) < 0 || print_schedules(self, &err) < 0)
        return ost_cli_fail(&err);
    return OST_EXIT_OK;
}

static int run_show(const ost_command_t *self, int argc, char **argv)
{
    show_t show = { 0 };
    int code;
    const char *path = ost_cli_parse(self, argc, argv, &show, &code);
    if (path == NULL) return code;
    code = show_file(&show, path);
    ost_results_close(show.results);
    ost_trial_free(&show.trial);
    ost_evidence_free(&show.evidence);
    free(show.spans);
    free(show.base);
    free(show.value);
    free(show.change);
    free(show.medians);
    return code;
}

static const ost_option_t options[] = {
    { .name = "at",
        .argument = "M,M,...",
        .target = OST_WORD(show_t, months),
        .text = "months to show (default: 12, 24, 60 and those of the evidence)" },
    { .name = "variable",
        .argument = "NAME",
        .target = OST_WORD(show_t, variable),
        .text = "variable to show (default: bmd, or the first of a file without it)" },
    { .name = "versus",
        .argument = "ARM",
        .target = OST_WORD(show_t, versus_name),
        .text = "also each arm's mean less that of this arm, and for probabilities the number needed to treat" },
};

const ost_command_t ost_command_show = {
    .name = "show",
    .argument = "RESULT.h5",
    .summary = "print a result file beside the evidence its experiment names",
    .about = "Print median, 5th and 95th percentile and mean of the change since month 0, by arm and site, beside "
             "the evidence.",
    .notes = "'differ' is simulated minus observed: mean against mean, median against median. 'interval' is what the "
             "trial\ngives around the observed value. 'role': kept for fitting the model (calibrate) or for testing it "
             "(validate).\n'less' is the mean less that of the arm --versus names; a difference between probabilities "
             "is one in so\nmany people: the number needed to treat, or to harm. Quantities that may be zero or less, "
             "such as T-scores,\nare shown as values, not as changes.",
    OST_OPTIONS(options),
    .run = run_show,
};
