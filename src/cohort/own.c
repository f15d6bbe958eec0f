/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See own.h. Takes drawn subjects; gives their events, which jobs merge with those of the arm. */
#include "cohort/own.h"

#include "lang/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES OST_LANE_COUNT

/* A subject whose events are being found. */
typedef struct {
    ost_worker_t *worker;
    ost_own_events_t *own;
    size_t i;
    const double *x; /* [n_states] where its arms begin */
} finder_t;

/* The constants that were found last, those of the subject before any. */
static const double *constants_of(const finder_t *self)
{
    const size_t n = self->worker->plan->system->n_constants;
    return self->own->n_sets > 0 ? self->own->sets + (self->own->n_sets - 1) * n
                                 : self->worker->constants + self->i * n;
}

/* Room for one more set of constants, and for as many more breaks as a subject may have. */
static int make_room(finder_t *self, size_t n_breaks, ost_error_t *err)
{
    ost_own_events_t *own = self->own;
    void *list = own->sets;
    const size_t n = self->worker->plan->system->n_constants;
    if (ost_list_grow(&list, own->n_sets, &own->max_sets, n * sizeof(double) + 1) < 0) return ost_no_memory(err);
    own->sets = list;
    if (n_breaks == 0) return 0;
    double *breaks = realloc(own->breaks, n_breaks * sizeof(*breaks));
    if (breaks == NULL) return ost_no_memory(err);
    own->breaks = breaks;
    return 0;
}

/* Where steps have to end from a time on, by the parameters as they are then. */
static int find_breaks(finder_t *self, double t, ost_error_t *err)
{
    const ost_worker_t *worker = self->worker;
    const ost_plan_t *plan = worker->plan;
    ost_own_events_t *own = self->own;
    const size_t max = ost_forcing_max_breaks(plan->forcing);
    size_t n = 0;
    if (own->n_sets == 0) {
        own->n_breaks = worker->n_breaks[self->i];
        memcpy(own->breaks, worker->breaks + self->i * max, own->n_breaks * sizeof(double));
    }
    while (own->n_breaks > 0 && own->breaks[own->n_breaks - 1] >= t) own->n_breaks--;
    int ret = ost_break_finder_find(worker->finder, worker->changed, t, plan->doses->t_known, worker->run->solver.h_max,
        own->breaks + own->n_breaks, &n, err);
    own->n_breaks += n;
    return ret;
}

/* The hoisted constants of parameters. */
static void prepare(ost_worker_t *self, const double *params, double *constants)
{
    const ost_plan_t *plan = self->plan;
    for (size_t k = 0; k < plan->blocks->n_params * LANES; k++) self->p_rows[k] = params[k / LANES];
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_block_t *block = &plan->blocks->block[b];
        const ost_kernel_t *kernel = block->model->kernel[plan->experiment->solver.isa];
        kernel->prepare(kernel, self->p_rows + block->first_param * LANES, self->h_rows + block->first_hoisted * LANES,
            self->x_rows + block->first_state * LANES, self->s_rows);
    }
    for (size_t k = 0; k < plan->blocks->n_hoisted; k++) constants[k] = self->h_rows[k * LANES];
}

/* ost_change_fn */
static int change(void *user, double t, const double *covariates, ost_error_t *err)
{
    finder_t *self = user;
    ost_worker_t *worker = self->worker;
    const ost_plan_t *plan = worker->plan;
    const size_t n = plan->system->n_constants, n_params = plan->blocks->n_params,
                 max = ost_forcing_max_breaks(plan->forcing);
    memcpy(worker->changed, worker->params + self->i * n_params, n_params * sizeof(double));
    int ret = ost_plan_redraw(plan, worker->subject[self->i], worker->moved[self->i], covariates, worker->changed, err);
    if (ret == 0) ret = make_room(self, max > 0 ? self->own->n_breaks + 2 * max : 0, err);
    if (ret == 0 && max > 0) ret = find_breaks(self, t, err);
    if (ret < 0) return ret;
    double *to = self->own->sets + self->own->n_sets * n;
    memcpy(to, worker->constants + self->i * n, n * sizeof(double));
    prepare(worker, worker->changed, to);
    self->own->n_sets++;
    return 0;
}

/* ost_steady_fn */
static int steady(void *user, const ost_cycle_t *cycle, double *x, ost_error_t *err)
{
    const finder_t *self = user;
    const ost_worker_t *worker = self->worker;
    ost_steady_set(
        worker->steady, self->x, constants_of(self), worker->inputs + self->i * worker->plan->system->n_inputs);
    return ost_steady_find(worker->steady, cycle, x, err);
}

/* Those of subject i in one arm. */
static int find(ost_worker_t *self, size_t arm, size_t i, const double *x, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    ost_error_t wrong = { 0 };
    finder_t finder = { self, &self->own[arm * OST_COHORT_BLOCK + i], i, x + i * plan->system->n_states };
    const ost_rows_calls_t calls = { steady, change, &finder, self->t_begin[i] };
    int ret = ost_rows_events(finder.own, &self->rows_work, plan, arm, self->subject[i],
        self->covariates + i * plan->experiment->n_covariates, &calls, &wrong);
    if (ret == OST_ERR_NO_MEMORY || ret == OST_ERR_STOPPED) return ost_fail(err, ret, "%s", wrong.what);
    if (ret == 0) return 0;
    snprintf(self->own_text[arm * OST_COHORT_BLOCK + i], OST_MESSAGE_SIZE, "%s", wrong.what);
    return 0;
}

void ost_worker_give_own(ost_worker_t *self, ost_job_t *job, size_t i, size_t arm)
{
    if (self->own == NULL || !ost_rows_has(self->plan, arm)) return;
    ost_own_events_t *own = &self->own[arm * OST_COHORT_BLOCK + i];
    job->n_events = ost_own_events_merge(own, job->events, job->n_events);
    job->events = own->merged;
    job->sets = own->sets;
    job->n_sets = own->n_sets;
    if (own->n_sets == 0 || own->breaks == NULL) return;
    job->breaks = own->breaks;
    job->n_breaks = own->n_breaks;
}

int ost_worker_own_events(ost_worker_t *self, size_t n, const double *x, ost_error_t *err)
{
    int ret = 0;
    for (size_t a = 0; self->own != NULL && a < self->plan->experiment->n_arms; a++)
        for (size_t i = 0; i < n && ret == 0 && ost_rows_has(self->plan, a); i++)
            if (self->subject_status[i] == 0) ret = find(self, a, i, x, err);
    return ret;
}

uint8_t ost_worker_failed(const ost_worker_t *self, size_t arm, size_t i, char *why)
{
    const size_t k = arm * OST_COHORT_BLOCK + i;
    const bool is_own = self->subject_status[i] == 0 && self->own != NULL;
    const uint8_t status = is_own ? (uint8_t) -self->own[k].status : self->subject_status[i];
    if (status != 0 && why != NULL) memmove(why, is_own ? self->own_text[k] : self->subject_text[i], OST_MESSAGE_SIZE);
    return status;
}
