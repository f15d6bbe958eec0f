/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sizes of steps: the first one after something changed, and the next one by the error of the last. */
#ifndef OST_SOLVE_STEP_SIZE_LANES_H
#define OST_SOLVE_STEP_SIZE_LANES_H

#include "solve/panels_lanes.h"

/* First step where nothing moves, d, and longest one to probe how rates change. */
#define H_AT_REST 1.0
#define OST_STEP_SAFETY 0.95
/* Ratios of error and tolerance below are no trend. */
#define LEAST_RATIO 1e-2

/* A step size at b->x from the size of the rates and of their change over a short explicit step, but for what is in
 * closed form: Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I, 2nd ed. 1993, section II.4. Takes
 * two right-hand sides. */
static inline ost_v ost_first_step(const ost_batch_t *b, ost_v t)
{
    const ost_system_t *system = b->system;
    size_t n = system->n_states;
    ost_v d0 = ost_v_splat(0), d1 = ost_v_splat(0), d2 = ost_v_splat(0);
    double *f0 = b->stages, *f1 = b->stages + b->stage_stride;
    ost_point_t at = {
        .t = (const double *) &t, .x = b->x, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch
    };
    ost_linear_rhs(b, &at, f0);
    ost_linear_begin(b, f0);
    ost_linear_put_rates(b, 0, f0);
    for (size_t i = 0; i < n; i++) {
        ost_v x = ost_v_abs(ost_v_load(ROW(b->x, i))), per_weight = 1.0 / (b->atol[i] + b->options.rtol * x);
        d0 = ost_v_max(d0, x * per_weight);
        d1 = ost_v_max(d1, ost_v_abs(ost_v_load(ROW(f0, i))) * per_weight);
    }
    ost_mask tiny = ost_v_lt(ost_v_min(d0, d1), ost_v_splat(1e-5));
    ost_v h0 = ost_v_blend(tiny, ost_v_splat(1e-6), 0.01 * d0 / d1);
    h0 = ost_v_min(h0, ost_v_splat(H_AT_REST));
    for (size_t i = 0; i < n; i++) ost_v_store(ROW(b->x_at, i), ost_v_load(ROW(b->x, i)) + h0 * ost_v_load(ROW(f0, i)));
    ost_forced_begin(b, &t, &h0);
    ost_linear_put_states(b, h0, ~(ost_mask){ 0 });
    t += h0;
    at.x = b->x_at;
    ost_linear_rhs(b, &at, f1);
    ost_linear_put_rates(b, 0, f1);
    for (size_t i = 0; i < n; i++) {
        ost_v x = ost_v_abs(ost_v_load(ROW(b->x, i)));
        ost_v change = ost_v_abs(ost_v_load(ROW(f1, i)) - ost_v_load(ROW(f0, i)));
        d2 = ost_v_max(d2, change / (h0 * (b->atol[i] + b->options.rtol * x)));
    }
    ost_v steepest = ost_v_max(d1, d2);
    ost_v h = ost_v_min(100.0 * h0, ost_v_sqrt(ost_v_sqrt(0.01 / steepest)));
    h = ost_v_blend(ost_v_le(steepest, ost_v_splat(1e-15)), ost_v_splat(H_AT_REST), h);
    /* Not a number: the first attempt will tell. */
    return ost_v_blend(ost_v_lt(ost_v_splat(0), h), h, ost_v_splat(1e-6));
}

/* Assumed: growth of panels (panels_place) at most and at least; what may become of it after a step. */
#define PANEL_GROWTH 4.0
#define LEAST_GROWTH 1e-9
#define PANEL_SHRINKS 0.2
#define PANEL_GROWS 4.0
/* Assumed: the part of what may be wrong of a forced state that panels are made for. */
#define PANEL_ERROR 1e-2

/* Set the growth of panels after a step of length h whose forced states have that ratio of error and tolerance: smaller
 * where that is too much; larger only after the first step from a change, as panels there are for the next change of
 * its kind, and where a step could have been no longer. */
static inline void ost_panels_grow(const ost_batch_t *b, ost_v h, ost_v ratio, ost_mask first)
{
    const double power = -1.0 / (OST_FORCED_NODES + 1);
    const ost_v since = ost_v_load(b->since), growth = ost_v_load(b->panel_growth);
    const ost_mask fails = ost_v_lt(ost_v_splat(1), ratio), is_short = ost_v_le(ost_panels_reach(b), 2.0 * h);
    ost_v bounded = ost_v_max(ratio, ost_v_splat(LEAST_RATIO * LEAST_RATIO)) * (1 / PANEL_ERROR);
    ost_v factor = ost_v_exp(power * ost_v_log(bounded));
    factor = ost_v_max(ost_v_splat(PANEL_SHRINKS), ost_v_min(factor, ost_v_splat(PANEL_GROWS)));
    ost_v next = ost_v_min(growth * factor, ost_v_splat(PANEL_GROWTH));
    next = ost_v_blend(fails, ost_v_max(ost_v_min(growth, h / since) * factor, ost_v_splat(LEAST_GROWTH)), next);
    const ost_mask changes = ost_panels_lanes(b) & (fails | first | is_short);
    ost_v_store(b->panel_growth, ost_v_blend(changes, next, growth));
}

/* Factor of the size h of a step by the ratio of its error and the tolerance, or by the trend since the last accepted
 * one where errors grow: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed. 1996, section IV.8.
 * @param[in,out] h_last, ratio_last  of the last accepted step, h_last 0 after a change */
static inline ost_v ost_step_factor(
    int error_power, ost_mask accepted, ost_v h, ost_v ratio, ost_v *h_last, ost_v *ratio_last)
{
    const double power = -1.0 / error_power;
    ost_v factor = OST_STEP_SAFETY * ost_v_exp(power * ost_v_log(ratio));
    ost_v bounded = ost_v_max(ratio, ost_v_splat(LEAST_RATIO));
    ost_v trend = factor * (h / *h_last) * ost_v_exp(power * ost_v_log(bounded / *ratio_last));
    ost_mask follows = accepted & ost_v_lt(ost_v_splat(0), *h_last) & ost_v_lt(trend, factor);
    *h_last = ost_v_blend(accepted, h, *h_last);
    *ratio_last = ost_v_blend(accepted, bounded, *ratio_last);
    return ost_v_blend(follows, trend, factor);
}

#endif
