/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment once it was read: what is left out of it, how its values are rounded, and its end. */
#include "input/experiment.h"

#include <math.h>
#include <string.h>

void ost_experiment_drop_rules(ost_experiment_t *self)
{
    for (size_t a = 0; a < self->n_arms; a++) {
        ost_arm_t *arm = &self->arms[a];
        size_t n = 0;
        for (size_t i = 0; i < arm->n_regimens; i++) {
            ost_regimen_t *r = &arm->regimens[i];
            r->end_if = NULL;
            if (r->begin_if == NULL) arm->regimens[n++] = *r;
        }
        arm->n_regimens = n;
    }
}

void ost_experiment_drop_eligible(ost_experiment_t *self)
{
    self->eligible = NULL;
}

int ost_kept_bits(const ost_experiment_t *self)
{
    int all = self->float64 ? 52 : 23;
    /* n bits after the leading one leave 2^-(n + 1); digits d promise 0.5 x 10^(1 - d) */
    int needed = (int) ceil((self->digits - 1) * log2(10));
    return self->digits > 0 && needed < all ? needed : -1;
}

double ost_experiment_overflow(const ost_experiment_t *self)
{
    int kept = ost_kept_bits(self), all = self->float64 ? 52 : 23, largest = self->float64 ? 1023 : 127;
    /* from half a last bit below the next power of two on, rounding is to that power */
    return ldexp(2 - ldexp(1, -1 - (kept >= 0 ? kept : all)), largest);
}

void ost_experiment_drop_arm(ost_experiment_t *self, size_t arm)
{
    self->n_arms--;
    memmove(&self->arms[arm], &self->arms[arm + 1], (self->n_arms - arm) * sizeof(*self->arms));
}

void ost_experiment_free(ost_experiment_t *self)
{
    if (self == NULL) return;
    ost_text_list_free(&self->warnings);
    ost_text_list_free(&self->left_out);
    ost_text_list_free(&self->drawn);
    ost_text_list_free(&self->correlations.names);
    ost_memory_free(&self->memory);
    memset(self, 0, sizeof *self);
}
