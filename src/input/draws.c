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

static int fail(const ost_csv_t *csv, const char *what)
{
    return ost_fail_at(csv->err, OST_ERR_SYNTAX, csv->path, csv->record_line, 0,
        "%s; a table that 'osteon fit -o' wrote is expected", what);
}

/* Where a column goes. */
typedef struct {
    double *error; /* of self's residual errors, else NULL */
    size_t param;  /* index, if error is NULL */
    double factor;
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

/* "aibl.T[total_hip] [1/y]", cut up in place. */
static int read_name(ost_draws_t *self, column_t *column, char *text, const ost_csv_t *csv)
{
    ost_unit_t unit;
    *column = (column_t){ .error = find_error(self, text), .factor = 1 };
    if (column->error != NULL) return 0;
    char *open = strrchr(text, '['), *close = strrchr(text, ']');
    if (open == NULL || open == text || close == NULL || close < open || open[-1] != ' ')
        return fail(csv, "a column is not headed like 'model.parameter [unit]'");
    open[-1] = *close = '\0';
    if (ost_unit_parse(&unit, open + 1, csv->err) < 0) return fail(csv, "a unit cannot be read");
    if ((self->names[self->n_params] = ost_strdup(text)) == NULL) return ost_no_memory(csv->err);
    self->units[self->n_params] = unit;
    column->param = self->n_params++;
    column->factor = unit.factor;
    return 0;
}

static int read_header(ost_draws_t *self, column_t *columns, const ost_csv_t *csv)
{
    if (csv->n_fields < 2 || strcmp(csv->fields[0], "draw") != 0) return fail(csv, "the first column is not 'draw'");
    self->names = calloc(csv->n_fields, sizeof *self->names);
    self->units = calloc(csv->n_fields, sizeof *self->units);
    if (self->names == NULL || self->units == NULL) return ost_no_memory(csv->err);
    int ret = 0;
    for (size_t i = 1; i < csv->n_fields && ret == 0; i++) ret = read_name(self, &columns[i], csv->fields[i], csv);
    return ret;
}

static int read_draw(ost_draws_t *self, size_t row, const column_t *columns, const ost_csv_t *csv)
{
    double *values = realloc(self->values, (row + 1) * (self->n_params + 1) * sizeof(*values));
    if (values == NULL) return ost_no_memory(csv->err);
    self->values = values;
    for (size_t i = 1; i < csv->n_fields; i++) {
        double value;
        const char *name = columns[i].error == NULL ? self->names[columns[i].param] : "residual error";
        int ret = ost_csv_number(csv, i, name, &value);
        if (ret < 0) return ret;
        if (columns[i].error == NULL)
            values[row * self->n_params + columns[i].param] = value * columns[i].factor;
        else if (!(value >= 0))
            return fail(csv, "a residual error is negative or missing");
        else
            *columns[i].error = value;
    }
    return 0;
}

int ost_draws_read(ost_draws_t *self, const char *path, ost_error_t *err)
{
    ost_csv_t csv;
    column_t columns[OST_CSV_MAX_FIELDS];
    size_t n_rows = 0;
    *self = (ost_draws_t){ .path = ost_strdup(path) };
    if (self->path == NULL) return ost_no_memory(err);
    int ret = ost_csv_open(&csv, path, err);
    if (ret == 0) ret = read_header(self, columns, &csv);
    while (ret == 0 && (ret = ost_csv_next(&csv)) > 0) ret = read_draw(self, n_rows++, columns, &csv);
    if (ret == 0 && n_rows == 0) ret = fail(&csv, "there is no estimate");
    self->n_draws = n_rows > 0 ? n_rows - 1 : 0;
    ost_csv_close(&csv);
    return ret;
}

double ost_residual_growth(const ost_residual_error_t *self, double change)
{
    return hypot(1, self->growth * change);
}

static int check_param(const ost_draws_t *self, size_t k, ost_library_t *library, ost_error_t *err)
{
    const char *name = self->names[k], *dot = strchr(name, '.');
    const ost_model_t *model;
    char of[96];
    snprintf(of, sizeof(of), "%.*s", dot != NULL ? (int) (dot - name) : 0, name);
    if (dot == NULL || ost_library_get(library, of, &model, NULL) < 0)
        return ost_fail_at(err, OST_ERR_NAME, self->path, 1, 0, "'%s' is of no model that is known", name);
    int index = ost_model_param(model, dot + 1);
    if (index < 0 || model->params[index].is_covariate) {
        const char *names[512], *near;
        size_t n = 0;
        for (size_t i = 0; i < model->n_params && n < 512; i++) names[n++] = model->params[i].name;
        near = ost_nearest(dot + 1, names, n);
        return ost_fail_at(
            err, OST_ERR_NAME, self->path, 1, 0, "model '%s' has no parameter '%s'%s%s%s", of, dot + 1, OST_HINT(near));
    }
    const ost_param_t *param = &model->params[index];
    if (!ost_dim_equal(param->unit.dim, self->units[k].dim))
        return ost_fail_at(
            err, OST_ERR_UNIT, self->path, 1, 0, "'%s' is measured in %s: another unit", name, param->unit_text);
    if (ost_unit_is_ratio(&param->unit) && self->units[k].factor == 1)
        return ost_fail_at(
            err, OST_ERR_UNIT, self->path, 1, 0, "'%s' has no unit; write '%s [%s]'", name, name, param->unit_text);
    for (size_t d = 0; d <= self->n_draws; d++) {
        double value = self->values[d * self->n_params + k];
        if (isnan(ost_param_within(param, value)))
            return ost_fail_at(err, OST_ERR_VALUE, self->path, (int) d + 2, 0,
                "'%s' = %.10g is not within %.10g..%.10g %s", name, value / param->unit.factor,
                param->lower / param->unit.factor, param->upper / param->unit.factor, param->unit_text);
    }
    return 0;
}

int ost_draws_check(const ost_draws_t *self, ost_library_t *library, ost_error_t *err)
{
    int ret = 0;
    for (size_t k = 0; k < self->n_params && ret == 0; k++) ret = check_param(self, k, library, err);
    return ret;
}

void ost_draws_free(ost_draws_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n_params; i++) free(self->names[i]);
    free(self->path);
    free(self->names);
    free(self->units);
    free(self->values);
    *self = (ost_draws_t){ 0 };
}
