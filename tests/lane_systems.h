/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small systems in lane form, written by hand, for the tests of the solver; and a way to run one job of them. */
#ifndef OST_LANE_SYSTEMS_H
#define OST_LANE_SYSTEMS_H

#include "core/lanes.h"
#include "solve/solve.h"
#include "testlib.h"

#include <stdlib.h>
#include <string.h>

#define ROW_OF(rows, i) ost_v_load((rows) + (size_t) (i) *OST_LANES)
#define SET_ROW(rows, i, value) ost_v_store((rows) + (size_t) (i) *OST_LANES, (value))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline ost_v each_lane(double (*f)(double), ost_v a)
{
    for (int l = 0; l < OST_LANES; l++) a[l] = f(a[l]);
    return a;
}

static const char *const state_names[] = { "A", "B", "C", "D", "E", "F", "G", "H" };

static inline void no_switches(const void *self, const ost_point_t *at, double *g)
{
    (void) self, (void) at, (void) g;
}

/* Output i is state i. */
static inline void states_as_outputs(const void *self, const ost_point_t *at, double *y)
{
    const ost_system_t *system = self;
    memcpy(y, at->x, system->n_outputs * OST_LANES * sizeof(double));
}

#define SYSTEM_TAIL(name)                                                                                              \
    .n_entries = COUNT(name##_row), .row = name##_row, .col = name##_col, .rhs = name##_rhs,                           \
    .jacobian = name##_jacobian, .outputs = states_as_outputs, .state_names = state_names, .self = &name

/* Run jobs with options changed from the defaults; any error of the call itself fails the test. */
static inline void run_jobs(
    const ost_system_t *system, const ost_solver_options_t *options, ost_job_t *jobs, size_t n_jobs)
{
    ost_batch_t *batch = NULL;
    ost_error_t err = { 0 };
    int code = ost_batch_new(&batch, system, options, &err);
    if (code == 0) code = ost_batch_run(batch, jobs, n_jobs, &err);
    if (code != 0) fprintf(stderr, "%s\n", err.what);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    ost_batch_delete(batch);
}

static inline ost_solver_options_t options_at(double rtol)
{
    ost_solver_options_t options;
    ost_solver_options_default(&options);
    options.rtol = rtol;
    return options;
}

static const double none[1];

#endif
