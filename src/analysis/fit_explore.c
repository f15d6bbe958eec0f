/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an estimate; gives predictions of trials left out, profiles, a sample of the posterior. */
#include "analysis/fit_impl.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *estimate_z(const ost_fit_t *self)
{
    double *z = malloc((self->n_params + 1) * sizeof(*z));
    for (size_t k = 0; z != NULL && k < self->n_params; k++)
        z[k] = ost_fit_param_z(&self->params[k], self->params[k].value);
    return z;
}

/* SD of the prediction of row i: the sensitivities of its raw residual times the covariance of a fit, and all errors.
 */
static double prediction_sd(
    const ost_fit_t *self, size_t i, double residual, const double *sensitivity, const gsl_matrix *covariance)
{
    size_t n = self->n_params;
    double variance = 0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) variance += sensitivity[a] * gsl_matrix_get(covariance, a, b) * sensitivity[b];
    const ost_residual_error_t *spread = &self->residual_error[ost_fit_class(self, i)];
    const ost_observation_t *observation = ost_fit_observation(self, i);
    double simulated = observation->row->value + residual / ost_observation_scale(observation);
    double growth = ost_residual_growth(spread, ost_observation_extent(observation, simulated));
    return sqrt(variance + pow(self->rows[i].error, 2) +
                pow(growth, 2) * (pow(spread->sigma_between, 2) + pow(spread->sigma_within, 2)));
}

int ost_fit_leave_out(ost_fit_t *self, const char *trial, const ost_fit_options_t *options, double *residuals,
    double *sd, ost_error_t *err)
{
    size_t n = self->n_params, n_left_out = 0;
    double objective, *z = estimate_z(self), *sensitivities = malloc((self->n_rows * n + 1) * sizeof(*sensitivities));
    gsl_matrix *jacobian = gsl_matrix_alloc(self->n_rows + n, n), *covariance = gsl_matrix_alloc(n, n);
    int ret = z == NULL || sensitivities == NULL || jacobian == NULL || covariance == NULL ? ost_no_memory(err) : 0;
    for (size_t i = 0; i < self->n_rows; i++) {
        self->rows[i].left_out = strcmp(ost_fit_observation(self, i)->row->trial, trial) == 0;
        n_left_out += self->rows[i].left_out;
    }
    if (ret == 0 && n_left_out == 0) ret = ost_fail(err, OST_ERR_NAME, "no row of trial '%s' is fitted", trial);
    self->searching = true; /* few subjects find the way, all of them predict */
    if (ret == 0) ret = ost_fit_minimize(self, z, -1, 0, options, &objective, jacobian, err);
    self->searching = false;
    if (ret == 0) ret = ost_fit_sensitivities(self, z, options->n_threads, sensitivities, residuals, err);
    if (ret == 0) {
        gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, jacobian, jacobian, 0, covariance);
        gsl_linalg_cholesky_decomp1(covariance);
        gsl_linalg_cholesky_invert(covariance);
    }
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) {
        sd[i] = self->rows[i].left_out ? prediction_sd(self, i, residuals[i], sensitivities + i * n, covariance) : NAN;
        if (!self->rows[i].left_out) residuals[i] = NAN;
    }
    for (size_t i = 0; i < self->n_rows; i++) self->rows[i].left_out = false;
    gsl_matrix_free(jacobian);
    gsl_matrix_free(covariance);
    free(sensitivities);
    free(z);
    return ret;
}

int ost_fit_profile(ost_fit_t *self, size_t k, const double *z, size_t n, const ost_fit_options_t *options,
    double *rise, ost_error_t *err)
{
    double *at = estimate_z(self);
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
    double *centre = estimate_z(self);
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
