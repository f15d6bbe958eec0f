/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file endpoint.h  Endpoints: what is asked of a run. An endpoint is a statistic, over the subjects of an arm, of a
 * measure of one output between two times. */
#ifndef OST_OBSERVE_ENDPOINT_H
#define OST_OBSERVE_ENDPOINT_H

#include "cohort/cohort.h"
#include "input/endpoints.h"
#include "observe/statistic.h"

/** An endpoint. */
typedef struct {
    char output[96];           /**< "bmd[total_hip]" */
    size_t arm, versus;        /**< of the experiment; versus: the arm that is subtracted, SIZE_MAX for none */
    double from, to;           /**< d from time 0; LEVEL: only `to` */
    ost_measure_t measure;     /**< of each subject */
    bool per_year;             /**< the measure is divided by to - from in years */
    bool is_ratio;             /**< LEVEL: percent above the statistic of `versus`, not the difference from it */
    ost_statistic_t statistic; /**< over the subjects */
    bool has_limit, is_below;  /**< the measure is by how much a subject is above or below a limit, ... */
    ost_quantity_t limit;      /**< ... as asked for */
    double bound_limit;        /**< in the unit of the measure, after ost_endpoint_bind_unit(); 0 without one */
    double unit;               /**< LEVEL and CHANGE: internal units in one of the unit asked for; NAN: as reported */
    ost_dim_t unit_dim;        /**< of unit */
    bool unit_is_plain;        /**< `unit` is a number without a unit */
    size_t i_output;           /**< row of the plan's outputs, after ost_endpoint_bind(), as the rest */
    size_t i_from, i_to;       /**< indices of the plan's times */
    double factor;             /**< unit asked for = factor x reported unit */
} ost_endpoint_t;

/** Index of the time nearest to t, the first of two, SIZE_MAX where it is farther than half a day, or than half of its
 * distance to the next. @param times  [n] d, ascending */
size_t ost_times_find(const double *times, size_t n, double t);
/** `times` of an experiment that have t as well, as one writes them: "{to: 2 year, every: 0.1 year}".
 * @param times  [n] d, ascending, without t @param t  d @param unit  in whose unit: "1.3 year", or another quantity of
 * a time but 0 @return buf */
char *ost_times_with(const double *times, size_t n, double t, const char *unit, char *buf, size_t size);
/** The same of an experiment's output times. */
size_t ost_endpoint_time(const ost_experiment_t *experiment, double t);
/** The endpoint that an experiment asks for; not bound to a plan. @return 0 or OST_ERR_NAME: its statistic is not one
 * of an arm alone */
int ost_endpoint_asked(ost_endpoint_t *self, const ost_experiment_t *experiment, const ost_asked_t *asked,
    ost_error_t *err) OST_MUST_CHECK;
/** That the plan has output and times of endpoint i of its experiment. @return 0, or OST_ERR_NAME or OST_ERR_VALUE with
 * the place */
int ost_endpoint_check(const ost_plan_t *plan, size_t i, ost_error_t *err) OST_MUST_CHECK;
/** That the plan has outputs and times of all endpoints of its experiment. @return 0, or OST_ERR_NAME or OST_ERR_VALUE
 * with the place */
int ost_endpoints_check(const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/** Warn of endpoints that are taken at another time than they name. @return 0 or OST_ERR_NO_MEMORY */
int ost_endpoints_doubt(const ost_experiment_t *experiment, ost_text_list_t *warnings) OST_MUST_CHECK;
/** Find output, times and unit in a plan. @param[out] why  [size] for a person, where it is not possible
 * @return false where the plan has no such output, or the output cannot be in the unit */
bool ost_endpoint_bind(ost_endpoint_t *self, const ost_plan_t *plan, char *why, size_t size);
/** Find the factor from the unit of the output, as it is reported, and the limit in that unit. @param[out] why  [size]
 * for a person, where it is not possible @return false where output or limit cannot be in the unit asked for */
bool ost_endpoint_bind_unit(ost_endpoint_t *self, const char *unit, char *why, size_t size);
/** What an endpoint is: "mean percent change of bmd[total_hip], anastrozole - no_treatment, month 0 to 60". @return buf
 */
char *ost_asked_describe(const ost_asked_t *asked, ost_statistic_t statistic, char *buf, size_t size);
/** The unit of a bound endpoint's measure of a subject, as reported. @return the plan's, or a literal */
const char *ost_endpoint_measure_unit(const ost_endpoint_t *self, const ost_plan_t *plan);
/** The unit of its value: "1" of a number of subjects, "%" of a part of them, else that of the measure. */
const char *ost_endpoint_unit(const ost_endpoint_t *self, const ost_plan_t *plan);
/** The measure of one subject, or by how much it is beyond the limit. @param from, to  the output at the two times,
 * reported unit */
double ost_endpoint_measure(const ost_endpoint_t *self, double from, double to);
/** The measure itself of what ost_endpoint_measure() gives. */
double ost_endpoint_unlimited(const ost_endpoint_t *self, double measure);

/** Measures of all endpoints for every subject of a run: a sink of ost_cohort_run(). */
typedef struct {
    const ost_plan_t *plan;          /**< borrowed */
    const ost_endpoint_t *endpoints; /**< [n_endpoints] bound, borrowed */
    size_t n_endpoints;
    size_t n_positions; /**< subjects of the run, of all variants */
    double *values;     /**< [n_endpoints][2][n_positions] of the arm, of `versus`; owned */
} ost_collector_t;
/** Begin. Must be freed also after an error. @return 0 or OST_ERR_NO_MEMORY */
int ost_collector_init(ost_collector_t *self, const ost_plan_t *plan, const ost_endpoint_t *endpoints, size_t n,
    size_t n_positions, ost_error_t *err) OST_MUST_CHECK;
/** The sink; the options' `user` is the collector. */
int ost_collector_sink(void *self, const ost_cohort_block_t *block, ost_error_t *err);
/** Endpoint i over n subjects from position `first` on. @param work  [n] */
ost_estimate_t ost_collector_estimate(const ost_collector_t *self, size_t i, size_t first, size_t n, double *work);
/** Free. */
void ost_collector_free(ost_collector_t *self);

#endif
