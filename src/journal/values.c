/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See values.h. Takes values of points, gives records, and reads them again. */
#include "journal/values.h"

#include "core/file.h"
#include "journal/journal_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Begins the body of a BLOCK; then follow the numbers of the points, and their values, [n_values] of each. */
typedef struct {
    uint64_t n_values;
    ost_values_took_t took;
} ost_values_head_t;

struct ost_values_log {
    ost_record_t record;
    ost_values_t of;
};

/* One file that is read. */
typedef struct {
    const ost_values_t *to;
    const char *path, *purpose;
    ost_shard_t shard; /* that it has to be; n 0: any */
    bool has_identity;
    size_t n_points;
} reading_t;

void ost_values_take(ost_values_took_t *self, const ost_values_took_t *more)
{
    self->n_subjects = more->n_subjects;
    self->n_arms = more->n_arms;
    self->n_points += more->n_points;
    self->failures += more->failures;
    self->seconds_wall += more->seconds_wall;
    self->seconds_cpu += more->seconds_cpu;
    if (more->n_threads > self->n_threads) self->n_threads = more->n_threads;
    self->isa = more->isa;
    if (more->failures == 0 || more->first_failed >= self->first_failed) return;
    self->first_failed = more->first_failed;
    memcpy(self->first_failure, more->first_failure, sizeof(self->first_failure));
}

size_t ost_values_begin(ost_shard_t shard, size_t n_points)
{
    return ost_shard_begin(shard.i, shard.n, n_points);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int fail_damaged(const reading_t *self, ost_error_t *err)
{
    return ost_fail_at(err, OST_ERR_FORMAT, self->path, 0, 0,
        "is damaged, or is not a journal of an analysis, and cannot be %s", self->purpose);
}

static int visit_head(reading_t *self, const void *body, size_t length, ost_error_t *err)
{
    ost_shard_t shard = self->shard;
    int ret = ost_journal_read_head(&shard, &self->n_points, body, length, self->path, self->purpose, err);
    return ret > 0 ? fail_damaged(self, err) : ret;
}

static int visit_identity(reading_t *self, const void *body, size_t length, ost_error_t *err)
{
    ost_identity_t theirs;
    int ret = ost_identity_read(&theirs, body, length, err);
    if (ret == OST_ERR_FORMAT) ret = fail_damaged(self, err);
    if (ret == 0) ret = ost_identity_compare(self->to->identity, &theirs, self->purpose, self->path, err);
    if (ret == 0 && self->n_points != self->to->n_points)
        ret = ost_fail_at(err, OST_ERR_VALUE, self->path, 0, 0, "cannot be %s: it has %zu points, expected %zu",
            self->purpose, self->n_points, self->to->n_points);
    self->has_identity = ret == 0;
    ost_identity_free(&theirs);
    return ret;
}

static int visit_values(reading_t *self, const void *body, size_t length, ost_error_t *err)
{
    const ost_values_t *to = self->to;
    ost_values_head_t head;
    if (!self->has_identity || length < sizeof(head)) return fail_damaged(self, err);
    memcpy(&head, body, sizeof(head));
    const uint64_t n = head.took.n_points;
    if (n == 0 || n > to->n_points || head.n_values != to->n_values ||
        length != sizeof(head) + n * (1 + head.n_values) * sizeof(double))
        return fail_damaged(self, err);
    const char *numbers = (const char *) body + sizeof(head), *values = numbers + n * sizeof(uint64_t);
    head.took.first_failure[sizeof(head.took.first_failure) - 1] = '\0';
    for (uint64_t k = 0; k < n; k++) {
        uint64_t point;
        memcpy(&point, numbers + k * sizeof(point), sizeof(point));
        if (point >= to->n_points) return fail_damaged(self, err);
        if (to->done[point])
            return ost_fail_at(err, OST_ERR_VALUE, self->path, 0, 0,
                "cannot be %s: point %" PRIu64 " is in another file, or there twice; leave one of them out",
                self->purpose, point);
        to->done[point] = true;
        for (size_t i = 0; i < to->n_values; i++)
            memcpy(&to->values[i * to->n_points + point], values + (k * to->n_values + i) * sizeof(double),
                sizeof(double));
    }
    ost_values_take(to->took, &head.took);
    return 0;
}

static int visit(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    reading_t *self = user;
    (void) at;
    switch (head->kind) {
    case OST_RECORD_HEAD:
        return visit_head(self, body, head->length, err);
    case OST_RECORD_PART:
        return visit_identity(self, body, head->length, err);
    case OST_RECORD_BLOCK:
        return visit_values(self, body, head->length, err);
    default:
        return 0;
    }
}

static void forget(const ost_values_t *of)
{
    for (size_t p = 0; p < of->n_points; p++) of->done[p] = false;
    *of->took = (ost_values_took_t){ .first_failed = UINT64_MAX };
}

int ost_values_gather(const ost_values_t *to, const char *const *paths, size_t n_paths, bool is_whole, ost_error_t *err)
{
    int ret = 0;
    forget(to);
    for (size_t f = 0; f < n_paths && ret == 0; f++) {
        reading_t reading = { .to = to, .path = paths[f], .purpose = is_whole ? "merged" : "read" };
        ost_record_t record;
        int64_t end;
        ret = is_whole ? ost_record_open_read(&record, paths[f], err) : ost_record_open_watch(&record, paths[f], err);
        if (ret == 0) ret = ost_record_scan(&record, visit, &reading, &end, err);
        if (ret == 0 && !reading.has_identity) ret = fail_damaged(&reading, err);
        ost_record_close(&record);
    }
    size_t missing = 0;
    while (ret == 0 && missing < to->n_points && to->done[missing]) missing++;
    if (ret == 0 && is_whole && missing < to->n_points)
        ret = ost_fail(err, OST_ERR_VALUE,
            "point %zu of %zu is in none of the files, as a shard is missing or not finished: run it with --resume",
            missing, to->n_points);
    return ret;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* HEAD and PART of a new journal. */
static int begin(ost_values_log_t *self, ost_shard_t shard, ost_error_t *err)
{
    int ret = ost_record_cut(&self->record, 0, err);
    if (ret == 0) ret = ost_journal_append_head(&self->record, self->of.n_points, shard, err);
    if (ret == 0) ret = ost_journal_append_facts(&self->record, 0, self->of.identity, err);
    if (ret == 0) ost_file_sync_folder(self->record.path);
    return ret;
}

static int take_over(ost_values_log_t *self, ost_shard_t shard, ost_resume_t how, ost_error_t *err)
{
    ost_record_t *record = &self->record;
    reading_t reading = { .to = &self->of, .path = record->path, .purpose = "resumed", .shard = shard };
    size_t n = 0;
    int64_t end = 0;
    if (record->is_new || how == OST_JOURNAL_RESTART || ost_record_is_torn(record)) return begin(self, shard, err);
    int ret = ost_record_scan(record, ost_record_count_blocks, &n, &end, err);
    if (ret == 0 && end == 0) ret = fail_damaged(&reading, err);
    if (ret == 0 && how == OST_JOURNAL_NEW && n > 0)
        ret = ost_fail_at(err, OST_ERR_VALUE, record->path, 0, 0,
            "holds points that an earlier run computed; --resume goes on with them, --restart begins anew");
    if (ret < 0 || n == 0) return ret < 0 ? ret : begin(self, shard, err);
    ret = ost_record_scan(record, visit, &reading, &end, err);
    return ret == 0 ? ost_record_cut(record, end, err) : ret;
}

int ost_values_open(ost_values_log_t **self, const char *path, const ost_values_t *of, ost_shard_t shard,
    ost_resume_t how, ost_error_t *err)
{
    ost_values_log_t *made = *self = calloc(1, sizeof(*made));
    if (made == NULL) return ost_no_memory(err);
    made->of = *of;
    made->record.fd = -1;
    forget(of);
    int ret = ost_record_open_part(&made->record, path, err);
    if (ret == 0) ret = take_over(made, shard.n > 0 ? shard : (ost_shard_t){ 1, 1 }, how, err);
    if (ret == 0) ret = ost_record_own(&made->record, err);
    if (ret == 0) return 0;
    if (made->record.path != NULL && made->record.is_new) unlink(made->record.path);
    ost_record_close(&made->record);
    free(made);
    *self = NULL;
    return ret;
}

int ost_values_append(
    ost_values_log_t *self, const size_t *points, size_t n, const ost_values_took_t *took, ost_error_t *err)
{
    const ost_values_t *of = &self->of;
    ost_values_head_t head = { of->n_values, *took };
    uint64_t *numbers = malloc(n * sizeof(*numbers));
    double *values = malloc(n * of->n_values * sizeof(*values));
    int ret = numbers == NULL || values == NULL ? ost_no_memory(err) : 0;
    head.took.n_points = n;
    for (size_t k = 0; k < n && ret == 0; k++) {
        numbers[k] = points[k];
        for (size_t i = 0; i < of->n_values; i++)
            values[k * of->n_values + i] = of->values[i * of->n_points + points[k]];
    }
    const struct iovec body[] = { { &head, sizeof(head) }, { numbers, n * sizeof(*numbers) },
        { values, n * of->n_values * sizeof(*values) } };
    if (ret == 0) ret = ost_record_append(&self->record, OST_RECORD_BLOCK, points[0], body, 3, err);
    if (ret == 0) ost_values_take(of->took, &head.took);
    for (size_t k = 0; k < n && ret == 0; k++) of->done[points[k]] = true;
    if (ret == 0 && ost_record_is_due(&self->record)) ret = ost_record_sync(&self->record, err);
    free(numbers);
    free(values);
    return ret;
}

static void close_log(ost_values_log_t *self)
{
    ost_record_close(&self->record);
    free(self);
}

void ost_values_close(ost_values_log_t *self)
{
    if (self == NULL) return;
    if (self->of.took->n_points == 0) unlink(self->record.path);
    close_log(self);
}

int ost_values_seal(ost_values_log_t *self, const char *path, ost_error_t *err)
{
    int ret = ost_record_publish(&self->record, path, err);
    close_log(self);
    return ret;
}

void ost_values_remove(ost_values_log_t *self)
{
    if (self == NULL) return;
    unlink(self->record.path);
    close_log(self);
}
