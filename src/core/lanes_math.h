/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp and log over lanes; lanes.h includes this file and says what they promise. Vector arithmetic without
 * branches, so each lane depends on its own number alone. The polynomials are near-minimax fits made for the reduced
 * ranges. */
#ifndef OST_CORE_LANES_MATH_H
#define OST_CORE_LANES_MATH_H

#if defined(__AVX512F__) && OST_LANES == 8
#include "core/lanes_math_avx512.h"
#else

/* x = k ln2 + r with |r| <= ln2/2, then 2 e^r times 2^(k-1), whose exponent is what a sum leaves in its last bits that
 * has none for a fraction. That of `most` where x is larger; 0 far below 0. */
static inline ost_reg ost_reg_exp_to(ost_reg x, double most)
{
    const ost_reg zero = { 0 };
    const double round = 0x1.8p52 + 1022;
    x = ost_reg_min(zero + most, ost_reg_max(zero - 708.7, x));
    ost_reg shifted = x * 0x1.71547652b82fep0 + round;
    ost_reg k = shifted - round;
    ost_reg r = (x - k * 0x1.62e42fefp-1) - k * 0x1.473de6af278edp-34;
    ost_reg r2 = r * r, r4 = r2 * r2;
    ost_reg low = (1.0 + r * 0x1.5555555555555p-2) + r2 * (0x1.5555555554cb7p-4 + r * 0x1.1111111110e6ap-6);
    ost_reg high =
        (0x1.6c16c1738ff55p-9 + r * 0x1.a01a01a4b322fp-12) + r2 * (0x1.a019c9a5652d3p-15 + r * 0x1.71de17e40edfep-18);
    high += r4 * (0x1.2880411bad1aap-21 + r * 0x1.af236aac51d05p-25);
    ost_reg y = 2.0 + (2.0 * r + r2 * (low + r4 * high));
    return y * (ost_reg) ((ost_reg_bits) shifted << 52);
}

/* log(x 2^scale) of a normal number x. x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); log(1 + f) = 2 atanh(s) with
 * s = f/(2 + f), summed so that the leading f stays exact. */
static inline ost_reg ost_reg_log_normal(ost_reg x, ost_reg scale)
{
    const uint64_t sqrt_half = UINT64_C(0x3fe6a09e667f3bcd), one = UINT64_C(0x3ff0000000000000);
    ost_reg_bits bits = (ost_reg_bits) x + (one - sqrt_half);
    ost_reg k = (ost_reg) ((bits >> 52) | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023 - scale);
    ost_reg f = (ost_reg) ((bits & UINT64_C(0x000fffffffffffff)) + sqrt_half) - 1.0;
    ost_reg s = f / (2.0 + f), w = s * s, w2 = w * w, half_f2 = 0.5 * f * f;
    ost_reg low = w * (0x1.5555555555558p-1 + w * 0x1.99999999952d7p-2);
    ost_reg high = (0x1.2492492df281ap-2 + w * 0x1.c71c62e3f11e6p-3) +
                   w2 * ((0x1.7462b51cb66b1p-3 + w * 0x1.39fe51a7c18f9p-3) + w2 * 0x1.2b5900de53b32p-3);
    ost_reg rest = s * (half_f2 + (low + w * w2 * high)) + k * 0x1.473de6af278edp-34;
    return k * 0x1.62e42fefp-1 - ((half_f2 - rest) - f);
}

static inline ost_reg ost_reg_log(ost_reg x)
{
    const ost_reg zero = { 0 };
    ost_reg_mask tiny = x < 0x1p-1022;
    ost_reg y = ost_reg_log_normal(ost_reg_blend(tiny, x * 0x1p54, x), ost_reg_blend(tiny, zero - 54.0, zero));
    y = ost_reg_blend(x < INFINITY, y, x);
    ost_reg outside = ost_reg_blend(x == 0.0, (ost_reg){ 0 } - INFINITY, (ost_reg){ 0 } + NAN);
    return ost_reg_blend(x > 0.0, y, outside);
}

/* log x, but `least` where x < 2^-1022 or not a number: the log for powers, without cases that do not
 * matter there. least < -709; where x is infinite, about 709.8. */
static inline ost_reg ost_reg_log_from(ost_reg x, ost_reg least)
{
    return ost_reg_blend(x >= 0x1p-1022, ost_reg_log_normal(x, (ost_reg){ 0 }), least);
}

#endif

static inline ost_reg ost_reg_exp(ost_reg x)
{
    return ost_reg_exp_to(x, 710.0);
}

/* exp of models, finite so that 0 times it is 0: the largest number, to 4e-13 of it, where exp x is larger. */
static inline ost_reg ost_reg_exp_finite(ost_reg x)
{
    return ost_reg_exp_to(x, 709.7827128933836);
}

#ifdef __clang__ /* which makes no copy of a function for a constant argument */
#define OST_ONCE __attribute__((noinline, unused))
#else
#define OST_ONCE __attribute__((noinline, noclone, unused))
#endif

/* Those of n registers, in place, by a short loop: the processor works on several of its turns at once. */
static OST_ONCE void ost_reg_exp_finite_each(ost_reg *x, size_t n)
{
#pragma GCC unroll 1
    for (size_t i = 0; i < n; i++) x[i] = ost_reg_exp_finite(x[i]);
}
static OST_ONCE void ost_reg_log_from_each(ost_reg *x, size_t n, ost_reg least)
{
#pragma GCC unroll 1
    for (size_t i = 0; i < n; i++) x[i] = ost_reg_log_from(x[i], least);
}

static inline ost_v ost_v_exp(ost_v a)
{
    OST_EACH_REG_OF(ost_reg_exp(x));
}
static inline ost_v ost_v_log(ost_v a)
{
    OST_EACH_REG_OF(ost_reg_log(x));
}

#endif
