/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result file has of consecutive subjects, for tables whose memory does not grow with the cohort. */
#include "results/results_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS "parameters"

/* Columns of enrolled subjects, of which the file has integers. */
static const char *const of_candidates[] = { "subject_number", "stratum" };
enum { N_OF_CANDIDATES = sizeof(of_candidates) / sizeof(of_candidates[0]) };

int ost_results_read_block(ost_results_t *self, const char *name, size_t i_arm, size_t i_element, size_t first,
    size_t n, double *values, ost_error_t *err)
{
    ost_slab_t at = ost_results_arm_at(self, name, i_arm, i_element);
    ost_slab_add(&at, first, n);
    ost_slab_add(&at, 0, self->n_times);
    return ost_h5_read(self->file, self->path, name, &at, values, err);
}

static int read_status(ost_results_t *self, size_t i_arm, size_t first, size_t n, double *values, ost_error_t *err)
{
    ost_slab_t at = ost_results_arm_at(self, NULL, i_arm, 0);
    ost_slab_add(&at, first, n);
    return ost_h5_read(self->file, self->path, "status", &at, values, err);
}

int ost_results_read_subject_status(
    ost_results_t *self, size_t i_arm, size_t first, size_t n, double *work, uint8_t *statuses, ost_error_t *err)
{
    const uint8_t valid = ost_results_attribute(self, "n_eligible") != NULL ? OST_SUBJECT_NOT_ELIGIBLE : OST_SUBJECT_OK;
    int ret = read_status(self, i_arm, first, n, work, err);
    for (size_t i = 0; i < n && ret == 0; i++)
        statuses[i] = work[i] == 0 ? valid : work[i] == OST_STATUS_NOT_RUN ? OST_SUBJECT_NOT_RUN : OST_SUBJECT_FAILED;
    for (size_t v = 0; v < self->names.n && ret == 0 && memchr(statuses, OST_SUBJECT_NOT_ELIGIBLE, n) != NULL; v++) {
        ret = ost_results_read_block(self, self->names.items[v], i_arm, 0, first, n, work, err);
        for (size_t k = 0; k < n * self->n_times && ret == 0; k++)
            if (isfinite(work[k]) && statuses[k / self->n_times] == OST_SUBJECT_NOT_ELIGIBLE)
                statuses[k / self->n_times] = OST_SUBJECT_OK;
    }
    return ret;
}

int ost_results_read_summary(ost_results_t *self, const char *name, ost_summary_kind_t kind, size_t i_arm,
    size_t i_element, double *values, ost_error_t *err)
{
#define ENDING(NAME, ending, is_change, meaning) [NAME] = ending,
    static const char *const endings[OST_N_SUMMARIES] = { OST_SUMMARIES(ENDING) };
    char path[OST_DATASET_NAME_SIZE];
    ost_slab_t at = ost_results_arm_at(self, name, i_arm, i_element);
    if (kind == OST_SUMMARY_QUANTILES || kind == OST_SUMMARY_CHANGES) ost_slab_add(&at, 0, OST_N_LEVELS);
    ost_slab_add(&at, 0, self->n_times);
    snprintf(path, sizeof(path), "%.78s%s", name, endings[kind]);
    return ost_h5_read(self->file, self->path, path, &at, values, err);
}

/* A dataset by its name in the file, or that of a parameter. @return -1: the file has neither */
static hid_t open_column(const ost_results_t *self, const char *name)
{
    hid_t id = ost_h5_open(self->file, name);
    hid_t group = id < 0 && H5Lexists(self->file, PARAMETERS, H5P_DEFAULT) > 0
                      ? H5Gopen2(self->file, PARAMETERS, H5P_DEFAULT)
                      : -1;
    if (group >= 0) id = ost_h5_open(group, name);
    OST_H5_CLOSE(group);
    return id;
}

/* Dimensions of a dataset of numbers over ([those in front,] subject). @return 0: it is another one */
static size_t column_rank(const ost_results_t *self, hid_t id)
{
    hsize_t sizes[OST_MAX_RANK] = { 0 };
    size_t n_front = ost_results_n_front(self), rank = 0;
    hid_t space = id >= 0 ? H5Dget_space(id) : -1, type = id >= 0 ? H5Dget_type(id) : -1;
    int n = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    bool is_number = type >= 0 && (H5Tget_class(type) == H5T_FLOAT || H5Tget_class(type) == H5T_INTEGER);
    if (is_number && n > 0 && n <= OST_MAX_RANK && H5Sget_simple_extent_dims(space, sizes, NULL) == n &&
        sizes[n - 1] == self->n_subjects &&
        (n == 1 || ((size_t) n == n_front + 1 && ost_results_has_front(self, sizes))))
        rank = (size_t) n;
    OST_H5_CLOSE(space, type);
    return rank;
}

static int add_column(const ost_results_t *self, const char *name, ost_text_list_t *names)
{
    hid_t id = open_column(self, name);
    bool is_column = column_rank(self, id) > 0;
    OST_H5_CLOSE(id);
    return is_column ? ost_text_list_add(names, "%s", name) : 0;
}

typedef struct {
    const ost_results_t *results;
    ost_text_list_t *names;
    int ret; /* 0 or OST_ERR_NO_MEMORY; of what it is given back HDF5 keeps the sign alone */
} listing_t;

static herr_t visit_parameter(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    listing_t *self = user;
    (void) group;
    (void) info;
    return self->ret = add_column(self->results, name, self->names);
}

int ost_results_list_columns(const ost_results_t *self, ost_text_list_t *names, ost_error_t *err)
{
    listing_t listing = { self, names, 0 };
    char *list = NULL, *rest = NULL;
    hsize_t index = 0;
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    hid_t id = self->names.n > 0 ? ost_h5_open(self->file, self->names.items[0]) : -1;
    int ret = id >= 0 ? ost_h5_get_text(id, "coordinates", &list) : 0;
    OST_H5_CLOSE(id);
    for (size_t i = 0; i < N_OF_CANDIDATES && ret == 0; i++) ret = add_column(self, of_candidates[i], names);
    for (char *name = list != NULL ? strtok_r(list, " ", &rest) : NULL; name != NULL && ret == 0;
         name = strtok_r(NULL, " ", &rest))
        ret = add_column(self, name, names);
    free(list);
    hid_t group = ret == 0 && H5Lexists(self->file, PARAMETERS, H5P_DEFAULT) > 0
                      ? H5Gopen2(self->file, PARAMETERS, H5P_DEFAULT)
                      : -1;
    if (group >= 0 && H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, &index, visit_parameter, &listing) < 0)
        ret = listing.ret != 0 ? listing.ret : OST_ERR_FORMAT;
    OST_H5_CLOSE(group);
    if (ret != 0) ret = ost_h5_unreadable(err, ret, self->path, PARAMETERS);
    ost_h5_leave(&handler);
    return ret;
}

/* Integers are 0 in the file where no subject was run: NAN there. */
static int mask_not_run(ost_results_t *self, size_t first, size_t n, double *values, ost_error_t *err)
{
    double *status = malloc((n + 1) * sizeof(*status));
    int ret = status != NULL ? read_status(self, 0, first, n, status, err) : ost_no_memory(err);
    for (size_t i = 0; i < n && ret == 0; i++)
        if (status[i] == OST_STATUS_NOT_RUN) values[i] = (double) NAN;
    free(status);
    return ret;
}

int ost_results_read_column(
    ost_results_t *self, const char *name, size_t first, size_t n, double *values, ost_error_t *err)
{
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    hid_t id = open_column(self, name);
    const size_t rank = column_rank(self, id);
    ost_slab_t at = rank > 1 ? ost_results_front_at(self, self->i_model) : (ost_slab_t){ 0 };
    ost_slab_add(&at, first, n);
    int ret = rank > 0 ? ost_h5_transfer(id, H5P_DEFAULT, &at, values, NULL) : OST_ERR_FORMAT;
    if (ret != 0) ret = ost_h5_unreadable(err, ret, self->path, name);
    OST_H5_CLOSE(id);
    ost_h5_leave(&handler);
    for (size_t i = 0; i < N_OF_CANDIDATES && ret == 0; i++)
        if (strcmp(name, of_candidates[i]) == 0) ret = mask_not_run(self, first, n, values, err);
    return ret;
}

int ost_results_read_meaning(const ost_results_t *self, const char *name, char **unit, char **meaning, ost_error_t *err)
{
    ost_h5_handler_t handler;
    *unit = *meaning = NULL;
    ost_h5_enter(&handler);
    hid_t id = open_column(self, name);
    int ret = id >= 0 ? ost_h5_get_text(id, "units", unit) : OST_ERR_FORMAT;
    if (ret == 0) ret = ost_h5_get_text(id, "long_name", meaning);
    if (ret != 0) ret = ost_h5_unreadable(err, ret, self->path, name);
    OST_H5_CLOSE(id);
    ost_h5_leave(&handler);
    return ret;
}
