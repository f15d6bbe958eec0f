/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds, among what happens in an arm, the regular doses that may be held at their periodic steady state: those of a
 * block that reads nothing that changes meanwhile, and whose drives another block reads. */
#include "plan/series.h"

#include <math.h>

/* How many schedules of this arm give doses to the block; `last`, if not NULL, is one of them. */
static size_t count_schedules(const ost_arm_draft_t *self, size_t b, size_t *last)
{
    const ost_schedules_t *schedules = self->schedules;
    size_t n = 0;
    for (size_t c = schedules->first[self->arm]; c < schedules->first[self->arm + 1]; c++) {
        if (schedules->line[c].block != b) continue;
        if (last != NULL) *last = c;
        n++;
    }
    return n;
}

/* Whether rows of a table of events, which each subject has its own of, give doses to the block in this arm. */
static bool takes_rows(const ost_arm_draft_t *self, size_t b)
{
    const ost_arm_t *arm = &self->e->arms[self->arm];
    for (size_t i = 0; i < arm->n_regimens; i++)
        if (arm->regimens[i].rows_of > 0 && self->doses->target[self->arm][i].block == b) return true;
    return false;
}

static size_t count_items(const ost_arm_draft_t *self, size_t b)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_items; i++) n += self->items[i].block == b;
    return n;
}

/* Is the driver past its last dose when the block gets its first? What is left of it fades, and a block is held only
 * once its own states repeat. */
static bool is_over(const ost_arm_draft_t *self, size_t driver, size_t b)
{
    double last = -INFINITY, first = INFINITY;
    if (count_schedules(self, driver, NULL) > 0 || takes_rows(self, driver)) return false;
    if (count_schedules(self, b, NULL) > 0) return count_items(self, driver) == 0; /* its first dose is the subject's */
    for (size_t i = 0; i < self->n_items; i++) {
        if (self->items[i].block == driver) last = fmax(last, self->items[i].event.t);
        if (self->items[i].block == b) first = fmin(first, self->items[i].event.t);
    }
    return last < first;
}

/* In this arm nothing that the block reads changes: all that drives it is held, or is over. */
static bool reads_constants(const ost_arm_draft_t *self, size_t b)
{
    const ost_block_t *block = &self->blocks->block[b];
    for (size_t r = 0; r < block->model->n_reads; r++) {
        const ost_wired_t *signal = &self->wiring->signals[self->wiring->reads[b][r]];
        if (signal->has_outside) return false;
        for (uint32_t d = 0; d < signal->n_drivers; d++) {
            uint32_t driver = signal->drivers[d].block;
            if (self->inputs->hold[driver] < 0 || !is_over(self, driver, b)) return false;
        }
    }
    return true;
}

/* Means replace a drug's signals only where a block reads them. */
static bool is_read(const ost_arm_draft_t *self, size_t b)
{
    const ost_blocks_t *blocks = self->blocks;
    for (size_t i = 0; i < blocks->block[b].model->n_drives; i++)
        for (size_t k = 0; k < blocks->n; k++)
            for (size_t r = 0; r < blocks->block[k].model->n_reads; r++)
                if (self->wiring->reads[k][r] == self->wiring->drives[b][i]) return true;
    return false;
}

static bool is_often(const ost_regimen_t *r)
{
    return r->interval > 0 && r->interval <= OST_REPEAT_MAX_INTERVAL + OST_SAME_TIME;
}

/* @return its index in the arm, or an error */
static int32_t add_repeat(ost_arm_draft_t *self, ost_repeat_t repeat)
{
    if (ost_list_grow(&self->repeats, self->n_repeats, &self->max_repeats, sizeof(repeat)) < 0)
        return ost_no_memory(&self->make->err);
    self->is_averaged[repeat.block] = true;
    self->repeats[self->n_repeats] = repeat;
    return (int32_t) self->n_repeats++;
}

static void add_run(ost_arm_draft_t *self, uint32_t b, const size_t *run, size_t n)
{
    const ost_regimen_t *r = n > 0 ? &self->e->arms[self->arm].regimens[self->items[run[0]].line] : NULL;
    if (n < OST_REPEAT_MIN_DOSES || !is_often(r)) return;
    const ost_repeat_t repeat = { b, r->interval, self->items[run[0]].event.t, self->items[run[n - 1]].event.t };
    const int32_t index = add_repeat(self, repeat);
    for (size_t i = 0; i < n; i++) self->items[run[i]].event.series = index;
}

/* Whether each subject misses doses, or each dose differs. */
static bool is_irregular(const ost_arm_draft_t *self, const ost_regimen_t *r)
{
    if (r->adherence != NULL && ost_formula_constant(r->adherence) < 1) return true;
    return r->inter_occasion != NULL && self->e->variability && ost_formula_constant(r->inter_occasion) > 0;
}

/* The only schedule of a block that nothing else is given to, if no visit ends it. */
static void add_schedule(ost_arm_draft_t *self, uint32_t b)
{
    size_t c = 0;
    if (count_schedules(self, b, &c) != 1 || count_items(self, b) > 0) return;
    const ost_regimen_t *r = self->schedules->line[c].regimen;
    if (is_often(r) && !(r->duration > 0) && r->end_if == NULL && !is_irregular(self, r))
        self->repeat_of_schedule[c] = add_repeat(self, (ost_repeat_t){ b, r->interval, NAN, NAN });
}

/* Runs of doses of one regimen line with nothing else happening to their block in between.
 * @param run  [n_items] scratch */
static void find_runs(ost_arm_draft_t *self, uint32_t b, size_t *run)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_items; i++) {
        const ost_item_t *item = &self->items[i];
        if (item->block != b) continue;
        if (n > 0 && item->line != self->items[run[0]].line) {
            add_run(self, b, run, n);
            n = 0;
        }
        if (item->line != OST_NO_BLOCK) run[n++] = i;
    }
    add_run(self, b, run, n);
}

void ost_series_find(ost_arm_draft_t *self)
{
    size_t *run = malloc((self->n_items + 1) * sizeof(*run));
    if (run == NULL) ost_no_memory(&self->make->err);
    for (uint32_t b = 0; b < self->blocks->n && self->make->err.code == 0; b++) {
        if (self->inputs->hold[b] < 0 || takes_rows(self, b) || !is_read(self, b) || !reads_constants(self, b))
            continue;
        if (count_schedules(self, b, NULL) > 0)
            add_schedule(self, b);
        else
            find_runs(self, b, run);
    }
    free(run);
}
