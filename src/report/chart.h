/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file chart.h  Charts as SVG: a frame with axes, and marks told apart by colour, shape and dashes, so that they read
 * in grey and by the colour-blind. */
#ifndef OST_REPORT_CHART_H
#define OST_REPORT_CHART_H

#include <stdbool.h>
#include <stdio.h>

/** A chart that is being written. */
typedef struct {
    FILE *out;
    double width, height;                        /**< px */
    double x0, x1, y0, y1;                       /**< ranges of the axes */
    bool x_is_log, y_is_log;                     /**< values are logarithms to base 10, and labels what these are of */
    const char *const *x_texts, *const *y_texts; /**< [n_x_texts] labels at 0, 1, ... instead of numbers; NULL: none */
    size_t n_x_texts, n_y_texts;
    const double *x_ticks; /**< [n_x_ticks] places of labels instead of round numbers; NULL: none */
    size_t n_x_ticks;
    double left; /**< px in front of the frame, for long labels; 0: as numbers need */
} ost_chart_t;

/** Widen a range so that it has a value, where it is finite. */
void ost_chart_widen(double *lower, double *upper, double value);
/** Give the range of y a margin, also where all values are the same. */
void ost_chart_margin(ost_chart_t *self);
/** Begin a figure; its caption is what the caller writes before ost_chart_frame(). */
void ost_chart_begin(const ost_chart_t *self);
/** End the caption that was written since ost_chart_begin(), and draw the axes. @param y_label  NULL for none */
void ost_chart_frame(const ost_chart_t *self, const char *x_label, const char *y_label);
/** Close it. */
void ost_chart_end(const ost_chart_t *self);
/** Place of a value, px from the left, within the frame. */
double ost_chart_x(const ost_chart_t *self, double value);
/** Place of a value, px from the top, within the frame. */
double ost_chart_y(const ost_chart_t *self, double value);

/** Begin a line, or an area; its corners follow. */
void ost_chart_path(const ost_chart_t *self, bool is_area);
/** A corner of it; left out where a value is not finite. */
void ost_chart_corner(const ost_chart_t *self, double x, double y);
/** End a line in the style of a series. */
void ost_chart_stroke(const ost_chart_t *self, size_t series);
/** Opacity of a band between subjects. */
#define OST_CHART_BAND 0.12
/** End an area in the colour of a series. @param opacity  0 to 1 */
void ost_chart_fill(const ost_chart_t *self, size_t series, double opacity);
/** The same area between two curves. @param x, lower, upper  [n]; NAN: not drawn */
void ost_chart_band(const ost_chart_t *self, const double *x, const double *lower, const double *upper, size_t n,
    size_t series, double opacity);
/** A line. @param x, y  [n] */
void ost_chart_line(const ost_chart_t *self, const double *x, const double *y, size_t n, size_t series);
/** A rectangle between two places. @param colour  "#0072b2" */
void ost_chart_box(
    const ost_chart_t *self, double x0, double x1, double y0, double y1, const char *colour, double opacity);
/** An item of a key: a piece of the line of a series, and what it is. */
void ost_chart_key(FILE *out, size_t series, const char *text);

/** A series in grey. */
#define OST_CHART_GREY 6
/** Colour of a series: "#0072b2"; repeats after 7. */
const char *ost_chart_colour(size_t series);
/** A mark of a series, its centre at (x, y) px: shapes and colours together repeat after 28. @param full  else only its
 * outline */
void ost_chart_mark(FILE *out, size_t series, double x, double y, bool is_full);

#endif
