/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Daily doses that are left out on the way to the periodic steady state: the points of averages, values just before
 * doses, and what bone makes of the drives in between. */
#include "one_person.h"

static void test_points(void)
{
    for (double fall = 0.01; fall < 2000; fall *= 1.3) {
        double sum = 0;
        for (size_t q = 0; q < OST_RIPPLE_POINTS; q++)
            sum += ost_ripple_points[q].weight * exp(-fall * ost_ripple_points[q].time);
        ost_assert_close(sum, -expm1(-fall) / fall, 0, 2e-8);
    }
}

/* Drugs whose states are all linear, once daily; some of their outputs. */
static const struct {
    const char *drug, *output;
} drugs[] = {
    { "anastrozole", "anastrozole_concentration" },
    { "estradiol_oral", "estradiol_oral_concentration" },
    { "letrozole", "letrozole_concentration" },
    { "raloxifene", "raloxifene_concentration" },
    { "tamoxifen", "tamoxifen_concentration" },
    { "tamoxifen", "endoxifen_concentration" },
    { "teriparatide", "teriparatide_concentration" },
};

#define DAYS 80

/* @param more  of the experiment; @param dosing  "exact" or "periodic" */
static void plan(person_t *self, const char *drug, const char *more, const char *dosing, const char *every)
{
    char text[512];
    snprintf(text, sizeof(text),
        "name: ripple\n" WOMEN "%sarms:\n  a:\n    regimen: [{drug: %s, dose: 1 mg, interval: 1 day, stop: 60 day}]\n"
        "times: {from: 0 day, to: %d day, every: %s}\nsolver: {dosing: %s}\n",
        more, drug, DAYS, every, dosing);
    person_plan(self, text);
}

/* As plan(). @return doses that were left out */
static uint64_t run(person_t *self, const char *drug, const char *more, const char *dosing, const char *every)
{
    plan(self, drug, more, dosing, every);
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = person_keep, .user = self };
    ost_cohort_summary_t summary = { 0 };
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&self->plan, &options, &summary, NULL), 0);
    uint64_t skipped = summary.stats.doses_skipped;
    ost_cohort_summary_free(&summary);
    return skipped;
}

/* From the third dose on none acts but the last; and yet the concentrations just before each dose, on the way to the
 * periodic ones, there, and after the last dose, are those of doses that are given. */
static void test_before_doses(void)
{
    for (size_t d = 0; d < sizeof(drugs) / sizeof(drugs[0]); d++) {
        person_t exact, periodic;
        run(&exact, drugs[d].drug, "", "exact", "1 day");
        uint64_t skipped = run(&periodic, drugs[d].drug, "", "periodic", "1 day");
        const double *y = person_schedule(&periodic, "a", drugs[d].output);
        const double *y_exact = person_schedule(&exact, "a", drugs[d].output);
        double largest = 0, off = 0;
        for (size_t t = 0; t <= DAYS; t++) {
            largest = fmax(largest, y_exact[t]);
            off = fmax(off, fabs(y[t] - y_exact[t]));
        }
        if (!(off < 2e-5 * largest) || skipped < 57)
            printf("\n%s: off by %g of %g, %d doses left out\n", drugs[d].output, off, largest, (int) skipped);
        CU_ASSERT(off < 2e-5 * largest);
        CU_ASSERT(skipped >= 57);
        person_free(&exact);
        person_free(&periodic);
    }
}

/* Bone does what it does when every dose is given, also where raloxifene is nearly gone before each: percent points of
 * BMD. Bone responds to that drug, which saturates, otherwise than to its mean. */
static void test_bone(void)
{
    static const struct {
        const char *drug, *more;
        double most;
    } taken[] = {
        { "anastrozole", "", 1e-4 },
        { "letrozole", "", 1e-4 },
        { "tamoxifen", "", 1e-4 },
        { "raloxifene", "parameters: {raloxifene.V: 60000 L}\n", 2e-3 },
        { "raloxifene", "parameters: {raloxifene.V: 20000 L, raloxifene.K: 0.002 ng/mL}\n", 3e-2 },
    };
    for (size_t d = 0; d < sizeof(taken) / sizeof(taken[0]); d++) {
        person_t exact, periodic;
        run(&exact, taken[d].drug, taken[d].more, "exact", "5 day");
        run(&periodic, taken[d].drug, taken[d].more, "periodic", "5 day");
        const double *y = person_schedule(&periodic, "a", "bmd[lumbar_spine]");
        const double *y_exact = person_schedule(&exact, "a", "bmd[lumbar_spine]");
        double off = 0;
        for (size_t t = 0; t <= DAYS / 5; t++) off = fmax(off, fabs(100 * y[t] / y_exact[t] - 100));
        if (!(off < taken[d].most)) printf("\n%s %s: off by %g points\n", taken[d].drug, taken[d].more, off);
        CU_ASSERT(off < taken[d].most);
        person_free(&exact);
        person_free(&periodic);
    }
}

/* A system that notes when a lane's drives are at two levels. */
static const ost_system_t *watched;
static size_t level_input;
static double last_on;

static void watch(const void *self, const ost_point_t *at, double *f)
{
    for (size_t l = 0; l < OST_LANE_COUNT; l++)
        if (at->u[level_input * OST_LANE_COUNT + l] != 0) last_on = fmax(last_on, at->t[l]);
    watched->rhs(self, at, f);
}

/* Drives are at two levels, which doubles what rates cost, up to the last dose and no longer. */
static void test_levels_end(void)
{
    person_t self;
    plan(&self, "raloxifene", "parameters: {raloxifene.V: 20000 L, raloxifene.K: 0.002 ng/mL}\n", "periodic", "5 day");
    ost_system_t system = *self.plan.system;
    watched = self.plan.system;
    system.rhs = watch;
    self.plan.system = &system;
    level_input = (size_t) self.plan.inputs->levels;
    last_on = -INFINITY;
    person_simulate(&self);
    ost_assert_close(last_on, 59, 0, 1e-9);
    self.plan.system = watched;
    person_free(&self);
}

static const ost_test_t tests[] = {
    { "points", test_points },
    { "values_before_doses", test_before_doses },
    { "bone", test_bone },
    { "levels_end", test_levels_end },
};
OST_TEST_MAIN("ripple", tests)
