/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sweep_file.h. Takes YAML, gives what the options of `osteon sweep` say. */
#include "input/sweep_file.h"

#include "core/file.h"
#include "input/design.h"
#include "input/fields.h"
#include "input/schema.h"

#include <stdlib.h>
#include <string.h>

#define LEAF OST_YAML_SCALAR
#define MEMBERS(table) table, sizeof(table) / sizeof(table[0])

static const ost_schema_t values[] = { { "-", LEAF, "a value such as 0.5 mg", "", false, NULL, 0 } };
static const ost_schema_t vary[] = { { "PATH", LEAF | OST_YAML_SEQUENCE,
    "a list such as [0.5 mg, 1 mg], or in quotes a range such as '0.25 mg..4 mg : 5 log' or a distribution",
    "an entry that is varied", false, MEMBERS(values) } };
static const ost_schema_t sweep[] = {
    { "title", LEAF, "text", "one line, for readers", false, NULL, 0 },
    { "experiment", LEAF, "a name or a path", "what is swept; a path is relative to this file", true, NULL, 0 },
    { "vary", OST_YAML_MAPPING, "a mapping of paths to values", "as --vary", false, MEMBERS(vary) },
    { "table", LEAF, "path of a CSV file", "as --table; relative to this file", false, NULL, 0 },
    { "design", LEAF, "a word", "as --design", false, NULL, 0 },
    { "points", LEAF, "a whole number", "as --points", false, NULL, 0 },
    { "seed", LEAF, "a whole number", "as --design-seed", false, NULL, 0 },
    { "keep", LEAF, "a word", "as --keep", false, NULL, 0 },
};
static const ost_schema_t sweep_schema = { "", OST_YAML_MAPPING, "a mapping of experiment, vary, ...", "", true,
    MEMBERS(sweep) };

/* One of `words`, copied. */
static int read_word(
    const ost_yaml_t *tree, const char *key, const char *const *words, size_t n, char **out, ost_error_t *err)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, key);
    int i = 0, ret = ost_field_choice(tree, node, words, n, &i, err);
    if (ret == 0 && node != NULL && (*out = ost_strdup(words[i])) == NULL) ret = ost_no_memory(err);
    return ret;
}

/* A path is seen from the folder of the file, another name stays. */
static int read_path(const ost_yaml_t *tree, const char *key, char **out, ost_error_t *err)
{
    char *name = NULL;
    int ret = ost_field_text(tree, ost_yaml_get(&tree->root, key), &name, err);
    bool is_path = name != NULL && (strchr(name, '/') != NULL || strchr(name, '.') != NULL);
    if (ret == 0 && name != NULL && (*out = is_path ? ost_file_beside(tree->path, name) : ost_strdup(name)) == NULL)
        ret = ost_no_memory(err);
    free(name);
    return ret;
}

/* "PATH=value, value". */
static int add_vary(ost_sweep_file_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_error_t *err)
{
    if (node->kind == OST_YAML_SCALAR)
        return ost_text_list_add(&self->vary, "%s=%s", node->key, node->text) < 0 ? ost_no_memory(err) : 0;
    const char **texts = calloc(node->n_members + 1, sizeof(*texts));
    for (size_t i = 0; i < node->n_members && texts != NULL; i++) texts[i] = node->members[i].text;
    if (texts != NULL && node->n_members == 0) {
        free(texts);
        return ost_yaml_fail(tree, node, OST_ERR_VALUE, err, "no value; expected a list such as [0.5 mg, 1 mg]");
    }
    char *list = texts != NULL ? ost_text_join(texts, node->n_members, ", ") : NULL;
    int ret = list == NULL || ost_text_list_add(&self->vary, "%s=%s", node->key, list) < 0 ? ost_no_memory(err) : 0;
    free(texts);
    free(list);
    return ret;
}

static int read_tree(
    ost_sweep_file_t *self, ost_yaml_t *tree, const char *const *keeps, size_t n_keeps, ost_error_t *err)
{
    const ost_yaml_node_t *root = &tree->root, *entries = ost_yaml_get(root, "vary");
    int ret = ost_schema_check(&sweep_schema, tree, err);
    if (ret == 0) ret = read_path(tree, "experiment", &self->experiment, err);
    if (ret == 0) ret = read_path(tree, "table", &self->table, err);
    if (ret == 0) ret = read_word(tree, "design", ost_design_words, OST_N_DESIGNS, &self->design, err);
    if (ret == 0) ret = read_word(tree, "keep", keeps, n_keeps, &self->keep, err);
    if (ret == 0) ret = ost_field_count(tree, ost_yaml_get(root, "points"), 1, OST_MAX_POINTS, &self->n_points, err);
    if (ret == 0) ret = ost_field_count(tree, ost_yaml_get(root, "seed"), 1, UINT64_MAX, &self->seed, err);
    for (size_t i = 0; entries != NULL && i < entries->n_members && ret == 0; i++)
        ret = add_vary(self, tree, &entries->members[i], err);
    return ret;
}

int ost_sweep_file_read(ost_sweep_file_t *self, const char *path, const char *const *keeps, size_t n_keeps,
    bool *is_sweep, ost_error_t *err)
{
    char *text = NULL;
    ost_yaml_t tree = { 0 };
    ost_error_t why = { 0 };
    *self = (ost_sweep_file_t){ 0 };
    *is_sweep = false;
    int ret = ost_file_read(&text, path, OST_YAML_MAX_BYTES, &why);
    if (ret == 0) ret = ost_yaml_parse(&tree, path, text, &why);
    if (ret == 0) *is_sweep = ost_yaml_get(&tree.root, "vary") != NULL || ost_yaml_get(&tree.root, "table") != NULL;
    if (*is_sweep) ret = read_tree(self, &tree, keeps, n_keeps, err);
    ost_yaml_free(&tree);
    free(text);
    if (*is_sweep) return ret;
    return ret == OST_ERR_NO_MEMORY ? ost_no_memory(err) : 0; /* the reader of experiments says what is wrong */
}

void ost_sweep_file_free(ost_sweep_file_t *self)
{
    free(self->experiment);
    free(self->design);
    free(self->keep);
    free(self->table);
    ost_text_list_free(&self->vary);
    *self = (ost_sweep_file_t){ 0 };
}
