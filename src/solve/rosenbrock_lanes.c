/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rosenbrock methods in the form without matrix products: Hairer & Wanner, Solving Ordinary Differential Equations II,
 * 2nd ed. 1996, section IV.7. One step, and a table for each method. */
#include "solve/stages_lanes.h"

typedef struct {
    int n_stages;
    int n_own; /* stages with an argument of their own; that of a later one is the one before plus that increment */
    int n_dense;
    double gamma;
    double a[OST_MAX_STAGES][OST_MAX_STAGES], c[OST_MAX_STAGES][OST_MAX_STAGES];
    double t[OST_MAX_STAGES], d[OST_MAX_STAGES]; /* stage times, weights of the partial derivative by time */
    double dense[3][OST_MAX_STAGES];
} table_t;

enum { RODAS4_STAGES = 6, RODAS4_DENSE = 2, RODAS5P_STAGES = 8, RODAS5P_DENSE = 3 };

/* Hairer & Wanner, section IV.10: order 4 with an embedded method of order 3, L-stable, stiffly accurate, dense output
 * of order 3. */
static const table_t rodas4 = {
    .n_stages = RODAS4_STAGES,
    .n_own = 5,
    .n_dense = RODAS4_DENSE,
    .gamma = 0.25,
    .a = {
        { 0 },
        { 1.544 },
        { 0.9466785280815826, 0.2557011698983284 },
        { 3.314825187068521, 2.896124015972201, 0.9986419139977817 },
        { 1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950 },
    },
    .c = {
        { 0 },
        { -5.6688 },
        { -2.430093356833875, -0.2063599157091915 },
        { -0.1073529058151375, -9.594562251023355, -20.47028614809616 },
        { 7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160 },
        { 8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054 },
    },
    .t = { 0, 0.386, 0.21, 0.63, 1, 1 },
    .d = { 0.25, -0.1043, 0.1035, -0.0362 },
    .dense = {
        { 10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662 },
        { -0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872 },
    },
};

/* Steinebach, Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia Differential
 * Equations package, BIT Numer. Math. 63:27 (2023), doi:10.1007/s10543-023-00967-x: order 5 with an embedded method of
 * order 4, stiffly accurate, dense output of order 4. */
static const table_t rodas5p = {
    .n_stages = RODAS5P_STAGES,
    .n_own = 6,
    .n_dense = RODAS5P_DENSE,
    .gamma = 0.21193756319429014,
    .a = {
        { 0 },
        { 3.0 },
        { 2.849394379747939, 0.45842242204463923 },
        { -6.954028509809101, 2.489845061869568, -10.358996098473584 },
        { 2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641 },
        { -7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946 },
    },
    .c = {
        { 0 },
        { -14.155112264123755 },
        { -17.97296035885952, -2.859693295451294 },
        { 147.12150275711716, -1.41221402718213, 71.68940251302358 },
        { 165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306 },
        { 24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471 },
        { 30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
            -28.087943162872662 },
        { 37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
            -54.66780262877968, -9.48861652309627 },
    },
    .t = { 0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1, 1, 1 },
    .d = { 0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069 },
    .dense = {
        { 25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
            1.1241088310450404, 0.4272876194431874, -0.17202221070155493 },
        { -9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
            15.98066361424651, -6.789040303419874, -6.710236069923372 },
        { 11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
            -59.78993625266729, -0.15582684282751913, 4.883087185713722 },
    },
};

INLINE void add_products(ost_reg sum[OST_N_REGS], const ost_term_t *term, uint32_t n, const double *a, const double *b)
{
    for (const ost_term_t *end = term + n; term < end; term++)
        EACH_REG sum[q] += ost_reg_load(a + term->a, q) * ost_reg_load(b + term->b, q);
}

static __attribute__((noinline)) void factor(const ost_op_list_t *list, double *values, const double *d)
{
    const ost_term_t *term = list->terms;
    for (const ost_sum_t *op = list->ops, *end = op + list->n_ops; op < end; op++) {
        ost_reg sum[OST_N_REGS];
        double *dst = values + op->dst;
        EACH_REG sum[q] = ost_reg_load(values + op->src, q);
        add_products(sum, term, op->n_terms, values, values);
        term += op->n_terms;
        if (op->scale == OST_STORE_PIVOT) {
            EACH_REG ost_reg_store(dst, q, -1.0 / (sum[q] - ost_reg_load(d, q)));
        } else if (op->scale == OST_STORE_PLAIN) {
            EACH_REG ost_reg_store(dst, q, sum[q]);
        } else {
            EACH_REG ost_reg_store(dst, q, sum[q] * ost_reg_load(values + op->scale, q));
        }
    }
}

static __attribute__((noinline)) void solve(const ost_elimination_t *self, const double *values, double *r)
{
    const ost_term_t *term = self->forward.terms;
    for (const ost_sum_t *op = self->forward.ops, *end = op + self->forward.n_ops; op < end; op++) {
        ost_reg sum[OST_N_REGS];
        EACH_REG sum[q] = ost_reg_load(r + op->dst, q);
        add_products(sum, term, op->n_terms, values, r);
        term += op->n_terms;
        EACH_REG ost_reg_store(r + op->dst, q, sum[q]);
    }
    term = self->backward.terms;
    for (const ost_sum_t *op = self->backward.ops, *end = op + self->backward.n_ops; op < end; op++) {
        ost_reg sum[OST_N_REGS];
        EACH_REG sum[q] = ost_reg_load(r + op->dst, q);
        add_products(sum, term, op->n_terms, values, r);
        term += op->n_terms;
        EACH_REG ost_reg_store(r + op->dst, q, sum[q] * ost_reg_load(values + op->scale, q));
    }
}

/* Stage i from its right-hand side in its rows to its increment. */
INLINE void finish_stage(const ost_batch_t *b, const table_t *table, int i, const ost_v *step, const double *per_h)
{
    const double *h = (const double *) step;
    const rows_t rows = rows_of(b);
    double *stage = stage_rows(b, i);
    if (i > 0) EACH_MOVING(b, k)
    EACH_REG ost_reg_store(ROW(stage, k), q,
        ost_reg_load(ROW(stage, k), q) + ost_reg_load(per_h, q) * stage_sum(&rows, table->c[i], i, k, q));
    const ost_elimination_t *e = b->moving->elimination;
    for (size_t k = 0; table->d[i] != 0 && k < e->n_time; k++) {
        double *row = stage + e->time_state[k];
        EACH_REG ost_reg_store(row, q,
            ost_reg_load(row, q) + (table->d[i] * ost_reg_load(h, q)) * ost_reg_load(b->values + e->time_value[k], q));
    }
    /* What is known in closed form is a function of time: its increment stands for its share in the others' derivative
     * by time, gamma d h x'. */
    ost_linear_put_rates(b, table->d[i] / table->gamma, stage);
    solve(e, b->values, stage);
    if (table->d[i] != 0) ost_linear_take_rates(b, table->d[i] * *step, stage);
}

INLINE void stage_argument(const ost_batch_t *b, const table_t *table, int i)
{
    const rows_t rows = rows_of(b);
    const double *last = stage_rows(b, i - 1);
    EACH_MOVING(b, k)
    {
        double *to = ROW(rows.x_at, k);
        EACH_REG
        {
            if (i < table->n_own)
                ost_reg_store(to, q, ost_reg_load(ROW(rows.x, k), q) + stage_sum(&rows, table->a[i], i, k, q));
            else
                ost_reg_store(to, q, ost_reg_load(to, q) + ost_reg_load(ROW(last, k), q));
        }
    }
}

/* Rates and Jacobian at the start of the step, and what is in closed form in it. */
INLINE void begin(const ost_batch_t *b, const ost_v *t, const ost_v *h, ost_mask paneled)
{
    const ost_system_t *system = b->system;
    const bool any_paneled = ost_mask_any(paneled), any_single = ost_mask_any(~paneled);
    ost_point_t at = {
        .t = (const double *) t, .x = b->x, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch
    };
    find_moving(b);
    /* Not by rhs(), whose last digits are others, so that a lane has the bits that it has alone. */
    if (any_single) ost_linear_jacobian(b, &at, b->stages);
    ost_linear_begin(b, b->stages);
    if (any_single) ost_forced_begin(b, t, h);
    if (!any_paneled) return;
    ost_panels_begin(b, t, h);
    memcpy(b->x_at, b->x, system->n_states * OST_LANES * sizeof(double));
    ost_panels_put_views(b, 0);
    at.x = b->x_at;
    ost_linear_jacobian(b, &at, b->stages);
}

/* The fastest rate at which a state that is integrated relaxes. */
static ost_v find_speed(const ost_batch_t *b)
{
    const ost_system_t *system = b->system;
    ost_v speed = ost_v_splat(0);
    for (size_t e = 0; e < system->n_entries; e++)
        if (system->row[e] == system->col[e]) speed = ost_v_max(speed, ost_v_abs(ost_v_load(ROW(b->values, e))));
    return speed;
}

INLINE void step(const ost_batch_t *b, const table_t *table, const ost_v *t, const ost_v *h, ost_step_result_t *result)
{
    ost_v time = *t, per_h = 1.0 / *h, d = per_h / table->gamma;
    ost_point_t at = {
        .t = (const double *) &time, .x = b->x_at, .p = b->p, .u = b->u, .mode = b->mode, .scratch = b->scratch
    };
    const ost_mask paneled = ost_panels_lanes(b);
    const bool any_paneled = ost_mask_any(paneled), any_single = ost_mask_any(~paneled);
    begin(b, t, h, paneled);
    ost_linear_clear_entries(b);
    ost_v_store(b->speed, any_paneled ? ost_v_blend(paneled, find_speed(b), ost_v_splat(0)) : ost_v_splat(0));
    factor(&b->moving->elimination->factor, b->values, (const double *) &d);
    finish_stage(b, table, 0, h, (const double *) &per_h);
    at.skips_forced = ost_forced_all_active(b);
    at.skips_held = b->moving->skips_held;
    /* Not a loop, so that the compiler knows i. */
#define STAGE(i)                                                                                                       \
    if (i < table->n_stages) {                                                                                         \
        time = *t + table->t[i] * *h;                                                                                  \
        stage_argument(b, table, i);                                                                                   \
        if (i < table->n_own && any_single) ost_linear_put_states(b, table->t[i] * *h, ~paneled);                      \
        if (i < table->n_own && any_paneled) ost_panels_put_views(b, table->t[i]);                                     \
        ost_linear_rhs(b, &at, stage_rows(b, i));                                                                      \
        finish_stage(b, table, i, h, (const double *) &per_h);                                                         \
    }
    STAGE(1);
    STAGE(2);
    STAGE(3);
    STAGE(4);
    STAGE(5);
    STAGE(6);
    STAGE(7);
#undef STAGE
    double *last = stage_rows(b, table->n_stages - 1);
    if (any_paneled) ost_panels_put_end(b);
    EACH_REG error_norm(b, last, last, q, result);
    if (any_paneled) EACH_REG panels_norm(b, h, q, result);
}

/* Assumed: tolerances below which it is not worth its work. */
#define MISSING 1.0

/* What b->x_at is off, at part theta of the step just tried, as its stages saw views. The integral of what these leave
 * out is a rate of the others' as in a stage: (1/(gamma h) - J) u = J_closed u_closed, so that u is gamma h J_closed of
 * it, as near as the others respond in the step. */
static __attribute__((noinline)) void add_missing(
    const ost_batch_t *b, const table_t *table, const ost_v *h, const ost_v *theta)
{
    const rows_t rows = rows_of(b);
    double *missing = b->f;
    const ost_mask counts = ost_v_lt(ost_v_splat(MISSING * MISSING), ost_v_load(b->missing));
    if (!ost_mask_any(counts)) return;
    memset(missing, 0, rows.n * OST_LANES * sizeof(double));
    ost_panels_find_missing(b, *theta, *h);
    ost_linear_put_rates(b, 1 / table->gamma, missing);
    solve(b->moving->elimination, b->values, missing);
    ost_linear_take_rates(b, *h, missing);
    for (size_t k = 0; k < rows.n; k++) {
        const ost_v x = ost_v_load(ROW(rows.x_at, k)), off = (1 / table->gamma) * ost_v_load(ROW(missing, k));
        ost_v_store(ROW(rows.x_at, k), ost_v_blend(counts, x + off, x));
    }
}

#define METHOD(name, order, stages)                                                                                    \
    static void name##_step(const ost_batch_t *b, const ost_v *t, const ost_v *h, ost_step_result_t *result)           \
    {                                                                                                                  \
        step(b, &name, t, h, result);                                                                                  \
    }                                                                                                                  \
    static void name##_dense(                                                                                          \
        const ost_batch_t *b, const ost_wanted_states_t *wanted, const ost_v *h, const ost_v *theta)                   \
    {                                                                                                                  \
        interpolate(b, wanted, name.dense, name.n_dense, theta, NULL);                                                 \
        if (ost_mask_any(ost_panels_lanes(b))) add_missing(b, &name, h, theta);                                        \
    }                                                                                                                  \
    const ost_method_t OST_LANE_FN(ost_##name) = { .n_rhs = stages,                                                    \
        .error_power = order,                                                                                          \
        .error_stage = stages - 1,                                                                                     \
        .has_jacobian = true,                                                                                          \
        .next_stage = -1,                                                                                              \
        .step = name##_step,                                                                                           \
        .dense = name##_dense }

METHOD(rodas4, 4, RODAS4_STAGES);
METHOD(rodas5p, 5, RODAS5P_STAGES);
