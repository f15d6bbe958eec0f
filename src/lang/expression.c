/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar of an expression, by recursive descent: a rule of it, a function. */
#include "lang/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COVARIATES_SIZE = 200 };

static ost_value_t signed_power(ost_parser_t *self);

static ost_value_t unknown(ost_parser_t *self)
{
    return (ost_value_t){ .node = ost_graph_const(self->graph, 0), .is_zero = true, .at = self->lexer.token };
}

static bool enter(ost_parser_t *self)
{
    if (self->depth >= OST_MAX_NESTING) {
        ost_token_t at = self->lexer.token;
        ost_lexer_fail(&self->lexer, &at, OST_ERR_LIMIT, "nested more than %d deep", OST_MAX_NESTING);
    }
    if (self->lexer.code != 0) return false;
    self->depth++;
    return true;
}

/* sum(site, expression): the expression is read once for every element. */
static ost_value_t sum_over(ost_parser_t *self)
{
    ost_token_t name = self->lexer.token;
    ost_lexer_next(&self->lexer);
    ost_lexer_expect(&self->lexer, '(', "'(' after sum");
    ost_token_t word = self->lexer.token;
    ost_lexer_expect(&self->lexer, OST_TOKEN_NAME, "an index set");
    int set = ost_parser_find_set(self, &word);
    if (set < 0) {
        ost_lexer_fail(&self->lexer, &word, OST_ERR_NAME, "'%.*s' is not an index set", (int) word.length, word.text);
    } else if (self->element[set] >= 0) {
        ost_lexer_fail(&self->lexer, &word, OST_ERR_NAME,
            "%s stands for one element here already; take the sum in a let of its own above", self->sets[set].name);
    }
    ost_lexer_expect(&self->lexer, ',', "',' and what to add up");
    ost_value_t total = unknown(self);
    if (self->lexer.code != 0) return total;
    self->set_used[set] = true;
    ost_lexer_t start = self->lexer;
    for (size_t i = 0; i < self->sets[set].n_elements && self->lexer.code == 0; i++) {
        ost_lexer_rewind(&self->lexer, &start);
        self->element[set] = (int) i;
        ost_value_t term = ost_parser_expression(self);
        ost_value_check_number(self, &term);
        const ost_value_t each = term;
        term.node = i == 0 ? term.node : ost_graph_binary(self->graph, OST_OP_ADD, total.node, term.node);
        total = ost_value_result(self, term.node, term.dim, &term, &name);
        total.ratio = each.ratio;
        total.is_plain = each.is_plain;
    }
    self->element[set] = -1;
    ost_lexer_expect(&self->lexer, ')', "an operator or ')' closing the sum");
    total.at = name;
    return total;
}

/* -2.5, in the unit of the points */
static double point(ost_parser_t *self, const ost_unit_t *unit)
{
    double sign = ost_lexer_accept(&self->lexer, '-') ? -1 : 1;
    ost_token_t at = self->lexer.token;
    ost_lexer_expect(&self->lexer, OST_TOKEN_NUMBER, "a point of the table, a plain number");
    return sign * at.number * unit->factor;
}

/* table(x [unit]; x1: y1, x2: y2): y1 and, for each stretch between two points, its rise times the share of it that x
 * has passed. Their sum is made in pairs, so that it is short on the way to each. */
static ost_value_t table(ost_parser_t *self)
{
    ost_graph_t *graph = self->graph;
    ost_token_t name = self->lexer.token, raw = { 0 };
    ost_unit_t unit = { .factor = 1 };
    ost_lexer_next(&self->lexer);
    ost_lexer_expect(&self->lexer, '(', "'(' after table");
    ost_value_t x = ost_parser_expression(self), last = unknown(self), total = unknown(self);
    if (self->lexer.token.kind == '[') ost_parser_unit(self, &unit, &raw);
    ost_parser_check_dim(self, &x, unit.dim, "what this table is entered with");
    if (raw.text == NULL && x.ratio.text != NULL)
        ost_lexer_fail(&self->lexer, &x.at, OST_ERR_UNIT,
            "the points of this table have no unit beside a value in [%.*s]; write it, as in table(x [%.*s]; ...)",
            (int) x.ratio.length, x.ratio.text, (int) x.ratio.length, x.ratio.text);
    ost_lexer_expect(&self->lexer, ';', "the unit of the points in brackets, or ';' and the points");
    double from = 0;
    ost_graph_sum_t sum = { 0 };
    do {
        ost_token_t at = self->lexer.token;
        double to = point(self, &unit);
        ost_lexer_expect(&self->lexer, ':', "':' and the value at this point");
        ost_value_t value = ost_parser_expression(self);
        if (sum.n > 0 && !(to > from)) ost_lexer_fail(&self->lexer, &at, OST_ERR_VALUE, "the points of a table ascend");
        bool is_zero = value.is_zero && (sum.n == 0 || total.is_zero);
        bool is_plain = value.is_plain && (sum.n == 0 || total.is_plain);
        ost_ratio_t ratio = ost_value_either(&total, &value);
        if (sum.n == 0) {
            ost_value_check_number(self, &value);
            total = value;
            ost_graph_add_term(graph, &sum, value.node);
        } else {
            ost_dim_t dim = ost_value_same_dim(self, &total, &value, &at);
            ost_node_t start = ost_graph_const(graph, from), end = ost_graph_const(graph, to);
            ost_node_t rise = ost_graph_binary(graph, OST_OP_SUB, value.node, last.node);
            ost_node_t inside = ost_graph_binary(graph, OST_OP_MAX, x.node, start);
            inside = ost_graph_binary(graph, OST_OP_MIN, inside, end);
            ost_node_t passed = ost_graph_binary(graph, OST_OP_SUB, inside, start);
            passed = ost_graph_binary(graph, OST_OP_DIV, passed, ost_graph_const(graph, to - from));
            rise = ost_graph_binary(graph, OST_OP_MUL, rise, passed);
            total = ost_value_result(self, rise, dim, &value, &at);
            ost_graph_add_term(graph, &sum, rise);
        }
        total.is_zero = is_zero;
        total.is_plain = is_plain;
        total.ratio = ratio;
        last = value;
        from = to;
    } while (ost_lexer_accept(&self->lexer, ','));
    if (sum.n < 2) ost_lexer_fail(&self->lexer, &name, OST_ERR_SYNTAX, "a table has two points at least");
    ost_lexer_expect(&self->lexer, ')', "an operator, ',' or ')' closing the table");
    total.node = ost_value_result(self, ost_graph_sum(graph, &sum), total.dim, &total, &name).node;
    total.at = name;
    return total;
}

static ost_value_t call(ost_parser_t *self, size_t i)
{
    ost_token_t name = self->lexer.token;
    ost_value_t args[3] = { unknown(self), unknown(self), unknown(self) };
    ost_lexer_next(&self->lexer);
    ost_lexer_expect(&self->lexer, '(', "'(' after the name of a function");
    for (size_t k = 0; k < ost_functions[i].n_args; k++) {
        if (k > 0 && self->lexer.token.kind == ')') {
            ost_token_t at = self->lexer.token;
            ost_lexer_fail(&self->lexer, &at, OST_ERR_SYNTAX, "%s() takes %zu arguments, found %zu",
                ost_functions[i].name, ost_functions[i].n_args, k);
        }
        if (k > 0) ost_lexer_expect(&self->lexer, ',', "an operator or ','");
        args[k] = ost_parser_expression(self);
    }
    if (self->lexer.token.kind == ',') {
        ost_token_t at = self->lexer.token;
        ost_lexer_fail(&self->lexer, &at, OST_ERR_SYNTAX, "%s() takes %zu argument%s, found more",
            ost_functions[i].name, ost_functions[i].n_args, ost_functions[i].n_args == 1 ? "" : "s");
    }
    ost_lexer_expect(&self->lexer, ')', "an operator or ')' closing the call");
    ost_value_t value = ost_value_apply(self, ost_functions[i].call, args, &name);
    value.at = name;
    return value;
}

/* "; covariates here: age, weight" of a model or a formula of covariates; "" without covariates. */
static const char *list_covariates(const ost_parser_t *self, char text[COVARIATES_SIZE])
{
    size_t length = 0;
    text[0] = '\0';
    const bool is_condition = self->has_time && !self->lexer.is_model;
    for (size_t i = 0; i < self->n_symbols && !is_condition && length < COVARIATES_SIZE; i++) {
        if (self->symbols[i].kind != OST_SYMBOL_COVARIATE) continue;
        int n = snprintf(text + length, COVARIATES_SIZE - length, "%s%s", length == 0 ? "; covariates here: " : ", ",
            self->symbols[i].name);
        length += n > 0 ? (size_t) n : 0;
    }
    return text;
}

static void unknown_name(ost_parser_t *self, const ost_token_t *name)
{
    /* what other languages call it, too far for an edit distance */
    static const char *const elsewhere[][2] = { { "ln", "log" }, { "fabs", "abs" }, { "t", "time" }, { "WT", "weight" },
        { "BW", "weight" } };
    char hint[OST_SUGGESTION_SIZE] = "", covariates[COVARIATES_SIZE];
    const char **names = malloc((self->n_symbols + OST_N_FUNCTIONS + 2) * sizeof(*names));
    if (names != NULL) {
        size_t n = 0;
        for (size_t i = 0; i < self->n_symbols; i++) names[n++] = self->symbols[i].name;
        for (size_t i = 0; i < OST_N_FUNCTIONS; i++) names[n++] = ost_functions[i].name;
        if (self->has_time) names[n++] = "time";
        ost_suggest(name, names, n, hint, sizeof(hint));
        for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
            for (size_t k = 0; k < n && ost_token_is(name, elsewhere[i][0]); k++)
                if (strcmp(names[k], elsewhere[i][1]) == 0)
                    snprintf(hint, sizeof(hint), " (did you mean '%s'?)", elsewhere[i][1]);
        }
    }
    ost_lexer_fail(&self->lexer, name, OST_ERR_NAME, "unknown name '%.*s'%s%s", (int) name->length, name->text, hint,
        list_covariates(self, covariates));
    free(names);
}

/* Which element of an indexed name is meant: [site] for the one at hand, [total_hip] for a fixed one. */
static size_t read_index(ost_parser_t *self, const ost_symbol_t *symbol, const ost_token_t *name)
{
    bool has_index = self->lexer.token.kind == '[' && self->lexer.token.touches;
    const char *set = symbol->set >= 0 ? self->sets[symbol->set].name : "";
    if (symbol->set < 0 && has_index) {
        ost_token_t at = self->lexer.token;
        ost_lexer_fail(&self->lexer, &at, OST_ERR_NAME, "'%s' has no index", symbol->name);
    } else if (symbol->set >= 0 && !has_index) {
        ost_lexer_fail(&self->lexer, name, OST_ERR_NAME,
            "'%s' has one value for each %s: write %s[%s] or name an element", symbol->name, set, symbol->name, set);
    }
    if (!has_index || self->lexer.code != 0) return 0;
    ost_lexer_next(&self->lexer);
    ost_token_t word = self->lexer.token;
    ost_lexer_expect(&self->lexer, OST_TOKEN_NAME, "an index set or one of its elements");
    ost_lexer_expect(&self->lexer, ']', "']' closing the index");
    if (self->lexer.code != 0) return 0;
    int over = ost_parser_find_set(self, &word);
    if (over < 0) return ost_parser_element(self, symbol->set, &word);
    if (over != symbol->set) {
        ost_lexer_fail(&self->lexer, &word, OST_ERR_NAME, "'%s' is indexed by %s, not by %s", symbol->name, set,
            self->sets[over].name);
    } else if (self->element[over] < 0) {
        ost_lexer_fail(&self->lexer, &word, OST_ERR_NAME,
            "%s stands for no element here: this statement is not over [%s]; name an element or take sum(%s, ...)", set,
            set, set);
    }
    return self->lexer.code == 0 ? (size_t) self->element[over] : 0;
}

static ost_value_t reference(ost_parser_t *self)
{
    ost_token_t name = self->lexer.token;
    ost_value_t value = unknown(self);
    ost_symbol_t *symbol = ost_parser_find(self, &name);
    if (symbol == NULL) {
        unknown_name(self, &name);
        return value;
    }
    ost_lexer_next(&self->lexer);
    size_t i = read_index(self, symbol, &name);
    if (symbol->nodes == NULL) ost_parser_undefined(self, &name, symbol);
    if (self->lexer.code != 0) return value;
    if (self->constant && self->graph->nodes[symbol->nodes[i]].varies)
        ost_lexer_fail(&self->lexer, &name, OST_ERR_MODEL,
            "'%s' changes with time; an initial value depends on parameters and covariates only", symbol->name);
    if (symbol != self->own) symbol->used = true;
    return (ost_value_t){
        .node = symbol->nodes[i], .dim = symbol->dim, .ratio = symbol->ratio, .is_plain = symbol->is_plain, .at = name
    };
}

/* "2 year", which experiments have as a quantity, and expressions as 2 [year]. */
static void check_bare_unit(ost_parser_t *self, const ost_token_t *number)
{
    const ost_token_t word = self->lexer.token;
    char text[OST_NAME_SIZE];
    ost_unit_t unit;
    snprintf(text, sizeof(text), "%.*s", (int) word.length, word.text);
    if (ost_unit_parse(&unit, text, NULL) != 0) return;
    ost_lexer_fail(&self->lexer, &word, OST_ERR_SYNTAX,
        "the unit of a number is in brackets in a formula, as in %.*s [%s]", (int) number->length, number->text, text);
}

static ost_value_t number(ost_parser_t *self)
{
    ost_value_t value = { .at = self->lexer.token };
    ost_unit_t unit = { .factor = 1 };
    ost_token_t raw;
    ost_lexer_next(&self->lexer);
    if (self->lexer.token.kind == '[') {
        ost_parser_unit(self, &unit, &raw);
        if (ost_unit_is_ratio(&unit)) value.ratio = (ost_ratio_t){ raw.text, raw.length, unit.factor };
    } else {
        if (self->lexer.token.kind == OST_TOKEN_NAME) check_bare_unit(self, &value.at);
        value.is_plain = true;
        value.is_zero = value.at.number == 0;
    }
    value.dim = unit.dim;
    value.node = ost_graph_const(self->graph, value.at.number * unit.factor);
    return value;
}

static ost_value_t primary(ost_parser_t *self)
{
    ost_token_t at = self->lexer.token;
    if (++self->n_terms > OST_MAX_TERMS)
        ost_lexer_fail(&self->lexer, &at, OST_ERR_LIMIT, "more than %d names and numbers in one text", OST_MAX_TERMS);
    if (at.kind == OST_TOKEN_NUMBER) return number(self);
    if (ost_lexer_accept(&self->lexer, '(')) {
        ost_value_t value = ost_parser_expression(self);
        ost_lexer_expect(&self->lexer, ')', "an operator or ')'");
        value.at = at;
        return value;
    }
    if (at.kind != OST_TOKEN_NAME) {
        ost_lexer_unexpected(&self->lexer, "a name, a number or '('");
        return unknown(self);
    }
    if (ost_token_is(&at, "sum")) return sum_over(self);
    if (ost_token_is(&at, "table")) return table(self);
    if (ost_token_is(&at, "time") && self->has_time) {
        ost_value_t value = { .node = ost_graph_leaf(self->graph, OST_OP_TIME, 0), .at = at };
        value.dim.sixths[OST_DIM_TIME] = 6;
        if (self->constant)
            ost_lexer_fail(
                &self->lexer, &at, OST_ERR_MODEL, "an initial value depends on parameters and covariates only");
        ost_lexer_next(&self->lexer);
        return value;
    }
    if (ost_token_is(&at, "if")) {
        ost_lexer_fail(&self->lexer, &at, OST_ERR_SYNTAX, "put parentheses around an 'if' inside an expression");
        return unknown(self);
    }
    for (size_t i = 0; i < OST_N_FUNCTIONS; i++) {
        if (ost_token_is(&at, ost_functions[i].name)) return call(self, i);
    }
    return reference(self);
}

static ost_value_t power(ost_parser_t *self)
{
    ost_value_t base = primary(self);
    ost_token_t sign = self->lexer.token;
    if (sign.kind != '^' || !enter(self)) return base;
    ost_lexer_next(&self->lexer);
    ost_value_t exponent = signed_power(self);
    self->depth--;
    return ost_value_raise(self, &base, &exponent, &sign);
}

static ost_value_t signed_power(ost_parser_t *self)
{
    ost_token_t sign = self->lexer.token;
    if (sign.kind != '-') return power(self);
    if (!enter(self)) return unknown(self);
    ost_lexer_next(&self->lexer);
    ost_value_t value = signed_power(self);
    ost_value_check_number(self, &value);
    self->depth--;
    return (ost_value_t){ .node = ost_graph_unary(self->graph, OST_OP_NEG, value.node),
        .dim = value.dim,
        .ratio = value.ratio,
        .is_plain = value.is_plain,
        .at = sign };
}

/* Operands joined by one of two signs, from left to right. */
static ost_value_t join(ost_parser_t *self, ost_value_t (*operand)(ost_parser_t *), int one, int other)
{
    ost_value_t left = operand(self);
    for (;;) {
        ost_token_t sign = self->lexer.token;
        if (!ost_lexer_accept(&self->lexer, one) && !ost_lexer_accept(&self->lexer, other)) return left;
        ost_value_t right = operand(self);
        left = ost_value_join(self, &left, &right, &sign);
    }
}

static ost_value_t product(ost_parser_t *self)
{
    return join(self, signed_power, '*', '/');
}

static ost_value_t sum(ost_parser_t *self)
{
    return join(self, product, '+', '-');
}

static bool is_comparison(const ost_token_t *token)
{
    return token->kind == '<' || token->kind == '>' || token->kind == OST_TOKEN_LESS_EQUAL ||
           token->kind == OST_TOKEN_GREATER_EQUAL;
}

/* A switch holds where g >= 0, so that a > b is read as not (b >= a): exact at equality too, as in `if dose > 0`. */
static ost_value_t comparison(ost_parser_t *self)
{
    ost_value_t left = sum(self);
    ost_token_t sign = self->lexer.token;
    if (self->lexer.code != 0 || !is_comparison(&sign)) return left;
    ost_lexer_next(&self->lexer);
    ost_value_t right = sum(self);
    ost_value_same_dim(self, &left, &right, &sign);
    if (is_comparison(&self->lexer.token)) {
        ost_token_t at = self->lexer.token;
        ost_lexer_fail(&self->lexer, &at, OST_ERR_SYNTAX, "one comparison at a time: join two by 'and'");
    }
    bool is_strict = sign.kind == '<' || sign.kind == '>';
    bool left_first = sign.kind == OST_TOKEN_GREATER_EQUAL || sign.kind == '<';
    ost_node_t condition = left_first ? ost_condition_at_least(self, left.node, right.node, &sign)
                                      : ost_condition_at_least(self, right.node, left.node, &sign);
    if (is_strict) condition = ost_condition_opposite(self, condition);
    return (ost_value_t){ .node = condition, .is_condition = true, .at = left.at };
}

static void check_condition(ost_parser_t *self, const ost_value_t *value)
{
    if (value->is_condition) return;
    ost_lexer_fail(&self->lexer, &value->at, OST_ERR_SYNTAX, "expected a comparison, as in a > b");
}

static ost_value_t negation(ost_parser_t *self)
{
    ost_token_t at = self->lexer.token;
    if (!ost_token_is(&at, "not")) return comparison(self);
    if (!enter(self)) return unknown(self);
    ost_lexer_next(&self->lexer);
    ost_value_t value = negation(self);
    check_condition(self, &value);
    value.node = ost_condition_opposite(self, value.node);
    value.at = at;
    self->depth--;
    return value;
}

static ost_value_t join_conditions(
    ost_parser_t *self, ost_value_t (*operand)(ost_parser_t *), const char *word, ost_op_t op)
{
    ost_value_t left = operand(self);
    while (ost_lexer_accept_word(&self->lexer, word)) {
        ost_value_t right = operand(self);
        check_condition(self, &left);
        check_condition(self, &right);
        left.node = ost_graph_binary(self->graph, op, left.node, right.node);
    }
    return left;
}

static ost_value_t conjunction(ost_parser_t *self)
{
    return join_conditions(self, negation, "and", OST_OP_MUL);
}

static ost_value_t disjunction(ost_parser_t *self)
{
    return join_conditions(self, conjunction, "or", OST_OP_MAX);
}

ost_value_t ost_parser_expression(ost_parser_t *self)
{
    if (!enter(self)) return unknown(self);
    ost_token_t at = self->lexer.token;
    ost_value_t value;
    if (ost_lexer_accept_word(&self->lexer, "if")) {
        ost_value_t condition = disjunction(self);
        if (self->lexer.token.kind == '=') {
            ost_token_t equals = self->lexer.token;
            ost_lexer_fail(&self->lexer, &equals, OST_ERR_SYNTAX, "values are compared by < <= > >= only");
        }
        check_condition(self, &condition);
        if (!ost_lexer_accept_word(&self->lexer, "then"))
            ost_lexer_unexpected(&self->lexer, "'then' after the condition");
        ost_value_t yes = ost_parser_expression(self);
        ost_token_t joint = self->lexer.token;
        if (!ost_lexer_accept_word(&self->lexer, "else")) ost_lexer_unexpected(&self->lexer, "'else'");
        ost_value_t no = ost_parser_expression(self);
        ost_dim_t dim = ost_value_same_dim(self, &yes, &no, &joint);
        ost_node_t node = ost_graph_select(self->graph, condition.node, yes.node, no.node);
        value = ost_value_result(self, node, dim, &yes, &at);
        value.ratio = ost_value_either(&yes, &no);
        value.is_plain = yes.is_plain && no.is_plain;
        value.at = at;
    } else {
        value = disjunction(self);
    }
    self->depth--;
    return value;
}
