/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/units.h"
#include "solve/batch_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

void ost_solver_options_default(ost_solver_options_t *self)
{
    *self = (ost_solver_options_t){
        .stepper = OST_STEPPER_RODAS5P,
        .rtol = 1e-6,
        .atol_factor = 1e-3,
        .h_max = 0.5 * OST_DAYS_PER_YEAR,
        .h_min = 1e-12,
        .max_steps = 10000000,
        .isa = ost_isa_best(),
    };
}

void ost_solver_stats_add(ost_solver_stats_t *self, const ost_solver_stats_t *other)
{
    self->steps += other->steps;
    self->rejected += other->rejected;
    self->rhs += other->rhs;
    self->jacobians += other->jacobians;
    self->factorisations += other->factorisations;
    self->events += other->events;
    self->switches_located += other->switches_located;
    self->doses_skipped += other->doses_skipped;
    self->ripple = fmax(self->ripple, other->ripple);
}

static int check_options(const ost_solver_options_t *options, ost_error_t *err)
{
    if ((int) options->stepper < 0 || options->stepper >= OST_STEPPER_AUTO)
        return ost_fail(
            err, OST_ERR_VALUE, "stepper %d is no method; 'auto' is to be chosen first", (int) options->stepper);
    if (!(options->rtol >= OST_RTOL_MIN && options->rtol <= 0.1))
        return ost_fail(err, OST_ERR_VALUE, "rtol is %g, expected 1e-14 to 0.1", options->rtol);
    if (!(options->atol_factor > 0 && options->atol_factor < INFINITY))
        return ost_fail(err, OST_ERR_VALUE, "atol_factor is %g, expected a positive number", options->atol_factor);
    if (!(options->h_min > 0 && options->h_min < options->h_max))
        return ost_fail(err, OST_ERR_VALUE, "h_min is %g d, expected above 0 and below h_max, %g d", options->h_min,
            options->h_max);
    if (options->max_steps < 1 || options->max_steps > INT64_MAX)
        return ost_fail(err, OST_ERR_VALUE, "max_steps is 0, expected at least 1");
    if ((int) options->isa < 0 || options->isa > ost_isa_best())
        return ost_fail(err, OST_ERR_VALUE, "instruction set %d is not usable here, the widest is %s",
            (int) options->isa, ost_isa_name(ost_isa_best()));
    return 0;
}

static int check_system(const ost_system_t *system, ost_error_t *err)
{
    for (size_t i = 0; i < system->n_states; i++) {
        if (!(system->scale[i] > 0))
            return ost_fail(
                err, OST_ERR_MODEL, "scale of state %s is %g, expected > 0", system->state_names[i], system->scale[i]);
    }
    return 0;
}

/* Hand out the parts of the block; with no block yet, only measure. */
static double *take(char *block, size_t *used, size_t n)
{
    double *part = block == NULL ? NULL : (double *) (void *) (block + *used);
    *used += (n * sizeof(double) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return part;
}

static void lay_out_part(ost_linear_part_t *self, char *block, size_t *used)
{
    size_t n = self->n, row = OST_LANE_COUNT;
    self->flow = take(block, used, self->of->n_flows * row);
    self->lambda = take(block, used, n * row);
    self->v = take(block, used, n * n * row);
    self->w = take(block, used, n * n * row);
    self->b = take(block, used, n * row);
    self->active = take(block, used, row);
    self->seen = take(block, used, self->of->n_inputs * row);
    self->z = take(block, used, n * row);
    self->seen_by = take(block, used, row);
    self->view = take(block, used, n * OST_VIEW_TERMS * row);
    self->rest = take(block, used, n * row);
    self->end = take(block, used, n * row);
    self->rate = take(block, used, n * row);
}

static void lay_out_forced(ost_forced_part_t *self, char *block, size_t *used)
{
    size_t row = OST_LANE_COUNT;
    self->lambda = take(block, used, row);
    self->active = take(block, used, row);
    self->fading = take(block, used, (1 + OST_PANELS) * row);
    self->term = take(block, used, (1 + OST_PANELS) * OST_FORCED_TERMS * row);
    self->per_h = take(block, used, row);
    self->error = take(block, used, row);
    self->miss = take(block, used, row);
    self->view = take(block, used, OST_VIEW_TERMS * row);
    self->rest = take(block, used, row);
    self->end = take(block, used, row);
    self->rate = take(block, used, row);
}

static size_t lay_out(ost_batch_t *self, char *block)
{
    const ost_system_t *system = self->system;
    size_t used = 0, row = OST_LANE_COUNT, n = system->n_states, s = system->n_switches;
    /* An odd number of rows, so that the same state of different stages never shares a cache set. */
    self->stage_stride = (n | 1) * row;
    self->x = take(block, &used, n * row);
    self->x_new = take(block, &used, n * row);
    self->x_at = take(block, &used, n * row);
    self->stages = take(block, &used, OST_MAX_STAGES * self->stage_stride);
    self->values = take(block, &used, self->elimination.n_rows * row);
    self->p = take(block, &used, system->n_constants * row);
    self->u = take(block, &used, system->n_inputs * row);
    self->mode = take(block, &used, s * row);
    self->scratch = take(block, &used, system->n_scratch * row);
    self->f = take(block, &used, n * row);
    self->x_out = take(block, &used, n * row);
    self->y = take(block, &used, system->n_outputs * row);
    self->g = take(block, &used, s * row);
    self->g_low = take(block, &used, s * row);
    self->g_high = take(block, &used, s * row);
    self->g_start = take(block, &used, s * row);
    self->first_step = take(block, &used, (n + system->n_inputs + s + 1) * row);
    self->paneled = take(block, &used, row);
    self->speed = take(block, &used, row);
    self->missing = take(block, &used, row);
    self->since = take(block, &used, row);
    self->panel_growth = take(block, &used, row);
    self->panel_end = take(block, &used, OST_PANELS * row);
    self->atol = take(block, &used, n);
    self->floor = take(block, &used, n);
    for (size_t i = 0; i < system->n_linear; i++) lay_out_part(&self->parts[i], block, &used);
    for (size_t i = 0; i < system->n_forced; i++) lay_out_forced(&self->forced[i], block, &used);
    return used;
}

/* The place of a state in a list, OST_LINEAR_MAX where it is not in it. */
static uint8_t place_in(const uint32_t *states, size_t n, uint32_t state)
{
    for (size_t i = 0; i < n; i++)
        if (states[i] == state) return (uint8_t) i;
    return OST_LINEAR_MAX;
}

static bool fits(const ost_linear_t *of, const ost_system_t *system)
{
    bool fits = of->n_states + of->n_fed <= OST_LINEAR_MAX;
    for (size_t i = 0; i < of->n_states; i++) fits = fits && of->state[i] < system->n_states;
    for (size_t i = 0; i < of->n_fed; i++) fits = fits && of->fed[i] < system->n_states;
    for (size_t i = 0; i < of->n_inputs; i++) fits = fits && of->input[i] < system->n_inputs;
    for (size_t i = 0; i < of->n_conditions; i++) fits = fits && of->condition[i] < system->n_inputs;
    for (size_t i = 0; i < of->n_flows && fits; i++)
        fits = of->flow[i] < system->n_entries &&
               place_in(of->fed, of->n_fed, system->row[of->flow[i]]) < OST_LINEAR_MAX &&
               place_in(of->state, of->n_states, system->col[of->flow[i]]) < OST_LINEAR_MAX;
    return fits;
}

static void place_flows(ost_linear_part_t *self, const ost_system_t *system)
{
    const ost_linear_t *of = self->of;
    for (size_t k = 0; k < of->n_flows; k++) {
        self->into[k] = (uint8_t) (of->n_states + place_in(of->fed, of->n_fed, system->row[of->flow[k]]));
        self->from[k] = place_in(of->state, of->n_states, system->col[of->flow[k]]);
    }
}

static int make_part(ost_linear_part_t *self, const ost_system_t *system, const ost_linear_t *of, ost_error_t *err)
{
    if (!fits(of, system))
        return ost_fail(
            err, OST_ERR_MODEL, "a linear part has too many states, or one, an input or a flow out of range");
    self->of = of;
    self->n = of->n_states + of->n_fed;
    self->entry = malloc((system->n_entries + 1) * sizeof(*self->entry));
    self->row = malloc(system->n_entries + 1);
    self->col = malloc(system->n_entries + 1);
    self->into = malloc(of->n_flows + 1);
    self->from = malloc(of->n_flows + 1);
    if (self->entry == NULL || self->row == NULL || self->col == NULL || self->into == NULL || self->from == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a linear part of %zu states", of->n_states);
    for (size_t e = 0; e < system->n_entries; e++) {
        uint8_t row = place_in(of->state, of->n_states, system->row[e]);
        if (row == OST_LINEAR_MAX) continue;
        self->entry[self->n_entries] = (uint32_t) e;
        self->row[self->n_entries] = row;
        self->col[self->n_entries++] = place_in(of->state, of->n_states, system->col[e]);
    }
    place_flows(self, system);
    return 0;
}

static int make_forced(ost_forced_part_t *self, const ost_system_t *system, const ost_forced_t *of,
    ost_linear_part_t *parts, ost_error_t *err)
{
    bool fits = of->state < system->n_states && of->entry < system->n_entries && system->forced_rates != NULL;
    for (size_t i = 0; i < of->n_parts; i++)
        fits = fits && of->part[i] < system->n_linear && of->held[i] < system->n_inputs;
    if (!fits) return ost_fail(err, OST_ERR_MODEL, "a forced state has an index out of range, or no rates");
    for (size_t i = 0; i < of->n_parts; i++) parts[of->part[i]].forces = true;
    self->of = of;
    self->n_terms = OST_FORCED_TERMS;
    self->entry = malloc((system->n_entries + 1) * sizeof(*self->entry));
    if (self->entry == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a forced state");
    for (size_t e = 0; e < system->n_entries; e++)
        if (system->row[e] == of->state) self->entry[self->n_entries++] = (uint32_t) e;
    return 0;
}

static bool is_known(const ost_system_t *system, uint32_t state)
{
    bool is = false;
    for (size_t i = 0; i < system->n_forced; i++) is |= system->forced[i].state == state;
    for (size_t i = 0; i < system->n_linear; i++) {
        const ost_linear_t *part = &system->linear[i];
        is |= place_in(part->state, part->n_states, state) < OST_LINEAR_MAX;
        is |= place_in(part->fed, part->n_fed, state) < OST_LINEAR_MAX;
    }
    return is;
}

/* @param state  [n], NULL: all */
static int want_states(
    ost_wanted_states_t *self, const ost_system_t *system, const uint32_t *state, size_t n, ost_error_t *err)
{
    self->n = state != NULL ? n : system->n_states;
    self->has_known_ones = state == NULL;
    if (state == NULL) return 0;
    self->state = malloc((n + 1) * sizeof(*self->state));
    if (self->state == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a list of %zu states", n);
    for (size_t i = 0; i < n; i++) {
        self->state[i] = state[i];
        if (self->state[i] >= system->n_states)
            return ost_fail(err, OST_ERR_MODEL, "a condition depends on a state out of range");
        self->has_known_ones |= is_known(system, self->state[i]);
    }
    return 0;
}

static bool is_forced(const ost_system_t *system, uint32_t state)
{
    for (size_t i = 0; i < system->n_forced; i++)
        if (system->forced[i].state == state) return true;
    return false;
}

static bool is_flow(const ost_linear_t *of, size_t entry)
{
    for (size_t k = 0; k < of->n_flows; k++)
        if (of->flow[k] == entry) return true;
    return false;
}

/* Whether a state depends on column `col` other than by the part's own rates and flows. */
static bool reaches(const ost_system_t *system, const ost_linear_t *of, uint32_t col, bool if_forced)
{
    for (size_t e = 0; e < system->n_entries; e++) {
        const uint32_t row = system->row[e];
        if (system->col[e] != col || is_flow(of, e)) continue;
        if (row >= system->n_states) {
            if (reaches(system, of, row, if_forced)) return true;
        } else if ((if_forced || !is_forced(system, row)) && place_in(of->state, of->n_states, row) == OST_LINEAR_MAX) {
            return true;
        }
    }
    return false;
}

static void find_shown(ost_linear_part_t *self, const ost_system_t *system)
{
    for (size_t i = 0; i < self->n; i++) {
        const bool is_fed = i >= self->of->n_states;
        self->shown[i] = is_fed || reaches(system, self->of, self->of->state[i], true);
        self->is_shown = self->is_shown || is_fed || reaches(system, self->of, self->of->state[i], false);
    }
}

static int make_parts(ost_batch_t *self, ost_error_t *err)
{
    const ost_system_t *system = self->system;
    self->parts = calloc(system->n_linear + 1, sizeof(*self->parts));
    self->forced = calloc(system->n_forced + 1, sizeof(*self->forced));
    if (self->parts == NULL || self->forced == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for %zu linear parts", system->n_linear);
    if (system->n_forced > OST_FORCED_MAX)
        return ost_fail(err, OST_ERR_MODEL, "%zu forced states, at most %d", system->n_forced, OST_FORCED_MAX);
    int code = 0;
    for (size_t i = 0; i < system->n_linear && code == 0; i++)
        code = make_part(&self->parts[i], system, &system->linear[i], err);
    for (size_t i = 0; i < system->n_linear && code == 0; i++) find_shown(&self->parts[i], system);
    for (size_t i = 0; i < system->n_forced && code == 0; i++)
        code = make_forced(&self->forced[i], system, &system->forced[i], self->parts, err);
    return code;
}

static int allocate(ost_batch_t *self, ost_error_t *err)
{
    const ost_system_t *system = self->system;
    size_t size = lay_out(self, NULL);
    self->memory = aligned_alloc(ALIGNMENT, size + ALIGNMENT);
    if (self->memory == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for %zu bytes of a batch", size);
    memset(self->memory, 0, size + ALIGNMENT);
    lay_out(self, self->memory);
    for (size_t i = 0; i < system->n_states; i++) {
        self->atol[i] = self->options.atol_factor * self->options.rtol * system->scale[i];
        self->floor[i] = system->positive[i] ? -10 * self->atol[i] : -INFINITY;
    }
    for (int l = 0; l < OST_LANE_COUNT; l++) {
        ost_lane_t *lane = &self->lanes[l];
        lane->system = system;
        lane->parts = ost_steppers[self->options.stepper].family == OST_FAMILY_LANES ? self->parts : NULL;
        lane->index = l;
        lane->p = self->p;
        lane->view = (ost_ripple_view_t){ .system = system,
            .at = { .x = self->x, .p = self->p, .u = self->u, .mode = self->mode, .scratch = self->scratch },
            .f = self->stages,
            .exact = self->stages + self->stage_stride,
            .mean = self->stages + 2 * self->stage_stride };
        lane->followers = calloc(system->n_inputs + 1, sizeof(*lane->followers));
        lane->sequences = calloc(system->n_states + 1, sizeof(*lane->sequences));
        if (lane->followers == NULL || lane->sequences == NULL)
            return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for lane %d of a batch", l);
    }
    return 0;
}

int ost_batch_new(ost_batch_t **self, const ost_system_t *system, const ost_solver_options_t *options, ost_error_t *err)
{
    *self = NULL;
    int code = check_options(options, err);
    if (code == 0) code = check_system(system, err);
    if (code != 0) return code;
    ost_batch_t *batch = calloc(1, sizeof(*batch));
    if (batch == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a batch");
    batch->system = system;
    batch->options = *options;
    code = ost_elimination_init(&batch->elimination, system, err);
    batch->moving = calloc(1, sizeof(*batch->moving));
    if (code == 0 && batch->moving == NULL) code = ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a batch");
    if (code == 0) code = ost_moving_init(batch->moving, system, &batch->elimination, err);
    if (code == 0) code = make_parts(batch, err);
    if (code == 0) code = want_states(&batch->every, system, NULL, 0, err);
    if (code == 0) code = want_states(&batch->of_switches, system, system->switch_state, system->n_switch_states, err);
    if (code == 0) code = allocate(batch, err);
    if (code == 0 && ost_steppers[options->stepper].family == OST_FAMILY_GSL)
        code = ost_gsl_new(&batch->gsl, batch, err);
    if (code != 0) {
        ost_batch_delete(batch);
        return code;
    }
    *self = batch;
    return 0;
}

void ost_batch_delete(ost_batch_t *self)
{
    if (self == NULL) return;
    ost_gsl_delete(self->gsl);
    for (int l = 0; l < OST_LANE_COUNT; l++) {
        free(self->lanes[l].followers);
        free(self->lanes[l].sequences);
    }
    for (size_t i = 0; self->parts != NULL && i < self->system->n_linear; i++) {
        free(self->parts[i].entry);
        free(self->parts[i].row);
        free(self->parts[i].col);
        free(self->parts[i].into);
        free(self->parts[i].from);
    }
    free(self->parts);
    free(self->of_switches.state);
    for (size_t i = 0; self->forced != NULL && i < self->system->n_forced; i++) free(self->forced[i].entry);
    free(self->forced);
    ost_moving_free(self->moving);
    free(self->moving);
    ost_elimination_free(&self->elimination);
    free(self->memory);
    free(self);
}

static int check_events(const ost_system_t *system, const ost_job_t *job, ost_error_t *err)
{
    double before = -INFINITY;
    for (size_t i = 0; i < job->n_events; i++) {
        const ost_event_t *event = &job->events[i];
        bool has_index = event->kind != OST_EVENT_STOP && event->kind != OST_EVENT_RESET &&
                         (event->kind != OST_EVENT_OUTPUT || job->y != NULL);
        size_t n = !has_index                               ? SIZE_MAX
                   : event->kind == OST_EVENT_SET_INPUT     ? system->n_inputs
                   : event->kind == OST_EVENT_SET_CONSTANTS ? job->n_sets
                   : event->kind == OST_EVENT_OUTPUT        ? job->n_out
                                                            : system->n_states;
        if (event->kind == OST_EVENT_SET_CONSTANTS && job->n_series > 0)
            return ost_fail(err, OST_ERR_VALUE, "event %zu changes constants in a job with dose series", i);
        if (!(event->t >= before))
            return ost_fail(
                err, OST_ERR_VALUE, "event %zu at %.17g d comes before the one at %.17g d", i, event->t, before);
        if (event->index >= n)
            return ost_fail(err, OST_ERR_VALUE, "event %zu: index %u, expected below %zu", i, event->index, n);
        if (event->series >= 0 && (size_t) event->series >= job->n_series)
            return ost_fail(err, OST_ERR_VALUE, "event %zu: series %d of %zu", i, event->series, job->n_series);
        before = event->t;
    }
    return 0;
}

static int check_series(const ost_system_t *system, const ost_job_t *job, ost_error_t *err)
{
    for (size_t i = 0; i < job->n_series; i++) {
        const ost_series_t *series = &job->series[i];
        bool fits = series->interval > 0 && series->hold_input < system->n_inputs &&
                    (size_t) series->first_state + series->n_states <= system->n_states;
        if (series->ripple_input >= 0)
            fits = fits &&
                   (size_t) series->ripple_input + OST_RIPPLE_INPUTS(series->n_states, series->n_means) <=
                       system->n_inputs &&
                   series->level_input < system->n_inputs;
        for (size_t k = 0; fits && k < series->n_means; k++)
            fits = series->mean_input[k] < system->n_inputs && series->mean_state[k] < system->n_states;
        if (!fits)
            return ost_fail(err, OST_ERR_VALUE,
                "dose series %zu names an input or state that does not exist, or has "
                "no interval",
                i);
    }
    return 0;
}

static int check_schedules(const ost_system_t *system, const ost_job_t *job, ost_error_t *err)
{
    for (size_t i = 0; i < job->n_schedules; i++) {
        const ost_schedule_t *schedule = &job->schedules[i];
        const ost_dosing_record_t *record = &job->records[i];
        bool is_input = schedule->kind == OST_EVENT_SET_INPUT;
        if (schedule->index >= (is_input ? system->n_inputs : system->n_states) || !(schedule->interval > 0) ||
            (is_input && !(schedule->duration > 0)) ||
            (schedule->hold_input >= 0 && (size_t) schedule->hold_input >= system->n_inputs) ||
            (schedule->series >= 0 && (size_t) schedule->series >= job->n_series))
            return ost_fail(err, OST_ERR_VALUE,
                "schedule %zu names an input, state or series that does not exist, or has no interval or duration", i);
        if (!(record->start > -INFINITY) || isnan(record->stop) || isnan(record->fraction) || !(record->sd_log >= 0))
            return ost_fail(err, OST_ERR_VALUE,
                "schedule %zu starts at %g d, stops at %g d, is taken at a fraction of %g, and differs by an SD of %g",
                i, record->start, record->stop, record->fraction, record->sd_log);
    }
    for (size_t i = 1; i < job->n_visits; i++)
        if (!(job->visits[i].t >= job->visits[i - 1].t))
            return ost_fail(err, OST_ERR_VALUE, "visit %zu at %.17g d is not in ascending order", i, job->visits[i].t);
    return 0;
}

static int check_breaks(const ost_job_t *job, ost_error_t *err)
{
    for (size_t i = 0; i < job->n_breaks; i++)
        if (isnan(job->breaks[i]) || (i > 0 && job->breaks[i] < job->breaks[i - 1]))
            return ost_fail(err, OST_ERR_VALUE, "break %zu at %.17g d is not in ascending order", i, job->breaks[i]);
    return 0;
}

/* Whether two jobs have the same events and series, as those of one arm have. */
static bool have_same_events(const ost_job_t *a, const ost_job_t *b)
{
    return a->events == b->events && a->n_events == b->n_events && a->series == b->series &&
           a->n_series == b->n_series && a->n_sets == b->n_sets && a->n_out == b->n_out &&
           (a->y == NULL) == (b->y == NULL);
}

/* @param before  a job that was checked, NULL for the first */
static int check_job(const ost_system_t *system, const ost_job_t *before, const ost_job_t *job, ost_error_t *err)
{
    if (!(isfinite(job->t0) && isfinite(job->t1) && job->t0 <= job->t1))
        return ost_fail(err, OST_ERR_VALUE, "time runs from %g to %g d", job->t0, job->t1);
    for (size_t i = 0; i < job->n_out; i++) {
        if (isnan(job->t_out[i]) || (i > 0 && job->t_out[i] < job->t_out[i - 1]))
            return ost_fail(err, OST_ERR_VALUE, "output time %zu, %g d, is not in ascending order", i, job->t_out[i]);
    }
    int code = check_breaks(job, err);
    const bool is_checked = before != NULL && have_same_events(before, job);
    if (code == 0 && !is_checked) code = check_events(system, job, err);
    if (code == 0 && !is_checked) code = check_series(system, job, err);
    return code != 0 ? code : check_schedules(system, job, err);
}

int ost_batch_run(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs, ost_error_t *err)
{
    for (size_t i = 0; i < n_jobs; i++) {
        int code = check_job(self->system, i > 0 ? &jobs[i - 1] : NULL, &jobs[i], err);
        if (code != 0) {
            ost_error_prepend(err, "job %zu: ", i);
            return code;
        }
    }
    if (self->gsl != NULL) {
        bool finished = true;
        for (size_t i = 0; i < n_jobs && finished; i++) finished = ost_gsl_run(self->gsl, &jobs[i]);
        return finished ? 0 : ost_fail(err, OST_ERR_STOPPED, "stopped");
    }
    static bool (*const integrate[])(ost_batch_t *, ost_job_t *, size_t) = OST_ISA_TABLE(ost_batch_integrate);
    return integrate[self->options.isa](self, jobs, n_jobs) ? 0 : ost_fail(err, OST_ERR_STOPPED, "stopped");
}

char *ost_job_message(
    const ost_job_t *job, const ost_system_t *system, const ost_solver_options_t *options, char *buf, size_t size)
{
    bool of_switch = job->failure == OST_FAILURE_SWITCH;
    const char *state = job->state_fail < 0 || of_switch ? "?" : system->state_names[job->state_fail];
    const char *condition = of_switch && system->switch_names != NULL ? system->switch_names[job->state_fail] : "";
    int n = 0;
    if (job->failure != OST_FAILURE_NONE) n = snprintf(buf, size, "t = %.10g d: ", job->t_fail);
    if (n < 0 || (size_t) n >= size) return buf;
    char *rest = buf + n;
    size -= (size_t) n;
    switch (job->failure) {
    case OST_FAILURE_NONE:
        snprintf(rest, size, "no failure");
        break;
    case OST_FAILURE_STEP:
        snprintf(rest, size, "step below %g d in state %s at rtol %g", options->h_min, state, options->rtol);
        break;
    case OST_FAILURE_MAX_STEPS:
        snprintf(rest, size, "more than %llu steps, the last limited by state %s",
            (unsigned long long) options->max_steps, state);
        break;
    case OST_FAILURE_SWITCH:
        snprintf(rest, size,
            "a condition%s%s is crossed again and again (it chatters): both sides lead back to it; write it smooth, "
            "for example with a width",
            condition[0] != '\0' ? " in " : "", condition);
        break;
    case OST_FAILURE_NOT_FINITE:
        snprintf(rest, size, "state %s is not a finite number", state);
        break;
    case OST_FAILURE_NEGATIVE:
        snprintf(rest, size, "state %s is negative; a state that may be is declared 'signed' in its model", state);
        break;
    }
    return buf;
}
