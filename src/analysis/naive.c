/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes calibrate rows and the classes of their arms; gives what their means predict for an observation. */
#include "analysis/naive.h"

#include "core/table.h"
#include "core/text.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Visits of one month. */
#define SAME_MONTH (0.5 / OST_DAYS_PER_MONTH)

static double months_of(const ost_endpoint_t *endpoint)
{
    return (endpoint->to - endpoint->from) / OST_DAYS_PER_MONTH;
}

static const ost_treated_arm_t *arm_of(const ost_trials_t *trials, const ost_observation_t *observation)
{
    return ost_treatments_find(&trials->treatments, observation->row->trial, observation->row->arm);
}

/* One name for all alternatives of an output, so that trials with and without scans are one series. */
static const char *name_of(const ost_trials_t *trials, const char *output)
{
    const ost_endpoint_entry_t *entry = ost_endpoint_entry_of_output(&trials->dictionary, output);
    return entry != NULL ? entry->output : output;
}

/* The class of the same name. @return n_classes without one */
static size_t class_named(const ost_treatments_t *self, const char *name)
{
    size_t i = 0;
    while (i < self->n_classes && strcmp(self->classes[i].name, name) != 0) i++;
    return i;
}

/* @param of  whose classes are meant */
static int add_row(ost_naive_t *self, const ost_treatments_t *of, const ost_trials_t *trials,
    const ost_observation_t *observation, ost_error_t *err)
{
    const ost_evidence_row_t *row = observation->row;
    const ost_treated_arm_t *arm = arm_of(trials, observation);
    if (ost_evidence_role(row) != OST_ROLE_CALIBRATE || !OST_CLASS_IS_OF_CHANGES(observation->endpoint_class) ||
        arm == NULL || arm->of_minus != SIZE_MAX || observation->baseline.output[0] != '\0')
        return 0;
    const size_t i_class = class_named(of, arm->name);
    if (i_class == of->n_classes) return 0;
    for (size_t i = 0; i < self->n; i++)
        if (self->rows[i].line == row->line && strcmp(self->rows[i].trial, row->trial) == 0)
            return 0; /* compared in two trials */
    ost_naive_row_t *more = realloc(self->rows, (self->n + 1) * sizeof(*more));
    if (more == NULL) return ost_no_memory(err);
    self->rows = more;
    more[self->n] = (ost_naive_row_t){ .of = i_class,
        .trial = ost_strdup(row->trial),
        .months = months_of(&observation->endpoint),
        .value = ost_observation_change(observation, row->value),
        .line = row->line };
    snprintf(more[self->n].output, sizeof(more->output), "%s", name_of(trials, observation->endpoint.output));
    return more[self->n++].trial == NULL ? ost_no_memory(err) : 0;
}

/* @param of  whose classes are meant */
static int add_trials(ost_naive_t *self, const ost_treatments_t *of, const ost_trials_t *trials, ost_error_t *err)
{
    int ret = 0;
    for (size_t t = 0; t < trials->n_trials; t++) {
        const ost_matched_t *matched = &trials->trials[t].matched;
        for (size_t i = 0; i < matched->n_observations && ret == 0; i++)
            ret = add_row(self, of, trials, &matched->observations[i], err);
    }
    return ret;
}

/* Whether some observation can have a class mean. */
static bool has_class(const ost_trials_t *trials)
{
    for (size_t t = 0; t < trials->n_trials; t++)
        for (size_t i = 0; i < trials->trials[t].matched.n_observations; i++)
            if (arm_of(trials, &trials->trials[t].matched.observations[i]) != NULL) return true;
    return false;
}

int ost_naive_read(ost_naive_t *self, const ost_trials_options_t *options, ost_error_t *err)
{
    ost_trials_t own, shipped = { 0 };
    ost_trials_options_t all = *options;
    all.only = all.model = NULL;
    all.only_matched = true;
    *self = (ost_naive_t){ 0 };
    int ret = ost_trials_read(&own, &all, err);
    if (ret == 0) ret = add_trials(self, &own.treatments, &own, err);
    if (ret == 0 && all.shipped != NULL && strcmp(all.shipped, all.folder) != 0 && has_class(&own)) {
        const size_t n_own = self->n;
        all.folder = self->shipped = all.shipped;
        all.evidence = NULL;
        ret = ost_trials_read(&shipped, &all, err);
        if (ret == 0) ret = add_trials(self, &own.treatments, &shipped, err);
        self->n_shipped = self->n - n_own;
    }
    ost_trials_free(&shipped);
    ost_trials_free(&own);
    return ret;
}

char *ost_naive_origin(const ost_naive_t *self, char *buf, size_t size)
{
    buf[0] = '\0';
    if (self->n_shipped > 0)
        snprintf(buf, size, "Class means are of %zu calibrate rows of the trials of %s and %zu of these trials.",
            self->n_shipped, self->shipped, self->n - self->n_shipped);
    return buf;
}

/* Rows of one class and output, without those of one trial. */
typedef struct {
    const ost_naive_t *naive;
    size_t of;
    const char *output, *without;
} series_t;

static bool is_of(const series_t *self, const ost_naive_row_t *row)
{
    return row->of == self->of && strcmp(row->output, self->output) == 0 && strcmp(row->trial, self->without) != 0;
}

static bool is_at(const ost_naive_row_t *row, double months)
{
    return fabs(row->months - months) <= SAME_MONTH;
}

/* The mean over trials, each being the mean of its own rows. */
static double mean_at(const series_t *self, double months)
{
    const ost_naive_row_t *rows = self->naive->rows;
    double sum = 0, n_trials = 0;
    for (size_t i = 0; i < self->naive->n; i++) {
        double own = 0, n = 0;
        bool is_first = is_of(self, &rows[i]) && is_at(&rows[i], months);
        for (size_t k = 0; k < self->naive->n && is_first; k++) {
            if (!is_of(self, &rows[k]) || !is_at(&rows[k], months) || strcmp(rows[k].trial, rows[i].trial) != 0)
                continue;
            is_first = k >= i;
            own += rows[k].value;
            n++;
        }
        if (!is_first) continue;
        sum += own / n;
        n_trials++;
    }
    return sum / n_trials;
}

/* The last month with a row before `limit`, 0 without such a row; or the first month from it on, INFINITY without.
 */
static double month_beside(const series_t *self, double limit, bool is_before)
{
    double found = is_before ? 0 : INFINITY;
    for (size_t i = 0; i < self->naive->n; i++) {
        const ost_naive_row_t *row = &self->naive->rows[i];
        if (!is_of(self, row) || (row->months < limit - SAME_MONTH) != is_before) continue;
        found = is_before ? fmax(found, row->months) : fmin(found, row->months);
    }
    return found;
}

static double predict(const series_t *self, double months)
{
    double last = month_beside(self, INFINITY, true);
    if (!(last > 0)) return NAN;
    months = fmin(months, last);
    double m1 = month_beside(self, months, false), m0 = month_beside(self, m1, true);
    double v1 = mean_at(self, m1), v0 = m0 > 0 ? mean_at(self, m0) : 0;
    return v0 + (v1 - v0) * (months - m0) / (m1 - m0);
}

static double predict_class(
    const ost_naive_t *self, size_t of, const ost_trials_t *trials, const ost_observation_t *observation)
{
    const ost_endpoint_entry_t *entry = ost_endpoint_entry_of_output(&trials->dictionary, observation->endpoint.output);
    series_t series = { self, of, name_of(trials, observation->endpoint.output), observation->row->trial };
    double value = predict(&series, months_of(&observation->endpoint));
    if (!isnan(value) || entry == NULL || entry->stand_in[0] == '\0') return value;
    series.output = name_of(trials, entry->stand_in);
    return predict(&series, months_of(&observation->endpoint));
}

double ost_naive_predict(const ost_naive_t *self, const ost_trials_t *trials, const ost_observation_t *observation)
{
    const ost_treated_arm_t *arm = arm_of(trials, observation);
    if (arm == NULL || !OST_CLASS_IS_OF_CHANGES(observation->endpoint_class)) return NAN;
    double change = predict_class(self, arm->of, trials, observation);
    if (arm->of_minus != SIZE_MAX) change -= predict_class(self, arm->of_minus, trials, observation);
    double observed = observation->row->value;
    return observed + (change - ost_observation_change(observation, observed)) / ost_observation_scale(observation);
}

void ost_naive_free(ost_naive_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n; i++) free(self->rows[i].trial);
    free(self->rows);
    *self = (ost_naive_t){ 0 };
}

/* Sums of those observations whose class is `of`, or of all. @param values  [2 n] scratch */
static ost_naive_sum_t sum_of_class(const ost_naive_t *naive, const ost_trials_t *trials,
    const ost_naive_checked_t *checked, size_t n, size_t of, double *values)
{
    ost_naive_sum_t sum = { 0 };
    const size_t n_classes = trials->treatments.n_classes;
    for (const ost_naive_checked_t *c = checked; c < checked + n; c++) {
        const ost_treated_arm_t *arm = arm_of(trials, c->observation);
        if (of <= n_classes && of != (arm != NULL ? arm->of : n_classes)) continue;
        double scale = ost_observation_scale(c->observation), observed = c->observation->row->value;
        double residual = scale * (c->simulated - observed);
        double miss = scale * (ost_naive_predict(naive, trials, c->observation) - observed);
        values[sum.n++] = fabs(residual);
        sum.n_inside += c->inside;
        sum.bias += residual;
        sum.rmse += residual * residual;
        sum.mae += fabs(residual);
        if (!isfinite(residual) || !isfinite(miss)) continue;
        sum.n_compared++;
        sum.square += residual * residual;
        sum.size += fabs(residual);
        sum.naive_square += miss * miss;
        sum.naive_size += fabs(miss);
    }
    ost_sample_t sizes = ost_sample_of(values, sum.n, values + n);
    sum.bias /= (double) sum.n;
    sum.rmse = sqrt(sum.rmse / (double) sum.n);
    sum.mae /= (double) sum.n;
    sum.median = ost_statistic(OST_STATISTIC_MEDIAN, &sizes);
    return sum;
}

int ost_naive_sum(ost_naive_sum_t *sums, const ost_naive_t *naive, const ost_trials_t *trials,
    const ost_naive_checked_t *checked, size_t n, ost_error_t *err)
{
    double *values = malloc((2 * n + 1) * sizeof(*values));
    if (values == NULL) return ost_no_memory(err);
    for (size_t of = 0; of < trials->treatments.n_classes + 2; of++)
        sums[of] = sum_of_class(naive, trials, checked, n, of, values);
    free(values);
    return 0;
}

const char *const ost_trust_words[OST_N_TRUSTS] = { OST_TRUSTS(OST_WORD_OF) };

#define PREDICTED 0.9  /* of observations that an interval holds */
#define RARE 0.05      /* probability of chance from which on it is not believed */
#define FEW_TO_TELL 10 /* fewer do not tell 70 % from 90 % */

ost_trust_t ost_naive_trust(const ost_naive_sum_t *self)
{
    if (gsl_cdf_binomial_P((unsigned) self->n_inside, PREDICTED, (unsigned) self->n) < RARE) return OST_TRUST_NARROW;
    if (self->n < FEW_TO_TELL) return OST_TRUST_FEW;
    if (self->n_compared == 0) return OST_TRUST_ALONE;
    return self->square < self->naive_square && self->size < self->naive_size ? OST_TRUST_NEARER : OST_TRUST_NO_NEARER;
}

int ost_naive_print(
    const ost_naive_sum_t *sums, const ost_treatments_t *treatments, const char *what, FILE *out, ost_error_t *err)
{
    ost_table_t table = { 0 };
    size_t n_sums = treatments->n_classes + 2;
    if (sums[n_sums - 1].n == sums[n_sums - 2].n) {
        fputc('\n', out);
        ost_print_wrapped(out,
            "%s: no arm has a class of treatment, so no class means; arms.csv beside the evidence gives one, with "
            "lines such "
            "as 'trial,arm,class,minus' and 'TRIAL,ARM,untreated,'",
            what);
        return 0;
    }
    ost_table_column(&table, what, true);
    ost_table_columns(&table, "n\tcoverage\tbias\tmedian\trmse\tMAE\twith class mean\tmodel rmse\tclass means "
                              "rmse\tmodel MAE\tclass means MAE");
    for (size_t i = 0; i < n_sums; i++) {
        const ost_naive_sum_t *sum = &sums[(i + n_sums - 1) % n_sums]; /* all of them first */
        double n = (double) sum->n_compared;
        if (sum->n == 0) continue;
        const char *name = i == 0                          ? "all"
                           : i - 1 < treatments->n_classes ? treatments->classes[i - 1].name
                                                           : "without class";
        char errors[80] = "";
        if (n > 0)
            snprintf(errors, sizeof(errors), "\t%.2f\t%.2f\t%.2f\t%.2f", sqrt(sum->square / n),
                sqrt(sum->naive_square / n), sum->size / n, sum->naive_size / n);
        ost_table_row(&table, "%s\t%zu\t%.2f\t%+.2f\t%.2f\t%.2f\t%.2f\t%zu%s", name, sum->n,
            (double) sum->n_inside / (double) sum->n, sum->bias, sum->median, sum->rmse, sum->mae, sum->n_compared,
            errors);
    }
    fputc('\n', out);
    return ost_table_print(&table, out, err);
}
