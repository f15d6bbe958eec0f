/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "osteon/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 63 }; /* longer words get no suggestion unless they differ in case only */

static void record(ost_error_t *err, int code, const char *where, int line, int column, const char *fmt, va_list args)
{
    if (err == NULL) return;
    ost_error_t made = { .code = code, .line = line, .column = column }; /* the arguments may point into *err */
    snprintf(made.where, sizeof(made.where), "%s", where);
    vsnprintf(made.what, sizeof(made.what), fmt, args);
    *err = made;
}

int ost_fail(ost_error_t *err, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(err, code, "", 0, 0, fmt, args);
    va_end(args);
    return code;
}

int ost_fail_at(ost_error_t *err, int code, const char *where, int line, int column, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record(err, code, where, line, column, fmt, args);
    va_end(args);
    return code;
}

void ost_error_prepend(ost_error_t *err, const char *fmt, ...)
{
    if (err == NULL) return;
    char what[sizeof(err->what)];
    memcpy(what, err->what, sizeof(what));
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->what, sizeof(err->what), fmt, args);
    va_end(args);
    size_t used = strlen(err->what);
    snprintf(err->what + used, sizeof(err->what) - used, "%s", what);
}

char *ost_error_format(const ost_error_t *err, char *buf, size_t size)
{
    if (size == 0) return buf;
    char place[sizeof(err->where) + 32];
    int n = 0;
    place[0] = '\0';
    if (err->where[0] != '\0') n += snprintf(place, sizeof(place), "%s:", err->where);
    if (err->line > 0) n += snprintf(place + n, sizeof(place) - (size_t) n, "%d:", err->line);
    if (err->line > 0 && err->column > 0) n += snprintf(place + n, sizeof(place) - (size_t) n, "%d:", err->column);
    const char *what = err->what[0] != '\0' ? err->what : ost_error_text(err->code);
    snprintf(buf, size, "%s%s%s", place, n > 0 ? " " : "", what);
    return buf;
}

const char *ost_error_name(int code)
{
    switch (code) {
#define NAME_CASE(name, value, text)                                                                                   \
    case value:                                                                                                        \
        return #name;
        OST_ERR_LIST(NAME_CASE)
#undef NAME_CASE
    default:
        return code == 0 ? "OST_OK" : "OST_ERR_UNKNOWN";
    }
}

const char *ost_error_text(int code)
{
    switch (code) {
#define TEXT_CASE(name, value, text)                                                                                   \
    case value:                                                                                                        \
        return text;
        OST_ERR_LIST(TEXT_CASE)
#undef TEXT_CASE
    default:
        return code == 0 ? "success" : "unknown error";
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool same_ignoring_case(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) a++, b++;
    return lower(*a) == lower(*b);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Insertions, deletions, substitutions and swaps of neighbours, ignoring case; three rolling rows of the table. */
static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t rows[3][NAME_MAX_LENGTH + 1] = { 0 };
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n_b; j++) last[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y));
            bool swapped = i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]);
            if (swapped && before[j - 2] + 1 < row[j]) row[j] = before[j - 2] + 1;
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[n_b];
}

const char *ost_nearest(const char *word, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++) {
        if (same_ignoring_case(word, names[i])) return names[i];
    }
    size_t n_word = strlen(word);
    if (n_word > NAME_MAX_LENGTH) return NULL;
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < n_names; i++) {
        size_t n_name = strlen(names[i]);
        if (n_name > NAME_MAX_LENGTH) continue;
        size_t distance = edit_distance(word, n_word, names[i], n_name);
        /* a third of the longer word may be wrong: more is another word, not a slip */
        size_t allowed = ((n_word > n_name ? n_word : n_name) + 1) / 3;
        if (distance <= allowed && distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
