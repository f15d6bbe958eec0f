/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file table.h  Tables of text for the terminal. Cells are collected first, so that each column is as wide as its
 * widest cell; in a table that would be wider than ost_table_width(), heads and columns of text are narrowed, the
 * widest first, and their cells go on in the lines below, broken between words. Where that is not enough, texts of the
 * first column, or of the first two, stand above their rows; and where that is not enough either, long names are broken
 * at their joints. Nothing is cut off. */
#ifndef OST_CORE_TABLE_H
#define OST_CORE_TABLE_H

#include "core/error.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdio.h>

enum { OST_TABLE_MAX_COLUMNS = 32, OST_TABLE_WIDTH = 100 /* characters, off a terminal */ };

/** Characters in a line of tables and text on `out`: what the environment's COLUMNS says, else the terminal, from 60 to
 * 140; OST_TABLE_WIDTH for a file or a pipe. */
size_t ost_table_width(FILE *out);
/** A table; begins zeroed, and must be freed. Out of memory is reported when it is printed. */
typedef struct {
    struct {
        bool is_text; /**< at the left, else at the right */
        size_t width; /**< of the widest cell so far, characters */
        size_t word;  /**< of the longest word, or of the widest number */
        size_t part;  /**< of the longest part of a word, between underscores and the like */
    } columns[OST_TABLE_MAX_COLUMNS];
    size_t n_columns;
    char
        *cells; /**< the headings, then row by row, one after the other, each terminated; lines across begin "\n"; owned
                 */
    size_t used, size, n_cells;
    bool failed;
} ost_table_t;

/** Add a column; all before the first cell. @param is_text  else numbers */
void ost_table_column(ost_table_t *self, const char *heading, bool is_text);
/** Add columns by their headings, separated by tabs: "month" of numbers, "<arm" of text. */
void ost_table_columns(ost_table_t *self, const char *headings);
/** Add the next cell of the row; the last one ends it. */
void ost_table_cell(ost_table_t *self, const char *fmt, ...) OST_PRINTF(2, 3);
/** Add the cell of a number, which is empty where it is not finite. */
void ost_table_number(ost_table_t *self, double x, int decimals);
/** Add a row, its cells separated by tabs. */
void ost_table_row(ost_table_t *self, const char *fmt, ...) OST_PRINTF(2, 3);
/** Fill the row with empty cells up to a column. @param column  n_columns: to its end */
void ost_table_skip_to(ost_table_t *self, size_t column);
/** Add a line of text across all columns, above the next row. Below one that does not begin with a blank, texts that
 * stand above their rows are printed anew. */
void ost_table_line(ost_table_t *self, const char *fmt, ...) OST_PRINTF(2, 3);
/** Print headings and rows, without blanks at ends of lines, and free. @return 0 or OST_ERR_NO_MEMORY */
int ost_table_print(ost_table_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** Print text, as printf, in lines of at most ost_table_width() characters, the second and further ones indented. */
void ost_print_wrapped(FILE *out, const char *fmt, ...) OST_PRINTF(2, 3);
/** Print a sentence that ends in a list, as ost_print_wrapped() does, with commas between the items: lines break
 * between items, not within one. @param begin  words, each by one blank or more from the next */
void ost_print_list(FILE *out, const char *begin, const ost_text_list_t *items);
/** Print the item of a list: its name, and a text that begins at column `indent` of this and all further lines.
 * @param indent  characters, below OST_TABLE_WIDTH / 2 @param text  not empty */
void ost_print_item(FILE *out, const char *name, size_t indent, const char *text);
/** Free. */
void ost_table_free(ost_table_t *self);

#endif
