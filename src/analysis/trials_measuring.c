/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes parameters that are errors of measurement; gives the SDs that they add between subjects. */
#include "analysis/trials_impl.h"

#include <math.h>
#include <string.h>

/* Index of the plan's parameter of a name, SIZE_MAX if it has none: a trial may do without the model of scans. */
static size_t find_param(const ost_blocks_t *blocks, const char *name)
{
    char other[256];
    for (size_t i = 0; i < blocks->n_params; i++)
        if (strcmp(ost_blocks_param_name(blocks, i, other, sizeof(other)), name) == 0) return i;
    return SIZE_MAX;
}

static size_t find_variable(const ost_variants_t *variants, const char *name)
{
    for (size_t k = 0; variants != NULL && k < variants->n; k++)
        if (strcmp(variants->names[k], name) == 0) return k;
    return SIZE_MAX;
}

/* Add the square of an error, percent, to every variant of an observation: a change has the errors of two measurements,
 * and what drifts between them. @param estimates  of the first variant */
static void add_square(const ost_trial_t *self, const ost_error_part_t *part, const ost_endpoint_t *endpoint,
    const ost_variants_t *variants, const double *typical, ost_estimate_t *estimates)
{
    const size_t n_params = self->plan.blocks->n_params, n_variants = variants != NULL ? variants->n_variants : 1;
    const size_t i = find_param(self->plan.blocks, part->name), k = find_variable(variants, part->name);
    const double times = part->drifts ? endpoint->to - endpoint->from : sqrt(2);
    for (size_t v = 0; v < n_variants; v++) {
        double value = part->value;
        if (i != SIZE_MAX)
            value = typical[v * n_params + i];
        else if (k != SIZE_MAX)
            value = variants->values[v * variants->n + k];
        estimates[v * self->matched.n_observations].sd_measuring += pow(100 * value * times, 2);
    }
}

void ost_trial_add_measuring(
    const ost_trial_t *self, const ost_variants_t *variants, const double *typical, ost_estimate_t *estimates)
{
    const size_t n = self->matched.n_observations, n_variants = variants != NULL ? variants->n_variants : 1;
    for (size_t o = 0; o < n; o++) {
        const ost_observation_t *observation = &self->matched.observations[o];
        const ost_endpoint_t *endpoint = &observation->endpoint;
        const ost_endpoint_entry_t *measured = observation->measured;
        const double years = endpoint->per_year ? (endpoint->to - endpoint->from) / OST_DAYS_PER_YEAR : 1;
        for (size_t p = 0; measured != NULL && p < measured->n_errors; p++)
            add_square(self, &measured->errors[p], endpoint, variants, typical, estimates + o);
        for (size_t v = 0; v < n_variants; v++) {
            ost_estimate_t *of = &estimates[v * n + o];
            of->sd_measuring = sqrt(of->sd_measuring) / years;
            if (endpoint->statistic == OST_STATISTIC_SD) of->value = hypot(of->value, of->sd_measuring);
        }
    }
}
