/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped trial, end to end: error of the default tolerances against very tight ones, of periodic against exact
 * dosing, and the promise that bits do not depend on threads, cohort size or output grid. OST_ACCURACY_SUBJECTS
 * (default 8) sets how many women and OST_ACCURACY_RTOL (default 1e-9) what counts as exact; `scripts/prove accuracy`
 * takes 256 and 1e-12. */
#include "osteon/cohort.h"
#include "testlib.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATAC OST_SOURCE_DIR "/configs/atac.yaml"

/* A whole run kept in memory: y[arm][subject][output][time]. */
typedef struct {
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan;
    double *y;
    ost_cohort_summary_t summary;
    ost_error_t err;
} run_t;

static int keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    run_t *self = user;
    const size_t per_subject = self->plan.system.n_outputs * self->experiment.n_times;
    for (size_t arm = 0; arm < self->experiment.n_arms; arm++) {
        memcpy(self->y + (arm * self->experiment.n_subjects + block->first) * per_subject,
            block->y + arm * block->n_subjects * per_subject, block->n_subjects * per_subject * sizeof(double));
    }
    return 0;
}

static bool run_init(run_t *self, const char *const *overrides, size_t n, int n_threads)
{
    memset(self, 0, sizeof(*self));
    bool ok = ost_library_init(&self->library, &self->err) == 0 &&
              ost_experiment_read(&self->experiment, ATAC, overrides, n, &self->err) == 0 &&
              ost_plan_build(&self->plan, &self->library, &self->experiment, &self->err) == 0;
    if (ok) {
        const size_t size = self->experiment.n_arms * self->experiment.n_subjects * self->plan.system.n_outputs *
                            self->experiment.n_times;
        self->y = malloc(size * sizeof(double));
        const ost_cohort_options_t options = { .n_threads = n_threads, .sink = keep, .user = self };
        ok = self->y != NULL && ost_cohort_run(&self->plan, &options, &self->summary, &self->err) == 0;
    }
    char text[1024];
    if (!ok) fprintf(stderr, "\n%s\n", ost_error_format(&self->err, text, sizeof(text)));
    CU_ASSERT_FATAL(ok);
    CU_ASSERT_EQUAL(self->summary.failures, 0);
    return ok;
}

static void run_free(run_t *self)
{
    free(self->y);
    ost_cohort_summary_free(&self->summary);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
    ost_library_free(&self->library);
}

static const ost_variable_t *variable(const run_t *self, const char *name)
{
    for (size_t i = 0; i < self->plan.n_variables; i++) {
        if (strcmp(self->plan.variables[i].name, name) == 0) return &self->plan.variables[i];
    }
    CU_FAIL_FATAL("no such variable");
    return NULL;
}

static const double *series(const run_t *self, size_t arm, size_t subject, size_t row)
{
    return self->y + ((arm * self->experiment.n_subjects + subject) * self->plan.system.n_outputs + row) *
                         self->experiment.n_times;
}

/* Largest relative difference of BMD between two runs of the same women on the same grid. */
static double bmd_difference(const run_t *a, const run_t *b)
{
    const ost_variable_t *bmd = variable(a, "bmd");
    double largest = 0;
    for (size_t arm = 0; arm < a->experiment.n_arms; arm++) {
        for (size_t subject = 0; subject < a->experiment.n_subjects; subject++) {
            for (uint32_t e = 0; e < bmd->n_elements; e++) {
                const double *ya = series(a, arm, subject, bmd->first + e),
                             *yb = series(b, arm, subject, bmd->first + e);
                for (size_t k = 0; k < a->experiment.n_times; k++) {
                    const double difference = fabs(ya[k] / yb[k] - 1);
                    if (!(difference <= largest)) largest = difference;
                }
            }
        }
    }
    return largest;
}

static void override_from(char text[64], const char *key, const char *variable_name, const char *standard)
{
    const char *value = getenv(variable_name);
    snprintf(text, 64, "%s=%s", key, value != NULL ? value : standard);
}

static void test_default_tolerance(void)
{
    char subjects[64], rtol[64];
    override_from(subjects, "population.subjects", "OST_ACCURACY_SUBJECTS", "8");
    override_from(rtol, "solver.rtol", "OST_ACCURACY_RTOL", "1e-9");
    const char *loose[] = { subjects, "solver.dosing=exact" }, *tight[] = { subjects, "solver.dosing=exact", rtol };
    run_t a, b;
    run_init(&a, loose, 2, 0);
    run_init(&b, tight, 3, 0);
    const double error = bmd_difference(&a, &b);
    printf(" largest relative BMD error at default tolerances against %s: %.2e (%lu women)", rtol, error,
        (unsigned long) a.experiment.n_subjects);
    CU_ASSERT(error <= 1e-7);
    CU_ASSERT(error > 0);
    run_free(&a);
    run_free(&b);
}

static void test_periodic_against_exact(void)
{
    char subjects[64];
    override_from(subjects, "population.subjects", "OST_ACCURACY_SUBJECTS", "8");
    const char *periodic[] = { subjects }, *exact[] = { subjects, "solver.dosing=exact" };
    run_t a, b;
    run_init(&a, periodic, 1, 0);
    run_init(&b, exact, 2, 0);
    const double points = 100 * bmd_difference(&a, &b);
    printf(" largest BMD difference of periodic from exact dosing: %.2e percentage points", points);
    CU_ASSERT(points < 1e-3);
    CU_ASSERT(points > 0);
    CU_ASSERT(a.summary.stats.doses_skipped > 0);
    CU_ASSERT_EQUAL(b.summary.stats.doses_skipped, 0);
    run_free(&a);
    run_free(&b);
}

static void test_same_bits(void)
{
    const char *small[] = { "population.subjects=66" }, *large[] = { "population.subjects=130" };
    run_t a, b, c;
    run_init(&a, small, 1, 1);
    run_init(&b, small, 1, 5);
    run_init(&c, large, 1, 2);
    const size_t per_subject = a.plan.system.n_outputs * a.experiment.n_times * sizeof(double);
    bool threads = true, size = true;
    for (size_t arm = 0; arm < a.experiment.n_arms; arm++) {
        for (size_t subject = 0; subject < 66; subject++) {
            const double *ya = series(&a, arm, subject, 0);
            threads &= memcmp(ya, series(&b, arm, subject, 0), per_subject) == 0;
            size &= memcmp(ya, series(&c, arm, subject, 0), per_subject) == 0;
        }
    }
    CU_ASSERT(threads);
    CU_ASSERT(size);
    run_free(&b);
    run_free(&c);

    /* The same times and fifteen between any two of them. */
    const char *fine[] = { "population.subjects=66", "times={from: 0 month, to: 84 month, every: 0.0625 month}" };
    run_init(&c, fine, 2, 2);
    CU_ASSERT_EQUAL_FATAL(c.experiment.n_times, 16 * (a.experiment.n_times - 1) + 1);
    bool grid = true;
    for (size_t arm = 0; arm < a.experiment.n_arms; arm++) {
        for (size_t subject = 0; subject < 66; subject++) {
            for (size_t row = 0; row < a.plan.system.n_outputs; row++) {
                for (size_t i = 0; i < a.experiment.n_times; i++)
                    grid &= memcmp(&series(&a, arm, subject, row)[i], &series(&c, arm, subject, row)[16 * i],
                                sizeof(double)) == 0;
            }
        }
    }
    CU_ASSERT(grid);
    run_free(&a);
    run_free(&c);
}

static const ost_test_t tests[] = {
    { "default_tolerance", test_default_tolerance },
    { "periodic_against_exact", test_periodic_against_exact },
    { "same_bits", test_same_bits },
};

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    return ost_test_main(argc, argv, "accuracy", tests, sizeof(tests) / sizeof(tests[0]));
}
