/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a model text, one at a time. Errors are sticky: only the first is recorded, and after it every token is
 * OST_TOKEN_END, so that parsers read straight on and look at `code` once, at the end. */
#ifndef OST_LANG_TOKEN_H
#define OST_LANG_TOKEN_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { OST_NAME_SIZE = 65 }; /* a name has fewer bytes than this */

/* The kind of a token is one of these, or the character itself: '+', '[', '\'' and so on. */
enum {
    OST_TOKEN_END, /* of the statement, or of the text */
    OST_TOKEN_NAME = 256,
    OST_TOKEN_NUMBER,
    OST_TOKEN_STRING,
    OST_TOKEN_RANGE,        /* .. */
    OST_TOKEN_LESS_EQUAL,   /* <= */
    OST_TOKEN_GREATER_EQUAL /* >= */
};

typedef struct {
    int kind;
    const char *text; /* as written, of a string without its quotes; points into the lexer's text */
    size_t length;
    int line, column; /* 1-based; columns count characters, not bytes */
    bool touches;     /* no blank between it and the token before */
    double number;    /* of a NUMBER */
} ost_token_t;

/* A copy of a lexer is a bookmark: assign it back to read the same words again (keep `code`, see ost_lexer_rewind). */
typedef struct {
    const char *path; /* for messages; borrowed */
    const char *at, *end;
    const char *mark; /* `line` and `column` belong to this place */
    int line, column;
    bool is_model; /* a line that does not begin with a blank starts a new statement */
    ost_token_t token;
    int code; /* 0, or that of the first error */
    ost_error_t *err;
} ost_lexer_t;

/* Begin a model text (then ost_lexer_statement() goes to its first statement) or, with is_model false, a single
 * expression, whose first token is read. Text and path are borrowed. Invalid UTF-8 and control characters are refused.
 */
void ost_lexer_init(ost_lexer_t *self, const char *path, const char *text, bool is_model, ost_error_t *err);

/* Skip what is left of this statement and read the first token of the next. @return false at the end of the text */
bool ost_lexer_statement(ost_lexer_t *self);

/* Read the next token of the statement. */
void ost_lexer_next(ost_lexer_t *self);

/* The token is '[': take everything up to ']' as it stands, without outer blanks, then read the next token.
 * @param[out] raw  kind '[', text and length of what is between the brackets, place of its first character */
void ost_lexer_bracket(ost_lexer_t *self, ost_token_t *raw);

/* Go back to a bookmark, unless there was an error since. */
void ost_lexer_rewind(ost_lexer_t *self, const ost_lexer_t *bookmark);

/* Record an error at a token, unless there is one already. */
void ost_lexer_fail(ost_lexer_t *self, const ost_token_t *at, int code, const char *fmt, ...) OST_PRINTF(4, 5);

/* The same for want of memory. */
void ost_lexer_no_memory(ost_lexer_t *self);

/* If the token is of this kind: read on and return true. */
bool ost_lexer_accept(ost_lexer_t *self, int kind);
/* Same, but anything else is an error that says what was expected, such as "')' closing the call". */
void ost_lexer_expect(ost_lexer_t *self, int kind, const char *what);
/* Same for a word. */
bool ost_lexer_accept_word(ost_lexer_t *self, const char *word);

/* The token is not what it should be. */
void ost_lexer_unexpected(ost_lexer_t *self, const char *expected);

bool ost_token_is(const ost_token_t *self, const char *word);

/* The state whose rate the statement of `word`, behind which the lexer stands, gives as other languages write it:
 * dxdt_A = ..., d/dt(A) = ..., dA/dt = ...; kind 0 for none. */
ost_token_t ost_lexer_rate_elsewhere(const ost_lexer_t *self, const ost_token_t *word);

#endif
