/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual subjects: covariates and parameters of a subject as a pure function of (seed, subject). */
#include "core/random.h"
#include "plan/plan.h"
#include "plan/system.h"

#include <math.h>

/* @param correlated  index in the copula, -1: by itself */
static double draw_uniform(const ost_plan_t *self, uint64_t subject, uint32_t purpose, int32_t correlated)
{
    return correlated < 0
               ? ost_plan_uniform(self->experiment, subject, purpose)
               : ost_copula_uniform(self->population->copula, self->experiment, subject, (size_t) correlated);
}

/* The row of a subject in the table of people, NULL without a table. */
static const double *find_row(const ost_experiment_t *e, uint64_t subject)
{
    const ost_people_t *people = &e->people;
    if (people->path == NULL) return NULL;
    double u = people->is_drawn ? ost_plan_uniform(e, subject, ost_random_purpose("people")) : 0.5;
    return people->values + ost_people_row(people, subject, u) * people->n_columns;
}

/* @param row  of the table of people */
static double draw_covariate(
    const ost_plan_t *self, size_t i, uint64_t subject, const double *row, const double *covariates)
{
    const ost_experiment_t *e = self->experiment;
    const ost_covariate_t *c = &e->covariates[i];
    const ost_covariate_rule_t *rule = &self->population->covariates[i];
    switch (c->origin) {
    case OST_ORIGIN_VALUE:
        return c->dist.a;
    case OST_ORIGIN_DISTRIBUTION:
        return ost_dist_quantile(&rule->dist, draw_uniform(self, subject, rule->purpose, rule->correlated));
    case OST_ORIGIN_FORMULA:
        return ost_clamp(ost_formula_value(c->formula, covariates), c->dist.lower, c->dist.upper);
    case OST_ORIGIN_COLUMN:
        return row[c->column];
    }
    return NAN;
}

static double draw_param(const ost_param_rule_t *rule, const ost_param_t *param, double u)
{
    if (rule->kind == OST_SPREAD_NONE) return rule->typical;
    if (rule->kind != OST_SPREAD_CHOICE) return ost_dist_quantile(&rule->dist, u);
    double sum = 0;
    for (size_t k = 0; k + 1 < param->spread.n_choices; k++)
        if (u < (sum += param->spread.share[k])) return param->spread.choice[k];
    return param->spread.choice[param->spread.n_choices - 1];
}

/* The rule with another typical value and SD. In place of a CHOICE, it is the only value. */
static ost_param_rule_t moved_rule(const ost_param_rule_t *from, const ost_param_t *param, double typical, double sd)
{
    ost_param_rule_t rule = *from;
    rule.typical = typical;
    rule.sd = sd;
    if (rule.kind == OST_SPREAD_CHOICE || !(sd > 0)) rule.kind = OST_SPREAD_NONE;
    ost_param_rule_distribute(&rule, param);
    return rule;
}

/* A parameter that is not a covariate's value. @param typical, sd  in place of the rule's, NAN: the rule's own */
static int draw_value(const ost_plan_t *self, size_t i, uint64_t subject, double typical, double sd,
    const double *covariates, double *value, ost_error_t *err)
{
    const ost_param_t *param = ost_blocks_param(self->blocks, i);
    const ost_param_rule_t *rule = &self->population->params[i];
    const double u = rule->kind == OST_SPREAD_NONE ? 0 : draw_uniform(self, subject, rule->purpose, rule->correlated);
    char name[256], outside[OST_OUTSIDE_SIZE];
    if (isnan(typical) && isnan(sd) && rule->formula == NULL) {
        *value = draw_param(rule, param, u);
        return 0;
    }
    if (isnan(typical)) typical = rule->formula != NULL ? ost_formula_value(rule->formula, covariates) : rule->typical;
    if (isnan(ost_param_within(param, typical)))
        return ost_fail(err, OST_ERR_VALUE, "parameter '%.200s' = %s",
            ost_blocks_param_name(self->blocks, i, name, sizeof(name)),
            ost_param_outside(param, typical, ", by its formula, is outside its range", outside));
    const ost_param_rule_t moved = moved_rule(rule, param, typical, isnan(sd) ? rule->sd : sd);
    *value = draw_param(&moved, param, u);
    return 0;
}

/* The value of a parameter where it is that of a covariate, or depends on nothing but them and its draw. */
static int draw_of_covariates(const ost_plan_t *self, size_t i, uint64_t subject, ost_moved_t moved,
    const double *covariates, double *value, ost_error_t *err)
{
    const ost_param_t *param = ost_blocks_param(self->blocks, i);
    const ost_param_rule_t *rule = &self->population->params[i];
    const double typical = moved.typical != NULL && moved.typical[i] != rule->typical ? moved.typical[i] : NAN;
    const double sd = moved.sd != NULL && moved.sd[i] != rule->sd ? moved.sd[i] : NAN;
    if (rule->covariate < 0) return draw_value(self, i, subject, typical, sd, covariates, value, err);
    *value = ost_param_within(param, covariates[rule->covariate]);
    if (!isnan(*value)) return 0;
    char outside[OST_OUTSIDE_SIZE];
    return ost_fail(err, OST_ERR_VALUE, "covariate '%s' = %s of model '%s'", param->name,
        ost_param_outside(param, covariates[rule->covariate], " is outside the range", outside),
        self->blocks->block[self->blocks->of_param[i]].model->name);
}

int ost_plan_redraw(const ost_plan_t *self, uint64_t subject, ost_moved_t moved, const double *covariates,
    double *params, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < self->blocks->n_params && ret == 0; i++)
        if (self->population->params[i].changes)
            ret = draw_of_covariates(self, i, subject, moved, covariates, &params[i], err);
    return ret;
}

int ost_plan_draw(
    const ost_plan_t *self, uint64_t subject, ost_moved_t moved, double *covariates, double *params, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    const double *row = find_row(e, subject);
    for (size_t i = 0; i < e->n_covariates; i++) covariates[i] = NAN;
    for (size_t i = 0; i < self->blocks->n_params; i++) params[i] = NAN;
    for (size_t i = 0; i < e->n_covariates; i++) {
        covariates[i] = draw_covariate(self, i, subject, row, covariates);
        if (!isfinite(covariates[i]))
            return ost_fail(err, OST_ERR_VALUE, "covariate '%s' is not a finite number", e->covariates[i].name);
    }
    int ret = 0;
    for (size_t i = 0; i < self->blocks->n_params && ret == 0; i++) {
        const int32_t column = self->population->params[i].column;
        if (column >= 0)
            params[i] = row[column];
        else
            ret = draw_of_covariates(self, i, subject, moved, covariates, &params[i], err);
    }
    return ret;
}

void ost_plan_noise(const ost_lane_plan_t *self, const ost_lane_block_t *block, const ost_point_t *at, double *z)
{
    const double *subject = at->p + self->subject_row * OST_LANE_COUNT;
    uint32_t minute[OST_LANE_COUNT];
    double uniform[OST_LANE_COUNT];
    for (size_t l = 0; l < OST_LANE_COUNT; l++) minute[l] = (uint32_t) llround(at->t[l] * 1440);
    for (size_t i = 0; i < block->n_noises; i++, z += OST_LANE_COUNT) {
        const uint32_t purpose = block->noise_purpose[i];
        for (size_t l = 0; l < OST_LANE_COUNT; l++)
            uniform[l] =
                self->is_silent ? 0.5 : ost_random_uniform(self->seed, (uint64_t) subject[l], purpose, minute[l]);
        ost_normal_quantiles(uniform, z, OST_LANE_COUNT);
    }
}

int ost_plan_subject(const ost_plan_t *self, uint64_t subject, double *covariates, double *params, ost_error_t *err)
{
    int ret = ost_plan_draw(self, subject, (ost_moved_t){ 0 }, covariates, params, err);
    if (ret < 0) ost_error_prepend(err, "subject %llu: ", (unsigned long long) subject);
    return ret;
}

void ost_plan_typical(const ost_plan_t *self, double *typical)
{
    for (size_t i = 0; i < self->blocks->n_params; i++) typical[i] = self->population->params[i].typical;
}

double ost_plan_sd(const ost_plan_t *self, size_t i)
{
    const ost_param_rule_t *rule = &self->population->params[i];
    return rule->covariate < 0 && rule->column < 0 && ost_spread_has_sd(rule->kind) ? rule->sd : NAN;
}

bool ost_plan_param_varies(const ost_plan_t *self, size_t i)
{
    const ost_param_rule_t *rule = &self->population->params[i];
    if (rule->covariate < 0)
        return rule->column >= 0 || rule->is_solved || rule->formula != NULL || rule->kind != OST_SPREAD_NONE;
    const ost_covariate_t *c = &self->experiment->covariates[rule->covariate];
    if (c->origin != OST_ORIGIN_DISTRIBUTION) return c->origin != OST_ORIGIN_VALUE;
    return ost_dists[c->dist.kind]->varies(&self->population->covariates[rule->covariate].dist);
}
