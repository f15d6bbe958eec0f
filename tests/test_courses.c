/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Doses that people take each in their own way: missed ones, own starts, stops and intervals. The oracles are
 * sums of exponentials and runs in which nothing is decided. */
#include "courses_run.h"

static void test_missed_doses(void)
{
    run_t r;
    run(&r, PATCH "population: {subjects: 400, seed: 9}\ntimes: {to: 60 day, every: 2 day}\n"
                  "arms:\n"
                  "  all: {regimen: [{drug: patch, dose: 2 mg, interval: 1 day}]}\n"
                  "  half: {regimen: [{drug: patch, dose: 2 mg, interval: 1 day, adherence: 50 %}]}\n"
                  "  none: {regimen: [{drug: patch, dose: 2 mg, interval: 1 day, adherence: 0 %}]}\n");
    double sum = 0, all = schedule_of(&r, "all", 0, "patch_amount")[30];
    uint32_t purpose = ost_random_purpose("dose patch 0");
    for (size_t i = 0; i < 400; i++) {
        const double *y = schedule_of(&r, "half", i, "patch_amount");
        for (size_t k = 0; k < r.e.n_times && i < 20; k++) {
            double exact = 0;
            for (uint32_t d = 0; d < 60; d++)
                if (ost_random_uniform(9, i, purpose, d) < 0.5) exact += 2 * left(r.e.times[k], d);
            ost_assert_close(y[k], exact, 1e-6, 1e-7);
        }
        CU_ASSERT_EQUAL(schedule_of(&r, "none", i, "patch_amount")[30], 0);
        sum += y[30];
    }
    /* SD of one: 2 sqrt(1/4 sum exp(-0.2 k)) = 2.1; of the mean of 400: 0.11 */
    ost_assert_close(sum / 400, all / 2, 0, 0.4);
    run_free(&r);
}

/* Whatever the line looks like: a subject that takes all doses has those of all others, held where they repeat. */
static void test_full_adherence(void)
{
    static const char *const dosing[] = { "periodic", "exact" };
    for (int k = 0; k < 2; k++) {
        run_t r;
        char text[1024];
        snprintf(text, sizeof(text),
            BONE
            "solver: {dosing: %s}\npopulation:\n  subjects: 9\n"
            "  covariates: {zeal: {distribution: uniform, from: 0, to: 1}}\n"
            "times: {to: 80 day, every: 3 day}\narms:\n"
            "  plain: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day, stop: 60 day}]}\n"
            "  full: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day, stop: 60 day, adherence: 100 %%}]}\n"
            "  own: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day, stop: 60 day, adherence: 2*zeal/zeal - 1}]}\n"
            "  less: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day, stop: 60 day, adherence: zeal}]}\n",
            dosing[k]);
        run(&r, text);
        CU_ASSERT_EQUAL(r.plan.schedules->n, 2);
        CU_ASSERT_EQUAL(r.summary.stats.doses_skipped > 0, k == 0);
        check_same_arm(&r, "plain", &r, "full", true);
        check_same_arm(&r, "plain", &r, "own", true);
        check_same_arm(&r, "plain", &r, "less", false);
        run_free(&r);
    }
}

/* Doses that each subject misses, or that all differ, are not looked at for whether they repeat: nothing is averaged.
 */
static void test_irregular_doses_are_exact(void)
{
    static const char *const dosing[] = { "periodic", "exact" };
    uint64_t steps[2];
    for (int k = 0; k < 2; k++) {
        run_t r;
        char text[1024];
        snprintf(text, sizeof(text),
            BONE "solver: {dosing: %s}\npopulation: {subjects: 9}\ntimes: {to: 80 day, every: 3 day}\narms:\n"
                 "  missed: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day, adherence: 80 %%}]}\n"
                 "  differ: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day, inter_occasion: 40 %%}]}\n",
            dosing[k]);
        run(&r, text);
        for (size_t a = 0; a < 2; a++) CU_ASSERT_EQUAL(r.plan.timeline->arms[a].n_repeats, 0);
        CU_ASSERT_EQUAL(r.summary.stats.doses_skipped, 0);
        steps[k] = r.summary.stats.steps;
        run_free(&r);
    }
    CU_ASSERT_EQUAL(steps[0], steps[1]);
}

/* A line whose doses differ is not held where another is: every dose is given, at the amount it would have alone. */
static void test_occasions_are_not_held(void)
{
    run_t r[2];
    static const char *const dosing[] = { "periodic", "exact" };
    for (int k = 0; k < 2; k++) {
        char text[1024];
        snprintf(text, sizeof(text),
            BONE "solver: {dosing: %s, rtol: 1e-10}\npopulation:\n  subjects: 9\n"
                 "  covariates: {zeal: {distribution: uniform, from: 0.5, to: 1}}\n"
                 "times: {to: 80 day, every: 3 day}\narms:\n"
                 "  plain: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day}]}\n"
                 "  differ: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day, inter_occasion: 0.4*zeal}]}\n",
            dosing[k]);
        run(&r[k], text);
    }
    CU_ASSERT_EQUAL(r[0].plan.timeline->arms[1].n_repeats, 1);
    CU_ASSERT(r[0].summary.stats.doses_skipped > 9 * 20);
    CU_ASSERT(r[0].summary.stats.doses_skipped < 9 * 80);
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < r[0].e.n_times; k++)
            ost_assert_close(
                schedule_of(&r[0], "differ", i, "cells")[k], schedule_of(&r[1], "differ", i, "cells")[k], 1e-8, 0);
    run_free(&r[0]);
    run_free(&r[1]);
}

static void test_missed_infusions(void)
{
    run_t r;
    run(&r, PATCH "population: {subjects: 10, seed: 3}\ntimes: {to: 40 day, every: 1 day}\narms:\n"
                  "  own:\n    regimen:\n"
                  "      - {drug: patch, dose: 2 mg, interval: 5 day, duration: 2 day, adherence: 60 %}\n"
                  "      - {drug: patch, dose: 1 mg, interval: 4 day, duration: 4 day, adherence: 30 %}\n"
                  "      - {drug: patch, dose: 3 mg, interval: 10 day, duration: 1 day}\n");
    const double dose[] = { 2, 1, 3 }, interval[] = { 5, 4, 10 }, over[] = { 2, 4, 1 }, share[] = { 0.6, 0.3, 1 };
    size_t n_missed = 0;
    for (size_t i = 0; i < 10; i++) {
        for (size_t k = 0; k < r.e.n_times; k++) {
            double t = r.e.times[k], exact = 0;
            for (int line = 0; line < 3; line++) {
                char name[32];
                snprintf(name, sizeof(name), "dose patch %d", line);
                for (uint32_t d = 0; d * interval[line] < t; d++) {
                    bool taken = ost_random_uniform(3, i, ost_random_purpose(name), d) < share[line];
                    double on = t - d * interval[line], off = fmax(0, on - over[line]);
                    if (taken) exact += 10 * dose[line] / over[line] * (exp(-0.1 * off) - exp(-0.1 * on));
                    n_missed += !taken;
                }
            }
            ost_assert_close(schedule_of(&r, "own", i, "patch_amount")[k], exact, 1e-6, 1e-7);
        }
    }
    CU_ASSERT(n_missed > 100);
    run_free(&r);
}

/* A subject of a cohort has the bits of a run of it alone in which its times are those of all; held, too. */
static void test_own_times(void)
{
    run_t cohort, one;
    const char *text = BONE "population:\n  subjects: %d\n  first_subject: %d\n  covariates:\n"
                            "    switch_at: {distribution: uniform, from: 20 day, to: 70 day}\n"
                            "    lead: {distribution: exponential, mean: 30 day, max: 100 day}\n"
                            "run_in: {start: \"-lead - 100 [d]\"}\n"
                            "times: {to: 90 day, every: 3 day}\n"
                            "arms:\n  treated:\n    regimen:\n"
                            "      - {drug: pill, dose: 1 mg, interval: 1 day, start: %s, stop: %s}\n"
                            "      - {drug: patch, dose: 4 mg, interval: 10 day, start: %s}\n";
    char own[1024], plain[1024], start[40], stop[40];
    snprintf(own, sizeof(own), text, 9, 0, "-lead", "switch_at", "switch_at");
    run(&cohort, own);
    CU_ASSERT(cohort.summary.stats.doses_skipped > 100);
    for (int k = 0; k < 9; k++) {
        double covariates[2], params[64];
        CU_ASSERT_EQUAL_FATAL(ost_plan_subject(&cohort.plan, (uint64_t) k, covariates, params, NULL), 0);
        snprintf(start, sizeof(start), "%.17g d", -covariates[1]);
        snprintf(stop, sizeof(stop), "%.17g d", covariates[0]);
        snprintf(plain, sizeof(plain), text, 1, k, start, stop, stop);
        run(&one, plain);
        CU_ASSERT_EQUAL(one.plan.schedules->n, 0);
        for (size_t v = 0; v < one.plan.outputs->n_variables; v++) {
            const ost_variable_t *var = &one.plan.outputs->variables[v];
            size_t n = var->n_elements * one.e.n_times;
            CU_ASSERT(same_bits(
                schedule_of(&cohort, "treated", (size_t) k, var->name), schedule_of(&one, "treated", 0, var->name), n));
        }
        CU_ASSERT_EQUAL(cohort.began[k], -covariates[1]);
        CU_ASSERT_EQUAL(cohort.ended[k], covariates[0]);
        CU_ASSERT_EQUAL(cohort.began[9 + k], covariates[0]);
        CU_ASSERT(isnan(cohort.ended[9 + k]));
        run_free(&one);
    }
    run_free(&cohort);
}

/* Intervals and durations of the subject, one by one: sums of exponentials; a missed dose leaves the others where they
 * are. What is the same for all has the bits of a plain time, to rounding where doses are not held. */
static void test_own_intervals(void)
{
    run_t r;
    run(&r, PATCH "population:\n  subjects: 12\n  seed: 5\n  covariates:\n"
                  "    gap: {distribution: uniform, from: 3 day, to: 9 day}\n"
                  "    slow: {distribution: uniform, from: 10 %, to: 100 %}\n"
                  "times: {to: 60 day, every: 1 day}\narms:\n"
                  "  bolus: {regimen: [{drug: patch, dose: 2 mg, interval: gap, adherence: 70 %, stop: 50 day}]}\n"
                  "  drip: {regimen: [{drug: patch, dose: 3 mg, interval: gap, duration: slow*gap, start: 1 day}]}\n"
                  "  both: {regimen: [{drug: patch, dose: \"0.2 [mg/d]*gap\", interval: 5 day, duration: gap/3}]}\n"
                  "  once: {regimen: [{drug: patch, dose: 3 mg, duration: slow*gap}]}\n");
    const uint32_t purpose = ost_random_purpose("dose patch 0");
    for (size_t i = 0; i < 12; i++) {
        double own[2], params[64];
        CU_ASSERT_EQUAL_FATAL(ost_plan_subject(&r.plan, (uint64_t) i, own, params, NULL), 0);
        const double gap = own[0], over[3] = { own[1] * gap, gap / 3, own[1] * gap }, dose[3] = { 3, 0.2 * gap, 3 },
                     every[3] = { gap, 5, INFINITY }, first[3] = { 1, 0, 0 };
        static const char *const arms[] = { "drip", "both", "once" };
        for (size_t k = 0; k < r.e.n_times; k++) {
            const double t = r.e.times[k];
            double bolus = 0;
            for (uint32_t d = 0; d * gap < 50; d++)
                if (ost_random_uniform(5, i, purpose, d) < 0.7) bolus += 2 * left(t, d * gap);
            ost_assert_close(schedule_of(&r, "bolus", i, "patch_amount")[k], bolus, 1e-6, 1e-7);
            for (int a = 0; a < 3; a++) {
                double drip = 0;
                for (uint32_t d = 0; d == 0 || first[a] + d * every[a] < t; d++) {
                    double on = fmax(0, t - first[a] - (d > 0 ? d * every[a] : 0)), off = fmax(0, on - over[a]);
                    drip += 10 * dose[a] / over[a] * (exp(-0.1 * off) - exp(-0.1 * on));
                }
                ost_assert_close(schedule_of(&r, arms[a], i, "patch_amount")[k], drip, 1e-6, 1e-7);
            }
        }
    }
    run_free(&r);
}

/* Where visits begin the doses, and at a steady state: those of a plain interval. */
static void test_own_intervals_elsewhere(void)
{
    run_t r;
    run(&r, "models: [patch]\nsolver: {rtol: 1e-9, dosing: exact}\noutputs: [patch_amount]\n"
            "population: {subjects: 3, covariates: {gap: 4 day, long: 1 day}}\n"
            "times: {to: 60 day, every: 3 day}\narms:\n"
            "  a: {regimen: [{drug: patch, dose: 2 mg, interval: 4 day, begin_if: \"time > 9 [d]\", visits: 5 day}]}\n"
            "  b: {regimen: [{drug: patch, dose: 2 mg, interval: gap, begin_if: \"time > 9 [d]\", visits: 5 day}]}\n"
            "  c: {regimen: [{drug: patch, dose: 2 mg, interval: 4 day, steady_state: true}]}\n"
            "  d: {regimen: [{drug: patch, dose: 2 mg, interval: gap, steady_state: true}]}\n"
            "  e: {regimen: [{drug: patch, dose: 2 mg, interval: 4 day, duration: 1 day, steady_state: true}]}\n"
            "  f: {regimen: [{drug: patch, dose: 2 mg, interval: gap, duration: long, steady_state: true}]}\n");
    check_same_arm(&r, "a", &r, "b", true);
    CU_ASSERT(schedule_of(&r, "b", 0, "patch_amount")[20] > 1);
    for (size_t k = 0; k < r.e.n_times; k++) {
        ost_assert_close(
            schedule_of(&r, "d", 1, "patch_amount")[k], schedule_of(&r, "c", 1, "patch_amount")[k], 0, 1e-7);
        ost_assert_close(
            schedule_of(&r, "f", 1, "patch_amount")[k], schedule_of(&r, "e", 1, "patch_amount")[k], 0, 1e-7);
    }
    run_free(&r);
}

#define MIXED                                                                                                          \
    "models: [axis, bone]\nrun_in: {start: -50 day}\n"                                                                 \
    "population:\n  subjects: %s\n  first_subject: %s\n  covariates:\n"                                                \
    "    leaving: {distribution: exponential, mean: 60 day}\n"                                                         \
    "    zeal: {distribution: uniform, from: 0.3, to: 1}\n"                                                            \
    "times: {to: 100 day, every: %s}\narms:\n"
#define MIXED_ONE                                                                                                      \
    "  one:\n    regimen:\n"                                                                                           \
    "      - {drug: pill, dose: 1 mg, interval: 1 day, stop: leaving}\n"                                               \
    "      - {drug: patch, dose: 2 mg, interval: 6 day, duration: 1 h, start: 6 day, visits: 12 day,\n"                \
    "         begin_if: \"bmd[hip] < 0.97 [g/cm2]\", end_if: \"bmd[hip] > 1 [g/cm2]\", adherence: zeal}\n"
#define MIXED_TWO "  two:\n    regimen: [{drug: pill, dose: 1 mg, interval: 1 day, start: leaving, adherence: zeal}]\n"

static void run_mixed(run_t *self, const char *arms, const char *n, const char *first, const char *every, int threads)
{
    char text[2048];
    const ost_cohort_options_t options = { .n_threads = threads, .no_probe = threads == 1 };
    snprintf(text, sizeof(text), MIXED "%s", n, first, every, arms);
    run_with(self, text, true, &options, NULL);
    CU_ASSERT_EQUAL(self->summary.failures, 0);
}

/* The promises: threads, batch mates, shards, order of arms, output times, the probes. */
static void test_bits(void)
{
    run_t whole, other;
    run_mixed(&whole, MIXED_ONE MIXED_TWO, "200", "0", "4 day", 1);
    run_mixed(&other, MIXED_TWO MIXED_ONE, "200", "0", "4 day", 3);
    size_t n_begun = 0;
    check_same_arm(&whole, "one", &other, "one", true);
    check_same_arm(&whole, "two", &other, "two", true);
    for (size_t i = 0; i < 200; i++) {
        n_begun += isnan(whole.began[200 + i]) ? 0 : 1;
        CU_ASSERT(same_bits(&whole.began[200 + i], &other.began[400 + i], 1)); /* patch of the first arm and the last */
        CU_ASSERT(same_bits(&whole.ended[200 + i], &other.ended[400 + i], 1));
    }
    CU_ASSERT(n_begun > 20 && n_begun < 180);
    run_free(&other);
    run_mixed(&other, MIXED_ONE MIXED_TWO, "7", "131", "2 day", 1);
    for (size_t i = 0; i < 7; i++) {
        const double *a = schedule_of(&whole, "one", 131 + i, "cells"), *b = schedule_of(&other, "one", i, "cells");
        for (size_t k = 0; k < whole.e.n_times; k++) CU_ASSERT_EQUAL(a[k], b[2 * k]);
        CU_ASSERT(same_bits(&whole.began[331 + i], &other.began[7 + i], 1));
    }
    run_free(&whole);
    run_free(&other);
}

/* All steppers decide alike. */
static void test_steppers(void)
{
    run_t r[OST_N_STEPPERS];
    for (int s = 0; s < OST_N_STEPPERS; s++) {
        char text[1024];
        snprintf(text, sizeof(text),
            "models: [axis, bone]\npopulation: {subjects: 12}\ntimes: {to: 100 day, every: 20 day}\n"
            "solver: {stepper: %s, rtol: 1e-9}\narms:\n  ruled:\n    regimen:\n"
            "      - {drug: pill, dose: 2 mg, interval: 1 day, visits: 10 day, adherence: 70 %%,\n"
            "         begin_if: \"bmd[hip] < 0.95 [g/cm2]\", end_if: \"bmd[hip] < 0.85 [g/cm2]\"}\n",
            ost_steppers[s].name);
        run(&r[s], text);
        for (size_t i = 0; i < 12; i++) {
            CU_ASSERT(same_bits(&r[s].began[i], &r[0].began[i], 1));
            CU_ASSERT(same_bits(&r[s].ended[i], &r[0].ended[i], 1));
            const double *y = schedule_of(&r[s], "ruled", i, "cells"), *z = schedule_of(&r[0], "ruled", i, "cells");
            for (size_t k = 0; k < 6; k++) ost_assert_close(y[k], z[k], 1e-6, 0);
        }
    }
    for (int s = 0; s < OST_N_STEPPERS; s++) run_free(&r[s]);
}

/* The distribution function of what is drawn, at its quartiles. */
static void test_exponential(void)
{
    run_t r;
    run(&r, "models: [axis, bone]\npopulation:\n  subjects: 2000\n  sampling: latin_hypercube\n  covariates:\n"
            "    a: {distribution: exponential, mean: 60 day}\n"
            "    b: {distribution: exponential, mean: 60 day, min: 30 day, max: 90 day}\n"
            "times: [0 day]\narms: {control: {}}\n");
    int below[2] = { 0 };
    double largest = 0, smallest = INFINITY, sum = 0;
    for (size_t i = 0; i < 2000; i++) {
        double x[2], params[64];
        CU_ASSERT_EQUAL_FATAL(ost_plan_subject(&r.plan, i, x, params, NULL), 0);
        below[0] += x[0] < 60 * log(4.0 / 3);
        below[1] += x[1] < 30 - 60 * log1p(-0.25 * (1 - exp(-1)));
        sum += x[0];
        largest = fmax(largest, x[1]);
        smallest = fmin(smallest, x[1]);
    }
    CU_ASSERT(abs(below[0] - 500) <= 1);
    CU_ASSERT(abs(below[1] - 500) <= 1);
    ost_assert_close(sum / 2000, 60, 0.005, 0);
    CU_ASSERT(smallest >= 30 && smallest < 30.1 && largest <= 90 && largest > 89.8);
    run_free(&r);
}

/* What began and ended is in the file, also of a run that went on with another's half. */
static void test_results_file(void)
{
    char path[] = "test_courses_XXXXXX", part[64], text[2048];
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    run_t r;
    ost_error_t err = { 0 };
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true };
    snprintf(text, sizeof(text), MIXED "  control: {}\n%s", "150", "0", "10 day", MIXED_ONE);
    run_with(&r, text, true, &options, path);
    CU_ASSERT_EQUAL(r.summary.failures, 0);
    double values[150];
    for (int pass = 0; pass < 2; pass++) {
        ost_results_t *file;
        CU_ASSERT_EQUAL_FATAL(ost_results_open(&file, path, &err), 0);
        CU_ASSERT_EQUAL_FATAL(file->schedules.n, 2);
        CU_ASSERT_STRING_EQUAL(file->schedules.items[0], "pill");
        CU_ASSERT_STRING_EQUAL(file->schedules.items[1], "patch");
        for (size_t c = 0; c < 2; c++) {
            CU_ASSERT_EQUAL(ost_results_read_schedule(file, c, 1, false, values, &err), 0);
            CU_ASSERT(same_bits(values, r.began + c * 150, 150));
            CU_ASSERT_EQUAL(ost_results_read_schedule(file, c, 1, true, values, &err), 0);
            CU_ASSERT(same_bits(values, r.ended + c * 150, 150));
        }
        CU_ASSERT_EQUAL(ost_results_read_schedule(file, 2, 1, true, values, &err), OST_ERR_VALUE);
        CU_ASSERT_EQUAL(ost_results_read_schedule(file, 1, 0, false, values, &err), 0);
        for (size_t i = 0; i < 150; i++) CU_ASSERT(isnan(values[i])); /* an arm without that line */
        ost_results_close(file);
        /* the second time from what a journal holds that was closed */
        if (pass > 0) continue;
        ost_journal_close(r.journal);
        CU_ASSERT_EQUAL_FATAL(
            ost_journal_open(&r.journal, path, &r.whole, 1, (ost_shard_t){ 0 }, OST_JOURNAL_RESUME, &err), 0);
        CU_ASSERT_EQUAL(ost_journal_part(r.journal, 0)->n_resumed, 150);
        unlink(path);
        CU_ASSERT_EQUAL(ost_results_write(r.journal, path, &err), 0);
    }
    run_free(&r);
    unlink(path);
    snprintf(part, sizeof(part), "%s.part", path);
    unlink(part);
}

/* A person whose own times make no sense fails alone. */
static void test_wrong_people(void)
{
    run_t r;
    const char *text = "models: [axis, bone]\npopulation:\n  subjects: 50\n  covariates:\n"
                       "    luck: {distribution: uniform, from: -1, to: 1}\n"
                       "times: [1 day]\narms:\n"
                       "  a: {regimen: [{drug: pill, dose: 2 mg, %s}]}\n  b: {}\n";
    static const struct {
        const char *line, *says;
        double lower, upper; /* of luck without fault */
    } lines[] = {
        { "interval: 1 day, adherence: 0.5 + luck", "adherence of 'pill' is", -0.5, 0.5 },
        { "interval: 1 day, stop: \"log(luck)*1 [d]\"", "start or stop of 'pill' is not a number", 0, 1 },
        { "interval: \"luck*3 [d]\"", "arm 'a': the interval of 'pill' is -", 0, 1 },
        { "interval: \"if luck > 0 then 1 [d] else 1e-7 [d]\"", "1e-07 d: more than 1000000 doses", 0, 1 },
        { "interval: \"-log(luck)*1 [d]\"", "the interval of 'pill' is not a number", 0, 1 },
        { "interval: 9 day, duration: \"luck*3 [d]\"", "the duration of 'pill' is -", 0, 1 },
        { "duration: \"-log(luck)*1 [d]\"", "the duration of 'pill' is not a number", 0, 1 },
        { "interval: \"1 [d] + luck*1 [d]\", duration: 1 day", "infusions of 'pill' would overlap: 1 d over every 0.",
            0, 1 },
    };
    for (size_t k = 0; k < COUNT(lines); k++) {
        char made[1024];
        snprintf(made, sizeof(made), text, lines[k].line);
        run_unchecked(&r, made);
        ost_assert_contains(r.message, lines[k].says);
        size_t n_wrong = 0;
        for (size_t i = 0; i < 50; i++) {
            double luck, params[64];
            CU_ASSERT_EQUAL_FATAL(ost_plan_subject(&r.plan, i, &luck, params, NULL), 0);
            n_wrong += luck < lines[k].lower || luck > lines[k].upper;
        }
        CU_ASSERT_EQUAL(r.summary.failures, 2 * n_wrong);
        CU_ASSERT(n_wrong > 10 && n_wrong < 40);
        run_free(&r);
    }
}

/* The shipped models: a subject that stops on a day of its own, held before, has the bits of the same for all. */
static void test_shipped(void)
{
    run_t own, plain;
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true };
    const char *text = "models: [hormones, aibl]\nrun_in: {start: -5 year}\npopulation:\n  subjects: 8\n"
                       "  covariates: {stay: 400 day, share: 1}\ntimes: {to: 2 year, every: 1 month}\narms:\n"
                       "  a:\n    regimen:\n      - {drug: anastrozole, dose: 1 mg, interval: 1 day, stop: %s%s}\n"
                       "      - {drug: zoledronic_acid, dose: 4 mg, interval: 6 month, duration: 15 min, start: %s}\n";
    char a[1024], b[1024];
    snprintf(a, sizeof(a), text, "stay", ", adherence: share", "\"stay - 100 [d]\"");
    snprintf(b, sizeof(b), text, "400 day", "", "300 day");
    run_with(&own, a, false, &options, NULL);
    CU_ASSERT_EQUAL(own.summary.failures, 0);
    run_with(&plain, b, false, &options, NULL);
    CU_ASSERT_EQUAL(plain.summary.failures, 0);
    CU_ASSERT_EQUAL(own.plan.schedules->n, 2);
    CU_ASSERT(own.summary.stats.doses_skipped > 8 * 300);
    CU_ASSERT_EQUAL(own.summary.stats.steps, plain.summary.stats.steps);
    check_same_arm(&own, "a", &plain, "a", true);
    run_free(&own);
    run_free(&plain);
}

static const ost_test_t tests[] = {
    { "missed_doses", test_missed_doses },
    { "full_adherence", test_full_adherence },
    { "occasions_are_not_held", test_occasions_are_not_held },
    { "irregular_doses_are_exact", test_irregular_doses_are_exact },
    { "missed_infusions", test_missed_infusions },
    { "own_times", test_own_times },
    { "own_intervals", test_own_intervals },
    { "own_intervals_elsewhere", test_own_intervals_elsewhere },
    { "bits", test_bits },
    { "steppers", test_steppers },
    { "exponential", test_exponential },
    { "results_file", test_results_file },
    { "wrong_people", test_wrong_people },
    { "shipped", test_shipped },
};

OST_TEST_MAIN("courses", tests)
