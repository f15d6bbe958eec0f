/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the subjects of a result file; gives figures of outputs over time: of a run a chart for each site with a line
 * and a band for each arm, of several models and of draws a chart for each arm. */
#include "core/memory.h"
#include "core/text.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Charts of a page, and rows of a table at most: assumptions. */
#define MOST_CHARTS 60
#define MOST_ROWS 13
#define FEWEST_ROWS 4

/* Of an arm and model at each time: over subjects, and of draws the interval of the median. */
enum { MEDIAN, MEAN, LOWER, UPPER, LOW, HIGH, N_ROWS };

/* An output: one element of a variable. */
typedef struct {
    const ost_result_page_t *page;
    const char *variable;
    size_t element, n_arms, n_parts, n_times; /* n_parts: of models; 1 of draws, over which rows are */
    ost_measure_t measure;
    bool is_whole;  /* all values are whole numbers, as of fractures: means instead of medians, no bands */
    double *curves; /* [n_parts][n_arms][N_ROWS][n_times] */
    double *x;      /* [n_times] in the unit of the axis */
    const char *x_unit;
    size_t every; /* of the times in tables: with x_step, those at multiples of it */
    double x_step;
    double day;                   /* of an x */
    double *values, *base, *work; /* [n_subjects], the last also [draws] */
    double *draws;                /* [n_times][3][n_draws] */
    size_t n_charts;              /* so far */
    bool *is_drawn;               /* [observations] a chart shows it */
    ost_memory_t memory;          /* of all arrays of numbers */
    FILE *out;
} output_t;

static double *curve(const output_t *self, size_t part, size_t arm, size_t row)
{
    return self->curves + ((part * self->n_arms + arm) * N_ROWS + row) * self->n_times;
}

static size_t n_draws(const output_t *self)
{
    return ost_page_is_of_draws(self->page) ? self->page->results->design.n_points : 0;
}

/* The measure of all subjects at a time. */
static int read_sample(output_t *self, size_t arm, size_t t, ost_sample_t *sample, ost_error_t *err)
{
    ost_results_t *results = self->page->results;
    const ost_endpoint_t endpoint = { .measure = self->measure, .factor = 1 };
    int ret = ost_results_read(results, self->variable, arm, self->element, t, self->values, err);
    if (ret < 0) return ret;
    for (size_t i = 0; i < results->n_subjects; i++) {
        double value = self->values[i];
        if (isfinite(value) && value != floor(value)) self->is_whole = false;
        self->values[i] = ost_endpoint_measure(&endpoint, self->base[i], value);
        if (self->measure == OST_MEASURE_FRACTION) self->values[i] /= 100;
    }
    *sample = ost_sample_of(self->values, results->n_subjects, self->work);
    return 0;
}

static int read_base(output_t *self, size_t arm, ost_error_t *err)
{
    ost_results_t *results = self->page->results;
    long zero = ost_results_time_index(results, 0);
    if (zero < 0) return 0;
    return ost_results_read(results, self->variable, arm, self->element, (size_t) zero, self->base, err);
}

static int read_arm(output_t *self, size_t part, size_t arm, ost_error_t *err)
{
    static const ost_statistic_t statistics[] = { OST_STATISTIC_MEDIAN, OST_STATISTIC_MEAN, OST_STATISTIC_Q05,
        OST_STATISTIC_Q95 };
    self->page->results->i_model = part;
    int ret = read_base(self, arm, err);
    for (size_t t = 0; t < self->n_times && ret == 0; t++) {
        ost_sample_t sample;
        ret = read_sample(self, arm, t, &sample, err);
        for (size_t row = MEDIAN; row <= UPPER && ret == 0; row++)
            curve(self, part, arm, row)[t] = ost_statistic(statistics[row], &sample);
    }
    return ret;
}

/* All draws of an arm. */
static int read_draws(output_t *self, size_t arm, ost_error_t *err)
{
    static const ost_statistic_t statistics[] = { OST_STATISTIC_MEDIAN, OST_STATISTIC_Q05, OST_STATISTIC_Q95 };
    const size_t n = n_draws(self);
    int ret = 0;
    for (size_t d = 0; d < n && ret == 0; d++) {
        self->page->results->i_model = d;
        ret = read_base(self, arm, err);
        for (size_t t = 0; t < self->n_times && ret == 0; t++) {
            ost_sample_t sample;
            ret = read_sample(self, arm, t, &sample, err);
            for (size_t k = 0; k < 3 && ret == 0; k++)
                self->draws[(t * 3 + k) * n + d] = ost_statistic(statistics[k], &sample);
        }
    }
    for (size_t t = 0; t < self->n_times && ret == 0; t++) {
        static const size_t rows[OST_N_DRAWN] = { MEDIAN, LOW, HIGH, LOWER, UPPER };
        double cells[OST_N_DRAWN];
        ost_drawn(self->draws + t * 3 * n, n, self->work, cells);
        for (size_t k = 0; k < OST_N_DRAWN; k++) curve(self, 0, arm, rows[k])[t] = cells[k];
        curve(self, 0, arm, MEAN)[t] = cells[OST_DRAWN_VALUE];
    }
    return ret;
}

/* Changes and ratios need baselines above zero, in all arms and parts. */
static int find_measure(output_t *self, ost_show_as_t show, ost_error_t *err)
{
    ost_results_t *results = self->page->results;
    const size_t n_parts = results->models.n > 0 ? results->models.n : 1;
    int ret = 0;
    self->measure = show == OST_SHOW_RATIO ? OST_MEASURE_FRACTION : OST_MEASURE_PERCENT;
    if (show == OST_SHOW_VALUE || ost_results_time_index(results, 0) < 0) self->measure = OST_MEASURE_LEVEL;
    for (size_t k = 0; k < n_parts * self->n_arms && self->measure != OST_MEASURE_LEVEL && ret == 0; k++) {
        results->i_model = k / self->n_arms;
        ret = read_base(self, k % self->n_arms, err);
        for (size_t i = 0; i < results->n_subjects && ret == 0; i++)
            if (self->base[i] < 1e-12) self->measure = OST_MEASURE_LEVEL;
    }
    return ret;
}

static int read_output(output_t *self, ost_error_t *err)
{
    int ret = 0;
    self->is_whole = true;
    for (size_t k = 0; k < self->n_parts * self->n_arms && ret == 0; k++)
        ret = n_draws(self) > 0 ? read_draws(self, k, err) : read_arm(self, k / self->n_arms, k % self->n_arms, err);
    self->is_whole = self->is_whole && self->page->results->n_subjects > 1;
    return ret;
}

/* Series of a chart: the arms of a run; the models, or one arm of draws. @param arm  SIZE_MAX: a chart of all arms */
static size_t n_series(const output_t *self, size_t arm)
{
    return arm == SIZE_MAX ? self->n_arms : self->n_parts;
}

static size_t style_of(const output_t *self, size_t arm, size_t series)
{
    return n_draws(self) > 0 && arm != SIZE_MAX ? arm : series;
}

static const double *row_of(const output_t *self, size_t arm, size_t series, size_t row)
{
    if (row == MEDIAN && self->is_whole) row = MEAN;
    return arm == SIZE_MAX ? curve(self, 0, series, row) : curve(self, series, arm, row);
}

static bool has_value(const output_t *self, size_t arm, size_t series)
{
    const double *y = row_of(self, arm, series, MEDIAN);
    size_t t = 0;
    while (t < self->n_times && !isfinite(y[t])) t++;
    return t < self->n_times;
}

/* Between subjects; of several models the range of medians is drawn instead. */
static bool has_band(const output_t *self, size_t arm)
{
    return !self->is_whole && self->page->results->n_subjects > 1 && (arm == SIZE_MAX || self->n_parts == 1);
}

static void put_range(const output_t *self, const ost_chart_t *chart, size_t arm)
{
    fputs("<polygon points='", self->out);
    for (size_t k = 0; k < 2 * self->n_times; k++) {
        size_t t = k < self->n_times ? k : 2 * self->n_times - 1 - k;
        double end = k < self->n_times ? INFINITY : -INFINITY;
        for (size_t s = 0; s < self->n_parts; s++) {
            double y = row_of(self, arm, s, MEDIAN)[t];
            if (isfinite(y)) end = k < self->n_times ? fmin(end, y) : fmax(end, y);
        }
        ost_chart_corner(chart, self->x[t], end);
    }
    fputs("' fill='#888' fill-opacity='.25'/>", self->out);
}

static const char *unit_of(const output_t *self)
{
    const char *unit = ost_results_variable(self->page->results, self->variable)->unit;
    if (self->measure == OST_MEASURE_PERCENT) return "% change from baseline";
    if (self->measure == OST_MEASURE_FRACTION) return "relative to baseline";
    return strcmp(unit, "1") == 0 ? "" : unit;
}

/* "bmd lumbar spine: Anastrozole 1 mg daily" */
static void put_title(const output_t *self, size_t arm)
{
    const ost_results_t *results = self->page->results;
    const char *element = ost_results_element(results, self->variable, self->element), *unit = unit_of(self);
    ost_html_name(self->variable, self->out);
    if (element[0] != '\0') fputc(' ', self->out);
    ost_html_name(element, self->out);
    if (arm != SIZE_MAX) {
        fputs(": ", self->out);
        ost_html_text(results->labels.items[arm], self->out);
    }
    if (unit[0] == '\0') return;
    fputs(" [", self->out);
    ost_html_text(unit, self->out);
    fputs("]", self->out);
}

/* The i-th observation, where it is a change from time 0 of this output in an arm of the chart. @param arm  SIZE_MAX:
 * all @param[out] of  its arm @return NULL where it is not */
static const ost_observation_t *observed(const output_t *self, size_t i, size_t arm, size_t *of)
{
    const ost_observation_t *observation = &self->page->matched->observations[i];
    const ost_endpoint_t *endpoint = &observation->endpoint;
    const ost_results_t *results = self->page->results;
    const char *element = ost_results_element(results, self->variable, self->element);
    *of = ost_results_find_arm(results, self->page->experiment->arms[endpoint->arm].name);
    const bool is_change = endpoint->measure == OST_MEASURE_PERCENT && self->measure == OST_MEASURE_PERCENT &&
                           !endpoint->per_year && endpoint->from == 0 && endpoint->versus == SIZE_MAX &&
                           observation->baseline.output[0] == '\0';
    const bool is_middle = endpoint->statistic == OST_STATISTIC_MEAN || endpoint->statistic == OST_STATISTIC_MEDIAN;
    const bool is_here = *of != SIZE_MAX && (arm == SIZE_MAX || arm == *of) &&
                         ost_results_is_output(endpoint->output, self->variable, element);
    return is_change && is_middle && is_here ? observation : NULL;
}

/* Observed values with their intervals: in the style of their arm, grey beside several models. */
static void put_observed(const output_t *self, const ost_chart_t *chart, size_t arm)
{
    for (size_t i = 0; i < self->page->matched->n_observations; i++) {
        size_t of;
        const ost_observation_t *observation = observed(self, i, arm, &of);
        if (observation == NULL) continue;
        const ost_evidence_row_t *row = observation->row;
        const size_t series = self->n_parts > 1 ? OST_CHART_GREY : of;
        const double x = ost_chart_x(chart, observation->endpoint.to / self->day);
        double lower, upper;
        self->is_drawn[i] = true;
        if (ost_evidence_bounds(row, &lower, &upper))
            fprintf(self->out, "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s' stroke-width='1.4'/>", x, x,
                ost_chart_y(chart, lower), ost_chart_y(chart, upper), ost_chart_colour(series));
        ost_chart_mark(self->out, series, x, ost_chart_y(chart, row->value), true);
    }
}

static void widen_to_observed(const output_t *self, ost_chart_t *chart, size_t arm)
{
    for (size_t i = 0; i < self->page->matched->n_observations; i++) {
        size_t of;
        const ost_observation_t *observation = observed(self, i, arm, &of);
        if (observation == NULL) continue;
        double lower, upper;
        ost_evidence_bounds(observation->row, &lower, &upper);
        ost_chart_widen(&chart->y0, &chart->y1, observation->row->value);
        ost_chart_widen(&chart->y0, &chart->y1, lower);
        ost_chart_widen(&chart->y0, &chart->y1, upper);
    }
}

static void put_chart(const output_t *self, size_t arm)
{
    ost_chart_t chart = { .out = self->out, .width = 430, .height = 270, .y0 = INFINITY, .y1 = -INFINITY };
    const size_t n = n_series(self, arm);
    static const size_t rows[] = { MEDIAN, LOWER, UPPER, LOW, HIGH };
    chart.x0 = self->x[0];
    chart.x1 = self->n_times > 1 ? self->x[self->n_times - 1] : self->x[0] + 1;
    for (size_t s = 0; s < n; s++)
        for (size_t k = 0; k < 5; k++)
            for (size_t t = 0; t < self->n_times; t++) {
                if (k > 0 && (!has_band(self, arm) || (k > 2 && n_draws(self) == 0))) continue;
                ost_chart_widen(&chart.y0, &chart.y1, row_of(self, arm, s, rows[k])[t]);
            }
    widen_to_observed(self, &chart, arm);
    if (!(chart.y0 <= chart.y1)) chart.y0 = 0, chart.y1 = 1;
    ost_chart_margin(&chart);
    ost_chart_begin(&chart);
    put_title(self, arm);
    char label[80];
    snprintf(label, sizeof(label), "%ss since %s", self->x_unit, ost_page_time_zero(self->page));
    ost_chart_frame(&chart, label, NULL);
    if (n > 1 && arm != SIZE_MAX) put_range(self, &chart, arm);
    for (size_t s = 0; s < n && has_band(self, arm); s++)
        ost_chart_band(&chart, self->x, row_of(self, arm, s, LOWER), row_of(self, arm, s, UPPER), self->n_times,
            style_of(self, arm, s), OST_CHART_BAND);
    for (size_t s = 0; s < n && has_band(self, arm) && n_draws(self) > 0; s++)
        ost_chart_band(&chart, self->x, row_of(self, arm, s, LOW), row_of(self, arm, s, HIGH), self->n_times,
            style_of(self, arm, s), 4 * OST_CHART_BAND);
    for (size_t s = 0; s < n; s++)
        if (has_value(self, arm, s))
            ost_chart_line(&chart, self->x, row_of(self, arm, s, MEDIAN), self->n_times, style_of(self, arm, s));
    put_observed(self, &chart, arm);
    ost_chart_end(&chart);
}

static void put_value(const output_t *self, size_t arm, size_t series, size_t t, const char *heading)
{
    ost_page_cell_begin(heading, false, self->out);
    ost_page_number(row_of(self, arm, series, MEDIAN)[t], self->out);
    if (has_band(self, arm))
        ost_page_interval(row_of(self, arm, series, LOWER)[t], row_of(self, arm, series, UPPER)[t], self->out);
    ost_page_cell_end(self->out);
    if (n_draws(self) == 0) return;
    ost_page_cell_begin("95 % interval of the median", false, self->out);
    ost_page_interval(row_of(self, arm, series, LOW)[t], row_of(self, arm, series, HIGH)[t], self->out);
    ost_page_cell_end(self->out);
}

static bool is_row(const output_t *self, size_t t)
{
    const double x = self->x[t], step = self->x_step;
    return step > 0 ? fabs(x / step - nearbyint(x / step)) < 0.003 : t % self->every == 0 || t + 1 == self->n_times;
}

/* Whole years, months or days where these make a table of few rows; else times at equal distances. */
static void choose_rows(output_t *self)
{
    static const double steps[] = { 1, 2, 3, 4, 6, 12, 5, 10, 20 };
    self->every = (self->n_times + MOST_ROWS - 2) / (MOST_ROWS - 1);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        size_t n = 0;
        self->x_step = steps[i];
        for (size_t t = 0; t < self->n_times; t++) n += is_row(self, t);
        if (n >= FEWEST_ROWS && n <= MOST_ROWS) return;
    }
    self->x_step = 0;
}

/* An observation beside the simulated mean or median, as it is one of them. */
static void put_misfit(const output_t *self, const ost_observation_t *observation, size_t arm)
{
    const ost_evidence_row_t *row = observation->row;
    const long t = ost_results_time_index(self->page->results, observation->endpoint.to);
    const size_t of = observation->endpoint.statistic == OST_STATISTIC_MEAN ? MEAN : MEDIAN;
    const double simulated = t < 0 ? NAN : curve(self, 0, arm, of)[t];
    fputs("<tr>", self->out);
    ost_page_cell_text("arm", self->page->results->labels.items[arm], self->out);
    ost_page_cell_number(self->x_unit, observation->endpoint.to / self->day, self->out);
    ost_page_observed(row, simulated, self->out);
    fputs("</tr>\n", self->out);
}

/* Observed against simulated changes of a run or of draws; nothing where the chart has no observations. */
static void put_misfits(const output_t *self, size_t arm)
{
    size_t n = 0, of;
    for (size_t i = 0; i < self->page->matched->n_observations && self->n_parts == 1; i++) {
        const ost_observation_t *observation = observed(self, i, arm, &of);
        if (observation == NULL) continue;
        if (n++ == 0) {
            fputs("<div><table class='cells'><caption>observed: ", self->out);
            put_title(self, arm);
            fputs("</caption><thead><tr><th class='t'>arm</th>", self->out);
            ost_page_head(self->x_unit, false, self->out);
            fputs("<th>observed</th><th>simulated</th>", self->out);
            ost_page_head(ost_statistics[OST_STATISTIC_RESIDUAL].heading, false, self->out);
            fputs("<th class='t'>source</th></tr></thead><tbody>\n", self->out);
        }
        put_misfit(self, observation, of);
    }
    if (n > 0) fputs("</tbody></table></div>\n", self->out);
}

/* A row for some of the times, a column for each series. */
static void put_table(const output_t *self, size_t arm)
{
    const ost_results_t *results = self->page->results;
    const ost_text_list_t *names = arm == SIZE_MAX || n_draws(self) > 0 ? &results->labels : &results->models;
    fputs("<div><table class='cells'><caption>", self->out);
    put_title(self, arm);
    fputs("</caption><thead><tr>", self->out);
    ost_page_head(self->x_unit, false, self->out);
    for (size_t s = 0; s < n_series(self, arm); s++)
        ost_page_head(names->items[style_of(self, arm, s)], false, self->out);
    if (n_draws(self) > 0) ost_page_head("95 % interval of the median", false, self->out);
    fputs("</tr></thead><tbody>\n", self->out);
    for (size_t t = 0; t < self->n_times; t++) {
        if (!is_row(self, t)) continue;
        fputs("<tr>", self->out);
        ost_page_cell_begin(self->x_unit, false, self->out);
        ost_html_number(self->out, "%s %.4g", self->x_unit, self->x[t]);
        ost_page_cell_end(self->out);
        for (size_t s = 0; s < n_series(self, arm); s++)
            put_value(self, arm, s, t, names->items[style_of(self, arm, s)]);
        fputs("</tr>\n", self->out);
    }
    fputs("</tbody></table></div>\n", self->out);
    put_misfits(self, arm);
}

/* @param put  charts first */
static void put_all(output_t *self, void (*put)(const output_t *, size_t))
{
    const bool is_joint = self->n_parts == 1 && n_draws(self) == 0;
    for (size_t a = 0; a < (is_joint ? 1 : self->n_arms); a++) {
        self->n_charts += put == put_chart;
        if (self->n_charts <= MOST_CHARTS) put(self, is_joint ? SIZE_MAX : a);
    }
}

static void put_key(const output_t *self)
{
    const ost_results_t *results = self->page->results;
    const bool is_of_models = results->models.n > 0 && n_draws(self) == 0;
    const ost_text_list_t *names = is_of_models ? &results->models : &results->labels;
    fputs("<p class='key'>", self->out);
    for (size_t s = 0; s < names->n; s++) ost_chart_key(self->out, s, names->items[s]);
    fputs(
        "</p>\n<p class='note'>Lines: median of the subjects (mean of whole numbers, such as fractures). ", self->out);
    if (is_of_models)
        fputs("Grey: from the lowest to the highest median of the models.", self->out);
    else if (n_draws(self) > 0)
        fprintf(self->out,
            "Dark: 95 %% interval of the median over %zu draws of the parameters, their uncertainty. Light: 5th to "
            "95th "
            "percentile between subjects, their differences; lines and ends are medians over draws. The two are not "
            "mixed.",
            n_draws(self));
    else
        fputs("Bands, and numbers in brackets: 5th to 95th percentile between subjects.", self->out);
    if (self->page->matched->n_observations > 0)
        fputs(" Marks: observed changes, with their 95 % interval, or the range that was reported.", self->out);
    if (ost_results_time_index(results, 0) < 0)
        fputs(" The file has no values at time 0, so values are drawn instead of changes from baseline.", self->out);
    fputs("</p>\n", self->out);
}

/* The elements of a variable that `name` names, all or one: a figure, then the tables of its charts. */
static int put_output(output_t *self, const char *name, ost_show_as_t show, ost_error_t *err)
{
    ost_results_t *results = self->page->results;
    size_t only = SIZE_MAX, size;
    char *text = NULL, near[160];
    self->variable = name;
    if (ost_results_variable(results, name) == NULL) self->variable = ost_results_find_output(results, name, &only);
    const size_t n = self->variable != NULL ? ost_results_n_elements(results, self->variable) : 0;
    int ret = n == 0 ? ost_fail_at(err, OST_ERR_NAME, self->page->path, 0, 0, "has no output '%s'%s%s%s", name,
                           OST_HINT(ost_results_nearest_output(results, name, near, sizeof(near))))
                     : 0;
    FILE *page = self->out, *tables = ret == 0 ? open_memstream(&text, &size) : NULL;
    if (ret == 0 && tables == NULL) ret = ost_no_memory(err);
    if (ret == 0) fputs("<div class='panels'>", page);
    for (size_t e = 0; e < n && ret == 0; e++) {
        if (only != SIZE_MAX && e != only) continue;
        self->element = e;
        if ((ret = find_measure(self, show, err)) == 0) ret = read_output(self, err);
        if (ret == 0) put_all(self, put_chart);
        self->out = tables;
        if (ret == 0) put_all(self, put_table);
        self->out = page;
    }
    if (tables != NULL && ferror(tables)) ret = ost_no_memory(err);
    if (tables != NULL && fclose(tables) != 0 && ret == 0) ret = ost_no_memory(err);
    if (ret == 0) fprintf(page, "</div>\n<div class='tables'>%s</div>\n", text);
    free(text);
    return ret;
}

static int make(output_t *self, ost_error_t *err)
{
    const ost_results_t *results = self->page->results;
    const size_t n = results->n_subjects + n_draws(self) + 1;
    const double last = results->times[results->n_times - 1] - results->times[0];
    const double day = last > 30.5 * OST_DAYS_PER_MONTH ? OST_DAYS_PER_YEAR : last > 125 ? OST_DAYS_PER_MONTH : 1;
    ost_memory_t *memory = &self->memory;
    self->curves = ost_memory_list(memory, self->n_parts * self->n_arms * N_ROWS * self->n_times, sizeof(double));
    self->x = ost_memory_list(memory, self->n_times, sizeof(double));
    self->values = ost_memory_list(memory, n, sizeof(double));
    self->base = ost_memory_list(memory, n, sizeof(double));
    self->work = ost_memory_list(memory, n, sizeof(double));
    self->draws = ost_memory_list(memory, self->n_times * 3 * n_draws(self), sizeof(double));
    self->is_drawn = ost_memory_list(memory, self->page->matched->n_observations, sizeof(bool));
    if (memory->failed) return ost_no_memory(err);
    for (size_t t = 0; t < self->n_times; t++) self->x[t] = results->times[t] / day;
    self->day = day;
    choose_rows(self);
    self->x_unit = day > 31 ? "year" : day > 1 ? "month" : "day";
    return 0;
}

int ost_page_outputs(const ost_result_page_t *page, FILE *out, ost_error_t *err)
{
    ost_results_t *results = page->results;
    const ost_experiment_t *e = page->experiment;
    output_t self = { .page = page, .n_arms = results->arms.n, .n_times = results->n_times, .out = out };
    self.n_parts = results->models.n > 0 && results->design.n_axes == 0 ? results->models.n : 1;
    int ret = make(&self, err);
    const ost_text_list_t *asked = page->outputs->n > 0 ? page->outputs : &e->drawn;
    size_t n_shown = 0;
    fputs("<h2>Outputs</h2>\n", out);
    if (ret == 0 && results->names.n == 0)
        ret = ost_fail_at(err, OST_ERR_FORMAT, page->path, 0, 0, "damaged: it has no output");
    if (ret == 0) put_key(&self);
    for (size_t i = 0; i < asked->n && ret == 0; i++) {
        size_t element;
        const char *name = asked->items[i];
        bool is_there =
            ost_results_variable(results, name) != NULL || ost_results_find_output(results, name, &element) != NULL;
        if (!is_there && asked == &e->drawn) continue; /* the file does not keep all that figures show */
        ret = put_output(&self, name, e->show, err);
        n_shown++;
    }
    if (ret == 0 && n_shown == 0) ret = put_output(&self, ost_results_default_variable(results), OST_SHOW_CHANGE, err);
    if (self.n_charts > MOST_CHARTS)
        fprintf(out, "<p class='note'>More than %d charts: --variables chooses some.</p>\n", MOST_CHARTS);
    if (ret == 0) ret = ost_page_others(page, self.is_drawn, out, err);
    ost_memory_free(&self.memory);
    return ret;
}
