/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows and parameters of a fit: the observation, class and scale of a row, and the working scale of a parameter. */
#include "analysis/fit_impl.h"

#include <math.h>

double ost_fit_param_value(const ost_fit_param_t *self, double z)
{
    double t = self->prior_sd * z, value = self->prior * exp(t);
    if (self->logit) value = 1 / (1 + (1 / self->prior - 1) * exp(-t));
    return fmin(fmax(value, self->lower), self->upper);
}

double ost_fit_param_z(const ost_fit_param_t *self, double value)
{
    double t = log(value / self->prior);
    if (self->logit) t -= log((1 - value) / (1 - self->prior));
    return t / self->prior_sd;
}

double *ost_fit_estimate_z(const ost_fit_t *self, ost_memory_t *memory)
{
    double *z = ost_memory_list(memory, self->n_params, sizeof(*z));
    for (size_t k = 0; z != NULL && k < self->n_params; k++)
        z[k] = ost_fit_param_z(&self->params[k], self->params[k].value);
    return z;
}

const ost_observation_t *ost_fit_observation(const ost_fit_t *self, size_t row)
{
    return &self->trials.trials[self->rows[row].trial].matched.observations[self->rows[row].observation];
}

size_t ost_fit_at(const ost_fit_t *self, size_t row)
{
    return self->trials.trials[self->rows[row].trial].first_observation + self->rows[row].observation;
}

ost_class_t ost_fit_class(const ost_fit_t *self, size_t row)
{
    return ost_fit_observation(self, row)->endpoint_class;
}
