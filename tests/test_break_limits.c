/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changes in time more often than steps can end at fails a subject, with the line of the model and what to do. */
#include "cohort/cohort.h"
#include "small_models.h"

#include <stdio.h>

enum { MAX_TEXT = 1 << 16 };

#define K 0.02

typedef struct {
    int status;
    double amount; /* at the end */
    char message[640];
} outcome_t;

static int note(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    outcome_t *self = user;
    self->status = block->status[0];
    self->amount = block->y[1];
    if (block->messages[0] != NULL) snprintf(self->message, sizeof(self->message), "%s", block->messages[0]);
    return 0;
}

/* A planned study of B' = forcing - K B up to t_end, with what the forcing needs above it. @param names  [1] "m0"
 * @param h_max  0: the default */
static void study_with(
    study_t *study, const char *const *names, const char *above, const char *forcing, double t_end, double h_max)
{
    static char text[MAX_TEXT];
    int length = snprintf(text, sizeof(text),
        "model m0 \"forced\"\nkind other\nparam k = 0.02 [1/d] \"loss\" @ \"assumed: test\"\n"
        "state B = 0 [1] scale 1 signed \"amount\"\n%sB' = (%s)*1 [1/d] - k*B\noutput amount [1] = B \"amount\"\n",
        above, forcing);
    CU_ASSERT_FATAL(length < MAX_TEXT);
    const ost_model_t *model;
    study_init(study, names, 1);
    CU_ASSERT_EQUAL_FATAL(ost_library_read(&study->library, names[0], text, &model, &study->err), 0);
    study->times[1] = t_end;
    study->e.n_times = 2;
    study->e.solver.rtol = 1e-7;
    if (h_max > 0) study->e.solver.h_max = h_max;
    must_plan(study);
}

/* The outcome at t_end. */
static outcome_t run(const char *above, const char *forcing, double t_end, double h_max)
{
    study_t study;
    ost_cohort_summary_t summary;
    const char *const names[] = { "m0" };
    outcome_t outcome = { 0 };
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = note, .user = &outcome };
    study_with(&study, names, above, forcing, t_end, h_max);
    CU_ASSERT_EQUAL(ost_cohort_run(&study.plan, &options, &summary, &study.err), 0);
    CU_ASSERT_EQUAL(outcome.status, outcome.message[0] != '\0' ? -OST_ERR_LIMIT : 0);
    ost_cohort_summary_free(&summary);
    study_free(&study);
    return outcome;
}

/* Forcing that is made of n times folded time, f: 0 on day 1, 3, 5, ..., 1 on the days between, up to day 2^n. */
static outcome_t run_folded(unsigned n, const char *forcing, double h_max)
{
    char above[1024] = "let f0 = time\n";
    for (unsigned i = 1; i <= n; i++)
        snprintf(above + strlen(above), sizeof(above) - strlen(above), "let f%u = abs(f%u - %u [d])\n", i, i - 1,
            1u << (n - i));
    snprintf(above + strlen(above), sizeof(above) - strlen(above), "let f = f%u\n", n);
    return run(above, forcing, ldexp(1, (int) n), h_max);
}

/* Bumps of SD 0.05/sqrt(2) on each odd day. */
#define BUMPS "exp(-(f/0.05 [d])^2)"

static double amount_of_bumps(unsigned n)
{
    double t_end = ldexp(1, (int) n), sum = 0;
    for (double t = 1; t < t_end; t += 2) sum += 0.05 * sqrt(acos(-1)) * exp(-K * (t_end - t));
    return sum * exp(K * K * 0.05 * 0.05 / 4);
}

/* A few dozen are found; with too many the subject fails, and runs with the longest step that the message names. */
static void test_smooth(void)
{
    outcome_t few = run_folded(6, BUMPS, 0), many = run_folded(12, BUMPS, 0);
    CU_ASSERT_STRING_EQUAL(few.message, "");
    ost_assert_close(few.amount, amount_of_bumps(6), 1e-5, 0);
    const char *remedy = strstr(many.message, "with 'solver.h_max: ");
    CU_ASSERT_PTR_NOT_NULL(strstr(many.message, "m0:4: 'B' changes in time more often than steps can end at"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(remedy);
    double h_max = strtod(remedy + strlen("with 'solver.h_max: "), NULL);
    many = run_folded(12, BUMPS, h_max);
    CU_ASSERT_STRING_EQUAL(many.message, "");
    ost_assert_close(many.amount, amount_of_bumps(12), 1e-5, 0);
}

/* Short steps do not help with too many bends: fewer do, or a table. */
static void test_bends(void)
{
    const double tried[] = { 0, 0.1, 0.02 };
    for (size_t i = 0; i < COUNT(tried); i++) {
        outcome_t many = run_folded(14, i == 0 ? BUMPS : "f/1 [d]", tried[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(many.message, "m0:4: 'B'"));
        CU_ASSERT_PTR_NOT_NULL(strstr(many.message, "write it with fewer bends and jumps, or as a table"));
        CU_ASSERT_PTR_NULL(strstr(many.message, "h_max"));
    }
    CU_ASSERT_STRING_EQUAL(run_folded(12, "f/1 [d]", 0).message, "");
}

/* The integral of f(t) exp(-K (t_end - t)) from day `from` to the next, f linear from f0 to f1. */
static double day_of(double f0, double f1, double from, double t_end)
{
    double late = exp(-K * (t_end - from - 1)) * (f1 / K - (f1 - f0) / (K * K));
    return late - exp(-K * (t_end - from)) * (f0 / K - (f1 - f0) / (K * K));
}

/* A bump 3 days after the last point of a table in time with points on days 0, 1, ..., n: 0, 1, 0, 1, ... */
static const char *table_and_bump(int n)
{
    static char forcing[MAX_TEXT];
    size_t length =
        (size_t) snprintf(forcing, sizeof(forcing), "exp(-((time - %d [d])/0.5 [d])^2) + table(time [d]; 0: 0", n + 3);
    for (int i = 1; i <= n; i++)
        length += (size_t) snprintf(forcing + length, sizeof(forcing) - length, ", %d: %d", i, i % 2);
    snprintf(forcing + length, sizeof(forcing) - length, ")");
    return forcing;
}

/* Points of a table in time do not count. */
static void test_table(void)
{
    double amount = 0.5 * sqrt(acos(-1)) * exp(K * K * 0.5 * 0.5 / 4 - K * 7);
    for (int i = 1; i <= 2000; i++) amount += day_of((i - 1) % 2, i % 2, i - 1, 2010);
    outcome_t outcome = run("", table_and_bump(2000), 2010, 0);
    CU_ASSERT_STRING_EQUAL(outcome.message, "");
    ost_assert_close(outcome.amount, amount, 1e-5, 0);
}

/* Breaks of the table and bump. @param[out] n_around  those that are no point of the table @return looks they took */
static double looks_at_table(int n, size_t *n_around)
{
    study_t study;
    ost_break_finder_t *finder;
    size_t n_breaks, n_points = 0;
    const double params[] = { K };
    const char *const names[] = { "m0" };
    study_with(&study, names, "", table_and_bump(n), n + 10, 0);
    double *breaks = calloc(ost_forcing_max_breaks(study.plan.forcing), sizeof(*breaks));
    CU_ASSERT_EQUAL_FATAL(ost_break_finder_new(&finder, study.plan.forcing, &study.err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_break_finder_find(finder, params, 0, n + 10, 30, breaks, &n_breaks, &study.err), 0);
    for (size_t i = 0; i < n_breaks; i++)
        if (fabs(breaks[i] - (double) (n_points + 1)) < 1e-9) n_points++;
    CU_ASSERT_EQUAL(n_points, n);
    *n_around = n_breaks - n_points;
    double looks = (double) ost_break_finder_looks(finder);
    ost_break_finder_free(finder);
    free(breaks);
    study_free(&study);
    return looks;
}

/* Every point of a table is a break, and looking for those around a bump takes little longer for each point more. */
static void test_work(void)
{
    size_t few, many;
    double looks = looks_at_table(500, &few), more = looks_at_table(5000, &many);
    CU_ASSERT(few >= 2 && few <= 20);
    CU_ASSERT_EQUAL(many, few);
    CU_ASSERT(more < 20 * looks);
    CU_ASSERT(more < 1000.0 * 5000);
}

static const ost_test_t tests[] = {
    { "smooth changes", test_smooth },
    { "bends", test_bends },
    { "points of a table", test_table },
    { "work for points of a table", test_work },
};

OST_TEST_MAIN("break limits", tests)
