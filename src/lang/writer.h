/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models as text of another language: the names of what they have, which nodes of their graphs are written as variables
 * of their own, and signals in the order in which they depend on each other. Parameters, states and outputs are in the
 * units in which the models are written, driven signals in internal units, time is in days. */
#ifndef OST_LANG_WRITER_H
#define OST_LANG_WRITER_H

#include "lang/model_impl.h"

enum { OST_WRITER_NAME_SIZE = 160 }; /* OST_SBML_NAME_SIZE */

/* How tightly an expression binds, where a language needs parentheses. */
enum { OST_BINDS_SUM = 1, OST_BINDS_PRODUCT, OST_BINDS_ALL };

typedef struct ost_writer ost_writer_t;

/* A model that is written. */
typedef struct {
    const ost_model_t *model;
    uint32_t *uses, *variable; /* [n_nodes]: how often a node is used in this block; its variable, 0: none */
    uint8_t *depth;            /* [n_nodes] of the expression that is written in its place */
    bool *reached;             /* [n_nodes] by the root that is written next */
} ost_writer_part_t;

/* What drives a signal: the root of a drive; part NULL: something from outside. */
typedef struct {
    const ost_writer_part_t *part;
    ost_node_t root;
} ost_writer_term_t;

/* How a language writes what the writer asks for. Expressions are put in parentheses where they bind less tightly than
 * `least`. */
typedef struct {
    bool names_modes; /* switches are written by leaf(), else by compute() with their expression as operand 0 */
    bool (*is_reserved)(const char *name); /* names that have a meaning of their own */
    void (*number)(const ost_writer_t *w, double value, int least);
    /* a quantity that has this name, whose unit is `factor` internal units */
    void (*quantity)(const ost_writer_t *w, const char *name, double factor, int least);
    void (*leaf)(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node); /* noise, time, switch */
    void (*compute)(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node, int least);
    char *(*variable)(const ost_writer_t *w, uint32_t number, char *buf); /* its name @return buf */
    char *(*signal)(const ost_writer_t *w, const char *name, char *buf);  /* a driven signal's @return buf */
    /* before and after the expression of a variable */
    void (*begin_variable)(ost_writer_t *w, const char *name, bool varies);
    void (*end_variable)(ost_writer_t *w);
    /* a signal from what drives it, all of which is written */
    void (*drive)(ost_writer_t *w, size_t signal, const ost_writer_term_t *terms, size_t n);
} ost_language_t;

struct ost_writer {
    const ost_language_t *language;
    const ost_signals_t *signals;
    ost_writer_part_t *parts; /* [n_parts] */
    size_t n_parts;
    const bool *has_outside;  /* [signals->n] driven from outside as well; NULL: none is */
    ost_writer_term_t *terms; /* [n_drives + signals->n] in use for signals that wait for others */
    size_t n_terms;
    uint8_t *state; /* [signals->n] of a signal in this block: 0 not written, 1 begun, 2 written */
    uint32_t n_variables;
    ost_memory_t memory; /* of all these */
    FILE *out;
    const void *user; /* the language's */
    ost_error_t *err;
};

/* @return 0 or OST_ERR_NO_MEMORY; free self->memory in any case */
int ost_writer_init(ost_writer_t *self, const ost_language_t *language, const ost_signals_t *signals,
    const ost_model_t *const *models, size_t n, FILE *out, ost_error_t *err) OST_MUST_CHECK;
/* Begin a block: nothing is written in it. */
void ost_writer_begin(ost_writer_t *self);
/* Count what a root uses, before the block writes any. */
void ost_writer_count(const ost_writer_t *self, ost_writer_part_t *part, ost_node_t root);
/* Write the variables that a root needs and does not have yet. */
void ost_writer_variables(ost_writer_t *self, ost_writer_part_t *part, ost_node_t root);
/* Write a node whose variables are written. */
void ost_writer_put(const ost_writer_t *self, const ost_writer_part_t *part, ost_node_t node, int least);
/* Write all signals that are driven; their drives are counted. @return 0 or OST_ERR_MODEL: one depends on itself, or
 * has two drivers where one is allowed */
int ost_writer_signals(ost_writer_t *self) OST_MUST_CHECK;
/* Count the drives of all models. */
void ost_writer_count_drives(ost_writer_t *self);

/* Operand k of a node, 0 to 2, OST_NO_NODE if it has fewer. */
ost_node_t ost_writer_operand(const ost_writer_t *self, const ost_writer_part_t *part, ost_node_t node, int k);

/* Names as C has them, `T[lumbar_spine]` as T_lumbar_spine; of one of several models with that model's before it.
 * @param owner  NULL: of all models; @param buf  [OST_WRITER_NAME_SIZE]; @return buf */
char *ost_writer_name(const ost_writer_t *self, const ost_model_t *owner, const char *name, char *buf);
char *ost_writer_param(const ost_writer_t *self, const ost_model_t *m, size_t i, char *buf);
char *ost_writer_state(const ost_writer_t *self, const ost_model_t *m, size_t i, char *buf);
/* Of an output; ends in _out where a parameter, a state or a signal has that name. */
char *ost_writer_output(const ost_writer_t *self, const ost_model_t *m, size_t i, char *buf);

/* Whether a signal is a number that the user may set: some model reads it, and nothing drives it. */
bool ost_writer_is_set(const ost_writer_t *self, size_t signal);
/* Whether parameter i of part k is a covariate that an earlier part has. */
bool ost_writer_is_repeated(const ost_writer_t *self, size_t k, size_t i);

static inline const struct ost_model_impl *ost_writer_impl(const ost_writer_part_t *part)
{
    return part->model->impl;
}

#endif
