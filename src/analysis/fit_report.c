/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a fit; prints estimates, the rows that inform them, residuals, residual errors. */
#include "analysis/fit_impl.h"
#include "core/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CORRELATED 0.7

/* The rows that a parameter moves most, by whitened sensitivity. @return text */
static char *informing(const ost_fit_t *self, size_t k, char *text, size_t size)
{
    const ost_fit_param_t *param = &self->params[k];
    size_t first = SIZE_MAX;
    text[0] = '\0';
    if (!self->has_errors) return text;
    if (param->value <= param->lower || param->value >= param->upper) {
        snprintf(text, size, "at the end of its range");
        return text;
    }
    for (int place = 0; place < 2; place++) {
        size_t best = SIZE_MAX, used = strlen(text);
        for (size_t i = 0; i < self->n_rows; i++) {
            double moved = fabs(self->sensitivity[i * self->n_params + k]);
            if (i != first && (best == SIZE_MAX || moved > fabs(self->sensitivity[best * self->n_params + k])))
                best = i;
        }
        if (best == SIZE_MAX || fabs(self->sensitivity[best * self->n_params + k]) < 0.1) break;
        const ost_evidence_row_t *row = ost_fit_observation(self, best)->row;
        snprintf(
            text + used, size - used, "%s%s %s %g mo", place > 0 ? "; " : "", row->trial, row->site, row->time_months);
        first = best;
    }
    if (text[0] == '\0') snprintf(text, size, "no row");
    return text;
}

/* A number that belongs to the errors of the estimate. @return text, "not computed" if the fit was stopped before them
 */
static const char *error_text(const ost_fit_t *self, char text[32], int decimals, double number, const char *unit)
{
    if (!self->has_errors) return "not computed";
    snprintf(text, 32, "%.*f%s", decimals, number, unit);
    return text;
}

static int print_params(const ost_fit_t *self, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    char rows[256];
    ost_table_columns(&table, "<parameter\t<unit\tprior\tsd\testimate\tse\tlearned\t<moves most");
    for (size_t k = 0; k < self->n_params; k++) {
        const ost_fit_param_t *p = &self->params[k];
        double learned = fmax(100 * (1 - p->se * p->se / (p->prior_sd * p->prior_sd)), 0);
        char se[32], percent[32];
        ost_table_row(&table, "%s\t%s\t%.4g\t%.2f\t%.4g\t%s\t%s\t%s", p->name, p->unit_text, p->prior / p->factor,
            p->prior_sd, p->value / p->factor, error_text(self, se, 3, p->se, ""),
            error_text(self, percent, 0, learned, " %"), informing(self, k, rows, sizeof(rows)));
    }
    fputc('\n', out);
    int ret = ost_table_print(&table, out, err);
    fprintf(out, "sd, se: of ln, or of logit for ranges within 0..1. learned: percent of the prior's variance that the "
                 "rows explain.\n");
    return ret;
}

static void print_correlations(const ost_fit_t *self, FILE *out)
{
    size_t n = self->has_errors ? self->n_params : 0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < a; b++) {
            const double *c = self->covariance;
            double r = c[a * n + b] / sqrt(c[a * n + a] * c[b * n + b]);
            if (fabs(r) >= CORRELATED)
                fprintf(out, "correlated %+.2f: %s and %s\n", r, self->params[a].name, self->params[b].name);
        }
}

static int print_rows(const ost_fit_t *self, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    ost_table_columns(&table, "<trial\t<arm\t<output\tmonth\tobserved\tsimulated\tsimulated - observed\terror\t<");
    for (size_t i = 0; i < self->n_rows; i++) {
        const ost_observation_t *observation = ost_fit_observation(self, i);
        const ost_evidence_row_t *row = observation->row;
        double residual = self->rows[i].residual;
        bool is_missed = observation->endpoint_class == OST_CLASS_BMD && fabs(residual) > OST_MISS_POINTS;
        ost_table_row(&table, "%s\t%s\t%s\t%g\t%.3g\t%.3g\t%+.2f\t%.2f\t%s", row->trial, row->arm,
            observation->endpoint.output, row->time_months, row->value,
            row->value + residual / ost_observation_scale(observation), residual, self->rows[i].error,
            is_missed ? "<" : "");
    }
    fputc('\n', out);
    int ret = ost_table_print(&table, out, err);
    fprintf(out,
        "<: BMD missed by more than %g points. Levels: simulated - observed and error in percent of the observed "
        "value; yearly "
        "rates: in points over their years.\n",
        OST_MISS_POINTS);
    return ret;
}

static int print_residual_errors(const ost_fit_t *self, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    ost_table_columns(&table, "<class\tn\trmse\tbias\tweighted\tbetween\twithin\tgrowth");
    for (int c = 0; c < OST_N_CLASSES; c++) {
        double n = 0, square = 0, sum = 0, weighted = 0;
        const ost_residual_error_t *s = &self->residual_error[c];
        for (size_t i = 0; i < self->n_rows; i++) {
            if (ost_fit_class(self, i) != (ost_class_t) c) continue;
            double r = self->rows[i].residual, e = self->rows[i].error;
            double growth = ost_residual_growth(s, self->rows[i].change);
            double variance = e * e + pow(growth, 2) * (pow(ost_fit_shared_sd(s), 2) + pow(s->sigma_within, 2));
            n++;
            sum += r;
            square += r * r;
            weighted += r * r / variance;
        }
        if (!(n > 0)) continue;
        char parts[4][32];
        ost_table_row(&table, "%s\t%.0f\t%.2f\t%+.2f\t%s\t%s\t%s\t%s", ost_class_words[c], n, sqrt(square / n), sum / n,
            error_text(self, parts[0], 2, sqrt(weighted / n), ""),
            error_text(self, parts[1], 2, ost_fit_shared_sd(s), ""), error_text(self, parts[2], 2, s->sigma_within, ""),
            error_text(self, parts[3], 3, s->growth, ""));
    }
    fputc('\n', out);
    int ret = ost_table_print(&table, out, err);
    fprintf(out, "between, within: residual SD that the observations of a trial share, and of single observations, "
                 "beyond their own error.\ngrowth: both are larger by the root of 1 + (growth x extent)^2, extent^2 = "
                 "change^2 + "
                 "(2 points a year)^2.\n");
    return ret;
}

/* Doses that a rule begins or ends are not given so in a fit: what was fitted with them, of this arm and of differences
 * from it. */
static void print_rule(const ost_fit_t *self, size_t trial, const ost_trial_rule_t *rule, FILE *out)
{
    const ost_experiment_t *e = &self->trials.trials[trial].experiment;
    size_t n = 0;
    for (size_t i = 0; i < self->n_rows; i++) {
        const ost_endpoint_t *endpoint = &ost_fit_observation(self, i)->endpoint;
        n += self->rows[i].trial == trial && (endpoint->arm == rule->arm || endpoint->versus == rule->arm);
    }
    if (n == 0) return;
    fprintf(out,
        "rules are off in a fit: %s, arm '%s': %s %s, as its '%s' is not evaluated; %zu row%s of this arm %s fitted: "
        "'exclude' those after it %s\n",
        e->name, e->arms[rule->arm].name, rule->drug, rule->begins ? "is never given" : "goes on",
        rule->begins ? "begin_if" : "end_if", n, n == 1 ? "" : "s", n == 1 ? "is" : "are",
        rule->begins ? "begins" : "ends");
}

int ost_fit_print(const ost_fit_t *self, FILE *out, ost_error_t *err)
{
    if (!self->has_errors) fprintf(out, "interrupted: the best estimate so far, without its errors\n");
    fprintf(out, "%s%s%zu rows of %zu groups, %zu parameters%s, -2 log posterior %.1f, %llu subject-arms simulated\n",
        self->title != NULL ? self->title : "", self->title != NULL ? ": " : "", self->n_rows, self->n_groups,
        self->n_params, self->is_kept ? " kept as they were" : "", self->objective,
        (unsigned long long) self->n_simulated);
    int ret = print_params(self, out, err);
    print_correlations(self, out);
    fprintf(out, "The estimates depend on which %llu subjects an arm has: 'subjects: %llu' shows by how much.\n",
        (unsigned long long) self->n_subjects, 4 * (unsigned long long) self->n_subjects);
    if (ret == 0) ret = print_rows(self, out, err);
    if (ret == 0) ret = print_residual_errors(self, out, err);
    size_t n_still = 0;
    for (size_t i = 0; i < self->n_rows; i++) n_still += self->rows[i].is_still;
    if (n_still > 0)
        fprintf(
            out, "%zu rows tell nothing of the parameters: they have no value with so few search_subjects\n", n_still);
    for (size_t t = 0; t < self->trials.n_trials; t++)
        for (size_t k = 0; k < self->trials.trials[t].n_rules; k++)
            print_rule(self, t, &self->trials.trials[t].rules[k], out);
    for (size_t x = 0; x < self->n_exclusions; x++) {
        const ost_fit_exclusion_t *e = &self->exclusions[x];
        fprintf(out, "not fitted: %zu of %s%s%s: %s\n", e->n_rows, e->where.trial,
            e->where.trial_arm != NULL ? ", " : "", e->where.trial_arm != NULL ? e->where.trial_arm : "", e->reason);
    }
    return ret;
}

/* Mean and SD of the draws of parameter k on its working scale, as far as the estimate is from 0. */
static void summarize(const ost_fit_t *self, const double *draws, size_t n_draws, size_t k, double *mean, double *sd)
{
    const ost_fit_param_t *param = &self->params[k];
    double square = 0, n = (double) n_draws, estimate = ost_fit_param_z(param, param->value);
    *mean = 0;
    for (size_t d = 0; d < n_draws; d++) {
        double x = (ost_fit_param_z(param, draws[d * self->n_params + k]) - estimate) * param->prior_sd;
        *mean += x / n;
        square += x * x / n;
    }
    *sd = sqrt(fmax(square - *mean * *mean, 0));
}

int ost_fit_print_sample(const ost_fit_t *self, const double *draws, size_t n_draws,
    const ost_sample_quality_t *quality, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    size_t worst = 0, fewest = 0, n_apart = 0;
    ost_table_columns(&table, "<sampled\testimate\tse\tmean - estimate\tSD\tR-hat\teffective");
    for (size_t k = 0; k < self->n_params; k++) {
        const ost_fit_param_t *p = &self->params[k];
        double mean, sd;
        summarize(self, draws, n_draws, k, &mean, &sd);
        ost_table_row(&table, "%s\t%.4g\t%.3f\t%+.3f\t%.3f\t%.3f\t%.0f", p->name, p->value / p->factor, p->se, mean, sd,
            quality->r_hat[k], quality->size[k]);
        if (quality->r_hat[k] > quality->r_hat[worst]) worst = k;
        if (quality->size[k] < quality->size[fewest]) fewest = k;
        n_apart += !(quality->r_hat[k] < OST_R_HAT_AGREED);
    }
    fputc('\n', out);
    int ret = ost_table_print(&table, out, err);
    fprintf(out,
        "se, mean - estimate, SD: of ln or logit, as above; se from the sensitivities, SD of the draws. R-hat: 1 once "
        "the chains agree. effective: independent draws that the chains are worth.\n");
    fprintf(out, "the chains %s: R-hat is at most %.3f (%s), the effective sample size at least %.0f (%s)\n",
        n_apart == 0 ? "agree" : "have not agreed", quality->r_hat[worst], self->params[worst].name,
        quality->size[fewest], self->params[fewest].name);
    fprintf(out, "%zu evaluations; of %zu points that count, %.0f %% are new\n", quality->n_evaluations,
        quality->n_points, 100 * quality->accepted);
    return ret;
}
