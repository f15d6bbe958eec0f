/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file journal.h  What a run has computed, kept on disk as it comes: an append-only log of finished blocks. It lies
 *  beside the result file that is written from it (results/results.h), and a run that was killed or interrupted goes on
 *  from it. */
#ifndef OST_JOURNAL_JOURNAL_H
#define OST_JOURNAL_JOURNAL_H

#include "journal/block.h"
#include "journal/identity.h"

/** A journal open for writing by this process alone. */
typedef struct ost_journal ost_journal_t;

/** What to do with a journal that is there. */
typedef enum {
    OST_JOURNAL_NEW,    /**< refuse if it holds blocks */
    OST_JOURNAL_RESUME, /**< go on with it; as new if there is none */
    OST_JOURNAL_RESTART /**< begin anew */
} ost_resume_t;

/** Blocks of a whole cohort that are run apart: shard i of n, i from 1 on, has those from (i - 1)/n to i/n of all
 *  blocks, rounded down. A plain run is 1 of 1. */
typedef struct {
    size_t i, n; /**< 1 <= i <= n; n 0: see there */
} ost_shard_t;

/** Whether a plan has a block for each of so many shards. @return 0 or OST_ERR_VALUE */
int ost_shard_check(ost_shard_t shard, const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/** Open the journal `path`.part of the result file `path`, for plans that are run by the same experiment.
 *  @param parts  [n_parts], borrowed with all in them: must outlive self; @param shard  n 0: all blocks
 *  @return 0; OST_ERR_IO: it cannot be written, or another run is writing to it; OST_ERR_VALUE: more shards
 *  than blocks; or NEW, and it holds blocks; or RESUME, and it was begun with another experiment, version, instruction
 * set, ...; OST_ERR_FORMAT: it is damaged or not a journal, and not to be begun anew; OST_ERR_UNIT as
 * ost_columns_init(); OST_ERR_NO_MEMORY. Its records then are as they were */
int ost_journal_open(ost_journal_t **self, const char *path, const ost_part_t *parts, size_t n_parts, ost_shard_t shard,
    ost_resume_t how, ost_error_t *err) OST_MUST_CHECK;
/** Open journals of shards, or of runs that were interrupted, for reading as one, in any order.
 *  @param paths  [n_paths] the files themselves; @param shard  the one whose blocks have to be there; n 0: the whole
 *  cohort @return 0; OST_ERR_VALUE: of another run, two have the same block, or blocks are missing (the message says
 *  which shards to run again); OST_ERR_IO: one cannot be opened, or a run is writing to it; OST_ERR_FORMAT: not a
 *  journal; OST_ERR_NO_MEMORY */
int ost_journal_gather(ost_journal_t **self, const char *const *paths, size_t n_paths, const ost_part_t *parts,
    size_t n_parts, ost_shard_t shard, ost_error_t *err) OST_MUST_CHECK;
/** Open the journal of a run that may go on, for reading what is there so far. It takes no lock, so that it disturbs
 *  nothing and needs not wait. @return as ost_journal_gather() */
int ost_journal_watch(
    ost_journal_t **self, const char *path, const ost_part_t *parts, size_t n_parts, ost_error_t *err) OST_MUST_CHECK;
/** How far the run of a journal is. */
typedef struct {
    ost_shard_t shard;
    uint64_t n_blocks, n_done; /**< of all parts; of a shard, of its own */
    int64_t pid, since;        /**< process that opened it last, and when: seconds since 1970, UTC; 0: unknown */
    char host[64];             /**< of that process */
} ost_journal_state_t;

ost_journal_state_t ost_journal_state(const ost_journal_t *self);
/** What a journal or a result of these plans records: the facts of the first, with those that it lacks of the others;
 *  of several plans also `compared_models`, a name a line, and `arms_left_out`; of a sweep the facts of its design.
 *  @return 0 or OST_ERR_NO_MEMORY; free it
 *  in any case */
int ost_parts_identity(ost_identity_t *self, const ost_part_t *parts, size_t n_parts, ost_error_t *err) OST_MUST_CHECK;
/** What a journal was begun with, without a plan, as of ost_parts_identity(). ost_identity_experiment() gives the
 *  experiment.
 *  @return 0, OST_ERR_IO, OST_ERR_FORMAT or OST_ERR_NO_MEMORY; free it in any case */
int ost_journal_origin(const char *path, ost_identity_t *origin, ost_error_t *err) OST_MUST_CHECK;
/** Whether there is a journal beside the result file `path`. */
bool ost_journal_exists(const char *path);
/** Whether the file `path` is a journal. */
bool ost_journal_is(const char *path);
/** What a journal holds of a part. */
typedef struct {
    const ost_columns_t *columns; /**< with the plan */
    ost_identity_t identity;      /**< of the plan; of a sweep, only the first part has it */
    ost_cohort_summary_t sums;    /**< over all blocks, those of earlier runs as well; arrays in them are shared by the
                                     points of a sweep */
    bool *done;                   /**< [number of blocks] computed by an earlier run, or of another shard */
    uint64_t n_resumed;           /**< subjects in these */
    uint64_t n_subjects;          /**< of the shard */
} ost_journal_part_t;

/** Owned by self. */
const ost_journal_part_t *ost_journal_part(const ost_journal_t *self, size_t part);
/** Append a block of ost_cohort_run: OST_COHORT_BLOCK subjects from a multiple of it on, or the rest of the cohort. By
 *  several threads at a time: each packs its own, and only the writing waits for the others. */
int ost_journal_block(
    ost_journal_t *self, size_t part, const ost_cohort_block_t *block, ost_error_t *err) OST_MUST_CHECK;
/** Append what this run of a part took: threads and time. */
int ost_journal_end(
    ost_journal_t *self, size_t part, const ost_cohort_summary_t *summary, ost_error_t *err) OST_MUST_CHECK;
/** A subject that failed in one arm. */
typedef struct {
    uint64_t subject;          /**< its number */
    const char *arm, *message; /**< owned by the experiment and the journal */
} ost_failed_t;

/** The i-th of the failures of a part, by subject and arm; the first 1000 are kept. @return false if there are fewer */
bool ost_journal_failure(const ost_journal_t *self, size_t part, size_t i, ost_failed_t *out);
/** Close; one that was opened for writing and holds no block is removed. Accepts NULL. */
void ost_journal_close(ost_journal_t *self);
/** Close a shard that is complete, on the disk, and give it the name `path`. @return 0 or OST_ERR_IO; closed in any
 * case
 */
int ost_journal_seal(ost_journal_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** Close and remove: what it holds is in the result file. Accepts NULL. */
void ost_journal_remove(ost_journal_t *self);

const ost_part_t *ost_journal_parts(const ost_journal_t *self, size_t *n_parts); /**< [*n_parts] */
uint64_t ost_journal_bytes(const ost_journal_t *self);                           /**< size */

/** Scratch of a reader; begin with a zeroed one, free what `body` points to. */
typedef struct {
    void *body;
    size_t room;
} ost_journal_buffer_t;

/** Read block i of a part, checked. @param[out] out  points into the buffer @return 0; 1: it is not there;
 * OST_ERR_FORMAT: damaged since it was written */
int ost_journal_read(const ost_journal_t *self, size_t part, size_t i, ost_journal_buffer_t *buffer,
    ost_kept_view_t *out, ost_error_t *err) OST_MUST_CHECK;

#endif
