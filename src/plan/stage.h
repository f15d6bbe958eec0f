/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a plan is made: in stages. Each is made once, by ost_NAME_new(), from the stages that it needs, and is constant
 * from then on. The maker goes through all of them: it owns what they keep, and holds the first error, after which
 * nothing is made any more and every stage is NULL. */
#ifndef OST_PLAN_STAGE_H
#define OST_PLAN_STAGE_H

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/units.h"
#include "input/experiment.h"
#include "lang/kernel.h"
#include "lang/model.h"

#include <stdlib.h>

/** What making a plan needs; zeroed at first. */
typedef struct {
    ost_error_t err;     /**< the first one */
    ost_memory_t memory; /**< of all stages */
} ost_maker_t;

/** n zeroed items of `size` bytes, at least one, aligned to 64 bytes and freed with the plan. @return NULL, and an
 * error in `self`, if out of memory */
void *ost_maker_list(ost_maker_t *self, size_t n, size_t size);
/** The four texts as one, freed with the plan. @return as ost_maker_list() */
char *ost_maker_join(ost_maker_t *self, const char *a, const char *b, const char *c, const char *d);

#endif
