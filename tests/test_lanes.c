/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/isa.h"
#include "core/lanes.h"
#include "core/random.h"
#include "lanes_tested.h"
#include "testlib.h"

#include <float.h>
#include <string.h>

static const double edges[] = { 0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-20, -1e-20, DBL_MIN, -DBL_MIN, DBL_MAX, -DBL_MAX,
    DBL_TRUE_MIN, -DBL_TRUE_MIN, 1e-310, 1.0 - DBL_EPSILON / 2, 1.0 + DBL_EPSILON, 0.70710678118654746,
    0.70710678118654757, INFINITY, -INFINITY, NAN, -NAN };
enum { N_EDGES = sizeof(edges) / sizeof(edges[0]) };

static double uniform(uint64_t i)
{
    return ost_random_uniform(1, i, 0, 0);
}

/* Units in the last place between a and what libm's long double says. */
static double ulps(double a, long double reference)
{
    double b = (double) reference;
    if (a == b || (isnan(a) && isnan(b))) return 0;
    double unit = nextafter(fabs(b), INFINITY) - fabs(b);
    return (double) fabsl((long double) a - reference) / unit;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

typedef void of_one_t(const double *, double *);
typedef void of_two_t(const double *, const double *, double *);
typedef long double reference_t(long double);

static ost_v call(of_one_t *f, ost_v a)
{
    ost_v y;
    f((const double *) &a, (double *) &y);
    return y;
}

static ost_v call_two(of_two_t *f, ost_v a, ost_v b)
{
    ost_v y;
    f((const double *) &a, (const double *) &b, (double *) &y);
    return y;
}

OST_ISA_EXTERN(const lanes_tested_t, test_lane_functions);

/* Call `check` for each instruction set that this build and this processor have. */
static void for_each_isa(void (*check)(const lanes_tested_t *))
{
    static const lanes_tested_t *const tested[OST_N_ISA] = OST_ISA_TABLE(&test_lane_functions);
    for (int isa = 0; isa < OST_N_ISA; isa++) {
        if (ost_isa_from_name(ost_isa_name((ost_isa_t) isa)) == isa) check(tested[isa]);
    }
}

static double worst_ulps(of_one_t *f, reference_t *reference, double (*draw)(uint64_t), uint64_t n)
{
    double worst = 0;
    for (uint64_t i = 0; i < n; i += OST_LANES) {
        ost_v x;
        for (int l = 0; l < OST_LANES; l++) x[l] = draw(i + (uint64_t) l);
        ost_v y = call(f, x);
        for (int l = 0; l < OST_LANES; l++) {
            double u = ulps(y[l], reference((long double) x[l]));
            if (!(u <= worst)) worst = u;
        }
    }
    return worst;
}

static double draw_exp(uint64_t i)
{
    return -707.7 + uniform(i) * (709.78 + 707.7);
}
static double draw_small(uint64_t i)
{
    return (2 * uniform(i) - 1) * exp(-40 * uniform(i + 1));
}
static double draw_positive(uint64_t i) /* uniform over all positive doubles, subnormal ones too */
{
    uint64_t bits = (uint64_t) (uniform(i) * 0x7ff0p48);
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}
static double draw_near_one(uint64_t i)
{
    return 1 + draw_small(i) * 0.5;
}

static void check_exp(const lanes_tested_t *k)
{
    CU_ASSERT(worst_ulps(k->exp, expl, draw_exp, 200000) < 1.2);
    CU_ASSERT(worst_ulps(k->exp, expl, draw_small, 200000) < 1.2);
    const double last = 0x1.62e42fefa39efp9, first = -0x1.61da04cbafe43p+9; /* ln 2^-1021 */
    for (int l = 0; l < OST_LANES; l++) {
        ost_assert_close(call(k->exp, ost_v_splat(last))[l], exp(last), 4e-16, 0);
        CU_ASSERT(isinf(call(k->exp, ost_v_splat(nextafter(last, INFINITY)))[l]));
        ost_assert_close(call(k->exp, ost_v_splat(first))[l], exp(first), 4e-16, 0);
        double below = call(k->exp, ost_v_splat(first - 1))[l];
        CU_ASSERT(below >= 0 && below <= 0x1p-1022);
        CU_ASSERT(same_bits(call(k->exp, ost_v_splat(-746))[l], 0.0));
    }
    for (int i = 0; i < N_EDGES; i++) {
        double y = call(k->exp, ost_v_splat(edges[i]))[i % OST_LANES];
        ost_assert_close(y, exp(edges[i]), 4e-16, 0);
    }
    CU_ASSERT(isnan(call(k->exp, ost_v_splat(nan("0x7ff")))[0])); /* a payload must not be taken for an exponent */
}

static void check_log(const lanes_tested_t *k)
{
    CU_ASSERT(worst_ulps(k->log, logl, draw_positive, 200000) < 1.5);
    CU_ASSERT(worst_ulps(k->log, logl, draw_near_one, 200000) < 1.5);
    for (int i = 0; i < N_EDGES; i++) {
        double y = call(k->log, ost_v_splat(edges[i]))[i % OST_LANES];
        ost_assert_close(y, log(edges[i]), 4e-16, 0);
    }
    CU_ASSERT(same_bits(call(k->log, ost_v_splat(1.0))[0], 0.0));
}

static void check_log_from(const lanes_tested_t *k)
{
    for (uint64_t i = 0; i < 1000; i++) {
        ost_v x = ost_v_splat(fmax(draw_positive(i), 0x1p-1022));
        CU_ASSERT(same_bits(call_two(k->log_from, x, ost_v_splat(-1400))[3], call(k->log, x)[3]));
    }
    static const double none[] = { 0, -0.0, -1e-300, -1, -INFINITY, NAN };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        CU_ASSERT_EQUAL(call_two(k->log_from, ost_v_splat(none[i]), ost_v_splat(-1400))[3], -1400);
    CU_ASSERT(call_two(k->log_from, ost_v_splat(INFINITY), ost_v_splat(-1400))[3] > 709);
}

static void check_compare_and_choose(const lanes_tested_t *k)
{
    for (int i = 0; i < N_EDGES; i++) {
        for (int j = 0; j < N_EDGES; j++) {
            double a = edges[i], b = edges[j];
            int l = (i + j) % OST_LANES;
            ost_v x = ost_v_splat(0), y = ost_v_splat(1);
            x[l] = a;
            y[l] = b;
            CU_ASSERT(call_two(k->lt, x, y)[l] == (a < b ? 1 : 0));
            CU_ASSERT(call_two(k->le, x, y)[l] == (a <= b ? 1 : 0));
            CU_ASSERT(call_two(k->eq, x, y)[l] == (a == b ? 1 : 0));
            CU_ASSERT(call_two(k->lt, x, y)[(l + 1) % OST_LANES] == 1);
            CU_ASSERT(same_bits(call_two(k->min, x, y)[l], a < b ? a : b));
            CU_ASSERT(same_bits(call_two(k->max, x, y)[l], a > b ? a : b));
            CU_ASSERT(same_bits(call(k->abs, x)[l], fabs(a)));
        }
        double root = call(k->sqrt, ost_v_splat(edges[i]))[i % OST_LANES];
        CU_ASSERT(isnan(edges[i]) || edges[i] < 0 ? isnan(root) : same_bits(root, sqrt(edges[i])));
    }
}

static void test_mask_any(void)
{
    ost_mask m = { 0 };
    CU_ASSERT_FALSE(ost_mask_any(m));
    for (int l = 0; l < OST_LANES; l++) {
        m[l] = -1;
        CU_ASSERT(ost_mask_any(m));
        m[l] = 0;
    }
}

/* A lane's bits depend on its own number, not on its place or its mates. */
static void check_lanes_are_independent(const lanes_tested_t *k)
{
    for (int i = 0; i < N_EDGES; i++) {
        for (int j = 0; j < N_EDGES; j++) {
            ost_v mates = ost_v_splat(edges[j]), alone = ost_v_splat(edges[i]);
            mates[(i + j) % OST_LANES] = edges[i];
            CU_ASSERT(same_bits(call(k->exp, mates)[(i + j) % OST_LANES], call(k->exp, alone)[0]));
            CU_ASSERT(same_bits(call(k->log, mates)[(i + j) % OST_LANES], call(k->log, alone)[0]));
        }
    }
}

static void test_load_store(void)
{
    _Alignas(64) double from[OST_LANES], to[OST_LANES];
    for (int l = 0; l < OST_LANES; l++) from[l] = l + 0.25;
    ost_v_store(to, ost_v_load(from));
    CU_ASSERT(memcmp(from, to, sizeof(from)) == 0);
}

static void test_exp(void)
{
    for_each_isa(check_exp);
}
static void test_log_from(void)
{
    for_each_isa(check_log_from);
}
static void test_log(void)
{
    for_each_isa(check_log);
}
static void test_compare_and_choose(void)
{
    for_each_isa(check_compare_and_choose);
}
static void test_lanes_are_independent(void)
{
    for_each_isa(check_lanes_are_independent);
}

static const ost_test_t tests[] = { { "exp", test_exp }, { "log", test_log }, { "log_from", test_log_from },
    { "compare_and_choose", test_compare_and_choose }, { "mask_any", test_mask_any },
    { "lanes_are_independent", test_lanes_are_independent }, { "load_store", test_load_store } };

OST_TEST_MAIN("lanes", tests)
