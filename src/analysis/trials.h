/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file trials.h  Trials: experiments that name rows of an evidence table, and what the simulation has to say to
 * each of those rows. The base of `osteon validate` and `osteon fit`. */
#ifndef OST_ANALYSIS_TRIALS_H
#define OST_ANALYSIS_TRIALS_H

#include "input/evidence.h"
#include "plan/plan.h"
#include "results/results.h"

/** What is taken of each subject. y: the output; from, to: the two times. */
typedef enum {
    OST_MEASURE_LEVEL,   /**< y(to) */
    OST_MEASURE_CHANGE,  /**< y(to) - y(from) */
    OST_MEASURE_PERCENT, /**< 100 (y(to)/y(from) - 1) */
    OST_MEASURE_SHARE    /**< 100 y(to)/y(from) */
} ost_measure_t;

/** Kinds of endpoints whose errors are of one size: percent of BMD, of markers, of hormones, and levels. */
typedef enum { OST_CLASS_BMD, OST_CLASS_MARKER, OST_CLASS_HORMONE, OST_CLASS_LEVEL, OST_N_CLASSES } ost_class_t;

/** One row of the evidence as the simulation can be held against it: the mean (or median) over the subjects of a
 * measure in one arm, less that in another arm if there is one. */
typedef struct {
    const ost_evidence_row_t *row;      /**< borrowed from the evidence */
    const ost_comparison_t *comparison; /**< that named the row, borrowed from the experiment */
    ost_class_t endpoint_class;         /**< by the output */
    ost_measure_t measure;              /**< by endpoint and unit of the row */
    bool per_year;                      /**< the measure is divided by to - from in years */
    bool median;                        /**< else the mean */
    double from, to;                    /**< d from time 0 */
    char output[96];                    /**< "bmd[total_hip]" */
    double unit;                        /**< LEVEL and CHANGE: internal units in 1 of the row's, NAN: as reported */
    ost_dim_t unit_dim;                 /**< of unit */
    size_t arm, versus;                 /**< of the experiment; versus: SIZE_MAX for none */
    size_t i_output, i_from, i_to;      /**< row of the plan's outputs, indices of its times */
    double factor;                      /**< the measure in the row's unit = factor x the measure as reported */
} ost_observation_t;

/** A row that a comparison names and the simulation has nothing to say to. */
typedef struct {
    const ost_evidence_row_t *row; /**< borrowed */
    char why[240];                 /**< for a person */
} ost_unmatched_t;

/** A trial: an experiment, planned, with its observations. */
typedef struct {
    ost_experiment_t experiment;     /**< outputs and times widened to what the observations need */
    ost_plan_t plan;                 /**< of it */
    ost_observation_t *observations; /**< [n_observations], in the order of the table */
    size_t n_observations;
    ost_unmatched_t *unmatched; /**< [n_unmatched] of roles calibrate and validate */
    size_t n_unmatched;
    size_t first_observation; /**< of its observations among those of all trials */
    bool skip;                /**< ost_trials_estimate() leaves it out */
    double seconds;           /**< of computing that it last took, 0 before: the longest are begun first */
} ost_trial_t;

/** Trials over one library and one evidence table. */
typedef struct {
    ost_library_t library;   /**< that the plans borrow from */
    ost_evidence_t evidence; /**< that the observations borrow from */
    ost_trial_t *trials;     /**< [n_trials], sorted by file name */
    size_t n_trials;
    size_t n_observations; /**< of all trials */
} ost_trials_t;

/** How trials are read. */
typedef struct {
    const char *folder;      /**< every *.yaml in it is a trial */
    const char *evidence;    /**< table; NULL: the one that all trials name */
    const char *only;        /**< name of the one trial to read, NULL: all */
    const char *model;       /**< bone model in the place of each trial's own, NULL: none. Arms that cannot feel
                                what they are given are dropped, their rows unmatched */
    uint64_t n_subjects;     /**< replaces the trials' numbers; 0: theirs */
    ost_sampling_t sampling; /**< replaces the trials', with n_subjects */
    double rtol;             /**< replaces the trials' tolerance of the solver; 0: theirs */
    bool without_rules; /**< nobody begins, ends or is left out by a rule: for a fit, whose slopes a rule would break */
} ost_trials_options_t;

/** Read, match and plan all trials of a folder; a trial without any observation is not planned, and skipped.
 *  @return 0 or the first error, with its place: a file that is wrong, a comparison that no row answers to, trials that
 *  name different tables, a model that is not there */
int ost_trials_read(ost_trials_t *self, const ost_trials_options_t *options, ost_error_t *err) OST_MUST_CHECK;
/** Free what a trial owns; a zeroed one owns nothing. */
void ost_trial_free(ost_trial_t *self);
/** Free. Accepts NULL and a zeroed one. */
void ost_trials_free(ost_trials_t *self);

/** Find the observations of an experiment; add the times that they need to the experiment's, and lift its choice of
 * outputs.
 *  @param evidence  borrowed */
int ost_observations_find(ost_trial_t *self, const ost_evidence_t *evidence, ost_error_t *err) OST_MUST_CHECK;
/** After planning: where in the plan's output each observation is read; an observation whose output or unit the plan
 * has not becomes unmatched. */
int ost_observations_bind(ost_trial_t *self, ost_error_t *err) OST_MUST_CHECK;

/** Index of an experiment's output time within half a day of t, SIZE_MAX if there is none. */
size_t ost_observation_time(const ost_experiment_t *experiment, double t);

/** What the simulation says to one observation. */
typedef struct {
    double value; /**< in the row's unit; NAN where no subject has one */
    double sd;    /**< of the measure between subjects, both arms' variances added; NAN below 2 subjects */
    size_t n;     /**< subjects with a finite measure (in the arm that has fewer) */
} ost_estimate_t;

/** One output of one arm over time: percent change from time 0, or the value where there is none to compare with. */
typedef struct {
    size_t arm, i_output;         /**< of the experiment; row of the plan's outputs */
    char output[96];              /**< its name */
    bool is_value;                /**< values, not changes */
    double *mean, *lower, *upper; /**< [n_times] mean, 5th and 95th percentile of the subjects; owned in one block */
} ost_curve_t;

/** Parameters that are moved in all trials at once, by name. */
typedef struct {
    const char *const *names; /**< [n] "aibl.T[total_hip]" */
    size_t n;                 /**< parameters */
    const double *values;     /**< [n_variants][n] internal units */
    size_t n_variants;
} ost_variants_t;

/** Simulate a trial, once for each variant, and estimate its observations. A parameter that a trial's models do not
 * have, or that its file sets, stays as it is there.
 * @param variants  NULL: once, as planned. @param[out] estimates  [n_variants][n_observations]
 * @param[in,out] curves  [n_curves] of the first variant: arm, i_output and is_value given, the rest filled in
 * @param n_threads  0: all. @return 0 or an error of the run; single subjects that fail are left out */
int ost_trial_estimate(ost_trial_t *self, const ost_variants_t *variants, int n_threads, ost_estimate_t *estimates,
    ost_curve_t *curves, size_t n_curves, ost_error_t *err) OST_MUST_CHECK;

/** The same for all trials, which threads share. @param[out] estimates  [n_variants][n_observations of all]; value NAN
 * in a trial that is skipped */
int ost_trials_estimate(ost_trials_t *self, const ost_variants_t *variants, int n_threads, ost_estimate_t *estimates,
    ost_error_t *err) OST_MUST_CHECK;

/** Standard error of a row: of its interval where it gives one, else sd/sqrt(n) with the simulated SD of a subject, a
 * scan's error included, and the row's n, or OST_ASSUMED_N where it has none. */
double ost_observation_error(const ost_observation_t *self, const ost_estimate_t *estimate);
/** People behind a row that does not say: assumed: about the median of those that do. */
#define OST_ASSUMED_N 60
/** SD of the error of one BMD measurement, percent, by site: coefficients of variation of repeated scans and of
 * positioning and machine between visits; see models/bone/aibl.md, "What is measured". */
double ost_scan_error(const char *element);

/** "BMD", "marker", "hormone", "level". */
const char *ost_class_name(ost_class_t endpoint_class);

#endif
