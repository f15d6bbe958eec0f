/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file treatments.h  Classes of treatment beside an evidence table: classes.csv says what each means, arms.csv which
 * one the arm of a trial is of. */
#ifndef OST_INPUT_TREATMENTS_H
#define OST_INPUT_TREATMENTS_H

#include "core/error.h"
#include "core/memory.h"

/** A class of treatment: a row of classes.csv. */
typedef struct {
    char *name;    /**< "aromatase inhibitor" */
    char *meaning; /**< a phrase */
    int line;      /**< in the file */
} ost_treatment_class_t;

/** An arm of a trial: a row of arms.csv. */
typedef struct {
    char *trial, *arm;   /**< as the evidence spells them */
    char *name, *minus;  /**< its class; that of the arm it is a difference from, "" for none */
    size_t of, of_minus; /**< indices of these classes; SIZE_MAX for none */
    int line;            /**< in the file */
} ost_treated_arm_t;

/** The classes of treatment, in the order of their file, and the arms. */
typedef struct {
    ost_treatment_class_t *classes; /**< [n_classes] */
    size_t n_classes;
    ost_treated_arm_t *arms; /**< [n_arms] */
    size_t n_arms;
} ost_treatments_t;

/** Read classes.csv and arms.csv beside an evidence table; one that is not there, from the folder of `otherwise`.
 *  @param otherwise  path of another arms.csv, NULL for none: then there is no arm. @param memory  of all. @return 0,
 * OST_ERR_IO, OST_ERR_SYNTAX, OST_ERR_NAME (a class that classes.csv does not name) or OST_ERR_VALUE (an arm or a class
 * twice), with the line */
int ost_treatments_read(ost_treatments_t *self, const char *evidence, const char *otherwise, ost_memory_t *memory,
    ost_error_t *err) OST_MUST_CHECK;
/** The row of an arm. @return NULL if there is none */
const ost_treated_arm_t *ost_treatments_find(const ost_treatments_t *self, const char *trial, const char *arm);

#endif
