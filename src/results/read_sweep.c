/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result file of a sweep has in front of arms and subjects, and its endpoints. */
#include "results/results_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of an axis, and how a person writes them. @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int read_numbers(ost_varied_t *axis, hid_t id, size_t n)
{
    const ost_slab_t all = { .rank = 1, .count = { n } };
    char *unit = NULL;
    int ret = ost_h5_get_text(id, "units", &unit);
    axis->unit = unit != NULL ? unit : ost_strdup("1");
    axis->values = malloc(n * sizeof(*axis->values));
    if (ret < 0 || axis->values == NULL || axis->unit == NULL) return OST_ERR_NO_MEMORY;
    ret = ost_h5_transfer(id, H5P_DEFAULT, &all, axis->values, NULL);
    bool is_plain = strcmp(axis->unit, "1") == 0;
    for (size_t i = 0; i < n && ret == 0; i++)
        ret = ost_text_list_add(
            &axis->texts, "%.6g%s%s", axis->values[i], is_plain ? "" : " ", is_plain ? "" : axis->unit);
    return ret == 0 || ret == OST_ERR_NO_MEMORY ? ret : OST_ERR_FORMAT;
}

/* @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int read_axis(const ost_results_t *self, ost_varied_t *axis, const char *name)
{
    hid_t id = ost_h5_open(self->file, name), type = id >= 0 ? H5Dget_type(id) : -1;
    size_t n = id >= 0 ? ost_h5_length(id) : 0;
    int ret = type < 0 || n == 0 || n > OST_MAX_POINTS ? OST_ERR_FORMAT : 0;
    axis->name = ost_strdup(name);
    if (axis->name == NULL) ret = OST_ERR_NO_MEMORY;
    if (ret == 0) ret = ost_h5_get_text(id, "long_name", &axis->path);
    if (ret == 0 && axis->path == NULL) ret = OST_ERR_FORMAT;
    if (ret == 0)
        ret = H5Tget_class(type) == H5T_FLOAT ? read_numbers(axis, id, n)
                                              : ost_h5_read_texts(id, OST_MAX_POINTS, &axis->texts);
    if (ret == 0 && axis->texts.n != n) ret = OST_ERR_FORMAT;
    OST_H5_CLOSE(type, id);
    return ret;
}

/* Each axis has a value for each place in its dimension, and points are all combinations of these. */
static int count_points(ost_results_t *self)
{
    ost_design_t *design = &self->design;
    const size_t n_dimensions = ost_design_n_dimensions(design);
    if (n_dimensions > OST_MAX_FRONT) return OST_ERR_FORMAT;
    for (size_t k = 0; k < design->n_axes; k++)
        if (design->axes[k].texts.n != ost_design_length(design, ost_design_dimension(design, k)))
            return OST_ERR_FORMAT;
    design->n_points = 1;
    for (size_t d = 0; d < n_dimensions; d++) {
        if (ost_design_length(design, d) > OST_MAX_POINTS / design->n_points) return OST_ERR_FORMAT;
        design->n_points *= ost_design_length(design, d);
    }
    return 0;
}

/* Which of the facts of a sweep is missing. @param[out] is_sweep  whether there is one of them @return NULL: all are
 * there, or none */
static const char *missing_fact(const ost_results_t *self, bool *is_sweep)
{
    static const char *const facts[] = { OST_SWEEP_DESIGN, OST_SWEEP_VARY, OST_SWEEP_POINTS, OST_SWEEP_SEED,
        OST_SWEEP_KEEP, OST_SWEEP_AXES, OST_SWEEP_ENDPOINTS };
    const char *missing = NULL;
    *is_sweep = false;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        bool is_there = ost_identity_get(&self->attributes, facts[i]) != NULL;
        *is_sweep |= is_there;
        if (!is_there && missing == NULL) missing = facts[i];
    }
    return *is_sweep ? missing : NULL;
}

/* Whether entries and number of the points are those that the file records. */
static int check_recorded(const ost_results_t *self)
{
    const ost_design_t *design = &self->design;
    const char *points = ost_identity_get(&self->attributes, OST_SWEEP_POINTS);
    ost_text_list_t lines = { 0 };
    int ret = ost_text_list_split(&lines, ost_identity_get(&self->attributes, OST_SWEEP_VARY));
    if (ret == 0 && (lines.n != design->n_axes || strtoull(points, NULL, 10) != design->n_points)) ret = OST_ERR_FORMAT;
    for (size_t k = 0; k < design->n_axes && ret == 0; k++) {
        ost_vary_t vary;
        ret = ost_vary_parse(&vary, lines.items[k], NULL);
        if (ret == 0 && strcmp(vary.path, design->axes[k].path) != 0) ret = OST_ERR_FORMAT;
        ost_vary_free(&vary);
    }
    ost_text_list_free(&lines);
    return ret == 0 || ret == OST_ERR_NO_MEMORY ? ret : OST_ERR_FORMAT;
}

/* What a run keeps of its subjects, and its endpoints where it keeps no subjects. */
static int read_keep(ost_results_t *self, ost_error_t *err)
{
    const char *keep = ost_identity_get(&self->attributes, OST_RESULTS_KEEP);
    const char *endpoints = ost_identity_get(&self->attributes, OST_RESULTS_ENDPOINTS);
    const size_t i = keep != NULL ? ost_words_find(ost_keep_words, OST_N_KEEPS_OF_RUN, keep) : OST_KEEP_SUBJECTS;
    if (i == OST_N_KEEPS_OF_RUN) return ost_h5_unreadable(err, OST_ERR_FORMAT, self->path, OST_RESULTS_KEEP);
    self->keep = (ost_keep_t) i;
    if (self->keep == OST_KEEP_SUBJECTS) return 0;
    if (endpoints == NULL) return ost_h5_unreadable(err, OST_ERR_FORMAT, self->path, OST_RESULTS_ENDPOINTS);
    return ost_text_list_split(&self->endpoints, endpoints) < 0 ? ost_no_memory(err) : 0;
}

int ost_results_read_sweep(ost_results_t *self, ost_error_t *err)
{
    const char *kind = ost_identity_get(&self->attributes, OST_SWEEP_DESIGN);
    const char *keep = ost_identity_get(&self->attributes, OST_SWEEP_KEEP);
    const char *drawn = ost_identity_get(&self->attributes, OST_SWEEP_DRAWN);
    bool is_sweep;
    const char *missing = missing_fact(self, &is_sweep);
    ost_text_list_t names = { 0 };
    char name[200];
    if (missing != NULL) return ost_h5_unreadable(err, OST_ERR_FORMAT, self->path, missing);
    if (!is_sweep) return read_keep(self, err);
    size_t i_kind = ost_words_find(ost_design_words, OST_N_DESIGNS, kind);
    size_t i_keep = ost_words_find(ost_keep_words, OST_N_KEEPS, keep);
    int ret = ost_text_list_split(&names, ost_identity_get(&self->attributes, OST_SWEEP_AXES));
    if (ret == 0) ret = ost_text_list_split(&self->endpoints, ost_identity_get(&self->attributes, OST_SWEEP_ENDPOINTS));
    if (ret == 0 && (i_kind == OST_N_DESIGNS || i_keep == OST_N_KEEPS || names.n == 0 || names.n > OST_MAX_AXES))
        ret = OST_ERR_FORMAT;
    if (ret == 0 && (self->design.axes = calloc(names.n, sizeof(*self->design.axes))) == NULL) ret = OST_ERR_NO_MEMORY;
    self->design.kind = (ost_design_kind_t) i_kind;
    self->keep = (ost_keep_t) i_keep;
    self->design.n_drawn = i_kind == OST_DESIGN_DRAWS ? names.n : drawn != NULL ? strtoull(drawn, NULL, 10) : 0;
    if (ret == 0 && i_kind != OST_DESIGN_DRAWS && self->design.n_drawn >= names.n) ret = OST_ERR_FORMAT;
    while (ret == 0 && self->design.n_axes < names.n) {
        ret = read_axis(self, &self->design.axes[self->design.n_axes], names.items[self->design.n_axes]);
        self->design.n_axes++;
    }
    if (ret == 0) ret = count_points(self);
    if (ret == 0) ret = check_recorded(self);
    for (size_t p = 0; ret == 0 && p < self->design.n_points; p++)
        ret = ost_text_list_add(&self->models, "%s", ost_design_point(&self->design, p, name, sizeof(name)));
    ost_text_list_free(&names);
    return ret == 0 ? 0 : ost_h5_unreadable(err, ret, self->path, OST_SWEEP_AXES);
}

size_t ost_results_n_front(const ost_results_t *self)
{
    return self->design.n_axes > 0 ? ost_design_n_dimensions(&self->design) : self->models.n > 0;
}

ost_slab_t ost_results_front_at(const ost_results_t *self, size_t part)
{
    const ost_design_t *design = &self->design;
    ost_slab_t slab = { 0 };
    for (size_t k = 0; k < ost_results_n_front(self); k++)
        ost_slab_add(&slab, design->n_axes > 0 ? ost_design_place(design, part, k) : part, 1);
    return slab;
}

bool ost_results_has_front(const ost_results_t *self, const hsize_t *sizes)
{
    const ost_design_t *design = &self->design;
    size_t n = ost_results_n_front(self);
    bool has = true;
    for (size_t k = 0; k < n; k++)
        has &= sizes[k] == (design->n_axes > 0 ? ost_design_length(design, k) : self->models.n);
    return has;
}

int ost_results_read_endpoint(ost_results_t *self, size_t i, ost_endpoint_column_t column, double *values, char **text,
    char **unit, ost_error_t *err)
{
    static const char *const endings[] = { "", OST_ENDPOINT_Q05, OST_ENDPOINT_Q95, OST_ENDPOINT_N, OST_ENDPOINT_SE };
    char name[OST_DATASET_NAME_SIZE];
    ost_slab_t all = { 0 };
    ost_h5_handler_t handler;
    size_t n = ost_results_n_front(self);
    for (size_t k = 0; k < n; k++) ost_slab_add(&all, 0, ost_design_length(&self->design, k));
    snprintf(name, sizeof(name), "%.120s%s", self->endpoints.items[i], endings[column]);
    ost_h5_enter(&handler);
    if (column == OST_ENDPOINT_ERROR && H5Lexists(self->file, name, H5P_DEFAULT) == 0) {
        for (size_t p = 0; p < (n > 0 ? self->design.n_points : 1); p++) values[p] = NAN;
        ost_h5_leave(&handler);
        return 0;
    }
    hid_t id = ost_h5_open(self->file, name), space = id >= 0 && n == 0 ? H5Dget_space(id) : -1;
    bool is_single = space >= 0 && H5Sget_simple_extent_ndims(space) == 0;
    int ret = n > 0 ? ost_h5_transfer(id, H5P_DEFAULT, &all, values, NULL)
              : is_single && H5Dread(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0
                  ? 0
                  : OST_ERR_FORMAT;
    OST_H5_CLOSE(space);
    if (ret == 0 && text != NULL) ret = ost_h5_get_text(id, "long_name", text);
    if (ret == 0 && unit != NULL) ret = ost_h5_get_text(id, "units", unit);
    if (ret != 0) ret = ost_h5_unreadable(err, ret, self->path, name);
    OST_H5_CLOSE(id);
    ost_h5_leave(&handler);
    return ret;
}

int ost_results_read_drawn(ost_results_t *self, size_t i, double *values, char **text, char **unit, ost_error_t *err)
{
    static const ost_endpoint_column_t columns[] = { OST_ENDPOINT_VALUE, OST_ENDPOINT_LOWER, OST_ENDPOINT_UPPER,
        OST_ENDPOINT_N_SUBJECTS };
    enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };
    const size_t n_all = self->design.n_points, n_draws = ost_design_n_draws(&self->design), n = n_all / n_draws;
    double *all = malloc((N_COLUMNS * n_all + N_COLUMNS * n_draws) * sizeof(double)), *work = all + N_COLUMNS * n_all;
    int ret = all == NULL ? ost_no_memory(err) : 0;
    for (size_t c = 0; c < N_COLUMNS && ret == 0; c++)
        ret = ost_results_read_endpoint(
            self, i, columns[c], all + c * n_all, c == 0 ? text : NULL, c == 0 ? unit : NULL, err);
    for (size_t p = 0; p < n && ret == 0; p++) {
        double drawn[OST_N_DRAWN], most = 0;
        for (size_t c = 0; c < N_COLUMNS; c++)
            memcpy(work + c * n_draws, all + c * n_all + p * n_draws, n_draws * sizeof(double));
        for (size_t d = 0; d < n_draws; d++) most = fmax(most, work[(N_COLUMNS - 1) * n_draws + d]);
        ost_drawn(work, n_draws, work + (N_COLUMNS - 1) * n_draws, drawn);
        for (size_t k = 0; k < OST_N_DRAWN; k++) values[k * n + p] = drawn[k];
        values[OST_N_DRAWN * n + p] = most;
    }
    free(all);
    return ret;
}
