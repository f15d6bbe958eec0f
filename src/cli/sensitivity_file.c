/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a finished sensitivity analysis; writes it as a result file. */
#include "sensitivity.h"

#include "core/memory.h"
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
    ost_memory_t memory;
    ost_text_list_t names; /* of arrays whose name is made here; grows no more once they are listed */
} file_t;

static void add(file_t *self, const ost_array_t array)
{
    self->arrays[self->n++] = array;
}

/* Texts of n items that lie `stride` bytes apart, "" for NULL. @return NULL: out of memory */
static const char **texts_of(file_t *self, char *const *first, size_t n, size_t stride)
{
    const char **texts = ost_memory_list(&self->memory, n, sizeof(*texts));
    for (size_t i = 0; texts != NULL && i < n; i++) {
        const char *text = *(char *const *) (const void *) ((const char *) first + i * stride);
        texts[i] = text != NULL ? text : "";
    }
    return texts;
}

static void add_texts(file_t *self, const char *name, const char *meaning, size_t dim, const char *const *texts)
{
    add(self, (ost_array_t){ .name = name, .meaning = meaning, .texts = texts, .rank = 1, .dims = { dim } });
}

/* A text of each endpoint. */
static void add_of_endpoints(file_t *self, const char *name, const char *meaning, char *const *first)
{
    const ost_analysis_t *of = self->of;
    add_texts(self, name, meaning, DIM_ENDPOINT, texts_of(self, first, of->n_endpoints, sizeof(*of->endpoints)));
}

/* A text of each factor. */
static void add_of_factors(file_t *self, const char *name, const char *meaning, char *const *first)
{
    const ost_factors_t *factors = &self->of->factors;
    add_texts(self, name, meaning, DIM_FACTOR, texts_of(self, first, factors->n, sizeof(*factors->factors)));
}

/* A number of each factor. */
static void add_numbers(file_t *self, const char *name, const char *meaning, const double *first)
{
    const ost_factors_t *factors = &self->of->factors;
    double *values = ost_memory_list(&self->memory, factors->n, sizeof(*values));
    for (size_t k = 0; values != NULL && k < factors->n; k++)
        values[k] = *(const double *) (const void *) ((const char *) first + k * sizeof(*factors->factors));
    add(self, (ost_array_t){ .name = name, .meaning = meaning, .values = values, .rank = 1, .dims = { DIM_FACTOR } });
}

/* The input that each factor is part of. */
static void add_inputs(file_t *self)
{
    const ost_analysis_t *of = self->of;
    const char **inputs = ost_memory_list(&self->memory, of->factors.n, sizeof(*inputs));
    for (size_t k = 0; inputs != NULL && k < of->factors.n; k++) inputs[k] = of->groups.items[of->group[k]];
    add_texts(self, "factor_input", "input that the factor is part of", DIM_FACTOR, inputs);
}

/* The indices of the method, and the ends of their intervals. */
static void add_indices(file_t *self)
{
    static const char *const endings[] = { "", "_lower", "_upper" };
    const ost_analysis_t *of = self->of;
    const size_t n_groups = of->design.n_groups;
    for (size_t i = 0; i < OST_N_INDICES; i++)
        for (size_t part = 0; part < 3 && ost_indices[i].method == of->design.kind; part++) {
            double *values = ost_memory_list(&self->memory, of->n_endpoints * n_groups, sizeof(*values));
            self->memory.failed |= ost_text_list_add(&self->names, "%s%s", ost_indices[i].name, endings[part]) < 0;
            if (self->memory.failed) return;
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
    double *at = ost_memory_list(&self->memory, of->n_points * n, sizeof(*at));
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
    const ost_analysed_t *endpoint = self->of->endpoints;
    const ost_factor_t *factor = self->of->factors.factors;
    add_indices(self);
    add_of_endpoints(self, "endpoint_unit", "unit of the endpoint", &endpoint->unit);
    add_of_endpoints(self, "endpoint_meaning", "what the endpoint is", &endpoint->text);
    add_of_factors(self, "factor_path", "entry of the experiment, as --set takes it", &factor->path);
    add_inputs(self);
    add_of_factors(self, "factor_unit", "unit of the factor", &factor->unit);
    add_of_factors(self, "factor_meaning", "what the factor is", &factor->meaning);
    add_numbers(self, "factor_value", "present value, in factor_unit", &factor->value);
    add_numbers(self, "factor_sd", "standard deviation of what it is moved over, in factor_unit", &factor->sd);
    add_numbers(self, "factor_lower", "lower end of what it is moved over, in factor_unit", &factor->lower);
    add_numbers(self, "factor_upper", "upper end of what it is moved over, in factor_unit", &factor->upper);
    add_points(self);
    add_texts(self, OST_ANALYSIS_REPORT, "tables as printed", DIM_LINE, (const char *const *) report->items);
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
    const char **names = texts_of(&self, &of->endpoints->name, of->n_endpoints, sizeof(*of->endpoints));
    const char **factors = texts_of(&self, &of->factors.factors->name, of->factors.n, sizeof(*of->factors.factors));
    ost_text_list_t report = { 0 };
    int ret = report_of(of, &report, err);
    add_all(&self, &report);
    const ost_array_dim_t dims[N_DIMS] = { { "endpoint", "endpoint of the experiment", of->n_endpoints, names },
        { "input", "input factor, or group of them", of->groups.n, (const char *const *) of->groups.items },
        { "factor", "input factor", of->factors.n, factors },
        { "point", "number of the point, from 0", of->n_points, NULL },
        { "line", "line of the report", report.n, NULL } };
    if (ret == 0 && self.memory.failed) ret = ost_no_memory(err);
    const ost_arrays_t arrays = { .identity = &of->identity,
        .dims = dims,
        .arrays = self.arrays,
        .n_dims = N_DIMS,
        .n_arrays = self.n,
        .n_subjects = of->experiment.n_subjects,
        .n_failed = of->took.failures };
    if (ret == 0) ret = ost_arrays_write(&arrays, path, err);
    ost_memory_free(&self.memory);
    ost_text_list_free(&self.names);
    ost_text_list_free(&report);
    return ret;
}
