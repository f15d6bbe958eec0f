/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sparse elimination of a system's Jacobian, planned once and then run over lanes as lists.
 *
 * With J the entries of the system, s its algebraic quantities and d = 1/(h gamma), the matrix of a Rosenbrock step is
 * -M, M = [f_x - d, f_s; g_x, g_s - 1]. Algebraic quantities are eliminated first: each is an explicit function of
 * others, so their pivots are all -1 and the result is the chain rule, also for the partial derivatives by time, which
 * are carried as one more column. States follow in an order of little fill. M = (1 - L)U with L's sign turned and U's
 * pivots stored as -1/u, so that every inner loop is a sum of products. */
#ifndef OST_SOLVE_ELIMINATION_H
#define OST_SOLVE_ELIMINATION_H

#include "solve/solve.h"

/* How a finished sum is stored, where `scale` is not the row to multiply it by. */
#define OST_STORE_PLAIN UINT32_MAX
#define OST_STORE_PIVOT (UINT32_MAX - 1) /* -1 / (sum - d) */

/* Offsets below are row numbers times OST_LANE_COUNT, ready to be added to a pointer. */
typedef struct {
    uint32_t a, b;
} ost_term_t;

/* value[dst] = (value[src] + sum over terms of value[a] x value[b]) x value[scale] */
typedef struct {
    uint32_t dst, src, scale, n_terms;
} ost_sum_t;

typedef struct {
    ost_sum_t *ops;
    ost_term_t *terms; /* of all operations, one after the other */
    size_t n_ops, n_terms, max_ops, max_terms;
} ost_op_list_t;

typedef struct {
    /* Values: the system's entries as jacobian() writes them, then a row that is always 0, then fill. */
    size_t n_rows;
    ost_op_list_t factor;
    ost_op_list_t forward;  /* r[dst] += sum of value[a] x r[b] */
    ost_op_list_t backward; /* r[dst] = (r[dst] + sum of value[a] x r[b]) x value[scale] */
    /* Total derivatives of state rates by time, after factor. */
    uint32_t *time_state, *time_value; /* [n_time] offsets */
    size_t n_time;
} ost_elimination_t;

/* @return 0, OST_ERR_NO_MEMORY or OST_ERR_MODEL (an entry out of range or given twice; algebraic quantities that need
 * each other) */
int ost_elimination_init(ost_elimination_t *self, const ost_system_t *system, ost_error_t *err) OST_MUST_CHECK;
void ost_elimination_free(ost_elimination_t *self);

/* Room for what ost_elimination_select() may leave of `all`. @return 0 or OST_ERR_NO_MEMORY */
int ost_elimination_reserve(
    ost_elimination_t *self, const ost_elimination_t *all, size_t n_states, ost_error_t *err) OST_MUST_CHECK;
/* What is left of `all` where entries in the rows and columns of some states are 0, as those of right-hand sides are in
 * their rows. In the same order, so that the others' results are the same. @param is_still  [n_states] those states
 *  @param[out] is_zero  [all->n_rows] values that are 0, or that nothing needs */
void ost_elimination_select(ost_elimination_t *self, const ost_elimination_t *all, const ost_system_t *system,
    const bool *is_still, bool *is_zero);

#endif
