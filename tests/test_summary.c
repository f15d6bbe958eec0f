/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics over subjects in bounded memory: bins, quantiles against sorted values, moments in long double. */
#include "core/random.h"
#include "observe/statistic.h"
#include "observe/summary.h"
#include "testlib.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 64 * 40, BLOCK = 64 };

/* A bin holds its values, is as narrow as it is said to be, and lies above the bin below it. */
static void test_bins(void)
{
    const double floor = 0.25;
    int32_t before = ost_summary_bin(-1e9, floor);
    for (int i = -4000; i <= 4000; i++) {
        const double x = (i < 0 ? -1 : 1) * (exp(abs(i) / 200.0) - 1) * 1e-2;
        const int32_t bin = ost_summary_bin(x, floor);
        double lower, upper, above, unused;
        ost_summary_ends(bin, floor, &lower, &upper);
        ost_summary_ends(bin + 1, floor, &above, &unused);
        CU_ASSERT(bin >= before);
        CU_ASSERT(x == 0 ? lower == 0 && upper == 0 : lower <= x && x <= upper);
        CU_ASSERT(upper - lower <= fmax(fabs(x), floor) / OST_SUMMARY_BINS * (1 + 1e-12));
        CU_ASSERT_EQUAL(above, upper);
        CU_ASSERT_EQUAL(ost_summary_bin(-x, floor), -bin);
        before = bin;
    }
    CU_ASSERT_EQUAL(ost_summary_floor(0), 1);
    CU_ASSERT_EQUAL(ost_summary_floor(0.9), ldexp(1, -10));
    CU_ASSERT_EQUAL(ost_summary_floor(3), ldexp(1, -8));
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Values of several shapes: of one sign, of both, heavy tails, mostly zero, all the same. */
static double value_of(int shape, uint64_t i)
{
    const double z = ost_random_normal(7, i, (uint32_t) shape + 1, 0);
    return shape == 0   ? 0.9 + 0.1 * z
           : shape == 1 ? z
           : shape == 2 ? exp(3 * z) - 1
           : shape == 3 ? fmax(0, z - 1)
                        : 4.2;
}

static void test_quantiles(void)
{
    double x[N], sorted[N];
    for (int shape = 0; shape < 5; shape++) {
        ost_summary_t self = { 0 }, other = { 0 };
        double largest = 0;
        for (size_t i = 0; i < N; i++) x[i] = value_of(shape, i);
        for (size_t i = 0; i < BLOCK; i++) largest = fmax(largest, fabs(x[i]));
        const double floor = ost_summary_floor(largest);
        for (size_t i = 0; i < N; i += BLOCK) CU_ASSERT_EQUAL(ost_summary_add(&self, x + i, BLOCK, floor, NULL), 0);
        for (size_t i = N; i > 0; i -= BLOCK)
            CU_ASSERT_EQUAL(ost_summary_add(&other, x + i - BLOCK, BLOCK, floor, NULL), 0);
        memcpy(sorted, x, sizeof(x));
        qsort(sorted, N, sizeof(*sorted), compare);
        CU_ASSERT_EQUAL(self.n, N);
        for (double p = 0; p <= 1; p += 0.005) {
            const double exact = ost_quantile(sorted, N, p), found = ost_summary_quantile(&self, floor, p);
            CU_ASSERT(fabs(found - exact) <= fmax(fmax(fabs(exact), fabs(found)), floor) / OST_SUMMARY_BINS);
            CU_ASSERT_EQUAL(found, ost_summary_quantile(&other, floor, p)); /* in any order */
            if (shape == 4) CU_ASSERT_EQUAL(found, 4.2);
        }
        if (shape == 3) CU_ASSERT_EQUAL(ost_summary_quantile(&self, floor, 0.5), 0);
        ost_summary_free(&self);
        ost_summary_free(&other);
    }
}

/* Of values whose mean is far above their differences; of few; of none. */
static void test_moments(void)
{
    ost_summary_t self = { 0 };
    long double sum = 0, squares = 0;
    double x[N];
    for (size_t i = 0; i < N; i++) x[i] = 1e6 + value_of(1, i);
    for (size_t i = 0; i < N; i++) sum += x[i];
    for (size_t i = 0; i < N; i++) squares += (x[i] - sum / N) * (x[i] - sum / N);
    CU_ASSERT_TRUE(isnan(ost_summary_quantile(&self, 1, 0.5)) && isnan(ost_summary_sd(&self)));
    for (size_t i = 0; i < N; i += BLOCK) CU_ASSERT_EQUAL(ost_summary_add(&self, x + i, BLOCK, 1024, NULL), 0);
    ost_assert_close(self.mean, (double) (sum / N), 1e-15, 0);
    ost_assert_close(ost_summary_sd(&self), (double) sqrtl(squares / (N - 1)), 1e-10, 0);
    ost_summary_free(&self);
    const double few[] = { NAN, 3, -INFINITY, 3, NAN };
    CU_ASSERT_EQUAL(ost_summary_add(&self, few, 5, 1, NULL), 0);
    CU_ASSERT(self.n == 2 && self.mean == 3 && ost_summary_sd(&self) == 0);
    CU_ASSERT_EQUAL(ost_summary_quantile(&self, 1, 0.05), 3);
    ost_summary_free(&self);
}

/* Values beyond the octaves are counted, in memory that has a bound. */
static void test_beyond(void)
{
    ost_summary_t self = { 0 };
    const double x[] = { -1e300, -1, 0, 1, 1e300 };
    CU_ASSERT_EQUAL(ost_summary_add(&self, x, 5, 1, NULL), 0);
    CU_ASSERT_EQUAL(ost_summary_quantile(&self, 1, 0.5), 0);
    CU_ASSERT_EQUAL(ost_summary_quantile(&self, 1, 1), INFINITY);
    CU_ASSERT_EQUAL(ost_summary_quantile(&self, 1, 0), -INFINITY);
    CU_ASSERT(self.n_bins < 2 * OST_SUMMARY_BINS * (OST_SUMMARY_OCTAVES + 2));
    ost_summary_free(&self);
}

static const ost_test_t tests[] = {
    { "bins", test_bins },
    { "quantiles", test_quantiles },
    { "moments", test_moments },
    { "beyond", test_beyond },
};

OST_TEST_MAIN("summary", tests)
