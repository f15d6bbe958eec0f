/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a block of a plan holds besides its outputs: one number for each subject, or for each subject of an arm. */
#ifndef OST_JOURNAL_COLUMNS_H
#define OST_JOURNAL_COLUMNS_H

#include "input/design.h"
#include "observe/endpoint.h"

/* Value of `status` where a subject was not simulated. */
#define OST_STATUS_NOT_RUN 255

/* In the order of their columns. */
typedef enum {
    OST_COLUMN_STATUS,
    OST_COLUMN_STEPS,
    OST_COLUMN_REJECTED,
    OST_COLUMN_BEGAN,
    OST_COLUMN_ENDED,
    OST_COLUMN_NUMBER,  /* of a subject in the seed's stream, where subjects are enrolled */
    OST_COLUMN_STRATUM, /* that a subject fills, where there are strata */
    OST_COLUMN_COVARIATE,
    OST_COLUMN_PARAM,  /* that differs between subjects */
    OST_COLUMN_MEASURE /* of an endpoint that the file has a value of: 2 x its index, + 1 of the arm that is subtracted
                        */
} ost_column_source_t;

typedef struct {
    ost_column_source_t source;
    size_t index;  /* of the covariate, parameter or arm; k of ost_schedules_timed() */
    long arm;      /* -1: it belongs to the subject in all arms */
    double factor; /* reported = internal / factor */
} ost_column_t;

/* A sweep. Its points are parts of one journal; they have the plan of the experiment as it is, whose outputs, arms,
 * subjects and times are those of all points (ost_columns_fit()). */
typedef struct {
    const ost_design_t *design; /* with names; borrowed */
    ost_keep_t keep;
    /* Make the plan of a point, which is valid until the same thread of a parallel region makes its next one; by one
     * thread at a time. @return 0 or an error, as of
     * ost_plan_build() and ost_columns_fit() */
    int (*plan)(void *user, size_t point, const ost_plan_t **plan, ost_error_t *err);
    void *user; /* handed to it */
} ost_sweep_t;

/* A plan as it is kept. */
typedef struct {
    const ost_plan_t *plan;   /* borrowed */
    const char *name;         /* of several plans, the model that is compared; NULL: it is alone; borrowed */
    const char *left_out;     /* arms that it is not run for and why, a line each; NULL: none; borrowed */
    const ost_sweep_t *sweep; /* whose point it is, of the same index; NULL: none; borrowed */
} ost_part_t;

/* What the result file of a part holds of its subjects. */
ost_keep_t ost_part_keep(const ost_part_t *part);

typedef struct {
    const ost_plan_t *plan; /* borrowed */
    ost_column_t *columns;  /* [n_columns] */
    size_t n_columns;
    size_t n_chunks; /* rows of all subjects of a block: variable after variable, of each arm after arm, of each element
                        after element */
    bool *is_relative;         /* [plan->outputs->n_variables] kept relative to its value at time 0 */
    ost_endpoint_t *endpoints; /* [n_endpoints] that the file has values of, bound */
    size_t n_endpoints;
    size_t i_zero; /* index of time 0, SIZE_MAX where it is no output time */
} ost_columns_t;

/* Outputs, covariates and index sets have their names side by side in a result file. @return 0 or OST_ERR_NAME, which
 * says what another thing there is called */
int ost_columns_check(const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/* Whether something in a result file of the plan has this name. */
bool ost_columns_is_taken(const void *plan, const char *name);
/* How many of n parts have columns of their own: those of a sweep share the first one's. */
size_t ost_columns_n(const ost_part_t *parts, size_t n);
/* That what a point of a sweep gives has its place in the columns: the same arms, outputs, units, covariates, dosing
 * schedules, subjects and times. @return 0, or OST_ERR_VALUE, which says what differs; OST_ERR_NO_MEMORY */
int ost_columns_fit(const ost_columns_t *self, const ost_plan_t *point, ost_error_t *err) OST_MUST_CHECK;
/* Columns of several plans that are kept together, [ost_columns_n()]. A variable that they have in different units is
 * kept relative to its value at time 0. @return 0, OST_ERR_UNIT (units differ and there is no time 0), as
 * ost_columns_check(), or OST_ERR_NO_MEMORY; free each in any case */
int ost_columns_init(ost_columns_t *self, const ost_part_t *parts, size_t n, ost_error_t *err) OST_MUST_CHECK;
/* Units of a variable in all plans, "one: g/cm2, two: %". @return whether they differ */
bool ost_units_differ(const ost_part_t *parts, size_t n, const char *name, char *units, size_t size);
/* In the unit in which it is reported. */
double ost_column_value(
    const ost_columns_t *self, const ost_column_t *column, const ost_cohort_block_t *block, size_t i_subject);
/* Accepts a zeroed one. */
void ost_columns_free(ost_columns_t *self);

#endif
