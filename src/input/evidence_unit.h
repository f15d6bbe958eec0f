/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file evidence_unit.h  Units of an evidence table: words such as percent_per_year, and physical units, g_per_cm2. */
#ifndef OST_INPUT_EVIDENCE_UNIT_H
#define OST_INPUT_EVIDENCE_UNIT_H

#include "core/units.h"
#include "input/endpoints.h"

/** What a unit counts in. */
typedef enum {
    OST_COUNTED_PERCENT,  /**< percent of the value at the base, as a change */
    OST_COUNTED_POINTS,   /**< percent points between two arms */
    OST_COUNTED_FRACTION, /**< percent of the value at the base, as what is left */
    OST_COUNTED_T_SCORE,  /**< SD of young adults, see ost_endpoint_entry_t.t_score */
    OST_COUNTED_PHYSICAL, /**< a unit of osteon, see ost_unit_parse() */
    OST_COUNTED_OTHER     /**< none of a model's outputs has it */
} ost_counted_t;

/** A unit of a row. */
typedef struct {
    ost_counted_t form;
    bool per_year;   /**< and year */
    ost_unit_t unit; /**< PHYSICAL: without the year */
} ost_evidence_unit_t;

/** Read a unit. @param[out] word  [OST_EVIDENCE_WORD] as osteon spells it, may be NULL. @return 0, or OST_ERR_UNIT with
 * the nearest unit */
int ost_evidence_unit_parse(ost_evidence_unit_t *self, const char *text, char *word, ost_error_t *err) OST_MUST_CHECK;
/** Whether an endpoint can be in a unit. @param of  class of the endpoint, LEVEL: any
 * @param[out] expected  [OST_WORDS_SIZE] units that would fit */
bool ost_evidence_unit_fits(const ost_evidence_unit_t *self, ost_endpoint_kind_t kind, ost_class_t of, char *expected);

#endif
