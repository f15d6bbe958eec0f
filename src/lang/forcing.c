/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies what depends on time and parameters alone from the graphs of models into one graph over all of them, so that a
 * signal that one model drives and another reads is followed from one to the other. */
#include "lang/forcing_impl.h"

#include "lang/model_impl.h"

#include <stdlib.h>

/* What of a model is taken up. */
typedef enum { RATES, DRIVE, CONDITION } taken_t;

int ost_forcing_new(ost_forcing_t **out, ost_error_t *err)
{
    ost_forcing_t *self = *out = calloc(1, sizeof(*self));
    return self != NULL ? ost_graph_init(&self->graph, err) : ost_no_memory(err);
}

void ost_forcing_free(ost_forcing_t *self)
{
    if (self == NULL) return;
    ost_graph_free(&self->graph);
    ost_memory_free(&self->memory);
    free(self);
}

static void watch(ost_forcing_t *self, ost_node_t node, bool meets_states, ost_forcing_source_t source)
{
    if (self->graph.out_of_memory || !self->graph.nodes[node].varies) return;
    ost_watched_t *more = ost_memory_grow(&self->memory, self->watched, self->n_watched, sizeof(*more));
    self->graph.out_of_memory |= more == NULL;
    if (more == NULL) return;
    self->watched = more;
    more[self->n_watched++] = (ost_watched_t){ node, meets_states, source };
}

void ost_forcing_watch(ost_forcing_t *self, ost_node_t node, ost_forcing_source_t source)
{
    if (node != OST_NO_NODE) watch(self, node, true, source);
}

ost_node_t ost_forcing_constant(ost_forcing_t *self, double value)
{
    return ost_graph_const(&self->graph, value);
}

ost_node_t ost_forcing_signal(ost_forcing_t *self, ost_combine_t combine, const ost_node_t *drivers, size_t n)
{
    ost_graph_t *g = &self->graph;
    bool is_fraction = combine == OST_COMBINE_FRACTION;
    ost_node_t one = ost_graph_const(g, 1), total = ost_graph_const(g, is_fraction ? 1 : 0);
    for (size_t i = 0; i < n; i++) {
        if (drivers[i] == OST_NO_NODE) return OST_NO_NODE;
        if (is_fraction)
            total = ost_graph_binary(g, OST_OP_MUL, total, ost_graph_binary(g, OST_OP_SUB, one, drivers[i]));
        else
            total = ost_graph_binary(g, OST_OP_ADD, total, drivers[i]);
    }
    return is_fraction ? ost_graph_binary(g, OST_OP_SUB, one, total) : total;
}

/* @param map  [nodes of the model] what those before this one are here */
static ost_node_t copy(
    ost_forcing_t *self, const ost_forcing_model_t *of, const ost_node_data_t *n, const ost_node_t *map)
{
    ost_graph_t *g = &self->graph;
    ost_node_t a = n->a == OST_NO_NODE ? 0 : map[n->a], b = n->b == OST_NO_NODE ? 0 : map[n->b];
    ost_node_t c = n->c == OST_NO_NODE ? 0 : map[n->c];
    if (a == OST_NO_NODE || b == OST_NO_NODE || c == OST_NO_NODE) return OST_NO_NODE;
    switch (n->op) {
    case OST_OP_CONST:
        return ost_graph_const(g, n->value);
    case OST_OP_PARAM:
        return ost_graph_leaf(g, OST_OP_PARAM, of->first_param + n->index);
    case OST_OP_TIME:
        return ost_graph_leaf(g, OST_OP_TIME, 0);
    case OST_OP_READ:
        return of->reads[n->index];
    case OST_OP_MODE:
        a = map[of->model->impl->sw[n->index]];
        return a == OST_NO_NODE ? a : ost_graph_unary(g, OST_OP_STEP, a);
    case OST_OP_STATE:
    case OST_OP_NOISE:
        return OST_NO_NODE;
    default:
        return ost_graph_node(g, n->op, a, b, c);
    }
}

/* Where root k of a kind is declared. */
static ost_forcing_source_t source_of(const ost_model_t *model, taken_t what, size_t k)
{
    if (what == RATES) return (ost_forcing_source_t){ model, model->states[k].name, model->states[k].line };
    if (what == DRIVE) return (ost_forcing_source_t){ model, model->drives[k].name, model->drives[k].line };
    return (ost_forcing_source_t){ model, NULL, model->impl->sw_line[k] };
}

/* Mark what the roots depend on. @param user  [nodes of the model] 0 at first; then 1 + a root that uses it */
static void mark(const struct ost_model_impl *impl, const ost_node_t *roots, size_t n, uint32_t *user)
{
    for (size_t k = 0; k < n; k++) user[roots[k]] = (uint32_t) k + 1;
    for (size_t i = impl->graph.n_nodes; i-- > 0;) {
        const ost_node_data_t *node = &impl->graph.nodes[i];
        if (user[i] == 0) continue;
        if (node->op == OST_OP_MODE) user[impl->sw[node->index]] = user[i];
        if (node->a != OST_NO_NODE) user[node->a] = user[i];
        if (node->b != OST_NO_NODE) user[node->b] = user[i];
        if (node->c != OST_NO_NODE) user[node->c] = user[i];
    }
}

/* Copy what the roots depend on, number `first` of their kind and on; watch it where the rest of an expression cannot
 * be copied, and the roots of rates. @param[out] copies  [n] of the roots, OST_NO_NODE for none; NULL: not asked for */
static void take(ost_forcing_t *self, const ost_forcing_model_t *of, taken_t what, const ost_node_t *roots,
    size_t first, size_t n, ost_node_t *copies)
{
    const ost_graph_t *from = &of->model->impl->graph;
    uint32_t *user = calloc(from->n_nodes, sizeof(*user));
    ost_node_t *map = malloc(from->n_nodes * sizeof(*map));
    if (user == NULL || map == NULL) self->graph.out_of_memory = true;
    roots += first;
    if (!self->graph.out_of_memory) mark(of->model->impl, roots, n, user);
    for (size_t i = 0; i < from->n_nodes && !self->graph.out_of_memory; i++) {
        const ost_node_data_t *node = &from->nodes[i];
        if (user[i] == 0) continue;
        map[i] = copy(self, of, node, map);
        const ost_node_t operands[3] = { node->a, node->b, node->c };
        for (int k = 0; k < 3 && map[i] == OST_NO_NODE && operands[k] != OST_NO_NODE; k++)
            if (map[operands[k]] != OST_NO_NODE)
                watch(self, map[operands[k]], true, source_of(of->model, what, first + user[i] - 1));
    }
    for (size_t k = 0; k < n && !self->graph.out_of_memory; k++) {
        if (copies != NULL) copies[k] = map[roots[k]];
        if (what == RATES && map[roots[k]] != OST_NO_NODE)
            watch(self, map[roots[k]], true, source_of(of->model, what, k));
    }
    free(user);
    free(map);
}

ost_node_t ost_forcing_drive(ost_forcing_t *self, const ost_forcing_model_t *of, size_t i_drive)
{
    ost_node_t value = OST_NO_NODE;
    take(self, of, DRIVE, of->model->impl->drive, i_drive, 1, &value);
    return value;
}

void ost_forcing_equations(ost_forcing_t *self, const ost_forcing_model_t *of)
{
    const ost_model_t *model = of->model;
    const struct ost_model_impl *impl = model->impl;
    take(self, of, RATES, impl->rate, 0, model->n_states, NULL);
    for (size_t s = 0; s < model->n_switches && !self->graph.out_of_memory; s++) {
        ost_node_t g = OST_NO_NODE;
        take(self, of, CONDITION, impl->sw, s, 1, &g);
        if (g != OST_NO_NODE)
            watch(self, ost_graph_unary(&self->graph, OST_OP_STEP, g), false, source_of(model, CONDITION, s));
    }
}

/* Expressions that have to be looked at stretch by stretch: what is not straight, and the straight that this is made
 * of; below those, what they are computed from. @param needed  [n_nodes] true for what is used and not straight */
static void list_nodes(ost_forcing_t *self, const bool *straight, size_t n_used, bool *needed, bool *inner)
{
    const ost_graph_t *g = &self->graph;
    for (size_t k = 0; k < self->n_kinks; k++) needed[self->kinks[k].root] = true;
    for (ost_node_t i = (ost_node_t) g->n_nodes; i-- > 0;) {
        const ost_node_data_t *n = &g->nodes[i];
        const ost_node_t operands[3] = { n->a, n->b, n->c };
        self->is_straight[i] = i < n_used && needed[i] && straight[i];
        inner[i] = inner[i] || self->is_straight[i];
        for (int k = 0; k < 3 && operands[k] != OST_NO_NODE; k++) {
            bool is_inner = inner[i] && g->nodes[operands[k]].varies;
            inner[operands[k]] = inner[operands[k]] || is_inner;
            needed[operands[k]] = needed[operands[k]] || (inner[i] && !is_inner) || (needed[i] && !inner[i]);
        }
    }
    for (ost_node_t i = 0; i < g->n_nodes; i++) {
        if (needed[i] && g->nodes[i].varies) self->timed[self->n_timed++] = i;
        if (needed[i] && !g->nodes[i].varies) self->fixed[self->n_fixed++] = i;
        if (inner[i]) self->inner[self->n_inner++] = i;
    }
}

/* @param used  [n_used] the watched nodes and what they depend on */
static bool arrange(ost_forcing_t *self, const bool *used, const bool *straight, size_t n_used)
{
    const ost_graph_t *g = &self->graph;
    bool *needed = ost_memory_list(&self->memory, g->n_nodes, sizeof(*needed));
    bool *inner = ost_memory_list(&self->memory, g->n_nodes, sizeof(*inner));
    self->fixed = ost_memory_list(&self->memory, g->n_nodes, sizeof(*self->fixed));
    self->timed = ost_memory_list(&self->memory, g->n_nodes, sizeof(*self->timed));
    self->inner = ost_memory_list(&self->memory, g->n_nodes, sizeof(*self->inner));
    self->is_straight = ost_memory_list(&self->memory, g->n_nodes, sizeof(*self->is_straight));
    self->is_met = ost_memory_list(&self->memory, g->n_nodes, sizeof(*self->is_met));
    if (self->memory.failed) return false;
    for (ost_node_t i = 0; i < n_used; i++) needed[i] = used[i] && g->nodes[i].varies && !straight[i];
    list_nodes(self, straight, n_used, needed, inner);
    for (size_t k = 0; k < self->n_watched; k++) self->is_met[self->watched[k].node] |= self->watched[k].meets_states;
    self->max_breaks = self->n_kinks + (self->n_timed > 0 ? OST_SEARCHED_BREAKS : 0);
    return true;
}

int ost_forcing_close(ost_forcing_t *self, ost_error_t *err)
{
    size_t n = self->graph.n_nodes;
    ost_node_t *watched = ost_memory_list(&self->memory, self->n_watched, sizeof(*watched));
    bool *straight = ost_memory_list(&self->memory, n, sizeof(*straight)), *used = NULL;
    for (size_t k = 0; k < self->n_watched && watched != NULL; k++) watched[k] = self->watched[k].node;
    if (!self->graph.out_of_memory && !self->memory.failed)
        used = ost_graph_reachable(&self->graph, watched, self->n_watched);
    bool ok = used != NULL && ost_forcing_find_kinks(self, used, straight) && arrange(self, used, straight, n);
    free(used);
    return ok ? 0 : ost_no_memory(err);
}

size_t ost_forcing_max_breaks(const ost_forcing_t *self)
{
    return self->max_breaks;
}
