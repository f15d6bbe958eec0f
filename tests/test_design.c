/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Points of sweeps: what is read as a value, and how points are spread. */
#include "analysis/points.h"
#include "small_trials.h"
#include "testlib.h"

#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static ost_design_t design;
static ost_error_t err;

/* @param vary  texts, closed by NULL */
static int make(ost_design_kind_t kind, const char *const *vary, size_t n_points, uint64_t seed)
{
    ost_text_list_t list = { 0 };
    ost_design_free(&design);
    err = (ost_error_t){ 0 };
    for (; *vary != NULL; vary++) CU_ASSERT_FATAL(ost_text_list_add(&list, "%s", *vary) == 0);
    int ret = ost_points_make(&design, kind, &list, 0, n_points, seed, &err);
    ost_text_list_free(&list);
    return ret;
}
#define MAKE(kind, n_points, seed, ...) make(kind, (const char *const[]){ __VA_ARGS__, NULL }, n_points, seed)

static void test_values(void)
{
    static const struct {
        const char *vary, *unit, *texts; /* of all values, unit "" for words */
    } cases[] = {
        { "a.dose=0.5 mg,1 mg, 10 mg", "mg", "0.5 mg|1 mg|10 mg" },
        { "a.dose=0.25 mg..4 mg : 5 log", "mg", "0.25 mg|0.5 mg|1 mg|2 mg|4 mg" },
        { " a.dose = 0 mg..1 mg:5", "mg", "0 mg|0.25 mg|0.5 mg|0.75 mg|1 mg" },
        { "a.dose=500 ug..4 mg : 2 linear", "ug", "500 ug|4000 ug" },
        { "a.x=-1..1 : 3", "1", "-1|0|1" },
        { "a.x=.5..1.5 : 2", "1", "0.5|1.5" },
        { "models=[aibl, hormones],[osteocytes, hormones]", "", "[aibl, hormones]|[osteocytes, hormones]" },
        { "models.0='a,b', \"c, d\"", "", "'a,b'|\"c, d\"" },
        { "models.0=../one.model,../two.model", "", "../one.model|../two.model" },
        { "a.start=1 year", "year", "1 year" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_FATAL(MAKE(OST_DESIGN_GRID, 0, 0, cases[i].vary) == 0);
        const ost_varied_t *axis = &design.axes[0];
        char *texts = ost_text_join((const char *const *) axis->texts.items, axis->texts.n, "|");
        CU_ASSERT_STRING_EQUAL(texts, cases[i].texts);
        CU_ASSERT_STRING_EQUAL(axis->unit != NULL ? axis->unit : "", cases[i].unit);
        CU_ASSERT((axis->values != NULL) == (axis->unit != NULL));
        for (size_t k = 0; k < axis->texts.n && axis->values != NULL; k++)
            CU_ASSERT(axis->values[k] == strtod(axis->texts.items[k], NULL));
        free(texts);
    }
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_GRID, 0, 0, "a.dose=1 mg, 500 ug") == 0); /* in the unit of the first */
    ost_assert_close(design.axes[0].values[1], 0.5, 1e-15, 0);
}

/* A value in each stratum of the distribution, truncated and with its unit. */
static void test_distributions(void)
{
    enum { N = 40 };
    const double root2 = sqrt(2);
    bool seen[2][N] = { { false } };
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_LATIN_HYPERCUBE, N, 3, "a.x={distribution: normal, mean: 2 mg, sd: 500 ug}",
                        "a.y={distribution: uniform, from: 1, to: 3}") == 0);
    CU_ASSERT_STRING_EQUAL(design.axes[0].unit, "mg");
    for (size_t i = 0; i < N; i++) {
        const double x = design.axes[0].values[i], y = design.axes[1].values[i];
        const double u[] = { 0.5 * erfc(-(x - 2) / 0.5 / root2), (y - 1) / 2 };
        for (int k = 0; k < 2; k++) {
            const size_t stratum = (size_t) (u[k] * N);
            CU_ASSERT_FATAL(u[k] >= 0 && stratum < N);
            CU_ASSERT_FALSE(seen[k][stratum]);
            seen[k][stratum] = true;
        }
    }
    for (int kind = OST_DESIGN_GRID; kind < OST_N_DESIGNS; kind++) {
        if (!ost_design_is_chosen((ost_design_kind_t) kind)) continue;
        CU_ASSERT_FATAL(MAKE((ost_design_kind_t) kind, 64, 1,
                            "a.x={distribution: lognormal, median: 3 y, cv: 50 %, min: 2 y, max: 4 y}") == 0);
        for (size_t i = 0; i < 64; i++) CU_ASSERT(design.axes[0].values[i] >= 2 && design.axes[0].values[i] <= 4);
    }
    CU_ASSERT(MAKE(OST_DESIGN_SOBOL, 4, 1, "a.x={distribution: normal, mean: 2 mg}") < 0);
    CU_ASSERT(strstr(err.what, "the distribution normal needs sd") != NULL);
    CU_ASSERT(MAKE(OST_DESIGN_SOBOL, 4, 1, "a.x={distribution: norml, mean: 2 mg, sd: 1 mg}") < 0);
    CU_ASSERT(strstr(err.what, "did you mean 'normal'?") != NULL);
    CU_ASSERT(MAKE(OST_DESIGN_GRID, 0, 0, "a.x={distribution: normal, mean: 2 mg, sd: 1 mg}") < 0);
    CU_ASSERT(strstr(err.what, "a distribution in a design grid; expected --design latin_hypercube") != NULL);
    CU_ASSERT(MAKE(OST_DESIGN_GRID, 0, 0, "population.covariates.x={distribution: normal, mean: 2 mg, sd: 1 mg}") == 0);
    CU_ASSERT_STRING_EQUAL(design.axes[0].texts.items[0], "{distribution: normal, mean: 2 mg, sd: 1 mg}");
}

static void test_wrong_values(void)
{
    static const struct {
        const char *vary;
        int code;
        const char *what;
    } cases[] = {
        { "a.dose", OST_ERR_SYNTAX, "not one line of the form PATH=VALUES" },
        { "=1 mg", OST_ERR_SYNTAX, "not one line of the form PATH=VALUES" },
        { "a.dose=", OST_ERR_SYNTAX, "a value is missing" },
        { "a.dose=1 mg,,2 mg", OST_ERR_SYNTAX, "a value is missing" },
        { "a.dose=1 mg,", OST_ERR_SYNTAX, "a value is missing" },
        { "models=[a, b", OST_ERR_SYNTAX, "is not closed" },
        { "a.dose=1 mg, 2 d", OST_ERR_UNIT, "'2 d' has dimension time; expected mass" },
        { "a.dose=1 mg, 2", OST_ERR_UNIT, "'2' has no unit of mass" },
        { "a.dose=1 mg, 2 mgg", OST_ERR_UNIT, "'2 mgg' is not a quantity as '1 mg' is" },
        { "a.dose=1 mg, 1.0 mg", OST_ERR_NAME, "duplicate value '1.0 mg'" },
        { "a.dose=1 mg, 1000 ug", OST_ERR_NAME, "duplicate value '1000 ug'" },
        { "a.b=x, y, x", OST_ERR_NAME, "duplicate value 'x'" },
        { "a.dose=1 mg..2 mg", OST_ERR_VALUE, "a range without a number of values" },
        { "a.dose=1 mg..2 mg : 1", OST_ERR_VALUE, "a range of 1 values" },
        { "a.dose=1 mg..2 mg : 5 lgo", OST_ERR_NAME, "did you mean 'log'?" },
        { "a.dose=0 mg..2 mg : 5 log", OST_ERR_VALUE, "a log range from '0 mg' on" },
        { "a.dose=-1 mg..2 mg : 5 log", OST_ERR_VALUE, "a log range from '-1 mg' on" },
        { "a.dose=2 mg..1 mg : 5", OST_ERR_VALUE, "does not go up" },
        { "a.dose=1 mg..1 mg : 5", OST_ERR_VALUE, "does not go up" },
        { "a.dose=1 mg..2 d : 5", OST_ERR_UNIT, "'2 d' has dimension time; expected mass" },
        { "a.dose=1 mgg..2 mg : 5", OST_ERR_SYNTAX, "'1 mgg' is not the end of a range" },
        { "a.dose=1 mg.. : 5", OST_ERR_SYNTAX, "the range '1 mg.. : 5' lacks its upper end" },
        { "a.dose=0 mg..1 mg : 200000", OST_ERR_LIMIT, "200000 points; expected at most 100000" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL(MAKE(OST_DESIGN_GRID, 0, 0, cases[i].vary), cases[i].code);
        ost_assert_contains(err.what, cases[i].what);
    }
}

static void test_wrong_designs(void)
{
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_GRID, 0, 0, "a.b=1, 2", "a.b=3"), OST_ERR_NAME);
    ost_assert_contains(err.what, "'a.b' is varied twice");
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_GRID, 0, 0, "a.b.0.c=1, 2", "a.b={}"), OST_ERR_NAME);
    ost_assert_contains(err.what, "'a.b.0.c' is part of 'a.b'");
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_GRID, 0, 0, "a.b=1, 2", "a.bc=3"), 0);
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_GRID, 8, 0, "a.b=1, 2"), OST_ERR_VALUE);
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_SOBOL, 0, 0, "a.b=1..2"), OST_ERR_MISSING);
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_SOBOL, 8, 0, "a.b=1..2 : 4"), OST_ERR_VALUE);
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_SOBOL, 100001, 0, "a.b=1..2"), OST_ERR_LIMIT);
    CU_ASSERT_EQUAL(make(OST_DESIGN_GRID, (const char *const[]){ NULL }, 0, 0), OST_ERR_MISSING);
    CU_ASSERT_EQUAL(MAKE(OST_DESIGN_TABLE, 0, 0, "a.b=1, 2", "a.c=1"), OST_ERR_VALUE);
    CU_ASSERT_EQUAL(
        MAKE(OST_DESIGN_GRID, 0, 0, "a=1,2", "b=1,2", "c=1,2", "d=1,2", "e=1,2", "f=1,2", "g=1,2"), OST_ERR_LIMIT);
}

/* The last axis goes fastest. */
static void test_grid(void)
{
    char text[80];
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_GRID, 0, 0, "a=1,2", "b=x,y,z", "c=5 d,6 d") == 0);
    CU_ASSERT_EQUAL(design.n_points, 12);
    CU_ASSERT_STRING_EQUAL(ost_design_point(&design, 0, text, sizeof(text)), "a 1, b x, c 5 d");
    CU_ASSERT_STRING_EQUAL(ost_design_point(&design, 1, text, sizeof(text)), "a 1, b x, c 6 d");
    CU_ASSERT_STRING_EQUAL(ost_design_point(&design, 9, text, sizeof(text)), "a 2, b y, c 6 d");
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_TABLE, 0, 0, "a=1,1", "b=x,y") == 0); /* a table may repeat values */
    CU_ASSERT_EQUAL(design.n_points, 2);
    CU_ASSERT_STRING_EQUAL(ost_design_point(&design, 1, text, sizeof(text)), "a 1, b y");
}

static void test_latin_hypercube(void)
{
    enum { N = 50 };
    int n_in[2][N] = { { 0 } };
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_LATIN_HYPERCUBE, N, 7, "a=0..50", "b=1 mg..1024 mg : log") == 0);
    CU_ASSERT_EQUAL(design.n_points, N);
    for (size_t i = 0; i < N; i++) {
        n_in[0][(int) design.axes[0].values[i]]++;
        n_in[1][(int) (N * log2(design.axes[1].values[i]) / 10)]++;
    }
    for (size_t i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(n_in[0][i], 1);
        CU_ASSERT_EQUAL(n_in[1][i], 1);
    }
    double first = design.axes[0].values[3];
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_LATIN_HYPERCUBE, N, 7, "c=1,2", "a=0..50") == 0);
    CU_ASSERT(design.axes[1].values[3] == first); /* another entry beside it moves nothing */
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_LATIN_HYPERCUBE, N, 8, "a=0..50") == 0);
    CU_ASSERT(design.axes[0].values[3] != first);
}

/* A list takes its values equally often. */
static void test_list_in_spread(void)
{
    int n_of[3] = { 0 };
    CU_ASSERT_FATAL(MAKE(OST_DESIGN_LATIN_HYPERCUBE, 30, 1, "a=1 mg,2 mg,3 mg") == 0);
    for (size_t i = 0; i < 30; i++) n_of[(int) design.axes[0].values[i] - 1]++;
    CU_ASSERT(n_of[0] == 10 && n_of[1] == 10 && n_of[2] == 10);
}

static void test_sobol(void)
{
    enum { N = 64, K = 3 };
    static const char *const paths[K] = { "a", "b", "c" };
    double u[N * K], gsl[K];
    int n_in[K][N] = { { 0 } };
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, K);
    CU_ASSERT_FATAL(ost_points_spread(OST_DESIGN_SOBOL, 5, paths, K, N, u, &err) == 0);
    for (size_t i = 0; i < N; i++) {
        if (i > 0) gsl_qrng_get(sequence, gsl);
        for (size_t k = 0; k < K; k++) { /* digits differ from those of the first point as GSL's do from 0 */
            uint64_t digits = (uint64_t) ldexp(u[i * K + k], 30) ^ (uint64_t) ldexp(u[k], 30);
            CU_ASSERT_EQUAL(digits, i > 0 ? (uint64_t) ldexp(gsl[k], 30) : 0);
            n_in[k][(int) (u[i * K + k] * N)]++;
        }
    }
    for (size_t i = 0; i < K * N; i++) CU_ASSERT_EQUAL(n_in[i / N][i % N], 1); /* a net: one in each stratum */
    gsl_qrng_free(sequence);
    CU_ASSERT(u[0] != u[1] && u[1] != u[2]);
    const char *many[41];
    for (size_t k = 0; k < 41; k++) many[k] = paths[k % K];
    CU_ASSERT_EQUAL(ost_points_spread(OST_DESIGN_SOBOL, 5, many, 41, 1, u, &err), OST_ERR_LIMIT);
    ost_assert_contains(err.what, "expected at most 40");
}

static void test_halton(void)
{
    enum { N = 40, K = 2 };
    static const char *const paths[K] = { "a", "b" };
    double u[N * K], first[K], gsl[K];
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_halton, K);
    CU_ASSERT_FATAL(ost_points_spread(OST_DESIGN_HALTON, 5, paths, K, N, u, &err) == 0);
    for (size_t i = 0; i < N; i++) {
        gsl_qrng_get(sequence, gsl);
        for (size_t k = 0; k < K; k++) {
            if (i == 0) first[k] = gsl[k];
            double moved = u[i * K + k] - u[k] - (gsl[k] - first[k]); /* by a whole number */
            CU_ASSERT(u[i * K + k] >= 0 && u[i * K + k] < 1);
            ost_assert_close(moved, round(moved), 0, 1e-15);
        }
    }
    gsl_qrng_free(sequence);
}

static bool is_age(const void *user, const char *name)
{
    (void) user;
    return strcmp(name, "age") == 0;
}

static void test_names(void)
{
    static const char *const expected[] = { "dose", "zoledronic_acid_dose", "covariates_age", "k_C", "models", "kappa",
        "T_spine" };
    CU_ASSERT_FATAL(
        MAKE(OST_DESIGN_TABLE, 0, 0, "arms.one.regimen.0.dose=1 mg", "arms.zoledronic acid.regimen.1.dose=2",
            "population.covariates.age=60 year", "parameters.aibl.k_C=1", "models.0=aibl", "parameters.x.kappa=2",
            "parameters.aibl.T[spine]=3") == 0);
    CU_ASSERT_FATAL(ost_design_name(&design, is_age, NULL, &err) == 0);
    for (size_t k = 0; k < 7; k++) CU_ASSERT_STRING_EQUAL(design.axes[k].name, expected[k]);
    CU_ASSERT(ost_design_varies(&design, "population"));
    CU_ASSERT(ost_design_varies(&design, "population.covariates.age.mean"));
    CU_ASSERT(!ost_design_varies(&design, "population.covariates.ages"));
    CU_ASSERT(!ost_design_varies(&design, "run_in"));
}

static void test_table(void)
{
    folder_t folder;
    ost_text_list_t vary = { 0 };
    char path[300];
    small_begin(&folder);
    snprintf(path, sizeof(path), "%s/points.csv", folder.path);
    small_write(&folder, "points.csv", "a.dose [mg],p.T[spine] [1/d],m,\"b\"\r\n0.5,1e-3,aibl,3\r\n1,2e-3,\"x\",4\r\n");
    CU_ASSERT_FATAL(ost_vary_table(&vary, path, &err) == 0);
    CU_ASSERT_EQUAL_FATAL(vary.n, 4);
    CU_ASSERT_STRING_EQUAL(vary.items[0], "a.dose=0.5 mg, 1 mg");
    CU_ASSERT_STRING_EQUAL(vary.items[1], "p.T[spine]=1e-3 1/d, 2e-3 1/d");
    CU_ASSERT_STRING_EQUAL(vary.items[2], "m=aibl, x");
    CU_ASSERT_STRING_EQUAL(vary.items[3], "b=3, 4");
    ost_text_list_free(&vary);
    static const struct {
        const char *text, *what;
        int code, line, column;
    } cases[] = {
        { "a.dose [mg]\n", "no points", OST_ERR_VALUE, 0, 0 },
        { "a.dose [mgg]\n1\n", "column 'a.dose': ", OST_ERR_UNIT, 1, 1 },
        { "a.dose [mg]\none\n", "one", OST_ERR_SYNTAX, 2, 1 },
        { "a.dose [mg],b\n1,\n", "a value is missing", OST_ERR_VALUE, 2, 3 },
        { "a.dose [mg], [d]\n1,1\n", "a column without a name", OST_ERR_SYNTAX, 1, 13 },
        { "a.dose [mg],b\n1,\"x,y\"\n", "has a comma", OST_ERR_SYNTAX, 2, 3 },
        { "a.dose;b\n1;2\n", "separated by ';'", OST_ERR_SYNTAX, 1, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        small_write(&folder, "points.csv", cases[i].text);
        err = (ost_error_t){ 0 };
        CU_ASSERT_EQUAL(ost_vary_table(&vary, path, &err), cases[i].code);
        ost_assert_contains(err.what, cases[i].what);
        if (err.line != cases[i].line || err.column != cases[i].column)
            printf("%s %d:%d\n", err.what, err.line, err.column);
        CU_ASSERT(err.line == cases[i].line && err.column == cases[i].column);
        ost_text_list_free(&vary);
    }
    small_end(&folder);
    ost_design_free(&design);
}

static const ost_test_t tests[] = {
    { "values", test_values },
    { "distributions", test_distributions },
    { "wrong_values", test_wrong_values },
    { "wrong_designs", test_wrong_designs },
    { "grid", test_grid },
    { "latin_hypercube", test_latin_hypercube },
    { "list_in_spread", test_list_in_spread },
    { "sobol", test_sobol },
    { "halton", test_halton },
    { "names", test_names },
    { "table", test_table },
};
OST_TEST_MAIN("design", tests)
