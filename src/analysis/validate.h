/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file validate.h  The model against trials: every observation with what is predicted for it, and how far that may be
 * off. A prediction's variance has five parts: the parameters (a sample of their posterior), the observed value's
 * own error, what the observations of a trial share, what the model gets wrong of single observations (fit.h), and the
 * simulated cohort's size. */
#ifndef OST_ANALYSIS_VALIDATE_H
#define OST_ANALYSIS_VALIDATE_H

#include "analysis/fit.h"

/** A table that `osteon fit` wrote: estimates and a sample of the posterior. */
typedef struct {
    char *path;        /**< owned */
    char **names;      /**< [n_params] "aibl.K_E"; owned */
    ost_unit_t *units; /**< [n_params] of the columns; owned */
    size_t n_params;
    double *values; /**< [1 + n_draws][n_params] internal units; the first row is the estimate; owned */
    size_t n_draws;
    ost_fit_spread_t spread[OST_N_CLASSES]; /**< of the fit */
} ost_draws_t;

/** Read a table of draws. @return 0, OST_ERR_IO or OST_ERR_SYNTAX, OST_ERR_UNIT with the line */
int ost_draws_read(ost_draws_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** That every name is a parameter of a model of the library, in its unit, and every value within its range. @param
 * library  may gain models. @return 0, OST_ERR_NAME, OST_ERR_UNIT or OST_ERR_VALUE with the line */
int ost_draws_check(const ost_draws_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed one. */
void ost_draws_free(ost_draws_t *self);

/** What came of one observation. */
typedef struct {
    const ost_trial_t *trial;             /**< borrowed */
    const ost_observation_t *observation; /**< borrowed */
    ost_estimate_t estimate;              /**< of the large cohort */
    double sd_parameters; /**< of the prediction by the parameters alone, row's unit; NAN without draws, or where one of
                             them gave no value */
    double sd;            /**< of the prediction in all, NAN where that of the parameters should be known and is not */
    double lower, upper;  /**< 90 % prediction interval */
    bool inside;          /**< the observed value lies in it */
} ost_verdict_t;

/** A validation. */
typedef struct {
    ost_trials_t trials;     /**< all that were read */
    ost_verdict_t *verdicts; /**< [n_verdicts] */
    size_t n_verdicts;
    ost_curve_t **curves; /**< [n_trials][n_curves[t]] */
    size_t *n_curves;     /**< [n_trials] */
    uint64_t n_subjects;  /**< of the large cohorts; 0: as each trial says */
    bool is_fitted;       /**< parameters of a table, else the models' own */
    size_t n_draws;       /**< of the parameters; 0: without uncertainty */
} ost_validation_t;

/** How to validate. */
typedef struct {
    ost_trials_options_t trials; /**< n_subjects: of the large cohort */
    const ost_draws_t *draws;    /**< NULL: the models' own values, no uncertainty of parameters */
    size_t n_draws;              /**< of them that are used, if there are as many; a single one is not */
    size_t n_draw_subjects;      /**< subjects of a latin hypercube for each draw */
    int n_threads;               /**< 0: all */
} ost_validation_options_t;

/** Simulate all trials and judge every observation. */
int ost_validation_run(
    ost_validation_t *self, const ost_validation_options_t *options, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed one. */
void ost_validation_free(ost_validation_t *self);
/** The observations of one class and role together. */
typedef struct {
    ost_class_t endpoint_class; /**< of the observations */
    const char *role;           /**< of their rows */
    size_t n;                   /**< observations */
    double rmse;     /**< of residuals: points, percent of the observed level, points over all years of a rate */
    double bias;     /**< mean of these residuals */
    double coverage; /**< share of observations inside their 90 % prediction interval */
    double weighted; /**< root mean square of residuals in units of the prediction's SD: 1 if that is right */
} ost_validation_sum_t;
/** Room for all sums. */
#define OST_N_SUMS (3 * OST_N_CLASSES)

/** Sums of those classes and roles that there are. @param[out] sums  [OST_N_SUMS]; @return their number */
size_t ost_validation_sum(const ost_validation_t *self, ost_validation_sum_t *sums);
/** Observations of different trials that observed the same: output, measure and times alike, in arms that were given
 * the same. Only the trials differ, so no model that knows the treatment alone comes closer than their SD. */
typedef struct {
    size_t n;        /**< observations, of roles calibrate and validate */
    size_t n_groups; /**< groups of them from several trials */
    double sd;       /**< within the groups, row's unit; NAN without groups */
} ost_replicates_t;
/** The replicates of a class. */
ost_replicates_t ost_validation_replicates(const ost_validation_t *self, ost_class_t of);

/** What the numbers rest on, as a sentence for a person: subjects, parameters, version. @return buf */
char *ost_validation_basis(const ost_validation_t *self, char *buf, size_t size);
/** A table of all observations, and summaries by class and role. */
void ost_validation_print(const ost_validation_t *self, FILE *out);
/** One self-contained HTML page: summaries, and for every trial a figure and its table. */
void ost_validation_write_html(const ost_validation_t *self, FILE *out);

/** Digits after the point that suit the numbers of a verdict, in its row's unit. */
int ost_verdict_decimals(const ost_verdict_t *self);

#endif
