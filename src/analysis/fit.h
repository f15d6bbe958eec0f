/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file fit.h  Estimating parameters from the evidence of trials.
 *  Bayes' rule at its mode: least squares of the observations' residuals with log-normal and logit-normal priors, by
 * Levenberg and Marquardt (GSL multifit_nlinear) from several starts. The error of an observation has three parts: its
 * own (its interval, or the SD between subjects over the root of its n), an error that all observations of one class
 * from one trial share (population, machine, season: sigma_between), and an error of single observations
 * (sigma_within); the latter two SDs grow with the simulated change and are estimated, by class of endpoint. Only rows
 * of role `calibrate` are fitted. */
#ifndef OST_ANALYSIS_FIT_H
#define OST_ANALYSIS_FIT_H

#include "analysis/naive.h"
#include "analysis/sampler.h"
#include "core/memory.h"
#include "input/draws.h"

/** One parameter that is estimated. Working scale: ln, or logit for ranges within 0..1. */
typedef struct {
    char *name;             /**< "aibl.T[total_hip]"; owned */
    const char *unit_text;  /**< of the model, borrowed */
    double factor;          /**< internal units in one of it */
    double prior, prior_sd; /**< typical value a priori, internal units; its SD on the working scale */
    double lower, upper;    /**< the model's range, internal units */
    bool logit;             /**< working scale */
    double value;           /**< estimate, internal units; the prior before the fit */
    double se;              /**< on the working scale, where the fit has errors */
} ost_fit_param_t;

/** One row of the evidence in the fit. Residuals of class LEVEL are percent of the observed value, those of yearly
 * rates are points over all their years, all others are in the row's unit. */
typedef struct {
    size_t trial, observation; /**< in `trials` */
    size_t group;              /**< rows of one trial and class share it; rows of a group stand together */
    double error;              /**< SE of the observed value, as the residual */
    double change;             /**< simulated change, as the residual: its residual error grows with it */
    double correction;         /**< residual with all subjects minus that with few, where both were last simulated */
    bool is_still;   /**< it fails with few subjects: its residual is the correction, whatever the parameters */
    double residual; /**< simulated - observed at the estimate */
    bool left_out;   /**< not used in the fit that is going on */
} ost_fit_row_t;

/** A row that the fit file excludes. */
typedef struct {
    ost_comparison_t where; /**< trial, trial_arm, endpoint, site, month: NULL and NAN for any */
    char *reason;           /**< owned */
    size_t n_rows;          /**< how many rows it took */
} ost_fit_exclusion_t;

/** Half width of a 90 % prediction interval, in SD: the 95 % quantile of Student's t with n_trials - 2 degrees of
 * freedom (Higgins 2009 J R Stat Soc A 172:137, doi:10.1111/j.1467-985X.2008.00552.x), because sizes that few trials
 * tell are uncertain; with at least 4, as their priors count for something (assumed). 1.645 where n_trials is 0. */
double ost_fit_half_width(const ost_residual_error_t *self);
/** SD of the error that rows of a trial share in a fit. Of one trial alone it is 0: what all its rows share is then
 * told from no parameter. */
double ost_fit_shared_sd(const ost_residual_error_t *self);

/** Residuals, without corrections, of the last differences, and of the last point that was simulated by itself. */
typedef struct {
    bool *is;          /**< [n_params + 2] whether there are any; NULL: no memory yet */
    double *z;         /**< [n_params + 2][n_params] */
    double *residuals; /**< [n_params + 2][n_rows] */
} ost_fit_known_t;

/** A fit. */
typedef struct {
    char *path, *title;       /**< of the file; title NULL if it has none */
    ost_text_list_t warnings; /**< about former names in it, with their locations */
    ost_naive_t naive;        /**< of its trials: to compare predictions of rows left out with */
    ost_trials_t trials;      /**< those of its folder */
    ost_trials_t few;         /**< the same with fewer subjects: how residuals move with parameters */
    ost_fit_known_t known;    /**< of few subjects */
    ost_memory_t memory;      /**< of what is known, and of what has no other owner */
    ost_fit_param_t *params;  /**< [n_params] */
    size_t n_params;
    ost_fit_row_t *rows;             /**< [n_rows] */
    size_t n_rows, n_groups;         /**< rows, and groups of them */
    ost_fit_exclusion_t *exclusions; /**< [n_exclusions] */
    size_t n_exclusions;
    uint64_t n_subjects;     /**< of each arm */
    uint64_t seed, n_starts; /**< of random numbers; searches from the prior */
    double huber_k;          /**< residuals beyond this many SD count linearly (Huber); 0: none */
    ost_residual_error_t residual_error[OST_N_CLASSES]; /**< as estimated so far */
    double *covariance;   /**< [n_params][n_params] on the working scale in units of prior SDs, after ost_fit_run() */
    double *sensitivity;  /**< [n_rows][n_params] d whitened residual / d working scale in prior SDs */
    bool is_kept;         /**< the parameters are those before ost_fit_run(), not its estimate */
    double objective;     /**< -2 log posterior but for a constant */
    bool has_errors;      /**< se, covariance, sensitivity and residual_error are those of the estimate; false before
                             ost_fit_run(), and where it was stopped before it had computed them */
    uint64_t n_simulated; /**< subject-arms so far */
    const atomic_bool *stop; /**< as given to ost_fit_read() */
} ost_fit_t;

/** Progress of a long computation; non-zero stops it, the best so far is kept. */
typedef int (*ost_fit_progress_fn)(void *user, const char *what, size_t done, size_t all, double objective);

/** How to run. */
typedef struct {
    int n_threads;                /**< 0: all */
    ost_fit_progress_fn progress; /**< may be NULL */
    void *user;                   /**< handed to it */
    bool errors_only;             /**< ost_fit_run() keeps the parameters and estimates the residual errors alone */
} ost_fit_options_t;

/** Read a fit file (YAML: trials, evidence, subjects, search_subjects, seed, starts, huber_k, parameters, exclude) and
 * its trials.
 *  @param endpoints, arms  as in ost_trials_options_t
 *  @param stop  once true, every computation ends within a second as if progress had stopped it; NULL: never. Borrowed
 *  @return 0 or an error with its place: an unknown parameter, one without a prior, an exclusion that fits no row, no
 * row that is left to be fitted */
int ost_fit_read(ost_fit_t *self, const char *path, const char *endpoints, const char *arms, const atomic_bool *stop,
    ost_error_t *err) OST_MUST_CHECK;
/** The observation of a row. */
const ost_observation_t *ost_fit_observation(const ost_fit_t *self, size_t row);
/** Free. Accepts NULL and a zeroed one. */
void ost_fit_free(ost_fit_t *self);

/** From all starts, then with the sizes of the errors estimated, to the best estimate; with n_starts 0 from the values
 * that the parameters have. @return 0, also when stopped (*stopped): then the fit has the best point so far, and no
 * errors. OST_ERR_LIMIT where it was stopped before the rows had been simulated once */
int ost_fit_run(ost_fit_t *self, const ost_fit_options_t *options, bool *stopped, ost_error_t *err) OST_MUST_CHECK;

/** Refit, from the estimate, without the rows of one trial of the evidence; then predict them. The fit itself is left
 * as it was. @param[out] residuals  [n_rows] of the rows left out, NAN for the others. @param[out] sd  [n_rows] of the
 * prediction: parameters, own error, between and within */
int ost_fit_leave_out(ost_fit_t *self, const char *trial, const ost_fit_options_t *options, double *residuals,
    double *sd, ost_error_t *err) OST_MUST_CHECK;

/** Where a trial is left out by one step: what the step does to -2 log posterior without the trial. */
typedef struct {
    const char *trial; /**< of the evidence, borrowed */
    size_t n;          /**< its rows */
    double length;     /**< of the step, in SD of the posterior without the trial */
    double fall;       /**< of -2 log posterior by the step, as simulated; to first order it is the length squared */
} ost_fit_step_t;

/** A step is linear where the fall is that expected to within this: by so much -2 log posterior rises 1 SD from its
 * minimum. Assumed. */
#define OST_FIT_LINEAR 1.0
/** Whether a step is linear. If not, its prediction may be far from that of a refit. */
bool ost_fit_step_is_linear(const ost_fit_step_t *self);

/** Leave out each trial of the evidence in turn, by one Gauss-Newton step from the estimate in place of a refit: of
 * n_params + 1 + n_steps simulations of all rows in all.
 * @param[out] residuals, sd  [n_rows] as of ost_fit_leave_out(), of every row without its trial
 * @param[out] steps  [n_groups] room for them, in the order of rows. @param[out] n_steps  how many trials there are */
int ost_fit_leave_out_each(ost_fit_t *self, const ost_fit_options_t *options, double *residuals, double *sd,
    ost_fit_step_t *steps, size_t *n_steps, ost_error_t *err) OST_MUST_CHECK;

/** The report of trials that were left out, for a person: rows, sums by class, the steps, and BMD by class of treatment
 * beside class means.
 * @param residuals, sd  [n_rows] NAN for rows that were not left out. @param steps  [n_steps], 0 of them after a refit
 * @return 0 or OST_ERR_NO_MEMORY */
int ost_fit_print_left_out(const ost_fit_t *self, const double *residuals, const double *sd,
    const ost_fit_step_t *steps, size_t n_steps, FILE *out, ost_error_t *err) OST_MUST_CHECK;

/** Profile of -2 log posterior: the other parameters fitted while parameter k is held at n values.
 *  @param z  [n] values on the working scale, SE from the estimate. @param[out] rise  [n] over the estimate's, NAN
 *  where progress stopped it before. @return 0, OST_ERR_LIMIT where it was stopped */
int ost_fit_profile(ost_fit_t *self, size_t k, const double *z, size_t n, const ost_fit_options_t *options,
    double *rise, ost_error_t *err) OST_MUST_CHECK;

/** A sample of the posterior, residual errors as estimated, with few subjects, corrected by all at the estimate:
 * ost_sampler_run().
 * @param[out] values  [n_draws][n_params] internal units. @param[out] quality  of the chains, by parameter on the
 * working scale; its arrays are the caller's */
int ost_fit_sample(ost_fit_t *self, size_t n_draws, const ost_fit_options_t *options, double *values,
    ost_sample_quality_t *quality, ost_error_t *err) OST_MUST_CHECK;

/** Draws of the normal approximation to the posterior at the estimate, without an evaluation.
 * @param[out] values  [n_draws][n_params] internal units */
int ost_fit_sample_normal(const ost_fit_t *self, size_t n_draws, double *values, ost_error_t *err) OST_MUST_CHECK;

/** R-hat and effective sample size of each parameter, for a person.
 *  @param draws  [n_draws][n_params] internal units. @return 0 or OST_ERR_NO_MEMORY */
int ost_fit_print_sample(const ost_fit_t *self, const double *draws, size_t n_draws,
    const ost_sample_quality_t *quality, FILE *out, ost_error_t *err) OST_MUST_CHECK;

/** The report of a fit, for a person: estimates, the rows that inform them, residuals, residual errors.
 * @return 0 or OST_ERR_NO_MEMORY */
int ost_fit_print(const ost_fit_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;

#endif
