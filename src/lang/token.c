/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lang/token.h"

#include "core/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NUMBER_LENGTH = 63 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_first_byte(char c)
{
    return ((unsigned char) c & 0xc0) != 0x80;
}

/* Bytes of the UTF-8 character at p, 0 if it is malformed, overlong, a surrogate or above U+10FFFF. */
static size_t utf8_length(const char *p, const char *end)
{
    unsigned char c = (unsigned char) *p;
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (n == 0 || (size_t) (end - p) < n) return 0;
    for (size_t i = 1; i < n; i++) {
        if (is_first_byte(p[i])) return 0;
    }
    unsigned char d = n > 1 ? (unsigned char) p[1] : 0;
    bool wrong =
        (c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f);
    return wrong ? 0 : n;
}

void ost_lexer_fail(ost_lexer_t *self, const ost_token_t *at, int code, const char *fmt, ...)
{
    if (self->code == 0) {
        char what[sizeof(self->err->what)];
        va_list args;
        va_start(args, fmt);
        vsnprintf(what, sizeof(what), fmt, args);
        va_end(args);
        self->code = ost_fail_at(self->err, code, self->path, at->line, at->column, "%s", what);
    }
    self->token.kind = OST_TOKEN_END;
    self->token.length = 0;
    self->at = self->end;
}

void ost_lexer_no_memory(ost_lexer_t *self)
{
    const ost_token_t at = self->token;
    ost_lexer_fail(self, &at, OST_ERR_NO_MEMORY, "out of memory");
}

/* Move the place counter on to p, which is on the same line as the mark or at the start of a later one. */
static void count_to(ost_lexer_t *self, const char *p)
{
    for (; self->mark < p; self->mark++) {
        if (*self->mark == '\n') {
            self->line++;
            self->column = 1;
        } else if (is_first_byte(self->mark[1])) {
            self->column++;
        }
    }
}

static void fail_here(ost_lexer_t *self, const char *what)
{
    count_to(self, self->at);
    ost_token_t here = { .line = self->line, .column = self->column };
    ost_lexer_fail(self, &here, OST_ERR_SYNTAX, "%s", what);
}

void ost_lexer_init(ost_lexer_t *self, const char *path, const char *text, bool is_model, ost_error_t *err)
{
    *self = (ost_lexer_t){ .path = path, .at = text, .mark = text, .line = 1, .column = 1, .err = err };
    self->is_model = is_model;
    self->end = text + strlen(text);
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) self->at = self->mark = text += 3; /* byte order mark */
    for (size_t n; text < self->end; text += n) {
        n = utf8_length(text, self->end);
        bool is_control = (unsigned char) *text < 0x20 && !is_blank(*text) && *text != '\n';
        if (n > 0 && !is_control) continue;
        self->at = text;
        fail_here(self, is_control ? "a control character" : "the text is not valid UTF-8 here");
        return;
    }
    if (!is_model) ost_lexer_next(self);
}

/* The first line from p that holds more than blanks and a comment: its start, or the end of the text. */
static const char *next_line(const ost_lexer_t *self, const char *p)
{
    const char *start = p;
    while (p < self->end) {
        while (p < self->end && is_blank(*p)) p++;
        if (p < self->end && *p != '#' && *p != '\n') return start;
        while (p < self->end && *p != '\n') p++;
        if (p < self->end) p++;
        start = p;
    }
    return self->end;
}

/* To the next word of the statement, or to the line end or text end that closes it. */
static void skip_blanks(ost_lexer_t *self)
{
    for (;;) {
        while (self->at < self->end && is_blank(*self->at)) self->at++;
        if (self->at < self->end && *self->at == '#') {
            while (self->at < self->end && *self->at != '\n') self->at++;
        }
        if (self->at == self->end || *self->at != '\n') return;
        const char *line = next_line(self, self->at + 1);
        if (self->is_model && (line == self->end || !is_blank(*line))) return;
        self->at = line;
    }
}

bool ost_lexer_statement(ost_lexer_t *self)
{
    const char *p = self->at;
    /* what a parser left unread, for instance in a pass that skips this kind of statement */
    while (p < self->end && self->token.text != NULL) {
        while (p < self->end && *p != '\n') p++;
        if (p < self->end) p++;
        p = next_line(self, p);
        if (p == self->end || !is_blank(*p)) break;
    }
    if (self->token.text == NULL) p = next_line(self, p);
    self->at = p;
    self->token = (ost_token_t){ .text = p };
    if (self->code != 0 || p == self->end) return false;
    if (is_blank(*p)) {
        skip_blanks(self);
        fail_here(self, "the first statement begins with a blank; only a continued line does");
        return false;
    }
    ost_lexer_next(self);
    return self->code == 0;
}

static void number(ost_lexer_t *self, ost_token_t *token)
{
    const char *p = self->at;
    char digits[MAX_NUMBER_LENGTH + 1];
    while (p < self->end && is_digit(*p)) p++;
    if (p + 1 < self->end && *p == '.' && is_digit(p[1])) {
        for (p++; p < self->end && is_digit(*p);) p++;
    }
    if (p < self->end && (*p == 'e' || *p == 'E')) {
        const char *exponent = p + 1;
        if (exponent < self->end && (*exponent == '+' || *exponent == '-')) exponent++;
        if (exponent < self->end && is_digit(*exponent)) {
            for (p = exponent; p < self->end && is_digit(*p);) p++;
        }
    }
    token->length = (size_t) (p - self->at);
    self->at = p;
    bool is_range = p + 1 < self->end && p[0] == '.' && p[1] == '.';
    if (p < self->end && *p == '.' && !is_range) {
        ost_lexer_fail(self, token, OST_ERR_SYNTAX, "a number has digits after its point: write 1 or 1.0");
    } else if (p < self->end && (is_letter(*p) || *p == '_')) {
        ost_lexer_fail(self, token, OST_ERR_SYNTAX,
            "letters after a number: a product is written 2*x, a unit in brackets as in 2 [mg]");
    } else if (token->length > MAX_NUMBER_LENGTH) {
        ost_lexer_fail(self, token, OST_ERR_LIMIT, "a number of more than %d digits", MAX_NUMBER_LENGTH);
    } else {
        ost_quantity_t quantity;
        memcpy(digits, token->text, token->length);
        digits[token->length] = '\0';
        if (ost_quantity_parse(&quantity, digits, NULL) != 0)
            ost_lexer_fail(self, token, OST_ERR_VALUE, "the number %s is too large", digits);
        token->number = quantity.value;
    }
}

static void string(ost_lexer_t *self, ost_token_t *token)
{
    const char *p = ++self->at;
    while (p < self->end && *p != '"' && *p != '\n') p++;
    token->text = self->at;
    token->length = (size_t) (p - self->at);
    self->at = p;
    if (p == self->end || *p == '\n') {
        ost_lexer_fail(self, token, OST_ERR_SYNTAX, "the text is not closed by \" on its line");
    } else {
        self->at++;
    }
}

/* How the notation says what other languages write with these characters, which the token then spans; NULL: nothing. */
static const char *remedy_of(const ost_lexer_t *self, ost_token_t *token)
{
    static const char *const elsewhere[][2] = {
        { "**", "a power is written x^2" },
        { "&&", "write and" },
        { "||", "write or" },
        { "//", "a comment begins with #" },
        { "!", "write not" },
        { "?", "write if a > b then x else y, in parentheses where it is a part of an expression" },
        { "%", "a percentage is a fraction, 0.3 for 30 %, or a quantity with its unit in brackets, 30 [%]" },
        { ".", "a number begins with a digit, as 0.5" },
    };
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        size_t n = strlen(elsewhere[i][0]);
        if ((size_t) (self->end - self->at) < n || memcmp(self->at, elsewhere[i][0], n) != 0) continue;
        token->length = n;
        return elsewhere[i][1];
    }
    return NULL;
}

static int punctuation(ost_lexer_t *self, ost_token_t *token)
{
    static const struct {
        char text[3];
        int kind;
    } pairs[] = { { "..", OST_TOKEN_RANGE }, { "<=", OST_TOKEN_LESS_EQUAL }, { ">=", OST_TOKEN_GREATER_EQUAL } };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (self->end - self->at < 2 || memcmp(self->at, pairs[i].text, 2) != 0) continue;
        token->length = 2;
        return pairs[i].kind;
    }
    token->length = utf8_length(self->at, self->end);
    const char *remedy = remedy_of(self, token);
    if (remedy == NULL && strchr("+-*/^()[]<>=,:;'@", *self->at) != NULL) return *self->at;
    ost_lexer_fail(self, token, OST_ERR_SYNTAX, "unexpected '%.*s'%s%s", (int) token->length, token->text,
        remedy != NULL ? "; " : "", remedy != NULL ? remedy : "");
    return OST_TOKEN_END;
}

void ost_lexer_next(ost_lexer_t *self)
{
    if (self->code != 0) return;
    const char *before = self->at;
    skip_blanks(self);
    count_to(self, self->at);
    ost_token_t token = { .text = self->at, .line = self->line, .column = self->column };
    token.touches = self->at == before;
    if (self->at == self->end || *self->at == '\n') {
        token.kind = OST_TOKEN_END;
    } else if (is_letter(*self->at)) {
        token.kind = OST_TOKEN_NAME;
        const char *p = self->at;
        while (p < self->end && (is_letter(*p) || is_digit(*p) || *p == '_')) p++;
        token.length = (size_t) (p - self->at);
        if (token.length >= OST_NAME_SIZE) {
            ost_lexer_fail(self, &token, OST_ERR_LIMIT, "a name of more than %d letters", OST_NAME_SIZE - 1);
            return;
        }
    } else if (is_digit(*self->at)) {
        token.kind = OST_TOKEN_NUMBER;
        number(self, &token);
    } else if (*self->at == '"') {
        token.kind = OST_TOKEN_STRING;
        string(self, &token);
    } else {
        token.kind = punctuation(self, &token);
    }
    if (self->code != 0) return;
    if (token.kind != OST_TOKEN_STRING && token.kind != OST_TOKEN_NUMBER) self->at += token.length;
    self->token = token;
}

void ost_lexer_bracket(ost_lexer_t *self, ost_token_t *raw)
{
    *raw = self->token;
    raw->length = 0;
    if (self->code != 0 || self->token.kind != '[') return;
    const char *p = self->at;
    while (p < self->end && is_blank(*p)) p++;
    count_to(self, p);
    raw->line = self->line;
    raw->column = self->column;
    raw->text = p;
    while (p < self->end && *p != ']' && *p != '\n') p++;
    if (p == self->end || *p == '\n') {
        ost_lexer_fail(self, &self->token, OST_ERR_SYNTAX, "'[' is not closed by ']' on its line");
        return;
    }
    self->at = p + 1;
    while (p > raw->text && is_blank(p[-1])) p--;
    raw->length = (size_t) (p - raw->text);
    ost_lexer_next(self);
}

void ost_lexer_rewind(ost_lexer_t *self, const ost_lexer_t *bookmark)
{
    if (self->code == 0) *self = *bookmark;
}

bool ost_lexer_accept(ost_lexer_t *self, int kind)
{
    if (self->code != 0 || self->token.kind != kind) return false;
    ost_lexer_next(self);
    return true;
}

void ost_lexer_expect(ost_lexer_t *self, int kind, const char *what)
{
    if (self->token.kind != kind) ost_lexer_unexpected(self, what);
    ost_lexer_next(self);
}

bool ost_token_is(const ost_token_t *self, const char *word)
{
    return self->kind == OST_TOKEN_NAME && strlen(word) == self->length && memcmp(self->text, word, self->length) == 0;
}

bool ost_lexer_accept_word(ost_lexer_t *self, const char *word)
{
    if (self->code != 0 || !ost_token_is(&self->token, word)) return false;
    ost_lexer_next(self);
    return true;
}

void ost_lexer_unexpected(ost_lexer_t *self, const char *expected)
{
    ost_token_t at = self->token;
    if (at.kind == OST_TOKEN_END) {
        ost_lexer_fail(self, &at, OST_ERR_SYNTAX, "expected %s, found the end of the %s", expected,
            self->is_model ? "statement" : "expression");
    } else if (at.kind == OST_TOKEN_STRING) {
        ost_lexer_fail(self, &at, OST_ERR_SYNTAX, "expected %s, found a text in quotes", expected);
    } else {
        ost_lexer_fail(self, &at, OST_ERR_SYNTAX, "expected %s, found '%.*s'", expected, (int) at.length, at.text);
    }
}

ost_token_t ost_lexer_rate_elsewhere(const ost_lexer_t *self, const ost_token_t *word)
{
    static const char prefix[] = "dxdt_";
    const size_t n = sizeof(prefix) - 1;
    ost_lexer_t ahead = *self;
    ost_token_t state = *word;
    ahead.err = NULL;
    bool has_prefix = word->length > n && memcmp(word->text, prefix, n) == 0;
    if (!has_prefix && word->text[0] != 'd') return (ost_token_t){ 0 };
    state.text += has_prefix ? n : 1;
    state.length -= has_prefix ? n : 1;
    if (has_prefix) return state;
    if (!ost_lexer_accept(&ahead, '/') || !ost_lexer_accept_word(&ahead, "dt")) return (ost_token_t){ 0 };
    if (state.length == 0 && ost_lexer_accept(&ahead, '(')) state = ahead.token;
    return state.length > 0 ? state : (ost_token_t){ 0 };
}
