/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Journals of parts of a cohort, read as one. */
#include "journal/journal_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* "2, 5": the shards of n that lack a block of a part. @return their number */
static size_t list_incomplete(const ost_journal_t *self, size_t n, char *list, size_t size)
{
    size_t n_incomplete = 0, length = 0;
    list[0] = '\0';
    for (size_t i = 1; i <= n; i++) {
        bool lacks = false;
        for (size_t p = 0; p < self->n_parts; p++) {
            const ost_part_state_t *part = &self->parts[p];
            size_t behind = ost_shard_begin(i + 1, n, part->n_blocks);
            for (size_t b = ost_shard_begin(i, n, part->n_blocks); b < behind; b++) lacks |= part->places[b].at < 0;
        }
        if (!lacks) continue;
        if (length < size)
            length += (size_t) snprintf(list + length, size - length, "%s%zu", n_incomplete > 0 ? ", " : "", i);
        n_incomplete++;
    }
    return n_incomplete;
}

/* All blocks of what is wanted have to be there. */
static int check_complete(const ost_journal_t *self, ost_error_t *err)
{
    char list[200];
    ost_shard_t shard = self->shard.n > 0 ? self->shard : self->files->shard;
    if (self->shard.n > 1) {
        for (size_t p = 0; p < self->n_parts; p++) {
            if (self->parts[p].kept.sums.subjects == self->parts[p].kept.n_subjects) continue;
            return ost_fail_at(err, OST_ERR_VALUE, self->files->record.path, 0, 0,
                "lacks blocks, so it was damaged; remove it, and the same command computes it again");
        }
        return 0;
    }
    for (size_t f = 1; f < self->n_files; f++)
        if (self->files[f].shard.n > shard.n) shard = self->files[f].shard;
    size_t n = list_incomplete(self, shard.n, list, sizeof(list));
    if (n == 0) return 0;
    return ost_fail(err, OST_ERR_VALUE,
        "%s %s of %zu %s missing, not finished or damaged: run %s as the others were run, with --shard %d/%zu "
        "--resume%s, and merge again",
        n == 1 ? "shard" : "shards", list, shard.n, n == 1 ? "is" : "are", n == 1 ? "it" : "each", atoi(list), shard.n,
        n == 1 ? "" : " and so on");
}

/* @param is_watched  one file, as far as it goes */
static int gather(ost_journal_t **self, const char *const *paths, size_t n_paths, bool is_watched, ost_error_t *err)
{
    int64_t end;
    int ret = 0;
    ost_journal_t *made = *self;
    for (made->i_file = 0; made->i_file < n_paths && ret == 0; made->i_file++) {
        ost_journal_file_t *file = &made->files[made->i_file];
        ost_journal_begin_opening(made);
        ret = is_watched ? ost_record_open_watch(&file->record, paths[made->i_file], err)
                         : ost_record_open_read(&file->record, paths[made->i_file], err);
        if (ret == 0) ret = ost_journal_scan(made, &end, err);
        if (ret == 0 && !file->has_head) ret = ost_journal_fail_damaged(made, made->i_file, err);
        file->record.end = end;
    }
    if (ret == 0 && !is_watched) ret = check_complete(made, err);
    for (size_t p = 0; p < made->n_parts; p++) made->parts[p].kept.n_resumed = 0;
    if (ret == 0) return 0;
    ost_journal_delete(made);
    *self = NULL;
    return ret;
}

int ost_journal_gather(ost_journal_t **self, const char *const *paths, size_t n_paths, const ost_part_t *parts,
    size_t n_parts, ost_shard_t shard, ost_error_t *err)
{
    int ret = ost_journal_new(self, parts, n_parts, n_paths, shard, err);
    if (ret < 0) return ret;
    if (shard.n == 0) (*self)->purpose = "merged";
    return gather(self, paths, n_paths, false, err);
}

int ost_journal_watch(ost_journal_t **self, const char *path, const ost_part_t *parts, size_t n_parts, ost_error_t *err)
{
    int ret = ost_journal_new(self, parts, n_parts, 1, (ost_shard_t){ 0 }, err);
    if (ret < 0) return ret;
    (*self)->purpose = "shown";
    return gather(self, &path, 1, true, err);
}

ost_journal_state_t ost_journal_state(const ost_journal_t *self)
{
    const ost_journal_file_t *file = self->files;
    ost_journal_state_t state = { .shard = file->shard, .pid = file->owner.pid, .since = file->owner.seconds };
    snprintf(state.host, sizeof(state.host), "%.63s", file->owner.host);
    for (size_t p = 0; p < self->n_parts; p++) {
        const ost_part_state_t *part = &self->parts[p];
        state.n_blocks += ost_shard_begin(state.shard.i + 1, state.shard.n, part->n_blocks) -
                          ost_shard_begin(state.shard.i, state.shard.n, part->n_blocks);
        for (size_t i = 0; i < part->n_blocks; i++) state.n_done += part->places[i].at >= 0;
    }
    return state;
}

static int visit_origin(void *user, const ost_record_head_t *head, const void *body, int64_t at, ost_error_t *err)
{
    ost_identity_t *self = user, plan = { 0 };
    (void) at;
    if (head->kind == OST_RECORD_BLOCK) return 1; /* all plans stand before the first block */
    if (head->kind != OST_RECORD_PART) return 0;
    if (self->n == 0) return ost_identity_read(self, body, head->length, err);
    int ret = ost_identity_read(&plan, body, head->length, err);
    if (ret == 0) ret = ost_identity_join(self, &plan, err);
    ost_identity_free(&plan);
    return ret;
}

int ost_journal_origin(const char *path, ost_identity_t *origin, ost_error_t *err)
{
    ost_record_t record;
    int64_t end;
    *origin = (ost_identity_t){ 0 };
    int ret = ost_record_open_watch(&record, path, err);
    if (ret == 0) ret = ost_record_scan(&record, visit_origin, origin, &end, err);
    ost_record_close(&record);
    if (ret >= 0 && origin->n > 0) return 0;
    if (ret < 0) return ret;
    return ost_fail_at(err, OST_ERR_FORMAT, path, 0, 0, "is damaged, or holds no part of a run of osteon");
}
