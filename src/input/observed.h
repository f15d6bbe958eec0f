/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file observed.h  A table of observed data, a row for each observation: ID, TIME, DV, ARM, with units in the heads
 * of TIME and DV as in `TIME [month]`; MDV and EVID, where it has them, tell which rows are observations. */
#ifndef OST_INPUT_OBSERVED_H
#define OST_INPUT_OBSERVED_H

#include "core/memory.h"
#include "core/text.h"
#include "core/units.h"

#include <stdbool.h>

/** An observation. */
typedef struct {
    char *id;          /**< of the person, within the arm */
    size_t arm;        /**< index of the arm */
    size_t person;     /**< number of the person within the arm, from 0 */
    double time;       /**< d since time 0 */
    double value;      /**< internal units; percent of a change */
    ost_location_t at; /**< of its record */
} ost_observed_row_t;

/** Why a row of a table is left out. */
typedef enum {
    OST_NOT_OBSERVATION, /**< MDV is 1, or EVID is not 0 */
    OST_NO_VALUE,        /**< DV is empty or '.' */
    OST_AT_BASELINE,     /**< a change from baseline, at the baseline: 0 by definition */
    OST_N_LEFT_OUT
} ost_left_out_t;

/** A table of them. */
typedef struct {
    ost_memory_t memory;
    ost_observed_row_t *rows; /**< [n] by arm, person and time */
    size_t n;
    size_t n_left_out[OST_N_LEFT_OUT]; /**< rows that are not among them, each for the first reason that it has */
    bool is_change;                    /**< DV is the percent change from the person's baseline */
    char *unit_text;                   /**< of DV, as written */
} ost_observed_t;

/** What the table is to fit. */
typedef struct {
    const ost_text_list_t *arms; /**< whose names ARM has */
    const char *output;          /**< that DV observes, for messages */
    const char *unit;   /**< of it, as a person writes it: DV is in a unit of its dimension, or in % of change */
    double first, last; /**< d: where there are simulated values */
    const ost_text_list_t *ignore; /**< columns that are left out; NULL: none */
} ost_observed_fit_t;

/** Read a table. Free it in any case.
 *  @return 0; OST_ERR_MISSING, OST_ERR_IO, OST_ERR_SYNTAX or OST_ERR_LIMIT of the file; OST_ERR_NAME: a column that is
 *  missing, unknown or there twice, an arm that there is not; OST_ERR_UNIT: no unit, or one of another dimension;
 * OST_ERR_VALUE: a missing ID or time, a time without simulated values, one person twice at one time, no row that is
 * left. With file:line:column */
int ost_observed_read(
    ost_observed_t *self, const char *path, const ost_observed_fit_t *fit, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts a zeroed one. */
void ost_observed_free(ost_observed_t *self);

#endif
