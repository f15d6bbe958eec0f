/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/error.h"
#include "core/isa.h"
#include "core/memory.h"
#include "core/random.h"
#include "core/text.h"
#include "core/units.h"
#include "testlib.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_error_record(void)
{
    char text[64];
    ost_error_t err = { 0 };
    CU_ASSERT(ost_fail(&err, OST_ERR_NAME, "unknown name '%s'", "bmi") == OST_ERR_NAME);
    CU_ASSERT_STRING_EQUAL(ost_error_format(&err, text, sizeof(text)), "unknown name 'bmi'");
    ost_error_prepend(&err, "arm '%s': ", "control");
    CU_ASSERT(err.code == OST_ERR_NAME && err.line == 0);
    CU_ASSERT_STRING_EQUAL(err.what, "arm 'control': unknown name 'bmi'");
    CU_ASSERT(ost_fail_at(&err, OST_ERR_SYNTAX, "a.model", 7, 12, "not this: %s", err.what) == OST_ERR_SYNTAX);
    CU_ASSERT_STRING_EQUAL(
        ost_error_format(&err, text, sizeof(text)), "a.model:7:12: not this: arm 'control': unknown name 'bmi'");
    ost_fail_at(&err, OST_ERR_IO, "a.h5", 0, 0, "missing");
    CU_ASSERT_STRING_EQUAL(ost_error_format(&err, text, sizeof(text)), "a.h5: missing");
    ost_fail_at(&err, OST_ERR_IO, "", 3, 0, "missing");
    CU_ASSERT_STRING_EQUAL(ost_error_format(&err, text, sizeof(text)), "3: missing");
    CU_ASSERT_STRING_EQUAL(ost_error_format(&err, text, 5), "3: m");

    CU_ASSERT(ost_fail(NULL, OST_ERR_STEP, "nobody listens") == OST_ERR_STEP);
    ost_error_prepend(NULL, "nobody listens");
}

static void test_error_text_is_cut_not_overrun(void)
{
    char text[2000], word[1500];
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    ost_error_t err;
    ost_fail_at(&err, OST_ERR_IO, word, 1, 1, "%s", word);
    ost_error_prepend(&err, "%.500s: ", word);
    ost_error_prepend(&err, "%s", word);
    CU_ASSERT(strlen(err.where) == sizeof(err.where) - 1);
    CU_ASSERT(strlen(err.what) == sizeof(err.what) - 1);
    CU_ASSERT(strlen(ost_error_format(&err, text, sizeof(text))) == 255 + strlen(":1:1: ") + 511);
}

static void test_error_names(void)
{
    CU_ASSERT_STRING_EQUAL(ost_error_name(OST_ERR_UNIT), "OST_ERR_UNIT");
    CU_ASSERT_STRING_EQUAL(ost_error_text(OST_ERR_NO_MEMORY), "out of memory");
    CU_ASSERT_STRING_EQUAL(ost_error_text(0), "success");
    CU_ASSERT_STRING_EQUAL(ost_error_text(-999), "unknown error");
    ost_error_t silent = { .code = OST_ERR_IO };
    char text[100];
    CU_ASSERT_STRING_EQUAL(ost_error_format(&silent, text, sizeof(text)), "a file cannot be read or written");
}

static void test_nearest(void)
{
    static const char *const names[] = { "rtol", "atol", "estradiol", "BMD", "denosumab", "k" };
    static const char *const cases[][2] = { { "rtoll", "rtol" }, { "tol", "rtol" }, { "ATOL", "atol" },
        { "bmd", "BMD" }, { "estardiol", "estradiol" }, { "oestradiol", "estradiol" }, { "K", "k" },
        { "donesumab", "denosumab" }, { "q", NULL }, { "anastrozole", NULL }, { "", NULL }, { "tl", NULL },
        { "rotl", "rtol" }, { "est", "estradiol" }, { "MAB", "denosumab" }, { "umab", "denosumab" }, { "no", NULL },
        { "den", "denosumab" }, { "osum", NULL } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *found = ost_nearest(cases[i][0], names, COUNT(names));
        bool ok = cases[i][1] == NULL ? found == NULL : found != NULL && strcmp(found, cases[i][1]) == 0;
        if (!ok) printf("\n%s: %s\n", cases[i][0], found ? found : "(none)");
        CU_ASSERT(ok);
    }
    CU_ASSERT_PTR_NULL(ost_nearest("rtol", NULL, 0));
    char word[200];
    memset(word, 'k', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    CU_ASSERT_PTR_NULL(ost_nearest(word, names, COUNT(names)));
    const char *const self[] = { word };
    CU_ASSERT_PTR_EQUAL(ost_nearest(word, self, 1), word);
}

static void test_counts(void)
{
    static const struct {
        const char *text;
        int ret;
        uint64_t count;
    } cases[] = { { "0", 0, 0 }, { "10000", 0, 10000 }, { "1e4", 0, 10000 }, { "25E3", 0, 25000 }, { "0e99", 0, 0 },
        { "18446744073709551615", 0, UINT64_MAX }, { "18446744073709551616", OST_ERR_LIMIT, 0 },
        { "1e19", 0, 10000000000000000000u }, { "1e20", OST_ERR_LIMIT, 0 }, { "2e99999999999999", OST_ERR_LIMIT, 0 },
        { "", OST_ERR_SYNTAX, 0 }, { "-1", OST_ERR_SYNTAX, 0 }, { " 1", OST_ERR_SYNTAX, 0 },
        { "1e", OST_ERR_SYNTAX, 0 }, { "1e-1", OST_ERR_SYNTAX, 0 }, { "1.5e4", OST_ERR_SYNTAX, 0 },
        { "1e4x", OST_ERR_SYNTAX, 0 } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t count;
        const int ret = ost_text_count(cases[i].text, &count);
        const bool ok = ret == cases[i].ret && (ret != 0 || count == cases[i].count);
        if (!ok) printf("\n%s: %d, %llu\n", cases[i].text, ret, (unsigned long long) count);
        CU_ASSERT(ok);
    }
}

/* Factors are compared exactly: each is the double nearest to the true one. */
static void test_lines(void)
{
    ost_text_list_t lines = { 0 };
    CU_ASSERT_EQUAL(ost_text_list_split(&lines, "one\n\ntwo"), 0);
    CU_ASSERT_EQUAL(ost_text_list_split(&lines, NULL), 0);
    CU_ASSERT_EQUAL(ost_text_list_split(&lines, "three\n"), 0);
    CU_ASSERT_EQUAL(lines.n, 3);
    char *all = ost_text_join((const char *const *) lines.items, lines.n, ", "), *none = ost_text_join(NULL, 0, ", ");
    CU_ASSERT_STRING_EQUAL(all, "one, two, three");
    CU_ASSERT_STRING_EQUAL(none, "");
    free(all);
    free(none);
    ost_text_list_free(&lines);
}

static void test_units(void)
{
    static const struct {
        const char *text;
        double factor;
        int time, mass, length, amount, iu;
    } cases[] = {
        { "1", 1, 0, 0, 0, 0, 0 },
        { "%", 0.01, 0, 0, 0, 0, 0 },
        { "d", 1, 1, 0, 0, 0, 0 },
        { "s", 1.0 / 86400, 1, 0, 0, 0, 0 },
        { "min", 1.0 / 1440, 1, 0, 0, 0, 0 },
        { "h", 1.0 / 24, 1, 0, 0, 0, 0 },
        { "1/h", 24, -1, 0, 0, 0, 0 },
        { "1/s", 86400, -1, 0, 0, 0, 0 },
        { "week", 7, 1, 0, 0, 0, 0 },
        { "wk", 7, 1, 0, 0, 0, 0 },
        { "month", 30.4375, 1, 0, 0, 0, 0 },
        { "mo", 30.4375, 1, 0, 0, 0, 0 },
        { "years", 365.25, 1, 0, 0, 0, 0 },
        { "y/month", 12, 0, 0, 0, 0, 0 },
        { "1/y", 1 / 365.25, -1, 0, 0, 0, 0 },
        { "g", 1e3, 0, 1, 0, 0, 0 },
        { "mg", 1, 0, 1, 0, 0, 0 },
        { "ug", 1e-3, 0, 1, 0, 0, 0 },
        { "mcg", 1e-3, 0, 1, 0, 0, 0 },
        { "\xc2\xb5g", 1e-3, 0, 1, 0, 0, 0 },
        { "\xce\xbcmol", 1e6, 0, 0, 0, 1, 0 },
        { "ng", 1e-6, 0, 1, 0, 0, 0 },
        { "pg", 1e-9, 0, 1, 0, 0, 0 },
        { "fg", 1e-12, 0, 1, 0, 0, 0 },
        { "kg", 1e6, 0, 1, 0, 0, 0 },
        { "L", 1, 0, 0, 3, 0, 0 },
        { "dL", 0.1, 0, 0, 3, 0, 0 },
        { "mL", 1e-3, 0, 0, 3, 0, 0 },
        { "m", 10, 0, 0, 1, 0, 0 },
        { "cm", 0.1, 0, 0, 1, 0, 0 },
        { "mm3", 1e-6, 0, 0, 3, 0, 0 },
        { "um", 1e-5, 0, 0, 1, 0, 0 },
        { "pmol", 1, 0, 0, 0, 1, 0 },
        { "nmol", 1e3, 0, 0, 0, 1, 0 },
        { "mol", 1e12, 0, 0, 0, 1, 0 },
        { "fmol", 1e-3, 0, 0, 0, 1, 0 },
        { "IU", 1, 0, 0, 0, 0, 1 },
        { "mIU/L", 1e-3, 0, 0, -3, 0, 1 },
        { "MIU", 1e6, 0, 0, 0, 0, 1 },
        { "pmol/L", 1, 0, 0, -3, 1, 0 },
        { "nmol/L", 1e3, 0, 0, -3, 1, 0 },
        { "ng/mL", 1e-3, 0, 1, -3, 0, 0 },
        { "pg/mL", 1e-6, 0, 1, -3, 0, 0 },
        { "ng/dL", 1e-5, 0, 1, -3, 0, 0 },
        { "g/cm2", 1e5, 0, 1, -2, 0, 0 },
        { "g/cm^2", 1e5, 0, 1, -2, 0, 0 },
        { "mg/cm3", 1e3, 0, 1, -3, 0, 0 },
        { "kg/m2", 1e4, 0, 1, -2, 0, 0 },
        { "L/h/kg", 24 / 1e6, -1, -1, 3, 0, 0 },
        { "L/(h kg)", 24 / 1e6, -1, -1, 3, 0, 0 },
        { "mg/(L d)", 1, -1, 1, -3, 0, 0 },
        { "mg/L/d", 1, -1, 1, -3, 0, 0 },
        { "mg L^-1 d^-1", 1, -1, 1, -3, 0, 0 },
        { "mg L-1 d-1", 1, -1, 1, -3, 0, 0 },
        { "mg*d/L", 1, 1, 1, -3, 0, 0 },
        { "1/(mg/L)", 1, 0, -1, 3, 0, 0 },
        { "(1/d)", 1, -1, 0, 0, 0, 0 },
        { "(kg/m2)^2", 1e8, 0, 2, -4, 0, 0 },
        { "1/d^2", 1, -2, 0, 0, 0, 0 },
        { "hour", 1.0 / 24, 1, 0, 0, 0, 0 },
        { "mg/hours", 24, -1, 1, 0, 0, 0 },
        { "minute", 1.0 / 1440, 1, 0, 0, 0, 0 },
        { "minutes", 1.0 / 1440, 1, 0, 0, 0, 0 },
        { "1/second", 86400, -1, 0, 0, 0, 0 },
        { "seconds", 1.0 / 86400, 1, 0, 0, 0, 0 },
        { "weeks", 7, 1, 0, 0, 0, 0 },
        { "%/y", 0.01 / 365.25, -1, 0, 0, 0, 0 },
        { " mg / d ", 1, -1, 1, 0, 0, 0 },
        { "1/mg", 1, 0, -1, 0, 0, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ost_unit_t unit;
        ost_error_t err = { 0 };
        CU_ASSERT(ost_unit_parse(&unit, cases[i].text, &err) == 0);
        ost_dim_t dim = { { (int16_t) (6 * cases[i].time), (int16_t) (6 * cases[i].mass),
            (int16_t) (6 * cases[i].length), (int16_t) (6 * cases[i].amount), (int16_t) (6 * cases[i].iu) } };
        bool ok = ost_dim_equal(unit.dim, dim) && unit.factor == cases[i].factor;
        if (!ok) printf("\n%s: %.17g %s\n", cases[i].text, unit.factor, err.what);
        CU_ASSERT(ok);
    }
}

/* What stands in files: xarray takes `days`, `hours`, `minutes` and `seconds` for durations in a format of its own. */
static void test_symbols_of_times(void)
{
    static const char *const cases[][2] = { { "days", "d" }, { "hours", "h" }, { "minutes", "min" }, { "seconds", "s" },
        { "mg/day", "mg/d" }, { "ng/(mL minute)", "ng/(mL min)" }, { "1/year^2", "1/y^2" }, { "weeks", "wk" },
        { "months", "mo" }, { "d", "d" }, { "%", "%" }, { "pmol/L", "pmol/L" }, { "1", "1" }, { "", "" },
        { "\xc2\xb5g/day", "\xc2\xb5g/d" } };
    char buf[64];
    for (size_t i = 0; i < COUNT(cases); i++)
        CU_ASSERT_STRING_EQUAL(ost_unit_symbols(cases[i][0], buf, sizeof(buf)), cases[i][1]);
    CU_ASSERT_STRING_EQUAL(ost_unit_symbols("mg/day", buf, 4), "mg/");
}

static void test_plain_numbers(void)
{
    char why[OST_UNIT_MISSING_SIZE];
    static const struct {
        const char *unit, *text, *says; /* says: NULL where nothing is wrong */
    } cases[] = { { "%", "5", "5 has no unit; write '5 %' or '500 %'" }, { "%", "0", NULL }, { "%", "5 %", NULL },
        { "%", "0.05 1", NULL }, { "1", "5", NULL },
        { "nmol/mmol", "-3e-5", "write '-3e-05 nmol/mmol' or '-30 nmol/mmol'" },
        { "mg/g", "2", "write '2 mg/g' or '2000 mg/g'" }, { "mg/mg", "2", NULL }, { "1/d", "2", NULL } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ost_unit_t unit;
        ost_quantity_t q;
        CU_ASSERT_EQUAL_FATAL(ost_unit_parse(&unit, cases[i].unit, NULL), 0);
        CU_ASSERT_EQUAL_FATAL(ost_quantity_parse(&q, cases[i].text, NULL), 0);
        const char *says = ost_unit_missing(&unit, cases[i].unit, q.is_plain, q.value, why);
        CU_ASSERT_EQUAL((says != NULL), (cases[i].says != NULL));
        if (says != NULL && cases[i].says != NULL) ost_assert_contains(says, cases[i].says);
    }
}

static void test_wrong_units(void)
{
    static const char *const cases[][2] = { { "", "write 1 for none" }, { "mgg", "did you mean 'mg'" },
        { "pmol/l", "did you mean 'L'" }, { "ml", "did you mean 'mL'" }, { "Mg", "did you mean 'mg'" },
        { "ML", "did you mean 'mL'" }, { "nM", "did you mean 'nmol/L'" }, { "hrs", "did you mean 'h'" },
        { "U/L", "did you mean 'IU'" }, { "yr", "did you mean 'y'" }, { "monht", "did you mean 'month'" },
        { "furlong", "unknown unit 'furlong'" }, { "mcL", "unknown unit 'mcL'" }, { "kd", "unknown unit 'kd'" },
        { "k", "unknown unit 'k'" }, { "mg/L d", "two ways" }, { "mg/L*d", "two ways" }, { "mg/", "a unit is missing" },
        { "/d", "expected the name" }, { "mg//d", "expected the name" }, { "1 d", "only '/' may follow a 1" },
        { "10/d", "only '/'" }, { "2", "expected the name" }, { "1/(L d", "not closed" }, { "L)", "')' without '('" },
        { "y5", "'^'" }, { "d2", "'^'" }, { "cm0", "whole number" }, { "cm12", "whole number" },
        { "cm^", "whole number" }, { "cm^1.5", "expected '/'" }, { "cm-", "whole number" },
        { "cm2 2", "expected the name" }, { "m^9 m^9", "too large" }, { "(((m^9)^9)^9)", "too large" },
        { "((y/d)^9)^9^9", "expected '/'" }, { "((((((((((d))))))))))", "too deeply" }, { "mg,d", "expected '/'" },
        { "d ay s", "unknown unit 'ay'" }, { "()", "expected the name" },
        { "unitsofsuchlengththatnobodymeansthem", "unknown unit" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ost_unit_t unit;
        ost_error_t err = { 0 };
        int ret = ost_unit_parse(&unit, cases[i][0], &err);
        if (ret != OST_ERR_UNIT) printf("\n'%s' gives %d\n", cases[i][0], ret);
        CU_ASSERT(ret == OST_ERR_UNIT && err.code == OST_ERR_UNIT);
        ost_assert_contains(err.what, cases[i][1]);
        CU_ASSERT(ost_unit_parse(&unit, cases[i][0], NULL) == OST_ERR_UNIT);
    }
}

static void test_quantities(void)
{
    static const struct {
        const char *text;
        double value;
        const char *dim;
    } cases[] = { { "1 mg", 1, "mass" }, { "6 month", 182.625, "time" }, { "-5 year", -1826.25, "time" },
        { "12 %", 0.12, "1" }, { "57 %", 0.57, "1" }, { "0.3", 0.3, "1" }, { "1e-3 ng/mL", 1e-6, "mass/volume" },
        { "120 mg", 120, "mass" }, { "1mg", 1, "mass" }, { "12 h", 0.5, "time" }, { "49 s", 49.0 / 86400, "time" },
        { "+.5 y", 182.625, "time" }, { "5. d", 5, "time" }, { "1E2 pmol/L", 100, "amount/volume" },
        { " 2 1/d ", 2, "1/time" }, { "0.95 g/cm2", 95000, "mass/area" }, { "3 1", 3, "1" }, { "7 ug", 0.007, "mass" },
        { "0 mg", 0, "mass" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ost_quantity_t q;
        ost_error_t err = { 0 };
        char text[64];
        CU_ASSERT(ost_quantity_parse(&q, cases[i].text, &err) == 0);
        bool ok = q.value == cases[i].value && strcmp(ost_dim_format(q.dim, text, sizeof(text)), cases[i].dim) == 0 &&
                  q.is_plain == (strcmp(cases[i].text, "0.3") == 0);
        if (!ok) printf("\n%s: %.17g %s %s\n", cases[i].text, q.value, text, err.what);
        CU_ASSERT(ok);
    }
}

static void test_wrong_quantities(void)
{
    static const struct {
        const char *text;
        int code;
        const char *says;
    } cases[] = { { "", OST_ERR_SYNTAX, "expected a number" }, { "mg", OST_ERR_SYNTAX, "expected a number" },
        { "inf", OST_ERR_SYNTAX, "expected a number" }, { "-inf mg", OST_ERR_SYNTAX, "expected a number" },
        { "nan", OST_ERR_SYNTAX, "expected a number" }, { "NaN d", OST_ERR_SYNTAX, "expected a number" },
        { "0x10 mg", OST_ERR_SYNTAX, "decimal number" }, { "1,5 mg", OST_ERR_SYNTAX, "comma" },
        { "1,000", OST_ERR_SYNTAX, "comma" }, { "1e999 mg", OST_ERR_SYNTAX, "too large" },
        { "1e300 y^9", OST_ERR_SYNTAX, "too large" }, { "--5 mg", OST_ERR_SYNTAX, "expected a number" },
        { ".", OST_ERR_SYNTAX, "expected a number" }, { "- 5 mg", OST_ERR_SYNTAX, "expected a number" },
        { "10y5", OST_ERR_UNIT, "'^'" }, { "1.2.3", OST_ERR_UNIT, "expected the name" },
        { "0.3/d", OST_ERR_UNIT, "0.5 1/d" }, { "1 mgg", OST_ERR_UNIT, "did you mean 'mg'" },
        { "1e mg", OST_ERR_UNIT, "unknown unit 'e'" }, { "5 10 mg", OST_ERR_UNIT, "only '/'" },
        { "1_000 mg", OST_ERR_UNIT, "expected the name" }, { "6 months ago", OST_ERR_UNIT, "unknown unit 'ago'" },
        { "1 mg;", OST_ERR_UNIT, "expected '/'" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ost_quantity_t q;
        ost_error_t err = { 0 };
        int ret = ost_quantity_parse(&q, cases[i].text, &err);
        if (ret != cases[i].code) printf("\n'%s' gives %d\n", cases[i].text, ret);
        CU_ASSERT(ret == cases[i].code && err.code == cases[i].code);
        ost_assert_contains(err.what, cases[i].says);
        if (cases[i].text[0] != '\0') ost_assert_contains(err.what, cases[i].text);
    }
}

static void test_dimensions(void)
{
    const ost_dim_t volume = { { [OST_DIM_LENGTH] = 18 } }, time = { { [OST_DIM_TIME] = 6 } }, none = { { 0 } };
    ost_dim_t out;
    char text[40];
    CU_ASSERT(ost_dim_is_none(none) && !ost_dim_is_none(time));
    CU_ASSERT(ost_dim_is_none(ost_dim_div(time, time)));
    CU_ASSERT(ost_dim_pow(&out, volume, 1.0 / 3));
    CU_ASSERT_STRING_EQUAL(ost_dim_format(out, text, sizeof(text)), "length");
    CU_ASSERT(ost_dim_pow(&out, time, -0.5));
    CU_ASSERT_STRING_EQUAL(ost_dim_format(out, text, sizeof(text)), "1/time^(1/2)");
    CU_ASSERT(ost_dim_pow(&out, time, 2.0 / 3));
    CU_ASSERT_STRING_EQUAL(ost_dim_format(out, text, sizeof(text)), "time^(2/3)");
    CU_ASSERT(ost_dim_pow(&out, ost_dim_mul(volume, time), -2));
    CU_ASSERT_STRING_EQUAL(ost_dim_format(out, text, sizeof(text)), "1/time^2/length^6");
    CU_ASSERT_STRING_EQUAL(ost_dim_format(out, text, 9), "1/time^2");
    CU_ASSERT_FALSE(ost_dim_pow(&out, time, 0.3));
    CU_ASSERT_FALSE(ost_dim_pow(&out, time, NAN));
    CU_ASSERT_FALSE(ost_dim_pow(&out, time, 1e6));
    CU_ASSERT(ost_dim_pow(&out, none, 0.3) && ost_dim_is_none(out));
}

/* The known answers that the authors of the generator publish with it (Random123, kat_vectors). */
static void test_philox_known_answers(void)
{
    static const uint32_t cases[][10] = {
        { 0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 },
        { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
            0x6d5451fd },
        { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
            0x24126ea1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t out[4];
        ost_philox4x32(cases[i], cases[i] + 4, out);
        CU_ASSERT(memcmp(out, cases[i] + 6, sizeof(out)) == 0);
    }
    /* seed, subject, purpose and draw are key, counter 0-1, 2 and 3 */
    double u = ost_random_uniform(UINT64_C(0x299f31d0a4093822), UINT64_C(0x85a308d3243f6a88), 0x13198a2e, 0x03707344);
    CU_ASSERT(u == ((double) (UINT64_C(0x94fdccebd16cfe09) >> 12) + 0.5) * 0x1p-52);
    CU_ASSERT(ost_random_purpose("") == 0x811c9dc5);
    CU_ASSERT(ost_random_purpose("a") == 0xe40c292c);
    CU_ASSERT(ost_random_purpose("foobar") == 0xbf9cf968);
}

/* Moments of 200000 draws, within five standard errors; neighbours in each argument are uncorrelated. */
static void test_moments(void)
{
    enum { N = 200000 };
    double sum[4] = { 0 }, z[4] = { 0 }, across[4] = { 0 };
    for (uint32_t i = 0; i < N; i++) {
        double u = ost_random_uniform(7, i, 3, 0) - 0.5, x = ost_random_normal(7, i, 5, 1);
        CU_ASSERT(u > -0.5 && u < 0.5);
        double ut = u, xt = x;
        for (int k = 0; k < 4; k++, ut *= u, xt *= x) {
            sum[k] += ut / N;
            z[k] += xt / N;
        }
        across[0] += u * (ost_random_uniform(7, i + 1, 3, 0) - 0.5) / N;
        across[1] += u * (ost_random_uniform(8, i, 3, 0) - 0.5) / N;
        across[2] += u * (ost_random_uniform(7, i, 4, 0) - 0.5) / N;
        across[3] += u * (ost_random_uniform(7, i, 3, 1) - 0.5) / N;
    }
    const double per_root = 5 / sqrt(N);
    static const double u_mean[4] = { 0, 1.0 / 12, 0, 1.0 / 80 },
                        u_var[4] = { 1.0 / 12, 1.0 / 180, 1.0 / 448, 1.0 / 3600 };
    static const double z_mean[4] = { 0, 1, 0, 3 }, z_var[4] = { 1, 2, 15, 96 };
    for (int k = 0; k < 4; k++) {
        ost_assert_close(sum[k], u_mean[k], 0, per_root * sqrt(u_var[k]));
        ost_assert_close(z[k], z_mean[k], 0, per_root * sqrt(z_var[k]));
        ost_assert_close(across[k], 0, 0, per_root / 12);
    }
}

/* Values to 20 digits from the inverse of erfc in 50-digit arithmetic. */
static void test_normal_quantile(void)
{
    static const double cases[][2] = { { 1e-300, -37.047096299361199237 }, { 1e-100, -21.273453560965324294 },
        { 1e-20, -9.2623400897984075796 }, { 1e-9, -5.9978070150076868614 }, { 0.001, -3.0902323061678135354 },
        { 0.025, -1.9599639845400542118 }, { 0.0749, -1.4402382675279636631 }, { 0.0751, -1.4388253927525399824 },
        { 0.3, -0.52440051270804081597 }, { 0.5, 0 }, { 0.7, 0.52440051270804065631 }, { 0.95, 1.6448536269514722843 },
        { 0.999, 3.0902323061678132778 }, { 0x1.fffffffffffffp-1, 8.2095361516013868556 } };
    for (size_t i = 0; i < COUNT(cases); i++) ost_assert_close(ost_normal_quantile(cases[i][0]), cases[i][1], 1e-15, 0);
    double p[1000], many[1000];
    for (size_t i = 0; i < COUNT(p); i++) p[i] = (double) i / (COUNT(p) - 2);
    ost_normal_quantiles(p, many, COUNT(p));
    for (size_t i = 0; i < COUNT(p) - 1; i++) CU_ASSERT_EQUAL(many[i], ost_normal_quantile(p[i]));
    CU_ASSERT(isnan(many[COUNT(p) - 1]));
    CU_ASSERT(ost_normal_quantile(0) == -INFINITY && ost_normal_quantile(1) == INFINITY);
    CU_ASSERT(isnan(ost_normal_quantile(-0.1)) && isnan(ost_normal_quantile(1.1)) && isnan(ost_normal_quantile(NAN)));
    double last = -INFINITY;
    for (int i = 1; i < 20000; i++) {
        double z = ost_normal_quantile(i / 20000.0);
        CU_ASSERT(z > last);
        ost_assert_close(ost_normal_cdf(z), i / 20000.0, 1e-14, 0);
        last = z;
    }
}

static void test_permutation(void)
{
    static const uint64_t sizes[] = { 1, 2, 5, 64, 1000 };
    for (size_t k = 0; k < COUNT(sizes); k++) {
        bool seen[1000] = { 0 };
        uint64_t n = sizes[k], same = 0, fixed = 0;
        for (uint64_t i = 0; i < n; i++) {
            uint64_t image = ost_random_permutation(7, 1, i, n);
            CU_ASSERT_FATAL(image < n);
            CU_ASSERT_FALSE(seen[image]);
            seen[image] = true;
            fixed += image == i;
            same += image == ost_random_permutation(7, 2, i, n);
        }
        if (n == 1000) CU_ASSERT(fixed < 10 && same < 10); /* 1 each expected */
    }
    CU_ASSERT(ost_random_permutation(7, 1, UINT64_C(1) << 62, UINT64_C(1) << 63) < UINT64_C(1) << 63);
}

static void test_normal_cdf(void)
{
    static const double cases[][2] = { { -37, 5.7255712225245768227e-300 }, { -10, 7.619853024160526066e-24 },
        { -3, 0.0013498980316300945267 }, { -1, 0.15865525393145705141 }, { 0, 0.5 }, { 0.5, 0.69146246127401310364 },
        { 1.96, 0.97500210485177956379 }, { 5, 0.99999971334842812081 } };
    for (size_t i = 0; i < COUNT(cases); i++) ost_assert_close(ost_normal_cdf(cases[i][0]), cases[i][1], 2e-13, 0);
    CU_ASSERT(ost_normal_cdf(-INFINITY) == 0 && ost_normal_cdf(INFINITY) == 1);
}

static void test_isa(void)
{
    CU_ASSERT_STRING_EQUAL(ost_isa_name(OST_ISA_AVX512), "avx512");
    CU_ASSERT(ost_isa_from_name("base") == OST_ISA_BASE);
    CU_ASSERT(ost_isa_from_name("sse9") == -1);
    CU_ASSERT(ost_isa_from_name(ost_isa_name(ost_isa_best())) == (int) ost_isa_best());
    for (int isa = (int) ost_isa_best() + 1; isa < OST_N_ISA; isa++) {
        CU_ASSERT(ost_isa_from_name(ost_isa_name((ost_isa_t) isa)) == -1);
    }
}

/* Texts of strangers, as they are printed. */
static void test_disarm(void)
{
    static const char *const texts[][2] = { { "BMD\t\xce\xbc g \xe2\x89\xa4 \xf0\x9f\xa6\xb4\n", NULL },
        { "\033[2J\x7f", "?[2J?" }, { "\xc2\x9b\x32J", "??2J" },     /* C1 */
        { "\x9b\x32J caf\xe9 ol\xe9", "?2J caf? ol?" },              /* Latin-1 */
        { "\xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", "?? ??? ????" }, /* longer than need be */
        { "\xed\xa0\x80 \xf4\x90\x80\x80 \xff", "??? ???? ?" },      /* half of a pair, beyond the last */
        { "\xe2\x89", "??" }, { "\xe2\x89x\xf0\x9f", "??x??" } };    /* cut */
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s", texts[i][0]);
        ost_text_disarm(text);
        CU_ASSERT_STRING_EQUAL(text, texts[i][1] != NULL ? texts[i][1] : texts[i][0]);
    }
}

/* Pieces are zeroed and aligned, one of no items too; one whose size does not fit a number is none, and is noted. */
static void test_memory(void)
{
    static const char zeros[3 * sizeof(double)];
    ost_memory_t memory = { 0 };
    const size_t numbers[] = { 3, 0, SIZE_MAX / 8 + 1, SIZE_MAX / 8, SIZE_MAX / 8 - 15 };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        void *piece = ost_memory_list(&memory, numbers[i], sizeof(double));
        CU_ASSERT((piece != NULL) == (i < 2));
        CU_ASSERT(memory.failed == (i >= 2));
        CU_ASSERT((uintptr_t) piece % 64 == 0);
        if (i == 0) CU_ASSERT(memcmp(piece, zeros, sizeof(zeros)) == 0);
    }
    /* a list of three has room for a fourth, and stays; under AddressSanitizer it moves, so that kept pointers show */
    const char *before = ost_memory_list(&memory, 4, 1);
    const char *after = ost_memory_grow(&memory, (void *) (uintptr_t) before, 3, 1);
#ifdef __SANITIZE_ADDRESS__
    CU_ASSERT(after != before && __asan_address_is_poisoned(before));
#else
    CU_ASSERT_PTR_EQUAL(after, before);
#endif
    ost_memory_free(&memory);
    CU_ASSERT(memory.pieces == NULL && !memory.failed);
}

static const ost_test_t tests[] = { { "error_record", test_error_record },
    { "error_text_is_cut_not_overrun", test_error_text_is_cut_not_overrun }, { "error_names", test_error_names },
    { "nearest", test_nearest }, { "counts", test_counts }, { "memory", test_memory }, { "disarm", test_disarm },
    { "lines", test_lines }, { "units", test_units }, { "wrong_units", test_wrong_units },
    { "symbols_of_times", test_symbols_of_times }, { "plain_numbers", test_plain_numbers },
    { "quantities", test_quantities }, { "wrong_quantities", test_wrong_quantities }, { "dimensions", test_dimensions },
    { "philox_known_answers", test_philox_known_answers }, { "moments", test_moments },
    { "permutation", test_permutation }, { "normal_quantile", test_normal_quantile }, { "normal_cdf", test_normal_cdf },
    { "isa", test_isa } };

OST_TEST_MAIN("core", tests)
