/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hazard of fractures as written: a life table, means over a population, ratios of risk factors, thresholds. */
#include "study_run.h"

/* Numbers of the effect of turnover that the fit of fractures sets, here at values of these tests. */
static const double exponents[3] = { 0.5, 0.2, 0.1 };
static const double usual_ctx = 0.5, usual_sd = 0.6, usual_with_z = -0.4, again = 2;

/* Fractures of women of 60 and more whose Z-scores and turnover are given, counted from time 0; outputs every year from
 * one year before it on. @param log_ctx  of CTX over what is usual */
static void fracture_study(study_t *self, double years, double z_spine, double z_hip, double log_ctx)
{
    const struct {
        const char *param;
        double value;
    } settings[] = { { "by_turnover[vertebral]", exponents[0] }, { "by_turnover[hip]", exponents[1] },
        { "by_turnover[other]", exponents[2] }, { "usual_60", usual_ctx }, { "usual_sd", usual_sd },
        { "usual_with_z", usual_with_z }, { "again", again } };
    BUILT_IN(self, "fracture");
    set_age(self, years);
    drive(self, 0, "bmd_z[lumbar_spine]", z_spine, "1", -INFINITY, INFINITY);
    drive(self, 0, "bmd_z[total_hip]", z_hip, "1", -INFINITY, INFINITY);
    drive(self, 0, "ctx", usual_ctx * exp(log_ctx), "ng/mL", -INFINITY, INFINITY);
    for (size_t i = 0; i < COUNT(settings); i++) {
        ost_unit_t unit = unit_of(i == 3 ? "ng/mL" : "1");
        self->settings[i] = (ost_param_setting_t){ .model = text("fracture"),
            .param = text(settings[i].param),
            .sets_value = true,
            .value = { .value = settings[i].value * unit.factor, .dim = unit.dim } };
    }
    self->e.n_settings = COUNT(settings);
    for (int i = 0; i <= 10; i++) self->times[i] = 365.25 * (i - 1);
}

static void set_factor(study_t *self, const char *name, double x, const char *unit)
{
    ost_unit_t u = unit_of(unit);
    self->covariates[self->e.n_covariates++] = (ost_covariate_t){
        .name = text(name), .unit = u, .dist = { .a = x * u.factor, .lower = -INFINITY, .upper = INFINITY }
    };
}

/* exp of what is straight between the logs of rates at 50, 60, ... 90 years; rates and result per year */
static double by_age(const double rates[5], double years)
{
    double at = (fmin(fmax(years, 50), 90) - 50) / 10;
    int i = at >= 4 ? 3 : (int) at;
    return 0.01 * exp(log(rates[i]) + (at - i) * log(rates[i + 1] / rates[i]));
}

static const double women[3][5] = { { 0.04, 0.11, 0.22, 0.45, 0.7 }, { 0.026, 0.087, 0.295, 0.995, 3.3 },
    { 0.9, 1.5, 2.0, 2.6, 3.0 } };
static const double rr[3] = { 2.3, 2.9, 1.4 }, deaths[5] = { 0.31, 0.67, 1.57, 4.4, 14 };

/* RR^-Z times CTX to a power, over their mean where both spread as in the population. */
static double relative_hazard(size_t k, double z, double log_ctx)
{
    double by_z = -log(rr[k]), width = exponents[k] * usual_sd;
    return exp(
        by_z * z + exponents[k] * log_ctx - 0.5 * (by_z * by_z + width * width + 2 * by_z * width * usual_with_z));
}

/* A life table in steps of a tenth of a day: who is left, who breaks, who dies. */
static void incidence_against_a_life_table(void)
{
    enum { PER_YEAR = 3652 };
    const double z[3] = { -1, -2, -2 }, log_ctx = 0.4;
    double alone[3] = { 1, 1, 1 }, whole = 1, broken[3] = { 0 }, any = 0, dead = 0;
    double cumulative[3] = { 0 }, number[3] = { 0 };
    study_t s;
    result_t r;
    fracture_study(&s, 73, z[0], z[1], log_ctx);
    run(&r, &s, 1, 1);
    for (size_t t = 0; t <= 1; t++) CU_ASSERT_EQUAL(value(&r, 0, 0, "any_fracture_probability", 0, t), 0);
    for (int year = 1; year <= 9; year++) {
        for (int i = 0; i < PER_YEAR; i++) {
            double age = 73 + year - 1 + (i + 0.5) / PER_YEAR, sum = 0;
            double death = by_age(deaths, age) / PER_YEAR;
            for (size_t k = 0; k < 3; k++) {
                double h = by_age(women[k], age) * relative_hazard(k, z[k], log_ctx) / PER_YEAR;
                broken[k] += alone[k] * h;
                alone[k] *= 1 - h - death;
                number[k] += h * (1 + (again - 1) * (1 - exp(-cumulative[0] - cumulative[1] - cumulative[2])));
                sum += h;
            }
            for (size_t k = 0; k < 3; k++)
                cumulative[k] += by_age(women[k], age) * relative_hazard(k, z[k], log_ctx) / PER_YEAR;
            any += whole * sum;
            whole *= 1 - sum - death;
            dead += (1 - dead) * death;
        }
        for (size_t k = 0; k < 3; k++)
            ost_assert_close(value(&r, 0, 0, "fracture_probability", k, (size_t) year + 1), 100 * broken[k], 2e-4, 0);
        for (size_t k = 0; k < 3; k++) {
            double alive = 100 * (1 - exp(-cumulative[k]));
            ost_assert_close(value(&r, 0, 0, "fracture_incidence", k, (size_t) year + 1), alive, 2e-4, 0);
            ost_assert_close(value(&r, 0, 0, "fracture_number", k, (size_t) year + 1), number[k], 2e-4, 0);
        }
        double others = 100 * (1 - exp(-cumulative[1] - cumulative[2]));
        ost_assert_close(value(&r, 0, 0, "nonvertebral_incidence", 0, (size_t) year + 1), others, 2e-4, 0);
        ost_assert_close(value(&r, 0, 0, "any_fracture_probability", 0, (size_t) year + 1), 100 * any, 2e-4, 0);
        ost_assert_close(value(&r, 0, 0, "death_probability", 0, (size_t) year + 1), 100 * dead, 2e-4, 0);
    }
    CU_ASSERT(any > 0.4 && dead > 0.2); /* so that they matter to each other */
    free(r.y);
    study_free(&s);
}

/* Over people whose densities and turnovers spread as in the population, the mean hazard is the population's. */
static void mean_hazard_is_the_populations(void)
{
    double sum[3] = { 0 };
    for (int i = -7; i <= 7; i++)
        for (int j = -6; j <= 6; j++) {
            double weight = exp(-0.5 * (i * i + j * j)) / (2 * acos(-1)); /* of steps of one SD */
            double log_ctx = usual_sd * (usual_with_z * i + sqrt(1 - usual_with_z * usual_with_z) * j);
            study_t s;
            result_t r;
            fracture_study(&s, 65, i, i, log_ctx);
            run(&r, &s, 1, 1);
            for (size_t k = 0; k < 3; k++) {
                double hazard = value(&r, 0, 0, "fracture_hazard", k, 2);
                double both = value(&r, 0, 0, "density_effect", k, 2) * value(&r, 0, 0, "turnover_effect", k, 2);
                ost_assert_close(hazard, 100 * by_age(women[k], 66) * both, 1e-9, 0);
                sum[k] += weight * hazard;
            }
            free(r.y);
            study_free(&s);
        }
    for (size_t k = 0; k < 3; k++) ost_assert_close(sum[k], 100 * by_age(women[k], 66), 1e-5, 0);
}

/* Ratios of what a person brings along, alone and together; nothing where nothing is said. */
static void risk_factors_multiply(void)
{
    const struct {
        const char *name, *unit;
        double x, ratio; /* of the hip */
    } factors[] = { { "smoking", "1", 0, 1 }, { "smoking", "1", 1, 1.60 }, { "alcohol", "1", 1, 1.70 },
        { "prior_fracture", "1", 1, 1.62 }, { "vertebral_fracture", "1", 0, 1 / (0.8 + 0.2 * 2.3) },
        { "vertebral_fracture", "1", 1, 2.3 / (0.8 + 0.2 * 2.3) }, { "parental_hip_fracture", "1", 1, 2.27 },
        { "faller", "1", 1, 1.5 }, { "bmi", "kg/m2", 40, 1 }, { "bmi", "kg/m2", 18, 1.42 },
        { "bmi", "kg/m2", 22.5, sqrt(1.42) } };
    double neutral = 0;
    for (size_t i = 0; i < COUNT(factors); i++) {
        study_t s;
        result_t r;
        fracture_study(&s, 65, 0, 0, 0.1);
        set_factor(&s, factors[i].name, factors[i].x, factors[i].unit);
        run(&r, &s, 1, 1);
        double hazard = value(&r, 0, 0, "fracture_hazard", 1, 2);
        if (i == 0) neutral = hazard;
        ost_assert_close(hazard / neutral, factors[i].ratio, 1e-9, 0);
        free(r.y);
        study_free(&s);
    }
    study_t s;
    result_t r;
    fracture_study(&s, 65, 0, 0, 0.1);
    set_factor(&s, "smoking", 1, "1");
    set_factor(&s, "alcohol", 1, "1");
    drive(&s, 0, "balance_training", 3.0 / 7, "1/d", -INFINITY, INFINITY);
    run(&r, &s, 1, 1);
    double saved = 0.24 * fmin((3.0 / 7) / 0.43, 1) * 0.76;
    ost_assert_close(value(&r, 0, 0, "fracture_hazard", 1, 2) / neutral, 1.6 * 1.7 * (1 - saved), 1e-9, 0);
    free(r.y);
    study_free(&s);
}

/* Each breaks where the cumulative hazard meets a threshold of its own: as many as the hazard says, and none twice. */
static void people_break_as_often_as_the_hazard_says(void)
{
    enum { N = 20000 };
    study_t s;
    result_t r;
    double expected[3] = { 0 }, found[3] = { 0 };
    fracture_study(&s, 80, -2, -2, 0.2);
    s.e.n_times = 11;
    run(&r, &s, N, 0);
    for (size_t i = 0; i < N; i++) {
        double kinds = 0;
        for (size_t k = 0; k < 3; k++) {
            double last = value(&r, 0, i, "fractured", k, 10);
            CU_ASSERT(last >= value(&r, 0, i, "fractured", k, 5));
            CU_ASSERT_EQUAL(value(&r, 0, i, "fractured", k, 1), 0);
            found[k] += last / N;
            kinds += last;
        }
        CU_ASSERT_EQUAL(value(&r, 0, i, "fractures", 0, 10), kinds);
        CU_ASSERT_EQUAL(value(&r, 0, i, "any_fractured", 0, 10), kinds > 0);
    }
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 9000; i++) expected[k] += 0.001 * by_age(women[k], 80 + 0.001 * (i + 0.5));
        expected[k] *= relative_hazard((size_t) k, -2, 0.2);
        double share = 1 - exp(-expected[k]);
        ost_assert_close(found[k], share, 0, 4 * sqrt(share * (1 - share) / N));
    }
    free(r.y);
    study_free(&s);
}

static const ost_test_t tests[] = {
    { "incidence_against_a_life_table", incidence_against_a_life_table },
    { "mean_hazard_is_the_populations", mean_hazard_is_the_populations },
    { "risk_factors_multiply", risk_factors_multiply },
    { "people_break_as_often_as_the_hazard_says", people_break_as_often_as_the_hazard_says },
};

OST_TEST_MAIN("hazard", tests)
