/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a trial with a condition for who is eligible; gives the subjects that take part whatever the parameters. */
#include "analysis/trials_impl.h"

#include <math.h>
#include <stdlib.h>

/* Candidates for each subject that is wanted: enough where one in sixteen is eligible. */
#define CANDIDATES 16

/* Candidates that have values at the last time: others are not eligible, or failed. */
typedef struct {
    const ost_plan_t *plan;
    bool *has_values; /* [candidates] */
} seen_t;

static int see(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    seen_t *self = user;
    size_t n_times = self->plan->experiment->n_times, n = self->plan->system->n_outputs * n_times;
    (void) err;
    for (size_t i = 0; i < block->n_subjects; i++) {
        bool *has_values = &self->has_values[block->first + i];
        for (size_t k = n_times - 1; k < n; k += n_times) *has_values = *has_values || isfinite(block->y[i * n + k]);
    }
    return 0;
}

/* The condition is evaluated at time 0, so arms up to the first output after it are enough. */
static int run_candidates(ost_experiment_t *e, ost_library_t *library, bool *has_values, ost_error_t *err)
{
    const size_t n_times = e->n_times;
    ost_plan_t plan = { 0 };
    ost_cohort_summary_t summary = { 0 };
    e->n_times = 0;
    while (e->n_times < n_times && !(e->times[e->n_times++] > 0)) continue;
    int ret = ost_plan_build(&plan, library, e, err);
    seen_t seen = { &plan, has_values };
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = see, .user = &seen };
    if (ret == 0) ret = ost_cohort_run(&plan, &options, &summary, err);
    ost_cohort_summary_free(&summary);
    ost_plan_free(&plan);
    e->n_times = n_times;
    return ret;
}

int ost_trial_choose(ost_trial_t *self, ost_library_t *library, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    uint64_t n_wanted = e->n_subjects, n = CANDIDATES * n_wanted;
    if (ost_people_are_rows(&e->people) && n > e->people.n_rows) n = e->people.n_rows;
    bool *has_values = calloc(n + 1, sizeof(*has_values));
    self->chosen = malloc((n_wanted + 1) * sizeof(*self->chosen));
    e->n_subjects = n;
    int ret =
        has_values == NULL || self->chosen == NULL ? ost_no_memory(err) : run_candidates(e, library, has_values, err);
    for (uint64_t i = 0; i < n && self->n_chosen < n_wanted && ret == 0; i++)
        if (has_values[i]) self->chosen[self->n_chosen++] = i;
    free(has_values);
    if (ret == 0 && self->n_chosen == 0)
        ret = OST_FAIL_AT(
            err, OST_ERR_VALUE, e, e->eligible_location, "none of %llu subjects is eligible", (unsigned long long) n);
    if (ret == 0) ost_experiment_drop_eligible(e);
    return ret;
}
