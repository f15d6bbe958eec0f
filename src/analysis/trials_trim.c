/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials with fewer arms: with another bone model in the place of their own, and for a fit, which needs what its rows
 * of role calibrate need, and nothing else. */
#include "analysis/trials_impl.h"

#include <math.h>

/* At least two times are kept: an experiment has a first and a last one. */
#define TIMES_MIN 2

/* Before planning: an arm goes, its observations become unmatched. @param why  for a person */
static int drop_arm(ost_trial_t *self, size_t arm, const char *why, ost_error_t *err)
{
    int ret = ost_matched_drop_arm(&self->matched, arm, why, err);
    size_t n_rules = 0;
    ost_experiment_drop_arm(&self->experiment, arm);
    for (size_t k = 0; k < self->n_rules; k++) {
        ost_trial_rule_t rule = self->rules[k];
        if (rule.arm == arm) continue;
        rule.arm -= rule.arm > arm;
        self->rules[n_rules++] = rule;
    }
    self->n_rules = n_rules;
    return ret;
}

int ost_trial_drop_arms(ost_trial_t *self, ost_library_t *library, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    int ret = 0;
    for (size_t a = e->n_arms; a-- > 0 && ret == 0;) {
        ost_error_t why = { 0 };
        ret = ost_experiment_check_arm(e, library, a, &why);
        if (ret == OST_ERR_MODEL)
            ret = drop_arm(self, a, why.what, err);
        else if (ret < 0 && err != NULL)
            *err = why;
    }
    return ret;
}

static bool is_needed(const ost_matched_t *matched, size_t arm)
{
    for (size_t i = 0; i < matched->n_observations; i++) {
        const ost_observation_t *of = &matched->observations[i];
        if (of->endpoint.arm == arm || of->endpoint.versus == arm) return true;
    }
    return false;
}

int ost_trial_trim(ost_trial_t *self, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    ost_matched_t *matched = &self->matched;
    size_t n = 0;
    double last = -INFINITY;
    for (size_t i = 0; i < matched->n_observations; i++) {
        const ost_observation_t *of = &matched->observations[i];
        if (ost_evidence_role(of->row) != OST_ROLE_CALIBRATE) continue;
        last = fmax(last, fmax(of->endpoint.from, of->endpoint.to));
        matched->observations[n++] = *of;
    }
    matched->n_observations = n;
    if (n == 0) return 0;
    for (size_t a = e->n_arms; a-- > 0;)
        if (!is_needed(matched, a) && drop_arm(self, a, "", err) < 0) return OST_ERR_NO_MEMORY;
    while (e->n_times > TIMES_MIN && e->times[e->n_times - 2] >= last) e->n_times--;
    return 0;
}
