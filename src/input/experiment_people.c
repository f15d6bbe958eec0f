/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the key population.people; gives a table of people, and a covariate for each of its columns. */
#include "input/experiment_keys.h"

#include <math.h>
#include <string.h>

void ost_experiment_rows(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *table,
    const ost_yaml_node_t *ignore, const char *weights, const ost_people_source_t *given, bool are_events)
{
    ost_people_source_t source = { .weights = weights };
    char *name = NULL, *path = NULL;
    ost_field_text(tree, table, &name);
    for (size_t i = 0; ignore != NULL && i < ignore->n_members; i++)
        if (ost_text_list_add(&source.ignore, "%s", ignore->members[i].text) < 0) ost_yaml_no_memory(tree);
    /* a path in a setting is seen from the current folder, another from the experiment's */
    if (tree->code == 0) path = table->origin != NULL ? name : ost_yaml_beside(tree, self->path, name);
    if (tree->code == 0) {
        source.path = path;
        source.text = given->path != NULL && strcmp(given->path, path) == 0 ? given->text : NULL;
        int ret = are_events ? ost_events_read(&self->events, &self->people, &source, tree->memory, tree->err)
                             : ost_people_read(&self->people, &source, tree->memory, tree->err);
        if (ret == OST_ERR_MISSING)
            ost_yaml_fail(tree, table, OST_ERR_MISSING, "there is no file '%.200s'", path);
        else
            ost_yaml_take(tree, ret);
    }
    ost_text_list_free(&source.ignore);
}

static void read_people(
    ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, const ost_people_source_t *given)
{
    static const char *const orders[] = { "in_order", "drawn" };
    const ost_yaml_node_t *table = node->kind == OST_YAML_MAPPING ? ost_yaml_get(node, "table") : node,
                          *weights = ost_yaml_get(node, "weights");
    int is_drawn = 0;
    char *column = NULL;
    ost_field_choice(tree, ost_yaml_get(node, "rows"), orders, 2, &is_drawn);
    ost_field_text(tree, weights, &column);
    if (weights != NULL && !is_drawn)
        ost_yaml_fail(tree, weights, OST_ERR_VALUE, "weights are for 'rows: drawn'; these are in order");
    ost_experiment_rows(self, tree, table, ost_yaml_get(node, "ignore"), column, given, false);
    self->people.is_drawn = is_drawn != 0;
}

/* Every subject needs its row, and a number of subjects in the experiment is that of all IDs: patients are not left out
 * without a word. A table that a setting names brings the number of its rows along. */
static void check_rows(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *population)
{
    const ost_yaml_node_t *subjects = ost_yaml_get(population, "subjects"),
                          *first = ost_yaml_get(population, "first_subject");
    const uint64_t n_rows = self->people.n_rows;
    const ost_yaml_node_t *people = ost_yaml_get(population, "people"), *table = ost_yaml_get(people, "table");
    const bool are_ids = self->events.is_given;
    if (people == NULL) table = ost_yaml_get(ost_yaml_get(&tree->root, "events"), "table");
    if (subjects != NULL && subjects->origin == NULL && (table != NULL ? table : people)->origin != NULL)
        subjects = NULL;
    if (subjects == NULL) self->n_subjects = n_rows > self->first_subject ? n_rows - self->first_subject : 1;
    const uint64_t end = self->first_subject + self->n_subjects;
    const bool is_short = are_ids && end < n_rows && subjects != NULL && subjects->origin == NULL;
    if (self->people.is_drawn || (end <= n_rows && !is_short)) return;
    ost_yaml_fail(tree, subjects != NULL ? subjects : first, OST_ERR_VALUE,
        "subjects %llu to %llu, but '%.100s' has %llu %s, subjects 0 to %llu; %s",
        (unsigned long long) self->first_subject, (unsigned long long) end - 1, self->people.path,
        (unsigned long long) n_rows, are_ids ? "IDs" : "rows", (unsigned long long) n_rows - 1,
        are_ids ? "without 'subjects' all IDs are run" : "expected so many subjects, or 'rows: drawn'");
}

static bool is_set(const ost_yaml_node_t *node)
{
    if (node == NULL) return false;
    bool found = node->origin != NULL;
    for (size_t i = 0; i < node->n_members && !found; i++) found = is_set(&node->members[i]);
    return found;
}

/* A column replaces what the experiment says of its name; a setting of that name would be without effect. */
static void check_settings(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *population)
{
    const ost_yaml_node_t *covariates = ost_yaml_get(population, "covariates"),
                          *parameters = ost_yaml_get(&tree->root, "parameters");
    for (size_t k = 0; k < self->people.n_columns; k++) {
        const char *name = self->people.columns[k].name;
        const ost_yaml_node_t *node = ost_yaml_get(strchr(name, '.') != NULL ? parameters : covariates, name);
        if (is_set(node))
            ost_yaml_fail(tree, node, OST_ERR_VALUE,
                "it is changed, and a column of '%.200s' replaces it; expected one of the two", self->people.path);
    }
}

void ost_experiment_table(
    ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *population, const ost_people_source_t *given)
{
    const ost_yaml_node_t *node = ost_yaml_get(population, "people");
    if (node == NULL && !self->events.is_given) return;
    if (node != NULL) read_people(self, tree, node, given);
    if (tree->code != 0) return;
    check_settings(self, tree, population);
    check_rows(self, tree, population);
}

void ost_experiment_columns(ost_experiment_t *self, ost_yaml_t *tree)
{
    for (size_t k = 0; k < self->people.n_columns; k++) {
        const ost_people_column_t *column = &self->people.columns[k];
        ost_covariate_t *covariate = &self->covariates[self->n_covariates];
        if (strchr(column->name, '.') != NULL) continue;
        *covariate = (ost_covariate_t){ .name = ost_yaml_copy(tree, column->name),
            .unit_text = ost_yaml_copy(tree, column->unit_text),
            .unit = column->unit,
            .origin = OST_ORIGIN_COLUMN,
            .column = k,
            .plain = ost_dim_is_none(column->unit.dim) && !ost_unit_is_ratio(&column->unit) ? 1 : 0,
            .dist = { .lower = -INFINITY, .upper = INFINITY },
            .treats = self->events.is_given && k == 0, /* ID */
            .location = column->at };
        self->n_covariates++;
    }
}
