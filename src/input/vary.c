/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See vary.h. Takes texts of a command line or a table; gives values with units. */
#include "input/vary.h"

#include "core/units.h"
#include "input/csv.h"
#include "input/experiment.h"
#include "input/experiment_keys.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends of what a distribution is asked for: its own may be infinite. */
#define LEAST_U 0x1p-53

void ost_axis_free(ost_varied_t *self)
{
    free(self->path);
    free(self->name);
    free(self->unit);
    free(self->values);
    ost_text_list_free(&self->texts);
    *self = (ost_varied_t){ 0 };
}

void ost_vary_free(ost_vary_t *self)
{
    free(self->path);
    free(self->unit);
    ost_memory_free(&self->memory);
    ost_text_list_free(&self->texts);
    *self = (ost_vary_t){ 0 };
}

/* @return [n] characters of `text` without blanks at both ends, owned by the caller */
static char *trimmed(const char *text, size_t n)
{
    while (n > 0 && isspace((unsigned char) *text)) text++, n--;
    while (n > 0 && isspace((unsigned char) text[n - 1])) n--;
    return strndup(text, n);
}

/* What follows the number of a quantity, "1" for nothing. */
static const char *unit_of(const char *quantity)
{
    char *end;
    (void) strtod(quantity, &end);
    end += strspn(end, " ");
    return *end != '\0' ? end : "1";
}

static int measure_one(ost_varied_t *self, size_t i, const ost_unit_t *unit, ost_error_t *err)
{
    ost_quantity_t quantity;
    char why[OST_DIM_MISMATCH_SIZE];
    const char *text = self->texts.items[i];
    int ret = ost_quantity_parse(&quantity, text, err);
    if (ret < 0) {
        ost_error_prepend(
            err, "'%s': '%.60s' is not a quantity as '%.60s' is: ", self->path, text, self->texts.items[0]);
        return ret;
    }
    if (!ost_dim_equal(quantity.dim, unit->dim))
        return ost_fail(err, OST_ERR_UNIT, "'%s': '%.60s' and '%.60s' differ: '%.60s' %s", self->path,
            self->texts.items[0], text, text, ost_unit_mismatch(quantity.dim, unit, self->unit, why));
    bool is_same = strcmp(unit_of(text), self->unit) == 0;
    self->values[i] = is_same ? strtod(text, NULL) : quantity.value / unit->factor;
    return 0;
}

int ost_axis_measure(ost_varied_t *self, bool may_repeat, ost_error_t *err)
{
    ost_quantity_t first;
    ost_unit_t unit = { 0 };
    char *const *texts = self->texts.items;
    int ret = 0;
    bool is_quantity = ost_quantity_parse(&first, texts[0], NULL) == 0;
    for (size_t i = 0; i < self->texts.n; i++) is_quantity = is_quantity && strcmp(texts[i], "~") != 0;
    if (is_quantity) {
        self->unit = ost_strdup(unit_of(texts[0]));
        self->values = malloc(self->texts.n * sizeof(*self->values));
        if (self->unit == NULL || self->values == NULL) return ost_no_memory(err);
        ret = ost_unit_parse(&unit, self->unit, err);
    }
    for (size_t i = 0; i < self->texts.n && ret == 0 && is_quantity; i++) ret = measure_one(self, i, &unit, err);
    for (size_t i = 0; i < self->texts.n && ret == 0 && !may_repeat; i++)
        for (size_t k = 0; k < i && ret == 0; k++) {
            const bool is_same = is_quantity ? self->values[i] == self->values[k] : strcmp(texts[i], texts[k]) == 0;
            if (is_same)
                ret = ost_fail(err, OST_ERR_NAME, "'%s': duplicate value '%.60s'%s%.60s%s", self->path, texts[i],
                    strcmp(texts[i], texts[k]) != 0 ? ", which is '" : "",
                    strcmp(texts[i], texts[k]) != 0 ? texts[k] : "", strcmp(texts[i], texts[k]) != 0 ? "'" : "");
        }
    return ret;
}

/* Length of the next value of a list: up to a comma outside of brackets and quotes. @return SIZE_MAX: a bracket or
 * quote is left open */
static size_t value_length(const char *text)
{
    int depth = 0;
    char quote = '\0';
    size_t n = 0;
    for (; text[n] != '\0' && (text[n] != ',' || depth > 0 || quote != '\0'); n++) {
        const char c = text[n];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else
            depth += (strchr("[{(", c) != NULL) - (strchr("]})", c) != NULL);
    }
    return depth != 0 || quote != '\0' ? SIZE_MAX : n;
}

static int read_list(ost_vary_t *self, const char *text, ost_error_t *err)
{
    for (const char *at = text;; at++) {
        size_t n = value_length(at);
        if (n == SIZE_MAX)
            return ost_fail(
                err, OST_ERR_SYNTAX, "'%s': a bracket or quote in '%.100s' is not closed", self->path, text);
        char *value = trimmed(at, n);
        int ret = value == NULL ? ost_no_memory(err) : 0;
        if (ret == 0 && value[0] == '\0')
            ret = ost_fail(err, OST_ERR_SYNTAX,
                "'%s': a value is missing in '%.100s'; expected a list such as "
                "'0.5 mg, 1 mg' or a range such as '0.25 mg..4 mg : 5'",
                self->path, text);
        if (ret == 0 && ost_text_list_add(&self->texts, "%s", value) < 0) ret = ost_no_memory(err);
        free(value);
        at += n;
        if (ret < 0 || *at == '\0') return ret;
    }
}

/* "5", "5 log", "log" behind a range. */
static int read_steps(ost_vary_t *self, const char *text, ost_error_t *err)
{
    static const char *const scales[] = { "linear", "log" };
    char *end;
    const unsigned long long n = isdigit((unsigned char) *text) ? strtoull(text, &end, 10) : 0;
    const char *scale = isdigit((unsigned char) *text) ? end + strspn(end, " ") : text;
    self->is_log = strcmp(scale, "log") == 0;
    if (!self->is_log && *scale != '\0' && strcmp(scale, "linear") != 0)
        return ost_fail(err, OST_ERR_NAME,
            "'%s': '%.60s' behind a range is not a number of values with 'linear' or "
            "'log', such as ': 5 log'%s%s%s",
            self->path, text, OST_HINT(ost_nearest(scale, scales, 2)));
    if (isdigit((unsigned char) *text) && (n < 2 || n == ULLONG_MAX))
        return ost_fail(err, OST_ERR_VALUE,
            "'%s': a range of %.*s values; expected 2 to %d, from its lower to its upper end", self->path,
            (int) strspn(text, "0123456789"), text, OST_MAX_POINTS);
    self->n = (size_t) n;
    return 0;
}

/* One end of a range, in its unit. */
static int read_end(ost_vary_t *self, const char *text, double *end, ost_error_t *err)
{
    ost_quantity_t quantity;
    ost_unit_t unit;
    char why[OST_DIM_MISMATCH_SIZE];
    int ret = ost_quantity_parse(&quantity, text, err);
    if (ret == 0) ret = ost_unit_parse(&unit, self->unit, err);
    if (ret < 0) {
        ost_error_prepend(err, "'%s': '%.60s' is not the end of a range: ", self->path, text);
        return ret;
    }
    if (!ost_dim_equal(quantity.dim, unit.dim))
        return ost_fail(err, OST_ERR_UNIT, "'%s': '%.60s' %s", self->path, text,
            ost_unit_mismatch(quantity.dim, &unit, self->unit, why));
    *end = strcmp(unit_of(text), self->unit) == 0 ? strtod(text, NULL) : quantity.value / unit.factor;
    return 0;
}

/* "0.25 mg..4 mg : 5 log", in the unit of its lower end. @param dots  in the text */
static int read_range(ost_vary_t *self, const char *text, const char *dots, ost_error_t *err)
{
    const char *colon = strchr(dots, ':');
    size_t n_upper = colon != NULL ? (size_t) (colon - dots) - 2 : strlen(dots + 2);
    char *lower = trimmed(text, (size_t) (dots - text)), *upper = trimmed(dots + 2, n_upper);
    char *steps = trimmed(colon != NULL ? colon + 1 : "", colon != NULL ? strlen(colon + 1) : 0);
    ost_quantity_t quantity;
    int ret = lower == NULL || upper == NULL || steps == NULL ? ost_no_memory(err) : 0;
    if (ret == 0 && (lower[0] == '\0' || upper[0] == '\0'))
        ret = ost_fail(err, OST_ERR_SYNTAX,
            "'%s': the range '%.100s' lacks its %s end; expected one such as '0.25 mg..4 mg'", self->path, text,
            lower[0] == '\0' ? "lower" : "upper");
    if (ret == 0 && ost_quantity_parse(&quantity, lower, err) < 0) {
        ret = OST_ERR_SYNTAX;
        ost_error_prepend(err, "'%s': '%.60s' is not the end of a range: ", self->path, lower);
    }
    if (ret == 0 && (self->unit = ost_strdup(unit_of(lower))) == NULL) ret = ost_no_memory(err);
    if (ret == 0) ret = read_end(self, lower, &self->lower, err);
    if (ret == 0) ret = read_end(self, upper, &self->upper, err);
    if (ret == 0 && colon != NULL) ret = read_steps(self, steps, err);
    if (ret == 0 && !(self->lower < self->upper))
        ret = ost_fail(err, OST_ERR_VALUE,
            "'%s': the range '%.60s..%.60s' does not go up; expected its lower end "
            "first",
            self->path, lower, upper);
    if (ret == 0 && self->is_log && !(self->lower > 0))
        ret = ost_fail(
            err, OST_ERR_VALUE, "'%s': a log range from '%.60s' on; expected a lower end above 0", self->path, lower);
    free(lower);
    free(upper);
    free(steps);
    return ret;
}

int ost_vary_parse(ost_vary_t *self, const char *text, ost_error_t *err)
{
    const char *equals = strchr(text, '=');
    *self = (ost_vary_t){ 0 };
    self->path = trimmed(text, equals != NULL ? (size_t) (equals - text) : 0);
    if (self->path == NULL) return ost_no_memory(err);
    if (self->path[0] == '\0' || strchr(text, '\n') != NULL)
        return ost_fail(err, OST_ERR_SYNTAX,
            "'%.100s' is not one line of the form PATH=VALUES, such as "
            "'arms.anastrozole.regimen.0.dose=0.5 mg, 1 mg'",
            text);
    const char *values = equals + 1 + strspn(equals + 1, " \t"), *dots = strstr(values, "..");
    bool is_number = isdigit((unsigned char) values[strspn(values, "+-.")]);
    return dots != NULL && is_number ? read_range(self, values, dots, err) : read_list(self, values, err);
}

bool ost_vary_is_distribution(const ost_vary_t *self)
{
    return self->texts.n == 1 && self->texts.items[0][0] == '{' && strstr(self->texts.items[0], "distribution") != NULL;
}

int ost_vary_distribution(ost_vary_t *self, ost_error_t *err)
{
    ost_covariate_t found = { 0 };
    ost_yaml_t tree = { 0 };
    char *text = NULL;
    int ret = asprintf(&text, "values: %s\n", self->texts.items[0]) < 0 ? ost_no_memory(err) : 0;
    if (ret < 0) text = NULL;
    if (ret == 0) ret = ost_yaml_parse(&tree, self->path, text, err);
    if (ret == 0) {
        tree.memory = &self->memory;
        ost_experiment_distribution(&found, &tree, ost_yaml_get(&tree.root, "values"));
        ret = tree.code;
    }
    if (ret == 0 && found.origin != OST_ORIGIN_DISTRIBUTION)
        ret = ost_fail(err, OST_ERR_NAME, "'%s': '%.60s' is not a distribution", self->path, self->texts.items[0]);
    if (ret == 0) {
        self->dist = found.dist;
        ost_dist_set(&self->dist);
        self->has_dist = true;
        if ((self->unit = ost_strdup(found.unit_text)) == NULL) ret = ost_no_memory(err);
        self->factor = found.unit.factor;
        ost_text_list_free(&self->texts);
    }
    ost_yaml_free(&tree);
    free(text);
    return ret;
}

int ost_vary_at(const ost_vary_t *self, double u, ost_varied_t *axis)
{
    if (self->unit == NULL) {
        size_t i = (size_t) (u * (double) self->texts.n);
        return ost_text_list_add(&axis->texts, "%s", self->texts.items[i < self->texts.n ? i : self->texts.n - 1]);
    }
    double value =
        self->is_log ? self->lower * pow(self->upper / self->lower, u) : self->lower + u * (self->upper - self->lower);
    if (u == 1) value = self->upper; /* without roundings */
    if (self->has_dist) value = ost_dist_quantile(&self->dist, ost_clamp(u, LEAST_U, 1 - LEAST_U)) / self->factor;
    bool is_plain = strcmp(self->unit, "1") == 0;
    return ost_text_list_add(
        &axis->texts, "%.*g%s%s", OST_VARY_DIGITS, value, is_plain ? "" : " ", is_plain ? "" : self->unit);
}

/* A column of a table as it is made. */
typedef struct {
    char *line; /* "PATH=value, value" so far */
    size_t size;
    FILE *out;
    char *name;       /* of its field, for messages */
    const char *unit; /* of the head, in the table's text; NULL: fields have their own */
} column_t;

/* "PATH [unit]" */
static void begin_column(column_t *self, ost_csv_t *csv, size_t field)
{
    ost_csv_head_t head;
    ost_csv_head(csv, field, false, &head);
    self->unit = head.unit_text;
    self->out = open_memstream(&self->line, &self->size);
    if (asprintf(&self->name, "column '%.100s [%.60s]'", head.name, self->unit != NULL ? self->unit : "") < 0)
        self->name = NULL;
    if (self->out == NULL || self->name == NULL)
        ost_csv_no_memory(csv);
    else
        fprintf(self->out, "%s=", head.name);
}

static void add_field(column_t *self, ost_csv_t *csv, size_t field, bool is_first)
{
    const char *text = csv->fields[field];
    if (text[strspn(text, " \t")] == '\0')
        ost_csv_fail(csv, field, OST_ERR_VALUE, "a value is missing; each point has one in every column");
    if (value_length(text) != strlen(text))
        ost_csv_fail(csv, field, OST_ERR_SYNTAX, "'%.60s' has a comma, or a bracket that is not closed", text);
    if (self->unit != NULL) (void) ost_csv_number(csv, field, self->name);
    bool has_unit = self->unit != NULL && strcmp(self->unit, "1") != 0;
    fprintf(self->out, "%s%s%s%s", is_first ? "" : ", ", text, has_unit ? " " : "", has_unit ? self->unit : "");
}

int ost_vary_table(ost_text_list_t *vary, const char *path, ost_error_t *err)
{
    ost_csv_t csv;
    size_t n_columns = 0, n_rows = 0;
    column_t columns[OST_CSV_MAX_FIELDS] = { 0 };
    if (ost_csv_open(&csv, path, NULL, err) < 0) csv.n_names = 0;
    for (; n_columns < csv.n_names; n_columns++) begin_column(&columns[n_columns], &csv, n_columns);
    for (; ost_csv_next(&csv); n_rows++)
        for (size_t i = 0; i < n_columns; i++) add_field(&columns[i], &csv, i, n_rows == 0);
    if (n_rows == 0)
        ost_csv_fail_at(&csv, (ost_location_t){ 0, 0 }, OST_ERR_VALUE, "has no points: no row below its head");
    for (size_t i = 0; i < n_columns; i++) {
        if (columns[i].out != NULL && fclose(columns[i].out) != 0) ost_csv_no_memory(&csv);
        if (csv.code == 0 && ost_text_list_add(vary, "%s", columns[i].line) < 0) ost_csv_no_memory(&csv);
        free(columns[i].line);
        free(columns[i].name);
    }
    ost_csv_close(&csv);
    return csv.code;
}
