/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanes: OST_LANES subjects side by side in one vector. Every array of the engine is [n][OST_LANES] doubles, 64-byte
 * aligned. Files named *_lanes.c hold the arithmetic over lanes; they are compiled once per instruction set, with
 * OST_ISA naming it, and every external symbol in them goes through OST_LANE_FN so that the builds stand side by side.
 * The choice is made once, when the program starts (isa.h). */
#ifndef OST_CORE_LANES_H
#define OST_CORE_LANES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OST_LANES 8

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
    return (ost_v){ a, a, a, a, a, a, a, a };
}
/* m ? a : b, lane by lane */
static inline ost_v ost_v_blend(ost_mask m, ost_v a, ost_v b)
{
    return (ost_v) (((ost_mask) a & m) | ((ost_mask) b & ~m));
}
static inline ost_v ost_v_min(ost_v a, ost_v b)
{
    return ost_v_blend(a < b, a, b);
}
static inline ost_v ost_v_max(ost_v a, ost_v b)
{
    return ost_v_blend(a > b, a, b);
}
static inline ost_v ost_v_abs(ost_v a)
{
    return (ost_v) ((ost_mask) a & INT64_MAX);
}
static inline ost_v ost_v_sqrt(ost_v a)
{
    ost_v r;
    for (int i = 0; i < OST_LANES; i++) r[i] = sqrt(a[i]);
    return r;
}
static inline bool ost_mask_any(ost_mask m)
{
    int64_t any = 0;
    for (int i = 0; i < OST_LANES; i++) any |= m[i];
    return any != 0;
}

/* exp and log by argument reduction and polynomial; at most 2 units in the last place, the same for every lane.
 * exp(-inf) = 0, exp(inf) = inf, log(0) = -inf, log(x < 0) = NaN, NaN passes through. Subnormal results are flushed to
 * 0. */
#include "core/lanes_math.h"

#endif
