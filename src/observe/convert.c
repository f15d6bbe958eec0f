/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes observations whose changes are reported in a unit of their own, and a plan; gives them in percent of the
 * baseline that the plan's cohort has. */
#include "observe/match.h"

#include <stdlib.h>

int ost_matched_convert(
    ost_matched_t *self, const ost_plan_t *plan, int n_threads, const atomic_bool *stop, ost_error_t *err)
{
    ost_endpoint_t *levels = calloc(self->n_observations + 1, sizeof(*levels));
    size_t n = 0, n_subjects = (size_t) plan->experiment->n_subjects;
    for (size_t i = 0; i < self->n_observations && levels != NULL; i++)
        if (self->observations[i].baseline.output[0] != '\0') levels[n++] = self->observations[i].baseline;
    double *work = malloc((n_subjects + 1) * sizeof(*work));
    ost_collector_t collector = { 0 };
    ost_cohort_summary_t summary = { 0 };
    int ret = levels == NULL || work == NULL ? ost_no_memory(err) : 0;
    if (ret == 0 && n > 0) ret = ost_collector_init(&collector, plan, levels, n, n_subjects, err);
    const ost_cohort_options_t options = {
        .n_threads = n_threads, .no_probe = true, .sink = ost_collector_sink, .user = &collector, .stop = stop
    };
    if (ret == 0 && n > 0) ret = ost_cohort_run(plan, &options, &summary, err);
    if (ret == 0 && summary.interrupted) ret = ost_fail(err, OST_ERR_LIMIT, "interrupted");
    for (size_t i = self->n_observations; i-- > 0 && n > 0 && ret == 0;)
        if (self->observations[i].baseline.output[0] != '\0')
            ret = ost_observation_convert(
                self, i, ost_collector_estimate(&collector, --n, 0, n_subjects, work).value, err);
    ost_cohort_summary_free(&summary);
    ost_collector_free(&collector);
    free(levels);
    free(work);
    return ret;
}
