/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanes: OST_LANES subjects side by side in one vector. Every array of the engine is [n][OST_LANES] doubles, 64-byte
 * aligned. Files named *_lanes.c hold the arithmetic over lanes; they are compiled once per instruction set, with
 * OST_ISA naming it, and every external symbol in them goes through OST_LANE_FN so that the builds stand side by side.
 * The choice is made once, when the program starts (isa.h). */
#ifndef OST_CORE_LANES_H
#define OST_CORE_LANES_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* 8, but for builds of their own: 1 works on one subject at a time, as the benches' peers do, 2 is a register of
 * WebAssembly. */
#ifndef OST_LANE_COUNT
#define OST_LANE_COUNT 8
#endif
#define OST_LANES OST_LANE_COUNT

#ifndef OST_ISA
#define OST_ISA base
#endif
#define OST_PASTE2(a, b) a##_##b
#define OST_PASTE(a, b) OST_PASTE2(a, b)
#define OST_LANE_FN(name) OST_PASTE(name, OST_ISA)

typedef double ost_v __attribute__((vector_size(8 * OST_LANES)));
typedef int64_t ost_mask __attribute__((vector_size(8 * OST_LANES))); /* 0 or -1 in each lane */

/* One lane row; `ost_v` itself may alias double arrays that are 64-byte aligned. */
typedef ost_v __attribute__((may_alias)) ost_row;

static inline ost_v ost_v_load(const double *p)
{
    return *(const ost_row *) p;
}
static inline void ost_v_store(double *p, ost_v a)
{
    *(ost_row *) p = a;
}
static inline ost_v ost_v_splat(double a)
{
    return a - (ost_v){ 0 }; /* of every a, also -0, and compiles to a copy */
}

/* The same lanes as registers of the instruction set. Sums and products of whole vectors need no help, but gcc 12
 * compares and converts vectors wider than a register lane by lane: so compare with ost_v_lt and its like, not with
 * `<`. */
#if OST_LANES == 1
#define OST_REG_LANES 1
#elif defined(__AVX512F__)
#define OST_REG_LANES 8
#define OST_REG_OP(name) _mm512_##name##_pd
#elif defined(__AVX__)
#define OST_REG_LANES 4
#define OST_REG_OP(name) _mm256_##name##_pd
#else
#define OST_REG_LANES 2
#if defined(__SSE2__)
#define OST_REG_OP(name) _mm_##name##_pd
#endif
#endif
typedef double ost_reg __attribute__((vector_size(8 * OST_REG_LANES)));
typedef int64_t ost_reg_mask __attribute__((vector_size(8 * OST_REG_LANES)));
typedef uint64_t ost_reg_bits __attribute__((vector_size(8 * OST_REG_LANES)));

/* Register q of a row. */
#define OST_N_REGS (OST_LANES / OST_REG_LANES)
static inline ost_reg ost_reg_load(const double *row, int q)
{
    typedef ost_reg __attribute__((may_alias)) aliased;
    return *(const aliased *) (row + q * OST_REG_LANES);
}
static inline void ost_reg_store(double *row, int q, ost_reg a)
{
    typedef ost_reg __attribute__((may_alias)) aliased;
    *(aliased *) (row + q * OST_REG_LANES) = a;
}
static inline ost_reg ost_reg_splat(double a)
{
    return (ost_reg){ 0 } + a;
}

static inline ost_reg ost_reg_blend(ost_reg_mask m, ost_reg a, ost_reg b)
{
    return (ost_reg) (((ost_reg_mask) a & m) | ((ost_reg_mask) b & ~m));
}
/* a < b ? a : b and a > b ? a : b, so b where either is not a number */
static inline ost_reg ost_reg_min(ost_reg a, ost_reg b)
{
#if defined(OST_REG_OP)
    return OST_REG_OP(min)(a, b);
#else
    return ost_reg_blend(a < b, a, b);
#endif
}
static inline ost_reg ost_reg_max(ost_reg a, ost_reg b)
{
#if defined(OST_REG_OP)
    return OST_REG_OP(max)(a, b);
#else
    return ost_reg_blend(a > b, a, b);
#endif
}
static inline ost_reg ost_reg_abs(ost_reg a)
{
    return (ost_reg) ((ost_reg_mask) a & INT64_MAX);
}
static inline ost_reg ost_reg_sqrt(ost_reg a) /* a vector instruction with -fno-math-errno */
{
    for (int i = 0; i < OST_REG_LANES; i++) a[i] = sqrt(a[i]);
    return a;
}

/* Register q of a mask. */
static inline ost_reg_mask ost_mask_reg(const ost_mask *m, int q)
{
    typedef ost_reg_mask __attribute__((may_alias)) aliased;
    return ((const aliased *) m)[q];
}
static inline void ost_mask_set_reg(ost_mask *m, int q, ost_reg_mask a)
{
    typedef ost_reg_mask __attribute__((may_alias)) aliased;
    ((aliased *) m)[q] = a;
}

/* A vector or mask from what `value` is of the registers x, y of a, b. */
#define OST_EACH_REG(type, set, value)                                                                                 \
    type result;                                                                                                       \
    for (int q = 0; q < OST_N_REGS; q++) {                                                                             \
        const ost_reg x = ost_reg_load((const double *) &a, q), y = ost_reg_load((const double *) &b, q);              \
        set(&result, q, value);                                                                                        \
    }                                                                                                                  \
    return result
#define OST_SET_REG(v, q, value) ost_reg_store((double *) (v), q, value)

/* a < b, a <= b, a == b, lane by lane; false where either is not a number */
static inline ost_mask ost_v_lt(ost_v a, ost_v b)
{
    OST_EACH_REG(ost_mask, ost_mask_set_reg, x < y);
}
static inline ost_mask ost_v_le(ost_v a, ost_v b)
{
    OST_EACH_REG(ost_mask, ost_mask_set_reg, x <= y);
}
static inline ost_mask ost_v_eq(ost_v a, ost_v b)
{
    OST_EACH_REG(ost_mask, ost_mask_set_reg, x == y);
}
/* m ? a : b, lane by lane */
static inline ost_v ost_v_blend(ost_mask m, ost_v a, ost_v b)
{
    OST_EACH_REG(ost_v, OST_SET_REG, ost_reg_blend(ost_mask_reg(&m, q), x, y));
}
/* Put a into some lanes of a row. */
static inline void ost_v_put(double *p, ost_mask m, ost_v a)
{
    ost_v_store(p, ost_v_blend(m, a, ost_v_load(p)));
}
static inline ost_v ost_v_min(ost_v a, ost_v b)
{
    OST_EACH_REG(ost_v, OST_SET_REG, ost_reg_min(x, y));
}
static inline ost_v ost_v_max(ost_v a, ost_v b)
{
    OST_EACH_REG(ost_v, OST_SET_REG, ost_reg_max(x, y));
}
/* The same for functions of one. */
#define OST_EACH_REG_OF(value)                                                                                         \
    ost_v result;                                                                                                      \
    for (int q = 0; q < OST_N_REGS; q++) {                                                                             \
        const ost_reg x = ost_reg_load((const double *) &a, q);                                                        \
        ost_reg_store((double *) &result, q, value);                                                                   \
    }                                                                                                                  \
    return result
static inline ost_v ost_v_abs(ost_v a)
{
    OST_EACH_REG_OF(ost_reg_abs(x));
}
static inline ost_v ost_v_sqrt(ost_v a)
{
    OST_EACH_REG_OF(ost_reg_sqrt(x));
}
static inline bool ost_mask_any(ost_mask m)
{
    ost_reg_mask any = ost_mask_reg(&m, 0);
    for (int q = 1; q < OST_N_REGS; q++) any |= ost_mask_reg(&m, q);
#if OST_LANES > 1 && defined(__AVX512F__)
    return _mm512_test_epi64_mask((__m512i) any, (__m512i) any) != 0;
#elif OST_LANES > 1 && defined(__AVX__)
    return _mm256_testz_si256((__m256i) any, (__m256i) any) == 0;
#elif OST_LANES > 1 && defined(__SSE2__)
    return _mm_movemask_pd((__m128d) any) != 0;
#else
    int64_t bits = 0;
    for (int i = 0; i < OST_REG_LANES; i++) bits |= any[i];
    return bits != 0;
#endif
}

/* exp, log: at most 2 units in the last place. exp(-inf) = 0, exp(inf) = inf, log(0) = -inf, log(x < 0) = NaN, NaN
 * passes through, subnormal numbers are taken, results below 2^-1021 may be 0. */
#include "core/lanes_math.h"

#endif
