/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/distribution.h"
#include "core/vocabulary.h"
#include "lang/reader_words.h"

#include <math.h>
#include <string.h>

/* New parameters or covariates of a name, *n of them. @return the first, NULL on error */
static ost_param_t *add_params(ost_reader_t *self, const ost_token_t *name, ost_symbol_kind_t kind, int set, size_t *n)
{
    ost_model_t *model = self->model;
    size_t first = model->n_params;
    ost_symbol_t *symbol = ost_parser_declare(&self->parser, name, kind, set);
    if (symbol == NULL) return NULL;
    *n = symbol->n_nodes;
    for (size_t i = 0; i < symbol->n_nodes; i++) {
        model->params = ost_reader_more(self, model->params, &model->n_params, sizeof(*model->params));
        if (ost_reader_failed(self)) return NULL;
        ost_param_t *param = &model->params[first + i];
        param->name = ost_reader_element_name(self, name, set, i);
        param->is_covariate = kind == OST_SYMBOL_COVARIATE;
        param->lower = -INFINITY;
        param->upper = INFINITY;
        param->line = name->line;
    }
    ost_reader_leaves(self, symbol, OST_OP_PARAM, first);
    return ost_reader_failed(self) ? NULL : &model->params[first];
}

/* in 0.02..0.3; either end may be left open */
static void read_range(ost_reader_t *self, ost_param_t *param)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t at = lexer->token;
    if (at.kind != OST_TOKEN_RANGE) param->lower = ost_reader_number(self);
    ost_lexer_expect(lexer, OST_TOKEN_RANGE, "'..' and the upper end of the range");
    if (lexer->token.kind == OST_TOKEN_NUMBER || lexer->token.kind == '-') param->upper = ost_reader_number(self);
    if (!(param->lower < param->upper))
        ost_lexer_fail(lexer, &at, OST_ERR_VALUE, "the range %g..%g is empty", param->lower, param->upper);
    if (isinf(param->lower) && isinf(param->upper))
        ost_lexer_fail(lexer, &at, OST_ERR_SYNTAX, "a range has a lower or an upper end, or both");
}

/* choice 1: 0.61, 20: 0.30, 1000: 0.09 */
static void read_choices(ost_reader_t *self, ost_spread_t *spread)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t first = lexer->token;
    double total = 0;
    do {
        ost_token_t at = lexer->token;
        double choice = ost_reader_number(self);
        ost_lexer_expect(lexer, ':', "':' and the share that has this value");
        ost_token_t at_share = lexer->token;
        double share = ost_reader_number(self);
        if (!(share > 0 && share <= 1))
            ost_lexer_fail(lexer, &at_share, OST_ERR_VALUE, "a share is above 0 and at most 1");
        for (size_t i = 0; i < spread->n_choices; i++) {
            if (spread->choice[i] == choice) ost_lexer_fail(lexer, &at, OST_ERR_VALUE, "duplicate value %g", choice);
        }
        size_t n = spread->n_choices;
        spread->choice = ost_reader_more(self, spread->choice, &n, sizeof(*spread->choice));
        spread->share = ost_reader_more(self, spread->share, &spread->n_choices, sizeof(*spread->share));
        if (ost_reader_failed(self)) return;
        spread->choice[n - 1] = choice;
        spread->share[n - 1] = share;
        total += share;
    } while (ost_lexer_accept(lexer, ','));
    if (!(fabs(total - 1) < 1e-9))
        ost_lexer_fail(lexer, &first, OST_ERR_VALUE, "the shares sum to %g, not to 1", total);
}

static double read_sd(ost_reader_t *self)
{
    ost_token_t at = self->parser.lexer.token;
    double value = ost_reader_number(self);
    if (self->parser.lexer.token.kind == '[')
        ost_lexer_unexpected(&self->parser.lexer, "no unit: an SD is a plain number, 0.3 for 30 %");
    if (!(value > 0)) ost_lexer_fail(&self->parser.lexer, &at, OST_ERR_VALUE, "a standard deviation is above 0");
    return value;
}

static void read_spread(ost_reader_t *self, ost_param_t *param)
{
    static const char *const kinds[] = { "normal", "logit", "choice", "exponential" };
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_spread_t *out = &param->spread;
    ost_token_t word = lexer->token;
    if (ost_lexer_accept_word(lexer, "choice")) {
        out->kind = OST_SPREAD_CHOICE;
        read_choices(self, out);
        return;
    }
    if (ost_lexer_accept_word(lexer, "exponential")) {
        out->kind = OST_SPREAD_EXPONENTIAL;
        out->sd = 1;
        return;
    }
    out->kind = OST_SPREAD_LOGNORMAL;
    if (ost_lexer_accept_word(lexer, "normal"))
        out->kind = OST_SPREAD_NORMAL;
    else if (ost_lexer_accept_word(lexer, "logit"))
        out->kind = OST_SPREAD_LOGITNORMAL;
    else if (word.kind == OST_TOKEN_NAME) {
        char hint[OST_SUGGESTION_SIZE];
        ost_lexer_fail(lexer, &word, OST_ERR_SYNTAX,
            "'%.*s' must be one of the kinds of between-subject variability%s: normal, logit, choice, exponential or "
            "the SD of ln",
            (int) word.length, word.text, ost_suggest(&word, kinds, 4, hint, sizeof(hint)));
    }
    out->sd = read_sd(self);
}

static void read_prior(ost_reader_t *self, ost_param_t *param)
{
    param->prior_sd = read_sd(self);
}

static void read_meaning(ost_reader_t *self, ost_param_t *param)
{
    param->text = ost_reader_text(self, "the meaning");
}

static void read_source(ost_reader_t *self, ost_param_t *param)
{
    param->source = ost_reader_text(self, "the source");
}

/* 6 [month]. @return NULL on error */
static char *read_time(ost_reader_t *self, double *days)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t at = lexer->token;
    ost_unit_t unit = { 0 };
    char text[64];
    const double number = ost_reader_number(self);
    char *unit_text = ost_reader_unit(self, &unit);
    if (!(number > 0) || !ost_dim_equal(unit.dim, ost_dim_time))
        ost_lexer_fail(lexer, &at, OST_ERR_VALUE, "expected a time above 0, as in 6 [month]");
    *days = number * unit.factor;
    int n = snprintf(text, sizeof(text), "%.6g %.40s", number, unit_text != NULL ? unit_text : "");
    return ost_reader_copy(self, text, (size_t) n);
}

static void read_every(ost_reader_t *self, ost_dose_t *dose)
{
    dose->interval = read_time(self, &dose->interval_d);
}

static void read_from(ost_reader_t *self, ost_dose_t *dose)
{
    dose->shortest = read_time(self, &dose->shortest_d);
}

static void read_over(ost_reader_t *self, ost_dose_t *dose)
{
    double days;
    dose->duration = read_time(self, &days);
}

enum { OF_PARAM = 1, OF_COVARIATE = 2, OF_DOSE = 4 }; /* whose attributes */

/* What may follow a value, in any order, each once. */
static const struct {
    int token;        /* kind of the first one */
    const char *word; /* a NAME is this word and is passed over; of other tokens, how messages call them */
    void (*read)(ost_reader_t *self, ost_param_t *param);
    int of;
    void (*read_dose)(ost_reader_t *self, ost_dose_t *dose); /* of doses alone, instead of read */
} attributes[] = {
    { OST_TOKEN_NAME, "in", read_range, OF_PARAM | OF_COVARIATE | OF_DOSE, NULL },
    { OST_TOKEN_NAME, "spread", read_spread, OF_PARAM, NULL },
    { OST_TOKEN_NAME, "prior", read_prior, OF_PARAM, NULL },
    { OST_TOKEN_NAME, "every", NULL, OF_DOSE, read_every },
    { OST_TOKEN_NAME, "from", NULL, OF_DOSE, read_from },
    { OST_TOKEN_NAME, "over", NULL, OF_DOSE, read_over },
    { OST_TOKEN_STRING, "the meaning in quotes", read_meaning, OF_PARAM | OF_COVARIATE, NULL },
    { '@', "@ and the source", read_source, OF_PARAM | OF_DOSE, NULL },
};

#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* The row of the attribute that begins here, N_ATTRIBUTES with an error if none does. */
static size_t find_attribute(ost_reader_t *self, int of)
{
    const ost_token_t *at = &self->parser.lexer.token;
    const char *allowed[N_ATTRIBUTES];
    char expected[OST_WORDS_SIZE];
    size_t n = 0;
    for (size_t i = 0; i < N_ATTRIBUTES; i++) {
        if ((attributes[i].of & of) == 0) continue;
        bool is_word = attributes[i].token == OST_TOKEN_NAME;
        if (is_word ? ost_token_is(at, attributes[i].word) : at->kind == attributes[i].token) return i;
        allowed[n++] = attributes[i].word;
    }
    ost_lexer_unexpected(&self->parser.lexer, ost_words_join(allowed, n, expected));
    return N_ATTRIBUTES;
}

/* @param dose  whose usual dose the parameter is, else NULL */
static void read_attributes(ost_reader_t *self, ost_param_t *param, ost_dose_t *dose, int of)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    bool seen[N_ATTRIBUTES] = { false };
    while (!ost_reader_failed(self) && lexer->token.kind != OST_TOKEN_END) {
        ost_token_t at = lexer->token;
        size_t i = find_attribute(self, of);
        if (i == N_ATTRIBUTES) return;
        if (seen[i]) {
            ost_reader_duplicate(self, &at);
            return;
        }
        seen[i] = true;
        if (at.kind != OST_TOKEN_STRING) ost_lexer_next(lexer);
        if (attributes[i].read != NULL) attributes[i].read(self, param);
        if (attributes[i].read_dose != NULL) attributes[i].read_dose(self, dose);
    }
}

/* "assumed: why", not just "assumed" */
static bool is_bare_assumption(const char *source)
{
    static const char word[] = "assumed";
    if (strncmp(source, word, sizeof(word) - 1) != 0) return false;
    const char *rest = source + sizeof(word) - 1;
    return rest[strspn(rest, " :.")] == '\0';
}

/* All numbers still in the unit as written. */
static void check_values(ost_reader_t *self, const ost_token_t *name, const ost_token_t *at, const ost_param_t *param)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    const ost_spread_t *spread = &param->spread;
    if (ost_reader_failed(self)) return;
    if (param->text == NULL) {
        ost_lexer_fail(lexer, name, OST_ERR_SYNTAX, "'%s' has no meaning in quotes", param->name);
    } else if (!param->is_covariate && param->source == NULL) {
        ost_lexer_fail(lexer, name, OST_ERR_SYNTAX,
            "'%s' has no source: end with @ \"citation, table\" or @ \"assumed: why\"", param->name);
    } else if (!param->is_covariate && is_bare_assumption(param->source)) {
        ost_lexer_fail(
            lexer, name, OST_ERR_SYNTAX, "'%s' is assumed: say why, as in @ \"assumed: as in mice\"", param->name);
    } else if (param->has_default && !(param->value >= param->lower && param->value <= param->upper)) {
        ost_lexer_fail(lexer, at, OST_ERR_VALUE, "'%s' is %g, outside its range %g..%g", param->name, param->value,
            param->lower, param->upper);
    } else if (spread->kind == OST_SPREAD_LOGITNORMAL && !ost_dim_is_none(param->unit.dim)) {
        ost_lexer_fail(lexer, name, OST_ERR_UNIT, "'%s' has a logit spread, so its unit is [1] or [%%]", param->name);
    } else if (spread->kind == OST_SPREAD_LOGITNORMAL &&
               !(param->value * param->unit.factor > 0 && param->value * param->unit.factor < 1)) {
        ost_lexer_fail(lexer, at, OST_ERR_VALUE, "'%s' has a logit spread, so it is between 0 and 1", param->name);
    } else if ((spread->kind == OST_SPREAD_LOGNORMAL || param->prior_sd > 0) && !(param->value > 0)) {
        ost_lexer_fail(lexer, at, OST_ERR_VALUE, "'%s' has a %s of its logarithm, so it is above 0", param->name,
            spread->kind == OST_SPREAD_LOGNORMAL ? "spread" : "prior");
    } else if ((spread->kind == OST_SPREAD_LOGNORMAL || spread->kind == OST_SPREAD_LOGITNORMAL) &&
               spread->sd > OST_LARGEST_SD_LOG) {
        ost_lexer_fail(lexer, at, OST_ERR_VALUE, "'%s' has a spread of %g, larger than %g: it is the SD of the %s",
            param->name, spread->sd, OST_LARGEST_SD_LOG,
            spread->kind == OST_SPREAD_LOGNORMAL ? "logarithm, as in 0.3" : "logit, as in 0.3");
    } else if (spread->kind == OST_SPREAD_EXPONENTIAL && !(param->value > 0)) {
        ost_lexer_fail(lexer, at, OST_ERR_VALUE, "'%s' has an exponential spread, so it is above 0", param->name);
    }
    for (size_t i = 0; i < spread->n_choices; i++) {
        if (!(spread->choice[i] >= param->lower && spread->choice[i] <= param->upper))
            ost_lexer_fail(lexer, name, OST_ERR_VALUE, "'%s' may be %g, outside its range %g..%g", param->name,
                spread->choice[i], param->lower, param->upper);
    }
}

static void to_internal_units(ost_param_t *param)
{
    double factor = param->unit.factor;
    param->value *= factor;
    param->lower *= factor;
    param->upper *= factor;
    if (param->spread.kind == OST_SPREAD_NORMAL) param->spread.sd *= factor;
}

/* Elements of an index have all but their names and values from the first, whose texts and choices they share. */
static void finish(ost_reader_t *self, const ost_token_t *name, const ost_token_t *at, ost_param_t *params, size_t n)
{
    ost_symbol_t *symbol = ost_parser_find(&self->parser, name);
    for (size_t i = 0; i < n && !ost_reader_failed(self); i++) {
        const ost_param_t own = params[i];
        params[i] = params[0];
        params[i].name = own.name;
        params[i].value = own.value;
        check_values(self, name, at, &params[i]);
    }
    if (ost_reader_failed(self)) return;
    const ost_spread_t *spread = &params[0].spread;
    for (size_t i = 0; i < spread->n_choices; i++) spread->choice[i] *= params[0].unit.factor;
    for (size_t i = 0; i < n; i++) to_internal_units(&params[i]);
    symbol->dim = params[0].unit.dim;
    symbol->ratio = ost_ratio_of(&params[0].unit, params[0].unit_text);
}

/* param T[site] = 0.10, 0.06, 0.06 [1/y] in .. spread .. prior .. "meaning" @ "source" */
void ost_declare_param(ost_reader_t *self)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name;
    size_t n = 0, n_values = 0;
    int set = ost_reader_indexed_name(self, &name);
    ost_param_t *params = add_params(self, &name, OST_SYMBOL_PARAM, set, &n);
    if (params == NULL) return;
    ost_lexer_expect(lexer, '=', "'=' and the value");
    ost_token_t at = lexer->token;
    do {
        double value = ost_reader_number(self);
        if (n_values < n) params[n_values].value = value;
        n_values++;
    } while (ost_lexer_accept(lexer, ','));
    if (n_values != 1 && n_values != n) {
        const char *hint = n == 1 ? " (the decimal sign is a point)" : "; give one for all or one for each";
        ost_lexer_fail(lexer, &at, OST_ERR_SYNTAX, "'%.*s' has %zu value%s, found %zu%s", (int) name.length, name.text,
            n, n == 1 ? "" : "s", n_values, hint);
    }
    for (size_t i = n_values; i < n; i++) params[i].value = params[0].value;
    for (size_t i = 0; i < n; i++) params[i].has_default = true;
    params[0].unit_text = ost_reader_unit(self, &params[0].unit);
    read_attributes(self, &params[0], NULL, OF_PARAM);
    finish(self, &name, &at, params, n);
}

/* covariate NAME [unit] = default in .. "meaning" */
void ost_declare_covariate(ost_reader_t *self)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name = lexer->token;
    size_t n = 0;
    ost_lexer_expect(lexer, OST_TOKEN_NAME, "the name of a covariate");
    ost_param_t *param = add_params(self, &name, OST_SYMBOL_COVARIATE, -1, &n);
    if (param == NULL) return;
    param->unit_text = ost_reader_unit(self, &param->unit);
    param->has_default = ost_lexer_accept(lexer, '=');
    ost_token_t at = lexer->token;
    param->value = param->has_default ? ost_reader_number(self) : (double) NAN;
    read_attributes(self, param, NULL, OF_COVARIATE);
    param->source = ost_reader_copy(self, "", 0);
    finish(self, &name, &at, param, n);
}

void ost_declare_usual(ost_reader_t *self, ost_dose_t *dose, const ost_state_t *state)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_param_t *usual = &dose->usual;
    char why[OST_DIM_MISMATCH_SIZE];
    ost_token_t at = lexer->token;
    usual->lower = -INFINITY;
    usual->upper = INFINITY;
    usual->value = ost_reader_number(self);
    usual->unit_text = ost_reader_unit(self, &usual->unit);
    read_attributes(self, usual, dose, OF_DOSE);
    if (ost_reader_failed(self)) return;
    usual->lower = isinf(usual->lower) ? usual->value : usual->lower;
    usual->upper = isinf(usual->upper) ? usual->value : usual->upper;
    if (!ost_dim_equal(usual->unit.dim, state->unit.dim))
        ost_lexer_fail(lexer, &at, OST_ERR_UNIT, "a dose into '%s' %s", state->name,
            ost_dim_mismatch(usual->unit.dim, state->unit.dim, NULL, why));
    else if (!(usual->value > 0 && usual->value >= usual->lower && usual->value <= usual->upper))
        ost_lexer_fail(lexer, &at, OST_ERR_VALUE, "a usual dose is above 0 and within its range");
    else if (dose->interval == NULL || usual->source == NULL)
        ost_lexer_fail(lexer, &at, OST_ERR_SYNTAX,
            "a usual dose has an interval and a source, as in usual 60 [mg] every 6 [month] @ \"its label\"");
    else if (dose->shortest_d > dose->interval_d)
        ost_lexer_fail(lexer, &at, OST_ERR_VALUE, "the shortest usual interval is longer than the usual one");
    to_internal_units(usual);
}
