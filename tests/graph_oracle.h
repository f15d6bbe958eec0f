/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slow and obvious value and derivative of one node, against which the interpreter, the emitted code and the
 * Jacobian are held. */
#ifndef OST_TESTS_GRAPH_ORACLE_H
#define OST_TESTS_GRAPH_ORACLE_H

#include "lang/graph.h"

#include <math.h>
#include <stdlib.h>

/* The value of one node. Leaves that it does not use may be NULL. */
static inline double graph_value(const ost_graph_t *graph, ost_node_t node, const double *params, const double *states,
    const double *reads, const double *modes, const double *noise, double t)
{
    const ost_graph_leaves_t at = {
        .params = params, .states = states, .reads = reads, .modes = modes, .noise = noise, .t = t
    };
    double *v = malloc(((size_t) node + 1) * sizeof(*v));
    if (v == NULL) return NAN;
    ost_graph_values(graph, node, &at, v);
    double result = v[node];
    free(v);
    return result;
}

/* Exact partial derivative of a node by one leaf (STATE, READ, TIME or PARAM, index), by the chain rule from node to
 * node. */
static inline ost_node_t graph_derivative(ost_graph_t *graph, ost_node_t node, ost_op_t leaf, uint32_t index)
{
    const ost_node_t zero = ost_graph_const(graph, 0), one = ost_graph_const(graph, 1);
    ost_node_t result = zero, *d = malloc(((size_t) node + 1) * sizeof(*d)); /* of every node up to this one */
    for (ost_node_t i = 0; i <= node && d != NULL; i++) {
        const ost_node_data_t n = graph->nodes[i];
        const ost_node_t inner[3] = { n.a == OST_NO_NODE ? zero : d[n.a], n.b == OST_NO_NODE ? zero : d[n.b],
            n.c == OST_NO_NODE ? zero : d[n.c] };
        bool is_leaf = n.op == leaf && (leaf == OST_OP_TIME || n.index == index);
        d[i] = is_leaf ? one : ost_graph_chain(graph, i, inner);
    }
    if (d != NULL) result = d[node];
    free(d);
    return result;
}

#endif
