/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of a thread: all that a block of subjects needs, allocated once. */

#include "cohort/worker.h"

#include "cohort/baseline.h"
#include "cohort/cohort.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK OST_COHORT_BLOCK
#define LANES OST_LANE_COUNT

void ost_worker_free(ost_worker_t *self)
{
    ost_batch_delete(self->batch);
    free(self->jobs);
    free(self->covariates);
    free(self->params);
    free(self->constants);
    free(self->x0);
    free(self->x1);
    free(self->breaks);
    ost_break_finder_free(self->finder);
    free(self->inputs);
    free(self->records);
    free(self->schedule_states);
    free(self->visits);
    free(self->condition_values);
    free(self->began);
    ost_steady_delete(self->steady);
    ost_rows_work_free(&self->rows_work);
    for (size_t k = 0; self->own != NULL && k < self->plan->experiment->n_arms * BLOCK; k++)
        ost_own_events_free(&self->own[k]);
    free(self->own);
    free(self->own_text);
    free(self->changed);
    free(self->y);
    free(self->probe);
    free(self->rows);
    free(self->status);
    free(self->steps);
    free(self->rejected);
    free(self->ripple);
    free(self->text);
    free(self->messages);
    free(self->subject_status);
    free(self->subject_text);
    free(self->n_not_finite);
    ost_baseline_solver_delete(self->baseline);
    ost_cohort_summary_free(&self->probed);
}

static size_t max_scratch(const ost_plan_t *plan)
{
    size_t n = 0;
    for (size_t b = 0; b < plan->blocks->n; b++)
        if (plan->blocks->block[b].model->n_scratch > n) n = plan->blocks->block[b].model->n_scratch;
    return n;
}

static int alloc_rows(ost_worker_t *self)
{
    const ost_plan_t *plan = self->plan;
    size_t n_x = plan->blocks->n_states, n_drives = plan->blocks->n_drives;
    size_t n = plan->blocks->n_params + plan->blocks->n_hoisted + n_x + (n_x + n_drives) + max_scratch(plan) + 1 +
               OST_MAX_READS;
    self->rows = aligned_alloc(64, n * LANES * sizeof(double));
    if (self->rows == NULL) return -1;
    memset(self->rows, 0, n * LANES * sizeof(double));
    self->p_rows = self->rows;
    self->h_rows = self->p_rows + plan->blocks->n_params * LANES;
    self->x_rows = self->h_rows + plan->blocks->n_hoisted * LANES;
    self->f_rows = self->x_rows + n_x * LANES;
    self->s_rows = self->f_rows + (n_x + n_drives) * LANES;
    self->zero_rows = self->s_rows + max_scratch(plan) * LANES;
    self->a_rows = self->zero_rows + LANES;
    return 0;
}

static int alloc_schedules(ost_worker_t *self)
{
    const ost_plan_t *plan = self->plan;
    size_t n = BLOCK * plan->schedules->n, n_arms = plan->experiment->n_arms;
    self->records = calloc(n + 1, sizeof(*self->records));
    self->schedule_states = calloc(n + 1, sizeof(*self->schedule_states));
    self->visits = calloc(n_arms * BLOCK + 1, sizeof(*self->visits));
    self->condition_values = calloc(plan->conditions->n_values + 1, sizeof(double));
    self->began = calloc(3 * n + 1, sizeof(double));
    bool ok = self->records != NULL && self->schedule_states != NULL && self->visits != NULL &&
              self->condition_values != NULL && self->began != NULL;
    if (!ok) return -1;
    self->ended = self->began + n;
    self->unread = self->ended + n;
    return 0;
}

/* Memory for events that subjects have of their own, if an arm has such. */
static int alloc_own(ost_worker_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    bool has = false;
    for (size_t a = 0; a < plan->experiment->n_arms; a++) has |= ost_rows_has(plan, a);
    if (!has) return 0;
    self->own = calloc(plan->experiment->n_arms * BLOCK, sizeof(*self->own));
    self->own_text = malloc(plan->experiment->n_arms * BLOCK * sizeof(*self->own_text));
    self->changed = calloc(plan->blocks->n_params + 1, sizeof(double));
    const bool ok = self->own != NULL && self->own_text != NULL && self->changed != NULL;
    return ok ? ost_steady_new(&self->steady, plan, &self->run->solver, err) : ost_no_memory(err);
}

int ost_worker_init(ost_worker_t *self, ost_run_t *run, ost_error_t *err)
{
    const ost_plan_t *plan = run->plan;
    const ost_system_t *system = plan->system;
    const ost_experiment_t *e = plan->experiment;
    size_t n_arms = e->n_arms > 0 ? e->n_arms : 1, n_y = system->n_outputs * e->n_times + 1;
    *self = (ost_worker_t){
        /* what is large and written before it is read is not cleared: a sweep makes many workers */
        .run = run,
        .plan = plan,
        .jobs = calloc(BLOCK * n_arms, sizeof(*self->jobs)),
        .covariates = calloc(BLOCK * e->n_covariates + 1, sizeof(double)),
        .params = calloc(BLOCK * plan->blocks->n_params + 1, sizeof(double)),
        .constants = calloc(BLOCK * system->n_constants + 1, sizeof(double)),
        .x0 = calloc(BLOCK * system->n_states + 1, sizeof(double)),
        .x1 = calloc(BLOCK * system->n_states + 1, sizeof(double)),
        .inputs = calloc(BLOCK * system->n_inputs + 1, sizeof(double)),
        .breaks = malloc((BLOCK * ost_forcing_max_breaks(plan->forcing) + 1) * sizeof(double)),
        .y = malloc(n_arms * BLOCK * n_y * sizeof(double)),
        .probe = calloc(n_arms * OST_N_PROBED * n_y, sizeof(double)),
        .status = calloc(n_arms * BLOCK, sizeof(*self->status)),
        .steps = calloc(n_arms * BLOCK, sizeof(*self->steps)),
        .rejected = calloc(n_arms * BLOCK, sizeof(*self->rejected)),
        .ripple = calloc(n_arms * BLOCK, sizeof(*self->ripple)),
        .text = malloc(n_arms * BLOCK * sizeof(*self->text)),
        .messages = calloc(n_arms * BLOCK, sizeof(*self->messages)),
        .subject_status = calloc(BLOCK, sizeof(*self->subject_status)),
        .subject_text = malloc(BLOCK * sizeof(*self->subject_text)),
        .n_not_finite = calloc(system->n_outputs + 1, sizeof(*self->n_not_finite)),
        .overflow = ost_experiment_overflow(e),
    };
    if (alloc_rows(self) < 0 || alloc_schedules(self) < 0 || self->jobs == NULL || self->covariates == NULL ||
        self->params == NULL || self->constants == NULL || self->x0 == NULL || self->x1 == NULL ||
        self->inputs == NULL || self->breaks == NULL || self->y == NULL || self->probe == NULL ||
        self->status == NULL || self->steps == NULL || self->rejected == NULL || self->ripple == NULL ||
        self->text == NULL || self->messages == NULL || self->subject_status == NULL || self->subject_text == NULL ||
        self->n_not_finite == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a thread's block of %d subjects", BLOCK);
    int ret = ost_cohort_summary_init(&self->probed, system->n_outputs, err);
    if (ret == 0) ret = alloc_own(self, err);
    if (ret == 0) ret = ost_break_finder_new(&self->finder, plan->forcing, err);
    if (ret == 0) ret = ost_baseline_solver_new(&self->baseline, plan, err);
    return ret == 0 ? ost_batch_new(&self->batch, system, &run->solver, err) : ret;
}
