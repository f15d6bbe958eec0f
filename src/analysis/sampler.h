/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file sampler.h  A sample of a distribution whose density is expensive and near a normal one.
 *  Markov chains by surrogate transitions (Liu 2001, Monte Carlo Strategies in Scientific Computing, section 9.4.3;
 * Christen and Fox 2005, doi:10.1198/106186005X76983): many cheap Metropolis steps on a surrogate of the residuals,
 * quadratic in the parameters, lead to one proposal, which is accepted with the ratio of the true density to that of
 * the surrogate. The surrogate is learned from all evaluations before any point counts, and fixed from then on, so the
 * points are those of the true density however good it is; how good decides how many are accepted. */
#ifndef OST_ANALYSIS_SAMPLER_H
#define OST_ANALYSIS_SAMPLER_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

/** Huber: r, or beyond k a value whose square grows linearly with r. @param k  0: r */
double ost_huber(double r, double k);

/** The distribution: -2 ln of its density at z is the sum of the squares of ost_huber(r_i(z)) and of z, but for a
 * constant: residuals of observations and of standard normal priors. */
typedef struct {
    size_t n, n_residuals;
    double huber_k;
    const double *centre;     /**< [n] about the mode */
    const double *covariance; /**< [n][n] that the distribution about has; near it, fewer steps are needed */
    /** Residuals of n_points. @param z  [n_points][n]. @param[out] residuals  [n_points][n_residuals]. @return 0 or an
     * error, which ends the sample */
    int (*residuals)(void *user, const double *z, size_t n_points, double *residuals, ost_error_t *err);
    /** After each round; non-zero stops it. @param done, all  rounds; it may end before all. @param minus2  of the
     * first chain. May be NULL */
    int (*progress)(void *user, size_t done, size_t all, double minus2);
    void *user; /**< handed to both */
    uint64_t seed;
    int n_threads; /**< of the steps on the surrogate; 0: all. The same points with any number */
} ost_target_t;

/** How the chains went. */
typedef struct {
    size_t n_evaluations; /**< points at which residuals were computed, all told */
    size_t n_points;      /**< of these count: points of the chains after the surrogate was fixed */
    double accepted;      /**< fraction of their proposals that was accepted */
    double *r_hat;        /**< [n] of each element of z; the caller's */
    double *size;         /**< [n] effective sample size of each; the caller's */
} ost_sample_quality_t;

/** R-hat below which chains count as agreed, while they run (Vehtari 2021, doi:10.1214/20-BA1221, asks for 1.01 to 1.1
 * by purpose). */
#define OST_R_HAT_AGREED 1.05

/** Sample. The chains go on until for each element R-hat is below OST_R_HAT_AGREED and the effective sample size at
 * least n_draws, or up to a limit that `quality` shows was not enough.
 *  @param[out] draws  [n_draws][n], spread evenly over all that count
 *  @return 0, also where progress or the residuals (with OST_ERR_LIMIT) stopped it once 32 rounds and n_draws points
 * count; OST_ERR_LIMIT where it was stopped before; OST_ERR_VALUE if the covariance is not positive definite, or
 * residuals are not finite; an error of the residuals */
int ost_sampler_run(const ost_target_t *target, size_t n_draws, double *draws, ost_sample_quality_t *quality,
    ost_error_t *err) OST_MUST_CHECK;

#endif
