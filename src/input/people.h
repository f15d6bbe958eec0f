/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file people.h  A table of people: a row for each, with covariates and parameters in columns headed `age [year]` or
 *  `aibl.k_C [1/d]`, and categories in columns headed `smoker [no|yes]`. */
#ifndef OST_INPUT_PEOPLE_H
#define OST_INPUT_PEOPLE_H

#include "core/memory.h"
#include "core/text.h"
#include "core/units.h"
#include "input/csv.h"

#include <stdbool.h>
#include <stdint.h>

/** A covariate; a parameter; or a category of a column, `smoker_yes`, which is 1 in its rows and 0 in others. */
typedef struct {
    char *name;        /**< "age", "aibl.k_C", "smoker_yes" */
    char *unit_text;   /**< as written */
    ost_unit_t unit;   /**< of unit_text */
    ost_location_t at; /**< of its head in the table */
    size_t field;      /**< of the table: categories of one column have the same */
} ost_people_column_t;

/** A table of people. */
typedef struct {
    char *path;                   /**< NULL: there is no table */
    char *text;                   /**< as read, for the record */
    ost_people_column_t *columns; /**< [n_columns] */
    size_t n_columns;
    double *values;         /**< [n_rows][n_columns] internal units */
    ost_location_t *places; /**< [n_rows][n_columns] of the values */
    size_t n_rows;
    bool is_drawn;  /**< a subject's row is drawn; false: subject k has row k */
    double *weight; /**< [n_rows] sums of the weights up to each row, the last one 1; NULL: all rows alike */
} ost_people_t;

/** Whether subjects are the rows of a table, one after another: there are no more of them. */
static inline bool ost_people_are_rows(const ost_people_t *self)
{
    return self->path != NULL && !self->is_drawn;
}

/** How a table of people is read. */
typedef struct {
    const char *path;       /**< of the table */
    const char *text;       /**< of the table; NULL: it is read from path */
    const char *weights;    /**< column with the weight of each row, NULL: none */
    ost_text_list_t ignore; /**< columns that are left out */
} ost_people_source_t;

/** Read a table of people. @param memory  of what it has
 *  @return 0; OST_ERR_MISSING, OST_ERR_IO, OST_ERR_SYNTAX or OST_ERR_LIMIT of the file; OST_ERR_UNIT: a column without
 * a unit, or with an unknown one; OST_ERR_NAME: a duplicate, a column to ignore or of weights that is not there, a word
 *  that is no category; OST_ERR_VALUE: a missing value, a negative weight. With file:line:column */
int ost_people_read(
    ost_people_t *self, const ost_people_source_t *source, ost_memory_t *memory, ost_error_t *err) OST_MUST_CHECK;
/** Its start, as the reader of events needs it too: path and text of the table, and its first record. @param[out] csv
 * to be closed in any case  @return as ost_csv_open() */
int ost_people_begin(ost_people_t *self, const ost_people_source_t *source, ost_memory_t *memory, ost_csv_t *csv,
    ost_error_t *err) OST_MUST_CHECK;
/** Row of a subject. @param u  0 < u < 1, of a table whose rows are drawn */
size_t ost_people_row(const ost_people_t *self, uint64_t subject, double u);
/** Index of a column by its name, SIZE_MAX without it. */
size_t ost_people_column(const ost_people_t *self, const char *name);

#endif
