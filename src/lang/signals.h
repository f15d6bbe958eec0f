/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of signals (ost_signals_t): how it grows and is freed. */
#ifndef OST_LANG_SIGNALS_H
#define OST_LANG_SIGNALS_H

#include "lang/model.h"

/* Room for n more, so that as many ost_signals_take() cannot fail. @return 0 or OST_ERR_NO_MEMORY, table unchanged */
int ost_signals_reserve(ost_signals_t *self, size_t n, ost_error_t *err) OST_MUST_CHECK;

/* Move a signal into the room reserved for it, unless the table has its name. The caller frees `signal` either way. */
void ost_signals_take(ost_signals_t *self, ost_signal_t *signal);

void ost_signal_free(ost_signal_t *self);
void ost_signals_free(ost_signals_t *self);

#endif
