/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear equations with constant coefficients in closed form: x' = A x + b has the modes z = W x with z' = lambda z +
 * W b, and x = V z. */
#ifndef OST_SOLVE_LINEAR_H
#define OST_SOLVE_LINEAR_H

#include "solve/solve.h"

/* The modes of A: A = V diag(lambda) W, W = V^-1; matrices [n][n], row by row, n <= OST_LINEAR_MAX. A state that feeds
 * others but is not fed by them is a mode of its own, to rounding; so are two that feed each other.
 * @return false where there are no such modes (complex, or fewer than states), where more than two states feed each
 * other in a circle, or where modes are so close that they would cancel more than three digits */
bool ost_linear_modes(size_t n, const double *a, double *lambda, double *v, double *w);

/* One linear part of a system in a batch. Rows of lanes are the batch's memory. */
typedef struct {
    const ost_linear_t *of; /* borrowed */
    size_t n;               /* of->n_states + of->n_fed */
    /* Entries of the Jacobian in the part's rows: [n_entries] row of values; row and column inside the part, a column
     * of OST_LINEAR_MAX for what is constant. */
    uint32_t *entry;
    uint8_t *row, *col;
    size_t n_entries;
    /* Fed states stand behind its own in what follows, n of both, as what flows into them from the start of the step
     * on. Of each flow: places of the fed state and of its own. */
    uint8_t *into, *from;
    double *flow;           /* [n_flows rows] its coefficient, 0 where it is integrated */
    double *lambda, *v, *w; /* [n], [n][n], [n][n] rows; lambda NaN at first: none of this is made yet */
    double *b;              /* [n rows] W b */
    double *active;         /* [1 row] 1 where the lane's states are known in closed form, else 0 */
    double *seen;           /* [n_inputs rows] the inputs that the above were made at */
    double *z;              /* [n rows] modes at the start of the step */
    bool is_empty;          /* these are 0, and stay 0, in all lanes in closed form: a drug that is not given */
    /* What the states of a step see of it. */
    bool shown[OST_LINEAR_MAX]; /* [n] whether others depend on it; on what flows into fed ones they do */
    bool is_shown;              /* whether others that are not forced do */
    bool forces;                /* forced states depend on it */
    bool is_seen;               /* by states that are integrated, in some lane where it is in closed form */
    double *seen_by;            /* [1 row] 1 in lanes where it is, else 0 */
    double *view;               /* [n][OST_VIEW_TERMS rows] Legendre coefficients of the polynomial in their place */
    double *rest, *end;         /* [n rows] mean square of what that leaves out; at the end of the step */
    double *rate;               /* [n rows] of the state, or of that polynomial, at the start of the step */
} ost_linear_part_t;

/* Panels of a step; points of each at which states in closed form are evaluated; terms of the power series of a forced
 * state; and of the view of one. */
enum { OST_PANELS = 8, OST_FORCED_NODES = 7, OST_FORCED_TERMS = 16, OST_VIEW_TERMS = 4 };

/* One forced state of a system in a batch. Rows of lanes are the batch's memory. */
typedef struct {
    const ost_forced_t *of; /* borrowed */
    uint32_t *entry;        /* [n_entries] of the Jacobian in the state's row */
    size_t n_entries;
    double *lambda; /* [1 row] NaN where not known yet */
    double *active; /* [1 row] 1 where the lane's state is known in a step, else 0 */
    /* [1 + OST_PANELS rows], [1 + OST_PANELS][OST_FORCED_TERMS rows] the state in the step, where it has one panel, and
     * in each panel, where it has several. */
    double *fading, *term;
    double *per_h; /* [1 row] 1 over the length of the step, 1/d */
    int n_terms;   /* of the first that are not 0 in some lane */
    double *error; /* [1 row] by which it may be wrong for what forces it, where the step has one panel */
    double *miss;  /* [1 row] the same where it has several */
    double *view, *rest, *end, *rate; /* as of a linear part */
} ost_forced_part_t;

/* Let the lane's closed form be made at its next restart; until then its states are integrated. */
void ost_linear_forget(ost_linear_part_t *self, int lane);

/* The closed form of one lane from rows of its states, inputs, rates and Jacobian at one point. */
void ost_linear_make(
    ost_linear_part_t *self, int lane, const double *x, const double *u, const double *f, const double *values);

#endif
