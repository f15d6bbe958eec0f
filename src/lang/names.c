/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that expressions may use: declared, found, suggested; index sets and their elements; units in brackets. */
#include "lang/value.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = { "model", "kind", "index", "signal", "reads", "covariate", "param", "state", "let",
    "dose", "drives", "output", "noise", "if", "then", "else", "and", "or", "not", "time", "sum", "table", "in",
    "spread", "prior", "scale", "signed", "combine", "also" };

#define N_WORDS (sizeof(words) / sizeof(words[0]))

void ost_parser_check_name(ost_parser_t *self, const ost_token_t *name)
{
    bool is_taken = false;
    for (size_t i = 0; i < N_WORDS; i++) is_taken = is_taken || ost_token_is(name, words[i]);
    for (size_t i = 0; i < OST_N_FUNCTIONS; i++) is_taken = is_taken || ost_token_is(name, ost_functions[i].name);
    if (is_taken)
        ost_lexer_fail(&self->lexer, name, OST_ERR_NAME, "'%.*s' is a word of the notation, not free as a name",
            (int) name->length, name->text);
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
    char hint[OST_SUGGESTION_SIZE];
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
        ost_symbol_t *more = ost_memory_list(&self->memory, n > 0 ? 2 * n : 1, sizeof(*more));
        if (more == NULL) ost_lexer_no_memory(&self->lexer);
        if (more != NULL && n > 0) memcpy(more, self->symbols, n * sizeof(*more));
        if (more != NULL) self->symbols = more;
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
