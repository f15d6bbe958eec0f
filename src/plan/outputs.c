/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the outputs that are requested or that conditions use, block after block, and the variables that they form.
 */
#include "plan/outputs.h"

#include <string.h>

/* The outputs while they are made. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    const ost_conditions_t *conditions;
    ost_outputs_t *outputs;
    ost_variable_t *variables, *groups; /* groups: every name that a block gives its outputs, wanted or not */
    size_t n_groups;
    uint32_t *owner; /* [n_groups] block of the group */
    uint32_t *block, *index, *first, *condition_row;
    double *factor;
    ost_error_t *err;
} builder_t;

/* For the results, or for a condition. */
static bool is_wanted(const builder_t *self, const char *group)
{
    const ost_experiment_t *e = self->e;
    if (e->outputs == NULL || ost_conditions_find_output(self->conditions, e, group) < self->conditions->n_values)
        return true;
    for (size_t i = 0; i < e->n_outputs; i++)
        if (strcmp(e->outputs[i], group) == 0) return true;
    return false;
}

/* The group of an output, made if it is new. @return NULL: the name is refused */
static ost_variable_t *find_group(builder_t *self, uint32_t b, const ost_output_t *output, bool wanted)
{
    const ost_model_t *model = self->blocks->block[b].model;
    size_t g = 0;
    while (g < self->n_groups && strcmp(self->groups[g].name, output->group) != 0) g++;
    if (g < self->n_groups && self->owner[g] != b && wanted) {
        (void) OST_FAIL_AT(self->err, OST_ERR_NAME, self->e, self->blocks->block[b].location,
            "output '%s' is defined by two models of the plan: '%s' and '%s'; leave one of the models out, or "
            "list the outputs to compute",
            output->group, self->blocks->block[self->owner[g]].model->name, model->name);
        return NULL;
    }
    if (g < self->n_groups) return &self->groups[g];
    self->owner[self->n_groups] = b;
    self->groups[self->n_groups++] = (ost_variable_t){ .name = output->group,
        .text = output->text,
        .unit_text = output->unit_text,
        .factor = output->unit.factor,
        .index_set = ost_model_index_set(model, output->index_set),
        .first = (uint32_t) self->outputs->n_rows };
    return &self->groups[g];
}

static int collect(builder_t *self)
{
    const ost_conditions_t *conditions = self->conditions;
    ost_outputs_t *outputs = self->outputs;
    for (size_t i = 0; i < conditions->n_values; i++) self->condition_row[i] = OST_NO_ROW;
    for (uint32_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        self->first[b] = (uint32_t) outputs->n_rows;
        for (uint32_t i = 0; i < model->n_outputs; i++) {
            const ost_output_t *output = &model->outputs[i];
            bool wanted = is_wanted(self, output->group);
            ost_variable_t *group = find_group(self, b, output, wanted);
            if (group == NULL) return self->err->code;
            if (!wanted) continue;
            size_t row = outputs->n_rows++, value = ost_conditions_find_output(conditions, self->e, output->group);
            if (value < conditions->n_values) self->condition_row[value + group->n_elements] = (uint32_t) row;
            group->n_elements++;
            self->factor[row] = output->unit.factor;
            self->block[row] = b;
            self->index[row] = i;
        }
    }
    self->first[self->blocks->n] = (uint32_t) outputs->n_rows;
    return 0;
}

static int choose_variables(builder_t *self)
{
    const ost_experiment_t *e = self->e;
    ost_outputs_t *outputs = self->outputs;
    if (e->outputs == NULL) {
        memcpy(self->variables, self->groups, self->n_groups * sizeof(*self->groups));
        outputs->n_variables = self->n_groups;
    }
    for (size_t i = 0; e->outputs != NULL && i < e->n_outputs; i++) {
        ost_location_t location = e->output_locations != NULL ? e->output_locations[i] : (ost_location_t){ 0 };
        size_t g = 0;
        while (g < self->n_groups && strcmp(self->groups[g].name, e->outputs[i]) != 0) g++;
        if (g == self->n_groups) {
            const char *near = OST_NEAREST_IN(e->outputs[i], self->groups, self->n_groups, ost_variable_t, name);
            char elsewhere[OST_ELSEWHERE_SIZE];
            const char *others = ost_blocks_elsewhere(self->blocks, e->outputs[i], elsewhere);
            if (others[0] == '\0' && near == NULL) others = "; 'osteon list outputs' names them";
            return OST_FAIL_AT(self->err, OST_ERR_NAME, e, location, "no model of the plan has an output '%s'%s%s%s%s",
                e->outputs[i], OST_HINT(near), others);
        }
        self->variables[outputs->n_variables++] = self->groups[g];
    }
    if (outputs->n_variables > 0) return 0;
    return ost_fail_at(self->err, OST_ERR_MODEL, OST_WHERE(e), 0, 0, "the models of this experiment have no outputs");
}

const ost_outputs_t *ost_outputs_new(
    const ost_experiment_t *e, const ost_blocks_t *blocks, const ost_conditions_t *conditions, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    size_t n = 0;
    for (size_t b = 0; b < blocks->n; b++) n += blocks->block[b].model->n_outputs;
    builder_t self = { .e = e, .blocks = blocks, .conditions = conditions, .err = &make->err };
    ost_outputs_t *outputs = self.outputs = ost_maker_list(make, 1, sizeof(*outputs));
    self.variables = ost_maker_list(make, n + e->n_outputs, sizeof(*self.variables));
    self.block = ost_maker_list(make, n, sizeof(*self.block));
    self.index = ost_maker_list(make, n, sizeof(*self.index));
    self.factor = ost_maker_list(make, n, sizeof(*self.factor));
    self.first = ost_maker_list(make, blocks->n + 1, sizeof(*self.first));
    self.condition_row = ost_maker_list(make, conditions->n_values, sizeof(*self.condition_row));
    self.groups = ost_maker_list(make, n, sizeof(*self.groups));
    self.owner = ost_maker_list(make, n, sizeof(*self.owner));
    if (make->err.code != 0 || collect(&self) < 0 || choose_variables(&self) < 0) return NULL;
    *outputs = (ost_outputs_t){ self.variables, outputs->n_variables, outputs->n_rows, self.block, self.index,
        self.factor, self.first, self.condition_row };
    return outputs;
}
