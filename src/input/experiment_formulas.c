/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes values of keys; gives quantities, formulas of the covariates, and texts of conditions. */
#include "input/experiment_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A covariate whose numbers have no unit, where the formula is right once they have that of another: the fault is
 * there.
 * @param names  [n] of the covariates @return its index, n: none */
static size_t find_without_unit(
    const ost_covariate_t *covariates, ost_name_t *names, size_t n, const char *text, size_t *other)
{
    for (size_t i = 0; i < n; i++) {
        const ost_name_t own = names[i];
        if (covariates[i].plain == 0 || !ost_dim_is_none(own.unit.dim) || !ost_experiment_names(text, own.name))
            continue;
        for (*other = 0; *other < n; (*other)++) {
            ost_memory_t memory = { 0 };
            ost_formula_t *formula;
            ost_dim_t dim;
            names[i].unit = names[*other].unit;
            const int ret = ost_formula_new(&formula, &memory, text, names, n, &dim, NULL);
            ost_memory_free(&memory);
            names[i] = own;
            if (ret == 0) return i;
        }
    }
    return n;
}

void ost_experiment_formula(const ost_covariate_t *covariates, size_t n, ost_yaml_t *tree, const ost_yaml_node_t *node,
    const char *text, ost_formula_t **out, ost_dim_t *dim)
{
    if (tree->code != 0) return;
    ost_name_t *names = calloc(n + 1, sizeof *names);
    if (names == NULL) {
        ost_yaml_no_memory(tree);
        return;
    }
    for (size_t i = 0; i < n; i++) names[i] = ost_covariate_as_name(&covariates[i]);
    int ret = ost_formula_new(out, tree->memory, text, names, n, dim, tree->err);
    size_t other = 0;
    const size_t i = ret == OST_ERR_UNIT ? find_without_unit(covariates, names, n, text, &other) : n;
    free(names);
    const ost_yaml_node_t *written = i < n ? ost_yaml_get(&tree->root, "population") : NULL;
    if (i < n) written = ost_yaml_get(ost_yaml_get(written, "covariates"), covariates[i].name);
    if (written == NULL)
        ost_yaml_locate(tree, node, ret);
    else
        ost_yaml_fail_key(tree, written, OST_ERR_UNIT,
            "its numbers have no unit, and a formula (line %d) takes it with one, such as %.40s", node->location.line,
            covariates[other].unit_text);
}

void ost_experiment_plain(
    ost_yaml_t *tree, const ost_yaml_node_t *node, double value, const char *unit, ost_formula_t **out)
{
    char text[64];
    ost_dim_t dim;
    snprintf(text, sizeof text, "%.17g%s", value, unit);
    ost_experiment_formula(NULL, 0, tree, node, text, out, &dim);
}

bool ost_experiment_names(const char *text, const char *name)
{
    for (const char *at = text; at != NULL && (at = strstr(at, name)) != NULL; at++) {
        char before = at == text ? ' ' : at[-1], after = at[strlen(name)];
        if (!isalnum((unsigned char) before) && before != '_' && !isalnum((unsigned char) after) && after != '_')
            return true;
    }
    return false;
}

bool ost_experiment_depends(const ost_experiment_t *self, const char *text, size_t i)
{
    if (ost_experiment_names(text, self->events.covariates[i].name)) return true;
    for (size_t k = 0; k < self->n_covariates; k++) {
        const ost_covariate_t *c = &self->covariates[k];
        if (c->origin == OST_ORIGIN_FORMULA && ost_experiment_names(text, c->name) &&
            ost_experiment_depends(self, c->formula_text, i))
            return true;
    }
    return false;
}

const ost_event_covariate_t *ost_experiment_changing(const ost_experiment_t *self, const char *text)
{
    for (size_t i = 0; i < self->events.n_covariates; i++)
        if (self->events.covariates[i].interpolation != OST_INTERPOLATION_NONE && ost_experiment_depends(self, text, i))
            return &self->events.covariates[i];
    return NULL;
}

/* Whether a quantity is followed by an operator, as no unit has one: "2 year + 6 month", "2 year*1.5". */
static bool has_operator(const char *text)
{
    if (strstr(text, " + ") != NULL || strstr(text, " - ") != NULL) return true;
    for (const char *c = text; (c = strchr(c, '*')) != NULL;) {
        c += 1 + strspn(c + 1, " ");
        if (isdigit((unsigned char) *c) || *c == '(') return true;
    }
    return false;
}

/* Whether a text is meant as a formula: it names a covariate, has a unit in brackets or an operator, or begins as no
 * number does. */
static bool is_formula(const ost_experiment_t *self, const char *text)
{
    const char *c = text + strspn(text, "-+ ");
    bool is = isalpha((unsigned char) *c) || *c == '(' || strchr(c, '[') != NULL || has_operator(c);
    for (size_t i = 0; i < self->n_covariates && !is; i++) is = ost_experiment_names(text, self->covariates[i].name);
    return is;
}

void ost_experiment_own_in_time(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node,
    ost_quantity_t *value, ost_formula_t **own)
{
    if (node == NULL || ost_yaml_is_null(node) || !is_formula(self, node->text)) {
        ost_field_quantity(tree, node, value);
        return;
    }
    *value = (ost_quantity_t){ 0 };
    ost_experiment_formula(self->covariates, self->n_covariates, tree, node, node->text, own, &value->dim);
    if (tree->code != 0) return;
    for (size_t i = 0; i < self->n_covariates; i++)
        self->covariates[i].treats |= strstr(node->text, self->covariates[i].name) != NULL;
    value->is_plain = ost_formula_is_plain(*own);
}

void ost_experiment_constant(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_event_covariate_t *from = ost_experiment_changing(self, node->text);
    if (from != NULL)
        ost_yaml_fail(tree, node, OST_ERR_MODEL,
            "'%s' changes in time ('interpolation: %s'), and this has one value for a subject; only models, "
            "'parameters' and formulas of 'events.cmt' follow it",
            from->name, ost_interpolation_names[from->interpolation]);
}

void ost_experiment_own_quantity(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node,
    ost_quantity_t *value, ost_formula_t **own)
{
    ost_experiment_own_in_time(self, tree, node, value, own);
    if (*own != NULL) ost_experiment_constant(self, tree, node);
}

void ost_experiment_own_of_row(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node,
    ost_dim_t dim, const char *example, double *value, ost_formula_t **own)
{
    ost_quantity_t found = { .dim = dim };
    char why[OST_DIM_MISMATCH_SIZE];
    if (node == NULL || tree->code != 0) return;
    if (ost_yaml_is_null(node) || !is_formula(self, node->text))
        ost_field_of_dim(tree, node, dim, example, value);
    else
        ost_experiment_own_in_time(self, tree, node, &found, own);
    if (!ost_dim_equal(found.dim, dim))
        ost_yaml_fail(tree, node, OST_ERR_UNIT, "this formula %s or a formula of the covariates",
            ost_dim_mismatch(found.dim, dim, example, why));
}

void ost_experiment_own(const ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim,
    const char *example, double *value, ost_formula_t **own)
{
    ost_experiment_own_of_row(self, tree, node, dim, example, value, own);
    if (*own != NULL) ost_experiment_constant(self, tree, node);
}

void ost_experiment_condition(ost_yaml_t *tree, const ost_yaml_node_t *node, char **text, ost_location_t *location)
{
    if (node == NULL) return;
    *location = node->location;
    location->column += node->quoted;
    ost_field_text(tree, node, text);
}
