/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slow, trusted reference: GSL's steppers, one job at a time. Everything that could be shared with the methods over
 * lanes but be wrong in both is done in another way here: the Jacobian is reduced densely, outputs are stepped to,
 * crossings are found by integrating again to shorter and shorter times. */
#include "solve/batch_impl.h"

#ifndef OST_HAVE_GSL

int ost_gsl_new(struct ost_gsl **self, ost_batch_t *batch, ost_error_t *err)
{
    (void) batch;
    *self = NULL;
    return ost_fail(err, OST_ERR_VALUE, "this program was built without the GSL and its steppers");
}
void ost_gsl_delete(struct ost_gsl *self)
{
    (void) self;
}
bool ost_gsl_run(struct ost_gsl *self, ost_job_t *job)
{
    (void) self, (void) job;
    return true;
}

#else

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define H_START 1e-6
/* Width to which the time of a crossing is found, d and relative. */
#define CROSSING_WIDTH 1e-13

struct ost_gsl {
    ost_batch_t *b;
    ost_lane_t *lane;
    gsl_odeiv2_system system;
    gsl_odeiv2_driver *driver;
    double *scale;     /* [n_states] finite */
    double *x, *x_low; /* [n_states] */
    double *matrix;    /* [n][n + 1], n = n_states + n_algebraic */
    double t, h;
    bool failed, stopped; /* stopped: also failed */
};

static size_t size_of(const ost_system_t *system)
{
    return system->n_states + system->n_algebraic;
}

/* The same value in all lanes, so that those that are not looked at cannot go wrong either. */
static void put_in_lanes(double *rows, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t l = 0; l < OST_LANE_COUNT; l++) rows[i * OST_LANE_COUNT + l] = from[i];
    }
}

static void spread_first_lane(double *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t l = 1; l < OST_LANE_COUNT; l++) rows[i * OST_LANE_COUNT + l] = rows[i * OST_LANE_COUNT];
    }
}

/* b->x_at and b->atol are whole lane rows; the time takes a row of the rates, which are not used here. */
static ost_point_t point(struct ost_gsl *self, double t, const double *x)
{
    ost_batch_t *b = self->b;
    put_in_lanes(b->f, &t, 1);
    put_in_lanes(b->x_at, x, b->system->n_states);
    return (ost_point_t){ .t = b->f, .x = b->x_at, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch };
}

static int gsl_rhs(double t, const double x[], double f[], void *params)
{
    struct ost_gsl *self = params;
    const ost_system_t *system = self->b->system;
    ost_point_t at = point(self, t, x);
    system->rhs(system->self, &at, self->b->stages);
    self->lane->job->stats.rhs++;
    int status = GSL_SUCCESS;
    for (size_t i = 0; i < system->n_states; i++) {
        f[i] = self->b->stages[i * OST_LANE_COUNT];
        if (!isfinite(f[i])) status = GSL_FAILURE; /* makes the driver shorten its step */
    }
    return status;
}

static int gsl_jacobian(double t, const double x[], double *dfdx, double dfdt[], void *params)
{
    struct ost_gsl *self = params;
    const ost_system_t *system = self->b->system;
    size_t n = system->n_states, m = size_of(system), width = m + 1;
    double *matrix = self->matrix;
    ost_point_t at = point(self, t, x);
    system->jacobian(system->self, &at, self->b->stages, self->b->values);
    self->lane->job->stats.jacobians++;
    memset(matrix, 0, m * width * sizeof(*matrix));
    for (size_t e = 0; e < system->n_entries; e++)
        matrix[system->row[e] * width + system->col[e]] = self->b->values[e * OST_LANE_COUNT];
    for (size_t a = n; a < m; a++) {
        for (size_t r = 0; r < m; r++) {
            double factor = matrix[r * width + a];
            if (r == a || factor == 0) continue;
            matrix[r * width + a] = 0;
            for (size_t c = 0; c < width; c++) matrix[r * width + c] += factor * matrix[a * width + c];
        }
    }
    for (size_t r = 0; r < n; r++) {
        memcpy(dfdx + r * n, matrix + r * width, n * sizeof(*dfdx));
        dfdt[r] = matrix[r * width + m];
    }
    return GSL_SUCCESS;
}

void ost_gsl_delete(struct ost_gsl *self)
{
    if (self == NULL) return;
    if (self->driver != NULL) gsl_odeiv2_driver_free(self->driver);
    free(self->scale);
    free(self->x);
    free(self->x_low);
    free(self->matrix);
    free(self);
}

static const gsl_odeiv2_step_type *const *const types[OST_N_STEPPERS] = {
#define PLACE_LANES(NAME, function)
#define PLACE_GSL(NAME, function)                                                                                      \
    [OST_STEPPER_##NAME] = (const gsl_odeiv2_step_type *const *) &gsl_odeiv2_step_##function,
#define PLACE_AUTO(NAME, function)
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) PLACE_##family(NAME, function)
#include "solve/methods.def"
#undef OST_METHOD
};

int ost_gsl_new(struct ost_gsl **self, ost_batch_t *batch, ost_error_t *err)
{
    const ost_system_t *system = batch->system;
    const ost_solver_options_t *options = &batch->options;
    size_t n = system->n_states, m = size_of(system);
    struct ost_gsl *gsl = calloc(1, sizeof(*gsl));
    *self = gsl;
    if (gsl == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for GSL's stepper");
    gsl->b = batch;
    gsl->lane = &batch->lanes[0];
    gsl->system = (gsl_odeiv2_system){ .function = gsl_rhs, .jacobian = gsl_jacobian, .dimension = n, .params = gsl };
    gsl->scale = calloc(n + 1, sizeof(*gsl->scale));
    gsl->x = calloc(n + 1, sizeof(*gsl->x));
    gsl->x_low = calloc(n + 1, sizeof(*gsl->x_low));
    gsl->matrix = calloc(m * (m + 1) + 1, sizeof(*gsl->matrix));
    if (gsl->scale == NULL || gsl->x == NULL || gsl->x_low == NULL || gsl->matrix == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for GSL's stepper for %zu states", n);
    for (size_t i = 0; i < n; i++) gsl->scale[i] = isfinite(system->scale[i]) ? system->scale[i] : 1e200;
    gsl->driver = gsl_odeiv2_driver_alloc_scaled_new(&gsl->system, *types[options->stepper], H_START,
        options->atol_factor * options->rtol, options->rtol, 1, 0, gsl->scale);
    if (gsl->driver == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for GSL's driver for %zu states", n);
    return 0;
}

static void fail(struct ost_gsl *self, ost_failure_t failure, int32_t state)
{
    ost_lane_fail(self->lane, failure, self->t, state);
    self->failed = true;
}

static void check_state(struct ost_gsl *self)
{
    const ost_batch_t *b = self->b;
    for (size_t i = 0; i < b->system->n_states && !self->failed; i++) {
        if (!isfinite(self->x[i]))
            fail(self, OST_FAILURE_NOT_FINITE, (int32_t) i);
        else if (self->x[i] < b->floor[i])
            fail(self, OST_FAILURE_NEGATIVE, (int32_t) i);
    }
}

static void start_anew(struct ost_gsl *self)
{
    gsl_odeiv2_driver_reset(self->driver);
    self->h = H_START;
}

/* One step, not past `target`. */
static void step(struct ost_gsl *self, double target)
{
    const ost_solver_options_t *options = &self->b->options;
    gsl_odeiv2_driver *driver = self->driver;
    ost_solver_stats_t *stats = &self->lane->job->stats;
    self->stopped = ost_batch_is_to_stop(self->b);
    self->failed = self->stopped;
    if (self->stopped) return;
    self->h = fmin(self->h, options->h_max);
    unsigned long failed_before = driver->e->failed_steps;
    int status =
        gsl_odeiv2_evolve_apply(driver->e, driver->c, driver->s, &self->system, &self->t, target, &self->h, self->x);
    stats->steps++;
    stats->rejected += driver->e->failed_steps - failed_before;
    if (status != GSL_SUCCESS || (self->t < target && self->h < options->h_min))
        fail(self, OST_FAILURE_STEP, -1);
    else if (stats->steps + stats->rejected >= options->max_steps && self->t < target)
        fail(self, OST_FAILURE_MAX_STEPS, -1);
    else
        check_state(self);
}

static void evaluate_switches(struct ost_gsl *self)
{
    const ost_system_t *system = self->b->system;
    ost_point_t at = point(self, self->t, self->x);
    system->switches(system->self, &at, self->b->g);
}

static bool disagrees(const struct ost_gsl *self, size_t s)
{
    return (self->b->g[s * OST_LANE_COUNT] >= 0) != (self->b->mode[s * OST_LANE_COUNT] != 0);
}

static bool any_disagrees(struct ost_gsl *self)
{
    if (self->b->system->n_switches == 0) return false;
    evaluate_switches(self);
    for (size_t s = 0; s < self->b->system->n_switches; s++) {
        if (disagrees(self, s)) return true;
    }
    return false;
}

static void set_modes(struct ost_gsl *self)
{
    size_t n = self->b->system->n_switches;
    for (size_t pass = 0; pass <= n && any_disagrees(self); pass++) {
        for (size_t s = 0; s < n; s++) self->b->mode[s * OST_LANE_COUNT] = self->b->g[s * OST_LANE_COUNT] >= 0;
        spread_first_lane(self->b->mode, n);
    }
}

/* A condition turned between (t_low, x_low) and now: come to rest just behind that, with the new modes. */
static void find_crossing(struct ost_gsl *self, double t_low)
{
    size_t n_bytes = self->b->system->n_states * sizeof(*self->x);
    double t_high = self->t;
    for (;;) {
        bool narrow = t_high - t_low <= CROSSING_WIDTH * fmax(1, fabs(t_high));
        double middle = narrow ? t_high : t_low + 0.5 * (t_high - t_low);
        double t = t_low;
        memcpy(self->x, self->x_low, n_bytes);
        self->t = t;
        start_anew(self);
        while (self->t < middle && !self->failed) step(self, middle);
        if (self->failed || narrow) break;
        if (any_disagrees(self)) {
            t_high = middle;
        } else {
            t_low = middle;
            memcpy(self->x_low, self->x, n_bytes);
        }
    }
    if (self->failed) return;
    bool chatters = false;
    evaluate_switches(self);
    for (size_t s = 0; s < self->b->system->n_switches; s++) {
        if (disagrees(self, s)) chatters |= ost_lane_flip(self->lane, self->t, s);
    }
    set_modes(self);
    start_anew(self);
    if (chatters) fail(self, OST_FAILURE_SWITCH, -1);
}

static void advance(struct ost_gsl *self, double target)
{
    while (self->t < target && !self->failed) {
        double t_low = self->t;
        memcpy(self->x_low, self->x, self->b->system->n_states * sizeof(*self->x));
        step(self, target);
        if (!self->failed && any_disagrees(self)) find_crossing(self, t_low);
    }
}

static void write_outputs(struct ost_gsl *self)
{
    const ost_system_t *system = self->b->system;
    while (ost_lane_next_output(self->lane) <= self->t + OST_SAME_TIME) {
        ost_point_t at = point(self, ost_lane_next_output(self->lane), self->x);
        system->outputs(system->self, &at, self->b->y);
        ost_lane_write(self->lane, self->lane->i_out++, self->b->y);
    }
}

static double next_stop(struct ost_gsl *self)
{
    return fmin(ost_lane_next_stop(self->lane), self->lane->job->t1);
}

/* Outputs that an event asks for, after what acted before it. */
static void write_here(struct ost_gsl *self)
{
    ost_batch_t *b = self->b;
    for (size_t i = 0; i < b->system->n_states; i++) self->x[i] = b->x[i * OST_LANE_COUNT];
    spread_first_lane(b->u, b->system->n_inputs);
    spread_first_lane(b->p, b->system->n_constants);
    set_modes(self);
    ost_point_t at = point(self, self->t, self->x);
    b->system->outputs(b->system->self, &at, b->y);
    ost_lane_write(self->lane, (size_t) self->lane->due_output, b->y);
}

/* @return false when the job is at its end */
static bool pass_stops(struct ost_gsl *self)
{
    ost_batch_t *b = self->b;
    size_t n = b->system->n_states;
    double stop;
    while ((stop = next_stop(self)) - self->t <= OST_SAME_TIME) {
        self->t = stop;
        write_outputs(self);
        put_in_lanes(b->x, self->x, n);
        if (self->t >= self->lane->job->t1) {
            ost_lane_finish(self->lane, b->x);
            return false;
        }
        if (ost_lane_has_visit(self->lane, self->t)) {
            ost_point_t at = point(self, self->t, self->x);
            b->system->outputs(b->system->self, &at, b->y);
            ost_lane_visit(self->lane, self->t, b->y);
        }
        bool changes = ost_lane_pass_breaks(self->lane, self->t);
        changes |= ost_lane_act(self->lane, self->t, b->x, b->u);
        for (; self->lane->due_output >= 0; changes |= ost_lane_act(self->lane, self->t, b->x, b->u)) write_here(self);
        if (!changes) continue;
        for (size_t i = 0; i < n; i++) self->x[i] = b->x[i * OST_LANE_COUNT];
        spread_first_lane(b->u, b->system->n_inputs);
        spread_first_lane(b->p, b->system->n_constants);
        set_modes(self);
        start_anew(self);
    }
    return true;
}

bool ost_gsl_run(struct ost_gsl *self, ost_job_t *job)
{
    ost_batch_t *b = self->b;
    ost_lane_start(self->lane, job);
    memcpy(self->x, job->x0, b->system->n_states * sizeof(*self->x));
    put_in_lanes(b->p, job->p, b->system->n_constants);
    put_in_lanes(b->u, job->u0, b->system->n_inputs);
    self->t = job->t0;
    self->failed = self->stopped = false;
    start_anew(self);
    set_modes(self);
    write_outputs(self);
    while (!self->failed && pass_stops(self)) {
        advance(self, fmin(next_stop(self), ost_lane_next_output(self->lane)));
        if (!self->failed) write_outputs(self);
    }
    return !self->stopped;
}

#endif
