/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OST_COHORT_PROBE_H
#define OST_COHORT_PROBE_H

#include "cohort/worker.h"

/* How many of the first blocks a run measures its error on: none with `no_probe`. */
size_t ost_run_n_probed(const ost_run_t *run);
/* Run the first of the n subjects of finished block i_block again, with every dose given or at smaller tolerances, and
 * note in self->probed how they differ. Those blocks
 * share the probes, so that several threads do. */
int ost_worker_probe(ost_worker_t *self, size_t i_block, size_t n, ost_error_t *err) OST_MUST_CHECK;

#endif
