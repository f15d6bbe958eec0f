/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sensitivity.h. The methods' own files are morris.c and sobol.c. */
#include "analysis/sensitivity_impl.h"

#include <math.h>

const char *const ost_sensitivity_words[OST_N_SENSITIVITIES] = { OST_SENSITIVITIES(OST_WORD_OF) };

#define INDEX(NAME, method, name, heading, has_unit, meaning) { method, name, heading, has_unit, meaning },
const ost_index_info_t ost_indices[OST_N_INDICES] = { OST_INDICES(INDEX) };

/* Points of LOCAL for each input: displacements in steps. */
static const double displacements[] = { 1, -1, 0.5, -0.5 };
enum { N_DISPLACED = sizeof(displacements) / sizeof(displacements[0]) };

size_t ost_sensitivity_n_points(const ost_sensitivity_t *self)
{
    switch (self->kind) {
    case OST_SENSITIVITY_LOCAL:
        return N_DISPLACED * self->n_inputs + 1;
    case OST_SENSITIVITY_MORRIS:
        return self->n * (self->n_groups + 1);
    default:
        return self->n * (self->n_groups + 2);
    }
}

static int displace(const ost_sensitivity_t *self, double *u)
{
    for (size_t i = 0; i < ost_sensitivity_n_points(self) * self->n_inputs; i++) u[i] = 0;
    for (size_t k = 0; k < self->n_inputs; k++)
        for (size_t d = 0; d < N_DISPLACED; d++) u[(1 + N_DISPLACED * k + d) * self->n_inputs + k] = displacements[d];
    return 0;
}

int ost_sensitivity_points(const ost_sensitivity_t *self, double *u, ost_error_t *err)
{
    switch (self->kind) {
    case OST_SENSITIVITY_LOCAL:
        return displace(self, u);
    case OST_SENSITIVITY_MORRIS:
        return ost_morris_points(self, u, err);
    default:
        return ost_sobol_points(self, u, err);
    }
}

int ost_sensitivity_estimate(
    const ost_sensitivity_t *self, const double *u, const double *y, ost_index_t *out, ost_error_t *err)
{
    for (size_t i = 0; i < self->n_groups * OST_N_INDICES; i++) out[i] = (ost_index_t){ NAN, NAN, NAN };
    return self->kind == OST_SENSITIVITY_MORRIS ? ost_morris_estimate(self, u, y, out, err)
                                                : ost_sobol_estimate(self, y, out, err);
}

void ost_sensitivity_local(const ost_sensitivity_t *self, const double *value, const double *step, const double *sd,
    const double *y, ost_index_t *out)
{
    for (size_t k = 0; k < self->n_inputs; k++) {
        const double *at = y + 1 + N_DISPLACED * k;
        double whole = (at[0] - at[1]) / 2, half = at[2] - at[3], slope = (4 * half - whole) / 3 / step[k];
        double open = fabs(slope - half / step[k]);
        const double factors[] = { sd[k], value[k] / y[0] };
        const ost_index_kind_t kinds[] = { OST_INDEX_PER_SD, OST_INDEX_ELASTICITY };
        for (size_t i = 0; i < OST_N_INDICES; i++) out[k * OST_N_INDICES + i] = (ost_index_t){ NAN, NAN, NAN };
        for (size_t i = 0; i < 2; i++) {
            double x = slope * factors[i], error = open * fabs(factors[i]);
            if (isfinite(x)) out[k * OST_N_INDICES + kinds[i]] = (ost_index_t){ x, x - error, x + error };
        }
    }
}
