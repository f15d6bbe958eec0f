/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file solve.h  Lane-batched integration of one system for many subjects.
 *  The solver knows nothing of bones or drugs: it sees a system (functions over lanes), jobs (one subject in one arm)
 * and events. Lanes never mix: a job's bits do not depend on its batch mates. */
#ifndef OST_SOLVE_SOLVE_H
#define OST_SOLVE_SOLVE_H

#include "core/error.h"
#include "core/isa.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Subjects integrated side by side. Every array called "rows" below is [n][OST_LANE_COUNT] doubles, 64-byte aligned.
 */
#ifndef OST_LANE_COUNT
#define OST_LANE_COUNT 8
#endif

/** One evaluation point of all lanes; rows, borrowed for the call. */
typedef struct {
    const double *t;    /**< [1 row] d */
    const double *x;    /**< [n_states rows] */
    const double *p;    /**< [n_constants rows] per-subject constants (hoisted parameters), changed by events only */
    const double *u;    /**< [n_inputs rows] piecewise constant inputs, changed by events only */
    const double *mode; /**< [n_switches rows] 1.0 / 0.0, constant during a step */
    double *scratch;    /**< [n_scratch rows] for the system's own use, 0 at first */
    bool skips_forced;  /**< rhs() may leave rates of forced states as they are: they are known in all lanes */
    bool skips_held; /**< rhs() may skip what is held in all lanes (ost_held_t): its rows are those of the last call */
    double level;    /**< of the system's own use, 0: at which of two levels of its drives it looks, -1 or 1 */
} ost_point_t;

/** States that stand still where the input `hold` is not 0 and those of `rate` are: their rates are 0, and so are all
 * entries of the Jacobian in their rows and columns. Methods with a Jacobian leave them out of steps in which they
 * stand still in all lanes. */
typedef struct {
    uint32_t hold;            /**< index of an input */
    const uint32_t *state;    /**< [n_states] */
    const uint32_t *rate;     /**< [n_rates] indices of inputs that are added to their rates */
    size_t n_states, n_rates; /**< numbers of each */
} ost_held_t;

/** States of a linear part at most. */
#define OST_LINEAR_MAX 8

/** States whose rates are A x + b in them: A and b change with `input` and the constants alone, as long as no input of
 * `condition` is 0.
 * Methods over lanes then follow them in closed form, exactly but for rounding, and steps are as long as the other
 * states allow; else, and where the solution is ill-conditioned or oscillates, they are integrated as the others are.
 * What flows from them into other states, with coefficients that are constant as A is, is integrated in closed form
 * too, and steps follow what is left of those: a depot of a drug that fills within hours and empties over years. */
typedef struct {
    const uint32_t *state;     /**< [n_states] a state is in one part at most */
    const uint32_t *fed;       /**< [n_fed] other states; n_states + n_fed is at most OST_LINEAR_MAX */
    const uint32_t *flow;      /**< [n_flows] entries of the Jacobian: rates of `fed` by `state` */
    const uint32_t *input;     /**< [n_inputs] indices of inputs */
    const uint32_t *condition; /**< [n_conditions] indices of inputs */
    size_t n_states, n_fed, n_flows, n_inputs, n_conditions; /**< numbers of each */
} ost_linear_t;

/** Such states at most. */
#define OST_FORCED_MAX 8

/** A state whose rate is lambda x + g, where lambda changes with the constants alone, and g depends on time, constants,
 * inputs and states of linear parts alone. Where lambda is negative and those parts are in closed form, methods over
 * lanes know such a state at any time of a step, from g at a few points, and steps are as long as the other states
 * allow; else it is integrated as the others are. */
typedef struct {
    uint32_t state;       /**< its index; it is in no linear part */
    uint32_t entry;       /**< of the Jacobian that is lambda */
    const uint32_t *part; /**< [n_parts] indices of the linear parts that g depends on */
    const uint32_t *held; /**< [n_parts] inputs: where not 0, g does not depend on that part */
    size_t n_parts;
} ost_forced_t;

/** A system x' = f(t, x) in semi-explicit form: besides its states it may name algebraic quantities (signals), each an
 * explicit function of states, time and earlier algebraic quantities. rhs() computes them itself; they appear in the
 * Jacobian as extra unknowns n_states.., so that the chain rule is part of the one sparse elimination. Read-only,
 * shared by threads. */
typedef struct {
    size_t n_states, n_algebraic, n_constants, n_inputs, n_switches, n_outputs, n_scratch; /**< numbers of rows */
    size_t n_entries;     /**< of the Jacobian; each place at most once */
    const uint32_t *row;  /**< [n_entries] 0 .. n_states + n_algebraic - 1 */
    const uint32_t *col;  /**< [n_entries] same, or n_states + n_algebraic: the partial derivative by time */
    const double *scale;  /**< [n_states] typical size > 0; INFINITY takes a state out of error control (quadratures) */
    const bool *positive; /**< [n_states] true where a value below -10 atol is a failure */
    const ost_linear_t *linear; /**< [n_linear] parts in closed form */
    size_t n_linear;
    const ost_forced_t *forced; /**< [n_forced] each state once, OST_FORCED_MAX at most */
    size_t n_forced;
    const ost_held_t *held; /**< [n_held] */
    size_t n_held;
    const uint32_t *switch_state; /**< [n_switch_states] all that conditions depend on; NULL: they may on any */
    size_t n_switch_states;
    const char *const *state_names;  /**< [n_states] for messages */
    const char *const *switch_names; /**< [n_switches] for messages, NULL: none has a name */
    /** f [n_states rows] */
    void (*rhs)(const void *self, const ost_point_t *at, double *f);
    /** f [n_states rows] of forced states; may leave the others as they are. NULL without forced states. */
    void (*forced_rates)(const void *self, const ost_point_t *at, double *f);
    /** f as rhs() to rounding, and entries [n_entries rows]: partial derivatives of f in a state row, of the explicit
     * function g (signal = g) in an algebraic row. */
    void (*jacobian)(const void *self, const ost_point_t *at, double *f, double *entries);
    /** g [n_switches rows], condition holds where g >= 0 */
    void (*switches)(const void *self, const ost_point_t *at, double *g);
    /** y [n_outputs rows] */
    void (*outputs)(const void *self, const ost_point_t *at, double *y);
    const void *self; /**< handed to the functions */
} ost_system_t;

/** What an event does. */
typedef enum {
    OST_EVENT_ADD_STATE,     /**< x[index] += amount (bolus) */
    OST_EVENT_SET_STATE,     /**< x[index] = amount */
    OST_EVENT_SET_INPUT,     /**< u[index] = amount from now on (infusion starts and ends, changes of inputs) */
    OST_EVENT_SET_CONSTANTS, /**< p = sets[index] from now on; not in jobs with series */
    OST_EVENT_RESET,         /**< all states are what they were at the job's t0 */
    OST_EVENT_OUTPUT, /**< outputs of t_out[index] are written here, after the events of that time that come before;
                           nothing happens where the job's y is NULL */
    OST_EVENT_STOP    /**< nothing changes; the step just ends here */
} ost_event_kind_t;

/** Something that happens at a time. Lists are sorted by time; events at one time act in list order, all after any
 * output due at that time (an output at a dose is the value before it). Windows are half-open: [start, stop). */
typedef struct {
    double t;              /**< d */
    ost_event_kind_t kind; /**< what happens */
    uint32_t index;        /**< of the state, input, set of constants or output time */
    double amount;         /**< internal units */
    int32_t series;        /**< the dose series it belongs to, or -1 */
} ost_event_t;

/** A regular series of equal doses, whose block may be held at periodic steady state. Doses are given one by one until
 * what is still to come of the block's states just before a dose, summed over the intervals to come, is below
 * `tolerance` of them (a geometric tail, extrapolated by Aitken's rule). There they are moved to their limits; if a
 * dose later they are within the square of `tolerance` of them, the block is held: hold_input is set to 1, its states
 * stand still, its drives are replaced by their means over that interval (mean_input), the remaining doses but the last
 * are skipped, and at the last dose the block is live again. Else all begins anew. A block with a state that approaches
 * nothing is never held.
 * A block that is one linear part in closed form goes on without its doses, as a rule from the second one on: its
 * states follow the smooth curves through their exact values just before each dose, its drives are averages over the
 * ripple of an interval around those, and it is held where those curves end. */
typedef struct {
    double interval;        /**< d */
    double t_first, t_last; /**< times of its first and last dose, d */
    double tolerance;       /**< relative */
    uint32_t hold_input;    /**< index of an input: 0 live, 1 held */
    size_t n_means;
    const uint32_t *mean_input; /**< [n_means] inputs that take the means */
    const uint32_t
        *mean_state; /**< [n_means] quadrature states (x' = driven signal), reset to 0 at each dose of the series */
    uint32_t first_state, n_states; /**< the held block's own states, in a row */
    /** Index of the first input of the block's ripple, or -1: the interval while it acts, else 0; what is added to the
     * rate of each state, so that it follows the values just before the doses that are left out; at each of
     * ost_ripple_points, what each state has more than that value: the system's drives are then averages over these
     * points, times the next input, by which what reads them moves as it does on average over these points. Then for
     * each drive by how much it is at two levels above and below that, or its held mean, and 0 where one will do. */
    int32_t ripple_input;
    uint32_t level_input; /**< of an input that is not 0 where any drive is at two levels: the system's functions have
                             the mean of their values at both */
} ost_series_t;

/** Points of an interval over which drives are averaged. */
#define OST_RIPPLE_POINTS 16
/** Where among the inputs of the ripple of a block of n states the factor is. */
#define OST_RIPPLE_FACTOR(n) (1 + (1 + OST_RIPPLE_POINTS) * (n))
/** And those of its drives' levels begin. */
#define OST_RIPPLE_LEVELS(n) (OST_RIPPLE_FACTOR(n) + 1)
/** How many inputs it has, with n_drives drives. */
#define OST_RIPPLE_INPUTS(n, n_drives) (OST_RIPPLE_LEVELS(n) + (n_drives))
/** A point of an interval between doses, and its weight in averages over it. */
typedef struct {
    double time, weight; /**< of the interval, each 0 .. 1 */
} ost_ripple_point_t;
/** Those points, in ascending order. */
extern const ost_ripple_point_t ost_ripple_points[OST_RIPPLE_POINTS];

/** Doses of one kind that every job takes in its own way: at start + k interval while before stop, each or some. They
 * come after the events of their time, in the order of the job's list. */
typedef struct {
    ost_event_kind_t kind; /**< ADD_STATE: at once; SET_INPUT: for `duration` from each dose on, else the input is 0 */
    uint32_t index;        /**< of the state or input */
    double amount;         /**< internal units */
    double interval;       /**< d; INFINITY for a single dose, or where jobs have their own */
    double duration;       /**< d, of SET_INPUT, at most the interval; INFINITY where jobs have their own */
    int32_t hold_input;    /**< index of an input that a dose sets to 0, or -1 */
    int32_t series;        /**< the dose series that holds its block where all doses are taken, or -1; never where a
                              visit may end the schedule */
    uint32_t purpose;      /**< of the draws that decide whether a dose is taken */
    uint32_t occasion;     /**< purpose of the draws by which doses differ */
} ost_schedule_t;

/** How one job takes a schedule. */
typedef struct {
    double start, stop;                /**< d, half-open; start is INFINITY where only a visit may begin it */
    double fraction;                   /**< chance that a dose is taken, 1: all are */
    double sd_log;                     /**< SD of the logarithm of the factor by which doses differ, 0: they do not */
    double amount, interval, duration; /**< instead of the schedule's; each 0: the schedule's */
} ost_dosing_record_t;

/** Where one job stands in a schedule: the solver's, but for `start`, which a visit may change: to a time from then on,
 * or to INFINITY, after which no dose is due; an infusion runs to its end. */
typedef struct {
    double start;    /**< as of its dosing record, until a visit changes it */
    double counted;  /**< the start that k counts from */
    uint64_t k;      /**< of the next dose */
    uint64_t before; /**< doses that were due before `counted` */
    double off;      /**< when the infusion that runs ends, else INFINITY */
} ost_schedule_state_t;

/** A time at which outputs are evaluated for a rule. */
typedef struct {
    double t;       /**< d */
    uint32_t index; /**< handed to the job's on_visit() */
} ost_visit_t;

/** How a step is made: a line of methods.def each. */
typedef enum {
#define OST_METHOD(NAME, name, family, function, order, dense_order, work, meaning) OST_STEPPER_##NAME, /**< a line */
#include "solve/methods.def"
#undef OST_METHOD
    OST_N_STEPPERS /**< their number */
} ost_stepper_t;

/** How a stepper runs. */
typedef enum {
    OST_FAMILY_LANES, /**< over lanes of subjects */
    OST_FAMILY_GSL,   /**< GSL's, one subject at a time: slow references */
    OST_FAMILY_AUTO   /**< one of those over lanes, see ost_stepper_choose() */
} ost_family_t;

/** A line of methods.def. */
typedef struct {
    const char *name, *meaning; /**< as experiments spell it; in a few words */
    ost_family_t family;        /**< how it runs */
    int order;                  /**< convergence at the ends of steps, 0 where it varies */
    double dense_order;         /**< and between them */
    double work;                /**< of an attempted step in right-hand sides, 0: `auto` does not try it */
} ost_stepper_info_t;

/** All steppers, shape [OST_N_STEPPERS]. */
extern const ost_stepper_info_t ost_steppers[OST_N_STEPPERS];

/** The smallest relative tolerance that may be asked for. */
#define OST_RTOL_MIN 1e-14

/** How to integrate. */
typedef struct {
    ost_stepper_t stepper; /**< default RODAS5P */
    double rtol;           /**< 1e-14 .. 1e-1; default 1e-6 */
    double atol_factor;    /**< atol = atol_factor x rtol x scale; default 1e-3 */
    double h_max;       /**< d; default half a year: outputs within longer steps would be less exact than the steps */
    double h_min;       /**< d; a step below is a failure; default 1e-12 */
    uint64_t max_steps; /**< per job; default 10,000,000 */
    ost_isa_t isa;      /**< default: the best */
    /** Evenly spaced points of each step at which conditions are evaluated beside its middle and end, as a self-check
     * does; default 0; of the library's own methods */
    unsigned n_looks;
    /** Looked at every few steps: once true, no further step is made. Borrowed; default NULL: none. */
    const atomic_bool *stop;
} ost_solver_options_t;

/** Fill in the defaults. */
void ost_solver_options_default(ost_solver_options_t *self);

/** Counts of one job, or sums of many. */
typedef struct {
    uint64_t steps, rejected, rhs, jacobians, factorisations, events, switches_located, doses_skipped; /**< how often */
    double ripple; /**< by how much of their scale a day the rates of other states just before a dose differ from those
                      while their drug's block is held, root of the sum of squares, of the series and job where that is
                      most */
} ost_solver_stats_t;

/** self += other, the larger ripple of both */
void ost_solver_stats_add(ost_solver_stats_t *self, const ost_solver_stats_t *other);

/** Why a job failed. */
typedef enum {
    OST_FAILURE_NONE,
    OST_FAILURE_STEP,       /**< step below h_min; state_fail: the state with the largest error */
    OST_FAILURE_MAX_STEPS,  /**< max_steps attempts were made */
    OST_FAILURE_SWITCH,     /**< a condition flipped 100 times within 1e-9 d each, or in a tenth of the attempts before
                               one of the two above: it chatters; state_fail: the condition that flipped last */
    OST_FAILURE_NOT_FINITE, /**< not a number or infinite, however short the step */
    OST_FAILURE_NEGATIVE    /**< a positive state fell below -10 atol, however short the step */
} ost_failure_t;

/** One subject in one arm. */
typedef struct ost_job ost_job_t;

/** One integration: filled by the caller, borrowed until its `done`. Arrays are plain (not lane rows). */
struct ost_job {
    double t0, t1;      /**< d, t0 <= t1; events at t0 act, events at t1 do not */
    const double *x0;   /**< [n_states] */
    const double *p;    /**< [n_constants] */
    const double *u0;   /**< [n_inputs] */
    const double *sets; /**< [n_sets][n_constants] what events change the constants to */
    size_t n_sets;
    const ost_event_t *events; /**< [n_events], sorted; those before t0 are ignored */
    size_t n_events;
    const double *breaks; /**< [n_breaks] ascending; a step ends at each, d: where the right-hand side bends or jumps in
                             time, or where a longer step could pass by what it does in time */
    size_t n_breaks;
    const ost_series_t *series; /**< [n_series] */
    size_t n_series;
    const ost_schedule_t *schedules;       /**< [n_schedules] */
    const ost_dosing_record_t *records;    /**< [n_schedules] */
    ost_schedule_state_t *schedule_states; /**< [n_schedules], written */
    size_t n_schedules;
    uint64_t seed, subject; /**< of the draws of schedules */
    const double *live;     /**< [n_live][2] in any order; from each first time up to the second, d, no dose of a series
                               is left out */
    size_t n_live;
    const ost_visit_t *visits; /**< [n_visits], sorted; those before t0 and from t1 on are ignored */
    size_t n_visits;
    /** Called at each visit, before the events of its time; a step ends there. May change `start` of schedule_states.
     * y[output x OST_LANE_COUNT], borrowed for the call. */
    void (*on_visit)(ost_job_t *job, const ost_visit_t *visit, const double *y);
    const double *t_out; /**< [n_out] ascending; those outside [t0, t1] get no value */
    size_t n_out;
    double *y; /**< [n_outputs][n_out], written; NULL for none */
    /** [n_states] at t1, written; NULL for none. A step ends at t1 if this is asked for; else the last one may go past
     * it, up to the next event of the list, so that outputs do not depend on where a job ends. */
    double *x_end;
    double *ripple; /**< [n_series] as stats.ripple of each series alone, written; NULL for none */
    double longer;  /**< its longest step in units of h_max, where no output is asked for; 0: 1 */
    void *user;     /**< the caller's */
    /* results: */
    int status;               /**< 0 or an OST_ERR_ code; on failure y holds NaN from the failure on, x_end NaN */
    ost_failure_t failure;    /**< why */
    double t_fail;            /**< d; NaN where status is 0 */
    int32_t state_fail;       /**< index of the worst state, or of a condition; -1 unknown */
    ost_solver_stats_t stats; /**< of this job */
    uint64_t doses_kept;      /**< of those that are given because of `live` */
};

/** Scratch of one thread for one system; sized once, nothing is allocated while integrating. */
typedef struct ost_batch ost_batch_t;

/** Set up for one system. @param system  borrowed: must outlive self. @return 0, OST_ERR_NO_MEMORY, OST_ERR_VALUE
 * (options out of range) or OST_ERR_MODEL (structurally singular) */
int ost_batch_new(ost_batch_t **self, const ost_system_t *system, const ost_solver_options_t *options,
    ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL. */
void ost_batch_delete(ost_batch_t *self);

/** Integrate jobs[0..n). Lanes are refilled as they finish. A job that fails has its status set and stops alone; the
 * call itself then still returns 0. @return 0, OST_ERR_VALUE (a job that cannot be), or OST_ERR_STOPPED: the options'
 * `stop` turned true, and jobs that were not finished have no results */
int ost_batch_run(ost_batch_t *self, ost_job_t *jobs, size_t n_jobs, ost_error_t *err) OST_MUST_CHECK;

/** Choose the method over lanes that integrates `jobs` with the least work; counted, not timed, so that the choice is
 * the same everywhere. A stiff system leaves no choice: an explicit method takes many more steps there. At one
 * tolerance the methods' errors differ, by a factor of ten or so. @param options  stepper is ignored; @param jobs tried
 * by each method, results are overwritten; those of the typical subject, say; @return as ost_batch_new() and
 * ost_batch_run() */
int ost_stepper_choose(ost_stepper_t *stepper, const ost_system_t *system, const ost_solver_options_t *options,
    ost_job_t *jobs, size_t n_jobs, ost_error_t *err) OST_MUST_CHECK;

/** Write what a failed job died of ("t = 183.2 d: step below 1e-12 d in state C"), always terminated. @return buf */
char *ost_job_message(
    const ost_job_t *job, const ost_system_t *system, const ost_solver_options_t *options, char *buf, size_t size);

#endif
