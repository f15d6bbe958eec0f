/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Explicit pairs for systems that are not stiff: one step, and a table for each method. The last stage is the
 * right-hand side at the new state, which the next step begins with. */
#include "solve/linear_lanes.h"
#include "solve/stages_lanes.h"

/* A pair of s stages k_j = f(t + t[j] h, x + h sum_i a[j][i] k_i); see METHOD for a new one.
 *
 *     new state          x_new = x + h sum_j a[s - 1][j] k_j, so that the last stage is the right-hand side there
 *     error of a step    h sum_j error[j] k_j, the new state less the embedded one
 *     dense output       (1 - theta) x + theta x_new + theta (1 - theta) h sum_j P_j(theta) k_j,
 *                        P_j = sum_m dense[m][j] theta^m; of published weights b_j(theta) with b_j(1) = b_j it is
 *                        (b_j(theta) - theta b_j) / (theta (1 - theta)) */
typedef struct {
    double a[OST_MAX_STAGES][OST_MAX_STAGES], t[OST_MAX_STAGES], error[OST_MAX_STAGES];
    int n_dense;
    double dense[3][OST_MAX_STAGES]; /* the first n_dense rows */
} table_t;

/* Tsitouras, Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying assumption, Comput. Math.
 * Appl. 62:770 (2011), doi:10.1016/j.camwa.2011.06.002; dense output of order 4: from the polynomials that Tsitouras
 * gives for the weights, less theta times the last row of a, over theta (1 - theta). */
static const table_t tsit5 = {
    .a = {
        { 0 },
        { 0.161 },
        { -0.008480655492356989, 0.335480655492357 },
        { 2.8971530571054935, -6.359448489975075, 4.3622954328695815 },
        { 5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525 },
        { 5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383 },
        { 0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774 },
    },
    .t = { 0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1 },
    .error = { -0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629,
        0.5823571654525552, -0.45808210592918697, 1.0 / 66 },
    .n_dense = 3,
    .dense = {
        { 0.9035392331819347, -0.01, -0.4798896504144996, -1.379008574103742, 3.290069515436081, -2.324710524099774 },
        { -1.860166964092891, 0.1217, 3.450406586480252, -13.79008574103742, 40.79938293194712, -30.22123681329706, 1.5 },
        { 1.0530884977290216, -0.1017, -2.490627285651253, 16.548102889244902, -47.37952196281928, 34.87065786149661,
            -2.5 },
    },
};

/* Bogacki & Shampine, A 3(2) pair of Runge-Kutta formulas, Appl. Math. Lett. 2:321 (1989),
 * doi:10.1016/0893-9659(89)90079-7; dense output of order 3: the cubic through both states and their derivatives. */
static const table_t bs32 = {
    .a = { { 0 }, { 1.0 / 2 }, { 0, 3.0 / 4 }, { 2.0 / 9, 1.0 / 3, 4.0 / 9 } },
    .t = { 0, 1.0 / 2, 3.0 / 4, 1 },
    .error = { -5.0 / 72, 1.0 / 12, 1.0 / 9, -1.0 / 8 },
    .n_dense = 2,
    .dense = { { 7.0 / 9, -1.0 / 3, -4.0 / 9 }, { -5.0 / 9, 2.0 / 3, 8.0 / 9, -1 } },
};

/* to = x + h times a sum of the first n stages */
INLINE void advance(const ost_batch_t *b, const ost_v *h, double *to, const double *x, const double *weights, int n)
{
    const rows_t rows = rows_of(b);
    for (size_t k = 0; k < rows.n; k++) {
        EACH_REG
        {
            ost_reg sum = ost_reg_load((const double *) h, q) * stage_sum(&rows, weights, n, k, q);
            ost_reg_store(ROW(to, k), q, x == NULL ? sum : ost_reg_load(ROW(x, k), q) + sum);
        }
    }
}

enum { MOST_STAGES = 7 }; /* that step() computes; the error of a step is kept behind them */
_Static_assert(MOST_STAGES < OST_MAX_STAGES, "a batch has no place for the error of a step");

INLINE void step(
    const ost_batch_t *b, const table_t *table, int n_stages, const ost_v *t, const ost_v *h, ost_step_result_t *result)
{
    const ost_system_t *system = b->system;
    ost_v time;
    ost_point_t at = {
        .t = (const double *) &time, .x = b->x_at, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch
    };
    memcpy(b->stages, b->f, system->n_states * OST_LANES * sizeof(double));
    ost_linear_begin(b, b->stages);
    ost_forced_begin(b, t, h);
    /* Not a loop, so that the compiler knows i. */
#define STAGE(i)                                                                                                       \
    if (i < n_stages) {                                                                                                \
        time = *t + table->t[i] * *h;                                                                                  \
        advance(b, h, b->x_at, b->x, table->a[i], i);                                                                  \
        ost_linear_put_states(b, table->t[i] * *h, ~(ost_mask){ 0 });                                                  \
        ost_linear_rhs(b, &at, stage_rows(b, i));                                                                      \
    }
    STAGE(1)
    STAGE(2)
    STAGE(3)
    STAGE(4)
    STAGE(5)
    STAGE(6)
#undef STAGE
    double *error = stage_rows(b, n_stages);
    advance(b, h, error, NULL, table->error, n_stages);
    ost_linear_put_rates(b, 0, error);
    EACH_REG error_norm(b, NULL, error, q, result);
}

/* The method of a table.
 *
 * power   the error of a step goes with its size to this power: 1 + the lower of the two orders of the pair
 * stages  of the table. A pair whose own last stage is not at the new state (not "first same as last") gets that as one
 *         more: the weights of the new state are its row of a, t is 1, and its error 0. */
#define METHOD(name, power, stages)                                                                                    \
    static void name##_step(const ost_batch_t *b, const ost_v *t, const ost_v *h, ost_step_result_t *result)           \
    {                                                                                                                  \
        step(b, &name, stages, t, h, result);                                                                          \
    }                                                                                                                  \
    static void name##_dense(                                                                                          \
        const ost_batch_t *b, const ost_wanted_states_t *wanted, const ost_v *h, const ost_v *theta)                   \
    {                                                                                                                  \
        interpolate(b, wanted, name.dense, name.n_dense, theta, h);                                                    \
    }                                                                                                                  \
    _Static_assert((stages) <= MOST_STAGES, "step() computes fewer stages");                                           \
    const ost_method_t OST_LANE_FN(ost_##name) = { .n_rhs = stages - 1,                                                \
        .error_power = power,                                                                                          \
        .error_stage = stages,                                                                                         \
        .next_stage = stages - 1,                                                                                      \
        .step = name##_step,                                                                                           \
        .dense = name##_dense }

METHOD(tsit5, 5, 7);
METHOD(bs32, 3, 4);
