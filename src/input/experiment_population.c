/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the keys population, run_in and parameters; gives the subjects of an experiment. */
#include "input/experiment_keys.h"

#include <string.h>

/* A formula of all covariates that gives a time; a plain time becomes one. */
static void read_run_in(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    if (node == NULL) return;
    self->start_location = node->location;
    ost_field_text(tree, node, &self->start_text);
    if (tree->code != 0) return;
    double value = 0;
    ost_dim_t dim;
    ost_quantity_t quantity;
    if (ost_quantity_parse(&quantity, self->start_text, NULL) == 0) {
        ost_field_time(tree, node, &value);
        if (value > 0)
            ost_yaml_fail(tree, node, OST_ERR_VALUE, "life before treatment begins before time 0, as in '-5 year'");
        if (value < -OST_LONGEST_LIFE)
            ost_yaml_fail(tree, node, OST_ERR_VALUE,
                "'%.60s' is more than %d years from time 0, longer than a human life", self->start_text,
                OST_LIFE_YEARS);
        char text[64];
        snprintf(text, sizeof text, "%.17g [d]", value);
        self->start_text = ost_yaml_copy(tree, text);
    }
    ost_experiment_formula(self->covariates, self->n_covariates, tree, node, self->start_text, &self->start, &dim);
    if (tree->code != 0) return;
    ost_experiment_constant(self, tree, node);
    char why[OST_DIM_MISMATCH_SIZE];
    if (!ost_dim_equal(dim, ost_dim_time))
        ost_yaml_fail(tree, node, OST_ERR_UNIT, "it %s",
            ost_dim_mismatch(dim, ost_dim_time, "-10 year or -(years_since_menopause + 10 [y])", why));
}

/* When subjects leave; a plain time becomes a formula. */
static void read_dropout(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    double value = 0;
    ost_experiment_own(self, tree, node, ost_dim_time, "3 year", &value, &self->dropout);
    if (value < 0) ost_yaml_fail(tree, node, OST_ERR_VALUE, "'%.60s' is before time 0", node->text);
    if (node != NULL && self->dropout == NULL) ost_experiment_plain(tree, node, value, " [d]", &self->dropout);
}

static void read_setting(
    const ost_experiment_t *e, ost_param_setting_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_yaml_node_t *value = node->kind == OST_YAML_SCALAR ? node : ost_yaml_get(node, "value"),
                          *spread = ost_yaml_get(node, "spread");
    self->location = node->key_at;
    self->sets_value = value != NULL;
    self->sets_spread = spread != NULL;
    self->model = ost_yaml_copy(tree, node->key);
    char *dot = self->model != NULL ? strchr(self->model, '.') : NULL;
    if (dot == NULL || dot == self->model || dot[1] == '\0') {
        ost_yaml_fail_key(tree, node, OST_ERR_SYNTAX,
            "a parameter is named by its model and itself, as in aibl.k_C or aibl.T[lumbar_spine]");
        return;
    }
    *dot = '\0';
    self->param = ost_yaml_copy(tree, dot + 1);
    if (value == NULL && spread == NULL)
        ost_yaml_fail(tree, node, OST_ERR_NAME, "'value', 'spread' or both are needed");
    ost_experiment_own_in_time(e, tree, value, &self->value, &self->formula);
    if (self->formula != NULL) self->formula_text = ost_yaml_copy(tree, value->text);
    ost_field_quantity(tree, spread, &self->spread);
    if (self->spread.value < 0) ost_yaml_fail(tree, spread, OST_ERR_VALUE, "a spread is not negative");
}

static void read_sampling(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *population)
{
    static const char *const names[] = { "random", "latin_hypercube" };
    const ost_yaml_node_t *node = ost_yaml_get(population, "sampling");
    int sampling = OST_SAMPLING_RANDOM;
    ost_field_choice(tree, node, names, 2, &sampling);
    self->sampling = (ost_sampling_t) sampling;
    uint64_t n_cohort = self->n_cohort > 0 ? self->n_cohort : self->n_subjects;
    if (self->sampling == OST_SAMPLING_RANDOM || self->first_subject + self->n_subjects <= n_cohort) return;
    ost_yaml_fail(tree, node, OST_ERR_VALUE,
        "a latin_hypercube spreads the %llu subjects of a whole cohort, numbered from 0: 'first_subject' %llu and "
        "'subjects' %llu go beyond; 'cohort' says how many there are",
        (unsigned long long) n_cohort, (unsigned long long) self->first_subject, (unsigned long long) self->n_subjects);
}

void ost_experiment_people(ost_experiment_t *self, ost_yaml_t *tree, const ost_people_source_t *people)
{
    const uint64_t max = OST_MAX_SUBJECTS;
    const ost_yaml_node_t *population = ost_yaml_get(&tree->root, "population"),
                          *parameters = ost_yaml_get(&tree->root, "parameters");
    self->n_subjects = 1;
    self->seed = 1;
    self->variability = true;
    ost_field_count(tree, ost_yaml_get(population, "subjects"), 1, max, &self->n_subjects);
    ost_field_count(tree, ost_yaml_get(population, "seed"), 0, UINT64_MAX, &self->seed);
    ost_field_count(tree, ost_yaml_get(population, "first_subject"), 0, max, &self->first_subject);
    ost_field_count(tree, ost_yaml_get(population, "cohort"), 1, max, &self->n_cohort);
    ost_field_flag(tree, ost_yaml_get(population, "variability"), &self->variability);
    ost_experiment_table(self, tree, population, people);
    read_sampling(self, tree, population);
    ost_experiment_enrolment(self, tree, population);
    ost_experiment_covariates(self, tree, ost_yaml_get(population, "covariates"));
    ost_experiment_correlations(self, tree, ost_yaml_get(population, "correlate"));
    ost_experiment_condition(tree, ost_yaml_get(population, "eligible"), &self->eligible, &self->eligible_location);
    ost_experiment_baselines(self, tree, ost_yaml_get(population, "baseline"));
    read_dropout(self, tree, ost_yaml_get(population, "dropout"));
    read_run_in(self, tree, ost_yaml_get(ost_yaml_get(&tree->root, "run_in"), "start"));
    self->settings = ost_yaml_list(tree, parameters, sizeof *self->settings, &self->n_settings);
    for (size_t i = 0; i < self->n_settings; i++) read_setting(self, &self->settings[i], tree, &parameters->members[i]);
}
