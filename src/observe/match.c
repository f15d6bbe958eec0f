/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes comparisons, rows of the evidence and the dictionary of endpoints; gives endpoints. No trial is named here:
 * words of endpoints and units are those of configs/evidence/README.md, the rest is in the comparison. */
#include "observe/match.h"

#include "core/text.h"
#include "plan/doses.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int spell(const ost_comparison_t *self, char **text, const ost_endpoint_dictionary_t *dictionary, bool is_site,
    const char *path, ost_memory_t *memory, ost_error_t *err)
{
    char word[OST_EVIDENCE_WORD], what[400];
    if (*text == NULL) return 0;
    const ost_endpoint_entry_t *entry =
        is_site ? ost_endpoint_site(dictionary, *text, word) : ost_endpoint_word(dictionary, *text, NULL, word);
    if (entry == NULL)
        return ost_fail_at(err, OST_ERR_NAME, path, self->location.line, self->location.column, "%s",
            ost_endpoint_unknown(dictionary, is_site, *text, what, sizeof(what)));
    *text = ost_memory_text(memory, word, strlen(word));
    return *text != NULL ? 0 : ost_no_memory(err);
}

int ost_comparison_spell(ost_comparison_t *self, const ost_endpoint_dictionary_t *dictionary, const char *path,
    ost_memory_t *memory, ost_error_t *err)
{
    int ret = spell(self, &self->endpoint, dictionary, false, path, memory, err);
    return ret == 0 ? spell(self, &self->site, dictionary, true, path, memory, err) : ret;
}

bool ost_comparison_takes(const ost_comparison_t *c, const ost_evidence_row_t *row)
{
    return strcmp(c->trial, row->trial) == 0 && (c->trial_arm == NULL || strcmp(c->trial_arm, row->arm) == 0) &&
           (c->endpoint == NULL || strcmp(c->endpoint, row->endpoint) == 0) &&
           (c->site == NULL || strcmp(c->site, row->site) == 0) && (isnan(c->month) || c->month == row->time_months);
}

/* The unit that levels reported as T-scores are compared in. */
#define DENSITY "g/cm2"

static size_t arm_index(const ost_experiment_t *e, const char *name)
{
    for (size_t i = 0; name != NULL && i < e->n_arms; i++)
        if (strcmp(e->arms[i].name, name) == 0) return i;
    return SIZE_MAX;
}

/* Rows of a change, in whichever unit. */
static bool is_change(const ost_evidence_row_t *row)
{
    if (row->kind == OST_ENDPOINT_ANY) return row->in.per_year || strstr(row->endpoint, "_change") != NULL;
    return row->kind == OST_ENDPOINT_CHANGE || row->kind == OST_ENDPOINT_DIFFERENCE || row->kind == OST_ENDPOINT_RATE;
}

/* What a row's number is a number of. @param entry  NULL where no output is known. @param sex  0 female, 1 male
 * @return false if no output can be in its unit */
static bool read_unit(ost_observation_t *self, const ost_comparison_t *c, const ost_evidence_row_t *row,
    const ost_endpoint_entry_t *entry, int sex)
{
    ost_endpoint_t *endpoint = &self->endpoint;
    ost_counted_t form = row->in.form;
    ost_unit_t unit = row->in.unit;
    if (!isnan(c->unit) && (form == OST_COUNTED_PHYSICAL || form == OST_COUNTED_OTHER)) {
        form = OST_COUNTED_PHYSICAL;
        unit = (ost_unit_t){ c->unit_dim, c->unit };
        endpoint->unit_is_plain = c->unit_is_plain;
    }
    endpoint->per_year = row->in.per_year;
    endpoint->is_ratio = row->kind == OST_ENDPOINT_RATIO;
    endpoint->measure = endpoint->is_ratio             ? OST_MEASURE_LEVEL
                        : form == OST_COUNTED_FRACTION ? OST_MEASURE_FRACTION
                                                       : OST_MEASURE_PERCENT;
    if (form == OST_COUNTED_PERCENT || form == OST_COUNTED_POINTS || form == OST_COUNTED_FRACTION) return true;
    if (form == OST_COUNTED_OTHER || (form == OST_COUNTED_T_SCORE && (entry == NULL || isnan(entry->young_sd[sex]))))
        return false;
    if (form == OST_COUNTED_T_SCORE) unit = (ost_unit_t){ entry->young_dim, entry->young_sd[sex] };
    if (is_change(row)) {
        self->baseline = (ost_endpoint_t){ .arm = endpoint->arm,
            .versus = SIZE_MAX,
            .to = endpoint->from,
            .measure = OST_MEASURE_LEVEL,
            .statistic = endpoint->statistic,
            .unit = unit.factor,
            .unit_dim = unit.dim,
            .unit_is_plain = endpoint->unit_is_plain };
        return true;
    }
    endpoint->measure = OST_MEASURE_LEVEL;
    endpoint->per_year = false;
    if (form == OST_COUNTED_T_SCORE && ost_unit_parse(&unit, DENSITY, NULL) < 0) return false;
    endpoint->unit = unit.factor;
    endpoint->unit_dim = unit.dim;
    return true;
}

/* @return false, and why, if the row cannot be compared with a simulation */
static bool check_row(const ost_observation_t *self, const ost_comparison_t *c, const char *output, bool has_unit,
    bool has_class, char *why, size_t size)
{
    const ost_evidence_row_t *row = self->row;
    const ost_endpoint_t *endpoint = &self->endpoint;
    why[0] = '\0';
    if (output == NULL)
        snprintf(why, size, "not simulated: no output of a model is '%s' at '%s'; name one with 'output'",
            row->endpoint, row->site);
    else if (!has_unit)
        snprintf(why, size, "not simulated: output '%s' has no values in '%s'; give 'unit'", output, row->unit);
    else if (isnan(endpoint->to))
        snprintf(why, size, "the row has no month");
    else if (isnan(row->base.months) && (isnan(c->from) || isnan(c->to)))
        snprintf(why, size,
            "'%s' counts from a moment of its own; where that is month 24, '- {arm: %s, trial: \"%s\", trial_arm: "
            "\"%s\", "
            "endpoint: %s, from: 24 month, to: %g month}' below the other comparisons names it",
            row->endpoint, c->arm, row->trial, row->arm, row->endpoint, 24 + row->time_months);
    else if ((row->kind == OST_ENDPOINT_DIFFERENCE || row->in.form == OST_COUNTED_POINTS || endpoint->is_ratio) &&
             endpoint->versus == SIZE_MAX)
        snprintf(why, size, "a %s between arms: name the other one with 'versus'",
            endpoint->is_ratio ? "ratio" : "difference");
    else if (row->statistic == OST_REPORTED_SD && endpoint->versus != SIZE_MAX)
        snprintf(why, size, "an SD between subjects is of one arm");
    else if (endpoint->measure != OST_MEASURE_LEVEL && !(endpoint->from < endpoint->to))
        snprintf(why, size,
            "it is measured from month %g to month %g; a comparison with 'endpoint: %s, from: %g month, to: %g month' "
            "says from when to when",
            endpoint->from / OST_DAYS_PER_MONTH, endpoint->to / OST_DAYS_PER_MONTH, row->endpoint,
            endpoint->to / OST_DAYS_PER_MONTH - 12, endpoint->to / OST_DAYS_PER_MONTH);
    else if ((endpoint->measure != OST_MEASURE_LEVEL || endpoint->is_ratio) && !has_class)
        snprintf(why, size, "endpoints.csv has no class for output '%s': add a row to it", output);
    return why[0] == '\0';
}

/* @param sex  as read_unit(). @return false, and why, if the row cannot be compared with a simulation */
static bool make_observation(ost_observation_t *self, const ost_experiment_t *e, const ost_comparison_t *c,
    const ost_evidence_row_t *row, const ost_endpoint_entry_t *entry, const char *output, int sex, char *why,
    size_t size)
{
    static const ost_statistic_t statistics[OST_N_REPORTED] = {
        [OST_REPORTED_MEAN] = OST_STATISTIC_MEAN,
        [OST_REPORTED_MEDIAN] = OST_STATISTIC_MEDIAN,
        [OST_REPORTED_SD] = OST_STATISTIC_SD,
    };
    *self = (ost_observation_t){ .row = row, .reported = row };
    self->endpoint = (ost_endpoint_t){ .arm = arm_index(e, c->arm),
        .versus = arm_index(e, c->versus),
        .from = !isnan(c->from) ? c->from : row->base.months * OST_DAYS_PER_MONTH,
        .to = !isnan(c->to) ? c->to : row->time_months * OST_DAYS_PER_MONTH,
        .statistic = statistics[row->statistic],
        .unit = NAN };
    bool has_unit = read_unit(self, c, row, entry, sex);
    if (!check_row(self, c, output, has_unit, entry != NULL, why, size)) return false;
    bool is_level = self->endpoint.measure == OST_MEASURE_LEVEL && !self->endpoint.is_ratio;
    self->endpoint_class = row->statistic == OST_REPORTED_SD ? OST_CLASS_SD
                           : is_level                        ? OST_CLASS_LEVEL
                                                             : entry->endpoint_class;
    self->measured = is_level ? NULL : entry;
    snprintf(self->endpoint.output, sizeof(self->endpoint.output), "%s", output);
    if (self->baseline.unit > 0) snprintf(self->baseline.output, sizeof(self->baseline.output), "%s", output);
    return true;
}

static int add_time(ost_experiment_t *e, double t, ost_error_t *err)
{
    for (size_t i = 0; i < e->n_times; i++)
        if (fabs(e->times[i] - t) <= OST_SAME_TIME)
            return 0; /* not of one visit: times that follow come between them */
    double *times = ost_memory_extend(&e->memory, e->times, e->n_times, 1, sizeof(*times));
    if (times == NULL) return ost_no_memory(err);
    times[e->n_times++] = t;
    qsort(times, e->n_times, sizeof(*times), ost_compare_doubles);
    e->times = times;
    return 0;
}

/* Note a row that has no observation. */
static int add_unmatched(ost_matched_t *self, const ost_evidence_row_t *row, const char *why, ost_error_t *err)
{
    if (row->role == OST_ROLE_CONTEXT) return 0;
    ost_unmatched_t *more = ost_memory_grow(&self->memory, self->unmatched, self->n_unmatched, sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    self->unmatched = more;
    more[self->n_unmatched].row = row;
    snprintf(more[self->n_unmatched++].why, sizeof(more->why), "%s", why);
    return 0;
}

/* A row in another unit: value x factor + shift, and its interval likewise, of which an SD is not shifted.
 * @return NULL if out of memory; owned by self */
static ost_evidence_row_t *convert_row(
    ost_matched_t *self, const ost_evidence_row_t *row, double factor, double shift, const char *unit)
{
    ost_evidence_row_t *copy = ost_memory_list(&self->memory, 1, sizeof(*copy));
    char *own = ost_memory_text(&self->memory, unit, strlen(unit));
    if (copy == NULL || own == NULL) return NULL;
    bool is_width = row->interval == OST_INTERVAL_SD || row->interval == OST_INTERVAL_SE;
    *copy = *row;
    copy->unit = own;
    copy->value = factor * row->value + shift;
    copy->lower = factor * row->lower + shift;
    copy->upper = factor * row->upper + (is_width ? 0 : shift);
    return copy;
}

/* A T-score at some time as a density. */
static int convert_t_score(
    ost_matched_t *self, ost_observation_t *observation, const ost_endpoint_entry_t *entry, int sex, ost_error_t *err)
{
    const ost_endpoint_t *endpoint = &observation->endpoint;
    if (endpoint->measure != OST_MEASURE_LEVEL || observation->row->in.form != OST_COUNTED_T_SCORE) return 0;
    observation->row = convert_row(
        self, observation->row, entry->young_sd[sex] / endpoint->unit, entry->young[sex] / endpoint->unit, "g_per_cm2");
    return observation->row != NULL ? 0 : ost_no_memory(err);
}

int ost_matched_drop(ost_matched_t *self, size_t i, const char *why, ost_error_t *err)
{
    ost_observation_t *observation = &self->observations[i];
    int ret = add_unmatched(self, observation->reported, why, err);
    self->n_observations--;
    memmove(observation, observation + 1, (self->n_observations - i) * sizeof(*observation));
    return ret;
}

const char *ost_month_slip(double t, double end)
{
    const double months = t / OST_DAYS_PER_MONTH;
    const bool is_of_years = months <= 120 && fabs(remainder(months, 12)) < 0.01; /* of `times` that were shortened */
    return t <= 2 * end || months > end || is_of_years ? ""
           : months > end / 7                          ? ": is time_months in days?"
                                                       : ": is time_months in weeks?";
}

int ost_matched_drop_times(ost_matched_t *self, const double *times, size_t n, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < self->n_observations && ret == 0;) {
        const ost_endpoint_t *endpoint = &self->observations[i].endpoint;
        const bool has_to = ost_times_find(times, n, endpoint->to) != SIZE_MAX;
        const double t = has_to ? endpoint->from : endpoint->to;
        char why[sizeof(self->unmatched->why)], month[32], with[100];
        if (has_to && (endpoint->measure == OST_MEASURE_LEVEL || ost_times_find(times, n, t) != SIZE_MAX)) {
            i++;
            continue;
        }
        snprintf(month, sizeof(month), "%.6g month", t / OST_DAYS_PER_MONTH);
        snprintf(why, sizeof(why),
            "no output at month %g; the %zu output times are from month %g to month %g; 'times: %s' has it",
            t / OST_DAYS_PER_MONTH, n, times[0] / OST_DAYS_PER_MONTH, times[n - 1] / OST_DAYS_PER_MONTH,
            ost_times_with(times, n, t, month, with, sizeof(with)));
        const char *slip = ost_month_slip(t, times[n - 1]);
        if (slip[0] != '\0')
            snprintf(why, sizeof(why), "no output at month %g; the last output time is month %g%s",
                t / OST_DAYS_PER_MONTH, times[n - 1] / OST_DAYS_PER_MONTH, slip);
        ret = ost_matched_drop(self, i, why, err);
    }
    return ret;
}

int ost_observation_convert(ost_matched_t *self, size_t i, double level, ost_error_t *err)
{
    ost_observation_t *observation = &self->observations[i];
    const ost_evidence_row_t *row = observation->reported;
    if (!(level > 0))
        return ost_matched_drop(
            self, i, "the simulated baseline, which a change in percent needs, is not above 0", err);
    observation->row = convert_row(self, row, 100 / level, 0,
        row->kind == OST_ENDPOINT_DIFFERENCE ? "percentage_points_between_arms"
        : observation->endpoint.per_year     ? "percent_per_year"
                                             : "percent");
    observation->baseline.output[0] = '\0';
    return observation->row != NULL ? 0 : ost_no_memory(err);
}

/* Two comparisons may not take one row for the same endpoint: it would count twice. */
static int check_new(const ost_matched_t *self, const ost_experiment_t *e, const ost_comparison_t *c,
    const ost_observation_t *observation, ost_error_t *err)
{
    const ost_endpoint_t *endpoint = &observation->endpoint;
    for (size_t i = 0; i < self->n_observations; i++) {
        const ost_endpoint_t *other = &self->observations[i].endpoint;
        if (self->observations[i].reported == observation->reported && other->arm == endpoint->arm &&
            other->versus == endpoint->versus && strcmp(other->output, endpoint->output) == 0)
            return ost_fail_at(err, OST_ERR_NAME, e->path, c->location.line, c->location.column,
                "an earlier comparison takes line %d of the evidence too; each row counts once",
                observation->row->line);
    }
    return 0;
}

static int add_row(ost_matched_t *self, ost_experiment_t *e, const ost_comparison_t *c, const ost_evidence_row_t *row,
    const ost_endpoint_dictionary_t *dictionary, ost_library_t *library, int sex, ost_error_t *err)
{
    ost_observation_t observation;
    char why[sizeof(self->unmatched->why)], chosen[OST_EVIDENCE_WORD];
    const ost_endpoint_entry_t *entry = c->output != NULL ? ost_endpoint_entry_of_output(dictionary, c->output)
                                                          : ost_endpoint_entry(dictionary, row->endpoint, row->site);
    const char *output = c->output;
    if (output == NULL && entry != NULL)
        output = ost_endpoint_output(entry->output, e->models, e->n_models, library, chosen);
    if (!make_observation(&observation, e, c, row, entry, output, sex, why, sizeof(why))) {
        const ost_endpoint_entry_t *site = ost_endpoint_site(dictionary, row->site, NULL);
        if (output == NULL && site != NULL && site->note[0] != '\0')
            snprintf(why + strlen(why), sizeof(why) - strlen(why), " ('%s': %s)", row->site, site->note);
        return add_unmatched(self, row, why, err);
    }
    int ret = check_new(self, e, c, &observation, err);
    if (ret == 0) ret = convert_t_score(self, &observation, entry, sex, err);
    if (ret == 0) ret = add_time(e, observation.endpoint.to, err);
    if (ret == 0 && observation.endpoint.measure != OST_MEASURE_LEVEL)
        ret = add_time(e, observation.endpoint.from, err);
    if (ret < 0) return ret;
    ost_observation_t *more = ost_memory_grow(&self->memory, self->observations, self->n_observations, sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    self->observations = more;
    more[self->n_observations++] = observation;
    return 0;
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

/* Whether a model of the experiment is of men; one that is not found is for the planning to name. @return 0, 1 or
 * OST_ERR_NO_MEMORY */
static int is_of_men(const ost_experiment_t *e, ost_library_t *library)
{
    for (size_t i = 0; i < e->n_models; i++) {
        const ost_model_t *model;
        int ret = ost_library_get(library, e->models[i], &model, NULL);
        if (ret == OST_ERR_NO_MEMORY) return ret;
        if (ret < 0) continue;
        for (size_t k = 0; k < model->n_drives; k++)
            if (strcmp(model->drives[k].name, "male") == 0) return 1;
    }
    return 0;
}

/* A row that one comparison cannot compare, and another one does, is compared. */
static void drop_compared(ost_matched_t *self)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_unmatched; i++) {
        size_t k = 0;
        while (k < self->n_observations && self->observations[k].reported != self->unmatched[i].row) k++;
        if (k == self->n_observations) self->unmatched[n++] = self->unmatched[i];
    }
    self->n_unmatched = n;
}

int ost_matched_find(ost_matched_t *self, ost_experiment_t *e, ost_evidence_t *evidence,
    const ost_endpoint_dictionary_t *dictionary, ost_library_t *library, ost_error_t *err)
{
    const int sex = is_of_men(e, library);
    if (sex < 0) return ost_no_memory(err);
    e->outputs = NULL;
    e->n_outputs = 0;
    for (size_t k = 0; k < e->n_comparisons; k++) {
        ost_comparison_t *c = &e->comparisons[k];
        size_t n_taken = 0;
        int ret = ost_comparison_spell(c, dictionary, e->path, &e->memory, err);
        for (size_t i = 0; i < evidence->n_rows && ret == 0; i++) {
            ost_evidence_row_t *row = &evidence->rows[i];
            if (!ost_comparison_takes(c, row)) continue;
            row->is_named = true;
            if (row->same_as == 0) ret = add_row(self, e, c, row, dictionary, library, sex, err);
            n_taken++;
        }
        if (ret < 0) return ret;
        if (n_taken == 0) return no_row(e, c, evidence, err);
    }
    drop_compared(self);
    return 0;
}

int ost_matched_find_unnamed(ost_matched_t *self, const ost_experiment_t *e, ost_evidence_t *evidence, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < evidence->n_rows && ret == 0; i++) {
        ost_evidence_row_t *row = &evidence->rows[i];
        char why[sizeof(self->unmatched->why)];
        size_t k = 0;
        while (k < e->n_comparisons && !ost_text_alike(e->comparisons[k].trial, row->trial)) k++;
        if (row->is_named || k == e->n_comparisons) continue;
        row->is_named = true; /* another experiment does not name it again */
        snprintf(why, sizeof(why), "in no comparison of the experiment");
        if (strcmp(e->comparisons[k].trial, row->trial) != 0)
            snprintf(why, sizeof(why), "in no comparison of the experiment: trial '%.80s', where they name '%.80s'",
                row->trial, e->comparisons[k].trial);
        ret = add_unmatched(self, row, why, err);
    }
    return ret;
}

int ost_matched_bind(ost_matched_t *self, const ost_plan_t *plan, ost_error_t *err)
{
    size_t n = 0;
    int ret = 0;
    for (size_t i = 0; i < self->n_observations && ret == 0; i++) {
        ost_observation_t observation = self->observations[i];
        bool has_baseline = observation.baseline.output[0] != '\0';
        char why[sizeof(self->unmatched->why)];
        if (ost_endpoint_bind(&observation.endpoint, plan, why, sizeof(why)) &&
            (!has_baseline || ost_endpoint_bind(&observation.baseline, plan, why, sizeof(why))))
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
        observation.baseline.arm = endpoint->arm;
        self->observations[n++] = observation;
    }
    self->n_observations = n;
    return ret;
}

/* Arms that rows of one reason name, the first among them; further ones are "...". */
#define MOST_NAMED 4

/* Add an arm to those that are named, where it is not there. @return false where there is no room */
static bool add_arm(const char *arms[MOST_NAMED], size_t *n, const char *arm)
{
    size_t k = 0;
    while (k < *n && strcmp(arms[k], arm) != 0) k++;
    if (k == *n && k < MOST_NAMED) arms[(*n)++] = arm;
    return k < MOST_NAMED;
}

const char *ost_matched_told(const ost_matched_t *self, size_t i, char *buf, size_t size)
{
    const ost_evidence_row_t *row = self->unmatched[i].row;
    const char *arms[MOST_NAMED] = { row->arm };
    size_t n_arms = 1, n_more = 0;
    bool has_all = true;
    for (size_t k = 0; k < self->n_unmatched; k++) {
        if (k == i || strcmp(self->unmatched[k].why, self->unmatched[i].why) != 0) continue;
        if (k < i) return NULL;
        n_more++;
        has_all = add_arm(arms, &n_arms, self->unmatched[k].row->arm) && has_all;
    }
    char others[32] = "", words[300] = "";
    if (n_more > 0) snprintf(others, sizeof(others), " and %zu more", n_more);
    for (size_t k = 1, used = 0; k < n_arms; k++)
        used += (size_t) snprintf(words + used, sizeof(words) - used, "%s%.80s", k == 1 ? ", also of " : ", ", arms[k]);
    snprintf(buf, size, "%s, %s, %s %s (line %d)%s%s%s: %s", row->trial, row->arm, row->endpoint, row->site, row->line,
        others, words, has_all ? "" : ", ...", self->unmatched[i].why);
    return buf;
}

void ost_matched_free(ost_matched_t *self)
{
    if (self == NULL) return;
    ost_memory_free(&self->memory);
    *self = (ost_matched_t){ 0 };
}
