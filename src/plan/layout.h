/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file layout.h  The states of the system, and regular doses as the solver holds them. */
#ifndef OST_PLAN_LAYOUT_H
#define OST_PLAN_LAYOUT_H

#include "plan/timeline.h"

#define OST_NO_STATE UINT32_MAX

/** States of all blocks, then an integral of each drive of the blocks that are averaged. */
typedef struct {
    size_t n_states;
    const uint32_t *integral; /**< [n_blocks] state of the block's first integral, OST_NO_STATE where it has none */
    const bool *positive;     /**< [n_states] */
    const char *const *state_names;    /**< [n_states] "aibl.C", "pill.integral(share)" */
    const char *const *switch_names;   /**< [blocks->n_switches] "line 27 of aibl" */
    const ost_series_t *const *series; /**< [n_arms][timeline->arms[i].n_repeats] */
    const ost_schedule_t *schedules;   /**< [schedules->n] as exact, with the series that may hold each */
} ost_layout_t;

/** @return NULL on error (out of memory) */
const ost_layout_t *ost_layout_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_inputs_t *inputs,
    const ost_schedules_t *schedules, const ost_timeline_t *timeline, ost_maker_t *make);

#endif
