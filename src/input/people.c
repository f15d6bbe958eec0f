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
    ost_text_list_t words; /* categories */
} field_t;

typedef struct {
    ost_people_t *people;
    const ost_people_source_t *source;
    ost_csv_t csv;
    field_t fields[OST_CSV_MAX_FIELDS];
    size_t max_rows, max_columns;
    double sum; /* of weights */
} reader_t;

static int add_column(reader_t *self, size_t field, const char *name, const char *unit_text, const ost_unit_t *unit)
{
    ost_people_t *people = self->people;
    if (ost_people_column(people, name) < people->n_columns)
        return ost_csv_fail(&self->csv, field, OST_ERR_NAME, "duplicate column '%.80s'", name);
    if (people->n_columns == MOST_COLUMNS)
        return ost_csv_fail(&self->csv, field, OST_ERR_LIMIT, "more than %d columns and categories", MOST_COLUMNS);
    if (ost_list_grow(&people->columns, people->n_columns, &self->max_columns, sizeof(*people->columns)) < 0)
        return ost_no_memory(self->csv.err);
    ost_people_column_t *column = &people->columns[people->n_columns];
    *column = (ost_people_column_t){ .unit = *unit, .at = self->csv.location[field], .field = field };
    if ((column->name = ost_strdup(name)) == NULL) return ost_no_memory(self->csv.err);
    people->n_columns++;
    return (column->unit_text = ost_strdup(unit_text)) == NULL ? ost_no_memory(self->csv.err) : 0;
}

static bool is_name(const char *name)
{
    bool is = isalpha((unsigned char) name[0]) != 0;
    for (const char *c = name; *c != '\0'; c++) is &= isalnum((unsigned char) *c) || *c == '_';
    return is && strlen(name) <= 64;
}

/* The words between '|', and a column for each. */
static int add_categories(reader_t *self, size_t field)
{
    field_t *to = &self->fields[field];
    char *rest = to->head.unit_text, *word, name[160];
    int ret = 0;
    while (ret == 0 && (word = strsep(&rest, "|")) != NULL) {
        word += strspn(word, " \t");
        word[strcspn(word, " \t")] = '\0';
        snprintf(name, sizeof(name), "%.70s_%.70s", to->head.name, word);
        if (word[0] == '\0' || !is_name(name))
            return ost_csv_fail(&self->csv, field, OST_ERR_SYNTAX,
                "column '%.60s': a category '%.60s'; expected letters, digits and _, as in '%.60s [no|yes]'",
                to->head.name, word, to->head.name);
        ret = add_column(self, field, name, "1", &to->head.unit);
        if (ret == 0 && ost_text_list_add(&to->words, "%s", word) < 0) ret = ost_no_memory(self->csv.err);
    }
    return ret;
}

/* A column without a unit: of numbers, or of words? @return OST_ERR_UNIT */
static int fail_unit(reader_t *self, size_t field)
{
    const ost_csv_t head = self->csv;
    const char *name = self->fields[field].head.name, *bracket = strchr(name, '[');
    double number;
    if (bracket != NULL && bracket > name && name[strlen(name) - 1] == ']' && strchr(name, '.') == NULL)
        return ost_csv_fail(&head, field, OST_ERR_UNIT,
            "column '%.80s' has no unit; a blank stands before it: '%.*s %s'", name, (int) (bracket - name), name,
            bracket);
    bool has_row = ost_csv_next(&self->csv) > 0;
    bool is_word = has_row && ost_csv_number(&self->csv, field, name, &number) < 0;
    if (self->csv.err != NULL) self->csv.err->code = 0;
    return is_word
               ? ost_csv_fail(&head, field, OST_ERR_UNIT,
                     "column '%.80s' has no unit, and words such as '%.40s'; write its categories, as in '%.60s "
                     "[no|yes]', or name it under 'ignore'",
                     name, self->csv.fields[field], name)
               : ost_csv_fail(&head, field, OST_ERR_UNIT,
                     strcasecmp(name, "id") == 0
                         ? "column '%.80s' has no unit; --ignore %.60s leaves it out ('ignore' in a file); of a number "
                           "that is used write [1]"
                         : "column '%.80s' has no unit; write it, as in '%.60s [year]', or [1] for a plain number",
                     name, name);
}

static int read_head(reader_t *self, size_t field)
{
    field_t *to = &self->fields[field];
    const ost_people_source_t *source = self->source;
    const char *const *ignored = (const char *const *) source->ignore.items;
    const char *whole = ost_csv_word(&self->csv, field);
    to->kind = FIELD_IGNORED;
    if (ost_words_find(ignored, source->ignore.n, whole) < source->ignore.n) return 0;
    if (whole[0] == '\0')
        return ost_csv_fail(
            &self->csv, field, OST_ERR_SYNTAX, "a column without a name; expected 'NAME [unit]', or '' under 'ignore'");
    int ret = ost_csv_head(&self->csv, field, true, &to->head);
    const char *name = to->head.name;
    if (name != NULL && ost_words_find(ignored, source->ignore.n, name) < source->ignore.n) return 0;
    if (ret < 0) return ret;
    if (source->weights != NULL && strcmp(name, source->weights) == 0) {
        to->kind = FIELD_WEIGHT;
        if (ost_dim_is_none(to->head.unit.dim) && !to->head.is_categories) return 0;
        return ost_csv_fail(&self->csv, field, OST_ERR_UNIT, "weights '%.80s' have a unit; expected [1]", name);
    }
    if (to->head.unit_text == NULL) return fail_unit(self, field);
    if (strchr(name, '.') == NULL && !is_name(name))
        return ost_csv_fail(&self->csv, field, OST_ERR_SYNTAX,
            "'%.80s' is not a name: at most 64 letters, digits and _, the first a letter", name);
    to->column = self->people->n_columns;
    to->kind = to->head.is_categories ? FIELD_CATEGORY : FIELD_VALUE;
    if (to->kind == FIELD_CATEGORY && strchr(name, '.') != NULL)
        return ost_csv_fail(&self->csv, field, OST_ERR_UNIT, "parameter '%.80s' has categories; expected a unit", name);
    if (to->kind == FIELD_CATEGORY) return add_categories(self, field);
    return add_column(self, field, name, to->head.unit_text, &to->head.unit);
}

/* That a column of the source is one of the table. @param names  without units */
static int check_listed(const reader_t *self, const char *what, const char *name, const ost_text_list_t *names)
{
    const char *const *all = (const char *const *) names->items;
    if (ost_words_find(all, names->n, name) < names->n) return 0;
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(ost_csv_word(&self->csv, i), name) == 0) return 0;
    return ost_fail_at(self->csv.err, OST_ERR_NAME, self->csv.path, self->csv.record_line, 0,
        "has no column '%.80s', which '%s' names%s%s%s", name, what, OST_HINT(ost_nearest(name, all, names->n)));
}

static int check_source(const reader_t *self)
{
    const ost_people_source_t *source = self->source;
    ost_text_list_t names = { 0 };
    int ret = 0;
    for (size_t i = 0; i < self->csv.n_names && ret == 0; i++) {
        const char *field = ost_csv_word(&self->csv, i), *unit = strstr(field, " [");
        ret = ost_text_list_add(&names, "%.*s", (int) (unit != NULL ? (size_t) (unit - field) : strlen(field)), field);
    }
    if (ret < 0) ost_no_memory(self->csv.err);
    for (size_t i = 0; i < source->ignore.n && ret == 0; i++)
        ret = check_listed(self, "ignore", source->ignore.items[i], &names);
    if (ret == 0 && source->weights != NULL) ret = check_listed(self, "weights", source->weights, &names);
    ost_text_list_free(&names);
    return ret;
}

static int read_heads(reader_t *self)
{
    int ret = check_source(self);
    for (size_t i = 0; i < self->csv.n_names && ret == 0; i++) ret = read_head(self, i);
    if (ret == 0 && self->people->n_columns == 0)
        return ost_fail_at(self->csv.err, OST_ERR_NAME, self->csv.path, 1, 0,
            "has no column of a covariate or parameter; expected one such as 'age [year]'");
    return ret;
}

static int read_category(reader_t *self, size_t field, double *values, ost_location_t *places)
{
    const field_t *from = &self->fields[field];
    char wrong[400];
    const char *text = ost_csv_word(&self->csv, field);
    size_t found = ost_words_find((const char *const *) from->words.items, from->words.n, text);
    if (found == from->words.n)
        return ost_csv_fail(&self->csv, field, OST_ERR_NAME, "%.80s: %s", from->head.name,
            ost_words_wrong((const char *const *) from->words.items, from->words.n, text, wrong, sizeof(wrong)));
    for (size_t k = 0; k < from->words.n; k++) {
        values[from->column + k] = k == found;
        places[from->column + k] = self->csv.location[field];
    }
    return 0;
}

static int read_weight(reader_t *self, size_t field, double *weight)
{
    const char *name = self->fields[field].head.name;
    double value;
    int ret = ost_csv_quantity(&self->csv, field, &self->fields[field].head, &value);
    if (ret == 0 && !(value >= 0))
        return ost_csv_fail(&self->csv, field, OST_ERR_VALUE, "weight '%.80s' is %s; expected a number from 0 on", name,
            isnan(value) ? "missing" : "negative");
    self->sum += value;
    *weight = self->sum;
    return ret;
}

static int make_room(reader_t *self)
{
    ost_people_t *people = self->people;
    if (people->n_rows < self->max_rows) return 0;
    if (people->n_rows == MOST_ROWS)
        return ost_fail_at(
            self->csv.err, OST_ERR_LIMIT, people->path, self->csv.record_line, 0, "more than %d rows", MOST_ROWS);
    const size_t max = self->max_rows == 0 ? 64 : 2 * self->max_rows, n = max * people->n_columns;
    double *values = realloc(people->values, n * sizeof(*values));
    if (values != NULL) people->values = values;
    ost_location_t *places = realloc(people->places, n * sizeof(*places));
    if (places != NULL) people->places = places;
    double *weight = self->source->weights != NULL ? realloc(people->weight, max * sizeof(*weight)) : NULL;
    if (weight != NULL) people->weight = weight;
    if (values == NULL || places == NULL || (self->source->weights != NULL && weight == NULL))
        return ost_no_memory(self->csv.err);
    self->max_rows = max;
    return 0;
}

static int read_row(reader_t *self)
{
    ost_people_t *people = self->people;
    int ret = make_room(self);
    if (ret < 0) return ret;
    double *values = people->values + people->n_rows * people->n_columns;
    ost_location_t *places = people->places + people->n_rows * people->n_columns;
    for (size_t i = 0; i < self->csv.n_names && ret == 0; i++) {
        const field_t *from = &self->fields[i];
        if (from->kind == FIELD_CATEGORY) ret = read_category(self, i, values, places);
        if (from->kind == FIELD_WEIGHT) ret = read_weight(self, i, &people->weight[people->n_rows]);
        if (from->kind != FIELD_VALUE) continue;
        places[from->column] = self->csv.location[i];
        ret = ost_csv_quantity(&self->csv, i, &from->head, &values[from->column]);
        if (ret == 0 && isnan(values[from->column]))
            ret = ost_csv_fail(&self->csv, i, OST_ERR_VALUE, "%.80s: a value is missing", from->head.name);
    }
    people->n_rows += ret == 0;
    return ret;
}

static int read_table(reader_t *self)
{
    ost_people_t *people = self->people;
    int more = 0, ret = read_heads(self);
    while (ret == 0 && (more = ost_csv_next(&self->csv)) > 0) ret = read_row(self);
    if (ret == 0) ret = more;
    if (ret == 0 && people->n_rows == 0)
        return ost_fail_at(self->csv.err, OST_ERR_VALUE, people->path, self->csv.line, 0, "has no row of a person");
    if (ret == 0 && people->weight != NULL && !(self->sum > 0 && isfinite(self->sum)))
        return ost_fail_at(self->csv.err, OST_ERR_VALUE, people->path, 0, 0,
            "the sum of its weights is %g; expected more than 0", self->sum);
    for (size_t i = 0; people->weight != NULL && i < people->n_rows && ret == 0; i++) people->weight[i] /= self->sum;
    return ret;
}

int ost_people_text(ost_people_t *self, const ost_people_source_t *source, char **text, ost_error_t *err)
{
    *text = NULL;
    if (!OST_HAS_FILES) return OST_ERR_MISSING;
    *self = (ost_people_t){ .path = ost_strdup(source->path) };
    if (self->path == NULL) return ost_no_memory(err);
    int ret = source->text == NULL ? ost_file_read(&self->text, self->path, OST_CSV_MAX_BYTES, err) : 0;
    if (source->text != NULL) self->text = ost_strdup(source->text);
    if (ret < 0) return ret;
    if (self->text != NULL) *text = ost_strdup(self->text);
    return *text != NULL ? 0 : ost_no_memory(err);
}

int ost_people_read(ost_people_t *self, const ost_people_source_t *source, ost_error_t *err)
{
    reader_t *reader = calloc(1, sizeof(*reader));
    char *text = NULL;
    *self = (ost_people_t){ 0 };
    int ret = reader == NULL ? ost_no_memory(err) : ost_people_text(self, source, &text, err);
    if (ret == 0) {
        ost_error_t none = { 0 };
        *reader = (reader_t){ .people = self, .source = source };
        ret = ost_csv_begin(&reader->csv, self->path, text, err != NULL ? err : &none);
        if (ret == 0) ret = read_table(reader);
        ost_csv_close(&reader->csv);
        for (size_t i = 0; i < OST_CSV_MAX_FIELDS; i++) ost_text_list_free(&reader->fields[i].words);
    }
    free(reader);
    return ret;
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

void ost_people_free(ost_people_t *self)
{
    for (size_t i = 0; i < self->n_columns; i++) {
        free(self->columns[i].name);
        free(self->columns[i].unit_text);
    }
    free(self->path);
    free(self->text);
    free(self->columns);
    free(self->values);
    free(self->places);
    free(self->weight);
    *self = (ost_people_t){ 0 };
}
