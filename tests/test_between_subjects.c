/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much people differ, in trials: what errors of readings add to SDs of changes, against readings that are drawn. */
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

static const ost_test_t tests[] = {
    { "sd_of_readings", test_sd_of_readings },
};

OST_TEST_MAIN("between subjects", tests)
