/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file endpoints.h  The dictionary of endpoints beside an evidence table (endpoints.csv): every word that the table
 * may have for a site and for an endpoint, which output of the models it is, and how large the error of one measurement
 * of it is. */
#ifndef OST_INPUT_ENDPOINTS_H
#define OST_INPUT_ENDPOINTS_H

#include "core/error.h"
#include "core/memory.h"
#include "core/vocabulary.h"
#include "lang/model.h"

/** What is computed of each subject's output y between two times, from and to. */
#define OST_MEASURES(X)                                                                                                \
    X(OST_MEASURE_LEVEL, "level")       /* y(to) */                                                                    \
    X(OST_MEASURE_CHANGE, "change")     /* y(to) - y(from) */                                                          \
    X(OST_MEASURE_PERCENT, "percent")   /* 100 (y(to)/y(from) - 1) */                                                  \
    X(OST_MEASURE_FRACTION, "fraction") /* 100 y(to)/y(from) */
/** Classes of endpoints: errors within one class are of one size. The first three are of changes, in points; the last
 * two, whichever output they are of, in percent of the observed value: of levels and of changes in the output's own
 * unit, and of SDs between subjects. */
#define OST_CLASSES(X)                                                                                                 \
    X(OST_CLASS_BMD, "BMD")                                                                                            \
    X(OST_CLASS_MARKER, "marker")                                                                                      \
    X(OST_CLASS_HORMONE, "hormone")                                                                                    \
    X(OST_CLASS_LEVEL, "level")                                                                                        \
    X(OST_CLASS_SD, "SD")
/** Whether residuals of a class are in points, and not in percent of the observed value. */
#define OST_CLASS_IS_OF_CHANGES(of) ((of) < OST_CLASS_LEVEL)

/** Kinds of endpoints: what their number says. */
#define OST_ENDPOINT_KINDS(X)                                                                                          \
    X(OST_ENDPOINT_ANY, "")                  /* not said: by the unit */                                               \
    X(OST_ENDPOINT_CHANGE, "change")         /* from a base, see ost_base_t */                                         \
    X(OST_ENDPOINT_DIFFERENCE, "difference") /* of two arms' changes */                                                \
    X(OST_ENDPOINT_RATE, "rate")             /* a change in a year */                                                  \
    X(OST_ENDPOINT_LEVEL, "level")           /* at the row's month */                                                  \
    X(OST_ENDPOINT_RATIO, "ratio")           /* of two arms' levels at that month, as percent above the other */       \
    X(OST_ENDPOINT_OTHER, "other")           /* no output of a model */

/** See OST_MEASURES. */
typedef enum { OST_MEASURES(OST_MEMBER) OST_N_MEASURES } ost_measure_t;
/** See OST_CLASSES. */
typedef enum { OST_CLASSES(OST_MEMBER) OST_N_CLASSES } ost_class_t;

/** See OST_ENDPOINT_KINDS. */
typedef enum { OST_ENDPOINT_KINDS(OST_MEMBER) OST_N_ENDPOINT_KINDS } ost_endpoint_kind_t;

extern const char *const ost_endpoint_kind_words[OST_N_ENDPOINT_KINDS]; /**< by ost_endpoint_kind_t */
extern const char *const ost_measure_words[OST_N_MEASURES];             /**< by ost_measure_t */
extern const char *const ost_class_words[OST_N_CLASSES];                /**< by ost_class_t */

/** From when an endpoint counts, by the end of its word: 24 months in "BMD_change_year2_to_5". */
typedef struct {
    double months; /**< from the trial's start, 0 by default; NAN: from a moment that the table does not have */
    double until;  /**< month at which it ends, where the word says it, else NAN */
} ost_base_t;

/** Parameters at most that make up the error of a measurement. */
enum { OST_MOST_ERROR_PARTS = 4 };

/** A parameter that is a part of the error of measurements. */
typedef struct {
    char name[96]; /**< "dxa.visit_cv" */
    double value;  /**< in the model's file: a fraction of what is measured, or that in a day where it drifts */
    bool drifts;   /**< not of one measurement: between two of them it is in proportion to the time */
} ost_error_part_t;

/** One row of the dictionary. */
typedef struct {
    char *site;               /**< "LS", also of "LS(L2-L4)"; "" for any */
    char *endpoint;           /**< "BMD_change", also of "BMD_change_from_year5"; "" for any */
    char *also;               /**< further spellings of the row's word, "lumbar spine; L1-L4" */
    ost_endpoint_kind_t kind; /**< of the endpoint; ANY: `endpoint` is how its words begin */
    char *output;             /**< "scanned_bmd[total_hip]; bmd[total_hip]": the first that the models of an experiment
                               * have; "" where no output of a model answers it */
    ost_class_t endpoint_class; /**< of its relative measures; LEVEL: any */
    char *error;                /**< parameters of models, "dxa.scan_cv[lumbar_spine] dxa.visit_cv"; "" for none */
    char *note;                 /**< for readers: a remark, "the density is of TH or FN" */
    char *stand_in;             /**< output whose class mean serves where a class has none of this one; "" for none */
    char *t_score[2];           /**< female, male: the parameters that are mean and SD of young adults; "" for none */
    ost_error_part_t errors[OST_MOST_ERROR_PARTS]; /**< [n_errors] those of `error`, each independent of the others */
    size_t n_errors;                               /**< of them */
    double young[2];     /**< female, male: mean of young adults, internal units; NAN for none */
    double young_sd[2];  /**< female, male: their SD, internal units; NAN for none */
    ost_dim_t young_dim; /**< of young and young_sd */
    int line;            /**< in the file */
} ost_endpoint_entry_t;

/** A dictionary. The first entry that fits counts. */
typedef struct {
    ost_memory_t memory;           /**< of all */
    const char *path, *common;     /**< files of the first n_own entries, of the others; NULL for none */
    ost_endpoint_entry_t *entries; /**< [n_entries] */
    size_t n_entries;              /**< of both files */
    size_t n_own;                  /**< of the file beside the table */
} ost_endpoint_dictionary_t;

enum { OST_EVIDENCE_WORD = 160 };

/** Read endpoints.csv beside an evidence table, if there is one, and then the file `common`.
 *  @param common  NULL for none. @return 0, OST_ERR_IO, OST_ERR_SYNTAX or OST_ERR_NAME with the line */
int ost_endpoint_dictionary_read(
    ost_endpoint_dictionary_t *self, const char *evidence, const char *common, ost_error_t *err) OST_MUST_CHECK;
/** Look up the parameters that `error` and `t_score` name. @param library  may gain models. @return 0, or OST_ERR_NAME
 * or OST_ERR_UNIT with the line */
int ost_endpoint_dictionary_errors(
    ost_endpoint_dictionary_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;
/** The entry whose site a word is, with a remark in brackets or without. @param[out] word  [OST_EVIDENCE_WORD] as the
 * entry spells it, may be NULL. @return NULL if none is */
const ost_endpoint_entry_t *ost_endpoint_site(const ost_endpoint_dictionary_t *self, const char *text, char *word);
/** The entry whose endpoint a word is, with a base and a remark in brackets or without. @param[out] base, word  may be
 * NULL, the latter as above. @return NULL if none is */
const ost_endpoint_entry_t *ost_endpoint_word(
    const ost_endpoint_dictionary_t *self, const char *text, ost_base_t *base, char *word);
/** "'BMD_chnge' is not a word of PATH (did you mean 'BMD_change'?)". @param is_site  else an endpoint. @return buf */
char *ost_endpoint_unknown(
    const ost_endpoint_dictionary_t *self, bool is_site, const char *text, char *buf, size_t size);
/** The first entry with an output that answers a row of the evidence. @return NULL if none does */
const ost_endpoint_entry_t *ost_endpoint_entry(
    const ost_endpoint_dictionary_t *self, const char *endpoint, const char *site);
/** Which output of an entry an experiment answers it with: the first that one of its models has, else the last.
 * @param output  as in an entry. @param library  may gain models. @param[out] buf  [OST_EVIDENCE_WORD]. @return buf */
char *ost_endpoint_output(
    const char *output, char *const *models, size_t n_models, ost_library_t *library, char buf[OST_EVIDENCE_WORD]);
/** The entry of an output, one of its alternatives. @return NULL if none fits */
const ost_endpoint_entry_t *ost_endpoint_entry_of_output(const ost_endpoint_dictionary_t *self, const char *output);
/** Free. Accepts NULL and a zeroed one. */
void ost_endpoint_dictionary_free(ost_endpoint_dictionary_t *self);

#endif
