/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "solve/ripple.h"

#include <math.h>

#define MAX OST_LINEAR_MAX
/* What is left below this part of what may be wrong of a state is nothing. */
#define NOTHING 1e-2
/* What rounding leaves of a state that is 0, relative to its mean. */
#define ROUNDING 1e-12
/* Powers of each mode that the points have to average: a drive's series in it. */
#define POWERS 3
/* Newton steps of the factor of drives; part by which it is moved for its slopes; what is no change of it; and the
 * largest, beyond which what reads the drives hardly depends on them (assumed). */
#define MATCHES 3
#define NUDGE 1e-3
#define LEAST_MATCH 1e-9
#define MOST_MATCH 10.0
/* Intervals to come that are looked at: modes may cancel in one, not in all. */
#define INTERVALS 3

/* Gauss's points u and weights of 16 on 0 .. 1, at (exp(6 u) - 1)/(exp(6) - 1): what rises and falls within a
 * thousandth of the interval, or within all of it, is averaged to 1e-8. */
const ost_ripple_point_t ost_ripple_points[OST_RIPPLE_POINTS] = {
    { 8.028284102170436e-5, 0.00020895401845970809 },
    { 0.0004495148586644114, 0.00054803517398832739 },
    { 0.0012336743903390848, 0.0010615653414398459 },
    { 0.0026910434471789647, 0.0019352218796378546 },
    { 0.0053344926428278483, 0.0035092545544982683 },
    { 0.010146500948931058, 0.0064100573743055017 },
    { 0.018958693134907184, 0.011747026397542682 },
    { 0.035047301390794508, 0.021331502020814739 },
    { 0.063887045670185606, 0.037722623498110878 },
    { 0.11368428969614332, 0.063638678670290849 },
    { 0.19472869544580616, 0.10007990206445385 },
    { 0.31609261002102324, 0.14297375811040514 },
    { 0.4787956235723832, 0.17994449397279416 },
    { 0.66741660767832615, 0.19124049466132653 },
    { 0.84643273191713708, 0.15854434453852028 },
    { 0.96862524972038244, 0.079104087723411378 },
};

/* Modes z' = lambda z + b of a part that gets a dose in each interval. */
typedef struct {
    size_t n;
    double interval;
    double v[MAX][MAX];          /* states of modes */
    double lambda[MAX], b[MAX];  /* of each mode */
    double dose[MAX];            /* its step at a dose */
    double before[MAX];          /* periodic, just before a dose */
    double mean[MAX], rest[MAX]; /* periodic, over the interval; what it is away from `before` now */
} periodic_t;

/* @return false where it is not all of the series' block, or not in closed form, or a mode does not fade */
static bool find_periodic(periodic_t *self, const ost_linear_part_t *part, int lane, const ost_series_t *series,
    const ost_ripple_dose_t *dose, const double *x)
{
    const size_t n = series->n_states, row = OST_LANE_COUNT, l = (size_t) lane;
    if (part->n != n || part->of->state[0] != series->first_state || part->active[l] == 0 ||
        dose->kind != OST_EVENT_ADD_STATE || dose->index - series->first_state >= n)
        return false;
    *self = (periodic_t){ .n = n, .interval = series->interval };
    for (size_t i = 0; i < n; i++) {
        double lambda = self->lambda[i] = part->lambda[i * row + l], b = self->b[i] = part->b[i * row + l], z = 0;
        if (!(lambda < 0)) return false;
        for (size_t j = 0; j < n; j++) {
            self->v[j][i] = part->v[(j * n + i) * row + l];
            z += part->w[(i * n + j) * row + l] * x[(series->first_state + j) * row];
        }
        double step = self->dose[i] = part->w[(i * n + dose->index - series->first_state) * row + l] * dose->amount;
        double faded = -expm1(lambda * series->interval);
        self->before[i] = step * (1 - faded) / faded - b / lambda;
        self->mean[i] = (-step / series->interval - b) / lambda;
        self->rest[i] = z - self->before[i];
    }
    return true;
}

static double state_of(const periodic_t *self, size_t j, const double *modes)
{
    double sum = 0;
    for (size_t i = 0; i < self->n; i++) sum += self->v[j][i] * modes[i];
    return sum;
}

/* Whether the rest is a straight line within this interval and the next ones, but for a part of the states: by its
 * second derivative. */
static bool is_straight(const periodic_t *self, double tolerance)
{
    double bends[MAX];
    for (int k = 0; k < INTERVALS; k++) {
        for (size_t i = 0; i < self->n; i++) {
            double falls = self->lambda[i] * self->interval;
            bends[i] = self->rest[i] * falls * falls * exp(k * falls) / 24;
        }
        for (size_t j = 0; j < self->n; j++)
            if (!(fabs(state_of(self, j, bends)) <= tolerance * fabs(state_of(self, j, self->mean)))) return false;
    }
    return true;
}

/* Whether the points average each mode and its powers. */
static bool are_averaged(const periodic_t *self, double tolerance)
{
    for (size_t i = 0; i < self->n * POWERS; i++) {
        double fall = self->lambda[i / POWERS] * self->interval * (double) (1 + i % POWERS), sum = 0;
        for (size_t q = 0; q < OST_RIPPLE_POINTS; q++)
            sum += ost_ripple_points[q].weight * exp(fall * ost_ripple_points[q].time);
        if (!(fabs(sum - expm1(fall) / fall) <= tolerance)) return false;
    }
    return true;
}

static double days_left(const periodic_t *self, double tolerance)
{
    double days = 0;
    for (size_t j = 0; j < self->n; j++)
        for (size_t i = 0; i < self->n; i++) {
            double part = fabs(self->v[j][i] * self->rest[i] / state_of(self, j, self->mean));
            if (part > tolerance) days = fmax(days, log(part / tolerance) / -self->lambda[i]);
        }
    return days;
}

/* What the periodic modes have at a point of the interval more than just before a dose. */
static void find_more(const periodic_t *self, size_t q, double *more)
{
    for (size_t i = 0; i < self->n; i++) {
        double grown = expm1(self->lambda[i] * self->interval * ost_ripple_points[q].time);
        more[i] = self->dose[i] + grown * (self->before[i] + self->dose[i] + self->b[i] / self->lambda[i]);
    }
}

/* Whether a state that is not negative now is not at any point either. */
static bool stays_positive(const periodic_t *self)
{
    double modes[MAX], now[MAX] = { 0 };
    for (size_t i = 0; i < self->n; i++) now[i] = self->before[i] + self->rest[i];
    for (size_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        double days = (ost_ripple_points[q].time - 0.5) * self->interval;
        find_more(self, q, modes);
        for (size_t i = 0; i < self->n; i++) modes[i] += now[i] + days * self->lambda[i] * self->rest[i];
        for (size_t j = 0; j < self->n; j++)
            if (state_of(self, j, modes) < -ROUNDING * fabs(state_of(self, j, self->mean)) &&
                state_of(self, j, now) >= 0)
                return false;
    }
    return true;
}

/* Rates of all states with the block's at a point of the ripple. */
static void find_rates(
    const periodic_t *self, const ost_series_t *series, const ost_ripple_view_t *view, size_t q, double *x)
{
    double modes[MAX];
    find_more(self, q, modes);
    for (size_t i = 0; i < self->n; i++) modes[i] += self->before[i];
    for (size_t j = 0; j < self->n; j++) x[(series->first_state + j) * OST_LANE_COUNT] = state_of(self, j, modes);
    view->system->rhs(view->system->self, &view->at, view->f);
}

/* The factor of the drives by which all other states move as they do on average over the ripple's points: what reads a
 * drive that comes and goes responds to it otherwise than to its mean. By Newton's method in the least squares of all
 * rates, each in the size of its state. */
static void match(const periodic_t *self, const ost_series_t *series, const ost_ripple_view_t *view, int lane,
    double *x, double *u, double *factor)
{
    const size_t n = view->system->n_states, row = OST_LANE_COUNT, l = (size_t) lane;
    *factor = 1;
    u[0] = 0;
    for (size_t i = 0; i < n; i++) view->exact[i * row + l] = 0;
    for (size_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        find_rates(self, series, view, q, x);
        for (size_t i = 0; i < n; i++) view->exact[i * row + l] += ost_ripple_points[q].weight * view->f[i * row + l];
    }
    u[0] = self->interval;
    for (size_t j = 0; j < self->n; j++) x[(series->first_state + j) * row] = state_of(self, j, self->before);
    for (int k = 0; k < MATCHES; k++) {
        double slopes = 0, sum = 0, before = *factor;
        view->system->rhs(view->system->self, &view->at, view->mean);
        *factor *= 1 + NUDGE;
        view->system->rhs(view->system->self, &view->at, view->f);
        for (size_t i = 0; i < n; i++) {
            if (i - series->first_state < self->n) continue;
            double scale = view->system->scale[i]; /* INFINITY of integrals */
            double slope = (view->f[i * row + l] - view->mean[i * row + l]) / (NUDGE * before * scale);
            slopes += slope * slope;
            sum += slope * (view->exact[i * row + l] - view->mean[i * row + l]) / scale;
        }
        double change = sum / slopes;
        *factor = fabs(change) > LEAST_MATCH * before ? fmax(before + change, before / MOST_MATCH) : before;
        if (!(*factor < MOST_MATCH)) *factor = before;
    }
}

static void set_inputs(const periodic_t *self, double *u)
{
    const size_t n = self->n, row = OST_LANE_COUNT;
    double modes[MAX];
    u[0] = self->interval;
    for (size_t i = 0; i < n; i++) modes[i] = -(self->lambda[i] * self->before[i] + self->b[i]);
    for (size_t j = 0; j < n; j++) u[(1 + j) * row] = state_of(self, j, modes);
    for (size_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        find_more(self, q, modes);
        for (size_t j = 0; j < n; j++) u[(1 + n + q * n + j) * row] = state_of(self, j, modes);
    }
}

double ost_ripple_begin(const ost_linear_part_t *part, int lane, const ost_series_t *series,
    const ost_ripple_dose_t *dose, const ost_ripple_view_t *view, double *x, double *u)
{
    periodic_t periodic;
    double now[MAX], *inputs = u + (size_t) series->ripple_input * OST_LANE_COUNT;
    double nothing = NOTHING * series->tolerance * series->tolerance;
    if (!find_periodic(&periodic, part, lane, series, dose, x) || !is_straight(&periodic, series->tolerance) ||
        !are_averaged(&periodic, nothing) || !stays_positive(&periodic))
        return NAN;
    set_inputs(&periodic, inputs);
    for (size_t j = 0; j < periodic.n; j++) now[j] = x[(series->first_state + j) * OST_LANE_COUNT];
    match(&periodic, series, view, lane, x, inputs, inputs + (OST_RIPPLE_INPUTS(periodic.n) - 1) * OST_LANE_COUNT);
    for (size_t j = 0; j < periodic.n; j++) x[(series->first_state + j) * OST_LANE_COUNT] = now[j];
    return days_left(&periodic, nothing);
}

void ost_ripple_end(const ost_series_t *series, double *u)
{
    for (size_t i = 0; series->ripple_input >= 0 && i <= series->n_states; i++)
        u[((size_t) series->ripple_input + i) * OST_LANE_COUNT] = 0;
}
