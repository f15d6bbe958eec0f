/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 63 }; /* longer words get no suggestion unless they are alike */

char *ost_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL) memcpy(copy, text, size);
    return copy;
}

int ost_compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

int ost_list_grow(void *list, size_t n, size_t *max, size_t size)
{
    void *items; /* memcpy() as `list` may be the address of a pointer of any type */
    if (n < *max) return 0;
    memcpy(&items, list, sizeof(items));
    size_t wanted = *max > 0 ? 2 * *max : 64;
    void *bigger = realloc(items, wanted * size);
    if (bigger == NULL) return -1;
    memcpy(list, &bigger, sizeof(bigger));
    *max = wanted;
    return 0; // cppcheck-suppress memleak ; the list has it
}

int ost_text_list_add(ost_text_list_t *self, const char *fmt, ...)
{
    char **items = realloc(self->items, (self->n + 1) * sizeof(*items));
    if (items == NULL) return OST_ERR_NO_MEMORY;
    self->items = items;
    va_list args;
    va_start(args, fmt);
    int length = vasprintf(&items[self->n], fmt, args);
    va_end(args);
    if (length < 0) return OST_ERR_NO_MEMORY;
    self->n++;
    return 0;
}

int ost_text_list_add_at(ost_text_list_t *self, const char *where, ost_location_t at, const char *fmt, ...)
{
    char *what, place[32] = "";
    va_list args;
    va_start(args, fmt);
    int length = vasprintf(&what, fmt, args);
    va_end(args);
    if (length < 0) return OST_ERR_NO_MEMORY;
    if (at.line > 0) snprintf(place, sizeof(place), "%d:%d:", at.line, at.column);
    int ret = ost_text_list_add(self, "%s:%s %s", where, place, what);
    free(what);
    return ret;
}

int ost_text_list_split(ost_text_list_t *self, const char *text)
{
    int ret = 0;
    for (size_t length; text != NULL && *text != '\0' && ret == 0; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        if (length > 0) ret = ost_text_list_add(self, "%.*s", (int) length, text);
    }
    return ret;
}

char *ost_text_join(const char *const *texts, size_t n, const char *between)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++) size += strlen(texts[i]) + strlen(between);
    char *all = calloc(1, size), *to = all;
    for (size_t i = 0; i < n && all != NULL; i++) to = stpcpy(stpcpy(to, i > 0 ? between : ""), texts[i]);
    return all;
}

void ost_text_list_free(ost_text_list_t *self)
{
    if (self == NULL) return;
    for (size_t i = 0; i < self->n; i++) free(self->items[i]);
    free(self->items);
    *self = (ost_text_list_t){ 0 };
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool is_in_name(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool ost_text_alike(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a != '\0' && !is_in_name(*a)) a++;
        while (*b != '\0' && !is_in_name(*b)) b++;
        if (lower(*a) != lower(*b)) return false;
        if (*a == '\0') return true;
    }
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

int ost_text_count(const char *text, uint64_t *count)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') return OST_ERR_SYNTAX;
    errno = 0;
    *count = strtoull(text, &end, 10);
    if ((*end == 'e' || *end == 'E') && end[1] >= '0' && end[1] <= '9')
        for (unsigned long power = strtoul(end + 1, &end, 10); power > 0 && *count > 0 && errno == 0; power--) {
            if (*count > UINT64_MAX / 10) errno = ERANGE;
            *count *= 10;
        }
    return *end != '\0' ? OST_ERR_SYNTAX : errno != 0 ? OST_ERR_LIMIT : 0;
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

/* A word of three letters or more may be short for the one name that begins or ends with it. */
static const char *only_longer(const char *word, const void *from, size_t n, ost_name_fn name)
{
    const size_t n_word = strlen(word);
    const char *found = NULL;
    for (size_t i = 0; i < n && n_word >= 3; i++) {
        const char *one = name(from, i);
        const size_t n_one = strlen(one);
        if (n_one <= n_word || (strncasecmp(one, word, n_word) != 0 && strcasecmp(one + n_one - n_word, word) != 0))
            continue;
        if (found != NULL && strcmp(found, one) != 0) return NULL;
        found = one;
    }
    return found;
}

const char *ost_nearest_of(const char *word, const void *from, size_t n, ost_name_fn name)
{
    for (size_t i = 0; i < n; i++)
        if (name(from, i)[0] != '\0' && ost_text_alike(word, name(from, i))) return name(from, i);
    const size_t n_word = strlen(word);
    if (n_word > NAME_MAX_LENGTH) return NULL;
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const char *one = name(from, i);
        const size_t n_one = strlen(one);
        if (n_one > NAME_MAX_LENGTH) continue;
        const size_t distance = edit_distance(word, n_word, one, n_one);
        /* a third of the longer word may be wrong: more is another word, not a slip */
        const size_t allowed = ((n_word > n_one ? n_word : n_one) + 1) / 3;
        if (distance <= allowed && distance < best_distance) {
            best = one;
            best_distance = distance;
        }
    }
    return best != NULL ? best : only_longer(word, from, n, name);
}

/* Texts that lie `size` bytes apart. */
typedef struct {
    const char *first;
    size_t size;
} apart_t;

static const char *text_apart(const void *from, size_t i)
{
    const apart_t *self = from;
    return *(const char *const *) (const void *) (self->first + i * self->size);
}

const char *ost_nearest_in(const char *word, const void *items, size_t n, size_t size, size_t offset)
{
    if (n == 0) return NULL;
    return ost_nearest_of(word, &(apart_t){ (const char *) items + offset, size }, n, text_apart);
}

const char *ost_nearest(const char *word, const char *const *names, size_t n_names)
{
    return ost_nearest_in(word, names, n_names, sizeof(*names), 0);
}

/* Bytes of the character in UTF-8 (RFC 3629) that begins at c; 0: none does. */
static size_t utf8_length(const unsigned char *c)
{
    size_t n = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : *c < 0xf5 ? 4 : 0;
    unsigned char low = *c == 0xe0   ? 0xa0
                        : *c == 0xf0 ? 0x90
                                     : 0x80,
                  high = *c == 0xed   ? 0x9f
                         : *c == 0xf4 ? 0x8f
                                      : 0xbf;
    for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf)
        if (c[i] < low || c[i] > high) return 0;
    return n;
}

void ost_text_disarm(char *text)
{
    for (unsigned char *c = (unsigned char *) text; *c != '\0';) {
        size_t n = utf8_length(c);
        bool is_c1 = n == 2 && c[0] == 0xc2 && c[1] < 0xa0;
        if (n == 0 || is_c1 || (*c < 0x20 && strchr("\n\t\r", *c) == NULL) || *c == 0x7f)
            *c = '?', n = 1; /* the bytes after it are judged one by one */
        c += n;
    }
}

char *ost_text_number(double value, char *buf)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, OST_NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(buf, NULL) == value) break;
    }
    return buf;
}

int ost_text_decimals(const double *values, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) largest = fmax(largest, fabs(values[i]));
    if (!(largest > 0)) return 2;
    const int decimals = 2 - (int) floor(log10(largest)), least = largest < 1000 ? 2 : 0;
    return decimals < least ? least : decimals > 9 ? 9 : decimals;
}
