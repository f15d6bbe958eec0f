/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the key population.covariates; gives the covariates of subjects: values, distributions and formulas, and the
 * columns of the table of people before them. */
#include "core/text.h"
#include "core/vocabulary.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    ost_yaml_t *tree;
    const ost_yaml_node_t *node;
    ost_covariate_t *covariate;
    const ost_covariate_t *above; /* [n_above] */
    size_t n_above;
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

/* Whether a member of a distribution says its dimension: a quantity, or the unit. @param[out] dim  of it */
static bool says_dim(const ost_yaml_node_t *member, ost_dim_t *dim)
{
    ost_quantity_t quantity;
    ost_unit_t unit;
    if (member->kind != OST_YAML_SCALAR || ost_yaml_is_null(member)) return false;
    for (int k = OST_DIST_KEY_NONE + 1; k < OST_N_DIST_KEYS; k++)
        if (ost_dist_keys[k].largest > 0 && strcmp(member->key, ost_dist_keys[k].word) == 0) return false;
    if (strcmp(member->key, "unit") == 0) {
        if (ost_unit_parse(&unit, member->text, NULL) < 0) return false;
        *dim = unit.dim;
        return true;
    }
    if (strcmp(member->key, "distribution") == 0 || ost_quantity_parse(&quantity, member->text, NULL) < 0) return false;
    *dim = quantity.dim;
    return true;
}

/* The member of a distribution whose dimension most of them have: of equally many one with a unit, and the first.
 * NULL: none says it. */
static const ost_yaml_node_t *of_most(const reader_t *self, ost_dim_t *dim)
{
    const ost_yaml_node_t *found = NULL, *members = self->node->members;
    int most = 0;
    for (size_t i = 0; i < self->node->n_members; i++) {
        ost_dim_t own, other;
        if (!says_dim(&members[i], &own)) continue;
        int votes = ost_dim_is_none(own) ? 0 : 1;
        for (size_t k = 0; k < self->node->n_members; k++)
            votes += says_dim(&members[k], &other) && ost_dim_equal(own, other) ? 2 : 0;
        if (votes <= most) continue;
        most = votes;
        found = &members[i];
        *dim = own;
    }
    return found;
}

/* Refuse the first quantity of a distribution where the others have another dimension. */
static void check_first(const reader_t *self, const ost_yaml_node_t *node, ost_dim_t dim)
{
    ost_dim_t expected;
    char example[96], why[OST_DIM_MISMATCH_SIZE];
    const ost_yaml_node_t *most = self->tree->code == 0 ? of_most(self, &expected) : NULL;
    if (most == NULL || ost_dim_equal(dim, expected)) return;
    const char *unit = strcmp(most->key, "unit") == 0 ? most->text : ost_field_unit_text(most);
    snprintf(example, sizeof(example), "%g %.60s", strtod(node->text, NULL), unit);
    ost_yaml_fail(self->tree, node, OST_ERR_UNIT, "'%.60s' %s", node->text,
        ost_dim_mismatch(dim, expected, ost_dim_is_none(expected) ? NULL : example, why));
}

/* A quantity of the covariate's dimension, in a unit of its own. */
static void same_dim(const reader_t *self, const ost_yaml_node_t *node, double *out)
{
    ost_covariate_t *covariate = self->covariate;
    ost_quantity_t found = { 0 };
    ost_field_quantity(self->tree, node, &found);
    if (self->tree->code != 0) return;
    if (found.is_plain && covariate->plain == 0) covariate->plain = found.value;
    ost_field_in_unit(self->tree, node, &covariate->unit, covariate->unit_text, out);
    ost_dim_t dim;
    const ost_yaml_node_t *most = self->tree->code == OST_ERR_UNIT ? of_most(self, &dim) : NULL;
    if (most == NULL || ost_dim_is_none(found.dim) || ost_dim_is_none(dim)) return;
    char hint[160]; /* either may be the wrong one */
    snprintf(hint, sizeof(hint), "; '%.60s' is '%.60s'", most->key, most->text);
    append_hint(self->tree->err, hint);
}

/* Unit of the result file: what `unit` says, else what the quantity at `node` is written with. */
static void set_unit(const reader_t *self, const ost_yaml_node_t *node)
{
    ost_covariate_t *covariate = self->covariate;
    const ost_yaml_node_t *unit = get(self, "unit");
    const ost_yaml_node_t *from = unit != NULL ? unit : node;
    ost_unit_t written = { .factor = 1 };
    char why[OST_DIM_MISMATCH_SIZE];
    if (from == NULL || self->tree->code != 0) return;
    covariate->unit_text = unit != NULL ? NULL : ost_yaml_copy(self->tree, ost_field_unit_text(node));
    ost_field_text(self->tree, unit, &covariate->unit_text);
    if (self->tree->code != 0) return;
    if (ost_yaml_locate(self->tree, from, ost_unit_parse(&written, covariate->unit_text, self->tree->err)) < 0) return;
    if (!ost_dim_equal(written.dim, covariate->unit.dim))
        ost_yaml_fail(self->tree, from, OST_ERR_UNIT, "a value in '%.60s' %s", covariate->unit_text,
            ost_dim_mismatch(written.dim, covariate->unit.dim, NULL, why));
    covariate->unit = written;
}

/* The first quantity of a covariate decides its dimension; the others follow. */
static void read_first(const reader_t *self, const ost_yaml_node_t *node, double *out)
{
    ost_covariate_t *covariate = self->covariate;
    ost_quantity_t first = { .value = NAN };
    char why[OST_UNIT_MISSING_SIZE];
    ost_field_quantity(self->tree, node, &first);
    check_first(self, node, first.dim);
    covariate->unit.dim = first.dim;
    if (first.is_plain) covariate->plain = first.value;
    *out = first.value;
    set_unit(self, node);
    if (self->tree->code == 0 && /* a plain number where `unit` says %, say */
        ost_unit_missing(&covariate->unit, covariate->unit_text, first.is_plain, first.value, why) != NULL)
        ost_yaml_fail(self->tree, node, OST_ERR_UNIT, "%s", why);
}

static void read_formula(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    const ost_yaml_node_t *node = get(self, "formula");
    ost_field_text(self->tree, node, &covariate->formula_text);
    if (self->tree->code != 0) return;
    ost_experiment_formula(self->above, self->n_above, self->tree, node, covariate->formula_text, &covariate->formula,
        &covariate->unit.dim);
    if (self->tree->code == OST_ERR_NAME) append_hint(self->tree->err, "; a formula may use the covariates above it");
    if (self->tree->code != 0) return;
    const bool is_plain = ost_formula_is_plain(covariate->formula);
    if (is_plain) covariate->plain = NAN;
    const ost_yaml_node_t *written = get(self, "min") != NULL ? get(self, "min") : get(self, "max");
    if (get(self, "unit") != NULL || written != NULL) {
        set_unit(self, written);
        if (is_plain && ost_unit_is_ratio(&covariate->unit))
            ost_yaml_fail(self->tree, node, OST_ERR_UNIT,
                "the numbers of this formula have no unit; write it, as in '1 [%.60s]'", covariate->unit_text);
        return;
    }
    const char *unit_text = ost_dim_is_none(covariate->unit.dim) ? "1" : NULL;
    covariate->unit.factor = 1;
    for (size_t i = 0; unit_text == NULL && i < self->n_above; i++) {
        if (!ost_dim_equal(self->above[i].unit.dim, covariate->unit.dim)) continue;
        unit_text = self->above[i].unit_text;
        covariate->unit.factor = self->above[i].unit.factor;
    }
    if (unit_text == NULL)
        ost_yaml_fail(self->tree, self->node, OST_ERR_UNIT,
            "no covariate above has the dimension of this formula; say its unit, as in 'unit: kg/m2'");
    covariate->unit_text = ost_yaml_copy(self->tree, unit_text);
}

/* One number of the distribution: a quantity of the covariate's dimension, which the first decides, or a plain number.
 */
static void read_number(const reader_t *self, const ost_dist_number_t *from, const ost_yaml_node_t *node)
{
    const ost_dist_key_info_t *key = &ost_dist_keys[from->key];
    ost_dist_t *dist = &self->covariate->dist;
    double *const numbers[] = { &dist->a, &dist->b, &dist->c, &dist->d }, *out = numbers[from->number];
    if (key->largest > 0)
        ost_field_number(self->tree, node, 0, key->largest, out);
    else if (from->number == 0)
        read_first(self, node, out);
    else
        same_dim(self, node, out);
    if (key->is_positive && !(*out > 0))
        ost_yaml_fail(self->tree, node, OST_ERR_VALUE,
            "'%s' must be greater than 0; a covariate that is the same in all is written as a plain quantity",
            key->word);
    if (from->convert != NULL) *out = from->convert(*out);
}

/* "'cv' or 'sd_log'": the keys that give a number of a distribution. */
static char *keys_of(const ost_dist_row_t *row, int number, char words[OST_WORDS_SIZE])
{
    const char *list[4];
    size_t n = 0;
    for (const ost_dist_number_t *from = row->keys; from->key != OST_DIST_KEY_NONE; from++)
        if (from->number == number) list[n++] = ost_dist_keys[from->key].word;
    return ost_words_join(list, n, words);
}

/* The values of a list, in the covariate's unit, which the first decides. */
static void read_values(const reader_t *self, const ost_yaml_node_t *node)
{
    ost_dist_t *dist = &self->covariate->dist;
    const bool ascends = !ost_dists[dist->kind]->is_discrete;
    dist->value = ost_yaml_list(self->tree, node, sizeof(*dist->value), &dist->n_values);
    for (size_t i = 0; i < dist->n_values; i++) {
        (i == 0 ? read_first : same_dim)(self, &node->members[i], &dist->value[i]);
        if (i > 0 && ascends && dist->value[i] < dist->value[i - 1])
            ost_yaml_fail(self->tree, &node->members[i], OST_ERR_VALUE,
                "the values are quantiles and do not fall; this is less than the one before it");
    }
}

/* @param node  of n_values numbers; NULL: alike for all values of a choice, evenly from 0 to 1 for quantiles */
static void read_parts(const reader_t *self, const ost_yaml_node_t *node)
{
    ost_dist_t *dist = &self->covariate->dist;
    const size_t n = dist->n_values;
    const bool is_sum = ost_dists[dist->kind]->is_discrete;
    double sum = 0, before = -1;
    if (self->tree->code != 0) return;
    if ((dist->part = ost_yaml_items(self->tree, n, sizeof(*dist->part))) == NULL) return;
    for (size_t i = 0; i < n; i++) {
        dist->part[i] = is_sum ? 1 / (double) n : (double) i / (double) (n > 1 ? n - 1 : 1);
        const ost_yaml_node_t *item = node != NULL ? &node->members[i] : NULL;
        ost_field_number(self->tree, item, 0, 1, &dist->part[i]);
        if (!is_sum && !(dist->part[i] > before))
            ost_yaml_fail(self->tree, item, OST_ERR_VALUE, "the probabilities of quantiles rise");
        before = dist->part[i];
        sum += dist->part[i];
    }
    if (is_sum && !(fabs(sum - 1) <= 1e-6))
        ost_yaml_fail(self->tree, node, OST_ERR_VALUE, "the sum is %.9g; expected 1", sum);
    if (!is_sum && n > 1 && (dist->part[0] != 0 || dist->part[n - 1] != 1))
        ost_yaml_fail(self->tree, node, OST_ERR_VALUE,
            "from %g to %g; expected 0 for the least value, and 1 for the largest", dist->part[0], before);
}

/* The chances of a choice become sums, in the order of its values, so that the order of the file is the same to all. */
static void sort_choice(ost_dist_t *self)
{
    for (size_t i = 1; i < self->n_values; i++)
        for (size_t k = i; k > 0 && self->value[k] < self->value[k - 1]; k--) {
            const double value = self->value[k], part = self->part[k];
            self->value[k] = self->value[k - 1];
            self->part[k] = self->part[k - 1];
            self->value[k - 1] = value;
            self->part[k - 1] = part;
        }
    for (size_t i = 1; i < self->n_values; i++) self->part[i] += self->part[i - 1];
    self->part[self->n_values - 1] = 1;
}

static void read_lists(const reader_t *self)
{
    ost_dist_t *dist = &self->covariate->dist;
    const ost_yaml_node_t *values = get(self, ost_dist_lists[OST_DIST_LIST_VALUES]),
                          *parts = get(self, ost_dist_lists[OST_DIST_LIST_PROBABILITIES]);
    if (values == NULL || values->n_members == 0)
        ost_yaml_fail(self->tree, values != NULL ? values : self->node, OST_ERR_NAME,
            "the distribution %s needs values, a list such as [0 mg, 20 mg]", ost_dist_words[dist->kind]);
    else if (parts != NULL && parts->n_members != values->n_members)
        ost_yaml_fail(
            self->tree, parts, OST_ERR_VALUE, "%zu probabilities of %zu values", parts->n_members, values->n_members);
    read_values(self, values);
    read_parts(self, parts);
    if (self->tree->code == 0 && ost_dists[dist->kind]->is_discrete) sort_choice(dist);
}

/* Every number of the row must be given, by one of its keys. */
static void read_distribution(const reader_t *self)
{
    const ost_dist_row_t *row = ost_dists[self->covariate->dist.kind];
    char words[OST_WORDS_SIZE];
    int n_given[4] = { 0 }, last = 0;
    if (row->has_lists) {
        read_lists(self);
        return;
    }
    for (const ost_dist_number_t *from = row->keys; from->key != OST_DIST_KEY_NONE; from++) {
        n_given[from->number] += get(self, ost_dist_keys[from->key].word) != NULL;
        last = from->number;
    }
    for (int number = 0; number <= last; number++)
        if (n_given[number] != 1)
            ost_yaml_fail(self->tree, self->node, OST_ERR_NAME, "the distribution %s needs %s%s",
                ost_dist_words[self->covariate->dist.kind], keys_of(row, number, words),
                n_given[number] > 1 ? ", and only one of them" : "");
    for (const ost_dist_number_t *from = row->keys; from->key != OST_DIST_KEY_NONE && self->tree->code == 0; from++) {
        const ost_yaml_node_t *node = get(self, ost_dist_keys[from->key].word);
        if (node != NULL) read_number(self, from, node);
    }
    ost_dist_key_t key;
    const bool is_read = self->tree->code == 0 && row->check != NULL;
    const char *wrong = is_read ? row->check(&self->covariate->dist, &key) : NULL;
    if (wrong != NULL)
        ost_yaml_fail(self->tree, get(self, ost_dist_keys[key].word), OST_ERR_VALUE, "'%s' must be %s",
            ost_dist_keys[key].word, wrong);
}

static void read_range(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    same_dim(self, get(self, "min"), &covariate->dist.lower);
    same_dim(self, get(self, "max"), &covariate->dist.upper);
    if (self->tree->code != 0) return;
    if (!(covariate->dist.lower < covariate->dist.upper))
        ost_yaml_fail(self->tree, get(self, "max"), OST_ERR_VALUE, "'max' must be greater than 'min'");
    if (covariate->origin != OST_ORIGIN_DISTRIBUTION || !ost_dists[covariate->dist.kind]->has_range) return;
    ost_dist_t dist = covariate->dist;
    ost_dist_set(&dist);
    if (!(dist.mass >= OST_LEAST_MASS))
        ost_yaml_fail(self->tree, self->node, OST_ERR_VALUE,
            "the range min .. max holds almost nothing of the distribution (a share of %.2g)", dist.mass);
}

static bool takes_key(const ost_covariate_t *covariate, const char *word)
{
    bool is_formula = covariate->origin == OST_ORIGIN_FORMULA;
    if (strcmp(word, "unit") == 0 || strcmp(word, is_formula ? "formula" : "distribution") == 0) return true;
    const ost_dist_row_t *row = ost_dists[covariate->dist.kind];
    if (strcmp(word, "min") == 0 || strcmp(word, "max") == 0) return is_formula || row->has_range;
    for (int k = 0; !is_formula && row->has_lists && k < OST_N_DIST_LISTS; k++)
        if (strcmp(word, ost_dist_lists[k]) == 0) return true;
    for (const ost_dist_number_t *from = row->keys; !is_formula && from->key != OST_DIST_KEY_NONE; from++)
        if (strcmp(word, ost_dist_keys[from->key].word) == 0) return true;
    return false;
}

/* Every key that a covariate of this kind takes. @return their number */
static size_t list_keys(const ost_covariate_t *covariate, const char *keys[OST_N_DIST_KEYS + OST_N_DIST_LISTS + 4])
{
    static const char *const others[] = { "formula", "min", "max", "unit" };
    size_t n = 0;
    for (int k = OST_DIST_KEY_NONE + 1; k < OST_N_DIST_KEYS; k++)
        if (takes_key(covariate, ost_dist_keys[k].word)) keys[n++] = ost_dist_keys[k].word;
    for (int k = 0; k < OST_N_DIST_LISTS; k++)
        if (takes_key(covariate, ost_dist_lists[k])) keys[n++] = ost_dist_lists[k];
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
        if (takes_key(covariate, others[k])) keys[n++] = others[k];
    return n;
}

/* Refuse keys of other origins and distributions, such as the median of a normal. */
static void check_keys(const reader_t *self)
{
    const char *keys[OST_N_DIST_KEYS + OST_N_DIST_LISTS + 4];
    for (size_t i = 0; i < self->node->n_members && self->tree->code == 0; i++) {
        const ost_yaml_node_t *member = &self->node->members[i];
        if (takes_key(self->covariate, member->key)) continue;
        const bool is_formula = self->covariate->origin == OST_ORIGIN_FORMULA;
        const size_t n = list_keys(self->covariate, keys);
        const char *near = ost_nearest(member->key, keys, n);
        char *all = ost_text_join(keys, n, ", ");
        if (all == NULL) ost_yaml_no_memory(self->tree);
        ost_yaml_fail_key(self->tree, member, OST_ERR_NAME,
            "does not belong to a covariate of kind %s%s%s%s; possible here: %s",
            is_formula ? "formula" : ost_dist_words[self->covariate->dist.kind], OST_HINT(near),
            all != NULL ? all : "");
        free(all);
    }
}

static void read_covariate(const reader_t *self)
{
    ost_covariate_t *covariate = self->covariate;
    const ost_yaml_node_t *node = self->node, *distribution = get(self, "distribution");
    covariate->dist.lower = -INFINITY;
    covariate->dist.upper = INFINITY;
    covariate->location = node->key_at;
    ost_field_key(self->tree, node, false, &covariate->name);
    if (node->kind == OST_YAML_SCALAR) {
        covariate->origin = OST_ORIGIN_VALUE;
        read_first(self, node, &covariate->dist.a);
        return;
    }
    int kind = 0;
    char words[OST_WORDS_SIZE];
    if ((distribution == NULL) == (get(self, "formula") == NULL))
        ost_yaml_fail(self->tree, node, OST_ERR_NAME, "either 'distribution' (%s) or 'formula' is needed",
            ost_words_join(ost_dist_words, OST_N_COVARIATE_DISTS, words));
    ost_field_choice(self->tree, distribution, ost_dist_words, OST_N_COVARIATE_DISTS, &kind);
    covariate->origin = distribution != NULL ? OST_ORIGIN_DISTRIBUTION : OST_ORIGIN_FORMULA;
    covariate->dist.kind = (ost_dist_kind_t) kind;
    check_keys(self);
    (distribution != NULL ? read_distribution : read_formula)(self);
    read_range(self);
}

/* A column in place of a covariate has its dimension. */
static void check_replaced(const ost_experiment_t *self, ost_yaml_t *tree, const ost_covariate_t *replaced)
{
    const ost_people_column_t *column = &self->people.columns[ost_people_column(&self->people, replaced->name)];
    char why[OST_DIM_MISMATCH_SIZE];
    if (ost_dim_equal(column->unit.dim, replaced->unit.dim)) return;
    ost_yaml_take(
        tree, ost_fail_at(tree->err, OST_ERR_UNIT, self->people.path, column->at.line, column->at.column,
                  "column '%s' %s, as covariate '%s' has it", column->name,
                  ost_unit_mismatch(column->unit.dim, &replaced->unit, replaced->unit_text, why), replaced->name));
}

void ost_experiment_distribution(ost_covariate_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const reader_t reader = { .tree = tree, .node = node, .covariate = self };
    *self = (ost_covariate_t){ 0 };
    if (tree->code == 0) read_covariate(&reader);
}

void ost_experiment_covariates(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const size_t n_members = node != NULL ? node->n_members : 0, n = self->people.n_columns + n_members;
    if (n == 0 || tree->code != 0) return;
    self->covariates = ost_yaml_items(tree, n, sizeof *self->covariates);
    if (self->covariates != NULL) ost_experiment_columns(self, tree);
    for (size_t i = 0; i < n_members && tree->code == 0; i++) {
        const bool is_replaced = ost_people_column(&self->people, node->members[i].key) < self->people.n_columns;
        ost_covariate_t replaced = { 0 };
        const reader_t reader = { .tree = tree,
            .node = &node->members[i],
            .covariate = is_replaced ? &replaced : &self->covariates[self->n_covariates],
            .above = self->covariates,
            .n_above = self->n_covariates };
        self->n_covariates += !is_replaced;
        read_covariate(&reader);
        if (tree->code == 0 && is_replaced) check_replaced(self, tree, &replaced);
    }
}
