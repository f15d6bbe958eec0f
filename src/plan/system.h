/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file system.h  The system that the solver integrates: the last stage, and what it is for the lanes' functions. */
#ifndef OST_PLAN_SYSTEM_H
#define OST_PLAN_SYSTEM_H

#include "lang/kernel.h"
#include "plan/jacobian.h"
#include "plan/kinetics.h"
#include "plan/outputs.h"

/** Where the value of a signal stands. */
typedef enum {
    OST_VALUE_ALGEBRAIC, /**< row of scratch, evaluated */
    OST_VALUE_INPUT,     /**< row of inputs: driven from outside alone */
    OST_VALUE_NEUTRAL,   /**< row of ost_lane_plan_t.neutral: driven by nothing */
    OST_N_VALUE_BANKS    /**< how many there are */
} ost_value_bank_t;
/** The place of a value. */
typedef struct {
    ost_value_bank_t bank;
    uint32_t row;
} ost_value_slot_t;

/** A step of evaluation: a drive of a block, or (block = OST_NO_BLOCK) a signal with a row of its own. */
typedef struct {
    uint32_t block, drive;
    int32_t for_hold; /**< where that input is on in all lanes, no rate needs the step; -1: some may */
} ost_lane_step_t;

/** A block for the lanes' functions. */
typedef struct {
    const ost_model_t *model; /**< borrowed */
    const ost_kernel_t *kernel;
    ost_value_slot_t *value;      /**< [n_reads] where the value of each signal read stands */
    uint32_t n_reads, first_read; /**< and the place of the first in the table of rows */
    uint32_t first_state, n_states, first_hoisted, first_switch, n_switches, first_entry, n_entries;
    uint32_t first_drive, n_drives; /**< algebraic rows */
    int32_t *drive_for_hold;        /**< [n_drives] as ost_lane_step_t.for_hold */
    const uint32_t *drive_entry;    /**< [n_drives] where its entries begin, OST_NO_ENTRY where only outputs need it */
    bool is_forced;                 /**< all its states are */
    bool is_static;                 /**< without states, and only outputs need its drives */
    int32_t hold;                   /**< input, -1: never held */
    int32_t ripple;                 /**< first of its inputs, -1: never averaged */
    int32_t first_level;            /**< of those, one for each drive, likewise */
    uint32_t first_mean;            /**< inputs, one for each drive of a block that can be held */
    uint32_t first_integral;        /**< states, one for each drive of a block that is averaged */
    bool has_integrals;
    uint32_t n_outputs;     /**< that its kernel writes */
    const uint32_t *wanted; /**< [n_wanted] of them, in the order of the system's outputs */
    uint32_t n_wanted, first_output;
    uint32_t *noise_purpose; /**< [n_noises] keys of their random streams */
    uint32_t n_noises;
} ost_lane_block_t;

/** A signal with a row of its own: several blocks drive it, or something from outside; or nothing, then the row is not
 * evaluated and only stands for the signal in the Jacobian. */
typedef struct {
    uint32_t row;                    /**< algebraic */
    uint32_t *driver_row;            /**< [n_drivers] algebraic */
    uint32_t n_drivers, first_entry; /**< one Jacobian entry for each driver; OST_NO_ENTRY where only outputs need it */
    int32_t input;                   /**< -1: none */
    ost_combine_t combine;
} ost_lane_signal_t;

/** ost_system_t.self of a plan's system. The first n_algebraic rows of ost_point_t.scratch hold the algebraic rows that
 * are evaluated after every call. */
typedef struct {
    ost_lane_block_t *blocks;        /**< [n_blocks] */
    ost_lane_signal_t *signals;      /**< [n_signals] */
    ost_lane_step_t *steps;          /**< [n_steps] signals by their index here */
    const ost_infusion_t *infusions; /**< [n_infusions] */
    double *neutral;                 /**< [wiring->n_signals rows] */
    ost_lane_step_t *forced_step;    /**< [n_forced_steps] as those, what forced states need */
    const uint32_t *forced_block;    /**< [n_forced_blocks] indices of their blocks */
    int32_t levels;                  /**< input that is not 0 where drives are at two levels, or -1 */
    size_t n_blocks, n_signals, n_steps, n_algebraic, n_infusions, n_forced_steps, n_forced_blocks;
    size_t n_rate_steps;         /**< the first of the steps; the others are for outputs alone */
    size_t n_switch_steps;       /**< of those, what conditions need: all or none */
    size_t integral_entry;       /**< first of the integrals' entries, in the order of blocks and drives */
    size_t first_output_scratch; /**< row of scratch for outputs of which only some are wanted */
    size_t first_noise_scratch;  /**< row of scratch for the noise of one block */
    size_t first_level_scratch;  /**< row of scratch for values at the other of two levels of drives */
    size_t n_states, n_switches, n_outputs, n_entries; /**< rows that functions write */
    size_t
        first_read_scratch; /**< row of scratch where the table begins: what it is of, then the rows that blocks read */
    size_t subject_row;     /**< of constants, where blocks have noise */
    uint64_t seed;
    bool is_silent; /**< every noise is 0 */
} ost_lane_plan_t;

/** The system's functions for one instruction set (system_lanes.c). */
typedef struct {
    /* as in ost_system_t */
    void (*rhs)(const void *self, const ost_point_t *at, double *f);
    void (*forced_rates)(const void *self, const ost_point_t *at, double *f);
    void (*jacobian)(const void *self, const ost_point_t *at, double *f, double *entries);
    void (*switches)(const void *self, const ost_point_t *at, double *g);
    void (*outputs)(const void *self, const ost_point_t *at, double *y);
} ost_plan_lanes_t;

/** @param scale  of ost_scales_new(). @return NULL on error: a model that was not built for the instruction set */
const ost_system_t *ost_system_new(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_wiring_t *wiring,
    const ost_inputs_t *inputs, const ost_kinetics_t *kinetics, const ost_outputs_t *outputs,
    const ost_layout_t *layout, const ost_jacobian_t *jacobian, const double *scale, ost_maker_t *make);

/** The noise of one block in all lanes: a pure function of seed, subject, the name of the noise, and the time in whole
 * minutes, so that a value is the same in every arm, on every grid and at every visit. @param[out] z  [n_noises rows]
 */
void ost_plan_noise(const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at, double *z);

#endif
