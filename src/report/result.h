/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file result.h  Parts of the page of a result file. */
#ifndef OST_REPORT_RESULT_H
#define OST_REPORT_RESULT_H

#include "report/result_page.h"

/** Whether the file is of draws of parameters. */
bool ost_page_is_of_draws(const ost_result_page_t *self);
/** What time 0 is: "start of treatment", or "time 0" where no arm has a regimen. */
const char *ost_page_time_zero(const ost_result_page_t *self);
/** A number with three digits, or all before the point; nothing for NAN. */
void ost_page_number(double x, FILE *out);
/** A head cell, and the same of a column of text. */
void ost_page_head(const char *text, bool is_text, FILE *out);
/** Begin a cell; its value, or nothing, and ost_page_cell_end() follow. @param heading  of its column, for narrow
 * screens */
void ost_page_cell_begin(const char *heading, bool is_text, FILE *out);
/** End it. */
void ost_page_cell_end(FILE *out);
/** A cell with a text. */
void ost_page_cell_text(const char *heading, const char *text, FILE *out);
/** A cell with a number. */
void ost_page_cell_number(const char *heading, double x, FILE *out);
/** What was asked: experiment, version, changes, arms, endpoints, design, as a table. */
void ost_page_asked(const ost_result_page_t *self, FILE *out);
/** What a reader must know before the figures: failures, an interrupted run, few subjects or draws; nothing without.
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_page_warnings(const ost_result_page_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** Figures of outputs over time, with tables. @return 0, OST_ERR_FORMAT, OST_ERR_NAME or OST_ERR_NO_MEMORY */
int ost_page_outputs(const ost_result_page_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** " (-2.9 to -2.1)", nothing for NAN. */
void ost_page_interval(double low, double high, FILE *out);
/** Cells of an observed value with its interval, of what is simulated, of how far that is from it, and its source. */
void ost_page_observed(const ost_evidence_row_t *row, double simulated, FILE *out);
/** A table of the observations that no chart shows; of compared models and of draws, how many there are.
 *  @param is_drawn  [observations] a chart does  @return as above */
int ost_page_others(const ost_result_page_t *self, const bool *is_drawn, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** Endpoints of the experiment, of each model. @return as above */
int ost_page_endpoints(const ost_result_page_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** Endpoints over what a sweep varies, with tables. @return as above */
int ost_page_points(const ost_result_page_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** Bars of the inputs of a sensitivity analysis, with tables. @return as above */
int ost_page_inputs(const ost_result_page_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/** Observed percentiles against intervals of simulated ones, with a table. */
void ost_page_vpc(const ost_result_page_t *self, FILE *out);

#endif
