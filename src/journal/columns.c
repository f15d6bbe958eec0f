/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See columns.h. Takes plans, gives the list of what is kept of each block. */
#include "journal/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(ost_columns_t *self, ost_column_t column)
{
    self->columns[self->n_columns++] = column;
}

static void list_columns(ost_columns_t *self)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    for (ost_column_source_t source = OST_COLUMN_STATUS; source <= OST_COLUMN_REJECTED; source++)
        for (size_t a = 0; a < e->n_arms; a++) add(self, (ost_column_t){ source, a, (long) a, 1 });
    for (size_t i = 0; i < plan->schedules->n; i++) {
        add(self, (ost_column_t){ OST_COLUMN_BEGAN, i, (long) plan->schedules->line[i].arm, 1 });
        add(self, (ost_column_t){ OST_COLUMN_ENDED, i, (long) plan->schedules->line[i].arm, 1 });
    }
    for (size_t i = 0; i < e->n_covariates; i++)
        add(self, (ost_column_t){ OST_COLUMN_COVARIATE, i, -1, e->covariates[i].unit.factor });
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_model_t *model = plan->blocks->block[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            size_t i = plan->blocks->block[b].first_param + k;
            if (model->params[k].is_covariate || !ost_plan_param_varies(plan, i)) continue;
            add(self, (ost_column_t){ OST_COLUMN_PARAM, i, -1, model->params[k].unit.factor });
        }
    }
}

/* Whether every result file has, or may have, a dataset of this name. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = { "arm", "arm_label", "subject", "time", "model", "status", "n_steps",
        "n_rejected", "failure", "failure_arm", "failure_subject", "failure_message", "parameters" };
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

static int check_variable(const ost_plan_t *plan, const ost_variable_t *variable, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    const char *name = variable->name, *other = find_other(plan, name);
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
        return OST_FAIL_AT(err, OST_ERR_NAME, e, e->covariates[i].location,
            "covariate '%s' cannot be written: in the result file, that is the name of %s; choose another",
            e->covariates[i].name, other);
    }
    int ret = 0;
    for (size_t v = 0; v < plan->outputs->n_variables && ret == 0; v++)
        ret = check_variable(plan, &plan->outputs->variables[v], err);
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
        if (length < size) {
            length += (size_t) snprintf(
                units + length, size - length, "%s%s: %s", length > 0 ? ", " : "", parts[p].name, unit);
        }
        if (ost_unit_parse(&other, unit, NULL) < 0) return true;
        differ = differ || (n_found++ > 0 && (other.factor != first.factor || !ost_dim_equal(other.dim, first.dim)));
        first = other;
    }
    return differ;
}

static int init_one(ost_columns_t *self, const ost_part_t *parts, size_t n, const ost_plan_t *plan, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    size_t most = e->n_covariates + plan->blocks->n_params + 2 * plan->schedules->n + 3 * e->n_arms;
    char units[256];
    int ret = ost_columns_check(plan, err);
    if (ret < 0) return ret;
    self->plan = plan;
    self->i_zero = SIZE_MAX;
    self->columns = calloc(most + 1, sizeof(*self->columns));
    self->is_relative = calloc(plan->outputs->n_variables + 1, sizeof(*self->is_relative));
    if (self->columns == NULL || self->is_relative == NULL) return ost_no_memory(err);
    list_columns(self);
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
    int ret = 0;
    memset(self, 0, n * sizeof(*self));
    for (size_t p = 0; p < n && ret == 0; p++) ret = init_one(&self[p], parts, n, parts[p].plan, err);
    return ret;
}

double ost_column_value(
    const ost_columns_t *self, const ost_column_t *column, const ost_cohort_block_t *block, size_t i_subject)
{
    size_t i = column->index * block->n_subjects + i_subject;
    switch (column->source) {
    case OST_COLUMN_COVARIATE:
        return block->covariates[i_subject * self->plan->experiment->n_covariates + column->index] / column->factor;
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
    case OST_COLUMN_STATUS:
        break;
    }
    return block->status[i];
}

void ost_columns_free(ost_columns_t *self)
{
    free(self->columns);
    free(self->is_relative);
    *self = (ost_columns_t){ 0 };
}
