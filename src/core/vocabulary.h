/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A closed set of words, written once as a list X(NAME, "word"), and the messages that name them. */
#ifndef OST_CORE_VOCABULARY_H
#define OST_CORE_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

enum { OST_WORDS_SIZE = 440 };

/* Members of the enum, and its words, of a list that names the members in full: X(OST_ROLE_CONTEXT, "context"). */
#define OST_MEMBER(NAME, ...) NAME,
#define OST_WORD_OF(NAME, ...) OST_FIRST(__VA_ARGS__, )
#define OST_FIRST(word, ...) word,

/* "a, b or c", cut to the buffer. @param words [n] @return buf */
char *ost_words_join(const char *const *words, size_t n, char buf[OST_WORDS_SIZE]);
/* Index of `text` among the words [n], n where it is not one of them. */
size_t ost_words_find(const char *const *words, size_t n, const char *text);
/* Whether `text` is one of the texts of a list, separated by ";" and blanks: "spine; lumbar spine". */
bool ost_words_listed(const char *list, const char *text);
/* "'txet' must be one of text or word (did you mean 'text'?)", cut to the buffer. @return buf */
char *ost_words_wrong(const char *const *words, size_t n, const char *text, char *buf, size_t size);

#endif
