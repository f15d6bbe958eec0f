/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See factors.h. Takes the parameters of a plan and what is asked for; gives values of each factor at points. */
#include "analysis/factors.h"

#include "core/correlation.h"
#include "core/text.h"
#include "core/vocabulary.h"
#include "observe/statistic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const ost_factor_source_words[OST_N_SOURCES] = { OST_FACTOR_SOURCES(OST_WORD_OF) };

#define PARAMETERS "parameters."

void ost_factors_free(ost_factors_t *self)
{
    for (size_t k = 0; k < self->n; k++) ost_vary_free(&self->factors[k].vary);
    ost_memory_free(&self->memory);
    *self = (ost_factors_t){ 0 };
}

static char *copy(ost_factors_t *self, const char *text)
{
    return text != NULL ? ost_memory_text(&self->memory, text, strlen(text)) : NULL;
}

/* Append a factor. @return NULL: out of memory */
static ost_factor_t *add(ost_factors_t *self, const char *path, const char *name, const char *unit, const char *meaning)
{
    ost_factor_t *more = ost_memory_grow(&self->memory, self->factors, self->n, sizeof(*more));
    if (more == NULL) return NULL;
    self->factors = more;
    ost_factor_t *one = &more[self->n++];
    *one = (ost_factor_t){ .path = copy(self, path),
        .name = copy(self, name),
        .unit = copy(self, unit),
        .meaning = copy(self, meaning),
        .value = NAN,
        .sd = NAN,
        .lower = NAN,
        .upper = NAN,
        .step = NAN,
        .param = -1,
        .scale = 1,
        .floor = -INFINITY,
        .ceiling = INFINITY };
    return self->memory.failed ? NULL : one;
}

static ost_factor_t *add_param(ost_factors_t *self, const ost_plan_t *plan, size_t i)
{
    const ost_param_t *param = ost_blocks_param(plan->blocks, i);
    char name[256], path[280];
    ost_blocks_param_name(plan->blocks, i, name, sizeof(name));
    snprintf(path, sizeof(path), PARAMETERS "%s", name);
    ost_factor_t *one = add(self, path, name, param->unit_text, param->text);
    if (one == NULL) return NULL;
    one->param = (long) i;
    one->scale = param->unit.factor;
    one->value = plan->population->params[i].typical / one->scale;
    one->floor = param->lower / one->scale;
    one->ceiling = param->upper / one->scale;
    return one;
}

/* The number at a quantile, in the factor's unit. */
static double number_at(const ost_factor_t *self, double p)
{
    if (self->draws != NULL) return ost_quantile(self->draws, self->n_draws, p) / self->scale;
    if (self->has_dist) return ost_dist_quantile(&self->dist, p) / self->scale;
    if (self->choice != NULL) {
        double sum = 0;
        for (size_t k = 0; k + 1 < self->choice->n_choices; k++)
            if (p < (sum += self->choice->share[k])) return self->choice->choice[k] / self->scale;
        return self->choice->choice[self->choice->n_choices - 1] / self->scale;
    }
    if (p == 0) return self->lower;
    if (p == 1) return self->upper;
    return self->is_log ? self->lower * pow(self->upper / self->lower, p)
                        : self->lower + p * (self->upper - self->lower);
}

static bool is_distribution(const ost_factor_t *self)
{
    return self->draws != NULL || self->has_dist || self->choice != NULL;
}

/* SD from quantiles at the middles of equal parts; ends; the displacement. */
static void measure(ost_factor_t *self)
{
    enum { N_PARTS = 1000 };
    double sum = 0, square = 0;
    if (is_distribution(self)) {
        self->lower = number_at(self, OST_FACTOR_TAIL);
        self->upper = number_at(self, 1 - OST_FACTOR_TAIL);
    }
    const double middle = number_at(self, 0.5);
    for (size_t i = 0; i < N_PARTS; i++) {
        double x = number_at(self, ((double) i + 0.5) / N_PARTS) - middle;
        sum += x;
        square += x * x;
    }
    self->sd = sqrt(square / N_PARTS - sum * sum / N_PARTS / N_PARTS);
    double step = OST_FACTOR_STEP * (self->value != 0 ? fabs(self->value) : self->sd);
    self->step = fmin(step, fmin(self->value - self->floor, self->ceiling - self->value));
}

char *ost_factor_text(const ost_factor_t *self, ost_sensitivity_kind_t kind, double u, char *buf, size_t size)
{
    if (self->unit == NULL) {
        const ost_text_list_t *texts = &self->vary.texts;
        size_t i = (size_t) (u * (double) texts->n);
        snprintf(buf, size, "%s", texts->items[i < texts->n ? i : texts->n - 1]);
        return buf;
    }
    const bool is_middle = kind == OST_SENSITIVITY_MORRIS && is_distribution(self);
    double x = kind == OST_SENSITIVITY_LOCAL
                   ? self->value + u * self->step
                   : number_at(self, is_middle ? OST_FACTOR_TAIL + (1 - 2 * OST_FACTOR_TAIL) * u : u);
    bool is_plain = strcmp(self->unit, "1") == 0;
    snprintf(buf, size, "%.*g%s%s", OST_VARY_DIGITS, ost_clamp(x, self->floor, self->ceiling), is_plain ? "" : " ",
        is_plain ? "" : self->unit);
    return buf;
}

bool ost_factor_is_named(const char *name, const char *param)
{
    size_t n = strlen(name);
    return strncmp(name, param, n) == 0 && (param[n] == '\0' || param[n] == '.' || param[n] == '[');
}

static bool is_taken(const ost_factors_t *self, const char *path)
{
    for (size_t k = 0; k < self->n; k++)
        if (strcmp(self->factors[k].path, path) == 0) return true;
    return false;
}

/* Whether the source's values of a parameter are asked for, and --vary gives it no others. */
static bool is_wanted(const ost_factors_t *self, const ost_factors_asked_t *asked, const char *name)
{
    char path[280];
    snprintf(path, sizeof(path), PARAMETERS "%s", name);
    if (is_taken(self, path)) return false;
    for (size_t i = 0; i < asked->only->n; i++)
        if (ost_factor_is_named(asked->only->items[i], name)) return true;
    return asked->only->n == 0;
}

static long find_param(const ost_plan_t *plan, const char *name)
{
    char own[256];
    for (size_t i = 0; i < plan->blocks->n_params; i++)
        if (!ost_blocks_param(plan->blocks, i)->is_covariate &&
            strcmp(ost_blocks_param_name(plan->blocks, i, own, sizeof(own)), name) == 0)
            return (long) i;
    return -1;
}

/* The present value of an entry; NAN where it is not a quantity. */
static int find_value(ost_factor_t *one, const ost_experiment_t *e, ost_error_t *err)
{
    char *text;
    ost_quantity_t quantity;
    ost_unit_t unit;
    if (one->unit == NULL) return 0;
    int ret = ost_experiment_entry(e, one->path, &text, err);
    if (ret == 0 && text != NULL && ost_quantity_parse(&quantity, text, NULL) == 0 &&
        ost_unit_parse(&unit, one->unit, NULL) == 0)
        one->value = quantity.value / unit.factor;
    free(text);
    return ret;
}

/* Of a list of quantities, they are words: a factor takes one or another. */
static int add_entry(ost_factors_t *self, const char *text, const ost_plan_t *plan, ost_error_t *err)
{
    ost_vary_t vary;
    ost_factor_t *one = NULL;
    int ret = ost_vary_parse(&vary, text, err);
    if (ret < 0) return ost_vary_free(&vary), ret;
    const size_t n_prefix = strlen(PARAMETERS);
    const bool is_param = strncmp(vary.path, PARAMETERS, n_prefix) == 0;
    long param = is_param && vary.unit != NULL ? find_param(plan, vary.path + n_prefix) : -1;
    if (is_taken(self, vary.path))
        ret = ost_fail(err, OST_ERR_NAME, "'%s' is varied twice", vary.path);
    else if (vary.n != 0)
        ret = ost_fail(err, OST_ERR_VALUE,
            "'%s': a range of %zu values; expected a range alone, as the method chooses the values", vary.path, vary.n);
    else if (vary.unit == NULL && vary.texts.n < 2)
        ret =
            ost_fail(err, OST_ERR_VALUE, "'%s': one value '%.60s'; expected a range such as '0.5 mg..2 mg', or several",
                vary.path, vary.texts.items[0]);
    if (ret < 0) return ost_vary_free(&vary), ret;
    one = param >= 0 ? add_param(self, plan, (size_t) param) : add(self, vary.path, vary.path, vary.unit, "");
    if (one == NULL) return ost_vary_free(&vary), ost_no_memory(err);
    one->vary = vary;
    if (vary.unit == NULL) return 0;
    one->lower = vary.lower;
    one->upper = vary.upper;
    one->is_log = vary.is_log;
    if (param < 0) return find_value(one, plan->experiment, err);
    ost_unit_t unit;
    const ost_param_t *of = ost_blocks_param(plan->blocks, (size_t) param);
    char why[OST_DIM_MISMATCH_SIZE];
    if ((ret = ost_unit_parse(&unit, vary.unit, err)) < 0) return ret;
    if (!ost_dim_equal(unit.dim, of->unit.dim))
        return ost_fail(err, OST_ERR_UNIT, "'%s': a range that %s", vary.path,
            ost_unit_mismatch(unit.dim, &of->unit, of->unit_text, why));
    one->lower *= unit.factor / one->scale;
    one->upper *= unit.factor / one->scale;
    if (!(one->lower >= one->floor * (1 - 1e-12) && one->upper <= one->ceiling * (1 + 1e-12)))
        return ost_fail(err, OST_ERR_VALUE, "'%s': %.10g..%.10g %s is outside its range %.10g..%.10g", vary.path,
            one->lower, one->upper, of->unit_text, one->floor, one->ceiling);
    return 0;
}

/* The model's SD is of ln; of a range within 0..1 that of logit is made from it, as for a fit (fit_file.c). */
static bool set_prior(ost_factor_t *one, const ost_param_t *param, double typical)
{
    const bool is_logit = param->lower >= 0 && param->upper <= 1 && ost_dim_is_none(param->unit.dim);
    double sd = param->prior_sd;
    if (!(sd > 0) || !(typical > 0) || (is_logit && !(typical < 1))) return false;
    if (is_logit && param->spread.kind != OST_SPREAD_LOGITNORMAL) sd /= fmax(1 - typical, 1e-6);
    one->has_dist = true;
    ost_dist_init(
        &one->dist, is_logit ? OST_DIST_LOGITNORMAL : OST_DIST_LOGNORMAL, typical, sd, param->lower, param->upper);
    return one->dist.mass > 0;
}

static bool set_range(ost_factor_t *one)
{
    one->lower = one->floor;
    one->upper = one->ceiling;
    one->is_log = one->lower > 0 && one->upper >= OST_FACTOR_LOG_FROM * one->lower;
    return isfinite(one->lower) && isfinite(one->upper) && one->lower < one->upper;
}

static bool set_variability(ost_factor_t *one, const ost_param_t *param, const ost_param_rule_t *rule)
{
    if (rule->covariate >= 0 || rule->kind == OST_SPREAD_NONE) return false;
    if (rule->kind == OST_SPREAD_CHOICE)
        one->choice = &param->spread;
    else
        one->dist = rule->dist, one->has_dist = true;
    return true;
}

static int add_params(ost_factors_t *self, const ost_factors_asked_t *asked, const ost_plan_t *plan, ost_error_t *err)
{
    for (size_t i = 0; i < plan->blocks->n_params; i++) {
        const ost_param_t *param = ost_blocks_param(plan->blocks, i);
        const ost_param_rule_t *rule = &plan->population->params[i];
        char name[256];
        if (param->is_covariate || !is_wanted(self, asked, ost_blocks_param_name(plan->blocks, i, name, sizeof(name))))
            continue;
        ost_factor_t *one = add_param(self, plan, i);
        if (one == NULL) return ost_no_memory(err);
        bool has = asked->source == OST_SOURCE_PRIOR   ? set_prior(one, param, rule->typical)
                   : asked->source == OST_SOURCE_RANGE ? set_range(one)
                                                       : set_variability(one, param, rule);
        self->n -= !has;
    }
    return 0;
}

/* Covariates that are drawn, of VARIABILITY. */
static int add_covariates(
    ost_factors_t *self, const ost_factors_asked_t *asked, const ost_plan_t *plan, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        char path[280];
        if (c->origin != OST_ORIGIN_DISTRIBUTION || !is_wanted(self, asked, c->name)) continue;
        snprintf(path, sizeof(path), "population.covariates.%.200s", c->name);
        ost_factor_t *one = add(self, path, c->name, c->unit_text, "covariate");
        if (one == NULL) return ost_no_memory(err);
        one->scale = c->unit.factor;
        one->has_dist = true;
        one->dist = plan->population->covariates[i].dist;
        one->value = number_at(one, 0.5);
    }
    return 0;
}

/* Of two columns of n rows, less their first. */
static double correlation_of(const double *a, const double *b, size_t n, size_t stride)
{
    double sums[5] = { 0 };
    for (size_t i = 0; i < n; i++) {
        const double x = a[i * stride] - a[0], y = b[i * stride] - b[0];
        const double terms[] = { x, y, x * x, y * y, x * y };
        for (size_t k = 0; k < 5; k++) sums[k] += terms[k] / (double) n;
    }
    return (sums[4] - sums[0] * sums[1]) / sqrt((sums[2] - sums[0] * sums[0]) * (sums[3] - sums[1] * sums[1]));
}

/* Keep the correlation of factors a and b if it is the largest so far. */
static void take_correlation(ost_factors_t *self, double r, size_t a, size_t b)
{
    if (!(fabs(r) > fabs(self->correlation))) return;
    self->correlation = r;
    self->correlated[0] = b;
    self->correlated[1] = a;
}

/* @param column  [self->n] of the table, of those with draws */
static void correlate(ost_factors_t *self, const ost_draws_t *draws, const size_t *column)
{
    const double *first = draws->values + draws->n_params; /* behind the row of the estimates */
    for (size_t a = 0; a < self->n; a++)
        for (size_t b = 0; b < a; b++)
            if (self->factors[a].draws != NULL && self->factors[b].draws != NULL)
                take_correlation(
                    self, correlation_of(first + column[a], first + column[b], draws->n_draws, draws->n_params), a, b);
}

/* The largest correlation that the population has between two factors. */
static void correlate_as_drawn(ost_factors_t *self, const ost_correlations_t *drawn)
{
    const char *const *names = (const char *const *) drawn->names.items;
    for (size_t a = 0; a < self->n; a++)
        for (size_t b = 0; b < a; b++) {
            const size_t i = ost_words_find(names, drawn->names.n, self->factors[a].name),
                         k = ost_words_find(names, drawn->names.n, self->factors[b].name);
            if (i < drawn->names.n && k < drawn->names.n)
                take_correlation(self, drawn->r[i * OST_MAX_CORRELATED + k], a, b);
        }
}

bool ost_factors_are_correlated(const ost_factors_t *self)
{
    const double r = self->correlation;
    if (self->n_draws == 0) return r != 0;
    return self->n_draws > 2 && fabs(r) * sqrt((double) self->n_draws - 2) > 4 * sqrt(fmax(0, 1 - r * r));
}

static int add_draws(ost_factors_t *self, const ost_factors_asked_t *asked, const ost_plan_t *plan,
    const ost_draws_t *draws, ost_error_t *err)
{
    size_t *column = calloc(self->n + draws->n_params + 1, sizeof(*column));
    if (column == NULL) return ost_no_memory(err);
    int ret = 0;
    for (size_t k = 0; k < draws->n_params && ret == 0; k++) {
        long i = find_param(plan, draws->names[k]);
        self->n_foreign += i < 0;
        if (i < 0 || !is_wanted(self, asked, draws->names[k])) continue;
        column[self->n] = k;
        ost_factor_t *one = add_param(self, plan, (size_t) i);
        double *values = one != NULL ? ost_memory_list(&self->memory, draws->n_draws, sizeof(*values)) : NULL;
        if (values == NULL) {
            ret = ost_no_memory(err);
            break;
        }
        for (size_t d = 0; d < draws->n_draws; d++) values[d] = draws->values[(d + 1) * draws->n_params + k];
        qsort(values, draws->n_draws, sizeof(*values), ost_compare_doubles);
        one->draws = values;
        one->n_draws = draws->n_draws;
    }
    self->n_draws = draws->n_draws;
    if (ret == 0) correlate(self, draws, column);
    free(column);
    return ret;
}

static int add_posterior(ost_factors_t *self, const ost_factors_asked_t *asked, const ost_plan_t *plan,
    ost_library_t *library, ost_error_t *err)
{
    ost_draws_t draws = { 0 };
    int ret = ost_draws_read(&draws, asked->table, err);
    if (ret == 0) ret = ost_draws_check(&draws, library, err);
    if (ret == 0 && draws.n_draws < 2)
        ret = ost_fail_at(err, OST_ERR_VALUE, asked->table, 0, 0,
            "has %zu draws of the posterior; expected at least 2: 'osteon fit --draws 200' adds them", draws.n_draws);
    if (ret == 0) ret = add_draws(self, asked, plan, &draws, err);
    ost_draws_free(&draws);
    return ret;
}

/* Every name asked for is of a factor. */
static int check_names(
    const ost_factors_t *self, const ost_factors_asked_t *asked, const ost_plan_t *plan, ost_error_t *err)
{
    for (size_t i = 0; i < asked->only->n; i++) {
        const char *name = asked->only->items[i];
        char own[256];
        bool has = false, is_known = false;
        for (size_t k = 0; k < self->n; k++) has = has || ost_factor_is_named(name, self->factors[k].name);
        if (has) continue;
        for (size_t k = 0; k < plan->blocks->n_params; k++)
            is_known = is_known || ost_factor_is_named(name, ost_blocks_param_name(plan->blocks, k, own, sizeof(own)));
        const bool is_model = ost_blocks_find(plan->blocks, name) >= 0;
        if (is_known)
            return ost_fail(err, OST_ERR_NAME,
                "'%s' has no values by %s%s%s%s; expected another --by, or --vary '" PARAMETERS "%s%s=LOWER..UPPER'",
                name, ost_factor_source_words[asked->source], asked->source == OST_SOURCE_POSTERIOR ? ", as " : "",
                asked->source == OST_SOURCE_POSTERIOR ? asked->table : "",
                asked->source == OST_SOURCE_POSTERIOR ? " does not have it: --by range moves it over its range" : "",
                name, is_model ? ".NAME" : "");
        const ost_factors_asked_t all = { .source = OST_SOURCE_RANGE, .only = &(ost_text_list_t){ 0 } };
        ost_factors_t known = { 0 };
        int ret = add_params(&known, &all, plan, err);
        const char *near = ret == 0 ? OST_NEAREST_IN(name, known.factors, known.n, ost_factor_t, name) : NULL;
        if (ret == 0)
            ret = ost_fail(
                err, OST_ERR_NAME, "the experiment has no parameter or model '%s'%s%s%s", name, OST_HINT(near));
        ost_factors_free(&known);
        return ret;
    }
    return 0;
}

/* What LOCAL needs: a number that can go both ways. */
static int check_local(const ost_factors_t *self, ost_error_t *err)
{
    for (size_t k = 0; k < self->n; k++) {
        const ost_factor_t *one = &self->factors[k];
        if (one->unit == NULL)
            return ost_fail(
                err, OST_ERR_VALUE, "'%s' has words or a list, and a slope is of numbers; expected a range", one->name);
        if (isnan(one->value))
            return ost_fail(err, OST_ERR_VALUE,
                "'%s' has no single value in the experiment at which a slope could be taken; set one with --set, or "
                "choose another --method",
                one->name);
        if (!(one->step > 0))
            return ost_fail(err, OST_ERR_VALUE,
                "'%s' = %.6g is an end of its range, so that it can be moved to one side alone; leave it out of "
                "--over, "
                "or choose another --method",
                one->name, one->value);
    }
    return 0;
}

/* Parameters at an end of their range have no slope there; of all of a source, they are left out. */
static void drop_ends(ost_factors_t *self)
{
    for (size_t k = self->n; k-- > 0;)
        if (self->factors[k].vary.path == NULL && !(self->factors[k].step > 0)) {
            self->n--;
            memmove(&self->factors[k], &self->factors[k + 1], (self->n - k) * sizeof(*self->factors));
        }
}

/* A column of people replaces a parameter, which then has no effect as an input. */
static int check_columns(const ost_factors_t *self, const ost_plan_t *plan, ost_error_t *err)
{
    const ost_people_t *people = &plan->experiment->people;
    for (size_t k = 0; k < self->n; k++)
        if (self->factors[k].param >= 0 && ost_people_column(people, self->factors[k].name) != SIZE_MAX)
            return ost_fail(err, OST_ERR_VALUE,
                "'%s' is a column of '%.200s', which replaces it, and cannot be an input; --over chooses others",
                self->factors[k].name, people->path);
    return 0;
}

int ost_factors_find(ost_factors_t *self, const ost_factors_asked_t *asked, const ost_plan_t *plan,
    ost_library_t *library, ost_error_t *err)
{
    int ret = 0;
    *self = (ost_factors_t){ 0 };
    for (size_t i = 0; i < asked->vary->n && ret == 0; i++) ret = add_entry(self, asked->vary->items[i], plan, err);
    if (ret == 0 && !asked->without_parameters)
        ret = asked->source == OST_SOURCE_POSTERIOR ? add_posterior(self, asked, plan, library, err)
                                                    : add_params(self, asked, plan, err);
    if (ret == 0 && !asked->without_parameters && asked->source == OST_SOURCE_VARIABILITY)
        ret = add_covariates(self, asked, plan, err);
    if (ret == 0 && asked->source == OST_SOURCE_VARIABILITY) correlate_as_drawn(self, &plan->experiment->correlations);
    if (ret == 0) ret = check_names(self, asked, plan, err);
    if (ret == 0) ret = check_columns(self, plan, err);
    for (size_t k = 0; k < self->n && ret == 0; k++)
        if (self->factors[k].unit != NULL) measure(&self->factors[k]);
    if (ret == 0 && asked->kind == OST_SENSITIVITY_LOCAL && asked->only->n == 0) drop_ends(self);
    if (ret == 0 && self->n == 0)
        ret = ost_fail(err, OST_ERR_NAME,
            "no parameter of the experiment has values by %s; expected another --by, or --vary PATH=LOWER..UPPER",
            ost_factor_source_words[asked->source]);
    return ret == 0 && asked->kind == OST_SENSITIVITY_LOCAL ? check_local(self, err) : ret;
}

/* Ends, SD and present value of an entry that is a number. */
static int measure_axis(
    ost_factor_t *one, const ost_varied_t *axis, long param, const ost_plan_t *plan, ost_error_t *err)
{
    double mean = 0, square = 0;
    ost_unit_t unit;
    if (axis->values == NULL) return 0;
    one->lower = one->upper = axis->values[0];
    for (size_t i = 0; i < axis->texts.n; i++) {
        const double x = axis->values[i], step = x - mean;
        one->lower = fmin(one->lower, x);
        one->upper = fmax(one->upper, x);
        mean += step / (double) (i + 1);
        square += step * (x - mean);
    }
    one->sd = sqrt(square / (double) axis->texts.n);
    if (param < 0) return find_value(one, plan->experiment, err);
    if (ost_unit_parse(&unit, axis->unit, NULL) == 0)
        one->value = plan->population->params[param].typical / unit.factor;
    return 0;
}

int ost_factors_of_design(ost_factors_t *self, const ost_design_t *design, const ost_plan_t *plan, ost_error_t *err)
{
    int ret = 0;
    *self = (ost_factors_t){ .n_draws = design->kind == OST_DESIGN_TABLE ? design->n_points : 0 };
    for (size_t k = 0; k < design->n_axes && ret == 0; k++) {
        const ost_varied_t *axis = &design->axes[k];
        const bool is_param = strncmp(axis->path, PARAMETERS, strlen(PARAMETERS)) == 0;
        const char *name = axis->path + (is_param ? strlen(PARAMETERS) : 0);
        const long param = is_param ? find_param(plan, name) : -1;
        ost_factor_t *one = add(self, axis->path, name, axis->values != NULL ? axis->unit : NULL,
            param >= 0 ? ost_blocks_param(plan->blocks, (size_t) param)->text : "");
        ret = one == NULL ? ost_no_memory(err) : measure_axis(one, axis, param, plan, err);
        for (size_t b = 0; b < k && ret == 0 && design->kind == OST_DESIGN_TABLE; b++)
            if (axis->values != NULL && design->axes[b].values != NULL)
                take_correlation(self, correlation_of(axis->values, design->axes[b].values, design->n_points, 1), k, b);
    }
    return ret;
}
