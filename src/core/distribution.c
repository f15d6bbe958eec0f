/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of distributions: the keys of each, and its inverse distribution function within a range. */
#include "core/distribution.h"
#include "core/vocabulary.h"

#include "core/random.h"
#include "core/special.h"

#include <math.h>

static double log_odds(double p)
{
    return log(p) - log1p(-p);
}

static void truncate_normal(ost_dist_t *self, double lower, double upper)
{
    ost_truncated_t *z = &self->z;
    z->mirrored = lower > 0;
    z->lower = z->mirrored ? -upper : lower;
    z->upper = z->mirrored ? -lower : upper;
    z->p_lower = ost_normal_cdf(z->lower);
    z->p_width = ost_normal_cdf(z->upper) - z->p_lower;
    self->mass = z->p_width;
}

static double truncated_quantile(const ost_truncated_t *self, double u)
{
    double p = self->p_lower + (self->mirrored ? 1 - u : u) * self->p_width;
    double z = p > 0 && p < 1 ? ost_normal_quantile(p) : p > 0 ? self->upper : self->lower;
    z = ost_clamp(z, self->lower, self->upper);
    return self->mirrored ? -z : z;
}

static bool has_sd(const ost_dist_t *self)
{
    return self->b > 0;
}

static bool always(const ost_dist_t *self)
{
    (void) self;
    return true;
}

static void normal_bounds(ost_dist_t *self)
{
    truncate_normal(self, (self->lower - self->a) / self->b, (self->upper - self->a) / self->b);
}

static double normal_quantile(const ost_dist_t *self, double u)
{
    return self->a + self->b * truncated_quantile(&self->z, u);
}

static double sd_of_cv(double cv)
{
    return sqrt(log1p(cv * cv));
}

/* Values have the sign of the median: a bound beyond 0 is open. */
static void lognormal_bounds(ost_dist_t *self)
{
    double a = self->a, low = a < 0 ? self->upper : self->lower, high = a < 0 ? self->lower : self->upper;
    truncate_normal(self, low / a > 0 ? log(low / a) / self->b : -INFINITY, log(fmax(high / a, 0)) / self->b);
}

static double lognormal_quantile(const ost_dist_t *self, double u)
{
    return self->a * exp(self->b * truncated_quantile(&self->z, u));
}

static void logit_bounds(ost_dist_t *self)
{
    truncate_normal(self, self->lower > 0 ? (log_odds(self->lower) - log_odds(self->a)) / self->b : -INFINITY,
        self->upper < 1 ? (log_odds(self->upper) - log_odds(self->a)) / self->b : INFINITY);
}

static double logit_quantile(const ost_dist_t *self, double u)
{
    return 1 / (1 + exp(-(log_odds(self->a) + self->b * truncated_quantile(&self->z, u))));
}

static const char *uniform_check(const ost_dist_t *self, ost_dist_key_t *key)
{
    *key = OST_DIST_KEY_TO;
    return self->a < self->b ? NULL : "greater than 'from'";
}

/* Of distributions without a range. */
static void whole_bounds(ost_dist_t *self)
{
    self->mass = 1;
}

static double uniform_quantile(const ost_dist_t *self, double u)
{
    return self->a + (self->b - self->a) * u;
}

static bool uniform_varies(const ost_dist_t *self)
{
    return self->b > self->a;
}

static const char *triangular_check(const ost_dist_t *self, ost_dist_key_t *key)
{
    *key = self->a < self->c ? OST_DIST_KEY_MODE : OST_DIST_KEY_TO;
    if (!(self->a < self->c)) return "greater than 'from'";
    return self->a <= self->b && self->b <= self->c ? NULL : "within 'from' .. 'to'";
}

static double triangular_quantile(const ost_dist_t *self, double u)
{
    const double width = self->c - self->a, rise = self->b - self->a;
    return u * width < rise ? self->a + sqrt(u * width * rise) : self->c - sqrt((1 - u) * width * (width - rise));
}

static const char *exponential_check(const ost_dist_t *self, ost_dist_key_t *key)
{
    *key = OST_DIST_KEY_MEAN;
    return self->a > 0 ? NULL : "greater than 0";
}

static double exponential_within(const ost_dist_t *self)
{
    return -expm1(-(self->upper - fmax(self->lower, 0)) / self->a);
}

static void exponential_bounds(ost_dist_t *self)
{
    self->mass = exp(-fmax(self->lower, 0) / self->a) * exponential_within(self);
}

static double exponential_quantile(const ost_dist_t *self, double u)
{
    return fmax(self->lower, 0) - self->a * log1p(-u * exponential_within(self));
}

/* Cumulative hazard at x. */
static double weibull_hazard(const ost_dist_t *self, double x)
{
    return pow(fmax(x, 0) / self->a, self->b);
}

static void weibull_bounds(ost_dist_t *self)
{
    double h_lower = weibull_hazard(self, self->lower);
    self->mass = -exp(-h_lower) * expm1(h_lower - weibull_hazard(self, self->upper));
}

static double weibull_quantile(const ost_dist_t *self, double u)
{
    double h_lower = weibull_hazard(self, self->lower);
    double within = -expm1(h_lower - weibull_hazard(self, self->upper));
    return self->a * pow(h_lower - log1p(-u * within), 1 / self->b);
}

/* Truncation of a distribution by both of its tails, of which the smaller has all digits. */
static void truncate_tails(ost_dist_t *self, ost_tails_t lower, ost_tails_t upper)
{
    self->z.p_lower = lower.below;
    self->z.p_upper = upper.above;
    self->z.p_width = lower.below < 0.5 ? upper.below - lower.below : lower.above - upper.above;
    self->mass = self->z.p_width;
}

static double tails_quantile(const ost_dist_t *self, double u, ost_tails_fn tails, double a, double b, double y)
{
    const ost_truncated_t *z = &self->z;
    return ost_tails_inverse(tails, a, b, z->p_lower + u * z->p_width, z->p_upper + (1 - u) * z->p_width, y);
}

static ost_tails_t gamma_at(const ost_dist_t *self, double x)
{
    if (!(x > 0) || isinf(x)) return (ost_tails_t){ x > 0, !(x > 0), 0 };
    return ost_gamma_tails(log(x / self->a), self->b, 0);
}

static void gamma_bounds(ost_dist_t *self)
{
    truncate_tails(self, gamma_at(self, self->lower), gamma_at(self, self->upper));
}

static double gamma_quantile(const ost_dist_t *self, double u)
{
    return self->a * exp(tails_quantile(self, u, ost_gamma_tails, self->b, 0, log(self->b)));
}

static void beta_bounds(ost_dist_t *self)
{
    truncate_tails(self, (ost_tails_t){ 0, 1, 0 }, (ost_tails_t){ 1, 0, 0 });
}

static double beta_quantile(const ost_dist_t *self, double u)
{
    const double y = tails_quantile(self, u, ost_beta_tails, self->c, self->d, log(self->c / self->d));
    return self->a + (self->b - self->a) / (1 + exp(-y));
}

static bool has_values(const ost_dist_t *self)
{
    return self->n_values > 1;
}

/* The first part of `first` .. last that is above u, or the last. */
static size_t find_part(const ost_dist_t *self, size_t first, double u)
{
    size_t last = self->n_values - 1;
    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        if (self->part[middle] > u)
            last = middle;
        else
            first = middle + 1;
    }
    return first;
}

static double choice_quantile(const ost_dist_t *self, double u)
{
    return self->value[find_part(self, 0, u)];
}

static double empirical_quantile(const ost_dist_t *self, double u)
{
    const size_t k = find_part(self, 1, u);
    const double fraction = (u - self->part[k - 1]) / (self->part[k] - self->part[k - 1]);
    return self->value[k - 1] + fraction * (self->value[k] - self->value[k - 1]);
}

const ost_dist_key_info_t ost_dist_keys[OST_N_DIST_KEYS] = {
#define KEY(NAME, word, largest, is_positive, expected, meaning) [OST_DIST_KEY_##NAME] = { word, largest, is_positive },
    OST_DIST_KEYS(KEY)
#undef KEY
};

const char *const ost_dist_lists[OST_N_DIST_LISTS] = { OST_DIST_LISTS(OST_WORD_OF) };

#define NUMBER(NAME, number)                                                                                           \
    {                                                                                                                  \
        OST_DIST_KEY_##NAME, number, NULL                                                                              \
    }
static const ost_dist_row_t normal_row = { .has_range = true,
    .keys = { NUMBER(MEAN, 0), NUMBER(SD, 1) },
    .bounds = normal_bounds,
    .quantile = normal_quantile,
    .varies = has_sd };
static const ost_dist_row_t lognormal_row = { .has_range = true,
    .keys = { NUMBER(MEDIAN, 0), { OST_DIST_KEY_CV, 1, sd_of_cv }, NUMBER(SD_LOG, 1) },
    .bounds = lognormal_bounds,
    .quantile = lognormal_quantile,
    .varies = has_sd };
static const ost_dist_row_t uniform_row = { .keys = { NUMBER(FROM, 0), NUMBER(TO, 1) },
    .check = uniform_check,
    .bounds = whole_bounds,
    .quantile = uniform_quantile,
    .varies = uniform_varies };
static const ost_dist_row_t triangular_row = { .keys = { NUMBER(FROM, 0), NUMBER(MODE, 1), NUMBER(TO, 2) },
    .check = triangular_check,
    .bounds = whole_bounds,
    .quantile = triangular_quantile,
    .varies = always };
static const ost_dist_row_t exponential_row = { .has_range = true,
    .keys = { NUMBER(MEAN, 0) },
    .check = exponential_check,
    .bounds = exponential_bounds,
    .quantile = exponential_quantile,
    .varies = always };
static const ost_dist_row_t weibull_row = { .has_range = true,
    .keys = { NUMBER(SCALE, 0), NUMBER(SHAPE, 1) },
    .bounds = weibull_bounds,
    .quantile = weibull_quantile,
    .varies = always };
static const ost_dist_row_t gamma_row = { .has_range = true,
    .keys = { NUMBER(SCALE, 0), NUMBER(SHAPE, 1) },
    .bounds = gamma_bounds,
    .quantile = gamma_quantile,
    .varies = always };
static const ost_dist_row_t beta_row = { .keys = { NUMBER(FROM, 0), NUMBER(TO, 1), NUMBER(ALPHA, 2), NUMBER(BETA, 3) },
    .check = uniform_check,
    .bounds = beta_bounds,
    .quantile = beta_quantile,
    .varies = always };
static const ost_dist_row_t choice_row = {
    .has_lists = true, .is_discrete = true, .bounds = whole_bounds, .quantile = choice_quantile, .varies = has_values
};
static const ost_dist_row_t empirical_row = {
    .has_lists = true, .bounds = whole_bounds, .quantile = empirical_quantile, .varies = has_values
};
static const ost_dist_row_t logit_row = {
    .has_range = true, .bounds = logit_bounds, .quantile = logit_quantile, .varies = has_sd
};
#undef NUMBER

#define ROW(NAME, word) [OST_DIST_##NAME] = &word##_row,
const ost_dist_row_t *const ost_dists[OST_N_DISTS] = { OST_DISTRIBUTIONS(ROW) };

#define WORD(NAME, word) #word,
const char *const ost_dist_words[OST_N_DISTS] = { OST_DISTRIBUTIONS(WORD) };

void ost_dist_set(ost_dist_t *self)
{
    if (self->n_values > 0) self->a = self->value[0];
    if (ost_dists[self->kind]->varies(self)) ost_dists[self->kind]->bounds(self);
}

void ost_dist_init(ost_dist_t *self, ost_dist_kind_t kind, double a, double b, double lower, double upper)
{
    *self = (ost_dist_t){ .kind = kind, .a = a, .b = b, .lower = lower, .upper = upper };
    ost_dist_set(self);
}

double ost_dist_quantile(const ost_dist_t *self, double u)
{
    const ost_dist_row_t *row = ost_dists[self->kind];
    return row->varies(self) ? ost_clamp(row->quantile(self, u), self->lower, self->upper) : self->a;
}
