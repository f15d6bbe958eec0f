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
    if (results->names.n == 0) return OST_CLI_INPUT("--data: the file has no output");
    if (word == NULL) word = ost_results_default_variable(results);
    self->variable = ost_results_find_output(results, word, &self->element);
    const size_t n = self->variable == NULL ? ost_results_n_elements(results, word) : 1;
    if (n > 1)
        return OST_CLI_USAGE(
            "--data: which output does DV observe? expected --of '%s[%s]', or another of its %zu elements", word,
            ost_results_element(results, word, 0), n);
    if (self->variable == NULL)
        return OST_CLI_USAGE("--of: the file has no output '%s'%s%s%s", word,
            OST_HINT(ost_results_nearest_output(results, word, hint, sizeof(hint))));
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

/* ---- IDs of a table of doses ------------------------------------------------------------------------------------- */

/* The row of the table of an ID, SIZE_MAX: none. */
static size_t row_of_id(const ost_people_t *people, const char *id)
{
    char *end;
    const double number = strtod(id, &end);
    for (size_t row = 0; row < people->n_rows && end != id && *end == '\0'; row++)
        if (people->values[row * people->n_columns] == number) return row;
    return SIZE_MAX;
}

/* Whether a row of the table is that of a simulated subject. */
static bool is_simulated(const ost_predictive_check_t *self, size_t row)
{
    for (size_t i = 0; i < self->results->n_subjects; i++)
        if (self->row_of_subject[i] == row) return true;
    return false;
}

/* Each person is compared with the subject of that ID, who has the same doses. */
static int match_ids(ost_predictive_check_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    const size_t n_subjects = self->results->n_subjects, n = self->observed.n;
    if (!e->events.is_given || e->enrolls) return 0;
    self->row_of_subject = ost_memory_list(&self->memory, n_subjects, sizeof(*self->row_of_subject));
    self->row_of_person = ost_memory_list(&self->memory, n, sizeof(*self->row_of_person));
    if (self->memory.failed) return ost_no_memory(err);
    for (size_t i = 0; i < n_subjects; i++)
        self->row_of_subject[i] = ost_people_row(&e->people, e->first_subject + i, 0.5);
    for (size_t i = 0, first = 0; i < n; i++) {
        const ost_observed_row_t *row = &self->observed.rows[i];
        if (i > 0 && row->arm != row[-1].arm) first = i;
        if (i > first && row->person == row[-1].person) continue;
        const size_t found = row_of_id(&e->people, row->id);
        if (found == SIZE_MAX || !is_simulated(self, found))
            return ost_fail_at(err, OST_ERR_NAME, self->vpc.path, row->at.line, row->at.column,
                "ID '%s' is not simulated: the run has the IDs of %s, from which each has its doses", row->id,
                e->people.path);
        self->row_of_person[first + row->person] = found;
    }
    return 0;
}

/* ---- observations between output times --------------------------------------------------------------------------- */

/* Whether a dose is given from `from` on, before `to`; not of those that are given more often than there are outputs.
 */
static bool has_dose(const ost_predictive_check_t *self, const ost_observed_row_t *row, double from, double to)
{
    const ost_experiment_t *e = self->experiment;
    const ost_arm_t *arm = NULL;
    for (size_t a = 0; a < e->n_arms; a++)
        if (strcmp(e->arms[a].name, self->results->arms.items[row->arm]) == 0) arm = &e->arms[a];
    for (size_t i = 0; arm != NULL && i < arm->n_regimens; i++) {
        const ost_regimen_t *r = &arm->regimens[i];
        if (r->start_formula != NULL || r->interval_formula != NULL || r->begin_if != NULL) return true;
        if (r->interval > 0 && r->interval < to - from) continue;
        const double n = r->interval > 0 ? fmax(0, ceil((from - r->start) / r->interval - 1e-9)) : 0;
        const double t = r->start + n * r->interval;
        if (t >= from - 1e-9 && t < to && t < r->stop) return true;
    }
    for (size_t i = 0; i < e->events.n_rows; i++) {
        const ost_event_row_t *event = &e->events.rows[i];
        if (event->kind != OST_ROW_DOSE && event->kind != OST_ROW_RESET_DOSE) continue;
        const double last = event->t + event->n_more * event->interval;
        if (event->t < to && last >= from) return true;
    }
    return false;
}

/* Say of which observations there is no simulated value at their times, and what can be done. */
static int note_times(ost_predictive_check_t *self)
{
    const ost_results_t *results = self->results;
    const double *times = results->times;
    size_t n_between = 0, n_with_dose = 0, n_named = 0;
    char named[200] = "", rows[64];
    double last = NAN;
    for (size_t i = 0; i < self->observed.n; i++) {
        const ost_observed_row_t *row = &self->observed.rows[i];
        size_t t = 0;
        while (t + 2 < results->n_times && times[t + 1] <= row->time) t++;
        const double near = t + 1 < results->n_times ? fmin(fabs(row->time - times[t]), fabs(row->time - times[t + 1]))
                                                     : fabs(row->time - times[t]);
        if (near < 1e-6) continue;
        n_between++;
        if (!has_dose(self, row, times[t], times[t + 1])) continue;
        n_with_dose++;
        if (row->time == last || n_named == 5) continue;
        last = row->time;
        n_named++;
        snprintf(
            named + strlen(named), sizeof(named) - strlen(named), "%s%.6g day", n_named > 1 ? ", " : "", row->time);
    }
    if (n_between == 0) return 0;
    ost_cli_plural(n_between, "observation", rows);
    if (n_with_dose == 0)
        return ost_text_list_add(
            &self->notes, "%s between output times: simulated values there are interpolated linearly.", rows);
    return ost_text_list_add(&self->notes,
        "Warning: %s between output times, where simulated values are interpolated linearly; there is a dose in "
        "between "
        "for %zu of them, across which that is wrong. Simulate with outputs at these times ('times: [%s%s]').",
        rows, n_with_dose, named, n_named == 5 ? ", ..." : "");
}

static int compare_arm(ost_predictive_check_t *self, size_t first, size_t n, uint64_t seed, ost_error_t *err)
{
    const ost_results_t *results = self->results;
    const ost_observed_row_t *rows = self->observed.rows;
    const ost_vpc_data_t data = { self->time + first, self->value + first, self->person + first, n,
        rows[first + n - 1].person + 1 };
    const bool has_parts = results->design.n_axes > 0;
    const ost_vpc_source_t source = { .read = read_at,
        .user = self,
        .n_subjects = results->n_subjects,
        .n_parts = has_parts ? results->design.n_points : 1,
        .seed = seed,
        .group_of_subject = self->row_of_subject,
        .group_of_person = self->row_of_person != NULL ? self->row_of_person + first : NULL };
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
    self->time = ost_memory_list(&self->memory, n, sizeof(*self->time));
    self->value = ost_memory_list(&self->memory, n, sizeof(*self->value));
    self->person = ost_memory_list(&self->memory, n, sizeof(*self->person));
    self->base = ost_memory_list(&self->memory, self->results->n_subjects, sizeof(*self->base));
    self->other = ost_memory_list(&self->memory, self->results->n_subjects, sizeof(*self->other));
    self->vpc.arms = calloc(self->results->arms.n, sizeof(*self->vpc.arms));
    if (self->memory.failed || self->vpc.arms == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        self->time[i] = observed->rows[i].time;
        self->value[i] = observed->rows[i].value / unit.factor;
        self->person[i] = observed->rows[i].person;
    }
    ret = ret == 0 ? match_ids(self, err) : ret;
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
    if (ret == 0) ret = note_times(self);
    for (size_t i = 0; i < OST_N_LEFT_OUT && ret == 0; i++) {
        char rows[64];
        if (self->observed.n_left_out[i] > 0)
            ret = ost_text_list_add(&self->notes, "%s left out: %s.",
                ost_cli_plural(self->observed.n_left_out[i], "row", rows), reasons[i]);
    }
    return ret < 0 ? ost_no_memory(err) : 0;
}

int ost_cli_predictive_check(
    ost_predictive_check_t *self, const ost_experiment_t *experiment, const char *path, uint64_t seed)
{
    const ost_results_t *results = self->results;
    ost_error_t err = { 0 };
    const bool is_of_draws = results->design.n_axes > 0 && results->design.kind == OST_DESIGN_DRAWS;
    self->experiment = experiment;
    self->vpc.path = path;
    if (results->is_analysis || results->keep != OST_KEEP_SUBJECTS || (results->models.n > 0 && !is_of_draws))
        return OST_CLI_USAGE("--data: data are compared with a run or with draws of parameters, not with %s",
            results->is_analysis                  ? "a sensitivity analysis"
            : results->keep == OST_KEEP_QUANTILES ? "quantiles, which have no subjects"
            : results->design.n_axes > 0          ? "a sweep"
                                                  : "several models");
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
    ost_memory_free(&self->memory);
}
