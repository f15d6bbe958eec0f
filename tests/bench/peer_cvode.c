/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SUNDIALS' CVODE, BDF with Newton iteration, dense direct solver and exact Jacobian: memory allocated once,
 * reinitialised at doses with the first step that served after the dose before, outputs by its own interpolation. */
#include "problem.h"

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

typedef struct {
    bench_system_t *system;
    SUNContext context;
    void *memory;
    N_Vector x, x_out, atol;
    SUNMatrix matrix;
    SUNLinearSolver solver;
} cvode_t;

static int rhs(realtype t, N_Vector x, N_Vector f, void *user)
{
    bench_system_rhs(user, t, NV_DATA_S(x), NV_DATA_S(f));
    return 0;
}

static int jacobian(
    realtype t, N_Vector x, N_Vector f, SUNMatrix matrix, void *user, N_Vector tmp1, N_Vector tmp2, N_Vector tmp3)
{
    (void) f, (void) tmp1, (void) tmp2, (void) tmp3;
    bench_system_t *system = user;
    size_t n = system->system->n_states;
    bench_system_jacobian(system, t, NV_DATA_S(x));
    for (size_t c = 0; c < n; c++) {
        realtype *column = SUNDenseMatrix_Column(matrix, (sunindextype) c);
        for (size_t r = 0; r < n; r++) column[r] = system->matrix[r * system->width + c];
    }
    return 0;
}

static void cvode_delete(void *peer)
{
    cvode_t *self = peer;
    if (self->memory != NULL) CVodeFree(&self->memory);
    if (self->solver != NULL) SUNLinSolFree(self->solver);
    if (self->matrix != NULL) SUNMatDestroy(self->matrix);
    if (self->x != NULL) N_VDestroy(self->x);
    if (self->x_out != NULL) N_VDestroy(self->x_out);
    if (self->atol != NULL) N_VDestroy(self->atol);
    if (self->context != NULL) SUNContext_Free(&self->context);
    free(self);
}

static void *cvode_new(bench_system_t *system)
{
    cvode_t *self = calloc(1, sizeof(*self));
    if (self == NULL) return NULL;
    sunindextype n = (sunindextype) system->system->n_states;
    self->system = system;
    if (SUNContext_Create(NULL, &self->context) < 0) goto fail;
    self->x = N_VNew_Serial(n, self->context);
    self->x_out = N_VNew_Serial(n, self->context);
    self->atol = N_VNew_Serial(n, self->context);
    self->matrix = SUNDenseMatrix(n, n, self->context);
    if (self->x == NULL || self->x_out == NULL || self->atol == NULL || self->matrix == NULL) goto fail;
    self->solver = SUNLinSol_Dense(self->x, self->matrix, self->context);
    self->memory = CVodeCreate(CV_BDF, self->context);
    if (self->solver == NULL || self->memory == NULL) goto fail;
    N_VConst(0, self->x);
    memcpy(NV_DATA_S(self->atol), system->atol, (size_t) n * sizeof(double));
    if (CVodeInit(self->memory, rhs, 0, self->x) < 0 || CVodeSVtolerances(self->memory, system->rtol, self->atol) < 0 ||
        CVodeSetLinearSolver(self->memory, self->solver, self->matrix) < 0 ||
        CVodeSetJacFn(self->memory, jacobian) < 0 || CVodeSetUserData(self->memory, system) < 0 ||
        CVodeSetMaxNumSteps(self->memory, 10000000) < 0)
        goto fail;
    return self;
fail:
    cvode_delete(self);
    return NULL;
}

/* From t to the stop, with the outputs on the way. */
static int advance(cvode_t *self, ost_job_t *job, size_t *i_out, double stop)
{
    double t;
    int status = CVodeSetStopTime(self->memory, stop);
    while (status >= 0 && *i_out < job->n_out && job->t_out[*i_out] < stop) {
        status = CVode(self->memory, job->t_out[*i_out], self->x_out, &t, CV_NORMAL);
        if (status >= 0) bench_system_output(self->system, job, (*i_out)++, NV_DATA_S(self->x_out));
    }
    return status < 0 ? status : CVode(self->memory, stop, self->x, &t, CV_NORMAL);
}

static int cvode_run(void *peer, ost_job_t *job)
{
    cvode_t *self = peer;
    bench_system_t *system = self->system;
    double t = job->t0, *x = NV_DATA_S(self->x), h_first = 0;
    size_t i_out = 0;
    memset(&job->stats, 0, sizeof(job->stats));
    bench_system_start(system, job);
    memcpy(x, job->x0, system->system->n_states * sizeof(*x));
    for (;;) {
        while (i_out < job->n_out && job->t_out[i_out] <= t) bench_system_output(system, job, i_out++, x);
        if (t >= job->t1) break;
        bench_system_act(system, job, t, x);
        double stop = bench_system_next_stop(system, job);
        int status = CVodeReInit(self->memory, t, self->x);
        if (status >= 0) status = CVodeSetInitStep(self->memory, h_first);
        if (status >= 0) status = advance(self, job, &i_out, stop);
        if (status < 0) return status;
        long steps = 0;
        CVodeGetNumSteps(self->memory, &steps);
        job->stats.steps += (uint64_t) steps;
        if (t > job->t0) CVodeGetActualInitStep(self->memory, &h_first);
        t = stop;
    }
    job->stats.rhs = system->n_rhs;
    job->stats.jacobians = system->n_jacobians;
    return 0;
}

const bench_peer_t bench_peer_cvode = { "cvode_bdf", cvode_new, cvode_run, cvode_delete };
