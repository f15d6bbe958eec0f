/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/schema.h"

#include "core/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Names for a suggestion; more would not make it better. */
#define MAX_NAMES 64

static bool is_free(const ost_schema_t *member)
{
    return isupper((unsigned char) member->key[0]);
}

/* Schema of the member `key` of a mapping, NULL if it may not be there. */
static const ost_schema_t *find_member(const ost_schema_t *self, const char *key, size_t length)
{
    const ost_schema_t *open = NULL;
    for (size_t i = 0; i < self->n_members; i++) {
        const ost_schema_t *member = &self->members[i];
        if (strlen(member->key) == length && strncmp(member->key, key, length) == 0 && member->key[0] != '-' &&
            !is_free(member))
            return member;
        if (is_free(member)) open = member;
    }
    return open;
}

static bool is_former(const ost_schema_t *member)
{
    return member->kinds == 0;
}

static const ost_schema_t *find_element(const ost_schema_t *self)
{
    for (size_t i = 0; i < self->n_members; i++) {
        if (self->members[i].key[0] == '-') return &self->members[i];
    }
    return NULL;
}

/* Schema of a member, NULL if it may not be there. */
static const ost_schema_t *find_inner(const ost_schema_t *self, const ost_yaml_node_t *member)
{
    return member->key == NULL ? find_element(self) : find_member(self, member->key, strlen(member->key));
}

/* " (did you mean 'rtol'?)", or the keys there are: those of the schema, or where it leaves them free those of `node`
 * (may be NULL). */
static void suggest(const ost_schema_t *self, const ost_yaml_node_t *node, const char *word, char *buf, size_t size)
{
    const char *names[MAX_NAMES];
    size_t n = 0;
    for (size_t i = 0; i < self->n_members && n < MAX_NAMES; i++) {
        const ost_schema_t *member = &self->members[i];
        if (!is_free(member) && !is_former(member) && member->key[0] != '-') names[n++] = member->key;
    }
    for (size_t i = 0; node != NULL && i < node->n_members && n < MAX_NAMES; i++) {
        const ost_schema_t *member = find_member(self, node->members[i].key, strlen(node->members[i].key));
        if (member != NULL && is_free(member)) names[n++] = node->members[i].key;
    }
    buf[0] = '\0';
    if (n == 0) return;
    const char *nearest = ost_nearest(word, names, n);
    size_t length = 0;
    if (nearest != NULL) {
        length = (size_t) snprintf(buf, size, " (did you mean '%.100s'?)", nearest);
        if (node != NULL) return;
    }
    length += (size_t) snprintf(buf + length, size - length, "; possible here:");
    for (size_t i = 0; i < n && length + 1 < size; i++)
        length += (size_t) snprintf(buf + length, size - length, "%s %.60s", i > 0 ? "," : "", names[i]);
}

static const char *kind_name(const ost_yaml_node_t *node)
{
    if (ost_yaml_is_null(node)) return "nothing";
    if (node->kind == OST_YAML_SEQUENCE) return "a list";
    return node->kind == OST_YAML_MAPPING ? "a mapping" : "plain text";
}

static void warn_of_former(const ost_schema_t *member, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    char what[160];
    snprintf(what, sizeof what, "'%s' is a former name of '%s', which the next release will not read", member->key,
        member->expects);
    for (size_t i = 0; i < tree->warnings.n; i++)
        if (strstr(tree->warnings.items[i], what) != NULL) return;
    int ret = node->origin != NULL ? ost_text_list_add(&tree->warnings, "in the setting '%s': %s", node->origin, what)
                                   : ost_text_list_add_at(&tree->warnings, tree->path, node->key_at, "%s", what);
    if (ret < 0) ost_yaml_no_memory(tree);
}

static void rename_node(const ost_schema_t *self, ost_yaml_t *tree, ost_yaml_node_t *node)
{
    for (size_t i = 0; i < node->n_members && tree->code == 0; i++) {
        ost_yaml_node_t *member = &node->members[i];
        const ost_schema_t *inner = find_inner(self, member);
        if (inner != NULL && is_former(inner)) {
            if (ost_yaml_get(node, inner->expects) != NULL)
                ost_yaml_fail_key(
                    tree, member, OST_ERR_NAME, "'%s' is given under its former name too", inner->expects);
            char *name = tree->code == 0 ? ost_strdup(inner->expects) : NULL;
            if (name == NULL) ost_yaml_no_memory(tree);
            if (name == NULL) return;
            warn_of_former(inner, tree, member);
            free(member->key);
            member->key = name;
            inner = find_inner(self, member);
        }
        if (inner != NULL) rename_node(inner, tree, member);
    }
}

int ost_schema_rename(const ost_schema_t *self, ost_yaml_t *tree)
{
    rename_node(self, tree, &tree->root);
    return tree->code;
}

static void fail_unknown(const ost_schema_t *self, ost_yaml_t *tree, const ost_yaml_node_t *member)
{
    char hint[256];
    suggest(self, NULL, member->key, hint, sizeof hint);
    if (strchr(member->key, ':') != NULL) snprintf(hint, sizeof hint, "; expected a blank after its ':'");
    if (isdigit((unsigned char) member->key[0])) /* "{dose: 2,5 mg}" */
        snprintf(hint, sizeof hint, "; is a ',' before it the decimal comma of a number? expected '.'");
    ost_yaml_fail_key(tree, member, OST_ERR_NAME, "unknown key%s", hint);
}

/* All keys that a mapping lacks. One that a setting began can have the others from settings too. */
static void check_needed(const ost_schema_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    const ost_schema_t *first = NULL;
    char others[384] = "";
    size_t used = 0;
    bool is_set = false;
    for (size_t i = 0; i < node->n_members; i++) is_set = is_set || node->members[i].origin != NULL;
    for (size_t i = 0; i < self->n_members && used < sizeof(others); i++) {
        const ost_schema_t *member = &self->members[i];
        if (!member->required || ost_yaml_get(node, member->key) != NULL) continue;
        if (first != NULL)
            used += (size_t) snprintf(others + used, sizeof(others) - used, "; '%s': %s", member->key, member->expects);
        if (first == NULL) first = member;
    }
    if (first != NULL)
        ost_yaml_fail(tree, node, OST_ERR_NAME, "'%s' is missing here: %s%s%s", first->key, first->expects, others,
            is_set ? "; expected in the file, or as further settings" : "");
}

/* Whether a setting takes an item of a list away, as in "arms.a.regimen.1=~": after all settings, as others count items
 * too. */
static bool is_away(const ost_yaml_node_t *list, const ost_yaml_node_t *item, const ost_schema_t *of)
{
    return list->kind == OST_YAML_SEQUENCE && item->origin != NULL && ost_yaml_is_null(item) && of != NULL &&
           (of->kinds & OST_YAML_SCALAR) == 0;
}

static void check_node(const ost_schema_t *self, ost_yaml_t *tree, ost_yaml_node_t *node)
{
    if (ost_yaml_is_null(node) && (self->kinds & OST_YAML_SCALAR) == 0) {
        free(node->text);
        node->text = NULL;
        node->kind = self->kinds & OST_YAML_MAPPING ? OST_YAML_MAPPING : OST_YAML_SEQUENCE;
    }
    if ((self->kinds & (unsigned) node->kind) == 0)
        ost_yaml_fail(tree, node, OST_ERR_SYNTAX, "%s is expected here, not %s", self->expects, kind_name(node));
    for (size_t i = 0; i < node->n_members && tree->code == 0; i++) {
        const ost_schema_t *inner = find_inner(self, &node->members[i]);
        if (is_away(node, &node->members[i], inner))
            ost_yaml_remove(node, &node->members[i--]);
        else if (inner == NULL)
            fail_unknown(self, tree, &node->members[i]);
        else
            check_node(inner, tree, &node->members[i]);
    }
    if (node->kind == OST_YAML_MAPPING) check_needed(self, tree, node);
}

/* Behind the first error, all other unknown keys of the file, as far as there is room. */
static void add_unknown(const ost_schema_t *self, ost_error_t *err, const ost_yaml_node_t *node)
{
    for (size_t i = 0; i < node->n_members; i++) {
        const ost_yaml_node_t *member = &node->members[i];
        const ost_location_t at = member->key_at;
        const ost_schema_t *inner = find_inner(self, member);
        if (inner != NULL) add_unknown(inner, err, member);
        if (inner != NULL || member->key == NULL || member->origin != NULL) continue;
        if (at.line == err->line && at.column == err->column) continue;
        char hint[256];
        suggest(self, node, member->key, hint, sizeof(hint));
        const size_t n = strlen(err->what);
        if (n + strlen(hint) + 64 + strlen(member->key) > sizeof(err->what)) continue;
        snprintf(err->what + n, sizeof(err->what) - n, "; %d:%d: unknown key '%s'%s", at.line, at.column, member->key,
            strncmp(hint, " (", 2) == 0 ? hint : "");
    }
}

int ost_schema_check(const ost_schema_t *self, ost_yaml_t *tree)
{
    if (ost_schema_rename(self, tree) == 0) check_node(self, tree, &tree->root);
    if (tree->code != 0 && tree->code != OST_ERR_NO_MEMORY && tree->err != NULL)
        add_unknown(self, tree->err, &tree->root);
    return tree->code;
}

/* How far the path's next key reaches: the longest existing member that the path begins with, else up to the dot that
 * ends a free name of the schema ("MODEL.PARAMETER" holds one), else up to the next dot. */
static size_t key_length(const ost_schema_t *self, const ost_yaml_node_t *node, const char *path)
{
    size_t longest = 0;
    for (size_t i = 0; node->kind == OST_YAML_MAPPING && i < node->n_members; i++) {
        size_t n = strlen(node->members[i].key);
        if (n > longest && strncmp(path, node->members[i].key, n) == 0 && (path[n] == '\0' || path[n] == '.'))
            longest = n;
    }
    if (longest > 0) return longest;
    size_t n = strcspn(path, ".");
    const ost_schema_t *open = find_member(self, path, n);
    for (const char *dot = open != NULL && is_free(open) ? strchr(open->key, '.') : NULL; dot != NULL && path[n] == '.';
         dot = strchr(dot + 1, '.')) {
        n += 1 + strcspn(path + n + 1, ".");
    }
    return n;
}

static int find_index(const char *word, size_t n_members, size_t *index)
{
    char *end;
    if (!isdigit((unsigned char) word[0])) return -1;
    unsigned long i = strtoul(word, &end, 10);
    if (*end != '\0' || i >= n_members) return -1;
    *index = i;
    return 0;
}

/* The member that a text in place of a mapping stands for: `value`, or the one that is required, as `table` of
 * `people: table.csv`. NULL: there is no such member, or more than one */
static const ost_schema_t *stands_for(const ost_schema_t *self)
{
    const ost_schema_t *found = NULL;
    if ((self->kinds & OST_YAML_MAPPING) == 0 || (self->kinds & OST_YAML_SCALAR) == 0) return NULL;
    for (size_t i = 0; i < self->n_members; i++) {
        if (strcmp(self->members[i].key, "value") == 0) return &self->members[i];
        if (!self->members[i].required) continue;
        if (found != NULL) return NULL;
        found = &self->members[i];
    }
    return found;
}

/* @return false: out of memory */
static bool becomes_mapping(ost_yaml_node_t *node, const ost_schema_t *of)
{
    char *text = node->text;
    node->text = NULL;
    node->kind = OST_YAML_MAPPING;
    ost_yaml_node_t *member = ost_yaml_append(node, of->key);
    if (member == NULL) {
        free(text);
        return false;
    }
    member->kind = OST_YAML_SCALAR;
    member->text = text;
    member->quoted = node->quoted;
    member->origin = node->origin;
    member->location = member->key_at = node->location;
    return true;
}

/* One step down: the member of `node` at the head of *path, created where the schema lets it. @return NULL, with why:
 * "" if out of memory */
static ost_yaml_node_t *step(const ost_schema_t **schema, ost_yaml_node_t *node, const char **path, char *word,
    size_t word_size, char *why, size_t why_size)
{
    if (node->kind == OST_YAML_SCALAR && ost_yaml_is_null(node) && ((*schema)->kinds & OST_YAML_MAPPING)) {
        free(node->text);
        node->text = NULL;
        node->kind = OST_YAML_MAPPING;
    }
    if (node->kind == OST_YAML_SCALAR && stands_for(*schema) != NULL && !becomes_mapping(node, stands_for(*schema))) {
        why[0] = '\0';
        return NULL;
    }
    size_t n = key_length(*schema, node, *path);
    snprintf(word, word_size, "%.*s", (int) n, *path);
    bool is_last = (*path)[n] == '\0';
    *path += n + (is_last ? 0 : 1);
    if (node->kind == OST_YAML_SCALAR) {
        snprintf(why, why_size, "there is plain text above '%.80s', not a mapping or list", word);
        return NULL;
    }
    if (node->kind == OST_YAML_SEQUENCE) {
        size_t index = 0;
        *schema = find_element(*schema);
        if (*schema == NULL || find_index(word, node->n_members, &index) != 0) {
            snprintf(
                why, why_size, "'%.80s' is not an element of a list of %zu; the first is 0", word, node->n_members);
            return NULL;
        }
        return &node->members[index];
    }
    const ost_schema_t *inner = find_member(*schema, word, strlen(word));
    ost_yaml_node_t *member = NULL;
    if (inner != NULL && is_former(inner)) snprintf(word, word_size, "%s", inner->expects);
    if (inner != NULL && is_former(inner)) inner = find_member(*schema, word, strlen(word));
    for (size_t i = 0; i < node->n_members; i++) {
        if (strcmp(node->members[i].key, word) == 0) member = &node->members[i];
    }
    /* an entry that is not there is misspelt, unless its name is checked later, as that of a MODEL.PARAMETER */
    if (inner == NULL || n == 0 || (member == NULL && is_free(inner) && !is_last && strchr(inner->key, '.') == NULL)) {
        char hint[256];
        suggest(*schema, node, word, hint, sizeof hint);
        snprintf(why, why_size, "unknown key '%.80s'%s", word, hint);
        return NULL;
    }
    *schema = inner;
    if (member == NULL) {
        member = ost_yaml_append(node, word);
        if (member == NULL) why[0] = '\0';
        if (member != NULL && is_free(inner)) member->location = member->key_at = (ost_location_t){ 0 };
    }
    return member;
}

static void set_origin(ost_yaml_node_t *node, const char *origin)
{
    node->origin = origin;
    node->location = node->key_at = (ost_location_t){ 0 }; /* a location within the setting is not one of the file */
    for (size_t i = 0; i < node->n_members; i++) set_origin(&node->members[i], origin);
}

/* A setting takes away what is not there. */
static int fail_away(const ost_schema_t *self, const ost_yaml_t *tree, const ost_yaml_node_t *node, const char *word,
    const char *override, ost_error_t *err)
{
    char hint[256];
    suggest(self, node, word, hint, sizeof hint);
    return ost_fail_at(err, OST_ERR_NAME, tree->path, 0, 0,
        "in the setting '%.100s': there is no '%.80s' to take away%s", override, word, hint);
}

static int set_entry(const ost_schema_t *self, ost_yaml_t *tree, const char *override, ost_error_t *err)
{
    const char *equals = strchr(override, '=');
    if (equals == NULL || equals == override || strchr(override, '\n') != NULL)
        return ost_fail(err, OST_ERR_SYNTAX,
            "the setting '%.100s' is not one line of the form path=value, such as population.subjects=100", override);
    char path[512], word[256], why[384];
    size_t length = (size_t) (equals - override);
    while (length > 0 && override[length - 1] == ' ') length--;
    if (length >= sizeof path || length == 0 || override[length - 1] == '.')
        return ost_fail(err, OST_ERR_SYNTAX, "the setting '%.100s' has no path that could be followed", override);
    memcpy(path, override, length);
    path[length] = '\0';
    const char *text = equals + 1;
    if (text[strspn(text, " \t")] == '\0')
        return ost_fail(err, OST_ERR_SYNTAX,
            "the setting '%.100s' has no value; '%.100s={}' is an empty entry, as an arm without treatment", override,
            path);
    ost_yaml_t value;
    int ret = ost_yaml_parse(&value, "", text, err);
    if (ret != 0) {
        ost_error_prepend(err, "in the setting '%.100s': ", override);
        if (err != NULL) err->line = err->column = 0; /* a place within the setting would look like one of the file */
        goto out;
    }
    const char *rest = path;
    ost_yaml_node_t *node = &tree->root, *parent = node;
    const ost_schema_t *of = self;
    size_t n_before = 0;
    do {
        parent = node;
        n_before = parent->n_members;
        of = self;
        node = step(&self, node, &rest, word, sizeof word, why, sizeof why);
        if (node == NULL) {
            ret = why[0] == '\0'
                      ? ost_no_memory(err)
                      : ost_fail_at(err, OST_ERR_NAME, tree->path, 0, 0, "in the setting '%.100s': %s", override, why);
            goto out;
        }
    } while (rest[0] != '\0');
    if (parent->kind == OST_YAML_MAPPING && ost_yaml_is_null(&value.root)) {
        const bool was_there = parent->n_members == n_before;
        ost_yaml_remove(parent, node);
        if (!was_there && is_free(self)) ret = fail_away(of, tree, parent, word, override, err);
        goto out;
    }
    char *key = node->key;
    ost_location_t key_at = node->key_at;
    node->key = NULL;
    ost_yaml_node_free(node);
    *node = value.root;
    node->key = key;
    node->key_at = key_at;
    set_origin(node, override);
    memset(&value.root, 0, sizeof value.root);
out:
    ost_yaml_free(&value);
    return ret;
}

int ost_schema_override(const ost_schema_t *self, ost_yaml_t *tree, const char *override)
{
    return tree->code == 0 ? ost_yaml_take(tree, set_entry(self, tree, override, tree->err)) : tree->code;
}

static void print_level(const ost_schema_t *self, const char *prefix, FILE *out)
{
    for (size_t i = 0; i < self->n_members; i++) {
        const ost_schema_t *member = &self->members[i];
        if (is_former(member)) continue;
        char path[160];
        snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", member->key);
        fprintf(out, "%s%s\n    %s%s%s\n", path, member->required ? " (needed)" : "", member->expects,
            member->text[0] != '\0' ? ": " : "", member->text);
        print_level(member, path, out);
    }
}

void ost_schema_print(const ost_schema_t *self, FILE *out)
{
    print_level(self, "", out);
}
