/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OST_ANALYSIS_TRIALS_IMPL_H
#define OST_ANALYSIS_TRIALS_IMPL_H

#include "analysis/trials.h"

/* With another bone model in the place of the trial's own, before planning: arms that it cannot be planned with go, and
 * their observations become unmatched. @return 0, or an error of planning that is not about a drug of the arm */
int ost_trial_drop_arms(ost_trial_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;

/* Before planning: rows of other roles than calibrate have no observation, and arms and times go that no observation
 * needs. What is left keeps its bits. @return 0 or OST_ERR_NO_MEMORY */
int ost_trial_trim(ost_trial_t *self, ost_error_t *err) OST_MUST_CHECK;

/* Before planning: of 16 times as many candidates the first n_subjects that are eligible at the parameters of the
 * models are chosen, fewer where there are not as many, and the condition goes.
 * @return 0, or OST_ERR_VALUE with its place where no candidate is eligible, or an error of the run */
int ost_trial_choose(ost_trial_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;

/* Give estimates the SD by errors of measurement, and the SDs between subjects among them these errors too, as an
 * observed one has them. An error is that of the variant, else of the trial's file, else of the models.
 * @param typical  [n_variants][parameters of the plan]. @param[in,out] estimates  [n_variants][n_observations] */
void ost_trial_add_measuring(
    const ost_trial_t *self, const ost_variants_t *variants, const double *typical, ost_estimate_t *estimates);

#endif
