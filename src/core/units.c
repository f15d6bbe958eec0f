/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/units.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_SIXTHS = 6 * 12, MAX_POWER = 9, MAX_TEN = 300 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A unit as the fraction num/den x 10^ten. Powers of ten stay an integer until the end, so that the factor is rounded
 * once: a division by 1000 is right to the last bit where a product with 0.001 is not. */
typedef struct {
    ost_dim_t dim;
    double num, den;
    int ten;
} scale_t;

typedef struct {
    const char *text; /* the whole unit, for messages */
    const char *at;
    int depth;
    ost_error_t *err;
} parser_t;

/* Words of times; files have the symbol, since readers take `days` for a duration in a format of their own. */
static const struct {
    const char *name, *symbol;
    double num, den; /* days */
} time_words[] = {
    { "s", "s", 1, 86400 },
    { "second", "s", 1, 86400 },
    { "seconds", "s", 1, 86400 },
    { "min", "min", 1, 1440 },
    { "minute", "min", 1, 1440 },
    { "minutes", "min", 1, 1440 },
    { "h", "h", 1, 24 },
    { "hour", "h", 1, 24 },
    { "hours", "h", 1, 24 },
    { "d", "d", 1, 1 },
    { "day", "d", 1, 1 },
    { "days", "d", 1, 1 },
    { "wk", "wk", 7, 1 },
    { "week", "wk", 7, 1 },
    { "weeks", "wk", 7, 1 },
    { "mo", "mo", OST_DAYS_PER_MONTH, 1 },
    { "month", "mo", OST_DAYS_PER_MONTH, 1 },
    { "months", "mo", OST_DAYS_PER_MONTH, 1 },
    { "y", "y", OST_DAYS_PER_YEAR, 1 },
    { "year", "y", OST_DAYS_PER_YEAR, 1 },
    { "years", "y", OST_DAYS_PER_YEAR, 1 },
};

static const struct {
    const char *name;
    int dim, power, ten; /* 10^ten internal units */
} bases[] = {
    { "g", OST_DIM_MASS, 1, 3 },
    { "L", OST_DIM_LENGTH, 3, 0 },
    { "mol", OST_DIM_AMOUNT, 1, 12 },
    { "m", OST_DIM_LENGTH, 1, 1 },
    { "IU", OST_DIM_IU, 1, 0 },
};

/* `only` names the one base a prefix goes with: "Mg" or "ML" is a slip for mg or mL, a billion times off. */
static const struct {
    const char *name;
    int ten;
    const char *only;
} prefixes[] = {
    { "", 0, NULL },
    { "f", -15, NULL },
    { "p", -12, NULL },
    { "n", -9, NULL },
    { "u", -6, NULL },
    { "\xc2\xb5", -6, NULL }, /* micro sign */
    { "\xce\xbc", -6, NULL }, /* Greek mu */
    { "mc", -6, "g" },
    { "m", -3, NULL },
    { "c", -2, NULL },
    { "d", -1, NULL },
    { "k", 3, NULL },
    { "M", 6, "IU" },
};

static const char *const common[] = { "mg", "ug", "mcg", "ng", "pg", "fg", "g", "kg", "L", "dL", "mL", "uL", "nL",
    "mol", "mmol", "umol", "nmol", "pmol", "fmol", "m", "dm", "cm", "mm", "um", "nm", "IU", "mIU", "kIU", "%", "s",
    "second", "seconds", "min", "minute", "minutes", "h", "hour", "hours", "d", "day", "days", "wk", "week", "weeks",
    "mo", "month", "months", "y", "year", "years" };

/* What edit distance would get wrong: "nM" is nearer to nm than to nmol/L. */
static const char *const meant[][2] = { { "M", "mol/L" }, { "mM", "mmol/L" }, { "uM", "umol/L" }, { "nM", "nmol/L" },
    { "pM", "pmol/L" }, { "fM", "fmol/L" }, { "U", "IU" }, { "mU", "mIU" }, { "cc", "mL" }, { "sec", "s" },
    { "mins", "min" }, { "hr", "h" }, { "hrs", "h" }, { "wks", "wk" }, { "yr", "y" }, { "yrs", "y" },
    { "percent", "%" }, { "a", "y" } };

static const scale_t one = { .num = 1, .den = 1 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char) c >= 0x80;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p)
{
    while (is_blank(*p)) p++;
    return p;
}

static int unknown_unit(const parser_t *self, const char *word)
{
    const char *better = NULL;
    for (size_t i = 0; i < COUNT(meant); i++) {
        if (strcmp(word, meant[i][0]) == 0) better = meant[i][1];
    }
    if (better == NULL) better = ost_nearest(word, common, COUNT(common));
    if (better == NULL)
        return ost_fail(self->err, OST_ERR_UNIT,
            "unknown unit '%s' in '%s' (expected one such as mg, pmol/L, 1/d or 1)", word, self->text);
    return ost_fail(
        self->err, OST_ERR_UNIT, "unknown unit '%s' in '%s' (did you mean '%s'?)", word, self->text, better);
}

static bool find_unit(scale_t *out, const char *word, bool *is_time)
{
    *out = (scale_t){ .num = 1, .den = 1 };
    *is_time = false;
    for (size_t i = 0; i < COUNT(time_words); i++) {
        if (strcmp(word, time_words[i].name) != 0) continue;
        *is_time = true;
        out->dim.sixths[OST_DIM_TIME] = 6;
        out->num = time_words[i].num;
        out->den = time_words[i].den;
        return true;
    }
    size_t length = strlen(word);
    for (size_t b = 0; b < COUNT(bases); b++) {
        size_t n_base = strlen(bases[b].name);
        if (length < n_base || strcmp(word + length - n_base, bases[b].name) != 0) continue;
        for (size_t i = 0; i < COUNT(prefixes); i++) {
            size_t n_prefix = strlen(prefixes[i].name);
            if (n_prefix + n_base != length || strncmp(word, prefixes[i].name, n_prefix) != 0) continue;
            if (prefixes[i].only != NULL && strcmp(prefixes[i].only, bases[b].name) != 0) continue;
            /* the prefix counts per base name, the power is that of the base: mL is 1e-3 dm3 */
            out->dim.sixths[bases[b].dim] = (int16_t) (6 * bases[b].power);
            out->ten = bases[b].ten + prefixes[i].ten;
            return true;
        }
    }
    return false;
}

/* out *= factor^power */
static int accumulate(const parser_t *self, scale_t *out, const scale_t *factor, int power)
{
    bool fits = true;
    for (int k = 0; k < OST_N_DIMS; k++) {
        int sixths = out->dim.sixths[k] + factor->dim.sixths[k] * power;
        fits = fits && abs(sixths) <= MAX_SIXTHS;
        if (fits) out->dim.sixths[k] = (int16_t) sixths;
    }
    out->ten += factor->ten * power;
    for (int i = 0; i < abs(power); i++) {
        out->num *= power > 0 ? factor->num : factor->den;
        out->den *= power > 0 ? factor->den : factor->num;
    }
    double ratio = out->num / out->den;
    if (!fits || abs(out->ten) > MAX_TEN || !(ratio > 0 && ratio < INFINITY))
        return ost_fail(self->err, OST_ERR_UNIT, "'%s': the power of a unit is too large", self->text);
    return 0;
}

/* `2`, `-1`, `^2`, `^-1`; a bare positive digit after a time word is refused: "10y5" is a slip, not 10 y^5. */
static int parse_power(parser_t *self, int *power, bool is_time)
{
    *power = 1;
    const char *p = self->at;
    bool caret = *p == '^';
    if (caret) p++;
    bool minus = *p == '-';
    if (minus) p++;
    if (!caret && !minus && !is_digit(*p)) return 0;
    if (!is_digit(*p) || is_digit(p[1]) || *p == '0')
        return ost_fail(self->err, OST_ERR_UNIT, "'%s': a power in a unit is a whole number from 1 to %d or -1 to -%d",
            self->text, MAX_POWER, MAX_POWER);
    if (is_time && !caret && !minus)
        return ost_fail(
            self->err, OST_ERR_UNIT, "'%s': a power of a time is written with '^', as in 1/d^2", self->text);
    *power = minus ? -(*p - '0') : *p - '0';
    self->at = p + 1;
    return 0;
}

static int parse_group(parser_t *self, scale_t *out);

/* The name of a unit, or '%'. */
static int parse_name(parser_t *self, scale_t *out, bool *is_time)
{
    char word[32];
    *is_time = false;
    if (*self->at == '%') {
        self->at++;
        *out = (scale_t){ .num = 1, .den = 1, .ten = -2 };
        return 0;
    }
    size_t n = 0;
    while (is_letter(self->at[n])) n++;
    if (n == 0 && *self->at == '\0')
        return ost_fail(self->err, OST_ERR_UNIT, "'%s': a unit is missing (write 1 for none)", self->text);
    if (n == 0)
        return ost_fail(self->err, OST_ERR_UNIT, "'%s': expected the name of a unit at '%s'", self->text, self->at);
    snprintf(word, sizeof(word), "%.*s", (int) (n < sizeof(word) ? n : sizeof(word) - 1), self->at);
    if (n >= sizeof(word) || !find_unit(out, word, is_time)) return unknown_unit(self, word);
    self->at += n;
    return 0;
}

static int parse_group(parser_t *self, scale_t *out);

static int parse_atom(parser_t *self, scale_t *out)
{
    scale_t base;
    bool is_time = false;
    int power, ret;
    if (*self->at == '(') {
        self->at++;
        if (++self->depth > MAX_DEPTH)
            return ost_fail(self->err, OST_ERR_UNIT, "'%s': parentheses are nested too deeply", self->text);
        ret = parse_group(self, &base);
        if (ret != 0) return ret;
        if (*self->at != ')') return ost_fail(self->err, OST_ERR_UNIT, "'%s': a parenthesis is not closed", self->text);
        self->at++;
        self->depth--;
    } else {
        ret = parse_name(self, &base, &is_time);
        if (ret != 0) return ret;
    }
    ret = parse_power(self, &power, is_time);
    if (ret != 0) return ret;
    *out = one;
    return accumulate(self, out, &base, power);
}

/* Products are blanks or '*', quotients '/'; after a '/' only further ones, because mg/L d has two readings. */
static int parse_group(parser_t *self, scale_t *out)
{
    *out = one;
    bool divide = false;
    self->at = skip_blanks(self->at);
    if (*self->at == '1') {
        self->at = skip_blanks(self->at + 1);
        if (*self->at == '\0' || *self->at == ')') return 0;
        if (*self->at != '/')
            return ost_fail(self->err, OST_ERR_UNIT, "'%s': only '/' may follow a 1, as in 1/d", self->text);
        divide = true;
        self->at = skip_blanks(self->at + 1);
    }
    for (;;) {
        scale_t factor;
        int ret = parse_atom(self, &factor);
        if (ret == 0) ret = accumulate(self, out, &factor, divide ? -1 : 1);
        if (ret != 0) return ret;
        const char *end = self->at;
        self->at = skip_blanks(end);
        char next = *self->at;
        if (next == '\0' || next == ')') return 0;
        if (next == '/' || next == '*') {
            self->at = skip_blanks(self->at + 1);
        } else if (self->at == end) {
            return ost_fail(
                self->err, OST_ERR_UNIT, "'%s': expected '/', '*' or a blank at '%s'", self->text, self->at);
        }
        if (divide && next != '/')
            return ost_fail(self->err, OST_ERR_UNIT,
                "'%s': a product after '/' can be read in two ways; write mg/(L d) or mg/L/d, or put '/' last",
                self->text);
        divide = next == '/';
    }
}

static int parse_unit(scale_t *out, const char *text, ost_error_t *err)
{
    parser_t self = { .text = text, .at = text, .err = err };
    int ret = parse_group(&self, out);
    if (ret != 0) return ret;
    if (*self.at != '\0') return ost_fail(err, OST_ERR_UNIT, "'%s': ')' without '('", text);
    double *side = out->ten > 0 ? &out->num : &out->den;
    for (int i = 0; i < abs(out->ten); i++) *side *= 10; /* exact up to 10^22 */
    return 0;
}

int ost_unit_parse(ost_unit_t *unit, const char *text, ost_error_t *err)
{
    scale_t scale;
    *unit = (ost_unit_t){ 0 };
    int ret = parse_unit(&scale, text, err);
    if (ret == 0) *unit = (ost_unit_t){ .dim = scale.dim, .factor = scale.num / scale.den };
    return ret;
}

/* The end of a decimal number, or `p` itself if there is none: what strtod would take besides (inf, nan, hexadecimal)
 * is never meant. */
static const char *scan_number(const char *p)
{
    const char *start = p;
    if (*p == '+' || *p == '-') p++;
    size_t n_digits = 0;
    for (; is_digit(*p); p++) n_digits++;
    if (*p == '.') p++;
    for (; is_digit(*p); p++) n_digits++;
    if (n_digits == 0) return start;
    if (*p == 'e' || *p == 'E') {
        const char *digits = p + 1;
        if (*digits == '+' || *digits == '-') digits++;
        if (is_digit(*digits)) p = digits;
        while (is_digit(*p)) p++;
    }
    return p;
}

int ost_quantity_parse(ost_quantity_t *quantity, const char *text, ost_error_t *err)
{
    *quantity = (ost_quantity_t){ .value = NAN };
    const char *start = skip_blanks(text), *end = scan_number(start);
    if (end == start)
        return ost_fail(err, OST_ERR_SYNTAX, "'%s': expected a number and its unit, such as 1 mg or -5 year", text);
    if (*end == ',')
        return ost_fail(err, OST_ERR_SYNTAX,
            "'%s': a comma in a number; the decimal sign is '.', thousands are not separated", text);
    char *read_end = NULL;
    double number = strtod(start, &read_end);
    if (read_end != end)
        return ost_fail(err, OST_ERR_SYNTAX, "'%s': expected a decimal number such as 12, 0.3 or 1e-3", text);
    if (!isfinite(number)) return ost_fail(err, OST_ERR_SYNTAX, "'%s': the number is too large", text);
    scale_t scale = one;
    const char *unit = skip_blanks(end);
    if (*unit == '/')
        return ost_fail(err, OST_ERR_UNIT, "'%s': a unit cannot begin with '/'; write 1/, as in 0.5 1/d", text);
    int ret = *unit == '\0' ? 0 : parse_unit(&scale, unit, err);
    if (ret != 0) {
        ost_error_prepend(err, "'%s': ", text);
        return ret;
    }
    double result = number * scale.num / scale.den;
    if (!isfinite(result)) return ost_fail(err, OST_ERR_SYNTAX, "'%s': the number is too large", text);
    *quantity = (ost_quantity_t){ result, scale.dim, *unit == '\0' };
    return 0;
}

char *ost_unit_symbols(const char *text, char *buf, size_t size)
{
    size_t used = 0;
    while (*text != '\0') {
        size_t n = 0, i = 0;
        while (is_letter(text[n])) n++;
        while (i < COUNT(time_words) && (strncmp(text, time_words[i].name, n) != 0 || time_words[i].name[n] != '\0'))
            i++;
        const char *word = n > 0 && i < COUNT(time_words) ? time_words[i].symbol : text;
        size_t length = word != text ? strlen(word) : n > 0 ? n : 1;
        for (size_t k = 0; k < length && used + 1 < size; k++) buf[used++] = word[k];
        text += n > 0 ? n : 1;
    }
    if (size > 0) buf[used] = '\0';
    return buf;
}

bool ost_unit_is_ratio(const ost_unit_t *unit)
{
    return ost_dim_is_none(unit->dim) && unit->factor != 1;
}

const char *ost_unit_missing(const ost_unit_t *unit, const char *unit_text, bool is_plain, double value, char *why)
{
    if (!is_plain || value == 0 || !ost_unit_is_ratio(unit)) return NULL;
    snprintf(why, OST_UNIT_MISSING_SIZE, "%.10g has no unit; write '%.10g %.60s' or '%.10g %.60s'", value, value,
        unit_text, value / unit->factor, unit_text);
    return why;
}

const ost_dim_t ost_dim_none = { { 0 } }, ost_dim_time = { { [OST_DIM_TIME] = 6 } };

bool ost_dim_equal(ost_dim_t a, ost_dim_t b)
{
    return memcmp(a.sixths, b.sixths, sizeof(a.sixths)) == 0;
}

bool ost_dim_is_none(ost_dim_t a)
{
    return ost_dim_equal(a, (ost_dim_t){ 0 });
}

ost_dim_t ost_dim_mul(ost_dim_t a, ost_dim_t b)
{
    for (int k = 0; k < OST_N_DIMS; k++) a.sixths[k] = (int16_t) (a.sixths[k] + b.sixths[k]);
    return a;
}

ost_dim_t ost_dim_div(ost_dim_t a, ost_dim_t b)
{
    for (int k = 0; k < OST_N_DIMS; k++) a.sixths[k] = (int16_t) (a.sixths[k] - b.sixths[k]);
    return a;
}

bool ost_dim_pow(ost_dim_t *out, ost_dim_t a, double p)
{
    for (int k = 0; k < OST_N_DIMS; k++) {
        double sixths = a.sixths[k] * p, whole = nearbyint(sixths);
        /* p = 1/3 as a double misses the whole number by a rounding error */
        if (!(fabs(sixths - whole) < 1e-9 && fabs(whole) <= INT16_MAX)) return false;
        out->sixths[k] = (int16_t) whole;
    }
    return true;
}

static size_t append_power(char *buf, size_t size, size_t used, const char *before, const char *name, int sixths)
{
    const char *format = sixths % 6 == 0 ? "%s%s^%d" : sixths % 3 == 0 ? "%s%s^(%d/2)" : "%s%s^(%d/3)";
    int shown = sixths % 6 == 0 ? sixths / 6 : sixths % 3 == 0 ? sixths / 3 : sixths / 2;
    if (used >= size) return used;
    int n = sixths == 6 ? snprintf(buf + used, size - used, "%s%s", before, name)
                        : snprintf(buf + used, size - used, format, before, name, shown);
    return used + (size_t) n;
}

static char *format(
    ost_dim_t dim, const char *const *names, const char *area, const char *volume, char *buf, size_t size)
{
    size_t used = 0;
    if (size == 0) return buf;
    buf[0] = '\0';
    for (int sign = 1; sign >= -1; sign -= 2) {
        if (sign < 0 && used == 0) used = append_power(buf, size, used, "", "1", 6);
        for (int k = 0; k < OST_N_DIMS; k++) {
            int sixths = sign * dim.sixths[k];
            const char *name = names[k];
            if (sixths <= 0) continue;
            if (k == OST_DIM_LENGTH && (sixths == 12 || sixths == 18)) {
                name = sixths == 12 ? area : volume;
                sixths = 6;
            }
            used = append_power(buf, size, used, sign < 0 ? "/" : used > 0 ? " " : "", name, sixths);
        }
    }
    return buf;
}

char *ost_dim_format(ost_dim_t dim, char *buf, size_t size)
{
    static const char *const names[OST_N_DIMS] = { "time", "mass", "length", "amount", "IU" };
    return format(dim, names, "area", "volume", buf, size);
}

char *ost_dim_mismatch(ost_dim_t actual, ost_dim_t expected, const char *example, char *why)
{
    static const char *const units[OST_N_DIMS] = { "d", "mg", "cm", "pmol", "IU" };
    char has[64], needs[64], unit[64], made[80];
    ost_dim_format(actual, has, sizeof(has));
    ost_dim_format(expected, needs, sizeof(needs));
    snprintf(made, sizeof(made), ost_dim_equal(expected, ost_dim_time) ? "5 [%s] or 5 [y]" : "5 [%s]",
        format(expected, units, "cm2", "L", unit, sizeof(unit)));
    if (example == NULL) example = made;
    if (ost_dim_is_none(expected) && example == made)
        snprintf(why, OST_DIM_MISMATCH_SIZE, "has dimension %s; expected a plain number, without a unit", has);
    else if (ost_dim_is_none(expected))
        snprintf(why, OST_DIM_MISMATCH_SIZE, "has dimension %s; expected a number such as %.100s", has, example);
    else if (ost_dim_is_none(actual))
        snprintf(why, OST_DIM_MISMATCH_SIZE, "has no unit of %s; write one, for example %.100s", needs, example);
    else
        snprintf(why, OST_DIM_MISMATCH_SIZE, "has dimension %s; expected %s, for example %.100s", has, needs, example);
    return why;
}

char *ost_unit_mismatch(ost_dim_t actual, const ost_unit_t *unit, const char *unit_text, char *why)
{
    char example[96];
    snprintf(example, sizeof(example), "5 %.80s", unit_text);
    bool is_plain = ost_dim_is_none(unit->dim) && !ost_unit_is_ratio(unit);
    return ost_dim_mismatch(actual, unit->dim, is_plain ? NULL : example, why);
}
