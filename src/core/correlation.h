/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file correlation.h  Correlation matrices: symmetric, 1 on the diagonal, [n][n] by rows. */
#ifndef OST_CORE_CORRELATION_H
#define OST_CORE_CORRELATION_H

#include <stdbool.h>
#include <stddef.h>

/** Largest number of correlated quantities: an assumption. */
#define OST_MAX_CORRELATED 64

/** Pearson's correlation of two normals whose ranks have Spearman's correlation rho, 2 sin(pi rho/6): Pearson 1907,
 * after Kruskal 1958, doi:10.1080/01621459.1958.10501481. */
double ost_pearson_of_spearman(double rho);
/** The other way: 6/pi asin(r/2). */
double ost_spearman_of_pearson(double r);
/** The lower triangular factor L of a = L L'. @param[out] lower  [n][n], 0 above the diagonal
 *  @return whether a is positive definite */
bool ost_correlation_factor(const double *a, size_t n, double *lower);
/** Replace a symmetric matrix by the nearest correlation matrix whose least eigenvalue is `least` or more: alternating
 * projections with Dykstra's correction, Higham 2002, doi:10.1093/imanum/22.3.329. n <= OST_MAX_CORRELATED.
 *  @param work  [4][n][n] */
void ost_correlation_nearest(double *a, size_t n, double least, double *work);

#endif
