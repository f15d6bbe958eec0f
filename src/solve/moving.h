/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which states move in a step. Those that stand still in all lanes (ost_held_t) are left out of its sums, of its error
 * and of its elimination, where they would contribute zeros: all other numbers are the same. */
#ifndef OST_SOLVE_MOVING_H
#define OST_SOLVE_MOVING_H

#include "solve/elimination.h"

/* States in a row, half-open. */
typedef struct {
    uint32_t first, end;
} ost_span_t;

typedef struct {
    bool *is_held;     /* [n_held] in all lanes */
    bool *is_still;    /* [n_states] */
    bool *is_zero;     /* [elimination rows] values that are 0, or that nothing needs */
    ost_span_t *span;  /* [n_moving] those that move, in ascending order */
    ost_span_t *still; /* [n_still] the others */
    size_t n_moving, n_still;
    bool skips_held;                      /* as in ost_point_t, in stages of a step after the first */
    const ost_elimination_t *elimination; /* of those that move: all or `some` */
    const ost_elimination_t *all;         /* borrowed */
    ost_elimination_t some;
} ost_moving_t;

/* At first all states move. @param all  borrowed: must outlive self. @return 0 or OST_ERR_NO_MEMORY */
int ost_moving_init(
    ost_moving_t *self, const ost_system_t *system, const ost_elimination_t *all, ost_error_t *err) OST_MUST_CHECK;
/* Accepts NULL. */
void ost_moving_free(ost_moving_t *self);

/* After is_held changed: all else anew. Allocates nothing. */
void ost_moving_refresh(ost_moving_t *self, const ost_system_t *system);

#endif
