/* SPDX-License-Identifier: GPL-3.0-or-later */
/* YAML text as a small tree that remembers where everything stands. Only what an experiment needs: mappings, sequences
 * and scalars; anchors, aliases, tags and second documents are refused, and so are keys that appear twice. Errors are
 * sticky: only the first is recorded, and after it nothing is read any more, so that readers read straight on and look
 * at `code` before they use what they have read, and at the end. */
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
    ost_error_t *err;         /* the caller's */
    ost_memory_t *memory;     /* of values that are read, the caller's, who sets it after the text is parsed */
    int code;                 /* 0, or that of the first error */
} ost_yaml_t;

/* @return 0, OST_ERR_SYNTAX, OST_ERR_NAME (a key twice), OST_ERR_LIMIT or OST_ERR_NO_MEMORY, with file:line:column.
 * path and err are borrowed: must outlive self */
int ost_yaml_parse(ost_yaml_t *self, const char *path, const char *text, ost_error_t *err) OST_MUST_CHECK;
/* The tree as YAML text that is parsed to an equal tree. @param[out] text  owned by the caller, NULL on error @return 0
 * or OST_ERR_NO_MEMORY */
int ost_yaml_write(const ost_yaml_t *self, char **text, ost_error_t *err) OST_MUST_CHECK;
void ost_yaml_free(ost_yaml_t *self);
void ost_yaml_node_free(ost_yaml_node_t *self);

/* The member of a mapping, NULL if it has none of that name or is no mapping. As with strchr(), it may be changed where
 * the mapping may. */
ost_yaml_node_t *ost_yaml_get(const ost_yaml_node_t *self, const char *key);
/* True of `key:` with nothing behind it, `~` and `null`. */
bool ost_yaml_is_null(const ost_yaml_node_t *self);
/* Append an empty member; key is copied, NULL in a sequence. @return it, NULL if out of memory */
ost_yaml_node_t *ost_yaml_append(ost_yaml_node_t *self, const char *key);
/* @param member  of self */
void ost_yaml_remove(ost_yaml_node_t *self, ost_yaml_node_t *member);

/* Record an error at a node's value, unless there is one already: "file:line:column: path: what". @return self->code */
int ost_yaml_fail(ost_yaml_t *self, const ost_yaml_node_t *node, int code, const char *fmt, ...) OST_PRINTF(4, 5);
/* The same at its key. */
int ost_yaml_fail_key(ost_yaml_t *self, const ost_yaml_node_t *node, int code, const char *fmt, ...) OST_PRINTF(4, 5);
/* The same for want of memory. */
int ost_yaml_no_memory(ost_yaml_t *self);
/* Take up the code of what recorded its error in self->err itself, 0 for none. @return self->code */
int ost_yaml_take(ost_yaml_t *self, int code);
/* The same of an error that was found below (in a quantity, a formula), which gets the place and path of the node; a
 * column within its text is counted from there. */
int ost_yaml_locate(ost_yaml_t *self, const ost_yaml_node_t *node, int code);

/* A copy of a text, in self->memory; NULL on error. */
char *ost_yaml_copy(ost_yaml_t *self, const char *text);
/* `name` seen from the folder of `base`, likewise. */
char *ost_yaml_beside(ost_yaml_t *self, const char *base, const char *name);
/* n zeroed items of `size` bytes, likewise. */
void *ost_yaml_items(ost_yaml_t *self, size_t n, size_t size);
/* The same, one for each member of a node that may be NULL. @param[out] n  their number, 0 on error @return NULL for
 * none */
void *ost_yaml_list(ost_yaml_t *self, const ost_yaml_node_t *node, size_t size, size_t *n);
#endif
