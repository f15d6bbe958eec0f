/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes values that the rules of an expression have read; gives their sums, products, powers and functions, with
 * dimensions checked. */
#include "lang/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIM_SIZE = 80 };

const ost_function_t ost_functions[OST_N_FUNCTIONS] = { { "exp", 1, OST_CALL_EXP }, { "log", 1, OST_CALL_LOG },
    { "sqrt", 1, OST_CALL_SQRT }, { "abs", 1, OST_CALL_ABS }, { "min", 2, OST_CALL_MIN }, { "max", 2, OST_CALL_MAX },
    { "pow", 2, OST_CALL_POW }, { "hill", 3, OST_CALL_HILL } };

/* What is wrong with the dimension of a value. A number lacks its unit where it stands; a name, where it is declared.
 */
static const char *mismatch(const ost_value_t *value, ost_dim_t expected, char *why)
{
    char needs[DIM_SIZE];
    if (value->is_plain || !ost_dim_is_none(value->dim)) return ost_dim_mismatch(value->dim, expected, NULL, why);
    snprintf(why, OST_DIM_MISMATCH_SIZE, "has no unit of %s; names have their units where they are declared",
        ost_dim_format(expected, needs, sizeof(needs)));
    return why;
}

void ost_parser_check_dim(ost_parser_t *self, const ost_value_t *value, ost_dim_t dim, const char *what)
{
    char why[OST_DIM_MISMATCH_SIZE];
    if (value->is_condition) {
        ost_lexer_fail(&self->lexer, &value->at, OST_ERR_SYNTAX,
            "a comparison stands between 'if' and 'then' only, as in if a > b then 1 else 0");
    } else if (!value->is_zero && !ost_dim_equal(value->dim, dim)) {
        ost_lexer_fail(&self->lexer, &value->at, OST_ERR_UNIT, "%s %s", what, mismatch(value, dim, why));
    }
}

ost_ratio_t ost_ratio_of(const ost_unit_t *unit, const char *text)
{
    if (text == NULL || !ost_unit_is_ratio(unit)) return (ost_ratio_t){ 0 };
    return (ost_ratio_t){ text, strlen(text), unit->factor };
}

void ost_parser_check_ratio(ost_parser_t *self, const ost_value_t *value, const ost_ratio_t *ratio)
{
    if (!value->is_plain || value->is_zero || ratio->text == NULL || self->lexer.code != 0) return;
    int length = (int) ratio->length;
    const ost_node_data_t *node = &self->graph->nodes[value->node];
    double number = node->op == OST_OP_CONST ? node->value : 1;
    if (number == 0) return;
    if (node->op == OST_OP_PARAM)
        ost_lexer_fail(&self->lexer, &value->at, OST_ERR_UNIT,
            "'%.*s' has no unit beside a value in [%.*s]; write it times 1 [%.*s] or times %.10g [%.*s]",
            (int) value->at.length, value->at.text, length, ratio->text, length, ratio->text, 1 / ratio->factor, length,
            ratio->text);
    ost_lexer_fail(&self->lexer, &value->at, OST_ERR_UNIT,
        "a number without a unit beside a value in [%.*s]; write its unit, as in %.10g [%.*s] or %.10g [%.*s]", length,
        ratio->text, number, length, ratio->text, number / ratio->factor, length, ratio->text);
}

void ost_value_check_number(ost_parser_t *self, const ost_value_t *value)
{
    ost_parser_check_dim(self, value, value->dim, "");
}

static void check_plain(ost_parser_t *self, const ost_value_t *value, const char *what)
{
    ost_parser_check_dim(self, value, (ost_dim_t){ 0 }, what);
}

ost_dim_t ost_value_same_dim(ost_parser_t *self, const ost_value_t *a, const ost_value_t *b, const ost_token_t *joint)
{
    char why[OST_DIM_MISMATCH_SIZE];
    ost_value_check_number(self, a);
    ost_value_check_number(self, b);
    if (!a->is_zero && !b->is_zero && !ost_dim_equal(a->dim, b->dim)) {
        bool is_first = ost_dim_is_none(a->dim);
        ost_lexer_fail(&self->lexer, joint, OST_ERR_UNIT, "'%.*s' joins dimensions that differ: the %s value %s",
            (int) joint->length, joint->text, is_first ? "first" : "second",
            mismatch(is_first ? a : b, is_first ? b->dim : a->dim, why));
    }
    ost_parser_check_ratio(self, a, &b->ratio);
    ost_parser_check_ratio(self, b, &a->ratio);
    return a->is_zero ? b->dim : a->dim;
}

ost_ratio_t ost_value_either(const ost_value_t *a, const ost_value_t *b)
{
    return a->ratio.text != NULL ? a->ratio : b->ratio;
}

ost_value_t ost_value_result(
    ost_parser_t *self, ost_node_t node, ost_dim_t dim, const ost_value_t *first, const ost_token_t *at)
{
    if (self->lexer.code == 0) {
        const ost_node_data_t *data = &self->graph->nodes[node];
        if (data->op == OST_OP_CONST && !isfinite(data->value))
            ost_lexer_fail(&self->lexer, at, OST_ERR_VALUE, "the value of this is not a finite number");
    }
    return (ost_value_t){ .node = node, .dim = dim, .at = first->at };
}

ost_value_t ost_value_join(ost_parser_t *self, const ost_value_t *a, const ost_value_t *b, const ost_token_t *sign)
{
    ost_graph_t *graph = self->graph;
    ost_op_t op = sign->kind == '+'   ? OST_OP_ADD
                  : sign->kind == '-' ? OST_OP_SUB
                  : sign->kind == '*' ? OST_OP_MUL
                                      : OST_OP_DIV;
    ost_dim_t dim;
    ost_value_check_number(self, a);
    ost_value_check_number(self, b);
    if (op == OST_OP_MUL)
        dim = ost_dim_mul(a->dim, b->dim);
    else if (op == OST_OP_DIV)
        dim = ost_dim_div(a->dim, b->dim);
    else
        dim = ost_value_same_dim(self, a, b, sign);
    ost_value_t value = ost_value_result(self, ost_graph_binary(graph, op, a->node, b->node), dim, a, sign);
    value.is_plain = a->is_plain && b->is_plain;
    bool is_sum = op == OST_OP_ADD || op == OST_OP_SUB;
    bool of_numbers = ost_dim_is_none(a->dim) && ost_dim_is_none(b->dim);
    if (is_sum || (of_numbers && (op == OST_OP_MUL || b->ratio.text == NULL)))
        value.ratio = ost_value_either(a, b); /* 2*x and x*x are in the unit of x; the quotient of two ratios is not */
    return value;
}

ost_value_t ost_value_raise(
    ost_parser_t *self, const ost_value_t *base, const ost_value_t *exponent, const ost_token_t *sign)
{
    ost_dim_t dim = { 0 };
    ost_value_check_number(self, base);
    check_plain(self, exponent, "an exponent");
    if (self->lexer.code == 0 && !ost_dim_is_none(base->dim)) {
        const ost_node_data_t *p = &self->graph->nodes[exponent->node];
        char has[DIM_SIZE];
        if (p->op != OST_OP_CONST) {
            ost_lexer_fail(&self->lexer, &exponent->at, OST_ERR_UNIT,
                "the base has dimension %s, so the exponent must be a constant number",
                ost_dim_format(base->dim, has, sizeof(has)));
        } else if (!ost_dim_pow(&dim, base->dim, p->value)) {
            ost_lexer_fail(&self->lexer, &exponent->at, OST_ERR_UNIT,
                "dimension %s has no such power; divide it by a number with a unit first, as in (weight/70 [kg])^0.75",
                ost_dim_format(base->dim, has, sizeof(has)));
        }
    }
    ost_value_t value =
        ost_value_result(self, ost_graph_binary(self->graph, OST_OP_POW, base->node, exponent->node), dim, base, sign);
    value.is_plain = base->is_plain && exponent->is_plain;
    value.ratio = base->ratio;
    return value;
}

/* x^n/(k^n + x^n) as q/(1 + q) of q = (x/k)^n: one power instead of two. From 1e30 on, q is 1e30, whose quotient is 1
 * too: a larger one may be infinite, and so may its slope. */
static ost_value_t hill(ost_parser_t *self, const ost_value_t *args, const ost_token_t *name)
{
    ost_graph_t *graph = self->graph;
    ost_value_same_dim(self, &args[0], &args[1], name);
    check_plain(self, &args[2], "the exponent of hill()");
    ost_node_t x = args[0].node, k = args[1].node, n = args[2].node;
    bool is_one = self->lexer.code == 0 && graph->nodes[n].op == OST_OP_CONST && graph->nodes[n].value == 1;
    if (!is_one) {
        x = ost_graph_binary(graph, OST_OP_POW, ost_graph_binary(graph, OST_OP_DIV, x, k), n);
        x = ost_graph_binary(graph, OST_OP_MIN, ost_graph_const(graph, OST_NO_LIMIT), x);
        k = ost_graph_const(graph, 1);
    }
    ost_node_t node = ost_graph_binary(graph, OST_OP_DIV, x, ost_graph_binary(graph, OST_OP_ADD, k, x));
    return ost_value_result(self, node, (ost_dim_t){ 0 }, &args[0], name);
}

ost_value_t ost_value_apply(ost_parser_t *self, ost_call_t call, const ost_value_t *args, const ost_token_t *name)
{
    ost_graph_t *graph = self->graph;
    ost_node_t node = args[0].node;
    ost_dim_t dim = { 0 };
    ost_ratio_t ratio = { 0 };
    bool is_plain = args[0].is_plain;
    ost_value_check_number(self, &args[0]);
    switch (call) {
    case OST_CALL_EXP:
    case OST_CALL_LOG:
        check_plain(self, &args[0], call == OST_CALL_EXP ? "the argument of exp()" : "the argument of log()");
        node = ost_graph_unary(graph, call == OST_CALL_EXP ? OST_OP_EXP : OST_OP_LOG, node);
        break;
    case OST_CALL_SQRT:
        if (!ost_dim_pow(&dim, args[0].dim, 0.5)) {
            char has[DIM_SIZE];
            ost_lexer_fail(&self->lexer, &args[0].at, OST_ERR_UNIT, "dimension %s has no square root",
                ost_dim_format(args[0].dim, has, sizeof(has)));
        }
        ratio = args[0].ratio;
        node = ost_graph_unary(graph, OST_OP_SQRT, node);
        break;
    case OST_CALL_ABS:
        dim = args[0].dim;
        ratio = args[0].ratio;
        node = ost_graph_binary(graph, OST_OP_MAX, node, ost_graph_unary(graph, OST_OP_NEG, node));
        break;
    case OST_CALL_MIN:
    case OST_CALL_MAX:
        dim = ost_value_same_dim(self, &args[0], &args[1], name);
        ratio = ost_value_either(&args[0], &args[1]);
        is_plain = is_plain && args[1].is_plain;
        node = ost_graph_binary(graph, call == OST_CALL_MIN ? OST_OP_MIN : OST_OP_MAX, node, args[1].node);
        break;
    case OST_CALL_POW:
        return ost_value_raise(self, &args[0], &args[1], name);
    case OST_CALL_HILL:
        return hill(self, args, name);
    }
    ost_value_t value = ost_value_result(self, node, dim, &args[0], name);
    value.ratio = ratio;
    value.is_plain = is_plain;
    return value;
}
