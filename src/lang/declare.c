/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/reader_words.h"

#include <stdio.h>
#include <string.h>

void ost_declare_index(ost_reader_t *self)
{
    ost_model_t *model = self->model;
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name = lexer->token;
    ost_lexer_expect(lexer, OST_TOKEN_NAME, "the name of an index set");
    ost_parser_check_name(&self->parser, &name);
    if (ost_parser_find_set(&self->parser, &name) >= 0) {
        ost_lexer_fail(lexer, &name, OST_ERR_NAME, "index set '%.*s' is defined twice", (int) name.length, name.text);
    } else if (model->n_index_sets == OST_MAX_INDEX_SETS) {
        ost_lexer_fail(lexer, &name, OST_ERR_LIMIT, "more than %d index sets", OST_MAX_INDEX_SETS);
    }
    size_t i = model->n_index_sets;
    model->index_sets = ost_reader_more(self, model->index_sets, &model->n_index_sets, sizeof(*model->index_sets));
    if (ost_reader_failed(self)) return;
    ost_index_set_t *set = &model->index_sets[i];
    set->name = ost_reader_copy(self, name.text, name.length);
    ost_lexer_expect(lexer, '=', "'=' and the elements");
    do {
        ost_token_t element = lexer->token;
        ost_lexer_expect(lexer, OST_TOKEN_NAME, "the name of an element");
        bool is_taken = ost_token_is(&element, set->name != NULL ? set->name : "");
        for (size_t k = 0; k < set->n_elements; k++) is_taken = is_taken || ost_token_is(&element, set->elements[k]);
        if (is_taken) {
            ost_lexer_fail(lexer, &element, OST_ERR_NAME, "'%.*s' stands in this index set already",
                (int) element.length, element.text);
        } else if (set->n_elements == OST_MAX_ELEMENTS) {
            ost_lexer_fail(lexer, &element, OST_ERR_LIMIT, "more than %d elements", OST_MAX_ELEMENTS);
        }
        set->elements = ost_reader_more(self, set->elements, &set->n_elements, sizeof(*set->elements));
        if (!ost_reader_failed(self))
            set->elements[set->n_elements - 1] = ost_reader_copy(self, element.text, element.length);
    } while (ost_lexer_accept(lexer, ','));
    ost_reader_end(self, "',' and another element");
    self->parser.set_at[i] = name;
    self->parser.sets = model->index_sets;
    self->parser.n_sets = model->n_index_sets;
}

static bool same_signal(const ost_signal_t *a, const ost_signal_t *b)
{
    return ost_dim_equal(a->unit.dim, b->unit.dim) && a->unit.factor == b->unit.factor && a->combine == b->combine &&
           a->has_neutral == b->has_neutral && a->neutral == b->neutral;
}

static ost_combine_t combine_rule(ost_reader_t *self)
{
    static const char *const rules[] = { "one", "sum", "fraction" };
    ost_lexer_t *lexer = &self->parser.lexer;
    char hint[OST_SUGGESTION_SIZE];
    ost_token_t word = lexer->token;
    for (int i = 0; i < 3; i++) {
        if (ost_lexer_accept_word(lexer, rules[i])) return (ost_combine_t) i;
    }
    if (word.kind != OST_TOKEN_NAME) ost_lexer_unexpected(lexer, "one, sum or fraction");
    ost_lexer_fail(lexer, &word, OST_ERR_SYNTAX, "drivers combine by one, sum or fraction, not by '%.*s'%s",
        (int) word.length, word.text, ost_suggest(&word, rules, 3, hint, sizeof(hint)));
    return OST_COMBINE_ONE;
}

/* `estradiol`, or `bmd[total_hip]`. @return NULL on error */
static char *signal_name(ost_reader_t *self, ost_token_t *name)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    char text[2 * OST_NAME_SIZE + 2];
    *name = lexer->token;
    ost_lexer_expect(lexer, OST_TOKEN_NAME, "the name of a signal");
    ost_parser_check_name(&self->parser, name);
    if (lexer->token.kind != '[' || !lexer->token.touches) return ost_reader_copy(self, name->text, name->length);
    ost_lexer_next(lexer);
    ost_token_t element = lexer->token;
    ost_lexer_expect(lexer, OST_TOKEN_NAME, "the name of one in a set (a unit stands apart)");
    ost_lexer_expect(lexer, ']', "']' closing the index");
    int n =
        snprintf(text, sizeof(text), "%.*s[%.*s]", (int) name->length, name->text, (int) element.length, element.text);
    return ost_reader_copy(self, text, (size_t) n);
}

/* signal NAME [unit] = neutral combine RULE "meaning" */
void ost_declare_signal(ost_reader_t *self)
{
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name;
    char *full = signal_name(self, &name);
    for (size_t i = 0; i < self->n_signals && full != NULL; i++) {
        if (strcmp(full, self->signals[i].signal.name) != 0) continue;
        ost_lexer_fail(lexer, &name, OST_ERR_NAME, "signal '%s' is defined twice, before at line %d",
            self->signals[i].signal.name, self->signals[i].at.line);
    }
    self->signals = ost_reader_more(self, self->signals, &self->n_signals, sizeof(*self->signals));
    if (ost_reader_failed(self)) return;
    ost_own_signal_t *own = &self->signals[self->n_signals - 1];
    ost_signal_t *signal = &own->signal;
    own->at = name;
    signal->name = full;
    signal->unit_text = ost_reader_unit(self, &signal->unit);
    ost_token_t at = lexer->token;
    signal->has_neutral = ost_lexer_accept(lexer, '=');
    if (signal->has_neutral) {
        at = lexer->token;
        signal->neutral = ost_reader_number(self) * signal->unit.factor;
    }
    if (!ost_lexer_accept_word(lexer, "combine")) ost_lexer_unexpected(lexer, "'combine' and its rule");
    signal->combine = combine_rule(self);
    signal->text = ost_reader_text(self, "the meaning");
    ost_reader_end(self, "the end of the statement");
    if (signal->combine == OST_COMBINE_FRACTION && !ost_dim_is_none(signal->unit.dim)) {
        ost_lexer_fail(
            lexer, &name, OST_ERR_UNIT, "shares combine by 'fraction' and have no dimension: unit [1] or [%%]");
    } else if (signal->combine == OST_COMBINE_FRACTION && !(signal->neutral >= 0 && signal->neutral <= 1)) {
        ost_lexer_fail(lexer, &at, OST_ERR_VALUE, "a share is between 0 and 1");
    }
    if (ost_reader_failed(self)) return;
    int known = ost_signals_find(self->known, signal->name);
    if (known >= 0 && !same_signal(signal, &self->known->signal[known]))
        ost_lexer_fail(lexer, &name, OST_ERR_NAME,
            "signal '%s' is known already with another unit, neutral value or rule; leave this line out", signal->name);
}

/* reads NAME, NAME[site] */
void ost_declare_reads(ost_reader_t *self)
{
    ost_model_t *model = self->model;
    ost_lexer_t *lexer = &self->parser.lexer;
    do {
        ost_token_t name;
        int set = ost_reader_indexed_name(self, &name);
        ost_symbol_t *symbol = ost_parser_declare(&self->parser, &name, OST_SYMBOL_READ, set);
        size_t first = model->n_reads;
        const ost_signal_t *signal = NULL;
        for (size_t i = 0; !ost_reader_failed(self) && i < symbol->n_nodes; i++) {
            char *full = ost_reader_signal(self, &name, set, i, &signal);
            model->reads = ost_reader_more(self, model->reads, &model->n_reads, sizeof(*model->reads));
            if (!ost_reader_failed(self)) model->reads[first + i] = (ost_read_t){ .name = full, .line = name.line };
            if (model->n_reads > OST_MAX_READS)
                ost_lexer_fail(lexer, &name, OST_ERR_LIMIT, "a model can read %d signals at most", OST_MAX_READS);
        }
        if (ost_reader_failed(self)) return;
        symbol->dim = signal->unit.dim;
        symbol->ratio = ost_ratio_of(&signal->unit, signal->unit_text);
        ost_reader_leaves(self, symbol, OST_OP_READ, first);
    } while (ost_lexer_accept(lexer, ','));
    ost_reader_end(self, "',' and another signal");
}

/* state NAME = value [unit] scale 1 signed "meaning"; the value is read later, when all names are known */
void ost_declare_state(ost_reader_t *self)
{
    ost_model_t *model = self->model;
    ost_lexer_t *lexer = &self->parser.lexer;
    ost_token_t name, at_scale = { 0 };
    ost_unit_t unit;
    int set = ost_reader_indexed_name(self, &name);
    ost_symbol_t *symbol = ost_parser_declare(&self->parser, &name, OST_SYMBOL_STATE, set);
    ost_lexer_expect(lexer, '=', "'=' and the initial value");
    ost_reader_seek_unit(self);
    char *unit_text = ost_reader_unit(self, &unit), *text = NULL;
    double scale = 0;
    bool is_signed = false;
    while (!ost_reader_failed(self) && lexer->token.kind != OST_TOKEN_END) {
        ost_token_t at = lexer->token;
        bool is_twice = (text != NULL && at.kind == OST_TOKEN_STRING) || (is_signed && ost_token_is(&at, "signed")) ||
                        (at_scale.kind != 0 && ost_token_is(&at, "scale"));
        if (is_twice) {
            ost_reader_duplicate(self, &at);
        } else if (ost_lexer_accept_word(lexer, "scale")) {
            at_scale = lexer->token;
            scale = ost_reader_number(self);
            if (!(scale > 0)) ost_lexer_fail(lexer, &at_scale, OST_ERR_VALUE, "a scale is above 0");
        } else if (ost_lexer_accept_word(lexer, "signed")) {
            is_signed = true;
        } else if (at.kind == OST_TOKEN_STRING) {
            text = ost_reader_text(self, "the meaning");
        } else {
            ost_lexer_unexpected(lexer, "scale, signed or the meaning in quotes");
        }
    }
    if (text == NULL) ost_lexer_fail(lexer, &name, OST_ERR_SYNTAX, "this state has no meaning in quotes");
    size_t first = model->n_states;
    for (size_t i = 0; !ost_reader_failed(self) && i < symbol->n_nodes; i++) {
        model->states = ost_reader_more(self, model->states, &model->n_states, sizeof(*model->states));
        if (ost_reader_failed(self)) break;
        model->states[first + i] = (ost_state_t){ .name = ost_reader_element_name(self, &name, set, i),
            .text = text,
            .unit_text = unit_text,
            .unit = unit,
            .scale = scale * unit.factor,
            .may_be_negative = is_signed,
            .line = name.line };
    }
    if (!ost_reader_failed(self)) {
        symbol->dim = unit.dim;
        symbol->ratio = ost_ratio_of(&unit, unit_text);
        ost_reader_leaves(self, symbol, OST_OP_STATE, first);
    }
}

/* noise NAME[site] "meaning" */
void ost_declare_noise(ost_reader_t *self)
{
    ost_model_t *model = self->model;
    ost_token_t name;
    int set = ost_reader_indexed_name(self, &name);
    ost_symbol_t *symbol = ost_parser_declare(&self->parser, &name, OST_SYMBOL_NOISE, set);
    char *text = ost_reader_text(self, "the meaning");
    ost_reader_end(self, "the end of the statement");
    size_t first = model->n_noises;
    for (size_t i = 0; !ost_reader_failed(self) && i < symbol->n_nodes; i++) {
        model->noises = ost_reader_more(self, model->noises, &model->n_noises, sizeof(*model->noises));
        if (ost_reader_failed(self)) break;
        model->noises[first + i] = (ost_noise_t){ ost_reader_element_name(self, &name, set, i), text, name.line };
    }
    if (!ost_reader_failed(self)) ost_reader_leaves(self, symbol, OST_OP_NOISE, first);
}
