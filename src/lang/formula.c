/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/expression.h"

#include <stdlib.h>
#include <string.h>

struct ost_formula {
    ost_graph_t graph;
    ost_node_t node;
};

static void declare_names(ost_parser_t *self, const char *const *names, const ost_unit_t *units, size_t n)
{
    for (size_t i = 0; i < n && self->lexer.code == 0; i++) {
        ost_token_t name = { .kind = OST_TOKEN_NAME, .text = names[i], .length = strlen(names[i]), .column = 1 };
        if (name.length >= OST_NAME_SIZE)
            ost_lexer_fail(&self->lexer, &name, OST_ERR_LIMIT, "a name of more than %d letters", OST_NAME_SIZE - 1);
        ost_symbol_t *symbol = ost_parser_declare(self, &name, OST_SYMBOL_COVARIATE, -1);
        if (symbol == NULL) return;
        symbol->dim = units[i].dim;
        symbol->nodes = malloc(sizeof(*symbol->nodes));
        if (symbol->nodes == NULL) {
            ost_lexer_fail(&self->lexer, &name, OST_ERR_NO_MEMORY, "out of memory");
            return;
        }
        symbol->nodes[0] = ost_graph_leaf(self->graph, OST_OP_PARAM, (uint32_t) i);
    }
}

int ost_formula_new(ost_formula_t **self, const char *text, const char *const *names, const ost_unit_t *units, size_t n,
    ost_dim_t *dim, ost_error_t *err)
{
    ost_parser_t parser = { 0 };
    *self = calloc(1, sizeof(**self));
    *dim = (ost_dim_t){ 0 };
    if (*self == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory");
    int ret = ost_graph_init(&(*self)->graph, err);
    if (ret != 0) goto out;
    parser.graph = &(*self)->graph;
    ost_lexer_init(&parser.lexer, "", text, false, err);
    declare_names(&parser, names, units, n);
    ost_value_t value = ost_parser_expression(&parser);
    ost_parser_check_dim(&parser, &value, value.dim, "");
    if (parser.lexer.token.kind != OST_TOKEN_END) ost_lexer_unexpected(&parser.lexer, "an operator or the end");
    ret = parser.lexer.code;
    if (ret == 0 && parser.graph->out_of_memory) ret = ost_fail(err, OST_ERR_NO_MEMORY, "out of memory");
    (*self)->node = value.node;
    *dim = value.dim;
out:
    ost_parser_free(&parser);
    if (ret != 0) {
        ost_formula_delete(*self);
        *self = NULL;
    }
    return ret;
}

double ost_formula_value(const ost_formula_t *self, const double *values)
{
    return ost_graph_value(&self->graph, self->node, values, NULL, NULL, NULL, NULL, 0);
}

void ost_formula_delete(ost_formula_t *self)
{
    if (self == NULL) return;
    ost_graph_free(&self->graph);
    free(self);
}
