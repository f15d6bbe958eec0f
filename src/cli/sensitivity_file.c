/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a finished sensitivity analysis; writes it as a result file. */
#include "sensitivity.h"

#include "results/arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM_ENDPOINT, DIM_INPUT, DIM_FACTOR, DIM_POINT, DIM_LINE, N_DIMS };
enum { MAX_ARRAYS = 32 };

typedef struct {
    const ost_analysis_t *of;
    ost_array_t arrays[MAX_ARRAYS];
    size_t n;
    void *memory[MAX_ARRAYS]; /* owned, with [n_memory] */
    size_t n_memory;
    ost_text_list_t names; /* of arrays whose name is made here; grows no more once they are listed */
    int ret;
} file_t;

/* n zeroed items that are freed with the file. @return NULL: out of memory */
static void *keep(file_t *self, size_t n, size_t size)
{
    void *items = calloc(n + 1, size);
    if (items == NULL) self->ret = OST_ERR_NO_MEMORY;
    if (items != NULL) self->memory[self->n_memory++] = items;
    return items;
}

static void add(file_t *self, const ost_array_t array)
{
    self->arrays[self->n++] = array;
}

/* What a text of each endpoint, input or factor is made from. */
typedef const char *(*text_fn)(const ost_analysis_t *of, size_t i);
typedef double (*number_fn)(const ost_factor_t *factor);

static void add_texts(file_t *self, const char *name, const char *meaning, size_t dim, size_t n, text_fn text)
{
    const char **texts = keep(self, n, sizeof(*texts));
    for (size_t i = 0; texts != NULL && i < n; i++) texts[i] = text(self->of, i);
    add(self, (ost_array_t){ .name = name, .meaning = meaning, .texts = texts, .rank = 1, .dims = { dim } });
}

static void add_numbers(file_t *self, const char *name, const char *meaning, number_fn number)
{
    const ost_factors_t *factors = &self->of->factors;
    double *values = keep(self, factors->n, sizeof(*values));
    for (size_t k = 0; values != NULL && k < factors->n; k++) values[k] = number(&factors->factors[k]);
    add(self, (ost_array_t){ .name = name, .meaning = meaning, .values = values, .rank = 1, .dims = { DIM_FACTOR } });
}

static const char *endpoint_unit(const ost_analysis_t *of, size_t i)
{
    return of->endpoints[i].unit;
}
static const char *endpoint_meaning(const ost_analysis_t *of, size_t i)
{
    return of->endpoints[i].text;
}
static const char *factor_path(const ost_analysis_t *of, size_t k)
{
    return of->factors.factors[k].path;
}
static const char *factor_unit(const ost_analysis_t *of, size_t k)
{
    return of->factors.factors[k].unit != NULL ? of->factors.factors[k].unit : "";
}
static const char *factor_meaning(const ost_analysis_t *of, size_t k)
{
    return of->factors.factors[k].meaning;
}
static const char *factor_input(const ost_analysis_t *of, size_t k)
{
    return of->groups.items[of->group[k]];
}
static double factor_value(const ost_factor_t *factor)
{
    return factor->value;
}
static double factor_sd(const ost_factor_t *factor)
{
    return factor->sd;
}
static double factor_lower(const ost_factor_t *factor)
{
    return factor->lower;
}
static double factor_upper(const ost_factor_t *factor)
{
    return factor->upper;
}

/* The indices of the method, and the ends of their intervals. */
static void add_indices(file_t *self)
{
    static const char *const endings[] = { "", "_lower", "_upper" };
    const ost_analysis_t *of = self->of;
    const size_t n_groups = of->design.n_groups;
    for (size_t i = 0; i < OST_N_INDICES; i++)
        for (size_t part = 0; part < 3 && ost_indices[i].method == of->design.kind; part++) {
            double *values = keep(self, of->n_endpoints * n_groups, sizeof(*values));
            if (values == NULL || ost_text_list_add(&self->names, "%s%s", ost_indices[i].name, endings[part]) < 0) {
                self->ret = OST_ERR_NO_MEMORY;
                return;
            }
            for (size_t e = 0; e < of->n_endpoints; e++)
                for (size_t g = 0; g < n_groups; g++) {
                    const ost_index_t *x = &of->endpoints[e].indices[g * OST_N_INDICES + i];
                    values[e * n_groups + g] = part == 0 ? x->value : part == 1 ? x->lower : x->upper;
                }
            add(self, (ost_array_t){ .name = self->names.items[self->names.n - 1],
                          .unit = ost_indices[i].has_unit ? NULL : "1", /* else that of the endpoint */
                          .meaning = ost_indices[i].meaning,
                          .values = values,
                          .rank = 2,
                          .dims = { DIM_ENDPOINT, DIM_INPUT } });
        }
}

/* Values of the factors at the points: of words, a number of each. */
static void add_points(file_t *self)
{
    const ost_analysis_t *of = self->of;
    const size_t n = of->factors.n;
    double *at = keep(self, of->n_points * n, sizeof(*at));
    char text[OST_FACTOR_TEXT];
    for (size_t i = 0; at != NULL && i < of->n_points * n; i++) {
        const ost_factor_t *one = &of->factors.factors[i % n];
        at[i] = of->is_given        ? of->u[i]
                : one->unit != NULL ? strtod(ost_factor_text(one, of->design.kind, of->u[i], text, sizeof(text)), NULL)
                                    : floor(of->u[i] * (double) one->vary.texts.n);
    }
    add(self, (ost_array_t){ .name = "at",
                  .meaning = "value of the factor at the point, in factor_unit; of words, a number of each",
                  .values = at,
                  .rank = 2,
                  .dims = { DIM_POINT, DIM_FACTOR } });
    add(self, (ost_array_t){ .name = "value",
                  .meaning = "the endpoint at the point, in endpoint_unit",
                  .values = of->y,
                  .rank = 2,
                  .dims = { DIM_ENDPOINT, DIM_POINT } });
}

static void add_all(file_t *self, const ost_text_list_t *report)
{
    const ost_analysis_t *of = self->of;
    add_indices(self);
    add_texts(self, "endpoint_unit", "unit of the endpoint", DIM_ENDPOINT, of->n_endpoints, endpoint_unit);
    add_texts(self, "endpoint_meaning", "what the endpoint is", DIM_ENDPOINT, of->n_endpoints, endpoint_meaning);
    add_texts(
        self, "factor_path", "entry of the experiment, as --set takes it", DIM_FACTOR, of->factors.n, factor_path);
    add_texts(self, "factor_input", "input that the factor is part of", DIM_FACTOR, of->factors.n, factor_input);
    add_texts(self, "factor_unit", "unit of the factor", DIM_FACTOR, of->factors.n, factor_unit);
    add_texts(self, "factor_meaning", "what the factor is", DIM_FACTOR, of->factors.n, factor_meaning);
    add_numbers(self, "factor_value", "present value, in factor_unit", factor_value);
    add_numbers(self, "factor_sd", "standard deviation of what it is moved over, in factor_unit", factor_sd);
    add_numbers(self, "factor_lower", "lower end of what it is moved over, in factor_unit", factor_lower);
    add_numbers(self, "factor_upper", "upper end of what it is moved over, in factor_unit", factor_upper);
    add_points(self);
    add(self, (ost_array_t){ .name = OST_ANALYSIS_REPORT,
                  .meaning = "tables as printed",
                  .texts = (const char *const *) report->items,
                  .rank = 1,
                  .dims = { DIM_LINE } });
}

/* The tables as printed, a text for each line. */
static int report_of(const ost_analysis_t *of, ost_text_list_t *lines, ost_error_t *err)
{
    char *text = NULL, *rest, *line;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return ost_no_memory(err);
    int ret = ost_analysis_print(of, out, err);
    if (fclose(out) != 0 && ret == 0) ret = ost_no_memory(err);
    rest = text;
    while (ret == 0 && (line = strsep(&rest, "\n")) != NULL && rest != NULL)
        if (ost_text_list_add(lines, "%s", line) < 0) ret = ost_no_memory(err);
    free(text);
    return ret;
}

int ost_analysis_write(const ost_analysis_t *of, const char *path, ost_error_t *err)
{
    file_t self = { .of = of };
    const char **names = keep(&self, of->n_endpoints, sizeof(*names)),
               **factors = keep(&self, of->factors.n, sizeof(*names));
    ost_text_list_t report = { 0 };
    int ret = self.ret < 0 ? ost_no_memory(err) : report_of(of, &report, err);
    for (size_t i = 0; names != NULL && i < of->n_endpoints; i++) names[i] = of->endpoints[i].name;
    for (size_t k = 0; factors != NULL && k < of->factors.n; k++) factors[k] = of->factors.factors[k].name;
    add_all(&self, &report);
    const ost_array_dim_t dims[N_DIMS] = { { "endpoint", "endpoint of the experiment", of->n_endpoints, names },
        { "input", "input factor, or group of them", of->groups.n, (const char *const *) of->groups.items },
        { "factor", "input factor", of->factors.n, factors },
        { "point", "number of the point, from 0", of->n_points, NULL },
        { "line", "line of the report", report.n, NULL } };
    if (ret == 0 && self.ret < 0) ret = ost_no_memory(err);
    const ost_arrays_t arrays = { .identity = &of->identity,
        .dims = dims,
        .arrays = self.arrays,
        .n_dims = N_DIMS,
        .n_arrays = self.n,
        .n_subjects = of->experiment.n_subjects,
        .n_failed = of->took.failures };
    if (ret == 0) ret = ost_arrays_write(&arrays, path, err);
    for (size_t i = 0; i < self.n_memory; i++) free(self.memory[i]);
    ost_text_list_free(&self.names);
    ost_text_list_free(&report);
    return ret;
}
