/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file plan.h  The plan of an experiment and its virtual population. */
#ifndef OST_PLAN_PLAN_H
#define OST_PLAN_PLAN_H

#include "input/experiment.h"
#include "plan/blocks.h"
#include "plan/breaks.h"
#include "plan/conditions.h"
#include "plan/doses.h"
#include "plan/inputs.h"
#include "plan/jacobian.h"
#include "plan/outputs.h"
#include "plan/population.h"
#include "plan/schedules.h"
#include "plan/timeline.h"
#include "plan/wiring.h"

/** An experiment in stages, each made once from those above it and constant from then on; shared by threads. */
typedef struct {
    const ost_experiment_t *experiment; /**< borrowed */
    const ost_signals_t *signals;       /**< of the library; borrowed */
    const ost_blocks_t *blocks;         /**< the models */
    const ost_population_t *population; /**< how subjects are drawn */
    const ost_wiring_t *wiring;         /**< their signals */
    const ost_doses_t *doses;           /**< where doses go, when arms begin and end */
    const ost_conditions_t *conditions; /**< when doses begin and end, and who is eligible */
    const ost_inputs_t *inputs;         /**< what events change */
    const ost_schedules_t *schedules;   /**< doses that subjects take each in their own way */
    const ost_timeline_t *timeline;     /**< what happens to all alike */
    const ost_outputs_t *outputs;       /**< what is computed */
    const ost_layout_t *layout;         /**< its states, and regular doses as the solver holds them */
    const ost_jacobian_t *jacobian;     /**< what its equations need */
    ost_forcing_t *forcing;             /**< what they say of time alone; owned */
    const ost_system_t *system;         /**< for the solver */
    ost_memory_t memory;                /**< of all stages; owned */
} ost_plan_t;

/** Assemble. @param experiment  borrowed: must outlive self; @param library  borrowed: must outlive self; may gain
 * models
 *  @return 0, or an error that names the place in the experiment: unknown model, drug, parameter, output or signal
 * (with the nearest name); wrong dimension; a drug whose effect reaches no bone model in an arm that gives it; a signal
 * that nothing drives; an algebraic loop */
int ost_plan_build(
    ost_plan_t *self, ost_library_t *library, const ost_experiment_t *experiment, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed plan. */
void ost_plan_free(ost_plan_t *self);
/** For a person: blocks, signals, states, outputs, events per arm, sizes. */
void ost_plan_print(const ost_plan_t *self, FILE *out);
/** As a Graphviz graph of blocks and signals. */
void ost_plan_dot(const ost_plan_t *self, FILE *out);
/** Write the first subject in one arm as SBML (lang/sbml.h), from its history before treatment on.
 *  @param n_bases  as in ost_sbml_arm_t  @param[out] t_begin  SBML's time 0, d; NULL:
 *  not asked for
 *  @return 0, OST_ERR_NO_MEMORY, OST_ERR_VALUE, or OST_ERR_MODEL: the subject has to be simulated first (doses by
 *  visits, baselines), or doses are missed at random */
int ost_plan_write_sbml(
    const ost_plan_t *self, size_t i_arm, size_t n_bases, double *t_begin, FILE *out, ost_error_t *err) OST_MUST_CHECK;

/** Put the bone model `name` (or a path) where the experiment lists its first of kind bone. Its others of that kind go,
 * so do hormones that drive what the new one drives itself, observations of what the new one does not drive, and
 * settings of parameters of what went; drugs come from the arms.
 *  @return 0, or OST_ERR_NAME and others of ost_library_get: no such model, or none of kind bone */
int ost_experiment_replace_bone(
    ost_experiment_t *self, ost_library_t *library, const char *name, ost_error_t *err) OST_MUST_CHECK;
/** Whether the experiment can be planned with this arm alone. @return as ost_plan_build: OST_ERR_MODEL where no model
 *  responds to a drug of the arm */
int ost_experiment_check_arm(
    const ost_experiment_t *self, ost_library_t *library, size_t i_arm, ost_error_t *err) OST_MUST_CHECK;
/** Drop wanted outputs that no model of the experiment has. @return 1, 0: none is left of those that were wanted, or
 *  OST_ERR_NO_MEMORY */
int ost_experiment_drop_outputs(ost_experiment_t *self, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;

/** The covariates and parameters of one subject: a pure function of (seed, subject), whatever else is in the cohort.
 *  @param[out] covariates  [experiment->n_covariates];  @param[out] params  [blocks->n_params], internal units
 *  @return 0 or OST_ERR_VALUE (a covariate out of range) */
int ost_plan_subject(
    const ost_plan_t *self, uint64_t subject, double *covariates, double *params, ost_error_t *err) OST_MUST_CHECK;
/** Parameters in place of the plan's own, [blocks->n_params] each, borrowed. Zeroed: the plan's own. */
typedef struct {
    const double *typical; /**< typical values, internal units; NULL: the plan's own */
    const double *sd;      /**< SDs of the BSV, as ost_plan_sd() gives them; NAN, and NULL for all: the plan's own */
} ost_moved_t;
/** As ost_plan_subject() with other parameters, but the message does not name the subject. A subject keeps its quantile
 * of each distribution. */
int ost_plan_draw(const ost_plan_t *self, uint64_t subject, ost_moved_t moved, double *covariates, double *params,
    ost_error_t *err) OST_MUST_CHECK;
/** Find again what changes in time with covariates of a dosing table. @param covariates  [n_covariates] as they are now
 *  @param[in,out] params  [blocks->n_params] of the subject, of which those are written @return as ost_plan_draw() */
int ost_plan_redraw(const ost_plan_t *self, uint64_t subject, ost_moved_t moved, const double *covariates,
    double *params, ost_error_t *err) OST_MUST_CHECK;
/** The typical values of all parameters, before any between-subject variability; a covariate's is its default.
 * @param[out] typical [n_params], internal units */
void ost_plan_typical(const ost_plan_t *self, double *typical);
/** SD of the BSV of parameter i, on the scale of its distribution; NAN where it has none that another could stand for:
 * it does not vary, is a covariate or a column of a table of people, or its distribution has no SD. */
double ost_plan_sd(const ost_plan_t *self, size_t i);
/** True where parameter i of the plan differs between subjects. */
bool ost_plan_param_varies(const ost_plan_t *self, size_t i);

#endif
