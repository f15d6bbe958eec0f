/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped trial, end to end: error of the default tolerances against very tight ones, of periodic against exact
 * dosing, and the promise that bits do not depend on threads, cohort size or output grid. OST_ACCURACY_SUBJECTS
 * (default 8) sets how many women and OST_ACCURACY_RTOL (default 1e-9) what counts as exact; `scripts/prove accuracy`
 * takes 256 and 1e-12. */
#include "whole_run.h"

#include <gsl/gsl_errno.h>

#define ATAC CONFIG("atac")

/* Largest relative difference of BMD between two runs of the same women on the same grid. */
static double bmd_difference(const run_t *a, const run_t *b)
{
    const ost_variable_t *bmd = variable(a, "bmd");
    double largest = 0;
    for (size_t arm = 0; arm < a->experiment.n_arms; arm++) {
        for (size_t subject = 0; subject < a->experiment.n_subjects; subject++) {
            for (uint32_t e = 0; e < bmd->n_elements; e++) {
                const double *ya = series(a, arm, subject, bmd->first + e),
                             *yb = series(b, arm, subject, bmd->first + e);
                for (size_t k = 0; k < a->experiment.n_times; k++) {
                    const double difference = fabs(ya[k] / yb[k] - 1);
                    if (!(difference <= largest)) largest = difference;
                }
            }
        }
    }
    return largest;
}

static void override_from(char text[64], const char *key, const char *variable_name, const char *standard)
{
    const char *value = getenv(variable_name);
    snprintf(text, 64, "%s=%s", key, value != NULL ? value : standard);
}

static void test_default_tolerance(void)
{
    char subjects[64], rtol[64];
    override_from(subjects, "population.subjects", "OST_ACCURACY_SUBJECTS", "8");
    override_from(rtol, "solver.rtol", "OST_ACCURACY_RTOL", "1e-9");
    const char *loose[] = { subjects, "solver.dosing=exact" }, *tight[] = { subjects, "solver.dosing=exact", rtol };
    run_t a, b;
    run_init(&a, ATAC, loose, 2, 0, false);
    run_init(&b, ATAC, tight, 3, 0, false);
    const double error = bmd_difference(&a, &b);
    printf(" largest relative BMD error at default tolerances against %s: %.2e (%lu women)", rtol, error,
        (unsigned long) a.experiment.n_subjects);
    CU_ASSERT(error <= 1e-7);
    CU_ASSERT(error > 0);
    run_free(&a);
    run_free(&b);
}

static void test_periodic_against_exact(void)
{
    char subjects[64];
    override_from(subjects, "population.subjects", "OST_ACCURACY_SUBJECTS", "8");
    const char *periodic[] = { subjects }, *exact[] = { subjects, "solver.dosing=exact" };
    run_t a, b;
    run_init(&a, ATAC, periodic, 1, 0, false);
    run_init(&b, ATAC, exact, 2, 0, false);
    const double points = 100 * bmd_difference(&a, &b);
    printf(" largest BMD difference of periodic from exact dosing: %.2e percentage points", points);
    CU_ASSERT(points < 1e-3);
    CU_ASSERT(points > 0);
    CU_ASSERT(a.summary.stats.doses_skipped > 0);
    CU_ASSERT_EQUAL(b.summary.stats.doses_skipped, 0);
    run_free(&a);
    run_free(&b);
}

/* What a run prints of its dosing is, to a factor of ten, how far its women are off: also by a drug that begins late,
 * by a rule or for a while, or two of them. */
static void test_printed_error(void)
{
#define COURSE(from, to) "{drug: exemestane, dose: 25 mg, interval: 1 day, start: " #from " day, stop: " #to " day}"
    static const char *const lines[] = {
        "{drug: anastrozole, dose: 1 mg, interval: 1 day, stop: 1 year}, "
        "{drug: raloxifene, dose: 60 mg, interval: 1 day, start: 2 year, stop: 4 year}",
        "{drug: estradiol_oral, dose: 1 mg, interval: 1 day, start: 100 day}",
        "{drug: estradiol_oral, dose: 1 mg, interval: 1 day, begin_if: \"time > 1 [year]\", visits: 100 day, "
        "delay: 2 week}",
        "{drug: anastrozole, dose: 1 mg, interval: 1 day}, "
        "{drug: raloxifene, dose: 60 mg, interval: 1 day, start: \"1 [year] + 10 [d]\", stop: 2 year}",
        "{drug: exemestane, dose: 25 mg, interval: 1 day, start: 0.37 year}",
        COURSE(0, 60) ", " COURSE(100, 160) ", " COURSE(200, 260) ", " COURSE(300, 360) ", " COURSE(
            400, 460) ", " COURSE(500, 560) ", " COURSE(600, 660) ", " COURSE(700, 760) ", " COURSE(800,
            860) ", " COURSE(900, 960) ", " COURSE(1000, 1060) ", " COURSE(1100, 1160) ", " COURSE(1200, 1260),
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char arms[1600];
        snprintf(arms, sizeof(arms), "arms={anastrozole: {regimen: [%s]}}", lines[i]);
        const char *models = "models=[hormones, aibl, anastrozole, raloxifene, estradiol_oral, exemestane]";
        const char *periodic[] = { "population.subjects=64", "times={to: 4 year, every: 1 month}", models, arms,
            "solver.dosing=periodic" };
        const char *exact[] = { periodic[0], periodic[1], models, arms, "solver.dosing=exact" };
        run_t a, b;
        run_init(&a, CONFIG("aromatase_inhibitor"), periodic, 5, 0, true);
        run_init(&b, CONFIG("aromatase_inhibitor"), exact, 5, 0, false);
        const ost_variable_t *bmd = variable(&a, "bmd");
        double printed = 0;
        for (uint32_t e = 0; e < bmd->n_elements; e++)
            printed = fmax(printed, ost_cohort_summary_periodic_error(&a.summary, bmd->first + e));
        const double points = 100 * bmd_difference(&a, &b), share = a.summary.periodic_share;
        printf(
            " printed %.2e %% by %.2g %% of the doses, largest BMD difference %.2e %%\n", printed, 100 * share, points);
        CU_ASSERT_EQUAL(a.summary.n_periodic_probed, 8);
        CU_ASSERT(share > 0.02 && share < 1);
        CU_ASSERT(printed > 0.1 * points && printed < 10 * points);
        run_free(&a);
        run_free(&b);
    }
}

/* What reads a drug that comes and goes within a day, and later responds to it otherwise: oral estradiol while a GnRH
 * agonist lowers the ovaries' own. No factor of its mean will do (2e-3). */
static void test_two_levels(void)
{
    const char *periodic[] = { "population.subjects=64" }, *exact[] = { periodic[0], "solver.dosing=exact" };
    run_t a, b;
    run_init(&a, CONFIG("trials/franke2000"), periodic, 1, 0, false);
    run_init(&b, CONFIG("trials/franke2000"), exact, 2, 0, false);
    const double error = bmd_difference(&a, &b);
    printf(" largest relative BMD error %.2e", error);
    CU_ASSERT(error < 4e-4);
    CU_ASSERT(error > 0);
    run_free(&a);
    run_free(&b);
}

/* Largest difference of an output in one subject, in percent of its exact maximum; where nothing is observed, none. */
static double largest_difference(const run_t *a, const run_t *b, uint32_t row)
{
    double most = 0;
    for (size_t arm = 0; arm < a->experiment.n_arms; arm++)
        for (size_t subject = 0; subject < a->experiment.n_subjects; subject++) {
            const double *ya = series(a, arm, subject, row), *yb = series(b, arm, subject, row);
            double off = 0, largest = 0;
            for (size_t t = 0; t < a->experiment.n_times && !isnan(yb[t]); t++) {
                off = fmax(off, 100 * fabs(ya[t] - yb[t]));
                largest = fmax(largest, fabs(yb[t]));
            }
            if (largest > 0) most = fmax(most, off / largest);
        }
    return most;
}

/* So is what it prints of outputs that a dose moves within days, where these are few. */
static void test_printed_error_of_few_outputs(void)
{
    const char *periodic[] = { "population.subjects=64", "times=[0 month, 60 month, 84 month]" };
    const char *exact[] = { periodic[0], periodic[1], "solver.dosing=exact" };
    run_t a, b;
    run_init(&a, CONFIG("aromatase_inhibitor"), periodic, 2, 0, true);
    run_init(&b, CONFIG("aromatase_inhibitor"), exact, 3, 0, false);
    const uint32_t row = variable(&a, "estradiol")->first;
    const double off = largest_difference(&a, &b, row);
    printf(" printed %.2e %%, largest difference of estradiol %.2e %%",
        ost_cohort_summary_periodic_error(&a.summary, row), off);
    CU_ASSERT(off > 0.1);
    CU_ASSERT(ost_cohort_summary_periodic_error(&a.summary, row) > 0.1 * off &&
              ost_cohort_summary_periodic_error(&a.summary, row) < 10 * off);
    run_free(&a);
    run_free(&b);
}

/* A daily dose that moves what others read within an hour takes a step or two, and not seven, at no loss: of a drug on
 * estradiol, a forced state, and of two that bone reads themselves. */
static void test_daily_doses(void)
{
    static const struct {
        const char *drug, *dose;
        double error;
    } daily[] = { { "anastrozole", "1 mg", 2e-7 }, { "teriparatide", "20 ug", 4e-6 }, { "risedronate", "5 mg", 4e-7 } };
    for (size_t i = 0; i < sizeof(daily) / sizeof(daily[0]); i++) {
        char arms[160], models[80];
        snprintf(arms, sizeof(arms), "arms={anastrozole: {regimen: [{drug: %s, dose: %s, interval: 1 day}]}}",
            daily[i].drug, daily[i].dose);
        snprintf(models, sizeof(models), "models=[hormones, aibl, %s]", daily[i].drug);
        const char *loose[] = { "population.subjects=8", "times={to: 1 year, every: 1 month}", arms, models,
            "solver.dosing=exact", "solver.rtol=1e-4" };
        const char *tight[] = { loose[0], loose[1], arms, models, loose[4], "solver.rtol=1e-10" };
        run_t a, b;
        run_init(&a, CONFIG("aromatase_inhibitor"), loose, 6, 0, false);
        run_init(&b, CONFIG("aromatase_inhibitor"), tight, 6, 0, false);
        const double error = bmd_difference(&a, &b), steps = (double) a.summary.stats.steps / (8 * 365.0);
        printf(" %s: %.2f steps a dose, largest relative BMD error %.2e", daily[i].drug, steps, error);
        CU_ASSERT(steps < 2);
        CU_ASSERT(error < daily[i].error);
        run_free(&a);
        run_free(&b);
    }
}

/* Within steps of several panels a forced state is that of an explicit method, which has none. */
static void test_within_panels(void)
{
    const char *with[] = { "population.subjects=1", "times={to: 20 day, every: 1 hour}", "solver.dosing=exact",
        "solver.stepper=rodas5p" };
    const char *without[] = { with[0], with[1], with[2], "solver.stepper=tsit5" };
    run_t a, b;
    run_init(&a, CONFIG("aromatase_inhibitor"), with, 4, 0, false);
    run_init(&b, CONFIG("aromatase_inhibitor"), without, 4, 0, false);
    const uint32_t element = variable(&a, "estradiol")->first;
    double largest = 0;
    for (size_t arm = 0; arm < a.experiment.n_arms; arm++) {
        const double *x = series(&a, arm, 0, element), *y = series(&b, arm, 0, element);
        for (size_t k = 0; k < a.experiment.n_times; k++) largest = fmax(largest, fabs(x[k] / y[k] - 1));
    }
    printf(" largest relative difference of estradiol %.2e, %.1f steps a day", largest,
        (double) a.summary.stats.steps / (20.0 * (double) a.experiment.n_arms));
    CU_ASSERT(largest < 1e-6);
    run_free(&a);
    run_free(&b);
}

/* Where steps of several panels are tried and fail, those of one are as they would have been. */
static void test_sharp_doses(void)
{
    const char *loose[] = { "population.subjects=4", "times={to: 1 year, every: 1 month}", "population.eligible=~",
        "solver.dosing=exact" };
    const char *tight[] = { loose[0], loose[1], loose[2], loose[3], "solver.rtol=1e-10" };
    run_t a, b;
    run_init(&a, OST_SOURCE_DIR "/configs/trials/body2002.yaml", loose, 4, 0, false);
    run_init(&b, OST_SOURCE_DIR "/configs/trials/body2002.yaml", tight, 5, 0, false);
    const double error = bmd_difference(&a, &b);
    const double rejected = (double) a.summary.stats.rejected / (double) a.summary.stats.steps;
    printf(" largest relative BMD error %.2e, %.1f %% of steps rejected", error, 100 * rejected);
    CU_ASSERT(error < 5e-7);
    CU_ASSERT(rejected < 0.02);
    run_free(&a);
    run_free(&b);
}

/* A condition on the drug holds for 0.176 of each day: amount 2 (exp(-10 t) - exp(-20 t)) mg, above 0.25 mg where
 * exp(-10 t) is within 1/2 +- 1/sqrt(8). Steps of several panels span such a day. */
static void test_threshold(void)
{
    const double share = log((0.5 + sqrt(0.125)) / (0.5 - sqrt(0.125))) / 10, rise = -expm1(-3.65);
    run_t run;
    run_init(&run, OST_SOURCE_DIR "/tests/threshold.yaml", NULL, 0, 0, false);
    const double *x = series(&run, 0, 0, variable(&run, "bmd")->first);
    ost_assert_close(
        x[run.experiment.n_times - 1], 1 + share * rise, 0, 0.005 * share); /* within a day of the last dose */
    CU_ASSERT(run.summary.stats.steps > 2 * 365);
    run_free(&run);
}

static void test_same_bits(void)
{
    const char *small[] = { "population.subjects=66" }, *large[] = { "population.subjects=130" };
    run_t a, b, c;
    run_init(&a, ATAC, small, 1, 1, false);
    run_init(&b, ATAC, small, 1, 5, false);
    run_init(&c, ATAC, large, 1, 2, false);
    const size_t per_subject = a.plan.system->n_outputs * a.experiment.n_times * sizeof(double);
    bool threads = true, size = true;
    for (size_t arm = 0; arm < a.experiment.n_arms; arm++) {
        for (size_t subject = 0; subject < 66; subject++) {
            const double *ya = series(&a, arm, subject, 0);
            threads &= memcmp(ya, series(&b, arm, subject, 0), per_subject) == 0;
            size &= memcmp(ya, series(&c, arm, subject, 0), per_subject) == 0;
        }
    }
    CU_ASSERT(threads);
    CU_ASSERT(size);
    run_free(&b);
    run_free(&c);

    /* The same times and fifteen between any two of them. */
    const char *fine[] = { "population.subjects=66", "times={from: 0 month, to: 84 month, every: 0.0625 month}" };
    run_init(&c, ATAC, fine, 2, 2, false);
    CU_ASSERT_EQUAL_FATAL(c.experiment.n_times, 16 * (a.experiment.n_times - 1) + 1);
    bool grid = true;
    for (size_t arm = 0; arm < a.experiment.n_arms; arm++) {
        for (size_t subject = 0; subject < 66; subject++) {
            for (size_t row = 0; row < a.plan.system->n_outputs; row++) {
                for (size_t i = 0; i < a.experiment.n_times; i++)
                    grid &= memcmp(&series(&a, arm, subject, row)[i], &series(&c, arm, subject, row)[16 * i],
                                sizeof(double)) == 0;
            }
        }
    }
    CU_ASSERT(grid);
    run_free(&a);
    run_free(&c);
}

/* ... of all women, one of whom varies from dose to dose five times as much as any of those who are run again. */
static void test_printed_error_of_all(void)
{
    const char *periodic[] = { "population.subjects=320", "times=[0 month, 6 month]" };
    const char *exact[] = { periodic[0], periodic[1], "solver.dosing=exact" };
    run_t a, b;
    run_init(&a, CONFIG("trials/greenspan2015"), periodic, 2, 0, true);
    run_init(&b, CONFIG("trials/greenspan2015"), exact, 3, 0, false);
    const uint32_t row = variable(&a, "bmd")->first;
    const double error = ost_cohort_summary_periodic_error(&a.summary, row), off = largest_difference(&a, &b, row);
    printf(" printed %.2e %%, largest difference of BMD %.2e %%, %.2e %% in women run again", error, off,
        a.summary.periodic_error[row]);
    CU_ASSERT(a.summary.stats.ripple > 5 * a.summary.ripple_probed);
    CU_ASSERT(error > 0.1 * off && error < 10 * off);
    CU_ASSERT(a.summary.periodic_error[row] < 0.2 * off);
    run_free(&a);
    run_free(&b);
}

static const ost_test_t tests[] = {
    { "default_tolerance", test_default_tolerance },
    { "periodic_against_exact", test_periodic_against_exact },
    { "printed_error_of_dosing", test_printed_error },
    { "printed_error_of_few_outputs", test_printed_error_of_few_outputs },
    { "printed_error_of_all", test_printed_error_of_all },
    { "drives_at_two_levels", test_two_levels },
    { "steps_of_daily_doses", test_daily_doses },
    { "within_panels", test_within_panels },
    { "steps_of_doses_that_fade_fast", test_sharp_doses },
    { "threshold_within_a_step", test_threshold },
    { "same_bits", test_same_bits },
};

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    return ost_test_main(argc, argv, "accuracy", tests, sizeof(tests) / sizeof(tests[0]));
}
