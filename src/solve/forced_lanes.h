/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States that are forced (ost_forced_t) over lanes: x' = lambda x + g, where g is a function of time alone in a step.
 * It is interpolated at Chebyshev points, and the solution for that polynomial is exact: stages see the state as it is,
 * and what it errs by is the interpolation's error. */
#ifndef OST_SOLVE_FORCED_LANES_H
#define OST_SOLVE_FORCED_LANES_H

#include "solve/method.h"

#define EACH_FORCED(b, part)                                                                                           \
    for (ost_forced_part_t *part = (b)->forced; part < (b)->forced + (b)->system->n_forced; part++)

/* (1 - cos(pi i/6))/2 */
static const double ost_forced_node[OST_FORCED_NODES] = { 0, 0.06698729810778068, 0.25, 0.5, 0.75, 0.9330127018922193,
    1 };

static inline ost_mask ost_forced_active(const ost_forced_part_t *part)
{
    return ~ost_v_eq(ost_v_load(part->active), ost_v_splat(0));
}

/* Whether there are any and all of them are known in all lanes. */
static inline bool ost_forced_all_active(const ost_batch_t *b)
{
    ost_mask unknown = { 0 };
    EACH_FORCED(b, part) unknown |= ~ost_forced_active(part);
    return b->system->n_forced > 0 && !ost_mask_any(unknown);
}

/* Let lambda be taken from the next Jacobian; until then the states are integrated. */
static inline void ost_forced_forget(const ost_batch_t *b, int lane)
{
    EACH_FORCED(b, part)
    {
        part->lambda[lane] = NAN;
        part->active[lane] = 0;
    }
}

static inline bool ost_forced_is_outdated(const ost_batch_t *b, int lane)
{
    return b->system->n_forced > 0 && isnan(b->forced->lambda[lane]);
}

static inline void ost_forced_make(const ost_batch_t *b, int lane)
{
    EACH_FORCED(b, part) part->lambda[lane] = ROW(b->values, part->of->entry)[lane];
}

/* Lanes where all that a state depends on is in closed form. */
static inline void ost_forced_refresh(const ost_batch_t *b)
{
    EACH_FORCED(b, part)
    {
        ost_mask active = ost_v_lt(ost_v_load(part->lambda), ost_v_splat(0));
        for (size_t i = 0; i < part->of->n_parts; i++)
            active &= ~ost_v_eq(ost_v_load(b->parts[part->of->part[i]].active), ost_v_splat(0)) |
                      ~ost_v_eq(ost_v_load(ROW(b->u, part->of->held[i])), ost_v_splat(0));
        ost_v_store(part->active, ost_v_blend(active, ost_v_splat(1), ost_v_splat(0)));
        ost_v_store(part->error, ost_v_splat(0));
        ost_v_store(part->rest, ost_v_splat(0));
    }
}

/* The largest rate at which any of them relaxes. */
static inline ost_v ost_forced_speed(const ost_batch_t *b)
{
    ost_v speed = ost_v_splat(0);
    EACH_FORCED(b, part)
    speed = ost_v_blend(ost_forced_active(part), ost_v_max(speed, ost_v_abs(ost_v_load(part->lambda))), speed);
    return speed;
}

/* From values at the nodes to coefficients of powers of the part of the step, by divided differences. */
static inline void ost_forced_interpolate(ost_v *p)
{
    const double *node = ost_forced_node;
    for (int k = 1; k < OST_FORCED_NODES; k++)
        for (int i = OST_FORCED_NODES - 1; i >= k; i--) p[i] = (p[i] - p[i - 1]) * (1 / (node[i] - node[i - k]));
    for (int k = OST_FORCED_NODES - 2; k >= 0; k--)
        for (int i = k; i < OST_FORCED_NODES - 1; i++) p[i] -= node[k] * p[i + 1];
}

/* The solution for the polynomial p in a panel (0: the whole step), of length h and from x on: x = fading exp(z s) +
 * sum of terms s^k for s = 0 .. 1, where z = lambda h. Where the state relaxes within the step, the polynomial to which
 * it does; else its power series. */
static inline void ost_forced_solve(const ost_forced_part_t *part, int panel, ost_v x, ost_v h, ost_v z, const ost_v *p)
{
    const ost_mask slow = ost_v_le(ost_v_abs(z), ost_v_splat(1));
    const ost_v per_z = 1.0 / z;
    double *term = ROW(part->term, panel * OST_FORCED_TERMS);
    ost_v series = x, next = ost_v_splat(0), level[OST_FORCED_NODES];
    for (int k = OST_FORCED_NODES - 1; k >= 0; k--) level[k] = next = ((k + 1.0) * next - h * p[k]) * per_z;
    ost_v_store(ROW(part->fading, panel), ost_v_blend(slow, ost_v_splat(0), x - level[0]));
    for (int k = 0; k < OST_FORCED_TERMS; k++) {
        ost_v steady = k < OST_FORCED_NODES ? level[k] : ost_v_splat(0);
        ost_v_store(ROW(term, k), ost_v_blend(slow, series, steady));
        series = z * series;
        if (k < OST_FORCED_NODES) series += h * p[k];
        series *= 1 / (k + 1.0);
    }
}

/* What the state may err by in a step: the last terms of the Chebyshev series of what forces it, for as long as the
 * state remembers. It errs by far less; what it forces sees it at stages alone, and their steps are the better for it.
 */
static inline ost_v ost_forced_error(ost_v h, ost_v z, const ost_v *p)
{
    enum { M = OST_FORCED_NODES - 1 };
    const double last = 1.0 / (1u << (2 * M - 1)), before = 1.0 / (1u << (2 * M - 3));
    ost_v a = last * p[M], a_before = before * p[M - 1] + 2.0 * M * a;
    return (ost_v_abs(a) + 0.1 * ost_v_abs(a_before)) * h / ost_v_max(ost_v_splat(1), ost_v_abs(z));
}

/* The state at part s of a panel of length h. */
static inline ost_v ost_forced_at(const ost_forced_part_t *part, int panel, ost_v s, ost_v h)
{
    const double *term = ROW(part->term, panel * OST_FORCED_TERMS);
    const ost_v fading = ost_v_load(ROW(part->fading, panel));
    ost_v sum = ost_v_load(ROW(term, OST_FORCED_TERMS - 1));
    for (int k = OST_FORCED_TERMS - 2; k >= 0; k--) sum = sum * s + ost_v_load(ROW(term, k));
    if (!ost_mask_any(~ost_v_eq(fading, ost_v_splat(0)))) return sum;
    return sum + fading * ost_v_exp(ost_v_load(part->lambda) * h * s);
}

/* What the state errs by for a panel: by the first term that is missing in the Chebyshev series of what forces it, as
 * the last ones let expect it, for as long as the state remembers; where it remembers all of the panel, the integral
 * misses the one after that first. */
static inline ost_v ost_forced_miss(ost_v h, ost_v z, const ost_v *p)
{
    enum { M = OST_FORCED_NODES - 1 };
    ost_v a[3]; /* the last three terms, by T_M* = 2^(2 M - 1) (s^M - M/2 s^(M - 1) + M (2 M - 3)/16 s^(M - 2) - ...) */
    a[2] = p[M] * (1.0 / (1u << (2 * M - 1)));
    a[1] = p[M - 1] * (1.0 / (1u << (2 * M - 3))) + 2.0 * M * a[2];
    a[0] = p[M - 2] * (1.0 / (1u << (2 * M - 5))) + (2.0 * M - 2) * a[1] - M * (2.0 * M - 3) * a[2];
    const ost_v least = ost_v_max(ost_v_abs(a[0]), ost_v_splat(1e-300)), middle = ost_v_abs(a[1]), one = ost_v_splat(1);
    const ost_v last = ost_v_max(ost_v_abs(a[2]), middle * ost_v_min(middle / least, one));
    const ost_v falls = ost_v_min(last / least, one), fades = ost_v_sqrt(falls) / ost_v_abs(z);
    return last * h * ost_v_blend(ost_v_le(ost_v_abs(z), one), 0.2 * falls, fades);
}

#endif
