/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expressions of the notation, read straight into graph nodes with their dimensions checked. Used by models and by
 * formulas over named scalars. */
#ifndef OST_LANG_EXPRESSION_H
#define OST_LANG_EXPRESSION_H

#include "core/memory.h"
#include "lang/graph.h"
#include "lang/model.h"
#include "lang/token.h"

enum {
    OST_MAX_NESTING = 200, /* of parentheses, calls, signs and powers */
    OST_MAX_TERMS = 50000, /* names and numbers of all expressions, index sets expanded */
    OST_MAX_INDEX_SETS = 16,
    OST_MAX_ELEMENTS = 1000, /* of an index set */
};

/* A unit with a scale but no dimension, such as [%], that a value is understood to be in; text NULL for none. A plain
 * number beside such a value is refused: 5 may mean 5 % or 500 %. */
typedef struct {
    const char *text; /* as written; borrowed */
    size_t length;
    double factor;
} ost_ratio_t;

typedef enum {
    OST_SYMBOL_PARAM,
    OST_SYMBOL_COVARIATE,
    OST_SYMBOL_STATE,
    OST_SYMBOL_READ,
    OST_SYMBOL_LET,
    OST_SYMBOL_NOISE
} ost_symbol_kind_t;

/* A name that expressions may use. */
typedef struct {
    char name[OST_NAME_SIZE];
    ost_symbol_kind_t kind;
    ost_dim_t dim;
    ost_ratio_t ratio;
    bool is_plain;     /* a let of plain numbers alone */
    int set;           /* index set, -1 for a scalar */
    uint32_t first;    /* index of its (first) parameter, state, read or noise in the model */
    size_t n_nodes;    /* 1, or elements of its set */
    ost_node_t *nodes; /* [n_nodes], NULL for a let that is not defined yet */
    bool used;
    ost_token_t at; /* where it is declared */
} ost_symbol_t;

typedef struct {
    ost_lexer_t lexer;
    ost_memory_t memory; /* of symbols */
    ost_memory_t *kept;  /* of switches, which outlive the parser; borrowed */
    ost_graph_t *graph;  /* borrowed */
    ost_symbol_t *symbols;
    size_t n_symbols;
    const ost_index_set_t *sets; /* borrowed */
    size_t n_sets;
    int element[OST_MAX_INDEX_SETS];        /* that the set's name stands for here, -1 where none */
    ost_token_t set_at[OST_MAX_INDEX_SETS]; /* where it is declared */
    bool set_used[OST_MAX_INDEX_SETS];
    ost_node_t *switches;
    int *switch_lines; /* [n_switches] where each stands first */
    size_t n_switches;
    const ost_symbol_t *own; /* the state or let whose equation is read: that a state feeds itself is no use of it */
    bool constant;           /* only what depends on parameters alone is allowed */
    bool in_output;          /* noise is allowed, and conditions are evaluated where they stand */
    bool has_time;           /* `time` is a name */
    int depth;
    int n_terms;
} ost_parser_t;

/* What an expression, or a part of it, is. */
typedef struct {
    ost_node_t node;
    ost_dim_t dim;
    ost_ratio_t ratio;
    bool is_zero;      /* the plain literal 0, which fits any dimension */
    bool is_plain;     /* of numbers without a unit alone */
    bool is_condition; /* a comparison: 1 or 0, only between `if` and `then` */
    ost_token_t at;    /* its first token */
} ost_value_t;

/* Read an expression as far as it goes; the lexer then stands on the token after it. On error the lexer's code is set
 * and the value is any node. */
ost_value_t ost_parser_expression(ost_parser_t *self);

/* An error unless the value has this dimension; `what` as in "an output in [mg]". */
void ost_parser_check_dim(ost_parser_t *self, const ost_value_t *value, ost_dim_t dim, const char *what);

/* An error if the value is a plain number other than 0 and `ratio` a unit with a scale but no dimension. */
void ost_parser_check_ratio(ost_parser_t *self, const ost_value_t *value, const ost_ratio_t *ratio);

/* The unit as a ratio; none where it has a dimension or no scale. @param text  terminated, borrowed */
ost_ratio_t ost_ratio_of(const ost_unit_t *unit, const char *text);

/* Declare a name; an error if it is a word of the notation, or declared already. @return NULL on error */
ost_symbol_t *ost_parser_declare(ost_parser_t *self, const ost_token_t *name, ost_symbol_kind_t kind, int set);

/* @return NULL if there is none, without error */
ost_symbol_t *ost_parser_find(const ost_parser_t *self, const ost_token_t *name);

/* Index set of that name, -1 if there is none. */
int ost_parser_find_set(const ost_parser_t *self, const ost_token_t *name);

/* Element of an index set by name; an error if there is none (then 0). */
uint32_t ost_parser_element(ost_parser_t *self, int set, const ost_token_t *name);

/* An error if a name is `if`, `exp`, `param` or another word that has a meaning of its own. */
void ost_parser_check_name(ost_parser_t *self, const ost_token_t *name);

/* A unit in brackets at the current token. */
void ost_parser_unit(ost_parser_t *self, ost_unit_t *unit, ost_token_t *raw);

/* " (did you mean 'x'?)", or "" if nothing is near. @return buf */
char *ost_suggest(const ost_token_t *word, const char *const *names, size_t n_names, char *buf, size_t size);

#endif
