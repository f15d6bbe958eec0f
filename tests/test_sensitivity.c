/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Points and indices of sensitivity analysis against functions whose indices are known in closed form or published. */
#include "analysis/sensitivity.h"
#include "testlib.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INPUTS = 64 };
static const size_t each[MAX_INPUTS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
    51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63 };

typedef double (*function_t)(const double *u, size_t n);

/* Evaluate a design. @param[out] u  owned by the caller, may be NULL. @return indices [n_groups][OST_N_INDICES], owned
 * by the caller */
static ost_index_t *indices_of(const ost_sensitivity_t *design, function_t f)
{
    size_t n = ost_sensitivity_n_points(design);
    double *u = malloc(n * design->n_inputs * sizeof(*u)), *y = malloc(n * sizeof(*y));
    ost_index_t *out = malloc(design->n_groups * OST_N_INDICES * sizeof(*out));
    CU_ASSERT_FATAL(u != NULL && y != NULL && out != NULL);
    CU_ASSERT_FATAL(ost_sensitivity_points(design, u, NULL) == 0);
    for (size_t i = 0; i < n; i++) y[i] = f(u + i * design->n_inputs, design->n_inputs);
    CU_ASSERT_FATAL(ost_sensitivity_estimate(design, u, y, out, NULL) == 0);
    free(u);
    free(y);
    return out;
}

/* Ishigami 1990, doi:10.1109/ISUMA.1990.151285, with a = 7, b = 0.1 on -pi..pi. */
static double ishigami(const double *u, size_t n)
{
    double x[3];
    (void) n;
    for (size_t k = 0; k < 3; k++) x[k] = M_PI * (2 * u[k] - 1);
    return sin(x[0]) + 7 * pow(sin(x[1]), 2) + 0.1 * pow(x[2], 4) * sin(x[0]);
}

/* Sobol's g function: the product of (|4 u - 2| + a)/(1 + a). */
static const double g_a[] = { 0, 1, 4.5, 9, 99, 99, 99, 99 };
static double g_function(const double *u, size_t n)
{
    double y = 1;
    for (size_t k = 0; k < n; k++) y *= (fabs(4 * u[k] - 2) + g_a[k]) / (1 + g_a[k]);
    return y;
}

/* Its indices: V_i = 1/(3 (1 + a_i)^2), the variance is the product of (1 + V_i) less 1. */
static double g_index(size_t k, bool is_total)
{
    double product = 1, v = 1 / (3 * pow(1 + g_a[k], 2));
    for (size_t i = 0; i < 8; i++) product *= 1 + 1 / (3 * pow(1 + g_a[i], 2));
    return (is_total ? v * product / (1 + v) : v) / (product - 1);
}

static double ishigami_index(size_t k, bool is_total)
{
    static const double first[] = { 0.3139, 0.4424, 0 }, total[] = { 0.5576, 0.4424, 0.2437 };
    return is_total ? total[k] : first[k];
}

static const struct {
    const char *name;
    function_t f;
    size_t n_inputs, n_counted; /* intervals are counted of inputs whose index is not next to nothing */
    double (*index)(size_t k, bool is_total);
} known[] = { { "Ishigami", ishigami, 3, 3, ishigami_index }, { "g", g_function, 8, 4, g_index } };
enum { N_KNOWN = sizeof(known) / sizeof(known[0]) };

static void test_sobol_is_right(void)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            const ost_sensitivity_t design = { .kind = OST_SENSITIVITY_SOBOL,
                .n_inputs = known[i].n_inputs,
                .n_groups = known[i].n_inputs,
                .group = each,
                .n = 1 << 14,
                .seed = seed };
            ost_index_t *out = indices_of(&design, known[i].f);
            for (size_t k = 0; k < design.n_inputs; k++) {
                const ost_index_t *of = out + k * OST_N_INDICES;
                ost_assert_close(of[OST_INDEX_FIRST].value, known[i].index(k, false), 0, 0.01);
                ost_assert_close(of[OST_INDEX_TOTAL].value, known[i].index(k, true), 0, 0.01);
                CU_ASSERT(isnan(of[OST_INDEX_MU_STAR].value));
            }
            free(out);
        }
}

/* In 90 to 98 of 100 seeds the interval has the index. */
static void test_sobol_intervals(void)
{
    for (size_t i = 0; i < N_KNOWN; i++) {
        int covered[MAX_INPUTS][2] = { { 0 } };
        for (uint64_t seed = 1; seed <= 100; seed++) {
            const ost_sensitivity_t design = { .kind = OST_SENSITIVITY_SOBOL,
                .n_inputs = known[i].n_inputs,
                .n_groups = known[i].n_inputs,
                .group = each,
                .n = 1 << 12,
                .seed = seed };
            ost_index_t *out = indices_of(&design, known[i].f);
            for (size_t k = 0; k < design.n_inputs; k++)
                for (size_t t = 0; t < 2; t++) {
                    const ost_index_t *of = &out[k * OST_N_INDICES + (t ? OST_INDEX_TOTAL : OST_INDEX_FIRST)];
                    double truth = known[i].index(k, t);
                    covered[k][t] += of->lower <= truth && truth <= of->upper;
                }
            free(out);
        }
        for (size_t k = 0; k < known[i].n_counted; k++)
            for (size_t t = 0; t < 2; t++) {
                bool is_right = covered[k][t] >= 90 && covered[k][t] <= 98;
                printf("%s: input %zu, %s: interval right in %d of 100\n", known[i].name, k + 1, t ? "total" : "first",
                    covered[k][t]);
                CU_ASSERT(is_right);
            }
    }
}

/* With more inputs than the sequence has coordinates for. */
static double sum_of_many(const double *u, size_t n)
{
    double y = 0;
    for (size_t k = 0; k < n; k++) y += (k < 3 ? 3 - (double) k : 0.1) * u[k];
    return y + u[30] * u[31];
}

static void test_sobol_of_many(void)
{
    const ost_sensitivity_t design = {
        .kind = OST_SENSITIVITY_SOBOL, .n_inputs = 50, .n_groups = 50, .group = each, .n = 1 << 12, .seed = 3
    };
    ost_index_t *out = indices_of(&design, sum_of_many);
    /* variances in twelfths: of c u it is c^2; of (0.1 + m) a + (0.1 + m) b + (a - m)(b - m), m = 1/2 */
    double variance = 9 + 4 + 1 + 45 * 0.01 + 2 * 0.36 + 1 / 12.0;
    for (size_t k = 0; k < 3; k++) {
        double truth = pow(3 - (double) k, 2) / variance;
        ost_assert_close(out[k * OST_N_INDICES + OST_INDEX_FIRST].value, truth, 0, 0.03);
        ost_assert_close(out[k * OST_N_INDICES + OST_INDEX_TOTAL].value, truth, 0, 0.03);
    }
    ost_assert_close(out[30 * OST_N_INDICES + OST_INDEX_TOTAL].value, (0.36 + 1 / 12.0) / variance, 0, 0.01);
    free(out);
}

static void test_sobol_groups(void)
{
    static const size_t group[] = { 0, 1, 0 };
    const ost_sensitivity_t design = {
        .kind = OST_SENSITIVITY_SOBOL, .n_inputs = 3, .n_groups = 2, .group = group, .n = 1 << 13, .seed = 1
    };
    ost_index_t *out = indices_of(&design, ishigami);
    ost_assert_close(out[OST_INDEX_FIRST].value, 0.5576, 0, 0.01); /* of 1 and 3: all that 2 leaves */
    ost_assert_close(out[OST_INDEX_TOTAL].value, 0.5576, 0, 0.01);
    ost_assert_close(out[OST_N_INDICES + OST_INDEX_FIRST].value, 0.4424, 0, 0.01);
    free(out);
}

/* The example of the MUCM toolkit, "Using the Morris method" (ExamScreeningMorris): design and values as printed there,
 * f = x1 + x2^2 + x2 sin x3 + 0 x4; mu 1, 1.6, 0.27, 0; mu* the same; sigma 2e-16, 0.28, 0.36, 0. Levels in thirds. */
static const double mucm[20][4] = { { 0, 1, 1, 0 }, { 2, 1, 1, 0 }, { 2, 3, 1, 0 }, { 2, 3, 1, 2 }, { 2, 3, 3, 2 },
    { 1, 0, 1, 1 }, { 1, 0, 3, 1 }, { 3, 0, 3, 1 }, { 3, 2, 3, 1 }, { 3, 2, 3, 3 }, { 0, 0, 0, 1 }, { 0, 0, 2, 1 },
    { 2, 0, 2, 1 }, { 2, 2, 2, 1 }, { 2, 2, 2, 3 }, { 1, 1, 0, 0 }, { 1, 1, 2, 0 }, { 3, 1, 2, 0 }, { 3, 1, 2, 2 },
    { 3, 3, 2, 2 } };
static const double mucm_values[20] = { 0.22, 0.89, 1.99, 1.99, 2.51, 0.33, 0.33, 1.00, 2.01, 2.01, 0.00, 0.00, 0.67,
    1.52, 1.52, 0.44, 0.65, 1.32, 1.32, 2.62 };

static void test_morris_is_as_published(void)
{
    static const double mu_star[] = { 1, 1.6, 0.27, 0 }, sigma[] = { 2e-16, 0.28, 0.36, 0 };
    const ost_sensitivity_t design = {
        .kind = OST_SENSITIVITY_MORRIS, .n_inputs = 4, .n_groups = 4, .group = each, .n = 4, .n_levels = 4
    };
    double u[20][4], y[20];
    ost_index_t out[4 * OST_N_INDICES];
    CU_ASSERT(ost_sensitivity_n_points(&design) == 20);
    for (size_t i = 0; i < 20; i++) {
        for (size_t k = 0; k < 4; k++) u[i][k] = mucm[i][k] / 3;
        y[i] = u[i][0] + u[i][1] * u[i][1] + u[i][1] * sin(u[i][2]);
        ost_assert_close(y[i], mucm_values[i], 0, 0.006);
    }
    CU_ASSERT_FATAL(ost_sensitivity_estimate(&design, u[0], y, out, NULL) == 0);
    for (size_t k = 0; k < 4; k++) {
        const ost_index_t *of = out + k * OST_N_INDICES;
        ost_assert_close(of[OST_INDEX_MU_STAR].value, mu_star[k], 0, 0.05 * mu_star[k] + 1e-15);
        ost_assert_close(of[OST_INDEX_MU].value, mu_star[k], 0, 0.05 * mu_star[k] + 1e-15);
        ost_assert_close(of[OST_INDEX_SIGMA].value, sigma[k], 0, 0.02 * sigma[k] + 1e-15);
        CU_ASSERT(of[OST_INDEX_MU_STAR].lower <= of[OST_INDEX_MU_STAR].value);
        CU_ASSERT(of[OST_INDEX_MU_STAR].value <= of[OST_INDEX_MU_STAR].upper);
    }
}

/* Trajectory t_1 of tables 3.10 and 3.12 of Saltelli 2008, Global Sensitivity Analysis: The Primer, pages 141 and 145,
 * as the tests of SALib quote them (the book was not seen): outputs, which input moved by 2/3 and its direction,
 * effect. */
static void test_morris_of_the_primer(void)
{
    static const double y[16] = { 24.9, 22.72, 21.04, 16.01, 10.4, 10.04, 8.6, 13.39, 4.69, 8.02, 9.98, 3.75, 1.33,
        2.59, 6.37, 9.99 };
    static const struct {
        size_t input;
        int direction;
    } moved[15] = { { 6, -1 }, { 9, 1 }, { 8, 1 }, { 4, -1 }, { 12, -1 }, { 14, -1 }, { 2, 1 }, { 15, -1 }, { 10, 1 },
        { 5, 1 }, { 11, -1 }, { 7, 1 }, { 3, 1 }, { 1, -1 }, { 13, 1 } };
    static const double effects[15] = { -5.67, 7.18, 1.89, 8.42, 2.93, 3.28, -3.62, -7.55, -2.51, 5.00, 9.34, 0.54,
        5.43, 2.15, 13.05 };
    enum { N = 2 }; /* the trajectory twice, as an index needs two effects */
    const ost_sensitivity_t design = {
        .kind = OST_SENSITIVITY_MORRIS, .n_inputs = 15, .n_groups = 15, .group = each, .n = N, .n_levels = 4
    };
    double u[N][16][15] = { { { 0 } } }, values[N][16];
    ost_index_t out[15 * OST_N_INDICES];
    for (size_t t = 0; t < N; t++)
        for (size_t i = 0; i < 16; i++) {
            values[t][i] = y[i];
            if (i > 0) memcpy(u[t][i], u[t][i - 1], sizeof(u[t][i]));
            if (i > 0) u[t][i][moved[i - 1].input - 1] += moved[i - 1].direction * 2 / 3.0;
        }
    CU_ASSERT_FATAL(ost_sensitivity_estimate(&design, u[0][0], values[0], out, NULL) == 0);
    for (size_t k = 0; k < 15; k++) {
        ost_assert_close(out[k * OST_N_INDICES + OST_INDEX_MU].value, effects[k], 0, 0.1);
        ost_assert_close(out[k * OST_N_INDICES + OST_INDEX_MU_STAR].value, fabs(effects[k]), 0, 0.1);
        ost_assert_close(out[k * OST_N_INDICES + OST_INDEX_SIGMA].value, 0, 0, 1e-9);
    }
}

static double mean_distance(const double *u, size_t n, size_t n_rows, size_t n_inputs)
{
    double sum = 0;
    for (size_t i = 0; i < n * n_rows; i++)
        for (size_t j = 0; j < i; j++) {
            double square = 0;
            for (size_t k = 0; k < n_inputs; k++) square += pow(u[i * n_inputs + k] - u[j * n_inputs + k], 2);
            sum += sqrt(square);
        }
    return sum;
}

/* Each step moves one group by 2/3, all levels are used, and the trajectories lie farther apart than the first ones. */
static void test_morris_points(void)
{
    static const size_t group[] = { 0, 1, 1, 2, 3, 4 };
    const ost_sensitivity_t design = {
        .kind = OST_SENSITIVITY_MORRIS, .n_inputs = 6, .n_groups = 5, .group = group, .n = 10, .n_levels = 4, .seed = 11
    };
    enum { N = 10 * 6 };
    double u[N][6];
    size_t count[4] = { 0 };
    CU_ASSERT_FATAL(ost_sensitivity_n_points(&design) == N);
    CU_ASSERT_FATAL(ost_sensitivity_points(&design, u[0], NULL) == 0);
    for (size_t i = 0; i < N; i++) {
        size_t n_moved[5] = { 0 }, n_groups = 0;
        for (size_t k = 0; k < 6; k++) {
            double level = u[i][k] * 3;
            CU_ASSERT_FATAL(level >= 0 && level <= 3);
            ost_assert_close(level, round(level), 0, 1e-12);
            count[lround(level)]++;
            if (i % 6 == 0 || u[i][k] == u[i - 1][k]) continue;
            n_moved[group[k]]++;
            ost_assert_close(fabs(u[i][k] - u[i - 1][k]), 2 / 3.0, 1e-12, 0);
        }
        for (size_t g = 0; g < 5; g++) n_groups += n_moved[g] > 0;
        CU_ASSERT(n_groups == (i % 6 == 0 ? 0 : 1));
        CU_ASSERT(n_moved[1] % 2 == 0);
    }
    for (size_t l = 0; l < 4; l++) CU_ASSERT(count[l] > N);
    /* one trajectory is the first candidate: of 100 designs without a choice, hardly any is as wide */
    double chosen = mean_distance(u[0], 10, 6, 6);
    size_t n_wider = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        double v[N][6];
        for (size_t t = 0; t < 10; t++) {
            const ost_sensitivity_t one = { .kind = OST_SENSITIVITY_MORRIS,
                .n_inputs = 6,
                .n_groups = 5,
                .group = group,
                .n = 1,
                .n_levels = 4,
                .seed = 1000 + 10 * seed + t };
            CU_ASSERT_FATAL(ost_sensitivity_points(&one, v[6 * t], NULL) == 0);
        }
        n_wider += mean_distance(v[0], 10, 6, 6) > chosen;
    }
    CU_ASSERT(n_wider <= 2);
}

/* Without interaction mu is the slope and sigma 0; of a group of two inputs there is mu* alone. A value that is missing
 * takes away the effects on both of its sides alone. */
static const double slopes[] = { 3, -2, 1, 0.5 };
static double straight(const double *u, size_t n)
{
    (void) n;
    return 3 * u[0] - 2 * u[1] + u[2] + 0.5 * u[3];
}

static void test_morris_groups(void)
{
    static const size_t group[] = { 0, 1, 2, 2 };
    const ost_sensitivity_t design = {
        .kind = OST_SENSITIVITY_MORRIS, .n_inputs = 4, .n_groups = 3, .group = group, .n = 8, .n_levels = 4, .seed = 2
    };
    ost_index_t *out = indices_of(&design, straight);
    ost_assert_close(out[OST_INDEX_MU].value, 3, 1e-12, 0);
    ost_assert_close(out[OST_N_INDICES + OST_INDEX_MU].value, -2, 1e-12, 0);
    ost_assert_close(out[OST_N_INDICES + OST_INDEX_MU_STAR].lower, 2, 1e-12, 0);
    ost_assert_close(out[OST_INDEX_SIGMA].value, 0, 0, 1e-12);
    const ost_index_t *both = out + 2 * OST_N_INDICES;
    CU_ASSERT(both[OST_INDEX_MU_STAR].value >= 0.5 && both[OST_INDEX_MU_STAR].value <= 1.5);
    CU_ASSERT(isnan(both[OST_INDEX_MU].value) && isnan(both[OST_INDEX_SIGMA].value));
    free(out);
}

static double with_hole(const double *u, size_t n)
{
    return u[0] == 0 && u[1] == 0 ? NAN : straight(u, n);
}

static void test_holes(void)
{
    const ost_sensitivity_t morris = {
        .kind = OST_SENSITIVITY_MORRIS, .n_inputs = 4, .n_groups = 4, .group = each, .n = 12, .n_levels = 4, .seed = 2
    };
    ost_index_t *out = indices_of(&morris, with_hole);
    for (size_t k = 0; k < 4; k++) ost_assert_close(out[k * OST_N_INDICES + OST_INDEX_MU].value, slopes[k], 1e-12, 0);
    free(out);
    const ost_sensitivity_t sobol = {
        .kind = OST_SENSITIVITY_SOBOL, .n_inputs = 4, .n_groups = 4, .group = each, .n = 1 << 12, .seed = 2
    };
    double *u = malloc(ost_sensitivity_n_points(&sobol) * 4 * sizeof(*u)), y[(1 << 12) * 6];
    ost_index_t whole[4 * OST_N_INDICES];
    CU_ASSERT_FATAL(u != NULL && ost_sensitivity_points(&sobol, u, NULL) == 0);
    for (size_t i = 0; i < ost_sensitivity_n_points(&sobol); i++) y[i] = i % 41 == 0 ? NAN : straight(u + 4 * i, 4);
    CU_ASSERT_FATAL(ost_sensitivity_estimate(&sobol, u, y, whole, NULL) == 0);
    for (size_t k = 0; k < 4; k++)
        ost_assert_close(whole[k * OST_N_INDICES + OST_INDEX_FIRST].value, slopes[k] * slopes[k] / 14.25, 0, 0.02);
    for (size_t i = 0; i < ost_sensitivity_n_points(&sobol); i++) y[i] = 1; /* nothing varies */
    CU_ASSERT_FATAL(ost_sensitivity_estimate(&sobol, u, y, whole, NULL) == 0);
    for (size_t i = 0; i < 4 * OST_N_INDICES; i++) CU_ASSERT(isnan(whole[i].value) && isnan(whole[i].upper));
    free(u);
}

static void test_local(void)
{
    const ost_sensitivity_t design = { .kind = OST_SENSITIVITY_LOCAL, .n_inputs = 3, .n_groups = 3, .group = each };
    const double value[] = { 2, 0.5, -1 }, step[] = { 0.02, 0.005, 0.01 }, sd[] = { 0.4, 0.1, NAN };
    double u[13][3], y[13];
    ost_index_t out[3 * OST_N_INDICES];
    CU_ASSERT_FATAL(ost_sensitivity_n_points(&design) == 13);
    CU_ASSERT_FATAL(ost_sensitivity_points(&design, u[0], NULL) == 0);
    for (size_t i = 0; i < 13; i++) {
        double x[3];
        for (size_t k = 0; k < 3; k++) x[k] = value[k] + u[i][k] * step[k];
        y[i] = exp(x[0]) * pow(x[1], 3) + sin(x[2]); /* slopes: e^2/8, 3 e^2/4, cos 1 */
    }
    ost_sensitivity_local(&design, value, step, sd, y, out);
    const double level = exp(2) / 8 + sin(-1.0), slope[] = { exp(2) / 8, 3 * exp(2) / 4, cos(1) };
    for (size_t k = 0; k < 3; k++) {
        const ost_index_t *of = out + k * OST_N_INDICES;
        ost_assert_close(of[OST_INDEX_ELASTICITY].value, slope[k] * value[k] / level, 1e-8, 0);
        CU_ASSERT(of[OST_INDEX_ELASTICITY].upper - of[OST_INDEX_ELASTICITY].lower < 1e-2);
        if (k < 2) ost_assert_close(of[OST_INDEX_PER_SD].value, slope[k] * sd[k], 1e-8, 0);
        CU_ASSERT(isnan(of[OST_INDEX_MU].value));
    }
    CU_ASSERT(isnan(out[2 * OST_N_INDICES + OST_INDEX_PER_SD].value));
}

static const ost_test_t tests[] = {
    { "sobol_is_right", test_sobol_is_right },
    { "sobol_intervals", test_sobol_intervals },
    { "sobol_of_many", test_sobol_of_many },
    { "sobol_groups", test_sobol_groups },
    { "morris_is_as_published", test_morris_is_as_published },
    { "morris_of_the_primer", test_morris_of_the_primer },
    { "morris_points", test_morris_points },
    { "morris_groups", test_morris_groups },
    { "holes", test_holes },
    { "local", test_local },
};
OST_TEST_MAIN("sensitivity", tests)
