/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the fit share. z: parameters on the working scale, in prior SDs from the prior. */
#ifndef OST_ANALYSIS_FIT_IMPL_H
#define OST_ANALYSIS_FIT_IMPL_H

#include "analysis/fit.h"

#include <gsl/gsl_matrix.h>

double ost_fit_param_value(const ost_fit_param_t *self, double z);
double ost_fit_param_z(const ost_fit_param_t *self, double value);
/* z of the estimate. @return [n_params]; NULL without memory */
double *ost_fit_estimate_z(const ost_fit_t *self, ost_memory_t *memory);
/* Lower triangular root of the covariance of the estimate. @param[out] root  [n_params][n_params], the upper triangle
 * unused. @return 0 or OST_ERR_VALUE: it has none */
int ost_fit_covariance_root(const ost_fit_t *self, gsl_matrix *root, ost_error_t *err) OST_MUST_CHECK;
ost_class_t ost_fit_class(const ost_fit_t *self, size_t row);

/* Of a row, among the observations of all trials. */
size_t ost_fit_at(const ost_fit_t *self, size_t row);

/* Residuals of all rows for n_variants points, simulated with few subjects and corrected.
 * @param z  [n_variants][n_params]; @param[out] residuals  [n_variants][n_rows] */
int ost_fit_residuals(ost_fit_t *self, const double *z, size_t n_variants, int n_threads, double *residuals,
    ost_error_t *err) OST_MUST_CHECK;
/* Simulates all subjects at z: rows get their errors, their changes, and the correction that makes ost_fit_residuals()
 * exact there. @param z  [n_params]; @param[out] residuals  [n_rows] */
int ost_fit_correct(
    ost_fit_t *self, const double *z, int n_threads, double *residuals, ost_error_t *err) OST_MUST_CHECK;

/* Whiten residuals of one point by the covariance of each group; 0 for rows left out. In place. */
void ost_fit_whiten(const ost_fit_t *self, double *residuals);
/* Whitens residuals, bends those beyond `huber_k`. In place. @return the sum of their squares: -2 log likelihood but
 * for a constant, as the sizes of errors are now */
double ost_fit_misfit(const ost_fit_t *self, double *residuals);
/* The sizes of errors that make the residuals most likely; of several vectors, the mean of r r' is the sum of their
 * outer products. @param residuals  [n_vectors][n_rows], raw; with n_vectors 0 the sizes are those before any data */
void ost_fit_estimate_residual_error(ost_fit_t *self, const double *residuals, size_t n_vectors);
/* Raw sensitivities of all rows at z, by differences. @param[out] sensitivities  [n_rows][n_params]; residuals [n_rows]
 * at z */
int ost_fit_sensitivities(ost_fit_t *self, const double *z, int n_threads, double *sensitivities, double *residuals,
    ost_error_t *err) OST_MUST_CHECK;

/* Levenberg and Marquardt from z, in place, with parameter `held` (-1 none) held at held_z. @param[out] jacobian
 * [n_rows + n_params][n_params] at the end, or NULL. @return 0, OST_ERR_LIMIT if progress stopped it */
int ost_fit_minimize(ost_fit_t *self, double *z, long held, double held_z, const ost_fit_options_t *options,
    double *objective, gsl_matrix *jacobian, ost_error_t *err) OST_MUST_CHECK;

#endif
