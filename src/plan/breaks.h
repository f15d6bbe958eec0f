/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file breaks.h  What the equations of a plan say of time alone, for the breaks of each subject. */
#ifndef OST_PLAN_BREAKS_H
#define OST_PLAN_BREAKS_H

#include "lang/forcing.h"
#include "plan/jacobian.h"

/** Signals that only the equations' own time drives are followed from block to block; one that arms drive is not known
 * ahead. @return for ost_forcing_free(), whatever comes of the stages after it; NULL on error (out of memory) */
ost_forcing_t *ost_plan_forcing_new(
    const ost_blocks_t *blocks, const ost_wiring_t *wiring, const ost_jacobian_t *jacobian, ost_maker_t *make);

#endif
