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
#define LEAST_MATCH 1e-4
#define MOST_MATCH 10.0
/* Factors that are as good as none, and those that two levels do not tell: these come from all points (assumed). */
#define NO_FACTOR 1e-3
#define LARGE_FACTOR 0.05
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

double ost_ripple_differ(const ost_series_t *series, const ost_ripple_view_t *view, int lane, const double *f)
{
    double sum = 0;
    for (size_t i = 0; i < view->system->n_states; i++) {
        const size_t k = i * OST_LANE_COUNT + (size_t) lane;
        const double change = (f[k] - view->exact[k]) / view->system->scale[i]; /* INFINITY of integrals */
        if (i - series->first_state >= series->n_states) sum += change * change;
    }
    return sqrt(sum);
}

/* The view's exact rates: their mean by drives at both levels. @return by how much those at one level differ from it */
static double at_levels(const ost_series_t *series, ost_ripple_view_t *view, int lane, double *is_on)
{
    const double before = *is_on;
    *is_on = 1;
    view->at.level = 1;
    view->system->rhs(view->system->self, &view->at, view->exact);
    view->at.level = -1;
    view->system->rhs(view->system->self, &view->at, view->f);
    view->at.level = 0;
    *is_on = before;
    for (size_t k = (size_t) lane; k < view->system->n_states * OST_LANE_COUNT; k += OST_LANE_COUNT)
        view->exact[k] = 0.5 * (view->exact[k] + view->f[k]);
    return ost_ripple_differ(series, view, lane, view->f);
}

/* The factor of the drives by which all other states move at the view's exact rates: what reads a drive
 * that comes and goes responds to it otherwise than to its mean. By Newton's method in the least squares of all rates,
 * each in the size of its state. */
static void match(const ost_series_t *series, const ost_ripple_view_t *view, int lane, double *factor)
{
    const size_t n = view->system->n_states, row = OST_LANE_COUNT, l = (size_t) lane;
    for (int k = 0; k < MATCHES; k++) {
        double slopes = 0, sum = 0, before = *factor;
        view->system->rhs(view->system->self, &view->at, view->mean);
        *factor *= 1 + NUDGE;
        view->system->rhs(view->system->self, &view->at, view->f);
        for (size_t i = 0; i < n; i++) {
            if (i - series->first_state < series->n_states) continue;
            double scale = view->system->scale[i]; /* INFINITY of integrals */
            double slope = (view->f[i * row + l] - view->mean[i * row + l]) / (NUDGE * before * scale);
            slopes += slope * slope;
            sum += slope * (view->exact[i * row + l] - view->mean[i * row + l]) / scale;
        }
        double change = slopes > 0 ? sum / slopes : 0;
        *factor = fmax(before + change, before / MOST_MATCH);
        if (!isfinite(change) || !(*factor < MOST_MATCH)) *factor = before;
        if (!(fabs(change) > LEAST_MATCH * before)) return;
    }
}

static void put_states(const periodic_t *self, const ost_series_t *series, const double *modes, double *x)
{
    for (size_t j = 0; j < self->n; j++) x[(series->first_state + j) * OST_LANE_COUNT] = state_of(self, j, modes);
}

/* The view's exact rates, from all points of the ripple, the last of which is left in x. */
static void average(
    const periodic_t *self, const ost_series_t *series, const ost_ripple_view_t *view, int lane, double *x, double *u)
{
    const size_t row = OST_LANE_COUNT;
    double modes[MAX], *interval = &u[(size_t) series->ripple_input * row];
    *interval = 0;
    for (size_t q = 0; q < OST_RIPPLE_POINTS; q++) {
        find_more(self, q, modes);
        for (size_t i = 0; i < self->n; i++) modes[i] += self->before[i];
        put_states(self, series, modes, x);
        view->system->rhs(view->system->self, &view->at, view->f);
        for (size_t k = (size_t) lane; k < view->system->n_states * row; k += row)
            view->exact[k] = (q > 0 ? view->exact[k] : 0) + ost_ripple_points[q].weight * view->f[k];
    }
    *interval = self->interval;
}

double ost_ripple_misfit(const ost_series_t *series, ost_ripple_view_t *view, int lane, double *u)
{
    const double effect = at_levels(series, view, lane, &u[(size_t) series->level_input * OST_LANE_COUNT]);
    view->system->rhs(view->system->self, &view->at, view->mean);
    return ost_ripple_differ(series, view, lane, view->mean) / effect;
}

/* Find the factor of the drives where they are periodic, or let the lane's be at two levels. @return the misfit of that
 * factor, NAN: it need not be evaluated again */
static double fit(
    const periodic_t *self, const ost_series_t *series, ost_ripple_view_t *view, int lane, double *x, double *u)
{
    double *factor = &u[((size_t) series->ripple_input + OST_RIPPLE_FACTOR(series->n_states)) * OST_LANE_COUNT];
    double *is_on = &u[(size_t) series->level_input * OST_LANE_COUNT];
    if (*is_on != 0) return NAN;
    const double effect = at_levels(series, view, lane, is_on);
    match(series, view, lane, factor);
    if (fabs(*factor - 1) <= NO_FACTOR) return NAN;
    double by_levels = 0; /* how far from the rates by all points those at two levels are */
    const bool is_large = fabs(*factor - 1) > LARGE_FACTOR;
    if (is_large) {
        average(self, series, view, lane, x, u);
        put_states(self, series, self->before, x);
        match(series, view, lane, factor);
    }
    view->system->rhs(view->system->self, &view->at, view->mean);
    const double by_factor = ost_ripple_differ(series, view, lane, view->mean);
    if (is_large) {
        for (size_t i = 0; i < view->system->n_states; i++)
            view->mean[i * OST_LANE_COUNT + (size_t) lane] = view->exact[i * OST_LANE_COUNT + (size_t) lane];
        at_levels(series, view, lane, is_on);
        by_levels = ost_ripple_differ(series, view, lane, view->mean);
    }
    *is_on = by_factor > OST_RIPPLE_MISFIT * effect && by_factor > by_levels;
    if (*is_on != 0) return NAN;
    return is_large ? ost_ripple_misfit(series, view, lane, u) : by_factor / effect;
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
    const ost_ripple_dose_t *dose, ost_ripple_view_t *view, double *x, double *u, double *misfit)
{
    periodic_t periodic;
    double now[MAX], *own = x + (size_t) series->first_state * OST_LANE_COUNT;
    double nothing = NOTHING * series->tolerance * series->tolerance;
    if (!find_periodic(&periodic, part, lane, series, dose, x) || !is_straight(&periodic, series->tolerance) ||
        !are_averaged(&periodic, nothing) || !stays_positive(&periodic))
        return NAN;
    ost_ripple_end(series, u);
    set_inputs(&periodic, u + (size_t) series->ripple_input * OST_LANE_COUNT);
    for (size_t j = 0; j < periodic.n; j++) now[j] = own[j * OST_LANE_COUNT];
    put_states(&periodic, series, periodic.before, x);
    *misfit = fit(&periodic, series, view, lane, x, u);
    for (size_t j = 0; j < periodic.n; j++) own[j * OST_LANE_COUNT] = now[j];
    return days_left(&periodic, nothing);
}

/* Let the averages end here, by which the states move and drives are found. */
static void stop(const ost_series_t *series, double *inputs)
{
    for (size_t i = 0; i <= series->n_states; i++) inputs[i * OST_LANE_COUNT] = 0;
}

void ost_ripple_hold(const ost_series_t *series, ost_ripple_view_t *view, int lane, double *u)
{
    double *inputs = u + (size_t) series->ripple_input * OST_LANE_COUNT;
    at_levels(series, view, lane, &u[(size_t) series->level_input * OST_LANE_COUNT]);
    for (size_t d = 0; d < series->n_means; d++) {
        const size_t k = series->mean_state[d] * OST_LANE_COUNT + (size_t) lane;
        u[series->mean_input[d] * OST_LANE_COUNT] = view->exact[k];
        inputs[(OST_RIPPLE_LEVELS(series->n_states) + d) * OST_LANE_COUNT] = view->exact[k] - view->f[k];
    }
    stop(series, inputs);
}

void ost_ripple_end(const ost_series_t *series, double *u)
{
    double *inputs = u + (size_t) series->ripple_input * OST_LANE_COUNT;
    if (series->ripple_input < 0) return;
    stop(series, inputs);
    inputs[OST_RIPPLE_FACTOR(series->n_states) * OST_LANE_COUNT] = 1;
    for (size_t d = 0; d < series->n_means; d++) inputs[(OST_RIPPLE_LEVELS(series->n_states) + d) * OST_LANE_COUNT] = 0;
}
