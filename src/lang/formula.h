/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions over named values ("t_score[spine] < -2 or time > 3 [y]"), for rules; formulas are in osteon/model.h. */
#ifndef OST_LANG_FORMULA_H
#define OST_LANG_FORMULA_H

#include "lang/model.h"

/* Read a condition; `time` is a name, too. @param[out] used  [n] which of the names it uses
 * @return as ost_formula_new() */
int ost_condition_new(ost_formula_t **self, ost_memory_t *memory, const char *text, const ost_name_t *names, size_t n,
    bool *used, ost_error_t *err) OST_MUST_CHECK;

/* 1 where the condition holds, 0 where it does not; NaN where it depends on something that is not a number: `x > 0 and
 * log(x) < 3` is 0 for x = -1. @param values  elements of all names one after another, internal units; @param t  d */
double ost_condition_value(const ost_formula_t *self, const double *values, double t);

#endif
