/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The expression graph of one model: hash-consed, so that equal subexpressions are one node; simplified as it is built.
 */
#ifndef OST_LANG_GRAPH_H
#define OST_LANG_GRAPH_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    OST_OP_CONST, /* value */
    OST_OP_PARAM, /* index: parameter or covariate of the model */
    OST_OP_STATE, /* index */
    OST_OP_READ,  /* index: signal read */
    OST_OP_MODE,  /* index: switch, 1.0 where its condition holds */
    OST_OP_NOISE, /* index: noise of the model; in outputs only */
    OST_OP_TIME,
    OST_OP_ADD,
    OST_OP_SUB,
    OST_OP_MUL,
    OST_OP_DIV,
    OST_OP_NEG,
    OST_OP_EXP,
    OST_OP_LOG,
    OST_OP_LOG_FROM, /* log a, but b where that is larger or a not above 0: what POW is lowered to */
    OST_OP_SQRT,
    OST_OP_POW, /* a to the power b, see OST_LOG_FLOOR; whole constant powers become products when they are built */
    OST_OP_MIN,
    OST_OP_MAX,
    OST_OP_STEP,  /* a >= 0 ? 1 : 0; in derivatives of min and max and in conditions of outputs, never located */
    OST_OP_SELECT /* a != 0 ? b : c, a is MODE or STEP or built of them by MUL, MIN, MAX, 1 - x */
} ost_op_t;

/* POW(a, b) is exp(b max(log a, OST_LOG_FLOOR)), so that a state or signal at 0, or a rounding below it, gives what is
 * meant: 0^b = 0 for every b above 0, and 0^0 = 1 (the slope of x^n at n = 1). In kernels, numbers below 2^-1022 count
 * as 0. EXP and POW are never infinite: the largest number stands for what is larger, so that 0 times it is 0. */
#define OST_LOG_FLOOR (-1e300)

/* A MIN or MAX with a number as large as this keeps others finite: it is no bend of what is computed. */
#define OST_NO_LIMIT 1e30

typedef uint32_t ost_node_t; /* index into the graph; operands always stand before the node that uses them */
#define OST_NO_NODE UINT32_MAX

typedef struct {
    ost_op_t op;
    ost_node_t a, b, c; /* operands, OST_NO_NODE where unused */
    uint32_t index;     /* of a PARAM, STATE, READ, MODE or NOISE */
    double value;       /* of a CONST */
    bool varies;        /* depends on a state, a signal, a mode, noise or time (not on parameters alone) */
    bool noisy;         /* depends on noise */
    bool bends;         /* a MIN or MAX that varies is in it, a limit beyond OST_NO_LIMIT and conditions left out */
} ost_node_data_t;

typedef struct {
    ost_node_data_t *nodes; /* owned */
    size_t n_nodes, max_nodes;
    uint32_t *table; /* owned, open addressing */
    size_t table_size;
    bool out_of_memory; /* sticky: builders then return node 0; checked once by the caller, so that building reads like
                           algebra */
} ost_graph_t;

int ost_graph_init(ost_graph_t *self, ost_error_t *err) OST_MUST_CHECK;
void ost_graph_free(ost_graph_t *self);

ost_node_t ost_graph_const(ost_graph_t *self, double value);
ost_node_t ost_graph_leaf(ost_graph_t *self, ost_op_t op, uint32_t index);
ost_node_t ost_graph_unary(ost_graph_t *self, ost_op_t op, ost_node_t a);
ost_node_t ost_graph_binary(ost_graph_t *self, ost_op_t op, ost_node_t a, ost_node_t b);
ost_node_t ost_graph_select(ost_graph_t *self, ost_node_t condition, ost_node_t a, ost_node_t b);

/* A sum that is made term by term, in runs of 8 which are added in pairs: of thousands of terms, each is part of few
 * partial sums. Begins zeroed. */
typedef struct {
    size_t n;
    ost_node_t run;      /* of the last terms, fewer than 8 */
    ost_node_t part[61]; /* element k: of 2^k runs, where bit k of their number is set */
} ost_graph_sum_t;

void ost_graph_add_term(ost_graph_t *self, ost_graph_sum_t *sum, ost_node_t term);
ost_node_t ost_graph_sum(ost_graph_t *self, const ost_graph_sum_t *sum);

/* A node that computes, by its operator: one operand, two (c unused) or those of a SELECT. */
ost_node_t ost_graph_node(ost_graph_t *self, ost_op_t op, ost_node_t a, ost_node_t b, ost_node_t c);

/* The derivative of one node from those of its operands. A SELECT is differentiated branch by branch with its condition
 * held; min and max give the derivative of the active side. @param slopes  [3] of a, b and c */
ost_node_t ost_graph_chain(ost_graph_t *self, ost_node_t node, const ost_node_t *slopes);

/* The partial derivatives of `rows` by every state, every signal read and time (MODEs held), with far less arithmetic
 * in all than node by node: intermediate nodes of the linearised graph are eliminated in the order of Markowitz.
 * @param[out] entries  [n_rows][n_states + n_reads + 1]. @return false if out of memory */
bool ost_graph_jacobian(
    ost_graph_t *self, const ost_node_t *rows, size_t n_rows, size_t n_states, size_t n_reads, ost_node_t *entries);

/* What the roots depend on, themselves included: [n_nodes of the graph], freed by the caller; NULL if out of memory. */
bool *ost_graph_reachable(const ost_graph_t *self, const ost_node_t *roots, size_t n_roots);

/* Values of the leaves by their index; any that no node uses may be NULL. Modes are given, or are what the switches at
 * those nodes say. */
typedef struct {
    const double *params, *states, *reads, *modes, *noise;
    const ost_node_t *switches;
    double t;
} ost_graph_leaves_t;

/* The value of a node that computes from those of its operands, in plain scalar arithmetic with libm. */
double ost_graph_apply(const ost_node_data_t *n, double a, double b, double c);

/* The values of all nodes up to `last` at one point, in plain scalar arithmetic with libm. @param[out] v  [last + 1] */
void ost_graph_values(const ost_graph_t *self, ost_node_t last, const ost_graph_leaves_t *at, double *v);

#endif
