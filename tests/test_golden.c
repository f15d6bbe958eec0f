/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped models, dosed and solved, against tests/golden/typical_atac.csv, made by another implementation. */
#include "cohort/cohort.h"
#include "plan/plan.h"
#include "testlib.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TIMES = 32, MAX_COLUMNS = 16, LINE_SIZE = 1024 };

typedef struct {
    size_t n_times, n_columns; /* columns besides the time */
    char header[LINE_SIZE];
    const char *name[MAX_COLUMNS];
    double time[MAX_TIMES], value[MAX_TIMES][MAX_COLUMNS];
} golden_t;

static void golden_read(golden_t *self)
{
    char line[LINE_SIZE];
    memset(self, 0, sizeof(*self));
    FILE *in = fopen(OST_SOURCE_DIR "/tests/golden/typical_atac.csv", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(self->header, LINE_SIZE, in));
    char *word = strtok(self->header, ",\n"); /* the time */
    while ((word = strtok(NULL, ",\n")) != NULL && self->n_columns < MAX_COLUMNS) self->name[self->n_columns++] = word;
    while (self->n_times < MAX_TIMES && fgets(line, sizeof(line), in) != NULL) {
        char *at = line;
        self->time[self->n_times] = strtod(at, &at);
        for (size_t i = 0; i < self->n_columns; i++) self->value[self->n_times][i] = strtod(at + 1, &at);
        self->n_times++;
    }
    fclose(in);
    CU_ASSERT_EQUAL_FATAL(self->n_times, 15);
    CU_ASSERT_EQUAL_FATAL(self->n_columns, 11);
}

/* Row of "bmd[total_hip]" or "ctx" among the outputs of the plan. */
static size_t row_of(const ost_plan_t *plan, const char *column)
{
    size_t length = strcspn(column, "[");
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        const ost_variable_t *v = &plan->outputs->variables[i];
        if (strlen(v->name) != length || strncmp(v->name, column, length) != 0) continue;
        for (uint32_t k = 0; k < v->n_elements; k++) {
            const char *element = v->index_set != NULL ? v->index_set->elements[k] : "";
            if (column[length] == '\0' || strncmp(column + length + 1, element, strlen(element)) == 0)
                return v->first + k;
        }
    }
    CU_FAIL_FATAL("a column of the golden file is no output of the models");
    return 0;
}

typedef struct {
    size_t n;
    double *y; /* [n_outputs][n_times] of the one woman */
} kept_t;

static int keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    kept_t *self = user;
    CU_ASSERT_EQUAL(block->status[0], 0);
    memcpy(self->y, block->y, self->n * sizeof(double));
    return 0;
}

/* The experiment that tests/golden/README.md describes, at the first n_times of its times. */
static void write_experiment(char *out, size_t size, const golden_t *golden, size_t n_times, const char *solver)
{
    int n = snprintf(out, size,
        "models: [hormones, aibl]\n"
        "population:\n"
        "  variability: false\n"
        "  covariates: {years_since_menopause: 12 year, bmi: 27 kg/m2}\n"
        "run_in: {start: -22 year}\n"
        "arms:\n"
        "  anastrozole:\n"
        "    regimen: [{drug: anastrozole, dose: 1 mg, interval: 1 day, stop: 5 year}]\n"
        "solver: {%s}\n"
        "times: [",
        solver);
    for (size_t i = 0; i < n_times; i++)
        n += snprintf(out + n, size - (size_t) n, "%s%.17g day", i > 0 ? ", " : "", golden->time[i]);
    snprintf(out + n, size - (size_t) n, "]\n");
}

/* Largest error of the column of that name, relative to the golden values. */
static double column_error(const golden_t *golden, const ost_plan_t *plan, const kept_t *kept, size_t column)
{
    size_t n_times = plan->experiment->n_times;
    const double *y = kept->y + row_of(plan, golden->name[column]) * n_times;
    double largest = 0;
    for (size_t t = 0; t < n_times; t++) {
        double truth = golden->value[t][column], error = fabs(y[t] - truth);
        if (truth != 0) error /= fabs(truth);
        if (!(error <= largest)) largest = error;
    }
    return largest;
}

/* @param error  [n_columns] of each column */
static void run(const golden_t *golden, size_t n_times, const char *solver, double *error)
{
    char text[4096];
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan = { 0 };
    ost_cohort_summary_t summary;
    ost_error_t err;
    kept_t kept;
    write_experiment(text, sizeof(text), golden, n_times, solver);
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_experiment_parse(&experiment, "golden.yaml", text, NULL, 0, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_plan_build(&plan, &library, &experiment, &err), 0);
    kept.n = plan.system->n_outputs * experiment.n_times;
    kept.y = calloc(kept.n, sizeof(double));
    CU_ASSERT_PTR_NOT_NULL_FATAL(kept.y);
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = keep, .user = &kept };
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&plan, &options, &summary, &err), 0);
    for (size_t i = 0; i < golden->n_columns; i++) error[i] = column_error(golden, &plan, &kept, i);
    free(kept.y);
    ost_cohort_summary_free(&summary);
    ost_plan_free(&plan);
    ost_experiment_free(&experiment);
    ost_library_free(&library);
}

/* Ninety days of exact doses: kinetics, wiring, equations and outputs, to the digits that the golden file holds. */
static void test_exact(void)
{
    golden_t golden;
    double error[MAX_COLUMNS];
    golden_read(&golden);
    CU_ASSERT_EQUAL_FATAL(golden.time[6], 90);
    run(&golden, 7, "dosing: exact, rtol: 1e-8", error);
    for (size_t i = 0; i < golden.n_columns; i++) {
        if (!(error[i] < 1e-7)) printf("%s: ", golden.name[i]);
        ost_assert_close(error[i], 0, 0, 1e-7);
    }
}

/* Seven years as people run them: default tolerance, mean effects for daily doses. */
static void test_periodic(void)
{
    golden_t golden;
    double error[MAX_COLUMNS];
    golden_read(&golden);
    run(&golden, golden.n_times, "dosing: periodic", error);
    for (size_t i = 0; i < golden.n_columns; i++) {
        if (strncmp(golden.name[i], "bmd", 3) == 0) ost_assert_close(error[i], 0, 0, 1e-6);
        if (strcmp(golden.name[i], "ctx") == 0) ost_assert_close(error[i], 0, 0, 2e-5);
    }
}

static const ost_test_t tests[] = {
    { "exact", test_exact },
    { "periodic", test_periodic },
};
OST_TEST_MAIN("golden", tests)
