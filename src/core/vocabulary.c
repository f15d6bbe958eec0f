/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Closed sets of words in messages. */
#include "core/vocabulary.h"

#include <stdio.h>

char *ost_words_join(const char *const *words, size_t n, char buf[OST_WORDS_SIZE])
{
    size_t used = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < n && used < OST_WORDS_SIZE; i++) {
        const char *before = i == 0 ? "" : i + 1 < n ? ", " : " or ";
        used += (size_t) snprintf(buf + used, OST_WORDS_SIZE - used, "%s%s", before, words[i]);
    }
    return buf;
}
