/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file doubts.h  What a plan can do, but most likely was not meant to. */
#ifndef OST_PLAN_DOUBTS_H
#define OST_PLAN_DOUBTS_H

#include "plan/plan.h"

#include <stdio.h>

/** Warn, with locations, of covariates that nothing uses, with the nearest name. @return 0 or OST_ERR_NO_MEMORY */
int ost_plan_doubt_covariates(const ost_plan_t *self, ost_text_list_t *warnings, ost_error_t *err) OST_MUST_CHECK;
/** That something uses every column of the table of people that is a covariate, or one of its categories.
 *  @return 0, or OST_ERR_NAME with the place in the table and the nearest name */
int ost_plan_check_columns(const ost_plan_t *self, ost_error_t *err) OST_MUST_CHECK;
/** Warn of two lines of an arm that give the same drug again and again at the same time, as where a dose was changed
 * and the line before has no `stop`, with the place of the second and the days in which they overlap. Not of a loading
 * dose, of lines that begin together with other intervals, or of doses at two times of one interval. @return 0 or
 * OST_ERR_NO_MEMORY */
int ost_plan_doubt_lines(const ost_plan_t *self, ost_text_list_t *warnings, ost_error_t *err) OST_MUST_CHECK;
/** Warn of a missing run-in, where a model's equations change with time and a state of it does not start at its steady
 * state, in one of the first subjects. @return 0 or OST_ERR_NO_MEMORY */
int ost_plan_doubt_start(const ost_plan_t *self, ost_text_list_t *warnings, ost_error_t *err) OST_MUST_CHECK;

/** Warn of a drive or a rate that is not a finite number where the first subject starts, with its line in the model.
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_plan_doubt_rates(const ost_plan_t *self, ost_text_list_t *warnings, ost_error_t *err) OST_MUST_CHECK;
/** Write a line with the models' covariates that the population does not give, each with its default; nothing where it
 * gives all. */
void ost_plan_print_defaults(const ost_plan_t *self, FILE *out);

#endif
