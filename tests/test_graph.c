/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph_oracle.h"
#include "kernel_calls.h"
#include "lang/program.h"
#include "testlib.h"

#include <stdlib.h>
#include <string.h>

enum { N_STATES = 3, N_PARAMS = 3, N_READS = 2, N_MODES = 1, N_NOISES = 2, N_SCRATCH = 64, N_ROWS = 128 };

static double uniform(uint64_t *seed, double lo, double hi)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return lo + (hi - lo) * (double) (*seed >> 11) * 0x1p-53;
}

static unsigned pick(uint64_t *seed, unsigned n)
{
    return (unsigned) uniform(seed, 0, n);
}

static ost_node_t state(ost_graph_t *g, uint32_t i)
{
    return ost_graph_leaf(g, OST_OP_STATE, i);
}
static ost_node_t param(ost_graph_t *g, uint32_t i)
{
    return ost_graph_leaf(g, OST_OP_PARAM, i);
}
static ost_node_t number(ost_graph_t *g, double value)
{
    return ost_graph_const(g, value);
}
static ost_node_t add(ost_graph_t *g, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(g, OST_OP_ADD, a, b);
}
static ost_node_t sub(ost_graph_t *g, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(g, OST_OP_SUB, a, b);
}
static ost_node_t mul(ost_graph_t *g, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(g, OST_OP_MUL, a, b);
}
static ost_node_t quo(ost_graph_t *g, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(g, OST_OP_DIV, a, b);
}
static ost_node_t power(ost_graph_t *g, ost_node_t a, ost_node_t b)
{
    return ost_graph_binary(g, OST_OP_POW, a, b);
}
static ost_node_t neg(ost_graph_t *g, ost_node_t a)
{
    return ost_graph_unary(g, OST_OP_NEG, a);
}

static ost_node_t random_leaf(ost_graph_t *g, uint64_t *seed)
{
    switch (pick(seed, 6)) {
    case 0:
        return number(g, 0.25 * (1 + pick(seed, 8)));
    case 1:
        return param(g, pick(seed, N_PARAMS));
    case 2:
        return ost_graph_leaf(g, OST_OP_READ, pick(seed, N_READS));
    case 3:
        return ost_graph_leaf(g, OST_OP_TIME, 0);
    default:
        return state(g, pick(seed, N_STATES));
    }
}

/* A random expression of moderate size; `positive` leaves out what can cancel, so that its rounding error stays small
 * against its value. */
static ost_node_t random_expression(ost_graph_t *g, uint64_t *seed, int depth, bool positive)
{
    if (depth == 0) return random_leaf(g, seed);
    ost_node_t a = random_expression(g, seed, depth - 1, positive);
    ost_node_t b = random_expression(g, seed, depth - 1, positive);
    ost_node_t one = number(g, 1), above_one = add(g, one, positive ? a : mul(g, a, a));
    switch (pick(seed, positive ? 10 : 12)) {
    case 0:
        return add(g, a, b);
    case 1:
        return mul(g, a, b);
    case 2:
        return quo(g, b, above_one);
    case 3:
        return ost_graph_unary(g, OST_OP_LOG, add(g, one, above_one));
    case 4:
        return ost_graph_unary(g, OST_OP_SQRT, above_one);
    case 5:
        return power(g, above_one, param(g, 0));
    case 6:
        return ost_graph_unary(g, OST_OP_EXP, quo(g, one, above_one));
    case 7:
        return ost_graph_binary(g, pick(seed, 2) ? OST_OP_MIN : OST_OP_MAX, a, b);
    case 8:
        return ost_graph_select(g, ost_graph_leaf(g, OST_OP_MODE, 0), a, b);
    case 9:
        return power(g, a, number(g, (double) pick(seed, 4) - (positive ? 1 : 0)));
    case 10:
        return neg(g, a);
    default:
        return sub(g, a, b);
    }
}

typedef struct {
    double p[N_PARAMS], x[N_STATES], s[N_READS], mode[N_MODES], z[N_NOISES], t;
} point_t;

static point_t random_point(uint64_t *seed)
{
    point_t q;
    for (int i = 0; i < N_PARAMS; i++) q.p[i] = uniform(seed, 0.3, 1.7);
    for (int i = 0; i < N_STATES; i++) q.x[i] = uniform(seed, 0.3, 1.7);
    for (int i = 0; i < N_READS; i++) q.s[i] = uniform(seed, 0.3, 1.7);
    q.mode[0] = pick(seed, 2);
    for (int i = 0; i < N_NOISES; i++) q.z[i] = uniform(seed, 0.3, 1.7);
    q.t = uniform(seed, 0.3, 1.7);
    return q;
}

static double value(const ost_graph_t *g, ost_node_t n, const point_t *q)
{
    return graph_value(g, n, q->p, q->x, q->s, q->mode, q->z, q->t);
}

static double *leaf_of(point_t *q, ost_op_t op, uint32_t i)
{
    return op == OST_OP_STATE ? &q->x[i] : op == OST_OP_READ ? &q->s[i] : op == OST_OP_PARAM ? &q->p[i] : &q->t;
}

/* Differences of sixth order. */
static double difference(const ost_graph_t *g, ost_node_t n, point_t q, ost_op_t op, uint32_t i, double h)
{
    static const double weight[] = { 0.75, -0.15, 1.0 / 60 };
    double *leaf = leaf_of(&q, op, i), at = *leaf, sum = 0;
    for (int k = 0; k < 3; k++) {
        *leaf = at + (k + 1) * h;
        double up = value(g, n, &q);
        *leaf = at - (k + 1) * h;
        sum += weight[k] * (up - value(g, n, &q));
    }
    return sum / h;
}

static void equal_expressions_are_one_node(void)
{
    ost_graph_t g;
    CU_ASSERT_EQUAL_FATAL(ost_graph_init(&g, NULL), 0);
    ost_node_t x = state(&g, 0), y = state(&g, 1), k = param(&g, 0);
    CU_ASSERT_EQUAL(x, state(&g, 0));
    CU_ASSERT_NOT_EQUAL(x, param(&g, 0));
    CU_ASSERT_NOT_EQUAL(x, y);
    CU_ASSERT_EQUAL(add(&g, x, y), add(&g, y, x));
    CU_ASSERT_EQUAL(mul(&g, add(&g, x, y), k), mul(&g, k, add(&g, y, x)));
    CU_ASSERT_NOT_EQUAL(sub(&g, x, y), sub(&g, y, x));
    CU_ASSERT_EQUAL(number(&g, -0.0), number(&g, 0.0));
    CU_ASSERT(!g.nodes[k].varies && g.nodes[x].varies);
    uint64_t seed = 7;
    for (int i = 0; i < 200; i++) random_expression(&g, &seed, 5, false);
    size_t n = g.n_nodes;
    CU_ASSERT(n > 1000);
    seed = 7;
    for (int i = 0; i < 200; i++) random_expression(&g, &seed, 5, false);
    CU_ASSERT_EQUAL(g.n_nodes, n);
    ost_graph_free(&g);
    ost_graph_free(&g);
}

static void simplifies(void)
{
    ost_graph_t g;
    CU_ASSERT_EQUAL_FATAL(ost_graph_init(&g, NULL), 0);
    ost_node_t x = state(&g, 0), y = state(&g, 1), zero = number(&g, 0), one = number(&g, 1);
    CU_ASSERT_EQUAL(quo(&g, number(&g, 1), number(&g, 14)), number(&g, 1.0 / 14));
    CU_ASSERT_EQUAL(add(&g, x, zero), x);
    CU_ASSERT_EQUAL(add(&g, x, neg(&g, y)), sub(&g, x, y));
    CU_ASSERT_EQUAL(sub(&g, x, x), zero);
    CU_ASSERT_EQUAL(sub(&g, zero, x), neg(&g, x));
    CU_ASSERT_EQUAL(neg(&g, neg(&g, x)), x);
    CU_ASSERT_EQUAL(neg(&g, sub(&g, x, y)), sub(&g, y, x));
    CU_ASSERT_EQUAL(mul(&g, x, zero), zero);
    CU_ASSERT_EQUAL(mul(&g, one, x), x);
    CU_ASSERT_EQUAL(mul(&g, neg(&g, x), neg(&g, y)), mul(&g, x, y));
    CU_ASSERT_EQUAL(mul(&g, neg(&g, x), y), neg(&g, mul(&g, x, y)));
    CU_ASSERT_EQUAL(quo(&g, x, one), x);
    CU_ASSERT_EQUAL(quo(&g, x, x), one);
    CU_ASSERT_EQUAL(quo(&g, zero, x), zero);
    CU_ASSERT_EQUAL(power(&g, x, zero), one);
    CU_ASSERT_EQUAL(power(&g, x, one), x);
    CU_ASSERT_EQUAL(power(&g, x, number(&g, 3)), mul(&g, x, mul(&g, x, x)));
    CU_ASSERT_EQUAL(power(&g, x, number(&g, 4)), mul(&g, mul(&g, x, x), mul(&g, x, x)));
    ost_node_t inverse = quo(&g, one, x), least = ost_graph_binary(&g, OST_OP_MAX, number(&g, 0), x);
    CU_ASSERT_EQUAL(power(&g, x, number(&g, -2)), mul(&g, inverse, inverse));
    CU_ASSERT_EQUAL(power(&g, x, number(&g, 0.5)), ost_graph_unary(&g, OST_OP_SQRT, least));
    CU_ASSERT_EQUAL(ost_graph_unary(&g, OST_OP_EXP, zero), one);
    CU_ASSERT_EQUAL(ost_graph_binary(&g, OST_OP_MAX, x, x), x);
    CU_ASSERT_EQUAL(ost_graph_select(&g, ost_graph_leaf(&g, OST_OP_MODE, 0), x, x), x);
    CU_ASSERT_EQUAL(ost_graph_select(&g, zero, x, y), y);
    ost_node_t mode = ost_graph_leaf(&g, OST_OP_MODE, 0);
    CU_ASSERT_EQUAL(ost_graph_select(&g, sub(&g, one, mode), x, y), ost_graph_select(&g, mode, y, x));
    CU_ASSERT_EQUAL(graph_derivative(&g, power(&g, x, param(&g, 0)), OST_OP_STATE, 1), zero);
    ost_graph_free(&g);
}

/* Simplification and derivatives of a whole power hold for a negative base too. */
static void whole_powers_of_negative_numbers(void)
{
    ost_graph_t g;
    CU_ASSERT_EQUAL_FATAL(ost_graph_init(&g, NULL), 0);
    ost_node_t x = state(&g, 0);
    const double at = -1.5;
    for (int p = -9; p <= 9; p++) {
        ost_node_t y = power(&g, x, number(&g, p)), slope = graph_derivative(&g, y, OST_OP_STATE, 0);
        ost_assert_close(graph_value(&g, y, NULL, &at, NULL, NULL, NULL, 0), pow(at, p), 1e-15, 0);
        ost_assert_close(graph_value(&g, slope, NULL, &at, NULL, NULL, NULL, 0), p * pow(at, p - 1), 2e-15, 0);
    }
    ost_graph_free(&g);
}

static void derivatives_agree_with_differences(void)
{
    static const struct {
        ost_op_t op;
        uint32_t index;
    } leaves[] = { { OST_OP_STATE, 0 }, { OST_OP_STATE, 2 }, { OST_OP_READ, 1 }, { OST_OP_TIME, 0 },
        { OST_OP_PARAM, 0 } };
    uint64_t seed = 11;
    int n_smooth = 0, n_kinks = 0;
    for (int trial = 0; trial < 300; trial++) {
        ost_graph_t g;
        CU_ASSERT_EQUAL_FATAL(ost_graph_init(&g, NULL), 0);
        ost_node_t n = random_expression(&g, &seed, 4, false);
        for (size_t k = 0; k < sizeof(leaves) / sizeof(leaves[0]); k++) {
            point_t q = random_point(&seed);
            double exact = value(&g, graph_derivative(&g, n, leaves[k].op, leaves[k].index), &q);
            double wide = difference(&g, n, q, leaves[k].op, leaves[k].index, 4e-3);
            double narrow = difference(&g, n, q, leaves[k].op, leaves[k].index, 2e-3);
            double scale = fabs(value(&g, n, &q)) + fabs(exact);
            if (!(fabs(wide - narrow) <= 1e-8 * scale)) {
                n_kinks++;
                continue;
            }
            n_smooth++;
            ost_assert_close(exact, narrow, 0, 1e-8 * scale);
        }
        ost_graph_free(&g);
    }
    CU_ASSERT(n_smooth > 20 * n_kinks);
}

static void jacobian_agrees_with_single_derivatives(void)
{
    enum { N_COLS = N_STATES + N_READS + 1 };
    uint64_t seed = 13;
    for (int trial = 0; trial < 100; trial++) {
        ost_graph_t g;
        ost_node_t rows[3], entries[3 * N_COLS];
        CU_ASSERT_EQUAL_FATAL(ost_graph_init(&g, NULL), 0);
        rows[0] = random_expression(&g, &seed, 4, false);
        rows[1] = random_expression(&g, &seed, 4, false);
        rows[2] = add(&g, rows[0], rows[1]); /* a row may be part of another */
        CU_ASSERT_FATAL(ost_graph_jacobian(&g, rows, 3, N_STATES, N_READS, entries));
        point_t q = random_point(&seed);
        for (uint32_t r = 0; r < 3; r++) {
            for (uint32_t c = 0; c < N_COLS; c++) {
                ost_op_t leaf = c < N_STATES ? OST_OP_STATE : c + 1 < N_COLS ? OST_OP_READ : OST_OP_TIME;
                ost_node_t single = graph_derivative(&g, rows[r], leaf, leaf == OST_OP_READ ? c - N_STATES : c);
                double size = fabs(value(&g, rows[r], &q));
                ost_assert_close(
                    value(&g, entries[r * N_COLS + c], &q), value(&g, single, &q), 1e-10, 1e-12 * (1 + size));
            }
        }
        ost_graph_free(&g);
    }
}

/* The side of a choice that is not taken may be infinite. */
static void choices_keep_infinity_out(void)
{
    ost_graph_t g;
    CU_ASSERT_EQUAL_FATAL(ost_graph_init(&g, NULL), 0);
    ost_node_t x = state(&g, 0), root = ost_graph_unary(&g, OST_OP_SQRT, x), entry[2];
    ost_node_t n = mul(&g, number(&g, 3), ost_graph_select(&g, ost_graph_leaf(&g, OST_OP_MODE, 0), root, x));
    n = add(&g, n, mul(&g, ost_graph_leaf(&g, OST_OP_MODE, 0), x));
    CU_ASSERT_FATAL(ost_graph_jacobian(&g, &n, 1, 1, 0, entry));
    CU_ASSERT_EQUAL(entry[1], number(&g, 0)); /* a mode is no variable, not time either */
    const double at = 0, mode = 0;
    CU_ASSERT_EQUAL(graph_value(&g, entry[0], NULL, &at, NULL, &mode, NULL, 0), 3);
    ost_graph_free(&g);
}

static void powers_at_zero(void)
{
    ost_graph_t g;
    CU_ASSERT_EQUAL_FATAL(ost_graph_init(&g, NULL), 0);
    ost_node_t y = power(&g, state(&g, 0), param(&g, 0)), slope = graph_derivative(&g, y, OST_OP_STATE, 0);
    const double x[] = { 0, -1e-18 }, p[] = { 1, 2.5, 0.9 };
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(graph_value(&g, y, &p[0], &x[i], NULL, NULL, NULL, 0), 0);
        CU_ASSERT_EQUAL(graph_value(&g, slope, &p[0], &x[i], NULL, NULL, NULL, 0), 1);
        CU_ASSERT_EQUAL(graph_value(&g, slope, &p[1], &x[i], NULL, NULL, NULL, 0), 0);
        CU_ASSERT(isfinite(graph_value(&g, slope, &p[2], &x[i], NULL, NULL, NULL, 0)));
    }
    ost_graph_free(&g);
}

/* A model of bare arrays around a graph, as the reader would hand it over. */
typedef struct {
    ost_model_t model;
    struct ost_model_impl impl;
    ost_node_t initial[N_STATES], rate[N_STATES], drive[4], output[16], sw[4];
} bare_t;

static void bare_init(bare_t *self)
{
    memset(self, 0, sizeof(*self));
    CU_ASSERT_EQUAL_FATAL(ost_graph_init(&self->impl.graph, NULL), 0);
    static char name[] = "bare";
    self->model.name = name;
    self->model.impl = &self->impl;
    self->impl.initial = self->initial;
    self->impl.rate = self->rate;
    self->impl.drive = self->drive;
    self->impl.output = self->output;
    self->impl.sw = self->sw;
    self->model.n_params = N_PARAMS;
    self->model.n_states = N_STATES;
    self->model.n_reads = N_READS;
}

static void bare_free(bare_t *self)
{
    ost_graph_free(&self->impl.graph);
    ost_memory_free(&self->impl.memory);
}

typedef struct {
    _Alignas(64) double p[N_PARAMS][OST_LANES], x[N_STATES][OST_LANES], s[N_READS + 2][OST_LANES],
        mode[N_MODES][OST_LANES], z[N_NOISES][OST_LANES], t[1][OST_LANES], h[N_ROWS][OST_LANES],
        scratch[N_SCRATCH][OST_LANES], result[N_ROWS][OST_LANES], x0[N_STATES][OST_LANES];
    const double *reads[N_READS];
    point_t lane[OST_LANES];
} lanes_t;

/* Signals stand at plan rows 2 and 1, not in the model's order. */
static void lanes_init(lanes_t *self, uint64_t *seed)
{
    memset(self, 0, sizeof(*self));
    for (int k = 0; k < N_READS; k++) self->reads[k] = self->s[N_READS - k];
    for (int l = 0; l < OST_LANES; l++) {
        point_t *q = &self->lane[l];
        *q = random_point(seed);
        for (int i = 0; i < N_PARAMS; i++) self->p[i][l] = q->p[i];
        for (int i = 0; i < N_STATES; i++) self->x[i][l] = q->x[i];
        for (int i = 0; i < N_READS; i++) self->s[N_READS - i][l] = q->s[i];
        self->mode[0][l] = q->mode[0];
        for (int i = 0; i < N_NOISES; i++) self->z[i][l] = q->z[i];
        self->t[0][l] = q->t;
    }
}

static ost_kernel_args_t args_of(lanes_t *self)
{
    return (ost_kernel_args_t){ self->t[0], self->x[0], self->h[0], self->reads, self->mode[0], self->scratch[0],
        self->z[0] };
}

static void interpreter_agrees_with_the_graph(void)
{
    uint64_t seed = 3;
    for (int trial = 0; trial < 100; trial++) {
        bare_t b;
        lanes_t lanes;
        ost_node_t roots[8];
        bare_init(&b);
        lanes_init(&lanes, &seed);
        b.model.n_outputs = 8;
        b.model.n_switches = N_MODES;
        for (size_t k = 0; k < 8; k++) {
            roots[k] = random_expression(&b.impl.graph, &seed, 4, true);
            b.output[k] = roots[k];
        }
        b.initial[1] = power(&b.impl.graph, param(&b.impl.graph, 0), param(&b.impl.graph, 1));
        CU_ASSERT_EQUAL_FATAL(ost_model_compile(&b.model, NULL, NULL), 0);
        CU_ASSERT_FATAL(b.model.n_scratch <= N_SCRATCH && b.model.n_hoisted <= N_ROWS);
        for (int isa = 0; isa < OST_N_ISA; isa++) {
            if (ost_isa_from_name(ost_isa_name((ost_isa_t) isa)) != isa) continue;
            const ost_kernel_t *kernel = b.model.kernel[isa];
            ost_kernel_args_t at = args_of(&lanes);
            kernel->prepare(kernel, lanes.p[0], lanes.h[0], lanes.x0[0], lanes.scratch[0]);
            kernel->outputs(kernel, &at, lanes.result[0]);
            for (int l = 0; l < OST_LANES; l++) {
                const point_t *q = &lanes.lane[l];
                ost_assert_close(lanes.x0[1][l], pow(q->p[0], q->p[1]), 2e-15, 0);
                for (size_t k = 0; k < 8; k++) {
                    ost_assert_close(lanes.result[k][l], value(&b.impl.graph, roots[k], q), 1e-14, 0);
                }
            }
        }
        bare_free(&b);
    }
}

/* Every operation, and results that are leaves, constants, parameters or one another. */
static void interpreter_runs_every_operation(void)
{
    bare_t b;
    lanes_t lanes;
    uint64_t seed = 5;
    bare_init(&b);
    lanes_init(&lanes, &seed);
    ost_graph_t *g = &b.impl.graph;
    ost_node_t x = state(g, 0), y = state(g, 1), mode = ost_graph_leaf(g, OST_OP_MODE, 0);
    ost_node_t list[] = { x, number(g, 0.1), param(g, 2), ost_graph_leaf(g, OST_OP_TIME, 0),
        ost_graph_leaf(g, OST_OP_READ, 1), mul(g, x, ost_graph_leaf(g, OST_OP_NOISE, 1)), mul(g, x, y), mul(g, x, y),
        neg(g, mul(g, x, y)), quo(g, x, y), sub(g, x, y), ost_graph_binary(g, OST_OP_MIN, x, y),
        ost_graph_binary(g, OST_OP_MAX, x, y), ost_graph_unary(g, OST_OP_STEP, sub(g, x, y)),
        ost_graph_select(g, mode, x, y), power(g, number(g, 2), number(g, 0.3)),
        ost_graph_unary(g, OST_OP_EXP, neg(g, x)) };
    b.model.n_outputs = sizeof(list) / sizeof(list[0]);
    b.model.n_switches = N_MODES;
    memcpy(b.output, list, sizeof(list));
    CU_ASSERT_EQUAL_FATAL(ost_model_compile(&b.model, NULL, NULL), 0);
    const ost_kernel_t *kernel = ost_model_interpreted(&b.model, OST_ISA_BASE);
    ost_kernel_args_t at = args_of(&lanes);
    kernel->prepare(kernel, lanes.p[0], lanes.h[0], lanes.x0[0], lanes.scratch[0]);
    kernel->outputs(kernel, &at, lanes.result[0]);
    for (size_t k = 0; k < b.model.n_outputs; k++) {
        for (int l = 0; l < OST_LANES; l++) {
            ost_assert_close(lanes.result[k][l], value(g, list[k], &lanes.lane[l]), 5e-16, 0);
        }
    }
    bare_free(&b);
}

static void jacobian_has_the_structural_entries(void)
{
    bare_t b;
    lanes_t lanes;
    uint64_t seed = 9;
    bare_init(&b);
    lanes_init(&lanes, &seed);
    ost_graph_t *g = &b.impl.graph;
    ost_node_t x0 = state(g, 0), x1 = state(g, 1), k = param(g, 0), s1 = ost_graph_leaf(g, OST_OP_READ, 1);
    b.rate[0] = sub(g, s1, mul(g, k, x0));
    b.rate[1] = mul(g, mul(g, x0, x1), ost_graph_leaf(g, OST_OP_TIME, 0));
    b.rate[2] = k;
    b.drive[0] = mul(g, x1, x1);
    b.drive[1] = s1;
    b.model.n_drives = 2;
    CU_ASSERT_EQUAL_FATAL(ost_model_compile(&b.model, NULL, NULL), 0);
    static const ost_jac_entry_t expected[] = { { 0, 0 }, { 0, 4 }, { 1, 0 }, { 1, 1 }, { 1, 5 }, { 3, 1 }, { 4, 4 } };
    CU_ASSERT_EQUAL_FATAL(b.model.n_jac, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < b.model.n_jac; i++) {
        CU_ASSERT_EQUAL(b.model.jac[i].row, expected[i].row);
        CU_ASSERT_EQUAL(b.model.jac[i].col, expected[i].col);
    }
    const ost_kernel_t *kernel = b.model.kernel[OST_ISA_BASE];
    ost_kernel_args_t at = args_of(&lanes);
    kernel->prepare(kernel, lanes.p[0], lanes.h[0], lanes.x0[0], lanes.scratch[0]);
    all_entries(&b.model, kernel, &at, lanes.x0[0], lanes.result[0]);
    for (int l = 0; l < OST_LANES; l++) {
        const point_t *q = &lanes.lane[l];
        const double entry[] = { -q->p[0], 1, q->x[1] * q->t, q->x[0] * q->t, q->x[0] * q->x[1], 2 * q->x[1], 1 };
        for (size_t i = 0; i < b.model.n_jac; i++) ost_assert_close(lanes.result[i][l], entry[i], 1e-15, 0);
    }
    static const uint8_t uses[] = { 0, 0, 0, 1 };
    CU_ASSERT_EQUAL(memcmp(b.model.drive_uses, uses, sizeof(uses)), 0);
    bare_free(&b);
}

static size_t count(const bare_t *b, size_t program, uint32_t op)
{
    size_t n = 0;
    const ost_program_t *p = &b->impl.programs->program[program];
    for (size_t i = 0; i < p->n_instr; i++) n += p->instr[i].op == op;
    return n;
}

static void parameters_are_hoisted(void)
{
    bare_t b;
    bare_init(&b);
    ost_graph_t *g = &b.impl.graph;
    ost_node_t x = state(g, 0), k0 = param(g, 0), k1 = param(g, 1), k2 = param(g, 2);
    /* x k0 exp(k1) 3 / k2: one hoisted factor, one product */
    b.rate[0] = quo(g, mul(g, mul(g, mul(g, x, k0), ost_graph_unary(g, OST_OP_EXP, k1)), number(g, 3)), k2);
    CU_ASSERT_EQUAL_FATAL(ost_model_compile(&b.model, NULL, NULL), 0);
    CU_ASSERT_EQUAL(b.impl.programs->program[OST_RHS].n_instr, 1);
    CU_ASSERT_EQUAL(count(&b, OST_RHS, OST_OP_MUL), 1);
    /* and the Jacobian is a factor of parameters, perhaps multiplied in another order */
    CU_ASSERT_EQUAL(b.impl.programs->program[OST_JACOBIAN].n_instr, 1); /* the rate */
    CU_ASSERT(b.model.n_hoisted <= 2);
    bare_free(&b);
}

/* x^n/(k^n + x^n) and its slope: one log; two exp in the slope (x^n and x^(n-1)) and none for k^n; one division. */
static void hill_shares_its_log(void)
{
    bare_t b;
    bare_init(&b);
    ost_graph_t *g = &b.impl.graph;
    ost_node_t x = state(g, 0), k = param(g, 0), n = param(g, 1), xn = power(g, x, n);
    b.rate[0] = quo(g, xn, add(g, power(g, k, n), xn));
    CU_ASSERT_EQUAL_FATAL(ost_model_compile(&b.model, NULL, NULL), 0);
    CU_ASSERT_EQUAL(count(&b, OST_RHS, OST_OP_LOG_FROM), 1);
    CU_ASSERT_EQUAL(count(&b, OST_RHS, OST_OP_EXP), 1);
    CU_ASSERT_EQUAL(count(&b, OST_RHS, OST_OP_DIV), 1);
    CU_ASSERT_EQUAL(count(&b, OST_JACOBIAN, OST_OP_LOG_FROM), 1);
    CU_ASSERT_EQUAL(count(&b, OST_JACOBIAN, OST_OP_EXP), 2);
    CU_ASSERT_EQUAL(count(&b, OST_JACOBIAN, OST_OP_DIV), 1);
    CU_ASSERT_EQUAL(b.model.n_hoisted, 3); /* n, k^n, n - 1 */
    bare_free(&b);
}

static void scratch_rows_are_used_again(void)
{
    bare_t b;
    bare_init(&b);
    ost_graph_t *g = &b.impl.graph;
    ost_node_t sum = state(g, 0);
    for (int i = 1; i < 60; i++) sum = add(g, sum, mul(g, number(g, i + 0.5), mul(g, state(g, 1), sum)));
    b.output[0] = b.output[1] = sum; /* a second result of the same value needs no row either */
    b.model.n_outputs = 2;
    CU_ASSERT_EQUAL_FATAL(ost_model_compile(&b.model, NULL, NULL), 0);
    CU_ASSERT(b.impl.programs->program[OST_OUTPUTS].n_instr > 150);
    CU_ASSERT(b.model.n_scratch <= 4);
    bare_free(&b);
}

static void stale_kernels_are_refused(void)
{
    bare_t b;
    uint64_t fingerprint[3];
    static const ost_kernel_t compiled = { 0 };
    for (int i = 0; i < 3; i++) {
        bare_init(&b);
        b.rate[0] = mul(&b.impl.graph, number(&b.impl.graph, i < 2 ? 0.5 : 0.25), state(&b.impl.graph, 0));
        CU_ASSERT_EQUAL_FATAL(ost_model_compile(&b.model, NULL, NULL), 0);
        CU_ASSERT(!b.model.is_builtin && b.model.kernel[OST_ISA_BASE] == ost_model_interpreted(&b.model, OST_ISA_BASE));
        fingerprint[i] = b.impl.fingerprint;
        bare_free(&b);
    }
    CU_ASSERT_EQUAL(fingerprint[0], fingerprint[1]);
    CU_ASSERT_NOT_EQUAL(fingerprint[0], fingerprint[2]);
    ost_builtin_t builtin = { .name = "bare", .fingerprint = fingerprint[0], .kernel = { &compiled } };
    for (int i = 0; i < 2; i++) {
        ost_error_t err = { 0 };
        bare_init(&b);
        b.rate[0] = mul(&b.impl.graph, number(&b.impl.graph, i == 0 ? 0.5 : 0.25), state(&b.impl.graph, 0));
        CU_ASSERT_EQUAL(ost_model_compile(&b.model, &builtin, &err), i == 0 ? 0 : OST_ERR_MODEL);
        if (i == 0) CU_ASSERT(b.model.is_builtin && b.model.kernel[OST_ISA_BASE] == &compiled);
        if (i == 1) ost_assert_contains(err.what, "model 'bare'");
        bare_free(&b);
    }
}

static const ost_test_t tests[] = {
    { "equal_expressions_are_one_node", equal_expressions_are_one_node },
    { "simplifies", simplifies },
    { "whole_powers_of_negative_numbers", whole_powers_of_negative_numbers },
    { "derivatives_agree_with_differences", derivatives_agree_with_differences },
    { "jacobian_agrees_with_single_derivatives", jacobian_agrees_with_single_derivatives },
    { "choices_keep_infinity_out", choices_keep_infinity_out },
    { "powers_at_zero", powers_at_zero },
    { "interpreter_agrees_with_the_graph", interpreter_agrees_with_the_graph },
    { "interpreter_runs_every_operation", interpreter_runs_every_operation },
    { "jacobian_has_the_structural_entries", jacobian_has_the_structural_entries },
    { "parameters_are_hoisted", parameters_are_hoisted },
    { "hill_shares_its_log", hill_shares_its_log },
    { "scratch_rows_are_used_again", scratch_rows_are_used_again },
    { "stale_kernels_are_refused", stale_kernels_are_refused },
};

OST_TEST_MAIN("graph", tests)
