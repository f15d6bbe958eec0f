/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an estimate; gives profiles and a sample of the posterior. */
#include "analysis/fit_impl.h"

#include <math.h>
#include <stdlib.h>

int ost_fit_profile(ost_fit_t *self, size_t k, const double *z, size_t n, const ost_fit_options_t *options,
    double *rise, ost_error_t *err)
{
    double *at = ost_fit_estimate_z(self);
    int ret = at == NULL ? ost_no_memory(err) : 0;
    double centre = ret == 0 ? at[k] : 0, unit = self->params[k].se / self->params[k].prior_sd;
    for (size_t i = 0; i < n; i++) rise[i] = NAN;
    for (size_t i = 0; i < n && ret == 0; i++) {
        double objective = NAN, held = centre + z[i] * unit;
        ret = ost_fit_minimize(self, at, (long) k, held, options, &objective, NULL, err);
        if (ret == 0) rise[i] = objective + held * held - self->objective; /* the spring took the place of the prior */
    }
    free(at);
    return ret;
}

typedef struct {
    ost_fit_t *fit;
    const ost_fit_options_t *options;
} sampled_t;

static int whitened_residuals(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *err)
{
    const sampled_t *self = user;
    int ret = ost_fit_residuals(self->fit, z, n_points, self->options->n_threads, residuals, false, err);
    for (size_t p = 0; p < n_points && ret == 0; p++) ost_fit_whiten(self->fit, residuals + p * self->fit->n_rows);
    return ret;
}

static int report_sample(void *user, size_t done, size_t all, double minus2)
{
    const ost_fit_options_t *options = ((const sampled_t *) user)->options;
    return options->progress != NULL ? options->progress(options->user, "sample", done, all, minus2) : 0;
}

int ost_fit_sample(ost_fit_t *self, size_t n_draws, const ost_fit_options_t *options, double *values,
    ost_sample_quality_t *quality, ost_error_t *err)
{
    size_t n = self->n_params;
    double *centre = ost_fit_estimate_z(self);
    sampled_t sampled = { self, options };
    const ost_target_t target = { .n = n,
        .n_residuals = self->n_rows,
        .huber_k = self->huber_k,
        .centre = centre,
        .covariance = self->covariance,
        .residuals = whitened_residuals,
        .progress = report_sample,
        .user = &sampled,
        .seed = self->seed,
        .n_threads = options->n_threads };
    int ret = centre != NULL ? ost_sampler_run(&target, n_draws, values, quality, err) : ost_no_memory(err);
    for (size_t i = 0; i < n_draws * n && ret == 0; i++)
        values[i] = ost_fit_param_value(&self->params[i % n], values[i]);
    free(centre);
    return ret;
}
