/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lane_systems.h"

#include <math.h>
#include <stdio.h>

/* ost_assert_close, which names the stepper where it fails. */
static void close_at(int stepper, const char *of, double a, double b, double rtol, double atol, int line)
{
    char what[80];
    snprintf(what, sizeof(what), "%s: %s", ost_steppers[stepper].name, of);
    ost_assert_close_at(a, b, rtol, atol, what, __FILE__, line);
}
#define CLOSE(stepper, of, a, b, rtol, atol) close_at(stepper, of, a, b, rtol, atol, __LINE__)

/* A mildly stiff, nonlinear, non-autonomous system with a known solution, x = cos t, y = exp(-t / 2), by way of an
 * algebraic chain: s = (x - cos t)(1 + t), v = s^2 + t (y - exp(-t / 2)); x' = -sin t - 5 s + v, y' = -y / 2 + 3 s. */
static void known_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v t = ROW_OF(at->t, 0), x = ROW_OF(at->x, 0), y = ROW_OF(at->x, 1);
    ost_v s = (x - each_lane(cos, t)) * (1.0 + t), v = s * s + t * (y - each_lane(exp, -0.5 * t));
    SET_ROW(f, 0, -each_lane(sin, t) - 5.0 * s + v);
    SET_ROW(f, 1, -0.5 * y + 3.0 * s);
}

static const uint32_t known_row[] = { 2, 2, 3, 3, 3, 0, 0, 0, 1, 1 };
static const uint32_t known_col[] = { 0, 4, 2, 1, 4, 2, 3, 4, 1, 2 };

static void known_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    known_rhs(self, at, f);
    ost_v t = ROW_OF(at->t, 0), x = ROW_OF(at->x, 0), y = ROW_OF(at->x, 1), c = each_lane(cos, t);
    ost_v s = (x - c) * (1.0 + t), decay = each_lane(exp, -0.5 * t);
    SET_ROW(e, 0, 1.0 + t);
    SET_ROW(e, 1, each_lane(sin, t) * (1.0 + t) + (x - c));
    SET_ROW(e, 2, 2.0 * s);
    SET_ROW(e, 3, t);
    SET_ROW(e, 4, (y - decay) + 0.5 * t * decay);
    SET_ROW(e, 5, ost_v_splat(-5));
    SET_ROW(e, 6, ost_v_splat(1));
    SET_ROW(e, 7, -c);
    SET_ROW(e, 8, ost_v_splat(-0.5));
    SET_ROW(e, 9, ost_v_splat(3));
}

static const double no_scale[] = { INFINITY, INFINITY, INFINITY, INFINITY };
static const bool may_be_negative[8];

static const ost_system_t known = { .n_states = 2,
    .n_algebraic = 2,
    .n_outputs = 2,
    .scale = no_scale, /* no error control: every step is h_max */
    .positive = may_be_negative,
    SYSTEM_TAIL(known) };

/* Largest error at times i x spacing, with steps of size h throughout. */
static double known_error(ost_stepper_t stepper, double h, double spacing)
{
    enum { N = 41 };
    double x0[] = { 1, 1 }, t_out[N], y[2 * N], largest = 0;
    for (int i = 0; i < N; i++) t_out[i] = spacing * i;
    ost_solver_options_t options = options_at(1e-6);
    options.stepper = stepper;
    options.h_max = h;
    ost_job_t job = { .t1 = 3, .x0 = x0, .p = none, .u0 = none, .t_out = t_out, .n_out = N, .y = y };
    run_jobs(&known, &options, &job, 1);
    CU_ASSERT_EQUAL(job.stats.steps, (uint64_t) (3 / h));
    for (int i = 0; i < N && t_out[i] <= 3; i++)
        largest = fmax(largest, fmax(fabs(y[i] - cos(t_out[i])), fabs(y[N + i] - exp(-0.5 * t_out[i]))));
    return largest;
}

static void test_order(void)
{
    for (int m = 0; m < OST_N_STEPPERS; m++) {
        const ost_stepper_info_t *expected = &ost_steppers[m];
        if (expected->family != OST_FAMILY_LANES) continue;
        double error[2], dense[2];
        for (int k = 0; k < 2; k++) {
            double h = ldexp(1, -5 - 2 * k);
            error[k] = known_error((ost_stepper_t) m, h, 0.125);
            dense[k] = known_error((ost_stepper_t) m, h, 0.071);
        }
        double order = log2(error[0] / error[1]) / 2, dense_order = log2(dense[0] / dense[1]) / 2;
        printf("\n  %s, h 1/32: %.2e, 1/128: %.2e, order %.2f; dense %.2e, %.2e, order %.2f\n", expected->name,
            error[0], error[1], order, dense[0], dense[1], dense_order);
        CU_ASSERT(order > expected->order - 0.2 && order < expected->order + 0.7);
        CU_ASSERT(dense_order > expected->dense_order - 0.15);
    }
}

/* x' = p0 + 2 p1 t + 3 p2 t^2 + 4 p3 t^3: dense output of order n is exact for a polynomial of degree n. */
static void power_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v t = ROW_OF(at->t, 0), sum = 4.0 * ROW_OF(at->p, 3);
    for (int i = 3; i-- > 0;) sum = sum * t + (double) (i + 1) * ROW_OF(at->p, i);
    SET_ROW(f, 0, sum);
}

static const uint32_t power_row[] = { 0 };
static const uint32_t power_col[] = { 1 };
static int n_jacobians;

static void power_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    power_rhs(self, at, f);
    ost_v t = ROW_OF(at->t, 0);
    SET_ROW(e, 0, (12.0 * ROW_OF(at->p, 3) * t + 6.0 * ROW_OF(at->p, 2)) * t + 2.0 * ROW_OF(at->p, 1));
    n_jacobians++;
}

static const ost_system_t power = {
    .n_states = 1, .n_constants = 4, .n_outputs = 1, .scale = no_scale, .positive = may_be_negative, SYSTEM_TAIL(power)
};

static void test_powers_are_exact_between_steps(void)
{
    enum { N = 29 };
    static const double factors[] = { 0.7, -1, 1, 0.3 };
    for (int stepper = 0; stepper < OST_N_STEPPERS; stepper++) {
        const ost_stepper_info_t *info = &ost_steppers[stepper];
        if (info->family != OST_FAMILY_LANES) continue;
        double x0[] = { 1 }, p[4], t_out[N], y[N];
        for (int i = 0; i < 4; i++) p[i] = i + 1 <= info->dense_order ? factors[i] : 0;
        for (int i = 0; i < N; i++) t_out[i] = 0.1 * i;
        ost_solver_options_t options = options_at(1e-6);
        options.stepper = (ost_stepper_t) stepper;
        options.h_max = 0.75;
        ost_job_t job = { .t1 = 3, .x0 = x0, .p = p, .u0 = none, .t_out = t_out, .n_out = N, .y = y };
        n_jacobians = 0;
        run_jobs(&power, &options, &job, 1);
        CLOSE(stepper, "steps", (double) job.stats.steps, 4, 0, 0);
        CLOSE(stepper, "Jacobians counted and computed", (double) job.stats.jacobians, n_jacobians, 0, 0);
        for (int i = 0; i < N; i++) {
            double t = t_out[i];
            CLOSE(stepper, "output", y[i], 1 + t * (p[0] + t * (p[1] + t * (p[2] + t * p[3]))), 1e-13, 0);
        }
    }
}

/* Robertson's reaction with its third species through an algebraic quantity: s = 3e7 y^2. */
static void robertson_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v a = ROW_OF(at->x, 0), b = ROW_OF(at->x, 1), c = ROW_OF(at->x, 2), s = 3e7 * b * b;
    SET_ROW(f, 0, -0.04 * a + 1e4 * b * c);
    SET_ROW(f, 1, 0.04 * a - 1e4 * b * c - s);
    SET_ROW(f, 2, s);
}

static const uint32_t robertson_row[] = { 0, 0, 0, 1, 1, 1, 1, 2, 3 };
static const uint32_t robertson_col[] = { 0, 1, 2, 0, 1, 2, 3, 3, 1 };

static void robertson_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    robertson_rhs(self, at, f);
    ost_v b = ROW_OF(at->x, 1), c = ROW_OF(at->x, 2);
    SET_ROW(e, 0, ost_v_splat(-0.04));
    SET_ROW(e, 1, 1e4 * c);
    SET_ROW(e, 2, 1e4 * b);
    SET_ROW(e, 3, ost_v_splat(0.04));
    SET_ROW(e, 4, -1e4 * c);
    SET_ROW(e, 5, -1e4 * b);
    SET_ROW(e, 6, ost_v_splat(-1));
    SET_ROW(e, 7, ost_v_splat(1));
    SET_ROW(e, 8, 6e7 * b);
}

static const double robertson_scale[] = { 1, 1e-4, 1 };
static const bool all_positive[8] = { true, true, true, true, true, true, true, true };
static const ost_system_t robertson = { .n_states = 3,
    .n_algebraic = 1,
    .n_outputs = 3,
    .scale = robertson_scale,
    .positive = all_positive,
    SYSTEM_TAIL(robertson) };

/* The same with s put into the equations by hand. */
static const uint32_t reduced_row[] = { 0, 0, 0, 1, 1, 1, 2 };
static const uint32_t reduced_col[] = { 0, 1, 2, 0, 1, 2, 1 };

static void reduced_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    robertson_rhs(self, at, f);
    ost_v b = ROW_OF(at->x, 1), c = ROW_OF(at->x, 2);
    SET_ROW(e, 0, ost_v_splat(-0.04));
    SET_ROW(e, 1, 1e4 * c);
    SET_ROW(e, 2, 1e4 * b);
    SET_ROW(e, 3, ost_v_splat(0.04));
    SET_ROW(e, 4, -1e4 * c - 6e7 * b);
    SET_ROW(e, 5, -1e4 * b);
    SET_ROW(e, 6, 6e7 * b);
}

#define reduced_rhs robertson_rhs
static const ost_system_t reduced = {
    .n_states = 3, .n_outputs = 3, .scale = robertson_scale, .positive = all_positive, SYSTEM_TAIL(reduced)
};

static ost_job_t robertson_job(double *x_end)
{
    static const double x0[] = { 1, 0, 0 };
    return (ost_job_t){ .t1 = 1e4, .x0 = x0, .p = none, .u0 = none, .x_end = x_end };
}

static void test_stiff_robertson(void)
{
    double ours[3], gsl[3];
    ost_solver_options_t options = options_at(1e-8);
    ost_job_t job = robertson_job(ours), slow = robertson_job(gsl);
    run_jobs(&robertson, &options, &job, 1);
    options.stepper = OST_STEPPER_GSL_MSBDF;
    options.rtol = 1e-10;
    run_jobs(&robertson, &options, &slow, 1);
    CU_ASSERT_EQUAL(job.status, 0);
    CU_ASSERT_EQUAL(slow.status, 0);
    printf("\n  %llu steps, GSL's msbdf %llu\n", (unsigned long long) job.stats.steps,
        (unsigned long long) slow.stats.steps);
    for (int i = 0; i < 3; i++) ost_assert_close(ours[i], gsl[i], 1e-6, 0);
    ost_assert_close(ours[0] + ours[1] + ours[2], 1, 1e-12, 0); /* linear invariants are kept exactly */
}

static void test_chain_equals_reduced(void)
{
    double chain[3], by_hand[3];
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t a = robertson_job(chain), b = robertson_job(by_hand);
    run_jobs(&robertson, &options, &a, 1);
    run_jobs(&reduced, &options, &b, 1);
    CU_ASSERT_EQUAL(a.stats.steps, b.stats.steps);
    CU_ASSERT_EQUAL(a.stats.rejected, b.stats.rejected);
    for (int i = 0; i < 3; i++) ost_assert_close(chain[i], by_hand[i], 1e-12, 0);
}

/* Van der Pol, mu = 1000. */
static void vdp_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v x = ROW_OF(at->x, 0), v = ROW_OF(at->x, 1);
    SET_ROW(f, 0, v);
    SET_ROW(f, 1, 1000.0 * (1.0 - x * x) * v - x);
}

static const uint32_t vdp_row[] = { 0, 1, 1 };
static const uint32_t vdp_col[] = { 1, 0, 1 };

static void vdp_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    vdp_rhs(self, at, f);
    ost_v x = ROW_OF(at->x, 0), v = ROW_OF(at->x, 1);
    SET_ROW(e, 0, ost_v_splat(1));
    SET_ROW(e, 1, -2000.0 * x * v - 1.0);
    SET_ROW(e, 2, 1000.0 * (1.0 - x * x));
}

static const double vdp_scale[] = { 1, 1e-3 };
static const ost_system_t vdp = {
    .n_states = 2, .n_outputs = 2, .scale = vdp_scale, .positive = may_be_negative, SYSTEM_TAIL(vdp)
};

/* The reference at t = 2000 is that of the Bari test set for initial value problems (there scaled by mu). */
static void test_stiff_van_der_pol(void)
{
    static const double x0[] = { 2, 0 };
    double before = INFINITY, x_end[2];
    for (int k = 4; k <= 9; k++) {
        ost_solver_options_t options = options_at(pow(10, -k));
        options.stepper = OST_STEPPER_RODAS4;
        ost_job_t job = { .t1 = 2000, .x0 = x0, .p = none, .u0 = none, .x_end = x_end };
        run_jobs(&vdp, &options, &job, 1);
        double error = fabs(x_end[0] / 1.706167732170483 - 1);
        printf("\n  rtol 1e-%d: %llu steps, %llu rejected, error %.1e", k, (unsigned long long) job.stats.steps,
            (unsigned long long) job.stats.rejected, error);
        CU_ASSERT_EQUAL(job.status, 0);
        CU_ASSERT(error < before);
        before = error;
    }
    ost_assert_close(x_end[0], 1.706167732170483, 1e-7, 0);
    ost_assert_close(x_end[1], -0.8928097010247975e-3, 1e-7, 0);
}

/* Prothero-Robinson: x' = l (x - cos t) - sin t; very stiff problems show a lower order than 4 or 5. */
static void prothero_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v t = ROW_OF(at->t, 0);
    SET_ROW(f, 0, ROW_OF(at->p, 0) * (ROW_OF(at->x, 0) - each_lane(cos, t)) - each_lane(sin, t));
}

static const uint32_t prothero_row[] = { 0, 0 };
static const uint32_t prothero_col[] = { 0, 1 };

static void prothero_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    prothero_rhs(self, at, f);
    ost_v t = ROW_OF(at->t, 0), l = ROW_OF(at->p, 0);
    SET_ROW(e, 0, l);
    SET_ROW(e, 1, l * each_lane(sin, t) - each_lane(cos, t));
}

static const ost_system_t prothero = { .n_states = 1,
    .n_constants = 1,
    .n_outputs = 1,
    .scale = no_scale,
    .positive = may_be_negative,
    SYSTEM_TAIL(prothero) };

static void test_prothero_robinson(void)
{
    for (double l = -1; l > -1e7; l *= 100) {
        double x0[] = { 1 }, x_end[1], error[2];
        for (int k = 0; k < 2; k++) {
            ost_solver_options_t options = options_at(1e-6);
            options.h_max = k == 0 ? 0.125 : 0.0625;
            ost_job_t job = { .t1 = 2, .x0 = x0, .p = &l, .u0 = none, .x_end = x_end };
            run_jobs(&prothero, &options, &job, 1);
            error[k] = fabs(x_end[0] - cos(2));
        }
        printf("\n  l %g: error %.1e, order %.2f", l, error[1], log2(error[0] / error[1]));
        CU_ASSERT(error[1] < 2e-6);
        CU_ASSERT(log2(error[0] / error[1]) > 1.3);
    }
}

static void test_steppers_agree(void)
{
    double x0[] = { 1, 1 }, t_out[] = { 0, 0.5, 1.5, 3 }, y[OST_STEPPER_AUTO][8];
    static const double scale[] = { 1, 1 };
    ost_system_t controlled = known;
    controlled.scale = scale;
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        ost_solver_options_t options = options_at(1e-9);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = { .t1 = 3, .x0 = x0, .p = none, .u0 = none, .t_out = t_out, .n_out = 4, .y = y[stepper] };
        run_jobs(&controlled, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, 0);
        for (int i = 0; i < 4; i++) {
            CLOSE(stepper, "x", y[stepper][i], cos(t_out[i]), 0, 2e-7);
            CLOSE(stepper, "y", y[stepper][4 + i], exp(-0.5 * t_out[i]), 0, 2e-7);
        }
    }
}

/* A system that is stiff, one that is not, and one that no method gets through. */
static void test_stepper_is_chosen(void)
{
    static const double scale[] = { 1 };
    ost_system_t controlled = prothero;
    controlled.scale = scale;
    double x0[] = { 1 }, l[] = { -1, -1e5, NAN };
    for (int k = 0; k < 3; k++) {
        ost_solver_options_t options = options_at(1e-6);
        ost_stepper_t stepper;
        ost_job_t job = { .t1 = 20, .x0 = x0, .p = &l[k], .u0 = none };
        options.stepper = OST_STEPPER_AUTO;
        CU_ASSERT_EQUAL(ost_stepper_choose(&stepper, &controlled, &options, &job, 1, NULL), 0);
        CU_ASSERT_EQUAL(stepper, k == 0 ? OST_STEPPER_TSIT5 : OST_STEPPER_RODAS5P);
        ost_batch_t *batch;
        CU_ASSERT_EQUAL(ost_batch_new(&batch, &controlled, &options, NULL), OST_ERR_VALUE);
    }
}

static const ost_test_t tests[] = {
    { "stepper_is_chosen", test_stepper_is_chosen },
    { "order", test_order },
    { "powers_are_exact_between_steps", test_powers_are_exact_between_steps },
    { "stiff_robertson", test_stiff_robertson },
    { "chain_equals_reduced", test_chain_equals_reduced },
    { "stiff_van_der_pol", test_stiff_van_der_pol },
    { "prothero_robinson", test_prothero_robinson },
    { "steppers_agree", test_steppers_agree },
};
OST_TEST_MAIN("solve", tests)
