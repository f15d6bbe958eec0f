/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OST_LANG_LIBRARY_H
#define OST_LANG_LIBRARY_H

#include "lang/kernel.h"
#include "lang/model.h"

/* Start with the signals of any table of built-in models (its entry "signals"), which is how the build tool and tests
 * begin without generated code. @param table  [n], kept, with its entries: must outlive self */
int ost_library_init_with(
    ost_library_t *self, const ost_builtin_t *const *table, size_t n, ost_error_t *err) OST_MUST_CHECK;

#endif
