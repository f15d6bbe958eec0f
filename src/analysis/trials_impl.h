/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OST_ANALYSIS_TRIALS_IMPL_H
#define OST_ANALYSIS_TRIALS_IMPL_H

#include "analysis/trials.h"
#include "input/evidence.h"

/* Note a row of role calibrate or validate that has no observation. @param why  for a person */
int ost_trial_unmatched(
    ost_trial_t *self, const ost_evidence_row_t *row, const char *why, ost_error_t *err) OST_MUST_CHECK;

/* Rows that have no observation for the same reason are named together. @return whether row i is the first of its
 * reason;
 * @param[out] more  how many others there are */
bool ost_trial_unmatched_group(const ost_trial_t *self, size_t i, size_t *more);

/* Before planning, with the observations found: `name` in place of the trial's models of kind bone. Settings of models
 * that went are dropped; so are arms that the new model cannot be planned with, and their observations become
 * unmatched.
 * @return 0, OST_ERR_NAME if there is no bone model of that name */
int ost_trial_replace_bone(
    ost_trial_t *self, ost_library_t *library, const char *name, ost_error_t *err) OST_MUST_CHECK;

#endif
