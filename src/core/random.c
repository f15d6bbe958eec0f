/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/random.h"

#include <math.h>

void ost_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = UINT64_C(0xD2511F53) * c0, b = UINT64_C(0xCD9E8D57) * c2;
        c0 = (uint32_t) (b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t) b;
        c2 = (uint32_t) (a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t) a;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint32_t ost_random_purpose(const char *name)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *name != '\0'; name++) hash = (hash ^ (unsigned char) *name) * UINT32_C(16777619);
    return hash;
}

double ost_random_uniform(uint64_t seed, uint64_t subject, uint32_t purpose, uint32_t draw)
{
    const uint32_t counter[4] = { (uint32_t) subject, (uint32_t) (subject >> 32), purpose, draw };
    const uint32_t key[2] = { (uint32_t) seed, (uint32_t) (seed >> 32) };
    uint32_t bits[4];
    ost_philox4x32(counter, key, bits);
    uint64_t high = ((uint64_t) bits[1] << 32 | bits[0]) >> 12;
    return ((double) high + 0.5) * 0x1p-52; /* the middle of each of 2^52 cells: exact, never 0 or 1 */
}

/* A Feistel network of eight rounds on the smallest even number of bits that holds n, walked until it falls inside:
 * Black & Rogaway 2002, doi:10.1007/3-540-45760-7_9. */
uint64_t ost_random_permutation(uint64_t seed, uint32_t purpose, uint64_t i, uint64_t n)
{
    const uint32_t key[2] = { (uint32_t) seed, (uint32_t) (seed >> 32) };
    unsigned half = 1;
    while (half < 32 && UINT64_C(1) << 2 * half < n) half++;
    const uint64_t mask = (UINT64_C(1) << half) - 1;
    do {
        uint64_t left = i >> half, right = i & mask;
        for (uint32_t round = 0; round < 8; round++) {
            const uint32_t counter[4] = { (uint32_t) right, 0, purpose, UINT32_C(0x80000000) + round };
            uint32_t bits[4];
            ost_philox4x32(counter, key, bits);
            uint64_t next = left ^ (bits[0] & mask);
            left = right;
            right = next;
        }
        i = left << half | right;
    } while (i >= n);
    return i;
}

double ost_random_normal(uint64_t seed, uint64_t subject, uint32_t purpose, uint32_t draw)
{
    return ost_normal_quantile(ost_random_uniform(seed, subject, purpose, draw));
}

static inline double horner8(const double c[8], double x)
{
    double sum = c[7];
    for (int i = 6; i >= 0; i--) sum = sum * x + c[i];
    return sum;
}

/* Coefficients, numerator then denominator, of Wichura's three ranges; doi:10.2307/2347330, PPND16. */
static const double central[2][8] = {
    { 3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
        4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3 },
    { 1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
        3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3 },
};
static const double middle[2][8] = {
    { 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
        1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4 },
    { 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
        1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9 },
};
static const double tail[2][8] = {
    { 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7 },
    { 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
        1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15 },
};

/* At p = 0.5 + q, |q| <= CENTRAL. */
#define CENTRAL 0.425
static inline double central_quantile(double q)
{
    double r = 0.180625 - q * q;
    return q * horner8(central[0], r) / horner8(central[1], r);
}

double ost_normal_quantile(double p)
{
    if (!(p > 0 && p < 1)) return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
    double q = p - 0.5;
    if (fabs(q) <= CENTRAL) return central_quantile(q);
    double r = sqrt(-log(q < 0 ? p : 1 - p));
    const double(*c)[8] = r <= 5 ? middle : tail;
    double x = r - (r <= 5 ? 1.6 : 5);
    return copysign(horner8(c[0], x) / horner8(c[1], x), q);
}

void ost_normal_quantiles(const double *restrict p, double *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++) z[i] = central_quantile(p[i] - 0.5); /* side by side, without branches */
    for (size_t i = 0; i < n; i++)
        if (!(fabs(p[i] - 0.5) <= CENTRAL)) z[i] = ost_normal_quantile(p[i]);
}

double ost_normal_cdf(double z)
{
    return 0.5 * erfc(-z * 0.70710678118654752440);
}
