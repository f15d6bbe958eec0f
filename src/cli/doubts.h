/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How exact a run is, in its last lines. */
#ifndef OST_CLI_DOUBTS_H
#define OST_CLI_DOUBTS_H

#include "cohort/cohort.h"

/* Print what the run measured of its own errors, of how many subjects and for how long, with what is to be done where
 * they matter; and outputs without a value. */
void ost_cli_print_doubts(const ost_plan_t *plan, const ost_cohort_summary_t *summary);

#endif
