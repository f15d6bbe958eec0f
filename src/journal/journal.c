/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See journal.h. Takes finished blocks from any number of threads, gives records, and reads them again. A block's
 * record holds its own counts and messages, so that sums over records are those of one unbroken run. */
#include "core/file.h"
#include "journal/journal_impl.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double cpu_seconds(void)
{
    return (double) clock() / CLOCKS_PER_SEC;
}

static const ost_plan_t *plan_of(const ost_journal_t *self, size_t part)
{
    return self->parts[part].kept.columns->plan;
}

static int fail_foreign(const ost_journal_t *self, ost_error_t *err)
{
    return ost_fail_at(err, OST_ERR_FORMAT, self->files->record.path, 0, 0,
        "is damaged, or is not a journal of osteon, and cannot be resumed; --restart begins anew");
}

int ost_parts_identity(ost_identity_t *self, const ost_part_t *parts, size_t n_parts, ost_error_t *err)
{
    int ret = 0;
    *self = (ost_identity_t){ 0 };
    for (size_t p = 0; p < ost_columns_n(parts, n_parts) && ret == 0; p++) {
        ost_identity_t one;
        ret = ost_identity_init(&one, parts[p].plan, err);
        if (ret == 0 && parts[p].sweep != NULL) ret = ost_identity_add_sweep(&one, parts[p].sweep, err);
        ost_identity_text(&one, OST_COMPARED_MODELS, parts[p].name);
        ost_identity_text(&one, OST_ARMS_LEFT_OUT, parts[p].left_out);
        self->memory.failed |= one.memory.failed;
        if (ret == 0) ret = ost_identity_join(self, &one, err);
        ost_identity_free(&one);
    }
    return ret;
}

int ost_journal_append_head(ost_record_t *record, size_t n_parts, ost_shard_t shard, ost_error_t *err)
{
    char text[OST_HEAD_SIZE];
    const struct iovec body = { text,
        (size_t) snprintf(text, sizeof(text), OST_HEAD_TEXT, OST_JOURNAL_FORMAT, n_parts, shard.i, shard.n) };
    return ost_record_append(record, OST_RECORD_HEAD, 0, &body, 1, err);
}

/* A PART: facts of a plan, or of an analysis. */
int ost_journal_append_facts(ost_record_t *record, size_t p, const ost_identity_t *identity, ost_error_t *err)
{
    char *facts = ost_identity_print(identity);
    const struct iovec body = { facts, facts != NULL ? strlen(facts) : 0 };
    int ret = facts != NULL ? ost_record_append(record, OST_RECORD_PART, p, &body, 1, err) : ost_no_memory(err);
    free(facts);
    return ret;
}

/* HEAD and PARTs of a new journal. */
static int begin(ost_journal_t *self, ost_error_t *err)
{
    int ret = ost_record_cut(&self->files->record, 0, err);
    if (ret == 0) ret = ost_journal_append_head(&self->files->record, self->n_parts, self->shard, err);
    for (size_t p = 0; p < ost_columns_n(self->plans, self->n_parts) && ret == 0; p++) {
        ost_identity_t identity;
        ret = ost_parts_identity(&identity, &self->plans[p], 1, err);
        if (ret == 0) ret = ost_journal_append_facts(&self->files->record, p, &identity, err);
        ost_identity_free(&identity);
    }
    /* else a loss of power could take the name with all that follows */
    if (ret == 0) ost_file_sync_folder(self->files->record.path);
    return ret;
}

/* What is there is taken over, or replaced. */
static int take_over(ost_journal_t *self, ost_resume_t how, ost_error_t *err)
{
    ost_record_t *record = &self->files->record;
    size_t n = 0;
    int64_t end = 0;
    int ret = 0;
    if (record->is_new || how == OST_JOURNAL_RESTART) return begin(self, err);
    if (how == OST_JOURNAL_NEW) {
        ret = ost_record_scan(record, ost_record_count_blocks, &n, &end, err);
        if (ret == 0 && n > 0)
            return ost_fail_at(err, OST_ERR_VALUE, record->path, 0, 0,
                "holds %zu blocks of up to %d subjects that an earlier run computed; --resume goes on with them, "
                "--restart begins anew",
                n, OST_COHORT_BLOCK);
        if (ret == 0 && end == 0 && !ost_record_is_torn(record)) ret = fail_foreign(self, err);
        return ret == 0 ? begin(self, err) : ret;
    }
    ret = ost_journal_scan(self, &end, err);
    if (ret < 0) return ret;
    for (size_t p = 0; p < self->n_parts; p++) n += self->parts[p].kept.n_resumed;
    if (n > 0) ret = ost_record_cut(record, end, err);
    if (n > 0 && ret == 0 && !self->files->has_head) /* where that was damaged */
        ret = ost_journal_append_head(record, self->n_parts, self->shard, err);
    if (n > 0) return ret;
    /* killed before there was anything; or another file */
    return self->files->has_head || ost_record_is_torn(record) ? begin(self, err) : fail_foreign(self, err);
}

size_t ost_shard_begin(size_t i, size_t n, size_t n_blocks)
{
    return n > 0 ? (i - 1) * n_blocks / n : 0;
}

static size_t count_blocks(const ost_plan_t *plan)
{
    return (size_t) ((plan->experiment->n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK);
}

int ost_shard_check(ost_shard_t shard, const ost_plan_t *plan, ost_error_t *err)
{
    size_t n_blocks = count_blocks(plan);
    if (shard.n <= n_blocks) return 0;
    return ost_fail(err, OST_ERR_VALUE, "%zu shards of %zu blocks of %d subjects; expected at most %zu shards", shard.n,
        n_blocks, OST_COHORT_BLOCK, n_blocks);
}

/* What parts do not share with another one. */
static int make_sums(ost_journal_part_t *self, const ost_part_t *part, ost_memory_t *memory, ost_error_t *err)
{
    size_t n_outputs = part->plan->system->n_outputs;
    ost_cohort_summary_t *sums = &self->sums;
    *sums = (ost_cohort_summary_t){ .isa = part->plan->experiment->solver.isa,
        .stepper = part->plan->experiment->solver.stepper,
        .n_not_finite = ost_memory_list(memory, n_outputs, sizeof(uint64_t)),
        .periodic_error = ost_memory_list(memory, n_outputs, sizeof(double)),
        .solver_error = ost_memory_list(memory, n_outputs, sizeof(double)) };
    if (memory->failed) return ost_no_memory(err);
    for (size_t o = 0; o < n_outputs; o++) sums->periodic_error[o] = sums->solver_error[o] = NAN;
    sums->periodic_share = NAN;
    int ret = ost_identity_init(&self->identity, part->plan, err);
    return ret == 0 && part->sweep != NULL ? ost_identity_add_sweep(&self->identity, part->sweep, err) : ret;
}

static int make_part(ost_journal_t *self, size_t p, ost_error_t *err)
{
    const ost_plan_t *plan = self->plans[p].plan;
    ost_part_state_t *part = &self->parts[p];
    bool is_shared = p >= ost_columns_n(self->plans, self->n_parts);
    part->kept.columns = &self->columns[is_shared ? 0 : p];
    part->n_blocks = count_blocks(plan);
    int ret = ost_shard_check(self->shard, plan, err);
    if (ret < 0) return ret;
    part->places = ost_memory_list(&self->memory, part->n_blocks, sizeof(*part->places));
    part->kept.done = ost_memory_list(&self->memory, part->n_blocks, sizeof(*part->kept.done));
    if (self->memory.failed) return ost_no_memory(err);
    for (size_t i = 0; i < part->n_blocks; i++) part->places[i] = (ost_place_t){ .at = -1 };
    const ost_shard_t shard = self->shard.n > 0 ? self->shard : (ost_shard_t){ 1, 1 };
    size_t first = ost_shard_begin(shard.i, shard.n, part->n_blocks);
    size_t behind = ost_shard_begin(shard.i + 1, shard.n, part->n_blocks);
    for (size_t i = 0; i < part->n_blocks; i++) {
        part->kept.done[i] = i < first || i >= behind;
        if (!part->kept.done[i]) part->kept.n_subjects += ost_kept_subjects(plan, i);
    }
    part->is_shared = is_shared;
    part->is_of_sweep = self->plans[p].sweep != NULL;
    if (is_shared) {
        const ost_cohort_summary_t *shared = &self->parts->kept.sums;
        part->kept.sums = (ost_cohort_summary_t){ .isa = shared->isa,
            .stepper = shared->stepper,
            .n_not_finite = shared->n_not_finite,
            .periodic_error = shared->periodic_error,
            .periodic_share = NAN,
            .solver_error = shared->solver_error };
        return 0;
    }
    return make_sums(&part->kept, &self->plans[p], &self->memory, err);
}

void ost_journal_delete(ost_journal_t *self)
{
    for (size_t f = 0; f < self->n_files && self->files != NULL; f++) ost_record_close(&self->files[f].record);
    for (size_t p = 0; p < self->n_parts && self->parts != NULL; p++) {
        ost_part_state_t *part = &self->parts[p];
        ost_identity_free(&part->kept.identity);
        for (size_t i = 0; i < part->n_notes; i++) free(part->notes[i].text);
        free(part->notes);
    }
    for (size_t p = 0; self->columns != NULL && p < ost_columns_n(self->plans, self->n_parts); p++)
        ost_columns_free(&self->columns[p]);
    for (ost_kept_body_t *body = self->idle, *next; body != NULL; body = next) {
        next = body->next;
        ost_kept_body_delete(body);
    }
    pthread_mutex_destroy(&self->lock);
    ost_memory_free(&self->memory);
    free(self);
}

int ost_journal_new(
    ost_journal_t **self, const ost_part_t *parts, size_t n_parts, size_t n_files, ost_shard_t shard, ost_error_t *err)
{
    ost_journal_t *made = *self = calloc(1, sizeof(**self));
    if (made == NULL) return ost_no_memory(err);
    made->plans = parts;
    made->n_parts = n_parts;
    made->n_files = n_files;
    made->shard = shard;
    made->purpose = "resumed";
    made->t_open = ost_record_seconds();
    made->cpu_open = cpu_seconds();
    pthread_mutex_init(&made->lock, NULL);
    made->columns = ost_memory_list(&made->memory, ost_columns_n(parts, n_parts), sizeof(*made->columns));
    made->parts = ost_memory_list(&made->memory, n_parts, sizeof(*made->parts));
    made->files = ost_memory_list(&made->memory, n_files, sizeof(*made->files));
    for (size_t f = 0; f < n_files && made->files != NULL; f++) made->files[f].record.fd = -1;
    int ret = made->memory.failed ? ost_no_memory(err) : 0;
    if (ret == 0) ret = ost_columns_init(made->columns, parts, n_parts, err);
    for (size_t p = 0; p < n_parts && ret == 0; p++) ret = make_part(made, p, err);
    if (ret == 0) return 0;
    ost_journal_delete(made);
    *self = NULL;
    return ret;
}

/* The result file must be one that can be replaced. */
static int check_target(const char *path, ost_error_t *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) return 0;
    return ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be written: it is %s",
        S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
}

int ost_journal_open(ost_journal_t **self, const char *path, const ost_part_t *parts, size_t n_parts, ost_shard_t shard,
    ost_resume_t how, ost_error_t *err)
{
    int ret = ost_journal_new(self, parts, n_parts, 1, shard.n > 0 ? shard : (ost_shard_t){ 1, 1 }, err);
    if (ret < 0) return ret;
    ost_record_t *record = &(*self)->files->record;
    (*self)->is_written = true;
    ret = check_target(path, err);
    if (ret == 0) ret = ost_record_open_part(record, path, err);
    if (ret == 0) ret = take_over(*self, how, err);
    if (ret == 0) ost_journal_begin_opening(*self);
    if (ret == 0) ret = ost_record_own(record, err);
    if (ret == 0) return 0;
    if (record->path != NULL && record->is_new) unlink(record->path);
    ost_journal_delete(*self);
    *self = NULL;
    return ret;
}

int ost_journal_seal(ost_journal_t *self, const char *path, ost_error_t *err)
{
    int ret = ost_record_publish(&self->files->record, path, err);
    ost_journal_delete(self);
    return ret;
}

bool ost_journal_exists(const char *path)
{
    char part[PATH_MAX];
    return snprintf(part, sizeof(part), "%s.part", path) < PATH_MAX && access(part, F_OK) == 0;
}

bool ost_journal_is(const char *path)
{
    char magic[sizeof(OST_RECORD_MAGIC) - 1] = "";
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe without a writer would wait */
    bool is = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
              pread(fd, magic, sizeof(magic), 0) == (ssize_t) sizeof(magic) &&
              memcmp(magic, OST_RECORD_MAGIC, sizeof(magic)) == 0;
    if (fd >= 0) close(fd);
    return is;
}

const ost_journal_part_t *ost_journal_part(const ost_journal_t *self, size_t part)
{
    return &self->parts[part].kept;
}

const ost_part_t *ost_journal_parts(const ost_journal_t *self, size_t *n_parts)
{
    *n_parts = self->n_parts;
    return self->plans;
}

uint64_t ost_journal_bytes(const ost_journal_t *self)
{
    uint64_t bytes = 0;
    for (size_t f = 0; f < self->n_files; f++) bytes += (uint64_t) self->files[f].record.end;
    return bytes;
}

bool ost_journal_failure(const ost_journal_t *self, size_t part, size_t i, ost_failed_t *out)
{
    const ost_experiment_t *e = plan_of(self, part)->experiment;
    if (i >= self->parts[part].n_notes) return false;
    const ost_note_t *note = &self->parts[part].notes[i];
    *out = (ost_failed_t){ e->first_subject + note->position, e->arms[note->arm].name, note->text };
    return true;
}

static int append_probe(
    ost_journal_t *self, size_t part, size_t i, const ost_cohort_summary_t *probed, ost_error_t *err)
{
    size_t n_outputs = plan_of(self, part)->system->n_outputs, size = n_outputs * sizeof(double);
    ost_kept_probe_t probe = { probed->n_periodic_probed, probed->n_solver_probed, probed->periodic_share,
        probed->ripple_probed };
    const struct iovec body[] = { { &probe, sizeof(probe) }, { probed->periodic_error, size },
        { probed->solver_error, size } };
    ost_cohort_summary_add_probed(&self->parts[part].kept.sums, probed, n_outputs);
    self->parts[part].places[i].has_probe = true;
    return ost_record_append(
        &self->files->record, OST_RECORD_PROBE, (uint64_t) part << OST_PART_SHIFT | i, body, 3, err);
}

static ost_kept_body_t *take_body(ost_journal_t *self, const ost_experiment_t *e)
{
    pthread_mutex_lock(&self->lock);
    ost_kept_body_t *body = self->idle;
    if (body != NULL) self->idle = body->next;
    pthread_mutex_unlock(&self->lock);
    return body != NULL ? body : ost_kept_body_new(e);
}

/* Append what was made; one thread at a time. */
static int append_block(ost_journal_t *self, size_t part, const ost_record_head_t *head, const ost_kept_body_t *made,
    const ost_cohort_block_t *block, ost_error_t *err)
{
    size_t i = (size_t) (block->first / OST_COHORT_BLOCK);
    const struct iovec body = { made->bytes, made->size };
    ost_kept_view_t view;
    if (self->parts[part].places[i].at >= 0) return 0;
    int ret = block->probed != NULL ? append_probe(self, part, i, block->probed, err) : 0;
    int64_t at = self->files->record.end;
    if (ret == 0) ret = ost_record_write(&self->files->record, head, &body, 1, err);
    if (ret < 0 || !ost_kept_read(&view, self->parts[part].kept.columns, i, made->bytes, made->size)) return ret;
    return ost_journal_count(self, part, i, &view, at, err);
}

int ost_journal_block(ost_journal_t *self, size_t part, const ost_cohort_block_t *block, ost_error_t *err)
{
    const ost_experiment_t *e = plan_of(self, part)->experiment;
    uint64_t first = block->first, i = first / OST_COHORT_BLOCK;
    if (first % OST_COHORT_BLOCK != 0 || first >= e->n_subjects ||
        block->n_subjects != ost_kept_subjects(plan_of(self, part), (size_t) i)) {
        return ost_fail(err, OST_ERR_VALUE, "%zu subjects from %llu on are not a block of a cohort of %llu",
            block->n_subjects, (unsigned long long) first, (unsigned long long) e->n_subjects);
    }
    ost_kept_body_t *made = take_body(self, e);
    if (made == NULL) return ost_no_memory(err);
    /* packing and the check are outside the lock, so that threads compress side by side */
    int ret = ost_kept_write(made, self->parts[part].kept.columns, block, ost_record_seconds() - self->t_open,
        cpu_seconds() - self->cpu_open, err);
    const struct iovec body = { made->bytes, made->size };
    const ost_record_head_t head = ost_record_seal(OST_RECORD_BLOCK, (uint64_t) part << OST_PART_SHIFT | i, &body, 1);
    pthread_mutex_lock(&self->lock);
    if (ret == 0) ret = append_block(self, part, &head, made, block, err);
    bool is_due = ret == 0 && ost_record_is_due(&self->files->record);
    made->next = self->idle;
    self->idle = made;
    pthread_mutex_unlock(&self->lock);
    return is_due ? ost_record_sync(&self->files->record, err) : ret;
}

int ost_journal_end(ost_journal_t *self, size_t part, const ost_cohort_summary_t *summary, ost_error_t *err)
{
    ost_kept_end_t end = { (uint64_t) summary->n_threads, summary->seconds_wall, summary->seconds_cpu };
    const struct iovec body = { &end, sizeof(end) };
    pthread_mutex_lock(&self->lock);
    ost_journal_count_end(&self->parts[part], &end);
    int ret = ost_record_append(&self->files->record, OST_RECORD_END, part, &body, 1, err);
    pthread_mutex_unlock(&self->lock);
    return ret;
}

int ost_journal_read(const ost_journal_t *self, size_t part, size_t i, ost_journal_buffer_t *buffer,
    ost_kept_view_t *out, ost_error_t *err)
{
    ost_record_head_t head;
    const ost_place_t *place = &self->parts[part].places[i];
    if (place->at < 0) return 1;
    const ost_record_t *record = &self->files[place->file].record;
    int ret = ost_record_read(record, place->at, &head, &buffer->body, &buffer->room, err);
    if (ret < 0) return ret;
    return ost_kept_read(out, self->parts[part].kept.columns, i, buffer->body, head.length)
               ? 0
               : ost_journal_fail_damaged(self, place->file, err);
}

void ost_journal_close(ost_journal_t *self)
{
    if (self == NULL) return;
    uint64_t n = 0;
    for (size_t p = 0; p < self->n_parts; p++) n += self->parts[p].kept.sums.subjects;
    if (n == 0 && self->is_written) unlink(self->files->record.path);
    ost_journal_delete(self);
}

void ost_journal_remove(ost_journal_t *self)
{
    if (self == NULL) return;
    unlink(self->files->record.path);
    ost_journal_delete(self);
}
