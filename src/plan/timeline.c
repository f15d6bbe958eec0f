/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From regimens to sorted events. What happens at one time happens in this order:
 *   1. outputs due at that time are taken (the solver's promise: an output at a dose is the value before it);
 *   2. a block that was idle until its first dose wakes up;
 *   3. drives from outside change, in the order of the plan's signals;
 *   4. infusions end and start, as one change of their state's rate;
 *   5. boluses are given, in the order of the arm's regimens.
 * Windows are half-open: a dose due at `stop` is not given, a drive ends at `stop`; an infusion begun before `stop`
 * runs to its end. Times closer than OST_SAME_TIME are one time, the earliest of them. */
#include "plan/plan_impl.h"
#include "plan/windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RANK_WAKE, RANK_OUTSIDE, RANK_RATE, RANK_BOLUS };

typedef struct {
    ost_event_t event;
    int rank;
    size_t seq;
    uint32_t block;   /* whose doses it concerns, or OST_NO_BLOCK */
    uint32_t regimen; /* of a bolus, else OST_NO_BLOCK */
} item_t;

typedef struct {
    ost_plan_t *plan;
    size_t arm;
    item_t *items;
    size_t n_items, max_items;
    ost_windows_t windows; /* of one input at a time */
    ost_error_t *err;
} builder_t;

static int add_item(builder_t *self, int rank, ost_event_kind_t kind, double t, size_t index, double amount,
    uint32_t block, uint32_t regimen)
{
    void *list = self->items;
    if (ost_list_grow(&list, self->n_items, &self->max_items, sizeof(item_t)) < 0) return ost_no_memory(self->err);
    self->items = list;
    self->items[self->n_items] = (item_t){
        .event = { .t = t, .kind = kind, .index = (uint32_t) index, .amount = amount, .series = -1 },
        .rank = rank,
        .seq = self->n_items,
        .block = block,
        .regimen = regimen,
    };
    self->n_items++;
    return 0;
}

/* Times of the doses are start + k x interval, never accumulated. */
static size_t n_doses_of(const ost_plan_t *plan, const ost_regimen_t *r)
{
    double stop = fmin(r->stop - OST_SAME_TIME, plan->doses->t_known);
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

static int add_boluses(builder_t *self)
{
    const ost_arm_t *arm = &self->plan->experiment->arms[self->arm];
    for (size_t i = 0; i < arm->n_regimens; i++) {
        const ost_regimen_t *r = &arm->regimens[i];
        const ost_dose_target_t *to = &self->plan->doses->target[self->arm][i];
        if (to->is_infusion || to->is_subject_specific) continue;
        for (size_t k = 0, n = n_doses_of(self->plan, r); k < n; k++) {
            int ret = add_item(
                self, RANK_BOLUS, OST_EVENT_ADD_STATE, dose_time(r, k), to->state, r->amount, to->block, (uint32_t) i);
            if (ret < 0) return ret;
        }
    }
    return 0;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Events of one input from its windows; `signal` (NULL for an infusion) has the value `idle` where none acts. */
static int add_changes(builder_t *self, size_t input, const ost_signal_t *signal, double idle, uint32_t block)
{
    const ost_arm_t *arm = &self->plan->experiment->arms[self->arm];
    const ost_windows_t *windows = &self->windows;
    size_t n = 2 * windows->n, first = 0;
    double current = self->plan->inputs->idle[input], last = -INFINITY;
    ost_combine_t rule = signal != NULL ? signal->combine : OST_COMBINE_SUM;
    double *times = malloc((n + 1) * sizeof(*times));
    if (times == NULL) return ost_fail(self->err, OST_ERR_NO_MEMORY, "no memory for %zu events", n);
    ost_windows_sort(&self->windows);
    for (size_t i = 0; i < windows->n; i++) {
        times[2 * i] = windows->window[i].on;
        times[2 * i + 1] = windows->window[i].off;
    }
    qsort(times, n, sizeof(*times), compare_doubles);
    int ret = 0;
    for (size_t i = 0; i < n && ret == 0 && times[i] < self->plan->doses->t_known; i++) {
        double t = times[i], value;
        if (t <= last + OST_SAME_TIME) continue;
        last = t;
        while (first < windows->n && windows->window[first].off <= t + OST_SAME_TIME) first++;
        ret = ost_windows_value(windows, first, t, rule, idle, &value, self->plan->experiment, arm, self->err);
        if (ret == 0 && isnan(value))
            ret = OST_FAIL_AT(self->err, OST_ERR_VALUE, self->plan->experiment, arm->location,
                "arm '%s': signal '%s' has no neutral value, and nothing drives it from day %g on", arm->name,
                signal->name, t);
        if (ret < 0 || value == current) continue;
        current = value;
        ret = add_item(
            self, signal != NULL ? RANK_OUTSIDE : RANK_RATE, OST_EVENT_SET_INPUT, t, input, value, block, OST_NO_BLOCK);
    }
    free(times);
    return ret;
}

static int add_drives(builder_t *self)
{
    for (size_t s = 0; s < self->plan->wiring->n_signals; s++) {
        const ost_wired_t *signal = &self->plan->wiring->signals[s];
        if (!signal->has_outside) continue;
        double idle = ost_wired_idle(signal);
        int ret = ost_windows_collect(&self->windows, &self->plan->experiment->arms[self->arm], signal->signal.name,
            self->plan->doses->t_begin, self->err);
        if (ret == 0)
            ret = add_changes(self, (size_t) self->plan->inputs->outside[s], &signal->signal, idle, OST_NO_BLOCK);
        if (ret < 0) return ret;
    }
    return 0;
}

static int add_infusions(builder_t *self)
{
    const ost_plan_t *plan = self->plan;
    const ost_arm_t *arm = &plan->experiment->arms[self->arm];
    for (size_t j = 0; j < plan->inputs->n_shared_infusions; j++) {
        const ost_infusion_t *infusion = &plan->inputs->infusions[j];
        size_t b = 0;
        self->windows.n = 0;
        for (size_t i = 0; i < arm->n_regimens; i++) {
            const ost_regimen_t *r = &arm->regimens[i];
            const ost_dose_target_t *to = &plan->doses->target[self->arm][i];
            if (!to->is_infusion || to->is_subject_specific || to->state != infusion->state) continue;
            b = to->block;
            for (size_t k = 0, n = n_doses_of(plan, r); k < n; k++) {
                double t = dose_time(r, k);
                int ret = ost_windows_add(&self->windows, t, t + r->duration, r->amount / r->duration, NULL, self->err);
                if (ret < 0) return ret;
            }
        }
        int ret = add_changes(self, infusion->input, NULL, 0, (uint32_t) b);
        if (ret < 0) return ret;
    }
    return 0;
}

/* A block that can be parked sleeps until its first dose. */
static int add_wakes(builder_t *self)
{
    size_t n = self->n_items;
    for (uint32_t b = 0; b < self->plan->blocks->n; b++) {
        if (self->plan->inputs->hold[b] < 0) continue;
        double first = INFINITY;
        for (size_t i = 0; i < n; i++)
            if (self->items[i].block == b) first = fmin(first, self->items[i].event.t);
        if (isinf(first)) continue;
        int ret = add_item(self, RANK_WAKE, OST_EVENT_SET_INPUT, first, (size_t) self->plan->inputs->hold[b], 0,
            OST_NO_BLOCK, OST_NO_BLOCK);
        if (ret < 0) return ret;
    }
    return 0;
}

static int compare_items(const void *a, const void *b)
{
    const item_t *x = a, *y = b;
    if (x->event.t != y->event.t) return x->event.t < y->event.t ? -1 : 1;
    if (x->rank != y->rank) return x->rank - y->rank;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void sort_items(builder_t *self)
{
    if (self->n_items == 0) return;
    qsort(self->items, self->n_items, sizeof(*self->items), compare_items);
    for (size_t i = 1; i < self->n_items; i++) {
        double *t = &self->items[i].event.t, before = self->items[i - 1].event.t;
        if (*t <= before + OST_SAME_TIME) *t = before;
    }
    qsort(self->items, self->n_items, sizeof(*self->items), compare_items);
}

/* How many schedules of this arm give doses to the block; `last`, if not NULL, is one of them. */
static size_t count_schedules(const builder_t *self, size_t b, size_t *last)
{
    const ost_schedules_t *schedules = self->plan->schedules;
    size_t n = 0;
    for (size_t c = schedules->first[self->arm]; c < schedules->first[self->arm + 1]; c++) {
        if (schedules->line[c].block != b) continue;
        if (last != NULL) *last = c;
        n++;
    }
    return n;
}

static size_t count_items(const builder_t *self, size_t b)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_items; i++) n += self->items[i].block == b;
    return n;
}

/* Is the driver past its last dose when the block gets its first? What is left of it fades, and a block is parked only
 * once its own states repeat. */
static bool is_over(const builder_t *self, size_t driver, size_t b)
{
    double last = -INFINITY, first = INFINITY;
    if (count_schedules(self, driver, NULL) > 0) return false;
    if (count_schedules(self, b, NULL) > 0)
        return count_items(self, driver) == 0; /* who begins when is not known here */
    for (size_t i = 0; i < self->n_items; i++) {
        if (self->items[i].block == driver) last = fmax(last, self->items[i].event.t);
        if (self->items[i].block == b) first = fmin(first, self->items[i].event.t);
    }
    return last < first;
}

/* In this arm nothing that the block reads moves: all that drives it sleeps, or is over. */
static bool reads_nothing_live(const builder_t *self, size_t b)
{
    const ost_plan_t *plan = self->plan;
    const ost_block_t *block = &plan->blocks->block[b];
    for (size_t r = 0; r < block->model->n_reads; r++) {
        const ost_wired_t *signal = &plan->wiring->signals[plan->wiring->reads[b][r]];
        if (signal->has_outside) return false;
        for (uint32_t d = 0; d < signal->n_drivers; d++) {
            uint32_t driver = signal->drivers[d].block;
            if (plan->inputs->hold[driver] < 0 || !is_over(self, driver, b)) return false;
        }
    }
    return true;
}

/* Means stand in for a drug's signals only where another model feels them. */
static bool is_felt(const ost_plan_t *plan, size_t b)
{
    for (size_t i = 0; i < plan->blocks->block[b].model->n_drives; i++)
        for (size_t k = 0; k < plan->blocks->n; k++)
            for (size_t r = 0; r < plan->blocks->block[k].model->n_reads; r++)
                if (plan->wiring->reads[k][r] == plan->wiring->drives[b][i]) return true;
    return false;
}

static bool is_often(const ost_regimen_t *r)
{
    return r->interval > 0 && r->interval <= OST_REPEAT_MAX_INTERVAL + OST_SAME_TIME;
}

/* @return its index in the arm, or an error */
static int new_series(builder_t *self, uint32_t b, double interval, double t_first, double t_last)
{
    ost_plan_t *plan = self->plan;
    ost_lane_block_t *lane = &plan->impl->lane.blocks[b];
    size_t i_series = plan->n_arm_series[self->arm];
    ost_series_t *bigger = realloc(plan->arm_series[self->arm], (i_series + 1) * sizeof(*bigger));
    if (bigger == NULL) return ost_fail(self->err, OST_ERR_NO_MEMORY, "no memory for a series of doses");
    plan->arm_series[self->arm] = bigger;
    plan->n_arm_series[self->arm]++;
    lane->has_quadratures = true;
    bigger[i_series] = (ost_series_t){
        .interval = interval,
        .t_first = t_first,
        .t_last = t_last,
        /* its square is what may be wrong of the means, relative */
        .tolerance = fmin(3e-2, 30 * sqrt(plan->experiment->solver.rtol)),
        .first_state = plan->blocks->block[b].first_state,
        .n_states = (uint32_t) plan->blocks->block[b].model->n_states,
        .park_input = (uint32_t) lane->hold,
        .n_means = lane->n_drives,
        .mean_input = lane->mean_inputs,
        .mean_state = lane->mean_states,
    };
    return (int) i_series;
}

static int add_series(builder_t *self, uint32_t b, const size_t *run, size_t n)
{
    const ost_regimen_t *r = &self->plan->experiment->arms[self->arm].regimens[self->items[run[0]].regimen];
    if (n < OST_REPEAT_MIN_DOSES || !is_often(r)) return 0;
    int series = new_series(self, b, r->interval, self->items[run[0]].event.t, self->items[run[n - 1]].event.t);
    for (size_t i = 0; i < n && series >= 0; i++) self->items[run[i]].event.series = (int32_t) series;
    return series < 0 ? series : 0;
}

/* The only schedule of a block that nothing else is given to, if it has no end that only a visit knows. */
static int add_schedule_series(builder_t *self, uint32_t b)
{
    struct ost_plan_impl *impl = self->plan->impl;
    size_t c = 0;
    if (count_schedules(self, b, &c) != 1 || count_items(self, b) > 0) return 0;
    const ost_regimen_t *r = self->plan->schedules->line[c].regimen;
    if (!is_often(r) || r->duration > 0 || r->end_if != NULL) return 0;
    int series = new_series(self, b, r->interval, NAN, NAN);
    impl->schedules[c].series = (int32_t) series;
    return series < 0 ? series : 0;
}

/* Runs of doses of one regimen with nothing else happening to their block in between. */
static int find_series(builder_t *self)
{
    const ost_plan_t *plan = self->plan;
    size_t *run = malloc((self->n_items + 1) * sizeof(*run));
    if (run == NULL) return ost_fail(self->err, OST_ERR_NO_MEMORY, "no memory for %zu events", self->n_items);
    int ret = 0;
    for (uint32_t b = 0; b < plan->blocks->n && ret == 0; b++) {
        if (plan->inputs->hold[b] < 0 || !is_felt(plan, b) || !reads_nothing_live(self, b)) continue;
        size_t n = 0;
        if (count_schedules(self, b, NULL) > 0) {
            ret = add_schedule_series(self, b);
            continue;
        }
        for (size_t i = 0; i < self->n_items && ret == 0; i++) {
            const item_t *item = &self->items[i];
            if (item->block != b) continue;
            if (n > 0 && item->regimen != self->items[run[0]].regimen) {
                ret = add_series(self, b, run, n);
                n = 0;
            }
            if (item->regimen != OST_NO_BLOCK) run[n++] = i;
        }
        if (n > 0 && ret == 0) ret = add_series(self, b, run, n);
    }
    free(run);
    return ret;
}

static int build_arm(builder_t *self)
{
    ost_plan_t *plan = self->plan;
    self->n_items = 0;
    int ret = add_boluses(self);
    if (ret == 0) ret = add_infusions(self);
    if (ret == 0) ret = add_drives(self);
    if (ret == 0) ret = add_wakes(self);
    if (ret < 0) return ret;
    sort_items(self);
    if (plan->experiment->dosing == OST_DOSING_PERIODIC) ret = find_series(self);
    if (ret < 0) return ret;
    ost_event_t *events = malloc((self->n_items + 1) * sizeof(*events));
    if (events == NULL) return ost_fail(self->err, OST_ERR_NO_MEMORY, "no memory for %zu events", self->n_items);
    for (size_t i = 0; i < self->n_items; i++) events[i] = self->items[i].event;
    plan->arm_events[self->arm] = events;
    plan->n_arm_events[self->arm] = plan->n_arm_known[self->arm] = self->n_items;
    while (plan->n_arm_events[self->arm] > 0 && events[plan->n_arm_events[self->arm] - 1].t >= plan->doses->t_end)
        plan->n_arm_events[self->arm]--;
    return 0;
}

int ost_plan_build_events(ost_plan_t *plan, ost_error_t *err)
{
    size_t n_arms = plan->experiment->n_arms;
    builder_t self = { .plan = plan, .err = err };
    plan->arm_events = calloc(n_arms + 1, sizeof(*plan->arm_events));
    plan->n_arm_events = calloc(n_arms + 1, sizeof(*plan->n_arm_events));
    plan->n_arm_known = calloc(n_arms + 1, sizeof(*plan->n_arm_known));
    plan->arm_series = calloc(n_arms + 1, sizeof(*plan->arm_series));
    plan->n_arm_series = calloc(n_arms + 1, sizeof(*plan->n_arm_series));
    if (plan->arm_events == NULL || plan->n_arm_events == NULL || plan->n_arm_known == NULL ||
        plan->arm_series == NULL || plan->n_arm_series == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the events of %zu arms", n_arms);
    size_t n = plan->schedules->n;
    plan->impl->schedules = calloc(n + 1, sizeof(*plan->impl->schedules));
    if (plan->impl->schedules == NULL) return ost_no_memory(err);
    memcpy(plan->impl->schedules, plan->schedules->exact, n * sizeof(*plan->impl->schedules));
    int ret = 0;
    for (self.arm = 0; self.arm < n_arms && ret == 0; self.arm++) ret = build_arm(&self);
    free(self.items);
    free(self.windows.window);
    return ret;
}
