/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file sbml.h  Models as SBML, the exchange format of systems biology (Level 3 Version 2). */
#ifndef OST_LANG_SBML_H
#define OST_LANG_SBML_H

#include "lang/model.h"

/** Doses into a state: `amount` at start, start + interval, ... while before stop. */
typedef struct {
    size_t model;       /**< index among those that are written */
    uint32_t state;     /**< of that model */
    double amount;      /**< internal units */
    double duration;    /**< d of infusion; 0 for a bolus */
    double start, stop; /**< d since start of treatment; half-open, stop may be INFINITY */
    double interval;    /**< d; 0 for a single dose */
} ost_sbml_dose_t;

/** A signal has another value from outside from a time on. */
typedef struct {
    size_t signal; /**< index */
    double t;      /**< d since start of treatment */
    double value;  /**< internal units */
} ost_sbml_change_t;

/** One subject in one arm of an experiment. Everything is borrowed. */
typedef struct {
    const char *name, *title;     /**< of the whole */
    const double *const *params;  /**< [n] of each model [n_params], internal units */
    double t_begin;               /**< when integration begins, d since start of treatment: SBML's time 0 */
    const ost_sbml_dose_t *doses; /**< [n_doses] */
    size_t n_doses;
    const double *outside; /**< [signals->n] value from outside before any change; NAN: none drives it from outside */
    const ost_sbml_change_t *changes; /**< [n_changes] ascending */
    size_t n_changes;
    size_t n_bases; /**< further parameters base_1_, base_2_ ..., which users of the model set */
} ost_sbml_arm_t;

/** Room for an identifier. */
#define OST_SBML_NAME_SIZE 160

/** Identifiers of parameters and outputs of models that are written together. @param models  [n], borrowed
 *  @param[out] params, outputs  of all models, one after another
 *  @return 0, or OST_ERR_NO_MEMORY */
int ost_models_sbml_names(const ost_signals_t *signals, const ost_model_t *const *models, size_t n,
    char (*params)[OST_SBML_NAME_SIZE], char (*outputs)[OST_SBML_NAME_SIZE], ost_error_t *err) OST_MUST_CHECK;

/** Write models as one model of SBML, in which they exchange signals as in a plan: parameters and covariates, states
 *  with rate rules, signals and outputs with assignment rules, switches as parameters that events set, doses as events.
 *  Parameters, states and outputs are in the units in which the models are written, driven signals in internal units,
 *  time is in days. Noise is 0.
 *  @param models  [n], borrowed; @param arm  NULL: defaults of the models, no doses, time 0 is that of the models
 *  @return 0, OST_ERR_MODEL where the models cannot stand together, or OST_ERR_NO_MEMORY */
int ost_models_write_sbml(const ost_signals_t *signals, const ost_model_t *const *models, size_t n,
    const ost_sbml_arm_t *arm, FILE *out, ost_error_t *err) OST_MUST_CHECK;

#endif
