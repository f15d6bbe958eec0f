/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file trials.h  Trials: experiments that name rows of an evidence table, and the estimates that their simulation
 * gives for these. The base of `osteon validate` and `osteon fit`. */
#ifndef OST_ANALYSIS_TRIALS_H
#define OST_ANALYSIS_TRIALS_H

#include "input/misses.h"
#include "input/treatments.h"
#include "observe/match.h"

#include <stdatomic.h>

/** A rule of doses that `without_rules` took away. */
typedef struct {
    size_t arm;     /**< of the experiment */
    char drug[160]; /**< of the regimen line */
    bool begins;    /**< `begin_if`, else `end_if` */
} ost_trial_rule_t;

/** A trial: an experiment, planned, with its observations. */
typedef struct {
    ost_experiment_t experiment; /**< outputs and times widened to what the observations need */
    ost_plan_t plan;             /**< of it */
    ost_matched_t matched;       /**< its observations, and rows without */
    size_t first_observation;    /**< of its observations among those of all trials */
    bool skip;                   /**< ost_trials_estimate() leaves it out */
    uint64_t *chosen; /**< [n_chosen] subjects that take part, as numbers in the cohort; owned, NULL: all of them */
    uint64_t n_chosen;
    double seconds;          /**< of computing that it last took, 0 before: the longest are begun first */
    const atomic_bool *stop; /**< as in ost_trials_options_t */
    uint64_t n_screened;     /**< candidates of the last ost_trial_estimate() */
    uint64_t n_simulated;    /**< of them, those who take part */
    uint64_t n_not_eligible; /**< of these, those who are not eligible */
    ost_trial_rule_t *rules; /**< [n_rules] that `without_rules` took away; owned */
    size_t n_rules;
} ost_trial_t;

/** Trials over one library and one evidence table. */
typedef struct {
    ost_memory_t memory;                  /**< of lists of its own */
    ost_library_t library;                /**< that the plans borrow from */
    ost_evidence_t evidence;              /**< that the observations borrow from */
    ost_endpoint_dictionary_t dictionary; /**< of its endpoints */
    ost_misses_t misses;                  /**< reasons for large misfits that stand beside it */
    ost_treatments_t treatments;          /**< of its arms */
    ost_trial_t *trials;                  /**< [n_trials], sorted by file name */
    size_t n_trials;
    size_t n_observations; /**< of all trials */
    /** Called by ost_trials_estimate() after each trial that is not skipped, by one thread at a time; NULL: nothing */
    void (*on_trial)(void *user, const ost_trial_t *trial);
    void *user; /**< handed to it */
} ost_trials_t;

/** How trials are read. */
typedef struct {
    const char *folder;      /**< every *.yaml in it is a trial; or the file of one trial */
    const char *evidence;    /**< table; NULL: the one that all trials name */
    const char *endpoints;   /**< dictionary where the evidence has none beside it; NULL: then it is an error */
    const char *arms;        /**< arms.csv where the evidence has none beside it; NULL: then no arm has a class */
    const char *shipped;     /**< folder of further trials whose calibrate rows make class means; NULL: none */
    const char *only;        /**< names of the trials to read, "atac,sabre", NULL: all */
    const char *model;       /**< bone model in the place of each trial's own, NULL: none. Arms whose drug it
                                does not respond to are dropped, their rows unmatched; all subjects are eligible */
    uint64_t n_subjects;     /**< replaces the trials' numbers; 0: theirs */
    ost_sampling_t sampling; /**< replaces the trials', with n_subjects */
    double rtol;             /**< replaces the trials' tolerance of the solver; 0: theirs */
    const atomic_bool *stop; /**< once true, estimates end with OST_ERR_LIMIT; NULL: never. Borrowed */
    bool only_matched;       /**< observations are found, and no trial is planned: all are skipped */
    bool only_calibrate;     /**< only rows of role calibrate have observations, and arms and times that none of them
                                needs are not simulated */
    bool without_rules;      /**< no subject begins or ends doses by a rule: for a fit, whose sensitivities a rule would
                                break */
    /** Where a trial has a condition for who is eligible, n_subjects of those that are at the models' own parameters
     * take part, whatever the parameters later: with few subjects their number must not depend on the condition, and
     * estimates must change smoothly. A weight by the distance from the condition would be smooth too, but a condition
     * is any formula, and all candidates would have to be simulated each time. */
    bool fixed_eligible;
    /** In the place of a median stands a mean: how a median of few subjects moves is how the one in the middle does,
     * and who that is changes in jumps. */
    bool medians_as_means;
} ost_trials_options_t;

/** Read, match and plan all trials of a folder; a trial without any observation is not planned, and skipped.
 *  @return 0 or the first error, with its place: a file that is wrong, a comparison that fits no row, trials that name
 *  different tables, an unknown model */
int ost_trials_read(ost_trials_t *self, const ost_trials_options_t *options, ost_error_t *err) OST_MUST_CHECK;
/** Subjects that are simulated in each arm. */
uint64_t ost_trial_subjects(const ost_trial_t *self);
/** Free. Accepts NULL and a zeroed one. */
void ost_trials_free(ost_trials_t *self);

/** One output of one arm over time: percent change from baseline, or the value where there is no baseline. */
typedef struct {
    size_t arm, i_output;         /**< of the experiment; row of the plan's outputs */
    char output[96];              /**< its name */
    bool is_value;                /**< values, not changes */
    double *mean, *lower, *upper; /**< [n_times] mean, 5th and 95th percentile of the subjects; owned in one block */
} ost_curve_t;

/** Parameters that are moved in all trials at once, by name. */
typedef struct {
    const char *const *names; /**< [n] "aibl.T[total_hip]"; "aibl.T.spread": the SD of its BSV, at all sites */
    size_t n;                 /**< parameters */
    const double *values;     /**< [n_variants][n] internal units */
    size_t n_variants;
} ost_variants_t;

/** Simulate a trial, once for each variant, and estimate its observations. A parameter that a trial's models do not
 * have, or that its file sets, stays as it is there; so does a BSV that it sets or switches off. Each subject keeps its
 * quantile of every distribution.
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
/** A residual is this times simulated - observed: of levels and SDs it is percent of the observed value, of yearly
 * rates points over all their years, of all others in the row's unit. */
double ost_observation_scale(const ost_observation_t *self);
/** A value of the row's unit as a change on the scale of residuals: 0 where nothing changed, and for levels. */
double ost_observation_change(const ost_observation_t *self, double value);
/** What residual errors grow with: the change, and OST_CHANGE_A_YEAR for each year of it, as trials differ in rates too
 * where nothing changed in sum; points. */
double ost_observation_extent(const ost_observation_t *self, double value);
/** Points of BMD; assumed. At a usual growth of 0.12 and between of 0.8 it adds an SD of 0.2 points a year. */
#define OST_CHANGE_A_YEAR 2.0
/** Subjects of a row that does not give their number; assumed: about the median of those that do. */
#define OST_ASSUMED_N 60
#endif
