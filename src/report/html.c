/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/html.h"

#include <ctype.h>
#include <stdarg.h>

static void put_char(char c, FILE *out)
{
    const char *entity = c == '&'    ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == '"'  ? "&quot;"
                         : c == '\'' ? "&#39;"
                                     : NULL;
    if (entity != NULL)
        fputs(entity, out);
    else
        fputc(c, out);
}

void ost_html_text(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) put_char(*text, out);
}

void ost_html_name(const char *name, FILE *out)
{
    for (; *name != '\0'; name++)
        if (*name != ']') put_char(*name == '[' || *name == '_' ? ' ' : *name, out);
}

void ost_html_number(FILE *out, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '-' && (isdigit((unsigned char) c[1]) || (c > text && c[-1] == ' ' && c[1] == ' ')))
            fputs("\xe2\x88\x92", out);
        else
            put_char(*c, out);
}
