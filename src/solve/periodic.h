/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file periodic.h  Linear equations under doses that are repeated without end, in closed form. */
#ifndef OST_SOLVE_PERIODIC_H
#define OST_SOLVE_PERIODIC_H

#include <stdbool.h>
#include <stddef.h>

/** Doses into one state that have been given for ever, and where between two of them one looks. */
typedef struct {
    double amount;   /**< of a bolus; 0 for infusions */
    double rate;     /**< of infusions, per day; 0 for boluses */
    double duration; /**< of an infusion, d; it may be longer than the interval */
    double interval; /**< d, from one dose to the next; 0: one infusion that has been running for ever */
    double phase;    /**< d since the last dose began, 0 < phase <= interval */
} ost_repeated_t;

/** How many infusions are running at the phase. */
size_t ost_repeated_running(const ost_repeated_t *self);

/** The periodic steady state of x' = A x + b.
 *  @param n  at most OST_LINEAR_MAX;  @param a  [n][n];  @param b  [n];  @param into  the dosed state
 *  @param[out] x  [n] at the phase
 *  @return false where A has no modes (ost_linear_modes()), or what is dosed does not decay */
bool ost_repeated_linear(
    const ost_repeated_t *self, size_t n, const double *a, const double *b, size_t into, double *x);

#endif
