/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a trial of a validation; gives its part of the page. */
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* One panel: an output over time, percent change or values; or what arms differ by from another one. */
typedef struct {
    const ost_validation_t *validation;
    const ost_trial_t *trial;
    const ost_curve_t *curves;
    size_t n_curves;
    const char *output;
    bool is_value;
    size_t versus; /* the arm that is subtracted, SIZE_MAX: none */
    double factor; /* 1 of the output, as reported, in units of the axis: of values, those of the table of evidence */
    const char *unit; /* of the axis, "": percent */
    double unit_d;    /* d of the axis of time: a month up to two years, else a year */
    double ticks[25]; /* of months */
    ost_chart_t chart;
} panel_t;

/* The band of an output that each subject has or does not have, such as a fracture, would fill the panel. Quantiles of
 * few subjects lie between 0 and 1 where they turn. */
static bool is_yes_or_no(const panel_t *self, const ost_curve_t *curve)
{
    size_t n = self->trial->experiment.n_times, n_sharp = 0;
    bool within = curve->is_value;
    for (size_t t = 0; t < n && within; t++) {
        within = curve->lower[t] >= 0 && curve->upper[t] <= 1;
        n_sharp += curve->upper[t] == 0 || curve->upper[t] == 1;
    }
    return within && 2 * n_sharp > n;
}

static bool has_band(const panel_t *self, const ost_curve_t *curve)
{
    return self->versus == SIZE_MAX && !is_yes_or_no(self, curve);
}

static const ost_curve_t *curve_of(const panel_t *self, size_t arm)
{
    for (size_t c = 0; c < self->n_curves; c++)
        if (strcmp(self->curves[c].output, self->output) == 0 && self->curves[c].is_value == self->is_value &&
            self->curves[c].arm == arm)
            return &self->curves[c];
    return NULL;
}

static bool has_location(const panel_t *self, const ost_prediction_check_t *check)
{
    const ost_endpoint_t *endpoint = &check->observation->endpoint;
    return strcmp(endpoint->output, self->output) == 0 && endpoint->versus == self->versus &&
           endpoint->measure != OST_MEASURE_CHANGE && self->is_value == (endpoint->measure == OST_MEASURE_LEVEL) &&
           !endpoint->is_ratio && endpoint->statistic != OST_STATISTIC_SD;
}

/* Whether an arm has a curve in the panel: all have one of values and changes; those with an observation have one of
 * differences, where it counts from the start as the curve does. */
static bool is_drawn(const panel_t *self, size_t arm)
{
    if (curve_of(self, arm) == NULL) return false;
    bool is_drawn = self->versus == SIZE_MAX;
    for (size_t i = 0; i < self->trial->matched.n_observations && !is_drawn; i++) {
        const ost_prediction_check_t *check = &self->validation->checks[self->trial->first_observation + i];
        const ost_endpoint_t *endpoint = &check->observation->endpoint;
        is_drawn = endpoint->arm == arm && has_location(self, check) &&
                   (self->is_value || (endpoint->from == 0 && !endpoint->per_year));
    }
    return is_drawn;
}

/* The mean of an arm, minus that of the arm that is subtracted. */
static double mean_of(const panel_t *self, const ost_curve_t *curve, size_t t)
{
    const ost_curve_t *versus = self->versus != SIZE_MAX ? curve_of(self, self->versus) : NULL;
    return self->factor * (curve->mean[t] - (versus != NULL ? versus->mean[t] : 0));
}

/* The simulated line of an arm, 100 at time 0. */
static double line_at(const panel_t *self, size_t arm, size_t i_time)
{
    const ost_curve_t *curve = curve_of(self, arm);
    return curve != NULL ? 100 + curve->mean[i_time] : NAN;
}

/* Where a value of the endpoint stands on the axis: a change from a later scan starts from the simulated line. */
static double height_of(const panel_t *self, const ost_endpoint_t *endpoint, double value)
{
    if (self->is_value) return value / endpoint->factor * self->factor;
    if (endpoint->per_year) value *= (endpoint->to - endpoint->from) / OST_DAYS_PER_YEAR;
    if (self->versus != SIZE_MAX) return value;
    double percent = endpoint->measure == OST_MEASURE_FRACTION ? value - 100 : value;
    double base = endpoint->from == 0 ? 100 : line_at(self, endpoint->arm, endpoint->i_from);
    return base * (1 + percent / 100) - 100;
}

/* Ticks at months up to two years. */
static void set_ticks(panel_t *self)
{
    const ost_experiment_t *e = &self->trial->experiment;
    const double from = e->times[0] / OST_DAYS_PER_MONTH, to = e->times[e->n_times - 1] / OST_DAYS_PER_MONTH;
    const double step = to - from > 12 ? 6 : to - from > 6 ? 3 : 1;
    const bool is_short = to - from <= 24.5;
    self->unit_d = is_short ? OST_DAYS_PER_MONTH : OST_DAYS_PER_YEAR;
    if (!is_short) return;
    self->chart.x_ticks = self->ticks;
    for (double tick = step * ceil(from / step - 1e-9) + 0.0; tick <= to + 1e-6; tick += step)
        self->ticks[self->chart.n_x_ticks++] = tick;
}

static void set_ranges(panel_t *self)
{
    const ost_experiment_t *e = &self->trial->experiment;
    ost_chart_t *chart = &self->chart;
    chart->x0 = e->times[0] / self->unit_d;
    chart->x1 = e->times[e->n_times - 1] / self->unit_d;
    chart->y0 = self->is_value && self->versus == SIZE_MAX ? INFINITY : 0;
    chart->y1 = -chart->y0;
    for (size_t a = 0; a < e->n_arms; a++) {
        const ost_curve_t *curve = curve_of(self, a);
        for (size_t t = 0; is_drawn(self, a) && t < e->n_times; t++) {
            ost_chart_widen(&chart->y0, &chart->y1, mean_of(self, curve, t));
            if (!has_band(self, curve)) continue;
            ost_chart_widen(&chart->y0, &chart->y1, self->factor * curve->lower[t]);
            ost_chart_widen(&chart->y0, &chart->y1, self->factor * curve->upper[t]);
        }
    }
    for (size_t i = 0; i < self->trial->matched.n_observations; i++) {
        const ost_prediction_check_t *check = &self->validation->checks[self->trial->first_observation + i];
        const ost_endpoint_t *endpoint = &check->observation->endpoint;
        if (!has_location(self, check)) continue;
        ost_chart_widen(&chart->y0, &chart->y1, height_of(self, endpoint, check->observation->row->value));
        ost_chart_widen(&chart->y0, &chart->y1, height_of(self, endpoint, check->estimate.value));
        double lower, upper;
        if (ost_evidence_bounds(check->observation->row, &lower, &upper)) {
            ost_chart_widen(&chart->y0, &chart->y1, height_of(self, endpoint, lower));
            ost_chart_widen(&chart->y0, &chart->y1, height_of(self, endpoint, upper));
        }
        if (!isfinite(check->sd)) continue;
        ost_chart_widen(&chart->y0, &chart->y1, height_of(self, endpoint, check->lower));
        ost_chart_widen(&chart->y0, &chart->y1, height_of(self, endpoint, check->upper));
    }
    ost_chart_margin(chart);
    if (!(chart->x0 < chart->x1)) chart->x1 = chart->x0 + 1;
    chart->x1 += 0.02 * (chart->x1 - chart->x0); /* marks at the last time stand side by side */
}

static void put_place(const panel_t *self, double day, double value)
{
    ost_chart_corner(&self->chart, day / self->unit_d, value);
}

static void put_curve(const panel_t *self, size_t arm)
{
    const ost_experiment_t *e = &self->trial->experiment;
    const ost_curve_t *curve = curve_of(self, arm);
    if (has_band(self, curve)) {
        ost_chart_path(&self->chart, true);
        for (size_t t = 0; t < e->n_times; t++) put_place(self, e->times[t], self->factor * curve->lower[t]);
        for (size_t t = e->n_times; t-- > 0;) put_place(self, e->times[t], self->factor * curve->upper[t]);
        ost_chart_fill(&self->chart, arm, OST_CHART_BAND);
    }
    ost_chart_path(&self->chart, false);
    for (size_t t = 0; t < e->n_times; t++) put_place(self, e->times[t], mean_of(self, curve, t));
    ost_chart_stroke(&self->chart, arm);
}

/* The 95 % interval of an observed value, as its row gives it. */
static void put_whisker(const panel_t *self, const ost_prediction_check_t *check, double x)
{
    const ost_endpoint_t *endpoint = &check->observation->endpoint;
    const ost_chart_t *chart = &self->chart;
    double lower, upper;
    if (!ost_evidence_bounds(check->observation->row, &lower, &upper)) return;
    const double bottom = ost_chart_y(chart, height_of(self, endpoint, lower)),
                 top = ost_chart_y(chart, height_of(self, endpoint, upper));
    fprintf(chart->out, "<path class='whisker' d='M%.1f,%.1fV%.1fM%.1f,%.1fh6M%.1f,%.1fh6' fill='none' stroke='%s'/>",
        x, bottom, top, x - 3, bottom, x - 3, top, ost_chart_colour(endpoint->arm));
}

/* The observed value, full if it may have been fitted, on the bar of what was predicted; arms stand side by side. */
static void put_point(const panel_t *self, const ost_prediction_check_t *check)
{
    const ost_endpoint_t *endpoint = &check->observation->endpoint;
    const ost_evidence_row_t *row = check->observation->row;
    const ost_chart_t *chart = &self->chart;
    double aside = 5 * ((double) endpoint->arm - 0.5 * (double) (self->trial->experiment.n_arms - 1));
    double x = ost_chart_x(chart, endpoint->to / self->unit_d) + aside;
    fprintf(chart->out, "<a href='#r%zu'>", ost_page_row(self->validation, check));
    ost_page_hover(check, chart->out);
    if (isfinite(check->sd))
        fprintf(chart->out,
            "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s' stroke-width='5' stroke-opacity='.35'/>", x, x,
            ost_chart_y(chart, height_of(self, endpoint, check->lower)),
            ost_chart_y(chart, height_of(self, endpoint, check->upper)), ost_chart_colour(endpoint->arm));
    put_whisker(self, check, x);
    fprintf(chart->out, "<circle cx='%.1f' cy='%.1f' r='4' fill='%s' stroke='%s' stroke-width='1.6'/></a>", x,
        ost_chart_y(chart, height_of(self, endpoint, row->value)),
        row->role == OST_ROLE_CALIBRATE ? ost_chart_colour(endpoint->arm) : "#fff", ost_chart_colour(endpoint->arm));
}

/* What time 0 is: treatment begins there, or nothing does. */
static void put_since(const panel_t *self, char *text, size_t size)
{
    const ost_experiment_t *e = &self->trial->experiment;
    double first = INFINITY;
    for (size_t a = 0; a < e->n_arms; a++) {
        for (size_t i = 0; i < e->arms[a].n_regimens; i++) first = fmin(first, e->arms[a].regimens[i].start);
        for (size_t i = 0; i < e->arms[a].n_inputs; i++) first = fmin(first, e->arms[a].inputs[i].start);
    }
    snprintf(text, size, "%s since %s", self->chart.x_ticks != NULL ? "months" : "years",
        first == 0 ? "start of treatment" : "baseline");
}

static void put_panel(panel_t *self)
{
    const ost_experiment_t *e = &self->trial->experiment;
    char since[64];
    set_ticks(self);
    set_ranges(self);
    if (!(self->chart.y0 < self->chart.y1)) return;
    ost_chart_begin(&self->chart);
    ost_html_name(self->output, self->chart.out);
    if (self->is_value) fputs(", ", self->chart.out);
    if (self->is_value) ost_html_name(self->unit, self->chart.out);
    if (self->versus != SIZE_MAX) {
        fputs(self->is_value ? ": difference from " : ": difference in percentage points from ", self->chart.out);
        ost_html_text(e->arms[self->versus].label, self->chart.out);
    } else if (!self->is_value) {
        fputs(", change in percent", self->chart.out);
    }
    put_since(self, since, sizeof(since));
    ost_chart_frame(&self->chart, since, NULL);
    for (size_t a = 0; a < e->n_arms; a++)
        if (is_drawn(self, a)) put_curve(self, a);
    for (size_t i = 0; i < self->trial->matched.n_observations; i++) {
        const ost_prediction_check_t *check = &self->validation->checks[self->trial->first_observation + i];
        if (has_location(self, check)) put_point(self, check);
    }
    ost_chart_end(&self->chart);
}

/* A panel for each output, arm that is subtracted, and whether values or changes are observed, in the order of the
 * observations. */
static void put_panels(const ost_validation_t *self, size_t t, FILE *out)
{
    const ost_trial_t *trial = &self->trials.trials[t];
    const ost_observation_t *observations = trial->matched.observations;
    fputs("<div class='panels'>", out);
    for (size_t i = 0; i < trial->matched.n_observations; i++) {
        const ost_endpoint_t *endpoint = &observations[i].endpoint;
        panel_t panel = { self, trial, self->of_trial[t].curves, self->of_trial[t].n_curves, endpoint->output,
            endpoint->measure == OST_MEASURE_LEVEL, endpoint->versus, 1, "", 1, { 0 },
            { .out = out, .width = 430, .height = 250 } };
        if (panel.is_value) panel.factor = endpoint->factor, panel.unit = observations[i].row->unit;
        size_t k = 0;
        while (k < i && !has_location(&panel, &self->checks[trial->first_observation + k])) k++;
        if (k == i && has_location(&panel, &self->checks[trial->first_observation + i])) put_panel(&panel);
    }
    fputs("</div>\n", out);
}

static void put_key(const ost_trial_t *trial, FILE *out)
{
    fputs("<p class='key'>", out);
    for (size_t a = 0; a < trial->experiment.n_arms; a++) ost_chart_key(out, a, trial->experiment.arms[a].label);
    fputs("</p>\n", out);
}

static void put_rows(const ost_validation_t *self, size_t t, FILE *out)
{
    const ost_trial_t *trial = &self->trials.trials[t];
    if (trial->matched.n_observations == 0) return;
    fputs("<table class='cells checks'><thead><tr>", out);
    for (const ost_check_column_t *c = NULL; (c = ost_check_next(c, OST_CHECK_ON_PAGE)) != NULL;)
        ost_page_heading(c, out);
    fputs("<th class='t'>source, line</th></tr></thead><tbody>\n", out);
    for (size_t i = 0; i < trial->matched.n_observations; i++) {
        const ost_prediction_check_t *check = &self->checks[trial->first_observation + i];
        fprintf(out, "<tr id='r%zu'>", ost_page_row(self, check));
        for (const ost_check_column_t *c = NULL; (c = ost_check_next(c, OST_CHECK_ON_PAGE)) != NULL;)
            ost_page_cell(check, c, out);
        size_t source = ost_page_source(self, t, check);
        fprintf(out, "<td data-h='source, line' class='t'><a href='#s%zu-%zu'>%zu</a>, %d</td></tr>\n", t, source,
            source, check->observation->row->line);
    }
    fputs("</tbody></table>\n", out);
}

/* "Calcium and vitamin D: 500 mg a day" begins an item; a line that begins with blanks goes on with the one above. */
static bool is_item(const char *line)
{
    size_t n = strcspn(line, ":\n");
    bool is_name = isupper((unsigned char) line[0]) && line[n] == ':' && n <= 30;
    for (size_t i = 0; i < n && is_name; i++)
        is_name = isalpha((unsigned char) line[i]) || strchr(" -", line[i]) != NULL;
    return is_name;
}

static bool is_list(const char *paragraph)
{
    for (const char *line = paragraph; *line != '\0' && *line != '\n';
         line += strcspn(line, "\n"), line += *line != '\0')
        if (line[0] != ' ' && !is_item(line)) return false;
    return true;
}

/* Notes of the experiment: paragraphs, and lists of what is assumed. */
static void put_notes(const ost_trial_t *trial, FILE *out)
{
    const char *line = trial->experiment.notes;
    if (line == NULL) return;
    fputs("<div><h3>Subjects and treatment as simulated</h3>", out);
    for (bool begins = true, in_list = false; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        bool ends = line[n] == '\0' || line[n + 1] == '\n' || line[n + 1] == '\0';
        if (begins && n > 0) fputs((in_list = is_list(line)) ? "<ul><li>" : "<p>", out);
        if (!begins && n > 0) fputs(in_list && line[0] != ' ' ? "</li><li>" : " ", out);
        char text[1024];
        snprintf(text, sizeof(text), "%.*s", (int) n, line);
        ost_html_text(text + strspn(text, " "), out);
        if (ends && n > 0) fputs(in_list ? "</li></ul>" : "</p>", out);
        begins = ends || (begins && n == 0);
        line += n + (line[n] != '\0');
    }
    fputs("</div>", out);
}

static void put_unmatched(const ost_trial_t *trial, FILE *out)
{
    char text[OST_TOLD_SIZE];
    for (size_t i = 0; i < trial->matched.n_unmatched; i++) {
        if (ost_matched_told(&trial->matched, i, text, sizeof(text)) == NULL) continue;
        fputs("<p class='note'>Not compared: ", out);
        ost_html_text(text, out);
        fputs("</p>\n", out);
    }
}

static void put_eligible(const ost_trial_t *trial, FILE *out)
{
    uint64_t n, n_candidates;
    if (ost_validation_eligible(trial, &n, &n_candidates))
        fprintf(out, "<p class='note'>Simulated: %llu eligible of %llu candidates.</p>\n", (unsigned long long) n,
            (unsigned long long) n_candidates);
}

void ost_page_trial(const ost_validation_t *self, size_t t, FILE *out)
{
    const ost_trial_t *trial = &self->trials.trials[t];
    fprintf(out, "<section><h2 id='t%zu'>", t);
    ost_html_text(trial->experiment.title, out);
    fputs("</h2>\n", out);
    put_key(trial, out);
    put_panels(self, t, out);
    put_rows(self, t, out);
    put_eligible(trial, out);
    put_unmatched(trial, out);
    fputs("<div class='about'>", out);
    put_notes(trial, out);
    ost_page_sources(self, t, out);
    fputs("</div></section>\n", out);
}
