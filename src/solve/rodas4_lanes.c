/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rodas4: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed. 1996, section IV.7 and IV.10: six
 * stages, order 4 with an embedded method of order 3, L-stable, stiffly accurate, dense output of order 3. */
#include "solve/rodas4.h"

#include <string.h>

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

/* A row is as many registers as the instruction set needs for it. Loops over them are unrolled, so that sums stay in
 * registers; gcc 12 passes whole vectors wider than a register through memory. */
#define N_REGS (OST_LANES / OST_REG_LANES)
#define EACH_REG for (int q = 0; q < N_REGS; q++)

INLINE ost_reg load(const double *row, int q)
{
    typedef ost_reg __attribute__((may_alias)) aliased;
    return *(const aliased *) (row + q * OST_REG_LANES);
}

INLINE void store(double *row, int q, ost_reg a)
{
    typedef ost_reg __attribute__((may_alias)) aliased;
    *(aliased *) (row + q * OST_REG_LANES) = a;
}

INLINE void add_products(ost_reg sum[N_REGS], const ost_term_t *term, uint32_t n, const double *a, const double *b)
{
    for (const ost_term_t *end = term + n; term < end; term++)
        EACH_REG sum[q] += load(a + term->a, q) * load(b + term->b, q);
}

static __attribute__((noinline)) void factor(const ost_op_list_t *list, double *values, const double *d)
{
    const ost_term_t *term = list->terms;
    for (const ost_op_t *op = list->ops, *end = op + list->n_ops; op < end; op++) {
        ost_reg sum[N_REGS];
        double *dst = values + op->dst;
        EACH_REG sum[q] = load(values + op->src, q);
        add_products(sum, term, op->n_terms, values, values);
        term += op->n_terms;
        if (op->scale == OST_STORE_PIVOT) {
            EACH_REG store(dst, q, -1.0 / (sum[q] - load(d, q)));
        } else if (op->scale == OST_STORE_PLAIN) {
            EACH_REG store(dst, q, sum[q]);
        } else {
            EACH_REG store(dst, q, sum[q] * load(values + op->scale, q));
        }
    }
}

static __attribute__((noinline)) void solve(const ost_elimination_t *self, const double *values, double *r)
{
    const ost_term_t *term = self->forward.terms;
    for (const ost_op_t *op = self->forward.ops, *end = op + self->forward.n_ops; op < end; op++) {
        ost_reg sum[N_REGS];
        EACH_REG sum[q] = load(r + op->dst, q);
        add_products(sum, term, op->n_terms, values, r);
        term += op->n_terms;
        EACH_REG store(r + op->dst, q, sum[q]);
    }
    term = self->backward.terms;
    for (const ost_op_t *op = self->backward.ops, *end = op + self->backward.n_ops; op < end; op++) {
        ost_reg sum[N_REGS];
        EACH_REG sum[q] = load(r + op->dst, q);
        add_products(sum, term, op->n_terms, values, r);
        term += op->n_terms;
        EACH_REG store(r + op->dst, q, sum[q] * load(values + op->scale, q));
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
        EACH_REG
        {
            ost_reg sum = load(ROW(b->x, k), q);
            for (int j = 0; j < i; j++) sum += A[i][j] * load(ROW(stage_rows(b, j), k), q);
            store(ROW(b->x_at, k), q, sum);
        }
    }
}

/* From f in stage i's rows to the increment of stage i. */
INLINE void finish_stage(const ost_batch_t *b, int i, const double *h, const double *per_h)
{
    double *rows = stage_rows(b, i);
    for (size_t k = 0; i > 0 && k < b->system->n_states; k++) {
        EACH_REG
        {
            ost_reg sum = C[i][0] * load(ROW(b->stages, k), q);
            for (int j = 1; j < i; j++) sum += C[i][j] * load(ROW(stage_rows(b, j), k), q);
            store(ROW(rows, k), q, load(ROW(rows, k), q) + load(per_h, q) * sum);
        }
    }
    const ost_elimination_t *e = &b->elimination;
    for (size_t k = 0; D[i] != 0 && k < e->n_time; k++) {
        double *row = rows + e->time_state[k];
        EACH_REG store(row, q, load(row, q) + (D[i] * load(h, q)) * load(b->values + e->time_value[k], q));
    }
    solve(e, b->values, rows);
}

/* The last stage's argument is the one before plus that increment, the new state is the sum of all, the last increment
 * the error. */
INLINE void judge(const ost_batch_t *b, int q, double *ratio, int64_t *negative)
{
    const double *last = stage_rows(b, OST_N_STAGES - 1), *x_old = b->x, *x_at = b->x_at;
    const double *atol = b->atol, *lowest = b->floor;
    double *x_end = b->x_new, rtol = b->options.rtol;
    size_t n = b->system->n_states;
    ost_reg error = { 0 }, tolerance = error + 1.0, finite = { 0 };
    ost_reg_mask below = { 0 };
    for (size_t k = 0; k < n; k++) {
        ost_reg x = load(ROW(x_old, k), q), increment = load(ROW(last, k), q);
        ost_reg x_new = load(ROW(x_at, k), q) + increment;
        store(ROW(x_end, k), q, x_new);
        finite += x_new * 0.0;
        below |= x_new < lowest[k];
        x = ost_reg_abs(x);
        x_new = ost_reg_abs(x_new);
        ost_reg weight = atol[k] + rtol * ost_reg_blend(x > x_new, x, x_new);
        increment = ost_reg_abs(increment);
        /* The largest increment / weight by cross multiplication: one division a step instead of one a state. */
        ost_reg_mask larger = increment * tolerance > error * weight;
        error = ost_reg_blend(larger, increment, error);
        tolerance = ost_reg_blend(larger, weight, tolerance);
    }
    store(ratio, q, error / tolerance + finite);
    memcpy(negative + q * OST_REG_LANES, &below, sizeof(below));
}

void OST_LANE_FN(ost_rodas4_step)(const ost_batch_t *b, const ost_v *t, const ost_v *h, ost_rodas4_result_t *result)
{
    const ost_system_t *system = b->system;
    ost_v time = *t, per_h = 1.0 / *h, d = per_h / GAMMA;
    const double *h_row = (const double *) h, *per_h_row = (const double *) &per_h;
    ost_point_t at = {
        .t = (const double *) &time, .x = b->x, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch
    };
    system->rhs(system->self, &at, b->stages);
    system->jacobian(system->self, &at, b->values);
    factor(&b->elimination.factor, b->values, (const double *) &d);
    finish_stage(b, 0, h_row, per_h_row);
    at.x = b->x_at;
#define STAGE(i)                                                                                                       \
    time = *t + T[i] * *h;                                                                                             \
    stage_argument(b, i);                                                                                              \
    system->rhs(system->self, &at, stage_rows(b, i));                                                                  \
    finish_stage(b, i, h_row, per_h_row)
    STAGE(1);
    STAGE(2);
    STAGE(3);
    STAGE(4);
#undef STAGE
    for (size_t k = 0; k < system->n_states; k++)
        EACH_REG store(ROW(b->x_at, k), q, load(ROW(b->x_at, k), q) + load(ROW(stage_rows(b, 4), k), q));
    system->rhs(system->self, &at, stage_rows(b, 5));
    finish_stage(b, 5, h_row, per_h_row);
    EACH_REG judge(b, q, (double *) &result->ratio, (int64_t *) &result->negative);
}

void OST_LANE_FN(ost_rodas4_dense)(const ost_batch_t *b)
{
    size_t n = b->system->n_states;
    for (size_t k = 0; k < n; k++) {
        EACH_REG
        {
            ost_reg quadratic = { 0 }, cubic = { 0 };
            for (int j = 0; j < OST_N_STAGES - 1; j++) {
                ost_reg increment = load(ROW(stage_rows(b, j), k), q);
                quadratic += DENSE[0][j] * increment;
                cubic += DENSE[1][j] * increment;
            }
            store(ROW(b->dense, k), q, quadratic);
            store(ROW(b->dense, n + k), q, cubic);
        }
    }
}

void OST_LANE_FN(ost_rodas4_at)(const ost_batch_t *b, const ost_v *theta)
{
    size_t n = b->system->n_states;
    for (size_t k = 0; k < n; k++) {
        EACH_REG
        {
            ost_reg s = load((const double *) theta, q), r = 1.0 - s;
            ost_reg inner = load(ROW(b->dense, k), q) + s * load(ROW(b->dense, n + k), q);
            store(ROW(b->x_at, k), q, r * load(ROW(b->x, k), q) + s * (load(ROW(b->x_new, k), q) + r * inner));
        }
    }
}
