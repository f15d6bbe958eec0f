/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file surrogate.h  A quadratic function in place of an expensive one.
 *  A vector of m values as a polynomial of degree two in n variables, by least squares over all points where the vector
 * was evaluated. Each value has the quadratic terms of the variables that move it most, with a ridge that is weaker the
 * more they do, so that few points give a linear function with as much curvature as they show. */
#ifndef OST_ANALYSIS_SURROGATE_H
#define OST_ANALYSIS_SURROGATE_H

#include "core/error.h"
#include "core/memory.h"

#include <stddef.h>

/** Coefficients, and the sums that they are solved from. */
typedef struct {
    size_t n, m, n_terms; /**< variables, values, and terms: 1, x_j, x_j x_k with j <= k */
    double *gram;         /**< [n_terms][n_terms] sum of weighted products of terms, lower triangle */
    double *moments;      /**< [n_terms][m] sum of weighted products of terms and values */
    double *coefficients; /**< [n_terms][m] of the last ost_surrogate_fit(), 0 before */
    ost_memory_t memory;  /**< of these */
} ost_surrogate_t;

/** Begin without points. @return 0 or OST_ERR_NO_MEMORY */
int ost_surrogate_init(ost_surrogate_t *self, size_t n, size_t m, ost_error_t *err) OST_MUST_CHECK;
/** Take a point into the sums.
 *  @param x  [n] of about unit variance. @param values  [m] of the function there. @param weight  of the point, above 0
 *  @param terms  [n_terms] scratch */
void ost_surrogate_add(ost_surrogate_t *self, const double *x, const double *values, double weight, double *terms);
/** Solve for the coefficients. @return 0, OST_ERR_NO_MEMORY, or OST_ERR_VALUE where a value was not finite */
int ost_surrogate_fit(ost_surrogate_t *self, ost_error_t *err) OST_MUST_CHECK;
/** The values at x. @param terms  [n_terms] scratch. @param[out] values  [m]. Safe on one surrogate from many threads
 */
void ost_surrogate_values(const ost_surrogate_t *self, const double *x, double *terms, double *values);
/** Free. Accepts NULL and a zeroed one. */
void ost_surrogate_free(ost_surrogate_t *self);

#endif
