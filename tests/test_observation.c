/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is measured of people: noise of visits, thresholds, and the models of instruments. */
#include "core/random.h"
#include "study_run.h"

/* Mean and SD over subjects. */
typedef struct {
    double sum, squares, n;
} moments_t;

static void add(moments_t *self, double x)
{
    self->sum += x;
    self->squares += x * x;
    self->n++;
}
static double mean(const moments_t *self)
{
    return self->sum / self->n;
}
static double sd(const moments_t *self)
{
    return sqrt(fmax(0, self->squares / self->n - mean(self) * mean(self)));
}

/* A hormone that stays at 20 pmol/L in everybody, so that the log that is read is noise alone. */
static void steady_study(study_t *self)
{
    STUDY(self, "axis", "scanner");
    self->settings[0] = (ost_param_setting_t){ .model = text("axis"), .param = text("E0"), .sets_spread = true };
    self->e.n_settings = 1;
}

/* Noise is standard normal, its elements are independent of each other, of the other noise, of visits and of people. */
static void noise_has_its_moments(void)
{
    enum { N = 20000 };
    study_t s;
    result_t r;
    moments_t left = { 0 }, apart = { 0 }, both = { 0 }, change = { 0 }, high = { 0 };
    steady_study(&s);
    run(&r, &s, N, 0);
    for (size_t i = 0; i < N; i++) {
        double a = value(&r, 0, i, "reading", 0, 3), b = value(&r, 0, i, "reading", 1, 3);
        add(&left, a);
        add(&apart, a - b);
        add(&both, 0.5 * (a + b));
        add(&change, value(&r, 0, i, "reading", 0, 7) - a);
        double h = value(&r, 0, i, "high", 0, 3);
        CU_ASSERT_EQUAL(h, fmax(a, b) > 0);
        add(&high, h);
    }
    /* relative standard error of an SD of N draws: 1/sqrt(2 N) = 0.5 %; four of them are allowed */
    ost_assert_close(mean(&left), 0, 0, 4 * 0.05 / sqrt(N));
    ost_assert_close(sd(&left), 0.05, 0.02, 0);
    ost_assert_close(sd(&apart), 0.03 * sqrt(2), 0.02, 0);
    ost_assert_close(sd(&both), sqrt(0.03 * 0.03 / 2 + 0.04 * 0.04), 0.02, 0);
    ost_assert_close(sd(&change), 0.05 * sqrt(2), 0.02, 0);
    /* P(max of two > 0) = 1 - (1/4 + asin(rho)/2 pi), their correlation 16/25 */
    ost_assert_close(mean(&high), 0.75 - asin(0.64) / (2 * acos(-1)), 0, 0.015);
    free(r.y);
    study_free(&s);
}

/* A reading depends on seed, person, name and minute alone: not on the arm, threads, cohort, batch mates or grid. */
static void noise_is_a_function_of_its_key(void)
{
    study_t s;
    result_t r, again;
    double before[99];
    steady_study(&s);
    s.e.n_arms = 2;
    run(&r, &s, 200, 1);
    for (size_t i = 0; i < 200; i++) {
        double z = ost_random_normal(5, i, ost_random_purpose("scanner.blur[right]"), 40 * 1440);
        double mood = ost_random_normal(5, i, ost_random_purpose("scanner.mood"), 40 * 1440);
        ost_assert_close(value(&r, 0, i, "reading", 1, 4), 0.03 * z + 0.04 * mood, 1e-6, 1e-7);
        CU_ASSERT_EQUAL(value(&r, 0, i, "reading", 1, 4), value(&r, 1, i, "reading", 1, 4));
    }
    for (size_t i = 0; i < 99; i++) before[i] = value(&r, 0, 101 + i, "reading", 0, 4);
    s.e.first_subject = 101;
    s.times[0] = 10;
    s.times[1] = 39.5;
    s.times[2] = 40;
    s.e.n_times = 3;
    run(&again, &s, 99, 2);
    for (size_t i = 0; i < 99; i++) CU_ASSERT_EQUAL(value(&again, 1, i, "reading", 0, 2), before[i]);
    CU_ASSERT_NOT_EQUAL(value(&again, 0, 0, "reading", 0, 1), value(&again, 0, 0, "reading", 0, 2));
    free(r.y);
    free(again.y);
    study_free(&s);
}

/* Without variability there are no errors. */
static void a_typical_person_is_read_without_noise(void)
{
    study_t s;
    result_t r;
    steady_study(&s);
    s.e.variability = false;
    run(&r, &s, 2, 1);
    for (size_t t = 0; t < 11; t++) ost_assert_close(value(&r, 0, 1, "reading", 0, t), 0, 0, 1e-6);
    CU_ASSERT_EQUAL(value(&r, 0, 1, "waits", 0, 0), 3);
    free(r.y);
    study_free(&s);
}

/* value x -ln(1 - u) of the parameter's own draw; within a range, the distribution that is left of it there. */
static void exponential_spread_inverts_a_hazard(void)
{
    enum { N = 20000 };
    study_t s;
    steady_study(&s);
    s.e.n_subjects = N;
    must_plan(&s);
    size_t open = param_index(&s.plan, "scanner.patience"), bounded = param_index(&s.plan, "scanner.hurry");
    double params[16], covariates[1];
    moments_t wait = { 0 };
    size_t beyond = 0, below = 0;
    for (uint64_t i = 0; i < N; i++) {
        CU_ASSERT_EQUAL_FATAL(ost_plan_subject(&s.plan, i, covariates, params, NULL), 0);
        double u = ost_random_uniform(5, i, ost_random_purpose("scanner.patience"), 0);
        ost_assert_close(params[open], -3 * log1p(-u), 1e-9, 1e-12);
        add(&wait, params[open]);
        beyond += params[open] > 6;
        CU_ASSERT(params[bounded] >= 1 && params[bounded] <= 6);
        below += params[bounded] < 2;
    }
    ost_assert_close(mean(&wait), 3, 0.03, 0);
    ost_assert_close(sd(&wait), 3, 0.04, 0);
    ost_assert_close((double) beyond / N, exp(-2), 0, 0.01);
    double share = (exp(-1.0 / 3) - exp(-2.0 / 3)) / (exp(-1.0 / 3) - exp(-2));
    ost_assert_close((double) below / N, share, 0, 0.014);
    CU_ASSERT(ost_plan_param_varies(&s.plan, open));
    study_free(&s);
}

static void exponential_spread_has_no_sd_to_set(void)
{
    study_t s;
    steady_study(&s);
    s.settings[1] = (ost_param_setting_t){
        .model = text("scanner"), .param = text("patience"), .sets_spread = true, .spread.value = 0.5
    };
    s.e.n_settings = 2;
    CU_ASSERT_EQUAL(study_plan(&s), OST_ERR_VALUE);
    ost_assert_contains(s.err.what, "no SD");
    s.settings[1].spread.value = 0;
    s.err = (ost_error_t){ 0 };
    result_t r;
    run(&r, &s, 3, 1);
    for (size_t i = 0; i < 3; i++) CU_ASSERT_EQUAL(value(&r, 0, i, "waits", 0, 0), 3);
    free(r.y);
    study_free(&s);
}

static const char *const bmd_signals[] = { "bmd[lumbar_spine]", "bmd[total_hip]", "bmd[femoral_neck]" };

/* A scanner over people of whom it reads these densities on average, 12 years after the final period, in each arm. */
/* A parameter of dxa. @param out  [n] values of its elements, internal units */
static void dxa_params(study_t *self, const char *name, size_t n, double *out)
{
    const ost_model_t *dxa = NULL;
    CU_ASSERT_EQUAL_FATAL(ost_library_get(&self->library, "dxa", &dxa, NULL), 0);
    const int first = ost_model_param(dxa, name);
    CU_ASSERT_FATAL(first >= 0);
    for (size_t i = 0; i < n; i++) out[i] = dxa->params[(size_t) first + i].value;
}

static void scan_study(study_t *self, size_t arm, const double bmd[3], double male)
{
    double a_year; /* added to the spine by degenerative change */
    dxa_params(self, "worn[lumbar_spine]", 1, &a_year);
    a_year *= 365.25;
    CU_ASSERT(a_year > 0);
    const double worn[3] = { exp(a_year * 3 * log(1 + exp((12 + 10 / 365.25 - 10) / 3))), 1, 1 };
    for (int i = 0; i < 3; i++) drive(self, arm, bmd_signals[i], bmd[i] / worn[i], "g/cm2", 0, INFINITY);
    if (male > 0) drive(self, arm, "male", male, "1", 0, INFINITY);
}

/* The mean of a reference scores 0, one of its standard deviations more scores 1; between its ages, a straight line. */
static void scores_refer_to_their_tables(void)
{
    static const double young[3] = { 1.047, 0.942, 0.858 }, more[3] = { 1.157, 1.064, 0.978 };
    static const double men[3] = { 1.091 - 0.110, 1.041 - 0.144, 0.934 - 0.137 };
    static const double peers[3] = { (0.993 + 0.952) / 2, (0.900 + 0.850) / 2, (0.741 + 0.688) / 2 };
    static const double by[3] = { 0.106 + 0.7 * 0.061, 0.114 + 0.7 * 0.021, 0.120 - 0.7 * 0.010 };
    study_t s;
    result_t r;
    BUILT_IN(&s, "dxa");
    s.e.variability = false;
    s.e.n_arms = 4;
    set_age(&s, 60 - 10 / 365.25); /* when the second time comes: at the first, drives have not begun */
    scan_study(&s, 0, young, 0);
    scan_study(&s, 1, more, 0);
    scan_study(&s, 2, men, 1);
    const double above[3] = { peers[0] + by[0], peers[1] + by[1], peers[2] + by[2] };
    scan_study(&s, 3, above, 0);
    run(&r, &s, 1, 1);
    for (size_t i = 0; i < 3; i++) {
        ost_assert_close(value(&r, 0, 0, "measured_bmd", i, 1), young[i], 1e-15, 0);
        ost_assert_close(value(&r, 0, 0, "t_score", i, 1), 0, 0, 1e-13);
        ost_assert_close(value(&r, 1, 0, "t_score", i, 1), 1, 1e-12, 0);
        ost_assert_close(value(&r, 2, 0, "t_score", i, 1), -1, 1e-12, 0);
        ost_assert_close(value(&r, 3, 0, "z_score", i, 1), 1, 1e-12, 0);
    }
    free(r.y);
    study_free(&s);
}

/* The class is that of the lowest score: -2.5 is osteoporosis, -1 is normal still. */
static void who_classes(void)
{
    static const double t[4][3] = { { -1 + 1e-9, 0, 0 }, { 0, -1 - 1e-9, 3 }, { -2, -1, -2.5 + 1e-9 }, { 1, -2.5, 0 } };
    static const double mean[3] = { 1.047, 0.942, 0.858 }, sd[3] = { 0.110, 0.122, 0.120 }, classes[] = { 0, 1, 1, 2 };
    study_t s;
    result_t r;
    BUILT_IN(&s, "dxa");
    s.e.variability = false;
    s.e.n_arms = 4;
    for (size_t a = 0; a < 4; a++) {
        double bmd[3];
        for (int i = 0; i < 3; i++) bmd[i] = mean[i] + (t[a][i] == -2.5 ? -2.5 - 1e-12 : t[a][i]) * sd[i];
        scan_study(&s, a, bmd, 0);
    }
    run(&r, &s, 1, 1);
    for (size_t a = 0; a < 4; a++) CU_ASSERT_EQUAL(value(&r, a, 0, "who_class", 0, 5), classes[a]);
    ost_assert_close(value(&r, 2, 0, "t_lowest", 0, 5), -2.5, 1e-8, 0);
    free(r.y);
    study_free(&s);
}

/* What differs between two visits of people who do not change is the scans' errors, the visit's, which the sites share,
 * and what has drifted between them. */
static void scans_err_as_stated(void)
{
    enum { N = 20000 };
    static const double bmd[3] = { 0.95, 0.85, 0.70 };
    const double years = 5;
    double cv[3], visit, drift[3];
    study_t s;
    result_t r;
    moments_t once[3] = { { 0 } }, change[3] = { { 0 } }, apart = { 0 };
    BUILT_IN(&s, "dxa");
    s.e.n_times = 2;
    s.e.times[1] = years * 365.25;
    dxa_params(&s, "scan_cv[lumbar_spine]", 3, cv);
    dxa_params(&s, "visit_cv", 1, &visit);
    dxa_params(&s, "drift[lumbar_spine]", 3, drift);
    scan_study(&s, 0, bmd, 0);
    run(&r, &s, N, 0);
    for (size_t i = 0; i < N; i++) {
        double first[3];
        for (size_t k = 0; k < 3; k++) {
            first[k] = log(value(&r, 0, i, "measured_bmd", k, 0) / bmd[k]);
            add(&once[k], first[k]);
            add(&change[k], log(value(&r, 0, i, "measured_bmd", k, 1) / bmd[k]) - first[k]);
        }
        add(&apart, first[0] - first[1]);
    }
    for (size_t k = 0; k < 3; k++) {
        ost_assert_close(mean(&once[k]), 0, 0, 4 * 0.03 / sqrt(N));
        ost_assert_close(sd(&once[k]), hypot(cv[k], visit), 0.02, 0);
        ost_assert_close(sd(&change[k]), hypot(sqrt(2) * hypot(cv[k], visit), years * 365.25 * drift[k]), 0.02, 0);
    }
    ost_assert_close(sd(&apart), hypot(cv[0], cv[1]), 0.02, 0);
    free(r.y);
    study_free(&s);
}

/* A man's hormones make him a man to the scanner; a woman's make her a woman. */
static void sex_comes_with_the_hormones(void)
{
    static const char *const hormones[] = { "hormones", "hormones_men" };
    static const double mean[] = { 0.942, 1.041 }, sds[] = { 0.122, 0.144 };
    for (int i = 0; i < 2; i++) {
        study_t s;
        result_t r;
        BUILT_IN(&s, hormones[i], "aibl", "dxa");
        s.e.variability = false;
        run(&r, &s, 1, 1);
        double bmd = value(&r, 0, 0, "bmd", 1, 3);
        ost_assert_close(value(&r, 0, 0, "t_score", 1, 3), (bmd - mean[i]) / sds[i], 1e-12, 0);
        ost_assert_close(value(&r, 0, 0, "measured_bmd", 1, 3), bmd, 1e-15, 0);
        free(r.y);
        study_free(&s);
    }
}

/* Markers err by their stated CV, each by itself; the true level is their median. */
static void markers_err_as_stated(void)
{
    enum { N = 20000 };
    static const struct {
        const char *signal, *output, *unit;
        double level, cv;
    } markers[] = { { "ctx", "measured_ctx", "ng/mL", 0.4, 0.13 }, { "ntx", "measured_ntx", "nmol/mmol", 40, 0.25 },
        { "serum_ntx", "measured_serum_ntx", "nmol/L", 12, 0.106 }, { "p1np", "measured_p1np", "ng/mL", 50, 0.124 },
        { "balp", "measured_balp", "ug/L", 12, 0.071 } };
    study_t s;
    result_t r;
    moments_t log_error[5] = { { 0 } }, both = { 0 };
    BUILT_IN(&s, "assays");
    s.e.n_times = 1;
    ost_drive_input_t inputs[5];
    for (size_t k = 0; k < 5; k++) {
        ost_unit_t u = unit_of(markers[k].unit);
        inputs[k] = (ost_drive_input_t){ .signal = text(markers[k].signal),
            .value = markers[k].level * u.factor,
            .dim = u.dim,
            .start = -INFINITY,
            .stop = INFINITY };
    }
    s.arms[0].inputs = inputs;
    s.arms[0].n_inputs = 5;
    run(&r, &s, N, 0);
    for (size_t i = 0; i < N; i++) {
        double error[5];
        for (size_t k = 0; k < 5; k++) {
            error[k] = log(value(&r, 0, i, markers[k].output, 0, 0) / markers[k].level);
            add(&log_error[k], error[k]);
        }
        add(&both, error[1] / 0.25 + error[2] / 0.106);
    }
    for (size_t k = 0; k < 5; k++) {
        ost_assert_close(mean(&log_error[k]), 0, 0, 4 * markers[k].cv / sqrt(N));
        ost_assert_close(sd(&log_error[k]), markers[k].cv, 0.02, 0);
    }
    ost_assert_close(sd(&both), sqrt(2), 0.02, 0); /* urine and serum err apart */
    free(r.y);
    study_free(&s);
}

/* An immunoassay reads its offset along, and nothing below its limit. */
static void estradiol_has_an_offset_and_a_floor(void)
{
    enum { N = 4000 };
    static const double levels[3] = { 20, 1, 0.2 };
    for (int k = 0; k < 3; k++) {
        study_t s;
        result_t r;
        size_t n_below = 0;
        BUILT_IN(&s, "estradiol_assay");
        s.e.n_times = 1;
        drive(&s, 0, "estradiol", levels[k], "pmol/L", -INFINITY, INFINITY);
        s.e.variability = false;
        run(&r, &s, 1, 1);
        ost_assert_close(value(&r, 0, 0, "measured_estradiol", 0, 0), fmax(3, levels[k] + 2.5), 1e-12, 0);
        free(r.y);
        s.e.variability = true;
        run(&r, &s, N, 0);
        for (size_t i = 0; i < N; i++) {
            double reading = value(&r, 0, i, "measured_estradiol", 0, 0), below = value(&r, 0, i, "below_limit", 0, 0);
            CU_ASSERT(reading >= 3 - 1e-12 && (below == 0 || reading <= 3 + 1e-12));
            n_below += below == 1;
        }
        /* ln(3/(E + 2.5)) in units of the CV */
        ost_assert_close((double) n_below / N, ost_normal_cdf(10 * log(3 / (levels[k] + 2.5))), 0, 0.03);
        free(r.y);
        study_free(&s);
    }
}

/* The solver computes what equations need, outputs what they need besides; what nothing reads is not computed. */
static void only_what_is_needed_is_computed(void)
{
    study_t s;
    STUDY(&s, "axis", "scanner", "pool"); /* the scanner's outputs read the hormone; nothing reads pool's load */
    must_plan(&s);
    const ost_lane_plan_t *lane = s.plan.system->self;
    CU_ASSERT_EQUAL(lane->n_rate_steps, 0);
    CU_ASSERT_EQUAL(lane->n_steps, 1);
    CU_ASSERT_EQUAL(s.plan.system->n_entries, 2); /* E' by E and by share */
    CU_ASSERT_FALSE(lane->blocks[0].is_static);
    CU_ASSERT_TRUE(lane->blocks[1].is_static);
    study_free(&s);
    STUDY(&s, "axis", "scanner", "bone"); /* now an equation reads it, too; load and level keep their neutral values */
    must_plan(&s);
    lane = s.plan.system->self;
    CU_ASSERT_EQUAL(lane->n_rate_steps, 1);
    CU_ASSERT_EQUAL(lane->n_steps, 1);
    CU_ASSERT_NOT_EQUAL(lane->blocks[0].drive_entry[0], OST_NO_ENTRY);
    study_free(&s);
    STUDY(&s, "source", "mirror"); /* tone is read by a drive that nothing reads, and by an output */
    must_plan(&s);
    lane = s.plan.system->self;
    CU_ASSERT_EQUAL(lane->n_rate_steps, 0);
    CU_ASSERT_EQUAL(lane->n_steps, 1);
    study_free(&s);
}

static const ost_test_t tests[] = {
    { "only_what_is_needed_is_computed", only_what_is_needed_is_computed },
    { "markers_err_as_stated", markers_err_as_stated },
    { "estradiol_has_an_offset_and_a_floor", estradiol_has_an_offset_and_a_floor },
    { "scores_refer_to_their_tables", scores_refer_to_their_tables },
    { "who_classes", who_classes },
    { "scans_err_as_stated", scans_err_as_stated },
    { "sex_comes_with_the_hormones", sex_comes_with_the_hormones },
    { "noise_has_its_moments", noise_has_its_moments },
    { "noise_is_a_function_of_its_key", noise_is_a_function_of_its_key },
    { "a_typical_person_is_read_without_noise", a_typical_person_is_read_without_noise },
    { "exponential_spread_inverts_a_hazard", exponential_spread_inverts_a_hazard },
    { "exponential_spread_has_no_sd_to_set", exponential_spread_has_no_sd_to_set },
};

OST_TEST_MAIN("observation", tests)
