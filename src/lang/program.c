/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lang/program.h"

#include "core/lanes.h"

#include <string.h>

_Static_assert(OST_ROW_BYTES >= OST_LANES * sizeof(double), "constants are stored by rows");

#define NO_ROW UINT32_MAX
enum { MAX_ROWS = UINT32_MAX / OST_ROW_BYTES };

/* What all programs of a model share while they are made. */
typedef struct {
    const ost_graph_t *graph;
    uint32_t *constant_row, *hoisted_row; /* [n_nodes] or NO_ROW */
    ost_node_t *constant, *hoisted;       /* nodes, in order of rows */
    size_t n_constants, n_hoisted;
    /* of the program being made: */
    bool is_prepare;
    uint32_t *uses, *value; /* [n_nodes]; value is NO_ROW where not yet computed */
    ost_node_t *stack;      /* [n_nodes] */
    ost_memory_t scratch;
    ost_memory_t *kept; /* of the programs */
} maker_t;

static uint32_t row_of(uint32_t *rows, ost_node_t *list, size_t *n, ost_node_t node)
{
    if (rows[node] == NO_ROW) {
        list[*n] = node;
        rows[node] = (uint32_t) (*n)++;
    }
    return rows[node];
}

/* A node that the program does not compute itself. */
static bool is_given(const maker_t *m, ost_node_t node)
{
    const ost_node_data_t *n = &m->graph->nodes[node];
    return (n->a == OST_NO_NODE && n->op != OST_OP_READ) || (!n->varies && !m->is_prepare);
}

static ost_operand_t operand_of(maker_t *m, ost_node_t node)
{
    const ost_node_data_t *n = &m->graph->nodes[node];
    if (n->op == OST_OP_CONST)
        return ost_operand(OST_BANK_CONST, row_of(m->constant_row, m->constant, &m->n_constants, node));
    if (!n->varies && !m->is_prepare)
        return ost_operand(OST_BANK_HOISTED, row_of(m->hoisted_row, m->hoisted, &m->n_hoisted, node));
    switch (n->op) {
    case OST_OP_PARAM:
        return ost_operand(OST_BANK_PARAM, n->index);
    case OST_OP_STATE:
        return ost_operand(OST_BANK_STATE, n->index);
    case OST_OP_MODE:
        return ost_operand(OST_BANK_MODE, n->index);
    case OST_OP_NOISE:
        return ost_operand(OST_BANK_NOISE, n->index);
    case OST_OP_TIME:
        return ost_operand(OST_BANK_TIME, 0);
    default:
        return ost_operand(OST_BANK_VALUE, m->value[node]);
    }
}

/* a times 1/b, where nothing else needs 1/b, is computed as a/b. */
static bool is_quotient(const maker_t *m, ost_node_t node, ost_node_t *over, ost_node_t *under)
{
    const ost_node_data_t *n = &m->graph->nodes[node];
    if (n->op != OST_OP_MUL) return false;
    for (int side = 0; side < 2; side++) {
        ost_node_t other = side == 0 ? n->b : n->a, div = side == 0 ? n->a : n->b;
        const ost_node_data_t *d = &m->graph->nodes[div];
        if (d->op != OST_OP_DIV || is_given(m, div) || m->uses[div] != 1) continue;
        if (m->graph->nodes[d->a].op != OST_OP_CONST || m->graph->nodes[d->a].value != 1) continue;
        *over = other;
        *under = d->b;
        return true;
    }
    return false;
}

static ost_instr_t instr_of(const maker_t *m, ost_node_t node, ost_node_t operand[3])
{
    const ost_node_data_t *n = &m->graph->nodes[node];
    ost_instr_t instr = { .op = (uint32_t) n->op };
    operand[0] = n->a;
    operand[1] = n->b;
    operand[2] = n->c;
    if (is_quotient(m, node, &operand[0], &operand[1])) instr.op = OST_OP_DIV;
    return instr;
}

/* Compute `root` and, before it, what it needs and the program does not have yet. */
static void make_value(maker_t *m, ost_program_t *program, ost_node_t root)
{
    size_t depth = 0;
    if (!is_given(m, root) && m->value[root] == NO_ROW) m->stack[depth++] = root;
    while (depth > 0) {
        ost_node_t node = m->stack[depth - 1], operand[3];
        ost_instr_t instr = instr_of(m, node, operand);
        bool ready = true;
        for (int k = 0; k < 3 && ready; k++) {
            if (operand[k] == OST_NO_NODE || is_given(m, operand[k]) || m->value[operand[k]] != NO_ROW) continue;
            m->stack[depth++] = operand[k];
            ready = false;
        }
        if (!ready) continue;
        depth--;
        instr.a = instr.op == OST_OP_READ ? ost_operand(OST_BANK_READ, m->graph->nodes[node].index)
                                          : operand_of(m, operand[0]);
        instr.b = operand[1] == OST_NO_NODE ? instr.a : operand_of(m, operand[1]);
        instr.c = operand[2] == OST_NO_NODE ? instr.a : operand_of(m, operand[2]);
        instr.dst = ost_operand(OST_BANK_VALUE, program->n_instr);
        m->value[node] = (uint32_t) program->n_instr;
        program->instr[program->n_instr++] = instr;
    }
}

/* How often each node is used in this program, which does not look below what is given to it. */
static void count_uses(maker_t *m, const ost_node_t *roots, size_t n_roots)
{
    memset(m->uses, 0, m->graph->n_nodes * sizeof(*m->uses));
    for (size_t k = 0; k < n_roots; k++) m->uses[roots[k]]++;
    for (size_t i = m->graph->n_nodes; i-- > 0;) {
        const ost_node_data_t *n = &m->graph->nodes[i];
        if (m->uses[i] == 0 || is_given(m, (ost_node_t) i)) continue;
        if (n->a != OST_NO_NODE) m->uses[n->a]++;
        if (n->b != OST_NO_NODE) m->uses[n->b]++;
        if (n->c != OST_NO_NODE) m->uses[n->c]++;
    }
}

static bool make_program(maker_t *m, ost_program_t *program, const ost_node_t *roots, size_t n_roots)
{
    count_uses(m, roots, n_roots);
    size_t n_values = 0;
    for (size_t i = 0; i < m->graph->n_nodes; i++) {
        m->value[i] = NO_ROW;
        n_values += m->uses[i] > 0 && !is_given(m, (ost_node_t) i);
    }
    program->instr = ost_memory_list(m->kept, n_values, sizeof(*program->instr));
    program->root = ost_memory_list(m->kept, n_roots, sizeof(*program->root));
    if (m->kept->failed) return false;
    for (size_t k = 0; k < n_roots; k++) {
        make_value(m, program, roots[k]);
        program->root[k] = operand_of(m, roots[k]);
    }
    program->n_roots = n_roots;
    return true;
}

/* Where value operands live in the interpreter's code. */
typedef struct {
    ost_operand_t *location; /* [n_instr] result or scratch row of each value */
    uint32_t *last_use;      /* [n_instr] instruction that uses it last */
    uint32_t *free_slot;     /* stack */
    size_t n_free, n_slots;
} slots_t;

ost_operand_t ost_programs_result(const struct ost_programs *self, const ost_program_t *program, size_t k)
{
    size_t n_entries = self->program[OST_JACOBIAN].n_roots - self->program[OST_RHS].n_roots;
    if (program == &self->program[OST_PREPARE] && k < self->n_hoisted) return ost_operand(OST_BANK_HOISTED, k);
    if (program == &self->program[OST_PREPARE]) return ost_operand(OST_BANK_RESULT, k - self->n_hoisted);
    if (program == &self->program[OST_JACOBIAN] && k >= n_entries) return ost_operand(OST_BANK_RATE, k - n_entries);
    return ost_operand(OST_BANK_RESULT, k);
}

static ost_operand_t use(slots_t *s, ost_operand_t operand, uint32_t i)
{
    if (ost_operand_bank(operand) != OST_BANK_VALUE) return operand;
    uint32_t v = ost_operand_row(operand);
    if (s->last_use[v] == i && ost_operand_bank(s->location[v]) == OST_BANK_VALUE) {
        s->free_slot[s->n_free++] = ost_operand_row(s->location[v]);
        s->last_use[v] = NO_ROW; /* an operand used twice is freed once */
    }
    return s->location[v];
}

/* Values that are results are computed where results go and read back from there; all others share as few scratch rows
 * as their lifetimes allow. A row is free for an instruction's own value once its operands are read. */
static void make_code(const struct ost_programs *self, ost_program_t *program, slots_t *s)
{
    for (size_t i = 0; i < program->n_instr; i++) {
        s->location[i] = s->last_use[i] = NO_ROW;
        const ost_operand_t operand[3] = { program->instr[i].a, program->instr[i].b, program->instr[i].c };
        for (int k = 0; k < 3; k++) {
            if (ost_operand_bank(operand[k]) == OST_BANK_VALUE) s->last_use[ost_operand_row(operand[k])] = (uint32_t) i;
        }
    }
    for (size_t k = program->n_roots; k-- > 0;) {
        if (ost_operand_bank(program->root[k]) == OST_BANK_VALUE)
            s->location[ost_operand_row(program->root[k])] = ost_programs_result(self, program, k);
    }
    s->n_free = s->n_slots = 0;
    for (uint32_t i = 0; i < program->n_instr; i++) {
        ost_instr_t instr = program->instr[i];
        instr.a = use(s, instr.a, i);
        instr.b = use(s, instr.b, i);
        instr.c = use(s, instr.c, i);
        if (s->location[i] == NO_ROW) {
            uint32_t slot = s->n_free > 0 ? s->free_slot[--s->n_free] : (uint32_t) s->n_slots++;
            s->location[i] = ost_operand(OST_BANK_VALUE, slot);
        }
        instr.dst = s->location[i];
        program->code[program->n_code++] = instr;
    }
    for (size_t k = 0; k < program->n_roots; k++) {
        ost_operand_t from = use(s, program->root[k], NO_ROW - 1), to = ost_programs_result(self, program, k);
        if (from == to) continue;
        program->code[program->n_code++] = (ost_instr_t){ OST_OP_COPY, to, from, from, from };
    }
}

static bool make_all_code(struct ost_programs *self, maker_t *m)
{
    size_t n_max = 1;
    for (size_t k = 0; k < self->n_programs; k++) {
        if (self->program[k].n_instr > n_max) n_max = self->program[k].n_instr;
    }
    slots_t s = { .location = ost_memory_list(&m->scratch, n_max, sizeof(*s.location)),
        .last_use = ost_memory_list(&m->scratch, n_max, sizeof(*s.last_use)),
        .free_slot = ost_memory_list(&m->scratch, n_max, sizeof(*s.free_slot)) };
    for (size_t k = 0; k < self->n_programs && !m->scratch.failed; k++) {
        ost_program_t *program = &self->program[k];
        program->code = ost_memory_list(m->kept, program->n_instr + program->n_roots, sizeof(*program->code));
        if (program->code == NULL) return false;
        make_code(self, program, &s);
        if (s.n_slots > self->n_scratch) self->n_scratch = s.n_slots;
    }
    return !m->scratch.failed;
}

static bool make_constants(struct ost_programs *self, const maker_t *m)
{
    size_t n = m->n_constants;
    self->n_constants = n;
    self->constant = ost_memory_list(m->kept, n, sizeof(*self->constant));
    self->constant_rows = ost_memory_list(m->kept, n, OST_ROW_BYTES);
    for (size_t i = 0; i < n && !m->kept->failed; i++) {
        self->constant[i] = m->graph->nodes[m->constant[i]].value;
        for (size_t lane = 0; lane < OST_LANES; lane++) self->constant_rows[i * OST_LANES + lane] = self->constant[i];
    }
    return !m->kept->failed;
}

/* The hoisted values are known once all other programs are made. */
static bool make_prepare(struct ost_programs *self, maker_t *m, const ost_node_t *initial, size_t n_initial)
{
    ost_node_t *roots = ost_memory_list(&m->scratch, m->n_hoisted + n_initial, sizeof(*roots));
    if (roots == NULL) return false;
    memcpy(roots, m->hoisted, m->n_hoisted * sizeof(*roots));
    if (n_initial > 0) memcpy(roots + m->n_hoisted, initial, n_initial * sizeof(*roots));
    self->n_hoisted = m->n_hoisted;
    m->is_prepare = true;
    return make_program(m, &self->program[OST_PREPARE], roots, m->n_hoisted + n_initial);
}

static bool maker_init(maker_t *m, const ost_graph_t *graph, ost_memory_t *kept)
{
    size_t n = graph->n_nodes;
    *m = (maker_t){ .graph = graph, .kept = kept };
    m->constant_row = ost_memory_list(&m->scratch, n, sizeof(*m->constant_row));
    m->hoisted_row = ost_memory_list(&m->scratch, n, sizeof(*m->hoisted_row));
    m->constant = ost_memory_list(&m->scratch, n, sizeof(*m->constant));
    m->hoisted = ost_memory_list(&m->scratch, n, sizeof(*m->hoisted));
    m->uses = ost_memory_list(&m->scratch, n, sizeof(*m->uses));
    m->value = ost_memory_list(&m->scratch, n, sizeof(*m->value));
    m->stack = ost_memory_list(&m->scratch, n, sizeof(*m->stack));
    for (size_t i = 0; i < n && !m->scratch.failed; i++) m->constant_row[i] = m->hoisted_row[i] = NO_ROW;
    return !m->scratch.failed;
}

int ost_programs_new(struct ost_programs **out, const ost_graph_t *graph, ost_node_t *const *roots,
    const size_t *n_roots, size_t n_programs, ost_memory_t *memory, ost_error_t *err)
{
    maker_t m;
    if (graph->n_nodes > MAX_ROWS)
        return ost_fail(err, OST_ERR_LIMIT, "the model has more than %u expressions", (unsigned) MAX_ROWS);
    struct ost_programs *self = *out = ost_memory_list(memory, 1, sizeof(*self));
    ost_program_t *program = ost_memory_list(memory, n_programs, sizeof(*program));
    bool ok = maker_init(&m, graph, memory) && !memory->failed;
    if (ok) *self = (struct ost_programs){ .program = program, .n_programs = n_programs };
    for (size_t k = OST_PREPARE + 1; k < n_programs && ok; k++)
        ok = make_program(&m, &program[k], roots[k], n_roots[k]);
    ok = ok && make_prepare(self, &m, roots[OST_PREPARE], n_roots[OST_PREPARE]) && make_all_code(self, &m) &&
         make_constants(self, &m);
    ost_memory_free(&m.scratch);
    return ok ? 0 : ost_fail(err, OST_ERR_NO_MEMORY, "out of memory for a program");
}

static uint64_t fnv(uint64_t h, uint64_t word)
{
    for (int i = 0; i < 8; i++) h = (h ^ (word >> (8 * i) & 0xff)) * 0x100000001b3u;
    return h;
}

uint64_t ost_programs_fingerprint(const struct ost_programs *self)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t k = 0; k < self->n_programs; k++) {
        const ost_program_t *p = &self->program[k];
        h = fnv(fnv(h, p->n_instr), p->n_roots);
        for (size_t i = 0; i < p->n_instr; i++)
            h = fnv(fnv(h, (uint64_t) p->instr[i].op << 32 | p->instr[i].a),
                (uint64_t) p->instr[i].b << 32 | p->instr[i].c);
        for (size_t i = 0; i < p->n_roots; i++) h = fnv(h, p->root[i]);
    }
    for (size_t i = 0; i < self->n_constants; i++) {
        uint64_t bits;
        memcpy(&bits, &self->constant[i], sizeof(bits));
        h = fnv(h, bits);
    }
    return h;
}
