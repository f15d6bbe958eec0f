/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file validate.h  The model against trials: every observation with its prediction and a prediction interval. A
 * prediction's variance has five parts: the parameters (a sample of their posterior), the observed value's own error,
 * the residual error between and within trials (fit.h), and the simulated cohort's size. */
#ifndef OST_ANALYSIS_VALIDATE_H
#define OST_ANALYSIS_VALIDATE_H

#include "analysis/fit.h"
#include "analysis/naive.h"
#include "core/vocabulary.h"

/** Parts of the SD of a prediction, which are independent of each other: X(MEMBER, name, meaning) */
#define OST_SD_PARTS(X)                                                                                                \
    X(OST_SD_OBSERVED, sd_observed, "of the observed value")                                                           \
    X(OST_SD_COHORT, sd_cohort, "of the simulated mean, by the size of the cohort")                                    \
    X(OST_SD_PARAMETERS, sd_parameters, "by the parameters")                                                           \
    X(OST_SD_BETWEEN, sd_between, "residual error that the observations of a trial share")                             \
    X(OST_SD_WITHIN, sd_within, "residual error of single observations")

/** The parts of a prediction interval, for a person. It is used in formats: without '%'. */
#define OST_PREDICTION_NOTE                                                                                            \
    "A prediction interval has in it the error of the observed value, that of the simulated one by the number of "     \
    "subjects, the uncertainty of the parameters (draws of the fit), and what trials, and single rows, differ by "     \
    "beyond these (residual errors of the fit)."
/** See OST_SD_PARTS. */
typedef enum { OST_SD_PARTS(OST_MEMBER) OST_N_SD_PARTS } ost_sd_part_t;

/** A prediction check: an observation and its prediction. */
typedef struct {
    const ost_trial_t *trial;             /**< borrowed */
    const ost_observation_t *observation; /**< borrowed */
    const ost_treated_arm_t *treated;     /**< class of treatment of its arm; borrowed, NULL: none */
    const char *table;                    /**< path of the evidence that its row stands in; borrowed */
    const char *reason;              /**< known reason of a BMD residual beyond OST_MISS_POINTS, NULL: none; borrowed */
    ost_estimate_t estimate;         /**< of the large cohort */
    double sd_parts[OST_N_SD_PARTS]; /**< of the prediction, row's unit; NAN: not known. The one by the parameters is
                                        without draws, or where one of them gave no value */
    double sd;           /**< of the prediction in all, NAN where that of the parameters should be known and is not */
    double lower, upper; /**< 90 % prediction interval, cut off where nothing is left: at -100 % of a change */
    bool inside;         /**< the observed value lies in it; all of these are NAN or false without a prediction, where
                              no subject of the cohort is eligible: such checks count in no sum */
    double naive;        /**< class mean, row's unit; NAN without (naive.h) */
} ost_prediction_check_t;

/** Residual of a change beyond which an observation of the class is missed by far, points: OST_MISS_POINTS of BMD, 20
 * of turnover markers and hormones (assumed: a fifth of what the strongest drugs do to them); INFINITY of others. */
double ost_miss_limit(ost_class_t of);
/** Whether an observation is missed by more than the limit of its class. */
bool ost_is_missed(const ost_prediction_check_t *self);

/** A trial of a validation. */
typedef struct {
    ost_curve_t *curves; /**< [n_curves] */
    size_t n_curves;
    bool is_fitted; /**< it is simulated with the parameters, and its intervals hold their uncertainty and the residual
                       error */
} ost_validated_t;

/** A validation. */
typedef struct {
    ost_memory_t memory;            /**< of checks, trials and sums */
    ost_trials_t trials;            /**< all that were read */
    ost_prediction_check_t *checks; /**< [n_checks] */
    size_t n_checks;
    ost_naive_t naive;         /**< calibrate rows by class of treatment */
    ost_validated_t *of_trial; /**< [n_trials] */
    uint64_t n_subjects;       /**< of the large cohorts; 0: as each trial says */
    const char *parameters;    /**< path of the table of draws, borrowed; NULL: the models' own parameters */
    size_t n_draws;            /**< of the parameters; 0: without uncertainty */
    ost_naive_sum_t *by_treatment[OST_ROLE_CONTEXT]; /**< [n_classes + 2] checks of BMD in the roles that test the
                                                        model, model and class means, as in ost_naive_sum() */
} ost_validation_t;

/** How far a validation is: all trials are simulated with the estimate, then once more over draws of the parameters. */
typedef struct {
    bool of_draws;        /**< the second time */
    size_t n_done, n_all; /**< trials, this time */
    double fraction;      /**< of the subject-arms of both times */
} ost_validation_progress_t;

/** How to validate. */
typedef struct {
    ost_trials_options_t trials; /**< n_subjects: of the large cohort */
    const ost_draws_t *draws;    /**< NULL: the models' own values, no uncertainty of parameters */
    bool shipped_only;           /**< the draws are those of osteon's own fit: for trials of its own models alone, whose
                                    bone model has parameters in them */
    size_t n_draws;              /**< of them that are used, if there are as many; a single one is not */
    size_t n_draw_subjects;      /**< subjects of a latin hypercube for each draw */
    int n_threads;               /**< 0: all */
    void (*progress)(void *user, const ost_validation_progress_t *progress); /**< after each trial; NULL: nothing */
    void *user;                                                              /**< handed to it */
} ost_validation_options_t;

/** Simulate all trials and check every observation. */
int ost_validation_run(
    ost_validation_t *self, const ost_validation_options_t *options, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed one. */
void ost_validation_free(ost_validation_t *self);
/** How many candidates were eligible in a trial. @return false where all subjects take part, or before a run */
bool ost_validation_eligible(const ost_trial_t *trial, uint64_t *n_eligible, uint64_t *n_candidates);
/** The observations of one class and role together. */
typedef struct {
    ost_class_t endpoint_class; /**< of the observations */
    ost_role_t role;            /**< of their rows */
    size_t n;                   /**< observations */
    double rmse;     /**< of residuals: points, percent of the observed level, points over all years of a rate */
    double bias;     /**< mean of these residuals */
    double coverage; /**< fraction of observations inside their 90 % prediction interval */
    double weighted; /**< root mean square of residuals in units of the prediction's SD, over those that have one: 1 if
                      * the SDs are right; NaN where no prediction has an SD */
} ost_validation_sum_t;
/** Room for all sums. */
#define OST_N_SUMS (OST_N_ROLES * OST_N_CLASSES)

/** Sums of those classes and roles that there are. @param[out] sums  [OST_N_SUMS]; @return their number */
size_t ost_validation_sum(const ost_validation_t *self, ost_validation_sum_t *sums);
/** Observations of different trials that observed the same: output, measure and times alike, in arms that were given
 * the same. Only the trials differ, so no model of the treatment alone comes closer than their SD. */
typedef struct {
    size_t n;        /**< observations, of roles calibrate and validate */
    size_t n_groups; /**< groups of them from several trials */
    double sd;       /**< within the groups, row's unit; NAN without groups */
} ost_replicates_t;
/** The replicates of a class. */
ost_replicates_t ost_validation_replicates(const ost_validation_t *self, ost_class_t of);

/** Room for the sentence of ost_validation_basis(). */
enum { OST_BASIS_SIZE = 1024 };
/** What the numbers rest on, as a sentence for a person: subjects, parameters, version. @return buf */
char *ost_validation_basis(const ost_validation_t *self, char *buf, size_t size);

enum { OST_CHECK_CELL = 512 };
/** Tables of checks. */
typedef enum {
    OST_CHECK_PRINTED = 1,   /**< for a terminal; trial, arm and role stand above the rows */
    OST_CHECK_ON_PAGE = 2,   /**< of a trial, on the page */
    OST_CHECK_OF_MISSES = 4, /**< of observations that are missed, on the page; their arm stands before these */
    OST_CHECK_IN_CSV = 8     /**< all that is known of a check */
} ost_check_table_t;
/** What a column holds. */
typedef enum {
    OST_CHECK_TEXT,   /**< names and sentences */
    OST_CHECK_RANGE,  /**< two numbers, as text */
    OST_CHECK_NUMBER, /**< in the row's unit */
    OST_CHECK_SIGNED, /**< the same, with its sign where it is positive */
    OST_CHECK_COUNT   /**< months, subjects, a line of a file */
} ost_check_kind_t;
/** A column of tables of checks: of text or of numbers. */
typedef struct {
    const char *name;                                                              /**< in CSV */
    const char *heading;                                                           /**< in the other tables */
    unsigned tables;                                                               /**< OST_CHECK_PRINTED, ... */
    ost_check_kind_t kind;                                                         /**< what it holds */
    const char *(*text)(const ost_prediction_check_t *, char buf[OST_CHECK_CELL]); /**< borrowed or in buf; or NULL */
    double (*number)(const ost_prediction_check_t *);                              /**< NAN: no value; or NULL */
} ost_check_column_t;
/** The next column of a table. @param after  NULL: the first one. @return NULL after the last */
const ost_check_column_t *ost_check_next(const ost_check_column_t *after, ost_check_table_t table);
/** The text of a cell for a reader, numbers with the digits that suit the row. @return borrowed, or buf */
const char *ost_check_cell(
    const ost_prediction_check_t *self, const ost_check_column_t *column, char buf[OST_CHECK_CELL]);
/** All checks as CSV (RFC 4180), a row each, its numbers in the row's unit. */
void ost_validation_write_csv(const ost_validation_t *self, FILE *out);

/** A table of all observations, and summaries by class and role. @return 0 or OST_ERR_NO_MEMORY */
int ost_validation_print(const ost_validation_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;

#endif
