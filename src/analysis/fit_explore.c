/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an estimate; gives profiles and a sample of the posterior. */
#include "analysis/fit_impl.h"
#include "core/random.h"

#include <gsl/gsl_blas.h>
#include <math.h>

int ost_fit_profile(ost_fit_t *self, size_t k, const double *z, size_t n, const ost_fit_options_t *options,
    double *rise, ost_error_t *err)
{
    ost_memory_t memory = { 0 };
    double *at = ost_fit_estimate_z(self, &memory);
    int ret = memory.failed ? ost_no_memory(err) : 0;
    double centre = ret == 0 ? at[k] : 0, unit = self->params[k].se / self->params[k].prior_sd;
    for (size_t i = 0; i < n; i++) rise[i] = NAN;
    for (size_t i = 0; i < n && ret == 0; i++) {
        double objective = NAN, held = centre + z[i] * unit;
        ret = ost_fit_minimize(self, at, (long) k, held, options, &objective, NULL, err);
        if (ret == 0) rise[i] = objective + held * held - self->objective; /* the spring took the place of the prior */
    }
    ost_memory_free(&memory);
    return ret;
}

typedef struct {
    ost_fit_t *fit;
    const ost_fit_options_t *options;
} sampled_t;

static int whitened_residuals(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *err)
{
    const sampled_t *self = user;
    int ret = ost_fit_residuals(self->fit, z, n_points, self->options->n_threads, residuals, err);
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
    ost_memory_t memory = { 0 };
    double *centre = ost_fit_estimate_z(self, &memory);
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
    ost_memory_free(&memory);
    return ret;
}

int ost_fit_sample_normal(const ost_fit_t *self, size_t n_draws, double *values, ost_error_t *err)
{
    size_t n = self->n_params;
    uint32_t purpose = ost_random_purpose("normal approximation");
    ost_memory_t memory = { 0 };
    double *centre = ost_fit_estimate_z(self, &memory);
    gsl_matrix *root = gsl_matrix_alloc(n, n);
    gsl_vector *z = gsl_vector_alloc(n);
    int ret =
        centre == NULL || root == NULL || z == NULL ? ost_no_memory(err) : ost_fit_covariance_root(self, root, err);
    for (size_t d = 0; d < n_draws && ret == 0; d++) {
        for (size_t k = 0; k < n; k++) gsl_vector_set(z, k, ost_random_normal(self->seed, d, purpose, (uint32_t) k));
        gsl_blas_dtrmv(CblasLower, CblasNoTrans, CblasNonUnit, root, z);
        for (size_t k = 0; k < n; k++)
            values[d * n + k] = ost_fit_param_value(&self->params[k], centre[k] + gsl_vector_get(z, k));
    }
    ost_memory_free(&memory);
    gsl_matrix_free(root);
    gsl_vector_free(z);
    return ret;
}
