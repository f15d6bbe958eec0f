/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of a thread: all that a block of subjects needs, allocated once. */

#include "cohort/worker.h"

#include "cohort/baseline.h"
#include "cohort/cohort.h"

#include <stdlib.h>

#define BLOCK OST_COHORT_BLOCK
#define LANES OST_LANE_COUNT

void ost_worker_free(ost_worker_t *self)
{
    ost_batch_delete(self->batch);
    free(self->breaks);
    ost_break_finder_free(self->finder);
    ost_steady_delete(self->steady);
    ost_rows_work_free(&self->rows_work);
    for (size_t k = 0; self->own != NULL && k < self->plan->experiment->n_arms * BLOCK; k++)
        ost_own_events_free(&self->own[k]);
    free(self->own_text);
    free(self->y);
    free(self->text);
    free(self->subject_text);
    ost_baseline_solver_delete(self->baseline);
    ost_cohort_summary_free(&self->probed);
    ost_memory_free(&self->memory);
}

static size_t max_scratch(const ost_plan_t *plan)
{
    size_t n = 0;
    for (size_t b = 0; b < plan->blocks->n; b++)
        if (plan->blocks->block[b].model->n_scratch > n) n = plan->blocks->block[b].model->n_scratch;
    return n;
}

static void alloc_rows(ost_worker_t *self)
{
    const ost_plan_t *plan = self->plan;
    size_t n_x = plan->blocks->n_states, n_drives = plan->blocks->n_drives;
    size_t n = plan->blocks->n_params + plan->blocks->n_hoisted + n_x + (n_x + n_drives) + max_scratch(plan) + 1 +
               OST_MAX_READS;
    self->rows = ost_memory_list(&self->memory, n * LANES, sizeof(double));
    if (self->rows == NULL) return;
    self->p_rows = self->rows;
    self->h_rows = self->p_rows + plan->blocks->n_params * LANES;
    self->x_rows = self->h_rows + plan->blocks->n_hoisted * LANES;
    self->f_rows = self->x_rows + n_x * LANES;
    self->s_rows = self->f_rows + (n_x + n_drives) * LANES;
    self->zero_rows = self->s_rows + max_scratch(plan) * LANES;
    self->a_rows = self->zero_rows + LANES;
}

static void alloc_schedules(ost_worker_t *self)
{
    const ost_plan_t *plan = self->plan;
    size_t n = BLOCK * plan->schedules->n, n_arms = plan->experiment->n_arms;
    self->records = ost_memory_list(&self->memory, n, sizeof(*self->records));
    self->schedule_states = ost_memory_list(&self->memory, n, sizeof(*self->schedule_states));
    self->visits = ost_memory_list(&self->memory, n_arms * BLOCK, sizeof(*self->visits));
    self->condition_values = ost_memory_list(&self->memory, plan->conditions->n_values, sizeof(double));
    self->began = ost_memory_list(&self->memory, 3 * n, sizeof(double));
    if (self->began == NULL) return;
    self->ended = self->began + n;
    self->unread = self->ended + n;
}

/* Memory for events that subjects have of their own, if an arm has such. */
static int alloc_own(ost_worker_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    bool has = false;
    for (size_t a = 0; a < plan->experiment->n_arms; a++) has |= ost_rows_has(plan, a);
    if (!has) return 0;
    self->own = ost_memory_list(&self->memory, plan->experiment->n_arms * BLOCK, sizeof(*self->own));
    self->own_text = malloc(plan->experiment->n_arms * BLOCK * sizeof(*self->own_text));
    self->changed = ost_memory_list(&self->memory, plan->blocks->n_params, sizeof(double));
    const bool is_full = self->memory.failed || self->own_text == NULL;
    return is_full ? ost_no_memory(err) : ost_steady_new(&self->steady, plan, &self->run->solver, err);
}

int ost_worker_init(ost_worker_t *self, ost_run_t *run, ost_error_t *err)
{
    const ost_plan_t *plan = run->plan;
    const ost_system_t *system = plan->system;
    const ost_experiment_t *e = plan->experiment;
    size_t n_arms = e->n_arms > 0 ? e->n_arms : 1, n_y = system->n_outputs * e->n_times + 1;
    /* what is large and written before it is read is not cleared: a sweep makes many workers */
    *self = (ost_worker_t){ .run = run,
        .plan = plan,
        .breaks = malloc((BLOCK * ost_forcing_max_breaks(plan->forcing) + 1) * sizeof(double)),
        .y = malloc(n_arms * BLOCK * n_y * sizeof(double)),
        .text = malloc(n_arms * BLOCK * sizeof(*self->text)),
        .subject_text = malloc(BLOCK * sizeof(*self->subject_text)),
        .overflow = ost_experiment_overflow(e) };
    ost_memory_t *memory = &self->memory;
    self->jobs = ost_memory_list(memory, BLOCK * n_arms, sizeof(*self->jobs));
    self->covariates = ost_memory_list(memory, BLOCK * e->n_covariates, sizeof(double));
    self->params = ost_memory_list(memory, BLOCK * plan->blocks->n_params, sizeof(double));
    self->constants = ost_memory_list(memory, BLOCK * system->n_constants, sizeof(double));
    self->x0 = ost_memory_list(memory, BLOCK * system->n_states, sizeof(double));
    self->x1 = ost_memory_list(memory, BLOCK * system->n_states, sizeof(double));
    self->inputs = ost_memory_list(memory, BLOCK * system->n_inputs, sizeof(double));
    self->probe = ost_memory_list(memory, n_arms * OST_N_PROBED * n_y, sizeof(double));
    self->status = ost_memory_list(memory, n_arms * BLOCK, sizeof(*self->status));
    self->steps = ost_memory_list(memory, n_arms * BLOCK, sizeof(*self->steps));
    self->rejected = ost_memory_list(memory, n_arms * BLOCK, sizeof(*self->rejected));
    for (size_t a = 0; a < e->n_arms; a++)
        if (plan->timeline->arms[a].n_repeats > self->most_series)
            self->most_series = plan->timeline->arms[a].n_repeats;
    self->ripple = ost_memory_list(memory, n_arms * BLOCK * self->most_series, sizeof(*self->ripple));
    self->messages = ost_memory_list(memory, n_arms * BLOCK, sizeof(*self->messages));
    self->subject_status = ost_memory_list(memory, BLOCK, sizeof(*self->subject_status));
    self->n_not_finite = ost_memory_list(memory, system->n_outputs, sizeof(*self->n_not_finite));
    alloc_rows(self);
    alloc_schedules(self);
    if (memory->failed || self->breaks == NULL || self->y == NULL || self->text == NULL || self->subject_text == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a thread's block of %d subjects", BLOCK);
    int ret = ost_cohort_summary_init(&self->probed, system->n_outputs, err);
    if (ret == 0) ret = alloc_own(self, err);
    if (ret == 0) ret = ost_break_finder_new(&self->finder, plan->forcing, err);
    if (ret == 0) ret = ost_baseline_solver_new(&self->baseline, plan, err);
    return ret == 0 ? ost_batch_new(&self->batch, system, &run->solver, err) : ret;
}
