/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the steps of all methods: sums of stages, the error norm of a step, dense output. */
#ifndef OST_SOLVE_STAGES_LANES_H
#define OST_SOLVE_STAGES_LANES_H

#include "solve/forced_lanes.h"

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

/* The largest error / weight by cross multiplication: one division a step instead of one a state. */
INLINE void take_larger(ost_reg *error, ost_reg *tolerance, ost_reg off, ost_reg weight)
{
    ost_reg_mask larger = off * *tolerance > *error * weight;
    *error = ost_reg_blend(larger, off, *error);
    *tolerance = ost_reg_blend(larger, weight, *tolerance);
}

INLINE ost_reg error_weight(double atol, double rtol, ost_reg x, ost_reg x_new)
{
    x = ost_reg_abs(x);
    x_new = ost_reg_abs(x_new);
    return atol + rtol * ost_reg_blend(x > x_new, x, x_new);
}

/* The new state is x_at plus `last`, the error of the step is in `error`, that of forced states in their parts. */
INLINE void error_norm(
    const ost_batch_t *b, const double *last, const double *error_rows, int q, ost_step_result_t *result)
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
        take_larger(&error, &tolerance, off, error_weight(atol[k], rtol, x, x_new));
    }
    EACH_FORCED(b, part)
    {
        const uint32_t k = part->of->state;
        ost_reg x = ost_reg_load(ROW(x_old, k), q), x_new = ost_reg_load(ROW(x_end, k), q);
        take_larger(&error, &tolerance, ost_reg_load(part->error, q), error_weight(atol[k], rtol, x, x_new));
    }
    ost_reg_store((double *) &result->ratio, q, error / tolerance + finite);
    memcpy((int64_t *) &result->negative + q * OST_REG_LANES, &below, sizeof(below));
}

INLINE bool has_weight(const double weights[][OST_MAX_STAGES], int n, int stage)
{
    for (int m = 0; m < n; m++)
        if (weights[m][stage] != 0) return true;
    return false;
}

/* b->x_at = x(t + theta h) of the step just tried: a straight line from b->x to b->x_new, which theta = 0 and 1 give,
 * and theta (1 - theta) times the stages, each weighted by a polynomial in theta: weights[m] are the factors of
 * theta^m. `unit` multiplies them. Without the polynomials of each state: few steps have more than one or two outputs.
 */
INLINE void interpolate(const ost_batch_t *b, const ost_wanted_states_t *wanted, const double weights[][OST_MAX_STAGES],
    int n_dense, const ost_v *theta, const ost_v *unit)
{
    const rows_t rows = rows_of(b);
    const double *x_old = b->x, *x_new = b->x_new;
    const uint32_t *const list = wanted->state;
    const size_t n = wanted->n;
    EACH_REG
    {
        const ost_reg part = ost_reg_load((const double *) theta, q), rest = 1.0 - part;
        ost_reg weight[OST_MAX_STAGES];
        for (int j = 0; j < OST_MAX_STAGES; j++) {
            weight[j] = ost_reg_splat(weights[n_dense - 1][j]);
            for (int m = n_dense - 1; m-- > 0;) weight[j] = weight[j] * part + weights[m][j];
            if (unit != NULL) weight[j] *= ost_reg_load((const double *) unit, q);
        }
        for (size_t i = 0; i < n; i++) {
            const size_t k = list != NULL ? list[i] : i;
            const double *stage = ROW(rows.stages, k);
            ost_reg bend = { 0 };
            for (int j = 0; j < OST_MAX_STAGES; j++, stage += rows.stride)
                if (has_weight(weights, n_dense, j)) bend += weight[j] * ost_reg_load(stage, q);
            ost_reg end = ost_reg_load(ROW(x_new, k), q) + rest * bend;
            ost_reg_store(ROW(rows.x_at, k), q, rest * ost_reg_load(ROW(x_old, k), q) + part * end);
        }
    }
}

#endif
