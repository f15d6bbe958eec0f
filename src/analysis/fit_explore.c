/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What surrounds the estimate: predictions of trials left out, profiles, a sample of the posterior. */
#include "analysis/fit_impl.h"
#include "osteon/random.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Degrees of freedom of the proposals, and how many are made for each draw that is wanted. */
#define FREEDOM 5
#define PROPOSALS 4
/* Points simulated in one go. */
#define BATCH 32

static int no_memory(ost_error_t *err)
{
    return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory");
}

static double *estimate_z(const ost_fit_t *self)
{
    double *z = malloc((self->n_params + 1) * sizeof(*z));
    for (size_t k = 0; z != NULL && k < self->n_params; k++)
        z[k] = ost_fit_param_z(&self->params[k], self->params[k].value);
    return z;
}

/* SD of the prediction of row i: the slopes of its raw residual times the covariance of a fit, and all errors. */
static double prediction_sd(const ost_fit_t *self, size_t i, const double *slope, const gsl_matrix *covariance)
{
    size_t n = self->n_params;
    double variance = 0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) variance += slope[a] * gsl_matrix_get(covariance, a, b) * slope[b];
    const ost_fit_spread_t *spread = &self->spread[ost_fit_class(self, i)];
    double error = self->rows[i].error;
    return sqrt(variance + error * error + spread->between * spread->between + spread->within * spread->within);
}

/* Raw slopes of all rows by differences at z. @param[out] slopes  [n_rows][n_params]; residuals  [n_rows] at z */
static int raw_slopes(
    ost_fit_t *self, const double *z, int n_threads, double *slopes, double *residuals, ost_error_t *err)
{
    const double delta = 0.02;
    size_t n = self->n_params, n_rows = self->n_rows;
    double *points = malloc((n + 1) * n * sizeof(*points)), *all = malloc((n + 1) * n_rows * sizeof(*all));
    int ret = points == NULL || all == NULL ? no_memory(err) : 0;
    for (size_t v = 0; v <= n && ret == 0; v++)
        for (size_t k = 0; k < n; k++) points[v * n + k] = z[k] + (v == k + 1 ? delta : 0);
    if (ret == 0) ret = ost_fit_residuals(self, points, n + 1, n_threads, all, NULL, err);
    for (size_t i = 0; i < n_rows && ret == 0; i++) {
        residuals[i] = all[i];
        for (size_t k = 0; k < n; k++) slopes[i * n + k] = (all[(k + 1) * n_rows + i] - all[i]) / delta;
    }
    free(points);
    free(all);
    return ret;
}

int ost_fit_leave_out(ost_fit_t *self, const char *trial, const ost_fit_options_t *options, double *residuals,
    double *sd, ost_error_t *err)
{
    size_t n = self->n_params, n_left_out = 0;
    double objective, *z = estimate_z(self), *slopes = malloc((self->n_rows * n + 1) * sizeof(*slopes));
    gsl_matrix *jacobian = gsl_matrix_alloc(self->n_rows + n, n), *covariance = gsl_matrix_alloc(n, n);
    int ret = z == NULL || slopes == NULL || jacobian == NULL || covariance == NULL ? no_memory(err) : 0;
    for (size_t i = 0; i < self->n_rows; i++) {
        self->rows[i].left_out = strcmp(ost_fit_figure(self, i)->row->trial, trial) == 0;
        n_left_out += self->rows[i].left_out;
    }
    if (ret == 0 && n_left_out == 0) ret = ost_fail(err, OST_ERR_NAME, "no row of trial '%s' is fitted", trial);
    self->searching = true; /* few subjects find the way, all of them predict */
    if (ret == 0) ret = ost_fit_descend(self, z, -1, 0, options, &objective, jacobian, err);
    self->searching = false;
    if (ret == 0) ret = raw_slopes(self, z, options->n_threads, slopes, residuals, err);
    if (ret == 0) {
        gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, jacobian, jacobian, 0, covariance);
        gsl_linalg_cholesky_decomp1(covariance);
        gsl_linalg_cholesky_invert(covariance);
    }
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) {
        sd[i] = self->rows[i].left_out ? prediction_sd(self, i, slopes + i * n, covariance) : NAN;
        if (!self->rows[i].left_out) residuals[i] = NAN;
    }
    for (size_t i = 0; i < self->n_rows; i++) self->rows[i].left_out = false;
    gsl_matrix_free(jacobian);
    gsl_matrix_free(covariance);
    free(slopes);
    free(z);
    return ret;
}

int ost_fit_profile(ost_fit_t *self, size_t k, const double *z, size_t n, const ost_fit_options_t *options,
    double *rise, ost_error_t *err)
{
    double *at = estimate_z(self);
    int ret = at == NULL ? no_memory(err) : 0;
    double centre = ret == 0 ? at[k] : 0, unit = self->params[k].se / self->params[k].prior_sd;
    for (size_t i = 0; i < n && ret == 0; i++) {
        double objective = NAN, held = centre + z[i] * unit;
        ret = ost_fit_descend(self, at, (long) k, held, options, &objective, NULL, err);
        rise[i] = objective + held * held - self->objective; /* the spring took the place of the prior */
    }
    free(at);
    return ret;
}

/* z = estimate + L t, L L' = covariance, t Student with FREEDOM degrees. @return log of its density but for a constant
 */
static double propose(const ost_fit_t *self, const double *centre, const gsl_matrix *root, uint64_t draw, double *z)
{
    size_t n = self->n_params;
    double chi2 = 0, tt = 0;
    for (uint32_t i = 0; i < FREEDOM; i++) {
        double e = ost_random_normal(self->seed, draw, ost_random_purpose("scale of a proposal"), i);
        chi2 += e * e;
    }
    double scale = sqrt(FREEDOM / chi2);
    for (size_t k = 0; k < n; k++) z[k] = centre[k];
    for (size_t j = 0; j < n; j++) {
        double t = scale * ost_random_normal(self->seed, draw, ost_random_purpose(self->params[j].name), 1);
        tt += t * t;
        for (size_t k = j; k < n; k++) z[k] += gsl_matrix_get(root, k, j) * t;
    }
    return -0.5 * ((double) n + FREEDOM) * log1p(tt / FREEDOM);
}

/* Log weights of all proposals. @param[out] z  [n_all][n_params] */
static int weigh(
    ost_fit_t *self, size_t n_all, const ost_fit_options_t *options, double *z, double *log_weight, ost_error_t *err)
{
    size_t n = self->n_params, n_rows = self->n_rows;
    double *centre = estimate_z(self), *residuals = malloc(BATCH * (n_rows + 1) * sizeof(*residuals));
    gsl_matrix *root = gsl_matrix_alloc(n, n);
    int ret = centre == NULL || residuals == NULL || root == NULL ? no_memory(err) : 0;
    for (size_t i = 0; i < n * n && ret == 0; i++) gsl_matrix_set(root, i / n, i % n, self->covariance[i]);
    if (ret == 0) gsl_linalg_cholesky_decomp1(root);
    for (size_t first = 0; first < n_all && ret == 0; first += BATCH) {
        size_t count = n_all - first < BATCH ? n_all - first : BATCH;
        for (size_t v = 0; v < count; v++)
            log_weight[first + v] = -propose(self, centre, root, first + v, z + (first + v) * n);
        ret = ost_fit_residuals(self, z + first * n, count, options->n_threads, residuals, NULL, err);
        for (size_t v = 0; v < count && ret == 0; v++) {
            const double *at = z + (first + v) * n;
            double minus2 = ost_fit_misfit(self, residuals + v * n_rows);
            for (size_t k = 0; k < n; k++) minus2 += at[k] * at[k];
            log_weight[first + v] -= 0.5 * minus2;
        }
        if (options->progress != NULL && options->progress(options->user, "sample", first + count, n_all, NAN) != 0 &&
            ret == 0)
            ret = ost_fail(err, OST_ERR_LIMIT, "interrupted: no sample of the posterior was made");
    }
    gsl_matrix_free(root);
    free(residuals);
    free(centre);
    return ret;
}

int ost_fit_sample(ost_fit_t *self, size_t n_draws, const ost_fit_options_t *options, double *values, double *effective,
    ost_error_t *err)
{
    size_t n = self->n_params, n_all = PROPOSALS * n_draws;
    double *z = malloc((n_all * n + 1) * sizeof(*z)), *weight = malloc((n_all + 1) * sizeof(*weight));
    int ret = z == NULL || weight == NULL ? no_memory(err) : weigh(self, n_all, options, z, weight, err);
    double largest = -INFINITY, sum = 0, squares = 0;
    for (size_t i = 0; i < n_all && ret == 0; i++) largest = fmax(largest, weight[i]);
    for (size_t i = 0; i < n_all && ret == 0; i++) {
        weight[i] = exp(weight[i] - largest);
        sum += weight[i];
        squares += weight[i] * weight[i];
    }
    if (ret == 0) *effective = sum * sum / squares;
    /* systematic resampling: one random number, equal steps */
    double at = ost_random_uniform(self->seed, 0, ost_random_purpose("resampling"), 0), below = 0;
    for (size_t i = 0, d = 0; i < n_all && ret == 0; i++) {
        below += weight[i] / sum * (double) n_draws;
        for (; d < n_draws && ((double) d + at < below || i + 1 == n_all); d++)
            for (size_t k = 0; k < n; k++) values[d * n + k] = ost_fit_param_value(&self->params[k], z[i * n + k]);
    }
    free(z);
    free(weight);
    return ret;
}
