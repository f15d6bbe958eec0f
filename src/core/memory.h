/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file memory.h  Memory of many things that are freed together. */
#ifndef OST_CORE_MEMORY_H
#define OST_CORE_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/** Pieces in a chain; zeroed at first. */
typedef struct {
    void *pieces; /**< the last one; owned */
    bool failed;  /**< out of memory at some time: asked once, after several pieces */
} ost_memory_t;

/** n zeroed items of `size` bytes, at least one, aligned to 64 bytes. @return NULL, with `failed` set, if out of memory
 */
void *ost_memory_list(ost_memory_t *self, size_t n, size_t size);
/** [length] characters of a text, terminated. @return as ost_memory_list() */
char *ost_memory_text(ost_memory_t *self, const char *text, size_t length);
/** A copy of a list of n items that has room for `more`. @return as ost_memory_list() */
void *ost_memory_extend(ost_memory_t *self, const void *list, size_t n, size_t more, size_t size);
/** The same of one that is lengthened by this alone: room for one more, doubled where it is full. */
void *ost_memory_grow(ost_memory_t *self, void *list, size_t n, size_t size);
/** A text as vprintf(). @return as ost_memory_list() */
char *ost_memory_print(ost_memory_t *self, const char *fmt, va_list args);
/** Free all pieces. Accepts a zeroed one. */
void ost_memory_free(ost_memory_t *self);

#endif
