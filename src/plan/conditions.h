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

/** All conditions, and their scope: the covariates, then the outputs of all blocks. The elements of a name are values
 *  one after another. Without conditions the scope is empty. */
typedef struct {
    const ost_name_t *names; /**< [n_names] */
    const bool *is_used;     /**< [n_names] by any condition */
    size_t n_names, n_values;
    ost_formula_t *eligible;                  /**< evaluated at time 0; NULL: all are */
    const ost_line_conditions_t *const *line; /**< [n_arms][n_regimens], within lines */
    const ost_line_conditions_t *lines;       /**< [n_lines] of all arms */
    size_t n_lines;
} ost_conditions_t;

/** @return NULL on error: a condition that cannot be read, names something unknown or needs visits that are not given
 */
const ost_conditions_t *ost_conditions_new(const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make);
/** Free the formulas, which the maker does not own. Accepts NULL. */
void ost_conditions_free(const ost_conditions_t *self);
/** First value in the scope of an output that some condition uses. @param group  its name, "bmd"
 *  @return its index, or n_values where no condition uses it, or where the name is a covariate's */
size_t ost_conditions_find_output(const ost_conditions_t *self, const ost_experiment_t *e, const char *group);

#endif
