/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/evidence.h"
#include "small_fit.h"

#include <gsl/gsl_linalg.h>
#include <limits.h>

/* The covariance of rows first..end of one group, as a matrix. */
static gsl_matrix *group_covariance(size_t first, size_t end, ost_residual_error_t spread)
{
    gsl_matrix *c = gsl_matrix_alloc(end - first, end - first);
    for (size_t i = 0; i < end - first; i++)
        for (size_t k = 0; k < end - first; k++) {
            double own = fit.rows[first + i].error, x = spread.growth * fit.rows[first + i].change,
                   y = spread.growth * fit.rows[first + k].change;
            double value = pow(spread.sigma_between, 2) * sqrt((1 + x * x) * (1 + y * y));
            if (i == k) value += own * own + pow(spread.sigma_within, 2) * (1 + x * x);
            gsl_matrix_set(c, i, k, value);
        }
    return c;
}

/* r' C^-1 r + ln det C over all groups of a class by Cholesky. */
static double direct_minus2(const double *residuals, ost_class_t of, ost_residual_error_t spread, bool with_det)
{
    double sum = 0;
    for (size_t first = 0, end; first < fit.n_rows; first = end) {
        for (end = first; end < fit.n_rows && fit.rows[end].group == fit.rows[first].group;) end++;
        if (ost_fit_class(&fit, first) != of) continue;
        gsl_matrix *c = group_covariance(first, end, spread);
        gsl_vector *x = gsl_vector_alloc(end - first);
        gsl_vector_const_view r = gsl_vector_const_view_array(residuals + first, end - first);
        gsl_linalg_cholesky_decomp1(c);
        gsl_linalg_cholesky_solve(c, &r.vector, x);
        for (size_t i = 0; i < end - first; i++) {
            sum += residuals[first + i] * gsl_vector_get(x, i);
            if (with_det) sum += 2 * log(gsl_matrix_get(c, i, i));
        }
        gsl_matrix_free(c);
        gsl_vector_free(x);
    }
    return sum;
}

static void open_two_trials(void)
{
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.5, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
}

static void test_whitening(void)
{
    double residuals[16], whitened[16];
    open_two_trials();
    CU_ASSERT_EQUAL_FATAL(fit.n_rows, 16);
    CU_ASSERT_EQUAL(fit.n_groups, 2);
    fit.residual_error[OST_CLASS_BMD] = (ost_residual_error_t){ 1.7, 0.6, 0, 0.2 };
    for (uint64_t i = 0; i < 16; i++) {
        fit.rows[i].error = 0.3 + 0.1 * (double) i;
        fit.rows[i].change = 0.8 * (double) i;
        whitened[i] = residuals[i] = 2 * draw(900 + i);
    }
    double direct = direct_minus2(residuals, OST_CLASS_BMD, fit.residual_error[OST_CLASS_BMD], false);
    ost_assert_close(ost_fit_misfit(&fit, whitened), direct, 1e-10, 0);
    /* whitened by the symmetric root of the inverse of each correlated part: linear, and of unit covariance */
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b <= a; b++) {
            double wa[16] = { 0 }, wb[16] = { 0 }, raw[16] = { 0 }, dot = 0;
            wa[a] = wb[b] = 1;
            raw[a] = 1;
            if (a != b) raw[b] = 1;
            ost_fit_whiten(&fit, wa);
            ost_fit_whiten(&fit, wb);
            for (size_t i = 0; i < 16; i++) dot += wa[i] * wb[i];
            double own_a[16] = { 0 }, own_b[16] = { 0 };
            own_a[a] = own_b[b] = 1;
            double both = direct_minus2(raw, OST_CLASS_BMD, fit.residual_error[OST_CLASS_BMD], false);
            double apart = direct_minus2(own_a, OST_CLASS_BMD, fit.residual_error[OST_CLASS_BMD], false) +
                           direct_minus2(own_b, OST_CLASS_BMD, fit.residual_error[OST_CLASS_BMD], false);
            ost_assert_close(dot, a == b ? both : (both - apart) / 2, 1e-10, 1e-12);
        }
    /* a trial that is left out says nothing, whatever its residuals */
    for (size_t i = 0; i < 8; i++) fit.rows[i].left_out = true;
    for (size_t i = 0; i < 16; i++) whitened[i] = i < 8 ? 1e6 : residuals[i];
    for (size_t i = 0; i < 8; i++) residuals[i] = 0;
    direct = direct_minus2(residuals, OST_CLASS_BMD, fit.residual_error[OST_CLASS_BMD], false);
    ost_assert_close(ost_fit_misfit(&fit, whitened), direct, 1e-10, 0);
    /* robust: beyond k, linear */
    fit.huber_k = 1.5;
    for (size_t i = 0; i < 16; i++) {
        fit.rows[i].error = 1;
        whitened[i] = i == 15 ? 10 : 0;
    }
    fit.residual_error[OST_CLASS_BMD] = (ost_residual_error_t){ 0, 0, 0, 0 };
    ost_assert_close(ost_fit_misfit(&fit, whitened), 1.5 * (2 * 10 - 1.5), 1e-12, 0);
    close_fit();
}

/* Residuals drawn with known sizes, every other row with a change that makes them larger: the estimate is the best of a
 * fine grid of the direct likelihood and its prior, and comes out near what they were drawn with. */
static void test_sizes_of_errors(void)
{
    double residuals[8 * N_TRIALS];
    const double between = 2, within = 0.5, growth = 0.3, prior_sd = 0.7;
    small_begin(&folder);
    put_trials(N_TRIALS);
    put_evidence(N_TRIALS, truth, 0.5, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
    CU_ASSERT_EQUAL_FATAL(fit.n_rows, 8 * N_TRIALS);
    for (uint64_t i = 0; i < fit.n_rows; i++) {
        fit.rows[i].error = 0.3;
        fit.rows[i].change = i % 2 ? 8 : 0;
        double g = i % 2 ? sqrt(1 + pow(8 * growth, 2)) : 1;
        residuals[i] = g * between * draw(100 + i / 8) + hypot(g * within, 0.3) * draw(200 + i);
    }
    ost_fit_estimate_residual_error(&fit, NULL, 0);
    const ost_residual_error_t prior = fit.residual_error[OST_CLASS_BMD];
    ost_fit_estimate_residual_error(&fit, residuals, 1);
    const ost_residual_error_t found = fit.residual_error[OST_CLASS_BMD];
    double best = INFINITY;
    ost_residual_error_t of_best = { 0 };
    for (int i = 0; i < 40 * 40 * 40; i++) {
        const ost_residual_error_t at = { exp(-0.5 + 0.05 * (i % 40)), exp(-1.7 + 0.05 * (i / 40 % 40)), 0,
            exp(-2.2 + 0.05 * (i / 1600)) };
        double x = log(at.sigma_between / prior.sigma_between) / prior_sd,
               y = log(at.sigma_within / prior.sigma_within) / prior_sd, z = log(at.growth / prior.growth) / prior_sd;
        double value = direct_minus2(residuals, OST_CLASS_BMD, at, true) + x * x + y * y + z * z;
        if (value >= best) continue;
        best = value;
        of_best = at;
    }
    ost_assert_close(log(found.sigma_between), log(of_best.sigma_between), 0, 0.05);
    ost_assert_close(log(found.sigma_within), log(of_best.sigma_within), 0, 0.05);
    ost_assert_close(log(found.growth), log(of_best.growth), 0, 0.05);
    CU_ASSERT(found.sigma_between > 1 && found.sigma_between < 4);
    CU_ASSERT(found.sigma_within > 0.35 && found.sigma_within < 0.7);
    CU_ASSERT(found.growth > 0.2 && found.growth < 0.45);
    ost_assert_close(fit.residual_error[OST_CLASS_MARKER].sigma_between, 8, 0.05, 0); /* no rows: the prior's mode */
    CU_ASSERT_EQUAL(found.n_trials, N_TRIALS);
    CU_ASSERT_EQUAL(fit.residual_error[OST_CLASS_MARKER].n_trials, 0);
    double split[3 * 8 * N_TRIALS]; /* outer products add up: 0.36 + 0.64, and a third that makes all larger */
    for (size_t i = 0; i < fit.n_rows; i++) {
        split[i] = 0.6 * residuals[i];
        split[fit.n_rows + i] = 0.8 * residuals[i];
        split[2 * fit.n_rows + i] = residuals[i];
    }
    ost_fit_estimate_residual_error(&fit, split, 2);
    ost_assert_close(fit.residual_error[OST_CLASS_BMD].sigma_between, found.sigma_between, 1e-3, 0);
    ost_assert_close(fit.residual_error[OST_CLASS_BMD].sigma_within, found.sigma_within, 1e-3, 0);
    ost_assert_close(fit.residual_error[OST_CLASS_BMD].growth, found.growth, 1e-3, 0);
    ost_fit_estimate_residual_error(&fit, split, 3);
    CU_ASSERT(fit.residual_error[OST_CLASS_BMD].sigma_between > 1.2 * found.sigma_between);
    close_fit();
}

/* Quantiles of Student's t from tables. */
static void test_half_width(void)
{
    const ost_residual_error_t none = { 1, 1, 0, 0 }, few = { 1, 1, 3, 0 }, many = { 1, 1, 16, 0 };
    ost_assert_close(ost_fit_half_width(&none), 1.6449, 1e-4, 0);
    ost_assert_close(ost_fit_half_width(&few), 2.1318, 1e-4, 0);
    ost_assert_close(ost_fit_half_width(&many), 1.7613, 1e-4, 0);
}

static void test_recovers_parameters(void)
{
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.001, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 3\nseed: 5\n" PARAMETERS);
    CU_ASSERT_EQUAL(fit.n_rows, 16);
    CU_ASSERT_EQUAL(fit.trials.n_observations, 16); /* the row of role validate is not simulated */
    CU_ASSERT_EQUAL(fit.trials.trials[0].experiment.n_arms, 2);
    must_run();
    for (size_t k = 0; k < 3; k++) {
        const ost_fit_param_t *p = &fit.params[k];
        double of = truth[k] / OST_DAYS_PER_YEAR;
        ost_assert_close(p->value, of, 1e-3, 0);
        CU_ASSERT(fabs(log(p->value / of)) < 3 * p->se);
        CU_ASSERT(p->se > 0 && p->se < 0.2);
        CU_ASSERT(!p->logit);
    }
    for (size_t i = 0; i < fit.n_rows; i++) CU_ASSERT(fabs(fit.rows[i].residual) < 0.02);
    double objective = fit.objective;
    close_fit();
    /* from far away, through all that is random, to the same place; the priors are told apart by their centre only */
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.001, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 2\nseed: 99\n" PARAMETERS);
    must_run();
    for (size_t k = 0; k < 3; k++) ost_assert_close(fit.params[k].value, truth[k] / OST_DAYS_PER_YEAR, 1e-3, 0);
    ost_assert_close(fit.objective, objective, 0, 0.05);
    close_fit();
}

static uint64_t simulated_by(const double *z, size_t n, double *residuals)
{
    const uint64_t before = fit.n_simulated;
    CU_ASSERT_EQUAL_FATAL(ost_fit_residuals(&fit, z, n, 1, residuals, &err), 0);
    return fit.n_simulated - before;
}

/* One trial of which an arm is misread by 4 points at 24 months. An error that all its rows share would explain rates
 * that are wrong for every row: rates stay those that come nearest to the rows. */
static void test_one_trial(void)
{
    double sum = 0;
    small_begin(&folder);
    put_trials(1);
    put_evidence(1, truth, 0.2, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
    for (size_t i = 0; i < fit.n_rows; i++) {
        const ost_evidence_row_t *row = ost_fit_observation(&fit, i)->row;
        bool is_misread = row->time_months == 24 && strcmp(row->arm, "treated") == 0;
        if (is_misread) fit.trials.evidence.rows[row - fit.trials.evidence.rows].value += 4;
    }
    must_run();
    for (size_t i = 0; i < fit.n_rows; i++) sum += fit.rows[i].residual;
    CU_ASSERT(fabs(sum / 8) < 0.5);
    CU_ASSERT_EQUAL(ost_fit_shared_sd(&fit.residual_error[OST_CLASS_BMD]), 0);
    close_fit();
}

static void test_points_are_simulated_once(void)
{
    const double z[4][3] = { { 0.1, 0.2, 0.3 }, { 0.2, 0.2, 0.3 }, { 0.1, 0.3, 0.3 }, { 0.1, 0.2, 0.4 } };
    double all[4][16], one[16];
    open_two_trials();
    const uint64_t each = simulated_by(z[3], 1, one);
    CU_ASSERT(each > 0);
    CU_ASSERT_EQUAL(simulated_by(z[0], 4, all[0]), 3 * each);
    CU_ASSERT_EQUAL(memcmp(all[3], one, sizeof(one)), 0);
    for (size_t v = 0; v < 4; v++) {
        CU_ASSERT_EQUAL(simulated_by(z[v], 1, one), 0);
        CU_ASSERT_EQUAL(memcmp(all[v], one, sizeof(one)), 0);
    }
    /* what all subjects correct is not remembered with a point */
    fit.rows[0].correction = 1;
    CU_ASSERT_EQUAL(simulated_by(z[0], 1, one), 0);
    CU_ASSERT_EQUAL(one[0], all[0][0] + 1);
    CU_ASSERT_EQUAL(memcmp(one + 1, all[0] + 1, sizeof(one) - sizeof(*one)), 0);
    close_fit();
    /* none has other bits beside others */
    for (size_t v = 0; v < 4; v++) {
        open_two_trials();
        CU_ASSERT_EQUAL(simulated_by(z[v], 1, one), each);
        CU_ASSERT_EQUAL(memcmp(all[v], one, sizeof(one)), 0);
        close_fit();
    }
}

static void test_rows_and_exclusions(void)
{
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.5, 0);
    must_read(
        "trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS "exclude:\n  - {trial: T0, trial_arm: control, reason: test}\n"
        "  - {trial: T1, site: LS, month: 60, endpoint: BMD_change, reason: test}\n");
    CU_ASSERT_EQUAL(fit.n_rows, 16 - 4 - 2);
    CU_ASSERT_EQUAL(fit.exclusions[0].n_rows, 4);
    CU_ASSERT_EQUAL(fit.exclusions[1].n_rows, 2);
    for (size_t i = 0; i < fit.n_rows; i++) {
        const ost_evidence_row_t *row = ost_fit_observation(&fit, i)->row;
        CU_ASSERT_EQUAL(row->role, OST_ROLE_CALIBRATE);
        CU_ASSERT(strcmp(row->trial, "T0") != 0 || strcmp(row->arm, "control") != 0);
    }
    close_fit();
    /* an arm without rows and times after the last one are not simulated: the rest keeps its bits */
    double residuals[2][2];
    bool is_second = false;
    for (int both = 0; both < 2; both++) {
        small_begin(&folder);
        small_write(&folder, "evidence.csv",
            HEAD "calibrate,T0,treated,BMD_change,LS,24,mean,-5,percent,,1,se,,c,r,\n"
                 "calibrate,T0,control,BMD_change,LS,24,mean,-2,percent,,1,se,,c,r,\n"
                 "validate,T0,control,BMD_change,LS,60,mean,-9,percent,,1,se,,c,r,\n");
        small_trial(&folder, "trial0", FIXED,
            both ? "    - {arm: control, trial: T0, trial_arm: control}\n    - {arm: treated, trial: T0, trial_arm: "
                   "treated}\n"
                 : "    - {arm: treated, trial: T0, trial_arm: treated}\n");
        must_read("trials: .\nsubjects: 1\n" PARAMETERS);
        const ost_experiment_t *e = &fit.trials.trials[0].experiment;
        is_second = strcmp(ost_fit_observation(&fit, 0)->row->arm, "treated") != 0;
        CU_ASSERT_EQUAL(e->n_arms, (size_t) (both ? 2 : 1));
        ost_assert_close(e->times[e->n_times - 1], 24 * OST_DAYS_PER_MONTH, 1e-12, 0);
        CU_ASSERT_EQUAL(ost_fit_residuals(&fit, (const double[3]){ 0.1, 0.2, 0.3 }, 1, 1, residuals[both], &err), 0);
        close_fit();
    }
    CU_ASSERT_EQUAL(residuals[0][0], residuals[1][is_second]);
    /* huber_k, and its former name */
    for (int former = 0; former < 2; former++) {
        small_begin(&folder);
        put_trials(1);
        put_evidence(1, truth, 0.5, 0);
        must_read(former ? "trials: .\nrobust: 2.5\n" PARAMETERS : "trials: .\nhuber_k: 2.5\n" PARAMETERS);
        ost_assert_close(fit.huber_k, 2.5, 0, 0);
        CU_ASSERT_EQUAL(fit.warnings.n, (size_t) former);
        close_fit();
    }
    /* a trial of which no row is fitted is not simulated */
    small_begin(&folder);
    put_trials(2);
    put_evidence(2, truth, 0.5, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS "exclude: [{trial: T0, reason: test}]\n");
    CU_ASSERT(fit.trials.trials[0].skip && !fit.trials.trials[1].skip);
    close_fit();
}

/* A row that was never to be fitted is not, though its role became calibrate, and its time is not simulated. */
static void test_frozen_row(void)
{
    small_begin(&folder);
    small_trial(&folder, "trial0", FIXED, "    - {arm: treated, trial: T0, trial_arm: treated}\n");
    small_write(&folder, "evidence.csv",
        HEAD "calibrate,T0,treated,BMD_change,LS,24,mean,-5,percent,,1,se,,c,r,\n"
             "calibrate,T0,treated,BMD_change,LS,60,mean,-9,percent,,1,se,,c,r,\n");
    small_write(&folder, "frozen.csv",
        "trial,arm,endpoint,site,time_months,statistic,value,unit\nT0,treated,BMD_change,LS,60,mean,-9,percent\n");
    must_read("trials: .\nsubjects: 1\n" PARAMETERS);
    CU_ASSERT_EQUAL(fit.n_rows, 1);
    CU_ASSERT_EQUAL(fit.trials.trials[0].matched.n_observations, 1);
    close_fit();
}

static void test_wrong_files(void)
{
    static const struct {
        const char *text;
        int code;
        const char *location, *what;
    } cases[] = {
        { "trials: .\nparameters: {small.gg: {prior: 0.03 1/y}}\n", OST_ERR_NAME,
            "fit.yml:2:", "did you mean 'small.g'" },
        { "trials: .\nparameters: {smal.g: {prior: 0.03 1/y}}\n", OST_ERR_NAME,
            "fit.yml:2:", "did you mean 'small.g'" },
        { "trials: .\nparameters: {small.k: {prior: 0.03 1/y}}\n", OST_ERR_NAME, "fit.yml:2:", "no trial has a model" },
        { "trials: .\nparameters: {small.w: {prior: 0.5}}\n", OST_ERR_NAME, "fit.yml:2:", "gives no prior SD for it" },
        { "trials: .\nparameters: {small.g: {prior: 0.9 1/y}}\n", OST_ERR_VALUE, "fit.yml:2:", "0.0001..0.5 1/y" },
        { "trials: .\nparameters: {small.w: {prior: 1, sd: 1}}\n", OST_ERR_VALUE, "fit.yml:2:", "below 1" },
        { "trials: .\nparameters: {small.g: {prior: 0.03 mg}}\n", OST_ERR_UNIT, "fit.yml:2:", "1/y" },
        { "trials: .\nparameters: {small.g: {prior: 0.03}}\n", OST_ERR_UNIT, "fit.yml:2:", "1/y" },
        { "trials: .\nparameters: {small.g: {prior: 0.03 1/y, sd: 0}}\n", OST_ERR_VALUE, "fit.yml:2:", "sd" },
        { "trials: .\nparameters: {small.g: {sd: 0.3}}\n", OST_ERR_NAME, "fit.yml:2:", "prior" },
        { "trials: .\nparameters: {}\n", OST_ERR_VALUE, "fit.yml:2:", "no parameter is to be estimated" },
        { "trials: .\n", OST_ERR_NAME, "fit.yml:1:", "parameters" },
        { "parameters: {small.g: {prior: 0.03 1/y}}\n", OST_ERR_NAME, "fit.yml:1:", "trials" },
        { "trials: ./trails\nparameters: {small.g: {prior: 0.03 1/y}}\n", OST_ERR_NAME, "trails", "cannot be read" },
        { "trials: .\nevidence: ./no.csv\nparameters: {small.g: {prior: 0.03 1/y}}\n", OST_ERR_MISSING, "no.csv", "" },
        { "trials: .\nstart: 3\nparameters: {small.g: {prior: 0.03 1/y}}\n", OST_ERR_NAME, "fit.yml:2:1", "'starts'" },
        { "trials: .\nstarts: 0\nparameters: {small.g: {prior: 0.03 1/y}}\n", OST_ERR_VALUE, "fit.yml:2:", "starts" },
        { "trials: .\nparameters: {small.g: {prior: 0.03 1/y}}\nexclude: [{trial: T7, reason: x}]\n", OST_ERR_NAME,
            "fit.yml:3:", "no row of role 'calibrate' in these trials is like this (trial 'T7')" },
        { "trials: .\nparameters: {small.g: {prior: 0.03 1/y}}\nexclude: [{trial: T0, trial_arm: late, reason: x}]\n",
            OST_ERR_NAME, "fit.yml:3:", "no row of role 'calibrate'" },
        { "trials: .\nparameters: {small.g: {prior: 0.03 1/y}}\nexclude: [{trial: T0}]\n", OST_ERR_NAME,
            "fit.yml:3:", "reason" },
        { "trials: .\nparameters: {small.g: {prior: 0.03 1/y}}\nexclude: [{trial: T0, reason: x}]\n", OST_ERR_VALUE,
            "fit.yml", "no row of role 'calibrate' is left" },
    };
    small_begin(&folder);
    put_trials(1);
    put_evidence(1, truth, 0.5, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        int ret = read_fit(cases[i].text);
        ost_error_format(&err, text, sizeof(text));
        if (ret != cases[i].code) printf("\n%s%s: %s\n", cases[i].text, ost_error_name(ret), text);
        CU_ASSERT_EQUAL(ret, cases[i].code);
        ost_assert_contains(text, cases[i].location);
        ost_assert_contains(text, cases[i].what);
        ost_fit_free(&fit);
    }
    close_fit();
}

/* In a problem that is all but linear the profile is a parabola and the sample is a normal. */
/* Means are the estimates, SDs and the correlation of the first two parameters those of the covariance. */
static void check_draws(const double *values, size_t n_draws)
{
    double sums[3] = { 0 }, squares[3] = { 0 }, n = (double) n_draws, product = 0;
    for (size_t d = 0; d < n_draws; d++) {
        double x[3];
        for (size_t k = 0; k < 3; k++) {
            x[k] = log(values[3 * d + k] / fit.params[k].value) / fit.params[k].se;
            sums[k] += x[k];
            squares[k] += x[k] * x[k];
        }
        product += x[0] * x[1];
    }
    for (size_t k = 0; k < 3; k++) {
        ost_assert_close(sums[k] / n, 0, 0, 0.15);
        ost_assert_close(sqrt(squares[k] / n), 1, 0.12, 0);
    }
    ost_assert_close(product / n, fit.covariance[1] / sqrt(fit.covariance[0] * fit.covariance[4]), 0, 0.15);
}

static void test_profile_and_sample(void)
{
    static const double z[] = { -2, -1, 1, 2 }, parabola[] = { 4, 1, 1, 4 };
    enum { N = 500 };
    static double values[N * 3];
    double rise[4];
    double r_hat[3], size[3];
    ost_sample_quality_t sample = { .r_hat = r_hat, .size = size };
    small_begin(&folder);
    put_trials(3);
    put_evidence(3, truth, 0.1, 0);
    must_read("trials: .\nsubjects: 1\nstarts: 1\n" PARAMETERS);
    must_run();
    CU_ASSERT_FATAL(small_ok(ost_fit_profile(&fit, 2, z, 4, &one_thread, rise, &err), &err));
    for (size_t i = 0; i < 4; i++) ost_assert_close(rise[i], parabola[i], 0.12, 0.02);
    watch_t watched = { .stop_at = INT_MAX, .lowest = INFINITY };
    const ost_fit_options_t options = { .n_threads = 1, .progress = watch, .user = &watched };
    CU_ASSERT_FATAL(small_ok(ost_fit_sample(&fit, N, &options, values, &sample, &err), &err));
    /* -2 log posterior of a chain: chi-squared of three degrees of freedom above that of the estimate */
    CU_ASSERT(watched.lowest > fit.objective - 0.05);
    ost_assert_close(watched.sum / watched.calls - fit.objective, 3, 0, 1);
    CU_ASSERT(sample.accepted > 0.9); /* the quadratic surrogate is the posterior */
    for (size_t k = 0; k < 3; k++) CU_ASSERT(r_hat[k] < 1.05 && size[k] >= N);
    check_draws(values, N);
    CU_ASSERT_FATAL(small_ok(ost_fit_sample_normal(&fit, N, values, &err), &err));
    check_draws(values, N);
    close_fit();
}

/* The models' own values are the estimates of the fit that came with them, to the digits that the models keep. */
static void test_defaults_are_the_estimate(void)
{
    ost_draws_t draws;
    ost_library_t library;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_draws_read(&draws, OST_SOURCE_DIR "/configs/fit/flagship.csv", &err), 0);
    CU_ASSERT(draws.n_params > 30 && draws.n_draws >= 100);
    for (size_t k = 0; k < draws.n_params; k++) {
        char model_name[64];
        const ost_model_t *model;
        size_t length = strcspn(draws.names[k], "."), found = 0;
        snprintf(model_name, sizeof(model_name), "%.*s", (int) length, draws.names[k]);
        CU_ASSERT_EQUAL_FATAL(ost_library_get(&library, model_name, &model, &err), 0);
        for (size_t i = 0; i < model->n_params; i++) {
            if (ost_names_spread(draws.names[k] + length + 1, model->params[i].name)) {
                ost_assert_close(model->params[i].spread.sd, draws.values[k], 6e-4, 0);
                found = 1; /* of all elements of an index */
            }
            if (strcmp(model->params[i].name, draws.names[k] + length + 1) != 0) continue;
            found++;
            ost_assert_close(model->params[i].value, draws.values[k], 6e-4, 0);
        }
        CU_ASSERT_EQUAL(found, 1);
    }
    ost_draws_free(&draws);
    ost_library_free(&library);
}

static const ost_test_t tests[] = {
    { "defaults_are_the_estimate", test_defaults_are_the_estimate },
    { "whitening", test_whitening },
    { "sizes_of_errors", test_sizes_of_errors },
    { "recovers_parameters", test_recovers_parameters },
    { "one_trial", test_one_trial },
    { "points_are_simulated_once", test_points_are_simulated_once },
    { "rows_and_exclusions", test_rows_and_exclusions },
    { "frozen_row", test_frozen_row },
    { "wrong_files", test_wrong_files },
    { "half_width", test_half_width },
    { "profile_and_sample", test_profile_and_sample },
};

OST_TEST_MAIN("fit", tests)
