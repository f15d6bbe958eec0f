/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of all methods are made of: sums of stages, the verdict on a step, dense output. */
#ifndef OST_SOLVE_STAGES_LANES_H
#define OST_SOLVE_STAGES_LANES_H

#include "solve/method.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE double *stage_rows(const ost_batch_t *b, int i)
{
    return b->stages + (size_t) i * b->stage_stride;
}

/* What loops over states use of a batch, copied: stores of rows may alias anything that is behind a pointer. */
typedef struct {
    double *stages, *x, *x_at;
    size_t stride, n;
} rows_t;

INLINE rows_t rows_of(const ost_batch_t *b)
{
    return (
        rows_t){ .stages = b->stages, .x = b->x, .x_at = b->x_at, .stride = b->stage_stride, .n = b->system->n_states };
}

/* Sum of weights[j] x stage j of state k for j < n; weights and n are known to the compiler, zeros cost nothing. */
INLINE ost_reg stage_sum(const rows_t *rows, const double *weights, int n, size_t k, int q)
{
    ost_reg sum = { 0 };
    for (int j = 0; j < n; j++)
        if (weights[j] != 0) sum += weights[j] * ost_reg_load(ROW(rows->stages + (size_t) j * rows->stride, k), q);
    return sum;
}

/* The new state is x_at plus `last`, the error of the step is in `error`. */
INLINE void judge(const ost_batch_t *b, const double *last, const double *error_rows, int q, ost_step_result_t *result)
{
    const double *x_old = b->x, *x_at = b->x_at, *atol = b->atol, *lowest = b->floor;
    double *x_end = b->x_new, rtol = b->options.rtol;
    size_t n = b->system->n_states;
    ost_reg error = { 0 }, tolerance = error + 1.0, finite = { 0 };
    ost_reg_mask below = { 0 };
    for (size_t k = 0; k < n; k++) {
        ost_reg x = ost_reg_load(ROW(x_old, k), q), x_new = ost_reg_load(ROW(x_at, k), q);
        if (last != NULL) x_new += ost_reg_load(ROW(last, k), q);
        ost_reg off = ost_reg_abs(ost_reg_load(ROW(error_rows, k), q));
        ost_reg_store(ROW(x_end, k), q, x_new);
        finite += x_new * 0.0;
        below |= x_new < lowest[k];
        x = ost_reg_abs(x);
        x_new = ost_reg_abs(x_new);
        ost_reg weight = atol[k] + rtol * ost_reg_blend(x > x_new, x, x_new);
        /* The largest error / weight by cross multiplication: one division a step instead of one a state. */
        ost_reg_mask larger = off * tolerance > error * weight;
        error = ost_reg_blend(larger, off, error);
        tolerance = ost_reg_blend(larger, weight, tolerance);
    }
    ost_reg_store((double *) &result->ratio, q, error / tolerance + finite);
    memcpy((int64_t *) &result->negative + q * OST_REG_LANES, &below, sizeof(below));
}

/* Rows m of b->dense: the factor of theta^m in the polynomial that, times theta (1 - theta), is the difference of the
 * dense output from a straight line. `unit` multiplies all. */
INLINE void fill_dense(const ost_batch_t *b, const double weights[][OST_MAX_STAGES], int n_dense, const ost_v *unit)
{
    const rows_t rows = rows_of(b);
    double *dense = b->dense;
    for (size_t k = 0; k < rows.n; k++) {
        EACH_REG
        {
            for (int m = 0; m < n_dense; m++) {
                ost_reg sum = stage_sum(&rows, weights[m], OST_MAX_STAGES, k, q);
                if (unit != NULL) sum *= ost_reg_load((const double *) unit, q);
                ost_reg_store(ROW(dense, (size_t) m * rows.n + k), q, sum);
            }
        }
    }
}

#endif
