/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a distribution; gives points of it. x: elements of z - centre in units in which the covariance is the identity.
 */
#include "analysis/sampler.h"
#include "analysis/convergence.h"
#include "analysis/surrogate.h"
#include "core/random.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* Chains move together, one evaluation each a round: enough for all threads, and for R-hat. */
#define CHAINS 32
/* The first points: the centre and both sides of it along each axis (Box and Wilson 1951), so many SDs away. */
#define DESIGN_SD 1.5
/* Rounds in which the surrogate is learned, and after how many it is solved for anew. */
#define LEARNING 48
#define RELEARN 4
/* Points that count for less the further out they are: half at so much per element beyond the best in -2 ln density. */
#define FAR 4.0
/* Steps on the surrogate from one proposal to the next, for each element, of which at least so many count: more give
 * nothing, and fewer are made where too few proposals would be accepted. Every so many rounds an eighth of them, so
 * that a chain leaves points which the surrogate takes for less likely than they are. */
#define STEPS 8
#define FEW 12
#define SHORT_EVERY 4
#define PROPOSALS_ACCEPTED 0.3
/* Fraction of those steps to be accepted (Roberts 1997, doi:10.1214/aoap/1034625254). */
#define ACCEPTED 0.234
/* Rounds that count: at least, between checks, and at most unless more draws are asked for. */
#define ROUNDS_MIN 32
#define ROUNDS_CHECK 16
#define ROUNDS_MAX 160

double ost_huber(double r, double k)
{
    double size = fabs(r);
    return k > 0 && size > k ? copysign(sqrt(k * (2 * size - k)), r) : r;
}

typedef struct {
    const ost_target_t *target;
    ost_memory_t memory;
    ost_surrogate_t surrogate;
    gsl_matrix *root;     /* of the covariance, lower triangle */
    double *sd;           /* [n] by the covariance */
    double *x, *next;     /* [CHAINS][n] where the chains are, and what they propose */
    double *z;            /* [CHAINS][n] of next */
    double *minus2;       /* [CHAINS] -2 ln density at x, */
    double *by_surrogate; /* [CHAINS] by the surrogate, */
    double *next_minus2;  /* [CHAINS] and of next */
    double *next_by;      /* [CHAINS] */
    double *residuals;    /* [CHAINS][n_residuals] of next */
    double *scratch;      /* [CHAINS][scratch_size] of steps on the surrogate */
    double *history;      /* [rounds_max][CHAINS][n] z of the points that count */
    size_t scratch_size, n_evaluations, rounds_max;
    double *steps_accepted; /* [CHAINS] fraction of the steps on the surrogate */
    double step;            /* 0..1, fraction of a step's point that is new */
    double n_steps;         /* from one proposal to the next */
    double best;            /* least -2 ln density so far */
} sampler_t;

static size_t steps_of(size_t n)
{
    return STEPS * (n > FEW ? n : FEW);
}

static void to_z(const sampler_t *self, const double *x, double *z)
{
    size_t n = self->target->n;
    memcpy(z, self->target->centre, n * sizeof(*z));
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j <= k; j++) z[k] += gsl_matrix_get(self->root, k, j) * x[j];
}

/* What the surrogate depends on: elements of z by themselves, as each residual depends on few of them. */
static void to_y(const sampler_t *self, const double *z, double *y)
{
    for (size_t k = 0; k < self->target->n; k++) y[k] = (z[k] - self->target->centre[k]) / self->sd[k];
}

/* -2 ln density of residuals at z. */
static double minus2_of(const ost_target_t *target, const double *residuals, const double *z)
{
    double sum = 0;
    for (size_t i = 0; i < target->n_residuals; i++) {
        double r = ost_huber(residuals[i], target->huber_k);
        sum += r * r;
    }
    for (size_t k = 0; k < target->n; k++) sum += z[k] * z[k];
    return sum;
}

/* @param scratch  [scratch_size], as of one chain */
static double by_surrogate(const sampler_t *self, const double *x, double *scratch)
{
    double *z = scratch + self->surrogate.n_terms, *y = z + self->target->n, *residuals = y + self->target->n;
    to_z(self, x, z);
    to_y(self, z, y);
    ost_surrogate_values(&self->surrogate, y, scratch, residuals);
    return minus2_of(self->target, residuals, z);
}

/* Evaluates `next` of all chains, and lets the surrogate have it while it learns. */
static int evaluate(sampler_t *self, bool learns, ost_error_t *err)
{
    const ost_target_t *target = self->target;
    size_t n = target->n;
    for (size_t c = 0; c < CHAINS; c++) to_z(self, self->next + c * n, self->z + c * n);
    int ret = target->residuals(target->user, self->z, CHAINS, self->residuals, err);
    self->n_evaluations += CHAINS;
    for (size_t c = 0; c < CHAINS && ret == 0; c++) {
        const double *residuals = self->residuals + c * target->n_residuals;
        double minus2 = self->next_minus2[c] = minus2_of(target, residuals, self->z + c * n);
        if (!isfinite(minus2)) return ost_fail(err, OST_ERR_VALUE, "residuals of the sample are not finite");
        self->best = fmin(self->best, minus2);
        if (!learns) continue;
        double far = (minus2 - self->best) / (FAR * (double) n);
        to_y(self, self->z + c * n, self->scratch);
        ost_surrogate_add(&self->surrogate, self->scratch, residuals, 1 / (1 + far * far), self->scratch + n);
    }
    return ret;
}

/* One chain's steps on the surrogate, from x to next: sqrt(1 - step^2) x + step xi, xi standard normal, leaves the
 * standard normal distribution as it is (Cotter 2013 Stat Sci 28:424), so the rest of the density decides. */
static void walk(sampler_t *self, size_t chain, uint64_t round, size_t n_steps)
{
    size_t n = self->target->n, n_accepted = 0;
    double *scratch = self->scratch + chain * self->scratch_size, *next = self->next + chain * n;
    double *tried = scratch + self->scratch_size - n, keep = sqrt(1 - self->step * self->step);
    double current = self->by_surrogate[chain];
    const uint32_t steps = ost_random_purpose("steps"), acceptance = ost_random_purpose("acceptance of steps");
    memcpy(next, self->x + chain * n, n * sizeof(*next));
    for (size_t i = 0; i < n_steps; i++) {
        uint64_t at = (round * CHAINS + chain) * steps_of(n) + i;
        double excess = 0;
        for (size_t k = 0; k < n; k++) {
            tried[k] = keep * next[k] + self->step * ost_random_normal(self->target->seed, at, steps, (uint32_t) k);
            excess += next[k] * next[k] - tried[k] * tried[k];
        }
        double minus2 = by_surrogate(self, tried, scratch);
        excess += minus2 - current;
        if (!(log(ost_random_uniform(self->target->seed, at, acceptance, 0)) < -0.5 * excess)) continue;
        memcpy(next, tried, n * sizeof(*next));
        current = minus2;
        n_accepted++;
    }
    self->next_by[chain] = current;
    self->steps_accepted[chain] = (double) n_accepted / (double) n_steps;
}

#ifdef _OPENMP
static int threads_of(const ost_target_t *target)
{
    return target->n_threads > 0 ? target->n_threads : omp_get_max_threads();
}
#endif

/* Proposals of all chains, evaluated, then taken or not. @return how many were, or an error */
static int move(sampler_t *self, uint64_t round, bool learns, ost_error_t *err)
{
    const ost_target_t *target = self->target;
    bool is_short = round % SHORT_EVERY == 0;
    size_t n = target->n, n_steps = (size_t) (self->n_steps / (is_short ? 8 : 1));
    int n_accepted = 0;
    double accepted = 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) num_threads(threads_of(target))
#endif
    for (size_t c = 0; c < CHAINS; c++) walk(self, c, round, n_steps);
    int ret = evaluate(self, learns, err);
    for (uint32_t c = 0; c < CHAINS && ret == 0; c++) {
        accepted += self->steps_accepted[c] / CHAINS;
        double now = self->minus2[c] - self->by_surrogate[c], then = self->next_minus2[c] - self->next_by[c];
        if (!(log(ost_random_uniform(target->seed, round, ost_random_purpose("acceptance"), c)) < 0.5 * (now - then)))
            continue;
        memcpy(self->x + c * n, self->next + c * n, n * sizeof(*self->x));
        self->minus2[c] = self->next_minus2[c];
        self->by_surrogate[c] = self->next_by[c];
        n_accepted++;
    }
    if (learns) self->step = fmin(self->step * exp(0.5 * (accepted - ACCEPTED)), 1);
    if (learns && !is_short) {
        double wanted = self->n_steps * exp((double) n_accepted / CHAINS - PROPOSALS_ACCEPTED);
        self->n_steps = fmin(fmax(wanted, 8), (double) steps_of(n));
    }
    return ret < 0 ? ret : n_accepted;
}

/* @return whether the sample ends here */
static bool interrupted(const sampler_t *self, size_t round, size_t all)
{
    const ost_target_t *target = self->target;
    return target->progress != NULL && target->progress(target->user, round, all, self->minus2[0]) != 0;
}

static int no_sample(ost_error_t *err)
{
    return ost_fail(err, OST_ERR_LIMIT, "interrupted: no sample of the posterior was made");
}

/* The surrogate of all evaluations so far, and what it gives where the chains are. */
static int learn(sampler_t *self, ost_error_t *err)
{
    int ret = ost_surrogate_fit(&self->surrogate, err);
    for (size_t c = 0; c < CHAINS && ret == 0; c++)
        self->by_surrogate[c] = by_surrogate(self, self->x + c * self->target->n, self->scratch);
    return ret;
}

/* Rounds before the chains move. */
static size_t rounds_of_design(size_t n)
{
    return (2 * n + CHAINS) / CHAINS + 1;
}

/* The design, then draws of the normal distribution: the chains begin at the last of them. */
static int begin(sampler_t *self, size_t all, ost_error_t *err)
{
    size_t n = self->target->n, n_rounds = rounds_of_design(n);
    int ret = 0;
    for (size_t round = 0; round < n_rounds && ret == 0; round++) {
        for (size_t c = 0; c < CHAINS; c++) {
            size_t point = round * CHAINS + c;
            bool is_drawn = point > 2 * n || round + 1 == n_rounds;
            for (uint32_t k = 0; k < n; k++)
                self->next[c * n + k] =
                    is_drawn ? ost_random_normal(self->target->seed, point, ost_random_purpose("first points"), k) : 0;
            if (!is_drawn && point > 0) self->next[c * n + (point - 1) / 2] = point % 2 ? DESIGN_SD : -DESIGN_SD;
        }
        ret = evaluate(self, true, err);
        memcpy(self->minus2, self->next_minus2, CHAINS * sizeof(*self->minus2));
        if (ret == 0 && interrupted(self, round + 1, all)) ret = no_sample(err);
    }
    memcpy(self->x, self->next, CHAINS * n * sizeof(*self->x));
    return ret == 0 ? learn(self, err) : ret;
}

/* R-hat and effective sample sizes of what counts so far. @return whether both are as wanted */
static bool check(const sampler_t *self, size_t rounds, size_t n_draws, ost_sample_quality_t *quality)
{
    bool agreed = true;
    for (size_t k = 0; k < self->target->n; k++) {
        const ost_chains_t chains = { self->history + k, rounds, CHAINS, self->target->n };
        quality->r_hat[k] = ost_r_hat(&chains);
        quality->size[k] = ost_effective_size(&chains);
        agreed = agreed && quality->r_hat[k] < OST_R_HAT_AGREED && quality->size[k] >= (double) n_draws;
    }
    return agreed;
}

/* One round of the chains; its points are kept if they count. */
static int run_round(
    sampler_t *self, uint64_t round, size_t n_learning, ost_sample_quality_t *quality, ost_error_t *err)
{
    size_t n = self->target->n;
    int n_accepted = move(self, round, n_learning > 0, err);
    if (n_accepted < 0) return n_accepted;
    if (n_learning > 0) return (n_learning - 1) % RELEARN == 0 ? learn(self, err) : 0;
    for (size_t c = 0; c < CHAINS; c++) to_z(self, self->x + c * n, self->history + (quality->n_points + c) * n);
    quality->n_points += CHAINS;
    quality->accepted += n_accepted;
    return 0;
}

static int run(sampler_t *self, size_t n_draws, double *draws, ost_sample_quality_t *quality, ost_error_t *err)
{
    size_t n = self->target->n, first = rounds_of_design(n), counting = first + LEARNING;
    size_t all = counting + self->rounds_max;
    quality->n_points = 0;
    quality->accepted = 0;
    int ret = begin(self, all, err);
    for (size_t round = first; round < all && ret == 0; round++) {
        ret = run_round(self, round, round < counting ? counting - round : 0, quality, err);
        bool stops = ret == OST_ERR_LIMIT || (ret == 0 && interrupted(self, round + 1, all));
        size_t counted = quality->n_points / CHAINS;
        bool enough = counted >= ROUNDS_MIN && quality->n_points >= n_draws;
        if (stops) ret = enough ? 0 : no_sample(err);
        bool is_due = stops || counted % ROUNDS_CHECK == 0 || round + 1 == all;
        bool agreed = ret == 0 && enough && is_due && check(self, counted, n_draws, quality);
        if (stops || agreed) break;
    }
    if (ret < 0) return ret;
    quality->n_evaluations = self->n_evaluations;
    quality->accepted /= (double) quality->n_points;
    for (size_t d = 0; d < n_draws; d++)
        memcpy(draws + d * n, self->history + d * quality->n_points / n_draws * n, n * sizeof(*draws));
    return 0;
}

static int sampler_init(sampler_t *self, const ost_target_t *target, size_t n_draws, ost_error_t *err)
{
    size_t n = target->n, needed = (n_draws + CHAINS - 1) / CHAINS;
    *self = (sampler_t){ .target = target, .step = 0.3, .n_steps = (double) steps_of(n), .best = INFINITY };
    int ret = ost_surrogate_init(&self->surrogate, n, target->n_residuals, err);
    if (ret < 0) return ret;
    self->rounds_max = needed > ROUNDS_MAX ? needed : ROUNDS_MAX;
    self->scratch_size = self->surrogate.n_terms + target->n_residuals + 3 * n;
    const struct {
        double **numbers;
        size_t n;
    } numbers[] = { { &self->x, CHAINS * n }, { &self->next, CHAINS * n }, { &self->z, CHAINS * n },
        { &self->minus2, CHAINS }, { &self->by_surrogate, CHAINS }, { &self->next_minus2, CHAINS },
        { &self->next_by, CHAINS }, { &self->steps_accepted, CHAINS }, { &self->sd, n },
        { &self->residuals, CHAINS * target->n_residuals }, { &self->scratch, CHAINS * self->scratch_size },
        { &self->history, self->rounds_max * CHAINS * n } };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        *numbers[i].numbers = ost_memory_list(&self->memory, numbers[i].n, sizeof(double));
    self->root = gsl_matrix_alloc(n, n);
    if (self->root == NULL || self->memory.failed) return ost_no_memory(err);
    for (size_t k = 0; k < n; k++) self->sd[k] = sqrt(target->covariance[k * n + k]);
    for (size_t i = 0; i < n * n; i++) gsl_matrix_set(self->root, i / n, i % n, target->covariance[i]);
    if (gsl_linalg_cholesky_decomp1(self->root) == GSL_SUCCESS) return 0;
    return ost_fail(err, OST_ERR_VALUE, "the estimate has no covariance to draw from");
}

int ost_sampler_run(
    const ost_target_t *target, size_t n_draws, double *draws, ost_sample_quality_t *quality, ost_error_t *err)
{
    sampler_t self;
    int ret = sampler_init(&self, target, n_draws, err);
    if (ret == 0) ret = run(&self, n_draws, draws, quality, err);
    ost_surrogate_free(&self.surrogate);
    gsl_matrix_free(self.root);
    ost_memory_free(&self.memory);
    return ret;
}
