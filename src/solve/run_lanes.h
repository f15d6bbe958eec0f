/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run over lanes, each with its own time and step size: what batch_lanes.c and what it includes share. */
#ifndef OST_SOLVE_RUN_LANES_H
#define OST_SOLVE_RUN_LANES_H

#include "solve/step_size_lanes.h"

typedef struct {
    ost_batch_t *b;
    const ost_method_t *method;
    ost_job_t *jobs;
    size_t n_jobs, next_job;
    double reach;             /* of steps past what is in closed form, in times since that changed */
    ost_v t, h;               /* time, step size that error control proposes */
    ost_v h_max;              /* longest step */
    ost_v h_step, t_new;      /* of the step being tried */
    ost_v h_last, ratio_last; /* of the last step that was accepted; 0 after a change */
    ost_v h_before;           /* that at the last change, 0 where panels are not to be tried from here on */
    ost_v pause, pauses;      /* changes until they are again, and after their next failure */
    ost_v theta;              /* part of it that is taken: 1, or up to a crossing */
    ost_v t_stop;             /* next event, or end where a step has to end there */
    ost_v t_stop_outputs;     /* outputs up to here belong to t_stop */
    ost_v t_end;
    ost_v t_out;     /* next output, INFINITY if none */
    ost_v t_waiting; /* of the output that waits */
    ost_v t_changed; /* when something last acted or a condition turned */
    ost_v fastest;   /* time constant of the fastest mode of all closed forms, INFINITY for none */
    ost_v t_barrier; /* end of the first step that left a state negative */
    ost_mask live, waiting, starting, shrunk;
    ost_mask to_break, at_break; /* whether t_stop is a break; lanes that reached one in this step */
    ost_mask n_attempts, n_rejected, n_negative, n_extra; /* int64 counts; n_extra: right-hand sides outside of steps */
} run_t;

static inline ost_point_t point(const run_t *run, const ost_v *t, const double *x)
{
    const ost_batch_t *b = run->b;
    return (
        ost_point_t){ .t = (const double *) t, .x = x, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch };
}

static inline void blend_rows(double *to, ost_mask m, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        EACH_REG
        {
            ost_reg a = ost_reg_load(ROW(from, i), q), b = ost_reg_load(ROW(to, i), q);
            ost_reg_store(ROW(to, i), q, ost_reg_blend(ost_mask_reg(&m, q), a, b));
        }
    }
}

/* b->x_at = x(t + theta h) of the step just tried, of some states */
static inline void wanted_at(run_t *run, const ost_wanted_states_t *wanted, const ost_v *theta)
{
    run->method->dense(run->b, wanted, &run->h_step, theta);
    if (!wanted->has_known_ones) return;
    ost_linear_put_dense(run->b, *theta, run->h_step);
    if (ost_mask_any(ost_panels_lanes(run->b))) ost_panels_put_forced(run->b, *theta * run->h_step);
}

static inline void state_at(run_t *run, const ost_v *theta)
{
    wanted_at(run, &run->b->every, theta);
}

#endif
