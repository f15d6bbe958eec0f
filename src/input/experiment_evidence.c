/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the keys evidence and endpoints; gives comparisons with rows of a table, and endpoints. */
#include "input/experiment_keys.h"

#include <math.h>
#include <string.h>

const char **ost_experiment_arm_names(const ost_experiment_t *self, ost_yaml_t *tree)
{
    const char **names = ost_yaml_items(tree, self->n_arms, sizeof *names);
    for (size_t i = 0; i < self->n_arms && names != NULL; i++) names[i] = self->arms[i].name;
    return names;
}

void ost_experiment_arm(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, char **arm)
{
    int choice;
    ost_field_text(tree, node, arm);
    const char **names = ost_experiment_arm_names(self, tree);
    ost_field_choice(tree, node, names, self->n_arms, &choice);
}

static void read_comparison(
    ost_comparison_t *self, const ost_experiment_t *experiment, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const struct {
        const char *key;
        char **text;
    } texts[] = { { "trial", &self->trial }, { "trial_arm", &self->trial_arm }, { "endpoint", &self->endpoint },
        { "site", &self->site }, { "output", &self->output } };
    ost_quantity_t unit = { .value = NAN };
    self->location = node->location;
    self->month = self->from = self->to = NAN;
    ost_experiment_arm(experiment, tree, ost_yaml_get(node, "arm"), &self->arm);
    ost_experiment_arm(experiment, tree, ost_yaml_get(node, "versus"), &self->versus);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ost_field_text(tree, ost_yaml_get(node, texts[i].key), texts[i].text);
    ost_field_number(tree, ost_yaml_get(node, "month"), -INFINITY, INFINITY, &self->month);
    ost_field_time(tree, ost_yaml_get(node, "from"), &self->from);
    ost_field_time(tree, ost_yaml_get(node, "to"), &self->to);
    ost_field_quantity(tree, ost_yaml_get(node, "unit"), &unit);
    self->unit = unit.value;
    self->unit_dim = unit.dim;
    self->unit_is_plain = unit.is_plain;
    if (self->from >= self->to)
        ost_yaml_fail(
            tree, node, OST_ERR_VALUE, "from day %g to day %g: 'from' must be before 'to'", self->from, self->to);
}

void ost_experiment_evidence(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "evidence"), *table = ost_yaml_get(node, "table"),
                          *compare = ost_yaml_get(node, "compare");
    char *name = NULL;
    ost_field_text(tree, table, &name);
    if (name == NULL) return;
    self->evidence_path = ost_yaml_beside(tree, self->path, name);
    self->evidence_location = table->location;
    self->comparisons = ost_yaml_list(tree, compare, sizeof *self->comparisons, &self->n_comparisons);
    for (size_t i = 0; i < self->n_comparisons; i++)
        read_comparison(&self->comparisons[i], self, tree, &compare->members[i]);
}

static ost_location_t location_of(const ost_yaml_node_t *node, const ost_yaml_node_t *whole)
{
    return node != NULL ? node->location : whole->location;
}

/* `above` or `below`, of which the statistic is the fraction. */
static void read_limit(ost_asked_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *above = ost_yaml_get(node, "above"), *below = ost_yaml_get(node, "below");
    const ost_yaml_node_t *limit = above != NULL ? above : below;
    if (limit == NULL) return;
    self->has_limit = true;
    self->is_below = above == NULL;
    self->limit_at = limit->location;
    if (above != NULL && below != NULL)
        ost_yaml_fail(tree, below, OST_ERR_VALUE, "'above' and 'below' exclude each other");
    if (self->statistic != NULL && strcmp(self->statistic, "fraction") != 0)
        ost_yaml_fail(tree, limit, OST_ERR_VALUE,
            "the statistic of '%s' is the fraction of the subjects: omit 'statistic: %.60s'", limit->key,
            self->statistic);
    ost_field_quantity(tree, limit, &self->limit);
    ost_field_text(tree, limit, &self->limit_text);
}

static void read_endpoint(
    ost_asked_t *self, const ost_experiment_t *experiment, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *output = ost_yaml_get(node, "output"), *statistic = ost_yaml_get(node, "statistic"),
                          *from = ost_yaml_get(node, "from"), *to = ost_yaml_get(node, "to"),
                          *versus = ost_yaml_get(node, "versus");
    int measure = OST_MEASURE_PERCENT;
    ost_field_key(tree, node, true, &self->name);
    ost_experiment_arm(experiment, tree, ost_yaml_get(node, "arm"), &self->arm);
    ost_experiment_arm(experiment, tree, versus, &self->versus);
    ost_field_text(tree, output, &self->output);
    ost_field_text(tree, statistic, &self->statistic);
    read_limit(self, tree, node);
    ost_field_time(tree, from, &self->from);
    ost_field_time(tree, to, &self->to);
    ost_field_text(tree, from, &self->from_text);
    ost_field_text(tree, to, &self->to_text);
    ost_field_choice(tree, ost_yaml_get(node, "measure"), ost_measure_words, OST_N_MEASURES, &measure);
    self->measure = (ost_measure_t) measure;
    self->output_at = location_of(output, node);
    self->statistic_at = location_of(statistic, node);
    self->from_at = location_of(from, node);
    self->to_at = location_of(to, node);
    if (tree->code != 0) return;
    if (versus != NULL && strcmp(self->arm, self->versus) == 0)
        ost_yaml_fail(tree, versus, OST_ERR_VALUE, "'%.60s' is the arm itself", self->versus);
    if (versus != NULL && statistic != NULL && strcmp(self->statistic, "n") == 0)
        ost_yaml_fail(tree, statistic, OST_ERR_VALUE, "'n' counts the subjects of one arm: omit 'versus'");
    if (self->measure != OST_MEASURE_LEVEL && !(self->from < self->to))
        ost_yaml_fail(tree, to, OST_ERR_VALUE, "'from' (%.60s) must be before 'to' (%.60s)",
            self->from_text != NULL ? self->from_text : "0 day", self->to_text);
}

void ost_experiment_endpoints(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "endpoints");
    self->endpoints = ost_yaml_list(tree, node, sizeof *self->endpoints, &self->n_endpoints);
    for (size_t i = 0; i < self->n_endpoints; i++) read_endpoint(&self->endpoints[i], self, tree, &node->members[i]);
}
