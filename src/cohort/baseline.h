/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outputs that a subject is given at time 0, and the parameters that are solved for them. */
#ifndef OST_COHORT_BASELINE_H
#define OST_COHORT_BASELINE_H

#include "plan/plan.h"

/* Scratch of one thread. */
typedef struct ost_baseline_solver ost_baseline_solver_t;

/* @param[out] self  NULL where no output is given. @return 0 or OST_ERR_NO_MEMORY */
int ost_baseline_solver_new(ost_baseline_solver_t **self, const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/* Accepts NULL. */
void ost_baseline_solver_delete(ost_baseline_solver_t *self);
/* Move the parameters of a subject until its outputs at time 0, without errors of measurement, are what they are given
 * as, to 1e-11. Its states stay as they are: where these depend on the parameters, its history is integrated again, and
 * so on. @param covariates, inputs  of the subject; @param x  [n_states] at time 0; @param params  [n_params]
 * @return 0: nothing had to be moved; 1: moved; OST_ERR_VALUE: not within the range of a parameter */
int ost_baseline_solve(ost_baseline_solver_t *self, const double *covariates, const double *x, const double *inputs,
    double *params, ost_error_t *err) OST_MUST_CHECK;

#endif
