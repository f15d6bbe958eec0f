/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Residuals at points of the parameters. Each point is simulated once: a round of the fit begins where the last one
 * ended, with the differences that are known there. */
#include "analysis/fit_impl.h"

#include <math.h>
#include <string.h>

/* A residual where the model fails: far from any good one, but finite. */
#define FAILED 1e3

/* Points of differences; behind them is a place for one that was simulated by itself. */
static size_t n_differences(const ost_fit_t *self)
{
    return self->n_params + 1;
}

static int reserve(ost_fit_t *self, ost_error_t *err)
{
    ost_fit_known_t *known = &self->known;
    if (known->is != NULL) return 0;
    const size_t n = n_differences(self) + 1;
    known->z = ost_memory_list(&self->memory, n * self->n_params, sizeof(*known->z));
    known->residuals = ost_memory_list(&self->memory, n * self->n_rows, sizeof(*known->residuals));
    known->is = ost_memory_list(&self->memory, n, sizeof(*known->is));
    return self->memory.failed ? ost_no_memory(err) : 0;
}

/* @return NULL: not known */
static const double *find(const ost_fit_t *self, const double *z)
{
    const ost_fit_known_t *known = &self->known;
    for (size_t i = 0; i <= n_differences(self); i++)
        if (known->is[i] && memcmp(known->z + i * self->n_params, z, self->n_params * sizeof(*z)) == 0)
            return known->residuals + i * self->n_rows;
    return NULL;
}

/* Keep one point by itself, or those of differences, in place of the last ones. */
static void keep(ost_fit_t *self, const double *z, size_t n, const double *residuals)
{
    ost_fit_known_t *known = &self->known;
    const size_t first = n == 1 ? n_differences(self) : 0;
    if (n > n_differences(self)) return;
    for (size_t i = 0; i < n; i++) known->is[first + i] = true;
    memcpy(known->z + first * self->n_params, z, n * self->n_params * sizeof(*z));
    memcpy(known->residuals + first * self->n_rows, residuals, n * self->n_rows * sizeof(*residuals));
}

static double residual_of(const ost_observation_t *observation, double simulated)
{
    double residual = (simulated - observation->row->value) * ost_observation_scale(observation);
    return isfinite(residual) ? fmin(fmax(residual, -FAILED), FAILED) : FAILED;
}

/* Residuals of all rows, simulated with the subjects of `trials`. @param[out] estimates  [n_variants][observations] */
static int evaluate(ost_fit_t *self, ost_trials_t *trials, const double *z, size_t n_variants, int n_threads,
    double *residuals, ost_estimate_t *estimates, ost_error_t *err)
{
    size_t n = self->n_params, n_observations = trials->n_observations;
    ost_memory_t memory = { 0 };
    const char **names = ost_memory_list(&memory, n, sizeof(*names));
    double *values = ost_memory_list(&memory, n_variants * n, sizeof(*values));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    for (size_t k = 0; k < n && ret == 0; k++) {
        names[k] = self->params[k].name;
        for (size_t v = 0; v < n_variants; v++) values[v * n + k] = ost_fit_param_value(&self->params[k], z[v * n + k]);
    }
    const ost_variants_t variants = { names, n, values, n_variants };
    if (ret == 0) ret = ost_trials_estimate(trials, &variants, n_threads, estimates, err);
    for (size_t i = 0; i < self->n_rows && ret == 0; i++)
        for (size_t v = 0; v < n_variants; v++)
            residuals[v * self->n_rows + i] =
                residual_of(ost_fit_observation(self, i), estimates[v * n_observations + ost_fit_at(self, i)].value);
    for (size_t t = 0; t < trials->n_trials; t++) {
        const ost_trial_t *trial = &trials->trials[t];
        if (!trial->skip) self->n_simulated += ost_trial_subjects(trial) * trial->experiment.n_arms * n_variants;
    }
    ost_memory_free(&memory);
    return ret;
}

/* Of few subjects, without corrections. */
static int few_residuals(
    ost_fit_t *self, const double *z, size_t n_variants, int n_threads, double *residuals, ost_error_t *err)
{
    const size_t n = self->n_params, n_rows = self->n_rows;
    ost_memory_t memory = { 0 };
    size_t n_new = 0, *is_new = ost_memory_list(&memory, n_variants, sizeof(*is_new));
    double *new_z = ost_memory_list(&memory, n_variants * n, sizeof(*new_z));
    double *found = ost_memory_list(&memory, n_variants * n_rows, sizeof(*found));
    ost_estimate_t *estimates = ost_memory_list(&memory, n_variants * self->few.n_observations, sizeof(*estimates));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    if (ret == 0) ret = reserve(self, err);
    for (size_t v = 0; v < n_variants && ret == 0; v++) {
        const double *known = find(self, z + v * n);
        if (known != NULL)
            memcpy(residuals + v * n_rows, known, n_rows * sizeof(*known));
        else {
            memcpy(new_z + n_new * n, z + v * n, n * sizeof(*z));
            is_new[n_new++] = v;
        }
    }
    if (ret == 0 && n_new > 0) ret = evaluate(self, &self->few, new_z, n_new, n_threads, found, estimates, err);
    for (size_t k = 0; k < n_new && ret == 0; k++)
        memcpy(residuals + is_new[k] * n_rows, found + k * n_rows, n_rows * sizeof(*found));
    if (ret == 0) keep(self, z, n_variants, residuals);
    ost_memory_free(&memory);
    return ret;
}

int ost_fit_residuals(
    ost_fit_t *self, const double *z, size_t n_variants, int n_threads, double *residuals, ost_error_t *err)
{
    int ret = few_residuals(self, z, n_variants, n_threads, residuals, err);
    for (size_t v = 0; v < n_variants && ret == 0; v++)
        for (size_t i = 0; i < self->n_rows; i++) {
            const ost_fit_row_t *row = &self->rows[i];
            residuals[v * self->n_rows + i] = row->correction + (row->is_still ? 0 : residuals[v * self->n_rows + i]);
        }
    return ret;
}

int ost_fit_correct(ost_fit_t *self, const double *z, int n_threads, double *residuals, ost_error_t *err)
{
    ost_memory_t memory = { 0 };
    ost_estimate_t *estimates = ost_memory_list(&memory, self->trials.n_observations, sizeof(*estimates));
    double *few = ost_memory_list(&memory, self->n_rows, sizeof(*few));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    if (ret == 0) ret = few_residuals(self, z, 1, n_threads, few, err);
    if (ret == 0) ret = evaluate(self, &self->trials, z, 1, n_threads, residuals, estimates, err);
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) {
        const ost_observation_t *observation = ost_fit_observation(self, i);
        const ost_estimate_t *of = estimates + ost_fit_at(self, i);
        self->rows[i].error = ost_observation_error(observation, of) * ost_observation_scale(observation);
        self->rows[i].change = isfinite(of->value) ? ost_observation_extent(observation, of->value) : 0;
        self->rows[i].is_still = fabs(few[i]) >= FAILED && fabs(residuals[i]) < FAILED;
        self->rows[i].correction = residuals[i] - (self->rows[i].is_still ? 0 : few[i]);
    }
    ost_memory_free(&memory);
    return ret;
}
