/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the key events; gives a table of events, the people of its IDs, and a regimen line for each compartment. */
#include "core/file.h"
#include "core/vocabulary.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const ost_dim_t time_dim = { { [OST_DIM_TIME] = 6 } }, no_dim = { { 0 } };

static int read_unit(
    const ost_yaml_t *tree, const ost_yaml_node_t *node, char **text, ost_unit_t *unit, ost_error_t *err)
{
    int ret = ost_field_text(tree, node, text, err);
    if (ret == 0 && (ret = ost_unit_parse(unit, *text, err)) < 0) ret = ost_yaml_locate(tree, node, ret, err);
    return ret;
}

/* "drug.state", or "drug" alone. */
static int read_into(ost_compartment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    int ret = ost_field_text(tree, node, &self->drug, err);
    if (ret < 0) return ret;
    char *dot = strchr(self->drug, '.');
    if (dot == NULL) return 0;
    if (dot == self->drug || dot[1] == '\0')
        return ost_yaml_fail(
            tree, node, OST_ERR_SYNTAX, err, "'%.60s' is not a model and its state, as in DRUG.depot", node->text);
    *dot = '\0';
    return (self->compartment = ost_strdup(dot + 1)) == NULL ? ost_no_memory(err) : 0;
}

/* @param first  those before it */
static int read_compartment(ost_compartment_t *self, const ost_compartment_t *first, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, ost_error_t *err)
{
    char *end;
    const bool is_map = node->kind == OST_YAML_MAPPING;
    self->number = strtol(node->key, &end, 10);
    self->at = node->key_at;
    self->bioavailability.value = 1;
    self->rate.value = ost_yaml_get(node, "rate") != NULL ? 0 : NAN;
    self->duration.value = ost_yaml_get(node, "duration") != NULL ? 0 : NAN;
    if (end == node->key || *end != '\0' || labs(self->number) > 1000000)
        return ost_yaml_fail_key(
            tree, node, OST_ERR_SYNTAX, err, "'%.40s' is not a number of CMT, as in '1: DRUG.depot'", node->key);
    for (; first < self; first++)
        if (first->number == self->number)
            return ost_yaml_fail_key(tree, node, OST_ERR_VALUE, err, "'%.40s' maps CMT %ld again; expected each once",
                node->key, first->number);
    return read_into(self, tree, is_map ? ost_yaml_get(node, "into") : node, err);
}

static int read_covariate(
    ost_event_covariate_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    const bool is_map = node->kind == OST_YAML_MAPPING;
    const ost_yaml_node_t *unit = is_map ? ost_yaml_get(node, "unit") : node;
    int how = OST_INTERPOLATION_NONE;
    self->at = node->key_at;
    int ret = ost_field_check_name(tree, node, node->key, false, err);
    if (ret < 0) return ret;
    if (unit == NULL)
        return ost_yaml_fail(tree, node, OST_ERR_NAME, err, "'unit' is missing here: a unit such as kg, or 1");
    self->name = ost_strdup(node->key);
    self->column = ost_strdup(node->key);
    if (self->name == NULL || self->column == NULL) return ost_no_memory(err);
    ret = ost_field_text(tree, ost_yaml_get(node, "column"), &self->column, err);
    if (ret == 0) ret = read_unit(tree, unit, &self->unit_text, &self->unit, err);
    if (ret == 0)
        ret = ost_field_choice(
            tree, ost_yaml_get(node, "interpolation"), ost_interpolation_names, OST_INTERPOLATION_NONE, &how, err);
    self->interpolation = (ost_interpolation_t) how;
    return ret;
}

static int read_map(ost_events_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    const ost_yaml_node_t *cmt = ost_yaml_get(node, "cmt"), *covariates = ost_yaml_get(node, "covariates");
    const size_t n = covariates != NULL ? covariates->n_members : 0;
    if (cmt->n_members == 0)
        return ost_yaml_fail(tree, cmt, OST_ERR_SYNTAX, err, "at least one number is needed, as in '1: DRUG.depot'");
    self->compartments = ost_list_new(cmt->n_members, sizeof(*self->compartments));
    self->covariates = ost_list_new(n + 1, sizeof(*self->covariates));
    if (self->compartments == NULL || self->covariates == NULL) return ost_no_memory(err);
    int ret = 0;
    for (; self->n_compartments < cmt->n_members && ret == 0; self->n_compartments++)
        ret = read_compartment(&self->compartments[self->n_compartments], self->compartments, tree,
            &cmt->members[self->n_compartments], err);
    for (; self->n_covariates < n && ret == 0; self->n_covariates++)
        ret =
            read_covariate(&self->covariates[self->n_covariates], tree, &covariates->members[self->n_covariates], err);
    return ret;
}

/* A path in a setting is seen from the current folder, another from the experiment's. */
static char *path_of(const ost_experiment_t *self, const ost_yaml_node_t *node)
{
    return node->origin != NULL ? ost_strdup(node->text) : ost_file_beside(self->path, node->text);
}

static int read_rows(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node,
    const ost_people_source_t *given, ost_error_t *err)
{
    const ost_yaml_node_t *table = ost_yaml_get(node, "table"), *ignore = ost_yaml_get(node, "ignore");
    ost_people_source_t source = { 0 };
    char *name = NULL;
    int ret = ost_field_text(tree, table, &name, err);
    for (size_t i = 0; ignore != NULL && i < ignore->n_members && ret == 0; i++)
        if (ost_text_list_add(&source.ignore, "%s", ignore->members[i].text) < 0) ret = ost_no_memory(err);
    char *path = ret == 0 ? path_of(self, table) : NULL;
    if (ret == 0 && path == NULL) ret = ost_no_memory(err);
    source.path = path;
    source.text = given->path != NULL && path != NULL && strcmp(given->path, path) == 0 ? given->text : NULL;
    if (ret == 0 && (ret = ost_events_read(&self->events, &self->people, &source, err)) == OST_ERR_MISSING)
        ret = ost_yaml_fail(tree, table, OST_ERR_MISSING, err, "there is no file '%.200s'", path);
    ost_text_list_free(&source.ignore);
    free(name);
    free(path);
    return ret;
}

int ost_experiment_event_table(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_people_source_t *given, ost_error_t *err)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "events"),
                          *population = ost_yaml_get(&tree->root, "population"),
                          *people = ost_yaml_get(population, "people"), *enroll = ost_yaml_get(population, "enroll");
    ost_events_t *events = &self->events;
    if (node == NULL) return 0;
    if (people != NULL || enroll != NULL)
        return ost_yaml_fail(tree, people != NULL ? people : enroll, OST_ERR_VALUE, err,
            "subjects are the IDs of 'events.table' here; their covariates are columns of it, under "
            "'events.covariates'");
    events->is_given = true;
    int ret = read_unit(tree, ost_yaml_get(node, "time"), &events->time_text, &events->time, err);
    if (ret == 0 && !ost_dim_equal(events->time.dim, time_dim))
        ret = ost_yaml_fail(tree, ost_yaml_get(node, "time"), OST_ERR_UNIT, err,
            "'%.40s' is not a unit of time, as hour or day are", events->time_text);
    if (ret == 0) ret = read_unit(tree, ost_yaml_get(node, "amount"), &events->amount_text, &events->amount, err);
    if (ret == 0) ret = read_map(events, tree, node, err);
    return ret == 0 ? read_rows(self, tree, node, given, err) : ret;
}

/* A formula of a compartment. */
static int read_formula(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim,
    const char *example, ost_event_formula_t *out, ost_error_t *err)
{
    int ret = ost_experiment_own_of_row(self, tree, node, dim, example, &out->value, &out->formula, err);
    if (ret < 0 || node == NULL || out->formula != NULL || out->value >= 0) return ret;
    return ost_yaml_fail(tree, node, OST_ERR_VALUE, err, "'%.40s' is negative", node->text);
}

static int read_formulas(ost_experiment_t *self, const ost_yaml_t *tree, ost_error_t *err)
{
    const ost_yaml_node_t *cmt = ost_yaml_get(ost_yaml_get(&tree->root, "events"), "cmt");
    const ost_dim_t rate_dim = ost_dim_div(self->events.amount.dim, time_dim);
    int ret = 0;
    for (size_t i = 0; i < self->events.n_compartments && ret == 0; i++) {
        ost_compartment_t *c = &self->events.compartments[i];
        const ost_yaml_node_t *node = &cmt->members[i];
        ret = read_formula(self, tree, ost_yaml_get(node, "lag"), time_dim, "2 hour", &c->lag, err);
        if (ret == 0)
            ret = read_formula(
                self, tree, ost_yaml_get(node, "bioavailability"), no_dim, "80 %", &c->bioavailability, err);
        if (ret == 0 && c->bioavailability.formula == NULL && c->bioavailability.value > 1)
            ret = ost_yaml_fail(tree, ost_yaml_get(node, "bioavailability"), OST_ERR_VALUE, err,
                "bioavailability is %.10g %%; expected at most 100 %%, as in '80 %%'", 100 * c->bioavailability.value);
        if (ret == 0)
            ret = read_formula(self, tree, ost_yaml_get(node, "duration"), time_dim, "2 hour", &c->duration, err);
        if (ret == 0) ret = read_formula(self, tree, ost_yaml_get(node, "rate"), rate_dim, "10 mg/h", &c->rate, err);
    }
    return ret;
}

/* Lines that stand for doses of rows, in an arm. */
static int add_lines(ost_experiment_t *self, ost_arm_t *arm, ost_error_t *err)
{
    const ost_events_t *events = &self->events;
    const size_t n = arm->n_regimens + events->n_compartments;
    ost_regimen_t *lines = realloc(arm->regimens, n * sizeof(*lines));
    if (lines == NULL) return ost_no_memory(err);
    arm->regimens = lines;
    for (size_t i = 0; i < events->n_compartments; i++) {
        const ost_compartment_t *from = &events->compartments[i];
        ost_regimen_t *line = &lines[arm->n_regimens++];
        *line = (ost_regimen_t){ .drug = ost_strdup(from->drug),
            .compartment = from->compartment != NULL ? ost_strdup(from->compartment) : NULL,
            .amount = from->largest,
            .dim = events->amount.dim,
            .start = INFINITY,
            .stop = INFINITY,
            .duration = from->has_infusion ? 1 : 0,
            .location = from->at,
            .rows_of = (int32_t) i + 1 };
        for (size_t row = 0; row < events->n_rows; row++) line->start = fmin(line->start, events->rows[row].t);
        if (line->drug == NULL || (from->compartment != NULL && line->compartment == NULL)) return ost_no_memory(err);
    }
    return 0;
}

/* The arm that the rows act in; "all" of them, unless an arm has that name. Of several it must be said. */
static int read_arm(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *events, ost_error_t *err)
{
    static const char all[] = "all";
    const ost_yaml_node_t *node = ost_yaml_get(events, "arm");
    bool is_arm = false;
    for (size_t a = 0; a < self->n_arms; a++) is_arm = is_arm || strcmp(self->arms[a].name, all) == 0;
    if (node != NULL && node->kind == OST_YAML_SCALAR && strcmp(node->text, all) == 0 && !is_arm) return 0;
    if (node != NULL || self->n_arms == 1) return ost_experiment_arm(self, tree, node, &self->events.arm, err);
    char list[OST_WORDS_SIZE];
    const char **names = ost_list_new(self->n_arms, sizeof(*names));
    if (names == NULL) return ost_no_memory(err);
    for (size_t a = 0; a < self->n_arms; a++) names[a] = self->arms[a].name;
    const int ret = ost_yaml_fail(tree, events, OST_ERR_NAME, err,
        "'arm' is missing here: which of the arms the rows act in, %s, or all",
        ost_words_join(names, self->n_arms, list));
    free(names);
    return ret;
}

int ost_experiment_events(ost_experiment_t *self, const ost_yaml_t *tree, ost_error_t *err)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "events");
    if (node == NULL) return 0;
    int ret = read_arm(self, tree, node, err);
    if (ret == 0) ret = read_formulas(self, tree, err);
    for (size_t a = 0; a < self->n_arms && ret == 0; a++)
        if (self->events.arm == NULL || strcmp(self->events.arm, self->arms[a].name) == 0)
            ret = add_lines(self, &self->arms[a], err);
    return ret;
}
