/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/convergence.h"
#include "analysis/sampler.h"
#include "analysis/surrogate.h"
#include "core/random.h"
#include "testlib.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIMENSIONS 10
#define N_ROWS 15
#define N_DRAWS 2000

static ost_error_t err;
static double draws[N_DRAWS * DIMENSIONS], r_hat[DIMENSIONS], size[DIMENSIONS];
static ost_sample_quality_t quality = { .r_hat = r_hat, .size = size };

static double standard_normal(uint64_t i)
{
    return ost_random_normal(3, i, ost_random_purpose("test"), 0);
}

static void must_sample(const ost_target_t *target, size_t n_draws)
{
    int ret = ost_sampler_run(target, n_draws, draws, &quality, &err);
    if (ret < 0) printf("\n%s\n", err.what);
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    for (size_t k = 0; k < target->n; k++) {
        CU_ASSERT(r_hat[k] < 1.05);
        CU_ASSERT(size[k] >= (double) n_draws);
    }
}

static double mean_of(size_t n, size_t k, size_t n_draws)
{
    double sum = 0;
    for (size_t d = 0; d < n_draws; d++) sum += draws[d * n + k] / (double) n_draws;
    return sum;
}

static double covariance_of(size_t n, size_t j, size_t k, size_t n_draws)
{
    double sum = 0, mean_j = mean_of(n, j, n_draws), mean_k = mean_of(n, k, n_draws);
    for (size_t d = 0; d < n_draws; d++)
        sum += (draws[d * n + j] - mean_j) * (draws[d * n + k] - mean_k) / (double) n_draws;
    return sum;
}

/* Residuals A z - b: with the priors the density is normal. */
typedef struct {
    double a[N_ROWS][DIMENSIONS], b[N_ROWS];
    int calls;
} linear_t;

static int linear_residuals(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *e)
{
    linear_t *self = user;
    (void) e;
    self->calls++;
    for (size_t p = 0; p < n_points; p++)
        for (size_t i = 0; i < N_ROWS; i++) {
            double r = -self->b[i];
            for (size_t k = 0; k < DIMENSIONS; k++) r += self->a[i][k] * z[p * DIMENSIONS + k];
            residuals[p * N_ROWS + i] = r;
        }
    return 0;
}

static void make_linear(linear_t *self)
{
    *self = (linear_t){ 0 };
    for (size_t i = 0; i < N_ROWS; i++) {
        for (size_t k = 0; k < DIMENSIONS; k++) self->a[i][k] = 0.8 * standard_normal(100 * i + k);
        self->b[i] = standard_normal(100 * i + 50);
    }
}

/* Mean and covariance are those of linear algebra; where the chains begin and how they are scaled is wrong. */
static void test_normal(void)
{
    static linear_t linear;
    static double wrong[DIMENSIONS * DIMENSIONS], off[DIMENSIONS];
    make_linear(&linear);
    gsl_matrix *c = gsl_matrix_calloc(DIMENSIONS, DIMENSIONS);
    double mean[DIMENSIONS] = { 0 }, right[DIMENSIONS] = { 0 };
    for (size_t j = 0; j < DIMENSIONS; j++)
        for (size_t k = 0; k < DIMENSIONS; k++) {
            double sum = j == k;
            for (size_t i = 0; i < N_ROWS; i++) sum += linear.a[i][j] * linear.a[i][k];
            gsl_matrix_set(c, j, k, sum);
        }
    for (size_t k = 0; k < DIMENSIONS; k++)
        for (size_t i = 0; i < N_ROWS; i++) right[k] += linear.a[i][k] * linear.b[i];
    gsl_linalg_cholesky_decomp1(c);
    gsl_linalg_cholesky_invert(c);
    for (size_t j = 0; j < DIMENSIONS; j++) {
        for (size_t k = 0; k < DIMENSIONS; k++) mean[j] += gsl_matrix_get(c, j, k) * right[k];
        wrong[j * DIMENSIONS + j] = 2 * gsl_matrix_get(c, j, j);
        off[j] = mean[j] + (j % 2 ? 1 : -1) * sqrt(gsl_matrix_get(c, j, j));
    }
    const ost_target_t target = { .n = DIMENSIONS,
        .n_residuals = N_ROWS,
        .centre = off,
        .covariance = wrong,
        .residuals = linear_residuals,
        .user = &linear,
        .seed = 5,
        .n_threads = 1 };
    must_sample(&target, N_DRAWS);
    CU_ASSERT(quality.accepted > 0.99); /* the surrogate is the target */
    CU_ASSERT_EQUAL(quality.n_evaluations, 32 * (size_t) linear.calls);
    for (size_t j = 0; j < DIMENSIONS; j++) {
        double sd = sqrt(gsl_matrix_get(c, j, j));
        ost_assert_close(mean_of(DIMENSIONS, j, N_DRAWS), mean[j], 0, 0.1 * sd); /* 4.5 SE */
        for (size_t k = 0; k <= j; k++)
            ost_assert_close(covariance_of(DIMENSIONS, j, k, N_DRAWS), gsl_matrix_get(c, j, k), 0,
                0.14 * sd * sqrt(gsl_matrix_get(c, k, k)));
    }
    gsl_matrix_free(c);
}

/* Two residuals bend the density to a banana that is no surrogate's: z1 follows cos(1.5 z0); one of them is beyond
 * the Huber limit over much of it. */
static int banana_residuals(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *e)
{
    (void) user;
    (void) e;
    for (size_t p = 0; p < n_points; p++, z += 2) {
        residuals[2 * p] = (z[1] - cos(1.5 * z[0])) / 0.4;
        residuals[2 * p + 1] = 1.5 * z[0] - 1;
    }
    return 0;
}

static const double origin[2] = { 0.3, 0.8 }, about[4] = { 0.3, -0.1, -0.1, 0.5 };
static const ost_target_t banana = { .n = 2,
    .n_residuals = 2,
    .huber_k = 1.3,
    .centre = origin,
    .covariance = about,
    .residuals = banana_residuals,
    .seed = 8,
    .n_threads = 1 };

/* Means, variances, covariance and a fourth moment are those of a fine grid. */
static void test_banana(void)
{
    double sum = 0, moments[6] = { 0 }, sampled[6] = { 0 }, sd[6] = { 0 };
    for (int i = -600; i <= 600; i++)
        for (int k = -600; k <= 600; k++) {
            double z[2] = { i / 120.0, k / 120.0 }, r[2];
            banana_residuals(NULL, z, 1, r, NULL);
            double a = ost_huber(r[0], 1.3), b = ost_huber(r[1], 1.3);
            double p = exp(-0.5 * (a * a + b * b + z[0] * z[0] + z[1] * z[1]));
            const double f[6] = { z[0], z[1], z[0] * z[0], z[1] * z[1], z[0] * z[1], z[0] * z[0] * z[1] * z[1] };
            sum += p;
            for (int m = 0; m < 6; m++) {
                moments[m] += p * f[m];
                sd[m] += p * f[m] * f[m];
            }
        }
    must_sample(&banana, N_DRAWS);
    CU_ASSERT(quality.accepted > 0.2 && quality.accepted < 0.95);
    for (size_t d = 0; d < N_DRAWS; d++) {
        const double *z = draws + 2 * d;
        const double f[6] = { z[0], z[1], z[0] * z[0], z[1] * z[1], z[0] * z[1], z[0] * z[0] * z[1] * z[1] };
        for (int m = 0; m < 6; m++) sampled[m] += f[m] / N_DRAWS;
    }
    for (int m = 0; m < 6; m++) {
        double mean = moments[m] / sum, spread = sqrt(sd[m] / sum - mean * mean);
        ost_assert_close(sampled[m], mean, 0, 4 * spread / sqrt(N_DRAWS));
    }
}

/* Equal seeds give equal bits on any number of threads; another seed gives others. */
static void test_seeds_and_threads(void)
{
    enum { N = 400 };
    static double first[2 * N];
    ost_target_t target = banana;
    must_sample(&target, N);
    memcpy(first, draws, sizeof(first));
    target.n_threads = 3;
    must_sample(&target, N);
    CU_ASSERT_EQUAL(memcmp(first, draws, sizeof(first)), 0);
    target.seed++;
    must_sample(&target, N);
    CU_ASSERT_NOT_EQUAL(memcmp(first, draws, sizeof(first)), 0);
}

static int stop_at_ten(void *user, size_t done, size_t all, double minus2)
{
    (void) user;
    CU_ASSERT(done <= all && isfinite(minus2));
    return done >= 10;
}

/* Once a hundred rounds are done: 2 of the design, 48 in which the surrogate is learned, 50 that count. */
static int stop_at_hundred(void *user, size_t done, size_t all, double minus2)
{
    (void) user, (void) all, (void) minus2;
    return done >= 100;
}

static int stopped_late(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *e)
{
    static int calls;
    return ++calls > 100 ? ost_fail(e, OST_ERR_LIMIT, "test") : banana_residuals(user, z, n_points, residuals, e);
}

/* A sample that is interrupted keeps the rounds that count, if they are enough for the draws that were asked for. */
static void test_interrupted(void)
{
    ost_target_t target = banana;
    target.progress = stop_at_hundred;
    CU_ASSERT_EQUAL(ost_sampler_run(&target, N_DRAWS, draws, &quality, &err), OST_ERR_LIMIT);
    CU_ASSERT_EQUAL_FATAL(ost_sampler_run(&target, 1500, draws, &quality, &err), 0);
    CU_ASSERT_EQUAL(quality.n_points, 50 * 32);
    CU_ASSERT(r_hat[0] < 1.1 && size[0] > 100);
    double first = draws[0];
    target.progress = NULL;
    target.residuals = stopped_late;
    CU_ASSERT_EQUAL_FATAL(ost_sampler_run(&target, 1500, draws, &quality, &err), 0);
    CU_ASSERT_EQUAL(quality.n_points, 50 * 32);
    CU_ASSERT_EQUAL(draws[0], first);
}

static int not_finite(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *e)
{
    int ret = banana_residuals(user, z, n_points, residuals, e);
    residuals[3] = NAN;
    return ret;
}

static int fails(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *e)
{
    (void) user, (void) z, (void) n_points, (void) residuals;
    return ost_fail(e, OST_ERR_STEP, "test");
}

static void test_errors(void)
{
    gsl_set_error_handler_off();
    static const double no_root[4] = { 1, 2, 2, 1 };
    ost_target_t target = banana;
    target.progress = stop_at_ten;
    CU_ASSERT_EQUAL(ost_sampler_run(&target, 10, draws, &quality, &err), OST_ERR_LIMIT);
    target = banana;
    target.covariance = no_root;
    CU_ASSERT_EQUAL(ost_sampler_run(&target, 10, draws, &quality, &err), OST_ERR_VALUE);
    target = banana;
    target.residuals = not_finite;
    CU_ASSERT_EQUAL(ost_sampler_run(&target, 10, draws, &quality, &err), OST_ERR_VALUE);
    target.residuals = fails;
    CU_ASSERT_EQUAL(ost_sampler_run(&target, 10, draws, &quality, &err), OST_ERR_STEP);
}

/* Autoregressive chains with known effective size; chains that differ; chains that drift; chains that stay. */
static void test_convergence(void)
{
    enum { ROUNDS = 2000, CHAINS = 4 };
    static double values[ROUNDS * CHAINS * 2];
    for (int of = 0; of < 3; of++) {
        const double rho[] = { 0, 0.8, -0.5 };
        for (size_t c = 0; c < CHAINS; c++) {
            double x = standard_normal(70000 + c);
            for (size_t t = 0; t < ROUNDS; t++) {
                x = rho[of] * x + sqrt(1 - rho[of] * rho[of]) * standard_normal(100000 + t * CHAINS + c);
                values[(t * CHAINS + c) * 2] = 1e4 + x;
            }
        }
        const ost_chains_t chains = { values, ROUNDS, CHAINS, 2 };
        double n = ROUNDS * CHAINS;
        ost_assert_close(ost_effective_size(&chains), fmin(n * (1 - rho[of]) / (1 + rho[of]), n), 0.12, 0);
        ost_assert_close(ost_r_hat(&chains), 1, 0, 0.005);
    }
    for (size_t i = 0; i < ROUNDS * CHAINS; i++) values[2 * i] = standard_normal(i) + (i % CHAINS == 0 ? 2 : 0);
    const ost_chains_t apart = { values, ROUNDS, CHAINS, 2 };
    ost_assert_close(ost_r_hat(&apart), sqrt(1 + 6.0 / 7), 0.03, 0); /* 2 of 8 halves stand at 2, not 0 */
    CU_ASSERT(ost_effective_size(&apart) < 20);
    for (size_t i = 0; i < ROUNDS * CHAINS; i++) values[2 * i] = standard_normal(i) + (i / CHAINS < ROUNDS / 2 ? 2 : 0);
    CU_ASSERT(ost_r_hat(&apart) > 1.3); /* all chains agree and drift */
    for (size_t i = 0; i < ROUNDS * CHAINS; i++) values[2 * i] = (double) (i % CHAINS);
    CU_ASSERT(isinf(ost_r_hat(&apart)));
    for (size_t i = 0; i < ROUNDS * CHAINS; i++) values[2 * i] = 0.1;
    ost_assert_close(ost_r_hat(&apart), 1, 0, 0);
    const ost_chains_t few = { values, 3, CHAINS, 2 };
    CU_ASSERT(isnan(ost_r_hat(&few)) && isnan(ost_effective_size(&few)));
}

/* A quadratic function comes back exactly, whatever the weights; from few points its linear part does. */
static void test_surrogate(void)
{
    double terms[10], values[2];
    for (size_t n_points = 7; n_points <= 500; n_points += 493) {
        ost_surrogate_t surrogate;
        CU_ASSERT_EQUAL_FATAL(ost_surrogate_init(&surrogate, 3, 2, &err), 0);
        CU_ASSERT_EQUAL_FATAL(surrogate.n_terms, 10);
        for (size_t p = 0; p <= n_points; p++) {
            double x[3];
            for (size_t k = 0; k < 3; k++) x[k] = p == n_points ? 0.4 : 3 * standard_normal(10 * p + k);
            const double linear = 2 + x[0] - 3 * x[2], curved = n_points > 7 ? x[0] * x[1] - 2 * x[2] * x[2] : 0;
            const double both[2] = { linear + curved, 5 * linear };
            if (p < n_points)
                ost_surrogate_add(&surrogate, x, both, 1 + (double) (p % 3), terms);
            else {
                CU_ASSERT_EQUAL_FATAL(ost_surrogate_fit(&surrogate, &err), 0);
                ost_surrogate_values(&surrogate, x, terms, values);
                for (size_t i = 0; i < 2; i++) ost_assert_close(values[i], both[i], n_points > 7 ? 1e-3 : 0.02, 0);
            }
        }
        ost_surrogate_free(&surrogate);
        ost_surrogate_free(&surrogate);
    }
}

static const ost_test_t tests[] = {
    { "normal", test_normal },
    { "banana", test_banana },
    { "seeds_and_threads", test_seeds_and_threads },
    { "interrupted", test_interrupted },
    { "errors", test_errors },
    { "convergence", test_convergence },
    { "surrogate", test_surrogate },
};

OST_TEST_MAIN("sampler", tests)
