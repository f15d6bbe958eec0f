/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file endpoints.h  The dictionary of endpoints beside an evidence table (endpoints.csv): which output of the models
 * a site or an endpoint of the table is, and how large the error of one measurement of it is. */
#ifndef OST_INPUT_ENDPOINTS_H
#define OST_INPUT_ENDPOINTS_H

#include "core/error.h"
#include "core/vocabulary.h"
#include "lang/model.h"

/** What is computed of each subject's output y between two times, from and to. */
#define OST_MEASURES(X)                                                                                                \
    X(OST_MEASURE_LEVEL, "level")       /* y(to) */                                                                    \
    X(OST_MEASURE_CHANGE, "change")     /* y(to) - y(from) */                                                          \
    X(OST_MEASURE_PERCENT, "percent")   /* 100 (y(to)/y(from) - 1) */                                                  \
    X(OST_MEASURE_FRACTION, "fraction") /* 100 y(to)/y(from) */
/** Classes of endpoints: errors within one class are of one size. The last one is of levels and of changes in the
 * output's own unit, whichever output they are of. */
#define OST_CLASSES(X)                                                                                                 \
    X(OST_CLASS_BMD, "BMD")                                                                                            \
    X(OST_CLASS_MARKER, "marker")                                                                                      \
    X(OST_CLASS_HORMONE, "hormone")                                                                                    \
    X(OST_CLASS_LEVEL, "level")

/** See OST_MEASURES. */
typedef enum { OST_MEASURES(OST_MEMBER) OST_N_MEASURES } ost_measure_t;
/** See OST_CLASSES. */
typedef enum { OST_CLASSES(OST_MEMBER) OST_N_CLASSES } ost_class_t;

extern const char *const ost_measure_words[OST_N_MEASURES]; /**< by ost_measure_t */
extern const char *const ost_class_words[OST_N_CLASSES];    /**< by ost_class_t */

/** One row of the dictionary. */
typedef struct {
    char *site;                 /**< "LS", also of "LS(L2-L4)"; "" for any */
    char *endpoint;             /**< how the row's endpoint begins; "" for any */
    char *output;               /**< "bmd[lumbar_spine]" */
    ost_class_t endpoint_class; /**< of its relative measures */
    char *error;                /**< parameters of models, "dxa.scan_cv[lumbar_spine] dxa.visit_cv"; "" for none */
    double error_cv;            /**< root of the sum of their squares: SD of one measurement, percent of the value */
    int line;                   /**< in the file */
} ost_endpoint_entry_t;

/** A dictionary. The first entry that fits counts. */
typedef struct {
    char *path;                    /**< owned */
    ost_endpoint_entry_t *entries; /**< [n_entries] */
    size_t n_entries;
} ost_endpoint_dictionary_t;

/** Read endpoints.csv beside an evidence table; where there is none, the file `otherwise`.
 *  @param otherwise  NULL for none. @return 0, OST_ERR_IO, OST_ERR_SYNTAX or OST_ERR_NAME with the line */
int ost_endpoint_dictionary_read(
    ost_endpoint_dictionary_t *self, const char *evidence, const char *otherwise, ost_error_t *err) OST_MUST_CHECK;
/** Look up the parameters that `error` names, for error_cv. @param library  may gain models. @return 0, or OST_ERR_NAME
 * or OST_ERR_UNIT with the line */
int ost_endpoint_dictionary_errors(
    ost_endpoint_dictionary_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;
/** The entry of a row of the evidence. @return NULL if none fits */
const ost_endpoint_entry_t *ost_endpoint_entry(
    const ost_endpoint_dictionary_t *self, const char *endpoint, const char *site);
/** The entry of an output. @return NULL if none fits */
const ost_endpoint_entry_t *ost_endpoint_entry_of_output(const ost_endpoint_dictionary_t *self, const char *output);
/** Free. Accepts NULL and a zeroed one. */
void ost_endpoint_dictionary_free(ost_endpoint_dictionary_t *self);

#endif
