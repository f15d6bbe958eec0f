/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/chart.h"

#include "report/html.h"

#include <math.h>

#define LEFT 50
#define RIGHT 12
#define TOP 8
#define BOTTOM 36

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

double ost_chart_x(const ost_chart_t *self, double value)
{
    return LEFT + fmin(fmax((value - self->x0) / (self->x1 - self->x0), 0), 1) * (self->width - LEFT - RIGHT);
}

double ost_chart_y(const ost_chart_t *self, double value)
{
    double part = fmin(fmax((value - self->y0) / (self->y1 - self->y0), 0), 1);
    return self->height - BOTTOM - part * (self->height - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, about n of them in a range. */
static double tick_step(const ost_chart_t *self, double range, int n)
{
    if (self->is_log) return fmax(1, floor(range / n));
    double raw = range / n, power = pow(10, floor(log10(raw)));
    return power * (raw / power > 5 ? 10 : raw / power > 2 ? 5 : raw / power > 1 ? 2 : 1);
}

static void put_label(const ost_chart_t *self, double x, double y, const char *anchor, double value, double step)
{
    fprintf(self->out, "<text x='%.1f' y='%.1f' text-anchor='%s'>", x, y, anchor);
    value = fabs(value) < step / 2 ? 0 : value;
    ost_html_number(self->out, "%g", self->is_log ? pow(10, value) : value);
    fputs("</text>", self->out);
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
    double step = tick_step(self, self->y1 - self->y0, 6), bottom = self->height - BOTTOM;
    for (double y = ceil(self->y0 / step) * step; y <= self->y1; y += step) {
        double at = ost_chart_y(self, y);
        fprintf(out, "<line x1='%d' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s'/>", LEFT, self->width - RIGHT, at, at,
            fabs(y) < step / 2 ? "#888" : "#e6e6e6");
        put_label(self, LEFT - 5, at + 4, "end", y, step);
    }
    step = tick_step(self, self->x1 - self->x0, 6);
    for (double x = ceil(self->x0 / step) * step; x <= self->x1 + 1e-9; x += step) {
        double at = ost_chart_x(self, x);
        fprintf(out, "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='#888'/>", at, at, bottom, bottom + 4);
        put_label(self, at, bottom + 16, "middle", x, step);
    }
    fprintf(out, "<text x='%.1f' y='%.1f' text-anchor='end'>%s</text>", self->width - RIGHT, self->height - 5, x_label);
    if (y_label == NULL) return;
    fprintf(out, "<text transform='translate(13 %.1f) rotate(-90)' text-anchor='middle'>", (TOP + bottom) / 2);
    ost_html_name(y_label, out);
    fputs("</text>", out);
}

void ost_chart_end(const ost_chart_t *self)
{
    fputs("</svg></figure>\n", self->out);
}

const char *ost_chart_colour(size_t series)
{
    return colours[series % N_COLOURS];
}

const char *ost_chart_dashes(size_t series)
{
    return dashes[series % N_COLOURS];
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
