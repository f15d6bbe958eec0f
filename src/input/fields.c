/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/fields.h"

#include "core/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const ost_dim_t none = { { 0 } };
static const ost_dim_t time_dim = { { [OST_DIM_TIME] = 6 } };

int ost_field_text(const ost_yaml_t *tree, const ost_yaml_node_t *node, char **out, ost_error_t *err)
{
    if (node == NULL) return 0;
    if (ost_yaml_is_null(node) || node->text[0] == '\0') {
        return ost_yaml_fail(tree, node, OST_ERR_SYNTAX, err, "there is no text");
    }
    char *copy = ost_strdup(node->text);
    if (copy == NULL) return ost_no_memory(err);
    free(*out);
    *out = copy;
    return 0;
}

int ost_field_quantity(const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_quantity_t *out, ost_error_t *err)
{
    if (node == NULL) return 0;
    if (ost_yaml_is_null(node)) return ost_yaml_fail(tree, node, OST_ERR_SYNTAX, err, "a quantity is missing");
    ost_quantity_t found;
    int ret = ost_quantity_parse(&found, node->text, err);
    if (ret != 0) return ost_yaml_locate(tree, node, ret, err);
    *out = found;
    return 0;
}

int ost_field_of_dim(const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim, const char *example,
    double *out, ost_error_t *err)
{
    if (node == NULL) return 0;
    ost_quantity_t found = { 0 };
    int ret = ost_field_quantity(tree, node, &found, err);
    if (ret != 0) return ret;
    if (ost_dim_equal(found.dim, dim)) {
        *out = found.value;
        return 0;
    }
    char why[OST_DIM_MISMATCH_SIZE];
    return ost_yaml_fail(
        tree, node, OST_ERR_UNIT, err, "'%.60s' %s", node->text, ost_dim_mismatch(found.dim, dim, example, why));
}

int ost_field_in_unit(const ost_yaml_t *tree, const ost_yaml_node_t *node, const ost_unit_t *unit,
    const char *unit_text, double *out, ost_error_t *err)
{
    char example[96], why[OST_UNIT_MISSING_SIZE];
    ost_quantity_t found = { 0 };
    if (node == NULL) return 0;
    int ret = ost_field_quantity(tree, node, &found, err);
    if (ret == 0 && ost_unit_missing(unit, unit_text, found.is_plain, found.value, why) != NULL)
        return ost_yaml_fail(tree, node, OST_ERR_UNIT, err, "%s", why);
    snprintf(example, sizeof example, "10 %.80s", unit_text);
    const bool is_plain = ost_dim_is_none(unit->dim) && !ost_unit_is_ratio(unit);
    return ret == 0 ? ost_field_of_dim(tree, node, unit->dim, is_plain ? NULL : example, out, err) : ret;
}

int ost_field_time(const ost_yaml_t *tree, const ost_yaml_node_t *node, double *out, ost_error_t *err)
{
    return ost_field_of_dim(tree, node, time_dim, "6 month", out, err);
}

int ost_field_number(
    const ost_yaml_t *tree, const ost_yaml_node_t *node, double lower, double upper, double *out, ost_error_t *err)
{
    if (node == NULL) return 0;
    double value = 0;
    int ret = ost_field_of_dim(tree, node, none, NULL, &value, err);
    if (ret != 0) return ret;
    if (!(value >= lower && value <= upper)) {
        return isinf(upper)
                   ? ost_yaml_fail(tree, node, OST_ERR_VALUE, err, "'%.60s' is less than %g", node->text, lower)
                   : ost_yaml_fail(
                         tree, node, OST_ERR_VALUE, err, "'%.60s' is outside %g .. %g", node->text, lower, upper);
    }
    *out = value;
    return 0;
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

int ost_field_count(const ost_yaml_t *tree, const ost_yaml_node_t *node, uint64_t lower, uint64_t upper, uint64_t *out,
    ost_error_t *err)
{
    if (node == NULL) return 0;
    const char *text = ost_yaml_is_null(node) ? "" : node->text;
    size_t n_digits = strspn(text, "0123456789");
    if (n_digits == 0 || text[n_digits] != '\0') {
        return ost_yaml_fail(
            tree, node, OST_ERR_SYNTAX, err, "'%.60s': a whole number is expected, in digits, such as 10000", text);
    }
    uint64_t value = 0;
    bool fits = true;
    for (size_t i = 0; i < n_digits; i++) {
        uint64_t digit = (uint64_t) (text[i] - '0');
        fits = fits && value <= (UINT64_MAX - digit) / 10;
        if (fits) value = 10 * value + digit;
    }
    if (!fits || value < lower || value > upper) {
        char most[32];
        return ost_yaml_fail(tree, node, OST_ERR_VALUE, err, "'%.60s' is outside %llu .. %s", text,
            (unsigned long long) lower, in_figures(upper, most, sizeof(most)));
    }
    *out = value;
    return 0;
}

int ost_field_choice(
    const ost_yaml_t *tree, const ost_yaml_node_t *node, const char *const *names, size_t n, int *out, ost_error_t *err)
{
    if (node == NULL) return 0;
    const char *text = ost_yaml_is_null(node) ? "" : node->text;
    char list[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (int) i;
            return 0;
        }
        if (length + 1 >= sizeof list) continue;
        length += (size_t) snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *nearest = ost_nearest(text, names, n);
    if (nearest == NULL) {
        return ost_yaml_fail(tree, node, OST_ERR_NAME, err, "'%.60s' must be one of %s", text, list);
    }
    return ost_yaml_fail(
        tree, node, OST_ERR_NAME, err, "'%.60s' must be one of %s (did you mean '%s'?)", text, list, nearest);
}

int ost_field_flag(const ost_yaml_t *tree, const ost_yaml_node_t *node, bool *out, ost_error_t *err)
{
    static const char *const names[] = { "false", "true" };
    int choice = *out;
    int ret = ost_field_choice(tree, node, names, 2, &choice, err);
    *out = choice == 1;
    return ret;
}

int ost_field_check_name(
    const ost_yaml_t *tree, const ost_yaml_node_t *node, const char *name, bool dashes, ost_error_t *err)
{
    bool ok = isalpha((unsigned char) name[0]);
    for (const char *c = name; *c != '\0'; c++) {
        ok = ok && (isalnum((unsigned char) *c) || *c == '_' || (dashes && *c == '-'));
    }
    if (ok && strlen(name) <= 64) return 0;
    return ost_yaml_fail_key(tree, node, OST_ERR_SYNTAX, err,
        "'%.60s' is not a name: at most 64 letters, digits and _%s, the first a letter", name, dashes ? " or -" : "");
}

const char *ost_field_unit_text(const ost_yaml_node_t *node)
{
    char *unit;
    strtod(node->text, &unit);
    unit += strspn(unit, " \t");
    return unit[0] != '\0' ? unit : "1";
}
