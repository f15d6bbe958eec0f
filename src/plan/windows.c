/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows of outside drives and infusions, and their value at a time. */
#include "plan/windows.h"

#include <math.h>
#include <string.h>

void ost_windows_add(ost_windows_t *self, double on, double off, double value, const ost_drive_input_t *drive)
{
    if (self->err->code == 0 && ost_list_grow(&self->window, self->n, &self->max, sizeof(*self->window)) < 0)
        ost_no_memory(self->err);
    if (self->err->code == 0) self->window[self->n++] = (ost_window_t){ on, off, value, drive };
}

static int compare_starts(const void *a, const void *b)
{
    double x = ((const ost_window_t *) a)->on, y = ((const ost_window_t *) b)->on;
    return (x > y) - (x < y);
}

void ost_windows_sort(ost_windows_t *self)
{
    if (self->n > 0) qsort(self->window, self->n, sizeof(*self->window), compare_starts);
}

void ost_windows_collect(ost_windows_t *self, const ost_arm_t *arm, const char *signal, double t_begin)
{
    self->n = 0;
    for (size_t i = 0; i < arm->n_inputs; i++) {
        const ost_drive_input_t *d = &arm->inputs[i];
        if (strcmp(d->signal, signal) == 0) ost_windows_add(self, fmax(d->start, t_begin), d->stop, d->value, d);
    }
    ost_windows_sort(self);
}

double ost_windows_value(const ost_windows_t *self, size_t first, double t, ost_combine_t combine, double idle,
    const ost_experiment_t *e, const ost_arm_t *arm)
{
    size_t n_active = 0;
    double sum = 0, rest = 1;
    for (size_t i = first; i < self->n && self->window[i].on <= t + OST_SAME_TIME; i++) {
        const ost_window_t *w = &self->window[i];
        if (w->off <= t + OST_SAME_TIME) continue;
        sum += w->value;
        rest *= 1 - w->value;
        if (++n_active > 1 && combine == OST_COMBINE_ONE && self->err->code == 0) {
            OST_FAIL_AT(self->err, OST_ERR_VALUE, e, w->drive->location,
                "arm '%s': signal '%s' is driven twice on day %g, and can have one driver only", arm->name,
                w->drive->signal, t);
            return (double) NAN;
        }
    }
    return n_active == 0 ? idle : combine == OST_COMBINE_FRACTION ? 1 - rest : sum;
}
