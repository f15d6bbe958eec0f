/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "osteon/results.h"

#include "io/results_impl.h"
#include "io/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Failure messages kept for the file: those of the first subjects, so that neither memory nor the choice depends on how
 * many fail or in which order blocks come. */
#define MAX_FAILURES 1000
#define PIECE 4096
/* HDF5 reads and rewrites this much around each smaller piece (64 KB if not told): good for single numbers, not for the
 * rows of outputs. */
#define SIEVE_BYTES 4096
/* Room for what HDF5 places only when it writes it out: trees of attributes and chunks. */
#define SPARE_BYTES (1 << 20)

static int no_memory(ost_error_t *err)
{
    return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory");
}

static hid_t *new_ids(size_t n)
{
    hid_t *ids = malloc((n + 1) * sizeof *ids);
    for (size_t i = 0; ids != NULL && i < n; i++) ids[i] = -1;
    return ids;
}

/* What HDF5 would only report at length, or after the run: a folder that is missing or closed to us, a target that
 * cannot be replaced, a disk too small. */
static int check_target(const ost_writer_t *self, ost_error_t *err)
{
    struct stat st;
    struct statvfs disk;
    if (stat(self->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be written: %s",
            S_ISDIR(st.st_mode) ? "it is a folder" : "it is no ordinary file");
    }
    int fd = open(self->part, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) return ost_fail_at(err, OST_ERR_IO, self->part, 0, 0, "cannot be created: %s", strerror(errno));
    bool known = fstatvfs(fd, &disk) == 0;
    close(fd);
    const ost_experiment_t *e = self->plan->experiment;
    double rows = 0;
    for (size_t v = 0; v < self->plan->n_variables; v++) rows += (double) self->plan->variables[v].n_elements;
    double bytes = rows * (double) e->n_arms * (double) e->n_subjects * (double) e->n_times * (e->float64 ? 8 : 4);
    double room = known ? (double) disk.f_bavail * (double) disk.f_frsize : INFINITY;
    if (e->compression > 0 || bytes <= room) return 0;
    return ost_fail_at(err, OST_ERR_IO, self->part, 0, 0,
        "the results take %.4g MB but the disk has %.4g MB left; keep fewer outputs or times, or use "
        "results.compression",
        bytes / 1e6, room / 1e6);
}

static int create_file(ost_writer_t *self, ost_error_t *err)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t create = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    if (create >= 0 && access >= 0 && H5Pset_link_creation_order(create, order) >= 0 &&
        H5Pset_attr_creation_order(create, order) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 && H5Pset_sieve_buf_size(access, SIEVE_BYTES) >= 0) {
        self->file = H5Fcreate(self->part, H5F_ACC_TRUNC, create, access);
    }
    if (create >= 0) H5Pclose(create);
    if (access >= 0) H5Pclose(access);
    return self->file >= 0 ? 0 : ost_h5_fail(err, OST_ERR_IO, self->part, "cannot be created");
}

static int create(ost_writer_t *self, const char *path, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t size = strlen(path) + sizeof ".part";
    self->path = ost_strdup(path);
    self->part = malloc(size);
    self->variables = new_ids(plan->n_variables);
    self->covariates = new_ids(plan->experiment->n_covariates);
    self->params = new_ids(plan->n_params);
    self->failures = calloc(MAX_FAILURES + 1, sizeof *self->failures);
    if (self->path == NULL || self->part == NULL || self->variables == NULL || self->covariates == NULL ||
        self->params == NULL || self->failures == NULL) {
        return no_memory(err);
    }
    snprintf(self->part, size, "%s.part", path);
    int ret = check_target(self, err);
    if (ret == 0) ret = create_file(self, err);
    if (ret == 0) ret = ost_results_layout(self, err);
    return ret;
}

int ost_writer_new(ost_writer_t **self, const char *path, const ost_plan_t *plan, ost_error_t *err)
{
    ost_h5_handler_t handler;
    *self = calloc(1, sizeof **self);
    if (*self == NULL) return no_memory(err);
    ost_writer_t *w = *self;
    w->plan = plan;
    w->file = w->text_type = w->parameters = w->access = w->status = w->n_steps = w->n_rejected = -1;
    ost_h5_enter(&handler);
    int ret = create(w, path, err);
    w->is_broken = ret != 0;
    ost_h5_leave(&handler);
    if (ret != 0) {
        ost_writer_delete(w);
        *self = NULL;
    }
    return ret;
}

static void *reserve(ost_writer_t *self, size_t n, size_t size, ost_error_t *err)
{
    if (n * size > self->buffer_size) {
        free(self->buffer);
        self->buffer = malloc(n * size);
        self->buffer_size = self->buffer != NULL ? n * size : 0;
    }
    if (self->buffer == NULL) no_memory(err);
    return self->buffer;
}

static int write_slab(
    hid_t dataset, hid_t type, size_t rank, const hsize_t *start, const hsize_t *count, const void *values)
{
    hid_t file_space = H5Dget_space(dataset), memory = H5Screate_simple((int) rank, count, NULL);
    int ret = -1;
    if (file_space >= 0 && memory >= 0 &&
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
        H5Dwrite(dataset, type, memory, file_space, H5P_DEFAULT, values) >= 0) {
        ret = 0;
    }
    if (file_space >= 0) H5Sclose(file_space);
    if (memory >= 0) H5Sclose(memory);
    return ret;
}

/* Rows [arm][element][subject][time] of one variable out of the block's [arm][subject][output][time]. */
static void gather(
    void *buffer, bool float64, const ost_plan_t *plan, const ost_variable_t *variable, const ost_cohort_block_t *block)
{
    size_t n_times = plan->experiment->n_times, n_outputs = plan->system.n_outputs;
    double *wide = buffer;
    float *narrow = buffer;
    for (size_t arm = 0; arm < plan->experiment->n_arms; arm++) {
        for (size_t e = 0; e < variable->n_elements; e++) {
            for (size_t s = 0; s < block->n_subjects; s++) {
                const double *y =
                    block->y + ((arm * block->n_subjects + s) * n_outputs + variable->first + e) * n_times;
                if (float64) {
                    memcpy(wide, y, n_times * sizeof *y);
                    wide += n_times;
                } else {
                    for (size_t t = 0; t < n_times; t++) *narrow++ = (float) y[t];
                }
            }
        }
    }
}

static int write_variable_rows(ost_writer_t *self, size_t v, uint64_t first, size_t n_subjects, const void *values)
{
    const ost_experiment_t *e = self->plan->experiment;
    const ost_variable_t *variable = &self->plan->variables[v];
    hid_t type = e->float64 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT;
    if (variable->index_set != NULL) {
        const hsize_t start[] = { 0, 0, first, 0 },
                      count[] = { e->n_arms, variable->n_elements, n_subjects, e->n_times };
        return write_slab(self->variables[v], type, 4, start, count, values);
    }
    const hsize_t start[] = { 0, first, 0 }, count[] = { e->n_arms, n_subjects, e->n_times };
    return write_slab(self->variables[v], type, 3, start, count, values);
}

static int write_variables(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    const ost_experiment_t *e = self->plan->experiment;
    size_t width = e->float64 ? sizeof(double) : sizeof(float);
    for (size_t v = 0; v < self->plan->n_variables; v++) {
        const ost_variable_t *variable = &self->plan->variables[v];
        size_t n = e->n_arms * variable->n_elements * block->n_subjects * e->n_times;
        void *buffer = reserve(self, n, width, err);
        if (buffer == NULL) return OST_ERR_NO_MEMORY;
        gather(buffer, e->float64, self->plan, variable, block);
        if (write_variable_rows(self, v, block->first, block->n_subjects, buffer) != 0) {
            return ost_writer_fail(self, variable->name, err);
        }
    }
    return 0;
}

/* One value a subject: column `index` of rows[n_subjects][n_columns], from internal units to the reported one. */
static int write_column(ost_writer_t *self, hid_t dataset, const char *name, const ost_cohort_block_t *block,
    const double *rows, size_t n_columns, size_t index, double factor, ost_error_t *err)
{
    hsize_t start = block->first, count = block->n_subjects;
    double *buffer = reserve(self, block->n_subjects, sizeof *buffer, err);
    if (buffer == NULL) return OST_ERR_NO_MEMORY;
    for (size_t s = 0; s < block->n_subjects; s++) buffer[s] = rows[s * n_columns + index] / factor;
    return write_slab(dataset, H5T_NATIVE_DOUBLE, 1, &start, &count, buffer) == 0 ? 0
                                                                                  : ost_writer_fail(self, name, err);
}

/* The first subject of the block that finished in any arm, n_subjects if none did. */
static size_t find_finished(const ost_cohort_block_t *block, size_t n_arms)
{
    for (size_t s = 0; s < block->n_subjects; s++) {
        for (size_t arm = 0; arm < n_arms; arm++) {
            if (block->status[arm * block->n_subjects + s] == 0) return s;
        }
    }
    return block->n_subjects;
}

static int write_people(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) {
        int ret = write_column(self, self->covariates[i], e->covariates[i].name, block, block->covariates,
            e->n_covariates, i, e->covariates[i].unit.factor, err);
        if (ret != 0) return ret;
    }
    size_t typical = self->has_constants ? block->n_subjects : find_finished(block, e->n_arms);
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            size_t i = plan->blocks[b].first_param + k;
            double factor = model->params[k].unit.factor;
            if (self->params[i] < 0) continue;
            if (ost_plan_param_varies(plan, i)) {
                int ret = write_column(
                    self, self->params[i], model->params[k].name, block, block->params, plan->n_params, i, factor, err);
                if (ret != 0) return ret;
            } else if (typical < block->n_subjects) {
                double value = block->params[typical * plan->n_params + i] / factor;
                if (H5Dwrite(self->params[i], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0) {
                    return ost_writer_fail(self, model->params[k].name, err);
                }
            }
        }
    }
    self->has_constants = self->has_constants || typical < block->n_subjects;
    return 0;
}

static int note_failure(ost_writer_t *self, uint64_t position, size_t arm, const char *text, ost_error_t *err)
{
    size_t at = self->n_failures;
    while (at > 0 && (self->failures[at - 1].position > position ||
                         (self->failures[at - 1].position == position && self->failures[at - 1].arm > arm))) {
        at--;
    }
    if (at == MAX_FAILURES) return 0;
    char *copy = ost_strdup(text);
    if (copy == NULL) return no_memory(err);
    memmove(&self->failures[at + 1], &self->failures[at], (self->n_failures - at) * sizeof *self->failures);
    self->failures[at] = (ost_failure_note_t){ position, arm, copy };
    if (self->n_failures < MAX_FAILURES) {
        self->n_failures++;
    } else {
        free(self->failures[MAX_FAILURES].text);
    }
    return 0;
}

static int write_counts(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    size_t n_arms = self->plan->experiment->n_arms;
    const hsize_t start[] = { 0, block->first }, count[] = { n_arms, block->n_subjects };
    for (size_t i = 0; i < n_arms * block->n_subjects; i++) {
        if (block->status[i] == 0) continue;
        const char *text = block->messages != NULL ? block->messages[i] : NULL;
        int ret = note_failure(self, block->first + i % block->n_subjects, i / block->n_subjects,
            text != NULL ? text : ost_error_text(-(int) block->status[i]), err);
        if (ret != 0) return ret;
    }
    if (write_slab(self->n_steps, H5T_NATIVE_UINT32, 2, start, count, block->steps) != 0) {
        return ost_writer_fail(self, "n_steps", err);
    }
    if (write_slab(self->n_rejected, H5T_NATIVE_UINT32, 2, start, count, block->rejected) != 0) {
        return ost_writer_fail(self, "n_rejected", err);
    }
    if (write_slab(self->status, H5T_NATIVE_UINT8, 2, start, count, block->status) != 0) {
        return ost_writer_fail(self, "status", err);
    }
    return 0;
}

int ost_writer_block(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    ost_h5_handler_t handler;
    uint64_t n_subjects = self->plan->experiment->n_subjects;
    if (block->n_subjects == 0) return 0;
    if (block->first >= n_subjects || block->n_subjects > n_subjects - block->first) {
        return ost_fail(err, OST_ERR_VALUE, "a block of %zu subjects from %llu on does not fit a cohort of %llu",
            block->n_subjects, (unsigned long long) block->first, (unsigned long long) n_subjects);
    }
    ost_h5_enter(&handler);
    int ret = write_variables(self, block, err);
    if (ret == 0) ret = write_people(self, block, err);
    if (ret == 0) ret = write_counts(self, block, err); /* last: status says that the rest is there */
    self->is_broken = self->is_broken || ret != 0;
    self->n_done += ret == 0 ? block->n_subjects : 0;
    ost_h5_leave(&handler);
    return ret;
}

/* NaN for one stretch of subjects in all outputs. */
static int fill_rows(ost_writer_t *self, uint64_t first, size_t n_subjects, ost_error_t *err)
{
    const ost_experiment_t *e = self->plan->experiment;
    for (size_t v = 0; v < self->plan->n_variables; v++) {
        size_t n = e->n_arms * self->plan->variables[v].n_elements * n_subjects * e->n_times;
        void *values = reserve(self, n, e->float64 ? sizeof(double) : sizeof(float), err);
        if (values == NULL) return OST_ERR_NO_MEMORY;
        double *wide = values;
        float *narrow = values;
        for (size_t i = 0; i < n; i++) {
            if (e->float64) {
                wide[i] = NAN;
            } else {
                narrow[i] = NAN;
            }
        }
        if (write_variable_rows(self, v, first, n_subjects, wide) != 0) {
            return ost_writer_fail(self, self->plan->variables[v].name, err);
        }
    }
    return 0;
}

/* A run that was stopped leaves gaps; the status dataset knows where. Chunked outputs read as NaN there already. */
static int fill_gaps(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->plan->experiment;
    enum { STRETCH = 64 };
    uint8_t status[PIECE];
    if (self->n_done >= e->n_subjects || e->compression > 0) return 0;
    for (uint64_t first = 0; first < e->n_subjects; first += PIECE) {
        hsize_t start[] = { 0, first };
        hsize_t count[] = { 1, e->n_subjects - first < PIECE ? e->n_subjects - first : PIECE };
        hid_t space = H5Dget_space(self->status), memory = H5Screate_simple(2, count, NULL);
        bool ok = space >= 0 && memory >= 0 &&
                  H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                  H5Dread(self->status, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, status) >= 0;
        if (space >= 0) H5Sclose(space);
        if (memory >= 0) H5Sclose(memory);
        if (!ok) return ost_writer_fail(self, "status", err);
        for (size_t i = 0; i < count[1];) {
            size_t end = i;
            while (end < count[1] && end - i < STRETCH && status[end] == OST_STATUS_NOT_RUN) end++;
            int ret = end > i ? fill_rows(self, first + i, end - i, err) : 0;
            if (ret != 0) return ret;
            i = end > i ? end : i + 1;
        }
    }
    return 0;
}

static int write_failure_column(ost_writer_t *self, const ost_dimension_t *dim, const char *name, hid_t type,
    const void *values, const char *long_name, ost_error_t *err)
{
    const ost_dimension_t *const dims[] = { dim };
    hid_t id = ost_results_dataset(self, self->file, name, type, 1, dims, NULL, long_name, err);
    if (id < 0) return OST_ERR_IO;
    bool ok = H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    ok = H5Dclose(id) >= 0 && ok;
    return ok ? 0 : ost_writer_fail(self, name, err);
}

static int write_failures(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->plan->experiment;
    size_t n = self->n_failures;
    if (n == 0) return 0;
    ost_dimension_t dim = { .name = "failure", .n = n, .scale = -1 };
    const char **arms = calloc(n, sizeof *arms), **texts = calloc(n, sizeof *texts);
    int64_t *subjects = calloc(n, sizeof *subjects), *numbers = calloc(n, sizeof *numbers);
    int ret = arms == NULL || texts == NULL || subjects == NULL || numbers == NULL ? no_memory(err) : 0;
    for (size_t i = 0; i < n && ret == 0; i++) {
        arms[i] = e->arms[self->failures[i].arm].name;
        texts[i] = self->failures[i].text;
        subjects[i] = (int64_t) (e->first_subject + self->failures[i].position);
        numbers[i] = (int64_t) i;
    }
    if (ret == 0) {
        ret = ost_results_coordinate(
            self, &dim, H5T_NATIVE_INT64, numbers, "1", "failed subject-arms, the first by subject number", err);
    }
    if (ret == 0) {
        ret = write_failure_column(self, &dim, "failure_subject", H5T_NATIVE_INT64, subjects, "subject number", err);
    }
    if (ret == 0) ret = write_failure_column(self, &dim, "failure_arm", self->text_type, arms, "treatment arm", err);
    if (ret == 0) {
        ret = write_failure_column(self, &dim, "failure_message", self->text_type, texts, "what happened", err);
    }
    if (dim.scale >= 0 && H5Dclose(dim.scale) < 0 && ret == 0) ret = ost_writer_fail(self, "failure", err);
    free(arms);
    free(texts);
    free(subjects);
    free(numbers);
    return ret;
}

static int write_periodic_error(ost_writer_t *self, const ost_cohort_summary_t *summary, ost_error_t *err)
{
    for (size_t v = 0; summary->periodic_error != NULL && v < self->plan->n_variables; v++) {
        const ost_variable_t *variable = &self->plan->variables[v];
        if (ost_h5_set_doubles(self->variables[v], "periodic_error_percent", summary->periodic_error + variable->first,
                variable->n_elements) != 0) {
            return ost_writer_fail(self, variable->name, err);
        }
    }
    return 0;
}

static int write_summary(ost_writer_t *self, const ost_cohort_summary_t *s, ost_error_t *err)
{
    const ost_solver_stats_t *stats = &s->stats;
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = { { "n_done", self->n_done }, { "n_failed", s->failures }, { "interrupted", s->interrupted },
        { "threads", (uint64_t) s->n_threads }, { "steps", stats->steps }, { "rejected", stats->rejected },
        { "rhs", stats->rhs }, { "jacobians", stats->jacobians }, { "factorisations", stats->factorisations },
        { "events", stats->events }, { "switches_located", stats->switches_located },
        { "doses_skipped", stats->doses_skipped }, { "run_in_steps", s->run_in_steps },
        { "n_periodic_probed", s->n_periodic_probed } };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (ost_h5_set_count(self->file, counts[i].name, counts[i].value) != 0) {
            return ost_writer_fail(self, counts[i].name, err);
        }
    }
    if (ost_h5_set_text(self->file, "isa", ost_isa_name(s->isa)) != 0 ||
        ost_h5_set_doubles(self->file, "seconds_wall", &s->seconds_wall, 1) != 0 ||
        ost_h5_set_doubles(self->file, "seconds_cpu", &s->seconds_cpu, 1) != 0) {
        return ost_writer_fail(self, "isa", err);
    }
    return write_periodic_error(self, s, err);
}

static int close_id(hid_t *id, herr_t (*close_it)(hid_t))
{
    int ret = *id >= 0 && close_it(*id) < 0 ? -1 : 0;
    *id = -1;
    return ret;
}

/* @return 0, or -1 if anything could not be written out; the ids are gone in any case */
static int close_datasets(ost_writer_t *self)
{
    int ret = 0;
    for (size_t i = 0; self->variables != NULL && i < self->plan->n_variables; i++) {
        ret |= close_id(&self->variables[i], H5Dclose);
    }
    for (size_t i = 0; self->covariates != NULL && i < self->plan->experiment->n_covariates; i++) {
        ret |= close_id(&self->covariates[i], H5Dclose);
    }
    for (size_t i = 0; self->params != NULL && i < self->plan->n_params; i++)
        ret |= close_id(&self->params[i], H5Dclose);
    for (size_t i = 0; i < self->n_dimensions; i++) ret |= close_id(&self->dimensions[i].scale, H5Dclose);
    ret |=
        close_id(&self->status, H5Dclose) | close_id(&self->n_steps, H5Dclose) | close_id(&self->n_rejected, H5Dclose);
    return ret;
}

static int close_file(ost_writer_t *self)
{
    int ret = close_datasets(self);
    ret |= close_id(&self->parameters, H5Gclose) | close_id(&self->text_type, H5Tclose);
    ret |= close_id(&self->access, H5Pclose);
    return ret | close_id(&self->file, H5Fclose);
}

/* The descriptor below HDF5, -1 if it cannot be had. */
static int descriptor(const ost_writer_t *self)
{
    void *handle = NULL;
    if (self->file < 0 || H5Fget_vfd_handle(self->file, H5P_DEFAULT, &handle) < 0 || handle == NULL) return -1;
    return *(int *) handle;
}

/* HDF5 1.10.8 does not recover from a full disk while it writes out what it holds: it keeps the file, and crashes when
 * the program ends. So the room is taken first, with some for what it has not placed yet. */
static int take_room(const ost_writer_t *self, ost_error_t *err)
{
    hsize_t size = 0;
    int fd = descriptor(self);
    if (fd < 0 || H5Fget_filesize(self->file, &size) < 0) return 0;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t) size + SPARE_BYTES) == 0) return 0;
    if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG) return 0; /* this file system cannot tell */
    return ost_fail_at(err, OST_ERR_IO, self->part, 0, 0, "cannot be written out: %s", strerror(errno));
}

/* Of a file that could not be written, HDF5 would go on to write what it holds when it is closed. That goes into memory
 * that is thrown away, and the file, which nothing could read, is removed. */
static void abandon(const ost_writer_t *self)
{
    int fd = descriptor(self), sink = fd >= 0 ? memfd_create("osteon", MFD_CLOEXEC) : -1;
    unlink(self->part);
    if (sink < 0) return;
    dup2(sink, fd);
    close(sink);
}

/* The file's bytes on the disk, then its name, then the folder that holds the name. */
static int publish(const ost_writer_t *self, ost_error_t *err)
{
    struct stat st;
    int fd = open(self->part, O_WRONLY);
    bool ok =
        fd >= 0 && fstat(fd, &st) == 0 && ftruncate(fd, st.st_size) == 0 /* gives back spare room */ && fsync(fd) == 0;
    int reason = errno;
    if (fd >= 0) close(fd);
    if (!ok) return ost_fail_at(err, OST_ERR_IO, self->part, 0, 0, "cannot be kept on disk: %s", strerror(reason));
    if (rename(self->part, self->path) != 0) {
        return ost_fail_at(
            err, OST_ERR_IO, self->path, 0, 0, "cannot be renamed from %s: %s", self->part, strerror(errno));
    }
    char *folder = ost_file_beside(self->path, ".");
    fd = folder != NULL ? open(folder, O_RDONLY) : -1;
    if (fd >= 0) {
        (void) !fsync(fd); /* some file systems refuse this for a folder; the data are safe */
        close(fd);
    }
    free(folder);
    return 0;
}

int ost_writer_finish(ost_writer_t *self, const ost_cohort_summary_t *summary, ost_error_t *err)
{
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    int ret = fill_gaps(self, err);
    if (ret == 0) ret = write_failures(self, err);
    if (ret == 0) ret = write_summary(self, summary, err);
    if (ret == 0) ret = take_room(self, err);
    if (ret == 0 && close_datasets(self) != 0) ret = ost_h5_fail(err, OST_ERR_IO, self->part, "cannot be written out");
    if (ret == 0) ret = take_room(self, err);
    if (ret == 0 && H5Fflush(self->file, H5F_SCOPE_GLOBAL) < 0) {
        ret = ost_h5_fail(err, OST_ERR_IO, self->part, "cannot be written out");
    }
    if (ret == 0 && close_file(self) != 0) ret = ost_h5_fail(err, OST_ERR_IO, self->part, "cannot be closed");
    if (ret == 0) ret = publish(self, err);
    self->is_broken = self->is_broken || ret != 0;
    ost_h5_leave(&handler);
    return ret;
}

void ost_writer_delete(ost_writer_t *self)
{
    if (self == NULL) return;
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    if (self->is_broken) abandon(self);
    close_file(self);
    ost_h5_leave(&handler);
    for (size_t i = 0; i < self->n_failures; i++) free(self->failures[i].text);
    free(self->failures);
    free(self->dimensions);
    free(self->variables);
    free(self->covariates);
    free(self->params);
    free(self->buffer);
    free(self->path);
    free(self->part);
    free(self);
}
