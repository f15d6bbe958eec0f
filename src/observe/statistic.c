/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes values of a measure, one of each subject; gives statistics of them. Sums are in long double, so that their
 * rounding stays below that of the values. */
#include "observe/statistic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double mean_of(const ost_sample_t *self)
{
    long double sum = 0;
    for (size_t i = 0; i < self->n; i++) sum += self->x[i];
    return (double) (sum / (long double) self->n);
}

static double sd_of(const ost_sample_t *self)
{
    long double sum = 0, mean = mean_of(self);
    for (size_t i = 0; i < self->n; i++) sum += (self->x[i] - mean) * (self->x[i] - mean);
    return self->n > 1 ? (double) sqrtl(sum / (long double) (self->n - 1)) : NAN;
}

double ost_quantile(const double *x, size_t n, double p)
{
    double at = p * (double) (n - 1);
    size_t below = (size_t) at;
    if (below + 1 >= n) return x[n - 1];
    double part = at - (double) below;
    return (1 - part) * x[below] + part * x[below + 1];
}

double ost_quantile_coverage(size_t n, double part)
{
    return part * ((double) n - 1) / ((double) n + 1);
}

static double median_of(const ost_sample_t *self)
{
    return ost_quantile(self->x, self->n, 0.5);
}

static double q05_of(const ost_sample_t *self)
{
    return ost_quantile(self->x, self->n, 0.05);
}

static double q95_of(const ost_sample_t *self)
{
    return ost_quantile(self->x, self->n, 0.95);
}

static double n_of(const ost_sample_t *self)
{
    return (double) self->n;
}

static double fraction_of(const ost_sample_t *self)
{
    size_t n_below = 0;
    while (n_below < self->n && !(self->x[n_below] > 0)) n_below++;
    return 100 * (double) (self->n - n_below) / (double) self->n;
}

static double difference_of(const ost_sample_t *self)
{
    return ost_statistic(OST_STATISTIC_MEAN, self) - self->versus;
}

/* Differences below this part of the means are roundings of the file and errors of the solver: assumed. */
#define ROUNDING 1e-5
/* Half of a 95 % interval in standard errors. */
#define Z95 1.959964

static double nnt_of(const ost_sample_t *self)
{
    double difference = fabs(difference_of(self)), mean = ost_statistic(OST_STATISTIC_MEAN, self);
    double least = ROUNDING * fmax(fabs(mean), fabs(self->versus));
    if (isnan(self->whole) || isnan(difference) || isnan(self->versus_error)) return NAN;
    return difference > fmax(Z95 * self->versus_error, least) ? self->whole / difference : INFINITY;
}

static double residual_of(const ost_sample_t *self)
{
    return ost_statistic(self->observed_as, self) - self->observed;
}

#define COLUMN(NAME, name, heading, format, decimals, tables, function, meaning)                                       \
    [NAME] = { name, heading, format, decimals, tables, function, meaning },
const ost_statistic_column_t ost_statistics[OST_N_STATISTICS] = { OST_STATISTICS(COLUMN) };
#define NAME_OF(NAME, name, ...) name,
const char *const ost_statistic_names[OST_N_STATISTICS] = { OST_STATISTICS(NAME_OF) };

ost_sample_t ost_sample_of(const double *values, size_t n, double *work)
{
    ost_sample_t self = { .x = work, .versus = NAN, .versus_error = NAN, .whole = NAN, .observed = NAN };
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) work[self.n++] = values[i];
    qsort(work, self.n, sizeof(*work), ost_compare_doubles);
    return self;
}

double ost_error_of_difference(const double *a, const double *b, size_t n)
{
    long double sum = 0, squares = 0;
    size_t n_pairs = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = b != NULL ? a[i] - b[i] : a[i];
        if (!isfinite(difference)) continue;
        n_pairs++;
        sum += difference;
    }
    for (size_t i = 0; i < n; i++) {
        const double difference = b != NULL ? a[i] - b[i] : a[i];
        if (!isfinite(difference)) continue;
        long double rest = difference - sum / (long double) n_pairs;
        squares += rest * rest;
    }
    return n_pairs > 1 ? (double) sqrtl(squares / (long double) (n_pairs - 1) / (long double) n_pairs) : NAN;
}

/* Standard error of a quantile: of the order statistics, weighted by the density of beta((n+1)p, (n+1)(1-p)), by which
 * each is the quantile (Maritz & Jarrett 1978, J Am Stat Assoc 73:194). It sees a gap beside the quantile,
 * as a slope there does not. */
static double error_of_quantile(const ost_sample_t *sample, double p)
{
    const double n = (double) sample->n, centre = ost_quantile(sample->x, sample->n, p);
    const double below = (n + 1) * p - 1, above = (n + 1) * (1 - p) - 1;
    double sum = 0, mean = 0, square = 0;
    for (size_t i = 0; i < sample->n; i++) {
        const double at = ((double) i + 0.5) / n, distance = sample->x[i] - centre;
        const double weight = exp(below * log(at / p) + above * log((1 - at) / (1 - p)));
        sum += weight;
        mean += weight * distance;
        square += weight * distance * distance;
    }
    return sqrt(fmax(square / sum - mean / sum * (mean / sum), 0));
}

/* What a subject's value adds to a statistic, but for a constant. */
typedef struct {
    ost_statistic_t of;
    double centre, scale; /* of an SD: mean, 1/(2 SD); of a quantile: itself, its error in those of its probability;
                             else 0 and 1, or 100 */
} influence_t;

/* @return false where it is not known */
static bool find_influence(influence_t *self, ost_statistic_t of, const ost_sample_t *sample)
{
    const double p = of == OST_STATISTIC_Q05 ? 0.05 : of == OST_STATISTIC_Q95 ? 0.95 : 0.5;
    *self = (influence_t){ .of = of, .scale = of == OST_STATISTIC_FRACTION ? 100 : 1 };
    switch (of) {
    case OST_STATISTIC_MEAN:
    case OST_STATISTIC_FRACTION:
        return sample->n > 1;
    case OST_STATISTIC_SD:
        self->centre = mean_of(sample);
        self->scale = 0.5 / sd_of(sample);
        return sample->n > 2 && isfinite(self->scale);
    case OST_STATISTIC_MEDIAN:
    case OST_STATISTIC_Q05:
    case OST_STATISTIC_Q95:
        if (sample->n < 2) return false;
        self->centre = ost_quantile(sample->x, sample->n, p);
        self->scale = error_of_quantile(sample, p) * sqrt((double) sample->n / (p * (1 - p)));
        return true;
    default:
        return false;
    }
}

static double influence(const influence_t *self, double x)
{
    switch (self->of) {
    case OST_STATISTIC_MEAN:
        return x;
    case OST_STATISTIC_FRACTION:
        return x > 0 ? self->scale : 0;
    case OST_STATISTIC_SD:
        return self->scale * (x - self->centre) * (x - self->centre);
    default:
        return x <= self->centre ? -self->scale : 0;
    }
}

double ost_standard_error(ost_statistic_t self, const double *values, const double *versus, size_t n, double *work)
{
    influence_t own, other = { 0 };
    ost_sample_t sample = ost_sample_of(values, n, work);
    if (!find_influence(&own, self, &sample)) return NAN;
    if (versus != NULL) sample = ost_sample_of(versus, n, work);
    if (versus != NULL && !find_influence(&other, self, &sample)) return NAN;
    for (size_t i = 0; i < n; i++) {
        const bool is_there = isfinite(values[i]) && (versus == NULL || isfinite(versus[i]));
        work[i] = is_there ? influence(&own, values[i]) - (versus != NULL ? influence(&other, versus[i]) : 0) : NAN;
    }
    const double error = ost_error_of_difference(work, NULL, n);
    return self != OST_STATISTIC_FRACTION || error > 0 ? error : NAN; /* none or all of few say nothing of it */
}

double ost_statistic(ost_statistic_t self, const ost_sample_t *sample)
{
    if (sample->n == 0 && self != OST_STATISTIC_N) return NAN;
    const ost_statistic_column_t *column = &ost_statistics[self];
    bool is_kept = sample->is_summary && !(column->tables & (OST_WITH_VERSUS | OST_WITH_EVIDENCE));
    return is_kept ? sample->known[self] : column->value(sample);
}

char *ost_statistic_format(ost_statistic_t self, double value, int decimals, char *buf, size_t size)
{
    if (ost_statistics[self].decimals >= 0) decimals = ost_statistics[self].decimals;
    buf[0] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (isinf(value)) snprintf(buf, size, "none");
    if (isfinite(value)) snprintf(buf, size, ost_statistics[self].format, decimals, value);
#pragma GCC diagnostic pop
    return buf;
}

void ost_drawn(const double *values, size_t n, double *work, double out[OST_N_DRAWN])
{
    const ost_sample_t middle = ost_sample_of(values, n, work);
    const double beyond = (1 - OST_DRAWN_PART) / 2;
    out[OST_DRAWN_VALUE] = ost_statistic(OST_STATISTIC_MEDIAN, &middle);
    out[OST_DRAWN_LOW] = middle.n > 0 ? ost_quantile(middle.x, middle.n, beyond) : NAN;
    out[OST_DRAWN_HIGH] = middle.n > 0 ? ost_quantile(middle.x, middle.n, 1 - beyond) : NAN;
    for (size_t k = 1; k <= 2; k++) {
        const ost_sample_t end = ost_sample_of(values + k * n, n, work);
        out[OST_DRAWN_SUBJECTS_LOW + k - 1] = ost_statistic(OST_STATISTIC_MEDIAN, &end);
    }
}

ost_estimate_t ost_estimate(
    ost_statistic_t statistic, const double *values, const double *versus, bool is_ratio, size_t n, double *work)
{
    ost_sample_t sample = ost_sample_of(values, n, work);
    ost_estimate_t self = { .n = sample.n, .error = NAN };
    for (int i = 0; i < OST_N_STATISTICS; i++) self.statistic[i] = ost_statistic((ost_statistic_t) i, &sample);
    self.value = self.statistic[statistic];
    self.sd = self.statistic[OST_STATISTIC_SD];
    if (versus == NULL) return self;
    ost_sample_t other = ost_sample_of(versus, n, work);
    double value = ost_statistic(statistic, &other), sd = ost_statistic(OST_STATISTIC_SD, &other);
    if (is_ratio) { /* the SD of a quotient, to first order */
        double quotient = self.value / value;
        self.sd = 100 * fabs(quotient) * hypot(self.sd / self.value, sd / value);
        self.value = 100 * (quotient - 1);
    } else {
        self.value -= value;
        self.sd = hypot(self.sd, sd);
    }
    if (other.n < self.n) self.n = other.n;
    return self;
}
