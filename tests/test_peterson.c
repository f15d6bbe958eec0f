/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sheet of Peterson & Riggs says besides its trajectories (those are in test_published): peaks, rest,
 * eigenvalues, and a jump that the solver finds. */
#include "cohort/cohort.h"
#include "lang/kernel.h"
#include "plan/plan.h"
#include "testlib.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_math.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = OST_LANE_COUNT, MAX_OVERRIDES = 8 };

typedef struct {
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan;
    ost_cohort_summary_t summary;
    double *y; /* [n_arms][n_outputs][n_times] of the one subject */
} run_t;

static void must(int ret, ost_error_t *err)
{
    char text[1024];
    if (ret < 0) fprintf(stderr, "\n%s\n", ost_error_format(err, text, sizeof(text)));
    CU_ASSERT_FATAL(ret >= 0);
}

static int keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    run_t *self = user;
    size_t n = self->experiment.n_arms * self->plan.system->n_outputs * self->experiment.n_times;
    memcpy(self->y, block->y, n * sizeof(double));
    return 0;
}

/* Plan configs/published/NAME.yaml with up to MAX_OVERRIDES changes, a NULL after the last. */
static void plan_config(run_t *self, const char *name, const char *const *overrides)
{
    char path[512];
    ost_error_t err = { 0 };
    size_t n = 0;
    memset(self, 0, sizeof(*self));
    snprintf(path, sizeof(path), "%s/configs/published/%s.yaml", OST_SOURCE_DIR, name);
    while (overrides[n] != NULL) n++;
    must(ost_library_init(&self->library, &err), &err);
    must(ost_experiment_read(&self->experiment, path, overrides, n, &err), &err);
    must(ost_plan_build(&self->plan, &self->library, &self->experiment, &err), &err);
}

static void run_config(run_t *self, const char *name, const char *const *overrides)
{
    ost_error_t err = { 0 };
    plan_config(self, name, overrides);
    self->y =
        calloc(self->experiment.n_arms * self->plan.system->n_outputs * self->experiment.n_times, sizeof(*self->y));
    CU_ASSERT_PTR_NOT_NULL_FATAL(self->y);
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = keep, .user = self };
    must(ost_cohort_run(&self->plan, &options, &self->summary, &err), &err);
    CU_ASSERT_EQUAL(self->summary.failures, 0);
}

static void free_run(run_t *self)
{
    free(self->y);
    ost_cohort_summary_free(&self->summary);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
    ost_library_free(&self->library);
}

/* [n_times] of a scalar output in an arm. */
static const double *schedule(const run_t *self, size_t arm, const char *name)
{
    for (size_t i = 0; i < self->plan.outputs->n_variables; i++)
        if (strcmp(self->plan.outputs->variables[i].name, name) == 0)
            return self->y + (arm * self->plan.system->n_outputs + self->plan.outputs->variables[i].first) *
                                 self->experiment.n_times;
    CU_FAIL_FATAL("no such output");
    return NULL;
}

static size_t highest(const double *y, size_t first, size_t end)
{
    size_t at = first;
    for (size_t i = first; i < end; i++)
        if (y[i] > y[at]) at = i;
    return at;
}

static void test_denosumab(void)
{
    static const struct {
        double peak, end;
        size_t day;
    } expected[] = { { 1.06027085, 1.02264171, 928 }, { 1.08361592, 1.04433309, 990 },
        { 1.08808211, 1.06306580, 1057 } };
    static const char *const daily[] = { "times={to: 1176 day, every: 1 day}", "solver.rtol=1e-9", NULL };
    run_t run;
    run_config(&run, "peterson_denosumab", daily);
    for (size_t a = 0; a < 3; a++) {
        const double *bmd = schedule(&run, a, "bmd_denosumab");
        size_t day = highest(bmd, 0, 1177);
        CU_ASSERT_EQUAL(day, expected[a].day);
        ost_assert_close(bmd[day], expected[a].peak, 0, 0.6e-8);
        ost_assert_close(bmd[1176], expected[a].end, 0, 0.6e-8);
    }
    const double *level = schedule(&run, 1, "denosumab_concentration");
    ost_assert_close(level[highest(level, 0, 1177)], 8552.4089, 0, 0.6e-4);
    free_run(&run);
}

static void test_teriparatide(void)
{
    static const double expected[][4] = { { 28.874449, 2.378603, 2.384364, 2.35431726 },
        { 53.935482, 2.384238, 2.392097, 2.35521538 } };
    static const char *const fine[] = { "times={to: 10 day, every: 0.1 h}", "solver.rtol=1e-9", NULL };
    run_t run;
    run_config(&run, "peterson_teriparatide", fine);
    for (size_t a = 0; a < 2; a++) {
        const double *pth = schedule(&run, a, "pth"), *calcium = schedule(&run, a, "calcium");
        size_t i = highest(pth, 0, 2401);
        CU_ASSERT_EQUAL(i % 240, 4); /* 0.4 h after a dose */
        ost_assert_close(pth[i], expected[a][0], 0, 0.6e-6);
        ost_assert_close(calcium[highest(calcium, 0, 240)], expected[a][1], 0, 0.6e-6);
        ost_assert_close(calcium[highest(calcium, 2160, 2401)], expected[a][2], 0, 0.6e-6);
        ost_assert_close(calcium[2400], expected[a][3], 0, 0.6e-8);
    }
    free_run(&run);
}

/* The initial values are not quite at rest. Once BMD of the neck has settled (half-life 14 y, here a ninth of that)
 * nothing moves any more but calcium in urine and in bone, which takes up the same each year. */
static void test_rest(void)
{
    static const char *const settled[] = { "arms={no_treatment: {}}", "run_in={start: -100 year}",
        "parameters={\"peterson2012.koutBMD[femoral_neck]\": 5e-5 1/h}", "times={to: 50 year, every: 10 year}",
        "solver.rtol=1e-8", NULL };
    run_t run;
    run_config(&run, "peterson_pth_infusion", settled);
    for (size_t i = 0; i < run.plan.outputs->n_variables; i++) {
        const ost_variable_t *v = &run.plan.outputs->variables[i];
        bool is_store = strcmp(v->name, "urinary_calcium") == 0 || strncmp(v->name, "bone_calcium", 12) == 0;
        for (uint32_t k = 0; k < v->n_elements; k++) {
            const double *y = run.y + (v->first + k) * 6;
            for (int t = 1; t < 6; t++)
                ost_assert_close_at(
                    y[t] - (is_store ? t * (y[1] - y[0]) : 0), y[0], 1e-8, 0, v->name, __FILE__, __LINE__);
        }
    }
    free_run(&run);
    static const char *const start[] = { "times=[0 day]", NULL };
    static const struct {
        const char *name;
        double value, digit;
    } at_start[] = { { "calcium_release", 3.66666667, 1e-8 }, { "calcium_uptake", 3.66666667, 1e-8 },
        { "calcium_excretion", 0.149997, 1e-9 }, { "calcium_absorption", 0.15034361, 1e-8 },
        { "phosphate_excretion", 0.30623388, 1e-8 } };
    run_config(&run, "peterson_pth_infusion", start);
    for (size_t i = 0; i < 5; i++)
        ost_assert_close(schedule(&run, 0, at_start[i].name)[0], at_start[i].value, 0, 0.51 * at_start[i].digit);
    free_run(&run);
}

static double *lane_rows(size_t n)
{
    double *rows = aligned_alloc(64, (n + 1) * LANES * sizeof(double));
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    memset(rows, 0, (n + 1) * LANES * sizeof(double));
    return rows;
}

/* States of all blocks (and, on the way, the constants of the equations) at the start. */
static void prepare(const ost_plan_t *plan, double *constants, double *x)
{
    ost_error_t err = { 0 };
    double covariates[4], params[512], *p = lane_rows(512), *scratch = lane_rows(512), *h = lane_rows(512),
                                       *x0 = lane_rows(512);
    CU_ASSERT_FATAL(plan->blocks->n_params <= 512);
    must(ost_plan_subject(plan, 0, covariates, params, &err), &err);
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_block_t *block = &plan->blocks->block[b];
        const ost_model_t *m = block->model;
        CU_ASSERT_FATAL(m->n_hoisted <= 512 && m->n_scratch <= 512 && m->n_states <= 512);
        for (size_t i = 0; i < m->n_params; i++) p[i * LANES] = params[block->first_param + i];
        m->kernel[OST_ISA_BASE]->prepare(m->kernel[OST_ISA_BASE], p, h, x0, scratch);
        for (size_t i = 0; i < m->n_hoisted; i++) constants[block->first_hoisted + i] = h[i * LANES];
        for (size_t i = 0; i < m->n_states; i++) x[block->first_state + i] = x0[i * LANES];
    }
    free(p);
    free(scratch);
    free(h);
    free(x0);
}

/* Derivatives of the states by the states, 1/h, and by time, per h; no signal depends on a state here. */
static gsl_matrix *jacobian_at(
    const ost_system_t *system, const double *constants, const double *x, double t, double *rates)
{
    double *rows[] = { lane_rows(1), lane_rows(system->n_states), lane_rows(system->n_constants),
        lane_rows(system->n_switches), lane_rows(system->n_scratch), lane_rows(system->n_states),
        lane_rows(system->n_entries), lane_rows(system->n_inputs) };
    const ost_point_t at = {
        .t = rows[0], .x = rows[1], .p = rows[2], .u = rows[7], .mode = rows[3], .scratch = rows[4]
    };
    gsl_matrix *jacobian = gsl_matrix_calloc(system->n_states, system->n_states);
    CU_ASSERT_PTR_NOT_NULL_FATAL(jacobian);
    for (size_t l = 0; l < LANES; l++) {
        rows[0][l] = t;
        for (size_t i = 0; i < system->n_states; i++) rows[1][i * LANES + l] = x[i];
        for (size_t i = 0; i < system->n_constants; i++) rows[2][i * LANES + l] = constants[i];
    }
    system->switches(system->self, &at, rows[5]);
    for (size_t i = 0; i < system->n_switches * LANES; i++) rows[3][i] = rows[5][i] >= 0;
    system->jacobian(system->self, &at, rows[5], rows[6]);
    for (size_t i = 0; i < system->n_states; i++) rates[i] = rows[5][i * LANES] / 24;
    for (size_t i = 0; i < system->n_entries; i++)
        if (system->row[i] < system->n_states && system->col[i] < system->n_states)
            gsl_matrix_set(jacobian, system->row[i], system->col[i], rows[6][i * LANES] / 24);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) free(rows[i]);
    return jacobian;
}

static size_t state_index(const ost_plan_t *plan, const char *name)
{
    for (size_t b = 0; b < plan->blocks->n; b++)
        for (size_t i = 0; i < plan->blocks->block[b].model->n_states; i++)
            if (strcmp(plan->blocks->block[b].model->states[i].name, name) == 0)
                return plan->blocks->block[b].first_state + i;
    CU_FAIL_FATAL("no such state");
    return 0;
}

/* The start is not quite at rest: relative rates, per h. And how fast osteoblasts of either kind are lost there. */
static void test_start(void)
{
    static const struct {
        const char *state;
        double rate, digit;
    } drifts[] = { { "P", 1.05e-5, 1e-7 }, { "ECCPhos", -8.5e-5, 1e-6 }, { "T", -1.6e-6, 1e-7 },
        { "PhosGut", 1.8e-5, 1e-6 }, { "IntraPO", 4.4e-7, 1e-8 }, { "OC", 0, 1e-9 }, { "OBfast", 0, 1e-9 },
        { "PTH", 0, 1e-9 }, { "L", 0, 1e-9 } },
      losses[] = { { "OBfast", 7.1103049e-4, 1e-11 }, { "OBslow", 1.8963913e-4, 1e-11 } };
    static const char *const start[] = { "arms={no_treatment: {}}", "times=[0 day]", NULL };
    double constants[512], x[64], rates[64];
    run_t run;
    plan_config(&run, "peterson_pth_infusion", start);
    prepare(&run.plan, constants, x);
    gsl_matrix *jacobian = jacobian_at(run.plan.system, constants, x, 0, rates);
    for (size_t k = 0; k < sizeof(drifts) / sizeof(drifts[0]); k++) {
        size_t i = state_index(&run.plan, drifts[k].state);
        ost_assert_close(rates[i] / x[i], drifts[k].rate, 0, 0.51 * drifts[k].digit);
    }
    for (size_t k = 0; k < 2; k++) {
        size_t i = state_index(&run.plan, losses[k].state);
        ost_assert_close(gsl_matrix_get(jacobian, i, i), -losses[k].rate, 0, 0.51 * losses[k].digit);
    }
    gsl_matrix_free(jacobian);
    free_run(&run);
}

/* Twenty years of 364 days on. */
static void test_eigenvalues(void)
{
    static const double expected[][3] = { { -15.89, 0, 0.01 }, { -7.080, 0, 1e-3 }, { -4.095, 0, 1e-3 },
        { -0.693, 0, 1e-3 }, { -0.365, 0, 1e-3 }, { -0.277, 0, 1e-3 }, { -0.252, 0, 1e-3 }, { -0.1120, 0.0004, 1e-4 },
        { -0.1038, 0.0094, 1e-4 }, { -0.0406, 0.0084, 1e-4 }, { -0.0285, 0, 1e-4 }, { -0.0261, 0, 1e-4 },
        { -8.19e-3, 0, 1e-5 }, { -6.11e-3, 0, 1e-5 }, { -3.15e-3, 1.10e-3, 1e-5 }, { -3.05e-3, 0, 1e-5 },
        { -2.80e-3, 0, 1e-5 }, { -1.77e-3, 0, 1e-5 }, { -3.12e-4, 0, 1e-6 }, { -1.65e-4, 0, 1e-6 },
        { -1.24e-4, 1.09e-4, 1e-6 }, { 0, 0, 1e-9 }, { -5.65e-6, 0, 1e-8 } };
    static const char *const rest[] = { "arms={no_treatment: {}}", "times=[0 day]", NULL };
    static const double u0[16];
    double constants[512], x0[64], x1[64], rates[64];
    ost_error_t err = { 0 };
    ost_batch_t *batch = NULL;
    ost_solver_options_t options;
    run_t run;
    plan_config(&run, "peterson_pth_infusion", rest);
    const ost_system_t *system = run.plan.system;
    CU_ASSERT_FATAL(system->n_constants <= 512 && system->n_states <= 64 && system->n_inputs <= 16);
    prepare(&run.plan, constants, x0);
    ost_solver_options_default(&options);
    options.rtol = 1e-9;
    ost_job_t job = { .t1 = 20 * 364, .x0 = x0, .p = constants, .u0 = u0, .x_end = x1 };
    must(ost_batch_new(&batch, system, &options, &err), &err);
    must(ost_batch_run(batch, &job, 1, &err), &err);
    CU_ASSERT_EQUAL_FATAL(job.status, 0);
    gsl_matrix *jacobian = jacobian_at(system, constants, x1, job.t1, rates);
    gsl_vector_complex *found = gsl_vector_complex_alloc(system->n_states);
    gsl_eigen_nonsymm_workspace *space = gsl_eigen_nonsymm_alloc(system->n_states);
    gsl_eigen_nonsymm_params(0, 1, space); /* balanced: states differ by orders of magnitude */
    CU_ASSERT_EQUAL(gsl_eigen_nonsymm(jacobian, found, space), 0);
    for (size_t k = 0; k < sizeof(expected) / sizeof(expected[0]); k++) {
        double nearest = INFINITY;
        for (size_t i = 0; i < system->n_states; i++) {
            gsl_complex z = gsl_vector_complex_get(found, i);
            nearest = fmin(nearest, hypot(GSL_REAL(z) - expected[k][0], GSL_IMAG(z) - expected[k][1]));
        }
        if (!(nearest <= 0.71 * expected[k][2])) printf("\neigenvalue %g %+gi: ", expected[k][0], expected[k][1]);
        ost_assert_close(nearest, 0, 0, 0.71 * expected[k][2]); /* both parts rounded by half a unit */
    }
    gsl_eigen_nonsymm_free(space);
    gsl_vector_complex_free(found);
    gsl_matrix_free(jacobian);
    ost_batch_delete(batch);
    free_run(&run);
}

/* Osteoblasts, which feel the jump of Runx2, after each of 8 weeks of daily doses. */
static void osteoblasts_at(const char *rtol, double *y, uint64_t *n_located)
{
    const char *const weekly[] = { rtol, "times={to: 56 day, every: 7 day}", NULL };
    run_t run;
    run_config(&run, "peterson_teriparatide_2y", weekly);
    memcpy(y, schedule(&run, 0, "osteoblasts_fast"), 9 * sizeof(double));
    *n_located = run.summary.stats.switches_located;
    free_run(&run);
}

static void test_jump(void)
{
    static const char *const rtols[] = { "solver.rtol=1e-4", "solver.rtol=1e-6", "solver.rtol=1e-8",
        "solver.rtol=1e-10" };
    double truth[9], y[9], before = INFINITY;
    uint64_t n_located, n_true;
    osteoblasts_at("solver.rtol=1e-11", truth, &n_true);
    CU_ASSERT(n_true > 2 * 45); /* up and down, daily once Bcl-2 has risen */
    for (int k = 0; k < 4; k++) {
        double error = 0;
        osteoblasts_at(rtols[k], y, &n_located);
        for (int i = 0; i < 9; i++) error = fmax(error, fabs(y[i] / truth[i] - 1));
        printf("\n    %s: off by %.2g", rtols[k], error);
        CU_ASSERT(error < before / 4);
        CU_ASSERT_EQUAL(n_located, n_true);
        before = error;
    }
    CU_ASSERT(before < 1e-9);
}

static const ost_test_t tests[] = {
    { "denosumab", test_denosumab },
    { "teriparatide", test_teriparatide },
    { "rest", test_rest },
    { "start", test_start },
    { "eigenvalues", test_eigenvalues },
    { "jump", test_jump },
};
OST_TEST_MAIN("peterson", tests)
