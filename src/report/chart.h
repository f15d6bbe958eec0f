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
    double width, height;  /**< px */
    double x0, x1, y0, y1; /**< ranges of the axes */
    bool is_log;           /**< values are logarithms to base 10, and labels what these are of */
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

/** Colour of a series: "#0072b2"; repeats after 7. */
const char *ost_chart_colour(size_t series);
/** Dashes of its line. */
const char *ost_chart_dashes(size_t series);
/** A mark of a series, its centre at (x, y) px: shapes and colours together repeat after 28. @param full  else only its
 * outline */
void ost_chart_mark(FILE *out, size_t series, double x, double y, bool is_full);

#endif
