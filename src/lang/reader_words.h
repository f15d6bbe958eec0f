/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of a model text as its statements see it, and what they share. As in the lexer, errors are sticky and
 * found in parser.lexer.code. */
#ifndef OST_LANG_READER_WORDS_H
#define OST_LANG_READER_WORDS_H

#include "lang/expression.h"
#include "lang/model_impl.h"

enum { OST_MAX_ITEMS = 10000, OST_SUGGESTION_SIZE = 128 };

typedef struct {
    ost_signal_t signal;
    ost_token_t at;
    bool used;
} ost_own_signal_t;

typedef struct {
    ost_parser_t parser;
    ost_model_t *model;
    ost_memory_t *memory;       /* of the model, or of signals alone */
    const ost_signals_t *known; /* signals of models read before; borrowed */
    ost_own_signal_t *signals;  /* defined by this text */
    size_t n_signals;
    const char *statement; /* where the one at hand begins */
    ost_token_t model_at;  /* the word `model` */
} ost_reader_t;

/* Room for one more, zeroed, in a growing array; *n is raised. @return the array; on error the old one, *n as it was */
void *ost_reader_more(ost_reader_t *self, void *array, size_t *n, size_t size);

/* Copies in self->memory; NULL on error. */
char *ost_reader_copy(ost_reader_t *self, const char *text, size_t length);
char *ost_reader_element_name(ost_reader_t *self, const ost_token_t *name, int set, size_t element);

/* Read a name and the index set that may touch it, as in `T[site]`. @return the set, -1 for none */
int ost_reader_indexed_name(ost_reader_t *self, ost_token_t *name);

static inline bool ost_reader_failed(const ost_reader_t *self)
{
    return self->parser.lexer.code != 0;
}

/* Give a new symbol its nodes: consecutive leaves from `first`. */
void ost_reader_leaves(ost_reader_t *self, ost_symbol_t *symbol, ost_op_t op, size_t first);

/* Read a unit in brackets. @return as written; NULL on error */
char *ost_reader_unit(ost_reader_t *self, ost_unit_t *unit);

/* Read `-2.5` or `1/14`. */
double ost_reader_number(ost_reader_t *self);

/* Read a text in quotes that is not empty. @return NULL on error */
char *ost_reader_text(ost_reader_t *self, const char *what);

/* The name of a signal, or of one in a set; an error if neither this text nor a model read before defines it, or if its
 * dimension is not that of the set's first. @param[in,out] first  element 0, written there; borrowed. @return NULL on
 * error */
char *ost_reader_signal(
    ost_reader_t *self, const ost_token_t *name, int set, size_t element, const ost_signal_t **first);

/* The lexer stands behind the '=' of a state: go to the bracket with its unit, which is the last one before `scale`,
 * `signed`, the meaning or the end. */
void ost_reader_seek_unit(ost_reader_t *self);

/* What the token begins is allowed once, and stands there again. */
void ost_reader_duplicate(ost_reader_t *self, const ost_token_t *at);

void ost_reader_end(ost_reader_t *self, const char *expected);

/* Statements that declare names with numbers and units (declare.c, parameter.c); the word that begins each has been
 * read.
 */
void ost_declare_index(ost_reader_t *self);
void ost_declare_signal(ost_reader_t *self);
void ost_declare_reads(ost_reader_t *self);
void ost_declare_covariate(ost_reader_t *self);
void ost_declare_param(ost_reader_t *self);
void ost_declare_state(ost_reader_t *self);
/* usual 60 [mg] in .. every 6 [month] over .. @ "source", of doses into a state */
void ost_declare_usual(ost_reader_t *self, ost_dose_t *dose, const ost_state_t *state);
void ost_declare_noise(ost_reader_t *self);

#endif
