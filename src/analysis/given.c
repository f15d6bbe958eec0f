/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the variance from points that were not chosen for them. Takes values of the inputs and of an output at each
 * point. Over samples, the first order is the variance between classes of an input's values, less what chance alone
 * leaves between them; over a grid, both orders are sums over all of its points. */
#include "analysis/sensitivity.h"
#include "core/memory.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

typedef struct {
    double value, y;
} pair_t;

static int compare(const void *a, const void *b)
{
    const double x = ((const pair_t *) a)->value, y = ((const pair_t *) b)->value;
    return (x > y) - (x < y);
}

/* One class of values: its points, their mean. */
typedef struct {
    double n, mean;
} class_t;

typedef struct {
    double mean, variance; /* of y over all points */
    pair_t *pairs;         /* [n] in the order of the input's values */
    size_t n, n_classes;   /* points with a value; classes at most */
    class_t *classes;      /* [n_classes] */
    bool is_sequence;
} samples_t;

/* The class of the point that is the i-th by its value: equal values are of one class. */
static size_t class_of(const samples_t *self, size_t first_of_equal)
{
    return first_of_equal * self->n_classes / self->n;
}

/* Call `visit` for each point with its class. */
static void visit_points(samples_t *self, void (*visit)(samples_t *, class_t *, double y, void *), void *sum)
{
    for (size_t i = 0, first = 0; i < self->n; i++) {
        if (self->pairs[i].value != self->pairs[first].value) first = i;
        visit(self, &self->classes[class_of(self, first)], self->pairs[i].y, sum);
    }
}

static void take(samples_t *self, class_t *of, double y, void *sum)
{
    (void) self;
    (void) sum;
    of->mean += (y - of->mean) / ++of->n;
}

typedef struct {
    double between, square; /* variance of the means of the classes; mean square of the influence of a point */
} sums_t;

static void take_between(samples_t *self, class_t *of, double y, void *sums)
{
    (void) y;
    ((sums_t *) sums)->between += pow(of->mean - self->mean, 2) / (double) self->n;
}

static void take_influence(samples_t *self, class_t *of, double y, void *sums)
{
    sums_t *to = sums;
    const double d = of->mean - self->mean, part = to->between / self->variance;
    const double influence = (d * d + 2 * d * (y - of->mean) - part * pow(y - self->mean, 2)) / self->variance;
    to->square += influence * influence / (double) self->n;
}

/* The first order of one input. Its error has two parts: that of a ratio of two means over points, by how much each
 * point moves it, and that of classes whose means differ by chance. */
static ost_index_t first_order(samples_t *self)
{
    const double n = (double) self->n;
    double n_classes = 0;
    sums_t sums = { 0 };
    qsort(self->pairs, self->n, sizeof(*self->pairs), compare);
    for (size_t c = 0; c < self->n_classes; c++) self->classes[c] = (class_t){ 0 };
    visit_points(self, take, NULL);
    for (size_t c = 0; c < self->n_classes; c++) n_classes += self->classes[c].n > 0;
    visit_points(self, take_between, &sums);
    visit_points(self, take_influence, &sums);
    if (n_classes < 2 || n <= n_classes) return (ost_index_t){ NAN, NAN, NAN };
    const double within = fmax(0, self->variance - sums.between) * n / (n - n_classes);
    const double chance = (n_classes - 1) / n * within / self->variance;
    const double open = self->is_sequence ? chance / 2 : 0; /* chance takes part in it between not at all and in full */
    const double value = sums.between / self->variance - chance + open;
    /* means of classes that differ by chance enter the first part as well */
    const double by_points = fmax(0, sums.square - 4 * chance * within / self->variance);
    const double variance = by_points / n + 2 * chance * chance / (n_classes - 1);
    const double error = gsl_cdf_ugaussian_Pinv(0.975) * sqrt(variance) + open;
    return (ost_index_t){ value, value - error, value + error };
}

static void measure(samples_t *self, const double *y, size_t n_points)
{
    double square = 0;
    for (size_t i = 0; i < n_points; i++) {
        if (!isfinite(y[i])) continue;
        const double step = y[i] - self->mean;
        self->mean += step / (double) ++self->n;
        square += step * (y[i] - self->mean);
    }
    self->variance = self->n > 0 ? square / (double) self->n : 0;
    self->n_classes = (size_t) sqrt((double) self->n);
}

static int of_samples(const ost_given_t *given, const double *y, ost_index_t *out, ost_error_t *err)
{
    samples_t self = { .is_sequence = given->is_sequence };
    measure(&self, y, given->n_points);
    if (!(self.variance > 0)) return 0;
    ost_memory_t memory = { 0 };
    self.pairs = ost_memory_list(&memory, self.n, sizeof(*self.pairs));
    self.classes = ost_memory_list(&memory, self.n_classes, sizeof(*self.classes));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    for (size_t k = 0; k < given->n_inputs && ret == 0; k++) {
        size_t n = 0;
        for (size_t i = 0; i < given->n_points; i++)
            if (isfinite(y[i])) self.pairs[n++] = (pair_t){ given->x[i * given->n_inputs + k], y[i] };
        out[k * OST_N_INDICES + OST_INDEX_FIRST] = first_order(&self);
    }
    ost_memory_free(&memory);
    return ret;
}

/* Mean over the other inputs at each value of input k, and variance over its values at each point of the others. */
static void of_axis(const ost_given_t *given, const double *y, size_t k, const samples_t *all, ost_index_t *out)
{
    const size_t n_levels = given->n_levels[k];
    size_t stride = 1;
    double first = 0, total = 0;
    for (size_t a = k + 1; a < given->n_inputs; a++) stride *= given->n_levels[a];
    const size_t n_outer = given->n_points / stride / n_levels;
    for (size_t l = 0; l < n_levels; l++) {
        double mean = 0;
        for (size_t o = 0; o < n_outer; o++)
            for (size_t i = 0; i < stride; i++) mean += y[(o * n_levels + l) * stride + i] - all->mean;
        mean /= (double) (n_outer * stride);
        first += mean * mean / (double) n_levels;
    }
    for (size_t o = 0; o < n_outer; o++)
        for (size_t i = 0; i < stride; i++) {
            samples_t line = { 0 };
            for (size_t l = 0; l < n_levels; l++) {
                const double at = y[(o * n_levels + l) * stride + i], step = at - line.mean;
                line.mean += step / (double) ++line.n;
                line.variance += step * (at - line.mean) / (double) n_levels;
            }
            total += line.variance / (double) (n_outer * stride);
        }
    first /= all->variance;
    total /= all->variance;
    out[OST_INDEX_FIRST] = (ost_index_t){ first, first, first };
    out[OST_INDEX_TOTAL] = (ost_index_t){ total, total, total };
}

int ost_given_estimate(const ost_given_t *self, const double *y, ost_index_t *out, ost_error_t *err)
{
    samples_t all = { 0 };
    for (size_t i = 0; i < self->n_inputs * OST_N_INDICES; i++) out[i] = (ost_index_t){ NAN, NAN, NAN };
    if (self->n_levels == NULL) return of_samples(self, y, out, err);
    measure(&all, y, self->n_points);
    for (size_t k = 0; k < self->n_inputs && all.n == self->n_points && all.variance > 0; k++)
        of_axis(self, y, k, &all, out + k * OST_N_INDICES);
    return 0;
}
