/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the key population.people; gives a table of people, and a covariate for each of its columns. */
#include "core/file.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A path in a setting is seen from the current folder, another from the experiment's. */
static char *path_of(const ost_experiment_t *self, const ost_yaml_node_t *node)
{
    return node->origin != NULL ? ost_strdup(node->text) : ost_file_beside(self->path, node->text);
}

/* The table of people. @param given  its text, if that has its path */
static int read_people(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node,
    const ost_people_source_t *given, ost_error_t *err)
{
    static const char *const orders[] = { "in_order", "drawn" };
    const bool is_map = node->kind == OST_YAML_MAPPING;
    const ost_yaml_node_t *table = is_map ? ost_yaml_get(node, "table") : node, *ignore = ost_yaml_get(node, "ignore"),
                          *weights = ost_yaml_get(node, "weights");
    ost_people_source_t source = { 0 };
    int is_drawn = 0;
    char *name = NULL, *path = NULL, *column = NULL;
    int ret = ost_field_text(tree, table, &name, err);
    if (ret == 0) ret = ost_field_choice(tree, ost_yaml_get(node, "rows"), orders, 2, &is_drawn, err);
    if (ret == 0) ret = ost_field_text(tree, weights, &column, err);
    for (size_t i = 0; ignore != NULL && i < ignore->n_members && ret == 0; i++)
        if (ost_text_list_add(&source.ignore, "%s", ignore->members[i].text) < 0) ret = ost_no_memory(err);
    if (ret == 0 && weights != NULL && !is_drawn)
        ret = ost_yaml_fail(tree, weights, OST_ERR_VALUE, err, "weights are for 'rows: drawn'; these are in order");
    if (ret == 0 && (path = path_of(self, table)) == NULL) ret = ost_no_memory(err);
    source.path = path;
    source.weights = column;
    source.text = given->path != NULL && path != NULL && strcmp(given->path, path) == 0 ? given->text : NULL;
    if (ret == 0 && (ret = ost_people_read(&self->people, &source, err)) == OST_ERR_MISSING)
        ret = ost_yaml_fail(tree, table, OST_ERR_MISSING, err, "there is no file '%.200s'", path);
    self->people.is_drawn = is_drawn != 0;
    ost_text_list_free(&source.ignore);
    free(name);
    free(path);
    free(column);
    return ret;
}

/* Every subject needs its row, and a number of subjects in the experiment is that of all IDs: patients are not left out
 * without a word. A table that a setting names brings the number of its rows along. */
static int check_rows(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *population, ost_error_t *err)
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
    if (self->people.is_drawn || (end <= n_rows && !is_short)) return 0;
    return ost_yaml_fail(tree, subjects != NULL ? subjects : first, OST_ERR_VALUE, err,
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
static int check_settings(
    const ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *population, ost_error_t *err)
{
    const ost_yaml_node_t *covariates = ost_yaml_get(population, "covariates"),
                          *parameters = ost_yaml_get(&tree->root, "parameters");
    for (size_t k = 0; k < self->people.n_columns; k++) {
        const char *name = self->people.columns[k].name;
        const ost_yaml_node_t *node = ost_yaml_get(strchr(name, '.') != NULL ? parameters : covariates, name);
        if (is_set(node))
            return ost_yaml_fail(tree, node, OST_ERR_VALUE, err,
                "it is changed, and a column of '%.200s' replaces it; expected one of the two", self->people.path);
    }
    return 0;
}

int ost_experiment_table(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *population,
    const ost_people_source_t *given, ost_error_t *err)
{
    const ost_yaml_node_t *node = ost_yaml_get(population, "people");
    if (node == NULL && !self->events.is_given) return 0;
    int ret = node != NULL ? read_people(self, tree, node, given, err) : 0;
    if (ret == 0) ret = check_settings(self, tree, population, err);
    return ret == 0 ? check_rows(self, tree, population, err) : ret;
}

int ost_experiment_columns(ost_experiment_t *self, ost_error_t *err)
{
    for (size_t k = 0; k < self->people.n_columns; k++) {
        const ost_people_column_t *column = &self->people.columns[k];
        ost_covariate_t *covariate = &self->covariates[self->n_covariates];
        if (strchr(column->name, '.') != NULL) continue;
        *covariate = (ost_covariate_t){ .name = ost_strdup(column->name),
            .unit_text = ost_strdup(column->unit_text),
            .unit = column->unit,
            .origin = OST_ORIGIN_COLUMN,
            .column = k,
            .plain = ost_dim_is_none(column->unit.dim) && !ost_unit_is_ratio(&column->unit) ? 1 : 0,
            .dist = { .lower = -INFINITY, .upper = INFINITY },
            .treats = self->events.is_given && k == 0, /* ID */
            .location = column->at };
        self->n_covariates++;
        if (covariate->name == NULL || covariate->unit_text == NULL) return ost_no_memory(err);
    }
    return 0;
}

void ost_covariate_free(ost_covariate_t *self)
{
    free(self->name);
    free(self->unit_text);
    free(self->formula_text);
    free(self->dist.value);
    free(self->dist.part);
    ost_formula_delete(self->formula);
}
