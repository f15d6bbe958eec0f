/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file values.h  Values that an analysis has computed at its points, as records of a journal: one that is killed goes
 *  on with them, and shards of the points are put together. */
#ifndef OST_JOURNAL_VALUES_H
#define OST_JOURNAL_VALUES_H

#include "journal/identity.h"
#include "journal/journal.h"

/** What some points took; of several records the sums. */
typedef struct {
    uint64_t n_subjects, n_arms; /**< at each point */
    uint64_t n_points, failures; /**< points; subject-arms that failed */
    double seconds_wall, seconds_cpu;
    uint64_t n_threads, isa;
    uint64_t first_failed;   /**< point of the first failure, UINT64_MAX: none */
    char first_failure[320]; /**< what failed there, and why */
} ost_values_took_t;

/** Values of an analysis, with the memory that they are read into. All borrowed. */
typedef struct {
    const ost_identity_t *identity; /**< all that the values depend on */
    size_t n_points, n_values;      /**< values at each point */
    double *values;                 /**< [n_values][n_points] */
    bool *done;                     /**< [n_points] whether the values of a point are there */
    ost_values_took_t *took;        /**< of these */
} ost_values_t;

/** A journal open for writing by this process alone. */
typedef struct ost_values_log ost_values_log_t;

/** Add what `more` took. */
void ost_values_take(ost_values_took_t *self, const ost_values_took_t *more);
/** The first point of shard i of n; of the shard behind the last, n_points. */
size_t ost_values_begin(ost_shard_t shard, size_t n_points);
/** Open the journal `path`.part of the result file `path`, and take over the values that it holds.
 *  @return as ost_journal_open() */
int ost_values_open(ost_values_log_t **self, const char *path, const ost_values_t *of, ost_shard_t shard,
    ost_resume_t how, ost_error_t *err) OST_MUST_CHECK;
/** Append the values of n points. @param points  [n] their numbers @return 0 or OST_ERR_IO, OST_ERR_NO_MEMORY */
int ost_values_append(ost_values_log_t *self, const size_t *points, size_t n, const ost_values_took_t *took,
    ost_error_t *err) OST_MUST_CHECK;
/** Take over the values of files, which all belong to one analysis. @param is_whole  all points have to be there
 *  @return 0; OST_ERR_VALUE: of another analysis, two have the same point, or points are missing; OST_ERR_FORMAT,
 *  OST_ERR_IO, OST_ERR_NO_MEMORY */
int ost_values_gather(
    const ost_values_t *to, const char *const *paths, size_t n_paths, bool is_whole, ost_error_t *err) OST_MUST_CHECK;
/** Close; one without values is removed. Accepts NULL. */
void ost_values_close(ost_values_log_t *self);
/** Close a shard that is complete, on the disk, and give it the name `path`. @return 0 or OST_ERR_IO; closed in any
 * case */
int ost_values_seal(ost_values_log_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** Close and remove: what it holds is in the result file. Accepts NULL. */
void ost_values_remove(ost_values_log_t *self);

#endif
