/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file evidence.h  Evidence tables: what trials reported, one row per observation (CSV). */
#ifndef OST_INPUT_EVIDENCE_H
#define OST_INPUT_EVIDENCE_H

#include "core/error.h"
#include "core/vocabulary.h"

/** Words of column `role`: what a row may be used for. */
#define OST_ROLES(X)                                                                                                   \
    X(OST_ROLE_CALIBRATE, "calibrate")                                                                                 \
    X(OST_ROLE_VALIDATE, "validate")                                                                                   \
    X(OST_ROLE_CONTEXT, "context")
/** Words of column `statistic`: of the measure over the subjects of an arm. */
#define OST_REPORTED(X)                                                                                                \
    X(OST_REPORTED_MEAN, "mean")                                                                                       \
    X(OST_REPORTED_MEDIAN, "median")
/** Words of column `interval`: what `lower` and `upper` hold. The last two say nothing of the value's error. */
#define OST_INTERVALS(X)                                                                                               \
    X(OST_INTERVAL_NONE, "none")                                                                                       \
    X(OST_INTERVAL_95CI, "95ci")                                                                                       \
    X(OST_INTERVAL_SD, "sd")                                                                                           \
    X(OST_INTERVAL_SE, "se")                                                                                           \
    X(OST_INTERVAL_IQR, "iqr")                                                                                         \
    X(OST_INTERVAL_RANGE, "range")

/** See OST_ROLES. */
typedef enum { OST_ROLES(OST_MEMBER) OST_N_ROLES } ost_role_t;
/** See OST_REPORTED. */
typedef enum { OST_REPORTED(OST_MEMBER) OST_N_REPORTED } ost_reported_t;
/** See OST_INTERVALS. */
typedef enum { OST_INTERVALS(OST_MEMBER) OST_N_INTERVALS } ost_interval_t;

extern const char *const ost_role_words[OST_N_ROLES];         /**< by ost_role_t */
extern const char *const ost_reported_words[OST_N_REPORTED];  /**< by ost_reported_t */
extern const char *const ost_interval_words[OST_N_INTERVALS]; /**< by ost_interval_t */

/** One row of an evidence table (configs/evidence/README.md names the columns). */
typedef struct {
    ost_role_t role;                            /**< what it may be used for */
    ost_reported_t statistic;                   /**< mean where empty */
    ost_interval_t interval;                    /**< none where empty */
    char *trial, *arm, *endpoint, *site, *unit; /**< columns, "" where empty */
    char *citation, *reference, *note;          /**< columns, "" where empty */
    char *population, *drug_regimen;            /**< columns, "" where empty or where the table has none */
    double time_months, value, lower, upper, n; /**< NaN where empty */
    int line;                                   /**< in the file */
} ost_evidence_row_t;

/** An evidence table. */
typedef struct {
    char *path;               /**< as it was read; owned */
    ost_evidence_row_t *rows; /**< [n_rows] */
    size_t n_rows;
} ost_evidence_t;

/** Read an evidence CSV (RFC 4180). @return 0, OST_ERR_IO, OST_ERR_SYNTAX or OST_ERR_NAME (a missing column; a role,
 * statistic or interval that is not one of the words above), with the line */
int ost_evidence_read(ost_evidence_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;
/** The address on the web of a source as column `reference` names it: "doi 10.1359/jbmr.2000.15.1.24", "PMID 17159195",
 * "PMC3415619" or an address. @return buf, "" for anything else */
char *ost_reference_address(const char *reference, char *buf, size_t size);
/** Free. Accepts NULL and a zeroed one. */
void ost_evidence_free(ost_evidence_t *self);

#endif
