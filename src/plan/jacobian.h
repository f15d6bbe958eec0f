/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file jacobian.h  What the equations need: signals in the order of their evaluation, and entries of the Jacobian. */
#ifndef OST_PLAN_JACOBIAN_H
#define OST_PLAN_JACOBIAN_H

#include "plan/layout.h"

#define OST_NO_ENTRY UINT32_MAX

/** Entries: block after block those of its states, then of each drive that equations need; then one for each driver of
 *  the signals with a row of their own; then those of integrals. */
typedef struct {
    const uint32_t *row, *col; /**< [n_entries] unknowns: states, then algebraic rows; column past them: time */
    size_t n_entries;
    const uint32_t *block_entry; /**< [n_blocks + 1] first of each block */
    const uint32_t *drive_entry; /**< [blocks->n_drives] first of each drive, OST_NO_ENTRY where only outputs need it */
    const uint32_t *signal_entry; /**< [n_signals] first of the signal's own row, OST_NO_ENTRY where it has none, or
                                     only outputs need it */
    size_t integral_entry;        /**< first of the integrals, in the order of blocks and drives */
    /** [n_steps] as wiring->order, those that equations need first; rows that nothing reads are left out. */
    const ost_driver_t *steps;
    size_t n_steps, n_rate_steps;
} ost_jacobian_t;

/** @return NULL on error (out of memory) */
const ost_jacobian_t *ost_jacobian_new(
    const ost_blocks_t *blocks, const ost_wiring_t *wiring, const ost_layout_t *layout, ost_maker_t *make);

#endif
