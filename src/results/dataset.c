/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datasets of a result file: their layout, what describes them, and values that are written at once. */
#include "results/results_impl.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>

int ost_writer_fail(const ost_writer_t *self, const char *name, ost_error_t *err)
{
    return ost_h5_fail(err, OST_ERR_IO, self->path, "cannot write '%s'", name);
}

int ost_results_describe(hid_t object, const char *units, const char *long_name)
{
    char symbols[256];
    if (units != NULL && ost_h5_set_text(object, "units", ost_unit_symbols(units, symbols, sizeof(symbols))) != 0)
        return -1;
    return long_name != NULL ? ost_h5_set_text(object, "long_name", long_name) : 0;
}

static bool is_dimension(const ost_writer_t *self, const ost_dimension_t *dim, size_t k)
{
    return self->dimensions != NULL && dim == &self->dimensions[k];
}

/* Layout and fill value. Outputs are in chunks of the blocks that a cohort is run in, as the journal has them; a chunk
 * that was never written reads as NaN. Columns are in chunks of what is written in one go. Every chunk has its check.
 */
static hid_t make_creation(const ost_writer_t *self, hid_t type, size_t rank, const ost_dimension_t *const *dims)
{
    const double nan_value = NAN;
    const uint8_t not_run = OST_STATUS_NOT_RUN;
    hid_t id = H5Pcreate(H5P_DATASET_CREATE);
    bool ok = id >= 0 && H5Pset_attr_creation_order(id, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0;
    if (ok && H5Tget_class(type) == H5T_FLOAT) ok = H5Pset_fill_value(id, H5T_NATIVE_DOUBLE, &nan_value) >= 0;
    if (ok && H5Tequal(type, H5T_STD_U8LE) > 0) ok = H5Pset_fill_value(id, H5T_NATIVE_UINT8, &not_run) >= 0;
    hsize_t chunk[OST_MAX_RANK];
    for (size_t i = 0; i < OST_MAX_RANK; i++) chunk[i] = 1;
    if (ok && rank > 1 && is_dimension(self, dims[rank - 1], OST_DIM_TIMES)) {
        const ost_experiment_t *e = self->parts[0].plan->experiment;
        const bool has_subjects = is_dimension(self, dims[rank - 2], OST_DIM_SUBJECT);
        chunk[rank - 2] = has_subjects ? ost_chunk_subjects(e) : dims[rank - 2]->n;
        chunk[rank - 1] = e->n_times;
        ok = H5Pset_chunk(id, (int) rank, chunk) >= 0;
        if (ok && e->compression > 0)
            ok = H5Pset_shuffle(id) >= 0 && H5Pset_deflate(id, (unsigned) e->compression) >= 0;
        ok = ok && H5Pset_fletcher32(id) >= 0;
    } else if (ok && rank > 0 && is_dimension(self, dims[rank - 1], OST_DIM_SUBJECT)) {
        hsize_t n = dims[rank - 1]->n;
        chunk[rank - 1] = n < OST_HELD_SUBJECTS ? n : OST_HELD_SUBJECTS;
        ok = H5Pset_chunk(id, (int) rank, chunk) >= 0 && H5Pset_fletcher32(id) >= 0;
    }
    if (ok || id < 0) return id;
    H5Pclose(id);
    return -1;
}

static hid_t keep_dataset(ost_writer_t *self, const char *name, hid_t id, size_t rank)
{
    ost_dataset_t *more = ost_memory_grow(&self->memory, self->datasets, self->n_datasets, sizeof(*more));
    if (more == NULL) H5Dclose(id);
    if (more == NULL) return -1;
    self->datasets = more;
    ost_dataset_t *dataset = &self->datasets[self->n_datasets++];
    *dataset = (ost_dataset_t){ .id = id, .rank = rank };
    snprintf(dataset->name, OST_DATASET_NAME_SIZE, "%s", name);
    return id;
}

hid_t ost_results_dataset(ost_writer_t *self, hid_t parent, const char *name, hid_t type, size_t rank,
    const ost_dimension_t *const *dims, const char *units, const char *long_name, ost_error_t *err)
{
    hsize_t sizes[OST_MAX_RANK] = { 0 };
    for (size_t i = 0; i < rank; i++) sizes[i] = dims[i]->n;
    hid_t id = -1, create = make_creation(self, type, rank, dims);
    hid_t space = rank > 0 ? H5Screate_simple((int) rank, sizes, NULL) : H5Screate(H5S_SCALAR);
    if (space >= 0 && create >= 0) id = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    bool ok = id >= 0 && ost_results_describe(id, units, long_name) == 0;
    for (size_t i = 0; ok && i < rank; i++)
        ok = dims[i]->scale < 0 || H5DSattach_scale(id, dims[i]->scale, (unsigned) i) >= 0;
    if (!ok) {
        ost_writer_fail(self, name, err);
        if (id >= 0) H5Dclose(id);
        id = -1;
    } else if ((id = keep_dataset(self, name, id, rank)) < 0) {
        ost_no_memory(err);
    }
    OST_H5_CLOSE(space, create);
    return id;
}

hid_t ost_results_values(ost_writer_t *self, const ost_dimension_t *dim, const ost_values_t *values, ost_error_t *err)
{
    hid_t id = ost_results_dataset(
        self, self->file, values->name, values->type, 1, &dim, values->units, values->long_name, err);
    if (id < 0 || values->values == NULL ||
        H5Dwrite(id, values->type, H5S_ALL, H5S_ALL, self->transfer, values->values) >= 0)
        return id;
    ost_writer_fail(self, values->name, err);
    return -1;
}

int ost_results_coordinate(ost_writer_t *self, ost_dimension_t *dim, const ost_values_t *values, ost_error_t *err)
{
    dim->scale = ost_results_values(self, dim, values, err);
    if (dim->scale < 0) return OST_ERR_IO;
    return H5DSset_scale(dim->scale, dim->name) >= 0 ? 0 : ost_writer_fail(self, dim->name, err);
}
