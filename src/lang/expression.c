/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/expression.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUGGESTION_SIZE = 128, DIM_SIZE = 80 };

typedef enum { CALL_EXP, CALL_LOG, CALL_SQRT, CALL_ABS, CALL_MIN, CALL_MAX, CALL_POW, CALL_HILL } call_t;

static const struct {
    const char *name;
    size_t n_args;
    call_t call;
} functions[] = { { "exp", 1, CALL_EXP }, { "log", 1, CALL_LOG }, { "sqrt", 1, CALL_SQRT }, { "abs", 1, CALL_ABS },
    { "min", 2, CALL_MIN }, { "max", 2, CALL_MAX }, { "pow", 2, CALL_POW }, { "hill", 3, CALL_HILL } };

#define N_FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static const char *const words[] = { "model", "kind", "index", "signal", "reads", "covariate", "param", "state", "let",
    "dose", "drives", "output", "noise", "if", "then", "else", "and", "or", "not", "time", "sum", "table", "in",
    "spread", "prior", "scale", "signed", "combine", "also" };

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static ost_value_t conjunction(ost_parser_t *self);
static ost_value_t disjunction(ost_parser_t *self);
static ost_value_t signed_power(ost_parser_t *self);

void ost_parser_check_name(ost_parser_t *self, const ost_token_t *name)
{
    bool is_taken = false;
    for (size_t i = 0; i < N_WORDS; i++) is_taken = is_taken || ost_token_is(name, words[i]);
    for (size_t i = 0; i < N_FUNCTIONS; i++) is_taken = is_taken || ost_token_is(name, functions[i].name);
    if (is_taken) {
        ost_lexer_fail(&self->lexer, name, OST_ERR_NAME, "'%.*s' is a word of the notation, not free as a name",
            (int) name->length, name->text);
    }
}

char *ost_suggest(const ost_token_t *word, const char *const *names, size_t n_names, char *buf, size_t size)
{
    char text[OST_NAME_SIZE];
    snprintf(text, sizeof(text), "%.*s", (int) word->length, word->text);
    const char *nearest = ost_nearest(text, names, n_names);
    buf[0] = '\0';
    if (nearest != NULL) snprintf(buf, size, " (did you mean '%s'?)", nearest);
    return buf;
}

void ost_parser_free(ost_parser_t *self)
{
    for (size_t i = 0; i < self->n_symbols; i++) free(self->symbols[i].nodes);
    free(self->symbols);
    free(self->switches);
    free(self->switch_lines);
    self->symbols = NULL;
    self->switches = NULL;
    self->switch_lines = NULL;
    self->n_symbols = self->n_switches = 0;
}

ost_symbol_t *ost_parser_find(const ost_parser_t *self, const ost_token_t *name)
{
    for (size_t i = 0; i < self->n_symbols; i++) {
        if (ost_token_is(name, self->symbols[i].name)) return &self->symbols[i];
    }
    return NULL;
}

int ost_parser_find_set(const ost_parser_t *self, const ost_token_t *name)
{
    for (size_t i = 0; i < self->n_sets; i++) {
        if (ost_token_is(name, self->sets[i].name)) return (int) i;
    }
    return -1;
}

uint32_t ost_parser_element(ost_parser_t *self, int set, const ost_token_t *name)
{
    const ost_index_set_t *s = &self->sets[set];
    for (size_t i = 0; i < s->n_elements; i++) {
        if (ost_token_is(name, s->elements[i])) return (uint32_t) i;
    }
    char hint[SUGGESTION_SIZE];
    ost_lexer_fail(&self->lexer, name, OST_ERR_NAME, "'%.*s' is not an element of %s%s", (int) name->length, name->text,
        s->name, ost_suggest(name, (const char *const *) s->elements, s->n_elements, hint, sizeof(hint)));
    return 0;
}

ost_symbol_t *ost_parser_declare(ost_parser_t *self, const ost_token_t *name, ost_symbol_kind_t kind, int set)
{
    if (self->lexer.code != 0) return NULL;
    int length = (int) name->length;
    const ost_symbol_t *other = ost_parser_find(self, name);
    ost_parser_check_name(self, name);
    if (other != NULL) {
        ost_lexer_fail(
            &self->lexer, name, OST_ERR_NAME, "'%s' is defined twice, before at line %d", other->name, other->at.line);
    } else if (ost_parser_find_set(self, name) >= 0) {
        ost_lexer_fail(&self->lexer, name, OST_ERR_NAME, "'%.*s' is an index set already", length, name->text);
    }
    size_t n = self->n_symbols;
    if (self->lexer.code == 0 && (n & (n - 1)) == 0) {
        ost_symbol_t *more = realloc(self->symbols, (n > 0 ? 2 * n : 1) * sizeof(*more));
        if (more == NULL)
            ost_lexer_fail(&self->lexer, name, OST_ERR_NO_MEMORY, "out of memory");
        else
            self->symbols = more;
    }
    if (self->lexer.code != 0) return NULL;
    ost_symbol_t *symbol = &self->symbols[self->n_symbols++];
    *symbol = (ost_symbol_t){ .kind = kind, .set = set, .at = *name };
    symbol->n_nodes = set < 0 ? 1 : self->sets[set].n_elements;
    memcpy(symbol->name, name->text, name->length);
    return symbol;
}

void ost_parser_unit(ost_parser_t *self, ost_unit_t *unit, ost_token_t *raw)
{
    char text[OST_NAME_SIZE];
    ost_error_t why = { 0 };
    *unit = (ost_unit_t){ .factor = 1 };
    if (self->lexer.token.kind != '[') ost_lexer_unexpected(&self->lexer, "a unit in brackets, [1] for none");
    ost_lexer_bracket(&self->lexer, raw);
    if (self->lexer.code != 0) return;
    snprintf(text, sizeof(text), "%.*s", (int) raw->length, raw->text);
    if (raw->length >= sizeof(text)) {
        ost_lexer_fail(&self->lexer, raw, OST_ERR_LIMIT, "a unit of more than %zu letters", sizeof(text) - 1);
    } else if (ost_unit_parse(unit, text, &why) != 0) {
        ost_lexer_fail(&self->lexer, raw, why.code, "%s", why.what);
        unit->factor = 1;
    }
}

void ost_parser_check_dim(ost_parser_t *self, const ost_value_t *value, ost_dim_t dim, const char *what)
{
    char why[OST_DIM_MISMATCH_SIZE];
    if (value->is_condition) {
        ost_lexer_fail(&self->lexer, &value->at, OST_ERR_SYNTAX,
            "a comparison stands between 'if' and 'then' only, as in if a > b then 1 else 0");
    } else if (!value->is_zero && !ost_dim_equal(value->dim, dim)) {
        ost_lexer_fail(
            &self->lexer, &value->at, OST_ERR_UNIT, "%s %s", what, ost_dim_mismatch(value->dim, dim, NULL, why));
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

static void check_number(ost_parser_t *self, const ost_value_t *value)
{
    ost_parser_check_dim(self, value, value->dim, "");
}

static void check_plain(ost_parser_t *self, const ost_value_t *value, const char *what)
{
    ost_parser_check_dim(self, value, (ost_dim_t){ 0 }, what);
}

/* The dimension of two things that must have the same, an error at the sign or name that joins them otherwise. */
static ost_dim_t same_dim(ost_parser_t *self, const ost_value_t *a, const ost_value_t *b, const ost_token_t *joint)
{
    char why[OST_DIM_MISMATCH_SIZE];
    check_number(self, a);
    check_number(self, b);
    if (!a->is_zero && !b->is_zero && !ost_dim_equal(a->dim, b->dim)) {
        bool is_first = ost_dim_is_none(a->dim);
        ost_lexer_fail(&self->lexer, joint, OST_ERR_UNIT, "'%.*s' joins dimensions that differ: the %s value %s",
            (int) joint->length, joint->text, is_first ? "first" : "second",
            ost_dim_mismatch(is_first ? a->dim : b->dim, is_first ? b->dim : a->dim, NULL, why));
    }
    ost_parser_check_ratio(self, a, &b->ratio);
    ost_parser_check_ratio(self, b, &a->ratio);
    return a->is_zero ? b->dim : a->dim;
}

/* The unit of a sum, a smaller or a larger one of two. */
static ost_ratio_t either(const ost_value_t *a, const ost_value_t *b)
{
    return a->ratio.text != NULL ? a->ratio : b->ratio;
}

/* A result of arithmetic; what was folded to infinity or to no number is refused at `at`. */
static ost_value_t result(
    ost_parser_t *self, ost_node_t node, ost_dim_t dim, const ost_value_t *first, const ost_token_t *at)
{
    if (self->lexer.code == 0) {
        const ost_node_data_t *data = &self->graph->nodes[node];
        if (data->op == OST_OP_CONST && !isfinite(data->value))
            ost_lexer_fail(&self->lexer, at, OST_ERR_VALUE, "the value of this is not a finite number");
    }
    return (ost_value_t){ .node = node, .dim = dim, .at = first->at };
}

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
            ost_node_t *more = realloc(self->switches, (n > 0 ? 2 * n : 1) * sizeof(*more));
            if (more != NULL) self->switches = more;
            int *lines = realloc(self->switch_lines, (n > 0 ? 2 * n : 1) * sizeof(*lines));
            if (lines != NULL) self->switch_lines = lines;
            if (more == NULL || lines == NULL) {
                ost_lexer_fail(&self->lexer, at, OST_ERR_NO_MEMORY, "out of memory");
                return g;
            }
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
    if (used == NULL || map == NULL) ost_lexer_fail(&self->lexer, at, OST_ERR_NO_MEMORY, "out of memory");
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

static ost_node_t opposite(ost_parser_t *self, ost_node_t condition)
{
    return ost_graph_binary(self->graph, OST_OP_SUB, ost_graph_const(self->graph, 1), condition);
}

static ost_value_t join(ost_parser_t *self, const ost_value_t *a, const ost_value_t *b, const ost_token_t *sign)
{
    ost_graph_t *graph = self->graph;
    ost_op_t op = sign->kind == '+'   ? OST_OP_ADD
                  : sign->kind == '-' ? OST_OP_SUB
                  : sign->kind == '*' ? OST_OP_MUL
                                      : OST_OP_DIV;
    ost_dim_t dim;
    check_number(self, a);
    check_number(self, b);
    if (op == OST_OP_MUL)
        dim = ost_dim_mul(a->dim, b->dim);
    else if (op == OST_OP_DIV)
        dim = ost_dim_div(a->dim, b->dim);
    else
        dim = same_dim(self, a, b, sign);
    ost_value_t value = result(self, ost_graph_binary(graph, op, a->node, b->node), dim, a, sign);
    value.is_plain = a->is_plain && b->is_plain;
    bool is_sum = op == OST_OP_ADD || op == OST_OP_SUB;
    bool of_numbers = ost_dim_is_none(a->dim) && ost_dim_is_none(b->dim);
    if (is_sum || (of_numbers && (op == OST_OP_MUL || b->ratio.text == NULL)))
        value.ratio = either(a, b); /* 2*x and x*x are in the unit of x; the quotient of two ratios is not */
    return value;
}

static ost_value_t raise(
    ost_parser_t *self, const ost_value_t *base, const ost_value_t *exponent, const ost_token_t *sign)
{
    ost_dim_t dim = { 0 };
    check_number(self, base);
    check_plain(self, exponent, "an exponent");
    if (self->lexer.code == 0 && !ost_dim_is_none(base->dim)) {
        const ost_node_data_t *p = &self->graph->nodes[exponent->node];
        char has[DIM_SIZE];
        if (p->op != OST_OP_CONST) {
            ost_lexer_fail(&self->lexer, &exponent->at, OST_ERR_UNIT,
                "the base has dimension %s, so the exponent must be a constant number",
                ost_dim_format(base->dim, has, sizeof(has)));
        } else if (!ost_dim_pow(&dim, base->dim, p->value)) {
            ost_lexer_fail(&self->lexer, &exponent->at, OST_ERR_UNIT, "dimension %s has no such power",
                ost_dim_format(base->dim, has, sizeof(has)));
        }
    }
    ost_value_t value =
        result(self, ost_graph_binary(self->graph, OST_OP_POW, base->node, exponent->node), dim, base, sign);
    value.is_plain = base->is_plain && exponent->is_plain;
    value.ratio = base->ratio;
    return value;
}

/* x^n/(k^n + x^n) as q/(1 + q) of q = (x/k)^n: one power instead of two. From 1e30 on, q is 1e30, whose quotient is 1
 * too: a larger one may be infinite, and so may its slope. */
static ost_value_t hill(ost_parser_t *self, const ost_value_t *args, const ost_token_t *name)
{
    ost_graph_t *graph = self->graph;
    same_dim(self, &args[0], &args[1], name);
    check_plain(self, &args[2], "the exponent of hill()");
    ost_node_t x = args[0].node, k = args[1].node, n = args[2].node;
    bool is_one = self->lexer.code == 0 && graph->nodes[n].op == OST_OP_CONST && graph->nodes[n].value == 1;
    if (!is_one) {
        x = ost_graph_binary(graph, OST_OP_POW, ost_graph_binary(graph, OST_OP_DIV, x, k), n);
        x = ost_graph_binary(graph, OST_OP_MIN, ost_graph_const(graph, OST_NO_LIMIT), x);
        k = ost_graph_const(graph, 1);
    }
    ost_node_t node = ost_graph_binary(graph, OST_OP_DIV, x, ost_graph_binary(graph, OST_OP_ADD, k, x));
    return result(self, node, (ost_dim_t){ 0 }, &args[0], name);
}

static ost_value_t apply(ost_parser_t *self, call_t call, const ost_value_t *args, const ost_token_t *name)
{
    ost_graph_t *graph = self->graph;
    ost_node_t node = args[0].node;
    ost_dim_t dim = { 0 };
    ost_ratio_t ratio = { 0 };
    bool is_plain = args[0].is_plain;
    check_number(self, &args[0]);
    switch (call) {
    case CALL_EXP:
    case CALL_LOG:
        check_plain(self, &args[0], call == CALL_EXP ? "the argument of exp()" : "the argument of log()");
        node = ost_graph_unary(graph, call == CALL_EXP ? OST_OP_EXP : OST_OP_LOG, node);
        break;
    case CALL_SQRT:
        if (!ost_dim_pow(&dim, args[0].dim, 0.5)) {
            char has[DIM_SIZE];
            ost_lexer_fail(&self->lexer, &args[0].at, OST_ERR_UNIT, "dimension %s has no square root",
                ost_dim_format(args[0].dim, has, sizeof(has)));
        }
        ratio = args[0].ratio;
        node = ost_graph_unary(graph, OST_OP_SQRT, node);
        break;
    case CALL_ABS:
        dim = args[0].dim;
        ratio = args[0].ratio;
        node = ost_graph_binary(graph, OST_OP_MAX, node, ost_graph_unary(graph, OST_OP_NEG, node));
        break;
    case CALL_MIN:
    case CALL_MAX:
        dim = same_dim(self, &args[0], &args[1], name);
        ratio = either(&args[0], &args[1]);
        is_plain = is_plain && args[1].is_plain;
        node = ost_graph_binary(graph, call == CALL_MIN ? OST_OP_MIN : OST_OP_MAX, node, args[1].node);
        break;
    case CALL_POW:
        return raise(self, &args[0], &args[1], name);
    case CALL_HILL:
        return hill(self, args, name);
    }
    ost_value_t value = result(self, node, dim, &args[0], name);
    value.ratio = ratio;
    value.is_plain = is_plain;
    return value;
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
        check_number(self, &term);
        const ost_value_t each = term;
        term.node = i == 0 ? term.node : ost_graph_binary(self->graph, OST_OP_ADD, total.node, term.node);
        total = result(self, term.node, term.dim, &term, &name);
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
        ost_ratio_t ratio = either(&total, &value);
        if (sum.n == 0) {
            check_number(self, &value);
            total = value;
            ost_graph_add_term(graph, &sum, value.node);
        } else {
            ost_dim_t dim = same_dim(self, &total, &value, &at);
            ost_node_t start = ost_graph_const(graph, from), end = ost_graph_const(graph, to);
            ost_node_t rise = ost_graph_binary(graph, OST_OP_SUB, value.node, last.node);
            ost_node_t inside = ost_graph_binary(graph, OST_OP_MAX, x.node, start);
            inside = ost_graph_binary(graph, OST_OP_MIN, inside, end);
            ost_node_t passed = ost_graph_binary(graph, OST_OP_SUB, inside, start);
            passed = ost_graph_binary(graph, OST_OP_DIV, passed, ost_graph_const(graph, to - from));
            rise = ost_graph_binary(graph, OST_OP_MUL, rise, passed);
            total = result(self, rise, dim, &value, &at);
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
    total.node = result(self, ost_graph_sum(graph, &sum), total.dim, &total, &name).node;
    total.at = name;
    return total;
}

static ost_value_t call(ost_parser_t *self, size_t i)
{
    ost_token_t name = self->lexer.token;
    ost_value_t args[3] = { unknown(self), unknown(self), unknown(self) };
    ost_lexer_next(&self->lexer);
    ost_lexer_expect(&self->lexer, '(', "'(' after the name of a function");
    for (size_t k = 0; k < functions[i].n_args; k++) {
        if (k > 0 && self->lexer.token.kind == ')') {
            ost_token_t at = self->lexer.token;
            ost_lexer_fail(&self->lexer, &at, OST_ERR_SYNTAX, "%s() takes %zu arguments, found %zu", functions[i].name,
                functions[i].n_args, k);
        }
        if (k > 0) ost_lexer_expect(&self->lexer, ',', "an operator or ','");
        args[k] = ost_parser_expression(self);
    }
    if (self->lexer.token.kind == ',') {
        ost_token_t at = self->lexer.token;
        ost_lexer_fail(&self->lexer, &at, OST_ERR_SYNTAX, "%s() takes %zu argument%s, found more", functions[i].name,
            functions[i].n_args, functions[i].n_args == 1 ? "" : "s");
    }
    ost_lexer_expect(&self->lexer, ')', "an operator or ')' closing the call");
    ost_value_t value = apply(self, functions[i].call, args, &name);
    value.at = name;
    return value;
}

static void unknown_name(ost_parser_t *self, const ost_token_t *name)
{
    /* what other languages call it, too far for an edit distance */
    static const char *const elsewhere[][2] = { { "ln", "log" }, { "fabs", "abs" }, { "t", "time" } };
    char hint[SUGGESTION_SIZE] = "";
    const char **names = malloc((self->n_symbols + N_FUNCTIONS + 2) * sizeof(*names));
    if (names != NULL) {
        size_t n = 0;
        for (size_t i = 0; i < self->n_symbols; i++) names[n++] = self->symbols[i].name;
        for (size_t i = 0; i < N_FUNCTIONS; i++) names[n++] = functions[i].name;
        if (self->has_time) names[n++] = "time";
        ost_suggest(name, names, n, hint, sizeof(hint));
    }
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        if (ost_token_is(name, elsewhere[i][0])) snprintf(hint, sizeof(hint), " (did you mean '%s'?)", elsewhere[i][1]);
    }
    ost_lexer_fail(&self->lexer, name, OST_ERR_NAME, "unknown name '%.*s'%s", (int) name->length, name->text, hint);
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
    if (symbol->nodes == NULL) {
        ost_lexer_fail(&self->lexer, &name, OST_ERR_NAME,
            "'%s' is not defined yet: its let is at line %d, and a let stands above its use", symbol->name,
            symbol->at.line);
    }
    if (self->lexer.code != 0) return value;
    if (self->constant && self->graph->nodes[symbol->nodes[i]].varies) {
        ost_lexer_fail(&self->lexer, &name, OST_ERR_MODEL,
            "'%s' changes with time; an initial value depends on parameters and covariates only", symbol->name);
    }
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
    if (++self->n_terms > OST_MAX_TERMS) {
        ost_lexer_fail(&self->lexer, &at, OST_ERR_LIMIT, "more than %d names and numbers in one text", OST_MAX_TERMS);
    }
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
    for (size_t i = 0; i < N_FUNCTIONS; i++) {
        if (ost_token_is(&at, functions[i].name)) return call(self, i);
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
    return raise(self, &base, &exponent, &sign);
}

static ost_value_t signed_power(ost_parser_t *self)
{
    ost_token_t sign = self->lexer.token;
    if (sign.kind != '-') return power(self);
    if (!enter(self)) return unknown(self);
    ost_lexer_next(&self->lexer);
    ost_value_t value = signed_power(self);
    check_number(self, &value);
    self->depth--;
    return (ost_value_t){ .node = ost_graph_unary(self->graph, OST_OP_NEG, value.node),
        .dim = value.dim,
        .ratio = value.ratio,
        .is_plain = value.is_plain,
        .at = sign };
}

static ost_value_t product(ost_parser_t *self)
{
    ost_value_t left = signed_power(self);
    for (;;) {
        ost_token_t sign = self->lexer.token;
        if (!ost_lexer_accept(&self->lexer, '*') && !ost_lexer_accept(&self->lexer, '/')) return left;
        ost_value_t right = signed_power(self);
        left = join(self, &left, &right, &sign);
    }
}

static ost_value_t sum(ost_parser_t *self)
{
    ost_value_t left = product(self);
    for (;;) {
        ost_token_t sign = self->lexer.token;
        if (!ost_lexer_accept(&self->lexer, '+') && !ost_lexer_accept(&self->lexer, '-')) return left;
        ost_value_t right = product(self);
        left = join(self, &left, &right, &sign);
    }
}

static bool is_comparison(const ost_token_t *token)
{
    return token->kind == '<' || token->kind == '>' || token->kind == OST_TOKEN_LESS_EQUAL ||
           token->kind == OST_TOKEN_GREATER_EQUAL;
}

/* 1 where a >= b, else 0. A min or max on either side has no slope where it bends, and a step over both of its
 * crossings shows nothing of them: each of its operands is compared by a switch of its own. */
static ost_node_t at_least(ost_parser_t *self, ost_node_t a, ost_node_t b, const ost_token_t *at)
{
    const ost_node_data_t left = self->graph->nodes[a], right = self->graph->nodes[b];
    bool splits_left = left.op == OST_OP_MIN || left.op == OST_OP_MAX;
    bool splits_right = right.op == OST_OP_MIN || right.op == OST_OP_MAX;
    if (self->in_output || self->n_terms >= OST_MAX_TERMS || (!splits_left && !splits_right))
        return holds(self, smooth(self, ost_graph_binary(self->graph, OST_OP_SUB, a, b), at), at);
    self->n_terms++;
    bool is_either = splits_left ? left.op == OST_OP_MAX : right.op == OST_OP_MIN;
    ost_node_t first = splits_left ? at_least(self, left.a, b, at) : at_least(self, a, right.a, at);
    ost_node_t second = splits_left ? at_least(self, left.b, b, at) : at_least(self, a, right.b, at);
    return ost_graph_binary(self->graph, is_either ? OST_OP_MAX : OST_OP_MUL, first, second);
}

/* A switch holds where g >= 0, so that a > b is read as not (b >= a): exact at equality too, as in `if dose > 0`. */
static ost_value_t comparison(ost_parser_t *self)
{
    ost_value_t left = sum(self);
    ost_token_t sign = self->lexer.token;
    if (self->lexer.code != 0 || !is_comparison(&sign)) return left;
    ost_lexer_next(&self->lexer);
    ost_value_t right = sum(self);
    same_dim(self, &left, &right, &sign);
    if (is_comparison(&self->lexer.token)) {
        ost_token_t at = self->lexer.token;
        ost_lexer_fail(&self->lexer, &at, OST_ERR_SYNTAX, "one comparison at a time: join two by 'and'");
    }
    bool is_strict = sign.kind == '<' || sign.kind == '>';
    bool left_first = sign.kind == OST_TOKEN_GREATER_EQUAL || sign.kind == '<';
    ost_node_t condition =
        left_first ? at_least(self, left.node, right.node, &sign) : at_least(self, right.node, left.node, &sign);
    if (is_strict) condition = opposite(self, condition);
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
    value.node = opposite(self, value.node);
    value.at = at;
    self->depth--;
    return value;
}

static ost_value_t conjunction(ost_parser_t *self)
{
    ost_value_t left = negation(self);
    while (ost_lexer_accept_word(&self->lexer, "and")) {
        ost_value_t right = negation(self);
        check_condition(self, &left);
        check_condition(self, &right);
        left.node = ost_graph_binary(self->graph, OST_OP_MUL, left.node, right.node);
    }
    return left;
}

static ost_value_t disjunction(ost_parser_t *self)
{
    ost_value_t left = conjunction(self);
    while (ost_lexer_accept_word(&self->lexer, "or")) {
        ost_value_t right = conjunction(self);
        check_condition(self, &left);
        check_condition(self, &right);
        left.node = ost_graph_binary(self->graph, OST_OP_MAX, left.node, right.node);
    }
    return left;
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
        ost_dim_t dim = same_dim(self, &yes, &no, &joint);
        ost_node_t node = ost_graph_select(self->graph, condition.node, yes.node, no.node);
        value = result(self, node, dim, &yes, &at);
        value.ratio = either(&yes, &no);
        value.is_plain = yes.is_plain && no.is_plain;
        value.at = at;
    } else {
        value = disjunction(self);
    }
    self->depth--;
    return value;
}
