/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinks whose times are a formula of parameters: of conditions, min, max, abs and tables whose operands are, piece by
 * piece, straight lines in time. A table of n points has n of them, found once for each subject without a search. */
#include "lang/forcing_impl.h"

/* Straight pieces of one operand at most; a kink between others is searched for. */
enum { MAX_PIECES = 8 };

typedef struct {
    ost_forcing_t *forcing;
    ost_graph_t *graph;
    ost_node_t *at_zero; /* [n] a straight line at time 0, OST_NO_NODE for what is none */
    ost_node_t *slope;   /* [n] of a straight line */
    bool *is_condition;  /* [n] 0 or 1 */
    bool *is_straight;   /* [n] piece by piece, all its kinks known */
} kinks_t;

static bool is_fixed(const kinks_t *self, ost_node_t i)
{
    return !self->graph->nodes[i].varies;
}

static ost_node_t at_zero(const kinks_t *self, ost_node_t i)
{
    return is_fixed(self, i) ? i : self->at_zero[i];
}

static ost_node_t slope(const kinks_t *self, ost_node_t i)
{
    return i == OST_NO_NODE || is_fixed(self, i) ? ost_graph_const(self->graph, 0) : self->slope[i];
}

static bool is_straight(const kinks_t *self, ost_node_t i)
{
    return is_fixed(self, i) || self->is_straight[i];
}

/* A straight line in time at time 0. */
static ost_node_t line_at_zero(kinks_t *self, const ost_node_data_t *n)
{
    ost_node_t a = n->a == OST_NO_NODE ? OST_NO_NODE : at_zero(self, n->a);
    ost_node_t b = n->b == OST_NO_NODE ? OST_NO_NODE : at_zero(self, n->b);
    if (n->op == OST_OP_TIME) return ost_graph_const(self->graph, 0);
    if (n->op == OST_OP_NEG && a != OST_NO_NODE) return ost_graph_unary(self->graph, n->op, a);
    if (a == OST_NO_NODE || b == OST_NO_NODE) return OST_NO_NODE;
    bool is_line = n->op == OST_OP_ADD || n->op == OST_OP_SUB || (n->op == OST_OP_DIV && is_fixed(self, n->b)) ||
                   (n->op == OST_OP_MUL && (is_fixed(self, n->a) || is_fixed(self, n->b)));
    return is_line ? ost_graph_binary(self->graph, n->op, a, b) : OST_NO_NODE;
}

static bool makes_condition(const kinks_t *self, const ost_node_data_t *n)
{
    if (n->op == OST_OP_STEP) return true;
    if (n->op == OST_OP_SUB)
        return self->graph->nodes[n->a].op == OST_OP_CONST && self->graph->nodes[n->a].value == 1 &&
               self->is_condition[n->b];
    return (n->op == OST_OP_MUL || n->op == OST_OP_MAX || n->op == OST_OP_MIN) && self->is_condition[n->a] &&
           self->is_condition[n->b];
}

/* Add the straight pieces that an operand can be. @return their number, more than MAX_PIECES where it can be others */
static size_t add_pieces(kinks_t *self, ost_node_t i, ost_node_t *pieces, size_t n)
{
    const ost_node_data_t node = self->graph->nodes[i];
    if (n >= MAX_PIECES) return MAX_PIECES + 1;
    if (at_zero(self, i) != OST_NO_NODE) {
        pieces[n] = i;
        return n + 1;
    }
    if (self->is_condition[i]) {
        n = add_pieces(self, ost_graph_const(self->graph, 0), pieces, n);
        return add_pieces(self, ost_graph_const(self->graph, 1), pieces, n);
    }
    bool bends = node.op == OST_OP_MIN || node.op == OST_OP_MAX;
    if (!bends && node.op != OST_OP_SELECT) return MAX_PIECES + 1;
    n = add_pieces(self, bends ? node.a : node.b, pieces, n);
    return add_pieces(self, bends ? node.b : node.c, pieces, n);
}

/* Where two straight lines meet, at which a node bends: -g(0)/g' of their difference. */
static void add_root(kinks_t *self, ost_node_t bend, ost_node_t a, ost_node_t b)
{
    ost_graph_t *g = self->graph;
    ost_forcing_t *f = self->forcing;
    ost_node_t fall = ost_graph_binary(g, OST_OP_MUL, ost_graph_const(g, -1), slope(self, b));
    ost_node_t rise = ost_graph_binary(g, OST_OP_ADD, slope(self, a), fall);
    ost_node_t start = ost_graph_binary(g, OST_OP_SUB, at_zero(self, b), at_zero(self, a));
    ost_node_t root = ost_graph_binary(g, OST_OP_DIV, start, rise);
    ost_kink_t *more = ost_memory_grow(&f->memory, f->kinks, f->n_kinks, sizeof(*more));
    g->out_of_memory |= more == NULL;
    if (more == NULL) return;
    f->kinks = more;
    more[f->n_kinks++] = (ost_kink_t){ bend, root };
}

/* @return whether the operands are straight piece by piece; then their crossings are added */
static bool add_roots(kinks_t *self, ost_node_t bend, const ost_node_data_t *n)
{
    ost_node_t first[MAX_PIECES], second[MAX_PIECES];
    size_t n_first = add_pieces(self, n->a, first, 0);
    ost_node_t other = n->op == OST_OP_STEP ? ost_graph_const(self->graph, 0) : n->b;
    size_t n_second = add_pieces(self, other, second, 0);
    if (n_first > MAX_PIECES || n_second > MAX_PIECES) return false;
    for (size_t i = 0; i < n_first; i++)
        for (size_t k = 0; k < n_second; k++)
            if (!is_fixed(self, first[i]) || !is_fixed(self, second[k])) add_root(self, bend, first[i], second[k]);
    return true;
}

/* Whether a node whose operands are looked at is straight piece by piece, with all kinks known. */
static bool stays_straight(kinks_t *self, ost_node_t i, const ost_node_data_t *n)
{
    bool a = n->a == OST_NO_NODE || is_straight(self, n->a), b = n->b == OST_NO_NODE || is_straight(self, n->b);
    bool c = n->c == OST_NO_NODE || is_straight(self, n->c);
    if (!a || !b || !c) return false;
    switch (n->op) {
    case OST_OP_TIME:
    case OST_OP_NEG:
    case OST_OP_ADD:
    case OST_OP_SUB:
    case OST_OP_SELECT:
        return true;
    case OST_OP_DIV:
        return is_fixed(self, n->b);
    case OST_OP_MUL:
        return is_fixed(self, n->a) || is_fixed(self, n->b) || self->is_condition[n->a] || self->is_condition[n->b];
    case OST_OP_MIN:
    case OST_OP_MAX:
    case OST_OP_STEP:
        return add_roots(self, i, n);
    default:
        return false;
    }
}

bool ost_forcing_find_kinks(ost_forcing_t *self, const bool *used, bool *straight)
{
    size_t n = self->graph.n_nodes;
    ost_memory_t memory = { 0 };
    kinks_t kinks = { self, &self->graph, ost_memory_list(&memory, n, sizeof(*kinks.at_zero)),
        ost_memory_list(&memory, n, sizeof(*kinks.slope)), ost_memory_list(&memory, n, sizeof(bool)), straight };
    const bool ok = !memory.failed;
    for (ost_node_t i = 0; ok && i < n && !self->graph.out_of_memory; i++) {
        const ost_node_data_t node = self->graph.nodes[i];
        kinks.at_zero[i] = OST_NO_NODE;
        if (!used[i] || !node.varies) continue;
        kinks.at_zero[i] = line_at_zero(&kinks, &node);
        const ost_node_t slopes[3] = { slope(&kinks, node.a), slope(&kinks, node.b), slope(&kinks, node.c) };
        if (kinks.at_zero[i] != OST_NO_NODE)
            kinks.slope[i] =
                node.op == OST_OP_TIME ? ost_graph_const(&self->graph, 1) : ost_graph_chain(&self->graph, i, slopes);
        kinks.is_condition[i] = makes_condition(&kinks, &node);
        kinks.is_straight[i] = stays_straight(&kinks, i, &node);
    }
    ost_memory_free(&memory);
    return ok && !self->graph.out_of_memory;
}
