/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of comma-separated values (RFC 4180), read record by record, or into rows of a struct as a list of columns
 * says. Errors carry the path and the line. They are sticky, as those of a tree (yaml.h): only the first is recorded,
 * and after it there is no further record, so that readers read straight on and look at `code` before they use what
 * they have read, and at the end. */
#ifndef OST_INPUT_CSV_H
#define OST_INPUT_CSV_H

#include "core/error.h"
#include "core/memory.h"
#include "core/units.h"

#include <stdbool.h>
#include <stdio.h>

enum { OST_CSV_MAX_FIELDS = 256 };
#define OST_CSV_MAX_BYTES (64u << 20) /* of a table */

/* A table that is being read. */
typedef struct {
    const char *path;                            /* borrowed: must outlive self */
    char *text, *at;                             /* the file, cut up in place as it is read; owned */
    int line;                                    /* of `at` */
    int record_line;                             /* where the record begins */
    int column;                                  /* of `at`, in characters */
    char *fields[OST_CSV_MAX_FIELDS];            /* [n_fields] of the record, point into the text */
    ost_location_t location[OST_CSV_MAX_FIELDS]; /* [n_fields] where they begin */
    size_t n_fields;
    size_t n_names;       /* fields of the first record, which names the columns; every other has as many */
    ost_memory_t *memory; /* of what is kept of the table; borrowed, NULL: nothing is */
    ost_error_t *err;     /* the caller's */
    int code;             /* 0, or that of the first error */
} ost_csv_t;

/* Open a table and read its first record. `self` must be closed also after an error. @return 0, OST_ERR_MISSING,
 * OST_ERR_IO, OST_ERR_LIMIT, OST_ERR_SYNTAX or OST_ERR_NO_MEMORY */
int ost_csv_open(ost_csv_t *self, const char *path, ost_memory_t *memory, ost_error_t *err) OST_MUST_CHECK;
/* The same of a text that was read. @param text  owned by self from here on, also after an error */
int ost_csv_begin(ost_csv_t *self, const char *path, char *text, ost_memory_t *memory, ost_error_t *err) OST_MUST_CHECK;
/* n zeroed items of `size` bytes, or a text of `length` characters, in the table's memory. @return NULL, with an error:
 * out of memory */
void *ost_csv_list(ost_csv_t *self, size_t n, size_t size);
char *ost_csv_text(ost_csv_t *self, const char *text, size_t length);
/* A field without blanks around it, cut in place. */
char *ost_csv_word(const ost_csv_t *self, size_t field);
/* What heads a column, "age [year]" or "smoker [no|yes]". */
typedef struct {
    char *name;         /* without blanks around it; it points into the text, as the others do */
    char *unit_text;    /* NULL: no bracket stands behind the name, separated by a blank */
    ost_unit_t unit;    /* of unit_text; 1 without */
    bool is_categories; /* unit_text is a list of words between '|', not a unit */
} ost_csv_head_t;
/* Cut up the head of a column in place; an error where it has no name, or no unit that can be read. @param may_list
 * whether categories are allowed */
void ost_csv_head(ost_csv_t *self, size_t field, bool may_list, ost_csv_head_t *head);
/* A number in the unit of its column's head, to internal units: the bits of "62 year" in an experiment. NAN where the
 * field is empty, and on error. */
double ost_csv_quantity(ost_csv_t *self, size_t field, const ost_csv_head_t *head);
/* How many records there can be from here on, at most `limit`: the lines that are not empty. */
size_t ost_csv_most_records(const ost_csv_t *self, size_t limit);
/* The next record; empty lines are skipped. @return false at the end, and after an error */
bool ost_csv_next(ost_csv_t *self);
/* A finite decimal number, with blanks around it; NAN where the field is empty, and on error. @param name  of the
 * column, for the message */
double ost_csv_number(ost_csv_t *self, size_t field, const char *name);
/* An error at a field of the record, unless there is one already. @return self->code */
int ost_csv_fail(ost_csv_t *self, size_t field, int code, const char *fmt, ...) OST_PRINTF(4, 5);
/* The same at the record, at another place of the table, for want of memory. */
#define OST_CSV_FAIL_ROW(self, code, ...)                                                                              \
    ost_csv_fail_at(self, (ost_location_t){ (self)->record_line, 0 }, code, __VA_ARGS__)
int ost_csv_fail_at(ost_csv_t *self, ost_location_t at, int code, const char *fmt, ...) OST_PRINTF(4, 5);
int ost_csv_no_memory(ost_csv_t *self);
/* "; its columns are ID, TIME" of the record of column names, cut where it is long, for the end of a message. */
enum { OST_CSV_COLUMNS_SIZE = 240 };
const char *ost_csv_columns(const ost_csv_t *self, char buf[OST_CSV_COLUMNS_SIZE]);
void ost_csv_close(ost_csv_t *self);

typedef enum {
    OST_CSV_TEXT,   /* char *, "" where empty */
    OST_CSV_NUMBER, /* double, NAN where empty */
    OST_CSV_WORD    /* an enum, the index of one of `words` */
} ost_csv_kind_t;

/* A column that a program needs, and the member of its rows that it goes to. */
typedef struct {
    const char *name;
    ost_csv_kind_t kind;
    size_t offset;            /* of the member */
    const char *const *words; /* [n_words] */
    size_t n_words;
    const char *empty; /* the word that an empty field stands for; "": n_words, none of them; NULL: it is refused */
    const char *const *also; /* [n_words] further spellings of each word, as ost_words_listed(); NULL: none */
    bool is_optional;        /* a table without the column is read as if the column were empty */
} ost_csv_column_t;

/* Columns of one kind of table; further columns of a file are ignored. */
typedef struct {
    const ost_csv_column_t *columns; /* [n_columns] */
    size_t n_columns;
    size_t row_size, line; /* of a row; offset of its int member that takes the line */
    /* Check a row that was read, and complete it; NULL: nothing to check. @param field  [n_columns] of each column,
     * SIZE_MAX where the table has none. @return 0, or an error that ost_csv_fail() recorded */
    int (*check)(const void *user, ost_csv_t *csv, const size_t *field, void *row);
} ost_csv_table_t;

/* Read all rows. @param user  handed to table->check @param memory  of the rows and their texts
 * @param[out] rows  [n_rows] of row_size bytes
 * @return as ost_csv_open(), or OST_ERR_NAME (a missing column, a word that is not one of those allowed) */
int ost_csv_read_rows(const ost_csv_table_t *table, const void *user, const char *path, ost_memory_t *memory,
    void **rows, size_t *n_rows, ost_error_t *err) OST_MUST_CHECK;

/* Write a field, in quotes where it has a comma, a quote, a line's end or blanks at an end. */
void ost_csv_write_text(const char *text, FILE *out);
/** The same and a comma. */
void ost_csv_put(const char *text, FILE *out);
/** A number of 9 digits, nothing where it is not finite, and a comma. */
void ost_csv_put_number(double x, FILE *out);

#endif
