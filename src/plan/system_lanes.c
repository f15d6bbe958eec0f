/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The assembled system over lanes. Every kernel works in its own stretch of the states, constants and entries; here is
 * only what joins them: signals, held blocks, infusions, integrals. */
#include "plan/ripple_lanes.h"

/* A block at one point. */
typedef struct {
    const ost_lane_block_t *block;
    ost_kernel_args_t args;
    bool is_held, is_moving; /* in any lane; in any other */
    bool has_ripple;         /* that acts */
    ost_mask held;           /* lanes in which it is held, of a block that can be */
    ripple_t ripple;
} here_t;

/* Rows of the signals that blocks read: they are where they were as long as the point's memory is the same. */
static void find_reads(const ost_lane_plan_t *self, const ost_point_t *at)
{
    const void **table = (void *) ROW(at->scratch, self->first_read_scratch);
    if (table[0] == self && table[1] == at->u) return;
    const double *bank[OST_N_VALUE_BANKS] = { at->scratch, at->u, self->neutral };
    for (const ost_lane_block_t *block = self->blocks; block < self->blocks + self->n_blocks; block++)
        for (uint32_t k = 0; k < block->n_reads; k++)
            table[block->first_read + k] = ROW(bank[block->value[k].bank], block->value[k].row);
    table[0] = self;
    table[1] = at->u;
}

/* Each by itself: a copy of all would wait for them in the processor. */
static inline void set_args(
    ost_kernel_args_t *args, const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at)
{
    const double *const *table = (void *) ROW(at->scratch, self->first_read_scratch);
    args->t = at->t;
    args->x = ROW(at->x, block->first_state);
    args->h = ROW(at->p, block->first_hoisted);
    args->s = table + block->first_read;
    args->mode = ROW(at->mode, block->first_switch);
    args->scratch = ROW(at->scratch, self->n_algebraic);
}

static inline void enter(
    here_t *here, const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at)
{
    here->block = block;
    set_args(&here->args, self, block, at);
    here->is_held = false;
    here->is_moving = true;
    here->has_ripple = false;
    if (block->hold < 0) return;
    here->held = ~ost_v_eq(ost_v_load(ROW(at->u, block->hold)), ost_v_splat(0));
    here->is_held = ost_mask_any(here->held);
    here->is_moving = !here->is_held || ost_mask_any(~here->held);
    here->has_ripple = here->is_moving && ripple_acts(block, at, &here->ripple);
}

/* Lanes in which drives are at two levels. */
static inline ost_mask two_levels(const ost_lane_plan_t *self, const ost_point_t *at)
{
    return ~ost_v_eq(ost_v_load(ROW(at->u, self->levels)), ost_v_splat(0));
}

/* By what averaged and held drives of the block are multiplied. */
static inline ost_v factor_of(const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at)
{
    const ost_v factor = ost_v_load(ROW(at->u, block->first_level - 1));
    return at->level == 0 ? factor : ost_v_blend(two_levels(self, at), ost_v_splat(1), factor);
}

/* Of a drive that is held in some lanes, or averaged. */
static void eval_mean_drive(const ost_lane_plan_t *self, here_t *here, uint32_t drive, const ost_point_t *at)
{
    const ost_lane_block_t *block = here->block;
    double *value = ROW(at->scratch, block->first_drive + drive);
    const bool can_average = block->ripple >= 0, has_level = at->level != 0;
    const ost_v factor = can_average ? factor_of(self, block, at) : ost_v_splat(1);
    ost_v level = ost_v_splat(0);
    if (has_level) level = ost_v_blend(two_levels(self, at), ost_v_splat(at->level), level);
    if (here->has_ripple)
        ripple_average_drive(&here->ripple, here->args, drive, factor, has_level ? &level : NULL, value);
    if (!here->is_held) return;
    ost_v mean = factor * ost_v_load(ROW(at->u, block->first_mean + drive));
    if (can_average && has_level) mean += level * ost_v_load(ROW(at->u, (uint32_t) block->first_level + drive));
    ost_v_put(value, here->held, mean);
}

static void eval_drive(const ost_lane_plan_t *self, here_t *here, uint32_t drive, const ost_point_t *at)
{
    const ost_lane_block_t *block = here->block;
    if (here->is_moving)
        block->kernel->drive(block->kernel, &here->args, drive, ROW(at->scratch, block->first_drive + drive));
    if (here->is_held || here->has_ripple) eval_mean_drive(self, here, drive, at);
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

/* Whether an input is on in all lanes. */
static bool is_on(const ost_point_t *at, int32_t input)
{
    return input >= 0 && !ost_mask_any(ost_v_eq(ost_v_load(ROW(at->u, input)), ost_v_splat(0)));
}

static void eval_algebraic(
    const ost_lane_plan_t *self, const ost_point_t *at, const ost_lane_step_t *step, size_t n_steps, bool for_rates)
{
    find_reads(self, at);
    here_t here;
    here.block = NULL;
    for (const ost_lane_step_t *end = step + n_steps; step < end; step++) {
        if (for_rates && is_on(at, step->for_hold)) continue;
        if (step->block == OST_NO_BLOCK) {
            eval_signal(&self->signals[step->drive], at);
            here.block = NULL;
            continue;
        }
        if (here.block != &self->blocks[step->block]) enter(&here, self, &self->blocks[step->block], at);
        if (at->skips_held && !here.is_moving) continue;
        eval_drive(self, &here, step->drive, at);
    }
}

static void clear_rows(double *rows, uint32_t n, ost_mask where)
{
    for (uint32_t i = 0; i < n; i++) ost_v_put(ROW(rows, i), where, ost_v_splat(0));
}

static void zero_rows(double *rows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) ost_v_store(ROW(rows, i), ost_v_splat(0));
}

/* Rates of the block, from those that its kernel gave where it moves. */
static void end_rates(const here_t *here, const ost_point_t *at, double *f)
{
    const ost_lane_block_t *block = here->block;
    double *rows = ROW(f, block->first_state);
    if (!here->is_moving) zero_rows(rows, block->n_states);
    if (here->has_ripple) ripple_add_rates(&here->ripple, rows);
    if (here->is_moving && here->is_held) clear_rows(rows, block->n_states, here->held);
    for (uint32_t i = 0; block->has_integrals && i < block->n_drives; i++) {
        ost_v drive = ost_v_load(ROW(at->scratch, block->first_drive + i));
        ost_v_store(ROW(f, block->first_integral + i), ost_v_blend(here->held, ost_v_splat(0), drive));
    }
}

static void add_infusions(const ost_lane_plan_t *self, const ost_point_t *at, double *f)
{
    for (size_t i = 0; i < self->n_infusions; i++) {
        double *row = ROW(f, self->infusions[i].state);
        ost_v_store(row, ost_v_load(row) + ost_v_load(ROW(at->u, self->infusions[i].input)));
    }
}

/* A function of the system with up to two lists of rows as its result: rates and entries of the Jacobian, or one list
 * and NULL. */
typedef void function_t(const ost_lane_plan_t *self, const ost_point_t *at, double *rows, double *more);

static inline void average(double *rows, const double *others, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ost_v_store(ROW(rows, i), 0.5 * (ost_v_load(ROW(rows, i)) + ost_v_load(ROW(others, i))));
}

/* Of a function of the system, the mean of its values at both levels. */
static void in_mean(const ost_lane_plan_t *self, const ost_point_t *at, function_t *function, double *rows, size_t n,
    double *more, size_t n_more)
{
    ost_point_t level = *at;
    double *others = ROW(at->scratch, self->first_level_scratch), *more_others = ROW(others, n);
    level.skips_forced = level.skips_held = false;
    level.level = -1;
    function(self, &level, others, more_others);
    level.level = 1;
    function(self, &level, rows, more);
    average(rows, others, n);
    average(more, more_others, n_more);
}

/* The function's values where drives are at one level each, else their mean. */
static inline void evaluate(const ost_lane_plan_t *self, const ost_point_t *at, function_t *function, double *rows,
    size_t n, double *more, size_t n_more)
{
    if (at->level == 0 && self->levels >= 0 && ost_mask_any(two_levels(self, at)))
        in_mean(self, at, function, rows, n, more, n_more);
    else
        function(self, at, rows, more);
}

static void rates_at(const ost_lane_plan_t *self, const ost_point_t *at, double *f, double *none)
{
    (void) none;
    here_t here;
    eval_algebraic(self, at, self->steps, self->n_rate_steps, true);
    for (const ost_lane_block_t *block = self->blocks; block < self->blocks + self->n_blocks; block++) {
        if (block->n_states == 0 || (block->is_forced && at->skips_forced)) continue;
        enter(&here, self, block, at);
        if (at->skips_held && !here.is_moving) continue;
        if (here.is_moving) block->kernel->rhs(block->kernel, &here.args, ROW(f, block->first_state));
        end_rates(&here, at, f);
    }
    add_infusions(self, at, f);
}

static void plan_rhs(const void *plan, const ost_point_t *at, double *f)
{
    const ost_lane_plan_t *self = plan;
    evaluate(self, at, rates_at, f, self->n_states, NULL, 0);
}

static void forced_rates_at(const ost_lane_plan_t *self, const ost_point_t *at, double *f, double *none)
{
    (void) none;
    eval_algebraic(self, at, self->forced_step, self->n_forced_steps, true);
    for (size_t i = 0; i < self->n_forced_blocks; i++) {
        const ost_lane_block_t *block = &self->blocks[self->forced_block[i]];
        ost_kernel_args_t args;
        set_args(&args, self, block, at);
        block->kernel->rhs(block->kernel, &args, ROW(f, block->first_state));
    }
}

static void plan_forced_rates(const void *plan, const ost_point_t *at, double *f)
{
    const ost_lane_plan_t *self = plan;
    evaluate(self, at, forced_rates_at, f, self->n_states, NULL, 0);
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

static void block_entries(const ost_lane_plan_t *self, here_t *here, const ost_point_t *at, double *f, double *entries)
{
    const ost_lane_block_t *block = here->block;
    double *rows = ROW(entries, block->first_entry);
    if (!here->is_moving) {
        zero_rows(rows, block->n_entries);
        return;
    }
    block->kernel->jacobian(block->kernel, &here->args, ROW(f, block->first_state), rows);
    for (uint32_t i = 0; i < block->n_drives; i++) {
        if (block->drive_entry[i] == OST_NO_ENTRY) continue;
        double *drive = ROW(entries, block->drive_entry[i]);
        if (is_on(at, block->drive_for_hold[i])) {
            zero_rows(drive, block->model->first_entry[i + 1] - block->model->first_entry[i]);
            continue;
        }
        block->kernel->drive_jacobian(block->kernel, &here->args, i, drive);
        if (here->has_ripple) ripple_average_entries(&here->ripple, here->args, i, factor_of(self, block, at), drive);
    }
    if (here->is_held) clear_rows(rows, block->n_entries, here->held);
}

static void jacobian_at(const ost_lane_plan_t *self, const ost_point_t *at, double *f, double *entries)
{
    double *integral = ROW(entries, self->integral_entry);
    here_t here;
    eval_algebraic(self, at, self->steps, self->n_rate_steps, true);
    for (const ost_lane_block_t *block = self->blocks; block < self->blocks + self->n_blocks; block++) {
        if (block->is_static) continue;
        enter(&here, self, block, at);
        block_entries(self, &here, at, f, entries);
        end_rates(&here, at, f);
        for (uint32_t i = 0; block->has_integrals && i < block->n_drives; i++, integral += OST_LANES)
            ost_v_store(integral, ost_v_blend(here.held, ost_v_splat(0), ost_v_splat(1)));
    }
    for (size_t i = 0; i < self->n_signals; i++)
        if (self->signals[i].first_entry != OST_NO_ENTRY) signal_entries(&self->signals[i], at, entries);
    add_infusions(self, at, f);
}

static void plan_jacobian(const void *plan, const ost_point_t *at, double *f, double *entries)
{
    const ost_lane_plan_t *self = plan;
    evaluate(self, at, jacobian_at, f, self->n_states, entries, self->n_entries);
}

static void switches_at(const ost_lane_plan_t *self, const ost_point_t *at, double *g, double *none)
{
    (void) none;
    eval_algebraic(self, at, self->steps, self->n_switch_steps, true);
    for (size_t b = 0; b < self->n_blocks; b++) {
        const ost_lane_block_t *block = &self->blocks[b];
        if (block->n_switches == 0) continue;
        ost_kernel_args_t args;
        set_args(&args, self, block, at);
        block->kernel->switches(block->kernel, &args, ROW(g, block->first_switch));
    }
}

static void plan_switches(const void *plan, const ost_point_t *at, double *g)
{
    const ost_lane_plan_t *self = plan;
    evaluate(self, at, switches_at, g, self->n_switches, NULL, 0);
}

static void outputs_at(const ost_lane_plan_t *self, const ost_point_t *at, double *y, double *none)
{
    (void) none;
    eval_algebraic(self, at, self->steps, self->n_steps, false);
    for (size_t b = 0; b < self->n_blocks; b++) {
        const ost_lane_block_t *block = &self->blocks[b];
        if (block->n_wanted == 0) continue;
        ost_kernel_args_t args;
        set_args(&args, self, block, at);
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

static void plan_outputs(const void *plan, const ost_point_t *at, double *y)
{
    const ost_lane_plan_t *self = plan;
    evaluate(self, at, outputs_at, y, self->n_outputs, NULL, 0);
}

extern const ost_plan_lanes_t OST_LANE_FN(ost_plan_lanes);
const ost_plan_lanes_t OST_LANE_FN(
    ost_plan_lanes) = { plan_rhs, plan_forced_rates, plan_jacobian, plan_switches, plan_outputs };
