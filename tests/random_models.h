/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of random models that change in time on their own, or turn by conditions on states. */
#ifndef RANDOM_MODELS_H
#define RANDOM_MODELS_H

#include "small_models.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 8192 };

/* Random models of two amounts, driven by what changes in time and by conditions on states. `narrowest` is the width of
 * their shortest feature, d.
 */
typedef struct {
    uint64_t state;
    char text[MAX_TEXT];
    size_t length;
    double span, narrowest;
    bool switched; /* conditions on states; the output `mismatch` is 0 where they are as they are evaluated there */
} generator_t;

static double uniform(generator_t *self, double low, double high)
{
    self->state += 0x9e3779b97f4a7c15u;
    uint64_t z = (self->state ^ (self->state >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return low + (high - low) * (double) ((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static unsigned below(generator_t *self, unsigned n)
{
    return (unsigned) uniform(self, 0, n);
}

static void put(generator_t *self, const char *format, ...) OST_PRINTF(2, 3);
static void put(generator_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    self->length += (size_t) vsnprintf(self->text + self->length, MAX_TEXT - self->length, format, args);
    va_end(args);
    CU_ASSERT_FATAL(self->length < MAX_TEXT);
}

/* When, in one of the forms in which a time may be written; x is time in days without a unit. */
static const char *clock_of(generator_t *self)
{
    static const char *const clocks[] = { "x", "(time/1 [d])", "(2*x - x)", "(late - 7)", "(48*hours/2)" };
    return clocks[below(self, COUNT(clocks))];
}

/* One term that rises to `a` for about `w` days after day `c`. */
static void put_term(generator_t *self)
{
    double w = pow(10, uniform(self, -2, 0.5)), c = uniform(self, 0.05, 0.9) * self->span, a = 1 / w;
    const char *x = clock_of(self), *y = clock_of(self);
    double end = c + w, s;
    if (w < self->narrowest) self->narrowest = w;
    switch (below(self, 14)) {
    case 0:
        put(self, "%.6g*(if %s >= %.9g and %s < %.9g then 1 else 0)", a, x, c, y, end);
        break;
    case 1:
        put(self, "%.6g*(if not (%s < %.9g or %s >= %.9g) then 1 else 0)", a, x, c, y, end);
        break;
    case 2:
        put(self, "(if %s > %.9g then (if %s > %.9g then 0.01 else %.6g) else 0)", x, c, y, end, a);
        break;
    case 3:
        put(self, "%.6g*table(%s; %.9g: 0, %.9g: 1, %.9g: 1, %.9g: 0)", a, x, c, c + w / 4, c + w / 2, end);
        self->narrowest = fmin(self->narrowest, w / 4);
        break;
    case 4:
        put(self, "%.6g*table(%.9g - %s; 0: 0, %.9g: 1, %.9g: 0)", a, end, x, w / 3, w);
        self->narrowest = fmin(self->narrowest, w / 3);
        break;
    case 5:
        put(self, "%.6g*max(0, min(%s - %.9g, %.9g - %s))", a / w, x, c, end, y);
        break;
    case 6:
        put(self, "%.6g*max(0, %.9g - abs(%s - %.9g))", a / w, w, x, c + w);
        break;
    case 7:
        put(self, "%.6g*exp(-((%s - %.9g)/%.9g)^2)", a, x, c, w);
        break;
    case 8: /* not so steep that exp() overflows at time 0 */
        s = fmax(w / 2, c / 600);
        put(self, "%.6g*(1/(1 + exp((%.9g - %s)/%.9g)) - 1/(1 + exp((%.9g - %s)/%.9g)))", 1 / s, c, x, s, c + 3 * s, y,
            s);
        self->narrowest = fmin(self->narrowest, s);
        break;
    case 9:
        put(self, "%.6g*hill(max(%s - %.9g, 0), %.9g, 2)*(1 - hill(max(%s - %.9g, 0), %.9g, 3))", a, x, c, w, y, c, w);
        break;
    case 10:
        put(self, "%.6g*(if (%s - %.9g)^2 < %.9g then 1 else 0)", a, x, end, w * w / 4);
        break;
    case 11:
        put(self, "%.6g*max(0, min(%s - %.9g, %.9g - %s))^1.5", a / pow(w, 1.5), x, c, end, y);
        break;
    case 12:
        put(self, "%.6g/(1 + ((%s - %.9g)/%.9g)^4)", a, x, c, w);
        break;
    default:
        put(self, "%.6g*table(%s; %.9g: 0, %.9g: 1)*(if %s <= %.9g then 1 else 0)", a, x, c, end, y, end);
        break;
    }
}

/* Put an expression in the states X and Q whose bends are about the time c. @return its value then
 */
static double put_bent(generator_t *self, unsigned depth, double c, double w)
{
    double off = below(self, 2) * uniform(self, -2, 2) * w, at = uniform(self, -5, 5), first, second;
    unsigned form = depth == 0 ? below(self, 2) : below(self, 9);
    static const char *const open[] = { "(X", "(%.9g*Q", "(0.7*", "(", "abs(", "max(", "min(", "sqrt((", "table(" };
    put(self, open[form], 1.3 * self->span / c); /* Q is t^2/2/span, so that this rises by 1.3 a day then */
    if (form < 2) {
        put(self, " - %.9g)", at);
        return (form == 0 ? c : 0.65 * c) - at;
    }
    first = put_bent(self, depth - 1, c, w);
    if (form == 2) {
        put(self, ")");
        return 0.7 * first;
    } else if (form == 3) {
        put(self, " - %.6g*", at);
        second = put_bent(self, depth - 1, c, w);
        put(self, "/10)");
        return first - at * second / 10;
    } else if (form == 4) {
        put(self, " - %.9g)", first + off);
        return fabs(off);
    } else if (form == 5 || form == 6) {
        put(self, " - %.9g, %.9g - ", first, off);
        second = put_bent(self, depth - 1, c, w);
        put(self, " + %.9g)", second);
        return form == 5 ? fmax(0, off) : fmin(0, off);
    } else if (form == 7) {
        put(self, " - %.9g)^2)", first + off);
        return fabs(off);
    }
    put(self, " - %.9g; %.9g: 0, 0: %.9g, %.9g: %.9g)", first, -2 * w, w, w, -w);
    return w;
}

/* A condition on states that turns about the time c. */
static void put_condition(generator_t *self, double c, double w)
{
    static const char *const signs[] = { " < ", " <= ", " > ", " >= " };
    unsigned sign = below(self, COUNT(signs));
    put(self, "%s", below(self, 4) == 0 ? "not " : "");
    double value = put_bent(self, 1 + below(self, 4), c, w);
    put(self, "%s%.9g", signs[sign], sign < 2 ? value + w : value - w);
}

/* States about which conditions turn, and f that they switch on and off. */
static void put_switched(generator_t *self)
{
    put(self, "state X = 0 [1] scale 1 \"clock\"\nstate Q = 0 [1] scale 1 \"square\"\n");
    put(self, "X' = 1 [1/d]\nQ' = X/%.9g [d]\noutput both [1] = X + Q \"both\"\nlet g = ", self->span);
    size_t begin = self->length;
    for (unsigned i = 0, n = 1 + below(self, 2); i < n; i++) {
        double w = pow(10, uniform(self, -2, 0.5)), c = uniform(self, 0.05, 0.9) * self->span;
        self->narrowest = fmin(self->narrowest, w / 4);
        put(self, "%s%.6g*(if ", i > 0 ? " + " : "", fmin(2, 1 / w));
        put_condition(self, c, w);
        put(self, "%s", below(self, 2) ? " and " : " or ");
        put_condition(self, c, w);
        put(self, " then 1 else 0)");
    }
    int length = (int) (self->length - begin);
    char text[MAX_TEXT];
    snprintf(text, sizeof(text), "%.*s", length, self->text + begin);
    put(self, "\noutput mismatch [1] = abs(g - (%s)) \"0\"\nlet f = g", text);
    self->switched = true;
}

static void put_forcing(generator_t *self)
{
    unsigned n = 1 + below(self, 3);
    put(self, "(");
    for (unsigned i = 0; i < n; i++) {
        if (i > 0) put(self, " + ");
        put_term(self);
    }
    put(self, ")");
}

/* A model; every second one reads its forcing as a signal of a model before it. @return whether it does */
static bool generate(generator_t *self, uint64_t seed, char driver[MAX_TEXT])
{
    static const char lets[] = "let x = time/1 [d]\nlet hours = time/24 [d]\nlet late = 7 + x + 0*(hours + late0)\n";
    *self = (generator_t){ .state = seed, .narrowest = INFINITY };
    bool reads = below(self, 2) == 0;
    self->span = uniform(self, 10, 60);
    if (reads) {
        put(self, "model m0 \"drives\"\nkind other\nparam late0 = 1 [1] \"none\" @ \"assumed: test\"\n%sdrives load = ",
            lets);
        put_forcing(self);
        put(self, "\noutput it [1] = late \"it\"\n");
        memcpy(driver, self->text, self->length + 1);
        self->length = 0;
    }
    put(self, "model m%d \"forced\"\nkind other\n%s", reads, reads ? "reads load\n" : "");
    put(self, "param k = %.4g [1/d] \"loss\" @ \"assumed: test\"\n", uniform(self, 0.005, 0.5));
    put(self, "param late0 = 1 [1] \"none\" @ \"assumed: test\"\n%s", lets);
    put(self, "state B = %.4g [1] scale 1 \"amount\"\nstate C = 1 [1] scale 1 \"share\"\n", uniform(self, 0, 0.5));
    if (below(self, 3) == 0) {
        put_switched(self);
    } else {
        put(self, "let f = ");
        put_forcing(self);
    }
    put(self, "%s\n", reads ? (below(self, 2) ? " + load" : " + load*(if load > 0.1 then 1 else 0)") : "");
    static const char *const first[] = { "f*1 [1/d] - k*B", "f*1 [1/d] - k*B/(1 + B)", "f*C*1 [1/d] - k*B" };
    static const char *const second[] = { "k*(1 - C) - 0.2*f*1 [1/d]*C", "k*(1 - C) + 0.1*k*hill(B, 1, 2)",
        "0.3*f*1 [1/d]*(2 - C) - k*C" };
    put(self, "B' = %s\n", first[below(self, COUNT(first))]);
    put(self, "C' = %s\n", second[below(self, COUNT(second))]);
    put(self, "output amount [1] = B \"amount\"\noutput share [1] = C + 0*late \"share\"\n");
    return reads;
}

#endif
