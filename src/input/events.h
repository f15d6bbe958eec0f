/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file events.h  A table of dosing records: rows of ID, TIME, AMT, EVID, CMT, II, ADDL, RATE and SS, as NONMEM reads
 * them, and columns of covariates. What rows mean, and in which order they act, is doc/events.md. */
#ifndef OST_INPUT_EVENTS_H
#define OST_INPUT_EVENTS_H

#include "input/people.h"
#include "lang/model.h"

/** What a row is, as EVID numbers it. */
typedef enum {
    OST_ROW_OBSERVATION, /**< outputs are wanted */
    OST_ROW_DOSE,        /**< a dose, or a series of them */
    OST_ROW_OTHER,       /**< covariates change */
    OST_ROW_RESET,       /**< all states are what they were at the beginning of the arm, and no dose goes on */
    OST_ROW_RESET_DOSE   /**< both */
} ost_row_kind_t;

/** How fast a dose enters, by RATE. */
typedef enum {
    OST_RATE_BOLUS,    /**< 0: at once */
    OST_RATE_GIVEN,    /**< above 0: at this rate */
    OST_RATE_MODELLED, /**< -1: at the rate that the compartment's formula gives */
    OST_RATE_DURATION  /**< -2: over the duration that the compartment's formula gives */
} ost_rate_kind_t;

/** A row; internal units. */
typedef struct {
    double t;             /**< TIME, d from time 0 */
    double amount;        /**< AMT */
    double rate;          /**< RATE, per day; 0 where it is not given */
    double interval;      /**< II, d */
    uint32_t n_more;      /**< ADDL */
    uint32_t compartment; /**< index, of a dose */
    uint8_t kind;         /**< ost_row_kind_t */
    uint8_t rate_kind;    /**< ost_rate_kind_t */
    uint8_t steady;       /**< SS: 1 the compartment's model is at steady state, 2 its steady state is added; 0 */
    int line;             /**< of the table */
} ost_event_row_t;

/** How values of a covariate between rows come about. */
#define OST_INTERPOLATIONS(X) X(LOCF, "locf") X(NOCB, "nocb") X(LINEAR, "linear")
/** A member of the following. */
#define OST_INTERPOLATION(NAME, word) OST_INTERPOLATION_##NAME,
typedef enum {
    OST_INTERPOLATIONS(OST_INTERPOLATION) OST_INTERPOLATION_NONE /**< the covariate is constant in each subject */
} ost_interpolation_t;

/** A covariate in a column of the table. */
typedef struct {
    char *name, *column, *unit_text; /**< of the covariate; of its column; as written */
    ost_unit_t unit;                 /**< of the column's numbers */
    ost_interpolation_t interpolation;
    ost_location_t at; /**< in the experiment */
} ost_event_covariate_t;

/** A number, or a formula of the covariates. */
typedef struct {
    double value;           /**< internal units; NAN: neither is given */
    ost_formula_t *formula; /**< NULL: value */
} ost_event_formula_t;

/** A number or word of CMT, and what doses into it go to. */
typedef struct {
    char *cmt;                           /**< in the table */
    char *drug, *compartment;            /**< model, and its state; NULL: the first that takes doses */
    ost_event_formula_t lag;             /**< d, from TIME to the dose's entry */
    ost_event_formula_t bioavailability; /**< factor on AMT */
    ost_event_formula_t rate, duration;  /**< of RATE -1, internal units per day; of RATE -2, d */
    double largest;                      /**< largest AMT into it */
    bool has_infusion, has_steady;       /**< whether a row has RATE, or SS */
    ost_location_t at;                   /**< in the experiment */
} ost_compartment_t;

/** A table of events. ID, and values of covariates in the first row of each subject, are columns of people. */
typedef struct {
    bool is_given;                   /**< false: there is no table */
    char *arm;                       /**< that the rows act in; NULL: all */
    ost_unit_t time, amount;         /**< of TIME and II, of AMT */
    char *time_text, *amount_text;   /**< as written */
    ost_compartment_t *compartments; /**< [n_compartments] */
    size_t n_compartments;
    ost_event_covariate_t *covariates; /**< [n_covariates], of people's columns 1 .. n_covariates */
    size_t n_covariates;
    ost_event_row_t *rows; /**< [n_rows] */
    double *values;        /**< [n_rows][n_covariates] internal units; NAN: none */
    size_t n_rows;
    size_t *first; /**< [people->n_rows + 1] first row of each subject */
} ost_events_t;

/** Read the rows. @param self  with units, compartments and covariates  @param[out] people  its columns have the texts
 * of self @param memory  of what both have
 *  @return as ost_people_read(), with file:line:column */
int ost_events_read(ost_events_t *self, ost_people_t *people, const ost_people_source_t *source, ost_memory_t *memory,
    ost_error_t *err) OST_MUST_CHECK;
/** Times of observation rows, ascending, each once; of those that are one time (OST_SAME_TIME) the first.
 *  @param[out] times  has room for n_rows  @return their number */
size_t ost_events_times(const ost_events_t *self, double *times);

/** "locf", "nocb", "linear". */
extern const char *const ost_interpolation_names[OST_INTERPOLATION_NONE];

#endif
