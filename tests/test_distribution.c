/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions against their exact quantiles, whole and truncated; what their rows say. */
#include "core/distribution.h"
#include "core/random.h"
#include "core/special.h"
#include "testlib.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const double parts[] = { 1e-12, 1e-3, 0.1, 0.5, 0.9, 0.999, 1 - 1e-12 };

static ost_dist_t dist(ost_dist_kind_t kind, double a, double b, double lower, double upper)
{
    ost_dist_t made;
    ost_dist_init(&made, kind, a, b, lower, upper);
    return made;
}

static void test_weibull(void)
{
    for (size_t i = 0; i < COUNT(parts); i++) {
        double u = parts[i], hazard = -log1p(-u);
        for (double shape = 0.5; shape < 5; shape *= 1.7) {
            ost_dist_t open = dist(OST_DIST_WEIBULL, 3, shape, -INFINITY, INFINITY);
            ost_assert_close(ost_dist_quantile(&open, u), 3 * pow(hazard, 1 / shape), 1e-14, 0);
            ost_assert_close(open.mass, 1, 1e-15, 0);
        }
        ost_dist_t one = dist(OST_DIST_WEIBULL, 3, 1, 0.5, 4), same = dist(OST_DIST_EXPONENTIAL, 3, 0, 0.5, 4);
        ost_assert_close(ost_dist_quantile(&one, u), ost_dist_quantile(&same, u), 1e-14, 0);
        ost_assert_close(one.mass, same.mass, 1e-14, 0);
    }
    ost_dist_t two = dist(OST_DIST_WEIBULL, 3, 2, -INFINITY, INFINITY);
    ost_assert_close(ost_dist_quantile(&two, 0.5), 3 * sqrt(log(2)), 1e-15, 0);
    ost_assert_close(ost_dist_quantile(&two, 1 - exp(-1)), 3, 1e-15, 0);
}

/* Gamma and beta against GSL in both tails, open and truncated. */
static void test_gamma_and_beta(void)
{
    static const double shapes[] = { 0.02, 0.3, 1, 2.5, 17, 100 };
    for (size_t i = 0; i < COUNT(parts); i++) {
        const double u = parts[i];
        for (size_t a = 0; a < COUNT(shapes); a++) {
            ost_dist_t one = dist(OST_DIST_GAMMA, 3, shapes[a], -INFINITY, INFINITY);
            const double x = ost_dist_quantile(&one, u);
            ost_assert_close(u < 0.5 ? gsl_cdf_gamma_P(x, shapes[a], 3) : gsl_cdf_gamma_Q(x, shapes[a], 3),
                u < 0.5 ? u : 1 - u, 1e-11, x > 0 ? 0 : 1);
            for (size_t b = 0; b < COUNT(shapes); b++) {
                ost_dist_t two = { .kind = OST_DIST_BETA, .b = 1, .c = shapes[a], .d = shapes[b], .upper = 1 };
                ost_dist_set(&two);
                const double y = ost_dist_quantile(&two, u);
                if (y < 1e-290 || y > 1 - 1e-6) continue; /* 1 - y has lost its digits */
                ost_assert_close(gsl_cdf_beta_P(y, shapes[a], shapes[b]), u, 1e-9, 0);
            }
        }
    }
    ost_dist_t same = dist(OST_DIST_GAMMA, 3, 1, 0.5, 4), other = dist(OST_DIST_EXPONENTIAL, 3, 0, 0.5, 4);
    ost_assert_close(ost_dist_quantile(&same, 0.3), ost_dist_quantile(&other, 0.3), 1e-14, 0);
    ost_assert_close(same.mass, other.mass, 1e-14, 0);
    const ost_tails_t far = ost_gamma_tails(log(60), 2, 0);
    ost_assert_close(far.above, 61 * exp(-60), 1e-13, 0);
}

/* Mean and SD of a distribution by the middles of a million strata. */
static void check_moments(ost_dist_t d, double mean, double sd, double rtol)
{
    const size_t n = 1000000;
    double sum = 0, squares = 0;
    ost_dist_set(&d);
    for (size_t i = 0; i < n; i++) {
        const double x = ost_dist_quantile(&d, ((double) i + 0.5) / (double) n);
        sum += x / (double) n;
        squares += (x - mean) * (x - mean) / (double) n;
    }
    ost_assert_close(sum, mean, rtol, 0);
    ost_assert_close(sqrt(squares), sd, 10 * rtol, 0);
}

static void test_moments(void)
{
    double value[] = { 1, 4, 10 }, share[] = { 0.2, 0.9, 1 }, at[] = { 0, 0.5, 1 };
    const ost_dist_t open = { .lower = -INFINITY, .upper = INFINITY };
    ost_dist_t d = open;
#define CASE(NAME, mean, sd, rtol, ...)                                                                                \
    d = open;                                                                                                          \
    d.kind = OST_DIST_##NAME, __VA_ARGS__;                                                                             \
    check_moments(d, mean, sd, rtol)
    CASE(UNIFORM, 5, 6 / sqrt(12), 1e-6, d.a = 2, d.b = 8);
    CASE(TRIANGULAR, 14 / 3.0, sqrt((4 + 64 + 16 - 16 - 8 - 32) / 18.0), 1e-6, d.a = 2, d.b = 4, d.c = 8);
    CASE(EXPONENTIAL, 5, 5, 1e-5, d.a = 5);
    CASE(WEIBULL, 3 * tgamma(1.5), 3 * sqrt(tgamma(2) - tgamma(1.5) * tgamma(1.5)), 1e-6, d.a = 3, d.b = 2);
    CASE(GAMMA, 7.5, 3 * sqrt(2.5), 1e-5, d.a = 3, d.b = 2.5);
    CASE(BETA, 2 + 6 * 2 / 7.0, 6 * sqrt(10 / (49 * 8.0)), 1e-6, d.a = 2, d.b = 8, d.c = 2, d.d = 5);
    CASE(CHOICE, 4, sqrt(0.2 * 9 + 0.1 * 36), 1e-6, d.value = value, d.part = share, d.n_values = 3);
    CASE(EMPIRICAL, 4.75, sqrt(0.5 * (7 + 52) - 4.75 * 4.75), 1e-6, d.value = value, d.part = at, d.n_values = 3);
#undef CASE
}

/* Values of a choice at the ends of their parts, quantiles of a list at and between its own. */
static void test_lists(void)
{
    double value[] = { 1, 4, 10 }, share[] = { 0.2, 0.9, 1 }, at[] = { 0, 0.5, 1 };
    ost_dist_t choice = { .kind = OST_DIST_CHOICE, .value = value, .part = share, .n_values = 3, .upper = 99 };
    ost_dist_t empirical = { .kind = OST_DIST_EMPIRICAL, .value = value, .part = at, .n_values = 3, .upper = 99 };
    static const double u[] = { 1e-9, 0.1999, 0.2, 0.8999, 0.9, 1 - 1e-9 };
    static const double chosen[] = { 1, 1, 4, 4, 10, 10 };
    ost_dist_set(&choice);
    ost_dist_set(&empirical);
    for (size_t i = 0; i < COUNT(u); i++) CU_ASSERT_EQUAL(ost_dist_quantile(&choice, u[i]), chosen[i]);
    ost_assert_close(ost_dist_quantile(&empirical, 0.25), 2.5, 1e-15, 0);
    ost_assert_close(ost_dist_quantile(&empirical, 0.5), 4, 1e-15, 0);
    ost_assert_close(ost_dist_quantile(&empirical, 0.75), 7, 1e-15, 0);
    choice.n_values = 1;
    ost_dist_set(&choice);
    CU_ASSERT(!ost_dists[OST_DIST_CHOICE]->varies(&choice));
    CU_ASSERT_EQUAL(ost_dist_quantile(&choice, 0.9), 1);
}

/* Probability below x of a distribution without a range, in another way than the table computes it. */
static double below(ost_dist_kind_t kind, double a, double b, double x)
{
    switch (kind) {
    case OST_DIST_NORMAL:
        return ost_normal_cdf((x - a) / b);
    case OST_DIST_LOGNORMAL:
        return x > 0 ? ost_normal_cdf(log(x / a) / b) : 0;
    case OST_DIST_UNIFORM:
        return x < a ? 0 : x > b ? 1 : (x - a) / (b - a);
    case OST_DIST_EXPONENTIAL:
        return x > 0 ? 1 - exp(-x / a) : 0;
    case OST_DIST_WEIBULL:
        return x > 0 ? 1 - exp(-pow(x / a, b)) : 0;
    case OST_DIST_LOGITNORMAL:
        return x <= 0 ? 0 : x >= 1 ? 1 : ost_normal_cdf((log(x / (1 - x)) - log(a / (1 - a))) / b);
    case OST_DIST_GAMMA:
        return isinf(x) ? x > 0 : gsl_cdf_gamma_P(x > 0 ? x : 0, b, a);
    default:
        break;
    }
    return NAN;
}

static void test_truncated(void)
{
    static const struct {
        ost_dist_kind_t kind;
        double a, b, lower, upper;
    } cases[] = {
        { OST_DIST_NORMAL, 62, 6, 48, 80 },
        { OST_DIST_NORMAL, 0, 1, 2, 3 },
        { OST_DIST_LOGNORMAL, 27, 0.2, 20, INFINITY },
        { OST_DIST_LOGNORMAL, 27, 0.2, -5, 30 },
        { OST_DIST_UNIFORM, 43, 57, -INFINITY, INFINITY },
        { OST_DIST_EXPONENTIAL, 5, 0, -INFINITY, 20 },
        { OST_DIST_EXPONENTIAL, 5, 0, 2, 7 },
        { OST_DIST_WEIBULL, 5, 1.7, 2, 7 },
        { OST_DIST_WEIBULL, 5, 0.6, -1, 7 },
        { OST_DIST_GAMMA, 5, 1.7, 2, 7 },
        { OST_DIST_GAMMA, 5, 0.6, 20, INFINITY },
        { OST_DIST_GAMMA, 5, 0.6, -1, 7 },
        { OST_DIST_LOGITNORMAL, 0.3, 0.8, 0.1, 0.9 },
        { OST_DIST_LOGITNORMAL, 0.3, 0.8, -1, 2 },
    };
    bool is_tried[OST_N_DISTS] = { false };
    for (size_t k = 0; k < COUNT(cases); k++) {
        double a = cases[k].a, b = cases[k].b, lower = cases[k].lower, upper = cases[k].upper;
        ost_dist_t d = dist(cases[k].kind, a, b, lower, upper);
        double p_lower = below(d.kind, a, b, lower), p_upper = below(d.kind, a, b, upper), before = -INFINITY;
        ost_assert_close(d.mass, p_upper - p_lower, 1e-12, 0);
        for (size_t i = 0; i < COUNT(parts); i++) {
            double x = ost_dist_quantile(&d, parts[i]);
            CU_ASSERT(x >= lower && x <= upper && x > before);
            ost_assert_close(below(d.kind, a, b, x), p_lower + parts[i] * (p_upper - p_lower), 1e-12, 1e-13);
            before = x;
        }
        is_tried[d.kind] = true;
    }
    for (int kind = 0; kind < OST_N_DISTS; kind++) CU_ASSERT(is_tried[kind] || !ost_dists[kind]->has_range);
}

/* A lognormal below 0 mirrors one above; without an SD every value is the typical one. */
static void test_signs_and_constants(void)
{
    ost_dist_t above = dist(OST_DIST_LOGNORMAL, 2, 0.5, 1, 3), low = dist(OST_DIST_LOGNORMAL, -2, 0.5, -3, -1);
    for (size_t i = 0; i < COUNT(parts); i++)
        CU_ASSERT_EQUAL(ost_dist_quantile(&above, parts[i]), -ost_dist_quantile(&low, parts[i]));
    ost_dist_t still = dist(OST_DIST_NORMAL, 5, 0, -INFINITY, INFINITY);
    CU_ASSERT(!ost_dists[OST_DIST_NORMAL]->varies(&still));
    CU_ASSERT_EQUAL(ost_dist_quantile(&still, 0.1), 5);
    CU_ASSERT_EQUAL(dist(OST_DIST_WEIBULL, 5, 2, -3, -1).mass, 0);
}

/* Each row of a covariate's distribution names its numbers from the first on, and words differ. */
static void test_rows(void)
{
    for (int kind = 0; kind < OST_N_COVARIATE_DISTS; kind++) {
        const ost_dist_number_t *keys = ost_dists[kind]->keys;
        for (int other = 0; other < kind; other++)
            CU_ASSERT_STRING_NOT_EQUAL(ost_dist_words[kind], ost_dist_words[other]);
        if (ost_dists[kind]->has_lists) continue;
        CU_ASSERT(keys[0].key != OST_DIST_KEY_NONE && keys[0].number == 0);
        CU_ASSERT_EQUAL(ost_dist_keys[keys[0].key].largest, 0); /* a quantity: it gives the unit */
        for (int k = 1; k < 4 && keys[k].key != OST_DIST_KEY_NONE; k++)
            CU_ASSERT(keys[k].number == keys[k - 1].number || keys[k].number == keys[k - 1].number + 1);
    }
}

static const ost_test_t tests[] = {
    { "weibull", test_weibull },
    { "gamma_and_beta", test_gamma_and_beta },
    { "moments", test_moments },
    { "lists", test_lists },
    { "truncated", test_truncated },
    { "signs_and_constants", test_signs_and_constants },
    { "rows", test_rows },
};

OST_TEST_MAIN("distribution", tests)
