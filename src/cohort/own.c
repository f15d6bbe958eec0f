/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See own.h. Takes drawn subjects; gives their events, which jobs merge with those of the arm. */
#include "cohort/own.h"

#include <stdio.h>
#include <string.h>

/* Those of subject i in one arm. */
static int find(ost_worker_t *self, size_t arm, size_t i, const double *x, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_system_t *system = plan->system;
    ost_error_t wrong = { 0 };
    ost_steady_set(self->steady, x + i * system->n_states, self->constants + i * system->n_constants,
        self->inputs + i * system->n_inputs);
    int ret = ost_rows_events(&self->own[arm * OST_COHORT_BLOCK + i], &self->rows_work, plan, arm, self->subject[i],
        self->covariates + i * plan->experiment->n_covariates, ost_steady_find, self->steady, &wrong);
    if (ret == OST_ERR_NO_MEMORY || ret == OST_ERR_STOPPED) return ost_fail(err, ret, "%s", wrong.what);
    if (ret == 0) return 0;
    snprintf(self->own_text[arm * OST_COHORT_BLOCK + i], OST_MESSAGE_SIZE, "%s", wrong.what);
    return 0;
}

int ost_worker_own_events(ost_worker_t *self, size_t n, const double *x, ost_error_t *err)
{
    int ret = 0;
    for (size_t a = 0; self->own != NULL && a < self->plan->experiment->n_arms; a++)
        for (size_t i = 0; i < n && ret == 0 && ost_rows_has(self->plan, a); i++)
            if (self->subject_status[i] == 0) ret = find(self, a, i, x, err);
    return ret;
}

uint8_t ost_worker_failed(const ost_worker_t *self, size_t arm, size_t i, char *why)
{
    const size_t k = arm * OST_COHORT_BLOCK + i;
    const bool is_own = self->subject_status[i] == 0 && self->own != NULL;
    const uint8_t status = is_own ? (uint8_t) -self->own[k].status : self->subject_status[i];
    if (status != 0 && why != NULL) memmove(why, is_own ? self->own_text[k] : self->subject_text[i], OST_MESSAGE_SIZE);
    return status;
}
