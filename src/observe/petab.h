/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file petab.h  A trial as a problem of parameter estimation in PEtab (version 2): its arms as models of SBML, and
 * tables of observables, measurements, parameters with priors, conditions and experiments. */
#ifndef OST_OBSERVE_PETAB_H
#define OST_OBSERVE_PETAB_H

#include "observe/match.h"

/** Files other than models, beside each other in one folder. */
#define OST_PETAB_FILES(X)                                                                                             \
    X(PARAMETERS, "parameters.tsv", put_parameters)                                                                    \
    X(OBSERVABLES, "observables.tsv", put_observables)                                                                 \
    X(MEASUREMENTS, "measurements.tsv", put_measurements)                                                              \
    X(CONDITIONS, "conditions.tsv", put_conditions)                                                                    \
    X(EXPERIMENTS, "experiments.tsv", put_experiments)                                                                 \
    X(PROBLEM, "problem.yaml", put_problem) /* last: it names the others */
#define OST_PETAB_FILE(NAME, name, function) OST_PETAB_##NAME,
enum { OST_PETAB_FILES(OST_PETAB_FILE) OST_PETAB_N_FILES };
extern const char *const ost_petab_names[OST_PETAB_N_FILES]; /**< of the files */

/** A problem. */
typedef struct ost_petab ost_petab_t;

/** Make a problem of one subject, the first, in each arm that has observations.
 *  @param plan  borrowed: must outlive self. @param matched  of it, bound and converted, borrowed;
 * observations that PEtab cannot have become unmatched: differences between arms, and other statistics than mean and
 * median
 *  @return 0, OST_ERR_VALUE: no observation is left, or as ost_plan_write_sbml(); free it in any case */
int ost_petab_new(ost_petab_t **self, const ost_plan_t *plan, ost_matched_t *matched, ost_error_t *err) OST_MUST_CHECK;
/** Write one of the files. @param file  below OST_PETAB_N_FILES */
void ost_petab_put(const ost_petab_t *self, size_t file, FILE *out);
/** The model of an arm. @param[out] name  of its file @return its text, NULL: the arm has no observations */
const char *ost_petab_model(const ost_petab_t *self, size_t arm, char name[300]);
/** Free. Accepts NULL. */
void ost_petab_delete(ost_petab_t *self);

#endif
