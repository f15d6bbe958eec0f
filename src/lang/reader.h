/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a model text to a model. reader.c goes through the statements and reads those that hold expressions; declare.c
 * and parameter.c read those that declare names with numbers and units. */
#ifndef OST_LANG_READER_H
#define OST_LANG_READER_H

#include "lang/kernel.h"
#include "lang/model.h"

enum { OST_MAX_TEXT = 1 << 20 };

/* Read and compile a model. Signals that the text defines are added to `signals`; none is when reading fails.
 * @param builtin  the entry the text comes from, NULL for a user's own model
 * @return 0 or the error at its place; call ost_model_free() either way */
int ost_model_read(ost_model_t *self, ost_signals_t *signals, const char *path, const char *text,
    const ost_builtin_t *builtin, ost_error_t *err) OST_MUST_CHECK;

/* Read a text of `signal` statements only. */
int ost_signals_read(ost_signals_t *signals, const char *path, const char *text, ost_error_t *err) OST_MUST_CHECK;

#endif
