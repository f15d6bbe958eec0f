/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the stages of a plan in the form that the lanes' functions work on, and those functions behind a system. */
#include "plan/system.h"

#include "core/random.h"

#include <stdio.h>

/* The stages that it is made from. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const ost_wiring_t *wiring;
    const ost_inputs_t *inputs;
    const ost_kinetics_t *kinetics;
    const ost_outputs_t *outputs;
    const ost_layout_t *layout;
    const ost_jacobian_t *jacobian;
    ost_maker_t *make;
} stages_t;

static ost_value_slot_t value_slot(const stages_t *from, uint32_t s)
{
    const ost_wired_t *signal = &from->wiring->signals[s];
    if (signal->n_drivers > 0) return (ost_value_slot_t){ OST_VALUE_ALGEBRAIC, signal->row };
    if (signal->has_outside) return (ost_value_slot_t){ OST_VALUE_INPUT, (uint32_t) from->inputs->outside[s] };
    return (ost_value_slot_t){ OST_VALUE_NEUTRAL, s };
}

/* Whether any drive of the model reads its i-th signal. */
static bool drives_use(const ost_model_t *model, size_t i)
{
    for (size_t d = 0; d < model->n_drives; d++)
        if (model->drive_uses[d * model->n_reads + i]) return true;
    return false;
}

/* The input that holds the only block whose rates read signal s, where nothing else does but outputs; else -1. */
static int32_t find_hold(const stages_t *from, uint32_t s)
{
    const ost_wired_t *signal = &from->wiring->signals[s];
    int32_t hold = -1;
    for (uint32_t k = 0; k < signal->n_drivers; k++)
        if (from->layout->integral[signal->drivers[k].block] != OST_NO_STATE) return -1;
    for (size_t b = 0; b < from->blocks->n; b++) {
        const ost_model_t *model = from->blocks->block[b].model;
        for (size_t i = 0; i < model->n_reads; i++) {
            if (from->wiring->reads[b][i] != s) continue;
            if (drives_use(model, i)) return -1;
            if (!model->rate_uses[i]) continue;
            if (from->inputs->hold[b] < 0 || hold >= 0) return -1;
            hold = from->inputs->hold[b];
        }
    }
    return hold;
}

static int set_block(ost_lane_block_t *lane, const stages_t *from, size_t b)
{
    const ost_block_t *block = &from->blocks->block[b];
    const ost_model_t *model = block->model;
    ost_isa_t isa = from->e->solver.isa;
    *lane = (ost_lane_block_t){
        .model = model,
        .kernel = model->kernel[isa],
        .value = ost_maker_list(from->make, model->n_reads, sizeof(*lane->value)),
        .n_reads = (uint32_t) model->n_reads,
        .first_state = block->first_state,
        .n_states = (uint32_t) model->n_states,
        .first_hoisted = block->first_hoisted,
        .first_switch = block->first_switch,
        .n_switches = (uint32_t) model->n_switches,
        .first_entry = from->jacobian->block_entry[b],
        .n_entries = from->jacobian->block_entry[b + 1] - from->jacobian->block_entry[b],
        .first_drive = block->first_drive,
        .n_drives = (uint32_t) model->n_drives,
        .drive_for_hold = ost_maker_list(from->make, model->n_drives, sizeof(*lane->drive_for_hold)),
        .drive_entry = from->jacobian->drive_entry + block->first_drive,
        .is_static = model->n_states == 0,
        .hold = from->inputs->hold[b],
        .ripple = from->inputs->ripple[b],
        .first_level = from->inputs->level[b],
        .first_mean = (uint32_t) from->inputs->hold[b] + 1,
        .first_integral = from->layout->integral[b],
        .has_integrals = from->layout->integral[b] != OST_NO_STATE,
        .n_outputs = (uint32_t) model->n_outputs,
        .wanted = from->outputs->index + from->outputs->first[b],
        .n_wanted = from->outputs->first[b + 1] - from->outputs->first[b],
        .first_output = from->outputs->first[b],
        .noise_purpose = ost_maker_list(from->make, model->n_noises, sizeof(*lane->noise_purpose)),
        .n_noises = (uint32_t) model->n_noises,
    };
    if (lane->kernel == NULL && ost_isa_is_usable(isa)) /* else it is for reading what another machine ran */
        return ost_fail(&from->make->err, OST_ERR_VALUE, "model '%s' was not built for instruction set '%s'",
            model->name, ost_isa_name(isa));
    if (from->make->err.code != 0) return from->make->err.code;
    for (size_t i = 0; i < model->n_reads; i++) lane->value[i] = value_slot(from, from->wiring->reads[b][i]);
    for (size_t d = 0; d < model->n_drives; d++) {
        lane->is_static &= lane->drive_entry[d] == OST_NO_ENTRY;
        lane->drive_for_hold[d] = find_hold(from, from->wiring->drives[b][d]);
    }
    for (size_t i = 0; i < model->n_noises; i++) {
        char name[256];
        snprintf(name, sizeof(name), "%s.%s", model->name, model->noises[i].name);
        lane->noise_purpose[i] = ost_random_purpose(name);
    }
    return 0;
}

static int set_signal(ost_lane_signal_t *lane, const stages_t *from, size_t s)
{
    const ost_wired_t *signal = &from->wiring->signals[s];
    *lane = (ost_lane_signal_t){
        .row = signal->row,
        .driver_row = ost_maker_list(from->make, signal->n_drivers, sizeof(*lane->driver_row)),
        .n_drivers = signal->n_drivers,
        .first_entry = from->jacobian->signal_entry[s],
        .input = from->inputs->outside[s],
        .combine = signal->signal.combine,
    };
    if (lane->driver_row == NULL) return from->make->err.code;
    for (uint32_t i = 0; i < signal->n_drivers; i++)
        lane->driver_row[i] = from->blocks->block[signal->drivers[i].block].first_drive + signal->drivers[i].drive;
    return 0;
}

/* States that conditions depend on. @param[out] reads  whether on signals too, and so on any state */
static const uint32_t *find_switch_states(const ost_blocks_t *blocks, size_t *n, bool *reads, ost_maker_t *make)
{
    uint32_t *state = ost_maker_list(make, blocks->n_states, sizeof(*state));
    for (size_t b = 0; b < blocks->n && state != NULL; b++) {
        const ost_model_t *model = blocks->block[b].model;
        *reads |= model->switches_read;
        for (uint32_t i = 0; i < model->n_states; i++)
            if (model->switch_states[i]) state[(*n)++] = blocks->block[b].first_state + i;
    }
    return *reads ? NULL : state;
}

/* What stands still while a block is held: its states, and the integrals of its drives. */
static int set_held(ost_held_t *held, const stages_t *from, size_t b)
{
    const ost_block_t *block = &from->blocks->block[b];
    const uint32_t integral = from->layout->integral[b], n_states = (uint32_t) block->model->n_states,
                   n = n_states + (integral != OST_NO_STATE ? (uint32_t) block->model->n_drives : 0);
    uint32_t *state = ost_maker_list(from->make, n, sizeof(*state));
    uint32_t *rate = ost_maker_list(from->make, from->inputs->n_infusions, sizeof(*rate));
    if (from->make->err.code != 0) return from->make->err.code;
    *held = (ost_held_t){ (uint32_t) from->inputs->hold[b], state, rate, n, .n_rates = 0 };
    for (uint32_t i = 0; i < n; i++) state[i] = i < n_states ? block->first_state + i : integral + (i - n_states);
    for (size_t i = 0; i < from->inputs->n_infusions; i++) {
        const ost_infusion_t *infusion = &from->inputs->infusions[i];
        if (infusion->state - block->first_state < n_states) rate[held->n_rates++] = infusion->input;
    }
    return 0;
}

static const ost_held_t *find_held(const stages_t *from, size_t *n)
{
    ost_held_t *held = ost_maker_list(from->make, from->blocks->n, sizeof(*held));
    int ret = from->make->err.code;
    for (size_t b = 0; b < from->blocks->n && ret == 0; b++)
        if (from->inputs->hold[b] >= 0) ret = set_held(&held[(*n)++], from, b);
    return held;
}

/* A signal's row of its own by its index in the lanes' list. */
static void set_steps(ost_lane_step_t *to, const ost_driver_t *steps, size_t n, const stages_t *from)
{
    const ost_wiring_t *wiring = from->wiring;
    for (const ost_driver_t *step = steps; step < steps + n; step++, to++) {
        const bool is_drive = step->block != OST_NO_BLOCK;
        const uint32_t s = is_drive ? wiring->drives[step->block][step->drive] : step->drive;
        const uint32_t drive = is_drive ? step->drive : wiring->signals[s].row - (uint32_t) from->blocks->n_drives;
        *to = (ost_lane_step_t){ step->block, drive, find_hold(from, s) };
    }
}

static int set_lanes(ost_lane_plan_t *lane, const stages_t *from)
{
    const ost_wiring_t *wiring = from->wiring;
    size_t n_drives = from->blocks->n_drives;
    lane->n_blocks = from->blocks->n;
    lane->n_signals = wiring->n_rows - n_drives;
    lane->blocks = ost_maker_list(from->make, lane->n_blocks, sizeof(*lane->blocks));
    lane->signals = ost_maker_list(from->make, lane->n_signals, sizeof(*lane->signals));
    lane->steps = ost_maker_list(from->make, from->jacobian->n_steps, sizeof(*lane->steps));
    lane->forced_step = ost_maker_list(from->make, from->kinetics->n_forced_steps, sizeof(*lane->forced_step));
    lane->neutral = ost_maker_list(from->make, wiring->n_signals * OST_LANE_COUNT, sizeof(double));
    if (from->make->err.code != 0) return from->make->err.code;
    int ret = 0;
    for (size_t b = 0; b < lane->n_blocks && ret == 0; b++) ret = set_block(&lane->blocks[b], from, b);
    for (size_t s = 0; s < wiring->n_signals && ret == 0; s++)
        if (ost_wired_has_row(&wiring->signals[s]))
            ret = set_signal(&lane->signals[wiring->signals[s].row - n_drives], from, s);
    if (ret < 0) return ret;
    for (size_t i = 0; i < from->kinetics->n_forced_blocks; i++)
        lane->blocks[from->kinetics->forced_block[i]].is_forced = true;
    set_steps(lane->steps, from->jacobian->steps, from->jacobian->n_steps, from);
    set_steps(lane->forced_step, from->kinetics->forced_step, from->kinetics->n_forced_steps, from);
    for (size_t i = 0; i < wiring->n_signals * OST_LANE_COUNT; i++)
        lane->neutral[i] = wiring->signals[i / OST_LANE_COUNT].signal.neutral;
    return 0;
}

/* @return rows of scratch */
static size_t set_sizes(ost_lane_plan_t *lane, const stages_t *from)
{
    size_t n_scratch = 0, n_outputs = 0, n_noises = 0, n_reads = 2; /* the table's plan and inputs */
    for (size_t b = 0; b < from->blocks->n; b++) {
        const ost_model_t *model = from->blocks->block[b].model;
        if (model->n_scratch > n_scratch) n_scratch = model->n_scratch;
        if (model->n_outputs > n_outputs) n_outputs = model->n_outputs;
        if (model->n_noises > n_noises) n_noises = model->n_noises;
        lane->blocks[b].first_read = (uint32_t) n_reads;
        n_reads += model->n_reads;
    }
    lane->n_algebraic = from->wiring->n_rows;
    lane->infusions = from->inputs->infusions;
    lane->n_infusions = from->inputs->n_infusions;
    lane->n_steps = from->jacobian->n_steps;
    lane->n_rate_steps = from->jacobian->n_rate_steps;
    lane->n_forced_steps = from->kinetics->n_forced_steps;
    lane->forced_block = from->kinetics->forced_block;
    lane->n_forced_blocks = from->kinetics->n_forced_blocks;
    lane->integral_entry = from->jacobian->integral_entry;
    lane->first_output_scratch = lane->n_algebraic + n_scratch;
    lane->first_noise_scratch = lane->first_output_scratch + n_outputs;
    lane->subject_row = from->blocks->n_hoisted;
    lane->seed = from->e->seed;
    lane->is_silent = !from->e->variability;
    lane->first_read_scratch = lane->first_noise_scratch + n_noises;
    lane->first_level_scratch = lane->first_read_scratch + (n_reads + OST_LANE_COUNT - 1) / OST_LANE_COUNT;
    lane->levels = from->inputs->levels;
    lane->n_states = from->layout->n_states;
    lane->n_switches = from->blocks->n_switches;
    lane->n_outputs = from->outputs->n_rows;
    lane->n_entries = from->jacobian->n_entries;
    return lane->first_level_scratch + lane->n_states + lane->n_switches + lane->n_outputs + lane->n_entries;
}

OST_ISA_EXTERN(const ost_plan_lanes_t, ost_plan_lanes);
static const ost_plan_lanes_t *const lanes_of[OST_N_ISA] = OST_ISA_TABLE(&ost_plan_lanes);

const ost_system_t *ost_system_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_wiring_t *wiring,
    const ost_inputs_t *inputs, const ost_kinetics_t *kinetics, const ost_outputs_t *outputs,
    const ost_layout_t *layout, const ost_jacobian_t *jacobian, const double *scale, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    const stages_t from = { e, blocks, wiring, inputs, kinetics, outputs, layout, jacobian, make };
    static const ost_plan_lanes_t none = { 0 }; /* of an instruction set that this build does not have */
    const ost_plan_lanes_t *functions = lanes_of[e->solver.isa] != NULL ? lanes_of[e->solver.isa] : &none;
    ost_system_t *self = ost_maker_list(make, 1, sizeof(*self));
    ost_lane_plan_t *lane = ost_maker_list(make, 1, sizeof(*lane));
    if (make->err.code != 0 || set_lanes(lane, &from) < 0) return NULL;
    bool conditions_read = false;
    size_t n_switch_states = 0, n_held = 0;
    const ost_held_t *held = find_held(&from, &n_held);
    const uint32_t *switch_state = find_switch_states(blocks, &n_switch_states, &conditions_read, make);
    if (make->err.code != 0) return NULL;
    lane->n_switch_steps = conditions_read ? jacobian->n_rate_steps : 0;
    *self = (ost_system_t){
        .n_states = layout->n_states,
        .n_algebraic = wiring->n_rows,
        .n_constants = blocks->n_hoisted + (blocks->n_noises > 0),
        .n_inputs = inputs->n,
        .n_switches = blocks->n_switches,
        .n_outputs = outputs->n_rows,
        .n_scratch = set_sizes(lane, &from),
        .n_entries = jacobian->n_entries,
        .row = jacobian->row,
        .col = jacobian->col,
        .scale = scale,
        .positive = layout->positive,
        .linear = kinetics->part,
        .n_linear = kinetics->n,
        .forced = kinetics->forced,
        .n_forced = kinetics->n_forced,
        .held = held,
        .n_held = n_held,
        .switch_state = switch_state,
        .n_switch_states = n_switch_states,
        .state_names = layout->state_names,
        .switch_names = layout->switch_names,
        .rhs = functions->rhs,
        .forced_rates = functions->forced_rates,
        .jacobian = functions->jacobian,
        .switches = functions->switches,
        .outputs = functions->outputs,
        .self = lane,
    };
    return self;
}
