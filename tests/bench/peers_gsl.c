/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSL's steppers as one would use them with care: allocated once, exact Jacobian, absolute tolerances by state, started
 * anew at doses with the first step that served after the dose before. They have no dense output, so they step to the
 * output times. */
#include "problem.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define H_START 1e-4

typedef struct {
    bench_system_t *system;
    gsl_odeiv2_system ode;
    gsl_odeiv2_driver *driver;
    double *x;
} gsl_t;

static int rhs(double t, const double x[], double f[], void *params)
{
    bench_system_rhs(params, t, x, f);
    return GSL_SUCCESS;
}

static int jacobian(double t, const double x[], double *dfdx, double dfdt[], void *params)
{
    bench_system_t *system = params;
    size_t n = system->system->n_states, width = system->width;
    bench_system_jacobian(system, t, x);
    for (size_t r = 0; r < n; r++) {
        memcpy(dfdx + r * n, system->matrix + r * width, n * sizeof(*dfdx));
        dfdt[r] = system->matrix[r * width + width - 1];
    }
    return GSL_SUCCESS;
}

static void gsl_delete(void *peer)
{
    gsl_t *self = peer;
    if (self->driver != NULL) gsl_odeiv2_driver_free(self->driver);
    free(self->x);
    free(self);
}

static void *gsl_new(bench_system_t *system, const gsl_odeiv2_step_type *type)
{
    gsl_t *self = calloc(1, sizeof(*self));
    if (self == NULL) return NULL;
    size_t n = system->system->n_states;
    self->system = system;
    self->ode = (gsl_odeiv2_system){ .function = rhs, .jacobian = jacobian, .dimension = n, .params = system };
    self->x = calloc(n + 1, sizeof(*self->x));
    /* atol[i] = eps_abs * scale[i] with eps_abs = rtol */
    double *scale = calloc(n + 1, sizeof(*scale));
    if (self->x != NULL && scale != NULL) {
        for (size_t i = 0; i < n; i++) scale[i] = system->atol[i] / system->rtol;
        self->driver =
            gsl_odeiv2_driver_alloc_scaled_new(&self->ode, type, H_START, system->rtol, system->rtol, 1, 0, scale);
    }
    free(scale);
    if (self->driver != NULL) return self;
    gsl_delete(self);
    return NULL;
}

static void *msbdf_new(bench_system_t *system)
{
    return gsl_new(system, gsl_odeiv2_step_msbdf);
}
static void *rk8pd_new(bench_system_t *system)
{
    return gsl_new(system, gsl_odeiv2_step_rk8pd);
}
static void *bsimp_new(bench_system_t *system)
{
    return gsl_new(system, gsl_odeiv2_step_bsimp);
}

static int gsl_run(void *peer, ost_job_t *job)
{
    gsl_t *self = peer;
    bench_system_t *system = self->system;
    gsl_odeiv2_driver *driver = self->driver;
    double t = job->t0, h = H_START, h_first = H_START;
    bool starting = true;
    size_t i_out = 0;
    int status = GSL_SUCCESS;
    memset(&job->stats, 0, sizeof(job->stats));
    bench_system_start(system, job);
    memcpy(self->x, job->x0, system->system->n_states * sizeof(*self->x));
    gsl_odeiv2_driver_reset(driver);
    for (;;) {
        while (i_out < job->n_out && job->t_out[i_out] <= t) bench_system_output(system, job, i_out++, self->x);
        if (t >= job->t1) break;
        if (bench_system_act(system, job, t, self->x) && t > job->t0) {
            gsl_odeiv2_driver_reset(driver);
            h = h_first;
            starting = true;
        }
        double target = bench_system_next_stop(system, job);
        if (i_out < job->n_out) target = fmin(target, job->t_out[i_out]);
        while (t < target && status == GSL_SUCCESS) {
            double t_before = t;
            status = gsl_odeiv2_evolve_apply(driver->e, driver->c, driver->s, &self->ode, &t, target, &h, self->x);
            job->stats.steps++;
            if (starting && t < target) h_first = t - t_before;
            starting = false;
        }
        if (status != GSL_SUCCESS) return status;
    }
    job->stats.rhs = system->n_rhs;
    job->stats.jacobians = system->n_jacobians;
    return 0;
}

const bench_peer_t bench_peers_gsl[3] = {
    { "gsl_msbdf", msbdf_new, gsl_run, gsl_delete },
    { "gsl_rk8pd", rk8pd_new, gsl_run, gsl_delete },
    { "gsl_bsimp", bsimp_new, gsl_run, gsl_delete },
};
