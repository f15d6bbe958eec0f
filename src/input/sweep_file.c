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
static void read_word(ost_yaml_t *tree, const char *key, const char *const *words, size_t n, char **out)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, key);
    int i = 0;
    ost_field_choice(tree, node, words, n, &i);
    if (node != NULL) *out = ost_yaml_copy(tree, words[i]);
}

/* A path is seen from the folder of the file, another name stays. */
static void read_path(ost_yaml_t *tree, const char *key, char **out)
{
    char *name = NULL;
    ost_field_text(tree, ost_yaml_get(&tree->root, key), &name);
    if (name == NULL) return;
    bool is_path = strchr(name, '/') != NULL || strchr(name, '.') != NULL;
    *out = is_path ? ost_yaml_beside(tree, tree->path, name) : name;
}

/* "PATH=value, value". */
static void add_vary(ost_sweep_file_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const char **texts = calloc(node->n_members + 1, sizeof(*texts));
    for (size_t i = 0; i < node->n_members && texts != NULL; i++) texts[i] = node->members[i].text;
    const bool is_text = node->kind == OST_YAML_SCALAR;
    if (!is_text && node->n_members == 0)
        ost_yaml_fail(tree, node, OST_ERR_VALUE, "no value; expected a list such as [0.5 mg, 1 mg]");
    char *list = texts != NULL && !is_text ? ost_text_join(texts, node->n_members, ", ") : NULL;
    if ((list == NULL && !is_text) ||
        ost_text_list_add(&self->vary, "%s=%s", node->key, is_text ? node->text : list) < 0)
        ost_yaml_no_memory(tree);
    free(texts);
    free(list);
}

static int read_tree(ost_sweep_file_t *self, ost_yaml_t *tree, const char *const *keeps, size_t n_keeps)
{
    const ost_yaml_node_t *root = &tree->root, *entries = ost_yaml_get(root, "vary");
    int ret = ost_schema_check(&sweep_schema, tree);
    if (ret < 0) return ret;
    read_path(tree, "experiment", &self->experiment);
    read_path(tree, "table", &self->table);
    read_word(tree, "design", ost_design_words, OST_DESIGN_DRAWS, &self->design);
    read_word(tree, "keep", keeps, n_keeps, &self->keep);
    ost_field_count(tree, ost_yaml_get(root, "points"), 1, OST_MAX_POINTS, &self->n_points);
    ost_field_count(tree, ost_yaml_get(root, "seed"), 1, UINT64_MAX, &self->seed);
    for (size_t i = 0; entries != NULL && i < entries->n_members; i++) add_vary(self, tree, &entries->members[i]);
    return tree->code;
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
    tree.err = err;
    tree.memory = &self->memory;
    if (*is_sweep) ret = read_tree(self, &tree, keeps, n_keeps);
    ost_yaml_free(&tree);
    free(text);
    if (*is_sweep) return ret;
    return ret == OST_ERR_NO_MEMORY ? ost_no_memory(err) : 0; /* the reader of experiments says what is wrong */
}

void ost_sweep_file_free(ost_sweep_file_t *self)
{
    ost_memory_free(&self->memory);
    ost_text_list_free(&self->vary);
    *self = (ost_sweep_file_t){ 0 };
}
