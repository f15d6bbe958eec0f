/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/look.h"

#include <math.h>

static void square(ost_look_t *y, const ost_look_t *a)
{
    y->value = hull(a->value.lo * a->value.lo, a->value.hi * a->value.hi);
    if (a->value.lo < 0 && a->value.hi > 0) y->value.lo = 0;
    y->slope = scaled(product(a->value, a->slope), 2);
}

/* a/(c + a) is 1/(1 + c/a): each operand once, so that it is enclosed closely. */
static void saturation(ost_look_t *y, const ost_look_t *a, const ost_look_t *c, const ost_look_t *sum)
{
    range_t per_sum = inverse(sum->value);
    y->value = hull(a->value.lo / (a->value.lo + c->value.hi), a->value.hi / (a->value.hi + c->value.lo));
    if (isinf(y->value.lo)) y->value = (range_t){ 0, 1 };
    y->slope = product(minus(product(a->slope, c->value), product(a->value, c->slope)), product(per_sum, per_sum));
}

static void divide(ost_look_t *y, const ost_look_t *look, const ost_graph_t *g, const ost_node_data_t *n)
{
    const ost_look_t *a = &look[n->a], *b = &look[n->b];
    const ost_node_data_t *under = &g->nodes[n->b];
    if (under->op == OST_OP_ADD && (under->a == n->a || under->b == n->a)) {
        const ost_look_t *c = &look[under->a == n->a ? under->b : under->a];
        if (a->value.lo >= 0 && c->value.lo >= 0 && b->value.lo > 0) {
            saturation(y, a, c, b);
            return;
        }
    }
    range_t per_b = inverse(b->value);
    y->value = product(a->value, per_b);
    y->slope = product(minus(a->slope, product(y->value, b->slope)), per_b);
}

static void power(ost_look_t *y, const ost_look_t *a, const ost_look_t *b)
{
    const double lowest = -1400; /* below the log of every number */
    range_t log_a = log_of(a->value, lowest), one = { 1, 1 };
    y->value = exp_of(product(b->value, log_a));
    if (b->slope.lo == 0 && b->slope.hi == 0) {
        range_t less = exp_of(product(minus(b->value, one), log_a));
        y->slope = product(product(b->value, less), a->slope);
    } else {
        range_t rise = product(product(b->value, inverse(a->value)), a->slope);
        y->slope = product(y->value, plus(product(b->slope, log_a), rise));
    }
}

/* Of a min, max or condition: what has to be above 0 for its first side, at a point. */
double ost_look_lead(const ost_look_t *look, const ost_node_data_t *n, int point)
{
    double a = look[n->a].at[point];
    return n->op == OST_OP_STEP ? a : n->op == OST_OP_MAX ? a - look[n->b].at[point] : look[n->b].at[point] - a;
}

range_t ost_look_lead_slope(const ost_look_t *look, const ost_node_data_t *n)
{
    range_t a = look[n->a].slope;
    return n->op == OST_OP_STEP ? a : n->op == OST_OP_MAX ? minus(a, look[n->b].slope) : minus(look[n->b].slope, a);
}

static int decide(const ost_look_t *look, const ost_node_data_t *n, bool closely)
{
    range_t a = look[n->a].value, lead = a;
    if (n->op != OST_OP_STEP) lead = n->op == OST_OP_MAX ? minus(a, look[n->b].value) : minus(look[n->b].value, a);
    if (closely && is_monotone(ost_look_lead_slope(look, n))) {
        double left = ost_look_lead(look, n, OST_LEFT), right = ost_look_lead(look, n, OST_RIGHT);
        lead = hull(left, right);
    }
    return lead.lo >= 0 ? OST_FIRST : lead.hi <= 0 ? OST_SECOND : OST_UNDECIDED;
}

/* The part of a look that one side of a min, max or choice gives. */
static void take_side(ost_look_t *y, const ost_look_t *from)
{
    y->value = from->value;
    y->slope = from->slope;
    y->growth = from->growth;
    for (int k = 0; k < OST_N_POINTS; k++) y->at[k] = from->at[k];
}

static void join(ost_look_t *y, const ost_look_t *a, const ost_look_t *b)
{
    y->value = union_of(a->value, b->value);
    y->slope = union_of(a->slope, b->slope);
    y->growth = union_of(a->growth, b->growth);
}

void ost_look_bend(ost_look_t *y, const ost_look_t *look, const ost_node_data_t *n)
{
    if (n->op == OST_OP_STEP) {
        double holds = y->side == OST_FIRST;
        y->value = y->side == OST_UNDECIDED ? (range_t){ 0, 1 } : (range_t){ holds, holds };
        y->slope = y->growth = (range_t){ 0, 0 };
        for (int k = 0; k < OST_N_POINTS; k++) y->at[k] = holds;
    } else if (y->side != OST_UNDECIDED) {
        take_side(y, &look[y->side == OST_FIRST ? n->a : n->b]);
    } else {
        take_side(y, &look[n->a]);
        const ost_look_t *a = &look[n->a], *b = &look[n->b];
        join(y, a, b);
        if (n->op == OST_OP_MAX) y->value.lo = most(a->value.lo, b->value.lo);
        if (n->op == OST_OP_MIN) y->value.hi = least(a->value.hi, b->value.hi);
    }
}

static void choose(ost_look_t *y, const ost_look_t *look, const ost_node_data_t *n)
{
    range_t condition = look[n->a].value;
    if (condition.lo > 0) {
        take_side(y, &look[n->b]);
    } else if (condition.hi <= 0) {
        take_side(y, &look[n->c]);
    } else {
        take_side(y, &look[n->b]);
        join(y, &look[n->b], &look[n->c]);
    }
}

double ost_look_apply(const ost_look_t *look, const ost_node_data_t *n, int point)
{
    return ost_graph_apply(n, look[n->a].at[point], n->b == OST_NO_NODE ? 0 : look[n->b].at[point],
        n->c == OST_NO_NODE ? 0 : look[n->c].at[point]);
}

/* Value at one point from those of the operands; bends as they are decided. */
double ost_look_point(const ost_look_t *look, const ost_graph_t *g, ost_node_t i, int point, double t)
{
    const ost_node_data_t *n = &g->nodes[i];
    if (n->op == OST_OP_TIME) return t;
    if (n->op == OST_OP_STEP) return look[i].side == OST_FIRST;
    if ((n->op == OST_OP_MIN || n->op == OST_OP_MAX) && look[i].side != OST_UNDECIDED)
        return look[look[i].side == OST_FIRST ? n->a : n->b].at[point];
    return ost_look_apply(look, n, point);
}

/* What both the ends and the middle tell may be closer than what the operands' ranges do. */
static void tighten(ost_look_t *y, double length)
{
    double lo = least(y->at[OST_LEFT], y->at[OST_RIGHT]), hi = most(y->at[OST_LEFT], y->at[OST_RIGHT]);
    if (!is_monotone(y->slope)) {
        double change = 0.5 * length * most(fabs(y->slope.lo), fabs(y->slope.hi));
        lo = y->at[OST_MIDDLE] - change;
        hi = y->at[OST_MIDDLE] + change;
    }
    y->value = both(y->value, (range_t){ lo, hi });
}

/* Growth of what is computed from operands whose growth is known. */
static range_t growth_of(const ost_node_data_t *n, const ost_look_t *a, const ost_look_t *b)
{
    switch (n->op) {
    case OST_OP_NEG:
        return a->growth;
    case OST_OP_EXP:
        return a->slope;
    case OST_OP_SQRT:
        return scaled(a->growth, 0.5);
    case OST_OP_MUL:
        return plus(a->growth, b->growth);
    case OST_OP_DIV:
        return minus(a->growth, b->growth);
    case OST_OP_ADD: /* a mean of the two, weighted by the values */
        return (a->value.lo >= 0 && b->value.lo >= 0) || (a->value.hi <= 0 && b->value.hi <= 0)
                   ? union_of(a->growth, b->growth)
                   : anything;
    case OST_OP_POW:
        return b->slope.lo == 0 && b->slope.hi == 0 && a->value.lo > 0 ? product(b->value, a->growth) : anything;
    default:
        return anything;
    }
}

/* Range and slope of a node by those of its operands. */
static void compute(ost_look_t *y, const ost_look_t *look, const ost_graph_t *g, const ost_node_data_t *n)
{
    const ost_look_t *a = &look[n->a], *b = n->b == OST_NO_NODE ? NULL : &look[n->b];
    switch (n->op) {
    case OST_OP_ADD:
        y->value = plus(a->value, b->value);
        y->slope = plus(a->slope, b->slope);
        break;
    case OST_OP_SUB:
        y->value = minus(a->value, b->value);
        y->slope = minus(a->slope, b->slope);
        break;
    case OST_OP_NEG:
        y->value = (range_t){ -a->value.hi, -a->value.lo };
        y->slope = (range_t){ -a->slope.hi, -a->slope.lo };
        break;
    case OST_OP_MUL:
        y->value = product(a->value, b->value);
        y->slope = plus(product(a->slope, b->value), product(a->value, b->slope));
        if (a == b) square(y, a);
        break;
    case OST_OP_DIV:
        divide(y, look, g, n);
        break;
    case OST_OP_EXP:
        y->value = exp_of(a->value);
        y->slope = product(y->value, a->slope);
        break;
    case OST_OP_LOG:
        y->value = log_of(a->value, -INFINITY);
        y->slope = both(product(inverse(a->value), a->slope), a->growth);
        break;
    case OST_OP_SQRT:
        y->value = (range_t){ sqrt(most(a->value.lo, 0)), sqrt(most(a->value.hi, 0)) };
        y->slope = product((range_t){ 0.5 / y->value.hi, 0.5 / y->value.lo }, a->slope);
        break;
    case OST_OP_POW:
        power(y, a, b);
        break;
    case OST_OP_MIN:
    case OST_OP_MAX:
    case OST_OP_STEP:
        ost_look_bend(y, look, n);
        break;
    case OST_OP_SELECT:
        choose(y, look, n);
        break;
    default:
        y->value = y->slope = anything;
        break;
    }
}

bool ost_is_bend(const ost_node_data_t *n)
{
    return n->op == OST_OP_MIN || n->op == OST_OP_MAX || n->op == OST_OP_STEP;
}

/* A node over the stretch from l to r, after its operands; `closely` by its values at the ends and between them too. */
void ost_look_enclose(ost_look_t *look, const ost_graph_t *g, ost_node_t i, double l, double r, bool closely)
{
    const ost_node_data_t *n = &g->nodes[i];
    ost_look_t *y = &look[i];
    const double t[] = { [OST_LEFT] = l, [OST_MIDDLE] = 0.5 * (l + r), [OST_RIGHT] = r };
    if (ost_is_bend(n)) y->side = decide(look, n, closely);
    for (int k = OST_LEFT; k <= OST_RIGHT && closely && !ost_is_bend(n) && n->op != OST_OP_SELECT; k++)
        y->at[k] = ost_look_point(look, g, i, k, t[k]);
    if (n->op == OST_OP_TIME) {
        y->value = (range_t){ l, r };
        y->slope = (range_t){ 1, 1 };
    } else {
        compute(y, look, g, n);
    }
    if (ost_is_bend(n) || n->op == OST_OP_SELECT) return;
    y->growth = growth_of(n, n->a == OST_NO_NODE ? NULL : &look[n->a], n->b == OST_NO_NODE ? NULL : &look[n->b]);
    if (is_bounded(y->growth)) y->slope = both(y->slope, product(y->value, y->growth));
    if (closely) tighten(y, r - l);
    if (y->value.lo > 0 || y->value.hi < 0) y->growth = both(y->growth, product(y->slope, inverse(y->value)));
}
