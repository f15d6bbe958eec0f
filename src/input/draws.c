/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the table that a fit wrote: `draw,aibl.K_E [pmol/L],...,between BMD,within BMD,trials BMD,growth BMD,...`,
 * one line a draw; gives parameters in internal units and the residual error of each class. */
#include "input/draws.h"

#include "core/text.h"
#include "input/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(ost_csv_t *csv, size_t field, const char *what)
{
    ost_csv_fail(csv, field, OST_ERR_SYNTAX, "%s; a table that 'osteon fit -o' wrote is expected", what);
}

/* Where a column goes. */
typedef struct {
    double *error; /* of self's residual errors, else NULL */
    size_t param;  /* index, if error is NULL */
    ost_csv_head_t head;
} column_t;

static double *find_error(ost_draws_t *self, const char *name)
{
    for (int c = 0; c < OST_N_CLASSES; c++) {
        ost_residual_error_t *of = &self->residual_error[c];
        const struct {
            const char *word;
            double *value;
        } parts[] = { { "between", &of->sigma_between }, { "within", &of->sigma_within }, { "trials", &of->n_trials },
            { "growth", &of->growth } };
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            size_t n = strlen(parts[i].word);
            if (strncmp(name, parts[i].word, n) == 0 && name[n] == ' ' && strcmp(name + n + 1, ost_class_words[c]) == 0)
                return parts[i].value;
        }
    }
    return NULL;
}

/* "aibl.T[total_hip] [1/y]" */
static void read_name(ost_draws_t *self, column_t *column, size_t field, ost_csv_t *csv)
{
    ost_csv_head_t *head = &column->head;
    *column = (column_t){ .error = find_error(self, csv->fields[field]) };
    if (column->error != NULL) return;
    ost_csv_head(csv, field, false, head);
    if (head->unit_text == NULL) fail(csv, field, "a column is not headed like 'model.parameter [unit]'");
    if (csv->code != 0) return;
    if (ost_words_find((const char *const *) self->names, self->n_params, head->name) < self->n_params)
        ost_csv_fail(csv, field, OST_ERR_NAME, "duplicate parameter '%s'", head->name);
    self->names[self->n_params] = ost_csv_text(csv, head->name, strlen(head->name));
    self->unit_texts[self->n_params] = ost_csv_text(csv, head->unit_text, strlen(head->unit_text));
    self->units[self->n_params] = head->unit;
    self->head[self->n_params] = csv->location[field];
    column->param = self->n_params++;
}

static void read_header(ost_draws_t *self, column_t *columns, ost_csv_t *csv)
{
    if (csv->n_fields < 2 || strcmp(csv->fields[0], "draw") != 0) fail(csv, 0, "the first column is not 'draw'");
    self->names = ost_csv_list(csv, csv->n_fields, sizeof *self->names);
    self->units = ost_csv_list(csv, csv->n_fields, sizeof *self->units);
    self->head = ost_csv_list(csv, csv->n_fields, sizeof *self->head);
    self->unit_texts = ost_csv_list(csv, csv->n_fields, sizeof *self->unit_texts);
    for (size_t i = 1; i < csv->n_fields && csv->code == 0; i++) {
        read_name(self, &columns[i], i, csv);
        for (size_t k = 1; k < i && columns[i].error != NULL; k++)
            if (columns[k].error == columns[i].error)
                ost_csv_fail(csv, i, OST_ERR_NAME, "duplicate column '%s'", csv->fields[i]);
    }
}

/* Draws are numbered from 0, the estimate, upwards. @param[in,out] last  number of the row before */
static void check_number(ost_csv_t *csv, size_t row, double *last)
{
    const double number = strcmp(csv->fields[0], "estimate") != 0 ? ost_csv_number(csv, 0, "draw") : 0;
    if (row == 0 && number != 0) fail(csv, 0, "the first row must be draw 0, the estimate");
    if (row > 0 && !(number > *last && number == floor(number)))
        ost_csv_fail(
            csv, 0, OST_ERR_SYNTAX, "draw: '%s' must be a whole number above that of the row before", csv->fields[0]);
    *last = number;
}

/* A size of errors is that of the fit, the same in every row. */
static void read_error(ost_csv_t *csv, size_t field, size_t row, double *error)
{
    const double value = ost_csv_number(csv, field, "residual error");
    if (!(value >= 0)) fail(csv, field, "a residual error is negative or missing");
    if (row > 0 && value != *error) fail(csv, field, "a residual error differs from that of draw 0");
    *error = value;
}

static void read_draw(ost_draws_t *self, size_t row, const column_t *columns, ost_csv_t *csv)
{
    for (size_t i = 1; i < csv->n_fields; i++) {
        size_t k = row * self->n_params + columns[i].param;
        if (columns[i].error != NULL) {
            read_error(csv, i, row, columns[i].error);
            continue;
        }
        self->values[k] = ost_csv_quantity(csv, i, &columns[i].head);
        if (isnan(self->values[k]))
            ost_csv_fail(csv, i, OST_ERR_VALUE, "%s: a number is expected", self->names[columns[i].param]);
        self->places[k] = csv->location[i];
    }
}

int ost_draws_read(ost_draws_t *self, const char *path, ost_error_t *err)
{
    ost_csv_t csv;
    column_t columns[OST_CSV_MAX_FIELDS];
    size_t n_rows = 0;
    double last = -1;
    *self = (ost_draws_t){ 0 };
    self->path = ost_memory_text(&self->memory, path, strlen(path));
    if (ost_csv_open(&csv, path, &self->memory, err) == 0) read_header(self, columns, &csv);
    const size_t most = ost_csv_most_records(&csv, SIZE_MAX) * self->n_params;
    self->values = ost_csv_list(&csv, most, sizeof(*self->values));
    self->places = ost_csv_list(&csv, most, sizeof(*self->places));
    if (self->memory.failed) ost_csv_no_memory(&csv);
    for (; ost_csv_next(&csv); n_rows++) {
        check_number(&csv, n_rows, &last);
        read_draw(self, n_rows, columns, &csv);
    }
    if (n_rows == 0)
        ost_csv_fail_at(
            &csv, (ost_location_t){ csv.line, 0 }, OST_ERR_SYNTAX, "there is no estimate: a row of draw 0 is expected");
    self->n_draws = n_rows > 0 ? n_rows - 1 : 0;
    ost_csv_close(&csv);
    return csv.code;
}

double ost_residual_growth(const ost_residual_error_t *self, double change)
{
    return hypot(1, self->growth * change);
}

static int check_param(const ost_draws_t *self, size_t k, ost_library_t *library, ost_error_t *err)
{
    const char *name = self->names[k], *dot = strchr(name, '.');
    const ost_location_t head = self->head[k];
    const ost_model_t *model;
    char of[96];
    snprintf(of, sizeof(of), "%.*s", dot != NULL ? (int) (dot - name) : 0, name);
    int ret = dot != NULL ? ost_library_get(library, of, &model, NULL) : OST_ERR_NAME;
    if (ret == OST_ERR_NO_MEMORY) return ost_no_memory(err);
    if (ret < 0)
        return ost_fail_at(
            err, OST_ERR_NAME, self->path, head.line, head.column, "'%s' is of no model that is known", name);
    const int spread = ost_model_spread(model, dot + 1), index = ost_model_param(model, dot + 1);
    if (spread < 0 && (index < 0 || model->params[index].is_covariate)) {
        const char *near = OST_NEAREST_IN(dot + 1, model->params, model->n_params, ost_param_t, name);
        return ost_fail_at(err, OST_ERR_NAME, self->path, head.line, head.column,
            "model '%s' has no parameter '%s'%s%s%s", of, dot + 1, OST_HINT(near));
    }
    const ost_param_t of_spread = spread >= 0 ? ost_param_of_spread(&model->params[spread]) : (ost_param_t){ 0 };
    const ost_param_t *param = spread >= 0 ? &of_spread : &model->params[index];
    if (!ost_dim_equal(param->unit.dim, self->units[k].dim))
        return ost_fail_at(err, OST_ERR_UNIT, self->path, head.line, head.column,
            "'%s' is measured in %s: another unit", name, param->unit_text);
    if (ost_unit_is_ratio(&param->unit) && self->units[k].factor == 1)
        return ost_fail_at(err, OST_ERR_UNIT, self->path, head.line, head.column, "'%s' has no unit; write '%s [%s]'",
            name, name, param->unit_text);
    for (size_t d = 0; d <= self->n_draws; d++) {
        double value = self->values[d * self->n_params + k];
        if (isnan(ost_param_within(param, value)))
            return ost_fail_at(err, OST_ERR_VALUE, self->path, self->places[d * self->n_params + k].line,
                self->places[d * self->n_params + k].column, "'%s' = %.10g is not within %.10g..%.10g %s", name,
                value / param->unit.factor, param->lower / param->unit.factor, param->upper / param->unit.factor,
                param->unit_text);
    }
    return 0;
}

int ost_draws_check(const ost_draws_t *self, ost_library_t *library, ost_error_t *err)
{
    int ret = 0;
    for (size_t k = 0; k < self->n_params && ret == 0; k++) ret = check_param(self, k, library, err);
    return ret;
}

/* "0.08 1/d": the fewest digits, 15 or 17, that are read as the value again. */
static void write_value(const ost_draws_t *self, size_t k, double value, FILE *out)
{
    const int digits[] = { 15, 17 };
    char text[300];
    bool is_plain = strcmp(self->unit_texts[k], "1") == 0;
    ost_quantity_t read = { .value = NAN };
    for (size_t i = 0; i < 2 && read.value != value; i++) {
        snprintf(text, sizeof(text), "%.*g%s%s", digits[i], value / self->units[k].factor, is_plain ? "" : " ",
            is_plain ? "" : self->unit_texts[k]);
        if (ost_quantity_parse(&read, text, NULL) < 0) read.value = NAN;
    }
    fputs(text, out);
}

int ost_draws_vary(const ost_draws_t *self, size_t n,
    int (*path)(void *user, const char *name, ost_text_list_t *entries, ost_error_t *err), void *user,
    ost_text_list_t *vary, ost_error_t *err)
{
    int ret = 0;
    for (size_t k = 0; k < self->n_params && ret == 0; k++) {
        ost_text_list_t entries = { 0 };
        char *line = NULL;
        size_t size;
        ret = path(user, self->names[k], &entries, err);
        FILE *out = open_memstream(&line, &size);
        for (size_t i = 0; i < (n > 0 ? n : 1) && out != NULL; i++) {
            size_t row = n > 0 ? 1 + i * self->n_draws / n : 0;
            fputs(i == 0 ? "" : ", ", out);
            write_value(self, k, self->values[row * self->n_params + k], out);
        }
        if (out == NULL || fclose(out) != 0) ret = ost_no_memory(err);
        for (size_t i = 0; i < entries.n && ret == 0; i++)
            if (ost_text_list_add(vary, "%s=%s", entries.items[i], line) < 0) ret = ost_no_memory(err);
        ost_text_list_free(&entries);
        free(line);
    }
    return ret;
}

void ost_draws_free(ost_draws_t *self)
{
    if (self == NULL) return;
    ost_memory_free(&self->memory);
    *self = (ost_draws_t){ 0 };
}
