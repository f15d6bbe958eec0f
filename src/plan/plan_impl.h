/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this folder share: the plan as the lane code sees it, the population, and the steps of assembly. */
#ifndef OST_PLAN_PLAN_IMPL_H
#define OST_PLAN_PLAN_IMPL_H

#include "lang/kernel.h"
#include "plan/plan.h"

#define OST_NO_ENTRY UINT32_MAX

/* Where the value of a signal stands. */
typedef enum {
    OST_VALUE_ALGEBRAIC, /* row of scratch, evaluated */
    OST_VALUE_INPUT,     /* row of inputs: driven from outside alone */
    OST_VALUE_NEUTRAL,   /* row of ost_lane_plan_t.neutral: driven by nothing */
    OST_N_VALUE_BANKS
} ost_value_bank_t;
typedef struct {
    ost_value_bank_t bank;
    uint32_t row;
} ost_value_slot_t;

/* A block as the lane code sees it. */
typedef struct {
    const ost_kernel_t *kernel;
    uint32_t *sig;           /* [n_reads] algebraic row of each signal read; owned */
    ost_value_slot_t *value; /* [n_reads] where its value stands; owned */
    uint32_t n_reads;
    uint32_t first_state, n_states, first_hoisted, first_switch, n_switches, first_entry, n_entries;
    uint32_t first_drive, n_drives; /* algebraic rows */
    uint32_t *drive_entry;     /* [n_drives] where its entries begin, OST_NO_ENTRY where only outputs need it; owned */
    bool is_static;            /* without states, and only outputs need its drives */
    int32_t hold;              /* input, -1: never held */
    uint32_t first_mean;       /* inputs, one for each drive of a block that can be held */
    uint32_t first_quadrature; /* states, one for each drive of a block with a series */
    bool has_quadratures;
    uint32_t *mean_inputs, *mean_states; /* [n_drives] the same as lists, for ost_series_t; owned */
    uint32_t n_outputs;                  /* that its kernel writes */
    const uint32_t *wanted;              /* [n_wanted] of them, in the order of the system's outputs; borrowed */
    uint32_t n_wanted, first_output;
    uint32_t *noise_purpose; /* [n_noises]; owned */
    uint32_t n_noises;
} ost_lane_block_t;

/* A signal with a row of its own: several things drive it, or something from outside; or nothing, then the row is not
 * evaluated and only stands for the signal in the Jacobian. */
typedef struct {
    uint32_t row;                    /* algebraic */
    uint32_t *driver_row;            /* [n_drivers] algebraic; owned */
    uint32_t n_drivers, first_entry; /* one Jacobian entry for each driver; OST_NO_ENTRY where only outputs need it */
    int32_t input;                   /* -1: none */
    ost_combine_t combine;
} ost_lane_signal_t;

/* ost_system_t.self. The first n_algebraic rows of ost_point_t.scratch hold the algebraic rows that are evaluated after
 * every call; jacobian() finds those of rhs(). */
typedef struct {
    ost_lane_block_t *blocks;
    ost_lane_signal_t *signals;
    ost_driver_t *steps;             /* [n_steps] of evaluation, with the index of a signal among those of this plan */
    const ost_infusion_t *infusions; /* [n_infusions] */
    double *neutral;                 /* [n_signals of the plan rows] */
    size_t n_blocks, n_signals, n_steps, n_algebraic;
    size_t n_infusions;
    size_t n_rate_steps;           /* the first of the steps; the others are for outputs alone */
    size_t first_quadrature_entry; /* of the Jacobian, in the order of blocks and drives */
    size_t first_output_scratch;   /* row of scratch for outputs of which only some are wanted */
    size_t first_noise_scratch;    /* row of scratch for the noise of one block */
    size_t subject_row;            /* of constants, where blocks have noise */
    uint64_t seed;
    bool is_silent; /* every noise is 0 */
} ost_lane_plan_t;

/* The system's functions for one instruction set (plan_lanes.c). */
typedef struct {
    void (*rhs)(const void *self, const ost_point_t *at, double *f);
    void (*jacobian)(const void *self, const ost_point_t *at, double *entries);
    void (*switches)(const void *self, const ost_point_t *at, double *g);
    void (*outputs)(const void *self, const ost_point_t *at, double *y);
} ost_plan_lanes_t;

/* The noise of one block in all lanes: a pure function of seed, subject, the name of the noise, and the time in whole
 * minutes, so that a value is the same in every arm, on every grid and at every visit. @param[out] z  [n_noises rows]
 */
void ost_plan_noise(const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at, double *z);

struct ost_plan_impl {
    ost_lane_plan_t lane;
    ost_schedule_t *schedules; /* [schedules->n] for the solver, regular doses held at periodic steady state */
    uint32_t *row, *col;       /* of the Jacobian */
    double *scale;
    bool *positive;
    char **state_names;
};

/* Steps of ost_plan_build, each in its own file. */
int ost_plan_build_blocks(ost_plan_t *self, ost_error_t *err) OST_MUST_CHECK; /* layout.c */
int ost_plan_build_system(ost_plan_t *self, ost_error_t *err) OST_MUST_CHECK; /* layout.c */

#endif
