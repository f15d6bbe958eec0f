/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lane_systems.h"

#include <math.h>
#include <stdio.h>

/* One compartment with a depot: A' = -ka A, B' = ka A - ke B + u. */
enum { KA, KE };

static void pk_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v a = ROW_OF(at->x, 0), b = ROW_OF(at->x, 1), absorbed = ROW_OF(at->p, KA) * a;
    SET_ROW(f, 0, -absorbed);
    SET_ROW(f, 1, absorbed - ROW_OF(at->p, KE) * b + ROW_OF(at->u, 0));
}

static const uint32_t pk_row[] = { 0, 1, 1 };
static const uint32_t pk_col[] = { 0, 0, 1 };

static void pk_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    pk_rhs(self, at, f);
    SET_ROW(e, 0, -ROW_OF(at->p, KA));
    SET_ROW(e, 1, ROW_OF(at->p, KA));
    SET_ROW(e, 2, -ROW_OF(at->p, KE));
}

static const double unit_scale[] = { 1, 1, 1, 1 };
static const bool all_positive[] = { true, true, true, true };
static const ost_system_t pk = { .n_states = 2,
    .n_constants = 2,
    .n_inputs = 1,
    .n_outputs = 2,
    .scale = unit_scale,
    .positive = all_positive,
    SYSTEM_TAIL(pk) };

static const double pk_p[] = { 3.1, 0.4 };

/* Response of (A, B) a time t after a unit dose into the depot, or into the compartment, or the start of a unit
 * infusion. Zero at t <= 0: an output at a dose is the value before it. */
static void after_depot_dose(double t, double dose, double *y)
{
    if (t <= 0) return;
    double ka = pk_p[KA], ke = pk_p[KE];
    y[0] += dose * exp(-ka * t);
    y[1] += dose * ka / (ka - ke) * (exp(-ke * t) - exp(-ka * t));
}

static void after_bolus(double t, double dose, double *y)
{
    if (t > 0) y[1] += dose * exp(-pk_p[KE] * t);
}

static void during_infusion(double t, double rate, double *y)
{
    if (t > 0) y[1] -= rate / pk_p[KE] * expm1(-pk_p[KE] * t);
}

static const double zero_state[8];
static const double zero_input[8];

static ost_job_t pk_job(const ost_event_t *events, size_t n_events, const double *t_out, size_t n_out, double *y)
{
    return (ost_job_t){ .t1 = 20,
        .x0 = zero_state,
        .p = pk_p,
        .u0 = zero_input,
        .events = events,
        .n_events = n_events,
        .t_out = t_out,
        .n_out = n_out,
        .y = y };
}

static ost_event_t dose(double t, uint32_t state, double amount)
{
    return (ost_event_t){ .t = t, .kind = OST_EVENT_ADD_STATE, .index = state, .amount = amount, .series = -1 };
}

static ost_event_t input(double t, uint32_t index, double amount)
{
    return (ost_event_t){ .t = t, .kind = OST_EVENT_SET_INPUT, .index = index, .amount = amount, .series = -1 };
}

static void test_doses_and_infusions(void)
{
    /* Two infusions overlap: rate 2 over [3, 6), rate 1 over [5, 9). Outputs fall on doses, starts and ends. */
    ost_event_t events[] = { dose(0, 0, 1), dose(1, 1, 2), input(3, 0, 2), dose(4, 0, 3), input(5, 0, 3),
        input(6, 0, 1), dose(6, 1, 0.5), input(9, 0, 0) };
    double t_out[] = { 0, 1e-3, 0.5, 1, 1.0001, 2, 3, 4, 4.5, 5, 5.5, 6, 6.1, 9, 12, 20 };
    enum { N = COUNT(t_out) };
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        double y[2 * N];
        ost_solver_options_t options = options_at(1e-11);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = pk_job(events, COUNT(events), t_out, N, y);
        run_jobs(&pk, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, 0);
        CU_ASSERT_EQUAL(job.stats.events, COUNT(events));
        for (size_t i = 0; i < N; i++) {
            double t = t_out[i], exact[2] = { 0 };
            after_depot_dose(t - 0, 1, exact);
            after_bolus(t - 1, 2, exact);
            during_infusion(t - 3, 2, exact);
            during_infusion(t - 6, -2, exact);
            during_infusion(t - 5, 1, exact);
            during_infusion(t - 9, -1, exact);
            after_depot_dose(t - 4, 3, exact);
            after_bolus(t - 6, 0.5, exact);
            double limit = stepper == OST_STEPPER_GSL_MSBDF ? 1e-8 : 1e-9;
            ost_assert_close(y[i], exact[0], 0, limit);
            ost_assert_close(y[N + i], exact[1], 0, limit);
        }
    }
}

static void test_windows_are_half_open(void)
{
    /* Events at t0 act, after the output there; events at t1 do not; those before t0 are ignored. */
    ost_event_t events[] = { dose(1, 1, 100), dose(2, 1, 1), dose(3, 1, 10) };
    double t_out[] = { 1, 2, 2.5, 3, 4 }, y[10], x_end[2], p[] = { 1, 0 };
    for (int i = 0; i < 10; i++) y[i] = -1;
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t job = pk_job(events, 3, t_out, 5, y);
    job.t0 = 2;
    job.t1 = 3;
    job.p = p;
    job.x_end = x_end;
    run_jobs(&pk, &options, &job, 1);
    double expected[] = { -1, 0, 1, 1, -1 };
    for (int i = 0; i < 5; i++) CU_ASSERT_EQUAL(y[5 + i], expected[i]);
    CU_ASSERT_EQUAL(x_end[1], 1);
    /* Nothing acts where there is no time. */
    ost_job_t point = job;
    point.t1 = 2;
    run_jobs(&pk, &options, &point, 1);
    CU_ASSERT_EQUAL(x_end[1], 0);
    CU_ASSERT_EQUAL(point.stats.steps, 0);
    CU_ASSERT_EQUAL(point.stats.events, 0);
}

static void test_set_and_stop(void)
{
    double p[] = { 1, 0 }, x0[] = { 0, 2 }, x_end[2];
    ost_event_t events[] = { { .t = 1, .kind = OST_EVENT_STOP, .series = -1 },
        { .t = 2, .kind = OST_EVENT_SET_STATE, .index = 1, .amount = 7, .series = -1 }, dose(2, 1, 0.25),
        { .t = 2, .kind = OST_EVENT_SET_STATE, .index = 0, .amount = 0, .series = -1 } };
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t job = { .t1 = 3, .x0 = x0, .p = p, .u0 = zero_input, .events = events, .n_events = 4, .x_end = x_end };
    run_jobs(&pk, &options, &job, 1);
    CU_ASSERT_EQUAL(x_end[0], 0);
    CU_ASSERT_EQUAL(x_end[1], 7.25); /* in list order */
    CU_ASSERT_EQUAL(job.stats.events, 4);
}

static void test_near_coincident_events(void)
{
    /* Rounding apart, 0.1 + 0.2 and 0.3 are one time; so are times 2.4e-16 and 5e-10 apart. */
    ost_event_t events[] = { dose(0.3, 1, 1), dose(0.1 + 0.2, 1, 1), dose(0.3 + 5e-10, 1, 1), dose(0.3 + 3e-9, 1, 1),
        dose(1 - 5e-10, 1, 1) };
    double t_out[] = { 0.3, 0.1 + 0.2, 0.3 + 4e-10, 0.3 + 2e-9, 1, 1 + 1e-12 }, y[12], p[] = { 1, 0 }, x_end[2];
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t job = pk_job(events, COUNT(events), t_out, 6, y);
    job.p = p;
    job.t1 = 1;
    job.x_end = x_end;
    run_jobs(&pk, &options, &job, 1);
    CU_ASSERT_EQUAL(job.status, 0);
    double expected[] = { 0, 0, 0, 3, 4, 4 };
    for (int i = 0; i < 6; i++) CU_ASSERT_EQUAL(y[6 + i], expected[i]);
    CU_ASSERT_EQUAL(x_end[1], 5); /* an event before t1 is never lost to the next job, however near */
    CU_ASSERT_EQUAL(job.stats.events, 5);
}

static void test_continuation(void)
{
    ost_event_t events[] = { dose(0, 0, 1), dose(7, 0, 2), dose(12, 1, 1) };
    double whole[2], part[2];
    ost_solver_options_t options = options_at(1e-10);
    ost_job_t job = pk_job(events, 3, NULL, 0, NULL);
    job.x_end = whole;
    run_jobs(&pk, &options, &job, 1);
    ost_job_t first = job, second = job;
    first.t1 = second.t0 = 7;
    first.x_end = second.x_end = part;
    second.x0 = part;
    run_jobs(&pk, &options, &first, 1);
    run_jobs(&pk, &options, &second, 1);
    double exact[2] = { 0 };
    after_depot_dose(20, 1, exact);
    after_depot_dose(13, 2, exact);
    after_bolus(8, 1, exact);
    for (int i = 0; i < 2; i++) {
        ost_assert_close(part[i], whole[i], 1e-8, 1e-12);
        ost_assert_close(whole[i], exact[i], 1e-8, 1e-12);
    }
}

static void test_outputs_do_not_depend_on_the_end(void)
{
    ost_event_t events[] = { dose(0, 0, 1), dose(7, 0, 2), dose(20.25, 1, 1) };
    double t_out[] = { 0, 3, 7, 19, 19.99, 20, 20.25, 21 }, y[3][16], t1[] = { 40, 20.25, 20 };
    for (int k = 0; k < 3; k++) {
        ost_solver_options_t options = options_at(1e-6);
        ost_job_t job = pk_job(events, 3, t_out, 8, y[k]);
        job.t1 = t1[k];
        for (int i = 0; i < 16; i++) y[k][i] = -1;
        run_jobs(&pk, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, 0);
        CU_ASSERT_EQUAL(job.stats.events, k == 0 ? 3 : 2);
        for (int i = 0; i < 16; i++) CU_ASSERT_EQUAL(y[k][i], t_out[i % 8] <= t1[k] ? y[0][i] : -1);
    }
}

static void test_short_infusion_is_not_jumped_over(void)
{
    double exact[2] = { 0 }, x_end[2];
    ost_event_t events[] = { input(10, 0, 1e4), input(10.0001, 0, 0) };
    ost_solver_options_t options = options_at(1e-9);
    ost_job_t job = pk_job(events, 2, NULL, 0, NULL);
    job.x_end = x_end;
    run_jobs(&pk, &options, &job, 1);
    during_infusion(10, 1e4, exact);
    during_infusion(10 - 0.0001, -1e4, exact);
    ost_assert_close(x_end[1], exact[1], 1e-8, 0);
}

/* What events ask for at their time, in the order of the list: at day 4 between two doses, at day 6 after a reset and
 * before the dose behind it. A time without such an event has the value before everything. */
static void test_outputs_between_events(void)
{
    const ost_event_t reset = { .t = 6, .kind = OST_EVENT_RESET, .series = -1 };
    const ost_event_t at_4 = { .t = 4, .kind = OST_EVENT_OUTPUT, .index = 2, .series = -1 };
    const ost_event_t at_6 = { .t = 6, .kind = OST_EVENT_OUTPUT, .index = 3, .series = -1 };
    ost_event_t events[] = { dose(2, 1, 1), dose(4, 1, 2), at_4, dose(4, 1, 4), input(5, 0, 3), reset, input(6, 0, 0),
        at_6, dose(6, 1, 8) };
    double t_out[] = { 1, 2, 4, 6, 7 }, start[2] = { 0, 0.5 };
    enum { N = COUNT(t_out) };
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        double y[2 * N], limit = stepper == OST_STEPPER_GSL_MSBDF ? 1e-8 : 1e-9;
        double left = 0.5 * exp(-pk_p[KE] * 2), exact[N] = { 0.5 * exp(-pk_p[KE]), left,
            (left + 1) * exp(-pk_p[KE] * 2) + 2, 0.5, (0.5 + 8) * exp(-pk_p[KE]) };
        ost_solver_options_t options = options_at(1e-11);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = pk_job(events, COUNT(events), t_out, N, y);
        job.x0 = start;
        run_jobs(&pk, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, 0);
        for (size_t i = 0; i < N; i++) ost_assert_close(y[N + i], exact[i], 0, limit);
        job.y = NULL;
        run_jobs(&pk, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, 0);
    }
}

static void test_repeated_doses_cost_no_rejections(void)
{
    ost_event_t events[60];
    for (int i = 0; i < 60; i++) events[i] = dose(i, 0, 1);
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t job = pk_job(events, 60, NULL, 0, NULL);
    job.t1 = 60;
    run_jobs(&pk, &options, &job, 1);
    CU_ASSERT_EQUAL(job.status, 0);
    CU_ASSERT(job.stats.rejected <= 6);
    CU_ASSERT(job.stats.steps < 60 * 60);
}

static const ost_test_t tests[] = {
    { "doses_and_infusions", test_doses_and_infusions },
    { "windows_are_half_open", test_windows_are_half_open },
    { "set_and_stop", test_set_and_stop },
    { "near_coincident_events", test_near_coincident_events },
    { "continuation", test_continuation },
    { "outputs_do_not_depend_on_the_end", test_outputs_do_not_depend_on_the_end },
    { "outputs_between_events", test_outputs_between_events },
    { "repeated_doses_cost_no_rejections", test_repeated_doses_cost_no_rejections },
    { "short_infusion_is_not_jumped_over", test_short_infusion_is_not_jumped_over },
};
OST_TEST_MAIN("events", tests)
