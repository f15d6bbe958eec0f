/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of a cohort, and what each of its threads works with. */
#ifndef OST_COHORT_WORKER_H
#define OST_COHORT_WORKER_H

#include "cohort/cohort.h"
#include "plan/plan_impl.h"

#include <stdatomic.h>

/* Subjects that are run more than once, to see how exact the run is. */
#define OST_N_PROBED 8
#define OST_MESSAGE_SIZE 640

/* Shared by all threads; all but the atomics is changed under the lock only. */
typedef struct {
    const ost_plan_t *plan;
    const ost_cohort_options_t *options;
    ost_cohort_summary_t *summary;
    ost_solver_options_t solver; /* of the experiment, with the stepper chosen */
    double t_wall;
    uint64_t n_positions; /* subjects x variants */
    uint64_t n_wanted;    /* of these, without what is left out */
    size_t n_blocks;
    atomic_size_t next;
    atomic_bool stop; /* no new blocks; those in hand are still delivered unless ret < 0 */
    int ret;
    ost_error_t *err;
} ost_run_t;

/* Of one thread: everything that a block needs, allocated once. BLOCK: OST_COHORT_BLOCK subjects. */
typedef struct {
    ost_run_t *run;
    const ost_plan_t *plan;
    ost_batch_t *batch;
    ost_job_t *jobs;    /* [BLOCK] of the run-in, or [BLOCK x n_arms] */
    double *covariates; /* [BLOCK][n_covariates] */
    double *params;     /* [BLOCK][n_params] */
    double *constants;  /* [BLOCK][n_constants] */
    double *x0, *x1;    /* [BLOCK][n_states] at the start of the run-in, of the arms */
    double *inputs;     /* [BLOCK][n_inputs] */
    uint64_t subject[OST_COHORT_BLOCK];
    double t_begin[OST_COHORT_BLOCK];      /* when its arms begin */
    double dropout[OST_COHORT_BLOCK];      /* when it is no longer looked at */
    ost_dosing_record_t *records;          /* [BLOCK][n_schedules] */
    ost_schedule_state_t *schedule_states; /* [BLOCK][n_schedules] */
    ost_visitor_t *visitors;               /* [n_arms][BLOCK] */
    double *seen;                          /* [seen.n_values] scratch of the visitors */
    double *began, *ended, *unread;        /* [n_schedules][subjects of the block]; unread: of what is run once more */
    double *y;                             /* [n_arms][BLOCK][n_outputs][n_times] */
    double *probe;                         /* [OST_N_PROBED][n_outputs][n_times] */
    double *rows;                          /* lane rows for prepare(), 64-byte aligned */
    double *p_rows, *h_rows, *x_rows, *f_rows, *s_rows, *zero_rows, *a_rows; /* within rows */
    uint8_t *status;                                                         /* [n_arms][BLOCK] */
    uint32_t *steps, *rejected;
    char (*text)[OST_MESSAGE_SIZE]; /* [n_arms x BLOCK] */
    const char **messages;          /* [n_arms x BLOCK] */
    uint8_t *subject_status;        /* [BLOCK] of drawing and run-in */
    char (*subject_text)[OST_MESSAGE_SIZE];
    ost_solver_stats_t stats; /* of the arms of this block */
    uint64_t run_in_steps, failures;
    uint64_t *n_not_finite; /* [n_outputs], of this block */
} ost_worker_t;

/* @return 0 or OST_ERR_NO_MEMORY and others of ost_batch_new; free it in any case */
int ost_worker_init(ost_worker_t *self, ost_run_t *run, ost_error_t *err) OST_MUST_CHECK;
void ost_worker_free(ost_worker_t *self);

/* What is given to the subjects of an arm: as planned, or every single dose. */
typedef struct {
    size_t arm;
    const ost_event_t *events;
    const ost_schedule_t *schedules; /* of all arms */
} ost_given_t;
ost_given_t ost_given_as_planned(const ost_plan_t *plan, size_t arm);

/* Subject i of the block from t0 to t1. @param x0  [n][n_states] states at t0, borrowed */
ost_job_t ost_worker_job(const ost_worker_t *self, size_t i, double t0, double t1, const double *x0);
/* Let a job integrate an arm. @param[out] y  [n_outputs][n_times], or NULL */
void ost_worker_set_arm(ost_worker_t *self, ost_job_t *job, const ost_given_t *given, double *y);
/* Let it give the arm's subject-specific doses to subject i of n.
 * @param began, ended  [n_schedules][n] where it is recorded when schedules begin and end */
void ost_worker_set_schedules(
    ost_worker_t *self, ost_job_t *job, size_t i, size_t n, const ost_given_t *given, double *began, double *ended);
/* Jobs of the run-ins. @param[out] x1  [n][n_states] at the end of the run-in, where the jobs write it, and without one
 * at once. @param[out] of  [n] the subject of each job. @return their number */
size_t ost_worker_run_in_jobs(ost_worker_t *self, size_t n, const double *t_start, double *x1, size_t *of);
/* Integrals of a block over a run-in mean nothing while it is not dosed: they are set to 0. */
void ost_worker_clear_integrals(const ost_plan_t *plan, size_t n_jobs, const size_t *of, double *x1);
/* The typical subject in all arms: a job for each, whose output is not kept. */
void ost_worker_typical_jobs(ost_worker_t *self);
/* Run block i_block, and in the first one the probes. @param[out] n_subjects  in it */
int ost_worker_run_block(ost_worker_t *self, size_t i_block, size_t *n_subjects, ost_error_t *err) OST_MUST_CHECK;
/* Run the first subjects of a finished block again and note in the summary how they differ (probe.c). */
int ost_worker_probe(ost_worker_t *self, size_t n, const double *t_start, ost_error_t *err) OST_MUST_CHECK;

/* Values of one subject in one arm: n_outputs x n_times. */
size_t ost_plan_y_size(const ost_plan_t *plan);
void ost_plan_to_reported_units(const ost_plan_t *plan, double *y);

#endif
