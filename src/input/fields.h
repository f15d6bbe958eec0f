/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed values of a YAML tree. Every function takes a node that may be NULL, for an optional key that is not there:
 * then *out keeps what it holds, the default. Errors carry place and path of the node. */
#ifndef OST_INPUT_FIELDS_H
#define OST_INPUT_FIELDS_H

#include "input/yaml.h"

/* Text that is not empty; replaces (and frees) what *out holds. */
int ost_field_text(const ost_yaml_t *tree, const ost_yaml_node_t *node, char **out, ost_error_t *err) OST_MUST_CHECK;
/* A number without a unit (or in %), lower <= *out <= upper. */
int ost_field_number(const ost_yaml_t *tree, const ost_yaml_node_t *node, double lower, double upper, double *out,
    ost_error_t *err) OST_MUST_CHECK;
/* A whole number written in digits. */
int ost_field_count(const ost_yaml_t *tree, const ost_yaml_node_t *node, uint64_t lower, uint64_t upper, uint64_t *out,
    ost_error_t *err) OST_MUST_CHECK;
/* A number with any unit. */
int ost_field_quantity(
    const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_quantity_t *out, ost_error_t *err) OST_MUST_CHECK;
/* A number with a unit of dimension `dim`; `example` goes into the message ("6 month"). */
int ost_field_of_dim(const ost_yaml_t *tree, const ost_yaml_node_t *node, ost_dim_t dim, const char *example,
    double *out, ost_error_t *err) OST_MUST_CHECK;
/* A quantity of the dimension of `unit`; a plain number where that has a scale but no dimension, as [%], is refused.
 * @param unit_text  as written, for the message */
int ost_field_in_unit(const ost_yaml_t *tree, const ost_yaml_node_t *node, const ost_unit_t *unit,
    const char *unit_text, double *out, ost_error_t *err) OST_MUST_CHECK;
/* A number with a unit of time, to days. */
int ost_field_time(const ost_yaml_t *tree, const ost_yaml_node_t *node, double *out, ost_error_t *err) OST_MUST_CHECK;
/* true or false. */
int ost_field_flag(const ost_yaml_t *tree, const ost_yaml_node_t *node, bool *out, ost_error_t *err) OST_MUST_CHECK;
/* One of names[n]. */
int ost_field_choice(const ost_yaml_t *tree, const ost_yaml_node_t *node, const char *const *names, size_t n, int *out,
    ost_error_t *err) OST_MUST_CHECK;
/* The key of a node (or its text, where it has none) must be letters, digits, '_' and, with `dashes`, '-'; beginning
 * with a letter. */
int ost_field_check_name(const ost_yaml_t *tree, const ost_yaml_node_t *node, const char *name, bool dashes,
    ost_error_t *err) OST_MUST_CHECK;
/* The unit that a quantity is written with, "1" if none; points into the node's text. */
const char *ost_field_unit_text(const ost_yaml_node_t *node);

#endif
