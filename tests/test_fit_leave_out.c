/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials that are left out of a fit and predicted: by a refit, and by one step. */
#include "small_fit.h"

/* Many worlds: in each the trials share an error of their own; one trial is left out and predicted. */
static void test_left_out_trials(void)
{
    enum { WORLDS = 20 };
    size_t n = 0, inside = 0;
    small_begin(&folder);
    put_trials(N_TRIALS);
    put_evidence(N_TRIALS, truth, 0.3, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
    for (uint64_t world = 0; world < WORLDS; world++) {
        double residuals[8 * N_TRIALS], sd[8 * N_TRIALS];
        for (size_t i = 0; i < fit.n_rows; i++) { /* the table in memory is rewritten */
            const ost_evidence_row_t *row = ost_fit_observation(&fit, i)->row;
            ost_evidence_row_t *own = &fit.trials.evidence.rows[row - fit.trials.evidence.rows];
            double rate = truth[strcmp(row->site, "TH") == 0] + (strcmp(row->arm, "treated") == 0 ? truth[2] : 0);
            own->value = lost(rate, row->time_months / 12) + 0.3 * draw(1000 + world * 64 + i) +
                         1.0 * draw(9000 + world * 64 + fit.rows[i].group) + 0.4 * draw(5000 + world * 64 + i);
        }
        must_run();
        const double before = fit.objective;
        CU_ASSERT_FATAL(small_ok(ost_fit_leave_out(&fit, "T3", &one_thread, residuals, sd, &err), &err));
        ost_assert_close(fit.objective, before, 0, 0);
        for (size_t i = 0; i < fit.n_rows; i++) {
            bool is_out = strcmp(ost_fit_observation(&fit, i)->row->trial, "T3") == 0;
            CU_ASSERT_EQUAL(isnan(residuals[i]), !is_out);
            CU_ASSERT_EQUAL(isnan(sd[i]), !is_out);
            CU_ASSERT(!fit.rows[i].left_out);
            n += is_out;
            inside += is_out && fabs(residuals[i]) <= 1.645 * sd[i];
        }
    }
    /* those of one trial share an error, so they count little more than one each: 90 % of 20, give or take 3 SD */
    double covered = (double) inside / (double) n;
    CU_ASSERT_EQUAL(n, 8 * WORLDS);
    CU_ASSERT(covered > 0.72 && covered < 0.99);
    if (!(covered > 0.72 && covered < 0.99)) printf("covered %g\n", covered);
    CU_ASSERT_EQUAL(ost_fit_leave_out(&fit, "T9", &one_thread, &covered, &covered, &err), OST_ERR_NAME);
    close_fit();
}

/* Rewrites the table in memory: every trial has an error that its rows share, of `between` points. */
static void share_errors(double between)
{
    for (size_t i = 0; i < fit.n_rows; i++) {
        const ost_evidence_row_t *row = ost_fit_observation(&fit, i)->row;
        fit.trials.evidence.rows[row - fit.trials.evidence.rows].value += between * draw(7000 + fit.rows[i].group);
    }
}

/* One step predicts what a refit predicts, to within 0.002 of the prediction's SD, and to within 0.025 where a row is
 * 15 points off and Huber bends it. Leaving a trial out changes predictions by up to 0.2 SD. */
static void test_step_is_the_refit(void)
{
    for (int bent = 0; bent < 2; bent++) {
        double residuals[32], sd[32], refit[32], refit_sd[32];
        ost_fit_step_t steps[4];
        size_t n_steps = 0;
        small_begin(&folder);
        put_trials(4);
        put_evidence(4, truth, 0.4, 0);
        must_read(bent ? "trials: .\nsubjects: 1\nstarts: 1\nhuber_k: 2\n" PARAMETERS
                       : "trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
        share_errors(bent ? 1 : 3);
        if (bent) fit.trials.evidence.rows[ost_fit_observation(&fit, 13)->row - fit.trials.evidence.rows].value -= 15;
        must_run();
        const double before = fit.objective;
        CU_ASSERT_FATAL(
            small_ok(ost_fit_leave_out_each(&fit, &one_thread, residuals, sd, steps, &n_steps, &err), &err));
        ost_assert_close(fit.objective, before, 0, 0);
        CU_ASSERT_EQUAL_FATAL(n_steps, 4);
        for (size_t s = 0; s < n_steps; s++) {
            CU_ASSERT_EQUAL(steps[s].n, 8);
            CU_ASSERT(ost_fit_step_is_linear(&steps[s]));
            ost_assert_close(steps[s].fall, pow(steps[s].length, 2), 0.1, 0.02);
            CU_ASSERT_FATAL(
                small_ok(ost_fit_leave_out(&fit, steps[s].trial, &one_thread, refit, refit_sd, &err), &err));
            for (size_t i = 0; i < fit.n_rows; i++) {
                CU_ASSERT(!fit.rows[i].left_out);
                if (isnan(refit[i])) continue;
                ost_assert_close(residuals[i], refit[i], 0, (bent ? 0.025 : 0.002) * sd[i]);
                ost_assert_close(sd[i], refit_sd[i], 0.02, 0);
            }
        }
        close_fit();
    }
}

/* The report. @param[out] text  [size] */
static void print_left_out(
    const double *residuals, const double *sd, const ost_fit_step_t *steps, size_t n_steps, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    CU_ASSERT_FATAL(out != NULL);
    CU_ASSERT_EQUAL(ost_fit_print_left_out(&fit, residuals, sd, steps, n_steps, out, &err), 0);
    fclose(out);
}

/* Without the one trial that tells something, against a prior far away, the step is too long for a linear model: its
 * prediction is not that of a refit, and the report says so. */
static void test_long_steps_are_named(void)
{
    static char text[16384];
    double residuals[16], sd[16], refit[16], refit_sd[16];
    ost_fit_step_t steps[2];
    size_t n_steps = 0;
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.05, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\nparameters:\n  small.g: {prior: 0.3 1/y}\n");
    for (size_t i = 0; i < fit.n_rows; i++) {
        const ost_evidence_row_t *row = ost_fit_observation(&fit, i)->row;
        if (strcmp(row->trial, "T1") == 0) fit.trials.evidence.rows[row - fit.trials.evidence.rows].upper = 8;
    }
    must_run();
    CU_ASSERT_FATAL(small_ok(ost_fit_leave_out_each(&fit, &one_thread, residuals, sd, steps, &n_steps, &err), &err));
    CU_ASSERT(n_steps == 2 && strcmp(steps[0].trial, "T0") == 0);
    CU_ASSERT(!ost_fit_step_is_linear(&steps[0]) && ost_fit_step_is_linear(&steps[1]));
    CU_ASSERT_FATAL(small_ok(ost_fit_leave_out(&fit, "T0", &one_thread, refit, refit_sd, &err), &err));
    CU_ASSERT(fabs(residuals[7] - refit[7]) > refit_sd[7]);
    print_left_out(residuals, sd, steps, n_steps, text, sizeof(text));
    ost_assert_contains(text, "<: 1 of 2 steps leave the linear range");
    ost_assert_contains(text, "one step without");
    print_left_out(refit, refit_sd, NULL, 0, text, sizeof(text)); /* a refit has no step, and rows of T0 alone */
    ost_assert_contains(text, "BMD left out: n 8 ");
    CU_ASSERT(strstr(text, "step") == NULL);
    close_fit();
}

static void test_steps_are_stopped(void)
{
    double residuals[16], sd[16];
    ost_fit_step_t steps[2];
    size_t n_steps;
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.3, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
    must_run();
    for (int stop_at = 1; stop_at <= 2; stop_at++) {
        watch_t watched = { .stop_at = stop_at };
        const ost_fit_options_t options = { .n_threads = 1, .progress = watch, .user = &watched };
        CU_ASSERT_EQUAL(ost_fit_leave_out_each(&fit, &options, residuals, sd, steps, &n_steps, &err), OST_ERR_LIMIT);
        CU_ASSERT_EQUAL(watched.calls, stop_at);
        for (size_t i = 0; i < fit.n_rows; i++) CU_ASSERT(!fit.rows[i].left_out);
    }
    close_fit();
}

static const ost_test_t tests[] = {
    { "left_out_trials", test_left_out_trials },
    { "step_is_the_refit", test_step_is_the_refit },
    { "long_steps_are_named", test_long_steps_are_named },
    { "steps_are_stopped", test_steps_are_stopped },
};

OST_TEST_MAIN("fit_leave_out", tests)
