/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From regimens to sorted events. What happens at one time happens in this order:
 *   1. outputs due at that time are taken (the solver's promise: an output at a dose is the value before it);
 *   2. a block that was inactive until its first dose is no longer held;
 *   3. drives from outside change, in the order of the plan's signals;
 *   4. infusions end and start, as one change of their state's rate;
 *   5. boluses are given, in the order of the arm's regimens.
 * Windows are half-open: a dose due at `stop` is not given, a drive ends at `stop`; an infusion begun before `stop`
 * runs to its end. Times closer than OST_SAME_TIME are one time, the earliest of them. */
#include "plan/timeline.h"

#include <math.h>

enum { RANK_RELEASE, RANK_OUTSIDE, RANK_RATE, RANK_BOLUS };

static void add_item(ost_arm_draft_t *self, int rank, ost_event_t event, uint32_t block, uint32_t line)
{
    if (self->make->err.code != 0) return;
    if (ost_list_grow(&self->items, self->n_items, &self->max_items, sizeof(ost_item_t)) < 0) {
        ost_no_memory(&self->make->err);
        return;
    }
    event.series = -1;
    self->items[self->n_items] = (ost_item_t){ event, rank, .seq = self->n_items, .block = block, .line = line };
    self->n_items++;
}

/* Times of the doses are start + k x interval, never accumulated. */
static size_t n_doses_of(const ost_arm_draft_t *self, const ost_regimen_t *r)
{
    double stop = fmin(r->stop - OST_SAME_TIME, self->doses->t_known);
    if (!(r->start < stop)) return 0;
    if (!(r->interval > 0)) return 1;
    size_t n = (size_t) ((stop - r->start) / r->interval);
    while (n > 0 && r->start + (double) n * r->interval >= stop) n--;
    return n + 1;
}

static double dose_time(const ost_regimen_t *r, size_t k)
{
    return r->start + (double) k * r->interval;
}

static void add_boluses(ost_arm_draft_t *self)
{
    const ost_arm_t *arm = &self->e->arms[self->arm];
    for (size_t i = 0; i < arm->n_regimens; i++) {
        const ost_regimen_t *r = &arm->regimens[i];
        const ost_dose_target_t *to = &self->doses->target[self->arm][i];
        if (to->is_infusion || to->is_subject_specific) continue;
        for (size_t k = 0, n = n_doses_of(self, r); k < n; k++) {
            const ost_event_t event = {
                .t = dose_time(r, k), .kind = OST_EVENT_ADD_STATE, .index = to->state, .amount = r->amount
            };
            add_item(self, RANK_BOLUS, event, to->block, (uint32_t) i);
        }
    }
}

/* Events of one input from its windows; `signal` (NULL for an infusion) has the value `idle` where none acts. */
static void add_input(ost_arm_draft_t *self, size_t input, const ost_signal_t *signal, double idle, uint32_t block)
{
    const ost_arm_t *arm = &self->e->arms[self->arm];
    ost_windows_t *windows = &self->windows;
    ost_error_t *err = &self->make->err;
    size_t n = 2 * windows->n, first = 0;
    double current = self->inputs->idle[input], last = -INFINITY, *times = malloc((n + 1) * sizeof(*times));
    ost_combine_t combine = signal != NULL ? signal->combine : OST_COMBINE_SUM;
    if (times == NULL) {
        ost_no_memory(err);
        return;
    }
    ost_windows_sort(windows);
    for (size_t i = 0; i < windows->n; i++) {
        times[2 * i] = windows->window[i].on;
        times[2 * i + 1] = windows->window[i].off;
    }
    qsort(times, n, sizeof(*times), ost_compare_doubles);
    for (size_t i = 0; i < n && err->code == 0 && times[i] < self->doses->t_known; i++) {
        double t = times[i];
        if (t <= last + OST_SAME_TIME) continue;
        last = t;
        while (first < windows->n && windows->window[first].off <= t + OST_SAME_TIME) first++;
        const double value = ost_windows_value(windows, first, t, combine, idle, self->e, arm);
        if (err->code == 0 && isnan(value))
            OST_FAIL_AT(err, OST_ERR_VALUE, self->e, arm->location,
                "arm '%s': signal '%s' has no neutral value, and nothing drives it from day %g on", arm->name,
                signal->name, t);
        if (value == current) continue;
        current = value;
        const ost_event_t event = { .t = t, .kind = OST_EVENT_SET_INPUT, .index = (uint32_t) input, .amount = value };
        add_item(self, signal != NULL ? RANK_OUTSIDE : RANK_RATE, event, block, OST_NO_BLOCK);
    }
    free(times);
}

static void add_drives(ost_arm_draft_t *self)
{
    for (size_t s = 0; s < self->wiring->n_signals; s++) {
        const ost_wired_t *signal = &self->wiring->signals[s];
        if (!signal->has_outside) continue;
        ost_windows_collect(&self->windows, &self->e->arms[self->arm], signal->signal.name, self->doses->t_begin);
        add_input(self, (size_t) self->inputs->outside[s], &signal->signal, ost_wired_idle(signal), OST_NO_BLOCK);
    }
}

static void add_infusion(ost_arm_draft_t *self, const ost_infusion_t *infusion)
{
    const ost_arm_t *arm = &self->e->arms[self->arm];
    uint32_t block = 0;
    self->windows.n = 0;
    for (size_t i = 0; i < arm->n_regimens; i++) {
        const ost_regimen_t *r = &arm->regimens[i];
        const ost_dose_target_t *to = &self->doses->target[self->arm][i];
        if (!to->is_infusion || to->is_subject_specific || to->state != infusion->state) continue;
        block = to->block;
        for (size_t k = 0, n = n_doses_of(self, r); k < n; k++) {
            double t = dose_time(r, k);
            ost_windows_add(&self->windows, t, t + r->duration, r->amount / r->duration, NULL);
        }
    }
    add_input(self, infusion->input, NULL, 0, block);
}

/* A block that can be held is inactive until its first dose. */
static void add_releases(ost_arm_draft_t *self)
{
    size_t n = self->n_items;
    for (uint32_t b = 0; b < self->blocks->n; b++) {
        if (self->inputs->hold[b] < 0) continue;
        ost_event_t event = { .t = INFINITY, .kind = OST_EVENT_SET_INPUT, .index = (uint32_t) self->inputs->hold[b] };
        for (size_t i = 0; i < n; i++)
            if (self->items[i].block == b) event.t = fmin(event.t, self->items[i].event.t);
        if (!isinf(event.t)) add_item(self, RANK_RELEASE, event, OST_NO_BLOCK, OST_NO_BLOCK);
    }
}

static int compare_items(const void *a, const void *b)
{
    const ost_item_t *x = a, *y = b;
    if (x->event.t != y->event.t) return x->event.t < y->event.t ? -1 : 1;
    if (x->rank != y->rank) return x->rank - y->rank;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void sort_items(ost_arm_draft_t *self)
{
    if (self->n_items == 0) return;
    qsort(self->items, self->n_items, sizeof(*self->items), compare_items);
    for (size_t i = 1; i < self->n_items; i++) {
        double *t = &self->items[i].event.t, before = self->items[i - 1].event.t;
        if (*t <= before + OST_SAME_TIME) *t = before;
    }
    qsort(self->items, self->n_items, sizeof(*self->items), compare_items);
}

static void find_items(ost_arm_draft_t *self)
{
    add_boluses(self);
    for (size_t i = 0; i < self->inputs->n_shared_infusions; i++) add_infusion(self, &self->inputs->infusions[i]);
    add_drives(self);
    add_releases(self);
    if (self->make->err.code != 0) return;
    sort_items(self);
    if (self->is_periodic) ost_series_find(self);
}

static void make_arm(ost_arm_timeline_t *arm, ost_arm_draft_t *draft, ost_maker_t *make)
{
    find_items(draft);
    ost_event_t *events = ost_maker_list(make, draft->n_items, sizeof(*events));
    ost_repeat_t *repeats = ost_maker_list(make, draft->n_repeats, sizeof(*repeats));
    if (make->err.code != 0) return;
    for (size_t i = 0; i < draft->n_items; i++) events[i] = draft->items[i].event;
    for (size_t i = 0; i < draft->n_repeats; i++) repeats[i] = draft->repeats[i];
    *arm = (ost_arm_timeline_t){ events, draft->n_items, draft->n_items, repeats, draft->n_repeats };
    while (arm->n_events > 0 && events[arm->n_events - 1].t >= draft->doses->t_end) arm->n_events--;
}

const ost_timeline_t *ost_timeline_new(const ost_experiment_t *e, const ost_blocks_t *blocks,
    const ost_population_t *population, const ost_wiring_t *wiring, const ost_doses_t *doses,
    const ost_inputs_t *inputs, const ost_schedules_t *schedules, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    ost_timeline_t *self = ost_maker_list(make, 1, sizeof(*self));
    ost_arm_timeline_t *arms = ost_maker_list(make, e->n_arms, sizeof(*arms));
    /* parameters that change in time leave no periodic steady state */
    const bool is_periodic = e->dosing == OST_DOSING_PERIODIC && population->n_changing == 0;
    ost_arm_draft_t draft = { e, blocks, wiring, doses, inputs, schedules, make, is_periodic,
        .is_averaged = ost_maker_list(make, blocks->n, sizeof(*draft.is_averaged)),
        .repeat_of_schedule = ost_maker_list(make, schedules->n, sizeof(*draft.repeat_of_schedule)) };
    if (make->err.code != 0) return NULL;
    for (size_t c = 0; c < schedules->n; c++) draft.repeat_of_schedule[c] = -1;
    draft.windows.err = &make->err;
    for (; draft.arm < e->n_arms && make->err.code == 0; draft.arm++) {
        draft.n_items = draft.n_repeats = 0;
        make_arm(&arms[draft.arm], &draft, make);
    }
    free(draft.windows.window);
    free(draft.items);
    free(draft.repeats);
    *self = (ost_timeline_t){ arms, e->n_arms, draft.is_averaged, draft.repeat_of_schedule };
    return make->err.code == 0 ? self : NULL;
}
