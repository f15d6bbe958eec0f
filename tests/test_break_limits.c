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

/* B' = forcing - K B up to t_end, with what the forcing needs above it. @param h_max  0: the default */
static outcome_t run(const char *above, const char *forcing, double t_end, double h_max)
{
    static char text[MAX_TEXT];
    int length = snprintf(text, sizeof(text),
        "model m0 \"forced\"\nkind other\nparam k = 0.02 [1/d] \"loss\" @ \"assumed: test\"\n"
        "state B = 0 [1] scale 1 signed \"amount\"\n%sB' = (%s)*1 [1/d] - k*B\noutput amount [1] = B \"amount\"\n",
        above, forcing);
    CU_ASSERT_FATAL(length < MAX_TEXT);
    study_t study;
    ost_cohort_summary_t summary;
    const ost_model_t *model;
    const char *const names[] = { "m0" };
    outcome_t outcome = { 0 };
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = note, .user = &outcome };
    study_init(&study, names, 1);
    CU_ASSERT_EQUAL_FATAL(ost_library_read(&study.library, names[0], text, &model, &study.err), 0);
    study.times[1] = t_end;
    study.e.n_times = 2;
    study.e.solver.rtol = 1e-7;
    if (h_max > 0) study.e.solver.h_max = h_max;
    must_plan(&study);
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

/* Points of a table in time do not count. */
static void test_table(void)
{
    static char forcing[MAX_TEXT];
    size_t length = (size_t) snprintf(forcing, sizeof(forcing), "exp(-((time - 603 [d])/0.5 [d])^2) + table(time [d]");
    double amount = 0.5 * sqrt(acos(-1)) * exp(K * K * 0.5 * 0.5 / 4 - K * 7);
    for (int i = 0; i <= 600; i++) {
        length +=
            (size_t) snprintf(forcing + length, sizeof(forcing) - length, "%s %d: %d", i == 0 ? ";" : ",", i, i % 2);
        if (i > 0) amount += day_of((i - 1) % 2, i % 2, i - 1, 610);
    }
    snprintf(forcing + length, sizeof(forcing) - length, ")");
    outcome_t outcome = run("", forcing, 610, 0);
    CU_ASSERT_STRING_EQUAL(outcome.message, "");
    ost_assert_close(outcome.amount, amount, 1e-5, 0);
}

static const ost_test_t tests[] = {
    { "smooth changes", test_smooth },
    { "bends", test_bends },
    { "points of a table", test_table },
};

OST_TEST_MAIN("break limits", tests)
