/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes cells row by row; prints them in columns. */
#include "core/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2        /* blanks between two columns */
#define LEAST_TEXT 8 /* characters to which a column of text may be narrowed, cutting words in two */

static bool is_begin(char c)
{
    return ((unsigned char) c & 0xc0) != 0x80; /* of a character in UTF-8 */
}

static size_t width_of(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++) width += is_begin(text[i]);
    return width;
}

/* A line may end before a blank, and behind an underscore. */
static bool may_end(const char *text, size_t n)
{
    return n > 0 && (text[n] == ' ' || text[n - 1] == '_');
}

/* Bytes of the text that stand in one line of a column: to the last place that fits, else as much as fits. */
static size_t piece_of(const char *text, size_t width)
{
    size_t n = 0, last = 0, used = 0;
    for (; text[n] != '\0'; n++) {
        if (may_end(text, n)) last = n;
        used += is_begin(text[n]);
        if (used > width) return last > strspn(text, " ") ? last : n;
    }
    return n;
}

static size_t longest_word(const char *text, size_t n)
{
    size_t longest = 0, word = 0;
    for (size_t i = 0; i < n; i++) {
        if (may_end(text, i)) word = 0;
        word += text[i] != ' ' && is_begin(text[i]);
        if (word > longest) longest = word;
    }
    return longest;
}

/* Append a text behind `begin`, which is "" or "\n"; line feeds and the like in it become blanks. */
static void keep(ost_table_t *self, const char *begin, const char *text, size_t n)
{
    size_t n_begin = strlen(begin);
    if (self->used + n_begin + n + 1 > self->size) {
        size_t size = 2 * self->size + n_begin + n + 1;
        char *more = realloc(self->cells, size);
        if (more == NULL) self->failed = true;
        if (more == NULL) return;
        self->cells = more;
        self->size = size;
    }
    memcpy(self->cells + self->used, begin, n_begin);
    self->used += n_begin;
    for (size_t i = 0; i < n; i++) self->cells[self->used++] = (unsigned char) text[i] < ' ' ? ' ' : text[i];
    self->cells[self->used++] = '\0';
}

static void add_cell(ost_table_t *self, const char *text, size_t n)
{
    size_t column = self->n_cells++ % self->n_columns, width = width_of(text, n);
    bool may_wrap = self->columns[column].is_text || self->n_cells <= self->n_columns;
    size_t least = may_wrap ? longest_word(text, n) : width;
    if (width > self->columns[column].width) self->columns[column].width = width;
    if (least > self->columns[column].least) self->columns[column].least = least;
    keep(self, "", text, n);
}

static void add_column(ost_table_t *self, const char *heading, size_t n, bool is_text)
{
    if (self->n_columns == OST_TABLE_MAX_COLUMNS) return;
    self->columns[self->n_columns++].is_text = is_text;
    add_cell(self, heading, n);
}

void ost_table_column(ost_table_t *self, const char *heading, bool is_text)
{
    add_column(self, heading, strlen(heading), is_text);
}

void ost_table_columns(ost_table_t *self, const char *headings)
{
    for (const char *at = headings;; at++) {
        bool is_text = *at == '<';
        at += is_text;
        size_t n = strcspn(at, "\t");
        add_column(self, at, n, is_text);
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

void ost_table_line(ost_table_t *self, const char *fmt, ...)
{
    va_list args;
    char text[1024];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    keep(self, "\n", text, strlen(text));
}

void ost_table_skip_to(ost_table_t *self, size_t column)
{
    size_t at = self->n_cells % self->n_columns;
    for (; at < column && !(at == 0 && column == self->n_columns); at++) ost_table_cell(self, "%s", "");
}

/* What a column may be narrowed to: heads of numbers first, then text between words, then within words. */
static size_t least_of(const ost_table_t *self, size_t column, int step, size_t width)
{
    if (step == 0 && self->columns[column].is_text) return width;
    bool is_cut = step == 2 && self->columns[column].is_text && self->columns[column].least > LEAST_TEXT;
    return is_cut ? LEAST_TEXT : self->columns[column].least;
}

/* Widths of the columns: the widest that can be narrowed loses a character until all fit, or none can lose one. */
static void fit_widths(const ost_table_t *self, size_t *widths)
{
    size_t all = 0;
    for (size_t i = 0; i < self->n_columns; i++) all += (widths[i] = self->columns[i].width) + (i > 0 ? GAP : 0);
    for (int step = 0; step < 3 && all > OST_TABLE_WIDTH;) {
        size_t widest = self->n_columns;
        for (size_t i = 0; i < self->n_columns; i++)
            if (widths[i] > least_of(self, i, step, widths[i]) &&
                (widest == self->n_columns || widths[i] > widths[widest]))
                widest = i;
        if (widest == self->n_columns) step++;
        if (widest == self->n_columns) continue;
        widths[widest]--;
        all--;
    }
}

/* One line of a row. @param[in,out] cells  what is left of each */
static void print_line(const ost_table_t *self, const size_t *widths, const char **cells, FILE *out)
{
    size_t blanks = 0; /* that come before the next text */
    for (size_t i = 0; i < self->n_columns; i++) {
        size_t n = piece_of(cells[i], widths[i]), rest = widths[i] - width_of(cells[i], n);
        blanks += (i > 0 ? GAP : 0) + (self->columns[i].is_text ? 0 : rest);
        if (n > 0) fprintf(out, "%*s%.*s", (int) blanks, "", (int) n, cells[i]);
        blanks = (n > 0 ? 0 : blanks) + (self->columns[i].is_text ? rest : 0);
        cells[i] += n;
        cells[i] += strspn(cells[i], " ");
    }
    fputc('\n', out);
}

static void print_row(const ost_table_t *self, const size_t *widths, const char **cells, FILE *out)
{
    bool has_more = true;
    while (has_more) {
        print_line(self, widths, cells, out);
        has_more = false;
        for (size_t i = 0; i < self->n_columns; i++) has_more = has_more || cells[i][0] != '\0';
    }
}

/* Lines after the first one stand further to the right than that. */
static void print_text(FILE *out, const char *text)
{
    size_t n, indent = strspn(text, " "), further = indent + GAP;
    for (text += indent; *text != '\0'; text += strspn(text, " "), indent = further) {
        n = piece_of(text, OST_TABLE_WIDTH - indent);
        fprintf(out, "%*s%.*s\n", (int) indent, "", (int) n, text);
        text += n;
    }
}

void ost_print_wrapped(FILE *out, const char *fmt, ...)
{
    va_list args;
    char text[2048];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    print_text(out, text);
}

int ost_table_print(const ost_table_t *self, FILE *out, ost_error_t *err)
{
    const char *row[OST_TABLE_MAX_COLUMNS], *at = self->cells;
    size_t widths[OST_TABLE_MAX_COLUMNS];
    if (self->failed) return ost_no_memory(err);
    fit_widths(self, widths);
    for (size_t k = 0; k < self->n_cells; k++) {
        for (; *at == '\n'; at += strlen(at) + 1) print_text(out, at + 1);
        row[k % self->n_columns] = at;
        at += strlen(at) + 1;
        if ((k + 1) % self->n_columns == 0) print_row(self, widths, row, out);
    }
    return 0;
}

void ost_table_free(ost_table_t *self)
{
    free(self->cells);
    *self = (ost_table_t){ 0 };
}
