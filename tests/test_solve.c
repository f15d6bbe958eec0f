/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lane_systems.h"

#include <math.h>
#include <stdio.h>

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

static void known_jacobian(const void *self, const ost_point_t *at, double *e)
{
    (void) self;
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
static double known_error(double h, double spacing)
{
    enum { N = 41 };
    double x0[] = { 1, 1 }, t_out[N], y[2 * N], largest = 0;
    for (int i = 0; i < N; i++) t_out[i] = spacing * i;
    ost_solver_options_t options = options_at(1e-6);
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
    double error[2], dense[2];
    for (int k = 0; k < 2; k++) {
        error[k] = known_error(ldexp(1, -4 - 3 * k), 0.125);
        dense[k] = known_error(ldexp(1, -4 - 3 * k), 0.071);
    }
    double order = log2(error[0] / error[1]) / 3, dense_order = log2(dense[0] / dense[1]) / 3;
    printf("\n  h 1/16: %.2e, 1/128: %.2e, order %.2f; dense %.2e, %.2e, order %.2f\n", error[0], error[1], order,
        dense[0], dense[1], dense_order);
    CU_ASSERT(order > 3.8 && order < 4.3);
    CU_ASSERT(dense_order > 3.1);
}

static const ost_test_t tests[] = {
    { "order", test_order },
};
OST_TEST_MAIN("solve", tests)
