/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the population of an experiment to rules by which subjects are drawn. Every quantity takes one draw, keyed by
 * its own name, so that adding one never moves another. */
#include "plan/population.h"

#include "core/correlation.h"
#include "core/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of what a model says, to ost_param_outside(). */
#define OUTSIDE " is outside the range"

static const char *block_name(const void *from, size_t i)
{
    return ((const ost_block_t *) from)[i].model->name;
}

static int check_value(
    const ost_experiment_t *e, const ost_param_setting_t *set, const ost_param_t *param, ost_error_t *err)
{
    char why[OST_UNIT_MISSING_SIZE], differs[OST_DIM_MISMATCH_SIZE], outside[OST_OUTSIDE_SIZE];
    const ost_quantity_t *value = &set->value;
    if (!ost_dim_equal(value->dim, param->unit.dim))
        return OST_FAIL_AT(err, OST_ERR_UNIT, e, set->location, "the value of parameter '%s.%s' %s", set->model,
            set->param, ost_unit_mismatch(value->dim, &param->unit, param->unit_text, differs));
    if (ost_unit_missing(&param->unit, param->unit_text, value->is_plain, value->value, why) != NULL)
        return OST_FAIL_AT(
            err, OST_ERR_UNIT, e, set->location, "the value of parameter '%s.%s': %s", set->model, set->param, why);
    if (set->formula != NULL && value->is_plain && ost_unit_is_ratio(&param->unit))
        return OST_FAIL_AT(err, OST_ERR_UNIT, e, set->location,
            "parameter '%s.%s': the numbers of this formula have no unit; write it, as in '1 [%.60s]'", set->model,
            set->param, param->unit_text);
    if (set->formula == NULL && isnan(ost_param_within(param, value->value)))
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location, "parameter '%s.%s' = %s", set->model, set->param,
            ost_param_outside(param, value->value, " is outside its range", outside));
    return 0;
}

static int check_spread(
    const ost_experiment_t *e, const ost_param_setting_t *set, const ost_param_t *param, ost_error_t *err)
{
    char why[OST_UNIT_MISSING_SIZE], differs[OST_DIM_MISMATCH_SIZE];
    const ost_quantity_t *sd = &set->spread;
    const ost_unit_t plain = { .factor = 1 };
    const ost_unit_t *unit = param->spread.kind == OST_SPREAD_NORMAL ? &param->unit : &plain;
    if (!(sd->value >= 0 && isfinite(sd->value)))
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location, "the spread of '%s.%s' must be a number >= 0",
            set->model, set->param);
    if (sd->value == 0) return 0;
    if (!ost_dim_equal(sd->dim, unit->dim))
        return OST_FAIL_AT(err, OST_ERR_UNIT, e, set->location, "the spread of '%s.%s' %s", set->model, set->param,
            ost_unit_mismatch(sd->dim, unit, param->unit_text, differs));
    if (ost_unit_missing(unit, param->unit_text, sd->is_plain, sd->value, why) != NULL)
        return OST_FAIL_AT(
            err, OST_ERR_UNIT, e, set->location, "the spread of '%s.%s': %s", set->model, set->param, why);
    if (param->spread.kind == OST_SPREAD_CHOICE)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
            "'%s.%s' is one of %zu values and has no SD; a spread of 0 keeps it at its typical value", set->model,
            set->param, param->spread.n_choices);
    if (param->spread.kind == OST_SPREAD_EXPONENTIAL)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
            "'%s.%s' spreads exponentially and has no SD; a spread of 0 keeps it at its typical value", set->model,
            set->param);
    if (param->spread.kind != OST_SPREAD_NORMAL &&
        (set->sets_value && set->formula == NULL ? set->value.value : param->value) == 0)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
            "'%s.%s' is 0, and a spread of its logarithm leaves all at 0; leave the spread out", set->model,
            set->param);
    if (param->spread.kind != OST_SPREAD_NORMAL && !(sd->value <= OST_LARGEST_SD_LOG))
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
            "the spread of '%s.%s' = %.10g is larger than %g: it is the SD of the logarithm, as in 0.3 or 30 %%",
            set->model, set->param, sd->value, OST_LARGEST_SD_LOG);
    if (param->spread.kind == OST_SPREAD_NORMAL) {
        ost_dist_t dist;
        ost_dist_init(&dist, OST_DIST_NORMAL, set->sets_value && set->formula == NULL ? set->value.value : param->value,
            sd->value, param->lower, param->upper);
        if (!(dist.mass >= OST_LEAST_MASS))
            return OST_FAIL_AT(err, OST_ERR_VALUE, e, set->location,
                "the spread of '%s.%s' is so large that its range holds almost nothing of the distribution (%.2g)",
                set->model, set->param, dist.mass);
    }
    return 0;
}

static int check_setting(
    const ost_experiment_t *e, const ost_param_setting_t *set, const ost_param_t *param, ost_error_t *err)
{
    if (param->is_covariate)
        return OST_FAIL_AT(err, OST_ERR_NAME, e, set->location,
            "'%s' of model '%s' is a covariate: it is set in the population, not among the parameters", set->param,
            set->model);
    int ret = set->sets_value ? check_value(e, set, param, err) : 0;
    return ret == 0 && set->sets_spread ? check_spread(e, set, param, err) : ret;
}

/* "T[lumbar_spine], T[total_hip]" of T. @return false where no parameter is an element of it */
static bool list_elements(const ost_model_t *model, const char *name, char *buf, size_t size)
{
    size_t used = 0, n = strlen(name);
    for (size_t k = 0; k < model->n_params && used < size; k++) {
        const char *own = model->params[k].name;
        if (strncmp(own, name, n) == 0 && own[n] == '[')
            used += (size_t) snprintf(buf + used, size - used, "%s%s", used > 0 ? ", " : "", own);
    }
    return used > 0;
}

/* Index among the parameters of all models, or OST_ERR_NAME at a location of a file. */
static int find_param(const ost_blocks_t *blocks, const char *name_of_model, const char *name, const char *where,
    ost_location_t at, ost_error_t *err)
{
    int b = ost_blocks_find(blocks, name_of_model);
    if (b < 0) {
        const char *near = ost_nearest_of(name_of_model, blocks->block, blocks->n, block_name);
        return ost_fail_at(err, OST_ERR_NAME, where, at.line, at.column, "this experiment has no model '%s'%s%s%s",
            name_of_model, OST_HINT(near));
    }
    const ost_model_t *model = blocks->block[b].model;
    int k = ost_model_param(model, name);
    if (k >= 0) return (int) blocks->block[b].first_param + k;
    char elements[240];
    if (list_elements(model, name, elements, sizeof(elements)))
        return ost_fail_at(err, OST_ERR_NAME, where, at.line, at.column,
            "'%s' of model '%s' has several values, each set by its name: %s", name, name_of_model, elements);
    const char *near = OST_NEAREST_IN(name, model->params, model->n_params, ost_param_t, name);
    return ost_fail_at(err, OST_ERR_NAME, where, at.line, at.column, "model '%s' has no parameter '%s'%s%s%s",
        name_of_model, name, OST_HINT(near));
}

static int apply_settings(
    ost_param_rule_t *rules, const ost_experiment_t *e, const ost_blocks_t *blocks, ost_error_t *err)
{
    for (size_t i = 0; i < e->n_settings; i++) {
        const ost_param_setting_t *set = &e->settings[i];
        int k = find_param(blocks, set->model, set->param, OST_WHERE(e), set->location, err);
        if (k < 0) return k;
        const ost_param_t *param = ost_blocks_param(blocks, (size_t) k);
        int ret = check_setting(e, set, param, err);
        if (ret < 0) return ret;
        ost_param_rule_t *rule = &rules[k];
        if (set->formula != NULL)
            rule->formula = set->formula;
        else if (set->sets_value)
            rule->typical = ost_param_within(param, set->value.value);
        if (set->sets_value && rule->kind == OST_SPREAD_CHOICE) rule->kind = OST_SPREAD_NONE; /* this value alone */
        if (set->sets_spread) {
            if (rule->kind == OST_SPREAD_NONE) rule->kind = OST_SPREAD_LOGNORMAL;
            rule->sd = set->spread.value;
            if (set->spread.value == 0) rule->kind = OST_SPREAD_NONE;
        }
    }
    return 0;
}

void ost_param_rule_distribute(ost_param_rule_t *rule, const ost_param_t *param)
{
    static const ost_dist_kind_t kinds[] = { [OST_SPREAD_LOGNORMAL] = OST_DIST_LOGNORMAL,
        [OST_SPREAD_NORMAL] = OST_DIST_NORMAL,
        [OST_SPREAD_LOGITNORMAL] = OST_DIST_LOGITNORMAL,
        [OST_SPREAD_EXPONENTIAL] = OST_DIST_EXPONENTIAL };
    if (rule->kind == OST_SPREAD_NONE || rule->kind == OST_SPREAD_CHOICE) return;
    ost_dist_init(&rule->dist, kinds[rule->kind], rule->typical, rule->sd, param->lower, param->upper);
}

/* A covariate that no model names, but nearly: most likely the model's own, misspelt. */
static int check_spelling(const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_model_t *model,
    const ost_param_t *param, ost_error_t *err)
{
    const char *near = OST_NEAREST_IN(param->name, e->covariates, e->n_covariates, ost_covariate_t, name);
    for (size_t b = 0; near != NULL && b < blocks->n; b++) {
        int k = ost_model_param(blocks->block[b].model, near);
        if (k >= 0 && blocks->block[b].model->params[k].is_covariate) near = NULL;
    }
    for (size_t i = 0; near != NULL && i < e->n_covariates; i++) {
        if (e->covariates[i].name != near) continue;
        /* a covariate that others are computed from has a use of its own */
        for (size_t k = i + 1; k < e->n_covariates; k++)
            if (e->covariates[k].formula_text != NULL && strstr(e->covariates[k].formula_text, near) != NULL) return 0;
        if (e->start_text != NULL && strstr(e->start_text, near) != NULL) return 0;
        if (e->covariates[i].treats) return 0;
        return OST_FAIL_COVARIATE(err, OST_ERR_NAME, e, &e->covariates[i],
            "no model uses covariate '%s' (did you mean '%s' of model '%s'?)", near, param->name, model->name);
    }
    return 0;
}

/* That all rows of a column are within the range of what it gives, a covariate or a parameter. */
static int check_rows(
    const ost_experiment_t *e, size_t column, const ost_param_t *param, const ost_model_t *model, ost_error_t *err)
{
    const ost_people_t *people = &e->people;
    char outside[OST_OUTSIDE_SIZE];
    for (size_t row = 0; row < people->n_rows; row++) {
        const size_t k = row * people->n_columns + column;
        const ost_location_t at = people->places[k];
        if (!isnan(ost_param_within(param, people->values[k]))) continue;
        return ost_fail_at(err, OST_ERR_VALUE, people->path, at.line, at.column, "%s: %s of model '%s'",
            people->columns[column].name, ost_param_outside(param, people->values[k], OUTSIDE, outside), model->name);
    }
    return 0;
}

/* A value, or a whole range, that no subject can have. */
static int check_covariate(const ost_covariate_t *c, const ost_experiment_t *e, const ost_model_t *model,
    const ost_param_t *param, ost_error_t *err)
{
    char outside[OST_OUTSIDE_SIZE];
    bool is_value = c->origin == OST_ORIGIN_VALUE;
    if (c->origin == OST_ORIGIN_COLUMN) return check_rows(e, c->column, param, model, err);
    double least = is_value ? c->dist.a : c->dist.lower, most = is_value ? c->dist.a : c->dist.upper;
    bool is_outside = least > most || isnan(ost_param_within(param, least > param->lower ? least : param->lower)) ||
                      isnan(ost_param_within(param, most < param->upper ? most : param->upper));
    if (!is_outside) return 0;
    return OST_FAIL_AT(err, OST_ERR_VALUE, e, c->location, "covariate '%s' %s %s of model '%s'", c->name,
        is_value               ? "="
        : least > param->upper ? "from"
                               : "up to",
        ost_param_outside(param, is_value || least > param->upper ? least : most, OUTSIDE, outside), model->name);
}

static int bind_covariate(ost_param_rule_t *rule, const ost_experiment_t *e, const ost_blocks_t *blocks,
    const ost_block_t *block, const ost_param_t *param, ost_error_t *err)
{
    const ost_model_t *model = block->model;
    for (size_t i = 0; i < e->n_covariates; i++) {
        char missing[OST_UNIT_MISSING_SIZE], differs[OST_DIM_MISMATCH_SIZE];
        if (strcmp(e->covariates[i].name, param->name) != 0) continue;
        rule->covariate = (int32_t) i;
        double plain = e->covariates[i].plain;
        if (isnan(plain) && ost_unit_is_ratio(&param->unit))
            return OST_FAIL_COVARIATE(err, OST_ERR_UNIT, e, &e->covariates[i],
                "covariate '%s': the numbers of this formula have no unit; write it, as in '1 [%.60s]'", param->name,
                param->unit_text);
        if (!isnan(plain) && ost_unit_missing(&param->unit, param->unit_text, true, plain, missing) != NULL)
            return OST_FAIL_COVARIATE(
                err, OST_ERR_UNIT, e, &e->covariates[i], "covariate '%s': %s", param->name, missing);
        if (ost_dim_equal(e->covariates[i].unit.dim, param->unit.dim))
            return check_covariate(&e->covariates[i], e, model, param, err);
        return OST_FAIL_COVARIATE(err, OST_ERR_UNIT, e, &e->covariates[i], "covariate '%s' %s, as in model '%s'",
            param->name, ost_unit_mismatch(e->covariates[i].unit.dim, &param->unit, param->unit_text, differs),
            model->name);
    }
    int ret = check_spelling(e, blocks, model, param, err);
    if (ret < 0) return ret;
    if (param->has_default) return 0;
    return OST_FAIL_AT(err, OST_ERR_NAME, e, block->location,
        "model '%s' needs covariate '%s' [%s] (%s), which the population does not define and which has no default",
        model->name, param->name, param->unit_text, param->text);
}

static int add_covariates(ost_covariate_rule_t *rules, const ost_experiment_t *e, ost_error_t *err)
{
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        ost_dist_t *dist = &rules[i].dist;
        rules[i].purpose = ost_random_purpose(c->name);
        rules[i].correlated = -1;
        if (c->origin != OST_ORIGIN_DISTRIBUTION) continue;
        *dist = c->dist;
        ost_dist_set(dist);
        if (ost_dists[dist->kind]->varies(dist) && !(dist->mass > 0))
            return OST_FAIL_AT(err, OST_ERR_VALUE, e, c->location, "covariate '%s': its range is empty", c->name);
    }
    return 0;
}

/* Columns of the table of people that are parameters: a value for each row, in place of variability. */
static int apply_columns(
    ost_param_rule_t *rules, const ost_experiment_t *e, const ost_blocks_t *blocks, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < e->people.n_columns && ret == 0; i++) {
        const ost_people_column_t *column = &e->people.columns[i];
        char of[80], differs[OST_DIM_MISMATCH_SIZE], missing[OST_UNIT_MISSING_SIZE];
        const char *dot = strchr(column->name, '.');
        if (dot == NULL) continue;
        snprintf(of, sizeof(of), "%.*s", (int) (dot - column->name), column->name);
        int k = find_param(blocks, of, dot + 1, e->people.path, column->at, err);
        if (k < 0) return k;
        const ost_param_t *param = ost_blocks_param(blocks, (size_t) k);
        const bool is_plain = ost_dim_is_none(column->unit.dim) && !ost_unit_is_ratio(&column->unit);
        if (param->is_covariate)
            return ost_fail_at(err, OST_ERR_NAME, e->people.path, column->at.line, column->at.column,
                "'%s' of model '%s' is a covariate: its column is '%s [%s]'", param->name, of, param->name,
                param->unit_text);
        if (!ost_dim_equal(column->unit.dim, param->unit.dim))
            return ost_fail_at(err, OST_ERR_UNIT, e->people.path, column->at.line, column->at.column,
                "parameter '%s' %s", column->name,
                ost_unit_mismatch(column->unit.dim, &param->unit, param->unit_text, differs));
        if (ost_unit_missing(&param->unit, param->unit_text, is_plain, 1, missing) != NULL)
            return ost_fail_at(err, OST_ERR_UNIT, e->people.path, column->at.line, column->at.column,
                "parameter '%s': %s", column->name, missing);
        rules[k].column = (int32_t) i;
        rules[k].kind = OST_SPREAD_NONE;
        ret = check_rows(e, i, param, blocks->block[blocks->of_param[k]].model, err);
    }
    return ret;
}

static int add_params(ost_param_rule_t *rules, const ost_experiment_t *e, const ost_blocks_t *blocks, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < blocks->n_params; i++) {
        char name[256];
        const ost_param_t *param = ost_blocks_param(blocks, i);
        rules[i] = (ost_param_rule_t){
            .purpose = ost_random_purpose(ost_blocks_param_name(blocks, i, name, sizeof(name))),
            .correlated = -1,
            .covariate = -1,
            .column = -1,
            .typical = param->value,
            .kind = param->is_covariate ? OST_SPREAD_NONE : param->spread.kind,
            .sd = param->spread.sd,
        };
        const ost_block_t *block = &blocks->block[blocks->of_param[i]];
        if (param->is_covariate) ret = bind_covariate(&rules[i], e, blocks, block, param, err);
        if (ret < 0) return ret;
    }
    if ((ret = apply_settings(rules, e, blocks, err)) < 0) return ret;
    ret = apply_columns(rules, e, blocks, err);
    for (size_t i = 0; i < blocks->n_params; i++)
        if (rules[i].kind != OST_SPREAD_CHOICE && !(rules[i].sd > 0)) rules[i].kind = OST_SPREAD_NONE;
    return ret;
}

/* Why a covariate or parameter cannot be correlated, NULL where it can. */
static const char *fixed_by(const ost_covariate_t *c, const ost_covariate_rule_t *rule)
{
    static const char *const origins[] = { [OST_ORIGIN_VALUE] = "is the same in all subjects",
        [OST_ORIGIN_FORMULA] = "is a formula; correlate the covariates in it",
        [OST_ORIGIN_COLUMN] = "is a column of people, whose rows have their own correlations",
        [OST_ORIGIN_DISTRIBUTION] = "is the same in all subjects" };
    const bool varies = c->origin == OST_ORIGIN_DISTRIBUTION && ost_dists[rule->dist.kind]->varies(&rule->dist);
    return varies ? NULL : origins[c->origin];
}

static const char *param_fixed_by(const ost_param_rule_t *rule)
{
    return rule->column >= 0               ? "is a column of people, whose rows have their own correlations"
           : rule->covariate >= 0          ? "is a covariate; name it without its model"
           : rule->is_solved               ? "is solved for an output of 'baseline'"
           : rule->kind == OST_SPREAD_NONE ? "is the same in all subjects; give it a spread"
                                           : NULL;
}

/* @param[out] is_discrete  has few values @return index among covariates, or after them among parameters, or a code */
static int find_correlated(const ost_population_t *self, const ost_experiment_t *e, const ost_blocks_t *blocks,
    const char *name, ost_location_t at, bool *is_discrete, ost_error_t *err)
{
    const char *dot = strchr(name, '.'), *why = NULL;
    char of[80];
    int found = 0, k = -1;
    while (found < (int) e->n_covariates && strcmp(e->covariates[found].name, name) != 0) found++;
    if (found < (int) e->n_covariates) {
        why = fixed_by(&e->covariates[found], &self->covariates[found]);
        *is_discrete = ost_dists[self->covariates[found].dist.kind]->is_discrete;
    } else if (dot != NULL) {
        snprintf(of, sizeof(of), "%.*s", (int) (dot - name), name);
        k = find_param(blocks, of, dot + 1, OST_WHERE(e), at, err);
        if (k < 0) return k;
        found = (int) e->n_covariates + k;
        why = param_fixed_by(&self->params[k]);
        *is_discrete = self->params[k].kind == OST_SPREAD_CHOICE;
    } else {
        const char *near = OST_NEAREST_IN(name, e->covariates, e->n_covariates, ost_covariate_t, name);
        return OST_FAIL_AT(err, OST_ERR_NAME, e, at,
            "correlate: the population has no covariate '%.80s'%s%s%s; a parameter is named with its model", name,
            OST_HINT(near));
    }
    return why == NULL ? found : OST_FAIL_AT(err, OST_ERR_VALUE, e, at, "correlate: '%.80s' %s", name, why);
}

/* Ranks of a quantity with few values are tied, and have no correlation that could be asked for. */
static int check_ranks(const ost_experiment_t *e, size_t i, ost_error_t *err)
{
    const ost_correlations_t *c = &e->correlations;
    for (size_t k = 0; k < c->names.n; k++)
        if (c->is_given[i * OST_MAX_CORRELATED + k] == OST_BY_RANKS)
            return OST_FAIL_AT(err, OST_ERR_VALUE, e, c->at[i],
                "correlate: '%.80s' has few values, and so tied ranks; expected 'pearson', of its normal score",
                c->names.items[i]);
    return 0;
}

/* Parameters that are solved for outputs that are given at time 0. */
static int solve(ost_population_t *self, ost_param_rule_t *params, const ost_experiment_t *e,
    const ost_blocks_t *blocks, ost_maker_t *make)
{
    size_t *solved = ost_maker_list(make, e->n_baselines, sizeof(*solved));
    for (size_t i = 0; i < e->n_baselines && make->err.code == 0; i++) {
        const char *name = e->baselines[i].param, *dot = strchr(name, '.');
        const ost_location_t at = e->baselines[i].param_at;
        char of[80];
        snprintf(of, sizeof(of), "%.*s", (int) (dot != NULL ? dot - name : 0), name);
        if (dot == NULL)
            return OST_FAIL_AT(&make->err, OST_ERR_NAME, e, at,
                "baseline: a parameter is named by its model and itself, as in aibl.peak, not '%.80s'", name);
        int k = find_param(blocks, of, dot + 1, OST_WHERE(e), at, &make->err);
        if (k < 0) return k;
        const char *why = params[k].is_solved                   ? "is solved for another output"
                          : params[k].kind == OST_SPREAD_CHOICE ? "is one of a few values"
                          : params[k].covariate >= 0            ? "is a covariate"
                          : params[k].column >= 0               ? "is a column of people"
                                                                : NULL;
        if (why != NULL) return OST_FAIL_AT(&make->err, OST_ERR_VALUE, e, at, "baseline: '%.80s' %s", name, why);
        params[k].is_solved = true;
        solved[i] = (size_t) k;
    }
    self->solved = solved;
    return make->err.code;
}

/* Before variability is switched off: correlations of parameters that then do not vary remain those of the others. */
static int correlate(ost_population_t *self, ost_covariate_rule_t *covariates, ost_param_rule_t *params,
    const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make)
{
    const ost_correlations_t *c = &e->correlations;
    uint32_t *purpose = ost_maker_list(make, c->names.n, sizeof(*purpose));
    for (size_t i = 0; i < c->names.n && make->err.code == 0; i++) {
        bool is_discrete = false;
        int k = find_correlated(self, e, blocks, c->names.items[i], c->at[i], &is_discrete, &make->err);
        if (k >= 0 && is_discrete) check_ranks(e, i, &make->err);
        if (k < 0) break;
        const bool is_param = (size_t) k >= e->n_covariates;
        ost_param_rule_t *param = &params[is_param ? (size_t) k - e->n_covariates : 0];
        *(is_param ? &param->correlated : &covariates[k].correlated) = (int32_t) i;
        purpose[i] = is_param ? param->purpose : covariates[k].purpose;
    }
    self->copula = make->err.code == 0 ? ost_copula_new(e, purpose, make) : NULL;
    return make->err.code;
}

/* That a parameter can have all values of a column of the dosing table, in rows after the first of a subject, too. */
static int check_events(
    const ost_experiment_t *e, size_t i, const ost_param_t *param, const ost_model_t *model, ost_error_t *err)
{
    const ost_events_t *events = &e->events;
    char outside[OST_OUTSIDE_SIZE];
    for (size_t row = 0; row < events->n_rows; row++) {
        const double value = events->values[row * events->n_covariates + i];
        if (isnan(ost_param_within(param, value)))
            return ost_fail_at(err, OST_ERR_VALUE, e->people.path, events->rows[row].line, 0, "%s: %s of model '%s'",
                events->covariates[i].column, ost_param_outside(param, value, OUTSIDE, outside), model->name);
    }
    return 0;
}

/* Text that gives a parameter by covariates, NULL: it does not depend on them. */
static const char *text_of(const ost_experiment_t *e, const ost_param_rule_t *rule)
{
    if (rule->column >= 0 || rule->is_solved) return NULL;
    if (rule->covariate >= 0) return e->covariates[rule->covariate].name;
    for (size_t i = 0; i < e->n_settings && rule->formula != NULL; i++)
        if (e->settings[i].formula == rule->formula) return e->settings[i].formula_text;
    return NULL;
}

/* Find what changes in time with covariates of a dosing table: models follow these in steps, from row to row. */
static int follow(ost_population_t *self, ost_param_rule_t *rules, const ost_experiment_t *e,
    const ost_blocks_t *blocks, ost_maker_t *make)
{
    const ost_events_t *events = &e->events;
    bool *is_followed = ost_maker_list(make, events->n_covariates, sizeof(*is_followed));
    char name[256];
    self->is_followed = is_followed;
    for (size_t k = 0; k < blocks->n_params; k++) {
        const char *text = text_of(e, &rules[k]);
        const ost_param_t *param = ost_blocks_param(blocks, k);
        for (size_t i = 0; i < events->n_covariates && text != NULL && make->err.code == 0; i++) {
            const ost_event_covariate_t *from = &events->covariates[i];
            if (from->interpolation == OST_INTERPOLATION_NONE || !ost_experiment_depends(e, text, i)) continue;
            if (from->interpolation == OST_INTERPOLATION_LINEAR)
                return OST_FAIL_AT(&make->err, OST_ERR_MODEL, e, from->at,
                    "parameter '%s' depends on '%s', which models follow in steps; expected 'locf' or 'nocb', with "
                    "more "
                    "rows where it changes fast, not 'linear'",
                    ost_blocks_param_name(blocks, k, name, sizeof(name)), from->name);
            rules[k].changes = is_followed[i] = true;
            if (rules[k].covariate >= 0 && e->covariates[rules[k].covariate].origin == OST_ORIGIN_COLUMN)
                check_events(e, i, param, blocks->block[blocks->of_param[k]].model, &make->err);
        }
        self->n_changing += rules[k].changes;
    }
    return make->err.code;
}

/* Without variability every parameter has its typical value. */
static void distribute(ost_param_rule_t *rules, const ost_experiment_t *e, const ost_blocks_t *blocks)
{
    for (size_t i = 0; i < blocks->n_params; i++) {
        if (!e->variability) rules[i].kind = OST_SPREAD_NONE;
        ost_param_rule_distribute(&rules[i], ost_blocks_param(blocks, i));
    }
}

const ost_population_t *ost_population_new(const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    ost_population_t *self = ost_maker_list(make, 1, sizeof(*self));
    ost_covariate_rule_t *covariates = ost_maker_list(make, e->n_covariates, sizeof(*covariates));
    ost_param_rule_t *params = ost_maker_list(make, blocks->n_params, sizeof(*params));
    if (make->err.code != 0) return NULL;
    if (add_covariates(covariates, e, &make->err) < 0 || add_params(params, e, blocks, &make->err) < 0) return NULL;
    *self = (ost_population_t){ .covariates = covariates, .params = params };
    if (solve(self, params, e, blocks, make) < 0 || follow(self, params, e, blocks, make) < 0 ||
        correlate(self, covariates, params, e, blocks, make) < 0)
        return NULL;
    distribute(params, e, blocks);
    return self;
}
