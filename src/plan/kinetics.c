/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which states of each drug have linear kinetics, and which inputs change its coefficients. */
#include "plan/kinetics.h"

/* The part of one block while it is made. */
typedef struct {
    const ost_block_t *block;
    const uint32_t *reads; /* [n_reads] of the wiring */
    const ost_wiring_t *wiring;
    const ost_inputs_t *inputs;
    bool *is_in;          /* [n_states of the block] */
    uint32_t first_entry; /* of the block */
    uint32_t *state, *fed, *flow, *input, *condition;
    ost_linear_t *part;
} builder_t;

static void add_once(uint32_t *list, size_t *n, int32_t item)
{
    for (size_t i = 0; i < *n; i++)
        if (list[i] == (uint32_t) item) return;
    list[(*n)++] = (uint32_t) item;
}

/* Whether all that drives a signal can be held. */
static bool can_stand_still(const builder_t *self, const ost_wired_t *signal)
{
    for (uint32_t d = 0; d < signal->n_drivers; d++)
        if (self->inputs->hold[signal->drivers[d].block] < 0) return false;
    return true;
}

/* Linear states whose signals can stand still, and of those the ones that depend on each other alone. */
static void find_states(builder_t *self)
{
    const ost_model_t *model = self->block->model;
    for (size_t i = 0; i < model->n_states; i++) {
        self->is_in[i] = model->is_linear[i];
        for (size_t r = 0; r < model->n_reads && self->is_in[i]; r++)
            self->is_in[i] = !model->linear_uses[i * model->n_reads + r] ||
                             can_stand_still(self, &self->wiring->signals[self->reads[r]]);
    }
    for (bool shrinks = true; shrinks;) {
        shrinks = false;
        for (size_t e = 0; e < model->first_entry[0]; e++) {
            const ost_jac_entry_t *at = &model->jac[e];
            if (at->col >= model->n_states || !self->is_in[at->row] || self->is_in[at->col]) continue;
            self->is_in[at->row] = false;
            shrinks = true;
        }
    }
}

static void add_signal(builder_t *self, uint32_t s)
{
    const ost_wired_t *signal = &self->wiring->signals[s];
    if (signal->has_outside) add_once(self->input, &self->part->n_inputs, self->inputs->outside[s]);
    for (uint32_t d = 0; d < signal->n_drivers; d++) {
        int32_t hold = self->inputs->hold[signal->drivers[d].block];
        add_once(self->input, &self->part->n_inputs, hold);
        add_once(self->input, &self->part->n_inputs, hold + 1 + (int32_t) signal->drivers[d].drive);
        int32_t level = self->inputs->level[signal->drivers[d].block];
        if (level >= 0) add_once(self->input, &self->part->n_inputs, level + (int32_t) signal->drivers[d].drive);
        add_once(self->condition, &self->part->n_conditions, hold);
    }
}

static void add_inputs(builder_t *self, int32_t hold, int32_t ripple)
{
    const ost_model_t *model = self->block->model;
    add_once(self->input, &self->part->n_inputs, hold);
    for (size_t i = 0; i < model->n_states; i++) {
        if (!self->is_in[i]) continue;
        self->state[self->part->n_states++] = self->block->first_state + (uint32_t) i;
        if (ripple >= 0) add_once(self->input, &self->part->n_inputs, ripple + 1 + (int32_t) i);
        for (size_t k = 0; k < self->inputs->n_infusions; k++)
            if (self->inputs->infusions[k].state == self->block->first_state + i)
                add_once(self->input, &self->part->n_inputs, (int32_t) self->inputs->infusions[k].input);
        for (size_t r = 0; r < model->n_reads; r++)
            if (model->linear_uses[i * model->n_reads + r]) add_signal(self, self->reads[r]);
    }
}

/* Other states of the block that those feed with constant coefficients, as many as there is room for. */
static void add_flows(builder_t *self)
{
    const ost_model_t *model = self->block->model;
    ost_linear_t *part = self->part;
    for (size_t e = 0; e < model->first_entry[0]; e++) {
        const ost_jac_entry_t *at = &model->jac[e];
        if (at->col >= model->n_states || !model->is_constant[e] || self->is_in[at->row] || !self->is_in[at->col])
            continue;
        uint32_t row = self->block->first_state + at->row;
        bool is_fed = part->n_fed > 0 && part->fed[part->n_fed - 1] == row; /* entries stand row by row */
        if (!is_fed && part->n_states + part->n_fed >= OST_LINEAR_MAX) return;
        if (!is_fed) self->fed[part->n_fed++] = row;
        self->flow[part->n_flows++] = self->first_entry + (uint32_t) e;
    }
}

/* The entry of the model's Jacobian by which state i relaxes, or -1. */
static int64_t find_relaxation(const ost_model_t *model, uint32_t i)
{
    for (size_t e = 0; e < model->first_entry[0]; e++)
        if (model->jac[e].row == i && model->jac[e].col == i) return model->is_constant[e] ? (int64_t) e : -1;
    return -1;
}

/* Forced states while they are looked for. */
typedef struct {
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    const ost_inputs_t *inputs;
    ost_kinetics_t *kinetics;
    const int32_t *part_of; /* [blocks->n] index of its linear part, -1 if it has none */
    bool *needs_part;       /* [kinetics->n] by the block that is looked at */
    bool *needs_signal;     /* [n_signals] by any block that was looked at */
} forced_t;

static bool has_state(const ost_linear_t *part, uint32_t state)
{
    for (size_t i = 0; i < part->n_states; i++)
        if (part->state[i] == state) return true;
    return false;
}

/* Whether a signal depends on linear states and what is from outside alone. */
static bool is_in_closed_form(forced_t *self, uint32_t s)
{
    const ost_wired_t *signal = &self->wiring->signals[s];
    self->needs_signal[s] = true;
    for (uint32_t k = 0; k < signal->n_drivers; k++) {
        const uint32_t b = signal->drivers[k].block, d = signal->drivers[k].drive;
        const ost_block_t *block = &self->blocks->block[b];
        const ost_model_t *model = block->model;
        for (size_t e = model->first_entry[d]; e < model->first_entry[d + 1]; e++) {
            if (model->jac[e].col >= model->n_states) continue;
            if (self->part_of[b] < 0) return false;
            if (!has_state(&self->kinetics->part[self->part_of[b]], block->first_state + model->jac[e].col))
                return false;
            self->needs_part[self->part_of[b]] = true;
        }
        for (size_t r = 0; r < model->n_reads; r++)
            if (model->drive_uses[d * model->n_reads + r] && !is_in_closed_form(self, self->wiring->reads[b][r]))
                return false;
    }
    return true;
}

/* The block's states, if all are forced. */
static void add_forced(forced_t *self, uint32_t b, uint32_t first_entry, ost_forced_t *list, ost_maker_t *make)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_model_t *model = block->model;
    size_t n = self->kinetics->n_forced;
    if (model->n_states == 0 || n + model->n_states > OST_FORCED_MAX) return;
    uint32_t *part = ost_maker_list(make, self->kinetics->n, sizeof(*part));
    uint32_t *held = ost_maker_list(make, self->kinetics->n, sizeof(*held));
    if (make->err.code != 0) return;
    for (size_t e = 0; e < model->first_entry[0]; e++)
        if (model->jac[e].col < model->n_states && model->jac[e].col != model->jac[e].row) return;
    for (size_t i = 0; i < self->kinetics->n; i++) self->needs_part[i] = false;
    for (size_t r = 0; r < model->n_reads; r++)
        if (model->rate_uses[r] && !is_in_closed_form(self, self->wiring->reads[b][r])) return;
    size_t n_parts = 0;
    for (uint32_t k = 0; k < self->blocks->n; k++) {
        if (self->part_of[k] < 0 || !self->needs_part[self->part_of[k]]) continue;
        part[n_parts] = (uint32_t) self->part_of[k];
        held[n_parts++] = (uint32_t) self->inputs->hold[k];
    }
    for (uint32_t i = 0; i < model->n_states; i++) {
        int64_t entry = find_relaxation(model, i);
        if (entry < 0) return;
        list[n++] = (ost_forced_t){ block->first_state + i, first_entry + (uint32_t) entry, part, held, n_parts };
    }
    self->kinetics->n_forced = n;
}

/* Steps of the signals that forced states need. */
static void add_forced_steps(const forced_t *self, const ost_jacobian_t *jacobian, ost_driver_t *list)
{
    for (size_t i = 0; i < jacobian->n_rate_steps && self->kinetics->n_forced > 0; i++) {
        const ost_driver_t step = jacobian->steps[i];
        uint32_t s = step.block == OST_NO_BLOCK ? step.drive : self->wiring->drives[step.block][step.drive];
        if (self->needs_signal[s]) list[self->kinetics->n_forced_steps++] = step;
    }
}

static void find_forced(ost_kinetics_t *kinetics, const int32_t *part_of, const ost_blocks_t *blocks,
    const ost_wiring_t *wiring, const ost_inputs_t *inputs, const ost_jacobian_t *jacobian, ost_maker_t *make)
{
    forced_t self = { blocks, wiring, inputs, kinetics, part_of, .needs_part = NULL };
    ost_forced_t *forced = ost_maker_list(make, OST_FORCED_MAX, sizeof(*forced));
    uint32_t *block = ost_maker_list(make, blocks->n, sizeof(*block));
    ost_driver_t *steps = ost_maker_list(make, jacobian->n_rate_steps, sizeof(*steps));
    self.needs_part = ost_maker_list(make, kinetics->n, sizeof(*self.needs_part));
    self.needs_signal = ost_maker_list(make, wiring->n_signals, sizeof(*self.needs_signal));
    if (make->err.code != 0) return;
    for (uint32_t b = 0; b < blocks->n; b++) {
        size_t n = kinetics->n_forced;
        if (inputs->hold[b] < 0) add_forced(&self, b, jacobian->block_entry[b], forced, make);
        if (kinetics->n_forced > n) block[kinetics->n_forced_blocks++] = b;
    }
    add_forced_steps(&self, jacobian, steps);
    kinetics->forced = forced;
    kinetics->forced_block = block;
    kinetics->forced_step = steps;
}

const ost_kinetics_t *ost_kinetics_new(const ost_blocks_t *blocks, const ost_wiring_t *wiring,
    const ost_inputs_t *inputs, const ost_jacobian_t *jacobian, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    ost_kinetics_t *kinetics = ost_maker_list(make, 1, sizeof(*kinetics));
    ost_linear_t *part = ost_maker_list(make, blocks->n, sizeof(*part));
    int32_t *part_of = ost_maker_list(make, blocks->n, sizeof(*part_of));
    if (make->err.code != 0) return NULL;
    for (size_t b = 0; b < blocks->n; b++) {
        const ost_block_t *block = &blocks->block[b];
        part_of[b] = -1;
        if (inputs->hold[b] < 0) continue;
        builder_t self = { block, wiring->reads[b], wiring, inputs, .part = &part[kinetics->n] };
        self.first_entry = jacobian->block_entry[b];
        self.is_in = ost_maker_list(make, block->model->n_states, sizeof(*self.is_in));
        self.state = ost_maker_list(make, block->model->n_states, sizeof(*self.state));
        self.fed = ost_maker_list(make, block->model->n_states, sizeof(*self.fed));
        self.flow = ost_maker_list(make, block->model->first_entry[0], sizeof(*self.flow));
        self.input = ost_maker_list(make, inputs->n, sizeof(*self.input));
        self.condition = ost_maker_list(make, inputs->n, sizeof(*self.condition));
        if (make->err.code != 0) return NULL;
        find_states(&self);
        *self.part = (ost_linear_t){ self.state, self.fed, self.flow, self.input, self.condition, .n_states = 0 };
        add_inputs(&self, inputs->hold[b], inputs->ripple[b]);
        add_flows(&self);
        bool has_part = self.part->n_states > 0 && self.part->n_states <= OST_LINEAR_MAX;
        if (has_part) part_of[b] = (int32_t) kinetics->n++;
    }
    kinetics->part = part;
    find_forced(kinetics, part_of, blocks, wiring, inputs, jacobian, make);
    return make->err.code != 0 ? NULL : kinetics;
}
