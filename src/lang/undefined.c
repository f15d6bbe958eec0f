/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a let cannot be used where it is: it stands below, or it depends on the let that uses it. Takes the text of the
 * lets, gives the message. */
#include "lang/value.h"

#include <stdio.h>
#include <stdlib.h>

/* Note what the let `from` uses of the lets that have no value yet: by[i] is the let that the search reached i from. */
static void follow(ost_parser_t *self, size_t from, size_t *by, size_t *queue, size_t *n)
{
    ost_lexer_t lexer = self->lexer;
    lexer.err = NULL;
    lexer.at = self->symbols[from].at.text;
    ost_lexer_next(&lexer); /* its name */
    do {
        ost_lexer_next(&lexer);
        ost_token_t unit;
        while (lexer.token.kind == '[' && !lexer.token.touches) ost_lexer_bracket(&lexer, &unit);
        const ost_symbol_t *used = lexer.token.kind == OST_TOKEN_NAME ? ost_parser_find(self, &lexer.token) : NULL;
        size_t i = used != NULL ? (size_t) (used - self->symbols) : 0;
        if (used == NULL || used->kind != OST_SYMBOL_LET || used->nodes != NULL || by[i] < self->n_symbols) continue;
        by[i] = from;
        queue[(*n)++] = i;
    } while (lexer.token.kind != OST_TOKEN_END);
}

/* "a uses b, b uses c, c uses a" into `text` if the let `first`, used by `own`, leads back to it. */
static bool find_loop(ost_parser_t *self, size_t own, size_t first, char *text, size_t size)
{
    size_t *by = malloc(2 * self->n_symbols * sizeof(*by)), n = 0, length = 0;
    if (by == NULL) return false;
    size_t *queue = by + self->n_symbols;
    for (size_t i = 0; i < self->n_symbols; i++) by[i] = self->n_symbols;
    by[first] = own;
    queue[n++] = first;
    for (size_t i = 0; i < n && by[own] == self->n_symbols; i++) follow(self, queue[i], by, queue, &n);
    bool is_loop = by[own] < self->n_symbols;
    n = 0;
    for (size_t i = own; is_loop && (n == 0 || i != own); i = by[i]) queue[n++] = i; /* backwards from own */
    for (size_t i = n; i-- > 0;) {
        size_t user = by[queue[i]];
        int k = snprintf(text + length, size - length, "%s%s uses %s", i + 1 < n ? ", " : "", self->symbols[user].name,
            self->symbols[queue[i]].name);
        if (k < 0 || (size_t) k >= size - length) break;
        length += (size_t) k;
    }
    free(by);
    return is_loop;
}

void ost_parser_undefined(ost_parser_t *self, const ost_token_t *name, const ost_symbol_t *symbol)
{
    char loop[300] = "";
    const ost_symbol_t *own = self->own;
    if (symbol == own) {
        ost_lexer_fail(&self->lexer, name, OST_ERR_NAME,
            "'%s' depends on itself; a let uses only lets above it, a value that changes itself is a state",
            symbol->name);
    } else if (own != NULL && own->kind == OST_SYMBOL_LET &&
               find_loop(self, (size_t) (own - self->symbols), (size_t) (symbol - self->symbols), loop, sizeof(loop))) {
        ost_lexer_fail(&self->lexer, name, OST_ERR_NAME,
            "'%s' and '%s' depend on each other (%s): solve these equations for one of them, or make one a state",
            own->name, symbol->name, loop);
    }
    ost_lexer_fail(&self->lexer, name, OST_ERR_NAME,
        "'%s' is not defined yet: its let is at line %d, and a let stands above its use", symbol->name,
        symbol->at.line);
}
