/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A journal as journal.c writes it and scan.c reads it. */
#ifndef OST_JOURNAL_JOURNAL_IMPL_H
#define OST_JOURNAL_JOURNAL_IMPL_H

#include "journal/journal.h"
#include "journal/record.h"

#include <pthread.h>

/* Of the records below. It rises with each change of what they hold: 4 has a PROBE for each block that was probed. */
#define OST_JOURNAL_FORMAT 6
/* Body of a HEAD. */
#define OST_HEAD_TEXT "osteon journal\nformat = %d\nparts = %zu\nshard = %zu/%zu\n"
enum { OST_HEAD_SIZE = 128 };
/* Failure messages kept: those of the first subjects, so that neither memory nor the choice depends on how many fail or
 * in which order blocks come. */
#define OST_MAX_FAILURES 1000
/* The same of a point of a sweep. */
#define OST_MAX_FAILURES_OF_POINT 10
/* The key of a BLOCK and of its PROBE: part << OST_PART_SHIFT | block. */
#define OST_PART_SHIFT 40

/* Begins the body of a PROBE; then follow periodic_error and solver_error [n_outputs]. */
typedef struct {
    uint64_t n_periodic, n_solver; /* subjects */
    double periodic_share, ripple;
} ost_kept_probe_t;

/* Body of an END. */
typedef struct {
    uint64_t n_threads;
    double seconds_wall, seconds_cpu;
} ost_kept_end_t;

typedef struct {
    uint64_t position; /* 0-based in the cohort */
    size_t arm;
    char *text; /* owned */
} ost_note_t;

/* Where the record of a block begins. */
typedef struct {
    int64_t at; /* -1: it is not there */
    size_t file;
    bool has_probe; /* its PROBE was seen */
} ost_place_t;

typedef struct {
    ost_journal_part_t kept;
    size_t n_blocks;                /* of the whole cohort */
    ost_place_t *places;            /* [n_blocks] */
    double wall_before, cpu_before; /* s, of earlier openings */
    ost_note_t *notes;              /* [max_notes] */
    size_t n_notes, max_notes;      /* room for one more than OST_MAX_FAILURES at most */
    bool is_of_sweep;               /* a point */
    bool is_shared;                 /* identity and arrays of its sums are those of the first part, of a sweep */
} ost_part_state_t;

/* One file of a journal. */
typedef struct {
    ost_record_t record;
    ost_shard_t shard; /* that it says it is */
    bool has_head;
    ost_record_owner_t owner; /* the last one */
    size_t n_part_records;
} ost_journal_file_t;

struct ost_journal {
    ost_memory_t memory;       /* of lists of parts, blocks and files */
    ost_journal_file_t *files; /* [n_files]; one that is written to is the only one */
    size_t n_files, i_file;    /* i_file: the one being scanned */
    bool is_written;           /* opened for writing */
    ost_shard_t shard;         /* whose blocks are to be there */
    const char *purpose;       /* what the files are read for, as in "cannot be resumed" */
    const ost_part_t *plans;
    ost_columns_t *columns;  /* [ost_columns_n()] */
    ost_part_state_t *parts; /* [n_parts] */
    size_t n_parts;
    pthread_mutex_t lock; /* of all that blocks change */
    ost_kept_body_t *idle;
    double t_open, cpu_open; /* s */
};

/* The first block of shard i of n; of the shard behind the last, the number of blocks. */
size_t ost_shard_begin(size_t i, size_t n, size_t n_blocks);
/* A journal of these plans without a file. @return 0 or as ost_columns_init(); NULL in *self on error */
int ost_journal_new(ost_journal_t **self, const ost_part_t *parts, size_t n_parts, size_t n_files, ost_shard_t shard,
    ost_error_t *err) OST_MUST_CHECK;
/* Close all files and free. */
void ost_journal_delete(ost_journal_t *self);
/* Take over all whole records of file i_file. @param[out] end  behind the last of them @return 0; OST_ERR_VALUE: it is
 * of another run, or two files have the same block; OST_ERR_FORMAT: it is no journal, or damaged; OST_ERR_IO,
 * OST_ERR_NO_MEMORY */
int ost_journal_scan(ost_journal_t *self, int64_t *end, ost_error_t *err) OST_MUST_CHECK;
/* Count a block whose record is in file i_file, at `at`. */
int ost_journal_count(ost_journal_t *self, size_t part, size_t i, const ost_kept_view_t *block, int64_t at,
    ost_error_t *err) OST_MUST_CHECK;
/* What a run took that was not killed. */
void ost_journal_count_end(ost_part_state_t *self, const ost_kept_end_t *end);
/* What was counted so far belongs to earlier openings. */
void ost_journal_begin_opening(ost_journal_t *self);
/* Read a HEAD. @param[in,out] shard  that it has to be, n 0: any; that it is
 * @return 0; 1: it is not a head; OST_ERR_VALUE: of another format or shard */
int ost_journal_read_head(ost_shard_t *shard, size_t *n_parts, const void *body, size_t length, const char *path,
    const char *purpose, ost_error_t *err) OST_MUST_CHECK;
/* Append a HEAD, and the PART p with its facts. @return 0, OST_ERR_IO or OST_ERR_NO_MEMORY */
int ost_journal_append_head(ost_record_t *record, size_t n_parts, ost_shard_t shard, ost_error_t *err) OST_MUST_CHECK;
int ost_journal_append_facts(
    ost_record_t *record, size_t p, const ost_identity_t *identity, ost_error_t *err) OST_MUST_CHECK;
/* "is damaged, or is not a journal", of file `file`. @return OST_ERR_FORMAT */
int ost_journal_fail_damaged(const ost_journal_t *self, size_t file, ost_error_t *err);

#endif
