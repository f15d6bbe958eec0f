/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is drawn for the subjects of a cohort: covariates, parameters, settings, and values that are out of range. */
#include "cohort_run.h"
#include "core/random.h"

/* Share of a normal between its bounds that lies below z. */
static double truncated_cdf(double z, double lower, double upper)
{
    double p = ost_normal_cdf(lower);
    return (ost_normal_cdf(z) - p) / (ost_normal_cdf(upper) - p);
}

static double logit(double p)
{
    return log(p / (1 - p));
}

/* The distribution function of the draw is the uniform number that it was made of. */
static void test_draws(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "pill");
    must_plan(&s);
    double params[16];
    size_t ke = param_index(&s.plan, "pill.ke"), g = param_index(&s.plan, "bone.g"), f = param_index(&s.plan, "bone.f");
    size_t r = param_index(&s.plan, "bone.r"), n_of[10] = { 0 };
    for (uint64_t i = 0; i < 4000; i++) {
        CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, i, NULL, params, NULL), 0);
        double u = ost_random_uniform(5, i, ost_random_purpose("pill.ke"), 0);
        CU_ASSERT(params[ke] >= 0.2 && params[ke] <= 1);
        ost_assert_close(
            truncated_cdf(log(params[ke] / 0.5) / 0.5, log(0.2 / 0.5) / 0.5, log(1 / 0.5) / 0.5), u, 1e-12, 1e-13);
        u = ost_random_uniform(5, i, ost_random_purpose("bone.g"), 0);
        ost_assert_close(truncated_cdf((params[g] - 0.5) / 0.1, -5, 5), u, 1e-12, 1e-13);
        u = ost_random_uniform(5, i, ost_random_purpose("bone.f"), 0);
        ost_assert_close(truncated_cdf((logit(params[f]) - logit(0.3)) / 0.5, (logit(0.05) - logit(0.3)) / 0.5,
                             (logit(0.95) - logit(0.3)) / 0.5),
            u, 1e-12, 1e-13);
        n_of[(int) params[r]]++;
    }
    ost_assert_close((double) n_of[1] / 4000, 0.5, 0, 0.035);
    ost_assert_close((double) n_of[3] / 4000, 0.3, 0, 0.03);
    CU_ASSERT_EQUAL(n_of[1] + n_of[3] + n_of[9], 4000);
    CU_ASSERT_TRUE(ost_plan_param_varies(&s.plan, ke));
    CU_ASSERT_FALSE(ost_plan_param_varies(&s.plan, param_index(&s.plan, "pill.K")));
    CU_ASSERT_FALSE(ost_plan_param_varies(&s.plan, param_index(&s.plan, "axis.age")));
    study_free(&s);
}

/* Of n subjects each has another one of the n quantiles, and no two quantities in the same order. */
static void test_latin_hypercube(void)
{
    enum { N = 40 };
    study_t s;
    STUDY(&s, "bone", "axis", "pill");
    s.e.n_subjects = N;
    s.e.sampling = OST_SAMPLING_LATIN_HYPERCUBE;
    must_plan(&s);
    double params[16];
    size_t ke = param_index(&s.plan, "pill.ke"), g = param_index(&s.plan, "bone.g"), n_same = 0;
    bool seen_ke[N] = { 0 }, seen_g[N] = { 0 };
    for (uint64_t i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, i, NULL, params, NULL), 0);
        double a = truncated_cdf(log(params[ke] / 0.5) / 0.5, log(0.2 / 0.5) / 0.5, log(1 / 0.5) / 0.5) * N - 0.5;
        double b = truncated_cdf((params[g] - 0.5) / 0.1, -5, 5) * N - 0.5;
        ost_assert_close(a, round(a), 0, 1e-9);
        ost_assert_close(b, round(b), 0, 1e-9);
        seen_ke[lround(a)] = seen_g[lround(b)] = true;
        n_same += lround(a) == lround(b);
    }
    for (size_t i = 0; i < N; i++) CU_ASSERT(seen_ke[i] && seen_g[i]);
    CU_ASSERT(n_same < 8); /* 1 expected */
    study_free(&s);
}

/* A range far out in the upper tail, where 1 - p has no digits left. */
static void test_far_tail(void)
{
    study_t s;
    STUDY(&s, "bone", "axis");
    covariate(&s, "age", OST_DIST_NORMAL, 0, 5, "y");
    s.covariates[0].dist.lower = 60 * OST_DAYS_PER_YEAR; /* 12 SD above the mean */
    s.covariates[0].dist.upper = 61 * OST_DAYS_PER_YEAR;
    must_plan(&s);
    double params[16], age, sum = 0, age_before = NAN, u_before = NAN;
    for (uint64_t i = 0; i < 2000; i++) {
        double u = ost_random_uniform(5, i, ost_random_purpose("age"), 0);
        CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, i, &age, params, NULL), 0);
        CU_ASSERT(age >= s.covariates[0].dist.lower && age <= s.covariates[0].dist.upper);
        ost_assert_close(params[param_index(&s.plan, "axis.age")], age, 0, 0);
        sum += age / OST_DAYS_PER_YEAR;
        if (i > 0) CU_ASSERT_EQUAL(age > age_before, u > u_before);
        age_before = age;
        u_before = u;
    }
    CU_ASSERT_TRUE(ost_plan_param_varies(&s.plan, param_index(&s.plan, "axis.age")));
    /* there the tail is nearly exponential with rate z / sd; the mean of one cut off at 0.2 SD by quadrature: */
    double mass = 0, moment = 0;
    for (int k = 0; k < 10000; k++) {
        double z = 12 + 0.2 * (k + 0.5) / 10000, w = exp(-0.5 * (z * z - 144));
        mass += w;
        moment += w * 5 * z;
    }
    ost_assert_close(sum / 2000, moment / mass, 0, 4 * 0.24 / sqrt(2000));
    study_free(&s);
}

static void test_settings(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "pill");
    s.settings[0] =
        (ost_param_setting_t){ .model = text("bone"), .param = text("r"), .sets_value = true, .value.value = 4 };
    s.settings[1] = (ost_param_setting_t){ .model = text("axis"),
        .param = text("E0"),
        .sets_value = true,
        .value = { 80, unit_of("pmol/L").dim, false },
        .sets_spread = true,
        .spread.value = 0.2 };
    s.settings[2] = (ost_param_setting_t){ .model = text("pill"), .param = text("ke"), .sets_spread = true };
    s.settings[3] =
        (ost_param_setting_t){ .model = text("pill"), .param = text("K"), .sets_spread = true, .spread.value = 0.1 };
    s.e.n_settings = 4;
    must_plan(&s);
    double params[16], low = INFINITY;
    size_t below = 0, e0 = param_index(&s.plan, "axis.E0"), k = param_index(&s.plan, "pill.K");
    for (uint64_t i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, i, NULL, params, NULL), 0);
        ost_assert_close(params[param_index(&s.plan, "bone.r")], 4, 0, 0); /* a value given replaces the choice */
        ost_assert_close(params[param_index(&s.plan, "pill.ke")], 0.5, 0, 0);
        CU_ASSERT(params[e0] <= 80); /* typical value at the end of the range: the lower half remains */
        low = fmin(low, params[e0]);
        below += params[k] < 2 * exp(0.1 * -1.2815515655446004);
    }
    CU_ASSERT(low < 60);
    ost_assert_close((double) below / 1000, 0.1, 0, 0.04);
    ost_plan_free(&s.plan);
    s.e.variability = false;
    must_plan(&s);
    CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, 3, NULL, params, NULL), 0);
    ost_assert_close(params[e0], 80, 0, 0);
    ost_assert_close(params[k], 2, 0, 0);
    ost_assert_close(params[param_index(&s.plan, "bone.g")], 0.5, 0, 0);
    CU_ASSERT_FALSE(ost_plan_param_varies(&s.plan, k));
    study_free(&s);
}

static void test_covariates(void)
{
    study_t s;
    double c[4], params[16], u;
    STUDY(&s, "bone", "axis");
    covariate(&s, "menopause", OST_DIST_LOGNORMAL, 50, 0.1, "y");
    s.covariates[0].dist.lower = 45 * OST_DAYS_PER_YEAR;
    covariate(&s, "since", OST_DIST_UNIFORM, 1, 9, "y");
    s.covariates[1].dist.b = 9 * OST_DAYS_PER_YEAR;
    covariate(&s, "age", OST_DIST_NORMAL, 0, 0, "y");
    s.covariates[s.e.n_covariates - 1].origin = OST_ORIGIN_FORMULA;
    s.e.n_covariates = 2;
    s.covariates[2].formula = formula(&s, "menopause + since");
    s.covariates[2].formula_text = text("menopause + since");
    s.e.n_covariates = 3;
    s.covariates[2].dist.upper = 60 * OST_DAYS_PER_YEAR;
    must_plan(&s);
    for (uint64_t i = 0; i < 500; i++) {
        CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, i, c, params, NULL), 0);
        u = ost_random_uniform(5, i, ost_random_purpose("menopause"), 0);
        double z = log(c[0] / OST_DAYS_PER_YEAR / 50) / 0.1, lower = log(45.0 / 50) / 0.1;
        ost_assert_close(truncated_cdf(z, lower, INFINITY), u, 1e-11, 1e-12);
        u = ost_random_uniform(5, i, ost_random_purpose("since"), 0);
        ost_assert_close(c[1], (1 + 8 * u) * OST_DAYS_PER_YEAR, 1e-14, 0);
        ost_assert_close(c[2], fmin(c[0] + c[1], 60 * OST_DAYS_PER_YEAR), 1e-15, 0);
        ost_assert_close(params[param_index(&s.plan, "axis.age")], c[2], 0, 0);
    }
    CU_ASSERT_TRUE(ost_plan_param_varies(&s.plan, param_index(&s.plan, "axis.age")));
    study_free(&s);
}

/* People outside the range of a model fail alone and by name. */
static void test_covariate_range(void)
{
    study_t s;
    result_t r;
    ost_error_t err = { 0 };
    double c[4], params[16];
    STUDY(&s, "bone", "axis");
    s.e.n_subjects = 70;
    s.e.first_subject = 100;
    covariate(&s, "age", OST_DIST_UNIFORM, 30, 90, "y");
    s.covariates[0].dist.b = 90 * OST_DAYS_PER_YEAR;
    must_plan(&s);
    run(&r, &s.plan, 1);
    size_t failed = 0;
    for (size_t i = 0; i < 70; i++) {
        int ret = ost_plan_subject(&s.plan, 100 + i, c, params, &err);
        CU_ASSERT_EQUAL(ret, -(int) r.status[i]);
        CU_ASSERT_EQUAL(ret, c[0] < 40 * OST_DAYS_PER_YEAR ? OST_ERR_VALUE : 0);
        CU_ASSERT_EQUAL(isnan(value(&r, 0, i, "bmd", 0, 3)), ret != 0);
        if (ret == 0) continue;
        char name[32];
        snprintf(name, sizeof(name), "subject %zu: covariate 'age' = ", 100 + i);
        ost_assert_contains(err.what, name);
        ost_assert_contains(err.what, "y is outside the range 40..90 of model 'axis'");
        ost_assert_contains(r.message[i], "covariate 'age' = ");
        failed++;
    }
    CU_ASSERT(failed > 3 && failed < 25);
    CU_ASSERT_EQUAL(r.summary.failures, failed);
    CU_ASSERT_TRUE(ost_plan_param_varies(&s.plan, param_index(&s.plan, "axis.age")));
    result_free(&r);
    study_free(&s);
}

static void test_formula_without_value(void)
{
    study_t s;
    ost_error_t err = { 0 };
    double c[4], params[16];
    STUDY(&s, "bone", "axis");
    covariate(&s, "since", OST_DIST_UNIFORM, 0, 2, "y");
    covariate(&s, "age", OST_DIST_NORMAL, 0, 0, "y");
    s.covariates[s.e.n_covariates - 1].origin = OST_ORIGIN_FORMULA;
    s.covariates[1].formula = NULL;
    s.e.n_covariates = 1;
    ost_formula_t *made = formula(&s, "50 [y] + since*log(since/(1 [y]) - 2)");
    s.e.n_covariates = 2;
    s.covariates[1].formula = made;
    s.covariates[1].formula_text = text("50 [y] + since*log(since/(1 [y]) - 2)");
    must_plan(&s);
    CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, 12, c, params, &err), OST_ERR_VALUE);
    CU_ASSERT_STRING_EQUAL(err.what, "subject 12: covariate 'age' is not a finite number");
    study_free(&s);
}

/* Spread about a negative value: a lognormal of its size. */
static void test_negative_value(void)
{
    study_t s;
    double params[16];
    STUDY(&s, "pool", "gate");
    s.settings[0] =
        (ost_param_setting_t){ .model = text("gate"), .param = text("dip"), .sets_spread = true, .spread.value = 0.5 };
    s.e.n_settings = 1;
    must_plan(&s);
    for (uint64_t i = 0; i < 500; i++) {
        CU_ASSERT_EQUAL(ost_plan_subject(&s.plan, i, NULL, params, NULL), 0);
        double dip = params[param_index(&s.plan, "gate.dip")];
        CU_ASSERT(dip >= -4 && dip <= -1);
        ost_assert_close(truncated_cdf(log(dip / -2) / 0.5, log(0.5) / 0.5, log(2) / 0.5),
            ost_random_uniform(5, i, ost_random_purpose("gate.dip"), 0), 1e-12, 1e-13);
    }
    study_free(&s);
}

static const ost_test_t tests[] = {
    { "draws", test_draws },
    { "latin_hypercube", test_latin_hypercube },
    { "far_tail", test_far_tail },
    { "settings", test_settings },
    { "covariates", test_covariates },
    { "covariate_range", test_covariate_range },
    { "formula_without_value", test_formula_without_value },
    { "negative_value", test_negative_value },
};

OST_TEST_MAIN("population", tests)
