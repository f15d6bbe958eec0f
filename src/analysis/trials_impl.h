/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OST_ANALYSIS_TRIALS_IMPL_H
#define OST_ANALYSIS_TRIALS_IMPL_H

#include "analysis/trials.h"

/* Before planning, with the observations found: `name` in place of the trial's models of kind bone. Settings of models
 * that were replaced are dropped; so are arms that the new model cannot be planned with, and their observations become
 * unmatched.
 * @return 0, OST_ERR_NAME if there is no bone model of that name */
int ost_trial_replace_bone(
    ost_trial_t *self, ost_library_t *library, const char *name, ost_error_t *err) OST_MUST_CHECK;

#endif
