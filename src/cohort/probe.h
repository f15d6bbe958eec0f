/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OST_COHORT_PROBE_H
#define OST_COHORT_PROBE_H

#include "cohort/worker.h"

/* Run the first of the n subjects of a finished block again, with every dose given and at smaller tolerances, and note
 * in the summary of the run how they differ. */
int ost_worker_probe(ost_worker_t *self, size_t n, ost_error_t *err) OST_MUST_CHECK;

#endif
