/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/file.h"
#include "core/text.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdlib.h>

static int read_arm(char **arm, const ost_experiment_t *experiment, const ost_yaml_t *tree, const ost_yaml_node_t *node,
    ost_error_t *err)
{
    int ret = ost_field_text(tree, node, arm, err), choice;
    if (ret != 0) return ret;
    const char **names = ost_list_new(experiment->n_arms, sizeof *names);
    if (names == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < experiment->n_arms; i++) names[i] = experiment->arms[i].name;
    ret = ost_field_choice(tree, node, names, experiment->n_arms, &choice, err);
    free(names);
    return ret;
}

static int read_comparison(ost_comparison_t *self, const ost_experiment_t *experiment, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, ost_error_t *err)
{
    const struct {
        const char *key;
        char **text;
    } texts[] = { { "trial", &self->trial }, { "trial_arm", &self->trial_arm }, { "endpoint", &self->endpoint },
        { "site", &self->site }, { "output", &self->output } };
    self->location = node->location;
    self->month = self->from = self->to = self->unit = NAN;
    int ret = read_arm(&self->arm, experiment, tree, ost_yaml_get(node, "arm"), err);
    if (ret == 0) ret = read_arm(&self->versus, experiment, tree, ost_yaml_get(node, "versus"), err);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && ret == 0; i++)
        ret = ost_field_text(tree, ost_yaml_get(node, texts[i].key), texts[i].text, err);
    if (ret == 0) ret = ost_field_number(tree, ost_yaml_get(node, "month"), -INFINITY, INFINITY, &self->month, err);
    if (ret == 0) ret = ost_field_time(tree, ost_yaml_get(node, "from"), &self->from, err);
    if (ret == 0) ret = ost_field_time(tree, ost_yaml_get(node, "to"), &self->to, err);
    if (ret == 0) ret = ost_field_quantity(tree, ost_yaml_get(node, "unit"), &self->unit, &self->unit_dim, err);
    if (ret != 0 || !(self->from >= self->to)) return ret;
    return ost_yaml_fail(
        tree, node, OST_ERR_VALUE, err, "from day %g to day %g: nothing lies between", self->from, self->to);
}

int ost_experiment_evidence(ost_experiment_t *self, const ost_yaml_t *tree, ost_error_t *err)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "evidence");
    const ost_yaml_node_t *compare = ost_yaml_get(node, "compare");
    char *table = NULL;
    int ret = ost_field_text(tree, ost_yaml_get(node, "table"), &table, err);
    if (ret != 0 || table == NULL) return ret;
    self->evidence_path = ost_file_beside(self->path, table);
    free(table);
    if (self->evidence_path == NULL) return ost_no_memory(err);
    if (compare == NULL || compare->n_members == 0) return 0;
    self->comparisons = ost_list_new(compare->n_members, sizeof *self->comparisons);
    if (self->comparisons == NULL) return ost_no_memory(err);
    self->n_comparisons = compare->n_members;
    for (size_t i = 0; i < self->n_comparisons && ret == 0; i++)
        ret = read_comparison(&self->comparisons[i], self, tree, &compare->members[i], err);
    return ret;
}
