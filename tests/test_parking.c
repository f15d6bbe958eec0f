/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lane_systems.h"

#include <math.h>
#include <stdio.h>

/* Two drug blocks with depot A, compartment B and quadrature Q of the driven signal s = B / (1 + w B), and an effect
 * E' = r (1 - s1 / 2 - s2 / 3 - E) that is live throughout. */
enum { A1, B1, Q1, A2, B2, Q2, E, N_STATES };
enum { S1 = N_STATES, S2 };
enum { PARK1, MEAN1, PARK2, MEAN2, N_INPUTS };
enum { KA, KE1, KE2, W, R, N_CONSTANTS };

static void drug_rhs(const ost_point_t *at, int first, int park, ost_v ke, double *f, ost_v *s)
{
    ost_mask parked = ROW_OF(at->u, park) != 0.0;
    ost_v a = ROW_OF(at->x, first), b = ROW_OF(at->x, first + 1), zero = ost_v_splat(0);
    *s = ost_v_blend(parked, ROW_OF(at->u, park + 1), b / (1.0 + ROW_OF(at->p, W) * b));
    SET_ROW(f, first, ost_v_blend(parked, zero, -ROW_OF(at->p, KA) * a));
    SET_ROW(f, first + 1, ost_v_blend(parked, zero, ROW_OF(at->p, KA) * a - ke * b));
    SET_ROW(f, first + 2, *s);
}

static void drugs_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v s1, s2;
    drug_rhs(at, A1, PARK1, ROW_OF(at->p, KE1), f, &s1);
    drug_rhs(at, A2, PARK2, ROW_OF(at->p, KE2), f, &s2);
    SET_ROW(f, E, ROW_OF(at->p, R) * (1.0 - 0.5 * s1 - s2 / 3.0 - ROW_OF(at->x, E)));
}

static const uint32_t drugs_row[] = { A1, B1, B1, S1, Q1, A2, B2, B2, S2, Q2, E, E, E };
static const uint32_t drugs_col[] = { A1, A1, B1, B1, S1, A2, A2, B2, B2, S2, S1, S2, E };

static void drug_jacobian(const ost_point_t *at, int first, int park, ost_v ke, double *e)
{
    ost_v live = ost_v_blend(ROW_OF(at->u, park) != 0.0, ost_v_splat(0), ost_v_splat(1));
    ost_v ka = ROW_OF(at->p, KA), d = 1.0 + ROW_OF(at->p, W) * ROW_OF(at->x, first + 1);
    SET_ROW(e, 0, -ka * live);
    SET_ROW(e, 1, ka * live);
    SET_ROW(e, 2, -ke * live);
    SET_ROW(e, 3, live / (d * d));
    SET_ROW(e, 4, ost_v_splat(1));
}

static void drugs_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    drugs_rhs(self, at, f);
    ost_v r = ROW_OF(at->p, R);
    drug_jacobian(at, A1, PARK1, ROW_OF(at->p, KE1), e);
    drug_jacobian(at, A2, PARK2, ROW_OF(at->p, KE2), e + 5 * OST_LANES);
    SET_ROW(e, 10, -0.5 * r);
    SET_ROW(e, 11, -r / 3.0);
    SET_ROW(e, 12, -r);
}

static const double drugs_scale[] = { 1, 1, INFINITY, 1, 1, INFINITY, 1 };
static const bool may_be_negative[N_STATES];
static const ost_system_t drugs = { .n_states = N_STATES,
    .n_algebraic = 2,
    .n_constants = N_CONSTANTS,
    .n_inputs = N_INPUTS,
    .n_outputs = N_STATES,
    .scale = drugs_scale,
    .positive = may_be_negative,
    SYSTEM_TAIL(drugs) };

static const double x_start[N_STATES] = { [E] = 1 };
static const double u_start[N_INPUTS];
static const uint32_t mean_input[] = { MEAN1, MEAN2 }, mean_state[] = { Q1, Q2 };

static ost_series_t series_of(int drug, double first, double last, double interval, double tolerance)
{
    return (ost_series_t){ .ripple_input = -1,
        .interval = interval,
        .t_first = first,
        .t_last = last,
        .tolerance = tolerance,
        .hold_input = drug == 0 ? PARK1 : PARK2,
        .n_means = 1,
        .mean_input = &mean_input[drug],
        .mean_state = &mean_state[drug],
        .first_state = drug == 0 ? A1 : A2,
        .n_states = 2 };
}

enum { MAX_EVENTS = 1000 };
typedef struct {
    ost_event_t events[MAX_EVENTS];
    ost_series_t series[4];
    size_t n_events, n_series;
} schedule_t;

static int by_time(const void *a, const void *b)
{
    const ost_event_t *p = a, *q = b;
    return p->t < q->t ? -1 : p->t > q->t ? 1 : (p->series > q->series) - (p->series < q->series);
}

/* One more series of doses into the depot of a drug; `tolerance` 0 gives the same doses, never parked. */
static void add_series(
    schedule_t *self, int drug, double first, double interval, int n, double amount, double tolerance)
{
    for (int i = 0; i < n; i++)
        self->events[self->n_events++] = (ost_event_t){ .t = first + i * interval,
            .kind = OST_EVENT_ADD_STATE,
            .index = drug == 0 ? A1 : A2,
            .amount = amount,
            .series = tolerance > 0 ? (int32_t) self->n_series : -1 };
    if (tolerance > 0)
        self->series[self->n_series++] = series_of(drug, first, first + (n - 1) * interval, interval, tolerance);
    qsort(self->events, self->n_events, sizeof(self->events[0]), by_time);
}

static ost_job_t job_of(const schedule_t *schedule, const double *p, double t1, double *x_end)
{
    return (ost_job_t){ .t1 = t1,
        .x0 = x_start,
        .p = p,
        .u0 = u_start,
        .events = schedule->events,
        .n_events = schedule->n_events,
        .series = schedule->series,
        .n_series = schedule->n_series,
        .x_end = x_end };
}

/* Means of E over day-long windows, of a job with 24 outputs a day from day `first` on. */
static void daily_means(ost_job_t *job, const ost_solver_options_t *options, int first, int n_days, double *mean)
{
    size_t n = 24 * (size_t) n_days;
    double *t_out = malloc(n * sizeof(double)), *y = malloc(n * N_STATES * sizeof(double));
    CU_ASSERT_PTR_NOT_NULL_FATAL(y);
    for (size_t i = 0; i < n; i++) t_out[i] = first + ((double) i + 0.5) / 24;
    job->t_out = t_out;
    job->n_out = n;
    job->y = y;
    run_jobs(&drugs, options, job, 1);
    for (int d = 0; d < n_days; d++) {
        mean[d] = 0;
        for (size_t i = 0; i < 24; i++) mean[d] += y[E * n + (size_t) d * 24 + i] / 24;
    }
    free(t_out);
    free(y);
}

static const double p_usual[] = { [KA] = 12, [KE1] = 0.5, [KE2] = 0.15, [W] = 1, [R] = 0.05 };

static void test_parked_effect_equals_exact(void)
{
    schedule_t exact = { 0 }, parked = { 0 };
    add_series(&exact, 0, 0, 1, 301, 1, 0);
    add_series(&parked, 0, 0, 1, 301, 1, 1e-4);
    ost_solver_options_t options = options_at(1e-9);
    double mean[2][5], x_end[2][N_STATES];
    ost_job_t slow = job_of(&exact, p_usual, 300.5, x_end[0]), fast = job_of(&parked, p_usual, 300.5, x_end[1]);
    daily_means(&slow, &options, 290, 5, mean[0]);
    daily_means(&fast, &options, 290, 5, mean[1]);
    for (int d = 0; d < 5; d++) ost_assert_close(mean[1][d], mean[0][d], 1e-6, 0);
    /* The last dose is live: half a day later the drug stands where exact dosing has it. */
    ost_assert_close(x_end[1][A1], x_end[0][A1], 1e-6, 0);
    ost_assert_close(x_end[1][B1], x_end[0][B1], 1e-6, 0);
    printf("\n  %llu steps instead of %llu, %llu doses of 301 skipped\n", (unsigned long long) fast.stats.steps,
        (unsigned long long) slow.stats.steps, (unsigned long long) fast.stats.doses_skipped);
    CU_ASSERT_EQUAL(slow.stats.doses_skipped, 0);
    CU_ASSERT(fast.stats.doses_skipped > 240 && fast.stats.doses_skipped < 300);
    CU_ASSERT_EQUAL(fast.stats.events + fast.stats.doses_skipped, 301);
    CU_ASSERT(10 * fast.stats.steps < 3 * slow.stats.steps);
}

static void test_mean_of_a_linear_drug(void)
{
    /* With w = 0 the mean over an interval is dose / (ke x interval): E settles at 1 - mean / 2. The approach is
     * exactly geometric, so that the limit is known long before it is reached. */
    double p[N_CONSTANTS] = { [KA] = 12, [KE1] = 0.1, [KE2] = 1, [W] = 0, [R] = 0.5 }, x_end[N_STATES];
    schedule_t parked = { 0 };
    add_series(&parked, 0, 0, 1, 400, 0.05, 1e-2);
    ost_solver_options_t options = options_at(1e-11);
    ost_job_t job = job_of(&parked, p, 399, x_end);
    run_jobs(&drugs, &options, &job, 1);
    CU_ASSERT(job.stats.doses_skipped > 320);
    ost_assert_close(x_end[E], 1 - 0.5 * 0.05 / 0.1, 1e-8, 0);
}

static void test_slow_drug_is_not_hurried(void)
{
    /* A jump to a limit that takes months to come near would be seen in the effect for months. */
    enum { N = 100 };
    double p[N_CONSTANTS] = { [KA] = 12, [KE1] = 0.01, [KE2] = 1, [W] = 0, [R] = 0.05 };
    double t_out[N], y[2][N_STATES * N];
    schedule_t exact = { 0 }, parked = { 0 };
    add_series(&exact, 0, 0, 1, MAX_EVENTS, 0.01, 0);
    add_series(&parked, 0, 0, 1, MAX_EVENTS, 0.01, 1e-2);
    ost_solver_options_t options = options_at(1e-8);
    ost_job_t job[2] = { job_of(&exact, p, 1000, NULL), job_of(&parked, p, 1000, NULL) };
    for (int i = 0; i < N; i++) t_out[i] = 10 * i;
    for (int k = 0; k < 2; k++) {
        job[k].t_out = t_out;
        job[k].n_out = N;
        job[k].y = y[k];
        run_jobs(&drugs, &options, &job[k], 1);
    }
    CU_ASSERT(job[1].stats.doses_skipped > 50);
    for (int i = 0; i < N; i++) ost_assert_close(y[1][E * N + i], y[0][E * N + i], 0, 2e-4);
}

static void test_integral_is_never_parked(void)
{
    /* Without loss the drug adds up: a state that goes nowhere is neither moved nor stood still. */
    double p[N_CONSTANTS] = { [KA] = 12, [KE1] = 1, [KE2] = 0, [W] = 1, [R] = 0.05 }, x_end[N_STATES];
    schedule_t parked = { 0 };
    add_series(&parked, 1, 0, 1, MAX_EVENTS, 2, 1e-2);
    ost_solver_options_t options = options_at(1e-8);
    ost_job_t job = job_of(&parked, p, MAX_EVENTS + 5, x_end);
    run_jobs(&drugs, &options, &job, 1);
    CU_ASSERT_EQUAL(job.stats.doses_skipped, 0);
    ost_assert_close(x_end[B2], 2 * MAX_EVENTS, 1e-9, 0);
}

static void test_two_series_at_a_time(void)
{
    schedule_t exact = { 0 }, parked = { 0 };
    for (int k = 0; k < 2; k++) {
        schedule_t *to = k == 0 ? &exact : &parked;
        double tolerance = k == 0 ? 0 : 1e-4;
        add_series(to, 0, 0, 1, 120, 1, tolerance);
        add_series(to, 1, 0.5, 7, 60, 2, tolerance);
        add_series(to, 0, 150, 1, 200, 0.5, tolerance); /* the first drug again, at half the dose */
    }
    ost_solver_options_t options = options_at(1e-9);
    double mean[2][14], week[2] = { 0 };
    ost_job_t slow = job_of(&exact, p_usual, 400, NULL), fast = job_of(&parked, p_usual, 400, NULL);
    daily_means(&slow, &options, 330, 14, mean[0]);
    daily_means(&fast, &options, 330, 14, mean[1]);
    for (int k = 0; k < 2; k++) {
        for (int d = 0; d < 14; d++) week[k] += mean[k][d] / 14;
    }
    ost_assert_close(week[1], week[0], 1e-6, 0);
    CU_ASSERT(fast.stats.doses_skipped > 230);
    CU_ASSERT(2 * fast.stats.steps < slow.stats.steps);
}

static void test_last_dose_wakes_the_block(void)
{
    /* After treatment ends the drug washes out: a block left parked would keep its effect for ever. It was parked
     * early, days into an accumulation of weeks, and yet starts from where exact dosing would have led. */
    double p[N_CONSTANTS] = { [KA] = 12, [KE1] = 0.05, [KE2] = 1, [W] = 0, [R] = 0.05 }, x_end[2][N_STATES];
    schedule_t exact = { 0 }, parked = { 0 };
    add_series(&exact, 0, 0, 1, 400, 0.05, 0);
    add_series(&parked, 0, 0, 1, 400, 0.05, 0.5);
    ost_solver_options_t options = options_at(1e-10);
    ost_job_t slow = job_of(&exact, p, 420, x_end[0]), fast = job_of(&parked, p, 420, x_end[1]);
    run_jobs(&drugs, &options, &slow, 1);
    run_jobs(&drugs, &options, &fast, 1);
    CU_ASSERT(fast.stats.doses_skipped > 330);
    ost_assert_close(x_end[1][B1], x_end[0][B1], 1e-6, 0);
}

static void test_zero_mean_and_late_start(void)
{
    /* Doses of nothing have a mean of nothing, which settles at once; a block parked from the start wakes at its first
     * dose. */
    schedule_t parked = { 0 };
    add_series(&parked, 0, 10, 1, 20, 0, 1e-4);
    add_series(&parked, 1, 30, 1, 3, 1, 1e-4);
    double u0[N_INPUTS] = { [PARK2] = 1, [MEAN2] = 0.25 }, x_end[N_STATES], t_out[] = { 30, 31 }, y[2 * N_STATES];
    ost_solver_options_t options = options_at(1e-8);
    ost_job_t job = job_of(&parked, p_usual, 33, x_end);
    job.u0 = u0;
    job.t_out = t_out;
    job.n_out = 2;
    job.y = y;
    run_jobs(&drugs, &options, &job, 1);
    CU_ASSERT_EQUAL(job.stats.doses_skipped, 16); /* of 20: three intervals are needed, and the last dose is given */
    ost_assert_close(y[2 * E], 1 - 0.25 / 3 * (1 - exp(-0.05 * 30)), 1e-6, 0);
    ost_assert_close(y[2 * A2 + 1], exp(-12), 1e-4, 0);
    CU_ASSERT(x_end[B2] > 1);
}

static void test_gsl_parks_alike(void)
{
    schedule_t parked = { 0 };
    add_series(&parked, 0, 0, 1, 60, 1, 1e-5);
    double x_end[2][N_STATES];
    ost_job_t job[2];
    for (int k = 0; k < 2; k++) {
        ost_solver_options_t options = options_at(1e-8);
        options.stepper = k == 0 ? OST_STEPPER_RODAS5P : OST_STEPPER_GSL_RK8PD;
        job[k] = job_of(&parked, p_usual, 70, x_end[k]);
        run_jobs(&drugs, &options, &job[k], 1);
    }
    CU_ASSERT_EQUAL(job[0].stats.doses_skipped, job[1].stats.doses_skipped);
    ost_assert_close(x_end[0][E], x_end[1][E], 1e-7, 0);
}

static void test_live_times(void)
{
    /* Doses given for some days between others that are left out are those of exact dosing; before and after them
     * nothing changes. With all of them given, nothing is left of periodic dosing. */
    enum { N = 24 * 20 };
    static const double some[][2] = { { 119.5, 139.5 } }, all[][2] = { { -INFINITY, INFINITY } };
    double t_out[N + 1], y[4][N_STATES * (N + 1)];
    schedule_t exact = { 0 }, held = { 0 };
    add_series(&exact, 0, 0, 1, 301, 1, 0);
    add_series(&held, 0, 0, 1, 301, 1, 1e-4);
    for (int i = 0; i < N; i++) t_out[i] = 120 + (i + 0.5) / 24;
    t_out[N] = 250;
    ost_solver_options_t options = options_at(1e-9);
    ost_job_t job[4];
    for (int k = 0; k < 4; k++) {
        job[k] = job_of(k == 0 ? &exact : &held, p_usual, 300.5, NULL);
        job[k].live = k == 2 ? some[0] : all[0];
        job[k].n_live = k >= 2;
        job[k].t_out = t_out;
        job[k].n_out = N + 1;
        job[k].y = y[k];
        run_jobs(&drugs, &options, &job[k], 1);
    }
    CU_ASSERT_EQUAL(job[1].doses_kept, 0);
    CU_ASSERT_EQUAL(job[2].doses_kept, 20);
    CU_ASSERT_EQUAL(job[2].stats.doses_skipped, job[1].stats.doses_skipped - 20);
    CU_ASSERT_EQUAL(job[3].stats.doses_skipped, 0);
    for (int i = 0; i <= N; i++) {
        ost_assert_close(y[3][B1 * (N + 1) + i], y[0][B1 * (N + 1) + i], 1e-8, 0);
        ost_assert_close(y[3][E * (N + 1) + i], y[0][E * (N + 1) + i], 1e-8, 0);
        if (i < N) ost_assert_close(y[2][B1 * (N + 1) + i], y[0][B1 * (N + 1) + i], 1e-6, 0);
    }
    CU_ASSERT(fabs(y[1][B1 * (N + 1)] - y[0][B1 * (N + 1)]) > 0.1);
    ost_assert_close(y[2][E * (N + 1) + N], y[1][E * (N + 1) + N], 1e-6, 0);
    CU_ASSERT(job[1].stats.ripple > 0);
}

/* How rates vary from dose to dose is known of each series. */
static void test_ripple_of_each(void)
{
    schedule_t schedule = { 0 };
    add_series(&schedule, 0, 0, 1, 120, 1, 1e-4);
    add_series(&schedule, 0, 150, 1, 120, 0.5, 1e-4);
    const ost_solver_options_t options = options_at(1e-8);
    double ripple[3] = { 7, 7, 7 };
    ost_job_t job = job_of(&schedule, p_usual, 260, NULL);
    job.ripple = ripple;
    run_jobs(&drugs, &options, &job, 1);
    CU_ASSERT(ripple[0] > 0);
    CU_ASSERT(ripple[1] > 1.01 * ripple[0]); /* half the dose: the effect saturates less */
    CU_ASSERT_EQUAL(ripple[1], job.stats.ripple);
    CU_ASSERT_EQUAL(ripple[2], 7);
}

static const ost_test_t tests[] = {
    { "parked_effect_equals_exact", test_parked_effect_equals_exact },
    { "mean_of_a_linear_drug", test_mean_of_a_linear_drug },
    { "slow_drug_is_not_hurried", test_slow_drug_is_not_hurried },
    { "integral_is_never_parked", test_integral_is_never_parked },
    { "two_series_at_a_time", test_two_series_at_a_time },
    { "last_dose_wakes_the_block", test_last_dose_wakes_the_block },
    { "zero_mean_and_late_start", test_zero_mean_and_late_start },
    { "live_times", test_live_times },
    { "ripple_of_each_series", test_ripple_of_each },
    { "gsl_parks_alike", test_gsl_parks_alike },
};
OST_TEST_MAIN("parking", tests)
