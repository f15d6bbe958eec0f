/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes trials and draws of a posterior; gives predictions from a large cohort, and their SD from small cohorts over
 * the draws. */
#include "analysis/validate.h"

#include "analysis/fit_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Curves for every arm and output that an observation of the trial shows. */
static int choose_curves(const ost_trial_t *trial, ost_validated_t *of, ost_memory_t *memory, ost_error_t *err)
{
    of->curves = ost_memory_list(memory, 2 * trial->matched.n_observations, sizeof(*of->curves));
    if (of->curves == NULL) return ost_no_memory(err);
    for (size_t f = 0; f < 2 * trial->matched.n_observations; f++) {
        const ost_endpoint_t *endpoint = &trial->matched.observations[f / 2].endpoint;
        ost_curve_t curve = { .arm = f % 2 == 0 ? endpoint->arm : endpoint->versus,
            .i_output = endpoint->i_output,
            .is_value = endpoint->measure == OST_MEASURE_LEVEL };
        if (curve.arm == SIZE_MAX) continue;
        bool is_new = true;
        for (const ost_curve_t *c = of->curves; c < of->curves + of->n_curves; c++)
            is_new &= c->arm != curve.arm || c->i_output != curve.i_output || c->is_value != curve.is_value;
        if (!is_new) continue;
        memcpy(curve.output, endpoint->output, sizeof(curve.output));
        of->curves[of->n_curves++] = curve;
    }
    return 0;
}

static bool has_parameter_of(const ost_draws_t *draws, const ost_model_t *model)
{
    size_t n = strlen(model->name);
    for (size_t k = 0; k < draws->n_params; k++)
        if (strncmp(draws->names[k], model->name, n) == 0 && draws->names[k][n] == '.') return true;
    return false;
}

/* Whether a trial is simulated with the draws. */
static bool takes_draws(const ost_trial_t *trial, const ost_validation_options_t *options)
{
    if (options->draws == NULL || trial->skip || !options->shipped_only) return options->draws != NULL;
    bool takes = false;
    for (size_t b = 0; b < trial->plan.blocks->n; b++) {
        const ost_model_t *model = trial->plan.blocks->block[b].model;
        if (!model->is_builtin) return false;
        takes = takes || (model->kind == OST_KIND_BONE && has_parameter_of(options->draws, model));
    }
    return takes;
}

/* A single one would tell nothing of the uncertainty. */
static size_t n_draws_used(const ost_validation_options_t *options)
{
    if (options->draws == NULL) return 0;
    size_t n = options->n_draws < options->draws->n_draws ? options->n_draws : options->draws->n_draws;
    return n > 1 ? n : 0;
}

/* What is done of a validation, in subject-arms. */
typedef struct {
    const ost_validation_options_t *options;
    ost_validation_progress_t now;
    double done, all;
} watch_t;

static double size_of(const watch_t *self, const ost_trial_t *trial, bool of_draws)
{
    double n_draws = (double) n_draws_used(self->options) * (double) self->options->n_draw_subjects;
    double n = of_draws ? n_draws : (double) trial->experiment.n_subjects;
    return trial->skip ? 0 : n * (double) trial->experiment.n_arms;
}

static void watch_init(watch_t *self, const ost_validation_options_t *options, const ost_validation_t *of)
{
    *self = (watch_t){ .options = options };
    for (size_t t = 0; t < of->trials.n_trials; t++) {
        const ost_trial_t *trial = &of->trials.trials[t];
        self->now.n_all += !trial->skip;
        self->all += size_of(self, trial, false) + (of->of_trial[t].is_fitted ? size_of(self, trial, true) : 0);
    }
}

static void on_trial(void *watch, const ost_trial_t *trial)
{
    watch_t *self = watch;
    self->now.n_done++;
    self->done += size_of(self, trial, self->now.of_draws);
    self->now.fraction = self->done / self->all;
    if (self->options->progress != NULL) self->options->progress(self->options->user, &self->now);
}

/* That some observation of a trial has a prediction, where its subjects are not those of an enrolment: who fails before
 * time 0 is not eligible, and has no value. @param estimates  [n_observations] */
static int check_any(const ost_trial_t *trial, const ost_estimate_t *estimates, ost_error_t *err)
{
    for (size_t i = 0; i < trial->matched.n_observations; i++)
        if (!isnan(estimates[i].value)) return 0;
    return ost_cohort_find_any(&trial->plan, trial->experiment.n_subjects, err);
}

/* The large cohorts, trial by trial; every thread works on each. @param[out] estimates  [trials.n_observations] */
static int run_large(ost_validation_t *self, watch_t *watch, ost_estimate_t *estimates, ost_error_t *err)
{
    const ost_draws_t *draws = watch->options->draws;
    ost_variants_t estimate = { 0 };
    int ret = 0;
    if (draws != NULL)
        estimate = (ost_variants_t){ (const char *const *) draws->names, draws->n_params, draws->values, 1 };
    for (size_t t = 0; t < self->trials.n_trials && ret == 0; t++) {
        ost_trial_t *trial = &self->trials.trials[t];
        ost_validated_t *of = &self->of_trial[t];
        if (trial->skip) continue;
        ret = choose_curves(trial, of, &self->memory, err);
        if (ret == 0)
            ret = ost_trial_estimate(trial, of->is_fitted ? &estimate : NULL, watch->options->n_threads,
                estimates + trial->first_observation, of->curves, of->n_curves, err);
        if (ret == 0) ret = check_any(trial, estimates + trial->first_observation, err);
        if (ret == 0) on_trial(watch, trial);
    }
    return ret;
}

/* SD of every observation over the draws, NAN where one of them has no value. @param[out] sd  [n_observations] */
static int run_draws(const ost_validation_t *self, watch_t *watch, double *sd, ost_error_t *err)
{
    const ost_validation_options_t *options = watch->options;
    const ost_draws_t *draws = options->draws;
    size_t n = n_draws_used(options), n_observations = self->trials.n_observations;
    for (size_t f = 0; f < n_observations; f++) sd[f] = NAN;
    if (n == 0) return 0;
    ost_trials_options_t small = options->trials;
    small.n_subjects = options->n_draw_subjects;
    small.sampling = OST_SAMPLING_LATIN_HYPERCUBE;
    small.fixed_eligible = true;
    ost_trials_t trials;
    ost_memory_t memory = { 0 };
    ost_estimate_t *estimates = ost_memory_list(&memory, n * n_observations, sizeof(*estimates));
    double *values = ost_memory_list(&memory, 2 * n, sizeof(*values));
    const ost_variants_t variants = { (const char *const *) draws->names, draws->n_params,
        draws->values + draws->n_params, n };
    int ret = ost_trials_read(&trials, &small, err);
    watch->now.of_draws = true;
    watch->now.n_done = watch->now.n_all = 0;
    for (size_t t = 0; t < trials.n_trials && ret == 0; t++) {
        trials.trials[t].skip = trials.trials[t].skip || !self->of_trial[t].is_fitted;
        watch->now.n_all += !trials.trials[t].skip;
    }
    trials.on_trial = on_trial;
    trials.user = watch;
    if (ret == 0 && memory.failed) ret = ost_no_memory(err);
    if (ret == 0) ret = ost_trials_estimate(&trials, &variants, options->n_threads, estimates, err);
    for (size_t f = 0; f < n_observations && ret == 0; f++) {
        for (size_t v = 0; v < n; v++) values[v] = estimates[v * n_observations + f].value;
        ost_sample_t sample = ost_sample_of(values, n, values + n);
        sd[f] = sample.n == n ? ost_statistic(OST_STATISTIC_SD, &sample) : NAN;
    }
    ost_trials_free(&trials);
    ost_memory_free(&memory);
    return ret;
}

static const char *bone_model_of(const ost_trial_t *trial)
{
    const ost_blocks_t *blocks = trial->plan.blocks;
    for (size_t i = 0; i < blocks->n; i++)
        if (blocks->block[i].model->kind == OST_KIND_BONE) return blocks->block[i].model->name;
    return "";
}

/* The least that an observation of positive quantities can be, in its row's unit: nothing is left. */
static double least_of(const ost_observation_t *self)
{
    const ost_endpoint_t *endpoint = &self->endpoint;
    if (self->endpoint_class == OST_CLASS_SD) return 0;
    if (endpoint->is_ratio) return -100;
    if (endpoint->versus != SIZE_MAX) return -INFINITY;
    double least = endpoint->measure == OST_MEASURE_PERCENT ? -100 : -INFINITY;
    return endpoint->measure == OST_MEASURE_FRACTION ? 0
                                                     : least / (endpoint->per_year ? ost_observation_scale(self) : 1);
}

/* @param draws  NULL where the trial is simulated without. @param n_draws  of them that are used */
static ost_prediction_check_t check_prediction(const ost_trials_t *trials, const ost_trial_t *trial,
    const ost_observation_t *observation, const ost_estimate_t *estimate, double sd_parameters,
    const ost_draws_t *draws, size_t n_draws)
{
    const ost_evidence_row_t *row = observation->row;
    ost_prediction_check_t self = {
        .trial = trial, .observation = observation, .table = trials->evidence.path, .estimate = *estimate
    };
    static const ost_residual_error_t none = { 0 };
    const ost_residual_error_t *residual = draws != NULL ? &draws->residual_error[observation->endpoint_class] : &none;
    double growth = ost_residual_growth(residual, ost_observation_extent(observation, estimate->value));
    double per_unit = growth / ost_observation_scale(observation), variance = 0;
    self.treated = ost_treatments_find(&trials->treatments, row->trial, row->arm);
    self.sd_parts[OST_SD_OBSERVED] = ost_observation_error(observation, estimate);
    self.sd_parts[OST_SD_COHORT] = estimate->n > 1 ? estimate->sd / sqrt((double) estimate->n) : 0;
    self.sd_parts[OST_SD_PARAMETERS] = sd_parameters;
    self.sd_parts[OST_SD_BETWEEN] = draws != NULL ? residual->sigma_between * per_unit : 0;
    self.sd_parts[OST_SD_WITHIN] = draws != NULL ? residual->sigma_within * per_unit : 0;
    for (int i = 0; i < OST_N_SD_PARTS; i++)
        if (i != OST_SD_PARAMETERS || (draws != NULL && n_draws > 0)) variance += pow(self.sd_parts[i], 2);
    self.sd = sqrt(variance);
    double half = self.sd * ost_fit_half_width(residual);
    self.lower = fmax(estimate->value - half, least_of(observation));
    self.upper = estimate->value + half;
    self.inside = row->value >= self.lower && row->value <= self.upper;
    if (observation->endpoint_class == OST_CLASS_BMD && ost_is_missed(&self))
        self.reason = ost_misses_reason(&trials->misses, row->trial, bone_model_of(trial));
    return self;
}

double ost_miss_limit(ost_class_t of)
{
    return of == OST_CLASS_BMD ? OST_MISS_POINTS : of == OST_CLASS_MARKER || of == OST_CLASS_HORMONE ? 20 : INFINITY;
}

bool ost_is_missed(const ost_prediction_check_t *self)
{
    double residual = (self->estimate.value - self->observation->row->value) * ost_observation_scale(self->observation);
    return fabs(residual) > ost_miss_limit(self->observation->endpoint_class);
}

bool ost_validation_eligible(const ost_trial_t *trial, uint64_t *n_eligible, uint64_t *n_candidates)
{
    *n_eligible = trial->n_simulated - trial->n_not_eligible;
    *n_candidates = trial->n_screened;
    return trial->experiment.eligible != NULL && trial->n_simulated > 0;
}

static int sum_by_treatment(ost_validation_t *self, ost_error_t *err)
{
    ost_naive_checked_t *checked = ost_memory_list(&self->memory, self->n_checks, sizeof(*checked));
    int ret = checked == NULL ? ost_no_memory(err) : 0;
    for (int role = 0; role < OST_ROLE_CONTEXT && ret == 0; role++) {
        size_t n = 0;
        ost_naive_sum_t *sums = ost_memory_list(&self->memory, self->trials.treatments.n_classes + 2, sizeof(*sums));
        self->by_treatment[role] = sums;
        for (const ost_prediction_check_t *c = self->checks; c < self->checks + self->n_checks; c++)
            if (c->observation->endpoint_class == OST_CLASS_BMD && !isnan(c->estimate.value) &&
                (int) ost_evidence_role(c->observation->row) == role)
                checked[n++] = (ost_naive_checked_t){ c->observation, c->estimate.value, c->inside };
        ret = sums != NULL ? ost_naive_sum(sums, &self->naive, &self->trials, checked, n, err) : ost_no_memory(err);
    }
    return ret;
}

int ost_validation_run(ost_validation_t *self, const ost_validation_options_t *options, ost_error_t *err)
{
    *self = (ost_validation_t){ .n_subjects = options->trials.n_subjects,
        .parameters = options->draws != NULL ? options->draws->path : NULL };
    int ret = ost_trials_read(&self->trials, &options->trials, err);
    if (ret == 0 && options->draws != NULL) ret = ost_draws_check(options->draws, &self->trials.library, err);
    if (ret < 0) return ret;
    size_t n = self->trials.n_observations, n_trials = self->trials.n_trials;
    const ost_draws_t *draws = options->draws;
    self->n_draws = n_draws_used(options);
    ost_estimate_t *estimates = ost_memory_list(&self->memory, n, sizeof(*estimates));
    double *sd = ost_memory_list(&self->memory, n, sizeof(*sd));
    self->checks = ost_memory_list(&self->memory, n, sizeof(*self->checks));
    self->of_trial = ost_memory_list(&self->memory, n_trials, sizeof(*self->of_trial));
    ret = self->memory.failed ? ost_no_memory(err) : 0;
    for (size_t t = 0; t < n_trials && ret == 0; t++)
        self->of_trial[t].is_fitted = takes_draws(&self->trials.trials[t], options);
    watch_t watch;
    if (ret == 0) watch_init(&watch, options, self);
    if (ret == 0) ret = run_large(self, &watch, estimates, err);
    if (ret == 0) ret = run_draws(self, &watch, sd, err);
    if (ret == 0) ret = ost_naive_read(&self->naive, &options->trials, err);
    for (size_t t = 0; t < n_trials && ret == 0; t++)
        for (size_t f = 0; f < self->trials.trials[t].matched.n_observations; f++) {
            const ost_trial_t *trial = &self->trials.trials[t];
            size_t i = trial->first_observation + f;
            self->checks[self->n_checks++] = check_prediction(&self->trials, trial, &trial->matched.observations[f],
                &estimates[i], sd[i], self->of_trial[t].is_fitted ? draws : NULL, self->n_draws);
            self->checks[i].naive = ost_naive_predict(&self->naive, &self->trials, self->checks[i].observation);
        }
    return ret == 0 ? sum_by_treatment(self, err) : ret;
}

void ost_validation_free(ost_validation_t *self)
{
    if (self == NULL) return;
    for (size_t t = 0; self->of_trial != NULL && t < self->trials.n_trials; t++)
        for (size_t c = 0; c < self->of_trial[t].n_curves; c++) free(self->of_trial[t].curves[c].mean);
    ost_memory_free(&self->memory);
    ost_naive_free(&self->naive);
    ost_trials_free(&self->trials);
    *self = (ost_validation_t){ 0 };
}
