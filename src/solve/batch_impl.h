/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of a batch share. Rows are [n][OST_LANE_COUNT] doubles, 64-byte aligned; a column (one lane of such
 * rows) is a pointer to its first element with stride OST_LANE_COUNT. */
#ifndef OST_SOLVE_BATCH_IMPL_H
#define OST_SOLVE_BATCH_IMPL_H

#include "solve/elimination.h"
#include "solve/lane.h"
#include "solve/linear.h"
#include "solve/moving.h"

#define OST_MAX_STAGES 8

struct ost_gsl;

/* States of which dense output is asked for. */
typedef struct {
    uint32_t *state;     /* [n]; NULL: all */
    size_t n;            /* states in the list, or all */
    bool has_known_ones; /* some are in closed form, or fed by what is */
} ost_wanted_states_t;

struct ost_batch {
    const ost_system_t *system; /* borrowed */
    ost_solver_options_t options;
    ost_elimination_t elimination;
    ost_moving_t *moving;
    double *atol;  /* [n_states] absolute tolerance, INFINITY outside error control */
    double *floor; /* [n_states] a state below has failed; -INFINITY where it may be negative */
    ost_lane_t lanes[OST_LANE_COUNT];
    ost_wanted_states_t every, of_switches;
    ost_linear_part_t *parts;  /* [system->n_linear] */
    ost_forced_part_t *forced; /* [system->n_forced] */
    double *paneled;           /* [1 row] 1 where the step has several panels, else 0 */
    double *speed;             /* [1 row] the fastest rate at which other states relaxed in the last step, 1/d */
    double *missing; /* [1 row] square of the error that others would have of it within a step, of their tolerance */
    double *since;   /* [1 row] time since the last change, and the time constant of the fastest mode */
    double *panel_growth; /* [1 row] part of that by which it grows in a panel of a step */
    double *panel_end;    /* [OST_PANELS rows] of the step, from its start on, d */
    /* First accepted step after a change, by what changed: rows [n_states + n_inputs + n_switches], 0 unknown. */
    double *first_step;
    /* Rows: */
    double *x, *x_new, *x_at; /* [n_states]; x_at: a stage, or a point of the dense output */
    double *stages;           /* [OST_MAX_STAGES][stage_stride] */
    double *f;                /* [n_states] right-hand side at x, where the method keeps it */
    double *x_out;            /* [n_states] point of an output that waits */
    double *values;           /* [elimination.n_rows] */
    double *p, *u, *mode, *g, *g_low, *g_high, *g_start, *y, *scratch;
    size_t stage_stride; /* doubles */
    void *memory;        /* owned: all of the above */
    struct ost_gsl *gsl; /* NULL for a method over lanes */
};

/* Run all jobs by a method over lanes, compiled per instruction set. */
/* Steps between two looks at `stop`: milliseconds of the largest systems. */
#define OST_STEPS_PER_LOOK 64
static inline bool ost_batch_is_to_stop(const ost_batch_t *self)
{
    return self->options.stop != NULL && atomic_load_explicit(self->options.stop, memory_order_relaxed);
}

bool ost_batch_integrate_base(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs);
bool ost_batch_integrate_avx2(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs);
bool ost_batch_integrate_avx512(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs);

/* GSL's steppers, one job at a time in lane 0. */
int ost_gsl_new(struct ost_gsl **self, ost_batch_t *batch, ost_error_t *err) OST_MUST_CHECK;
void ost_gsl_delete(struct ost_gsl *self);
bool ost_gsl_run(struct ost_gsl *self, ost_job_t *job);

#endif
