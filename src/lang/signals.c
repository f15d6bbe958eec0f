/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of the signals that a library has: find one by name, add those of a text. */
#include "lang/signals.h"

#include <stdlib.h>
#include <string.h>

int ost_signals_find(const ost_signals_t *self, const char *name)
{
    for (size_t i = 0; i < self->n; i++) {
        if (strcmp(self->signal[i].name, name) == 0) return (int) i;
    }
    return -1;
}

int ost_signals_reserve(ost_signals_t *self, size_t n, ost_error_t *err)
{
    if (n == 0) return 0;
    ost_signal_t *more = realloc(self->signal, (self->n + n) * sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    self->signal = more;
    return 0;
}

void ost_signals_take(ost_signals_t *self, ost_signal_t *signal)
{
    if (ost_signals_find(self, signal->name) >= 0) return; /* the same definition again */
    self->signal[self->n++] = *signal;
    *signal = (ost_signal_t){ 0 };
}

void ost_signal_free(ost_signal_t *self)
{
    free(self->name);
    free(self->text);
    free(self->unit_text);
    *self = (ost_signal_t){ 0 };
}

void ost_signals_free(ost_signals_t *self)
{
    for (size_t i = 0; i < self->n; i++) ost_signal_free(&self->signal[i]);
    free(self->signal);
    *self = (ost_signals_t){ 0 };
}
