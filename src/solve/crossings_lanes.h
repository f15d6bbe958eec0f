/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where switch functions cross zero within a step, from their values at few points of it. */
#ifndef OST_SOLVE_CROSSINGS_LANES_H
#define OST_SOLVE_CROSSINGS_LANES_H

#include "solve/method.h"

/* A switch function whose parabola through start, middle and end of a step comes so much closer to 0 than they do, or
 * across, is looked at there. */
#define CLOSER 0.25

static inline ost_mask holds(const double *g, size_t s)
{
    return ost_v_le(ost_v_splat(0), ost_v_load(ROW(g, s)));
}
static inline ost_mask mode_holds(const ost_batch_t *b, size_t s)
{
    return ~ost_v_eq(ost_v_load(ROW(b->mode, s)), ost_v_splat(0));
}

/* Where the first switch that disagrees at `high` crosses zero by the secant. */
static inline ost_v secant(const ost_batch_t *b, ost_v low, ost_v high)
{
    ost_v first = high;
    for (size_t s = 0; s < b->system->n_switches; s++) {
        ost_v g_low = ost_v_load(ROW(b->g_low, s)), g_high = ost_v_load(ROW(b->g_high, s));
        ost_mask crosses = holds(b->g_high, s) ^ mode_holds(b, s);
        ost_v zero = low + (high - low) * (g_low / (g_low - g_high));
        first = ost_v_blend(crosses & ost_v_lt(zero, first), zero, first);
    }
    return first;
}

/* Where a switch function may have turned back within the step, by the parabola through its values at start, middle
 * (b->g) and end (b->g_high). @param[out] theta  of those lanes */
static inline ost_mask may_turn_back(const ost_batch_t *b, ost_v *theta)
{
    ost_mask any = { 0 };
    for (size_t s = 0; s < b->system->n_switches; s++) {
        ost_v start = ost_v_load(ROW(b->g_start, s)), middle = ost_v_load(ROW(b->g, s));
        ost_v end = ost_v_load(ROW(b->g_high, s)), rise = 4.0 * middle - 3.0 * start - end;
        ost_v bend = 2.0 * (start + end) - 4.0 * middle, where = -0.5 * rise / bend;
        ost_v extremum = start + 0.5 * rise * where,
              side = ost_v_blend(mode_holds(b, s), ost_v_splat(1), ost_v_splat(-1));
        ost_v closest = ost_v_min(ost_v_min(side * start, side * end), side * middle);
        ost_mask turns = ost_v_lt(ost_v_splat(0), where) & ost_v_lt(where, ost_v_splat(1)) &
                         ost_v_lt(side * extremum, CLOSER * closest);
        *theta = ost_v_blend(turns, where, *theta);
        any |= turns;
    }
    return any;
}

#endif
