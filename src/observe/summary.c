/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See summary.h. Takes values of blocks of subjects; gives statistics over all of them. */
#include "observe/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the largest value, from which on bins widen. */
#define FLOOR_OCTAVES 10
/* Room for more bins at each end, so that few blocks make it grow. */
#define SPARE_BINS 32
/* Bins of one sign: below the floor, of each octave above it, and one beyond. */
#define MOST_BINS (OST_SUMMARY_BINS * (OST_SUMMARY_OCTAVES + 1) + 1)

int32_t ost_summary_bin(double x, double floor)
{
    const double size = fabs(x) / floor;
    int exponent;
    int32_t bin;
    if (x == 0) return 0;
    const double part = frexp(size, &exponent); /* size = part 2^exponent, 0.5 <= part < 1 */
    if (size < 1)
        bin = (int32_t) (size * OST_SUMMARY_BINS);
    else if (exponent > OST_SUMMARY_OCTAVES)
        bin = MOST_BINS - 1;
    else
        bin = OST_SUMMARY_BINS * exponent + (int32_t) ((2 * part - 1) * OST_SUMMARY_BINS);
    return x < 0 ? -1 - bin : 1 + bin;
}

/* The lower end of a bin above zero, counted from 0. */
static double end_of(int32_t bin, double floor)
{
    const int32_t octave = bin / OST_SUMMARY_BINS;
    const double part = (double) (bin % OST_SUMMARY_BINS) / OST_SUMMARY_BINS;
    if (bin >= MOST_BINS) return INFINITY;
    return octave == 0 ? floor * part : ldexp(floor * (1 + part), octave - 1);
}

void ost_summary_ends(int32_t bin, double floor, double *lower, double *upper)
{
    const int32_t from = abs(bin) - 1;
    *lower = bin == 0 ? 0 : bin > 0 ? end_of(from, floor) : -end_of(from + 1, floor);
    *upper = bin == 0 ? 0 : bin > 0 ? end_of(from + 1, floor) : -end_of(from, floor);
}

double ost_summary_floor(double largest)
{
    int exponent = FLOOR_OCTAVES;
    if (largest > 0) frexp(largest, &exponent);
    return ldexp(1, exponent - FLOOR_OCTAVES);
}

/* Make room for the bins from `low` to `high`. */
static int grow(ost_summary_t *self, int32_t low, int32_t high, ost_error_t *err)
{
    const int32_t behind = self->first + (int32_t) self->n_bins;
    if (self->n_bins > 0 && low >= self->first && high < behind) return 0;
    int32_t first = low - SPARE_BINS, end = high + SPARE_BINS;
    if (self->n_bins > 0 && self->first <= low) first = self->first;
    if (self->n_bins > 0 && behind > high) end = behind;
    uint32_t *counts = calloc((size_t) (end - first) + 1, sizeof(*counts));
    if (counts == NULL) return ost_no_memory(err);
    if (self->n_bins > 0) memcpy(counts + (self->first - first), self->counts, self->n_bins * sizeof(*counts));
    free(self->counts);
    self->counts = counts;
    self->first = first;
    self->n_bins = (size_t) (end - first) + 1;
    return 0;
}

/* Mean and squared differences of a block, joined to those of the blocks before (Chan 1979, STAN-CS-79-773). */
static void add_moments(ost_summary_t *self, const double *x, size_t n, size_t n_finite)
{
    double sum = 0, m2 = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) sum += x[i];
    const double mean = sum / (double) n_finite, before = (double) self->n, all = before + (double) n_finite;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) m2 += (x[i] - mean) * (x[i] - mean);
    const double difference = mean - self->mean;
    self->mean += difference * ((double) n_finite / all);
    self->m2 += m2 + difference * difference * (before * (double) n_finite / all);
    self->n += n_finite;
}

int ost_summary_add(ost_summary_t *self, const double *x, size_t n, double floor, ost_error_t *err)
{
    double least = INFINITY, most = -INFINITY;
    size_t n_finite = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) continue;
        n_finite++;
        if (x[i] < least) least = x[i];
        if (x[i] > most) most = x[i];
    }
    if (n_finite == 0) return 0;
    int ret = grow(self, ost_summary_bin(least, floor), ost_summary_bin(most, floor), err);
    if (ret < 0) return ret;
    if (self->n == 0 || least < self->least) self->least = least;
    if (self->n == 0 || most > self->most) self->most = most;
    add_moments(self, x, n, n_finite);
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) self->counts[ost_summary_bin(x[i], floor) - self->first]++;
    return 0;
}

/* The value of a rank, counted from 0. */
static double value_at(const ost_summary_t *self, double floor, uint64_t rank)
{
    uint64_t before = 0;
    size_t k = 0;
    double lower, upper;
    while (before + self->counts[k] <= rank) before += self->counts[k++];
    ost_summary_ends(self->first + (int32_t) k, floor, &lower, &upper);
    const double part = ((double) (rank - before) + 0.5) / self->counts[k];
    const double value = isinf(upper - lower) ? (upper > 0 ? upper : lower) : lower + part * (upper - lower);
    return isinf(value) ? value : fmax(self->least, fmin(self->most, value));
}

double ost_summary_quantile(const ost_summary_t *self, double floor, double p)
{
    if (self->n == 0) return NAN;
    const double at = p * (double) (self->n - 1), below = trunc(at);
    const double value = value_at(self, floor, (uint64_t) below);
    if (at == below) return value;
    const double above = value_at(self, floor, (uint64_t) below + 1);
    return value == above ? value : value + (at - below) * (above - value);
}

double ost_summary_sd(const ost_summary_t *self)
{
    return self->n > 1 ? sqrt(self->m2 / (double) (self->n - 1)) : NAN;
}

void ost_summary_free(ost_summary_t *self)
{
    free(self->counts);
    *self = (ost_summary_t){ 0 };
}
