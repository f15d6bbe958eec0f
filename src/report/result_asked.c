/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; gives what was asked, what a reader must know before the figures, and the endpoints of a run. */
#include "core/text.h"
#include "journal/identity.h"
#include "report/html.h"
#include "report/result.h"

#include <stdlib.h>
#include <string.h>

/* By so much an interval from few may hold less than its name says before the page says so, an assumption. */
#define NARROWER 0.05

/* Text of several lines, at most n. */
static void put_lines(const char *text, size_t n_lines, FILE *out)
{
    for (const char *line = text; n_lines > 0 && *line != '\0'; n_lines--) {
        char one[600];
        size_t n = strcspn(line, "\n");
        snprintf(one, sizeof(one), "%.*s", n < sizeof(one) ? (int) n : (int) sizeof(one) - 1, line);
        ost_html_text(one, out);
        line += n + (line[n] != '\0');
        if (*line != '\0' && n_lines > 1) fputs("<br>", out);
    }
}

/* A row of what was asked: a fact, and a text or none. */
static void put_some(const char *name, const char *text, size_t n_lines, FILE *out)
{
    if (text == NULL || text[0] == '\0') return;
    fprintf(out, "<tr><th>%s</th><td>", name);
    put_lines(text, n_lines, out);
    fputs("</td></tr>\n", out);
}

static void put_fact(const char *name, const char *text, FILE *out)
{
    put_some(name, text, SIZE_MAX, out);
}

/* Names of the models of the file, without their fingerprints. */
static void put_models(const ost_result_page_t *self, FILE *out)
{
    const char *line = ost_results_attribute(self->results, "models");
    if (line == NULL) return;
    fputs("<tr><th>models</th><td>", out);
    for (bool is_first = true; *line != '\0'; is_first = false) {
        char name[80];
        snprintf(name, sizeof(name), "%.*s", (int) strcspn(line, " \n"), line);
        if (!is_first) fputs(", ", out);
        ost_html_text(name, out);
        line += strcspn(line, "\n");
        line += *line != '\0';
    }
    fputs("</td></tr>\n", out);
}

static void put_arms(const ost_result_page_t *self, FILE *out)
{
    const ost_text_list_t *names = &self->results->arms, *labels = &self->results->labels;
    if (names->n == 0) return;
    fputs("<tr><th>arms</th><td>", out);
    for (size_t a = 0; a < names->n; a++) {
        if (a > 0) fputs("<br>", out);
        ost_html_text(labels->items[a], out);
        if (strcmp(labels->items[a], names->items[a]) == 0) continue;
        fputs(" (", out);
        ost_html_text(names->items[a], out);
        fputs(")", out);
    }
    fputs("</td></tr>\n", out);
}

/* What --set changed, a line each, and whom --subject chose instead of the settings that it made. */
static void put_changes(const ost_results_t *results, FILE *out)
{
    char one[400], subject[400] = "";
    bool is_any = false, is_subject;
    for (const char *at = NULL; ost_results_next_change(results, &at, &is_subject, one, sizeof(one));) {
        if (is_subject) memcpy(subject, one, sizeof(one));
        if (is_subject) continue;
        fputs(is_any ? "<br>" : "<tr><th>changed</th><td>", out);
        ost_html_text(one, out);
        is_any = true;
    }
    if (is_any) fputs("</td></tr>\n", out);
    put_fact("subject", subject, out);
}

void ost_page_asked(const ost_result_page_t *self, FILE *out)
{
    const ost_results_t *results = self->results;
    const ost_experiment_t *e = self->experiment;
    char text[400];
    fputs("<h2>What was asked</h2>\n<table class='asked'><tbody>\n", out);
    put_fact("file", self->path, out);
    snprintf(text, sizeof(text), "%s (%s)", e->name, OST_WHERE(e));
    put_fact("experiment", text, out);
    put_changes(results, out);
    put_models(self, out);
    put_arms(self, out);
    snprintf(text, sizeof(text), "%llu, seed %llu", (unsigned long long) e->n_subjects, (unsigned long long) e->seed);
    put_fact("subjects", text, out);
    if (results->design.n_axes > 0) {
        snprintf(text, sizeof(text), "%zu, %s", ost_design_without_draws(&results->design).n_points,
            ost_design_words[results->design.kind]);
        if (!ost_page_is_of_draws(self)) put_fact("points", text, out);
        if (!ost_page_is_of_draws(self))
            put_some("varied", ost_results_attribute(results, OST_SWEEP_VARY),
                results->design.n_axes - results->design.n_drawn, out);
        snprintf(text, sizeof(text), "%zu", ost_design_n_draws(&results->design));
        if (results->design.n_drawn > 0) put_fact("draws", text, out);
    }
    if (e->n_endpoints > 0) fputs("<tr><th>endpoints</th><td>", out);
    for (size_t i = 0; i < e->n_endpoints; i++) {
        ost_endpoint_t endpoint;
        if (ost_endpoint_asked(&endpoint, e, &e->endpoints[i], NULL) < 0) continue;
        fprintf(out, "%s<b>%s</b>: ", i > 0 ? "<br>" : "", e->endpoints[i].name);
        ost_html_text(ost_asked_describe(&e->endpoints[i], endpoint.statistic, text, sizeof(text)), out);
    }
    if (e->n_endpoints > 0) fputs("</td></tr>\n", out);
    snprintf(text, sizeof(text), "osteon %s, sources %s; %s, rtol %g, dosing %s, %s",
        ost_results_attribute(results, "osteon_version"), ost_results_attribute(results, "osteon_sources"),
        ost_results_attribute(results, "stepper"), e->solver.rtol, ost_results_attribute(results, "dosing"),
        ost_results_attribute(results, "isa"));
    put_fact("made by", text, out);
    fputs("</tbody></table>\n", out);
}

/* @param word  "subject", "draw" */
static void warn_few(size_t n, const char *word, double part, FILE *out)
{
    if (n == 0 || ost_quantile_coverage(n, part) >= part - NARROWER) return;
    fprintf(out, "<p>An interval from %zu %s%s holds %.0f %%, not %.0f %%, of all %ss on average.</p>\n", n, word,
        n == 1 ? "" : "s", 100 * ost_quantile_coverage(n, part), 100 * part, word);
}

int ost_page_warnings(const ost_result_page_t *self, FILE *page, ost_error_t *err)
{
    const ost_results_t *results = self->results;
    const char *left_out = ost_results_attribute(results, OST_ARMS_LEFT_OUT);
    const char *eligible = ost_results_attribute(results, "n_eligible"),
               *done = ost_results_attribute(results, "n_done");
    const uint64_t n_failed = ost_results_failures(results), n = self->experiment->n_subjects;
    const uint64_t n_done = done != NULL ? strtoull(done, NULL, 10) : n;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return ost_no_memory(err);
    if (n_failed > 0)
        fprintf(out, "<p>%llu subject-arm%s failed and are left out; failure_message in the file says why.</p>\n",
            (unsigned long long) n_failed, n_failed == 1 ? "" : "s");
    if (n_done < n && !results->is_analysis)
        fprintf(out, "<p>The run was interrupted after %llu of %llu subjects.</p>\n", (unsigned long long) n_done,
            (unsigned long long) n);
    if (eligible != NULL && strtoull(eligible, NULL, 10) < n)
        fprintf(out, "<p>%s of %llu subjects are eligible; the others have no values.</p>\n", eligible,
            (unsigned long long) n);
    if (left_out != NULL && left_out[0] != '\0') {
        fputs("<p>Left out: ", out);
        put_lines(left_out, SIZE_MAX, out);
        fputs("</p>\n", out);
    }
    if (!results->is_analysis && n > 1)
        warn_few((size_t) (eligible != NULL ? strtoull(eligible, NULL, 10) : n), "subject", 0.9, out);
    if (results->design.n_drawn > 0) warn_few(ost_design_n_draws(&results->design), "draw", OST_DRAWN_PART, out);
    bool ok = !ferror(out);
    ok = fclose(out) == 0 && ok;
    if (ok && size > 0) fprintf(page, "<div class='warn'>%s</div>\n", text);
    free(text);
    return ok ? 0 : ost_no_memory(err);
}

static void put_endpoint(
    const ost_results_t *results, const ost_asked_t *asked, const ost_results_estimate_t *found, FILE *out)
{
    char text[400];
    fputs("<tr>", out);
    ost_page_cell_text("endpoint", asked->name, out);
    ost_page_cell_begin("meaning", true, out);
    ost_html_text(ost_asked_describe(asked, found->endpoint.statistic, text, sizeof(text)), out);
    if (found->why[0] != '\0') fputs("; no value: ", out);
    ost_html_text(found->why, out);
    ost_page_cell_end(out);
    if (results->models.n > 0) ost_page_cell_text("model", results->models.items[results->i_model], out);
    ost_page_cell_number("value", found->estimate.value, out);
    ost_page_cell_number("SE", found->estimate.error, out);
    ost_page_cell_text("unit", found->endpoint.statistic == OST_STATISTIC_N ? "" : found->unit, out);
    ost_page_cell_number("SD between subjects", found->estimate.sd, out);
    ost_page_cell_begin("n", false, out);
    fprintf(out, "%zu", found->estimate.n);
    ost_page_cell_end(out);
    fputs("</tr>\n", out);
}

int ost_page_endpoints(const ost_result_page_t *self, FILE *out, ost_error_t *err)
{
    ost_results_t *results = self->results;
    const ost_experiment_t *e = self->experiment;
    const size_t n_models = results->models.n > 0 ? results->models.n : 1;
    int ret = 0;
    if (e->n_endpoints == 0) return 0;
    double *work = calloc(4 * results->n_subjects + 1, sizeof(*work));
    if (work == NULL) return ost_no_memory(err);
    fputs("<h2>Endpoints</h2>\n<table class='cells'><thead><tr><th class='t'>endpoint</th><th class='t'>meaning</th>",
        out);
    if (results->models.n > 0) ost_page_head("model", true, out);
    fputs(
        "<th>value</th><th>SE</th><th class='t'>unit</th><th>SD between subjects</th><th>n</th></tr></thead><tbody>\n",
        out);
    for (size_t k = 0; k < e->n_endpoints * n_models && ret >= 0; k++) {
        const ost_asked_t *asked = &e->endpoints[k / n_models];
        ost_results_estimate_t found;
        results->i_model = k % n_models;
        ret = ost_results_estimate(results, e, asked, work, &found, err);
        if (ret > 0) put_endpoint(results, asked, &found, out);
    }
    fputs("</tbody></table>\n", out);
    free(work);
    return ret < 0 ? ret : 0;
}
