/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file page.h  Parts of the page of a validation. A check is at #rN, N its number among the validation's; trial T at
 * #tT. */
#ifndef OST_REPORT_PAGE_H
#define OST_REPORT_PAGE_H

#include "analysis/validate.h"

/** Observed against predicted of all checks, a chart for each class of endpoints. */
void ost_page_overview(const ost_validation_t *self, FILE *out);
/** How far predictions can be trusted, by class of treatment; nothing where of none there are enough
 * observations. */
void ost_page_trust(const ost_validation_t *self, FILE *out);
/** Whether an observation has a class mean. */
bool ost_page_has_means(const ost_validation_t *self);
/** Errors of model and class means by class of treatment; nothing where no observation has a class mean. */
void ost_page_treatments(const ost_validation_t *self, FILE *out);
/** The key of the classes of treatment that there are. */
void ost_page_key(const ost_validation_t *self, FILE *out);
/** The series of marks of a check: its class of treatment. */
size_t ost_page_series(const ost_validation_t *self, const ost_prediction_check_t *check);
/** Observations that are missed by far, by class and trial, with the known reason. */
void ost_page_misses(const ost_validation_t *self, FILE *out);
/** A trial: what is assumed, a panel for each output and one for each difference between arms, its checks, and where
 * their observed values come from. */
void ost_page_trial(const ost_validation_t *self, size_t t, FILE *out);
/** The sources of the checks of a trial, numbered, and notes to their rows. */
void ost_page_sources(const ost_validation_t *self, size_t t, FILE *out);
/** The number of the source of a check, within its trial, from 1. */
size_t ost_page_source(const ost_validation_t *self, size_t t, const ost_prediction_check_t *check);
/** The head of a column. */
void ost_page_heading(const ost_check_column_t *column, FILE *out);
/** A cell of it. */
void ost_page_cell(const ost_prediction_check_t *check, const ost_check_column_t *column, FILE *out);
/** Number of a check among the validation's. */
size_t ost_page_row(const ost_validation_t *self, const ost_prediction_check_t *check);
/** What a mark shows when the pointer is on it: trial, arm, output, month, observed and predicted value. */
void ost_page_hover(const ost_prediction_check_t *check, FILE *out);

#endif
