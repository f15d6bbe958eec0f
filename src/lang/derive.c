/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact derivatives. Operands stand before the nodes that use them, so one sweep upwards is enough, and each node is
 * differentiated once per leaf. */
#include "lang/graph.h"

#include <stdlib.h>

static ost_node_t bin(ost_graph_t *g, ost_op_t op, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(g, op, a, b);
}

/* a^b: b a^(b-1) a' + a^b log(a) b'; the first term stands for itself at a = 0 */
static ost_node_t derive_power(ost_graph_t *g, ost_node_t node, ost_node_t da, ost_node_t db)
{
    const ost_node_data_t n = g->nodes[node];
    ost_node_t less = bin(g, OST_OP_SUB, n.b, ost_graph_const(g, 1));
    ost_node_t by_a = bin(g, OST_OP_MUL, bin(g, OST_OP_MUL, n.b, bin(g, OST_OP_POW, n.a, less)), da);
    ost_node_t log_a = bin(g, OST_OP_MAX, ost_graph_unary(g, OST_OP_LOG, n.a), ost_graph_const(g, OST_LOG_FLOOR));
    ost_node_t by_b = bin(g, OST_OP_MUL, bin(g, OST_OP_MUL, node, log_a), db);
    return bin(g, OST_OP_ADD, by_a, by_b);
}

/* @param d  derivatives of all nodes before this one */
static ost_node_t derive_node(ost_graph_t *g, ost_node_t node, const ost_node_t *d)
{
    const ost_node_data_t n = g->nodes[node]; /* a copy: building may move the nodes */
    ost_node_t da = n.a == OST_NO_NODE ? 0 : d[n.a], db = n.b == OST_NO_NODE ? 0 : d[n.b];
    switch (n.op) {
    case OST_OP_ADD:
    case OST_OP_SUB:
        return bin(g, n.op, da, db);
    case OST_OP_MUL:
        return bin(g, OST_OP_ADD, bin(g, OST_OP_MUL, da, n.b), bin(g, OST_OP_MUL, n.a, db));
    case OST_OP_DIV:
        /* (a' - q b')/b with q = a/b: the same denominator as the value, so that one reciprocal serves both */
        return bin(g, OST_OP_DIV, bin(g, OST_OP_SUB, da, bin(g, OST_OP_MUL, node, db)), n.b);
    case OST_OP_NEG:
        return ost_graph_unary(g, OST_OP_NEG, da);
    case OST_OP_EXP:
        return bin(g, OST_OP_MUL, node, da);
    case OST_OP_LOG:
        return bin(g, OST_OP_DIV, da, n.a);
    case OST_OP_SQRT:
        return bin(g, OST_OP_DIV, bin(g, OST_OP_MUL, ost_graph_const(g, 0.5), da), node);
    case OST_OP_POW:
        return derive_power(g, node, da, db);
    case OST_OP_MIN:
        return ost_graph_select(g, ost_graph_unary(g, OST_OP_STEP, bin(g, OST_OP_SUB, n.b, n.a)), da, db);
    case OST_OP_MAX:
        return ost_graph_select(g, ost_graph_unary(g, OST_OP_STEP, bin(g, OST_OP_SUB, n.a, n.b)), da, db);
    case OST_OP_SELECT:
        return ost_graph_select(g, n.a, db, d[n.c]);
    default:
        return 0; /* leaves other than the one asked for, and steps */
    }
}

bool ost_graph_derivatives(
    ost_graph_t *self, const ost_node_t *nodes, size_t n_nodes, ost_op_t leaf, uint32_t index, ost_node_t *out)
{
    ost_node_t zero = ost_graph_const(self, 0), one = ost_graph_const(self, 1);
    size_t n_before = self->n_nodes;
    ost_node_t *d = malloc(n_before * sizeof(*d));
    bool *used = ost_graph_reachable(self, nodes, n_nodes);
    if (d == NULL || used == NULL) self->out_of_memory = true;
    for (ost_node_t i = 0; i < n_before && !self->out_of_memory; i++) {
        if (!used[i]) continue;
        const ost_node_data_t n = self->nodes[i];
        bool is_leaf = n.op == leaf && (leaf == OST_OP_TIME || n.index == index);
        bool depends = (n.a != OST_NO_NODE && d[n.a] != zero) || (n.b != OST_NO_NODE && d[n.b] != zero) ||
                       (n.c != OST_NO_NODE && d[n.c] != zero);
        d[i] = is_leaf ? one : depends ? derive_node(self, i, d) : zero;
    }
    for (size_t k = 0; k < n_nodes; k++) out[k] = self->out_of_memory ? 0 : d[nodes[k]];
    free(d);
    free(used);
    return !self->out_of_memory;
}

ost_node_t ost_graph_derivative(ost_graph_t *self, ost_node_t node, ost_op_t leaf, uint32_t index)
{
    ost_node_t d = 0;
    if (!ost_graph_derivatives(self, &node, 1, leaf, index, &d)) return 0;
    return d;
}
