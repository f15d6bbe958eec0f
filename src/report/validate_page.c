/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a validation; gives the report as one page without scripts or outside parts: it prints, and reads in grey and
 * by the colour-blind. */
#include "report/validate_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Panels of the charts of a trial, px. */
#define WIDTH 430
#define HEIGHT 250
#define LEFT 46
#define RIGHT 12
#define TOP 26
#define BOTTOM 34

static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000" };
static const char *const dashes[] = { "none", "6 3", "2 2", "8 3 2 3", "none", "6 3", "2 2" };
#define N_STYLES (sizeof(colours) / sizeof(colours[0]))

static const char style[] =
    "body{font:15px/1.45 system-ui,sans-serif;color:#222;background:#fff;max-width:960px;margin:0 auto;padding:1em}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin:2em 0 .3em;border-top:1px solid #ccc;padding-top:1em}"
    "table{border-collapse:collapse;font-size:.86em;margin:.6em 0}th,td{padding:.18em .6em;text-align:right;"
    "border-bottom:1px solid "
    "#e4e4e4;white-space:nowrap}th:first-child,td:first-child,.t{text-align:left;white-space:normal}"
    "th{border-bottom:1px solid #888;font-weight:600}.t{min-width:7em}.out{font-weight:600}.wide{overflow-x:auto}"
    ".panels{display:flex;flex-wrap:wrap;gap:8px}svg{max-width:100%;height:auto}svg text{font:11px "
    "system-ui,sans-serif}svg .title{font-weight:600}"
    ".key span{display:inline-block;margin-right:1.2em}.index "
    "a{margin-right:1em;white-space:nowrap;color:#0072b2}p.note{color:#555;font-size:.86em}"
    "@media print{body{max-width:none;font-size:11px}h2{break-after:avoid}svg,tr{break-inside:avoid}.panels "
    "svg{width:48%}.key{break-after:avoid}.panels{display:block}thead{display:table-header-group}}"
    "@media(max-width:600px){body{padding:.6em}table{font-size:.76em}th,td{padding:.18em .3em}th{white-space:normal}"
    ".t{min-width:5em}.role{min-width:0}.checks,.checks thead,.checks tbody{display:block}"
    ".checks tr{display:grid;grid-template-columns:4em 5.8em 6.2em 1fr 3.6em 5.5em;border-bottom:1px solid #ccc}"
    ".checks th,.checks td{border:0;min-width:0;white-space:normal}.checks tr>:nth-child(1){grid-column:1/4}"
    ".checks tr>:nth-child(2){grid-column:4/6}.checks tr>:last-child{grid-area:1/6}"
    ".checks tr>:nth-child(5),.checks .s{display:none}}";

static void put_char(char c, FILE *out)
{
    const char *entity = c == '&'    ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == '"'  ? "&quot;"
                         : c == '\'' ? "&#39;"
                                     : NULL;
    if (entity != NULL)
        fputs(entity, out);
    else
        fputc(c, out);
}

static void put_text(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) put_char(*text, out);
}

/* A name for readers: "bmd[lumbar_spine]" reads "bmd lumbar spine". */
static void put_name(const char *name, FILE *out)
{
    for (; *name != '\0'; name++)
        if (*name != ']') put_char(*name == '[' || *name == '_' ? ' ' : *name, out);
}

/* One panel: an output over time, percent change. */
typedef struct {
    const ost_trial_t *trial;
    const ost_curve_t *curves;
    size_t n_curves;
    const char *output;
    bool is_value;
    double t0, t1, y0, y1; /* years, unit of the axis */
    FILE *out;
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

static bool is_shown(const panel_t *self, const ost_curve_t *curve)
{
    return strcmp(curve->output, self->output) == 0 && curve->is_value == self->is_value;
}

static bool has_location(const panel_t *self, const ost_endpoint_t *endpoint)
{
    return strcmp(endpoint->output, self->output) == 0 && endpoint->measure != OST_MEASURE_CHANGE &&
           self->is_value == (endpoint->measure == OST_MEASURE_LEVEL);
}

/* The simulated line of an arm, 100 at time 0. */
static double line_at(const panel_t *self, size_t arm, size_t i_time)
{
    for (size_t c = 0; c < self->n_curves; c++)
        if (is_shown(self, &self->curves[c]) && self->curves[c].arm == arm) return 100 + self->curves[c].mean[i_time];
    return NAN;
}

/* Where a value of the endpoint stands on the axis: a change from a later scan, or a difference from another arm,
 * starts from the simulated line that it counts from. */
static double height_of(const panel_t *self, const ost_endpoint_t *endpoint, double value)
{
    if (self->is_value) return value / endpoint->factor;
    double percent = endpoint->measure == OST_MEASURE_FRACTION ? value - 100 : value;
    if (endpoint->per_year) percent *= (endpoint->to - endpoint->from) / OST_DAYS_PER_YEAR;
    if (endpoint->versus != SIZE_MAX)
        percent +=
            100 *
            (line_at(self, endpoint->versus, endpoint->i_to) / line_at(self, endpoint->versus, endpoint->i_from) - 1);
    double base = endpoint->from == 0 ? 100 : line_at(self, endpoint->arm, endpoint->i_from);
    return base * (1 + percent / 100) - 100;
}

static double x_of(const panel_t *self, double years)
{
    return LEFT + (years - self->t0) / (self->t1 - self->t0) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const panel_t *self, double value)
{
    return HEIGHT - BOTTOM - (value - self->y0) / (self->y1 - self->y0) * (HEIGHT - TOP - BOTTOM);
}

static void widen(panel_t *self, double value)
{
    if (!isfinite(value)) return;
    self->y0 = fmin(self->y0, value);
    self->y1 = fmax(self->y1, value);
}

static void set_ranges(panel_t *self, const ost_prediction_check_t *checks, size_t n_checks)
{
    const ost_experiment_t *e = &self->trial->experiment;
    self->t0 = e->times[0] / OST_DAYS_PER_YEAR;
    self->t1 = e->times[e->n_times - 1] / OST_DAYS_PER_YEAR;
    self->y0 = self->is_value ? INFINITY : 0;
    self->y1 = self->is_value ? -INFINITY : 0;
    for (size_t c = 0; c < self->n_curves; c++)
        for (size_t t = 0; is_shown(self, &self->curves[c]) && t < e->n_times; t++) {
            bool has_band = !is_yes_or_no(self, &self->curves[c]);
            widen(self, has_band ? self->curves[c].lower[t] : self->curves[c].mean[t]);
            widen(self, has_band ? self->curves[c].upper[t] : self->curves[c].mean[t]);
        }
    for (size_t i = 0; i < n_checks; i++)
        if (has_location(self, &checks[i].observation->endpoint))
            widen(self, height_of(self, &checks[i].observation->endpoint, checks[i].observation->row->value));
    double size = fmax(fabs(self->y0), fabs(self->y1)), margin = 0.06 * (self->y1 - self->y0);
    margin = fmax(margin, 1e-6 * size + 1e-9); /* all is the same: ticks differ in the digits that they have */
    self->y0 -= margin;
    self->y1 += margin;
    if (!(self->t0 < self->t1)) self->t1 = self->t0 + 1;
}

/* 1, 2 or 5 times a power of ten, about n of them in a range. */
static double tick_step(double range, int n)
{
    double raw = range / n, power = pow(10, floor(log10(raw)));
    return power * (raw / power > 5 ? 10 : raw / power > 2 ? 5 : raw / power > 1 ? 2 : 1);
}

static void put_axes(const panel_t *self)
{
    FILE *out = self->out;
    double step = tick_step(self->y1 - self->y0, 6);
    for (double y = ceil(self->y0 / step) * step; y <= self->y1; y += step) {
        double at = y_of(self, y);
        fprintf(out, "<line x1='%d' x2='%d' y1='%.1f' y2='%.1f' stroke='%s'/>", LEFT, WIDTH - RIGHT, at, at,
            fabs(y) < step / 2 ? "#888" : "#e6e6e6");
        fprintf(out, "<text x='%d' y='%.1f' text-anchor='end'>%g</text>", LEFT - 5, at + 4, fabs(y) < step / 2 ? 0 : y);
    }
    step = fmax(tick_step(self->t1 - self->t0, 6), 1e-9);
    for (double t = ceil(self->t0 / step) * step; t <= self->t1 + 1e-9; t += step)
        fprintf(out, "<text x='%.1f' y='%d' text-anchor='middle'>%g</text>", x_of(self, t), HEIGHT - BOTTOM + 15,
            fabs(t) < 1e-9 ? 0 : t);
    fprintf(
        out, "<text x='%d' y='%d' text-anchor='end'>years since start of treatment</text>", WIDTH - RIGHT, HEIGHT - 4);
    fprintf(out, "<text x='%d' y='14' class='title'>", LEFT);
    put_name(self->output, out);
    fprintf(out, "%s</text>", self->is_value ? "" : ", change in percent");
}

static void put_curve(const panel_t *self, const ost_curve_t *curve)
{
    const ost_experiment_t *e = &self->trial->experiment;
    const char *colour = colours[curve->arm % N_STYLES];
    fputs("<polygon points='", self->out);
    for (size_t k = 0; k < 2 * e->n_times && !is_yes_or_no(self, curve); k++) {
        size_t t = k < e->n_times ? k : 2 * e->n_times - 1 - k;
        double value = k < e->n_times ? curve->lower[t] : curve->upper[t];
        if (isfinite(value))
            fprintf(self->out, "%.1f,%.1f ", x_of(self, e->times[t] / OST_DAYS_PER_YEAR), y_of(self, value));
    }
    fprintf(self->out, "' fill='%s' fill-opacity='.12'/><polyline points='", colour);
    for (size_t t = 0; t < e->n_times; t++)
        if (isfinite(curve->mean[t]))
            fprintf(self->out, "%.1f,%.1f ", x_of(self, e->times[t] / OST_DAYS_PER_YEAR), y_of(self, curve->mean[t]));
    fprintf(self->out, "' fill='none' stroke='%s' stroke-width='2' stroke-dasharray='%s'/>", colour,
        dashes[curve->arm % N_STYLES]);
}

/* The observed value, full if it may have been fitted, on the bar of what was predicted; arms stand side by side.
 */
static void put_point(const panel_t *self, const ost_prediction_check_t *check)
{
    const ost_endpoint_t *endpoint = &check->observation->endpoint;
    const char *colour = colours[endpoint->arm % N_STYLES];
    double aside = 5 * ((double) endpoint->arm - 0.5 * (double) (self->trial->experiment.n_arms - 1));
    double x = x_of(self, endpoint->to / OST_DAYS_PER_YEAR) + aside;
    if (!isfinite(check->sd)) return;
    fprintf(self->out,
        "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s' stroke-width='5' stroke-opacity='.35'/>", x, x,
        fmin(y_of(self, height_of(self, endpoint, check->lower)), HEIGHT - BOTTOM),
        fmax(y_of(self, height_of(self, endpoint, check->upper)), TOP), colour);
    fprintf(self->out, "<circle cx='%.1f' cy='%.1f' r='4' fill='%s' stroke='%s' stroke-width='1.6'/>", x,
        y_of(self, height_of(self, endpoint, check->observation->row->value)),
        check->observation->row->role == OST_ROLE_CALIBRATE ? colour : "#fff", colour);
}

static void put_panel(panel_t *self, const ost_prediction_check_t *checks, size_t n_checks)
{
    set_ranges(self, checks, n_checks);
    if (!(self->y0 < self->y1)) return;
    fprintf(self->out, "<svg viewBox='0 0 %d %d' width='%d' height='%d' role='img'>", WIDTH, HEIGHT, WIDTH, HEIGHT);
    put_axes(self);
    for (size_t c = 0; c < self->n_curves; c++)
        if (is_shown(self, &self->curves[c])) put_curve(self, &self->curves[c]);
    for (size_t i = 0; i < n_checks; i++)
        if (has_location(self, &checks[i].observation->endpoint)) put_point(self, &checks[i]);
    fputs("</svg>\n", self->out);
}

static void put_key(const ost_trial_t *trial, FILE *out)
{
    fputs("<p class='key'>", out);
    for (size_t a = 0; a < trial->experiment.n_arms; a++) {
        fprintf(out,
            "<span><svg width='34' height='10'><line x1='1' x2='33' y1='5' y2='5' stroke='%s' stroke-width='2.5' "
            "stroke-dasharray='%s'/></svg> ",
            colours[a % N_STYLES], dashes[a % N_STYLES]);
        put_text(trial->experiment.arms[a].label, out);
        fputs("</span>", out);
    }
    fputs("</p>\n", out);
}

/* The table of a trial. */
static void put_rows(const ost_prediction_check_t *checks, size_t n, FILE *out)
{
    char cell[OST_CHECK_CELL];
    fputs("<div class='wide'><table class='checks'><thead>\n", out);
    for (size_t i = 0; i <= n; i++) {
        fputs("<tr>", out);
        for (const ost_check_column_t *c = NULL; (c = ost_check_next(c, OST_CHECK_ON_PAGE)) != NULL;) {
            const char *text = i == 0 ? c->heading : ost_check_cell(&checks[i - 1], c, cell);
            fprintf(out, "<%s class='%s'>", i == 0 ? "th" : "td",
                strcmp(text, "outside") == 0 ? "out"
                : c->kind == OST_CHECK_TEXT  ? "t"
                                             : "");
            put_name(text, out);
            fputs(i == 0 ? "</th>" : "</td>", out);
        }
        fputs(i == 0 ? "</tr></thead><tbody>\n" : "</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void put_trial(const ost_validation_t *self, size_t t, FILE *out)
{
    const ost_trial_t *trial = &self->trials.trials[t];
    const ost_prediction_check_t *checks = self->checks + trial->first_observation;
    fputs("<h2 id='", out);
    put_text(trial->experiment.name, out);
    fputs("'>", out);
    put_text(trial->experiment.title, out);
    fputs("</h2>\n", out);
    put_key(trial, out);
    fputs("<div class='panels'>", out);
    for (size_t c = 0; c < self->n_curves[t]; c++) {
        const ost_curve_t *curve = &self->curves[t][c];
        bool is_first = true;
        for (size_t k = 0; k < c; k++)
            if (strcmp(self->curves[t][k].output, curve->output) == 0 && self->curves[t][k].is_value == curve->is_value)
                is_first = false;
        panel_t panel = { .trial = trial,
            .curves = self->curves[t],
            .n_curves = self->n_curves[t],
            .output = curve->output,
            .is_value = curve->is_value,
            .out = out };
        if (is_first) put_panel(&panel, checks, trial->matched.n_observations);
    }
    fputs("</div>\n", out);
    put_rows(checks, trial->matched.n_observations, out);
    for (size_t i = 0; i < trial->matched.n_unmatched; i++) {
        const ost_unmatched_t *u = &trial->matched.unmatched[i];
        size_t more;
        if (!ost_matched_group(&trial->matched, i, &more)) continue;
        fputs("<p class='note'>Not compared: ", out);
        put_text(u->row->arm, out);
        fputs(", ", out);
        put_text(u->row->endpoint, out);
        fputc(' ', out);
        put_text(u->row->site, out);
        if (more > 0) fprintf(out, " and %zu more", more);
        fputs(": ", out);
        put_text(u->why, out);
        fputs("</p>\n", out);
    }
}

static void put_summary(const ost_validation_t *self, FILE *out)
{
    ost_validation_sum_t sums[OST_N_SUMS];
    size_t n = ost_validation_sum(self, sums);
    fputs("<div "
          "class='wide'><table><tr><th>endpoints</th><th class='t "
          "role'>role</th><th>observations</th><th>rmse</th><th>bias</th><th>inside "
          "90 %</th><th>weighted</th></tr>\n",
        out);
    for (size_t i = 0; i < n; i++)
        fprintf(out,
            "<tr><td>%s</td><td class='t role'>%s</td><td>%zu</td><td>%.2f</td><td>%+.2f</td><td>%.0f "
            "%%</td><td>%.2f</td></tr>\n",
            ost_class_words[sums[i].endpoint_class], ost_role_words[sums[i].role], sums[i].n, sums[i].rmse,
            sums[i].bias, 100 * sums[i].coverage, sums[i].weighted);
    fputs("</table></div>\n<p class='note'>Errors of BMD, markers and hormones in percentage points, of levels in "
          "percent of the observed value, of yearly rates in points over all their years; weighted: in units of the "
          "prediction's own error.",
        out);
    ost_replicates_t same = ost_validation_replicates(self, OST_CLASS_BMD);
    if (same.n_groups > 0)
        fprintf(out,
            " Trials of the same treatment differ among themselves: BMD by %.2f points (SD of %zu observations in %zu "
            "groups).",
            same.sd, same.n, same.n_groups);
    fputs("</p>\n", out);
}

void ost_validation_write_html(const ost_validation_t *self, FILE *out)
{
    fprintf(out,
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'/><meta name='viewport' "
        "content='width=device-width,initial-scale=1'/><title>osteon: the model against "
        "trials</title><style>%s</style></head>"
        "<body>\n<h1>The model against %zu trial%s</h1>\n",
        style, self->trials.n_trials, self->trials.n_trials == 1 ? "" : "s");
    fputs("<p>Lines: mean of the simulated subjects; bands: 90 % of them (none for outputs that a subject has or does "
          "not "
          "have, as a fracture). Circles: observed values, full if they may have been fitted (calibrate), open if they "
          "never were (validate, context). Thick bars: 90 % prediction intervals. A change from a later scan, or a "
          "difference between arms, is drawn from the simulated line that it counts from.</p>\n",
        out);
    char basis[256];
    fprintf(out, "<p>");
    put_text(ost_validation_basis(self, basis, sizeof(basis)), out);
    fputs(".</p>\n", out);
    put_summary(self, out);
    fputs("<p class='index'>", out);
    for (size_t t = 0; t < self->trials.n_trials; t++) {
        fputs("<a href='#", out);
        put_text(self->trials.trials[t].experiment.name, out);
        fputs("'>", out);
        put_text(self->trials.trials[t].experiment.name, out);
        fputs("</a> ", out);
    }
    fputs("</p>\n", out);
    for (size_t t = 0; t < self->trials.n_trials; t++) put_trial(self, t, out);
    fputs("</body></html>\n", out);
}
