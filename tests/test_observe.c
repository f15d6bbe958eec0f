/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics against GSL's, the dictionary of endpoints, tables of text. */
#include "core/table.h"
#include "observe/endpoint.h"
#include "testlib.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ost_error_t err;

/* ost_assert_close, which names the statistic where it fails. */
static void close_statistic(ost_statistic_t i, const ost_sample_t *sample, double expected, double rtol, double atol)
{
    char what[80];
    snprintf(what, sizeof(what), "statistic '%s' of %zu values", ost_statistic_names[i], sample->n);
    ost_assert_close_at(ost_statistic(i, sample), expected, rtol, atol, what, __FILE__, __LINE__);
}

static void test_statistics(void)
{
    double values[101], sorted[101], work[101];
    for (size_t n = 1; n <= 101; n += n < 5 ? 1 : 32) {
        for (size_t i = 0; i < n; i++) sorted[i] = values[i] = sin(7.3 * (double) i) * exp(0.02 * (double) i) + 1;
        gsl_sort(sorted, 1, n);
        ost_sample_t sample = ost_sample_of(values, n, work);
        CU_ASSERT_EQUAL(sample.n, n);
        sample.versus = 0.25;
        sample.versus_error = 0;
        sample.whole = 100;
        sample.observed = 3;
        sample.observed_as = OST_STATISTIC_MEDIAN;
        double mean = gsl_stats_mean(values, 1, n), median = gsl_stats_median_from_sorted_data(sorted, 1, n);
        const double expected[OST_N_STATISTICS] = { [OST_STATISTIC_MEDIAN] = median,
            [OST_STATISTIC_Q05] = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.05),
            [OST_STATISTIC_Q95] = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.95),
            [OST_STATISTIC_MEAN] = mean,
            [OST_STATISTIC_SD] = n > 1 ? gsl_stats_sd(values, 1, n) : NAN,
            [OST_STATISTIC_N] = (double) n,
            [OST_STATISTIC_FRACTION] = ost_statistic(OST_STATISTIC_FRACTION, &sample),
            [OST_STATISTIC_DIFFERENCE] = mean - 0.25,
            [OST_STATISTIC_NNT] = 100 / fabs(mean - 0.25),
            [OST_STATISTIC_RESIDUAL] = median - 3 };
        for (int i = 0; i < OST_N_STATISTICS; i++)
            close_statistic((ost_statistic_t) i, &sample, expected[i], 1e-12, 1e-14);
    }
}

/* No number is needed to treat where the interval of the difference includes 0, or the difference is rounding. */
static void test_number_needed(void)
{
    const double own[] = { 10, 12, 14, 12 }, other[] = { 13, 9, 15, 13 }, less[] = { 8, 11, 12, 9 };
    double work[4];
    char text[32];
    ost_sample_t sample = ost_sample_of(own, 4, work);
    sample.whole = 100;
    sample.versus = 12.5;
    sample.versus_error = ost_error_of_difference(own, other, 4);
    ost_assert_close(sample.versus_error, sqrt((6.25 + 12.25 + 0.25 + 0.25) / 3 / 4), 1e-14, 0);
    double nnt = ost_statistic(OST_STATISTIC_NNT, &sample);
    CU_ASSERT(isinf(nnt));
    CU_ASSERT_STRING_EQUAL(ost_statistic_format(OST_STATISTIC_NNT, nnt, 2, text, sizeof(text)), "none");
    sample.versus = 10.0;
    sample.versus_error = ost_error_of_difference(own, less, 4);
    ost_assert_close(ost_statistic(OST_STATISTIC_NNT, &sample), 50, 1e-14, 0);
    sample.versus = 12 - 2e-9;
    sample.versus_error = 0;
    CU_ASSERT(isinf(ost_statistic(OST_STATISTIC_NNT, &sample)));
    sample.versus_error = ost_error_of_difference(own, less, 1);
    CU_ASSERT(isnan(ost_statistic(OST_STATISTIC_NNT, &sample)));
}

/* Values that are not finite are left out; without any value only their number is known. */
static void test_values_that_are_missing(void)
{
    const double values[] = { NAN, 2, -1, INFINITY, 0, 3, 4 }, none[] = { NAN, NAN };
    double work[7];
    ost_sample_t sample = ost_sample_of(values, 7, work);
    CU_ASSERT_EQUAL(sample.n, 5);
    ost_assert_close(ost_statistic(OST_STATISTIC_MEDIAN, &sample), 2, 1e-15, 0);
    ost_assert_close(ost_statistic(OST_STATISTIC_FRACTION, &sample), 60, 1e-15, 0); /* 0 is not above 0 */
    CU_ASSERT(isnan(ost_statistic(OST_STATISTIC_DIFFERENCE, &sample)));
    CU_ASSERT(isnan(ost_statistic(OST_STATISTIC_NNT, &sample)));
    sample = ost_sample_of(none, 2, work);
    for (int i = 0; i < OST_N_STATISTICS; i++)
        close_statistic((ost_statistic_t) i, &sample, i == OST_STATISTIC_N ? 0 : NAN, 0, 0);
    ost_estimate_t estimate = ost_estimate(OST_STATISTIC_MEAN, values, none, false, 2, work);
    CU_ASSERT(isnan(estimate.value) && estimate.n == 0);
}

/* The standard error of a statistic, and of its difference between two arms with the same subjects, against the SD of
 * the statistic over many cohorts. */
static void test_standard_errors(void)
{
    enum { COHORTS = 600, N = 400 };
    const ost_statistic_t of[] = { OST_STATISTIC_MEAN, OST_STATISTIC_MEDIAN, OST_STATISTIC_Q05, OST_STATISTIC_Q95,
        OST_STATISTIC_SD, OST_STATISTIC_FRACTION };
    static double a[N], b[N], work[N], value[COHORTS], error[COHORTS];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (size_t k = 0; k < 2 * sizeof(of) / sizeof(of[0]); k++) {
        const double *versus = k % 2 == 1 ? b : NULL;
        const char *name = ost_statistic_names[of[k / 2]];
        for (size_t r = 0; r < COHORTS; r++) {
            for (size_t i = 0; i < N; i++) {
                gsl_ran_bivariate_gaussian(rng, 1, 1, 0.8, &a[i], &b[i]);
                b[i] = exp(0.4 * b[i]) - 1.3;
            }
            a[7] = NAN; /* a subject that failed */
            value[r] = ost_estimate(of[k / 2], a, versus, false, N, work).value;
            error[r] = ost_standard_error(of[k / 2], a, versus, N, work);
        }
        ost_assert_close_at(
            gsl_stats_mean(error, 1, COHORTS), gsl_stats_sd(value, 1, COHORTS), 0.1, 0, name, __FILE__, (int) k);
    }
    gsl_rng_free(rng);
    ost_assert_close(ost_standard_error(OST_STATISTIC_MEAN, a, b, N, work), ost_error_of_difference(a, b, N), 1e-12, 0);
    CU_ASSERT(isnan(ost_standard_error(OST_STATISTIC_N, a, NULL, N, work)));
    for (int i = 0; i < OST_N_STATISTICS; i++)
        CU_ASSERT(isnan(ost_standard_error((ost_statistic_t) i, a, NULL, 1, work)));
    for (size_t i = 0; i < N; i++) a[i] = 3; /* all the same: nothing is uncertain, and no SD has an error */
    ost_assert_close(ost_standard_error(OST_STATISTIC_MEDIAN, a, NULL, N, work), 0, 0, 0);
    CU_ASSERT(isnan(ost_standard_error(OST_STATISTIC_SD, a, NULL, N, work)));
}

/* A median beside a gap, to which 45 of 100 subjects are on the other side: responders and others. */
static void test_error_beside_a_gap(void)
{
    enum { COHORTS = 2000, N = 200 };
    static double a[N], work[N], value[COHORTS], error[COHORTS];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (size_t r = 0; r < COHORTS; r++) {
        for (size_t i = 0; i < N; i++) a[i] = (gsl_rng_uniform(rng) < 0.45 ? -3 : 3) + gsl_ran_gaussian(rng, 1);
        value[r] = ost_estimate(OST_STATISTIC_MEDIAN, a, NULL, false, N, work).value;
        error[r] = ost_standard_error(OST_STATISTIC_MEDIAN, a, NULL, N, work);
    }
    const double sd = gsl_stats_sd(value, 1, COHORTS);
    size_t n_far = 0; /* beyond a factor of 2 */
    for (size_t r = 0; r < COHORTS; r++) n_far += fabs(log(error[r] / sd)) > log(2);
    gsl_rng_free(rng);
    ost_assert_close(gsl_stats_mean(error, 1, COHORTS), sd, 0.1, 0);
    CU_ASSERT(n_far < COHORTS / 4);
}

/* Every row of the table of statistics can be printed, and each name stands once. */
static void test_table_of_statistics(void)
{
    char text[32];
    for (int i = 0; i < OST_N_STATISTICS; i++) {
        CU_ASSERT_STRING_EQUAL(ost_statistic_names[i], ost_statistics[i].name);
        CU_ASSERT_EQUAL(ost_words_find(ost_statistic_names, OST_N_STATISTICS, ost_statistics[i].name), (size_t) i);
        CU_ASSERT(strtod(ost_statistic_format((ost_statistic_t) i, 2.5, 2, text, sizeof(text)), NULL) != 0);
        CU_ASSERT_STRING_EQUAL(ost_statistic_format((ost_statistic_t) i, NAN, 2, text, sizeof(text)), "");
    }
    CU_ASSERT_STRING_EQUAL(ost_statistic_format(OST_STATISTIC_SD, 2.5, 4, text, sizeof(text)), "2.5000");
    CU_ASSERT_STRING_EQUAL(ost_statistic_format(OST_STATISTIC_RESIDUAL, 2.5, 1, text, sizeof(text)), "+2.5");
    CU_ASSERT_STRING_EQUAL(ost_statistic_format(OST_STATISTIC_N, 64, 4, text, sizeof(text)), "64");
}

static void test_measures(void)
{
    ost_endpoint_t endpoint = { .factor = 10, .from = 0, .to = 2 * OST_DAYS_PER_YEAR };
    const double expected[OST_N_MEASURES] = {
        [OST_MEASURE_LEVEL] = 30, [OST_MEASURE_CHANGE] = 10, [OST_MEASURE_PERCENT] = 50, [OST_MEASURE_FRACTION] = 150
    };
    for (int i = 0; i < OST_N_MEASURES; i++) {
        endpoint.measure = (ost_measure_t) i;
        endpoint.per_year = false;
        ost_assert_close(ost_endpoint_measure(&endpoint, 2, 3), expected[i], 1e-15, 0);
        endpoint.per_year = i != OST_MEASURE_LEVEL;
        ost_assert_close(ost_endpoint_measure(&endpoint, 2, 3), expected[i] / (endpoint.per_year ? 2 : 1), 1e-15, 0);
    }
}

/* The output that stands for a time: of visits within half a day, of hours within half of their distance. */
static void test_times(void)
{
    const double hour = 1 / 24.0, months[] = { 0, 30, 61, 91 }, mixed[] = { 0, hour, 2 * hour, 3 * hour, 1, 30, 60 };
    const struct {
        const double *times;
        size_t n;
        double t;
        size_t expected;
    } cases[] = { { months, 4, 30.4375, 1 }, { months, 4, 30.5, 1 }, { months, 4, 30.51, SIZE_MAX },
        { months, 4, 91.5, 3 }, { months, 4, -0.5, 0 }, { months, 4, 92, SIZE_MAX }, { mixed, 7, 2 * hour, 2 },
        { mixed, 7, 3 * hour, 3 }, { mixed, 7, 2.4 * hour, 2 }, { mixed, 7, 2.5 * hour, 2 },
        { mixed, 7, 2.6 * hour, 3 }, { mixed, 7, 4 * hour, SIZE_MAX }, { mixed, 7, 23 * hour, 4 },
        { mixed, 7, 13 * hour, SIZE_MAX }, { mixed, 7, 29.6, 5 }, { mixed + 1, 6, 0, SIZE_MAX }, { mixed, 1, 0.5, 0 },
        { mixed, 1, 0.6, SIZE_MAX }, { mixed, 0, 0, SIZE_MAX } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CU_ASSERT_EQUAL(ost_times_find(cases[i].times, cases[i].n, cases[i].t), cases[i].expected);
    double hourly[49];
    char text[100];
    for (size_t i = 0; i < 49; i++) hourly[i] = (double) i * hour;
    CU_ASSERT_STRING_EQUAL(
        ost_times_with(hourly, 49, 12.4 * hour, "12.4 hour", text, sizeof(text)), "{to: 48 hour, every: 0.2 hour}");
    CU_ASSERT_STRING_EQUAL(ost_times_with(hourly, 49, 3, "3 day", text, sizeof(text)), "{to: 3 day, every: 1 hour}");
    CU_ASSERT_STRING_EQUAL(
        ost_times_with(hourly, 49, 1.23456 * hour, "1.23456 hour", text, sizeof(text)), "[..., 1.23456 hour, ...]");
    CU_ASSERT_STRING_EQUAL(ost_times_with(mixed, 7, 14 * hour, "14 hour", text, sizeof(text)), "[..., 14 hour, ...]");
}

#define SHIPPED OST_SOURCE_DIR "/configs/evidence/endpoints.csv"
#define SPINE "scanned_bmd[lumbar_spine]; bmd[lumbar_spine]"
static ost_endpoint_dictionary_t dictionary;

/* The dictionary that comes with osteon: sites with what stands in brackets, endpoints before sites, a scan's error as
 * the model of densitometry has it. */
static void test_dictionary(void)
{
    static const struct {
        const char *endpoint, *site, *output;
    } cases[] = { { "BMD_change", "LS", SPINE }, { "BMD_change", "LS(L2-L4)", SPINE },
        { "BMD_change", "LS T-score", NULL }, { "BMD_change", "total body", NULL }, { "BMD_change", "", NULL },
        { "BMD_change", "lumbar spine", SPINE }, { "BMD_change", "L1-L4", SPINE }, { "fracture_HR", "any", NULL },
        { "marker_change", "NTX", "ntx" }, { "marker_change", "sNTX", "serum_ntx" },
        { "estradiol_level", "serum", "estradiol" }, { "testosterone_level", "LS", "testosterone" } };
    ost_library_t library;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_endpoint_dictionary_read(&dictionary, SHIPPED, NULL, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_endpoint_dictionary_errors(&dictionary, &library, &err), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const ost_endpoint_entry_t *entry = ost_endpoint_entry(&dictionary, cases[i].endpoint, cases[i].site);
        CU_ASSERT_EQUAL(entry == NULL, cases[i].output == NULL);
        if (entry != NULL) CU_ASSERT_STRING_EQUAL(entry->output, cases[i].output);
    }
    const char *const scan[] = { "dxa.scan_cv[lumbar_spine]", "dxa.scan_cv[total_hip]", "dxa.scan_cv[femoral_neck]" };
    const char *const outputs[] = { "bmd[lumbar_spine]", "bmd[total_hip]", "bmd[femoral_neck]" };
    for (size_t i = 0; i < 3; i++) {
        const ost_endpoint_entry_t *entry = ost_endpoint_entry_of_output(&dictionary, outputs[i]);
        CU_ASSERT_EQUAL_FATAL(entry->n_errors, 3);
        CU_ASSERT_STRING_EQUAL(entry->errors[0].name, scan[i]);
        CU_ASSERT(entry->errors[0].value > 0.01 && entry->errors[0].value < 0.03);
        CU_ASSERT_STRING_EQUAL(entry->errors[1].name, "dxa.visit_cv");
        CU_ASSERT(!entry->errors[1].drifts && entry->errors[2].drifts);
    }
    CU_ASSERT_EQUAL(ost_endpoint_entry_of_output(&dictionary, "ctx")->n_errors, 0);
    CU_ASSERT_EQUAL(ost_endpoint_entry_of_output(&dictionary, "ctx")->endpoint_class, OST_CLASS_MARKER);
    CU_ASSERT_PTR_NULL(ost_endpoint_entry_of_output(&dictionary, "bmd"));
    CU_ASSERT_PTR_EQUAL(ost_endpoint_entry_of_output(&dictionary, "scanned_bmd[total_hip]"),
        ost_endpoint_entry_of_output(&dictionary, "bmd[total_hip]"));
    static char bone[] = "aibl", scanner[] = "dxa", unknown[] = "dxxa";
    char *const models[] = { bone, scanner, unknown };
    char chosen[OST_EVIDENCE_WORD];
    CU_ASSERT_STRING_EQUAL(ost_endpoint_output(SPINE, models, 2, &library, chosen), "scanned_bmd[lumbar_spine]");
    CU_ASSERT_STRING_EQUAL(ost_endpoint_output(SPINE, models, 1, &library, chosen), "bmd[lumbar_spine]");
    CU_ASSERT_STRING_EQUAL(ost_endpoint_output(SPINE, models + 2, 1, &library, chosen), "bmd[lumbar_spine]");
    CU_ASSERT_STRING_EQUAL(ost_endpoint_output("ctx", models, 1, &library, chosen), "ctx");
    ost_endpoint_dictionary_free(&dictionary);
    ost_endpoint_dictionary_free(&dictionary);
    ost_library_free(&library);
}

static void test_wrong_dictionaries(void)
{
    static const struct {
        const char *row, *what;
        int code;
    } cases[] = {
        { "LS,,x,BDM,", "class: 'BDM' must be one of BMD, marker or hormone (did you mean 'BMD'?)", OST_ERR_NAME },
        { "LS,,x,level,", "class: 'level' must be one of", OST_ERR_NAME },
        { "LS,,x,BMD", "4 fields", OST_ERR_SYNTAX },
        { "LS,,x,BMD,scan_cv", "'scan_cv' must be a parameter of a model, as in dxa.visit_cv", OST_ERR_NAME },
        { "LS,,x,BMD,dxb.visit_cv", "'dxb.visit_cv' must be a parameter", OST_ERR_NAME },
        { "LS,,x,BMD,dxa.visit_cv dxa.cv", "'dxa.cv' is not a parameter of this model", OST_ERR_NAME },
        { "LS,,x,BMD,dxa.young[total_hip]", "must be a fraction, in % or in 1/y", OST_ERR_UNIT },
        { "LS,,x,BMD,dxa.visit_cv dxa.visit_cv dxa.visit_cv dxa.visit_cv dxa.visit_cv", "is one parameter too many",
            OST_ERR_LIMIT },
        { ",,x,BMD,", "a site or an endpoint is expected", OST_ERR_NAME },
        { "LS,,x,,", "class: '' must be one of BMD, marker or hormone", OST_ERR_NAME },
        { "LS,,x,BMD,,dxa.young[total_hip]", "must be two parameters: mean and SD", OST_ERR_NAME },
        { "LS,,x,BMD,,dxa.young[total_hip] dxa.visit_cv", "must be two parameters of one unit", OST_ERR_UNIT },
        { "LS,,x,BMD,,dxa.young[total_hip] dxa.young_s", "'dxa.young_s' is not a parameter", OST_ERR_NAME },
        { ",TBS,x,BMD,,,chnge", "kind: 'chnge' must be one of", OST_ERR_NAME },
        { "TBS,,x,BMD,\nTBS,,y,BMD,", "'TBS' is a duplicate of line 2", OST_ERR_NAME },
    };
    ost_library_t library;
    char folder[] = "/tmp/ost_endpoints_XXXXXX", path[64], evidence[64], text[256];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/endpoints.csv", folder);
    snprintf(evidence, sizeof(evidence), "%s/evidence.csv", folder);
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    CU_ASSERT_EQUAL(ost_endpoint_dictionary_read(&dictionary, evidence, NULL, &err), OST_ERR_MISSING);
    ost_endpoint_dictionary_free(&dictionary);
    CU_ASSERT_EQUAL(ost_endpoint_dictionary_read(&dictionary, evidence, SHIPPED, &err), 0);
    CU_ASSERT(dictionary.n_entries >= 12);
    ost_endpoint_dictionary_free(&dictionary);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FILE *file = fopen(path, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        size_t n_commas = 0;
        for (const char *c = cases[i].row; *c != '\0' && *c != '\n'; c++) n_commas += *c == ',';
        fprintf(file, "site,endpoint,output,class,error%s%s\n%s\n", n_commas > 4 ? ",t_score" : "",
            n_commas > 5 ? ",kind" : "", cases[i].row);
        fclose(file);
        err = (ost_error_t){ 0 };
        int ret = ost_endpoint_dictionary_read(&dictionary, evidence, SHIPPED, &err);
        if (ret == 0) ret = ost_endpoint_dictionary_errors(&dictionary, &library, &err);
        CU_ASSERT_EQUAL(ret, cases[i].code);
        snprintf(text, sizeof(text), "%s:%d:", path, strchr(cases[i].row, '\n') != NULL ? 3 : 2);
        ost_assert_contains(ost_error_format(&err, (char[1024]){ 0 }, 1024), text);
        ost_assert_contains(err.what, cases[i].what);
        ost_endpoint_dictionary_free(&dictionary);
    }
    unlink(path);
    rmdir(folder);
    ost_library_free(&library);
}

/* A table as it is printed, with a text below that is wrapped as it is (NULL: none); frees the table. @return the
 * caller's
 */
static char *printed(ost_table_t *table, const char *below)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(ost_table_print(table, out, &err), 0);
    if (below != NULL) ost_print_wrapped(out, "%s", below);
    fclose(out);
    ost_table_free(table);
    return text;
}

static void test_text_tables(void)
{
    ost_table_t table = { 0 };
    ost_table_columns(&table, "<arm\tn");
    ost_table_column(&table, "note", true);
    ost_table_cell(&table, "%s", "a longer arm");
    ost_table_cell(&table, "%d", 1000);
    ost_table_skip_to(&table, table.n_columns);
    ost_table_skip_to(&table, table.n_columns); /* the row has ended already */
    ost_table_skip_to(&table, 2);
    ost_table_cell(&table, "%s", "text");
    ost_table_row(&table, "%s\t%d\t%s\tone too many", "b", 7, "");
    ost_table_row(&table, "short");
    char *text = printed(&table, NULL);
    CU_ASSERT_STRING_EQUAL(text, "arm              n  note\n"
                                 "a longer arm  1000\n"
                                 "                    text\n"
                                 "b                7\n"
                                 "short\n");
    free(text);
}

/* Below a line that begins without a blank, a name above the rows is printed anew; one that begins with blanks changes
 * nothing. The name's own blanks stay. */
static void test_names_below_headings(void)
{
    ost_table_t table = { 0 };
    ost_table_columns(&table, "<  output\tn\tm");
    for (int i = 0; i < 3; i++) {
        ost_table_line(&table, "%s", i == 1 ? "  note" : "arm");
        ost_table_row(&table, "  a_name_of_%085d\t%d\t%d", 0, i, i);
    }
    char *text = printed(&table, NULL), wanted[1024];
    snprintf(wanted, sizeof(wanted),
        "  output\n  n  m\narm\n  a_name_of_%085d\n  0  0\n  note\n  1  1\narm\n  a_name_of_%085d\n  2  2\n", 0, 0);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    free(text);
}

/* The longest line, in characters. */
static size_t widest_of(const char *text)
{
    size_t widest = 0, n = 0;
    for (; *text != '\0'; text++) {
        n = *text == '\n' ? 0 : n + (((unsigned char) *text & 0xc0) != 0x80);
        if (n > widest) widest = n;
    }
    return widest;
}

/* Names too long for a line go on below, whole; numbers stay in one piece; heads wrap before names do. */
static void test_wide_tables(void)
{
    ost_table_t table = { 0 };
    char a[70], below[300];
    const char *b = "L\xc3\xb8nning 2000, tamoxifen for five years and anastrozole after it";
    memset(a, 'a', 69);
    a[69] = '\0';
    ost_table_columns(&table, "<trial\t<arm\tsimulated - observed\t<note");
    ost_table_line(&table, "a line above the rows that is as long as this one, so long that it does not fit into %s %d",
        "one hundred characters", 100);
    ost_table_row(&table, "%s\t%s\t%s\t%s", b, b, "-1234567.25..-1234.5", "two\nlines");
    ost_table_row(&table, "%s\t%s\t1\t", a, b);
    snprintf(below, sizeof(below), "%s and %s and %s", b, a, b);
    char *text = printed(&table, below);
    CU_ASSERT(widest_of(text) <= OST_TABLE_WIDTH);
    ost_assert_contains(text, "-1234567.25..-1234.5");
    ost_assert_contains(text, "two lines\n");
    ost_assert_contains(text, "characters 100\n");
    ost_assert_contains(text, " after it");
    size_t n_a = 0;
    for (const char *at = text; *at != '\0'; at++) n_a += *at == 'a' && (at[1] == 'a' || (at > text && at[-1] == 'a'));
    CU_ASSERT_EQUAL(n_a, 2 * 69);
    free(text);
}

/* Words stay whole where the first column, or the first two, may stand above their rows; a sign that stands alone ends
 * no line. */
static void test_breaks_of_names(void)
{
    ost_table_t table = { 0 };
    ost_table_columns(&table, "<arm\t<of\tmonth\tmedian\t5 %\t95 %\tmean\tsimulated - observed\t<other\t<unit");
    for (int i = 0; i < 2; i++)
        ost_table_row(&table,
            "anastrozole_zoledronic_acid\tcalcium/phosphate\t12\t-12.34\t-12.34\t-12.34\t-12.34\t-12.34\tgoserelin "
            "with two-yearly letrozole\tg/cm2");
    char *text = printed(&table, NULL);
    CU_ASSERT(widest_of(text) <= OST_TABLE_WIDTH);
    ost_assert_contains(text, " simulated - ");
    ost_assert_contains(text, " g/cm2\n");
    ost_assert_contains(text, "\nanastrozole_zoledronic_acid\n");
    static const char *const broken[] = { "\nzoledronic_ ", " calc ", " phos ", "two- ", " - \n", "\n - ", "letro " };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) CU_ASSERT_PTR_NULL(strstr(text, broken[i]));
    free(text);
}

static const ost_test_t tests[] = {
    { "statistics", test_statistics },
    { "values_that_are_missing", test_values_that_are_missing },
    { "number_needed", test_number_needed },
    { "standard_errors", test_standard_errors },
    { "error_beside_a_gap", test_error_beside_a_gap },
    { "table_of_statistics", test_table_of_statistics },
    { "measures", test_measures },
    { "times", test_times },
    { "dictionary", test_dictionary },
    { "wrong_dictionaries", test_wrong_dictionaries },
    { "text_tables", test_text_tables },
    { "names_below_headings", test_names_below_headings },
    { "wide_tables", test_wide_tables },
    { "breaks_of_names", test_breaks_of_names },
};

OST_TEST_MAIN("observe", tests)
