/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan makes of an experiment: what happens when in an arm, what is refused, what is printed. */
#include "small_models.h"

static size_t count_doses(const ost_plan_t *plan, size_t arm)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->timeline->arms[arm].n_events; i++)
        n += plan->timeline->arms[arm].events[i].kind == OST_EVENT_ADD_STATE;
    return n;
}

static void test_dose_times(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "patch", "pill");
    s.e.n_arms = 4;
    double month = OST_DAYS_PER_MONTH, year = OST_DAYS_PER_YEAR;
    s.times[10] = 7 * year;
    give(&s, 0, doses("patch", 1, 6 * month, 0, 5 * year)); /* the eleventh is due at the stop: not given */
    give(&s, 1, doses("patch", 1, 6 * month, 0, 5 * year + 1));
    give(&s, 2, doses("patch", 1, 0.1, 1, 2)); /* 1 + 10 x 0.1 is 2 but for rounding */
    give(&s, 3, doses("patch", 1, 0, 3, 4));
    give(&s, 3, doses("pill", 2, year, 0, INFINITY)); /* day 2556.75 is the end: outputs there are the last word */
    must_plan(&s);
    CU_ASSERT_EQUAL(count_doses(&s.plan, 0), 10);
    CU_ASSERT_EQUAL(count_doses(&s.plan, 1), 11);
    CU_ASSERT_EQUAL(count_doses(&s.plan, 2), 10);
    CU_ASSERT_EQUAL(count_doses(&s.plan, 3), 1 + 7);
    const ost_event_t *e = s.plan.timeline->arms[0].events;
    for (int k = 0; k < 10; k++) ost_assert_close(e[1 + k].t, k * 182.625, 0, 0);
    ost_assert_close(s.plan.doses->t_end, 7 * year, 0, 0);
    ost_assert_close(s.plan.doses->t_begin, 0, 0, 0);
    study_free(&s);
}

static void expect_events(const ost_plan_t *plan, size_t arm, const double (*due)[2], size_t n, uint32_t input)
{
    size_t k = 0;
    for (size_t i = 0; i < plan->timeline->arms[arm].n_events; i++) {
        const ost_event_t *e = &plan->timeline->arms[arm].events[i];
        if (e->kind != OST_EVENT_SET_INPUT || e->index != input) continue;
        CU_ASSERT_FATAL(k < n);
        ost_assert_close(e->t, due[k][0], 1e-15, 0);
        ost_assert_close(e->amount, due[k][1], 1e-15, 0);
        k++;
    }
    CU_ASSERT_EQUAL(k, n);
}

static void test_infusions(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "patch");
    s.e.n_arms = 3;
    ost_regimen_t long_one = doses("patch", 6, 10, 0, 25), short_one = doses("patch", 1, 0, 12, 13);
    long_one.duration = 15; /* overlaps the next by 5 d */
    short_one.duration = 3;
    give(&s, 0, long_one);
    give(&s, 1, long_one);
    give(&s, 1, short_one);
    long_one.duration = 10; /* end and next start are one moment: the rate does not change */
    give(&s, 2, long_one);
    must_plan(&s);
    uint32_t rate = s.plan.inputs->infusions[0].input;
    CU_ASSERT_EQUAL(s.plan.inputs->n_infusions, 1);
    expect_events(&s.plan, 0,
        (const double[][2]){ { 0, 0.4 }, { 10, 0.8 }, { 15, 0.4 }, { 20, 0.8 }, { 25, 0.4 }, { 35, 0 } }, 6, rate);
    double third = 1.0 / 3;
    expect_events(&s.plan, 1,
        (const double[][2]){
            { 0, 0.4 }, { 10, 0.8 }, { 12, 0.8 + third }, { 15, 0.4 }, { 20, 0.8 }, { 25, 0.4 }, { 35, 0 } },
        7, rate);
    expect_events(&s.plan, 2, (const double[][2]){ { 0, 0.6 }, { 30, 0 } }, 2, rate);
    study_free(&s);
}

static void test_outside_drives(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "pill");
    s.e.n_arms = 3;
    drive(&s, 0, "share", 0.5, "1", 10, 30); /* fractions combine where they overlap */
    drive(&s, 0, "share", 0.2, "1", 20, 40);
    drive(&s, 1, "level", 3, "1", -5, 15);
    drive(&s, 1, "level", 4, "1", 15, INFINITY);
    drive(&s, 2, "load", 1, "1", 0, 10);
    drive(&s, 2, "load", 2, "1", 5, 1000);
    must_plan(&s);
    uint32_t share = 0, level = 0, load = 0;
    for (size_t i = 0; i < s.plan.wiring->n_signals; i++) {
        if (strcmp(s.plan.wiring->signals[i].signal.name, "share") == 0) share = (uint32_t) s.plan.inputs->outside[i];
        if (strcmp(s.plan.wiring->signals[i].signal.name, "level") == 0) level = (uint32_t) s.plan.inputs->outside[i];
        if (strcmp(s.plan.wiring->signals[i].signal.name, "load") == 0) load = (uint32_t) s.plan.inputs->outside[i];
    }
    ost_assert_close(s.plan.doses->t_begin, -5, 0, 0);
    ost_assert_close(s.plan.inputs->idle[level], 2, 0, 0); /* its neutral value, where nothing else drives it */
    ost_assert_close(s.plan.inputs->idle[load], 0, 0, 0);
    expect_events(&s.plan, 0, (const double[][2]){ { 10, 0.5 }, { 20, 0.6 }, { 30, 0.2 }, { 40, 0 } }, 4, share);
    expect_events(&s.plan, 1, (const double[][2]){ { -5, 3 }, { 15, 4 } }, 2, level);
    expect_events(&s.plan, 2, (const double[][2]){ { 0, 1 }, { 5, 3 }, { 10, 2 } }, 3, load);
    study_free(&s);
}

/* At one time: release, outside drives, rates, boluses in the order of the regimens. */
static void test_order_at_one_time(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "pill", "patch");
    ost_regimen_t infusion = doses("patch", 5, 0, 10, 11);
    infusion.duration = 2;
    give(&s, 0, doses("pill", 3, 0, 10, 11));
    give(&s, 0, infusion);
    give(&s, 0, doses("pill", 1, 5, 10 + 1e-10, 16)); /* the same moment, but for rounding */
    drive(&s, 0, "share", 0.5, "1", 10, 30);
    must_plan(&s);
    const ost_event_t *e = s.plan.timeline->arms[0].events;
    CU_ASSERT_EQUAL_FATAL(s.plan.timeline->arms[0].n_events, 9);
    for (int i = 0; i < 6; i++) ost_assert_close(e[i].t, 10, 0, 0);
    CU_ASSERT(e[0].kind == OST_EVENT_SET_INPUT && e[0].amount == 0);
    CU_ASSERT(e[1].kind == OST_EVENT_SET_INPUT && e[1].amount == 0);
    CU_ASSERT(e[2].kind == OST_EVENT_SET_INPUT && e[2].amount == 0.5);
    CU_ASSERT(e[3].kind == OST_EVENT_SET_INPUT && e[3].amount == 2.5);
    CU_ASSERT(e[4].kind == OST_EVENT_ADD_STATE && e[4].amount == 3);
    CU_ASSERT(e[5].kind == OST_EVENT_ADD_STATE && e[5].amount == 1);
    study_free(&s);
}

static void test_series(void)
{
    study_t s;
    STUDY(&s, "bone", "axis", "pill");
    s.e.dosing = OST_DOSING_PERIODIC;
    s.e.n_arms = 4;
    give(&s, 0, doses("pill", 1, 1, 0, 100));
    give(&s, 1, doses("pill", 1, 1, 0, 9));    /* too few */
    give(&s, 1, doses("pill", 1, 2, 20, 100)); /* too far apart */
    give(&s, 2, doses("pill", 5, 0, 50, 51));  /* an extra dose on day 50 splits the daily ones */
    give(&s, 2, doses("pill", 1, 0.5, 0, 100));
    give(&s, 3, doses("pill", 1, 1, 0, 40));
    give(&s, 3, doses("pill", 2, 1, 40, 80));
    must_plan(&s);
    const ost_plan_t *plan = &s.plan;
    CU_ASSERT_EQUAL_FATAL(plan->timeline->arms[0].n_repeats, 1);
    ost_assert_close(plan->layout->series[0][0].t_last, 99, 0, 0);
    CU_ASSERT_EQUAL(plan->layout->series[0][0].n_means, 2);
    CU_ASSERT_EQUAL(plan->layout->series[0][0].mean_state[1], plan->system->n_states - 1);
    ost_assert_close(plan->system->scale[plan->layout->series[0][0].mean_state[0]], INFINITY, 0, 0);
    CU_ASSERT_EQUAL(plan->timeline->arms[1].n_repeats, 0);
    CU_ASSERT_EQUAL_FATAL(plan->timeline->arms[2].n_repeats, 2);
    ost_assert_close(plan->layout->series[2][0].t_last, 49.5, 0, 0);
    ost_assert_close(plan->layout->series[2][1].t_first, 50, 0, 0);
    CU_ASSERT_EQUAL_FATAL(plan->timeline->arms[3].n_repeats, 2);
    ost_assert_close(plan->layout->series[3][1].t_first, 40, 0, 0);
    size_t n = 0;
    for (size_t i = 0; i < plan->timeline->arms[3].n_events; i++) n += plan->timeline->arms[3].events[i].series == 1;
    CU_ASSERT_EQUAL(n, 40);
    study_free(&s);
    /* no model responds to the drug, so its doses are given one by one */
    STUDY(&s, "pill");
    s.e.dosing = OST_DOSING_PERIODIC;
    give(&s, 0, doses("pill", 1, 1, 0, 100));
    must_plan(&s);
    CU_ASSERT_EQUAL(s.plan.timeline->arms[0].n_repeats, 0);
    CU_ASSERT_EQUAL(s.plan.system->n_states, 2);
    study_free(&s);
}

/* Plan, expect a failure with this code, place and these words, and free. */
static void expect_error(study_t *s, int code, int line, const char *a, const char *b)
{
    int ret = study_plan(s);
    CU_ASSERT_EQUAL(ret, code);
    CU_ASSERT_STRING_EQUAL(s->err.where, "study.yaml");
    CU_ASSERT_EQUAL(s->err.line, line);
    ost_assert_contains(s->err.what, a);
    ost_assert_contains(s->err.what, b);
    CU_ASSERT_PTR_NULL(s->plan.blocks);
    study_free(s);
}

static void test_wrong_models(void)
{
    study_t s;
    STUDY(&s, "bon", "axis");
    expect_error(&s, OST_ERR_NAME, 3, "'bon'", "did you mean 'bone'");
    STUDY(&s, "bone", "axis");
    give(&s, 0, doses("pil", 1, 0, 0, 1));
    expect_error(&s, OST_ERR_NAME, 7, "'pil'", "did you mean 'pill'");
    STUDY(&s, "bone", "axis");
    give(&s, 0, doses("axis", 1, 0, 0, 1));
    expect_error(&s, OST_ERR_MODEL, 7, "arm 'control'", "'axis' takes no doses");
    STUDY(&s, "bone", "axis");
    give(&s, 0, doses("pill", 1, 0, 0, 1));
    s.regimens[0][0].dim = unit_of("pmol").dim;
    expect_error(&s, OST_ERR_UNIT, 7, "has dimension amount", "expected mass, for example 5 mg");
    STUDY(&s, "source", "relay");
    give(&s, 0, doses("patch", 1, 0, 0, 1));
    must_plan(&s); /* relay reads load: felt */
    study_free(&s);
    STUDY(&s, "source", "mirror");
    give(&s, 0, doses("patch", 1, 0, 0, 1));
    expect_error(&s, OST_ERR_MODEL, 7, "(source, mirror) responds to drug 'patch'",
        "'share', 'load' ('axis', 'bone', 'relay', 'gate' would)");
    STUDY(&s, "bone");
    expect_error(
        &s, OST_ERR_MODEL, 3, "signal 'hormone' [pmol/L], which bone reads", "add a model that drives it: 'axis'");
    STUDY(&s, "mirror", "prism");
    expect_error(&s, OST_ERR_MODEL, 3, "algebraic loop", "tone -> mirror -> echo -> prism -> tone");
    STUDY(&s, "source", "prism");
    expect_error(&s, OST_ERR_MODEL, 3, "signal 'tone' can have one driver only", "source, prism");
    STUDY(&s, "bone", "axis", "prism");
    expect_error(&s, OST_ERR_NAME, 3, "output 'cells'", "'bone' and 'prism'");
    STUDY(&s, "bone", "axis");
    s.e.n_times = 0;
    expect_error(&s, OST_ERR_VALUE, 0, "no output times", "");
}

static void test_wrong_outputs(void)
{
    study_t s;
    char *wanted[] = { text("bmd"), text("cell") };
    ost_location_t locations[] = { { 31, 2 }, { 31, 7 } };
    STUDY(&s, "bone", "axis");
    s.e.outputs = wanted;
    s.e.n_outputs = 2;
    s.e.output_locations = locations;
    expect_error(&s, OST_ERR_NAME, 31, "'cell'", "did you mean 'cells'");
    CU_ASSERT_EQUAL(s.err.column, 7);
}

static void test_wrong_drives(void)
{
    study_t s;
    STUDY(&s, "bone", "axis");
    drive(&s, 0, "loads", 1, "1", 0, 1);
    expect_error(&s, OST_ERR_NAME, 9, "'loads'", "did you mean 'load'");
    STUDY(&s, "bone", "axis");
    drive(&s, 0, "load", 1, "mg", 0, 1);
    expect_error(&s, OST_ERR_UNIT, 9, "signal 'load' has dimension mass", "a plain number, without a unit");
    STUDY(&s, "bone", "axis");
    drive(&s, 0, "tone", 1, "1", 0, 1);
    expect_error(&s, OST_ERR_MODEL, 9, "no model in the plan reads signal 'tone'", "control");
    STUDY(&s, "bone", "axis");
    drive(&s, 0, "hormone", 1, "pmol/L", 0, 1);
    expect_error(&s, OST_ERR_MODEL, 9, "'hormone' can have one driver only", "axis drives it already");
    STUDY(&s, "bone", "axis");
    drive(&s, 0, "share", 1.5, "1", 0, 1);
    expect_error(&s, OST_ERR_VALUE, 9, "fraction from 0 to 1", "1.5");
    STUDY(&s, "bone", "axis");
    drive(&s, 0, "level", 1, "1", 0, 20);
    drive(&s, 0, "level", 2, "1", 10, 30);
    expect_error(&s, OST_ERR_VALUE, 9, "'level' is driven twice on day 10", "control");
    /* a signal without neutral value has to be driven throughout */
    STUDY(&s, "bone");
    drive(&s, 0, "hormone", 5, "pmol/L", 10, 200);
    expect_error(&s, OST_ERR_VALUE, 20, "nothing drives it at the start (day 0)", "'hormone'");
    STUDY(&s, "bone");
    drive(&s, 0, "hormone", 5, "pmol/L", 0, 50);
    expect_error(&s, OST_ERR_VALUE, 20, "nothing drives it from day 50 on", "'hormone'");
    STUDY(&s, "bone");
    drive(&s, 0, "hormone", 5, "pmol/L", 0, 50);
    drive(&s, 0, "hormone", 7, "pmol/L", 50, INFINITY);
    must_plan(&s);
    ost_assert_close(s.plan.inputs->idle[0], 5, 0, 0);
    study_free(&s);
}

static void set_param(study_t *s, const char *model, const char *param, double value, const char *unit)
{
    ost_unit_t u = unit_of(unit);
    s->settings[s->e.n_settings++] = (ost_param_setting_t){ .model = text(model),
        .param = text(param),
        .sets_value = true,
        .value = { value * u.factor, u.dim, false },
        .location = { 15, 4 } };
}

static void test_wrong_params(void)
{
    study_t s;
    STUDY(&s, "bone", "axis");
    set_param(&s, "bones", "g", 0.4, "1");
    expect_error(&s, OST_ERR_NAME, 15, "'bones'", "did you mean 'bone'");
    STUDY(&s, "bone", "axis");
    set_param(&s, "bone", "k[spin]", 0.01, "1/d");
    expect_error(&s, OST_ERR_NAME, 15, "no parameter 'k[spin]'", "did you mean 'k[spine]'");
    STUDY(&s, "bone", "axis");
    set_param(&s, "bone", "g", 0.4, "mg");
    expect_error(&s, OST_ERR_UNIT, 15, "'bone.g' has dimension mass", "a plain number, without a unit");
    STUDY(&s, "bone", "axis");
    set_param(&s, "bone", "g", 1.4, "1");
    expect_error(&s, OST_ERR_VALUE, 15, "'bone.g' = 1.4", "range 0..1");
    STUDY(&s, "bone", "axis");
    set_param(&s, "axis", "age", 50, "y");
    expect_error(&s, OST_ERR_NAME, 15, "'age' of model 'axis' is a covariate", "population");
    STUDY(&s, "bone", "axis");
    s.covariates[0] =
        (ost_covariate_t){ .name = text("aeg"), .unit = unit_of("y"), .dist.a = 50, .location = { 4, 2 } };
    s.e.n_covariates = 1;
    expect_error(&s, OST_ERR_NAME, 4, "'aeg'", "did you mean 'age' of model 'axis'");
    STUDY(&s, "bone", "axis");
    s.covariates[0] =
        (ost_covariate_t){ .name = text("age"), .unit = unit_of("mg"), .dist.a = 50, .location = { 4, 2 } };
    s.e.n_covariates = 1;
    expect_error(&s, OST_ERR_UNIT, 4, "'age' has dimension mass", "expected time");
    STUDY(&s, "needy");
    expect_error(&s, OST_ERR_NAME, 3, "model 'needy' needs covariate 'weight' [kg] (body weight)", "no default");
    STUDY(&s, "bone", "axis");
    s.covariates[0] =
        (ost_covariate_t){ .name = text("age"), .unit = unit_of("y"), .dist = { .b = 5, .lower = 5, .upper = 4 } };
    s.covariates[0].origin = OST_ORIGIN_DISTRIBUTION;
    s.covariates[0].location.line = 4;
    s.e.n_covariates = 1;
    expect_error(&s, OST_ERR_VALUE, 4, "'age'", "range is empty");
    const double spreads[] = { -0.1, NAN, INFINITY };
    for (size_t i = 0; i < COUNT(spreads); i++) {
        STUDY(&s, "bone", "axis");
        set_param(&s, "bone", "g", 0.4, "1");
        s.settings[0].sets_spread = true;
        s.settings[0].spread.value = spreads[i];
        expect_error(&s, OST_ERR_VALUE, 15, "spread of 'bone.g'", "a number >= 0");
    }
    STUDY(&s, "bone", "axis");
    set_param(&s, "bone", "r", 3, "1");
    s.settings[0].sets_spread = true;
    s.settings[0].spread.value = 0.1;
    expect_error(&s, OST_ERR_VALUE, 15, "'bone.r' is one of 3 values", "a spread of 0 keeps it");
}

/* A name near to a model's covariate is no slip where other covariates are computed from it. */
static void test_useful_covariate(void)
{
    study_t s;
    STUDY(&s, "bone", "axis");
    s.covariates[0] = (ost_covariate_t){ .name = text("ages"), .unit = unit_of("y"), .dist.a = 50 };
    s.covariates[1] = (ost_covariate_t){ .name = text("other"), .unit = unit_of("y"), .formula_text = text("2*ages") };
    s.e.n_covariates = 2;
    must_plan(&s);
    CU_ASSERT_EQUAL(s.plan.population->params[param_index(&s.plan, "axis.age")].covariate, -1);
    study_free(&s);
    STUDY(&s, "bone", "axis");
    s.covariates[0] =
        (ost_covariate_t){ .name = text("ages"), .unit = unit_of("y"), .dist.a = 50, .location = { 4, 2 } };
    s.covariates[1] = (ost_covariate_t){ .name = text("other"), .unit = unit_of("y"), .formula_text = text("2 [y]") };
    s.e.n_covariates = 2;
    expect_error(&s, OST_ERR_NAME, 4, "no model uses covariate 'ages'", "did you mean 'age'");
}

static void test_wrong_regimens(void)
{
    static const struct {
        double interval, start, duration;
        int code;
        const char *part;
    } wrong[] = {
        { 1, NAN, 0, OST_ERR_VALUE, "must be finite" },
        { NAN, 0, 0, OST_ERR_VALUE, "must be finite" },
        { -1, 0, 0, OST_ERR_VALUE, "the last two not negative" },
        { 1, 0, -1, OST_ERR_VALUE, "the last two not negative" },
        { 1, 0, 1e-9, OST_ERR_VALUE, "an infusion of 'pill' over 1e-09 d is shorter" },
        { 1e-6, 0, 0, OST_ERR_LIMIT, "1e+08 doses of 'pill'" },
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        study_t s;
        STUDY(&s, "bone", "axis");
        give(&s, 0, doses("pill", 1, wrong[i].interval, wrong[i].start, INFINITY));
        s.regimens[0][0].duration = wrong[i].duration;
        expect_error(&s, wrong[i].code, 7, wrong[i].part, "arm 'control'");
    }
}

/* Arms share the run-in, and with it what they begin with. */
static void test_wrong_run_in(void)
{
    study_t s;
    ost_dim_t dim;
    ost_memory_t memory = { 0 };
    ost_formula_t *start = NULL;
    CU_ASSERT_EQUAL_FATAL(ost_formula_new(&start, &memory, "-10 [d]", NULL, 0, &dim, NULL), 0);
    for (int same = 0; same < 2; same++) {
        STUDY(&s, "bone");
        s.e.start = start;
        s.e.n_arms = 2;
        drive(&s, 0, "hormone", 5, "pmol/L", 0, INFINITY);
        drive(&s, 1, "hormone", same ? 5 : 7, "pmol/L", 0, INFINITY);
        if (same) {
            must_plan(&s);
            study_free(&s);
        } else {
            expect_error(
                &s, OST_ERR_VALUE, 21, "arms 'control' and 'treated' start with different values", "'hormone'");
        }
    }
    ost_memory_free(&memory);
}

static void test_print(void)
{
    study_t s;
    full_study(&s);
    char *printed = NULL, *drawn = NULL;
    size_t n;
    FILE *out = open_memstream(&printed, &n);
    ost_plan_print(&s.plan, out);
    fclose(out);
    out = open_memstream(&drawn, &n);
    ost_plan_dot(&s.plan, out);
    fclose(out);
    ost_assert_contains(printed, "pill + patch + from outside -> axis");
    ost_assert_contains(printed, "60 doses into pill.gut, day 0 to 59");
    ost_assert_contains(printed, "of these in closed form while their coefficients are constant\n  pill.gut");
    ost_assert_contains(printed, "2 changes of share from outside");
    ost_assert_contains(drawn, "\"block axis\" -> \"signal hormone\";");
    ost_assert_contains(drawn, "\"signal hormone\" -> \"block bone\";");
    free(printed);
    free(drawn);
    study_free(&s);
    STUDY(&s, "bone", "axis");
    s.e.dosing = OST_DOSING_PERIODIC;
    ost_regimen_t infusion = doses("patch", 6, 10, 0, 25);
    infusion.duration = 5;
    give(&s, 0, doses("pill", 4, 1, 0, 60));
    give(&s, 0, infusion);
    must_plan(&s);
    out = open_memstream(&printed, &n);
    ost_plan_print(&s.plan, out);
    fclose(out);
    ost_assert_contains(printed, "2 -> bone"); /* a level that nothing drives */
    ost_assert_contains(printed, "6 changes of the rate of infusion into patch.skin");
    ost_assert_contains(printed, "every 1 d from day 0 to 59: held at periodic steady state");
    free(printed);
    study_free(&s);
    ost_plan_free(NULL);
    ost_plan_free(&s.plan); /* twice */
}

static const ost_test_t tests[] = {
    { "dose_times", test_dose_times },
    { "infusions", test_infusions },
    { "outside_drives", test_outside_drives },
    { "order_at_one_time", test_order_at_one_time },
    { "series", test_series },
    { "wrong_models", test_wrong_models },
    { "wrong_outputs", test_wrong_outputs },
    { "wrong_drives", test_wrong_drives },
    { "wrong_params", test_wrong_params },
    { "useful_covariate", test_useful_covariate },
    { "wrong_regimens", test_wrong_regimens },
    { "wrong_run_in", test_wrong_run_in },
    { "print", test_print },
};

OST_TEST_MAIN("plan", tests)
