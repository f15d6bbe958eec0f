/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file draws.h  The table that `osteon fit -o` writes: estimates and a sample of the posterior (CSV). */
#ifndef OST_INPUT_DRAWS_H
#define OST_INPUT_DRAWS_H

#include "core/memory.h"
#include "core/text.h"
#include "input/endpoints.h"

/** Residual error of a class of endpoints beyond the observed values' own errors. Both SDs are those of an observation
 * without a simulated change; see ost_residual_growth(). */
typedef struct {
    double sigma_between; /**< SD that the observations of one trial share, unit of the residual */
    double sigma_within;  /**< SD of single observations, unit of the residual */
    double n_trials;      /**< trials that they were estimated from, 0 if none */
    double growth;        /**< at a simulated change of 1/growth their variance has doubled; 0: it is constant */
} ost_residual_error_t;

/** Factor of both SDs of an observation: the root of 1 + (growth x change)^2.
 *  @param change  simulated change of the observation, unit of the residual */
double ost_residual_growth(const ost_residual_error_t *self, double change);

/** A table of draws. */
typedef struct {
    ost_memory_t memory;  /**< of all */
    char *path;           /**< of the table */
    char **names;         /**< [n_params] "aibl.K_E", "aibl.T.spread" for the SD of a BSV */
    ost_unit_t *units;    /**< [n_params] of the columns */
    char **unit_texts;    /**< [n_params] as written */
    ost_location_t *head; /**< [n_params] where the columns are named */
    size_t n_params;
    double *values;         /**< [1 + n_draws][n_params] internal units; the first row is the estimate */
    ost_location_t *places; /**< [1 + n_draws][n_params] of the values */
    size_t n_draws;
    ost_residual_error_t residual_error[OST_N_CLASSES]; /**< of the fit, by ost_class_t */
} ost_draws_t;

/** Read a table of draws. @return 0, OST_ERR_IO or OST_ERR_SYNTAX, OST_ERR_UNIT with the line */
int ost_draws_read(ost_draws_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** That every name is a parameter of a model of the library, in its unit, and every value within its range. @param
 * library  may gain models. @return 0, OST_ERR_NAME, OST_ERR_UNIT or OST_ERR_VALUE with the line */
int ost_draws_check(const ost_draws_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;
/** What a sweep over draws varies: a line `PATH=VALUE, VALUE, ...` for each parameter, of n draws at equal distances in
 *  the table. A value has the bits of the table.
 *  @param path  adds the entries of an experiment that a parameter has, none: it is left out; @param user  handed to it
 *  @param n  1 .. n_draws; 0: of the estimate alone @return 0 or an error of `path` or OST_ERR_NO_MEMORY */
int ost_draws_vary(const ost_draws_t *self, size_t n,
    int (*path)(void *user, const char *name, ost_text_list_t *entries, ost_error_t *err), void *user,
    ost_text_list_t *vary, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed one. */
void ost_draws_free(ost_draws_t *self);

#endif
