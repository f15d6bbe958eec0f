/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the endpoints of a sweep; gives a chart of each over what is varied: a line with its band over one entry of a
 * grid, maps over two or more, points over each entry of another design. Of draws of parameters a table alone. */
#include "report/chart.h"
#include "report/html.h"
#include "report/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Charts of an endpoint, rows of its table, its entries with a column, and ratio of the largest to the smallest value
 * from which on an axis is logarithmic, also where values have no equal ratios: assumptions. */
#define MOST_CHARTS 12
#define MOST_ROWS 200
#define MOST_AXES 8
#define NARROW_AXES 3 /* with so many a table fits a telephone */
#define LOG_FROM 10
#define MOST_TICKS 9 /* values of a logarithmic axis that are its ticks */
#define LEFT 66      /* px, of numbers and the words of the axis */

/* A column of values, in the order of the table. */
typedef struct {
    const char *name;
    size_t index; /* in endpoint_t.values */
} column_t;
static const column_t of_points[] = { { "value", OST_ENDPOINT_VALUE }, { "SE", OST_ENDPOINT_ERROR },
    { "5 %", OST_ENDPOINT_LOWER }, { "95 %", OST_ENDPOINT_UPPER }, { "n", OST_ENDPOINT_N_SUBJECTS } };
static const column_t of_draws[] = { { "median over draws", OST_DRAWN_VALUE }, { "2.5 %", OST_DRAWN_LOW },
    { "97.5 %", OST_DRAWN_HIGH }, { "subjects 5 %", OST_DRAWN_SUBJECTS_LOW },
    { "subjects 95 %", OST_DRAWN_SUBJECTS_HIGH }, { "n", OST_N_DRAWN } };

typedef struct {
    const ost_design_t *design; /* without draws */
    const char *name, *text, *unit;
    double *values, *work;   /* [n_columns][n_points], [n_points] */
    const column_t *columns; /* [n_columns] value first, number of subjects last */
    size_t n_columns;
    size_t upper; /* index of the 95th percentile between subjects; the value, lower and upper ends stand before it */
    int decimals; /* of values */
    FILE *out;
} endpoint_t;

static double value_at(const endpoint_t *self, size_t column, size_t point)
{
    return self->values[column * self->design->n_points + point];
}

/* Whether each of three or more values is the same multiple of the one before, as 0.5, 1 and 2 are. */
static bool has_equal_ratios(const ost_varied_t *axis)
{
    const double *x = axis->values;
    const size_t n = axis->texts.n;
    bool is_equal = x != NULL && n > 2 && x[1] > x[0];
    for (size_t i = 2; i < n && is_equal; i++) is_equal = fabs(x[i] * x[0] - x[i - 1] * x[1]) <= 1e-6 * x[i] * x[0];
    return is_equal;
}

static bool is_log(const ost_varied_t *axis)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < axis->texts.n && axis->values != NULL; i++) {
        least = fmin(least, axis->values[i]);
        most = fmax(most, axis->values[i]);
    }
    return least > 0 && (most >= LOG_FROM * least || has_equal_ratios(axis));
}

/* Where a value stands on its axis: of words, in their order. */
static double place_of(const ost_varied_t *axis, size_t i)
{
    size_t first = 0;
    if (axis->values != NULL) return is_log(axis) ? log10(axis->values[i]) : axis->values[i];
    while (strcmp(axis->texts.items[first], axis->texts.items[i]) != 0) first++;
    return (double) first;
}

/* "dose [mg]", in words as figures of osteon-plot have it */
static char *label_of(const ost_varied_t *axis, char *buf, size_t size)
{
    static const char group[] = "covariates_"; /* by which a file names them */
    const size_t n_group = strncmp(axis->name, group, strlen(group)) == 0 ? strlen(group) : 0;
    bool has_unit = axis->unit != NULL && strcmp(axis->unit, "1") != 0;
    snprintf(buf, size, has_unit ? "%s [%s]" : "%s", axis->name + n_group, axis->unit);
    for (char *c = buf; *c != '\0' && *c != '['; c++)
        if (*c == '_' && strlen(buf) > 3) *c = ' ';
    return buf;
}

static void put_meaning(const endpoint_t *self)
{
    ost_html_text(self->name, self->out);
    fputs(": ", self->out);
    ost_html_text(self->text, self->out);
    fputs(" [", self->out);
    ost_html_text(self->unit, self->out);
    fputc(']', self->out);
}

static void set_x(ost_chart_t *chart, const ost_varied_t *axis)
{
    chart->x0 = INFINITY;
    chart->x1 = -INFINITY;
    for (size_t i = 0; i < axis->texts.n; i++) ost_chart_widen(&chart->x0, &chart->x1, place_of(axis, i));
    double margin = axis->values == NULL ? 0.5 : 0.03 * (chart->x1 - chart->x0);
    if (!(margin > 0)) margin = 0.5;
    chart->x0 -= margin;
    chart->x1 += margin;
    chart->x_is_log = is_log(axis);
    if (axis->values != NULL) return;
    chart->x_texts = (const char *const *) axis->texts.items;
    chart->n_x_texts = axis->texts.n;
}

/* Over one entry: of a grid a line and its band, or of words a bar; else points. */
static void put_curve(const endpoint_t *self, size_t k)
{
    const ost_design_t *design = self->design;
    const ost_varied_t *axis = &design->axes[k];
    const bool is_line = design->kind == OST_DESIGN_GRID && axis->values != NULL;
    ost_chart_t chart = {
        .out = self->out, .width = 446, .height = 270, .left = LEFT, .y0 = INFINITY, .y1 = -INFINITY
    };
    char label[200], y_label[200];
    set_x(&chart, axis);
    double ticks[MOST_TICKS];
    if (chart.x_is_log && design->kind == OST_DESIGN_GRID && axis->texts.n <= MOST_TICKS) {
        chart.x_ticks = ticks;
        chart.n_x_ticks = axis->texts.n;
        for (size_t i = 0; i < axis->texts.n; i++) ticks[i] = place_of(axis, i);
    }
    for (size_t p = 0; p < design->n_points; p++)
        for (size_t c = 0; c <= (design->kind == OST_DESIGN_GRID ? self->upper : 0); c++)
            ost_chart_widen(&chart.y0, &chart.y1, value_at(self, c, p));
    if (!(chart.y0 <= chart.y1)) chart.y0 = 0, chart.y1 = 1;
    ost_chart_margin(&chart);
    ost_chart_begin(&chart);
    put_meaning(self);
    snprintf(y_label, sizeof(y_label), strcmp(self->unit, "1") != 0 ? "%s, %s" : "%s", self->name, self->unit);
    ost_chart_frame(&chart, label_of(axis, label, sizeof(label)), y_label);
    if (is_line) {
        double *x = self->work;
        for (size_t p = 0; p < design->n_points; p++) x[p] = place_of(axis, p);
        const double *y = self->values;
        for (size_t c = self->upper; c > 0; c -= 2)
            ost_chart_band(&chart, x, y + (c - 1) * design->n_points, y + c * design->n_points, design->n_points, 0,
                c == self->upper ? OST_CHART_BAND : 4 * OST_CHART_BAND);
        ost_chart_line(&chart, x, y, design->n_points, 0);
    }
    for (size_t p = 0; p < design->n_points; p++) {
        double x = place_of(axis, ost_design_index(design, p, k)), y = value_at(self, 0, p);
        if (!isfinite(y)) continue;
        for (size_t c = design->kind == OST_DESIGN_GRID && !is_line ? self->upper : 0; c > 0; c -= 2)
            if (isfinite(value_at(self, c - 1, p)) && isfinite(value_at(self, c, p)))
                ost_chart_box(&chart, x - 0.06, x + 0.06, value_at(self, c - 1, p), value_at(self, c, p),
                    ost_chart_colour(0), (c == self->upper ? 2 : 4) * OST_CHART_BAND);
        ost_chart_mark(self->out, 0, ost_chart_x(&chart, x), ost_chart_y(&chart, y), true);
    }
    ost_chart_end(&chart);
}

/* From white to dark blue, told apart by lightness: also in grey. @param part  0 to 1 */
static const char *shade(double part, char buf[8])
{
    static const double light[] = { 0xe8, 0xf1, 0xf8 }, dark[] = { 0x08, 0x3a, 0x66 };
    int rgb[3];
    for (int i = 0; i < 3; i++) rgb[i] = (int) lround(light[i] + part * (dark[i] - light[i]));
    snprintf(buf, 8, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
    return buf;
}

/* The last two entries of a grid, at the values of the others that point `first` has. */
static void put_map(const endpoint_t *self, size_t first, double least, double most)
{
    const ost_design_t *design = self->design;
    const ost_varied_t *down = &design->axes[design->n_axes - 2], *across = &design->axes[design->n_axes - 1];
    const size_t n_x = across->texts.n, n_y = down->texts.n;
    ost_chart_t chart = { .out = self->out,
        .width = 470,
        .height = 60 + fmin(34 * (double) n_y, 400),
        .left = 96,
        .x0 = -0.5,
        .x1 = (double) n_x - 0.5,
        .y0 = -0.5,
        .y1 = (double) n_y - 0.5,
        .x_texts = (const char *const *) across->texts.items,
        .n_x_texts = n_x,
        .y_texts = (const char *const *) down->texts.items,
        .n_y_texts = n_y };
    char x_label[200], y_label[200], colour[8];
    ost_chart_begin(&chart);
    put_meaning(self);
    for (size_t k = 0; k + 2 < design->n_axes; k++) {
        fputs(k == 0 ? "; " : ", ", self->out);
        ost_html_text(label_of(&design->axes[k], x_label, sizeof(x_label)), self->out);
        fputc(' ', self->out);
        ost_html_text(design->axes[k].texts.items[ost_design_index(design, first, k)], self->out);
    }
    ost_chart_frame(&chart, label_of(across, x_label, sizeof(x_label)), label_of(down, y_label, sizeof(y_label)));
    for (size_t i = 0; i < n_x * n_y; i++) {
        const double x = (double) (i % n_x), y = (double) (i / n_x);
        const double value = value_at(self, 0, first + i);
        const double part = most > least ? (value - least) / (most - least) : 0.5;
        if (!isfinite(value)) continue;
        ost_chart_box(&chart, x - 0.5, x + 0.5, y - 0.5, y + 0.5, shade(part, colour), 1);
        if (n_x > 8) continue;
        fprintf(self->out, "<text x='%.1f' y='%.1f' text-anchor='middle' style='fill:%s'>", ost_chart_x(&chart, x),
            ost_chart_y(&chart, y) + 4, part > 0.5 ? "#fff" : "#000");
        ost_html_number(self->out, "%.*f", self->decimals, value);
        fputs("</text>", self->out);
    }
    ost_chart_end(&chart);
}

static void put_charts(const endpoint_t *self)
{
    const ost_design_t *design = self->design;
    double least = INFINITY, most = -INFINITY;
    fputs("<div class='tables'><div class='panels'>", self->out);
    if (design->kind != OST_DESIGN_GRID || design->n_axes == 1) {
        for (size_t k = 0; k < design->n_axes && k < MOST_CHARTS; k++) put_curve(self, k);
    } else {
        const size_t n = design->axes[design->n_axes - 1].texts.n * design->axes[design->n_axes - 2].texts.n;
        for (size_t p = 0; p < design->n_points; p++) ost_chart_widen(&least, &most, value_at(self, 0, p));
        for (size_t p = 0; p < design->n_points && p < MOST_CHARTS * n; p += n) put_map(self, p, least, most);
    }
    fputs("</div>\n", self->out);
}

static void put_table(const endpoint_t *self)
{
    const ost_design_t *design = self->design;
    const size_t n_axes = design->n_axes < MOST_AXES ? design->n_axes : MOST_AXES;
    const bool is_wide = n_axes > NARROW_AXES;
    char label[200];
    fputs(is_wide ? "<div><table class='cells'><caption>" : "<div><table><caption>", self->out);
    put_meaning(self);
    fputs("</caption><thead><tr>", self->out);
    if (is_wide) ost_page_head("point", false, self->out);
    for (size_t k = 0; k < n_axes; k++)
        ost_page_head(label_of(&design->axes[k], label, sizeof(label)), false, self->out);
    for (size_t c = 0; c < self->n_columns; c++) ost_page_head(self->columns[c].name, false, self->out);
    fputs("</tr></thead><tbody>\n", self->out);
    for (size_t p = 0; p < design->n_points && p < MOST_ROWS; p++) {
        fputs("<tr>", self->out);
        if (is_wide) fprintf(self->out, "<td data-h='point'>point %zu</td>", p);
        for (size_t k = 0; k < n_axes; k++) {
            ost_page_cell_begin(label_of(&design->axes[k], label, sizeof(label)), false, self->out);
            const size_t i = ost_design_index(design, p, k);
            if (design->axes[k].values != NULL)
                ost_html_number(self->out, "%.6g", design->axes[k].values[i]);
            else
                ost_html_text(design->axes[k].texts.items[i], self->out);
            ost_page_cell_end(self->out);
        }
        for (size_t c = 0; c < self->n_columns; c++) {
            const double value = value_at(self, self->columns[c].index, p);
            ost_page_cell_begin(self->columns[c].name, false, self->out);
            if (isfinite(value))
                ost_html_number(self->out, "%.*f", c + 1 == self->n_columns ? 0 : self->decimals, value);
            ost_page_cell_end(self->out);
        }
        fputs("</tr>\n", self->out);
    }
    fputs("</tbody></table>\n", self->out);
    if (design->n_points > MOST_ROWS)
        fprintf(self->out, "<p class='note'>%zu points more: 'osteon show FILE --csv OUT.csv' writes all.</p>\n",
            design->n_points - MOST_ROWS);
    if (design->n_axes > n_axes) fprintf(self->out, "<p class='note'>%zu entries more.</p>\n", design->n_axes - n_axes);
    fputs("</div></div>\n", self->out);
}

/* A row of the endpoints of draws alone: the median over draws, its interval, and the one between subjects. */
static void put_drawn(const endpoint_t *self)
{
    fputs("<tr>", self->out);
    ost_page_cell_begin("endpoint", true, self->out);
    put_meaning(self);
    ost_page_cell_end(self->out);
    for (size_t k = 0; k < OST_N_DRAWN; k++) ost_page_cell_number(self->columns[k].name, self->values[k], self->out);
    fputs("</tr>\n", self->out);
}

static int put_endpoint(ost_results_t *results, size_t i, endpoint_t *self, ost_error_t *err)
{
    const bool is_drawn = results->design.n_drawn > 0;
    char *text = NULL, *unit = NULL;
    int ret = is_drawn ? ost_results_read_drawn(results, i, self->values, &text, &unit, err) : 0;
    for (size_t c = 0; c < self->n_columns && ret == 0 && !is_drawn; c++)
        ret = ost_results_read_endpoint(results, i, (ost_endpoint_column_t) c,
            self->values + c * self->design->n_points, c == 0 ? &text : NULL, c == 0 ? &unit : NULL, err);
    self->name = results->endpoints.items[i];
    self->text = text != NULL ? text : self->name;
    self->unit = unit != NULL ? unit : "1";
    self->decimals = ost_text_decimals(self->values, self->design->n_points);
    if (ret == 0 && self->design->n_axes == 0) put_drawn(self);
    if (ret == 0 && self->design->n_axes > 0) put_charts(self);
    if (ret == 0 && self->design->n_axes > 0) put_table(self);
    free(text);
    free(unit);
    return ret;
}

int ost_page_points(const ost_result_page_t *page, FILE *out, ost_error_t *err)
{
    ost_results_t *results = page->results;
    const ost_design_t design = ost_design_without_draws(&results->design);
    const bool is_drawn = results->design.n_drawn > 0, is_of_draws = ost_page_is_of_draws(page);
    endpoint_t self = { .design = &design,
        .columns = is_drawn ? of_draws : of_points,
        .n_columns = is_drawn ? sizeof(of_draws) / sizeof(of_draws[0]) : sizeof(of_points) / sizeof(of_points[0]),
        .upper = is_drawn ? OST_DRAWN_SUBJECTS_HIGH : OST_ENDPOINT_UPPER,
        .out = out };
    int ret = 0;
    if (results->endpoints.n == 0 && !is_of_draws)
        fputs(
            "<p>The experiment asks for no endpoints, of which figures of a sweep are: 'endpoints:' in the experiment "
            "names them.</p>\n",
            out);
    if (results->endpoints.n == 0) return 0;
    self.values = malloc((self.n_columns + 1) * design.n_points * sizeof(double));
    if (self.values == NULL) return ost_no_memory(err);
    self.work = self.values + self.n_columns * design.n_points;
    fputs("<h2>Endpoints</h2>\n", out);
    fputs(
        is_of_draws
            ? "<table class='cells'><thead><tr><th class='t'>endpoint</th><th>median over draws</th><th>2.5 %</th>"
              "<th>97.5 %</th><th>subjects 5 %</th><th>subjects 95 %</th></tr></thead><tbody>\n"
        : is_drawn
            ? "<p class='note'>Dark bands, and columns 2.5 % and 97.5 %: over draws of the parameters, their "
              "uncertainty. Light bands, and columns subjects 5 % and 95 %: percentiles between subjects, the same at "
              "each point, medians over draws.</p>\n"
            : "<p class='note'>Bands, and columns 5 % and 95 %: percentiles between subjects, the same at each "
              "point. SE: standard error by their number.</p>\n",
        out);
    for (size_t i = 0; i < results->endpoints.n && ret == 0; i++) ret = put_endpoint(results, i, &self, err);
    if (is_of_draws) fputs("</tbody></table>\n", out);
    free(self.values);
    return ret;
}
