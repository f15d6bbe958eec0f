/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/chart.h"

#include "report/html.h"

#include <math.h>

#define LEFT 50 /* unless the chart says */
#define RIGHT 12
#define TOP 8
#define BOTTOM 36
#define FEW_DECADES 2  /* of an axis that has ticks at 2 and 5 as well */
#define MOST_X_TEXTS 9 /* labels that stand side by side, an assumption */

static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555" };
static const char *const dashes[] = { "none", "6 3", "2 2", "8 3 2 3", "none", "6 3", "2 2" };
#define N_COLOURS (sizeof(colours) / sizeof(colours[0]))

void ost_chart_widen(double *lower, double *upper, double value)
{
    if (!isfinite(value)) return;
    *lower = fmin(*lower, value);
    *upper = fmax(*upper, value);
}

void ost_chart_margin(ost_chart_t *self)
{
    double size = fmax(fabs(self->y0), fabs(self->y1)), margin = 0.06 * (self->y1 - self->y0);
    margin = fmax(margin, 1e-6 * size + 1e-9); /* all is the same: ticks differ in the digits that they have */
    self->y0 -= margin;
    self->y1 += margin;
}

static double left_of(const ost_chart_t *self)
{
    return self->left > 0 ? self->left : LEFT;
}

double ost_chart_x(const ost_chart_t *self, double value)
{
    const double left = left_of(self);
    return left + fmin(fmax((value - self->x0) / (self->x1 - self->x0), 0), 1) * (self->width - left - RIGHT);
}

double ost_chart_y(const ost_chart_t *self, double value)
{
    double part = fmin(fmax((value - self->y0) / (self->y1 - self->y0), 0), 1);
    return self->height - BOTTOM - part * (self->height - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, about n of them in a range. */
static double tick_step(bool is_log, double range, int n)
{
    if (is_log) return fmax(1, floor(range / n));
    double raw = range / n, power = pow(10, floor(log10(raw)));
    return power * (raw / power > 5 ? 10 : raw / power > 2 ? 5 : raw / power > 1 ? 2 : 1);
}

/* @param text  NULL: the value */
static void put_label(
    const ost_chart_t *self, double x, double y, const char *anchor, double value, bool is_log, const char *text)
{
    fprintf(self->out, "<text x='%.1f' y='%.1f' text-anchor='%s'>", x, y, anchor);
    if (text != NULL)
        ost_html_text(text, self->out);
    else
        ost_html_number(self->out, is_log ? "%.3g" : "%g", is_log ? pow(10, value) : value);
    fputs("</text>", self->out);
}

static void put_y_axis(const ost_chart_t *self)
{
    const double left = left_of(self);
    double step = tick_step(self->y_is_log, self->y1 - self->y0, 6);
    for (size_t i = 0; i < self->n_y_texts; i++)
        put_label(self, left - 5, ost_chart_y(self, (double) i) + 4, "end", 0, false, self->y_texts[i]);
    if (self->y_texts != NULL) return;
    for (double y = ceil(self->y0 / step) * step; y <= self->y1; y += step) {
        double at = ost_chart_y(self, y);
        bool is_zero = fabs(y) < step / 2;
        fprintf(self->out, "<line x1='%g' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s'/>", left, self->width - RIGHT, at,
            at, is_zero ? "#888" : "#e6e6e6");
        put_label(self, left - 5, at + 4, "end", is_zero ? 0 : y, self->y_is_log, NULL);
    }
}

/* A tick with its value. */
static void put_x_tick(const ost_chart_t *self, double value)
{
    const double at = ost_chart_x(self, value), bottom = self->height - BOTTOM;
    fprintf(self->out, "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='#888'/>", at, at, bottom, bottom + 4);
    put_label(self, at, bottom + 16, "middle", value, self->x_is_log, NULL);
}

static void put_x_axis(const ost_chart_t *self)
{
    double step = tick_step(self->x_is_log, self->x1 - self->x0, 6), bottom = self->height - BOTTOM;
    const size_t every = self->n_x_texts / MOST_X_TEXTS + 1;
    for (size_t i = 0; i < self->n_x_texts; i += every)
        put_label(self, ost_chart_x(self, (double) i), bottom + 16, "middle", 0, false, self->x_texts[i]);
    for (size_t i = 0; i < self->n_x_ticks; i++) put_x_tick(self, self->x_ticks[i]);
    if (self->x_texts != NULL || self->x_ticks != NULL) return;
    for (double x = floor(self->x0 / step) * step; x <= self->x1 + 1e-9; x += step)
        for (size_t k = 0; k < (self->x_is_log && self->x1 - self->x0 < FEW_DECADES ? 3 : 1); k++) {
            static const double within[] = { 0, 0.30103, 0.69897 }; /* 1, 2, 5 */
            const double value = (fabs(x) < step / 2 ? 0 : x) + within[k];
            if (value >= self->x0 - 1e-9 && value <= self->x1 + 1e-9) put_x_tick(self, value);
        }
}

void ost_chart_begin(const ost_chart_t *self)
{
    fputs("<figure><figcaption>", self->out);
}

void ost_chart_frame(const ost_chart_t *self, const char *x_label, const char *y_label)
{
    FILE *out = self->out;
    fprintf(out, "</figcaption><svg viewBox='0 0 %g %g' width='%g' height='%g' role='img'>", self->width, self->height,
        self->width, self->height);
    put_y_axis(self);
    put_x_axis(self);
    fprintf(out, "<text x='%.1f' y='%.1f' text-anchor='end'>", self->width - RIGHT, self->height - 5);
    ost_html_text(x_label, out);
    fputs("</text>", out);
    if (y_label == NULL) return;
    fprintf(out, "<text transform='translate(13 %.1f) rotate(-90)' text-anchor='middle'>",
        (TOP + self->height - BOTTOM) / 2);
    ost_html_name(y_label, out);
    fputs("</text>", out);
}

void ost_chart_end(const ost_chart_t *self)
{
    fputs("</svg></figure>\n", self->out);
}

void ost_chart_path(const ost_chart_t *self, bool is_area)
{
    fputs(is_area ? "<polygon points='" : "<polyline points='", self->out);
}

void ost_chart_corner(const ost_chart_t *self, double x, double y)
{
    if (isfinite(x) && isfinite(y)) fprintf(self->out, "%.1f,%.1f ", ost_chart_x(self, x), ost_chart_y(self, y));
}

void ost_chart_stroke(const ost_chart_t *self, size_t series)
{
    fprintf(self->out, "' fill='none' stroke='%s' stroke-width='2' stroke-dasharray='%s'/>", ost_chart_colour(series),
        dashes[series % N_COLOURS]);
}

void ost_chart_fill(const ost_chart_t *self, size_t series, double opacity)
{
    fprintf(self->out, "' fill='%s' fill-opacity='%g'/>", ost_chart_colour(series), opacity);
}

void ost_chart_band(const ost_chart_t *self, const double *x, const double *lower, const double *upper, size_t n,
    size_t series, double opacity)
{
    ost_chart_path(self, true);
    for (size_t i = 0; i < n; i++) ost_chart_corner(self, x[i], lower[i]);
    for (size_t i = n; i-- > 0;) ost_chart_corner(self, x[i], upper[i]);
    ost_chart_fill(self, series, opacity);
}

void ost_chart_line(const ost_chart_t *self, const double *x, const double *y, size_t n, size_t series)
{
    ost_chart_path(self, false);
    for (size_t i = 0; i < n; i++) ost_chart_corner(self, x[i], y[i]);
    ost_chart_stroke(self, series);
}

void ost_chart_box(
    const ost_chart_t *self, double x0, double x1, double y0, double y1, const char *colour, double opacity)
{
    const double left = ost_chart_x(self, fmin(x0, x1)), top = ost_chart_y(self, fmax(y0, y1));
    fprintf(self->out, "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s' fill-opacity='%g'/>", left, top,
        ost_chart_x(self, fmax(x0, x1)) - left, ost_chart_y(self, fmin(y0, y1)) - top, colour, opacity);
}

void ost_chart_key(FILE *out, size_t series, const char *text)
{
    fprintf(out,
        "<span><svg width='34' height='10'><line x1='1' x2='33' y1='5' y2='5' stroke='%s' stroke-width='2.5' "
        "stroke-dasharray='%s'/></svg> ",
        ost_chart_colour(series), dashes[series % N_COLOURS]);
    ost_html_text(text, out);
    fputs("</span>", out);
}

const char *ost_chart_colour(size_t series)
{
    return colours[series % N_COLOURS];
}

void ost_chart_mark(FILE *out, size_t series, double x, double y, bool is_full)
{
    const char *colour = ost_chart_colour(series), *fill = is_full ? colour : "#fff";
    static const double corners[][8] = { { -4, -4, 4, -4, 4, 4, -4, 4 }, { 0, -5.5, 5, 4, 0, 4, -5, 4 },
        { 0, -5.5, 5.5, 0, 0, 5.5, -5.5, 0 } };
    size_t shape = series % 4;
    if (shape == 0) {
        fprintf(
            out, "<circle cx='%.1f' cy='%.1f' r='4' fill='%s' stroke='%s' stroke-width='1.6'/>", x, y, fill, colour);
        return;
    }
    fputs("<polygon class='mark' points='", out);
    for (int k = 0; k < 8; k += 2) fprintf(out, "%.1f,%.1f ", x + corners[shape - 1][k], y + corners[shape - 1][k + 1]);
    fprintf(out, "' fill='%s' stroke='%s' stroke-width='1.6'/>", fill, colour);
}
