/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the file of a sensitivity analysis; gives for each endpoint the bars of its inputs, the most important at the
 * top, and the table of all indices. */
#include "analysis/sensitivity.h"
#include "core/vocabulary.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/result.h"
#include "results/arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BARS 10 /* of a chart, an assumption */
/* Inputs whose first index is below this part of the largest have no row, as on a terminal. */
#define HARDLY 0.001

/* Colours of bars: the input raises the endpoint, lowers it, or has no sign. */
enum { RAISES, LOWERS = 2, NEITHER = 6 };
enum { PARTS = 3 }; /* of an index: value, lower and upper end of its interval */

typedef struct {
    const ost_results_t *results;
    size_t kind; /* the method */
    ost_text_list_t endpoints, texts, units, inputs, meanings, of_factor;
    double *indices[OST_N_INDICES][PARTS]; /* [endpoints.n][inputs.n]; NULL: not of the method */
    size_t first;                          /* index that inputs are sorted by */
    size_t *order;                         /* [inputs.n] */
    size_t i_endpoint;
    FILE *out;
} analysis_t;

static double index_at(const analysis_t *self, size_t index, size_t part, size_t input)
{
    const double *values = self->indices[index][part];
    return values != NULL ? values[self->i_endpoint * self->inputs.n + input] : NAN;
}

/* Whether an index has a value: points of a sweep may tell the first order alone. */
static bool has_any(const analysis_t *self, size_t index)
{
    bool has = false;
    for (size_t i = 0; i < self->endpoints.n * self->inputs.n && self->indices[index][0] != NULL; i++)
        has |= isfinite(self->indices[index][0][i]);
    return has;
}

static int read_all(analysis_t *self, ost_error_t *err)
{
    static const char *const endings[PARTS] = { "", "_lower", "_upper" };
    const ost_results_t *results = self->results;
    const char *method = ost_results_attribute(results, OST_ANALYSIS_METHOD);
    const struct {
        const char *name;
        ost_text_list_t *list;
    } lists[] = { { "endpoint", &self->endpoints }, { "endpoint_meaning", &self->texts },
        { "endpoint_unit", &self->units }, { "input", &self->inputs }, { "factor_meaning", &self->meanings },
        { "factor_input", &self->of_factor } };
    int ret = 0;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && ret == 0; i++)
        ret = ost_results_read_texts(results, lists[i].name, lists[i].list, err);
    if (ret < 0) return ret;
    self->kind = ost_words_find(ost_sensitivity_words, OST_N_SENSITIVITIES, method);
    self->first = OST_N_INDICES;
    for (size_t i = 0; i < OST_N_INDICES && ret == 0; i++)
        for (size_t part = 0; part < PARTS && ret == 0 && ost_indices[i].method == self->kind; part++) {
            char name[80];
            snprintf(name, sizeof(name), "%s%s", ost_indices[i].name, endings[part]);
            ret =
                ost_results_read_matrix(results, name, self->endpoints.n, self->inputs.n, &self->indices[i][part], err);
            if (ret == 0 && part == 0 && self->first == OST_N_INDICES && has_any(self, i)) self->first = i;
        }
    for (size_t i = OST_N_INDICES; i-- > 0 && self->first == OST_N_INDICES;) /* none has a value */
        if (ost_indices[i].method == self->kind) self->first = i;
    if (ret == 0 && (self->first == OST_N_INDICES || self->texts.n != self->endpoints.n ||
                        self->units.n != self->endpoints.n || self->meanings.n != self->of_factor.n))
        ret = ost_fail_at(
            err, OST_ERR_FORMAT, results->path, 0, 0, "damaged: '%s' is not an analysis that is known", method);
    self->order = calloc(self->inputs.n + 1, sizeof(*self->order));
    return ret == 0 && self->order == NULL ? ost_no_memory(err) : ret;
}

/* The largest size first; those without a value last. */
static void sort(analysis_t *self)
{
    for (size_t k = 0; k < self->inputs.n; k++) {
        double size = fabs(index_at(self, self->first, 0, k));
        size_t at = k;
        for (; at > 0; at--) {
            double before = fabs(index_at(self, self->first, 0, self->order[at - 1]));
            if (!(size > before) && !(isnan(before) && !isnan(size))) break;
            self->order[at] = self->order[at - 1];
        }
        self->order[at] = k;
    }
}

/* -1 where the input lowers the endpoint; NAN where the method does not say. */
static double sign_of(const analysis_t *self, size_t input)
{
    if (self->kind == OST_SENSITIVITY_SOBOL) return 1;
    double with_sign = index_at(self, self->kind == OST_SENSITIVITY_MORRIS ? OST_INDEX_MU : self->first, 0, input);
    return isnan(with_sign) ? NAN : with_sign < 0 ? -1 : 1;
}

/* Bar of an input, and the line of its interval; of parts of the variance the first order within it. */
static void put_bar(const analysis_t *self, const ost_chart_t *chart, size_t input, double y)
{
    const double sign = sign_of(self, input), turn = isnan(sign) ? 1 : sign;
    const bool has_size = self->kind == OST_SENSITIVITY_MORRIS; /* without sign */
    const double value = index_at(self, self->first, 0, input) * (has_size ? turn : 1);
    const double lower = index_at(self, self->first, 1, input) * (has_size ? turn : 1);
    const double upper = index_at(self, self->first, 2, input) * (has_size ? turn : 1);
    const bool is_part = self->kind == OST_SENSITIVITY_SOBOL;
    const char *colour = ost_chart_colour(isnan(sign) ? NEITHER : sign < 0 ? LOWERS : RAISES);
    ost_chart_box(chart, 0, value, y - 0.33, y + 0.33, colour, is_part ? 0.35 : 0.8);
    if (is_part) ost_chart_box(chart, 0, index_at(self, OST_INDEX_FIRST, 0, input), y - 0.33, y + 0.33, colour, 1);
    if (isfinite(lower) && isfinite(upper))
        fprintf(self->out, "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='#888' stroke-width='2'/>",
            ost_chart_x(chart, lower), ost_chart_x(chart, upper), ost_chart_y(chart, y), ost_chart_y(chart, y));
}

static void put_chart(const analysis_t *self)
{
    size_t n = 0;
    const char *names[MOST_BARS];
    ost_chart_t chart = { .out = self->out, .width = 470, .left = 150 };
    while (n < MOST_BARS && n < self->inputs.n && isfinite(index_at(self, self->first, 0, self->order[n]))) n++;
    if (n == 0) return;
    for (size_t k = 0; k < n; k++) {
        const size_t input = self->order[k];
        const double sign = sign_of(self, input),
                     turn = self->kind == OST_SENSITIVITY_MORRIS && !isnan(sign) ? sign : 1;
        names[n - 1 - k] = self->inputs.items[input];
        for (size_t part = 0; part < PARTS; part++)
            ost_chart_widen(&chart.x0, &chart.x1, turn * index_at(self, self->first, part, input));
    }
    const double margin = 0.03 * (chart.x1 - chart.x0) + 1e-12;
    chart.x0 -= chart.x0 < 0 ? margin : 0;
    chart.x1 += margin;
    chart.y0 = -0.6;
    chart.y1 = (double) n - 0.4;
    chart.height = 26 * (double) n + 54;
    chart.y_texts = names;
    chart.n_y_texts = n;
    ost_chart_begin(&chart);
    ost_html_text(self->texts.items[self->i_endpoint], self->out);
    if (n < self->inputs.n) fprintf(self->out, "; the first %zu of %zu inputs", n, self->inputs.n);
    char label[200];
    const char *unit = self->units.items[self->i_endpoint];
    const bool has_unit = ost_indices[self->first].has_unit && strcmp(unit, "1") != 0;
    snprintf(label, sizeof(label), has_unit ? "%s [%s]" : "%s", ost_indices[self->first].heading, unit);
    ost_chart_frame(&chart, label, NULL);
    for (size_t k = 0; k < n; k++) put_bar(self, &chart, self->order[k], (double) (n - 1 - k));
    ost_chart_end(&chart);
}

/* What the factors of an input are. */
static void put_meaning(const analysis_t *self, size_t input)
{
    bool is_first = true;
    for (size_t k = 0; k < self->of_factor.n; k++) {
        if (strcmp(self->of_factor.items[k], self->inputs.items[input]) != 0) continue;
        if (!is_first) fputs("; ", self->out);
        ost_html_text(self->meanings.items[k], self->out);
        is_first = false;
    }
}

/* Inputs that have a row: the first of the order. */
static size_t count_rows(const analysis_t *self)
{
    const double least = HARDLY * fabs(index_at(self, self->first, 0, self->order[0]));
    size_t n = 1;
    while (n < self->inputs.n && fabs(index_at(self, self->first, 0, self->order[n])) > least) n++;
    return isfinite(least) ? n : self->inputs.n;
}

/* The names of the others. */
static void put_rest(const analysis_t *self, size_t first)
{
    if (first == self->inputs.n) return;
    fprintf(self->out, "<p class='note'>Below %g of the first, or without a value: ", HARDLY);
    for (size_t k = first; k < self->inputs.n; k++) {
        fputs(k > first ? ", " : "", self->out);
        ost_html_text(self->inputs.items[self->order[k]], self->out);
    }
    fputs(".</p>\n", self->out);
}

static void put_table(const analysis_t *self)
{
    const size_t n_rows = self->inputs.n > 0 ? count_rows(self) : 0;
    fputs("<table class='cells'><caption>", self->out);
    ost_html_text(self->endpoints.items[self->i_endpoint], self->out);
    fputs("</caption><thead><tr><th class='t'>input</th>", self->out);
    for (size_t i = 0; i < OST_N_INDICES; i++) {
        if (!has_any(self, i)) continue;
        ost_page_head(ost_indices[i].heading, false, self->out);
        ost_page_head("interval", false, self->out);
    }
    fputs("<th class='t'>meaning</th></tr></thead><tbody>\n", self->out);
    for (size_t k = 0; k < n_rows; k++) {
        const size_t input = self->order[k];
        fputs("<tr>", self->out);
        ost_page_cell_text("input", self->inputs.items[input], self->out);
        for (size_t i = 0; i < OST_N_INDICES; i++) {
            if (!has_any(self, i)) continue;
            ost_page_cell_number(ost_indices[i].heading, index_at(self, i, 0, input), self->out);
            ost_page_cell_begin("interval", false, self->out);
            ost_page_number(index_at(self, i, 1, input), self->out);
            if (isfinite(index_at(self, i, 1, input))) fputs(" to ", self->out);
            ost_page_number(index_at(self, i, 2, input), self->out);
            ost_page_cell_end(self->out);
        }
        ost_page_cell_begin("meaning", true, self->out);
        put_meaning(self, input);
        ost_page_cell_end(self->out);
        fputs("</tr>\n", self->out);
    }
    fputs("</tbody></table>\n", self->out);
    put_rest(self, n_rows);
}

static void put_key(const analysis_t *self)
{
    static const struct {
        size_t series;
        const char *text;
    } signs[] = { { RAISES, "raises the endpoint" }, { LOWERS, "lowers it" }, { NEITHER, "several inputs" } };
    fputs("<p class='key'>", self->out);
    for (size_t i = 0; i < 3 && self->kind != OST_SENSITIVITY_SOBOL; i++)
        fprintf(self->out, "<span><svg width='16' height='12'><rect width='14' height='12' fill='%s'/></svg> %s</span>",
            ost_chart_colour(signs[i].series), signs[i].text);
    if (self->kind == OST_SENSITIVITY_SOBOL)
        fprintf(self->out, "<span>dark: first order, alone</span>%s",
            has_any(self, OST_INDEX_TOTAL) ? "<span>light: total, with interactions</span>" : "");
    fputs("</p>\n<p class='note'>", self->out);
    for (size_t i = 0, n = 0; i < OST_N_INDICES; i++)
        if (has_any(self, i))
            fprintf(self->out, "%s%s: %s", n++ > 0 ? "; " : "", ost_indices[i].heading, ost_indices[i].meaning);
    fputs(". Grey lines: interval of the index.</p>\n", self->out);
}

int ost_page_inputs(const ost_result_page_t *page, FILE *out, ost_error_t *err)
{
    analysis_t self = { .results = page->results, .out = out };
    int ret = read_all(&self, err);
    if (ret == 0) {
        fprintf(out, "<h2>Sensitivity, by the method %s</h2>\n", ost_sensitivity_words[self.kind]);
        put_key(&self);
    }
    for (self.i_endpoint = 0; ret == 0 && self.i_endpoint < self.endpoints.n; self.i_endpoint++) {
        sort(&self);
        put_chart(&self);
        put_table(&self);
    }
    ost_text_list_t *lists[] = { &self.endpoints, &self.texts, &self.units, &self.inputs, &self.meanings,
        &self.of_factor };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) ost_text_list_free(lists[i]);
    for (size_t i = 0; i < OST_N_INDICES * PARTS; i++) free(self.indices[i / PARTS][i % PARTS]);
    free(self.order);
    return ret;
}
