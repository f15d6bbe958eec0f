/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the keys evidence and endpoints; gives comparisons with rows of a table, and endpoints. */
#include "core/file.h"
#include "core/text.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int ost_experiment_arm(const ost_experiment_t *experiment, const ost_yaml_t *tree, const ost_yaml_node_t *node,
    char **arm, ost_error_t *err)
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
    int ret = ost_experiment_arm(experiment, tree, ost_yaml_get(node, "arm"), &self->arm, err);
    if (ret == 0) ret = ost_experiment_arm(experiment, tree, ost_yaml_get(node, "versus"), &self->versus, err);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && ret == 0; i++)
        ret = ost_field_text(tree, ost_yaml_get(node, texts[i].key), texts[i].text, err);
    if (ret == 0) ret = ost_field_number(tree, ost_yaml_get(node, "month"), -INFINITY, INFINITY, &self->month, err);
    if (ret == 0) ret = ost_field_time(tree, ost_yaml_get(node, "from"), &self->from, err);
    if (ret == 0) ret = ost_field_time(tree, ost_yaml_get(node, "to"), &self->to, err);
    ost_quantity_t unit = { .value = NAN };
    if (ret == 0) ret = ost_field_quantity(tree, ost_yaml_get(node, "unit"), &unit, err);
    self->unit = unit.value;
    self->unit_dim = unit.dim;
    self->unit_is_plain = unit.is_plain;
    if (ret != 0 || !(self->from >= self->to)) return ret;
    return ost_yaml_fail(
        tree, node, OST_ERR_VALUE, err, "from day %g to day %g: 'from' must be before 'to'", self->from, self->to);
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
    self->evidence_location = ost_yaml_get(node, "table")->location;
    if (self->evidence_path == NULL) return ost_no_memory(err);
    if (compare == NULL || compare->n_members == 0) return 0;
    self->comparisons = ost_list_new(compare->n_members, sizeof *self->comparisons);
    if (self->comparisons == NULL) return ost_no_memory(err);
    self->n_comparisons = compare->n_members;
    for (size_t i = 0; i < self->n_comparisons && ret == 0; i++)
        ret = read_comparison(&self->comparisons[i], self, tree, &compare->members[i], err);
    return ret;
}

static ost_location_t location_of(const ost_yaml_node_t *node, const ost_yaml_node_t *whole)
{
    return node != NULL ? node->location : whole->location;
}

/* `above` or `below`, of which the statistic is the fraction. */
static int read_limit(ost_asked_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    const ost_yaml_node_t *above = ost_yaml_get(node, "above"), *below = ost_yaml_get(node, "below");
    const ost_yaml_node_t *limit = above != NULL ? above : below;
    if (limit == NULL) return 0;
    self->has_limit = true;
    self->is_below = above == NULL;
    self->limit_at = limit->location;
    if (above != NULL && below != NULL)
        return ost_yaml_fail(tree, below, OST_ERR_VALUE, err, "'above' and 'below' exclude each other");
    if (self->statistic != NULL && strcmp(self->statistic, "fraction") != 0)
        return ost_yaml_fail(tree, limit, OST_ERR_VALUE, err,
            "the statistic of '%s' is the fraction of the subjects: omit 'statistic: %.60s'", limit->key,
            self->statistic);
    int ret = ost_field_quantity(tree, limit, &self->limit, err);
    return ret == 0 ? ost_field_text(tree, limit, &self->limit_text, err) : ret;
}

static int read_endpoint(ost_asked_t *self, const ost_experiment_t *experiment, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, ost_error_t *err)
{
    const ost_yaml_node_t *output = ost_yaml_get(node, "output"), *statistic = ost_yaml_get(node, "statistic");
    const ost_yaml_node_t *from = ost_yaml_get(node, "from"), *to = ost_yaml_get(node, "to");
    int measure = OST_MEASURE_PERCENT;
    if ((self->name = ost_strdup(node->key)) == NULL) return ost_no_memory(err);
    int ret = ost_field_check_name(tree, node, node->key, true, err);
    if (ret == 0) ret = ost_experiment_arm(experiment, tree, ost_yaml_get(node, "arm"), &self->arm, err);
    if (ret == 0) ret = ost_experiment_arm(experiment, tree, ost_yaml_get(node, "versus"), &self->versus, err);
    if (ret == 0) ret = ost_field_text(tree, output, &self->output, err);
    if (ret == 0) ret = ost_field_text(tree, statistic, &self->statistic, err);
    if (ret == 0) ret = read_limit(self, tree, node, err);
    if (ret == 0) ret = ost_field_time(tree, from, &self->from, err);
    if (ret == 0) ret = ost_field_time(tree, to, &self->to, err);
    if (ret == 0 && from != NULL) ret = ost_field_text(tree, from, &self->from_text, err);
    if (ret == 0) ret = ost_field_text(tree, to, &self->to_text, err);
    if (ret == 0)
        ret = ost_field_choice(tree, ost_yaml_get(node, "measure"), ost_measure_words, OST_N_MEASURES, &measure, err);
    self->measure = (ost_measure_t) measure;
    self->output_at = location_of(output, node);
    self->statistic_at = location_of(statistic, node);
    self->from_at = location_of(from, node);
    self->to_at = location_of(to, node);
    if (ret == 0 && self->versus != NULL && strcmp(self->arm, self->versus) == 0)
        return ost_yaml_fail(
            tree, ost_yaml_get(node, "versus"), OST_ERR_VALUE, err, "'%.60s' is the arm itself", self->versus);
    if (ret == 0 && self->versus != NULL && self->statistic != NULL && strcmp(self->statistic, "n") == 0)
        return ost_yaml_fail(tree, statistic, OST_ERR_VALUE, err, "'n' counts the subjects of one arm: omit 'versus'");
    if (ret != 0 || self->measure == OST_MEASURE_LEVEL || self->from < self->to) return ret;
    return ost_yaml_fail(tree, to, OST_ERR_VALUE, err, "'from' (%.60s) must be before 'to' (%.60s)",
        self->from_text != NULL ? self->from_text : "0 day", self->to_text);
}

int ost_experiment_endpoints(ost_experiment_t *self, const ost_yaml_t *tree, ost_error_t *err)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "endpoints");
    if (node == NULL || node->n_members == 0) return 0;
    self->endpoints = ost_list_new(node->n_members, sizeof *self->endpoints);
    if (self->endpoints == NULL) return ost_no_memory(err);
    self->n_endpoints = node->n_members;
    int ret = 0;
    for (size_t i = 0; i < self->n_endpoints && ret == 0; i++)
        ret = read_endpoint(&self->endpoints[i], self, tree, &node->members[i], err);
    return ret;
}
