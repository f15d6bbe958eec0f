/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file conditions.h  The conditions of an experiment, and the values in their scope. */
#ifndef OST_PLAN_CONDITIONS_H
#define OST_PLAN_CONDITIONS_H

#include "lang/formula.h"
#include "plan/blocks.h"

/** When the doses of a regimen line begin and end, as far as the state of a subject decides. */
typedef struct {
    ost_formula_t *begin, *end; /**< NULL: no condition */
} ost_line_conditions_t;

/** All conditions, outputs that are given at time 0, and their scope: the covariates, then the outputs of all blocks.
 * The elements of a name are values one after another. Without any of them the scope is empty. */
typedef struct {
    const ost_name_t *names; /**< [n_names] */
    const bool *is_used;     /**< [n_names] by any condition */
    size_t n_names, n_values;
    ost_formula_t *eligible; /**< evaluated at time 0; NULL: all are */
    ost_formula_t **stratum; /**< [n_strata] evaluated after it, up to the first that holds */
    size_t n_strata;
    const size_t *baseline;                   /**< [e->n_baselines] value in the scope of each output that is given */
    const ost_line_conditions_t *const *line; /**< [n_arms][n_regimens] */
} ost_conditions_t;

/** @return NULL on error: a condition that cannot be read, names something unknown or needs visits that are not given;
 * an output that is given, and is not there or has another unit */
const ost_conditions_t *ost_conditions_new(const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make);
/** First value in the scope of an output that some condition uses. @param group  its name, "bmd"
 *  @return its index, or n_values where no condition uses it, or where the name is a covariate's */
size_t ost_conditions_find_output(const ost_conditions_t *self, const ost_experiment_t *e, const char *group);

#endif
