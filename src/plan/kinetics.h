/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file kinetics.h  Linear kinetics: the states of drugs that the solver follows in closed form. */
#ifndef OST_PLAN_KINETICS_H
#define OST_PLAN_KINETICS_H

#include "plan/jacobian.h"

/** The linear parts. A block that takes doses has one of those states whose rates are linear in them, with coefficients
 * and constants of parameters and of signals from outside or from blocks that can be held; closed while these are.
 * Other states of the block that these feed are integrated without what flows in from them.
 * The states of a block without doses are forced where each relaxes at a rate of parameters alone, and all that they
 * read is from outside or from drives of those linear states. */
typedef struct {
    const ost_linear_t *part; /**< [n] */
    size_t n;
    const ost_forced_t *forced; /**< [n_forced] */
    size_t n_forced;
    const uint32_t *forced_block; /**< [n_forced_blocks] the blocks of those states */
    size_t n_forced_blocks;
    const ost_driver_t *forced_step; /**< [n_forced_steps] of jacobian->steps, those that their rates need */
    size_t n_forced_steps;
} ost_kinetics_t;

/** @return NULL on error (out of memory) */
const ost_kinetics_t *ost_kinetics_new(const ost_blocks_t *blocks, const ost_wiring_t *wiring,
    const ost_inputs_t *inputs, const ost_jacobian_t *jacobian, ost_maker_t *make);

#endif
