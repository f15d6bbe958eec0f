/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See baseline.h. Newton's method, with derivatives by differences that are taken in the lanes side by side: outputs
 * are mostly linear in what is solved, as BMD in its peak. */
#include "cohort/baseline.h"

#include "plan/system.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES OST_LANE_COUNT
/* Of a value, or of its unit where it is smaller. */
#define TOLERANCE 1e-11
/* Part of a parameter by which it is moved for a derivative. */
#define STEP 1e-4
enum { MOST_STEPS = 30 };

struct ost_baseline_solver {
    const ost_plan_t *plan;
    ost_lane_plan_t silent; /* without noise */
    double *rows;
    double *p, *h, *x0, *x, *u, *mode, *scratch, *y, *t; /* within rows */
    /* [output][0] as the subject is, [1 + j] with the solved parameter j moved */
    double value[OST_MAX_BASELINES][1 + OST_MAX_BASELINES];
};

int ost_baseline_solver_new(ost_baseline_solver_t **out, const ost_plan_t *plan, ost_error_t *err)
{
    const ost_system_t *system = plan->system;
    *out = NULL;
    if (plan->experiment->n_baselines == 0) return 0;
    ost_baseline_solver_t *self = *out = calloc(1, sizeof(*self));
    if (self == NULL) return ost_no_memory(err);
    size_t n_scratch = system->n_scratch;
    for (size_t b = 0; b < plan->blocks->n; b++)
        if (plan->blocks->block[b].model->n_scratch > n_scratch) n_scratch = plan->blocks->block[b].model->n_scratch;
    const size_t sizes[] = { plan->blocks->n_params, system->n_constants, plan->blocks->n_states, system->n_states,
        system->n_inputs, system->n_switches, n_scratch, system->n_outputs, 1 };
    double **const parts[] = { &self->p, &self->h, &self->x0, &self->x, &self->u, &self->mode, &self->scratch, &self->y,
        &self->t };
    size_t n = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) n += sizes[i] * LANES;
    if ((self->rows = aligned_alloc(64, n * sizeof(double))) == NULL) return ost_no_memory(err);
    memset(self->rows, 0, n * sizeof(double));
    double *next = self->rows;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        *parts[i] = next;
        next += sizes[i] * LANES;
    }
    self->plan = plan;
    self->silent = *(const ost_lane_plan_t *) system->self;
    self->silent.is_silent = true;
    return 0;
}

void ost_baseline_solver_delete(ost_baseline_solver_t *self)
{
    if (self == NULL) return;
    free(self->rows);
    free(self);
}

static void fill(double *rows, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l < LANES; l++) rows[i * LANES + l] = values[i];
}

/* Outputs at time 0 of all lanes, by their parameters. */
static void evaluate(ost_baseline_solver_t *self)
{
    const ost_plan_t *plan = self->plan;
    const ost_system_t *system = plan->system;
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_block_t *block = &plan->blocks->block[b];
        const ost_kernel_t *kernel = block->model->kernel[plan->experiment->solver.isa];
        kernel->prepare(kernel, self->p + block->first_param * LANES, self->h + block->first_hoisted * LANES,
            self->x0 + block->first_state * LANES, self->scratch);
    }
    const ost_point_t at = {
        .t = self->t, .x = self->x, .p = self->h, .u = self->u, .mode = self->mode, .scratch = self->scratch
    };
    if (system->n_switches > 0) {
        system->switches(&self->silent, &at, self->mode);
        for (size_t i = 0; i < system->n_switches * LANES; i++) self->mode[i] = self->mode[i] >= 0;
    }
    system->outputs(&self->silent, &at, self->y);
}

/* a x = b by elimination. @param a  [n][OST_MAX_BASELINES], overwritten; b becomes x. @return false: singular */
static bool eliminate(double (*a)[OST_MAX_BASELINES], double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t k = i + 1; k < n; k++)
            if (fabs(a[k][i]) > fabs(a[best][i])) best = k;
        if (!(fabs(a[best][i]) > 0) || !isfinite(a[best][i])) return false;
        for (size_t j = 0; j < n; j++) {
            const double other = a[best][j];
            a[best][j] = a[i][j];
            a[i][j] = other;
        }
        const double other = b[best];
        b[best] = b[i];
        b[i] = other;
        for (size_t k = i + 1; k < n; k++) {
            const double factor = a[k][i] / a[i][i];
            for (size_t j = i; j < n; j++) a[k][j] -= factor * a[i][j];
            b[k] -= factor * b[i];
        }
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++) b[i] -= a[i][j] * b[j];
        b[i] /= a[i][i];
    }
    return true;
}

static size_t row_of(const ost_plan_t *plan, size_t i)
{
    return plan->outputs->condition_row[plan->conditions->baseline[i]];
}

/* Why outputs cannot be what they are given as: the first that is not. */
static int fail(const ost_baseline_solver_t *self, const double *target, const double *params, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    size_t i = 0;
    while (i + 1 < e->n_baselines &&
           fabs(self->value[i][0] - target[i]) <= 1e-6 * fmax(fabs(target[i]), plan->outputs->factor[row_of(plan, i)]))
        i++;
    const size_t row = row_of(plan, i), k = plan->population->solved[i];
    const ost_param_t *param = ost_blocks_param(plan->blocks, k);
    const double factor = plan->outputs->factor[row];
    return ost_fail(err, OST_ERR_VALUE,
        "baseline: %.80s = %.6g is out of reach: with %.80s = %.6g, in %.6g..%.6g %.40s, it is %.6g",
        e->baselines[i].output, target[i] / factor, e->baselines[i].param, params[k] / param->unit.factor,
        param->lower / param->unit.factor, param->upper / param->unit.factor, param->unit_text,
        self->value[i][0] / factor);
}

/* A step by which a parameter stays within its range. */
static double step_of(const ost_param_t *param, double value)
{
    const double step = STEP * (value != 0 ? fabs(value) : param->unit.factor);
    return value + step <= param->upper ? step : -step;
}

/* Values of the outputs from column `first` on, as many as there are lanes: as the subject is, then with each of the
 * solved parameters moved. */
static void evaluate_moved(ost_baseline_solver_t *self, const double *params, size_t first)
{
    const ost_plan_t *plan = self->plan;
    const size_t n = plan->experiment->n_baselines, end = first + LANES < n + 1 ? first + LANES : n + 1;
    fill(self->p, params, plan->blocks->n_params);
    for (size_t column = first > 0 ? first : 1; column < end; column++) {
        const size_t k = plan->population->solved[column - 1];
        self->p[k * LANES + column - first] += step_of(ost_blocks_param(plan->blocks, k), params[k]);
    }
    evaluate(self);
    for (size_t i = 0; i < n; i++)
        memcpy(&self->value[i][first], self->y + row_of(plan, i) * LANES, (end - first) * sizeof(double));
}

/* One step of Newton's method. @return whether it could be taken, as outputs depend on the parameters */
static bool move(ost_baseline_solver_t *self, const double *target, double *params)
{
    const ost_plan_t *plan = self->plan;
    const size_t n = plan->experiment->n_baselines, *solved = plan->population->solved;
    double slope[OST_MAX_BASELINES][OST_MAX_BASELINES], change[OST_MAX_BASELINES];
    for (size_t i = 0; i < n; i++) {
        const double *y = self->value[i];
        change[i] = target[i] - y[0];
        for (size_t j = 0; j < n; j++)
            slope[i][j] = (y[1 + j] - y[0]) / step_of(ost_blocks_param(plan->blocks, solved[j]), params[solved[j]]);
    }
    if (!eliminate(slope, change, n)) return false;
    for (size_t j = 0; j < n; j++) {
        const ost_param_t *param = ost_blocks_param(plan->blocks, solved[j]);
        params[solved[j]] = ost_clamp(params[solved[j]] + change[j], param->lower, param->upper);
    }
    return true;
}

int ost_baseline_solve(ost_baseline_solver_t *self, const double *covariates, const double *x, const double *inputs,
    double *params, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    double target[OST_MAX_BASELINES];
    fill(self->x, x, plan->system->n_states);
    fill(self->u, inputs, plan->system->n_inputs);
    for (size_t i = 0; i < e->n_baselines; i++) {
        const ost_baseline_t *given = &e->baselines[i];
        target[i] = given->formula != NULL ? ost_formula_value(given->formula, covariates) : given->value.value;
    }
    for (int step = 0; step < MOST_STEPS; step++) {
        bool is_given = true;
        for (size_t first = 0; first <= e->n_baselines; first += LANES) evaluate_moved(self, params, first);
        for (size_t i = 0; i < e->n_baselines; i++) {
            const double least = TOLERANCE * fmax(fabs(target[i]), plan->outputs->factor[row_of(plan, i)]);
            is_given &= fabs(self->value[i][0] - target[i]) <= least;
        }
        if (is_given) return step > 0;
        if (!move(self, target, params))
            return ost_fail(err, OST_ERR_VALUE,
                "baseline: with its history as it is, %.80s%s not depend on %.80s%s; expected a parameter such as a "
                "peak",
                e->baselines[0].output, e->n_baselines > 1 ? " and others do" : " does", e->baselines[0].param,
                e->n_baselines > 1 ? " and others" : "");
    }
    return fail(self, target, params, err);
}
