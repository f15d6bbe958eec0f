/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the steps of all methods: sums of stages, the error norm of a step, dense output. */
#ifndef OST_SOLVE_STAGES_LANES_H
#define OST_SOLVE_STAGES_LANES_H

#include "solve/panels_lanes.h"

#include <string.h>

/* No number of a state. */
#define TINY 1e-300

#define INLINE static inline __attribute__((always_inline))

INLINE double *stage_rows(const ost_batch_t *b, int i)
{
    return b->stages + (size_t) i * b->stage_stride;
}

/* What loops over states use of a batch, copied: stores of rows may alias anything that is behind a pointer. */
typedef struct {
    double *stages, *x, *x_new, *x_at;
    size_t stride, n;
} rows_t;

/* Loops over states in spans: those that move, and the others. */
#define EACH_IN(spans, n_spans, k)                                                                                     \
    for (const ost_span_t *in_span = (spans), *end_span = in_span + (n_spans); in_span < end_span; in_span++)          \
        for (size_t k = in_span->first, end_##k = in_span->end; k < end_##k; k++)
#define EACH_MOVING(b, k) EACH_IN((b)->moving->span, (b)->moving->n_moving, k)
#define EACH_STILL(b, k) EACH_IN((b)->moving->still, (b)->moving->n_still, k)

/* Before a step from b->x: which states move in it; the others are where they are. */
static inline void find_moving(const ost_batch_t *b)
{
    const ost_system_t *system = b->system;
    ost_moving_t *moving = b->moving;
    bool changes = false;
    moving->skips_held = system->n_held > 0;
    for (size_t k = 0; k < system->n_held; k++) {
        const ost_held_t *held = &system->held[k];
        const bool is_on = !ost_mask_any(ost_v_eq(ost_v_load(ROW(b->u, held->hold)), ost_v_splat(0)));
        ost_mask flows = { 0 };
        for (size_t i = 0; i < held->n_rates; i++)
            flows |= ~ost_v_eq(ost_v_load(ROW(b->u, held->rate[i])), ost_v_splat(0));
        const bool is_held = is_on && !ost_mask_any(flows);
        moving->skips_held &= is_on == is_held;
        changes |= is_held != moving->is_held[k];
        moving->is_held[k] = is_held;
    }
    if (changes) ost_moving_refresh(moving, system);
    for (const ost_span_t *span = moving->still; span < moving->still + moving->n_still; span++) {
        const size_t n_bytes = (span->end - span->first) * OST_LANES * sizeof(double);
        memcpy(ROW(b->x_at, span->first), ROW(b->x, span->first), n_bytes);
        memcpy(ROW(b->x_new, span->first), ROW(b->x, span->first), n_bytes);
        for (int i = 0; changes && i < OST_MAX_STAGES; i++) memset(ROW(stage_rows(b, i), span->first), 0, n_bytes);
    }
}

INLINE rows_t rows_of(const ost_batch_t *b)
{
    return (rows_t){ .stages = b->stages,
        .x = b->x,
        .x_new = b->x_new,
        .x_at = b->x_at,
        .stride = b->stage_stride,
        .n = b->system->n_states };
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

/* The new state is x_at plus `increment`, the error of the step is in `error`, that of forced states in their parts. */
INLINE void error_norm(
    const ost_batch_t *b, const double *increment, const double *error_rows, int q, ost_step_result_t *result)
{
    const double *x_old = b->x, *x_at = b->x_at, *atol = b->atol, *lowest = b->floor;
    double *x_end = b->x_new, rtol = b->options.rtol;
    ost_reg error = { 0 }, tolerance = error + 1.0, finite = { 0 };
    ost_reg_mask below = { 0 };
    EACH_MOVING(b, k)
    {
        ost_reg x = ost_reg_load(ROW(x_old, k), q), x_new = ost_reg_load(ROW(x_at, k), q);
        if (increment != NULL) x_new += ost_reg_load(ROW(increment, k), q);
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

/* What is wrong of a state in closed form, and what its view leaves out, over what may be wrong. */
INLINE void take_closed(const ost_batch_t *b, uint32_t state, int q, ost_reg rest, ost_reg *unseen, ost_reg *missing)
{
    ost_reg x = ost_reg_load(ROW(b->x, state), q), x_new = ost_reg_load(ROW(b->x_new, state), q);
    ost_reg per_weight = 1.0 / error_weight(b->atol[state], b->options.rtol, x, x_new);
    *unseen = ost_reg_max(*unseen, rest * per_weight / (error_weight(0, 1, x, x_new) + TINY));
    *missing = ost_reg_max(*missing, rest * per_weight * per_weight);
}

/* After error_norm(), of a step of several panels: what forced states err by, and in the ratio also what others err by
 * as they do not see all of what is in closed form. */
INLINE void panels_norm(const ost_batch_t *b, const ost_v *h, int q, ost_step_result_t *result)
{
    const ost_reg_mask paneled = ost_reg_load(b->paneled, q) > (ost_reg){ 0 };
    const ost_reg turns = ost_reg_load(b->speed, q) * ost_reg_load((const double *) h, q), cube = turns * turns * turns;
    const ost_reg zero = { 0 }, one = zero + 1.0, response = ost_reg_min(one, turns);
    ost_reg closed = zero, unseen = zero, missing = zero;
    EACH_FORCED(b, part)
    {
        const uint32_t k = part->of->state;
        ost_reg x = ost_reg_load(ROW(b->x, k), q), x_new = ost_reg_load(ROW(b->x_new, k), q);
        ost_reg_mask active = (ost_reg_load(part->active, q) > zero) & paneled;
        ost_reg off = ost_reg_load(part->miss, q) / error_weight(b->atol[k], b->options.rtol, x, x_new);
        closed = ost_reg_max(closed, ost_reg_blend(active, off, zero));
        take_closed(b, k, q, ost_reg_blend(active, ost_reg_load(part->rest, q), zero), &unseen, &missing);
    }
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        if (!part->is_seen || part->is_empty) continue;
        for (size_t i = 0; i < part->n; i++) {
            ost_reg_mask seen = (ost_reg_load(part->seen_by, q) > zero) & paneled;
            ost_reg rest = ost_reg_blend(seen, ost_reg_load(ROW(part->rest, i), q), zero);
            if (part->shown[i]) take_closed(b, ost_linear_state(part, i), q, rest, &unseen, &missing);
        }
    }
    ost_reg_store((double *) &result->closed, q, closed);
    ost_reg_store(b->missing, q, missing * response * response);
    const ost_reg ratio = ost_reg_load((double *) &result->ratio, q);
    unseen = ost_reg_max(unseen * response, cube / (cube + VIEW_CUBE) * ost_reg_sqrt(missing));
    ost_reg_store((double *) &result->ratio, q, ost_reg_blend((unseen > 1.0) & (unseen > ratio), unseen, ratio));
}

INLINE bool has_weight(const double weights[][OST_MAX_STAGES], int n, int stage)
{
    for (int m = 0; m < n; m++)
        if (weights[m][stage] != 0) return true;
    return false;
}

/* Sum of weight[j] x stage j of state k, but for stages without weights. */
INLINE ost_reg stage_bend(const rows_t *rows, const double weights[][OST_MAX_STAGES], int n_dense,
    const ost_reg weight[OST_MAX_STAGES], size_t k, int q)
{
    const double *stage = ROW(rows->stages, k);
    ost_reg bend = { 0 };
    for (int j = 0; j < OST_MAX_STAGES; j++, stage += rows->stride)
        if (has_weight(weights, n_dense, j)) bend += weight[j] * ost_reg_load(stage, q);
    return bend;
}

/* State k in x_at between x and x_new. */
INLINE void put_between(const rows_t *rows, size_t k, int q, ost_reg part, ost_reg bend)
{
    const ost_reg rest = 1.0 - part, end = ost_reg_load(ROW(rows->x_new, k), q) + rest * bend;
    ost_reg_store(ROW(rows->x_at, k), q, rest * ost_reg_load(ROW(rows->x, k), q) + part * end);
}

/* b->x_at = x(t + theta h) of the step just tried: a straight line from b->x to b->x_new, which theta = 0 and 1 give,
 * and theta (1 - theta) times the stages, each weighted by a polynomial in theta: weights[m] are the factors of
 * theta^m. `unit` multiplies them. Without the polynomials of each state: few steps have more than one or two outputs.
 */
INLINE void interpolate(const ost_batch_t *b, const ost_wanted_states_t *wanted, const double weights[][OST_MAX_STAGES],
    int n_dense, const ost_v *theta, const ost_v *unit)
{
    const rows_t rows = rows_of(b);
    const uint32_t *const list = wanted->state;
    EACH_REG
    {
        const ost_reg part = ost_reg_load((const double *) theta, q);
        ost_reg weight[OST_MAX_STAGES];
        for (int j = 0; j < OST_MAX_STAGES; j++) {
            weight[j] = ost_reg_splat(weights[n_dense - 1][j]);
            for (int m = n_dense - 1; m-- > 0;) weight[j] = weight[j] * part + weights[m][j];
            if (unit != NULL) weight[j] *= ost_reg_load((const double *) unit, q);
        }
        for (size_t i = 0; list != NULL && i < wanted->n; i++) {
            const size_t k = list[i];
            put_between(&rows, k, q, part, stage_bend(&rows, weights, n_dense, weight, k, q));
        }
        if (list != NULL) continue;
        EACH_MOVING(b, k) put_between(&rows, k, q, part, stage_bend(&rows, weights, n_dense, weight, k, q));
        EACH_STILL(b, k) put_between(&rows, k, q, part, (ost_reg){ 0 });
    }
}

#endif
