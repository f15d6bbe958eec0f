/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file kinetics.h  Linear kinetics: the states of drugs that the solver follows in closed form. */
#ifndef OST_PLAN_KINETICS_H
#define OST_PLAN_KINETICS_H

#include "plan/jacobian.h"

/** The linear parts. A block that takes doses has one of those states whose rates are linear in them, with coefficients
 * and constants of parameters and of signals from outside or from blocks that can be held; closed while these are.
 * Other states of the block that these feed are integrated without what flows in from them.
 * A block without doses all of whose states relax at rates of parameters alone has those relax in closed form. */
typedef struct {
    const ost_linear_t *part; /**< [n] */
    size_t n;
    const ost_relaxing_t *relaxing; /**< [n_relaxing] */
    size_t n_relaxing;
} ost_kinetics_t;

/** @return NULL on error (out of memory) */
const ost_kinetics_t *ost_kinetics_new(const ost_blocks_t *blocks, const ost_wiring_t *wiring,
    const ost_inputs_t *inputs, const ost_jacobian_t *jacobian, ost_maker_t *make);

#endif
