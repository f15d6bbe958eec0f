/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regular doses into a linear part in closed form, before they are left out. Each of its states is the periodic one and
 * a rest that fades by the part's own modes, so the values just before each dose lie on a smooth curve, which the
 * states follow from then on; what they drive is averaged over the periodic ripple around it. */
#ifndef OST_SOLVE_RIPPLE_H
#define OST_SOLVE_RIPPLE_H

#include "solve/linear.h"

/* One of those doses. */
typedef struct {
    ost_event_kind_t kind;
    uint32_t index; /* of the state */
    double amount;
} ost_ripple_dose_t;

/* The system in all lanes at one time, and rows to work on. */
typedef struct {
    const ost_system_t *system;
    ost_point_t at;
    double *f, *exact, *mean; /* [n_states rows] each */
} ost_ripple_view_t;

/* Set the inputs of the series' ripple, just before a dose, where the part is all of its block and what its states are
 * away from the periodic ones is a straight line within an interval, to the series' tolerance, along which no state
 * falls below 0.
 * @param view  of the lane's batch; its x and u hold those columns. @param x, u  columns of the lane
 * @param[out] misfit  of the factor of drives where they are periodic; NAN: the factor is about 1, or drives of the
 * lane are at two levels from now on. @return after how many days nothing is left of that; NAN: not yet, or never */
double ost_ripple_begin(const ost_linear_part_t *part, int lane, const ost_series_t *series,
    const ost_ripple_dose_t *dose, ost_ripple_view_t *view, double *x, double *u, double *misfit);

/* The largest part of what one level of the drives changes that a factor may leave unmatched (assumed). */
#define OST_RIPPLE_MISFIT 5e-3
/* How far the rates of other states with the factor of the drives are from their mean over two levels of the drives, as
 * a part of what one level changes in them. */
double ost_ripple_misfit(const ost_series_t *series, ost_ripple_view_t *view, int lane, double *u);

/* The states stand still from now on: let drives have the means and levels that they have here. */
void ost_ripple_hold(const ost_series_t *series, ost_ripple_view_t *view, int lane, double *u);

/* By how much the rates f of other states differ from the view's exact ones, in the size of each, root of the sum of
 * squares. */
double ost_ripple_differ(const ost_series_t *series, const ost_ripple_view_t *view, int lane, const double *f);

/* Let the ripple act no more in this column. */
void ost_ripple_end(const ost_series_t *series, double *u);

#endif
