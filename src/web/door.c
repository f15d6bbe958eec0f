/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page's side of osteon/session.h: functions of that header are exported by their names, memory is lent to the
 * page, and the sink of a run is the page's own function. */
#include "osteon/session.h"

#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(name)))

/* What the page does with a block: see ost_sink_t. */
__attribute__((import_module("page"), import_name("block"))) int page_block(uint32_t first, uint32_t n,
    const double *outputs, const double *covariates, const double *params, const unsigned char *status);

EXPORT("page_alloc") void *page_alloc(size_t size)
{
    return malloc(size);
}

EXPORT("page_free") void page_free(void *memory)
{
    free(memory);
}

static int sink(void *user, uint64_t first, size_t n, const double *outputs, const double *covariates,
    const double *params, const unsigned char *status)
{
    (void) user;
    return page_block((uint32_t) first, (uint32_t) n, outputs, covariates, params, status);
}

EXPORT("page_run") int page_run(const ost_study_t *study, uint32_t first, uint32_t n, ost_call_t *call)
{
    return ost_study_run(study, first, n, sink, NULL, call);
}
