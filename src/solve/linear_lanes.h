/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear parts of a system over lanes: what a step takes of them in place of stages and increments. Lanes in which a
 * part is not in closed form are left as they are. */
#ifndef OST_SOLVE_LINEAR_LANES_H
#define OST_SOLVE_LINEAR_LANES_H

#include "solve/method.h"

static inline ost_mask ost_linear_active(const ost_linear_part_t *part)
{
    return ~ost_v_eq(ost_v_load(part->active), ost_v_splat(0));
}

/* Whether the inputs that the lane's part was made at are no longer those. */
static inline bool ost_linear_is_outdated(const ost_batch_t *b, const ost_linear_part_t *part, int lane)
{
    for (size_t i = 0; i < part->of->n_inputs; i++)
        if (ROW(part->seen, i)[lane] != ROW(b->u, part->of->input[i])[lane]) return true;
    return isnan(part->lambda[lane]);
}

/* Make what is outdated in the lanes `which`. @return lanes in which anything was */
static inline ost_mask ost_linear_refresh(const ost_batch_t *b, const ost_point_t *at, ost_mask which)
{
    ost_mask made = { 0 };
    for (size_t k = 0; k < b->system->n_linear; k++) {
        for (int l = 0; l < OST_LANES; l++) {
            if (!which[l] || !ost_linear_is_outdated(b, &b->parts[k], l)) continue;
            if (!ost_mask_any(made)) {
                b->system->rhs(b->system->self, at, b->stages);
                b->system->jacobian(b->system->self, at, b->values);
            }
            ost_linear_make(&b->parts[k], l, b->x, b->u, b->stages, b->values);
            made[l] = -1;
        }
    }
    return made;
}

/* Lanes in which mode i has still to move a state at b->x by more than may be wrong of it. */
static inline ost_mask ost_linear_moves(const ost_batch_t *b, const ost_linear_part_t *part, size_t i)
{
    const size_t n = part->of->n_states;
    ost_v left = ost_v_load(ROW(part->b, i)) / ost_v_load(ROW(part->lambda, i));
    for (size_t j = 0; j < n; j++)
        left += ost_v_load(ROW(part->w, i * n + j)) * ost_v_load(ROW(b->x, part->of->state[j]));
    ost_mask moves = { 0 };
    for (size_t j = 0; j < n; j++) {
        const uint32_t k = part->of->state[j];
        ost_v weight = b->atol[k] + b->options.rtol * ost_v_abs(ost_v_load(ROW(b->x, k)));
        moves |= ~ost_v_le(ost_v_abs(left * ost_v_load(ROW(part->v, j * n + i))), weight);
    }
    return moves;
}

/* The time constant of the fastest mode of all parts that moves, INFINITY where none does. */
static inline ost_v ost_linear_fastest(const ost_batch_t *b)
{
    ost_v fastest = ost_v_splat(0);
    for (size_t k = 0; k < b->system->n_linear; k++) {
        const ost_linear_part_t *part = &b->parts[k];
        const ost_mask active = ost_linear_active(part);
        for (size_t i = 0; i < part->of->n_states; i++) {
            ost_v speed = ost_v_abs(ost_v_load(ROW(part->lambda, i)));
            ost_mask counts = active & ost_linear_moves(b, part, i);
            fastest = ost_v_blend(counts, ost_v_max(fastest, speed), fastest);
        }
    }
    return 1.0 / fastest;
}

/* Begin a step at b->x, where the right-hand side is f. */
static inline void ost_linear_begin(const ost_batch_t *b, const double *f)
{
    for (size_t k = 0; k < b->system->n_linear; k++) {
        const ost_linear_part_t *part = &b->parts[k];
        const size_t n = part->of->n_states;
        if (!ost_mask_any(ost_linear_active(part))) continue;
        for (size_t i = 0; i < n; i++) {
            ost_v sum = ost_v_splat(0);
            for (size_t j = 0; j < n; j++)
                sum += ost_v_load(ROW(part->w, i * n + j)) * ost_v_load(ROW(b->x, part->of->state[j]));
            ost_v_store(ROW(part->z, i), sum);
            ost_v_store(ROW(part->rate, i), ost_v_load(ROW(f, part->of->state[i])));
        }
    }
}

static inline void ost_linear_clear_entries(const ost_batch_t *b)
{
    for (size_t k = 0; k < b->system->n_linear; k++) {
        const ost_linear_part_t *part = &b->parts[k];
        ost_mask active = ost_linear_active(part);
        for (size_t e = 0; ost_mask_any(active) && e < part->n_entries; e++) {
            double *entry = ROW(b->values, part->entry[e]);
            ost_v_store(entry, ost_v_blend(active, ost_v_splat(0), ost_v_load(entry)));
        }
    }
}

/* The states' rows of `rows` = factor times their rates at the start of the step. */
static inline void ost_linear_put_rates(const ost_batch_t *b, double factor, double *rows)
{
    for (size_t k = 0; k < b->system->n_linear; k++) {
        const ost_linear_part_t *part = &b->parts[k];
        ost_mask active = ost_linear_active(part);
        for (size_t i = 0; ost_mask_any(active) && i < part->of->n_states; i++) {
            double *row = ROW(rows, part->of->state[i]);
            ost_v_store(row, ost_v_blend(active, factor * ost_v_load(ROW(part->rate, i)), ost_v_load(row)));
        }
    }
}

/* Mode i at time s of the step: z exp(lambda s) + b (exp(lambda s) - 1)/lambda */
static inline ost_v ost_linear_mode(const ost_linear_part_t *part, size_t i, ost_v s)
{
    ost_v lambda = ost_v_load(ROW(part->lambda, i)), b = ost_v_load(ROW(part->b, i)), x = lambda * s, e = ost_v_exp(x);
    ost_v z = ost_v_load(ROW(part->z, i)) * e;
    ost_mask constant = ~ost_v_eq(b, ost_v_splat(0));
    if (!ost_mask_any(constant)) return z;
    ost_v series = s * (1.0 + x / 2 * (1.0 + x / 3 * (1.0 + x / 4 * (1.0 + x / 5 * (1.0 + x / 6)))));
    ost_mask small = ost_v_lt(ost_v_abs(x), ost_v_splat(1e-2));
    return ost_v_blend(constant, z + b * ost_v_blend(small, series, (e - 1.0) / lambda), z);
}

/* The states' rows of b->x_at at time s of the step. */
static inline void ost_linear_put_states(const ost_batch_t *b, ost_v s)
{
    for (size_t k = 0; k < b->system->n_linear; k++) {
        const ost_linear_part_t *part = &b->parts[k];
        const size_t n = part->of->n_states;
        ost_mask active = ost_linear_active(part);
        if (!ost_mask_any(active)) continue;
        ost_v mode[OST_LINEAR_MAX];
        for (size_t j = 0; j < n; j++) mode[j] = ost_linear_mode(part, j, s);
        for (size_t i = 0; i < n; i++) {
            double *row = ROW(b->x_at, part->of->state[i]);
            ost_v sum = ost_v_splat(0);
            for (size_t j = 0; j < n; j++) sum += ost_v_load(ROW(part->v, i * n + j)) * mode[j];
            ost_v_store(row, ost_v_blend(active, sum, ost_v_load(row)));
        }
    }
}

#endif
