/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See predictive_check.h. */
#include "predictive_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "bmd[total_hip]" of the word of --of, or of the default variable where it has one element. */
static int find_output(ost_predictive_check_t *self)
{
    ost_results_t *results = self->results;
    const char *word = self->output;
    char hint[300];
    if (results->names.n == 0) {
        ost_cli_message("--data: the file has no output");
        return OST_EXIT_INPUT;
    }
    if (word == NULL) word = ost_results_default_variable(results, self->matched);
    self->variable = ost_results_find_output(results, word, &self->element);
    const size_t n = self->variable == NULL ? ost_results_n_elements(results, word) : 1;
    if (n > 1) {
        ost_cli_message("--data: which output does DV observe? expected --of '%s[%s]', or another of its %zu elements",
            word, ost_results_element(results, word, 0), n);
        return OST_EXIT_USAGE;
    }
    if (self->variable == NULL) {
        ost_cli_message("--of: the file has no output '%s'%s%s%s", word,
            OST_HINT(ost_results_nearest_output(results, word, hint, sizeof(hint))));
        return OST_EXIT_USAGE;
    }
    const char *element = ost_results_element(results, self->variable, self->element);
    snprintf(self->name, sizeof(self->name), element[0] != '\0' ? "%s[%s]" : "%s", self->variable, element);
    return OST_EXIT_OK;
}

/* Values of all subjects at a time between two output times, linearly. */
static int read_at(void *user, size_t part, double time, double *values, ost_error_t *err)
{
    ost_predictive_check_t *self = user;
    ost_results_t *results = self->results;
    const size_t n = results->n_subjects;
    const double *times = results->times;
    size_t t = 0;
    results->i_model = part;
    while (t + 2 < results->n_times && times[t + 1] <= time) t++;
    double part_of = results->n_times > 1 ? fmin(fmax((time - times[t]) / (times[t + 1] - times[t]), 0), 1) : 0;
    int ret = ost_results_read(results, self->variable, self->arm, self->element, t, values, err);
    if (ret == 0 && part_of > 0)
        ret = ost_results_read(results, self->variable, self->arm, self->element, t + 1, self->other, err);
    for (size_t i = 0; i < n && ret == 0 && part_of > 0; i++) values[i] += part_of * (self->other[i] - values[i]);
    if (ret < 0 || !self->observed.is_change) return ret;
    const long zero = ost_results_time_index(results, 0);
    ret = ost_results_read(results, self->variable, self->arm, self->element, (size_t) zero, self->base, err);
    for (size_t i = 0; i < n && ret == 0; i++) values[i] = 100 * (values[i] / self->base[i] - 1);
    return ret;
}

static int compare_arm(ost_predictive_check_t *self, size_t first, size_t n, uint64_t seed, ost_error_t *err)
{
    const ost_results_t *results = self->results;
    const ost_observed_row_t *rows = self->observed.rows;
    const ost_vpc_data_t data = { self->time + first, self->value + first, self->person + first, n,
        rows[first + n - 1].person + 1 };
    const bool is_of_draws = results->design.n_axes > 0;
    const ost_vpc_source_t source = { read_at, self, results->n_subjects, is_of_draws ? results->design.n_points : 1,
        seed };
    self->arm = rows[first].arm;
    ost_vpc_arm_t *arm = &self->vpc.arms[self->vpc.n_arms++];
    int ret = ost_vpc_run(arm, &data, &source, err);
    arm->arm = self->arm;
    return ret;
}

static int compare(ost_predictive_check_t *self, uint64_t seed, ost_error_t *err)
{
    const ost_observed_t *observed = &self->observed;
    const size_t n = observed->n;
    ost_unit_t unit = { .factor = 1 };
    int ret =
        observed->is_change ? 0 : ost_unit_parse(&unit, ost_results_variable(self->results, self->variable)->unit, err);
    self->time = calloc(n, sizeof(*self->time));
    self->value = calloc(n, sizeof(*self->value));
    self->person = calloc(n, sizeof(*self->person));
    self->base = calloc(self->results->n_subjects + 1, sizeof(*self->base));
    self->other = calloc(self->results->n_subjects + 1, sizeof(*self->other));
    self->vpc.arms = calloc(self->results->arms.n, sizeof(*self->vpc.arms));
    if (self->time == NULL || self->value == NULL || self->person == NULL || self->base == NULL ||
        self->other == NULL || self->vpc.arms == NULL)
        return ost_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        self->time[i] = observed->rows[i].time;
        self->value[i] = observed->rows[i].value / unit.factor;
        self->person[i] = observed->rows[i].person;
    }
    for (size_t first = 0, end; first < n && ret == 0; first = end) {
        for (end = first; end < n && observed->rows[end].arm == observed->rows[first].arm;) end++;
        ret = compare_arm(self, first, end - first, seed, err);
    }
    return ret;
}

/* The output with the error of measurement beside one without it: measured_bmd beside scanned_bmd and bmd. */
static int note_measured(ost_predictive_check_t *self)
{
    static const char scanned[] = "scanned_";
    const bool is_scanned = strncmp(self->variable, scanned, sizeof(scanned) - 1) == 0;
    char measured[160];
    snprintf(measured, sizeof(measured), "measured_%s", self->variable + (is_scanned ? sizeof(scanned) - 1 : 0));
    if (ost_results_variable(self->results, measured) == NULL) return 0;
    return ost_text_list_add(&self->notes,
        "DV is compared with %s, which has no error of measurement; what was measured in people is compared with %s.",
        self->variable, measured);
}

/* Rows that are left out, and a measured output that is not used. */
static int note_all(ost_predictive_check_t *self, ost_error_t *err)
{
    static const char *const reasons[OST_N_LEFT_OUT] = { "MDV is 1, or EVID is not 0", "DV is missing",
        "at the baseline a change is 0 by definition" };
    int ret = note_measured(self);
    for (size_t i = 0; i < OST_N_LEFT_OUT && ret == 0; i++) {
        char rows[64];
        if (self->observed.n_left_out[i] > 0)
            ret = ost_text_list_add(&self->notes, "%s left out: %s.",
                ost_cli_plural(self->observed.n_left_out[i], "row", rows), reasons[i]);
    }
    return ret < 0 ? ost_no_memory(err) : 0;
}

int ost_cli_predictive_check(ost_predictive_check_t *self, const char *path, uint64_t seed)
{
    const ost_results_t *results = self->results;
    ost_error_t err = { 0 };
    const bool is_of_draws = results->design.n_axes > 0 && results->design.kind == OST_DESIGN_DRAWS;
    if (results->is_analysis || results->keep != OST_KEEP_SUBJECTS || (results->models.n > 0 && !is_of_draws)) {
        ost_cli_message("--data: data are compared with a run or with draws of parameters, not with %s",
            results->is_analysis                  ? "a sensitivity analysis"
            : results->keep == OST_KEEP_QUANTILES ? "quantiles, which have no subjects"
            : results->design.n_axes > 0          ? "a sweep"
                                                  : "several models");
        return OST_EXIT_USAGE;
    }
    int code = find_output(self);
    if (code != OST_EXIT_OK) return code;
    const ost_observed_fit_t fit = { .arms = &results->arms,
        .ignore = &self->ignore,
        .output = self->name,
        .unit = ost_results_variable(results, self->variable)->unit,
        .first = results->times[0],
        .last = results->times[results->n_times - 1] };
    int ret = ost_observed_read(&self->observed, path, &fit, &err);
    if (ret == 0 && self->observed.is_change && ost_results_time_index(results, 0) < 0)
        ret =
            ost_fail_at(&err, OST_ERR_VALUE, path, 1, 0, "DV is a change from time 0, at which the file has no values");
    if (ret == 0) ret = compare(self, seed, &err);
    if (ret == 0) ret = note_all(self, &err);
    self->vpc.path = path;
    self->vpc.output = self->name;
    self->vpc.notes = &self->notes;
    self->vpc.unit = self->observed.is_change ? "% change from baseline" : fit.unit;
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

void ost_cli_predictive_check_free(ost_predictive_check_t *self)
{
    ost_observed_free(&self->observed);
    ost_vpc_free(&self->vpc);
    ost_text_list_free(&self->ignore);
    ost_text_list_free(&self->notes);
    free(self->time);
    free(self->value);
    free(self->person);
    free(self->base);
    free(self->other);
}
