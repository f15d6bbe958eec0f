/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arrays of a summary, and the errors in it. */
#include "cohort/cohort.h"

#include <math.h>
#include <stdlib.h>

int ost_cohort_summary_init(ost_cohort_summary_t *self, size_t n_outputs, ost_error_t *err)
{
    self->periodic_error = malloc((n_outputs + 1) * sizeof(double));
    self->solver_error = malloc((n_outputs + 1) * sizeof(double));
    self->n_not_finite = calloc(n_outputs + 1, sizeof(*self->n_not_finite));
    if (self->periodic_error == NULL || self->solver_error == NULL || self->n_not_finite == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the summary of a run");
    for (size_t o = 0; o <= n_outputs; o++) self->periodic_error[o] = self->solver_error[o] = NAN;
    self->periodic_share = NAN;
    return 0;
}

void ost_cohort_summary_add_probed(ost_cohort_summary_t *self, const ost_cohort_summary_t *block, size_t n_outputs)
{
    if (block->n_periodic_probed > self->n_periodic_probed) self->n_periodic_probed = block->n_periodic_probed;
    if (block->n_solver_probed > self->n_solver_probed) self->n_solver_probed = block->n_solver_probed;
    self->probe_steps += block->probe_steps;
    self->periodic_share = fmin(self->periodic_share, block->periodic_share);
    self->ripple_probed = fmax(self->ripple_probed, block->ripple_probed);
    for (size_t o = 0; o < n_outputs; o++) {
        self->periodic_error[o] = fmax(self->periodic_error[o], block->periodic_error[o]);
        self->solver_error[o] = fmax(self->solver_error[o], block->solver_error[o]);
    }
}

double ost_cohort_summary_periodic_error(const ost_cohort_summary_t *self, size_t o)
{
    const double ratio = self->ripple_probed > 0 ? self->stats.ripple / self->ripple_probed : 1;
    return fmax(1, ratio) * self->periodic_error[o];
}

void ost_cohort_summary_free(ost_cohort_summary_t *self)
{
    if (self == NULL) return;
    free(self->periodic_error);
    free(self->solver_error);
    free(self->n_not_finite);
    *self = (ost_cohort_summary_t){ 0 };
}
