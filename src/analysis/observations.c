/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From rows of the evidence to what the simulation is asked for. Nothing here knows a trial: words of endpoints, units
 * and sites are those of configs/evidence/README.md, the rest is said by the comparison. */
#include "analysis/trials_impl.h"
#include "core/text.h"
#include "input/evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times closer than this are one visit, d. */
#define SAME_VISIT 0.5

/* How evidence tables spell what osteon calls OUTPUT; a site is known by how it begins, as in LS(L2-L4). */
static const struct {
    const char *site, *output;
} sites[] = {
    { "LS", "bmd[lumbar_spine]" },
    { "TH", "bmd[total_hip]" },
    { "FN", "bmd[femoral_neck]" },
    { "sCTX", "ctx" },
    { "uNTX", "ntx" },
    { "sNTX", "serum_ntx" },
    { "NTX", "ntx" },
    { "P1NP", "p1np" },
    { "BALP", "balp" },
    { "estradiol", "estradiol" },
};
static const char *const hormones[] = { "estradiol", "testosterone" }; /* "estradiol_level" is of output estradiol */

static const char *const class_names[OST_N_CLASSES] = { "BMD", "marker", "hormone", "level" };

const char *ost_class_name(ost_class_t endpoint_class)
{
    return class_names[endpoint_class];
}

double ost_scan_error(const char *element)
{
    /* Coefficients of variation, percent. assumed: one scan within the published 1.1 to 1.2 at the spine, 1.3 at the
     * hip, 1.5 to 2.0 at the neck; positioning and machine between visits 1 at each site. */
    static const struct {
        const char *element;
        double scan, visit;
    } errors[] = { { "lumbar_spine", 1.1, 1.0 }, { "total_hip", 1.3, 1.0 }, { "femoral_neck", 1.7, 1.0 } };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strstr(element, errors[i].element) != NULL) return hypot(errors[i].scan, errors[i].visit);
    return 0;
}

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

/* Endpoints that count from a moment which only the experiment can say. */
static bool has_own_base(const char *endpoint)
{
    static const char *const words[] = { "_after_stop", "_from_extension_baseline", "_transmenopause" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(endpoint, words[i]) != NULL) return true;
    return false;
}

static bool answers(const ost_comparison_t *c, const ost_evidence_row_t *row)
{
    return strcmp(c->trial, row->trial) == 0 && strcmp(c->trial_arm, row->arm) == 0 &&
           (c->endpoint == NULL || strcmp(c->endpoint, row->endpoint) == 0) &&
           (c->site == NULL || strcmp(c->site, row->site) == 0) && (isnan(c->month) || c->month == row->time_months);
}

static const char *output_of(const ost_comparison_t *c, const ost_evidence_row_t *row)
{
    if (c->output != NULL) return c->output;
    for (size_t i = 0; i < sizeof(hormones) / sizeof(hormones[0]); i++)
        if (begins_with(row->endpoint, hormones[i])) return hormones[i];
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        size_t n = strlen(sites[i].site);
        if (strncmp(row->site, sites[i].site, n) == 0 && (row->site[n] == '\0' || row->site[n] == '('))
            return sites[i].output;
    }
    return NULL;
}

static ost_class_t class_of(const char *output, ost_measure_t measure)
{
    if (measure == OST_MEASURE_LEVEL || measure == OST_MEASURE_CHANGE) return OST_CLASS_LEVEL;
    if (begins_with(output, "bmd")) return OST_CLASS_BMD;
    static const char *const markers[] = { "ctx", "ntx", "serum_ntx", "p1np", "balp" };
    for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++)
        if (strcmp(output, markers[i]) == 0) return OST_CLASS_MARKER;
    return OST_CLASS_HORMONE;
}

/* "g_per_cm2_per_year" is a change of g/cm2 divided by years. @return false if the unit is none */
static bool read_unit(ost_observation_t *self, const char *unit)
{
    static const struct {
        const char *unit;
        ost_measure_t measure;
        bool per_year;
    } percents[] = { { "percent", OST_MEASURE_PERCENT, false },
        { "percentage_points_between_arms", OST_MEASURE_PERCENT, false },
        { "percent_per_year", OST_MEASURE_PERCENT, true }, { "percent_of_baseline", OST_MEASURE_SHARE, false } };
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
    bool is_change = self->per_year || strstr(self->row->endpoint, "_change") != NULL;
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

/* @return false, and why, if the row cannot be laid beside a simulation */
static bool make_observation(ost_observation_t *self, const ost_experiment_t *e, const ost_comparison_t *c,
    const ost_evidence_row_t *row, char *why, size_t size)
{
    *self = (ost_observation_t){
        .row = row, .comparison = c, .unit = NAN, .median = strcmp(row->statistic, "median") == 0
    };
    const char *output = output_of(c, row);
    self->arm = arm_index(e, c->arm);
    self->versus = arm_index(e, c->versus);
    self->to = !isnan(c->to) ? c->to : row->time_months * OST_DAYS_PER_MONTH;
    self->from = !isnan(c->from) ? c->from : base_year(row->endpoint) * OST_DAYS_PER_YEAR;
    bool has_unit = read_unit(self, row->unit);
    if (!isnan(c->unit)) {
        self->unit = c->unit;
        self->unit_dim = c->unit_dim;
        has_unit = true;
    }
    if (output == NULL)
        snprintf(why, size, "no output is known for site '%s': name it with 'output'", row->site);
    else if (!has_unit)
        snprintf(why, size, "unit '%s' is not known: give 'unit'", row->unit);
    else if (isnan(row->value) || isnan(self->to))
        snprintf(why, size, "the row has no %s", isnan(row->value) ? "value" : "month");
    else if (has_own_base(row->endpoint) && (isnan(c->from) || isnan(c->to)))
        snprintf(why, size, "'%s' counts from a moment of its own: give 'from' and 'to'", row->endpoint);
    else if (begins_with(row->unit, "percentage_points") && self->versus == SIZE_MAX)
        snprintf(why, size, "a difference between arms: name the other one with 'versus'");
    else if (self->measure != OST_MEASURE_LEVEL && !(self->from < self->to))
        snprintf(why, size, "it is measured from day %g to day %g: give 'from'", self->from, self->to);
    else {
        snprintf(self->output, sizeof(self->output), "%s", output);
        self->endpoint_class = class_of(output, self->measure);
        return true;
    }
    return false;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

size_t ost_observation_time(const ost_experiment_t *e, double t)
{
    for (size_t i = 0; i < e->n_times; i++)
        if (fabs(e->times[i] - t) <= SAME_VISIT) return i;
    return SIZE_MAX;
}

static int add_time(ost_experiment_t *e, double t, ost_error_t *err)
{
    if (ost_observation_time(e, t) != SIZE_MAX) return 0;
    double *times = realloc(e->times, (e->n_times + 1) * sizeof(*times));
    if (times == NULL) return ost_no_memory(err);
    times[e->n_times++] = t;
    qsort(times, e->n_times, sizeof(*times), compare_doubles);
    e->times = times;
    return 0;
}

int ost_trial_unmatched(ost_trial_t *self, const ost_evidence_row_t *row, const char *why, ost_error_t *err)
{
    if (strcmp(row->role, "context") == 0) return 0;
    ost_unmatched_t *more = realloc(self->unmatched, (self->n_unmatched + 1) * sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    self->unmatched = more;
    more[self->n_unmatched].row = row;
    snprintf(more[self->n_unmatched++].why, sizeof(more->why), "%s", why);
    return 0;
}

static int add_row(ost_trial_t *self, const ost_comparison_t *c, const ost_evidence_row_t *row, ost_error_t *err)
{
    ost_observation_t observation;
    char why[sizeof(self->unmatched->why)];
    if (make_observation(&observation, &self->experiment, c, row, why, sizeof(why))) {
        int ret = add_time(&self->experiment, observation.to, err);
        if (ret == 0 && observation.measure != OST_MEASURE_LEVEL)
            ret = add_time(&self->experiment, observation.from, err);
        ost_observation_t *more = realloc(self->observations, (self->n_observations + 1) * sizeof(*more));
        if (more == NULL) return ost_no_memory(err);
        self->observations = more;
        more[self->n_observations++] = observation;
        return ret;
    }
    return ost_trial_unmatched(self, row, why, err);
}

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

int ost_observations_find(ost_trial_t *self, const ost_evidence_t *evidence, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    for (size_t i = 0; i < e->n_outputs; i++) free(e->outputs[i]);
    free(e->outputs);
    e->outputs = NULL;
    e->n_outputs = 0;
    for (size_t k = 0; k < e->n_comparisons; k++) {
        const ost_comparison_t *c = &e->comparisons[k];
        size_t n_answers = 0;
        for (size_t i = 0; i < evidence->n_rows; i++) {
            if (!answers(c, &evidence->rows[i])) continue;
            int ret = add_row(self, c, &evidence->rows[i], err);
            if (ret < 0) return ret;
            n_answers++;
        }
        if (n_answers == 0) return no_row(e, c, evidence, err);
    }
    return 0;
}

/* @return false, and why, if the row is in a unit that the output cannot be in */
static bool bind_unit(ost_observation_t *self, const ost_variable_t *variable, char *why, size_t size)
{
    ost_unit_t reported = { 0 };
    self->factor = 1;
    if (self->measure == OST_MEASURE_PERCENT || self->measure == OST_MEASURE_SHARE) return true;
    self->factor = variable->factor / self->unit;
    if (ost_unit_parse(&reported, variable->unit_text, NULL) == 0 && ost_dim_equal(reported.dim, self->unit_dim))
        return true;
    char due[64], given[64];
    snprintf(why, size, "it is in %s (%s), output '%s' in %s (%s): give 'unit'", self->row->unit,
        ost_dim_format(self->unit_dim, given, sizeof(given)), self->output, variable->unit_text,
        ost_dim_format(reported.dim, due, sizeof(due)));
    return false;
}

/* The row of "bmd[total_hip]" among the plan's outputs. */
static const ost_variable_t *find_output(const ost_plan_t *plan, const char *output, size_t *row)
{
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        for (size_t k = 0; k < variable->n_elements; k++) {
            char name[192];
            if (variable->index_set == NULL)
                snprintf(name, sizeof(name), "%s", variable->name);
            else
                snprintf(name, sizeof(name), "%s[%s]", variable->name, variable->index_set->elements[k]);
            *row = variable->first + k;
            if (strcmp(name, output) == 0) return variable;
        }
    }
    return NULL;
}

int ost_observations_bind(ost_trial_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = &self->experiment;
    size_t n = 0;
    int ret = 0;
    for (size_t i = 0; i < self->n_observations && ret == 0; i++) {
        ost_observation_t observation = self->observations[i];
        const ost_variable_t *variable = find_output(&self->plan, observation.output, &observation.i_output);
        char why[sizeof(self->unmatched->why)];
        if (variable == NULL) /* a model without this site or marker */
            snprintf(why, sizeof(why), "the models have no output '%s'", observation.output);
        if (variable == NULL || !bind_unit(&observation, variable, why, sizeof(why))) {
            ret = ost_trial_unmatched(self, observation.row, why, err);
            continue;
        }
        observation.i_to = ost_observation_time(e, observation.to);
        observation.i_from =
            observation.measure == OST_MEASURE_LEVEL ? observation.i_to : ost_observation_time(e, observation.from);
        self->observations[n++] = observation;
    }
    self->n_observations = n;
    return ret;
}
