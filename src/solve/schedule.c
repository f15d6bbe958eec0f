/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "solve/schedule.h"

#include <math.h>
#include <string.h>

/* Changes of a state below this part of what may be wrong of it are none: about the solver's own error. */
#define ROUNDING 1e-2

void ost_lane_start(ost_lane_t *self, ost_job_t *job)
{
    const ost_system_t *system = self->system;
    self->job = job;
    self->i_event = self->i_out = self->i_out_pending = 0;
    while (self->i_event < job->n_events && job->events[self->i_event].t < job->t0) self->i_event++;
    while (self->i_out < job->n_out && job->t_out[self->i_out] < job->t0 - OST_SAME_TIME) self->i_out++;
    self->changed = -1;
    self->t_flip = -INFINITY;
    self->n_flips = 0;
    for (size_t i = 0; i < system->n_inputs; i++) self->followers[i] = (ost_follower_t){ .series = -1 };
    job->status = 0;
    job->failure = OST_FAILURE_NONE;
    job->t_fail = NAN;
    job->state_fail = -1;
    memset(&job->stats, 0, sizeof(job->stats));
}

/* The follower of an event's series where it follows just that one, else NULL. */
static ost_follower_t *follower_of(const ost_lane_t *self, const ost_event_t *event)
{
    if (event->series < 0) return NULL;
    ost_follower_t *follower = &self->followers[self->job->series[event->series].park_input];
    return follower->series == event->series ? follower : NULL;
}

/* Events of one series at one time, and the end of its infusion, belong to one dose. */
static bool begins_dose(const ost_follower_t *follower, const ost_series_t *series, double t)
{
    return t - follower->t_dose > 0.999 * series->interval;
}

double ost_lane_next_stop(ost_lane_t *self)
{
    const ost_job_t *job = self->job;
    bool lands = job->x_end != NULL;
    for (; self->i_event < job->n_events; self->i_event++) {
        const ost_event_t *event = &job->events[self->i_event];
        if (lands && event->t >= job->t1) break;
        ost_follower_t *follower = follower_of(self, event);
        if (follower == NULL || !follower->parked) return event->t;
        const ost_series_t *series = &job->series[event->series];
        if (event->t >= series->t_last - OST_SAME_TIME) return event->t;
        if (begins_dose(follower, series, event->t)) {
            follower->t_dose = event->t;
            self->job->stats.doses_skipped += event->t < job->t1;
        }
    }
    return lands ? job->t1 : INFINITY;
}

/* By what the last change differs from the one before: below 1 where the sequence approaches a limit. */
static double ratio_of(const double last[3])
{
    double change = last[0] - last[1], before = last[1] - last[2];
    return before == 0 ? 0 : change / before;
}

/* What is still to come of a sequence that approaches its limit geometrically (Aitken). Where its changes do not
 * shrink, which is near the limit a matter of rounding, there is nothing to extrapolate. */
static double geometric_tail(const double last[3])
{
    double change = last[0] - last[1], ratio = ratio_of(last);
    return fabs(ratio) < 1 ? change * ratio / (1 - ratio) : 0;
}

static void see_states(ost_lane_t *self, ost_follower_t *follower, const ost_series_t *series, const double *x)
{
    for (size_t i = series->first_state; i < series->first_state + series->n_states; i++) {
        ost_sequence_t *seen = &self->sequences[i];
        if (follower->n_seen == 0) seen->largest = 1e-3 * self->system->scale[i];
        seen->last[2] = seen->last[1];
        seen->last[1] = seen->last[0];
        seen->last[0] = x[i * OST_LANE_COUNT];
        seen->largest = fmax(seen->largest, fabs(seen->last[0]));
    }
    follower->n_seen++;
}

/* Has a sequence come near its limit? A slow one is off for many intervals, so what counts before the move is the sum
 * of what they all miss; and after it a small change is a long way to go. A state that does not approach anything, as
 * an integral over a course of doses, is never near. */
static bool is_near(const ost_sequence_t *seen, bool moved, double tolerance)
{
    double change = seen->last[0] - seen->last[1], ratio = moved ? seen->ratio : ratio_of(seen->last);
    if (fabs(change) <= ROUNDING * tolerance * tolerance * seen->largest) return true;
    if (!(fabs(ratio) < 1)) return false;
    if (moved) return fabs(change / (1 - ratio)) <= tolerance * tolerance * seen->largest;
    return fabs(geometric_tail(seen->last) / (1 - ratio)) <= tolerance * seen->largest;
}

static bool are_near(const ost_lane_t *self, const ost_series_t *series, bool moved)
{
    for (size_t i = series->first_state; i < series->first_state + series->n_states; i++)
        if (!is_near(&self->sequences[i], moved, series->tolerance)) return false;
    return true;
}

/* Steffensen's method on the map from dose to dose: once near, the states are moved to their extrapolated limits; where
 * they are back there after an interval, that interval is the one that repeats.
 * @return true if the block may be parked */
static bool settles(ost_lane_t *self, ost_follower_t *follower, const ost_series_t *series, double *x)
{
    see_states(self, follower, series, x);
    if (follower->moved) {
        follower->moved = false;
        return are_near(self, series, true);
    }
    if (follower->n_seen < 3 || !are_near(self, series, false)) return false;
    for (size_t i = series->first_state; i < series->first_state + series->n_states; i++) {
        ost_sequence_t *seen = &self->sequences[i];
        seen->ratio = ratio_of(seen->last);
        x[i * OST_LANE_COUNT] += geometric_tail(seen->last);
    }
    follower->n_seen = 0;
    see_states(self, follower, series, x);
    follower->moved = true;
    return false;
}

static void begin_interval(ost_follower_t *follower, const ost_series_t *series, double t, double *x)
{
    follower->t_dose = t;
    for (size_t k = 0; k < series->n_means; k++) x[series->mean_state[k] * OST_LANE_COUNT] = 0;
}

/* A dose of a series is due: follow it, park its block, or wake it. @return true if the dose is to be skipped */
static bool follow(ost_lane_t *self, const ost_event_t *event, double *x, double *u)
{
    const ost_series_t *series = &self->job->series[event->series];
    ost_follower_t *follower = &self->followers[series->park_input];
    double *park = &u[series->park_input * OST_LANE_COUNT];
    bool is_last = event->t >= series->t_last - OST_SAME_TIME;
    if (follower->series != event->series || (follower->parked && is_last)) {
        *follower = (ost_follower_t){ .series = event->series };
        see_states(self, follower, series, x);
        begin_interval(follower, series, event->t, x);
        *park = 0;
    } else if (!follower->parked && begins_dose(follower, series, event->t)) {
        for (size_t k = 0; k < series->n_means; k++)
            u[series->mean_input[k] * OST_LANE_COUNT] =
                x[series->mean_state[k] * OST_LANE_COUNT] / (event->t - follower->t_dose);
        follower->parked = settles(self, follower, series, x) && !is_last;
        begin_interval(follower, series, event->t, x);
        *park = follower->parked;
        self->job->stats.doses_skipped += follower->parked;
    }
    return follower->parked;
}

bool ost_lane_act(ost_lane_t *self, double t, double *x, double *u)
{
    const ost_job_t *job = self->job;
    size_t n_states = self->system->n_states;
    self->changed = -1;
    for (; self->i_event < job->n_events; self->i_event++) {
        const ost_event_t *event = &job->events[self->i_event];
        if (event->t > t + OST_SAME_TIME || event->t >= job->t1) break;
        if (event->series >= 0) {
            uint32_t park_input = job->series[event->series].park_input;
            double before = u[park_input * OST_LANE_COUNT];
            bool skip = follow(self, event, x, u);
            if (before != u[park_input * OST_LANE_COUNT]) self->changed = (int32_t) (n_states + park_input);
            if (skip) continue;
        }
        double *value = event->kind == OST_EVENT_SET_INPUT ? u : x;
        value += event->index * OST_LANE_COUNT;
        double before = *value;
        if (event->kind == OST_EVENT_ADD_STATE)
            *value += event->amount;
        else if (event->kind != OST_EVENT_STOP)
            *value = event->amount;
        if (*value != before)
            self->changed = (int32_t) (event->kind == OST_EVENT_SET_INPUT ? n_states + event->index : event->index);
        self->job->stats.events++;
    }
    return self->changed >= 0;
}

double ost_lane_next_output(const ost_lane_t *self)
{
    const ost_job_t *job = self->job;
    if (job->y == NULL || self->i_out >= job->n_out) return INFINITY;
    double t = job->t_out[self->i_out];
    return t <= job->t1 + OST_SAME_TIME ? t : INFINITY;
}

bool ost_lane_flip(ost_lane_t *self, double t, size_t i)
{
    self->n_flips = t - self->t_flip < OST_SAME_TIME ? self->n_flips + 1 : 0;
    self->t_flip = t;
    self->changed = (int32_t) (self->system->n_states + self->system->n_inputs + i);
    self->job->stats.switches_located++;
    return self->n_flips >= OST_MAX_FLIPS;
}

void ost_lane_write(const ost_lane_t *self, size_t i_out, const double *y)
{
    const ost_job_t *job = self->job;
    for (size_t o = 0; o < self->system->n_outputs; o++) job->y[o * job->n_out + i_out] = y[o * OST_LANE_COUNT];
}

void ost_lane_finish(ost_lane_t *self, const double *x)
{
    if (self->job->x_end != NULL) {
        for (size_t i = 0; i < self->system->n_states; i++) self->job->x_end[i] = x[i * OST_LANE_COUNT];
    }
    self->job = NULL;
}

void ost_lane_fail(ost_lane_t *self, ost_failure_t failure, double t, int32_t state)
{
    ost_job_t *job = self->job;
    bool of_state = failure == OST_FAILURE_NOT_FINITE || failure == OST_FAILURE_NEGATIVE;
    job->status = of_state ? OST_ERR_STATE : OST_ERR_STEP;
    job->failure = failure;
    job->t_fail = t;
    job->state_fail = state;
    for (; ost_lane_next_output(self) < INFINITY; self->i_out++) {
        for (size_t o = 0; o < self->system->n_outputs; o++) job->y[o * job->n_out + self->i_out] = NAN;
    }
    if (job->x_end != NULL) {
        for (size_t i = 0; i < self->system->n_states; i++) job->x_end[i] = NAN;
    }
    self->job = NULL;
}
