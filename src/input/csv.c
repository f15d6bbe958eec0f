/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a CSV file; gives its records, or rows of a struct. */
#include "input/csv.h"

#include "core/file.h"
#include "core/text.h"
#include "core/vocabulary.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAIL(self, code, line, ...) ost_csv_fail_at(self, (ost_location_t){ line, 0 }, code, __VA_ARGS__)

/* Goes on to `to`; of the bytes of a character in UTF-8 only the first counts. */
static void advance(ost_csv_t *self, const char *to)
{
    for (; self->at < to; self->at++) self->column += ((unsigned char) *self->at & 0xC0) != 0x80;
}

/* One field up to its comma or the end of its line; leaves `at` on that. @return self->code */
static int read_field(ost_csv_t *self)
{
    char *to = self->at, *from = self->at;
    int first_line = self->line;
    if (self->n_fields == OST_CSV_MAX_FIELDS)
        return FAIL(self, OST_ERR_LIMIT, self->line, "more than %d fields", OST_CSV_MAX_FIELDS);
    self->location[self->n_fields] = (ost_location_t){ self->line, self->column };
    self->fields[self->n_fields++] = to;
    if (*from != '"') {
        advance(self, from + strcspn(from, ",\r\n\""));
        if (*self->at != '"') return 0;
        return FAIL(self, OST_ERR_SYNTAX, self->line,
            "a quote inside a field; quote the whole field and double the quotes in it");
    }
    for (from++; *from != '"' || from[1] == '"'; from++) {
        if (*from == '\0') return FAIL(self, OST_ERR_SYNTAX, first_line, "the quote that opens here is not closed");
        if (*from == '"') from++;
        advance(self, from + 1);
        if (*from == '\n') self->line++, self->column = 1;
        *to++ = *from;
    }
    advance(self, from + 1);
    if (*self->at != '\0' && strchr(",\r\n", *self->at) == NULL)
        return FAIL(self, OST_ERR_SYNTAX, self->line, "text after a closing quote; a comma is expected");
    *to = '\0'; /* on the closing quote or before it */
    return 0;
}

/* @return false at the end, and after an error */
static bool read_record(ost_csv_t *self)
{
    if (self->code != 0) return false;
    while (*self->at == '\r' || *self->at == '\n')
        if (*self->at++ == '\n') self->line++;
    self->column = 1;
    self->n_fields = 0;
    self->record_line = self->line;
    if (*self->at == '\0') return false;
    for (;;) {
        if (read_field(self) != 0) return false;
        char end = *self->at;
        *self->at = '\0';
        if (end == '\0') return true;
        self->at++;
        self->column++;
        if (end == ',') continue;
        if (end == '\r' && *self->at == '\n') self->at++;
        self->line++;
        return true;
    }
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    for (size_t n = strlen(text); n > 0 && strchr(" \t", text[n - 1]) != NULL;) text[--n] = '\0';
    return text;
}

int ost_csv_open(ost_csv_t *self, const char *path, ost_memory_t *memory, ost_error_t *err)
{
    char *text;
    *self = (ost_csv_t){ .path = path, .memory = memory, .err = err };
    self->code = ost_file_read(&text, path, OST_CSV_MAX_BYTES, err);
    return self->code == 0 ? ost_csv_begin(self, path, text, memory, err) : self->code;
}

int ost_csv_begin(ost_csv_t *self, const char *path, char *text, ost_memory_t *memory, ost_error_t *err)
{
    *self = (ost_csv_t){ .path = path, .text = text, .at = text, .line = 1, .memory = memory, .err = err };
    if (strncmp(self->text, "\xEF\xBB\xBF", 3) == 0) self->at += 3; /* the mark that spreadsheets put in front */
    if (!read_record(self)) return FAIL(self, OST_ERR_SYNTAX, 1, "the line of column names is missing");
    self->n_names = self->n_fields;
    for (size_t i = 0; i < self->n_fields; i++) self->fields[i] = trim(self->fields[i]);
    if (self->n_fields == 1 && strpbrk(self->fields[0], ";\t") != NULL)
        OST_CSV_FAIL_ROW(self, OST_ERR_SYNTAX, "the columns are separated by %s; they have to be by ','",
            strchr(self->fields[0], ';') != NULL ? "';'" : "tabs");
    return self->code;
}

bool ost_csv_next(ost_csv_t *self)
{
    if (!read_record(self)) return false;
    if (self->n_fields != self->n_names)
        OST_CSV_FAIL_ROW(self, OST_ERR_SYNTAX, "%zu fields where the first line names %zu columns%s", self->n_fields,
            self->n_names,
            self->n_fields > self->n_names ? "; a text with a ',' needs quotes (\"a, b\"), a number a decimal '.' (1.5)"
                                           : "");
    return self->code == 0;
}

size_t ost_csv_most_records(const ost_csv_t *self, size_t limit)
{
    static const char ends[] = "\r\n";
    size_t n = 0;
    if (self->code != 0) return 0;
    for (const char *line = self->at + strspn(self->at, ends); *line != '\0' && n < limit; n++) {
        line += strcspn(line, ends);
        line += strspn(line, ends);
    }
    return n;
}

const char *ost_csv_columns(const ost_csv_t *self, char buf[OST_CSV_COLUMNS_SIZE])
{
    static const char more[] = ", ...";
    const size_t end = OST_CSV_COLUMNS_SIZE - sizeof(more);
    size_t n = (size_t) snprintf(buf, OST_CSV_COLUMNS_SIZE, "; its columns are ");
    for (size_t i = 0; i < self->n_names; i++) {
        const char *name = ost_csv_word(self, i);
        if (n + strlen(name) + 2 > end) {
            strcpy(buf + n, i > 0 ? more : "...");
            break;
        }
        n += (size_t) sprintf(buf + n, "%s%s", i > 0 ? ", " : "", name);
    }
    return buf;
}

static int fail(ost_csv_t *self, ost_location_t at, int code, const char *fmt, va_list args)
{
    char what[sizeof self->err->what];
    if (self->code != 0) return self->code;
    vsnprintf(what, sizeof what, fmt, args);
    return self->code = ost_fail_at(self->err, code, self->path, at.line, at.column, "%s", what);
}

int ost_csv_fail(ost_csv_t *self, size_t field, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail(self, self->location[field], code, fmt, args);
    va_end(args);
    return self->code;
}

int ost_csv_fail_at(ost_csv_t *self, ost_location_t at, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail(self, at, code, fmt, args);
    va_end(args);
    return self->code;
}

int ost_csv_no_memory(ost_csv_t *self)
{
    return self->code != 0 ? self->code : (self->code = ost_no_memory(self->err));
}

void *ost_csv_list(ost_csv_t *self, size_t n, size_t size)
{
    void *items = ost_memory_list(self->memory, n, size);
    if (items == NULL) ost_csv_no_memory(self);
    return items;
}

char *ost_csv_text(ost_csv_t *self, const char *text, size_t length)
{
    char *copy = ost_csv_list(self, length + 1, 1);
    if (copy != NULL) memcpy(copy, text, length);
    return copy;
}

double ost_csv_number(ost_csv_t *self, size_t field, const char *name)
{
    const char *text = self->fields[field];
    char *end = NULL;
    if (self->code != 0 || text[strspn(text, " \t")] == '\0') return (double) NAN;
    double value = strtod(text, &end);
    end += strspn(end, " \t");
    if (*end == '\0' && isfinite(value) && strpbrk(text, "xX") == NULL) return value;
    ost_csv_fail(self, field, OST_ERR_SYNTAX, "%s: '%.60s' is not a number%s", name, text,
        strchr(text, ',') != NULL                         ? "; decimals have a point"
        : isnan(value) || strncasecmp(text, "NA", 2) == 0 ? "; a value that is missing is empty"
                                                          : "");
    return (double) NAN;
}

char *ost_csv_word(const ost_csv_t *self, size_t field)
{
    return trim(self->fields[field]);
}

void ost_csv_head(ost_csv_t *self, size_t field, bool may_list, ost_csv_head_t *head)
{
    char *text = trim(self->fields[field]), *bracket = NULL;
    size_t n = strlen(text);
    for (char *at = text; n > 0 && text[n - 1] == ']' && (at = strstr(at, " [")) != NULL; at++) bracket = at + 1;
    if (n > 0 && text[0] == '[' && text[n - 1] == ']') bracket = text;
    if (bracket != NULL) {
        text[n - 1] = bracket[0] = '\0';
        bracket = trim(bracket + 1);
    }
    *head = (ost_csv_head_t){ .name = trim(text), .unit_text = bracket, .unit.factor = 1 };
    head->is_categories = may_list && bracket != NULL && strchr(bracket, '|') != NULL;
    if (head->name[0] == '\0')
        ost_csv_fail(self, field, OST_ERR_SYNTAX, "a column without a name; expected 'NAME [unit]'");
    ost_error_t why = { 0 };
    if (bracket != NULL && !head->is_categories && ost_unit_parse(&head->unit, bracket, &why) < 0)
        ost_csv_fail(self, field, OST_ERR_UNIT, "column '%.80s': %.250s", head->name, why.what);
}

double ost_csv_quantity(ost_csv_t *self, size_t field, const ost_csv_head_t *head)
{
    char text[400];
    ost_quantity_t quantity;
    const double number = ost_csv_number(self, field, head->name);
    if (isnan(number) || head->unit_text == NULL) return number;
    bool is_plain = strcmp(head->unit_text, "1") == 0;
    int n = snprintf(
        text, sizeof(text), "%s%s%s", self->fields[field], is_plain ? "" : " ", is_plain ? "" : head->unit_text);
    bool is_read = n < (int) sizeof(text) && ost_quantity_parse(&quantity, text, NULL) == 0;
    return is_read ? quantity.value : number * head->unit.factor; /* a number of hundreds of digits, or '+5' */
}

void ost_csv_close(ost_csv_t *self)
{
    free(self->text);
    self->text = NULL;
}

/* No two columns may have one name, needed or not: which of them is meant? */
static void check_names(ost_csv_t *self)
{
    for (size_t i = 0; i < self->n_fields; i++)
        for (size_t k = 0; k < i; k++)
            if (self->fields[i][0] != '\0' && strcmp(self->fields[i], self->fields[k]) == 0)
                ost_csv_fail(self, i, OST_ERR_NAME, "duplicate column '%.60s'", self->fields[i]);
}

/* Which field holds each column. */
static void find_columns(ost_csv_t *self, const ost_csv_table_t *table, size_t *index)
{
    check_names(self);
    for (size_t c = 0; c < table->n_columns; c++) {
        const char *name = table->columns[c].name;
        index[c] = ost_words_find((const char *const *) self->fields, self->n_fields, name);
        if (index[c] < self->n_fields) continue;
        index[c] = SIZE_MAX;
        if (table->columns[c].is_optional) continue;
        const char *near = ost_nearest(name, (const char *const *) self->fields, self->n_fields);
        OST_CSV_FAIL_ROW(self, OST_ERR_NAME, "column '%s' is missing%s%s%s", name, near != NULL ? "; '" : "",
            near != NULL ? near : "", near != NULL ? "' is near it" : "");
    }
}

static unsigned read_word(ost_csv_t *self, size_t field, const ost_csv_column_t *column)
{
    char wrong[400];
    const char *text = field == SIZE_MAX ? "" : ost_csv_word(self, field);
    if (text[0] == '\0' && column->empty != NULL) text = column->empty;
    size_t i = ost_words_find(column->words, column->n_words, text);
    if (i == column->n_words && column->also != NULL)
        for (i = 0; i < column->n_words && !ost_words_listed(column->also[i], text);) i++;
    if (i == column->n_words && (text[0] != '\0' || column->empty == NULL))
        ost_csv_fail(self, field, OST_ERR_NAME, "%s: %s", column->name,
            ost_words_wrong(column->words, column->n_words, text, wrong, sizeof wrong));
    return (unsigned) i;
}

/* @param field  SIZE_MAX: the table has no such column, which is optional */
static void read_member(ost_csv_t *self, const ost_csv_column_t *column, size_t field, char *row)
{
    double number = NAN;
    unsigned word;
    const char *text;
    char *copy;
    switch (column->kind) {
    case OST_CSV_NUMBER:
        if (field != SIZE_MAX) number = ost_csv_number(self, field, column->name);
        memcpy(row + column->offset, &number, sizeof number);
        return;
    case OST_CSV_WORD:
        word = read_word(self, field, column);
        memcpy(row + column->offset, &word, sizeof word);
        return;
    case OST_CSV_TEXT:
        text = field == SIZE_MAX ? "" : ost_csv_word(self, field);
        copy = ost_csv_text(self, text, strlen(text));
        memcpy(row + column->offset, &copy, sizeof copy);
    }
}

int ost_csv_read_rows(const ost_csv_table_t *table, const void *user, const char *path, ost_memory_t *memory,
    void **rows, size_t *n_rows, ost_error_t *err)
{
    ost_csv_t csv;
    size_t index[OST_CSV_MAX_FIELDS];
    *n_rows = 0;
    if (ost_csv_open(&csv, path, memory, err) == 0) find_columns(&csv, table, index);
    *rows = ost_csv_list(&csv, ost_csv_most_records(&csv, SIZE_MAX), table->row_size);
    while (ost_csv_next(&csv)) {
        char *row = (char *) *rows + (*n_rows)++ * table->row_size;
        memcpy(row + table->line, &csv.record_line, sizeof csv.record_line);
        for (size_t c = 0; c < table->n_columns && csv.code == 0; c++)
            read_member(&csv, &table->columns[c], index[c], row);
        if (csv.code == 0 && table->check != NULL) (void) table->check(user, &csv, index, row);
    }
    ost_csv_close(&csv);
    return csv.code;
}

void ost_csv_write_text(const char *text, FILE *out)
{
    size_t n = strlen(text);
    if (text[strcspn(text, ",\"\r\n")] == '\0' && (n == 0 || (text[0] != ' ' && text[n - 1] != ' '))) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void ost_csv_put(const char *text, FILE *out)
{
    ost_csv_write_text(text, out);
    fputc(',', out);
}

void ost_csv_put_number(double x, FILE *out)
{
    if (isfinite(x)) fprintf(out, "%.9g", x);
    fputc(',', out);
}
