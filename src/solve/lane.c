/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "solve/lane.h"

#include "core/random.h"

#include <math.h>
#include <string.h>

/* Changes of a state below this part of what may be wrong of it are none: about the solver's own error. */
#define ROUNDING 1e-2
/* Days after which the misfit of averaged drives is evaluated again, and how many times as many to each later time
 * (assumed). */
#define FIRST_LOOK 25.0
#define LATER_LOOK 6

/* A number of a job's own, or the one of its schedule. */
static double own_or(double own, double schedule)
{
    return own != 0 ? own : schedule;
}

/* When dose k of a schedule is due, INFINITY from its stop on. */
static double dose_time(const ost_job_t *job, size_t i, uint64_t k)
{
    const double start = job->schedule_states[i].start,
                 interval = own_or(job->records[i].interval, job->schedules[i].interval),
                 t = k == 0 ? start : start + (double) k * interval;
    return t < job->records[i].stop - OST_SAME_TIME ? t : INFINITY;
}

static double next_dose(const ost_job_t *job, size_t i)
{
    const ost_schedule_state_t *state = &job->schedule_states[i];
    uint64_t k = state->start == state->counted ? state->k : 0;
    return dose_time(job, i, k);
}

static void start_schedules(ost_job_t *job)
{
    for (size_t i = 0; i < job->n_schedules; i++) {
        ost_schedule_state_t *state = &job->schedule_states[i];
        *state =
            (ost_schedule_state_t){ .start = job->records[i].start, .counted = job->records[i].start, .off = INFINITY };
        while (next_dose(job, i) < job->t0) state->k++;
    }
}

static ost_follower_t follows(int32_t i_series)
{
    return (ost_follower_t){ .series = i_series, .t_steady = INFINITY, .t_look = INFINITY };
}

void ost_lane_start(ost_lane_t *self, ost_job_t *job)
{
    const ost_system_t *system = self->system;
    self->job = job;
    self->i_event = self->i_visit = self->i_out = self->i_out_pending = 0;
    start_schedules(job);
    while (self->i_event < job->n_events && job->events[self->i_event].t < job->t0) self->i_event++;
    while (self->i_visit < job->n_visits && job->visits[self->i_visit].t < job->t0) self->i_visit++;
    self->i_break = 0;
    ost_lane_pass_breaks(self, job->t0);
    while (self->i_out < job->n_out && job->t_out[self->i_out] < job->t0 - OST_SAME_TIME) self->i_out++;
    self->changed = self->due_output = -1;
    self->is_new = true;
    self->t_flip = -INFINITY;
    self->n_flips = 0;
    for (size_t i = 0; i < system->n_inputs; i++) self->followers[i] = follows(-1);
    job->status = 0;
    job->doses_kept = 0;
    job->failure = OST_FAILURE_NONE;
    job->t_fail = NAN;
    job->state_fail = -1;
    memset(&job->stats, 0, sizeof(job->stats));
    for (size_t i = 0; i < job->n_series && job->ripple != NULL; i++) job->ripple[i] = 0;
}

/* The follower of an event's series where it follows just that one, else NULL. */
static ost_follower_t *follower_of(const ost_lane_t *self, const ost_event_t *event)
{
    if (event->series < 0) return NULL;
    ost_follower_t *follower = &self->followers[self->job->series[event->series].hold_input];
    return follower->series == event->series ? follower : NULL;
}

/* Events of one series at one time, and the end of its infusion, belong to one dose. */
static bool begins_dose(const ost_follower_t *follower, const ost_series_t *series, double t)
{
    return t - follower->t_dose > 0.999 * series->interval;
}

/* Whether no dose is left out at a time. */
static bool is_live(const ost_job_t *job, double t)
{
    bool is = false;
    for (const double *span = job->live; span < job->live + 2 * job->n_live; span += 2)
        is |= t >= span[0] && t < span[1];
    return is;
}

/* The next event that is not skipped because its block is held. */
static double next_event(ost_lane_t *self)
{
    const ost_job_t *job = self->job;
    for (; self->i_event < job->n_events; self->i_event++) {
        const ost_event_t *event = &job->events[self->i_event];
        if (job->x_end != NULL && event->t >= job->t1) break;
        ost_follower_t *follower = follower_of(self, event);
        if (follower == NULL || !follower->held || follower->live || is_live(job, event->t)) return event->t;
        const ost_series_t *series = &job->series[event->series];
        if (event->t >= series->t_last - OST_SAME_TIME) return event->t;
        if (begins_dose(follower, series, event->t)) {
            follower->t_dose = event->t;
            self->job->stats.doses_skipped += event->t < job->t1;
        }
    }
    return INFINITY;
}

/* Of a schedule whose block is held, only the last dose acts, and the next one that is not left out. */
static double last_dose(ost_lane_t *self, size_t i)
{
    const ost_job_t *job = self->job;
    const ost_schedule_t *schedule = &job->schedules[i];
    ost_schedule_state_t *state = &job->schedule_states[i];
    double stop = job->records[i].stop, n = ceil((stop - OST_SAME_TIME - state->start) / schedule->interval);
    uint64_t k = isfinite(n) ? (uint64_t) n : UINT64_MAX;
    while (isfinite(n) && k > state->k && isinf(dose_time(job, i, k))) k--;
    for (; state->k < k && next_dose(job, i) < job->t1 && !is_live(job, next_dose(job, i)); state->k++)
        self->job->stats.doses_skipped++;
    if (is_live(job, next_dose(job, i))) return next_dose(job, i);
    return isfinite(n) ? dose_time(job, i, k) : INFINITY;
}

static double next_of_schedule(ost_lane_t *self, size_t i)
{
    const ost_schedule_t *schedule = &self->job->schedules[i];
    const ost_follower_t *follower =
        schedule->series >= 0 ? &self->followers[self->job->series[schedule->series].hold_input] : NULL;
    if (follower != NULL && follower->series == schedule->series && follower->held && !follower->live)
        return last_dose(self, i);
    return fmin(next_dose(self->job, i), self->job->schedule_states[i].off);
}

/* When a series' averaged doses lead to the periodic steady state, or their misfit is evaluated again. */
static double next_look(const ost_lane_t *self, const ost_series_t *series)
{
    const ost_follower_t *follower = &self->followers[series->hold_input];
    return follower->live ? INFINITY : fmin(follower->t_steady, follower->t_look);
}

double ost_lane_next_stop(ost_lane_t *self)
{
    const ost_job_t *job = self->job;
    double t = next_event(self);
    if (self->i_visit < job->n_visits) t = fmin(t, job->visits[self->i_visit].t);
    if (self->i_break < job->n_breaks) t = fmin(t, job->breaks[self->i_break]);
    for (size_t i = 0; i < job->n_schedules; i++) t = fmin(t, next_of_schedule(self, i));
    for (size_t i = 0; i < job->n_series; i++) t = fmin(t, next_look(self, &job->series[i]));
    return job->x_end != NULL ? fmin(t, job->t1) : t;
}

static bool is_due(const ost_job_t *job, double t_due, double t)
{
    return t_due <= t + OST_SAME_TIME && t_due < job->t1;
}

bool ost_lane_has_visit(const ost_lane_t *self, double t)
{
    return self->i_visit < self->job->n_visits && is_due(self->job, self->job->visits[self->i_visit].t, t);
}

void ost_lane_visit(ost_lane_t *self, double t, const double *y)
{
    ost_job_t *job = self->job;
    for (; ost_lane_has_visit(self, t); self->i_visit++) job->on_visit(job, &job->visits[self->i_visit], y);
}

bool ost_lane_has_steady(const ost_lane_t *self, double t)
{
    const ost_job_t *job = self->job;
    for (size_t i = 0; i < job->n_series; i++)
        if (is_due(job, next_look(self, &job->series[i]), t)) return true;
    return false;
}

/* The lane's batch with all lanes at one time. @param times  [OST_LANE_COUNT] room for that */
static ost_ripple_view_t view_at(const ost_lane_t *self, double t, double *times)
{
    ost_ripple_view_t view = self->view;
    for (int l = 0; l < OST_LANE_COUNT; l++) times[l] = t;
    view.at.t = times;
    return view;
}

/* How the rates just before a dose, where a block is to be held, differ from those while it is. */
static void see_rates(ost_lane_t *self, const ost_series_t *series, double t, double *u)
{
    _Alignas(64) double times[OST_LANE_COUNT];
    const ost_ripple_view_t view = view_at(self, t, times);
    if (view.system == NULL) return;
    view.system->rhs(view.system->self, &view.at, view.exact);
    u[series->hold_input * OST_LANE_COUNT] = 1;
    view.system->rhs(view.system->self, &view.at, view.mean);
    ost_job_t *job = self->job;
    const double ripple = ost_ripple_differ(series, &view, self->index, view.mean);
    job->stats.ripple = fmax(job->stats.ripple, ripple);
    if (job->ripple == NULL) return;
    double *of_series = &job->ripple[series - job->series];
    *of_series = fmax(*of_series, ripple);
}

bool ost_lane_hold(ost_lane_t *self, double t, double *u)
{
    const ost_job_t *job = self->job;
    _Alignas(64) double times[OST_LANE_COUNT];
    ost_ripple_view_t view = view_at(self, t, times);
    bool changed = false;
    for (size_t i = 0; i < job->n_series; i++) {
        const ost_series_t *series = &job->series[i];
        ost_follower_t *follower = &self->followers[series->hold_input];
        if (!is_due(job, next_look(self, series), t)) continue;
        if (is_due(job, follower->t_steady, t)) {
            follower->t_steady = INFINITY;
            ost_ripple_hold(series, &view, self->index, u);
            see_rates(self, series, t, u);
        }
        if (!is_due(job, follower->t_look, t)) continue;
        double *is_on = &u[(size_t) series->level_input * OST_LANE_COUNT];
        const bool was_on = *is_on != 0;
        if (!was_on) *is_on = ost_ripple_misfit(series, &view, self->index, u) > follower->misfit + OST_RIPPLE_MISFIT;
        changed |= !was_on && *is_on != 0;
        follower->wait *= LATER_LOOK;
        follower->t_look = *is_on == 0 ? t + follower->wait : INFINITY;
    }
    return changed;
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
 * an integral over a schedule of doses, is never near. */
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
 * @return true if the block may be held */
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

/* Average the doses of the series from this one on, if they can be. */
static bool averages(
    ost_lane_t *self, const ost_series_t *series, const ost_ripple_dose_t *dose, double t, double *x, double *u)
{
    double days = NAN, misfit = NAN;
    _Alignas(64) double times[OST_LANE_COUNT];
    ost_ripple_view_t view = view_at(self, t, times);
    for (size_t i = 0; i < self->system->n_linear && self->parts != NULL && series->ripple_input >= 0 && isnan(days);
         i++)
        days = ost_ripple_begin(&self->parts[i], self->index, series, dose, &view, x, u, &misfit);
    if (isnan(days)) return false;
    ost_follower_t *follower = &self->followers[series->hold_input];
    follower->t_steady = t + days;
    follower->wait = FIRST_LOOK;
    follower->misfit = misfit;
    follower->t_look = isnan(misfit) ? INFINITY : t + follower->wait;
    self->changed = (int32_t) self->system->n_states + series->ripple_input;
    return true;
}

/* Let the ripple of the series act no more, and no drive be at two levels once none is held or averaged. */
static void end_ripple(const ost_lane_t *self, const ost_series_t *series, double *u)
{
    bool acts = series->ripple_input < 0;
    ost_ripple_end(series, u);
    for (size_t i = 0; i < self->job->n_series; i++) acts |= self->followers[self->job->series[i].hold_input].held;
    if (!acts) u[series->level_input * OST_LANE_COUNT] = 0;
}

/* A held block's doses are given from now on, or no more: what holds it stays as it was. */
static void set_live(ost_lane_t *self, ost_follower_t *follower, const ost_series_t *series,
    const ost_ripple_dose_t *dose, double t, double *x, double *u)
{
    const bool is_steady = isinf(follower->t_steady);
    follower->live = !follower->live;
    if (follower->live && !is_steady) ost_ripple_end(series, u);
    follower->t_look = fmax(follower->t_look, t);
    if (is_steady) u[series->hold_input * OST_LANE_COUNT] = !follower->live;
    self->changed = (int32_t) (self->system->n_states + series->hold_input);
    if (is_steady || follower->live) return;
    follower->t_steady = INFINITY;
    follower->held = averages(self, series, dose, t, x, u);
}

/* A dose of a series is due at t: follow it, hold its block at periodic steady state, or resume it. @return true if the
 * dose is to be skipped */
static bool follow(
    ost_lane_t *self, int32_t i_series, const ost_ripple_dose_t *dose, double t, bool is_last, double *x, double *u)
{
    const ost_series_t *series = &self->job->series[i_series];
    ost_follower_t *follower = &self->followers[series->hold_input];
    double *hold = &u[series->hold_input * OST_LANE_COUNT], before = *hold;
    const bool live = is_live(self->job, t), begins = begins_dose(follower, series, t);
    if (follower->series != i_series || (follower->held && is_last)) {
        *follower = follows(i_series);
        end_ripple(self, series, u);
        see_states(self, follower, series, x);
        begin_interval(follower, series, t, x);
        *hold = 0;
    } else if (follower->held && begins) {
        follower->t_dose = t;
        if (follower->live != live) set_live(self, follower, series, dose, t, x, u);
        *(live ? &self->job->doses_kept : &self->job->stats.doses_skipped) += 1;
    } else if (begins && live) {
        follower->n_seen = 0;
        follower->moved = false;
        begin_interval(follower, series, t, x);
        self->job->doses_kept++;
    } else if (begins && !is_last && averages(self, series, dose, t, x, u)) {
        follower->held = true;
        self->job->stats.doses_skipped++;
    } else if (begins) {
        for (size_t k = 0; k < series->n_means; k++)
            u[series->mean_input[k] * OST_LANE_COUNT] =
                x[series->mean_state[k] * OST_LANE_COUNT] / (t - follower->t_dose);
        follower->held = settles(self, follower, series, x) && !is_last;
        begin_interval(follower, series, t, x);
        if (follower->held) see_rates(self, series, t, u);
        self->job->stats.doses_skipped += follower->held;
    }
    if (before != *hold) self->changed = (int32_t) (self->system->n_states + series->hold_input);
    return follower->held && !follower->live;
}

/* Back to the states at the job's beginning; the inputs stay. */
static void reset(ost_lane_t *self, double *x)
{
    for (size_t i = 0; i < self->system->n_states; i++) x[i * OST_LANE_COUNT] = self->job->x0[i];
    self->changed = 0;
    self->job->stats.events++;
}

static void set_constants(ost_lane_t *self, const double *to)
{
    const ost_system_t *system = self->system;
    for (size_t i = 0; i < system->n_constants; i++) self->p[i * OST_LANE_COUNT + (size_t) self->index] = to[i];
    self->is_new = true;
    self->changed = (int32_t) (system->n_states + system->n_inputs + system->n_switches);
    self->job->stats.events++;
}

static void change(ost_lane_t *self, ost_event_kind_t kind, uint32_t index, double amount, double *x, double *u)
{
    double *value = (kind == OST_EVENT_SET_INPUT ? u : x) + (size_t) index * OST_LANE_COUNT, before = *value;
    if (kind == OST_EVENT_ADD_STATE)
        *value += amount;
    else if (kind != OST_EVENT_STOP)
        *value = amount;
    if (*value != before)
        self->changed = (int32_t) (kind == OST_EVENT_SET_INPUT ? self->system->n_states + index : index);
    self->job->stats.events++;
}

static void act_events(ost_lane_t *self, double t, double *x, double *u)
{
    const ost_job_t *job = self->job;
    for (; self->i_event < job->n_events && self->due_output < 0; self->i_event++) {
        const ost_event_t *event = &job->events[self->i_event];
        if (!is_due(job, event->t, t)) break;
        if (event->kind == OST_EVENT_OUTPUT && job->y != NULL) self->due_output = (int32_t) event->index;
        if (event->kind == OST_EVENT_RESET) reset(self, x);
        if (event->kind == OST_EVENT_SET_CONSTANTS)
            set_constants(self, job->sets + event->index * self->system->n_constants);
        if (event->kind == OST_EVENT_OUTPUT || event->kind == OST_EVENT_RESET || event->kind == OST_EVENT_SET_CONSTANTS)
            continue;
        bool is_last = event->series >= 0 && event->t >= job->series[event->series].t_last - OST_SAME_TIME;
        const ost_ripple_dose_t dose = { event->kind, event->index, event->amount };
        if (event->series < 0 || !follow(self, event->series, &dose, event->t, is_last, x, u))
            change(self, event->kind, event->index, event->amount, x, u);
    }
}

/* Whether a job takes all doses of a schedule, and all alike. */
static bool is_regular(const ost_dosing_record_t *record)
{
    return record->fraction >= 1 && record->sd_log == 0;
}

/* Whether the job takes the dose that is due, and the one after it becomes the next.
 * @param[out] factor  by which the dose differs from its amount */
static bool takes(ost_job_t *job, size_t i, double *factor)
{
    const ost_schedule_t *schedule = &job->schedules[i];
    const ost_dosing_record_t *record = &job->records[i];
    ost_schedule_state_t *state = &job->schedule_states[i];
    if (state->start != state->counted) {
        state->before += state->k;
        state->counted = state->start;
        state->k = 0;
    }
    const uint32_t draw = (uint32_t) (state->before + state->k++);
    if (record->sd_log > 0)
        *factor = exp(record->sd_log * ost_random_normal(job->seed, job->subject, schedule->occasion, draw));
    return record->fraction >= 1 ||
           ost_random_uniform(job->seed, job->subject, schedule->purpose, draw) < record->fraction;
}

static void act_schedule(ost_lane_t *self, size_t i, double t, double *x, double *u)
{
    ost_job_t *job = self->job;
    const ost_schedule_t *schedule = &job->schedules[i];
    ost_schedule_state_t *state = &job->schedule_states[i];
    double t_dose = next_dose(job, i), factor = 1;
    bool ends = is_due(job, state->off, t), doses = is_due(job, t_dose, t) && takes(job, i, &factor);
    if (ends) state->off = INFINITY;
    if (ends && !doses) change(self, schedule->kind, schedule->index, 0, x, u);
    if (!doses) return;
    const double amount = factor * own_or(job->records[i].amount, schedule->amount);
    if (schedule->series >= 0 && is_regular(&job->records[i])) {
        const ost_ripple_dose_t dose = { schedule->kind, schedule->index, amount };
        if (follow(self, schedule->series, &dose, t_dose, isinf(next_dose(job, i)), x, u)) return;
    } else if (schedule->hold_input >= 0 && u[schedule->hold_input * OST_LANE_COUNT] != 0) {
        change(self, OST_EVENT_SET_INPUT, (uint32_t) schedule->hold_input, 0, x, u);
    }
    change(self, schedule->kind, schedule->index, amount, x, u);
    if (schedule->kind == OST_EVENT_SET_INPUT)
        state->off = t_dose + own_or(job->records[i].duration, schedule->duration);
}

bool ost_lane_act(ost_lane_t *self, double t, double *x, double *u)
{
    if (self->due_output < 0) self->changed = -1;
    self->due_output = -1;
    act_events(self, t, x, u);
    for (size_t i = 0; i < self->job->n_schedules && self->due_output < 0; i++) act_schedule(self, i, t, x, u);
    return self->changed >= 0;
}

bool ost_lane_is_break(const ost_lane_t *self, double t)
{
    return self->i_break < self->job->n_breaks && self->job->breaks[self->i_break] <= t + OST_SAME_TIME;
}

bool ost_lane_pass_breaks(ost_lane_t *self, double t)
{
    size_t first = self->i_break;
    while (ost_lane_is_break(self, t)) self->i_break++;
    return self->i_break > first;
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
    self->flipped = (int32_t) i;
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
    const ost_solver_stats_t *stats = &job->stats;
    bool is_spent = failure == OST_FAILURE_STEP || failure == OST_FAILURE_MAX_STEPS;
    if (is_spent && stats->switches_located >= OST_MAX_FLIPS &&
        OST_FLIPPING * stats->switches_located >= stats->steps + stats->rejected)
        failure = OST_FAILURE_SWITCH;
    if (failure == OST_FAILURE_SWITCH) state = self->flipped;
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
