/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the subjects of a result file and the observations that no chart shows: differences between arms, rates, levels
 * and changes from a later time; gives a table of them beside what is simulated. */
#include "core/memory.h"
#include "report/html.h"
#include "report/result.h"
#include "results/measure.h"

#include <math.h>
#include <string.h>

void ost_page_interval(double low, double high, FILE *out)
{
    if (!isfinite(low) || !isfinite(high)) return;
    fputs(" (", out);
    ost_page_number(low, out);
    fputs(" to ", out);
    ost_page_number(high, out);
    fputs(")", out);
}

void ost_page_observed(const ost_evidence_row_t *row, double simulated, FILE *out)
{
    double lower, upper;
    ost_evidence_bounds(row, &lower, &upper);
    ost_page_cell_begin("observed", false, out);
    ost_page_number(row->value, out);
    ost_page_interval(lower, upper, out);
    ost_page_cell_end(out);
    ost_page_cell_number("simulated", simulated, out);
    ost_page_cell_number(ost_statistics[OST_STATISTIC_RESIDUAL].heading, simulated - row->value, out);
    char source[300];
    snprintf(source, sizeof(source), "%s, %s: %s, %s", row->trial, row->arm, ost_reported_words[row->statistic],
        ost_role_words[row->role]);
    ost_page_cell_text("source", source, out);
}

/* @param work  [4][n_subjects] @param[out] simulated  NAN where the file does not have it */
static int estimate(
    const ost_result_page_t *self, const ost_endpoint_t *endpoint, double *work, double *simulated, ost_error_t *err)
{
    ost_results_t *results = self->results;
    const ost_arm_t *arms = self->experiment->arms;
    const size_t n = results->n_subjects;
    const size_t arm[] = { endpoint->arm, endpoint->versus };
    double *measures[] = { work, NULL };
    size_t element;
    const char *variable = ost_results_find_output(results, endpoint->output, &element);
    int ret = 0;
    *simulated = NAN;
    results->i_model = 0;
    for (int i = 0; i < 2 && ret == 0 && arm[i] != SIZE_MAX; i++) {
        const size_t of = ost_results_find_arm(results, arms[arm[i]].name);
        if (variable == NULL || of == SIZE_MAX) return 0;
        measures[i] = work + (size_t) i * n;
        ret = ost_results_read_measure(results, endpoint, variable, element, of, work + 2 * n, measures[i], err);
    }
    if (ret == 0)
        *simulated =
            ost_estimate(endpoint->statistic, measures[0], measures[1], endpoint->is_ratio, n, work + 3 * n).value;
    return ret;
}

static void put_row(const ost_result_page_t *self, const ost_observation_t *observation, double simulated, FILE *out)
{
    const ost_endpoint_t *endpoint = &observation->endpoint;
    const ost_arm_t *arms = self->experiment->arms;
    const double from = endpoint->from / OST_DAYS_PER_MONTH, to = endpoint->to / OST_DAYS_PER_MONTH;
    fputs("<tr>", out);
    ost_page_cell_begin("arm", true, out);
    ost_html_text(arms[endpoint->arm].label, out);
    if (endpoint->versus != SIZE_MAX) {
        fputs(" \xe2\x88\x92 ", out);
        ost_html_text(arms[endpoint->versus].label, out);
    }
    ost_page_cell_end(out);
    ost_page_cell_begin("observation", true, out);
    ost_html_name(observation->row->endpoint, out);
    fputs(", ", out);
    ost_html_name(endpoint->output, out);
    fputs(" [", out);
    ost_html_name(observation->row->unit, out);
    fputs("]", out);
    ost_page_cell_end(out);
    ost_page_cell_begin("month", false, out);
    if (endpoint->measure != OST_MEASURE_LEVEL && from != 0) ost_html_number(out, "%.4g-", from);
    ost_html_number(out, "%.4g", to);
    ost_page_cell_end(out);
    ost_page_observed(observation->row, simulated, out);
    fputs("</tr>\n", out);
}

/* Whether no observation before this one, of those that are not drawn, is of the output. */
static bool is_first_of_output(const ost_result_page_t *self, const bool *is_drawn, size_t i, size_t length)
{
    const ost_observation_t *all = self->matched->observations;
    for (size_t k = 0; k < i; k++)
        if (!is_drawn[k] && strcspn(all[k].endpoint.output, "[") == length &&
            strncmp(all[k].endpoint.output, all[i].endpoint.output, length) == 0)
            return false;
    return true;
}

/* How many observations there are: of several models or draws a file has no single simulated value. */
static void put_number(const ost_result_page_t *self, const bool *is_drawn, size_t n, FILE *out)
{
    const char *between = "'osteon show ";
    fprintf(out, "<p class='note'>%zu observation%s of other kinds or outputs: ", n, n == 1 ? "" : "s");
    for (size_t i = 0; i < self->matched->n_observations && !ost_page_is_of_draws(self); i++) {
        const char *output = self->matched->observations[i].endpoint.output;
        const size_t length = strcspn(output, "[");
        char name[100];
        if (is_drawn[i] || !is_first_of_output(self, is_drawn, i, length)) continue;
        snprintf(name, sizeof(name), "%.*s", (int) length, output);
        fputs(between, out);
        ost_html_text(self->path, out);
        fputs(" --variable ", out);
        ost_html_text(name, out);
        fputc('\'', out);
        between = ", 'osteon show ";
    }
    fputs(ost_page_is_of_draws(self) ? "the page of a run without draws has a table of them.</p>\n" : ".</p>\n", out);
}

int ost_page_others(const ost_result_page_t *self, const bool *is_drawn, FILE *out, ost_error_t *err)
{
    ost_memory_t memory = { 0 };
    double *work = ost_memory_list(&memory, 4 * self->results->n_subjects, sizeof(*work));
    size_t n = 0;
    int ret = memory.failed ? ost_no_memory(err) : 0;
    const bool has_parts = self->results->models.n > 1; /* models, or draws, of which there are two at least */
    for (size_t i = 0; i < self->matched->n_observations && ret == 0; i++) {
        const ost_observation_t *observation = &self->matched->observations[i];
        double simulated;
        if (is_drawn[i]) continue;
        if (n++ == 0 && !has_parts) {
            fputs(
                "<div class='tables'><div><table class='cells'><caption>other observations</caption><thead><tr>"
                "<th class='t'>arm</th><th class='t'>observation</th><th>month</th><th>observed</th><th>simulated</th>",
                out);
            ost_page_head(ost_statistics[OST_STATISTIC_RESIDUAL].heading, false, out);
            fputs("<th class='t'>source</th></tr></thead><tbody>\n", out);
        }
        if (has_parts) continue;
        ret = estimate(self, &observation->endpoint, work, &simulated, err);
        if (ret == 0) put_row(self, observation, simulated, out);
    }
    if (n > 0 && has_parts) put_number(self, is_drawn, n, out);
    if (n > 0 && !has_parts) fputs("</tbody></table></div></div>\n", out);
    ost_memory_free(&memory);
    return ret;
}
