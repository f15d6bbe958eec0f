/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/straight.h"

void ost_straight_init(ost_straight_t *self, const ost_forcing_t *forcing, ost_look_t *look, ost_memory_t *memory)
{
    const size_t n = forcing->graph.n_nodes;
    *self = (ost_straight_t){ .forcing = forcing,
        .look = look,
        .settled = ost_memory_list(memory, n, sizeof(*self->settled)),
        .stack = ost_memory_list(memory, 3 * n + 1, sizeof(*self->stack)) };
    for (size_t i = 0; self->settled != NULL && i < n; i++)
        self->settled[i] = (ost_settled_t){ INFINITY, -INFINITY, NAN, NAN, 0 };
}

/* A node over a stretch without a kink but at its ends, where rounding may leave a bend undecided. */
static void look_at(ost_straight_t *self, ost_node_t i, double l, double r, bool closely)
{
    const ost_graph_t *g = &self->forcing->graph;
    ost_look_t *y = &self->look[i];
    self->n_looks++;
    ost_look_enclose(self->look, g, i, l, r, closely);
    if (!closely || !ost_is_bend(&g->nodes[i]) || y->side != OST_UNDECIDED) return;
    y->side = ost_look_lead(self->look, &g->nodes[i], OST_MIDDLE) >= 0 ? OST_FIRST : OST_SECOND;
    ost_look_bend(y, self->look, &g->nodes[i]);
}

static double constant(const ost_look_t *y)
{
    return y->slope.lo == 0 && y->slope.hi == 0 && y->value.lo == y->value.hi ? y->value.lo : NAN;
}

void ost_straight_settle(ost_straight_t *self, double t0, const double *first, const double *last)
{
    const ost_forcing_t *f = self->forcing;
    ost_settled_t *of = self->settled;
    for (size_t k = 0; k < f->n_inner; k++) of[f->inner[k]] = (ost_settled_t){ INFINITY, -INFINITY, NAN, NAN, 0 };
    for (size_t k = 0; k < f->n_kinks; k++) {
        double t = self->look[f->kinks[k].root].at[OST_LEFT];
        ost_settled_t *bend = &of[f->kinks[k].bend];
        if (!(t > t0 + OST_SAME_BREAK && t < INFINITY)) continue;
        bend->first = least(bend->first, t);
        bend->last = most(bend->last, t);
    }
    for (size_t k = 0; k < f->n_inner; k++) {
        ost_node_t i = f->inner[k];
        const ost_node_data_t *n = &f->graph.nodes[i];
        const ost_node_t operands[3] = { n->a, n->b, n->c };
        for (int o = 0; o < 3 && operands[o] != OST_NO_NODE; o++) {
            of[i].first = least(of[i].first, of[operands[o]].first);
            of[i].last = most(of[i].last, of[operands[o]].last);
        }
        look_at(self, i, first[0], first[1], true);
        of[i].before = constant(&self->look[i]);
    }
    for (size_t k = 0; k < f->n_inner; k++) {
        look_at(self, f->inner[k], last[0], last[1], true);
        of[f->inner[k]].after = constant(&self->look[f->inner[k]]);
    }
}

/* The value of a node that is constant from l to r, NAN for one that may change. */
static double constant_over(const ost_settled_t *of, double l, double r)
{
    if (r <= of->first + OST_SAME_BREAK && !isnan(of->before)) return of->before;
    return l >= of->last - OST_SAME_BREAK ? of->after : NAN;
}

/* Compute a node after the operands that are not constant over the stretch. @param at_point  l alone, at OST_PROBE */
static void evaluate(ost_straight_t *self, ost_node_t top, double l, double r, bool closely, bool at_point)
{
    const ost_graph_t *g = &self->forcing->graph;
    size_t n = 0;
    self->stack[n++] = top;
    while (n > 0) {
        ost_node_t i = self->stack[n - 1];
        const ost_node_t operands[3] = { g->nodes[i].a, g->nodes[i].b, g->nodes[i].c };
        const size_t n_before = n;
        double value = constant_over(&self->settled[i], l, r);
        for (int o = 0; o < 3 && operands[o] != OST_NO_NODE && isnan(value); o++)
            if (g->nodes[operands[o]].varies && self->settled[operands[o]].looked_in != self->number)
                self->stack[n++] = operands[o];
        if (n > n_before) continue;
        n--;
        if (self->settled[i].looked_in == self->number) continue;
        ost_look_t *y = &self->look[i];
        if (at_point) {
            y->at[OST_PROBE] = isnan(value) ? ost_look_point(self->look, g, i, OST_PROBE, l) : value;
            self->n_looks++;
        } else if (isnan(value)) {
            look_at(self, i, l, r, closely);
        } else {
            y->value = hull(value, value);
            y->slope = y->growth = (range_t){ 0, 0 };
            for (int p = 0; p < OST_N_POINTS; p++) y->at[p] = value;
            self->n_looks++;
        }
        self->settled[i].looked_in = self->number;
    }
}

void ost_straight_enclose(ost_straight_t *self, ost_node_t i, double l, double r, bool closely)
{
    self->number++;
    evaluate(self, i, l, r, closely, false);
}

void ost_straight_probe(ost_straight_t *self, ost_node_t i, double t)
{
    self->number++;
    evaluate(self, i, t, t, false, true);
}

bool ost_straight_bends(const ost_straight_t *self, ost_node_t i, double l, double r)
{
    return self->settled[i].first < r && self->settled[i].last > l;
}
