/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file timeline.h  What happens to all subjects of an arm alike, and when. */
#ifndef OST_PLAN_TIMELINE_H
#define OST_PLAN_TIMELINE_H

#include "plan/population.h"
#include "plan/series.h"

/** The events of one arm. */
typedef struct {
    const ost_event_t *events;   /**< [n_known]; series: index of the repeat */
    size_t n_events;             /**< those before t_end */
    size_t n_known;              /**< and some after it, so that nothing depends on where the last output is */
    const ost_repeat_t *repeats; /**< [n_repeats] */
    size_t n_repeats;
} ost_arm_timeline_t;

/** The events of all arms. */
typedef struct {
    const ost_arm_timeline_t *arms; /**< [n_arms] */
    size_t n_arms;
    const bool *is_averaged;           /**< [n_blocks] doses of the block repeat in some arm: its drives need means */
    const int32_t *repeat_of_schedule; /**< [schedules->n] index in its arm, -1: none */
} ost_timeline_t;

/** @return NULL on error: two drive a signal at one time that can have one driver only; nothing drives one without
 *  neutral value */
const ost_timeline_t *ost_timeline_new(const ost_experiment_t *e, const ost_blocks_t *blocks,
    const ost_population_t *population, const ost_wiring_t *wiring, const ost_doses_t *doses,
    const ost_inputs_t *inputs, const ost_schedules_t *schedules, ost_maker_t *make);

#endif
