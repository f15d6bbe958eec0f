/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shapes that any clinician knows, in the typical person: signs, orders and turning points, not sizes. */
#include "one_person.h"

#define ANASTROZOLE "{drug: anastrozole, dose: 1 mg, interval: 1 day, stop: 5 year}"
#define SPINE "bmd[lumbar_spine]"
#define HIP "bmd[total_hip]"
#define WOMAN "models: [hormones, aibl]\npopulation: {covariates: {years_since_menopause: 12 year}}\n"
#define SCANNED "models: [hormones, aibl, dxa]\npopulation: {covariates: {years_since_menopause: 12 year}}\n"
#define SCAN "scanned_bmd[lumbar_spine]"
#define FROM_REST "run_in: {start: -22 year}\n"

static double months(const person_t *self, const char *arm, const char *output, double from, double to)
{
    return person_change(self, arm, output, from * MONTH, to * MONTH);
}

/* Of five years on an aromatase inhibitor, the first takes most. */
static void test_first_year(void)
{
    static const char *const sites[] = { SPINE, HIP, "bmd[femoral_neck]" };
    person_t person;
    person_run(
        &person, WOMAN FROM_REST "arms: {on: {regimen: [" ANASTROZOLE "]}}\ntimes: {to: 5 year, every: 1 month}\n");
    for (size_t i = 0; i < 3; i++) {
        double first = months(&person, "on", sites[i], 0, 12);
        CU_ASSERT(first < -1);
        for (int year = 1; year < 5; year++)
            CU_ASSERT(months(&person, "on", sites[i], 12 * year, 12 * year + 12) > first);
    }
    person_free(&person);
}

/* After three months of an inhibitor markers have most of their rise, BMD little of its loss; resorption leads. */
static void test_markers_before_density(void)
{
    person_t person;
    person_run(
        &person, WOMAN FROM_REST "arms: {on: {regimen: [" ANASTROZOLE "]}}\ntimes: {to: 1 year, every: 1 month}\n");
    double ctx = months(&person, "on", "ctx", 0, 3) / months(&person, "on", "ctx", 0, 12);
    double p1np = months(&person, "on", "p1np", 0, 3) / months(&person, "on", "p1np", 0, 12);
    double spine = months(&person, "on", SPINE, 0, 3) / months(&person, "on", SPINE, 0, 12);
    CU_ASSERT(ctx > 0.7 && p1np > 0.5 && spine < 0.4 && spine > 0);
    CU_ASSERT(months(&person, "on", "ctx", 0, 1) > 1.5 * months(&person, "on", "p1np", 0, 1));
    person_free(&person);
}

/* ATAC, years 6 and 7: the spine recovers as a scan reads it, the hip holds. */
static void test_after_the_inhibitor(void)
{
    person_t person;
    person_run(
        &person, SCANNED FROM_REST "arms: {on: {regimen: [" ANASTROZOLE "]}}\ntimes: {to: 7 year, every: 1 month}\n");
    double spine = months(&person, "on", SCAN, 60, 72), hip = months(&person, "on", HIP, 60, 72);
    CU_ASSERT(spine > 0.5 && spine > hip);
    CU_ASSERT(fabs(hip) < 1);
    CU_ASSERT(fabs(months(&person, "on", HIP, 60, 84)) < 1);
    CU_ASSERT(months(&person, "on", SCAN, 60, 84) > 0.5);
    CU_ASSERT(months(&person, "on", SCAN, 0, 84) < 0); /* not all of it */
    person_free(&person);
}

/* Tamoxifen gains bone after menopause and loses it before: Powles 1996. */
static void test_tamoxifen(void)
{
    for (int years = -10; years <= 12; years += 22) {
        char text[512];
        person_t person;
        snprintf(text, sizeof(text),
            "models: [hormones, aibl]\npopulation: {covariates: {years_since_menopause: %d year}}\n" FROM_REST
            "arms: {off: {}, on: {regimen: [{drug: tamoxifen, dose: 20 mg, interval: 1 day}]}}\ntimes: [0 month, 12 "
            "month]\n",
            years);
        person_run(&person, text);
        double effect = months(&person, "on", SPINE, 0, 12) - months(&person, "off", SPINE, 0, 12);
        if (years > 0)
            CU_ASSERT(effect > 0.5 && months(&person, "on", SPINE, 0, 12) > 0)
        else
            CU_ASSERT(effect < -0.5);
        person_free(&person);
    }
}

/* Two years after three years of treatment most of zoledronic acid's effect is there, alendronate's in part, and
 * little of ibandronate's and risedronate's. */
static void test_who_lasts(void)
{
    person_t person;
    person_run(&person, WOMAN FROM_REST
        "arms:\n  off: {}\n"
        "  zoledronic_acid: {regimen: [{drug: zoledronic_acid, dose: 5 mg, interval: 12 month, duration: 15 min, stop: "
        "3 "
        "year}]}\n"
        "  alendronate: {regimen: [{drug: alendronate, dose: 70 mg, interval: 7 day, stop: 3 year}]}\n"
        "  ibandronate: {regimen: [{drug: ibandronate_oral, dose: 150 mg, interval: 1 month, stop: 3 year}]}\n"
        "  risedronate: {regimen: [{drug: risedronate, dose: 35 mg, interval: 7 day, stop: 3 year}]}\n"
        "times: [0 month, 36 month, 60 month]\n");
    static const char *const arms[] = { "zoledronic_acid", "alendronate", "ibandronate", "risedronate" };
    double ctx[4], spine[4];
    for (size_t i = 0; i < 4; i++) { /* share of the effect that is left */
        ctx[i] = months(&person, arms[i], "ctx", 0, 60) / months(&person, arms[i], "ctx", 0, 36);
        spine[i] = (months(&person, arms[i], SPINE, 0, 60) - months(&person, "off", SPINE, 0, 60)) /
                   (months(&person, arms[i], SPINE, 0, 36) - months(&person, "off", SPINE, 0, 36));
    }
    CU_ASSERT(ctx[0] > 0.6 && ctx[1] < ctx[0] && ctx[1] > 0.3 && ctx[2] < 0.25 && ctx[3] < 0.1);
    CU_ASSERT(spine[0] > 0.8 && spine[1] < spine[0] && spine[1] > 0.5 && spine[2] < 0.65 && spine[3] < 0.5);
    person_free(&person);
}

/* CTX stands above its level before treatment within 6 months of a missed dose of denosumab, and the spine has lost its
 * gain within 12 to 24: Bone 2011. */
static void test_denosumab_rebound(void)
{
    person_t person;
    person_run(&person,
        WOMAN FROM_REST "arms: {on: {regimen: [{drug: denosumab, dose: 60 mg, interval: 6 month, stop: 24 month}]}}\n"
                        "times: {to: 48 month, every: 1 month}\n");
    const double *ctx = person_schedule(&person, "on", "ctx");
    CU_ASSERT(ctx[6] < 0.6 * ctx[0] && ctx[24] < 0.8 * ctx[0]); /* still held when the dose is due */
    double highest = 0;
    for (int month = 24; month <= 30; month++) highest = fmax(highest, ctx[month]);
    CU_ASSERT(highest > 1.2 * ctx[0]);
    CU_ASSERT(fabs(ctx[48] / ctx[0] - 1) < 0.1); /* it passes */
    double gain = months(&person, "on", SPINE, 0, 24);
    CU_ASSERT(gain > 4);
    CU_ASSERT(months(&person, "on", SPINE, 0, 36) < 0.5 * gain);
    CU_ASSERT(months(&person, "on", SPINE, 0, 48) < 0.25 * gain);
    person_free(&person);
}

/* Untreated women lose at the hip for thirty years without levelling off; the years after the final period are the
 * worst. */
static void test_thirty_years(void)
{
    person_t person;
    person_run(&person, "models: [hormones, aibl]\npopulation: {covariates: {years_since_menopause: 0 year}}\n"
                        "run_in: {start: -10 year}\narms: {off: {}}\ntimes: {to: 30 year, every: 1 year}\n");
    const double *hip = person_schedule(&person, "off", HIP);
    double early = hip[0] - hip[5], late = hip[25] - hip[30];
    for (int year = 0; year < 30; year++) CU_ASSERT(hip[year + 1] < hip[year] * (1 - 0.003));
    CU_ASSERT(early > 1.2 * late && late > 0.4 * (hip[15] - hip[20]));
    person_free(&person);
}

/* Two years of ovarian suppression: thin trabeculae go, at a rate of their number, osteoclasts and deficit, and do not
 * come back; the spine regains some of its loss, not all. */
static void test_thin_trabeculae(void)
{
    person_t person;
    person_run(&person, "models: [hormones, aibl]\npopulation: {covariates: {years_since_menopause: -12 year}}\n"
                        "arms: {on: {regimen: [{drug: goserelin, dose: 3.6 mg, interval: 28 day, stop: 2 year}]}}\n"
                        "times: {to: 5 year, every: 0.25 month}\n");
    const double *x = person_schedule(&person, "on", "thin_trabeculae");
    const double *osteoclasts = person_schedule(&person, "on", "osteoclasts");
    const double *deficit = person_schedule(&person, "on", "estrogen_deficit");
    double pushed[2] = { 0, 0 }; /* over the first and the second year */
    for (int i = 0; i < 96; i++)
        pushed[i / 48] += 0.5 * (osteoclasts[i] * fmax(deficit[i], 0) + osteoclasts[i + 1] * fmax(deficit[i + 1], 0));
    CU_ASSERT_DOUBLE_EQUAL(x[0], 1, 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(
        log(x[96] / x[48]) / pushed[1], log(x[48] / x[0]) / pushed[0], 0.01 * fabs(log(x[48]) / pushed[0]));
    CU_ASSERT(x[96] < 0.5 && x[240] > 0.98 * x[120] && x[240] <= x[120]);
    double lost = months(&person, "on", SPINE, 0, 24), left = months(&person, "on", SPINE, 0, 60);
    CU_ASSERT(lost < -6 && left > lost + 1 && left < -1);
    person_free(&person);
}

/* On an inhibitor, women two years after menopause lose more than women fifteen years after it: Eastell 2006. */
static void test_early_women(void)
{
    double lost[2];
    for (int late = 0; late < 2; late++) {
        char text[512];
        person_t person;
        snprintf(text, sizeof(text),
            "models: [hormones, aibl]\npopulation: {covariates: {years_since_menopause: %d year}}\n" FROM_REST
            "arms: {on: {regimen: [" ANASTROZOLE "]}}\ntimes: [0 month, 24 month]\n",
            late ? 15 : 2);
        person_run(&person, text);
        lost[late] = months(&person, "on", SPINE, 0, 24);
        person_free(&person);
    }
    CU_ASSERT(lost[0] < 1.3 * lost[1] && lost[1] < -2);
}

/* Men: an inhibitor lowers estradiol by 20 to 35 % and costs spine; testosterone raises estradiol and protects; too
 * much of the inhibitor on top of it loses bone, a moderate estradiol does not. */
static void test_men(void)
{
    person_t person;
    person_run(&person, MEN "population: {covariates: {age: 70 year, years_since_menopause: 20 year}}\n"
                            "run_in: {start: -35 year}\narms:\n  off: {}\n"
                            "  inhibitor: {regimen: [{drug: anastrozole, dose: 1 mg, interval: 1 day}]}\n"
                            "  testosterone: {regimen: [{drug: testosterone_gel, dose: 50 mg, interval: 1 day}]}\n"
                            "  both: {regimen: [{drug: testosterone_gel, dose: 50 mg, interval: 1 day}, {drug: "
                            "anastrozole, dose: 1 mg, interval: 1 day}]}\n"
                            "times: [0 month, 12 month]\n");
    double untreated = months(&person, "off", SPINE, 0, 12);
    double estradiol = months(&person, "inhibitor", "estradiol", 0, 12);
    CU_ASSERT(estradiol < -20 && estradiol > -35);
    CU_ASSERT(months(&person, "inhibitor", "testosterone", 0, 12) > 40);
    CU_ASSERT(months(&person, "inhibitor", SPINE, 0, 12) < untreated - 0.5);
    CU_ASSERT(months(&person, "testosterone", "estradiol", 0, 12) > 10);
    CU_ASSERT(months(&person, "testosterone", SPINE, 0, 12) > untreated + 0.2);
    CU_ASSERT(months(&person, "both", "testosterone", 0, 12) > 40);
    CU_ASSERT(months(&person, "both", SPINE, 0, 12) < untreated - 0.2);
    person_free(&person);
}

/* What sets men apart: a faster spine adds to what denosumab gains there and to nothing else, and a smaller effect of
 * estradiol on osteoclasts takes off the rise of CTX without androgens. Women have neither, to the last bit. */
static void run_apart(person_t *self, bool male, const char *parameters)
{
    char text[1024];
    snprintf(text, sizeof(text),
        "models: [%s, aibl]\npopulation: {covariates: {age: 70 year, years_since_menopause: 20 year}}\n"
        "run_in: {start: -35 year}\nparameters: {%s}\narms:\n  off: {}\n"
        "  denosumab: {regimen: [{drug: denosumab, dose: 60 mg, interval: 6 month}]}\n"
        "  suppressed: {regimen: [{drug: goserelin, dose: 3.6 mg, interval: 28 day}]}\n"
        "times: [0 month, 12 month]\n",
        male ? "hormones_men" : "hormones", parameters);
    person_run(self, text);
}

static void test_men_apart(void)
{
    for (int male = 0; male < 2; male++) {
        person_t as_women, fast, calm;
        run_apart(&as_women, male, "\"aibl.T_men[lumbar_spine]\": 1, aibl.a_men: 1");
        run_apart(&fast, male, "\"aibl.T_men[lumbar_spine]\": 1.5, aibl.a_men: 1");
        run_apart(&calm, male, "\"aibl.T_men[lumbar_spine]\": 1, aibl.a_men: 0.5");
        double gain = months(&as_women, "denosumab", SPINE, 0, 12), more = months(&fast, "denosumab", SPINE, 0, 12);
        double rise = months(&as_women, "suppressed", "ctx", 0, 12), less = months(&calm, "suppressed", "ctx", 0, 12);
        CU_ASSERT(male ? more > 1.2 * gain : more == gain);
        CU_ASSERT(male ? less < 0.7 * rise : less == rise);
        ost_assert_close(months(&fast, "suppressed", "ctx", 0, 12), rise, 1e-6, 0);
        ost_assert_close(months(&fast, "denosumab", HIP, 0, 12), months(&as_women, "denosumab", HIP, 0, 12), 1e-9, 0);
        person_free(&as_women);
        person_free(&fast);
        person_free(&calm);
    }
}

/* A man of 40 at his reference estradiol rests from the first day, also with a faster spine. */
static void test_man_at_rest(void)
{
    person_t person;
    person_run(&person, MEN "population: {covariates: {age: 40 year, years_since_menopause: -20 year}}\n"
                            "parameters: {\"aibl.T_men[lumbar_spine]\": 2, hormones_men.E_adrenal: 5.95 pmol/L,\n"
                            "  hormones_men.ageing: 0 1/y, hormones_men.binding: 0 1/y}\n"
                            "arms: {off: {}}\ntimes: [0 month, 12 month, 60 month]\n");
    for (int month = 12; month <= 60; month += 48) {
        ost_assert_close(months(&person, "off", SPINE, 0, month), 0, 0, 1e-3);
        ost_assert_close(months(&person, "off", HIP, 0, month), 0, 0, 1e-3);
    }
    person_free(&person);
}

/* Under denosumab young bone comes near 0, in men as in women: states of men are relative to women's, and a difference
 * from these would fall below 0. */
static void test_man_on_denosumab(void)
{
    person_t person;
    person_run(&person, MEN "population: {covariates: {age: 70 year, years_since_menopause: 20 year}}\n"
                            "run_in: {start: -35 year}\n"
                            "parameters: {\"aibl.T_men[lumbar_spine]\": 4, \"aibl.T_men[total_hip]\": 0.3}\n"
                            "arms:\n  on: {regimen: [{drug: goserelin, dose: 3.6 mg, interval: 28 day},\n"
                            "    {drug: denosumab, dose: 120 mg, interval: 28 day}]}\n"
                            "times: [0 month, 12 month, 120 month]\n");
    double year = months(&person, "on", SPINE, 0, 12), ten = months(&person, "on", SPINE, 0, 120);
    CU_ASSERT(year > 5 && ten > year);
    CU_ASSERT(months(&person, "on", HIP, 0, 12) < 0.3 * year);
    person_free(&person);
}

static const ost_test_t tests[] = {
    { "first_year", test_first_year },
    { "markers_before_density", test_markers_before_density },
    { "after_the_inhibitor", test_after_the_inhibitor },
    { "tamoxifen", test_tamoxifen },
    { "who_lasts", test_who_lasts },
    { "denosumab_rebound", test_denosumab_rebound },
    { "thirty_years", test_thirty_years },
    { "thin_trabeculae", test_thin_trabeculae },
    { "early_women", test_early_women },
    { "men", test_men },
    { "men_apart", test_men_apart },
    { "man_at_rest", test_man_at_rest },
    { "man_on_denosumab", test_man_on_denosumab },
};
OST_TEST_MAIN("shapes", tests)
