/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file summary.h  A measure over the subjects of a cohort in memory that does not grow with them: number, mean, SD,
 * and quantiles from an integer histogram. */
#ifndef OST_OBSERVE_SUMMARY_H
#define OST_OBSERVE_SUMMARY_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

/** Bins of an octave, of one width: none is wider than 1 / OST_SUMMARY_BINS of the values in it. Below the floor, bins
 * are floor / OST_SUMMARY_BINS wide; zero has a bin of its own. */
#define OST_SUMMARY_BINS 256
/** Octaves above the floor; values beyond them are counted, and a quantile among them is infinite. */
#define OST_SUMMARY_OCTAVES 48

/** The summary; begin with a zeroed one. Counts are integers, so that they do not depend on the order of subjects; sums
 *  are of blocks, and added in the order of calls. */
typedef struct {
    uint64_t n;         /**< finite values */
    double mean, m2;    /**< mean, sum of squared differences from it; NAN after a value that is infinite */
    double least, most; /**< where n > 0 */
    uint32_t *counts;   /**< [n_bins] of bins from `first` on; owned */
    int32_t first;      /**< number of a bin, negative for values below zero */
    size_t n_bins;
} ost_summary_t;

/** Number of the bin of a finite value. @param floor  > 0, a power of two */
int32_t ost_summary_bin(double x, double floor);
/** Ends of a bin; infinite beyond the octaves. @param[out] lower, upper  lower <= upper */
void ost_summary_ends(int32_t bin, double floor, double *lower, double *upper);
/** A power of two from which on bins widen with the values, by the largest size of values: 2^-10 of it or less; of
 * 0: 1.
 */
double ost_summary_floor(double largest);
/** Add a block of subjects. @param x  [n] those that are not finite are left out @return 0 or OST_ERR_NO_MEMORY */
int ost_summary_add(ost_summary_t *self, const double *x, size_t n, double floor, ost_error_t *err) OST_MUST_CHECK;
/** Quantile p, by linear interpolation between ranks (type 7 of Hyndman 1996, doi:10.2307/2684934), each rank at its
 * place among the values of its bin: it differs from that of the values by less than the width of a bin. NAN where n is
 * 0. */
double ost_summary_quantile(const ost_summary_t *self, double floor, double p);
/** Between subjects; NAN below 2. */
double ost_summary_sd(const ost_summary_t *self);
/** Free. Accepts a zeroed one. */
void ost_summary_free(ost_summary_t *self);

#endif
