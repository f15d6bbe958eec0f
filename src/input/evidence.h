/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file evidence.h  Evidence tables: what trials reported, one row per observation (CSV). */
#ifndef OST_INPUT_EVIDENCE_H
#define OST_INPUT_EVIDENCE_H

#include "core/error.h"

/** One row of an evidence table (configs/evidence/README.md names the columns). */
typedef struct {
    char *role, *trial, *arm, *endpoint, *site, *statistic, *unit; /**< columns, "" where empty */
    char *interval, *citation, *reference, *note;                  /**< columns, "" where empty */
    double time_months, value, lower, upper, n;                    /**< NaN where empty */
    int line;                                                      /**< in the file */
} ost_evidence_row_t;

/** An evidence table. */
typedef struct {
    ost_evidence_row_t *rows; /**< [n_rows] */
    size_t n_rows;
} ost_evidence_t;

/** Read an evidence CSV (RFC 4180). @return 0, OST_ERR_IO, OST_ERR_SYNTAX or OST_ERR_NAME (a missing column; a role
 * or statistic that is none), with the line */
int ost_evidence_read(ost_evidence_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed one. */
void ost_evidence_free(ost_evidence_t *self);

#endif
