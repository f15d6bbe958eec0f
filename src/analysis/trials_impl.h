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

/* Before planning: of 16 times as many candidates the first n_subjects that are eligible at the parameters of the
 * models are chosen, fewer where there are not as many, and the condition goes.
 * @return 0, or OST_ERR_VALUE with its place where no candidate is eligible, or an error of the run */
int ost_trial_choose(ost_trial_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;

#endif
