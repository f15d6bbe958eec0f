/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/evidence.h"
#include "results/results.h"
#include "testlib.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD                                                                                                           \
    "role,trial,arm,population,endpoint,site,time_months,statistic,value,unit,lower,upper,interval,n,citation,"        \
    "reference,note"

#define SHIPPED OST_SOURCE_DIR "/configs/evidence/"

static ost_evidence_t table;
static ost_error_t err;
static char path[64];

static int read_path(const char *name)
{
    ost_endpoint_dictionary_t words;
    err = (ost_error_t){ 0 };
    CU_ASSERT_EQUAL_FATAL(ost_endpoint_dictionary_read(&words, SHIPPED "evidence.csv", NULL, &err), 0);
    int ret = ost_evidence_read(&table, name, &words, &err);
    ost_endpoint_dictionary_free(&words);
    return ret;
}

static int read_bytes(const char *text, size_t size)
{
    snprintf(path, sizeof path, "/tmp/ost_evidence_XXXXXX");
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, text, size), (ssize_t) size);
    close(fd);
    int ret = read_path(path);
    unlink(path);
    return ret;
}

static int read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void test_quotes_and_lines(void)
{
    CU_ASSERT_EQUAL_FATAL(read_text("\xEF\xBB\xBF" HEAD "\r\n"
                                    "calibrate,A,\"arm, with \"\"quotes\"\"\nand two lines\",x,BMD_change,LS,24,mean,"
                                    "-4.1,percent,-5,-3,95ci,,c,r,\r\n"
                                    "\r\n"
                                    "validate,\"\",b,x,BMD_level,TH,0.5,median,1e-3,g/cm2,,,none,12,,,\"last\""),
        0);
    CU_ASSERT_EQUAL_FATAL(table.n_rows, 2);
    const ost_evidence_row_t *row = table.rows;
    CU_ASSERT_EQUAL(row[0].role, OST_ROLE_CALIBRATE);
    CU_ASSERT_EQUAL(row[0].interval, OST_INTERVAL_95CI);
    CU_ASSERT_EQUAL(row[1].statistic, OST_REPORTED_MEDIAN);
    CU_ASSERT_STRING_EQUAL(row[0].arm, "arm, with \"quotes\"\nand two lines");
    CU_ASSERT_STRING_EQUAL(row[0].note, "");
    CU_ASSERT_EQUAL(row[0].line, 2);
    ost_assert_close(row[0].value, -4.1, 0, 0);
    ost_assert_close(row[0].lower, -5, 0, 0);
    ost_assert_close(row[0].upper, -3, 0, 0);
    ost_assert_close(row[1].upper, NAN, 0, 0);
    ost_assert_close(row[0].n, NAN, 0, 0);
    CU_ASSERT_STRING_EQUAL(row[1].trial, "");
    CU_ASSERT_EQUAL(row[1].line, 5);
    ost_assert_close(row[1].time_months, 0.5, 0, 0);
    ost_assert_close(row[1].value, 1e-3, 0, 0);
    ost_assert_close(row[1].n, 12, 0, 0);
    CU_ASSERT_STRING_EQUAL(row[1].note, "last");
    ost_evidence_free(&table);
    ost_evidence_free(&table);
    ost_evidence_free(NULL);
    CU_ASSERT_EQUAL(read_text(HEAD), 0);
    CU_ASSERT_EQUAL(table.n_rows, 0);
    ost_evidence_free(&table);
}

static void test_any_order_of_columns(void)
{
    CU_ASSERT_EQUAL_FATAL(
        read_text("value,note,reference,citation,n,interval,upper,lower,unit,statistic,time_months,"
                  "site,endpoint,arm,trial,role\n7,a note,,,,,,,percent,,12,LS,BMD_change,,T,context\n"),
        0);
    ost_assert_close(table.rows[0].value, 7, 0, 0);
    ost_assert_close(table.rows[0].time_months, 12, 0, 0);
    CU_ASSERT_EQUAL(table.rows[0].role, OST_ROLE_CONTEXT);
    CU_ASSERT_EQUAL(table.rows[0].statistic, OST_REPORTED_MEAN); /* where it is empty */
    CU_ASSERT_EQUAL(table.rows[0].interval, OST_INTERVAL_NONE);
    CU_ASSERT_STRING_EQUAL(table.rows[0].note, "a note");
    ost_evidence_free(&table);
}

static void test_wrong_tables(void)
{
    static const struct {
        const char *text;
        int code, line;
        const char *part;
    } cases[] = {
        { "", OST_ERR_SYNTAX, 1, "the line of column names is missing" },
        { "\n\n", OST_ERR_SYNTAX, 1, "the line of column names is missing" },
        { "role;trial;arm\na;b;c\n", OST_ERR_SYNTAX, 1, "the columns are separated by ';'; they have to be by ','" },
        { "\nrole\ttrial\tarm\n", OST_ERR_SYNTAX, 2, "the columns are separated by tabs" },
        { "role,trial\n", OST_ERR_NAME, 1, "column 'arm' is missing" },
        { "role,trial,arms,endpoint\n", OST_ERR_NAME, 1, "column 'arm' is missing; 'arms' is near it" },
        { HEAD ",arm\n", OST_ERR_NAME, 1, "duplicate column 'arm'" },
        { HEAD ",more,more\n", OST_ERR_NAME, 1, "duplicate column 'more'" },
        { HEAD "\na,b\n", OST_ERR_SYNTAX, 2, "2 fields where the first line names 17 columns" },
        { HEAD "\ncontext,,,,baseline,any,0,,1,years,,,,,,,\n,,,,,,,,,,,,,,,,,\n", OST_ERR_SYNTAX, 3, "18 fields" },
        { HEAD "\ncalibrat,,,,,,,,,,,,,,,,\n", OST_ERR_NAME, 2,
            "role: 'calibrat' must be one of calibrate, validate or context (did you mean 'calibrate'?)" },
        { HEAD "\n,,,,,,,,,,,,,,,,\n", OST_ERR_NAME, 2, "role: '' must be one of" },
        { HEAD "\ncontext,,,,,,,Mean,,,,,,,,,\n", OST_ERR_NAME, 2,
            "statistic: 'Mean' must be one of mean, median or sd (did you mean 'mean'?)" },
        { HEAD "\ncontext,,,,,,,,,,,,95 ci,,,,\n", OST_ERR_NAME, 2,
            "interval: '95 ci' must be one of none, 95ci, sd, se, iqr, range or range_of_markers (did you mean "
            "'95ci'?)" },
        { HEAD "\ncontext,,,,,,12 mo,,,,,,,,,,\n", OST_ERR_SYNTAX, 2, "time_months: '12 mo' is not a number" },
        { HEAD "\ncontext,,\"\n\n\",,,,,,\"1,5\",,,,,,,,\n", OST_ERR_SYNTAX, 4, "value: '1,5' is not a number" },
        { HEAD "\ncontext,,,,,,,,inf,,,,,,,,\n", OST_ERR_SYNTAX, 2, "value: 'inf' is not a number" },
        { HEAD "\n,,,\n\"a,b\n", OST_ERR_SYNTAX, 2, "4 fields" },
        { HEAD "\n,,,,,,,,,,,,,,,,\"\n\nx", OST_ERR_SYNTAX, 2, "the quote that opens here is not closed" },
        { HEAD "\n,a\"b\",,\n", OST_ERR_SYNTAX, 2, "a quote inside a field" },
        { HEAD "\n,\"a\nb\"c,,\n", OST_ERR_SYNTAX, 3, "text after a closing quote" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int ret = read_text(cases[i].text);
        if (ret != cases[i].code || err.line != cases[i].line)
            fprintf(stderr, "\ncase %zu: %d %s\n", i, err.line, err.what);
        CU_ASSERT_EQUAL(ret, cases[i].code);
        CU_ASSERT_EQUAL(err.line, cases[i].line);
        CU_ASSERT_STRING_EQUAL(err.where, path);
        ost_assert_contains(err.what, cases[i].part);
        ost_evidence_free(&table);
    }
    CU_ASSERT_EQUAL(read_bytes("a\0b", 3), OST_ERR_SYNTAX);
    ost_evidence_free(&table);
    CU_ASSERT_EQUAL(read_path("/tmp/ost/nowhere.csv"), OST_ERR_MISSING);
    ost_assert_contains(err.what, "No such file");
    ost_evidence_free(&table);
    char *many = malloc(1001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(many);
    memset(many, ',', 1000);
    many[1000] = '\0';
    CU_ASSERT_EQUAL(read_text(many), OST_ERR_LIMIT);
    ost_evidence_free(&table);
    free(many);
}

enum { MAX_FIELDS = 20, MAX_CHANGES = 4 };

/* A good row with some of its fields changed. */
typedef struct {
    const char *changes[MAX_CHANGES][2]; /* column, text */
    int code;
    const char *at, *message; /* column of the fault; part of the message */
} fault_t;

/* The table of a head and one row. @param[out] column  of the field of `at`, 1-based */
static void put_row(const fault_t *fault, char *text, size_t size, int *column)
{
    char head[] = HEAD, row[] = "calibrate,A,b,x,BMD_change,LS,24,mean,-4.1,percent,-5,-3,95ci,50,c,r,n";
    char *next_name = head, *next = row, *name;
    size_t used = (size_t) snprintf(text, size, HEAD "\n"), first = used;
    *column = 0;
    while ((name = strsep(&next_name, ",")) != NULL) {
        const char *field = strsep(&next, ",");
        for (size_t i = 0; i < MAX_CHANGES && fault->changes[i][0] != NULL; i++)
            if (strcmp(fault->changes[i][0], name) == 0) field = fault->changes[i][1];
        if (fault->at != NULL && strcmp(fault->at, name) == 0) *column = (int) (used - first) + 1;
        used += (size_t) snprintf(text + used, size - used, "%s%s", field, next_name != NULL ? "," : "\n");
    }
}

/* What makes no sense. */
static const fault_t faults[] = {
    { { { "endpoint", "BMD_chnge" } }, OST_ERR_NAME, "endpoint",
        "endpoint: 'BMD_chnge' is not one of the words of " SHIPPED "endpoints.csv (did you mean 'BMD_change'?)" },
    { { { "endpoint", "BMD_change_from_yaer5" } }, OST_ERR_NAME, "endpoint", "is not one of the words" },
    { { { "endpoint", "" } }, OST_ERR_NAME, "endpoint", "'' is not one of the words" },
    { { { "site", "L5" } }, OST_ERR_NAME, "site", "site: 'L5' is not one of the words" },
    { { { "site", "lumbar spin" } }, OST_ERR_NAME, "site", "is not one of the words" },
    { { { "site", "sCTX" } }, OST_ERR_NAME, "site",
        "'sCTX' (class marker) does not go with endpoint 'BMD_change' (class BMD)" },
    { { { "unit", "percnt" } }, OST_ERR_UNIT, "unit", "unit: 'percnt' is neither a word" },
    { { { "unit", "percnt" } }, OST_ERR_UNIT, "unit", "(did you mean 'percent'?)" },
    { { { "unit", "" } }, OST_ERR_UNIT, "unit", "unit: '' is neither" },
    { { { "unit", "ng_per_mL" } }, OST_ERR_UNIT, "unit",
        "'ng_per_mL' does not fit endpoint 'BMD_change'; expected percent, T_score, g_per_cm2" },
    { { { "unit", "percent_per_year" } }, OST_ERR_UNIT, "unit", "does not fit endpoint 'BMD_change'" },
    { { { "unit", "percentage_points_between_arms" } }, OST_ERR_UNIT, "unit", "does not fit" },
    { { { "endpoint", "BMD_rate" } }, OST_ERR_UNIT, "unit",
        "'percent' does not fit endpoint 'BMD_rate'; expected percent_per_year, T_score_per_year, "
        "g_per_cm2_per_year" },
    { { { "endpoint", "BMD_level" } }, OST_ERR_UNIT, "unit", "expected percent_of_baseline, T_score, g_per_cm2" },
    { { { "endpoint", "marker_change" }, { "site", "sCTX" }, { "unit", "T_score" } }, OST_ERR_UNIT, "unit",
        "does not fit" },
    { { { "unit", "hazard_ratio" } }, OST_ERR_UNIT, "unit", "does not fit" },
    { { { "lower", "-3" }, { "upper", "-5" } }, OST_ERR_VALUE, "lower", "lower: -3 must be below 'upper' (-5)" },
    { { { "lower", "-4.1" }, { "upper", "-4.1" } }, OST_ERR_VALUE, "lower", "must be below" },
    { { { "value", "-6" } }, OST_ERR_VALUE, "value", "value: -6 is outside its own 95ci, -5 to -3" },
    { { { "value", "-2" }, { "interval", "range" } }, OST_ERR_VALUE, "value", "outside its own range" },
    { { { "value", "-2" }, { "interval", "iqr" }, { "statistic", "median" } }, OST_ERR_VALUE, "value",
        "outside its own iqr" },
    { { { "lower", "" } }, OST_ERR_VALUE, "lower", "lower: a bound of the 95ci is missing" },
    { { { "upper", "" } }, OST_ERR_VALUE, "upper", "upper: a bound of the 95ci is missing" },
    { { { "interval", "" } }, OST_ERR_VALUE, "lower", "lower: a bound without a kind" },
    { { { "interval", "none" }, { "lower", "" } }, OST_ERR_VALUE, "upper", "upper: a bound without a kind" },
    { { { "interval", "se" } }, OST_ERR_VALUE, "lower", "lower: the se is in 'upper'" },
    { { { "interval", "se" }, { "lower", "" }, { "upper", "-1" } }, OST_ERR_VALUE, "upper",
        "upper: the se is -1; it must be above 0" },
    { { { "interval", "se" }, { "lower", "" }, { "upper", "0" } }, OST_ERR_VALUE, "upper", "above 0" },
    { { { "interval", "sd" }, { "lower", "" }, { "upper", "-1" } }, OST_ERR_VALUE, "upper", "the sd is -1" },
    { { { "interval", "sd" }, { "lower", "" }, { "upper", "" } }, OST_ERR_VALUE, "upper", "the sd is missing" },
    { { { "n", "0" } }, OST_ERR_VALUE, "n", "n: 0 must be a whole number of subjects" },
    { { { "n", "-5" } }, OST_ERR_VALUE, "n", "n: -5 must be" },
    { { { "n", "12.5" } }, OST_ERR_VALUE, "n", "n: 12.5 must be" },
    { { { "n", "1e300" } }, OST_ERR_VALUE, "n", "must be" },
    { { { "n", "fifty" } }, OST_ERR_SYNTAX, "n", "n: 'fifty' is not a number" },
    { { { "n", "nan" } }, OST_ERR_SYNTAX, "n", "is not a number" },
    { { { "value", "" } }, OST_ERR_VALUE, "value", "value: a number is expected" },
    { { { "value", "0x10" } }, OST_ERR_SYNTAX, "value", "is not a number" },
    { { { "value", "1e999" } }, OST_ERR_SYNTAX, "value", "is not a number" },
    { { { "value", "-120" }, { "lower", "" }, { "upper", "" }, { "interval", "" } }, OST_ERR_VALUE, "value",
        "leaves less than nothing" },
    { { { "statistic", "sd" }, { "value", "-4" } }, OST_ERR_VALUE, "value", "-4; an SD between subjects" },
    { { { "endpoint", "BMD_level" }, { "unit", "g_per_cm2" }, { "value", "0" } }, OST_ERR_VALUE, "value",
        "value: 0; a level must be above 0" },
    { { { "time_months", "20240101" } }, OST_ERR_VALUE, "time_months",
        "more than 150 years, longer than a human life" },
    { { { "time_months", "-20240101" } }, OST_ERR_VALUE, "time_months", "longer than a human life" },
    { { { "time_months", "-6" } }, OST_ERR_VALUE, "time_months", "-6 is before the trial's start" },
    { { { "time_months", "2024-01-01" } }, OST_ERR_SYNTAX, "time_months", "is not a number" },
    { { { "endpoint", "BMD_change_from_year5" } }, OST_ERR_VALUE, "time_months", "begins at month 60" },
    { { { "endpoint", "BMD_change_year2_to_5" } }, OST_ERR_VALUE, "time_months", "ends at month 60" },
    { { { "endpoint", "BMD_change_in_year5" } }, OST_ERR_VALUE, "time_months", "ends at month 60" },
    { { { "endpoint", "BMD_change_year5_to_2" } }, OST_ERR_NAME, "endpoint", "is not one of the words" },
    { { { "interval", "96ci" } }, OST_ERR_NAME, "interval", "did you mean '95ci'?" },
    { { { "statistic", "mode" } }, OST_ERR_NAME, "statistic", "must be one of mean, median or sd" },
    { { { "role", "Calibrate" } }, OST_ERR_NAME, "role", "did you mean 'calibrate'?" },
};

/* What makes no sense is refused where it stands. */
static void test_wrong_rows(void)
{
    char text[2048];
    int column;
    for (size_t i = 0; i < COUNT(faults); i++) {
        put_row(&faults[i], text, sizeof(text), &column);
        int ret = read_text(text);
        if (ret != faults[i].code || err.line != 2 || err.column != column)
            fprintf(stderr, "\nfault %zu: %d:%d %s\n", i, err.line, err.column, err.what);
        CU_ASSERT_EQUAL(ret, faults[i].code);
        CU_ASSERT_EQUAL(err.line, 2);
        CU_ASSERT_EQUAL(err.column, column);
        ost_assert_contains(err.what, faults[i].message);
        ost_evidence_free(&table);
    }
}

/* Other spellings of the field are those of osteon; what looks odd but can be is taken. */
static void test_spellings(void)
{
    static const struct {
        const char *changes[MAX_CHANGES][2];
        const char *endpoint, *site, *unit;
        ost_interval_t interval;
    } cases[] = {
        { { { NULL } }, "BMD_change", "LS", "percent", OST_INTERVAL_95CI },
        { { { "unit", "%" } }, "BMD_change", "LS", "percent", OST_INTERVAL_95CI },
        { { { "unit", "pct" }, { "site", "lumbar spine" } }, "BMD_change", "LS", "percent", OST_INTERVAL_95CI },
        { { { "site", "L1-L4" }, { "interval", "95 % CI" } }, "BMD_change", "LS", "percent", OST_INTERVAL_95CI },
        { { { "site", "LS (L2-L4)" }, { "interval", "CI95" } }, "BMD_change", "LS (L2-L4)", "percent",
            OST_INTERVAL_95CI },
        { { { "site", "total hip" }, { "interval", "SEM" }, { "lower", "" }, { "upper", "1" } }, "BMD_change", "TH",
            "percent", OST_INTERVAL_SE },
        { { { "interval", "SE" }, { "lower", "" }, { "upper", "1" } }, "BMD_change", "LS", "percent", OST_INTERVAL_SE },
        { { { "endpoint", "BMD_change_from_month6" } }, "BMD_change_from_month6", "LS", "percent", OST_INTERVAL_95CI },
        { { { "endpoint", "BMD_change (age 65)" }, { "unit", "g/cm2" } }, "BMD_change (age 65)", "LS", "g/cm2",
            OST_INTERVAL_95CI },
        { { { "endpoint", "T_score_change" }, { "unit", "T-score" } }, "T_score_change", "LS", "T_score",
            OST_INTERVAL_95CI },
        { { { "endpoint", "BMD_rate" }, { "unit", "%/year" } }, "BMD_rate", "LS", "percent_per_year",
            OST_INTERVAL_95CI },
        { { { "endpoint", "BMD_rate" }, { "unit", "g/cm2/year" } }, "BMD_rate", "LS", "g/cm2_per_year",
            OST_INTERVAL_95CI },
        { { { "value", "-2" }, { "interval", "iqr" } }, "BMD_change", "LS", "percent", OST_INTERVAL_IQR },
        { { { "n", "" }, { "time_months", "" } }, "BMD_change", "LS", "percent", OST_INTERVAL_95CI },
    };
    char text[2048];
    int column;
    for (size_t i = 0; i < COUNT(cases); i++) {
        fault_t change = { 0 };
        memcpy(change.changes, cases[i].changes, sizeof(change.changes));
        put_row(&change, text, sizeof(text), &column);
        int ret = read_text(text);
        if (ret != 0) fprintf(stderr, "\nspelling %zu: %s\n", i, err.what);
        CU_ASSERT_EQUAL_FATAL(ret, 0);
        CU_ASSERT_STRING_EQUAL(table.rows[0].endpoint, cases[i].endpoint);
        CU_ASSERT_STRING_EQUAL(table.rows[0].site, cases[i].site);
        CU_ASSERT_STRING_EQUAL(table.rows[0].unit, cases[i].unit);
        CU_ASSERT_EQUAL(table.rows[0].interval, cases[i].interval);
        ost_evidence_free(&table);
    }
}

/* From when an endpoint counts: a month that the word names, or none that the table has. */
static void test_bases(void)
{
    static const struct {
        const char *endpoint;
        double months;
    } cases[] = { { "BMD_change", 0 }, { "BMD_change_from_year1", 12 }, { "BMD_change_from_month6", 6 },
        { "BMD_change_year1_to_2", 12 }, { "BMD_change_in_year2", 12 }, { "BMD_change_after_stop", NAN },
        { "BMD_change_from_extension_baseline", NAN }, { "BMD_change_transmenopause", NAN } };
    char text[2048];
    int column;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const fault_t change = { { { "endpoint", cases[i].endpoint } }, 0, NULL, NULL };
        put_row(&change, text, sizeof(text), &column);
        CU_ASSERT_EQUAL_FATAL(read_text(text), 0);
        ost_assert_close(table.rows[0].base.months, cases[i].months, 0, 0);
        ost_evidence_free(&table);
    }
}

/* The same observation twice, from whichever source: a warning with both lines, and it counts once. Where only the
 * value differs both count. */
static void test_rows_twice(void)
{
    CU_ASSERT_EQUAL_FATAL(read_text(HEAD "\nvalidate,A,b,x,BMD_change,LS,24,mean,-4,percent,-5,-3,95ci,50,c,r,\n"
                                         "validate,A,b,x,BMD_change,LS,24,mean,-4.0,percent,,,,,c,r,\n"
                                         "calibrate,A,b,y,BMD_change,lumbar spine,24,,-4,%,,1,se,60,d,r,\n"
                                         "validate,A,b,x,BMD_change,LS,36,mean,-4,percent,,,,,c,r,\n"
                                         "validate,A,c,x,BMD_change,LS,24,mean,-4,percent,,,,,c,r,\n"
                                         "validate,A,b,x,BMD_change,LS,24,mean,-4.1,percent,,,,,c,r,\n"
                                         "validate,A,b,x,BMD_change,LS,24,median,-4,percent,,,,,c,r,\n"),
        0);
    CU_ASSERT_EQUAL_FATAL(table.n_rows, 7);
    for (size_t i = 0; i < table.n_rows; i++) CU_ASSERT_EQUAL(table.rows[i].same_as, i == 1 || i == 2 ? 2 : 0);
    CU_ASSERT_EQUAL_FATAL(table.warnings.n, 3);
    ost_assert_contains(
        table.warnings.items[0], ":2: values -4 and -4.1 of line 7 for one measurement (A, b, BMD_change LS); both");
    ost_assert_contains(table.warnings.items[1], ":3: the observation of line 2 again (A, b, BMD_change LS)");
    ost_assert_contains(table.warnings.items[2], ":4: the observation of line 2 again");
    ost_evidence_free(&table);
}

/* Every word that tables collected for osteon have: read without an error, a warning, or a word that is lost. */
static void test_words_of_the_field(void)
{
    CU_ASSERT_EQUAL_FATAL(read_path(OST_SOURCE_DIR "/tests/words_of_evidence.csv"), 0);
    CU_ASSERT(table.n_rows > 90);
    CU_ASSERT_EQUAL(table.warnings.n, 0);
    ost_evidence_free(&table);
}

/* The table that comes with osteon: observations as printed in the papers. */
static void test_shipped_table(void)
{
    CU_ASSERT_EQUAL_FATAL(read_path(SHIPPED "evidence.csv"), 0);
    CU_ASSERT(table.n_rows >= 345);
    size_t n_atac = 0, n_intervals = 0;
    for (size_t i = 0; i < table.n_rows; i++) {
        const ost_evidence_row_t *row = &table.rows[i];
        if (strcmp(row->trial, "ATAC_bone") == 0 && strcmp(row->arm, "anastrozole") == 0 &&
            strcmp(row->site, "LS") == 0 && row->time_months == 60) {
            ost_assert_close(row->value, -6.08, 0, 0);
            n_atac++;
        }
        n_intervals += row->interval != OST_INTERVAL_NONE;
    }
    CU_ASSERT_EQUAL(n_atac, 1);
    CU_ASSERT(n_intervals >= 145);
    ost_evidence_free(&table);
}

/* Rows that frozen.csv beside a table names count as validate whatever their role, and must stay. */
static void test_frozen_list(void)
{
    static const char *const rows = HEAD "\ncalibrate,A,a,x,BMD_change,LS,24,mean,-4.1,percent,,,none,,c,r,\n"
                                         "calibrate,A,a,x,BMD_change,TH,24,mean,-4.1,percent,,,none,,c,r,\n"
                                         "validate,A,a,x,BMD_change,FN,24,mean,-4.1,percent,,,none,,c,r,\n";
    static const char *const head = "value,unit,trial,arm,endpoint,site,time_months,statistic\n";
    static const struct {
        const char *key;
        int code;
        const char *message;
    } cases[] = {
        { "-4.1,%,A,a,BMD_change,lumbar spine,24,mean\n", 0, "" },
        { "-4.2,percent,A,a,BMD_change,LS,24,mean\n", OST_ERR_NAME, "does not have this observation any more (A, a, " },
        { "-4.1,percent,A,a,BMD_chnge,LS,24,mean\n", OST_ERR_NAME, "did you mean 'BMD_change'" },
    };
    char folder[] = "/tmp/ost_frozen_XXXXXX", evidence[64], frozen[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(evidence, sizeof(evidence), "%s/evidence.csv", folder);
    snprintf(frozen, sizeof(frozen), "%s/frozen.csv", folder);
    for (size_t i = 0; i <= COUNT(cases); i++) {
        FILE *file = fopen(evidence, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fputs(rows, file);
        fclose(file);
        if (i < COUNT(cases)) {
            file = fopen(frozen, "w");
            CU_ASSERT_PTR_NOT_NULL_FATAL(file);
            fprintf(file, "%s%s", head, cases[i].key);
            fclose(file);
        } else
            unlink(frozen);
        int ret = read_path(evidence);
        CU_ASSERT_EQUAL(ret, i < COUNT(cases) ? cases[i].code : 0);
        if (ret != 0) {
            ost_assert_contains(err.what, cases[i].message);
            CU_ASSERT_EQUAL(err.line, 2);
        }
        if (ret == 0) {
            CU_ASSERT_EQUAL(table.n_frozen, i == 0);
            CU_ASSERT_EQUAL(table.rows[0].role, OST_ROLE_CALIBRATE);
            CU_ASSERT_EQUAL(ost_evidence_role(&table.rows[0]), i == 0 ? OST_ROLE_VALIDATE : OST_ROLE_CALIBRATE);
            CU_ASSERT_EQUAL(ost_evidence_role(&table.rows[1]), OST_ROLE_CALIBRATE);
            CU_ASSERT_EQUAL(ost_evidence_role(&table.rows[2]), OST_ROLE_VALIDATE);
        }
        ost_evidence_free(&table);
    }
    unlink(evidence);
    rmdir(folder);
}

static void test_addresses_of_references(void)
{
    static const char *const cases[][2] = {
        { "doi 10.1359/jbmr.2000.15.1.24", "https://doi.org/10.1359/jbmr.2000.15.1.24" },
        { "doi 10.1016/S0015-0282(00)00690-7", "https://doi.org/10.1016/S0015-0282(00)00690-7" },
        { "PMID 17159195", "https://pubmed.ncbi.nlm.nih.gov/17159195" },
        { "PMC3415619", "https://pmc.ncbi.nlm.nih.gov/articles/PMC3415619" },
        { "https://www.ndph.ox.ac.uk/publications/1327206", "https://www.ndph.ox.ac.uk/publications/1327206" },
        { "", "" },
        { "Gnant 2007 J Clin Oncol", "" },
        { "javascript:alert(1)", "" },
        { "PMID 1, PMID 2", "" },
    };
    char address[256];
    for (size_t i = 0; i < COUNT(cases); i++)
        CU_ASSERT_STRING_EQUAL(ost_reference_address(cases[i][0], address, sizeof(address)), cases[i][1]);
}

/* Columns that tell where a row comes from; a table of one's own may do without the last two. */
static void test_source_of_a_row(void)
{
    CU_ASSERT_EQUAL_FATAL(read_path(SHIPPED "evidence.csv"), 0);
    ost_assert_contains(table.path, "configs/evidence/evidence.csv");
    size_t n_bare = 0, n_strange = 0;
    char address[256];
    for (size_t i = 0; i < table.n_rows; i++) {
        const ost_evidence_row_t *row = &table.rows[i];
        n_bare += row->citation[0] == '\0' || row->population[0] == '\0' || row->drug_regimen[0] == '\0';
        n_strange +=
            row->reference[0] != '\0' && ost_reference_address(row->reference, address, sizeof(address))[0] == '\0';
    }
    CU_ASSERT_EQUAL(n_bare, 0);
    CU_ASSERT_EQUAL(n_strange, 0);
    ost_evidence_free(&table);
}

static const ost_test_t tests[] = {
    { "quotes_and_lines", test_quotes_and_lines },
    { "any_order_of_columns", test_any_order_of_columns },
    { "wrong_tables", test_wrong_tables },
    { "wrong_rows", test_wrong_rows },
    { "spellings", test_spellings },
    { "bases", test_bases },
    { "rows_twice", test_rows_twice },
    { "words_of_the_field", test_words_of_the_field },
    { "shipped_table", test_shipped_table },
    { "frozen_list", test_frozen_list },
    { "addresses_of_references", test_addresses_of_references },
    { "source_of_a_row", test_source_of_a_row },
};

OST_TEST_MAIN("evidence", tests)
