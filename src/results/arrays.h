/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file arrays.h  A result file (HDF5) of named arrays over named dimensions, with what it was made from: for analyses
 *  that have neither subjects nor output times. */
#ifndef OST_RESULTS_ARRAYS_H
#define OST_RESULTS_ARRAYS_H

#include "results/results.h"

/** Root attribute with the method of an analysis: tells such a file from the result of a run. */
#define OST_ANALYSIS_METHOD "analysis_method"
/** Its dataset with the tables that were printed. */
#define OST_ANALYSIS_REPORT "report"

/** Dimensions of an array at most. */
enum { OST_ARRAY_MAX_RANK = 2 };

/** A dimension, with its coordinate of that name. */
typedef struct {
    const char *name, *meaning;
    size_t n;
    const char *const *texts; /**< [n] of the coordinate; NULL: the numbers 0 .. n - 1 */
} ost_array_dim_t;

/** An array. */
typedef struct {
    const char *name, *unit, *meaning; /**< unit NULL: none */
    const double *values;              /**< row-major; NULL: texts */
    const char *const *texts;
    size_t rank;                     /**< 0: one value */
    size_t dims[OST_ARRAY_MAX_RANK]; /**< indices of dimensions */
} ost_array_t;

/** What goes into a file; all borrowed. */
typedef struct {
    const ost_identity_t *identity; /**< the root attributes */
    const ost_array_dim_t *dims;    /**< [n_dims] */
    const ost_array_t *arrays;      /**< [n_arrays] */
    size_t n_dims, n_arrays;
    uint64_t n_subjects, n_failed; /**< that were run; subject-arms */
} ost_arrays_t;

/** Write the file `path`, beside it until it is whole and on the disk, with its seal. @return 0, OST_ERR_IO or
 *  OST_ERR_NO_MEMORY */
int ost_arrays_write(const ost_arrays_t *self, const char *path, ost_error_t *err) OST_MUST_CHECK;

/** Read texts, or numbers over two dimensions, of the file of an analysis. @param[out] texts  appended
 *  @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_read_texts(
    const ost_results_t *self, const char *name, ost_text_list_t *texts, ost_error_t *err) OST_MUST_CHECK;
/** @param[out] values  [n_rows][n_columns] owned by the caller, NULL on error */
int ost_results_read_matrix(const ost_results_t *self, const char *name, size_t n_rows, size_t n_columns,
    double **values, ost_error_t *err) OST_MUST_CHECK;

#endif
