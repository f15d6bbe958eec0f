/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a journal's records. Takes a file of it, gives where each block stands, and sums over them. */
#include "journal/journal_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_note(
    ost_part_state_t *self, uint64_t position, size_t arm, const char *text, size_t length, ost_error_t *err)
{
    if (self->n_notes == self->max_notes) {
        size_t max = self->max_notes > 0 ? 4 * self->max_notes : 16;
        if (max > OST_MAX_FAILURES) max = OST_MAX_FAILURES + 1;
        ost_note_t *more = max > self->max_notes ? realloc(self->notes, max * sizeof(*more)) : self->notes;
        if (more == NULL) return ost_no_memory(err);
        self->notes = more;
        self->max_notes = max;
    }
    const size_t most = self->is_of_sweep ? OST_MAX_FAILURES_OF_POINT : OST_MAX_FAILURES;
    ost_note_t *notes = self->notes;
    size_t at = self->n_notes;
    while (at > 0 &&
           (notes[at - 1].position > position || (notes[at - 1].position == position && notes[at - 1].arm > arm))) {
        at--;
    }
    if (at == most) return 0;
    char *copy = strndup(text, length);
    if (copy == NULL) return ost_no_memory(err);
    memmove(&notes[at + 1], &notes[at], (self->n_notes - at) * sizeof(*notes));
    notes[at] = (ost_note_t){ position, arm, copy };
    if (self->n_notes < most)
        self->n_notes++;
    else
        free(notes[most].text);
    return 0;
}

static int add_notes(
    ost_part_state_t *self, size_t i_block, size_t n_arms, const ost_kept_view_t *block, ost_error_t *err)
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

int ost_journal_count(
    ost_journal_t *self, size_t part, size_t i, const ost_kept_view_t *block, int64_t at, ost_error_t *err)
{
    const ost_columns_t *columns = self->parts[part].kept.columns;
    const ost_kept_counts_t *counts = block->counts;
    ost_part_state_t *state = &self->parts[part];
    ost_cohort_summary_t *sums = &state->kept.sums;
    state->places[i].at = at;
    state->places[i].file = self->i_file;
    sums->subjects += counts->n_subjects;
    sums->failures += counts->failures;
    sums->not_eligible += counts->not_eligible;
    sums->run_in_steps += counts->run_in_steps;
    ost_solver_stats_add(&sums->stats, &counts->stats);
    for (size_t o = 0; o < columns->plan->system->n_outputs; o++) sums->n_not_finite[o] += block->n_not_finite[o];
    sums->seconds_wall = fmax(sums->seconds_wall, state->wall_before + counts->seconds_wall);
    sums->seconds_cpu = fmax(sums->seconds_cpu, state->cpu_before + counts->seconds_cpu);
    return add_notes(state, i, columns->plan->experiment->n_arms, block, err);
}

int ost_journal_fail_damaged(const ost_journal_t *self, size_t file, ost_error_t *err)
{
    return ost_fail_at(err, OST_ERR_FORMAT, self->files[file].record.path, 0, 0,
        "is damaged, or is not a journal of osteon, and cannot be %s", self->purpose);
}

static int fail_damaged(const ost_journal_t *self, ost_error_t *err)
{
    return ost_journal_fail_damaged(self, self->i_file, err);
}

static ost_journal_file_t *file_of(const ost_journal_t *self)
{
    return &self->files[self->i_file];
}

int ost_journal_read_head(ost_shard_t *shard, size_t *n_parts, const void *body, size_t length, const char *path,
    const char *purpose, ost_error_t *err)
{
    char text[OST_HEAD_SIZE], again[OST_HEAD_SIZE];
    ost_shard_t is = { 0 };
    int format = 0;
    *n_parts = 0;
    snprintf(text, sizeof(text), "%.*s", (int) (length < sizeof(text) ? length : 0), (const char *) body);
    bool is_read = sscanf(text, OST_HEAD_TEXT, &format, n_parts, &is.i, &is.n) == 4;
    snprintf(again, sizeof(again), OST_HEAD_TEXT, format, *n_parts, is.i, is.n);
    if (format > 0 && format != OST_JOURNAL_FORMAT)
        return ost_fail_at(err, OST_ERR_VALUE, path, 0, 0,
            "cannot be %s: it was begun by another version of osteon, which writes format %d and not %d; that version "
            "can finish it",
            purpose, format, OST_JOURNAL_FORMAT);
    if (!is_read || strcmp(text, again) != 0) return 1;
    if (shard->n > 0 && (shard->i != is.i || shard->n != is.n))
        return ost_fail_at(err, OST_ERR_VALUE, path, 0, 0, "cannot be %s: it is of shard %zu/%zu, not %zu/%zu", purpose,
            is.i, is.n, shard->i, shard->n);
    *shard = is;
    return 0;
}

static int visit_head(ost_journal_t *self, const void *body, size_t length, ost_error_t *err)
{
    ost_journal_file_t *file = file_of(self);
    ost_shard_t shard = self->shard;
    size_t n_parts;
    int ret = ost_journal_read_head(&shard, &n_parts, body, length, file->record.path, self->purpose, err);
    if (ret != 0) return ret > 0 ? fail_damaged(self, err) : ret;
    if (n_parts != self->n_parts)
        return ost_fail_at(err, OST_ERR_VALUE, file->record.path, 0, 0,
            "cannot be %s: it was begun with another number of models or points, %zu instead of %zu", self->purpose,
            n_parts, self->n_parts);
    file->shard = shard;
    file->has_head = true;
    return 0;
}

static int visit_plan(ost_journal_t *self, const ost_record_head_t *head, const void *body, ost_error_t *err)
{
    ost_identity_t theirs = { 0 };
    if (head->key >= ost_columns_n(self->plans, self->n_parts)) return fail_damaged(self, err);
    int ret = ost_identity_read(&theirs, body, head->length, err);
    if (ret == OST_ERR_FORMAT) ret = fail_damaged(self, err);
    if (ret == 0)
        ret = ost_identity_compare(
            &self->parts[head->key].kept.identity, &theirs, self->purpose, file_of(self)->record.path, err);
    ost_identity_free(&theirs);
    file_of(self)->n_part_records++;
    return ret;
}

static int visit_block(
    ost_journal_t *self, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    uint64_t p = head->key >> OST_PART_SHIFT, i = head->key - (p << OST_PART_SHIFT);
    ost_kept_view_t block;
    if (file_of(self)->n_part_records != ost_columns_n(self->plans, self->n_parts) || p >= self->n_parts ||
        i >= self->parts[p].n_blocks ||
        !ost_kept_read(&block, self->parts[p].kept.columns, (size_t) i, body, head->length)) {
        return fail_damaged(self, err);
    }
    ost_part_state_t *part = &self->parts[p];
    const ost_place_t *place = &part->places[i];
    if (place->at >= 0 && place->file == self->i_file) return 0;
    if (block.counts->has_probe != 0 && !place->has_probe) return 0; /* that was damaged: both are computed again */
    if (place->at >= 0)
        return ost_fail_at(err, OST_ERR_VALUE, file_of(self)->record.path, 0, 0,
            "cannot be %s: its subjects from number %llu on are in %s too; leave one of them out", self->purpose,
            (unsigned long long) (i * OST_COHORT_BLOCK + self->parts[p].kept.columns->plan->experiment->first_subject),
            self->files[place->file].record.path);
    part->kept.done[i] = true;
    part->kept.n_resumed += block.counts->n_subjects;
    return ost_journal_count(self, (size_t) p, (size_t) i, &block, at, err);
}

static int visit_probe(ost_journal_t *self, const ost_record_head_t *head, const void *body, ost_error_t *err)
{
    uint64_t p = head->key >> OST_PART_SHIFT, i = head->key - (p << OST_PART_SHIFT);
    size_t n_outputs = p < self->n_parts ? self->parts[p].kept.columns->plan->system->n_outputs : 0;
    const ost_kept_probe_t *probe = body;
    if (p >= self->n_parts || i >= self->parts[p].n_blocks ||
        head->length != sizeof(*probe) + 2 * n_outputs * sizeof(double))
        return fail_damaged(self, err);
    double *errors = (double *) (uintptr_t) (probe + 1);
    const ost_cohort_summary_t probed = { .n_periodic_probed = probe->n_periodic,
        .n_solver_probed = probe->n_solver,
        .periodic_share = probe->periodic_share,
        .ripple_probed = probe->ripple,
        .periodic_error = errors,
        .solver_error = errors + n_outputs };
    self->parts[p].places[i].has_probe = true;
    ost_cohort_summary_add_probed(&self->parts[p].kept.sums, &probed, n_outputs);
    return 0;
}

void ost_journal_count_end(ost_part_state_t *self, const ost_kept_end_t *end)
{
    if ((int) end->n_threads > self->kept.sums.n_threads) self->kept.sums.n_threads = (int) end->n_threads;
    self->kept.sums.seconds_wall = self->wall_before + end->seconds_wall;
    self->kept.sums.seconds_cpu = self->cpu_before + end->seconds_cpu;
}

void ost_journal_begin_opening(ost_journal_t *self)
{
    for (size_t p = 0; p < self->n_parts; p++) {
        self->parts[p].wall_before = self->parts[p].kept.sums.seconds_wall;
        self->parts[p].cpu_before = self->parts[p].kept.sums.seconds_cpu;
    }
}

static int visit(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    ost_journal_t *self = user;
    switch (head->kind) {
    case OST_RECORD_HEAD:
        return visit_head(self, body, head->length, err);
    case OST_RECORD_OWNER:
        ost_journal_begin_opening(self);
        if (head->length == sizeof(ost_record_owner_t)) memcpy(&file_of(self)->owner, body, sizeof(ost_record_owner_t));
        return 0;
    case OST_RECORD_PART:
        return visit_plan(self, head, body, err);
    case OST_RECORD_BLOCK:
        return visit_block(self, head, body, at, err);
    case OST_RECORD_PROBE:
        return visit_probe(self, head, body, err);
    case OST_RECORD_END:
        if (head->key < self->n_parts && head->length == sizeof(ost_kept_end_t))
            ost_journal_count_end(&self->parts[head->key], body);
        return 0;
    default:
        return fail_damaged(self, err);
    }
}

int ost_journal_scan(ost_journal_t *self, int64_t *end, ost_error_t *err)
{
    return ost_record_scan(&file_of(self)->record, visit, self, end, err);
}
