/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One block of subjects on one thread: they are drawn, their history before treatment and all arms are integrated, and
 * the values are brought to reported units. A subject's numbers depend on nothing but its own. */
#include "cohort/block.h"

#include "cohort/baseline.h"
#include "cohort/history.h"
#include "cohort/own.h"
#include "lang/kernel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BLOCK OST_COHORT_BLOCK
#define LANES OST_LANE_COUNT
/* A block's initial state is a steady state if it changes by less than this part of its scale in a day. */
#define STEADY 1e-12
/* Times that a history is integrated, at most: an assumption. */
#define MOST_HISTORIES 12
/* Steps of a history may be so many times h_max, which half a year is for the sake of outputs within a step. */
#define HISTORY_STEPS 2.0
/* Change of what is solved with what the history is integrated with, up to which a secant is taken. Assumed. */
#define STEEPEST 0.8
/* Part of a parameter by which it may differ between history and arms: below what the solver's tolerance makes of it.
 */
#define SETTLED 1e-8

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

static const ost_kernel_t *kernel_of(const ost_plan_t *plan, size_t b)
{
    return plan->blocks->block[b].model->kernel[plan->experiment->solver.isa];
}

/* Derivatives and, after them, drives of a block in its initial state, all that it reads `above` the neutral value. */
static const double *probe_block(ost_worker_t *self, size_t b, double above)
{
    const ost_plan_t *plan = self->plan;
    const ost_block_t *block = &plan->blocks->block[b];
    const ost_kernel_t *kernel = kernel_of(plan, b);
    double *drives = self->f_rows + block->model->n_states * LANES;
    const double *reads[OST_MAX_READS];
    for (size_t k = 0; k < block->model->n_reads; k++) {
        const ost_signal_t *signal = &plan->wiring->signals[plan->wiring->reads[b][k]].signal;
        double value = above + (signal->has_neutral ? signal->neutral : 0);
        for (size_t l = 0; l < LANES; l++) self->a_rows[k * LANES + l] = value;
        reads[k] = self->a_rows + k * LANES;
    }
    const ost_kernel_args_t at = {
        .t = self->zero_rows,
        .x = self->x_rows + block->first_state * LANES,
        .h = self->h_rows + block->first_hoisted * LANES,
        .s = reads,
        .mode = self->zero_rows,
        .scratch = self->s_rows,
    };
    kernel->rhs(kernel, &at, self->f_rows);
    for (uint32_t i = 0; i < block->model->n_drives; i++) kernel->drive(kernel, &at, i, drives + i * LANES);
    return self->f_rows;
}

/* While nothing is dosed, a block is held at the drives of its initial state if that is a steady state whatever it
 * reads: at two values of its signals, which is all of them for a block that is linear in what it reads. Others run. */
static void idle_block(ost_worker_t *self, size_t b, size_t first, size_t n_subjects)
{
    const ost_plan_t *plan = self->plan;
    const ost_block_t *block = &plan->blocks->block[b];
    const size_t n_states = block->model->n_states, hold = (size_t) plan->inputs->hold[b];
    for (int probe = 0; probe < 2; probe++) {
        const double *f = probe_block(self, b, probe), *drives = f + n_states * LANES;
        for (size_t l = 0; l < LANES && first + l < n_subjects; l++) {
            double *u = self->inputs + (first + l) * plan->inputs->n, *mean = u + hold + 1;
            for (size_t i = 0; i < n_states; i++)
                if (!(fabs(f[i * LANES + l]) <= STEADY * plan->system->scale[block->first_state + i])) u[hold] = 0;
            for (size_t i = 0; i < block->model->n_drives; i++) {
                if (probe == 0) mean[i] = drives[i * LANES + l];
                if (!(fabs(drives[i * LANES + l] - mean[i]) <= STEADY * fabs(mean[i]))) u[hold] = 0;
            }
        }
    }
}

static void fail_subject(ost_worker_t *self, size_t i, int code, const char *context, const char *what)
{
    self->subject_status[i] = (uint8_t) -code;
    snprintf(self->subject_text[i], OST_MESSAGE_SIZE, "%s%s", context, what);
}

/* Where the steps of each subject have to end because of what its equations say of time. */
static void find_breaks(ost_worker_t *self, size_t n)
{
    const ost_plan_t *plan = self->plan;
    size_t max = ost_forcing_max_breaks(plan->forcing);
    for (size_t i = 0; i < n; i++) {
        ost_error_t err = { 0 };
        const double longest = self->run->solver.h_max * (self->t_start[i] < self->t_begin[i] ? HISTORY_STEPS : 1);
        int ret = ost_break_finder_find(self->finder, self->params + i * plan->blocks->n_params, self->t_start[i],
            plan->doses->t_known, longest, self->breaks + i * max, &self->n_breaks[i], &err);
        if (ret < 0 && self->subject_status[i] == 0) fail_subject(self, i, ret, "", err.what);
    }
}

/* Constants, initial states, idle inputs and breaks of all subjects of the block. */
static void prepare(ost_worker_t *self, size_t n)
{
    const ost_plan_t *plan = self->plan;
    const ost_blocks_t *blocks = plan->blocks;
    size_t n_inputs = plan->inputs->n;
    for (size_t i = 0; i < n; i++) memcpy(self->inputs + i * n_inputs, plan->inputs->idle, n_inputs * sizeof(double));
    for (size_t first = 0; first < n; first += LANES) {
        gather(self->p_rows, self->params, blocks->n_params, first, n);
        for (size_t b = 0; b < blocks->n; b++) {
            const ost_block_t *block = &blocks->block[b];
            const ost_kernel_t *kernel = kernel_of(plan, b);
            kernel->prepare(kernel, self->p_rows + block->first_param * LANES,
                self->h_rows + block->first_hoisted * LANES, self->x_rows + block->first_state * LANES, self->s_rows);
            if (plan->inputs->hold[b] >= 0) idle_block(self, b, first, n);
        }
        scatter(self->constants, plan->system->n_constants, self->h_rows, blocks->n_hoisted, first, n);
        scatter(self->x0, plan->layout->n_states, self->x_rows, blocks->n_states, first, n);
    }
    find_breaks(self, n);
}

/* When the history and the arms of a drawn subject begin, how it takes the schedules, and when it drops out. */
static int draw_schedule(ost_worker_t *self, size_t i, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    const double *covariates = self->covariates + i * e->n_covariates;
    int ret = ost_plan_dosing_records(plan, covariates, self->records + i * plan->schedules->n, &self->t_begin[i], err);
    if (ret < 0) return ret;
    self->t_start[i] = self->t_begin[i];
    if (e->dropout != NULL && isnan(self->dropout[i] = ost_formula_value(e->dropout, covariates)))
        return ost_fail(err, OST_ERR_VALUE, "the time of dropout is not a number");
    if (e->start == NULL) return 0;
    double start = ost_formula_value(e->start, covariates);
    if (!isfinite(start)) return ost_fail(err, OST_ERR_VALUE, "the start of the run-in is not a finite number");
    if (start < -OST_LONGEST_LIFE)
        return ost_fail(err, OST_ERR_VALUE,
            "the start of the run-in, day %g, is more than %d years from time 0, longer than a human life", start,
            OST_LIFE_YEARS);
    self->t_start[i] = fmin(start, self->t_begin[i]);
    return 0;
}

void ost_worker_draw(ost_worker_t *self, size_t i, uint64_t subject, ost_moved_t moved)
{
    const ost_plan_t *plan = self->plan;
    ost_error_t err = { 0 };
    double *covariates = self->covariates + i * plan->experiment->n_covariates;
    int ret = ost_plan_draw(plan, subject, moved, covariates, self->params + i * plan->blocks->n_params, &err);
    self->subject[i] = subject;
    self->moved[i] = moved;
    if (plan->blocks->n_noises > 0)
        self->constants[i * plan->system->n_constants + plan->blocks->n_hoisted] = (double) subject;
    self->subject_status[i] = 0;
    self->t_start[i] = self->t_begin[i] = plan->doses->t_begin;
    self->dropout[i] = INFINITY;
    if (ret == 0) ret = draw_schedule(self, i, &err);
    if (ret == 0) return;
    fail_subject(self, i, ret, "", err.what);
    for (size_t c = 0; c < plan->schedules->n; c++)
        self->records[i * plan->schedules->n + c] = (ost_dosing_record_t){ .start = INFINITY, .stop = INFINITY };
}

ost_moved_t ost_run_variant(const ost_run_t *run, size_t variant)
{
    const ost_cohort_options_t *options = run->options;
    const size_t at = variant * run->plan->blocks->n_params;
    if (options->variants == NULL) return (ost_moved_t){ 0 };
    return (ost_moved_t){ .typical = options->variants + at,
        .sd = options->variant_sds != NULL ? options->variant_sds + at : NULL };
}

static void draw(ost_worker_t *self, uint64_t first, size_t n)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    const ost_cohort_options_t *options = self->run->options;
    const uint64_t n_subjects = self->run->n_subjects;
    for (size_t i = 0; i < n; i++) {
        const size_t variant = (size_t) ((first + i) / n_subjects);
        const uint64_t at = (first + i) % n_subjects,
                       place = options->subjects != NULL ? options->subjects[at] : options->first + at;
        ost_worker_draw(self, i,
            self->run->enrolled != NULL ? self->run->enrolled[variant][place] : e->first_subject + place,
            ost_run_variant(self->run, variant));
    }
}

ost_job_t ost_worker_job(const ost_worker_t *self, size_t i, double t0, double t1, const double *x0)
{
    const ost_system_t *system = self->plan->system;
    return (ost_job_t){ .t0 = t0,
        .t1 = t1,
        .x0 = x0 + i * system->n_states,
        .p = self->constants + i * system->n_constants,
        .breaks = self->breaks + i * ost_forcing_max_breaks(self->plan->forcing),
        .n_breaks = self->n_breaks[i],
        .u0 = self->inputs + i * system->n_inputs };
}

size_t ost_worker_run_in_jobs(ost_worker_t *self, size_t n, double *x1, size_t *of)
{
    const ost_plan_t *plan = self->plan;
    size_t n_states = plan->system->n_states, n_jobs = 0;
    memcpy(x1, self->x0, n * n_states * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        if (self->subject_status[i] != 0 || !(self->t_start[i] < self->t_begin[i])) continue;
        of[n_jobs] = i;
        self->jobs[n_jobs] = ost_worker_job(self, i, self->t_start[i], self->t_begin[i], self->x0);
        self->jobs[n_jobs].longer = HISTORY_STEPS;
        self->jobs[n_jobs++].x_end = x1 + i * n_states;
    }
    return n_jobs;
}

void ost_worker_clear_integrals(const ost_plan_t *plan, size_t n_jobs, const size_t *of, double *x1)
{
    size_t n_states = plan->system->n_states;
    for (size_t k = 0; k < n_jobs; k++)
        for (size_t x = plan->blocks->n_states; x < n_states; x++) x1[of[k] * n_states + x] = 0;
}

static int run_in(ost_worker_t *self, size_t n, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t of[BLOCK], n_jobs = ost_worker_run_in_jobs(self, n, self->x1, of);
    int ret = n_jobs > 0 ? ost_batch_run(self->batch, self->jobs, n_jobs, err) : 0;
    if (ret < 0) return ret;
    for (size_t k = 0; k < n_jobs; k++) {
        const ost_job_t *job = &self->jobs[k];
        self->run_in_steps += job->stats.steps;
        if (job->status == 0) continue;
        char what[OST_MESSAGE_SIZE];
        fail_subject(self, of[k], job->status,
            "run-in: ", ost_job_message(job, plan->system, &plan->experiment->solver, what, sizeof(what)));
    }
    ost_worker_clear_integrals(plan, n_jobs, of, self->x1);
    return 0;
}

void ost_worker_set_schedules(
    ost_worker_t *self, ost_job_t *job, size_t i, size_t n, size_t arm, double *began, double *ended)
{
    const ost_plan_t *plan = self->plan;
    size_t first = plan->schedules->first[arm];
    ost_visit_context_t *visits = &self->visits[arm * BLOCK + i];
    *visits = (ost_visit_context_t){ .plan = plan,
        .arm = arm,
        .covariates = self->covariates + i * plan->experiment->n_covariates,
        .values = self->condition_values,
        .began = began + first * n + i,
        .ended = ended + first * n + i,
        .stride = n };
    job->subject = self->subject[i];
    job->schedules = plan->layout->schedules + first;
    job->records = self->records + i * plan->schedules->n + first;
    job->schedule_states = self->schedule_states + i * plan->schedules->n + first;
    ost_visit_context_attach(visits, job);
}

void ost_worker_set_arm(ost_worker_t *self, ost_job_t *job, size_t i, size_t arm, double *y)
{
    const ost_plan_t *plan = self->plan;
    job->events = plan->timeline->arms[arm].events;
    job->n_events = plan->timeline->arms[arm].n_known;
    ost_worker_give_own(self, job, i, arm);
    job->series = plan->layout->series[arm];
    job->n_series = plan->timeline->arms[arm].n_repeats;
    job->t_out = plan->experiment->times;
    job->n_out = plan->experiment->n_times;
    job->y = y;
}

size_t ost_plan_y_size(const ost_plan_t *plan)
{
    return plan->system->n_outputs * plan->experiment->n_times;
}

void ost_plan_to_reported_units(const ost_plan_t *plan, double *y)
{
    size_t n_times = plan->experiment->n_times;
    for (size_t o = 0; o < plan->system->n_outputs; o++)
        for (size_t t = 0; t < n_times; t++) y[o * n_times + t] /= plan->outputs->factor[o];
}

/* Whether no value has to be looked at by itself. */
static bool fits(const ost_worker_t *self, const double *y)
{
    size_t n_beyond = 0;
    for (size_t k = 0; k < ost_plan_y_size(self->plan); k++) n_beyond += !(fabs(y[k]) < self->overflow);
    return n_beyond == 0;
}

static void count_not_finite(ost_worker_t *self, const double *y)
{
    size_t n_times = self->plan->experiment->n_times;
    for (size_t o = 0; o < self->plan->system->n_outputs; o++) {
        size_t t = 0;
        while (t < n_times && isfinite(y[o * n_times + t])) t++;
        self->n_not_finite[o] += t < n_times;
    }
}

/* How many times come before the dropout: outputs after it are not observed. */
static size_t count_observed(const ost_experiment_t *e, double t_left)
{
    size_t n = 0;
    while (n < e->n_times && e->times[n] <= t_left) n++;
    return n;
}

static void drop_out(const ost_plan_t *plan, double *y, size_t n_observed)
{
    size_t n_times = plan->experiment->n_times;
    for (size_t o = 0; o < plan->system->n_outputs; o++)
        for (size_t t = n_observed; t < n_times; t++) y[o * n_times + t] = NAN;
}

/* Whether a value that is kept is infinite, or is in the precision of the file: the subject has failed then.
 * @param[out] why  [OST_MESSAGE_SIZE] which one */
static bool overflows(const ost_worker_t *self, const double *y, size_t n_observed, char *why)
{
    const ost_experiment_t *e = self->plan->experiment;
    const ost_outputs_t *outputs = self->plan->outputs;
    for (size_t v = 0; v < outputs->n_variables; v++) {
        const ost_variable_t *variable = &outputs->variables[v];
        for (size_t k = 0; k < variable->n_elements * e->n_times; k++) {
            double value = y[variable->first * e->n_times + k];
            if (k % e->n_times >= n_observed || !(fabs(value) >= self->overflow)) continue;
            const ost_index_set_t *set = variable->index_set;
            snprintf(why, OST_MESSAGE_SIZE, "output '%.60s%s%.60s%s' is %.3g %.40s at day %.10g, which is infinite %s",
                variable->name, set != NULL ? "[" : "", set != NULL ? set->elements[k / e->n_times] : "",
                set != NULL ? "]" : "", value, variable->unit_text, e->times[k % e->n_times],
                e->float64 ? "in the result file" : "as float32 (results.precision)");
            return true;
        }
    }
    return false;
}

bool ost_job_undecided(const ost_job_t *job, char *why)
{
    const ost_visit_context_t *visits = job->user;
    if (visits->undecided == NULL) return false;
    snprintf(why, OST_MESSAGE_SIZE, "'%s: %.150s' depends on what is not a number at day %.10g", visits->undecided,
        visits->undecided_text, visits->t_undecided);
    return true;
}

/* @param job  NULL: the subject failed before the arm was run @param takes_part  false: the
 * subject is not eligible, and no failure of its arms counts */
static void finish_job(ost_worker_t *self, size_t arm, size_t i, size_t n, const ost_job_t *job, bool takes_part)
{
    const ost_plan_t *plan = self->plan;
    const size_t k = arm * n + i;
    double *y = self->y + k * ost_plan_y_size(plan);
    self->steps[k] = job != NULL ? (uint32_t) job->stats.steps : 0;
    self->rejected[k] = job != NULL ? (uint32_t) job->stats.rejected : 0;
    self->messages[k] = NULL;
    ost_solver_stats_t stats = { 0 };
    if (job != NULL) stats = job->stats;
    if (!takes_part || (job != NULL && job->status != 0)) stats.ripple = 0;
    ost_solver_stats_add(&self->stats, &stats);
    self->status[k] = job != NULL ? (uint8_t) -job->status : ost_worker_failed(self, arm, i, self->text[k]);
    if (!takes_part) {
        self->status[k] = 0;
        drop_out(plan, y, 0);
        return;
    }
    if (job != NULL && self->status[k] == 0) {
        const size_t n_observed = count_observed(plan->experiment, self->dropout[i]);
        ost_plan_to_reported_units(plan, y);
        bool fine = fits(self, y);
        if (!ost_job_undecided(job, self->text[k]) && (fine || !overflows(self, y, n_observed, self->text[k]))) {
            if (!fine) count_not_finite(self, y);
            drop_out(plan, y, n_observed);
            return;
        }
        self->status[k] = (uint8_t) -OST_ERR_VALUE;
    } else if (job != NULL) {
        ost_job_message(job, plan->system, &plan->experiment->solver, self->text[k], OST_MESSAGE_SIZE);
    }
    self->failures++;
    self->messages[k] = self->text[k];
    drop_out(plan, y, 0); /* half a curve could be taken for a result */
}

/* Arms have the same subjects: who is not eligible in one, as after another treatment before time 0, takes part in
 * none.
 * @return whether it takes part */
static bool exclude(ost_worker_t *self, size_t i)
{
    const size_t n_arms = self->plan->experiment->n_arms;
    size_t n_out = 0;
    for (size_t a = 0; a < n_arms; a++) {
        const ost_visit_context_t *visits = &self->visits[a * BLOCK + i];
        n_out += ost_worker_failed(self, a, i, NULL) == 0 && visits->is_out && visits->undecided == NULL;
    }
    for (size_t a = 0; a < n_arms && n_out > 0; a++)
        if (ost_worker_failed(self, a, i, NULL) == 0) ost_visit_context_exclude(&self->visits[a * BLOCK + i]);
    return n_out == 0;
}

/* Of the first arm that it takes part in, which decides where it is enrolled. */
static int32_t stratum_of(const ost_worker_t *self, size_t i)
{
    for (size_t a = 0; a < self->plan->experiment->n_arms && self->plan->experiment->n_strata > 0; a++) {
        const ost_visit_context_t *visits = &self->visits[a * BLOCK + i];
        if (ost_worker_failed(self, a, i, NULL) == 0 && visits->is_eligible && !visits->is_out)
            return (int32_t) visits->stratum;
    }
    return -1;
}

/* Jobs in order of arms, so that neighbouring lanes share an arm. */
static int run_arms(ost_worker_t *self, size_t n, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t n_jobs = 0, n_arms = plan->experiment->n_arms;
    for (size_t k = 0; k < plan->schedules->n * n; k++) self->began[k] = self->ended[k] = NAN;
    memset(self->ripple, 0, n_arms * n * self->most_series * sizeof(*self->ripple));
    for (size_t a = 0; a < n_arms; a++) {
        for (size_t i = 0; i < n; i++) {
            if (ost_worker_failed(self, a, i, NULL) != 0) continue;
            ost_job_t *job = &self->jobs[n_jobs++];
            *job = ost_worker_job(self, i, self->t_begin[i], plan->doses->t_end, self->x1);
            ost_worker_set_arm(self, job, i, a, self->y + (a * n + i) * ost_plan_y_size(plan));
            ost_worker_set_schedules(self, job, i, n, a, self->began, self->ended);
            job->ripple = self->ripple + (a * n + i) * self->most_series;
        }
    }
    int ret = n_jobs > 0 ? ost_batch_run(self->batch, self->jobs, n_jobs, err) : 0;
    if (ret < 0) return ret;
    const ost_job_t *job = self->jobs;
    bool takes_part[BLOCK];
    for (size_t i = 0; i < n; i++) {
        takes_part[i] = exclude(self, i);
        self->not_eligible += !takes_part[i];
        self->stratum[i] = stratum_of(self, i);
    }
    for (size_t a = 0; a < n_arms; a++)
        for (size_t i = 0; i < n; i++)
            finish_job(self, a, i, n, ost_worker_failed(self, a, i, NULL) != 0 ? NULL : job++, takes_part[i]);
    return 0;
}

int ost_worker_typical_jobs(ost_worker_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    /* dosing records are those of subject 0, whichever subjects are run */
    ost_worker_draw(self, 0, 0, (ost_moved_t){ 0 });
    ost_plan_typical(plan, self->params);
    prepare(self, 1);
    int ret = ost_worker_own_events(self, 1, self->x0, err);
    for (size_t a = 0; a < plan->experiment->n_arms && ret == 0; a++) {
        self->jobs[a] = ost_worker_job(self, 0, self->t_begin[0], plan->doses->t_end, self->x0);
        ost_worker_set_arm(self, &self->jobs[a], 0, a, NULL);
        ost_worker_set_schedules(self, &self->jobs[a], 0, 1, a, self->unread, self->unread);
    }
    return ret;
}

/* Parameters of the block that are solved, of the history that was integrated last, and by how much they were moved
 * after it. */
typedef struct {
    double value[BLOCK][OST_MAX_BASELINES], change[BLOCK][OST_MAX_BASELINES];
    bool is_moved[BLOCK];
} solved_t;

/* Whether parameters were moved by more than a history could tell. */
static bool is_far(const ost_plan_t *plan, const double *params, const double *before)
{
    bool is = false;
    for (size_t j = 0; j < plan->experiment->n_baselines; j++)
        is |= fabs(params[plan->population->solved[j]] - before[j]) > SETTLED * fabs(before[j]);
    return is;
}

/* What a subject's history is integrated with next: where it depends on the parameters, the secant through the last two
 * of them meets what is given sooner. */
static void extrapolate(const ost_worker_t *self, solved_t *last, size_t i, const double *before)
{
    const ost_plan_t *plan = self->plan;
    double *params = self->params + i * plan->blocks->n_params;
    for (size_t j = 0; j < plan->experiment->n_baselines; j++) {
        const size_t k = plan->population->solved[j];
        const ost_param_t *param = ost_blocks_param(plan->blocks, k);
        const double change = params[k] - before[j],
                     slope = (change - last->change[i][j]) / (before[j] - last->value[i][j]);
        last->value[i][j] = before[j];
        last->change[i][j] = change;
        if (fabs(slope) < STEEPEST) params[k] = ost_clamp(before[j] + change / (1 - slope), param->lower, param->upper);
    }
}

/* Solve parameters for what is given at time 0. @return how many subjects have other parameters than their history */
static size_t solve(ost_worker_t *self, size_t n, int round, solved_t *last)
{
    const ost_plan_t *plan = self->plan;
    const size_t n_given = plan->experiment->n_baselines;
    size_t n_moved = 0;
    for (size_t i = 0; i < n; i++) {
        ost_error_t err = { 0 };
        double *params = self->params + i * plan->blocks->n_params, before[OST_MAX_BASELINES];
        last->is_moved[i] = false;
        if (self->subject_status[i] != 0) continue;
        for (size_t j = 0; j < n_given; j++) before[j] = params[plan->population->solved[j]];
        int ret = self->t_begin[i] < 0
                      ? ost_fail(&err, OST_ERR_VALUE, "baseline: its first dose, on day %g, is before time 0",
                            self->t_begin[i])
                      : ost_baseline_solve(self->baseline, self->covariates + i * plan->experiment->n_covariates,
                            self->x1 + i * plan->system->n_states, self->inputs + i * plan->inputs->n, params, &err);
        if (ret < 0) fail_subject(self, i, ret, "", err.what);
        if (ret <= 0 || !is_far(plan, params, before)) continue;
        n_moved += last->is_moved[i] = true;
        if (round > 0) extrapolate(self, last, i, before);
        for (size_t j = 0; j < n_given && round == 0; j++) {
            last->value[i][j] = before[j];
            last->change[i][j] = params[plan->population->solved[j]] - before[j];
        }
    }
    return n_moved;
}

int ost_worker_history(ost_worker_t *self, size_t n, ost_error_t *err)
{
    solved_t last;
    int ret = 0;
    for (int round = 0; round < MOST_HISTORIES && ret == 0; round++) {
        prepare(self, n);
        ret = run_in(self, n, err);
        if (ret < 0 || self->baseline == NULL) return ret;
        if (solve(self, n, round, &last) > 0) continue;
        prepare(self, n); /* with what moved at last, by less than is_far() */
        return 0;
    }
    for (size_t i = 0; i < n && ret == 0; i++)
        if (last.is_moved[i])
            fail_subject(
                self, i, OST_ERR_VALUE, "", "baseline: the history goes on to change with what is solved for its end");
    return ret;
}

int ost_worker_run_block(ost_worker_t *self, size_t i_block, size_t *n_subjects, ost_error_t *err)
{
    uint64_t first = (uint64_t) i_block * BLOCK, left = self->run->n_positions - first;
    size_t n = left < BLOCK ? (size_t) left : BLOCK;
    *n_subjects = n;
    self->stats = (ost_solver_stats_t){ 0 };
    self->run_in_steps = self->failures = self->not_eligible = 0;
    memset(self->n_not_finite, 0, self->plan->system->n_outputs * sizeof(*self->n_not_finite));
    draw(self, first, n);
    ost_histories_t *shared = self->baseline == NULL ? self->run->options->histories : NULL;
    if (shared != NULL) prepare(self, n);
    const bool is_found = shared != NULL && ost_histories_find(shared, self, i_block, n);
    int ret = is_found ? 0 : shared != NULL ? run_in(self, n, err) : ost_worker_history(self, n, err);
    if (ret == 0 && shared != NULL && !is_found) ost_histories_keep(shared, self, i_block, n);
    if (ret == 0) ret = ost_worker_own_events(self, n, self->x1, err);
    return ret == 0 ? run_arms(self, n, err) : ret;
}
