/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much people differ, in trials and fits: what errors of readings add to SDs of changes, against readings that are
 * drawn, and BSVs as parameters of variants and of a fit. */
#include "small_fit.h"

#include <gsl/gsl_statistics_double.h>

enum { N = 20000 };

static ost_trials_t trials;

static const char scanned_bone[] =
    "model thin \"bone that is scanned\"\nkind bone\nindex site = lumbar_spine, total_hip, femoral_neck\n"
    "param k[site] = 0.3, -0.3, 0 [1/y] in -1..1 spread normal 0.05 \"loss\" @ \"assumed: test\"\n"
    "state B[site] = 1 [1] \"bone\"\nB[site]' = -k[site]*B[site]\ndrives bmd[site] = 1 [g/cm2]*B[site]\n"
    "output bmd[site] [g/cm2] = 1 [g/cm2]*B[site] \"density\"\n";

/* What one scan reads at the first and the last time, by site. */
static double reading[2][3][N];

static int keep_readings(void *user, const ost_cohort_block_t *block, ost_error_t *unused)
{
    const ost_plan_t *plan = user;
    const size_t n_times = plan->experiment->n_times, n_outputs = plan->system->n_outputs;
    (void) unused;
    size_t first = SIZE_MAX;
    for (size_t v = 0; v < plan->outputs->n_variables; v++)
        if (strcmp(plan->outputs->variables[v].name, "measured_bmd") == 0) first = plan->outputs->variables[v].first;
    CU_ASSERT_FATAL(first + 3 <= n_outputs);
    for (size_t s = 0; s < 3; s++)
        for (size_t i = 0; i < block->n_subjects; i++) {
            const double *y = block->y + (i * n_outputs + first + s) * n_times;
            reading[0][s][block->first + i] = y[0];
            reading[1][s][block->first + i] = y[n_times - 1];
        }
    return 0;
}

/* SDs of rows are those of changes between two scans, whether bone is lost or gained. */
static void test_sd_of_readings(void)
{
    static double change[N];
    ost_estimate_t estimates[4];
    ost_cohort_summary_t summary = { 0 };
    char text[1024];
    small_begin(&folder);
    small_write(&folder, "thin.model", scanned_bone);
    small_write(&folder, "evidence.csv",
        HEAD "calibrate,T,s,BMD_change,LS,12,sd,4,percent,,,none,50,c,r,\n"
             "calibrate,T,s,BMD_change,TH,12,sd,4,percent,,,none,50,c,r,\n"
             "calibrate,T,s,BMD_change,FN,12,sd,4,percent,,,none,50,c,r,\n"
             "calibrate,T,s,BMD_rate,TH,12,mean,3,percent_per_year,,,none,50,c,r,\n");
    snprintf(text, sizeof(text),
        "models: [./thin.model, dxa]\npopulation: {subjects: %d, seed: 4}\narms: {all: {}}\n"
        "times: {to: 12 month, every: 12 month}\nparameters: {dxa.visit_cv: 4 %%, \"dxa.drift[total_hip]\": 0.03 1/y}\n"
        "evidence:\n  table: evidence.csv\n  compare: [{arm: all, trial: T, trial_arm: s}]\n",
        (int) N);
    small_write(&folder, "t.yaml", text);
    small_read(&folder, &trials);
    ost_trial_t *trial = &trials.trials[0];
    CU_ASSERT_EQUAL_FATAL(trials.n_observations, 4);
    CU_ASSERT_EQUAL_FATAL(ost_trial_estimate(trial, NULL, 0, estimates, NULL, 0, &err), 0);
    const ost_cohort_options_t options = { .no_probe = true, .sink = keep_readings, .user = &trial->plan };
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&trial->plan, &options, &summary, &err), 0);
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < N; i++) change[i] = 100 * (reading[1][s][i] / reading[0][s][i] - 1);
        const double sd = gsl_stats_sd(change, 1, N);
        CU_ASSERT(estimates[s].sd_measuring > 4);
        ost_assert_close(estimates[s].value, sd, 0.02, 0); /* 4 standard errors of it */
    }
    ost_assert_close(estimates[3].sd_measuring, estimates[1].sd_measuring, 1e-12, 0); /* a year */
    ost_cohort_summary_free(&summary);
    ost_trials_free(&trials);
    small_end(&folder);
}

/* A subject keeps its quantile: with twice the SD its parameters are twice as far from the typical ones. */
static void test_quantiles(void)
{
    double covariates[8], own[16], moved[16], typical[16], sds[16];
    small_begin(&folder);
    small_write(&folder, "evidence.csv", HEAD "calibrate,T,a,BMD_change,LS,12,mean,-4,percent,,,none,,c,r,\n");
    small_trial(&folder, "t", "subjects: 9, seed: 3", "    - {arm: treated, trial: T, trial_arm: a}\n");
    small_read(&folder, &trials);
    const ost_plan_t *plan = &trials.trials[0].plan;
    const size_t n = plan->blocks->n_params;
    CU_ASSERT_FATAL(n <= 16);
    ost_plan_typical(plan, typical);
    size_t n_varying = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(ost_plan_sd(plan, i))) n_varying++;
    CU_ASSERT_EQUAL(n_varying, 3); /* k of both sites and g */
    for (uint64_t subject = 0; subject < 9; subject++) {
        CU_ASSERT_EQUAL_FATAL(ost_plan_draw(plan, subject, (ost_moved_t){ 0 }, covariates, own, &err), 0);
        for (int factor = 0; factor < 3; factor++) {
            for (size_t i = 0; i < n; i++) sds[i] = factor * ost_plan_sd(plan, i);
            CU_ASSERT_EQUAL_FATAL(ost_plan_draw(plan, subject, (ost_moved_t){ .sd = sds }, covariates, moved, &err), 0);
            for (size_t i = 0; i < n; i++) {
                double far = isnan(sds[i]) ? 0 : log(own[i] / typical[i]);
                ost_assert_close(log(moved[i] / typical[i]), factor * far, 1e-4, 1e-15);
                if (factor == 1 || isnan(sds[i])) CU_ASSERT_EQUAL(moved[i], own[i]);
            }
        }
    }
    ost_trials_free(&trials);
    small_end(&folder);
}

/* A variant's BSV is that of all elements of an index; one that a trial sets, or switches off, stays. */
static void test_variants(void)
{
    static const char *const names[] = { "small.k.spread", "small.g.spread" };
    const double values[] = { 0.3, 0.3, 0.6, 0.3, 0, 0 };
    const ost_variants_t variants = { names, 2, values, 3 };
    ost_estimate_t plain[4], at[12];
    small_begin(&folder);
    small_write(&folder, "evidence.csv",
        HEAD "calibrate,T,a,BMD_change,LS,12,mean,-4,percent,,,none,,c,r,\n"
             "calibrate,T,a,BMD_change,TH,12,mean,-4,percent,,,none,,c,r,\n");
    small_trial(&folder, "a", "subjects: 40, seed: 3", "    - {arm: control, trial: T, trial_arm: a}\n");
    small_trial(&folder, "b", "subjects: 40, seed: 3",
        "    - {arm: control, trial: T, trial_arm: a}\nparameters: {\"small.k[total_hip]\": {spread: 0.2}}\n");
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, NULL, 1, plain, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 1, at, &err), 0);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(at[i].value, plain[i].value); /* the models' own */
        CU_ASSERT_EQUAL(at[i].sd, plain[i].sd);
        if (i == 3) continue;
        CU_ASSERT(at[4 + i].sd > 1.8 * plain[i].sd && at[4 + i].sd < 3 * plain[i].sd); /* twice, and skewed */
        ost_assert_close(at[8 + i].sd, 0, 0, 1e-9);
    }
    for (size_t v = 1; v < 3; v++) ost_assert_close(at[4 * v + 3].sd, plain[3].sd, 1e-4, 0); /* of the solver */
    ost_trials_free(&trials);
    small_trial(&folder, "b", FIXED, "    - {arm: control, trial: T, trial_arm: a}\n");
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 1, at, &err), 0);
    CU_ASSERT_EQUAL(at[4 + 2].value, at[2].value);
    ost_trials_free(&trials);
    small_end(&folder);
}

#define SPREADS "trials: .\nsubjects: 32\nstarts: 1\nparameters:\n  small.g: {prior: 0.03 1/y}\n  "

/* A fit finds the BSVs that observed SDs were simulated with, and few subjects that tell how observations move find
 * what all of them do. */
static void test_fit(void)
{
    static const char *const names[] = { "small.k.spread", "small.g.spread" };
    const double known[] = { 0.9, 0.5 };
    const ost_variants_t variants = { names, 2, known, 1 };
    ost_estimate_t at[4];
    const char *rows = HEAD "calibrate,T,a,BMD_change,LS,60,sd,%.6f,percent,,,none,200000,c,r,\n"
                            "calibrate,T,a,BMD_change,TH,60,sd,%.6f,percent,,,none,200000,c,r,\n"
                            "calibrate,T,b,BMD_change,LS,60,sd,%.6f,percent,,,none,200000,c,r,\n"
                            "calibrate,T,b,BMD_change,LS,60,mean,%.6f,percent,,0.05,se,200000,c,r,\n";
    char text[2048];
    small_begin(&folder);
    snprintf(text, sizeof(text), rows, 1., 1., 1., 1.);
    small_write(&folder, "evidence.csv", text);
    small_trial(&folder, "t", "subjects: 32, sampling: latin_hypercube",
        "    - {arm: control, trial: T, trial_arm: a}\n    - {arm: treated, trial: T, trial_arm: b}\n");
    small_read(&folder, &trials);
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&trials, &variants, 1, at, &err), 0);
    ost_trials_free(&trials);
    snprintf(text, sizeof(text), rows, at[0].value, at[1].value, at[2].value, at[3].value);
    small_write(&folder, "evidence.csv", text);
    double found[2][3];
    for (int few = 0; few < 2; few++) {
        snprintf(text, sizeof(text), "search_subjects: %d\n%s%s", few ? 16 : 32, SPREADS,
            "small.k.spread: {prior: 0.4, sd: 0.7}\n  small.g.spread: {prior: 0.3, sd: 0.7}\n");
        must_read(text);
        CU_ASSERT_EQUAL_FATAL(fit.n_params, 3);
        CU_ASSERT_STRING_EQUAL(fit.params[1].unit_text, "1");
        CU_ASSERT(!fit.params[1].logit);
        must_run();
        ost_assert_close(fit.params[0].value * OST_DAYS_PER_YEAR, 0.03, 0.06, 0);
        ost_assert_close(fit.params[1].value, known[0], 0.1, 0);
        ost_assert_close(fit.params[2].value, known[1], 0.2, 0);
        CU_ASSERT(fit.params[1].se < 0.5 * fit.params[1].prior_sd);
        for (size_t k = 0; k < 3; k++) found[few][k] = log(fit.params[k].value / fit.params[k].prior);
        for (size_t i = 0; i < fit.n_rows; i++) /* with 16 subjects SDs are some percent off */
            CU_ASSERT(few ? fabs(fit.rows[i].correction) > 0.01 : fit.rows[i].correction == 0);
        for (size_t k = 0; k < 3 && few; k++) ost_assert_close(found[1][k], found[0][k], 0, 0.25 * fit.params[k].se);
        ost_fit_free(&fit);
    }
    small_end(&folder);
}

/* A row that few subjects have no value for keeps that of all, in place of the error of one that fails. */
static void test_few_fail(void)
{
    double residual[2];
    small_begin(&folder);
    small_write(&folder, "choosy.model", choosy_bone);
    small_write(&folder, "evidence.csv",
        HEAD "calibrate,T,a,BMD_change,LS,12,sd,3,percent,,,none,40,c,r,\n"
             "calibrate,T,a,BMD_change,LS,12,mean,-3.9,percent,,0.1,se,40,c,r,\n");
    small_write(&folder, "t.yaml",
        "models: [./choosy.model]\npopulation: {subjects: 64, seed: 3, eligible: 'rate > 0.037 [1/y]'}\n"
        "arms: {none: {label: None}}\ntimes: {to: 12 month, every: 6 month}\n"
        "evidence: {table: evidence.csv, compare: [{arm: none, trial: T, trial_arm: a}]}\n");
    must_read("trials: .\nsubjects: 64\nsearch_subjects: 2\nstarts: 1\nparameters: {choosy.k: {prior: 0.02 1/y}}\n");
    CU_ASSERT_EQUAL(ost_trial_subjects(&fit.few.trials[0]), 1);
    CU_ASSERT(ost_trial_subjects(&fit.trials.trials[0]) > 5);
    must_run();
    const size_t sd = ost_fit_class(&fit, 0) == OST_CLASS_SD ? 0 : 1;
    CU_ASSERT(fit.rows[sd].is_still && !fit.rows[1 - sd].is_still);
    CU_ASSERT(fabs(fit.rows[sd].residual) < 100 && fabs(fit.rows[1 - sd].residual) < 1);
    CU_ASSERT_EQUAL(ost_fit_residuals(&fit, (const double[1]){ 0.3 }, 1, 1, residual, &err), 0);
    CU_ASSERT_EQUAL(residual[sd], fit.rows[sd].residual);
    close_fit();
}

/* How a median moves is known smoothly from few subjects, and the estimate is that of all subjects' median. */
static void test_median(void)
{
    double residual, sensitivity[2], last = NAN;
    small_begin(&folder);
    small_write(
        &folder, "evidence.csv", HEAD "calibrate,T,a,BMD_change,LS,60,median,-25,percent,,0.01,se,200000,c,r,\n");
    small_trial(
        &folder, "t", "subjects: 101, sampling: latin_hypercube", "    - {arm: treated, trial: T, trial_arm: a}\n");
    must_read("trials: .\nsubjects: 101\nsearch_subjects: 8\nstarts: 1\nparameters:\n"
              "  \"small.k[lumbar_spine]\": {prior: 0.02 1/y, sd: 1}\n  small.g: {prior: 0.03 1/y, sd: 0.001}\n");
    for (int i = 0; i < 40; i++) {
        const double z[] = { 0.02 * i, 0 };
        CU_ASSERT_EQUAL_FATAL(ost_fit_sensitivities(&fit, z, 1, sensitivity, &residual, &err), 0);
        if (i > 0) ost_assert_close(sensitivity[0], last, 0.03, 0);
        last = sensitivity[0];
    }
    must_run();
    CU_ASSERT(fabs(fit.rows[0].residual) < 1);
    close_fit();
}

static void test_wrong_names(void)
{
    static const char *const cases[][2] = {
        { "small.k.spred: {prior: 0.4, sd: 0.7}", "fit.yml:6:3: parameters.small.k.spred: no trial has a model with "
                                                  "this parameter (did you mean 'small.k.spread'?)" },
        { "\"small.k[total_hip].spread\": {prior: 0.4, sd: 0.7}", "(did you mean 'small.k.spread'?)" },
        { "small.w.spread: {prior: 0.4, sd: 0.7}",
            "the parameter has no between-subject variability with an SD; expected 'spread' in its model" },
        { "small.g.spread: {prior: 0.4}", "the model gives no prior SD for it: give 'sd'" },
        { "small.g.spread: {prior: 4, sd: 0.7}", "it has to be above 0 and within its range 0..3" },
        { "small.g.spread: {prior: 0.4 1/y, sd: 0.7}", "small.g.spread.prior" },
    };
    small_begin(&folder);
    put_evidence(1, truth, 0.1, 0);
    put_trials(1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512], said[1024];
        snprintf(text, sizeof(text), SPREADS "%s\n", cases[i][0]);
        CU_ASSERT(read_fit(text) < 0);
        ost_assert_contains(ost_error_format(&err, said, sizeof(said)), cases[i][1]);
        ost_fit_free(&fit);
    }
    small_end(&folder);
}

static const ost_test_t tests[] = {
    { "sd_of_readings", test_sd_of_readings },
    { "quantiles", test_quantiles },
    { "variants", test_variants },
    { "fit", test_fit },
    { "few_fail", test_few_fail },
    { "median", test_median },
    { "wrong_names", test_wrong_names },
};

OST_TEST_MAIN("between subjects", tests)
