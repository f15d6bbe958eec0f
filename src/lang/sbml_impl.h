/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of ost_models_write_sbml() share. */
#ifndef OST_LANG_SBML_IMPL_H
#define OST_LANG_SBML_IMPL_H

#include "lang/sbml.h"
#include "lang/writer.h"

/* Lists of a model of SBML, in their order in the file. */
enum { OST_SBML_UNITS, OST_SBML_PARAMETERS, OST_SBML_INITIALS, OST_SBML_RULES, OST_SBML_EVENTS, OST_SBML_N_LISTS };

typedef struct {
    ost_writer_t writer; /* first, so that what the writer hands on is this */
    const ost_sbml_arm_t *arm;
    FILE *list[OST_SBML_N_LISTS];
    char *text[OST_SBML_N_LISTS];
    size_t size[OST_SBML_N_LISTS];
    const char *closing; /* of the variable that is written */
    ost_unit_t *units;   /* [n_units] that are defined */
    size_t n_units, max_units;
    bool out_of_memory;
} ost_sbml_t;

extern const ost_language_t ost_sbml_language;
extern const char ost_sbml_math[];                    /* the tag that begins an expression */
extern const ost_unit_t ost_sbml_day, ost_sbml_plain; /* d; 1 */

/* Write text with its special characters replaced. */
void ost_sbml_put_text(FILE *out, const char *text);
/* The identifier of a unit. @param name  as written, NULL: of its dimension @return buf */
char *ost_sbml_unit(ost_sbml_t *self, const ost_unit_t *unit, const char *name, char buf[40]);

/* @param title, unit  NULL: not said; @param value  NAN: none */
void ost_sbml_put_parameter(ost_sbml_t *self, const char *id, const char *title, const ost_unit_t *unit,
    const char *unit_text, double value, bool is_constant);

/* From here on expressions go into the element that sets a symbol, until ost_sbml_end(). */
enum { OST_SBML_INITIAL, OST_SBML_ASSIGNMENT, OST_SBML_RATE };
void ost_sbml_begin(ost_writer_t *w, int kind, const char *symbol);
void ost_sbml_end(ost_writer_t *w);

void ost_sbml_put_number(const ost_writer_t *w, double value, int least);
/* Time since start of treatment, d. */
void ost_sbml_put_time(const ost_writer_t *w);
/* The parameter of a switch; of what drives a signal from outside. @return buf */
char *ost_sbml_switch(const ost_writer_t *w, const ost_model_t *m, size_t i, char *buf);
char *ost_sbml_outside(const ost_writer_t *w, size_t signal, char *buf);

/* A switch is 1 where its condition holds: at the start, and after each event at which it begins or ends to. */
void ost_sbml_put_switch(ost_sbml_t *self, ost_writer_part_t *part, size_t i);
/* What changes from outside, of the arm. */
void ost_sbml_put_changes(ost_sbml_t *self);
/* A line of doses. @param d  its number, from 1 */
void ost_sbml_put_dose(ost_sbml_t *self, const ost_sbml_dose_t *dose, size_t d);

#endif
