/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Correlated covariates and parameters: rank correlations and distributions of 10^5 subjects; matrices that are not
 * positive definite; wrong entries. */
#include "core/correlation.h"
#include "core/text.h"
#include "plan/plan.h"
#include "testlib.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 100000, N_KINDS = 5 };

/* @param sampling, correlate  values of these keys */
#define TEXT                                                                                                           \
    "models: [hormones, aibl]\npopulation:\n  subjects: 100000\n  seed: 5\n  sampling: %s\n%s"                         \
    "  covariates:\n    age: {distribution: normal, mean: 62 year, sd: 6 year, min: 50 year, max: 80 year}\n"          \
    "    bmi: {distribution: lognormal, median: 27 kg/m2, cv: 17 %%}\n"                                                \
    "    creatinine: {distribution: gamma, scale: 0.2 mg/dL, shape: 4}\n"                                              \
    "    smoker: {distribution: choice, values: [0, 1], probabilities: [0.8, 0.2]}\n"                                  \
    "    older: {formula: \"age + 1 [year]\"}\narms: {a: {}}\ntimes: {to: 1 year, every: 1 year}\n"
#define MATRIX                                                                                                         \
    "  correlate:\n    - {of: [age, bmi, aibl.k_C], spearman: [-0.3, 0.5, 0.2]}\n"                                     \
    "    - {of: [creatinine, age], pearson: 0.6}\n    - {of: [aibl.f_Q, creatinine], spearman: -40 %}\n"

typedef struct {
    ost_library_t library;
    ost_experiment_t e;
    ost_plan_t plan;
    ost_error_t err;
} planned_t;

static int plan(planned_t *self, const char *sampling, const char *correlate)
{
    char text[2000];
    *self = (planned_t){ 0 };
    snprintf(text, sizeof(text), TEXT, sampling, correlate);
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&self->library, &self->err), 0);
    int ret = ost_experiment_parse(&self->e, "test.yaml", text, NULL, 0, &self->err);
    return ret == 0 ? ost_plan_build(&self->plan, &self->library, &self->e, &self->err) : ret;
}

static void release(planned_t *self)
{
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->e);
    ost_library_free(&self->library);
}

typedef struct {
    double value;
    size_t subject;
} ranked_t;

static int compare(const void *a, const void *b)
{
    const double left = ((const ranked_t *) a)->value, right = ((const ranked_t *) b)->value;
    return left < right ? -1 : left > right;
}

/* age, bmi, k_C, creatinine, f_Q of all subjects, ascending, and the ranks of each. */
static void draw(const planned_t *self, ranked_t *sorted[N_KINDS], double *rank[N_KINDS])
{
    double covariates[8], *params = calloc(self->plan.blocks->n_params, sizeof(*params));
    size_t of[2] = { 0 };
    char name[256];
    for (size_t i = 0; i < self->plan.blocks->n_params; i++) {
        ost_blocks_param_name(self->plan.blocks, i, name, sizeof(name));
        if (strcmp(name, "aibl.k_C") == 0) of[0] = i;
        if (strcmp(name, "aibl.f_Q") == 0) of[1] = i;
    }
    for (size_t s = 0; s < N; s++) {
        CU_ASSERT_EQUAL_FATAL(ost_plan_draw(&self->plan, s, (ost_moved_t){ 0 }, covariates, params, NULL), 0);
        const double values[N_KINDS] = { covariates[0], covariates[1], params[of[0]], covariates[2], params[of[1]] };
        for (size_t k = 0; k < N_KINDS; k++) sorted[k][s] = (ranked_t){ values[k], s };
    }
    for (size_t k = 0; k < N_KINDS; k++) {
        qsort(sorted[k], N, sizeof(*sorted[k]), compare);
        for (size_t s = 0; s < N; s++) rank[k][sorted[k][s].subject] = (double) s - (N - 1) / 2.0;
    }
    free(params);
}

static double rank_correlation(const double *a, const double *b)
{
    double sum = 0, squares = 0;
    for (size_t s = 0; s < N; s++) {
        sum += a[s] * b[s];
        squares += a[s] * a[s];
    }
    return sum / squares;
}

/* Spearman's correlations as asked for, and those that follow: 0 in scores where nothing is said. */
static const double asked[N_KINDS][N_KINDS] = {
    [1] = { -0.3 }, [2] = { 0.5, 0.2 }, [3] = { 0.58191, 0, 0 }, [4] = { 0, 0, 0, -0.4 }
};

static void check_ranks(double *const rank[N_KINDS])
{
    for (size_t i = 0; i < N_KINDS; i++)
        for (size_t k = 0; k < i; k++) ost_assert_close(rank_correlation(rank[i], rank[k]), asked[i][k], 0, 0.01);
}

static void test_ranks(void)
{
    static const char *const samplings[] = { "random", "latin_hypercube" };
    ranked_t *sorted[N_KINDS], *plain[N_KINDS];
    double *rank[N_KINDS], *plain_rank[N_KINDS];
    for (size_t k = 0; k < N_KINDS; k++) {
        sorted[k] = malloc(N * sizeof(*sorted[k]));
        plain[k] = malloc(N * sizeof(*plain[k]));
        rank[k] = malloc(N * sizeof(*rank[k]));
        plain_rank[k] = malloc(N * sizeof(*plain_rank[k]));
    }
    for (size_t how = 0; how < 2; how++) {
        planned_t with, without;
        CU_ASSERT_EQUAL_FATAL(plan(&with, samplings[how], MATRIX), 0);
        CU_ASSERT_EQUAL_FATAL(plan(&without, samplings[how], ""), 0);
        draw(&with, sorted, rank);
        draw(&without, plain, plain_rank);
        check_ranks(rank);
        for (size_t k = 0; k < N_KINDS; k++) {
            double widest = 0; /* between the two distribution functions, at the sorted values */
            size_t n_differ = 0;
            for (size_t s = 0, at = 0; s < N; s++) {
                while (at < N && plain[k][at].value <= sorted[k][s].value) at++;
                widest = fmax(widest, fabs((double) at - (double) (s + 1)) / N);
                n_differ += plain[k][s].value != sorted[k][s].value;
            }
            CU_ASSERT(widest < (how == 0 ? 0.0087 : 1e-9)); /* Kolmogorov and Smirnov at 0.1 % */
            if (how == 1 || k == 0) CU_ASSERT_EQUAL(n_differ, 0);
        }
        release(&with);
        release(&without);
    }
    for (size_t k = 0; k < N_KINDS; k++) {
        free(sorted[k]);
        free(plain[k]);
        free(rank[k]);
        free(plain_rank[k]);
    }
}

/* The example of Higham 2002, section 4. */
static void test_nearest(void)
{
    double a[9] = { 1, 1, 0, 1, 1, 1, 0, 1, 1 }, lower[9], work[36];
    CU_ASSERT(!ost_correlation_factor(a, 3, lower));
    ost_correlation_nearest(a, 3, 0, work);
    const double nearest[9] = { 1, 0.7607, 0.1573, 0.7607, 1, 0.7607, 0.1573, 0.7607, 1 };
    for (size_t i = 0; i < 9; i++) ost_assert_close(a[i], nearest[i], 0, 5e-5);
    double fine[4] = { 1, 0.8, 0.8, 1 };
    CU_ASSERT(ost_correlation_factor(fine, 2, lower));
    ost_assert_close(lower[2], 0.8, 1e-15, 0);
    ost_assert_close(lower[3], 0.6, 1e-15, 0);
    CU_ASSERT_EQUAL(lower[1], 0);
    ost_correlation_nearest(fine, 2, 0.01, work);
    ost_assert_close(fine[1], 0.8, 1e-14, 0);
    ost_assert_close(ost_pearson_of_spearman(0.5), 0.517638090205041525, 1e-15, 0);
    ost_assert_close(ost_spearman_of_pearson(ost_pearson_of_spearman(-0.7)), -0.7, 1e-15, 0);
}

/* What is printed can be used in place of what was refused. */
static void test_offered(void)
{
    static const char *const wrong[] = { "  correlate: [{of: [age, bmi, creatinine], spearman: [0.9, 0.9, -0.9]}]\n",
        "  correlate: [{of: [age, bmi, creatinine, aibl.k_C], pearson: [0.99, 0.99, 0.2, -50 %, 0.7, 0.1]}]\n" };
    for (size_t i = 0; i < 2; i++) {
        planned_t p;
        char offered[600];
        CU_ASSERT_EQUAL(plan(&p, "random", wrong[i]), OST_ERR_VALUE);
        ost_assert_contains(p.err.what, "not positive definite; the nearest valid one is {of: [age, bmi, creatinine");
        CU_ASSERT_EQUAL(p.err.line, 6);
        const char *from = strchr(p.err.what, '{');
        CU_ASSERT_PTR_NOT_NULL_FATAL(from);
        snprintf(offered, sizeof(offered), "  correlate: [%s]\n", from);
        release(&p);
        CU_ASSERT_EQUAL(plan(&p, "random", offered), 0);
        release(&p);
    }
}

static void test_wrong(void)
{
    static const struct {
        const char *entry, *message;
        int code;
    } wrong[] = {
        { "{of: [age, bmi], spearman: 1.2}", "'1.2' is outside -1 .. 1", OST_ERR_VALUE },
        { "{of: [age, bmi], spearman: -1}", "makes one of 'bmi' and 'age' a function", OST_ERR_VALUE },
        { "{of: [age, bmi], spearman: 0.1 kg}", "spearman", OST_ERR_UNIT },
        { "{of: [age, bmi]}", "either 'spearman'", OST_ERR_NAME },
        { "{of: [age, bmi], spearman: 0.1, pearson: 0.1}", "either 'spearman'", OST_ERR_NAME },
        { "{of: [age, bim], spearman: 0.1}", "no covariate 'bim' (did you mean 'bmi'?)", OST_ERR_NAME },
        { "{of: [age, aibl.k_X2], spearman: 0.1}", "did you mean 'k_X'?", OST_ERR_NAME },
        { "{of: [age, aibl.k_X], spearman: 0.1}", "is the same in all subjects; give it a spread", OST_ERR_VALUE },
        { "{of: [age, older], spearman: 0.1}", "is a formula", OST_ERR_VALUE },
        { "{of: [age, smoker], spearman: 0.1}", "tied ranks; expected 'pearson'", OST_ERR_VALUE },
        { "{of: [age, hormones.bmi], spearman: 0.1}", "name it without its model", OST_ERR_VALUE },
        { "{of: [age], spearman: 0.1}", "1 names; expected 2", OST_ERR_VALUE },
        { "{of: [age, age], spearman: 0.1}", "duplicate 'age'", OST_ERR_NAME },
        { "{of: [age, bmi], spearman: [0.1, 0.2]}", "2 correlations of 2 names; expected 1", OST_ERR_VALUE },
        { "{of: [age, bmi, creatinine], spearman: 0.1}", "expected 3, below the diagonal", OST_ERR_VALUE },
        { "{of: [age, bmi], spearman: 0.1}, {of: [bmi, age], pearson: 0.1}", "duplicate correlation", OST_ERR_NAME },
        { "{of: [age, bmi], kendall: 0.1}", "kendall", OST_ERR_NAME },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        planned_t p;
        char text[300];
        snprintf(text, sizeof(text), "  correlate: [%s]\n", wrong[i].entry);
        CU_ASSERT_EQUAL(plan(&p, "random", text), wrong[i].code);
        ost_assert_contains(p.err.what, wrong[i].message);
        CU_ASSERT_EQUAL(p.err.line, 6);
        release(&p);
    }
    planned_t p;
    CU_ASSERT_EQUAL(plan(&p, "random", "  correlate: [{of: [age, smoker], pearson: 0.3}]\n"), 0);
    release(&p);
    CU_ASSERT_EQUAL(plan(&p, "latin_hypercube\n  cohort: 90000000", MATRIX), OST_ERR_LIMIT);
    ost_assert_contains(p.err.what, "expected at most 20000000 subjects");
    release(&p);
}

/* Without variability the covariates are those of a run with it. */
static void test_without_variability(void)
{
    planned_t with, without;
    CU_ASSERT_EQUAL_FATAL(plan(&with, "random", MATRIX), 0);
    CU_ASSERT_EQUAL_FATAL(plan(&without, "random\n  variability: false", MATRIX), 0);
    double a[8], b[8], *params = calloc(with.plan.blocks->n_params, sizeof(*params));
    for (uint64_t s = 0; s < 20; s++) {
        CU_ASSERT_EQUAL(ost_plan_draw(&with.plan, s, (ost_moved_t){ 0 }, a, params, NULL), 0);
        CU_ASSERT_EQUAL(ost_plan_draw(&without.plan, s, (ost_moved_t){ 0 }, b, params, NULL), 0);
        for (size_t i = 0; i < with.e.n_covariates; i++) CU_ASSERT_EQUAL(a[i], b[i]);
    }
    free(params);
    release(&with);
    release(&without);
}

static const ost_test_t tests[] = {
    { "ranks", test_ranks },
    { "nearest", test_nearest },
    { "offered", test_offered },
    { "wrong", test_wrong },
    { "without_variability", test_without_variability },
};

OST_TEST_MAIN("copula", tests)
