/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes chains; gives R-hat and effective sample size. */
#include "analysis/convergence.h"

#include <math.h>

static double value(const ost_chains_t *self, size_t chain, size_t round)
{
    return self->values[(round * self->n_chains + chain) * self->stride];
}

static double mean_of(const ost_chains_t *self, size_t chain, size_t first, size_t n)
{
    double sum = 0;
    for (size_t t = first; t < first + n; t++) sum += value(self, chain, t);
    return sum / (double) n;
}

/* Mean over rounds of the product of deviations `lag` rounds apart, over n as for a spectrum. */
static double autocovariance(const ost_chains_t *self, size_t chain, size_t first, size_t n, double mean, size_t lag)
{
    double sum = 0;
    for (size_t t = first; t + lag < first + n; t++)
        sum += (value(self, chain, t) - mean) * (value(self, chain, t + lag) - mean);
    return sum / (double) n;
}

/* Variances of pieces of n rounds, `per_chain` of each chain. @param[out] between  of the means of pieces. @return the
 * mean variance within a piece */
static double within_pieces(const ost_chains_t *self, size_t n, size_t per_chain, double *between)
{
    double within = 0, mean = 0, square = 0, n_pieces = (double) (self->n_chains * per_chain), first = 0;
    for (size_t c = 0; c < self->n_chains; c++)
        for (size_t p = 0; p < per_chain; p++) {
            double own = mean_of(self, c, p * (self->n_rounds - n), n);
            if (c == 0 && p == 0) first = own; /* as an origin, against cancellation */
            within += autocovariance(self, c, p * (self->n_rounds - n), n, own, 0) * (double) n / (double) (n - 1);
            mean += (own - first) / n_pieces;
            square += (own - first) * (own - first) / n_pieces;
        }
    *between = n_pieces > 1 ? fmax(square - mean * mean, 0) * n_pieces / (n_pieces - 1) : 0;
    return within / n_pieces;
}

double ost_r_hat(const ost_chains_t *self)
{
    size_t n = self->n_rounds / 2;
    double between, within;
    if (n < 2) return NAN;
    within = within_pieces(self, n, 2, &between);
    if (!(between > 0)) return 1;
    return sqrt((double) (n - 1) / (double) n + between / within);
}

double ost_effective_size(const ost_chains_t *self)
{
    size_t n = self->n_rounds;
    double between, all = (double) (n * self->n_chains), sum = 0, last = INFINITY;
    if (n < 4) return NAN;
    double within = within_pieces(self, n, 1, &between), variance = within * (double) (n - 1) / (double) n + between;
    if (!(variance > 0)) return all;
    /* sums of two neighbouring autocorrelations are positive and fall (Geyer 1992 Stat Sci 7:473) */
    for (size_t lag = 0; lag + 1 < n; lag += 2) {
        double pair = 0;
        for (size_t k = lag; k < lag + 2; k++) {
            double covariance = 0;
            for (size_t c = 0; c < self->n_chains; c++)
                covariance += autocovariance(self, c, 0, n, mean_of(self, c, 0, n), k) / (double) self->n_chains;
            pair += 1 - (within - covariance * (double) n / (double) (n - 1)) / variance;
        }
        if (!(pair > 0)) break;
        last = fmin(last, pair);
        sum += last;
    }
    return fmin(all / fmax(2 * sum - 1, 1e-12), all);
}
