/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file statistic.h  Statistics of a measure over the subjects of an arm, as columns of tables: a statistic is one row
 * of OST_STATISTICS and its function in statistic.c. */
#ifndef OST_OBSERVE_STATISTIC_H
#define OST_OBSERVE_STATISTIC_H

#include "core/text.h"
#include "core/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>

/** X(MEMBER, name, heading, format, decimals, tables that have the column, function, meaning) */
#define OST_STATISTICS(X)                                                                                              \
    X(OST_STATISTIC_MEDIAN, "median", "median", "%.*f", -1, OST_SHOWN, median_of, "median")                            \
    X(OST_STATISTIC_Q05, "q05", "5 %", "%.*f", -1, OST_SHOWN, q05_of, "5th percentile")                                \
    X(OST_STATISTIC_Q95, "q95", "95 %", "%.*f", -1, OST_SHOWN, q95_of, "95th percentile")                              \
    X(OST_STATISTIC_MEAN, "mean", "mean", "%.*f", -1, OST_SHOWN, mean_of, "mean")                                      \
    X(OST_STATISTIC_SD, "sd", "SD", "%.*f", -1, OST_SHOWN | OST_CHECKED, sd_of, "standard deviation between subjects") \
    X(OST_STATISTIC_N, "n", "n", "%.*f", 0, OST_ON_REQUEST, n_of, "subjects with a value")                             \
    X(OST_STATISTIC_FRACTION, "fraction", "above 0", "%.*f", 1, OST_ON_REQUEST, fraction_of,                           \
        "percent of the subjects whose value is above 0")                                                              \
    X(OST_STATISTIC_DIFFERENCE, "difference", "difference of means", "%+.*f", -1, OST_WITH_VERSUS, difference_of,      \
        "mean minus that of another arm")                                                                              \
    X(OST_STATISTIC_NNT, "nnt", "NNT", "%.*g", 3, OST_WITH_VERSUS | OST_OF_FRACTIONS, nnt_of,                          \
        "number needed to treat, or to harm: one subject in so many makes the difference; infinite where the 95 % "    \
        "interval of the difference includes 0")                                                                       \
    X(OST_STATISTIC_RESIDUAL, "residual", "simulated - observed", "%+.*f", -1, OST_WITH_EVIDENCE, residual_of,         \
        "simulated - observed: mean against mean, median against median")

/** Index of a statistic in ost_statistics. */
typedef enum { OST_STATISTICS(OST_MEMBER) OST_N_STATISTICS } ost_statistic_t;

/** Tables that have a column unless others are chosen. */
enum {
    OST_ON_REQUEST = 0,    /**< none */
    OST_SHOWN = 1,         /**< `show` */
    OST_CHECKED = 2,       /**< tables of `validate` */
    OST_WITH_VERSUS = 4,   /**< `show --versus` */
    OST_OF_FRACTIONS = 8,  /**< only where the value is a fraction of the subjects */
    OST_WITH_EVIDENCE = 16 /**< `show` and `validate`, beside observed values */
};

/** Values of one measure over the subjects of an arm, and what they are compared with. */
typedef struct {
    const double *x;     /**< [n] finite, ascending */
    size_t n;            /**< 0: every statistic but `n` is NAN */
    double versus;       /**< mean of another arm, NAN for none */
    double versus_error; /**< standard error of the difference from it, NAN for none */
    double whole;        /**< value at which all subjects have it, as 100 for percent of subjects; NAN for none */
    double observed;     /**< NAN for none */
    ost_statistic_t observed_as;    /**< the statistic that `observed` is */
    bool is_summary;                /**< x is not there; `known` has what a file keeps of it, but for comparisons */
    double known[OST_N_STATISTICS]; /**< NAN: not kept */
} ost_sample_t;

/** A statistic. */
typedef struct {
    const char *name;                            /**< "q05", as options and experiments spell it */
    const char *heading;                         /**< "5 %", of its column */
    const char *format;                          /**< for printf: decimals, value */
    int decimals;                                /**< negative: as many as the measure has */
    unsigned tables;                             /**< OST_SHOWN, ... that have it */
    double (*value)(const ost_sample_t *sample); /**< NAN where there is none */
    const char *meaning;                         /**< a phrase */
} ost_statistic_column_t;

/** All statistics, by ost_statistic_t. */
extern const ost_statistic_column_t ost_statistics[OST_N_STATISTICS];
/** Their names. */
extern const char *const ost_statistic_names[OST_N_STATISTICS];

/** The sample of those of n values that are finite. @param[out] work  [n], that the sample borrows */
ost_sample_t ost_sample_of(const double *values, size_t n, double *work);
/** Standard error of a statistic of n values, minus that of the other arm's where there is one, by their number: to
 * first order, from what each subject adds to the statistic (its influence; Hampel 1974, doi:10.2307/2285666). Of a
 * quantile it needs the density there, from the values within one standard error of its rank.
 * @param versus  [n] of the same subjects, or NULL @param work  [n] @return NAN where it is not known: of `n` and of
 * comparisons, for fewer than 2 subjects, of an SD of 2, and of a fraction of none or all */
double ost_standard_error(ost_statistic_t self, const double *values, const double *versus, size_t n, double *work);
/** Standard error of the mean of a - b over the subjects that have both. @param b  NULL: 0
 * @return NAN for fewer than 2 */
double ost_error_of_difference(const double *a, const double *b, size_t n);
/** A statistic of a sample. */
double ost_statistic(ost_statistic_t self, const ost_sample_t *sample);
/** A value as its column prints it, nothing for NAN, "none" where it is infinite; always terminated. @param decimals of
 * the measure @return buf */
char *ost_statistic_format(ost_statistic_t self, double value, int decimals, char *buf, size_t size);
/** Quantile p of n ascending values by linear interpolation between ranks (type 7 of Hyndman 1996,
 * doi:10.2307/2684934). @param n  > 0 */
double ost_quantile(const double *x, size_t n, double p);
/** Part of a population that lies, on average, between two quantiles of n of its members that enclose `part` of these:
 *  whatever the distribution, as the k-th of n has k/(n + 1) of it below (Hyndman 1996). */
double ost_quantile_coverage(size_t n, double part);

/** What draws of parameters give: the median over draws of an estimate and its 95 % interval, and the medians of both
 *  ends of the 90 % interval between subjects. */
enum {
    OST_DRAWN_VALUE,         /**< median over draws */
    OST_DRAWN_LOW,           /**< 2.5th percentile over draws */
    OST_DRAWN_HIGH,          /**< 97.5th */
    OST_DRAWN_SUBJECTS_LOW,  /**< median over draws of the 5th percentile between subjects */
    OST_DRAWN_SUBJECTS_HIGH, /**< of the 95th */
    OST_N_DRAWN
};
/** Part of the draws that the interval of an estimate holds. */
#define OST_DRAWN_PART 0.95
/** @param values  [3][n] of each draw: the estimate, 5th and 95th percentile between subjects; NAN: not computed
 *  @param work  [n] @param[out] out  NAN without a value */
void ost_drawn(const double *values, size_t n, double *work, double out[OST_N_DRAWN]);

/** What a run gives for one endpoint. */
typedef struct {
    double value;        /**< NAN where no subject has one */
    double sd;           /**< of the measure between subjects, both arms' variances added; NAN below 2 subjects */
    double error;        /**< standard error of the value by the number of subjects; NAN: not known */
    size_t n;            /**< subjects with a finite measure (in the arm that has fewer) */
    double sd_measuring; /**< of the measure of one subject by errors of measurement, as who simulates knows them, else
                            0 */
    double statistic[OST_N_STATISTICS]; /**< all statistics of the arm itself */
} ost_estimate_t;
/** A statistic of n values, minus that of the other arm's if there is one.
 * @param versus  [n] or NULL. @param is_ratio  percent above that of the other arm instead. @param work  [n] */
ost_estimate_t ost_estimate(
    ost_statistic_t statistic, const double *values, const double *versus, bool is_ratio, size_t n, double *work);

#endif
