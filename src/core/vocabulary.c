/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Closed sets of words in messages. */
#include "core/vocabulary.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

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

size_t ost_words_find(const char *const *words, size_t n, const char *text)
{
    size_t i = 0;
    while (i < n && strcmp(words[i], text) != 0) i++;
    return i;
}

bool ost_words_listed(const char *list, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = list; at != NULL && *at != '\0';) {
        at += strspn(at, "; ");
        size_t n = strcspn(at, ";"), end = n;
        while (end > 0 && at[end - 1] == ' ') end--;
        if (end > 0 && end == length && strncmp(at, text, end) == 0) return true;
        at += n;
    }
    return false;
}

char *ost_words_wrong(const char *const *words, size_t n, const char *text, char *buf, size_t size)
{
    char list[OST_WORDS_SIZE];
    const char *near = ost_nearest(text, words, n);
    snprintf(buf, size, "'%.60s' must be one of %s%s%s%s", text, ost_words_join(words, n, list), OST_HINT(near));
    return buf;
}
