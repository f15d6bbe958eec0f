/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp and log for AVX-512, whose instructions split a number into exponent and fraction, scale by powers of 2 and look
 * up 16 numbers held in registers, special cases included. lanes_math.h includes this file and lanes.h says what the
 * functions promise. */
#ifndef OST_CORE_LANES_MATH_AVX512_H
#define OST_CORE_LANES_MATH_AVX512_H

/* The entry of a table of 16 that the low four bits of each place name. */
static inline ost_reg ost_reg_look_up(const double table[16], __m512i location)
{
    return _mm512_permutex2var_pd(_mm512_load_pd(table), location, _mm512_load_pd(table + 8));
}

/* x = (16 k + i) ln2/16 + r with |r| <= ln2/32, then 2^k 2^(i/16) e^r; 0 below the bounds. */
static inline ost_reg ost_reg_exp_to(ost_reg x, double most)
{
    static const double power[16] __attribute__((aligned(64))) = { 1.0, 0x1.0b5586cf9890fp0, 0x1.172b83c7d517bp0,
        0x1.2387a6e756238p0, 0x1.306fe0a31b715p0, 0x1.3dea64c123422p0, 0x1.4bfdad5362a27p0, 0x1.5ab07dd485429p0,
        0x1.6a09e667f3bcdp0, 0x1.7a11473eb0187p0, 0x1.8ace5422aa0dbp0, 0x1.9c49182a3f090p0, 0x1.ae89f995ad3adp0,
        0x1.c199bdd85529cp0, 0x1.d5818dcfba487p0, 0x1.ea4afa2a490dap0 };
    const ost_reg zero = { 0 }, round = zero + 0x1.8p52;
    /* Less is 0 at once: to make a subnormal number takes the processor thirty times as long. Not a number passes. */
    const __mmask8 normal = _mm512_cmp_pd_mask(x, zero - 708.0, _CMP_NLT_UQ);
    x = ost_reg_min(zero + most, x);
    ost_reg shifted = _mm512_fmadd_pd(x, zero + 0x1.71547652b82fep4, round), n = shifted - round;
    ost_reg r = _mm512_fnmadd_pd(n, zero + 0x1.62e42fefa39efp-5, x);
    r = _mm512_fnmadd_pd(n, zero + 0x1.abc9e3b39803fp-60, r);
    ost_reg r2 = r * r, low = 0.5 + r * 0x1.55555554dd388p-3;
    ost_reg high = (0x1.555555551946fp-5 + r * 0x1.11120b03cd855p-7) + r2 * 0x1.6c17bb5ebddb4p-10;
    ost_reg t = ost_reg_look_up(power, (__m512i) shifted);
    return _mm512_maskz_scalef_pd(normal, t + t * (r + r2 * (low + r2 * high)), n * 0.0625);
}

/* x = 2^k m with m in [3/4, 3/2) and m c = 1 + f, where c stands in a table by the first bits of m: 1 where m is near
 * 1, elsewhere numbers whose logs are all but exact in a double. */
static inline ost_reg ost_reg_log(ost_reg x)
{
    static const double inverse[16] __attribute__((aligned(64))) = { 1.0, 0x1.d41d3b5p-1, 0x1.bacf5418p-1,
        0x1.a41a18bp-1, 0x1.8f9c23b8p-1, 0x1.7d05f6c8p-1, 0x1.6c16fa58p-1, 0x1.5c98d89p-1, 0x1.4e5e155cp0,
        0x1.41414968p0, 0x1.3521e74p0, 0x1.29e3e464p0, 0x1.1f70544cp0, 0x1.15b202c8p0, 0x1.0c970038p0, 1.0 };
    static const double minus_log[16] __attribute__((aligned(64))) = { 0.0, 0x1.6f0d61b2571a5p-4, 0x1.29564a9312e22p-3,
        0x1.952671754f268p-3, 0x1.fb914fc6e4a02p-3, 0x1.2e8e247491d99p-2, 0x1.5d1b3bde0d205p-2, 0x1.89a23c4533314p-2,
        -0x1.1179098c3dbc3p-2, -0x1.d103b31d553efp-3, -0x1.823cb25d144a8p-3, -0x1.365e8d30c0588p-3,
        -0x1.da73277340949p-4, -0x1.4d32bed7f1ddap-4, -0x1.894827f5e2b8fp-5, 0.0 };
    const ost_reg one = (ost_reg){ 0 } + 1.0;
    ost_reg m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan), k = _mm512_getexp_pd(x);
    k = _mm512_mask_add_pd(k, _mm512_cmp_pd_mask(m, one, _CMP_LT_OQ), k, one);
    __m512i location = _mm512_srli_epi64((__m512i) m, 48);
    ost_reg f = _mm512_fmsub_pd(m, ost_reg_look_up(inverse, location), one), f2 = f * f;
    ost_reg low =
        (0x1.555555555564dp-2 - f * 0x1.0000000005f45p-2) + f2 * (0x1.9999999237dfep-3 - f * 0x1.555554229cb9dp-3);
    ost_reg high =
        (0x1.249285934769dp-3 - f * 0x1.00091ee40c41fp-3) + f2 * (0x1.c678694f42306p-4 - f * 0x1.700f7d47db8f1p-4);
    ost_reg rest = f * (low + f2 * f2 * high) - 0.5;
    ost_reg small = f + (f2 * rest + k * 0x1.abc9e3b39803fp-56);
    const ost_reg ln2 = (ost_reg){ 0 } + 0x1.62e42fefa39efp-1;
    return _mm512_fmadd_pd(k, ln2, ost_reg_look_up(minus_log, location)) + small;
}

static inline ost_reg ost_reg_log_from(ost_reg x, ost_reg least)
{
    return ost_reg_max(ost_reg_log(ost_reg_min((ost_reg){ 0 } + DBL_MAX, x)), least);
}

#endif
