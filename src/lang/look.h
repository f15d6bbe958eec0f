/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enclosures of expressions in time: what each can be over a stretch of time, with its slope and growth. */
#ifndef OST_LANG_LOOK_H
#define OST_LANG_LOOK_H

#include "lang/graph.h"
#include "lang/range.h"

#include <stdbool.h>

/** Points of a stretch at which values are known: its ends, its middle, and one of choice. */
enum { OST_LEFT, OST_MIDDLE, OST_RIGHT, OST_PROBE, OST_N_POINTS };

/** Which operand a min or max takes; of a condition whether it holds (first) or does not. */
enum { OST_UNDECIDED, OST_FIRST, OST_SECOND };

/** What an expression is over the stretch that is examined. */
typedef struct {
    double at[OST_N_POINTS]; /**< values at points */
    range_t value, slope;    /**< slope by day */
    range_t growth;          /**< slope/value, close where the value spans many powers of ten */
    double size;             /**< largest absolute value over all time, 0 where it is infinite */
    int side;
} ost_look_t;

/** Whether a node is a min, max or condition, which bend where the sides meet. */
bool ost_is_bend(const ost_node_data_t *n);

/** Enclose a node over the stretch from l to r, d, after its operands.
 *  @param look     [n_nodes] of the graph; element i is set
 *  @param closely  by its values at the ends and between them too */
void ost_look_enclose(ost_look_t *look, const ost_graph_t *g, ost_node_t i, double l, double r, bool closely);

/** Range and slope of a bend whose side is set, from those of its operands. */
void ost_look_bend(ost_look_t *y, const ost_look_t *look, const ost_node_data_t *n);

/** Of a bend: what has to be above 0 for its first side, at a point; its slope over the stretch. */
double ost_look_lead(const ost_look_t *look, const ost_node_data_t *n, int point);
range_t ost_look_lead_slope(const ost_look_t *look, const ost_node_data_t *n);

/** The value of a node at a point from those of its operands; a bend takes the side that is decided. */
double ost_look_point(const ost_look_t *look, const ost_graph_t *g, ost_node_t i, int point, double t);

/** The same without bends, time and constants. */
double ost_look_apply(const ost_look_t *look, const ost_node_data_t *n, int point);

#endif
