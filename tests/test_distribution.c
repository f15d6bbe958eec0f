/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions against their exact quantiles, whole and truncated; what their rows say. */
#include "core/distribution.h"
#include "core/random.h"
#include "testlib.h"

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
    case OST_N_DISTS:
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
    for (int kind = 0; kind < OST_N_DISTS; kind++) CU_ASSERT(is_tried[kind]);
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
        CU_ASSERT(keys[0].key != OST_DIST_KEY_NONE && keys[0].number == 0);
        CU_ASSERT_EQUAL(ost_dist_keys[keys[0].key].largest, 0); /* a quantity: it gives the unit */
        for (int k = 1; k < 4 && keys[k].key != OST_DIST_KEY_NONE; k++)
            CU_ASSERT(keys[k].number == keys[k - 1].number || keys[k].number == keys[k - 1].number + 1);
        for (int other = 0; other < kind; other++)
            CU_ASSERT_STRING_NOT_EQUAL(ost_dist_words[kind], ost_dist_words[other]);
    }
}

static const ost_test_t tests[] = {
    { "weibull", test_weibull },
    { "truncated", test_truncated },
    { "signs_and_constants", test_signs_and_constants },
    { "rows", test_rows },
};

OST_TEST_MAIN("distribution", tests)
