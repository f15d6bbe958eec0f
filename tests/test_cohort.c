/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cohort/cohort.h"
#include "core/random.h"
#include "small_models.h"

/* Everything that a run hands over, in the order of subjects. */
typedef struct {
    const ost_plan_t *plan;
    size_t n, n_y;
    double *y; /* [n_arms][n][n_outputs][n_times] */
    double *params;
    uint8_t *status;
    uint32_t *steps;
    char (*message)[200];
    uint64_t n_sunk, stop_after; /* subjects; 0: never */
    int sink_error;
    bool no_probe;
    ost_cohort_summary_t summary;
} result_t;

static int collect(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    result_t *self = user;
    size_t n_arms = self->plan->experiment->n_arms, n_params = self->plan->blocks->n_params;
    if (self->sink_error < 0 && block->first > 0) return ost_fail(err, self->sink_error, "the disk is full");
    for (size_t a = 0; a < n_arms; a++) {
        for (size_t i = 0; i < block->n_subjects; i++) {
            size_t from = a * block->n_subjects + i, to = a * self->n + block->first + i;
            memcpy(self->y + to * self->n_y, block->y + from * self->n_y, self->n_y * sizeof(double));
            self->status[to] = block->status[from];
            self->steps[to] = block->steps[from];
            CU_ASSERT_EQUAL(block->messages[from] == NULL, block->status[from] == 0);
            if (block->messages[from] != NULL)
                snprintf(self->message[to], sizeof(self->message[to]), "%s", block->messages[from]);
        }
    }
    memcpy(self->params + block->first * n_params, block->params, block->n_subjects * n_params * sizeof(double));
    self->n_sunk += block->n_subjects;
    return 0;
}

static int watch(void *user, const ost_progress_t *progress)
{
    result_t *self = user;
    CU_ASSERT_EQUAL(progress->subjects_done, self->n_sunk);
    CU_ASSERT_EQUAL(progress->subjects, self->n);
    return self->stop_after > 0 && progress->subjects_done >= self->stop_after;
}

static void result_init(result_t *self, const ost_plan_t *plan)
{
    size_t n = (size_t) plan->experiment->n_subjects, n_jobs = n * plan->experiment->n_arms;
    *self = (result_t){ .plan = plan, .n = n, .n_y = plan->system->n_outputs * plan->experiment->n_times };
    self->y = calloc(n_jobs * self->n_y, sizeof(double));
    self->params = calloc(n * plan->blocks->n_params + 1, sizeof(double));
    self->status = calloc(n_jobs, 1);
    self->steps = calloc(n_jobs, sizeof(*self->steps));
    self->message = calloc(n_jobs, sizeof(*self->message));
    CU_ASSERT_FATAL(self->y != NULL && self->params != NULL && self->status != NULL && self->steps != NULL);
}

static int result_run(result_t *self, int n_threads, ost_error_t *err)
{
    const ost_cohort_options_t options = {
        .n_threads = n_threads, .no_probe = self->no_probe, .sink = collect, .progress = watch, .user = self
    };
    return ost_cohort_run(self->plan, &options, &self->summary, err);
}

static void run(result_t *self, const ost_plan_t *plan, int n_threads)
{
    result_init(self, plan);
    CU_ASSERT_EQUAL_FATAL(result_run(self, n_threads, NULL), 0);
}

static void result_free(result_t *self)
{
    free(self->y);
    free(self->params);
    free(self->status);
    free(self->steps);
    free(self->message);
    ost_cohort_summary_free(&self->summary);
}

static double value(const result_t *r, size_t arm, size_t subject, const char *name, size_t element, size_t time)
{
    size_t row = output_row(r->plan, name, element);
    return r->y[(arm * r->n + subject) * r->n_y + row * r->plan->experiment->n_times + time];
}

/* A covariate of the study. */
static void covariate(study_t *s, const char *name, ost_dist_kind_t kind, double a, double b, const char *unit)
{
    ost_unit_t u = unit_of(unit);
    s->covariates[s->e.n_covariates++] = (ost_covariate_t){ .name = text(name),
        .unit_text = text(unit),
        .unit = u,
        .origin = OST_ORIGIN_DISTRIBUTION,
        .dist = { .kind = kind,
            .a = a * u.factor,
            .b = kind == OST_DIST_LOGNORMAL ? b : b * u.factor,
            .lower = -INFINITY,
            .upper = INFINITY },
        .location = { 4, 2 } };
}

static ost_formula_t *formula(const study_t *s, const char *expression)
{
    ost_name_t names[4];
    ost_formula_t *made = NULL;
    ost_dim_t dim;
    for (size_t i = 0; i < s->e.n_covariates; i++)
        names[i] = (ost_name_t){ .name = s->covariates[i].name, .unit = s->covariates[i].unit };
    int ret = ost_formula_new(&made, expression, names, s->e.n_covariates, &dim, NULL);
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    return made;
}

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
    ost_formula_delete(s.covariates[2].formula);
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
    ost_formula_delete(made);
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

/* Conditions of several models, one of them on what another one drives: all turn at their own times. */
static void test_switches(void)
{
    for (int gsl = 0; gsl < 2; gsl++) {
        study_t s;
        result_t r;
        STUDY(&s, "pool", "gate");
        s.e.n_arms = 2;
        s.e.n_subjects = 3;
        s.e.solver.rtol = gsl ? 1e-9 : 1e-6;
        if (gsl) s.e.solver.stepper = OST_STEPPER_GSL_RK8PD;
        drive(&s, 1, "load", 0.75, "1", 0, INFINITY);
        must_plan(&s);
        CU_ASSERT_EQUAL(s.plan.system->n_switches, 3);
        run(&r, &s.plan, 1);
        for (size_t a = 0; a < 2; a++) {
            double opens = a == 0 ? 40 : 25; /* 3 and 2.25 are reached there */
            for (size_t t = 0; t <= 10; t++) {
                double day = 10.0 * (double) t, level = day < 20 ? 0.1 * day : 2 + 0.05 * (day - 20);
                ost_assert_close(value(&r, a, 2, "pool_level", 0, t), level, 1e-9, 1e-9);
                ost_assert_close(value(&r, a, 2, "gone", 0, t), fmax(0, fmin(day, 70) - opens), 1e-8, 1e-8);
                if (day != opens) ost_assert_close(value(&r, a, 2, "open", 0, t), day > opens, 0, 0);
            }
        }
        CU_ASSERT_EQUAL(r.summary.stats.switches_located, 3 * 2 * 3);
        result_free(&r);
        study_free(&s);
    }
}

static void mixed_study(study_t *s)
{
    STUDY(s, "bone", "axis", "relay", "source");
    s->e.n_arms = 3;
    s->e.dosing = OST_DOSING_PERIODIC;
    s->e.n_subjects = 150;
    covariate(s, "age", OST_DIST_UNIFORM, 50, 70, "y");
    s->covariates[0].dist.b = 70 * OST_DAYS_PER_YEAR;
    give(s, 1, doses("pill", 4, 1, 0, 80));
    give(s, 2, doses("patch", 10, 30, 5, 100));
    give(s, 2, doses("pill", 2, 0.5, 20, 90));
    drive(s, 2, "share", 0.25, "1", 40, 50);
}

/* Variant v gives what an experiment with those typical values gives, to the last bit. */
static void test_variants(void)
{
    study_t s;
    result_t all, one;
    mixed_study(&s);
    s.e.n_subjects = 70; /* not a whole number of blocks */
    must_plan(&s);
    double typical[3][16];
    size_t e0 = param_index(&s.plan, "axis.E0"), r = param_index(&s.plan, "bone.r");
    for (size_t v = 0; v < 3; v++) ost_plan_typical(&s.plan, typical[v]);
    ost_assert_close(typical[0][e0], 20, 0, 0);
    typical[1][e0] = 75;
    typical[2][r] = 4; /* one of several values: given, it is meant */
    double variants[3 * 16];
    for (size_t v = 0; v < 3; v++)
        memcpy(variants + v * s.plan.blocks->n_params, typical[v], s.plan.blocks->n_params * sizeof(double));
    s.e.n_subjects = 210;
    result_init(&all, &s.plan); /* room for all */
    s.e.n_subjects = 70;
    const ost_cohort_options_t options = {
        .n_threads = 2, .variants = variants, .n_variants = 3, .sink = collect, .progress = watch, .user = &all
    };
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&s.plan, &options, &all.summary, NULL), 0);
    CU_ASSERT_EQUAL(all.summary.subjects, 210);
    for (size_t v = 0; v < 3; v++) {
        ost_plan_free(&s.plan);
        s.settings[0] = (ost_param_setting_t){ .model = v == 1 ? text("axis") : text("bone"),
            .param = v == 1 ? text("E0") : text("r"),
            .sets_value = true,
            .value = { v == 1 ? 75 : 4, unit_of(v == 1 ? "pmol/L" : "1").dim, false } };
        s.e.n_settings = v > 0;
        must_plan(&s);
        run(&one, &s.plan, 1);
        for (size_t a = 0; a < 3; a++)
            CU_ASSERT_EQUAL(
                memcmp(one.y + a * 70 * one.n_y, all.y + (a * 210 + v * 70) * one.n_y, 70 * one.n_y * sizeof(double)),
                0);
        result_free(&one);
    }
    s.e.n_settings = 0;
    result_free(&all);
    study_free(&s);
}

/* The same bits for any number of threads, any size of the cohort, any shard. */
static void test_purity(void)
{
    study_t s;
    result_t one, other;
    mixed_study(&s);
    must_plan(&s);
    run(&one, &s.plan, 1);
    size_t bytes = 3 * one.n * one.n_y * sizeof(double);
    for (int n_threads = 2; n_threads <= 5; n_threads += 3) {
        run(&other, &s.plan, n_threads);
        CU_ASSERT_EQUAL(memcmp(one.y, other.y, bytes), 0);
        CU_ASSERT_EQUAL(memcmp(one.params, other.params, one.n * s.plan.blocks->n_params * sizeof(double)), 0);
        CU_ASSERT_EQUAL(memcmp(one.steps, other.steps, 3 * one.n * sizeof(*one.steps)), 0);
        CU_ASSERT_EQUAL(one.summary.stats.steps, other.summary.stats.steps);
        result_free(&other);
    }
    CU_ASSERT_EQUAL(one.summary.failures, 0);
    CU_ASSERT_EQUAL(one.summary.subjects, 150);
    /* subjects 93 .. 102 alone, of the same plan */
    result_init(&other, &s.plan);
    const ost_cohort_options_t range = { .first = 93, .n = 10, .no_probe = true, .sink = collect, .user = &other };
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&s.plan, &range, &other.summary, NULL), 0);
    CU_ASSERT_EQUAL(other.summary.subjects, 10);
    for (size_t a = 0; a < 3; a++)
        for (size_t i = 0; i < 10; i++)
            CU_ASSERT_EQUAL(memcmp(one.y + (a * one.n + 93 + i) * one.n_y, other.y + (a * other.n + i) * other.n_y,
                                one.n_y * sizeof(double)),
                0);
    result_free(&other);
    result_free(&one);
    study_free(&s);
}

/* ... and for any last output: neither doses that would come after it nor the schedule that they belong to matter. */
static void test_last_output(void)
{
    for (int dosing = OST_DOSING_PERIODIC; dosing <= OST_DOSING_EXACT; dosing++) {
        study_t s;
        result_t all, some;
        mixed_study(&s);
        s.e.n_subjects = 5;
        s.e.dosing = (ost_dosing_t) dosing;
        must_plan(&s);
        run(&all, &s.plan, 1);
        for (size_t n = 1; n < 11; n++) {
            ost_plan_free(&s.plan);
            s.e.n_times = n;
            must_plan(&s);
            run(&some, &s.plan, 1);
            for (size_t i = 0; i < 3 * some.n * s.plan.system->n_outputs; i++)
                CU_ASSERT_EQUAL(memcmp(some.y + i * n, all.y + i * 11, n * sizeof(double)), 0);
            result_free(&some);
        }
        result_free(&all);
        study_free(&s);
    }
}

/* Mean effects instead of single doses: close to exact dosing, and the summary knows how close. */
static void test_periodic(void)
{
    study_t s;
    result_t periodic, exact;
    mixed_study(&s);
    s.e.n_subjects = 20;
    must_plan(&s);
    run(&periodic, &s.plan, 1);
    CU_ASSERT(periodic.summary.stats.doses_skipped > 20 * 60);
    ost_plan_free(&s.plan);
    s.e.dosing = OST_DOSING_EXACT;
    must_plan(&s);
    run(&exact, &s.plan, 1);
    CU_ASSERT_EQUAL(exact.summary.stats.doses_skipped, 0);
    size_t row = output_row(&s.plan, "bmd", 1);
    double worst = 0;
    for (size_t a = 0; a < 3; a++) {
        for (size_t i = 0; i < 20; i++) {
            double off = 0, largest = 0;
            for (size_t t = 0; t < 11; t++) {
                double y = value(&exact, a, i, "bmd", 1, t);
                off = fmax(off, fabs(value(&periodic, a, i, "bmd", 1, t) - y));
                largest = fmax(largest, fabs(y));
            }
            CU_ASSERT(off < 1e-3 * largest);
            if (i < periodic.summary.n_periodic_probed) worst = fmax(worst, 100 * off / largest);
        }
    }
    CU_ASSERT(worst > 0);
    CU_ASSERT(periodic.summary.n_periodic_probed >= 2);
    ost_assert_close(periodic.summary.periodic_error[row], worst, 1e-3, 1e-12);
    ost_assert_close(periodic.summary.periodic_error[output_row(&s.plan, "pill_amount", 0)], NAN, 0, 0);
    ost_assert_close(exact.summary.periodic_error[row], NAN, 0, 0);
    result_free(&periodic);
    s.e.dosing = OST_DOSING_PERIODIC;
    ost_plan_free(&s.plan);
    must_plan(&s);
    result_init(&periodic, &s.plan);
    periodic.no_probe = true;
    CU_ASSERT_EQUAL(result_run(&periodic, 1, NULL), 0);
    CU_ASSERT_EQUAL(periodic.summary.n_periodic_probed, 0);
    ost_assert_close(periodic.summary.periodic_error[row], NAN, 0, 0);
    result_free(&periodic);
    result_free(&exact);
    study_free(&s);
}

/* What a run measures of its own errors takes at most 2 % of the steps of 1,000 subjects, and no more than 20 subjects
 * or some 25,000 steps of fewer; it is the same for any threads. */
static void test_cost_of_probes(void)
{
    for (size_t n = 20; n <= 1000; n *= 50) {
        study_t s;
        result_t one, two;
        mixed_study(&s);
        s.e.n_subjects = n;
        must_plan(&s);
        run(&one, &s.plan, 1);
        run(&two, &s.plan, 2);
        size_t size = s.plan.system->n_outputs * sizeof(double);
        CU_ASSERT_EQUAL(memcmp(one.summary.solver_error, two.summary.solver_error, size), 0);
        CU_ASSERT_EQUAL(memcmp(one.summary.periodic_error, two.summary.periodic_error, size), 0);
        CU_ASSERT_EQUAL(one.summary.n_solver_probed, 8);
        double steps = (double) (one.summary.stats.steps + one.summary.stats.rejected + one.summary.run_in_steps);
        CU_ASSERT(one.summary.probe_steps > 0);
        CU_ASSERT((double) one.summary.probe_steps <= steps * 20 / (double) n + (n < 1000 ? 25e3 : 0));
        CU_ASSERT_EQUAL(one.summary.probe_steps, two.summary.probe_steps);
        result_free(&one);
        result_free(&two);
        study_free(&s);
    }
}

/* A drug that this arm never gives changes nothing. */
static void test_idle(void)
{
    study_t s, without;
    result_t a, b;
    mixed_study(&s);
    s.e.n_subjects = 8;
    must_plan(&s);
    run(&a, &s.plan, 1);
    STUDY(&without, "bone", "axis", "relay", "source");
    without.e.n_subjects = 8;
    without.covariates[0] = s.covariates[0];
    without.e.n_covariates = 1;
    must_plan(&without);
    run(&b, &without.plan, 1);
    CU_ASSERT_EQUAL(s.plan.system->n_states, without.plan.system->n_states + 5);
    for (size_t i = 0; i < 8; i++) {
        for (size_t t = 0; t < 11; t++) {
            ost_assert_close(value(&a, 0, i, "bmd", 0, t), value(&b, 0, i, "bmd", 0, t), 2e-6, 0);
            ost_assert_close(value(&a, 0, i, "pill_amount", 0, t), 0, 0, 0);
        }
        CU_ASSERT(a.steps[i] <= b.steps[i]);
    }
    result_free(&a);
    result_free(&b);
    study_free(&s);
    study_free(&without);
}

/* A drug that is not at rest runs, dosed or not. */
static void test_not_at_rest(void)
{
    study_t s;
    result_t r;
    STUDY(&s, "bone", "axis", "leftover");
    must_plan(&s);
    run(&r, &s.plan, 1);
    for (size_t t = 0; t <= 5; t++)
        ost_assert_close(value(&r, 0, 0, "leftover_amount", 0, t), 5 * exp(-(double) t), 1e-5, 0);
    result_free(&r);
    study_free(&s);
}

/* Doses and infusions against closed forms. */
static void test_kinetics(void)
{
    study_t s;
    result_t r;
    STUDY(&s, "patch");
    s.e.n_arms = 2;
    s.e.solver.rtol = 1e-9;
    give(&s, 0, doses("patch", 10, 20, 10, 60)); /* days 10, 30, 50 */
    ost_regimen_t infusion = doses("patch", 12, 30, 15, 46);
    infusion.duration = 20;
    give(&s, 1, infusion); /* 0.6 mg/d on days 15 to 35 and 45 to 65 */
    must_plan(&s);
    run(&r, &s.plan, 1);
    for (size_t t = 0; t <= 10; t++) {
        double day = 10.0 * (double) t, bolus = 0, infused = 0;
        for (int k = 0; k < 3; k++)
            if (day > 10 + 20 * k) bolus += 10 * exp(-0.1 * (day - 10 - 20 * k)); /* an output at a dose is before it */
        for (int k = 0; k < 2; k++) {
            double on = 15 + 30 * k, off = on + 20;
            if (day > on) infused += 6 * (exp(-0.1 * fmax(0, day - off)) - exp(-0.1 * (day - on)));
        }
        ost_assert_close(value(&r, 0, 0, "patch_amount", 0, t), bolus, 1e-7, 1e-9);
        ost_assert_close(value(&r, 1, 0, "patch_amount", 0, t), infused, 1e-7, 1e-9);
    }
    result_free(&r);
    study_free(&s);
}

/* Subjects that blow up before the end: NaN throughout, status, message; the others are untouched. */
static void test_failures(void)
{
    study_t s;
    result_t r;
    STUDY(&s, "bomb");
    s.e.n_subjects = 40;
    s.e.n_arms = 2;
    s.e.solver.rtol = 1e-8;
    covariate(&s, "fuse", OST_DIST_UNIFORM, 0.003, 0, "1/d");
    s.covariates[0].dist.b = 0.02;
    must_plan(&s);
    run(&r, &s.plan, 2);
    size_t failed = 0, one = param_index(&s.plan, "bomb.one"), fuse = param_index(&s.plan, "bomb.fuse");
    for (size_t i = 0; i < 40; i++) {
        const double *p = r.params + i * s.plan.blocks->n_params;
        bool dies = p[fuse] > 0.01;
        failed += dies;
        CU_ASSERT_EQUAL(r.status[i] != 0, dies);
        for (size_t t = 0; t < 11; t++) {
            double y = dies ? NAN : p[one] / (1 / p[fuse] - 10.0 * (double) t);
            ost_assert_close(value(&r, 0, i, "charge", 0, t), y, 1e-5, 0);
        }
        if (dies) ost_assert_contains(r.message[i], "bomb.X");
    }
    CU_ASSERT(failed > 10 && failed < 40);
    CU_ASSERT_EQUAL(r.summary.failures, 2 * failed);
    /* X doubles at half the time of explosion: that is no failure, but it is told */
    uint64_t doubles = 0;
    for (size_t i = 0; i < 40; i++) doubles += r.status[i] == 0 && r.params[i * s.plan.blocks->n_params + fuse] > 0.005;
    CU_ASSERT_EQUAL(r.summary.n_not_finite[output_row(&s.plan, "margin", 0)], 2 * doubles);
    CU_ASSERT_EQUAL(r.summary.n_not_finite[output_row(&s.plan, "charge", 0)], 0);
    result_free(&r);
    study_free(&s);
}

/* Life before the arms, from a start of each subject's own. */
static void test_run_in(void)
{
    study_t s;
    result_t r;
    STUDY(&s, "bomb");
    s.e.n_subjects = 30;
    s.e.solver.rtol = 1e-8;
    covariate(&s, "fuse", OST_DIST_UNIFORM, 0.002, 0, "1/d");
    s.covariates[0].dist.b = 0.008;
    s.e.start = formula(&s, "-0.2 [1]/fuse");
    s.e.start_text = text("-0.2 [1]/fuse");
    s.times[0] = -20; /* arms begin there */
    s.times[10] = 90;
    must_plan(&s);
    run(&r, &s.plan, 1);
    size_t one = param_index(&s.plan, "bomb.one"), fuse = param_index(&s.plan, "bomb.fuse");
    for (size_t i = 0; i < 30; i++) {
        const double *p = r.params + i * s.plan.blocks->n_params;
        double left = 0.8 / p[fuse];
        CU_ASSERT_EQUAL(r.status[i] != 0, left < 90);
        for (size_t t = 0; t < 10 && left > 90; t++)
            ost_assert_close(value(&r, 0, i, "charge", 0, t), p[one] / (left - s.times[t]), 1e-5, 0);
    }
    CU_ASSERT(r.summary.run_in_steps > 30);
    result_free(&r);
    ost_plan_free(&s.plan);
    ost_formula_delete(s.e.start);
    s.e.start = formula(&s, "-400 [d]"); /* 1/fuse is 125 to 500 d */
    s.times[0] = 0;
    must_plan(&s);
    run(&r, &s.plan, 1);
    size_t dead = 0;
    for (size_t i = 0; i < 30; i++) {
        bool dies = r.params[i * s.plan.blocks->n_params + fuse] > 1.0 / 400;
        if (dies) ost_assert_contains(r.message[i], "run-in: t = -");
        dead += dies;
    }
    CU_ASSERT(dead > 15 && r.summary.failures >= dead);
    result_free(&r);
    ost_formula_delete(s.e.start);
    study_free(&s);
}

static void test_stop(void)
{
    study_t s;
    result_t r;
    ost_error_t err = { 0 };
    STUDY(&s, "bone", "axis");
    s.e.n_subjects = 640;
    must_plan(&s);
    result_init(&r, &s.plan);
    r.stop_after = 100;
    CU_ASSERT_EQUAL(result_run(&r, 2, NULL), 0);
    CU_ASSERT_TRUE(r.summary.interrupted);
    /* two blocks make 128; another thread's block in hand is kept as well */
    CU_ASSERT(r.summary.subjects == 128 || r.summary.subjects == 192);
    CU_ASSERT_EQUAL(r.summary.subjects, r.n_sunk);
    result_free(&r);
    result_init(&r, &s.plan);
    r.sink_error = OST_ERR_IO;
    CU_ASSERT_EQUAL(result_run(&r, 2, &err), OST_ERR_IO);
    CU_ASSERT_STRING_EQUAL(err.what, "the disk is full");
    CU_ASSERT(r.n_sunk <= 64);
    result_free(&r);
    result_init(&r, &s.plan);
    r.stop_after = 640; /* after the last: nothing was cut short */
    CU_ASSERT_EQUAL(result_run(&r, 1, NULL), 0);
    CU_ASSERT_FALSE(r.summary.interrupted);
    CU_ASSERT(r.summary.seconds_cpu > 0 && r.summary.n_threads == 1);
    result_free(&r);
    study_free(&s);
}

/* Every built instruction set gives the same curves but for rounding. */
static void test_isa(void)
{
    study_t s;
    result_t base, wide;
    mixed_study(&s);
    s.e.n_subjects = 8;
    s.e.solver.isa = OST_ISA_BASE;
    must_plan(&s);
    run(&base, &s.plan, 1);
    ost_plan_free(&s.plan);
    s.e.solver.isa = ost_isa_best();
    must_plan(&s);
    run(&wide, &s.plan, 1);
    CU_ASSERT_EQUAL(wide.summary.isa, ost_isa_best());
    for (size_t i = 0; i < 3 * 8; i++)
        ost_assert_close(value(&wide, i / 8, i % 8, "bmd", 0, 10), value(&base, i / 8, i % 8, "bmd", 0, 10), 1e-9, 0);
    result_free(&base);
    result_free(&wide);
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
    { "switches", test_switches },
    { "purity", test_purity },
    { "last_output", test_last_output },
    { "periodic", test_periodic },
    { "cost of probes", test_cost_of_probes },
    { "idle", test_idle },
    { "not_at_rest", test_not_at_rest },
    { "kinetics", test_kinetics },
    { "variants", test_variants },
    { "failures", test_failures },
    { "run_in", test_run_in },
    { "stop", test_stop },
    { "isa", test_isa },
};

OST_TEST_MAIN("cohort", tests)
