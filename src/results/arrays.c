/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See arrays.h. */
#include "results/arrays.h"

#include "results/results_impl.h"

#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Dimensions, lines of a report, and values of a matrix that is read, at most: assumptions. */
enum { MAX_DIMS = 8, MAX_LINES = 100000, MOST_VALUES = 1 << 24 };

typedef struct {
    const ost_arrays_t *of;
    char *path; /* of the file until it is whole */
    hid_t file, text_type, scales[MAX_DIMS];
} writer_t;

static int fail(const writer_t *self, const char *name, ost_error_t *err)
{
    return ost_h5_fail(err, OST_ERR_IO, self->path, "cannot write '%s'", name);
}

static int create(writer_t *self, ost_error_t *err)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t properties = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    if (properties >= 0 && access >= 0 && H5Pset_link_creation_order(properties, order) >= 0 &&
        H5Pset_attr_creation_order(properties, order) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0)
        self->file = H5Fcreate(self->path, H5F_ACC_TRUNC, properties, access);
    OST_H5_CLOSE(properties, access);
    self->text_type = ost_h5_text_type();
    return self->file >= 0 && self->text_type >= 0 ? 0 : ost_h5_fail(err, OST_ERR_IO, self->path, "cannot be created");
}

/* What the file was made from. @return 0, OST_ERR_IO or OST_ERR_NO_MEMORY */
static int write_facts(const writer_t *self, ost_error_t *err)
{
    int ret = ost_results_write_facts(self->file, self->path, self->of->identity, err);
    if (ret == 0 && (ost_h5_set_count(self->file, "n_failed", self->of->n_failed) != 0 ||
                        ost_h5_set_count(self->file, "n_done", self->of->n_subjects) != 0))
        ret = fail(self, "n_done", err);
    return ret;
}

/* @return its id, or -1 with the error recorded */
static hid_t write_array(const writer_t *self, const ost_array_t *array, ost_error_t *err)
{
    const hid_t type = array->values != NULL ? H5T_NATIVE_DOUBLE : self->text_type;
    hsize_t sizes[OST_ARRAY_MAX_RANK];
    for (size_t d = 0; d < array->rank; d++) sizes[d] = self->of->dims[array->dims[d]].n;
    hid_t space = array->rank > 0 ? H5Screate_simple((int) array->rank, sizes, NULL) : H5Screate(H5S_SCALAR);
    hid_t id =
        space >= 0 ? H5Dcreate2(self->file, array->name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT) : -1;
    const void *values = array->values != NULL ? (const void *) array->values : (const void *) array->texts;
    bool ok = id >= 0 && ost_results_describe(id, array->unit, array->meaning) == 0 &&
              H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    for (size_t d = 0; d < array->rank && ok; d++) {
        hid_t scale = self->scales[array->dims[d]];
        ok = scale < 0 || H5DSattach_scale(id, scale, (unsigned) d) >= 0;
    }
    OST_H5_CLOSE(space);
    if (ok) return id;
    OST_H5_CLOSE(id);
    fail(self, array->name, err);
    return -1;
}

/* The coordinate of dimension d. */
static int write_scale(writer_t *self, size_t d, ost_error_t *err)
{
    const ost_array_dim_t *dim = &self->of->dims[d];
    double *numbers = dim->texts == NULL ? malloc((dim->n + 1) * sizeof(*numbers)) : NULL;
    if (dim->texts == NULL && numbers == NULL) return ost_no_memory(err);
    for (size_t i = 0; numbers != NULL && i < dim->n; i++) numbers[i] = (double) i;
    const ost_array_t array = {
        .name = dim->name, .meaning = dim->meaning, .values = numbers, .texts = dim->texts, .rank = 1, .dims = { d }
    };
    hid_t id = write_array(self, &array, err);
    free(numbers);
    if (id < 0) return OST_ERR_IO;
    self->scales[d] = id;
    return H5DSset_scale(id, dim->name) >= 0 ? 0 : fail(self, dim->name, err);
}

static int write_all(writer_t *self, ost_error_t *err)
{
    int ret = create(self, err);
    if (ret == 0) ret = write_facts(self, err);
    for (size_t d = 0; d < self->of->n_dims && ret == 0; d++) ret = write_scale(self, d, err);
    for (size_t i = 0; i < self->of->n_arrays && ret == 0; i++) {
        hid_t id = write_array(self, &self->of->arrays[i], err);
        ret = id < 0 ? OST_ERR_IO : 0;
        OST_H5_CLOSE(id);
    }
    ost_h5_close(self->scales, MAX_DIMS);
    OST_H5_CLOSE(self->text_type);
    if (self->file >= 0 && H5Fclose(self->file) < 0 && ret == 0)
        ret = ost_h5_fail(err, OST_ERR_IO, self->path, "cannot be written out");
    return ret;
}

int ost_arrays_write(const ost_arrays_t *self, const char *path, ost_error_t *err)
{
    ost_h5_handler_t handler;
    writer_t writer = { .of = self, .file = -1, .text_type = -1 };
    for (size_t d = 0; d < MAX_DIMS; d++) writer.scales[d] = -1;
    if (asprintf(&writer.path, "%s.new", path) < 0) return ost_no_memory(err);
    ost_h5_enter(&handler);
    int ret = write_all(&writer, err);
    ost_h5_leave(&handler);
    if (ret == 0) ret = ost_results_publish(writer.path, path, err);
    if (ret != 0) unlink(writer.path);
    free(writer.path);
    return ret;
}

int ost_results_read_texts(const ost_results_t *self, const char *name, ost_text_list_t *texts, ost_error_t *err)
{
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    hid_t id = ost_h5_open(self->file, name);
    int ret = id >= 0 ? ost_h5_read_texts(id, MAX_LINES, texts) : OST_ERR_FORMAT;
    OST_H5_CLOSE(id);
    if (ret != 0) ret = ost_h5_unreadable(err, ret, self->path, name);
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
