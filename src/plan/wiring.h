/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file wiring.h  Which blocks drive and read each signal, in an order in which all can be evaluated. */
#ifndef OST_PLAN_WIRING_H
#define OST_PLAN_WIRING_H

#include "plan/blocks.h"

#define OST_NO_BLOCK UINT32_MAX

/** One drive of a block. */
typedef struct {
    uint32_t block, drive;
} ost_driver_t;

/** A signal inside a plan. */
typedef struct {
    ost_signal_t signal;         /**< a copy, as the library's array moves; its names are the library's */
    const ost_driver_t *drivers; /**< [n_drivers] */
    uint32_t n_drivers;
    bool has_outside; /**< an arm drives it */
    uint32_t row;     /**< algebraic: that of its only driver, or one of its own, after those of all drives */
} ost_wired_t;

/** The signals of a plan, each after all that it is computed from. */
typedef struct {
    const ost_wired_t *signals; /**< [n_signals] in the order of evaluation */
    size_t n_signals;
    size_t n_rows;                 /**< algebraic: drives of all blocks, then signals with a row of their own */
    const uint32_t *const *reads;  /**< [n_blocks][n_reads] index of the signal */
    const uint32_t *const *drives; /**< [n_blocks][n_drives] */
    /** [n_order] steps that evaluate all rows: a drive of a block, or (block = OST_NO_BLOCK) of signal `drive` the row
     * of its own. */
    const ost_driver_t *order;
    size_t n_order;
} ost_wiring_t;

/** @return NULL on error: an unknown signal, a wrong dimension, a signal that nothing drives, a drug without response,
 * an algebraic loop */
const ost_wiring_t *ost_wiring_new(
    ost_library_t *library, const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make);
/** Whether the signal has an algebraic row of its own. */
static inline bool ost_wired_has_row(const ost_wired_t *self)
{
    return self->n_drivers != 1 || self->has_outside;
}
/** Value of a signal while no arm's window is open: 0 beside other drivers, else the neutral value, NAN where there is
 *  none. */
double ost_wired_idle(const ost_wired_t *self);

#endif
