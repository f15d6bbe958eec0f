/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One block of subjects on one thread, and the jobs that it consists of. */
#ifndef OST_COHORT_BLOCK_H
#define OST_COHORT_BLOCK_H

#include "cohort/worker.h"

/* Parameters of a variant of a run. */
ost_moved_t ost_run_variant(const ost_run_t *run, size_t variant);

/* Subject i of the block from t0 to t1. @param x0  [n][n_states] states at t0, borrowed */
ost_job_t ost_worker_job(const ost_worker_t *self, size_t i, double t0, double t1, const double *x0);
/* Let a job integrate an arm of subject i. @param[out] y  [n_outputs][n_times], or NULL */
void ost_worker_set_arm(ost_worker_t *self, ost_job_t *job, size_t i, size_t arm, double *y);
/* Let it give the arm's subject-specific doses to subject i of n.
 * @param began, ended  [n_schedules][n] where it is recorded when schedules begin and end */
void ost_worker_set_schedules(
    ost_worker_t *self, ost_job_t *job, size_t i, size_t n, size_t arm, double *began, double *ended);
/* Jobs of the run-ins. @param[out] x1  [n][n_states] at the end of the run-in, where the jobs write it, and without one
 * at once. @param[out] of  [n] the subject of each job. @return their number */
size_t ost_worker_run_in_jobs(ost_worker_t *self, size_t n, double *x1, size_t *of);
/* Integrals of a block over a run-in mean nothing while it is not dosed: they are set to 0. */
void ost_worker_clear_integrals(const ost_plan_t *plan, size_t n_jobs, const size_t *of, double *x1);
/* The typical subject in all arms: a job for each, whose output is not kept. @return 0 or OST_ERR_NO_MEMORY */
int ost_worker_typical_jobs(ost_worker_t *self, ost_error_t *err) OST_MUST_CHECK;
/* Draw subject i of the block: number `subject` of the seed. @param moved  of its variant, zeroed: as
 * planned */
void ost_worker_draw(ost_worker_t *self, size_t i, uint64_t subject, ost_moved_t moved);
/* The history of n drawn subjects. Where an output is given at its end, it is integrated again with the parameters that
 * are solved for it, until these settle: once, unless it depends on them. @return 0, OST_ERR_STOPPED, OST_ERR_NO_MEMORY
 */
int ost_worker_history(ost_worker_t *self, size_t n, ost_error_t *err) OST_MUST_CHECK;
/* Whether a condition of the job's visits was not a number: the subject has failed then. @param[out] why
 * [OST_MESSAGE_SIZE] which one */
bool ost_job_undecided(const ost_job_t *job, char *why);
/* Run block i_block; self holds its results. @param[out] n_subjects  in it */
int ost_worker_run_block(ost_worker_t *self, size_t i_block, size_t *n_subjects, ost_error_t *err) OST_MUST_CHECK;
/* Values of one subject in one arm: n_outputs x n_times. */
size_t ost_plan_y_size(const ost_plan_t *plan);
void ost_plan_to_reported_units(const ost_plan_t *plan, double *y);

#endif
