/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file evaluate.h  Endpoints of an experiment at many points of its input factors, with the same subjects at each. */
#ifndef OST_ANALYSIS_EVALUATE_H
#define OST_ANALYSIS_EVALUATE_H

#include "analysis/factors.h"
#include "journal/values.h"
#include "observe/endpoint.h"

#include <stdatomic.h>

/** What is evaluated, and how. */
typedef struct {
    const ost_experiment_t *experiment; /**< as it is; borrowed */
    ost_library_t *library;             /**< may gain models; borrowed */
    const ost_text_list_t *settings;    /**< further settings of all points, "path=value"; borrowed */
    const size_t *endpoints;            /**< [n_endpoints] of the experiment; borrowed */
    size_t n_endpoints;
    const ost_factors_t *factors; /**< of a plan of the experiment; borrowed */
    ost_sensitivity_kind_t kind;  /**< how values of factors are made from u */
    int n_threads;                /**< 0: all */
    const atomic_bool *stop;      /**< as of ost_cohort_options_t */
    const bool *done;             /**< [n_points] points whose y is there; NULL: none */
    /** Called with the points of each run once their y is there, and what the run took. @return 0 or an error */
    int (*keep)(void *user, const size_t *points, size_t n, const ost_values_took_t *took, ost_error_t *err);
    /** Called after each block of subjects; NULL: nothing. @param done, all  subjects of all points */
    void (*progress)(void *user, uint64_t done, uint64_t all, double seconds, uint64_t failures);
    void *user; /**< handed to both */
} ost_evaluation_t;

/** Evaluate. Only arms, outputs and times that the endpoints need are simulated. Parameters that are factors are moved
 *  within one plan; other entries have the experiment planned anew for each of their values.
 *  @param u  [n_points][factors->n] @param[out] y  [n_endpoints][n_points], NAN where no subject has a value, or where
 * it was interrupted; as it was where done @param[out] took  of the points that were evaluated
 * @return 0; 1: interrupted; as ost_experiment_vary(), ost_plan_build(), ost_cohort_run() */
int ost_evaluate(const ost_evaluation_t *self, const double *u, size_t n_points, double *y, ost_values_took_t *took,
    ost_error_t *err) OST_MUST_CHECK;

#endif
