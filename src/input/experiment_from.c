/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the key population.from: the population of another experiment, its history and its parameters become part of
 * the tree, where the experiment itself says nothing else. */
#include "core/file.h"
#include "core/vocabulary.h"
#include "input/experiment_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is taken of the other's population: what its subjects are like, and who of them take part. */
static const char *const taken[] = { "variability", "covariates", "correlate", "eligible", "enroll", "strata",
    "baseline", "dropout" };

/* Errors of what is taken are at the key that takes it: the places in the other file are not those of this one. */
static void place(ost_yaml_node_t *node, ost_location_t at)
{
    node->location = node->key_at = at;
    for (size_t i = 0; i < node->n_members; i++) place(&node->members[i], at);
}

static ost_yaml_node_t move(ost_yaml_node_t *node)
{
    const ost_yaml_node_t moved = *node;
    *node = (ost_yaml_node_t){ .kind = OST_YAML_SCALAR };
    return moved;
}

/* The members of a mapping after those of another, in whose order they replace what has their name; an empty one takes
 * it away. @return false: out of memory */
static bool merge(ost_yaml_node_t *self, ost_yaml_node_t *other)
{
    const size_t most = self->n_members + other->n_members;
    ost_yaml_node_t *members = malloc((most + 1) * sizeof *members);
    size_t n = 0;
    if (members == NULL) return false;
    for (size_t i = 0; i < other->n_members; i++) {
        ost_yaml_node_t *own = ost_yaml_get(self, other->members[i].key);
        if (own == NULL) {
            members[n++] = move(&other->members[i]);
        } else if (!ost_yaml_is_null(own)) {
            members[n++] = move(own);
        } else {
            ost_yaml_node_free(own);
            *own = (ost_yaml_node_t){ .kind = OST_YAML_SCALAR };
        }
    }
    for (size_t i = 0; i < self->n_members; i++)
        if (self->members[i].key != NULL) members[n++] = move(&self->members[i]);
    free(self->members);
    self->members = members;
    self->n_members = n;
    self->max_members = most + 1;
    return true;
}

/* Put a member of another mapping into this one; one without a value takes it away.
 * @param is_joined  the members of both, where each has some @return false: out of memory */
static bool take(ost_yaml_node_t *self, ost_yaml_node_t *other, const char *key, bool is_joined)
{
    ost_yaml_node_t *theirs = ost_yaml_get(other, key), *own = ost_yaml_get(self, key);
    if (theirs == NULL) return true;
    if (is_joined && own != NULL && own->kind == OST_YAML_MAPPING && theirs->kind == OST_YAML_MAPPING)
        return merge(own, theirs);
    if (own != NULL && ost_yaml_is_null(own)) ost_yaml_remove(self, own);
    if (own != NULL) return true;
    own = ost_yaml_append(self, key);
    if (own == NULL) return false;
    char *name = own->key;
    free(theirs->key);
    *own = move(theirs);
    own->key = name;
    return true;
}

static void fail_name(ost_yaml_t *tree, const ost_yaml_node_t *from)
{
    char wrong[400];
    const char **names = calloc(ost_n_ready_populations + 1, sizeof *names);
    if (names == NULL) {
        ost_yaml_no_memory(tree);
        return;
    }
    for (size_t i = 0; i < ost_n_ready_populations; i++) names[i] = ost_ready_populations[i].name;
    ost_yaml_fail(tree, from, OST_ERR_NAME, "%s; the path of an experiment ends in .yaml",
        ost_words_wrong(names, ost_n_ready_populations, from->text, wrong, sizeof wrong));
    free(names);
}

/* Owned by the caller; NULL without memory. */
static char *copy(ost_yaml_t *tree, const char *text)
{
    char *copied = ost_strdup(text);
    if (copied == NULL) ost_yaml_no_memory(tree);
    return copied;
}

/* The text that `from` names, of a ready population or of a file. @param[out] path  for messages, in the memory */
static void find_text(
    ost_yaml_t *tree, const ost_yaml_node_t *from, ost_memory_t *memory, char **text, const char **path)
{
    const char *name = from->text;
    *path = name;
    const size_t n = strlen(name);
    if (n >= 5 && strcmp(name + n - 5, ".yaml") == 0) {
        if (from->origin == NULL) *path = ost_file_beside(memory, tree->path, name);
        int ret = *path == NULL ? ost_no_memory(tree->err) : ost_file_read(text, *path, OST_YAML_MAX_BYTES, tree->err);
        if (ret == OST_ERR_MISSING)
            ost_yaml_fail(tree, from, OST_ERR_MISSING, "there is no file '%.200s'", *path);
        else
            ost_yaml_take(tree, ret);
        return;
    }
    for (size_t i = 0; i < ost_n_ready_populations; i++) {
        if (strcmp(ost_ready_populations[i].name, name) != 0) continue;
        *text = copy(tree, ost_ready_populations[i].text);
        return;
    }
    fail_name(tree, from);
}

/* How many take part is said once: own strata are in place of `enroll` too, and own `subjects` contradict either. */
static void check_counted(ost_yaml_t *tree, ost_yaml_node_t *theirs, const char *name)
{
    static const char *const counts[] = { "strata", "enroll" };
    const ost_yaml_node_t *population = ost_yaml_get(&tree->root, "population"),
                          *subjects = ost_yaml_get(population, "subjects"),
                          *strata = ost_yaml_get(population, "strata");
    ost_yaml_node_t *enroll = ost_yaml_get(theirs, "enroll");
    if (enroll != NULL && strata != NULL && !ost_yaml_is_null(strata)) ost_yaml_remove(theirs, enroll);
    for (size_t i = 0; i < 2 && subjects != NULL; i++)
        if (ost_yaml_get(theirs, counts[i]) != NULL && ost_yaml_get(population, counts[i]) == NULL)
            ost_yaml_fail(tree, subjects, OST_ERR_VALUE,
                "'%s' of the population '%.150s' says how many subjects take part; expected one of the two, or '%s' "
                "here without a value",
                counts[i], name, counts[i]);
}

static void join(ost_yaml_t *tree, ost_yaml_t *other, ost_yaml_node_t *from, ost_from_t *base)
{
    ost_yaml_node_t *population = ost_yaml_get(&tree->root, "population"),
                    *theirs = ost_yaml_get(&other->root, "population");
    const ost_yaml_node_t *models = ost_yaml_get(&other->root, "models");
    static const char *const of_its_own[] = { "from", "people" };
    for (size_t i = 0; i < sizeof of_its_own / sizeof of_its_own[0]; i++)
        if (ost_yaml_get(theirs, of_its_own[i]) != NULL)
            ost_yaml_fail(tree, from, OST_ERR_VALUE,
                "the population of '%.150s' has '%s' itself, which cannot be taken; name that here", base->name,
                of_its_own[i]);
    if (ost_yaml_get(theirs, "covariates") == NULL)
        ost_yaml_fail(
            tree, from, OST_ERR_VALUE, "'%.150s' has no population.covariates that could be taken", base->name);
    check_counted(tree, theirs, base->name);
    if (tree->code != 0) return;
    base->at = from->location;
    base->is_taken = true;
    bool ok = true;
    for (size_t i = 0; models != NULL && i < models->n_members; i++)
        ok = ok && ost_text_list_add(&base->models, "%s", models->members[i].text) == 0;
    place(&other->root, from->location);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        ok = ok && take(population, theirs, taken[i], strcmp(taken[i], "covariates") == 0);
    ok = ok && take(&tree->root, &other->root, "run_in", false) && take(&tree->root, &other->root, "parameters", true);
    if (!ok) ost_yaml_no_memory(tree);
}

/* Whether a setting gives the entry of a path a value, alone or with what is above it. */
static bool reaches(const char *setting, const char *path)
{
    size_t n = strcspn(setting, "=");
    while (n > 0 && setting[n - 1] == ' ') n--;
    return n > 0 && strncmp(setting, path, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

void ost_experiment_forget(ost_experiment_texts_t *self, const char *const *settings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (reaches(settings[i], "population.people.table") || reaches(settings[i], "events.table"))
            self->people = (ost_people_source_t){ 0 };
        if (reaches(settings[i], "population.from")) self->population = self->population_text = NULL;
    }
}

void ost_experiment_from(ost_yaml_t *tree, ost_from_t *base)
{
    ost_yaml_node_t *population = ost_yaml_get(&tree->root, "population"), *from = ost_yaml_get(population, "from");
    if (from == NULL || tree->code != 0) return;
    if (from->kind != OST_YAML_SCALAR || ost_yaml_is_null(from))
        ost_yaml_fail(
            tree, from, OST_ERR_SYNTAX, "the name of a population, or the path of an experiment, is expected here");
    else if (base->is_taken)
        ost_yaml_fail(tree, from, OST_ERR_VALUE,
            "another population, '%.150s', was taken already; expected the setting population.from=%.150s", base->name,
            from->text);
    else if (!OST_HAS_FILES)
        ost_yaml_fail(tree, from, OST_ERR_MISSING, "there is no file '%.200s'", from->text);
    if (tree->code != 0) return;
    char *text = NULL;
    const char *path = NULL;
    ost_memory_t memory = { 0 };
    if (base->text == NULL || strcmp(base->name, from->text) != 0) {
        find_text(tree, from, &memory, &text, &path);
        ost_from_free(base);
        *base = (ost_from_t){ .name = copy(tree, from->text), .text = text };
    }
    ost_yaml_t other = { 0 };
    if (tree->code == 0)
        ost_yaml_take(tree, ost_yaml_parse(&other, path != NULL ? path : base->name, base->text, tree->err));
    if (tree->code == 0) ost_yaml_take(tree, ost_schema_check(&ost_experiment_schema, &other));
    if (tree->code == 0) join(tree, &other, from, base);
    ost_yaml_free(&other);
    ost_memory_free(&memory);
    population = ost_yaml_get(&tree->root, "population");
    if (tree->code == 0) ost_yaml_remove(population, ost_yaml_get(population, "from"));
}

void ost_from_check(const ost_from_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *models = ost_yaml_get(&tree->root, "models");
    for (size_t i = 0; i < self->models.n; i++) {
        size_t k = 0;
        while (models != NULL && k < models->n_members && models->members[k].text != NULL &&
               strcmp(models->members[k].text, self->models.items[i]) != 0)
            k++;
        if (models == NULL || k < models->n_members) continue;
        char at[40] = "";
        if (self->at.line > 0) snprintf(at, sizeof at, ":%d:%d", self->at.line, self->at.column);
        if (ost_text_list_add(&tree->warnings,
                "%s%s: the population '%s' is one for the model '%s', which is not among 'models'", tree->path, at,
                self->name, self->models.items[i]) < 0)
            ost_yaml_no_memory(tree);
    }
}

void ost_from_free(ost_from_t *self)
{
    free(self->name);
    free(self->text);
    ost_text_list_free(&self->models);
    *self = (ost_from_t){ 0 };
}

/* Whether the experiment lists the model of [n] characters, by its name or its file. */
static bool has_model(const ost_yaml_t *tree, const char *name, size_t n)
{
    const ost_yaml_node_t *models = ost_yaml_get(&tree->root, "models");
    for (size_t i = 0; models != NULL && i < models->n_members; i++) {
        const char *text = models->members[i].text, *slash = text != NULL ? strrchr(text, '/') : NULL;
        const char *word = slash != NULL ? slash + 1 : text;
        if (word == NULL || strncmp(word, name, n) != 0) continue;
        if (word[n] == '\0' || strcmp(word + n, ".model") == 0) return true;
    }
    return false;
}

/* Whether a comparison or an endpoint is of this arm, or compares with it. */
static bool names_arm(const ost_yaml_node_t *node, const char *name)
{
    const ost_yaml_node_t *of[] = { ost_yaml_get(node, "arm"), ost_yaml_get(node, "versus") };
    for (size_t i = 0; i < 2; i++)
        if (of[i] != NULL && of[i]->text != NULL && strcmp(of[i]->text, name) == 0) return true;
    return false;
}

void ost_experiment_settle(ost_yaml_t *tree, const char *override)
{
    const size_t length = strcspn(override, "= "), first = strlen("arms.");
    char name[256] = "", remedy[300] = "";
    if (length > first) snprintf(name, sizeof name, "%.*s", (int) (length - first), override + first);
    if (tree->code != 0 || strncmp(override, "arms.", first) != 0 || strchr(name, '.') != NULL ||
        ost_yaml_get(ost_yaml_get(&tree->root, "arms"), name) != NULL)
        return;
    ost_yaml_node_t *compare = ost_yaml_get(ost_yaml_get(&tree->root, "evidence"), "compare");
    for (size_t k = compare != NULL ? compare->n_members : 0; k-- > 0;)
        if (names_arm(&compare->members[k], name)) ost_yaml_remove(compare, &compare->members[k]);
    const ost_yaml_node_t *endpoints = ost_yaml_get(&tree->root, "endpoints");
    for (size_t k = 0, n = 0; endpoints != NULL && k < endpoints->n_members && n < sizeof remedy; k++)
        if (names_arm(&endpoints->members[k], name))
            n += (size_t) snprintf(
                remedy + n, sizeof remedy - n, " --set 'endpoints.%.60s=~'", endpoints->members[k].key);
    if (remedy[0] != '\0')
        ost_yaml_take(
            tree, ost_fail_at(tree->err, OST_ERR_NAME, tree->path, 0, 0,
                      "in the setting '%.100s': endpoints are of this arm or compare with it; take them away too:%s",
                      override, remedy));
}

void ost_experiment_override(ost_yaml_t *tree, const char *override)
{
    const size_t first = strcspn(override, ".= "), path = strcspn(override, "= ");
    if (tree->code != 0 || ost_schema_override(&ost_experiment_schema, tree, override) != OST_ERR_NAME) return;
    if (first > 0 && has_model(tree, override, first) && override[first] == '.')
        ost_fail_at(tree->err, OST_ERR_NAME, tree->path, 0, 0,
            "in the setting '%.100s': unknown key '%.*s' (did you mean 'parameters.%.*s'?)", override, (int) first,
            override, (int) path, override);
}
