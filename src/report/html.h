/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file html.h  Text of pages: escaped, names and numbers as a reader expects them. */
#ifndef OST_REPORT_HTML_H
#define OST_REPORT_HTML_H

#include <stdio.h>

/** Begin a page with the style that all pages share: for screens of any width, light and dark, and for print. @param
 * title of the document */
void ost_html_begin(const char *title, FILE *out);
/** End it. */
void ost_html_end(FILE *out);
/** Write text, with the characters that HTML reserves as entities. */
void ost_html_text(const char *text, FILE *out);
/** Write a name for readers: "bmd[lumbar_spine]" reads "bmd lumbar spine". */
void ost_html_name(const char *name, FILE *out);
/** Write text that holds numbers, as printf: a hyphen before a digit or between blanks becomes a minus sign, but not
 * between digits, as in "60-72". */
void ost_html_number(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
