/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the key population.correlate; gives one matrix of correlations between the normal scores of all quantities that
 * it names. Which they are is checked when the experiment is planned. */
#include "core/correlation.h"
#include "core/text.h"
#include "core/vocabulary.h"
#include "input/experiment_keys.h"

typedef struct {
    ost_correlations_t *to;
    ost_yaml_t *tree;
    const ost_yaml_node_t *node; /* of one entry */
} reader_t;

/* Index of a name, which is added where it is new. */
static size_t find_name(const reader_t *self, const ost_yaml_node_t *node)
{
    ost_correlations_t *to = self->to;
    const char *text = ost_yaml_is_null(node) ? "" : node->text;
    const size_t found = ost_words_find((const char *const *) to->names.items, to->names.n, text);
    if (text[0] == '\0')
        ost_yaml_fail(self->tree, node, OST_ERR_SYNTAX, "the name of a covariate or parameter is missing");
    if (found == OST_MAX_CORRELATED)
        ost_yaml_fail(self->tree, node, OST_ERR_LIMIT, "more than %d correlated quantities", OST_MAX_CORRELATED);
    if (found < to->names.n || self->tree->code != 0) return found;
    if (ost_text_list_add(&to->names, "%s", text) < 0) ost_yaml_no_memory(self->tree);
    to->at[found] = node->location;
    to->r[found * (OST_MAX_CORRELATED + 1)] = 1;
    return found;
}

/* @param node  of one number */
static void read_pair(const reader_t *self, const ost_yaml_node_t *node, bool by_ranks, size_t a, size_t b)
{
    ost_correlations_t *to = self->to;
    const size_t k = a * OST_MAX_CORRELATED + b, mirrored = b * OST_MAX_CORRELATED + a;
    double r = 0;
    ost_field_number(self->tree, node, -1, 1, &r);
    if (r == 1 || r == -1)
        ost_yaml_fail(self->tree, node, OST_ERR_VALUE,
            "a correlation of %g makes one of '%.60s' and '%.60s' a function of the other; write it as a formula", r,
            to->names.items[a], to->names.items[b]);
    if (to->is_given[k])
        ost_yaml_fail(self->tree, node, OST_ERR_NAME, "duplicate correlation of '%.60s' and '%.60s'",
            to->names.items[a], to->names.items[b]);
    to->is_given[k] = to->is_given[mirrored] = by_ranks ? OST_BY_RANKS : OST_BY_SCORES;
    to->r[k] = to->r[mirrored] = by_ranks ? ost_pearson_of_spearman(r) : r;
}

static void read_entry(const reader_t *self)
{
    const ost_yaml_node_t *of = ost_yaml_get(self->node, "of"), *ranks = ost_yaml_get(self->node, "spearman"),
                          *scores = ost_yaml_get(self->node, "pearson"), *values = ranks != NULL ? ranks : scores;
    size_t index[OST_MAX_CORRELATED], n = of->n_members;
    if ((ranks != NULL) == (scores != NULL))
        ost_yaml_fail(self->tree, self->node, OST_ERR_NAME,
            "either 'spearman' (of ranks) or 'pearson' (of normal scores) is needed");
    if (n < 2 || n > OST_MAX_CORRELATED)
        ost_yaml_fail(self->tree, of, OST_ERR_VALUE, "%zu names; expected 2 .. %d", n, OST_MAX_CORRELATED);
    for (size_t i = 0; i < n && self->tree->code == 0; i++) {
        index[i] = find_name(self, &of->members[i]);
        for (size_t k = 0; k < i; k++)
            if (index[k] == index[i])
                ost_yaml_fail(self->tree, &of->members[i], OST_ERR_NAME, "duplicate '%.80s'", of->members[i].text);
    }
    if (self->tree->code != 0) return;
    const bool is_one = values->kind == OST_YAML_SCALAR;
    if ((is_one ? 1 : values->n_members) != n * (n - 1) / 2)
        ost_yaml_fail(self->tree, values, OST_ERR_VALUE,
            "%zu correlations of %zu names; expected %zu, below the diagonal by rows", is_one ? 1 : values->n_members,
            n, n * (n - 1) / 2);
    for (size_t i = 1, at = 0; i < n; i++)
        for (size_t k = 0; k < i && self->tree->code == 0; k++, at++)
            read_pair(self, is_one ? values : &values->members[at], ranks != NULL, index[i], index[k]);
}

void ost_experiment_correlations(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    enum { N = OST_MAX_CORRELATED };
    ost_correlations_t *to = &self->correlations;
    if (node == NULL || node->n_members == 0) return;
    to->r = ost_yaml_items(tree, N * N, sizeof(*to->r));
    to->is_given = ost_yaml_items(tree, N * N, sizeof(*to->is_given));
    to->at = ost_yaml_items(tree, N, sizeof(*to->at));
    to->location = node->location;
    for (size_t i = 0; i < node->n_members && tree->code == 0; i++) {
        const reader_t reader = { to, tree, &node->members[i] };
        read_entry(&reader);
    }
}
