/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear parts of a system in closed form: their modes, and systems that have such parts. */
#include "core/random.h"
#include "lane_systems.h"
#include "solve/linear.h"
#include "solve/periodic.h"

#include <math.h>
#include <stdio.h>

#define MAX OST_LINEAR_MAX
#define N_MODELS 600

/* Part of [0, 1), a new one each time. */
static double draw(void)
{
    static uint32_t n = 0;
    return ost_random_uniform(7, 0, 1, n++);
}

static double rate(void)
{
    return pow(10, 4 * draw() - 2);
}

enum { CHAIN, COMPARTMENTS, NET, ALIKE, CLOSE, CIRCLE, OSCILLATION, N_KINDS };

/* A random model of n states, rates per day. */
static void make_model(int kind, size_t n, double *a)
{
    memset(a, 0, n * n * sizeof(*a));
    double k0 = rate();
    for (size_t i = 0; i < n; i++) {
        double k = kind == ALIKE ? k0 : kind == CLOSE ? k0 * (1 + pow(10, -10 * draw()) * draw()) : rate();
        a[i * n + i] = -k;
        if (i + 1 < n) a[(i + 1) * n + i] = k * draw();
        for (size_t j = 0; j + 1 < i && kind == NET; j++) a[i * n + j] = rate() * draw();
    }
    if (kind == COMPARTMENTS)
        for (size_t i = 1; i + 1 < n; i += 3) { /* two that exchange, fed by a depot or by the two before */
            double to = rate(), fro = rate();
            a[i * n + i] = -to - rate();
            a[(i + 1) * n + i] = to;
            a[i * n + i + 1] = fro;
            a[(i + 1) * n + i + 1] = -fro;
        }
    if (kind == CIRCLE || kind == OSCILLATION) a[n - 1] = (kind == CIRCLE ? 1 : -1) * k0;
}

/* exp(A s) by its series, scaled and squared. */
static void exponential(size_t n, const double *a, double s, long double *e)
{
    long double power[MAX * MAX], next[MAX * MAX], size = 0;
    int n_squares = 0;
    for (size_t i = 0; i < n * n; i++) size += fabs(a[i] * s);
    for (; size > 0.5L; size /= 2) n_squares++;
    for (size_t i = 0; i < n * n; i++) e[i] = power[i] = i % (n + 1) == 0;
    for (int k = 1; k < 24 + n_squares; k++) {
        const bool squares = k >= 24;
        for (size_t i = 0; i < n * n; i++) {
            next[i] = 0;
            for (size_t j = 0; j < n; j++)
                next[i] += squares ? e[i / n * n + j] * e[j * n + i % n]
                                   : power[i / n * n + j] * ldexpl(a[j * n + i % n] * s, -n_squares) / k;
        }
        for (size_t i = 0; i < n * n; i++) {
            if (squares)
                e[i] = next[i];
            else
                e[i] += power[i] = next[i];
        }
    }
}

/* The largest difference of the closed form from the exponential at times of all sizes, each solution relative to its
 * largest value. */
static double error_of(size_t n, const double *a, const double *lambda, const double *v, const double *w)
{
    long double e[MAX * MAX];
    double largest[MAX * MAX] = { 0 }, off[MAX * MAX] = { 0 }, worst = 0;
    for (double s = 1e-3; s < 1e3; s *= 1.7) {
        exponential(n, a, s, e);
        for (size_t i = 0; i < n * n; i++) {
            double sum = 0;
            for (size_t k = 0; k < n; k++) sum += v[i / n * n + k] * exp(lambda[k] * s) * w[k * n + i % n];
            largest[i] = fmax(largest[i], fabs((double) e[i]));
            off[i] = fmax(off[i], fabs((double) (sum - e[i])));
        }
    }
    for (size_t i = 0; i < n * n; i++) worst = fmax(worst, off[i] == 0 ? 0 : off[i] / largest[i]);
    return worst;
}

static void test_modes(void)
{
    unsigned n_of[N_KINDS] = { 0 }, n_closed[N_KINDS] = { 0 };
    double worst = 0;
    for (int m = 0; m < N_MODELS; m++) {
        double a[MAX * MAX], lambda[MAX], v[MAX * MAX], w[MAX * MAX];
        int kind = m % N_KINDS;
        size_t n = kind == CIRCLE ? 3 + (size_t) (4 * draw()) : kind == OSCILLATION ? 2 : 1 + (size_t) (6 * draw());
        make_model(kind, n, a);
        if (kind == OSCILLATION) a[0] = a[3] = -rate();
        if (kind == ALIKE && n == 1) continue;
        n_of[kind]++;
        if (!ost_linear_modes(n, a, lambda, v, w)) continue;
        n_closed[kind]++;
        double off = error_of(n, a, lambda, v, w);
        worst = fmax(worst, off);
        if (off > 1e-11) printf("\nmodel %d of %zu states: off by %g\n", m, n, off);
    }
    CU_ASSERT(worst < 1e-11);
    for (int k = 0; k < N_KINDS; k++) printf("[%u of %u] ", n_closed[k], n_of[k]);
    CU_ASSERT(n_closed[CHAIN] >= 0.9 * n_of[CHAIN]);
    CU_ASSERT(n_closed[COMPARTMENTS] >= 0.9 * n_of[COMPARTMENTS]);
    CU_ASSERT(n_closed[NET] >= 0.9 * n_of[NET]);
    CU_ASSERT(n_closed[CLOSE] > 0 && n_closed[CLOSE] < n_of[CLOSE]);
    CU_ASSERT_EQUAL(n_closed[ALIKE], 0);
    CU_ASSERT_EQUAL(n_closed[CIRCLE], 0);
    CU_ASSERT_EQUAL(n_closed[OSCILLATION], 0);
}

/* Depot A and compartment B, from which a hormone C that B suppresses follows: A' = -ka A, B' = ka A + inflow - ke (1 +
 * induction) B, C' = kc (1/(1 + B) - C), and D, which responds to it: D' = C^2 - D. While `steady` is 0, induction
 * moves: it is C. */
enum { A, B, C, D, N_STATES };
enum { KA, KE, KC, N_CONSTANTS };
enum { INFLOW, INDUCTION, STEADY, NEVER, N_INPUTS };

static ost_v induction_of(const ost_point_t *at)
{
    return ost_v_blend(ROW_OF(at->u, STEADY) != 0.0, ROW_OF(at->u, INDUCTION), ROW_OF(at->x, C));
}

static void drug_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v a = ROW_OF(at->x, A), b = ROW_OF(at->x, B), absorbed = ROW_OF(at->p, KA) * a;
    SET_ROW(f, A, -absorbed);
    SET_ROW(f, B, absorbed + ROW_OF(at->u, INFLOW) - ROW_OF(at->p, KE) * (1.0 + induction_of(at)) * b);
    SET_ROW(f, C, ROW_OF(at->p, KC) * (1.0 / (1.0 + b) - ROW_OF(at->x, C)));
    SET_ROW(f, D, ROW_OF(at->x, C) * ROW_OF(at->x, C) - ROW_OF(at->x, D));
}

static const uint32_t drug_row[] = { A, B, B, B, C, C, D, D }, drug_col[] = { A, A, B, C, B, C, C, D };

static void drug_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    drug_rhs(self, at, f);
    ost_v b = ROW_OF(at->x, B), d = 1.0 + b, ke = ROW_OF(at->p, KE), kc = ROW_OF(at->p, KC), zero = ost_v_splat(0);
    SET_ROW(e, 0, -ROW_OF(at->p, KA));
    SET_ROW(e, 1, ROW_OF(at->p, KA));
    SET_ROW(e, 2, -ke * (1.0 + induction_of(at)));
    SET_ROW(e, 3, ost_v_blend(ROW_OF(at->u, STEADY) != 0.0, zero, -ke * b));
    SET_ROW(e, 4, -kc / (d * d));
    SET_ROW(e, 5, -kc);
    SET_ROW(e, 6, 2.0 * ROW_OF(at->x, C));
    SET_ROW(e, 7, ost_v_splat(-1));
}

static const double drug_scale[] = { 1, 1, 1, 1 };
static const bool may_be_negative[N_STATES];
static const uint32_t kinetic_state[] = { A, B }, kinetic_input[] = { INFLOW, INDUCTION, STEADY };
static const ost_linear_t kinetics = { .state = kinetic_state,
    .n_states = 2,
    .input = kinetic_input,
    .n_inputs = 3,
    .condition = &kinetic_input[2],
    .n_conditions = 1 };
static const ost_system_t drug = { .n_states = N_STATES,
    .n_constants = N_CONSTANTS,
    .n_inputs = N_INPUTS,
    .n_outputs = N_STATES,
    .scale = drug_scale,
    .positive = may_be_negative,
    .linear = &kinetics,
    .n_linear = 1,
    SYSTEM_TAIL(drug) };

#define N_OUT 241
#define T_END 60.0
static double t_out[N_OUT];
static const double x_start[N_STATES] = { 0.3, 0.1, 1, 1 }, u_start[N_INPUTS] = { 0, 0, 1, 0 };

/* Doses with some missed, a short and a long infusion, and induction that comes and goes. */
static size_t add_events(ost_event_t *events, bool moves)
{
    size_t n = 0;
    for (int day = 0; day < 60; day++) {
        if (day == 10) events[n++] = (ost_event_t){ 10, OST_EVENT_SET_INPUT, INDUCTION, 0.7, -1 };
        if (day == 30) events[n++] = (ost_event_t){ 30, OST_EVENT_SET_INPUT, STEADY, !moves, -1 };
        if (day == 40) events[n++] = (ost_event_t){ 40, OST_EVENT_SET_INPUT, STEADY, 1, -1 };
        if (day == 45) events[n++] = (ost_event_t){ 45, OST_EVENT_SET_INPUT, INDUCTION, 0, -1 };
        if (day % 7 != 3) events[n++] = (ost_event_t){ day, OST_EVENT_ADD_STATE, A, 1, -1 };
        if (day == 20) events[n++] = (ost_event_t){ 20.125, OST_EVENT_SET_INPUT, INFLOW, 30, -1 };
        if (day == 20) events[n++] = (ost_event_t){ 20.25, OST_EVENT_SET_INPUT, INFLOW, 0, -1 };
        if (day == 50) events[n++] = (ost_event_t){ 50.5, OST_EVENT_SET_INPUT, INFLOW, 0.5, -1 };
        if (day == 57) events[n++] = (ost_event_t){ 57.5, OST_EVENT_SET_INPUT, INFLOW, 0, -1 };
    }
    return n;
}

/* The depot alone, which feeds the compartment with its entry 1. */
static const uint32_t fed_state[] = { B }, flow_entry[] = { 1 };
static const ost_linear_t depot = {
    .state = kinetic_state, .n_states = 1, .fed = fed_state, .n_fed = 1, .flow = flow_entry, .n_flows = 1
};

/* @param parts  of the system, NULL: all is integrated; @param[out] y  [N_STATES][N_OUT] */
static ost_solver_stats_t run_drug(
    ost_stepper_t stepper, double rtol, const ost_linear_t *part, bool moves, const double *p, double *y)
{
    ost_event_t events[80];
    ost_solver_options_t options = options_at(rtol);
    options.stepper = stepper;
    ost_system_t system = drug;
    system.linear = part;
    system.n_linear = part != NULL;
    for (int k = 0; k < N_OUT; k++) t_out[k] = T_END * k / (N_OUT - 1.0) + (k % 4 == 1) * 0.013;
    ost_job_t job = {
        .t1 = T_END, .x0 = x_start, .p = p, .u0 = u_start, .events = events, .t_out = t_out, .n_out = N_OUT
    };
    job.n_events = add_events(events, moves);
    job.y = y;
    run_jobs(&system, &options, &job, 1);
    CU_ASSERT_EQUAL(job.status, 0);
    return job.stats;
}

/* Of state i, relative to its largest value. */
static double difference(const double *y, const double *y_exact, int i)
{
    double largest = 0, off = 0;
    for (int k = i * N_OUT; k < (i + 1) * N_OUT; k++) {
        largest = fmax(largest, fabs(y_exact[k]));
        off = fmax(off, fabs(y[k] - y_exact[k]));
    }
    return off / largest;
}

static const double typical[N_CONSTANTS] = { 30, 0.4, 1.5 };

static void test_closed_form(void)
{
    static double y[N_STATES * N_OUT], exact[N_STATES * N_OUT];
    run_drug(OST_STEPPER_RODAS5P, 1e-12, NULL, false, typical, exact);
    for (int s = 0; s < OST_N_STEPPERS; s++) {
        if (ost_steppers[s].family != OST_FAMILY_LANES) continue;
        for (double rtol = 1e-4; rtol > 1e-9; rtol *= 1e-2) {
            ost_solver_stats_t closed = run_drug((ost_stepper_t) s, rtol, &kinetics, false, typical, y);
            CU_ASSERT(difference(y, exact, A) < 1e-11);
            CU_ASSERT(difference(y, exact, B) < 1e-11);
            if (!(difference(y, exact, C) < 3 * rtol))
                printf("\n%s at %g: off by %g\n", ost_steppers[s].name, rtol, difference(y, exact, C));
            CU_ASSERT(difference(y, exact, C) < 3 * rtol);
            ost_solver_stats_t integrated = run_drug((ost_stepper_t) s, rtol, NULL, false, typical, y);
            CU_ASSERT((double) closed.steps < 0.8 * (double) integrated.steps);
        }
    }
}

/* While a coefficient moves, and where rates are alike, states are integrated. */
static void test_fall_back(void)
{
    static double y[N_STATES * N_OUT], exact[N_STATES * N_OUT];
    static const double alike[N_CONSTANTS] = { 0.4, 0.4, 1.5 };
    run_drug(OST_STEPPER_RODAS5P, 1e-12, NULL, true, typical, exact);
    run_drug(OST_STEPPER_RODAS5P, 1e-8, &kinetics, true, typical, y);
    for (int i = 0; i < N_STATES; i++) CU_ASSERT(difference(y, exact, i) < 1e-7);
    CU_ASSERT(difference(y, exact, A) > 0);
    run_drug(OST_STEPPER_RODAS5P, 1e-8, NULL, false, alike, exact);
    run_drug(OST_STEPPER_RODAS5P, 1e-8, &kinetics, false, alike, y);
    CU_ASSERT(difference(y, exact, A) < 1e-7 && difference(y, exact, B) < 1e-7);
}

/* What a depot feeds is followed without that, also while its own coefficients move: by fewer steps, as exactly. */
static void test_fed(void)
{
    static double y[N_STATES * N_OUT], exact[N_STATES * N_OUT];
    run_drug(OST_STEPPER_RODAS5P, 1e-12, NULL, true, typical, exact);
    for (int s = 0; s < OST_N_STEPPERS; s++) {
        if (ost_steppers[s].family != OST_FAMILY_LANES) continue;
        for (double rtol = 1e-4; rtol > 1e-9; rtol *= 1e-2) {
            ost_solver_stats_t fed = run_drug((ost_stepper_t) s, rtol, &depot, true, typical, y);
            CU_ASSERT(difference(y, exact, A) < 1e-11);
            for (int i = B; i < N_STATES; i++) {
                if (!(difference(y, exact, i) < 5 * rtol))
                    printf("\n%s at %g: off by %g\n", ost_steppers[s].name, rtol, difference(y, exact, i));
                CU_ASSERT(difference(y, exact, i) < 5 * rtol);
            }
            ost_solver_stats_t integrated = run_drug((ost_stepper_t) s, rtol, NULL, true, typical, y);
            CU_ASSERT((double) fed.steps < 0.6 * (double) integrated.steps);
        }
    }
}

/* What fades faster than its depot empties takes hardly more steps without the flow than with it. */
static void test_slow_depot(void)
{
    static double y[N_STATES * N_OUT], exact[N_STATES * N_OUT];
    static const double slow[N_CONSTANTS] = { 0.05, 30, 1.5 };
    run_drug(OST_STEPPER_RODAS5P, 1e-12, NULL, false, slow, exact);
    ost_solver_stats_t fed = run_drug(OST_STEPPER_RODAS5P, 1e-6, &depot, false, slow, y);
    for (int i = B; i < N_STATES; i++) CU_ASSERT(difference(y, exact, i) < 5e-6);
    ost_solver_stats_t integrated = run_drug(OST_STEPPER_RODAS5P, 1e-6, NULL, false, slow, y);
    CU_ASSERT((double) fed.steps < 1.05 * (double) integrated.steps);
}

/* @param is_forced  C is, else it is integrated; @param p  KC may be negative */
static ost_solver_stats_t run_hormone(
    ost_stepper_t stepper, double rtol, bool is_forced, bool moves, const double *p, double *y)
{
    static const uint32_t part = 0, held = NEVER;
    static const ost_forced_t hormone = { C, 5, &part, &held, 1 };
    ost_event_t events[90];
    ost_solver_options_t options = options_at(rtol);
    options.stepper = stepper;
    ost_system_t system = drug;
    system.forced = &hormone;
    system.n_forced = is_forced;
    system.forced_rates = drug_rhs;
    for (int k = 0; k < N_OUT; k++) t_out[k] = T_END * k / (N_OUT - 1.0) + (k % 4 == 1) * 0.013;
    ost_job_t job = { .t1 = T_END, .x0 = x_start, .p = p, .u0 = u_start, .events = events, .t_out = t_out, .y = y };
    job.n_out = N_OUT;
    job.n_events = add_events(events, moves);
    events[job.n_events++] = (ost_event_t){ 59.5, OST_EVENT_SET_STATE, C, 3, -1 };
    run_jobs(&system, &options, &job, 1);
    CU_ASSERT_EQUAL(job.status, 0);
    return job.stats;
}

/* A hormone that follows a drug is exact to the tolerance, and so is what responds to it, in fewer steps. */
static void test_forced(void)
{
    static double y[N_STATES * N_OUT], exact[N_STATES * N_OUT];
    static const double rates[][N_CONSTANTS] = { { 30, 0.4, 1.5 }, { 30, 0.4, 25 }, { 30, 0.4, 0.02 } };
    for (size_t r = 0; r < 3; r++) {
        for (int moves = 0; moves < 2; moves++) {
            run_hormone(OST_STEPPER_RODAS5P, 1e-12, false, moves, rates[r], exact);
            for (int s = 0; s < OST_N_STEPPERS; s++) {
                if (ost_steppers[s].family != OST_FAMILY_LANES) continue;
                for (double rtol = 1e-4; rtol > 1e-9; rtol *= 1e-2) {
                    static double y_integrated[N_STATES * N_OUT];
                    ost_solver_stats_t forced = run_hormone((ost_stepper_t) s, rtol, true, moves, rates[r], y);
                    ost_solver_stats_t integrated =
                        run_hormone((ost_stepper_t) s, rtol, false, moves, rates[r], y_integrated);
                    const double off_c = difference(y, exact, C), off_d = difference(y, exact, D);
                    const double most = fmax(3 * rtol, 1.5 * difference(y_integrated, exact, C));
                    const bool is_short = (double) forced.steps < 1.15 * (double) integrated.steps;
                    if (!(fmax(off_c, off_d) < most) || !is_short)
                        printf("\n%s at %g, rate %g, %d: C off by %g, D by %g in %d steps; integrated %g, %g in %d\n",
                            ost_steppers[s].name, rtol, rates[r][KC], moves, off_c, off_d, (int) forced.steps,
                            difference(y_integrated, exact, C), difference(y_integrated, exact, D),
                            (int) integrated.steps);
                    CU_ASSERT(fmax(off_c, off_d) < most);
                    CU_ASSERT(is_short);
                    if (!moves && rtol < 1e-7 && s != OST_STEPPER_TSIT5)
                        CU_ASSERT((double) forced.steps < 0.8 * (double) integrated.steps);
                }
            }
        }
    }
    static const double grows[N_CONSTANTS] = { 30, 0.4, -0.01 };
    run_hormone(OST_STEPPER_RODAS5P, 1e-6, false, false, grows, exact);
    run_hormone(OST_STEPPER_RODAS5P, 1e-6, true, false, grows, y);
    CU_ASSERT_EQUAL(memcmp(exact, y, sizeof(y)), 0);
}

/* D after a day in steps of equal size, with what it follows known in time, or with nothing so. */
static double step_to_a_day(ost_stepper_t stepper, double rtol, double h, bool is_known)
{
    static const uint32_t part = 0, held = NEVER;
    static const ost_forced_t hormone = { C, 5, &part, &held, 1 };
    static const double p[] = { 2, 0.4, 1.5 }, end[] = { 1 };
    double y[N_STATES];
    ost_solver_options_t options = options_at(rtol);
    options.stepper = stepper;
    options.h_max = h;
    ost_system_t system = drug;
    system.forced = &hormone;
    system.n_linear = system.n_forced = is_known;
    system.forced_rates = drug_rhs;
    const ost_event_t dose = { 0, OST_EVENT_ADD_STATE, A, 1, -1 };
    ost_job_t job = { .t1 = 1, .x0 = x_start, .p = p, .u0 = u_start, .events = &dose, .n_events = 1, .t_out = end };
    job.n_out = 1;
    job.y = y;
    run_jobs(&system, &options, &job, 1);
    CU_ASSERT_EQUAL(job.status, 0);
    return y[D];
}

/* What follows a drug through a hormone converges with the order of the method from the dose on, where both are known
 * in time and not integrated: they have their share in its derivative by time. */
static void test_order(void)
{
    const double exact = step_to_a_day(OST_STEPPER_RODAS5P, 1e-13, 1.0 / 128, false);
    for (int s = 0; s < OST_N_STEPPERS; s++) {
        if (ost_steppers[s].family != OST_FAMILY_LANES) continue;
        double error[2];
        for (int i = 0; i < 2; i++)
            error[i] = fabs(step_to_a_day((ost_stepper_t) s, 0.1, 1.0 / (8 << i), true) - exact);
        const double order = log2(error[0] / error[1]);
        printf("\n    %-8s %.1e %.1e order %.2f", ost_steppers[s].name, error[0], error[1], order);
        CU_ASSERT(order > ost_steppers[s].order - 0.3);
        CU_ASSERT(error[0] < 1e-4);
    }
}

/* The bits of a job that is in closed form throughout do not depend on jobs beside it that are not. */
static void test_company(void)
{
    static double alone[N_STATES * N_OUT], y[20][N_STATES * N_OUT];
    static const double alike[N_CONSTANTS] = { 0.4, 0.4, 1.5 };
    ost_event_t events[2][80];
    size_t n_events[2] = { add_events(events[0], false), add_events(events[1], true) };
    run_drug(OST_STEPPER_RODAS5P, 1e-6, &kinetics, false, typical, alone);
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t jobs[20];
    for (int j = 0; j < 20; j++)
        jobs[j] = (ost_job_t){ .t1 = T_END,
            .x0 = x_start,
            .p = j % 3 == 1 ? alike : typical,
            .u0 = u_start,
            .events = events[j % 3 == 2],
            .n_events = n_events[j % 3 == 2],
            .t_out = t_out,
            .n_out = N_OUT,
            .y = y[j] };
    run_jobs(&drug, &options, jobs, 20);
    for (int j = 0; j < 20; j += 3) CU_ASSERT_EQUAL(memcmp(alone, y[j], sizeof(alone)), 0);
}

/* A depot and a compartment with inflow 0.7: what a dose leaves after a time, summed over a thousand doses. */
static void past_doses(const ost_repeated_t *doses, const double *rates, double *x)
{
    double k_a = rates[0], k_e = rates[1], c = k_a / (k_a - k_e);
    x[0] = 0;
    x[1] = 0.7 / k_e;
    for (int k = 0; k < 1000; k++) {
        double u = doses->phase + k * doses->interval, over = u - doses->duration;
        if (doses->rate == 0) {
            x[0] += doses->amount * exp(-k_a * u);
            x[1] += doses->amount * c * (exp(-k_e * u) - exp(-k_a * u));
            continue;
        }
        double a = -expm1(-k_a * u) / k_a, e = -expm1(-k_e * u) / k_e;
        if (over > 0) a += expm1(-k_a * over) / k_a, e += expm1(-k_e * over) / k_e;
        x[0] += doses->rate * a;
        x[1] += doses->rate * c * (e - a);
    }
}

static void test_repeated(void)
{
    const double rates[] = { 3.1, 0.2 }, a[] = { -3.1, 0, 3.1, -0.2 }, b[] = { 0, 0.7 };
    const ost_repeated_t doses[] = { { .amount = 5, .interval = 1, .phase = 1 },
        { .amount = 5, .interval = 1, .phase = 0.3 }, { .rate = 2, .duration = 0.5, .interval = 1, .phase = 1 },
        { .rate = 2, .duration = 0.5, .interval = 1, .phase = 0.3 },
        { .rate = 2, .duration = 1, .interval = 1, .phase = 1 },
        { .rate = 2, .duration = 7.4, .interval = 1, .phase = 0.3 },
        { .rate = 2, .duration = 7.4, .interval = 1, .phase = 1 } };
    const size_t running[] = { 0, 0, 0, 1, 0, 8, 7 };
    double x[2], exact[2];
    for (size_t i = 0; i < COUNT(doses); i++) {
        CU_ASSERT_TRUE(ost_repeated_linear(&doses[i], 2, a, b, 0, x));
        CU_ASSERT_EQUAL(ost_repeated_running(&doses[i]), running[i]);
        past_doses(&doses[i], rates, exact);
        ost_assert_close(x[0], exact[0], 1e-13, 0);
        ost_assert_close(x[1], exact[1], 1e-13, 0);
    }
    CU_ASSERT_TRUE(ost_repeated_linear(&(ost_repeated_t){ .rate = 2 }, 2, a, b, 0, x));
    ost_assert_close(x[0], 2 / 3.1, 1e-14, 0);
    ost_assert_close(x[1], 2.7 / 0.2, 1e-14, 0);
    const double grows[] = { -3.1, 0, 3.1, 0.2 }, stays[] = { -3.1, 0, 3.1, 0 }, no_inflow[2] = { 0 };
    CU_ASSERT_FALSE(ost_repeated_linear(&doses[0], 2, grows, no_inflow, 0, x));
    CU_ASSERT_FALSE(ost_repeated_linear(&doses[0], 2, stays, no_inflow, 0, x));
}

static const ost_test_t tests[] = {
    { "modes_of_random_models", test_modes },
    { "closed_form_against_integration", test_closed_form },
    { "what_is_not_closed_is_integrated", test_fall_back },
    { "what_a_depot_feeds", test_fed },
    { "what_fades_faster_than_its_depot", test_slow_depot },
    { "forced_states", test_forced },
    { "order_where_states_are_known", test_order },
    { "bits_do_not_depend_on_company", test_company },
    { "doses_that_repeat_without_end", test_repeated },
};
OST_TEST_MAIN("linear", tests)
