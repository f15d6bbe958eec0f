/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input/experiment_keys.h"
#include "plan/plan.h"
#include "testlib.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define YEAR OST_DAYS_PER_YEAR
#define MONTH OST_DAYS_PER_MONTH

static const char full[] =
    "name: atac                       # a comment\n"
    "title: \"ATAC: bone\"\n"
    "models: [hormones, aibl, ./mine.model, /opt/other.model]\n"
    "population:\n"
    "  subjects: 10000\n"
    "  seed: 18446744073709551615\n"
    "  first_subject: 300\n"
    "  variability: false\n"
    "  covariates:\n"
    "    age:        {distribution: normal, mean: 62 year, sd: 6 year, min: 48 year, max: 80 year}\n"
    "    menopause_age: {distribution: uniform, from: 42 year, to: 684 month}\n"
    "    years_since_menopause: {formula: age - menopause_age, min: 1 year}\n"
    "    bmi:        {distribution: lognormal, median: 27 kg/m2, cv: 17 %}\n"
    "    weight:     {distribution: lognormal, median: 70 kg, sd_log: 0.17, max: 150 kg, unit: g}\n"
    "    height_that_has_a_name_of_64_letters_which_are_as_many_as_there_: 1.62 m\n"
    "    square:     {formula: height_that_has_a_name_of_64_letters_which_are_as_many_as_there_^2, unit: m2}\n"
    "    smoker:     0\n"
    "parameters:\n"
    "  aibl.k_C: 0.08 1/d\n"
    "  aibl.T[lumbar_spine]: {value: 0.11 1/y, spread: 0.3}\n"
    "  aibl.a_L: {spread: 0}\n"
    "run_in:\n"
    "  start: -(years_since_menopause + 10 [y])\n"
    "arms:\n"
    "  no_treatment: {label: \"No treatment\"}\n"
    "  nothing-said:\n"
    "  anastrozole:\n"
    "    label: Anastrozole 1 mg daily\n"
    "    regimen:\n"
    "      - {drug: anastrozole, dose: 1 mg, interval: 1 day, start: 0 day, stop: 5 year}\n"
    "      - {drug: zoledronic_acid, dose: 4 mg, interval: 6 month, duration: 15 min}\n"
    "      - {drug: mine, dose: 3 ug, start: 1 wk}\n"
    "    signals:\n"
    "      - {signal: mechanical_load, value: 0.8, start: 1 year, stop: 2 year}\n"
    "times: {from: 0 month, to: 7 year, every: 1 month}\n"
    "outputs: [bmd, ctx, estradiol]\n"
    "solver: {stepper: gsl_msbdf, rtol: 1e-8, atol_factor: 1, dosing: exact, h_max: 30 d, h_min: 1 s, max_steps: "
    "1000}\n"
    "results: {precision: float64, compression: 0, digits: 6}\n"
    "evidence:\n"
    "  table: evidence/evidence.csv\n"
    "  compare:\n"
    "    - {arm: anastrozole, trial: ATAC_bone, trial_arm: anastrozole}\n";

static const char small[] = "models: [aibl]\narms: {a: {regimen: [{drug: d, dose: 1 mg, interval: 1 day}]}, b: {}}\n"
                            "times: [-1 month, 0 d, 1 year]\n";

static ost_experiment_t e;

static int parse(const char *text, const char *const *overrides, size_t n, ost_error_t *err)
{
    *err = (ost_error_t){ 0 };
    return ost_experiment_parse(&e, "folder/small.yaml", text, overrides, n, err);
}

static void parse_right(const char *text)
{
    ost_error_t err;
    char buf[1024];
    int ret = parse(text, NULL, 0, &err);
    if (ret != 0) fprintf(stderr, "\n%s\n", ost_error_format(&err, buf, sizeof buf));
    CU_ASSERT_EQUAL_FATAL(ret, 0);
}

static void test_names_and_people(void)
{
    parse_right(full);
    CU_ASSERT_STRING_EQUAL(e.name, "atac");
    CU_ASSERT_STRING_EQUAL(e.title, "ATAC: bone");
    CU_ASSERT_STRING_EQUAL(e.path, "folder/small.yaml");
    CU_ASSERT_STRING_EQUAL(e.text, full);
    CU_ASSERT_EQUAL(e.n_subjects, 10000);
    CU_ASSERT_EQUAL(e.seed, UINT64_MAX);
    CU_ASSERT_EQUAL(e.first_subject, 300);
    CU_ASSERT_FALSE(e.variability);
    /* paths count from the file's folder; the drug of ./mine.model is not added again */
    static const char *const models[] = { "hormones", "aibl", "folder/./mine.model", "/opt/other.model", "anastrozole",
        "zoledronic_acid" };
    CU_ASSERT_EQUAL_FATAL(e.n_models, COUNT(models));
    for (size_t i = 0; i < e.n_models; i++) CU_ASSERT_STRING_EQUAL(e.models[i], models[i]);
    CU_ASSERT_EQUAL(e.model_locations[1].line, 3);
    CU_ASSERT_EQUAL(e.model_locations[1].column, 20);
    CU_ASSERT_EQUAL(e.model_locations[5].line, 31);
    ost_experiment_free(&e);
}

static void test_covariates(void)
{
    parse_right(full);
    CU_ASSERT_EQUAL_FATAL(e.n_covariates, 8);
    const ost_covariate_t *c = e.covariates;
    CU_ASSERT(c[0].origin == OST_ORIGIN_DISTRIBUTION && c[0].dist.kind == OST_DIST_NORMAL);
    ost_assert_close(c[0].dist.a, 62 * YEAR, 1e-15, 0);
    ost_assert_close(c[0].dist.b, 6 * YEAR, 1e-15, 0);
    ost_assert_close(c[0].dist.lower, 48 * YEAR, 1e-15, 0);
    ost_assert_close(c[0].dist.upper, 80 * YEAR, 1e-15, 0);
    CU_ASSERT_STRING_EQUAL(c[0].unit_text, "year");
    ost_assert_close(c[0].unit.factor, YEAR, 0, 0);
    CU_ASSERT_EQUAL(c[0].location.line, 10);
    CU_ASSERT_EQUAL(c[0].location.column, 5);
    CU_ASSERT_EQUAL(c[1].dist.kind, OST_DIST_UNIFORM);
    ost_assert_close(c[1].dist.b, 57 * YEAR, 1e-15, 0);
    CU_ASSERT_EQUAL(c[3].dist.kind, OST_DIST_LOGNORMAL);
    ost_assert_close(c[3].dist.a, 27e4, 1e-15, 0); /* mg/dm2 */
    ost_assert_close(c[3].dist.b, sqrt(log(1 + 0.17 * 0.17)), 1e-14, 0);
    CU_ASSERT_EQUAL(c[3].dist.lower, -INFINITY);
    CU_ASSERT_EQUAL(c[3].dist.upper, INFINITY);
    ost_assert_close(c[4].dist.b, 0.17, 1e-15, 0);
    CU_ASSERT_STRING_EQUAL(c[4].unit_text, "g");
    ost_assert_close(c[4].dist.upper / c[4].unit.factor, 150000, 1e-15, 0);
    CU_ASSERT_EQUAL(c[5].origin, OST_ORIGIN_VALUE);
    ost_assert_close(c[5].dist.a, 16.2, 1e-15, 0);
    CU_ASSERT_STRING_EQUAL(c[7].unit_text, "1");
    ost_experiment_free(&e);
}

static void test_formulas(void)
{
    parse_right(full);
    const ost_covariate_t *c = e.covariates;
    const double people[] = { 62 * YEAR, 50 * YEAR, 12 * YEAR, 27e4, 70e6, 16.2, 162.0, 0 };
    CU_ASSERT_EQUAL(c[2].origin, OST_ORIGIN_FORMULA);
    ost_assert_close(ost_formula_value(c[2].formula, people), 12 * YEAR, 1e-14, 0);
    ost_assert_close(c[2].dist.lower, YEAR, 0, 0);
    CU_ASSERT_STRING_EQUAL(c[2].unit_text, "year");
    ost_assert_close(ost_formula_value(c[6].formula, people) / c[6].unit.factor, 1.62 * 1.62, 1e-14, 0);
    CU_ASSERT_STRING_EQUAL(e.start_text, "-(years_since_menopause + 10 [y])");
    ost_assert_close(ost_formula_value(e.start, people), -22 * YEAR, 1e-14, 0);
    CU_ASSERT_EQUAL(e.start_location.line, 23);
    ost_experiment_free(&e);
    /* a plain time is a formula too; without min or unit the unit is that of the first covariate of its dimension */
    char text[1024];
    snprintf(text, sizeof text,
        "%srun_in: {start: -10 year}\npopulation:\n  covariates: {w: 3 wk, a: 60 year, b: {formula: a/2}}\n", small);
    parse_right(text);
    ost_assert_close(ost_formula_value(e.start, people), -10 * YEAR, 1e-14, 0);
    CU_ASSERT_STRING_EQUAL(e.covariates[2].unit_text, "wk");
    ost_assert_close(e.covariates[2].unit.factor, 7, 0, 0);
    ost_experiment_free(&e);
}

static void test_parameters(void)
{
    parse_right(full);
    CU_ASSERT_EQUAL_FATAL(e.n_settings, 3);
    const ost_param_setting_t *s = e.settings;
    const ost_dim_t per_time = { { [OST_DIM_TIME] = -6 } };
    CU_ASSERT_STRING_EQUAL(s[0].model, "aibl");
    CU_ASSERT_STRING_EQUAL(s[0].param, "k_C");
    CU_ASSERT_TRUE(s[0].sets_value && !s[0].sets_spread);
    ost_assert_close(s[0].value.value, 0.08, 0, 0);
    CU_ASSERT_TRUE(ost_dim_equal(s[0].value.dim, per_time));
    CU_ASSERT_STRING_EQUAL(s[1].param, "T[lumbar_spine]");
    ost_assert_close(s[1].value.value, 0.11 / YEAR, 1e-15, 0);
    CU_ASSERT_TRUE(s[1].sets_value && s[1].sets_spread);
    ost_assert_close(s[1].spread.value, 0.3, 0, 0);
    CU_ASSERT_TRUE(!s[2].sets_value && s[2].sets_spread && s[2].spread.value == 0);
    ost_experiment_free(&e);
}

static void test_arms(void)
{
    parse_right(full);
    CU_ASSERT_EQUAL_FATAL(e.n_arms, 3);
    CU_ASSERT_STRING_EQUAL(e.arms[0].label, "No treatment");
    CU_ASSERT_STRING_EQUAL(e.arms[1].label, "nothing-said");
    CU_ASSERT_EQUAL(e.arms[1].n_regimens + e.arms[1].n_inputs, 0);
    const ost_arm_t *arm = &e.arms[2];
    CU_ASSERT_EQUAL(arm->location.line, 27);
    CU_ASSERT_EQUAL_FATAL(arm->n_regimens, 3);
    const ost_dim_t mass = { { [OST_DIM_MASS] = 6 } };
    const ost_regimen_t *r = arm->regimens;
    CU_ASSERT_STRING_EQUAL(r[0].drug, "anastrozole");
    CU_ASSERT_TRUE(ost_dim_equal(r[0].dim, mass));
    ost_assert_close(r[0].amount, 1, 0, 0);
    ost_assert_close(r[0].interval, 1, 0, 0);
    ost_assert_close(r[0].stop, 5 * YEAR, 0, 0);
    CU_ASSERT_EQUAL(r[0].duration, 0);
    ost_assert_close(r[1].duration, 15.0 / 1440, 1e-15, 0);
    CU_ASSERT(isinf(r[1].stop)); /* without end, wherever the last output is */
    CU_ASSERT_EQUAL(r[2].interval, 0);
    ost_assert_close(r[2].start, 7, 0, 0);
    ost_assert_close(r[2].amount, 3e-3, 1e-15, 0);
    CU_ASSERT_EQUAL_FATAL(arm->n_inputs, 1);
    CU_ASSERT_STRING_EQUAL(arm->inputs[0].signal, "mechanical_load");
    ost_assert_close(arm->inputs[0].value, 0.8, 0, 0);
    ost_assert_close(arm->inputs[0].start, YEAR, 0, 0);
    ost_assert_close(arm->inputs[0].stop, 2 * YEAR, 0, 0);
    ost_experiment_free(&e);
}

static void test_times_and_the_rest(void)
{
    parse_right(full);
    CU_ASSERT_EQUAL_FATAL(e.n_times, 85);
    ost_assert_close(e.times[0], 0, 0, 0);
    ost_assert_close(e.times[17], 17 * MONTH, 1e-15, 0);
    ost_assert_close(e.times[84], 7 * YEAR, 1e-15, 0);
    CU_ASSERT_EQUAL_FATAL(e.n_outputs, 3);
    CU_ASSERT_STRING_EQUAL(e.outputs[2], "estradiol");
    CU_ASSERT_EQUAL(e.output_locations[2].column, 21);
    CU_ASSERT_EQUAL(e.solver.stepper, OST_STEPPER_GSL_MSBDF);
    CU_ASSERT_EQUAL(e.dosing, OST_DOSING_EXACT);
    ost_assert_close(e.solver.rtol, 1e-8, 1e-15, 0);
    ost_assert_close(e.solver.atol_factor, 1, 0, 0);
    ost_assert_close(e.solver.h_max, 30, 0, 0);
    ost_assert_close(e.solver.h_min, 1 / 86400.0, 1e-15, 0);
    CU_ASSERT_EQUAL(e.solver.max_steps, 1000);
    CU_ASSERT_TRUE(e.float64);
    CU_ASSERT_EQUAL(e.compression, 0);
    CU_ASSERT_EQUAL(e.digits, 6);
    CU_ASSERT_STRING_EQUAL(e.evidence_path, "folder/evidence/evidence.csv");
    CU_ASSERT_EQUAL_FATAL(e.n_comparisons, 1);
    CU_ASSERT_STRING_EQUAL(e.comparisons[0].trial, "ATAC_bone");
    ost_experiment_free(&e);
}

static void test_defaults(void)
{
    ost_solver_options_t solver;
    ost_solver_options_default(&solver);
    parse_right(small);
    CU_ASSERT_STRING_EQUAL(e.name, "small");
    CU_ASSERT_STRING_EQUAL(e.title, "small");
    CU_ASSERT_EQUAL(e.n_subjects, 1);
    CU_ASSERT_EQUAL(e.seed, 1);
    CU_ASSERT_EQUAL(e.first_subject, 0);
    CU_ASSERT_TRUE(e.variability);
    CU_ASSERT_EQUAL(e.n_covariates + e.n_settings + e.n_outputs + e.n_comparisons, 0);
    CU_ASSERT_PTR_NULL(e.outputs);
    CU_ASSERT_PTR_NULL(e.start);
    CU_ASSERT_PTR_NULL(e.evidence_path);
    CU_ASSERT_EQUAL(e.dosing, OST_DOSING_PERIODIC);
    CU_ASSERT_EQUAL(e.solver.rtol, solver.rtol);
    CU_ASSERT_EQUAL(e.solver.h_max, solver.h_max);
    CU_ASSERT_FALSE(e.float64);
    CU_ASSERT_EQUAL(e.compression, 1);
    CU_ASSERT_EQUAL(e.digits, 0);
    CU_ASSERT_EQUAL_FATAL(e.n_times, 3);
    ost_assert_close(e.times[0], -MONTH, 0, 0);
    CU_ASSERT(isinf(e.arms[0].regimens[0].stop));
    ost_experiment_free(&e);
    ost_experiment_free(&e);
    ost_experiment_free(NULL);
}

static void test_last_time(void)
{
    /* the last output is there when the step meets it but for rounding; it is not added when it does not, which is said
     */
    static const struct {
        const char *times;
        size_t n;
        double last;
    } cases[] = {
        { "{to: 30 year, every: 0.1 year}", 301, 30 * YEAR },
        { "{to: 1 d, every: 1 min}", 1441, 1 },
        { "{to: 3.9 year, every: 0.3 year}", 14, 3.9 * YEAR },
        { "{to: 5.8 month, every: 0.1 month}", 59, 5.8 * MONTH },
        { "{to: 10 d, every: 3 d}", 4, 9 },
        { "{from: 2 d, to: 2 d, every: 3 d}", 1, 2 },
        { "{to: 0.3 day, every: 0.1 day}", 4, 0.3 },
        { "{to: 2 hours, every: 30 minutes}", 5, 2.0 / 24 },
        { "{from: -1 year, to: 0 d, every: 6 month}", 3, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        snprintf(text, sizeof text, "models: [aibl]\narms: {a: {}}\ntimes: %s\n", cases[i].times);
        parse_right(text);
        CU_ASSERT_EQUAL(e.n_times, cases[i].n);
        ost_assert_close(e.times[e.n_times - 1], cases[i].last, 1e-15, 0);
        bool is_missed = strstr(cases[i].times, "to: 10 d") != NULL;
        CU_ASSERT_EQUAL_FATAL(e.warnings.n, is_missed);
        if (is_missed) ost_assert_contains(e.warnings.items[0], "the last output is at day 9, not at 'to: 10 d'");
        ost_experiment_free(&e);
    }
}

static void test_overrides(void)
{
    const char *const overrides[] = { "population.subjects=100", "arms.anastrozole.regimen.0.dose=10 mg",
        "parameters.aibl.k_C=0.09 1/d", "parameters.aibl.T[lumbar_spine].spread=0.1", "parameters.hormones.k_E=2 1/d",
        "solver.rtol = 1e-5", "outputs=[bmd]", "times={to: 1 year, every: 6 month}",
        "population.covariates.age.mean=65 year", "arms.extra={label: \"a=b\"}", "run_in.start=-3 year",
        "arms.anastrozole.regimen.0={drug: letrozole, dose: 2.5 mg, interval: 2 day}", "title='x'", "title=y",
        "evidence.compare=[]", "arms.anastrozole.regimen.1.stop=6 month", "arms.anastrozole.regimen.2.start=2 d",
        "arms.anastrozole.signals=[]", "parameters.aibl.k_C.spread=0.4", "parameters.aibl.k_P.spread=0.5" };
    ost_error_t err;
    char buf[1024];
    int ret = parse(full, overrides, COUNT(overrides), &err);
    if (ret != 0) fprintf(stderr, "\n%s\n", ost_error_format(&err, buf, sizeof buf));
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    CU_ASSERT_EQUAL(e.n_subjects, 100);
    ost_assert_close(e.settings[0].value.value, 0.09, 0, 0);
    ost_assert_close(e.settings[1].spread.value, 0.1, 0, 0);
    ost_assert_close(e.settings[1].value.value, 0.11 / YEAR, 1e-15, 0);
    CU_ASSERT_FATAL(e.n_settings == 5 && e.settings[0].spread.value == 0.4 && e.settings[4].spread.value == 0.5);
    CU_ASSERT_STRING_EQUAL(e.settings[3].model, "hormones");
    CU_ASSERT_STRING_EQUAL(e.settings[3].param, "k_E");
    ost_assert_close(e.solver.rtol, 1e-5, 0, 0);
    CU_ASSERT_EQUAL(e.solver.max_steps, 1000);
    CU_ASSERT_EQUAL(e.n_outputs, 1);
    CU_ASSERT_EQUAL(e.n_times, 3);
    ost_assert_close(e.covariates[0].dist.a, 65 * YEAR, 1e-15, 0);
    ost_assert_close(ost_formula_value(e.start, NULL), -3 * YEAR, 1e-15, 0);
    CU_ASSERT_EQUAL_FATAL(e.n_arms, 4);
    CU_ASSERT_STRING_EQUAL(e.arms[3].label, "a=b");
    ost_assert_close(e.arms[2].regimens[0].amount, 2.5, 0, 0);
    CU_ASSERT_STRING_EQUAL(e.arms[2].regimens[0].drug, "letrozole");
    CU_ASSERT_EQUAL(e.arms[2].n_inputs, 0);
    CU_ASSERT_STRING_EQUAL(e.title, "y"); /* the last one holds */
    CU_ASSERT_EQUAL(e.n_comparisons, 0);
    CU_ASSERT_STRING_EQUAL(e.text, full);
    CU_ASSERT_EQUAL_FATAL(e.n_overrides, COUNT(overrides));
    for (size_t i = 0; i < COUNT(overrides); i++) CU_ASSERT_STRING_EQUAL(e.overrides[i], overrides[i]);
    ost_experiment_free(&e);
    /* keys of the schema are made on the way, also below a key without value */
    const char *const made[] = { "solver.rtol=1e-4", "parameters.aibl.k_C=0.07 1/d",
        "population.covariates.age=60 year" };
    CU_ASSERT_EQUAL_FATAL(parse(small, made, COUNT(made), &err), 0);
    ost_assert_close(e.solver.rtol, 1e-4, 0, 0);
    CU_ASSERT_EQUAL(e.n_settings, 1);
    ost_assert_close(e.covariates[0].dist.a, 60 * YEAR, 0, 0);
    ost_experiment_free(&e);
}

static void test_wrong_overrides(void)
{
    static const struct {
        const char *override;
        int code;
        const char *part;
    } cases[] = {
        { "population.subjects", OST_ERR_SYNTAX, "path=value" },
        { "=3", OST_ERR_SYNTAX, "path=value" },
        { " =3", OST_ERR_SYNTAX, "no path" },
        { "population.=3", OST_ERR_SYNTAX, "no path" },
        { "title=a\nb", OST_ERR_SYNTAX, "one line" },
        { "population..subjects=3", OST_ERR_NAME, "unknown key ''" },
        { "populatio.subjects=3", OST_ERR_NAME, "unknown key 'populatio' (did you mean 'population'?)" },
        { "arms.anastrozol.label=3", OST_ERR_NAME, "unknown key 'anastrozol' (did you mean 'anastrozole'?)" },
        { "arms.anastrozole.regimen.0.dos=3 mg", OST_ERR_NAME, "(did you mean 'dose'?)" },
        { "arms.anastrozole.regimen.3.dose=3 mg", OST_ERR_NAME,
            "'3' is not an element of a list of 3; the first is 0" },
        { "arms.anastrozole.regimen.x.dose=3 mg", OST_ERR_NAME, "'x' is not an element" },
        { "arms.anastrozole.regimen.99999999999999999999.dose=3 mg", OST_ERR_NAME, "is not an element" },
        { "solver.rtoll=1e-3", OST_ERR_NAME, "(did you mean 'rtol'?)" },
        { "population.subjects.x=1", OST_ERR_NAME, "there is plain text above 'x'" },
        { "parameters.k_C=0.1 1/d", OST_ERR_SYNTAX, "as in aibl.k_C" },
        { "parameters.aibl.k_P.spred=0.1", OST_ERR_NAME, "unknown key 'spred' (did you mean 'spread'?)" },
        { "solver.rtol=[", OST_ERR_SYNTAX, "not valid YAML" },
        { "solver.rtol=1e-3 d", OST_ERR_UNIT, "'1e-3 d' has dimension time; expected a plain number, without a unit" },
        { "arms.tamoxifen= ", OST_ERR_SYNTAX, "has no value; 'arms.tamoxifen={}' is an empty entry" },
        { "arms.anastrozole.regimen.0={dose: 1 mg}", OST_ERR_NAME, "'drug' is missing" },
        { "population.covariates.age.sd=5", OST_ERR_UNIT, "has no unit of time; write one, for example 10 year" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ost_error_t err;
        char buf[1024];
        int ret = parse(full, &cases[i].override, 1, &err);
        ost_error_format(&err, buf, sizeof buf);
        if (ret != cases[i].code) fprintf(stderr, "\n%s: %d %s\n", cases[i].override, ret, buf);
        CU_ASSERT_EQUAL(ret, cases[i].code);
        CU_ASSERT_EQUAL(err.line, 0); /* not a place of the file */
        ost_assert_contains(buf, cases[i].part);
        if (strchr(cases[i].override, '\n') == NULL) ost_assert_contains(buf, cases[i].override);
        ost_experiment_free(&e);
    }
}

/* tests/wrong_experiments: the first line of each says `# CODE LINE:COLUMN: part of the message`, or `# plan: CODE ...`
 * where reading is right and the plan must refuse; parts of one message are joined by `...`. */
static void test_wrong_experiments(void)
{
    const char *folder = OST_SOURCE_DIR "/tests/wrong_experiments";
    DIR *dir = opendir(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    size_t n = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strstr(entry->d_name, ".yaml") == NULL) continue;
        char path[512], head[512] = "", code[64] = "", part[400] = "";
        int line = -1, column = -1;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "r");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_PTR_NOT_NULL(fgets(head, sizeof head, file));
        fclose(file);
        bool by_plan = strncmp(head, "# plan: ", 8) == 0;
        CU_ASSERT_EQUAL_FATAL(sscanf(head + (by_plan ? 8 : 2), "%63s %d:%d: %399[^\n]", code, &line, &column, part), 4);
        ost_error_t err = { 0 };
        char text[1024];
        int ret = ost_experiment_read(&e, path, NULL, 0, &err);
        if (by_plan) {
            ost_library_t library = { 0 };
            ost_plan_t plan = { 0 };
            CU_ASSERT_EQUAL(ret, 0);
            if (ret == 0) ret = ost_library_init(&library, &err);
            if (ret == 0) ret = ost_plan_build(&plan, &library, &e, &err);
            ost_plan_free(&plan);
            ost_library_free(&library);
        }
        bool ok = ret == err.code && strcmp(ost_error_name(ret), code) == 0 && err.line == line &&
                  err.column == column && strcmp(err.where, path) == 0 && ost_contains_parts(err.what, part);
        if (!ok)
            fprintf(stderr, "\n%s: expected %s    actual %s %s\n", entry->d_name, head, ost_error_name(ret),
                ost_error_format(&err, text, sizeof text));
        CU_ASSERT(ok);
        ost_experiment_free(&e);
        n++;
    }
    closedir(dir);
    CU_ASSERT(n >= 100);
}

static void test_files(void)
{
    char path[] = "/tmp/ost_experiment_XXXXXX";
    ost_error_t err = { 0 };
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    FILE *file = fdopen(fd, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fputs("\xEF\xBB\xBF", file) >= 0 && fputs(small, file) >= 0, 1); /* a byte order mark is fine */
    fclose(file);
    CU_ASSERT_EQUAL_FATAL(ost_experiment_read(&e, path, NULL, 0, &err), 0);
    CU_ASSERT_STRING_EQUAL(e.name, path + strlen("/tmp/"));
    ost_experiment_free(&e);
    file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite("a: b\0c", 1, 6, file), 6);
    fclose(file);
    CU_ASSERT_EQUAL(ost_experiment_read(&e, path, NULL, 0, &err), OST_ERR_SYNTAX);
    ost_assert_contains(err.what, "a zero byte at 4");
    ost_experiment_free(&e);
    file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fputs("title: \xC3\xA9t\xC3\xA9\nx: \xFF\n", file) >= 0, 1);
    fclose(file);
    CU_ASSERT_EQUAL(ost_experiment_read(&e, path, NULL, 0, &err), OST_ERR_SYNTAX);
    ost_assert_contains(err.what, "not text in UTF-8");
    CU_ASSERT_EQUAL(err.line, 2);
    CU_ASSERT_EQUAL(err.column, 4);
    ost_experiment_free(&e);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(ost_experiment_read(&e, path, NULL, 0, &err), OST_ERR_MISSING);
    ost_assert_contains(err.what, "No such file");
    CU_ASSERT_STRING_EQUAL(err.where, path);
    ost_experiment_free(&e);
    CU_ASSERT_EQUAL(ost_experiment_read(&e, "/tmp", NULL, 0, &err), OST_ERR_IO);
    ost_assert_contains(err.what, "Is a directory");
    ost_experiment_free(&e);
    CU_ASSERT_EQUAL(ost_experiment_read(&e, path, NULL, 0, NULL), OST_ERR_MISSING);
    ost_experiment_free(&e);
}

/* n repetitions of `unit` between head and tail */
static char *repeat(const char *head, const char *unit, size_t n, const char *tail)
{
    size_t length = strlen(unit);
    char *text = malloc(strlen(head) + n * (length + 8) + strlen(tail) + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    char *at = text + sprintf(text, "%s", head);
    for (size_t i = 0; i < n; i++) at += sprintf(at, unit, (int) i);
    sprintf(at, "%s", tail);
    return text;
}

static void test_limits(void)
{
    const struct {
        const char *head, *unit;
        size_t n;
        const char *tail, *part;
    } cases[] = {
        { "", "k%d: 1\n", 5000, "", "more than 4096 keys" },
        { "models: [", "a%d, ", 200001, "b]\n", "more than 200000 values" },
        { "", "                  # %d\n", 250000, "", "bytes of text" },
        { "models: ", "[", 100000, "", "" },
        { "models: ", "{a: ", 100000, "", "" },
        { "", "- ", 20000, "", "" },
        { "", "? ", 20000, "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ost_error_t err;
        char *text = repeat(cases[i].head, cases[i].unit, cases[i].n, cases[i].tail);
        CU_ASSERT_NOT_EQUAL(parse(text, NULL, 0, &err), 0);
        ost_assert_contains(err.what, cases[i].part);
        ost_experiment_free(&e);
        free(text);
    }
}

static void test_keys_are_described(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ost_schema_print(&ost_experiment_schema, out);
    fclose(out);
    static const char *const keys[] = { "\nmodels (needed)\n", "\npopulation.covariates.COVARIATE.cv\n",
        "\nparameters.MODEL.PARAMETER.spread\n", "\narms.ARM.regimen.-.duration\n",
        "\nevidence.compare.-.trial_arm (needed)\n" };
    for (size_t i = 0; i < COUNT(keys); i++) ost_assert_contains(text, keys[i]);
    free(text);
    CU_ASSERT_STRING_EQUAL(ost_stepper_name(OST_STEPPER_GSL_RK8PD), "gsl_rk8pd");
    CU_ASSERT_STRING_EQUAL(ost_dosing_name(OST_DOSING_EXACT), "exact");
}

/* What a key was called in the last release is read, with one warning of each that says where and what to write. */
static void test_former_names(void)
{
    static const char text[] = "models: [aibl]\n"
                               "arms:\n"
                               "  a:\n"
                               "    regimen:\n"
                               "      - {drug: zoledronic_acid, dose: 4 mg, into: depot, over: 15 min}\n"
                               "      - {drug: zoledronic_acid, dose: 4 mg, start: 1 year, over: 30 min}\n"
                               "times: [0 day, 2 year]\n";
    ost_error_t err = { 0 };
    const char *const longer = "arms.a.regimen.0.over=1 h";
    CU_ASSERT_EQUAL_FATAL(parse(text, &longer, 1, &err), 0);
    CU_ASSERT_STRING_EQUAL(e.arms[0].regimens[0].compartment, "depot");
    ost_assert_close(e.arms[0].regimens[0].duration, 1.0 / 24, 1e-15, 0);
    ost_assert_close(e.arms[0].regimens[1].duration, 0.5 / 24, 1e-15, 0);
    CU_ASSERT_EQUAL_FATAL(e.warnings.n, 2);
    CU_ASSERT_STRING_EQUAL(e.warnings.items[0],
        "folder/small.yaml:5:45: 'into' is a former name of 'compartment', which the next release will not read");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(e.warnings.items[1], "folder/small.yaml:5:58: 'over' is a former name of 'duration'"));
    ost_experiment_free(&e);
    CU_ASSERT_EQUAL_FATAL(parse(text, NULL, 0, &err), 0);
    CU_ASSERT_EQUAL(e.warnings.n, 2);
    ost_experiment_free(&e);
    const char *const both = "arms.a.regimen.0={drug: zoledronic_acid, dose: 4 mg, over: 1 h, duration: 1 h}";
    CU_ASSERT_EQUAL(parse(text, &both, 1, &err), OST_ERR_NAME);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "'duration' is given under its former name too"));
    ost_experiment_free(&e);
}

/* Every experiment that comes with osteon, and every input that once broke the reader. */
static void test_shipped_and_found_by_fuzzing(void)
{
    static const char *const folders[] = { "configs", "tests/fuzz/corpus/fuzz_experiment" };
    size_t n = 0;
    for (size_t k = 0; k < COUNT(folders); k++) {
        char folder[256], path[768];
        snprintf(folder, sizeof folder, OST_SOURCE_DIR "/%s", folders[k]);
        DIR *dir = opendir(folder);
        if (dir == NULL) continue;
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
            ost_error_t err = { 0 };
            if (entry->d_name[0] == '.' || (k == 0 && strstr(entry->d_name, ".yaml") == NULL)) continue;
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            int ret = ost_experiment_read(&e, path, NULL, 0, &err);
            if (k == 0 && ret != 0) fprintf(stderr, "\n%s\n", ost_error_format(&err, path, sizeof path));
            CU_ASSERT(k == 0 ? ret == 0 : ret == err.code);
            ost_experiment_free(&e);
            n++;
        }
        closedir(dir);
    }
    CU_ASSERT(n > 0);
}

static const ost_test_t tests[] = {
    { "names_and_people", test_names_and_people },
    { "covariates", test_covariates },
    { "formulas", test_formulas },
    { "parameters", test_parameters },
    { "arms", test_arms },
    { "times_and_the_rest", test_times_and_the_rest },
    { "defaults", test_defaults },
    { "last_time", test_last_time },
    { "overrides", test_overrides },
    { "wrong_overrides", test_wrong_overrides },
    { "wrong_experiments", test_wrong_experiments },
    { "files", test_files },
    { "limits", test_limits },
    { "keys_are_described", test_keys_are_described },
    { "former_names", test_former_names },
    { "shipped_and_found_by_fuzzing", test_shipped_and_found_by_fuzzing },
};

OST_TEST_MAIN("experiment", tests)
