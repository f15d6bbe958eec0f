/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the observations of the variable shown that its table of changes has no place for: changes per year, levels and
 * fractions of baseline. Prints each beside what the simulation gives for it. */
#include "show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *measure_of(const ost_endpoint_t *endpoint)
{
    if (endpoint->measure == OST_MEASURE_LEVEL) return endpoint->is_ratio ? "ratio" : "level";
    if (endpoint->measure == OST_MEASURE_FRACTION) return "fraction";
    return endpoint->per_year ? "rate" : "change";
}

/* Whether the table of changes has no place for it, and it is asked for. */
static bool is_other(const show_t *self, const ost_observation_t *observation, size_t *element)
{
    const ost_endpoint_t *endpoint = &observation->endpoint;
    bool is_change = endpoint->measure == OST_MEASURE_PERCENT && !endpoint->per_year && !self->has_values;
    bool is_asked = self->months == NULL;
    ost_results_find_output(self->results, endpoint->output, element);
    for (size_t i = 0; i < self->n_spans && !is_asked; i++)
        is_asked = fabs(self->spans[i].to * OST_DAYS_PER_MONTH - endpoint->to) <= 0.5;
    return !is_change && is_asked && (self->element == SIZE_MAX || self->element == *element);
}

/* Its estimate by the model in use. @return 0 or an error */
static int estimate(
    show_t *self, const ost_observation_t *observation, size_t element, ost_estimate_t *out, ost_error_t *err)
{
    const ost_endpoint_t *endpoint = &observation->endpoint;
    const ost_arm_t *arms = self->experiment.arms;
    const size_t n = self->n_subjects, arm = ost_results_find_arm(self->results, arms[endpoint->arm].name);
    double *versus = NULL;
    int ret = 0;
    if (endpoint->versus != SIZE_MAX) {
        const size_t other = ost_results_find_arm(self->results, arms[endpoint->versus].name);
        if ((versus = malloc((n + 1) * sizeof(*versus))) == NULL) return ost_no_memory(err);
        ret =
            ost_results_read_measure(self->results, endpoint, self->variable, element, other, self->base, versus, err);
    }
    if (ret == 0)
        ret = ost_results_read_measure(
            self->results, endpoint, self->variable, element, arm, self->base, self->value, err);
    if (ret == 0) *out = ost_estimate(endpoint->statistic, self->value, versus, endpoint->is_ratio, n, self->work);
    free(versus);
    return ret;
}

static void add_interval(ost_table_t *table, const ost_evidence_row_t *row)
{
    char text[64] = "";
    if (!isnan(row->lower) && !isnan(row->upper))
        snprintf(text, sizeof(text), "%.4g..%.4g", row->lower, row->upper);
    else if (!isnan(row->upper))
        snprintf(text, sizeof(text), "%s %.4g", ost_interval_words[row->interval], row->upper);
    ost_table_cell(table, "%s", text);
}

/* @param estimate  of the model in use */
static void add_row(show_t *self, ost_table_t *table, const ost_observation_t *observation, size_t element,
    const char *model, const ost_estimate_t *estimate)
{
    const ost_endpoint_t *endpoint = &observation->endpoint;
    const ost_arm_t *arms = self->experiment.arms;
    const char *site = ost_results_element(self->results, self->variable, element);
    const double from = ost_show_month(self, endpoint->from / OST_DAYS_PER_MONTH);
    const double to = ost_show_month(self, endpoint->to / OST_DAYS_PER_MONTH);
    const bool is_difference = endpoint->versus != SIZE_MAX, is_level = endpoint->measure == OST_MEASURE_LEVEL;
    char unit[96], arm[256], number[32] = "";
    snprintf(arm, sizeof(arm), "%s%s%s", arms[endpoint->arm].name, is_difference ? " - " : "",
        is_difference ? arms[endpoint->versus].name : "");
    ost_table_cell(table, "%s", arm);
    if (self->n_elements > 1) ost_table_cell(table, "%s", site);
    ost_table_cell(table, "%s", measure_of(endpoint));
    ost_table_cell(table, "%s", ost_show_unit_of(observation, unit, sizeof(unit)));
    ost_show_add_times(self, table, (span_t){ is_level ? 0 : from, to });
    if (self->results->models.n > 0) ost_table_cell(table, "%s", model);
    if (!isnan(estimate->value)) snprintf(number, sizeof(number), "%.4g", estimate->value);
    ost_table_cell(table, "%s", number);
    ost_table_cell(table, "%.4g", observation->row->value);
    add_interval(table, observation->row);
    if (!isnan(estimate->value)) snprintf(number, sizeof(number), "%+.3g", estimate->value - observation->row->value);
    ost_table_cell(table, "%s", number);
    ost_show_add_source(self, table, observation->row);
    const ost_sample_t none = { .versus = NAN, .versus_error = NAN, .whole = NAN, .observed = NAN };
    ost_show_csv_row(self, arm, element, (span_t){ is_level ? NAN : from, to }, model, measure_of(endpoint), &none,
        observation, estimate->value);
}

static void add_columns(const show_t *self, ost_table_t *table)
{
    ost_table_columns(table, self->n_elements > 1 ? "<arm\t<site" : "<arm");
    ost_table_columns(table, "<measure\t<unit");
    ost_show_add_time_column(self, table);
    if (self->results->models.n > 0) ost_table_column(table, ost_show_part_word(self), true);
    ost_table_columns(table, "simulated\tobserved\tinterval");
    ost_table_column(table, ost_statistics[OST_STATISTIC_RESIDUAL].heading, false);
}

int ost_show_print_measures(show_t *self, ost_error_t *err)
{
    ost_table_t table = { 0 };
    const size_t n_models = self->results->models.n;
    size_t n_rows = 0, element;
    int ret = 0;
    const bool has_subjects = self->results->keep == OST_KEEP_SUBJECTS;
    for (size_t i = 0; i < self->matched.n_observations && has_subjects; i++) {
        const ost_observation_t *observation = &self->matched.observations[i];
        if (!is_other(self, observation, &element)) continue;
        for (size_t m = 0; (m == 0 || m < n_models) && ret == 0; m++) {
            ost_estimate_t of = { .value = NAN };
            self->results->i_model = m;
            ret = estimate(self, observation, element, &of, err);
            if (ret < 0 || (n_models > 0 && isnan(of.value))) continue;
            if (n_rows++ == 0) add_columns(self, &table);
            add_row(self, &table, observation, element, n_models > 0 ? self->results->models.items[m] : "", &of);
        }
    }
    if (ret == 0 && n_rows > 0) {
        ost_print_wrapped(stdout,
            "\n%s: observed levels, rates and fractions of baseline, beside the simulated mean or median",
            self->variable);
        putchar('\n');
        ret = ost_table_print(&table, stdout, err);
    }
    ost_table_free(&table);
    return ret;
}

/* Whether a file that keeps quantiles has no percent changes of subjects that have values at time 0. */
static int find_kept_changes(show_t *self, size_t zero, ost_error_t *err)
{
    ost_results_t *results = self->results;
    double *n = malloc(2 * results->n_times * sizeof(*n));
    const size_t n_rows = results->arms.n * self->n_elements, n_parts = results->models.n > 0 ? results->models.n : 1;
    int ret = n == NULL ? ost_no_memory(err) : 0;
    for (size_t k = 0; k < n_parts * n_rows && ret == 0 && !self->has_values; k++) {
        const size_t arm = k % n_rows / self->n_elements, element = k % self->n_elements;
        results->i_model = k / n_rows;
        ret = ost_results_read_summary(results, self->variable, OST_SUMMARY_N, arm, element, n, err);
        if (ret == 0)
            ret = ost_results_read_summary(
                results, self->variable, OST_SUMMARY_CHANGE_N, arm, element, n + results->n_times, err);
        if (ret == 0) self->has_values = n[zero] > n[results->n_times + zero];
        if (self->has_values) self->why = "a baseline is zero or less";
    }
    free(n);
    return ret;
}

int ost_show_find_baseline(show_t *self, ost_error_t *err)
{
    const long zero = ost_results_time_index(self->results, 0);
    size_t n_arms = self->results->arms.n, n_models = self->results->models.n > 0 ? self->results->models.n : 1;
    self->has_values = zero < 0;
    self->why = "the file has no values at month 0";
    if (self->results->keep == OST_KEEP_QUANTILES)
        return self->has_values ? 0 : find_kept_changes(self, (size_t) zero, err);
    for (size_t k = 0; k < n_models * n_arms * self->n_elements && !self->has_values; k++) {
        self->results->i_model = k / self->n_elements / n_arms;
        int ret = ost_results_read(self->results, self->variable, k / self->n_elements % n_arms, k % self->n_elements,
            (size_t) zero, self->base, err);
        if (ret < 0) return ret;
        for (size_t i = 0; i < self->n_subjects; i++) self->has_values |= self->base[i] < 1e-12;
        if (self->has_values) self->why = "a baseline is zero or less";
    }
    return 0;
}

/* What a file that keeps quantiles has of a measure: of a change, from time 0 alone. */
static int find_known(show_t *self, size_t arm, size_t element, span_t span, ost_sample_t *out, ost_error_t *err)
{
    static const struct {
        ost_statistic_t statistic;
        ost_summary_kind_t kind, of_change;
        size_t level;
    } known[] = {
        { OST_STATISTIC_MEDIAN, OST_SUMMARY_QUANTILES, OST_SUMMARY_CHANGES, OST_LEVEL_MEDIAN },
        { OST_STATISTIC_Q05, OST_SUMMARY_QUANTILES, OST_SUMMARY_CHANGES, OST_LEVEL_Q05 },
        { OST_STATISTIC_Q95, OST_SUMMARY_QUANTILES, OST_SUMMARY_CHANGES, OST_LEVEL_Q95 },
        { OST_STATISTIC_MEAN, OST_SUMMARY_MEAN, OST_SUMMARY_CHANGE_MEAN, 0 },
        { OST_STATISTIC_SD, OST_SUMMARY_SD, OST_SUMMARY_CHANGE_SD, 0 },
        { OST_STATISTIC_N, OST_SUMMARY_N, OST_SUMMARY_CHANGE_N, 0 },
    };
    ost_results_t *results = self->results;
    const long to = ost_results_time_index(results, span.to * OST_DAYS_PER_MONTH);
    double *values = malloc(OST_N_LEVELS * results->n_times * sizeof(*values));
    int ret = values == NULL ? ost_no_memory(err) : 0;
    *out = (ost_sample_t){ .versus = NAN, .versus_error = NAN, .whole = NAN, .observed = NAN, .is_summary = true };
    for (size_t i = 0; i < OST_N_STATISTICS; i++) out->known[i] = NAN;
    const bool is_kept = to >= 0 && (self->has_values || span.from == 0);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && ret == 0 && is_kept; i++) {
        const ost_summary_kind_t kind = self->has_values ? known[i].kind : known[i].of_change;
        ret = ost_results_read_summary(results, self->variable, kind, arm, element, values, err);
        if (ret == 0) out->known[known[i].statistic] = values[known[i].level * results->n_times + (size_t) to];
    }
    out->n = isfinite(out->known[OST_STATISTIC_N]) ? (size_t) out->known[OST_STATISTIC_N] : 0;
    free(values);
    return ret;
}

int ost_show_sample(show_t *self, size_t arm, size_t element, span_t span, ost_sample_t *out, ost_error_t *err)
{
    if (self->results->keep == OST_KEEP_QUANTILES) return find_known(self, arm, element, span, out, err);
    const ost_endpoint_t endpoint = { .measure = self->has_values ? OST_MEASURE_LEVEL : OST_MEASURE_PERCENT,
        .from = span.from * OST_DAYS_PER_MONTH,
        .to = span.to * OST_DAYS_PER_MONTH,
        .factor = 1 };
    int ret =
        ost_results_read_measure(self->results, &endpoint, self->variable, element, arm, self->base, self->value, err);
    *out = ost_sample_of(self->value, ret == 0 ? self->n_subjects : 0, self->work);
    return ret;
}
