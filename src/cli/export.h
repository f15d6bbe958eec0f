/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of `osteon export` share. */
#ifndef OST_CLI_EXPORT_H
#define OST_CLI_EXPORT_H

#include "cli.h"
#include "input/experiment.h"
#include "results/results.h"

/* The column that has numbers of strata. */
#define OST_EXPORT_STRATUM "stratum"

typedef struct {
    size_t variable; /* of the results */
    size_t element;
    bool is_change; /* its percent change from time 0, of a file that keeps quantiles */
    char *of;       /* name of its dataset */
    char *name;     /* of its column: "bmd_lumbar_spine" */
    char *text;     /* in front of a value in a long table: "bmd,lumbar_spine," */
} export_output_t;

typedef struct export
{
    const char *csv, *people, *columns, *arms, *every; /* of the command line; csv is people where that is given */
    bool wide, observations;
    ost_memory_t memory; /* of all lists and texts */
    ost_results_t *results;
    size_t *i_arms;           /* [n_arms] in the order of the table */
    size_t *i_times;          /* [n_times] */
    export_output_t *outputs; /* [n_outputs] */
    size_t n_arms, n_times, n_outputs;
    ost_text_list_t covariates;  /* columns that have one value for each subject: covariates, parameters */
    ost_text_list_t times;       /* as they are written */
    double *values;              /* [n_outputs][n_block][results->n_times] of the subjects that are written */
    double *subjects;            /* [n_block] their numbers */
    double *of_subjects;         /* [covariates.n][n_block] */
    ost_experiment_t experiment; /* of --observations, as the following */
    ost_text_list_t heads;       /* columns of the dosing table */
    ost_text_list_t head_units;  /* "" where the experiment gives none */
    size_t *time_of_row;   /* [experiment.events.n_rows] index of the output time; SIZE_MAX: no row of the table */
    size_t n_observations; /* rows of an arm */
    size_t n_block;        /* subjects that are read at a time, or all statistics */
    /* Rows behind the column names; NULL: those of all values */
    int (*put_rows)(const struct export *self, FILE *out, ost_error_t *err);
}
export_t;

/* Column i of the table. @return NULL: it has no more */
const char *ost_export_column(const export_t *self, size_t i);
/* Rows of an arm and a time: subjects, or statistics. */
size_t ost_export_n_rows(const ost_results_t *results);
/* A number with the fewest of 15 or 17 digits that give it back; nothing for NaN. @return buf */
char *ost_export_number(double x, char buf[32]);
/* A field of CSV, owned by the caller; NULL if out of memory. */
char *ost_export_field(const char *text);
/* A text of an export, as printf; NULL if out of memory, which self->memory notes. */
char *ost_export_text(export_t *self, const char *fmt, ...) OST_PRINTF(2, 3);
/* Fields of what is in front of arms in the file (model, draw, point, entries that are varied), for the part that is
 * read, each after a comma. */
void ost_export_put_front(const ost_results_t *results, FILE *out);
/* What is of n subjects from the `first` on into subjects and of_subjects. @return as ost_export_read_block() */
int ost_export_read_subjects(const export_t *self, size_t first, size_t n, ost_error_t *err) OST_MUST_CHECK;
/* Values of n subjects from the `first` on into values, subjects and of_subjects. @return 0, OST_ERR_FORMAT or
 * OST_ERR_NO_MEMORY */
int ost_export_read_block(const export_t *self, size_t arm, size_t first, size_t n, ost_error_t *err) OST_MUST_CHECK;
/* Value of an output for subject i of the block, with as many digits as its type has. */
void ost_export_value(const export_t *self, size_t output, size_t i, size_t time, FILE *out);
/* Read the dosing table of the run, and find its observation rows; says what is wrong. @return an exit code */
int ost_export_choose_observations(export_t *self) OST_MUST_CHECK;
/* Find the columns of --people but those of --columns; says what is wrong. @return an exit code */
int ost_export_choose_people(export_t *self) OST_MUST_CHECK;
/* Write the table of the units of its columns, and then the table itself: neither after an error. @return 0,
 * OST_ERR_IO, OST_ERR_FORMAT or OST_ERR_NO_MEMORY */
int ost_export_write(export_t *self, const char *units, ost_error_t *err) OST_MUST_CHECK;

#endif
