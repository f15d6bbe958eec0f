/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elementary effects: trajectories on a grid of levels, and the mean and scatter of the changes along them. */
#include "analysis/sensitivity_impl.h"

#include "core/memory.h"
#include "core/random.h"
#include "observe/statistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Trajectories to choose from, for each that is chosen. */
#define CANDIDATES 5

size_t ost_bootstrap_item(uint64_t seed, size_t b, size_t k, size_t n)
{
    return (
        size_t) (ost_random_uniform(seed, b, ost_random_purpose("sensitivity.bootstrap"), (uint32_t) k) * (double) n);
}

/* Candidate c: [n_groups + 1][n_inputs]. Each input goes from one level to the one half of the levels away, or back. */
static void draw_trajectory(const ost_sensitivity_t *self, size_t c, double *u)
{
    const uint32_t start = ost_random_purpose("morris.start"), order = ost_random_purpose("morris.order");
    const size_t n = self->n_inputs, half = self->n_levels / 2;
    for (size_t k = 0; k < n; k++) {
        size_t level = (size_t) (ost_random_uniform(self->seed, c, start, (uint32_t) k) * (double) self->n_levels);
        u[k] = (double) level / (double) (self->n_levels - 1);
    }
    for (size_t j = 0; j < self->n_groups; j++) {
        /* the permutation's key has no place for the candidate: it is part of the seed */
        size_t moved =
            (size_t) ost_random_permutation(self->seed + 0x9E3779B97F4A7C15u * (c + 1), order, j, self->n_groups);
        const double *from = u + j * n;
        double *to = u + (j + 1) * n;
        for (size_t k = 0; k < n; k++) {
            size_t level = (size_t) lround(from[k] * (double) (self->n_levels - 1));
            if (self->group[k] == moved) level = level < half ? level + half : level - half;
            to[k] = (double) level / (double) (self->n_levels - 1);
        }
    }
}

/* Sum over all pairs of points of two trajectories of n_rows points of the Euclidean distance. */
static double distance(const double *a, const double *b, size_t n_rows, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_rows; j++) {
            double square = 0;
            for (size_t k = 0; k < n; k++) {
                double d = a[i * n + k] - b[j * n + k];
                square += d * d;
            }
            sum += sqrt(square);
        }
    return sum;
}

/* Choose n of n_all trajectories: the first, and then each time that with the largest sum of squared distances from
 * those chosen. @param square  [n_all] scratch @param[out] chosen  [n] */
static void choose(const ost_sensitivity_t *self, const double *all, size_t n_all, double *square, size_t *chosen)
{
    const size_t n_rows = self->n_groups + 1, size = n_rows * self->n_inputs;
    for (size_t c = 0; c < n_all; c++) square[c] = 0;
    chosen[0] = 0;
    square[0] = -INFINITY;
    for (size_t i = 1; i < self->n; i++) {
        size_t best = 0;
        for (size_t c = 0; c < n_all; c++) {
            double d = distance(all + c * size, all + chosen[i - 1] * size, n_rows, self->n_inputs);
            square[c] += d * d;
            if (square[c] > square[best]) best = c;
        }
        chosen[i] = best;
        square[best] = -INFINITY;
    }
}

int ost_morris_points(const ost_sensitivity_t *self, double *u, ost_error_t *err)
{
    const size_t n_all = CANDIDATES * self->n, size = (self->n_groups + 1) * self->n_inputs;
    ost_memory_t memory = { 0 };
    double *all = ost_memory_list(&memory, n_all * size + n_all, sizeof(*all));
    size_t *chosen = ost_memory_list(&memory, self->n, sizeof(*chosen));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    for (size_t c = 0; c < n_all && ret == 0; c++) draw_trajectory(self, c, all + c * size);
    if (ret == 0) choose(self, all, n_all, all + n_all * size, chosen);
    for (size_t i = 0; i < self->n && ret == 0; i++) memcpy(u + i * size, all + chosen[i] * size, size * sizeof(*u));
    ost_memory_free(&memory);
    return ret;
}

/* Elementary effects of all groups on one trajectory. @param[out] effects  [n_groups], size alone of a group of several
 * inputs; NAN of one that is not moved */
static void effects_of(const ost_sensitivity_t *self, const double *u, const double *y, double *effects)
{
    const size_t n = self->n_inputs;
    for (size_t g = 0; g < self->n_groups; g++) effects[g] = NAN;
    for (size_t j = 0; j < self->n_groups; j++) {
        size_t n_moved = 0, g = 0;
        double step = NAN;
        for (size_t k = 0; k < n; k++) {
            double d = u[(j + 1) * n + k] - u[j * n + k];
            if (d == 0) continue;
            step = d;
            g = self->group[k];
            n_moved++;
        }
        double effect = (y[j + 1] - y[j]) / step;
        if (n_moved > 0) effects[g] = n_moved == 1 ? effect : fabs(effect);
    }
}

typedef struct {
    double mu_star, mu, sigma;
} moments_t;

static moments_t moments_of(const double *effects, size_t n)
{
    double sum = 0, size = 0, square = 0;
    for (size_t i = 0; i < n; i++) sum += effects[i], size += fabs(effects[i]);
    for (size_t i = 0; i < n; i++) square += pow(effects[i] - sum / (double) n, 2);
    return (moments_t){ size / (double) n, sum / (double) n, sqrt(square / (double) (n - 1)) };
}

/* The interval that holds the middle 95 % of the samples. */
static ost_index_t with_interval(double value, double *samples)
{
    qsort(samples, OST_N_BOOTSTRAP, sizeof(*samples), ost_compare_doubles);
    return (ost_index_t){ value, ost_quantile(samples, OST_N_BOOTSTRAP, 0.025),
        ost_quantile(samples, OST_N_BOOTSTRAP, 0.975) };
}

/* Indices of one group. @param effects  [n] finite @param work  [n + 3 OST_N_BOOTSTRAP] */
static void summarise(
    const ost_sensitivity_t *self, const double *effects, size_t n, bool is_single, double *work, ost_index_t *out)
{
    double *sample = work + 3 * OST_N_BOOTSTRAP, *mu_star = work, *mu = mu_star + OST_N_BOOTSTRAP,
           *sigma = mu + OST_N_BOOTSTRAP;
    if (n < 2) return;
    const moments_t all = moments_of(effects, n);
    for (size_t b = 0; b < OST_N_BOOTSTRAP; b++) {
        for (size_t i = 0; i < n; i++) sample[i] = effects[ost_bootstrap_item(self->seed, b, i, n)];
        const moments_t one = moments_of(sample, n);
        mu_star[b] = one.mu_star, mu[b] = one.mu, sigma[b] = one.sigma;
    }
    out[OST_INDEX_MU_STAR] = with_interval(all.mu_star, mu_star);
    if (!is_single) return;
    out[OST_INDEX_MU] = with_interval(all.mu, mu);
    out[OST_INDEX_SIGMA] = with_interval(all.sigma, sigma);
}

int ost_morris_estimate(
    const ost_sensitivity_t *self, const double *u, const double *y, ost_index_t *out, ost_error_t *err)
{
    const size_t n_rows = self->n_groups + 1;
    double *effects = malloc((self->n * self->n_groups + 2 * self->n + 3 * OST_N_BOOTSTRAP) * sizeof(*effects));
    if (effects == NULL) return ost_no_memory(err);
    double *of_group = effects + self->n * self->n_groups, *work = of_group + self->n;
    for (size_t i = 0; i < self->n; i++)
        effects_of(self, u + i * n_rows * self->n_inputs, y + i * n_rows, effects + i * self->n_groups);
    for (size_t g = 0; g < self->n_groups; g++) {
        size_t n = 0, n_inputs = 0;
        for (size_t k = 0; k < self->n_inputs; k++) n_inputs += self->group[k] == g;
        for (size_t i = 0; i < self->n; i++)
            if (isfinite(effects[i * self->n_groups + g])) of_group[n++] = effects[i * self->n_groups + g];
        summarise(self, of_group, n, n_inputs == 1, work, out + g * OST_N_INDICES);
    }
    free(effects);
    return 0;
}
