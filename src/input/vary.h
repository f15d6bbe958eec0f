/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file vary.h  What a sweep varies: an entry of an experiment and the values that it takes, as `--vary PATH=VALUES`
 *  and columns of a table have them. */
#ifndef OST_INPUT_VARY_H
#define OST_INPUT_VARY_H

#include "core/distribution.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

#include <stdbool.h>

/** Points of a sweep at most, and so values of one entry: an assumption. */
#define OST_MAX_POINTS 100000
/** Significant digits of values that are made from a range, so that a person can type them. */
#define OST_VARY_DIGITS 12

/** Values of one entry. */
typedef struct {
    char *path;            /**< of the entry, as ost_experiment_read() takes it in overrides */
    char *name;            /**< of its coordinate in a file; NULL until ost_design_name() */
    char *unit;            /**< of the values, "1" for plain numbers; NULL: words */
    ost_text_list_t texts; /**< each as an override has it, "0.5 mg" */
    double *values;        /**< [texts.n] in the unit; NULL: words */
} ost_varied_t;

/** Free. Accepts a zeroed one. */
void ost_axis_free(ost_varied_t *self);
/** Find unit and values of the texts: the unit of the first, if that is a quantity and none is '~', which takes the
 * entry away.
 *  @return 0; OST_ERR_UNIT or OST_ERR_VALUE: one is of another dimension, or no quantity as the first is; OST_ERR_NAME:
 *  a duplicate (unless `may_repeat`); OST_ERR_NO_MEMORY */
int ost_axis_measure(ost_varied_t *self, bool may_repeat, ost_error_t *err) OST_MUST_CHECK;

/** PATH=VALUES, as read: a list of values, a range, or a distribution. */
typedef struct {
    char *path;            /**< as in an axis */
    ost_text_list_t texts; /**< of a list; none of a range */
    double lower, upper;   /**< of a range, in `unit` */
    char *unit;            /**< of a range or distribution, "1" for plain numbers */
    bool has_dist;         /**< a distribution */
    ost_dist_t dist;       /**< in internal units */
    ost_memory_t memory;   /**< of its lists */
    double factor;         /**< of the unit of a distribution: internal = value x factor */
    size_t n;              /**< values of a range, 0: not said */
    bool is_log;           /**< of a range: values have one ratio, not one difference */
} ost_vary_t;

/** Read `PATH=VALUES`; VALUES are `0.5 mg, 1 mg` (commas within brackets and quotes belong to a value), or
 *  `0.25 mg..4 mg`, with `: 5`, `: 5 log` or `: log` behind it. Free it in any case.
 *  @return 0, OST_ERR_SYNTAX, OST_ERR_UNIT, OST_ERR_VALUE, OST_ERR_NAME or OST_ERR_NO_MEMORY */
int ost_vary_parse(ost_vary_t *self, const char *text, ost_error_t *err) OST_MUST_CHECK;
/** Whether the only value is written as a distribution. */
bool ost_vary_is_distribution(const ost_vary_t *self);
/** Read that as the distribution from which values are drawn. @return 0, or as an experiment's covariate is refused */
int ost_vary_distribution(ost_vary_t *self, ost_error_t *err) OST_MUST_CHECK;
/** Append the value at u, from 0 (the first of a list, the lower end of a range) to 1: of a distribution, that below
 * which a part u of it lies. @return 0 or OST_ERR_NO_MEMORY
 */
int ost_vary_at(const ost_vary_t *self, double u, ost_varied_t *axis) OST_MUST_CHECK;
/** Free. Accepts a zeroed one. */
void ost_vary_free(ost_vary_t *self);

/** Read a table of points, a row each, as a list of `PATH=VALUES` with a value for each point. Columns are named
 *  `PATH [unit]`; without a unit, fields have their own, or are plain numbers or words.
 *  @return as ost_csv_open(), or OST_ERR_SYNTAX or OST_ERR_VALUE with line and column of a field */
int ost_vary_table(ost_text_list_t *vary, const char *path, ost_error_t *err) OST_MUST_CHECK;

#endif
