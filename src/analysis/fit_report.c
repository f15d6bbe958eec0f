/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/fit_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Misfits of BMD above this are listed, points. */
#define MISS 1.5
#define CORRELATED 0.7

/* The rows that a parameter moves most, by whitened slope. */
static void print_informing(const ost_fit_t *self, size_t k, FILE *out)
{
    size_t first = SIZE_MAX;
    for (int location = 0; location < 2; location++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < self->n_rows; i++) {
            double slope = fabs(self->slope[i * self->n_params + k]);
            if (i != first && (best == SIZE_MAX || slope > fabs(self->slope[best * self->n_params + k]))) best = i;
        }
        if (best == SIZE_MAX || fabs(self->slope[best * self->n_params + k]) < 0.1) return;
        const ost_evidence_row_t *row = ost_fit_observation(self, best)->row;
        fprintf(out, "%s%s %s %g mo", location > 0 ? "; " : "  ", row->trial, row->site, row->time_months);
        first = best;
    }
}

static void print_params(const ost_fit_t *self, FILE *out)
{
    fprintf(out, "\n%-34s %-10s %10s %6s %10s %6s %8s  %s\n", "parameter", "unit", "prior", "sd", "estimate", "se",
        "learned", "moves most");
    for (size_t k = 0; k < self->n_params; k++) {
        const ost_fit_param_t *p = &self->params[k];
        double learned = 100 * (1 - p->se * p->se / (p->prior_sd * p->prior_sd));
        fprintf(out, "%-34s %-10s %10.4g %6.2f %10.4g %6.3f %6.0f %%", p->name, p->unit_text, p->prior / p->factor,
            p->prior_sd, p->value / p->factor, p->se, learned);
        print_informing(self, k, out);
        fputc('\n', out);
    }
    fprintf(out,
        "sd, se: of ln, or of logit for ranges within 0..1. learned: share of the prior's variance that the rows "
        "took away.\n");
}

static void print_correlations(const ost_fit_t *self, FILE *out)
{
    size_t n = self->n_params;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < a; b++) {
            const double *c = self->covariance;
            double r = c[a * n + b] / sqrt(c[a * n + a] * c[b * n + b]);
            if (fabs(r) >= CORRELATED)
                fprintf(out, "correlated %+.2f: %s and %s\n", r, self->params[a].name, self->params[b].name);
        }
}

static void print_rows(const ost_fit_t *self, FILE *out)
{
    fprintf(out, "\n%-22s %-38s %-20s %5s %9s %9s %7s %6s\n", "trial", "arm", "output", "month", "observed",
        "simulated", "differ", "error");
    for (size_t i = 0; i < self->n_rows; i++) {
        const ost_observation_t *observation = ost_fit_observation(self, i);
        double residual = self->rows[i].residual;
        double simulated = observation->row->value + residual / ost_fit_scale(observation);
        fprintf(out, "%-22.22s %-38.38s %-20s %5g %9.3g %9.3g %+7.2f %6.2f%s\n", observation->row->trial,
            observation->row->arm, observation->endpoint.output, observation->row->time_months, observation->row->value,
            simulated, residual, self->rows[i].error,
            observation->endpoint_class == OST_CLASS_BMD && fabs(residual) > MISS ? "  <" : "");
    }
    fprintf(out,
        "<: a figure of BMD missed by more than %g points. Levels: differ and error in "
        "percent; yearly rates: in points over their years.\n",
        MISS);
}

static void print_sizes(const ost_fit_t *self, FILE *out)
{
    fprintf(out, "\n%-8s %5s %7s %7s %9s %9s %9s\n", "class", "n", "rmse", "bias", "weighted", "between", "within");
    for (int c = 0; c < OST_N_CLASSES; c++) {
        size_t n = 0;
        double square = 0, sum = 0, weighted = 0;
        for (size_t i = 0; i < self->n_rows; i++) {
            if (ost_fit_class(self, i) != (ost_class_t) c) continue;
            const ost_residual_error_t *s = &self->residual_error[c];
            double r = self->rows[i].residual, e = self->rows[i].error;
            n++;
            sum += r;
            square += r * r;
            weighted += r * r / (e * e + s->sigma_between * s->sigma_between + s->sigma_within * s->sigma_within);
        }
        if (n == 0) continue;
        double count = (double) n;
        fprintf(out, "%-8s %5zu %7.2f %+7.2f %9.2f %9.2f %9.2f\n", ost_class_words[c], n, sqrt(square / count),
            sum / count, sqrt(weighted / count), self->residual_error[c].sigma_between,
            self->residual_error[c].sigma_within);
    }
    fprintf(
        out, "between, within: SD that all figures of a trial share, and of single figures, beyond their own error.\n");
}

void ost_fit_print(const ost_fit_t *self, FILE *out)
{
    fprintf(out, "%s%s%zu rows of %zu groups, %zu parameters, -2 log posterior %.1f, %llu subject-arms simulated\n",
        self->title != NULL ? self->title : "", self->title != NULL ? ": " : "", self->n_rows, self->n_groups,
        self->n_params, self->objective, (unsigned long long) self->n_simulated);
    print_params(self, out);
    print_correlations(self, out);
    print_rows(self, out);
    print_sizes(self, out);
    for (size_t x = 0; x < self->n_exclusions; x++) {
        const ost_fit_exclusion_t *e = &self->exclusions[x];
        fprintf(out, "not fitted: %zu of %s%s%s: %s\n", e->n_rows, e->where.trial,
            e->where.trial_arm != NULL ? ", " : "", e->where.trial_arm != NULL ? e->where.trial_arm : "", e->reason);
    }
}
