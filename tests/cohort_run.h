/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cohort of small_models.h, run and kept in memory with all that a run hands over: values, parameters, status, steps
 * and messages. */
#ifndef OST_TESTS_COHORT_RUN_H
#define OST_TESTS_COHORT_RUN_H

#include "cohort/cohort.h"
#include "small_models.h"

/* Everything that a run hands over, in the order of subjects. */
typedef struct {
    const ost_plan_t *plan;
    size_t n, n_y;
    double *y; /* [n_arms][n][n_outputs][n_times] */
    double *params;
    uint8_t *status;
    uint32_t *steps;
    char (*message)[200];
    uint64_t n_sunk, stop_after; /* subjects; 0: never */
    int sink_error;
    bool no_probe;
    ost_cohort_summary_t summary;
} result_t;

static inline int collect(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    result_t *self = user;
    size_t n_arms = self->plan->experiment->n_arms, n_params = self->plan->blocks->n_params;
    if (self->sink_error < 0 && block->first > 0) return ost_fail(err, self->sink_error, "the disk is full");
    for (size_t a = 0; a < n_arms; a++) {
        for (size_t i = 0; i < block->n_subjects; i++) {
            size_t from = a * block->n_subjects + i, to = a * self->n + block->first + i;
            memcpy(self->y + to * self->n_y, block->y + from * self->n_y, self->n_y * sizeof(double));
            self->status[to] = block->status[from];
            self->steps[to] = block->steps[from];
            CU_ASSERT_EQUAL(block->messages[from] == NULL, block->status[from] == 0);
            if (block->messages[from] != NULL)
                snprintf(self->message[to], sizeof(self->message[to]), "%s", block->messages[from]);
        }
    }
    memcpy(self->params + block->first * n_params, block->params, block->n_subjects * n_params * sizeof(double));
    self->n_sunk += block->n_subjects;
    return 0;
}

static inline int watch(void *user, const ost_progress_t *progress)
{
    result_t *self = user;
    CU_ASSERT_EQUAL(progress->subjects_done, self->n_sunk);
    CU_ASSERT_EQUAL(progress->subjects, self->n);
    return self->stop_after > 0 && progress->subjects_done >= self->stop_after;
}

static inline void result_init(result_t *self, const ost_plan_t *plan)
{
    size_t n = (size_t) plan->experiment->n_subjects, n_jobs = n * plan->experiment->n_arms;
    *self = (result_t){ .plan = plan, .n = n, .n_y = plan->system->n_outputs * plan->experiment->n_times };
    self->y = calloc(n_jobs * self->n_y, sizeof(double));
    self->params = calloc(n * plan->blocks->n_params + 1, sizeof(double));
    self->status = calloc(n_jobs, 1);
    self->steps = calloc(n_jobs, sizeof(*self->steps));
    self->message = calloc(n_jobs, sizeof(*self->message));
    CU_ASSERT_FATAL(self->y != NULL && self->params != NULL && self->status != NULL && self->steps != NULL);
}

static inline int result_run(result_t *self, int n_threads, ost_error_t *err)
{
    const ost_cohort_options_t options = {
        .n_threads = n_threads, .no_probe = self->no_probe, .sink = collect, .progress = watch, .user = self
    };
    return ost_cohort_run(self->plan, &options, &self->summary, err);
}

static inline void run(result_t *self, const ost_plan_t *plan, int n_threads)
{
    result_init(self, plan);
    CU_ASSERT_EQUAL_FATAL(result_run(self, n_threads, NULL), 0);
}

static inline void result_free(result_t *self)
{
    free(self->y);
    free(self->params);
    free(self->status);
    free(self->steps);
    free(self->message);
    ost_cohort_summary_free(&self->summary);
}

static inline double value(const result_t *r, size_t arm, size_t subject, const char *name, size_t element, size_t time)
{
    size_t row = output_row(r->plan, name, element);
    return r->y[(arm * r->n + subject) * r->n_y + row * r->plan->experiment->n_times + time];
}

/* A covariate of the study. */
static inline void covariate(study_t *s, const char *name, ost_dist_kind_t kind, double a, double b, const char *unit)
{
    ost_unit_t u = unit_of(unit);
    s->covariates[s->e.n_covariates++] = (ost_covariate_t){ .name = text(name),
        .unit_text = text(unit),
        .unit = u,
        .origin = OST_ORIGIN_DISTRIBUTION,
        .dist = { .kind = kind,
            .a = a * u.factor,
            .b = kind == OST_DIST_LOGNORMAL ? b : b * u.factor,
            .lower = -INFINITY,
            .upper = INFINITY },
        .location = { 4, 2 } };
}

static inline ost_formula_t *formula(study_t *s, const char *expression)
{
    ost_name_t names[4];
    ost_formula_t *made = NULL;
    ost_dim_t dim;
    for (size_t i = 0; i < s->e.n_covariates; i++)
        names[i] = (ost_name_t){ .name = s->covariates[i].name, .unit = s->covariates[i].unit };
    int ret = ost_formula_new(&made, &s->e.memory, expression, names, s->e.n_covariates, &dim, NULL);
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    return made;
}

#endif
