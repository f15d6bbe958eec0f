/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/program.h"

#include <stdlib.h>

typedef struct {
    ost_graph_t *graph;
    ost_node_t *low; /* of each node before lowering */
    uint32_t *uses;
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

static ost_node_t lower_product(lower_t *l, ost_node_t a, ost_node_t b)
{
    ost_node_t k = ost_graph_const(l->graph, 1);
    ost_node_t low_a = take_coefficient(l, a, &k), low_b = take_coefficient(l, b, &k);
    return bin(l, OST_OP_MUL, k, bin(l, OST_OP_MUL, low_a, low_b));
}

static ost_node_t lower_quotient(lower_t *l, ost_node_t a, ost_node_t b)
{
    ost_node_t one = ost_graph_const(l->graph, 1), k = one;
    ost_node_t low_a = take_coefficient(l, a, &k), low_b = l->low[b];
    if (!l->graph->nodes[low_b].varies) return bin(l, OST_OP_MUL, bin(l, OST_OP_DIV, k, low_b), low_a);
    return bin(l, OST_OP_MUL, k, bin(l, OST_OP_MUL, low_a, bin(l, OST_OP_DIV, one, low_b)));
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
        a = bin(l, OST_OP_MAX, ost_graph_unary(l->graph, OST_OP_LOG, a), ost_graph_const(l->graph, OST_LOG_FLOOR));
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

bool ost_graph_lower(ost_graph_t *graph, ost_node_t *roots, size_t n_roots)
{
    size_t n_before = graph->n_nodes;
    bool *used = ost_graph_reachable(graph, roots, n_roots);
    lower_t l = { graph, malloc(n_before * sizeof(*l.low)), calloc(n_before, sizeof(*l.uses)) };
    if (used == NULL || l.low == NULL || l.uses == NULL) graph->out_of_memory = true;
    for (size_t i = 0; i < n_before && !graph->out_of_memory; i++) {
        const ost_node_data_t *n = &graph->nodes[i];
        if (!used[i]) continue;
        if (n->a != OST_NO_NODE) l.uses[n->a]++;
        if (n->b != OST_NO_NODE) l.uses[n->b]++;
        if (n->c != OST_NO_NODE) l.uses[n->c]++;
    }
    for (ost_node_t i = 0; i < n_before && !graph->out_of_memory; i++) {
        if (used[i]) l.low[i] = lower_node(&l, i);
    }
    for (size_t k = 0; k < n_roots && !graph->out_of_memory; k++) roots[k] = l.low[roots[k]];
    free(used);
    free(l.low);
    free(l.uses);
    return !graph->out_of_memory;
}
