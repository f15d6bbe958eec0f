/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file range.h  Arithmetic on ranges of numbers: each result holds what any values of the operands give. */
#ifndef OST_LANG_RANGE_H
#define OST_LANG_RANGE_H

#include <math.h>
#include <stdbool.h>

/** Both ends included. */
typedef struct {
    double lo, hi;
} range_t;

static const range_t anything = { -INFINITY, INFINITY };

/* Inlined, unlike fmin() and fmax(). */
static inline double least(double a, double b)
{
    return a < b ? a : b;
}

static inline double most(double a, double b)
{
    return a > b ? a : b;
}

/* Nothing times infinity is nothing. */
static inline double times(double a, double b)
{
    return a == 0 || b == 0 ? 0 : a * b;
}

static inline range_t hull(double a, double b)
{
    return a <= b ? (range_t){ a, b } : b < a ? (range_t){ b, a } : anything; /* not a number */
}

static inline range_t union_of(range_t a, range_t b)
{
    return (range_t){ least(a.lo, b.lo), most(a.hi, b.hi) };
}

static inline range_t plus(range_t a, range_t b)
{
    return hull(a.lo + b.lo, a.hi + b.hi);
}

static inline range_t minus(range_t a, range_t b)
{
    return hull(a.lo - b.hi, a.hi - b.lo);
}

static inline range_t scaled(range_t a, double by)
{
    return hull(times(a.lo, by), times(a.hi, by));
}

static inline range_t product(range_t a, range_t b)
{
    if (a.lo == a.hi) return scaled(b, a.lo);
    if (b.lo == b.hi) return scaled(a, b.lo);
    return union_of(scaled(a, b.lo), scaled(a, b.hi));
}

static inline range_t inverse(range_t a)
{
    return a.lo > 0 || a.hi < 0 ? (range_t){ 1 / a.hi, 1 / a.lo } : anything;
}

static inline range_t both(range_t a, range_t b)
{
    double lo = most(a.lo, b.lo), hi = least(a.hi, b.hi);
    return lo <= hi ? (range_t){ lo, hi } : a;
}

static inline range_t exp_of(range_t a)
{
    return (range_t){ exp(a.lo), exp(a.hi) };
}

static inline range_t log_of(range_t a, double bottom)
{
    return (range_t){ a.lo > 0 ? most(log(a.lo), bottom) : bottom, a.hi > 0 ? most(log(a.hi), bottom) : bottom };
}

static inline bool is_bounded(range_t a)
{
    return a.lo > -INFINITY || a.hi < INFINITY;
}

static inline bool is_monotone(range_t slope)
{
    return slope.lo >= 0 || slope.hi <= 0;
}

#endif
