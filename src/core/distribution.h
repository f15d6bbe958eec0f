/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file distribution.h  Distributions of covariates and of between-subject variability (BSV) of parameters: a row
 * each, with the keys that give its numbers. Values are drawn by the inverse distribution function, truncated to a
 * range. */
#ifndef OST_CORE_DISTRIBUTION_H
#define OST_CORE_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

/** Distributions of covariates: X(NAME, word). */
#define OST_COVARIATE_DISTRIBUTIONS(X)                                                                                 \
    X(NORMAL, normal)                                                                                                  \
    X(LOGNORMAL, lognormal)                                                                                            \
    X(UNIFORM, uniform)                                                                                                \
    X(TRIANGULAR, triangular)                                                                                          \
    X(EXPONENTIAL, exponential)                                                                                        \
    X(WEIBULL, weibull)                                                                                                \
    X(GAMMA, gamma)                                                                                                    \
    X(BETA, beta)                                                                                                      \
    X(CHOICE, choice)                                                                                                  \
    X(EMPIRICAL, empirical)
/** All distributions: those, and the one that parameters alone may have. */
#define OST_DISTRIBUTIONS(X) OST_COVARIATE_DISTRIBUTIONS(X) X(LOGITNORMAL, logit)

/** A member of the following. */
#define OST_DISTRIBUTION(NAME, word) OST_DIST_##NAME,
/** A distribution. */
typedef enum {
    OST_DISTRIBUTIONS(OST_DISTRIBUTION) OST_N_DISTS, /**< their number */
    OST_N_COVARIATE_DISTS = OST_DIST_LOGITNORMAL     /**< of covariates, which come first */
} ost_dist_kind_t;

/** A range that holds less of a distribution than this was hardly meant, and inverting it loses digits. Assumed. */
#define OST_LEAST_MASS 1e-6
/** The largest SD of a logarithm: at 3, one subject in twenty is more than 350 times above or below the median, and a
 * larger number is a percentage without its sign. Assumed. */
#define OST_LARGEST_SD_LOG 3.0

/** Keys that give the numbers of distributions: X(NAME, "word", largest, is_positive, "expected", "meaning"). The
 * largest number that is allowed, 0 for a quantity in the unit of the variable. */
#define OST_DIST_KEYS(X)                                                                                               \
    X(MEAN, "mean", 0, false, "a quantity such as 62 year", "normal, exponential: mean before truncation")             \
    X(SD, "sd", 0, true, "a quantity such as 6 year", "normal: standard deviation before truncation")                  \
    X(MEDIAN, "median", 0, true, "a quantity such as 27 kg/m2", "lognormal: median before truncation")                 \
    X(CV, "cv", 2, true, "a number such as 17 %",                                                                      \
        "lognormal: coefficient of variation; SD of ln = sqrt(ln(1 + cv^2))")                                          \
    X(SD_LOG, "sd_log", OST_LARGEST_SD_LOG, true, "a number such as 0.17",                                             \
        "lognormal: standard deviation of the logarithm")                                                              \
    X(FROM, "from", 0, false, "a quantity", "uniform, triangular, beta: lower end")                                    \
    X(TO, "to", 0, false, "a quantity", "uniform, triangular, beta: upper end")                                        \
    X(MODE, "mode", 0, false, "a quantity", "triangular: most frequent value")                                         \
    X(SCALE, "scale", 0, true, "a quantity such as 5 year",                                                            \
        "weibull: time by which 63 % have had the event; gamma: mean divided by shape")                                \
    X(SHAPE, "shape", 100, true, "a number such as 1.5",                                                               \
        "weibull: below 1 the rate falls with time, above it rises; gamma: 1/CV^2")                                    \
    X(ALPHA, "alpha", 1000, true, "a number such as 2",                                                                \
        "beta: first shape; the mean is from + (to - from) alpha/(alpha + beta)")                                      \
    X(BETA, "beta", 1000, true, "a number such as 5", "beta: second shape")

/** Keys that give lists: X(NAME, "word", "expected", "meaning"). */
#define OST_DIST_LISTS(X)                                                                                              \
    X(VALUES, "values", "a list such as [0 mg, 20 mg]", "choice: values; empirical: quantiles, ascending")             \
    X(PROBABILITIES, "probabilities", "a list such as [30 %, 70 %]",                                                   \
        "choice: of each value, default all alike; empirical: at which values are the quantiles, from 0 to 1, "        \
        "default evenly spaced, as for a sample")

/** A key of distributions. */
typedef enum {
    OST_DIST_KEY_NONE,                                                                         /**< ends a list */
#define OST_DIST_KEY(NAME, word, largest, is_positive, expected, meaning) OST_DIST_KEY_##NAME, /**< a key */
    OST_DIST_KEYS(OST_DIST_KEY)
#undef OST_DIST_KEY
        OST_N_DIST_KEYS /**< their number, and one */
} ost_dist_key_t;

/** A member of the following. */
#define OST_DIST_LIST(NAME, word, expected, meaning) OST_DIST_LIST_##NAME,
/** A key of a list. */
typedef enum {
    OST_DIST_LISTS(OST_DIST_LIST) OST_N_DIST_LISTS /**< their number */
} ost_dist_list_t;

/** What the reader of a key needs to know. */
typedef struct {
    const char *word;
    double largest;   /**< of a number; 0: a quantity in the unit of the variable */
    bool is_positive; /**< must be greater than 0 */
} ost_dist_key_info_t;

/** All keys, shape [OST_N_DIST_KEYS]; the first is empty. */
extern const ost_dist_key_info_t ost_dist_keys[OST_N_DIST_KEYS];

/** Keys of lists, shape [OST_N_DIST_LISTS]. */
extern const char *const ost_dist_lists[OST_N_DIST_LISTS];

/** A standard normal truncated to lower..upper. */
typedef struct {
    double lower, upper;     /**< bounds */
    double p_lower, p_width; /**< probability below the range and within it */
    double p_upper;          /**< probability above the range, where tails are computed */
    bool mirrored;           /**< both bounds in the upper half: computed in the lower half, where no digits are lost */
} ost_truncated_t;

/** One distribution with its numbers. */
typedef struct {
    ost_dist_kind_t kind;
    double a, b, c, d; /**< by the keys of its row, internal units */
    /** Of a row with lists: [n_values] values, ascending, internal units, and the part of subjects up to each: of
     * CHOICE with that value, the last one 1; of EMPIRICAL below it, from 0 to 1. Owned by who set them. */
    double *value, *part;
    size_t n_values;
    double lower, upper; /**< range that values keep to, internal units; -inf and inf where open */
    double mass;         /**< probability within the range, made by ost_dist_set() */
    ost_truncated_t z;   /**< made by ost_dist_set() */
} ost_dist_t;

/** A key of a row, and where its number goes. Each number of a distribution is given by one of its keys. */
typedef struct {
    ost_dist_key_t key;
    int number;                /**< 0: a, 1: b, 2: c, 3: d */
    double (*convert)(double); /**< from the key to the number, NULL: as it is */
} ost_dist_number_t;

/** A row of the table. */
typedef struct {
    bool has_range;            /**< takes min and max */
    bool has_lists;            /**< takes values and probabilities */
    bool is_discrete;          /**< has few values: ranks of subjects are tied */
    ost_dist_number_t keys[5]; /**< ended by OST_DIST_KEY_NONE; the first gives dimension and unit */
    /** Where numbers do not fit each other: the key that is wrong, and what is expected of it; else NULL. */
    const char *(*check)(const ost_dist_t *self, ost_dist_key_t *key);
    void (*bounds)(ost_dist_t *self); /**< from range to `z` and `mass` */
    double (*quantile)(const ost_dist_t *self, double u);
    bool (*varies)(const ost_dist_t *self); /**< otherwise every value is `a` */
} ost_dist_row_t;

/** All distributions, shape [OST_N_DISTS]. */
extern const ost_dist_row_t *const ost_dists[OST_N_DISTS];
/** Their words, shape [OST_N_DISTS]; the first OST_N_COVARIATE_DISTS are those of covariates. */
extern const char *const ost_dist_words[OST_N_DISTS];

/** x within lower..upper; unlike fmin and fmax, lets NaN pass. */
static inline double ost_clamp(double x, double lower, double upper)
{
    return x < lower ? lower : x > upper ? upper : x;
}

/** Set up a distribution whose kind, numbers, lists and range are given. */
void ost_dist_set(ost_dist_t *self);
/** Set up a distribution with numbers a and b (see the keys of its row) in the range lower..upper. */
void ost_dist_init(ost_dist_t *self, ost_dist_kind_t kind, double a, double b, double lower, double upper);
/** Value of which a part u (0 < u < 1) of the truncated distribution lies below; within the range. */
double ost_dist_quantile(const ost_dist_t *self, double u);

#endif
