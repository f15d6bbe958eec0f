/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each mode z' = lambda z + w u of a linear system is a sum over all past doses, which is a geometric series. */
#include "solve/periodic.h"

#include "solve/lane.h"
#include "solve/linear.h"

#include <math.h>

/* What one infusion has left in a mode after a time, per unit of rate. */
static double after_infusion(double lambda, double duration, double time)
{
    if (time <= duration) return expm1(lambda * time) / lambda;
    return expm1(lambda * duration) / lambda * exp(lambda * (time - duration));
}

size_t ost_repeated_running(const ost_repeated_t *self)
{
    double n = ceil((self->duration - self->phase - OST_SAME_TIME) / self->interval);
    return self->rate > 0 && self->interval > 0 && n > 0 ? (size_t) n : 0;
}

/* A mode at the phase, of lambda < 0, per unit of what it is fed. */
static double mode_at(const ost_repeated_t *self, double lambda)
{
    if (self->interval == 0) return -self->rate / lambda;
    double rest = -expm1(lambda * self->interval), sum = 0;
    if (self->rate == 0) return self->amount * exp(lambda * self->phase) / rest;
    size_t n = ost_repeated_running(self);
    for (size_t k = 0; k < n; k++)
        sum += after_infusion(lambda, self->duration, self->phase + (double) k * self->interval);
    sum += after_infusion(lambda, self->duration, self->phase + (double) n * self->interval) / rest;
    return self->rate * sum;
}

bool ost_repeated_linear(const ost_repeated_t *self, size_t n, const double *a, const double *b, size_t into, double *x)
{
    double lambda[OST_LINEAR_MAX], v[OST_LINEAR_MAX * OST_LINEAR_MAX], w[OST_LINEAR_MAX * OST_LINEAR_MAX];
    if (n > OST_LINEAR_MAX || !ost_linear_modes(n, a, lambda, v, w)) return false;
    for (size_t i = 0; i < n; i++) x[i] = 0;
    for (size_t k = 0; k < n; k++) {
        double inflow = 0, dosed = w[k * n + into];
        for (size_t j = 0; j < n; j++) inflow += w[k * n + j] * b[j];
        if (inflow == 0 && dosed == 0) continue;
        if (!(lambda[k] < 0)) return false;
        double z = -inflow / lambda[k] + (dosed != 0 ? dosed * mode_at(self, lambda[k]) : 0);
        for (size_t i = 0; i < n; i++) x[i] += v[i * n + k] * z;
    }
    return true;
}
