/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file series.h  Regular doses that may be held at their periodic steady state. */
#ifndef OST_PLAN_SERIES_H
#define OST_PLAN_SERIES_H

#include "plan/schedules.h"
#include "plan/windows.h"

/** A block that gets equal doses at equal intervals and nothing else in between. */
typedef struct {
    uint32_t block;
    double interval;        /**< d */
    double t_first, t_last; /**< of its first and last dose, d; NAN for a schedule, where they are the subject's own */
} ost_repeat_t;

/** Something that happens in an arm. */
typedef struct {
    ost_event_t event;
    int rank;       /**< order of what happens at one time, then `seq` */
    size_t seq;     /**< in the order found */
    uint32_t block; /**< whose doses it concerns, or OST_NO_BLOCK */
    uint32_t line;  /**< of a bolus: regimen line; else OST_NO_BLOCK */
} ost_item_t;

/** What happens in one arm, while the timeline is made. */
typedef struct {
    const ost_experiment_t *e; /**< borrowed, as all that it is made from */
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    const ost_doses_t *doses;
    const ost_inputs_t *inputs;
    const ost_schedules_t *schedules;
    ost_maker_t *make;
    bool is_periodic; /**< blocks may be held at periodic steady state */
    size_t arm;
    ost_windows_t windows; /**< of one input */
    ost_item_t *items;     /**< [n_items] */
    size_t n_items, max_items;
    ost_repeat_t *repeats; /**< [n_repeats] */
    size_t n_repeats, max_repeats;
    bool *is_averaged;           /**< [n_blocks] in any arm */
    int32_t *repeat_of_schedule; /**< [schedules->n] */
} ost_arm_draft_t;

/** Find the repeats of an arm, once its items are sorted: marks the doses that belong to each and the blocks whose
 * drives need means. Without memory the maker has the error. */
void ost_series_find(ost_arm_draft_t *self);

#endif
