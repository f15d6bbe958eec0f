/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps of several panels: those of an implicit method that error control would lead to the next stop, but that what is
 * in closed form (linear parts and forced states) moves too fast for. Panels are the longer the more time has passed
 * since something changed, so that what relaxes fast is resolved where it moves. Other states see in place of one in
 * closed form its view, the parabola nearest to it in the mean square: what that leaves out has no effect at the end of
 * the step, but for the third power of h times the rate at which they relax, and for its own square; both are in the
 * error of the step. */
#ifndef OST_SOLVE_PANELS_LANES_H
#define OST_SOLVE_PANELS_LANES_H

#include "solve/linear_lanes.h"

#include <string.h>

/* Weights of Clenshaw and Curtis for ost_forced_node. */
static const double ost_node_weight[OST_FORCED_NODES] = { 1.0 / 70, 8.0 / 63, 8.0 / 35, 82.0 / 315, 8.0 / 35, 8.0 / 63,
    1.0 / 70 };
/* Assumed: what a view of degree 2 leaves out shows at the end of a step by the third power of h times the rate of what
 * reads it, over this: the third term of exp(-rate h s) is about that of Legendre's series. */
#define VIEW_CUBE 100.0
/* Assumed: a step may end this much later than its last panel would. */
#define PANEL_STRETCH 1.25

/* Lanes whose step has several. */
static inline ost_mask ost_panels_lanes(const ost_batch_t *b)
{
    return ~ost_v_eq(ost_v_load(b->paneled), ost_v_splat(0));
}

/* The longest step that has panels enough. */
static inline ost_v ost_panels_reach(const ost_batch_t *b)
{
    const ost_v grows = 1.0 + ost_v_load(b->panel_growth);
    ost_v grown = ost_v_splat(1);
    for (int k = 0; k < OST_PANELS; k++) grown *= grows;
    return ost_v_load(b->since) * (grown - 1.0);
}

/* Ends of the panels of a step of length h, those beyond it at h. @return their number, of all lanes */
static inline int panels_place(const ost_batch_t *b, ost_v h)
{
    int n = 0;
    const ost_v since = ost_v_load(b->since), grows = 1.0 + ost_v_load(b->panel_growth);
    const ost_mask single = ~ost_panels_lanes(b);
    ost_v grown = ost_v_splat(1);
    for (int k = 0; k < OST_PANELS; k++) {
        grown *= grows;
        ost_v end = since * (grown - 1.0);
        ost_mask is_last = ost_v_le(h, PANEL_STRETCH * end) | single;
        if (k == OST_PANELS - 1) is_last = ~(ost_mask){ 0 };
        ost_v_store(ROW(b->panel_end, k), ost_v_blend(is_last, h, end));
        if (n == 0 && !ost_mask_any(~is_last)) n = k + 1;
    }
    return n;
}

/* A point of a step. */
typedef struct {
    ost_v s;                        /* time from the step's start, d */
    ost_v weight;                   /* in averages over the step */
    ost_v legendre[OST_VIEW_TERMS]; /* Legendre's polynomials of its part of the step, times 2 k + 1 */
} panel_point_t;

static inline void panel_point(panel_point_t *at, ost_v s, ost_v weight, ost_v h)
{
    const ost_v part = s / h;
    at->s = s;
    at->weight = weight / h;
    at->legendre[0] = ost_v_splat(1);
    at->legendre[1] = 3.0 * (2.0 * part - 1.0);
    at->legendre[2] = 5.0 * (6.0 * part * (part - 1.0) + 1.0);
    at->legendre[3] = 7.0 * (2.0 * part - 1.0) * (10.0 * part * (part - 1.0) + 1.0);
}

/* Add a value at a point to a view, and its square to what is left. */
static inline void panel_collect(const panel_point_t *at, ost_v x, double *view, double *rest)
{
    const ost_v weighted = at->weight * x;
    for (int k = 0; k < OST_VIEW_TERMS; k++)
        ost_v_store(ROW(view, k), ost_v_load(ROW(view, k)) + weighted * at->legendre[k]);
    ost_v_store(rest, ost_v_load(rest) + weighted * x);
}

static inline void panel_clear(double *view, double *rest)
{
    memset(view, 0, OST_VIEW_TERMS * OST_LANES * sizeof(double));
    memset(rest, 0, OST_LANES * sizeof(double));
}

/* All points are collected: whether the view is a parabola or has a third term, the mean square of what it leaves out,
 * and its rate at the start of the step. The third term makes errors by its product with the second where others
 * respond to their state by more than its value, and saves some where these turn within the step. */
static inline void panel_finish(ost_mask where, ost_v h, ost_v turns, double *view, double *rest, double *rate)
{
    const ost_v mean = ost_v_load(ROW(view, 0)), slope = ost_v_load(ROW(view, 1)), bend = ost_v_load(ROW(view, 2));
    const ost_mask is_smooth = ost_v_lt(VIEW_CUBE * ost_v_abs(bend), turns * turns * ost_v_abs(mean));
    const ost_v third = ost_v_blend(is_smooth, ost_v_load(ROW(view, 3)), ost_v_splat(0));
    ost_v left = ost_v_load(rest) - mean * mean - slope * slope * (1.0 / 3) - bend * bend * (1.0 / 5);
    ost_v_store(ROW(view, 3), third);
    ost_v_store(rest, ost_v_max(left - third * third * (1.0 / 7), ost_v_splat(0)));
    ost_v_put(rate, where, (2.0 * slope - 6.0 * bend + 12.0 * third) / h);
}

/* The view at a part of the step. */
static inline ost_v panel_view(const double *view, double theta)
{
    const double side = 2.0 * theta - 1, bend = theta * (theta - 1);
    return ost_v_load(ROW(view, 0)) + side * ost_v_load(ROW(view, 1)) + (6.0 * bend + 1) * ost_v_load(ROW(view, 2)) +
           side * (10.0 * bend + 1) * ost_v_load(ROW(view, 3));
}

/* Its integral up to there, in steps. */
static inline ost_v panel_view_integral(const double *view, ost_v theta)
{
    const ost_v rest = theta - 1.0;
    return theta * (ost_v_load(ROW(view, 0)) +
                       rest * (ost_v_load(ROW(view, 1)) + (2.0 * theta - 1.0) * ost_v_load(ROW(view, 2)) +
                                  (5.0 * theta * rest + 1.0) * ost_v_load(ROW(view, 3))));
}

/* Linear parts at a point, in b->x_at where forced states depend on them; at the last point, also at the step's end. */
static inline void panel_linear(const ost_batch_t *b, const panel_point_t *at, bool is_last)
{
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        if (part->is_empty || !(part->forces || part->is_seen || is_last) || !ost_mask_any(ost_linear_active(part)))
            continue;
        ost_v x[OST_LINEAR_MAX];
        ost_linear_at(part, at->s, x);
        for (size_t i = 0; i < part->n; i++) {
            if (part->is_seen) panel_collect(at, x[i], ROW(part->view, i * OST_VIEW_TERMS), ROW(part->rest, i));
            if (is_last) ost_v_store(ROW(part->end, i), x[i]);
            if (part->forces && i < part->of->n_states) ost_linear_put(b, part, i, x[i], ost_linear_active(part));
        }
    }
}

/* The panel's forced states by what forces them at its nodes, g [n_forced][OST_FORCED_NODES]. */
static inline void panel_forced(const ost_batch_t *b, int panel, ost_v start, ost_v length, ost_v h, ost_v *g)
{
    panel_point_t at;
    for (ost_forced_part_t *part = b->forced; part < b->forced + b->system->n_forced; part++, g += OST_FORCED_NODES) {
        ost_v p[OST_FORCED_NODES], x = ost_v_load(part->end);
        for (int i = 0; i < OST_FORCED_NODES; i++) p[i] = g[i];
        g[0] = g[OST_FORCED_NODES - 1];
        ost_forced_interpolate(p);
        const ost_v z = ost_v_load(part->lambda) * length, miss = ost_v_load(part->miss);
        ost_forced_solve(part, 1 + panel, x, length, z, p);
        const ost_mask is_any = ost_v_lt(ost_v_splat(0), length);
        ost_v_store(part->miss, ost_v_blend(is_any, miss + ost_forced_miss(length, z, p), miss));
        for (int i = 0; i < OST_FORCED_NODES; i++) {
            if (i > 0) x = ost_forced_at(part, 1 + panel, ost_v_splat(ost_forced_node[i]), length);
            panel_point(&at, start + ost_forced_node[i] * length, ost_node_weight[i] * length, h);
            panel_collect(&at, x, part->view, part->rest);
        }
        ost_v_store(part->end, x);
    }
}

/* Nothing collected yet; rates and errors are those of steps of one panel. */
static inline void panels_clear(const ost_batch_t *b)
{
    const ost_mask paneled = ost_panels_lanes(b);
    memcpy(b->x_at, b->x, b->system->n_states * OST_LANES * sizeof(double));
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
        for (size_t i = 0; i < part->n; i++) panel_clear(ROW(part->view, i * OST_VIEW_TERMS), ROW(part->rest, i));
    EACH_FORCED(b, part)
    {
        panel_clear(part->view, part->rest);
        memcpy(part->end, ROW(b->x, part->of->state), OST_LANES * sizeof(double));
        ost_v_store(ROW(b->x_at, part->of->state), ost_v_splat(0));
        ost_v_put(part->error, paneled, ost_v_splat(0));
        ost_v_store(part->miss, ost_v_splat(0));
    }
}

/* Let panels of what is in closed form, and views, be known in a step of length h from (t, b->x), in lanes that have
 * several, after ost_linear_begin(). Uses b->x_at. */
static inline void ost_panels_begin(const ost_batch_t *b, const ost_v *t, const ost_v *step)
{
    const ost_v h = *step, turns = ost_v_load(b->speed) * h;
    const ost_mask paneled = ost_panels_lanes(b);
    ost_v g[OST_FORCED_MAX * OST_FORCED_NODES], start = ost_v_splat(0);
    const bool has_forced = ost_mask_any(ost_v_lt(ost_v_splat(0), ost_forced_speed(b)));
    const int n = panels_place(b, h);
    panels_clear(b);
    for (int k = 0; k < n; k++) {
        const ost_v end = ost_v_load(ROW(b->panel_end, k)), length = end - start;
        const ost_v next = ost_v_load(ROW(b->panel_end, k + 1 < n ? k + 1 : k)) - end;
        for (int i = k == 0 ? 0 : 1; i < OST_FORCED_NODES; i++) {
            panel_point_t at;
            ost_v weight = ost_node_weight[i] * length;
            if (i == OST_FORCED_NODES - 1) weight += ost_node_weight[0] * next;
            panel_point(&at, i == OST_FORCED_NODES - 1 ? end : start + ost_forced_node[i] * length, weight, h);
            panel_linear(b, &at, k == n - 1 && i == OST_FORCED_NODES - 1);
            if (has_forced) ost_forced_sample(b, *t + at.s, i, g);
        }
        if (has_forced) panel_forced(b, k, start, length, h, g);
        start = end;
    }
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
        for (size_t i = 0; i < part->n; i++)
            panel_finish(
                paneled, h, turns, ROW(part->view, i * OST_VIEW_TERMS), ROW(part->rest, i), ROW(part->rate, i));
    EACH_FORCED(b, part) panel_finish(paneled, h, turns, part->view, part->rest, part->rate);
}

/* No view of what is positive is below 0, where powers have no value; but at the end of a step, where what flows into a
 * state is exchanged. */
static inline void keep_positive(const ost_batch_t *b, uint32_t state, ost_mask where)
{
    double *row = ROW(b->x_at, state);
    if (b->system->positive[state]) ost_v_put(row, where, ost_v_max(ost_v_load(row), ost_v_splat(0)));
}

/* Views at part `theta` of the step, in b->x_at. */
static inline void ost_panels_put_views(const ost_batch_t *b, double theta)
{
    const ost_mask paneled = ost_panels_lanes(b);
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        const ost_mask active = ost_linear_active(part) & paneled;
        if (part->is_empty || !part->is_seen || !ost_mask_any(active)) continue;
        for (size_t i = 0; i < part->n; i++) {
            ost_linear_put(b, part, i, panel_view(ROW(part->view, i * OST_VIEW_TERMS), theta), active);
            if (i < part->of->n_states || theta < 1) keep_positive(b, ost_linear_state(part, i), active);
        }
    }
    EACH_FORCED(b, part)
    {
        const ost_mask active = ost_forced_active(part) & paneled;
        ost_v_put(ROW(b->x_at, part->of->state), active, panel_view(part->view, theta));
        keep_positive(b, part->of->state, active);
    }
}

/* The states themselves at the end of the step, where b->x_at has their views there. */
static inline void ost_panels_put_end(const ost_batch_t *b)
{
    const ost_mask paneled = ost_panels_lanes(b);
    for (const ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
        const ost_mask active = ost_linear_active(part) & paneled;
        if (part->is_empty || !ost_mask_any(active)) continue;
        for (size_t i = 0; i < part->n; i++) {
            ost_v x = ost_v_load(ROW(part->end, i));
            for (int k = 0; k < OST_VIEW_TERMS && i >= part->of->n_states; k++)
                x -= ost_v_load(ROW(part->view, i * OST_VIEW_TERMS + (size_t) k));
            ost_linear_put(b, part, i, x, active);
        }
    }
    EACH_FORCED(b, part)
    ost_v_put(ROW(b->x_at, part->of->state), ost_forced_active(part) & paneled, ost_v_load(part->end));
}

/* A forced state at time s of the step. */
static inline ost_v panel_forced_at(const ost_batch_t *b, const ost_forced_part_t *part, ost_v s)
{
    ost_v start = ost_v_splat(0), x = ost_v_splat(0);
    for (int k = 0; k < OST_PANELS; k++) {
        const ost_v end = ost_v_load(ROW(b->panel_end, k)), length = end - start;
        ost_mask here = ost_v_lt(ost_v_splat(0), length);
        if (k > 0) here &= ost_v_lt(start, s);
        if (!ost_mask_any(here)) break;
        x = ost_v_blend(here, ost_forced_at(part, 1 + k, (s - start) / length, length), x);
        start = end;
    }
    return x;
}

/* Let the rates of linear parts that are seen and of forced states be the integrals of what their views leave out, from
 * the start of the step of length h to part theta of it, over h. */
static inline void ost_panels_find_missing(const ost_batch_t *b, ost_v theta, ost_v h)
{
    ost_v start = ost_v_splat(0), x[OST_LINEAR_MAX];
    const ost_v per_h = 1.0 / h;
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
        for (size_t i = 0; i < part->n; i++)
            ost_v_store(ROW(part->rate, i), -panel_view_integral(ROW(part->view, i * OST_VIEW_TERMS), theta));
    EACH_FORCED(b, part) ost_v_store(part->rate, -panel_view_integral(part->view, theta));
    for (int k = 0; k < OST_PANELS && ost_mask_any(ost_v_lt(start, theta * h)); k++) {
        const ost_v end = ost_v_load(ROW(b->panel_end, k)), length = end - start;
        const ost_v here = ost_v_max(ost_v_splat(0), ost_v_min(end, theta * h) - start);
        for (int i = 0; i < OST_FORCED_NODES; i++) {
            const ost_v weight = ost_node_weight[i] * here * per_h, s = ost_forced_node[i] * here;
            for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++) {
                if (part->is_empty || !part->is_seen || !ost_mask_any(ost_linear_active(part))) continue;
                ost_linear_at(part, start + s, x);
                for (size_t j = 0; j < part->n; j++)
                    ost_v_store(ROW(part->rate, j), ost_v_load(ROW(part->rate, j)) + weight * x[j]);
            }
            EACH_FORCED(b, part)
            {
                const ost_mask is_here = ost_v_lt(ost_v_splat(0), here);
                x[0] = ost_forced_at(part, 1 + k, ost_v_blend(is_here, s / length, ost_v_splat(0)), length);
                ost_v_store(part->rate, ost_v_load(part->rate) + ost_v_blend(is_here, weight * x[0], ost_v_splat(0)));
            }
        }
        start = end;
    }
    for (ost_linear_part_t *part = b->parts; part < b->parts + b->system->n_linear; part++)
        for (size_t i = 0; i < part->n; i++) ost_v_store(ROW(part->rate, i), ost_v_load(ROW(part->rate, i)) * per_h);
    EACH_FORCED(b, part) ost_v_store(part->rate, ost_v_load(part->rate) * per_h);
}

/* Forced states at time s of the step, in b->x_at. */
static inline void ost_panels_put_forced(const ost_batch_t *b, ost_v s)
{
    EACH_FORCED(b, part)
    {
        const ost_mask active = ost_forced_active(part) & ost_panels_lanes(b);
        if (ost_mask_any(active)) ost_v_put(ROW(b->x_at, part->of->state), active, panel_forced_at(b, part, s));
    }
}

#endif
