/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed values of a YAML tree. Every function takes a node that may be NULL, for an optional key that is not there:
 * then *out keeps what it holds, the default, as it does from the tree's first error on. Errors carry place and path of
 * the node. */
#ifndef OST_INPUT_FIELDS_H
#define OST_INPUT_FIELDS_H

#include "input/yaml.h"

/* Text that is not empty; replaces what *out holds. */
void ost_field_text(ost_yaml_t *tree, const ost_yaml_node_t *node, char **out);
/* A number without a unit (or in %), lower <= *out <= upper. */
void ost_field_number(ost_yaml_t *tree, const ost_yaml_node_t *node, double lower, double upper, double *out);
/* A whole number written in digits. */
void ost_field_count(ost_yaml_t *tree, const ost_yaml_node_t *node, uint64_t lower, uint64_t upper, uint64_t *out);
/* A number with any unit. */
void ost_field_quantity(ost_yaml_t *tree, const ost_yaml_node_t *node, ost_quantity_t *out);
/* A number with a unit of dimension `dim`; `example` goes into the message ("6 month"). */
void ost_field_of_dim(ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim, const char *example, double *out);
/* A quantity of the dimension of `unit`; a plain number where that has a scale but no dimension, as [%], is refused.
 * @param unit_text  as written, for the message */
void ost_field_in_unit(
    ost_yaml_t *tree, const ost_yaml_node_t *node, const ost_unit_t *unit, const char *unit_text, double *out);
/* A number with a unit of time, to days. */
void ost_field_time(ost_yaml_t *tree, const ost_yaml_node_t *node, double *out);
/* true or false. */
void ost_field_flag(ost_yaml_t *tree, const ost_yaml_node_t *node, bool *out);
/* One of names[n]. */
void ost_field_choice(ost_yaml_t *tree, const ost_yaml_node_t *node, const char *const *names, size_t n, int *out);
/* The key of a node, which must be letters, digits, '_' and, with `dashes`, '-'; beginning with a letter. */
void ost_field_key(ost_yaml_t *tree, const ost_yaml_node_t *node, bool dashes, char **out);
/* The unit that a quantity is written with, "1" if none; points into the node's text. */
const char *ost_field_unit_text(const ost_yaml_node_t *node);

#endif
