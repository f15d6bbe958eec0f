/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fractures in the shipped trials: ratios of arms inside the limits that the trials printed, what follows denosumab,
 * and the population's hazard in untreated women. */
#include "whole_run.h"

static run_t trial;

static void begin(const char *path, const char *subjects)
{
    const char *few[] = { subjects };
    run_init(&trial, path, few, 1, 2, false);
}

/* Mean over eligible subjects of an output at a month. */
static double mean_of(const char *arm_name, const char *output, size_t element, double month)
{
    size_t arm = 0, time = 0;
    while (strcmp(trial.experiment.arms[arm].name, arm_name) != 0) arm++;
    while (trial.experiment.times[time] < month * OST_DAYS_PER_MONTH - 1) time++;
    double sum = 0, n = 0;
    for (size_t i = 0; i < trial.experiment.n_subjects; i++) {
        double x = series(&trial, arm, i, variable(&trial, output)->first + element)[time];
        if (isnan(x)) continue;
        sum += x;
        n++;
    }
    CU_ASSERT(n >= 30);
    return sum / n;
}

/* Cumulative hazard that gives an incidence in percent. */
static double cumulative(const char *arm, const char *output, size_t element, double month)
{
    return -log1p(-0.01 * mean_of(arm, output, element, month));
}

/* The ratio of arms lies inside the 95 % limits of the trial. */
static void test_ratios_of_trials(void)
{
    static const struct {
        const char *path, *subjects, *arm, *control, *output;
        size_t element;
        double month, lower, upper;
    } cases[] = {
#define FREEDOM CONFIG("trials/freedom_fractures"), "population.subjects=300", "denosumab", "placebo"
        /* Cummings 2009 N Engl J Med 361:756 */
        { FREEDOM, "radiographic_incidence", 0, 36, 0.26, 0.41 },
        { FREEDOM, "fracture_incidence", 1, 36, 0.37, 0.97 },
        { FREEDOM, "nonvertebral_incidence", 0, 36, 0.67, 0.95 },
#define FIT CONFIG("trials/fit_vertebral_fractures"), "population.subjects=160", "alendronate", "placebo"
        /* Black 1996 Lancet 348:1535 */
        { FIT, "radiographic_incidence", 0, 36, 0.41, 0.68 },
        { FIT, "fracture_incidence", 0, 36, 0.27, 0.72 },
        { FIT, "any_fracture_incidence", 0, 36, 0.58, 0.90 },
        /* Cummings 1998 JAMA 280:2077: predicted */
        { CONFIG("trials/fit_clinical_fractures"), "population.subjects=160", "alendronate", "placebo",
            "radiographic_incidence", 0, 48, 0.39, 0.80 },
#define HORIZON CONFIG("trials/horizon_fractures"), "population.subjects=160", "zoledronic_acid", "placebo"
        /* Black 2007 N Engl J Med 356:1809: predicted; its ratio for vertebrae, 0.24 to 0.38, is missed, fracture.md */
        { HORIZON, "fracture_incidence", 1, 36, 0.42, 0.83 },
        { HORIZON, "nonvertebral_incidence", 0, 36, 0.64, 0.87 },
        /* Gnant 2015 Lancet 386:433: predicted */
        { CONFIG("trials/abcsg18_fractures"), "population.subjects=200", "denosumab", "placebo",
            "any_fracture_incidence", 0, 84, 0.39, 0.65 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (i == 0 || strcmp(cases[i].path, cases[i - 1].path) != 0) {
            if (i > 0) run_free(&trial);
            begin(cases[i].path, cases[i].subjects);
        }
        double ratio = cumulative(cases[i].arm, cases[i].output, cases[i].element, cases[i].month) /
                       cumulative(cases[i].control, cases[i].output, cases[i].element, cases[i].month);
        if (ratio < cases[i].lower || ratio > cases[i].upper)
            printf("\n%s %s: %.2f\n", cases[i].path, cases[i].output, ratio);
        CU_ASSERT(ratio >= cases[i].lower && ratio <= cases[i].upper);
    }
    run_free(&trial);
}

/* Vertebral fractures by X-ray per 100 years of the women of an arm between two months. */
static double rate(const char *arm, double from, double to)
{
    double new = cumulative(arm, "radiographic_incidence", 0, to) - cumulative(arm, "radiographic_incidence", 0, from);
    return 1200 * new / (to - from);
}

/* When denosumab is stopped the hazard of vertebral fractures rises to that of placebo: 7.1 against 8.5 per 100 years,
 * Cummings 2018 J Bone Miner Res 33:190, predicted within a factor of 1.5; with zoledronic acid after it it does
 * not: 1.1 from three fractures, Everts-Graber 2020 J Bone Miner Res 35:1207, predicted within the 95 % limits of
 * three. */
static void test_after_denosumab(void)
{
    begin(CONFIG("trials/freedom_fractures"), "population.subjects=400");
    double stopped = rate("stopped", 36, 48) / rate("placebo", 36, 48) / (7.1 / 8.5);
    double followed = rate("zoledronic_acid", 36, 66);
    CU_ASSERT(stopped > 1 / 1.5 && stopped < 1.5);
    CU_ASSERT(followed > 1.1 * 0.62 / 3 && followed < 1.1 * 8.77 / 3);
    CU_ASSERT(followed < 0.7 * rate("placebo", 36, 66));
    double before = mean_of("stopped", "fracture_hazard", 0, 36), off = mean_of("stopped", "fracture_hazard", 0, 48);
    CU_ASSERT(off > 2 * before);
    CU_ASSERT(off > 1.5 * mean_of("zoledronic_acid", "fracture_hazard", 0, 48));
    CU_ASSERT(mean_of("stopped", "turnover_effect", 0, 48) > mean_of("placebo", "turnover_effect", 0, 48));
    CU_ASSERT(mean_of("zoledronic_acid", "turnover_effect", 0, 48) < mean_of("placebo", "turnover_effect", 0, 48));
    run_free(&trial);
}

/* In untreated women, those of ABCSG-18 at time 0, the effect of turnover is 1 in the mean over hazards. */
static void test_population_keeps_its_hazard(void)
{
    begin(CONFIG("trials/abcsg18_fractures"), "population.subjects=1000");
    for (size_t k = 0; k < 3; k++) {
        double with = 0, without = 0;
        for (size_t i = 0; i < trial.experiment.n_subjects; i++) {
            double hazard = series(&trial, 0, i, variable(&trial, "fracture_hazard")->first + k)[0];
            with += hazard;
            without += hazard / series(&trial, 0, i, variable(&trial, "turnover_effect")->first + k)[0];
        }
        ost_assert_close(with, without, 0.05, 0);
    }
    run_free(&trial);
}

static const ost_test_t tests[] = {
    { "ratios_of_trials", test_ratios_of_trials },
    { "after_denosumab", test_after_denosumab },
    { "population_keeps_its_hazard", test_population_keeps_its_hazard },
};

OST_TEST_MAIN("fractures", tests)
