/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sobol' indices from points that are there already, of functions whose indices are known in closed form. */
#include "analysis/points.h"
#include "analysis/sensitivity.h"
#include "core/random.h"
#include "testlib.h"

#include <math.h>
#include <stdlib.h>

enum { N_INPUTS = 4, N_SEEDS = 400 };

/* Ishigami 1990 with a = 7, b = 0.1; the fourth input does nothing. */
static double ishigami(const double *u)
{
    double x[3];
    for (size_t k = 0; k < 3; k++) x[k] = M_PI * (2 * u[k] - 1);
    return sin(x[0]) + 7 * pow(sin(x[1]), 2) + 0.1 * pow(x[2], 4) * sin(x[0]);
}
static const double ishigami_first[N_INPUTS] = { 0.3139, 0.4424, 0, 0 };

/* Sobol's g function. */
static const double g_a[N_INPUTS] = { 0, 1, 4.5, 9 };
static double g_function(const double *u)
{
    double y = 1;
    for (size_t k = 0; k < N_INPUTS; k++) y *= (fabs(4 * u[k] - 2) + g_a[k]) / (1 + g_a[k]);
    return y;
}

static double g_index(size_t k, bool is_total)
{
    double product = 1, v = 1 / (3 * pow(1 + g_a[k], 2));
    for (size_t i = 0; i < N_INPUTS; i++) product *= 1 + 1 / (3 * pow(1 + g_a[i], 2));
    return (is_total ? v * product / (1 + v) : v) / (product - 1);
}

typedef double (*function_t)(const double *u);

static void estimate(function_t f, bool is_random, ost_design_kind_t kind, uint64_t seed, size_t n, ost_index_t *out)
{
    static const char *const paths[N_INPUTS] = { "a", "b", "c", "d" };
    double *u = malloc(n * N_INPUTS * sizeof(*u)), *y = malloc(n * sizeof(*y));
    CU_ASSERT_FATAL(u != NULL && y != NULL);
    if (is_random)
        for (size_t i = 0; i < n * N_INPUTS; i++) u[i] = ost_random_uniform(seed, i, 7, 0);
    else
        CU_ASSERT_FATAL(ost_points_spread(kind, seed, paths, N_INPUTS, n, u, NULL) == 0);
    for (size_t i = 0; i < n; i++) y[i] = f(u + i * N_INPUTS);
    const ost_given_t given = {
        .n_inputs = N_INPUTS, .n_points = n, .x = u, .is_sequence = !is_random && kind != OST_DESIGN_LATIN_HYPERCUBE
    };
    CU_ASSERT_FATAL(ost_given_estimate(&given, y, out, NULL) == 0);
    free(u);
    free(y);
}

static void test_samples_are_right(void)
{
    ost_index_t out[N_INPUTS * OST_N_INDICES];
    const ost_design_kind_t kinds[] = { OST_DESIGN_LATIN_HYPERCUBE, OST_DESIGN_SOBOL, OST_DESIGN_HALTON };
    for (size_t i = 0; i < 3; i++)
        for (uint64_t seed = 1; seed <= 5; seed++)
            for (size_t f = 0; f < 2; f++) {
                estimate(f == 0 ? ishigami : g_function, false, kinds[i], seed, 1 << 14, out);
                for (size_t k = 0; k < N_INPUTS; k++) {
                    const double truth = f == 0 ? ishigami_first[k] : g_index(k, false);
                    ost_assert_close(out[k * OST_N_INDICES + OST_INDEX_FIRST].value, truth, 0, 0.02);
                    CU_ASSERT(isnan(out[k * OST_N_INDICES + OST_INDEX_TOTAL].value));
                }
            }
}

/* The interval has the index in 90 to 98.5 % of the seeds, of a sequence in more. */
static void test_intervals_cover(void)
{
    static const char *const functions[] = { "Ishigami", "g" }, *const designs[] = { "random", "latin hypercube",
        "sobol" };
    ost_index_t out[N_INPUTS * OST_N_INDICES];
    for (size_t f = 0; f < 2; f++)
        for (size_t design = 0; design < 3; design++) {
            int covered[N_INPUTS] = { 0 };
            for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
                estimate(f == 0 ? ishigami : g_function, design == 0,
                    design == 2 ? OST_DESIGN_SOBOL : OST_DESIGN_LATIN_HYPERCUBE, seed, 1024, out);
                for (size_t k = 0; k < N_INPUTS; k++) {
                    const ost_index_t *of = &out[k * OST_N_INDICES + OST_INDEX_FIRST];
                    const double truth = f == 0 ? ishigami_first[k] : g_index(k, false);
                    covered[k] += of->lower <= truth && truth <= of->upper;
                }
            }
            for (size_t k = 0; k < N_INPUTS; k++) {
                bool is_right = covered[k] >= 0.9 * N_SEEDS && (design == 2 || covered[k] <= 0.985 * N_SEEDS);
                printf("%s, %s, input %zu: interval right in %d of %d\n", functions[f], designs[design], k + 1,
                    covered[k], N_SEEDS);
                CU_ASSERT(is_right);
            }
        }
}

/* A grid of midpoints of g, which is a product: indices of its values in closed form. */
static void test_grid_is_exact(void)
{
    static const size_t n_levels[N_INPUTS] = { 3, 2, 4, 5 };
    enum { N = 3 * 2 * 4 * 5 };
    double y[N], mean[N_INPUTS] = { 0 }, part[N_INPUTS], product = 1;
    ost_index_t out[N_INPUTS * OST_N_INDICES];
    for (size_t i = 0; i < N; i++) {
        double u[N_INPUTS];
        for (size_t k = N_INPUTS, rest = i; k-- > 0; rest /= n_levels[k])
            u[k] = pow(((double) (rest % n_levels[k]) + 0.5) / (double) n_levels[k], 2);
        y[i] = g_function(u);
    }
    for (size_t k = 0; k < N_INPUTS; k++) {
        double square = 0;
        for (size_t l = 0; l < n_levels[k]; l++) {
            double u = pow(((double) l + 0.5) / (double) n_levels[k], 2), g = (fabs(4 * u - 2) + g_a[k]) / (1 + g_a[k]);
            mean[k] += g / (double) n_levels[k];
            square += g * g / (double) n_levels[k];
        }
        part[k] = square / (mean[k] * mean[k]) - 1;
        product *= 1 + part[k];
    }
    const ost_given_t grid = { .n_inputs = N_INPUTS, .n_points = N, .n_levels = n_levels };
    CU_ASSERT_FATAL(ost_given_estimate(&grid, y, out, NULL) == 0);
    for (size_t k = 0; k < N_INPUTS; k++) {
        const ost_index_t *of = out + k * OST_N_INDICES;
        ost_assert_close(of[OST_INDEX_FIRST].value, part[k] / (product - 1), 1e-12, 1e-15);
        ost_assert_close(of[OST_INDEX_TOTAL].value, part[k] * product / (1 + part[k]) / (product - 1), 1e-12, 1e-15);
        CU_ASSERT(of[OST_INDEX_TOTAL].lower == of[OST_INDEX_TOTAL].value);
    }
    y[17] = NAN;
    CU_ASSERT_FATAL(ost_given_estimate(&grid, y, out, NULL) == 0);
    CU_ASSERT(isnan(out[OST_INDEX_FIRST].value));
}

/* Words are classes of their own; points without a value are left out; nothing is said of an output that is constant.
 */
static void test_words_and_holes(void)
{
    enum { N = 900 };
    double x[N * 2], y[N];
    ost_index_t out[2 * OST_N_INDICES];
    const ost_given_t given = { .n_inputs = 2, .n_points = N, .x = x };
    for (size_t i = 0; i < N; i++) {
        x[2 * i] = (double) (i % 3);
        x[2 * i + 1] = (double) (i / 3 % 2);
        y[i] = i % 9 == 8 ? NAN : x[2 * i] == 1 ? 5 : 0; /* of each value of the second as many */
    }
    CU_ASSERT_FATAL(ost_given_estimate(&given, y, out, NULL) == 0);
    ost_assert_close(out[OST_INDEX_FIRST].value, 1, 1e-12, 0);
    ost_assert_close(out[OST_N_INDICES + OST_INDEX_FIRST].value, 0, 0, 0.01);
    for (size_t i = 0; i < N; i++) y[i] = 1;
    CU_ASSERT_FATAL(ost_given_estimate(&given, y, out, NULL) == 0);
    CU_ASSERT(isnan(out[OST_INDEX_FIRST].value));
}

static const ost_test_t tests[] = {
    { "samples_are_right", test_samples_are_right },
    { "intervals_cover", test_intervals_cover },
    { "grid_is_exact", test_grid_is_exact },
    { "words_and_holes", test_words_and_holes },
};
OST_TEST_MAIN("given", tests)
