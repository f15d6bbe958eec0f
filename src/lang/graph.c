/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lang/graph.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_NODES = 256, MAX_WHOLE_POWER = 64, SUM_RUN = 8 };

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static uint64_t hash_node(const ost_node_data_t *n)
{
    uint64_t bits;
    memcpy(&bits, &n->value, sizeof(bits));
    uint64_t h = mix((uint64_t) n->op + 1, ((uint64_t) n->a << 32) | n->b);
    return mix(mix(mix(h, ((uint64_t) n->c << 32) | n->index), bits), 0); /* whole numbers differ in high bits alone */
}

static bool same_node(const ost_node_data_t *m, const ost_node_data_t *n)
{
    return m->op == n->op && m->a == n->a && m->b == n->b && m->c == n->c && m->index == n->index &&
           memcmp(&m->value, &n->value, sizeof(m->value)) == 0;
}

/* Slot of an equal node, or the free slot where it belongs. The table is never full. */
static size_t find_slot(const ost_graph_t *self, const ost_node_data_t *n)
{
    size_t slot = hash_node(n) & (self->table_size - 1);
    while (self->table[slot] != OST_NO_NODE && !same_node(&self->nodes[self->table[slot]], n))
        slot = (slot + 1) & (self->table_size - 1);
    return slot;
}

static bool grow(ost_graph_t *self)
{
    size_t max_nodes = self->max_nodes == 0 ? FIRST_NODES : 2 * self->max_nodes;
    if (max_nodes >= OST_NO_NODE / 2) return false;
    ost_node_data_t *nodes = realloc(self->nodes, max_nodes * sizeof(*nodes));
    if (nodes == NULL) return false;
    self->nodes = nodes;
    uint32_t *table = malloc(2 * max_nodes * sizeof(*table));
    if (table == NULL) return false;
    free(self->table);
    self->table = table;
    self->table_size = 2 * max_nodes;
    self->max_nodes = max_nodes;
    for (size_t i = 0; i < self->table_size; i++) table[i] = OST_NO_NODE;
    for (size_t i = 0; i < self->n_nodes; i++) table[find_slot(self, &nodes[i])] = (uint32_t) i;
    return true;
}

int ost_graph_init(ost_graph_t *self, ost_error_t *err)
{
    memset(self, 0, sizeof(*self));
    if (!grow(self)) return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory for an expression graph");
    ost_graph_const(self, 0); /* node 0, what builders return once out of memory */
    return 0;
}

void ost_graph_free(ost_graph_t *self)
{
    if (self == NULL) return;
    free(self->nodes);
    free(self->table);
    memset(self, 0, sizeof(*self));
}

static ost_node_t cons(ost_graph_t *self, ost_node_data_t n)
{
    if (self->out_of_memory) return 0;
    size_t slot = find_slot(self, &n);
    if (self->table[slot] != OST_NO_NODE) return self->table[slot];
    if (self->n_nodes == self->max_nodes) {
        if (!grow(self)) {
            self->out_of_memory = true;
            return 0;
        }
        slot = find_slot(self, &n);
    }
    ost_node_t id = (ost_node_t) self->n_nodes++;
    self->nodes[id] = n;
    self->table[slot] = id;
    return id;
}

static bool is_no_limit(const ost_node_data_t *n)
{
    return n->op == OST_OP_CONST && fabs(n->value) >= OST_NO_LIMIT;
}

static ost_node_t cons_op(ost_graph_t *self, ost_op_t op, ost_node_t a, ost_node_t b, ost_node_t c)
{
    if (self->out_of_memory) return 0;
    ost_node_data_t node = { .op = op, .a = a, .b = b, .c = c };
    const ost_node_t operands[3] = { a, b, c };
    for (int k = 0; k < 3 && operands[k] != OST_NO_NODE; k++) {
        node.varies = node.varies || self->nodes[operands[k]].varies;
        node.noisy = node.noisy || self->nodes[operands[k]].noisy;
        node.bends = node.bends || (self->nodes[operands[k]].bends && !(op == OST_OP_SELECT && k == 0));
    }
    if ((op == OST_OP_MIN || op == OST_OP_MAX) && node.varies)
        node.bends = node.bends || !(is_no_limit(&self->nodes[a]) || is_no_limit(&self->nodes[b]));
    return cons(self, node);
}

ost_node_t ost_graph_const(ost_graph_t *self, double value)
{
    /* + 0.0 makes one zero of two */
    return cons(
        self, (ost_node_data_t){
                  .op = OST_OP_CONST, .a = OST_NO_NODE, .b = OST_NO_NODE, .c = OST_NO_NODE, .value = value + 0.0 });
}

ost_node_t ost_graph_leaf(ost_graph_t *self, ost_op_t op, uint32_t index)
{
    return cons(self, (ost_node_data_t){ .op = op,
                          .a = OST_NO_NODE,
                          .b = OST_NO_NODE,
                          .c = OST_NO_NODE,
                          .index = op == OST_OP_TIME ? 0 : index,
                          .varies = op != OST_OP_PARAM,
                          .noisy = op == OST_OP_NOISE });
}

static bool is_const(const ost_graph_t *self, ost_node_t n, double value)
{
    return self->nodes[n].op == OST_OP_CONST && self->nodes[n].value == value;
}

static bool is_op(const ost_graph_t *self, ost_node_t n, ost_op_t op)
{
    return self->nodes[n].op == op;
}

/* Its root is the absolute value, which bends at 0. */
static bool is_square(const ost_node_data_t *n)
{
    return n->op == OST_OP_MUL && n->a == n->b;
}

static ost_node_t negate(ost_graph_t *self, ost_node_t a)
{
    return ost_graph_unary(self, OST_OP_NEG, a);
}

ost_node_t ost_graph_unary(ost_graph_t *self, ost_op_t op, ost_node_t a)
{
    if (self->out_of_memory) return 0;
    const ost_node_data_t n = self->nodes[a];
    if (op == OST_OP_NEG && n.op == OST_OP_NEG) return n.a;
    if (op == OST_OP_NEG && n.op == OST_OP_SUB) return ost_graph_binary(self, OST_OP_SUB, n.b, n.a);
    if (op == OST_OP_SQRT && is_square(&n)) return ost_graph_binary(self, OST_OP_MAX, n.a, negate(self, n.a));
    if (n.op == OST_OP_CONST) {
        /* exp and log of constants are left to the program: folding them here would tie a model's fingerprint to the
         * last digit of one machine's libm */
        if (op == OST_OP_NEG) return ost_graph_const(self, -n.value);
        if (op == OST_OP_SQRT) return ost_graph_const(self, sqrt(n.value));
        if (op == OST_OP_STEP) return ost_graph_const(self, n.value >= 0 ? 1 : 0);
        if (op == OST_OP_EXP && n.value == 0) return ost_graph_const(self, 1);
        if (op == OST_OP_LOG && n.value == 1) return ost_graph_const(self, 0);
    }
    return cons_op(self, op, a, OST_NO_NODE, OST_NO_NODE);
}

static ost_node_t add(ost_graph_t *self, ost_node_t a, ost_node_t b)
{
    if (is_const(self, a, 0)) return b;
    if (is_const(self, b, 0)) return a;
    if (is_op(self, b, OST_OP_NEG)) return ost_graph_binary(self, OST_OP_SUB, a, self->nodes[b].a);
    if (is_op(self, a, OST_OP_NEG)) return ost_graph_binary(self, OST_OP_SUB, b, self->nodes[a].a);
    if (is_op(self, a, OST_OP_SELECT) && is_op(self, b, OST_OP_SELECT) && self->nodes[a].a == self->nodes[b].a) {
        const ost_node_data_t m = self->nodes[a], n = self->nodes[b];
        ost_node_t when_true = ost_graph_binary(self, OST_OP_ADD, m.b, n.b);
        return ost_graph_select(self, m.a, when_true, ost_graph_binary(self, OST_OP_ADD, m.c, n.c));
    }
    return a < b ? cons_op(self, OST_OP_ADD, a, b, OST_NO_NODE) : cons_op(self, OST_OP_ADD, b, a, OST_NO_NODE);
}

static ost_node_t subtract(ost_graph_t *self, ost_node_t a, ost_node_t b)
{
    if (is_const(self, b, 0)) return a;
    if (is_const(self, a, 0)) return negate(self, b);
    if (a == b) return ost_graph_const(self, 0);
    if (is_op(self, b, OST_OP_NEG)) return ost_graph_binary(self, OST_OP_ADD, a, self->nodes[b].a);
    if (is_op(self, a, OST_OP_NEG)) return negate(self, ost_graph_binary(self, OST_OP_ADD, self->nodes[a].a, b));
    return cons_op(self, OST_OP_SUB, a, b, OST_NO_NODE);
}

/* A choice of which one side is 0, as the derivatives of choices are. What multiplies it goes inside, so that infinity
 * on the side not taken does no harm. */
static bool is_half(const ost_graph_t *self, ost_node_t n)
{
    return is_op(self, n, OST_OP_SELECT) &&
           (is_const(self, self->nodes[n].b, 0) || is_const(self, self->nodes[n].c, 0));
}

static ost_node_t multiply_half(ost_graph_t *self, ost_node_t half, ost_node_t by)
{
    const ost_node_data_t n = self->nodes[half];
    ost_node_t when_true = ost_graph_binary(self, OST_OP_MUL, n.b, by);
    return ost_graph_select(self, n.a, when_true, ost_graph_binary(self, OST_OP_MUL, n.c, by));
}

static ost_node_t multiply(ost_graph_t *self, ost_node_t a, ost_node_t b)
{
    if (is_const(self, a, 0) || is_const(self, b, 0)) return ost_graph_const(self, 0);
    if (is_const(self, a, 1)) return b;
    if (is_const(self, b, 1)) return a;
    if (is_const(self, a, -1)) return negate(self, b);
    if (is_const(self, b, -1)) return negate(self, a);
    if (is_op(self, a, OST_OP_NEG)) return negate(self, multiply(self, self->nodes[a].a, b));
    if (is_op(self, b, OST_OP_NEG)) return negate(self, multiply(self, a, self->nodes[b].a));
    if (is_half(self, a)) return multiply_half(self, a, b);
    if (is_half(self, b)) return multiply_half(self, b, a);
    return a < b ? cons_op(self, OST_OP_MUL, a, b, OST_NO_NODE) : cons_op(self, OST_OP_MUL, b, a, OST_NO_NODE);
}

static ost_node_t divide(ost_graph_t *self, ost_node_t a, ost_node_t b)
{
    if (is_const(self, a, 0)) return a;
    if (is_const(self, b, 1)) return a;
    if (is_const(self, b, -1)) return negate(self, a);
    if (a == b) return ost_graph_const(self, 1);
    if (is_op(self, a, OST_OP_NEG)) return negate(self, divide(self, self->nodes[a].a, b));
    if (is_op(self, b, OST_OP_NEG)) return negate(self, divide(self, a, self->nodes[b].a));
    return cons_op(self, OST_OP_DIV, a, b, OST_NO_NODE);
}

static ost_node_t whole_power(ost_graph_t *self, ost_node_t a, unsigned p)
{
    ost_node_t square = a, result = ost_graph_const(self, 1);
    for (; p > 0; p >>= 1) {
        if (p & 1) result = ost_graph_binary(self, OST_OP_MUL, square, result);
        if (p > 1) square = ost_graph_binary(self, OST_OP_MUL, square, square);
    }
    return result;
}

static ost_node_t power(ost_graph_t *self, ost_node_t a, ost_node_t b)
{
    if (is_op(self, b, OST_OP_CONST)) {
        double p = self->nodes[b].value;
        if (p == 0.5) { /* 0 below 0, as other powers */
            if (!is_square(&self->nodes[a])) a = ost_graph_binary(self, OST_OP_MAX, ost_graph_const(self, 0), a);
            return ost_graph_unary(self, OST_OP_SQRT, a);
        }
        if (fabs(p) <= MAX_WHOLE_POWER && p == floor(p)) {
            /* (1/a)^3 and not 1/a^3, whose slope is NaN where a^3 is infinite */
            if (p < 0) a = ost_graph_binary(self, OST_OP_DIV, ost_graph_const(self, 1), a);
            return whole_power(self, a, (unsigned) fabs(p));
        }
    }
    if (is_const(self, a, 1)) return a;
    return cons_op(self, OST_OP_POW, a, b, OST_NO_NODE);
}

static bool fold(ost_op_t op, double a, double b, double *value)
{
    switch (op) {
    case OST_OP_ADD:
        *value = a + b;
        return true;
    case OST_OP_SUB:
        *value = a - b;
        return true;
    case OST_OP_MUL:
        *value = a * b;
        return true;
    case OST_OP_DIV:
        *value = a / b;
        return true;
    case OST_OP_MIN:
        *value = a < b ? a : b;
        return true;
    case OST_OP_MAX:
        *value = a > b ? a : b;
        return true;
    default:
        return false;
    }
}

ost_node_t ost_graph_binary(ost_graph_t *self, ost_op_t op, ost_node_t a, ost_node_t b)
{
    if (self->out_of_memory) return 0;
    double value;
    if (is_op(self, a, OST_OP_CONST) && is_op(self, b, OST_OP_CONST) &&
        fold(op, self->nodes[a].value, self->nodes[b].value, &value)) {
        return ost_graph_const(self, value);
    }
    switch (op) {
    case OST_OP_ADD:
        return add(self, a, b);
    case OST_OP_SUB:
        return subtract(self, a, b);
    case OST_OP_MUL:
        return multiply(self, a, b);
    case OST_OP_DIV:
        return divide(self, a, b);
    case OST_OP_POW:
        return power(self, a, b);
    default:
        return a == b ? a : cons_op(self, op, a, b, OST_NO_NODE);
    }
}

ost_node_t ost_graph_select(ost_graph_t *self, ost_node_t condition, ost_node_t a, ost_node_t b)
{
    if (self->out_of_memory) return 0;
    if (a == b) return a;
    if (is_op(self, condition, OST_OP_CONST)) return self->nodes[condition].value != 0 ? a : b;
    const ost_node_data_t n = self->nodes[condition];
    if (n.op == OST_OP_SUB && is_const(self, n.a, 1)) return ost_graph_select(self, n.b, b, a);
    return cons_op(self, OST_OP_SELECT, condition, a, b);
}

ost_node_t ost_graph_node(ost_graph_t *self, ost_op_t op, ost_node_t a, ost_node_t b, ost_node_t c)
{
    if (op == OST_OP_SELECT) return ost_graph_select(self, a, b, c);
    bool is_unary = op == OST_OP_NEG || op == OST_OP_EXP || op == OST_OP_LOG || op == OST_OP_SQRT || op == OST_OP_STEP;
    return is_unary ? ost_graph_unary(self, op, a) : ost_graph_binary(self, op, a, b);
}

void ost_graph_add_term(ost_graph_t *self, ost_graph_sum_t *sum, ost_node_t term)
{
    sum->run = sum->n % SUM_RUN == 0 ? term : ost_graph_binary(self, OST_OP_ADD, sum->run, term);
    if (++sum->n % SUM_RUN != 0) return;
    ost_node_t part = sum->run;
    int level = 0;
    for (size_t runs = sum->n / SUM_RUN; runs % 2 == 0; runs /= 2)
        part = ost_graph_binary(self, OST_OP_ADD, sum->part[level++], part);
    sum->part[level] = part;
}

ost_node_t ost_graph_sum(ost_graph_t *self, const ost_graph_sum_t *sum)
{
    ost_node_t total = sum->n % SUM_RUN == 0 ? OST_NO_NODE : sum->run;
    int level = 0;
    for (size_t runs = sum->n / SUM_RUN; runs > 0; runs /= 2, level++)
        if (runs % 2 != 0)
            total =
                total == OST_NO_NODE ? sum->part[level] : ost_graph_binary(self, OST_OP_ADD, sum->part[level], total);
    return total == OST_NO_NODE ? ost_graph_const(self, 0) : total;
}

bool *ost_graph_reachable(const ost_graph_t *self, const ost_node_t *roots, size_t n_roots)
{
    bool *used = calloc(self->n_nodes, sizeof(*used));
    if (used == NULL) return NULL;
    for (size_t i = 0; i < n_roots; i++) used[roots[i]] = true;
    for (size_t i = self->n_nodes; i-- > 0;) {
        if (!used[i]) continue;
        const ost_node_data_t *n = &self->nodes[i];
        if (n->a != OST_NO_NODE) used[n->a] = true;
        if (n->b != OST_NO_NODE) used[n->b] = true;
        if (n->c != OST_NO_NODE) used[n->c] = true;
    }
    return used;
}

static double made_finite(double value)
{
    return value > DBL_MAX ? DBL_MAX : value;
}

double ost_graph_apply(const ost_node_data_t *n, double a, double b, double c)
{
    double value = NAN;
    switch (n->op) {
    case OST_OP_NEG:
        return -a;
    case OST_OP_EXP:
        return made_finite(exp(a));
    case OST_OP_LOG:
        return log(a);
    case OST_OP_LOG_FROM:
        return a > 0 ? fmax(log(a), b) : b;
    case OST_OP_SQRT:
        return sqrt(a);
    case OST_OP_POW:
        return made_finite(a > 0 ? pow(a, b) : exp(b * OST_LOG_FLOOR));
    case OST_OP_STEP:
        return a >= 0 ? 1 : 0;
    case OST_OP_SELECT:
        return a != 0 ? b : c;
    default:
        fold(n->op, a, b, &value);
        return value;
    }
}

void ost_graph_values(const ost_graph_t *self, ost_node_t last, const ost_graph_leaves_t *at, double *v)
{
    for (ost_node_t i = 0; i <= last; i++) {
        const ost_node_data_t *n = &self->nodes[i];
        switch (n->op) {
        case OST_OP_CONST:
            v[i] = n->value;
            break;
        case OST_OP_PARAM:
            v[i] = at->params != NULL ? at->params[n->index] : NAN;
            break;
        case OST_OP_STATE:
            v[i] = at->states != NULL ? at->states[n->index] : NAN;
            break;
        case OST_OP_READ:
            v[i] = at->reads != NULL ? at->reads[n->index] : NAN;
            break;
        case OST_OP_MODE:
            v[i] = at->switches != NULL ? v[at->switches[n->index]] >= 0
                   : at->modes != NULL  ? at->modes[n->index]
                                        : NAN;
            break;
        case OST_OP_NOISE:
            v[i] = at->noise != NULL ? at->noise[n->index] : NAN;
            break;
        case OST_OP_TIME:
            v[i] = at->t;
            break;
        default:
            v[i] = ost_graph_apply(n, v[n->a], n->b == OST_NO_NODE ? 0 : v[n->b], n->c == OST_NO_NODE ? 0 : v[n->c]);
            break;
        }
    }
}
