/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where conditions turn within a step, from their values at few points of it: their modes are those of the step up to
 * there. */
#ifndef OST_SOLVE_CROSSINGS_LANES_H
#define OST_SOLVE_CROSSINGS_LANES_H

#include "solve/run_lanes.h"

/* A switch function whose parabola through start, middle and end of a step comes so much closer to 0 than they do, or
 * across, is looked at there. */
#define CLOSER 0.25
/* Crossings are located to this part of a step. */
#define CROSSING_WIDTH 1e-12
#define CROSSING_TRIES 100

/* A condition holds where its g >= 0, and in the step's mode where that is not 0. */
static inline ost_mask holds(const double *g, size_t s)
{
    return ost_v_le(ost_v_splat(0), ost_v_load(ROW(g, s)));
}

static inline ost_mask mode_holds(const ost_batch_t *b, size_t s)
{
    return ~ost_v_eq(ost_v_load(ROW(b->mode, s)), ost_v_splat(0));
}

static inline ost_v mask_number(ost_mask m)
{
    return ost_v_blend(m, ost_v_splat(1), ost_v_splat(0));
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

/* Lanes where some switch at g disagrees with the mode of the step. */
static inline ost_mask disagree(const run_t *run, const double *g)
{
    ost_mask any = { 0 };
    const ost_batch_t *b = run->b;
    for (size_t s = 0; s < b->system->n_switches; s++) any |= holds(g, s) ^ mode_holds(b, s);
    return any;
}

static inline void switches_at(run_t *run, ost_v theta, double *g)
{
    ost_batch_t *b = run->b;
    wanted_at(run, &b->of_switches, &theta);
    ost_v t = run->t + theta * run->h_step;
    ost_point_t at = point(run, &t, b->x_at);
    b->system->switches(b->system->self, &at, g);
}

/* The first of more points of the step at which a switch disagrees, where there is one, for a self-check; its values
 * are then in b->g. @param[in,out] theta  changed in the lanes returned */
static inline ost_mask look_closer(run_t *run, ost_mask open, ost_v *theta)
{
    unsigned n = run->b->options.n_looks;
    ost_mask found = { 0 };
    for (unsigned k = 1; k < n && ost_mask_any(open); k++) {
        ost_v at = ost_v_splat(k / (double) n);
        switches_at(run, at, run->b->g);
        ost_mask here = open & disagree(run, run->b->g);
        *theta = ost_v_blend(here, at, *theta);
        found |= here;
        open &= ~here;
    }
    if (n > 1) switches_at(run, *theta, run->b->g);
    return found;
}

/* The first node of the step's panels at which a switch disagrees, in lanes that have several: what is in closed form
 * may rise and fall between the ends of such a step. @param[in,out] theta  changed in the lanes returned */
static inline ost_mask look_at_nodes(run_t *run, ost_mask open, ost_v *theta)
{
    ost_batch_t *b = run->b;
    ost_mask found = { 0 };
    ost_v start = ost_v_splat(0);
    open &= ost_panels_lanes(b);
    for (int k = 0; k < OST_PANELS && ost_mask_any(open & ost_v_lt(start, run->h_step)); k++) {
        const ost_v end = ost_v_load(ROW(b->panel_end, k)), length = end - start;
        for (int i = 1; i < OST_FORCED_NODES && ost_mask_any(open); i++) {
            const ost_v at = (start + ost_forced_node[i] * length) / run->h_step;
            switches_at(run, at, b->g);
            ost_mask here = open & disagree(run, b->g);
            *theta = ost_v_blend(here, at, *theta);
            found |= here;
            open &= ~here;
        }
        start = end;
    }
    return found;
}

/* Find the first time in the accepted step at which a condition turns, and take the step up to just behind it. Tested
 * at the middle, at the end, and where the three known values let expect that it turns and turns back.
 * @return lanes that flip; their new modes are then in b->g */
static inline ost_mask locate(run_t *run, ost_mask accepted)
{
    ost_batch_t *b = run->b;
    size_t n = b->system->n_switches;
    ost_v between = ost_v_splat(0.5), turn = between;
    ost_point_t end = point(run, &run->t_new, b->x_new);
    b->system->switches(b->system->self, &end, b->g_high);
    ost_mask at_end = accepted & disagree(run, b->g_high);
    ost_mask at_node = look_at_nodes(run, accepted, &between);
    switches_at(run, ost_v_splat(0.5), b->g);
    ost_mask inside = at_node | (accepted & disagree(run, b->g));
    ost_mask back = accepted & ~inside & may_turn_back(b, &turn);
    blend_rows(b->g_start, accepted, b->g_high, n);
    between = ost_v_blend(back, turn, between);
    if (ost_mask_any(back | at_node)) {
        switches_at(run, between, b->g);
        inside |= back & disagree(run, b->g);
    }
    inside |= look_closer(run, accepted & ~inside, &between);
    ost_mask crossed = at_end | inside;
    if (!ost_mask_any(crossed)) return crossed;
    ost_v low = ost_v_splat(0), high = ost_v_blend(inside, between, ost_v_splat(1));
    blend_rows(b->g_high, inside, b->g, n);
    switches_at(run, low, b->g_low);
    /* A step that ends at a break ends, as a rule, where the condition turns. */
    ost_mask at_root = run->to_break & ~inside & ost_v_le(run->t_stop, run->t_new);
    ost_mask open = crossed, last_high = { 0 }, last_low = { 0 };
    for (int k = 0; k < CROSSING_TRIES && ost_mask_any(open); k++) {
        /* The Illinois method, and halving where it stalls. */
        ost_v middle = 0.5 * (low + high), theta = secant(b, low, high);
        ost_mask usable = ost_v_lt(low, theta) & ost_v_lt(theta, high);
        if (k % 8 == 7) usable = (ost_mask){ 0 };
        theta = ost_v_blend(usable, theta, middle);
        if (k == 0) theta = ost_v_blend(at_root, ost_v_splat(1 - CROSSING_WIDTH), theta);
        switches_at(run, theta, b->g);
        ost_mask is_high = disagree(run, b->g), to_high = open & is_high, to_low = open & ~is_high;
        for (size_t s = 0; s < n; s++) {
            ost_v g = ost_v_load(ROW(b->g, s)), g_low = ost_v_load(ROW(b->g_low, s));
            ost_v g_high = ost_v_load(ROW(b->g_high, s));
            g_low = ost_v_blend(to_high & last_high, 0.5 * g_low, g_low);
            g_high = ost_v_blend(to_low & last_low, 0.5 * g_high, g_high);
            ost_v_store(ROW(b->g_low, s), ost_v_blend(to_low, g, g_low));
            ost_v_store(ROW(b->g_high, s), ost_v_blend(to_high, g, g_high));
        }
        high = ost_v_blend(to_high, theta, high);
        low = ost_v_blend(to_low, theta, low);
        last_high = to_high;
        last_low = to_low;
        open &= ost_v_lt(ost_v_splat(CROSSING_WIDTH), high - low);
    }
    run->theta = ost_v_blend(crossed, high, run->theta);
    run->t_new = ost_v_blend(crossed & ost_v_lt(high, ost_v_splat(1)), run->t + high * run->h_step, run->t_new);
    switches_at(run, high, b->g);
    return crossed;
}

/* Turn the switches that disagree just behind the crossing. @return lanes that chatter */
static inline ost_mask flip(run_t *run, ost_mask crossed)
{
    ost_batch_t *b = run->b;
    ost_mask chatters = { 0 };
    for (size_t s = 0; s < b->system->n_switches; s++) {
        ost_mask after = holds(b->g, s), turns = crossed & (after ^ mode_holds(b, s));
        if (!ost_mask_any(turns)) continue;
        ost_v_put(ROW(b->mode, s), turns, mask_number(after));
        for (int l = 0; l < OST_LANES; l++) {
            if (turns[l] && ost_lane_flip(&b->lanes[l], run->t_new[l], s)) chatters[l] = -1;
        }
    }
    return chatters;
}

#endif
