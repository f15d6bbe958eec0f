/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events that the subjects of a block have of their own: rows of a table, covariates that change with them, and steady
 * states at first doses. */
#ifndef OST_COHORT_OWN_H
#define OST_COHORT_OWN_H

#include "cohort/worker.h"

/* Find those of the n subjects of the block in each arm, from their covariates, constants and inputs. Where they cannot
 * be found, the subject has failed in that arm alone.
 * @param x  [n][n_states] where arms begin: steady states are those of a drug with all other states as they are there
 * @return 0, OST_ERR_NO_MEMORY or OST_ERR_STOPPED */
int ost_worker_own_events(ost_worker_t *self, size_t n, const double *x, ost_error_t *err) OST_MUST_CHECK;
/* Let a job of subject i have those, after the arm's own that it has. */
void ost_worker_give_own(ost_worker_t *self, ost_job_t *job, size_t i, size_t arm);
/* The status of subject i in an arm before the arm is run: of its drawing and history, else of its events there.
 * @param[out] why  [OST_MESSAGE_SIZE] text of a status that is not 0; NULL: not asked for */
uint8_t ost_worker_failed(const ost_worker_t *self, size_t arm, size_t i, char *why);

#endif
