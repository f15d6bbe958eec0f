/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a result file. Takes a journal, gives an HDF5 file in one pass by one thread: datasets by layout.c, chunks as
 * they stand in the journal, columns of many blocks in one go. */
#include "core/file.h"
#include "results/results_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* HDF5 reads and rewrites this much around each smaller piece (64 KB if not told): good for single numbers, not for the
 * rows of outputs. */
#define SIEVE_BYTES 4096
/* Of chunks of columns, which are written whole, HDF5 would hold 1 MB for each of them; and places in its table. */
#define CHUNK_CACHE_BYTES (OST_HELD_SUBJECTS * sizeof(double))
#define CHUNK_CACHE_PLACES 521
/* Of the index of chunks: what is in use (a few nodes for each row of outputs), the least and the most. */
#define CACHE_BYTES_OF_ROW 12288
#define CACHE_BYTES_MIN (1 << 18)
#define CACHE_BYTES_MAX (1 << 25)
/* What a file takes besides what the journal holds: for each chunk its place in the index. */
#define SPARE_BYTES_OF_CHUNK 160
/* Of what is kept of a value over subjects: quantiles and numbers, of values and of changes. */
#define BYTES_OF_SUMMARY (2 * (OST_N_LEVELS + 3) * sizeof(double))

/* Columns of successive blocks. */
typedef struct {
    double *values; /* [n_columns][OST_HELD_SUBJECTS] */
    uint64_t first; /* subject */
    size_t n;       /* subjects */
} held_t;

/* HDF5 lets what it holds of chunk indices grow with the file, to 32 MB, which take five times that. Blocks come in
 * order, so that what is in use is little. */
static herr_t limit_cache(const ost_writer_t *self, hid_t access)
{
    H5AC_cache_config_t config = { .version = H5AC__CURR_CACHE_CONFIG_VERSION };
    if (H5Pget_mdc_config(access, &config) < 0) return -1;
    size_t size = 0;
    for (size_t p = 0; p < self->n_parts && size < CACHE_BYTES_MAX; p++)
        size += ost_journal_part(self->journal, p)->columns->n_chunks * CACHE_BYTES_OF_ROW;
    if (size < CACHE_BYTES_MIN) size = CACHE_BYTES_MIN;
    if (size > CACHE_BYTES_MAX) size = CACHE_BYTES_MAX;
    config.set_initial_size = true;
    config.initial_size = config.min_size = config.max_size = size;
    return H5Pset_mdc_config(access, &config);
}

double ost_results_room(const ost_columns_t *columns, ost_keep_t keep)
{
    const ost_experiment_t *e = columns->plan->experiment;
    if (keep != OST_KEEP_SUBJECTS) return (double) (columns->n_chunks * e->n_times) * BYTES_OF_SUMMARY;
    const double n_subjects = (double) e->n_subjects;
    return n_subjects * (double) (columns->n_columns + 1) * sizeof(double) +
           (n_subjects / OST_COHORT_BLOCK + 1) * (double) columns->n_chunks * SPARE_BYTES_OF_CHUNK;
}

/* HDF5 1.10.8 does not recover from a full disk: it keeps the file, and crashes when the program ends. So the room is
 * taken first. @param fd  of the file: the system keeps the room for it, where it can */
static int take_room(const ost_writer_t *self, int fd, ost_error_t *err)
{
    struct rlimit most;
    struct statvfs disk;
    const bool has_subjects = self->keep == OST_KEEP_SUBJECTS;
    double bytes = OST_RESULTS_SPARE_BYTES + (has_subjects ? (double) ost_journal_bytes(self->journal) : 0);
    for (size_t p = 0; p < self->n_parts; p++)
        bytes += ost_results_room(ost_journal_part(self->journal, p)->columns, self->keep);
    bool ok = getrlimit(RLIMIT_FSIZE, &most) != 0 || most.rlim_cur == RLIM_INFINITY || bytes <= (double) most.rlim_cur;
    if (!ok) errno = EFBIG;
    if (ok && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t) bytes) != 0) {
        ok = errno != ENOSPC && errno != EDQUOT && errno != EFBIG; /* else this file system cannot tell */
        if (ok && fstatvfs(fd, &disk) == 0) ok = bytes <= (double) disk.f_bavail * (double) disk.f_frsize;
        if (!ok && errno != EDQUOT && errno != EFBIG) errno = ENOSPC;
    }
    if (ok) return 0;
    return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "%.*f MB cannot be written: %s", bytes < 1e9 ? 2 : 0,
        bytes / 1e6, strerror(errno));
}

/* Before HDF5 has anything in hand that it could not write out. */
static int check_room(const ost_writer_t *self, ost_error_t *err)
{
    unlink(self->path); /* of a run that was killed while it wrote */
    int fd = open(self->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return ost_fail_at(err, OST_ERR_IO, self->path, 0, 0, "cannot be created: %s", strerror(errno));
    int ret = take_room(self, fd, err);
    close(fd);
    return ret;
}

static int create(ost_writer_t *self, ost_error_t *err)
{
    int ret = check_room(self, err);
    if (ret < 0) return ret;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    bool ok = access >= 0 && H5Pset_sieve_buf_size(access, SIEVE_BYTES) >= 0 &&
              H5Pset_cache(access, 0, CHUNK_CACHE_PLACES, CHUNK_CACHE_BYTES, 1) >= 0 && limit_cache(self, access) >= 0;
    ret = ost_writer_create(self, ok ? access : -1, err);
    OST_H5_CLOSE(access);
    if (ret < 0) return ret;
    void *fd = NULL;
    bool has_fd = H5Fget_vfd_handle(self->file, H5P_DEFAULT, &fd) >= 0 && fd != NULL;
    return has_fd ? take_room(self, *(int *) fd, err) : 0;
}

static const ost_target_t *target_of(const ost_writer_t *self, size_t p)
{
    return &self->targets[p < self->n_plans ? p : 0];
}

static int write_chunks(ost_writer_t *self, size_t p, uint64_t first, const ost_kept_view_t *block, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[p].plan;
    const ost_target_t *target = target_of(self, p);
    const char *chunk = block->chunks;
    size_t k = 0;
    if (ost_journal_part(self->journal, p)->columns->n_chunks == 0) return 0;
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        for (size_t i = 0; i < plan->experiment->n_arms * variable->n_elements; i++, chunk += block->sizes[k++]) {
            ost_slab_t at = ost_results_row(self, p, v, i);
            ost_slab_add(&at, first, 1);
            ost_slab_add(&at, 0, 1);
            if (H5Dwrite_chunk(target->variables[v], H5P_DEFAULT, 0, at.start, block->sizes[k], chunk) < 0)
                return ost_writer_fail(self, variable->name, err);
        }
    }
    return 0;
}

static const char *name_of(const ost_writer_t *self, hid_t id)
{
    size_t i = 0;
    while (self->datasets[i].id != id) i++;
    return self->datasets[i].name;
}

/* All that is held of the columns of a part. */
static int write_columns(ost_writer_t *self, size_t p, held_t *held, ost_error_t *err)
{
    const ost_columns_t *columns = ost_journal_part(self->journal, p)->columns;
    const ost_target_t *target = target_of(self, p);
    for (size_t c = 0; c < columns->n_columns && held->n > 0; c++) {
        const ost_column_t *column = &columns->columns[c];
        ost_slab_t at = { 0 };
        if (target->columns[c] < 0) continue;
        if (ost_results_is_in_front(self, column)) at = ost_results_front_place(self, p);
        if (column->arm >= 0) ost_slab_add(&at, target->arm[column->arm], 1);
        ost_slab_add(&at, held->first, held->n);
        if (ost_h5_transfer(target->columns[c], self->transfer, &at, NULL, held->values + c * OST_HELD_SUBJECTS) != 0)
            return ost_writer_fail(self, name_of(self, target->columns[c]), err);
    }
    held->n = 0;
    return 0;
}

static int hold(
    ost_writer_t *self, size_t p, uint64_t first, const ost_kept_view_t *block, held_t *held, ost_error_t *err)
{
    size_t n_columns = ost_journal_part(self->journal, p)->columns->n_columns, n = block->counts->n_subjects;
    bool follows = first == held->first + held->n && held->n + n <= OST_HELD_SUBJECTS;
    int ret = follows ? 0 : write_columns(self, p, held, err);
    if (ret < 0) return ret;
    if (held->n == 0) held->first = first;
    for (size_t c = 0; c < n_columns; c++)
        memcpy(held->values + c * OST_HELD_SUBJECTS + held->n, block->columns + c * n, n * sizeof(double));
    held->n += n;
    return 0;
}

static int write_part(ost_writer_t *self, size_t p, ost_error_t *err)
{
    const ost_columns_t *columns = ost_journal_part(self->journal, p)->columns;
    uint64_t n_subjects = columns->plan->experiment->n_subjects;
    ost_journal_buffer_t buffer = { 0 };
    held_t held = { .values = malloc((columns->n_columns + 1) * OST_HELD_SUBJECTS * sizeof(double)) };
    int ret = held.values != NULL ? 0 : ost_no_memory(err);
    for (uint64_t first = 0; first < n_subjects && ret == 0; first += OST_COHORT_BLOCK) {
        ost_kept_view_t block;
        ret = ost_journal_read(self->journal, p, (size_t) (first / OST_COHORT_BLOCK), &buffer, &block, err);
        if (ret == 0) ret = write_chunks(self, p, first, &block, err);
        if (ret == 0) ret = hold(self, p, first, &block, &held, err);
        if (ret > 0) ret = 0;
    }
    if (ret == 0) ret = write_columns(self, p, &held, err);
    free(held.values);
    free(buffer.body);
    return ret;
}

/* Of several plans, who it was goes into the text. */
static int write_failures(ost_writer_t *self, ost_error_t *err)
{
    ost_failed_t f;
    ost_dimension_t dim = { .name = "failure", .scale = -1 };
    for (size_t p = 0; p < self->n_parts; p++)
        for (size_t i = 0; ost_journal_failure(self->journal, p, i, &f); i++) dim.n++;
    if (dim.n == 0) return 0;
    ost_text_list_t texts = { 0 };
    int64_t *numbers = ost_memory_list(&self->memory, dim.n, sizeof(*numbers));
    int64_t *subjects = ost_memory_list(&self->memory, dim.n, sizeof(*subjects));
    const char **arms = ost_memory_list(&self->memory, dim.n, sizeof(*arms));
    int ret = self->memory.failed ? ost_no_memory(err) : 0;
    for (size_t p = 0, n = 0; p < self->n_parts; p++) {
        for (size_t i = 0; ret == 0 && ost_journal_failure(self->journal, p, i, &f); i++, n++) {
            numbers[n] = (int64_t) n;
            subjects[n] = (int64_t) f.subject;
            arms[n] = f.arm;
            char name[200];
            if (self->n_front == 0)
                ret = ost_text_list_add(&texts, "%s", f.message);
            else
                ret = ost_text_list_add(&texts, "%s, arm '%s', subject %" PRIu64 ": %s",
                    ost_results_part_name(self, p, name, sizeof(name)), f.arm, f.subject, f.message);
            if (ret < 0) ost_no_memory(err);
        }
    }
    const ost_values_t columns[] = {
        { "failure_subject", H5T_NATIVE_INT64, subjects, NULL, "subject number" },
        { "failure_arm", self->text_type, arms, NULL, "treatment arm" },
        { "failure_message", self->text_type, texts.items, NULL, "what happened" },
    };
    const ost_values_t own = { dim.name, H5T_NATIVE_INT64, numbers, "1",
        "failed subject-arms, the first by subject number" };
    if (ret == 0) ret = ost_results_coordinate(self, &dim, &own, err);
    for (size_t i = self->n_front == 0 ? 0 : 2; i < 3 && ret == 0; i++)
        ret = ost_results_values(self, &dim, &columns[i], err) < 0 ? OST_ERR_IO : 0;
    ost_text_list_free(&texts);
    return ret;
}

/* One number an element to each variable. @param values  [n_outputs], NULL: none */
static int write_errors(ost_writer_t *self, const char *name, const double *values, ost_error_t *err)
{
    for (size_t v = 0; values != NULL && v < self->parts[0].plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &self->parts[0].plan->outputs->variables[v];
        const hid_t id = self->targets[0].variables[v * (self->keep == OST_KEEP_QUANTILES ? OST_N_SUMMARIES : 1)];
        if (ost_h5_set_doubles(id, name, values + variable->first, variable->n_elements) != 0)
            return ost_writer_fail(self, variable->name, err);
    }
    return 0;
}

/* What periodic dosing costs in the worst of all subjects. */
static int write_periodic_errors(ost_writer_t *self, const ost_cohort_summary_t *s, ost_error_t *err)
{
    const size_t n_outputs = self->parts[0].plan->system->n_outputs;
    double *errors = malloc((n_outputs + 1) * sizeof(*errors));
    if (errors == NULL) return ost_no_memory(err);
    for (size_t o = 0; o < n_outputs; o++) errors[o] = ost_cohort_summary_periodic_error(s, o);
    int ret = write_errors(self, "periodic_error_percent", errors, err);
    free(errors);
    if (ret == 0 && ost_h5_set_doubles(self->file, "periodic_probed_share", &s->periodic_share, 1) != 0)
        ret = ost_writer_fail(self, "periodic_probed_share", err);
    return ret;
}

/* Of several models, the fewest. */
static int write_eligible(const ost_writer_t *self, ost_error_t *err)
{
    uint64_t n_eligible = UINT64_MAX;
    for (size_t p = 0; p < self->n_parts; p++) {
        const ost_cohort_summary_t *sums = &ost_journal_part(self->journal, p)->sums;
        uint64_t n = sums->subjects - sums->not_eligible;
        if (n < n_eligible) n_eligible = n;
    }
    if (self->parts[0].plan->experiment->eligible == NULL) return 0;
    return ost_h5_set_count(self->file, "n_eligible", n_eligible) == 0 ? 0 : ost_writer_fail(self, "n_eligible", err);
}

static int write_summary(ost_writer_t *self, ost_error_t *err)
{
    const ost_cohort_summary_t *s = &ost_journal_part(self->journal, 0)->sums;
    const ost_solver_stats_t *stats = &s->stats;
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = { { "n_done", s->subjects }, { "n_resumed", ost_journal_part(self->journal, 0)->n_resumed },
        { "n_failed", s->failures }, { "interrupted", s->subjects < self->parts[0].plan->experiment->n_subjects },
        { "threads", (uint64_t) s->n_threads }, { "steps", stats->steps }, { "rejected", stats->rejected },
        { "rhs", stats->rhs }, { "jacobians", stats->jacobians }, { "factorisations", stats->factorisations },
        { "events", stats->events }, { "switches_located", stats->switches_located },
        { "doses_skipped", stats->doses_skipped }, { "run_in_steps", s->run_in_steps },
        { "n_periodic_probed", s->n_periodic_probed }, { "n_solver_probed", s->n_solver_probed } };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (ost_h5_set_count(self->file, counts[i].name, counts[i].value) != 0)
            return ost_writer_fail(self, counts[i].name, err);
    }
    if (ost_h5_set_doubles(self->file, "seconds_wall", &s->seconds_wall, 1) != 0 ||
        ost_h5_set_doubles(self->file, "seconds_cpu", &s->seconds_cpu, 1) != 0) {
        return ost_writer_fail(self, "seconds_wall", err);
    }
    int ret = write_eligible(self, err);
    if (ret == 0) ret = write_periodic_errors(self, s, err);
    return ret == 0 ? write_errors(self, "solver_error_percent", s->solver_error, err) : ret;
}

/* How far several plans were run: the least, and all failures. */
static int write_counts(ost_writer_t *self, ost_error_t *err)
{
    uint64_t n_failed = 0, n_done = self->parts[0].plan->experiment->n_subjects;
    for (size_t p = 0; p < self->n_parts; p++) {
        const ost_cohort_summary_t *sums = &ost_journal_part(self->journal, p)->sums;
        n_failed += sums->failures;
        if (sums->subjects < n_done) n_done = sums->subjects;
    }
    if (ost_h5_set_count(self->file, "n_failed", n_failed) == 0 && ost_h5_set_count(self->file, "n_done", n_done) == 0)
        return write_eligible(self, err);
    return ost_writer_fail(self, "n_failed", err);
}

/* @return 0, or -1 if anything could not be written out; the ids are gone in any case */
static int close_file(ost_writer_t *self)
{
    int ret = 0;
    for (size_t i = 0; i < self->n_datasets; i++) ret |= H5Dclose(self->datasets[i].id);
    self->n_datasets = 0;
    if (self->parameters >= 0) ret |= H5Gclose(self->parameters);
    if (self->text_type >= 0) ret |= H5Tclose(self->text_type);
    if (self->transfer >= 0) ret |= H5Pclose(self->transfer);
    if (self->file >= 0) ret |= H5Fclose(self->file);
    self->file = self->text_type = self->transfer = self->parameters = -1;
    return ret < 0 ? -1 : 0;
}

/* A file that is complete: its seal, its bytes on the disk, then the name `to`, then the folder that holds the name. */
static int publish(const char *from, const char *to, ost_error_t *err)
{
    struct stat st;
    int fd = open(from, O_RDWR | O_CLOEXEC);
    int ret = fd >= 0 ? ost_results_seal(fd, from, err) : 0;
    bool ok =
        fd >= 0 && fstat(fd, &st) == 0 && ftruncate(fd, st.st_size) == 0 /* gives back spare room */ && fsync(fd) == 0;
    int reason = errno;
    if (fd >= 0) close(fd);
    if (ret < 0) return ret;
    if (!ok) return ost_fail_at(err, OST_ERR_IO, from, 0, 0, "cannot be kept on disk: %s", strerror(reason));
    if (rename(from, to) != 0)
        return ost_fail_at(err, OST_ERR_IO, to, 0, 0, "cannot be renamed from %s: %s", from, strerror(errno));
    ost_file_sync_folder(to);
    return 0;
}

static int write_all(ost_writer_t *self, ost_error_t *err)
{
    int ret = create(self, err);
    if (ret == 0) ret = ost_results_layout(self, err);
    for (size_t p = 0; p < self->n_parts && ret == 0 && self->keep == OST_KEEP_SUBJECTS; p++)
        ret = write_part(self, p, err);
    if (ret == 0 && self->keep == OST_KEEP_QUANTILES) ret = ost_results_write_summaries(self, err);
    if (ret == 0) ret = write_failures(self, err);
    if (ret == 0 && (self->sweep != NULL || self->keep == OST_KEEP_QUANTILES))
        ret = ost_results_write_endpoints(self, err);
    if (ret == 0) ret = self->n_front == 0 ? write_summary(self, err) : write_counts(self, err);
    return ret;
}

int ost_writer_create(ost_writer_t *self, hid_t access, ost_error_t *err)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t properties = H5Pcreate(H5P_FILE_CREATE);
    self->text_type = ost_h5_text_type();
    self->transfer = ost_h5_small_transfer();
    if (properties >= 0 && access >= 0 && self->text_type >= 0 && self->transfer >= 0 &&
        H5Pset_link_creation_order(properties, order) >= 0 && H5Pset_attr_creation_order(properties, order) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        self->file = H5Fcreate(self->path, H5F_ACC_TRUNC, properties, access);
    OST_H5_CLOSE(properties);
    return self->file >= 0 ? 0 : ost_h5_fail(err, OST_ERR_IO, self->path, "cannot be created");
}

int ost_writer_run(ost_writer_t *self, const char *path, int (*write)(ost_writer_t *, ost_error_t *), ost_error_t *err)
{
    ost_h5_handler_t handler;
    if (asprintf(&self->path, "%s.new", path) < 0) {
        ost_memory_free(&self->memory);
        return ost_no_memory(err);
    }
    ost_h5_enter(&handler);
    int ret = write(self, err);
    bool is_closed = close_file(self) == 0;
    if (ret == 0 && !is_closed) ret = ost_h5_fail(err, OST_ERR_IO, self->path, "cannot be written out");
    ost_h5_leave(&handler);
    if (ret == 0) ret = publish(self->path, path, err);
    if (ret != 0) unlink(self->path);
    for (size_t i = 0; i < self->n_dimensions; i++) free(self->dimensions[i].texts);
    free(self->path);
    ost_memory_free(&self->memory);
    return ret;
}

int ost_results_write(const ost_journal_t *journal, const char *path, ost_error_t *err)
{
    ost_writer_t self = { .journal = journal, OST_WRITER_IDS };
    self.parts = ost_journal_parts(journal, &self.n_parts);
    self.sweep = self.parts[0].sweep;
    self.keep = ost_part_keep(self.parts);
    self.n_plans = ost_columns_n(self.parts, self.n_parts);
    self.targets = ost_memory_list(&self.memory, self.n_plans, sizeof(*self.targets));
    return self.targets != NULL ? ost_writer_run(&self, path, write_all, err) : ost_no_memory(err);
}
