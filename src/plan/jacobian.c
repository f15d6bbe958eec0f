/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which signals the equations need, and from them the order of evaluation and the entries of the Jacobian. */
#include "plan/jacobian.h"

#include <string.h>

/* The Jacobian while it is made. */
typedef struct {
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    const ost_layout_t *layout;
    ost_jacobian_t *jacobian;
    bool *is_read, *is_needed; /* [n_signals] at all; by equations and switches, directly or through drives */
    uint32_t *row, *col, *block_entry, *drive_entry, *signal_entry;
    ost_driver_t *steps;
} builder_t;

static void find_needed(builder_t *self)
{
    const ost_wiring_t *wiring = self->wiring;
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        for (size_t i = 0; i < model->n_reads; i++) {
            self->is_read[wiring->reads[b][i]] = true;
            if (model->rate_uses[i]) self->is_needed[wiring->reads[b][i]] = true;
        }
        for (size_t d = 0; d < model->n_drives && self->layout->integral[b] != OST_NO_STATE; d++)
            self->is_needed[wiring->drives[b][d]] = true;
    }
    for (bool grows = true; grows;) {
        grows = false;
        for (size_t b = 0; b < self->blocks->n; b++) {
            const ost_model_t *model = self->blocks->block[b].model;
            for (size_t k = 0; k < model->n_drives * model->n_reads; k++) {
                bool *is_needed = &self->is_needed[wiring->reads[b][k % model->n_reads]];
                if (*is_needed || !model->drive_uses[k]) continue;
                *is_needed = self->is_needed[wiring->drives[b][k / model->n_reads]];
                grows |= *is_needed;
            }
        }
    }
}

static bool reads_signals(const builder_t *self, ost_driver_t step)
{
    if (step.block == OST_NO_BLOCK) return true;
    const ost_model_t *model = self->blocks->block[step.block].model;
    return memchr(model->drive_uses + step.drive * model->n_reads, 1, model->n_reads) != NULL;
}

/* Steps of one block that read no signals, or (OST_NO_BLOCK) those that do. */
static void add_steps(builder_t *self, bool for_rates, uint32_t block)
{
    const ost_wiring_t *wiring = self->wiring;
    for (size_t i = 0; i < wiring->n_order; i++) {
        const ost_driver_t step = wiring->order[i];
        uint32_t s = step.block == OST_NO_BLOCK ? step.drive : wiring->drives[step.block][step.drive];
        if (block != (reads_signals(self, step) ? OST_NO_BLOCK : step.block)) continue;
        if (self->is_needed[s] ? for_rates : !for_rates && self->is_read[s])
            self->steps[self->jacobian->n_steps++] = step;
    }
}

/* Signals that nothing reads are not evaluated: neither a drive, nor a sum of drivers, nor a mean over the dosing
 * interval. Those that only outputs need come last. Drives of one block follow each other where they may. */
static void order_steps(builder_t *self)
{
    for (int for_rates = 1; for_rates >= 0; for_rates--) {
        for (uint32_t b = 0; b < self->blocks->n; b++) add_steps(self, for_rates, b);
        add_steps(self, for_rates, OST_NO_BLOCK);
        if (for_rates) self->jacobian->n_rate_steps = self->jacobian->n_steps;
    }
}

/* A model's own place of an entry becomes the plan's. */
static size_t plan_row(const builder_t *self, size_t b, uint32_t row)
{
    const ost_block_t *block = &self->blocks->block[b];
    size_t n = block->model->n_states;
    return row < n ? block->first_state + row : self->layout->n_states + block->first_drive + (row - n);
}

static size_t plan_col(const builder_t *self, size_t b, uint32_t col)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_wiring_t *wiring = self->wiring;
    size_t n = block->model->n_states, n_reads = block->model->n_reads;
    if (col < n) return block->first_state + col;
    if (col < n + n_reads) return self->layout->n_states + wiring->signals[wiring->reads[b][col - n]].row;
    return self->layout->n_states + wiring->n_rows;
}

static void add_entry(builder_t *self, size_t row, size_t col)
{
    size_t i = self->jacobian->n_entries++;
    self->row[i] = (uint32_t) row;
    self->col[i] = (uint32_t) col;
}

static void add_model_entries(builder_t *self, size_t b, size_t first, size_t end)
{
    const ost_model_t *model = self->blocks->block[b].model;
    for (size_t k = first; k < end; k++)
        add_entry(self, plan_row(self, b, model->jac[k].row), plan_col(self, b, model->jac[k].col));
}

static void add_entries(builder_t *self)
{
    const ost_blocks_t *blocks = self->blocks;
    const ost_wiring_t *wiring = self->wiring;
    const size_t n_states = self->layout->n_states, *n = &self->jacobian->n_entries;
    for (size_t b = 0; b < blocks->n; b++) {
        const ost_block_t *block = &blocks->block[b];
        self->block_entry[b] = (uint32_t) *n;
        add_model_entries(self, b, 0, block->model->first_entry[0]);
        for (size_t d = 0; d < block->model->n_drives; d++) {
            bool is_needed = self->is_needed[wiring->drives[b][d]];
            self->drive_entry[block->first_drive + d] = is_needed ? (uint32_t) *n : OST_NO_ENTRY;
            if (is_needed) add_model_entries(self, b, block->model->first_entry[d], block->model->first_entry[d + 1]);
        }
    }
    self->block_entry[blocks->n] = (uint32_t) *n;
    for (size_t s = 0; s < wiring->n_signals; s++) {
        const ost_wired_t *signal = &wiring->signals[s];
        bool has_entries = ost_wired_has_row(signal) && self->is_needed[s];
        self->signal_entry[s] = has_entries ? (uint32_t) *n : OST_NO_ENTRY;
        for (uint32_t k = 0; k < signal->n_drivers && has_entries; k++)
            add_entry(self, n_states + signal->row,
                n_states + blocks->block[signal->drivers[k].block].first_drive + signal->drivers[k].drive);
    }
    self->jacobian->integral_entry = *n;
    for (size_t b = 0; b < blocks->n; b++)
        for (uint32_t d = 0; self->layout->integral[b] != OST_NO_STATE && d < blocks->block[b].model->n_drives; d++)
            add_entry(self, self->layout->integral[b] + d, n_states + blocks->block[b].first_drive + d);
}

const ost_jacobian_t *ost_jacobian_new(
    const ost_blocks_t *blocks, const ost_wiring_t *wiring, const ost_layout_t *layout, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    size_t n = 0;
    for (size_t b = 0; b < blocks->n; b++) n += blocks->block[b].model->n_jac + blocks->block[b].model->n_drives;
    for (size_t s = 0; s < wiring->n_signals; s++) n += wiring->signals[s].n_drivers;
    builder_t self = { blocks, wiring, layout, .jacobian = ost_maker_list(make, 1, sizeof(*self.jacobian)) };
    self.row = ost_maker_list(make, n, sizeof(*self.row));
    self.col = ost_maker_list(make, n, sizeof(*self.col));
    self.block_entry = ost_maker_list(make, blocks->n + 1, sizeof(*self.block_entry));
    self.drive_entry = ost_maker_list(make, blocks->n_drives, sizeof(*self.drive_entry));
    self.signal_entry = ost_maker_list(make, wiring->n_signals, sizeof(*self.signal_entry));
    self.steps = ost_maker_list(make, wiring->n_order, sizeof(*self.steps));
    self.is_read = ost_maker_list(make, wiring->n_signals, sizeof(*self.is_read));
    self.is_needed = ost_maker_list(make, wiring->n_signals, sizeof(*self.is_needed));
    if (make->err.code != 0) return NULL;
    find_needed(&self);
    order_steps(&self);
    add_entries(&self);
    self.jacobian->row = self.row;
    self.jacobian->col = self.col;
    self.jacobian->block_entry = self.block_entry;
    self.jacobian->drive_entry = self.drive_entry;
    self.jacobian->signal_entry = self.signal_entry;
    self.jacobian->steps = self.steps;
    return self.jacobian;
}
