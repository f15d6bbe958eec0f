/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See correlation.h. */
#include "core/correlation.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
/* A smaller pivot is rounding error; a correlation of 1 - 1e-12 has a larger one. */
#define LEAST_PIVOT 1e-13
enum { MOST_SWEEPS = 60, MOST_ROUNDS = 2000 };

double ost_pearson_of_spearman(double rho)
{
    return 2 * sin(PI * rho / 6);
}

double ost_spearman_of_pearson(double r)
{
    return 6 / PI * asin(r / 2);
}

bool ost_correlation_factor(const double *a, size_t n, double *lower)
{
    memset(lower, 0, n * n * sizeof(*lower));
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k <= i; k++) {
            double rest = a[i * n + k];
            for (size_t m = 0; m < k; m++) rest -= lower[i * n + m] * lower[k * n + m];
            if (i == k && !(rest > LEAST_PIVOT)) return false;
            lower[i * n + k] = i == k ? sqrt(rest) : rest / lower[k * n + k];
        }
    }
    return true;
}

/* One rotation of Jacobi's method, which makes a[p][q] zero. */
static void rotate(double *a, double *vectors, size_t n, size_t p, size_t q)
{
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
    const double t = copysign(1 / (fabs(theta) + sqrt(theta * theta + 1)), theta), c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < n; k++) {
        const double left = a[k * n + p], right = a[k * n + q];
        a[k * n + p] = c * left - s * right;
        a[k * n + q] = s * left + c * right;
    }
    for (size_t k = 0; k < n; k++) {
        const double left = a[p * n + k], right = a[q * n + k];
        a[p * n + k] = c * left - s * right;
        a[q * n + k] = s * left + c * right;
    }
    for (size_t k = 0; k < n; k++) {
        const double left = vectors[k * n + p], right = vectors[k * n + q];
        vectors[k * n + p] = c * left - s * right;
        vectors[k * n + q] = s * left + c * right;
    }
}

/* Eigenvalues on the diagonal of a, eigenvectors in columns. */
static void diagonalise(double *a, size_t n, double *vectors)
{
    for (size_t i = 0; i < n * n; i++) vectors[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        double off = 0;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                off += fabs(a[p * n + q]);
                if (fabs(a[p * n + q]) > 1e-300) rotate(a, vectors, n, p, q);
            }
        if (off < 1e-15) return;
    }
}

/* The nearest matrix without eigenvalues below `least`. @param values, vectors  [n][n] */
static void lift(double *a, size_t n, double least, double *values, double *vectors)
{
    memcpy(values, a, n * n * sizeof(*values));
    diagonalise(values, n, vectors);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            double sum = 0;
            for (size_t m = 0; m < n; m++)
                sum += fmax(values[m * n + m], least) * vectors[i * n + m] * vectors[k * n + m];
            a[i * n + k] = a[k * n + i] = sum;
        }
}

void ost_correlation_nearest(double *a, size_t n, double least, double *work)
{
    double *before = work, *correction = work + n * n, *values = correction + n * n, *vectors = values + n * n;
    memset(correction, 0, n * n * sizeof(*correction));
    for (int round = 0; round < MOST_ROUNDS; round++) {
        double change = 0;
        memcpy(before, a, n * n * sizeof(*before));
        for (size_t i = 0; i < n * n; i++) a[i] -= correction[i];
        for (size_t i = 0; i < n * n; i++) correction[i] = -a[i];
        lift(a, n, least, values, vectors);
        for (size_t i = 0; i < n * n; i++) {
            correction[i] += a[i];
            if (i % (n + 1) == 0) a[i] = 1;
            change = fmax(change, fabs(a[i] - before[i]));
        }
        if (change < 1e-12) return;
    }
}
