/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file convergence.h  Whether Markov chains agree, and how many independent draws their points are worth.
 *  Vehtari 2021 Bayesian Anal 16:667, doi:10.1214/20-BA1221, without ranks. */
#ifndef OST_ANALYSIS_CONVERGENCE_H
#define OST_ANALYSIS_CONVERGENCE_H

#include <stddef.h>

/** One quantity in chains of equal length. */
typedef struct {
    const double *values; /**< of chain c at round t: values[(t * n_chains + c) * stride]; borrowed */
    size_t n_rounds, n_chains, stride;
} ost_chains_t;

/** R-hat of the halves of all chains: the root of the variance of all points over that within a half, near 1 once the
 * chains agree and do not drift. NAN with fewer than 4 rounds; 1 where nothing varies, infinite where each half stays
 * at a value of its own. */
double ost_r_hat(const ost_chains_t *self);

/** Effective sample size: of so many independent draws the mean would be as certain. At most the number of points; NAN
 * with fewer than 4 rounds. */
double ost_effective_size(const ost_chains_t *self);

#endif
