/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to one lane between its steps: events, dose series at periodic steady state, the output cursor, the end
 * of a job. Plain scalar code; columns are strided by OST_LANE_COUNT. */
#ifndef OST_SOLVE_LANE_H
#define OST_SOLVE_LANE_H

#include "core/units.h"
#include "solve/ripple.h"

/* Flips of switches at one time (each within OST_SAME_TIME of the last) before a job fails for chattering. */
#define OST_MAX_FLIPS 100
/* A job that has no steps left was chattering if one attempt in so many came to a flip (assumed). */
#define OST_FLIPPING 10
/* Attempts that end with a state below its floor, without getting past that time, before the job fails. */
#define OST_MAX_NEGATIVE 50

/* Follows the doses into one block that may be held, that is, one hold input. */
typedef struct {
    int32_t series;  /* the job's series that is followed, -1 for none */
    uint32_t n_seen; /* doses since its first, or since the states were moved */
    double t_dose;   /* of the last dose given or skipped */
    bool moved;      /* at the last dose the states were moved to where the doses lead to */
    bool held;     /* at periodic steady state, or its doses are averaged on the way there: no dose but the last acts */
    bool live;     /* held, but for the doses of the job's `live` times, which are being given */
    double t_look; /* when the misfit is evaluated again, INFINITY: never */
    double wait;   /* days to that from the last time */
    double misfit; /* of their factor, when it was found */
    double t_steady; /* when doses that are averaged have led to the periodic steady state, else INFINITY */
} ost_follower_t;

typedef struct {
    double last[3]; /* values just before a dose, newest first */
    double largest; /* by absolute value */
    double ratio;   /* of a change to the one before, when it was moved to its limit */
} ost_sequence_t;

typedef struct {
    const ost_system_t *system;
    const ost_linear_part_t *parts; /* [system->n_linear] of the batch; NULL where no method knows of them */
    ost_ripple_view_t view;         /* of the batch, but for the time */
    int index;                      /* of the lane */
    ost_job_t *job;                 /* NULL: idle */
    size_t i_event;                 /* next to act */
    size_t i_break;                 /* next to be reached */
    size_t i_visit;                 /* next to be made */
    size_t i_out;                   /* next to be written */
    size_t i_out_pending;           /* being evaluated */
    int32_t due_output;             /* the output time that an event asks for where the lane stands, -1 none */
    double *p;                      /* the batch's constants */
    bool is_new;                    /* the lane's constants are others than those that closed forms were made with */
    int32_t changed; /* what the last restart changed: state, n_states + input, n_states + n_inputs + switch, and after
                        all of these constants; -1 none */
    double t_flip;
    int32_t flipped; /* the switch that flipped last */
    unsigned n_flips;
    ost_follower_t *followers; /* [n_inputs], by hold input */
    ost_sequence_t *sequences; /* [n_states], of followed blocks */
} ost_lane_t;

/* Take a job: its results are cleared, its cursors set to the first event and output that are due from t0 on. */
void ost_lane_start(ost_lane_t *self, ost_job_t *job);

/* The next time at which something acts, perhaps after t1. A job's end is a stop only if its state there is wanted:
 * where only outputs are, the last step goes past t1, so that they do not depend on t1. Passes by what is skipped
 * because its block is held. @return INFINITY if there is none */
double ost_lane_next_stop(ost_lane_t *self);

/* Whether outputs are evaluated at time `t`, where the lane stands; if so, ost_lane_visit() comes before
 * ost_lane_act().
 */
bool ost_lane_has_visit(const ost_lane_t *self, double t);

/* Make the visits that are due. @param y  a column of the outputs at t */
void ost_lane_visit(ost_lane_t *self, double t, const double *y);

/* Hold the blocks whose averaged doses have led to their periodic steady state at time `t`, where the lane stands; if
 * there are any, or a misfit is due to be evaluated, this comes before ost_lane_act().
 * @return true if the integration has to start anew */
bool ost_lane_has_steady(const ost_lane_t *self, double t);
bool ost_lane_hold(ost_lane_t *self, double t, double *u);

/* Let everything act that is due at `t`, a time from ost_lane_next_stop (or t0). `changed` is set. Where an event asks
 * for outputs, due_output is set: the caller writes them, and calls again for what comes after.
 * @return true if anything differs afterwards, so that the integration has to start anew */
bool ost_lane_act(ost_lane_t *self, double t, double *x, double *u);

/* Whether the next break is at `t`, a time from ost_lane_next_stop. */
bool ost_lane_is_break(const ost_lane_t *self, double t);

/* Go on to the breaks after `t`, where the lane stands. @return true if there was one at t, so that conditions may have
 * turned */
bool ost_lane_pass_breaks(ost_lane_t *self, double t);

/* The time of the next output, INFINITY when all are written. */
double ost_lane_next_output(const ost_lane_t *self);

/* Count a flip of switch `i` at `t`. @return true if the switch chatters */
bool ost_lane_flip(ost_lane_t *self, double t, size_t i);

/* Write row i_out of the outputs from a column. */
void ost_lane_write(const ost_lane_t *self, size_t i_out, const double *y);

/* End the job well: x_end from the column. */
void ost_lane_finish(ost_lane_t *self, const double *x);

/* End the job badly: outputs not yet written become NaN. */
void ost_lane_fail(ost_lane_t *self, ost_failure_t failure, double t, int32_t state);

#endif
