/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where everything stands: inputs, states, algebraic rows, entries of the Jacobian, outputs. */
#include "core/random.h"
#include "core/text.h"
#include "plan/plan_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail_memory(ost_error_t *err)
{
    return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the layout of the plan");
}

static int build_block(ost_plan_t *self, size_t b, ost_error_t *err)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_model_t *model = block->model;
    ost_lane_block_t *lane = &self->impl->lane.blocks[b];
    ost_isa_t isa = self->experiment->solver.isa;
    size_t n = model->n_drives + 1;
    *lane = (ost_lane_block_t){
        .kernel = model->kernel[isa],
        .sig = calloc(model->n_reads + 1, sizeof(uint32_t)),
        .value = calloc(model->n_reads + 1, sizeof(ost_value_slot_t)),
        .n_reads = (uint32_t) model->n_reads,
        .first_state = block->first_state,
        .n_states = (uint32_t) model->n_states,
        .first_hoisted = block->first_hoisted,
        .first_switch = block->first_switch,
        .n_switches = (uint32_t) model->n_switches,
        .first_drive = block->first_drive,
        .n_drives = (uint32_t) model->n_drives,
        .hold = self->inputs->hold[b],
        .first_mean = (uint32_t) self->inputs->hold[b] + 1,
        .has_quadratures = self->timeline->is_averaged[b],
        .mean_inputs = calloc(n, sizeof(uint32_t)),
        .mean_states = calloc(n, sizeof(uint32_t)),
        .n_outputs = (uint32_t) model->n_outputs,
        .wanted = self->outputs->index + self->outputs->first[b],
        .n_wanted = self->outputs->first[b + 1] - self->outputs->first[b],
        .first_output = self->outputs->first[b],
        .noise_purpose = calloc(model->n_noises + 1, sizeof(uint32_t)),
        .drive_entry = calloc(n, sizeof(uint32_t)),
        .n_noises = (uint32_t) model->n_noises,
    };
    if (lane->sig == NULL || lane->value == NULL || lane->mean_inputs == NULL || lane->mean_states == NULL ||
        lane->noise_purpose == NULL || lane->drive_entry == NULL)
        return fail_memory(err);
    for (size_t i = 0; i < model->n_noises; i++) {
        char name[256];
        snprintf(name, sizeof(name), "%s.%s", model->name, model->noises[i].name);
        lane->noise_purpose[i] = ost_random_purpose(name);
    }
    if (lane->kernel == NULL)
        return ost_fail(
            err, OST_ERR_VALUE, "model '%s' was not built for instruction set '%s'", model->name, ost_isa_name(isa));
    for (uint32_t i = 0; i < model->n_drives; i++) lane->mean_inputs[i] = lane->first_mean + i;
    return 0;
}

int ost_plan_build_blocks(ost_plan_t *self, ost_error_t *err)
{
    ost_lane_plan_t *lane = &self->impl->lane;
    lane->infusions = self->inputs->infusions;
    lane->n_infusions = self->inputs->n_infusions;
    lane->blocks = calloc(self->blocks->n, sizeof(*lane->blocks));
    if (lane->blocks == NULL) return fail_memory(err);
    lane->n_blocks = self->blocks->n;
    int ret = 0;
    for (size_t b = 0; b < self->blocks->n && ret == 0; b++) ret = build_block(self, b, err);
    return ret;
}

static char *join(const char *a, const char *sep, const char *b, const char *end)
{
    size_t size = strlen(a) + strlen(sep) + strlen(b) + strlen(end) + 1;
    char *text = malloc(size);
    if (text != NULL) snprintf(text, size, "%s%s%s%s", a, sep, b, end);
    return text;
}

static int build_states(ost_plan_t *self, ost_error_t *err)
{
    struct ost_plan_impl *impl = self->impl;
    size_t n = self->blocks->n_states;
    for (size_t b = 0; b < self->blocks->n; b++) {
        ost_lane_block_t *lane = &impl->lane.blocks[b];
        if (!lane->has_quadratures) continue;
        lane->first_quadrature = (uint32_t) n;
        for (uint32_t i = 0; i < lane->n_drives; i++) lane->mean_states[i] = (uint32_t) n++;
    }
    self->system.n_states = n;
    impl->scale = calloc(n + 1, sizeof(*impl->scale));
    impl->positive = calloc(n + 1, sizeof(*impl->positive));
    impl->state_names = calloc(n + 1, sizeof(*impl->state_names));
    if (impl->scale == NULL || impl->positive == NULL || impl->state_names == NULL) return fail_memory(err);
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_lane_block_t *lane = &impl->lane.blocks[b];
        const ost_model_t *model = self->blocks->block[b].model;
        for (size_t i = 0; i < model->n_states; i++) {
            size_t x = lane->first_state + i;
            impl->scale[x] = model->states[i].scale;
            impl->positive[x] = !model->states[i].may_be_negative;
            impl->state_names[x] = join(model->name, ".", model->states[i].name, "");
            if (impl->state_names[x] == NULL) return fail_memory(err);
        }
        for (size_t i = 0; lane->has_quadratures && i < lane->n_drives; i++) {
            size_t x = lane->mean_states[i];
            impl->scale[x] = INFINITY;
            impl->state_names[x] = join(model->name, ".integral(", model->drives[i].name, ")");
            if (impl->state_names[x] == NULL) return fail_memory(err);
        }
    }
    return 0;
}

static int build_series(ost_plan_t *self, ost_error_t *err)
{
    const ost_timeline_t *timeline = self->timeline;
    size_t n = self->schedules->n;
    ost_schedule_t *schedules = self->impl->schedules = calloc(n + 1, sizeof(*schedules));
    self->arm_series = calloc(timeline->n_arms + 1, sizeof(*self->arm_series));
    if (schedules == NULL || self->arm_series == NULL) return fail_memory(err);
    for (size_t c = 0; c < n; c++) {
        schedules[c] = self->schedules->exact[c];
        schedules[c].series = timeline->repeat_of_schedule[c];
    }
    for (size_t a = 0; a < timeline->n_arms; a++) {
        const ost_arm_timeline_t *arm = &timeline->arms[a];
        ost_series_t *series = self->arm_series[a] = calloc(arm->n_repeats + 1, sizeof(*series));
        if (series == NULL) return fail_memory(err);
        for (size_t i = 0; i < arm->n_repeats; i++) {
            const ost_repeat_t *repeat = &arm->repeats[i];
            const ost_lane_block_t *lane = &self->impl->lane.blocks[repeat->block];
            series[i] = (ost_series_t){
                .interval = repeat->interval,
                .t_first = repeat->t_first,
                .t_last = repeat->t_last,
                /* its square is the relative error allowed of the means */
                .tolerance = fmin(3e-2, 30 * sqrt(self->experiment->solver.rtol)),
                .first_state = lane->first_state,
                .n_states = lane->n_states,
                .park_input = (uint32_t) lane->hold,
                .n_means = lane->n_drives,
                .mean_input = lane->mean_inputs,
                .mean_state = lane->mean_states,
            };
        }
    }
    return 0;
}

static ost_value_slot_t value_slot(const ost_plan_t *self, size_t s)
{
    const ost_wired_t *signal = &self->wiring->signals[s];
    if (signal->n_drivers > 0) return (ost_value_slot_t){ OST_VALUE_ALGEBRAIC, signal->row };
    if (signal->has_outside) return (ost_value_slot_t){ OST_VALUE_INPUT, (uint32_t) self->inputs->outside[s] };
    return (ost_value_slot_t){ OST_VALUE_NEUTRAL, (uint32_t) s };
}

static int build_signals(ost_plan_t *self, ost_error_t *err)
{
    ost_lane_plan_t *lane = &self->impl->lane;
    const ost_wiring_t *wiring = self->wiring;
    lane->n_algebraic = wiring->n_rows;
    lane->n_signals = wiring->n_rows - self->blocks->n_drives;
    lane->signals = calloc(lane->n_signals + 1, sizeof(*lane->signals));
    lane->neutral = aligned_alloc(64, (wiring->n_signals + 1) * OST_LANE_COUNT * sizeof(double));
    if (lane->signals == NULL || lane->neutral == NULL) return fail_memory(err);
    for (size_t i = 0; i < wiring->n_signals * OST_LANE_COUNT; i++)
        lane->neutral[i] = wiring->signals[i / OST_LANE_COUNT].signal.neutral;
    for (size_t b = 0; b < self->blocks->n; b++) {
        for (size_t i = 0; i < self->blocks->block[b].model->n_reads; i++) {
            lane->blocks[b].sig[i] = wiring->signals[wiring->reads[b][i]].row;
            lane->blocks[b].value[i] = value_slot(self, wiring->reads[b][i]);
        }
    }
    ost_lane_signal_t *own = lane->signals;
    for (size_t s = 0; s < wiring->n_signals; s++) {
        const ost_wired_t *signal = &wiring->signals[s];
        if (!ost_wired_has_row(signal)) continue;
        *own = (ost_lane_signal_t){
            .row = signal->row,
            .driver_row = calloc(signal->n_drivers + 1, sizeof(uint32_t)),
            .n_drivers = signal->n_drivers,
            .input = self->inputs->outside[s],
            .combine = signal->signal.combine,
        };
        if (own->driver_row == NULL) return fail_memory(err);
        for (uint32_t i = 0; i < signal->n_drivers; i++)
            own->driver_row[i] = self->blocks->block[signal->drivers[i].block].first_drive + signal->drivers[i].drive;
        own++;
    }
    return 0;
}

/* Signals that are read at all, and those of them that equations and switches need, directly or through drives. */
typedef struct {
    bool *read, *needed; /* [n_signals]; owned */
} demand_t;

static int find_demand(const ost_plan_t *self, demand_t *demand, ost_error_t *err)
{
    *demand =
        (demand_t){ .read = calloc(self->wiring->n_signals + 1, 1), .needed = calloc(self->wiring->n_signals + 1, 1) };
    if (demand->read == NULL || demand->needed == NULL) return fail_memory(err);
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_block_t *block = &self->blocks->block[b];
        for (size_t i = 0; i < block->model->n_reads; i++) {
            demand->read[self->wiring->reads[b][i]] = true;
            if (block->model->rate_uses[i]) demand->needed[self->wiring->reads[b][i]] = true;
        }
        for (size_t d = 0; d < block->model->n_drives && self->timeline->is_averaged[b]; d++)
            demand->needed[self->wiring->drives[b][d]] = true;
    }
    for (bool grows = true; grows;) {
        grows = false;
        for (size_t b = 0; b < self->blocks->n; b++) {
            const ost_block_t *block = &self->blocks->block[b];
            size_t n_reads = block->model->n_reads;
            for (size_t k = 0; k < block->model->n_drives * n_reads; k++) {
                bool *needed = &demand->needed[self->wiring->reads[b][k % n_reads]];
                if (*needed || !block->model->drive_uses[k]) continue;
                *needed = demand->needed[self->wiring->drives[b][k / n_reads]];
                grows |= *needed;
            }
        }
    }
    return 0;
}

static void free_demand(demand_t *demand)
{
    free(demand->read);
    free(demand->needed);
}

/* Signals that nothing reads are not evaluated: neither a model, nor a sum of drivers, nor a mean over the dosing
 * interval. Those that only outputs need come last. */
static int order_steps(ost_plan_t *self, const demand_t *demand, ost_error_t *err)
{
    ost_lane_plan_t *lane = &self->impl->lane;
    const ost_wiring_t *wiring = self->wiring;
    lane->steps = calloc(wiring->n_order + 1, sizeof(*lane->steps));
    if (lane->steps == NULL) return fail_memory(err);
    for (int for_rates = 1; for_rates >= 0; for_rates--) {
        for (size_t i = 0; i < wiring->n_order; i++) {
            ost_driver_t step = wiring->order[i];
            uint32_t s = step.block == OST_NO_BLOCK ? step.drive : wiring->drives[step.block][step.drive];
            if (for_rates ? !demand->needed[s] : demand->needed[s] || !demand->read[s]) continue;
            if (step.block == OST_NO_BLOCK) step.drive = wiring->signals[s].row - (uint32_t) self->blocks->n_drives;
            lane->steps[lane->n_steps++] = step;
        }
        if (for_rates) lane->n_rate_steps = lane->n_steps;
    }
    return 0;
}

/* A model's own place of an entry becomes the plan's. */
static uint32_t plan_row(const ost_plan_t *self, size_t b, uint32_t row)
{
    const ost_block_t *block = &self->blocks->block[b];
    size_t n = block->model->n_states;
    if (row < n) return block->first_state + row;
    return (uint32_t) (self->system.n_states + block->first_drive + (row - n));
}

static uint32_t plan_col(const ost_plan_t *self, size_t b, uint32_t col)
{
    const ost_block_t *block = &self->blocks->block[b];
    const ost_lane_plan_t *lane = &self->impl->lane;
    size_t n = block->model->n_states, n_reads = block->model->n_reads;
    if (col < n) return block->first_state + col;
    if (col < n + n_reads) return (uint32_t) self->system.n_states + lane->blocks[b].sig[col - n];
    return (uint32_t) (self->system.n_states + lane->n_algebraic);
}

static void add_entry(ost_plan_t *self, size_t row, size_t col)
{
    size_t i = self->system.n_entries++;
    self->impl->row[i] = (uint32_t) row;
    self->impl->col[i] = (uint32_t) col;
}

/* Entries of a block: those of its states, then those of each drive that is needed. */
static void add_block_entries(ost_plan_t *self, size_t b, const demand_t *demand)
{
    const ost_model_t *model = self->blocks->block[b].model;
    ost_lane_block_t *lane = &self->impl->lane.blocks[b];
    lane->first_entry = (uint32_t) self->system.n_entries;
    lane->is_static = model->n_states == 0;
    for (size_t k = 0; k < model->first_entry[0]; k++)
        add_entry(self, plan_row(self, b, model->jac[k].row), plan_col(self, b, model->jac[k].col));
    for (size_t d = 0; d < model->n_drives; d++) {
        lane->drive_entry[d] = OST_NO_ENTRY;
        if (!demand->needed[self->wiring->drives[b][d]]) continue;
        lane->is_static = false;
        lane->drive_entry[d] = (uint32_t) self->system.n_entries;
        for (size_t k = model->first_entry[d]; k < model->first_entry[d + 1]; k++)
            add_entry(self, plan_row(self, b, model->jac[k].row), plan_col(self, b, model->jac[k].col));
    }
    lane->n_entries = (uint32_t) self->system.n_entries - lane->first_entry;
}

static int build_jacobian(ost_plan_t *self, const demand_t *demand, ost_error_t *err)
{
    struct ost_plan_impl *impl = self->impl;
    ost_lane_plan_t *lane = &impl->lane;
    size_t n_states = self->system.n_states, n = 1, s = 0;
    for (size_t b = 0; b < self->blocks->n; b++)
        n += self->blocks->block[b].model->n_jac + self->blocks->block[b].model->n_drives;
    for (size_t i = 0; i < lane->n_signals; i++) n += lane->signals[i].n_drivers;
    impl->row = calloc(n, sizeof(*impl->row));
    impl->col = calloc(n, sizeof(*impl->col));
    if (impl->row == NULL || impl->col == NULL) return fail_memory(err);
    for (size_t b = 0; b < self->blocks->n; b++) add_block_entries(self, b, demand);
    for (size_t i = 0; i < lane->n_signals; i++) {
        ost_lane_signal_t *signal = &lane->signals[i];
        while (!ost_wired_has_row(&self->wiring->signals[s]) || self->wiring->signals[s].row != signal->row) s++;
        signal->first_entry = demand->needed[s] ? (uint32_t) self->system.n_entries : OST_NO_ENTRY;
        for (uint32_t k = 0; k < signal->n_drivers && demand->needed[s]; k++)
            add_entry(self, n_states + signal->row, n_states + signal->driver_row[k]);
    }
    lane->first_quadrature_entry = self->system.n_entries;
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_lane_block_t *block = &lane->blocks[b];
        for (uint32_t k = 0; block->has_quadratures && k < block->n_drives; k++)
            add_entry(self, block->first_quadrature + k, n_states + block->first_drive + k);
    }
    return 0;
}

OST_ISA_EXTERN(const ost_plan_lanes_t, ost_plan_lanes);
static const ost_plan_lanes_t *const lanes_of[OST_N_ISA] = OST_ISA_TABLE(&ost_plan_lanes);

int ost_plan_build_system(ost_plan_t *self, ost_error_t *err)
{
    struct ost_plan_impl *impl = self->impl;
    ost_lane_plan_t *lane = &impl->lane;
    demand_t demand = { 0 };
    int ret = build_states(self, err);
    if (ret == 0) ret = build_series(self, err);
    if (ret == 0) ret = build_signals(self, err);
    if (ret == 0) ret = find_demand(self, &demand, err);
    if (ret == 0) ret = build_jacobian(self, &demand, err);
    if (ret == 0) ret = order_steps(self, &demand, err);
    free_demand(&demand);
    if (ret < 0) return ret;
    size_t n_scratch = 0, n_outputs = 0, n_noises = 0;
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        if (model->n_scratch > n_scratch) n_scratch = model->n_scratch;
        if (model->n_outputs > n_outputs) n_outputs = model->n_outputs;
        if (model->n_noises > n_noises) n_noises = model->n_noises;
    }
    lane->first_output_scratch = lane->n_algebraic + n_scratch;
    lane->first_noise_scratch = lane->first_output_scratch + n_outputs;
    lane->subject_row = self->blocks->n_hoisted;
    lane->seed = self->experiment->seed;
    lane->is_silent = !self->experiment->variability;
    const ost_plan_lanes_t *functions = lanes_of[self->experiment->solver.isa];
    ost_system_t *system = &self->system;
    system->n_inputs = self->inputs->n;
    system->n_outputs = self->outputs->n_rows;
    system->n_switches = self->blocks->n_switches;
    system->n_algebraic = lane->n_algebraic;
    system->n_constants = self->blocks->n_hoisted + (self->blocks->n_noises > 0);
    system->n_scratch = lane->first_noise_scratch + n_noises;
    system->row = impl->row;
    system->col = impl->col;
    system->scale = impl->scale;
    system->positive = impl->positive;
    system->state_names = (const char *const *) impl->state_names;
    system->rhs = functions->rhs;
    system->jacobian = functions->jacobian;
    system->switches = functions->switches;
    system->outputs = functions->outputs;
    system->self = lane;
    return 0;
}

void ost_plan_noise(const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at, double *z)
{
    const double *subject = at->p + self->subject_row * OST_LANE_COUNT;
    for (size_t l = 0; l < OST_LANE_COUNT; l++) {
        uint32_t minute = (uint32_t) llround(at->t[l] * 1440);
        for (size_t i = 0; i < block->n_noises; i++)
            z[i * OST_LANE_COUNT + l] =
                self->is_silent ? 0
                                : ost_random_normal(self->seed, (uint64_t) subject[l], block->noise_purpose[i], minute);
    }
}
