/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same jobs for R's deSolve: a shared library as its compiled models are, with right-hand side, exact Jacobian and
 * what desolve.R needs to set up each subject. R passes pointers to what it holds as vectors. */
#include "problem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static bench_problem_t problem;
static bench_system_t ode;

/* @param[out] sizes  jobs, states, times, outputs, events of a job */
EXPORT void bench_open(char **path, char **override, int *n_overrides, int *sizes)
{
    ost_error_t err = { 0 };
    const char *overrides[32];
    for (int i = 0; i < *n_overrides && i < 32; i++) overrides[i] = override[i];
    sizes[0] = 0;
    if (bench_problem_init(&problem, *path, overrides, (size_t) *n_overrides, -1, &err) < 0 ||
        bench_system_init(&ode, &problem) < 0) {
        fprintf(stderr, "%s\n", err.what);
        return;
    }
    sizes[0] = (int) problem.n_jobs;
    sizes[1] = (int) problem.plan.system->n_states;
    sizes[2] = (int) problem.experiment.n_times;
    sizes[3] = (int) problem.plan.system->n_outputs;
    sizes[4] = 0;
    for (size_t i = 0; i < problem.jobs[0].n_events; i++) sizes[4] += problem.jobs[0].events[i].t < problem.jobs[0].t1;
}

EXPORT void bench_tolerances(double *rtol, double *atol)
{
    *rtol = ode.rtol;
    memcpy(atol, ode.atol, problem.plan.system->n_states * sizeof(*atol));
}

/* What a job starts from once the events of its beginning have acted; of the rest, which may only add to states, R
 * makes a table.
 * @param[out] x  initial states
 * @param[out] t  output times
 * @param[out] t_event, state_event, amount_event  [n_events], state 1-based
 * @param[out] n_events  how many, -1 if an event is of another kind */
EXPORT void bench_job(
    int *i, double *x, double *t, double *t_event, int *state_event, double *amount_event, int *n_events)
{
    const ost_job_t *job = &problem.jobs[*i - 1];
    bench_system_start(&ode, job);
    memcpy(x, job->x0, problem.plan.system->n_states * sizeof(*x));
    memcpy(t, job->t_out, job->n_out * sizeof(*t));
    bench_system_act(&ode, job, job->t0, x);
    int n = 0;
    for (size_t e = ode.i_event; e < job->n_events && job->events[e].t < job->t1; e++, n++) {
        if (job->events[e].kind != OST_EVENT_ADD_STATE) {
            *n_events = -1;
            return;
        }
        t_event[n] = job->events[e].t;
        state_event[n] = (int) job->events[e].index + 1;
        amount_event[n] = job->events[e].amount;
    }
    *n_events = n;
}

/* Let derivs and jac be those of job i after the events of its beginning. */
EXPORT void bench_choose(double *i)
{
    double x[256];
    const ost_job_t *job = &problem.jobs[(size_t) *i - 1];
    bench_system_start(&ode, job);
    memcpy(x, job->x0, problem.plan.system->n_states * sizeof(*x));
    bench_system_act(&ode, job, job->t0, x);
}

/* @param x  [n_times][n_states], @param[out] y  [n_outputs][n_times] */
EXPORT void bench_outputs(int *i, double *x, double *y)
{
    ost_job_t job = problem.jobs[*i - 1];
    job.y = y;
    bench_choose(&(double){ *i });
    for (size_t k = 0; k < job.n_out; k++) bench_system_output(&ode, &job, k, x + k * problem.plan.system->n_states);
}

EXPORT void bench_write(char **path, double *y, int *n)
{
    FILE *file = fopen(*path, "wb");
    if (file == NULL) return;
    fwrite(y, sizeof(*y), (size_t) *n, file);
    fclose(file);
}

/* deSolve's interface: derivs and jac, column by column. */
EXPORT void bench_derivs(int *n, double *t, double *x, double *f, double *out, int *ip)
{
    (void) n, (void) out, (void) ip;
    bench_system_rhs(&ode, *t, x, f);
}

EXPORT void bench_jac(int *n, double *t, double *x, int *ml, int *mu, double *jac, int *n_rows, double *out, int *ip)
{
    (void) ml, (void) mu, (void) out, (void) ip;
    bench_system_jacobian(&ode, *t, x);
    for (int c = 0; c < *n; c++)
        for (int r = 0; r < *n; r++) jac[c * *n_rows + r] = ode.matrix[(size_t) r * ode.width + (size_t) c];
}
