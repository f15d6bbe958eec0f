/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/text.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* d; each takes a step and memory in the plan */
#define MIN_VISITS 1.0

static const ost_dim_t time_dim = { { [OST_DIM_TIME] = 6 } };

/* start < stop; without a stop it never ends, but has to begin before the last output. */
static int check_window(
    const ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last, double start, double stop, ost_error_t *err)
{
    const ost_yaml_node_t *at = ost_yaml_get(node, "stop");
    double end = at != NULL ? stop : t_last;
    if (start < end) return 0;
    if (at == NULL) at = ost_yaml_get(node, "start");
    return ost_yaml_fail(tree, at != NULL ? at : node, OST_ERR_VALUE, err,
        "it starts at day %g, which is not before its end at day %g%s", start, end,
        ost_yaml_get(node, "stop") == NULL ? " (the last output time)" : "");
}

static int read_window(const ost_experiment_t *e, ost_regimen_t *self, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, double t_last, ost_error_t *err)
{
    self->stop = INFINITY;
    int ret = ost_experiment_own(
        e, tree, ost_yaml_get(node, "start"), time_dim, "6 month", &self->start, &self->start_formula, err);
    if (ret == 0)
        ret = ost_experiment_own(
            e, tree, ost_yaml_get(node, "stop"), time_dim, "6 month", &self->stop, &self->stop_formula, err);
    if (ret != 0 || self->start_formula != NULL || self->stop_formula != NULL) return ret;
    return check_window(tree, node, t_last, self->start, self->stop, err);
}

/* A number that is the same for all as a formula, as it is where it is the subject's. */
static int as_formula(ost_formula_t **self, double value, ost_error_t *err)
{
    char text[64];
    ost_dim_t dim;
    snprintf(text, sizeof text, "%.17g", value);
    return ost_formula_new(self, text, NULL, 0, &dim, err);
}

/* By which chance, and with what variability, each dose is taken. */
static int read_occasions(const ost_experiment_t *e, ost_regimen_t *self, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, ost_error_t *err)
{
    const ost_dim_t none = { { 0 } };
    const ost_yaml_node_t *adherence = ost_yaml_get(node, "adherence"),
                          *variability = ost_yaml_get(node, "inter_occasion");
    double share = 1, sd_log = 0;
    int ret = ost_experiment_own(e, tree, adherence, none, "85 %", &share, &self->adherence, err);
    if (ret == 0 && !(share >= 0 && share <= 1))
        ret = ost_yaml_fail(tree, adherence, OST_ERR_VALUE, err, "a share between 0 %% and 100 %% is expected");
    if (ret == 0 && share < 1) ret = as_formula(&self->adherence, share, err);
    if (ret == 0) ret = ost_experiment_own(e, tree, variability, none, "20 %", &sd_log, &self->inter_occasion, err);
    if (ret == 0 && !(sd_log >= 0 && sd_log <= OST_LARGEST_SD_LOG))
        ret = ost_yaml_fail(tree, variability, OST_ERR_VALUE, err,
            "%.10g is not between 0 and %g: it is the SD of the logarithm of each dose, as in 0.2 or 20 %%", sd_log,
            OST_LARGEST_SD_LOG);
    if (ret == 0 && sd_log > 0) ret = as_formula(&self->inter_occasion, sd_log, err);
    return ret;
}

/* By whom, and by what rule, doses are taken. */
static int read_record(const ost_experiment_t *e, ost_regimen_t *self, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, ost_error_t *err)
{
    const ost_yaml_node_t *visits = ost_yaml_get(node, "visits"), *delay = ost_yaml_get(node, "delay");
    int ret = read_occasions(e, self, tree, node, err);
    if (ret == 0)
        ret =
            ost_experiment_condition(tree, ost_yaml_get(node, "begin_if"), &self->begin_if, &self->begin_location, err);
    if (ret == 0)
        ret = ost_experiment_condition(tree, ost_yaml_get(node, "end_if"), &self->end_if, &self->end_location, err);
    if (ret == 0) ret = ost_field_time(tree, visits, &self->visits, err);
    if (ret == 0) ret = ost_field_time(tree, delay, &self->delay, err);
    if (ret != 0) return ret;
    bool has_rule = self->begin_if != NULL || self->end_if != NULL;
    if (has_rule && visits == NULL)
        return ost_yaml_fail(tree, node, OST_ERR_NAME, err,
            "'visits' is missing here: 'begin_if' and 'end_if' are looked at every so often, as in '6 month'");
    if (!has_rule && visits != NULL)
        return ost_yaml_fail(
            tree, visits, OST_ERR_VALUE, err, "visits are for 'begin_if' or 'end_if'; there is neither");
    if (visits != NULL && !(self->visits >= MIN_VISITS))
        return ost_yaml_fail(tree, visits, OST_ERR_VALUE, err, "visits are at least a day apart");
    if (delay != NULL && (self->begin_if == NULL || !(self->delay >= 0)))
        return ost_yaml_fail(tree, delay, OST_ERR_VALUE, err,
            "a delay, not negative, is from the visit of 'begin_if' to the first dose");
    if (has_rule && self->start_formula != NULL)
        return ost_yaml_fail(tree, ost_yaml_get(node, "start"), OST_ERR_VALUE, err,
            "with 'begin_if' or 'end_if' it is the first visit, and the same for all: a plain time");
    return 0;
}

/* A mass, as a formula without units that is in kilograms because a covariate is: 0.05*weight. @return NULL: it is not
 */
static const ost_covariate_t *in_kilograms(const ost_experiment_t *e, const char *text, ost_dim_t dim)
{
    const ost_covariate_t *found = NULL;
    for (size_t i = 0; i < e->n_covariates && strchr(text, '[') == NULL; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        if (!ost_experiment_names(text, c->name) || !ost_dim_equal(c->unit.dim, dim)) continue;
        if (c->unit.factor < OST_LARGEST_DOSE) return NULL;
        found = c;
    }
    return found;
}

static int read_dose(const ost_experiment_t *e, ost_regimen_t *self, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, ost_error_t *err)
{
    ost_quantity_t amount = { 0 };
    int ret = ost_experiment_own_quantity(e, tree, node, &amount, &self->amount_formula, err);
    self->amount = amount.value;
    self->dim = amount.dim;
    self->is_plain = amount.is_plain;
    const ost_dim_t mass = { { [OST_DIM_MASS] = 6 } };
    if (ret != 0 || self->amount_formula == NULL || !ost_dim_equal(amount.dim, mass)) return ret;
    const ost_covariate_t *c = in_kilograms(e, node->text, mass);
    if (c == NULL) return 0;
    return ost_yaml_fail(tree, node, OST_ERR_UNIT, err,
        "'%.80s' is in kilograms, as '%.60s' is, and no number in it has a unit; write it, as in '0.05 [mg/kg]*weight'",
        node->text, c->name);
}

/* Whether doses have been given for ever when they begin here. */
static int read_steady(ost_regimen_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    const ost_yaml_node_t *steady = ost_yaml_get(node, "steady_state");
    int ret = ost_field_flag(tree, steady, &self->is_steady, err);
    if (ret < 0 || !self->is_steady) return ret;
    const char *wrong = ost_yaml_get(node, "interval") == NULL ? "needs an 'interval'"
                        : self->begin_if != NULL               ? "does not go with 'begin_if'"
                        : self->adherence != NULL              ? "does not go with 'adherence': every dose is taken"
                        : self->inter_occasion != NULL         ? "does not go with 'inter_occasion': doses are alike"
                                                               : NULL;
    return wrong == NULL ? 0 : ost_yaml_fail(tree, steady, OST_ERR_VALUE, err, "a steady state at the start %s", wrong);
}

/* How often doses are given and how long each takes, as far as these are the same for all. */
static int check_repeats(
    const ost_regimen_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last, ost_error_t *err)
{
    const ost_yaml_node_t *interval = ost_yaml_get(node, "interval"), *duration = ost_yaml_get(node, "duration"),
                          *stop = ost_yaml_get(node, "stop");
    const bool repeats = interval != NULL && self->interval_formula == NULL,
               lasts = duration != NULL && self->duration_formula == NULL;
    if (repeats && !(self->interval > 0))
        return ost_yaml_fail(tree, interval, OST_ERR_VALUE, err, "an interval is greater than 0; omit it for one dose");
    if (interval == NULL && stop != NULL && self->begin_if == NULL)
        return ost_yaml_fail(tree, stop, OST_ERR_VALUE, err, "a single dose has no stop; add an interval");
    if (lasts && !(self->duration > 0))
        return ost_yaml_fail(
            tree, duration, OST_ERR_VALUE, err, "an infusion takes time; omit 'duration' for a dose at once");
    if (lasts && repeats && self->duration > self->interval)
        return ost_yaml_fail(tree, duration, OST_ERR_VALUE, err, "infusions would overlap: %g d over every %g d",
            self->duration, self->interval);
    if (repeats && (fmin(self->stop, t_last) - self->start) / self->interval > OST_MAX_DOSES)
        return ost_yaml_fail(tree, interval, OST_ERR_LIMIT, err, "more than %d doses", OST_MAX_DOSES);
    return 0;
}

static int read_regimen(const ost_experiment_t *e, ost_regimen_t *self, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, double t_last, ost_error_t *err)
{
    self->location = node->location;
    int ret = ost_field_text(tree, ost_yaml_get(node, "drug"), &self->drug, err);
    if (ret == 0) ret = ost_field_text(tree, ost_yaml_get(node, "compartment"), &self->compartment, err);
    if (ret == 0) ret = read_dose(e, self, tree, ost_yaml_get(node, "dose"), err);
    if (ret == 0)
        ret = ost_experiment_own(
            e, tree, ost_yaml_get(node, "interval"), time_dim, "1 day", &self->interval, &self->interval_formula, err);
    if (ret == 0)
        ret = ost_experiment_own(
            e, tree, ost_yaml_get(node, "duration"), time_dim, "15 min", &self->duration, &self->duration_formula, err);
    if (ret == 0) ret = read_window(e, self, tree, node, t_last, err);
    if (ret == 0) ret = read_record(e, self, tree, node, err);
    if (ret == 0) ret = read_steady(self, tree, node, err);
    if (ret != 0) return ret;
    return check_repeats(self, tree, node, t_last, err);
}

static int read_input(
    ost_drive_input_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last, ost_error_t *err)
{
    self->location = node->location;
    int ret = ost_field_text(tree, ost_yaml_get(node, "signal"), &self->signal, err);
    ost_quantity_t value = { 0 };
    if (ret == 0) ret = ost_field_quantity(tree, ost_yaml_get(node, "value"), &value, err);
    self->value = value.value;
    self->dim = value.dim;
    self->is_plain = value.is_plain;
    self->stop = INFINITY;
    if (ret == 0) ret = ost_field_time(tree, ost_yaml_get(node, "start"), &self->start, err);
    if (ret == 0) ret = ost_field_time(tree, ost_yaml_get(node, "stop"), &self->stop, err);
    return ret == 0 ? check_window(tree, node, t_last, self->start, self->stop, err) : ret;
}

static int read_arm(const ost_experiment_t *e, ost_arm_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node,
    double t_last, ost_error_t *err)
{
    const ost_yaml_node_t *regimen = ost_yaml_get(node, "regimen"), *inputs = ost_yaml_get(node, "signals");
    self->location = node->key_at;
    int ret = ost_field_check_name(tree, node, node->key, true, err);
    if (ret != 0) return ret;
    self->name = ost_strdup(node->key);
    self->label = ost_strdup(node->key);
    if (self->name == NULL || self->label == NULL) return ost_no_memory(err);
    ret = ost_field_text(tree, ost_yaml_get(node, "label"), &self->label, err);
    if (ret != 0) return ret;
    if (regimen != NULL && regimen->n_members > 0) {
        self->regimens = ost_list_new(regimen->n_members, sizeof *self->regimens);
        if (self->regimens == NULL) return ost_no_memory(err);
        self->n_regimens = regimen->n_members;
    }
    for (size_t i = 0; i < self->n_regimens; i++) {
        ret = read_regimen(e, &self->regimens[i], tree, &regimen->members[i], t_last, err);
        if (ret != 0) return ret;
    }
    if (inputs != NULL && inputs->n_members > 0) {
        self->inputs = ost_list_new(inputs->n_members, sizeof *self->inputs);
        if (self->inputs == NULL) return ost_no_memory(err);
        self->n_inputs = inputs->n_members;
    }
    for (size_t i = 0; i < self->n_inputs; i++) {
        ret = read_input(&self->inputs[i], tree, &inputs->members[i], t_last, err);
        if (ret != 0) return ret;
    }
    return 0;
}

int ost_experiment_arms(ost_experiment_t *self, const ost_yaml_t *tree, ost_error_t *err)
{
    const ost_yaml_node_t *arms = ost_yaml_get(&tree->root, "arms");
    if (arms->n_members == 0) {
        return ost_yaml_fail(tree, arms, OST_ERR_SYNTAX, err, "at least one arm is needed, such as 'control: {}'");
    }
    self->arms = ost_list_new(arms->n_members, sizeof *self->arms);
    if (self->arms == NULL) return ost_no_memory(err);
    self->n_arms = arms->n_members;
    for (size_t i = 0; i < self->n_arms; i++) {
        int ret = read_arm(self, &self->arms[i], tree, &arms->members[i], self->times[self->n_times - 1], err);
        if (ret != 0) return ret;
    }
    return 0;
}
