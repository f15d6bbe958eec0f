/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file doses.h  Where the doses of each regimen line go, and when arms begin and end. */
#ifndef OST_PLAN_DOSES_H
#define OST_PLAN_DOSES_H

#include "plan/blocks.h"

/** Regular doses that may be held at their periodic steady state: this many at least ... */
#define OST_REPEAT_MIN_DOSES 10
/** ... no further apart than this, d. */
#define OST_REPEAT_MAX_INTERVAL 1.0

/** An infusion takes this long at least, d. */
#define OST_MIN_DURATION 1e-6

/** Where the doses of one regimen line go. */
typedef struct {
    uint32_t block, state; /**< state: among those of all blocks */
    bool is_infusion;
    bool is_subject_specific; /**< subjects take them each in their own way, ... */
    bool is_scheduled;        /**< ... by a schedule; else by rows of a table of events */
} ost_dose_target_t;

/** The doses of all arms. */
typedef struct {
    const ost_dose_target_t *const *target; /**< [n_arms][n_regimens] */
    /** Arms are integrated over this, d: from the earliest of time 0, the first output, dose and outside drive to the
     * last output, or just past it where rows of its time act before it. The run-in ends at t_begin; a subject whose
     * run-in would start later has none. */
    double t_begin, t_end;
    /** Events are known up to here, d: so much further than the end that neither the last steps (which look ahead by
     * two) nor what counts as regular depend on where the last output is. */
    double t_known;
} ost_doses_t;

/** A regimen line as one subject takes it. */
typedef struct {
    double start, stop;        /**< d; start is INFINITY where a visit decides */
    double amount;             /**< internal units, of each dose */
    double interval, duration; /**< d; 0 as in ost_regimen_t */
} ost_own_line_t;
/** Values of its formulas, which are not checked. @param covariates  of the subject */
ost_own_line_t ost_regimen_own(const ost_regimen_t *regimen, const double *covariates);

/** @return NULL on error: a drug that takes no doses, an unknown compartment, a wrong dimension, a value out of range,
 *  no output times */
const ost_doses_t *ost_doses_new(const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make);

#endif
