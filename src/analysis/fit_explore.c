/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an estimate; gives predictions of trials left out, profiles, a sample of the posterior. */
#include "analysis/fit_impl.h"
#include "core/random.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the sampler: chains that move together, rounds before any counts, rounds from one kept point to the next, and the
 * fraction of steps that are to be accepted (Roberts 1997, doi:10.1214/aoap/1034625254). */
#define CHAINS 32
#define BURN_IN 60
#define THIN 15
#define ACCEPTED 0.234

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
    double growth = ost_residual_growth(spread, ost_observation_change(observation, simulated));
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

/* Chains of a Metropolis sampler, all at one point of their own. Points are kept as e, with z = centre + L e: were the
 * posterior the normal one that the sensitivities describe, e would be standard normal and every step be taken. */
typedef struct {
    ost_fit_t *fit;
    const ost_fit_options_t *options;
    size_t n;             /* parameters */
    const double *centre; /* [n] the estimate */
    gsl_matrix *root;     /* L, of the covariance */
    double *e, *next;     /* [CHAINS][n] where they are, where they would go */
    double *z;            /* [CHAINS][n] next's parameters */
    double *excess;       /* [CHAINS] -2 log posterior at e, beyond that of the normal one */
    double *residuals;    /* [CHAINS][n_rows] */
    double *sum, *square; /* [CHAINS][n] of e, over the rounds that count */
    double step;          /* 0..1, fraction of the next point that is new */
} chains_t;

static void to_z(const chains_t *self, const double *e, double *z)
{
    memcpy(z, self->centre, self->n * sizeof(*z));
    for (size_t j = 0; j < self->n; j++)
        for (size_t k = j; k < self->n; k++) z[k] += gsl_matrix_get(self->root, k, j) * e[j];
}

/* next = sqrt(1 - step^2) e + step x, x standard normal: it leaves the standard normal distribution as it is (Cotter
 * 2013 Stat Sci 28:424, "preconditioned Crank-Nicolson"). */
static void propose(chains_t *self, uint64_t round)
{
    double keep = sqrt(1 - self->step * self->step);
    uint32_t purpose = ost_random_purpose("steps");
    for (uint32_t c = 0; c < CHAINS; c++) {
        double *next = self->next + c * self->n;
        for (size_t k = 0; k < self->n; k++)
            next[k] = keep * self->e[c * self->n + k] + self->step * ost_random_normal(self->fit->seed, round, purpose,
                                                                         c * (uint32_t) self->n + (uint32_t) k);
        to_z(self, next, self->z + c * self->n);
    }
}

/* Metropolis: every chain goes to its next point or stays. @return how many went, or an error */
static int step_chains(chains_t *self, uint64_t round, ost_error_t *err)
{
    ost_fit_t *fit = self->fit;
    int n_accepted = 0;
    int ret = ost_fit_residuals(fit, self->z, CHAINS, self->options->n_threads, self->residuals, false, err);
    for (uint32_t c = 0; c < CHAINS && ret == 0; c++) {
        const double *e = self->next + c * self->n, *z = self->z + c * self->n;
        double excess = ost_fit_misfit(fit, self->residuals + c * fit->n_rows);
        for (size_t k = 0; k < self->n; k++) excess += z[k] * z[k] - e[k] * e[k];
        double u = ost_random_uniform(fit->seed, round, ost_random_purpose("acceptance"), c);
        if (!(log(u) < 0.5 * (self->excess[c] - excess))) continue;
        memcpy(self->e + c * self->n, e, self->n * sizeof(*e));
        self->excess[c] = excess;
        n_accepted++;
    }
    return ret < 0 ? ret : n_accepted;
}

/* Gelman and Rubin's R-hat, the largest of all parameters: 1 once the chains agree. */
static double largest_r_hat(const chains_t *self, double rounds)
{
    double worst = 1;
    for (size_t k = 0; k < self->n; k++) {
        double mean = 0, between = 0, within = 0;
        for (size_t c = 0; c < CHAINS; c++) mean += self->sum[c * self->n + k] / rounds / CHAINS;
        for (size_t c = 0; c < CHAINS; c++) {
            double own = self->sum[c * self->n + k] / rounds;
            between += (own - mean) * (own - mean) / (CHAINS - 1);
            within += (self->square[c * self->n + k] - rounds * own * own) / (rounds - 1) / CHAINS;
        }
        worst = fmax(worst, sqrt((rounds - 1) / rounds + between / within));
    }
    return worst;
}

static int run_chains(chains_t *self, size_t n_draws, double *values, ost_fit_sample_t *sample, ost_error_t *err)
{
    size_t n_rounds = BURN_IN + THIN * ((n_draws + CHAINS - 1) / CHAINS), n_kept = 0, n = self->n;
    double accepted = 0, wanted = self->step;
    self->step = 1; /* the first points know nothing of where they come from, and all are taken */
    for (size_t c = 0; c < CHAINS; c++) self->excess[c] = INFINITY;
    for (size_t round = 0; round < n_rounds; round++) {
        propose(self, round);
        int went = step_chains(self, round, err);
        if (went < 0) return went;
        bool counts = round >= BURN_IN;
        if (counts)
            accepted += went;
        else
            self->step = wanted =
                round == 0 ? wanted : fmin(wanted * exp(0.5 * ((double) went / CHAINS - ACCEPTED)), 1);
        for (size_t i = 0; i < CHAINS * n && counts; i++) {
            self->sum[i] += self->e[i];
            self->square[i] += self->e[i] * self->e[i];
        }
        for (size_t c = 0; c < CHAINS && counts && (round + 1 - BURN_IN) % THIN == 0 && n_kept < n_draws;
             c++, n_kept++) {
            to_z(self, self->e + c * n, self->z);
            for (size_t k = 0; k < n; k++)
                values[n_kept * n + k] = ost_fit_param_value(&self->fit->params[k], self->z[k]);
        }
        double objective = self->excess[0]; /* of the first chain */
        for (size_t k = 0; k < n; k++) objective += self->e[k] * self->e[k];
        if (self->options->progress != NULL &&
            self->options->progress(self->options->user, "sample", round + 1, n_rounds, objective) != 0)
            return ost_fail(err, OST_ERR_LIMIT, "interrupted: no sample of the posterior was made");
    }
    double counted = (double) (n_rounds - BURN_IN);
    *sample = (ost_fit_sample_t){ accepted / CHAINS / counted, largest_r_hat(self, counted) };
    return 0;
}

int ost_fit_sample(ost_fit_t *self, size_t n_draws, const ost_fit_options_t *options, double *values,
    ost_fit_sample_t *sample, ost_error_t *err)
{
    size_t n = self->n_params, size = CHAINS * (n + 1);
    double *work = calloc(5 * size + CHAINS, sizeof(*work)), *centre = estimate_z(self);
    chains_t chains = { .fit = self, .options = options, .n = n, .centre = centre, .step = 0.5 };
    chains.residuals = malloc(CHAINS * (self->n_rows + 1) * sizeof(double));
    chains.root = gsl_matrix_alloc(n, n);
    int ret =
        work == NULL || centre == NULL || chains.residuals == NULL || chains.root == NULL ? ost_no_memory(err) : 0;
    if (ret == 0) {
        for (size_t i = 0; i < n * n; i++) gsl_matrix_set(chains.root, i / n, i % n, self->covariance[i]);
        if (gsl_linalg_cholesky_decomp1(chains.root) != GSL_SUCCESS)
            ret = ost_fail(err, OST_ERR_VALUE, "the estimate has no covariance to draw from");
    }
    if (ret == 0) {
        chains.e = work;
        chains.next = work + size;
        chains.z = work + 2 * size;
        chains.sum = work + 3 * size;
        chains.square = work + 4 * size;
        chains.excess = work + 5 * size;
        self->searching = true; /* many points, of which only ratios count */
        ret = run_chains(&chains, n_draws, values, sample, err);
        self->searching = false;
    }
    gsl_matrix_free(chains.root);
    free(chains.residuals);
    free(centre);
    free(work);
    return ret;
}
