/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file schedules.h  Regimen lines that subjects take each in their own way: with a start or stop of their own,
 * missing doses, or by conditions that are evaluated at visits. Everything else of an arm is the same for all
 * (timeline.h). */
#ifndef OST_PLAN_SCHEDULES_H
#define OST_PLAN_SCHEDULES_H

#include "plan/conditions.h"
#include "plan/inputs.h"

/** A subject-specific regimen line. */
typedef struct {
    size_t arm;                   /**< of the experiment */
    const ost_regimen_t *regimen; /**< borrowed */
    const char *name;             /**< "zoledronic_acid"; "zoledronic_acid_2" for the arm's second line of it */
    uint32_t block;               /**< that the doses go to */
    const ost_line_conditions_t *conditions; /**< borrowed */
} ost_schedule_line_t;

/** The subject-specific lines of all arms, in their order. */
typedef struct {
    const ost_schedule_line_t *line; /**< [n] */
    size_t n;
    const ost_schedule_t *exact;      /**< [n] for the solver, every dose given */
    const size_t *first;              /**< [n_arms + 1] of the arm's */
    const ost_visit_t *const *visits; /**< [n_arms][n_visits[i]] sorted; index: of the schedule in its arm, one
                                         past them for eligibility */
    const size_t *n_visits;           /**< [n_arms] */
} ost_schedules_t;

/** The k-th line whose beginning or end differs between subjects. @return its index, `n`: there are not so many */
size_t ost_schedules_timed(const ost_schedules_t *self, size_t k);

/** @return NULL on error (out of memory) */
const ost_schedules_t *ost_schedules_new(const ost_experiment_t *e, const ost_doses_t *doses,
    const ost_conditions_t *conditions, const ost_inputs_t *inputs, ost_maker_t *make);

#endif
