/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/program.h"

#include <stdlib.h>

typedef struct {
    ost_graph_t *graph;
    ost_node_t *low; /* of each node before lowering */
    uint32_t *uses;
    bool *overflows; /* where an exp below may be infinite at ordinary arguments */
    bool merge;      /* quotients of quotients */
} lower_t;

static ost_node_t bin(lower_t *l, ost_op_t op, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(l->graph, op, a, b);
}

/* The lowered factor `node` without its part that depends on parameters alone, which is multiplied into *coefficient.
 * A product that others use too is left whole. */
static ost_node_t take_coefficient(lower_t *l, ost_node_t node, ost_node_t *coefficient)
{
    ost_node_t low = l->low[node];
    const ost_node_data_t n = l->graph->nodes[low];
    if (!n.varies) {
        *coefficient = bin(l, OST_OP_MUL, *coefficient, low);
        return ost_graph_const(l->graph, 1);
    }
    if (n.op != OST_OP_MUL || l->uses[node] > 1) return low;
    if (!l->graph->nodes[n.a].varies) {
        *coefficient = bin(l, OST_OP_MUL, *coefficient, n.a);
        return n.b;
    }
    if (!l->graph->nodes[n.b].varies) {
        *coefficient = bin(l, OST_OP_MUL, *coefficient, n.b);
        return n.a;
    }
    return low;
}

/* k low_a/low_b, where k depends on parameters alone. */
static ost_node_t quotient(lower_t *l, ost_node_t k, ost_node_t low_a, ost_node_t low_b)
{
    if (!l->graph->nodes[low_b].varies) return bin(l, OST_OP_MUL, bin(l, OST_OP_DIV, k, low_b), low_a);
    ost_node_t reciprocal = bin(l, OST_OP_DIV, ost_graph_const(l->graph, 1), low_b);
    return bin(l, OST_OP_MUL, k, bin(l, OST_OP_MUL, low_a, reciprocal));
}

enum { MAX_DEPTH = 8 }; /* of the factors and terms in which a quotient is looked for */

/* Whether a lowered node is p/q, where q varies. */
static bool is_quotient(lower_t *l, ost_node_t low, ost_node_t *p, ost_node_t *q, int depth)
{
    const ost_node_data_t n = l->graph->nodes[low];
    if (n.op == OST_OP_DIV && n.varies) {
        *p = n.a;
        *q = n.b;
        return true;
    }
    if (n.op != OST_OP_MUL || !n.varies || depth == MAX_DEPTH) return false;
    bool is_first = is_quotient(l, n.a, p, q, depth + 1);
    if (!is_first && !is_quotient(l, n.b, p, q, depth + 1)) return false;
    *p = bin(l, OST_OP_MUL, is_first ? n.b : n.a, *p);
    return true;
}

/* Whether `node`, lowered to `low`, may be written as p/q without a division more: it is a quotient, or a sum with one,
 * that this program uses `uses` times in what is being rewritten and nowhere else. A sum c + p/q is (c q + p)/q, but
 * not where q may be infinite, as 1 + exp(x) is for a large x: there p/q is rightly 0. */
static bool as_quotient(
    lower_t *l, ost_node_t node, ost_node_t low, uint32_t uses, ost_node_t *p, ost_node_t *q, int depth)
{
    const ost_node_data_t n = l->graph->nodes[node];
    if (!l->merge || l->uses[node] != uses) return false;
    if (is_quotient(l, low, p, q, 0)) return true;
    if (n.op != OST_OP_ADD || l->overflows[node] || depth == MAX_DEPTH) return false;
    bool is_first = as_quotient(l, n.a, l->low[n.a], 1, p, q, depth + 1);
    if (!is_first && !as_quotient(l, n.b, l->low[n.b], 1, p, q, depth + 1)) return false;
    *p = bin(l, OST_OP_ADD, bin(l, OST_OP_MUL, l->low[is_first ? n.b : n.a], *q), *p);
    return true;
}

static ost_node_t lower_product(lower_t *l, ost_node_t a, ost_node_t b)
{
    ost_node_t k = ost_graph_const(l->graph, 1), p_a, p_b, q_a, q_b;
    ost_node_t low_a = take_coefficient(l, a, &k), low_b = take_coefficient(l, b, &k);
    if (as_quotient(l, a, low_a, 1, &p_a, &q_a, 0) && as_quotient(l, b, low_b, 1, &p_b, &q_b, 0))
        return quotient(l, k, bin(l, OST_OP_MUL, p_a, p_b), bin(l, OST_OP_MUL, q_a, q_b));
    return bin(l, OST_OP_MUL, k, bin(l, OST_OP_MUL, low_a, low_b));
}

/* over/(c + over) with over = p/q is p/(c q + p): @return whether it was, then both are replaced */
static bool is_saturation(lower_t *l, ost_node_t sum, ost_node_t *over, ost_node_t *under)
{
    const ost_node_data_t n = l->graph->nodes[sum];
    if (n.op != OST_OP_ADD || l->uses[sum] > 1 || l->overflows[sum]) return false;
    for (int side = 0; side < 2; side++) {
        ost_node_t same = side == 0 ? n.a : n.b, c = l->low[side == 0 ? n.b : n.a], p, q;
        if (l->low[same] != *over || !as_quotient(l, same, *over, 2, &p, &q, 0)) continue;
        *over = p;
        *under = bin(l, OST_OP_ADD, bin(l, OST_OP_MUL, c, q), p);
        return true;
    }
    return false;
}

static ost_node_t lower_quotient(lower_t *l, ost_node_t a, ost_node_t b)
{
    ost_node_t k = ost_graph_const(l->graph, 1), p, q;
    ost_node_t over = take_coefficient(l, a, &k), under = l->low[b];
    if (is_saturation(l, b, &over, &under)) return quotient(l, k, over, under);
    if (as_quotient(l, b, under, 1, &p, &q, 0)) {
        over = bin(l, OST_OP_MUL, over, q);
        under = p;
    }
    if (as_quotient(l, a, over, 1, &p, &q, 0)) {
        over = p;
        under = bin(l, OST_OP_MUL, under, q);
    }
    return quotient(l, k, over, under);
}

static ost_node_t lower_node(lower_t *l, ost_node_t node)
{
    const ost_node_data_t n = l->graph->nodes[node];
    if (n.a == OST_NO_NODE) return node;
    ost_node_t a = l->low[n.a];
    switch (n.op) {
    case OST_OP_MUL:
        return lower_product(l, n.a, n.b);
    case OST_OP_DIV:
        return lower_quotient(l, n.a, n.b);
    case OST_OP_POW:
        a = bin(l, OST_OP_LOG_FROM, a, ost_graph_const(l->graph, OST_LOG_FLOOR));
        return ost_graph_unary(l->graph, OST_OP_EXP, bin(l, OST_OP_MUL, l->low[n.b], a));
    case OST_OP_SELECT:
        return ost_graph_select(l->graph, a, l->low[n.b], l->low[n.c]);
    case OST_OP_NEG: {
        ost_node_t k = ost_graph_const(l->graph, -1);
        a = take_coefficient(l, n.a, &k);
        return bin(l, OST_OP_MUL, k, a);
    }
    default:
        return n.b == OST_NO_NODE ? ost_graph_unary(l->graph, n.op, a) : bin(l, n.op, a, l->low[n.b]);
    }
}

bool ost_graph_lower(ost_graph_t *graph, ost_node_t *roots, size_t n_roots, bool merge)
{
    size_t n_before = graph->n_nodes;
    bool *used = ost_graph_reachable(graph, roots, n_roots);
    ost_memory_t memory = { 0 };
    lower_t l = { graph, ost_memory_list(&memory, n_before, sizeof(*l.low)),
        ost_memory_list(&memory, n_before, sizeof(*l.uses)), ost_memory_list(&memory, n_before, sizeof(*l.overflows)),
        merge };
    if (used == NULL || memory.failed) graph->out_of_memory = true;
    for (size_t i = 0; i < n_before && !graph->out_of_memory; i++) {
        const ost_node_data_t *n = &graph->nodes[i];
        if (!used[i]) continue;
        if (n->a != OST_NO_NODE) l.uses[n->a]++;
        if (n->b != OST_NO_NODE) l.uses[n->b]++;
        if (n->c != OST_NO_NODE) l.uses[n->c]++;
        l.overflows[i] = (n->op == OST_OP_EXP && n->varies) || (n->a != OST_NO_NODE && l.overflows[n->a]) ||
                         (n->b != OST_NO_NODE && l.overflows[n->b]) || (n->c != OST_NO_NODE && l.overflows[n->c]);
    }
    for (size_t k = 0; k < n_roots && !graph->out_of_memory; k++) l.uses[roots[k]]++;
    for (ost_node_t i = 0; i < n_before && !graph->out_of_memory; i++) {
        if (used[i]) l.low[i] = lower_node(&l, i);
    }
    for (size_t k = 0; k < n_roots && !graph->out_of_memory; k++) roots[k] = l.low[roots[k]];
    free(used);
    ost_memory_free(&memory);
    return !graph->out_of_memory;
}
