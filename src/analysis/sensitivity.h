/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file sensitivity.h  Which inputs an output depends on: points at which to evaluate it, and indices of importance
 * from its values there. Pure functions of numbers: a model is not needed. */
#ifndef OST_ANALYSIS_SENSITIVITY_H
#define OST_ANALYSIS_SENSITIVITY_H

#include "core/error.h"
#include "core/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Methods: X(MEMBER, word). */
#define OST_SENSITIVITIES(X)                                                                                           \
    X(OST_SENSITIVITY_LOCAL, "local")   /* derivatives at the present values */                                        \
    X(OST_SENSITIVITY_MORRIS, "morris") /* elementary effects (Morris 1991, doi:10.1080/00401706.1991.10484804) */     \
    X(OST_SENSITIVITY_SOBOL, "sobol")   /* parts of the variance (Sobol' 1993) */
/** See OST_SENSITIVITIES. */
typedef enum { OST_SENSITIVITIES(OST_MEMBER) OST_N_SENSITIVITIES } ost_sensitivity_kind_t;
extern const char *const ost_sensitivity_words[OST_N_SENSITIVITIES]; /**< by ost_sensitivity_kind_t */

/** Indices: X(MEMBER, method, "name", heading, is of the output's unit, meaning). Inputs are sorted by the first index
 * of a method. */
#define OST_INDICES(X)                                                                                                 \
    X(OST_INDEX_PER_SD, OST_SENSITIVITY_LOCAL, "per_sd", "per SD", true,                                               \
        "change of the endpoint where the input rises by one standard deviation, by its slope")                        \
    X(OST_INDEX_ELASTICITY, OST_SENSITIVITY_LOCAL, "elasticity", "elasticity", false,                                  \
        "percent by which the endpoint changes where the input rises by one percent, by its slope")                    \
    X(OST_INDEX_MU_STAR, OST_SENSITIVITY_MORRIS, "mu_star", "mu*", true,                                               \
        "mean size of the change of the endpoint over the range of the input: its importance")                         \
    X(OST_INDEX_MU, OST_SENSITIVITY_MORRIS, "mu", "mu", true,                                                          \
        "the same with its sign: below mu* in size where the input acts both ways")                                    \
    X(OST_INDEX_SIGMA, OST_SENSITIVITY_MORRIS, "sigma", "sigma", true,                                                 \
        "standard deviation of that change: large where it depends on the other inputs or is no straight line")        \
    X(OST_INDEX_TOTAL, OST_SENSITIVITY_SOBOL, "total", "total", false,                                                 \
        "part of the variance that would be left if all other inputs were known")                                      \
    X(OST_INDEX_FIRST, OST_SENSITIVITY_SOBOL, "first", "first order", false,                                           \
        "part of the variance that knowing the input alone would take away")
/** See OST_INDICES. */
typedef enum { OST_INDICES(OST_MEMBER) OST_N_INDICES /**< their number */ } ost_index_kind_t;

/** A row of OST_INDICES. */
typedef struct {
    ost_sensitivity_kind_t method; /**< that gives it */
    const char *name, *heading;    /**< of a dataset; of a column */
    bool has_unit;                 /**< that of the output; else a plain number */
    const char *meaning;           /**< a phrase */
} ost_index_info_t;
extern const ost_index_info_t ost_indices[OST_N_INDICES]; /**< by ost_index_kind_t */

/** An index with its interval: of LOCAL what the differences leave open, else 95 %. All NAN where it has no value. */
typedef struct {
    double value, lower, upper;
} ost_index_t;

/** Base samples of SOBOL come in so many nets, each with its own random shift: an interval is of the scatter between
 * nets. */
#define OST_SOBOL_NETS 32

/** A design. Inputs of one group are moved together, and have one index. */
typedef struct {
    ost_sensitivity_kind_t kind; /**< the method */
    size_t n_inputs, n_groups;   /**< at least 1 */
    const size_t *group;         /**< [n_inputs] group of each; borrowed. LOCAL: not used */
    size_t n;                    /**< MORRIS: trajectories, SOBOL: base samples, a multiple of OST_SOBOL_NETS */
    size_t n_levels;             /**< MORRIS: an even number from 2 on */
    uint64_t seed;               /**< of what is random */
} ost_sensitivity_t;

/** Points of a design: MORRIS n (n_groups + 1), SOBOL n (n_groups + 2), LOCAL 4 n_inputs + 1. */
size_t ost_sensitivity_n_points(const ost_sensitivity_t *self);
/** The points. MORRIS: trajectories of levels 0 .. 1 in steps of 1/(n_levels - 1), one group moved after the other by
 *  n_levels/(2 (n_levels - 1)), chosen from five times as many so that they lie far from each other (Campolongo 2007,
 * doi:10.1016/j.envsoft.2006.10.004; here one after the other). SOBOL: for each base sample a point A, a point B, and A
 * with the inputs of each group from B (Saltelli 2010, doi:10.1016/j.cpc.2009.09.018). LOCAL: the displacements 0, and
 * for each input 1, -1, 1/2, -1/2.
 *  @param[out] u  [n_points][n_inputs] @return 0 or OST_ERR_NO_MEMORY */
int ost_sensitivity_points(const ost_sensitivity_t *self, double *u, ost_error_t *err) OST_MUST_CHECK;
/** Indices from the output at the points of MORRIS or SOBOL. A value that is not finite is left out with what is
 *  computed from it. MORRIS: intervals are percentiles of 1000 bootstrap samples of the trajectories; mu and sigma of a
 *  group of several inputs are NAN, as these move in both directions. SOBOL: first order by Saltelli 2010, total by
 *  Jansen 1999 (doi:10.1016/S0010-4655(98)00154-4), intervals by 1000 bootstrap samples of the nets and Student's t.
 *  @param u  [n_points][n_inputs] @param y  [n_points] @param[out] out  [n_groups][OST_N_INDICES]
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_sensitivity_estimate(
    const ost_sensitivity_t *self, const double *u, const double *y, ost_index_t *out, ost_error_t *err) OST_MUST_CHECK;
/** Indices of LOCAL: derivatives by central differences of two steps, extrapolated (Richardson 1911); the interval is
 * the difference from that of the smaller step.
 *  @param value, step, sd  [n_inputs] present value, what 1 displaces it by, standard deviation; NAN: not known
 *  @param y  [n_points] @param[out] out  [n_inputs][OST_N_INDICES] */
void ost_sensitivity_local(const ost_sensitivity_t *self, const double *value, const double *step, const double *sd,
    const double *y, ost_index_t *out);

/** Points of a design that was not made for an analysis. */
typedef struct {
    size_t n_inputs, n_points; /**< at least 1 */
    const double *x;           /**< [n_points][n_inputs] values; of words, a number of each. Of a grid not used */
    const size_t *n_levels;    /**< [n_inputs] of a grid, whose last input changes first; NULL: samples of inputs that
                                    are independent */
    bool is_sequence;          /**< samples of a Sobol' or Halton sequence */
} ost_given_t;

/** Points of samples at least: an assumption. */
#define OST_GIVEN_LEAST 64

/** Indices of SOBOL from the output at such points. Samples have the first order alone: the variance of the means of
 *  root(n_points) classes of an input's values, each with as many points, less that which chance leaves (one-way
 *  analysis of variance), with 95 % by the influence of each point. Points of a sequence leave less than chance does:
 *  half of that is taken off, and the interval has both ends. Values that are not finite are left out. A grid has
 *  first order and total of its values, each as likely as the others, exactly; none where a value is not finite.
 *  @param y  [n_points] @param[out] out  [n_inputs][OST_N_INDICES] NAN where there is none @return 0 or
 *  OST_ERR_NO_MEMORY */
int ost_given_estimate(const ost_given_t *self, const double *y, ost_index_t *out, ost_error_t *err) OST_MUST_CHECK;

#endif
