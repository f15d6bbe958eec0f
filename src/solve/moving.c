/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "solve/moving.h"

#include <stdlib.h>
#include <string.h>

int ost_moving_init(ost_moving_t *self, const ost_system_t *system, const ost_elimination_t *all, ost_error_t *err)
{
    const size_t n = system->n_states;
    memset(self, 0, sizeof(*self));
    self->all = all;
    self->is_held = calloc(system->n_held + 1, sizeof(*self->is_held));
    self->is_still = calloc(n + 1, sizeof(*self->is_still));
    self->is_zero = calloc(all->n_rows + 1, sizeof(*self->is_zero));
    self->span = calloc(n + 1, sizeof(*self->span));
    self->still = calloc(n + 1, sizeof(*self->still));
    if (self->is_held == NULL || self->is_still == NULL || self->is_zero == NULL || self->span == NULL ||
        self->still == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for lists of %zu states", n);
    for (size_t k = 0; k < system->n_held; k++) {
        const ost_held_t *held = &system->held[k];
        bool fits = held->hold < system->n_inputs;
        for (size_t i = 0; i < held->n_states; i++) fits = fits && held->state[i] < n;
        for (size_t i = 0; i < held->n_rates; i++) fits = fits && held->rate[i] < system->n_inputs;
        if (!fits) return ost_fail(err, OST_ERR_MODEL, "what can be held has a state or an input out of range");
    }
    int code = system->n_held > 0 ? ost_elimination_reserve(&self->some, all, n, err) : 0;
    if (code == 0) ost_moving_refresh(self, system);
    return code;
}

void ost_moving_free(ost_moving_t *self)
{
    if (self == NULL) return;
    free(self->is_held);
    free(self->is_still);
    free(self->is_zero);
    free(self->span);
    free(self->still);
    ost_elimination_free(&self->some);
}

void ost_moving_refresh(ost_moving_t *self, const ost_system_t *system)
{
    const uint32_t n = (uint32_t) system->n_states;
    memset(self->is_still, 0, n * sizeof(*self->is_still));
    for (size_t k = 0; k < system->n_held; k++)
        for (size_t i = 0; self->is_held[k] && i < system->held[k].n_states; i++)
            self->is_still[system->held[k].state[i]] = true;
    self->n_moving = self->n_still = 0;
    for (uint32_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && self->is_still[end] == self->is_still[first];) end++;
        ost_span_t *span = self->is_still[first] ? &self->still[self->n_still++] : &self->span[self->n_moving++];
        *span = (ost_span_t){ first, end };
    }
    self->elimination = self->n_still > 0 ? &self->some : self->all;
    if (self->n_still > 0) ost_elimination_select(&self->some, self->all, system, self->is_still, self->is_zero);
}
