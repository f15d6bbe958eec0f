/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file rows.h  What a subject has of its own in an arm: rows of a table of events, covariates that change with them,
 * and steady states at the first doses of regimen lines. It becomes events, as the solver takes them. */
#ifndef OST_PLAN_ROWS_H
#define OST_PLAN_ROWS_H

#include "plan/plan.h"
#include "solve/periodic.h"

/** A steady state that is asked for. */
typedef struct {
    uint32_t block;          /**< whose steady state it is */
    uint32_t into;           /**< the dosed state, among those of the block */
    int32_t infusion;        /**< input that infusions go through, -1: none */
    double t;                /**< d, when it is reached */
    bool is_added;           /**< what the doses add, without inflow that is there without them */
    ost_repeated_t repeated; /**< the doses */
} ost_cycle_t;

/** Find a steady state. @param user  as handed to ost_rows_events()  @param[out] x  [n_states of the block]
 *  @return 0, or OST_ERR_VALUE: none was found */
typedef int (*ost_steady_fn)(void *user, const ost_cycle_t *cycle, double *x, ost_error_t *err);

/** Find the constants of models from a time on, for an event to set: each time in turn, steady states of later times
 * with them. @param user  as handed to ost_rows_events()  @param covariates  [n_covariates] from then on
 *  @return 0, OST_ERR_VALUE: a parameter's value that cannot be, or OST_ERR_NO_MEMORY */
typedef int (*ost_change_fn)(void *user, double t, const double *covariates, ost_error_t *err);

/** What rows ask of those who integrate. */
typedef struct {
    ost_steady_fn steady;
    ost_change_fn change;
    void *user;     /**< handed to both */
    double t_begin; /**< d, when the arm begins: what has changed before does so there */
} ost_rows_calls_t;

/** Covariates change: rows of the table that have their values. */
typedef struct {
    size_t last, next; /**< of those that have the value of the row before, and of the row after */
} ost_change_t;

/** Something that a row does. */
typedef enum {
    OST_ACT_CHANGE, /**< covariates of models */
    OST_ACT_RESET,  /**< all states */
    OST_ACT_STEADY, /**< states of one block */
    OST_ACT_BOLUS,
    OST_ACT_RATE, /**< an infusion begins or ends */
    OST_ACT_OUTPUT
} ost_act_kind_t;

/** One act, at its time. */
typedef struct {
    double t;            /**< d */
    ost_act_kind_t kind; /**< what it is */
    uint32_t line;       /**< regimen line of the arm that it belongs to */
    uint32_t after;      /**< acts after all rows before this one: row + 1 of its own time; 0: before all rows */
    uint32_t row;        /**< that it comes from, counted from 1; resets end what comes from rows before them */
    uint32_t seq;        /**< in the order found */
    double amount;       /**< of a bolus, or change of a rate, internal units */
    int32_t count;       /**< change of the number of infusions that run; CHANGE: output time written after it, or -1 */
    uint32_t index;      /**< OUTPUT: of the time; STEADY: of cycles; CHANGE: of changes */
} ost_act_t;

/** The events of one subject in one arm; begins zeroed, grows as needed, and is used again. */
typedef struct {
    ost_event_t *events; /**< [n] sorted */
    size_t n, max;
    ost_event_t *merged; /**< with those of the arm among them, by ost_own_events_merge() */
    size_t max_merged;
    double *sets; /**< [n_sets][n_constants] constants of models, of events that set them */
    size_t n_sets, max_sets;
    double *breaks; /**< [n_breaks] of the job, where there are sets */
    size_t n_breaks;
    int status; /**< 0, or the error that prevented them */
} ost_own_events_t;

/** What a thread needs to find them; begins zeroed, grows as needed, and is used again. */
typedef struct {
    ost_act_t *acts; /**< [n_acts] */
    size_t n_acts, max_acts;
    ost_cycle_t *cycles; /**< [n_cycles] */
    size_t n_cycles, max_cycles;
    ost_change_t *changes; /**< [n_changes] */
    size_t n_changes, max_changes;
    ost_memory_t memory; /**< of the arrays below */
    double *values;      /**< [n_covariates] at a row */
    double *x;           /**< [n_states] of a block */
    double *rate;        /**< [n_inputs] of infusions */
    int32_t *running;    /**< [n_inputs] infusions */
    uint32_t *since;     /**< [n_blocks] row of the last reset */
    bool *is_free;       /**< [n_blocks] no longer held */
} ost_rows_work_t;

/** Whether subjects have events of their own in an arm. */
bool ost_rows_has(const ost_plan_t *plan, size_t arm);
/** Whether all states of a block have linear kinetics, so that its steady states are closed forms. @param inputs  [n]
 * values of inputs that may spoil it, NULL: as long as none does */
bool ost_rows_is_linear(const ost_plan_t *plan, size_t block, const double *inputs);
/** That the steady states at first doses are those of all doses of a block, where its kinetics are not linear: what
 * lines lead to can then not be added. @return 0 or OST_ERR_MODEL with the place of the line */
int ost_rows_check(const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/** Whether any act of an arm asks for a steady state of the block. */
bool ost_rows_has_steady(const ost_plan_t *plan, size_t block);
/** The events of one subject in one arm, and its status. @param subject  its number, from 0 on  @param covariates
 * [n_covariates]
 *  @return 0, OST_ERR_VALUE with line of the table: a formula's value that cannot be, no steady state; or
 * OST_ERR_NO_MEMORY */
int ost_rows_events(ost_own_events_t *self, ost_rows_work_t *work, const ost_plan_t *plan, size_t arm, uint64_t subject,
    const double *covariates, const ost_rows_calls_t *calls, ost_error_t *err) OST_MUST_CHECK;
/** Put the events [n] of the arm among them, after those of their time: in self->merged, which ost_rows_events() made
 * room in. @param n  at most the arm's n_known  @return how many */
size_t ost_own_events_merge(ost_own_events_t *self, const ost_event_t *events, size_t n);
/** Free what it has. Accepts a zeroed one. */
void ost_own_events_free(ost_own_events_t *self);
void ost_rows_work_free(ost_rows_work_t *self); /**< the same */

#endif
