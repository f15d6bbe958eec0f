/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a plan is made: in stages. Each is made once, by ost_NAME_new(), from the stages that it needs, is constant from
 * then on, and is freed by ost_NAME_free(), which accepts NULL. `err` holds no error before the first; where it holds
 * one, nothing is made: the result is NULL, and the error stays the first. */
#ifndef OST_PLAN_STAGE_H
#define OST_PLAN_STAGE_H

#include "core/error.h"
#include "core/text.h"
#include "core/units.h"
#include "input/experiment.h"
#include "lang/library.h"

#include <stdlib.h>

/* free() for what is constant once made. */
static inline void ost_release(const void *made)
{
    free((void *) (uintptr_t) made);
}

#endif
