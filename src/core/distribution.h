/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file distribution.h  Distributions cut off at bounds, by their inverse distribution function. */
#ifndef OST_CORE_DISTRIBUTION_H
#define OST_CORE_DISTRIBUTION_H

#include <stdbool.h>

/** Standard normal truncated to lower..upper. */
typedef struct {
    double lower, upper, p_lower, p_width;
    bool mirrored; /**< both bounds in the upper half: computed in the lower half, where no digits are lost */
} ost_truncated_t;

/** @param lower, upper  bounds, -inf and inf where open */
void ost_truncated_init(ost_truncated_t *self, double lower, double upper);
/** The value that a fraction u of the distribution is below. @param u  0 .. 1 */
double ost_truncated_quantile(const ost_truncated_t *self, double u);

/** x within lower..upper; unlike fmin and fmax, lets NaN pass. */
static inline double ost_clamp(double x, double lower, double upper)
{
    return x < lower ? lower : x > upper ? upper : x;
}
/** ln(p / (1 - p)) */
double ost_logit(double p);

#endif
