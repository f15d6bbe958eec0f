/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cohort/cohort.h"
#include "core/file.h"
#include "core/text.h"
#include "input/yaml.h"
#include "results/results.h"
#include "results/results_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* HDF5 reads and rewrites this much around each smaller piece (64 KB if not told): good for single numbers, not for the
 * rows of outputs. */
#define SIEVE_BYTES 4096
/* Of the index of chunks: what is in use (a few nodes for each row of outputs), the least and the most. */
#define CACHE_BYTES_OF_ROW 12288
#define CACHE_BYTES_MIN (1 << 18)
#define CACHE_BYTES_MAX (1 << 25)
/* Room for what HDF5 places only when it writes it out: trees of attributes and chunks. */
#define SPARE_BYTES (1 << 20)

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

/* HDF5 lets what it holds of chunk indices grow with the file, to 32 MB, which take five times that. Blocks come nearly
 * in order, so that what is in use is little. */
static herr_t limit_cache(const ost_plan_t *plan, hid_t access)
{
    H5AC_cache_config_t config = { .version = H5AC__CURR_CACHE_CONFIG_VERSION };
    if (H5Pget_mdc_config(access, &config) < 0) return -1;
    size_t rows = 0;
    for (size_t v = 0; v < plan->n_variables; v++) rows += plan->variables[v].n_elements;
    size_t size = rows * plan->experiment->n_arms * CACHE_BYTES_OF_ROW;
    if (size < CACHE_BYTES_MIN) size = CACHE_BYTES_MIN;
    if (size > CACHE_BYTES_MAX) size = CACHE_BYTES_MAX;
    config.set_initial_size = true;
    config.initial_size = config.min_size = config.max_size = size;
    return H5Pset_mdc_config(access, &config);
}

static int open_file(ost_writer_t *self, ost_error_t *err)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t create = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    if (create >= 0 && access >= 0 && H5Pset_link_creation_order(create, order) >= 0 &&
        H5Pset_attr_creation_order(create, order) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 && H5Pset_sieve_buf_size(access, SIEVE_BYTES) >= 0 &&
        limit_cache(self->plan, access) >= 0) {
        self->file = self->resumes ? H5Fopen(self->source, H5F_ACC_RDWR, access)
                                   : H5Fcreate(self->part, H5F_ACC_TRUNC, create, access);
    }
    if (create >= 0) H5Pclose(create);
    if (access >= 0) H5Pclose(access);
    if (self->file >= 0) return 0;
    if (self->resumes) return ost_h5_fail(err, OST_ERR_FORMAT, self->source, "cannot be resumed");
    return ost_h5_fail(err, OST_ERR_IO, self->part, "cannot be created");
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
    self->began = new_ids(plan->n_schedules);
    self->ended = new_ids(plan->n_schedules);
    self->failures = calloc(OST_MAX_FAILURES + 1, sizeof *self->failures);
    if (self->path == NULL || self->part == NULL || self->variables == NULL || self->covariates == NULL ||
        self->params == NULL || self->began == NULL || self->ended == NULL || self->failures == NULL) {
        return ost_no_memory(err);
    }
    snprintf(self->part, size, "%s.part", path);
    self->source = access(self->part, F_OK) == 0 ? self->part : self->path;
    self->resumes = self->resumes && access(self->source, F_OK) == 0;
    int ret = self->resumes ? 0 : check_target(self, err);
    if (ret == 0) ret = open_file(self, err);
    if (ret == 0) ret = ost_results_layout(self, err);
    if (ret == 0) ret = ost_writer_hold_new(self, err);
    if (ret == 0 && !self->resumes) ret = ost_writer_flush(self, err); /* readable from now on */
    if (ret == 0 && self->resumes && self->source != self->part && rename(self->path, self->part) != 0) {
        ret =
            ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be renamed to %s: %s", self->part, strerror(errno));
    }
    return ret;
}

static int open_writer(ost_writer_t **self, const char *path, const ost_plan_t *plan, bool resumes, ost_error_t *err)
{
    ost_h5_handler_t handler;
    *self = calloc(1, sizeof **self);
    if (*self == NULL) return ost_no_memory(err);
    ost_writer_t *w = *self;
    w->plan = plan;
    w->resumes = resumes;
    w->file = w->text_type = w->parameters = w->status = w->n_steps = w->n_rejected = -1;
    ost_h5_enter(&handler);
    int ret = create(w, path, err);
    w->is_broken = ret != 0;
    w->has_checkpoint = w->resumes;
    ost_h5_leave(&handler);
    if (ret != 0) {
        ost_writer_delete(w);
        *self = NULL;
    }
    return ret;
}

int ost_writer_new(ost_writer_t **self, const char *path, const ost_plan_t *plan, ost_error_t *err)
{
    return open_writer(self, path, plan, false, err);
}

int ost_writer_resume(ost_writer_t **self, const char *path, const ost_plan_t *plan, ost_error_t *err)
{
    return open_writer(self, path, plan, true, err);
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
    int ret = arms == NULL || texts == NULL || subjects == NULL || numbers == NULL ? ost_no_memory(err) : 0;
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

/* One number an element to each variable. @param values  [n_outputs], NULL: none */
static int write_errors(ost_writer_t *self, const char *name, const double *values, ost_error_t *err)
{
    for (size_t v = 0; values != NULL && v < self->plan->n_variables; v++) {
        const ost_variable_t *variable = &self->plan->variables[v];
        if (ost_h5_set_doubles(self->variables[v], name, values + variable->first, variable->n_elements) != 0) {
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
    } counts[] = { { "n_done", self->n_done }, { "n_resumed", self->n_resumed }, { "n_failed", s->failures },
        { "interrupted", s->interrupted }, { "threads", (uint64_t) s->n_threads }, { "steps", stats->steps },
        { "rejected", stats->rejected }, { "rhs", stats->rhs }, { "jacobians", stats->jacobians },
        { "factorisations", stats->factorisations }, { "events", stats->events },
        { "switches_located", stats->switches_located }, { "doses_skipped", stats->doses_skipped },
        { "run_in_steps", s->run_in_steps }, { "n_periodic_probed", s->n_periodic_probed },
        { "n_solver_probed", s->n_solver_probed } };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (ost_h5_set_count(self->file, counts[i].name, counts[i].value) != 0) {
            return ost_writer_fail(self, counts[i].name, err);
        }
    }
    if (ost_h5_set_doubles(self->file, "seconds_wall", &s->seconds_wall, 1) != 0 ||
        ost_h5_set_doubles(self->file, "seconds_cpu", &s->seconds_cpu, 1) != 0) {
        return ost_writer_fail(self, "seconds_wall", err);
    }
    int ret = write_errors(self, "periodic_error_percent", s->periodic_error, err);
    return ret == 0 ? write_errors(self, "solver_error_percent", s->solver_error, err) : ret;
}

static int close_id(hid_t *id, herr_t (*close_it)(hid_t))
{
    int ret = *id >= 0 && close_it(*id) < 0 ? -1 : 0;
    *id = -1;
    return ret;
}

/* Schedules of one name share their datasets. */
static int close_schedules(ost_writer_t *self)
{
    int ret = 0;
    for (size_t i = 0; self->began != NULL && self->ended != NULL && i < self->plan->n_schedules; i++) {
        if (ost_results_first_schedule(self->plan, i) != i) continue;
        ret |= close_id(&self->began[i], H5Dclose) | close_id(&self->ended[i], H5Dclose);
    }
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
    ret |= close_schedules(self);
    ret |=
        close_id(&self->status, H5Dclose) | close_id(&self->n_steps, H5Dclose) | close_id(&self->n_rejected, H5Dclose);
    return ret;
}

static int close_file(ost_writer_t *self)
{
    int ret = close_datasets(self);
    ret |= close_id(&self->parameters, H5Gclose) | close_id(&self->text_type, H5Tclose);
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

/* The system starts to write to the disk now, beside the run, so that the end has little left to wait for. */
int ost_writer_flush(const ost_writer_t *self, ost_error_t *err)
{
    int ret = take_room(self, err), fd = descriptor(self);
    if (ret == 0 && H5Fflush(self->file, H5F_SCOPE_GLOBAL) < 0) {
        ret = ost_h5_fail(err, OST_ERR_IO, self->part, "cannot be written out");
    }
    if (ret == 0 && fd >= 0) (void) !sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return ret;
}

/* Of a file that could not be written, HDF5 would go on to write what it holds when it is closed. That goes into memory
 * that is thrown away, and the file, which nothing could read, is removed. */
static void abandon(const ost_writer_t *self)
{
    int fd = descriptor(self), sink = fd >= 0 ? memfd_create("osteon", MFD_CLOEXEC) : -1;
    if (!self->has_checkpoint) unlink(self->part);
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
    int ret = ost_writer_checkpoint(self, err);
    if (ret == 0) ret = write_failures(self, err);
    if (ret == 0) ret = write_summary(self, summary, err);
    if (ret == 0) ret = take_room(self, err);
    if (ret == 0 && close_datasets(self) != 0) ret = ost_h5_fail(err, OST_ERR_IO, self->part, "cannot be written out");
    if (ret == 0) ret = ost_writer_flush(self, err);
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
    free(self->began);
    free(self->ended);
    free(self->done);
    ost_writer_hold_free(self);
    ost_packer_delete(self->idle);
    free(self->path);
    free(self->part);
    free(self);
}
