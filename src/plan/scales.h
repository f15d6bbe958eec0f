/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file scales.h  Typical sizes of states that start at 0 and whose model gives none: those of their own unit would
 * make the accuracy depend on it. */
#ifndef OST_PLAN_SCALES_H
#define OST_PLAN_SCALES_H

#include "plan/plan.h"

/** The scale of every state: what its model says; else the largest dose into it, or what flows in from states that have
 * one (depot, central, effect), from signals or from outside during the time that is left to it, for the typical
 * subject and the smallest of the arms; where nothing flows in, for the first of 64 drawn subjects, the same whatever
 * part of a cohort is run; else 1 of its unit, which also stands where it is within 1/1000 and 2 of that size.
 *  @return [layout->n_states] internal units, INFINITY for an integral; NULL on error (out of memory) */
const double *ost_scales_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_population_t *population,
    const ost_wiring_t *wiring, const ost_doses_t *doses, const ost_layout_t *layout, const ost_forcing_t *forcing,
    ost_maker_t *make);

#endif
