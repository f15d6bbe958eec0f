/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A one-step method over all lanes: what batch_lanes.c needs of rosenbrock_lanes.c and explicit_lanes.c. */
#ifndef OST_SOLVE_METHOD_H
#define OST_SOLVE_METHOD_H

#include "core/lanes.h"
#include "solve/batch_impl.h"

#define ROW(rows, i) ((rows) + (size_t) (i) *OST_LANES)
/* Loops over the registers of a row are unrolled, so that sums stay in registers; gcc 12 passes whole vectors wider
 * than a register through memory. */
#define EACH_REG for (int q = 0; q < OST_N_REGS; q++)

typedef struct {
    ost_v closed;      /* the same of a forced state for what forces it, in a step of several panels */
    ost_v ratio;       /* largest error of a state over its tolerance; NaN where the new state is not finite */
    ost_mask negative; /* a state is below its floor */
} ost_step_result_t;

typedef struct {
    int n_rhs;         /* right-hand sides a step */
    int error_power;   /* the error of a step goes with its size to this power */
    int error_stage;   /* b->stages of this hold the error after a step */
    bool has_jacobian; /* one Jacobian and factorisation a step */
    int next_stage;    /* b->stages of this hold the right-hand side at the new state, -1 if not known */
    /* Try a step of size h from (t, b->x): fills b->x_new, b->stages. Where next_stage >= 0, b->f is the right-hand
     * side there. */
    void (*step)(const ost_batch_t *b, const ost_v *t, const ost_v *h, ost_step_result_t *result);
    /* b->x_at = x(t + theta h) of the step just tried, of the states that are wanted. theta = 0 gives b->x, 1 b->x_new.
     */
    void (*dense)(const ost_batch_t *b, const ost_wanted_states_t *wanted, const ost_v *h, const ost_v *theta);
} ost_method_t;

#define OST_DECLARE_LANES(function) extern const ost_method_t OST_LANE_FN(ost_##function);
#define OST_DECLARE_GSL(function)
#define OST_DECLARE_AUTO(function)
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) OST_DECLARE_##family(function)
#include "solve/methods.def"
#undef OST_METHOD

#endif
