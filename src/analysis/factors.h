/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file factors.h  Input factors of a sensitivity analysis: parameters and other entries of an experiment, and the
 *  values over which each is moved. */
#ifndef OST_ANALYSIS_FACTORS_H
#define OST_ANALYSIS_FACTORS_H

#include "analysis/sensitivity.h"
#include "input/design.h"
#include "input/draws.h"
#include "input/vary.h"
#include "plan/plan.h"

/** Where values of parameters come from: X(MEMBER, word). */
#define OST_FACTOR_SOURCES(X)                                                                                          \
    X(OST_SOURCE_POSTERIOR, "posterior")     /* draws of a fit */                                                      \
    X(OST_SOURCE_PRIOR, "prior")             /* SD of the model before any fit, around the present value */            \
    X(OST_SOURCE_RANGE, "range")             /* range that the model declares */                                       \
    X(OST_SOURCE_VARIABILITY, "variability") /* as between subjects, in one typical subject */
/** See OST_FACTOR_SOURCES. */
typedef enum { OST_FACTOR_SOURCES(OST_MEMBER) OST_N_SOURCES } ost_factor_source_t;
extern const char *const ost_factor_source_words[OST_N_SOURCES]; /**< by ost_factor_source_t */

/** Room for the text of a value. */
#define OST_FACTOR_TEXT 512
/** MORRIS moves a factor over the part of its distribution between this quantile and one less this: 95 %. */
#define OST_FACTOR_TAIL 0.025
/** A declared range whose ends have at least this ratio is moved over by ratios. Assumed. */
#define OST_FACTOR_LOG_FROM 10.0
/** LOCAL displaces a factor by this part of its value, or of its SD where the value is 0. */
#define OST_FACTOR_STEP 0.01

/** An input factor. Its numbers are in its unit. */
typedef struct {
    char *path;          /**< as --set takes it */
    char *name;          /**< "aibl.K_E", or the path of another entry */
    char *unit;          /**< "1" for plain numbers, NULL: words */
    char *meaning;       /**< of a parameter, "" of other entries */
    double value, sd;    /**< present value; standard deviation of what it is moved over; NAN: of words, or not known */
    double lower, upper; /**< ends of what it is moved over: of a distribution those of its middle 95 % */
    double step;         /**< LOCAL: displacement */
    long param;          /**< of the plan; -1: another entry */
    double scale;        /**< of a parameter or a covariate: internal units in one of `unit` */
    double floor, ceiling; /**< of a parameter: the model's range; else infinite */
    ost_vary_t vary;       /**< values of --vary, a range or a list; no path: none */
    bool has_dist;         /**< else draws, a choice, or a range */
    ost_dist_t dist;       /**< internal units */
    double *draws;         /**< [n_draws] ascending; NULL: none */
    size_t n_draws;
    const ost_spread_t *choice; /**< one of a few values; borrowed from the model, NULL: none */
    bool is_log;                /**< a range is moved over by ratios */
} ost_factor_t;

/** Input factors. */
typedef struct {
    ost_memory_t memory;   /**< of all but what is varied */
    ost_factor_t *factors; /**< [n] */
    size_t n;
    size_t n_foreign;   /**< POSTERIOR: columns of the table whose model the experiment does not have, and BSVs */
    double correlation; /**< POSTERIOR, VARIABILITY, a table of points: the largest between two factors, with its sign;
                           0: none */
    size_t correlated[2]; /**< which two */
    size_t n_draws;       /**< rows of a table */
} ost_factors_t;

/** What is asked for. */
typedef struct {
    ost_sensitivity_kind_t kind;
    ost_factor_source_t source;  /**< of parameters */
    bool without_parameters;     /**< entries of `vary` alone */
    const char *table;           /**< POSTERIOR: path of the draws */
    const ost_text_list_t *only; /**< names of models and parameters, none: all of the source */
    const ost_text_list_t *vary; /**< PATH=VALUES of further entries; of a parameter, in place of its source's values */
} ost_factors_asked_t;

/** Find the factors. @param plan  of the experiment as it is; borrowed, must outlive self @param library  may gain
 * models
 *  @return 0; OST_ERR_NAME, OST_ERR_VALUE, OST_ERR_UNIT: what is wrong and the nearest name; as
 *  ost_draws_read(), ost_vary_parse(); OST_ERR_NO_MEMORY. Free it in any case */
int ost_factors_find(ost_factors_t *self, const ost_factors_asked_t *asked, const ost_plan_t *plan,
    ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;
/** The entries that a design varies, over its values; of the points of a table with their largest correlation.
 *  @param plan  of the experiment as it is @return 0 or OST_ERR_NO_MEMORY. Free it in any case */
int ost_factors_of_design(
    ost_factors_t *self, const ost_design_t *design, const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/** Whether two factors are correlated: those of VARIABILITY in the population, others more than independent draws are
 * by chance, where Student's t of the correlation is beyond 4. */
bool ost_factors_are_correlated(const ost_factors_t *self);
/** The value of a factor at u of a point, as an override has it: "0.5 mg", of 12 digits. @return buf */
char *ost_factor_text(const ost_factor_t *self, ost_sensitivity_kind_t kind, double u, char *buf, size_t size);
/** Whether a name is that of a parameter or an input, of it without its index, or of its model. */
bool ost_factor_is_named(const char *name, const char *param);
/** Free. Accepts a zeroed one. */
void ost_factors_free(ost_factors_t *self);

#endif
