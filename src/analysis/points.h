/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file points.h  Points of a design: from what is varied to a matrix of values. */
#ifndef OST_ANALYSIS_POINTS_H
#define OST_ANALYSIS_POINTS_H

#include "input/design.h"

/** Points in the unit cube, u[n][n_axes]: of a latin hypercube, one in each of n strata of every axis; of Sobol' and
 *  Halton sequences those of GSL (Sobol' with the origin before them), moved by a shift of each axis, which keeps them
 *  as evenly spread. A point and the shift of an axis are pure functions of seed, the axis's path and index.
 *  @param paths  [n_axes] that the random numbers are keyed by @param[out] u  [n * n_axes]
 *  @return 0; OST_ERR_LIMIT: more axes than the sequence has; OST_ERR_NO_MEMORY */
int ost_points_spread(ost_design_kind_t kind, uint64_t seed, const char *const *paths, size_t n_axes, size_t n,
    double *u, ost_error_t *err) OST_MUST_CHECK;
/** Make the points of a design.
 *  @param vary  `PATH=VALUES`, copied. GRID: lists, and ranges with a number of values; TABLE: lists of one length;
 * else lists and ranges without a number @param n_drawn  the last of them, lists of one length: draws at each point;
 * DRAWS: all @param n_points  0: not said, as for GRID and TABLE
 *  @return 0; as ost_vary_parse(); OST_ERR_NAME: an entry is varied twice; OST_ERR_VALUE: a number of points that the
 *  kind does not have, or none that it needs; OST_ERR_LIMIT: too many points or entries. Free it in any case */
int ost_points_make(ost_design_t *self, ost_design_kind_t kind, const ost_text_list_t *vary, size_t n_drawn,
    size_t n_points, uint64_t seed, ost_error_t *err) OST_MUST_CHECK;

#endif
