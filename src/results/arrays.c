/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See arrays.h. */
#include "results/arrays.h"

#include "results/results_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* Dimensions, and values of a matrix that is read, at most: assumptions. */
enum { MAX_DIMS = 8, MOST_VALUES = 1 << 24 };

/* What the file was made from. @return 0 or OST_ERR_IO */
static int write_facts(const ost_writer_t *self, ost_error_t *err)
{
    int ret = ost_results_write_facts(self->file, self->path, self->arrays->identity, err);
    if (ret == 0 && (ost_h5_set_count(self->file, "n_failed", self->arrays->n_failed) != 0 ||
                        ost_h5_set_count(self->file, "n_done", self->arrays->n_subjects) != 0))
        ret = ost_writer_fail(self, "n_done", err);
    return ret;
}

static int write_array(ost_writer_t *self, const ost_array_t *array, const ost_dimension_t *all_dims, ost_error_t *err)
{
    const hid_t type = array->values != NULL ? H5T_NATIVE_DOUBLE : self->text_type;
    const ost_dimension_t *dims[OST_ARRAY_MAX_RANK];
    for (size_t d = 0; d < array->rank; d++) dims[d] = &all_dims[array->dims[d]];
    hid_t id =
        ost_results_dataset(self, self->file, array->name, type, array->rank, dims, array->unit, array->meaning, err);
    const void *values = array->values != NULL ? (const void *) array->values : (const void *) array->texts;
    if (id < 0) return OST_ERR_IO;
    return H5Dwrite(id, type, H5S_ALL, H5S_ALL, self->transfer, values) >= 0 ? 0
                                                                             : ost_writer_fail(self, array->name, err);
}

/* The coordinate of a dimension. */
static int write_scale(ost_writer_t *self, const ost_array_dim_t *of, ost_dimension_t *dim, ost_error_t *err)
{
    ost_values_t values = { dim->name, self->text_type, of->texts, NULL, of->meaning };
    *dim = (ost_dimension_t){ .n = of->n, .scale = -1 };
    snprintf(dim->name, sizeof(dim->name), "%s", of->name);
    if (of->texts == NULL) {
        double *numbers = ost_memory_list(&self->memory, of->n, sizeof(*numbers));
        if (numbers == NULL) return ost_no_memory(err);
        for (size_t i = 0; i < of->n; i++) numbers[i] = (double) i;
        values.type = H5T_NATIVE_DOUBLE;
        values.values = numbers;
    }
    return ost_results_coordinate(self, dim, &values, err);
}

static int write_all(ost_writer_t *self, ost_error_t *err)
{
    const ost_arrays_t *of = self->arrays;
    ost_dimension_t dims[MAX_DIMS];
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    int ret = ost_writer_create(self, access, err);
    OST_H5_CLOSE(access);
    if (ret == 0) ret = write_facts(self, err);
    for (size_t d = 0; d < of->n_dims && ret == 0; d++) ret = write_scale(self, &of->dims[d], &dims[d], err);
    for (size_t i = 0; i < of->n_arrays && ret == 0; i++) ret = write_array(self, &of->arrays[i], dims, err);
    return ret;
}

int ost_arrays_write(const ost_arrays_t *self, const char *path, ost_error_t *err)
{
    ost_writer_t writer = { .arrays = self, OST_WRITER_IDS };
    return ost_writer_run(&writer, path, write_all, err);
}

int ost_results_read_texts(const ost_results_t *self, const char *name, ost_text_list_t *texts, ost_error_t *err)
{
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    int ret = ost_results_texts(self, name, texts, err);
    ost_h5_leave(&handler);
    return ret;
}

int ost_results_read_matrix(
    const ost_results_t *self, const char *name, size_t n_rows, size_t n_columns, double **values, ost_error_t *err)
{
    const ost_slab_t all = { .rank = 2, .count = { n_rows, n_columns } };
    *values = NULL;
    if (n_rows > 0 && n_columns > MOST_VALUES / n_rows)
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "'%s' has more than %d values", name, MOST_VALUES);
    *values = malloc((n_rows * n_columns + 1) * sizeof(**values));
    if (*values == NULL) return ost_no_memory(err);
    int ret = ost_h5_read(self->file, self->path, name, &all, *values, err);
    if (ret == 0) return 0;
    free(*values);
    *values = NULL;
    return ret;
}

int ost_results_report(const ost_results_t *self, char **text, ost_error_t *err)
{
    ost_text_list_t lines = { 0 };
    *text = NULL;
    int ret = ost_results_read_texts(self, OST_ANALYSIS_REPORT, &lines, err);
    if (ret == 0 && (*text = ost_text_join((const char *const *) lines.items, lines.n, "\n")) == NULL)
        ret = ost_no_memory(err);
    ost_text_list_free(&lines);
    return ret;
}
