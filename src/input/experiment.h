/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file experiment.h  An experiment as plain data: models, population, arms, output times.
 *  experiment_file.c fills it from YAML; cohort runs it. All values are in internal units, strings, arrays and
 * formulas are pieces of its memory: who replaces one takes another piece.
 */
#ifndef OST_INPUT_EXPERIMENT_H
#define OST_INPUT_EXPERIMENT_H

#include "core/distribution.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/units.h"
#include "core/vocabulary.h"
#include "input/endpoints.h"
#include "input/events.h"
#include "input/people.h"
#include "lang/model.h"
#include "solve/solve.h"

/** Largest number of subjects, and of a subject: an assumption, a run of so many takes years. */
#define OST_MAX_SUBJECTS 1000000000ULL
/** Largest number of steps of one subject: an assumption, as many take a month. */
#define OST_MAX_STEPS 1000000000000ULL

/** Largest dose of a drug by its mass, mg: 1 kg. An assumption, to find formulas in which a unit is missing. */
#define OST_LARGEST_DOSE 1e6

/** Outputs that are given at time 0, at most. */
#define OST_MAX_BASELINES 7

/** What a result file holds of subjects: X(MEMBER, word); that of a run one of the first OST_N_KEEPS_OF_RUN. */
#define OST_KEEPS(X)                                                                                                   \
    X(OST_KEEP_SUBJECTS, "subjects")   /* outputs of all subjects */                                                   \
    X(OST_KEEP_QUANTILES, "quantiles") /* quantiles, mean, SD and number between subjects, and endpoints */            \
    X(OST_KEEP_ENDPOINTS, "endpoints") /* endpoints alone */
/** See OST_KEEPS. */
typedef enum { OST_KEEPS(OST_MEMBER) OST_N_KEEPS, OST_N_KEEPS_OF_RUN = OST_KEEP_QUANTILES + 1 } ost_keep_t;
extern const char *const ost_keep_words[OST_N_KEEPS]; /**< words of OST_KEEPS */

/** Where the value of a covariate comes from. */
typedef enum {
    OST_ORIGIN_VALUE,        /**< a: the same in all subjects */
    OST_ORIGIN_DISTRIBUTION, /**< drawn, within lower..upper */
    OST_ORIGIN_FORMULA,      /**< of covariates above it, clamped to lower..upper */
    OST_ORIGIN_COLUMN        /**< of the table of people */
} ost_origin_t;

/** One covariate of the population. */
typedef struct {
    char *name;              /**< "age" */
    char *unit_text;         /**< as written */
    ost_unit_t unit;         /**< for the result file */
    ost_origin_t origin;     /**< where its value comes from */
    size_t column;           /**< COLUMN only: of the table */
    double plain;            /**< the first number that has no unit beside it, 0 excepted; 0: none; NaN: of a formula */
    ost_dist_t dist;         /**< with its range, which is also a formula's, and its lists, owned; a VALUE is its a */
    char *formula_text;      /**< FORMULA only */
    ost_formula_t *formula;  /**< over the covariates before it */
    bool treats;             /**< a regimen line, or the dropout, is a formula of it */
    ost_location_t location; /**< for messages; of a COLUMN in the table */
} ost_covariate_t;

/** A covariate as a name in formulas and conditions. */
static inline ost_name_t ost_covariate_as_name(const ost_covariate_t *self)
{
    return (ost_name_t){ self->name, self->unit, self->unit_text, NULL, self->plain != 0 };
}

/** How a correlation is given. */
typedef enum {
    OST_BY_NOTHING, /**< not: 0 */
    OST_BY_SCORES,  /**< Pearson's, of the normal scores */
    OST_BY_RANKS    /**< Spearman's */
} ost_correlation_by_t;

/** Correlations between covariates and parameters that are drawn: a Gaussian copula. Each quantity is drawn by its own
 * normal score; correlated, these keep every distribution as it is. */
typedef struct {
    ost_text_list_t names;          /**< of covariates, and of parameters as "aibl.k_C"; n = 0: no correlations */
    double *r;                      /**< [OST_MAX_CORRELATED][OST_MAX_CORRELATED] Pearson's, of the normal scores */
    ost_correlation_by_t *is_given; /**< [OST_MAX_CORRELATED][OST_MAX_CORRELATED] */
    ost_location_t *at;             /**< [OST_MAX_CORRELATED] where each is named first */
    ost_location_t location;        /**< of all, for messages */
} ost_correlations_t;

/** Subjects of one kind, of whom a number take part. */
typedef struct {
    char *name, *condition;                /**< over outputs, covariates and time, that holds at time 0 */
    uint64_t quota;                        /**< how many take part */
    ost_location_t location, condition_at; /**< for messages */
} ost_stratum_t;

/** An output that is given at time 0, and the parameter by which each subject comes to it. */
typedef struct {
    char *output;                                /**< "t_score[total_hip]" */
    char *param;                                 /**< "aibl.peak_bmd[total_hip]" */
    ost_quantity_t value;                        /**< where there is no formula */
    ost_formula_t *formula;                      /**< of the covariates; NULL: the same for all */
    ost_location_t location, value_at, param_at; /**< for messages */
} ost_baseline_t;

/** Typical value or between-subject spread of one parameter set by the experiment. */
typedef struct {
    char *model, *param;    /**< "aibl", "k_C" or "T[lumbar_spine]" */
    bool sets_value;        /**< value is given */
    ost_quantity_t value;   /**< its dimension is checked against the parameter */
    ost_formula_t *formula; /**< of the covariates: each subject's typical value, instead of value; NULL: one for all */
    char *formula_text;     /**< as written; NULL as formula */
    bool sets_spread;       /**< spread is given */
    /** SD that replaces the model's spread (same kind; LOGNORMAL if it had none), without dimension, but with the
     * parameter's where its spread is NORMAL; 0 switches it off */
    ost_quantity_t spread;
    ost_location_t location; /**< for messages */
} ost_param_setting_t;

/** Doses of one drug: amount at start, start + interval, ... while before stop. */
typedef struct {
    char *drug;                      /**< name of a model that takes doses */
    char *compartment;               /**< which of its states, NULL for the first that takes doses */
    double amount;                   /**< internal units; negative only where the model is not a drug; 0 of a formula */
    ost_formula_t *amount_formula;   /**< of the covariates, instead of amount; NULL: the same for all */
    ost_dim_t dim;                   /**< of amount, checked against the dosed state */
    bool is_plain;                   /**< no unit stands beside amount */
    double interval;                 /**< d; 0 for a single dose, or of a formula */
    double start, stop;              /**< d from time 0; half-open */
    double duration;                 /**< d of infusion; 0 for a bolus, or of a formula */
    ost_location_t location;         /**< for messages */
    char *setting;                   /**< that gave the dose, or else the interval; NULL: the file */
    ost_formula_t *start_formula;    /**< of the covariates, instead of start; NULL: the same for all */
    ost_formula_t *stop_formula;     /**< of the covariates, instead of stop; NULL: the same for all */
    ost_formula_t *interval_formula; /**< of the covariates, instead of interval; NULL: the same for all */
    ost_formula_t *duration_formula; /**< of the covariates, instead of duration; NULL: the same for all */
    ost_formula_t *adherence;        /**< of the covariates, the chance that a dose is taken; NULL: all are */
    ost_formula_t *inter_occasion;   /**< of the covariates, SD of the logarithm of the factor on each dose; NULL: 0 */
    char *begin_if;       /**< condition over outputs, covariates and time, looked at from `start` on every `visits`:
                             where it holds the doses begin, `delay` later; NULL: none */
    char *end_if;         /**< condition looked at with begin_if: where it holds the doses end; NULL: none */
    double visits, delay; /**< d */
    bool is_steady;       /**< at start the drug is as if doses had been given for ever */
    int32_t rows_of;      /**< the doses are rows of the table of events into compartment rows_of - 1: amount is the
                             largest, start the time of the first row, and a duration tells infusions; 0: they are not */
    ost_location_t begin_location, end_location; /**< of the conditions, for messages */
} ost_regimen_t;

/** Doses of one subject by one regimen line, at most: each takes memory in the plan, or steps. */
#define OST_MAX_DOSES 1000000

/** A signal driven from outside while start <= t < stop, combined with its other drivers by the signal's rule. */
typedef struct {
    char *signal;            /**< its name */
    double value;            /**< internal units */
    ost_dim_t dim;           /**< of value, checked against the signal */
    bool is_plain;           /**< no unit stands beside value */
    double start, stop;      /**< d from time 0; half-open */
    ost_location_t location; /**< for messages */
} ost_drive_input_t;

/** An arm: the treatment of all subjects. */
typedef struct {
    char *name, *label;      /**< for programs and for display */
    ost_regimen_t *regimens; /**< [n_regimens] */
    size_t n_regimens;
    ost_drive_input_t *inputs; /**< [n_inputs] */
    size_t n_inputs;
    ost_location_t location; /**< for messages */
} ost_arm_t;

/** Regular doses: each one, or periodic ones held at periodic steady state once their effect repeats (see
 * ost_series_t). */
typedef enum { OST_DOSING_PERIODIC, OST_DOSING_EXACT } ost_dosing_t;

/** How the subjects' draws are spread. */
typedef enum {
    OST_SAMPLING_RANDOM, /**< independent: a subject is the same in every cohort */
    /** The n quantiles (k + 1/2)/n of every distribution, each once, in an order of its own for each quantity (McKay
     * 1979, doi:10.2307/1268522): means of few subjects come close to those of many. A subject depends on the cohort's
     * size. */
    OST_SAMPLING_LATIN_HYPERCUBE
} ost_sampling_t;

/** Rows of an evidence table to lay beside an arm: those of the trial and trial arm that have the endpoint, site and
 * month given, and what in the simulation is laid beside them where the row alone does not say it (analysis.h). */
typedef struct {
    char *arm;               /**< of this experiment */
    char *versus;            /**< the arm that is subtracted, NULL for none */
    char *trial, *trial_arm; /**< as the table spells them */
    char *endpoint, *site;   /**< as the table spells them, NULL for any */
    double month;            /**< the row's, NAN for any */
    char *output;            /**< "bmd[total_hip]", NULL: by endpoint and site */
    double from, to;         /**< d from time 0: when baseline and observation are taken, NAN: by endpoint and month */
    double unit;             /**< what 1 of the row's value is, internal units, NAN: by the row's unit */
    ost_dim_t unit_dim;      /**< of unit */
    bool unit_is_plain;      /**< no unit stands beside the number in `unit` */
    ost_location_t location; /**< for messages */
} ost_comparison_t;

/** An endpoint that the experiment asks for: a statistic over the subjects of an arm of a measure of one output. */
typedef struct {
    char *name, *output;       /**< "loss", "bmd[total_hip]" */
    char *arm, *versus;        /**< versus: the arm that is subtracted, NULL for none */
    double from, to;           /**< d from time 0; LEVEL: only `to` */
    char *from_text, *to_text; /**< as written, "2 year"; NULL: not written */
    ost_measure_t measure;     /**< of each subject */
    char *statistic;           /**< a name of observe/statistic.h; NULL: mean, or with a limit fraction */
    bool has_limit, is_below;  /**< the fraction of subjects above or below a measure is asked for, not that above 0 */
    ost_quantity_t limit;      /**< in the unit of the measure, or one like it */
    char *limit_text;          /**< as written */
    ost_location_t output_at, from_at, to_at, statistic_at, limit_at; /**< for messages */
} ost_asked_t;

/** The text of a model that the experiment brings along. */
typedef struct {
    char *path, *text; /**< the path stands for the text, whatever the file of that name holds by now */
} ost_model_text_t;

/** What figures show of an output. */
typedef enum {
    OST_SHOW_VALUE,  /**< values */
    OST_SHOW_CHANGE, /**< percent change from time 0 */
    OST_SHOW_RATIO   /**< relative to time 0 */
} ost_show_as_t;

/** An experiment. */
typedef struct {
    ost_memory_t memory;      /**< of all that it points to, but for lists of texts and rows of tables */
    char *name, *title;       /**< for file names and for display */
    char *notes;              /**< lines about subjects and treatment, "\n" after each; NULL: none */
    char *path;               /**< of the file it came from, "" if none */
    char *text;               /**< the YAML as run: overrides of --set and flags are listed in `overrides` */
    ost_text_list_t warnings; /**< former names in the text, times that miss their end; with their locations */
    char **overrides;         /**< "path=value", in order */
    size_t n_overrides;
    char **models; /**< names or paths; drugs named by the arms are added by the reader */
    size_t n_models;
    ost_location_t
        *model_locations; /**< [n_models] of the listed ones; a drug added by the reader: of its first regimen */
    ost_model_text_t *model_texts; /**< [n_model_texts], of an experiment that comes from a result file */
    size_t n_model_texts;
    ost_text_list_t left_out; /**< models that another bone model leaves out, and a signal of each that it does not
                                 drive: "dxa", "bmd[total_hip]", ... */
    char *population, *population_text; /**< what population.from names, and its YAML; NULL: nothing */
    uint64_t n_subjects;                /**< >= 1 */
    uint64_t n_cohort;           /**< subjects of the whole cohort that a latin hypercube spreads; 0: n_subjects */
    uint64_t seed;               /**< of all random numbers */
    uint64_t first_subject;      /**< subjects first_subject .. first_subject + n_subjects - 1 */
    ost_sampling_t sampling;     /**< default RANDOM */
    ost_people_t people;         /**< whose rows are the subjects, where it has a path */
    ost_events_t events;         /**< doses of each subject; its path and text are those of people */
    ost_covariate_t *covariates; /**< [n_covariates] columns of `people`, then others in order of definition */
    size_t n_covariates;
    ost_correlations_t correlations; /**< between covariates and parameters */
    bool variability;                /**< false: every subject is the typical one but for covariates */
    ost_param_setting_t *settings;   /**< [n_settings] */
    size_t n_settings;
    char *eligible; /**< condition over outputs, covariates and time that holds at time 0 for who takes part, NULL: all
                       do */
    ost_location_t eligible_location; /**< for messages */
    bool enrolls;          /**< subjects are drawn until n_subjects are eligible and in a stratum that is not full */
    ost_stratum_t *strata; /**< [n_strata] a subject is of the first whose condition holds */
    size_t n_strata;
    ost_baseline_t *baselines; /**< [n_baselines] */
    size_t n_baselines;
    ost_formula_t *dropout; /**< of the covariates: when a subject is no longer looked at, d from time 0; NULL: never */
    char *start_text;       /**< formula of the covariates: when the run-in begins, d from time 0 (usually negative) */
    ost_formula_t *start;   /**< NULL: no run-in, begins at the first output, event or time 0 */
    ost_location_t start_location; /**< for messages */
    ost_arm_t *arms;               /**< [n_arms] */
    size_t n_arms;
    double *times; /**< [n_times] ascending, d from time 0 */
    size_t n_times;
    char **outputs; /**< groups ("bmd"), NULL for all */
    size_t n_outputs;
    ost_location_t *output_locations; /**< [n_outputs] */
    ost_dosing_t dosing;              /**< default PERIODIC */
    ost_solver_options_t solver;      /**< of every job */
    ost_keep_t keep;                  /**< default SUBJECTS */
    bool float64;                     /**< results as float64 */
    int compression;                  /**< 1: shuffle and deflate; 0: none */
    int digits;                       /**< significant digits that outputs are rounded to, 0: all that they have */
    char *evidence_path;              /**< resolved against the experiment's folder, or NULL */
    ost_location_t evidence_location; /**< for messages */
    ost_comparison_t *comparisons;    /**< [n_comparisons] */
    size_t n_comparisons;
    ost_asked_t *endpoints; /**< [n_endpoints] in order of definition */
    size_t n_endpoints;
    ost_text_list_t drawn; /**< outputs that figures show, as "bmd[total_hip]"; none: by default */
    ost_show_as_t show;    /**< what figures show of them */
} ost_experiment_t;

/** A population that is shipped: an experiment whose population others take by its name. */
typedef struct {
    const char *name, *text; /**< "postmenopausal_women", and its YAML */
} ost_ready_population_t;
/** All of them by name, written by cmake from configs/populations. */
extern const ost_ready_population_t ost_ready_populations[];
/** Their number. */
extern const size_t ost_n_ready_populations;

/** Texts that an experiment names, where they are known: of a result file. */
typedef struct {
    ost_people_source_t people;  /**< path and text of its table of people; NULL: the file is read */
    const char *population;      /**< what population.from names; NULL: none */
    const char *population_text; /**< and its YAML */
} ost_experiment_texts_t;

/** Drop the texts of files that new settings name, so that they are read as they are now.
 *  @param settings  [n] "path=value" */
void ost_experiment_forget(ost_experiment_texts_t *self, const char *const *settings, size_t n);

/** Read an experiment file. Unknown keys, wrong types, units, ranges and names inside the file are refused with
 *  file:line:column and the nearest valid name; names of models, drugs, signals, parameters are checked when it is
 * planned.
 *  @param overrides  [n_overrides] "path=value" (`arms.anastrozole.regimen.0.dose=10 mg`), applied to the text's tree
 * before it is read; copied */
int ost_experiment_read(ost_experiment_t *self, const char *path, const char *const *overrides, size_t n_overrides,
    ost_error_t *err) OST_MUST_CHECK;
/** Same from text; `path` is used in messages and to resolve relative paths. */
int ost_experiment_parse(ost_experiment_t *self, const char *path, const char *text, const char *const *overrides,
    size_t n_overrides, ost_error_t *err) OST_MUST_CHECK;
/** Same with the texts of files that it names. */
int ost_experiment_parse_with(ost_experiment_t *self, const char *path, const char *text,
    const ost_experiment_texts_t *texts, const char *const *overrides, size_t n_overrides,
    ost_error_t *err) OST_MUST_CHECK;
/** Read an experiment again with further overrides: its text, its overrides, models that it brings along, and its
 * instruction set. @param settings  [n], copied. Free it in any case. @return as ost_experiment_parse() */
int ost_experiment_vary(ost_experiment_t *self, const ost_experiment_t *base, const char *const *settings, size_t n,
    ost_error_t *err) OST_MUST_CHECK;
/** Bring the text of a model along, copied. Where memory runs out, self->memory has failed. */
void ost_experiment_add_text(ost_experiment_t *self, const char *path, const char *text);
/** The YAML of an experiment that was read, with its overrides applied; without its comments where there are any.
 *  @param[out] yaml  owned by the caller, NULL on error
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_experiment_yaml(const ost_experiment_t *self, char **yaml, ost_error_t *err) OST_MUST_CHECK;
/** The text of an entry that was read, "1 mg" of `arms.anastrozole.regimen.0.dose`. @param[out] text  owned by the
 *  caller; NULL where there is no such entry, or it is not a single value @return 0 or OST_ERR_NO_MEMORY */
int ost_experiment_entry(const ost_experiment_t *self, const char *path, char **text, ost_error_t *err) OST_MUST_CHECK;
/** Take the rules of doses away: lines that begin by one are never given, lines that end by one go on. */
void ost_experiment_drop_rules(ost_experiment_t *self);
/** Take the condition away by which subjects are eligible: all are. */
void ost_experiment_drop_eligible(ost_experiment_t *self);
/** Bits after the leading one that rounding to results.digits keeps, -1 where nothing is rounded. */
int ost_kept_bits(const ost_experiment_t *self);
/** The least number that is infinite in the result file, by its precision and rounding; inf where the file holds all.
 */
double ost_experiment_overflow(const ost_experiment_t *self);
/** Take an arm away. */
void ost_experiment_drop_arm(ost_experiment_t *self, size_t arm);
/** Free. Accepts NULL and a zeroed one. */
void ost_experiment_free(ost_experiment_t *self);
/** Whether a text has a name as a word. @param text  NULL: it has none */
bool ost_experiment_names(const char *text, const char *name);
/** Whether a formula, condition or name depends on covariate i of the dosing table, also through formulas of
 * covariates. @param text  NULL: on none */
bool ost_experiment_depends(const ost_experiment_t *self, const char *text, size_t i);
/** The covariate of dosing tables that changes in time and that the text depends on so; NULL where a subject has one
 * value of it. */
const ost_event_covariate_t *ost_experiment_changing(const ost_experiment_t *self, const char *text);
/** "rodas4", "rodas5p", "tsit5", "gsl_msbdf", ..., as experiment files spell them. */
const char *ost_stepper_name(ost_stepper_t stepper);
/** "periodic", "exact", as experiment files spell them. */
const char *ost_dosing_name(ost_dosing_t dosing);

/** The experiment's file, for messages: "" where it has none. */
#define OST_WHERE(e) ((e)->path != NULL ? (e)->path : "")
/** The file that the location of a covariate is in. */
#define OST_WHERE_COVARIATE(e, c) ((c)->origin == OST_ORIGIN_COLUMN ? (e)->people.path : OST_WHERE(e))
/** Record an error at a covariate. @return code */
#define OST_FAIL_COVARIATE(err, code, e, c, ...)                                                                       \
    ost_fail_at(err, code, OST_WHERE_COVARIATE(e, c), (c)->location.line, (c)->location.column, __VA_ARGS__)
/** Record an error at a location of the experiment. @return code */
#define OST_FAIL_AT(err, code, e, location, ...)                                                                       \
    ost_fail_at(err, code, OST_WHERE(e), (location).line, (location).column, __VA_ARGS__)

#endif
