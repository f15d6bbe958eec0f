/* SPDX-License-Identifier: GPL-3.0-or-later */
/* YAML text as a small tree that remembers where everything stands. Only what an experiment needs: mappings, sequences
 * and scalars; anchors, aliases, tags and second documents are refused, and so are keys that appear twice. */
#ifndef OST_INPUT_YAML_H
#define OST_INPUT_YAML_H

#include "input/experiment.h"

/* Kinds are bits, so that a schema can say which ones it allows. */
typedef enum { OST_YAML_SCALAR = 1, OST_YAML_SEQUENCE = 2, OST_YAML_MAPPING = 4 } ost_yaml_kind_t;

#define OST_YAML_MAX_BYTES (4u << 20)
#define OST_YAML_MAX_DEPTH 32
#define OST_YAML_MAX_MEMBERS 4096 /* of one mapping; keys are compared pairwise */
#define OST_YAML_MAX_NODES 200000

typedef struct ost_yaml_node {
    ost_yaml_kind_t kind;
    ost_location_t location; /* of the value */
    char *key;               /* in a mapping: owned; NULL in a sequence and at the root */
    ost_location_t key_at;   /* of the key */
    const char *origin;      /* the override that it came from, borrowed; NULL: the file */
    char *text;              /* SCALAR: owned */
    bool quoted;             /* SCALAR: written in quotes or as a block */
    struct ost_yaml_node *members;
    size_t n_members, max_members;
} ost_yaml_node_t;

typedef struct {
    const char *path; /* for messages, borrowed */
    ost_yaml_node_t root;
    ost_text_list_t warnings; /* about what is read but will not be for long (ost_schema_rename) */
} ost_yaml_t;

/* @return 0, OST_ERR_SYNTAX, OST_ERR_NAME (a key twice), OST_ERR_LIMIT or OST_ERR_NO_MEMORY, with file:line:column.
 * path is borrowed: must outlive self */
int ost_yaml_parse(ost_yaml_t *self, const char *path, const char *text, ost_error_t *err) OST_MUST_CHECK;
/* The tree as YAML text that is parsed to an equal tree. @param[out] text  owned by the caller, NULL on error @return 0
 * or OST_ERR_NO_MEMORY */
int ost_yaml_write(const ost_yaml_t *self, char **text, ost_error_t *err) OST_MUST_CHECK;
void ost_yaml_free(ost_yaml_t *self);
void ost_yaml_node_free(ost_yaml_node_t *self);

/* The member of a mapping, NULL if it has none of that name or is no mapping. */
const ost_yaml_node_t *ost_yaml_get(const ost_yaml_node_t *self, const char *key);
/* True of `key:` with nothing behind it, `~` and `null`. */
bool ost_yaml_is_null(const ost_yaml_node_t *self);
/* Append an empty member; key is copied, NULL in a sequence. @return it, NULL if out of memory */
ost_yaml_node_t *ost_yaml_append(ost_yaml_node_t *self, const char *key);
/* @param member  of self */
void ost_yaml_remove(ost_yaml_node_t *self, ost_yaml_node_t *member);

/* "arms.anastrozole.regimen.0.dose" of a node in the tree, "" for the root; always terminated. @return buf */
char *ost_yaml_path(const ost_yaml_t *self, const ost_yaml_node_t *node, char *buf, size_t size);
/* Fail at a node's value: "file:line:column: path: what". @return code */
int ost_yaml_fail(const ost_yaml_t *self, const ost_yaml_node_t *node, int code, ost_error_t *err, const char *fmt, ...)
    OST_PRINTF(5, 6);
/* The same at its key. */
int ost_yaml_fail_key(const ost_yaml_t *self, const ost_yaml_node_t *node, int code, ost_error_t *err, const char *fmt,
    ...) OST_PRINTF(5, 6);
/* Give an error that was found below (in a quantity, a formula) the place and path of the node; a column within its
 * text is counted from there. @return code */
int ost_yaml_locate(const ost_yaml_t *self, const ost_yaml_node_t *node, int code, ost_error_t *err);

#endif
