/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States that relax (ost_relaxing_t) over lanes. What such a state is away from where its rate leads, just after a
 * change, fades as exp(lambda t): stages follow the state without that, so that steps are as long as what it relaxes to
 * allows. */
#ifndef OST_SOLVE_RELAXING_LANES_H
#define OST_SOLVE_RELAXING_LANES_H

#include "solve/method.h"

#define EACH_RELAXING(b) for (size_t k = 0; k < (b)->system->n_relaxing; k++)

static inline double *ost_relaxing_row(const ost_batch_t *b, double *rows, size_t k)
{
    return ROW(rows, b->system->relaxing[k].state);
}

/* Let lambda be taken from the next Jacobian; until then nothing fades. */
static inline void ost_relaxing_forget(const ost_batch_t *b, int lane)
{
    EACH_RELAXING(b)
    {
        ROW(b->lambda, k)[lane] = NAN;
        ROW(b->away, k)[lane] = 0;
    }
}

static inline bool ost_relaxing_is_outdated(const ost_batch_t *b, int lane)
{
    return b->system->n_relaxing > 0 && isnan(b->lambda[lane]);
}

static inline void ost_relaxing_make(const ost_batch_t *b, int lane)
{
    EACH_RELAXING(b)
    {
        double lambda = ROW(b->values, b->system->relaxing[k].entry)[lane];
        ROW(b->lambda, k)[lane] = lambda < 0 ? lambda : 0;
    }
}

static inline ost_mask ost_relaxing_changed(const ost_batch_t *b)
{
    return ~ost_v_eq(ost_v_load(b->changed), ost_v_splat(0));
}

/* What fades, as of the start of a step; nothing yet in lanes where something has changed since the last one. */
static inline void ost_relaxing_begin(const ost_batch_t *b)
{
    const ost_mask changed = ost_relaxing_changed(b);
    EACH_RELAXING(b)
    ost_v_store(ROW(b->away_now, k), ost_v_blend(changed, ost_v_splat(0), ost_v_load(ROW(b->away, k))));
}

/* Rates of what stages follow: without what fades. */
static inline void ost_relaxing_drop_rates(const ost_batch_t *b, double *f)
{
    EACH_RELAXING(b)
    {
        double *rate = ost_relaxing_row(b, f, k);
        ost_v_store(rate, ost_v_load(rate) - ost_v_load(ROW(b->lambda, k)) * ost_v_load(ROW(b->away_now, k)));
    }
}

/* In those lanes, all of the rates f at the start of a step fades: the same at each attempt. */
static inline void ost_relaxing_split(const ost_batch_t *b, double *f)
{
    const ost_mask changed = ost_relaxing_changed(b);
    if (!ost_mask_any(changed)) return;
    EACH_RELAXING(b)
    {
        ost_v lambda = ost_v_load(ROW(b->lambda, k));
        double *row = ost_relaxing_row(b, f, k);
        const ost_mask splits = changed & ost_v_lt(lambda, ost_v_splat(0));
        ost_v rate = ost_v_load(row);
        ost_v_store(ROW(b->away, k), ost_v_blend(splits, rate / lambda, ost_v_load(ROW(b->away, k))));
        ost_v_store(row, ost_v_blend(splits, ost_v_splat(0), rate));
    }
}

/* The states in b->x_at at time s of the step, with what fades as it is there. */
static inline void ost_relaxing_put_states(const ost_batch_t *b, ost_v s)
{
    EACH_RELAXING(b)
    {
        double *x = ost_relaxing_row(b, b->x_at, k);
        ost_v away = ost_v_load(ROW(b->away, k)), now = away * ost_v_exp(ost_v_load(ROW(b->lambda, k)) * s);
        ost_v_store(ROW(b->away_now, k), now);
        ost_v_store(x, ost_v_load(x) + (now - away));
    }
}

/* Take part theta of what has faded at the end of the step of length h out of the states in b->x_at. */
static inline void ost_relaxing_take_end(const ost_batch_t *b, ost_v theta, ost_v h)
{
    EACH_RELAXING(b)
    {
        double *x = ost_relaxing_row(b, b->x_at, k);
        ost_v away = ost_v_load(ROW(b->away, k)), end = away * ost_v_exp(ost_v_load(ROW(b->lambda, k)) * h);
        ost_v_store(x, ost_v_load(x) - theta * (end - away));
    }
}

/* Add factor times the rate of what fades at the start of the step to the states' rows, where factor is a + b lambda.
 */
static inline void ost_relaxing_add_rates(const ost_batch_t *b, ost_v constant, ost_v by_lambda, double *rows)
{
    EACH_RELAXING(b)
    {
        double *row = ost_relaxing_row(b, rows, k);
        ost_v lambda = ost_v_load(ROW(b->lambda, k)), rate = lambda * ost_v_load(ROW(b->away, k));
        ost_v_store(row, ost_v_load(row) + (constant + by_lambda * lambda) * rate);
    }
}

/* Of what fades and is more than may be wrong of its state, the shortest time constant; INFINITY where there is none.
 */
static inline ost_v ost_relaxing_fastest(const ost_batch_t *b)
{
    ost_v fastest = ost_v_splat(0);
    EACH_RELAXING(b)
    {
        const uint32_t i = b->system->relaxing[k].state;
        ost_v weight = b->atol[i] + b->options.rtol * ost_v_abs(ost_v_load(ROW(b->x, i)));
        ost_mask moves = ost_v_lt(weight, ost_v_abs(ost_v_load(ROW(b->away, k))));
        fastest = ost_v_blend(moves, ost_v_max(fastest, ost_v_abs(ost_v_load(ROW(b->lambda, k)))), fastest);
    }
    return 1.0 / fastest;
}

/* Let what fades do so for time s, in these lanes. */
static inline void ost_relaxing_advance(const ost_batch_t *b, ost_mask which, ost_v s)
{
    EACH_RELAXING(b)
    {
        ost_v away = ost_v_load(ROW(b->away, k));
        ost_v_store(ROW(b->away, k), ost_v_blend(which, away * ost_v_exp(ost_v_load(ROW(b->lambda, k)) * s), away));
    }
}

#endif
