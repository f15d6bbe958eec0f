/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of a cohort, and what each of its threads works with. */
#ifndef OST_COHORT_WORKER_H
#define OST_COHORT_WORKER_H

#include "cohort/cohort.h"
#include "cohort/steady.h"
#include "plan/visit.h"

#include <stdatomic.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* Subjects of each arm that are run more than once, to measure how exact the run is. */
#define OST_N_PROBED 8
#define OST_MESSAGE_SIZE 640

/* Shared by all threads; all but the atomics is changed under the lock only. */
typedef struct {
#ifdef _OPENMP
    omp_lock_t lock;
#endif
    const ost_plan_t *plan;
    const ost_cohort_options_t *options;
    ost_cohort_summary_t *summary;
    ost_solver_options_t solver; /* of the experiment, with the stepper chosen */
    double t_wall;
    uint64_t n_subjects;  /* of each variant */
    uint64_t n_positions; /* subjects x variants */
    uint64_t n_wanted;    /* of these, without what is left out */
    uint64_t **enrolled;  /* [n_variants] numbers of the subjects who take part; NULL: all do */
    size_t n_blocks;
    atomic_size_t next;
    atomic_bool stop; /* no new blocks; those in hand are still delivered unless ret < 0 */
    int ret;
    ost_error_t *err;
} ost_run_t;

/* Of one thread: everything that a block needs, allocated once. BLOCK: OST_COHORT_BLOCK subjects. */
typedef struct {
    ost_memory_t memory; /* of what begins as zeros */
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
    int32_t stratum[OST_COHORT_BLOCK];   /* as in ost_cohort_block_t */
    ost_moved_t moved[OST_COHORT_BLOCK]; /* parameters in place of the plan's own */
    double t_start[OST_COHORT_BLOCK];    /* when its run-in begins */
    double t_begin[OST_COHORT_BLOCK];    /* when its arms begin */
    double dropout[OST_COHORT_BLOCK];    /* when it drops out */
    ost_break_finder_t *finder;
    double *breaks; /* [BLOCK][ost_forcing_max_breaks()] */
    size_t n_breaks[OST_COHORT_BLOCK];
    ost_dosing_record_t *records;          /* [BLOCK][n_schedules] */
    ost_schedule_state_t *schedule_states; /* [BLOCK][n_schedules] */
    ost_visit_context_t *visits;           /* [n_arms][BLOCK] */
    double *condition_values;              /* [conditions->n_values] scratch of visits */
    double *began, *ended, *unread;        /* [n_schedules][subjects of the block]; unread: of what is run once more */
    ost_steady_t *steady;                  /* NULL: no steady state is asked for */
    ost_rows_work_t rows_work;
    double *changed;                    /* [n_params] of a subject as they have changed */
    ost_own_events_t *own;              /* [n_arms][BLOCK]; NULL: subjects have no events of their own */
    char (*own_text)[OST_MESSAGE_SIZE]; /* [n_arms][BLOCK] why they cannot be found; NULL as own */
    double *y;                          /* [n_arms][BLOCK][n_outputs][n_times] */
    double *probe;                      /* [n_arms][OST_N_PROBED][n_outputs][n_times] */
    double *rows;                       /* lane rows for prepare(), 64-byte aligned */
    double *p_rows, *h_rows, *x_rows, *f_rows, *s_rows, *zero_rows, *a_rows; /* within rows */
    uint8_t *status;                                                         /* [n_arms][BLOCK] */
    uint32_t *steps, *rejected;
    double *ripple;                 /* [n_arms][BLOCK][most_series] as of the job */
    size_t most_series;             /* of an arm */
    char (*text)[OST_MESSAGE_SIZE]; /* [n_arms x BLOCK] */
    const char **messages;          /* [n_arms x BLOCK] */
    uint8_t *subject_status;        /* [BLOCK] of drawing and run-in */
    char (*subject_text)[OST_MESSAGE_SIZE];
    ost_solver_stats_t stats; /* of the arms of this block */
    uint64_t run_in_steps, failures, not_eligible;
    uint64_t *n_not_finite;               /* [n_outputs], of this block */
    ost_cohort_summary_t probed;          /* errors measured on this block */
    struct ost_baseline_solver *baseline; /* NULL: no output is given at time 0 */
    double overflow;                      /* outputs from here on are infinite in the result file */
} ost_worker_t;

/* @return 0 or OST_ERR_NO_MEMORY and others of ost_batch_new; free it in any case */
int ost_worker_init(ost_worker_t *self, ost_run_t *run, ost_error_t *err) OST_MUST_CHECK;
void ost_worker_free(ost_worker_t *self);

#endif
