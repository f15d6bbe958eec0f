/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the statements of a model text share: names with an index, numbers, texts in quotes, units, signals; arrays that
 * grow, and copies. */
#include "lang/reader_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *ost_reader_more(ost_reader_t *self, void *array, size_t *n, size_t size)
{
    ost_token_t at = self->parser.lexer.token;
    if (*n >= OST_MAX_ITEMS)
        ost_lexer_fail(&self->parser.lexer, &at, OST_ERR_LIMIT, "more than %d of one kind", OST_MAX_ITEMS);
    if (ost_reader_failed(self)) return array;
    if ((*n & (*n - 1)) == 0) {
        void *more = ost_memory_list(self->memory, *n > 0 ? 2 * *n : 1, size);
        if (more == NULL) {
            ost_lexer_no_memory(&self->parser.lexer);
            return array;
        }
        if (*n > 0) memcpy(more, array, *n * size);
        array = more;
    }
    (*n)++;
    return array;
}

char *ost_reader_copy(ost_reader_t *self, const char *text, size_t length)
{
    char *copy = ost_reader_failed(self) ? NULL : ost_memory_text(self->memory, text, length);
    if (copy == NULL) ost_lexer_no_memory(&self->parser.lexer);
    return copy;
}

char *ost_reader_element_name(ost_reader_t *self, const ost_token_t *name, int set, size_t element)
{
    char text[2 * OST_NAME_SIZE + 2];
    if (set < 0) return ost_reader_copy(self, name->text, name->length);
    int n = snprintf(
        text, sizeof(text), "%.*s[%s]", (int) name->length, name->text, self->parser.sets[set].elements[element]);
    return ost_reader_copy(self, text, (size_t) n);
}

static const ost_signal_t *find_signal(ost_reader_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_signals; i++) {
        if (strcmp(name, self->signals[i].signal.name) != 0) continue;
        self->signals[i].used = true;
        return &self->signals[i].signal;
    }
    int known = ost_signals_find(self->known, name);
    return known < 0 ? NULL : &self->known->signal[known];
}

int ost_reader_indexed_name(ost_reader_t *self, ost_token_t *name)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    *name = lexer->token;
    ost_lexer_expect(lexer, OST_TOKEN_NAME, "a name");
    if (lexer->token.kind != '[' || !lexer->token.touches) return -1;
    ost_token_t raw;
    ost_lexer_bracket(lexer, &raw);
    raw.kind = OST_TOKEN_NAME;
    int set = ost_parser_find_set(&self->parser, &raw);
    char signal[2 * OST_NAME_SIZE + 2];
    snprintf(signal, sizeof(signal), "%.*s[%.*s]", (int) name->length, name->text, (int) raw.length, raw.text);
    if (set >= 0) {
        self->parser.set_used[set] = true;
    } else if (!ost_reader_failed(self) && find_signal(self, signal) != NULL) {
        ost_lexer_fail(lexer, &raw, OST_ERR_NAME,
            "'%.*s' is not an index set; the signal '%s' is read as 'reads %.*s[site]' and driven as 'drives "
            "%.*s[site] = ...', with 'index site = %.*s'",
            (int) raw.length, raw.text, signal, (int) name->length, name->text, (int) name->length, name->text,
            (int) raw.length, raw.text);
    } else {
        ost_lexer_fail(lexer, &raw, OST_ERR_NAME,
            "'%.*s' is not an index set (a unit stands apart: %.*s [%.*s]); for elements write 'index site = "
            "lumbar_spine, total_hip' and '%.*s[site]'",
            (int) raw.length, raw.text, (int) name->length, name->text, (int) raw.length, raw.text, (int) name->length,
            name->text);
    }
    return set;
}

double ost_reader_number(ost_reader_t *self)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    double sign = ost_lexer_accept(lexer, '-') ? -1 : 1;
    ost_token_t above = lexer->token;
    ost_lexer_expect(lexer, OST_TOKEN_NUMBER, "a number");
    if (!ost_lexer_accept(lexer, '/')) return sign * above.number;
    ost_token_t below = lexer->token;
    ost_lexer_expect(lexer, OST_TOKEN_NUMBER, "a number");
    if (!(fabs(above.number / below.number) < INFINITY))
        ost_lexer_fail(lexer, &below, OST_ERR_VALUE, "the value of this is not a finite number");
    return sign * above.number / below.number;
}

char *ost_reader_text(ost_reader_t *self, const char *what)
{
    ost_token_t token = self->parser.lexer.token;
    ost_lexer_expect(&self->parser.lexer, OST_TOKEN_STRING, what);
    bool is_empty = true;
    for (size_t i = 0; i < token.length; i++) is_empty = is_empty && (token.text[i] == ' ' || token.text[i] == '\t');
    if (is_empty) ost_lexer_fail(&self->parser.lexer, &token, OST_ERR_SYNTAX, "%s is empty", what);
    return ost_reader_copy(self, token.text, token.length);
}

void ost_reader_duplicate(ost_reader_t *self, const ost_token_t *at)
{
    if (at->kind == OST_TOKEN_STRING)
        ost_lexer_fail(&self->parser.lexer, at, OST_ERR_SYNTAX, "duplicate meaning in quotes");
    else
        ost_lexer_fail(&self->parser.lexer, at, OST_ERR_SYNTAX, "duplicate '%.*s'", (int) at->length, at->text);
}

void ost_reader_end(ost_reader_t *self, const char *expected)
{
    if (self->parser.lexer.token.kind != OST_TOKEN_END) ost_lexer_unexpected(&self->parser.lexer, expected);
}

char *ost_reader_unit(ost_reader_t *self, ost_unit_t *unit)
{
    ost_token_t raw = { 0 };
    ost_parser_unit(&self->parser, unit, &raw);
    return ost_reader_copy(self, raw.text, raw.length);
}

void ost_reader_leaves(ost_reader_t *self, ost_symbol_t *symbol, ost_op_t op, size_t first)
{
    if (ost_reader_failed(self)) return;
    symbol->first = (uint32_t) first;
    symbol->nodes = ost_memory_list(&self->parser.memory, symbol->n_nodes, sizeof(*symbol->nodes));
    if (symbol->nodes == NULL) ost_lexer_no_memory(&self->parser.lexer);
    for (size_t i = 0; i < symbol->n_nodes && symbol->nodes != NULL; i++)
        symbol->nodes[i] = ost_graph_leaf(self->parser.graph, op, (uint32_t) (first + i));
}

static void unknown_signal(ost_reader_t *self, const ost_token_t *at, const char *name)
{
    const ost_token_t word = { .text = name, .length = strlen(name) };
    char hint[OST_SUGGESTION_SIZE] = "";
    const char **names = malloc((self->n_signals + self->known->n + 1) * sizeof(*names));
    if (names != NULL) {
        size_t n = 0;
        for (size_t i = 0; i < self->n_signals; i++) names[n++] = self->signals[i].signal.name;
        for (size_t i = 0; i < self->known->n; i++) names[n++] = self->known->signal[i].name;
        ost_suggest(&word, names, n, hint, sizeof(hint));
    }
    ost_lexer_fail(&self->parser.lexer, at, OST_ERR_NAME, "unknown signal '%s'%s", name,
        hint[0] != '\0' ? hint : "; a 'signal' statement defines one, here or in a model that is read before this one");
    free(names);
}

char *ost_reader_signal(
    ost_reader_t *self, const ost_token_t *name, int set, size_t element, const ost_signal_t **first)
{
    char *full = ost_reader_failed(self) ? NULL : ost_reader_element_name(self, name, set, element);
    const ost_signal_t *signal = full != NULL ? find_signal(self, full) : NULL;
    if (full != NULL && signal == NULL) unknown_signal(self, name, full);
    if (element == 0) *first = signal;
    if (signal != NULL && *first != NULL && !ost_dim_equal((*first)->unit.dim, signal->unit.dim))
        ost_lexer_fail(&self->parser.lexer, name, OST_ERR_UNIT, "the signals '%.*s' of this set differ in dimension",
            (int) name->length, name->text);
    return ost_reader_failed(self) ? NULL : full;
}

/* A bracket that touches a name is an index. */
void ost_reader_seek_unit(ost_reader_t *self)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_lexer_t unit = *lexer;
    bool found = false;
    int before = 0;
    while (lexer->token.kind != OST_TOKEN_END && lexer->token.kind != OST_TOKEN_STRING &&
           !ost_token_is(&lexer->token, "scale") && !ost_token_is(&lexer->token, "signed")) {
        found = lexer->token.kind == '[' && !(lexer->token.touches && before == OST_TOKEN_NAME);
        before = lexer->token.kind;
        if (lexer->token.kind == '[') {
            ost_token_t raw;
            unit = *lexer;
            ost_lexer_bracket(lexer, &raw);
        } else {
            ost_lexer_next(lexer);
        }
    }
    if (!found) ost_lexer_unexpected(lexer, "the unit of the state in brackets, [1] for none");
    ost_lexer_rewind(lexer, &unit);
}
