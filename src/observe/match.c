/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes comparisons, rows of the evidence and the dictionary of endpoints; gives endpoints. No trial is named here:
 * words of endpoints and units are those of configs/evidence/README.md, the rest is in the comparison. */
#include "observe/match.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* The year that an endpoint counts from: 5 in "BMD_change_from_year5", 2 in "_year2_to_5", 1 in "_in_year2". */
static double base_year(const char *endpoint)
{
    const char *at = strstr(endpoint, "_year");
    int year;
    if (at == NULL || sscanf(at, "_year%d", &year) != 1) return 0;
    return at >= endpoint + 3 && strncmp(at - 3, "_in", 3) == 0 ? year - 1 : year;
}

/* Endpoints that count from a moment that only the experiment gives. */
static bool has_own_base(const char *endpoint)
{
    static const char *const words[] = { "_after_stop", "_from_extension_baseline", "_transmenopause" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(endpoint, words[i]) != NULL) return true;
    return false;
}

bool ost_comparison_takes(const ost_comparison_t *c, const ost_evidence_row_t *row)
{
    return strcmp(c->trial, row->trial) == 0 && (c->trial_arm == NULL || strcmp(c->trial_arm, row->arm) == 0) &&
           (c->endpoint == NULL || strcmp(c->endpoint, row->endpoint) == 0) &&
           (c->site == NULL || strcmp(c->site, row->site) == 0) && (isnan(c->month) || c->month == row->time_months);
}

/* "g_per_cm2_per_year" is a change of g/cm2 divided by years. @return false if it is not a unit */
static bool read_unit(ost_endpoint_t *self, const ost_evidence_row_t *row)
{
    static const struct {
        const char *unit;
        ost_measure_t measure;
        bool per_year;
    } percents[] = { { "percent", OST_MEASURE_PERCENT, false },
        { "percentage_points_between_arms", OST_MEASURE_PERCENT, false },
        { "percent_per_year", OST_MEASURE_PERCENT, true }, { "percent_of_baseline", OST_MEASURE_FRACTION, false } };
    const char *unit = row->unit;
    for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        if (strcmp(unit, percents[i].unit) != 0) continue;
        self->measure = percents[i].measure;
        self->per_year = percents[i].per_year;
        return true;
    }
    char text[64];
    size_t n = 0;
    self->per_year = ends_with(unit, "_per_year");
    size_t length = strlen(unit) - (self->per_year ? strlen("_per_year") : 0);
    for (size_t i = 0; i < length && n + 1 < sizeof(text); n++) {
        bool per = strncmp(unit + i, "_per_", 5) == 0;
        text[n] = unit[i];
        if (per) text[n] = '/';
        i += per ? 5 : 1;
    }
    text[n] = '\0';
    bool is_change = self->per_year || strstr(row->endpoint, "_change") != NULL;
    self->measure = is_change ? OST_MEASURE_CHANGE : OST_MEASURE_LEVEL;
    ost_unit_t parsed;
    if (ost_unit_parse(&parsed, text, NULL) < 0) return false;
    self->unit = parsed.factor;
    self->unit_dim = parsed.dim;
    return true;
}

static size_t arm_index(const ost_experiment_t *e, const char *name)
{
    for (size_t i = 0; name != NULL && i < e->n_arms; i++)
        if (strcmp(e->arms[i].name, name) == 0) return i;
    return SIZE_MAX;
}

/* @return false, and why, if the row cannot be compared with a simulation */
static bool make_observation(ost_observation_t *self, const ost_experiment_t *e, const ost_comparison_t *c,
    const ost_evidence_row_t *row, const ost_endpoint_dictionary_t *dictionary, char *why, size_t size)
{
    static const ost_statistic_t statistics[OST_N_REPORTED] = {
        [OST_REPORTED_MEAN] = OST_STATISTIC_MEAN, [OST_REPORTED_MEDIAN] = OST_STATISTIC_MEDIAN
    };
    ost_endpoint_t endpoint = { .arm = arm_index(e, c->arm),
        .versus = arm_index(e, c->versus),
        .from = !isnan(c->from) ? c->from : base_year(row->endpoint) * OST_DAYS_PER_YEAR,
        .to = !isnan(c->to) ? c->to : row->time_months * OST_DAYS_PER_MONTH,
        .statistic = statistics[row->statistic],
        .unit = NAN };
    const ost_endpoint_entry_t *entry = c->output != NULL ? ost_endpoint_entry_of_output(dictionary, c->output)
                                                          : ost_endpoint_entry(dictionary, row->endpoint, row->site);
    const char *output = c->output != NULL ? c->output : entry != NULL ? entry->output : NULL;
    bool has_unit = read_unit(&endpoint, row);
    if (!isnan(c->unit)) {
        endpoint.unit = c->unit;
        endpoint.unit_dim = c->unit_dim;
        endpoint.unit_is_plain = c->unit_is_plain;
        has_unit = true;
    }
    bool is_level = endpoint.measure == OST_MEASURE_LEVEL || endpoint.measure == OST_MEASURE_CHANGE;
    if (output == NULL)
        snprintf(why, size, "no output is known for site '%s': name it with 'output'", row->site);
    else if (!has_unit)
        snprintf(why, size, "unit '%s' is not known: give 'unit'", row->unit);
    else if (isnan(row->value) || isnan(endpoint.to))
        snprintf(why, size, "the row has no %s", isnan(row->value) ? "value" : "month");
    else if (has_own_base(row->endpoint) && (isnan(c->from) || isnan(c->to)))
        snprintf(why, size, "'%s' counts from a moment of its own: give 'from' and 'to'", row->endpoint);
    else if (begins_with(row->unit, "percentage_points") && endpoint.versus == SIZE_MAX)
        snprintf(why, size, "a difference between arms: name the other one with 'versus'");
    else if (endpoint.measure != OST_MEASURE_LEVEL && !(endpoint.from < endpoint.to))
        snprintf(why, size, "it is measured from day %g to day %g: give 'from'", endpoint.from, endpoint.to);
    else if (!is_level && entry == NULL)
        snprintf(why, size, "endpoints.csv has no class for output '%s': add a row to it", output);
    else {
        snprintf(endpoint.output, sizeof(endpoint.output), "%s", output);
        *self = (ost_observation_t){ .endpoint = endpoint,
            .row = row,
            .endpoint_class = is_level ? OST_CLASS_LEVEL : entry->endpoint_class,
            .error_cv = is_level ? 0 : entry->error_cv };
        return true;
    }
    return false;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static int add_time(ost_experiment_t *e, double t, ost_error_t *err)
{
    if (ost_endpoint_time(e, t) != SIZE_MAX) return 0;
    double *times = realloc(e->times, (e->n_times + 1) * sizeof(*times));
    if (times == NULL) return ost_no_memory(err);
    times[e->n_times++] = t;
    qsort(times, e->n_times, sizeof(*times), compare_doubles);
    e->times = times;
    return 0;
}

/* Note a row that has no observation. */
static int add_unmatched(ost_matched_t *self, const ost_evidence_row_t *row, const char *why, ost_error_t *err)
{
    if (row->role == OST_ROLE_CONTEXT) return 0;
    ost_unmatched_t *more = realloc(self->unmatched, (self->n_unmatched + 1) * sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    self->unmatched = more;
    more[self->n_unmatched].row = row;
    snprintf(more[self->n_unmatched++].why, sizeof(more->why), "%s", why);
    return 0;
}

static int add_row(ost_matched_t *self, ost_experiment_t *e, const ost_comparison_t *c, const ost_evidence_row_t *row,
    const ost_endpoint_dictionary_t *dictionary, ost_error_t *err)
{
    ost_observation_t observation;
    char why[sizeof(self->unmatched->why)];
    if (!make_observation(&observation, e, c, row, dictionary, why, sizeof(why)))
        return add_unmatched(self, row, why, err);
    const ost_endpoint_t *endpoint = &observation.endpoint;
    int ret = add_time(e, endpoint->to, err);
    if (ret == 0 && endpoint->measure != OST_MEASURE_LEVEL) ret = add_time(e, endpoint->from, err);
    ost_observation_t *more = realloc(self->observations, (self->n_observations + 1) * sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    self->observations = more;
    more[self->n_observations++] = observation;
    return ret;
}

/* The nearest arm of the trial, or the nearest trial. */
static int no_row(
    const ost_experiment_t *e, const ost_comparison_t *c, const ost_evidence_t *evidence, ost_error_t *err)
{
    const char *arms[64], *trials[256];
    size_t n_arms = 0, n_trials = 0;
    for (size_t i = 0; i < evidence->n_rows; i++) {
        if (n_trials < 256) trials[n_trials++] = evidence->rows[i].trial;
        if (n_arms < 64 && strcmp(evidence->rows[i].trial, c->trial) == 0) arms[n_arms++] = evidence->rows[i].arm;
    }
    const char *near = n_arms > 0 ? ost_nearest(c->trial_arm, arms, n_arms) : ost_nearest(c->trial, trials, n_trials);
    return ost_fail_at(err, OST_ERR_NAME, e->path, c->location.line, c->location.column,
        "no row of the evidence has trial '%s', arm '%s'%s%s%s%s%s%s", c->trial, c->trial_arm,
        c->endpoint != NULL || c->site != NULL || !isnan(c->month) ? " and this endpoint, site and month" : "",
        near != NULL ? " (did you mean " : "",
        near == NULL ? ""
        : n_arms > 0 ? "arm '"
                     : "trial '",
        near != NULL ? near : "", near != NULL ? "'?" : "", near != NULL ? ")" : "");
}

int ost_matched_find(ost_matched_t *self, ost_experiment_t *e, const ost_evidence_t *evidence,
    const ost_endpoint_dictionary_t *dictionary, ost_error_t *err)
{
    for (size_t i = 0; i < e->n_outputs; i++) free(e->outputs[i]);
    free(e->outputs);
    e->outputs = NULL;
    e->n_outputs = 0;
    for (size_t k = 0; k < e->n_comparisons; k++) {
        const ost_comparison_t *c = &e->comparisons[k];
        size_t n_taken = 0;
        for (size_t i = 0; i < evidence->n_rows; i++) {
            if (!ost_comparison_takes(c, &evidence->rows[i])) continue;
            int ret = add_row(self, e, c, &evidence->rows[i], dictionary, err);
            if (ret < 0) return ret;
            n_taken++;
        }
        if (n_taken == 0) return no_row(e, c, evidence, err);
    }
    return 0;
}

int ost_matched_bind(ost_matched_t *self, const ost_plan_t *plan, ost_error_t *err)
{
    size_t n = 0;
    int ret = 0;
    for (size_t i = 0; i < self->n_observations && ret == 0; i++) {
        ost_observation_t observation = self->observations[i];
        char why[sizeof(self->unmatched->why)];
        if (ost_endpoint_bind(&observation.endpoint, plan, why, sizeof(why)))
            self->observations[n++] = observation;
        else
            ret = add_unmatched(self, observation.row, why, err);
    }
    self->n_observations = n;
    return ret;
}

int ost_matched_drop_arm(ost_matched_t *self, size_t arm, const char *why, ost_error_t *err)
{
    size_t n = 0;
    int ret = 0;
    for (size_t i = 0; i < self->n_observations && ret == 0; i++) {
        ost_observation_t observation = self->observations[i];
        ost_endpoint_t *endpoint = &observation.endpoint;
        if (endpoint->arm == arm || endpoint->versus == arm) {
            ret = add_unmatched(self, observation.row, why, err);
            continue;
        }
        endpoint->arm -= endpoint->arm > arm;
        endpoint->versus -= endpoint->versus != SIZE_MAX && endpoint->versus > arm;
        self->observations[n++] = observation;
    }
    self->n_observations = n;
    return ret;
}

bool ost_matched_group(const ost_matched_t *self, size_t i, size_t *more)
{
    *more = 0;
    for (size_t k = 0; k < self->n_unmatched; k++) {
        if (strcmp(self->unmatched[k].why, self->unmatched[i].why) != 0) continue;
        if (k < i) return false;
        *more += k > i;
    }
    return true;
}

void ost_matched_free(ost_matched_t *self)
{
    if (self == NULL) return;
    free(self->observations);
    free(self->unmatched);
    *self = (ost_matched_t){ 0 };
}
