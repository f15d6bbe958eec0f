/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual people: covariates and parameters of a subject as a pure function of (seed, subject). Every quantity takes
 * one draw, keyed by its own name, so that adding one never moves another. */
#include "core/random.h"
#include "core/text.h"
#include "plan/plan_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Unlike fmin and fmax, lets NaN pass. */
static double clamp(double x, double lower, double upper)
{
    return x < lower ? lower : x > upper ? upper : x;
}

void ost_truncated_init(ost_truncated_t *self, double lower, double upper)
{
    self->mirrored = lower > 0;
    self->lower = self->mirrored ? -upper : lower;
    self->upper = self->mirrored ? -lower : upper;
    self->p_lower = ost_normal_cdf(self->lower);
    self->p_width = ost_normal_cdf(self->upper) - self->p_lower;
}

double ost_truncated_quantile(const ost_truncated_t *self, double u)
{
    double p = self->p_lower + (self->mirrored ? 1 - u : u) * self->p_width;
    double z = p > 0 && p < 1 ? ost_normal_quantile(p) : p > 0 ? self->upper : self->lower;
    z = clamp(z, self->lower, self->upper);
    return self->mirrored ? -z : z;
}

static double logit(double p)
{
    return log(p) - log1p(-p);
}

static const char *param_name(const void *from, size_t i)
{
    return ((const ost_model_t *) from)->params[i].name;
}

static const char *block_name(const void *from, size_t i)
{
    return ((const ost_block_t *) from)[i].model->name;
}

static const char *covariate_name(const void *from, size_t i)
{
    return ((const ost_covariate_t *) from)[i].name;
}

static double in_unit(const ost_param_t *param, double value)
{
    return value / param->unit.factor;
}

static int check_setting(
    const ost_experiment_t *e, const ost_param_setting_t *set, const ost_param_t *param, ost_error_t *err)
{
    char given[64], due[64];
    if (param->is_covariate)
        return OST_FAIL_AT(err, OST_ERR_NAME, e, set->location,
            "'%s' of model '%s' is a covariate: it is set in the population, not among the parameters", set->param,
            set->model);
    if (set->sets_value && !ost_dim_equal(set->dim, param->unit.dim))
        return OST_FAIL_AT(err, OST_ERR_UNIT, e, set->location,
            "parameter '%s.%s' has dimension %s (unit %s), the value given has %s", set->model, set->param,
            ost_dim_format(param->unit.dim, due, sizeof(due)), param->unit_text,
            ost_plan_given(set->dim, given, sizeof(given)));
    if (set->sets_value && !(set->value >= param->lower && set->value <= param->upper))
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
            "parameter '%s.%s' = %g %s is outside its range %g..%g", set->model, set->param, in_unit(param, set->value),
            param->unit_text, in_unit(param, param->lower), in_unit(param, param->upper));
    if (set->sets_spread && !(set->spread_sd >= 0 && isfinite(set->spread_sd)))
        return OST_FAIL_AT(
            err, OST_ERR_VALUE, e, set->location, "spread of '%s.%s' must be a number >= 0", set->model, set->param);
    ost_dim_t spread_dim = param->spread.kind == OST_SPREAD_NORMAL ? param->unit.dim : (ost_dim_t){ 0 };
    if (set->sets_spread && set->spread_sd > 0 && !ost_dim_equal(set->spread_dim, spread_dim))
        return OST_FAIL_AT(err, OST_ERR_UNIT, e, set->location,
            "spread of '%s.%s' has dimension %s, the value given has %s", set->model, set->param,
            ost_dim_format(spread_dim, due, sizeof(due)), ost_plan_given(set->spread_dim, given, sizeof(given)));
    if (set->sets_spread && set->spread_sd > 0 && param->spread.kind == OST_SPREAD_CHOICE)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
            "'%s.%s' is one of %zu values and has no SD; a spread of 0 keeps it at its typical value", set->model,
            set->param, param->spread.n_choices);
    if (set->sets_spread && set->spread_sd > 0 && param->spread.kind == OST_SPREAD_EXPONENTIAL)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
            "'%s.%s' spreads exponentially and has no SD; a spread of 0 keeps it at its typical value", set->model,
            set->param);
    return 0;
}

static int apply_settings(ost_plan_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    for (size_t i = 0; i < e->n_settings; i++) {
        const ost_param_setting_t *set = &e->settings[i];
        int b = ost_plan_block(self, set->model);
        if (b < 0) {
            const char *near = ost_nearest_of(set->model, self->blocks, self->n_blocks, block_name);
            return OST_FAIL_AT(err, OST_ERR_NAME, e, set->location, "there is no model '%s' in this experiment%s%s%s",
                set->model, OST_HINT(near));
        }
        const ost_model_t *model = self->blocks[b].model;
        int k = ost_model_param(model, set->param);
        if (k < 0) {
            const char *near = ost_nearest_of(set->param, model, model->n_params, param_name);
            return OST_FAIL_AT(err, OST_ERR_NAME, e, set->location, "model '%s' has no parameter '%s'%s%s%s",
                set->model, set->param, OST_HINT(near));
        }
        const ost_param_t *param = &model->params[k];
        int ret = check_setting(e, set, param, err);
        if (ret < 0) return ret;
        ost_param_rule_t *rule = &self->impl->params[self->blocks[b].first_param + (uint32_t) k];
        if (set->sets_value) {
            rule->typical = set->value;
            if (rule->kind == OST_SPREAD_CHOICE) rule->kind = OST_SPREAD_NONE; /* the value given is meant */
        }
        if (set->sets_spread) {
            if (rule->kind == OST_SPREAD_NONE) rule->kind = OST_SPREAD_LOGNORMAL;
            rule->sd = set->spread_sd;
            if (set->spread_sd == 0) rule->kind = OST_SPREAD_NONE;
        }
    }
    return 0;
}

/* Bounds of the standard normal that keep the value within the parameter's range. */
static void set_bounds(ost_param_rule_t *rule, const ost_param_t *param)
{
    double v = rule->typical, sd = rule->sd, lower = -INFINITY, upper = INFINITY;
    switch (rule->kind) {
    case OST_SPREAD_LOGNORMAL:
        if (v > 0) {
            lower = param->lower > 0 ? log(param->lower / v) / sd : -INFINITY;
            upper = log(param->upper / v) / sd;
        } else if (v < 0) {
            lower = param->upper < 0 ? log(param->upper / v) / sd : -INFINITY;
            upper = log(param->lower / v) / sd;
        }
        break;
    case OST_SPREAD_NORMAL:
        lower = (param->lower - v) / sd;
        upper = (param->upper - v) / sd;
        break;
    case OST_SPREAD_LOGITNORMAL:
        lower = param->lower > 0 ? (logit(param->lower) - logit(v)) / sd : -INFINITY;
        upper = param->upper < 1 ? (logit(param->upper) - logit(v)) / sd : INFINITY;
        break;
    case OST_SPREAD_NONE:
    case OST_SPREAD_CHOICE:
    case OST_SPREAD_EXPONENTIAL:
        break;
    }
    ost_truncated_init(&rule->z, lower, upper);
}

/* A covariate that no model names, but nearly: most likely the model's own, misspelt. */
static int check_spelling(const ost_plan_t *self, const ost_model_t *model, const ost_param_t *param, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    const char *near = ost_nearest_of(param->name, e->covariates, e->n_covariates, covariate_name);
    for (size_t b = 0; near != NULL && b < self->n_blocks; b++) {
        int k = ost_model_param(self->blocks[b].model, near);
        if (k >= 0 && self->blocks[b].model->params[k].is_covariate) near = NULL;
    }
    for (size_t i = 0; near != NULL && i < e->n_covariates; i++) {
        if (e->covariates[i].name != near) continue;
        /* a covariate that others are computed from has a use of its own */
        for (size_t k = i + 1; k < e->n_covariates; k++)
            if (e->covariates[k].formula_text != NULL && strstr(e->covariates[k].formula_text, near) != NULL) return 0;
        if (e->start_text != NULL && strstr(e->start_text, near) != NULL) return 0;
        if (e->covariates[i].treats) return 0;
        return OST_FAIL_AT(err, OST_ERR_NAME, e, e->covariates[i].location,
            "no model uses covariate '%s' (did you mean '%s' of model '%s'?)", near, param->name, model->name);
    }
    return 0;
}

static int bind_covariate(
    ost_plan_t *self, const ost_model_t *model, const ost_param_t *param, ost_param_rule_t *rule, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) {
        char given[64], due[64];
        if (strcmp(e->covariates[i].name, param->name) != 0) continue;
        rule->covariate = (int32_t) i;
        if (ost_dim_equal(e->covariates[i].unit.dim, param->unit.dim)) return 0;
        return OST_FAIL_AT(err, OST_ERR_UNIT, e, e->covariates[i].location,
            "covariate '%s' has dimension %s in model '%s' (unit %s), and %s here", param->name,
            ost_dim_format(param->unit.dim, due, sizeof(due)), model->name, param->unit_text,
            ost_plan_given(e->covariates[i].unit.dim, given, sizeof(given)));
    }
    int ret = check_spelling(self, model, param, err);
    if (ret < 0) return ret;
    if (param->has_default) return 0;
    return OST_FAIL_AT(err, OST_ERR_NAME, e, self->impl->locations[ost_plan_block(self, model->name)],
        "model '%s' needs covariate '%s' [%s] (%s), which the population does not define and which has no default",
        model->name, param->name, param->unit_text, param->text);
}

static int build_covariates(ost_plan_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        ost_truncated_t *z = &self->impl->z[i];
        self->impl->purpose[i] = ost_random_purpose(c->name);
        if (c->kind == OST_DIST_NORMAL && c->b > 0)
            ost_truncated_init(z, (c->lower - c->a) / c->b, (c->upper - c->a) / c->b);
        else if (c->kind == OST_DIST_LOGNORMAL && c->b > 0)
            ost_truncated_init(
                z, c->lower > 0 ? log(c->lower / c->a) / c->b : -INFINITY, log(fmax(c->upper, 0) / c->a) / c->b);
        else
            continue;
        if (!(z->lower < z->upper))
            return OST_FAIL_AT(err, OST_ERR_VALUE, e, c->location, "covariate '%s': its range is empty", c->name);
    }
    return 0;
}

int ost_plan_build_population(ost_plan_t *self, ost_error_t *err)
{
    struct ost_plan_impl *impl = self->impl;
    size_t n_covariates = self->experiment->n_covariates;
    impl->params = calloc(self->n_params + 1, sizeof(*impl->params));
    impl->purpose = calloc(n_covariates + 1, sizeof(*impl->purpose));
    impl->z = calloc(n_covariates + 1, sizeof(*impl->z));
    if (impl->params == NULL || impl->purpose == NULL || impl->z == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the population");
    int ret = build_covariates(self, err);
    if (ret < 0) return ret;
    for (size_t i = 0; i < self->n_params; i++) {
        char name[256];
        const ost_block_t *block = &self->blocks[impl->param_block[i]];
        const ost_param_t *param = &block->model->params[i - block->first_param];
        ost_param_rule_t *rule = &impl->params[i];
        *rule = (ost_param_rule_t){
            .purpose = ost_random_purpose(ost_plan_param_name(self, i, name, sizeof(name))),
            .covariate = -1,
            .typical = param->value,
            .kind = param->is_covariate ? OST_SPREAD_NONE : param->spread.kind,
            .sd = param->spread.sd,
        };
        if (param->is_covariate && (ret = bind_covariate(self, block->model, param, rule, err)) < 0) return ret;
    }
    if ((ret = apply_settings(self, err)) < 0) return ret;
    for (size_t i = 0; i < self->n_params; i++) {
        const ost_block_t *block = &self->blocks[impl->param_block[i]];
        ost_param_rule_t *rule = &impl->params[i];
        if (!self->experiment->variability || (rule->kind != OST_SPREAD_CHOICE && !(rule->sd > 0)))
            rule->kind = OST_SPREAD_NONE;
        set_bounds(rule, &block->model->params[i - block->first_param]);
    }
    return 0;
}

static double draw_uniform(const ost_experiment_t *e, uint64_t subject, uint32_t purpose)
{
    if (e->sampling == OST_SAMPLING_RANDOM) return ost_random_uniform(e->seed, subject, purpose, 0);
    uint64_t n = e->n_subjects;
    return ((double) ost_random_permutation(e->seed, purpose, subject % n, n) + 0.5) / (double) n;
}

static double draw_covariate(const ost_plan_t *self, size_t i, uint64_t subject, const double *covariates)
{
    const ost_experiment_t *e = self->experiment;
    const ost_covariate_t *c = &e->covariates[i];
    double u = draw_uniform(e, subject, self->impl->purpose[i]);
    switch (c->kind) {
    case OST_DIST_FIXED:
        return c->a;
    case OST_DIST_NORMAL:
        return c->b > 0 ? c->a + c->b * ost_truncated_quantile(&self->impl->z[i], u) : c->a;
    case OST_DIST_LOGNORMAL:
        return c->b > 0 ? c->a * exp(c->b * ost_truncated_quantile(&self->impl->z[i], u)) : c->a;
    case OST_DIST_UNIFORM:
        return c->a + (c->b - c->a) * u;
    case OST_DIST_EXPONENTIAL: {
        double lower = fmax(c->lower, 0), mass = -expm1(-(c->upper - lower) / c->a);
        return clamp(lower - c->a * log1p(-u * mass), lower, c->upper);
    }
    case OST_DIST_FORMULA:
        return clamp(ost_formula_value(c->formula, covariates), c->lower, c->upper);
    }
    return NAN;
}

/* Unit-mean exponential times v, within the parameter's range. */
static double draw_exponential(double v, const ost_param_t *param, double u)
{
    double above = exp(-fmax(param->lower, 0) / v), beyond = exp(-fmax(param->upper, 0) / v);
    return -v * log(above - u * (above - beyond));
}

static double draw_param(const ost_param_rule_t *rule, const ost_param_t *param, double u)
{
    double v = rule->typical, value = v;
    switch (rule->kind) {
    case OST_SPREAD_NONE:
        return v;
    case OST_SPREAD_CHOICE: {
        double sum = 0;
        for (size_t k = 0; k + 1 < param->spread.n_choices; k++)
            if (u < (sum += param->spread.share[k])) return param->spread.choice[k];
        return param->spread.choice[param->spread.n_choices - 1];
    }
    case OST_SPREAD_LOGNORMAL:
        value = v * exp(rule->sd * ost_truncated_quantile(&rule->z, u));
        break;
    case OST_SPREAD_NORMAL:
        value = v + rule->sd * ost_truncated_quantile(&rule->z, u);
        break;
    case OST_SPREAD_LOGITNORMAL:
        value = 1 / (1 + exp(-(logit(v) + rule->sd * ost_truncated_quantile(&rule->z, u))));
        break;
    case OST_SPREAD_EXPONENTIAL:
        value = draw_exponential(v, param, u);
        break;
    }
    /* the draw is within the range already, but for rounding */
    return clamp(value, param->lower, param->upper);
}

/* The rule with another typical value. A value of a CHOICE is then meant, as in the experiment's settings. */
static ost_param_rule_t moved_rule(const ost_param_rule_t *from, const ost_param_t *param, double typical)
{
    ost_param_rule_t rule = *from;
    rule.typical = typical;
    if (rule.kind == OST_SPREAD_CHOICE) rule.kind = OST_SPREAD_NONE;
    set_bounds(&rule, param);
    return rule;
}

int ost_plan_draw(const ost_plan_t *self, uint64_t subject, const double *typical, double *covariates, double *params,
    ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) covariates[i] = NAN;
    for (size_t i = 0; i < self->n_params; i++) params[i] = NAN;
    for (size_t i = 0; i < e->n_covariates; i++) {
        covariates[i] = draw_covariate(self, i, subject, covariates);
        if (!isfinite(covariates[i]))
            return ost_fail(err, OST_ERR_VALUE, "covariate '%s' is not a finite number", e->covariates[i].name);
    }
    for (size_t i = 0; i < self->n_params; i++) {
        const ost_block_t *block = &self->blocks[self->impl->param_block[i]];
        const ost_param_t *param = &block->model->params[i - block->first_param];
        const ost_param_rule_t *rule = &self->impl->params[i];
        if (rule->covariate < 0) {
            double u = rule->kind == OST_SPREAD_NONE ? 0 : draw_uniform(e, subject, rule->purpose);
            if (typical == NULL || typical[i] == rule->typical) {
                params[i] = draw_param(rule, param, u);
            } else {
                const ost_param_rule_t moved = moved_rule(rule, param, typical[i]);
                params[i] = draw_param(&moved, param, u);
            }
            continue;
        }
        params[i] = covariates[rule->covariate];
        if (!(params[i] >= param->lower && params[i] <= param->upper))
            return ost_fail(err, OST_ERR_VALUE, "covariate '%s' = %g %s is outside the range %g..%g of model '%s'",
                param->name, in_unit(param, params[i]), param->unit_text, in_unit(param, param->lower),
                in_unit(param, param->upper), block->model->name);
    }
    return 0;
}

void ost_plan_noise(const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at, double *z)
{
    const double *subject = at->p + self->subject_row * OST_LANE_COUNT;
    for (size_t l = 0; l < OST_LANE_COUNT; l++) {
        uint32_t minute = (uint32_t) llround(at->t[l] * 1440);
        for (size_t i = 0; i < block->n_noises; i++)
            z[i * OST_LANE_COUNT + l] =
                self->is_silent ? 0
                                : ost_random_normal(self->seed, (uint64_t) subject[l], block->noise_purpose[i], minute);
    }
}

int ost_plan_subject(const ost_plan_t *self, uint64_t subject, double *covariates, double *params, ost_error_t *err)
{
    int ret = ost_plan_draw(self, subject, NULL, covariates, params, err);
    if (ret < 0) ost_error_prepend(err, "subject %llu: ", (unsigned long long) subject);
    return ret;
}

void ost_plan_typical(const ost_plan_t *self, double *typical)
{
    for (size_t i = 0; i < self->n_params; i++) typical[i] = self->impl->params[i].typical;
}

bool ost_plan_param_varies(const ost_plan_t *self, size_t i)
{
    const ost_param_rule_t *rule = &self->impl->params[i];
    if (rule->covariate < 0) return rule->kind != OST_SPREAD_NONE;
    const ost_covariate_t *c = &self->experiment->covariates[rule->covariate];
    switch (c->kind) {
    case OST_DIST_FIXED:
        return false;
    case OST_DIST_NORMAL:
    case OST_DIST_LOGNORMAL:
        return c->b > 0;
    case OST_DIST_UNIFORM:
        return c->b > c->a;
    case OST_DIST_EXPONENTIAL:
    case OST_DIST_FORMULA:
        return true;
    }
    return true;
}

char *ost_plan_param_name(const ost_plan_t *self, size_t i, char *buf, size_t size)
{
    const ost_block_t *block = &self->blocks[self->impl->param_block[i]];
    snprintf(buf, size, "%s.%s", block->model->name, block->model->params[i - block->first_param].name);
    return buf;
}
