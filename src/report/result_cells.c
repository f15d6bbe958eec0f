/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of a page of results share: numbers, cells of tables, words. */
#include "report/html.h"
#include "report/result.h"

#include <math.h>

bool ost_page_is_of_draws(const ost_result_page_t *self)
{
    return self->results->design.n_axes > 0 && self->results->design.kind == OST_DESIGN_DRAWS;
}

const char *ost_page_time_zero(const ost_result_page_t *self)
{
    const ost_experiment_t *e = self->experiment;
    size_t a = 0;
    while (a < e->n_arms && e->arms[a].n_regimens == 0) a++;
    return a < e->n_arms ? "start of treatment" : "time 0";
}

void ost_page_number(double x, FILE *out)
{
    if (isfinite(x)) ost_html_number(out, fabs(x) < 1e-12 ? "0" : fabs(x) < 1000 ? "%.3g" : "%.0f", x);
}

void ost_page_head(const char *text, bool is_text, FILE *out)
{
    fputs(is_text ? "<th class='t'>" : "<th>", out);
    ost_html_text(text, out);
    fputs("</th>", out);
}

void ost_page_cell_begin(const char *heading, bool is_text, FILE *out)
{
    fputs("<td data-h='", out);
    ost_html_text(heading, out);
    fputs(is_text ? "' class='t'>" : "'>", out);
}

void ost_page_cell_end(FILE *out)
{
    fputs("</td>", out);
}

void ost_page_cell_text(const char *heading, const char *text, FILE *out)
{
    ost_page_cell_begin(heading, true, out);
    ost_html_text(text, out);
    ost_page_cell_end(out);
}

void ost_page_cell_number(const char *heading, double x, FILE *out)
{
    ost_page_cell_begin(heading, false, out);
    ost_page_number(x, out);
    ost_page_cell_end(out);
}
