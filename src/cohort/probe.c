/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How exact a run is: the first subjects of its first blocks once more, with every dose given, and at smaller
 * tolerances and steps. */
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
/* The first probes share the arms at smaller tolerances between them, the last has exact dosing. */
#define N_PROBES 3
#define N_SOLVER_PROBES (N_PROBES - 1)
/* All of them take as many steps as this part of a run's subjects. A smaller run is probed like one of LEAST_SUBJECTS,
 * and exact dosing may take LEAST_STEPS: a hundredth of a second. */
#define SHARE 0.018
#define LEAST_SUBJECTS 1000
#define LEAST_STEPS 6e3
/* Smaller tolerances take as many as 1.5 times their subjects where one is enough; no other follows once they have
 * taken this part of a run's. */
#define SOLVER_SUBJECTS (1.5 * OST_N_PROBED)
#define SOLVER_SHARE 0.01
/* Of each arm and subject, however few steps may be taken; then at least so many times as many as before. */
#define LEAST_DOSES 8.0
#define MORE_DOSES 2.0

/* The first subjects once more, in another way that is more exact. */
typedef struct {
    ost_batch_t *batch;
    double *x1;                               /* [OST_N_PROBED][n_states] at the start of the arms */
    double *error;                            /* [n_outputs], percent */
    size_t n_subjects, subject[OST_N_PROBED]; /* of the block */
    double *t_end;                            /* [n_arms] up to where; NULL: all of the time */
    uint64_t steps, steps_before;             /* of these subjects, in this way and in the run */
} probe_t;

/* Largest difference of one output row over time, in percent of the exact maximum; NAN where all is 0 or
 * nothing is observed. */
static double row_error(const double *y, const double *exact, size_t n_times)
{
    double off = 0, largest = 0;
    for (size_t t = 0; t < n_times; t++) {
        if (isnan(y[t])) continue; /* not observed */
        off = fmax(off, fabs(y[t] - exact[t]));
        largest = fmax(largest, fabs(exact[t]));
    }
    return largest > 0 ? 100 * off / largest : NAN;
}

/* The first subjects, or the first that are eligible in some arm. */
static void choose(const ost_worker_t *self, probe_t *probe, size_t n, bool are_eligible)
{
    size_t most = probe->n_subjects, n_arms = self->plan->experiment->n_arms;
    probe->n_subjects = 0;
    for (size_t i = 0; i < n && probe->n_subjects < most; i++) {
        bool is_in = !are_eligible;
        for (size_t a = 0; a < n_arms; a++)
            is_in |= self->status[a * n + i] == 0 && !self->visits[a * OST_COHORT_BLOCK + i].is_out;
        if (is_in) probe->subject[probe->n_subjects++] = i;
    }
}

/* Add the jobs of the subjects in one arm; job k of arm a writes to place a x OST_N_PROBED + k. */
static size_t add_jobs(ost_worker_t *self, const probe_t *probe, size_t n, const ost_given_t *given, size_t n_jobs)
{
    const ost_plan_t *plan = self->plan;
    double t_end = probe->t_end != NULL ? probe->t_end[given->arm] : plan->doses->t_end;
    for (size_t k = 0; k < probe->n_subjects; k++) {
        size_t i = probe->subject[k];
        if (self->status[given->arm * n + i] != 0 || !(self->t_begin[i] < t_end)) continue;
        ost_job_t *job = &self->jobs[n_jobs++];
        *job = ost_worker_job(self, i, self->t_begin[i], t_end, probe->x1);
        ost_worker_set_arm(self, job, i, given, self->probe + (given->arm * OST_N_PROBED + k) * ost_plan_y_size(plan));
        ost_worker_set_schedules(self, job, i, n, given, self->unread, self->unread);
    }
    return n_jobs;
}

/* Integrate n_jobs jobs and count what that takes. */
static int run_jobs(ost_worker_t *self, const probe_t *probe, size_t n_jobs, ost_error_t *err)
{
    int ret = n_jobs > 0 ? ost_batch_run(probe->batch, self->jobs, n_jobs, err) : 0;
    for (size_t k = 0; ret == 0 && k < n_jobs; k++)
        self->probed.probe_steps += self->jobs[k].stats.steps + self->jobs[k].stats.rejected;
    return ret;
}

/* Note how one job differs from the run. @return the place of its subject */
static size_t compare(ost_worker_t *self, probe_t *probe, size_t n, const ost_job_t *job)
{
    const ost_plan_t *plan = self->plan;
    size_t place = (size_t) (job->y - self->probe) / ost_plan_y_size(plan);
    size_t a = place / OST_N_PROBED, k = place % OST_N_PROBED, i = probe->subject[k],
           n_times = plan->experiment->n_times, n_reached = 0;
    const double *y = self->y + (a * n + i) * ost_plan_y_size(plan);
    probe->steps += job->stats.steps;
    probe->steps_before += self->steps[a * n + i];
    ost_plan_to_reported_units(plan, job->y);
    while (n_reached < n_times && plan->experiment->times[n_reached] <= job->t1) n_reached++;
    for (size_t o = 0; o < plan->system->n_outputs; o++) {
        if (plan->timeline->arms[a].n_repeats > 0 && plan->inputs->hold[plan->outputs->block[o]] >= 0) continue;
        probe->error[o] = fmax(probe->error[o], row_error(y + o * n_times, job->y + o * n_times, n_reached));
    }
    return k;
}

/* @param given  [n_given] arms. @return how many subjects did not fail in an arm, or a negative code */
static int probe_arms(
    ost_worker_t *self, probe_t *probe, size_t n, const ost_given_t *given, size_t n_given, ost_error_t *err)
{
    size_t n_jobs = 0, n_right = 0;
    bool is_right[OST_N_PROBED] = { false };
    for (size_t k = 0; k < n_given; k++) n_jobs = add_jobs(self, probe, n, &given[k], n_jobs);
    int ret = run_jobs(self, probe, n_jobs, err);
    if (ret < 0) return ret;
    for (size_t k = 0; k < n_jobs; k++)
        if (self->jobs[k].status == 0) is_right[compare(self, probe, n, &self->jobs[k])] = true;
    for (size_t i = 0; i < OST_N_PROBED; i++) n_right += is_right[i];
    return (int) n_right;
}

/* Subjects of the run, of which the probes may take a share. */
static double run_size(const ost_run_t *run)
{
    return fmax(LEAST_SUBJECTS, (double) run->n_positions);
}

/* Steps that exact dosing may take. */
static double dosing_budget(const ost_worker_t *self, size_t n)
{
    double steps = (double) (self->stats.steps + self->stats.rejected + self->run_in_steps);
    return fmax(LEAST_STEPS, (SHARE * run_size(self->run) - SOLVER_SUBJECTS) * steps / (double) n);
}

/* Doses of the arm that has most of them. */
static double most_doses(const ost_plan_t *plan)
{
    double doses = 1;
    for (size_t a = 0; a < plan->experiment->n_arms; a++) {
        const ost_arm_timeline_t *arm = &plan->timeline->arms[a];
        for (size_t r = 0; r < arm->n_repeats; r++)
            doses = fmax(doses, (plan->doses->t_end - plan->doses->t_begin) / arm->repeats[r].interval);
    }
    return doses;
}

/* Arms with repeats, in which the first doses of each act: the same events, and schedules without series, whose doses
 * are all given up to some time. @return the part of all doses that these are
 * @param[out] given, events  [n_arms], [n_known of all] */
static double give_first(const ost_plan_t *plan, double n_doses, double *t_end, ost_given_t *given, ost_event_t *events)
{
    const double duration = plan->doses->t_end - plan->doses->t_begin;
    double n_given = 0, n_all = 0;
    for (size_t a = 0; a < plan->experiment->n_arms; a++) {
        const ost_arm_timeline_t *arm = &plan->timeline->arms[a];
        if (arm->n_repeats == 0) continue;
        *given++ = (ost_given_t){ a, events, plan->schedules->exact };
        double interval = INFINITY;
        for (size_t r = 0; r < arm->n_repeats; r++)
            if (isnan(arm->repeats[r].t_first)) {
                interval = fmin(interval, arm->repeats[r].interval);
                n_given += fmin(n_doses, duration / arm->repeats[r].interval);
                n_all += duration / arm->repeats[r].interval;
            }
        t_end[a] = fmin(plan->doses->t_end, plan->doses->t_begin + n_doses * interval);
        for (size_t k = 0; k < arm->n_known; k++, events++) {
            *events = arm->events[k];
            if (events->series < 0) continue;
            const ost_repeat_t *repeat = &arm->repeats[events->series];
            n_all += events->t < plan->doses->t_end;
            if (events->t - repeat->t_first < n_doses / (double) arm->n_repeats * repeat->interval) events->series = -1;
            n_given += events->series < 0 && events->t < plan->doses->t_end;
        }
    }
    return n_all > 0 ? n_given / n_all : 1;
}

/* With the first few doses of n_given arms, and then with as many as fit into the steps that may be taken, as these
 * took. More subjects take part where all their doses fit. */
static int probe_doses(ost_worker_t *self, probe_t *probe, size_t n, ost_given_t *given, size_t n_given,
    ost_event_t *events, ost_error_t *err)
{
    const double all = most_doses(self->plan);
    const size_t most = n < OST_N_PROBED ? n : OST_N_PROBED, fill = n_given < OST_N_PROBED ? OST_N_PROBED / n_given : 1,
                 least = fill < most ? fill : most;
    double left = dosing_budget(self, n), n_doses = fmin(LEAST_DOSES, all), given_before = 0;
    int ret = 0;
    for (size_t n_subjects = least; ret >= 0 && n_doses * (double) n_subjects >= MORE_DOSES * given_before;) {
        const uint64_t steps = self->probed.probe_steps;
        probe->n_subjects = n_subjects;
        probe->steps_before = 0;
        choose(self, probe, n, true);
        self->probed.periodic_share = give_first(self->plan, n_doses, probe->t_end, given, events);
        ret = probe_arms(self, probe, n, given, n_given, err);
        given_before = n_doses * (double) n_subjects;
        /* of one subject: without these doses, and for each of them, at which a step ends in each arm */
        const double taken = (double) (self->probed.probe_steps - steps), here = (double) n_subjects,
                     without = (double) probe->steps_before / here,
                     per_dose = fmax((taken / here - without) / n_doses, (double) n_given);
        left -= taken;
        n_subjects = left / (double) most >= without + per_dose * all ? most : least;
        n_doses = fmin((left / (double) n_subjects - without) / per_dose, all);
    }
    return ret;
}

/* What periodic dosing costs in exactness: with every dose given. */
static int probe_dosing(ost_worker_t *self, size_t n, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t n_arms = plan->experiment->n_arms, n_events = 0, n_given = 0;
    for (size_t a = 0; a < n_arms; a++) {
        n_events += plan->timeline->arms[a].n_known;
        n_given += plan->timeline->arms[a].n_repeats > 0;
    }
    ost_event_t *events = malloc((n_events + 1) * sizeof(*events));
    ost_given_t *given = calloc(n_arms + 1, sizeof(*given));
    probe_t probe = { .batch = self->batch,
        .x1 = self->x1,
        .error = self->probed.periodic_error,
        .t_end = calloc(n_arms + 1, sizeof(*probe.t_end)) };
    bool ok = events != NULL && given != NULL && probe.t_end != NULL;
    int ret = ok ? 0 : ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the events of exact dosing");
    if (ok && n_given > 0) ret = probe_doses(self, &probe, n, given, n_given, events, err);
    if (ret > 0) self->probed.n_periodic_probed = (size_t) ret;
    free(events);
    free(given);
    free(probe.t_end);
    return ret < 0 ? ret : 0;
}

/* Run every N_SOLVER_PROBES-th arm from `first` on at another tolerance.
 * @param[in,out] taken  as many subjects of the run as this took is added
 * @return 1 if the first subjects take more steps than in the run, and so show what its own tolerance costs; 0 if they
 * do not, or a negative code */
static int probe_tolerance(ost_worker_t *self, size_t first, size_t n, double rtol, double *taken, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t n_given = 0;
    ost_solver_options_t options = self->run->solver;
    options.rtol = rtol;
    options.n_looks = N_LOOKS;
    options.h_max = fmax(STEP_LIMIT * options.h_max, 2 * options.h_min);
    size_t n_probed = n < OST_N_PROBED ? n : OST_N_PROBED, of[OST_COHORT_BLOCK];
    ost_given_t *given = calloc(plan->experiment->n_arms + 1, sizeof(*given));
    probe_t probe = { .x1 = malloc((n_probed * plan->system->n_states + 1) * sizeof(double)),
        .n_subjects = n_probed,
        .error = self->probed.solver_error };
    int ret = probe.x1 != NULL && given != NULL
                  ? 0
                  : ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a probe of the tolerance");
    choose(self, &probe, n, false);
    if (ret == 0) ret = ost_batch_new(&probe.batch, plan->system, &options, err);
    size_t n_jobs = ret == 0 ? ost_worker_run_in_jobs(self, n_probed, probe.x1, of) : 0;
    if (ret == 0) ret = run_jobs(self, &probe, n_jobs, err);
    if (ret == 0) ost_worker_clear_integrals(plan, n_jobs, of, probe.x1);
    for (size_t a = first; ret == 0 && a < plan->experiment->n_arms; a += N_SOLVER_PROBES)
        given[n_given++] = ost_given_as_planned(plan, a);
    if (ret == 0) ret = probe_arms(self, &probe, n, given, n_given, err);
    if (ret > (int) self->probed.n_solver_probed) self->probed.n_solver_probed = (size_t) ret;
    ost_batch_delete(probe.batch);
    free(probe.x1);
    free(given);
    if (ret < 0) return ret;
    if (probe.steps_before == 0) return 1;
    double more = (double) probe.steps / (double) probe.steps_before;
    *taken += more * (double) n_probed;
    return more > MORE_STEPS;
}

/* What the tolerance and the longest step cost: at a tenth and a third of them, run-in and all. Where doses or
 * stability set the steps at both, they agree and say nothing; so on, in ever wider strides. */
static int probe_solver(ost_worker_t *self, size_t first_arm, size_t n, ost_error_t *err)
{
    double rtol = self->run->solver.rtol, taken = 0, most = SOLVER_SHARE * run_size(self->run);
    int ret = 0;
    for (double stride = 0.1; ret == 0 && rtol > OST_RTOL_MIN && taken < most; stride *= stride) {
        rtol = fmax(stride * rtol, OST_RTOL_MIN);
        ret = probe_tolerance(self, first_arm, n, rtol, &taken, err);
    }
    return ret < 0 ? ret : 0;
}

/* Of blocks that are full, if there are such. */
size_t ost_run_n_probed(const ost_run_t *run)
{
    if (run->options->no_probe) return 0;
    size_t n_full = (size_t) (run->n_positions / OST_COHORT_BLOCK);
    return n_full > N_PROBES ? N_PROBES : n_full > 0 ? n_full : 1;
}

int ost_worker_probe(ost_worker_t *self, size_t i_block, size_t n, ost_error_t *err)
{
    int ret = 0;
    self->probed.n_periodic_probed = self->probed.n_solver_probed = self->probed.probe_steps = 0;
    self->probed.periodic_share = NAN;
    for (size_t o = 0; o < self->plan->system->n_outputs; o++)
        self->probed.periodic_error[o] = self->probed.solver_error[o] = NAN;
    for (size_t k = i_block; ret == 0 && k < N_PROBES; k += ost_run_n_probed(self->run)) {
        if (k == N_SOLVER_PROBES)
            ret = probe_dosing(self, n, err);
        else if (k < self->plan->experiment->n_arms)
            ret = probe_solver(self, k, n, err);
    }
    return ret;
}
