/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file match.h  Observations: rows of the evidence that an experiment names, each with the endpoint that the
 * simulation gives for it. */
#ifndef OST_OBSERVE_MATCH_H
#define OST_OBSERVE_MATCH_H

#include "input/evidence.h"
#include "observe/endpoint.h"

/** A row of the evidence and its endpoint. */
typedef struct {
    ost_endpoint_t endpoint;       /**< of the simulation */
    const ost_evidence_row_t *row; /**< borrowed from the evidence */
    ost_class_t endpoint_class;    /**< by the output and the measure */
    double error_cv;               /**< SD of one measurement, percent of the value; 0 where it is not known */
} ost_observation_t;

/** A row that a comparison names and that has no endpoint in the simulation. */
typedef struct {
    const ost_evidence_row_t *row; /**< borrowed */
    char why[240];                 /**< for a person */
} ost_unmatched_t;

/** Rows that the comparisons of an experiment name. */
typedef struct {
    ost_observation_t *observations; /**< [n_observations], in the order of the table; owned */
    size_t n_observations;
    ost_unmatched_t *unmatched; /**< [n_unmatched] of roles calibrate and validate; owned */
    size_t n_unmatched;
} ost_matched_t;

/** Whether a comparison names a row. */
bool ost_comparison_takes(const ost_comparison_t *self, const ost_evidence_row_t *row);
/** Find the observations of an experiment; add the times that they need to the experiment's, and lift its choice of
 * outputs.
 *  @param evidence  borrowed: must outlive self. @return 0, or OST_ERR_NAME where no row fits a comparison */
int ost_matched_find(ost_matched_t *self, ost_experiment_t *experiment, const ost_evidence_t *evidence,
    const ost_endpoint_dictionary_t *dictionary, ost_error_t *err) OST_MUST_CHECK;
/** Bind all endpoints to the experiment's plan; an observation whose output or unit the plan does not have becomes
 * unmatched. */
int ost_matched_bind(ost_matched_t *self, const ost_plan_t *plan, ost_error_t *err) OST_MUST_CHECK;
/** Before planning: an arm of the experiment goes, its observations become unmatched. @param why  for a person */
int ost_matched_drop_arm(ost_matched_t *self, size_t arm, const char *why, ost_error_t *err) OST_MUST_CHECK;
/** Rows that are unmatched for the same reason are named together. @return whether row i is the first of its reason;
 * @param[out] more  how many others there are */
bool ost_matched_group(const ost_matched_t *self, size_t i, size_t *more);
/** Free. Accepts NULL and a zeroed one. */
void ost_matched_free(ost_matched_t *self);

#endif
