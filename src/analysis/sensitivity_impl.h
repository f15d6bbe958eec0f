/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the methods of sensitivity.h share. */
#ifndef OST_ANALYSIS_SENSITIVITY_IMPL_H
#define OST_ANALYSIS_SENSITIVITY_IMPL_H

#include "analysis/sensitivity.h"

/* Bootstrap samples. */
#define OST_N_BOOTSTRAP 1000

/* As ost_sensitivity_points() and ost_sensitivity_estimate(); `out` is NAN before. */
int ost_morris_points(const ost_sensitivity_t *self, double *u, ost_error_t *err) OST_MUST_CHECK;
int ost_morris_estimate(
    const ost_sensitivity_t *self, const double *u, const double *y, ost_index_t *out, ost_error_t *err) OST_MUST_CHECK;
int ost_sobol_points(const ost_sensitivity_t *self, double *u, ost_error_t *err) OST_MUST_CHECK;
int ost_sobol_estimate(
    const ost_sensitivity_t *self, const double *y, ost_index_t *out, ost_error_t *err) OST_MUST_CHECK;
/* Which of n items the k-th draw of bootstrap sample b takes. */
size_t ost_bootstrap_item(uint64_t seed, size_t b, size_t k, size_t n);

#endif
