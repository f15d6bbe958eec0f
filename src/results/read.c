/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/text.h"
#include "input/yaml.h"
#include "results/results_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Values read ahead: neighbouring times of one variable, arm and element, because a single time of all subjects touches
 * the whole of it. */
#define CACHE_BYTES (64u << 20)
/* What no file of ours exceeds; a damaged one may claim anything. */
#define MAX_ARMS 100000
#define MAX_TIMES 10000000

typedef struct {
    char *name, *text;
} attribute_t;

typedef struct {
    char *name, *unit;
    hid_t id;
    bool indexed;
    size_t n_elements;
    char **elements; /* [n_elements], NULL for a scalar */
} variable_t;

struct ost_results {
    char *path;
    hid_t file;
    size_t n_models, n_arms, n_subjects, n_times, n_schedules, n_variables,
        n_attributes; /* n_models 0: no such dimension */
    double *times;
    char **models, **arms, **labels, **schedules;
    size_t i_model; /* that is read of */
    variable_t *variables;
    const char **names; /* [n_variables], of variables */
    attribute_t *attributes;
    struct {
        double *values; /* [n_subjects][n_times] */
        size_t variable, model, arm, element, first_time, n_times;
    } cache;
};

static int damaged(const ost_results_t *self, const char *what, ost_error_t *err)
{
    return ost_h5_fail(err, OST_ERR_FORMAT, self->path, "damaged, or not written by osteon: '%s' cannot be read", what);
}

static herr_t keep_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    ost_results_t *self = user;
    (void) info;
    char *text = ost_h5_get_text(object, name);
    if (text == NULL) return 0;
    attribute_t *more = realloc(self->attributes, (self->n_attributes + 1) * sizeof *more);
    char *copy = ost_strdup(name);
    if (more != NULL) self->attributes = more;
    if (more == NULL || copy == NULL) {
        free(text);
        free(copy);
        return -1;
    }
    more[self->n_attributes++] = (attribute_t){ copy, text };
    return 0;
}

/* Texts of the dimension scale at an axis. */
typedef struct {
    char **texts;
    size_t n;
} scale_texts_t;

static herr_t read_scale(hid_t dataset, unsigned axis, hid_t scale, void *user)
{
    scale_texts_t *found = user;
    (void) dataset;
    (void) axis;
    found->texts = ost_h5_read_texts(scale, MAX_ARMS, &found->n);
    return 1;
}

/* Axes of a variable without index: a joined file has one for its models. */
static int plain_rank(const ost_results_t *self)
{
    return self->n_models > 0 ? 4 : 3;
}

static int add_variable(ost_results_t *self, const char *name, hid_t dataset, const hsize_t *sizes, int rank)
{
    variable_t *more = realloc(self->variables, (self->n_variables + 1) * sizeof *more);
    if (more == NULL) return -1;
    self->variables = more;
    variable_t *variable = &more[self->n_variables];
    *variable = (variable_t){ .id = -1, .n_elements = 1, .indexed = rank > plain_rank(self) };
    self->n_variables++;
    variable->name = ost_strdup(name);
    variable->unit = ost_h5_get_text(dataset, "units");
    if (variable->unit == NULL) variable->unit = ost_strdup("1");
    if (variable->name == NULL || variable->unit == NULL) return -1;
    if (variable->indexed) {
        const unsigned axis = (unsigned) rank - 3;
        scale_texts_t found = { NULL, 0 };
        H5DSiterate_scales(dataset, axis, NULL, read_scale, &found);
        variable->elements = found.texts;
        variable->n_elements = found.texts != NULL ? found.n : 0;
        if (found.texts == NULL || found.n != sizes[axis]) return -1;
    }
    variable->id = dataset;
    return 0;
}

/* Began_X, over ([model,] arm, subject), is there with an ended_X. */
static int add_schedule(ost_results_t *self, const char *name)
{
    char **more = realloc(self->schedules, (self->n_schedules + 1) * sizeof *more);
    if (more == NULL) return -1;
    self->schedules = more;
    more[self->n_schedules] = ost_strdup(name + strlen(OST_BEGAN));
    return more[self->n_schedules++] != NULL ? 0 : -1;
}

/* Variables are the datasets of floating point over ([model,] arm, [index,] subject, time). */
static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    ost_results_t *self = user;
    if (info->type != H5L_TYPE_HARD) return 0;
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0) return -1;
    if (H5Iget_type(object) != H5I_DATASET) return H5Oclose(object) < 0 ? -1 : 0;
    hsize_t sizes[5] = { 0 };
    hid_t space = H5Dget_space(object), type = H5Dget_type(object);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1, plain = plain_rank(self);
    bool ok = (rank == plain || rank == plain + 1) && type >= 0 && H5Tget_class(type) == H5T_FLOAT &&
              H5Sget_simple_extent_dims(space, sizes, NULL) == rank && sizes[plain - 3] == self->n_arms &&
              (self->n_models == 0 || sizes[0] == self->n_models) && sizes[rank - 2] == self->n_subjects &&
              sizes[rank - 1] == self->n_times;
    int ret = rank < 0 || type < 0 ? -1 : 0;
    if (ok) ret = add_variable(self, name, object, sizes, rank);
    if (rank == plain - 1 && strncmp(name, OST_BEGAN, strlen(OST_BEGAN)) == 0) ret = add_schedule(self, name);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (!ok || ret != 0) H5Oclose(object);
    return ret;
}

static hid_t open_dataset(const ost_results_t *self, const char *name)
{
    return H5Lexists(self->file, name, H5P_DEFAULT) > 0 ? H5Dopen2(self->file, name, H5P_DEFAULT) : -1;
}

static int read_coordinates(ost_results_t *self, ost_error_t *err)
{
    int ret = OST_ERR_FORMAT;
    size_t n_labels = 0;
    hid_t model = open_dataset(self, "model"), arm = open_dataset(self, "arm"), label = open_dataset(self, "arm_label"),
          subject = open_dataset(self, "subject"), time = open_dataset(self, "time");
    const char *bad = arm < 0 ? "arm" : label < 0 ? "arm_label" : subject < 0 ? "subject" : time < 0 ? "time" : NULL;
    if (model >= 0 && (self->models = ost_h5_read_texts(model, MAX_ARMS, &self->n_models)) == NULL) bad = "model";
    if (bad == NULL && (self->arms = ost_h5_read_texts(arm, MAX_ARMS, &self->n_arms)) == NULL) bad = "arm";
    if (bad == NULL && (self->labels = ost_h5_read_texts(label, MAX_ARMS, &n_labels)) == NULL) bad = "arm_label";
    if (bad == NULL && n_labels != self->n_arms) bad = "arm_label";
    if (bad != NULL) goto out;
    self->n_subjects = ost_h5_length(subject);
    self->n_times = ost_h5_length(time);
    if (self->n_subjects == 0 || self->n_subjects > SIZE_MAX / 1024) bad = "subject";
    if (self->n_times == 0 || self->n_times > MAX_TIMES) bad = "time";
    if (bad != NULL) goto out;
    self->times = calloc(self->n_times, sizeof *self->times);
    if (self->times == NULL) {
        ret = ost_no_memory(err);
        goto close;
    }
    if (H5Dread(time, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, self->times) < 0) bad = "time";
out:
    ret = bad != NULL ? damaged(self, bad, err) : 0;
close:
    if (model >= 0) H5Dclose(model);
    if (arm >= 0) H5Dclose(arm);
    if (label >= 0) H5Dclose(label);
    if (subject >= 0) H5Dclose(subject);
    if (time >= 0) H5Dclose(time);
    return ret;
}

static int open_file(ost_results_t *self, ost_error_t *err)
{
    int fd = open(self->path, O_RDONLY);
    char first;
    bool readable = fd >= 0 && read(fd, &first, 1) >= 0;
    int reason = errno;
    if (fd >= 0) close(fd);
    if (!readable) return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be opened: %s", strerror(reason));
    if (ost_journal_is(self->path)) {
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0,
            "holds the finished blocks of a run that goes on or was stopped; 'osteon run ... --resume' makes its "
            "result");
    }
    if (H5Fis_hdf5(self->path) <= 0) {
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "not a result file of osteon: it is not HDF5");
    }
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0) {
        self->file = H5Fopen(self->path, H5F_ACC_RDONLY, access);
    }
    if (access >= 0) H5Pclose(access);
    if (self->file >= 0) return 0;
    return ost_h5_fail(err, OST_ERR_FORMAT, self->path, "damaged or cut short");
}

static int check_format(const ost_results_t *self, ost_error_t *err)
{
    const char *format = ost_results_attribute(self, "osteon_format");
    if (format == NULL) {
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "an HDF5 file, but damaged or not written by osteon");
    }
    if (atol(format) > OST_RESULTS_FORMAT) {
        const char *version = ost_results_attribute(self, "osteon_version");
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0,
            "written by osteon %s, which is newer than this one and writes format %s", version ? version : "?", format);
    }
    if (ost_results_attribute(self, "n_done") == NULL) {
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "the run that wrote it did not finish");
    }
    return 0;
}

static int open_results(ost_results_t *self, ost_error_t *err)
{
    int ret = open_file(self, err);
    if (ret != 0) return ret;
    hsize_t index = 0;
    if (H5Aiterate2(self->file, H5_INDEX_NAME, H5_ITER_NATIVE, &index, keep_attribute, self) < 0) {
        return damaged(self, "attributes", err);
    }
    ret = check_format(self, err);
    if (ret == 0) ret = read_coordinates(self, err);
    if (ret != 0) return ret;
    index = 0;
    if (H5Literate(self->file, H5_INDEX_CRT_ORDER, H5_ITER_INC, &index, visit_link, self) < 0) {
        return damaged(self, "variables", err);
    }
    if (self->n_variables == 0) return damaged(self, "variables", err);
    self->names = calloc(self->n_variables, sizeof *self->names);
    if (self->names == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < self->n_variables; i++) self->names[i] = self->variables[i].name;
    return 0;
}

int ost_results_open(ost_results_t **self, const char *path, ost_error_t *err)
{
    ost_h5_handler_t handler;
    *self = calloc(1, sizeof **self);
    if (*self == NULL) return ost_no_memory(err);
    (*self)->file = -1;
    (*self)->path = ost_strdup(path);
    ost_h5_enter(&handler);
    int ret = (*self)->path == NULL ? ost_no_memory(err) : open_results(*self, err);
    ost_h5_leave(&handler);
    if (ret != 0) {
        ost_results_close(*self);
        *self = NULL;
    }
    return ret;
}

void ost_results_close(ost_results_t *self)
{
    if (self == NULL) return;
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    for (size_t i = 0; i < self->n_variables; i++) {
        variable_t *variable = &self->variables[i];
        if (variable->id >= 0) H5Dclose(variable->id);
        ost_h5_free_texts(variable->elements, variable->n_elements);
        free(variable->name);
        free(variable->unit);
    }
    if (self->file >= 0) H5Fclose(self->file);
    ost_h5_leave(&handler);
    for (size_t i = 0; i < self->n_attributes; i++) {
        free(self->attributes[i].name);
        free(self->attributes[i].text);
    }
    ost_h5_free_texts(self->models, self->n_models);
    ost_h5_free_texts(self->arms, self->n_arms);
    ost_h5_free_texts(self->labels, self->n_arms);
    ost_h5_free_texts(self->schedules, self->n_schedules);
    free(self->variables);
    free(self->names);
    free(self->attributes);
    free(self->times);
    free(self->cache.values);
    free(self->path);
    free(self);
}

size_t ost_results_n_models(const ost_results_t *self)
{
    return self->n_models;
}

const char *ost_results_model(const ost_results_t *self, size_t i_model)
{
    return self->models[i_model];
}

void ost_results_use_model(ost_results_t *self, size_t i_model)
{
    self->i_model = i_model;
}

size_t ost_results_n_arms(const ost_results_t *self)
{
    return self->n_arms;
}

size_t ost_results_n_subjects(const ost_results_t *self)
{
    return self->n_subjects;
}

size_t ost_results_n_times(const ost_results_t *self)
{
    return self->n_times;
}

const double *ost_results_times(const ost_results_t *self)
{
    return self->times;
}

const char *ost_results_arm(const ost_results_t *self, size_t i_arm)
{
    return self->arms[i_arm];
}

const char *ost_results_arm_label(const ost_results_t *self, size_t i_arm)
{
    return self->labels[i_arm];
}

static const variable_t *find_variable(const ost_results_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_variables; i++) {
        if (strcmp(self->variables[i].name, name) == 0) return &self->variables[i];
    }
    return NULL;
}

size_t ost_results_n_elements(const ost_results_t *self, const char *name)
{
    const variable_t *variable = find_variable(self, name);
    return variable != NULL ? variable->n_elements : 0;
}

const char *ost_results_element(const ost_results_t *self, const char *name, size_t i_element)
{
    const variable_t *variable = find_variable(self, name);
    if (variable == NULL || variable->elements == NULL || i_element >= variable->n_elements) return "";
    return variable->elements[i_element];
}

const char *ost_results_unit(const ost_results_t *self, const char *name)
{
    const variable_t *variable = find_variable(self, name);
    return variable != NULL ? variable->unit : NULL;
}

const char *const *ost_results_variables(const ost_results_t *self, size_t *n)
{
    *n = self->n_variables;
    return self->names;
}

const char *const *ost_results_schedules(const ost_results_t *self, size_t *n)
{
    *n = self->n_schedules;
    return (const char *const *) self->schedules;
}

int ost_results_read_schedule(
    ost_results_t *self, size_t i_schedule, size_t i_arm, bool ended, double *values, ost_error_t *err)
{
    char name[OST_DATASET_NAME_SIZE];
    const hsize_t start3[] = { self->i_model, i_arm, 0 }, count3[] = { 1, 1, self->n_subjects };
    int rank = plain_rank(self) - 1;
    const hsize_t *start = start3 + (3 - rank), *count = count3 + (3 - rank);
    if (i_schedule >= self->n_schedules || i_arm >= self->n_arms)
        return ost_fail_at(
            err, OST_ERR_VALUE, self->path, 0, 0, "there is no schedule %zu, arm %zu", i_schedule, i_arm);
    snprintf(name, sizeof name, "%s%.100s", ended ? OST_ENDED : OST_BEGAN, self->schedules[i_schedule]);
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    hid_t id = open_dataset(self, name), space = id >= 0 ? H5Dget_space(id) : -1;
    hid_t memory = H5Screate_simple(rank, count, NULL);
    bool ok = space >= 0 && memory >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
              H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(id, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values) >= 0;
    int ret = ok ? 0 : damaged(self, name, err);
    if (memory >= 0) H5Sclose(memory);
    if (space >= 0) H5Sclose(space);
    if (id >= 0) H5Dclose(id);
    ost_h5_leave(&handler);
    return ret;
}

const char *ost_results_attribute(const ost_results_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_attributes; i++) {
        if (strcmp(self->attributes[i].name, name) == 0) return self->attributes[i].text;
    }
    return NULL;
}

int ost_results_compare(const ost_results_t *self, const ost_identity_t *identity, ost_error_t *err)
{
    ost_identity_t theirs = { 0 };
    int ret = 0;
    for (size_t i = 0; i < self->n_attributes && ret == 0; i++)
        ret = ost_identity_add(&theirs, OST_FACT_TEXT, self->attributes[i].name, self->attributes[i].text, err);
    if (ret == 0) ret = ost_identity_compare(identity, &theirs, self->path, err);
    ost_identity_free(&theirs);
    return ret;
}

uint64_t ost_results_failures(const ost_results_t *self)
{
    const char *text = ost_results_attribute(self, "n_failed");
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/* Attribute with the text of a user's own model; see list_models() of results_layout.c for `models`. */
static int find_texts(const ost_results_t *self, ost_experiment_t *e, ost_error_t *err)
{
    const char *line = ost_results_attribute(self, "models");
    while (line != NULL && *line != '\0') {
        char name[OST_NAME_SIZE], attribute[OST_MODEL_TEXT_SIZE];
        int path_at = 0, length = (int) strcspn(line, "\n");
        const char *text = NULL;
        if (sscanf(line, "%63s %*s %*s %n", name, &path_at) == 1 && path_at > 0 && path_at < length) {
            snprintf(attribute, sizeof attribute, OST_MODEL_TEXT, name);
            text = ost_results_attribute(self, attribute);
        }
        if (text != NULL) {
            ost_model_text_t *more = realloc(e->model_texts, (e->n_model_texts + 1) * sizeof *more);
            if (more == NULL) return ost_no_memory(err);
            e->model_texts = more;
            ost_model_text_t *own = &more[e->n_model_texts++];
            *own = (ost_model_text_t){ strndup(line + path_at, (size_t) (length - path_at)), ost_strdup(text) };
            if (own->path == NULL || own->text == NULL) return ost_no_memory(err);
        }
        line += length + (line[length] == '\n');
    }
    return 0;
}

/* The lines of `text`, then `more`. @return [*n] owned by the caller, NULL if out of memory */
static char **join_lines(const char *text, const char *const *more, size_t n_more, size_t *n)
{
    size_t max = n_more + 1;
    for (const char *c = text; c != NULL && *c != '\0'; c++) max += *c == '\n';
    char **lines = calloc(max + 1, sizeof *lines);
    bool ok = lines != NULL;
    *n = 0;
    while (ok && text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > 0) ok = (lines[(*n)++] = strndup(text, length)) != NULL;
        text += length + (text[length] == '\n');
    }
    for (size_t i = 0; ok && i < n_more; i++) ok = (lines[(*n)++] = ost_strdup(more[i])) != NULL;
    if (ok) return lines;
    ost_h5_free_texts(lines, *n);
    return NULL;
}

int ost_results_experiment(const ost_results_t *self, const char *const *overrides, size_t n_overrides,
    ost_experiment_t *experiment, ost_error_t *err)
{
    const char *text = ost_results_attribute(self, "experiment"), *isa = ost_results_attribute(self, "isa");
    const char *origin = ost_results_attribute(self, "experiment_path");
    size_t n = 0;
    *experiment = (ost_experiment_t){ 0 };
    if (text == NULL) {
        return ost_fail_at(
            err, OST_ERR_FORMAT, self->path, 0, 0, "has no attribute 'experiment', so it cannot be repeated");
    }
    char **all = join_lines(ost_results_attribute(self, "overrides"), overrides, n_overrides, &n);
    if (all == NULL) return ost_no_memory(err);
    int ret =
        ost_experiment_parse(experiment, origin != NULL ? origin : self->path, text, (const char *const *) all, n, err);
    ost_h5_free_texts(all, n);
    if (ret == 0) ret = find_texts(self, experiment, err);
    if (ret == 0 && isa != NULL && ost_isa_from_name(isa) >= 0) {
        experiment->solver.isa = (ost_isa_t) ost_isa_from_name(isa);
    }
    return ret;
}

/* Fill the cache with times from i_time on. */
static int read_ahead(
    ost_results_t *self, size_t i_variable, size_t i_arm, size_t i_element, size_t i_time, ost_error_t *err)
{
    const variable_t *variable = &self->variables[i_variable];
    size_t most = CACHE_BYTES / sizeof(double) / self->n_subjects;
    size_t n_times = most < 1 ? 1 : most;
    if (n_times > self->n_times) n_times = self->n_times;
    size_t first = i_time + n_times <= self->n_times ? i_time : self->n_times - n_times;
    if (self->cache.values == NULL) {
        self->cache.values = malloc(n_times * self->n_subjects * sizeof(double));
        if (self->cache.values == NULL) return ost_no_memory(err);
    }
    self->cache.n_times = 0;
    hsize_t start[5] = { 0 }, count[5] = { 1, 1, 1, 1, 1 };
    int rank = 0;
    if (self->n_models > 0) start[rank++] = self->i_model;
    start[rank++] = i_arm;
    if (variable->indexed) start[rank++] = i_element;
    count[rank++] = self->n_subjects;
    start[rank] = first;
    count[rank++] = n_times;
    hid_t space = H5Dget_space(variable->id), memory = H5Screate_simple(rank, count, NULL);
    bool ok = space >= 0 && memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(variable->id, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, self->cache.values) >= 0;
    if (space >= 0) H5Sclose(space);
    if (memory >= 0) H5Sclose(memory);
    if (!ok) return damaged(self, variable->name, err);
    self->cache.variable = i_variable;
    self->cache.model = self->i_model;
    self->cache.arm = i_arm;
    self->cache.element = i_element;
    self->cache.first_time = first;
    self->cache.n_times = n_times;
    return 0;
}

int ost_results_read(ost_results_t *self, const char *name, size_t i_arm, size_t i_element, size_t i_time,
    double *values, ost_error_t *err)
{
    const variable_t *variable = find_variable(self, name);
    if (variable == NULL) {
        const char *nearest = ost_nearest(name, self->names, self->n_variables);
        return ost_fail_at(err, OST_ERR_NAME, self->path, 0, 0, "there is no variable '%.60s'%s%s%s", name,
            nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
    }
    if (i_arm >= self->n_arms || i_element >= variable->n_elements || i_time >= self->n_times) {
        return ost_fail_at(err, OST_ERR_VALUE, self->path, 0, 0, "%s has no arm %zu, element %zu, time %zu", name,
            i_arm, i_element, i_time);
    }
    size_t i_variable = (size_t) (variable - self->variables);
    if (i_variable != self->cache.variable || self->i_model != self->cache.model || i_arm != self->cache.arm ||
        i_element != self->cache.element || i_time < self->cache.first_time ||
        i_time >= self->cache.first_time + self->cache.n_times) {
        ost_h5_handler_t handler;
        ost_h5_enter(&handler);
        int ret = read_ahead(self, i_variable, i_arm, i_element, i_time, err);
        ost_h5_leave(&handler);
        if (ret != 0) return ret;
    }
    const double *column = self->cache.values + (i_time - self->cache.first_time);
    for (size_t s = 0; s < self->n_subjects; s++) values[s] = column[s * self->cache.n_times];
    return 0;
}
