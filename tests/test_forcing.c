/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Equations that change in time on their own: steps end at their kinks, and what is short is not passed by. */
#include "cohort/cohort.h"
#include "random_models.h"
#include "small_models.h"

#include <stdio.h>

enum { MAX_STATES = 5, N_TIMES = 6 };

/* Outputs of one person: rows of states, columns of times. */
typedef struct {
    study_t study;
    double y[MAX_STATES * N_TIMES];
    ost_cohort_summary_t summary;
} forced_t;

static int keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    forced_t *self = user;
    CU_ASSERT_EQUAL(block->status[0], 0);
    if (block->messages[0] != NULL) fprintf(stderr, "\n%s\n", block->messages[0]);
    memcpy(self->y, block->y, self->study.plan.system->n_outputs * self->study.e.n_times * sizeof(double));
    return 0;
}

/* Models from texts, each called after its place in the list, "m0", "m1", ...; outputs at n equal steps up to t_end. */
static void forced_init(forced_t *self, const char *const *texts, size_t n_texts, double t_end, size_t n)
{
    static const char *const names[] = { "m0", "m1", "m2" };
    study_t *s = &self->study;
    char message[1024];
    study_init(s, names, n_texts);
    for (size_t i = 0; i < n_texts; i++) {
        const ost_model_t *model;
        if (ost_library_read(&s->library, names[i], texts[i], &model, &s->err) != 0)
            fprintf(stderr, "\n%s\n%s\n", texts[i], ost_error_format(&s->err, message, sizeof(message)));
        CU_ASSERT_EQUAL_FATAL(s->err.code, 0);
    }
    for (size_t i = 0; i <= n; i++) self->study.times[i] = t_end * (double) i / (double) n;
    s->e.n_times = n + 1;
}

static void forced_run(forced_t *self, bool probe)
{
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = !probe, .sink = keep, .user = self };
    ost_cohort_summary_free(&self->summary);
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&self->study.plan, &options, &self->summary, &self->study.err), 0);
}

static void forced_free(forced_t *self)
{
    ost_cohort_summary_free(&self->summary);
    study_free(&self->study);
}

#define HEAD(name, states)                                                                                             \
    "model " name " \"forced\"\nkind other\nparam k = 0.02 [1/d] \"loss\" @ \"assumed: test\"\n"                       \
    "param c = 400 [d] in 0..1000 \"when\" @ \"assumed: test\"\nstate B = 0 [1] scale 1 signed \"amount\"\n" states
/* B' = forcing - k B with what the forcing needs above it */
#define FORCED(above, forcing)                                                                                         \
    HEAD("m0", "") above "\nB' = (" forcing ")*1 [1/d] - k*B + 0*c*1 [1/d^2]\noutput amount [1] = B \"amount\"\n"

/* Amount at the end, of models that stand alone or read the first one's signals. @param given  a signal that the arm
 * drives at 0.5 from day 10 to 20, or NULL */
static double amount_given(
    const char *given, const char *const *texts, size_t n_texts, double t_end, ost_stepper_t stepper, double rtol)
{
    forced_t *self = calloc(1, sizeof(*self));
    forced_init(self, texts, n_texts, t_end, 1);
    self->study.e.solver.stepper = stepper;
    self->study.e.solver.rtol = rtol;
    if (given != NULL) drive(&self->study, 0, given, 0.5, "1", 10, 20);
    must_plan(&self->study);
    forced_run(self, false);
    double value = self->y[(output_row(&self->study.plan, "amount", 0)) * 2 + 1];
    forced_free(self);
    free(self);
    return value;
}

static double amount(const char *const *texts, size_t n_texts, double t_end, ost_stepper_t stepper, double rtol)
{
    return amount_given(NULL, texts, n_texts, t_end, stepper, rtol);
}

/* Integral of f(t) exp(-k (T - t)) over [from, to], f linear from f0 to f1. */
static double linear_part(double f0, double f1, double from, double to, double k, double t_end)
{
    double slope = (f1 - f0) / (to - from);
    double late = exp(-k * (t_end - to)) * (f1 / k - slope / (k * k));
    return late - exp(-k * (t_end - from)) * (f0 / k - slope / (k * k));
}

#define K 0.02
#define END 433.0

/* One rise, plateau and fall, in all the ways of writing it. */
static void test_shapes(void)
{
    const double right =
        linear_part(0, 1, 400, 402, K, END) + linear_part(1, 1, 402, 430, K, END) + linear_part(1, 0, 430, 432, K, END);
    ost_assert_close(right, 21.676, 0, 5e-4);
    static const char *const shapes[] = {
        FORCED("", "table(time [d]; 0: 0, 400: 0, 402: 1, 430: 1, 432: 0)"),
        FORCED("let x = 3*time - 2*c", "table((x - time)/2 + c [d]; 0: 0, 400: 0, 402: 1, 430: 1, 432: 0)"),
        FORCED("", "table(32 [d] + c - time [d]; 0: 0, 2: 1, 30: 1, 32: 0)"),
        FORCED("", "max(0, min(1, min((time - c)/2 [d], (c + 32 [d] - time)/2 [d])))"),
        FORCED("let off = abs(time - c - 16 [d])/2 [d]", "min(1, max(0, 8 - off))"),
        FORCED("", "if time > c and not (time >= c + 32 [d]) then (if time < c + 2 [d] then (time - c)/2 [d] else "
                   "(if time > 430 [d] then 216 - time/2 [d] else 1)) else 0"),
        FORCED("", "if time < c or time^2 > (c + 32 [d])^2 then 0 else min(min(1, sqrt(((time - c)/2 [d])^2)), 216 - "
                   "time/2 [d])"),
    };
    for (size_t i = 0; i < COUNT(shapes); i++)
        for (int stepper = 0; stepper < OST_STEPPER_GSL_MSBDF; stepper++)
            ost_assert_close(amount(&shapes[i], 1, END, (ost_stepper_t) stepper, 1e-6), right, 3e-6, 0);
}

/* Pulses and bumps that last from a minute to a day, in 433 days. */
static void test_short_ones(void)
{
    const double late = exp(-K * (END - 400)), pi_s = M_PI * K * 1.5;
    const double logistics = (exp(2 * K) - 1) / K * pi_s / sin(pi_s);
    const struct {
        const char *text;
        double right;
    } pulses[] = {
        { FORCED("", "if time >= c and time < c + 0.01 [d] then 100 else 0"), 1.0001 },
        { FORCED("", "if time > 400 [d] then (if time > 400.01 [d] then 0 else 100) else 0"), 1.0001 },
        { FORCED("", "if (time - c)^2 < (0.001 [d])^2 then 500 else 0"), 1 },
        { FORCED("", "100*max(0, 1 - abs(time - c)/0.01 [d])"), 1 },
        { FORCED("let x = (time - c)/0.5 [d]", "exp(-x^2)"), 0.5 * sqrt(M_PI) * exp(2.5e-5) },
        { FORCED("", "exp(-((c - time)/0.01 [d])^2)"), 0.01 * sqrt(M_PI) },
        { FORCED("", "exp(-((table(time [d]; 380: 0, 420: 40) - 20)/0.01)^2)"), 0.01 * sqrt(M_PI) },
        { FORCED("", "1/(1 + (time - c)^4/0.0001 [d^4])"), 0.1 * M_PI / sqrt(2) * (1 + 2e-6) },
        { FORCED("let x = max(0, time - c)/0.1 [d]", "x*exp(-x)"), 0.1 / pow(1 - 0.1 * K, 2) },
        { FORCED("", "1/(1 + exp((c - time)/1.5 [d])) - 1/(1 + exp((c + 2 [d] - time)/1.5 [d]))"), logistics },
        { FORCED(
              "", "1/(1 + exp((c - time)/1.5 [d]))*(1 + 1e-9*B) - (1 + 1e-9*B)/(1 + exp((c + 2 [d] - time)/1.5 [d]))"),
            logistics },
        { FORCED("let x = 1/(1 + exp((c - time)/1.5 [d]))", "x*(1 - x)"), 1.5 * pi_s / sin(pi_s) },
    };
    for (size_t i = 0; i < COUNT(pulses); i++)
        for (int stepper = 0; stepper < OST_STEPPER_GSL_MSBDF; stepper++)
            ost_assert_close(
                amount(&pulses[i].text, 1, END, (ost_stepper_t) stepper, 1e-7), pulses[i].right * late, 2e-6, 0);
}

#define STATIC_BLOCK(value) "model m0 \"drives\"\nkind other\ndrives load = " value "\noutput it [1] = 1 \"1\"\n"
#define READER(above, forcing)                                                                                         \
    HEAD("m1", "")                                                                                                     \
    "reads load\n" above "\nB' = (" forcing ")*1 [1/d] - k*B + 0*c*1 [1/d^2]\noutput amount [1] = B \"amount\"\n"

/* Through a signal: a pulse that another model drives; a condition on it; what is short although the signal is slow. */
static void test_through_signals(void)
{
    static const char pulse[] = STATIC_BLOCK("table(time [d]; 400: 0, 400.01: 1, 400.02: 0)");
    static const char ramp[] = STATIC_BLOCK("time/1000 [d]");
    const double late = exp(-K * (END - 400));
    const struct {
        const char *texts[2];
        double right;
    } pairs[] = {
        { { pulse, READER("", "100*load") }, 1.0002 },
        { { pulse, READER("", "if load > 0.25 then 100 else 0") }, 1.5 * 1.0002 },
        { { pulse, READER("", "100*min(load, 0.5)") }, 0.75 * 1.0002 },
        { { ramp, READER("", "exp(-((load - 0.4)/0.0005)^2)") }, 0.5 * sqrt(M_PI) * exp(2.5e-5) },
        { { ramp, READER("", "if load > 0.4 and load < 0.40001 then 100 else 0") }, 1.0001 },
    };
    for (size_t i = 0; i < COUNT(pairs); i++)
        ost_assert_close(amount(pairs[i].texts, 2, END, OST_STEPPER_RODAS5P, 1e-7), pairs[i].right * late, 3e-6, 0);
}

/* A pulse in a signal that an arm or another model's state drives as well. */
static void test_beside_other_drivers(void)
{
#define PULSE(combine, value)                                                                                          \
    "model m0 \"p\"\nkind other\nsignal s [1] = 0 combine " combine " \"s\"\ndrives s = " value
    static const char table[] = PULSE("sum", "table(time [d]; 400: 0, 400.05: 1, 400.1: 0)\n");
    static const char bump[] = PULSE("sum", "exp(-((time - 400 [d])/0.1 [d])^2)\n");
    static const char share[] = PULSE("fraction", "table(time [d]; 400: 0, 400.05: 1, 400.1: 0)\n");
    static const char reader[] = HEAD("m1", "reads s\n") "B' = s*1 [1/d] - k*B + 0*c*1 [1/d^2]\n"
                                                         "output amount [1] = B \"amount\"\n";
    static const char other[] = "model m2 \"o\"\nkind other\nparam slow = 1e-9 [1/d] \"x\" @ \"assumed: t\"\n"
                                "state X = 1e-9 [1] scale 1 \"x\"\nX' = -slow*X\ndrives s = X\n";
    const double late = exp(-K * (END - 400)), window = 0.5 / K * (exp(-K * (END - 20)) - exp(-K * (END - 10)));
    const double right_table = 0.05 * exp(0.05 * K) * late, right_bump = 0.1 * sqrt(M_PI) * exp(1e-6) * late;
    const char *with_table[] = { table, reader, other }, *with_bump[] = { bump, reader, other };
    const char *with_share[] = { share, reader, other };
    for (int stepper = 0; stepper < OST_STEPPER_GSL_MSBDF; stepper++) {
        ost_stepper_t by = (ost_stepper_t) stepper;
        ost_assert_close(amount_given("s", with_table, 2, END, by, 1e-8), window + right_table, 1e-5, 0);
        ost_assert_close(amount_given("s", with_bump, 2, END, by, 1e-8), window + right_bump, 1e-5, 0);
        ost_assert_close(amount_given("s", with_share, 2, END, by, 1e-8), window + right_table, 1e-5, 0);
        ost_assert_close(amount(with_table, 3, END, by, 1e-8), right_table, 1e-5, 0);
        ost_assert_close(amount(with_bump, 3, END, by, 1e-8), right_bump, 1e-5, 0);
        ost_assert_close(amount(with_share, 3, END, by, 1e-8), right_table, 1e-5, 0);
    }
}

/* Conditions on a state that hold for two days of 433, with abs, min and max on either side. */
static void test_conditions_with_bends(void)
{
#define ON_STATE(condition) BENT("", condition)
#define BENT(above, condition)                                                                                         \
    HEAD("m0", "state X = 0 [d] scale 1 \"clock\"\n")                                                                  \
    above "\n"                                                                                                         \
          "X' = 1\nB' = (if " condition                                                                                \
          " then 1 else 0)*1 [1/d] + 0*k*c*B*1 [1/d]\noutput amount [1] = B \"amount\"\n"
    static const char *const texts[] = {
        ON_STATE("abs(X - 400 [d]) < 1 [d]"),
        ON_STATE("1 [d] >= abs(X - 400 [d])"),
        ON_STATE("not (abs(X - 400 [d]) > 1 [d])"),
        ON_STATE("not (1 [d] <= abs(X - 400 [d]))"),
        ON_STATE("min(X - 399 [d], 401 [d] - X) > 0 [d]"),
        ON_STATE("max(399 [d] - X, X - 401 [d]) <= 0 [d]"),
        ON_STATE("0 [d] < min(X - 399 [d], min(401 [d] - X, 500 [d]))"),
        ON_STATE("max(399 [d], X - 1 [d]) < min(X, 400 [d])"),
        /* bends inside arithmetic, in each other and in lets */
        ON_STATE("abs(X - 400 [d])/2 < 0.5 [d]"),
        ON_STATE("1 [d] - abs(X - 400 [d]) > 0 [d]"),
        ON_STATE("not (abs(X - 400 [d])^2 >= 1 [d^2])"),
        ON_STATE("exp(-abs(X - 400 [d])/1 [d]) > exp(-1)"),
        ON_STATE("2*max(X - 400 [d], 400 [d] - X) - min(3 [d], X) < -1 [d]"),
        ON_STATE("abs(abs(X - 400 [d]) - 2 [d]) > 1 [d] and abs(X - 400 [d]) < 2 [d]"),
        ON_STATE("abs(abs(X - 400 [d])*2 - 100 [d])/50 > 1.96 [d] and X > 310 [d]"),
        ON_STATE("sqrt((X - 400 [d])^2)/2 < 0.5 [d]"),
        ON_STATE("((X - 400 [d])^2/1 [d^2])^0.5/2 < 0.5"),
        ON_STATE("table(X [d]; 398: 0, 400: 1, 402: 0)*2 > 1"),
        ON_STATE("(if X > 200 [d] then abs(X - 400 [d])/2 else 5 [d]) < 0.5 [d]"),
        BENT("let off = abs(X - 400 [d])/2", "off + 1 [d] < 1.5 [d]"),
        BENT("let far = abs(abs(abs(abs(abs(abs(X - 400 [d])/2 - 100 [d]) - 50 [d]) - 25 [d]) - 12 [d]) - 6 [d])",
            "far*2 > 13 [d] and X > 385 [d] and X < 415 [d]"),
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        for (int stepper = 0; stepper < OST_STEPPER_GSL_MSBDF; stepper++)
            ost_assert_close(amount(&texts[i], 1, END, (ost_stepper_t) stepper, 1e-7), 2, 2e-6, 0);
}

/* 54 bumps of 0.05 d in 432 d, as time is folded seven times. */
static void test_many_bumps(void)
{
    static const char *const text[] = { FORCED(
        "let f1 = abs(time - 256 [d])\nlet f2 = abs(f1 - 128 [d])\nlet f3 = abs(f2 - 64 [d])\nlet f4 = abs(f3 - 32 "
        "[d])\nlet f5 = abs(f4 - 16 [d])\nlet f6 = abs(f5 - 8 [d])\nlet f7 = abs(f6 - 4 [d])",
        "exp(-(f7/0.05 [d])^2)") };
    double right = 0;
    for (int i = 0; i < 54; i++) right += 0.05 * sqrt(M_PI) * exp(2.5e-7 - K * (432 - (8 * i + 4)));
    ost_assert_close(amount(text, 1, 432, OST_STEPPER_RODAS5P, 1e-7), right, 1e-5, 0);
}

/* A product of a power and an exponential, whose factors are far larger over all time than it ever is. */
static void test_product(void)
{
    static const char *const text[] = { FORCED("let x = max(time - 100 [d], 0 [d])/1 [d]", "x^3*exp(-x)") };
    ost_assert_close(amount(text, 1, 146, OST_STEPPER_RODAS5P, 1e-7), 6 * exp(-46 * K) / pow(1 - K, 4), 1e-5, 0);
}

/* A pulse that takes a share of a state away, before which nothing moves. */
static void test_share_of_a_state(void)
{
    static const char text[] =
        HEAD("m0", "state S = 1 [1] scale 1 \"share\"\n") "B' = 0*k*S*(c/1 [d]) - k*B\n"
                                                          "S' = -(if time >= c and time < c + 0.1 [d] then 1 else "
                                                          "0)*10 [1/d]*S\noutput amount [1] = S + 0*B \"share\"\n";
    const char *texts[] = { text };
    ost_assert_close(amount(texts, 1, END, OST_STEPPER_RODAS5P, 1e-7), exp(-1), 1e-6, 0);
}

/* Outputs before a pulse have the same bits, whether the last output comes before the pulse or long after it. */
static void test_end_has_no_effect(void)
{
    const char *texts[] = { FORCED("", "exp(-((time - c)/0.5 [d])^2) + table(time [d]; 300: 0.1, 301: 0.2)") };
    double y[2][3];
    for (int longer = 0; longer < 2; longer++) {
        forced_t *self = calloc(1, sizeof(*self));
        forced_init(self, texts, 1, longer ? 4000 : 399, 2);
        if (longer) self->study.e.times[1] = 199.5;
        if (longer) self->study.e.times[2] = 399;
        if (longer) self->study.e.times[self->study.e.n_times++] = 4000;
        must_plan(&self->study);
        forced_run(self, false);
        memcpy(y[longer], self->y, sizeof(y[longer]));
        forced_free(self);
        free(self);
    }
    CU_ASSERT_EQUAL(memcmp(y[0], y[1], sizeof(y[0])), 0);
}

/* A pulse in the history before treatment, and one after it, whatever else happens at those times. */
static void test_run_in(void)
{
    const char *texts[] = { FORCED("reads load", "table(time [d]; -500: 0, -499.99: 100, -499.98: 0) + 1e-12*load + "
                                                 "(if time >= c and time < c + 0.01 [d] then 100 else 0)") };
    ost_dim_t dim;
    for (int exact = 0; exact < 2; exact++) {
        forced_t *self = calloc(1, sizeof(*self));
        forced_init(self, texts, 1, END, 1);
        ost_memory_t *memory = &self->study.e.memory;
        CU_ASSERT_EQUAL_FATAL(ost_formula_new(&self->study.e.start, memory, "-1000 [d]", NULL, 0, &dim, NULL), 0);
        self->study.e.start_text = text("-1000 [d]");
        self->study.e.dosing = exact ? OST_DOSING_EXACT : OST_DOSING_PERIODIC;
        give(&self->study, 0, doses("pill", 1, 1, 0, INFINITY));
        must_plan(&self->study);
        forced_run(self, false);
        size_t row = output_row(&self->study.plan, "amount", 0);
        double early = 1.0002 * exp(-K * 500);
        ost_assert_close(self->y[row * 2], early, 3e-5, 0);
        ost_assert_close(self->y[row * 2 + 1], early * exp(-K * END) + 1.0001 * exp(-K * (END - 400)), 1e-5, 0);
        self->study.e.start = NULL;
        forced_free(self);
        free(self);
    }
}

/* A bump of which an arm's drive sets the time, so that it is not known ahead, one of a state inside a threshold, and
 * one of another model's drive: where the run passes it by, its probe, with another longest step and more looks, says
 * so. */
static void test_probe_sees_what_is_missed(void)
{
#define CLOCK "model m1 \"p\"\nkind other\nstate X = 0 [d] scale 1 \"clock\"\nX' = 1\n"
    static const struct {
        const char *texts[2];
        size_t n;
    } cases[] = {
        { { FORCED("reads level", "exp(-((time - c*level)/1.5 [d])^2)") }, 1 },
        { { HEAD("m0", "state X = 0 [d] scale 1 \"clock\"\n") "reads level\nX' = 1\nB' = (if time/4000 [d] + "
                                                              "exp(-((X - c*level)/5 [d])^2) > 0.5 then 1 else 0)*1 "
                                                              "[1/d] - k*B\noutput amount [1] = B \"amount\"\n" },
            1 },
        { { FORCED("reads load", "if load < 4 then 1 else 0"),
              CLOCK "reads level\ndrives load = abs(X - 400 [d]*level)/1 [d]\n" },
            2 },
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        int n_missed = 0, n_said = 0;
        for (int i = 0; i < 20; i++) {
            forced_t *self = calloc(1, sizeof(*self));
            forced_init(self, cases[k].texts, cases[k].n, 800, 1);
            drive(&self->study, 0, "level", 1 + 0.04 * i, "1", -1, INFINITY);
            must_plan(&self->study);
            forced_run(self, true);
            size_t row = output_row(&self->study.plan, "amount", 0);
            bool misses = fabs(self->y[row * 2 + 1]) < 1e-9;
            n_missed += misses;
            n_said += misses && self->summary.solver_error[row] > 1;
            forced_free(self);
            free(self);
        }
        CU_ASSERT(n_missed >= 10);
        CU_ASSERT_EQUAL(n_said, n_missed);
    }
#undef CLOCK
}

/* Breaks of the typical subject from `t0` on. @return their number */
static size_t breaks_of(const char *text, double t0, double *breaks, size_t max)
{
    forced_t *self = calloc(1, sizeof(*self));
    ost_break_finder_t *finder;
    forced_init(self, &text, 1, 1000, 1);
    must_plan(&self->study);
    const ost_plan_t *plan = &self->study.plan;
    size_t n_most = ost_forcing_max_breaks(plan->forcing);
    double *params = calloc(plan->blocks->n_params + 1, sizeof(*params));
    double *all = calloc(n_most + 1, sizeof(*all));
    ost_plan_typical(plan, params);
    CU_ASSERT_EQUAL_FATAL(ost_break_finder_new(&finder, plan->forcing, &self->study.err), 0);
    size_t n;
    CU_ASSERT_EQUAL(ost_break_finder_find(finder, params, t0, 1000, 182.625, all, &n, &self->study.err), 0);
    for (size_t i = 0; i < n && i < max; i++) breaks[i] = all[i];
    for (size_t i = 1; i < n; i++) CU_ASSERT(all[i] > all[i - 1]);
    ost_break_finder_free(finder);
    free(params);
    free(all);
    forced_free(self);
    free(self);
    return n;
}

/* A table of 200 points, a month apart: one break each, but for those after the end. */
static void test_long_table(void)
{
    char text[MAX_TEXT];
    double t[200];
    size_t n = (size_t) snprintf(text, sizeof(text), FORCED("let f = table(time [d]; -3000: 0%s", "f"), "");
    char *rest = strstr(text, "-3000: 0");
    CU_ASSERT_FATAL(rest != NULL && n < sizeof(text));
    char tail[1024];
    snprintf(tail, sizeof(tail), "%s", rest + strlen("-3000: 0"));
    rest += strlen("-3000: 0");
    for (int i = 1; i < 200; i++)
        rest += snprintf(rest, (size_t) (text + sizeof(text) - rest), ", %d: %d", 30 * i - 3000, i % 7);
    snprintf(rest, (size_t) (text + sizeof(text) - rest), ")%s", tail);
    CU_ASSERT_EQUAL(breaks_of(text, -2990, t, 200), 133);
    for (int i = 0; i < 133; i++) ost_assert_close(t[i], 30 * i - 2970, 0, 2e-11);
}

static void test_breaks(void)
{
    double t[8];
    CU_ASSERT_EQUAL(breaks_of(FORCED("", "table(time [d]; 0: 0, 400: 0, 402: 1, 430: 1, 432: 0)"), 0, t, 8), 4);
    ost_assert_close(t[0], 400, 0, 2e-11);
    ost_assert_close(t[3], 432, 0, 2e-11);
    CU_ASSERT_EQUAL(breaks_of(FORCED("", "table(time [d]; 0: 0, 400: 0, 402: 1, 430: 1, 432: 0)"), 401, t, 8), 3);
    CU_ASSERT_EQUAL(
        breaks_of(FORCED("", "abs(time - c)/1 [d] + abs(time - c)^2/1 [d^2] + max(time, c)/1 [d]"), 0, t, 8), 1);
    CU_ASSERT_EQUAL(breaks_of(FORCED("", "if 2*time > c + time then 1 else 0"), -500, t, 8), 1);
    /* nothing that lasts longer than the longest step needs a break, nor what states alone decide */
    CU_ASSERT_EQUAL(breaks_of(FORCED("", "1/(1 + exp((time - c)/200 [d]))"), -9000, t, 8), 0);
    CU_ASSERT_EQUAL(breaks_of(FORCED("", "log(1 + exp((time - c)/500 [d])) + 3*time/1 [d]"), -9000, t, 8), 0);
    CU_ASSERT(breaks_of(FORCED("", "exp(-((time - c)/200 [d])^2)"), -9000, t, 8) <= 8);
    CU_ASSERT_EQUAL(breaks_of(FORCED("", "hill(max(time, 0), c, 2)*exp(-time/c)"), 0, t, 8), 0);
    CU_ASSERT_EQUAL(breaks_of(FORCED("", "if B > 3 then 0 else 1"), 0, t, 8), 0);
    CU_ASSERT(breaks_of(FORCED("", "exp(-((time - c)/0.5 [d])^2)"), 0, t, 8) <= 8);
}

/* Largest difference from the reference, in parts of the state's largest value: as osteon runs it, against GSL's rk8pd
 * without breaks, at steps of at most half the shortest feature. */
static double worst_of_model(uint64_t seed)
{
    generator_t *model = calloc(1, sizeof(*model));
    forced_t *self = calloc(1, sizeof(*self));
    char driver[MAX_TEXT];
    bool reads = generate(model, seed, driver);
    const char *texts[] = { reads ? driver : model->text, model->text };
    double y[2][MAX_STATES * N_TIMES], worst = 0;
    for (int is_reference = 0; is_reference < 2; is_reference++) {
        forced_init(self, texts, reads ? 2 : 1, model->span, N_TIMES - 1);
        self->study.e.solver.rtol = is_reference ? 1e-9 : 1e-7; /* so that what is passed by shows, not the tolerance */
        if (is_reference) {
            self->study.e.solver.stepper = OST_STEPPER_GSL_RK8PD;
            self->study.e.solver.h_max = model->narrowest / 2;
        }
        must_plan(&self->study);
        if (is_reference) {
            ost_forcing_free(self->study.plan.forcing);
            CU_ASSERT_EQUAL_FATAL(ost_forcing_new(&self->study.plan.forcing, NULL), 0);
            CU_ASSERT_EQUAL_FATAL(ost_forcing_close(self->study.plan.forcing, NULL), 0);
        }
        forced_run(self, false);
        size_t first = output_row(&self->study.plan, "amount", 0);
        memcpy(y[is_reference], self->y + first * N_TIMES, 2 * N_TIMES * sizeof(double));
        size_t mismatch = model->switched ? output_row(&self->study.plan, "mismatch", 0) : 0;
        for (size_t i = 0; model->switched && i < N_TIMES; i++)
            if (self->y[mismatch * N_TIMES + i] != 0) worst = INFINITY;
        forced_free(self);
    }
    for (int s = 0; s < 2; s++) {
        double largest = 0, off = 0;
        for (int i = 0; i < N_TIMES; i++) {
            largest = fmax(largest, fabs(y[1][s * N_TIMES + i]));
            double difference = fabs(y[1][s * N_TIMES + i] - y[0][s * N_TIMES + i]);
            if (!(difference <= off)) off = difference;
        }
        if (!(off / largest <= worst)) worst = off / largest;
    }
    if (!(worst <= 1e-5))
        fprintf(stderr, "\nseed %llu is off by %.2g:\n%s\n%s\n", (unsigned long long) seed, worst, reads ? driver : "",
            model->text);
    free(model);
    free(self);
    return worst;
}

/* OST_FORCING_MODELS and OST_FORCING_SEED: how many, and where to begin; see scripts/prove forcing. */
static void test_random_models(void)
{
    const char *n_text = getenv("OST_FORCING_MODELS"), *seed_text = getenv("OST_FORCING_SEED");
    int n = n_text != NULL ? atoi(n_text) : 150;
    uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 1;
    double worst = 0;
    for (int i = 0; i < n; i++) {
        double off = worst_of_model(1000003 * seed + (uint64_t) i);
        if (!(off <= worst)) worst = off;
    }
    if (n_text != NULL) printf("%d models, largest difference %.2g of a state's largest value\n", n, worst);
    CU_ASSERT(worst <= 1e-5);
}

static const ost_test_t tests[] = {
    { "shapes", test_shapes },
    { "short ones", test_short_ones },
    { "through signals", test_through_signals },
    { "beside other drivers", test_beside_other_drivers },
    { "conditions with bends", test_conditions_with_bends },
    { "many bumps", test_many_bumps },
    { "product", test_product },
    { "share of a state", test_share_of_a_state },
    { "end has no effect", test_end_has_no_effect },
    { "run-in", test_run_in },
    { "long table", test_long_table },
    { "breaks", test_breaks },
    { "probe sees what is missed", test_probe_sees_what_is_missed },
    { "random models", test_random_models },
};

OST_TEST_MAIN("forcing", tests)
