/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States that stand still while they are held are left out of steps, and no number is another one for it. */
#include "lane_systems.h"

/* A drug, A -> B, which is held while HOLD is not 0: what it drives is then MEAN, else B. FLOW is added to B. C follows
 * what the drug drives, an algebraic quantity, and D follows C. */
enum { A, B, C, D, N_STATES, DRIVEN = N_STATES };
enum { HOLD, MEAN, FLOW, N_INPUTS };

static bool is_seen; /* that rates of held states may be left as they are */

static ost_mask held_of(const ost_point_t *at)
{
    return ROW_OF(at->u, HOLD) != 0.0;
}

static ost_v driven_of(const ost_point_t *at)
{
    return ost_v_blend(held_of(at), ROW_OF(at->u, MEAN), ROW_OF(at->x, B));
}

static void drug_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v a = ROW_OF(at->x, A), b = ROW_OF(at->x, B), c = ROW_OF(at->x, C), zero = ost_v_splat(0);
    is_seen |= at->skips_held;
    SET_ROW(f, A, ost_v_blend(held_of(at), zero, -30.0 * a));
    SET_ROW(f, B, ost_v_blend(held_of(at), zero, 30.0 * a - 0.4 * b / (1.0 + b)) + ROW_OF(at->u, FLOW));
    SET_ROW(f, C, 1.5 * (1.0 / (1.0 + driven_of(at)) - c));
    SET_ROW(f, D, c * c - ROW_OF(at->x, D));
}

static const uint32_t drug_row[] = { A, B, B, C, C, D, D, DRIVEN }, drug_col[] = { A, A, B, C, DRIVEN, C, D, B };

static void drug_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    drug_rhs(self, at, f);
    const ost_v b = ROW_OF(at->x, B), rest = 1.0 + driven_of(at), zero = ost_v_splat(0);
    const ost_mask held = held_of(at);
    SET_ROW(e, 0, ost_v_blend(held, zero, ost_v_splat(-30)));
    SET_ROW(e, 1, ost_v_blend(held, zero, ost_v_splat(30)));
    SET_ROW(e, 2, ost_v_blend(held, zero, -0.4 / ((1.0 + b) * (1.0 + b))));
    SET_ROW(e, 3, ost_v_splat(-1.5));
    SET_ROW(e, 4, -1.5 / (rest * rest));
    SET_ROW(e, 5, 2.0 * ROW_OF(at->x, C));
    SET_ROW(e, 6, ost_v_splat(-1));
    SET_ROW(e, 7, ost_v_blend(held, zero, ost_v_splat(1)));
}

static const double scale[] = { 1, 1, 1, 1 };
static const bool may_be_negative[N_STATES];
static const uint32_t drug_state[] = { A, B }, flow[] = { FLOW };
static const ost_held_t drug_held = { HOLD, drug_state, flow, 2, 1 };
static const ost_system_t drug = { .n_states = N_STATES,
    .n_algebraic = 1,
    .n_inputs = N_INPUTS,
    .n_outputs = N_STATES,
    .scale = scale,
    .positive = may_be_negative,
    SYSTEM_TAIL(drug) };

enum { N_OUT = 101, N_JOBS = 21, N_EVENTS = 12 };

/* Held until a first dose, held again with what is left of the last one, then with an inflow, then without end. */
static size_t add_events(ost_event_t *events, int j)
{
    const double from = 1 + 0.37 * (j % 5);
    size_t n = 0;
    if (j % 7 == 0) return 0; /* a drug that is not given */
    events[n++] = (ost_event_t){ from, OST_EVENT_SET_INPUT, HOLD, 0, -1 };
    for (int k = 0; k < 4; k++) events[n++] = (ost_event_t){ from + k, OST_EVENT_ADD_STATE, A, 1, -1 };
    events[n++] = (ost_event_t){ from + 3.5, OST_EVENT_SET_INPUT, HOLD, 1, -1 };
    events[n++] = (ost_event_t){ from + 5, OST_EVENT_SET_INPUT, FLOW, 0.2, -1 };
    events[n++] = (ost_event_t){ from + 6, OST_EVENT_SET_INPUT, FLOW, 0, -1 };
    events[n++] = (ost_event_t){ from + 6.5, OST_EVENT_SET_INPUT, HOLD, 0, -1 };
    if (j % 3 == 0) events[n++] = (ost_event_t){ from + 7, OST_EVENT_RESET, 0, 0, -1 };
    events[n++] = (ost_event_t){ from + 9, OST_EVENT_SET_INPUT, HOLD, 1, -1 };
    return n;
}

static void run(ost_stepper_t stepper, bool is_told, double y[N_JOBS][N_STATES * N_OUT])
{
    static const double x_start[N_STATES] = { 0, 0.1, 1, 1 }, u_start[N_INPUTS] = { 1, 0.3, 0 };
    static ost_event_t events[N_JOBS][N_EVENTS];
    double t_out[N_OUT];
    ost_job_t jobs[N_JOBS];
    ost_system_t system = drug;
    ost_solver_options_t options = options_at(1e-6);
    options.stepper = stepper;
    system.held = &drug_held;
    system.n_held = is_told;
    for (int k = 0; k < N_OUT; k++) t_out[k] = 0.151 * k;
    for (int j = 0; j < N_JOBS; j++) {
        jobs[j] = (ost_job_t){ .t1 = 15.1, .x0 = x_start, .u0 = u_start, .events = events[j], .t_out = t_out };
        jobs[j].n_events = add_events(events[j], j);
        jobs[j].n_out = N_OUT;
        jobs[j].y = y[j];
    }
    run_jobs(&system, &options, jobs, N_JOBS);
    for (int j = 0; j < N_JOBS; j++) CU_ASSERT_EQUAL(jobs[j].status, 0);
}

static void test_bits(void)
{
    static double y[2][N_JOBS][N_STATES * N_OUT];
    for (int s = 0; s < OST_N_STEPPERS; s++) {
        if (ost_steppers[s].family != OST_FAMILY_LANES) continue;
        for (int is_told = 0; is_told < 2; is_told++) {
            is_seen = false;
            run((ost_stepper_t) s, is_told, y[is_told]);
            if (s == OST_STEPPER_RODAS5P) CU_ASSERT_EQUAL(is_seen, is_told);
        }
        for (int j = 0; j < N_JOBS; j++) CU_ASSERT_EQUAL(memcmp(y[0][j], y[1][j], sizeof(y[0][j])), 0);
    }
}

static void test_out_of_range(void)
{
    static const uint32_t beyond[] = { N_STATES };
    const ost_held_t wrong[] = { { N_INPUTS, drug_state, flow, 2, 1 }, { HOLD, beyond, flow, 1, 1 },
        { HOLD, drug_state, beyond, 2, 1 } };
    for (size_t k = 0; k < COUNT(wrong); k++) {
        ost_system_t system = drug;
        ost_solver_options_t options = options_at(1e-6);
        ost_batch_t *batch = NULL;
        ost_error_t err = { 0 };
        system.held = &wrong[k];
        system.n_held = 1;
        CU_ASSERT_EQUAL(ost_batch_new(&batch, &system, &options, &err), OST_ERR_MODEL);
        CU_ASSERT_PTR_NULL(batch);
    }
}

static const ost_test_t tests[] = {
    { "bits_do_not_depend_on_what_is_left_out", test_bits },
    { "what_is_out_of_range", test_out_of_range },
};
OST_TEST_MAIN("moving", tests)
