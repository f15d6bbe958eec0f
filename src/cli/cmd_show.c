/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; prints statistics of its subjects beside the evidence. A row of the table is one arm, one
 * element of the variable and one interval of months; changes are paired, each subject against itself. */
#include "show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDENT "    " /* of lines below a row */
#define FEW_TIMES 12  /* so many are all shown */
#define SOME_TIMES 8  /* of a file with more, so many are shown */

static span_t span_of(const ost_endpoint_t *endpoint)
{
    return (span_t){ endpoint->from / OST_DAYS_PER_MONTH, endpoint->to / OST_DAYS_PER_MONTH };
}

/* Whether an element of the variable is asked for: one or all. */
static bool is_shown(const show_t *self, size_t element)
{
    return self->element == SIZE_MAX || self->element == element;
}

/* Whether an endpoint is a change in percent in this arm and element, or its difference from another arm. */
static bool belongs(const show_t *self, const ost_endpoint_t *endpoint, const char *arm, const char *element)
{
    return endpoint->measure == OST_MEASURE_PERCENT && !endpoint->per_year && endpoint->statistic != OST_STATISTIC_SD &&
           strcmp(self->experiment.arms[endpoint->arm].name, arm) == 0 &&
           ost_results_is_output(endpoint->output, self->variable, element);
}

/* @return index of the output time at `month`, -1 where no output is as near as ost_times_find() asks */
static long time_index(const show_t *self, double month)
{
    return ost_results_time_index(self->results, month * OST_DAYS_PER_MONTH);
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
    span_t *spans = ost_memory_grow(&self->memory, self->spans, self->n_spans, sizeof(*spans));
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
    for (size_t i = 0; i < self->matched.n_observations; i++)
        for (size_t a = 0; a < self->results->arms.n; a++)
            for (size_t e = 0; e < self->n_elements && ok; e++) {
                const ost_endpoint_t *endpoint = &self->matched.observations[i].endpoint;
                const char *element = ost_results_element(self->results, self->variable, e);
                if (!is_shown(self, e) || !belongs(self, endpoint, self->results->arms.items[a], element)) continue;
                span_t span = span_of(endpoint);
                long from = time_index(self, span.from), to = time_index(self, span.to);
                if (from >= 0 && to >= 0 && (isnan(month) || to == time_index(self, month)))
                    ok = add_span(self, span.from, span.to);
            }
    return ok;
}

/* The months that the evidence has, and whole years at 1, 2, 5; where the file has none of these, all times after the
 * baseline if they are few, or some of them up to the last. */
static bool default_spans(show_t *self)
{
    static const double usual[] = { 12, 24, 60 };
    size_t n_times = self->results->n_times;
    bool ok = add_evidence_spans(self, NAN);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && ok; i++)
        if (time_index(self, usual[i]) >= 0) ok = add_span(self, 0, usual[i]);
    bool is_none = self->n_spans == 0;
    const size_t step = n_times <= FEW_TIMES ? 1 : (n_times + SOME_TIMES - 1) / SOME_TIMES;
    for (size_t i = (n_times - 1) % step; i < n_times && is_none && ok; i += step)
        if (self->results->times[i] > 0 || i + 1 == n_times)
            ok = add_span(self, 0, self->results->times[i] / OST_DAYS_PER_MONTH);
    return ok;
}

/* "12,24,60" or "6 h,7 day". @return an exit code */
static int parse_months(show_t *self, const char *text)
{
    const double *t = self->results->times;
    const ost_dim_t of_time = { .sixths = { [OST_DIM_TIME] = 6 } };
    size_t n = self->results->n_times;
    for (const char *p = text;; p++) {
        char item[32];
        ost_quantity_t time = { .value = NAN };
        size_t length = strcspn(p, ",");
        ost_error_t err = { 0 };
        snprintf(item, sizeof(item), "%.*s", (int) length, p);
        bool is_read = length < sizeof(item) && ost_quantity_parse(&time, item, &err) == 0;
        if (!is_read || !(time.is_plain || ost_dim_equal(time.dim, of_time)))
            return OST_CLI_USAGE("--at: '%s' is not a list of months such as 12,24,60, or of times such as 6 h", text);
        double month = time.is_plain ? time.value : time.value / OST_DAYS_PER_MONTH;
        if (time_index(self, month) < 0) {
            char with[100], at[32], times[64], hint[80] = "";
            snprintf(at, sizeof(at), "%.6g month", month);
            const bool is_short = time.is_plain && self->time_unit->days < OST_DAYS_PER_MONTH;
            if (is_short) snprintf(hint, sizeof(hint), "--at '%.20s %s' is in its unit; ", item, self->time_unit->name);
            return OST_CLI_USAGE(
                "--at: the file has no values at month %g; it has %s from month %g to %g; %sa run with "
                "--set 'times=%s' has them",
                month, ost_cli_plural(n, "time", times), t[0] / OST_DAYS_PER_MONTH, t[n - 1] / OST_DAYS_PER_MONTH, hint,
                ost_times_with(t, n, month * OST_DAYS_PER_MONTH, at, with, sizeof(with)));
        }
        if (!add_span(self, 0, month) || !add_evidence_spans(self, month)) return ost_cli_no_memory();
        p += length;
        if (*p == '\0') return OST_EXIT_OK;
    }
}

/* The next of the observations from `first` on that stands beside a row, or that is a difference of its arm from
 * another. @return n_observations if no row fits */
static size_t find_observation(
    const show_t *self, size_t first, bool is_difference, const char *arm, const char *element, span_t span)
{
    size_t i = self->has_values ? self->matched.n_observations : first;
    for (; i < self->matched.n_observations; i++) {
        const ost_endpoint_t *endpoint = &self->matched.observations[i].endpoint;
        span_t own = span_of(endpoint);
        if (own.from == span.from && own.to == span.to && (endpoint->versus != SIZE_MAX) == is_difference &&
            belongs(self, endpoint, arm, element))
            break;
    }
    return i;
}

static bool has_observation(const show_t *self, size_t arm, size_t element, span_t span)
{
    const char *name = self->results->arms.items[arm];
    const char *site = ost_results_element(self->results, self->variable, element);
    return find_observation(self, 0, false, name, site, span) < self->matched.n_observations ||
           find_observation(self, 0, true, name, site, span) < self->matched.n_observations;
}

/* Values of a fraction of the subjects, as a probability. */
static bool is_fraction(const show_t *self)
{
    return self->has_values && strcmp(ost_results_variable(self->results, self->variable)->unit, "%") == 0;
}

/* One subject has a value instead of statistics that would all be the same. */
static bool is_value(const show_t *self)
{
    return self->n_subjects == 1 && self->columns == NULL;
}

static void add_statistic(show_t *self, ost_statistic_t statistic, ost_sample_t *of)
{
    char text[64];
    ost_table_cell(
        &self->table, "%s", ost_statistic_format(statistic, ost_statistic(statistic, of), 2, text, sizeof(text)));
}

/* The end of a row, and below it whose observation that is. */
static void add_evidence(show_t *self, const ost_observation_t *observation, ost_sample_t *of)
{
    const ost_evidence_row_t *row = observation->row;
    of->observed = row->value;
    of->observed_as = observation->endpoint.statistic;
    ost_table_skip_to(&self->table, self->first_evidence);
    ost_table_cell(&self->table, "%.2f", row->value);
    if (!isnan(row->lower) && !isnan(row->upper))
        ost_table_cell(&self->table, "%.2f..%.2f", row->lower, row->upper);
    else if (!isnan(row->upper))
        ost_table_cell(&self->table, "%s %.2f", ost_interval_words[row->interval], row->upper);
    else if (self->has_intervals)
        ost_table_cell(&self->table, "%s", "");
    for (size_t i = 0; i < OST_N_STATISTICS; i++)
        if (ost_statistics[i].tables & OST_WITH_EVIDENCE) add_statistic(self, (ost_statistic_t) i, of);
    ost_show_add_source(self, &self->table, row);
}

/* The cells before the numbers of a row. */
static void add_names(show_t *self, const char *arm, size_t element, span_t span, const char *model)
{
    ost_table_cell(&self->table, "%s", arm);
    if (self->n_elements > 1)
        ost_table_cell(&self->table, "%s", ost_results_element(self->results, self->variable, element));
    ost_show_add_times(self, &self->table, span);
    if (self->results->models.n > 0) ost_table_cell(&self->table, "%s", model);
}

static void add_row(show_t *self, size_t arm, size_t element, span_t span, const char *model, ost_sample_t *of)
{
    const char *arm_name = self->results->arms.items[arm];
    const char *element_name = ost_results_element(self->results, self->variable, element);
    add_names(self, arm_name, element, span, model);
    for (size_t i = 0; i < self->n_shown; i++) add_statistic(self, self->shown[i], of);
    size_t i = find_observation(self, 0, false, arm_name, element_name, span);
    const char *measure = self->has_values ? "level" : "change";
    if (self->has_values) span.from = NAN;
    if (i == self->matched.n_observations)
        ost_show_csv_row(self, arm_name, element, span, model, measure, of, NULL, NAN);
    for (; i < self->matched.n_observations; i = find_observation(self, i + 1, false, arm_name, element_name, span)) {
        const ost_observation_t *observation = &self->matched.observations[i];
        add_evidence(self, observation, of);
        ost_show_csv_row(self, arm_name, element, span, model, measure, of, observation,
            ost_statistic(observation->endpoint.statistic, of));
    }
    ost_table_skip_to(&self->table, self->table.n_columns);
}

/* Below an arm's row, what was observed of its difference from another arm: of one statistic, in its column.
 * @return 0 or an error */
static int add_differences(show_t *self, size_t arm, size_t element, span_t span, const char *model, ost_error_t *err)
{
    char *const *arms = self->results->arms.items;
    const char *site = ost_results_element(self->results, self->variable, element);
    size_t i = find_observation(self, 0, true, arms[arm], site, span);
    for (; i < self->matched.n_observations; i = find_observation(self, i + 1, true, arms[arm], site, span)) {
        const ost_observation_t *observation = &self->matched.observations[i];
        ost_statistic_t as = observation->endpoint.statistic;
        size_t other = ost_results_find_arm(self->results, self->experiment.arms[observation->endpoint.versus].name);
        ost_sample_t sample_of;
        char name[256];
        int ret = ost_show_sample(self, other, element, span, &sample_of, err);
        double difference = -ost_statistic(as, &sample_of);
        if (ret == 0) ret = ost_show_sample(self, arm, element, span, &sample_of, err);
        if (ret < 0) return ret;
        difference += ost_statistic(as, &sample_of);
        const double *one = &difference;
        ost_sample_t of = { .x = one, .n = 1, .versus = 0, .versus_error = NAN, .whole = NAN };
        snprintf(name, sizeof(name), "%s - %s", arms[arm], arms[other]);
        add_names(self, name, element, span, model);
        for (size_t k = 0; k < self->n_shown; k++)
            if (self->shown[k] == as || self->shown[k] == OST_STATISTIC_DIFFERENCE || is_value(self))
                add_statistic(self, self->shown[k], &of);
            else
                ost_table_cell(&self->table, "%s", "");
        add_evidence(self, observation, &of);
        ost_show_csv_row(self, name, element, span, model, "change", &of, observation, difference);
        ost_table_skip_to(&self->table, self->table.n_columns);
    }
    return 0;
}

/* Range of the medians of the models, and the median of three or more: the uncertainty of structure, beside that
 * between subjects. Between two models lies what neither of them predicts. */
static void add_models(show_t *self, size_t arm, size_t element, span_t span, size_t n)
{
    ost_sample_t medians = ost_sample_of(self->medians, n, self->work);
    if (n > 2) {
        add_names(self, self->results->arms.items[arm], element, span, "(models)");
        for (size_t i = 0; i < self->n_shown; i++)
            if (self->shown[i] == OST_STATISTIC_MEDIAN)
                add_statistic(self, self->shown[i], &medians);
            else
                ost_table_cell(&self->table, "%s", "");
        ost_table_skip_to(&self->table, self->table.n_columns);
    }
    ost_table_line(&self->table, INDENT "medians of %zu models from %.2f to %.2f", n, medians.x[0], medians.x[n - 1]);
}

/* The rows of an arm, an element and a span: one, or one a model. @return their number or an error */
static long add_rows(show_t *self, size_t arm, size_t element, span_t span, ost_error_t *err)
{
    size_t n_models = self->results->models.n, n_rows = 0;
    for (size_t m = 0; m == 0 || m < n_models; m++) {
        ost_sample_t own, other = { .versus = NAN };
        self->results->i_model = m;
        int ret = 0;
        double versus = NAN;
        if (self->versus != SIZE_MAX && self->versus != arm) {
            ret = ost_show_sample(self, self->versus, element, span, &other, err);
            versus = ost_statistic(OST_STATISTIC_MEAN, &other);
            if (!other.is_summary) memcpy(self->other, self->value, self->n_subjects * sizeof(*self->other));
        }
        if (ret == 0) ret = ost_show_sample(self, arm, element, span, &own, err);
        if (ret < 0) return ret;
        if (own.n == 0 && (n_rows > 0 || m + 1 < n_models || !has_observation(self, arm, element, span))) continue;
        own.versus = versus;
        if (!isnan(versus) && !own.is_summary)
            own.versus_error = ost_error_of_difference(self->value, self->other, self->n_subjects);
        own.whole = is_fraction(self) ? 100 : NAN;
        add_row(self, arm, element, span, n_models > 0 ? self->results->models.items[m] : "", &own);
        self->medians[n_rows++] = ost_statistic(OST_STATISTIC_MEDIAN, &own);
        ret = add_differences(self, arm, element, span, n_models > 0 ? self->results->models.items[m] : "", err);
        if (ret < 0) return ret;
    }
    if (n_rows > 1 && self->results->design.n_axes == 0) add_models(self, arm, element, span, n_rows);
    return (long) n_rows;
}

/* Those of --columns, else those that the table of statistics marks. @return an exit code */
static int choose_columns(show_t *self)
{
    char word[64], wrong[400];
    for (const char *p = self->columns; p != NULL; p = *p == ',' ? p + 1 : NULL) {
        p += strspn(p, " ");
        size_t n = strcspn(p, ","), k = 0;
        snprintf(word, sizeof(word), "%.*s", (int) n, p);
        p += n;
        while (n > 0 && n < sizeof(word) && word[n - 1] == ' ') word[--n] = '\0';
        size_t i = ost_words_find(ost_statistic_names, OST_N_STATISTICS, word);
        while (k < self->n_shown && (size_t) self->shown[k] != i) k++;
        if (i == OST_N_STATISTICS || k < self->n_shown)
            return OST_CLI_USAGE(k < self->n_shown ? "--columns: %s is named twice" : "--columns: %s",
                k < self->n_shown ? word
                                  : ost_words_wrong(ost_statistic_names, OST_N_STATISTICS, word, wrong, sizeof(wrong)));
        if (ost_statistics[i].tables & OST_WITH_VERSUS && self->versus == SIZE_MAX)
            return OST_CLI_USAGE("--columns: '%s' compares two arms: name one with --versus", word);
        if (!(ost_statistics[i].tables & OST_WITH_EVIDENCE)) self->shown[self->n_shown++] = (ost_statistic_t) i;
    }
    for (size_t i = 0; i < OST_N_STATISTICS && self->columns == NULL; i++) {
        unsigned tables = ost_statistics[i].tables;
        bool is_shown = (tables & OST_SHOWN && (i == OST_STATISTIC_MEDIAN || !is_value(self))) ||
                        (tables & OST_WITH_VERSUS && self->versus != SIZE_MAX);
        if (is_shown && (!(tables & OST_OF_FRACTIONS) || is_fraction(self)))
            self->shown[self->n_shown++] = (ost_statistic_t) i;
    }
    return OST_EXIT_OK;
}

/* Whether rows of the table have observed values, and any of these an interval. */
static bool has_evidence(const show_t *self, bool *has_intervals)
{
    bool is_any = false;
    *has_intervals = false;
    for (size_t a = 0; a < self->results->arms.n; a++)
        for (size_t k = 0; k < 2 * self->n_elements * self->n_spans; k++) {
            const char *element = ost_results_element(self->results, self->variable, k / 2 % self->n_elements);
            const char *arm = self->results->arms.items[a];
            span_t span = self->spans[k / 2 / self->n_elements];
            if (!is_shown(self, k / 2 % self->n_elements)) continue;
            for (size_t i = 0;
                 (i = find_observation(self, i, k % 2, arm, element, span)) < self->matched.n_observations; i++) {
                is_any = true;
                *has_intervals |= !isnan(self->matched.observations[i].row->upper);
            }
        }
    return is_any;
}

static void add_columns(show_t *self)
{
    ost_table_columns(&self->table, self->n_elements > 1 ? "<arm\t<site" : "<arm");
    ost_show_add_time_column(self, &self->table);
    if (self->results->models.n > 0) ost_table_column(&self->table, ost_show_part_word(self), true);
    for (size_t i = 0; i < self->n_shown; i++)
        ost_table_columns(&self->table, i == 0 && is_value(self) ? "value" : ost_statistics[self->shown[i]].heading);
    self->first_evidence = self->table.n_columns;
    if (self->has_values || !has_evidence(self, &self->has_intervals)) return;
    ost_table_columns(&self->table, self->has_intervals ? "observed\tinterval" : "observed");
    for (size_t i = 0; i < OST_N_STATISTICS; i++)
        if (ost_statistics[i].tables & OST_WITH_EVIDENCE) ost_table_columns(&self->table, ost_statistics[i].heading);
}

static int print_table(show_t *self, const char *path, ost_error_t *err)
{
    long n_rows = 0;
    add_columns(self);
    for (size_t a = 0; a < self->results->arms.n; a++)
        for (size_t e = 0; e < self->n_elements; e++)
            for (size_t i = 0; i < self->n_spans; i++) {
                if (!is_shown(self, e)) continue;
                if (self->spans[i].from > 0 && self->results->keep == OST_KEEP_QUANTILES) continue; /* not kept */
                if (self->spans[i].from > 0 && !has_observation(self, a, e, self->spans[i])) continue;
                long n = add_rows(self, a, e, self->spans[i], err);
                if (n < 0) return (int) n;
                n_rows += n;
            }
    const char *eligible = ost_results_attribute(self->results, "n_eligible");
    ost_show_print_head(self, path);
    for (size_t i = 0; i < self->n_shown && n_rows > 0; i++)
        if (self->shown[i] == OST_STATISTIC_Q05)
            ost_show_print_few(eligible != NULL ? strtoull(eligible, NULL, 10) : self->n_subjects, "subject", 0.9);
    int ret = ost_table_print(&self->table, stdout, err);
    if (ret < 0) return ret;
    const char *why = eligible != NULL && strcmp(eligible, "0") == 0
                          ? "; none of the subjects is eligible: widen 'population.eligible', or simulate more subjects"
                      : ost_results_failures(self->results) > 0
                          ? "; 'failure_message' in the file says why subjects failed"
                          : "";
    if (n_rows == 0)
        ost_print_wrapped(
            stdout, "nothing to show: no subject has a value of '%s' at these times%s", self->variable, why);
    const char *left_out = ost_results_attribute(self->results, "arms_left_out");
    if (left_out != NULL) printf("\nleft out\n%s\n", left_out);
    return 0;
}

/* "bmd[hip]": the variable is there, its element is not. @return whether that was said */
static bool fail_element(const show_t *self)
{
    char name[160], element[160];
    if (sscanf(self->variable, "%159[^[][%159[^]]", name, element) != 2) return false;
    const ost_results_variable_t *variable = ost_results_variable(self->results, name);
    if (variable == NULL || variable->elements.n == 0) return false;
    const ost_text_list_t *all = &variable->elements;
    ost_cli_message("--variable: the file has no '%s'%s%s%s; of '%s' it has:", self->variable,
        OST_HINT(ost_nearest(element, (const char *const *) all->items, all->n)), name);
    for (size_t e = 0; e < all->n; e++) fprintf(stderr, "  %s[%s]\n", name, all->items[e]);
    return true;
}

static int find_variable(show_t *self)
{
    const char *const *names = (const char *const *) self->results->names.items;
    size_t n = self->results->names.n;
    if (self->variable == NULL) self->variable = ost_results_default_variable(self->results);
    self->element = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        for (size_t e = 0; e < ost_results_n_elements(self->results, names[i]); e++)
            if (ost_results_is_output(self->variable, names[i], ost_results_element(self->results, names[i], e)) &&
                strcmp(self->variable, names[i]) != 0) {
                self->element = e;
                self->variable = names[i];
            }
    self->n_elements = ost_results_n_elements(self->results, self->variable);
    if (self->n_elements > 0) return OST_EXIT_OK;
    if (fail_element(self) || ost_show_fail_covariate(self)) return OST_EXIT_USAGE;
    return ost_cli_unknown("variable", "", self->variable, &self->results->names);
}

static int find_versus(show_t *self)
{
    self->versus = ost_results_find_arm(self->results, self->versus_name);
    if (self->versus_name == NULL || self->versus != SIZE_MAX) return OST_EXIT_OK;
    return ost_cli_unknown("versus", "arm ", self->versus_name, &self->results->arms);
}

/* The tables of `osteon sensitivity`, as it printed them. */
static int show_analysis(const show_t *self, const char *path)
{
    ost_error_t err = { 0 };
    char *text;
    if (self->csv != NULL || self->variable != NULL || self->months != NULL || self->columns != NULL ||
        self->versus_name != NULL || self->with_sources)
        return OST_CLI_USAGE(
            "show: %s is of 'osteon sensitivity', whose tables are shown as they are, without options", path);
    if (ost_results_report(self->results, &text, &err) < 0) return ost_cli_fail(&err);
    ost_text_disarm(text);
    puts(text);
    free(text);
    return OST_EXIT_OK;
}

/* @return an exit code */
static int show_draws(show_t *self, const char *path)
{
    ost_error_t err = { 0 };
    if (self->versus_name == NULL && self->columns == NULL)
        return ost_show_print_draws(self, path, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    return OST_CLI_USAGE(
        "--%s: not for draws of parameters, whose columns are the median and two intervals; an endpoint of "
        "the experiment with 'versus' compares arms",
        self->versus_name != NULL ? "versus" : "columns");
}

static int show_file(show_t *self, const char *path)
{
    ost_error_t err = { 0 };
    int code = ost_cli_open(&self->results, path), evidence;
    if (self->results == NULL) return code;
    self->is_journal = ost_journal_is(path);
    if (self->results->is_analysis) return show_analysis(self, path);
    if (ost_show_is_of_points(self)) return ost_show_points(self, path);
    evidence = ost_show_read_evidence(self);
    if ((code = find_variable(self)) != OST_EXIT_OK || (code = find_versus(self)) != OST_EXIT_OK) return code;
    self->n_subjects = self->results->n_subjects;
    const size_t n_read = self->results->keep == OST_KEEP_SUBJECTS ? self->n_subjects : 1;
    self->base = ost_memory_list(&self->memory, n_read, sizeof(double));
    self->value = ost_memory_list(&self->memory, n_read, sizeof(double));
    self->other = ost_memory_list(&self->memory, n_read, sizeof(double));
    self->work = ost_memory_list(&self->memory, n_read + self->results->models.n, sizeof(double));
    self->medians = ost_memory_list(&self->memory, self->results->models.n, sizeof(double));
    if (self->memory.failed) return ost_cli_no_memory();
    if (!ost_show_is_of_draws(self) && (code = ost_show_place_evidence(self)) != OST_EXIT_OK) evidence = code;
    if (evidence == OST_EXIT_MEMORY) return evidence;
    ost_show_find_time_unit(self);
    if (self->months != NULL && (code = parse_months(self, self->months)) != OST_EXIT_OK) return code;
    if (self->months == NULL && !default_spans(self)) return ost_cli_no_memory();
    if (ost_show_find_baseline(self, &err) < 0) return ost_cli_fail(&err);
    if (ost_show_is_of_draws(self)) return show_draws(self, path);
    if ((code = choose_columns(self)) != OST_EXIT_OK) return code;
    if (ost_show_csv_begin(self, &err) < 0 || print_table(self, path, &err) < 0 ||
        ost_show_print_measures(self, &err) < 0 ||
        ost_cli_print_endpoints(self->results, &self->experiment, &err) < 0 ||
        ost_show_print_schedules(self, &err) < 0 || ost_show_print_uncertainty(self, &err) < 0 ||
        ost_show_csv_end(self, &err) < 0)
        return ost_cli_fail(&err);
    return evidence;
}

static int run_show(char **words, void *arguments)
{
    show_t *show = arguments;
    const int code = show_file(show, words[0]);
    ost_results_close(show->results);
    ost_experiment_free(&show->experiment);
    ost_matched_free(&show->matched);
    ost_evidence_free(&show->evidence);
    ost_table_free(&show->table);
    if (show->csv_out != NULL) fclose(show->csv_out);
    free(show->csv_text);
    ost_memory_free(&show->memory);
    return code;
}

#define NAMED(NAME, name, ...) " " name
static const ost_option_t options[] = {
    { "at", "M,M,...", "months to show, or times as in \"6 h,7 day\" (default: 12, 24, 60 and those of the evidence)",
        .target = OST_WORD(show_t, months) },
    { "variable", "NAME", "variable to show, or an element as in bmd[total_hip] (default: scanned_bmd, bmd, the first)",
        .target = OST_WORD(show_t, variable) },
    { "versus", "ARM", "also each arm's mean minus that of this arm, and for probabilities the number needed to treat",
        .target = OST_WORD(show_t, versus_name) },
    { "columns", "NAME,...", "statistics to show, separated by commas:" OST_STATISTICS(NAMED),
        .target = OST_WORD(show_t, columns) },
    { "csv", "OUT.csv", "write all statistics and the evidence beside them, with units",
        .target = OST_WORD(show_t, csv), .output = &ost_outputs[OST_OUTPUT_STATISTICS] },
    { "evidence", NULL, "the source of every observed value: line of the table, citation, address, subjects, regimen",
        .target = OST_FLAG(show_t, with_sources) },
};

const ost_command_t ost_command_show = {
    .name = "show",
    .argument = "RESULT.h5|OUT.h5.part",
    .summary = "print a result file beside the evidence its experiment names",
    .about = "Print median, 5th and 95th percentile, mean and SD of the change from baseline, by arm and site, beside "
             "the evidence.",
    .notes = "Below a row with an observed value stand its trial and arm, whether it is a mean or a median (which the "
             "simulated\none is compared with), and its role: kept for fitting the model (calibrate) or for testing "
             "it (validate).\n'interval' is that of the observed value. 'difference of means' is from that of the arm "
             "--versus names; 'NNT' is\nthe number needed to treat, or to harm: 100 divided by a difference in "
             "percent,\nor 'none' where the 95 % interval of the paired difference includes 0. '(models)' is the "
             "median of the\nmedians of three or more models, with their range below. One "
             "subject has a value instead of statistics.\nQuantities that may be zero or less, such as T-scores, are "
             "shown as values, not as changes. Of OUT.h5.part, which\na run writes its blocks to, and of a shard, the "
             "finished blocks are shown, and how far the run is; it is not\ndisturbed.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(show_t, .csv = NULL),
    .run = run_show,
};
