/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file random.h  Counter-based random numbers: a draw is a pure function of (seed, subject, purpose, draw).
 *  Philox4x32-10, Salmon et al. 2011, doi:10.1145/2063384.2063405. No state, no order, no threads. */
#ifndef OST_CORE_RANDOM_H
#define OST_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** The Philox4x32-10 bijection. @param[out] out shape [4] */
void ost_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/** Purpose of a draw from its name ("aibl.k_C", "age"): 32-bit FNV-1a, so that adding one name never moves the draws of
 * another. */
uint32_t ost_random_purpose(const char *name);

/** Uniform on the open interval (0, 1), 52 bits. */
double ost_random_uniform(uint64_t seed, uint64_t subject, uint32_t purpose, uint32_t draw);

/** A bijection of 0 .. n - 1 keyed by (seed, purpose), evaluated at one place: i's image, i < n, n <= 2^63. Uses the
 * draws of purpose as ost_random_uniform() does, from draw 0x80000000 on. */
uint64_t ost_random_permutation(uint64_t seed, uint32_t purpose, uint64_t i, uint64_t n);

/** Standard normal by inverse distribution function (one uniform each; monotone in it). */
double ost_random_normal(uint64_t seed, uint64_t subject, uint32_t purpose, uint32_t draw);

/** Inverse of the standard normal distribution function: -inf at 0, inf at 1, NaN outside. Relative error below 1e-15
 * for p >= 1e-300. Wichura 1988, algorithm AS 241, doi:10.2307/2347330. */
double ost_normal_quantile(double p);
/** The same of many numbers, faster, with the same bits. @param[out] z  [n] */
void ost_normal_quantiles(const double *p, double *z, size_t n);

/** Standard normal distribution function; relative error below (2 + z^2) 1e-16 in both tails. */
double ost_normal_cdf(double z);

#endif
