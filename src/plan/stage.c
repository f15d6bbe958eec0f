/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of the stages of a plan, and the error when memory runs out. */
#include "plan/stage.h"

#include <stdio.h>
#include <string.h>

void *ost_maker_list(ost_maker_t *self, size_t n, size_t size)
{
    void *list = ost_memory_list(&self->memory, n, size);
    if (list == NULL) (void) ost_no_memory(&self->err);
    return list;
}

char *ost_maker_join(ost_maker_t *self, const char *a, const char *b, const char *c, const char *d)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + strlen(d) + 1;
    char *text = ost_maker_list(self, size, 1);
    if (text != NULL) snprintf(text, size, "%s%s%s%s", a, b, c, d);
    return text;
}
