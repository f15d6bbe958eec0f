/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What surrounds the estimate: predictions of trials left out, profiles, a sample of the posterior. */
#include "analysis/fit_impl.h"
#include "osteon/random.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the sampler: chains that move together, rounds before any counts, rounds from one kept point to the next, and the
 * share of steps that are to be accepted (Roberts 1997, doi:10.1214/aoap/1034625254). */
#define CHAINS 32
#define BURN_IN 60
#define THIN 15
#define ACCEPTED 0.234

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

/* Chains of a Metropolis sampler, all at one point of their own. */
typedef struct {
    ost_fit_t *fit;
    const ost_fit_options_t *options;
    size_t n;             /* parameters */
    gsl_matrix *root;     /* of the covariance */
    double *z, *next;     /* [CHAINS][n] where they are, where they would go */
    double *minus2;       /* [CHAINS] -2 log posterior at z */
    double *residuals;    /* [CHAINS][n_rows] */
    double *sum, *square; /* [CHAINS][n] over the rounds that count */
    double step;
} chains_t;

static double draw(const chains_t *self, const char *purpose, uint64_t round, uint32_t i)
{
    return ost_random_normal(self->fit->seed, round, ost_random_purpose(purpose), i);
}

/* to = from + size L e with e standard normal. */
static void move(const chains_t *self, const char *purpose, uint64_t round, double size, const double *from, double *to)
{
    for (uint32_t c = 0; c < CHAINS; c++) {
        memcpy(to + c * self->n, from + c * self->n, self->n * sizeof(*to));
        for (size_t j = 0; j < self->n; j++) {
            double e = size * draw(self, purpose, round, c * (uint32_t) self->n + (uint32_t) j);
            for (size_t k = j; k < self->n; k++) to[c * self->n + k] += gsl_matrix_get(self->root, k, j) * e;
        }
    }
}

/* Metropolis: every chain goes to its next point or stays. @return how many went, or an error */
static int step_chains(chains_t *self, uint64_t round, ost_error_t *err)
{
    ost_fit_t *fit = self->fit;
    int n_accepted = 0;
    int ret = ost_fit_residuals(fit, self->next, CHAINS, self->options->n_threads, self->residuals, NULL, err);
    for (uint32_t c = 0; c < CHAINS && ret == 0; c++) {
        const double *at = self->next + c * self->n;
        double minus2 = ost_fit_misfit(fit, self->residuals + c * fit->n_rows);
        for (size_t k = 0; k < self->n; k++) minus2 += at[k] * at[k];
        double u = ost_random_uniform(fit->seed, round, ost_random_purpose("acceptance"), c);
        if (!(log(u) < 0.5 * (self->minus2[c] - minus2))) continue;
        memcpy(self->z + c * self->n, at, self->n * sizeof(*at));
        self->minus2[c] = minus2;
        n_accepted++;
    }
    return ret < 0 ? ret : n_accepted;
}

/* Gelman and Rubin's ratio, the largest of all parameters: 1 where the chains have forgotten where they began. */
static double worst_ratio(const chains_t *self, double rounds)
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
    size_t n_rounds = BURN_IN + THIN * ((n_draws + CHAINS - 1) / CHAINS), n_kept = 0;
    double accepted = 0;
    move(self, "first points", 0, 0.5, self->z, self->next);
    for (size_t c = 0; c < CHAINS; c++) self->minus2[c] = INFINITY; /* so that the first points are taken */
    for (size_t round = 0; round < n_rounds; round++) {
        int went = step_chains(self, round, err);
        if (went < 0) return went;
        bool counts = round >= BURN_IN;
        if (counts)
            accepted += went;
        else if (round > 0)
            self->step *= exp(0.5 * ((double) went / CHAINS - ACCEPTED));
        for (size_t i = 0; i < CHAINS * self->n && counts; i++) {
            self->sum[i] += self->z[i];
            self->square[i] += self->z[i] * self->z[i];
        }
        for (size_t c = 0; c < CHAINS && counts && (round + 1 - BURN_IN) % THIN == 0 && n_kept < n_draws; c++, n_kept++)
            for (size_t k = 0; k < self->n; k++)
                values[n_kept * self->n + k] = ost_fit_param_value(&self->fit->params[k], self->z[c * self->n + k]);
        move(self, "steps", round, self->step, self->z, self->next);
        if (self->options->progress != NULL &&
            self->options->progress(self->options->user, "sample", round + 1, n_rounds, self->minus2[0]) != 0)
            return ost_fail(err, OST_ERR_LIMIT, "interrupted: no sample of the posterior was made");
    }
    double counted = (double) (n_rounds - BURN_IN);
    *sample = (ost_fit_sample_t){ accepted / CHAINS / counted, worst_ratio(self, counted) };
    return 0;
}

int ost_fit_sample(ost_fit_t *self, size_t n_draws, const ost_fit_options_t *options, double *values,
    ost_fit_sample_t *sample, ost_error_t *err)
{
    size_t n = self->n_params, size = CHAINS * (n + 1);
    double *work = calloc(4 * size + CHAINS, sizeof(*work)), *centre = estimate_z(self);
    chains_t chains = { .fit = self, .options = options, .n = n, .step = 2.38 / sqrt((double) n) };
    chains.residuals = malloc(CHAINS * (self->n_rows + 1) * sizeof(double));
    chains.root = gsl_matrix_alloc(n, n);
    int ret = work == NULL || centre == NULL || chains.residuals == NULL || chains.root == NULL ? no_memory(err) : 0;
    if (ret == 0) {
        for (size_t i = 0; i < n * n; i++) gsl_matrix_set(chains.root, i / n, i % n, self->covariance[i]);
        gsl_linalg_cholesky_decomp1(chains.root);
        chains.z = work;
        chains.next = work + size;
        chains.sum = work + 2 * size;
        chains.square = work + 3 * size;
        chains.minus2 = work + 4 * size;
        for (size_t c = 0; c < CHAINS; c++) memcpy(chains.z + c * n, centre, n * sizeof(*centre));
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
