/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file outputs.h  Which outputs of the models are computed, and where their values stand. */
#ifndef OST_PLAN_OUTPUTS_H
#define OST_PLAN_OUTPUTS_H

#include "plan/conditions.h"

#define OST_NO_ROW UINT32_MAX

/** One output variable of the result: a scalar output, or all elements of an indexed one. */
typedef struct {
    const char *name;                 /**< "bmd" */
    const char *text, *unit_text;     /**< meaning, unit as written */
    double factor;                    /**< reported = internal / factor */
    const ost_index_set_t *index_set; /**< NULL for a scalar */
    uint32_t first;                   /**< row of its first element among the system's outputs */
    uint32_t n_elements;
} ost_variable_t;

/** The outputs: those requested, and those that only conditions use. */
typedef struct {
    const ost_variable_t *variables; /**< [n_variables] the requested ones */
    size_t n_variables;
    size_t n_rows;                 /**< of the system's outputs, in the order of blocks */
    const uint32_t *block, *index; /**< [n_rows] whose it is, and its index among the outputs of the model */
    const double *factor;          /**< [n_rows] reported = internal / factor */
    const uint32_t *first;         /**< [n_blocks + 1] first row of each block */
    const uint32_t
        *condition_row; /**< [conditions->n_values] row of the value, OST_NO_ROW where no condition uses it */
} ost_outputs_t;

/** @return NULL on error: an unknown output, one that two models define, a name that the result file needs itself, no
 *  outputs */
const ost_outputs_t *ost_outputs_new(
    const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_conditions_t *conditions, ost_maker_t *make);

#endif
