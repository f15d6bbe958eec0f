/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a validation; gives what a reader should see first: observed against predicted, and what is missed. */
#include "analysis/fit_impl.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

#include <math.h>
#include <string.h>

size_t ost_page_row(const ost_validation_t *self, const ost_prediction_check_t *check)
{
    return (size_t) (check - self->checks);
}

void ost_page_hover(const ost_prediction_check_t *check, FILE *out)
{
    const ost_evidence_row_t *row = check->observation->row;
    char cell[OST_CHECK_CELL];
    fputs("<title>", out);
    ost_html_text(row->trial, out);
    fputs(", ", out);
    ost_html_text(row->arm, out);
    for (const ost_check_column_t *c = NULL; (c = ost_check_next(c, OST_CHECK_PRINTED)) != NULL;) {
        const char *text = ost_check_cell(check, c, cell);
        if (text[0] == '\0') continue;
        ost_html_number(out, ", %s ", c->kind == OST_CHECK_TEXT ? "" : c->heading);
        if (c->kind == OST_CHECK_TEXT)
            ost_html_name(text, out);
        else
            ost_html_number(out, "%s", text);
    }
    fprintf(out, ", %s</title>", ost_role_words[row->role]);
}

void ost_page_heading(const ost_check_column_t *column, FILE *out)
{
    fputs(column->kind == OST_CHECK_TEXT ? "<th class='t'>" : "<th>", out);
    ost_html_number(out, "%s", column->heading);
    fputs("</th>", out);
}

void ost_page_cell(const ost_prediction_check_t *check, const ost_check_column_t *column, FILE *out)
{
    char cell[OST_CHECK_CELL];
    const char *text = ost_check_cell(check, column, cell);
    fputs("<td data-h='", out);
    ost_html_number(out, "%s", column->heading);
    fprintf(out, "'%s>",
        strcmp(text, "outside") == 0     ? " class='t out'"
        : column->kind == OST_CHECK_TEXT ? " class='t'"
                                         : "");
    if (column->kind == OST_CHECK_TEXT)
        ost_html_name(text, out);
    else
        ost_html_number(out, "%s", text);
    fputs("</td>", out);
}

/* A value on the axes of its class: of levels the logarithm, as their units differ; of SDs the value (their residuals
 * are percent of the observed one); of all others points, of yearly rates over their years. */
static double place_of(const ost_prediction_check_t *check, double value)
{
    if (check->observation->endpoint_class == OST_CLASS_LEVEL) return log10(value);
    if (check->observation->endpoint_class == OST_CLASS_SD) return value;
    return value * ost_observation_scale(check->observation);
}

static bool is_placed(const ost_prediction_check_t *check, ost_class_t of)
{
    return check->observation->endpoint_class == of && isfinite(place_of(check, check->estimate.value)) &&
           isfinite(place_of(check, check->observation->row->value));
}

/* The diagonal, and for BMD what counts as missed beyond it. */
static void put_diagonal(const ost_chart_t *chart, ost_class_t of)
{
    double a = chart->x0, b = chart->x1, d = OST_MISS_POINTS;
    const double band[][2] = { { a, a }, { a, a + d }, { b - d, b }, { b, b }, { b, b - d }, { a + d, a } };
    if (of == OST_CLASS_BMD) {
        fputs("<polygon class='band' points='", chart->out);
        for (size_t i = 0; i < sizeof(band) / sizeof(band[0]); i++)
            fprintf(chart->out, "%.1f,%.1f ", ost_chart_x(chart, band[i][0]), ost_chart_y(chart, band[i][1]));
        fputs("' fill='#000' fill-opacity='.07'/>", chart->out);
    }
    fprintf(chart->out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#888'/>", ost_chart_x(chart, a),
        ost_chart_y(chart, a), ost_chart_x(chart, b), ost_chart_y(chart, b));
}

static void put_scatter(const ost_validation_t *self, ost_class_t of, FILE *out)
{
    static const char *const titles[OST_N_CLASSES] = {
        [OST_CLASS_BMD] = "BMD, percentage points",
        [OST_CLASS_MARKER] = "turnover markers, percentage points",
        [OST_CLASS_HORMONE] = "hormones, percentage points",
        [OST_CLASS_LEVEL] = "levels, each in its unit",
        [OST_CLASS_SD] = "SD between subjects, percentage points",
    };
    double size = of == OST_CLASS_BMD ? 480 : 260;
    const bool is_log = of == OST_CLASS_LEVEL;
    ost_chart_t chart = { .out = out, size, size, INFINITY, -INFINITY, .x_is_log = is_log, .y_is_log = is_log };
    for (size_t i = 0; i < self->n_checks; i++) {
        if (!is_placed(&self->checks[i], of)) continue;
        ost_chart_widen(&chart.x0, &chart.x1, place_of(&self->checks[i], self->checks[i].observation->row->value));
        ost_chart_widen(&chart.x0, &chart.x1, place_of(&self->checks[i], self->checks[i].estimate.value));
    }
    if (!(chart.x0 <= chart.x1)) return;
    double margin = fmax(0.04 * (chart.x1 - chart.x0), 0.1);
    chart.x0 = chart.y0 = chart.x0 - margin;
    chart.x1 = chart.y1 = chart.x1 + margin;
    ost_chart_begin(&chart);
    fputs(titles[of], out);
    ost_chart_frame(&chart, "observed", "predicted");
    put_diagonal(&chart, of);
    for (size_t i = 0; i < self->n_checks; i++) {
        const ost_prediction_check_t *check = &self->checks[i];
        if (!is_placed(check, of)) continue;
        fprintf(out, "<a href='#r%zu'>", i);
        ost_page_hover(check, out);
        ost_chart_mark(out, ost_page_series(self, check),
            ost_chart_x(&chart, place_of(check, check->observation->row->value)),
            ost_chart_y(&chart, place_of(check, check->estimate.value)),
            check->observation->row->role == OST_ROLE_CALIBRATE);
        fputs("</a>", out);
    }
    ost_chart_end(&chart);
}

void ost_page_overview(const ost_validation_t *self, FILE *out)
{
    fputs("<h2 id='overview'>Observed against predicted</h2>\n", out);
    ost_page_key(self, out);
    fputs(
        "<p class='note'>Full marks may have been fitted (calibrate), open ones never were (validate, context). Grey: "
        "within 1.5 points. A mark is a link to its row.</p>\n<div class='overview'>",
        out);
    put_scatter(self, OST_CLASS_BMD, out);
    fputs("<div class='panels'>", out);
    for (int of = 0; of < OST_N_CLASSES; of++)
        if (of != OST_CLASS_BMD) put_scatter(self, (ost_class_t) of, out);
    fputs("</div></div>\n", out);
}

/* A row of the table of misses. */
static void put_miss(const ost_validation_t *self, const ost_prediction_check_t *check, FILE *out)
{
    const ost_evidence_row_t *row = check->observation->row;
    fprintf(out, "<tr><td class='t'><a href='#r%zu'>", ost_page_row(self, check));
    ost_html_text(row->arm, out);
    fputs("</a></td>", out);
    for (const ost_check_column_t *c = NULL; (c = ost_check_next(c, OST_CHECK_OF_MISSES)) != NULL;)
        ost_page_cell(check, c, out);
    fputs("</tr>\n", out);
}

/* The misses of a class, by trial. */
static void put_misses(const ost_validation_t *self, ost_class_t of, FILE *out)
{
    size_t n_columns = 1;
    fputs("<table class='cells'><thead><tr><th class='t'>arm</th>", out);
    for (const ost_check_column_t *c = NULL; (c = ost_check_next(c, OST_CHECK_OF_MISSES)) != NULL; n_columns++)
        ost_page_heading(c, out);
    fputs("</tr></thead>\n", out);
    const char *trial = NULL;
    for (size_t i = 0; i < self->n_checks; i++) {
        const ost_prediction_check_t *check = &self->checks[i];
        const char *name = check->observation->row->trial;
        if (!ost_is_missed(check) || check->observation->endpoint_class != of) continue;
        if (trial == NULL || strcmp(trial, name) != 0) {
            fprintf(out, "%s<tbody><tr class='why'><td class='t' colspan='%zu'><b>", trial != NULL ? "</tbody>" : "",
                n_columns);
            ost_html_text(name, out);
            fputs("</b>", out);
            if (check->reason != NULL) fputs(": ", out);
            if (check->reason != NULL) ost_html_text(check->reason, out);
            fputs("</td></tr>\n", out);
        }
        trial = name;
        put_miss(self, check, out);
    }
    fputs("</tbody></table>\n", out);
}

void ost_page_misses(const ost_validation_t *self, FILE *out)
{
    fputs("<h2 id='missed'>Missed by far, and why</h2>\n", out);
    for (int of = 0; of < OST_N_CLASSES; of++) {
        const double limit = ost_miss_limit((ost_class_t) of);
        size_t n_missed = 0, n = 0;
        for (size_t i = 0; i < self->n_checks; i++) {
            if (self->checks[i].observation->endpoint_class != (ost_class_t) of) continue;
            n++;
            n_missed += ost_is_missed(&self->checks[i]);
        }
        if (n == 0 || !isfinite(limit)) continue;
        fprintf(out, "<p>%zu of %zu observations of %s by more than %g points.%s</p>\n", n_missed, n,
            ost_class_words[of], limit,
            of == OST_CLASS_BMD && n_missed > 0 ? " A reason applies to all rows of a trial; some have none yet." : "");
        if (n_missed > 0) put_misses(self, (ost_class_t) of, out);
    }
}
