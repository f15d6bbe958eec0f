/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes endpoints as they are asked for and a plan; gives the rows and times of the plan's output that they are. */
#include "observe/endpoint.h"

#include "core/text.h"
#include "plan/doses.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times that are no farther apart than this are one visit, d, or than half of the distance to the next output. */
#define SAME_VISIT 0.5
/* Parts of the distance between output times that a message proposes; else every day. */
#define MOST_PARTS 12

size_t ost_times_find(const double *times, size_t n, double t)
{
    double least = INFINITY, visit = SAME_VISIT;
    size_t nearest = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        if (fabs(times[i] - t) < least) least = fabs(times[i] - t), nearest = i;
    if (nearest == SIZE_MAX) return SIZE_MAX;
    if (nearest > 0) visit = fmin(visit, (times[nearest] - times[nearest - 1]) / 2);
    if (nearest + 1 < n) visit = fmin(visit, (times[nearest + 1] - times[nearest]) / 2);
    return least <= visit + OST_SAME_TIME ? nearest : SIZE_MAX;
}

/* The step of times at equal distances; 0 of others. */
static double step_of(const double *times, size_t n)
{
    double step = n > 1 ? (times[n - 1] - times[0]) / (double) (n - 1) : 0;
    for (size_t i = 0; i < n; i++)
        if (fabs(times[i] - times[0] - (double) i * step) > fmin(SAME_VISIT, step / 4)) return 0;
    return step;
}

/* A step in the unit of the times; one of hours or minutes in these where six digits of that unit are not exact. */
static const char *print_step(double step, double day, const char *unit, char *buf, size_t size)
{
    static const struct {
        const char *unit;
        double day;
    } finer[] = { { "hour", 1 / 24.0 }, { "minute", 1 / 1440.0 } };
    snprintf(buf, size, "%.6g %s", step / day, unit);
    for (size_t i = 0; i < 2 && step < 1 && fabs(strtod(buf, NULL) * day - step) > 1e-9 * step; i++) {
        day = finer[i].day;
        snprintf(buf, size, "%.6g %s", step / day, finer[i].unit);
    }
    return buf;
}

char *ost_times_with(const double *times, size_t n, double t, const char *text, char *buf, size_t size)
{
    ost_quantity_t one = { .value = NAN };
    char *unit = NULL;
    const double number = strtod(text, &unit);
    unit += strspn(unit, " ");
    double day = ost_quantity_parse(&one, text, NULL) == 0 && number != 0 ? one.value / number : NAN;
    if (!(day > 0) || unit[0] == '\0') {
        unit = "day";
        day = 1;
    }
    double step = step_of(times, n), from = fmin(times[0], t), to = fmax(times[n - 1], t);
    const double slack = step < 2 * SAME_VISIT ? 1e-6 * step : SAME_VISIT / 2; /* of visits, rounding is no matter */
    int parts = 1;
    while (step > 0 && parts <= MOST_PARTS) {
        double after = (t - times[0]) / (step / parts);
        if (fabs(after - round(after)) * step / parts <= slack) break;
        parts++;
    }
    if (step < 1 && parts > MOST_PARTS) step = 0; /* of hours, days are no finer */
    double every = parts > MOST_PARTS ? 1 : step / parts;
    char begin[64] = "", each[64];
    if (from != 0) snprintf(begin, sizeof(begin), "from: %.6g %s, ", from / day, unit);
    if (step > 0 && parts <= MOST_PARTS)
        snprintf(buf, size, "{%sto: %.6g %s, every: %s}", begin, to / day, unit,
            print_step(every, day, unit, each, sizeof(each)));
    else if (step > 0)
        snprintf(buf, size, "{%sto: %.6g %s, every: 1 day}", begin, to / day, unit);
    else
        snprintf(
            buf, size, "[%s%.6g %s%s]", t > times[0] ? "..., " : "", t / day, unit, t < times[n - 1] ? ", ..." : "");
    return buf;
}

size_t ost_endpoint_time(const ost_experiment_t *e, double t)
{
    return ost_times_find(e->times, e->n_times, t);
}

/* @return false where the limit is not of the measure's unit */
static bool bind_limit(ost_endpoint_t *self, const char *unit, char *why, size_t size)
{
    const bool is_percent = self->measure == OST_MEASURE_PERCENT || self->measure == OST_MEASURE_FRACTION;
    char missing[OST_UNIT_MISSING_SIZE];
    ost_unit_t reported;
    if (is_percent) unit = "%";
    if (ost_unit_parse(&reported, unit, NULL) != 0) reported = (ost_unit_t){ .factor = 1 };
    self->bound_limit = self->limit.value / reported.factor;
    const bool has_unit = ost_dim_equal(self->limit.dim, reported.dim) &&
                          ost_unit_missing(&reported, unit, self->limit.is_plain, self->limit.value, missing) == NULL;
    if (!has_unit) snprintf(why, size, "the limit has another unit than the measure: expected a number of %s", unit);
    return has_unit;
}

bool ost_endpoint_bind_unit(ost_endpoint_t *self, const char *unit, char *why, size_t size)
{
    ost_unit_t reported = { 0 };
    self->factor = 1;
    if (self->has_limit && !bind_limit(self, unit, why, size)) return false;
    if (self->measure == OST_MEASURE_PERCENT || self->measure == OST_MEASURE_FRACTION || isnan(self->unit)) return true;
    if (ost_unit_parse(&reported, unit, NULL) == 0 && ost_dim_equal(reported.dim, self->unit_dim)) {
        char missing[OST_UNIT_MISSING_SIZE];
        self->factor = reported.factor / self->unit;
        if (ost_unit_missing(&reported, unit, self->unit_is_plain, self->unit, missing) == NULL) return true;
        snprintf(why, size, "'unit': %s", missing);
        return false;
    }
    char expected[64], asked[64];
    snprintf(why, size, "its unit is one of %s, that of output '%s' is %s (%s): give 'unit'",
        ost_dim_format(self->unit_dim, asked, sizeof(asked)), self->output, unit,
        ost_dim_format(reported.dim, expected, sizeof(expected)));
    return false;
}

/* "bmd[total_hip]", or "height" of a scalar. @return buf */
static char *output_name(const ost_variable_t *variable, size_t k, char buf[192])
{
    const bool is_scalar = variable->index_set == NULL;
    snprintf(buf, 192, is_scalar ? "%s" : "%s[%s]", variable->name, is_scalar ? "" : variable->index_set->elements[k]);
    return buf;
}

/* The variable and row of "bmd[total_hip]" among the plan's outputs. */
static const ost_variable_t *find_output(const ost_plan_t *plan, const char *output, size_t *row)
{
    char name[192];
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        for (size_t k = 0; k < variable->n_elements; k++) {
            *row = variable->first + k;
            if (strcmp(output_name(variable, k, name), output) == 0) return variable;
        }
    }
    return NULL;
}

/* The variable of an output such as "bmd[total_hip]"; NULL where no variable has that output. */
static const ost_variable_t *find_variable(const ost_plan_t *plan, const char *output)
{
    const size_t length = strcspn(output, "[");
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const char *name = plan->outputs->variables[v].name;
        if (strlen(name) == length && strncmp(name, output, length) == 0) return &plan->outputs->variables[v];
    }
    return NULL;
}

/* Why no row is called `output`: names the elements of the output. @param near, elsewhere  hints; NULL and "" for none
 */
static void say_missing(
    const ost_plan_t *plan, const char *output, const char *near, const char *elsewhere, char *why, size_t size)
{
    const ost_variable_t *same = find_variable(plan, output);
    char expected[320] = "", name[192];
    size_t used = 0;
    if (same != NULL && same->index_set == NULL) snprintf(expected, sizeof(expected), "; expected '%s'", same->name);
    for (size_t k = 0; same != NULL && same->index_set != NULL && k < same->n_elements && used < sizeof(expected); k++)
        used += (size_t) snprintf(
            expected + used, sizeof(expected) - used, "%s%s", k > 0 ? ", " : "; expected ", output_name(same, k, name));
    const bool is_listed = same == NULL && plan->experiment->n_outputs > 0;
    snprintf(why, size, "the models have no output '%s'%s%s%s%s%s%s", output,
        is_listed ? " among 'outputs' of the experiment" : "", OST_HINT(near), expected, elsewhere);
}

/* The same with what is nearest, and the model that has such an output. These need memory; without it there is no
 * hint. */
static void say_missing_with_hints(const ost_plan_t *plan, const char *output, char *why, size_t size)
{
    ost_text_list_t names = { 0 };
    char elsewhere[OST_ELSEWHERE_SIZE] = "", name[192];
    int ret = 0;
    for (size_t v = 0; v < plan->outputs->n_variables; v++)
        for (size_t k = 0; k < plan->outputs->variables[v].n_elements; k++)
            ret += ost_text_list_add(&names, "%s", output_name(&plan->outputs->variables[v], k, name));
    if (find_variable(plan, output) == NULL) ost_blocks_elsewhere(plan->blocks, output, elsewhere);
    say_missing(plan, output, ret == 0 ? ost_nearest(output, (const char *const *) names.items, names.n) : NULL,
        elsewhere, why, size);
    ost_text_list_free(&names);
}

bool ost_endpoint_bind(ost_endpoint_t *self, const ost_plan_t *plan, char *why, size_t size)
{
    const ost_variable_t *variable = find_output(plan, self->output, &self->i_output);
    if (variable == NULL) say_missing(plan, self->output, NULL, "", why, size);
    if (variable == NULL || !ost_endpoint_bind_unit(self, variable->unit_text, why, size)) return false;
    self->i_to = ost_endpoint_time(plan->experiment, self->to);
    self->i_from = self->measure == OST_MEASURE_LEVEL ? self->i_to : ost_endpoint_time(plan->experiment, self->from);
    return true;
}

/* A statistic of one arm: others compare it with something. @return 0 or an error */
static int find_statistic(ost_statistic_t *out, const ost_experiment_t *e, const ost_asked_t *asked, ost_error_t *err)
{
    const char *names[OST_N_STATISTICS];
    char wrong[400];
    size_t n = 0;
    *out = asked->has_limit ? OST_STATISTIC_FRACTION : OST_STATISTIC_MEAN;
    if (asked->statistic == NULL) return 0;
    for (size_t i = 0; i < OST_N_STATISTICS; i++) {
        if (ost_statistics[i].tables & (OST_WITH_VERSUS | OST_WITH_EVIDENCE)) continue;
        names[n++] = ost_statistic_names[i];
        *out = (ost_statistic_t) i;
        if (strcmp(names[n - 1], asked->statistic) == 0) return 0;
    }
    return OST_FAIL_AT(err, OST_ERR_NAME, e, asked->statistic_at, "endpoints.%s.statistic: %s", asked->name,
        ost_words_wrong(names, n, asked->statistic, wrong, sizeof(wrong)));
}

int ost_endpoint_asked(ost_endpoint_t *self, const ost_experiment_t *e, const ost_asked_t *asked, ost_error_t *err)
{
    *self = (ost_endpoint_t){ .arm = SIZE_MAX,
        .versus = SIZE_MAX,
        .from = asked->from,
        .to = asked->to,
        .measure = asked->measure,
        .has_limit = asked->has_limit,
        .is_below = asked->is_below,
        .limit = asked->limit,
        .unit = NAN,
        .factor = 1 };
    snprintf(self->output, sizeof(self->output), "%s", asked->output);
    for (size_t a = 0; a < e->n_arms; a++) {
        if (strcmp(e->arms[a].name, asked->arm) == 0) self->arm = a;
        if (asked->versus != NULL && strcmp(e->arms[a].name, asked->versus) == 0) self->versus = a;
    }
    return find_statistic(&self->statistic, e, asked, err);
}

int ost_endpoint_check(const ost_plan_t *plan, size_t i, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    const ost_asked_t *asked = &e->endpoints[i];
    ost_endpoint_t endpoint;
    char why[240], with[160];
    int ret = ost_endpoint_asked(&endpoint, e, asked, err);
    if (ret < 0) return ret;
    if (!ost_endpoint_bind(&endpoint, plan, why, sizeof(why))) {
        size_t i_output;
        const bool has_output = find_output(plan, endpoint.output, &i_output) != NULL;
        if (has_output && asked->has_limit)
            return OST_FAIL_AT(err, OST_ERR_UNIT, e, asked->limit_at, "endpoints.%s.%s: %s", asked->name,
                asked->is_below ? "below" : "above", why);
        if (!has_output) say_missing_with_hints(plan, endpoint.output, why, sizeof(why));
        return OST_FAIL_AT(err, OST_ERR_NAME, e, asked->output_at, "endpoints.%s.output: %s", asked->name, why);
    }
    const bool is_to = endpoint.i_to == SIZE_MAX;
    if (!is_to && endpoint.i_from != SIZE_MAX) return 0;
    const bool is_from_zero = !is_to && asked->from == 0; /* "0 day" names no unit to write the times in */
    const char *text = is_to ? asked->to_text : asked->from_text != NULL ? asked->from_text : "0 day";
    return OST_FAIL_AT(err, OST_ERR_VALUE, e, is_to ? asked->to_at : asked->from_at,
        "endpoints.%s: 'times' has no output at %.60s; 'times: %s' has it", asked->name, text,
        ost_times_with(e->times, e->n_times, is_to ? asked->to : asked->from, is_from_zero ? asked->to_text : text,
            with, sizeof(with)));
}

int ost_endpoints_check(const ost_plan_t *plan, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < plan->experiment->n_endpoints && ret == 0; i++) ret = ost_endpoint_check(plan, i, err);
    return ret;
}

/* Say which output stands for a time. @return 0 or OST_ERR_NO_MEMORY */
static int doubt_time(const ost_experiment_t *e, const ost_asked_t *asked, bool is_to, ost_text_list_t *warnings)
{
    const double t = is_to ? asked->to : asked->from;
    const ost_location_t at = is_to ? asked->to_at : asked->from_at;
    const char *text = is_to ? asked->to_text : asked->from_text;
    const size_t i = ost_endpoint_time(e, t);
    if (i == SIZE_MAX || fabs(e->times[i] - t) <= OST_SAME_TIME) return 0;
    return ost_text_list_add_at(warnings, OST_WHERE(e), at,
        "endpoints.%s: 'times' has no output at '%s: %.60s'; the nearest, day %.10g, is taken", asked->name,
        is_to ? "to" : "from", text != NULL ? text : "0 day", e->times[i]);
}

int ost_endpoints_doubt(const ost_experiment_t *e, ost_text_list_t *warnings)
{
    int ret = 0;
    for (size_t i = 0; i < e->n_endpoints && ret == 0; i++) {
        const ost_asked_t *asked = &e->endpoints[i];
        if (asked->measure != OST_MEASURE_LEVEL) ret = doubt_time(e, asked, false, warnings);
        if (ret == 0) ret = doubt_time(e, asked, true, warnings);
    }
    return ret;
}

char *ost_asked_describe(const ost_asked_t *asked, ost_statistic_t statistic, char *buf, size_t size)
{
    static const char *const measures[OST_N_MEASURES] = { "", "change of ", "percent change of ",
        "percent of baseline of " };
    char limit[64] = "";
    if (asked->has_limit)
        snprintf(limit, sizeof(limit), " is %s %.40s", asked->is_below ? "below" : "above", asked->limit_text);
    const bool is_share = statistic == OST_STATISTIC_FRACTION && asked->has_limit;
    size_t n = (size_t) snprintf(buf, size, "%s %s%s%s, %s%s%s, ",
        is_share ? "percent of subjects whose" : ost_statistic_names[statistic],
        is_share && asked->measure == OST_MEASURE_LEVEL ? "value of " : measures[asked->measure], asked->output, limit,
        asked->arm, asked->versus != NULL ? " - " : "", asked->versus != NULL ? asked->versus : "");
    if (n < size && asked->measure != OST_MEASURE_LEVEL)
        snprintf(buf + n, size - n, "month %g to %g", asked->from / OST_DAYS_PER_MONTH, asked->to / OST_DAYS_PER_MONTH);
    else if (n < size)
        snprintf(buf + n, size - n, "month %g", asked->to / OST_DAYS_PER_MONTH);
    return buf;
}

const char *ost_endpoint_measure_unit(const ost_endpoint_t *self, const ost_plan_t *plan)
{
    if (self->measure >= OST_MEASURE_PERCENT) return "%";
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        if (self->i_output - variable->first < variable->n_elements) return variable->unit_text;
    }
    return "1";
}

const char *ost_endpoint_unit(const ost_endpoint_t *self, const ost_plan_t *plan)
{
    if (self->statistic == OST_STATISTIC_N) return "1";
    return self->statistic == OST_STATISTIC_FRACTION ? "%" : ost_endpoint_measure_unit(self, plan);
}
