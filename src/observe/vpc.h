/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file vpc.h  Visual predictive check: percentiles of observed data over time, against the intervals of the same
 *  percentiles in simulated data sets of the same design (Holford 2005, PAGE 14 abstract 738; Karlsson 2008, PAGE 17
 *  abstract 1434). */
#ifndef OST_OBSERVE_VPC_H
#define OST_OBSERVE_VPC_H

#include "core/error.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Percentiles that are compared: 5th, 50th, 95th. */
enum { OST_VPC_LOWER, OST_VPC_MEDIAN, OST_VPC_UPPER, OST_N_VPC };
/** 5, 50, 95, by the enum. */
extern const double ost_vpc_percent[OST_N_VPC];
/** Part of the simulated data sets whose percentile lies in its interval. */
#define OST_VPC_PART 0.9
/** Simulated data sets, an assumption: their intervals hold 89.6 % of all on average (ost_quantile_coverage()). */
#define OST_VPC_DATA_SETS 500

/** Observations of an arm. All borrowed. */
typedef struct {
    const double *time;   /**< [n] d */
    const double *value;  /**< [n] */
    const size_t *person; /**< [n] below n_persons */
    size_t n, n_persons;
} ost_vpc_data_t;

/** Simulated subjects of the arm. */
typedef struct {
    /** Values of all subjects at a time. @param part  draw of parameters @param[out] values  [n_subjects], NAN where a
     * subject has none @return 0 or an error */
    int (*read)(void *user, size_t part, double time, double *values, ost_error_t *err);
    void *user;
    size_t n_subjects, n_parts; /**< n_parts: 1, or draws, which the data sets take in turn */
    uint64_t seed;              /**< of the choice of subjects */
    /** [n_subjects], [n_persons]: a subject stands for persons of its own group alone, as one with the same doses does;
     * NULL: for any */
    const size_t *group_of_subject, *group_of_person;
} ost_vpc_source_t;

/** Observations that are close in time. */
typedef struct {
    double from, to, at;                                          /**< d: borders between bins, mean time */
    size_t n;                                                     /**< observations */
    double observed[OST_N_VPC];                                   /**< percentiles of the data */
    double lower[OST_N_VPC], middle[OST_N_VPC], upper[OST_N_VPC]; /**< over data sets, of the same percentiles */
} ost_vpc_bin_t;

/** The check of an arm. */
typedef struct {
    size_t arm;          /**< the caller's */
    ost_vpc_bin_t *bins; /**< [n_bins] ascending; owned */
    size_t n_bins;
    ost_vpc_data_t data; /**< borrowed */
    size_t n_present;    /**< simulated subjects with a value, of persons' groups */
    bool is_matched;     /**< persons have subjects of their own */
} ost_vpc_arm_t;

/** A check. */
typedef struct {
    const char *path, *output, *unit; /**< of the data; what they observe; of their values; borrowed */
    const ost_text_list_t *notes;     /**< sentences on the data for a reader; borrowed */
    ost_vpc_arm_t *arms;              /**< [n_arms] with data; owned */
    size_t n_arms;
} ost_vpc_t;

/** Simulate OST_VPC_DATA_SETS data sets: for each person a subject at random, with that person's times, and compare. A
 *  subject that has left before the person's last time does not stand for that person, whose times end already where
 *  people leave; unless none stays as long.
 *  Up to ten times are bins of their own, more are joined into ten bins of like numbers of observations.
 *  @param self  free its bins in any case
 *  @return 0; OST_ERR_VALUE: no subject has a value; OST_ERR_LIMIT: too many times, subjects and draws;
 * OST_ERR_NO_MEMORY; or what `read` returns */
int ost_vpc_run(
    ost_vpc_arm_t *self, const ost_vpc_data_t *data, const ost_vpc_source_t *source, ost_error_t *err) OST_MUST_CHECK;
/** How many of the observed percentiles lie in their intervals. @param[out] n  of how many */
size_t ost_vpc_inside(const ost_vpc_arm_t *self, size_t *n);
/** Free. Accepts a zeroed one. */
void ost_vpc_free(ost_vpc_t *self);

#endif
