/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a YAML text may hold: every key once, with its meaning. The same table checks a text, suggests the nearest key,
 * says which keys an override may create, and is printed by `osteon list keys`. */
#ifndef OST_INPUT_SCHEMA_H
#define OST_INPUT_SCHEMA_H

#include "input/yaml.h"

/* What a scalar holds, for editors of files; the reader of a key checks the value itself. */
typedef enum {
    OST_FORM_TEXT,
    OST_FORM_WORD,     /* `expects` is the words: "periodic|exact" */
    OST_FORM_FLAG,     /* true or false */
    OST_FORM_COUNT,    /* a whole number in digits */
    OST_FORM_NUMBER,   /* without a unit, or in % */
    OST_FORM_QUANTITY, /* with any unit, or none */
    OST_FORM_TIME,     /* with a unit */
    OST_FORM_FORMULA,  /* a quantity, or an expression */
    OST_N_FORMS
} ost_form_t;
#define OST_SCALAR(form) (OST_YAML_SCALAR | (unsigned) (form) << 8)

/* A row whose kinds are 0 is a former name: `key` is read as `expects` for one more release, with a warning. */
typedef struct ost_schema {
    const char *key;     /* "dose"; in capitals ("ARM", "MODEL.PARAMETER"): any name; "-": each element of a list */
    unsigned kinds;      /* of ost_yaml_kind_t; OST_SCALAR(form): a scalar of that form */
    const char *expects; /* "a time such as 6 month" */
    const char *text;    /* meaning */
    bool required;
    const struct ost_schema *members; /* [n_members] */
    size_t n_members;
} ost_schema_t;

/* `path=value`: set a value in the tree before it is checked. The value is read as YAML. Keys of the schema are created
 * as needed, free names only at the end of the path; `path=~` takes a key of the schema away. `override` is borrowed:
 * must outlive the tree.
 * @return 0, OST_ERR_SYNTAX or OST_ERR_NAME with the nearest key at the level that is wrong */
int ost_schema_override(const ost_schema_t *self, ost_yaml_t *tree, const char *override) OST_MUST_CHECK;

/* Give members of former names their present names, and warn once of each.
 * @return 0, OST_ERR_NAME (both names are there) or OST_ERR_NO_MEMORY */
int ost_schema_rename(const ost_schema_t *self, ost_yaml_t *tree) OST_MUST_CHECK;

/* Check all keys, and whether each value is a scalar, list or mapping as it should be; members that are there but empty
 * (`arms:`) become empty lists or mappings. @return 0, OST_ERR_NAME (unknown or missing key) or OST_ERR_SYNTAX */
int ost_schema_check(const ost_schema_t *self, ost_yaml_t *tree) OST_MUST_CHECK;

/* As a JSON Schema (draft 2020-12), for editors that check and complete YAML. */
void ost_schema_print_json(const ost_schema_t *self, const char *title, FILE *out);

/* One line a key: path, what it expects, what it means. */
void ost_schema_print(const ost_schema_t *self, FILE *out);

#endif
