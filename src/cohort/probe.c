/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How exact a run is: its first subjects once more, with every dose given, and at smaller tolerances and steps. */
#include "cohort/probe.h"

#include "cohort/block.h"

#include <math.h>
#include <stdlib.h>

/* A smaller tolerance tells what a larger one costs where it takes so many times its steps; a tenth takes 1.4 to 1.8.
 */
#define MORE_STEPS 1.2
/* The longest step beside the run's: steps then end elsewhere, and what the run's passed by may lie within one. */
#define STEP_LIMIT 0.37
/* Parts of a step at whose ends conditions are evaluated: one that turns and turns back within a step shows. */
#define N_LOOKS 16

/* The first subjects once more, in another way that is more exact. */
typedef struct {
    ost_batch_t *batch;
    double *x1;                   /* [OST_N_PROBED][n_states] at the start of the arms */
    double *error;                /* [n_outputs], percent */
    uint64_t steps, steps_before; /* of these subjects, in this way and in the run */
} probe_t;

/* Largest difference of one output row over time, in percent of the exact maximum; NAN where all is 0. */
static double row_error(const double *y, const double *exact, size_t n_times)
{
    double off = 0, largest = 0;
    for (size_t t = 0; t < n_times; t++) {
        off = fmax(off, fabs(y[t] - exact[t]));
        largest = fmax(largest, fabs(exact[t]));
    }
    return largest > 0 ? 100 * off / largest : NAN;
}

/* The first subjects in one arm once more. @return how many did not fail, or a negative code */
static int probe_arm(ost_worker_t *self, probe_t *probe, size_t n, const ost_given_t *given, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t a = given->arm, n_times = plan->experiment->n_times, n_jobs = 0, of[OST_N_PROBED];
    int n_right = 0;
    for (size_t i = 0; i < n && i < OST_N_PROBED; i++) {
        if (self->status[a * n + i] != 0) continue;
        of[n_jobs] = i;
        ost_job_t *job = &self->jobs[n_jobs];
        *job = ost_worker_job(self, i, self->t_begin[i], plan->doses->t_end, probe->x1);
        ost_worker_set_arm(self, job, given, self->probe + n_jobs++ * ost_plan_y_size(plan));
        ost_worker_set_schedules(self, job, i, n, given, self->unread, self->unread);
    }
    int ret = n_jobs > 0 ? ost_batch_run(probe->batch, self->jobs, n_jobs, err) : 0;
    if (ret < 0) return ret;
    for (size_t k = 0; k < n_jobs; k++) {
        if (self->jobs[k].status != 0) continue;
        n_right++;
        probe->steps += self->jobs[k].stats.steps;
        probe->steps_before += self->steps[a * n + of[k]];
        double *exact = self->probe + k * ost_plan_y_size(plan);
        const double *y = self->y + (a * n + of[k]) * ost_plan_y_size(plan);
        ost_plan_to_reported_units(plan, exact);
        for (size_t o = 0; o < plan->system->n_outputs; o++) {
            if (plan->timeline->arms[a].n_repeats > 0 && plan->inputs->hold[plan->outputs->block[o]] >= 0) continue;
            probe->error[o] = fmax(probe->error[o], row_error(y + o * n_times, exact + o * n_times, n_times));
        }
    }
    return n_right;
}

/* What periodic dosing costs in exactness: with every dose given. */
static int probe_dosing(ost_worker_t *self, size_t n, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    ost_cohort_summary_t *summary = self->run->summary;
    probe_t probe = { .batch = self->batch, .x1 = self->x1, .error = summary->periodic_error };
    for (size_t a = 0; a < plan->experiment->n_arms; a++) {
        if (plan->timeline->arms[a].n_repeats == 0) continue;
        ost_event_t *events = malloc((plan->timeline->arms[a].n_known + 1) * sizeof(*events));
        if (events == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the events of exact dosing");
        for (size_t k = 0; k < plan->timeline->arms[a].n_known; k++) {
            events[k] = plan->timeline->arms[a].events[k];
            events[k].series = -1;
        }
        const ost_given_t given = { a, events, plan->schedules->exact };
        int ret = probe_arm(self, &probe, n, &given, err);
        free(events);
        if (ret < 0) return ret;
        if ((size_t) ret > summary->n_periodic_probed) summary->n_periodic_probed = (size_t) ret;
    }
    return 0;
}

/* @return 1 if the first subjects take more steps at this tolerance than in the run, and so show what its own costs; 0
 * if they do not, or a negative code */
static int probe_tolerance(ost_worker_t *self, size_t n, double rtol, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    ost_cohort_summary_t *summary = self->run->summary;
    ost_solver_options_t options = self->run->solver;
    options.rtol = rtol;
    options.n_looks = N_LOOKS;
    options.h_max = fmax(STEP_LIMIT * options.h_max, 2 * options.h_min);
    size_t n_probed = n < OST_N_PROBED ? n : OST_N_PROBED, of[OST_COHORT_BLOCK];
    probe_t probe = { .x1 = malloc((n_probed * plan->system->n_states + 1) * sizeof(double)),
        .error = summary->solver_error };
    int ret = probe.x1 != NULL ? 0 : ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a probe of the tolerance");
    if (ret == 0) ret = ost_batch_new(&probe.batch, plan->system, &options, err);
    size_t n_jobs = ret == 0 ? ost_worker_run_in_jobs(self, n_probed, probe.x1, of) : 0;
    if (n_jobs > 0) ret = ost_batch_run(probe.batch, self->jobs, n_jobs, err);
    if (ret == 0) ost_worker_clear_integrals(plan, n_jobs, of, probe.x1);
    for (size_t a = 0; ret >= 0 && a < plan->experiment->n_arms; a++) {
        const ost_given_t given = ost_given_as_planned(plan, a);
        ret = probe_arm(self, &probe, n, &given, err);
        if (ret > (int) summary->n_solver_probed) summary->n_solver_probed = (size_t) ret;
    }
    ost_batch_delete(probe.batch);
    free(probe.x1);
    if (ret < 0) return ret;
    return probe.steps_before == 0 || (double) probe.steps > MORE_STEPS * (double) probe.steps_before;
}

/* What the tolerance and the longest step cost: at a tenth and a third of them, run-in and all. Where doses or
 * stability set the steps at both, they agree and say nothing; so on, in ever wider strides. */
static int probe_solver(ost_worker_t *self, size_t n, ost_error_t *err)
{
    double rtol = self->run->solver.rtol;
    int ret = 0;
    for (double stride = 0.1; ret == 0 && rtol > OST_RTOL_MIN; stride *= stride) {
        rtol = fmax(stride * rtol, OST_RTOL_MIN);
        ret = probe_tolerance(self, n, rtol, err);
    }
    return ret < 0 ? ret : 0;
}

int ost_worker_probe(ost_worker_t *self, size_t n, ost_error_t *err)
{
    int ret = probe_dosing(self, n, err);
    return ret == 0 ? probe_solver(self, n, err) : ret;
}
