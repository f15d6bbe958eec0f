/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file table.h  Tables of text for the terminal. Cells are collected first, so that each column is as wide as its
 * widest cell. */
#ifndef OST_CORE_TABLE_H
#define OST_CORE_TABLE_H

#include "core/error.h"

#include <stdbool.h>
#include <stdio.h>

enum { OST_TABLE_MAX_COLUMNS = 32 };

/** A table; begins zeroed, and must be freed. Out of memory is reported when it is printed. */
typedef struct {
    struct {
        bool is_text;      /**< at the left, else at the right */
        size_t width, max; /**< of the widest cell so far; longer ones are cut */
    } columns[OST_TABLE_MAX_COLUMNS];
    size_t n_columns;
    char *cells; /**< the headings, then row by row, one after the other, each terminated; owned */
    size_t used, size, n_cells;
    bool failed;
} ost_table_t;

/** Add a column; all before the first cell. @param is_text  else numbers. @param max  characters that are shown, 0: all
 */
void ost_table_column(ost_table_t *self, const char *heading, bool is_text, size_t max);
/** Add columns by their headings, separated by tabs: "month" of numbers, "<arm" of text, "<20arm" of text that is cut.
 */
void ost_table_columns(ost_table_t *self, const char *headings);
/** Add the next cell of the row; the last one ends it. */
void ost_table_cell(ost_table_t *self, const char *fmt, ...) OST_PRINTF(2, 3);
/** Add a row, its cells separated by tabs. */
void ost_table_row(ost_table_t *self, const char *fmt, ...) OST_PRINTF(2, 3);
/** Fill the row with empty cells up to a column. @param column  n_columns: to its end */
void ost_table_skip_to(ost_table_t *self, size_t column);
/** Print headings and rows, without blanks at ends of lines. @return 0 or OST_ERR_NO_MEMORY */
int ost_table_print(const ost_table_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** Free. */
void ost_table_free(ost_table_t *self);

#endif
