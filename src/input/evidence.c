/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "input/evidence.h"

#include "core/file.h"
#include "core/text.h"
#include "input/yaml.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (64u << 20)
#define MAX_COLUMNS 256

/* Reads records of RFC 4180 out of a text, which it cuts up in place. */
typedef struct {
    const char *path;
    char *at;
    int line;                  /* of `at` */
    int record_line;           /* where the record began */
    char *fields[MAX_COLUMNS]; /* [n_fields], point into the text */
    size_t n_fields;
    ost_error_t *err;
} csv_t;

typedef struct {
    const char *name;
    size_t offset; /* in ost_evidence_row_t */
    bool is_number;
} column_t;

#define TEXT(field)                                                                                                    \
    {                                                                                                                  \
#field, offsetof(ost_evidence_row_t, field), false                                                             \
    }
#define NUMBER(field)                                                                                                  \
    {                                                                                                                  \
#field, offsetof(ost_evidence_row_t, field), true                                                              \
    }
static const column_t columns[] = { TEXT(role), TEXT(trial), TEXT(arm), TEXT(endpoint), TEXT(site), TEXT(statistic),
    TEXT(unit), TEXT(interval), TEXT(citation), TEXT(reference), TEXT(note), NUMBER(time_months), NUMBER(value),
    NUMBER(lower), NUMBER(upper), NUMBER(n) };
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* One field up to its comma or the end of its line; leaves `at` on that. */
static int read_field(csv_t *self)
{
    char *to = self->at, *from = self->at;
    int first_line = self->line;
    if (self->n_fields == MAX_COLUMNS) {
        return ost_fail_at(self->err, OST_ERR_LIMIT, self->path, self->line, 0, "more than %d fields", MAX_COLUMNS);
    }
    self->fields[self->n_fields++] = to;
    if (*from != '"') {
        self->at += strcspn(from, ",\r\n\"");
        if (*self->at != '"') return 0;
        return ost_fail_at(self->err, OST_ERR_SYNTAX, self->path, self->line, 0,
            "a quote inside a field; quote the whole field and double the quotes in it");
    }
    for (from++; *from != '"' || from[1] == '"'; from++) {
        if (*from == '\0') {
            return ost_fail_at(
                self->err, OST_ERR_SYNTAX, self->path, first_line, 0, "the quote that opens here is not closed");
        }
        if (*from == '"') from++;
        if (*from == '\n') self->line++;
        *to++ = *from;
    }
    self->at = from + 1;
    if (*self->at != '\0' && strchr(",\r\n", *self->at) == NULL) {
        return ost_fail_at(
            self->err, OST_ERR_SYNTAX, self->path, self->line, 0, "text after a closing quote; a comma is expected");
    }
    *to = '\0'; /* on the closing quote or before it */
    return 0;
}

/* @return 1 for a record, 0 at the end, or an error code; lines without anything are skipped */
static int read_record(csv_t *self)
{
    while (*self->at == '\r' || *self->at == '\n') {
        if (*self->at == '\n') self->line++;
        self->at++;
    }
    self->n_fields = 0;
    self->record_line = self->line;
    if (*self->at == '\0') return 0;
    for (;;) {
        int ret = read_field(self);
        if (ret != 0) return ret;
        char end = *self->at;
        *self->at = '\0';
        if (end == '\0') return 1;
        self->at++;
        if (end == ',') continue;
        if (end == '\r' && *self->at == '\n') self->at++;
        self->line++;
        return 1;
    }
}

/* Which field holds each column we need; further columns are for people. */
static int find_columns(const csv_t *self, size_t index[N_COLUMNS])
{
    for (size_t c = 0; c < N_COLUMNS; c++) {
        size_t n_found = 0;
        for (size_t i = 0; i < self->n_fields; i++) {
            if (strcmp(self->fields[i], columns[c].name) != 0) continue;
            index[c] = i;
            n_found++;
        }
        if (n_found == 1) continue;
        const char *nearest = ost_nearest(columns[c].name, (const char *const *) self->fields, self->n_fields);
        return ost_fail_at(self->err, OST_ERR_NAME, self->path, self->record_line, 0, "column '%s' %s%s%s%s",
            columns[c].name, n_found == 0 ? "is missing" : "is there twice", nearest && n_found == 0 ? "; '" : "",
            nearest && n_found == 0 ? nearest : "", nearest && n_found == 0 ? "' is near it" : "");
    }
    return 0;
}

static int read_number(const csv_t *self, const char *name, const char *text, double *out)
{
    char *end = NULL;
    *out = NAN;
    if (text[0] == '\0') return 0;
    double value = strtod(text, &end);
    if (*end == '\0' && isfinite(value)) {
        *out = value;
        return 0;
    }
    return ost_fail_at(
        self->err, OST_ERR_SYNTAX, self->path, self->record_line, 0, "%s: '%.60s' is no number", name, text);
}

/* Words that decide what is done with a row; a slip would change that silently. @param words  up to a NULL */
static int check_word(const csv_t *self, const char *column, const char *text, const char *const *words)
{
    char list[64] = "";
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) return 0;
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return ost_fail_at(
        self->err, OST_ERR_NAME, self->path, self->record_line, 0, "%s: '%.60s' is none of: %s", column, text, list);
}

static int check_row(const csv_t *self, const ost_evidence_row_t *row)
{
    static const char *const roles[] = { "calibrate", "validate", "context", NULL };
    static const char *const statistics[] = { "mean", "median", NULL };
    int ret = check_word(self, "role", row->role, roles);
    if (ret == 0 && row->statistic[0] != '\0') ret = check_word(self, "statistic", row->statistic, statistics);
    return ret;
}

static void free_row(ost_evidence_row_t *row)
{
    char *const texts[] = { row->role, row->trial, row->arm, row->endpoint, row->site, row->statistic, row->unit,
        row->interval, row->citation, row->reference, row->note };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) free(texts[i]);
}

static int read_row(const csv_t *self, const size_t index[N_COLUMNS], ost_evidence_row_t *row)
{
    row->line = self->record_line;
    for (size_t c = 0; c < N_COLUMNS; c++) {
        const char *text = self->fields[index[c]];
        char *location = (char *) row + columns[c].offset;
        if (columns[c].is_number) {
            double value;
            int ret = read_number(self, columns[c].name, text, &value);
            if (ret != 0) return ret;
            memcpy(location, &value, sizeof value);
        } else {
            char *copy = ost_strdup(text);
            if (copy == NULL) return ost_no_memory(self->err);
            memcpy(location, &copy, sizeof copy);
        }
    }
    return check_row(self, row);
}

static int read_table(ost_evidence_t *self, csv_t *csv)
{
    size_t index[N_COLUMNS], max_rows = 0;
    int ret = read_record(csv);
    if (ret == 0) return ost_fail_at(csv->err, OST_ERR_SYNTAX, csv->path, 1, 0, "there is no line of column names");
    if (ret > 0) ret = find_columns(csv, index);
    if (ret != 0) return ret;
    size_t n_columns = csv->n_fields;
    while ((ret = read_record(csv)) > 0) {
        if (csv->n_fields != n_columns) {
            return ost_fail_at(csv->err, OST_ERR_SYNTAX, csv->path, csv->record_line, 0,
                "%zu fields where the first line names %zu columns", csv->n_fields, n_columns);
        }
        if (self->n_rows == max_rows) {
            max_rows = max_rows == 0 ? 64 : 2 * max_rows;
            ost_evidence_row_t *more = realloc(self->rows, max_rows * sizeof *more);
            if (more == NULL) return ost_no_memory(csv->err);
            self->rows = more;
        }
        memset(&self->rows[self->n_rows], 0, sizeof *self->rows);
        ret = read_row(csv, index, &self->rows[self->n_rows++]);
        if (ret != 0) return ret;
    }
    return ret;
}

int ost_evidence_read(ost_evidence_t *self, const char *path, ost_error_t *err)
{
    char *text;
    memset(self, 0, sizeof *self);
    int ret = ost_file_read(&text, path, MAX_BYTES, err);
    if (ret != 0) return ret;
    csv_t csv = { .path = path, .at = text, .line = 1, .err = err };
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) csv.at += 3; /* the mark that spreadsheets put in front */
    ret = read_table(self, &csv);
    free(text);
    return ret;
}

void ost_evidence_free(ost_evidence_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n_rows; i++) free_row(&self->rows[i]);
    free(self->rows);
    memset(self, 0, sizeof *self);
}
