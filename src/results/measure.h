/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file measure.h  What a result file has of an output, an arm and a time, and its endpoints. */
#ifndef OST_RESULTS_MEASURE_H
#define OST_RESULTS_MEASURE_H

#include "observe/endpoint.h"
#include "observe/match.h"
#include "results/results.h"

/** Whether an output such as "bmd[total_hip]" is of a variable and its element, "" of a scalar. */
bool ost_results_is_output(const char *output, const char *variable, const char *element);
/** Index of a file's output time by ost_times_find(); -1 where it finds no output. */
long ost_results_time_index(const ost_results_t *self, double day);
/** Index of an arm of a file, SIZE_MAX if there is none. @param name  NULL: none */
size_t ost_results_find_arm(const ost_results_t *self, const char *name);
/** The variable of a file, and its element, that an output such as "bmd[total_hip]" is. @return NULL for none; borrowed
 * of self */
const char *ost_results_find_output(const ost_results_t *self, const char *output, size_t *element);
/** The output of a file that is nearest to a word, of variables and of their elements. @param buf  [size] @return buf,
 * or NULL where none is near */
const char *ost_results_nearest_output(const ost_results_t *self, const char *word, char *buf, size_t size);
/** The variable that is shown where none is asked for, whatever the evidence: BMD as scans show it, which observed BMD
 * is compared with; without it, or where one of several models lacks it, bmd; else the first of the file, which has
 * one.
 * @return the file's, or a literal */
const char *ost_results_default_variable(ost_results_t *self);
/** The measure of every subject of a file; NAN where it has no such time. @param base  [n_subjects] scratch.
 *  @param[out] values  [n_subjects] @return 0, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_results_read_measure(ost_results_t *self, const ost_endpoint_t *endpoint, const char *variable, size_t element,
    size_t arm, double *base, double *values, ost_error_t *err) OST_MUST_CHECK;
/** An endpoint as a file has it. */
typedef struct {
    ost_endpoint_t endpoint; /**< what it is */
    ost_estimate_t estimate; /**< with `versus`, its SD is that of differences of one subject between two arms */
    const char *unit;        /**< borrowed of the file */
    char why[240];           /**< why it has no value, as of values in several units; "": it has one */
} ost_results_estimate_t;

/** An endpoint that an experiment asks for, of the part self->i_model. @param work  [4][n_subjects] scratch; the third
 * quarter then has the values at its `from` @return 1, 0 where the file has no such output or arm, or an error as above
 * or OST_ERR_NAME */
int ost_results_estimate(ost_results_t *self, const ost_experiment_t *experiment, const ost_asked_t *asked,
    double *work, ost_results_estimate_t *out, ost_error_t *err) OST_MUST_CHECK;

#endif
