/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules of an expression do with values that they have read: arithmetic with its dimensions (value.c), and
 * conditions (condition.c). Errors are put into the parser's lexer. */
#ifndef OST_LANG_VALUE_H
#define OST_LANG_VALUE_H

#include "lang/expression.h"

enum { OST_SUGGESTION_SIZE = 128, OST_N_FUNCTIONS = 8 };

typedef enum {
    OST_CALL_EXP,
    OST_CALL_LOG,
    OST_CALL_SQRT,
    OST_CALL_ABS,
    OST_CALL_MIN,
    OST_CALL_MAX,
    OST_CALL_POW,
    OST_CALL_HILL
} ost_call_t;

typedef struct {
    const char *name;
    size_t n_args;
    ost_call_t call;
} ost_function_t;
extern const ost_function_t ost_functions[OST_N_FUNCTIONS];

/* An error where the value is a condition. */
void ost_value_check_number(ost_parser_t *self, const ost_value_t *value);
/* The dimension of two things that must have the same, an error at the sign or name that joins them otherwise. */
ost_dim_t ost_value_same_dim(ost_parser_t *self, const ost_value_t *a, const ost_value_t *b, const ost_token_t *joint);
/* The unit of a sum, a smaller or a larger one of two. */
ost_ratio_t ost_value_either(const ost_value_t *a, const ost_value_t *b);
/* A result of arithmetic; what was folded to infinity or to no number is refused at `at`. */
ost_value_t ost_value_result(
    ost_parser_t *self, ost_node_t node, ost_dim_t dim, const ost_value_t *first, const ost_token_t *at);
/* a + b, a - b, a * b, a / b by the kind of the sign. */
ost_value_t ost_value_join(ost_parser_t *self, const ost_value_t *a, const ost_value_t *b, const ost_token_t *sign);
ost_value_t ost_value_raise(
    ost_parser_t *self, const ost_value_t *base, const ost_value_t *exponent, const ost_token_t *sign);
/* The call of a function. @param args  as many as it has */
ost_value_t ost_value_apply(ost_parser_t *self, ost_call_t call, const ost_value_t *args, const ost_token_t *name);

/* 1 where a >= b, else 0. */
ost_node_t ost_condition_at_least(ost_parser_t *self, ost_node_t a, ost_node_t b, const ost_token_t *at);
ost_node_t ost_condition_opposite(ost_parser_t *self, ost_node_t condition);

/* An error: the let `symbol`, used at `name`, is not defined yet, or it depends on the let that is read. */
void ost_parser_undefined(ost_parser_t *self, const ost_token_t *name, const ost_symbol_t *symbol);

#endif
