/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How exact a run is: some subjects of its first blocks once more, with doses given that it leaves out, and at smaller
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
/* Steps of a dose: of a block in closed form, and of another (measured: exemestane). */
#define STEPS_OF_DOSE 5
#define STEPS_OF_OTHER 12
/* Doses are given at so many times of each job at most, each for as many days at least. */
#define MOST_LIVE 12
#define LEAST_DAYS 2.0

/* A subject once more in one arm. */
typedef struct {
    size_t arm, subject;       /* subject: of the block */
    double live[MOST_LIVE][2]; /* when all doses are given, d */
    size_t n_live;
    double apart; /* days from one of those times to the next */
} sample_t;

/* Some subjects once more, in another way that is more exact. */
typedef struct {
    ost_batch_t *batch;
    double *x1;        /* [subjects of the block][n_states] at the start of the arms */
    double *error;     /* [n_outputs], percent */
    sample_t *samples; /* [n_samples], those of an arm in a row */
    size_t n_samples;
    double ripple;                /* the largest of these subjects */
    uint64_t steps, steps_before; /* of these subjects, in this way and in the run */
    uint64_t doses_kept, doses;   /* of those that the run leaves out, and all of these */
} probe_t;

static bool is_between(const sample_t *sample, double t)
{
    bool is = false;
    for (size_t k = 0; k < sample->n_live; k++) is |= t > sample->live[k][0] && t <= sample->live[k][1];
    return is;
}

/* Largest difference of one output row over time, in percent of the exact maximum; NAN where all is 0 or nothing is
 * observed. Where a share of the doses is given, what they change later is that share of what all doses would, on
 * average over the time from some of these doses to the next. */
static double row_error(
    const sample_t *sample, double share, const double *times, size_t n_times, const double *y, const double *exact)
{
    double off = 0, largest = 0, sum = 0, n = 0;
    for (size_t t = 0, first = 0; t < n_times; t++) {
        if (isnan(y[t] - exact[t])) continue; /* not observed */
        largest = fmax(largest, fabs(exact[t]));
        if (is_between(sample, times[t])) {
            off = fmax(off, fabs(y[t] - exact[t]));
            continue;
        }
        for (; first < t && times[first] <= times[t] - sample->apart; first++) {
            if (isnan(y[first] - exact[first]) || is_between(sample, times[first])) continue;
            sum -= y[first] - exact[first];
            n--;
        }
        sum += y[t] - exact[t];
        n++;
        off = fmax(off, fabs(sum / n) / share);
    }
    return largest > 0 ? 100 * off / largest : NAN;
}

static void add_sample(const ost_worker_t *self, probe_t *probe, size_t n, size_t arm, size_t i)
{
    if (self->status[arm * n + i] != 0 || !(self->t_begin[i] < self->plan->doses->t_end)) return;
    probe->samples[probe->n_samples++] = (sample_t){ .arm = arm, .subject = i };
    probe->steps_before += self->steps[arm * n + i];
}

/* Integrate n_jobs jobs and count what that takes. */
static int run_jobs(ost_worker_t *self, const probe_t *probe, size_t n_jobs, ost_error_t *err)
{
    int ret = n_jobs > 0 ? ost_batch_run(probe->batch, self->jobs, n_jobs, err) : 0;
    for (size_t k = 0; ret == 0 && k < n_jobs; k++)
        self->probed.probe_steps += self->jobs[k].stats.steps + self->jobs[k].stats.rejected;
    return ret;
}

static const double *ripple_of(const ost_worker_t *self, size_t n, size_t arm, size_t i, size_t series)
{
    return &self->ripple[(arm * n + i) * self->most_series + series];
}

/* Note how one job differs from the run. */
static void compare(ost_worker_t *self, probe_t *probe, size_t n, const sample_t *sample, const ost_job_t *job)
{
    const ost_plan_t *plan = self->plan;
    const size_t a = sample->arm, n_times = plan->experiment->n_times;
    const double *y = self->y + (a * n + sample->subject) * ost_plan_y_size(plan);
    const uint64_t doses = job->doses_kept + job->stats.doses_skipped;
    const double share = sample->n_live > 0 && doses > 0 ? (double) job->doses_kept / (double) doses : 1;
    probe->steps += job->stats.steps;
    for (size_t r = 0; r < job->n_series; r++)
        probe->ripple = fmax(probe->ripple, *ripple_of(self, n, a, sample->subject, r));
    probe->doses_kept += job->doses_kept;
    probe->doses += doses;
    ost_plan_to_reported_units(plan, job->y);
    for (size_t o = 0; o < plan->system->n_outputs && share > 0; o++) {
        if (plan->timeline->arms[a].n_repeats > 0 && plan->inputs->hold[plan->outputs->block[o]] >= 0) continue;
        probe->error[o] = fmax(probe->error[o],
            row_error(sample, share, plan->experiment->times, n_times, y + o * n_times, job->y + o * n_times));
    }
}

/* @return how many subjects did not fail in an arm, at most, or a negative code */
static int run_samples(ost_worker_t *self, probe_t *probe, size_t n, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    int n_right = 0, most = 0;
    for (size_t k = 0; k < probe->n_samples; k++) {
        const sample_t *sample = &probe->samples[k];
        const size_t i = sample->subject;
        ost_job_t *job = &self->jobs[k];
        *job = ost_worker_job(self, i, self->t_begin[i], plan->doses->t_end, probe->x1);
        ost_worker_set_arm(self, job, i, sample->arm, self->probe + k * ost_plan_y_size(plan));
        ost_worker_set_schedules(self, job, i, n, sample->arm, self->unread, self->unread);
        job->live = sample->live[0];
        job->n_live = sample->n_live;
    }
    int ret = run_jobs(self, probe, probe->n_samples, err);
    if (ret < 0) return ret;
    for (size_t k = 0; k < probe->n_samples; k++) {
        if (k > 0 && probe->samples[k].arm != probe->samples[k - 1].arm) n_right = 0;
        if (self->jobs[k].status != 0) continue;
        compare(self, probe, n, &probe->samples[k], &self->jobs[k]);
        if (++n_right > most) most = n_right;
    }
    return most;
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

/* From when to when a subject takes the doses of a repeat of an arm. @return for how many days */
static double find_time(const ost_worker_t *self, size_t n, size_t arm, size_t i, size_t repeat, double *from)
{
    const ost_plan_t *plan = self->plan;
    const ost_repeat_t *r = &plan->timeline->arms[arm].repeats[repeat];
    double to = r->t_last + r->interval;
    *from = r->t_first;
    for (size_t c = plan->schedules->first[arm]; c < plan->schedules->first[arm + 1]; c++)
        if (plan->timeline->repeat_of_schedule[c] == (int32_t) repeat) {
            *from = self->began[c * n + i]; /* NAN: never */
            to = self->ended[c * n + i];    /* NAN: not before t_end */
        }
    return fmax(fmin(to, plan->doses->t_end) - *from, 0);
}

/* Add up to `most` eligible subjects of an arm: three whose rates differ most from their means just before a dose of
 * each series in turn, as these err most, then the first, and so on. */
static void choose(const ost_worker_t *self, probe_t *probe, size_t n, size_t arm, size_t most)
{
    bool is_taken[OST_COHORT_BLOCK] = { false };
    for (size_t k = 0; k < most; k++) {
        size_t best = n, series = (k - k / 4) % self->plan->timeline->arms[arm].n_repeats;
        for (size_t i = 0; i < n; i++) {
            if (is_taken[i] || self->visits[arm * OST_COHORT_BLOCK + i].is_out) continue;
            if (best == n ||
                (k % 4 < 3 && *ripple_of(self, n, arm, i, series) > *ripple_of(self, n, arm, best, series)))
                best = i;
        }
        if (best == n) return;
        is_taken[best] = true;
        add_sample(self, probe, n, arm, best);
    }
}

/* Outputs at which times of doses may end. */
typedef enum { AT_NONE, AT_EVERY_OTHER, AT_ANY } at_output_t;

/* When doses that are given for some days of a longer time end: at an output, or as long before the next one as can be,
 * as what bone does at once when they begin and end is no part of what it does in the long run. */
static double find_end(const ost_experiment_t *e, double from, double days, double length, at_output_t at)
{
    double end = from + 0.5 * (days + length);
    for (size_t t = e->n_times; t-- > 0;) {
        if (e->times[t] <= from || e->times[t] > from + days) continue;
        if (at == AT_ANY || (at == AT_EVERY_OTHER && (e->n_times - t) % 2 == 0)) return e->times[t];
        if (at == AT_NONE && e->times[t] <= from + days - length) end = e->times[t] + length;
    }
    return end;
}

/* Give a share of the doses of each repeat, spread over its time, or of as many repeats as there are times. Every other
 * of these ends at an output, or all do, which shows what the last days' doses change. */
static void spread(const ost_worker_t *self, size_t n, double share, bool all_at_outputs, sample_t *sample)
{
    const ost_experiment_t *e = self->plan->experiment;
    const ost_arm_timeline_t *arm = &self->plan->timeline->arms[sample->arm];
    sample->n_live = 0;
    sample->apart = 0;
    if (!(share < 1)) {
        sample->live[0][0] = -INFINITY;
        sample->live[sample->n_live++][1] = INFINITY;
    }
    for (size_t r = 0; r < arm->n_repeats && share < 1; r++) {
        if (r * MOST_LIVE / arm->n_repeats == (r + 1) * MOST_LIVE / arm->n_repeats) continue;
        double from, days = find_time(self, n, sample->arm, sample->subject, r, &from);
        const double n_times = floor(fmax(1, fmin(share * days / LEAST_DAYS, MOST_LIVE / (double) arm->n_repeats))),
                     apart = days / n_times, length = fmax(share * apart, arm->repeats[r].interval);
        sample->apart = fmax(sample->apart, apart);
        for (double k = 0; k < n_times && days > 0 && sample->n_live < MOST_LIVE; k++) {
            double *live = sample->live[sample->n_live++];
            const bool is_other = n_times > 2 && fmod(k, 2) == 1;
            const at_output_t at = all_at_outputs ? AT_ANY : is_other ? AT_EVERY_OTHER : AT_NONE;
            /* the first doses too, which a run gives for some time */
            live[1] = k == 0 && n_times > 1 ? from + length : find_end(e, from + k * apart, apart, length, at);
            live[0] = live[1] - length;
        }
    }
}

static bool sees_output(const ost_experiment_t *e, const sample_t *sample)
{
    bool sees = false;
    for (size_t t = 0; t < e->n_times; t++) sees |= is_between(sample, e->times[t]);
    return sees;
}

/* Steps that all doses take which are given at any time of a repeat, summed over the repeats of a sample: as `live`
 * gives the doses of all. */
static double dosing_steps(const ost_worker_t *self, size_t n, const sample_t *sample)
{
    const ost_arm_timeline_t *arm = &self->plan->timeline->arms[sample->arm];
    double steps = 0, from, from_other;
    for (size_t r = 0; r < arm->n_repeats; r++) {
        const bool closed = self->plan->layout->series[sample->arm][r].ripple_input >= 0;
        const double days = find_time(self, n, sample->arm, sample->subject, r, &from);
        for (size_t k = 0; k < arm->n_repeats; k++) {
            const double others = find_time(self, n, sample->arm, sample->subject, k, &from_other);
            const double common = fmin(from + days, from_other + others) - fmax(from, from_other);
            if (common > 0) steps += (closed ? STEPS_OF_DOSE : STEPS_OF_OTHER) * common / arm->repeats[r].interval;
        }
    }
    return steps;
}

/* As many subjects of each arm with repeats as half of the steps that may be taken allow, or as fill the lanes, and as
 * many of their doses as the rest does. */
static int probe_doses(ost_worker_t *self, probe_t *probe, size_t n, size_t n_given, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const double budget = dosing_budget(self, n);
    const size_t fill = (OST_LANE_COUNT + n_given - 1) / n_given;
    double all = 0;
    for (size_t most = OST_N_PROBED; most > 0; most--) {
        probe->n_samples = 0;
        probe->steps_before = 0;
        for (size_t a = 0; a < plan->experiment->n_arms; a++)
            if (plan->timeline->arms[a].n_repeats > 0) choose(self, probe, n, a, most);
        if (most <= fill || (double) probe->steps_before < budget / 2) break;
    }
    for (size_t k = 0; k < probe->n_samples; k++) all += dosing_steps(self, n, &probe->samples[k]);
    const double left = fmax(budget - (double) probe->steps_before, budget / 4);
    for (size_t k = 0; k < probe->n_samples; k++) {
        sample_t *sample = &probe->samples[k];
        spread(self, n, left / all, false, sample);
        /* where outputs are few, every other subject shows them at the end of doses, the others long after them */
        if (k % 2 == 1 && !sees_output(plan->experiment, sample)) spread(self, n, left / all, true, sample);
    }
    return run_samples(self, probe, n, err);
}

static int new_samples(const ost_worker_t *self, probe_t *probe, ost_error_t *err)
{
    probe->samples = malloc((self->plan->experiment->n_arms * OST_N_PROBED + 1) * sizeof(*probe->samples));
    return probe->samples != NULL ? 0 : ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the probe of a run");
}

/* What periodic dosing costs in exactness: with doses given that the run leaves out. */
static int probe_dosing(ost_worker_t *self, size_t n, ost_error_t *err)
{
    size_t n_given = 0;
    probe_t probe = { .batch = self->batch, .x1 = self->x1, .error = self->probed.periodic_error };
    for (size_t a = 0; a < self->plan->experiment->n_arms; a++) n_given += self->plan->timeline->arms[a].n_repeats > 0;
    int ret = new_samples(self, &probe, err);
    if (ret == 0 && n_given > 0) ret = probe_doses(self, &probe, n, n_given, err);
    if (ret > 0) self->probed.n_periodic_probed = (size_t) ret;
    if (ret > 0) self->probed.periodic_share = probe.doses > 0 ? (double) probe.doses_kept / (double) probe.doses : 1;
    self->probed.ripple_probed = probe.ripple;
    free(probe.samples);
    return ret < 0 ? ret : 0;
}

/* Run every N_SOLVER_PROBES-th arm from `first` on at another tolerance.
 * @param[in,out] taken  as many subjects of the run as this took is added
 * @return 1 if the first subjects take more steps than in the run, and so show what its own tolerance costs; 0 if they
 * do not, or a negative code */
static int probe_tolerance(ost_worker_t *self, size_t first, size_t n, double rtol, double *taken, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    ost_solver_options_t options = self->run->solver;
    options.rtol = rtol;
    options.n_looks = N_LOOKS;
    options.h_max = fmax(STEP_LIMIT * options.h_max, 2 * options.h_min);
    size_t n_probed = n < OST_N_PROBED ? n : OST_N_PROBED, of[OST_COHORT_BLOCK];
    probe_t probe = { .x1 = malloc((n_probed * plan->system->n_states + 1) * sizeof(double)),
        .error = self->probed.solver_error };
    int ret = probe.x1 != NULL ? new_samples(self, &probe, err)
                               : ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a probe of the tolerance");
    if (ret == 0) ret = ost_batch_new(&probe.batch, plan->system, &options, err);
    size_t n_jobs = ret == 0 ? ost_worker_run_in_jobs(self, n_probed, probe.x1, of) : 0;
    if (ret == 0) ret = run_jobs(self, &probe, n_jobs, err);
    if (ret == 0) ost_worker_clear_integrals(plan, n_jobs, of, probe.x1);
    for (size_t a = first; ret == 0 && a < plan->experiment->n_arms; a += N_SOLVER_PROBES)
        for (size_t i = 0; i < n_probed; i++) add_sample(self, &probe, n, a, i);
    if (ret == 0) ret = run_samples(self, &probe, n, err);
    if (ret > (int) self->probed.n_solver_probed) self->probed.n_solver_probed = (size_t) ret;
    ost_batch_delete(probe.batch);
    free(probe.x1);
    free(probe.samples);
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
    self->probed.ripple_probed = 0;
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
