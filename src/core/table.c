/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes cells row by row; prints them in columns. */
#include "core/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add_cell(ost_table_t *self, const char *text, size_t n)
{
    size_t column = self->n_cells++ % self->n_columns;
    if (n > self->columns[column].max) n = self->columns[column].max;
    if (n > self->columns[column].width) self->columns[column].width = n;
    if (self->used + n + 1 > self->size) {
        size_t size = 2 * self->size + n + 1;
        char *more = realloc(self->cells, size);
        if (more == NULL) self->failed = true;
        if (more == NULL) return;
        self->cells = more;
        self->size = size;
    }
    memcpy(self->cells + self->used, text, n);
    self->cells[self->used + n] = '\0';
    self->used += n + 1;
}

static void add_column(ost_table_t *self, const char *heading, size_t n, bool is_text, size_t max)
{
    if (self->n_columns == OST_TABLE_MAX_COLUMNS) return;
    self->columns[self->n_columns].is_text = is_text;
    self->columns[self->n_columns++].max = max > 0 ? max : SIZE_MAX;
    add_cell(self, heading, n);
}

void ost_table_column(ost_table_t *self, const char *heading, bool is_text, size_t max)
{
    add_column(self, heading, strlen(heading), is_text, max);
}

void ost_table_columns(ost_table_t *self, const char *headings)
{
    for (const char *at = headings;; at++) {
        bool is_text = *at == '<';
        size_t max = 0;
        for (at += is_text; is_text && *at >= '0' && *at <= '9'; at++) max = 10 * max + (size_t) (*at - '0');
        size_t n = strcspn(at, "\t");
        add_column(self, at, n, is_text, max);
        at += n;
        if (*at == '\0') return;
    }
}

void ost_table_cell(ost_table_t *self, const char *fmt, ...)
{
    va_list args;
    char text[512];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    add_cell(self, text, strlen(text));
}

void ost_table_row(ost_table_t *self, const char *fmt, ...)
{
    va_list args;
    char text[2048], *at = text;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    for (size_t i = 0; i < self->n_columns; i++) {
        size_t n = strcspn(at, "\t");
        add_cell(self, at, n);
        at += n + (at[n] != '\0');
    }
}

void ost_table_skip_to(ost_table_t *self, size_t column)
{
    size_t at = self->n_cells % self->n_columns;
    for (; at < column && !(at == 0 && column == self->n_columns); at++) ost_table_cell(self, "%s", "");
}

static void print_row(const ost_table_t *self, const char *const *cells, FILE *out)
{
    int blanks = 0; /* that come before the next text */
    for (size_t i = 0; i < self->n_columns; i++) {
        int n = (int) strlen(cells[i]), rest = (int) self->columns[i].width - n;
        blanks += (i > 0 ? 2 : 0) + (self->columns[i].is_text ? 0 : rest);
        if (n > 0) fprintf(out, "%*s%s", blanks, "", cells[i]);
        blanks = (n > 0 ? 0 : blanks) + (self->columns[i].is_text ? rest : 0);
    }
    fputc('\n', out);
}

int ost_table_print(const ost_table_t *self, FILE *out, ost_error_t *err)
{
    const char *row[OST_TABLE_MAX_COLUMNS], *at = self->cells;
    if (self->failed) return ost_no_memory(err);
    for (size_t k = 0; k < self->n_cells; k++) {
        row[k % self->n_columns] = at;
        at += strlen(at) + 1;
        if ((k + 1) % self->n_columns == 0) print_row(self, row, out);
    }
    return 0;
}

void ost_table_free(ost_table_t *self)
{
    free(self->cells);
    *self = (ost_table_t){ 0 };
}
