/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/random.h"
#include "core/text.h"
#include "input/experiment_keys.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A range that holds less of a distribution than this was hardly meant, and inverting it loses digits. */
#define MIN_MASS 1e-6

enum { N_KINDS = OST_DIST_FORMULA + 1 };
static const char *const kind_names[N_KINDS] = { "fixed", "normal", "lognormal", "uniform", "exponential", "formula" };
/* The keys that each kind takes besides `unit`; the first one of them is needed and gives dimension and unit. */
static const char *const kind_keys[N_KINDS][6] = {
    { NULL },
    { "mean", "sd", "min", "max", NULL },
    { "median", "cv", "sd_log", "min", "max", NULL },
    { "from", "to", NULL },
    { "mean", "min", "max", NULL },
    { "formula", "min", "max", NULL },
};

static const ost_dim_t time_dim = { { [OST_DIM_TIME] = 6 } };

typedef struct {
    const ost_yaml_t *tree;
    const ost_yaml_node_t *node;
    ost_covariate_t *covariate;
    const ost_covariate_t *above; /* [n_above] */
    size_t n_above;
    ost_error_t *err;
} reader_t;

static void append_hint(ost_error_t *err, const char *text)
{
    size_t length = err != NULL ? strlen(err->what) : 0;
    if (err != NULL) snprintf(err->what + length, sizeof err->what - length, "%s", text);
}

static const ost_yaml_node_t *get(const reader_t *self, const char *key)
{
    return ost_yaml_get(self->node, key);
}

/* A quantity of the covariate's dimension. */
static int same_dim(const reader_t *self, const char *key, double *out)
{
    char example[96];
    snprintf(example, sizeof example, "10 %.80s", self->covariate->unit_text);
    return ost_field_of_dim(self->tree, get(self, key), self->covariate->unit.dim, example, out, self->err);
}

/* Unit of the result file: what `unit` says, else what the quantity at `node` is written with. */
static int set_unit(const reader_t *self, const ost_yaml_node_t *node)
{
    ost_covariate_t *covariate = self->covariate;
    const ost_yaml_node_t *unit = get(self, "unit");
    const ost_yaml_node_t *from = unit != NULL ? unit : node;
    ost_unit_t written = { .factor = 1 };
    if (from == NULL) return 0;
    free(covariate->unit_text);
    covariate->unit_text = NULL;
    if (unit != NULL) {
        int ret = ost_field_text(self->tree, unit, &covariate->unit_text, self->err);
        if (ret != 0) return ret;
    } else if ((covariate->unit_text = ost_strdup(ost_field_unit_text(node))) == NULL) {
        return ost_no_memory(self->err);
    }
    int ret = ost_unit_parse(&written, covariate->unit_text, self->err);
    if (ret != 0) return ost_yaml_locate(self->tree, from, ret, self->err);
    if (!ost_dim_equal(written.dim, covariate->unit.dim)) {
        char have[64], want[64];
        ost_dim_format(written.dim, have, sizeof have);
        ost_dim_format(covariate->unit.dim, want, sizeof want);
        return ost_yaml_fail(self->tree, from, OST_ERR_UNIT, self->err,
            "'%.60s' is a unit of %s, but the covariate has the dimension %s", covariate->unit_text, have, want);
    }
    covariate->unit = written;
    return 0;
}

/* The first quantity of a covariate decides its dimension; the others follow. */
static int read_first(const reader_t *self, const ost_yaml_node_t *node, double *out)
{
    int ret = ost_field_quantity(self->tree, node, out, &self->covariate->unit.dim, self->err);
    return ret != 0 ? ret : set_unit(self, node);
}

static int read_formula(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    const ost_yaml_node_t *node = get(self, "formula");
    const char **names = ost_list_new(self->n_above + 1, sizeof *names);
    ost_unit_t *units = ost_list_new(self->n_above + 1, sizeof *units);
    int ret = names == NULL || units == NULL ? ost_no_memory(self->err)
                                             : ost_field_text(self->tree, node, &covariate->formula_text, self->err);
    if (ret != 0) goto out;
    for (size_t i = 0; i < self->n_above; i++) {
        names[i] = self->above[i].name;
        units[i] = self->above[i].unit;
    }
    ret = ost_formula_new(
        &covariate->formula, covariate->formula_text, names, units, self->n_above, &covariate->unit.dim, self->err);
    if (ret != 0) {
        ost_yaml_locate(self->tree, node, ret, self->err);
        if (ret == OST_ERR_NAME) append_hint(self->err, "; a formula may use the covariates above it");
        goto out;
    }
    const ost_yaml_node_t *written = get(self, "min") != NULL ? get(self, "min") : get(self, "max");
    if (get(self, "unit") != NULL || written != NULL) {
        ret = set_unit(self, written);
        goto out;
    }
    const char *unit_text = ost_dim_is_none(covariate->unit.dim) ? "1" : NULL;
    covariate->unit.factor = 1;
    for (size_t i = 0; unit_text == NULL && i < self->n_above; i++) {
        if (!ost_dim_equal(units[i].dim, covariate->unit.dim)) continue;
        unit_text = self->above[i].unit_text;
        covariate->unit.factor = units[i].factor;
    }
    if (unit_text == NULL) {
        ret = ost_yaml_fail(self->tree, self->node, OST_ERR_UNIT, self->err,
            "no covariate above has the dimension of this formula; say its unit, as in 'unit: kg/m2'");
        goto out;
    }
    covariate->unit_text = ost_strdup(unit_text);
    if (covariate->unit_text == NULL) ret = ost_no_memory(self->err);
out:
    free(names);
    free(units);
    return ret;
}

static int read_lognormal(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    const ost_yaml_node_t *cv_node = get(self, "cv"), *sd_node = get(self, "sd_log");
    if ((cv_node == NULL) == (sd_node == NULL)) {
        return ost_yaml_fail(self->tree, self->node, OST_ERR_NAME, self->err,
            "lognormal needs either 'cv' (coefficient of variation) or 'sd_log' (SD of the logarithm)");
    }
    double cv = 0;
    int ret = read_first(self, get(self, "median"), &covariate->a);
    if (ret == 0) ret = ost_field_number(self->tree, cv_node, 0, 10, &cv, self->err);
    if (cv_node != NULL) covariate->b = sqrt(log1p(cv * cv));
    if (ret == 0) ret = ost_field_number(self->tree, sd_node, 0, 10, &covariate->b, self->err);
    if (ret != 0) return ret;
    if (covariate->a > 0) return 0;
    return ost_yaml_fail(
        self->tree, get(self, "median"), OST_ERR_VALUE, self->err, "the median of a lognormal is greater than 0");
}

static int read_kind(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    int ret;
    switch (covariate->kind) {
    case OST_DIST_NORMAL:
        ret = read_first(self, get(self, "mean"), &covariate->a);
        return ret != 0 ? ret : same_dim(self, "sd", &covariate->b);
    case OST_DIST_LOGNORMAL:
        return read_lognormal(self);
    case OST_DIST_UNIFORM:
        ret = read_first(self, get(self, "from"), &covariate->a);
        if (ret == 0) ret = same_dim(self, "to", &covariate->b);
        if (ret != 0 || covariate->a < covariate->b) return ret;
        return ost_yaml_fail(self->tree, get(self, "to"), OST_ERR_VALUE, self->err, "'to' must be greater than 'from'");
    case OST_DIST_EXPONENTIAL:
        ret = read_first(self, get(self, "mean"), &covariate->a);
        if (ret != 0 || covariate->a > 0) return ret;
        return ost_yaml_fail(
            self->tree, get(self, "mean"), OST_ERR_VALUE, self->err, "the mean of an exponential is greater than 0");
    default:
        return read_formula(self);
    }
}

static double standard_score(const ost_covariate_t *covariate, double x)
{
    if (isinf(x)) return x;
    if (covariate->kind == OST_DIST_NORMAL) return (x - covariate->a) / covariate->b;
    return x > 0 ? log(x / covariate->a) / covariate->b : -INFINITY;
}

static int read_range(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    int ret = same_dim(self, "min", &covariate->lower);
    if (ret == 0) ret = same_dim(self, "max", &covariate->upper);
    if (ret != 0) return ret;
    if (!(covariate->lower < covariate->upper)) {
        return ost_yaml_fail(
            self->tree, get(self, "max"), OST_ERR_VALUE, self->err, "'max' must be greater than 'min'");
    }
    if (covariate->kind == OST_DIST_EXPONENTIAL && !(covariate->upper > 0)) {
        return ost_yaml_fail(
            self->tree, get(self, "max"), OST_ERR_VALUE, self->err, "an exponential is greater than 0, its 'max' too");
    }
    if (covariate->kind != OST_DIST_NORMAL && covariate->kind != OST_DIST_LOGNORMAL) return 0;
    if (!(covariate->b > 0)) {
        return ost_yaml_fail(self->tree, self->node, OST_ERR_VALUE, self->err,
            "the spread must be greater than 0; a fixed covariate is written as a plain quantity");
    }
    double mass = ost_normal_cdf(standard_score(covariate, covariate->upper)) -
                  ost_normal_cdf(standard_score(covariate, covariate->lower));
    if (mass >= MIN_MASS) return 0;
    return ost_yaml_fail(self->tree, self->node, OST_ERR_VALUE, self->err,
        "the range min .. max holds almost nothing of the distribution (a share of %.2g)", mass);
}

/* Refuse keys of other kinds ("median" of a normal), ask for those that are missing. */
static int check_keys(const reader_t *self)
{
    const char *const *keys = kind_keys[self->covariate->kind];
    const char *kind = kind_names[self->covariate->kind];
    for (size_t i = 0; i < self->node->n_members; i++) {
        const ost_yaml_node_t *member = &self->node->members[i];
        bool known = strcmp(member->key, "unit") == 0 || strcmp(member->key, "distribution") == 0;
        for (size_t k = 0; keys[k] != NULL; k++) known = known || strcmp(member->key, keys[k]) == 0;
        if (!known) {
            return ost_yaml_fail_key(self->tree, member, OST_ERR_NAME, self->err,
                "does not belong to a covariate of kind %s, which takes %s, ...", kind, keys[0]);
        }
    }
    size_t n_needed = self->covariate->kind == OST_DIST_NORMAL || self->covariate->kind == OST_DIST_UNIFORM ? 2 : 1;
    for (size_t k = 0; k < n_needed; k++) {
        if (get(self, keys[k]) == NULL) {
            return ost_yaml_fail(
                self->tree, self->node, OST_ERR_NAME, self->err, "'%s' is missing here: %s needs it", keys[k], kind);
        }
    }
    return 0;
}

static int read_covariate(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    const ost_yaml_node_t *node = self->node;
    covariate->lower = -INFINITY;
    covariate->upper = INFINITY;
    covariate->location = node->key_at;
    int ret = ost_field_check_name(self->tree, node, node->key, false, self->err);
    if (ret != 0) return ret;
    covariate->name = ost_strdup(node->key);
    if (covariate->name == NULL) return ost_no_memory(self->err);
    if (node->kind == OST_YAML_SCALAR) {
        covariate->kind = OST_DIST_FIXED;
        return read_first(self, node, &covariate->a);
    }
    int kind = 0;
    const ost_yaml_node_t *distribution = get(self, "distribution");
    if ((distribution == NULL) == (get(self, "formula") == NULL)) {
        return ost_yaml_fail(self->tree, node, OST_ERR_NAME, self->err,
            "either 'distribution' (normal, lognormal, uniform, exponential) or 'formula' is needed");
    }
    if (distribution != NULL) {
        ret = ost_field_choice(self->tree, distribution, kind_names + OST_DIST_NORMAL, 4, &kind, self->err);
        if (ret != 0) return ret;
    }
    covariate->kind = distribution != NULL ? (ost_dist_kind_t) (OST_DIST_NORMAL + kind) : OST_DIST_FORMULA;
    ret = check_keys(self);
    if (ret == 0) ret = read_kind(self);
    if (ret == 0) ret = read_range(self);
    return ret;
}

static int read_covariates(
    ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    if (node == NULL || node->n_members == 0) return 0;
    self->covariates = ost_list_new(node->n_members, sizeof *self->covariates);
    if (self->covariates == NULL) return ost_no_memory(err);
    self->n_covariates = node->n_members;
    for (size_t i = 0; i < node->n_members; i++) {
        const reader_t reader = { .tree = tree,
            .node = &node->members[i],
            .covariate = &self->covariates[i],
            .above = self->covariates,
            .n_above = i,
            .err = err };
        int ret = read_covariate(&reader);
        if (ret != 0) return ret;
    }
    return 0;
}

/* Whether a text is meant as a formula: it names a covariate, or begins as no number does. */
static bool is_formula(const ost_experiment_t *self, const char *text)
{
    const char *c = text + strspn(text, "-+ ");
    if (isalpha((unsigned char) *c) || *c == '(') return true;
    for (size_t i = 0; i < self->n_covariates; i++) {
        const char *name = self->covariates[i].name, *at = text;
        while ((at = strstr(at, name)) != NULL) {
            char before = at == text ? ' ' : at[-1], after = at[strlen(name)];
            if (!isalnum((unsigned char) before) && before != '_' && !isalnum((unsigned char) after) && after != '_')
                return true;
            at++;
        }
    }
    return false;
}

/* @param text  that of the node, or what a plain quantity there becomes */
static int new_formula(const ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node,
    const char *text, ost_formula_t **out, ost_dim_t *dim, ost_error_t *err)
{
    const char **names = ost_list_new(self->n_covariates + 1, sizeof *names);
    ost_unit_t *units = ost_list_new(self->n_covariates + 1, sizeof *units);
    int ret = names == NULL || units == NULL ? ost_no_memory(err) : 0;
    for (size_t i = 0; i < self->n_covariates && ret == 0; i++) {
        names[i] = self->covariates[i].name;
        units[i] = self->covariates[i].unit;
    }
    if (ret == 0) {
        ret = ost_formula_new(out, text, names, units, self->n_covariates, dim, err);
        if (ret != 0) ost_yaml_locate(tree, node, ret, err);
    }
    free(names);
    free(units);
    return ret;
}

int ost_experiment_own(const ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim,
    const char *example, double *value, ost_formula_t **own, ost_error_t *err)
{
    ost_dim_t found;
    if (node == NULL) return 0;
    if (ost_yaml_is_null(node) || !is_formula(self, node->text))
        return ost_field_of_dim(tree, node, dim, example, value, err);
    int ret = new_formula(self, tree, node, node->text, own, &found, err);
    for (size_t i = 0; i < self->n_covariates && ret == 0; i++)
        self->covariates[i].treats |= strstr(node->text, self->covariates[i].name) != NULL;
    if (ret != 0 || ost_dim_equal(found, dim)) return ret;
    char have[64], want[64];
    return ost_yaml_fail(tree, node, OST_ERR_UNIT, err,
        "this formula has the dimension %s; %s is expected, as in '%s' or a formula of the covariates",
        ost_dim_format(found, have, sizeof have), ost_dim_format(dim, want, sizeof want), example);
}

/* A formula of all covariates that gives a time; a plain time becomes one. */
static int read_run_in(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    if (node == NULL) return 0;
    self->start_location = node->location;
    int ret = ost_field_text(tree, node, &self->start_text, err);
    if (ret != 0) return ret;
    double value;
    ost_dim_t dim;
    if (ost_quantity_parse(&value, &dim, self->start_text, NULL) == 0) {
        ret = ost_field_time(tree, node, &value, err);
        if (ret != 0) return ret;
        if (value > 0)
            return ost_yaml_fail(
                tree, node, OST_ERR_VALUE, err, "life before treatment begins before time 0, as in '-5 year'");
        char text[64];
        snprintf(text, sizeof text, "%.17g [d]", value);
        free(self->start_text);
        self->start_text = ost_strdup(text);
        if (self->start_text == NULL) return ost_no_memory(err);
    }
    ret = new_formula(self, tree, node, self->start_text, &self->start, &dim, err);
    if (ret != 0 || ost_dim_equal(dim, time_dim)) return ret;
    char have[64];
    return ost_yaml_fail(tree, node, OST_ERR_UNIT, err,
        "it has the dimension %s; time is expected, as in '-10 year' or '-(years_since_menopause + 10 [y])'",
        ost_dim_format(dim, have, sizeof have));
}

int ost_experiment_condition(
    const ost_yaml_t *tree, const ost_yaml_node_t *node, char **text, ost_location_t *location, ost_error_t *err)
{
    if (node == NULL) return 0;
    *location = node->location;
    location->column += node->quoted;
    return ost_field_text(tree, node, text, err);
}

/* When people leave; a plain time becomes a formula. */
static int read_dropout(ost_experiment_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    if (node == NULL) return 0;
    double value = 0;
    char text[64];
    int ret = ost_experiment_own(self, tree, node, time_dim, "3 year", &value, &self->dropout, err);
    if (ret != 0 || self->dropout != NULL) return ret;
    ost_dim_t dim;
    snprintf(text, sizeof text, "%.17g [d]", value);
    return new_formula(self, tree, node, text, &self->dropout, &dim, err);
}

static int read_setting(
    ost_param_setting_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
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
    int ret = ost_field_quantity(tree, value, &self->value, &self->dim, err);
    if (ret == 0) ret = ost_field_quantity(tree, spread, &self->spread_sd, &self->spread_dim, err);
    if (ret == 0 && self->spread_sd < 0) {
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
        int ret = read_setting(&self->settings[i], tree, &node->members[i], err);
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
    if (self->sampling == OST_SAMPLING_RANDOM || self->first_subject == 0) return 0;
    return ost_yaml_fail(tree, node, OST_ERR_VALUE, err,
        "a latin_hypercube is one whole cohort: 'first_subject' must be 0, not %llu",
        (unsigned long long) self->first_subject);
}

int ost_experiment_people(ost_experiment_t *self, const ost_yaml_t *tree, ost_error_t *err)
{
    /* subject numbers are int64 in the result file */
    const uint64_t max = INT64_MAX / 2;
    const ost_yaml_node_t *population = ost_yaml_get(&tree->root, "population");
    self->n_subjects = 1;
    self->seed = 1;
    self->variability = true;
    int ret = ost_field_count(tree, ost_yaml_get(population, "subjects"), 1, max, &self->n_subjects, err);
    if (ret == 0) ret = ost_field_count(tree, ost_yaml_get(population, "seed"), 0, UINT64_MAX, &self->seed, err);
    if (ret == 0) {
        ret = ost_field_count(tree, ost_yaml_get(population, "first_subject"), 0, max, &self->first_subject, err);
    }
    if (ret == 0) ret = ost_field_flag(tree, ost_yaml_get(population, "variability"), &self->variability, err);
    if (ret == 0) ret = read_sampling(self, tree, population, err);
    if (ret == 0) ret = read_covariates(self, tree, ost_yaml_get(population, "covariates"), err);
    if (ret == 0)
        ret = ost_experiment_condition(
            tree, ost_yaml_get(population, "eligible"), &self->eligible, &self->eligible_location, err);
    if (ret == 0) ret = read_dropout(self, tree, ost_yaml_get(population, "dropout"), err);
    if (ret == 0) ret = read_run_in(self, tree, ost_yaml_get(ost_yaml_get(&tree->root, "run_in"), "start"), err);
    if (ret == 0) ret = read_settings(self, tree, ost_yaml_get(&tree->root, "parameters"), err);
    return ret;
}
