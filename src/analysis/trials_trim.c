/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trial for a fit: what its rows of role calibrate need, and nothing else. */
#include "analysis/trials_impl.h"

#include <math.h>

/* At least two times are kept: an experiment has a first and a last one. */
#define TIMES_MIN 2

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
        if (of->row->role != OST_ROLE_CALIBRATE) continue;
        last = fmax(last, fmax(of->endpoint.from, of->endpoint.to));
        matched->observations[n++] = *of;
    }
    matched->n_observations = n;
    if (n == 0) return 0;
    for (size_t a = e->n_arms; a-- > 0;)
        if (!is_needed(matched, a) && ost_trial_drop_arm(self, a, "", err) < 0) return OST_ERR_NO_MEMORY;
    while (e->n_times > TIMES_MIN && e->times[e->n_times - 2] >= last) e->n_times--;
    return 0;
}
