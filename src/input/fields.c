/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/fields.h"

#include "core/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void ost_field_text(ost_yaml_t *tree, const ost_yaml_node_t *node, char **out)
{
    if (node == NULL || tree->code != 0) return;
    if (ost_yaml_is_null(node) || node->text[0] == '\0') ost_yaml_fail(tree, node, OST_ERR_SYNTAX, "there is no text");
    char *copy = ost_yaml_copy(tree, node->text);
    if (copy != NULL) *out = copy;
}

void ost_field_quantity(ost_yaml_t *tree, const ost_yaml_node_t *node, ost_quantity_t *out)
{
    if (node == NULL || tree->code != 0) return;
    if (ost_yaml_is_null(node)) {
        ost_yaml_fail(tree, node, OST_ERR_SYNTAX, "a quantity is missing");
        return;
    }
    ost_quantity_t found;
    if (ost_yaml_locate(tree, node, ost_quantity_parse(&found, node->text, tree->err)) == 0) *out = found;
}

void ost_field_of_dim(ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim, const char *example, double *out)
{
    ost_quantity_t found = { .value = *out, .dim = dim };
    char why[OST_DIM_MISMATCH_SIZE];
    ost_field_quantity(tree, node, &found);
    if (ost_dim_equal(found.dim, dim))
        *out = found.value;
    else
        ost_yaml_fail(
            tree, node, OST_ERR_UNIT, "'%.60s' %s", node->text, ost_dim_mismatch(found.dim, dim, example, why));
}

void ost_field_in_unit(
    ost_yaml_t *tree, const ost_yaml_node_t *node, const ost_unit_t *unit, const char *unit_text, double *out)
{
    char example[96], why[OST_UNIT_MISSING_SIZE];
    ost_quantity_t found = { 0 };
    if (node == NULL || tree->code != 0) return;
    ost_field_quantity(tree, node, &found);
    if (ost_unit_missing(unit, unit_text, found.is_plain, found.value, why) != NULL)
        ost_yaml_fail(tree, node, OST_ERR_UNIT, "%s", why);
    snprintf(example, sizeof example, "10 %.80s", unit_text);
    const bool is_plain = ost_dim_is_none(unit->dim) && !ost_unit_is_ratio(unit);
    ost_field_of_dim(tree, node, unit->dim, is_plain ? NULL : example, out);
}

void ost_field_time(ost_yaml_t *tree, const ost_yaml_node_t *node, double *out)
{
    ost_field_of_dim(tree, node, ost_dim_time, "6 month", out);
}

void ost_field_number(ost_yaml_t *tree, const ost_yaml_node_t *node, double lower, double upper, double *out)
{
    if (node == NULL || tree->code != 0) return;
    double value = *out;
    ost_field_of_dim(tree, node, ost_dim_none, NULL, &value);
    if (value >= lower && value <= upper)
        *out = value;
    else if (isinf(upper))
        ost_yaml_fail(tree, node, OST_ERR_VALUE, "'%.60s' is less than %g", node->text, lower);
    else
        ost_yaml_fail(tree, node, OST_ERR_VALUE, "'%.60s' is outside %g .. %g", node->text, lower, upper);
}

/* "1 .. 10^9": a bound of many digits is a power. */
static const char *in_figures(uint64_t bound, char *buf, size_t size)
{
    int power = 0;
    uint64_t left = bound;
    for (; left > 0 && left % 10 == 0; left /= 10) power++;
    if (bound == UINT64_MAX)
        snprintf(buf, size, "2^64 - 1");
    else if (left == 1 && power > 6)
        snprintf(buf, size, "10^%d", power);
    else
        snprintf(buf, size, "%llu", (unsigned long long) bound);
    return buf;
}

void ost_field_count(ost_yaml_t *tree, const ost_yaml_node_t *node, uint64_t lower, uint64_t upper, uint64_t *out)
{
    if (node == NULL || tree->code != 0) return;
    const char *text = ost_yaml_is_null(node) ? "" : node->text;
    uint64_t value = 0;
    const int ret = ost_text_count(text, &value);
    if (ret == OST_ERR_SYNTAX)
        ost_yaml_fail(tree, node, ret, "'%.60s': a whole number is expected, such as 10000 or 1e4", text);
    char most[32];
    if (ret != 0 || value < lower || value > upper)
        ost_yaml_fail(tree, node, OST_ERR_VALUE, "'%.60s' is outside %llu .. %s", text, (unsigned long long) lower,
            in_figures(upper, most, sizeof(most)));
    if (tree->code == 0) *out = value;
}

void ost_field_choice(ost_yaml_t *tree, const ost_yaml_node_t *node, const char *const *names, size_t n, int *out)
{
    if (node == NULL || tree->code != 0) return;
    const char *text = ost_yaml_is_null(node) ? "" : node->text;
    char list[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (int) i;
            return;
        }
        if (length + 1 >= sizeof list) continue;
        length += (size_t) snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *nearest = ost_nearest(text, names, n);
    ost_yaml_fail(tree, node, OST_ERR_NAME, "'%.60s' must be one of %s%s%s%s", text, list, OST_HINT(nearest));
}

void ost_field_flag(ost_yaml_t *tree, const ost_yaml_node_t *node, bool *out)
{
    static const char *const names[] = { "false", "true" };
    int choice = *out;
    ost_field_choice(tree, node, names, 2, &choice);
    *out = choice == 1;
}

void ost_field_key(ost_yaml_t *tree, const ost_yaml_node_t *node, bool dashes, char **out)
{
    bool ok = isalpha((unsigned char) node->key[0]);
    for (const char *c = node->key; *c != '\0'; c++)
        ok = ok && (isalnum((unsigned char) *c) || *c == '_' || (dashes && *c == '-'));
    if (!ok || strlen(node->key) > 64)
        ost_yaml_fail_key(tree, node, OST_ERR_SYNTAX,
            "'%.60s' is not a name: at most 64 letters, digits and _%s, the first a letter", node->key,
            dashes ? " or -" : "");
    *out = ost_yaml_copy(tree, node->key);
}

const char *ost_field_unit_text(const ost_yaml_node_t *node)
{
    char *unit;
    strtod(node->text, &unit);
    unit += strspn(unit, " \t");
    return unit[0] != '\0' ? unit : "1";
}
