/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file match.h  Observations: rows of the evidence that an experiment names, each with the endpoint that the
 * simulation gives for it. */
#ifndef OST_OBSERVE_MATCH_H
#define OST_OBSERVE_MATCH_H

#include "input/evidence.h"
#include "observe/endpoint.h"

/** A row of the evidence and its endpoint. */
typedef struct {
    ost_endpoint_t endpoint; /**< of the simulation */
    const ost_evidence_row_t
        *row; /**< in the unit of the endpoint: `reported`, or what it was converted to; borrowed */
    const ost_evidence_row_t *reported; /**< as the table has it; borrowed from the evidence */
    /** The level at the base, in the unit of `reported`, that makes a change in a unit of its own one in percent; its
     * output is "" where none is needed. See ost_observation_convert() */
    ost_endpoint_t baseline;
    ost_class_t endpoint_class;           /**< by the output and the measure */
    const ost_endpoint_entry_t *measured; /**< has the error of one measurement; NULL: not known. Borrowed */
} ost_observation_t;

enum { OST_TOLD_SIZE = 1200 }; /**< of ost_matched_told() */

/** A row that has no endpoint in the simulation, or that no comparison names. */
typedef struct {
    const ost_evidence_row_t *row; /**< borrowed */
    char why[480];                 /**< for a person */
} ost_unmatched_t;

/** Rows of the trials that the comparisons of an experiment name. */
typedef struct {
    ost_memory_t memory;             /**< of all, and of rows in the unit of their endpoints */
    ost_observation_t *observations; /**< [n_observations], in the order of the table */
    size_t n_observations;
    ost_unmatched_t *unmatched; /**< [n_unmatched] of roles calibrate and validate */
    size_t n_unmatched;
} ost_matched_t;

/** Spell endpoint and site of a comparison as the rows of the evidence do. @return 0, OST_ERR_NAME at its location
 * where the dictionary does not have them, or OST_ERR_NO_MEMORY. @param path  of the file that has the comparison
 * @param memory  of what the comparison has */
int ost_comparison_spell(ost_comparison_t *self, const ost_endpoint_dictionary_t *dictionary, const char *path,
    ost_memory_t *memory, ost_error_t *err) OST_MUST_CHECK;
/** Whether a comparison names a row. */
bool ost_comparison_takes(const ost_comparison_t *self, const ost_evidence_row_t *row);
/** Find the observations of an experiment; add the times that they need to the experiment's, and lift its choice of
 * outputs. A row that is the same observation as an earlier one has none.
 *  @param evidence  borrowed: must outlive self. @param dictionary  with its parameters looked up
 *  @param library  says whether a model is of men, whose T-scores have a reference of their own; may gain models
 *  @return 0, or OST_ERR_NAME where no row fits a comparison, or where two comparisons take a row for the same */
int ost_matched_find(ost_matched_t *self, ost_experiment_t *experiment, ost_evidence_t *evidence,
    const ost_endpoint_dictionary_t *dictionary, ost_library_t *library, ost_error_t *err) OST_MUST_CHECK;
/** After all experiments have found theirs: rows of roles calibrate and validate of the trials that one of them
 * compares, also where a trial is spelt otherwise, which none of them names, become unmatched. @return 0 or
 * OST_ERR_NO_MEMORY */
int ost_matched_find_unnamed(
    ost_matched_t *self, const ost_experiment_t *experiment, ost_evidence_t *evidence, ost_error_t *err) OST_MUST_CHECK;
/** Convert a change that is reported in a unit of its own, or in T-scores, to percent of the simulated baseline: its
 * value, its interval and its unit. Where the baseline is not above 0 the row becomes unmatched.
 *  @param i  an observation with a baseline. @param level  simulated, in the unit of `reported`
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_observation_convert(ost_matched_t *self, size_t i, double level, ost_error_t *err) OST_MUST_CHECK;
/** The same for all observations of a bound plan, by a run of its cohort where one has a baseline; parameters are those
 * of the plan. @param n_threads  0: all. @param stop  once true, the run ends with OST_ERR_LIMIT; NULL: never */
int ost_matched_convert(ost_matched_t *self, const ost_plan_t *plan, int n_threads, const atomic_bool *stop,
    ost_error_t *err) OST_MUST_CHECK;
/** Bind all endpoints to the experiment's plan; an observation whose output or unit the plan does not have becomes
 * unmatched. */
int ost_matched_bind(ost_matched_t *self, const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/** Before planning: an arm of the experiment goes, its observations become unmatched. @param why  for a person */
int ost_matched_drop_arm(ost_matched_t *self, size_t arm, const char *why, ost_error_t *err) OST_MUST_CHECK;
/** The observation i becomes unmatched. @param why  for a person */
int ost_matched_drop(ost_matched_t *self, size_t i, const char *why, ost_error_t *err) OST_MUST_CHECK;
/** What to ask of an observation at more than twice the last output time. @param t, end  d @return ": is time_months in
 * days?", or weeks, where that would be in time, and whole years of up to ten would not be, else ""; a literal */
const char *ost_month_slip(double t, double end);
/** Observations at other times than these become unmatched. @param times  [n > 0] d, ascending: when there is output */
int ost_matched_drop_times(ost_matched_t *self, const double *times, size_t n, ost_error_t *err) OST_MUST_CHECK;
/** Why row i is unmatched, for a person, with the rows of the same reason: "T, drug, BMD_change FN (line 7) and 2 more,
 * also of placebo: ...". @return buf, NULL where an earlier row has told it */
const char *ost_matched_told(const ost_matched_t *self, size_t i, char *buf, size_t size);
/** Free. Accepts NULL and a zeroed one. */
void ost_matched_free(ost_matched_t *self);

#endif
