/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file correlations.h  Uniform numbers of subjects, one for each quantity that is drawn, some of them correlated. */
#ifndef OST_PLAN_CORRELATIONS_H
#define OST_PLAN_CORRELATIONS_H

#include "plan/stage.h"

/** A Gaussian copula of some quantities: normal scores that are independent, times a triangular matrix. */
typedef struct {
    size_t n;
    const uint32_t *purpose; /**< [n] keys of their random streams */
    const double *lower;     /**< [n][n] factor of the matrix of correlations */
    /** [n][subjects of the cohort] of a latin hypercube: the stratum of each subject, by the ranks of the correlated
     * scores; NULL: subjects are drawn at random */
    const uint32_t *stratum;
} ost_copula_t;

/** Make it. @param purpose  [names.n] of the names of e->correlations. @return NULL on error: the matrix is not
 * positive definite; a latin hypercube too large to rank */
const ost_copula_t *ost_copula_new(const ost_experiment_t *e, const uint32_t *purpose, ost_maker_t *make);
/** Uniform number of a subject for quantity i of the copula, 0 < u < 1. */
double ost_copula_uniform(const ost_copula_t *self, const ost_experiment_t *e, uint64_t subject, size_t i);
/** Uniform number of a subject, 0 < u < 1, by the experiment's sampling. */
double ost_plan_uniform(const ost_experiment_t *e, uint64_t subject, uint32_t purpose);

#endif
