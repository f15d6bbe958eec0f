/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/reader.h"

#include "core/vocabulary.h"
#include "lang/reader_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BLOCK = 1000 };

static struct ost_model_impl *impl_of(const ost_reader_t *self)
{
    return self->model->impl;
}

/* The text between two places on one line, without comments. */
static char *squeezed(ost_reader_t *self, const char *from, const char *to)
{
    char *out = ost_reader_copy(self, from, (size_t) (to - from)), *end = out;
    for (const char *p = from; out != NULL && p < to; p++) {
        if (*p == '#') {
            while (p < to && *p != '\n') p++;
        }
        bool is_blank = p == to || *p == ' ' || *p == '\t' || *p == '\r' || *p == '\n';
        if (!is_blank) *end++ = *p;
        if (is_blank && end > out && end[-1] != ' ') *end++ = ' ';
    }
    if (out == NULL) return NULL;
    if (end > out && end[-1] == ' ') end--;
    *end = '\0';
    return out;
}

/* Keep a statement for the printed sheet: left of '=' from `from` on, and right of it up to the token. */
static void keep_equation(ost_reader_t *self, const char *from, const ost_token_t *equals)
{
    struct ost_model_impl *impl = impl_of(self);
    const ost_token_t *end = &self->parser.lexer.token;
    impl->equations = ost_reader_more(self, impl->equations, &impl->n_equations, sizeof(*impl->equations));
    if (ost_reader_failed(self)) return;
    ost_equation_t *equation = &impl->equations[impl->n_equations - 1];
    equation->left = squeezed(self, from, equals->text);
    equation->right = squeezed(self, equals->text + 1, end->kind == OST_TOKEN_STRING ? end->text - 1 : end->text);
}

/* Read '=' and an expression, once for each element of `set` (once for -1) into nodes[]. The dimension is checked
 * against that of `expected`. @param what  the left side, for messages; NULL: a let, `expected` gets what was read */
static void read_expressions(ost_reader_t *self, int set, ost_node_t *nodes, ost_value_t *expected, const char *what)
{
    ost_parser_t *parser = &self->parser;
    ost_lexer_expect(&parser->lexer, '=', "'='");
    ost_lexer_t start = parser->lexer;
    size_t n = set < 0 ? 1 : parser->sets[set].n_elements;
    for (size_t i = 0; i < n && !ost_reader_failed(self); i++) {
        ost_lexer_rewind(&parser->lexer, &start);
        if (set >= 0) parser->element[set] = (int) i;
        ost_value_t value = ost_parser_expression(parser);
        if (what == NULL) *expected = value;
        ost_parser_check_dim(parser, &value, expected->dim, what);
        ost_parser_check_ratio(parser, &value, &expected->ratio);
        bool is_noisy = !ost_reader_failed(self) && parser->graph->nodes[value.node].noisy;
        if (is_noisy && what != NULL && !parser->in_output)
            ost_lexer_fail(&parser->lexer, &value.at, OST_ERR_MODEL, "%s cannot hold noise, only outputs can", what);
        nodes[i] = value.node;
    }
    if (set >= 0) parser->element[set] = -1;
}

/* model NAME "title" */
static void read_model(ost_reader_t *self)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name = lexer->token;
    ost_lexer_expect(lexer, OST_TOKEN_NAME, "the name of the model");
    if (self->model->name != NULL) {
        ost_lexer_fail(lexer, &name, OST_ERR_SYNTAX, "a text holds one model, '%s' began above", self->model->name);
        return;
    }
    self->model->name = ost_reader_copy(self, name.text, name.length);
    self->model->text = ost_reader_text(self, "the title");
    ost_reader_end(self, "the end of the statement");
}

/* kind WORD, one of OST_MODEL_KINDS */
static void read_kind(ost_reader_t *self)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    char hint[OST_SUGGESTION_SIZE], kinds[OST_WORDS_SIZE];
    ost_token_t word = lexer->token;
    ost_words_join(ost_model_kind_words, OST_N_MODEL_KINDS, kinds);
    ost_lexer_expect(lexer, OST_TOKEN_NAME, kinds);
    int kind = 0;
    while (kind < OST_N_MODEL_KINDS && !ost_token_is(&word, ost_model_kind_words[kind])) kind++;
    if (kind == OST_N_MODEL_KINDS) {
        ost_lexer_fail(lexer, &word, OST_ERR_NAME, "unknown kind '%.*s'%s; expected %s", (int) word.length, word.text,
            ost_suggest(&word, ost_model_kind_words, OST_N_MODEL_KINDS, hint, sizeof(hint)), kinds);
    } else if (self->model->kind != OST_N_MODEL_KINDS) {
        ost_lexer_fail(lexer, &word, OST_ERR_SYNTAX, "duplicate 'kind'");
    }
    ost_reader_end(self, "the end of the statement");
    if (!ost_reader_failed(self)) self->model->kind = (ost_model_kind_t) kind;
}

static void declare_let(ost_reader_t *self)
{
    ost_token_t name;
    int set = ost_reader_indexed_name(self, &name);
    ost_parser_declare(&self->parser, &name, OST_SYMBOL_LET, set);
}

/* let NAME[site] = expression */
static void define_let(ost_reader_t *self)
{
    ost_parser_t *parser = &self->parser;
    ost_token_t name;
    int set = ost_reader_indexed_name(self, &name);
    ost_token_t equals = parser->lexer.token;
    ost_symbol_t *symbol = ost_parser_find(parser, &name);
    if (ost_reader_failed(self)) return;
    ost_node_t *nodes = ost_memory_list(&parser->memory, symbol->n_nodes, sizeof(*nodes));
    if (nodes == NULL) {
        ost_lexer_no_memory(&parser->lexer);
        return;
    }
    ost_value_t value = { 0 };
    parser->own = symbol;
    read_expressions(self, set, nodes, &value, NULL);
    parser->own = NULL;
    symbol->dim = value.dim;
    symbol->ratio = value.ratio;
    symbol->is_plain = value.is_plain;
    symbol->nodes = nodes; /* only now: a let cannot name itself */
    ost_reader_end(self, "an operator or the end of the statement");
    keep_equation(self, name.text, &equals);
}

/* Is what is left `-2.5` or `1/14`, and nothing else? */
static bool is_plain_number(const ost_lexer_t *lexer)
{
    ost_lexer_t ahead = *lexer;
    ost_lexer_accept(&ahead, '-');
    bool is_number = ost_lexer_accept(&ahead, OST_TOKEN_NUMBER);
    if (ost_lexer_accept(&ahead, '/')) is_number = is_number && ost_lexer_accept(&ahead, OST_TOKEN_NUMBER);
    return is_number && ahead.token.kind == OST_TOKEN_END;
}

/* state NAME = value [unit] ...: a number alone is in the state's unit, anything else is an expression of parameters */
static void define_state(ost_reader_t *self)
{
    ost_parser_t *parser = &self->parser;
    ost_lexer_t *lexer = &parser->lexer;
    ost_token_t name;
    int set = ost_reader_indexed_name(self, &name);
    ost_symbol_t *symbol = ost_parser_find(parser, &name);
    ost_lexer_t start = *lexer;
    ost_lexer_expect(lexer, '=', "'='");
    ost_reader_seek_unit(self);
    if (ost_reader_failed(self)) return;
    const char *unit = lexer->token.text, *end = lexer->end;
    ost_node_t *nodes = &impl_of(self)->initial[symbol->first];
    *lexer = start;
    lexer->end = unit; /* nothing behind it belongs to the value */
    ost_lexer_next(lexer);
    if (lexer->token.kind == OST_TOKEN_END) {
        ost_token_t at = lexer->token;
        ost_lexer_fail(lexer, &at, OST_ERR_SYNTAX, "the initial value is missing");
    }
    if (is_plain_number(lexer)) {
        double value = ost_reader_number(self) * self->model->states[symbol->first].unit.factor;
        for (size_t i = 0; i < symbol->n_nodes; i++) nodes[i] = ost_graph_const(parser->graph, value);
    } else if (!ost_reader_failed(self)) {
        *lexer = start;
        lexer->end = unit;
        parser->constant = true;
        ost_value_t expected = { .dim = symbol->dim, .ratio = symbol->ratio };
        read_expressions(self, set, nodes, &expected, "the initial value of this state");
        parser->constant = false;
        ost_reader_end(self, "an operator or the unit of the state");
    }
    if (!ost_reader_failed(self)) lexer->end = end;
}

/* NAME' = expression, NAME[site]' = expression */
static void define_rate(ost_reader_t *self)
{
    ost_parser_t *parser = &self->parser;
    ost_lexer_t *lexer = &parser->lexer;
    ost_token_t name;
    int set = ost_reader_indexed_name(self, &name);
    ost_lexer_expect(lexer, '\'', "\"'\" of a time derivative");
    ost_token_t equals = lexer->token;
    ost_symbol_t *symbol = ost_parser_find(parser, &name);
    if (ost_reader_failed(self)) return;
    if (symbol == NULL || symbol->kind != OST_SYMBOL_STATE) {
        char hint[OST_SUGGESTION_SIZE] = "";
        const char **names = malloc((parser->n_symbols + 1) * sizeof(*names));
        size_t n = 0;
        for (size_t i = 0; names != NULL && i < parser->n_symbols; i++) {
            if (parser->symbols[i].kind == OST_SYMBOL_STATE) names[n++] = parser->symbols[i].name;
        }
        if (names != NULL) ost_suggest(&name, names, n, hint, sizeof(hint));
        ost_lexer_fail(lexer, &name, OST_ERR_NAME, "'%.*s' is not a state%s", (int) name.length, name.text, hint);
        free(names);
        return;
    }
    if (set != symbol->set) {
        const char *own = symbol->set >= 0 ? parser->sets[symbol->set].name : "";
        ost_lexer_fail(lexer, &name, OST_ERR_NAME, "the state '%s' was declared %s%s, write %s%s%s%s'", symbol->name,
            symbol->set >= 0 ? "over " : "without an index", own, symbol->name, symbol->set >= 0 ? "[" : "", own,
            symbol->set >= 0 ? "]" : "");
        return;
    }
    ost_node_t *nodes = &impl_of(self)->rate[symbol->first];
    if (nodes[0] != OST_NO_NODE)
        ost_lexer_fail(lexer, &name, OST_ERR_NAME, "the state '%s' has its equation already", symbol->name);
    for (size_t i = 0; i < symbol->n_nodes; i++) self->model->states[symbol->first + i].rate_line = name.line;
    ost_value_t expected = { .dim = symbol->dim };
    expected.dim.sixths[OST_DIM_TIME] = (int16_t) (expected.dim.sixths[OST_DIM_TIME] - 6);
    parser->own = symbol;
    read_expressions(self, set, nodes, &expected, "the rate of this state");
    parser->own = NULL;
    ost_reader_end(self, "an operator or the end of the statement");
    keep_equation(self, name.text, &equals);
}

/* dose STATE usual 60 [mg] ... */
static void read_dose(ost_reader_t *self)
{
    ost_parser_t *parser = &self->parser;
    ost_model_t *model = self->model;
    ost_token_t name = parser->lexer.token;
    parser->own = ost_parser_find(parser, &name); /* a dose is no use of a state */
    ost_value_t value = ost_parser_expression(parser);
    parser->own = NULL;
    if (ost_reader_failed(self)) return;
    const ost_node_data_t *node = &parser->graph->nodes[value.node];
    if (node->op != OST_OP_STATE) ost_lexer_fail(&parser->lexer, &name, OST_ERR_NAME, "a dose goes into a state");
    for (size_t i = 0; i < model->n_doses; i++)
        if (model->doses[i].state == node->index)
            ost_lexer_fail(&parser->lexer, &name, OST_ERR_NAME, "doses into this state are declared already");
    model->doses = ost_reader_more(self, model->doses, &model->n_doses, sizeof(*model->doses));
    if (ost_reader_failed(self)) return;
    ost_dose_t *dose = &model->doses[model->n_doses - 1];
    dose->state = node->index;
    if (ost_lexer_accept_word(&parser->lexer, "usual")) ost_declare_usual(self, dose, &model->states[dose->state]);
    ost_reader_end(self, "'usual' or the end of the statement");
}

/* drives SIGNAL = expression, drives SIGNAL[site] = expression */
static void read_drive(ost_reader_t *self)
{
    ost_model_t *model = self->model;
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name;
    char what[OST_NAME_SIZE + 40];
    bool is_also = ost_lexer_accept_word(lexer, "also");
    int set = ost_reader_indexed_name(self, &name);
    size_t first = model->n_drives, n_nodes = first, n = set < 0 ? 1 : self->parser.sets[set].n_elements;
    const ost_signal_t *signal = NULL;
    for (size_t i = 0; i < n && !ost_reader_failed(self); i++) {
        char *full = ost_reader_signal(self, &name, set, i, &signal);
        for (size_t k = 0; k < first && full != NULL; k++) {
            if (strcmp(full, model->drives[k].name) == 0)
                ost_lexer_fail(lexer, &name, OST_ERR_NAME, "this model drives '%s' already, at line %d", full,
                    model->drives[k].line);
        }
        model->drives = ost_reader_more(self, model->drives, &model->n_drives, sizeof(*model->drives));
        impl_of(self)->drive = ost_reader_more(self, impl_of(self)->drive, &n_nodes, sizeof(ost_node_t));
        if (!ost_reader_failed(self))
            model->drives[first + i] = (ost_drive_t){ .name = full, .line = name.line, .is_also = is_also };
    }
    ost_token_t equals = lexer->token;
    if (ost_reader_failed(self)) return;
    snprintf(what, sizeof(what), "the signal '%.*s'", (int) name.length, name.text);
    ost_value_t expected = { .dim = signal->unit.dim, .ratio = ost_ratio_of(&signal->unit, signal->unit_text) };
    read_expressions(self, set, &impl_of(self)->drive[first], &expected, what);
    ost_reader_end(self, "an operator or the end of the statement");
    keep_equation(self, self->statement, &equals);
}

/* output NAME [unit] = expression "meaning" */
static void read_output(ost_reader_t *self)
{
    ost_model_t *model = self->model;
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name;
    ost_unit_t unit;
    int set = ost_reader_indexed_name(self, &name);
    ost_parser_check_name(&self->parser, &name);
    for (size_t i = 0; i < model->n_outputs; i++) {
        if (ost_token_is(&name, model->outputs[i].group))
            ost_lexer_fail(lexer, &name, OST_ERR_NAME, "output '%s' is defined twice, before at line %d",
                model->outputs[i].group, model->outputs[i].line);
    }
    char *unit_text = ost_reader_unit(self, &unit), *group = ost_reader_copy(self, name.text, name.length);
    ost_token_t equals = lexer->token;
    size_t first = model->n_outputs, n_nodes = first, n = set < 0 ? 1 : self->parser.sets[set].n_elements;
    for (size_t i = 0; i < n && !ost_reader_failed(self); i++) {
        model->outputs = ost_reader_more(self, model->outputs, &model->n_outputs, sizeof(*model->outputs));
        impl_of(self)->output = ost_reader_more(self, impl_of(self)->output, &n_nodes, sizeof(ost_node_t));
        if (ost_reader_failed(self)) break;
        model->outputs[first + i] = (ost_output_t){ .name = ost_reader_element_name(self, &name, set, i),
            .group = group,
            .index_set = set >= 0 ? self->parser.sets[set].name : NULL,
            .element = (uint32_t) i,
            .unit_text = unit_text,
            .unit = unit,
            .line = name.line };
    }
    if (ost_reader_failed(self)) return;
    self->parser.in_output = true;
    ost_value_t expected = { .dim = unit.dim, .ratio = ost_ratio_of(&unit, unit_text) };
    read_expressions(self, set, &impl_of(self)->output[first], &expected, "this output");
    self->parser.in_output = false;
    if (lexer->token.kind == OST_TOKEN_END)
        ost_lexer_fail(lexer, &name, OST_ERR_SYNTAX, "this output has no meaning in quotes");
    if (lexer->token.kind != OST_TOKEN_STRING) ost_lexer_unexpected(lexer, "an operator or the meaning in quotes");
    keep_equation(self, self->statement, &equals);
    char *text = ost_reader_text(self, "the meaning");
    ost_reader_end(self, "the end of the statement");
    for (size_t i = 0; i < n; i++) model->outputs[first + i].text = text;
}

/* Three passes, so that statements may come in any order: index sets and signals, names with numbers, expressions. */
enum { PASS_SETS, PASS_NAMES, PASS_EXPRESSIONS, N_PASSES };

static const struct {
    const char *word;
    int pass;
    void (*read)(ost_reader_t *self);
} statements[] = {
    { "model", PASS_SETS, read_model },
    { "kind", PASS_SETS, read_kind },
    { "index", PASS_SETS, ost_declare_index },
    { "signal", PASS_SETS, ost_declare_signal },
    { "reads", PASS_NAMES, ost_declare_reads },
    { "covariate", PASS_NAMES, ost_declare_covariate },
    { "param", PASS_NAMES, ost_declare_param },
    { "state", PASS_NAMES, ost_declare_state },
    { "noise", PASS_NAMES, ost_declare_noise },
    { "let", PASS_NAMES, declare_let },
    { "state", PASS_EXPRESSIONS, define_state },
    { "let", PASS_EXPRESSIONS, define_let },
    { "dose", PASS_EXPRESSIONS, read_dose },
    { "drives", PASS_EXPRESSIONS, read_drive },
    { "output", PASS_EXPRESSIONS, read_output },
};

#define N_STATEMENTS (sizeof(statements) / sizeof(statements[0]))

/* Something other than a known statement: an equation, or a slip. */
static void read_other(ost_reader_t *self, int pass)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t word = lexer->token;
    if (pass == PASS_EXPRESSIONS) {
        define_rate(self);
        return;
    }
    if (pass != PASS_SETS) return;
    if (word.kind != OST_TOKEN_NAME) {
        ost_lexer_unexpected(lexer, "a statement, such as param or let");
        return;
    }
    ost_lexer_next(lexer);
    if (lexer->token.kind == '\'' || lexer->token.kind == '[') return;
    const char *names[N_STATEMENTS];
    char hint[OST_SUGGESTION_SIZE];
    for (size_t i = 0; i < N_STATEMENTS; i++) names[i] = statements[i].word;
    ost_suggest(&word, names, N_STATEMENTS, hint, sizeof(hint));
    int length = (int) word.length;
    ost_token_t state = ost_lexer_rate_elsewhere(lexer, &word);
    if (state.kind == OST_TOKEN_NAME) {
        ost_lexer_fail(
            lexer, &word, OST_ERR_SYNTAX, "the rate of a state is written %.*s' = ...", (int) state.length, state.text);
    } else if (lexer->token.kind == '=') {
        ost_lexer_fail(lexer, &word, OST_ERR_SYNTAX, "expected let %.*s = ... or %.*s' = ...", length, word.text,
            length, word.text);
    }
    ost_lexer_fail(lexer, &word, OST_ERR_SYNTAX, "'%.*s' begins no statement%s%s", length, word.text, hint,
        lexer->token.kind == '(' ? "; the rate of a state A is written A' = ..." : "");
}

static void read_pass(ost_reader_t *self, const ost_lexer_t *start, int pass)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_lexer_rewind(lexer, start);
    while (ost_lexer_statement(lexer)) {
        ost_token_t word = lexer->token;
        self->statement = word.text;
        if (ost_token_is(&word, "model") && pass == PASS_NAMES) self->model_at = word;
        if (pass == PASS_SETS && !ost_token_is(&word, self->model != NULL ? "model" : "signal") &&
            (self->model == NULL || self->model->name == NULL)) {
            ost_lexer_fail(lexer, &word, OST_ERR_SYNTAX,
                self->model != NULL ? "the first statement is model NAME \"title\""
                                    : "a text of signals has signal statements only");
            return;
        }
        bool is_known = false;
        for (size_t i = 0; i < N_STATEMENTS; i++) {
            if (!ost_token_is(&word, statements[i].word)) continue;
            is_known = true;
            if (statements[i].pass != pass) continue;
            ost_lexer_next(lexer);
            statements[i].read(self);
        }
        if (!is_known) read_other(self, pass);
    }
}

static void check_symbols(ost_reader_t *self)
{
    ost_parser_t *parser = &self->parser;
    static const char *const kinds[] = { "parameter", "covariate", "state", "signal", "let", "noise" };
    for (size_t i = 0; i < parser->n_symbols; i++) {
        const ost_symbol_t *symbol = &parser->symbols[i];
        if (symbol->kind == OST_SYMBOL_STATE && impl_of(self)->rate[symbol->first] == OST_NO_NODE) {
            ost_lexer_fail(&parser->lexer, &symbol->at, OST_ERR_MODEL, "the state '%s' has no equation", symbol->name);
        } else if (!symbol->used) {
            ost_lexer_fail(&parser->lexer, &symbol->at, OST_ERR_MODEL, "the %s '%s' is not used%s", kinds[symbol->kind],
                symbol->name, symbol->kind == OST_SYMBOL_STATE ? " by another equation, a drive or an output" : "");
        }
    }
}

static void check_whole(ost_reader_t *self)
{
    const ost_model_t *model = self->model;
    ost_lexer_t *lexer = &self->parser.lexer;
    const ost_token_t *top = &self->model_at;
    if (ost_reader_failed(self)) return;
    if (model->name == NULL) {
        ost_lexer_fail(lexer, top, OST_ERR_SYNTAX, "the first statement is model NAME \"title\"");
    } else if (model->kind == OST_N_MODEL_KINDS) {
        char kinds[OST_WORDS_SIZE];
        ost_lexer_fail(lexer, top, OST_ERR_SYNTAX, "the model has no kind: %s",
            ost_words_join(ost_model_kind_words, OST_N_MODEL_KINDS, kinds));
    } else if (model->n_drives + model->n_outputs == 0) {
        ost_lexer_fail(lexer, top, OST_ERR_MODEL, "the model has no output and drives no signal");
    } else if (model->n_states + model->n_drives + model->n_reads > MAX_BLOCK) {
        ost_lexer_fail(lexer, top, OST_ERR_LIMIT, "more than %d states, drives and reads", MAX_BLOCK);
    }
    check_symbols(self);
    for (size_t i = 0; i < model->n_index_sets; i++) {
        if (!self->parser.set_used[i])
            ost_lexer_fail(lexer, &self->parser.set_at[i], OST_ERR_MODEL, "the index set '%s' is not used",
                model->index_sets[i].name);
    }
    for (size_t i = 0; i < self->n_signals; i++) {
        if (!self->signals[i].used)
            ost_lexer_fail(lexer, &self->signals[i].at, OST_ERR_MODEL, "the signal '%s' is neither read nor driven",
                self->signals[i].signal.name);
    }
}

/* What default parameters make of the initial values: they must be numbers, and give the scales that are not given. */
static void finish_states(ost_reader_t *self)
{
    ost_model_t *model = self->model;
    ost_lexer_t *lexer = &self->parser.lexer;
    const ost_graph_t *graph = self->parser.graph;
    double *values = malloc((model->n_params + graph->n_nodes + 1) * sizeof(*values)), *v;
    if (values == NULL) ost_lexer_no_memory(lexer);
    const ost_graph_leaves_t at = { .params = values };
    bool has_defaults = true;
    v = values != NULL ? values + model->n_params : NULL;
    for (size_t i = 0; values != NULL && i < model->n_params; i++) {
        values[i] = model->params[i].value;
        has_defaults = has_defaults && model->params[i].has_default;
    }
    for (size_t i = 0; i < self->parser.n_symbols; i++) {
        const ost_symbol_t *symbol = &self->parser.symbols[i];
        if (symbol->kind != OST_SYMBOL_STATE) continue;
        for (size_t k = 0; k < symbol->n_nodes && !ost_reader_failed(self); k++) {
            ost_state_t *state = &model->states[symbol->first + k];
            ost_node_t node = impl_of(self)->initial[symbol->first + k];
            ost_graph_values(graph, node, &at, v);
            double x0 = v[node];
            bool is_open = isnan(x0) && !has_defaults;
            if (is_open && state->scale == 0) {
                ost_lexer_fail(lexer, &symbol->at, OST_ERR_MODEL,
                    "'%s' starts from a covariate without default: give its scale", state->name);
            } else if (!is_open && !isfinite(x0)) {
                ost_lexer_fail(lexer, &symbol->at, OST_ERR_VALUE,
                    "the initial value of '%s' is not finite with default parameters", state->name);
            } else if (x0 < 0 && !state->may_be_negative) {
                ost_lexer_fail(lexer, &symbol->at, OST_ERR_VALUE, "'%s' starts below 0 (%g): add 'signed' if it may",
                    state->name, x0 / state->unit.factor);
            }
            state->scale_is_unit = state->scale == 0 && x0 == 0;
            if (state->scale == 0) state->scale = x0 != 0 ? fabs(x0) : state->unit.factor;
        }
    }
    free(values);
}

static void begin_expressions(ost_reader_t *self)
{
    struct ost_model_impl *impl = impl_of(self);
    size_t n = self->model->n_states;
    impl->initial = ost_memory_list(self->memory, n, sizeof(*impl->initial));
    impl->rate = ost_memory_list(self->memory, n, sizeof(*impl->rate));
    if (self->memory->failed) ost_lexer_no_memory(&self->parser.lexer);
    for (size_t i = 0; i < n && !self->memory->failed; i++) impl->initial[i] = impl->rate[i] = OST_NO_NODE;
}

static int add_signals(ost_signals_t *signals, const ost_reader_t *self, ost_error_t *err)
{
    ost_signal_t *more = realloc(signals->signal, (signals->n + self->n_signals + 1) * sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    signals->signal = more;
    for (size_t i = 0; i < self->n_signals; i++) /* unless it is the same definition again */
        if (ost_signals_find(signals, self->signals[i].signal.name) < 0) more[signals->n++] = self->signals[i].signal;
    return 0;
}

static int begin(ost_reader_t *self, const char *path, const char *text, ost_error_t *err)
{
    if (strlen(text) > OST_MAX_TEXT)
        return ost_fail_at(err, OST_ERR_LIMIT, path, 0, 0, "a text of more than %d bytes", OST_MAX_TEXT);
    self->model_at = (ost_token_t){ .line = 1, .column = 1 };
    self->parser.has_time = true;
    for (int i = 0; i < OST_MAX_INDEX_SETS; i++) self->parser.element[i] = -1;
    ost_lexer_init(&self->parser.lexer, path, text, true, err);
    return 0;
}

int ost_signals_read(ost_signals_t *signals, const char *path, const char *text, ost_error_t *err)
{
    ost_reader_t self = { .known = signals, .memory = &signals->memory };
    int ret = begin(&self, path, text, err);
    if (ret != 0) return ret;
    ost_lexer_t start = self.parser.lexer;
    read_pass(&self, &start, PASS_SETS);
    ret = self.parser.lexer.code;
    return ret == 0 ? add_signals(signals, &self, err) : ret;
}

int ost_model_read(ost_model_t *model, ost_signals_t *signals, const char *path, const char *text,
    const ost_builtin_t *builtin, ost_error_t *err)
{
    ost_reader_t self = { .known = signals, .model = model };
    *model = (ost_model_t){ .kind = OST_N_MODEL_KINDS, .impl = calloc(1, sizeof(*model->impl)) };
    if (model->impl == NULL) return ost_no_memory(err);
    self.memory = &model->impl->memory;
    self.parser.kept = self.memory;
    self.parser.graph = &model->impl->graph;
    model->impl->source = builtin;
    int ret = begin(&self, path, text, err);
    if (ret == 0) ret = ost_graph_init(self.parser.graph, err);
    if (ret != 0) return ret;
    ost_lexer_t start = self.parser.lexer;
    model->path = ost_reader_copy(&self, path, strlen(path));
    if (builtin == NULL) model->impl->text = ost_reader_copy(&self, text, strlen(text));
    read_pass(&self, &start, PASS_SETS);
    read_pass(&self, &start, PASS_NAMES);
    begin_expressions(&self);
    read_pass(&self, &start, PASS_EXPRESSIONS);
    check_whole(&self);
    finish_states(&self);
    ret = self.parser.lexer.code;
    model->impl->sw = self.parser.switches;
    model->impl->sw_line = self.parser.switch_lines;
    model->n_switches = self.parser.n_switches;
    if (ret == 0) ret = ost_model_compile(model, builtin, err);
    if (ret == 0) ret = add_signals(signals, &self, err);
    ost_memory_free(&self.parser.memory);
    return ret;
}
