/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steady states of drugs under repeated doses: in closed form where kinetics are linear, else by iteration. */
#ifndef OST_COHORT_STEADY_H
#define OST_COHORT_STEADY_H

#include "plan/rows.h"

/* Of one thread. */
typedef struct ost_steady ost_steady_t;

/* @param self  NULL where no arm of the plan asks for a steady state @return 0, OST_ERR_NO_MEMORY and others of
 * ost_batch_new */
int ost_steady_new(
    ost_steady_t **self, const ost_plan_t *plan, const ost_solver_options_t *options, ost_error_t *err) OST_MUST_CHECK;
/* Accepts NULL. */
void ost_steady_delete(ost_steady_t *self);
/* Choose the subject. @param x0  states of other blocks, and of this one without doses. All are borrowed, as those of a
 * job, until the next call. */
void ost_steady_set(ost_steady_t *self, const double *x0, const double *constants, const double *inputs);
/* ost_steady_fn; user: the ost_steady_t */
int ost_steady_find(void *user, const ost_cycle_t *cycle, double *x, ost_error_t *err) OST_MUST_CHECK;

#endif
