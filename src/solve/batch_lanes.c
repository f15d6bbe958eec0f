/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop over steps: each lane with its own time, step size, events and outputs. Arithmetic is done in all lanes and
 * blended by masks; what happens rarely (events, starts, ends) is done lane by lane in lane.c. */
#include "solve/crossings_lanes.h"

/* A step may be this much longer to land on a stop; less than 1/OST_STEP_SAFETY, or it could be tried for ever. */
#define STRETCH 1.04
#define SHRINK_MIN 0.1
#define GROW_MAX 6.0
#define EPS 2.220446049250313e-16
/* A step of one panel is no longer than this times the time since the last change and that of the fastest mode in
 * closed form, as what is in closed form shows at stages alone: else five years of tamoxifen err 40 times as much in
 * BMD. What a step then errs by is a part of what such a mode does, the same after each dose: below this tolerance it
 * falls with the tolerance, as errors do that the method sees. */
#define REACH 2.0
#define REACH_RTOL 1e-6

static void put_column(double *to, int lane, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i * OST_LANES + (size_t) lane] = from[i];
}

/* Evaluate the outputs that wait, one per lane at most, and write them. */
static void flush_outputs(run_t *run)
{
    ost_batch_t *b = run->b;
    ost_point_t at = point(run, &run->t_waiting, b->x_out);
    b->system->outputs(b->system->self, &at, b->y);
    for (int l = 0; l < OST_LANES; l++) {
        if (run->waiting[l]) ost_lane_write(&b->lanes[l], b->lanes[l].i_out_pending, b->y + l);
    }
    run->waiting = (ost_mask){ 0 };
}

/* Let the next output of the lanes `due`, at state x, wait until the outputs of other lanes can be evaluated with it.
 */
static void queue_outputs(run_t *run, ost_mask due, const double *x)
{
    ost_batch_t *b = run->b;
    blend_rows(b->x_out, due, x, b->system->n_states);
    run->t_waiting = ost_v_blend(due, run->t_out, run->t_waiting);
    run->waiting |= due;
    for (int l = 0; l < OST_LANES; l++) {
        if (!due[l]) continue;
        ost_lane_t *lane = &b->lanes[l];
        lane->i_out_pending = lane->i_out++;
        run->t_out[l] = ost_lane_next_output(lane);
    }
}

static void refresh_modes(run_t *run, ost_mask which)
{
    ost_batch_t *b = run->b;
    size_t n = b->system->n_switches;
    if (n == 0 || !ost_mask_any(which)) return;
    ost_point_t at = point(run, &run->t, b->x);
    /* A condition may depend on the outcome of another one, and that on a third. */
    bool changed = true;
    for (size_t pass = 0; pass <= n && changed; pass++) {
        b->system->switches(b->system->self, &at, b->g);
        changed = false;
        for (size_t s = 0; s < n; s++) {
            ost_v before = ost_v_load(ROW(b->mode, s));
            ost_v mode = ost_v_blend(which, mask_number(holds(b->g, s)), before);
            changed = changed || ost_mask_any(~ost_v_eq(mode, before));
            ost_v_store(ROW(b->mode, s), mode);
        }
    }
    blend_rows(b->g_start, which, b->g, n);
}

/* Closed forms anew in lanes where an input of one changed, or constants. */
static void refresh_parts(run_t *run, ost_mask which)
{
    for (int l = 0; l < OST_LANES; l++)
        if (which[l] && run->b->lanes[l].is_new) ost_linear_forget_lane(run->b, l);
    ost_point_t at = point(run, &run->t, run->b->x);
    run->n_extra -= ost_linear_refresh(run->b, &at, which);
    run->fastest = ost_v_blend(which, ost_linear_fastest(run->b), run->fastest);
}

/* Step sizes for lanes where something changed: as it went the last time that the same thing changed. */
static void first_steps(run_t *run, ost_mask which)
{
    const ost_system_t *system = run->b->system;
    ost_mask unknown = which;
    for (int l = 0; l < OST_LANES; l++) {
        int32_t changed = run->b->lanes[l].changed;
        if (!which[l] || changed < 0) continue;
        double known = ROW(run->b->first_step, changed)[l];
        const size_t first_switch = system->n_states + system->n_inputs;
        bool is_switch = (size_t) changed >= first_switch && (size_t) changed < first_switch + system->n_switches;
        if (known > 0) run->h[l] = known;
        if (known > 0 || is_switch) unknown[l] = 0;
    }
    run->starting |= which;
    run->h_last = ost_v_blend(which, ost_v_splat(0), run->h_last);
    run->shrunk &= ~which;
    run->n_negative &= ~which;
    if (!ost_mask_any(unknown)) return;
    ost_v h = ost_v_min(ost_first_step(run->b, run->t), run->h_max);
    run->h = ost_v_blend(unknown, h, run->h);
    run->n_extra -= unknown * 2;
}

/* The right-hand side at the start of the step, where the method does not compute it itself. */
static void refresh_rates(run_t *run, ost_mask which)
{
    ost_batch_t *b = run->b;
    if (run->method->next_stage < 0 || !ost_mask_any(which)) return;
    ost_point_t at = point(run, &run->t, b->x);
    ost_linear_rhs(b, &at, b->stages);
    blend_rows(b->f, which, b->stages, b->system->n_states);
    run->n_extra -= which;
}

static void restart(run_t *run, ost_mask which)
{
    refresh_modes(run, which);
    refresh_parts(run, which);
    run->t_changed = ost_v_blend(which, run->t, run->t_changed);
    const ost_v none = ost_v_splat(0);
    run->h_before = ost_v_blend(which, ost_v_blend(ost_v_le(run->pause, none), run->h, none), run->h_before);
    run->pause = ost_v_blend(which, ost_v_max(run->pause - 1.0, none), run->pause);
    first_steps(run, which);
    refresh_rates(run, which);
}

/* The first step of one panel, of which others tell little: as it went the last time, else up to the reach. */
static double first_single(const run_t *run, int l)
{
    const int32_t changed = run->b->lanes[l].changed;
    const double known = changed < 0 ? 0 : ROW(run->b->first_step, changed)[l];
    return fmin(run->h[l], known > 0 ? known : run->reach * run->fastest[l]);
}

/* After a first step was accepted: what error control would take next, and would have taken in its place. */
static void remember_first_steps(run_t *run, ost_mask which)
{
    const ost_mask paneled = ost_panels_lanes(run->b);
    for (int l = 0; l < OST_LANES; l++) {
        int32_t changed = run->b->lanes[l].changed;
        if (!which[l] || changed < 0) continue;
        ROW(run->b->first_step, changed)[l] = paneled[l] ? first_single(run, l) : run->h[l];
    }
    run->starting &= ~which;
}

static void close_job(run_t *run, int l)
{
    ost_solver_stats_t *stats = &run->b->lanes[l].job->stats;
    uint64_t attempts = (uint64_t) run->n_attempts[l];
    stats->rejected = (uint64_t) run->n_rejected[l];
    stats->steps = attempts - stats->rejected;
    stats->rhs = (uint64_t) run->method->n_rhs * attempts + (uint64_t) run->n_extra[l];
    stats->jacobians = stats->factorisations = run->method->has_jacobian ? attempts : 0;
    run->live[l] = 0;
    run->h[l] = 1;
    run->fastest[l] = INFINITY;
    run->t_stop[l] = run->t_end[l] = INFINITY;
    run->t_out[l] = INFINITY;
}

static void set_stop(run_t *run, int l)
{
    ost_lane_t *lane = &run->b->lanes[l];
    double t_stop = ost_lane_next_stop(lane), t1 = lane->job->t1;
    run->t_stop[l] = t_stop;
    run->to_break[l] = -(int64_t) ost_lane_is_break(lane, t_stop);
    run->t_stop_outputs[l] = (t1 - t_stop <= OST_SAME_TIME ? t1 : t_stop) + OST_SAME_TIME;
}

/* Evaluate the outputs of the lane where it stands, for a visit. */
static void visit(run_t *run, int l)
{
    ost_batch_t *b = run->b;
    ost_point_t at = point(run, &run->t, b->x);
    b->system->outputs(b->system->self, &at, b->y);
    ost_lane_visit(&b->lanes[l], run->t[l], b->y + l);
}

/* Write the outputs that an event asks for, of the lane where it stands. */
static void write_here(run_t *run, int l)
{
    ost_batch_t *b = run->b;
    ost_lane_t *lane = &b->lanes[l];
    ost_mask here = { 0 };
    here[l] = -1;
    refresh_modes(run, here);
    ost_point_t at = point(run, &run->t, b->x);
    b->system->outputs(b->system->self, &at, b->y);
    ost_lane_write(lane, (size_t) lane->due_output, b->y + l);
}

/* Hold what is steady where the lane stands: nothing changes by more than what is left, so that steps go on. @return
 * true if drives are at two levels from here on: rates change by more */
static bool hold(run_t *run, int l)
{
    run->at_break[l] = -1;
    return ost_lane_hold(&run->b->lanes[l], run->t[l], run->b->u + l);
}

/* The lane is at its stop or end: let everything act that is due. @return true if the integration starts anew */
static bool pass_stops(run_t *run, int l)
{
    ost_batch_t *b = run->b;
    ost_lane_t *lane = &b->lanes[l];
    bool changed = false;
    while (run->t[l] >= run->t_end[l] || run->t_stop[l] - run->t[l] <= OST_SAME_TIME) {
        if (run->t[l] >= run->t_end[l] || run->t_stop[l] >= run->t_end[l]) {
            close_job(run, l);
            ost_lane_finish(lane, b->x + l);
            return false;
        }
        run->t[l] = run->t_stop[l];
        if (ost_lane_has_visit(lane, run->t[l])) visit(run, l);
        if (ost_lane_pass_breaks(lane, run->t[l])) run->at_break[l] = -1;
        if (ost_lane_has_steady(lane, run->t[l])) changed |= hold(run, l);
        changed |= ost_lane_act(lane, run->t[l], b->x + l, b->u + l);
        for (; lane->due_output >= 0; changed |= ost_lane_act(lane, run->t[l], b->x + l, b->u + l)) write_here(run, l);
        set_stop(run, l);
    }
    return changed;
}

static void load_job(run_t *run, int l)
{
    ost_batch_t *b = run->b;
    const ost_system_t *system = b->system;
    ost_lane_t *lane = &b->lanes[l];
    ost_job_t *job = &run->jobs[run->next_job++];
    ost_lane_start(lane, job);
    put_column(b->x, l, job->x0, system->n_states);
    put_column(b->p, l, job->p, system->n_constants);
    put_column(b->u, l, job->u0, system->n_inputs);
    for (size_t i = 0; i <= system->n_states + system->n_inputs + system->n_switches; i++) ROW(b->first_step, i)[l] = 0;
    ost_linear_forget_lane(b, l);
    b->panel_growth[l] = PANEL_GROWTH;
    b->speed[l] = 0;
    run->h_max[l] = b->options.h_max * (job->longer > 0 ? job->longer : 1);
    run->h[l] = run->pause[l] = 0;
    run->pauses[l] = 1;
    run->t[l] = job->t0;
    run->live[l] = -1;
    run->shrunk[l] = run->n_attempts[l] = run->n_rejected[l] = run->n_negative[l] = run->n_extra[l] = 0;
    run->t_end[l] = job->t1;
    run->t_out[l] = ost_lane_next_output(lane);
    set_stop(run, l);
}

/* Give every idle lane a job, as long as there are any; outputs at t0 come before events at t0.
 * @return lanes that start */
static ost_mask refill(run_t *run)
{
    ost_mask started = { 0 };
    while (run->next_job < run->n_jobs && ost_mask_any(~run->live)) {
        ost_mask loaded = { 0 };
        for (int l = 0; l < OST_LANES && run->next_job < run->n_jobs; l++) {
            if (run->live[l]) continue;
            load_job(run, l);
            loaded[l] = -1;
        }
        refresh_modes(run, loaded);
        ost_mask due;
        while (due = loaded & ost_v_le(run->t_out, run->t + OST_SAME_TIME), ost_mask_any(due)) {
            if (ost_mask_any(run->waiting)) flush_outputs(run);
            queue_outputs(run, due, run->b->x);
        }
        if (ost_mask_any(run->waiting)) flush_outputs(run);
        for (int l = 0; l < OST_LANES; l++) {
            if (loaded[l]) pass_stops(run, l);
        }
        started |= loaded & run->live;
    }
    return started & run->live;
}

/* The worst state of a failed attempt. */
static int32_t worst_state(const run_t *run, int l, ost_failure_t failure)
{
    const ost_batch_t *b = run->b;
    int32_t worst = -1;
    double largest = 0;
    for (size_t i = 0; i < b->system->n_states; i++) {
        double x_new = ROW(b->x_new, i)[l], x = ROW(b->x, i)[l];
        double weight = b->atol[i] + b->options.rtol * fmax(fabs(x), fabs(x_new));
        double size = fabs(ROW(b->stages + (size_t) run->method->error_stage * b->stage_stride, i)[l]) / weight;
        if (failure == OST_FAILURE_NOT_FINITE) size = isfinite(x_new) ? 0 : 1;
        if (failure == OST_FAILURE_NEGATIVE) size = fmax(0, b->floor[i] - x_new) / b->atol[i];
        if (size > largest) {
            largest = size;
            worst = (int32_t) i;
        }
    }
    return worst;
}

static void fail_lane(run_t *run, int l, const ost_step_result_t *result)
{
    const ost_batch_t *b = run->b;
    ost_failure_t failure = OST_FAILURE_STEP;
    if (b->lanes[l].n_flips >= OST_MAX_FLIPS)
        failure = OST_FAILURE_SWITCH;
    else if ((uint64_t) run->n_attempts[l] >= b->options.max_steps)
        failure = OST_FAILURE_MAX_STEPS;
    else if (isnan(result->ratio[l]))
        failure = OST_FAILURE_NOT_FINITE;
    else if (result->negative[l])
        failure = OST_FAILURE_NEGATIVE;
    int32_t state = failure == OST_FAILURE_SWITCH ? -1 : worst_state(run, l, failure);
    close_job(run, l);
    ost_lane_fail(&run->b->lanes[l], failure, run->t[l], state);
}

/* Steps of several panels where error control would lead to the next stop, and a step of one would not. @return h, or
 * the size of those steps in their lanes */
static ost_v choose_panels(run_t *run, ost_v left, ost_v since, ost_v h)
{
    ost_batch_t *b = run->b;
    const ost_v none = ost_v_splat(0), longest = run->h_max / STRETCH;
    ost_v_store(b->paneled, none);
    const ost_v most = ost_v_min(ost_v_max(run->h, run->h_before), longest);
    ost_mask paneled = ost_v_lt(STRETCH * h, left) & ost_v_le(left, STRETCH * most) & run->live;
    if (!run->method->has_jacobian || !ost_mask_any(paneled)) return h;
    ost_v_store(b->since, since);
    const ost_v reach = ost_panels_reach(b);
    paneled &= ost_v_le(left, reach);
    /* Idle lanes need no second way. */
    if (ost_mask_any(paneled)) ost_v_store(b->paneled, ost_v_blend(paneled | ~run->live, ost_v_splat(1), none));
    return ost_v_blend(paneled, left, h);
}

static void choose_step(run_t *run)
{
    const ost_v left = run->t_stop - run->t, since = run->t - run->t_changed + run->fastest;
    ost_v h = choose_panels(run, left, since, ost_v_min(run->h, run->reach * since));
    /* Two steps of equal size rather than a long one and a scrap; a little longer rather than two. */
    ost_mask lands = ost_v_le(left, ost_v_min(STRETCH * h, run->h_max));
    ost_mask halves = ost_v_lt(left, 2.0 * h);
    run->h_step = ost_v_blend(lands, left, ost_v_blend(halves, 0.5 * left, h));
    run->t_new = ost_v_blend(lands, run->t_stop, run->t + run->h_step);
    run->theta = ost_v_splat(1);
}

static void write_outputs(run_t *run, ost_mask accepted)
{
    ost_batch_t *b = run->b;
    ost_mask at_stop = ost_v_le(run->t_stop - run->t_new, ost_v_splat(OST_SAME_TIME));
    ost_v limit = ost_v_blend(at_stop, run->t_stop_outputs, run->t_new);
    limit = ost_v_blend(ost_v_le(run->t_end, run->t_new), ost_v_max(limit, run->t_end + OST_SAME_TIME), limit);
    ost_mask due = accepted & ost_v_le(run->t_out, limit);
    if (!ost_mask_any(due)) return;
    do {
        if (ost_mask_any(due & run->waiting)) flush_outputs(run);
        ost_v theta = (run->t_out - run->t) / run->h_step;
        theta = ost_v_blend(ost_v_lt(run->t_out, run->t_new), theta, run->theta);
        state_at(run, &theta);
        queue_outputs(run, due, b->x_at);
        due = accepted & ost_v_le(run->t_out, limit);
    } while (ost_mask_any(due));
}

/* Next step sizes, and counts. */
static void control(run_t *run, ost_mask accepted, const ost_step_result_t *result)
{
    ost_mask rejected = run->live & ~accepted, negative = rejected & result->negative;
    ost_v factor =
        ost_step_factor(run->method->error_power, accepted, run->h_step, result->ratio, &run->h_last, &run->ratio_last);
    factor = ost_v_max(ost_v_splat(SHRINK_MIN), ost_v_min(ost_v_splat(GROW_MAX), factor));
    factor = ost_v_blend(negative, ost_v_min(factor, ost_v_splat(0.25)), factor);
    factor = ost_v_blend(ost_v_le(ost_v_splat(0), result->ratio), factor, ost_v_splat(SHRINK_MIN));
    factor = ost_v_blend(accepted & run->shrunk, ost_v_min(factor, ost_v_splat(1)), factor);
    ost_v h = run->h_step * factor;
    h = ost_v_blend(accepted, ost_v_max(h, ost_v_blend(ost_v_lt(run->h_step, run->h), run->h, h)), h);
    run->h = ost_v_blend(run->live, ost_v_min(h, run->h_max), run->h);
    run->shrunk = rejected;
    run->n_attempts -= run->live;
    run->n_rejected -= rejected;
    run->t_barrier = ost_v_blend(negative & (run->n_negative == 0), run->t_new, run->t_barrier);
    run->n_negative -= negative;
    run->n_negative &= ~(accepted & ost_v_lt(run->t_barrier, run->t_new));
}

static ost_mask hopeless(const run_t *run)
{
    const ost_solver_options_t *options = &run->b->options;
    ost_v shortest = ost_v_max(ost_v_splat(options->h_min), 4 * EPS * ost_v_abs(run->t));
    ost_mask spent = run->n_attempts >= (int64_t) options->max_steps;
    return run->live & ((run->shrunk & ost_v_lt(run->h, shortest)) | spent | (run->n_negative >= OST_MAX_NEGATIVE));
}

/* After a step of several panels: of what size they are in the next, and after how many changes a first step may have
 * them where this one failed; it is then taken as if they had not been tried. */
static void judge_panels(run_t *run, ost_mask accepted, ost_v ratio)
{
    const ost_mask paneled = ost_panels_lanes(run->b), failed = paneled & run->live & ~accepted;
    const ost_mask first = paneled & accepted & run->starting;
    const ost_v none = ost_v_splat(0);
    ost_panels_grow(run->b, run->h_step, ratio, accepted & run->starting);
    run->h_before = ost_v_blend(failed, none, run->h_before);
    run->pause = ost_v_blend(failed, run->pauses, run->pause);
    run->pauses = ost_v_blend(failed, 2.0 * run->pauses, ost_v_blend(first, ost_v_splat(1), run->pauses));
    const ost_mask again = failed & run->starting;
    run->shrunk &= ~again;
    for (int l = 0; l < OST_LANES; l++)
        if (again[l]) run->h[l] = first_single(run, l);
}

/* One attempt in every lane. */
static void step(run_t *run)
{
    ost_batch_t *b = run->b;
    ost_step_result_t result;
    choose_step(run);
    run->method->step(b, &run->t, &run->h_step, &result);
    ost_mask accepted = run->live & ost_v_le(result.ratio, ost_v_splat(1)) & ~result.negative;
    const bool has_panels = ost_mask_any(ost_panels_lanes(b));
    if (has_panels) accepted &= ost_v_le(result.closed, ost_v_splat(1));
    ost_mask crossed = { 0 }, failed = { 0 };
    if (b->system->n_switches > 0 && ost_mask_any(accepted)) crossed = locate(run, accepted);
    write_outputs(run, accepted);
    if (ost_mask_any(crossed)) {
        if (ost_mask_any(run->waiting & crossed)) flush_outputs(run);
        failed = flip(run, crossed);
        state_at(run, &run->theta);
        blend_rows(b->x_new, crossed, b->x_at, b->system->n_states);
    }
    control(run, accepted, &result);
    if (has_panels) judge_panels(run, accepted, result.closed);
    blend_rows(b->x, accepted, b->x_new, b->system->n_states);
    if (ost_mask_any(accepted & run->starting)) remember_first_steps(run, accepted & run->starting);
    if (run->method->next_stage >= 0)
        blend_rows(b->f, accepted, b->stages + (size_t) run->method->next_stage * b->stage_stride, b->system->n_states);
    run->t = ost_v_blend(accepted, run->t_new, run->t);
    ost_v left = run->t_stop - run->t;
    ost_mask at_stop = accepted & (ost_v_le(left, ost_v_splat(OST_SAME_TIME)) | ost_v_le(run->t_end, run->t));
    failed |= hopeless(run) & ~at_stop;
    if (!ost_mask_any(at_stop | failed | crossed)) return;
    if (ost_mask_any(run->waiting & (at_stop | failed))) flush_outputs(run);
    ost_mask changed = crossed & ~at_stop;
    for (int l = 0; l < OST_LANES; l++) {
        if (failed[l])
            fail_lane(run, l, &result);
        else if (at_stop[l] && pass_stops(run, l))
            changed[l] = -1;
    }
    /* At a break the step size stays what it was, and error control shrinks it where the equations ask for it. */
    ost_mask bent = (run->at_break | (crossed & at_stop)) & run->live & ~changed;
    refresh_modes(run, run->at_break & bent);
    refresh_parts(run, run->at_break & bent);
    refresh_rates(run, bent);
    run->at_break = (ost_mask){ 0 };
    restart(run, (changed & run->live) | refill(run));
}

static double reach_at(const run_t *run)
{
    const double rtol = fmin(run->b->options.rtol, REACH_RTOL);
    return REACH * pow(rtol / REACH_RTOL, 1.0 / run->method->error_power);
}

static const ost_method_t *const methods[OST_N_STEPPERS] = {
#define PLACE_LANES(NAME, function) [OST_STEPPER_##NAME] = &OST_LANE_FN(ost_##function),
#define PLACE_GSL(NAME, function)
#define PLACE_AUTO(NAME, function)
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) PLACE_##family(NAME, function)
#include "solve/methods.def"
#undef OST_METHOD
};

bool OST_LANE_FN(ost_batch_integrate)(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs)
{
    if (n_jobs == 0) return true;
    run_t run = { .b = self, .method = methods[self->options.stepper], .jobs = jobs, .n_jobs = n_jobs };
    /* Idle lanes compute along: they need numbers that cannot go wrong. */
    for (int l = 0; l < OST_LANES; l++) {
        put_column(self->x, l, jobs[0].x0, self->system->n_states);
        put_column(self->p, l, jobs[0].p, self->system->n_constants);
        put_column(self->u, l, jobs[0].u0, self->system->n_inputs);
        run.t[l] = jobs[0].t0;
        self->panel_growth[l] = PANEL_GROWTH;
    }
    run.reach = reach_at(&run);
    run.h = run.h_max = run.t_new = ost_v_splat(1);
    run.t_stop = run.t_out = run.fastest = ost_v_splat(INFINITY);
    restart(&run, refill(&run));
    while (ost_mask_any(run.live)) {
        if (ost_batch_is_to_stop(self)) return false;
        for (int k = 0; k < OST_STEPS_PER_LOOK && ost_mask_any(run.live); k++) step(&run);
    }
    return true;
}
