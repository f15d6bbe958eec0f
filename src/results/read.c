/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/text.h"
#include "core/vocabulary.h"
#include "input/yaml.h"
#include "results/arrays.h"
#include "results/results_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Values read ahead: neighbouring times of one variable, arm and element, because a single time of all subjects touches
 * the whole of it. */
#define CACHE_BYTES (64u << 20)
/* What no file of ours exceeds; a damaged one may claim anything. */
#define MAX_ARMS 100000
#define MAX_TIMES 10000000
#define MAX_CHUNK ((hsize_t) 1 << 28) /* values */

/* What HDF5 hands to those that it calls for each attribute and link, as of their results it keeps the sign alone. */
typedef struct {
    ost_results_t *results;
    int ret; /* 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
} visit_t;

static herr_t keep_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    visit_t *self = user;
    char *text;
    (void) info;
    self->ret = ost_h5_get_text(object, name, &text);
    ost_identity_text(&self->results->attributes, name, text);
    if (self->results->attributes.memory.failed) self->ret = OST_ERR_NO_MEMORY;
    free(text);
    return self->ret;
}

/* Texts of the dimension scale at an axis. */
typedef struct {
    ost_text_list_t *texts;
    int ret; /* as in visit_t */
} scale_t;

static herr_t read_scale(hid_t dataset, unsigned axis, hid_t scale, void *user)
{
    scale_t *self = user;
    (void) dataset;
    (void) axis;
    self->ret = ost_h5_read_texts(scale, MAX_ARMS, self->texts);
    return self->ret < 0 ? self->ret : 1;
}

/* Axes of a variable without index: those in front, arm, subject, time. */
static int plain_rank(const ost_results_t *self)
{
    return (int) ost_results_n_front(self) + 3;
}

/* @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int add_variable(ost_results_t *self, const char *name, hid_t dataset, const hsize_t *sizes, int rank)
{
    ost_results_variable_t *more = realloc(self->variables, (self->names.n + 1) * sizeof *more);
    if (more == NULL) return OST_ERR_NO_MEMORY;
    self->variables = more;
    ost_results_variable_t *variable = &more[self->names.n];
    hid_t type = H5Dget_type(dataset);
    *variable = (ost_results_variable_t){ .is_double = type >= 0 && H5Tget_size(type) > sizeof(float) };
    OST_H5_CLOSE(type);
    int ret = ost_text_list_add(&self->names, "%s", name);
    if (ret == 0) ret = ost_h5_get_text(dataset, "units", &variable->unit);
    if (ret == 0 && variable->unit == NULL) variable->unit = ost_strdup("1");
    if (variable->unit == NULL) return OST_ERR_NO_MEMORY;
    if (rank == plain_rank(self)) return 0;
    const unsigned axis = (unsigned) rank - 3;
    scale_t scale = { &variable->elements, 0 };
    H5DSiterate_scales(dataset, axis, NULL, read_scale, &scale);
    if (scale.ret < 0) return scale.ret;
    return variable->elements.n > 0 && variable->elements.n == sizes[axis] ? 0 : OST_ERR_FORMAT;
}

/* Subjects of a variable, or quantiles. */
static size_t count_rows(const ost_results_t *self)
{
    return self->keep == OST_KEEP_QUANTILES ? OST_N_LEVELS : self->n_subjects;
}

/* Variables are the datasets of floating point over (..., arm, [index,] subject or quantile, time). */
static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    visit_t *visit = user;
    ost_results_t *self = visit->results;
    if (info->type != H5L_TYPE_HARD) return 0;
    hid_t object = ost_h5_open(group, name);
    if (object < 0) return 0; /* a group */
    hsize_t sizes[OST_MAX_RANK] = { 0 };
    hid_t space = H5Dget_space(object), type = H5Dget_type(object);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1, plain = plain_rank(self);
    bool ok = (rank == plain || rank == plain + 1) && type >= 0 && H5Tget_class(type) == H5T_FLOAT &&
              H5Sget_simple_extent_dims(space, sizes, NULL) == rank && sizes[plain - 3] == self->arms.n &&
              ost_results_has_front(self, sizes) && sizes[rank - 2] == count_rows(self) &&
              sizes[rank - 1] == self->n_times && H5Aexists(object, OST_SUMMARY_OF) <= 0;
    int ret = rank < 0 || type < 0 ? OST_ERR_FORMAT : 0;
    if (ok) ret = add_variable(self, name, object, sizes, rank);
    /* over (..., arm, subject), and there is an ended_X with it */
    if (rank == plain - 1 && strncmp(name, OST_BEGAN, strlen(OST_BEGAN)) == 0)
        ret = ost_text_list_add(&self->schedules, "%s", name + strlen(OST_BEGAN));
    OST_H5_CLOSE(space, type, object);
    return visit->ret = ret;
}

int ost_results_texts(const ost_results_t *self, const char *name, ost_text_list_t *texts, ost_error_t *err)
{
    hid_t id = ost_h5_open(self->file, name);
    int ret = id >= 0 ? ost_h5_read_texts(id, MAX_ARMS, texts) : OST_ERR_FORMAT;
    OST_H5_CLOSE(id);
    return ret < 0 ? ost_h5_unreadable(err, ret, self->path, name) : 0;
}

static int read_coordinates(ost_results_t *self, ost_error_t *err)
{
    const bool has_quantiles = self->keep == OST_KEEP_QUANTILES;
    hid_t subject = ost_h5_open(self->file, has_quantiles ? "quantile" : "subject"),
          time = ost_h5_open(self->file, "time");
    const char *subjects = ost_results_attribute(self, "n_subjects");
    hsize_t n_bytes = 0; /* of the file, in which each subject has its number */
    if (subjects == NULL) subjects = "0";
    if (H5Fget_filesize(self->file, &n_bytes) < 0) n_bytes = 0;
    self->n_subjects = subject >= 0 ? ost_h5_length(subject) : 0;
    const char *wrong = has_quantiles && self->n_subjects != OST_N_LEVELS ? "quantile" : NULL;
    if (has_quantiles) self->n_subjects = strtoull(subjects, NULL, 10);
    if (self->n_subjects > OST_MAX_SUBJECTS) self->n_subjects = 0;
    self->n_times = time >= 0 ? ost_h5_length(time) : 0;
    bool is_joined = self->design.n_axes == 0 && H5Lexists(self->file, "model", H5P_DEFAULT) > 0;
    int ret = is_joined ? ost_results_texts(self, "model", &self->models, err) : 0;
    if (ret == 0) ret = ost_results_texts(self, "arm", &self->arms, err);
    if (ret == 0) ret = ost_results_texts(self, "arm_label", &self->labels, err);
    const char *bad = wrong;
    if (bad == NULL && self->labels.n != self->arms.n) bad = "arm_label";
    if (bad == NULL && (self->n_subjects == 0 || (!has_quantiles && self->n_subjects > n_bytes))) bad = "subject";
    if (bad == NULL && (self->n_times == 0 || self->n_times > MAX_TIMES)) bad = "time";
    if (ret == 0 && bad == NULL && (self->times = calloc(self->n_times, sizeof *self->times)) == NULL)
        ret = ost_no_memory(err);
    const ost_slab_t all = { .rank = 1, .count = { self->n_times } };
    if (ret == 0 && bad == NULL) {
        ret = ost_h5_transfer(time, H5P_DEFAULT, &all, self->times, NULL);
        if (ret != 0) ret = ost_h5_unreadable(err, ret, self->path, "time");
    }
    OST_H5_CLOSE(subject, time);
    return ret == 0 && bad != NULL ? ost_h5_unreadable(err, OST_ERR_FORMAT, self->path, bad) : ret;
}

/* Bytes that a file of HDF5 says it has, by its superblock (little-endian); 0: unknown. @param head  [48] */
static uint64_t promised_bytes(const unsigned char *head)
{
    const unsigned char *at = head + (head[8] < 2 ? 40 : 28);
    uint64_t n = 0;
    if (memcmp(head, "\211HDF\r\n\032\n", 8) != 0 || head[head[8] < 2 ? 13 : 9] != 8) return 0;
    for (int i = 7; i >= 0; i--) n = n << 8 | at[i];
    return n;
}

/* A file that is in use, or not whole yet, is not damaged. */
static int check_file(const ost_results_t *self, int fd, ost_error_t *err)
{
    unsigned char head[48] = { 0 };
    struct stat st = { 0 };
    ssize_t n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? pread(fd, head, sizeof head, 0) : -1;
    if (fd >= 0 && n < 0 && !S_ISREG(st.st_mode)) errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    if (n < 0) return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be opened: %s", strerror(errno));
    if (n == 0) return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "is empty: nothing was written to it yet");
    if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0,
            "is open for writing in another program; read it once that has closed it");
    uint64_t promised = promised_bytes(head);
    if (promised <= (uint64_t) st.st_size) return 0;
    return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0,
        "has %llu of its %llu bytes: it is still being copied, or was cut short", (unsigned long long) st.st_size,
        (unsigned long long) promised);
}

static int open_file(ost_results_t *self, ost_error_t *err)
{
    int fd = open(self->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), ret = check_file(self, fd, err);
    if (fd >= 0) close(fd);
    if (ret < 0) return ret;
    if (ost_journal_is(self->path)) {
        ost_identity_t origin;
        ret = ost_journal_origin(self->path, &origin, err);
        ost_identity_free(&origin);
        if (ret < 0) return ret;
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0,
            "holds the finished blocks of a run that goes on or was stopped, or of a shard; 'osteon run ... --resume' "
            "or 'osteon merge' makes its result");
    }
    if (H5Fis_hdf5(self->path) <= 0)
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "not a result file of osteon: it is not HDF5");
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        self->file = H5Fopen(self->path, H5F_ACC_RDONLY, access);
    if (access >= 0) H5Pclose(access);
    if (self->file >= 0) return 0;
    return ost_h5_fail(err, OST_ERR_FORMAT, self->path, "damaged");
}

static int check_format(const ost_results_t *self, ost_error_t *err)
{
    const char *format = ost_results_attribute(self, "osteon_format");
    if (format == NULL)
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "an HDF5 file, but damaged or not written by osteon");
    if (atol(format) > OST_RESULTS_FORMAT) {
        const char *version = ost_results_attribute(self, "osteon_version");
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0,
            "written by osteon %s, which is newer than this one and writes format %s", version ? version : "?", format);
    }
    if (ost_results_attribute(self, "n_done") == NULL)
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0, "the run that wrote it did not finish");
    return 0;
}

static int open_results(ost_results_t *self, ost_error_t *err)
{
    int ret = open_file(self, err);
    if (ret != 0) return ret;
    visit_t visit = { self, 0 };
    hsize_t index = 0;
    if (H5Aiterate2(self->file, H5_INDEX_NAME, H5_ITER_NATIVE, &index, keep_attribute, &visit) < 0)
        return ost_h5_unreadable(err, visit.ret, self->path, "attributes");
    ret = check_format(self, err);
    if (ret == 0) ret = ost_results_read_sweep(self, err);
    self->is_analysis = ost_results_attribute(self, OST_ANALYSIS_METHOD) != NULL;
    if (ret == 0 && (self->keep == OST_KEEP_ENDPOINTS || self->is_analysis)) return 0;
    if (ret == 0) ret = read_coordinates(self, err);
    if (ret != 0) return ret;
    index = 0;
    if (H5Literate(self->file, H5_INDEX_CRT_ORDER, H5_ITER_INC, &index, visit_link, &visit) < 0)
        return ost_h5_unreadable(err, visit.ret, self->path, "variables");
    return self->names.n == 0 ? ost_h5_unreadable(err, OST_ERR_FORMAT, self->path, "variables") : 0;
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
    OST_H5_CLOSE(self->file);
    ost_h5_leave(&handler);
    for (size_t i = 0; i < self->names.n; i++) {
        ost_text_list_free(&self->variables[i].elements);
        free(self->variables[i].unit);
    }
    ost_text_list_free(&self->names);
    ost_text_list_free(&self->models);
    ost_text_list_free(&self->endpoints);
    ost_design_free(&self->design);
    ost_text_list_free(&self->arms);
    ost_text_list_free(&self->labels);
    ost_text_list_free(&self->schedules);
    ost_identity_free(&self->attributes);
    free(self->variables);
    free(self->times);
    free(self->cache.values);
    free(self->path);
    free(self);
}

const ost_results_variable_t *ost_results_variable(const ost_results_t *self, const char *name)
{
    const size_t i = ost_words_find((const char *const *) self->names.items, self->names.n, name);
    return i < self->names.n ? &self->variables[i] : NULL;
}

size_t ost_results_n_elements(const ost_results_t *self, const char *name)
{
    const ost_results_variable_t *variable = ost_results_variable(self, name);
    if (variable == NULL) return 0;
    return variable->elements.n > 0 ? variable->elements.n : 1;
}

const char *ost_results_element(const ost_results_t *self, const char *name, size_t i_element)
{
    const ost_results_variable_t *variable = ost_results_variable(self, name);
    return variable != NULL && i_element < variable->elements.n ? variable->elements.items[i_element] : "";
}

ost_slab_t ost_results_arm_at(const ost_results_t *self, const char *name, size_t i_arm, size_t i_element)
{
    const ost_results_variable_t *variable = name != NULL ? ost_results_variable(self, name) : NULL;
    ost_slab_t slab = ost_results_front_at(self, self->i_model);
    ost_slab_add(&slab, i_arm, 1);
    if (variable != NULL && variable->elements.n > 0) ost_slab_add(&slab, i_element, 1);
    return slab;
}

int ost_results_read_schedule(
    ost_results_t *self, size_t i_schedule, size_t i_arm, bool ended, double *values, ost_error_t *err)
{
    char name[OST_DATASET_NAME_SIZE];
    ost_slab_t at = ost_results_arm_at(self, NULL, i_arm, 0);
    if (i_schedule >= self->schedules.n || i_arm >= self->arms.n)
        return ost_fail_at(
            err, OST_ERR_VALUE, self->path, 0, 0, "there is no schedule %zu, arm %zu", i_schedule, i_arm);
    snprintf(name, sizeof name, "%s%.100s", ended ? OST_ENDED : OST_BEGAN, self->schedules.items[i_schedule]);
    ost_slab_add(&at, 0, self->n_subjects);
    return ost_h5_read(self->file, self->path, name, &at, values, err);
}

const char *ost_results_attribute(const ost_results_t *self, const char *name)
{
    return ost_identity_get(&self->attributes, name);
}

bool ost_results_next_change(const ost_results_t *self, const char **at, bool *is_subject, char *text, size_t size)
{
    if (*at == NULL) *at = ost_results_attribute(self, "overrides");
    if (*at == NULL || **at == '\0') return false;
    const size_t n = strcspn(*at, "\n");
    const char *mark = memmem(*at, n, OST_SUBJECT_MARK, strlen(OST_SUBJECT_MARK));
    const char *from = mark != NULL ? mark + strlen(OST_SUBJECT_MARK) : *at;
    *is_subject = mark != NULL;
    *at += n;
    snprintf(text, size, "%.*s", (int) (*at - from), from);
    *at += **at != '\0';
    return true;
}

uint64_t ost_results_failures(const ost_results_t *self)
{
    const char *text = ost_results_attribute(self, "n_failed");
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

int ost_results_first_failure(const ost_results_t *self, char **text, ost_error_t *err)
{
    ost_text_list_t texts = { 0 };
    *text = NULL;
    hid_t id = ost_results_failures(self) > 0 ? ost_h5_open(self->file, "failure_message") : -1;
    if (id < 0) return 0;
    int ret = ost_h5_read_texts(id, ost_h5_length(id), &texts);
    OST_H5_CLOSE(id);
    if (ret < 0) ret = ost_h5_unreadable(err, ret, self->path, "failure_message");
    const ost_slab_t first = { .rank = 1, .count = { 1 } };
    double subject = 0;
    if (ret == 0 && texts.n > 0) ret = ost_h5_read(self->file, self->path, "failure_subject", &first, &subject, err);
    if (ret == 0 && texts.n > 0 && asprintf(text, "subject %.0f: %s", subject, texts.items[0]) < 0) {
        *text = NULL;
        ret = ost_no_memory(err);
    }
    ost_text_list_free(&texts);
    return ret;
}

int ost_results_experiment(const ost_results_t *self, const char *const *overrides, size_t n_overrides,
    ost_experiment_t *experiment, ost_error_t *err)
{
    return ost_identity_experiment(&self->attributes, self->path, overrides, n_overrides, experiment, err);
}

/* Fill the cache with times from i_time on. */
static int read_ahead(
    ost_results_t *self, size_t i_variable, size_t i_arm, size_t i_element, size_t i_time, ost_error_t *err)
{
    const char *name = self->names.items[i_variable];
    size_t most = CACHE_BYTES / sizeof(double) / self->n_subjects;
    size_t n_times = most < 1 ? 1 : most;
    if (n_times > self->n_times) n_times = self->n_times;
    size_t first = i_time + n_times <= self->n_times ? i_time : self->n_times - n_times;
    if (self->cache.values == NULL) {
        self->cache.values = malloc(n_times * self->n_subjects * sizeof(double));
        if (self->cache.values == NULL) return ost_no_memory(err);
    }
    self->cache.n_times = 0;
    ost_slab_t at = ost_results_arm_at(self, name, i_arm, i_element);
    ost_slab_add(&at, 0, self->n_subjects);
    ost_slab_add(&at, first, n_times);
    int ret = ost_h5_read(self->file, self->path, name, &at, self->cache.values, err);
    if (ret != 0) return ret;
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
    const ost_results_variable_t *variable = ost_results_variable(self, name);
    if (variable == NULL) {
        const char *nearest = ost_nearest(name, (const char *const *) self->names.items, self->names.n);
        return ost_fail_at(
            err, OST_ERR_NAME, self->path, 0, 0, "there is no variable '%.60s'%s%s%s", name, OST_HINT(nearest));
    }
    if (i_arm >= self->arms.n || i_element >= ost_results_n_elements(self, name) || i_time >= self->n_times)
        return ost_fail_at(err, OST_ERR_VALUE, self->path, 0, 0, "%s has no arm %zu, element %zu, time %zu", name,
            i_arm, i_element, i_time);
    size_t i_variable = (size_t) (variable - self->variables);
    if (i_variable != self->cache.variable || self->i_model != self->cache.model || i_arm != self->cache.arm ||
        i_element != self->cache.element || i_time < self->cache.first_time ||
        i_time >= self->cache.first_time + self->cache.n_times) {
        int ret = read_ahead(self, i_variable, i_arm, i_element, i_time, err);
        if (ret != 0) return ret;
    }
    const double *column = self->cache.values + (i_time - self->cache.first_time);
    for (size_t s = 0; s < self->n_subjects; s++) values[s] = column[s * self->cache.n_times];
    return 0;
}

typedef struct {
    bool with_values;
    hsize_t n_bytes; /* of the file */
    char name[200];  /* of the dataset or link that is at fault, "" if none is */
    int ret;         /* as of read_dataset() */
} reading_t;

typedef struct {
    int rank;
    hsize_t sizes[OST_MAX_RANK], chunk[OST_MAX_RANK];
    double *values; /* [product of chunk] */
} chunks_t;

/* @return 1 if there are chunks of numbers, no more or larger than the file can have; 0 without chunks, as there are no
 * checks to look at; OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int find_chunks(chunks_t *self, hid_t id, hid_t space, hsize_t n_bytes)
{
    hsize_t n_places = 1, n_values = 1, n_chunks;
    hid_t create = H5Dget_create_plist(id), type = H5Dget_type(id);
    self->rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    int ret = self->rank < 0 || create < 0 || type < 0 ? OST_ERR_FORMAT : 0;
    bool is_number = ret == 0 && (H5Tget_class(type) == H5T_FLOAT || H5Tget_class(type) == H5T_INTEGER);
    if (is_number && self->rank > 0 && self->rank <= OST_MAX_RANK && H5Pget_layout(create) == H5D_CHUNKED) {
        bool ok = H5Pget_chunk(create, self->rank, self->chunk) == self->rank &&
                  H5Sget_simple_extent_dims(space, self->sizes, NULL) == self->rank;
        for (int d = 0; d < self->rank && ok; d++) {
            hsize_t n = self->chunk[d] > 0 && self->sizes[d] > 0 ? (self->sizes[d] - 1) / self->chunk[d] + 1 : 0;
            ok = n > 0 && n <= n_bytes / n_places && self->chunk[d] <= MAX_CHUNK / n_values;
            n_places *= n;
            n_values *= self->chunk[d];
        }
        ok = ok && H5Dget_num_chunks(id, space, &n_chunks) >= 0; /* reads the index */
        if (ok) self->values = malloc(n_values * sizeof(*self->values));
        ret = !ok ? OST_ERR_FORMAT : self->values == NULL ? OST_ERR_NO_MEMORY : 1;
    }
    OST_H5_CLOSE(create, type);
    return ret;
}

/* The index of its chunks, and all of them or the first. @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
static int read_dataset(hid_t id, const reading_t *how)
{
    chunks_t self = { 0 };
    hid_t space = H5Dget_space(id);
    int ret = find_chunks(&self, id, space, how->n_bytes);
    ost_slab_t at = { .rank = ret > 0 ? (size_t) self.rank : 0 };
    for (bool more = ret > 0; more && ret >= 0;) {
        for (int d = 0; d < self.rank; d++)
            at.count[d] = self.sizes[d] - at.start[d] < self.chunk[d] ? self.sizes[d] - at.start[d] : self.chunk[d];
        ret = ost_h5_transfer(id, H5P_DEFAULT, &at, self.values, NULL);
        int d = self.rank - 1;
        while (d >= 0 && (at.start[d] += self.chunk[d]) >= self.sizes[d]) at.start[d--] = 0;
        more = how->with_values && d >= 0;
    }
    free(self.values);
    OST_H5_CLOSE(space);
    return ret < 0 ? ret : 0;
}

/* A text among them that cannot be read is no fault of the file's; too little memory is the reader's. */
static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    (void) info;
    int *ret = user;
    char *text = NULL;
    if (ost_h5_get_text(object, name, &text) == OST_ERR_NO_MEMORY) *ret = OST_ERR_NO_MEMORY;
    free(text);
    return *ret;
}

static herr_t visit_object(hid_t file, const char *name, const H5O_info_t *info, void *user)
{
    reading_t *self = user;
    hsize_t index = 0;
    if (info->type != H5O_TYPE_DATASET) return 0;
    hid_t id = ost_h5_open(file, name);
    bool ok = id >= 0 && H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_NATIVE, &index, visit_attribute, &self->ret) >= 0;
    if (self->ret == 0) self->ret = ok ? read_dataset(id, self) : OST_ERR_FORMAT;
    OST_H5_CLOSE(id);
    if (self->ret < 0) snprintf(self->name, sizeof self->name, "%s", name);
    return self->ret;
}

static herr_t add_bytes(hid_t file, const char *name, const H5O_info_t *info, void *n_bytes)
{
    if (info->type != H5O_TYPE_DATASET) return 0;
    hid_t id = ost_h5_open(file, name), space = id >= 0 ? H5Dget_space(id) : -1;
    hssize_t n_values = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
    if (n_values > 0) *(double *) n_bytes += sizeof(double) * (double) n_values;
    OST_H5_CLOSE(space, id);
    return 0;
}

double ost_results_n_bytes(const ost_results_t *self)
{
    ost_h5_handler_t handler;
    double n_bytes = 0;
    ost_h5_enter(&handler);
    H5Ovisit2(self->file, H5_INDEX_NAME, H5_ITER_NATIVE, add_bytes, &n_bytes, H5O_INFO_BASIC);
    ost_h5_leave(&handler);
    return n_bytes;
}

static herr_t visit_any_link(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    (void) group;
    reading_t *self = user;
    if (info->type == H5L_TYPE_HARD) return 0;
    snprintf(self->name, sizeof self->name, "%s", name);
    return 1;
}

int ost_results_read_all(const ost_results_t *self, bool with_values, ost_error_t *err)
{
    ost_h5_handler_t handler;
    reading_t reading = { .with_values = with_values };
    ost_h5_enter(&handler);
    if (H5Fget_filesize(self->file, &reading.n_bytes) < 0) reading.n_bytes = 0;
    if (H5Lvisit(self->file, H5_INDEX_NAME, H5_ITER_NATIVE, visit_any_link, &reading) > 0) {
        ost_h5_leave(&handler);
        return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0,
            "'%s' is a link to another place or file, which osteon does not write", reading.name);
    }
    int ret = H5Ovisit2(self->file, H5_INDEX_NAME, H5_ITER_NATIVE, visit_object, &reading, H5O_INFO_BASIC);
    if (ret < 0)
        ret = ost_h5_unreadable(err, reading.ret, self->path, reading.name[0] != '\0' ? reading.name : "its groups");
    ost_h5_leave(&handler);
    return ret;
}
