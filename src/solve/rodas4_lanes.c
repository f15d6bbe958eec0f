/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rodas4: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed. 1996, section IV.7 and IV.10: six
 * stages, order 4 with an embedded method of order 3, L-stable, stiffly accurate, dense output of order 3. */
#include "solve/rodas4.h"

#define GAMMA 0.25
#define ROW(rows, i) ((rows) + (size_t) (i) *OST_LANES)
#define INLINE static inline __attribute__((always_inline))

static const double A[OST_N_STAGES][OST_N_STAGES - 1] = {
    { 0 },
    { 1.544 },
    { 0.9466785280815826, 0.2557011698983284 },
    { 3.314825187068521, 2.896124015972201, 0.9986419139977817 },
    { 1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950 },
};
static const double C[OST_N_STAGES][OST_N_STAGES - 1] = {
    { 0 },
    { -5.6688 },
    { -2.430093356833875, -0.2063599157091915 },
    { -0.1073529058151375, -9.594562251023355, -20.47028614809616 },
    { 7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160 },
    { 8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054 },
};
static const double DENSE[2][OST_N_STAGES - 1] = {
    { 10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662 },
    { -0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872 },
};
/* Stage times, and weights of the partial derivative by time. */
static const double T[OST_N_STAGES] = { 0, 0.386, 0.21, 0.63, 1, 1 };
static const double D[OST_N_STAGES] = { 0.25, -0.1043, 0.1035, -0.0362, 0, 0 };

static __attribute__((noinline)) void factor(const ost_op_list_t *list, double *values, ost_v d)
{
    const ost_term_t *term = list->terms;
    for (const ost_op_t *op = list->ops, *end = op + list->n_ops; op < end; op++) {
        ost_v sum = ost_v_load(values + op->src);
        for (uint32_t k = op->n_terms; k > 0; k--, term++)
            sum += ost_v_load(values + term->a) * ost_v_load(values + term->b);
        if (op->scale == OST_STORE_PIVOT)
            sum = -1.0 / (sum - d);
        else if (op->scale != OST_STORE_PLAIN)
            sum *= ost_v_load(values + op->scale);
        ost_v_store(values + op->dst, sum);
    }
}

static __attribute__((noinline)) void solve(const ost_elimination_t *self, const double *values, double *r)
{
    const ost_term_t *term = self->forward.terms;
    for (const ost_op_t *op = self->forward.ops, *end = op + self->forward.n_ops; op < end; op++) {
        ost_v sum = ost_v_load(r + op->dst);
        for (uint32_t k = op->n_terms; k > 0; k--, term++)
            sum += ost_v_load(values + term->a) * ost_v_load(r + term->b);
        ost_v_store(r + op->dst, sum);
    }
    term = self->backward.terms;
    for (const ost_op_t *op = self->backward.ops, *end = op + self->backward.n_ops; op < end; op++) {
        ost_v sum = ost_v_load(r + op->dst);
        for (uint32_t k = op->n_terms; k > 0; k--, term++)
            sum += ost_v_load(values + term->a) * ost_v_load(r + term->b);
        ost_v_store(r + op->dst, sum * ost_v_load(values + op->scale));
    }
}

static inline double *stage_rows(const ost_batch_t *b, int i)
{
    return b->stages + (size_t) i * b->stage_stride;
}

/* x_at = x + sum of A[i][j] stage j */
INLINE void stage_argument(const ost_batch_t *b, int i)
{
    for (size_t k = 0; k < b->system->n_states; k++) {
        ost_v sum = ost_v_load(ROW(b->x, k));
        for (int j = 0; j < i; j++) sum += A[i][j] * ost_v_load(ROW(stage_rows(b, j), k));
        ost_v_store(ROW(b->x_at, k), sum);
    }
}

/* From f in stage i's rows to the increment of stage i. */
INLINE void finish_stage(const ost_batch_t *b, int i, ost_v h, ost_v per_h)
{
    double *rows = stage_rows(b, i);
    for (size_t k = 0; i > 0 && k < b->system->n_states; k++) {
        ost_v sum = C[i][0] * ost_v_load(ROW(b->stages, k));
        for (int j = 1; j < i; j++) sum += C[i][j] * ost_v_load(ROW(stage_rows(b, j), k));
        ost_v_store(ROW(rows, k), ost_v_load(ROW(rows, k)) + per_h * sum);
    }
    const ost_elimination_t *e = &b->elimination;
    for (size_t k = 0; D[i] != 0 && k < e->n_time; k++) {
        double *row = rows + e->time_state[k];
        ost_v_store(row, ost_v_load(row) + (D[i] * h) * ost_v_load(b->values + e->time_value[k]));
    }
    solve(e, b->values, rows);
}

/* The last stage's argument is the one before plus that increment, the new state is the sum of all, the last increment
 * the error. */
static void judge(const ost_batch_t *b, ost_rodas4_result_t *result)
{
    const double *last = stage_rows(b, OST_N_STAGES - 1);
    ost_v error = ost_v_splat(0), tolerance = ost_v_splat(1), finite = ost_v_splat(0);
    ost_mask negative = { 0 };
    for (size_t k = 0; k < b->system->n_states; k++) {
        ost_v x = ost_v_load(ROW(b->x, k)), increment = ost_v_load(ROW(last, k));
        ost_v x_new = ost_v_load(ROW(b->x_at, k)) + increment;
        ost_v_store(ROW(b->x_new, k), x_new);
        ost_v weight = b->atol[k] + b->options.rtol * ost_v_max(ost_v_abs(x), ost_v_abs(x_new));
        increment = ost_v_abs(increment);
        /* The largest increment / weight by cross multiplication: one division a step instead of one a state. */
        ost_mask larger = increment * tolerance > error * weight;
        error = ost_v_blend(larger, increment, error);
        tolerance = ost_v_blend(larger, weight, tolerance);
        finite += x_new * 0.0;
        negative |= x_new < b->floor[k];
    }
    result->ratio = error / tolerance + finite;
    result->negative = negative;
}

void OST_LANE_FN(ost_rodas4_step)(const ost_batch_t *b, const ost_v *t, const ost_v *h, ost_rodas4_result_t *result)
{
    const ost_system_t *system = b->system;
    ost_v time = *t, per_h = 1.0 / *h;
    ost_point_t at = {
        .t = (const double *) &time, .x = b->x, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch
    };
    system->rhs(system->self, &at, b->stages);
    system->jacobian(system->self, &at, b->values);
    factor(&b->elimination.factor, b->values, per_h / GAMMA);
    finish_stage(b, 0, *h, per_h);
    at.x = b->x_at;
#define STAGE(i)                                                                                                       \
    time = *t + T[i] * *h;                                                                                             \
    stage_argument(b, i);                                                                                              \
    system->rhs(system->self, &at, stage_rows(b, i));                                                                  \
    finish_stage(b, i, *h, per_h)
    STAGE(1);
    STAGE(2);
    STAGE(3);
    STAGE(4);
#undef STAGE
    for (size_t k = 0; k < system->n_states; k++)
        ost_v_store(ROW(b->x_at, k), ost_v_load(ROW(b->x_at, k)) + ost_v_load(ROW(stage_rows(b, 4), k)));
    system->rhs(system->self, &at, stage_rows(b, 5));
    finish_stage(b, 5, *h, per_h);
    judge(b, result);
}

void OST_LANE_FN(ost_rodas4_dense)(const ost_batch_t *b)
{
    size_t n = b->system->n_states;
    for (size_t k = 0; k < n; k++) {
        ost_v quadratic = ost_v_splat(0), cubic = ost_v_splat(0);
        for (int j = 0; j < OST_N_STAGES - 1; j++) {
            ost_v increment = ost_v_load(ROW(stage_rows(b, j), k));
            quadratic += DENSE[0][j] * increment;
            cubic += DENSE[1][j] * increment;
        }
        ost_v_store(ROW(b->dense, k), quadratic);
        ost_v_store(ROW(b->dense, n + k), cubic);
    }
}

void OST_LANE_FN(ost_rodas4_at)(const ost_batch_t *b, const ost_v *theta)
{
    size_t n = b->system->n_states;
    ost_v s = *theta, r = 1.0 - *theta;
    for (size_t k = 0; k < n; k++) {
        ost_v inner = ost_v_load(ROW(b->dense, k)) + s * ost_v_load(ROW(b->dense, n + k));
        ost_v_store(ROW(b->x_at, k), r * ost_v_load(ROW(b->x, k)) + s * (ost_v_load(ROW(b->x_new, k)) + r * inner));
    }
}
