/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file population.h  How each covariate and parameter of a subject gets its value. */
#ifndef OST_PLAN_POPULATION_H
#define OST_PLAN_POPULATION_H

#include "core/distribution.h"
#include "plan/blocks.h"
#include "plan/correlations.h"

/** How a covariate is drawn. */
typedef struct {
    uint32_t purpose;   /**< key of its random stream */
    int32_t correlated; /**< in the copula; -1: not */
    ost_dist_t dist;    /**< of a covariate that is drawn */
} ost_covariate_rule_t;

/** How a parameter gets its value. */
typedef struct {
    uint32_t purpose;             /**< key of its random stream */
    int32_t correlated;           /**< in the copula; -1: not */
    int32_t covariate;            /**< of the experiment, whose value it is; -1: none */
    int32_t column;               /**< of the table of people, whose value it is; -1: none */
    bool changes;                 /**< in time, with covariates of a dosing table */
    bool is_solved;               /**< for an output that is given at time 0, from its drawn value on */
    double typical;               /**< internal units */
    const ost_formula_t *formula; /**< of the covariates: the typical value of each subject; NULL: it is `typical` */
    double sd;                    /**< of the between-subject variability */
    ost_spread_kind_t kind;       /**< NONE: the typical value, or the covariate */
    ost_dist_t dist;              /**< of the kinds that are a distribution */
} ost_param_rule_t;

/** The rules by which subjects are drawn. */
typedef struct {
    const ost_covariate_rule_t *covariates; /**< [n_covariates] */
    const ost_param_rule_t *params;         /**< [blocks->n_params] */
    const ost_copula_t *copula;             /**< of those that are correlated */
    const bool *is_followed; /**< [events.n_covariates] columns of a dosing table that parameters change in time with */
    size_t n_changing;       /**< parameters that change in time */
    const size_t *solved;    /**< [e->n_baselines] parameter that is solved for each of them */
} ost_population_t;

/** @return NULL on error: an unknown model or parameter in a setting, a wrong dimension, a value out of range, a
 * missing covariate */
const ost_population_t *ost_population_new(const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make);
/** Set the distribution of a parameter around its typical value, in its range; none for NONE and CHOICE. */
void ost_param_rule_distribute(ost_param_rule_t *rule, const ost_param_t *param);

#endif
