/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fit that is stopped before its end, and parameters that no row tells anything of. */
#include "small_fit.h"

static void test_interruption(void)
{
    watch_t watched = { .stop_at = 3 };
    const ost_fit_options_t options = { .n_threads = 1, .progress = watch, .user = &watched };
    double values[8 * N_TRIALS], more[8 * N_TRIALS];
    bool stopped = false;
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.01, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 5\n" PARAMETERS);
    CU_ASSERT_EQUAL_FATAL(ost_fit_run(&fit, &options, &stopped, &err), 0);
    CU_ASSERT(stopped);
    CU_ASSERT_EQUAL(watched.calls, 3);
    ost_assert_close(fit.objective, watched.objective, 1e-12, 0);
    /* better than the prior's centre, and what the residuals say is of that point */
    for (size_t k = 0; k < 3; k++) CU_ASSERT(fit.params[k].value != fit.params[k].prior);
    ost_estimate_t estimates[17];
    const char *names[3];
    double at[3];
    for (size_t k = 0; k < 3; k++) {
        names[k] = fit.params[k].name;
        at[k] = fit.params[k].value;
    }
    const ost_variants_t variants = { names, 3, at, 1 };
    CU_ASSERT_EQUAL_FATAL(ost_trials_estimate(&fit.trials, &variants, 1, estimates, &err), 0);
    const ost_observation_t *observation = ost_fit_observation(&fit, 0);
    double simulated =
        estimates[fit.trials.trials[fit.rows[0].trial].first_observation + fit.rows[0].observation].value -
        observation->row->value;
    ost_assert_close(fit.rows[0].residual, simulated, 1e-9, 1e-9);
    /* what has no best so far says so */
    watched = (watch_t){ .stop_at = 1 };
    must_run();
    CU_ASSERT_EQUAL(ost_fit_leave_out(&fit, "T1", &options, values, more, &err), OST_ERR_LIMIT);
    CU_ASSERT(!fit.rows[0].left_out && !fit.rows[15].left_out);
    CU_ASSERT_EQUAL(ost_fit_profile(&fit, 0, (const double[]){ 1 }, 1, &options, values, &err), OST_ERR_LIMIT);
    double work[16];
    ost_sample_quality_t sample = { .r_hat = work, .size = work + 8 };
    CU_ASSERT_EQUAL(ost_fit_sample(&fit, 4, &options, values, &sample, &err), OST_ERR_LIMIT);
    close_fit();
}

/* Stops at the n-th call of the last part, in which errors and estimate are computed together. */
static int stop_in_errors(void *user, const char *what, size_t done, size_t all, double objective)
{
    int *calls_left = user;
    (void) done, (void) all, (void) objective;
    return strcmp(what, "errors and estimate") == 0 && --*calls_left == 0;
}

/* The report of the fit, as printed. @param[out] text  [size] */
static void print_fit(char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    CU_ASSERT_FATAL(out != NULL);
    CU_ASSERT_EQUAL(ost_fit_print(&fit, out, &err), 0);
    fclose(out);
}

/* Stopped in any round, a fit says that its errors are not computed: a standard error of 0 and 100 % learned are wrong.
 */
static void test_stopped_without_errors(void)
{
    static char text[16384];
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.01, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
    for (int call = 1; call < 8; call += 3) {
        int calls_left = call;
        const ost_fit_options_t options = { .n_threads = 1, .progress = stop_in_errors, .user = &calls_left };
        bool stopped = false;
        CU_ASSERT_EQUAL_FATAL(ost_fit_run(&fit, &options, &stopped, &err), 0);
        CU_ASSERT(stopped);
        CU_ASSERT(!fit.has_errors);
        print_fit(text, sizeof(text));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "without its errors"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "not computed"));
        CU_ASSERT_PTR_NULL(strstr(text, "100 %"));
        CU_ASSERT_PTR_NULL(strstr(text, "0.000"));
        CU_ASSERT_PTR_NULL(strstr(text, "correlated"));
        CU_ASSERT_PTR_NULL(strstr(text, "nan"));
    }
    must_run();
    CU_ASSERT(fit.has_errors);
    print_fit(text, sizeof(text));
    CU_ASSERT_PTR_NULL(strstr(text, "not computed"));
    /* what a profile had before it was stopped is kept */
    double rise[2] = { 0, 0 };
    watch_t watched = { .stop_at = 6 };
    const ost_fit_options_t options = { .n_threads = 1, .progress = watch, .user = &watched };
    CU_ASSERT_EQUAL(ost_fit_profile(&fit, 0, (const double[]){ 0.1, 0.2 }, 2, &options, rise, &err), OST_ERR_LIMIT);
    CU_ASSERT(isfinite(rise[0]) && isnan(rise[1]));
    close_fit();
}

/* A parameter that no row tells anything of keeps its prior, and the report says so. */
static void test_nothing_learned(void)
{
    static char text[16384];
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.01, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS
              "exclude:\n  - {trial: T0, site: TH, reason: x}\n  - {trial: T1, site: TH, reason: x}\n");
    must_run();
    ost_assert_close(fit.params[1].se, fit.params[1].prior_sd, 1e-9, 0);
    ost_assert_close(fit.params[1].value, fit.params[1].prior, 1e-9, 0);
    print_fit(text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    0 %  no row"));
    close_fit();
}
/* Asks to stop at the n-th call, and lets the progress go on: the next evaluation is to end by itself. */
static int ask_to_stop(void *user, const char *what, size_t done, size_t all, double objective)
{
    watch_t *self = user;
    (void) what, (void) done, (void) all;
    if (++self->calls == self->stop_at) self->objective = objective;
    if (self->calls == self->stop_at) atomic_store(&asked_to_stop, true);
    return 0;
}

/* Stopped within an evaluation, a fit has the best point so far and its residuals; before the first, nothing. */
static void test_stopped_within_an_evaluation(void)
{
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.01, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 2\n" PARAMETERS);
    for (int call = 1; call < 12; call += 2) {
        watch_t watched = { .stop_at = call };
        const ost_fit_options_t options = { .n_threads = 1, .progress = ask_to_stop, .user = &watched };
        bool stopped = false;
        CU_ASSERT_EQUAL_FATAL(ost_fit_run(&fit, &options, &stopped, &err), 0);
        CU_ASSERT(stopped && !fit.has_errors);
        CU_ASSERT_EQUAL(watched.calls, call);
        CU_ASSERT(fit.objective <= watched.objective);
        double sum = 0, residuals[16];
        for (size_t i = 0; i < fit.n_rows; i++) residuals[i] = fit.rows[i].residual;
        for (size_t k = 0; k < fit.n_params; k++) sum += pow(ost_fit_param_z(&fit.params[k], fit.params[k].value), 2);
        ost_assert_close(sum + ost_fit_misfit(&fit, residuals), fit.objective, 1e-9, 0);
        CU_ASSERT_EQUAL(ost_fit_run(&fit, &options, &stopped, &err), OST_ERR_LIMIT); /* it is to stop at once */
        atomic_store(&asked_to_stop, false);
    }
    close_fit();
}

static const ost_test_t tests[] = {
    { "interruption", test_interruption },
    { "stopped_without_errors", test_stopped_without_errors },
    { "nothing_learned", test_nothing_learned },
    { "stopped_within_an_evaluation", test_stopped_within_an_evaluation },
};

OST_TEST_MAIN("fit_stopped", tests)
