/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/memory.h"
#include "core/text.h"
#include "lang/graph.h"

#include <stdlib.h>

static ost_node_t bin(ost_graph_t *g, ost_op_t op, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(g, op, a, b);
}

/* min or max by its operand k; the first operand is the active one where lead >= 0. */
static ost_node_t partial_of_extremum(ost_graph_t *g, ost_node_t lead, int k)
{
    ost_node_t first_is_active = ost_graph_unary(g, OST_OP_STEP, lead);
    return ost_graph_select(g, first_is_active, ost_graph_const(g, k == 0), ost_graph_const(g, k == 1));
}

/* Slopes that are infinite at 0, as those of x^b for b below 1, count as 0 there, so that a step from 0 is taken by the
 * values alone: an infinite slope would make it NaN, a huge one would hold the state at 0. */

/* a^b by a is b a^(b-1) and not b a^b/a, so that it stands at a = 0 too. a^(b-1) is exp of the smaller of its log and
 * what that lacks to twice `steepest`: right up to slopes of 8e307, and 0 at a = 0. */
static ost_node_t partial_of_power(ost_graph_t *g, ost_node_t node, int k)
{
    const double steepest = 709, lowest = -1400; /* logs: the second is below that of every number */
    const ost_node_data_t n = g->nodes[node];
    ost_node_t log_a = bin(g, OST_OP_LOG_FROM, n.a, ost_graph_const(g, OST_LOG_FLOOR));
    if (k == 1) return bin(g, OST_OP_MUL, node, bin(g, OST_OP_MAX, ost_graph_const(g, lowest), log_a));
    ost_node_t less = bin(g, OST_OP_SUB, n.b, ost_graph_const(g, 1)), power = bin(g, OST_OP_MUL, less, log_a);
    if (g->nodes[n.b].op == OST_OP_CONST && g->nodes[n.b].value > 1)
        return bin(g, OST_OP_MUL, n.b, bin(g, OST_OP_POW, n.a, less));
    power = bin(g, OST_OP_MIN, bin(g, OST_OP_SUB, ost_graph_const(g, 2 * steepest), power), power);
    return bin(g, OST_OP_MUL, n.b, ost_graph_unary(g, OST_OP_EXP, power));
}

/* 0.5/sqrt(a), 0 where a is below every normal number */
static ost_node_t partial_of_root(ost_graph_t *g, ost_node_t root)
{
    ost_node_t above = bin(g, OST_OP_SUB, root, ost_graph_const(g, 0x1p-511));
    ost_node_t slope = bin(g, OST_OP_DIV, ost_graph_const(g, 0.5), root);
    return ost_graph_select(g, ost_graph_unary(g, OST_OP_STEP, above), slope, ost_graph_const(g, 0));
}

/* The derivative of one node by its operand k, the other operands held. */
static ost_node_t partial(ost_graph_t *g, ost_node_t node, int k)
{
    const ost_node_data_t n = g->nodes[node]; /* a copy: building may move the nodes */
    switch (n.op) {
    case OST_OP_ADD:
        return ost_graph_const(g, 1);
    case OST_OP_SUB:
        return ost_graph_const(g, k == 0 ? 1 : -1);
    case OST_OP_MUL:
        return k == 0 ? n.b : n.a;
    case OST_OP_DIV:
        /* both over the value's own denominator, so that one reciprocal serves all */
        return k == 0 ? bin(g, OST_OP_DIV, ost_graph_const(g, 1), n.b)
                      : ost_graph_unary(g, OST_OP_NEG, bin(g, OST_OP_DIV, node, n.b));
    case OST_OP_NEG:
        return ost_graph_const(g, -1);
    case OST_OP_EXP:
        return node;
    case OST_OP_LOG:
    case OST_OP_LOG_FROM:
        return bin(g, OST_OP_DIV, ost_graph_const(g, 1), n.a);
    case OST_OP_SQRT:
        return partial_of_root(g, node);
    case OST_OP_POW:
        return partial_of_power(g, node, k);
    case OST_OP_MIN:
        return partial_of_extremum(g, bin(g, OST_OP_SUB, n.b, n.a), k);
    case OST_OP_MAX:
        return partial_of_extremum(g, bin(g, OST_OP_SUB, n.a, n.b), k);
    case OST_OP_SELECT:
        return ost_graph_select(g, n.a, ost_graph_const(g, k == 1), ost_graph_const(g, k == 2));
    default:
        return ost_graph_const(g, 0);
    }
}

static ost_node_t operand(const ost_node_data_t *n, int k)
{
    return k == 0 ? n->a : k == 1 ? n->b : n->c;
}

ost_node_t ost_graph_chain(ost_graph_t *self, ost_node_t node, const ost_node_t *slopes)
{
    const ost_node_t zero = ost_graph_const(self, 0);
    const ost_node_data_t n = self->nodes[node];
    ost_node_t slope = zero;
    for (int k = 0; k < 3 && operand(&n, k) != OST_NO_NODE; k++)
        if (slopes[k] != zero)
            slope = bin(self, OST_OP_ADD, slope, bin(self, OST_OP_MUL, partial(self, node, k), slopes[k]));
    return slope;
}

/* The linearised graph: an edge carries the derivative of the node it leads to by the node it comes from. Vertices are
 * the nodes, then one sink per row. An edge is dead once either end is eliminated. */
typedef struct {
    uint32_t from, to, next_in, next_out;
    ost_node_t value;
} edge_t;

enum { NO_EDGE = UINT32_MAX };

typedef struct {
    ost_graph_t *graph;
    ost_memory_t memory; /* of all but the edges */
    edge_t *edge;
    size_t n_edges, max_edges;
    uint32_t *first_in, *first_out, *n_in, *n_out; /* [n_vertices] */
    bool *dead;                                    /* [n_vertices] */
    size_t n_nodes;                                /* vertices that are nodes of the graph */
    uint32_t *winner; /* [2 n_nodes] a tournament: element n_nodes + v is v, each other the cheaper of 2i and 2i + 1 */
} linear_t;

static bool linear_init(linear_t *l, ost_graph_t *graph, size_t n_rows)
{
    const size_t n_nodes = graph->n_nodes, n_vertices = n_nodes + n_rows;
    *l = (linear_t){ .graph = graph, .n_nodes = n_nodes };
    l->winner = ost_memory_list(&l->memory, 2 * n_nodes, sizeof(*l->winner));
    l->first_in = ost_memory_list(&l->memory, n_vertices, sizeof(*l->first_in));
    l->first_out = ost_memory_list(&l->memory, n_vertices, sizeof(*l->first_out));
    l->n_in = ost_memory_list(&l->memory, n_vertices, sizeof(*l->n_in));
    l->n_out = ost_memory_list(&l->memory, n_vertices, sizeof(*l->n_out));
    l->dead = ost_memory_list(&l->memory, n_vertices, sizeof(*l->dead));
    for (size_t v = 0; v < n_vertices && !l->memory.failed; v++) l->first_in[v] = l->first_out[v] = NO_EDGE;
    return !l->memory.failed;
}

/* Products that the elimination of a vertex costs; UINT64_MAX for one that is not to be eliminated. */
static uint64_t cost(const linear_t *l, uint32_t v)
{
    if (l->dead[v] || l->graph->nodes[v].a == OST_NO_NODE) return UINT64_MAX;
    return (uint64_t) l->n_in[v] * l->n_out[v];
}

static void play(linear_t *l, size_t i)
{
    uint32_t a = l->winner[2 * i], b = l->winner[2 * i + 1];
    uint64_t cost_a = cost(l, a), cost_b = cost(l, b);
    l->winner[i] = cost_a < cost_b || (cost_a == cost_b && a < b) ? a : b;
}

/* After a change of what the elimination of a vertex costs. */
static void replay(linear_t *l, uint32_t v)
{
    for (size_t i = (l->n_nodes + v) / 2; v < l->n_nodes && i > 0; i /= 2) play(l, i);
}

/* Add to the edge between two vertices, which is made where there is none. */
static void add_edge(linear_t *l, uint32_t from, uint32_t to, ost_node_t value)
{
    if (value == ost_graph_const(l->graph, 0)) return;
    for (uint32_t e = l->first_in[to]; e != NO_EDGE; e = l->edge[e].next_in) {
        if (l->edge[e].from != from) continue;
        l->edge[e].value = bin(l->graph, OST_OP_ADD, l->edge[e].value, value);
        return;
    }
    if (l->n_edges >= NO_EDGE || ost_list_grow(&l->edge, l->n_edges, &l->max_edges, sizeof(*l->edge)) < 0) {
        l->graph->out_of_memory = true;
        return;
    }
    l->edge[l->n_edges] = (edge_t){ from, to, l->first_in[to], l->first_out[from], value };
    l->first_in[to] = l->first_out[from] = (uint32_t) l->n_edges++;
    l->n_in[to]++;
    l->n_out[from]++;
}

/* Connect what leads to a vertex with what it leads to, and take it out. */
static void eliminate(linear_t *l, uint32_t v)
{
    for (uint32_t o = l->first_out[v]; o != NO_EDGE; o = l->edge[o].next_out) {
        if (l->dead[l->edge[o].to]) continue;
        for (uint32_t i = l->first_in[v]; i != NO_EDGE; i = l->edge[i].next_in) {
            if (l->dead[l->edge[i].from]) continue;
            ost_node_t product = bin(l->graph, OST_OP_MUL, l->edge[o].value, l->edge[i].value);
            add_edge(l, l->edge[i].from, l->edge[o].to, product);
        }
        l->n_in[l->edge[o].to]--;
    }
    for (uint32_t i = l->first_in[v]; i != NO_EDGE; i = l->edge[i].next_in) l->n_out[l->edge[i].from]--;
    l->dead[v] = true;
    replay(l, v);
    for (uint32_t o = l->first_out[v]; o != NO_EDGE; o = l->edge[o].next_out) replay(l, l->edge[o].to);
    for (uint32_t i = l->first_in[v]; i != NO_EDGE; i = l->edge[i].next_in) replay(l, l->edge[i].from);
}

/* Take out all but leaves and rows, always the vertex that costs the fewest products, the first of equal ones. */
static void eliminate_all(linear_t *l)
{
    for (size_t v = 0; v < l->n_nodes; v++) l->winner[l->n_nodes + v] = (uint32_t) v;
    for (size_t i = l->n_nodes - 1; i > 0; i--) play(l, i);
    while (cost(l, l->winner[1]) < UINT64_MAX) eliminate(l, l->winner[1]);
}

bool ost_graph_jacobian(
    ost_graph_t *self, const ost_node_t *rows, size_t n_rows, size_t n_states, size_t n_reads, ost_node_t *entries)
{
    size_t n_nodes = self->n_nodes, n_cols = n_states + n_reads + 1;
    const ost_node_t zero = ost_graph_const(self, 0), one = ost_graph_const(self, 1);
    linear_t l;
    bool *used = ost_graph_reachable(self, rows, n_rows);
    bool ok = linear_init(&l, self, n_rows) && used != NULL;
    for (uint32_t v = 0; v < n_nodes && ok; v++) {
        const ost_node_data_t n = self->nodes[v];
        l.dead[v] = !used[v] || !n.varies;
        for (int k = 0; k < 3 && !l.dead[v] && operand(&n, k) != OST_NO_NODE; k++) {
            if (self->nodes[operand(&n, k)].varies) add_edge(&l, operand(&n, k), v, partial(self, v, k));
        }
    }
    for (size_t r = 0; r < n_rows && ok; r++) {
        if (self->nodes[rows[r]].varies) add_edge(&l, rows[r], (uint32_t) (n_nodes + r), one);
    }
    ok = ok && !self->out_of_memory;
    if (ok) eliminate_all(&l);
    for (size_t i = 0; i < n_rows * n_cols; i++) entries[i] = zero;
    for (size_t e = 0; e < l.n_edges && ok; e++) {
        if (l.edge[e].to < n_nodes || l.dead[l.edge[e].from]) continue;
        const ost_node_data_t *leaf = &self->nodes[l.edge[e].from];
        if (leaf->op == OST_OP_MODE) continue;
        size_t col = leaf->op == OST_OP_STATE  ? leaf->index
                     : leaf->op == OST_OP_READ ? n_states + leaf->index
                                               : n_cols - 1;
        entries[(l.edge[e].to - n_nodes) * n_cols + col] = l.edge[e].value;
    }
    ost_memory_free(&l.memory);
    free(l.edge);
    free(used);
    return ok && !self->out_of_memory;
}
