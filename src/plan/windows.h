/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file windows.h  Values that act from one time to another, and what they make together. */
#ifndef OST_PLAN_WINDOWS_H
#define OST_PLAN_WINDOWS_H

#include "plan/doses.h"

/** A value that acts from `on` to `off`, beside others of its kind. */
typedef struct {
    double on, off;                 /**< d, half-open */
    double value;                   /**< internal units */
    const ost_drive_input_t *drive; /**< where it comes from, NULL for an infusion */
} ost_window_t;

/** The windows of one input in one arm. */
typedef struct {
    ost_window_t *window; /**< [n], owned */
    size_t n, max;
    ost_error_t *err; /**< the maker's: after the first error nothing is added */
} ost_windows_t;

/** Add one. */
void ost_windows_add(ost_windows_t *self, double on, double off, double value, const ost_drive_input_t *drive);
/** Sort by start. */
void ost_windows_sort(ost_windows_t *self);
/** Those in which an arm drives a signal, instead of what was there; sorted. */
void ost_windows_collect(ost_windows_t *self, const ost_arm_t *arm, const char *signal, double t_begin);
/** What sorted windows from number `first` on make together at time t, d; computed anew each time, so that a window
 * that is over leaves no rounding error. @param idle  the value where none acts
 *  @return NAN with OST_ERR_VALUE where two act on a signal that can have one driver only */
double ost_windows_value(const ost_windows_t *self, size_t first, double t, ost_combine_t combine, double idle,
    const ost_experiment_t *e, const ost_arm_t *arm);

#endif
