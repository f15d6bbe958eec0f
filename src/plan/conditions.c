/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conditions of an experiment as formulas, over the names of its covariates and of the outputs of its models. */
#include "plan/conditions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The scope while it is made. */
typedef struct {
    const ost_experiment_t *e;
    const ost_blocks_t *blocks;
    ost_conditions_t *conditions;
    ost_name_t *names; /* of conditions */
    bool *is_used;     /* of conditions */
    ost_maker_t *make;
    ost_error_t *err; /* of make */
} scope_t;

static size_t find_name(const ost_conditions_t *self, const char *name)
{
    size_t i = 0;
    while (i < self->n_names && strcmp(self->names[i].name, name) != 0) i++;
    return i;
}

static void add_name(scope_t *self, ost_name_t name)
{
    ost_conditions_t *conditions = self->conditions;
    if (find_name(conditions, name.name) < conditions->n_names) return; /* a covariate, or an element of it */
    self->names[conditions->n_names++] = name;
    conditions->n_values += name.set != NULL ? name.set->n_elements : 1;
}

static bool has_conditions(const ost_experiment_t *e)
{
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++)
            if (e->arms[a].regimens[i].begin_if != NULL || e->arms[a].regimens[i].end_if != NULL) return true;
    return e->eligible != NULL || e->n_strata > 0 || e->n_baselines > 0;
}

static void list_names(scope_t *self, const ost_blocks_t *blocks)
{
    const ost_experiment_t *e = self->e;
    size_t n = e->n_covariates;
    for (size_t b = 0; b < blocks->n; b++) n += blocks->block[b].model->n_outputs;
    self->conditions->names = self->names = ost_maker_list(self->make, n, sizeof(*self->names));
    self->conditions->is_used = self->is_used = ost_maker_list(self->make, n, sizeof(*self->is_used));
    if (self->err->code != 0 || !has_conditions(e)) return;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        add_name(self, ost_covariate_as_name(c));
    }
    for (size_t b = 0; b < blocks->n; b++) {
        const ost_model_t *model = blocks->block[b].model;
        for (size_t i = 0; i < model->n_outputs; i++) {
            const ost_output_t *output = &model->outputs[i];
            add_name(self, (ost_name_t){ .name = output->group,
                               .unit = output->unit,
                               .unit_text = output->unit_text,
                               .set = ost_model_index_set(model, output->index_set) });
        }
    }
}

static void read_condition(
    scope_t *self, ost_formula_t **condition, const char *key, const char *text, ost_location_t location)
{
    const ost_conditions_t *conditions = self->conditions;
    ost_error_t why = { 0 };
    if (text == NULL || self->err->code != 0) return;
    bool *used = ost_maker_list(self->make, conditions->n_names, sizeof(*used));
    if (used == NULL) return;
    int ret =
        ost_condition_new(condition, &self->make->memory, text, conditions->names, conditions->n_names, used, &why);
    for (size_t i = 0; i < conditions->n_names; i++) self->is_used[i] |= used[i];
    const ost_event_covariate_t *from = ret == 0 ? ost_experiment_changing(self->e, text) : NULL;
    if (from != NULL)
        OST_FAIL_AT(self->err, OST_ERR_MODEL, self->e, location,
            "%s: '%s' changes in time ('interpolation: %s'), and a condition has one value for a subject", key,
            from->name, ost_interpolation_names[from->interpolation]);
    if (ret == 0) return;
    if (why.line == 1 && location.line > 0) location.column += why.column - 1;
    char elsewhere[OST_ELSEWHERE_SIZE] = "";
    if (ret == OST_ERR_NAME) ost_blocks_elsewhere(self->blocks, text, elsewhere);
    OST_FAIL_AT(self->err, ret, self->e, location, "%s: %s%s", key, why.what, elsewhere);
}

static void read_strata(scope_t *self)
{
    const ost_experiment_t *e = self->e;
    char key[120];
    self->conditions->stratum = ost_maker_list(self->make, e->n_strata, sizeof(ost_formula_t *));
    self->conditions->n_strata = e->n_strata;
    for (size_t i = 0; i < e->n_strata && self->err->code == 0; i++) {
        const ost_stratum_t *s = &e->strata[i];
        snprintf(key, sizeof(key), "stratum '%.80s'", s->name);
        read_condition(self, &self->conditions->stratum[i], key, s->condition, s->condition_at);
    }
}

/* The value in the scope of "t_score[total_hip]", or an error. @param[out] value  of it */
static int find_value(scope_t *self, const ost_baseline_t *baseline, size_t *value)
{
    const ost_conditions_t *conditions = self->conditions;
    const char *text = baseline->output, *bracket = strchr(text, '[');
    const size_t length = bracket != NULL ? (size_t) (bracket - text) : strlen(text);
    size_t i = self->e->n_covariates, first = i;
    char missing[OST_UNIT_MISSING_SIZE], differs[OST_DIM_MISMATCH_SIZE];
    for (; i < conditions->n_names;
         first += conditions->names[i].set != NULL ? conditions->names[i].set->n_elements : 1, i++)
        if (strncmp(conditions->names[i].name, text, length) == 0 && conditions->names[i].name[length] == '\0') break;
    const ost_name_t *name = &conditions->names[i];
    if (i == conditions->n_names) {
        const size_t n_covariates = self->e->n_covariates;
        const char *near = OST_NEAREST_IN(
            text, conditions->names + n_covariates, conditions->n_names - n_covariates, ost_name_t, name);
        char elsewhere[OST_ELSEWHERE_SIZE];
        return OST_FAIL_AT(self->err, OST_ERR_NAME, self->e, baseline->location,
            "baseline: the models have no output '%.100s'%s%s%s%s", text, OST_HINT(near),
            ost_blocks_elsewhere(self->blocks, text, elsewhere));
    }
    size_t k = 0;
    if (name->set != NULL)
        while (k < name->set->n_elements &&
               (bracket == NULL || strncmp(bracket + 1, name->set->elements[k], strlen(name->set->elements[k])) != 0 ||
                   strcmp(bracket + 1 + strlen(name->set->elements[k]), "]") != 0))
            k++;
    if (name->set != NULL && k == name->set->n_elements) {
        char word[80];
        snprintf(word, sizeof(word), "%.*s", bracket != NULL ? (int) strcspn(bracket + 1, "]") : 0,
            bracket != NULL ? bracket + 1 : "");
        const char *near = ost_nearest(word, (const char *const *) name->set->elements, name->set->n_elements);
        return OST_FAIL_AT(self->err, OST_ERR_NAME, self->e, baseline->location,
            "baseline: no output '%.100s'%s%s%s; expected %s[%s] or another %s", text, OST_HINT(near), name->name,
            near != NULL ? near : name->set->elements[0], name->set->name);
    }
    if (name->set == NULL && bracket != NULL)
        return OST_FAIL_AT(self->err, OST_ERR_NAME, self->e, baseline->location,
            "baseline: no output '%.100s'; expected %s", text, name->name);
    if (!ost_dim_equal(baseline->value.dim, name->unit.dim))
        return OST_FAIL_AT(self->err, OST_ERR_UNIT, self->e, baseline->value_at, "baseline: '%.100s' %s", text,
            ost_unit_mismatch(baseline->value.dim, &name->unit, name->unit_text, differs));
    if (ost_unit_missing(&name->unit, name->unit_text, baseline->value.is_plain, baseline->value.value, missing) !=
        NULL)
        return OST_FAIL_AT(
            self->err, OST_ERR_UNIT, self->e, baseline->value_at, "baseline: '%.100s': %s", text, missing);
    self->is_used[i] = true;
    *value = first + k;
    return 0;
}

static void find_baselines(scope_t *self)
{
    const ost_experiment_t *e = self->e;
    size_t *values = ost_maker_list(self->make, e->n_baselines, sizeof(*values));
    self->conditions->baseline = values;
    for (size_t i = 0; i < e->n_baselines && self->err->code == 0; i++) {
        find_value(self, &e->baselines[i], &values[i]);
        for (size_t k = 0; k < i && self->err->code == 0; k++)
            if (values[k] == values[i])
                OST_FAIL_AT(self->err, OST_ERR_NAME, e, e->baselines[i].location, "baseline: duplicate '%.100s'",
                    e->baselines[i].output);
    }
}

static void read_line(scope_t *self, ost_line_conditions_t *line, const ost_regimen_t *r)
{
    bool has_condition = r->begin_if != NULL || r->end_if != NULL;
    if (has_condition && !(r->visits > 0 && isfinite(r->visits)))
        OST_FAIL_AT(self->err, OST_ERR_VALUE, self->e, r->location,
            "'begin_if' and 'end_if' are evaluated at visits: say how often, as in 'visits: 6 month'");
    else if (has_condition && r->start_formula != NULL)
        OST_FAIL_AT(self->err, OST_ERR_VALUE, self->e, r->location,
            "with 'begin_if' or 'end_if', 'start' is the first visit, and the same for all");
    else if (!(r->delay >= 0))
        OST_FAIL_AT(self->err, OST_ERR_VALUE, self->e, r->location, "a delay is not negative");
    read_condition(self, &line->begin, "begin_if", r->begin_if, r->begin_location);
    read_condition(self, &line->end, "end_if", r->end_if, r->end_location);
}

static void read_lines(scope_t *self, const ost_line_conditions_t **line)
{
    const ost_experiment_t *e = self->e;
    size_t n = 0;
    for (size_t a = 0; a < e->n_arms; a++) n += e->arms[a].n_regimens;
    ost_line_conditions_t *lines = ost_maker_list(self->make, n, sizeof(*lines));
    for (size_t a = 0; a < e->n_arms && self->err->code == 0; a++) {
        line[a] = lines;
        for (size_t i = 0; i < e->arms[a].n_regimens && self->err->code == 0; i++)
            read_line(self, &lines[i], &e->arms[a].regimens[i]);
        lines += e->arms[a].n_regimens;
    }
}

const ost_conditions_t *ost_conditions_new(const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    ost_conditions_t *self = ost_maker_list(make, 1, sizeof(*self));
    const ost_line_conditions_t **line = ost_maker_list(make, e->n_arms, sizeof(*line));
    if (make->err.code != 0) return NULL;
    scope_t scope = { .e = e, .blocks = blocks, .conditions = self, .make = make, .err = &make->err };
    list_names(&scope, blocks);
    read_condition(&scope, &self->eligible, "eligible", e->eligible, e->eligible_location);
    read_strata(&scope);
    find_baselines(&scope);
    read_lines(&scope, line);
    self->line = line;
    return make->err.code == 0 ? self : NULL;
}

size_t ost_conditions_find_output(const ost_conditions_t *self, const ost_experiment_t *e, const char *group)
{
    size_t name = find_name(self, group), value = 0;
    if (name < e->n_covariates || name == self->n_names || !self->is_used[name]) return self->n_values;
    for (size_t i = 0; i < name; i++) value += self->names[i].set != NULL ? self->names[i].set->n_elements : 1;
    return value;
}
