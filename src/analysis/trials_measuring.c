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

/* Add the variance of ln(reading) by a part of the error to every variant of an observation: a change has the errors of
 * two measurements, and what drifts between them. @param estimates  of the first variant */
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
        estimates[v * self->matched.n_observations].sd_measuring += pow(value * times, 2);
    }
}

/* A reading is the true value times exp(e), e normal, and a change the ratio of two. With the ratio R of the true
 * values and s^2 the variance of what is added to ln R, independent of R, the variance is
 *     var(R exp(e)) = exp(s^2) (exp(s^2) (var R + mean(R)^2) - mean(R)^2):
 * the error is one of the later reading, so larger where bone is gained, and a little less than s where it is lost.
 * @param variance  s^2 @return SD that is added to that of the measure, in quadrature */
static double sd_of_ratio(const ost_endpoint_t *endpoint, const ost_estimate_t *of, double variance)
{
    const double percent = endpoint->per_year ? (endpoint->to - endpoint->from) / OST_DAYS_PER_YEAR : 1;
    const double unchanged = endpoint->measure == OST_MEASURE_PERCENT ? 1 : 0;
    const double mean = unchanged + of->statistic[OST_STATISTIC_MEAN] * percent / 100;
    const double sd = of->statistic[OST_STATISTIC_SD] * percent / 100;
    const double ratio = endpoint->is_ratio || !isfinite(mean) ? 1 : mean, square = isfinite(sd) ? sd * sd : 0;
    const double added = square * expm1(2 * variance) + ratio * ratio * exp(variance) * expm1(variance);
    return 100 * sqrt(added) / percent;
}

void ost_trial_add_measuring(
    const ost_trial_t *self, const ost_variants_t *variants, const double *typical, ost_estimate_t *estimates)
{
    const size_t n = self->matched.n_observations, n_variants = variants != NULL ? variants->n_variants : 1;
    for (size_t o = 0; o < n; o++) {
        const ost_observation_t *observation = &self->matched.observations[o];
        const ost_endpoint_t *endpoint = &observation->endpoint;
        const ost_endpoint_entry_t *measured = observation->measured;
        for (size_t p = 0; measured != NULL && p < measured->n_errors; p++)
            add_square(self, &measured->errors[p], endpoint, variants, typical, estimates + o);
        for (size_t v = 0; v < n_variants; v++) {
            ost_estimate_t *of = &estimates[v * n + o];
            if (of->sd_measuring > 0) of->sd_measuring = sd_of_ratio(endpoint, of, of->sd_measuring);
            if (endpoint->statistic == OST_STATISTIC_SD) of->value = hypot(of->value, of->sd_measuring);
        }
    }
}
