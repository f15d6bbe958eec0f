/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file visit.h  How one subject takes the schedules of a plan, and what visits change. */
#ifndef OST_PLAN_VISIT_H
#define OST_PLAN_VISIT_H

#include "plan/plan.h"

/** Context of the visits of one job, its `user`. */
typedef struct {
    const ost_plan_t *plan;   /**< borrowed, as all */
    size_t arm;               /**< of the experiment */
    const double *covariates; /**< [n_covariates] of the subject */
    double *values;           /**< [conditions->n_values] scratch of the thread */
    double *began, *ended;    /**< of the arm's schedules, `stride` apart: times, d, as in ost_cohort_block_t */
    size_t stride;
    bool is_out;           /**< set where the subject is not eligible, or in no stratum */
    bool is_eligible;      /**< set at time 0, whatever the strata */
    size_t stratum;        /**< set at time 0: the first whose condition holds */
    const char *undecided; /**< key of the first condition that is not a number, NULL: none; its text, and when, d */
    const char *undecided_text;
    double t_undecided;
} ost_visit_context_t;

/** How one subject takes all schedules. @param[in,out] t_begin  moved to its first dose, if that is earlier
 *  @param[out] records  [schedules->n] @return 0 or OST_ERR_VALUE */
int ost_plan_dosing_records(const ost_plan_t *self, const double *covariates, ost_dosing_record_t *records,
    double *t_begin, ost_error_t *err) OST_MUST_CHECK;
/** The subject takes no part in the arm: it begins and ends no doses. */
void ost_visit_context_exclude(ost_visit_context_t *self);
/** Give a job that has its schedules and dosing records the visits of its arm; note when doses begin and end as far as
 *  no visit decides it. */
void ost_visit_context_attach(ost_visit_context_t *self, ost_job_t *job);

#endif
