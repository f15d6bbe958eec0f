/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all sides of the benches integrate: the jobs that `osteon run` would hand to its solver, and for the peers,
 * which know one subject at a time, the right-hand side and the exact Jacobian of osteon's emitted code with one lane.
 */
#ifndef OST_BENCH_PROBLEM_H
#define OST_BENCH_PROBLEM_H

#include "plan/plan.h"

/* Jobs that are solved, and timed, in a row: as many as the cohort hands over at a time. */
#define BENCH_BLOCK 64

typedef struct {
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan;
    ost_job_t *jobs; /* [n_jobs] of the first arm, without room for outputs */
    size_t n_jobs;
    double *params; /* [n_jobs][n_params of the plan] internal units */
} bench_problem_t;

/* Read an experiment and let the cohort make the jobs; `isa` is -1 for the best. */
int bench_problem_init(bench_problem_t *self, const char *path, const char *const *overrides, size_t n_overrides,
    int isa, ost_error_t *err);
void bench_problem_free(bench_problem_t *self);

/* Write the jobs as tables into a folder that is there: models.csv, the models in their order; parameters.csv and
 * start.csv, a row for each subject, in the order and units of the text of these models for mrgsolve; doses.csv, with
 * compartments by their number; times.csv; atol.csv; captures.csv, of each output its place among the models' outputs
 * from behind, and internal units in one of its unit. */
int bench_problem_export(const bench_problem_t *self, const char *folder, ost_error_t *err);

/* a[dst] += a[factor] * a[from] */
typedef struct {
    uint32_t dst, factor, from;
} bench_substitution_t;

/* One subject's system as plain functions; needs one lane. */
typedef struct {
    const ost_system_t *system;
    double *atol; /* [n_states] */
    double rtol;
    const double *p;
    double *u, *mode, *g, *scratch, *entries, *f; /* g: conditions, as numbers */
    double *matrix; /* [n_states + n_algebraic][n_states + n_algebraic + 1], row by row; the last column is by time */
    size_t width;
    uint32_t *location; /* [n_entries] of the matrix */
    bench_substitution_t *substitutions;
    size_t n_substitutions;
    size_t i_event;
    uint64_t n_rhs, n_jacobians;
} bench_system_t;

int bench_system_init(bench_system_t *self, const bench_problem_t *problem);
void bench_system_free(bench_system_t *self);
/* Begin a job: its parameters and inputs are set, no event has acted. */
void bench_system_start(bench_system_t *self, const ost_job_t *job);
/* When the next event acts, or the job ends. */
double bench_system_next_stop(const bench_system_t *self, const ost_job_t *job);
/* Let the events at t act. @return true if a state or an input changed */
bool bench_system_act(bench_system_t *self, const ost_job_t *job, double t, double *x);
void bench_system_rhs(bench_system_t *self, double t, const double *x, double *f);
/* self->matrix: row r, column c of the Jacobian at r * width + c, by time at r * width + width - 1 */
void bench_system_jacobian(bench_system_t *self, double t, const double *x);
/* Write output i of the job. */
void bench_system_output(bench_system_t *self, ost_job_t *job, size_t i, const double *x);

/* A solver that is not osteon's. run() integrates one job, as ost_batch_run would, and fills its outputs and counts.
 * @return 0, or the solver's own error code */
typedef struct {
    const char *name;
    void *(*new)(bench_system_t *system);
    int (*run)(void *self, ost_job_t *job);
    void (*delete)(void *self);
} bench_peer_t;

extern const bench_peer_t bench_peers_gsl[3], bench_peer_cvode;

#endif
