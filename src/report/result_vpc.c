/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a visual predictive check; gives a chart for each arm: boxes of the simulated intervals, lines of the observed
 * percentiles, and the data; and a table of all numbers. */
#include "report/chart.h"
#include "report/html.h"
#include "report/result.h"

#include <math.h>

#define MOST_DOTS 3000 /* of a chart, an assumption */
#define ENOUGH                                                                                                         \
    10 /* simulated subjects for each observed person, from which on their number adds little: 1/10 of                 \
          the variance of a percentile */

/* Colours of the outer percentiles and of the median. */
enum { OUTER = 0, MIDDLE = 1 };

static const char *colour_of(size_t k)
{
    return ost_chart_colour(k == OST_VPC_MEDIAN ? MIDDLE : OUTER);
}

static void set_ranges(const ost_vpc_arm_t *arm, ost_chart_t *chart, double day)
{
    const ost_vpc_bin_t *last = &arm->bins[arm->n_bins - 1];
    for (size_t i = 0; i < arm->data.n; i++) ost_chart_widen(&chart->y0, &chart->y1, arm->data.value[i]);
    for (size_t k = 0; k < arm->n_bins * OST_N_VPC; k++) {
        ost_chart_widen(&chart->y0, &chart->y1, arm->bins[k / OST_N_VPC].lower[k % OST_N_VPC]);
        ost_chart_widen(&chart->y0, &chart->y1, arm->bins[k / OST_N_VPC].upper[k % OST_N_VPC]);
    }
    ost_chart_margin(chart);
    const double width = last->to - arm->bins[0].from, margin = width > 0 ? 0.05 * width : 15;
    chart->x0 = (arm->bins[0].from - margin) / day;
    chart->x1 = (last->to + margin) / day;
}

static void put_boxes(const ost_vpc_arm_t *arm, const ost_chart_t *chart, double day)
{
    for (size_t b = 0; b < arm->n_bins; b++)
        for (size_t k = 0; k < OST_N_VPC; k++) {
            const ost_vpc_bin_t *bin = &arm->bins[b];
            const double x0 = b == 0 ? chart->x0 : bin->from / day;
            const double x1 = b + 1 == arm->n_bins ? chart->x1 : bin->to / day;
            if (isfinite(bin->lower[k])) ost_chart_box(chart, x0, x1, bin->lower[k], bin->upper[k], colour_of(k), 0.25);
        }
}

static void put_lines(const ost_vpc_arm_t *arm, const ost_chart_t *chart, double day, FILE *out)
{
    for (size_t k = 0; k < OST_N_VPC; k++) {
        ost_chart_path(chart, false);
        for (size_t b = 0; b < arm->n_bins; b++)
            ost_chart_corner(chart, arm->bins[b].at / day, arm->bins[b].observed[k]);
        fprintf(out, "' fill='none' stroke='%s' stroke-width='2' stroke-dasharray='%s'/>", colour_of(k),
            k == OST_VPC_MEDIAN ? "none" : "6 3");
        for (size_t b = 0; b < arm->n_bins; b++)
            fprintf(out, "<circle cx='%.1f' cy='%.1f' r='3.2' fill='%s'/>", ost_chart_x(chart, arm->bins[b].at / day),
                ost_chart_y(chart, arm->bins[b].observed[k]), colour_of(k));
    }
}

static void put_chart(const ost_result_page_t *page, const ost_vpc_arm_t *arm, double day, FILE *out)
{
    const ost_vpc_t *self = page->vpc;
    ost_chart_t chart = { .out = out, .width = 520, .height = 320, .y0 = INFINITY, .y1 = -INFINITY };
    set_ranges(arm, &chart, day);
    ost_chart_begin(&chart);
    ost_html_text(page->results->labels.items[arm->arm], out);
    fputs(": ", out);
    ost_html_name(self->output, out);
    fputs(" [", out);
    ost_html_text(self->unit, out);
    fputs("]", out);
    char label[80];
    snprintf(label, sizeof(label), "%s since %s", day > 1 ? "months" : "days", ost_page_time_zero(page));
    ost_chart_frame(&chart, label, NULL);
    put_boxes(arm, &chart, day);
    for (size_t i = 0; i < arm->data.n && arm->data.n <= MOST_DOTS; i++)
        fprintf(out, "<circle cx='%.1f' cy='%.1f' r='1.6' fill='#888' fill-opacity='.7'/>",
            ost_chart_x(&chart, arm->data.time[i] / day), ost_chart_y(&chart, arm->data.value[i]));
    put_lines(arm, &chart, day, out);
    ost_chart_end(&chart);
}

/* Whether its simulated data sets differ; where they do not, nothing can be judged. */
static bool has_width(const ost_vpc_arm_t *arm)
{
    for (size_t i = 0; i < arm->n_bins * OST_N_VPC; i++)
        if (arm->bins[i / OST_N_VPC].upper[i % OST_N_VPC] > arm->bins[i / OST_N_VPC].lower[i % OST_N_VPC]) return true;
    return false;
}

static void put_row(const ost_vpc_bin_t *bin, size_t k, const char *label, double day, bool is_judged, FILE *out)
{
    const bool is_inside = bin->observed[k] >= bin->lower[k] && bin->observed[k] <= bin->upper[k];
    fputs("<tr>", out);
    ost_page_cell_text("arm", label, out);
    ost_page_cell_begin(day > 1 ? "months" : "days", false, out);
    if (bin->to > bin->from)
        ost_html_number(out, "%.4g to %.4g", bin->from / day, bin->to / day);
    else
        ost_html_number(out, "%.4g", bin->at / day);
    ost_page_cell_end(out);
    ost_page_cell_number("n", (double) bin->n, out);
    ost_page_cell_begin("percentile", false, out);
    fprintf(out, "%g", ost_vpc_percent[k]);
    ost_page_cell_end(out);
    ost_page_cell_number("observed", bin->observed[k], out);
    ost_page_cell_number("simulated", bin->middle[k], out);
    ost_page_cell_begin("90 % interval", false, out);
    ost_page_number(bin->lower[k], out);
    fputs(" to ", out);
    ost_page_number(bin->upper[k], out);
    ost_page_cell_end(out);
    fprintf(out, "<td data-h='' class='t%s</td></tr>\n", !is_judged ? "'>" : is_inside ? "'>inside" : " out'>outside");
}

/* How many percentiles of all arms lie in their intervals; those whose intervals have no width are left out. */
static void put_count(const ost_vpc_t *self, FILE *out)
{
    size_t n = 0, n_inside = 0, n_of_arm;
    for (size_t a = 0; a < self->n_arms; a++) {
        if (!has_width(&self->arms[a])) continue;
        n_inside += ost_vpc_inside(&self->arms[a], &n_of_arm);
        n += n_of_arm;
    }
    if (n > 0)
        fprintf(out, " <b>%zu of %zu observed percentiles lie in their %g %% intervals.</b>", n_inside, n,
            100 * OST_VPC_PART);
    fprintf(out,
        " Boxes: intervals of the 5th, 50th and 95th percentile in %d simulated data sets, each with as many subjects "
        "at the same times as observed. Lines and dots: the observed percentiles (full: median); grey: the data.</p>\n",
        OST_VPC_DATA_SETS);
}

/* What the intervals of an arm cannot say. */
static void put_warning(const ost_result_page_t *page, const ost_vpc_arm_t *arm, FILE *out)
{
    if (arm->n_present >= ENOUGH * arm->data.n_persons) return;
    fputs("<div class='warn'><p>", out);
    ost_html_text(page->results->labels.items[arm->arm], out);
    if (!arm->is_matched || arm->n_present != arm->data.n_persons)
        fprintf(out,
            ": %zu simulated subjects stand for %zu observed persons; with fewer than %d for each the intervals are "
            "too narrow.",
            arm->n_present, arm->data.n_persons, ENOUGH);
    else if (has_width(arm))
        fputs(": each ID is compared with its own simulated subject, so that the intervals have no width but that of "
              "draws of parameters.",
            out);
    else
        fputs(": each ID is compared with its own simulated subject, of which the run has one realisation: intervals "
              "have no width, and no percentile is judged. Draws of parameters give intervals ('osteon run EXPERIMENT "
              "--parameters TABLE.csv --draws N').",
            out);
    fputs("</p></div>\n", out);
}

void ost_page_vpc(const ost_result_page_t *page, FILE *out)
{
    const ost_vpc_t *self = page->vpc;
    double last = 0;
    for (size_t a = 0; a < self->n_arms; a++) last = fmax(last, self->arms[a].bins[self->arms[a].n_bins - 1].to);
    const double day = last > 125 ? OST_DAYS_PER_MONTH : 1;
    fputs("<h2>Visual predictive check</h2>\n<p>Observed: ", out);
    ost_html_text(self->path, out);
    fputs(".", out);
    put_count(self, out);
    for (size_t i = 0; i < self->notes->n; i++) {
        fputs("<p class='note'>", out);
        ost_html_text(self->notes->items[i], out);
        fputs("</p>\n", out);
    }
    for (size_t a = 0; a < self->n_arms; a++) put_warning(page, &self->arms[a], out);
    fputs("<div class='panels'>", out);
    for (size_t a = 0; a < self->n_arms; a++) put_chart(page, &self->arms[a], day, out);
    fprintf(out,
        "</div>\n<table class='cells'><thead><tr><th class='t'>arm</th><th>%s</th><th>n</th><th>percentile</th>"
        "<th>observed</th><th>simulated</th><th>90 %% interval</th><th></th></tr></thead><tbody>\n",
        day > 1 ? "months" : "days");
    for (size_t a = 0; a < self->n_arms; a++)
        for (size_t k = 0; k < self->arms[a].n_bins * OST_N_VPC; k++)
            put_row(&self->arms[a].bins[k / OST_N_VPC], k % OST_N_VPC, page->results->labels.items[self->arms[a].arm],
                day, has_width(&self->arms[a]), out);
    fputs("</tbody></table>\n", out);
}
