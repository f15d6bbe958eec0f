/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of Rodas4 over all lanes, and its dense output: what batch_lanes.c needs of rodas4_lanes.c. */
#ifndef OST_SOLVE_RODAS4_H
#define OST_SOLVE_RODAS4_H

#include "core/lanes.h"
#include "solve/batch_impl.h"

typedef struct {
    ost_v ratio;       /* largest error of a state over its tolerance; NaN where the new state is not finite */
    ost_mask negative; /* a state is below its floor */
} ost_rodas4_result_t;

/* Try a step of size h from (t, b->x): fills b->x_new, b->stages. */
void OST_LANE_FN(ost_rodas4_step)(const ost_batch_t *b, const ost_v *t, const ost_v *h, ost_rodas4_result_t *result);

/* The dense output of the step just tried: prepare b->dense once, then b->x_at = x(t + theta h) as often as wanted.
 * theta = 0 gives b->x, theta = 1 b->x_new. */
void OST_LANE_FN(ost_rodas4_dense)(const ost_batch_t *b);
void OST_LANE_FN(ost_rodas4_at)(const ost_batch_t *b, const ost_v *theta);

#endif
