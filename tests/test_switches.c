/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lane_systems.h"

#include <math.h>
#include <stdio.h>

static const double unit_scale[] = { 1, 1, 1, 1 };
static const double no_scale[] = { INFINITY, INFINITY, INFINITY, INFINITY };
static const bool may_be_negative[4];

/* An oscillator y = cos t and x' = 1 where y >= 0, -2 elsewhere; z' = 1 where the condition on x' holds that x' is
 * positive (a condition on a condition). */
static void relay_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    SET_ROW(f, 0, ROW_OF(at->x, 1));
    SET_ROW(f, 1, -ROW_OF(at->x, 0));
    SET_ROW(f, 2, 3.0 * ROW_OF(at->mode, 0) - 2.0);
    SET_ROW(f, 3, ROW_OF(at->mode, 1));
}

static const uint32_t relay_row[] = { 0, 1 };
static const uint32_t relay_col[] = { 1, 0 };

static void relay_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    relay_rhs(self, at, f);
    SET_ROW(e, 0, ost_v_splat(1));
    SET_ROW(e, 1, ost_v_splat(-1));
}

static void relay_switches(const void *self, const ost_point_t *at, double *g)
{
    (void) self;
    SET_ROW(g, 0, ROW_OF(at->x, 0));
    SET_ROW(g, 1, ROW_OF(at->mode, 0) - 0.5);
}

/* The states, and the mode that an output is evaluated in. */
static void relay_outputs(const void *self, const ost_point_t *at, double *y)
{
    (void) self;
    for (int i = 0; i < 4; i++) SET_ROW(y, i, ROW_OF(at->x, i));
    SET_ROW(y, 4, ROW_OF(at->mode, 0));
}

static const ost_system_t relay = { .n_states = 4,
    .n_switches = 2,
    .n_outputs = 5,
    .scale = unit_scale,
    .positive = may_be_negative,
    .switches = relay_switches,
    .n_entries = COUNT(relay_row),
    .row = relay_row,
    .col = relay_col,
    .rhs = relay_rhs,
    .jacobian = relay_jacobian,
    .outputs = relay_outputs,
    .state_names = state_names,
    .self = &relay };

static void test_crossing_time(void)
{
    static const double x0[] = { 1, 0, 0, 0 };
    double t_out[] = { 1, 1.57, 2, 4.71, 5, 9 }, y[30];
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        if (stepper == OST_STEPPER_GSL_MSBDF) continue; /* too slow at this tolerance */
        ost_solver_options_t options = options_at(1e-12);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = { .t1 = 10, .x0 = x0, .p = none, .u0 = none, .t_out = t_out, .n_out = 6, .y = y };
        run_jobs(&relay, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, 0);
        CU_ASSERT(job.stats.switches_located >= 3); /* pi/2, 3 pi/2, 5 pi/2 */
        for (int i = 0; i < 6; i++) {
            double t = t_out[i], turn = M_PI / 2, high = 0;
            high = fmin(t, turn) + fmax(0, fmin(t, 5 * turn) - 3 * turn);
            ost_assert_close(y[12 + i], high - 2 * (t - high), 0, 1e-10);
            ost_assert_close(y[18 + i], high, 0, 1e-10);
            CU_ASSERT_EQUAL(y[24 + i], cos(t) >= 0);
        }
    }
}

static void test_crossing_at_usual_tolerance(void)
{
    static const double x0[] = { 1, 0, 0, 0 };
    double x_end[4], t_out[] = { 1.5 }, y[5];
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t job = { .t1 = 3, .x0 = x0, .p = none, .u0 = none, .t_out = t_out, .n_out = 1, .y = y, .x_end = x_end };
    run_jobs(&relay, &options, &job, 1);
    CU_ASSERT_EQUAL(job.stats.switches_located, 1);
    ost_assert_close(x_end[2], 3 * M_PI / 2 - 6, 0, 1e-5);
    CU_ASSERT_EQUAL(y[4], 1); /* as it was at that time, not when it was written */
}

/* x' = 1 in the window (1.3, 1.7), else 0. */
static void window_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    SET_ROW(f, 0, ROW_OF(at->mode, 0));
}

static const uint32_t window_row[] = { 0 };
static const uint32_t window_col[] = { 0 };

static void window_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    window_rhs(self, at, f);
    SET_ROW(e, 0, ost_v_splat(0));
}

static void window_switches(const void *self, const ost_point_t *at, double *g)
{
    (void) self;
    ost_v t = ROW_OF(at->t, 0);
    SET_ROW(g, 0, (t - 1.3) * (1.7 - t));
}

static const ost_system_t window = { .n_states = 1,
    .n_switches = 1,
    .n_outputs = 1,
    .scale = no_scale,
    .positive = may_be_negative,
    .switches = window_switches,
    SYSTEM_TAIL(window) };

static void test_two_flips_in_one_step(void)
{
    static const double x0[] = { 0 };
    double x_end[1];
    ost_solver_options_t options = options_at(1e-6);
    options.h_max = 1; /* steps end at 1 and 2: only the middle lies in the window */
    ost_job_t job = { .t1 = 4, .x0 = x0, .p = none, .u0 = none, .x_end = x_end };
    run_jobs(&window, &options, &job, 1);
    CU_ASSERT_EQUAL(job.stats.switches_located, 2);
    ost_assert_close(x_end[0], 0.4, 1e-11, 0);
}

/* x' = -1 where x >= 0, else 1: the solution cannot leave 0. */
static void chatter_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    SET_ROW(f, 0, 1.0 - 2.0 * ROW_OF(at->mode, 0));
}

#define chatter_row window_row
#define chatter_col window_col

static void chatter_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    window_jacobian(self, at, f, e);
    chatter_rhs(self, at, f);
}

static void chatter_switches(const void *self, const ost_point_t *at, double *g)
{
    (void) self;
    SET_ROW(g, 0, ROW_OF(at->x, 0));
}

static const ost_system_t chatter = { .n_states = 1,
    .n_switches = 1,
    .n_outputs = 1,
    .scale = unit_scale,
    .positive = may_be_negative,
    .switches = chatter_switches,
    SYSTEM_TAIL(chatter) };

static void test_chattering_fails(void)
{
    static const double x0[] = { 0.5 }, t_out[] = { 0.25, 0.75 };
    double y[2], x_end[1];
    char message[256];
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        ost_solver_options_t options = options_at(1e-6);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = {
            .t1 = 1, .x0 = x0, .p = none, .u0 = none, .t_out = t_out, .n_out = 2, .y = y, .x_end = x_end
        };
        run_jobs(&chatter, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, OST_ERR_STEP);
        CU_ASSERT_EQUAL(job.failure, OST_FAILURE_SWITCH);
        ost_assert_close(job.t_fail, 0.5, 1e-7, 0);
        ost_assert_close(y[0], 0.25, 1e-12, 0);
        CU_ASSERT(isnan(y[1]) && isnan(x_end[0]));
        CU_ASSERT(job.stats.switches_located < 200);
        CU_ASSERT_EQUAL(job.state_fail, 0);
        ost_assert_contains(ost_job_message(&job, &chatter, &options, message, sizeof(message)),
            "a condition is crossed again and again (it chatters): both sides lead back to it");
    }
}

/* x' rises to 1 at day 700 and is 0 half a day before and after it. */
static void spike_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    SET_ROW(f, 0, ost_v_max(ost_v_splat(0), 1.0 - 2.0 * ost_v_abs(ROW_OF(at->t, 0) - 700.0)));
}

static const uint32_t spike_row[] = { 0 };
static const uint32_t spike_col[] = { 0 };

static void spike_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    window_jacobian(self, at, f, e);
    spike_rhs(self, at, f);
}

static const ost_system_t spike = { .n_states = 1,
    .n_outputs = 1,
    .scale = unit_scale,
    .positive = may_be_negative,
    .switches = no_switches,
    SYSTEM_TAIL(spike) };

static void test_breaks_of_a_spike(void)
{
    static const double x0[] = { 0 }, breaks[] = { 699.5, 700, 700.5 };
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        double x_end[1];
        ost_solver_options_t options = options_at(1e-6);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = {
            .t1 = 1000, .x0 = x0, .p = none, .u0 = none, .x_end = x_end, .breaks = breaks, .n_breaks = 3
        };
        run_jobs(&spike, &options, &job, 1);
        ost_assert_close(x_end[0], 0.5, 1e-3, 0);
    }
}

/* Breaks of a job: steps end at them and conditions turn there, from any start, without a restart of the steps. */
static void test_breaks(void)
{
    static const double x0[] = { 0 }, breaks[] = { -3, 1.3, 1.7, 1.7, 900 }, starts[] = { 0, 1.3, 1.5, 1.7, 3 };
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        for (size_t i = 0; i < COUNT(starts); i++) {
            double x_end[1], t_out[] = { 1.6, 800 }, y[2], start = starts[i];
            ost_solver_options_t options = options_at(1e-6);
            options.stepper = (ost_stepper_t) stepper;
            ost_job_t job = { .t0 = start,
                .t1 = 1000,
                .x0 = x0,
                .p = none,
                .u0 = none,
                .x_end = x_end,
                .t_out = t_out,
                .n_out = 2,
                .y = y,
                .breaks = breaks,
                .n_breaks = COUNT(breaks) };
            run_jobs(&window, &options, &job, 1);
            ost_assert_close(x_end[0], fmax(0, 1.7 - fmax(1.3, start)), 0, 1e-9);
            if (start <= 1.6) ost_assert_close(y[0], 1.6 - fmax(1.3, start), 0, 1e-9);
            ost_assert_close(y[1], x_end[0], 0, 1e-9);
            if (stepper < OST_STEPPER_GSL_MSBDF) CU_ASSERT(job.stats.steps < 40);
        }
    }
    static const double falling[] = { 3, 2 };
    ost_job_t wrong = { .t1 = 4, .x0 = x0, .p = none, .u0 = none, .breaks = falling, .n_breaks = 2 };
    ost_solver_options_t options = options_at(1e-6);
    ost_batch_t *batch;
    ost_error_t err = { 0 };
    CU_ASSERT_EQUAL_FATAL(ost_batch_new(&batch, &window, &options, &err), 0);
    CU_ASSERT_EQUAL(ost_batch_run(batch, &wrong, 1, &err), OST_ERR_VALUE);
    ost_assert_contains(err.what, "break 1 at 2 d is not in ascending order");
    ost_batch_delete(batch);
}

/* z' = 1 where the oscillator y = cos t is above 0.999: for 0.09 around each peak, shorter than a step. */
static void peaks_rhs(const void *self, const ost_point_t *at, double *f)
{
    relay_rhs(self, at, f);
    SET_ROW(f, 2, ROW_OF(at->mode, 0));
    SET_ROW(f, 3, ost_v_splat(0));
}

static void peaks_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    relay_jacobian(self, at, f, e);
    peaks_rhs(self, at, f);
}

static void peaks_switches(const void *self, const ost_point_t *at, double *g)
{
    (void) self;
    SET_ROW(g, 0, ROW_OF(at->x, 0) - 0.999);
}

static const ost_system_t peaks = { .n_states = 4,
    .n_switches = 1,
    .n_outputs = 4,
    .scale = unit_scale,
    .positive = may_be_negative,
    .switches = peaks_switches,
    .n_entries = COUNT(relay_row),
    .row = relay_row,
    .col = relay_col,
    .rhs = peaks_rhs,
    .jacobian = peaks_jacobian,
    .outputs = relay_outputs,
    .state_names = state_names,
    .self = &peaks };

static void test_turns_back_in_a_step(void)
{
    static const double x0[] = { 0, 1, 0, 0 };
    for (int stepper = 0; stepper < OST_STEPPER_GSL_MSBDF; stepper++) {
        double x_end[4];
        ost_solver_options_t options = options_at(1e-6);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = { .t1 = 2 * M_PI * 20, .x0 = x0, .p = none, .u0 = none, .x_end = x_end };
        run_jobs(&peaks, &options, &job, 1);
        CU_ASSERT_EQUAL(job.stats.switches_located, 40);
        ost_assert_close(x_end[2], 40 * acos(0.999), 0.05, 0);
    }
}

static const ost_test_t tests[] = {
    { "turns_back_in_a_step", test_turns_back_in_a_step },
    { "breaks", test_breaks },
    { "breaks_of_a_spike", test_breaks_of_a_spike },
    { "crossing_time", test_crossing_time },
    { "crossing_at_usual_tolerance", test_crossing_at_usual_tolerance },
    { "two_flips_in_one_step", test_two_flips_in_one_step },
    { "chattering_fails", test_chattering_fails },
};
OST_TEST_MAIN("switches", tests)
