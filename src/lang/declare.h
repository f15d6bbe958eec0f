/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements that declare names with numbers and units; the word that begins each has been read. */
#ifndef OST_LANG_DECLARE_H
#define OST_LANG_DECLARE_H

#include "lang/reader_words.h"

void ost_declare_index(ost_reader_t *self);
void ost_declare_signal(ost_reader_t *self);
void ost_declare_reads(ost_reader_t *self);
void ost_declare_covariate(ost_reader_t *self);
void ost_declare_param(ost_reader_t *self);
void ost_declare_state(ost_reader_t *self);
/* usual 60 [mg] in .. every 6 [month] over .. @ "source", of doses into a state */
void ost_declare_usual(ost_reader_t *self, ost_dose_t *dose, const ost_state_t *state);
void ost_declare_noise(ost_reader_t *self);

#endif
