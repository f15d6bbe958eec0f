/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of treatment and of taking part: lines that begin and end by conditions at visits, who is eligible, who leaves.
 * The oracles are the same doses written out, sums of exponentials and plain loops over days. */
#include "courses_run.h"

#define VISITED                                                                                                        \
    BONE "population: {subjects: 20, seed: 4}\ntimes: {to: 100 day, every: 4 day}\narms:\n"                            \
         "  plain:\n    regimen:\n"                                                                                    \
         "      - {drug: patch, dose: 1 mg, interval: 10 day}\n"                                                       \
         "      - {drug: pill, dose: 2 mg, interval: 5 day, start: 20 day, stop: 70 day}\n"                            \
         "  without: {regimen: [{drug: patch, dose: 1 mg, interval: 10 day}]}\n"

/* Where visits fall on doses, so that steps end there anyhow, a rule is nothing but who takes what. */
static void test_always_and_never(void)
{
    run_t r;
    run(&r, VISITED "  always:\n    regimen:\n"
                    "      - {drug: patch, dose: 1 mg, interval: 10 day}\n"
                    "      - {drug: pill, dose: 2 mg, interval: 5 day, start: 20 day, stop: 70 day,\n"
                    "         begin_if: cells > 0, visits: 10 day}\n"
                    "  never:\n    regimen:\n"
                    "      - {drug: patch, dose: 1 mg, interval: 10 day}\n"
                    "      - {drug: pill, dose: 2 mg, interval: 5 day, begin_if: cells < 0, visits: 10 day}\n"
                    "  later:\n    regimen:\n"
                    "      - {drug: patch, dose: 1 mg, interval: 10 day}\n"
                    "      - {drug: pill, dose: 2 mg, interval: 5 day, stop: 70 day, begin_if: \"time > 0 [d]\",\n"
                    "         visits: 10 day, delay: 10 day}\n");
    check_same_arm(&r, "plain", &r, "always", true);
    check_same_arm(&r, "plain", &r, "later", true);
    check_same_arm(&r, "without", &r, "never", true);
    check_same_arm(&r, "plain", &r, "without", false);
    for (size_t i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(r.began[i], 20);
        CU_ASSERT(isnan(r.began[20 + i]));
        CU_ASSERT_EQUAL(r.began[40 + i], 20);
    }
    run_free(&r);
}

/* Each begins where the schedule that she would have had without the rule says it, at sites of her own bone. */
static void test_begins_where_the_schedule_says(void)
{
    run_t r;
    run(&r, "models: [axis, bone]\npopulation: {subjects: 200, seed: 4}\noutputs: [cells]\n"
            "times: {to: 100 day, every: 10 day}\narms:\n"
            "  without: {regimen: [{drug: patch, dose: 20 mg, interval: 10 day}]}\n"
            "  ruled:\n    regimen:\n"
            "      - {drug: patch, dose: 20 mg, interval: 10 day}\n"
            "      - {drug: pill, dose: 2 mg, interval: 5 day, start: 10 day, visits: 10 day,\n"
            "         begin_if: \"bmd[spine] > 1.5 [g/cm2] or bmd[hip] > 1.5 [g/cm2] and cells <= 0.35\"}\n");
    run_t look;
    run(&look, "models: [axis, bone]\npopulation: {subjects: 200, seed: 4}\n"
               "times: {to: 100 day, every: 10 day}\narms:\n"
               "  without: {regimen: [{drug: patch, dose: 20 mg, interval: 10 day}]}\n");
    size_t n_begun = 0, n_times = look.e.n_times;
    for (size_t i = 0; i < 200; i++) {
        const double *bmd = schedule_of(&look, "without", i, "bmd"), *cells = schedule_of(&look, "without", i, "cells");
        double began = NAN;
        for (size_t k = 1; k + 1 < n_times && isnan(began); k++)
            if (bmd[k] > 1.5 || (bmd[n_times + k] > 1.5 && cells[k] <= 0.35)) began = look.e.times[k];
        CU_ASSERT((isnan(began) && isnan(r.began[i])) || began == r.began[i]);
        n_begun += isnan(began) ? 0 : 1;
    }
    CU_ASSERT(n_begun > 40 && n_begun < 160);
    CU_ASSERT_EQUAL(r.plan.outputs->n_variables, 1); /* what a rule looks at is not in the results for that */
    run_free(&r);
    run_free(&look);
}

/* On and off by what is there: the amount of the drug itself, against a plain loop over days. */
static void test_holidays(void)
{
    run_t r;
    run(&r, PATCH "population: {subjects: 1}\ntimes: {to: 120 day, every: 1 day}\narms:\n"
                  "  own:\n    regimen:\n"
                  "      - {drug: patch, dose: 1 mg, interval: 2 day, start: 3 day, visits: 5 day,\n"
                  "         begin_if: \"patch_amount < 1 [mg]\", end_if: \"patch_amount > 3 [mg]\", delay: 1 day}\n");
    double amount = 0, start = INFINITY, began = NAN, ended = NAN;
    int n_ends = 0;
    for (int day = 0; day < 121; day++) {
        ost_assert_close(schedule_of(&r, "own", 0, "patch_amount")[day], amount, 1e-6, 1e-7);
        if (day >= 3 && (day - 3) % 5 == 0 && isinf(start) && amount < 1)
            start = day + 1;
        else if (day >= 3 && (day - 3) % 5 == 0 && day > start && amount > 3) {
            start = INFINITY;
            ended = n_ends++ == 0 ? day : ended;
        }
        if (day == start && isnan(began)) began = day;
        if (day >= start && fmod(day - start, 2) == 0) amount += 1;
        amount *= exp(-0.1);
    }
    CU_ASSERT(n_ends >= 3);
    CU_ASSERT_EQUAL(r.began[0], began);
    CU_ASSERT_EQUAL(r.ended[0], ended);
    run_free(&r);
}

static void test_dropout(void)
{
    run_t r, all;
    const char *text = "models: [axis, bone]\npopulation:\n  subjects: 40\n%s  covariates:\n"
                       "    leaving: {distribution: exponential, mean: 60 day}\n"
                       "times: {to: 100 day, every: 10 day}\narms: {control: {}}\n";
    char with[512], without[512];
    snprintf(with, sizeof(with), text, "  dropout: leaving\n");
    snprintf(without, sizeof(without), text, "");
    run(&r, with);
    run(&all, without);
    size_t n_gone = 0;
    for (size_t i = 0; i < 40; i++) {
        double leaving, params[64];
        CU_ASSERT_EQUAL_FATAL(ost_plan_subject(&r.plan, i, &leaving, params, NULL), 0);
        for (size_t k = 0; k < r.e.n_times; k++) {
            double y = schedule_of(&r, "control", i, "cells")[k];
            bool gone = r.e.times[k] > leaving;
            CU_ASSERT(gone ? isnan(y) : y == schedule_of(&all, "control", i, "cells")[k]);
            n_gone += gone;
        }
    }
    CU_ASSERT(n_gone > 50 && n_gone < 390);
    for (size_t o = 0; o < r.plan.system->n_outputs; o++) CU_ASSERT_EQUAL(r.summary.n_not_finite[o], 0);
    run_free(&r);
    run_free(&all);
}

/* Who is not eligible has no values in any arm, and the others have those that they have without the condition. */
static void test_eligible(void)
{
    run_t r, all;
    const char *text = "models: [axis, bone]\nrun_in: {start: -40 day}\npopulation:\n  subjects: 60\n%s"
                       "times: {to: 100 day, every: 10 day}\narms:\n  plain: {}\n  ruled:\n    regimen:\n"
                       "      - {drug: pill, dose: 2 mg, interval: 10 day, begin_if: cells > 0.5, visits: 10 day}\n";
    char with[1024], without[1024];
    snprintf(with, sizeof(with), text, "  eligible: \"bmd[hip] > 1.07 [g/cm2] and time < 1 [d]\"\n");
    snprintf(without, sizeof(without), text, "");
    run(&r, with);
    run(&all, without);
    size_t n_out = 0;
    for (size_t i = 0; i < 60; i++) {
        bool out = !(schedule_of(&all, "plain", i, "bmd")[r.e.n_times] > 1.07);
        n_out += out;
        CU_ASSERT(!out || isnan(r.began[i]));
        for (size_t k = 0; k < r.e.n_times; k++) {
            double plain = schedule_of(&r, "plain", i, "cells")[k], ruled = schedule_of(&r, "ruled", i, "cells")[k];
            CU_ASSERT(out ? isnan(plain) && isnan(ruled) : plain == schedule_of(&all, "plain", i, "cells")[k]);
        }
    }
    CU_ASSERT(n_out > 10 && n_out < 50);
    CU_ASSERT_EQUAL(r.summary.not_eligible, n_out);
    run_free(&r);
    run_free(&all);
}

/* Who is not eligible in one arm takes part in none, so that what fails in another is no failure. */
static void test_not_eligible_and_failed(void)
{
    run_t r, all;
    const char *text = "models: [axis, bone]\npopulation:\n  subjects: 3\n  variability: false\n%s"
                       "times: {to: 100 day, every: 10 day}\narms:\n  plain: {}\n  before:\n    regimen:\n"
                       "      - {drug: pill, dose: 20 mg, interval: 10 day, start: -30 day, stop: 0 day}\n";
    char with[1024], without[1024], eligible[200];
    snprintf(without, sizeof(without), text, "");
    run(&all, without);
    const double plain = schedule_of(&all, "plain", 0, "cells")[0], before = schedule_of(&all, "before", 0, "cells")[0];
    CU_ASSERT(fabs(plain / before - 1) > 0.01);
    for (int fails = 0; fails < 2; fails++) { /* in arm `before`; in both arms */
        snprintf(eligible, sizeof(eligible),
            "  eligible: \"(if cells %s %.6f then log(-1*cells) else %s*cells) > 0\"\n", before > plain ? ">" : "<",
            (plain + before) / 2, fails == 0 ? "-1" : "log(-1*cells)");
        snprintf(with, sizeof(with), text, eligible);
        run_unchecked(&r, with);
        CU_ASSERT_EQUAL(r.summary.not_eligible, fails == 0 ? 3 : 0);
        CU_ASSERT_EQUAL(r.summary.failures, fails == 0 ? 0 : 6);
        for (size_t k = 0; k < r.e.n_times; k++)
            CU_ASSERT(
                isnan(schedule_of(&r, "plain", 1, "cells")[k]) && isnan(schedule_of(&r, "before", 1, "cells")[k]));
        run_free(&r);
    }
    run_free(&all);
}

/* The run's error is measured on subjects that are eligible, though the first are not. */
static void test_probes_of_eligible(void)
{
    run_t r, all;
    const ost_cohort_options_t options = { .n_threads = 1 };
    const char *text = "models: [axis, bone]\nrun_in: {start: -40 day}\npopulation:\n  subjects: 60\n%s"
                       "times: {to: 100 day, every: 10 day}\narms:\n  daily:\n    regimen: [{drug: pill, dose: 2 mg, "
                       "interval: 1 day}]\n";
    char with[1024], without[1024], eligible[128];
    double highest = 0;
    snprintf(without, sizeof(without), text, "");
    run(&all, without);
    for (size_t i = 0; i < 8; i++) highest = fmax(highest, schedule_of(&all, "daily", i, "bmd")[all.e.n_times]);
    snprintf(eligible, sizeof(eligible), "  eligible: \"bmd[hip] > %.6f [g/cm2] and time < 1 [d]\"\n", highest + 1e-6);
    snprintf(with, sizeof(with), text, eligible);
    run_with(&r, with, true, &options, NULL);
    CU_ASSERT(r.summary.not_eligible >= 8 && r.summary.not_eligible < 60);
    CU_ASSERT(ost_cohort_summary_periodic_error(&r.summary, output_row(&r.plan, "bmd", 1)) > 0);
    run_free(&r);
    run_free(&all);
}

/* A condition that is not a number fails the subject, and names itself; what it does not depend on may be anything. */
static void test_conditions_without_value(void)
{
    static const struct {
        const char *eligible, *begin, *message;
    } cases[] = {
        { "log(-1*cells) > 3", "cells > 0.5",
            "'eligible: log(-1*cells) > 3' depends on what is not a number at day 0" },
        { "not (log(-1*cells) > 3)", "cells > 0.5", "'eligible: not (log" },
        { "3 < log(-1*cells)", "cells > 0.5", "'eligible: 3 < log" },
        { "cells > 0", "log(-1*cells) < 3", "'begin_if: log(-1*cells) < 3' depends on what is not a number at day 0" },
        { "cells < 0 and log(-1*cells) > 3", "cells > 0.5", NULL },
        { "log(-1*cells) > 3 and cells < 0", "cells > 0.5", NULL },
        { "cells > 0 or log(-1*cells) > 3", "cells > 0.5", NULL },
        { "(if cells > 0 then 1 else log(-1*cells)) > 0", "cells > 0.5", NULL },
    };
    for (size_t c = 0; c < COUNT(cases); c++) {
        char text[2048];
        run_t r;
        snprintf(text, sizeof(text),
            "models: [axis, bone]\npopulation:\n  subjects: 3\n  eligible: \"%s\"\n"
            "times: {to: 100 day, every: 10 day}\narms:\n  ruled:\n    regimen:\n"
            "      - {drug: pill, dose: 2 mg, interval: 10 day, begin_if: \"%s\", visits: 10 day}\n",
            cases[c].eligible, cases[c].begin);
        run_unchecked(&r, text);
        CU_ASSERT_EQUAL(r.summary.failures, cases[c].message != NULL ? 3 : 0);
        CU_ASSERT_EQUAL(r.summary.not_eligible, c == 4 || c == 5 ? 3 : 0);
        if (cases[c].message != NULL) ost_assert_contains(r.message, cases[c].message);
        run_free(&r);
    }
}

/* What only the plan knows: names and dimensions of outputs. */
static void test_wrong_rules(void)
{
    static const struct {
        const char *line, *says;
        int code;
    } cases[] = {
        { "begin_if: \"bdm[hip] < 1 [g/cm2]\", visits: 1 month",
            "5:70: begin_if: unknown name 'bdm' (did you mean 'bmd'?)", OST_ERR_NAME },
        { "begin_if: \"bmd[hop] < 1 [g/cm2]\", visits: 1 month",
            "'hop' is not an element of site (did you mean 'hip'?)", OST_ERR_NAME },
        { "begin_if: \"bmd[hip] < 1\", visits: 1 month", "joins dimensions that differ", OST_ERR_UNIT },
        { "begin_if: \"bmd < 1 [g/cm2]\", visits: 1 month", "'bmd'", OST_ERR_NAME },
        { "end_if: \"bmd[hip]\", visits: 1 month", "a condition is expected", OST_ERR_SYNTAX },
        { "begin_if: \"cells < 1 and agee > 60 [y]\", visits: 1 month", "did you mean 'age'?", OST_ERR_NAME },
        { "begin_if: \"time > 3\", visits: 1 month", "joins dimensions that differ", OST_ERR_UNIT },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        run_t r;
        char text[1024], message[1024];
        ost_error_t err = { 0 };
        snprintf(text, sizeof(text),
            "models: [axis, bone]\npopulation: {covariates: {age: 60 year}}\ntimes: [1 day]\narms:\n"
            "  a: {regimen: [{drug: pill, dose: 2 mg, interval: 5 day, %s}]}\n",
            cases[i].line);
        CU_ASSERT_EQUAL(run_plan(&r, text, true, &err), cases[i].code);
        ost_assert_contains(ost_error_format(&err, message, sizeof(message)), cases[i].says);
        ost_assert_contains(message, "study.yaml:5:");
        run_free(&r);
    }
}

static const ost_test_t tests[] = {
    { "always_and_never", test_always_and_never },
    { "begins_where_the_course_says", test_begins_where_the_schedule_says },
    { "holidays", test_holidays },
    { "dropout", test_dropout },
    { "eligible", test_eligible },
    { "not_eligible_and_failed", test_not_eligible_and_failed },
    { "probes_of_eligible", test_probes_of_eligible },
    { "conditions_without_value", test_conditions_without_value },
    { "wrong_rules", test_wrong_rules },
};

OST_TEST_MAIN("rules", tests)
