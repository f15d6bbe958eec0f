/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the variance: base samples from shifted nets of a Sobol' sequence, and indices from sums over each net. */
#include "analysis/sensitivity_impl.h"

#include "core/memory.h"
#include "core/random.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>

/* Digits of GSL's Sobol' points in base 2. */
#define SOBOL_BITS 30
/* Dimensions of GSL's Sobol' sequence. */
#define SOBOL_DIMENSIONS 40

/* The sequence without shift, with the origin that GSL leaves out. @param[out] x  [n][dimensions] */
static int unshifted(size_t n, size_t dimensions, double *x, ost_error_t *err)
{
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned) dimensions);
    if (sequence == NULL) return ost_no_memory(err);
    for (size_t k = 0; k < dimensions; k++) x[k] = 0;
    for (size_t i = 1; i < n; i++) gsl_qrng_get(sequence, x + i * dimensions);
    gsl_qrng_free(sequence);
    return 0;
}

/* Coordinate c of point i of a net of n points. The coordinates beyond those of the sequence take it again in a random
 * order (Owen 1998, doi:10.1145/272991.273010). Every coordinate of a net has a digital shift of its own. */
static double coordinate(
    const ost_sensitivity_t *self, const double *x, size_t dimensions, size_t n, size_t net, size_t i, size_t c)
{
    const double scale = ldexp(1, SOBOL_BITS);
    const size_t again = c / dimensions;
    if (again > 0)
        i = (size_t) ost_random_permutation(
            self->seed + 0x9E3779B97F4A7C15u * (net + 1), ost_random_purpose("sobol.order") + (uint32_t) again, i, n);
    double shift = ost_random_uniform(self->seed, net, ost_random_purpose("sobol.shift"), (uint32_t) c);
    uint64_t digits = (uint64_t) (x[i * dimensions + c % dimensions] * scale) ^ (uint64_t) (shift * scale);
    return ((double) digits + 0.5) / scale;
}

int ost_sobol_points(const ost_sensitivity_t *self, double *u, ost_error_t *err)
{
    const size_t k = self->n_inputs, dimensions = 2 * k < SOBOL_DIMENSIONS ? 2 * k : SOBOL_DIMENSIONS;
    const size_t n = self->n / OST_SOBOL_NETS, n_rows = self->n_groups + 2;
    double *x = malloc(n * dimensions * sizeof(*x));
    int ret = x == NULL ? ost_no_memory(err) : unshifted(n, dimensions, x, err);
    for (size_t i = 0; i < self->n && ret == 0; i++) {
        double *a = u + i * n_rows * k, *b = a + k;
        for (size_t c = 0; c < 2 * k; c++) a[c] = coordinate(self, x, dimensions, n, i / n, i % n, c);
        for (size_t g = 0; g < self->n_groups; g++)
            for (size_t c = 0; c < k; c++) a[(g + 2) * k + c] = self->group[c] == g ? b[c] : a[c];
    }
    free(x);
    return ret;
}

/* Sums over some base samples, of values from which a constant near their mean was subtracted. */
typedef struct {
    double n, sum, square; /* base samples; over A and B */
} sums_t;

typedef struct {
    sums_t all;
    double *first, *total; /* [n_groups] */
} net_t;

static double variance_of(const sums_t *s)
{
    double mean = s->sum / (2 * s->n);
    return s->square / (2 * s->n) - mean * mean;
}

/* @param nets  [OST_SOBOL_NETS] @param y  [n_points] */
static void sum_nets(const ost_sensitivity_t *self, const double *y, net_t *nets)
{
    const size_t n_rows = self->n_groups + 2, n = self->n / OST_SOBOL_NETS;
    double mean = 0, n_finite = 0;
    for (size_t i = 0; i < self->n; i++)
        for (size_t k = 0; k < 2; k++)
            if (isfinite(y[i * n_rows + k])) mean += y[i * n_rows + k], n_finite++;
    mean = n_finite > 0 ? mean / n_finite : 0;
    for (size_t i = 0; i < self->n; i++) {
        const double *at = y + i * n_rows;
        net_t *net = &nets[i / n];
        bool is_finite = true;
        for (size_t r = 0; r < n_rows; r++) is_finite &= isfinite(at[r]) != 0;
        if (!is_finite) continue;
        const double a = at[0] - mean, b = at[1] - mean;
        net->all.n++;
        net->all.sum += a + b;
        net->all.square += a * a + b * b;
        for (size_t g = 0; g < self->n_groups; g++) {
            const double ab = at[g + 2] - mean;
            net->first[g] += b * (ab - a);
            net->total[g] += (a - ab) * (a - ab) / 2;
        }
    }
}

/* Indices of group g over some nets. @param weight  [OST_SOBOL_NETS] how often each counts */
static void index_of(const net_t *nets, const double *weight, size_t g, double *first, double *total)
{
    sums_t all = { 0 };
    double sum_first = 0, sum_total = 0;
    for (size_t j = 0; j < OST_SOBOL_NETS; j++) {
        all.n += weight[j] * nets[j].all.n;
        all.sum += weight[j] * nets[j].all.sum;
        all.square += weight[j] * nets[j].all.square;
        sum_first += weight[j] * nets[j].first[g];
        sum_total += weight[j] * nets[j].total[g];
    }
    double variance = variance_of(&all);
    *first = variance > 0 ? sum_first / all.n / variance : NAN;
    *total = variance > 0 ? sum_total / all.n / variance : NAN;
}

typedef struct {
    double n, sum, square;
} scatter_t;

static void add(scatter_t *self, double x)
{
    if (!isfinite(x)) return;
    self->n++;
    self->sum += x;
    self->square += x * x;
}

/* The bootstrap's standard error, which n nets make smaller by the root of (n - 1)/n. */
static ost_index_t with_interval(double value, const scatter_t *s)
{
    const double n = OST_SOBOL_NETS, mean = s->sum / s->n;
    double error = sqrt(fmax(0, s->square / s->n - mean * mean) * n / (n - 1)) * gsl_cdf_tdist_Pinv(0.975, n - 1);
    return (ost_index_t){ value, value - error, value + error };
}

/* @param weights  [OST_N_BOOTSTRAP][OST_SOBOL_NETS] */
static void estimate(const ost_sensitivity_t *self, const net_t *nets, const double *weights, ost_index_t *out)
{
    double once[OST_SOBOL_NETS], first, total;
    for (size_t j = 0; j < OST_SOBOL_NETS; j++) once[j] = 1;
    for (size_t g = 0; g < self->n_groups; g++) {
        scatter_t of_first = { 0 }, of_total = { 0 };
        for (size_t b = 0; b < OST_N_BOOTSTRAP; b++) {
            index_of(nets, weights + b * OST_SOBOL_NETS, g, &first, &total);
            add(&of_first, first);
            add(&of_total, total);
        }
        index_of(nets, once, g, &first, &total);
        if (!isfinite(first)) continue;
        out[g * OST_N_INDICES + OST_INDEX_FIRST] = with_interval(first, &of_first);
        out[g * OST_N_INDICES + OST_INDEX_TOTAL] = with_interval(total, &of_total);
    }
}

int ost_sobol_estimate(const ost_sensitivity_t *self, const double *y, ost_index_t *out, ost_error_t *err)
{
    net_t nets[OST_SOBOL_NETS] = { 0 };
    ost_memory_t memory = { 0 };
    double *weights = ost_memory_list(&memory, (size_t) OST_N_BOOTSTRAP * OST_SOBOL_NETS, sizeof(*weights));
    for (size_t j = 0; j < OST_SOBOL_NETS; j++) {
        nets[j].first = ost_memory_list(&memory, self->n_groups, sizeof(double));
        nets[j].total = ost_memory_list(&memory, self->n_groups, sizeof(double));
    }
    int ret = memory.failed ? ost_no_memory(err) : 0;
    for (size_t b = 0; b < OST_N_BOOTSTRAP && ret == 0; b++)
        for (size_t j = 0; j < OST_SOBOL_NETS; j++)
            weights[b * OST_SOBOL_NETS + ost_bootstrap_item(self->seed, b, j, OST_SOBOL_NETS)]++;
    if (ret == 0) sum_nets(self, y, nets);
    if (ret == 0) estimate(self, nets, weights, out);
    ost_memory_free(&memory);
    return ret;
}
