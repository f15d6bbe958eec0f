/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file text.h  Texts and lists: copies, and the valid name nearest to a wrong one. */
#ifndef OST_CORE_TEXT_H
#define OST_CORE_TEXT_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>

/** A copy of `text`, owned by the caller; NULL if out of memory. */
char *ost_strdup(const char *text);
/** Make room for one more in a list of n items of `size` bytes that has room for *max, by doubling it.
 *  @param list  address of the pointer to its first item  @return 0, or -1 out of memory: the list is as it was */
int ost_list_grow(void *list, size_t n, size_t *max, size_t size);

/** Order of two numbers, as qsort() and bsearch() ask for it. */
int ost_compare_doubles(const void *a, const void *b);

/** Room for what ost_text_number() writes. */
#define OST_NUMBER_SIZE 40
/** The shortest decimal, of 15 digits or more where they are needed, that reads back as the same number. @return buf */
char *ost_text_number(double value, char *buf);

/** Decimals that leave three digits of the largest of [n] values, and two of any that is below 1000. */
int ost_text_decimals(const double *values, size_t n);

/** Texts owned by the list. */
typedef struct {
    char **items; /**< [n] */
    size_t n;     /**< texts */
} ost_text_list_t;

/** Append a text, as printf. @return 0 or OST_ERR_NO_MEMORY */
int ost_text_list_add(ost_text_list_t *self, const char *fmt, ...) OST_PRINTF(2, 3) OST_MUST_CHECK;
/** Append "where:line:column: " and a text, as printf; line and column only where `at` has them: a setting has none.
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_text_list_add_at(ost_text_list_t *self, const char *where, ost_location_t at, const char *fmt, ...)
    OST_PRINTF(4, 5) OST_MUST_CHECK;
/** Append the lines of `text` that are not empty; NULL: none. @return 0 or OST_ERR_NO_MEMORY */
int ost_text_list_split(ost_text_list_t *self, const char *text) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed one. */
void ost_text_list_free(ost_text_list_t *self);

/** Whether two names are one but for letters' case and what is no letter or digit: "CALGB-79809" and "CALGB 79809". */
bool ost_text_alike(const char *a, const char *b);
/** A whole number, 10000 or 1e4. @return 0, OST_ERR_SYNTAX, or OST_ERR_LIMIT: above 2^64 - 1 */
int ost_text_count(const char *text, uint64_t *count);
/** Put '?' in place of control characters that a terminal would obey, but for line feeds, tabs and carriage returns,
 * and of bytes that are no UTF-8. */
void ost_text_disarm(char *text);
/** All of [n] texts with `between` between them, owned by the caller; NULL if out of memory. */
char *ost_text_join(const char *const *texts, size_t n, const char *between);

/** The name closest to `word` by edit distance, first one that is alike, else the only one that begins or ends with it;
 *  NULL if none is near enough to suggest.
 *  @param names  shape [n_names], borrowed; the result points into it */
const char *ost_nearest(const char *word, const char *const *names, size_t n_names);
/** Name i of the items of `from`. */
typedef const char *(*ost_name_fn)(const void *from, size_t i);
/** As ost_nearest(), of the names name(from, 0) to name(from, n - 1); empty ones are skipped. */
const char *ost_nearest_of(const char *word, const void *from, size_t n, ost_name_fn name);
/** The same of a member of [n] items of a type. */
#define OST_NEAREST_IN(word, items, n, type, member)                                                                   \
    ost_nearest_in(word, items, n, sizeof(type), offsetof(type, member))
/** The same of texts at an offset in [n] items of `size` bytes. */
const char *ost_nearest_in(const char *word, const void *items, size_t n, size_t size, size_t offset);
/** " (did you mean 'x'?)", or nothing for NULL, as three arguments of "%s%s%s". */
#define OST_HINT(s) (s) != NULL ? " (did you mean '" : "", (s) != NULL ? (s) : "", (s) != NULL ? "'?)" : ""

#endif
