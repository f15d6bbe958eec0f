/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See special.h. */
#include "core/special.h"

#include <math.h>

enum { MOST_TERMS = 5000, MOST_STEPS = 200 };
static const double PRECISION = 1e-16, LEAST = 1e-300;

/* ln of the gamma function; lgamma() has a global for the sign. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* A continued fraction by Lentz's method, one term at a time: b + a/(b' + ...). */
typedef struct {
    double c, d, value;
} fraction_t;

static fraction_t begin_fraction(double b)
{
    b = b != 0 ? b : LEAST;
    return (fraction_t){ b, 0, b };
}

/* @return whether the value still changes */
static int continue_fraction(fraction_t *self, double a, double b)
{
    self->d = b + a * self->d;
    self->c = b + a / self->c;
    self->d = 1 / (self->d != 0 ? self->d : LEAST);
    self->c = self->c != 0 ? self->c : LEAST;
    self->value *= self->c * self->d;
    return fabs(self->c * self->d - 1) > PRECISION;
}

ost_tails_t ost_gamma_tails(double y, double a, double b)
{
    const double x = exp(y), slope = exp(a * y - x - log_gamma(a));
    (void) b;
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < MOST_TERMS && term > PRECISION * sum; n++) sum += term *= x / (a + n);
        return (ost_tails_t){ slope * sum, 1 - slope * sum, slope };
    }
    fraction_t fraction = begin_fraction(x + 1 - a);
    for (int n = 1; n < MOST_TERMS && continue_fraction(&fraction, -n * (n - a), x + 2 * n + 1 - a); n++) continue;
    return (ost_tails_t){ 1 - slope / fraction.value, slope / fraction.value, slope };
}

/* The fraction by which the slope is divided for the tail at the side of x, on which a is the shape. */
static double beta_fraction(double x, double a, double b)
{
    fraction_t fraction = begin_fraction(1);
    int more = 1;
    for (int n = 0; n < MOST_TERMS && more; n++) {
        more = continue_fraction(&fraction, -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1)), 1);
        more |= continue_fraction(&fraction, (n + 1) * (b - n - 1) * x / ((a + 2 * n + 1) * (a + 2 * n + 2)), 1);
    }
    return a * fraction.value;
}

ost_tails_t ost_beta_tails(double y, double a, double b)
{
    const double x = 1 / (1 + exp(-y)), rest = 1 / (1 + exp(y));
    const double log_x = y > 0 ? -log1p(exp(-y)) : y - log1p(exp(y)), log_rest = log_x - y;
    const double slope = exp(a * log_x + b * log_rest + log_gamma(a + b) - log_gamma(a) - log_gamma(b));
    const int is_below = x * (a + b + 2) < a + 1;
    const double tail = slope / (is_below ? beta_fraction(x, a, b) : beta_fraction(rest, b, a));
    return is_below ? (ost_tails_t){ tail, 1 - tail, slope } : (ost_tails_t){ 1 - tail, tail, slope };
}

/* Newton's method on the logarithm of the smaller tail, which is concave, within bounds that close in. */
double ost_tails_inverse(ost_tails_fn tails, double a, double b, double below, double above, double y)
{
    const int is_below = below <= above;
    double lower = -INFINITY, upper = INFINITY;
    for (int k = 0; k < MOST_STEPS; k++) {
        const ost_tails_t at = tails(y, a, b);
        const double tail = is_below ? at.below : at.above;
        const double beyond = is_below ? log(tail / below) : log(above / tail); /* > 0: y is too large */
        if (beyond > 0) upper = y;
        if (beyond < 0) lower = y;
        double next = y - beyond * tail / at.slope;
        if (!(next > lower && next < upper) || !isfinite(next))
            next = isinf(lower)   ? upper - 2 * fabs(upper) - 1
                   : isinf(upper) ? lower + 2 * fabs(lower) + 1
                                  : 0.5 * (lower + upper);
        if (beyond == 0 || fabs(next - y) <= 2e-16 * fmax(1, fabs(y))) return y;
        y = next;
    }
    return y;
}
