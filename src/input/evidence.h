/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file evidence.h  Evidence tables: what trials reported, one row per observation (CSV). */
#ifndef OST_INPUT_EVIDENCE_H
#define OST_INPUT_EVIDENCE_H

#include "core/text.h"
#include "input/evidence_unit.h"

/** Words of column `role`: what a row may be used for. */
#define OST_ROLES(X)                                                                                                   \
    X(OST_ROLE_CALIBRATE, "calibrate")                                                                                 \
    X(OST_ROLE_VALIDATE, "validate")                                                                                   \
    X(OST_ROLE_CONTEXT, "context")
/** Words of column `statistic`: of the measure over the subjects of an arm. An SD has the error of measurement in it.
 */
#define OST_REPORTED(X)                                                                                                \
    X(OST_REPORTED_MEAN, "mean")                                                                                       \
    X(OST_REPORTED_MEDIAN, "median")                                                                                   \
    X(OST_REPORTED_SD, "sd")
/** Words of column `interval`: what `lower` and `upper` hold. The last three say nothing of the value's error. */
#define OST_INTERVALS(X)                                                                                               \
    X(OST_INTERVAL_NONE, "none")                                                                                       \
    X(OST_INTERVAL_95CI, "95ci")                                                                                       \
    X(OST_INTERVAL_SD, "sd")                                                                                           \
    X(OST_INTERVAL_SE, "se")                                                                                           \
    X(OST_INTERVAL_IQR, "iqr")                                                                                         \
    X(OST_INTERVAL_RANGE, "range")                                                                                     \
    X(OST_INTERVAL_MARKERS, "range_of_markers")

/** See OST_ROLES. */
typedef enum { OST_ROLES(OST_MEMBER) OST_N_ROLES } ost_role_t;
/** See OST_REPORTED. */
typedef enum { OST_REPORTED(OST_MEMBER) OST_N_REPORTED } ost_reported_t;
/** See OST_INTERVALS. */
typedef enum { OST_INTERVALS(OST_MEMBER) OST_N_INTERVALS } ost_interval_t;

extern const char *const ost_role_words[OST_N_ROLES];         /**< by ost_role_t */
extern const char *const ost_reported_words[OST_N_REPORTED];  /**< by ost_reported_t */
extern const char *const ost_interval_words[OST_N_INTERVALS]; /**< by ost_interval_t */

/** One row of an evidence table (configs/evidence/README.md names the columns), checked: words as the dictionary spells
 * them, numbers that can be. */
typedef struct {
    ost_role_t role;                            /**< what it may be used for */
    bool is_frozen;                             /**< frozen.csv names it: it counts as validate, whatever its role */
    ost_reported_t statistic;                   /**< mean where empty */
    ost_interval_t interval;                    /**< none where empty */
    char *trial, *arm, *endpoint, *site, *unit; /**< columns, "" where empty; the last three never are */
    char *citation, *reference, *note;          /**< columns, "" where empty */
    char *population, *drug_regimen;            /**< columns, "" where empty or where the table has none */
    double time_months, value, lower, upper, n; /**< NaN where empty, which the value is not */
    ost_endpoint_kind_t kind;                   /**< of the endpoint */
    ost_base_t base;                            /**< of the endpoint */
    ost_evidence_unit_t in;                     /**< the unit, read */
    int line;                                   /**< in the file */
    bool is_named;                              /**< a comparison takes it; see ost_matched_find() */
    int same_as; /**< line of an earlier row that is the same observation, 0 for none; see ost_evidence_read() */
} ost_evidence_row_t;

/** An evidence table. */
typedef struct {
    ost_memory_t memory;      /**< of all but the warnings */
    char *path;               /**< as it was read */
    ost_evidence_row_t *rows; /**< [n_rows] */
    size_t n_rows;
    size_t n_frozen;          /**< of them in frozen.csv beside the table, 0 without that file */
    ost_text_list_t warnings; /**< of rows that are there twice, or but for the value, with both lines; and of
                                 ost_evidence_doubt() */
} ost_evidence_t;

/** The path of a table: as it is named if it is there, else that of the shipped table which is named alike, as in
 * "evidence/evidence.csv", beside the shipped dictionary. @param endpoints  path of that, NULL for none
 * @return named, or in the memory; NULL if out of memory */
const char *ost_evidence_path(const char *named, const char *endpoints, ost_memory_t *memory);
/** Read an evidence CSV (RFC 4180) and check every row. Two rows are the same observation if they agree in trial, arm,
 * endpoint, site, month, statistic, unit and value, whatever their role, interval and source; only the first counts.
 *  frozen.csv beside the table holds the keys of rows (trial, arm, endpoint, site, time_months, statistic, value, unit)
 *  that were of role validate at some time: each must still be there.
 *  @param dictionary  words of endpoints and sites
 *  @return 0, OST_ERR_MISSING, OST_ERR_IO, OST_ERR_SYNTAX, OST_ERR_NAME (a missing column; a word that is not one of
 * those allowed), OST_ERR_UNIT (a unit that is not known or does not fit the endpoint) or OST_ERR_VALUE (a number that
 * cannot be), with line and column */
int ost_evidence_read(ost_evidence_t *self, const char *path, const ost_endpoint_dictionary_t *dictionary,
    ost_error_t *err) OST_MUST_CHECK;
/** Warn of numbers of BMD that are most likely in another unit than they say: an SD given as SE, percent as a fraction,
 * a level as a change, months that are years or weeks. @return 0 or OST_ERR_NO_MEMORY */
int ost_evidence_doubt(ost_evidence_t *self) OST_MUST_CHECK;
/** The role that a row counts with in summaries. */
ost_role_t ost_evidence_role(const ost_evidence_row_t *row);
/** The 95 % interval of a row's value, also from its SE, or from its SD and number; the range or quartiles of a row
 * that reports these. @return false, and NAN, where the row reports no spread */
bool ost_evidence_bounds(const ost_evidence_row_t *row, double *lower, double *upper);
/** The address on the web of a source as column `reference` names it: "doi 10.1359/jbmr.2000.15.1.24", "PMID 17159195",
 * "PMC3415619" or an address. @return buf, "" for anything else */
char *ost_reference_address(const char *reference, char *buf, size_t size);
/** Free. Accepts NULL and a zeroed one. */
void ost_evidence_free(ost_evidence_t *self);

#endif
