/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes two sides of a comparison; gives a node that is 1 where it holds, by a switch of its own in a system. */
#include "lang/value.h"

#include <stdlib.h>
#include <string.h>

/* 1 where g >= 0, else 0. Equal conditions share a switch; a condition of an output turns nothing in the system and
 * needs none. */
static ost_node_t holds(ost_parser_t *self, ost_node_t g, const ost_token_t *at)
{
    if (self->lexer.code != 0) return g;
    if (!self->graph->nodes[g].varies || self->in_output) return ost_graph_unary(self->graph, OST_OP_STEP, g);
    if (self->graph->nodes[g].noisy)
        ost_lexer_fail(&self->lexer, at, OST_ERR_MODEL, "a condition on noise stands in an output, not in a let");
    size_t i = 0, n = self->n_switches;
    while (i < n && self->switches[i] != g) i++;
    if (i == n) {
        if ((n & (n - 1)) == 0) {
            ost_node_t *more = ost_memory_list(self->kept, n > 0 ? 2 * n : 1, sizeof(*more));
            int *lines = ost_memory_list(self->kept, n > 0 ? 2 * n : 1, sizeof(*lines));
            if (self->kept->failed) {
                ost_lexer_no_memory(&self->lexer);
                return g;
            }
            if (n > 0) memcpy(more, self->switches, n * sizeof(*more));
            if (n > 0) memcpy(lines, self->switch_lines, n * sizeof(*lines));
            self->switches = more;
            self->switch_lines = lines;
        }
        self->switch_lines[n] = at->line;
        self->switches[self->n_switches++] = g;
    }
    return ost_graph_leaf(self->graph, OST_OP_MODE, (uint32_t) i);
}

/* The size of what this is added up from, to which its rounding is in proportion. */
static ost_node_t magnitude(ost_graph_t *graph, ost_node_t i, int depth)
{
    const ost_node_data_t n = graph->nodes[i];
    bool chooses = n.op == OST_OP_SELECT;
    if (depth == 0 || (!chooses && n.op != OST_OP_ADD && n.op != OST_OP_SUB && n.op != OST_OP_MUL))
        return ost_graph_binary(graph, OST_OP_MAX, i, ost_graph_unary(graph, OST_OP_NEG, i));
    ost_node_t first = magnitude(graph, chooses ? n.b : n.a, depth - 1);
    ost_node_t second = magnitude(graph, chooses ? n.c : n.b, depth - 1);
    if (chooses) return ost_graph_select(graph, n.a, first, second);
    return ost_graph_binary(graph, n.op == OST_OP_MUL ? OST_OP_MUL : OST_OP_ADD, first, second);
}

/* Whether a >= b or differs from it by rounding only, so that it does not chatter where the two are the same. */
static ost_node_t leads(ost_parser_t *self, ost_node_t a, ost_node_t b, const ost_token_t *at)
{
    ost_graph_t *graph = self->graph;
    ost_node_t lead = ost_graph_binary(graph, OST_OP_SUB, a, b);
    ost_node_t size = ost_graph_binary(graph, OST_OP_ADD, magnitude(graph, a, 6), magnitude(graph, b, 6));
    size = ost_graph_binary(graph, OST_OP_MUL, ost_graph_const(graph, 1e-12), size);
    return holds(self, ost_graph_binary(graph, OST_OP_ADD, lead, size), at);
}

/* The expression with each min, max and abs in it as a choice by a switch of its own: what is left between two turns of
 * these is smooth, so that a turn of the condition shows within a step. */
static ost_node_t smooth(ost_parser_t *self, ost_node_t g, const ost_token_t *at)
{
    ost_graph_t *graph = self->graph;
    if (self->in_output || !graph->nodes[g].bends || self->lexer.code != 0) return g;
    bool *used = calloc((size_t) g + 1, sizeof(*used));
    ost_node_t *map = malloc(((size_t) g + 1) * sizeof(*map));
    if (used == NULL || map == NULL) ost_lexer_no_memory(&self->lexer);
    if (self->lexer.code == 0) used[g] = true;
    for (ost_node_t i = g + 1; i-- > 0 && self->lexer.code == 0;) {
        const ost_node_data_t *n = &graph->nodes[i];
        map[i] = i;
        if (!used[i] || !n->bends) continue;
        if (n->op != OST_OP_SELECT) used[n->a] = true;
        if (n->b != OST_NO_NODE) used[n->b] = true;
        if (n->c != OST_NO_NODE) used[n->c] = true;
    }
    for (ost_node_t i = 0; i <= g && self->lexer.code == 0; i++) {
        const ost_node_data_t n = graph->nodes[i];
        if (!used[i] || !n.bends) continue;
        ost_node_t a = map[n.a], b = n.b == OST_NO_NODE ? n.b : map[n.b], c = n.c == OST_NO_NODE ? n.c : map[n.c];
        if (n.op == OST_OP_MIN || n.op == OST_OP_MAX) {
            ost_node_t is_first = n.op == OST_OP_MAX ? leads(self, a, b, at) : leads(self, b, a, at);
            map[i] = ost_graph_select(graph, is_first, a, b);
        } else {
            map[i] = ost_graph_node(graph, n.op, a, b, c);
        }
    }
    ost_node_t node = self->lexer.code == 0 ? map[g] : g;
    free(used);
    free(map);
    return node;
}

ost_node_t ost_condition_opposite(ost_parser_t *self, ost_node_t condition)
{
    return ost_graph_binary(self->graph, OST_OP_SUB, ost_graph_const(self->graph, 1), condition);
}

/* 1 where a >= b, else 0. A min or max on either side has no slope where it bends, and a step over both of its
 * crossings shows nothing of them: each of its operands is compared by a switch of its own. */
ost_node_t ost_condition_at_least(ost_parser_t *self, ost_node_t a, ost_node_t b, const ost_token_t *at)
{
    const ost_node_data_t left = self->graph->nodes[a], right = self->graph->nodes[b];
    bool splits_left = left.op == OST_OP_MIN || left.op == OST_OP_MAX;
    bool splits_right = right.op == OST_OP_MIN || right.op == OST_OP_MAX;
    if (self->in_output || self->n_terms >= OST_MAX_TERMS || (!splits_left && !splits_right))
        return holds(self, smooth(self, ost_graph_binary(self->graph, OST_OP_SUB, a, b), at), at);
    self->n_terms++;
    bool is_either = splits_left ? left.op == OST_OP_MAX : right.op == OST_OP_MIN;
    ost_node_t first =
        splits_left ? ost_condition_at_least(self, left.a, b, at) : ost_condition_at_least(self, a, right.a, at);
    ost_node_t second =
        splits_left ? ost_condition_at_least(self, left.b, b, at) : ost_condition_at_least(self, a, right.b, at);
    return ost_graph_binary(self->graph, is_either ? OST_OP_MAX : OST_OP_MUL, first, second);
}
