/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result files of one experiment on several bone models, joined into one with a dimension `model` in front of what has
 * arms and subjects. What belongs to a subject alone is there once: it is the same in all of them. */
#include "results/h5.h"
#include "results/results.h"

#include <errno.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_RANK = 5, NAME_SIZE = 160, MAX_TEXTS = 100000, PIECE_VALUES = 1 << 20 };

typedef struct {
    char name[NAME_SIZE];
    size_t n;
    char **texts; /* [n], NULL for numbers */
    hid_t scale;  /* in the joined file */
} dimension_t;

typedef struct {
    const ost_results_part_t *parts;
    size_t n_parts;
    char *path; /* of the joined file until it is whole */
    hid_t *sources, file, text_type;
    dimension_t *dimensions;
    size_t n_dimensions;
    size_t i_zero; /* index of time 0, SIZE_MAX if there is none */
    ost_error_t *err;
} join_t;

/* A dataset of a part as it stands there: its axes as dimensions of the joined file. */
typedef struct {
    int rank;
    size_t axis[MAX_RANK];
    hsize_t size[MAX_RANK];
    size_t *to[MAX_RANK]; /* where each element goes, NULL: to the same place */
} shape_t;

static int no_memory(const join_t *self)
{
    return ost_fail(self->err, OST_ERR_NO_MEMORY, "out of memory");
}

static int cannot_write(const join_t *self, const char *name)
{
    return ost_h5_fail(self->err, OST_ERR_IO, self->path, "cannot write '%s'", name);
}

static int cannot_read(const join_t *self, size_t part, const char *name)
{
    return ost_h5_fail(self->err, OST_ERR_FORMAT, self->parts[part].path, "'%s' cannot be read", name);
}

static dimension_t *find_dimension(const join_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_dimensions; i++)
        if (strcmp(self->dimensions[i].name, name) == 0) return &self->dimensions[i];
    return NULL;
}

static size_t find_text(char *const *texts, size_t n, const char *text)
{
    size_t i = 0;
    while (i < n && strcmp(texts[i], text) != 0) i++;
    return i;
}

/* Add the texts that the dimension does not have. */
static int add_texts(const join_t *self, dimension_t *dim, char *const *texts, size_t n)
{
    char **more = realloc(dim->texts, (dim->n + n) * sizeof(*more));
    if (more == NULL) return no_memory(self);
    dim->texts = more;
    for (size_t i = 0; i < n; i++) {
        if (find_text(more, dim->n, texts[i]) < dim->n) continue;
        if ((more[dim->n] = strdup(texts[i])) == NULL) return no_memory(self);
        dim->n++;
    }
    return 0;
}

static int add_dimension(join_t *self, size_t part, const char *name, hid_t scale)
{
    dimension_t *dim = find_dimension(self, name);
    hid_t type = H5Dget_type(scale);
    bool is_text = type >= 0 && H5Tget_class(type) == H5T_STRING;
    if (type >= 0) H5Tclose(type);
    if (dim == NULL) {
        dimension_t *more = realloc(self->dimensions, (self->n_dimensions + 1) * sizeof(*more));
        if (more == NULL) return no_memory(self);
        self->dimensions = more;
        dim = &more[self->n_dimensions++];
        *dim = (dimension_t){ .scale = -1, .n = is_text ? 0 : ost_h5_length(scale) };
        snprintf(dim->name, sizeof(dim->name), "%s", name);
    }
    if (!is_text) return dim->n == ost_h5_length(scale) && dim->n > 0 ? 0 : cannot_read(self, part, name);
    size_t n = 0;
    char **texts = ost_h5_read_texts(scale, MAX_TEXTS, &n);
    int ret = texts != NULL ? add_texts(self, dim, texts, n) : cannot_read(self, part, name);
    ost_h5_free_texts(texts, n);
    return ret;
}

/* Call `use` for each dataset of `group` in each part. */
static int for_each(
    join_t *self, const char *group, int (*use)(join_t *self, size_t part, const char *name, hid_t dataset))
{
    int ret = 0;
    for (size_t p = 0; p < self->n_parts && ret == 0; p++) {
        H5G_info_t info = { .nlinks = 0 };
        if (H5Gget_info_by_name(self->sources[p], group, &info, H5P_DEFAULT) < 0) return cannot_read(self, p, group);
        for (hsize_t i = 0; i < info.nlinks && ret == 0; i++) {
            char path[2 * NAME_SIZE], name[NAME_SIZE];
            ssize_t length = H5Lget_name_by_idx(
                self->sources[p], group, H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, sizeof(name), H5P_DEFAULT);
            if (length < 0 || (size_t) length >= sizeof(name)) return cannot_read(self, p, group);
            snprintf(path, sizeof(path), "%s/%s", group, name);
            hid_t object = H5Oopen(self->sources[p], path, H5P_DEFAULT);
            if (object < 0) return cannot_read(self, p, name);
            if (H5Iget_type(object) == H5I_DATASET) ret = use(self, p, name, object);
            H5Oclose(object);
        }
    }
    return ret;
}

static bool is_failure(const char *name)
{
    return strncmp(name, "failure", strlen("failure")) == 0;
}

static int find_dimensions(join_t *self, size_t part, const char *name, hid_t dataset)
{
    return H5DSis_scale(dataset) > 0 && !is_failure(name) ? add_dimension(self, part, name, dataset) : 0;
}

/* All but what belongs to the place of a dataset, or to the run of one model. */
static herr_t copy_attribute(hid_t from, const char *name, const H5A_info_t *info, void *user)
{
    static const char *const own[] = { "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "periodic_error_percent",
        "solver_error_percent", "models", "n_done", "n_resumed", "n_failed", "interrupted", "threads", "seconds_wall",
        "seconds_cpu", "steps", "rejected", "rhs", "jacobians", "factorisations", "events", "switches_located",
        "doses_skipped", "run_in_steps", "n_periodic_probed", "n_solver_probed" };
    const hid_t to = *(const hid_t *) user;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(name, own[i]) == 0) return 0;
    if (H5Aexists(to, name) > 0 || info->data_size == 0) return 0;
    hid_t source = H5Aopen(from, name, H5P_DEFAULT), type = H5Aget_type(source), space = H5Aget_space(source);
    hid_t target = H5Acreate2(to, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    void *value = malloc(info->data_size);
    bool ok = value != NULL && target >= 0 && H5Aread(source, type, value) >= 0 && H5Awrite(target, type, value) >= 0;
    free(value);
    if (target >= 0) H5Aclose(target);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (source >= 0) H5Aclose(source);
    return ok ? 0 : -1;
}

/* A dataset of the joined file; `source`, which may be -1, is what its attributes, filters and fill value are of.
 * @return its id or -1 */
static hid_t make_dataset(
    hid_t parent, const char *name, hid_t type, int rank, const dimension_t *const *dims, hid_t source)
{
    hsize_t size[MAX_RANK], chunk[MAX_RANK] = { 0 };
    hid_t create = source >= 0 ? H5Dget_create_plist(source) : H5Pcreate(H5P_DATASET_CREATE), id = -1;
    for (int i = 0; i < rank; i++) size[i] = dims[i]->n;
    hid_t space = rank > 0 ? H5Screate_simple(rank, size, NULL) : H5Screate(H5S_SCALAR);
    bool ok = create >= 0 && space >= 0;
    if (ok && source >= 0 && H5Pget_layout(create) == H5D_CHUNKED) {
        chunk[0] = 1;
        ok = H5Pget_chunk(create, rank - 1, chunk + 1) == rank - 1 && H5Pset_chunk(create, rank, chunk) >= 0;
    }
    if (ok) id = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    ok = id >= 0;
    for (int i = 0; i < rank && ok; i++)
        ok = dims[i]->scale < 0 || H5DSattach_scale(id, dims[i]->scale, (unsigned) i) >= 0;
    hsize_t at = 0;
    if (ok && source >= 0) ok = H5Aiterate2(source, H5_INDEX_NAME, H5_ITER_NATIVE, &at, copy_attribute, &id) >= 0;
    if (!ok && id >= 0) H5Dclose(id);
    if (space >= 0) H5Sclose(space);
    if (create >= 0) H5Pclose(create);
    return ok ? id : -1;
}

static int copy_numbers(hid_t source, hid_t target)
{
    hid_t type = H5Dget_type(source), space = H5Dget_space(source);
    hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    void *values = n > 0 && type >= 0 ? calloc((size_t) n, H5Tget_size(type)) : NULL;
    bool ok = values != NULL && H5Dread(source, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0 &&
              H5Dwrite(target, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    free(values);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return ok ? 0 : -1;
}

/* The coordinate of a dimension: its texts, or the numbers of the first part. */
static int write_coordinate(join_t *self, dimension_t *dim)
{
    const dimension_t *const dims[] = { dim };
    hid_t source = dim->texts == NULL || H5Lexists(self->sources[0], dim->name, H5P_DEFAULT) > 0
                       ? H5Dopen2(self->sources[0], dim->name, H5P_DEFAULT)
                       : -1;
    hid_t type = dim->texts == NULL && source >= 0 ? H5Dget_type(source) : H5Tcopy(self->text_type);
    hid_t id = type >= 0 ? make_dataset(self->file, dim->name, type, 1, dims, source) : -1;
    bool ok = id >= 0 && H5DSset_scale(id, dim->name) >= 0;
    if (ok && dim->texts != NULL)
        ok = H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (const void *) dim->texts) >= 0;
    else if (ok)
        ok = copy_numbers(source, id) == 0;
    if (ok && strcmp(dim->name, "model") == 0) ok = ost_h5_set_text(id, "long_name", "bone model") == 0;
    if (type >= 0) H5Tclose(type);
    if (source >= 0) H5Dclose(source);
    dim->scale = id;
    return ok ? 0 : cannot_write(self, dim->name);
}

static int find_zero(join_t *self)
{
    const dimension_t *time = find_dimension(self, "time");
    double *times = time != NULL ? calloc(time->n, sizeof(*times)) : NULL;
    self->i_zero = SIZE_MAX;
    if (times == NULL) return no_memory(self);
    bool ok = H5Dread(time->scale, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, times) >= 0;
    for (size_t i = 0; ok && i < time->n; i++)
        if (times[i] == 0) self->i_zero = i;
    free(times);
    return ok ? 0 : cannot_write(self, "time");
}

/* Labels of all arms, of the first part that has the arm. */
static int write_labels(join_t *self)
{
    const dimension_t *arm = find_dimension(self, "arm"), *const dims[] = { arm };
    hid_t source = H5Dopen2(self->sources[0], "arm_label", H5P_DEFAULT);
    hid_t id = make_dataset(self->file, "arm_label", self->text_type, 1, dims, source);
    char **labels = calloc(arm->n, sizeof(*labels));
    bool ok = labels != NULL && id >= 0;
    for (size_t p = self->n_parts; p-- > 0 && ok;) {
        size_t n_arms = 0, n_labels = 0;
        hid_t arms_id = H5Dopen2(self->sources[p], "arm", H5P_DEFAULT);
        hid_t labels_id = H5Dopen2(self->sources[p], "arm_label", H5P_DEFAULT);
        char **arms = ost_h5_read_texts(arms_id, MAX_TEXTS, &n_arms);
        char **texts = ost_h5_read_texts(labels_id, MAX_TEXTS, &n_labels);
        ok = arms != NULL && texts != NULL && n_arms == n_labels;
        for (size_t i = 0; i < n_arms && ok; i++) {
            char **label = &labels[find_text(arm->texts, arm->n, arms[i])];
            free(*label);
            *label = strdup(texts[i]);
            ok = *label != NULL;
        }
        ost_h5_free_texts(arms, n_arms);
        ost_h5_free_texts(texts, n_labels);
        if (arms_id >= 0) H5Dclose(arms_id);
        if (labels_id >= 0) H5Dclose(labels_id);
    }
    ok = ok && H5Dwrite(id, self->text_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (const void *) labels) >= 0;
    ost_h5_free_texts(labels, labels != NULL ? arm->n : 0);
    if (id >= 0) H5Dclose(id);
    if (source >= 0) H5Dclose(source);
    return ok ? 0 : cannot_write(self, "arm_label");
}

static herr_t name_scale(hid_t dataset, unsigned axis, hid_t scale, void *user)
{
    (void) dataset;
    (void) axis;
    return H5DSget_scale_name(scale, user, NAME_SIZE) > 0 ? 1 : -1;
}

static void free_shape(shape_t *self)
{
    for (int i = 0; i < self->rank; i++) free(self->to[i]);
}

static int read_shape(const join_t *self, size_t part, const char *name, hid_t dataset, shape_t *shape)
{
    hid_t space = H5Dget_space(dataset);
    *shape = (shape_t){ .rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1 };
    bool ok = shape->rank >= 0 && shape->rank < MAX_RANK && H5Sget_simple_extent_dims(space, shape->size, NULL) >= 0;
    if (!ok) shape->rank = 0;
    for (int i = 0; i < shape->rank && ok; i++) {
        char scale[NAME_SIZE] = "";
        ok = H5DSiterate_scales(dataset, (unsigned) i, NULL, name_scale, scale) > 0;
        const dimension_t *dim = ok ? find_dimension(self, scale) : NULL;
        if (!(ok = dim != NULL)) break;
        shape->axis[i] = (size_t) (dim - self->dimensions);
        if (dim->texts == NULL) continue;
        size_t n = 0;
        hid_t id = H5Dopen2(self->sources[part], scale, H5P_DEFAULT);
        char **texts = ost_h5_read_texts(id, MAX_TEXTS, &n);
        shape->to[i] = calloc(n + 1, sizeof(size_t));
        ok = texts != NULL && shape->to[i] != NULL && n == shape->size[i];
        for (size_t k = 0; k < n && ok; k++) shape->to[i][k] = find_text(dim->texts, dim->n, texts[k]);
        ost_h5_free_texts(texts, n);
        if (id >= 0) H5Dclose(id);
    }
    if (space >= 0) H5Sclose(space);
    return ok ? 0 : cannot_read(self, part, name);
}

static bool is_axis(const join_t *self, const shape_t *shape, int i, const char *name)
{
    return i < shape->rank && strcmp(self->dimensions[shape->axis[i]].name, name) == 0;
}

/* Whether models have this variable in different units, so that only its course relative to time 0 can be joined. */
static bool units_differ(const join_t *self, const char *name, char *units, size_t size)
{
    char *first = NULL;
    bool differ = false;
    size_t n = 0;
    units[0] = '\0';
    for (size_t p = 0; p < self->n_parts; p++) {
        hid_t id =
            H5Lexists(self->sources[p], name, H5P_DEFAULT) > 0 ? H5Dopen2(self->sources[p], name, H5P_DEFAULT) : -1;
        char *unit = id >= 0 ? ost_h5_get_text(id, "units") : NULL;
        if (id >= 0) H5Dclose(id);
        if (unit == NULL) continue;
        if (n < size)
            n += (size_t) snprintf(units + n, size - n, "%s%s: %s", n > 0 ? ", " : "", self->parts[p].model, unit);
        differ |= first != NULL && strcmp(first, unit) != 0;
        if (first == NULL) first = unit;
        if (first != unit) free(unit);
    }
    free(first);
    return differ;
}

/* Subjects start .. start + n of one row of a dataset, whose first axes are `outer`. */
static hid_t select_subjects(hid_t dataset, const size_t *outer, int n_outer, size_t start, size_t n, size_t n_times)
{
    hsize_t from[MAX_RANK] = { 0 }, count[MAX_RANK] = { 1, 1, 1, 1, 1 };
    for (int i = 0; i < n_outer; i++) from[i] = outer[i];
    from[n_outer] = start;
    count[n_outer] = n;
    if (n_outer + 1 < MAX_RANK) count[n_outer + 1] = n_times;
    hid_t space = H5Dget_space(dataset);
    if (space >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, count, NULL) < 0) {
        H5Sclose(space);
        return -1;
    }
    return space;
}

static void relate_to_zero(double *values, size_t n_subjects, size_t n_times, size_t i_zero)
{
    for (size_t s = 0; s < n_subjects; s++) {
        double base = values[s * n_times + i_zero];
        for (size_t t = 0; t < n_times; t++) values[s * n_times + t] /= base;
    }
}

/* Copy a dataset over (arm, [index,] subject[, time]) to where it belongs under its model. */
static int copy_values(
    const join_t *self, size_t part, const shape_t *shape, hid_t source, hid_t target, bool is_relative)
{
    bool has_time = is_axis(self, shape, shape->rank - 1, "time");
    int n_outer = shape->rank - 1 - has_time;
    size_t n_subjects = shape->size[n_outer], n_times = has_time ? shape->size[shape->rank - 1] : 1;
    size_t n_elements = n_outer == 2 ? shape->size[1] : 1, n_piece = PIECE_VALUES / n_times + 1;
    double *values = malloc(n_piece * n_times * sizeof(*values));
    bool ok = values != NULL;
    for (size_t row = 0; row < shape->size[0] * n_elements && ok; row++) {
        const size_t at[] = { row / n_elements, row % n_elements };
        const size_t to[] = { part, shape->to[0][at[0]], n_outer == 2 ? shape->to[1][at[1]] : 0 };
        for (size_t first = 0; first < n_subjects && ok; first += n_piece) {
            hsize_t n = n_subjects - first < n_piece ? n_subjects - first : n_piece, n_values = n * n_times;
            hid_t from = select_subjects(source, at, n_outer, first, n, n_times);
            hid_t onto = select_subjects(target, to, n_outer + 1, first, n, n_times);
            hid_t memory = H5Screate_simple(1, &n_values, NULL);
            ok = from >= 0 && onto >= 0 && memory >= 0 &&
                 H5Dread(source, H5T_NATIVE_DOUBLE, memory, from, H5P_DEFAULT, values) >= 0;
            if (ok && is_relative) relate_to_zero(values, n, n_times, self->i_zero);
            ok = ok && H5Dwrite(target, H5T_NATIVE_DOUBLE, memory, onto, H5P_DEFAULT, values) >= 0;
            if (from >= 0) H5Sclose(from);
            if (onto >= 0) H5Sclose(onto);
            if (memory >= 0) H5Sclose(memory);
        }
    }
    free(values);
    return ok ? 0 : -1;
}

static int describe_relative(hid_t id, const char *units)
{
    char *text = ost_h5_get_text(id, "long_name"), more[512];
    snprintf(more, sizeof(more), "%.400s, relative to its value at time 0", text != NULL ? text : "");
    free(text);
    if (ost_h5_set_text(id, "units", "1") != 0 || ost_h5_set_text(id, "long_name", more) != 0) return -1;
    return ost_h5_set_text(id, "units_of_models", units);
}

/* A dataset with arms and subjects, into the joined one of its name. One of another shape than that of the models
 * before it gets the name of its model as well. */
static int join_values(join_t *self, size_t part, const char *name, hid_t source, const shape_t *shape)
{
    const dimension_t *dims[MAX_RANK] = { find_dimension(self, "model") };
    char joined[2 * NAME_SIZE], units[512];
    bool has_time = is_axis(self, shape, shape->rank - 1, "time");
    bool is_relative = has_time && units_differ(self, name, units, sizeof(units)), is_new;
    if (is_relative && self->i_zero == SIZE_MAX)
        return ost_fail(self->err, OST_ERR_UNIT,
            "the models have '%s' in several units (%s), and there is no output at time 0 that it could be related to; "
            "add 0 to 'times', or leave it out of 'outputs'",
            name, units);
    for (int i = 0; i < shape->rank; i++) dims[i + 1] = &self->dimensions[shape->axis[i]];
    snprintf(joined, sizeof(joined), "%s", name);
    hid_t target = H5Lexists(self->file, joined, H5P_DEFAULT) > 0 ? H5Dopen2(self->file, joined, H5P_DEFAULT) : -1;
    hid_t space = target >= 0 ? H5Dget_space(target) : -1;
    if (space >= 0 && H5Sget_simple_extent_ndims(space) != shape->rank + 1) {
        H5Dclose(target);
        target = -1;
        snprintf(joined, sizeof(joined), "%s_%s", name, self->parts[part].model);
    }
    if (space >= 0) H5Sclose(space);
    if ((is_new = target < 0)) {
        hid_t type = H5Dget_type(source);
        target = make_dataset(self->file, joined, type, shape->rank + 1, dims, source);
        if (type >= 0) H5Tclose(type);
    }
    bool ok = target >= 0 && copy_values(self, part, shape, source, target, is_relative) == 0;
    if (ok && is_new && is_relative) ok = describe_relative(target, units) == 0;
    if (target >= 0) H5Dclose(target);
    return ok ? 0 : cannot_write(self, joined);
}

/* A dataset over subjects, or a number for all of them: once. */
static int join_once(join_t *self, hid_t parent, const char *name, hid_t source, const shape_t *shape)
{
    const dimension_t *dims[MAX_RANK];
    if (H5Lexists(parent, name, H5P_DEFAULT) > 0) return 0;
    for (int i = 0; i < shape->rank; i++) dims[i] = &self->dimensions[shape->axis[i]];
    hid_t type = H5Dget_type(source);
    hid_t target = make_dataset(parent, name, type, shape->rank, dims, source);
    bool ok = target >= 0 && copy_numbers(source, target) == 0;
    if (target >= 0) H5Dclose(target);
    if (type >= 0) H5Tclose(type);
    return ok ? 0 : cannot_write(self, name);
}

static int join_dataset(join_t *self, size_t part, const char *name, hid_t source)
{
    shape_t shape;
    if (H5DSis_scale(source) > 0 || is_failure(name) || strcmp(name, "arm_label") == 0) return 0;
    int ret = read_shape(self, part, name, source, &shape);
    if (ret == 0)
        ret = is_axis(self, &shape, 0, "arm") ? join_values(self, part, name, source, &shape)
                                              : join_once(self, self->file, name, source, &shape);
    free_shape(&shape);
    return ret;
}

static int join_parameter(join_t *self, size_t part, const char *name, hid_t source)
{
    shape_t shape;
    hid_t group = H5Lexists(self->file, "parameters", H5P_DEFAULT) > 0
                      ? H5Gopen2(self->file, "parameters", H5P_DEFAULT)
                      : H5Gcreate2(self->file, "parameters", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group < 0) return cannot_write(self, "parameters");
    int ret = read_shape(self, part, name, source, &shape);
    if (ret == 0) ret = join_once(self, group, name, source, &shape);
    free_shape(&shape);
    H5Gclose(group);
    return ret;
}

static int join_all(join_t *self)
{
    dimension_t *model = calloc(1, sizeof(*model));
    if (model == NULL) return no_memory(self);
    self->dimensions = model;
    self->n_dimensions = 1;
    *model = (dimension_t){ .name = "model", .scale = -1 };
    int ret = 0;
    for (size_t p = 0; p < self->n_parts && ret == 0; p++) {
        char *name = strdup(self->parts[p].model);
        ret = name != NULL ? add_texts(self, model, &name, 1) : no_memory(self);
        free(name);
    }
    if (ret == 0) ret = for_each(self, "/", find_dimensions);
    for (size_t i = 0; i < self->n_dimensions && ret == 0; i++) ret = write_coordinate(self, &self->dimensions[i]);
    if (ret == 0) ret = find_zero(self);
    if (ret == 0) ret = write_labels(self);
    if (ret == 0) ret = for_each(self, "/", join_dataset);
    if (ret == 0) ret = for_each(self, "/parameters", join_parameter);
    return ret;
}

/* Who failed and why, in words. @return [*n] owned by the caller, NULL for none or an error */
static char **read_failures(const join_t *self, size_t part, size_t *n)
{
    static const char *const names[] = { "failure_subject", "failure_arm", "failure_message" };
    hid_t file = self->sources[part], id[3];
    size_t n_arms = 0, n_texts = 0;
    *n = 0;
    if (H5Lexists(file, names[0], H5P_DEFAULT) <= 0) return NULL;
    for (int i = 0; i < 3; i++) id[i] = H5Dopen2(file, names[i], H5P_DEFAULT);
    size_t n_subjects = ost_h5_length(id[0]);
    int64_t *subjects = calloc(n_subjects + 1, sizeof(*subjects));
    char **arms = ost_h5_read_texts(id[1], MAX_TEXTS, &n_arms);
    char **texts = ost_h5_read_texts(id[2], MAX_TEXTS, &n_texts);
    bool ok = subjects != NULL && arms != NULL && texts != NULL && n_arms == n_texts && n_texts == n_subjects &&
              H5Dread(id[0], H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, subjects) >= 0;
    for (size_t i = 0; i < n_texts && ok; i++) {
        char *full = NULL;
        ok = asprintf(&full, "%s, arm '%s', subject %lld: %s", self->parts[part].model, arms[i],
                 (long long) subjects[i], texts[i]) >= 0;
        if (!ok) break;
        free(texts[i]);
        texts[i] = full;
    }
    ost_h5_free_texts(arms, n_arms);
    free(subjects);
    for (int i = 0; i < 3; i++)
        if (id[i] >= 0) H5Dclose(id[i]);
    if (ok) {
        *n = n_texts;
        return texts;
    }
    ost_h5_free_texts(texts, n_texts);
    return NULL;
}

static int write_failures(join_t *self, dimension_t *all)
{
    const dimension_t *const dims[] = { all };
    int64_t *numbers = calloc(all->n, sizeof(*numbers));
    if (numbers == NULL) return no_memory(self);
    for (size_t i = 0; i < all->n; i++) numbers[i] = (int64_t) i;
    hid_t scale = make_dataset(self->file, all->name, H5T_NATIVE_INT64, 1, dims, -1), id = -1;
    bool ok = scale >= 0 && H5DSset_scale(scale, all->name) >= 0 &&
              H5Dwrite(scale, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0;
    all->scale = scale;
    if (ok) id = make_dataset(self->file, "failure_message", self->text_type, 1, dims, -1);
    ok = id >= 0 && H5Dwrite(id, self->text_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (const void *) all->texts) >= 0;
    if (id >= 0) H5Dclose(id);
    if (scale >= 0) H5Dclose(scale);
    free(numbers);
    return ok ? 0 : cannot_write(self, "failure_message");
}

static int join_failures(join_t *self)
{
    dimension_t all = { .name = "failure", .scale = -1 };
    int ret = 0;
    for (size_t p = 0; p < self->n_parts && ret == 0; p++) {
        size_t n = 0;
        char **texts = read_failures(self, p, &n);
        if (n > 0) ret = add_texts(self, &all, texts, n);
        ost_h5_free_texts(texts, n);
    }
    if (ret == 0 && all.n > 0) ret = write_failures(self, &all);
    ost_h5_free_texts(all.texts, all.n);
    return ret;
}

static int set_lines(const join_t *self, const char *name, char *const *lines, size_t n)
{
    size_t size = 1, length = 0;
    for (size_t i = 0; i < n; i++) size += strlen(lines[i]) + 1;
    char *text = calloc(1, size);
    if (text == NULL) return no_memory(self);
    for (size_t i = 0; i < n; i++)
        length += (size_t) snprintf(text + length, size - length, "%s%s", i > 0 ? "\n" : "", lines[i]);
    int ret = ost_h5_set_text(self->file, name, text);
    free(text);
    return ret == 0 ? 0 : cannot_write(self, name);
}

/* What all parts say alike, the models of all, and the number of failures. */
static int join_attributes(join_t *self)
{
    uint64_t n_failed = 0;
    dimension_t models = { .n = 0 }, left_out = { .n = 0 };
    int ret = 0;
    for (size_t p = 0; p < self->n_parts && ret == 0; p++) {
        hsize_t at = 0;
        char *failed = ost_h5_get_text(self->sources[p], "n_failed"), *why = self->parts[p].left_out;
        char *lines = ost_h5_get_text(self->sources[p], "models"), *rest = lines, *line;
        if (failed != NULL) n_failed += strtoull(failed, NULL, 10);
        while (ret == 0 && (line = strsep(&rest, "\n")) != NULL) ret = add_texts(self, &models, &line, 1);
        if (ret == 0 && why != NULL) ret = add_texts(self, &left_out, &why, 1);
        if (ret == 0 &&
            H5Aiterate2(self->sources[p], H5_INDEX_NAME, H5_ITER_NATIVE, &at, copy_attribute, &self->file) < 0)
            ret = cannot_write(self, "attributes");
        free(failed);
        free(lines);
    }
    if (ret == 0) ret = set_lines(self, "models", models.texts, models.n);
    if (ret == 0) ret = set_lines(self, "compared_models", self->dimensions[0].texts, self->n_parts);
    if (ret == 0 && left_out.n > 0) ret = set_lines(self, "arms_left_out", left_out.texts, left_out.n);
    if (ret == 0 && (ost_h5_set_count(self->file, "n_failed", n_failed) != 0 ||
                        ost_h5_set_count(self->file, "n_done", find_dimension(self, "subject")->n) != 0))
        ret = cannot_write(self, "n_failed");
    ost_h5_free_texts(models.texts, models.n);
    ost_h5_free_texts(left_out.texts, left_out.n);
    return ret;
}

static int open_all(join_t *self, const char *path)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    self->file = self->text_type = -1;
    self->sources = calloc(self->n_parts, sizeof(*self->sources));
    if (self->sources == NULL || asprintf(&self->path, "%s.part", path) < 0) {
        self->path = NULL;
        return no_memory(self);
    }
    for (size_t p = 0; p < self->n_parts; p++) self->sources[p] = -1;
    for (size_t p = 0; p < self->n_parts; p++)
        if ((self->sources[p] = H5Fopen(self->parts[p].path, H5F_ACC_RDONLY, H5P_DEFAULT)) < 0)
            return ost_h5_fail(self->err, OST_ERR_FORMAT, self->parts[p].path, "cannot be opened");
    hid_t create = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    if (create >= 0 && access >= 0 && H5Pset_link_creation_order(create, order) >= 0 &&
        H5Pset_attr_creation_order(create, order) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0)
        self->file = H5Fcreate(self->path, H5F_ACC_TRUNC, create, access);
    if (create >= 0) H5Pclose(create);
    if (access >= 0) H5Pclose(access);
    self->text_type = ost_h5_text_type();
    if (self->file >= 0 && self->text_type >= 0) return 0;
    return ost_h5_fail(self->err, OST_ERR_IO, self->path, "cannot be created");
}

/* @return 0, or -1 if the joined file could not be written out */
static int close_all(join_t *self)
{
    int ret = 0;
    for (size_t i = 0; i < self->n_dimensions; i++) {
        if (self->dimensions[i].scale >= 0) H5Dclose(self->dimensions[i].scale);
        ost_h5_free_texts(self->dimensions[i].texts, self->dimensions[i].n);
    }
    for (size_t p = 0; p < self->n_parts && self->sources != NULL; p++)
        if (self->sources[p] >= 0) H5Fclose(self->sources[p]);
    if (self->text_type >= 0) H5Tclose(self->text_type);
    if (self->file >= 0 && (H5Fflush(self->file, H5F_SCOPE_GLOBAL) < 0 || H5Fclose(self->file) < 0)) ret = -1;
    free(self->dimensions);
    free(self->sources);
    return ret;
}

int ost_results_join(const char *path, const ost_results_part_t *parts, size_t n_parts, ost_error_t *err)
{
    ost_h5_handler_t handler;
    join_t self = { .parts = parts, .n_parts = n_parts, .err = err };
    ost_h5_enter(&handler);
    int ret = open_all(&self, path);
    if (ret == 0) ret = join_all(&self);
    if (ret == 0) ret = join_failures(&self);
    if (ret == 0) ret = join_attributes(&self);
    bool is_written = close_all(&self) == 0;
    if (ret == 0 && !is_written) ret = cannot_write(&self, path);
    ost_h5_leave(&handler);
    if (ret == 0 && rename(self.path, path) != 0)
        ret = ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be renamed from %s: %s", self.path, strerror(errno));
    if (ret != 0 && self.path != NULL) unlink(self.path);
    free(self.path);
    return ret;
}
