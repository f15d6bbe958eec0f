/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ends of a range are within it, as the model writes them and as a person writes them, wherever a value comes from:
 * an experiment, a setting, a table of draws. Every parameter and covariate of every shipped model. */
#include "input/draws.h"
#include "plan/plan.h"
#include "testlib.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ost_error_t err;
static ost_library_t library;

static bool has_end(const ost_param_t *param, int end)
{
    return isfinite(end == 0 ? param->lower : param->upper);
}

/* "120 nmol/mmol": the number that the model has before the unit, but for 0. */
static const char *end_text(const ost_param_t *param, int end, double times, char *buf, size_t size)
{
    double value = (end == 0 ? param->lower : param->upper) / param->unit.factor;
    snprintf(buf, size, "%.15g %s", value * times, param->unit_text);
    return buf;
}

/* Call `check` for both ends of all of a model's parameters (and covariates). */
static void for_all_ends(void (*check)(const ost_model_t *model, const ost_param_t *param, int end))
{
    size_t n = 0, n_ends = 0;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    const char *const *names = ost_library_builtin_names(&n);
    for (size_t m = 0; m < n; m++) {
        const ost_model_t *model = NULL;
        CU_ASSERT_EQUAL_FATAL(ost_library_get(&library, names[m], &model, &err), 0);
        for (size_t i = 0; i < model->n_params; i++)
            for (int end = 0; end < 2; end++)
                if (has_end(&model->params[i], end)) {
                    check(model, &model->params[i], end);
                    n_ends++;
                }
    }
    CU_ASSERT(n_ends > 1000);
    ost_library_free(&library);
}

static void check_text(const ost_model_t *model, const ost_param_t *param, int end)
{
    char text[128];
    double limit = end == 0 ? param->lower : param->upper;
    ost_quantity_t q;
    CU_ASSERT_EQUAL_FATAL(ost_quantity_parse(&q, end_text(param, end, 1, text, sizeof(text)), &err), 0);
    double value = ost_param_within(param, q.value);
    bool is_within = value >= param->lower && value <= param->upper && fabs(value - limit) <= 1e-15 * fabs(limit);
    if (!is_within) fprintf(stderr, "\n%s.%s: %s\n", model->name, param->name, text);
    CU_ASSERT(is_within);
    if (limit == 0) return;
    double beyond = (end == 0) == (limit > 0) ? 1 - 1e-12 : 1 + 1e-12;
    CU_ASSERT_EQUAL_FATAL(ost_quantity_parse(&q, end_text(param, end, beyond, text, sizeof(text)), &err), 0);
    CU_ASSERT(isnan(ost_param_within(param, limit * beyond)));
}

static void test_texts(void)
{
    for_all_ends(check_text);
}

/* Draws of one parameter, its end: the reader of tables takes it. */
static void check_table(const ost_model_t *model, const ost_param_t *param, int end)
{
    char path[] = "/tmp/ost_ends_XXXXXX", text[128];
    if (param->is_covariate) return;
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    FILE *file = fdopen(fd, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    double number = strtod(end_text(param, end, 1, text, sizeof(text)), NULL);
    fprintf(file, "draw,%s.%s [%s]\nestimate,%.15g\n", model->name, param->name, param->unit_text, number);
    fclose(file);
    ost_draws_t draws;
    err = (ost_error_t){ 0 };
    int ret = ost_draws_read(&draws, path, &err);
    if (ret == 0) ret = ost_draws_check(&draws, &library, &err);
    if (ret != 0) fprintf(stderr, "\n%s\n", err.what);
    CU_ASSERT_EQUAL(ret, 0);
    ost_draws_free(&draws);
    unlink(path);
}

static void test_tables(void)
{
    for_all_ends(check_table);
}

/* @return that of the first step that fails: reading with one setting, the plan, the first subject */
static int take(const char *config, const char *setting)
{
    ost_experiment_t e;
    ost_plan_t plan = { 0 };
    err = (ost_error_t){ 0 };
    int ret = ost_experiment_read(&e, config, &setting, setting != NULL, &err);
    if (ret == 0) ret = ost_plan_build(&plan, &library, &e, &err);
    double *values = calloc((ret == 0 ? plan.blocks->n_params : 0) + e.n_covariates + 1, sizeof(*values));
    CU_ASSERT_PTR_NOT_NULL_FATAL(values);
    if (ret == 0) ret = ost_plan_subject(&plan, 0, values, values + e.n_covariates, &err);
    free(values);
    ost_plan_free(&plan);
    ost_experiment_free(&e);
    return ret;
}

/* Both ends of all that a shipped experiment with many models has, each as a setting; beyond them is refused. */
static void test_settings(void)
{
    const char *config = OST_SOURCE_DIR "/configs/atac.yaml";
    ost_experiment_t e;
    ost_plan_t plan;
    char text[128], setting[512];
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_experiment_read(&e, config, NULL, 0, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_plan_build(&plan, &library, &e, &err), 0);
    for (size_t i = 0; i < plan.blocks->n_params; i++) {
        const ost_block_t *block = &plan.blocks->block[plan.blocks->of_param[i]];
        const ost_param_t *param = &block->model->params[i - block->first_param];
        for (int end = 0; end < 2; end++) {
            if (!has_end(param, end)) continue;
            double limit = end == 0 ? param->lower : param->upper;
            double beyond = (end == 0) == (limit > 0) ? 0.999999 : 1.000001;
            for (int is_beyond = 0; is_beyond < (limit != 0 ? 2 : 1); is_beyond++) {
                end_text(param, end, is_beyond ? beyond : 1, text, sizeof(text));
                if (param->is_covariate)
                    snprintf(setting, sizeof(setting), "population.covariates.%s=%s", param->name, text);
                else
                    snprintf(setting, sizeof(setting), "parameters.%s.%s=%s", block->model->name, param->name, text);
                int ret = take(config, setting);
                if (ret != (is_beyond ? OST_ERR_VALUE : 0)) fprintf(stderr, "\n%s: %d %s\n", setting, ret, err.what);
                CU_ASSERT_EQUAL(ret, is_beyond ? OST_ERR_VALUE : 0);
                n++;
            }
        }
    }
    CU_ASSERT(n > 100);
    ost_plan_free(&plan);
    ost_experiment_free(&e);
    ost_library_free(&library);
}

/* The ends of the options of an experiment. */
static void test_options(void)
{
    static const struct {
        const char *setting;
        bool is_right;
    } cases[] = { { "solver.rtol=1e-14", true }, { "solver.rtol=9.9e-15", false }, { "solver.rtol=0.1", true },
        { "solver.rtol=10 %", true }, { "solver.rtol=0.1000001", false }, { "solver.atol_factor=1e-12", true },
        { "solver.atol_factor=1e12", true }, { "solver.atol_factor=1.01e12", false }, { "solver.max_steps=1", true },
        { "solver.max_steps=0", false }, { "results.digits=1", true }, { "results.digits=15", true },
        { "results.digits=0", false }, { "results.digits=16", false },
        { "population.covariates.bmi.cv=1000.1 %", false }, { "population.covariates.bmi.cv=0", false },
        { "population.seed=18446744073709551615", true }, { "population.seed=18446744073709551616", false },
        { "arms.anastrozole.regimen.0.adherence=100 %", true }, { "arms.anastrozole.regimen.0.adherence=0 %", true },
        { "arms.anastrozole.regimen.0.adherence=1", true }, { "arms.anastrozole.regimen.0.adherence=100.1 %", false },
        { "arms.anastrozole.regimen.0.inter_occasion=0", true },
        { "arms.anastrozole.regimen.0.inter_occasion=300 %", true },
        { "arms.anastrozole.regimen.0.inter_occasion=3.001", false },
        { "arms.anastrozole.regimen.0.inter_occasion=-0.1 %", false }, { "population.first_subject=0", true } };
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int ret = take(OST_SOURCE_DIR "/configs/atac.yaml", cases[i].setting);
        if ((ret == 0) != cases[i].is_right) fprintf(stderr, "\n%s: %d %s\n", cases[i].setting, ret, err.what);
        CU_ASSERT((ret == 0) == cases[i].is_right);
    }
    ost_library_free(&library);
}

static const ost_test_t tests[] = { { "texts", test_texts }, { "tables", test_tables }, { "settings", test_settings },
    { "options", test_options } };

OST_TEST_MAIN("ends", tests)
