/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The errors of observations: each group of rows (one trial, one class) has covariance
 * diag(error^2 + (within g)^2) + between^2 g g', g the growth of each row's residual error with its simulated change.
 * Inverse and determinant are those of a rank-one change. */
#include "analysis/fit_impl.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multimin.h>
#include <math.h>

/* Sizes before any data, and the SD of their logarithm: assumed; points, percent. Only BMD has trials enough to tell
 * how its errors grow; a growth of 0 is kept. */
static const ost_residual_error_t prior[OST_N_CLASSES] = {
    [OST_CLASS_BMD] = { 1.0, 0.7, 0, 0.2 },
    [OST_CLASS_MARKER] = { 8, 8, 0, 0 },
    [OST_CLASS_HORMONE] = { 3, 3, 0, 0 },
    [OST_CLASS_LEVEL] = { 10, 5, 0, 0 },
    [OST_CLASS_SD] = { 10, 5, 0, 0 },
};
#define PRIOR_LOG_SD 0.7

static size_t group_end(const ost_fit_t *self, size_t first)
{
    size_t end = first;
    while (end < self->n_rows && self->rows[end].group == self->rows[first].group) end++;
    return end;
}

/* @param[out] growth  of the row's residual error. @return its variance without the part that a trial shares */
static double own_variance(const ost_fit_t *self, size_t row, const ost_residual_error_t *of, double *growth)
{
    *growth = ost_residual_growth(of, self->rows[row].change);
    return pow(self->rows[row].error, 2) + pow(of->sigma_within * *growth, 2);
}

/* In an orthogonal basis the shared part is one direction; the symmetric root of the inverse does the same: with
 * u = D^-1/2 g and s = between^2 u'u, it takes D^-1/2 r to D^-1/2 r - u (u'D^-1/2 r)(1 - 1/sqrt(1 + s))/u'u. */
void ost_fit_whiten(const ost_fit_t *self, double *residuals)
{
    for (size_t first = 0, end; first < self->n_rows; first = end) {
        const ost_residual_error_t *spread = &self->residual_error[ost_fit_class(self, first)];
        double uu = 0, ur = 0, growth;
        end = group_end(self, first);
        for (size_t i = first; i < end; i++) {
            if (self->rows[i].left_out) {
                residuals[i] = 0;
                continue;
            }
            double sd = sqrt(own_variance(self, i, spread, &growth)), u = growth / sd;
            residuals[i] /= sd;
            uu += u * u;
            ur += u * residuals[i];
        }
        if (!(uu > 0)) continue;
        double part = ur * (1 - 1 / sqrt(1 + pow(ost_fit_shared_sd(spread), 2) * uu)) / uu;
        for (size_t i = first; i < end; i++) {
            double variance = own_variance(self, i, spread, &growth);
            if (!self->rows[i].left_out) residuals[i] -= part * growth / sqrt(variance);
        }
    }
}

/* Expected over residual vectors whose outer products add up to the mean of r r'. */
static double group_minus2_log_likelihood(const ost_fit_t *self, const double *residuals, size_t n_vectors,
    size_t first, size_t end, ost_residual_error_t spread)
{
    double uu = 0, log_det = 0, growth, between = pow(ost_fit_shared_sd(&spread), 2);
    for (size_t i = first; i < end; i++) {
        if (self->rows[i].left_out) continue;
        double variance = own_variance(self, i, &spread, &growth);
        uu += growth * growth / variance;
        log_det += log(variance);
    }
    double sum = log_det + log1p(between * uu);
    for (size_t v = 0; v < n_vectors; v++) {
        const double *r = residuals + v * self->n_rows;
        double ur = 0, rr = 0;
        for (size_t i = first; i < end; i++) {
            if (self->rows[i].left_out) continue;
            double variance = own_variance(self, i, &spread, &growth);
            ur += growth * r[i] / variance;
            rr += r[i] * r[i] / variance;
        }
        sum += rr - between * ur * ur / (1 + between * uu);
    }
    return sum;
}

static double class_minus2_log_likelihood(
    const ost_fit_t *self, const double *residuals, size_t n_vectors, ost_class_t of, ost_residual_error_t spread)
{
    double sum = 0;
    for (size_t first = 0, end; first < self->n_rows; first = end) {
        end = group_end(self, first);
        if (ost_fit_class(self, first) == of)
            sum += group_minus2_log_likelihood(self, residuals, n_vectors, first, end, spread);
    }
    double b = log(spread.sigma_between / prior[of].sigma_between),
           w = log(spread.sigma_within / prior[of].sigma_within),
           g = spread.growth > 0 ? log(spread.growth / prior[of].growth) : 0;
    return sum + (b * b + w * w + g * g) / (PRIOR_LOG_SD * PRIOR_LOG_SD);
}

typedef struct {
    const ost_fit_t *fit;
    const double *residuals;
    size_t n_vectors;
    double n_trials;
    ost_class_t of;
} search_t;

/* @param at  logarithms of between, within and, where it is estimated, growth */
static ost_residual_error_t sizes_at(const search_t *self, const gsl_vector *at)
{
    return (ost_residual_error_t){ exp(gsl_vector_get(at, 0)), exp(gsl_vector_get(at, 1)), self->n_trials,
        at->size > 2 ? exp(gsl_vector_get(at, 2)) : 0 };
}

static double search_value(const gsl_vector *at, void *params)
{
    const search_t *self = params;
    return class_minus2_log_likelihood(self->fit, self->residuals, self->n_vectors, self->of, sizes_at(self, at));
}

static void estimate_class(ost_fit_t *self, const double *residuals, size_t n_vectors, ost_class_t of)
{
    search_t search = { self, residuals, n_vectors, self->residual_error[of].n_trials, of };
    size_t n = prior[of].growth > 0 ? 3 : 2;
    gsl_multimin_function function = { search_value, n, &search };
    gsl_multimin_fminimizer *minimizer = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, n);
    gsl_vector *at = gsl_vector_alloc(n), *step = gsl_vector_alloc(n);
    if (minimizer != NULL && at != NULL && step != NULL) {
        gsl_vector_set(at, 0, log(prior[of].sigma_between));
        gsl_vector_set(at, 1, log(prior[of].sigma_within));
        if (n > 2) gsl_vector_set(at, 2, log(prior[of].growth));
        gsl_vector_set_all(step, 0.5);
        gsl_multimin_fminimizer_set(minimizer, &function, at, step);
        for (int i = 0; i < 400 && gsl_multimin_fminimizer_size(minimizer) > 1e-4; i++)
            if (gsl_multimin_fminimizer_iterate(minimizer) != 0) break;
        self->residual_error[of] = sizes_at(&search, minimizer->x);
    }
    gsl_vector_free(at);
    gsl_vector_free(step);
    gsl_multimin_fminimizer_free(minimizer);
}

double ost_fit_shared_sd(const ost_residual_error_t *self)
{
    return self->n_trials == 1 ? 0 : self->sigma_between;
}

double ost_fit_half_width(const ost_residual_error_t *self)
{
    return self->n_trials > 0 ? gsl_cdf_tdist_Pinv(0.95, fmax(self->n_trials - 2, 4)) : gsl_cdf_ugaussian_Pinv(0.95);
}

void ost_fit_estimate_residual_error(ost_fit_t *self, const double *residuals, size_t n_vectors)
{
    for (int c = 0; c < OST_N_CLASSES; c++) {
        self->residual_error[c] = prior[c];
        for (size_t first = 0; first < self->n_rows; first = group_end(self, first))
            self->residual_error[c].n_trials += ost_fit_class(self, first) == (ost_class_t) c;
        if (n_vectors > 0) estimate_class(self, residuals, n_vectors, (ost_class_t) c);
    }
}
