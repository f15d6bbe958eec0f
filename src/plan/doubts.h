/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file doubts.h  What a plan can do, but most likely was not meant to. */
#ifndef OST_PLAN_DOUBTS_H
#define OST_PLAN_DOUBTS_H

#include "plan/plan.h"

#include <stdio.h>

/** That something uses every column of the table of people that is a covariate, or one of its categories.
 *  @return 0, or OST_ERR_NAME with the place in the table and the nearest name */
int ost_plan_check_columns(const ost_plan_t *self, ost_error_t *err) OST_MUST_CHECK;
/** Warn, with locations, of
 *  - covariates that nothing uses, with the nearest name;
 *  - doses far from those that the model of the drug calls usual, with the one that was meant where the unit slipped;
 *  - rows of dosing records: a series by ADDL that goes on past the next dose, but for two doses of one interval; II
 *    with neither ADDL nor SS; doses of AMT 0;
 *  - two lines of an arm that give the same drug again and again at the same time, as where a dose was changed and the
 *    line before has no `stop`; not of a loading dose, of lines that begin together with other intervals, or of doses
 *    at two times of one interval;
 *  - arms that differ before time 0, where there is a condition by which subjects are eligible, or strata;
 *  - a missing run-in, where a model's equations change with time and a state of it does not start at its steady state,
 *    in one of the first subjects;
 *  - a drive or a rate that is not a finite number where the first subject starts, with its line in the model.
 *  @param is_own  the plan is of the models that the experiment names: all of these; else, as of a model in a
 *  comparison, the last two alone @return 0 or OST_ERR_NO_MEMORY */
int ost_plan_doubts(const ost_plan_t *self, bool is_own, ost_text_list_t *warnings) OST_MUST_CHECK;
/** The third of these. @return as ost_plan_doubts() */
int ost_plan_doubt_rows(const ost_plan_t *self, ost_text_list_t *warnings) OST_MUST_CHECK;
/** Write a line with the models' covariates that the population does not give, each with its default; nothing where it
 * gives all. */
void ost_plan_print_defaults(const ost_plan_t *self, FILE *out);

#endif
