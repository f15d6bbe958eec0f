/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment whose subjects take doses each in their own way, run and kept in memory: outputs, what began and ended,
 * and the last message of a subject that failed. */
#ifndef OST_TESTS_COURSES_RUN_H
#define OST_TESTS_COURSES_RUN_H

#include "cohort/cohort.h"
#include "core/random.h"
#include "results/results.h"
#include "small_models.h"

#include <stdio.h>
#include <unistd.h>

typedef struct {
    ost_library_t library;
    ost_experiment_t e;
    ost_plan_t plan;
    double *y;             /* [arm][subject][output][time] */
    double *began, *ended; /* [schedule][subject] */
    ost_cohort_summary_t summary;
    ost_part_t whole; /* the plan as a journal takes it */
    ost_journal_t *journal;
    char message[640]; /* the last of a subject that failed */
} run_t;

static inline int keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    run_t *self = user;
    size_t n = self->e.n_subjects, size = self->plan.system->n_outputs * self->e.n_times;
    for (size_t a = 0; a < self->e.n_arms; a++)
        memcpy(self->y + (a * n + block->first) * size, block->y + a * block->n_subjects * size,
            block->n_subjects * size * sizeof(double));
    for (size_t c = 0; c < self->plan.schedules->n; c++) {
        memcpy(self->began + c * n + block->first, block->began + c * block->n_subjects,
            block->n_subjects * sizeof(double));
        memcpy(self->ended + c * n + block->first, block->ended + c * block->n_subjects,
            block->n_subjects * sizeof(double));
    }
    for (size_t i = 0; i < self->e.n_arms * block->n_subjects; i++)
        if (block->messages[i] != NULL) snprintf(self->message, sizeof(self->message), "%s", block->messages[i]);
    return self->journal != NULL ? ost_journal_block(self->journal, 0, block, err) : 0;
}

/* @param small  over the small models, else over the shipped ones */
static inline int run_plan(run_t *self, const char *text, bool small, ost_error_t *err)
{
    memset(self, 0, sizeof(*self));
    int ret = small ? ost_library_init_with(&self->library, small_table(), COUNT(small_models), err)
                    : ost_library_init(&self->library, err);
    if (ret == 0) ret = ost_experiment_parse(&self->e, "study.yaml", text, NULL, 0, err);
    return ret == 0 ? ost_plan_build(&self->plan, &self->library, &self->e, err) : ret;
}

static inline void run_with(
    run_t *self, const char *text, bool small, const ost_cohort_options_t *like, const char *path)
{
    ost_error_t err = { 0 };
    char message[1024];
    int ret = run_plan(self, text, small, &err);
    if (ret == 0) {
        size_t n = self->e.n_subjects, n_y = self->e.n_arms * n * self->plan.system->n_outputs * self->e.n_times;
        ost_cohort_options_t options = *like;
        options.sink = keep;
        options.user = self;
        self->y = calloc(n_y + 1, sizeof(double));
        self->began = calloc(self->plan.schedules->n * n + 1, sizeof(double));
        self->ended = calloc(self->plan.schedules->n * n + 1, sizeof(double));
        self->whole.plan = &self->plan;
        if (path != NULL)
            ret =
                ost_journal_open(&self->journal, path, &self->whole, 1, (ost_shard_t){ 0 }, OST_JOURNAL_RESTART, &err);
        if (ret == 0) ret = ost_cohort_run(&self->plan, &options, &self->summary, &err);
        if (ret == 0 && path != NULL) ret = ost_results_write(self->journal, path, &err);
    }
    if (ret != 0) printf("\n%s\n%s\n", ost_error_format(&err, message, sizeof(message)), text);
    CU_ASSERT_EQUAL_FATAL(ret, 0);
}

/* Subjects may fail. */
static inline void run_unchecked(run_t *self, const char *text)
{
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true };
    run_with(self, text, true, &options, NULL);
}

static inline void run(run_t *self, const char *text)
{
    run_unchecked(self, text);
    CU_ASSERT_EQUAL(self->summary.failures, 0);
}

static inline void run_free(run_t *self)
{
    ost_journal_close(self->journal);
    ost_cohort_summary_free(&self->summary);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->e);
    ost_library_free(&self->library);
    free(self->y);
    free(self->began);
    free(self->ended);
}

/* An output of an arm and subject over time. */
static inline const double *schedule_of(const run_t *self, const char *arm, size_t subject, const char *output)
{
    size_t a = 0;
    while (a < self->e.n_arms && strcmp(self->e.arms[a].name, arm) != 0) a++;
    CU_ASSERT_FATAL(a < self->e.n_arms);
    return self->y +
           ((a * self->e.n_subjects + subject) * self->plan.system->n_outputs + output_row(&self->plan, output, 0)) *
               self->e.n_times;
}

static inline bool same_bits(const double *a, const double *b, size_t n)
{
    return memcmp(a, b, n * sizeof(*a)) == 0;
}

/* Every output of one arm of one run has the bits of an arm of another. */
static inline void check_same_arm(const run_t *x, const char *arm_x, const run_t *z, const char *arm_z, bool same)
{
    bool equal = true;
    for (size_t i = 0; i < x->e.n_subjects && i < z->e.n_subjects; i++)
        for (size_t v = 0; v < x->plan.outputs->n_variables; v++) {
            const char *name = x->plan.outputs->variables[v].name;
            equal = equal && same_bits(schedule_of(x, arm_x, i, name), schedule_of(z, arm_z, i, name),
                                 x->plan.outputs->variables[v].n_elements * x->e.n_times);
        }
    CU_ASSERT_EQUAL(equal, same);
}

#define PATCH "models: [patch]\nsolver: {rtol: 1e-9}\noutputs: [patch_amount]\n"
#define BONE "models: [axis, bone]\n"

/* What is left at t of a dose of 1 mg of the patch at t_dose; an output at a dose is the value before it. */
static inline double left(double t, double t_dose)
{
    return t > t_dose + 1e-9 ? exp(-0.1 * (t - t_dose)) : 0;
}

#endif
