/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See people.h. Takes a table as CSV; gives covariates and parameters of each row in internal units. */
#include "input/people.h"

#include "core/file.h"
#include "core/vocabulary.h"
#include "input/csv.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a table at most, and columns with categories counted one by one: assumptions. */
#define MOST_ROWS 1000000
#define MOST_COLUMNS 1024

typedef enum { FIELD_VALUE, FIELD_CATEGORY, FIELD_WEIGHT, FIELD_IGNORED } field_kind_t;

/* What a field of the table is for. */
typedef struct {
    field_kind_t kind;
    size_t column; /* its first */
    ost_csv_head_t head;
    const char **words; /* [n_words] categories, in the table's text */
    size_t n_words;
} field_t;

typedef struct {
    ost_people_t *people;
    const ost_people_source_t *source;
    ost_csv_t csv;
    field_t fields[OST_CSV_MAX_FIELDS];
    double sum; /* of weights */
} reader_t;

#define FAIL(self, field, code, ...) ost_csv_fail(&(self)->csv, field, code, __VA_ARGS__)

static void add_column(reader_t *self, size_t field, const char *name, const char *unit_text, const ost_unit_t *unit)
{
    ost_people_t *people = self->people;
    if (ost_people_column(people, name) < people->n_columns)
        FAIL(self, field, OST_ERR_NAME, "duplicate column '%.80s'", name);
    if (people->n_columns == MOST_COLUMNS)
        FAIL(self, field, OST_ERR_LIMIT, "more than %d columns and categories", MOST_COLUMNS);
    if (self->csv.code != 0) return;
    ost_people_column_t *column = &people->columns[people->n_columns];
    *column = (ost_people_column_t){ .name = ost_csv_text(&self->csv, name, strlen(name)),
        .unit_text = ost_csv_text(&self->csv, unit_text, strlen(unit_text)),
        .unit = *unit,
        .at = self->csv.location[field],
        .field = field };
    people->n_columns += self->csv.code == 0;
}

static bool is_name(const char *name)
{
    bool is = isalpha((unsigned char) name[0]) != 0;
    for (const char *c = name; *c != '\0'; c++) is &= isalnum((unsigned char) *c) || *c == '_';
    return is && strlen(name) <= 64;
}

/* The words between '|', and a column for each. */
static void add_categories(reader_t *self, size_t field)
{
    field_t *to = &self->fields[field];
    char *rest = to->head.unit_text, *word, name[160];
    to->words = ost_csv_list(&self->csv, strlen(rest) + 1, sizeof(*to->words));
    while (self->csv.code == 0 && (word = strsep(&rest, "|")) != NULL) {
        word += strspn(word, " \t");
        word[strcspn(word, " \t")] = '\0';
        snprintf(name, sizeof(name), "%.70s_%.70s", to->head.name, word);
        if (word[0] == '\0' || !is_name(name))
            FAIL(self, field, OST_ERR_SYNTAX,
                "column '%.60s': a category '%.60s'; expected letters, digits and _, as in '%.60s [no|yes]'",
                to->head.name, word, to->head.name);
        add_column(self, field, name, "1", &to->head.unit);
        to->words[to->n_words++] = word;
    }
}

/* A column without a unit: of numbers, or of words? */
static void fail_unit(reader_t *self, size_t field)
{
    const char *name = self->fields[field].head.name, *bracket = strchr(name, '[');
    if (bracket != NULL && bracket > name && name[strlen(name) - 1] == ']' && strchr(name, '.') == NULL)
        FAIL(self, field, OST_ERR_UNIT, "column '%.80s' has no unit; a blank stands before it: '%.*s %s'", name,
            (int) (bracket - name), name, bracket);
    ost_csv_t row = self->csv; /* the next one, which is not used */
    row.err = NULL;
    if (ost_csv_next(&row) && isnan(ost_csv_number(&row, field, name)) && row.code != 0)
        FAIL(self, field, OST_ERR_UNIT,
            "column '%.80s' has no unit, and words such as '%.40s'; write its categories, as in '%.60s "
            "[no|yes]', or name it under 'ignore'",
            name, row.fields[field], name);
    FAIL(self, field, OST_ERR_UNIT,
        strcasecmp(name, "id") == 0
            ? "column '%.80s' has no unit; --ignore %.60s leaves it out ('ignore' in a file); of a number "
              "that is used write [1]"
            : "column '%.80s' has no unit; write it, as in '%.60s [year]', or [1] for a plain number",
        name, name);
}

static bool is_ignored(const reader_t *self, const char *name)
{
    const ost_text_list_t *ignore = &self->source->ignore;
    return name != NULL && ost_words_find((const char *const *) ignore->items, ignore->n, name) < ignore->n;
}

static void read_head(reader_t *self, size_t field)
{
    field_t *to = &self->fields[field];
    const char *whole = ost_csv_word(&self->csv, field), *weights = self->source->weights;
    to->kind = FIELD_IGNORED;
    if (is_ignored(self, whole)) return;
    if (whole[0] == '\0')
        FAIL(self, field, OST_ERR_SYNTAX, "a column without a name; expected 'NAME [unit]', or '' under 'ignore'");
    if (self->csv.code != 0) return;
    ost_csv_t head = self->csv; /* of a column that is left out, a wrong unit does not matter */
    ost_error_t why = { 0 };
    head.err = &why;
    ost_csv_head(&head, field, true, &to->head);
    const char *name = to->head.name;
    if (is_ignored(self, name)) return;
    if (head.code != 0) FAIL(self, field, head.code, "%s", why.what);
    const bool is_category = to->head.is_categories;
    to->column = self->people->n_columns;
    if (weights != NULL && strcmp(name, weights) == 0) {
        to->kind = FIELD_WEIGHT;
        if (!ost_dim_is_none(to->head.unit.dim) || is_category)
            FAIL(self, field, OST_ERR_UNIT, "weights '%.80s' have a unit; expected [1]", name);
        return;
    }
    to->kind = is_category ? FIELD_CATEGORY : FIELD_VALUE;
    if (to->head.unit_text == NULL) {
        fail_unit(self, field);
        return;
    }
    if (strchr(name, '.') == NULL && !is_name(name))
        FAIL(self, field, OST_ERR_SYNTAX, "'%.80s' is not a name: at most 64 letters, digits and _, the first a letter",
            name);
    if (is_category && strchr(name, '.') != NULL)
        FAIL(self, field, OST_ERR_UNIT, "parameter '%.80s' has categories; expected a unit", name);
    if (is_category)
        add_categories(self, field);
    else
        add_column(self, field, name, to->head.unit_text, &to->head.unit);
}

/* That a column of the source is one of the table. @param names  [n_names] without units */
static void check_listed(reader_t *self, const char *what, const char *name, const char *const *names)
{
    const size_t n = self->csv.n_names;
    if (ost_words_find(names, n, name) < n || self->csv.code != 0) return;
    for (size_t i = 0; i < n; i++)
        if (strcmp(ost_csv_word(&self->csv, i), name) == 0) return;
    OST_CSV_FAIL_ROW(&self->csv, OST_ERR_NAME, "has no column '%.80s', which '%s' names%s%s%s", name, what,
        OST_HINT(ost_nearest(name, names, n)));
}

static void check_source(reader_t *self)
{
    const ost_people_source_t *source = self->source;
    const char *names[OST_CSV_MAX_FIELDS];
    for (size_t i = 0; i < self->csv.n_names; i++) {
        const char *field = ost_csv_word(&self->csv, i), *unit = strstr(field, " [");
        names[i] = ost_csv_text(&self->csv, field, unit != NULL ? (size_t) (unit - field) : strlen(field));
        if (names[i] == NULL) return;
    }
    for (size_t i = 0; i < source->ignore.n; i++) check_listed(self, "ignore", source->ignore.items[i], names);
    if (source->weights != NULL) check_listed(self, "weights", source->weights, names);
}

static void read_category(reader_t *self, size_t field, double *values, ost_location_t *places)
{
    const field_t *from = &self->fields[field];
    char wrong[400];
    const char *text = ost_csv_word(&self->csv, field);
    size_t found = ost_words_find(from->words, from->n_words, text);
    if (found == from->n_words)
        FAIL(self, field, OST_ERR_NAME, "%.80s: %s", from->head.name,
            ost_words_wrong(from->words, from->n_words, text, wrong, sizeof(wrong)));
    for (size_t k = 0; k < from->n_words; k++) {
        values[from->column + k] = k == found;
        places[from->column + k] = self->csv.location[field];
    }
}

static void read_weight(reader_t *self, size_t field, double *weight)
{
    const double value = ost_csv_quantity(&self->csv, field, &self->fields[field].head);
    if (!(value >= 0))
        FAIL(self, field, OST_ERR_VALUE, "weight '%.80s' is %s; expected a number from 0 on",
            self->fields[field].head.name, isnan(value) ? "missing" : "negative");
    self->sum += value;
    *weight = self->sum;
}

static void read_row(reader_t *self)
{
    ost_people_t *people = self->people;
    if (people->n_rows == MOST_ROWS) OST_CSV_FAIL_ROW(&self->csv, OST_ERR_LIMIT, "more than %d rows", MOST_ROWS);
    double *values = people->values + people->n_rows * people->n_columns;
    ost_location_t *places = people->places + people->n_rows * people->n_columns;
    for (size_t i = 0; i < self->csv.n_names && self->csv.code == 0; i++) {
        const field_t *from = &self->fields[i];
        if (from->kind == FIELD_CATEGORY) read_category(self, i, values, places);
        if (from->kind == FIELD_WEIGHT) read_weight(self, i, &people->weight[people->n_rows]);
        if (from->kind != FIELD_VALUE) continue;
        places[from->column] = self->csv.location[i];
        values[from->column] = ost_csv_quantity(&self->csv, i, &from->head);
        if (isnan(values[from->column])) FAIL(self, i, OST_ERR_VALUE, "%.80s: a value is missing", from->head.name);
    }
    people->n_rows += self->csv.code == 0;
}

static void read_table(reader_t *self)
{
    ost_people_t *people = self->people;
    const size_t most = ost_csv_most_records(&self->csv, MOST_ROWS);
    people->columns = ost_csv_list(&self->csv, MOST_COLUMNS, sizeof(*people->columns));
    check_source(self);
    for (size_t i = 0; i < self->csv.n_names && self->csv.code == 0; i++) read_head(self, i);
    if (people->n_columns == 0)
        ost_csv_fail_at(&self->csv, (ost_location_t){ 1, 0 }, OST_ERR_NAME,
            "has no column of a covariate or parameter; expected one such as 'age [year]'");
    people->values = ost_csv_list(&self->csv, most * people->n_columns, sizeof(*people->values));
    people->places = ost_csv_list(&self->csv, most * people->n_columns, sizeof(*people->places));
    if (self->source->weights != NULL) people->weight = ost_csv_list(&self->csv, most, sizeof(*people->weight));
    while (ost_csv_next(&self->csv)) read_row(self);
    if (people->n_rows == 0)
        ost_csv_fail_at(&self->csv, (ost_location_t){ self->csv.line, 0 }, OST_ERR_VALUE, "has no row of a person");
    if (people->weight != NULL && !(self->sum > 0 && isfinite(self->sum)))
        ost_csv_fail_at(&self->csv, (ost_location_t){ 0, 0 }, OST_ERR_VALUE,
            "the sum of its weights is %g; expected more than 0", self->sum);
    for (size_t i = 0; people->weight != NULL && i < people->n_rows; i++) people->weight[i] /= self->sum;
}

int ost_people_begin(
    ost_people_t *self, const ost_people_source_t *source, ost_memory_t *memory, ost_csv_t *csv, ost_error_t *err)
{
    char *text = NULL;
    *csv = (ost_csv_t){ .memory = memory, .err = err };
    if (!OST_HAS_FILES) return csv->code = OST_ERR_MISSING;
    *self = (ost_people_t){ .path = ost_memory_text(memory, source->path, strlen(source->path)) };
    if (source->text != NULL)
        text = ost_strdup(source->text);
    else if (self->path != NULL && (csv->code = ost_file_read(&text, self->path, OST_CSV_MAX_BYTES, err)) < 0)
        return csv->code;
    self->text = text != NULL ? ost_memory_text(memory, text, strlen(text)) : NULL;
    if (self->path != NULL && self->text != NULL) return ost_csv_begin(csv, self->path, text, memory, err);
    free(text);
    return ost_csv_no_memory(csv);
}

int ost_people_read(ost_people_t *self, const ost_people_source_t *source, ost_memory_t *memory, ost_error_t *err)
{
    reader_t reader = { .people = self, .source = source };
    if (ost_people_begin(self, source, memory, &reader.csv, err) == 0) read_table(&reader);
    ost_csv_close(&reader.csv);
    return reader.csv.code;
}

size_t ost_people_row(const ost_people_t *self, uint64_t subject, double u)
{
    if (!self->is_drawn) return (size_t) subject;
    size_t first = 0, last = self->n_rows - 1;
    if (self->weight == NULL) {
        size_t row = (size_t) (u * (double) self->n_rows);
        return row < last ? row : last;
    }
    while (first < last) { /* the first row whose sum is above u */
        size_t middle = first + (last - first) / 2;
        if (self->weight[middle] > u)
            last = middle;
        else
            first = middle + 1;
    }
    return first;
}

size_t ost_people_column(const ost_people_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_columns; i++)
        if (strcmp(self->columns[i].name, name) == 0) return i;
    return SIZE_MAX;
}
