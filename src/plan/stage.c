/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of the stages of a plan: pieces in a chain, freed together. */
#include "plan/stage.h"

#include <stdio.h>
#include <string.h>

enum { ALIGNMENT = 64 }; /* also room for the pointer to the next piece */

void *ost_maker_list(ost_maker_t *self, size_t n, size_t size)
{
    size_t bytes = ALIGNMENT + (n > 0 ? n : 1) * size;
    void **piece = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (piece == NULL) {
        (void) ost_no_memory(&self->err);
        return NULL;
    }
    memset(piece, 0, bytes);
    *piece = self->memory;
    self->memory = piece;
    return (char *) piece + ALIGNMENT;
}

char *ost_maker_join(ost_maker_t *self, const char *a, const char *b, const char *c, const char *d)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + strlen(d) + 1;
    char *text = ost_maker_list(self, size, 1);
    if (text != NULL) snprintf(text, size, "%s%s%s%s", a, b, c, d);
    return text;
}

void ost_stages_free(void *memory)
{
    for (void *next; memory != NULL; memory = next) {
        next = *(void **) memory;
        free(memory);
    }
}
