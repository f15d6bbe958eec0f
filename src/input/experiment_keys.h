/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of an experiment file, and the parts of its reader, whose errors are the tree's. */
#ifndef OST_INPUT_EXPERIMENT_KEYS_H
#define OST_INPUT_EXPERIMENT_KEYS_H

#include "input/fields.h"
#include "input/schema.h"

extern const ost_schema_t ost_experiment_schema;

/* Names of steppers and dosings as experiments spell them, by their enums. */
extern const char *const ost_stepper_names[OST_N_STEPPERS];
extern const char *const ost_dosing_names[2];

/* population, run_in and parameters: the cohort and its variability (experiment_population.c)
 * @param people  text of the table of people at a path */
void ost_experiment_people(ost_experiment_t *self, ost_yaml_t *tree, const ost_people_source_t *people);
/* population.covariates, after the table of people (experiment_covariates.c) */
void ost_experiment_covariates(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node);
/* population.correlate (experiment_correlations.c) */
void ost_experiment_correlations(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node);
/* population.enroll and strata, after the sampling; population.baseline (experiment_enrolment.c) */
void ost_experiment_enrolment(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *population);
void ost_experiment_baselines(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node);
/* Apply "path=value"; a path of a model, as aibl.K_E, is told where parameters are (experiment_from.c) */
void ost_experiment_override(ost_yaml_t *tree, const char *override);
/* What follows a setting once all are made: where it took an arm away, comparisons of it with evidence go too.
 * OST_ERR_NAME for endpoints that name the arm, with the settings that take them away */
void ost_experiment_settle(ost_yaml_t *tree, const char *override);
/* A formula of covariates [n]. @param text  that of the node, or what a plain quantity there becomes */
void ost_experiment_formula(const ost_covariate_t *covariates, size_t n, ost_yaml_t *tree, const ost_yaml_node_t *node,
    const char *text, ost_formula_t **out, ost_dim_t *dim);
/* A plain number as a formula, as where it is the subject's own. @param unit  " [d]", or "" */
void ost_experiment_plain(
    ost_yaml_t *tree, const ost_yaml_node_t *node, double value, const char *unit, ost_formula_t **out);
/* A table of people or, with `are_events`, of events. @param given  text of the table at a path (experiment_people.c)
 */
void ost_experiment_rows(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *table,
    const ost_yaml_node_t *ignore, const char *weights, const ost_people_source_t *given, bool are_events);
/* population.people, after the number of subjects is known (experiment_people.c) */
void ost_experiment_table(
    ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *population, const ost_people_source_t *people);
/* A covariate for each column of the table of people that is no parameter, into self->covariates, which has room. */
void ost_experiment_columns(ost_experiment_t *self, ost_yaml_t *tree);
/* A distribution as covariates have them. */
void ost_experiment_distribution(ost_covariate_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node);
/* That the formula of a node names no covariate that changes in time. */
void ost_experiment_constant(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node);
/* A plain quantity of that dimension, to *value, or a formula of the covariates, to *own; neither is touched where
 * `node` is NULL. */
void ost_experiment_own(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim,
    const char *example, double *value, ost_formula_t **own);
/* The same for a row of a dosing table: covariates may change in time. */
void ost_experiment_own_of_row(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node,
    ost_dim_t dim, const char *example, double *value, ost_formula_t **own);
/* A quantity of any dimension, or a formula of the covariates, which may change in time. */
void ost_experiment_own_in_time(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node,
    ost_quantity_t *value, ost_formula_t **own);
/* The same with covariates that do not. */
void ost_experiment_own_quantity(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node,
    ost_quantity_t *value, ost_formula_t **own);
/* The text of a condition, which is read when the experiment is planned, and where it begins. */
void ost_experiment_condition(ost_yaml_t *tree, const ost_yaml_node_t *node, char **text, ost_location_t *location);
/* An experiment whose population another takes. */
typedef struct {
    char *name, *text;      /* as `from` names it; its YAML. NULL: none, or not read yet */
    ost_text_list_t models; /* that it is stated for */
    ost_location_t at;      /* of `from` */
    bool is_taken;
} ost_from_t;
/* population.from: before anything is read, the tree takes the population of another experiment, and no longer has the
 * key (experiment_from.c). @param[in,out] base  its text, where that is known; free it in any case */
void ost_experiment_from(ost_yaml_t *tree, ost_from_t *base);
/* Warn of models that it is stated for and the tree has not. */
void ost_from_check(const ost_from_t *self, ost_yaml_t *tree);
void ost_from_free(ost_from_t *self);
/* arms: after times are known, which close open-ended regimens (experiment_arms.c) */
void ost_experiment_arms(ost_experiment_t *self, ost_yaml_t *tree);
/* Names of all arms [n_arms]; NULL: out of memory. */
const char **ost_experiment_arm_names(const ost_experiment_t *self, ost_yaml_t *tree);
/* The name of an arm, NULL without `node`; after arms are known (experiment_evidence.c) */
void ost_experiment_arm(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, char **arm);
/* events: the table, before covariates are read; then the formulas of its compartments and its lines in arms, after
 * arms are known (experiment_events.c) @param people  text of the table at a path */
void ost_experiment_event_table(ost_experiment_t *self, ost_yaml_t *tree, const ost_people_source_t *people);
void ost_experiment_events(ost_experiment_t *self, ost_yaml_t *tree);
/* endpoints: after arms are known (experiment_evidence.c) */
void ost_experiment_endpoints(ost_experiment_t *self, ost_yaml_t *tree);
/* evidence: what arms are compared with, after arms are known (experiment_evidence.c) */
void ost_experiment_evidence(ost_experiment_t *self, ost_yaml_t *tree);

#endif
