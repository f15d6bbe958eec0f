/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All other blocks stand as they do where the arms begin, and time is that of the intervals before the dose. The closed
 * form takes A and b of the block's states from the system's Jacobian and rates. The iteration solves P(x) = x, P: over
 * one interval, by Broyden's method, whose first step is x = P(x) and which needs no derivatives; of a linear P it ends
 * after twice as many steps as there are states. Broyden 1965, doi:10.1090/S0025-5718-1965-0198670-6 */
#include "cohort/steady.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES OST_LANE_COUNT
/* Intervals that are tried, and the part of a state by which the last one may change it (assumed: a tenth of the
 * default tolerance of runs); intervals are integrated with a tolerance of RTOL. */
#define MOST_INTERVALS 200
#define STEADY 1e-7
#define RTOL 1e-10
/* The part of its doses by which an interval may change the dosed state (assumed): where more is given than leaves, a
 * state that grows without end changes by an ever smaller part of itself. */
#define MOST_LEFT 1e-4
/* A steady state is checked by one more interval, from states that are nearer, by NEARER of the way, to those without
 * doses. How much of that way the interval brings back tells how far off the states may be: at most by MOST_OFF of
 * them (both assumed). */
#define NEARER 0.01
#define MOST_OFF 1e-4
/* Days of one infusion that has been running for ever, as an interval (assumed). */
#define WHILE 1.0

struct ost_steady {
    ost_memory_t memory; /* of all, self too */
    const ost_plan_t *plan;
    ost_batch_t *batch;
    const double *x0, *constants, *inputs; /* of the subject, where its arms begin */
    double *rows;                          /* all of these, 64-byte aligned */
    double *t_rows, *x_rows, *p_rows, *u_rows, *mode_rows, *scratch_rows, *f_rows, *entry_rows;
    double *x, *x_end, *u;   /* [n_states], [n_states], [n_inputs] of a job */
    double *at, *off, *step; /* [n] of an iteration: the states, P(x) - x, and what was added last */
    double *inverse;         /* [n][n] */
    size_t n_max;            /* of states of a block */
};

static size_t lay_out(ost_steady_t *self, double *from)
{
    const ost_system_t *s = self->plan->system;
    const struct {
        double **rows;
        size_t n;
    } parts[] = { { &self->t_rows, 1 }, { &self->x_rows, s->n_states }, { &self->p_rows, s->n_constants },
        { &self->u_rows, s->n_inputs }, { &self->mode_rows, s->n_switches }, { &self->scratch_rows, s->n_scratch },
        { &self->f_rows, s->n_states }, { &self->entry_rows, s->n_entries } };
    size_t n = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        *parts[i].rows = from != NULL ? from + n : NULL;
        n += (parts[i].n + 1) * LANES;
    }
    return n;
}

static bool is_needed(const ost_plan_t *plan)
{
    bool is = false;
    for (size_t b = 0; b < plan->blocks->n; b++) is |= ost_rows_has_steady(plan, b);
    return is;
}

int ost_steady_new(ost_steady_t **self, const ost_plan_t *plan, const ost_solver_options_t *options, ost_error_t *err)
{
    *self = NULL;
    if (!is_needed(plan)) return 0;
    ost_memory_t memory = { 0 };
    ost_steady_t *s = *self = ost_memory_list(&memory, 1, sizeof(*s));
    if (s == NULL) return ost_no_memory(err);
    s->plan = plan;
    for (size_t b = 0; b < plan->blocks->n; b++) {
        size_t n = plan->blocks->block[b].model->n_states;
        if (n > s->n_max) s->n_max = n;
    }
    size_t n_rows = lay_out(s, NULL);
    s->rows = ost_memory_list(&memory, n_rows, sizeof(double));
    s->x = ost_memory_list(&memory, plan->system->n_states, sizeof(double));
    s->x_end = ost_memory_list(&memory, plan->system->n_states, sizeof(double));
    s->u = ost_memory_list(&memory, plan->system->n_inputs, sizeof(double));
    s->at = ost_memory_list(&memory, 3 * s->n_max, sizeof(double));
    s->inverse = ost_memory_list(&memory, s->n_max * s->n_max, sizeof(double));
    s->memory = memory;
    if (memory.failed) return ost_no_memory(err);
    lay_out(s, s->rows);
    s->off = s->at + s->n_max;
    s->step = s->off + s->n_max;
    ost_solver_options_t exact = *options;
    exact.rtol = fmin(options->rtol, RTOL);
    return ost_batch_new(&s->batch, plan->system, &exact, err);
}

void ost_steady_delete(ost_steady_t *self)
{
    if (self == NULL) return;
    ost_batch_delete(self->batch);
    ost_memory_t memory = self->memory;
    ost_memory_free(&memory);
}

void ost_steady_set(ost_steady_t *self, const double *x0, const double *constants, const double *inputs)
{
    if (self == NULL) return;
    self->x0 = x0;
    self->constants = constants;
    self->inputs = inputs;
}

static void fill(double *rows, const double *from, size_t n)
{
    for (size_t i = 0; i < n * LANES; i++) rows[i] = from[i / LANES];
}

/* A and b of the block's x' = A x + b. @param a  [n][n]; @param b  [n] */
static void find_linear(ost_steady_t *self, uint32_t block, double t, double *a, double *b)
{
    const ost_system_t *system = self->plan->system;
    const ost_block_t *of = &self->plan->blocks->block[block];
    const size_t first = of->first_state, n = of->model->n_states;
    for (size_t l = 0; l < LANES; l++) self->t_rows[l] = t;
    fill(self->x_rows, self->x0, system->n_states);
    fill(self->p_rows, self->constants, system->n_constants);
    fill(self->u_rows, self->inputs, system->n_inputs);
    if (self->plan->inputs->hold[block] >= 0)
        for (size_t l = 0; l < LANES; l++) self->u_rows[(size_t) self->plan->inputs->hold[block] * LANES + l] = 0;
    const ost_point_t at = { .t = self->t_rows,
        .x = self->x_rows,
        .p = self->p_rows,
        .u = self->u_rows,
        .mode = self->mode_rows,
        .scratch = self->scratch_rows };
    system->jacobian(system->self, &at, self->f_rows, self->entry_rows);
    for (size_t i = 0; i < n * n; i++) a[i] = 0;
    for (size_t e = 0; e < system->n_entries; e++) {
        size_t row = system->row[e], col = system->col[e];
        if (row >= first && row < first + n && col >= first && col < first + n)
            a[(row - first) * n + col - first] = self->entry_rows[e * LANES];
    }
    for (size_t i = 0; i < n; i++) {
        double size = 0;
        b[i] = self->f_rows[(first + i) * LANES];
        for (size_t k = 0; k < n; k++) {
            b[i] -= a[i * n + k] * self->x0[first + k];
            size += fabs(a[i * n + k] * self->x0[first + k]);
        }
        if (fabs(b[i]) <= 1e-14 * size) b[i] = 0; /* what rounding leaves */
    }
}

/* The doses of an interval up to a phase of it. @return how many events */
static size_t list_events(const ost_cycle_t *cycle, size_t first_state, ost_event_t events[2], double *rate)
{
    const ost_repeated_t *r = &cycle->repeated;
    *rate = r->rate;
    if (r->interval == 0) return 0;
    if (r->rate == 0) {
        events[0] = (ost_event_t){ .kind = OST_EVENT_ADD_STATE,
            .index = (uint32_t) first_state + cycle->into,
            .amount = r->amount,
            .series = -1 };
        return 1;
    }
    double whole = floor(r->duration / r->interval), rest = r->duration - whole * r->interval;
    *rate = r->rate * (whole + (rest > OST_SAME_TIME));
    events[0] = (ost_event_t){ .t = rest,
        .kind = OST_EVENT_SET_INPUT,
        .index = (uint32_t) cycle->infusion,
        .amount = r->rate * whole,
        .series = -1 };
    return rest > OST_SAME_TIME && whole * r->interval < r->duration;
}

/* Integrate from just before a dose for a time, from the states `at` of the block to `end`. @return 0 or an error */
static int integrate(ost_steady_t *self, const ost_cycle_t *cycle, double time, double *end, ost_error_t *err)
{
    const ost_system_t *system = self->plan->system;
    const ost_block_t *block = &self->plan->blocks->block[cycle->block];
    ost_event_t events[2];
    double rate;
    const size_t n = block->model->n_states, n_events = list_events(cycle, block->first_state, events, &rate);
    memcpy(self->x, self->x0, system->n_states * sizeof(double));
    memcpy(self->x + block->first_state, self->at, n * sizeof(double));
    memcpy(self->u, self->inputs, system->n_inputs * sizeof(double));
    if (self->plan->inputs->hold[cycle->block] >= 0) self->u[self->plan->inputs->hold[cycle->block]] = 0;
    if (cycle->infusion >= 0) self->u[cycle->infusion] = rate;
    const double t0 = cycle->t - cycle->repeated.phase;
    for (size_t i = 0; i < n_events; i++) events[i].t += t0;
    ost_job_t job = { .t0 = t0,
        .t1 = t0 + time,
        .x0 = self->x,
        .p = self->constants,
        .u0 = self->u,
        .events = events,
        .n_events = n_events,
        .x_end = self->x_end };
    int ret = ost_batch_run(self->batch, &job, 1, err);
    if (ret == 0 && job.status != 0) {
        char what[256];
        ret = ost_fail(err, job.status, "steady state of '%s': %s", block->model->name,
            ost_job_message(&job, system, &self->plan->experiment->solver, what, sizeof(what)));
    }
    memcpy(end, self->x_end + block->first_state, n * sizeof(double));
    return ret;
}

/* The largest change over the interval, as a part of the state. */
static double change_of(const ost_steady_t *self, const ost_block_t *block)
{
    double worst = 0;
    for (size_t i = 0; i < block->model->n_states; i++) {
        double size = fmax(fabs(self->at[i]), 1e-3 * self->plan->system->scale[block->first_state + i]);
        worst = fmax(worst, fabs(self->off[i]) / size);
    }
    return worst;
}

/* What an interval leaves of its doses. */
static double left_of(const ost_steady_t *self, const ost_cycle_t *cycle)
{
    const ost_repeated_t *r = &cycle->repeated;
    double given = r->rate == 0 ? r->amount : r->rate * (r->interval > 0 ? r->duration : WHILE);
    return given > 0 ? fabs(self->off[cycle->into]) / given : 0;
}

/* Broyden's step, from the states `at` by their change `off` over an interval: `step` takes them there. */
static void find_step(ost_steady_t *self, const ost_block_t *block)
{
    const size_t n = block->model->n_states;
    bool is_negative = false;
    for (size_t i = 0; i < n; i++) {
        self->step[i] = 0;
        for (size_t k = 0; k < n; k++) self->step[i] += self->inverse[i * n + k] * self->off[k];
        is_negative |= !(self->at[i] + self->step[i] >= 0) && self->plan->system->positive[block->first_state + i];
    }
    if (!is_negative) return;
    for (size_t i = 0; i < n * n; i++) self->inverse[i] = i % (n + 1) == 0;
    memcpy(self->step, self->off, n * sizeof(double));
}

/* Learn from a step how changes depend on the states: `before` is the change before it. */
static void learn(ost_steady_t *self, size_t n, const double *before, double *scratch)
{
    double along = 0;
    for (size_t i = 0; i < n; i++) {
        scratch[i] = 0;
        for (size_t k = 0; k < n; k++) scratch[i] += self->inverse[i * n + k] * (before[k] - self->off[k]);
        along += self->step[i] * scratch[i];
    }
    if (along == 0 || !isfinite(along)) return;
    for (size_t k = 0; k < n; k++) {
        double row = 0;
        for (size_t i = 0; i < n; i++) row += self->step[i] * self->inverse[i * n + k];
        scratch[n + k] = row;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            self->inverse[i * n + k] += (self->step[i] - scratch[i]) * scratch[n + k] / along;
}

/* Whether what the iteration ended with is a steady state: above the capacity of an elimination that saturates, states
 * grow until rounding takes away what an interval adds, and then none of a change comes back.
 * @param change  change_of() the last interval  @param found, scratch  [n] */
static int check(ost_steady_t *self, const ost_cycle_t *cycle, double interval, double change, double *found,
    double *scratch, ost_error_t *err)
{
    const ost_block_t *block = &self->plan->blocks->block[cycle->block];
    const size_t n = block->model->n_states;
    const double *x0 = self->x0 + block->first_state;
    double least = 1;
    memcpy(found, self->at, n * sizeof(double));
    for (size_t i = 0; i < n; i++) self->at[i] -= NEARER * (found[i] - x0[i]);
    int ret = integrate(self, cycle, interval, scratch, err);
    for (size_t i = 0; i < n; i++) {
        double way = fabs(found[i] - x0[i]), back = fabs(scratch[i] - self->at[i] - self->off[i]);
        if (way > 1e-3 * fmax(fabs(found[i]), self->plan->system->scale[block->first_state + i]))
            least = fmin(least, back / (NEARER * way));
    }
    memcpy(self->at, found, n * sizeof(double));
    if (ret < 0 || change + RTOL <= MOST_OFF * least) return ret;
    return ost_fail(err, OST_ERR_VALUE,
        "'%s' has no steady state under these doses, or is too slow to reach it: an interval takes back only %.2g %% "
        "of "
        "a change of its states",
        block->model->name, 100 * least);
}

/* @param scratch  [3 n] */
static int iterate(ost_steady_t *self, const ost_cycle_t *cycle, double *scratch, ost_error_t *err)
{
    const ost_block_t *block = &self->plan->blocks->block[cycle->block];
    const size_t n = block->model->n_states;
    const double interval = cycle->repeated.interval > 0 ? cycle->repeated.interval : WHILE;
    double *before = scratch + 2 * n;
    double change = INFINITY, left = INFINITY;
    memcpy(self->at, self->x0 + block->first_state, n * sizeof(double));
    for (size_t i = 0; i < n * n; i++) self->inverse[i] = i % (n + 1) == 0;
    for (int k = 0; k < MOST_INTERVALS; k++) {
        memcpy(before, self->off, n * sizeof(double));
        int ret = integrate(self, cycle, interval, self->off, err);
        if (ret < 0) return ret;
        for (size_t i = 0; i < n; i++) self->off[i] -= self->at[i];
        change = change_of(self, block);
        left = left_of(self, cycle);
        if (k > 0 && change <= STEADY * 1e-2 && left <= MOST_LEFT)
            return check(self, cycle, interval, change, before, scratch, err);
        if (k > 0) learn(self, n, before, scratch);
        find_step(self, block);
        for (size_t i = 0; i < n; i++) self->at[i] += self->step[i];
    }
    if (change <= STEADY && left <= MOST_LEFT) return 0;
    return ost_fail(err, OST_ERR_VALUE,
        "'%s' has no steady state under these doses: after %d intervals an interval still changes it by %.2g %%, and "
        "leaves %.2g %% of what it gives",
        block->model->name, MOST_INTERVALS, 100 * change, 100 * left);
}

int ost_steady_find(void *user, const ost_cycle_t *cycle, double *x, ost_error_t *err)
{
    ost_steady_t *self = user;
    const ost_block_t *block = &self->plan->blocks->block[cycle->block];
    const size_t n = block->model->n_states;
    if (ost_rows_is_linear(self->plan, cycle->block, self->inputs)) {
        double a[OST_LINEAR_MAX * OST_LINEAR_MAX], b[OST_LINEAR_MAX];
        find_linear(self, cycle->block, cycle->t, a, b);
        for (size_t i = 0; i < n && cycle->is_added; i++) b[i] = 0;
        if (ost_repeated_linear(&cycle->repeated, n, a, b, cycle->into, x)) return 0;
    }
    double *scratch = calloc(3 * n, sizeof(*scratch));
    if (scratch == NULL) return ost_no_memory(err);
    int ret = iterate(self, cycle, scratch, err);
    free(scratch);
    if (ret == 0 && cycle->repeated.phase < cycle->repeated.interval)
        ret = integrate(self, cycle, cycle->repeated.phase, self->at, err);
    for (size_t i = 0; i < n; i++) x[i] = self->at[i] - (cycle->is_added ? self->x0[block->first_state + i] : 0);
    return ret;
}
