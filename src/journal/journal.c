/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See journal.h. Takes finished blocks from any number of threads, gives records, and reads them again. A block's
 * record holds its own counts and messages, so that sums over records are those of one unbroken run. */
#include "journal/journal.h"

#include "journal/record.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Body of a HEAD; the format is that of the records below. */
#define HEAD_TEXT "osteon journal\nformat = 1\nparts = %zu\n"
/* Failure messages kept: those of the first subjects, so that neither memory nor the choice depends on how many fail or
 * in which order blocks come. */
#define MAX_FAILURES 1000
#define PART_SHIFT 40

typedef struct {
    uint64_t n_periodic, n_solver; /* subjects; then periodic_error and solver_error [n_outputs] */
} probe_head_t;

typedef struct {
    uint64_t n_threads;
    double seconds_wall, seconds_cpu;
} end_t;

typedef struct {
    uint64_t position; /* 0-based in the cohort */
    size_t arm;
    char *text; /* owned */
} note_t;

typedef struct {
    ost_journal_part_t kept;
    size_t n_blocks;
    int64_t *at;                    /* [n_blocks] where its record begins, -1: not there */
    double wall_before, cpu_before; /* s, of earlier openings */
    note_t *notes;                  /* [MAX_FAILURES + 1] */
    size_t n_notes;
} part_t;

struct ost_journal {
    ost_record_t file;
    const ost_part_t *plans;
    ost_columns_t *columns; /* [n_parts] */
    part_t *parts;          /* [n_parts] */
    size_t n_parts;
    bool has_head;
    size_t n_part_records;
    pthread_mutex_t lock; /* of all that blocks change */
    ost_kept_body_t *idle;
    double t_open, cpu_open; /* s */
};

static double cpu_seconds(void)
{
    return (double) clock() / CLOCKS_PER_SEC;
}

static const ost_plan_t *plan_of(const ost_journal_t *self, size_t part)
{
    return self->columns[part].plan;
}

static int add_note(part_t *self, uint64_t position, size_t arm, const char *text, size_t length, ost_error_t *err)
{
    note_t *notes = self->notes;
    size_t at = self->n_notes;
    while (at > 0 &&
           (notes[at - 1].position > position || (notes[at - 1].position == position && notes[at - 1].arm > arm))) {
        at--;
    }
    if (at == MAX_FAILURES) return 0;
    char *copy = strndup(text, length);
    if (copy == NULL) return ost_no_memory(err);
    memmove(&notes[at + 1], &notes[at], (self->n_notes - at) * sizeof(*notes));
    notes[at] = (note_t){ position, arm, copy };
    if (self->n_notes < MAX_FAILURES)
        self->n_notes++;
    else
        free(notes[MAX_FAILURES].text);
    return 0;
}

static int add_notes(part_t *self, size_t i_block, size_t n_arms, const ost_kept_view_t *block, ost_error_t *err)
{
    const char *at = block->text, *end = block->text + block->counts->n_text;
    ost_kept_note_t note;
    int ret = 0;
    while (ret == 0 && (size_t) (end - at) >= sizeof(note)) {
        memcpy(&note, at, sizeof(note));
        at += sizeof(note);
        size_t n = block->counts->n_subjects;
        if (note.length > (size_t) (end - at) || note.i / n >= n_arms) break;
        ret = add_note(self, (uint64_t) i_block * OST_COHORT_BLOCK + note.i % n, note.i / n, at, note.length, err);
        at += note.length;
    }
    return ret;
}

/* Count a block whose record is in the file. */
static int count_block(
    part_t *self, const ost_columns_t *columns, size_t i, const ost_kept_view_t *block, int64_t at, ost_error_t *err)
{
    const ost_kept_counts_t *counts = block->counts;
    ost_cohort_summary_t *sums = &self->kept.sums;
    self->at[i] = at;
    sums->subjects += counts->n_subjects;
    sums->failures += counts->failures;
    sums->run_in_steps += counts->run_in_steps;
    ost_solver_stats_add(&sums->stats, &counts->stats);
    for (size_t o = 0; o < columns->plan->system->n_outputs; o++) sums->n_not_finite[o] += block->n_not_finite[o];
    sums->seconds_wall = fmax(sums->seconds_wall, self->wall_before + counts->seconds_wall);
    sums->seconds_cpu = fmax(sums->seconds_cpu, self->cpu_before + counts->seconds_cpu);
    return add_notes(self, i, columns->plan->experiment->n_arms, block, err);
}

static int fail_damaged(const ost_journal_t *self, ost_error_t *err)
{
    return ost_fail_at(err, OST_ERR_FORMAT, self->file.path, 0, 0,
        "is damaged, or is not a journal of osteon, and cannot be resumed; --restart begins anew");
}

static int visit_part(ost_journal_t *self, const ost_record_head_t *head, const void *body, ost_error_t *err)
{
    ost_identity_t theirs = { 0 };
    if (head->key >= self->n_parts) return fail_damaged(self, err);
    int ret = ost_identity_read(&theirs, body, head->length, err);
    if (ret == OST_ERR_FORMAT) ret = fail_damaged(self, err);
    if (ret == 0) ret = ost_identity_compare(&self->parts[head->key].kept.identity, &theirs, self->file.path, err);
    ost_identity_free(&theirs);
    self->n_part_records++;
    return ret;
}

static int visit_block(
    ost_journal_t *self, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    uint64_t p = head->key >> PART_SHIFT, i = head->key - (p << PART_SHIFT);
    ost_kept_view_t block;
    if (self->n_part_records != self->n_parts || p >= self->n_parts || i >= self->parts[p].n_blocks ||
        !ost_kept_read(&block, &self->columns[p], (size_t) i, body, head->length)) {
        return fail_damaged(self, err);
    }
    part_t *part = &self->parts[p];
    if (part->at[i] >= 0) return 0;
    part->kept.done[i] = true;
    part->kept.n_resumed += block.counts->n_subjects;
    return count_block(part, &self->columns[p], (size_t) i, &block, at, err);
}

static int visit_probe(ost_journal_t *self, const ost_record_head_t *head, const void *body, ost_error_t *err)
{
    size_t n_outputs = head->key < self->n_parts ? plan_of(self, head->key)->system->n_outputs : 0;
    const probe_head_t *probe = body;
    if (head->key >= self->n_parts || head->length != sizeof(*probe) + 2 * n_outputs * sizeof(double))
        return fail_damaged(self, err);
    ost_cohort_summary_t *sums = &self->parts[head->key].kept.sums;
    const double *errors = (const void *) (probe + 1);
    sums->n_periodic_probed = probe->n_periodic;
    sums->n_solver_probed = probe->n_solver;
    memcpy(sums->periodic_error, errors, n_outputs * sizeof(*errors));
    memcpy(sums->solver_error, errors + n_outputs, n_outputs * sizeof(*errors));
    return 0;
}

static void count_end(part_t *self, const end_t *end)
{
    self->kept.sums.n_threads = (int) end->n_threads;
    self->kept.sums.seconds_wall = self->wall_before + end->seconds_wall;
    self->kept.sums.seconds_cpu = self->cpu_before + end->seconds_cpu;
}

/* What was counted so far belongs to earlier openings. */
static void begin_opening(ost_journal_t *self)
{
    for (size_t p = 0; p < self->n_parts; p++) {
        self->parts[p].wall_before = self->parts[p].kept.sums.seconds_wall;
        self->parts[p].cpu_before = self->parts[p].kept.sums.seconds_cpu;
    }
}

static int visit(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    ost_journal_t *self = user;
    char text[64];
    switch (head->kind) {
    case OST_RECORD_HEAD:
        snprintf(text, sizeof(text), HEAD_TEXT, self->n_parts);
        if (head->length != strlen(text) || memcmp(body, text, head->length) != 0) {
            return ost_fail_at(err, OST_ERR_VALUE, self->file.path, 0, 0,
                "cannot be resumed: it was begun with another number of models, or by another version of osteon");
        }
        self->has_head = true;
        return 0;
    case OST_RECORD_OWNER:
        begin_opening(self);
        return 0;
    case OST_RECORD_PART:
        return visit_part(self, head, body, err);
    case OST_RECORD_BLOCK:
        return visit_block(self, head, body, at, err);
    case OST_RECORD_PROBE:
        return visit_probe(self, head, body, err);
    case OST_RECORD_END:
        if (head->key < self->n_parts && head->length == sizeof(end_t)) count_end(&self->parts[head->key], body);
        return 0;
    default:
        return fail_damaged(self, err);
    }
}

static int count_records(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    (void) body;
    (void) at;
    (void) err;
    *(size_t *) user += head->kind == OST_RECORD_BLOCK;
    return 0;
}

/* HEAD and PARTs of a new journal. */
static int begin(ost_journal_t *self, ost_error_t *err)
{
    char text[64];
    struct iovec body = { text, (size_t) snprintf(text, sizeof(text), HEAD_TEXT, self->n_parts) };
    int ret = ost_record_cut(&self->file, 0, err);
    if (ret == 0) ret = ost_record_append(&self->file, OST_RECORD_HEAD, 0, &body, 1, err);
    for (size_t p = 0; p < self->n_parts && ret == 0; p++) {
        char *lines = ost_identity_print(&self->parts[p].kept.identity);
        if (lines == NULL) return ost_no_memory(err);
        body = (struct iovec){ lines, strlen(lines) };
        ret = ost_record_append(&self->file, OST_RECORD_PART, p, &body, 1, err);
        free(lines);
    }
    return ret;
}

/* What is there is taken over, or replaced. */
static int take_over(ost_journal_t *self, ost_resume_t how, ost_error_t *err)
{
    size_t n = 0;
    int64_t end = 0;
    int ret = 0;
    if (self->file.is_new || how == OST_JOURNAL_RESTART) return begin(self, err);
    if (how == OST_JOURNAL_NEW) {
        ret = ost_record_scan(self->file.fd, self->file.path, count_records, &n, &end, err);
        if (ret == 0 && n > 0) {
            return ost_fail_at(err, OST_ERR_VALUE, self->file.path, 0, 0,
                "holds %zu blocks of up to %d subjects that an earlier run computed; --resume goes on with them, "
                "--restart begins anew",
                n, OST_COHORT_BLOCK);
        }
        if (ret == 0 && end == 0 && !ost_record_is_torn(&self->file)) ret = fail_damaged(self, err);
        return ret == 0 ? begin(self, err) : ret;
    }
    ret = ost_record_scan(self->file.fd, self->file.path, visit, self, &end, err);
    if (ret < 0) return ret;
    for (size_t p = 0; p < self->n_parts; p++) n += self->parts[p].kept.n_resumed;
    if (n > 0) return ost_record_cut(&self->file, end, err);
    /* killed before there was anything; or another file */
    return self->has_head || ost_record_is_torn(&self->file) ? begin(self, err) : fail_damaged(self, err);
}

static int make_part(ost_journal_t *self, size_t p, ost_error_t *err)
{
    const ost_plan_t *plan = self->plans[p].plan;
    part_t *part = &self->parts[p];
    size_t n_outputs = plan->system->n_outputs;
    part->kept.columns = &self->columns[p];
    part->n_blocks = (size_t) ((plan->experiment->n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK);
    part->at = malloc((part->n_blocks + 1) * sizeof(*part->at));
    part->kept.done = calloc(part->n_blocks + 1, sizeof(*part->kept.done));
    part->notes = calloc(MAX_FAILURES + 1, sizeof(*part->notes));
    part->kept.sums = (ost_cohort_summary_t){ .isa = plan->experiment->solver.isa,
        .stepper = plan->experiment->solver.stepper,
        .n_not_finite = calloc(n_outputs + 1, sizeof(uint64_t)),
        .periodic_error = calloc(n_outputs + 1, sizeof(double)),
        .solver_error = calloc(n_outputs + 1, sizeof(double)) };
    if (part->at == NULL || part->kept.done == NULL || part->notes == NULL || part->kept.sums.n_not_finite == NULL ||
        part->kept.sums.periodic_error == NULL || part->kept.sums.solver_error == NULL) {
        return ost_no_memory(err);
    }
    for (size_t i = 0; i < part->n_blocks; i++) part->at[i] = -1;
    for (size_t o = 0; o < n_outputs; o++) part->kept.sums.periodic_error[o] = part->kept.sums.solver_error[o] = NAN;
    return ost_identity_init(&part->kept.identity, plan, err);
}

static void release(ost_journal_t *self)
{
    ost_record_close(&self->file);
    for (size_t p = 0; p < self->n_parts && self->parts != NULL; p++) {
        part_t *part = &self->parts[p];
        ost_identity_free(&part->kept.identity);
        ost_cohort_summary_free(&part->kept.sums);
        for (size_t i = 0; i < part->n_notes; i++) free(part->notes[i].text);
        free(part->notes);
        free(part->at);
        free(part->kept.done);
    }
    for (size_t p = 0; p < self->n_parts && self->columns != NULL; p++) ost_columns_free(&self->columns[p]);
    for (ost_kept_body_t *body = self->idle, *next; body != NULL; body = next) {
        next = body->next;
        ost_kept_body_delete(body);
    }
    pthread_mutex_destroy(&self->lock);
    free(self->columns);
    free(self->parts);
    free(self);
}

/* The result file must be one that can be replaced. */
static int check_target(const char *path, ost_error_t *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) return 0;
    return ost_fail_at(err, OST_ERR_IO, path, 0, 0, "cannot be written: it is %s",
        S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
}

int ost_journal_open(
    ost_journal_t **self, const char *path, const ost_part_t *parts, size_t n_parts, ost_resume_t how, ost_error_t *err)
{
    ost_journal_t *made = *self = calloc(1, sizeof(**self));
    char *part_path = NULL;
    if (made == NULL) return ost_no_memory(err);
    made->plans = parts;
    made->n_parts = n_parts;
    made->t_open = ost_record_seconds();
    made->cpu_open = cpu_seconds();
    pthread_mutex_init(&made->lock, NULL);
    made->columns = calloc(n_parts, sizeof(*made->columns));
    made->parts = calloc(n_parts, sizeof(*made->parts));
    int ret = made->columns == NULL || made->parts == NULL ? ost_no_memory(err) : 0;
    if (ret == 0) ret = ost_columns_init(made->columns, parts, n_parts, err);
    for (size_t p = 0; p < n_parts && ret == 0; p++) ret = make_part(made, p, err);
    if (ret == 0) ret = check_target(path, err);
    if (ret == 0 && asprintf(&part_path, "%s.part", path) < 0) ret = ost_no_memory(err);
    if (ret == 0) ret = ost_record_open(&made->file, part_path, err);
    if (ret == 0) ret = take_over(made, how, err);
    if (ret == 0) begin_opening(made);
    if (ret == 0) ret = ost_record_own(&made->file, err);
    free(part_path);
    if (ret == 0) return 0;
    if (made->file.path != NULL && made->file.is_new) unlink(made->file.path);
    release(made);
    *self = NULL;
    return ret;
}

bool ost_journal_exists(const char *path)
{
    char *part = NULL;
    bool exists = asprintf(&part, "%s.part", path) >= 0 && access(part, F_OK) == 0;
    free(part);
    return exists;
}

bool ost_journal_is(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "rb");
    bool is = file != NULL && fread(magic, 1, sizeof(magic), file) == sizeof(magic) &&
              memcmp(magic, OST_RECORD_MAGIC, sizeof(magic)) == 0;
    if (file != NULL) fclose(file);
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
    return (uint64_t) self->file.end;
}

bool ost_journal_failure(const ost_journal_t *self, size_t part, size_t i, ost_failed_t *out)
{
    const ost_experiment_t *e = plan_of(self, part)->experiment;
    if (i >= self->parts[part].n_notes) return false;
    const note_t *note = &self->parts[part].notes[i];
    *out = (ost_failed_t){ e->first_subject + note->position, e->arms[note->arm].name, note->text };
    return true;
}

static int append_probe(ost_journal_t *self, size_t part, const ost_cohort_summary_t *probed, ost_error_t *err)
{
    size_t size = plan_of(self, part)->system->n_outputs * sizeof(double);
    ost_cohort_summary_t *sums = &self->parts[part].kept.sums;
    probe_head_t probe = { probed->n_periodic_probed, probed->n_solver_probed };
    const struct iovec body[] = { { &probe, sizeof(probe) }, { probed->periodic_error, size },
        { probed->solver_error, size } };
    sums->n_periodic_probed = probed->n_periodic_probed;
    sums->n_solver_probed = probed->n_solver_probed;
    memcpy(sums->periodic_error, probed->periodic_error, size);
    memcpy(sums->solver_error, probed->solver_error, size);
    return ost_record_append(&self->file, OST_RECORD_PROBE, part, body, 3, err);
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
    if (self->parts[part].at[i] >= 0) return 0;
    int ret = block->probed != NULL ? append_probe(self, part, block->probed, err) : 0;
    int64_t at = self->file.end;
    if (ret == 0) ret = ost_record_write(&self->file, head, &body, 1, err);
    if (ret < 0 || !ost_kept_read(&view, &self->columns[part], i, made->bytes, made->size)) return ret;
    return count_block(&self->parts[part], &self->columns[part], i, &view, at, err);
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
    int ret = ost_kept_write(
        made, &self->columns[part], block, ost_record_seconds() - self->t_open, cpu_seconds() - self->cpu_open, err);
    const struct iovec body = { made->bytes, made->size };
    const ost_record_head_t head = ost_record_seal(OST_RECORD_BLOCK, (uint64_t) part << PART_SHIFT | i, &body, 1);
    pthread_mutex_lock(&self->lock);
    if (ret == 0) ret = append_block(self, part, &head, made, block, err);
    bool is_due = ret == 0 && ost_record_is_due(&self->file);
    made->next = self->idle;
    self->idle = made;
    pthread_mutex_unlock(&self->lock);
    return is_due ? ost_record_sync(&self->file, err) : ret;
}

int ost_journal_end(ost_journal_t *self, size_t part, const ost_cohort_summary_t *summary, ost_error_t *err)
{
    end_t end = { (uint64_t) summary->n_threads, summary->seconds_wall, summary->seconds_cpu };
    const struct iovec body = { &end, sizeof(end) };
    count_end(&self->parts[part], &end);
    return ost_record_append(&self->file, OST_RECORD_END, part, &body, 1, err);
}

int ost_journal_read(const ost_journal_t *self, size_t part, size_t i, ost_journal_buffer_t *buffer,
    ost_kept_view_t *out, ost_error_t *err)
{
    ost_record_head_t head;
    int64_t at = self->parts[part].at[i];
    if (at < 0) return 1;
    int ret = ost_record_read(self->file.fd, self->file.path, at, &head, &buffer->body, &buffer->room, err);
    if (ret < 0) return ret;
    return ost_kept_read(out, &self->columns[part], i, buffer->body, head.length) ? 0 : fail_damaged(self, err);
}

void ost_journal_close(ost_journal_t *self)
{
    if (self == NULL) return;
    uint64_t n = 0;
    for (size_t p = 0; p < self->n_parts; p++) n += self->parts[p].kept.sums.subjects;
    if (n == 0) unlink(self->file.path);
    release(self);
}

void ost_journal_remove(ost_journal_t *self)
{
    if (self == NULL) return;
    unlink(self->file.path);
    release(self);
}
