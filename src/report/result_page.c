/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; gives its page from the parts of result.h. */
#include "report/html.h"
#include "report/result.h"

int ost_result_write_html(const ost_result_page_t *self, FILE *out, ost_error_t *err)
{
    const ost_results_t *results = self->results;
    const bool is_of_points = results->design.n_axes > 0, is_of_draws = ost_page_is_of_draws(self);
    const bool has_subjects =
        !results->is_analysis && results->keep == OST_KEEP_SUBJECTS && (!is_of_points || is_of_draws);
    int ret = 0;
    char title[300];
    snprintf(title, sizeof(title), "osteon: %s", self->experiment->title);
    ost_html_begin(title, out);
    fputs("<h1>", out);
    ost_html_text(self->experiment->title, out);
    fputs("</h1>\n", out);
    ret = ost_page_warnings(self, out, err);
    ost_page_asked(self, out);
    if (self->vpc != NULL) ost_page_vpc(self, out);
    if (ret == 0 && results->is_analysis) ret = ost_page_inputs(self, out, err);
    if (ret == 0 && has_subjects) ret = ost_page_outputs(self, out, err);
    if (ret == 0 && is_of_points) ret = ost_page_points(self, out, err);
    const bool has_endpoints = has_subjects || (results->keep == OST_KEEP_QUANTILES && !is_of_points);
    if (ret == 0 && has_endpoints && !is_of_draws) ret = ost_page_endpoints(self, out, err);
    ost_html_end(out);
    return ret;
}
