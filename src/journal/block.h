/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A finished block as the body of a record. It begins with ost_kept_counts_t; then follow counts of outputs that are
 * not finite [n_outputs], columns [n_columns][n_subjects], sizes of chunks [n_chunks], messages (ost_kept_note_t and
 * text each), chunks. */
#ifndef OST_JOURNAL_BLOCK_H
#define OST_JOURNAL_BLOCK_H

#include "journal/pack.h"

typedef struct {
    uint64_t n_subjects, failures, not_eligible, run_in_steps;
    ost_solver_stats_t stats;
    double seconds_wall, seconds_cpu; /* since the journal was opened */
    uint64_t n_text;                  /* bytes of messages */
    uint64_t has_probe;               /* 1: a PROBE stands before it */
} ost_kept_counts_t;

typedef struct {
    uint32_t i, length; /* arm x n_subjects + subject; of the text that follows */
} ost_kept_note_t;

/* Points into a body. */
typedef struct {
    const ost_kept_counts_t *counts;
    const uint64_t *n_not_finite, *sizes;
    const double *columns;
    const char *text, *chunks;
} ost_kept_view_t;

/* What a thread makes a body with. */
typedef struct ost_kept_body ost_kept_body_t;
struct ost_kept_body {
    ost_kept_body_t *next; /* in the list of those not in use */
    ost_packer_t *packer;
    char *bytes; /* [room], of which `size` are in use */
    size_t size, room;
};

/* Subjects of block i. */
size_t ost_kept_subjects(const ost_plan_t *plan, size_t i);
/* @return owned by the caller, NULL: out of memory */
ost_kept_body_t *ost_kept_body_new(const ost_experiment_t *e);
/* Accepts NULL. */
void ost_kept_body_delete(ost_kept_body_t *self);
/* Make the body. @return 0 or OST_ERR_NO_MEMORY */
int ost_kept_write(ost_kept_body_t *self, const ost_columns_t *columns, const ost_cohort_block_t *block,
    double seconds_wall, double seconds_cpu, ost_error_t *err) OST_MUST_CHECK;
/* @return false if the bytes are not the body of block i */
bool ost_kept_read(ost_kept_view_t *self, const ost_columns_t *columns, size_t i, const void *bytes, size_t length);

#endif
