/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A large cohort for what is predicted, small ones over the draws of the posterior for how far that may be off. */

#include "analysis/validate.h"

#include "analysis/fit_impl.h"
#include "analysis/trials_impl.h"
#include "input/evidence.h"
#include "osteon/version.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Curves for every arm and output that an observation of the trial shows. */
static int choose_curves(const ost_trial_t *trial, ost_curve_t **curves, size_t *n, ost_error_t *err)
{
    *curves = calloc(2 * trial->n_observations + 1, sizeof(**curves));
    *n = 0;
    if (*curves == NULL) return ost_no_memory(err);
    for (size_t f = 0; f < 2 * trial->n_observations; f++) {
        const ost_observation_t *observation = &trial->observations[f / 2];
        ost_curve_t curve = { .arm = f % 2 == 0 ? observation->arm : observation->versus,
            .i_output = observation->i_output,
            .is_value = observation->measure == OST_MEASURE_LEVEL };
        if (curve.arm == SIZE_MAX) continue;
        bool is_new = true;
        for (size_t k = 0; k < *n; k++)
            is_new = is_new && ((*curves)[k].arm != curve.arm || (*curves)[k].i_output != curve.i_output ||
                                   (*curves)[k].is_value != curve.is_value);
        if (!is_new) continue;
        memcpy(curve.output, observation->output, sizeof(curve.output));
        (*curves)[(*n)++] = curve;
    }
    return 0;
}

/* The large cohorts, trial by trial; every thread works on each. @param[out] estimates  [trials.n_observations] */
static int run_large(
    ost_validation_t *self, const ost_variants_t *estimate, int n_threads, ost_estimate_t *estimates, ost_error_t *err)
{
    int ret = 0;
    for (size_t t = 0; t < self->trials.n_trials && ret == 0; t++) {
        ost_trial_t *trial = &self->trials.trials[t];
        if (trial->skip) continue;
        ret = choose_curves(trial, &self->curves[t], &self->n_curves[t], err);
        if (ret == 0)
            ret = ost_trial_estimate(trial, estimate, n_threads, estimates + trial->first_observation, self->curves[t],
                self->n_curves[t], err);
    }
    return ret;
}

/* A single one would tell nothing of the uncertainty. */
static size_t n_draws_used(const ost_validation_options_t *options)
{
    if (options->draws == NULL) return 0;
    size_t n = options->n_draws < options->draws->n_draws ? options->n_draws : options->draws->n_draws;
    return n > 1 ? n : 0;
}

/* SD of every observation over the draws, NAN where one of them has no value. @param[out] sd  [n_observations] */
static int run_draws(const ost_validation_options_t *options, size_t n_observations, double *sd, ost_error_t *err)
{
    const ost_draws_t *draws = options->draws;
    size_t n = n_draws_used(options);
    for (size_t f = 0; f < n_observations; f++) sd[f] = NAN;
    if (n == 0) return 0;
    ost_trials_options_t small = options->trials;
    small.n_subjects = options->n_draw_subjects;
    small.sampling = OST_SAMPLING_LATIN_HYPERCUBE;
    ost_trials_t trials;
    ost_estimate_t *estimates = malloc((n * n_observations + 1) * sizeof(*estimates));
    double *values = malloc(n * sizeof(*values));
    const ost_variants_t variants = { (const char *const *) draws->names, draws->n_params,
        draws->values + draws->n_params, n };
    int ret = ost_trials_read(&trials, &small, err);
    if (ret == 0 && (estimates == NULL || values == NULL)) ret = ost_no_memory(err);
    if (ret == 0) ret = ost_trials_estimate(&trials, &variants, options->n_threads, estimates, err);
    for (size_t f = 0; f < n_observations && ret == 0; f++) {
        for (size_t v = 0; v < n; v++) values[v] = estimates[v * n_observations + f].value;
        sd[f] = gsl_stats_sd(values, 1, n);
    }
    ost_trials_free(&trials);
    free(values);
    free(estimates);
    return ret;
}

static ost_verdict_t judge(const ost_trial_t *trial, const ost_observation_t *observation,
    const ost_estimate_t *estimate, double sd_parameters, const ost_validation_options_t *options)
{
    const ost_draws_t *draws = options->draws;
    ost_verdict_t self = {
        .trial = trial, .observation = observation, .estimate = *estimate, .sd_parameters = sd_parameters
    };
    double error = ost_observation_error(observation, estimate), variance = error * error;
    double own = estimate->n > 1 ? estimate->sd / sqrt((double) estimate->n) : 0;
    variance += own * own;
    if (n_draws_used(options) > 0) variance += sd_parameters * sd_parameters;
    static const ost_fit_spread_t none = { 0 };
    const ost_fit_spread_t *spread = draws != NULL ? &draws->spread[observation->endpoint_class] : &none;
    if (draws != NULL) {
        double scale = ost_fit_scale(observation);
        variance += (spread->between * spread->between + spread->within * spread->within) / (scale * scale);
    }
    self.sd = sqrt(variance);
    double half = self.sd * ost_fit_half_width(spread);
    self.lower = estimate->value - half;
    self.upper = estimate->value + half;
    self.inside = observation->row->value >= self.lower && observation->row->value <= self.upper;
    return self;
}

int ost_validation_run(ost_validation_t *self, const ost_validation_options_t *options, ost_error_t *err)
{
    *self = (ost_validation_t){ .n_subjects = options->trials.n_subjects, .is_fitted = options->draws != NULL };
    int ret = ost_trials_read(&self->trials, &options->trials, err);
    if (ret == 0 && options->draws != NULL) ret = ost_draws_check(options->draws, &self->trials.library, err);
    if (ret < 0) return ret;
    size_t n = self->trials.n_observations, n_trials = self->trials.n_trials;
    const ost_draws_t *draws = options->draws;
    self->n_draws = n_draws_used(options);
    ost_estimate_t *estimates = malloc((n + 1) * sizeof(*estimates));
    double *sd = malloc((n + 1) * sizeof(*sd));
    self->verdicts = calloc(n + 1, sizeof(*self->verdicts));
    self->curves = calloc(n_trials + 1, sizeof(*self->curves));
    self->n_curves = calloc(n_trials + 1, sizeof(*self->n_curves));
    ost_variants_t estimate = { 0 };
    if (draws != NULL)
        estimate = (ost_variants_t){ (const char *const *) draws->names, draws->n_params, draws->values, 1 };
    if (estimates == NULL || sd == NULL || self->verdicts == NULL || self->curves == NULL || self->n_curves == NULL)
        ret = ost_no_memory(err);
    if (ret == 0) ret = run_large(self, draws != NULL ? &estimate : NULL, options->n_threads, estimates, err);
    if (ret == 0) ret = run_draws(options, n, sd, err);
    for (size_t t = 0; t < n_trials && ret == 0; t++)
        for (size_t f = 0; f < self->trials.trials[t].n_observations; f++) {
            const ost_trial_t *trial = &self->trials.trials[t];
            size_t i = trial->first_observation + f;
            self->verdicts[self->n_verdicts++] = judge(trial, &trial->observations[f], &estimates[i], sd[i], options);
        }
    free(estimates);
    free(sd);
    return ret;
}

void ost_validation_free(ost_validation_t *self)
{
    if (self == NULL) return;
    for (size_t t = 0; self->curves != NULL && self->n_curves != NULL && t < self->trials.n_trials; t++) {
        for (size_t c = 0; c < self->n_curves[t]; c++) free(self->curves[t][c].mean);
        free(self->curves[t]);
    }
    free(self->curves);
    free(self->n_curves);
    free(self->verdicts);
    ost_trials_free(&self->trials);
    *self = (ost_validation_t){ 0 };
}

int ost_verdict_decimals(const ost_verdict_t *self)
{
    ost_measure_t measure = self->observation->measure;
    bool is_percent = measure == OST_MEASURE_PERCENT || measure == OST_MEASURE_SHARE;
    double size = fmax(fabs(self->observation->row->value), fabs(self->estimate.value));
    if (!(size > 0) || !isfinite(size)) return 2;
    return (int) fmin(fmax(2 - floor(log10(size)), 0), is_percent ? 2 : 6);
}

bool ost_trial_unmatched_group(const ost_trial_t *self, size_t i, size_t *more)
{
    *more = 0;
    for (size_t k = 0; k < self->n_unmatched; k++) {
        if (strcmp(self->unmatched[k].why, self->unmatched[i].why) != 0) continue;
        if (k < i) return false;
        *more += k > i;
    }
    return true;
}

static void print_verdict(const ost_verdict_t *self, FILE *out)
{
    const ost_evidence_row_t *row = self->observation->row;
    char interval[64] = "", predicted[64];
    int d = ost_verdict_decimals(self);
    if (!isnan(row->lower) && !isnan(row->upper))
        snprintf(interval, sizeof(interval), "%.*f..%.*f", d, row->lower, d, row->upper);
    snprintf(predicted, sizeof(predicted), "%.*f..%.*f", d, self->lower, d, self->upper);
    fprintf(out, "%-22.22s %-34.34s %-19.19s %6g %9.*f %-14s %9.*f %-16s %+8.*f  %-7s %s\n", row->trial, row->arm,
        self->observation->output, row->time_months, d, row->value, interval, d, self->estimate.value, predicted, d,
        self->estimate.value - row->value, self->inside ? "inside" : "outside", row->role);
}

static ost_validation_sum_t sum_up(const ost_validation_t *self, ost_class_t of, const char *role)
{
    ost_validation_sum_t sum = { .endpoint_class = of, .role = role };
    for (size_t i = 0; i < self->n_verdicts; i++) {
        const ost_verdict_t *v = &self->verdicts[i];
        if (v->observation->endpoint_class != of || strcmp(v->observation->row->role, role) != 0) continue;
        double residual = (v->estimate.value - v->observation->row->value) * ost_fit_scale(v->observation);
        sum.n++;
        sum.coverage += v->inside;
        sum.bias += residual;
        sum.rmse += residual * residual;
        sum.weighted += pow((v->estimate.value - v->observation->row->value) / v->sd, 2);
    }
    sum.rmse = sqrt(sum.rmse / (double) sum.n);
    sum.weighted = sqrt(sum.weighted / (double) sum.n);
    sum.bias /= (double) sum.n;
    sum.coverage /= (double) sum.n;
    return sum;
}

size_t ost_validation_sum(const ost_validation_t *self, ost_validation_sum_t *sums)
{
    static const char *const roles[] = { "calibrate", "validate", "context" };
    size_t n = 0;
    for (int c = 0; c < OST_N_CLASSES; c++)
        for (size_t r = 0; r < sizeof(roles) / sizeof(roles[0]); r++) {
            sums[n] = sum_up(self, (ost_class_t) c, roles[r]);
            n += sums[n].n > 0;
        }
    return n;
}

char *ost_validation_basis(const ost_validation_t *self, char *buf, size_t size)
{
    char people[48] = "as many subjects as each trial says", parameters[96];
    if (self->n_subjects > 0) snprintf(people, sizeof(people), "%llu subjects", (unsigned long long) self->n_subjects);
    if (self->n_draws > 0)
        snprintf(parameters, sizeof(parameters), "fitted parameters, their uncertainty from %zu draws", self->n_draws);
    else
        snprintf(parameters, sizeof(parameters), "%s parameters without uncertainty, so too narrow",
            self->is_fitted ? "fitted" : "the models' own");
    snprintf(buf, size, "osteon %s, %s in each arm; intervals: %s", OST_VERSION, people, parameters);
    return buf;
}

void ost_validation_print(const ost_validation_t *self, FILE *out)
{
    fprintf(out, "%-22s %-34s %-19s %6s %9s %-14s %9s %-16s %8s  %-7s %s\n", "trial", "arm", "output", "month",
        "observed", "interval", "simulated", "90 % prediction", "differ", "", "role");
    for (size_t i = 0; i < self->n_verdicts; i++) print_verdict(&self->verdicts[i], out);
    for (size_t t = 0; t < self->trials.n_trials; t++) {
        const ost_trial_t *trial = &self->trials.trials[t];
        for (size_t i = 0; i < trial->n_unmatched; i++) {
            const ost_unmatched_t *u = &trial->unmatched[i];
            size_t more;
            if (!ost_trial_unmatched_group(trial, i, &more)) continue;
            fprintf(out, "not compared: %s, %s, %s %s", u->row->trial, u->row->arm, u->row->endpoint, u->row->site);
            if (more > 0) fprintf(out, " and %zu more", more);
            fprintf(out, ": %s\n", u->why);
        }
    }
    char basis[256];
    fprintf(out, "\n%s\n", ost_validation_basis(self, basis, sizeof(basis)));
    ost_validation_sum_t sums[OST_N_SUMS];
    size_t n = ost_validation_sum(self, sums);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s %s: n %zu rmse %.2f bias %+.2f coverage %.2f weighted %.2f\n",
            ost_class_name(sums[i].endpoint_class), sums[i].role, sums[i].n, sums[i].rmse, sums[i].bias,
            sums[i].coverage, sums[i].weighted);
    for (int c = 0; c < OST_N_CLASSES; c++) {
        ost_replicates_t same = ost_validation_replicates(self, (ost_class_t) c);
        if (same.n_groups > 0)
            fprintf(out, "%s replicates: n %zu in %zu groups of trials that gave the same, sd %.2f\n",
                ost_class_name((ost_class_t) c), same.n, same.n_groups, same.sd);
    }
}
