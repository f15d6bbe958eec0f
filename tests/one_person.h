/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The typical person of the shipped models in several arms, run and kept in memory: experiments of a few lines. */
#ifndef OST_TESTS_ONE_PERSON_H
#define OST_TESTS_ONE_PERSON_H

#include "cohort/cohort.h"
#include "plan/plan.h"
#include "testlib.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WOMEN "models: [hormones, osteocytes, mineral, aibl]\n"
#define MEN "models: [hormones_men, aibl]\n"
#define MONTH OST_DAYS_PER_MONTH

typedef struct {
    ost_library_t library;
    ost_experiment_t experiment;
    ost_plan_t plan;
    double *y; /* [arm][output][time] */
} person_t;

static int person_keep(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    (void) err;
    person_t *self = user;
    size_t n_arms = self->experiment.n_arms;
    for (size_t a = 0; a < n_arms; a++)
        if (block->status[a] != 0) printf("\n%s: %s\n", self->experiment.arms[a].name, block->messages[a]);
    memcpy(self->y, block->y, n_arms * self->plan.system->n_outputs * self->experiment.n_times * sizeof(double));
    return 0;
}

/* Ready to be run. @param text  an experiment without 'population: variability', which is off */
static inline void person_plan(person_t *self, const char *text)
{
    ost_error_t err = { 0 };
    char message[1024];
    memset(self, 0, sizeof(*self));
    int ret = ost_library_init(&self->library, &err);
    if (ret == 0) ret = ost_experiment_parse(&self->experiment, "person.yaml", text, NULL, 0, &err);
    if (ret == 0) {
        self->experiment.variability = false;
        ret = ost_plan_build(&self->plan, &self->library, &self->experiment, &err);
    }
    if (ret != 0) printf("\n%s\n%s\n", ost_error_format(&err, message, sizeof(message)), text);
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    size_t n = self->experiment.n_arms * self->plan.system->n_outputs * self->experiment.n_times;
    self->y = malloc(n * sizeof(double));
    CU_ASSERT_FATAL(self->y != NULL);
}

static inline void person_simulate(person_t *self)
{
    const ost_cohort_options_t options = { .n_threads = 1, .no_probe = true, .sink = person_keep, .user = self };
    ost_cohort_summary_t summary = { 0 };
    ost_error_t err = { 0 };
    char message[1024];
    int ret = ost_cohort_run(&self->plan, &options, &summary, &err);
    if (ret != 0) printf("\n%s\n", ost_error_format(&err, message, sizeof(message)));
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    CU_ASSERT_EQUAL(summary.failures, 0);
    ost_cohort_summary_free(&summary);
}

static inline void person_run(person_t *self, const char *text)
{
    person_plan(self, text);
    person_simulate(self);
}

static void person_free(person_t *self)
{
    free(self->y);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
    ost_library_free(&self->library);
}

/* The schedule of an output, "ctx" or "bmd[total_hip]", in an arm: [n_times]. */
static const double *person_schedule(const person_t *self, const char *arm, const char *output)
{
    size_t a = 0, length = strcspn(output, "[");
    while (a < self->experiment.n_arms && strcmp(self->experiment.arms[a].name, arm) != 0) a++;
    for (size_t i = 0; i < self->plan.outputs->n_variables; i++) {
        const ost_variable_t *v = &self->plan.outputs->variables[i];
        if (strlen(v->name) != length || strncmp(v->name, output, length) != 0) continue;
        for (uint32_t k = 0; k < v->n_elements && a < self->experiment.n_arms; k++) {
            const char *element = v->index_set != NULL ? v->index_set->elements[k] : "";
            if (output[length] == '\0' || strncmp(output + length + 1, element, strlen(element)) == 0)
                return self->y + (a * self->plan.system->n_outputs + v->first + k) * self->experiment.n_times;
        }
    }
    printf("\nno arm '%s' or no output '%s'\n", arm, output);
    CU_FAIL_FATAL("no such course");
    return NULL;
}

/* Its value at a time among the experiment's. */
static double person_at(const person_t *self, const char *arm, const char *output, double day)
{
    size_t t = 0;
    while (t < self->experiment.n_times && fabs(self->experiment.times[t] - day) > 1e-6) t++;
    if (t == self->experiment.n_times) printf("\nday %g is no output time\n", day);
    CU_ASSERT_FATAL(t < self->experiment.n_times);
    return person_schedule(self, arm, output)[t];
}

/* Percent change from one day to another. */
static inline double person_change(const person_t *self, const char *arm, const char *output, double from, double to)
{
    return 100 * (person_at(self, arm, output, to) / person_at(self, arm, output, from) - 1);
}

#endif
