/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See correlations.h. */
#include "plan/correlations.h"

#include "core/correlation.h"
#include "core/random.h"

#include <math.h>
#include <stdio.h>

/* Strata that are held in memory at most, 400 MB: an assumption. */
#define MOST_STRATA 100000000u
/* Of a matrix that is offered instead, for each row: more than its four digits change. */
#define LEAST_EIGENVALUE 1e-4

static uint64_t cohort_size(const ost_experiment_t *e)
{
    return e->n_cohort > 0 ? e->n_cohort : e->n_subjects;
}

double ost_plan_uniform(const ost_experiment_t *e, uint64_t subject, uint32_t purpose)
{
    if (e->sampling == OST_SAMPLING_RANDOM) return ost_random_uniform(e->seed, subject, purpose, 0);
    const uint64_t n = cohort_size(e);
    return ((double) ost_random_permutation(e->seed, purpose, subject % n, n) + 0.5) / (double) n;
}

/* Whether quantity i depends on those before it. */
static bool is_mixed(const ost_copula_t *self, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (self->lower[i * self->n + k] != 0) return true;
    return false;
}

static double score(const ost_copula_t *self, const ost_experiment_t *e, uint64_t subject, size_t i)
{
    double sum = 0;
    for (size_t k = 0; k <= i; k++) {
        const double weight = self->lower[i * self->n + k];
        if (weight != 0) sum += weight * ost_normal_quantile(ost_plan_uniform(e, subject, self->purpose[k]));
    }
    return sum;
}

double ost_copula_uniform(const ost_copula_t *self, const ost_experiment_t *e, uint64_t subject, size_t i)
{
    if (!is_mixed(self, i)) return ost_plan_uniform(e, subject, self->purpose[i]);
    if (self->stratum == NULL) return ost_normal_cdf(score(self, e, subject, i));
    const uint64_t n = cohort_size(e);
    return ((double) self->stratum[i * n + subject % n] + 0.5) / (double) n;
}

typedef struct {
    double score;
    uint32_t subject;
} ranked_t;

static int compare(const void *a, const void *b)
{
    const ranked_t *left = a, *right = b;
    if (left->score != right->score) return left->score < right->score ? -1 : 1;
    return left->subject < right->subject ? -1 : left->subject > right->subject;
}

/* The scores of a latin hypercube are sums and no longer one in each stratum: their ranks are. */
static const uint32_t *rank(const ost_copula_t *self, const ost_experiment_t *e, ost_maker_t *make)
{
    const uint64_t n = cohort_size(e);
    if (n * self->n > MOST_STRATA) {
        OST_FAIL_AT(&make->err, OST_ERR_LIMIT, e, e->correlations.location,
            "a latin_hypercube of %zu correlated quantities and %llu subjects; expected at most %llu subjects, or "
            "sampling: random",
            self->n, (unsigned long long) n, (unsigned long long) (MOST_STRATA / self->n));
        return NULL;
    }
    uint32_t *stratum = ost_maker_list(make, self->n * n, sizeof(*stratum));
    ranked_t *ranked = stratum != NULL ? malloc(n * sizeof(*ranked)) : NULL;
    if (stratum != NULL && ranked == NULL) ost_no_memory(&make->err);
    for (size_t i = 0; i < self->n && ranked != NULL; i++) {
        if (!is_mixed(self, i)) continue;
        for (uint64_t s = 0; s < n; s++) ranked[s] = (ranked_t){ score(self, e, s, i), (uint32_t) s };
        qsort(ranked, n, sizeof(*ranked), compare);
        for (uint64_t k = 0; k < n; k++) stratum[i * n + ranked[k].subject] = (uint32_t) k;
    }
    free(ranked);
    return stratum;
}

/* Refuse a matrix, and print the nearest valid one as it is written, in the form in which most of it is given.
 * @param a  [n][n], overwritten */
static void fail_matrix(const ost_experiment_t *e, double *a, double *work, ost_error_t *err)
{
    const ost_correlations_t *c = &e->correlations;
    const size_t n = c->names.n;
    size_t n_ranks = 0, n_scores = 0, length = 0;
    char names[240] = "", values[240] = "";
    for (size_t k = 0; k < (size_t) OST_MAX_CORRELATED * OST_MAX_CORRELATED; k++) {
        n_ranks += c->is_given[k] == OST_BY_RANKS;
        n_scores += c->is_given[k] == OST_BY_SCORES;
    }
    ost_correlation_nearest(a, n, LEAST_EIGENVALUE * (double) n, work);
    for (size_t i = 0; i < n && length < sizeof(names); i++)
        length +=
            (size_t) snprintf(names + length, sizeof(names) - length, "%s%s", i > 0 ? ", " : "", c->names.items[i]);
    length = 0;
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i && length < sizeof(values); k++) {
            const double r = n_ranks > n_scores ? ost_spearman_of_pearson(a[i * n + k]) : a[i * n + k];
            length += (size_t) snprintf(
                values + length, sizeof(values) - length, "%s%.4f", length > 0 ? ", " : "", fabs(r) < 5e-5 ? 0 : r);
        }
    OST_FAIL_AT(err, OST_ERR_VALUE, e, c->location,
        "the matrix of correlations is not positive definite; the nearest valid one is {of: [%s], %s: [%s]}%s", names,
        n_ranks > n_scores ? "spearman" : "pearson", values, length < sizeof(values) ? "" : ", cut here");
}

const ost_copula_t *ost_copula_new(const ost_experiment_t *e, const uint32_t *purpose, ost_maker_t *make)
{
    const size_t n = e->correlations.names.n;
    ost_copula_t *self = ost_maker_list(make, 1, sizeof(*self));
    double *a = ost_maker_list(make, n * n, sizeof(*a)), *lower = ost_maker_list(make, n * n, sizeof(*lower)),
           *work = ost_maker_list(make, 4 * n * n, sizeof(*work));
    if (make->err.code != 0) return NULL;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) a[i * n + k] = e->correlations.r[i * OST_MAX_CORRELATED + k];
    *self = (ost_copula_t){ .n = n, .purpose = purpose, .lower = lower };
    if (!ost_correlation_factor(a, n, lower)) {
        fail_matrix(e, a, work, &make->err);
        return NULL;
    }
    if (e->sampling != OST_SAMPLING_RANDOM) self->stratum = rank(self, e, make);
    return make->err.code == 0 ? self : NULL;
}
