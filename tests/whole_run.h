/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole experiment, run and kept in memory, for tests of what comes out of it. */
#ifndef OST_WHOLE_RUN_H
#define OST_WHOLE_RUN_H

#include "cohort/cohort.h"
#include "plan/plan.h"
#include "testlib.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG(name) OST_SOURCE_DIR "/configs/" name ".yaml"

/* A whole run kept in memory: y[arm][subject][output][time]. */
typedef struct {
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan;
    double *y;
    ost_cohort_summary_t summary;
    ost_error_t err;
} run_t;

static inline int keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    run_t *self = user;
    const size_t per_subject = self->plan.system->n_outputs * self->experiment.n_times;
    for (size_t arm = 0; arm < self->experiment.n_arms; arm++) {
        memcpy(self->y + (arm * self->experiment.n_subjects + block->first) * per_subject,
            block->y + arm * block->n_subjects * per_subject, block->n_subjects * per_subject * sizeof(double));
    }
    return 0;
}

static inline void run_check(const run_t *self, bool ok)
{
    char text[1024];
    if (!ok) fprintf(stderr, "\n%s\n", ost_error_format(&self->err, text, sizeof(text)));
    CU_ASSERT_FATAL(ok);
}

static inline void run_plan(run_t *self, const char *path, const char *const *overrides, size_t n)
{
    memset(self, 0, sizeof(*self));
    run_check(self, ost_library_init(&self->library, &self->err) == 0 &&
                        ost_experiment_read(&self->experiment, path, overrides, n, &self->err) == 0 &&
                        ost_plan_build(&self->plan, &self->library, &self->experiment, &self->err) == 0);
}

/* What is planned. @param n_threads  0: all */
static inline void run_cohort(run_t *self, int n_threads, bool probe)
{
    const size_t size =
        self->experiment.n_arms * self->experiment.n_subjects * self->plan.system->n_outputs * self->experiment.n_times;
    self->y = malloc(size * sizeof(double));
    const ost_cohort_options_t options = { .n_threads = n_threads, .no_probe = !probe, .sink = keep, .user = self };
    run_check(self, self->y != NULL && ost_cohort_run(&self->plan, &options, &self->summary, &self->err) == 0);
    CU_ASSERT_EQUAL(self->summary.failures, 0);
}

/* Both. */
static inline void run_init(
    run_t *self, const char *path, const char *const *overrides, size_t n, int n_threads, bool probe)
{
    run_plan(self, path, overrides, n);
    run_cohort(self, n_threads, probe);
}

static inline void run_free(run_t *self)
{
    free(self->y);
    ost_cohort_summary_free(&self->summary);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
    ost_library_free(&self->library);
}

static inline const ost_variable_t *variable(const run_t *self, const char *name)
{
    for (size_t i = 0; i < self->plan.outputs->n_variables; i++) {
        if (strcmp(self->plan.outputs->variables[i].name, name) == 0) return &self->plan.outputs->variables[i];
    }
    CU_FAIL_FATAL("no such variable");
    return NULL;
}

static inline const double *series(const run_t *self, size_t arm, size_t subject, size_t row)
{
    return self->y + ((arm * self->experiment.n_subjects + subject) * self->plan.system->n_outputs + row) *
                         self->experiment.n_times;
}

#endif
