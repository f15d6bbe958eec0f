/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A closed set of words, written once as a list X(NAME, "word"), and the messages that name them. */
#ifndef OST_CORE_VOCABULARY_H
#define OST_CORE_VOCABULARY_H

#include <stddef.h>

enum { OST_WORDS_SIZE = 256 };

/* "a, b or c", cut to the buffer. @param words [n] @return buf */
char *ost_words_join(const char *const *words, size_t n, char buf[OST_WORDS_SIZE]);

#endif
