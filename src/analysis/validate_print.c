/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a validation; gives the columns of its tables, its sums, and the printed report. */
#include "analysis/fit_impl.h"
#include "analysis/validate.h"
#include "core/table.h"
#include "osteon/version.h"

#include <math.h>

/* Digits after the point that suit the numbers of a check, in its row's unit. */
static int decimals_of(const ost_prediction_check_t *self)
{
    ost_measure_t measure = self->observation->endpoint.measure;
    bool is_percent = measure == OST_MEASURE_PERCENT || measure == OST_MEASURE_FRACTION;
    double size = fmax(fabs(self->observation->row->value), fabs(self->estimate.value));
    if (!(size > 0) || !isfinite(size)) return 2;
    return (int) fmin(fmax(2 - floor(log10(size)), 0), is_percent ? 2 : 6);
}

#define CELL(name, ...)                                                                                                \
    static void name(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])                                     \
    {                                                                                                                  \
        const ost_evidence_row_t *row = self->observation->row;                                                        \
        int d = decimals_of(self);                                                                                     \
        (void) row, (void) d;                                                                                          \
        snprintf(buf, OST_CHECK_CELL, __VA_ARGS__);                                                                    \
    }
CELL(trial_of, "%s", row->trial)
CELL(arm_of, "%s", row->arm)
CELL(month_of, "%g", row->time_months)
CELL(observed_of, "%.*f", d, row->value)
CELL(simulated_of, "%.*f", d, self->estimate.value)
CELL(prediction_of, "%.*f..%.*f", d, self->lower, d, self->upper)
CELL(residual_of, "%+.*f", d, self->estimate.value - row->value)
CELL(inside_of, "%s", self->inside ? "inside" : "outside")
CELL(role_of, "%s", ost_role_words[row->role])

static void output_of(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])
{
    const ost_endpoint_t *endpoint = &self->observation->endpoint;
    bool is_percent = endpoint->measure == OST_MEASURE_PERCENT && !endpoint->per_year;
    snprintf(buf, OST_CHECK_CELL, "%s%s%s", endpoint->output, is_percent ? "" : ", ",
        is_percent ? "" : self->observation->row->unit);
}

static void interval_of(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])
{
    const ost_evidence_row_t *row = self->observation->row;
    int d = decimals_of(self);
    buf[0] = '\0';
    if (!isnan(row->lower) && !isnan(row->upper))
        snprintf(buf, OST_CHECK_CELL, "%.*f..%.*f", d, row->lower, d, row->upper);
}

size_t ost_check_columns(ost_check_column_t columns[OST_CHECK_MAX_COLUMNS])
{
    static const ost_check_column_t before[] = {
        { "trial", 22, trial_of, 0 },
        { "arm", 34, arm_of, 0 },
        { "output", 36, output_of, 0 },
        { "month", 0, month_of, 0 },
        { "observed", 0, observed_of, 0 },
        { "interval", 0, interval_of, 0 },
        { "simulated", 0, simulated_of, 0 },
    };
    static const ost_check_column_t after[] = {
        { "90 % prediction", 0, prediction_of, 0 },
        { "sim - obs", 0, residual_of, 0 },
        { "check", 0, inside_of, 0 },
        { "role", 12, role_of, 0 },
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) columns[n++] = before[i];
    for (size_t i = 0; i < OST_N_STATISTICS; i++)
        if (ost_statistics[i].tables & OST_CHECKED)
            columns[n++] = (ost_check_column_t){ ost_statistics[i].heading, 0, NULL, (ost_statistic_t) i };
    for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) columns[n++] = after[i];
    return n;
}

char *ost_check_cell(const ost_prediction_check_t *self, const ost_check_column_t *column, char buf[OST_CHECK_CELL])
{
    if (column->cell != NULL) {
        column->cell(self, buf);
        return buf;
    }
    return ost_statistic_format(
        column->statistic, self->estimate.statistic[column->statistic], decimals_of(self), buf, OST_CHECK_CELL);
}

static ost_validation_sum_t sum_up(const ost_validation_t *self, ost_class_t of, ost_role_t role)
{
    ost_validation_sum_t sum = { .endpoint_class = of, .role = role };
    for (size_t i = 0; i < self->n_checks; i++) {
        const ost_prediction_check_t *check = &self->checks[i];
        const ost_evidence_row_t *row = check->observation->row;
        if (check->observation->endpoint_class != of || row->role != role) continue;
        double residual = (check->estimate.value - row->value) * ost_fit_scale(check->observation);
        sum.n++;
        sum.coverage += check->inside;
        sum.bias += residual;
        sum.rmse += residual * residual;
        sum.weighted += pow((check->estimate.value - row->value) / check->sd, 2);
    }
    sum.rmse = sqrt(sum.rmse / (double) sum.n);
    sum.weighted = sqrt(sum.weighted / (double) sum.n);
    sum.bias /= (double) sum.n;
    sum.coverage /= (double) sum.n;
    return sum;
}

size_t ost_validation_sum(const ost_validation_t *self, ost_validation_sum_t *sums)
{
    size_t n = 0;
    for (int c = 0; c < OST_N_CLASSES; c++)
        for (int r = 0; r < OST_N_ROLES; r++) {
            sums[n] = sum_up(self, (ost_class_t) c, (ost_role_t) r);
            n += sums[n].n > 0;
        }
    return n;
}

char *ost_validation_basis(const ost_validation_t *self, char *buf, size_t size)
{
    char subjects[48] = "as many subjects as each trial says", parameters[96];
    if (self->n_subjects > 0)
        snprintf(subjects, sizeof(subjects), "%llu subjects", (unsigned long long) self->n_subjects);
    if (self->n_draws > 0)
        snprintf(parameters, sizeof(parameters), "fitted parameters, their uncertainty from %zu draws", self->n_draws);
    else
        snprintf(parameters, sizeof(parameters), "%s parameters without uncertainty, so too narrow",
            self->is_fitted ? "fitted" : "the models' own");
    snprintf(buf, size, "osteon %s, %s in each arm; intervals: %s", OST_VERSION, subjects, parameters);
    return buf;
}

static int print_checks(const ost_validation_t *self, FILE *out, ost_error_t *err)
{
    ost_check_column_t columns[OST_CHECK_MAX_COLUMNS];
    ost_table_t table = { 0 };
    char cell[OST_CHECK_CELL];
    size_t n = ost_check_columns(columns);
    for (size_t k = 0; k < n; k++) ost_table_column(&table, columns[k].heading, columns[k].max > 0, columns[k].max);
    for (size_t i = 0; i < self->n_checks; i++)
        for (size_t k = 0; k < n; k++)
            ost_table_cell(&table, "%s", ost_check_cell(&self->checks[i], &columns[k], cell));
    int ret = ost_table_print(&table, out, err);
    ost_table_free(&table);
    return ret;
}

static void print_unmatched(const ost_matched_t *matched, FILE *out)
{
    for (size_t i = 0; i < matched->n_unmatched; i++) {
        const ost_unmatched_t *u = &matched->unmatched[i];
        size_t more;
        if (!ost_matched_group(matched, i, &more)) continue;
        fprintf(out, "not compared: %s, %s, %s %s", u->row->trial, u->row->arm, u->row->endpoint, u->row->site);
        if (more > 0) fprintf(out, " and %zu more", more);
        fprintf(out, ": %s\n", u->why);
    }
}

int ost_validation_print(const ost_validation_t *self, FILE *out, ost_error_t *err)
{
    int ret = print_checks(self, out, err);
    for (size_t t = 0; t < self->trials.n_trials; t++) print_unmatched(&self->trials.trials[t].matched, out);
    char basis[256];
    fprintf(out, "\n%s\n", ost_validation_basis(self, basis, sizeof(basis)));
    ost_validation_sum_t sums[OST_N_SUMS];
    size_t n = ost_validation_sum(self, sums);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s %s: n %zu rmse %.2f bias %+.2f coverage %.2f weighted %.2f\n",
            ost_class_words[sums[i].endpoint_class], ost_role_words[sums[i].role], sums[i].n, sums[i].rmse,
            sums[i].bias, sums[i].coverage, sums[i].weighted);
    for (int c = 0; c < OST_N_CLASSES; c++) {
        ost_replicates_t same = ost_validation_replicates(self, (ost_class_t) c);
        if (same.n_groups > 0)
            fprintf(out, "%s replicates: n %zu in %zu groups of trials that gave the same, sd %.2f\n",
                ost_class_words[c], same.n, same.n_groups, same.sd);
    }
    return ret;
}
