/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes cells row by row; prints them in columns. */
#include "core/table.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define GAP 2          /* blanks between two columns; 1 before words are broken */
#define MOST_GROUPED 2 /* first columns that may stand in lines of their own */
#define LEAST_TEXT 24  /* characters below which no part of a word is cut in two: the table is too wide instead */
/* Widths of a terminal that are followed, characters. */
#define NARROWEST 60
#define WIDEST 140

size_t ost_table_width(FILE *out)
{
    struct winsize window = { 0 };
    const int file = fileno(out);
    const char *columns = file >= 0 ? getenv("COLUMNS") : NULL;
    char *end = NULL;
    unsigned long width = columns != NULL && columns[0] >= '0' && columns[0] <= '9' ? strtoul(columns, &end, 10) : 0;
    if (width == 0 || *end != '\0') width = file >= 0 && ioctl(file, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
    if (width == 0) return OST_TABLE_WIDTH;
    return width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width;
}

static bool is_begin(char c)
{
    return ((unsigned char) c & 0xc0) != 0x80; /* of a character in UTF-8 */
}

static size_t width_of(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++) width += is_begin(text[i]);
    return width;
}

/* Whether a line may end before a blank at n: not before a sign that stands alone, as in "simulated - observed". */
static bool is_blank(const char *text, size_t n)
{
    return text[n] == ' ' && !(text[n + 1] == '-' && (text[n + 2] == ' ' || text[n + 2] == '\0'));
}

/* Whether a line may end within a word: behind an underscore, and behind a hyphen or a slash between longer words. */
static bool is_joint(const char *text, size_t n)
{
    if (n < 2 || text[n] == '\0' || !isalnum((unsigned char) text[n - 2])) return false;
    if (text[n - 1] == '_') return true;
    if (text[n - 1] != '-' && text[n - 1] != '/') return false;
    size_t before = 0, after = 0;
    while (before < n - 1 && isalpha((unsigned char) text[n - 2 - before])) before++;
    while (isalpha((unsigned char) text[n + after])) after++;
    return before > 3 && after > 3;
}

/* Bytes of the text that stand in one line of a column: to the last blank that fits, else to the last joint of the
 * word, else as much as fits. */
static size_t piece_of(const char *text, size_t width)
{
    size_t n = 0, blank = 0, joint = 0, used = 0;
    for (; text[n] != '\0'; n++) {
        if (is_blank(text, n)) blank = n;
        if (is_joint(text, n)) joint = n;
        used += is_begin(text[n]);
        if (used > width) return blank > strspn(text, " ") ? blank : joint > 0 ? joint : n;
    }
    return n;
}

/* Blanks that a text begins with belong to its first word. @param with_joints  words may be broken at their joints */
static size_t longest_word(const char *text, size_t n, bool with_joints)
{
    const size_t indent = strspn(text, " ");
    size_t longest = 0, word = indent;
    for (size_t i = indent; i < n; i++) {
        if (is_blank(text, i) || (with_joints && is_joint(text, i))) word = 0;
        word += (text[i] != ' ' || word > 0) && is_begin(text[i]);
        if (word > longest) longest = word;
    }
    return longest;
}

/* Append a text behind `begin`, which is "" or "\n"; line feeds and the like in it become blanks. */
static void keep(ost_table_t *self, const char *begin, const char *text, size_t n)
{
    size_t n_begin = strlen(begin);
    if (self->used + n_begin + n + 1 > self->size) {
        size_t size = 2 * self->size + n_begin + n + 1;
        char *more = realloc(self->cells, size);
        if (more == NULL) self->failed = true;
        if (more == NULL) return;
        self->cells = more;
        self->size = size;
    }
    memcpy(self->cells + self->used, begin, n_begin);
    self->used += n_begin;
    for (size_t i = 0; i < n; i++) self->cells[self->used++] = (unsigned char) text[i] < ' ' ? ' ' : text[i];
    self->cells[self->used++] = '\0';
}

static void add_cell(ost_table_t *self, const char *text, size_t n)
{
    size_t column = self->n_cells++ % self->n_columns, width = width_of(text, n);
    bool may_wrap = self->columns[column].is_text || self->n_cells <= self->n_columns;
    size_t word = may_wrap ? longest_word(text, n, false) : width,
           part = may_wrap ? longest_word(text, n, true) : width;
    if (width > self->columns[column].width) self->columns[column].width = width;
    if (word > self->columns[column].word) self->columns[column].word = word;
    if (part > self->columns[column].part) self->columns[column].part = part;
    keep(self, "", text, n);
}

static void add_column(ost_table_t *self, const char *heading, size_t n, bool is_text)
{
    if (self->n_columns == OST_TABLE_MAX_COLUMNS) return;
    self->columns[self->n_columns++].is_text = is_text;
    add_cell(self, heading, n);
}

void ost_table_column(ost_table_t *self, const char *heading, bool is_text)
{
    add_column(self, heading, strlen(heading), is_text);
}

void ost_table_columns(ost_table_t *self, const char *headings)
{
    for (const char *at = headings;; at++) {
        bool is_text = *at == '<';
        at += is_text;
        size_t n = strcspn(at, "\t");
        add_column(self, at, n, is_text);
        at += n;
        if (*at == '\0') return;
    }
}

void ost_table_cell(ost_table_t *self, const char *fmt, ...)
{
    va_list args;
    char text[512];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    add_cell(self, text, strlen(text));
}

void ost_table_number(ost_table_t *self, double x, int decimals)
{
    if (isfinite(x))
        ost_table_cell(self, "%.*f", decimals, x);
    else
        ost_table_cell(self, "%s", "");
}

void ost_table_row(ost_table_t *self, const char *fmt, ...)
{
    va_list args;
    char text[2048], *at = text;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    for (size_t i = 0; i < self->n_columns; i++) {
        size_t n = strcspn(at, "\t");
        add_cell(self, at, n);
        at += n + (at[n] != '\0');
    }
}

void ost_table_line(ost_table_t *self, const char *fmt, ...)
{
    va_list args;
    char text[1024];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    keep(self, "\n", text, strlen(text));
}

void ost_table_skip_to(ost_table_t *self, size_t column)
{
    size_t at = self->n_cells % self->n_columns;
    for (; at < column && !(at == 0 && column == self->n_columns); at++) ost_table_cell(self, "%s", "");
}

/* Steps by which a table is made narrower, until it fits. */
enum { HEADS, WORDS, GAPS, PARTS, CUTS, N_STEPS };

/* What a column may be narrowed to: heads of numbers to their words, then text to its words, to parts of these, and
 * at last through parts that are very long. */
static size_t least_of(const ost_table_t *self, size_t column, int step, size_t width)
{
    const size_t word = self->columns[column].word, part = self->columns[column].part;
    if (!self->columns[column].is_text) return word;
    if (step < PARTS) return step < WORDS ? width : word;
    return step == PARTS || part <= LEAST_TEXT ? part : LEAST_TEXT;
}

/* Widths of the columns: the widest that can be narrowed loses a character until all fit, or none can lose one.
 * @param n_grouped  first columns that stand in lines of their own. @param n_steps  that are taken, at most
 * @param[out] gap  blanks between two columns @return whether they fit */
static bool fit_widths(
    const ost_table_t *self, size_t *widths, size_t width, size_t n_grouped, int n_steps, size_t *gap)
{
    size_t all = 0;
    *gap = GAP;
    for (size_t i = 0; i < self->n_columns; i++)
        all += (widths[i] = i < n_grouped ? 0 : self->columns[i].width) + (i > 0 ? GAP : 0);
    for (int step = 0; step < n_steps && all > width;) {
        size_t widest = self->n_columns;
        for (size_t i = 0; i < self->n_columns && step != GAPS; i++)
            if (widths[i] > least_of(self, i, step, widths[i]) &&
                (widest == self->n_columns || widths[i] > widths[widest]))
                widest = i;
        if (step == GAPS) *gap = 1;
        if (step == GAPS) all -= (GAP - *gap) * (self->n_columns - 1);
        if (widest == self->n_columns) step++;
        if (widest == self->n_columns) continue;
        widths[widest]--;
        all--;
    }
    return all <= width;
}

/* One line of a row. @param[in,out] cells  what is left of each */
static void print_line(const ost_table_t *self, const size_t *widths, size_t gap, const char **cells, FILE *out)
{
    size_t blanks = 0; /* that come before the next text */
    for (size_t i = 0; i < self->n_columns; i++) {
        size_t n = piece_of(cells[i], widths[i]), rest = widths[i] - width_of(cells[i], n);
        blanks += (i > 0 ? gap : 0) + (self->columns[i].is_text ? 0 : rest);
        if (n > 0) fprintf(out, "%*s%.*s", (int) blanks, "", (int) n, cells[i]);
        blanks = (n > 0 ? 0 : blanks) + (self->columns[i].is_text ? rest : 0);
        cells[i] += n;
        cells[i] += strspn(cells[i], " ");
    }
    fputc('\n', out);
}

static void print_row(const ost_table_t *self, const size_t *widths, size_t gap, const char **cells, FILE *out)
{
    bool has_more = true;
    while (has_more) {
        print_line(self, widths, gap, cells, out);
        has_more = false;
        for (size_t i = 0; i < self->n_columns; i++) has_more = has_more || cells[i][0] != '\0';
    }
}

/* Lines after the first one stand further to the right than that. */
static void print_text(FILE *out, const char *text)
{
    size_t n, width = ost_table_width(out), indent = strspn(text, " "), further = indent + GAP;
    for (text += indent; *text != '\0'; text += strspn(text, " "), indent = further) {
        n = piece_of(text, width - indent);
        fprintf(out, "%*s%.*s\n", (int) indent, "", (int) n, text);
        text += n;
    }
}

void ost_print_wrapped(FILE *out, const char *fmt, ...)
{
    va_list args;
    char text[2048];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    print_text(out, text);
}

/* A text of n bytes that is not broken. @param[in,out] used  of the line */
static void put_whole(FILE *out, const char *text, size_t n, size_t width, size_t *used)
{
    const size_t more = width_of(text, n), blank = *used > 0;
    const bool breaks = *used > GAP && *used + blank + more > width;
    fprintf(out, "%s%*s%.*s", breaks ? "\n" : "", breaks ? GAP : (int) blank, "", (int) n, text);
    *used = (breaks ? GAP : *used + blank) + more;
}

void ost_print_list(FILE *out, const char *begin, const ost_text_list_t *items)
{
    const size_t width = ost_table_width(out) - 1; /* a comma follows */
    size_t used = 0;
    for (size_t n; *begin != '\0'; begin += n + strspn(begin + n, " ")) {
        n = strcspn(begin, " ");
        put_whole(out, begin, n, width, &used);
    }
    for (size_t i = 0; i < items->n; i++) {
        put_whole(out, items->items[i], strlen(items->items[i]), width, &used);
        if (i + 1 < items->n) fputc(',', out);
        used += i + 1 < items->n;
    }
    fputc('\n', out);
}

void ost_print_item(FILE *out, const char *name, size_t indent, const char *text)
{
    const size_t width = ost_table_width(out);
    size_t used = width_of(name, strlen(name)), n;
    fputs(name, out);
    for (text += strspn(text, " "); *text != '\0'; text += n + strspn(text + n, " "), used = 0) {
        n = piece_of(text, width - indent);
        fprintf(out, "%*s%.*s\n", used < indent ? (int) (indent - used) : 1, "", (int) n, text);
    }
}

/* The lines that stand before the next cell, or behind the last one. @return what follows them */
static const char *print_lines(const ost_table_t *self, const char *at, FILE *out)
{
    for (; at < self->cells + self->used && *at == '\n'; at += strlen(at) + 1) print_text(out, at + 1);
    return at;
}

/* Widths, with as few first columns in lines of their own as leave all words whole; else with broken words.
 * @return the number of these columns */
static size_t find_widths(const ost_table_t *self, size_t *widths, size_t width, size_t *gap)
{
    size_t n = 0;
    bool fits = fit_widths(self, widths, width, 0, PARTS, gap);
    while (!fits && n < MOST_GROUPED && n + 1 < self->n_columns && self->columns[n].is_text)
        fits = fit_widths(self, widths, width, ++n, PARTS, gap);
    if (!fits) (void) fit_widths(self, widths, width, n, N_STEPS, gap);
    return n;
}

/* Above the first row of a group, what its rows have in common; their own cells of it become empty. */
static void print_group(const char **row, size_t n_grouped, const char **group, FILE *out)
{
    char text[1200] = "";
    size_t n = 0;
    bool is_new = false;
    for (size_t i = 0; i < n_grouped; i++) {
        is_new = is_new || (row[i][0] != '\0' && strcmp(row[i], group[i]) != 0);
        if (row[i][0] != '\0') group[i] = row[i];
        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s", i > 0 && group[i][0] != '\0' ? ", " : "", group[i]);
        row[i] = "";
    }
    if (is_new) print_text(out, text);
}

/* Whether a line that starts in the first character stands at `at`: the rows below it are others' than those above. */
static bool is_heading(const ost_table_t *self, const char *at)
{
    return at < self->cells + self->used && at[0] == '\n' && at[1] != ' ';
}

static void print_all(const ost_table_t *self, FILE *out)
{
    const char *row[OST_TABLE_MAX_COLUMNS], *at = self->cells;
    size_t widths[OST_TABLE_MAX_COLUMNS];
    size_t gap;
    const size_t n_grouped = find_widths(self, widths, ost_table_width(out), &gap);
    const char *group[MOST_GROUPED] = { "", "" };
    for (size_t k = 0; k < self->n_cells; k++) {
        if (is_heading(self, at))
            for (int i = 0; i < MOST_GROUPED; i++) group[i] = "";
        at = print_lines(self, at, out);
        row[k % self->n_columns] = at;
        at += strlen(at) + 1;
        if ((k + 1) % self->n_columns != 0) continue;
        print_group(row, n_grouped, group, out);
        print_row(self, widths, gap, row, out);
    }
    print_lines(self, at, out);
}

int ost_table_print(ost_table_t *self, FILE *out, ost_error_t *err)
{
    const bool has_all = !self->failed;
    if (has_all) print_all(self, out);
    ost_table_free(self);
    return has_all ? 0 : ost_no_memory(err);
}

void ost_table_free(ost_table_t *self)
{
    free(self->cells);
    *self = (ost_table_t){ 0 };
}
