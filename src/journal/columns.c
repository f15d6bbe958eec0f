/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See columns.h. Takes plans, gives the list of what is kept of each block. */
#include "journal/columns.h"

#include "journal/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ost_keep_t ost_part_keep(const ost_part_t *part)
{
    return part->sweep != NULL ? part->sweep->keep : part->plan->experiment->keep;
}

static void add(ost_columns_t *self, ost_column_t column)
{
    self->columns[self->n_columns++] = column;
}

static void list_subjects(ost_columns_t *self)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    for (ost_column_source_t source = OST_COLUMN_STATUS; source <= OST_COLUMN_REJECTED; source++)
        for (size_t a = 0; a < e->n_arms; a++) add(self, (ost_column_t){ source, a, (long) a, 1 });
    for (size_t k = 0, i; (i = ost_schedules_timed(plan->schedules, k)) < plan->schedules->n; k++) {
        add(self, (ost_column_t){ OST_COLUMN_BEGAN, k, (long) plan->schedules->line[i].arm, 1 });
        add(self, (ost_column_t){ OST_COLUMN_ENDED, k, (long) plan->schedules->line[i].arm, 1 });
    }
    if (e->enrolls) add(self, (ost_column_t){ OST_COLUMN_NUMBER, 0, -1, 1 });
    if (e->n_strata > 0) add(self, (ost_column_t){ OST_COLUMN_STRATUM, 0, -1, 1 });
    for (size_t i = 0; i < e->n_covariates; i++)
        add(self, (ost_column_t){ OST_COLUMN_COVARIATE, i, -1, e->covariates[i].unit.factor });
}

static void list_params(ost_columns_t *self)
{
    const ost_blocks_t *blocks = self->plan->blocks;
    for (size_t b = 0; b < blocks->n; b++) {
        const ost_model_t *model = blocks->block[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            size_t i = blocks->block[b].first_param + k;
            if (model->params[k].is_covariate || !ost_plan_param_varies(self->plan, i)) continue;
            add(self, (ost_column_t){ OST_COLUMN_PARAM, i, -1, model->params[k].unit.factor });
        }
    }
}

/* Parameters of a subject may differ between the points of a sweep, in which models may differ as well. */
static void list_columns(ost_columns_t *self, const ost_part_t *part)
{
    if (ost_part_keep(part) == OST_KEEP_SUBJECTS) list_subjects(self);
    if (ost_part_keep(part) == OST_KEEP_SUBJECTS && part->sweep == NULL) list_params(self);
    for (size_t i = 0; i < self->n_endpoints; i++) {
        add(self, (ost_column_t){ OST_COLUMN_MEASURE, 2 * i, -1, 1 });
        if (self->endpoints[i].versus != SIZE_MAX) add(self, (ost_column_t){ OST_COLUMN_MEASURE, 2 * i + 1, -1, 1 });
    }
}

/* Whether every result file has, or may have, a dataset of this name. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = { "arm", "arm_label", "subject", "time", "model", "status", "n_steps",
        "n_rejected", "failure", "failure_arm", "failure_subject", "failure_message", "parameters", "subject_number",
        "stratum" };
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (strcmp(name, taken[i]) == 0) return true;
    return strncmp(name, "began_", strlen("began_")) == 0 || strncmp(name, "ended_", strlen("ended_")) == 0;
}

/* What else in a result file has this name, NULL: nothing. */
static const char *find_other(const ost_plan_t *plan, const char *name)
{
    if (is_taken(name)) return "a dataset of its own";
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_model_t *model = plan->blocks->block[b].model;
        for (size_t i = 0; i < model->n_index_sets; i++)
            if (strcmp(model->index_sets[i].name, name) == 0) return "an index set";
    }
    return NULL;
}

/* Whether a file that keeps quantiles has a dataset of this name beside another output. */
static bool is_of_another(const ost_plan_t *plan, const char *name)
{
    static const char *const endings[] = { "_mean", "_sd", "_n", "_change", "_change_mean", "_change_sd", "_change_n" };
    bool is = plan->experiment->keep == OST_KEEP_QUANTILES && strcmp(name, "quantile") == 0;
    for (size_t v = 0; v < plan->outputs->n_variables && plan->experiment->keep == OST_KEEP_QUANTILES; v++) {
        const char *of = plan->outputs->variables[v].name;
        for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
            is |= strncmp(name, of, strlen(of)) == 0 && strcmp(name + strlen(of), endings[i]) == 0;
    }
    return is;
}

static int check_variable(const ost_plan_t *plan, const ost_variable_t *variable, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    const char *name = variable->name, *other = find_other(plan, name);
    if (other == NULL && is_of_another(plan, name)) other = "a statistic of another output";
    for (size_t i = 0; i < e->n_covariates && other == NULL; i++)
        if (strcmp(e->covariates[i].name, name) == 0) other = "a covariate";
    if (other == NULL && variable->index_set != NULL && is_taken(variable->index_set->name)) {
        name = variable->index_set->name;
        other = "a dataset of its own";
    }
    if (other == NULL) return 0;
    const ost_block_t *block = &plan->blocks->block[plan->outputs->block[variable->first]];
    return OST_FAIL_AT(err, OST_ERR_NAME, e, block->location,
        "output '%s' of model '%s' cannot be written: in the result file, '%s' is the name of %s; choose another, or "
        "list the outputs to compute",
        variable->name, block->model->name, name, other);
}

int ost_columns_check(const ost_plan_t *plan, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const char *other = find_other(plan, e->covariates[i].name);
        if (other == NULL) continue;
        return OST_FAIL_COVARIATE(err, OST_ERR_NAME, e, &e->covariates[i],
            "covariate '%s' cannot be written: in the result file, that is the name of %s; choose another",
            e->covariates[i].name, other);
    }
    int ret = 0;
    for (size_t v = 0; v < plan->outputs->n_variables && ret == 0; v++)
        ret = check_variable(plan, &plan->outputs->variables[v], err);
    return ret;
}

bool ost_columns_is_taken(const void *user, const char *name)
{
    const ost_plan_t *plan = user;
    const ost_experiment_t *e = plan->experiment;
    bool is = find_other(plan, name) != NULL;
    for (size_t i = 0; i < e->n_covariates; i++) is |= strcmp(e->covariates[i].name, name) == 0;
    for (size_t v = 0; v < plan->outputs->n_variables; v++) is |= strcmp(plan->outputs->variables[v].name, name) == 0;
    for (size_t i = 0; i < e->n_endpoints; i++) is |= strcmp(e->endpoints[i].name, name) == 0;
    return is;
}

/* Endpoints of a sweep, which are datasets of its file. */
static int bind_endpoints(ost_columns_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->plan->experiment;
    char why[240];
    int ret = 0;
    self->endpoints = calloc(e->n_endpoints + 1, sizeof(*self->endpoints));
    if (self->endpoints == NULL) return ost_no_memory(err);
    for (; self->n_endpoints < e->n_endpoints && ret == 0; self->n_endpoints++) {
        const ost_asked_t *asked = &e->endpoints[self->n_endpoints];
        ost_endpoint_t *endpoint = &self->endpoints[self->n_endpoints];
        const char *other = find_other(self->plan, asked->name);
        for (size_t v = 0; v < self->plan->outputs->n_variables && other == NULL; v++)
            if (strcmp(self->plan->outputs->variables[v].name, asked->name) == 0) other = "an output";
        for (size_t i = 0; i < e->n_covariates && other == NULL; i++)
            if (strcmp(e->covariates[i].name, asked->name) == 0) other = "a covariate";
        if (other != NULL)
            return OST_FAIL_AT(err, OST_ERR_NAME, e, asked->output_at,
                "endpoint '%s' cannot be written: in the result file of a sweep, that is the name of %s; choose "
                "another",
                asked->name, other);
        ret = ost_endpoint_check(self->plan, self->n_endpoints, err);
        if (ret == 0) ret = ost_endpoint_asked(endpoint, e, asked, err);
        if (ret == 0 && !ost_endpoint_bind(endpoint, self->plan, why, sizeof(why)))
            ret = ost_fail(err, OST_ERR_NAME, "%s", why);
    }
    return ret;
}

bool ost_units_differ(const ost_part_t *parts, size_t n, const char *name, char *units, size_t size)
{
    ost_unit_t first = { 0 }, other;
    bool differ = false;
    size_t length = 0, n_found = 0;
    units[0] = '\0';
    for (size_t p = 0; p < n; p++) {
        const ost_plan_t *plan = parts[p].plan;
        size_t v = 0;
        while (v < plan->outputs->n_variables && strcmp(plan->outputs->variables[v].name, name) != 0) v++;
        if (v == plan->outputs->n_variables) continue;
        const char *unit = plan->outputs->variables[v].unit_text;
        if (length < size)
            length += (size_t) snprintf(
                units + length, size - length, "%s%s: %s", length > 0 ? ", " : "", parts[p].name, unit);
        if (ost_unit_parse(&other, unit, NULL) < 0) return true;
        differ = differ || (n_found++ > 0 && (other.factor != first.factor || !ost_dim_equal(other.dim, first.dim)));
        first = other;
    }
    return differ;
}

/* @param n  plans beside it */
static int init_one(ost_columns_t *self, const ost_part_t *parts, size_t n, const ost_part_t *part, ost_error_t *err)
{
    const ost_plan_t *plan = part->plan;
    const ost_experiment_t *e = plan->experiment;
    const ost_keep_t keep = ost_part_keep(part);
    size_t most =
        2 + e->n_covariates + plan->blocks->n_params + 2 * plan->schedules->n + 3 * e->n_arms + 2 * e->n_endpoints;
    char units[256];
    int ret = ost_columns_check(plan, err);
    if (ret < 0) return ret;
    self->plan = plan;
    self->i_zero = SIZE_MAX;
    self->columns = calloc(most + 1, sizeof(*self->columns));
    self->is_relative = calloc(plan->outputs->n_variables + 1, sizeof(*self->is_relative));
    if (self->columns == NULL || self->is_relative == NULL) return ost_no_memory(err);
    if (part->sweep != NULL || keep == OST_KEEP_QUANTILES) ret = bind_endpoints(self, err);
    if (ret < 0) return ret;
    list_columns(self, part);
    if (keep == OST_KEEP_ENDPOINTS) return 0;
    for (size_t t = 0; t < e->n_times; t++)
        if (e->times[t] == 0) self->i_zero = t;
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        self->n_chunks += e->n_arms * variable->n_elements;
        self->is_relative[v] = n > 1 && ost_units_differ(parts, n, variable->name, units, sizeof(units));
        if (!self->is_relative[v] || self->i_zero != SIZE_MAX) continue;
        return ost_fail(err, OST_ERR_UNIT,
            "the models have '%s' in several units (%s), and there is no output at time 0 that it could be related to; "
            "add 0 to 'times', or leave it out of 'outputs'",
            variable->name, units);
    }
    return 0;
}

int ost_columns_init(ost_columns_t *self, const ost_part_t *parts, size_t n, ost_error_t *err)
{
    size_t n_columns = ost_columns_n(parts, n);
    int ret = 0;
    memset(self, 0, n_columns * sizeof(*self));
    for (size_t p = 0; p < n_columns && ret == 0; p++) ret = init_one(&self[p], parts, n_columns, &parts[p], err);
    return ret;
}

size_t ost_columns_n(const ost_part_t *parts, size_t n)
{
    return parts[0].sweep != NULL ? 1 : n;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_set(const ost_index_set_t *a, const ost_index_set_t *b)
{
    if (a == NULL || b == NULL) return a == b;
    bool is_same = a->n_elements == b->n_elements && strcmp(a->name, b->name) == 0;
    for (size_t i = 0; is_same && i < a->n_elements; i++) is_same = strcmp(a->elements[i], b->elements[i]) == 0;
    return is_same;
}

static bool same_outputs(const ost_outputs_t *a, const ost_outputs_t *b)
{
    bool is_same = a->n_variables == b->n_variables;
    for (size_t v = 0; is_same && v < a->n_variables; v++) {
        const ost_variable_t *x = &a->variables[v], *y = &b->variables[v];
        is_same = strcmp(x->name, y->name) == 0 && strcmp(x->unit_text, y->unit_text) == 0 && x->first == y->first &&
                  x->n_elements == y->n_elements && same_set(x->index_set, y->index_set);
    }
    return is_same;
}

static bool same_covariates(const ost_experiment_t *a, const ost_experiment_t *b)
{
    bool is_same = a->n_covariates == b->n_covariates;
    for (size_t i = 0; is_same && i < a->n_covariates; i++)
        is_same = strcmp(a->covariates[i].name, b->covariates[i].name) == 0 &&
                  a->covariates[i].unit.factor == b->covariates[i].unit.factor &&
                  ost_dim_equal(a->covariates[i].unit.dim, b->covariates[i].unit.dim);
    return is_same;
}

static bool same_schedules(const ost_schedules_t *a, const ost_schedules_t *b)
{
    for (size_t k = 0;; k++) {
        const size_t i = ost_schedules_timed(a, k), j = ost_schedules_timed(b, k);
        if (i == a->n || j == b->n) return i == a->n && j == b->n;
        if (a->line[i].arm != b->line[j].arm || strcmp(a->line[i].name, b->line[j].name) != 0) return false;
    }
}

static bool same_arms(const ost_experiment_t *a, const ost_experiment_t *b)
{
    bool is_same = a->n_arms == b->n_arms;
    for (size_t i = 0; is_same && i < a->n_arms; i++) is_same = strcmp(a->arms[i].name, b->arms[i].name) == 0;
    return is_same;
}

static bool same_times(const ost_experiment_t *a, const ost_experiment_t *b)
{
    return a->n_times == b->n_times && memcmp(a->times, b->times, a->n_times * sizeof(*a->times)) == 0;
}

static bool same_strata(const ost_experiment_t *a, const ost_experiment_t *b)
{
    bool is_same = a->n_strata == b->n_strata;
    for (size_t i = 0; is_same && i < a->n_strata; i++) is_same = strcmp(a->strata[i].name, b->strata[i].name) == 0;
    return is_same;
}

static bool same_subjects(const ost_experiment_t *a, const ost_experiment_t *b)
{
    return a->n_subjects == b->n_subjects && a->first_subject == b->first_subject && a->seed == b->seed &&
           a->n_cohort == b->n_cohort && a->sampling == b->sampling;
}

static bool same_endpoints(const ost_experiment_t *a, const ost_experiment_t *b)
{
    bool is_same = a->n_endpoints == b->n_endpoints;
    for (size_t i = 0; is_same && i < a->n_endpoints; i++) {
        const ost_asked_t *x = &a->endpoints[i], *y = &b->endpoints[i];
        is_same = same_text(x->name, y->name) && same_text(x->output, y->output) && same_text(x->arm, y->arm) &&
                  same_text(x->versus, y->versus) && same_text(x->statistic, y->statistic) && x->from == y->from &&
                  x->to == y->to && x->measure == y->measure && x->is_below == y->is_below &&
                  same_text(x->limit_text, y->limit_text);
    }
    return is_same;
}

int ost_columns_fit(const ost_columns_t *self, const ost_plan_t *point, ost_error_t *err)
{
    const ost_experiment_t *a = self->plan->experiment, *b = point->experiment;
    const char *what =
        !same_subjects(a, b)     ? "subjects, or another seed or sampling of them"
        : !same_strata(a, b)     ? "strata"
        : !same_times(a, b)      ? "times; 'times' of the experiment has to list all"
        : !same_arms(a, b)       ? "arms"
        : !same_endpoints(a, b)  ? "endpoints; an experiment can ask for several"
        : !same_covariates(a, b) ? "covariates, or other units of them"
        : !same_schedules(self->plan->schedules, point->schedules)
            ? "regimen lines that begin or end when it depends on the subject; let the experiment's line take a "
              "covariate ('stop: persistence') and vary that ('population.covariates.persistence')"
        : !same_outputs(self->plan->outputs, point->outputs)
            ? "outputs, or other units of them; list those that all have in 'outputs', or see 'osteon "
              "compare'"
        : self->plan->system->n_outputs != point->system->n_outputs
            ? "conditions, as of 'eligible' or of when doses begin"
        : a->float64 != b->float64 || a->digits != b->digits || a->compression != b->compression ? "'results'"
                                                                                                 : NULL;
    if (what == NULL) return 0;
    return ost_fail(err, OST_ERR_VALUE, "a point of a sweep may not have other %s", what);
}

/* As the result file has it, so that an endpoint is the same there and here. */
static double measure_of(const ost_columns_t *self, size_t index, const ost_cohort_block_t *block, size_t i_subject)
{
    const ost_endpoint_t *endpoint = &self->endpoints[index / 2];
    const ost_experiment_t *e = self->plan->experiment;
    const size_t arm = index % 2 == 0 ? endpoint->arm : endpoint->versus;
    const double *y =
        block->y +
        ((arm * block->n_subjects + i_subject) * self->plan->system->n_outputs + endpoint->i_output) * e->n_times;
    return ost_endpoint_measure(
        endpoint, ost_packed_value(e, y[endpoint->i_from]), ost_packed_value(e, y[endpoint->i_to]));
}

double ost_column_value(
    const ost_columns_t *self, const ost_column_t *column, const ost_cohort_block_t *block, size_t i_subject)
{
    const bool is_of_line = column->source == OST_COLUMN_BEGAN || column->source == OST_COLUMN_ENDED;
    const size_t row = is_of_line ? ost_schedules_timed(block->plan->schedules, column->index) : column->index,
                 i = row * block->n_subjects + i_subject;
    switch (column->source) {
    case OST_COLUMN_COVARIATE:
        return block->covariates[i_subject * self->plan->experiment->n_covariates + column->index] / column->factor;
    case OST_COLUMN_NUMBER:
        return (double) block->subject[i_subject];
    case OST_COLUMN_STRATUM:
        return block->stratum[i_subject];
    case OST_COLUMN_PARAM:
        return block->params[i_subject * self->plan->blocks->n_params + column->index] / column->factor;
    case OST_COLUMN_BEGAN:
        return block->began[i];
    case OST_COLUMN_ENDED:
        return block->ended[i];
    case OST_COLUMN_STEPS:
        return block->steps[i];
    case OST_COLUMN_REJECTED:
        return block->rejected[i];
    case OST_COLUMN_MEASURE:
        return measure_of(self, column->index, block, i_subject);
    case OST_COLUMN_STATUS:
        break;
    }
    return block->status[i];
}

void ost_columns_free(ost_columns_t *self)
{
    free(self->columns);
    free(self->is_relative);
    free(self->endpoints);
    *self = (ost_columns_t){ 0 };
}
