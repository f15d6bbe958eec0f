/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lang/formula.h"

#include "lang/expression.h"

#include <math.h>
#include <string.h>

/* Nodes of a formula, which is evaluated on the stack. */
#define MAX_NODES 4096

struct ost_formula {
    const ost_node_data_t *nodes; /* up to `node` */
    ost_node_t node;
    const ost_node_t *switches;
    bool is_plain;
};

/* What a name is indexed by, among the sets of the parser: elements decide, not the set's name. */
static int find_set(const ost_parser_t *self, const ost_index_set_t *set)
{
    for (size_t i = 0; i < self->n_sets; i++) {
        const ost_index_set_t *other = &self->sets[i];
        size_t k = 0;
        while (k < set->n_elements && k < other->n_elements && strcmp(set->elements[k], other->elements[k]) == 0) k++;
        if (k == set->n_elements && k == other->n_elements && strcmp(set->name, other->name) == 0) return (int) i;
    }
    return -1;
}

static void declare_sets(ost_parser_t *self, ost_index_set_t *sets, const ost_name_t *names, size_t n)
{
    self->sets = sets;
    for (size_t i = 0; i < OST_MAX_INDEX_SETS; i++) self->element[i] = -1;
    for (size_t i = 0; i < n; i++) {
        if (names[i].set == NULL || find_set(self, names[i].set) >= 0 || self->n_sets == OST_MAX_INDEX_SETS) continue;
        sets[self->n_sets++] = *names[i].set;
    }
}

static void declare_names(ost_parser_t *self, const ost_name_t *names, size_t n)
{
    uint32_t first = 0;
    for (size_t i = 0; i < n && self->lexer.code == 0; i++) {
        ost_token_t name = { .kind = OST_TOKEN_NAME, .text = names[i].name, .column = 1 };
        name.length = strlen(names[i].name);
        if (name.length >= OST_NAME_SIZE)
            ost_lexer_fail(&self->lexer, &name, OST_ERR_LIMIT, "a name of more than %d letters", OST_NAME_SIZE - 1);
        int set = names[i].set != NULL ? find_set(self, names[i].set) : -1;
        if (names[i].set != NULL && set < 0)
            ost_lexer_fail(&self->lexer, &name, OST_ERR_LIMIT, "more than %d index sets", OST_MAX_INDEX_SETS);
        ost_symbol_t *symbol = ost_parser_declare(self, &name, OST_SYMBOL_COVARIATE, set);
        if (symbol == NULL) return;
        symbol->dim = names[i].unit.dim;
        symbol->ratio = ost_ratio_of(&names[i].unit, names[i].unit_text);
        symbol->is_plain = names[i].is_plain;
        symbol->nodes = ost_memory_list(&self->memory, symbol->n_nodes, sizeof(*symbol->nodes));
        if (symbol->nodes == NULL) ost_lexer_no_memory(&self->lexer);
        for (size_t k = 0; k < symbol->n_nodes && symbol->nodes != NULL; k++)
            symbol->nodes[k] = ost_graph_leaf(self->graph, OST_OP_PARAM, first++);
    }
}

static void check_condition(ost_parser_t *self, const ost_value_t *value)
{
    if (!value->is_condition)
        ost_lexer_fail(&self->lexer, &value->at, OST_ERR_SYNTAX, "a condition is expected, as in a > b");
}

/* The formula that was parsed, without what the graph needs while it grows. */
static int keep(
    ost_formula_t **self, ost_memory_t *memory, const ost_parser_t *parser, const ost_value_t *value, ost_error_t *err)
{
    const ost_formula_t made = { .nodes = ost_memory_extend(
                                     memory, parser->graph->nodes, value->node + 1, 0, sizeof(*made.nodes)),
        .node = value->node,
        .switches = parser->switches,
        .is_plain = value->is_plain && !value->is_zero };
    ost_formula_t *kept = ost_memory_extend(memory, &made, 1, 0, sizeof(made));
    if (made.nodes == NULL || kept == NULL) return ost_no_memory(err);
    *self = kept;
    return 0;
}

static int read_formula(ost_formula_t **self, ost_memory_t *memory, const char *text, const ost_name_t *names, size_t n,
    bool is_condition, ost_dim_t *dim, bool *used, ost_error_t *err)
{
    ost_graph_t graph = { 0 };
    ost_parser_t parser = { .has_time = is_condition, .graph = &graph, .kept = memory };
    ost_index_set_t sets[OST_MAX_INDEX_SETS];
    *self = NULL;
    *dim = (ost_dim_t){ 0 };
    int ret = ost_graph_init(&graph, err);
    if (ret != 0) goto out;
    ost_lexer_init(&parser.lexer, "", text, false, err);
    declare_sets(&parser, sets, names, n);
    declare_names(&parser, names, n);
    ost_value_t value = ost_parser_expression(&parser);
    if (is_condition)
        check_condition(&parser, &value);
    else
        ost_parser_check_dim(&parser, &value, value.dim, "");
    if (parser.lexer.token.kind != OST_TOKEN_END) ost_lexer_unexpected(&parser.lexer, "an operator or the end");
    if (value.node >= MAX_NODES)
        ost_lexer_fail(&parser.lexer, &value.at, OST_ERR_LIMIT, "a formula of more than %d operations", MAX_NODES);
    ret = parser.lexer.code;
    if (ret == 0 && graph.out_of_memory) ret = ost_no_memory(err);
    for (size_t i = 0; used != NULL && i < n && ret == 0; i++) used[i] = parser.symbols[i].used;
    if (ret == 0) ret = keep(self, memory, &parser, &value, err);
    *dim = value.dim;
out:
    ost_memory_free(&parser.memory);
    ost_graph_free(&graph);
    return ret;
}

int ost_formula_new(ost_formula_t **self, ost_memory_t *memory, const char *text, const ost_name_t *names, size_t n,
    ost_dim_t *dim, ost_error_t *err)
{
    return read_formula(self, memory, text, names, n, false, dim, NULL, err);
}

bool ost_formula_is_plain(const ost_formula_t *self)
{
    return self->is_plain;
}

double ost_formula_constant(const ost_formula_t *self)
{
    const ost_node_data_t *n = &self->nodes[self->node];
    return n->op == OST_OP_CONST ? n->value : NAN;
}

int ost_condition_new(ost_formula_t **self, ost_memory_t *memory, const char *text, const ost_name_t *names, size_t n,
    bool *used, ost_error_t *err)
{
    ost_dim_t dim;
    return read_formula(self, memory, text, names, n, true, &dim, used, err);
}

/* A condition is not a number where its operands are not, and neither is what it chooses; but `and` with what does not
 * hold does not hold, and `or` with what holds holds. @param is_condition  [n_nodes], those before this one set */
static double apply(const ost_node_data_t *nodes, ost_node_t i, const double *v, bool *is_condition)
{
    const ost_node_data_t *n = &nodes[i];
    const double a = v[n->a], b = n->b == OST_NO_NODE ? 0 : v[n->b], c = n->c == OST_NO_NODE ? 0 : v[n->c];
    const bool joins =
        n->b != OST_NO_NODE && is_condition[n->b] && (is_condition[n->a] || nodes[n->a].op == OST_OP_CONST);
    is_condition[i] = n->op == OST_OP_STEP || (joins && n->op != OST_OP_ADD);
    if (is_condition[i] && n->op == OST_OP_MUL && (a == 0 || b == 0)) return 0;
    if (is_condition[i] && n->op == OST_OP_MAX && (a == 1 || b == 1)) return 1;
    if ((n->op == OST_OP_STEP || n->op == OST_OP_SELECT) && isnan(a)) return NAN;
    return ost_graph_apply(n, a, b, c);
}

static double evaluate(const ost_formula_t *self, const double *values, double t)
{
    double v[MAX_NODES];
    bool is_condition[MAX_NODES] = { false };
    for (ost_node_t i = 0; i <= self->node; i++) {
        const ost_node_data_t *n = &self->nodes[i];
        is_condition[i] = n->op == OST_OP_MODE;
        if (n->op == OST_OP_CONST) {
            v[i] = n->value;
        } else if (n->op == OST_OP_PARAM) {
            v[i] = values != NULL ? values[n->index] : NAN;
        } else if (n->op == OST_OP_TIME) {
            v[i] = t;
        } else if (n->op == OST_OP_MODE) {
            double lead = v[self->switches[n->index]];
            v[i] = isnan(lead) ? NAN : lead >= 0;
        } else {
            v[i] = apply(self->nodes, i, v, is_condition);
        }
    }
    return v[self->node];
}

double ost_formula_value(const ost_formula_t *self, const double *values)
{
    return evaluate(self, values, 0);
}

double ost_condition_value(const ost_formula_t *self, const double *values, double t)
{
    return evaluate(self, values, t);
}
