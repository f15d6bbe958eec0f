/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds for any batch: lanes never mix, failures stay alone, nothing is allocated, options are checked. */
#include "lane_systems.h"
#include "solve/elimination.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>

/* A predator and its prey with a harvest of prey where predators are many (a switch), food as input, and a state C that
 * blows up at a time of the subject's own: C' = p3 C^2. */
static void prey_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v a = ROW_OF(at->x, 0), b = ROW_OF(at->x, 1), c = ROW_OF(at->x, 2);
    ost_v meal = ROW_OF(at->p, 1) * a * b;
    SET_ROW(f, 0, ROW_OF(at->p, 0) * a - meal + ROW_OF(at->u, 0) - 0.3 * ROW_OF(at->mode, 0) * a);
    SET_ROW(f, 1, meal - ROW_OF(at->p, 2) * b);
    SET_ROW(f, 2, ROW_OF(at->p, 3) * c * c);
}

static const uint32_t prey_row[] = { 0, 0, 1, 1, 2 };
static const uint32_t prey_col[] = { 0, 1, 0, 1, 2 };

static void prey_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    prey_rhs(self, at, f);
    ost_v a = ROW_OF(at->x, 0), b = ROW_OF(at->x, 1), p1 = ROW_OF(at->p, 1);
    SET_ROW(e, 0, ROW_OF(at->p, 0) - p1 * b - 0.3 * ROW_OF(at->mode, 0));
    SET_ROW(e, 1, -p1 * a);
    SET_ROW(e, 2, p1 * b);
    SET_ROW(e, 3, p1 * a - ROW_OF(at->p, 2));
    SET_ROW(e, 4, 2.0 * ROW_OF(at->p, 3) * ROW_OF(at->x, 2));
}

static void prey_switches(const void *self, const ost_point_t *at, double *g)
{
    (void) self;
    SET_ROW(g, 0, ROW_OF(at->x, 1) - 1.1);
}

static const double prey_scale[] = { 1, 1, 1 };
static const bool all_positive[] = { true, true, true };
static const ost_system_t prey = { .n_states = 3,
    .n_constants = 4,
    .n_inputs = 1,
    .n_switches = 1,
    .n_outputs = 3,
    .scale = prey_scale,
    .positive = all_positive,
    .switches = prey_switches,
    SYSTEM_TAIL(prey) };

enum { N_JOBS = 37, MAX_EVENTS = 12, N_OUT = 50 };

typedef struct {
    double x0[3], p[4], u0[1], t_out[N_OUT], y[3 * N_OUT], x_end[3];
    ost_event_t events[MAX_EVENTS];
} subject_t;

static double draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double) (*state >> 8) / 16777216.0;
}

/* Subject k, the same whoever asks; every seventh blows up. `stride` thins the output grid. */
static ost_job_t make_job(subject_t *s, uint32_t k, int stride)
{
    uint32_t state = 12345 + 977 * k;
    memset(s, 0, sizeof(*s));
    s->x0[0] = 0.5 + draw(&state);
    s->x0[1] = 0.5 + draw(&state);
    s->x0[2] = 1;
    for (int i = 0; i < 3; i++) s->p[i] = 0.7 + 0.6 * draw(&state);
    s->p[3] = k % 7 == 3 ? 1 / (5 + 20 * draw(&state)) : -0.1;
    double t = 0;
    for (int i = 0; i < MAX_EVENTS; i++) {
        t += 5 * draw(&state);
        bool food = draw(&state) < 0.5;
        s->events[i] = (ost_event_t){
            .t = t, .kind = food ? OST_EVENT_SET_INPUT : OST_EVENT_ADD_STATE, .amount = draw(&state), .series = -1
        };
    }
    ost_job_t job = { .t1 = 25 + 10 * draw(&state), .x0 = s->x0, .p = s->p, .u0 = s->u0, .events = s->events };
    job.n_events = MAX_EVENTS;
    for (int i = 0; i < N_OUT; i += stride) s->t_out[job.n_out++] = 0.7 * i;
    job.t_out = s->t_out;
    job.y = s->y;
    job.x_end = s->x_end;
    return job;
}

static bool same_bits(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

static void compare_jobs(const ost_job_t *a, const subject_t *sa, const ost_job_t *b, const subject_t *sb, int stride)
{
    CU_ASSERT_EQUAL(a->status, b->status);
    CU_ASSERT_EQUAL(a->state_fail, b->state_fail);
    CU_ASSERT(same_bits(&a->t_fail, &b->t_fail, sizeof(double)));
    CU_ASSERT(same_bits(&a->stats, &b->stats, sizeof(a->stats)));
    CU_ASSERT(same_bits(sa->x_end, sb->x_end, sizeof(sa->x_end)));
    for (size_t o = 0; o < 3; o++) {
        for (size_t i = 0; i < b->n_out; i++)
            CU_ASSERT(same_bits(&sa->y[o * a->n_out + i * (size_t) stride], &sb->y[o * b->n_out + i], sizeof(double)));
    }
}

static subject_t one[N_JOBS], other[N_JOBS];

static void test_bits_do_not_depend_on_the_batch(void)
{
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t alone[N_JOBS], together[N_JOBS];
    size_t n_failed = 0, n_flips = 0;
    for (uint32_t k = 0; k < N_JOBS; k++) {
        alone[k] = make_job(&one[k], k, 1);
        run_jobs(&prey, &options, &alone[k], 1);
        n_failed += alone[k].status != 0;
        n_flips += alone[k].stats.switches_located;
    }
    CU_ASSERT_EQUAL(n_failed, 5);
    CU_ASSERT(n_flips > 50);
    /* All at once; in reverse; on a thinner grid; a part of them. */
    for (int variant = 0; variant < 4; variant++) {
        int stride = variant == 2 ? 3 : 1;
        size_t n = variant == 3 ? 11 : N_JOBS;
        for (uint32_t k = 0; k < n; k++) together[variant == 1 ? n - 1 - k : k] = make_job(&other[k], k, stride);
        run_jobs(&prey, &options, together, n);
        for (size_t k = 0; k < n; k++)
            compare_jobs(&alone[k], &one[k], &together[variant == 1 ? n - 1 - k : k], &other[k], stride);
    }
}

static void test_bits_do_not_depend_on_the_instruction_set(void)
{
    ost_job_t base[N_JOBS], wide[N_JOBS];
    ost_solver_options_t options = options_at(1e-6);
    for (int isa = OST_ISA_BASE; isa <= (int) ost_isa_best(); isa++) {
        ost_job_t *jobs = isa == OST_ISA_BASE ? base : wide;
        options.isa = (ost_isa_t) isa;
        for (uint32_t k = 0; k < N_JOBS; k++) jobs[k] = make_job(isa == OST_ISA_BASE ? &one[k] : &other[k], k, 1);
        run_jobs(&prey, &options, jobs, N_JOBS);
        for (size_t k = 0; isa > OST_ISA_BASE && k < N_JOBS; k++) {
            CU_ASSERT_EQUAL(base[k].status, wide[k].status);
            for (int i = 0; i < 3; i++) ost_assert_close(other[k].x_end[i], one[k].x_end[i], 1e-12, 0);
        }
    }
}

static void test_failures_stay_alone(void)
{
    ost_job_t jobs[N_JOBS];
    ost_solver_options_t options = options_at(1e-6);
    for (uint32_t k = 0; k < N_JOBS; k++) jobs[k] = make_job(&one[k], k, 1);
    run_jobs(&prey, &options, jobs, N_JOBS);
    for (uint32_t k = 0; k < N_JOBS; k++) {
        const subject_t *s = &one[k];
        double t_fail = k % 7 == 3 ? 1 / s->p[3] : INFINITY;
        CU_ASSERT_EQUAL(jobs[k].status != 0, k % 7 == 3);
        CU_ASSERT_EQUAL(isnan(s->x_end[0]), k % 7 == 3);
        if (jobs[k].status != 0) {
            char message[160];
            ost_assert_close(jobs[k].t_fail, t_fail, 1e-5, 0);
            CU_ASSERT_EQUAL(jobs[k].state_fail, 2);
            CU_ASSERT(jobs[k].status == OST_ERR_STEP || jobs[k].status == OST_ERR_STATE);
            ost_assert_contains(ost_job_message(&jobs[k], &prey, &options, message, sizeof(message)), "state C");
        }
        for (size_t i = 0; i < jobs[k].n_out; i++) {
            if (s->t_out[i] > jobs[k].t1) continue;
            CU_ASSERT_EQUAL(isnan(s->y[i]), s->t_out[i] > t_fail);
        }
    }
}

/* x' = -1, starting at 1: negative from 1 d on; x' = log(x) is not finite there. */
static void down_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_mask logarithmic = ROW_OF(at->p, 0) != 0.0;
    SET_ROW(f, 0, ost_v_blend(logarithmic, each_lane(log, 1.0 - ROW_OF(at->t, 0)), ost_v_splat(-1)));
}

static const uint32_t down_row[] = { 0 };
static const uint32_t down_col[] = { 0 };

static void down_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    down_rhs(self, at, f);
    SET_ROW(e, 0, ost_v_splat(0));
}

static const ost_system_t down = {
    .n_states = 1, .n_constants = 1, .n_outputs = 1, .scale = prey_scale, .positive = all_positive, SYSTEM_TAIL(down)
};

static void test_kinds_of_failure(void)
{
    double x0[] = { 1 }, p[] = { 0, 1 }, x_end[1];
    char message[160];
    for (int stepper = 0; stepper < OST_STEPPER_AUTO; stepper++) {
        bool over_lanes = ost_steppers[stepper].family == OST_FAMILY_LANES;
        ost_solver_options_t options = options_at(1e-6);
        options.stepper = (ost_stepper_t) stepper;
        ost_job_t job = { .t1 = 2, .x0 = x0, .p = &p[0], .u0 = none, .x_end = x_end };
        run_jobs(&down, &options, &job, 1);
        CU_ASSERT_EQUAL(job.status, OST_ERR_STATE);
        CU_ASSERT_EQUAL(job.failure, OST_FAILURE_NEGATIVE);
        CU_ASSERT_EQUAL(job.state_fail, 0);
        if (over_lanes) ost_assert_close(job.t_fail, 1, 1e-6, 0);
        ost_assert_contains(ost_job_message(&job, &down, &options, message, sizeof(message)),
            "state A is negative; a state that may be is declared 'signed' in its model");
        CU_ASSERT(isnan(x_end[0]));
        x0[0] = 10;
        options.max_steps = 5;
        options.h_max = 0.1;
        run_jobs(&down, &options, &job, 1);
        CU_ASSERT_EQUAL(job.failure, OST_FAILURE_MAX_STEPS);
        CU_ASSERT_EQUAL(job.status, OST_ERR_STEP);
        ost_assert_contains(ost_job_message(&job, &down, &options, message, sizeof(message)), "more than 5 steps");
        options = options_at(1e-6);
        options.stepper = (ost_stepper_t) stepper;
        job = (ost_job_t){ .t1 = 2, .x0 = x0, .p = &p[1], .u0 = none };
        if (!over_lanes) run_jobs(&down, &options, &job, 1); /* the others further down */
        x0[0] = 1;
        if (over_lanes) continue;
        CU_ASSERT_EQUAL(job.failure, OST_FAILURE_STEP);
        ost_assert_contains(ost_job_message(&job, &down, &options, message, sizeof(message)), "step below 1e-");
        ost_assert_close(job.t_fail, 1, 1e-3, 0);
    }
    ost_solver_options_t options = options_at(1e-6);
    double x_high[] = { 10 };
    ost_job_t job = { .t1 = 2, .x0 = x_high, .p = &p[1], .u0 = none };
    run_jobs(&down, &options, &job, 1);
    CU_ASSERT_EQUAL(job.failure, OST_FAILURE_NOT_FINITE);
    ost_assert_close(job.t_fail, 1, 1e-6, 0);
    x_high[0] = NAN;
    run_jobs(&down, &options, &job, 1);
    CU_ASSERT_EQUAL(job.failure, OST_FAILURE_NOT_FINITE);
    CU_ASSERT_EQUAL(job.t_fail, 0);
    x_high[0] = 10;
    job.p = &p[0];
    run_jobs(&down, &options, &job, 1);
    CU_ASSERT_STRING_EQUAL(ost_job_message(&job, &down, &options, message, sizeof(message)), "no failure");
}

static void test_error_follows_tolerance(void)
{
    double reference[3] = { 0 }, before = INFINITY;
    for (int k = 12; k >= 3; k--) {
        if (k == 12 || k <= 8) {
            ost_solver_options_t options = options_at(pow(10, -k));
            ost_job_t job = make_job(&one[0], 0, 1);
            run_jobs(&prey, &options, &job, 1);
            if (k == 12) memcpy(reference, one[0].x_end, sizeof(reference));
            double error = 0;
            for (int i = 0; i < 3; i++) error = fmax(error, fabs(one[0].x_end[i] / reference[i] - 1));
            if (k < 12)
                printf("\n  rtol 1e-%d: error %.1e, %llu steps", k, error, (unsigned long long) job.stats.steps);
            if (k < 12) CU_ASSERT(error < 100 * pow(10, -k));
            if (k < 8) CU_ASSERT(error > before);
            before = error;
        }
    }
}

/* x = tanh(20 (t - 1 - p)): a jump that arrives while steps are as long as they may be. */
static void jump_rhs(const void *self, const ost_point_t *at, double *f)
{
    (void) self;
    ost_v x = each_lane(tanh, 20.0 * (ROW_OF(at->t, 0) - 1.0 - ROW_OF(at->p, 0)));
    SET_ROW(f, 0, 20.0 * (1.0 - x * x));
}

static const uint32_t jump_row[] = { 0 };
static const uint32_t jump_col[] = { 1 };

static void jump_jacobian(const void *self, const ost_point_t *at, double *f, double *e)
{
    jump_rhs(self, at, f);
    ost_v x = each_lane(tanh, 20.0 * (ROW_OF(at->t, 0) - 1.0 - ROW_OF(at->p, 0)));
    SET_ROW(e, 0, -800.0 * x * (1.0 - x * x));
}

static const bool may_be_negative[1];
static const ost_system_t jump = {
    .n_states = 1, .n_constants = 1, .n_outputs = 1, .scale = prey_scale, .positive = may_be_negative, SYSTEM_TAIL(jump)
};

static void test_steps_that_err_are_refused(void)
{
    enum { N = 40 };
    double x0[] = { -1 }, x_end[N][1], p[N], largest = 0;
    ost_job_t jobs[N];
    ost_solver_options_t options = options_at(1e-8);
    options.h_max = 0.25;
    for (int k = 0; k < N; k++) {
        p[k] = 1.0 / N * k;
        jobs[k] = (ost_job_t){ .t1 = 4, .x0 = x0, .p = &p[k], .u0 = none, .x_end = x_end[k] };
    }
    run_jobs(&jump, &options, jobs, N);
    for (int k = 0; k < N; k++) {
        CU_ASSERT(jobs[k].stats.rejected > 0);
        largest = fmax(largest, fabs(x_end[k][0] - 1));
    }
    printf("\n  largest error after the jump: %.1e", largest);
    CU_ASSERT(largest < options.rtol);
}

/* Each job has its own longest step, whichever jobs run beside it: of a history, twice that of an arm. */
static void test_longest_step_of_a_job(void)
{
    double x0[] = { 1 }, p[] = { 0 }, x_end[2][1];
    ost_job_t jobs[2];
    ost_solver_options_t options = options_at(1e-6);
    options.h_max = 0.5;
    for (int k = 0; k < 2; k++)
        jobs[k] = (ost_job_t){ .t0 = 2, .t1 = 34, .x0 = x0, .p = p, .u0 = none, .x_end = x_end[k], .longer = 2.0 * k };
    run_jobs(&jump, &options, jobs, 2);
    CU_ASSERT_EQUAL(jobs[0].stats.steps, 64);
    CU_ASSERT_EQUAL(jobs[1].stats.steps, 32);
}

static void test_nothing_is_allocated_while_integrating(void)
{
    ost_solver_options_t options = options_at(1e-6);
    ost_job_t jobs[N_JOBS];
    ost_batch_t *batch = NULL;
    CU_ASSERT_EQUAL_FATAL(ost_batch_new(&batch, &prey, &options, NULL), 0);
    for (uint32_t k = 0; k < N_JOBS; k++) jobs[k] = make_job(&one[k], k, 1);
    struct mallinfo2 before = mallinfo2();
    int code = ost_batch_run(batch, jobs, N_JOBS, NULL);
    struct mallinfo2 after = mallinfo2();
    CU_ASSERT_EQUAL(code, 0);
    CU_ASSERT_EQUAL(before.uordblks, after.uordblks);
    CU_ASSERT_EQUAL(before.fordblks, after.fordblks);
    CU_ASSERT_EQUAL(before.hblkhd, after.hblkhd);
    /* Run again, the batch gives the same bits: nothing is left over from before. */
    ost_job_t again[N_JOBS];
    for (uint32_t k = 0; k < N_JOBS; k++) again[k] = make_job(&other[k], k, 1);
    CU_ASSERT_EQUAL(ost_batch_run(batch, again, N_JOBS, NULL), 0);
    for (size_t k = 0; k < N_JOBS; k++) compare_jobs(&jobs[k], &one[k], &again[k], &other[k], 1);
    CU_ASSERT_EQUAL(ost_batch_run(batch, again, 0, NULL), 0);
    ost_batch_delete(batch);
}

static void test_options_are_checked(void)
{
    ost_batch_t *batch = NULL;
    ost_error_t err;
    for (int k = 0; k < 7; k++) {
        ost_solver_options_t options = options_at(1e-6);
        if (k == 0) options.rtol = 0;
        if (k == 1) options.rtol = NAN;
        if (k == 2) options.atol_factor = 0;
        if (k == 3) options.h_min = 0;
        if (k == 4) options.h_max = 1e-13;
        if (k == 5) options.max_steps = 0;
        if (k == 6) options.isa = OST_N_ISA;
        memset(&err, 0, sizeof(err));
        CU_ASSERT_EQUAL(ost_batch_new(&batch, &prey, &options, &err), OST_ERR_VALUE);
        CU_ASSERT_EQUAL(err.code, OST_ERR_VALUE);
        CU_ASSERT_PTR_NULL(batch);
    }
}

static void test_jobs_are_checked(void)
{
    ost_solver_options_t options = options_at(1e-6);
    ost_batch_t *batch = NULL;
    CU_ASSERT_EQUAL_FATAL(ost_batch_new(&batch, &prey, &options, NULL), 0);
    for (int k = 0; k < 8; k++) {
        ost_job_t jobs[2] = { make_job(&one[0], 0, 1), make_job(&one[1], 1, 1) };
        ost_error_t err = { 0 };
        if (k == 0) jobs[1].t1 = -1;
        if (k == 1) one[1].events[5].t = 0;
        if (k == 2) one[1].events[5].index = 3;
        if (k == 3) one[1].events[5].series = 0;
        if (k == 4) one[1].t_out[5] = NAN;
        ost_series_t series = {
            .ripple_input = -1, .interval = 1, .hold_input = k == 5 ? 99 : 0, .n_states = k == 6 ? 99 : 1
        };
        jobs[1].series = &series;
        jobs[1].n_series = k >= 5;
        if (k == 7) series.interval = 0;
        CU_ASSERT_EQUAL(ost_batch_run(batch, jobs, 2, &err), OST_ERR_VALUE);
        ost_assert_contains(err.what, "job 1");
    }
    ost_batch_delete(batch);
}

/* Elimination of a random sparse matrix against dense elimination with pivoting; lane 0 only. */
enum { N_X = 9, N_S = 5, N = N_X + N_S };

static double run_list(const ost_sum_t *op, const ost_term_t *term, const double *a, const double *b, double sum)
{
    for (uint32_t k = 0; k < op->n_terms; k++) sum += a[term[k].a] * b[term[k].b];
    return sum;
}

static void dense_solve(double m[N][N + 1])
{
    for (int k = 0; k < N; k++) {
        int best = k;
        for (int r = k; r < N; r++) best = fabs(m[r][k]) > fabs(m[best][k]) ? r : best;
        for (int c = 0; c <= N; c++) {
            double keep = m[k][c];
            m[k][c] = m[best][c];
            m[best][c] = keep;
        }
        for (int r = 0; r < N; r++) {
            double factor = m[r][k] / m[k][k];
            for (int c = k; r != k && c <= N; c++) m[r][c] -= factor * m[k][c];
        }
    }
}

static void compare_with_dense(uint32_t seed)
{
    uint32_t state = seed, row[N * (N + 1)], col[N * (N + 1)];
    double value[N * (N + 1)], dense[N][N + 1] = { 0 }, d = 3, r[N_X], time_weight = 0.7;
    ost_system_t system = { .n_states = N_X, .n_algebraic = N_S, .row = row, .col = col };
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = 0; j <= N; j++) {
            /* Algebraic quantities depend on those of higher number only. */
            if (i >= N_X && j >= N_X && j <= i) continue;
            if (draw(&state) > 0.3) continue;
            row[system.n_entries] = i;
            col[system.n_entries] = j;
            value[system.n_entries++] = draw(&state) - 0.5;
        }
    }
    /* Dense: -M k = r + weight x time column. */
    for (int i = 0; i < N; i++) dense[i][i] = i < N_X ? d : 1;
    for (int i = 0; i < N_X; i++) dense[i][N] = r[i] = draw(&state);
    for (size_t e = 0; e < system.n_entries; e++)
        dense[row[e]][col[e]] += col[e] == N ? time_weight * value[e] : -value[e];
    ost_elimination_t plan;
    CU_ASSERT_EQUAL_FATAL(ost_elimination_init(&plan, &system, NULL), 0);
    double *v = calloc(plan.n_rows * OST_LANE_COUNT, sizeof(double)), k[N_X * OST_LANE_COUNT];
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    for (size_t e = 0; e < system.n_entries; e++) v[e * OST_LANE_COUNT] = value[e];
    const ost_term_t *term = plan.factor.terms;
    for (size_t i = 0; i < plan.factor.n_ops; term += plan.factor.ops[i++].n_terms) {
        const ost_sum_t *op = &plan.factor.ops[i];
        double sum = run_list(op, term, v, v, v[op->src]);
        if (op->scale == OST_STORE_PIVOT)
            sum = -1 / (sum - d);
        else if (op->scale != OST_STORE_PLAIN)
            sum *= v[op->scale];
        v[op->dst] = sum;
    }
    for (int i = 0; i < N_X; i++) k[i * OST_LANE_COUNT] = r[i];
    for (size_t i = 0; i < plan.n_time; i++) k[plan.time_state[i]] += time_weight * v[plan.time_value[i]];
    term = plan.forward.terms;
    for (size_t i = 0; i < plan.forward.n_ops; term += plan.forward.ops[i++].n_terms)
        k[plan.forward.ops[i].dst] = run_list(&plan.forward.ops[i], term, v, k, k[plan.forward.ops[i].dst]);
    term = plan.backward.terms;
    for (size_t i = 0; i < plan.backward.n_ops; term += plan.backward.ops[i++].n_terms) {
        const ost_sum_t *op = &plan.backward.ops[i];
        k[op->dst] = run_list(op, term, v, k, k[op->dst]) * v[op->scale];
    }
    dense_solve(dense);
    for (int i = 0; i < N_X; i++) ost_assert_close(k[i * OST_LANE_COUNT], dense[i][N] / dense[i][i], 1e-11, 1e-13);
    free(v);
    ost_elimination_free(&plan);
    ost_elimination_free(&plan);
}

static void test_elimination_against_dense(void)
{
    for (uint32_t seed = 1; seed <= 40; seed++) compare_with_dense(seed);
}

static void test_systems_are_checked(void)
{
    static const uint32_t loop_row[] = { 1, 2, 3 }, loop_col[] = { 2, 3, 1 };
    ost_system_t system = { .n_states = 1, .n_algebraic = 3, .n_entries = 3, .row = loop_row, .col = loop_col };
    ost_elimination_t plan;
    ost_error_t err = { 0 };
    CU_ASSERT_EQUAL(ost_elimination_init(&plan, &system, &err), OST_ERR_MODEL);
    ost_assert_contains(err.what, "depends on itself");
    ost_elimination_free(&plan);
    static const uint32_t twice[] = { 0, 0 };
    system = (ost_system_t){ .n_states = 1, .n_entries = 2, .row = twice, .col = twice };
    CU_ASSERT_EQUAL(ost_elimination_init(&plan, &system, &err), OST_ERR_MODEL);
    ost_assert_contains(err.what, "twice");
    ost_elimination_free(&plan);
    system = (ost_system_t){ .n_states = 1, .n_entries = 1, .row = loop_row, .col = twice };
    CU_ASSERT_EQUAL(ost_elimination_init(&plan, &system, &err), OST_ERR_MODEL);
    ost_elimination_free(&plan);
    ost_elimination_free(NULL);
    static const double no_scale[] = { 0 };
    ost_batch_t *batch = NULL;
    ost_solver_options_t options = options_at(1e-6);
    system = down;
    system.scale = no_scale;
    CU_ASSERT_EQUAL(ost_batch_new(&batch, &system, &options, &err), OST_ERR_MODEL);
    ost_assert_contains(err.what, "scale of state A is 0");
    CU_ASSERT_PTR_NULL(batch);
    system = (ost_system_t){ .n_states = 1, .n_entries = 2, .row = twice, .col = twice, .scale = prey_scale };
    system.positive = all_positive;
    CU_ASSERT_EQUAL(ost_batch_new(&batch, &system, &options, &err), OST_ERR_MODEL);
    CU_ASSERT_PTR_NULL(batch);
}

static const ost_test_t tests[] = {
    { "bits_do_not_depend_on_the_batch", test_bits_do_not_depend_on_the_batch },
    { "bits_do_not_depend_on_the_instruction_set", test_bits_do_not_depend_on_the_instruction_set },
    { "failures_stay_alone", test_failures_stay_alone },
    { "kinds_of_failure", test_kinds_of_failure },
    { "error_follows_tolerance", test_error_follows_tolerance },
    { "steps_that_err_are_refused", test_steps_that_err_are_refused },
    { "longest_step_of_a_job", test_longest_step_of_a_job },
    { "nothing_is_allocated_while_integrating", test_nothing_is_allocated_while_integrating },
    { "options_are_checked", test_options_are_checked },
    { "jobs_are_checked", test_jobs_are_checked },
    { "elimination_against_dense", test_elimination_against_dense },
    { "systems_are_checked", test_systems_are_checked },
};
OST_TEST_MAIN("batch", tests)
