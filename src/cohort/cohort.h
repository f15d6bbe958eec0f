/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file cohort.h  Running a plan for a whole cohort: blocks of subjects, threads, what a run did. */
#ifndef OST_COHORT_COHORT_H
#define OST_COHORT_COHORT_H

#include "plan/plan.h"

/** Subjects of a block: a cohort is run in blocks that begin at multiples of this; the last one may be shorter. */
#define OST_COHORT_BLOCK 64

/** What a run did. */
typedef struct {
    uint64_t subjects, failures;      /**< failures: subject-arms */
    uint64_t not_eligible;            /**< subjects that are not eligible in one arm or more */
    uint64_t screened;                /**< candidates, where subjects are enrolled; of all variants */
    uint64_t *n_not_finite;           /**< [system.n_outputs] subject-arms that did not fail and yet have a NaN or an
                                         infinity in this output: its formula has no value there; owned */
    double seconds_wall, seconds_cpu; /**< time by the clock and of all threads */
    int n_threads;
    ost_isa_t isa;            /**< instruction set used */
    ost_stepper_t stepper;    /**< method used: as asked for, or chosen by `auto` */
    ost_solver_stats_t stats; /**< sums over all jobs but run-ins */
    uint64_t run_in_steps;    /**< of all run-ins */
    /** Of `dosing: periodic`, by some subjects who are run again with doses given that the run leaves out, as many as
     * fit into what the probes may take, see no_probe, at times spread over those of each series: largest difference
     * from exact dosing, extrapolated to all doses, per output row, in percent of the exact value's maximum over time;
     * NaN where not measured. Of outputs that follow a dose for days only what the doses before them do is seen.
     * [system.n_outputs], owned */
    double *periodic_error;
    size_t n_periodic_probed; /**< subjects of each arm */
    double ripple_probed;     /**< the largest stats.ripple of those subjects */
    double periodic_share;    /**< part of the doses left out that were given, 0..1; NAN where not measured */
    /** Of the solver's tolerance and longest step, measured by running some subjects again at a tenth of the one
     * and 0.37 of the other, run-in and all (and on, to a hundredth of that tolerance and less, until they take a fifth
     * more steps): as periodic_error; of how much is asked for, not of what the model leaves out. NaN at the least
     * tolerance. [system.n_outputs], owned */
    double *solver_error;
    size_t n_solver_probed; /**< subjects of each arm */
    uint64_t probe_steps;   /**< what measuring them took: steps, rejected ones and run-ins included */
    bool interrupted;       /**< ended early by `progress` or `stop` */
} ost_cohort_summary_t;

/** Make the arrays of a summary that is otherwise zero: nothing is measured yet. Free it in any case.
 *  @return 0 or OST_ERR_NO_MEMORY */
int ost_cohort_summary_init(ost_cohort_summary_t *self, size_t n_outputs, ost_error_t *err) OST_MUST_CHECK;
/** Take over the errors that were measured on another block: the larger of each, so that the order of blocks and
 * repetitions change nothing. */
void ost_cohort_summary_add_probed(ost_cohort_summary_t *self, const ost_cohort_summary_t *block, size_t n_outputs);

/** periodic_error of output row o, for the worst of all subjects of the run: errors are about proportional to how much
 * drugs make rates vary from dose to dose, stats.ripple (assumed; true over estimated errors of BMD of 74 shipped
 * experiments: 0.04 to 5, median 0.8). */
double ost_cohort_summary_periodic_error(const ost_cohort_summary_t *self, size_t o);

/** A finished block of consecutive subjects, all arms; borrowed for the call. */
typedef struct {
    const ost_plan_t *plan; /**< that it was run by */
    uint64_t first; /**< position of its first subject among those of the run, counted from 0, all variants included */
    size_t n_subjects;
    const uint64_t *subject; /**< [n_subjects] their numbers in the seed's stream */
    const int32_t *stratum;  /**< [n_subjects] index of the stratum of each, -1: none, or it failed before time 0 */
    const double
        *y; /**< [n_arms][n_subjects][system.n_outputs][n_times], reported units; NaN where there is no value */
    const uint8_t *status;            /**< [n_arms][n_subjects] 0 ok, else -OST_ERR_ code */
    const uint32_t *steps, *rejected; /**< [n_arms][n_subjects] */
    const double *covariates;         /**< [n_subjects][n_covariates] internal units */
    const double *params;             /**< [n_subjects][n_params] internal units */
    const char *const *messages;      /**< [n_arms][n_subjects], NULL where ok */
    const double *began; /**< [plan->schedules->n][n_subjects] when each began the doses for the first time, d; NaN
                            where never, or not eligible; of a subject that failed, until it did */
    const double *ended; /**< the same of when they ended */
    const ost_solver_stats_t *stats;    /**< sums over its jobs but run-ins */
    uint64_t run_in_steps, failures;    /**< of its run-ins; subject-arms */
    uint64_t not_eligible;              /**< subjects that are not eligible in one arm or more */
    const uint64_t *n_not_finite;       /**< [system.n_outputs] as in the summary, of this block */
    const ost_cohort_summary_t *probed; /**< errors that were measured on this block; NULL: on others, or not */
} ost_cohort_block_t;

/** How far a run is. */
typedef struct {
    uint64_t subjects_done, subjects; /**< finished and to be run, without those left out */
    uint64_t failures;                /**< subject-arms */
    double seconds;                   /**< since the start, by the clock */
} ost_progress_t;

/** Histories before treatment of the same subjects, shared by runs that follow each other or go on side by side. */
typedef struct ost_histories ost_histories_t;
/** For runs of so many subjects each, whose models are of one library. @return owned by the caller, NULL: out of memory
 */
ost_histories_t *ost_histories_new(uint64_t n_subjects);
/** Subjects whose history was taken from another run. @param self  NULL: 0 */
uint64_t ost_histories_n_shared(const ost_histories_t *self);
/** Accepts NULL. */
void ost_histories_delete(ost_histories_t *self);

/** How to run a cohort. */
typedef struct {
    int n_threads;            /**< 0: all that the process may use */
    uint64_t first;           /**< first subject to run, counted from 0 in the cohort */
    uint64_t n;               /**< subjects to run, 0: the experiment's number of them */
    const uint64_t *subjects; /**< [n] which ones, as numbers in the cohort; NULL: n from `first` on. Borrowed */
    /** Variants of the typical parameters, [n_variants][plan->blocks->n_params] in internal units, borrowed; start from
     * ost_plan_typical() and stay within the parameters' ranges. The same subjects are run for each of them, in one
     * run: position v x n + k is subject first + k of variant v. NULL: once, as planned. */
    const double *variants;
    size_t n_variants; /**< used where variants is not NULL */
    /** SDs of their BSV, [n_variants][plan->blocks->n_params], as ost_moved_t has them. NULL: as planned. Borrowed */
    const double *variant_sds;
    /** A block's history is integrated once by all runs that are given the same of these, where all that it depends on
     * is the same; each has the bits that it has alone. NULL: each run integrates its own; borrowed */
    ost_histories_t *histories;
    bool no_probe; /**< leave periodic_error and solver_error at NaN: for repeated runs, as of a fit. The probes take at
                      most 4 % of the processor time of a run of 1,000 subjects or more, on up to three threads, and as
                      much as 20 subjects or some hundredths of a second of a smaller one */
    /** Called by one thread at a time, blocks in any order. A negative return stops the run with that code. May be
     * NULL. */
    int (*sink)(void *user, const ost_cohort_block_t *block, ost_error_t *err);
    bool parallel_sink; /**< sink may be called by several threads at a time, and is */
    /** Candidates that are screened at most until n take part, whether or not the experiment enrolls; no arm is run.
     * 0: the run */
    uint64_t n_screened;
    const bool *done; /**< [number of blocks] true where a block is left out, as one that an earlier run did; NULL: none
                       */
    /** Called by one thread at a time after each block. Non-zero stops the run early, keeping what is done. May be
     * NULL. */
    int (*progress)(void *user, const ost_progress_t *progress);
    void *user; /**< handed to both */
    /** Looked at every few steps of the solver: once true, the run ends early without the blocks in hand. NULL: none;
     * borrowed. */
    const atomic_bool *stop;
} ost_cohort_options_t;

/** Simulate the whole cohort. Memory does not depend on the number of subjects.
 *  @return 0 also when single subjects failed (see summary) */
int ost_cohort_run(const ost_plan_t *plan, const ost_cohort_options_t *options, ost_cohort_summary_t *summary,
    ost_error_t *err) OST_MUST_CHECK;
/** That a subject takes part: screen subjects up to time 0, at most so many, until one is eligible and has not failed.
 * @return 0; OST_ERR_VALUE: none, and what became of them; or an error of the run */
int ost_cohort_find_any(const ost_plan_t *plan, uint64_t most, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL and a zeroed one. */
void ost_cohort_summary_free(ost_cohort_summary_t *self);

#endif
