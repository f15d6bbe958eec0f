/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running a cohort: blocks of subjects go to threads as they come; each thread runs a block (block.c) and hands it to
 * the sink; one thread at a time counts it. */
#include "cohort/block.h"
#include "cohort/cohort.h"
#include "cohort/enroll.h"
#include "cohort/probe.h"

#include <math.h>
#include <time.h>

#define BLOCK OST_COHORT_BLOCK

static double wall_seconds(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* Hand a finished block over. @return 0 or the error of the sink */
static int deliver(ost_worker_t *self, size_t i_block, size_t n, ost_error_t *err)
{
    const ost_cohort_options_t *options = self->run->options;
    const ost_cohort_block_t block = {
        .plan = self->plan,
        .first = (uint64_t) i_block * BLOCK,
        .n_subjects = n,
        .subject = self->subject,
        .stratum = self->stratum,
        .y = self->y,
        .status = self->status,
        .steps = self->steps,
        .rejected = self->rejected,
        .covariates = self->covariates,
        .params = self->params,
        .messages = self->messages,
        .began = self->began,
        .ended = self->ended,
        .stats = &self->stats,
        .run_in_steps = self->run_in_steps,
        .failures = self->failures,
        .not_eligible = self->not_eligible,
        .n_not_finite = self->n_not_finite,
        .probed = i_block < ost_run_n_probed(self->run) ? &self->probed : NULL,
    };
    return options->sink != NULL ? options->sink(options->user, &block, err) : 0;
}

/* Count a block that was delivered; one thread at a time. */
static void tally(ost_worker_t *self, size_t i_block, size_t n)
{
    const size_t n_outputs = self->plan->system->n_outputs;
    ost_run_t *run = self->run;
    ost_cohort_summary_t *summary = run->summary;
    const ost_cohort_options_t *options = run->options;
    summary->subjects += n;
    summary->failures += self->failures;
    summary->not_eligible += self->not_eligible;
    for (size_t o = 0; o < n_outputs; o++) summary->n_not_finite[o] += self->n_not_finite[o];
    summary->run_in_steps += self->run_in_steps;
    if (i_block < ost_run_n_probed(run)) ost_cohort_summary_add_probed(summary, &self->probed, n_outputs);
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

/* One thread of this run at a time; another run, also one that a sink begins, has a lock of its own. */
static void lock(ost_run_t *run, bool is_begin)
{
#ifdef _OPENMP
    if (is_begin)
        omp_set_lock(&run->lock);
    else
        omp_unset_lock(&run->lock);
#else
    (void) run;
    (void) is_begin;
#endif
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
        if (more) ret = ost_worker_run_block(&self, i_block, &n, &err);
        if (more && ret == 0 && i_block < ost_run_n_probed(run)) ret = ost_worker_probe(&self, i_block, n, &err);
        if (more && ret == 0 && !alone) ret = deliver(&self, i_block, n, &err);
        lock(run, true);
        if (more && ret == 0 && run->ret == 0 && alone) ret = deliver(&self, i_block, n, &err);
        if (more && ret == 0 && run->ret == 0) tally(&self, i_block, n);
        if (ret < 0) atomic_store(&run->stop, true);
        if (ret < 0 && ret != OST_ERR_STOPPED && run->ret == 0) {
            run->ret = ret;
            if (run->err != NULL) *run->err = err;
        }
        lock(run, false);
    }
    ost_worker_free(&self);
}

/* `auto`: the method that integrates the typical subject in all arms with the least work, so that every subject, and
 * every part of a cohort, is integrated alike. */
static int choose_stepper(ost_run_t *run, ost_error_t *err)
{
    const ost_plan_t *plan = run->plan;
    run->solver = plan->experiment->solver;
    run->solver.stop = run->options->stop;
    run->summary->stepper = run->solver.stepper;
    if (run->solver.stepper != OST_STEPPER_AUTO) return 0;
    run->solver.stepper = OST_STEPPER_RODAS5P; /* of a batch that is not used */
    ost_worker_t self;
    int ret = ost_worker_init(&self, run, err);
    if (ret == 0) ret = ost_worker_typical_jobs(&self, err);
    if (ret == 0)
        ret = ost_stepper_choose(
            &run->solver.stepper, plan->system, &run->solver, self.jobs, plan->experiment->n_arms, err);
    run->summary->stepper = run->solver.stepper;
    ost_worker_free(&self);
    return ret;
}

static int thread_count(const ost_cohort_options_t *options)
{
#ifdef _OPENMP
    return options->n_threads > 0 ? options->n_threads : omp_get_max_threads();
#else
    (void) options;
    return 1;
#endif
}

int ost_cohort_run(
    const ost_plan_t *plan, const ost_cohort_options_t *options, ost_cohort_summary_t *summary, ost_error_t *err)
{
    const ost_cohort_options_t none = { 0 };
    if (options == NULL) options = &none;
    uint64_t n_subjects = options->n > 0 ? options->n : plan->experiment->n_subjects;
    uint64_t n_positions = n_subjects * (options->variants != NULL ? options->n_variants : 1);
    *summary = (ost_cohort_summary_t){ .isa = plan->experiment->solver.isa };
    if (!ost_isa_is_usable(summary->isa))
        return ost_fail(err, OST_ERR_VALUE, "the instruction set %s is not available on this machine; the widest is %s",
            ost_isa_name(summary->isa), ost_isa_name(ost_isa_best()));
    ost_run_t run = {
        .plan = plan,
        .options = options,
        .summary = summary,
        .t_wall = wall_seconds(),
        .n_subjects = n_subjects,
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
    int ret = ost_cohort_summary_init(summary, plan->system->n_outputs, err);
    if (ret == 0) ret = choose_stepper(&run, err);
    const int n_threads = thread_count(options);
    summary->n_threads = (size_t) n_threads > run.n_blocks ? (int) run.n_blocks : n_threads;
    if (ret == 0 && run.n_wanted > 0) ret = ost_run_enroll(&run, n_threads, err); /* of more blocks than are run */
    if (options->n_screened > 0 || (ret < 0 && ret != OST_ERR_STOPPED)) {
        ost_run_dismiss(&run);
        return ret;
    }
    if (ret == OST_ERR_STOPPED) summary->n_threads = 0;
    if (summary->n_threads > 0) {
#ifdef _OPENMP
        omp_init_lock(&run.lock);
#pragma omp parallel num_threads(summary->n_threads)
        work(&run);
        omp_destroy_lock(&run.lock);
#else
        work(&run);
#endif
    }
    ost_run_dismiss(&run);
    summary->interrupted = run.ret == 0 && summary->subjects < run.n_wanted;
    summary->seconds_cpu = (double) (clock() - t_cpu) / CLOCKS_PER_SEC;
    summary->seconds_wall = wall_seconds() - run.t_wall;
    return run.ret;
}

int ost_cohort_find_any(const ost_plan_t *plan, uint64_t most, ost_error_t *err)
{
    ost_cohort_summary_t summary = { 0 };
    const ost_cohort_options_t options = { .n = 1, .n_screened = most, .no_probe = true };
    int ret = ost_cohort_run(plan, &options, &summary, err);
    ost_cohort_summary_free(&summary);
    return ret;
}
