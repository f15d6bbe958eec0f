/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The assembled system over lanes. Every kernel works in its own stretch of the states, constants and entries; here is
 * only what joins them: signals, held blocks, infusions, integrals. */
#include "plan/ripple_lanes.h"

/* Lanes in which the block is held. @return true if there are any */
static inline bool find_held(const ost_lane_block_t *block, const ost_point_t *at, ost_mask *held)
{
    *held = (ost_mask){ 0 };
    if (block->hold < 0) return false;
    *held = ~ost_v_eq(ost_v_load(ROW(at->u, block->hold)), ost_v_splat(0));
    return ost_mask_any(*held);
}

/* @param reads  [OST_MAX_READS] must live as long as the arguments */
static inline ost_kernel_args_t block_args(
    const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at, const double **reads)
{
    const double *bank[OST_N_VALUE_BANKS] = { at->scratch, at->u, self->neutral };
    for (uint32_t k = 0; k < block->n_reads; k++) reads[k] = ROW(bank[block->value[k].bank], block->value[k].row);
    return (ost_kernel_args_t){
        .t = at->t,
        .x = ROW(at->x, block->first_state),
        .h = ROW(at->p, block->first_hoisted),
        .s = reads,
        .mode = ROW(at->mode, block->first_switch),
        .scratch = ROW(at->scratch, self->n_algebraic),
    };
}

static void eval_drive(
    const ost_lane_plan_t *self, const ost_lane_block_t *block, uint32_t drive, const ost_point_t *at)
{
    const double *reads[OST_MAX_READS];
    double *value = ROW(at->scratch, block->first_drive + drive);
    ost_mask held;
    ripple_t ripple;
    bool is_held = find_held(block, at, &held);
    if (!is_held || ost_mask_any(~held)) {
        ost_kernel_args_t args = block_args(self, block, at, reads);
        block->kernel->drive(block->kernel, &args, drive, value);
        if (ripple_acts(block, at, &ripple)) ripple_average_drive(&ripple, args, drive, value);
    }
    if (!is_held) return;
    ost_v_store(value, ost_v_blend(held, ost_v_load(ROW(at->u, block->first_mean + drive)), ost_v_load(value)));
}

static void eval_signal(const ost_lane_signal_t *signal, const ost_point_t *at)
{
    double *rows = at->scratch;
    ost_v outside = signal->input >= 0 ? ost_v_load(ROW(at->u, signal->input)) : ost_v_splat(0);
    ost_v value;
    if (signal->combine == OST_COMBINE_FRACTION) {
        ost_v rest = 1.0 - outside;
        for (uint32_t i = 0; i < signal->n_drivers; i++) rest *= 1.0 - ost_v_load(ROW(rows, signal->driver_row[i]));
        value = 1.0 - rest;
    } else {
        value = outside;
        for (uint32_t i = 0; i < signal->n_drivers; i++) value += ost_v_load(ROW(rows, signal->driver_row[i]));
    }
    ost_v_store(ROW(rows, signal->row), value);
}

static void eval_algebraic(const ost_lane_plan_t *self, const ost_point_t *at, size_t n_steps)
{
    for (size_t i = 0; i < n_steps; i++) {
        const ost_driver_t *step = &self->steps[i];
        if (step->block == OST_NO_BLOCK)
            eval_signal(&self->signals[step->drive], at);
        else
            eval_drive(self, &self->blocks[step->block], step->drive, at);
    }
}

static void clear_rows(double *rows, uint32_t n, ost_mask where)
{
    for (uint32_t i = 0; i < n; i++)
        ost_v_store(ROW(rows, i), ost_v_blend(where, ost_v_splat(0), ost_v_load(ROW(rows, i))));
}

static void zero_rows(double *rows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) ost_v_store(ROW(rows, i), ost_v_splat(0));
}

static void plan_rhs(const void *plan, const ost_point_t *at, double *f)
{
    const ost_lane_plan_t *self = plan;
    const double *reads[OST_MAX_READS];
    ripple_t ripple;
    eval_algebraic(self, at, self->n_rate_steps);
    for (size_t b = 0; b < self->n_blocks; b++) {
        const ost_lane_block_t *block = &self->blocks[b];
        if (block->n_states == 0) continue;
        ost_mask held;
        bool is_held = find_held(block, at, &held);
        double *rows = ROW(f, block->first_state);
        if (is_held && !ost_mask_any(~held)) {
            zero_rows(rows, block->n_states);
        } else {
            ost_kernel_args_t args = block_args(self, block, at, reads);
            block->kernel->rhs(block->kernel, &args, rows);
            if (ripple_acts(block, at, &ripple)) ripple_add_rates(&ripple, rows);
            if (is_held) clear_rows(rows, block->n_states, held);
        }
        if (!block->has_integrals) continue;
        for (uint32_t i = 0; i < block->n_drives; i++) {
            ost_v drive = ost_v_load(ROW(at->scratch, block->first_drive + i));
            ost_v_store(ROW(f, block->first_integral + i), ost_v_blend(held, ost_v_splat(0), drive));
        }
    }
    for (size_t i = 0; i < self->n_infusions; i++) {
        double *row = ROW(f, self->infusions[i].state);
        ost_v_store(row, ost_v_load(row) + ost_v_load(ROW(at->u, self->infusions[i].input)));
    }
}

static void signal_entries(const ost_lane_signal_t *signal, const ost_point_t *at, double *entries)
{
    ost_v outside = signal->input >= 0 ? ost_v_load(ROW(at->u, signal->input)) : ost_v_splat(0);
    for (uint32_t i = 0; i < signal->n_drivers; i++) {
        ost_v entry = ost_v_splat(1);
        if (signal->combine == OST_COMBINE_FRACTION) {
            entry -= outside;
            for (uint32_t k = 0; k < signal->n_drivers; k++)
                if (k != i) entry *= 1.0 - ost_v_load(ROW(at->scratch, signal->driver_row[k]));
        }
        ost_v_store(ROW(entries, signal->first_entry + i), entry);
    }
}

static void plan_jacobian(const void *plan, const ost_point_t *at, double *entries)
{
    const ost_lane_plan_t *self = plan;
    const double *reads[OST_MAX_READS];
    double *integral = ROW(entries, self->integral_entry);
    ripple_t ripple;
    for (size_t b = 0; b < self->n_blocks; b++) {
        const ost_lane_block_t *block = &self->blocks[b];
        if (block->is_static) continue;
        ost_mask held;
        bool is_held = find_held(block, at, &held);
        double *rows = ROW(entries, block->first_entry);
        if (is_held && !ost_mask_any(~held)) {
            zero_rows(rows, block->n_entries);
        } else {
            ost_kernel_args_t args = block_args(self, block, at, reads);
            block->kernel->jacobian(block->kernel, &args, rows);
            for (uint32_t i = 0; i < block->n_drives; i++)
                if (block->drive_entry[i] != OST_NO_ENTRY) {
                    double *drive = ROW(entries, block->drive_entry[i]);
                    block->kernel->drive_jacobian(block->kernel, &args, i, drive);
                    if (ripple_acts(block, at, &ripple)) ripple_average_entries(&ripple, args, i, drive);
                }
            if (is_held) clear_rows(rows, block->n_entries, held);
        }
        for (uint32_t i = 0; block->has_integrals && i < block->n_drives; i++, integral += OST_LANES)
            ost_v_store(integral, ost_v_blend(held, ost_v_splat(0), ost_v_splat(1)));
    }
    for (size_t i = 0; i < self->n_signals; i++)
        if (self->signals[i].first_entry != OST_NO_ENTRY) signal_entries(&self->signals[i], at, entries);
}

static void plan_switches(const void *plan, const ost_point_t *at, double *g)
{
    const ost_lane_plan_t *self = plan;
    const double *reads[OST_MAX_READS];
    eval_algebraic(self, at, self->n_rate_steps);
    for (size_t b = 0; b < self->n_blocks; b++) {
        const ost_lane_block_t *block = &self->blocks[b];
        if (block->n_switches == 0) continue;
        ost_kernel_args_t args = block_args(self, block, at, reads);
        block->kernel->switches(block->kernel, &args, ROW(g, block->first_switch));
    }
}

static void plan_outputs(const void *plan, const ost_point_t *at, double *y)
{
    const ost_lane_plan_t *self = plan;
    const double *reads[OST_MAX_READS];
    eval_algebraic(self, at, self->n_steps);
    for (size_t b = 0; b < self->n_blocks; b++) {
        const ost_lane_block_t *block = &self->blocks[b];
        if (block->n_wanted == 0) continue;
        ost_kernel_args_t args = block_args(self, block, at, reads);
        double *rows = ROW(y, block->first_output), *noise = ROW(at->scratch, self->first_noise_scratch);
        if (block->n_noises > 0) ost_plan_noise(self, block, at, noise);
        args.noise = noise;
        if (block->n_wanted == block->n_outputs) {
            block->kernel->outputs(block->kernel, &args, rows);
            continue;
        }
        /* the first n_scratch rows after the algebraic ones are the kernel's, so its outputs go behind them */
        double *all = ROW(at->scratch, self->first_output_scratch);
        block->kernel->outputs(block->kernel, &args, all);
        for (uint32_t i = 0; i < block->n_wanted; i++)
            ost_v_store(ROW(rows, i), ost_v_load(ROW(all, block->wanted[i])));
    }
}

extern const ost_plan_lanes_t OST_LANE_FN(ost_plan_lanes);
const ost_plan_lanes_t OST_LANE_FN(ost_plan_lanes) = { plan_rhs, plan_jacobian, plan_switches, plan_outputs };
