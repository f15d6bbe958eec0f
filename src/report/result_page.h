/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file result_page.h  A result file as a page: what was asked, figures, and a table of values for each. */
#ifndef OST_REPORT_RESULT_PAGE_H
#define OST_REPORT_RESULT_PAGE_H

#include "observe/vpc.h"
#include "results/measure.h"

/** What a page shows; all borrowed. */
typedef struct {
    ost_results_t *results;
    const char *path;                   /**< of the file, as it is named */
    const ost_experiment_t *experiment; /**< that the file records */
    const ost_text_list_t *outputs;     /**< outputs of the figures; none: those of the experiment's plot, or what
                                         * ost_results_default_variable() says */
    const ost_matched_t *matched;       /**< observations of the evidence that the experiment names */
    const ost_vpc_t *vpc;               /**< beside observed data; NULL: none */
} ost_result_page_t;

/** One self-contained HTML page of a run, a comparison, draws of parameters, a sweep or a sensitivity analysis.
 *  @return 0, OST_ERR_FORMAT (the file is damaged), OST_ERR_NAME (it has no such output) or OST_ERR_NO_MEMORY */
int ost_result_write_html(const ost_result_page_t *self, FILE *out, ost_error_t *err) OST_MUST_CHECK;

#endif
