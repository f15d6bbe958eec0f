/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The promises of a run: same bits for any threads and shards, errors that it measures, subjects that fail, history. */
#include "cohort_run.h"

#include <time.h>

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
            worst = fmax(worst, 100 * off / largest);
        }
    }
    CU_ASSERT(worst > 0);
    CU_ASSERT_EQUAL(periodic.summary.n_periodic_probed, 8);
    CU_ASSERT(periodic.summary.periodic_share > 0.1 && periodic.summary.periodic_share < 0.7);
    ost_assert_close(ost_cohort_summary_periodic_error(&periodic.summary, row), worst, 0.1, 0);
    ost_assert_close(
        ost_cohort_summary_periodic_error(&periodic.summary, output_row(&s.plan, "pill_amount", 0)), NAN, 0, 0);
    ost_assert_close(ost_cohort_summary_periodic_error(&exact.summary, row), NAN, 0, 0);
    result_free(&periodic);
    s.e.dosing = OST_DOSING_PERIODIC;
    ost_plan_free(&s.plan);
    must_plan(&s);
    result_init(&periodic, &s.plan);
    periodic.no_probe = true;
    CU_ASSERT_EQUAL(result_run(&periodic, 1, NULL), 0);
    CU_ASSERT_EQUAL(periodic.summary.n_periodic_probed, 0);
    ost_assert_close(periodic.summary.periodic_share, NAN, 0, 0);
    ost_assert_close(ost_cohort_summary_periodic_error(&periodic.summary, row), NAN, 0, 0);
    result_free(&periodic);
    result_free(&exact);
    study_free(&s);
}

/* What a run measures of its own errors takes at most 2 % of the steps of 2,000 subjects, and no more than 20 subjects
 * and some 6,000 steps of few; it is the same for any threads. */
static void test_cost_of_probes(void)
{
    for (size_t n = 20; n <= 2000; n *= 100) {
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
        CU_ASSERT((double) one.summary.probe_steps <= (n == 20 ? steps + 7e3 : 0.02 * steps));
        CU_ASSERT_EQUAL(one.summary.probe_steps, two.summary.probe_steps);
        result_free(&one);
        result_free(&two);
        study_free(&s);
    }
}

/* ... and no more time than the run itself where outputs are many: not the square of their number. */
static void test_many_outputs(void)
{
    static double times[40001];
    double took[2]; /* s of a processor, without the probes and with them */
    for (int i = 0; i <= 40000; i++) times[i] = 0.0025 * i;
    for (int probed = 0; probed < 2; probed++) {
        study_t s;
        result_t r;
        mixed_study(&s);
        s.e.n_subjects = 8;
        s.e.times = times;
        s.e.n_times = 40001;
        must_plan(&s);
        result_init(&r, &s.plan);
        r.no_probe = probed == 0;
        const clock_t begin = clock();
        CU_ASSERT_EQUAL(result_run(&r, 1, NULL), 0);
        took[probed] = (double) (clock() - begin) / CLOCKS_PER_SEC;
        CU_ASSERT_EQUAL(r.summary.n_periodic_probed, probed ? 8 : 0);
        result_free(&r);
        study_free(&s);
    }
    CU_ASSERT(took[1] < 10 * took[0] + 1);
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
    { "switches", test_switches },
    { "purity", test_purity },
    { "last_output", test_last_output },
    { "periodic", test_periodic },
    { "cost of probes", test_cost_of_probes },
    { "many outputs", test_many_outputs },
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
