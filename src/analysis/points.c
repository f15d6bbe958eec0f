/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See points.h. */
#include "analysis/points.h"

#include "core/random.h"

#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Digits of GSL's Sobol' points in base 2. */
#define SOBOL_BITS 30
/* Entries whose value may be a distribution. */
#define COVARIATES "population.covariates."

static void spread_latin(uint64_t seed, const char *const *paths, size_t n_axes, size_t n, double *u)
{
    for (size_t k = 0; k < n_axes; k++) {
        const uint32_t purpose = ost_random_purpose(paths[k]);
        for (size_t i = 0; i < n; i++) {
            double stratum = (double) ost_random_permutation(seed, purpose, i, n);
            u[i * n_axes + k] = (stratum + ost_random_uniform(seed, i, purpose, 0)) / (double) n;
        }
    }
}

/* Sobol': digits are exchanged by a fixed pattern, which keeps every property of a net. Halton: all points are moved by
 * one distance, modulo 1 (Cranley 1976, doi:10.1137/0713071). */
static double shifted(ost_design_kind_t kind, double x, double shift)
{
    const double scale = ldexp(1, SOBOL_BITS);
    if (kind != OST_DESIGN_SOBOL) return x + shift < 1 ? x + shift : x + shift - 1;
    return ((double) ((uint64_t) (x * scale) ^ (uint64_t) (shift * scale)) + 0.5) / scale;
}

int ost_points_spread(ost_design_kind_t kind, uint64_t seed, const char *const *paths, size_t n_axes, size_t n,
    double *u, ost_error_t *err)
{
    const gsl_qrng_type *type = kind == OST_DESIGN_SOBOL ? gsl_qrng_sobol : gsl_qrng_halton;
    if (kind == OST_DESIGN_LATIN_HYPERCUBE) {
        spread_latin(seed, paths, n_axes, n, u);
        return 0;
    }
    if (n_axes > type->max_dimension)
        return ost_fail(err, OST_ERR_LIMIT, "a design %s of %zu entries; expected at most %u, or latin_hypercube",
            ost_design_words[kind], n_axes, type->max_dimension);
    gsl_qrng *sequence = gsl_qrng_alloc(type, (unsigned) n_axes);
    if (sequence == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        double *to = u + i * n_axes;
        for (size_t k = 0; k < n_axes; k++) to[k] = 0; /* the origin, which GSL leaves out */
        if (i > 0 || kind != OST_DESIGN_SOBOL) gsl_qrng_get(sequence, to);
        for (size_t k = 0; k < n_axes; k++)
            to[k] = shifted(kind, to[k], ost_random_uniform(seed, 0, ost_random_purpose(paths[k]), 0));
    }
    gsl_qrng_free(sequence);
    return 0;
}

/* All values of a grid's entry, or of a table's column. */
static int fill_list(const ost_vary_t *vary, ost_varied_t *axis, ost_error_t *err)
{
    size_t n = vary->unit != NULL ? vary->n : vary->texts.n;
    int ret = 0;
    for (size_t i = 0; i < n && ret == 0; i++) {
        double u = vary->unit != NULL ? (double) i / (double) (n - 1) : ((double) i + 0.5) / (double) n;
        ret = ost_vary_at(vary, u, axis);
    }
    return ret < 0 ? ost_no_memory(err) : 0;
}

/* Whether each entry has values as the kind takes them. */
static int check_lists(ost_design_kind_t kind, const ost_vary_t *vary, size_t n_axes, ost_error_t *err)
{
    const bool is_grid = kind == OST_DESIGN_GRID;
    if (is_grid && n_axes > OST_MAX_GRID_AXES)
        return ost_fail(err, OST_ERR_LIMIT,
            "a grid of %zu entries; expected at most %d, or another design, as latin_hypercube", n_axes,
            OST_MAX_GRID_AXES);
    for (size_t k = 0; k < n_axes; k++) {
        if (ost_vary_is_distribution(&vary[k]) && strncmp(vary[k].path, COVARIATES, strlen(COVARIATES)) != 0)
            return ost_fail(err, OST_ERR_VALUE,
                "'%s': a distribution in a design %s; expected --design latin_hypercube, sobol or halton, which draw "
                "from "
                "it, with --points N",
                vary[k].path, ost_design_words[kind]);
        if (vary[k].unit != NULL && !is_grid)
            return ost_fail(
                err, OST_ERR_VALUE, "'%s': a range in a table; expected a value for each point", vary[k].path);
        if (vary[k].unit != NULL && vary[k].n == 0)
            return ost_fail(err, OST_ERR_VALUE,
                "'%s': a range without a number of values; expected one behind it, such as ': 5' or ': 5 log'",
                vary[k].path);
        if (!is_grid && vary[k].texts.n != vary[0].texts.n)
            return ost_fail(err, OST_ERR_VALUE, "a table with %zu values of '%s' and %zu of '%s'; expected as many",
                vary[0].texts.n, vary[0].path, vary[k].texts.n, vary[k].path);
    }
    return 0;
}

/* @param[in,out] n_points  times those of the lists */
static int make_lists(ost_design_kind_t kind, const ost_vary_t *vary, size_t n_axes, ost_varied_t *axes,
    size_t *n_points, ost_error_t *err)
{
    double n_lists = 1;
    int ret = check_lists(kind, vary, n_axes, err);
    for (size_t k = 0; k < n_axes && ret == 0; k++) {
        const double n = (double) (vary[k].unit != NULL ? vary[k].n : vary[k].texts.n);
        n_lists = kind == OST_DESIGN_GRID ? n_lists * n : n;
    }
    n_lists *= (double) *n_points;
    if (ret == 0 && n_lists > OST_MAX_POINTS)
        ret = ost_fail(err, OST_ERR_LIMIT, "a sweep of %.15g points; expected at most %d", n_lists, OST_MAX_POINTS);
    for (size_t k = 0; k < n_axes && ret == 0; k++) ret = fill_list(&vary[k], &axes[k], err);
    if (ret == 0) *n_points = (size_t) n_lists;
    return ret;
}

static int make_spread(ost_design_t *self, ost_vary_t *vary, size_t n_axes, ost_error_t *err)
{
    const char *paths[OST_MAX_AXES] = { NULL };
    for (size_t k = 0; k < n_axes; k++) {
        paths[k] = vary[k].path;
        int ret = ost_vary_is_distribution(&vary[k]) ? ost_vary_distribution(&vary[k], err) : 0;
        if (ret < 0) return ret;
        if (vary[k].n == 0) continue;
        return ost_fail(err, OST_ERR_VALUE,
            "'%s': a range of %zu values in a design %s; expected none, as --points says how many points there are",
            vary[k].path, vary[k].n, ost_design_words[self->kind]);
    }
    double *u = malloc(self->n_points * n_axes * sizeof(*u));
    int ret = u == NULL ? ost_no_memory(err) : 0;
    if (ret == 0) ret = ost_points_spread(self->kind, self->seed, paths, n_axes, self->n_points, u, err);
    for (size_t k = 0; k < n_axes && ret == 0; k++)
        for (size_t i = 0; i < self->n_points && ret == 0; i++)
            if (ost_vary_at(&vary[k], u[i * n_axes + k], &self->axes[k]) < 0) ret = ost_no_memory(err);
    free(u);
    return ret;
}

static int check_number(const ost_design_t *self, size_t n_points, ost_error_t *err)
{
    const bool needs = ost_design_is_chosen(self->kind);
    const char *word = ost_design_words[self->kind];
    if (self->n_axes == (self->kind == OST_DESIGN_DRAWS ? 0 : self->n_drawn))
        return ost_fail(err, OST_ERR_MISSING, "nothing is varied; expected --vary PATH=VALUES");
    if (self->n_axes > OST_MAX_AXES)
        return ost_fail(
            err, OST_ERR_LIMIT, "a sweep over %zu entries; expected at most %d", self->n_axes, OST_MAX_AXES);
    if (needs && n_points == 0) return ost_fail(err, OST_ERR_MISSING, "a design %s needs --points N", word);
    if (!needs && n_points > 0)
        return ost_fail(err, OST_ERR_VALUE,
            "a design %s has as many points as its values make; leave --points out, or "
            "choose another --design",
            word);
    if (n_points > OST_MAX_POINTS)
        return ost_fail(err, OST_ERR_LIMIT, "a sweep of %zu points; expected at most %d", n_points, OST_MAX_POINTS);
    return 0;
}

/* Of one path, or of a path and an entry below it. @return 0 or OST_ERR_NAME */
static int check_paths(const ost_vary_t *vary, size_t n, ost_error_t *err)
{
    for (size_t k = 1; k < n; k++)
        for (size_t i = 0; i < k; i++) {
            const char *a = vary[i].path, *b = vary[k].path;
            size_t n_a = strlen(a), n_b = strlen(b), least = n_a < n_b ? n_a : n_b;
            if (strncmp(a, b, least) != 0) continue;
            if (n_a == n_b) return ost_fail(err, OST_ERR_NAME, "'%s' is varied twice", a);
            if ((n_a < n_b ? b : a)[least] == '.')
                return ost_fail(err, OST_ERR_NAME, "'%s' is part of '%s', which is varied too", n_a < n_b ? b : a,
                    n_a < n_b ? a : b);
        }
    return 0;
}

int ost_points_make(ost_design_t *self, ost_design_kind_t kind, const ost_text_list_t *vary, size_t n_drawn,
    size_t n_points, uint64_t seed, ost_error_t *err)
{
    const bool is_spread = ost_design_is_chosen(kind);
    const size_t n = vary->n - n_drawn;
    *self = (ost_design_t){
        .kind = kind, .seed = seed, .n_axes = vary->n, .n_drawn = n_drawn, .n_points = is_spread ? n_points : 1
    };
    int ret = check_number(self, n_points, err);
    if (ret < 0) return self->n_axes = 0, ret;
    ost_vary_t *parsed = calloc(vary->n, sizeof(*parsed));
    self->axes = calloc(vary->n, sizeof(*self->axes));
    if (parsed == NULL || self->axes == NULL) ret = ost_no_memory(err);
    if (self->axes == NULL) self->n_axes = 0;
    for (size_t k = 0; k < vary->n && ret == 0; k++) {
        ret = ost_vary_parse(&parsed[k], vary->items[k], err);
        if (ret == 0 && (self->axes[k].path = ost_strdup(parsed[k].path)) == NULL) ret = ost_no_memory(err);
        if (ret == 0 && ost_text_list_add(&self->vary, "%s", vary->items[k]) < 0) ret = ost_no_memory(err);
    }
    if (ret == 0) ret = check_paths(parsed, vary->n, err);
    if (ret == 0)
        ret = is_spread ? make_spread(self, parsed, n, err)
                        : make_lists(kind, parsed, n, self->axes, &self->n_points, err);
    if (ret == 0) ret = make_lists(OST_DESIGN_DRAWS, parsed + n, n_drawn, self->axes + n, &self->n_points, err);
    for (size_t k = 0; k < self->n_axes && ret == 0; k++)
        ret = ost_axis_measure(&self->axes[k], kind != OST_DESIGN_GRID || k >= n, err);
    for (size_t k = 0; k < vary->n && parsed != NULL; k++) ost_vary_free(&parsed[k]);
    free(parsed);
    return ret;
}
