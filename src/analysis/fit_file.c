/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the file of a fit; gives its trials, parameters with priors, rows, and exclusions with their reasons. */
#include "analysis/fit_impl.h"
#include "core/file.h"
#include "core/text.h"
#include "input/evidence.h"
#include "input/fields.h"
#include "input/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the solver: BMD to some 1e-6, so that difference quotients of observations are good to 1e-2 points. */
#define RTOL 1e-4
#define LEAF OST_YAML_SCALAR
#define LIST OST_YAML_SEQUENCE
#define MAP OST_YAML_MAPPING
#define MEMBERS(table) table, sizeof table / sizeof table[0]

static const ost_schema_t parameter[] = {
    { "prior", LEAF, "a quantity", "typical value, or that of the BSV, before any evidence", true, NULL, 0 },
    { "sd", LEAF, "a number", "SD of its ln, or logit for a range within 0..1; default: the model's prior", false, NULL,
        0 },
};
static const ost_schema_t parameters[] = { { "MODEL.PARAMETER", MAP, "a mapping of prior and sd",
    "to be estimated; MODEL.PARAMETER.spread: the SD of its between-subject variability", false, MEMBERS(parameter) } };
static const ost_schema_t exclusion[] = {
    { "trial", LEAF, "text", "as the table spells it", true, NULL, 0 },
    { "trial_arm", LEAF, "text", "only this arm", false, NULL, 0 },
    { "endpoint", LEAF, "text", "only this endpoint", false, NULL, 0 },
    { "site", LEAF, "text", "only this site", false, NULL, 0 },
    { "month", LEAF, "a number", "only this month", false, NULL, 0 },
    { "reason", LEAF, "text", "why the rows are not fitted", true, NULL, 0 },
};
static const ost_schema_t exclusions[] = { { "-", MAP, "a mapping of trial, ..., reason", "", false,
    MEMBERS(exclusion) } };
static const ost_schema_t fit[] = {
    { "title", LEAF, "text", "one line, for readers", false, NULL, 0 },
    { "trials", LEAF, "path of a folder", "of trials; relative to this file", true, NULL, 0 },
    { "evidence", LEAF, "path of a CSV file", "instead of the trials' own; relative to this file", false, NULL, 0 },
    { "subjects", LEAF, "a whole number", "of a latin hypercube, in each arm; default 256", false, NULL, 0 },
    { "search_subjects", LEAF, "a whole number",
        "that tell how observations move with parameters; default 16, at most: subjects", false, NULL, 0 },
    { "seed", LEAF, "a whole number", "of the starts and samples; default 1", false, NULL, 0 },
    { "starts", LEAF, "a whole number", "the prior's centre, then random ones; default 10", false, NULL, 0 },
    { "huber_k", LEAF, "a number", "residuals beyond so many SD count linearly; default 0: none", false, NULL, 0 },
    { "robust", 0, "huber_k", "", false, NULL, 0 },
    { "parameters", MAP, "a mapping of MODEL.PARAMETER", "to be estimated", true, MEMBERS(parameters) },
    { "exclude", LIST, "a list", "rows of role calibrate that are not fitted", false, MEMBERS(exclusions) },
};
static const ost_schema_t fit_schema = { "", MAP, "a mapping of trials, parameters, ...", "", true, MEMBERS(fit) };

/* The parameter "model.name" of any trial's plan, or with `find` = ost_model_spread that whose BSV has this name. */
static const ost_param_t *find_param(
    const ost_trials_t *trials, const char *name, int (*find)(const ost_model_t *, const char *))
{
    for (size_t t = 0; t < trials->n_trials; t++) {
        const ost_blocks_t *blocks = trials->trials[t].plan.blocks; /* NULL without observations: not planned */
        for (size_t b = 0; blocks != NULL && b < blocks->n; b++) {
            const ost_model_t *model = blocks->block[b].model;
            size_t n = strlen(model->name);
            if (strncmp(name, model->name, n) != 0 || name[n] != '.') continue;
            int k = find(model, name + n + 1);
            if (k >= 0 && !model->params[k].is_covariate) return &model->params[k];
        }
    }
    return NULL;
}

/* "aibl.T.spread" of "aibl.T[total_hip].spread": a BSV is that of all elements of an index. */
static void without_element(const char *key, char *text, size_t size)
{
    const char *end = strchr(key, ']');
    snprintf(text, size, "%.*s%s", (int) strcspn(key, "["), key, end != NULL ? end + 1 : "");
}

/* Names of the parameters of a plan and of their BSVs. @param[in,out] buffer  [MOST_NAMES] @return how many */
enum { MOST_NAMES = 2048, NAME_SIZE = 96 };
static size_t list_names(const ost_blocks_t *blocks, size_t n, char (*buffer)[NAME_SIZE])
{
    char stem[NAME_SIZE];
    for (size_t i = 0; blocks != NULL && i < blocks->n_params && n + 2 <= MOST_NAMES; i++) {
        without_element(ost_blocks_param_name(blocks, i, buffer[n], NAME_SIZE), stem, sizeof(stem));
        n++;
        if (ost_spread_has_sd(ost_blocks_param(blocks, i)->spread.kind))
            snprintf(buffer[n++], NAME_SIZE, "%.88s.spread", stem);
    }
    return n;
}

static int any_spread(const ost_model_t *model, const char *name)
{
    size_t i = 0;
    while (i < model->n_params && !ost_names_spread(name, model->params[i].name)) i++;
    return i < model->n_params ? (int) i : -1;
}

static int unknown_param(const ost_fit_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const char *names[MOST_NAMES], *near = NULL;
    char buffer[MOST_NAMES][NAME_SIZE], stem[NAME_SIZE];
    size_t n = 0, length = strlen(node->key); /* one of an index needs its element: aibl.T is aibl.T[lumbar_spine] */
    for (size_t t = 0; t < self->trials.n_trials; t++) n = list_names(self->trials.trials[t].plan.blocks, n, buffer);
    without_element(node->key, stem, sizeof(stem));
    for (size_t i = 0; i < n; i++) {
        names[i] = buffer[i];
        const bool is_index = strncmp(names[i], node->key, length) == 0 && names[i][length] == '[';
        if (near == NULL && (is_index || strcmp(names[i], stem) == 0)) near = names[i];
    }
    if (near == NULL && find_param(&self->trials, stem, any_spread) != NULL)
        return ost_yaml_fail_key(tree, node, OST_ERR_NAME,
            "the parameter has no between-subject variability with an SD; expected 'spread' in its model");
    if (near == NULL) near = ost_nearest(node->key, names, n);
    return ost_yaml_fail_key(
        tree, node, OST_ERR_NAME, "no trial has a model with this parameter%s%s%s", OST_HINT(near));
}

static int read_param(ost_fit_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    ost_fit_param_t *param = &self->params[self->n_params++];
    const ost_param_t *varying = find_param(&self->trials, node->key, ost_model_spread);
    const ost_param_t of_spread = varying != NULL ? ost_param_of_spread(varying) : (ost_param_t){ 0 };
    const ost_param_t *model = varying != NULL ? &of_spread : find_param(&self->trials, node->key, ost_model_param);
    if (model == NULL) return unknown_param(self, tree, node);
    const ost_yaml_node_t *prior = ost_yaml_get(node, "prior");
    *param = (ost_fit_param_t){ .name = ost_yaml_copy(tree, node->key),
        .unit_text = model->unit_text,
        .factor = model->unit.factor,
        .prior_sd = model->prior_sd,
        .lower = model->lower,
        .upper = model->upper,
        .logit = model->lower >= 0 && model->upper <= 1 && ost_dim_is_none(model->unit.dim) };
    ost_field_in_unit(tree, prior, &model->unit, model->unit_text, &param->prior);
    if (!isnan(ost_param_within(model, param->prior))) param->prior = ost_param_within(model, param->prior);
    if (param->logit && model->spread.kind != OST_SPREAD_LOGITNORMAL)
        param->prior_sd /= fmax(1 - param->prior, 1e-6); /* the model's is of ln: d logit = d ln/(1 - p) */
    ost_field_number(tree, ost_yaml_get(node, "sd"), 1e-6, 10, &param->prior_sd);
    if (tree->code != 0) return tree->code;
    param->value = param->prior;
    if (!(param->prior_sd > 0))
        return ost_yaml_fail(tree, node, OST_ERR_NAME, "the model gives no prior SD for it: give 'sd'");
    if (param->prior > 0 && (!param->logit || param->prior < 1) && param->prior >= model->lower &&
        param->prior <= model->upper)
        return 0;
    return ost_yaml_fail(tree, prior, OST_ERR_VALUE, "it has to be above 0%s and within its range %g..%g%s%s",
        param->logit ? ", below 1" : "", model->lower / param->factor, model->upper / param->factor,
        strcmp(model->unit_text, "1") == 0 ? "" : " ", strcmp(model->unit_text, "1") == 0 ? "" : model->unit_text);
}

static void read_exclusion(ost_fit_exclusion_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const struct {
        const char *key;
        char **text;
    } texts[] = { { "trial", &self->where.trial }, { "trial_arm", &self->where.trial_arm },
        { "endpoint", &self->where.endpoint }, { "site", &self->where.site }, { "reason", &self->reason } };
    self->where.month = NAN;
    self->where.location = node->location;
    ost_field_number(tree, ost_yaml_get(node, "month"), -INFINITY, INFINITY, &self->where.month);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ost_field_text(tree, ost_yaml_get(node, texts[i].key), texts[i].text);
}

static int no_row(const ost_fit_t *self, ost_error_t *err)
{
    return ost_fail_at(err, OST_ERR_VALUE, self->path, 0, 0, "no row of role 'calibrate' is left to be fitted");
}

/* Rows of role calibrate that no exclusion takes; those of one trial and class stand together. */
static int choose_rows(ost_fit_t *self, ost_error_t *err)
{
    size_t n_all = 0;
    for (size_t t = 0; t < self->trials.n_trials; t++) n_all += self->trials.trials[t].matched.n_observations;
    self->rows = ost_memory_list(&self->memory, n_all, sizeof(*self->rows));
    bool *taken = ost_memory_list(&self->memory, n_all, sizeof(*taken));
    ost_fit_row_t *all = ost_memory_list(&self->memory, n_all, sizeof(*all));
    int ret = self->memory.failed ? ost_no_memory(err) : 0;
    size_t n = 0;
    for (size_t t = 0; t < self->trials.n_trials && ret == 0; t++)
        for (size_t f = 0; f < self->trials.trials[t].matched.n_observations; f++) {
            const ost_evidence_row_t *row = self->trials.trials[t].matched.observations[f].row;
            bool fits = ost_evidence_role(row) == OST_ROLE_CALIBRATE;
            for (size_t x = 0; x < self->n_exclusions; x++)
                if (fits && ost_comparison_takes(&self->exclusions[x].where, row)) {
                    self->exclusions[x].n_rows++;
                    fits = false;
                }
            if (fits) all[n++] = (ost_fit_row_t){ .trial = t, .observation = f, .error = 1, .residual = NAN };
        }
    for (size_t i = 0; i < n; i++) {
        const ost_observation_t *of = &self->trials.trials[all[i].trial].matched.observations[all[i].observation];
        for (size_t k = i; k < n && !taken[i]; k++) {
            const ost_observation_t *other =
                &self->trials.trials[all[k].trial].matched.observations[all[k].observation];
            if (taken[k] || strcmp(of->row->trial, other->row->trial) != 0 ||
                of->endpoint_class != other->endpoint_class)
                continue;
            if (k > i) taken[k] = true;
            all[k].group = self->n_groups;
            self->rows[self->n_rows++] = all[k];
        }
        if (!taken[i]) self->n_groups++;
    }
    for (size_t t = 0; t < self->trials.n_trials && ret == 0; t++) {
        ost_trial_t *trial = &self->trials.trials[t];
        trial->skip = true;
        for (size_t i = 0; i < self->n_rows; i++) trial->skip = trial->skip && self->rows[i].trial != t;
        self->few.trials[t].skip = trial->skip;
    }
    if (ret == 0 && self->n_rows == 0) ret = no_row(self, err);
    for (size_t x = 0; x < self->n_exclusions && ret == 0; x++)
        if (self->exclusions[x].n_rows == 0)
            ret = ost_fail_at(err, OST_ERR_NAME, self->path, self->exclusions[x].where.location.line,
                self->exclusions[x].where.location.column,
                "no row of role 'calibrate' in these trials is like this (trial '%s')",
                self->exclusions[x].where.trial);
    return ret;
}

static int read_trials(ost_fit_t *self, ost_yaml_t *tree, const char *endpoints, const char *arms, ost_error_t *err)
{
    char *names[2] = { NULL, NULL }, *paths[2] = { NULL, NULL };
    uint64_t n_subjects = 256, n_search = 16; /* measured: configs/fit/README.md */
    ost_field_text(tree, ost_yaml_get(&tree->root, "trials"), &names[0]);
    ost_field_text(tree, ost_yaml_get(&tree->root, "evidence"), &names[1]);
    ost_field_count(tree, ost_yaml_get(&tree->root, "subjects"), 1, 100000, &n_subjects);
    ost_field_count(tree, ost_yaml_get(&tree->root, "search_subjects"), 2, 100000, &n_search);
    for (int i = 0; i < 2; i++)
        if (names[i] != NULL) paths[i] = ost_yaml_beside(tree, self->path, names[i]);
    int ret = tree->code;
    if (ret == 0) {
        self->n_subjects = n_subjects;
        ost_trials_options_t options = { .folder = paths[0],
            .stop = self->stop,
            .evidence = paths[1],
            .endpoints = endpoints,
            .arms = arms,
            .n_subjects = n_subjects,
            .sampling = OST_SAMPLING_LATIN_HYPERCUBE,
            .rtol = RTOL,
            .only_calibrate = true,
            .without_rules = true,
            .fixed_eligible = true };
        ret = ost_trials_read(&self->trials, &options, err);
        if (ret == 0) ret = ost_naive_read(&self->naive, &options, err);
        if (n_search < n_subjects) options.n_subjects = n_search;
        options.medians_as_means = true;
        if (ret == 0) ret = ost_trials_read(&self->few, &options, err);
    }
    return ret;
}

static int read_tree(ost_fit_t *self, ost_yaml_t *tree, const char *endpoints, const char *arms, ost_error_t *err)
{
    const ost_yaml_node_t *root = &tree->root, *params = ost_yaml_get(root, "parameters");
    const ost_yaml_node_t *exclude = ost_yaml_get(root, "exclude");
    self->seed = 1;
    self->n_starts = 10;
    int ret = read_trials(self, tree, endpoints, arms, err);
    if (ret == 0 && self->trials.n_observations == 0) ret = no_row(self, err);
    if (ret < 0) return ret;
    ost_field_text(tree, ost_yaml_get(root, "title"), &self->title);
    ost_field_count(tree, ost_yaml_get(root, "seed"), 0, UINT64_MAX, &self->seed);
    ost_field_count(tree, ost_yaml_get(root, "starts"), 1, 1000, &self->n_starts);
    ost_field_number(tree, ost_yaml_get(root, "huber_k"), 0, 100, &self->huber_k);
    if (tree->code != 0) return tree->code;
    const size_t n_excluded = exclude != NULL ? exclude->n_members : 0;
    self->params = ost_memory_list(&self->memory, params->n_members, sizeof(*self->params));
    self->exclusions = ost_memory_list(&self->memory, n_excluded, sizeof(*self->exclusions));
    ret = self->memory.failed ? ost_no_memory(err) : 0;
    for (size_t i = 0; i < params->n_members && ret == 0; i++) ret = read_param(self, tree, &params->members[i]);
    for (size_t i = 0; i < n_excluded && ret == 0; i++)
        read_exclusion(&self->exclusions[self->n_exclusions++], tree, &exclude->members[i]);
    if (ret == 0) ret = tree->code;
    for (size_t i = 0; i < self->n_exclusions && ret == 0; i++)
        ret =
            ost_comparison_spell(&self->exclusions[i].where, &self->trials.dictionary, self->path, &self->memory, err);
    if (ret == 0 && self->n_params == 0)
        ret = ost_yaml_fail(tree, params, OST_ERR_VALUE, "no parameter is to be estimated");
    if (ret == 0) ret = choose_rows(self, err);
    if (ret < 0) return ret;
    self->covariance = ost_memory_list(&self->memory, self->n_params * self->n_params, sizeof(double));
    self->sensitivity = ost_memory_list(&self->memory, self->n_rows * self->n_params, sizeof(double));
    return self->memory.failed ? ost_no_memory(err) : 0;
}

int ost_fit_read(ost_fit_t *self, const char *path, const char *endpoints, const char *arms, const atomic_bool *stop,
    ost_error_t *err)
{
    char *text = NULL;
    ost_yaml_t tree = { 0 };
    *self = (ost_fit_t){ .stop = stop };
    if ((self->path = ost_memory_text(&self->memory, path, strlen(path))) == NULL) return ost_no_memory(err);
    int ret = ost_file_read(&text, path, OST_YAML_MAX_BYTES, err);
    if (ret == 0) ret = ost_yaml_parse(&tree, self->path, text, err);
    tree.memory = &self->memory;
    if (ret == 0) ret = ost_schema_check(&fit_schema, &tree);
    if (ret == 0) ret = read_tree(self, &tree, endpoints, arms, err);
    self->warnings = tree.warnings;
    tree.warnings = (ost_text_list_t){ 0 };
    ost_yaml_free(&tree);
    free(text);
    return ret;
}

void ost_fit_free(ost_fit_t *self)
{
    if (self == NULL) return;
    ost_naive_free(&self->naive);
    ost_text_list_free(&self->warnings);
    ost_trials_free(&self->trials);
    ost_trials_free(&self->few);
    ost_memory_free(&self->memory);
    *self = (ost_fit_t){ 0 };
}
