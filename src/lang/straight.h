/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expressions that are straight in time between known kinks, as tables are, over a stretch of time. Of a table of
 * thousands of points all pieces but one or two are constant there: only what changes within the stretch is computed,
 * so that a look takes the time of the logarithm of their number. */
#ifndef OST_LANG_STRAIGHT_H
#define OST_LANG_STRAIGHT_H

#include "lang/forcing_impl.h"
#include "lang/look.h"

/** What is constant of one node that a straight expression is computed from. */
typedef struct {
    double first, last;   /**< its first and last kink, d; INFINITY and -INFINITY without */
    double before, after; /**< its value until the first and from the last on; NAN where it changes in time there */
    uint64_t looked_in;   /**< number of the look in which it was computed last */
} ost_settled_t;

/** Scratch of one thread, for the parameters of one subject. */
typedef struct {
    const ost_forcing_t *forcing; /**< borrowed */
    ost_look_t *look;             /**< [n_nodes] borrowed */
    ost_settled_t *settled;       /**< [n_nodes] */
    ost_node_t *stack;            /**< [3 n_nodes + 1] nodes whose operands come first */
    uint64_t n_looks;             /**< of nodes, over a stretch or at a point */
    uint64_t number;              /**< of the present look */
} ost_straight_t;

/** @param memory  of what it holds, which may fail */
void ost_straight_init(ost_straight_t *self, const ost_forcing_t *forcing, ost_look_t *look, ost_memory_t *memory);

/** Find what is constant, with the parameters that `look` has.
 *  @param t0             no kink before it counts, d
 *  @param first, last    ends of stretches without a kink, before the first and after the last of all, d */
void ost_straight_settle(ost_straight_t *self, double t0, const double *first, const double *last);

/** Set the look of a straight expression over the stretch from l to r, d.
 *  @param closely  the stretch has no kink but at its ends */
void ost_straight_enclose(ost_straight_t *self, ost_node_t i, double l, double r, bool closely);

/** Set its value at OST_PROBE, a time t of the stretch that was enclosed last, d. */
void ost_straight_probe(ost_straight_t *self, ost_node_t i, double t);

/** Whether it may have a kink between l and r, d. */
bool ost_straight_bends(const ost_straight_t *self, ost_node_t i, double l, double r);

#endif
