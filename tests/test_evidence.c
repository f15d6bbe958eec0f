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

static ost_evidence_t table;
static ost_error_t err;
static char path[64];

static int read_bytes(const char *text, size_t size)
{
    snprintf(path, sizeof path, "/tmp/ost_evidence_XXXXXX");
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, text, size), (ssize_t) size);
    close(fd);
    err = (ost_error_t){ 0 };
    int ret = ost_evidence_read(&table, path, &err);
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
                                    "-4.1,percent,-5,,95ci,,c,r,\r\n"
                                    "\r\n"
                                    "validate,\"\",b,x,e,TH,0.5,median,1e-3,g/cm2,,,none,12,,,\"last\""),
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
    ost_assert_close(row[0].upper, NAN, 0, 0);
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
    CU_ASSERT_EQUAL_FATAL(read_text("value,note,reference,citation,n,interval,upper,lower,unit,statistic,time_months,"
                                    "site,endpoint,arm,trial,role\n7,a note,,,,,,,,,12,,,,T,context\n"),
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
        { "role,trial\n", OST_ERR_NAME, 1, "column 'arm' is missing" },
        { "role,trial,arms,endpoint\n", OST_ERR_NAME, 1, "column 'arm' is missing; 'arms' is near it" },
        { HEAD ",arm\n", OST_ERR_NAME, 1, "duplicate column 'arm'" },
        { HEAD "\na,b\n", OST_ERR_SYNTAX, 2, "2 fields where the first line names 17 columns" },
        { HEAD "\ncontext,,,,,,,,,,,,,,,,\n,,,,,,,,,,,,,,,,,\n", OST_ERR_SYNTAX, 3, "18 fields" },
        { HEAD "\ncalibrat,,,,,,,,,,,,,,,,\n", OST_ERR_NAME, 2,
            "role: 'calibrat' must be one of calibrate, validate or context (did you mean 'calibrate'?)" },
        { HEAD "\n,,,,,,,,,,,,,,,,\n", OST_ERR_NAME, 2, "role: '' must be one of" },
        { HEAD "\ncontext,,,,,,,Mean,,,,,,,,,\n", OST_ERR_NAME, 2,
            "statistic: 'Mean' must be one of mean or median (did you mean 'mean'?)" },
        { HEAD "\ncontext,,,,,,,,,,,,95 ci,,,,\n", OST_ERR_NAME, 2,
            "interval: '95 ci' must be one of none, 95ci, sd, se, iqr or range (did you mean '95ci'?)" },
        { HEAD "\ncontext,,,,,,12 mo,,,,,,,,,,\n", OST_ERR_SYNTAX, 2, "time_months: '12 mo' is not a number" },
        { HEAD "\ncontext,,\"\n\n\",,,,,,\"1,5\",,,,,,,,\n", OST_ERR_SYNTAX, 2, "value: '1,5' is not a number" },
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
    CU_ASSERT_EQUAL(ost_evidence_read(&table, "/tmp/ost/nowhere.csv", &err), OST_ERR_IO);
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

/* The table that comes with osteon: observations as printed in the papers. */
static void test_shipped_table(void)
{
    CU_ASSERT_EQUAL_FATAL(ost_evidence_read(&table, OST_SOURCE_DIR "/configs/evidence/evidence.csv", &err), 0);
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
    CU_ASSERT_EQUAL_FATAL(ost_evidence_read(&table, OST_SOURCE_DIR "/configs/evidence/evidence.csv", &err), 0);
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
    { "shipped_table", test_shipped_table },
    { "addresses_of_references", test_addresses_of_references },
    { "source_of_a_row", test_source_of_a_row },
};

OST_TEST_MAIN("evidence", tests)
