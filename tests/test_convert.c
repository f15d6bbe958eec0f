/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes that trials report in g/cm2, T-scores or a marker's unit: compared in percent of the simulated baseline. */
#include "small_trials.h"

static folder_t folder;
static ost_trials_t trials;
static ost_error_t err;

#define SPINE (K_SPINE + G) /* of the treated, 1/y */
#define HIP (K_HIP + G)
/* of models/observation/dxa.model, g/cm2 */
#define SPINE_YOUNG 1.047
#define SPINE_SD 0.110
#define HIP_SD 0.122
#define HIP_SD_MEN 0.144

/* A row, and what it is compared as. */
typedef struct {
    const char *row, *more; /* endpoint,site,month,mean,value,unit,lower,upper,interval; of the comparison */
    double value, lower, upper;
    const char *unit;
    ost_class_t endpoint_class;
} conversion_t;

static void read_cases(const conversion_t *cases, size_t n, bool of_men)
{
    static char table[8192], compare[8192];
    size_t at = (size_t) snprintf(table, sizeof(table), HEAD), to = 0;
    for (size_t i = 0; i < n; i++) {
        at += (size_t) snprintf(table + at, sizeof(table) - at, "calibrate,T,a%zu,%s,50,c,r,\n", i, cases[i].row);
        to += (size_t) snprintf(compare + to, sizeof(compare) - to,
            "    - {arm: treated, trial: T, trial_arm: a%zu%s}\n", i, cases[i].more);
    }
    if (of_men) snprintf(compare + to, sizeof(compare) - to, "title: men\n");
    small_begin(&folder);
    small_write(&folder, "evidence.csv", table);
    small_trial(&folder, "t", FIXED, compare);
    if (of_men) {
        char command[256];
        small_write(&folder, "men.model", "model men \"men\"\nkind hormones\ndrives male = 1\n");
        snprintf(command, sizeof(command), "sed -i 's/^models: .*/models: [.\\/small.model, .\\/men.model]/' %s",
            small_path(&folder, "t.yaml"));
        CU_ASSERT_EQUAL_FATAL(system(command), 0);
    }
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(trials.n_observations, n);
}

static void check_cases(const conversion_t *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const ost_observation_t *observation = &trials.trials[0].matched.observations[i];
        ost_assert_close(observation->row->value, cases[i].value, 1e-5, 0);
        ost_assert_close(observation->row->lower, cases[i].lower, 1e-5, 0);
        ost_assert_close(observation->row->upper, cases[i].upper, 1e-5, 0);
        CU_ASSERT_STRING_EQUAL(observation->row->unit, cases[i].unit);
        CU_ASSERT_EQUAL(observation->endpoint_class, cases[i].endpoint_class);
        const ost_endpoint_entry_t *measured = observation->measured;
        CU_ASSERT_EQUAL(measured != NULL && measured->n_errors > 0, cases[i].endpoint_class == OST_CLASS_BMD);
        CU_ASSERT_STRING_EQUAL(observation->reported->trial, observation->row->trial);
    }
    ost_trials_free(&trials);
    small_end(&folder);
}

static void test_changes(void)
{
    const double later = 100 / exp(-5 * SPINE); /* percent of the spine's level after five years */
    const conversion_t cases[] = {
        { "BMD_change,LS,24,mean,-0.05,g_per_cm2,-0.07,-0.03,95ci", "", -5, -7, -3, "percent", OST_CLASS_BMD },
        { "BMD_change,TH,24,mean,-50,mg/cm2,,10,se", "", -5, NAN, 1, "percent", OST_CLASS_BMD },
        { "BMD_change_from_year5,LS,84,median,-0.05,g_per_cm2,,0.04,sd", "", -0.05 * later, NAN, 0.04 * later,
            "percent", OST_CLASS_BMD },
        { "BMD_rate,LS,24,mean,-0.02,g_per_cm2_per_year,,,none", "", -2, NAN, NAN, "percent_per_year", OST_CLASS_BMD },
        { "BMD_difference,TH,24,mean,0.03,g_per_cm2,0.02,0.04,95ci", ", versus: control", 3, 2, 4,
            "percentage_points_between_arms", OST_CLASS_BMD },
        { "T_score_change,LS,24,mean,-0.5,T_score_change,-0.6,-0.4,95ci", "", -50 * SPINE_SD, -60 * SPINE_SD,
            -40 * SPINE_SD, "percent", OST_CLASS_BMD },
        { "BMD_change,TH,24,mean,-0.5,T_score,,0.1,se", "", -50 * HIP_SD, NAN, 10 * HIP_SD, "percent", OST_CLASS_BMD },
        { "T_score_difference,TH,24,mean,0.5,T_score,,,none", ", versus: control", 50 * HIP_SD, NAN, NAN,
            "percentage_points_between_arms", OST_CLASS_BMD },
        { "BMD_rate,TH,24,mean,-0.1,T_score_per_year,,,none", "", -10 * HIP_SD, NAN, NAN, "percent_per_year",
            OST_CLASS_BMD },
        { "marker_change,sCTX,6,mean,-0.1,ng_per_mL,,0.05,sd", "", -20, NAN, 10, "percent", OST_CLASS_MARKER },
        { "hormone_change,estradiol,6,mean,-40,pmol_per_L,-60,-20,iqr", "", -50, -75, -25, "percent",
            OST_CLASS_HORMONE },
    };
    read_cases(cases, COUNT(cases), false);
    /* what is simulated is in percent too */
    ost_estimate_t estimates[COUNT(cases)];
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, NULL, 1, estimates, &err), 0);
    ost_assert_close(estimates[0].value, 100 * expm1(-2 * SPINE), 1e-5, 0);
    ost_assert_close(estimates[2].value, 100 * expm1(-2 * SPINE), 1e-5, 0);
    ost_assert_close(estimates[3].value, 50 * expm1(-2 * SPINE), 1e-5, 0);
    ost_assert_close(estimates[4].value, 100 * (exp(-2 * HIP) - exp(-2 * K_HIP)), 1e-5, 0);
    ost_assert_close(estimates[9].value, 100 * expm1(-0.5 * SPINE), 1e-5, 0);
    check_cases(cases, COUNT(cases));
}

/* Levels stay levels; a T-score is compared as a density, as it may be 0. */
static void test_levels(void)
{
    const conversion_t cases[] = {
        { "BMD_level,LS,24,mean,0.9,g_per_cm2,0.8,1.0,95ci", "", 0.9, 0.8, 1.0, "g_per_cm2", OST_CLASS_LEVEL },
        { "T_score_level,LS,24,mean,0,T_score,-0.5,0.5,95ci", "", SPINE_YOUNG, SPINE_YOUNG - 0.5 * SPINE_SD,
            SPINE_YOUNG + 0.5 * SPINE_SD, "g_per_cm2", OST_CLASS_LEVEL },
        { "BMD_level,LS,0,mean,-1,T_score,,0.2,se", "", SPINE_YOUNG - SPINE_SD, NAN, 0.2 * SPINE_SD, "g_per_cm2",
            OST_CLASS_LEVEL },
    };
    read_cases(cases, COUNT(cases), false);
    ost_estimate_t estimates[COUNT(cases)];
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, NULL, 1, estimates, &err), 0);
    ost_assert_close(estimates[1].value, exp(-2 * SPINE), 1e-5, 0);
    check_cases(cases, COUNT(cases));
}

/* Men's T-scores have men's SD. */
static void test_men(void)
{
    const conversion_t cases[] = {
        { "T_score_change,TH,24,mean,-0.5,T_score,,0.1,se", "", -50 * HIP_SD_MEN, NAN, 10 * HIP_SD_MEN, "percent",
            OST_CLASS_BMD },
    };
    read_cases(cases, COUNT(cases), true);
    check_cases(cases, COUNT(cases));
}

/* A row counts once: the same observation in two lines, or the same line for two comparisons. */
static void test_once(void)
{
    static const char *const table = HEAD "calibrate,T,a,BMD_change,LS,12,mean,1,percent,,,none,,c,r,\n"
                                          "calibrate,T,a,BMD_change,spine,12,mean,1,%,,,none,,other,r,\n";
    small_begin(&folder);
    small_write(&folder, "evidence.csv", table);
    small_trial(&folder, "t", FIXED, "    - {arm: treated, trial: T, trial_arm: a, site: L1-L4}\n");
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL(trials.n_observations, 1);
    CU_ASSERT_EQUAL(trials.evidence.warnings.n, 1);
    ost_trials_free(&trials);
    static const struct {
        const char *compare, *what;
    } wrong[] = {
        { "    - {arm: treated, trial: T, trial_arm: a}\n    - {arm: treated, trial: T, trial_arm: a, site: LS}\n",
            "t.yaml:11:7: an earlier comparison takes line 2 of the evidence too; each row counts once" },
        { "    - {arm: treated, trial: T, trial_arm: a, site: LSS}\n", "t.yaml:10:7: site: 'LSS' is not one of" },
        { "    - {arm: treated, trial: T, trial_arm: a, endpoint: BMD_chang}\n", "(did you mean 'BMD_change'?)" },
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const ost_trials_options_t options = { .folder = folder.path, .endpoints = SMALL_ENDPOINTS };
        char text[1024];
        small_trial(&folder, "t", FIXED, wrong[i].compare);
        CU_ASSERT_EQUAL(ost_trials_read(&trials, &options, &err), OST_ERR_NAME);
        ost_assert_contains(ost_error_format(&err, text, sizeof(text)), wrong[i].what);
        ost_trials_free(&trials);
    }
    small_end(&folder);
}

static const ost_test_t tests[] = {
    { "changes", test_changes },
    { "levels", test_levels },
    { "men", test_men },
    { "once", test_once },
};

OST_TEST_MAIN("convert", tests)
