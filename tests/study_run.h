/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A study of small_models.h, run and kept in memory, and what its outputs are. */
#ifndef OST_TESTS_STUDY_RUN_H
#define OST_TESTS_STUDY_RUN_H

#include "cohort/cohort.h"
#include "plan/system.h"
#include "small_models.h"

/* All outputs of a study. */
typedef struct {
    const ost_plan_t *plan;
    size_t n, n_y;
    double *y; /* [n_arms][n][n_outputs][n_times] */
} result_t;

static inline int collect(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    result_t *self = user;
    (void) err;
    for (size_t a = 0; a < self->plan->experiment->n_arms; a++)
        memcpy(self->y + (a * self->n + block->first) * self->n_y, block->y + a * block->n_subjects * self->n_y,
            block->n_subjects * self->n_y * sizeof(double));
    return 0;
}

static inline void run(result_t *self, study_t *study, size_t n_subjects, int n_threads)
{
    study->e.n_subjects = n_subjects;
    ost_plan_free(&study->plan);
    must_plan(study);
    *self = (result_t){ .plan = &study->plan, .n = n_subjects };
    self->n_y = study->plan.system->n_outputs * study->e.n_times;
    self->y = calloc(study->e.n_arms * n_subjects * self->n_y + 1, sizeof(double));
    CU_ASSERT_PTR_NOT_NULL_FATAL(self->y);
    ost_cohort_summary_t summary;
    const ost_cohort_options_t options = {
        .n_threads = n_threads, .no_probe = true, .sink = collect, .user = self, .parallel_sink = true
    };
    CU_ASSERT_EQUAL_FATAL(ost_cohort_run(&study->plan, &options, &summary, NULL), 0);
    CU_ASSERT_EQUAL(summary.failures, 0);
    ost_cohort_summary_free(&summary);
}

static inline double value(const result_t *r, size_t arm, size_t subject, const char *name, size_t element, size_t time)
{
    size_t row = output_row(r->plan, name, element);
    return r->y[(arm * r->n + subject) * r->n_y + row * r->plan->experiment->n_times + time];
}

/* A study with the built-in models. */
#define BUILT_IN(self, ...)                                                                                            \
    do {                                                                                                               \
        STUDY(self, __VA_ARGS__);                                                                                      \
        ost_library_free(&(self)->library);                                                                            \
        CU_ASSERT_EQUAL_FATAL(ost_library_init(&(self)->library, NULL), 0);                                            \
    } while (0)

static inline void set_age(study_t *self, double years)
{
    ost_unit_t year = unit_of("y");
    self->covariates[0] = (ost_covariate_t){ .name = text("age"), .unit = year, .dist.a = years * year.factor };
    self->e.n_covariates = 1;
}

#endif
