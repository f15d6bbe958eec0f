/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an estimate; gives predictions of trials that are left out: of one by a refit, of each by one step. */
#include "analysis/fit_impl.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

/* @param trial  of the evidence, NULL: none. @return its rows */
static size_t set_left_out(ost_fit_t *self, const char *trial)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_rows; i++) {
        self->rows[i].left_out = trial != NULL && strcmp(ost_fit_observation(self, i)->row->trial, trial) == 0;
        n += self->rows[i].left_out;
    }
    return n;
}

/* Variance of a raw residual by the parameters. @param sensitivity  [n_params] of it */
static double parameter_variance(const double *sensitivity, const gsl_matrix *covariance)
{
    double variance = 0;
    for (size_t a = 0; a < covariance->size1; a++)
        for (size_t b = 0; b < covariance->size1; b++)
            variance += sensitivity[a] * gsl_matrix_get(covariance, a, b) * sensitivity[b];
    return variance;
}

/* SD of the prediction of row i: by the parameters, and all errors. */
static double prediction_sd(const ost_fit_t *self, size_t i, double residual, double by_parameters)
{
    const ost_residual_error_t *spread = &self->residual_error[ost_fit_class(self, i)];
    const ost_observation_t *observation = ost_fit_observation(self, i);
    double simulated = observation->row->value + residual / ost_observation_scale(observation);
    double growth = ost_residual_growth(spread, ost_observation_extent(observation, simulated));
    return sqrt(by_parameters + pow(self->rows[i].error, 2) +
                pow(growth, 2) * (pow(spread->sigma_between, 2) + pow(spread->sigma_within, 2)));
}

/* H -> its inverse. */
static int invert(gsl_matrix *h, ost_error_t *err)
{
    if (gsl_linalg_cholesky_decomp1(h) == GSL_SUCCESS && gsl_linalg_cholesky_invert(h) == GSL_SUCCESS) return 0;
    return ost_fail(err, OST_ERR_VALUE, "the sensitivities without the trial are not finite");
}

int ost_fit_leave_out(ost_fit_t *self, const char *trial, const ost_fit_options_t *options, double *residuals,
    double *sd, ost_error_t *err)
{
    size_t n = self->n_params;
    ost_memory_t memory = { 0 };
    double objective, *z = ost_fit_estimate_z(self, &memory);
    double *sensitivities = ost_memory_list(&memory, self->n_rows * n, sizeof(*sensitivities));
    ost_fit_row_t *rows = ost_memory_list(&memory, self->n_rows, sizeof(*rows));
    gsl_matrix *jacobian = gsl_matrix_alloc(self->n_rows + n, n), *covariance = gsl_matrix_alloc(n, n);
    int ret = memory.failed || jacobian == NULL || covariance == NULL ? ost_no_memory(err) : 0;
    if (set_left_out(self, trial) == 0 && ret == 0)
        ret = ost_fail(err, OST_ERR_NAME, "no row of trial '%s' is fitted", trial);
    if (ret == 0) ret = ost_fit_minimize(self, z, -1, 0, options, &objective, jacobian, err);
    if (ret == 0) ret = ost_fit_sensitivities(self, z, options->n_threads, sensitivities, residuals, err);
    if (ret == 0) { /* all subjects predict; corrections stay those of the estimate */
        memcpy(rows, self->rows, self->n_rows * sizeof(*rows));
        ret = ost_fit_correct(self, z, options->n_threads, residuals, err);
        memcpy(self->rows, rows, self->n_rows * sizeof(*rows));
    }
    if (ret == 0) {
        gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, jacobian, jacobian, 0, covariance);
        ret = invert(covariance, err);
    }
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) {
        sd[i] = NAN;
        if (self->rows[i].left_out)
            sd[i] = prediction_sd(self, i, residuals[i], parameter_variance(sensitivities + i * n, covariance));
        else
            residuals[i] = NAN;
    }
    set_left_out(self, NULL);
    gsl_matrix_free(jacobian);
    gsl_matrix_free(covariance);
    ost_memory_free(&memory);
    return ret;
}

bool ost_fit_step_is_linear(const ost_fit_step_t *self)
{
    return fabs(self->fall - self->length * self->length) <= OST_FIT_LINEAR;
}

/* What the steps of all trials begin with and end at. */
typedef struct {
    ost_fit_t *fit;
    double *z, *residuals, *sensitivities; /* at the estimate: [n_params]; raw [n_rows], [n_rows][n_params] */
    double *moved, *predicted;             /* [n_steps][n_params], and raw residuals there [n_steps][n_rows] */
    double *work;                          /* [n_rows] */
    double *jacobian, *f;                  /* without a trial: [n_rows][n_params], [n_rows] */
    ost_memory_t memory;
} each_t;

static int each_init(each_t *self, ost_fit_t *fit, ost_error_t *err)
{
    size_t n = fit->n_params, n_rows = fit->n_rows, n_steps = fit->n_groups;
    ost_memory_t *memory = &self->memory;
    *self = (each_t){ .fit = fit };
    self->z = ost_fit_estimate_z(fit, memory);
    self->residuals = ost_memory_list(memory, n_rows, sizeof(double));
    self->sensitivities = ost_memory_list(memory, n_rows * n, sizeof(double));
    self->moved = ost_memory_list(memory, n_steps * n, sizeof(double));
    self->predicted = ost_memory_list(memory, n_steps * n_rows, sizeof(double));
    self->work = ost_memory_list(memory, n_rows, sizeof(double));
    self->jacobian = ost_memory_list(memory, n_rows * n, sizeof(double));
    self->f = ost_memory_list(memory, n_rows, sizeof(double));
    return memory->failed ? ost_no_memory(err) : 0;
}

/* -2 log posterior without the rows that are left out. @param residuals  raw, at z */
static double objective_at(each_t *self, const double *z, const double *residuals)
{
    memcpy(self->work, residuals, self->fit->n_rows * sizeof(*residuals));
    double sum = ost_fit_misfit(self->fit, self->work);
    for (size_t k = 0; k < self->fit->n_params; k++) sum += z[k] * z[k];
    return sum;
}

/* f and its derivatives without the rows that are left out: whitening is linear, and Huber's bend of a whitened
 * residual beyond k has the slope k / f. */
static void linearize(each_t *self)
{
    const ost_fit_t *fit = self->fit;
    memcpy(self->work, self->residuals, fit->n_rows * sizeof(*self->work));
    ost_fit_misfit(fit, self->work);
    memcpy(self->f, self->work, fit->n_rows * sizeof(*self->f));
    for (size_t k = 0; k < fit->n_params; k++) {
        for (size_t i = 0; i < fit->n_rows; i++) self->work[i] = self->sensitivities[i * fit->n_params + k];
        ost_fit_whiten(fit, self->work);
        for (size_t i = 0; i < fit->n_rows; i++) {
            double size = fabs(self->f[i]);
            double slope = fit->huber_k > 0 && size > fit->huber_k ? fit->huber_k / size : 1;
            self->jacobian[i * fit->n_params + k] = self->work[i] * slope;
        }
    }
}

/* One Gauss-Newton step of -2 log posterior F = f'f + z'z without the rows that are left out: -(1 + J'J)^-1 (J'f + z),
 * by which F falls by the gradient times the step, the square of the step's length in SD of the posterior. At the
 * minimum with all rows J'f + z is -J_g'f_g of the trial's rows g: it moves away from them.
 * @param work  [2][n_params] @param[out] moved  [n_params] z and the step */
static int step_without(
    each_t *self, gsl_matrix *covariance, double *work, double *moved, double *length, ost_error_t *err)
{
    const size_t n = self->fit->n_params;
    const gsl_matrix_view jacobian = gsl_matrix_view_array(self->jacobian, self->fit->n_rows, n);
    const gsl_vector_view f = gsl_vector_view_array(self->f, self->fit->n_rows);
    gsl_vector_view gradient = gsl_vector_view_array(work, n), step = gsl_vector_view_array(work + n, n);
    double fall;
    linearize(self);
    gsl_matrix_set_identity(covariance);
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, &jacobian.matrix, &jacobian.matrix, 1, covariance);
    int ret = invert(covariance, err);
    memcpy(work, self->z, n * sizeof(*work));
    gsl_blas_dgemv(CblasTrans, 1, &jacobian.matrix, &f.vector, 1, &gradient.vector);
    gsl_blas_dgemv(CblasNoTrans, -1, covariance, &gradient.vector, 0, &step.vector);
    gsl_blas_ddot(&gradient.vector, &step.vector, &fall);
    *length = sqrt(fmax(-fall, 0));
    for (size_t k = 0; k < n; k++) moved[k] = self->z[k] + work[n + k];
    return ret;
}

/* @param[out] variance  [n_rows] of rows by the parameters of the fit without their trial */
static int step_without_each(each_t *self, double *variance, ost_fit_step_t *steps, size_t *n_steps, ost_error_t *err)
{
    ost_fit_t *fit = self->fit;
    size_t n = fit->n_params;
    double *work = ost_memory_list(&self->memory, 2 * n, sizeof(*work));
    gsl_matrix *covariance = gsl_matrix_alloc(n, n);
    int ret = work == NULL || covariance == NULL ? ost_no_memory(err) : 0;
    *n_steps = 0;
    for (size_t i = 0; i < fit->n_rows && ret == 0; i++) {
        const char *trial = ost_fit_observation(fit, i)->row->trial;
        size_t s = 0;
        while (s < *n_steps && strcmp(steps[s].trial, trial) != 0) s++;
        if (s < *n_steps) continue;
        steps[s] = (ost_fit_step_t){ .trial = trial, .n = set_left_out(fit, trial) };
        ret = step_without(self, covariance, work, self->moved + s * n, &steps[s].length, err);
        steps[s].fall = objective_at(self, self->z, self->residuals);
        for (size_t k = 0; k < fit->n_rows; k++)
            if (fit->rows[k].left_out) variance[k] = parameter_variance(self->sensitivities + k * n, covariance);
        (*n_steps)++;
    }
    gsl_matrix_free(covariance);
    return ret;
}

static bool is_stopped(const ost_fit_options_t *options, size_t done, double objective)
{
    return options->progress != NULL && options->progress(options->user, "leave out each", done, 2, objective) != 0;
}

int ost_fit_leave_out_each(ost_fit_t *self, const ost_fit_options_t *options, double *residuals, double *sd,
    ost_fit_step_t *steps, size_t *n_steps, ost_error_t *err)
{
    each_t each;
    size_t n = self->n_params, n_rows = self->n_rows;
    int ret = each_init(&each, self, err), n_threads = options->n_threads;
    if (ret == 0 && is_stopped(options, 0, self->objective)) ret = ost_fail(err, OST_ERR_LIMIT, "interrupted");
    if (ret == 0) ret = ost_fit_sensitivities(self, each.z, n_threads, each.sensitivities, each.residuals, err);
    if (ret == 0) ret = step_without_each(&each, sd, steps, n_steps, err);
    if (ret == 0 && is_stopped(options, 1, self->objective)) ret = ost_fail(err, OST_ERR_LIMIT, "interrupted");
    if (ret == 0) ret = ost_fit_residuals(self, each.moved, *n_steps, n_threads, each.predicted, err);
    for (size_t s = 0; ret == 0 && s < *n_steps; s++) {
        const double *predicted = each.predicted + s * n_rows;
        set_left_out(self, steps[s].trial);
        steps[s].fall -= objective_at(&each, each.moved + s * n, predicted);
        for (size_t i = 0; i < n_rows; i++) {
            if (!self->rows[i].left_out) continue;
            residuals[i] = predicted[i];
            sd[i] = prediction_sd(self, i, residuals[i], sd[i]);
        }
    }
    set_left_out(self, NULL);
    ost_memory_free(&each.memory);
    return ret;
}
