/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table that a fit leaves behind: `draw,aibl.K_E [pmol/L],...,between BMD,within BMD,trials BMD,...`, one line a
 * draw. */
#include "analysis/validate.h"
#include "core/file.h"
#include "core/text.h"
#include "input/yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *path, int line, const char *what, ost_error_t *err)
{
    return ost_fail_at(err, OST_ERR_SYNTAX, path, line, 0, "%s; a table that 'osteon fit -o' wrote is expected", what);
}

/* Where a column goes. */
typedef struct {
    double *spread; /* of self, else NULL */
    size_t param;   /* index, if spread is NULL */
    double factor;
} column_t;

static double *find_spread(ost_draws_t *self, const char *name)
{
    for (int c = 0; c < OST_N_CLASSES; c++) {
        char text[64];
        snprintf(text, sizeof(text), "between %s", ost_class_name((ost_class_t) c));
        if (strcmp(name, text) == 0) return &self->spread[c].between;
        snprintf(text, sizeof(text), "within %s", ost_class_name((ost_class_t) c));
        if (strcmp(name, text) == 0) return &self->spread[c].within;
        snprintf(text, sizeof(text), "trials %s", ost_class_name((ost_class_t) c));
        if (strcmp(name, text) == 0) return &self->spread[c].groups;
    }
    return NULL;
}

/* "aibl.T[total_hip] [1/y]", cut up in place. */
static int read_name(ost_draws_t *self, column_t *column, char *text, const char *path, ost_error_t *err)
{
    ost_unit_t unit;
    *column = (column_t){ .spread = find_spread(self, text), .factor = 1 };
    if (column->spread != NULL) return 0;
    char *open = strrchr(text, '['), *close = strrchr(text, ']');
    if (open == NULL || open == text || close == NULL || close < open || open[-1] != ' ')
        return fail(path, 1, "a column is not headed like 'model.parameter [unit]'", err);
    open[-1] = *close = '\0';
    if (ost_unit_parse(&unit, open + 1, err) < 0) return fail(path, 1, "a unit cannot be read", err);
    char **names = realloc(self->names, (self->n_params + 1) * sizeof(*names));
    if (names == NULL) return ost_no_memory(err);
    self->names = names;
    ost_unit_t *units = realloc(self->units, (self->n_params + 1) * sizeof(*units));
    if (units == NULL) return ost_no_memory(err);
    self->units = units;
    units[self->n_params] = unit;
    if ((names[self->n_params] = ost_strdup(text)) == NULL) return ost_no_memory(err);
    column->param = self->n_params++;
    column->factor = unit.factor;
    return 0;
}

static int read_header(ost_draws_t *self, column_t **columns, size_t *n, char *line, const char *path, ost_error_t *err)
{
    char *rest = strchr(line, ',');
    if (rest == NULL || strncmp(line, "draw,", 5) != 0) return fail(path, 1, "the first column is not 'draw'", err);
    for (char *text = rest + 1; text != NULL; text = rest) {
        rest = strchr(text, ',');
        if (rest != NULL) *rest++ = '\0';
        column_t *more = realloc(*columns, (*n + 1) * sizeof(*more));
        if (more == NULL) return ost_no_memory(err);
        *columns = more;
        int ret = read_name(self, &more[(*n)++], text, path, err);
        if (ret < 0) return ret;
    }
    return 0;
}

static int read_draw(ost_draws_t *self, size_t row, const column_t *columns, size_t n, char *line, const char *path,
    int number, ost_error_t *err)
{
    double *values = realloc(self->values, (row + 1) * (self->n_params + 1) * sizeof(*values));
    if (values == NULL) return ost_no_memory(err);
    self->values = values;
    char *at = strchr(line, ',');
    for (size_t i = 0; i < n; i++) {
        if (at == NULL) return fail(path, number, "a line has too few numbers", err);
        char *end;
        double value = strtod(++at, &end);
        if (end == at || (*end != ',' && *end != '\0')) return fail(path, number, "a number cannot be read", err);
        if (columns[i].spread == NULL)
            values[row * self->n_params + columns[i].param] = value * columns[i].factor;
        else if (!(value >= 0 && isfinite(value)))
            return fail(path, number, "a size of errors is below 0 or no number", err);
        else
            *columns[i].spread = value;
        at = *end == ',' ? end : NULL;
    }
    return at == NULL ? 0 : fail(path, number, "a line has too many numbers", err);
}

int ost_draws_read(ost_draws_t *self, const char *path, ost_error_t *err)
{
    char *text, *next;
    column_t *columns = NULL;
    size_t n_columns = 0, n_rows = 0;
    *self = (ost_draws_t){ .path = ost_strdup(path) };
    if (self->path == NULL) return ost_no_memory(err);
    int ret = ost_file_read(&text, path, 64u << 20, err), number = 0;
    for (char *line = ret == 0 ? text : NULL; line != NULL && *line != '\0' && ret == 0; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) *next++ = '\0';
        if (number++ == 0)
            ret = read_header(self, &columns, &n_columns, line, path, err);
        else
            ret = read_draw(self, n_rows++, columns, n_columns, line, path, number, err);
    }
    if (ret == 0 && n_rows == 0) ret = fail(path, number, "there is no estimate", err);
    self->n_draws = n_rows > 0 ? n_rows - 1 : 0;
    free(columns);
    free(text);
    return ret;
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
        return ost_fail_at(err, OST_ERR_NAME, self->path, 1, 0, "model '%s' has no parameter '%s'%s%s%s", of, dot + 1,
            near != NULL ? " (did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?)" : "");
    }
    const ost_param_t *param = &model->params[index];
    if (!ost_dim_equal(param->unit.dim, self->units[k].dim))
        return ost_fail_at(
            err, OST_ERR_UNIT, self->path, 1, 0, "'%s' is measured in %s: another unit", name, param->unit_text);
    for (size_t d = 0; d <= self->n_draws; d++) {
        double value = self->values[d * self->n_params + k];
        if (!(value >= param->lower && value <= param->upper))
            return ost_fail_at(err, OST_ERR_VALUE, self->path, (int) d + 2, 0, "'%s' = %g is not within %g..%g %s",
                name, value / param->unit.factor, param->lower / param->unit.factor, param->upper / param->unit.factor,
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
