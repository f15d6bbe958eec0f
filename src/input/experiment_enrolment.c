/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the keys population.enroll, strata and baseline; gives how many subjects of which kind take part, and outputs
 * that they are given at time 0. */
#include "input/experiment_keys.h"

static void read_stratum(ost_stratum_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    self->location = node->key_at;
    ost_field_key(tree, node, true, &self->name);
    ost_experiment_condition(tree, ost_yaml_get(node, "if"), &self->condition, &self->condition_at);
    ost_field_count(tree, ost_yaml_get(node, "quota"), 1, OST_MAX_SUBJECTS, &self->quota);
}

/* @return the sum of the quotas */
static uint64_t read_strata(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    uint64_t sum = 0;
    self->strata = ost_yaml_list(tree, node, sizeof(*self->strata), &self->n_strata);
    for (size_t i = 0; i < self->n_strata; i++) {
        read_stratum(&self->strata[i], tree, &node->members[i]);
        sum += self->strata[i].quota;
    }
    if (sum > OST_MAX_SUBJECTS)
        ost_yaml_fail(tree, node, OST_ERR_VALUE, "the quotas sum to %llu; expected at most %llu",
            (unsigned long long) sum, OST_MAX_SUBJECTS);
    return sum;
}

/* @return the member, NULL where it is not there, or is empty: a setting can take it away */
static const ost_yaml_node_t *get(const ost_yaml_node_t *node, const char *key)
{
    const ost_yaml_node_t *member = ost_yaml_get(node, key);
    return member == NULL || ost_yaml_is_null(member) ? NULL : member;
}

void ost_experiment_enrolment(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *population)
{
    const ost_yaml_node_t *enroll = get(population, "enroll"), *strata = get(population, "strata"),
                          *subjects = get(population, "subjects"), *at = enroll != NULL ? enroll : strata;
    uint64_t n = 0, sum = read_strata(self, tree, strata);
    ost_field_count(tree, enroll, 1, OST_MAX_SUBJECTS, &n);
    if (tree->code != 0 || (n == 0 && sum == 0)) return;
    if (subjects != NULL && subjects->origin == NULL && at->origin != NULL) subjects = NULL; /* a setting replaces it */
    const bool is_set = subjects != NULL && subjects->origin != NULL && sum == 0; /* so many of the same are enrolled */
    if (is_set) n = self->n_subjects;
    if (subjects != NULL && subjects->origin != NULL && !is_set)
        ost_yaml_fail(tree, subjects, OST_ERR_VALUE,
            "'strata' says how many subjects take part; expected settings of the quotas, as of "
            "population.strata.%.80s.quota",
            self->strata[0].name);
    if (subjects != NULL && !is_set)
        ost_yaml_fail(tree, subjects, OST_ERR_VALUE, "'%s' says how many subjects take part; expected one of the two",
            sum > 0 ? "strata" : "enroll");
    if (n > 0 && sum > 0 && n != sum)
        ost_yaml_fail(tree, enroll, OST_ERR_VALUE, "the quotas of 'strata' sum to %llu, not to %llu",
            (unsigned long long) sum, (unsigned long long) n);
    if (sum == 0 && ost_yaml_get(population, "eligible") == NULL)
        ost_yaml_fail(tree, enroll, OST_ERR_NAME,
            "subjects are drawn until so many are eligible; 'eligible' or 'strata' is needed");
    if (self->sampling != OST_SAMPLING_RANDOM)
        ost_yaml_fail(tree, at, OST_ERR_VALUE,
            "a latin_hypercube spreads subjects of a known number, not those who turn out to be eligible; expected "
            "sampling: random");
    self->enrolls = true;
    self->n_subjects = n > 0 ? n : sum;
}

static void read_baseline(ost_experiment_t *self, ost_baseline_t *to, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *value = ost_yaml_get(node, "value"), *solve = ost_yaml_get(node, "solve");
    to->location = node->location;
    to->value_at = value->location;
    to->param_at = solve->location;
    ost_field_text(tree, ost_yaml_get(node, "output"), &to->output);
    ost_field_text(tree, solve, &to->param);
    ost_experiment_own_quantity(self, tree, value, &to->value, &to->formula);
}

void ost_experiment_baselines(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    if (node != NULL && node->n_members > OST_MAX_BASELINES)
        ost_yaml_fail(tree, node, OST_ERR_LIMIT, "%zu outputs are given; expected at most %d", node->n_members,
            OST_MAX_BASELINES);
    self->baselines = ost_yaml_list(tree, node, sizeof(*self->baselines), &self->n_baselines);
    for (size_t i = 0; i < self->n_baselines; i++) read_baseline(self, &self->baselines[i], tree, &node->members[i]);
}
