/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The estimate: residuals of all rows from one run of every trial, Levenberg and Marquardt on them and the priors. */
#include "analysis/fit_impl.h"
#include "core/random.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Step of the difference quotients, prior SDs: the steps of the solver leave 1e-6 points of noise, so 1e-4 of a
 * derivative; curvature leaves about a percent of it. */
#define DELTA 0.02
#define MAX_ITERATIONS 20
#define ROUNDS 6
/* A search has converged when a step gains less than this of -2 log posterior; the second holds for searches from
 * starts, which are refined later. */
#define CONVERGED 0.01
#define CONVERGED_FIRST 0.5
/* Starts are drawn with this part of the priors' SDs. */
#define START_SD 0.7

/* One search. */
typedef struct {
    ost_fit_t *fit;
    const ost_fit_options_t *options;
    const char *what;
    ost_memory_t memory;
    double *points, *residuals; /* [n_params + 1][n_params], [n_params + 1][n_rows] */
    long held;                  /* parameter held at held_z, -1 none */
    double held_z;
    bool stays; /* at its point: only the derivatives there are asked for */
    bool keeps; /* the fit takes every point that is better than `lowest` */
    double lowest;
    double converged; /* a step that gains less ends the search */
    bool stopped;
    int ret;
    ost_error_t *err;
} search_t;

double ost_fit_misfit(const ost_fit_t *self, double *residuals)
{
    double sum = 0;
    ost_fit_whiten(self, residuals);
    for (size_t i = 0; i < self->n_rows; i++) {
        residuals[i] = ost_huber(residuals[i], self->huber_k);
        sum += residuals[i] * residuals[i];
    }
    return sum;
}

/* Residuals of all rows at z and with each parameter moved by DELTA in turn. @param[in,out] points
 * [n_params + 1][n_params], z given; @param[out] residuals  [n_params + 1][n_rows] */
static int differences(ost_fit_t *self, double *points, int n_threads, double *residuals, ost_error_t *err)
{
    size_t n = self->n_params;
    for (size_t v = 1; v <= n; v++)
        for (size_t k = 0; k < n; k++) points[v * n + k] = points[k] + (v == k + 1 ? DELTA : 0);
    return ost_fit_residuals(self, points, n + 1, n_threads, residuals, err);
}

int ost_fit_sensitivities(
    ost_fit_t *self, const double *z, int n_threads, double *sensitivities, double *residuals, ost_error_t *err)
{
    size_t n = self->n_params, n_rows = self->n_rows;
    ost_memory_t memory = { 0 };
    double *points = ost_memory_list(&memory, (n + 1) * (n + 1), sizeof(*points));
    double *all = ost_memory_list(&memory, (n + 1) * (n_rows + 1), sizeof(*all));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    if (ret == 0) memcpy(points, z, n * sizeof(*z));
    if (ret == 0) ret = differences(self, points, n_threads, all, err);
    for (size_t i = 0; i < n_rows && ret == 0; i++) {
        residuals[i] = all[i];
        for (size_t k = 0; k < n; k++) sensitivities[i * n + k] = (all[(k + 1) * n_rows + i] - all[i]) / DELTA;
    }
    ost_memory_free(&memory);
    return ret;
}

/* The rows, whitened, then the priors. A parameter that is held is pulled there by a stiff spring. */
static void put_residuals(const search_t *self, const double *z, double *residuals, gsl_vector *out)
{
    const ost_fit_t *fit = self->fit;
    ost_fit_misfit(fit, residuals);
    for (size_t i = 0; i < fit->n_rows; i++) gsl_vector_set(out, i, residuals[i]);
    for (size_t k = 0; k < fit->n_params; k++)
        gsl_vector_set(out, fit->n_rows + k, (long) k == self->held ? 1e3 * (z[k] - self->held_z) : z[k]);
}

/* The best point so far is the fit's, with its residuals. */
static void keep_best(search_t *self, const double *z, const double *residuals, double objective)
{
    ost_fit_t *fit = self->fit;
    if (!self->keeps || !(objective < self->lowest)) return;
    self->lowest = fit->objective = objective;
    for (size_t k = 0; k < fit->n_params; k++) fit->params[k].value = ost_fit_param_value(&fit->params[k], z[k]);
    for (size_t i = 0; i < fit->n_rows; i++) fit->rows[i].residual = residuals[i];
}

/* GSL goes on after an evaluation that failed: then nothing is evaluated any more. */
static int search_f(const gsl_vector *x, void *user, gsl_vector *f)
{
    search_t *self = user;
    double *raw = self->residuals + self->fit->n_rows, objective;
    if (self->ret < 0) return GSL_EFAILED;
    for (size_t k = 0; k < self->fit->n_params; k++) self->points[k] = gsl_vector_get(x, k);
    self->ret = ost_fit_residuals(self->fit, self->points, 1, self->options->n_threads, self->residuals, self->err);
    if (self->ret < 0) return GSL_EFAILED;
    memcpy(raw, self->residuals, self->fit->n_rows * sizeof(*raw));
    put_residuals(self, self->points, self->residuals, f);
    gsl_blas_ddot(f, f, &objective);
    keep_best(self, self->points, raw, objective);
    return GSL_SUCCESS;
}

static int search_df(const gsl_vector *x, void *user, gsl_matrix *jacobian)
{
    search_t *self = user;
    size_t n = self->fit->n_params, n_rows = self->fit->n_rows;
    if (self->ret < 0) return GSL_EFAILED;
    for (size_t k = 0; k < n; k++) self->points[k] = gsl_vector_get(x, k);
    self->ret = differences(self->fit, self->points, self->options->n_threads, self->residuals, self->err);
    gsl_vector *base = gsl_vector_alloc(n_rows + n), *moved = gsl_vector_alloc(n_rows + n);
    if (self->ret == 0 && (base == NULL || moved == NULL)) self->ret = ost_no_memory(self->err);
    if (self->ret == 0) put_residuals(self, self->points, self->residuals, base);
    for (size_t v = 1; v <= n && self->ret == 0; v++) {
        put_residuals(self, self->points + v * n, self->residuals + v * n_rows, moved);
        for (size_t i = 0; i < n_rows + n; i++)
            gsl_matrix_set(jacobian, i, v - 1, (gsl_vector_get(moved, i) - gsl_vector_get(base, i)) / DELTA);
    }
    gsl_vector_free(base);
    gsl_vector_free(moved);
    return self->ret < 0 ? GSL_EFAILED : GSL_SUCCESS;
}

static bool report(search_t *self, size_t done, size_t all, double objective)
{
    const ost_fit_options_t *options = self->options;
    if (options->progress != NULL && options->progress(options->user, self->what, done, all, objective) != 0)
        self->stopped = true;
    return !self->stopped;
}

/* Levenberg and Marquardt from z, in place. @param[out] jacobian  [n_rows + n_params][n_params] at the end, or NULL */
static int minimize(search_t *self, double *z, double *objective, gsl_matrix *jacobian)
{
    ost_fit_t *fit = self->fit;
    size_t n = fit->n_params, n_f = fit->n_rows + n;
    gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    parameters.factor_up = 4;
    parameters.scale = gsl_multifit_nlinear_scale_levenberg;
    gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, n_f, n);
    gsl_multifit_nlinear_fdf fdf = { .f = search_f, .df = search_df, .n = n_f, .p = n, .params = self };
    gsl_vector_view x = gsl_vector_view_array(z, n);
    if (w == NULL) return ost_no_memory(self->err);
    int status = gsl_multifit_nlinear_init(&x.vector, &fdf, w);
    size_t n_iterations = self->stays ? 0 : MAX_ITERATIONS;
    double before = INFINITY;
    for (size_t i = 0; status == GSL_SUCCESS && self->ret == 0; i++) {
        gsl_blas_ddot(w->f, w->f, objective);
        if (!report(self, i, n_iterations, *objective) || i == n_iterations || before - *objective < self->converged)
            break;
        before = *objective;
        status = gsl_multifit_nlinear_iterate(w);
    }
    for (size_t k = 0; k < n; k++) z[k] = gsl_vector_get(w->x, k);
    if (jacobian != NULL && self->ret == 0) gsl_matrix_memcpy(jacobian, w->J);
    gsl_multifit_nlinear_free(w);
    return self->ret;
}

static int search_init(search_t *self, ost_fit_t *fit, const ost_fit_options_t *options, ost_error_t *err)
{
    size_t n = fit->n_params;
    *self = (search_t){ .fit = fit,
        .options = options,
        .what = "fit",
        .held = -1,
        .lowest = INFINITY,
        .converged = CONVERGED,
        .err = err };
    self->points = ost_memory_list(&self->memory, (n + 1) * (n + 1), sizeof(double));
    self->residuals = ost_memory_list(&self->memory, (n + 1) * (fit->n_rows + 1), sizeof(double));
    return self->memory.failed ? ost_no_memory(err) : 0;
}

int ost_fit_minimize(ost_fit_t *self, double *z, long held, double held_z, const ost_fit_options_t *options,
    double *objective, gsl_matrix *jacobian, ost_error_t *err)
{
    search_t search;
    int ret = search_init(&search, self, options, err);
    search.held = held;
    search.held_z = held_z;
    if (held >= 0) z[held] = held_z;
    if (ret == 0) ret = minimize(&search, z, objective, jacobian);
    if (ret == 0 && search.stopped) ret = ost_fail(err, OST_ERR_LIMIT, "interrupted");
    ost_memory_free(&search.memory);
    return ret;
}

/* Covariance (J'J)^-1 in prior SDs. */
static int keep_covariance(ost_fit_t *self, const gsl_matrix *jacobian, ost_error_t *err)
{
    size_t n = self->n_params;
    gsl_matrix_view c = gsl_matrix_view_array(self->covariance, n, n);
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, jacobian, jacobian, 0, &c.matrix);
    /* positive definite, as the priors add the identity, unless a sensitivity is not finite */
    if (gsl_linalg_cholesky_decomp1(&c.matrix) != GSL_SUCCESS || gsl_linalg_cholesky_invert(&c.matrix) != GSL_SUCCESS)
        return ost_fail(err, OST_ERR_VALUE, "the sensitivities at the estimate are not finite: no errors");
    for (size_t i = 0; i < self->n_rows; i++)
        for (size_t k = 0; k < n; k++) self->sensitivity[i * n + k] = gsl_matrix_get(jacobian, i, k);
    for (size_t k = 0; k < n; k++) self->params[k].se = self->params[k].prior_sd * sqrt(self->covariance[k * n + k]);
    return 0;
}

int ost_fit_covariance_root(const ost_fit_t *self, gsl_matrix *root, ost_error_t *err)
{
    gsl_matrix_const_view covariance = gsl_matrix_const_view_array(self->covariance, self->n_params, self->n_params);
    gsl_matrix_memcpy(root, &covariance.matrix);
    if (gsl_linalg_cholesky_decomp1(root) == GSL_SUCCESS) return 0;
    return ost_fail(err, OST_ERR_VALUE, "the covariance of the estimate is not positive definite");
}

static int correct(search_t *self, const double *z)
{
    return ost_fit_correct(self->fit, z, self->options->n_threads, self->residuals, self->err);
}

/* The residuals of all subjects at the best point are the fit's. */
static int end_at(search_t *self, const double *best)
{
    ost_fit_t *fit = self->fit;
    int ret = correct(self, best);
    for (size_t i = 0; i < fit->n_rows && ret == 0; i++) fit->rows[i].residual = self->residuals[i];
    if (ret < 0) return ret;
    fit->objective = ost_fit_misfit(fit, self->residuals);
    for (size_t k = 0; k < fit->n_params; k++) fit->objective += best[k] * best[k];
    return 0;
}

/* The sizes of errors. Residuals at the estimate are smaller than those of the true parameters, since these rows chose
 * it: the mean of r r' over the posterior is that of the estimate and J C J', J the sensitivities and C their
 * covariance.
 * @param known  C is that of an estimate near z */
static int estimate_spread(search_t *self, const double *z, bool known)
{
    ost_fit_t *fit = self->fit;
    size_t n = fit->n_params, n_rows = fit->n_rows;
    if (!known) {
        ost_fit_estimate_residual_error(fit, self->residuals, 1); /* of correct() */
        return 0;
    }
    double *sensitivities = ost_memory_list(&self->memory, n_rows * n, sizeof(*sensitivities));
    gsl_matrix *root = gsl_matrix_alloc(n, n);
    int ret = sensitivities == NULL || root == NULL ? ost_no_memory(self->err)
                                                    : ost_fit_covariance_root(fit, root, self->err);
    if (ret == 0)
        ret = ost_fit_sensitivities(fit, z, self->options->n_threads, sensitivities, self->residuals, self->err);
    if (ret == 0) {
        gsl_matrix_view j = gsl_matrix_view_array(sensitivities, n_rows, n);
        gsl_blas_dtrmm(CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, 1, root, &j.matrix);
        for (size_t k = 0; k < n; k++)
            for (size_t i = 0; i < n_rows; i++) self->residuals[(k + 1) * n_rows + i] = sensitivities[i * n + k];
        ost_fit_estimate_residual_error(fit, self->residuals, n + 1);
    }
    gsl_matrix_free(root);
    return ret;
}

static int search_all_starts(search_t *self, double *best, double *lowest)
{
    ost_fit_t *fit = self->fit;
    size_t n = fit->n_params;
    double *z = ost_memory_list(&self->memory, n, sizeof(*z));
    if (z == NULL) return ost_no_memory(self->err);
    char what[64];
    int ret = 0;
    self->what = what;
    *lowest = INFINITY;
    self->converged = CONVERGED_FIRST;
    for (uint64_t s = 0; s < fit->n_starts && ret == 0 && !self->stopped; s++) {
        double objective = INFINITY;
        snprintf(
            what, sizeof(what), "start %llu of %llu", (unsigned long long) s + 1, (unsigned long long) fit->n_starts);
        for (size_t k = 0; k < n; k++)
            z[k] = s == 0 ? 0 : START_SD * ost_random_normal(fit->seed, s, ost_random_purpose(fit->params[k].name), 0);
        ret = minimize(self, z, &objective, NULL);
        if (objective < *lowest) {
            *lowest = objective;
            memcpy(best, z, n * sizeof(*z));
        }
    }
    self->converged = CONVERGED;
    return ret;
}

/* Whether an evaluation ended because the fit was to stop, and some point had been evaluated before. */
static bool was_stopped(const ost_fit_t *self, int ret)
{
    return ret == OST_ERR_LIMIT && self->stop != NULL && atomic_load(self->stop) && isfinite(self->objective);
}

int ost_fit_run(ost_fit_t *self, const ost_fit_options_t *options, bool *stopped, ost_error_t *err)
{
    size_t n = self->n_params;
    search_t search;
    gsl_matrix *jacobian = gsl_matrix_calloc(self->n_rows + n, n);
    int ret = search_init(&search, self, options, err);
    double *best = ost_memory_list(&search.memory, n, sizeof(*best)), lowest = INFINITY;
    if (ret == 0 && (best == NULL || jacobian == NULL)) ret = ost_no_memory(err);
    for (size_t k = 0; k < n && ret == 0; k++) best[k] = ost_fit_param_z(&self->params[k], self->params[k].value);
    self->has_errors = false;
    self->objective = INFINITY;
    ost_fit_estimate_residual_error(self, NULL, 0);
    search.keeps = true;
    if (ret == 0) ret = correct(&search, best);
    if (ret == 0 && self->n_starts > 0) ret = search_all_starts(&search, best, &lowest);
    search.what = "errors and estimate";
    search.stays = options->errors_only;
    for (int round = 0; round < ROUNDS && ret == 0 && !search.stopped; round++) {
        if ((ret = correct(&search, best)) < 0) break;
        if ((ret = estimate_spread(&search, best, round > 0)) < 0) break;
        search.lowest = INFINITY; /* of errors of other sizes */
        ret = minimize(&search, best, &lowest, jacobian);
        if (ret == 0 && !search.stopped) ret = keep_covariance(self, jacobian, err);
    }
    if (ret == 0 && !search.stopped) ret = end_at(&search, best);
    if (was_stopped(self, ret)) {
        search.stopped = true;
        ret = 0;
        if (err != NULL) *err = (ost_error_t){ 0 };
    }
    self->has_errors = ret == 0 && !search.stopped;
    self->is_kept = options->errors_only;
    *stopped = search.stopped;
    ost_memory_free(&search.memory);
    gsl_matrix_free(jacobian);
    return ret;
}
