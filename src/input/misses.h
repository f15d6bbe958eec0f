/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file misses.h  Known reasons for large misfits, beside an evidence table (misses.csv): why a bone model misses the
 * observations of a trial. */
#ifndef OST_INPUT_MISSES_H
#define OST_INPUT_MISSES_H

#include "input/evidence.h"

/** A residual of BMD beyond this is a miss whose reason is asked for, points. Chosen as the size that two trials of the
 * same treatment differ by (replicates of configs/evidence: SD 1.3). */
#define OST_MISS_POINTS 1.5

/** A reason. */
typedef struct {
    char *trial;  /**< of the evidence */
    char *model;  /**< bone model */
    char *reason; /**< a phrase */
    int line;     /**< in the file */
} ost_miss_t;

/** The reasons that are known. */
typedef struct {
    ost_miss_t *rows; /**< [n_rows] */
    size_t n_rows;
} ost_misses_t;

/** Read misses.csv beside an evidence table; without that file the list is empty. @param memory  of the list @return 0,
 * OST_ERR_IO, OST_ERR_SYNTAX, or OST_ERR_NAME with the line: a missing column, a trial that the evidence does not have
 */
int ost_misses_read(
    ost_misses_t *self, const ost_evidence_t *evidence, ost_memory_t *memory, ost_error_t *err) OST_MUST_CHECK;
/** Why a bone model misses a trial. @return NULL where it is not known */
const char *ost_misses_reason(const ost_misses_t *self, const char *trial, const char *model);

#endif
