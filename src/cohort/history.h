/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histories before treatment that several runs of the same subjects share, such as points of a sweep: where all that a
 * block's run-ins depend on is the same, they are integrated once. */
#ifndef OST_COHORT_HISTORY_H
#define OST_COHORT_HISTORY_H

#include "cohort/worker.h"

/* Models of a plan whose histories are shared at most, an assumption. */
enum { OST_MAX_SHARED_MODELS = 64 };

/* Take the states at the end of the run-ins of a block, [n] subjects in the worker, from an earlier run, and count its
 * steps. @return whether there are any: the same models, equations, settings of the solver, parameters, initial states
 * and times */
bool ost_histories_find(ost_histories_t *self, ost_worker_t *worker, size_t i_block, size_t n);
/* Keep those of a block of which no subject failed, while there is room. Out of memory, they are not kept. */
void ost_histories_keep(ost_histories_t *self, const ost_worker_t *worker, size_t i_block, size_t n);

#endif
