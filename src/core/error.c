/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    char location[sizeof(err->where) + 32];
    int n = 0;
    location[0] = '\0';
    if (err->where[0] != '\0') n += snprintf(location, sizeof(location), "%s:", err->where);
    if (err->line > 0) n += snprintf(location + n, sizeof(location) - (size_t) n, "%d:", err->line);
    if (err->line > 0 && err->column > 0)
        n += snprintf(location + n, sizeof(location) - (size_t) n, "%d:", err->column);
    const char *what = err->what[0] != '\0' ? err->what : ost_error_text(err->code);
    snprintf(buf, size, "%s%s%s", location, n > 0 ? " " : "", what);
    return buf;
}

/* By code: its name, and its meaning. */
static const struct {
    int code;
    const char *name, *text;
} codes[] = {
#define ROW(name, value, text) { value, #name, text },
    { 0, "OST_OK", "success" }, OST_ERR_LIST(ROW)
};
enum { N_CODES = sizeof(codes) / sizeof(codes[0]) };

static size_t find(int code)
{
    size_t i = 0;
    while (i < N_CODES && codes[i].code != code) i++;
    return i;
}

const char *ost_error_name(int code)
{
    return find(code) < N_CODES ? codes[find(code)].name : "OST_ERR_UNKNOWN";
}

const char *ost_error_text(int code)
{
    return find(code) < N_CODES ? codes[find(code)].text : "unknown error";
}

int ost_no_memory(ost_error_t *err)
{
    return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory");
}
