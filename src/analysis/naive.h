/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file naive.h  Class means: what the mean of other trials with the same class of treatment predicts, a prediction
 * without a model. A model is of use where it misses by less. */
#ifndef OST_ANALYSIS_NAIVE_H
#define OST_ANALYSIS_NAIVE_H

#include "analysis/trials.h"

/** A calibrate row of one arm, as class means use it. */
typedef struct {
    size_t of;            /**< class of treatment of the arm */
    char output[96];      /**< "bmd[total_hip]" */
    char *trial;          /**< of the evidence; owned */
    double months, value; /**< duration of the change; the change, points */
    int line;             /**< of the evidence */
} ost_naive_row_t;

/** The calibrate rows of all trials. */
typedef struct {
    ost_naive_row_t *rows; /**< [n] */
    size_t n, n_shipped;   /**< all; those of `shipped` */
    const char *shipped;   /**< folder; borrowed from the options, NULL: none */
} ost_naive_t;

/** Read the calibrate rows that the trials of a folder compare, whichever of these trials and which model `options`
 * asks for; and those of the trials of `shipped` whose class of treatment the first ones have too. Rows of levels, of
 * differences between arms, of changes that are not in percent and of arms without a class are no part of it.
 *  @return 0 or the first error, with its place */
int ost_naive_read(ost_naive_t *self, const ost_trials_options_t *options, ost_error_t *err) OST_MUST_CHECK;
/** The mean over trials of a class, output and month; months counted from the scan that a change is counted from;
 * linear between months, from 0 at month 0; beyond the last month that of the last. Where the class has no row of the
 * output, that of its `stand_in` in endpoints.csv. A difference between arms is that of their classes. Without the
 * rows of the trial that is predicted.
 *  @return in the row's unit, NAN where there is no mean */
double ost_naive_predict(const ost_naive_t *self, const ost_trials_t *trials, const ost_observation_t *observation);
/** Free. Accepts NULL and a zeroed one. */
void ost_naive_free(ost_naive_t *self);

/** Observations of one class of treatment together: model and class means over the same rows. */
typedef struct {
    size_t n, n_inside;          /**< observations; those inside their 90 % prediction intervals */
    size_t n_compared;           /**< those with a class mean, of which the sums are */
    double square, naive_square; /**< sums of squared residuals of model and class means, points^2 */
    double size, naive_size;     /**< sums of their sizes, points */
    double bias, median;         /**< mean residual of the model and median of its size over all n, points */
    double rmse, mae;            /**< of the model over all n, points */
} ost_naive_sum_t;

/** An observation with what the model predicts for it. */
typedef struct {
    const ost_observation_t *observation; /**< borrowed */
    double simulated;                     /**< in the row's unit */
    bool inside;                          /**< the observed value lies in the 90 % prediction interval */
} ost_naive_checked_t;

/** Sums of n observations by class of treatment.
 *  @param[out] sums  [n_classes + 2] by class, then of arms without one, then of all. @return 0 or OST_ERR_NO_MEMORY */
int ost_naive_sum(ost_naive_sum_t *sums, const ost_naive_t *naive, const ost_trials_t *trials,
    const ost_naive_checked_t *checked, size_t n, ost_error_t *err) OST_MUST_CHECK;
/** How far predictions of a class of treatment can be trusted, by observations that were never fitted; the best first:
 * X(name, words). */
#define OST_TRUSTS(X)                                                                                                  \
    X(OST_TRUST_NEARER, "inside as often as intervals say, nearer than class means")                                   \
    X(OST_TRUST_ALONE, "inside as often as intervals say, no class means")                                             \
    X(OST_TRUST_NO_NEARER, "inside as often as intervals say, no nearer than class means")                             \
    X(OST_TRUST_NARROW, "inside too rarely: intervals are too narrow")                                                 \
    X(OST_TRUST_FEW, "too few observations to tell")
typedef enum { OST_TRUSTS(OST_MEMBER) OST_N_TRUSTS } ost_trust_t;
extern const char *const ost_trust_words[OST_N_TRUSTS];
/** @param self  with observations */
ost_trust_t ost_naive_trust(const ost_naive_sum_t *self);
/** How it is told, for a person. */
#define OST_TRUST_NOTE                                                                                                 \
    "By observations of BMD that were never fitted (role validate): in brackets, how many of them lie inside their "   \
    "90 % prediction intervals. Too rarely: as or more rarely than chance would in 1 of 20 cases, rows taken as "      \
    "independent, as those of one trial are not. Nearer: by rmse and by mean absolute error. Too few: under 10."
/** What the table says, for a person. */
#define OST_NAIVE_NOTE                                                                                                 \
    "coverage: fraction of the n observations that lie inside their 90 % prediction intervals. bias, median, rmse "    \
    "and MAE: mean residual, median absolute error, root mean square and mean absolute error of the model over all "   \
    "n, points of BMD. with class mean: how many of them have one, that of the calibrate rows of other trials with "   \
    "the same class of treatment, at the same site and month, or in the last month that has one; the columns beside "  \
    "it are the errors of the model and of class means over these alone. The others are of arms without a class, or "  \
    "of a class without such a row."
/** Which rows class means are of besides those of the trials that are compared, for a person. @return buf, "" without
 */
char *ost_naive_origin(const ost_naive_t *self, char *buf, size_t size);
/** Their table. @param what  the observations, "BMD validate". @param sums  as in ost_naive_sum().
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_naive_print(const ost_naive_sum_t *sums, const ost_treatments_t *treatments, const char *what, FILE *out,
    ost_error_t *err) OST_MUST_CHECK;

#endif
