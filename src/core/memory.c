/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 }; /* also room for the pointer to the piece before */

/* Under AddressSanitizer a short list that grows moves each time, and where it was is poisoned: a pointer that was kept
 * to an item is found. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { MOVES = true };
#define LEAVE(list, size) __asan_poison_memory_region(list, size)
#else
enum { MOVES = false };
#define LEAVE(list, size) (void) (list)
#endif

void *ost_memory_list(ost_memory_t *self, size_t n, size_t size)
{
    const bool fits = n <= (SIZE_MAX - 2 * ALIGNMENT) / size;
    const size_t bytes = fits ? ALIGNMENT + (n > 0 ? n : 1) * size : 0;
    void **piece = fits ? aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT) : NULL;
    if (piece == NULL) {
        self->failed = true;
        return NULL;
    }
    memset(piece, 0, bytes);
    *piece = self->pieces;
    self->pieces = piece;
    return (char *) piece + ALIGNMENT;
}

char *ost_memory_text(ost_memory_t *self, const char *text, size_t length)
{
    char *copy = ost_memory_list(self, length + 1, 1);
    if (copy != NULL) memcpy(copy, text, length);
    return copy;
}

void *ost_memory_extend(ost_memory_t *self, const void *list, size_t n, size_t more, size_t size)
{
    void *longer = ost_memory_list(self, n + more, size);
    if (longer != NULL && n > 0) memcpy(longer, list, n * size);
    return longer;
}

void *ost_memory_grow(ost_memory_t *self, void *list, size_t n, size_t size)
{
    const bool is_full = (n & (n - 1)) == 0; /* powers of two */
    if (!is_full && !(MOVES && n < 64)) return list;
    void *longer = ost_memory_extend(self, list, n, n > 0 ? n : 1, size);
    if (longer != NULL && n > 0) LEAVE(list, (n * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    return longer;
}

char *ost_memory_print(ost_memory_t *self, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = ost_memory_list(self, length < 0 ? 0 : (size_t) length + 1, 1);
    if (text != NULL && length >= 0) vsnprintf(text, (size_t) length + 1, fmt, args);
    return text;
}

void ost_memory_free(ost_memory_t *self)
{
    for (void *piece = self->pieces, *before; piece != NULL; piece = before) {
        before = *(void **) piece;
        free(piece);
    }
    *self = (ost_memory_t){ 0 };
}
