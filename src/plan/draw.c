/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual subjects: covariates and parameters of a subject as a pure function of (seed, subject). */
#include "core/random.h"
#include "plan/plan.h"

#include <math.h>

static double in_unit(const ost_param_t *param, double value)
{
    return value / param->unit.factor;
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
    double u = draw_uniform(e, subject, self->population->covariates[i].purpose);
    switch (c->kind) {
    case OST_DIST_FIXED:
        return c->a;
    case OST_DIST_NORMAL:
        return c->b > 0 ? c->a + c->b * ost_truncated_quantile(&self->population->covariates[i].z, u) : c->a;
    case OST_DIST_LOGNORMAL:
        return c->b > 0 ? c->a * exp(c->b * ost_truncated_quantile(&self->population->covariates[i].z, u)) : c->a;
    case OST_DIST_UNIFORM:
        return c->a + (c->b - c->a) * u;
    case OST_DIST_EXPONENTIAL: {
        double lower = fmax(c->lower, 0), mass = -expm1(-(c->upper - lower) / c->a);
        return ost_clamp(lower - c->a * log1p(-u * mass), lower, c->upper);
    }
    case OST_DIST_FORMULA:
        return ost_clamp(ost_formula_value(c->formula, covariates), c->lower, c->upper);
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
        value = 1 / (1 + exp(-(ost_logit(v) + rule->sd * ost_truncated_quantile(&rule->z, u))));
        break;
    case OST_SPREAD_EXPONENTIAL:
        value = draw_exponential(v, param, u);
        break;
    }
    /* the draw is within the range already, but for rounding */
    return ost_clamp(value, param->lower, param->upper);
}

/* The rule with another typical value. In place of a CHOICE, it is the only value. */
static ost_param_rule_t moved_rule(const ost_param_rule_t *from, const ost_param_t *param, double typical)
{
    ost_param_rule_t rule = *from;
    rule.typical = typical;
    if (rule.kind == OST_SPREAD_CHOICE) rule.kind = OST_SPREAD_NONE;
    ost_param_rule_bound(&rule, param);
    return rule;
}

int ost_plan_draw(const ost_plan_t *self, uint64_t subject, const double *typical, double *covariates, double *params,
    ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) covariates[i] = NAN;
    for (size_t i = 0; i < self->blocks->n_params; i++) params[i] = NAN;
    for (size_t i = 0; i < e->n_covariates; i++) {
        covariates[i] = draw_covariate(self, i, subject, covariates);
        if (!isfinite(covariates[i]))
            return ost_fail(err, OST_ERR_VALUE, "covariate '%s' is not a finite number", e->covariates[i].name);
    }
    for (size_t i = 0; i < self->blocks->n_params; i++) {
        const ost_param_t *param = ost_blocks_param(self->blocks, i);
        const ost_param_rule_t *rule = &self->population->params[i];
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
                in_unit(param, param->upper), self->blocks->block[self->blocks->of_param[i]].model->name);
    }
    return 0;
}

int ost_plan_subject(const ost_plan_t *self, uint64_t subject, double *covariates, double *params, ost_error_t *err)
{
    int ret = ost_plan_draw(self, subject, NULL, covariates, params, err);
    if (ret < 0) ost_error_prepend(err, "subject %llu: ", (unsigned long long) subject);
    return ret;
}

void ost_plan_typical(const ost_plan_t *self, double *typical)
{
    for (size_t i = 0; i < self->blocks->n_params; i++) typical[i] = self->population->params[i].typical;
}

bool ost_plan_param_varies(const ost_plan_t *self, size_t i)
{
    const ost_param_rule_t *rule = &self->population->params[i];
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
