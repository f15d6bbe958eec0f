/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file inputs.h  Inputs of the system, which only events change: what each stands for, and its value before any. */
#ifndef OST_PLAN_INPUTS_H
#define OST_PLAN_INPUTS_H

#include "plan/doses.h"
#include "plan/wiring.h"

/** An input that is added to the rate of a state. */
typedef struct {
    uint32_t state, input;
} ost_infusion_t;

/** The inputs. A block can be held, which is 1 in an input of its own, if it takes doses and time enters neither its
 * equations nor a condition: its states then stand still, and its drives have the values of the inputs that follow. It
 * is held until its first dose where it is at its steady state, and at periodic steady state under regular doses. */
typedef struct {
    size_t n;
    const double *idle;     /**< [n] before any event; means of held drives are the subject's own */
    const int32_t *hold;    /**< [n_blocks] 1 in this input holds the block, followed by the means of
                               its drives; -1: it is never held */
    const int32_t *ripple;  /**< [n_blocks] first input of the ripple of a linear block that periodic dosing may average
                               (ost_series_t), -1: it never is */
    const int32_t *level;   /**< [n_blocks] first of the levels of its drives, in the ripple, or -1 */
    int32_t levels;         /**< not 0 in this input: drives are at two levels (ost_series_t); -1: they never are */
    const int32_t *outside; /**< [n_signals] the outside drive of the signal, -1: none */
    const ost_infusion_t *infusions;        /**< [n_infusions] those that are the same for all come first */
    size_t n_infusions, n_shared_infusions; /**< infusions into one state share an input, but for subject-specific
                                               ones */
    const uint32_t *const *infusion;        /**< [n_arms][n_regimens] input of the line's infusion */
} ost_inputs_t;

/** @return NULL on error: a signal without neutral value is not driven at the start, or differently in arms that share
 * a run-in */
const ost_inputs_t *ost_inputs_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_wiring_t *wiring,
    const ost_doses_t *doses, ost_maker_t *make);

#endif
