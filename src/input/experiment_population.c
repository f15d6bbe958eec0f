/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the keys population, run_in and parameters; gives the subjects of an experiment. */
#include "core/text.h"
#include "input/experiment_keys.h"

#include <stdlib.h>
#include <string.h>

static const ost_dim_t time_dim = { { [OST_DIM_TIME] = 6 } };

/* A formula of all covariates that gives a time; a plain time becomes one. */
static int read_run_in(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    if (node == NULL) return 0;
    self->start_location = node->location;
    int ret = ost_field_text(tree, node, &self->start_text, err);
    if (ret != 0) return ret;
    double value;
    ost_dim_t dim;
    ost_quantity_t quantity;
    if (ost_quantity_parse(&quantity, self->start_text, NULL) == 0) {
        ret = ost_field_time(tree, node, &value, err);
        if (ret != 0) return ret;
        if (value > 0)
            return ost_yaml_fail(
                tree, node, OST_ERR_VALUE, err, "life before treatment begins before time 0, as in '-5 year'");
        if (value < -OST_LONGEST_LIFE)
            return ost_yaml_fail(tree, node, OST_ERR_VALUE, err,
                "'%.60s' is more than %d years from time 0, longer than a human life", self->start_text,
                OST_LIFE_YEARS);
        char text[64];
        snprintf(text, sizeof text, "%.17g [d]", value);
        free(self->start_text);
        self->start_text = ost_strdup(text);
        if (self->start_text == NULL) return ost_no_memory(err);
    }
    ret = ost_experiment_formula(
        self->covariates, self->n_covariates, tree, node, self->start_text, &self->start, &dim, err);
    if (ret == 0) ret = ost_experiment_constant(self, tree, node, err);
    if (ret != 0 || ost_dim_equal(dim, time_dim)) return ret;
    char why[OST_DIM_MISMATCH_SIZE];
    return ost_yaml_fail(tree, node, OST_ERR_UNIT, err, "it %s",
        ost_dim_mismatch(dim, time_dim, "-10 year or -(years_since_menopause + 10 [y])", why));
}

/* When subjects leave; a plain time becomes a formula. */
static int read_dropout(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    if (node == NULL) return 0;
    double value = 0;
    char text[64];
    int ret = ost_experiment_own(self, tree, node, time_dim, "3 year", &value, &self->dropout, err);
    if (ret != 0 || self->dropout != NULL) return ret;
    ost_dim_t dim;
    snprintf(text, sizeof text, "%.17g [d]", value);
    return ost_experiment_formula(NULL, 0, tree, node, text, &self->dropout, &dim, err);
}

static int read_setting(const ost_experiment_t *e, ost_param_setting_t *self, const ost_yaml_t *tree,
    const ost_yaml_node_t *node, ost_error_t *err)
{
    const char *dot = strchr(node->key, '.');
    self->location = node->key_at;
    if (dot == NULL || dot == node->key || dot[1] == '\0') {
        return ost_yaml_fail_key(tree, node, OST_ERR_SYNTAX, err,
            "a parameter is named by its model and itself, as in aibl.k_C or aibl.T[lumbar_spine]");
    }
    self->model = ost_strdup(node->key);
    self->param = ost_strdup(dot + 1);
    if (self->model == NULL || self->param == NULL) return ost_no_memory(err);
    self->model[dot - node->key] = '\0';
    const ost_yaml_node_t *value = node->kind == OST_YAML_SCALAR ? node : ost_yaml_get(node, "value");
    const ost_yaml_node_t *spread = ost_yaml_get(node, "spread");
    if (value == NULL && spread == NULL) {
        return ost_yaml_fail(tree, node, OST_ERR_NAME, err, "'value', 'spread' or both are needed");
    }
    self->sets_value = value != NULL;
    self->sets_spread = spread != NULL;
    int ret = ost_experiment_own_in_time(e, tree, value, &self->value, &self->formula, err);
    if (ret == 0 && self->formula != NULL && (self->formula_text = ost_strdup(value->text)) == NULL)
        return ost_no_memory(err);
    if (ret == 0) ret = ost_field_quantity(tree, spread, &self->spread, err);
    if (ret == 0 && self->spread.value < 0) {
        ret = ost_yaml_fail(tree, spread, OST_ERR_VALUE, err, "a spread is not negative");
    }
    return ret;
}

static int read_settings(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    if (node == NULL || node->n_members == 0) return 0;
    self->settings = ost_list_new(node->n_members, sizeof *self->settings);
    if (self->settings == NULL) return ost_no_memory(err);
    self->n_settings = node->n_members;
    for (size_t i = 0; i < node->n_members; i++) {
        int ret = read_setting(self, &self->settings[i], tree, &node->members[i], err);
        if (ret != 0) return ret;
    }
    return 0;
}

static int read_sampling(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *population, ost_error_t *err)
{
    static const char *const names[] = { "random", "latin_hypercube" };
    const ost_yaml_node_t *node = ost_yaml_get(population, "sampling");
    int sampling = OST_SAMPLING_RANDOM;
    int ret = ost_field_choice(tree, node, names, 2, &sampling, err);
    if (ret != 0) return ret;
    self->sampling = (ost_sampling_t) sampling;
    uint64_t n_cohort = self->n_cohort > 0 ? self->n_cohort : self->n_subjects;
    if (self->sampling == OST_SAMPLING_RANDOM || self->first_subject + self->n_subjects <= n_cohort) return 0;
    return ost_yaml_fail(tree, node, OST_ERR_VALUE, err,
        "a latin_hypercube spreads the %llu subjects of a whole cohort, numbered from 0: 'first_subject' %llu and "
        "'subjects' %llu go beyond; 'cohort' says how many there are",
        (unsigned long long) n_cohort, (unsigned long long) self->first_subject, (unsigned long long) self->n_subjects);
}

int ost_experiment_people(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_people_source_t *people, ost_error_t *err)
{
    const uint64_t max = OST_MAX_SUBJECTS;
    const ost_yaml_node_t *population = ost_yaml_get(&tree->root, "population");
    self->n_subjects = 1;
    self->seed = 1;
    self->variability = true;
    int ret = ost_field_count(tree, ost_yaml_get(population, "subjects"), 1, max, &self->n_subjects, err);
    if (ret == 0) ret = ost_field_count(tree, ost_yaml_get(population, "seed"), 0, UINT64_MAX, &self->seed, err);
    if (ret == 0) {
        ret = ost_field_count(tree, ost_yaml_get(population, "first_subject"), 0, max, &self->first_subject, err);
    }
    if (ret == 0) ret = ost_field_count(tree, ost_yaml_get(population, "cohort"), 1, max, &self->n_cohort, err);
    if (ret == 0) ret = ost_field_flag(tree, ost_yaml_get(population, "variability"), &self->variability, err);
    if (ret == 0) ret = ost_experiment_table(self, tree, population, people, err);
    if (ret == 0) ret = read_sampling(self, tree, population, err);
    if (ret == 0) ret = ost_experiment_enrolment(self, tree, population, err);
    if (ret == 0) ret = ost_experiment_covariates(self, tree, ost_yaml_get(population, "covariates"), err);
    if (ret == 0) ret = ost_experiment_correlations(self, tree, ost_yaml_get(population, "correlate"), err);
    if (ret == 0)
        ret = ost_experiment_condition(
            tree, ost_yaml_get(population, "eligible"), &self->eligible, &self->eligible_location, err);
    if (ret == 0) ret = ost_experiment_baselines(self, tree, ost_yaml_get(population, "baseline"), err);
    if (ret == 0) ret = read_dropout(self, tree, ost_yaml_get(population, "dropout"), err);
    if (ret == 0) ret = read_run_in(self, tree, ost_yaml_get(ost_yaml_get(&tree->root, "run_in"), "start"), err);
    if (ret == 0) ret = read_settings(self, tree, ost_yaml_get(&tree->root, "parameters"), err);
    return ret;
}
