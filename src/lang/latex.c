/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model as LaTeX: its equations from the text as it was written, with quotients as fractions, then tables of
 * parameters and states. The text was read without error before, so that nothing is checked here. */
#include "core/text.h"
#include "lang/model_impl.h"
#include "lang/token.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The text that is made: what stands before a sign may become a numerator, so that it is kept until the line ends. */
typedef struct {
    ost_lexer_t lexer;
    char *text; /* [max], n bytes in use; owned */
    size_t n, max;
    bool out_of_memory;
    bool is_enclosed; /* the factor that was put last is an expression in parentheses, and nothing else */
} latex_t;

static const char left[] = "\\left(", right[] = "\\right)";

static void put_expression(latex_t *self);
static void put_power(latex_t *self);

static const ost_token_t *token(const latex_t *self)
{
    return &self->lexer.token;
}

/* Put text where another stands, which moves on. */
static void insert(latex_t *self, size_t at, const char *text, size_t length)
{
    while (self->n + length > self->max && !self->out_of_memory)
        self->out_of_memory = ost_list_grow(&self->text, self->max, &self->max, 1) < 0;
    if (self->out_of_memory) return;
    memmove(self->text + at + length, self->text + at, self->n - at);
    memcpy(self->text + at, text, length);
    self->n += length;
}

static void add_bytes(latex_t *self, const char *text, size_t length)
{
    insert(self, self->n, text, length);
}

static void add(latex_t *self, const char *text)
{
    add_bytes(self, text, strlen(text));
}

/* Take away the parentheses of what was put last, from `at` on, where it is a factor that they enclose. */
static void open_up(latex_t *self, size_t at)
{
    const size_t before = sizeof(left) - 1, after = sizeof(right) - 1;
    if (!self->is_enclosed || self->out_of_memory) return;
    memmove(self->text + at, self->text + at + before, self->n - at - before);
    self->n -= before + after;
}

/* Text with the characters that LaTeX takes otherwise. */
static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("&%$#_{}", *text) != NULL)
            fprintf(out, "\\%c", *text);
        else if (*text == '\\' || *text == '~' || *text == '^')
            fprintf(out, *text == '\\' ? "\\textbackslash{}" : "\\%c{}", *text);
        else if (*text == '<' || *text == '>')
            fprintf(out, "$%c$", *text);
        else
            fputc(*text, out);
    }
}

static void add_word(latex_t *self, const char *word, size_t length)
{
    static const char *const greek[] = { "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa",
        "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega" };
    bool is_greek = false;
    for (size_t i = 0; i < sizeof(greek) / sizeof(greek[0]); i++)
        is_greek |= strlen(greek[i]) == length && strncmp(greek[i], word, length) == 0;
    add(self, is_greek ? "\\" : length == 1 ? "" : "\\mathrm{");
    add_bytes(self, word, length);
    add(self, is_greek || length == 1 ? "" : "}");
}

/* A name: what follows its first underscore, and its index, are below the line; `k_C` is k with the index C. */
static void add_name(latex_t *self, const char *name, size_t length)
{
    size_t first = 0;
    while (first < length && name[first] != '_' && name[first] != '[') first++;
    add_word(self, name, first);
    if (first == length) return;
    add(self, "_{");
    for (size_t at = first, end; at < length; at = end) {
        for (end = at + 1; end < length && strchr("_[]", name[end]) == NULL;) end++;
        if (end == at + 1) continue;
        add(self, at > first ? "," : "");
        add_word(self, name + at + 1, end - at - 1);
    }
    add(self, "}");
}

/* m2 and d^-1 have exponents, 1/d has none. */
static void add_unit(latex_t *self, const char *unit, size_t length)
{
    if (length == 1 && *unit == '1') return;
    add(self, "\\,\\mathrm{");
    for (size_t i = 0, n; i < length; i += n) {
        n = i > 0 && isalpha((unsigned char) unit[i - 1]) ? strspn(unit + i, "^-0123456789") : 0;
        if (n > length - i) n = length - i;
        if (n > 0) {
            add(self, "^{");
            add_bytes(self, unit + i + (unit[i] == '^'), n - (unit[i] == '^'));
            add(self, "}");
            continue;
        }
        n = 1;
        add(self, unit[i] == '%' ? "\\" : unit[i] == ' ' || unit[i] == '*' ? "\\," : "");
        if (unit[i] != ' ' && unit[i] != '*') add_bytes(self, unit + i, 1);
    }
    add(self, "}");
}

/* A number with its unit, if it has one; 2.5e-3 as a power of ten. */
static void put_number(latex_t *self)
{
    const char *text = token(self)->text;
    const size_t length = token(self)->length, e = strcspn(text, "eE");
    ost_token_t unit;
    if (e >= length) {
        add_bytes(self, text, length);
    } else {
        const size_t sign = e + (text[e + 1] == '+');
        if (e != 1 || *text != '1') add_bytes(self, text, e);
        add(self, e != 1 || *text != '1' ? " \\cdot 10^{" : "10^{");
        add_bytes(self, text + sign + 1, length - sign - 1);
        add(self, "}");
    }
    ost_lexer_next(&self->lexer);
    if (token(self)->kind != '[') return;
    ost_lexer_bracket(&self->lexer, &unit);
    add_unit(self, unit.text, unit.length);
}

/* Arguments of a function up to its closing parenthesis; those of a table are x [unit]; x_1: y_1, x_2: y_2, ... */
static void put_arguments(latex_t *self)
{
    ost_token_t unit;
    ost_lexer_next(&self->lexer);
    put_expression(self);
    while (token(self)->kind != ')' && token(self)->kind != OST_TOKEN_END) {
        if (token(self)->kind == '[') {
            ost_lexer_bracket(&self->lexer, &unit);
            add(self, "/");
            add_unit(self, unit.text, unit.length);
            continue;
        }
        add(self, token(self)->kind == ';' ? ";\\ " : token(self)->kind == ':' ? "{:}\\ " : ",\\ ");
        ost_lexer_next(&self->lexer);
        put_expression(self);
    }
    ost_lexer_next(&self->lexer);
}

static void put_call(latex_t *self, const ost_token_t *name)
{
    static const struct {
        const char *name, *before, *after;
    } functions[] = { { "exp", "\\exp\\left(", "\\right)" }, { "log", "\\ln\\left(", "\\right)" },
        { "sqrt", "\\sqrt{", "}" }, { "abs", "\\left|", "\\right|" }, { "min", "\\min\\left(", "\\right)" },
        { "max", "\\max\\left(", "\\right)" } };
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (!ost_token_is(name, functions[i].name)) continue;
        add(self, functions[i].before);
        put_arguments(self);
        add(self, functions[i].after);
        return;
    }
    add_word(self, name->text, name->length);
    add(self, left);
    put_arguments(self);
    add(self, right);
}

/* sum(set, expression) */
static void put_sum(latex_t *self)
{
    ost_lexer_next(&self->lexer);
    add(self, "\\sum_{");
    add_word(self, token(self)->text, token(self)->length);
    add(self, "} \\left(");
    ost_lexer_next(&self->lexer);
    put_arguments(self); /* from the comma on */
    add(self, right);
}

static void put_reference(latex_t *self)
{
    const ost_token_t name = *token(self);
    const char *end = name.text + name.length;
    ost_lexer_next(&self->lexer);
    if (token(self)->kind == '[' && token(self)->touches) {
        ost_token_t index;
        ost_lexer_bracket(&self->lexer, &index);
        end = index.text + index.length;
    }
    if (token(self)->kind == '(' && ost_token_is(&name, "sum"))
        put_sum(self);
    else if (token(self)->kind == '(')
        put_call(self, &name);
    else if (ost_token_is(&name, "time"))
        add(self, "t");
    else
        add_name(self, name.text, (size_t) (end - name.text));
}

static void put_primary(latex_t *self)
{
    self->is_enclosed = false;
    if (token(self)->kind == OST_TOKEN_NUMBER) {
        put_number(self);
    } else if (token(self)->kind == '(') {
        ost_lexer_next(&self->lexer);
        add(self, left);
        put_expression(self);
        add(self, right);
        ost_lexer_next(&self->lexer);
        self->is_enclosed = true;
    } else {
        put_reference(self);
        self->is_enclosed = false;
    }
}

/* A factor: a sign, then a power. */
static void put_power(latex_t *self)
{
    if (ost_lexer_accept(&self->lexer, '-')) {
        add(self, "-");
        put_power(self);
        self->is_enclosed = false;
        return;
    }
    put_primary(self);
    if (!ost_lexer_accept(&self->lexer, '^')) return;
    add(self, "^{");
    const size_t at = self->n;
    put_power(self);
    open_up(self, at);
    add(self, "}");
    self->is_enclosed = false;
}

static void put_product(latex_t *self)
{
    const size_t first = self->n;
    put_power(self);
    while (token(self)->kind == '*' || token(self)->kind == '/') {
        const bool divides = token(self)->kind == '/';
        ost_lexer_next(&self->lexer);
        if (divides) {
            open_up(self, first);
            insert(self, first, "\\frac{", 6);
            add(self, "}{");
        } else {
            add(self, token(self)->kind == OST_TOKEN_NUMBER ? " \\cdot " : "\\,");
        }
        const size_t at = self->n;
        put_power(self);
        if (divides) open_up(self, at);
        if (divides) add(self, "}");
        self->is_enclosed = false;
    }
}

/* Operands between the signs of a level, which stand in the order of how tightly they bind. */
static void put_level(latex_t *self, int level)
{
    static const struct {
        int level, kind;
        const char *word, *sign;
    } signs[] = { { 0, 0, "or", " \\text{ or } " }, { 1, 0, "and", " \\text{ and } " }, { 2, '<', NULL, " < " },
        { 2, '>', NULL, " > " }, { 2, OST_TOKEN_LESS_EQUAL, NULL, " \\le " },
        { 2, OST_TOKEN_GREATER_EQUAL, NULL, " \\ge " }, { 3, '+', NULL, " + " }, { 3, '-', NULL, " - " } };
    if (level == 4) {
        put_product(self);
        return;
    }
    if (level == 2 && ost_lexer_accept_word(&self->lexer, "not")) add(self, "\\neg\\,");
    put_level(self, level + 1);
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (signs[i].level != level) continue;
        const bool is_sign = signs[i].word != NULL ? ost_lexer_accept_word(&self->lexer, signs[i].word)
                                                   : ost_lexer_accept(&self->lexer, signs[i].kind);
        if (!is_sign) continue;
        add(self, signs[i].sign);
        if (level == 2 && ost_lexer_accept_word(&self->lexer, "not")) add(self, "\\neg\\,");
        put_level(self, level + 1);
        i = (size_t) -1; /* the next may be any */
    }
}

static void put_expression(latex_t *self)
{
    if (!ost_lexer_accept_word(&self->lexer, "if")) {
        put_level(self, 0);
        return;
    }
    add(self, "\\begin{cases} ");
    const size_t at = self->n;
    put_level(self, 0);
    ost_lexer_accept_word(&self->lexer, "then");
    const size_t condition = self->n - at;
    put_expression(self); /* stands before its condition */
    insert(self, at, " & \\text{if } ", 14);
    const size_t length = self->n - at - 14 - condition;
    char *value = self->out_of_memory ? NULL : strndup(self->text + self->n - length, length);
    if (value == NULL) {
        self->out_of_memory = true;
    } else {
        self->n -= length;
        insert(self, at, value, length);
    }
    free(value);
    ost_lexer_accept_word(&self->lexer, "else");
    add(self, " \\\\ ");
    put_expression(self);
    add(self, " & \\text{otherwise} \\end{cases}");
}

/* One side of an equation. */
static void put_side(latex_t *self, const char *text, bool is_left)
{
    const size_t length = strlen(text);
    const bool is_rate = is_left && length > 0 && text[length - 1] == '\'';
    self->n = 0;
    if (is_left) {
        if (strncmp(text, "drives ", 7) == 0) text += 7;
        if (strncmp(text, "output ", 7) == 0) text += 7;
        add(self, is_rate ? "\\frac{\\mathrm{d}" : "");
        add_name(self, text, strcspn(text, " '"));
        add(self, is_rate ? "}{\\mathrm{d}t}" : "");
    } else {
        ost_lexer_init(&self->lexer, "", text, false, self->lexer.err);
        put_expression(self);
    }
}

static void put_equations(latex_t *self, const ost_model_t *m, FILE *out)
{
    fputs("\\begin{align*}\n", out);
    for (size_t i = 0; i < m->impl->n_equations && !self->out_of_memory; i++) {
        const ost_equation_t *equation = &m->impl->equations[i];
        put_side(self, equation->left, true);
        fprintf(out, "%.*s &= ", (int) self->n, self->text);
        put_side(self, equation->right, false);
        fprintf(out, "%.*s%s\n", (int) self->n, self->text, i + 1 < m->impl->n_equations ? " \\\\" : "");
    }
    fputs("\\end{align*}\n", out);
}

/* A row of a table. @param value  NAN: none, in internal units */
static void put_row(latex_t *self, const char *name, double value, const ost_unit_t *unit, const char *unit_text,
    const char *text, FILE *out)
{
    char number[OST_NUMBER_SIZE];
    self->n = 0;
    add_name(self, name, strlen(name));
    fprintf(out, "$%.*s$ & ", (int) self->n, self->text);
    self->n = 0;
    snprintf(number, sizeof(number), "%.6g", value / unit->factor);
    ost_lexer_init(&self->lexer, "",
        isnan(value)       ? ""
        : number[0] == '-' ? number + 1
                           : number,
        false, self->lexer.err);
    if (token(self)->kind == OST_TOKEN_NUMBER) put_number(self);
    fprintf(out, isnan(value) ? " & " : "$%s%.*s$ & ", number[0] == '-' ? "-" : "", (int) self->n, self->text);
    self->n = 0;
    add_unit(self, unit_text, strlen(unit_text));
    fprintf(out, "$%.*s$ & ", (int) self->n, self->text);
    put_text(out, text);
    fputs(" \\\\\n", out);
}

static void put_tables(latex_t *self, const ost_model_t *m, FILE *out)
{
    fputs("\\begin{longtable}{@{}llll@{}}\nparameter & value & unit & meaning \\\\ \\hline\n", out);
    for (size_t i = 0; i < m->n_params; i++) {
        const ost_param_t *p = &m->params[i];
        put_row(self, p->name, p->value, &p->unit, p->unit_text, p->text, out);
    }
    fputs("\\hline state & & unit & meaning \\\\ \\hline\n", out);
    for (size_t i = 0; i < m->n_states; i++) {
        const ost_state_t *state = &m->states[i];
        put_row(self, state->name, NAN, &state->unit, state->unit_text, state->text, out);
    }
    fputs("\\end{longtable}\n", out);
}

int ost_model_write_latex(const ost_model_t *self, FILE *out, ost_error_t *err)
{
    ost_error_t none = { 0 };
    latex_t latex = { .lexer = { .err = &none } };
    fputs("% Needs \\usepackage{amsmath, longtable}.\n\\section*{", out);
    put_text(out, self->text);
    fputs("}\n", out);
    put_equations(&latex, self, out);
    put_tables(&latex, self, out);
    free(latex.text);
    return latex.out_of_memory ? ost_no_memory(err) : 0;
}
