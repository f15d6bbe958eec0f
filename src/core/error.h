/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file error.h  The caller-owned error record; the codes are in osteon/error.h. */
#ifndef OST_CORE_ERROR_H
#define OST_CORE_ERROR_H

#include "osteon/error.h"

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
/** A function whose return value may not be ignored. */
#define OST_MUST_CHECK __attribute__((warn_unused_result))
/** Argument `fmt` is a printf format, `args` its first argument. */
#define OST_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define OST_MUST_CHECK
#define OST_PRINTF(fmt, args)
#endif

/** Where in a text something stands, for messages. */
typedef struct {
    int line, column; /**< 1-based, 0 for unknown */
} ost_location_t;

/** What went wrong and where. Owned by the caller, one per thread; every function that takes one accepts NULL. */
typedef struct {
    int code;        /**< 0 or an OST_ERR_ code */
    int line;        /**< 1-based line in `where`, 0 where there is none */
    int column;      /**< 1-based column, 0 where there is none */
    char where[256]; /**< file, or "" */
    char what[512];  /**< what happened, what was expected, the nearest valid name */
} ost_error_t;

/** Record an error without a place. @return code, so that `return ost_fail(...)` works. */
int ost_fail(ost_error_t *err, int code, const char *fmt, ...) OST_PRINTF(3, 4);

/** Record an error at a place of a file. `where` is copied; line and column are 1-based, 0 for none. @return code */
int ost_fail_at(ost_error_t *err, int code, const char *where, int line, int column, const char *fmt, ...)
    OST_PRINTF(6, 7);

/** Put context in front of what an error already says ("arm 'control': "). Never changes code or place. */
void ost_error_prepend(ost_error_t *err, const char *fmt, ...) OST_PRINTF(2, 3);

/** Write "file:line:column: what" (the parts that are known) to buf, always terminated. @return buf */
char *ost_error_format(const ost_error_t *err, char *buf, size_t size);

/** "OST_ERR_UNIT" for -5, and so on. Never NULL. */
const char *ost_error_name(int code);

/** The list's meaning of a code. Never NULL. */
const char *ost_error_text(int code);

/** "out of memory". @return OST_ERR_NO_MEMORY */
int ost_no_memory(ost_error_t *err);

#endif
