/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trial with another bone model in the place of its own: the arms that this leaves. */
#include "analysis/trials_impl.h"

#include <string.h>

int ost_trial_drop_arm(ost_trial_t *self, size_t arm, const char *why, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    int ret = ost_matched_drop_arm(&self->matched, arm, why, err);
    ost_arm_free(&e->arms[arm]);
    e->n_arms--;
    memmove(&e->arms[arm], &e->arms[arm + 1], (e->n_arms - arm) * sizeof(*e->arms));
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
            ret = ost_trial_drop_arm(self, a, why.what, err);
        else if (ret < 0 && err != NULL)
            *err = why;
    }
    return ret;
}
