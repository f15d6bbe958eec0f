/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file special.h  The gamma and beta distributions on a scale without ends: both tails, and their inverse. */
#ifndef OST_CORE_SPECIAL_H
#define OST_CORE_SPECIAL_H

/** Probabilities on both sides of a value: of these, the smaller one has all its digits. */
typedef struct {
    double below, above;
    double slope; /**< of `below`, by y */
} ost_tails_t;

/** Tails of a distribution at y. @param a, b  its shapes, > 0 */
typedef ost_tails_t (*ost_tails_fn)(double y, double a, double b);

/** Gamma of shape a and scale 1 at exp(y), by the series or the continued fraction of the incomplete gamma function:
 * DLMF 8.11.4, 8.9.2. b is not used. Relative error below 1e-12 up to a = 100. */
ost_tails_t ost_gamma_tails(double y, double a, double b);
/** Beta of shapes a and b at 1/(1 + exp(-y)), by the continued fraction DLMF 8.17.22. Relative error below 1e-12 up to
 * a, b = 1000. */
ost_tails_t ost_beta_tails(double y, double a, double b);
/** y at which `below` and `above`, which are 1 together, are the tails; both greater than 0. @param y  from here */
double ost_tails_inverse(ost_tails_fn tails, double a, double b, double below, double above, double y);

#endif
