/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running a cohort: blocks of subjects go to threads as they come; each thread draws its people, integrates their
 * run-in and all arms, and hands the finished block to the sink. A subject's numbers depend on nothing but its own. */
#include "cohort/cohort.h"
#include "cohort/worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#define BLOCK OST_COHORT_BLOCK
#define LANES OST_LANE_COUNT
/* A smaller tolerance tells what a larger one costs where it takes so many times its steps; a tenth takes 1.4 to 1.8.
 */
#define MORE_STEPS 1.2
/* A block sleeps from the start if its initial state changes by less than this part of its scale in a day. */
#define AT_REST 1e-12

/* The first subjects once more, in another way that is more exact. */
typedef struct {
    ost_batch_t *batch;
    double *x1;                   /* [OST_N_PROBED][n_states] at the start of the arms */
    double *error;                /* [n_outputs], percent */
    uint64_t steps, steps_before; /* of these subjects, in this way and in the run */
} probe_t;

static double wall_seconds(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* [n][width] of subjects to rows [width][LANES] of the group of lanes that begins at subject `first`; the last subject
 * fills what is left over. */
static void gather(double *rows, const double *from, size_t width, size_t first, size_t n_subjects)
{
    for (size_t l = 0; l < LANES; l++) {
        const double *one = from + width * (first + l < n_subjects ? first + l : n_subjects - 1);
        for (size_t i = 0; i < width; i++) rows[i * LANES + l] = one[i];
    }
}

static void scatter(double *to, size_t stride, const double *rows, size_t n_rows, size_t first, size_t n_subjects)
{
    for (size_t l = 0; l < LANES && first + l < n_subjects; l++)
        for (size_t i = 0; i < n_rows; i++) to[stride * (first + l) + i] = rows[i * LANES + l];
}

/* Derivatives and, after them, drives of a block in its initial state, all that it reads `above` the neutral value. */
static const double *probe_block(ost_worker_t *self, size_t b, double above)
{
    const ost_plan_t *plan = self->plan;
    const ost_lane_block_t *block = &plan->impl->lane.blocks[b];
    const double *x = self->x_rows + block->first_state * LANES;
    double *drives = self->f_rows + block->n_states * LANES;
    const double *reads[OST_MAX_READS];
    for (size_t k = 0; k < plan->blocks[b].model->n_reads; k++) {
        const ost_signal_t *signal = plan->signals[plan->blocks[b].read_signal[k]].signal;
        double value = above + (signal->has_neutral ? signal->neutral : 0);
        for (size_t l = 0; l < LANES; l++) self->a_rows[k * LANES + l] = value;
        reads[k] = self->a_rows + k * LANES;
    }
    const ost_kernel_args_t at = {
        .t = self->zero_rows,
        .x = x,
        .h = self->h_rows + block->first_hoisted * LANES,
        .s = reads,
        .mode = self->zero_rows,
        .scratch = self->s_rows,
    };
    block->kernel->rhs(block->kernel, &at, self->f_rows);
    for (uint32_t i = 0; i < block->n_drives; i++) block->kernel->drive(block->kernel, &at, i, drives + i * LANES);
    return self->f_rows;
}

/* While nothing is dosed, a block is parked at the drives of its initial state if it rests there whatever it reads: at
 * two values of its signals, which is all of them for a block that is linear in what it reads. Others run. */
static void idle_block(ost_worker_t *self, size_t b, size_t first, size_t n_subjects)
{
    const ost_plan_t *plan = self->plan;
    const ost_lane_block_t *block = &plan->impl->lane.blocks[b];
    for (int probe = 0; probe < 2; probe++) {
        const double *f = probe_block(self, b, probe), *drives = f + block->n_states * LANES;
        for (size_t l = 0; l < LANES && first + l < n_subjects; l++) {
            double *u = self->inputs + (first + l) * plan->system.n_inputs, *mean = u + block->first_mean;
            for (size_t i = 0; i < block->n_states; i++)
                if (!(fabs(f[i * LANES + l]) <= AT_REST * plan->system.scale[block->first_state + i]))
                    u[block->park_input] = 0;
            for (size_t i = 0; i < block->n_drives; i++) {
                if (probe == 0) mean[i] = drives[i * LANES + l];
                if (!(fabs(drives[i * LANES + l] - mean[i]) <= AT_REST * fabs(mean[i]))) u[block->park_input] = 0;
            }
        }
    }
}

/* Constants, initial states and idle inputs of all subjects of the block. */
static void prepare(ost_worker_t *self, size_t n)
{
    const ost_plan_t *plan = self->plan;
    const ost_lane_plan_t *lane = &plan->impl->lane;
    size_t n_inputs = plan->system.n_inputs;
    for (size_t i = 0; i < n; i++)
        memcpy(self->inputs + i * n_inputs, plan->impl->idle_input, n_inputs * sizeof(double));
    for (size_t first = 0; first < n; first += LANES) {
        gather(self->p_rows, self->params, plan->n_params, first, n);
        for (size_t b = 0; b < plan->n_blocks; b++) {
            const ost_lane_block_t *block = &lane->blocks[b];
            block->kernel->prepare(block->kernel, self->p_rows + plan->blocks[b].first_param * LANES,
                self->h_rows + block->first_hoisted * LANES, self->x_rows + block->first_state * LANES, self->s_rows);
            if (block->park_input >= 0) idle_block(self, b, first, n);
        }
        scatter(self->constants, plan->system.n_constants, self->h_rows, plan->n_hoisted, first, n);
        scatter(self->x0, plan->system.n_states, self->x_rows, plan->impl->n_block_states, first, n);
    }
}

static void fail_subject(ost_worker_t *self, size_t i, int code, const char *context, const char *what)
{
    self->subject_status[i] = (uint8_t) -code;
    snprintf(self->subject_text[i], OST_MESSAGE_SIZE, "%s%s", context, what);
}

/* When a drawn subject's life begins, when its arms do, how it takes their schedules, and when it drops out. */
static int draw_schedule(ost_worker_t *self, size_t i, double *t_start, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    const double *covariates = self->covariates + i * e->n_covariates;
    int ret = ost_plan_dosing_records(plan, covariates, self->records + i * plan->n_schedules, &self->t_begin[i], err);
    if (ret < 0) return ret;
    *t_start = self->t_begin[i];
    if (e->dropout != NULL && isnan(self->dropout[i] = ost_formula_value(e->dropout, covariates)))
        return ost_fail(err, OST_ERR_VALUE, "the time of dropout is not a number");
    if (e->start == NULL) return 0;
    double start = ost_formula_value(e->start, covariates);
    if (!isfinite(start)) return ost_fail(err, OST_ERR_VALUE, "the start of the run-in is not a finite number");
    *t_start = fmin(start, self->t_begin[i]);
    return 0;
}

static void draw_subject(ost_worker_t *self, size_t i, uint64_t subject, const double *typical, double *t_start)
{
    const ost_plan_t *plan = self->plan;
    ost_error_t err = { 0 };
    double *covariates = self->covariates + i * plan->experiment->n_covariates;
    int ret = ost_plan_draw(plan, subject, typical, covariates, self->params + i * plan->n_params, &err);
    self->subject[i] = subject;
    if (plan->n_noises > 0) self->constants[i * plan->system.n_constants + plan->n_hoisted] = (double) subject;
    self->subject_status[i] = 0;
    *t_start = self->t_begin[i] = plan->t_begin;
    self->dropout[i] = INFINITY;
    if (ret == 0) ret = draw_schedule(self, i, t_start, &err);
    if (ret == 0) return;
    fail_subject(self, i, ret, "", err.what);
    for (size_t c = 0; c < plan->n_schedules; c++)
        self->records[i * plan->n_schedules + c] = (ost_dosing_record_t){ .start = INFINITY, .stop = INFINITY };
}

/* @param[out] t_start  [n] where each subject's run-in begins */
static void draw(ost_worker_t *self, uint64_t first, size_t n, double *t_start)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    const double *variants = self->run->options->variants;
    for (size_t i = 0; i < n; i++) {
        const double *typical =
            variants != NULL ? variants + (size_t) ((first + i) / e->n_subjects) * plan->n_params : NULL;
        draw_subject(self, i, e->first_subject + (first + i) % e->n_subjects, typical, &t_start[i]);
    }
}

static ost_job_t new_job(const ost_worker_t *self, size_t i, double t0, double t1, const double *x0)
{
    const ost_system_t *system = &self->plan->system;
    return (ost_job_t){ .t0 = t0,
        .t1 = t1,
        .x0 = x0 + i * system->n_states,
        .p = self->constants + i * system->n_constants,
        .u0 = self->inputs + i * system->n_inputs };
}

/* @param[out] x1  [n][n_states] at the end of the run-in, where the jobs write it, and without one at once
 *  @param[out] of  [n] the subject of each job */
static size_t run_in_jobs(ost_worker_t *self, size_t n, const double *t_start, double *x1, size_t *of)
{
    const ost_plan_t *plan = self->plan;
    size_t n_states = plan->system.n_states, n_jobs = 0;
    memcpy(x1, self->x0, n * n_states * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        if (self->subject_status[i] != 0 || !(t_start[i] < self->t_begin[i])) continue;
        of[n_jobs] = i;
        self->jobs[n_jobs] = new_job(self, i, t_start[i], self->t_begin[i], self->x0);
        self->jobs[n_jobs++].x_end = x1 + i * n_states;
    }
    return n_jobs;
}

/* Integrals of an idle block over the run-in mean nothing. */
static void clear_integrals(const ost_plan_t *plan, size_t n_jobs, const size_t *of, double *x1)
{
    size_t n_states = plan->system.n_states;
    for (size_t k = 0; k < n_jobs; k++)
        for (size_t x = plan->impl->n_block_states; x < n_states; x++) x1[of[k] * n_states + x] = 0;
}

static int run_in(ost_worker_t *self, size_t n, const double *t_start, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t of[BLOCK], n_jobs = run_in_jobs(self, n, t_start, self->x1, of);
    int ret = n_jobs > 0 ? ost_batch_run(self->batch, self->jobs, n_jobs, err) : 0;
    if (ret < 0) return ret;
    for (size_t k = 0; k < n_jobs; k++) {
        const ost_job_t *job = &self->jobs[k];
        self->run_in_steps += job->stats.steps;
        if (job->status == 0) continue;
        char what[OST_MESSAGE_SIZE];
        fail_subject(self, of[k], job->status,
            "run-in: ", ost_job_message(job, &plan->system, &plan->experiment->solver, what, sizeof(what)));
    }
    clear_integrals(plan, n_jobs, of, self->x1);
    return 0;
}

/* What is given to the subjects of an arm: as planned, or every single dose. */
typedef struct {
    size_t arm;
    const ost_event_t *events;
    const ost_schedule_t *schedules; /* of all arms */
} given_t;

static given_t as_planned(const ost_plan_t *plan, size_t arm)
{
    return (given_t){ arm, plan->arm_events[arm], plan->impl->schedules };
}

/* @param began, ended  [n_schedules][n] where it is recorded when schedules begin and end */
static void set_schedules(
    ost_worker_t *self, ost_job_t *job, size_t i, size_t n, const given_t *given, double *began, double *ended)
{
    const ost_plan_t *plan = self->plan;
    size_t first = plan->impl->first_schedule[given->arm];
    ost_visitor_t *visitor = &self->visitors[given->arm * BLOCK + i];
    *visitor = (ost_visitor_t){ .plan = plan,
        .arm = given->arm,
        .covariates = self->covariates + i * plan->experiment->n_covariates,
        .values = self->seen,
        .began = began + first * n + i,
        .ended = ended + first * n + i,
        .stride = n };
    job->subject = self->subject[i];
    job->schedules = given->schedules + first;
    job->records = self->records + i * plan->n_schedules + first;
    job->schedule_states = self->schedule_states + i * plan->n_schedules + first;
    ost_plan_give(visitor, job);
}

static void set_arm(ost_worker_t *self, ost_job_t *job, const given_t *given, double *y)
{
    const ost_plan_t *plan = self->plan;
    size_t arm = given->arm;
    job->events = given->events;
    job->n_events = plan->n_arm_known[arm];
    job->series = plan->arm_series[arm];
    job->n_series = plan->n_arm_series[arm];
    job->t_out = plan->experiment->times;
    job->n_out = plan->experiment->n_times;
    job->y = y;
}

static size_t y_size(const ost_plan_t *plan)
{
    return plan->system.n_outputs * plan->experiment->n_times;
}

static void to_reported_units(const ost_plan_t *plan, double *y)
{
    size_t n_times = plan->experiment->n_times;
    for (size_t o = 0; o < plan->system.n_outputs; o++)
        for (size_t t = 0; t < n_times; t++) y[o * n_times + t] /= plan->impl->factor[o];
}

static void count_not_finite(ost_worker_t *self, const double *y)
{
    size_t n_times = self->plan->experiment->n_times;
    for (size_t o = 0; o < self->plan->system.n_outputs; o++) {
        size_t t = 0;
        while (t < n_times && isfinite(y[o * n_times + t])) t++;
        self->n_not_finite[o] += t < n_times;
    }
}

/* Nobody looks at a subject that has left. */
static void drop_out(const ost_plan_t *plan, double *y, double t_left)
{
    size_t n_times = plan->experiment->n_times, left = 0;
    while (left < n_times && plan->experiment->times[left] <= t_left) left++;
    for (size_t o = 0; o < plan->system.n_outputs; o++)
        for (size_t t = left; t < n_times; t++) y[o * n_times + t] = NAN;
}

static bool is_out(const ost_job_t *job)
{
    return ((const ost_visitor_t *) job->user)->is_out;
}

static void finish_job(ost_worker_t *self, size_t k, size_t i, const ost_job_t *job)
{
    const ost_plan_t *plan = self->plan;
    double *y = self->y + k * y_size(plan);
    self->steps[k] = job != NULL ? (uint32_t) job->stats.steps : 0;
    self->rejected[k] = job != NULL ? (uint32_t) job->stats.rejected : 0;
    self->messages[k] = NULL;
    if (job != NULL) ost_solver_stats_add(&self->stats, &job->stats);
    self->status[k] = job != NULL ? (uint8_t) -job->status : self->subject_status[i];
    if (self->status[k] == 0) {
        to_reported_units(plan, y);
        count_not_finite(self, y);
        drop_out(plan, y, is_out(job) ? -INFINITY : self->dropout[i]);
        return;
    }
    self->failures++;
    self->messages[k] = self->text[k];
    if (job != NULL)
        ost_job_message(job, &plan->system, &plan->experiment->solver, self->text[k], OST_MESSAGE_SIZE);
    else
        memcpy(self->text[k], self->subject_text[i], OST_MESSAGE_SIZE);
    /* no half of a curve that looks like a result */
    for (size_t t = 0; t < y_size(plan); t++) y[t] = NAN;
}

/* Jobs in order of arms, so that neighbouring lanes share an arm. */
static int run_arms(ost_worker_t *self, size_t n, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t n_jobs = 0, n_arms = plan->experiment->n_arms;
    for (size_t k = 0; k < plan->n_schedules * n; k++) self->began[k] = self->ended[k] = NAN;
    for (size_t a = 0; a < n_arms; a++) {
        for (size_t i = 0; i < n; i++) {
            if (self->subject_status[i] != 0) continue;
            ost_job_t *job = &self->jobs[n_jobs++];
            const given_t given = as_planned(plan, a);
            *job = new_job(self, i, self->t_begin[i], plan->t_end, self->x1);
            set_arm(self, job, &given, self->y + (a * n + i) * y_size(plan));
            set_schedules(self, job, i, n, &given, self->began, self->ended);
        }
    }
    int ret = n_jobs > 0 ? ost_batch_run(self->batch, self->jobs, n_jobs, err) : 0;
    if (ret < 0) return ret;
    const ost_job_t *job = self->jobs;
    for (size_t a = 0; a < n_arms; a++)
        for (size_t i = 0; i < n; i++) finish_job(self, a * n + i, i, self->subject_status[i] != 0 ? NULL : job++);
    return 0;
}

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
static int probe_arm(ost_worker_t *self, probe_t *probe, size_t n, const given_t *given, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t a = given->arm, n_times = plan->experiment->n_times, n_jobs = 0, of[OST_N_PROBED];
    int n_right = 0;
    for (size_t i = 0; i < n && i < OST_N_PROBED; i++) {
        if (self->status[a * n + i] != 0) continue;
        of[n_jobs] = i;
        ost_job_t *job = &self->jobs[n_jobs];
        *job = new_job(self, i, self->t_begin[i], plan->t_end, probe->x1);
        set_arm(self, job, given, self->probe + n_jobs++ * y_size(plan));
        set_schedules(self, job, i, n, given, self->unread, self->unread);
    }
    int ret = n_jobs > 0 ? ost_batch_run(probe->batch, self->jobs, n_jobs, err) : 0;
    if (ret < 0) return ret;
    for (size_t k = 0; k < n_jobs; k++) {
        if (self->jobs[k].status != 0) continue;
        n_right++;
        probe->steps += self->jobs[k].stats.steps;
        probe->steps_before += self->steps[a * n + of[k]];
        double *exact = self->probe + k * y_size(plan);
        const double *y = self->y + (a * n + of[k]) * y_size(plan);
        to_reported_units(plan, exact);
        for (size_t o = 0; o < plan->system.n_outputs; o++) {
            if (plan->n_arm_series[a] > 0 && plan->impl->of_parkable[o]) continue;
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
        if (plan->n_arm_series[a] == 0) continue;
        ost_event_t *events = malloc((plan->n_arm_known[a] + 1) * sizeof(*events));
        if (events == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the events of exact dosing");
        for (size_t k = 0; k < plan->n_arm_known[a]; k++) {
            events[k] = plan->arm_events[a][k];
            events[k].series = -1;
        }
        const given_t given = { a, events, plan->impl->exact_schedules };
        int ret = probe_arm(self, &probe, n, &given, err);
        free(events);
        if (ret < 0) return ret;
        if ((size_t) ret > summary->n_periodic_probed) summary->n_periodic_probed = (size_t) ret;
    }
    return 0;
}

/* @return 1 if the first subjects take more steps at this tolerance than in the run, and so show what its own costs; 0
 * if they do not, or a negative code */
static int probe_tolerance(ost_worker_t *self, size_t n, const double *t_start, double rtol, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    ost_cohort_summary_t *summary = self->run->summary;
    ost_solver_options_t options = self->run->solver;
    options.rtol = rtol;
    size_t n_probed = n < OST_N_PROBED ? n : OST_N_PROBED, of[BLOCK];
    probe_t probe = { .x1 = malloc((n_probed * plan->system.n_states + 1) * sizeof(double)),
        .error = summary->solver_error };
    int ret = probe.x1 != NULL ? 0 : ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a probe of the tolerance");
    if (ret == 0) ret = ost_batch_new(&probe.batch, &plan->system, &options, err);
    size_t n_jobs = ret == 0 ? run_in_jobs(self, n_probed, t_start, probe.x1, of) : 0;
    if (n_jobs > 0) ret = ost_batch_run(probe.batch, self->jobs, n_jobs, err);
    if (ret == 0) clear_integrals(plan, n_jobs, of, probe.x1);
    for (size_t a = 0; ret >= 0 && a < plan->experiment->n_arms; a++) {
        const given_t given = as_planned(plan, a);
        ret = probe_arm(self, &probe, n, &given, err);
        if (ret > (int) summary->n_solver_probed) summary->n_solver_probed = (size_t) ret;
    }
    ost_batch_delete(probe.batch);
    free(probe.x1);
    if (ret < 0) return ret;
    return probe.steps_before == 0 || (double) probe.steps > MORE_STEPS * (double) probe.steps_before;
}

/* What the tolerance costs: at a tenth of it, run-in and all. Where doses or stability set the steps at both, they
 * agree and say nothing; so on, in ever wider strides. */
static int probe_solver(ost_worker_t *self, size_t n, const double *t_start, ost_error_t *err)
{
    double rtol = self->run->solver.rtol;
    int ret = 0;
    for (double stride = 0.1; ret == 0 && rtol > OST_RTOL_MIN; stride *= stride) {
        rtol = fmax(stride * rtol, OST_RTOL_MIN);
        ret = probe_tolerance(self, n, t_start, rtol, err);
    }
    return ret < 0 ? ret : 0;
}

static int run_block(ost_worker_t *self, size_t i_block, size_t *n_subjects, ost_error_t *err)
{
    double t_start[BLOCK];
    uint64_t first = (uint64_t) i_block * BLOCK, left = self->run->n_positions - first;
    size_t n = left < BLOCK ? (size_t) left : BLOCK;
    *n_subjects = n;
    self->stats = (ost_solver_stats_t){ 0 };
    self->run_in_steps = self->failures = 0;
    memset(self->n_not_finite, 0, self->plan->system.n_outputs * sizeof(*self->n_not_finite));
    draw(self, first, n, t_start);
    prepare(self, n);
    int ret = run_in(self, n, t_start, err);
    if (ret == 0) ret = run_arms(self, n, err);
    if (i_block != 0 || self->run->options->no_probe) return ret;
    if (ret == 0) ret = probe_dosing(self, n, err);
    if (ret == 0) ret = probe_solver(self, n, t_start, err);
    return ret;
}

/* Hand a finished block over. @return 0 or the error of the sink */
static int deliver(ost_worker_t *self, size_t i_block, size_t n, ost_error_t *err)
{
    const ost_cohort_options_t *options = self->run->options;
    const ost_cohort_block_t block = {
        .first = (uint64_t) i_block * BLOCK,
        .n_subjects = n,
        .y = self->y,
        .status = self->status,
        .steps = self->steps,
        .rejected = self->rejected,
        .covariates = self->covariates,
        .params = self->params,
        .messages = self->messages,
        .began = self->began,
        .ended = self->ended,
    };
    return options->sink != NULL ? options->sink(options->user, &block, err) : 0;
}

/* Count a block that was delivered; one thread at a time. */
static void tally(ost_worker_t *self, size_t n)
{
    ost_run_t *run = self->run;
    ost_cohort_summary_t *summary = run->summary;
    const ost_cohort_options_t *options = run->options;
    summary->subjects += n;
    summary->failures += self->failures;
    for (size_t o = 0; o < self->plan->system.n_outputs; o++) summary->n_not_finite[o] += self->n_not_finite[o];
    summary->run_in_steps += self->run_in_steps;
    ost_solver_stats_add(&summary->stats, &self->stats);
    const ost_progress_t progress = {
        .subjects_done = summary->subjects,
        .subjects = run->n_wanted,
        .failures = summary->failures,
        .seconds = wall_seconds() - run->t_wall,
    };
    if (options->progress != NULL && options->progress(options->user, &progress) != 0) atomic_store(&run->stop, true);
}

/* The next block that is to be run, n_blocks if there is none. */
static size_t next_block(ost_run_t *run)
{
    const bool *done = run->options->done;
    size_t i_block = run->n_blocks;
    do {
        if (!atomic_load(&run->stop)) i_block = atomic_fetch_add(&run->next, 1);
    } while (i_block < run->n_blocks && done != NULL && done[i_block]);
    return i_block < run->n_blocks ? i_block : run->n_blocks;
}

/* One thread's share. The first error of any thread is the run's. */
static void work(ost_run_t *run)
{
    ost_worker_t self;
    ost_error_t err = { 0 };
    int ret = ost_worker_init(&self, run, &err);
    for (bool more = true; more;) {
        size_t n = 0, i_block = ret == 0 ? next_block(run) : run->n_blocks;
        bool alone = !run->options->parallel_sink;
        more = i_block < run->n_blocks;
        if (more) ret = run_block(&self, i_block, &n, &err);
        if (more && ret == 0 && !alone) ret = deliver(&self, i_block, n, &err);
#ifdef _OPENMP
#pragma omp critical(ost_cohort_deliver)
#endif
        {
            if (more && ret == 0 && run->ret == 0 && alone) ret = deliver(&self, i_block, n, &err);
            if (more && ret == 0 && run->ret == 0) tally(&self, n);
            if (ret < 0 && run->ret == 0) {
                run->ret = ret;
                if (run->err != NULL) *run->err = err;
                atomic_store(&run->stop, true);
            }
        }
    }
    ost_worker_free(&self);
}

/* `auto`: what integrates the typical person in all arms with the least work, so that every subject, and every part of
 * a cohort, is integrated alike. */
static int choose_stepper(ost_run_t *run, ost_error_t *err)
{
    const ost_plan_t *plan = run->plan;
    run->solver = plan->experiment->solver;
    run->summary->stepper = run->solver.stepper;
    if (run->solver.stepper != OST_STEPPER_AUTO) return 0;
    run->solver.stepper = OST_STEPPER_RODAS5P; /* of a batch that is not used */
    ost_worker_t self;
    int ret = ost_worker_init(&self, run, err);
    if (ret == 0) {
        double t_start;
        /* the first person of all takes doses in an own way: their kind is typical, whoever is run */
        draw_subject(&self, 0, 0, NULL, &t_start);
        ost_plan_typical(plan, self.params);
        prepare(&self, 1);
        for (size_t a = 0; a < plan->experiment->n_arms; a++) {
            const given_t given = as_planned(plan, a);
            self.jobs[a] = new_job(&self, 0, self.t_begin[0], plan->t_end, self.x0);
            set_arm(&self, &self.jobs[a], &given, NULL);
            set_schedules(&self, &self.jobs[a], 0, 1, &given, self.unread, self.unread);
        }
        ret = ost_stepper_choose(
            &run->solver.stepper, &plan->system, &run->solver, self.jobs, plan->experiment->n_arms, err);
    }
    run->summary->stepper = run->solver.stepper;
    ost_worker_free(&self);
    return ret;
}

static int thread_count(const ost_run_t *run)
{
#ifdef _OPENMP
    int n = run->options->n_threads > 0 ? run->options->n_threads : omp_get_max_threads();
#else
    int n = 1;
#endif
    return (size_t) n > run->n_blocks ? (int) run->n_blocks : n;
}

int ost_cohort_run(
    const ost_plan_t *plan, const ost_cohort_options_t *options, ost_cohort_summary_t *summary, ost_error_t *err)
{
    const ost_cohort_options_t none = { 0 };
    if (options == NULL) options = &none;
    uint64_t n_positions = plan->experiment->n_subjects * (options->variants != NULL ? options->n_variants : 1);
    *summary = (ost_cohort_summary_t){ .isa = plan->experiment->solver.isa };
    ost_run_t run = {
        .plan = plan,
        .options = options,
        .summary = summary,
        .t_wall = wall_seconds(),
        .n_positions = n_positions,
        .n_wanted = n_positions,
        .n_blocks = (size_t) ((n_positions + BLOCK - 1) / BLOCK),
        .err = err,
    };
    for (size_t i = 0; options->done != NULL && i < run.n_blocks; i++) {
        uint64_t left = n_positions - (uint64_t) i * BLOCK;
        if (options->done[i]) run.n_wanted -= left < BLOCK ? left : BLOCK;
    }
    clock_t t_cpu = clock();
    summary->periodic_error = malloc((plan->system.n_outputs + 1) * sizeof(double));
    summary->solver_error = malloc((plan->system.n_outputs + 1) * sizeof(double));
    summary->n_not_finite = calloc(plan->system.n_outputs + 1, sizeof(*summary->n_not_finite));
    if (summary->periodic_error == NULL || summary->solver_error == NULL || summary->n_not_finite == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the summary of a run");
    for (size_t i = 0; i <= plan->system.n_outputs; i++) summary->periodic_error[i] = summary->solver_error[i] = NAN;
    int ret = choose_stepper(&run, err);
    if (ret < 0) return ret;
    summary->n_threads = thread_count(&run);
    if (summary->n_threads > 0) {
#ifdef _OPENMP
#pragma omp parallel num_threads(summary->n_threads)
#endif
        work(&run);
    }
    summary->interrupted = run.ret == 0 && summary->subjects < run.n_wanted;
    summary->seconds_cpu = (double) (clock() - t_cpu) / CLOCKS_PER_SEC;
    summary->seconds_wall = wall_seconds() - run.t_wall;
    return run.ret;
}

void ost_cohort_summary_free(ost_cohort_summary_t *self)
{
    if (self == NULL) return;
    free(self->periodic_error);
    free(self->solver_error);
    free(self->n_not_finite);
    *self = (ost_cohort_summary_t){ 0 };
}
