/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles of truncated distributions: one uniform number gives one value, exactly within the bounds. */
#include "core/distribution.h"

#include "core/random.h"

#include <math.h>

void ost_truncated_init(ost_truncated_t *self, double lower, double upper)
{
    self->mirrored = lower > 0;
    self->lower = self->mirrored ? -upper : lower;
    self->upper = self->mirrored ? -lower : upper;
    self->p_lower = ost_normal_cdf(self->lower);
    self->p_width = ost_normal_cdf(self->upper) - self->p_lower;
}

double ost_truncated_quantile(const ost_truncated_t *self, double u)
{
    double p = self->p_lower + (self->mirrored ? 1 - u : u) * self->p_width;
    double z = p > 0 && p < 1 ? ost_normal_quantile(p) : p > 0 ? self->upper : self->lower;
    z = ost_clamp(z, self->lower, self->upper);
    return self->mirrored ? -z : z;
}

double ost_logit(double p)
{
    return log(p) - log1p(-p);
}
