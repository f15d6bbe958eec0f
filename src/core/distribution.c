/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of distributions: the keys of each, and its inverse distribution function within a range. */
#include "core/distribution.h"

#include "core/random.h"

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
    return self->a < self->b ? NULL : "'from'";
}

static void uniform_bounds(ost_dist_t *self)
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

static const char *exponential_check(const ost_dist_t *self, ost_dist_key_t *key)
{
    *key = OST_DIST_KEY_MEAN;
    return self->a > 0 ? NULL : "0";
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

const ost_dist_key_info_t ost_dist_keys[OST_N_DIST_KEYS] = {
#define KEY(NAME, word, largest, is_positive, expected, meaning) [OST_DIST_KEY_##NAME] = { word, largest, is_positive },
    OST_DIST_KEYS(KEY)
#undef KEY
};

static const ost_dist_row_t normal = { true, { { OST_DIST_KEY_MEAN, 0, NULL }, { OST_DIST_KEY_SD, 1, NULL } }, NULL,
    normal_bounds, normal_quantile, has_sd };
static const ost_dist_row_t lognormal = { true,
    { { OST_DIST_KEY_MEDIAN, 0, NULL }, { OST_DIST_KEY_CV, 1, sd_of_cv }, { OST_DIST_KEY_SD_LOG, 1, NULL } }, NULL,
    lognormal_bounds, lognormal_quantile, has_sd };
static const ost_dist_row_t uniform = { false, { { OST_DIST_KEY_FROM, 0, NULL }, { OST_DIST_KEY_TO, 1, NULL } },
    uniform_check, uniform_bounds, uniform_quantile, uniform_varies };
static const ost_dist_row_t exponential = { true, { { OST_DIST_KEY_MEAN, 0, NULL } }, exponential_check,
    exponential_bounds, exponential_quantile, always };
static const ost_dist_row_t weibull = { true, { { OST_DIST_KEY_SCALE, 0, NULL }, { OST_DIST_KEY_SHAPE, 1, NULL } },
    NULL, weibull_bounds, weibull_quantile, always };
static const ost_dist_row_t logit = { true, { { OST_DIST_KEY_NONE, 0, NULL } }, NULL, logit_bounds, logit_quantile,
    has_sd };

const ost_dist_row_t *const ost_dists[OST_N_DISTS] = {
#define ROW(NAME, word) [OST_DIST_##NAME] = &word,
    OST_DISTRIBUTIONS(ROW)
#undef ROW
};

const char *const ost_dist_words[OST_N_DISTS] = {
#define WORD(NAME, word) #word,
    OST_DISTRIBUTIONS(WORD)
#undef WORD
};

void ost_dist_init(ost_dist_t *self, ost_dist_kind_t kind, double a, double b, double lower, double upper)
{
    *self = (ost_dist_t){ .kind = kind, .a = a, .b = b, .lower = lower, .upper = upper };
    if (ost_dists[self->kind]->varies(self)) ost_dists[self->kind]->bounds(self);
}

double ost_dist_quantile(const ost_dist_t *self, double u)
{
    const ost_dist_row_t *row = ost_dists[self->kind];
    return row->varies(self) ? ost_clamp(row->quantile(self, u), self->lower, self->upper) : self->a;
}
