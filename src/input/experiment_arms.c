/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/experiment_keys.h"

#include <math.h>
#include <string.h>

/* d; each takes a step and memory in the plan */
#define MIN_VISITS 1.0

/* start < stop; without a stop it never ends, but has to begin before the last output. */
static void check_window(ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last, double start, double stop)
{
    const ost_yaml_node_t *at = ost_yaml_get(node, "stop");
    double end = at != NULL ? stop : t_last;
    if (start < end) return;
    if (at == NULL) at = ost_yaml_get(node, "start");
    ost_yaml_fail(tree, at != NULL ? at : node, OST_ERR_VALUE,
        "it starts at day %g, which is not before its end at day %g%s", start, end,
        ost_yaml_get(node, "stop") == NULL ? " (the last output time)" : "");
}

static void read_window(
    const ost_experiment_t *e, ost_regimen_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last)
{
    const ost_yaml_node_t *start = ost_yaml_get(node, "start"), *stop = ost_yaml_get(node, "stop");
    self->stop = INFINITY;
    ost_experiment_own(e, tree, start, ost_dim_time, "6 month", &self->start, &self->start_formula);
    ost_experiment_own(e, tree, stop, ost_dim_time, "6 month", &self->stop, &self->stop_formula);
    if (self->start_formula == NULL && self->stop_formula == NULL)
        check_window(tree, node, t_last, self->start, self->stop);
}

/* By which chance, and with what variability, each dose is taken. */
static void read_occasions(
    const ost_experiment_t *e, ost_regimen_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *adherence = ost_yaml_get(node, "adherence"),
                          *variability = ost_yaml_get(node, "inter_occasion");
    double share = 1, sd_log = 0;
    ost_experiment_own(e, tree, adherence, ost_dim_none, "85 %", &share, &self->adherence);
    if (!(share >= 0 && share <= 1))
        ost_yaml_fail(tree, adherence, OST_ERR_VALUE, "a share between 0 %% and 100 %% is expected");
    if (share < 1) ost_experiment_plain(tree, adherence, share, "", &self->adherence);
    ost_experiment_own(e, tree, variability, ost_dim_none, "20 %", &sd_log, &self->inter_occasion);
    if (!(sd_log >= 0 && sd_log <= OST_LARGEST_SD_LOG))
        ost_yaml_fail(tree, variability, OST_ERR_VALUE,
            "%.10g is not between 0 and %g: it is the SD of the logarithm of each dose, as in 0.2 or 20 %%", sd_log,
            OST_LARGEST_SD_LOG);
    if (sd_log > 0) ost_experiment_plain(tree, variability, sd_log, "", &self->inter_occasion);
}

/* By whom, and by what rule, doses are taken. */
static void read_record(const ost_experiment_t *e, ost_regimen_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *visits = ost_yaml_get(node, "visits"), *delay = ost_yaml_get(node, "delay");
    read_occasions(e, self, tree, node);
    ost_experiment_condition(tree, ost_yaml_get(node, "begin_if"), &self->begin_if, &self->begin_location);
    ost_experiment_condition(tree, ost_yaml_get(node, "end_if"), &self->end_if, &self->end_location);
    ost_field_time(tree, visits, &self->visits);
    ost_field_time(tree, delay, &self->delay);
    bool has_rule = self->begin_if != NULL || self->end_if != NULL;
    if (has_rule && visits == NULL)
        ost_yaml_fail(tree, node, OST_ERR_NAME,
            "'visits' is missing here: 'begin_if' and 'end_if' are looked at every so often, as in '6 month'");
    if (!has_rule && visits != NULL)
        ost_yaml_fail(tree, visits, OST_ERR_VALUE, "visits are for 'begin_if' or 'end_if'; there is neither");
    if (visits != NULL && !(self->visits >= MIN_VISITS))
        ost_yaml_fail(tree, visits, OST_ERR_VALUE, "visits are at least a day apart");
    if (delay != NULL && (self->begin_if == NULL || !(self->delay >= 0)))
        ost_yaml_fail(
            tree, delay, OST_ERR_VALUE, "a delay, not negative, is from the visit of 'begin_if' to the first dose");
    if (has_rule && self->start_formula != NULL)
        ost_yaml_fail(tree, ost_yaml_get(node, "start"), OST_ERR_VALUE,
            "with 'begin_if' or 'end_if' it is the first visit, and the same for all: a plain time");
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

static void read_dose(const ost_experiment_t *e, ost_regimen_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    ost_quantity_t amount = { 0 };
    ost_experiment_own_quantity(e, tree, node, &amount, &self->amount_formula);
    self->amount = amount.value;
    self->dim = amount.dim;
    self->is_plain = amount.is_plain;
    const ost_dim_t mass = { { [OST_DIM_MASS] = 6 } };
    const bool is_mass = self->amount_formula != NULL && ost_dim_equal(amount.dim, mass);
    const ost_covariate_t *c = is_mass ? in_kilograms(e, node->text, mass) : NULL;
    if (c != NULL)
        ost_yaml_fail(tree, node, OST_ERR_UNIT,
            "'%.80s' is in kilograms, as '%.60s' is, and no number in it has a unit; write it, as in "
            "'0.05 [mg/kg]*weight'",
            node->text, c->name);
}

/* Whether doses have been given for ever when they begin here. */
static void read_steady(ost_regimen_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *steady = ost_yaml_get(node, "steady_state");
    ost_field_flag(tree, steady, &self->is_steady);
    if (!self->is_steady) return;
    const char *wrong = ost_yaml_get(node, "interval") == NULL ? "needs an 'interval'"
                        : self->begin_if != NULL               ? "does not go with 'begin_if'"
                        : self->adherence != NULL              ? "does not go with 'adherence': every dose is taken"
                        : self->inter_occasion != NULL         ? "does not go with 'inter_occasion': doses are alike"
                                                               : NULL;
    if (wrong != NULL) ost_yaml_fail(tree, steady, OST_ERR_VALUE, "a steady state at the start %s", wrong);
}

/* How often doses are given and how long each takes, as far as these are the same for all. */
static void check_repeats(const ost_regimen_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last)
{
    const ost_yaml_node_t *interval = ost_yaml_get(node, "interval"), *duration = ost_yaml_get(node, "duration"),
                          *stop = ost_yaml_get(node, "stop");
    const bool repeats = interval != NULL && self->interval_formula == NULL,
               lasts = duration != NULL && self->duration_formula == NULL;
    if (repeats && !(self->interval > 0))
        ost_yaml_fail(tree, interval, OST_ERR_VALUE, "an interval is greater than 0; omit it for one dose");
    if (interval == NULL && stop != NULL && self->begin_if == NULL)
        ost_yaml_fail(tree, stop, OST_ERR_VALUE, "a single dose has no stop; add an interval");
    if (lasts && !(self->duration > 0))
        ost_yaml_fail(tree, duration, OST_ERR_VALUE, "an infusion takes time; omit 'duration' for a dose at once");
    if (lasts && repeats && self->duration > self->interval)
        ost_yaml_fail(tree, duration, OST_ERR_VALUE, "infusions would overlap: %g d over every %g d", self->duration,
            self->interval);
    if (repeats && (fmin(self->stop, t_last) - self->start) / self->interval > OST_MAX_DOSES)
        ost_yaml_fail(tree, interval, OST_ERR_LIMIT, "more than %d doses", OST_MAX_DOSES);
}

static void read_regimen(
    const ost_experiment_t *e, ost_regimen_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last)
{
    const ost_yaml_node_t *interval = ost_yaml_get(node, "interval"), *duration = ost_yaml_get(node, "duration");
    const ost_yaml_node_t *dose = ost_yaml_get(node, "dose"),
                          *set = dose != NULL && dose->origin != NULL ? dose : interval;
    self->location = node->location;
    if (set != NULL && set->origin != NULL) self->setting = ost_yaml_copy(tree, set->origin);
    ost_field_text(tree, ost_yaml_get(node, "drug"), &self->drug);
    ost_field_text(tree, ost_yaml_get(node, "compartment"), &self->compartment);
    read_dose(e, self, tree, dose);
    ost_experiment_own(e, tree, interval, ost_dim_time, "1 day", &self->interval, &self->interval_formula);
    ost_experiment_own(e, tree, duration, ost_dim_time, "15 min", &self->duration, &self->duration_formula);
    read_window(e, self, tree, node, t_last);
    read_record(e, self, tree, node);
    read_steady(self, tree, node);
    check_repeats(self, tree, node, t_last);
}

static void read_input(ost_drive_input_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last)
{
    ost_quantity_t value = { 0 };
    self->location = node->location;
    ost_field_text(tree, ost_yaml_get(node, "signal"), &self->signal);
    ost_field_quantity(tree, ost_yaml_get(node, "value"), &value);
    self->value = value.value;
    self->dim = value.dim;
    self->is_plain = value.is_plain;
    self->stop = INFINITY;
    ost_field_time(tree, ost_yaml_get(node, "start"), &self->start);
    ost_field_time(tree, ost_yaml_get(node, "stop"), &self->stop);
    check_window(tree, node, t_last, self->start, self->stop);
}

static void read_arm(
    const ost_experiment_t *e, ost_arm_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, double t_last)
{
    const ost_yaml_node_t *regimen = ost_yaml_get(node, "regimen"), *inputs = ost_yaml_get(node, "signals");
    self->location = node->key_at;
    ost_field_key(tree, node, true, &self->name);
    self->label = ost_yaml_copy(tree, node->key);
    ost_field_text(tree, ost_yaml_get(node, "label"), &self->label);
    self->regimens = ost_yaml_list(tree, regimen, sizeof *self->regimens, &self->n_regimens);
    for (size_t i = 0; i < self->n_regimens; i++)
        read_regimen(e, &self->regimens[i], tree, &regimen->members[i], t_last);
    self->inputs = ost_yaml_list(tree, inputs, sizeof *self->inputs, &self->n_inputs);
    for (size_t i = 0; i < self->n_inputs; i++) read_input(&self->inputs[i], tree, &inputs->members[i], t_last);
}

void ost_experiment_arms(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *arms = ost_yaml_get(&tree->root, "arms");
    if (arms->n_members == 0)
        ost_yaml_fail(tree, arms, OST_ERR_SYNTAX, "at least one arm is needed, such as 'control: {}'");
    self->arms = ost_yaml_list(tree, arms, sizeof *self->arms, &self->n_arms);
    for (size_t i = 0; i < self->n_arms; i++)
        read_arm(self, &self->arms[i], tree, &arms->members[i], self->times[self->n_times - 1]);
}
