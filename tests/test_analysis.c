/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cohort/cohort.h"
#include "input/evidence.h"
#include "small_trials.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

static folder_t folder;
static ost_trials_t trials;
static ost_error_t err;

/* Percent lost at a rate per year over years. */
static double lost(double rate, double years)
{
    return 100 * (exp(-rate * years) - 1);
}

static const double spine = K_SPINE + G, hip = K_HIP + G; /* of the treated, 1/y */

/* Rows of arm "a" of trial "T", and what the comparison says besides. */
typedef struct {
    const char *row, *more;
    double value; /* that the simulation has to say */
    ost_class_t endpoint_class;
    double from, to; /* y */
} observation_case_t;

static void write_cases(const char *const *rows, const char *const *more, size_t n)
{
    static char table[8192], compare[8192];
    size_t at = (size_t) snprintf(table, sizeof(table), HEAD), to = 0;
    for (size_t i = 0; i < n; i++) {
        at += (size_t) snprintf(table + at, sizeof(table) - at, "calibrate,T,a%zu,%s,,,none,,c,r,\n", i, rows[i]);
        to += (size_t) snprintf(
            compare + to, sizeof(compare) - to, "    - {arm: treated, trial: T, trial_arm: a%zu%s}\n", i, more[i]);
    }
    small_write(&folder, "evidence.csv", table);
    small_trial(&folder, "t", FIXED, compare);
}

static void test_observations(void)
{
    const observation_case_t cases[] = {
        { "BMD_change,LS,24,mean,-4,percent", "", lost(spine, 2), OST_CLASS_BMD, 0, 2 },
        { "BMD_change,LS(L2-L4),24,median,-4,percent", "", lost(spine, 2), OST_CLASS_BMD, 0, 2 },
        { "BMD_change_from_year5,TH,84,mean,1,percent", "", lost(hip, 2), OST_CLASS_BMD, 5, 7 },
        { "BMD_change_year2_to_5,LS,60,mean,1,percent", "", lost(spine, 3), OST_CLASS_BMD, 2, 5 },
        { "BMD_change_in_year2,TH,24,mean,1,percent", "", lost(hip, 1), OST_CLASS_BMD, 1, 2 },
        { "BMD_change_after_stop,LS,6,mean,1,percent", ", from: 30 month, to: 36 month", lost(spine, 0.5),
            OST_CLASS_BMD, 2.5, 3 },
        { "BMD_rate,LS,36,mean,-1,percent_per_year", "", lost(spine, 3) / 3, OST_CLASS_BMD, 0, 3 },
        { "BMD_difference,LS,24,mean,-4,percentage_points_between_arms", ", versus: control",
            lost(spine, 2) - lost(K_SPINE, 2), OST_CLASS_BMD, 0, 2 },
        { "BMD_change_abs,LS,12,mean,-1,g_per_cm2", "", lost(spine, 1), OST_CLASS_BMD, 0, 1 },
        { "BMD_rate,TH,24,mean,-1,g_per_cm2_per_year", "", lost(hip, 2) / 2, OST_CLASS_BMD, 0, 2 },
        { "BMD_level,TH,24,mean,1,g_per_cm2", "", exp(-2 * hip), OST_CLASS_LEVEL, 0, 2 },
        { "marker_change,sCTX,6,mean,1,percent", "", lost(spine, 0.5), OST_CLASS_MARKER, 0, 0.5 },
        { "marker_ratio,sCTX,12,mean,-3,percent", ", versus: control", lost(G, 1), OST_CLASS_MARKER, 0, 1 },
        { "estradiol_level,plasma,12,mean,1,pmol_per_L", "", 80 * exp(-hip), OST_CLASS_LEVEL, 0, 1 },
        { "estradiol_level,plasma,12,mean,1,pg_per_mL", ", unit: 3.671 pmol/L", 80 * exp(-hip) / 3.671, OST_CLASS_LEVEL,
            0, 1 },
        { "estradiol_residual,plasma,12,mean,1,percent_of_baseline", "", 100 * exp(-hip), OST_CLASS_HORMONE, 0, 1 },
        { "BMD_change,total body,12,mean,1,percent", ", output: 'bmd[total_hip]'", lost(hip, 1), OST_CLASS_BMD, 0, 1 },
    };
    const char *rows[COUNT(cases)], *more[COUNT(cases)];
    ost_estimate_t estimates[COUNT(cases)];
    for (size_t i = 0; i < COUNT(cases); i++) {
        rows[i] = cases[i].row;
        more[i] = cases[i].more;
    }
    small_begin(&folder);
    write_cases(rows, more, COUNT(cases));
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(trials.n_observations, COUNT(cases));
    CU_ASSERT_EQUAL(trials.trials[0].matched.n_unmatched, 0);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, NULL, 1, estimates, &err), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const ost_observation_t *observation = &trials.trials[0].matched.observations[i];
        ost_assert_close(estimates[i].value, cases[i].value, 1e-5, 1e-6);
        CU_ASSERT_EQUAL(estimates[i].n, 1);
        CU_ASSERT_EQUAL(observation->endpoint_class, cases[i].endpoint_class);
        const ost_endpoint_t *endpoint = &observation->endpoint;
        ost_assert_close(endpoint->to / OST_DAYS_PER_YEAR, cases[i].to, 1e-9, 0);
        if (endpoint->measure != OST_MEASURE_LEVEL)
            ost_assert_close(endpoint->from / OST_DAYS_PER_YEAR, cases[i].from, 1e-9, 1e-9);
        CU_ASSERT_EQUAL(endpoint->statistic, i == 1 ? OST_STATISTIC_MEDIAN : OST_STATISTIC_MEAN);
    }
    /* the trial itself looks at 0, 6 and 12 months: what else the observations need was added, in order */
    const ost_experiment_t *e = &trials.trials[0].experiment;
    CU_ASSERT_EQUAL(e->n_times, 8); /* 0, 6, 12, 24, 30, 36, 60, 84 months */
    for (size_t i = 1; i < e->n_times; i++) CU_ASSERT(e->times[i] > e->times[i - 1]);
    CU_ASSERT_EQUAL(ost_endpoint_time(e, 5 * OST_DAYS_PER_YEAR + 0.4), 6);
    CU_ASSERT_EQUAL(ost_endpoint_time(e, 5 * OST_DAYS_PER_YEAR + 0.6), SIZE_MAX);
    ost_trials_free(&trials);
    ost_trials_free(&trials);
    ost_trials_free(NULL);
    small_end(&folder);
}

static void test_rows_that_are_not_matched(void)
{
    static const struct {
        const char *row, *more, *why;
    } cases[] = {
        { "BMD_change,total body,12,mean,1,percent", "",
            "not simulated: no output of a model is 'BMD_change' at 'total body'; name one with 'output'" },
        { "fracture_HR,any clinical,12,mean,1,hazard_ratio", "",
            "not simulated: no output of a model is 'fracture_HR'" },
        { "marker_level,uNTX,12,mean,1,nmolBCE_per_mmolCr", "",
            "not simulated: output 'ntx' has no values in 'nmolBCE_per_mmolCr'; give 'unit'" },
        { "marker_difference,sCTX,12,mean,1,percent", "", "name the other one with 'versus'" },
        { "marker_ratio,sCTX,12,mean,1,percent", "", "a ratio between arms: name the other one with 'versus'" },
        { "BMD_difference,LS,12,sd,4,percentage_points_between_arms", ", versus: control",
            "an SD between subjects is of one arm" },
        { "BMD_change,LS,,mean,1,percent", "", "the row has no month" },
        { "BMD_difference,LS,12,mean,1,percentage_points_between_arms", "", "name the other one with 'versus'" },
        { "BMD_change_after_stop,LS,12,mean,1,percent", "",
            "endpoint: BMD_change_after_stop, from: 24 month, to: 36 month" },
        { "BMD_change_from_extension_baseline,LS,12,mean,1,percent", ", from: 6 month",
            "counts from a moment of its own" },
        { "BMD_change_transmenopause,LS,12,mean,1,percent", "", "counts from a moment of its own" },
        { "BMD_change,LS,0,mean,1,percent", "",
            "from month 0 to month 0; a comparison with 'endpoint: BMD_change, from: -12 month, to: 0 month' says" },
        { "BMD_change,FN,12,mean,1,percent", "",
            "the models have no output 'bmd[femoral_neck]'; expected bmd[lumbar_spine], bmd[total_hip]" },
        { "marker_change,sNTX,12,mean,1,percent", "", "the models have no output 'serum_ntx'" },
        { "BMD_change,LS,12,mean,1,percent", ", output: density", "endpoints.csv has no class for output 'density'" },
        { "estradiol_level,plasma,12,mean,1,pg_per_mL", "",
            "its unit is one of mass/volume, that of output 'estradiol' is pmol/L (amount/volume)" },
    };
    const char *rows[COUNT(cases)], *more[COUNT(cases)];
    small_begin(&folder);
    for (size_t i = 0; i < COUNT(cases); i++) {
        rows[i] = cases[i].row;
        more[i] = cases[i].more;
    }
    write_cases(rows, more, COUNT(cases));
    small_read(&folder, &trials);
    const ost_trial_t *trial = &trials.trials[0];
    CU_ASSERT_EQUAL(trials.n_observations, 0);
    CU_ASSERT_EQUAL_FATAL(trial->matched.n_unmatched, COUNT(cases));
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t k = 0; /* those that only the plan can refuse come last */
        while (k < trial->matched.n_unmatched && atoi(trial->matched.unmatched[k].row->arm + 1) != (int) i) k++;
        CU_ASSERT_FATAL(k < trial->matched.n_unmatched);
        ost_assert_contains(trial->matched.unmatched[k].why, cases[i].why);
    }
    ost_trials_free(&trials);
    /* rows for context need not be simulated */
    small_write(&folder, "evidence.csv", HEAD "context,T,a0,fracture_HR,any,60,mean,1.4,hazard_ratio,,,none,,c,r,\n");
    small_trial(&folder, "t", FIXED, "    - {arm: treated, trial: T, trial_arm: a0}\n");
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL(trials.n_observations + trials.trials[0].matched.n_unmatched, 0);
    ost_trials_free(&trials);
    small_end(&folder);
}

/* A comparison takes the rows that have its endpoint, site and month. */
static void test_matching(void)
{
    static const struct {
        const char *more;
        size_t n;
    } cases[] = { { "", 4 }, { ", endpoint: BMD_change", 3 }, { ", site: LS", 3 }, { ", month: 12", 2 },
        { ", site: LS, month: 12", 1 }, { ", endpoint: BMD_level, month: 24", 1 } };
    small_begin(&folder);
    small_write(&folder, "evidence.csv",
        HEAD "calibrate,T,a,BMD_change,LS,12,mean,1,percent,,,none,,c,r,\n"
             "validate,T,a,BMD_change,LS,24,mean,1,percent,,,none,,c,r,\n"
             "calibrate,T,a,BMD_change,TH,12,mean,1,percent,,,none,,c,r,\n"
             "context,T,a,BMD_level,LS,24,mean,1,g_per_cm2,,,none,,c,r,\n"
             "calibrate,T,b,BMD_change,LS,12,mean,1,percent,,,none,,c,r,\n"
             "calibrate,U,a,BMD_change,LS,12,mean,1,percent,,,none,,c,r,\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char compare[256];
        snprintf(compare, sizeof(compare), "    - {arm: treated, trial: T, trial_arm: a%s}\n", cases[i].more);
        small_trial(&folder, "t", FIXED, compare);
        small_read(&folder, &trials);
        CU_ASSERT_EQUAL(trials.n_observations, cases[i].n);
        for (size_t k = 0; k < trials.n_observations; k++) {
            CU_ASSERT_STRING_EQUAL(trials.trials[0].matched.observations[k].row->arm, "a");
            CU_ASSERT_STRING_EQUAL(trials.trials[0].matched.observations[k].row->trial, "T");
        }
        ost_trials_free(&trials);
    }
    small_end(&folder);
}

static void must_fail(const ost_trials_options_t *options, int code, const char *where, const char *what)
{
    char text[1024];
    err = (ost_error_t){ 0 };
    CU_ASSERT_EQUAL(ost_trials_read(&trials, options, &err), code);
    ost_error_format(&err, text, sizeof(text));
    ost_assert_contains(text, where);
    ost_assert_contains(text, what);
    ost_trials_free(&trials);
}

static void test_wrong_trials(void)
{
    static const struct {
        const char *compare, *what;
    } cases[] = {
        { "{arm: treated, trial: T, trial_arm: placebp}", "arm 'placebp' (did you mean arm 'placebo'?)" },
        { "{arm: treated, trial: TRIAL, trial_arm: placebo}", "no row of the evidence has trial 'TRIAL'" },
        { "{arm: treated, trial: T, trial_arm: placebo, month: 13}", "and this endpoint, site and month" },
        { "{arm: treted, trial: T, trial_arm: placebo}", "(did you mean 'treated'?)" },
    };
    ost_trials_options_t options = { .endpoints = SMALL_ENDPOINTS, .folder = folder.path };
    char compare[256], where[128];
    small_begin(&folder);
    must_fail(&options, OST_ERR_NAME, folder.path, "no trial (*.yaml) is there");
    small_write(&folder, "evidence.csv", HEAD "calibrate,T,placebo,BMD_change,LS,12,mean,1,percent,,,none,,c,r,\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(compare, sizeof(compare), "    - %s\n", cases[i].compare);
        small_trial(&folder, "t", FIXED, compare);
        snprintf(where, sizeof(where), "%s/t.yaml:10:", folder.path);
        must_fail(&options, OST_ERR_NAME, where, cases[i].what);
    }
    small_trial(&folder, "t", FIXED, "    - {arm: treated, trial: T, trial_arm: placebo}\n");
    options.only = "tt";
    must_fail(&options, OST_ERR_NAME, folder.path, "there is no trial 'tt' (did you mean 't'?)");
    options.only = NULL;
    options.model = "smal";
    must_fail(&options, OST_ERR_NAME, "smal", "unknown model");
    options.model = "hormones";
    must_fail(&options, OST_ERR_NAME, "hormones", "is of kind hormones, not bone");
    options.model = NULL;
    options.folder = "/nowhere/at/all";
    must_fail(&options, OST_ERR_NAME, "/nowhere/at/all", "cannot be read");
    options.folder = folder.path;
    /* a second trial with a table of its own */
    small_write(&folder, "other.csv", HEAD "calibrate,T,placebo,BMD_change,LS,12,mean,1,percent,,,none,,c,r,\n");
    small_write(&folder, "u.yaml",
        "models: [./small.model]\narms: {treated: {}}\ntimes: [0 month]\nevidence:\n  table: other.csv\n"
        "  compare: [{arm: treated, trial: T, trial_arm: placebo}]\n");
    must_fail(&options, OST_ERR_VALUE, "u.yaml", "trials of one folder must have the same table");
    char table[128];
    snprintf(table, sizeof(table), "%s", small_path(&folder, "other.csv"));
    options.evidence = table;
    CU_ASSERT(small_ok(ost_trials_read(&trials, &options, &err), &err));
    CU_ASSERT_EQUAL(trials.n_trials, 2);
    CU_ASSERT_STRING_EQUAL(trials.trials[1].experiment.name, "u");
    CU_ASSERT_EQUAL(trials.trials[1].first_observation, 1);
    ost_trials_free(&trials);
    small_end(&folder);
}

/* A run of the same plan, kept as it comes. */
static double kept[2][64][8][8]; /* [arm][subject][output][time] */

static int keep(void *user, const ost_cohort_block_t *block, ost_error_t *unused)
{
    (void) unused;
    const ost_trial_t *trial = user;
    size_t n_outputs = trial->plan.system->n_outputs, n_times = trial->experiment.n_times, at = 0;
    for (size_t a = 0; a < 2; a++)
        for (size_t i = 0; i < block->n_subjects; i++)
            for (size_t o = 0; o < n_outputs; o++)
                for (size_t t = 0; t < n_times; t++) kept[a][block->first + i][o][t] = block->y[at++];
    return 0;
}

static const char *const spread_table =
    HEAD "calibrate,T,a,BMD_change,LS,12,mean,-4,percent,,,none,,c,r,\n"
         "calibrate,T,m,BMD_change,LS,12,median,-4,percent,,,none,,c,r,\n"
         "calibrate,T,d,BMD_difference,TH,12,mean,-4,percentage_points_between_arms,,,none,,c,r,\n"
         "calibrate,T,s,BMD_change,LS,12,sd,4,percent,,,none,50,c,r,\n"
         "calibrate,T,q,marker_ratio,sCTX,12,mean,-4,percent,,,none,,c,r,\n";
static const char *const spread_compare = "    - {arm: treated, trial: T, trial_arm: a}\n"
                                          "    - {arm: treated, trial: T, trial_arm: m}\n"
                                          "    - {arm: treated, trial: T, trial_arm: d, versus: control}\n"
                                          "    - {arm: treated, trial: T, trial_arm: s}\n"
                                          "    - {arm: treated, trial: T, trial_arm: q, versus: control}\n";

/* SD that errors add to a change in a year, percent: of a site, of a visit, and the drift between two scans.
 * @param of  the true change: the variance of a product of independent factors, one of them log-normal */
static double scans(double site, double visit, double drift, const ost_estimate_t *of)
{
    const double square = pow(hypot(sqrt(2) * hypot(site, visit), drift) / 100, 2), mean = exp(square / 2);
    const double ratio = 100 + of->statistic[OST_STATISTIC_MEAN], error = mean * sqrt(expm1(square));
    const double sd = of->n > 1 ? of->statistic[OST_STATISTIC_SD] : 0;
    return sqrt(pow(sd * mean, 2) + pow(ratio * error, 2) + pow(sd * error, 2) - sd * sd);
}

/* Parts of the error of an observation in the model's file, percent: of a site, of a visit, drift in a year. */
static void own_errors(const ost_observation_t *self, double out[3])
{
    CU_ASSERT_EQUAL_FATAL(self->measured->n_errors, 3);
    for (int i = 0; i < 3; i++) out[i] = 100 * self->measured->errors[i].value;
    out[2] *= OST_DAYS_PER_YEAR;
    CU_ASSERT(out[0] > 1 && out[1] > 1 && out[2] > 0.5);
}

static void test_estimates_are_those_of_the_cohort(void)
{
    ost_estimate_t estimates[5];
    ost_cohort_summary_t summary = { 0 };
    double change[2][40], spine_change[40], level[2][40];
    small_begin(&folder);
    small_write(&folder, "evidence.csv", spread_table);
    small_trial(&folder, "t", "subjects: 40, seed: 3", spread_compare);
    small_read(&folder, &trials);
    ost_trial_t *trial = &trials.trials[0];
    ost_curve_t curve = { .arm = 1, .i_output = trial->matched.observations[0].endpoint.i_output };
    CU_ASSERT_EQUAL_FATAL(ost_trial_estimate(trial, NULL, 1, estimates, &curve, 1, &err), 0);
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = keep, .user = trial };
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&trial->plan, &options, &summary, &err), 0);
    for (size_t i = 0; i < 40; i++) {
        size_t o = trial->matched.observations[0].endpoint.i_output,
               h = trial->matched.observations[2].endpoint.i_output,
               m = trial->matched.observations[4].endpoint.i_output;
        spine_change[i] = 100 * (kept[1][i][o][2] / kept[1][i][o][0] - 1);
        for (size_t a = 0; a < 2; a++) change[a][i] = 100 * (kept[a][i][h][2] / kept[a][i][h][0] - 1);
        for (size_t a = 0; a < 2; a++) level[a][i] = kept[a][i][m][2];
    }
    ost_assert_close(estimates[0].value, gsl_stats_mean(spine_change, 1, 40), 1e-12, 0);
    ost_assert_close(estimates[0].sd, gsl_stats_sd(spine_change, 1, 40), 1e-12, 0);
    ost_assert_close(estimates[2].value, gsl_stats_mean(change[1], 1, 40) - gsl_stats_mean(change[0], 1, 40), 1e-10, 0);
    ost_assert_close(
        estimates[2].sd, sqrt(gsl_stats_variance(change[1], 1, 40) + gsl_stats_variance(change[0], 1, 40)), 1e-10, 0);
    for (size_t i = 0; i < 5; i++) CU_ASSERT_EQUAL(estimates[i].n, 40);
    /* an observed SD has the errors of two scans in it */
    const ost_observation_t *spread = &trial->matched.observations[3];
    CU_ASSERT_EQUAL(spread->endpoint_class, OST_CLASS_SD);
    CU_ASSERT(estimates[3].sd_measuring > 2);
    double at_spine[3], at_hip[3];
    own_errors(spread, at_spine);
    own_errors(&trial->matched.observations[2], at_hip);
    ost_assert_close(estimates[3].sd_measuring, scans(at_spine[0], at_spine[1], at_spine[2], &estimates[0]), 1e-12, 0);
    ost_assert_close(
        estimates[2].sd_measuring, scans(at_hip[0], at_hip[1], at_hip[2], &estimates[2]), 1e-12, 0); /* of one arm */
    ost_assert_close(estimates[4].sd_measuring, 0, 0, 0);
    ost_assert_close(estimates[3].value, hypot(estimates[0].sd, estimates[3].sd_measuring), 1e-12, 0);
    ost_assert_close(ost_observation_error(spread, &estimates[3]), 4 / sqrt(100), 1e-12, 0);
    ost_assert_close(ost_observation_scale(spread), 25, 1e-12, 0);
    double treated = gsl_stats_mean(level[1], 1, 40), control = gsl_stats_mean(level[0], 1, 40);
    ost_assert_close(estimates[4].value, 100 * (treated / control - 1), 1e-12, 0);
    ost_assert_close(estimates[4].sd,
        100 * treated / control *
            hypot(gsl_stats_sd(level[1], 1, 40) / treated, gsl_stats_sd(level[0], 1, 40) / control),
        1e-12, 0);
    ost_assert_close(curve.mean[0], 0, 0, 0);
    ost_assert_close(curve.mean[2], estimates[0].value, 1e-12, 0);
    gsl_sort(spine_change, 1, 40);
    ost_assert_close(estimates[1].value, gsl_stats_median_from_sorted_data(spine_change, 1, 40), 1e-12, 0);
    ost_assert_close(curve.lower[2], gsl_stats_quantile_from_sorted_data(spine_change, 1, 40, 0.05), 1e-12, 0);
    ost_assert_close(curve.upper[2], gsl_stats_quantile_from_sorted_data(spine_change, 1, 40, 0.95), 1e-12, 0);
    free(curve.mean);
    ost_cohort_summary_free(&summary);
    ost_trials_free(&trials);
    small_end(&folder);
}

static const char scanned_bone[] =
    "model neck \"bone that is scanned\"\nkind bone\nindex site = lumbar_spine, total_hip, femoral_neck\n"
    "param k = 0.02 [1/y] in 0.0001..0.5 spread 0.3 \"loss\" @ \"assumed: test\"\n"
    "state B[site] = 1 [1] \"bone\"\nB[site]' = -k*B[site]\ndrives bmd[site] = 1 [g/cm2]*B[site]\n"
    "output bmd[site] [g/cm2] = 1 [g/cm2]*B[site] \"density\"\n";

/* Errors of measurement are parameters: of a variant, of the trial's file, else of the model, whether the trial has
 * that or not. */
static void test_variants_of_errors(void)
{
    static const char *const names[] = { "dxa.visit_cv", "dxa.scan_cv[lumbar_spine]", "dxa.drift[lumbar_spine]" };
    const double own = 0.007 / OST_DAYS_PER_YEAR;
    const double values[] = { 0.01, 0.011, own, 0.02, 0.011, own, 0.02, 0.03, 0.02 / OST_DAYS_PER_YEAR };
    const ost_variants_t variants = { names, 3, values, 3 };
    ost_estimate_t estimates[15], plain[5];
    small_begin(&folder);
    small_write(&folder, "evidence.csv", spread_table);
    small_trial(&folder, "a", "subjects: 9, seed: 3", spread_compare);
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, NULL, 1, plain, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 1, estimates, &err), 0);
    const double expected[] = { scans(1.1, 1, 0.7, &plain[0]), scans(1.1, 2, 0.7, &plain[0]),
        scans(3, 2, 2, &plain[0]) };
    for (size_t v = 0; v < 3; v++) {
        ost_assert_close(estimates[5 * v + 3].value, hypot(plain[0].sd, expected[v]), 1e-12, 0);
        ost_assert_close(estimates[5 * v].value, plain[0].value, 1e-12, 0);
        ost_assert_close(ost_observation_error(&trials.trials[0].matched.observations[0], &estimates[5 * v]),
            hypot(plain[0].sd, expected[v]) / sqrt(OST_ASSUMED_N), 1e-12, 0);
    }
    ost_trials_free(&trials);
    small_write(&folder, "neck.model", scanned_bone);
    small_write(&folder, "a.yaml",
        "models: [./neck.model, dxa]\narms: {treated: {}}\ntimes: {to: 12 month, every: 6 month}\n"
        "parameters: {dxa.visit_cv: 4 %}\n"
        "evidence:\n  table: evidence.csv\n  compare: [{arm: treated, trial: T, trial_arm: s}]\n");
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 1, estimates, &err), 0);
    ost_assert_close(estimates[0].sd_measuring, scans(1.1, 4, 0.7, &estimates[0]), 1e-12, 0);
    ost_assert_close(estimates[2].sd_measuring, scans(3, 4, 2, &estimates[2]), 1e-12, 0);
    ost_trials_free(&trials);
    small_end(&folder);
}

static void test_variants(void)
{
    static const char *const names[] = { "small.k[lumbar_spine]", "small.g", "nobody.x" };
    const double values[] = { 0.02 / OST_DAYS_PER_YEAR, 0.03 / OST_DAYS_PER_YEAR, 7, 0.1 / OST_DAYS_PER_YEAR,
        0.05 / OST_DAYS_PER_YEAR, 7 };
    const ost_variants_t variants = { names, 3, values, 2 };
    ost_estimate_t plain[10], both[20];
    small_begin(&folder);
    small_write(&folder, "evidence.csv", spread_table);
    small_trial(&folder, "a", "subjects: 9, seed: 3", spread_compare);
    char fixed[512];
    snprintf(fixed, sizeof(fixed), "%sparameters: {small.g: 0.04 1/y}\n", spread_compare);
    small_trial(&folder, "b", FIXED, fixed);
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(trials.n_observations, 10);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, NULL, 2, plain, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 2, both, &err), 0);
    for (size_t i = 0; i < 10; i++) { /* the first is the models' own; the file of b sets g, so it stays */
        if (i == 8) continue;         /* one subject has no SD */
        ost_assert_close(both[i].value, plain[i].value, 1e-12, 0);
        ost_assert_close(both[i].sd, plain[i].sd, 1e-12, 0);
    }
    ost_assert_close(both[15].value, lost(0.1 + 0.04, 1), 1e-5, 0);
    ost_assert_close(both[17].value, lost(K_HIP + 0.04, 1) - lost(K_HIP, 1), 1e-5, 0);
    CU_ASSERT(both[10].value < -12 && both[10].value > -20); /* spread around a loss of 0.15 */
    trials.trials[0].skip = true;
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 1, both, &err), 0);
    CU_ASSERT(isnan(both[0].value) && isnan(both[12].value) && both[0].n == 0);
    ost_assert_close(both[15].value, lost(0.1 + 0.04, 1), 1e-5, 0);
    ost_trials_free(&trials);
    small_end(&folder);
}

/* As many take part as are asked for: of candidates at the parameters of an estimate, or chosen once and the same at
 * other parameters. */
static void test_fixed_eligible(void)
{
    static const char *const names[] = { "choosy.k" };
    const double values[] = { 0.02 / OST_DAYS_PER_YEAR, 0.005 / OST_DAYS_PER_YEAR };
    const ost_variants_t variants = { names, 1, values, 2 }, first = { names, 1, values, 1 };
    ost_estimate_t all, fixed[2];
    char text[2048];
    small_begin(&folder);
    small_write(&folder, "choosy.model", choosy_bone);
    small_write(&folder, "evidence.csv", HEAD "calibrate,T,a,BMD_change,LS,12,mean,-2,percent,,,none,,c,r,\n");
    const char *const form =
        "models: [./choosy.model]\npopulation: {subjects: 64, eligible: 'rate > %s [1/y]'}\n"
        "arms: {none: {label: None}, other: {label: Other}}\ntimes: {to: 12 month, every: 6 month}\n"
        "evidence: {table: evidence.csv, compare: [{arm: none, trial: T, trial_arm: a}]}\n";
    snprintf(text, sizeof(text), form, "0.022");
    small_write(&folder, "t.yaml", text);
    ost_trials_options_t options = { .folder = folder.path, .endpoints = SMALL_ENDPOINTS };
    CU_ASSERT_FATAL(small_ok(ost_trials_read(&trials, &options, &err), &err));
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &first, 1, &all, &err), 0);
    CU_ASSERT_EQUAL(all.n, 64);
    CU_ASSERT(trials.trials[0].n_screened > 100 && trials.trials[0].n_screened < 500);
    CU_ASSERT(all.value < lost(0.022, 1) && all.value > lost(0.045, 1));
    CU_ASSERT_EQUAL(
        ost_trials_estimate(&trials, &variants, 1, fixed, &err), OST_ERR_VALUE); /* at a quarter of the rate */
    ost_assert_contains(err.what, "0 of 64 eligible subjects");
    ost_trials_free(&trials);
    options.n_subjects = 16;
    options.sampling = OST_SAMPLING_LATIN_HYPERCUBE;
    options.fixed_eligible = true;
    CU_ASSERT_FATAL(small_ok(ost_trials_read(&trials, &options, &err), &err));
    CU_ASSERT_EQUAL(ost_trial_subjects(&trials.trials[0]), 16);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 1, fixed, &err), 0);
    CU_ASSERT_EQUAL(fixed[0].n, 16);
    CU_ASSERT_EQUAL(fixed[1].n, 16);
    CU_ASSERT(fixed[0].value < lost(0.022, 1) && fixed[0].value > lost(0.045, 1));
    ost_assert_close(fixed[1].value, fixed[0].value / 4, 0.02, 0);
    ost_trials_free(&trials);
    snprintf(text, sizeof(text), form, "0.4");
    small_write(&folder, "t.yaml", text);
    CU_ASSERT_EQUAL(ost_trials_read(&trials, &options, &err), OST_ERR_VALUE);
    ost_assert_contains(err.what, "none of 256 subjects is eligible");
    CU_ASSERT_EQUAL(err.line, 2);
    ost_trials_free(&trials);
    /* of the rows of a table no more than there are */
    small_write(&folder, "people.csv", "age [year],w [1]\n60,1\n70,1\n80,1\n");
    small_write(&folder, "t.yaml",
        "models: [./choosy.model]\npopulation: {eligible: 'age > 65 [year]', covariates: {age: 50 year}, "
        "people: {table: people.csv, ignore: [w]}}\narms: {none: {label: None}}\n"
        "times: {to: 12 month, every: 6 month}\n"
        "evidence: {table: evidence.csv, compare: [{arm: none, trial: T, trial_arm: a}]}\n");
    CU_ASSERT_FATAL(small_ok(ost_trials_read(&trials, &options, &err), &err));
    CU_ASSERT_EQUAL(ost_trial_subjects(&trials.trials[0]), 2);
    CU_ASSERT_EQUAL(trials.trials[0].chosen[0], 1);
    CU_ASSERT_EQUAL(trials.trials[0].chosen[1], 2);
    ost_trials_free(&trials);
    small_end(&folder);
}

static void test_errors_of_observations(void)
{
    ost_evidence_row_t row = { .interval = OST_INTERVAL_NONE, .n = NAN, .lower = NAN, .upper = NAN };
    const double scan = hypot(1.1, 1.0);
    ost_observation_t observation = { .row = &row, .endpoint = { .to = 2 * OST_DAYS_PER_YEAR, .versus = SIZE_MAX } };
    ost_estimate_t estimate = { .value = -4, .sd = 3, .n = 100, .sd_measuring = scan * sqrt(2) };
    ost_assert_close(
        ost_observation_error(&observation, &estimate), sqrt(9 + 2 * scan * scan) / sqrt(OST_ASSUMED_N), 1e-12, 0);
    row.n = 25;
    ost_assert_close(ost_observation_error(&observation, &estimate), sqrt(9 + 2 * scan * scan) / 5, 1e-12, 0);
    observation.endpoint.versus = 1; /* n is of both arms, the estimate's variance the sum of theirs */
    ost_assert_close(ost_observation_error(&observation, &estimate), sqrt(9 + 4 * scan * scan) / sqrt(12.5), 1e-12, 0);
    observation.endpoint.versus = SIZE_MAX;
    estimate.sd_measuring = 0;
    ost_assert_close(ost_observation_error(&observation, &estimate), 3.0 / 5, 1e-12, 0);
    row.interval = OST_INTERVAL_SD;
    row.upper = 10;
    ost_assert_close(ost_observation_error(&observation, &estimate), 2, 1e-12, 0);
    row.interval = OST_INTERVAL_SE;
    ost_assert_close(ost_observation_error(&observation, &estimate), 10, 1e-12, 0);
    row.interval = OST_INTERVAL_95CI;
    row.lower = 2.16;
    ost_assert_close(ost_observation_error(&observation, &estimate), 2, 1e-12, 0);
    row.upper = NAN; /* an interval of one end says nothing */
    ost_assert_close(ost_observation_error(&observation, &estimate), 3.0 / 5, 1e-12, 0);
    row.upper = 10;
    row.interval = OST_INTERVAL_IQR; /* says nothing of the value's error */
    ost_assert_close(ost_observation_error(&observation, &estimate), 3.0 / 5, 1e-12, 0);
}

/* Another bone model: drugs of an arm without effect on it, and what it has no output for, is not compared. */
static void test_another_bone_model(void)
{
    ost_estimate_t estimates[1];
    char model[128];
    small_begin(&folder);
    small_write(&folder, "evidence.csv",
        HEAD "calibrate,T,p,BMD_change,LS,12,mean,-4,percent,,,none,,c,r,\n"
             "calibrate,T,p,BMD_change,TH,12,mean,-4,percent,,,none,,c,r,\n"
             "calibrate,T,p,BMD_level,LS,12,mean,1,g_per_cm2,,,none,,c,r,\n"
             "calibrate,T,d,BMD_difference,LS,12,mean,1,percentage_points_between_arms,,,none,,c,r,\n"
             "context,T,x,BMD_change,LS,12,mean,-4,percent,,,none,,c,r,\n");
    small_write(&folder, "t.yaml",
        "models: [./small.model, ./pill.model]\nparameters: {small.g: 0.04 1/y}\narms:\n"
        "  treated: {regimen: [{drug: pill, dose: 1 mg, interval: 1 day}]}\n  placebo: {}\n"
        "times: [0 month, 6 month]\noutputs: [bmd]\nevidence:\n  table: evidence.csv\n  compare:\n"
        "    - {arm: treated, trial: T, trial_arm: x}\n"
        "    - {arm: placebo, trial: T, trial_arm: p}\n"
        "    - {arm: treated, trial: T, trial_arm: d, versus: placebo}\n");
    snprintf(model, sizeof(model), "%s", small_path(&folder, "other.model"));
    const ost_trials_options_t options = { .endpoints = SMALL_ENDPOINTS, .folder = folder.path, .model = model };
    CU_ASSERT_FATAL(small_ok(ost_trials_read(&trials, &options, &err), &err));
    const ost_trial_t *trial = &trials.trials[0];
    CU_ASSERT_EQUAL_FATAL(trials.n_observations, 1);
    CU_ASSERT_EQUAL(trial->experiment.n_arms, 1);
    CU_ASSERT_EQUAL_FATAL(trial->matched.n_unmatched, 3);
    ost_assert_contains(
        trial->matched.unmatched[0].why, "arm 'treated': no model in the plan (other) responds to drug 'pill'");
    ost_assert_contains(trial->matched.unmatched[1].why, "the models have no output 'bmd[total_hip]'");
    ost_assert_contains(trial->matched.unmatched[2].why, "its unit is one of mass/area");
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, NULL, 1, estimates, &err), 0);
    ost_assert_close(estimates[0].value, lost(0.1, 1), 1e-5, 0);
    ost_trials_free(&trials);
    /* with no arm left there is nothing to simulate */
    small_write(&folder, "t.yaml",
        "models: [./small.model, ./pill.model]\narms: {treated: {regimen: [{drug: pill, dose: 1 mg, interval: 1 "
        "day}]}}\n"
        "times: [0 month, 6 month]\nevidence: {table: evidence.csv, compare: [{arm: treated, trial: T, trial_arm: "
        "p}]}\n");
    CU_ASSERT_FATAL(small_ok(ost_trials_read(&trials, &options, &err), &err));
    CU_ASSERT(trials.n_observations == 0 && trials.trials[0].skip && trials.trials[0].matched.n_unmatched == 4);
    CU_ASSERT_EQUAL(ost_trials_estimate(&trials, NULL, 1, estimates, &err), 0);
    ost_trials_free(&trials);
    small_end(&folder);
}

static const ost_test_t tests[] = {
    { "observations", test_observations },
    { "rows_that_are_not_matched", test_rows_that_are_not_matched },
    { "matching", test_matching },
    { "wrong_trials", test_wrong_trials },
    { "estimates_are_those_of_the_cohort", test_estimates_are_those_of_the_cohort },
    { "variants", test_variants },
    { "variants of errors", test_variants_of_errors },
    { "fixed_eligible", test_fixed_eligible },
    { "errors_of_observations", test_errors_of_observations },
    { "another_bone_model", test_another_bone_model },
};

OST_TEST_MAIN("analysis", tests)
