/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the keys population.enroll, strata and baseline; gives how many subjects of which kind take part, and outputs
 * that they are given at time 0. */
#include "core/text.h"
#include "input/experiment_keys.h"

#include <stdlib.h>

static int read_stratum(ost_stratum_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    int ret = ost_field_check_name(tree, node, node->key, true, err);
    self->location = node->key_at;
    if (ret == 0 && (self->name = ost_strdup(node->key)) == NULL) return ost_no_memory(err);
    if (ret == 0)
        ret = ost_experiment_condition(tree, ost_yaml_get(node, "if"), &self->condition, &self->condition_at, err);
    return ret == 0 ? ost_field_count(tree, ost_yaml_get(node, "quota"), 1, OST_MAX_SUBJECTS, &self->quota, err) : ret;
}

/* @param[out] sum  of the quotas */
static int read_strata(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, uint64_t *sum, ost_error_t *err)
{
    int ret = 0;
    *sum = 0;
    if (node == NULL || node->n_members == 0) return 0;
    if ((self->strata = ost_list_new(node->n_members, sizeof(*self->strata))) == NULL) return ost_no_memory(err);
    for (self->n_strata = 0; self->n_strata < node->n_members && ret == 0; self->n_strata++) {
        ret = read_stratum(&self->strata[self->n_strata], tree, &node->members[self->n_strata], err);
        *sum += self->strata[self->n_strata].quota;
    }
    if (ret == 0 && *sum > OST_MAX_SUBJECTS)
        return ost_yaml_fail(tree, node, OST_ERR_VALUE, err, "the quotas sum to %llu; expected at most %llu",
            (unsigned long long) *sum, OST_MAX_SUBJECTS);
    return ret;
}

/* @return the member, NULL where it is not there, or is empty: a setting can take it away */
static const ost_yaml_node_t *get(const ost_yaml_node_t *node, const char *key)
{
    const ost_yaml_node_t *member = ost_yaml_get(node, key);
    return member == NULL || ost_yaml_is_null(member) ? NULL : member;
}

int ost_experiment_enrolment(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *population, ost_error_t *err)
{
    const ost_yaml_node_t *enroll = get(population, "enroll"), *strata = get(population, "strata"),
                          *subjects = get(population, "subjects"), *at = enroll != NULL ? enroll : strata;
    uint64_t n = 0, sum = 0;
    int ret = read_strata(self, tree, strata, &sum, err);
    if (ret == 0) ret = ost_field_count(tree, enroll, 1, OST_MAX_SUBJECTS, &n, err);
    if (ret != 0 || (n == 0 && sum == 0)) return ret;
    if (subjects != NULL && subjects->origin == NULL && at->origin != NULL) subjects = NULL; /* a setting replaces it */
    const bool is_set = subjects != NULL && subjects->origin != NULL && sum == 0; /* so many of the same are enrolled */
    if (is_set) n = self->n_subjects;
    if (subjects != NULL && subjects->origin != NULL && !is_set)
        return ost_yaml_fail(tree, subjects, OST_ERR_VALUE, err,
            "'strata' says how many subjects take part; expected settings of the quotas, as of "
            "population.strata.%.80s.quota",
            self->strata[0].name);
    if (subjects != NULL && !is_set)
        return ost_yaml_fail(tree, subjects, OST_ERR_VALUE, err,
            "'%s' says how many subjects take part; expected one of the two", sum > 0 ? "strata" : "enroll");
    if (n > 0 && sum > 0 && n != sum)
        return ost_yaml_fail(tree, enroll, OST_ERR_VALUE, err, "the quotas of 'strata' sum to %llu, not to %llu",
            (unsigned long long) sum, (unsigned long long) n);
    if (sum == 0 && ost_yaml_get(population, "eligible") == NULL)
        return ost_yaml_fail(tree, enroll, OST_ERR_NAME, err,
            "subjects are drawn until so many are eligible; 'eligible' or 'strata' is needed");
    if (self->sampling != OST_SAMPLING_RANDOM)
        return ost_yaml_fail(tree, at, OST_ERR_VALUE, err,
            "a latin_hypercube spreads subjects of a known number, not those who turn out to be eligible; expected "
            "sampling: random");
    self->enrolls = true;
    self->n_subjects = n > 0 ? n : sum;
    return 0;
}

static int read_baseline(
    ost_experiment_t *self, ost_baseline_t *to, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    const ost_yaml_node_t *value = ost_yaml_get(node, "value"), *solve = ost_yaml_get(node, "solve");
    int ret = ost_field_text(tree, ost_yaml_get(node, "output"), &to->output, err);
    to->location = node->location;
    to->value_at = value->location;
    to->param_at = solve->location;
    if (ret == 0) ret = ost_field_text(tree, solve, &to->param, err);
    return ret == 0 ? ost_experiment_own_quantity(self, tree, value, &to->value, &to->formula, err) : ret;
}

int ost_experiment_baselines(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    int ret = 0;
    if (node == NULL || node->n_members == 0) return 0;
    if (node->n_members > OST_MAX_BASELINES)
        return ost_yaml_fail(tree, node, OST_ERR_LIMIT, err, "%zu outputs are given; expected at most %d",
            node->n_members, OST_MAX_BASELINES);
    if ((self->baselines = ost_list_new(node->n_members, sizeof(*self->baselines))) == NULL) return ost_no_memory(err);
    for (; self->n_baselines < node->n_members && ret == 0; self->n_baselines++)
        ret = read_baseline(self, &self->baselines[self->n_baselines], tree, &node->members[self->n_baselines], err);
    return ret;
}

void ost_experiment_free_strata(ost_experiment_t *self)
{
    for (size_t i = 0; i < self->n_strata; i++) {
        free(self->strata[i].name);
        free(self->strata[i].condition);
    }
    for (size_t i = 0; i < self->n_baselines; i++) {
        free(self->baselines[i].output);
        free(self->baselines[i].param);
        ost_formula_delete(self->baselines[i].formula);
    }
    free(self->strata);
    free(self->baselines);
    self->strata = NULL;
    self->baselines = NULL;
    self->n_strata = self->n_baselines = 0;
}
