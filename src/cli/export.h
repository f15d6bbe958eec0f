/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of `osteon export` share. */
#ifndef OST_CLI_EXPORT_H
#define OST_CLI_EXPORT_H

#include "cli.h"
#include "results/results.h"

/* Columns that a table begins with; those in front of arms in the file and those of subjects follow. */
enum { OST_EXPORT_N_FIRST = 3 };

typedef struct {
    size_t variable; /* of the results */
    size_t element;
    bool is_change; /* its percent change from time 0, of a file that keeps quantiles */
    char *of;       /* name of its dataset */
    char *name;     /* of its column: "bmd_lumbar_spine" */
    char *text;     /* in front of a value in a long table: "bmd,lumbar_spine," */
} export_output_t;

typedef struct {
    const char *csv, *columns, *arms, *every; /* of the command line */
    bool wide;
    ost_results_t *results;
    size_t *i_arms;           /* [n_arms] in the order of the table */
    size_t *i_times;          /* [n_times] */
    export_output_t *outputs; /* [n_outputs] */
    size_t n_arms, n_times, n_outputs;
    ost_text_list_t covariates; /* columns that have one value for each subject: covariates, parameters */
    ost_text_list_t times;      /* as they are written */
    double *values;             /* [n_outputs][n_block][results->n_times] of the subjects that are written */
    double *subjects;           /* [n_block] their numbers */
    double *of_subjects;        /* [covariates.n][n_block] */
    size_t n_block;             /* subjects that are read at a time, or all statistics */
} export_t;

/* Name of the first columns: arm, subject, time; where quantiles are kept, 'statistic' instead of 'subject'. @param i
 * below OST_EXPORT_N_FIRST */
const char *ost_export_first(const ost_results_t *results, size_t i);
/* Rows of an arm and a time: subjects, or statistics. */
size_t ost_export_n_rows(const ost_results_t *results);
/* A number with the fewest of 15 or 17 digits that give it back; nothing for NaN. @return buf */
char *ost_export_number(double x, char buf[32]);
/* A field of CSV, owned by the caller; NULL if out of memory. */
char *ost_export_field(const char *text);
/* Names of what is in front of arms in the file: "model", "draw", the entries that a grid varies, or "point" and then
 * the entries of another design. */
size_t ost_export_n_front(const ost_results_t *results);
const char *ost_export_front(const ost_results_t *results, size_t k); /* k below that number */
/* Write the table of the units of its columns, and then the table itself: neither after an error. @return 0,
 * OST_ERR_IO, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_export_write(export_t *self, const char *units, ost_error_t *err) OST_MUST_CHECK;

#endif
