/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who takes part: subjects are drawn in the order of their numbers, until enough are eligible and in a stratum that is
 * not full. */
#ifndef OST_COHORT_ENROLL_H
#define OST_COHORT_ENROLL_H

#include "cohort/worker.h"

/* Fill run->enrolled, for each variant, where the experiment enrolls; a function of seed and parameters alone, whatever
 * the threads. The run's options, solver and number of threads are set. Counts candidates in its summary.
 * @return 0; OST_ERR_VALUE: too few are eligible, or a stratum is not filled, and why; OST_ERR_STOPPED;
 * OST_ERR_NO_MEMORY */
int ost_run_enroll(ost_run_t *run, int n_threads, ost_error_t *err) OST_MUST_CHECK;
/* Free run->enrolled. */
void ost_run_dismiss(ost_run_t *run);

#endif
