/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear parts of a system over lanes: what a step takes of them in place of stages and increments. Lanes in which a
 * part is not in closed form are left as they are. */
#ifndef OST_SOLVE_LINEAR_LANES_H
#define OST_SOLVE_LINEAR_LANES_H

#include "solve/forced_lanes.h"

#include <string.h>

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

/* The place of state i of n: its own, then those that are fed. */
static inline uint32_t ost_linear_state(const ost_linear_part_t *part, size_t i)
{
    return i < part->of->n_states ? part->of->state[i] : part->of->fed[i - part->of->n_states];
}

static inline void ost_linear_drop_flows(const ost_batch_t *b, const ost_point_t *at, double *f)
{
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        if (part->of->n_flows == 0 || !ost_mask_any(ost_linear_active(part))) continue;
        for (size_t k = 0; k < part->of->n_flows; k++) {
            double *rate = ROW(f, ost_linear_state(part, part->into[k]));
            ost_v from = ost_v_load(ROW(at->x, part->of->state[part->from[k]]));
            ost_v_store(rate, ost_v_load(rate) - ost_v_load(ROW(part->flow, k)) * from);
        }
    }
}

/* Rates of what steps follow: without the flows. */
static inline void ost_linear_rhs(const ost_batch_t *b, const ost_point_t *at, double *f)
{
    b->system->rhs(b->system->self, at, f);
    ost_linear_drop_flows(b, at, f);
}

/* Those rates, and the Jacobian, in which the flows still are. */
static inline void ost_linear_jacobian(const ost_batch_t *b, const ost_point_t *at, double *f)
{
    b->system->jacobian(b->system->self, at, f, b->values);
    ost_linear_drop_flows(b, at, f);
}

static inline void ost_linear_evaluate(const ost_batch_t *b, const ost_point_t *at, ost_mask made)
{
    if (ost_mask_any(made)) return;
    b->system->jacobian(b->system->self, at, b->stages, b->values);
}

/* Let the lane's closed forms be made at its next restart. */
static inline void ost_linear_forget_lane(ost_batch_t *b, int lane)
{
    for (size_t i = 0; i < b->system->n_linear; i++) ost_linear_forget(&b->parts[i], lane);
    ost_forced_forget(b, lane);
    b->lanes[lane].is_new = false;
}

/* A part that only forced states read is seen by integrated ones as well where one of those is not known. */
static inline void ost_linear_find_seen(const ost_batch_t *b)
{
    const ost_v one = ost_v_splat(1);
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
        ost_v_store(part->seen_by, part->is_shown ? ost_v_load(part->active) : ost_v_splat(0));
    EACH_FORCED(b, forced)
    for (size_t i = 0; i < forced->of->n_parts; i++) {
        ost_linear_part_t *part = &b->parts[forced->of->part[i]];
        ost_mask sees = ost_linear_active(part) & ~ost_forced_active(forced);
        ost_v_put(part->seen_by, sees, one);
    }
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
        part->is_seen = ost_mask_any(ost_v_eq(ost_v_load(part->seen_by), one));
}

/* Make what is outdated in the lanes `which`. @return lanes in which anything was */
static inline ost_mask ost_linear_refresh(const ost_batch_t *b, const ost_point_t *at, ost_mask which)
{
    ost_mask made = { 0 };
    for (size_t k = 0; k < b->system->n_linear; k++) {
        for (int l = 0; l < OST_LANES; l++) {
            if (!which[l] || !ost_linear_is_outdated(b, &b->parts[k], l)) continue;
            ost_linear_evaluate(b, at, made);
            ost_linear_make(&b->parts[k], l, b->x, b->u, b->stages, b->values);
            made[l] = -1;
        }
    }
    for (int l = 0; l < OST_LANES; l++) {
        if (!which[l] || !ost_forced_is_outdated(b, l)) continue;
        ost_linear_evaluate(b, at, made);
        ost_forced_make(b, l);
        made[l] = -1;
    }
    ost_forced_refresh(b);
    ost_linear_find_seen(b);
    return made;
}

/* Lanes in which mode i has still to move a state at b->x by more than may be wrong of it. */
static inline ost_mask ost_linear_moves(const ost_batch_t *b, const ost_linear_part_t *part, size_t i)
{
    const size_t n = part->n;
    ost_v left = ost_v_load(ROW(part->b, i)) / ost_v_load(ROW(part->lambda, i));
    for (size_t j = 0; j < part->of->n_states; j++)
        left += ost_v_load(ROW(part->w, i * n + j)) * ost_v_load(ROW(b->x, part->of->state[j]));
    ost_mask moves = { 0 };
    for (size_t j = 0; j < n; j++) {
        const uint32_t k = ost_linear_state(part, j);
        ost_v weight = b->atol[k] + b->options.rtol * ost_v_abs(ost_v_load(ROW(b->x, k)));
        moves |= ~ost_v_le(ost_v_abs(left * ost_v_load(ROW(part->v, j * n + i))), weight);
    }
    return moves;
}

/* The time constant of the fastest mode of all parts that moves, INFINITY where none does. */
static inline ost_v ost_linear_fastest(const ost_batch_t *b)
{
    ost_v fastest = ost_forced_speed(b);
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        const ost_mask active = ost_linear_active(part);
        for (size_t i = 0; i < part->n; i++) {
            ost_v speed = ost_v_abs(ost_v_load(ROW(part->lambda, i)));
            ost_mask counts = active & ost_linear_moves(b, part, i);
            fastest = ost_v_blend(counts, ost_v_max(fastest, speed), fastest);
        }
    }
    return 1.0 / fastest;
}

/* Begin a step at b->x, where the rates of what steps follow are f. */
static inline void ost_linear_begin(const ost_batch_t *b, const double *f)
{
    EACH_FORCED(b, part) ost_v_store(part->rate, ost_v_load(ROW(f, part->of->state)));
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        const size_t n = part->n, n_own = part->of->n_states;
        ost_mask active = ost_linear_active(part), any = { 0 };
        if (!ost_mask_any(active)) continue;
        for (size_t i = 0; i < n; i++) {
            ost_v sum = ost_v_splat(0);
            for (size_t j = 0; j < n_own; j++)
                sum += ost_v_load(ROW(part->w, i * n + j)) * ost_v_load(ROW(b->x, part->of->state[j]));
            ost_v_store(ROW(part->z, i), sum);
            any |= active & ~(ost_v_eq(sum, ost_v_splat(0)) & ost_v_eq(ost_v_load(ROW(part->b, i)), ost_v_splat(0)));
            ost_v_store(ROW(part->rate, i), i < n_own ? ost_v_load(ROW(f, part->of->state[i])) : ost_v_splat(0));
        }
        for (size_t k = 0; k < part->of->n_flows; k++) {
            double *rate = ROW(part->rate, part->into[k]);
            ost_v from = ost_v_load(ROW(b->x, part->of->state[part->from[k]]));
            ost_v_store(rate, ost_v_load(rate) + ost_v_load(ROW(part->flow, k)) * from);
        }
        part->is_empty = !ost_mask_any(any);
    }
}

static inline void ost_linear_clear_entries(const ost_batch_t *b)
{
    const ost_v none = ost_v_splat(0);
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        ost_mask active = ost_linear_active(part);
        for (size_t e = 0; ost_mask_any(active) && e < part->n_entries; e++)
            ost_v_put(ROW(b->values, part->entry[e]), active, none);
        for (size_t k = 0; ost_mask_any(active) && k < part->of->n_flows; k++) {
            double *entry = ROW(b->values, part->of->flow[k]);
            ost_v_store(entry, ost_v_load(entry) - ost_v_load(ROW(part->flow, k)));
        }
    }
    EACH_FORCED(b, part)
    for (size_t e = 0; e < part->n_entries; e++)
        ost_v_put(ROW(b->values, part->entry[e]), ost_forced_active(part), none);
}

/* The states' rows of `rows` = factor times their rates at the start of the step; those of fed states, plus that. */
static inline void ost_linear_put_rates(const ost_batch_t *b, double factor, double *rows)
{
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        ost_mask active = ost_linear_active(part);
        for (size_t i = 0; ost_mask_any(active) && i < part->n; i++) {
            double *row = ROW(rows, ost_linear_state(part, i));
            ost_v rate = factor * ost_v_load(ROW(part->rate, i));
            ost_v_put(row, active, i < part->of->n_states ? rate : ost_v_load(row) + rate);
        }
    }
    EACH_FORCED(b, part)
    ost_v_put(ROW(rows, part->of->state), ost_forced_active(part), factor * ost_v_load(part->rate));
}

/* Take the flows at the start of the step, times a factor, out of the fed states' rows. */
static inline void ost_linear_take_rates(const ost_batch_t *b, ost_v factor, double *rows)
{
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        for (size_t i = part->of->n_states; i < part->n; i++) {
            double *row = ROW(rows, ost_linear_state(part, i));
            ost_v_put(row, ost_linear_active(part), ost_v_load(row) - factor * ost_v_load(ROW(part->rate, i)));
        }
    }
}

/* Mode i at time s of the step: z exp(lambda s) + b (exp(lambda s) - 1)/lambda */
static inline ost_v ost_linear_mode(const ost_linear_part_t *part, size_t i, ost_v s)
{
    ost_v lambda = ost_v_load(ROW(part->lambda, i)), b = ost_v_load(ROW(part->b, i)), z = ost_v_load(ROW(part->z, i));
    if (!ost_mask_any(~ost_v_eq(lambda, ost_v_splat(0)))) return z + b * s; /* what has flowed into a state */
    ost_v x = lambda * s, e = ost_v_exp(x);
    z *= e;
    ost_mask constant = ~ost_v_eq(b, ost_v_splat(0));
    if (!ost_mask_any(constant)) return z;
    ost_v series = s * (1.0 + x / 2 * (1.0 + x / 3 * (1.0 + x / 4 * (1.0 + x / 5 * (1.0 + x / 6)))));
    ost_mask small = ost_v_lt(ost_v_abs(x), ost_v_splat(1e-2));
    return ost_v_blend(constant, z + b * ost_v_blend(small, series, (e - 1.0) / lambda), z);
}

/* State i of n of the part at time s of the step, by its modes there. */
static inline ost_v ost_linear_sum(const ost_linear_part_t *part, size_t i, const ost_v *mode)
{
    ost_v sum = ost_v_splat(0);
    for (size_t j = 0; j < part->n; j++) sum += ost_v_load(ROW(part->v, i * part->n + j)) * mode[j];
    return sum;
}

/* All of them. */
static inline void ost_linear_at(const ost_linear_part_t *part, ost_v s, ost_v *x)
{
    ost_v mode[OST_LINEAR_MAX];
    for (size_t j = 0; j < part->n; j++) mode[j] = ost_linear_mode(part, j, s);
    for (size_t i = 0; i < part->n; i++) x[i] = ost_linear_sum(part, i, mode);
}

/* Put state i of n into b->x_at in some lanes; what has flowed into a fed state is added. */
static inline void ost_linear_put(
    const ost_batch_t *b, const ost_linear_part_t *part, size_t i, ost_v x, ost_mask where)
{
    double *row = ROW(b->x_at, ost_linear_state(part, i));
    ost_v_put(row, where, i < part->of->n_states ? x : ost_v_load(row) + x);
}

/* The part's states in b->x_at at time s of the step, in some lanes. */
static inline void ost_linear_put_part(const ost_batch_t *b, const ost_linear_part_t *part, ost_v s, ost_mask where)
{
    ost_mask active = ost_linear_active(part) & where;
    if (part->is_empty || !ost_mask_any(active)) return;
    ost_v x[OST_LINEAR_MAX];
    ost_linear_at(part, s, x);
    for (size_t i = 0; i < part->n; i++) ost_linear_put(b, part, i, x[i], active);
}

/* Those of all parts, and forced states as in a step of one panel. */
static inline void ost_linear_put_states(const ost_batch_t *b, ost_v s, ost_mask where)
{
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
        ost_linear_put_part(b, part, s, where);
    EACH_FORCED(b, part)
    {
        ost_mask active = ost_forced_active(part) & where;
        if (!ost_mask_any(active)) continue;
        ost_v at = s * ost_v_load(part->per_h), sum = ost_v_load(ROW(part->term, part->n_terms - 1));
        for (int k = part->n_terms - 2; k >= 0; k--) sum = sum * at + ost_v_load(ROW(part->term, k));
        sum += ost_v_load(part->fading) * ost_v_exp(ost_v_load(part->lambda) * s);
        ost_v_put(ROW(b->x_at, part->of->state), active, sum);
    }
}

/* What forces the states at one of the nodes, g [n_forced][OST_FORCED_NODES], b->x_at being filled but for them. */
static inline void ost_forced_sample(const ost_batch_t *b, ost_v t, int node, ost_v *g)
{
    const ost_system_t *system = b->system;
    double *f = b->stages + b->stage_stride /* no stage yet */;
    const ost_point_t at = {
        .t = (const double *) &t, .x = b->x_at, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch
    };
    system->forced_rates(system->self, &at, f);
    for (size_t k = 0; k < system->n_forced; k++)
        g[k * OST_FORCED_NODES + (size_t) node] = ost_v_load(ROW(f, system->forced[k].state));
}

/* Let forced states be known in a step of length h from (t, b->x), after ost_linear_begin(). */
static inline void ost_forced_begin(const ost_batch_t *b, const ost_v *t, const ost_v *h)
{
    ost_v g[OST_FORCED_MAX * OST_FORCED_NODES], *p = g;
    if (!ost_mask_any(ost_v_lt(ost_v_splat(0), ost_forced_speed(b)))) return;
    memcpy(b->x_at, b->x, b->system->n_states * OST_LANES * sizeof(double));
    EACH_FORCED(b, part) ost_v_store(ROW(b->x_at, part->of->state), ost_v_splat(0));
    for (int i = 1; i < OST_FORCED_NODES; i++) {
        const ost_v s = ost_forced_node[i] * *h;
        for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
            if (part->forces) ost_linear_put_part(b, part, s, ~(ost_mask){ 0 });
        ost_forced_sample(b, *t + s, i, g);
    }
    for (ost_forced_part_t *part = b->forced; part < b->forced + b->system->n_forced; part++, p += OST_FORCED_NODES) {
        const ost_v x = ost_v_load(ROW(b->x, part->of->state)), lambda = ost_v_load(part->lambda), z = lambda * *h;
        p[0] = ost_v_load(part->rate) - lambda * x;
        ost_forced_interpolate(p);
        ost_forced_solve(part, 0, x, *h, z, p);
        const ost_mask active = ost_forced_active(part), slow = active & ost_v_le(ost_v_abs(z), ost_v_splat(1));
        ost_v_store(part->error, ost_v_blend(active, ost_forced_error(*h, z, p), ost_v_splat(0)));
        ost_v_store(part->per_h, 1.0 / *h);
        part->n_terms = ost_mask_any(slow) ? OST_FORCED_TERMS : OST_FORCED_NODES;
    }
}

/* b->x_at, which dense output has led to part theta of the new state, with the states as they are there: in place of
 * that part of what flows into fed states in the step of length h, what has flowed into them by then. */
static inline void ost_linear_put_dense(const ost_batch_t *b, ost_v theta, ost_v h)
{
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        ost_mask active = ost_linear_active(part);
        if (part->of->n_fed == 0 || part->is_empty || !ost_mask_any(active)) continue;
        ost_v mode[OST_LINEAR_MAX];
        for (size_t j = 0; j < part->n; j++) mode[j] = ost_linear_mode(part, j, h);
        for (size_t i = part->of->n_states; i < part->n; i++) {
            double *row = ROW(b->x_at, ost_linear_state(part, i));
            ost_v_put(row, active, ost_v_load(row) - theta * ost_linear_sum(part, i, mode));
        }
    }
    ost_linear_put_states(b, theta * h, ~(ost_mask){ 0 });
}

#endif
