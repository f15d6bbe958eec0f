/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/program.h"

#include "core/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where rows of each bank are. */
static const char *const banks[OST_N_BANKS] = {
    [OST_BANK_PARAM] = "p",
    [OST_BANK_HOISTED] = "at->h",
    [OST_BANK_STATE] = "at->x",
    [OST_BANK_MODE] = "at->mode",
    [OST_BANK_NOISE] = "at->noise",
    [OST_BANK_TIME] = "at->t",
};

typedef struct {
    const ost_model_t *model;
    const struct ost_programs *programs;
    const ost_program_t *program;
    uint32_t *round; /* [n_instr] of the program: when an instruction is put */
    FILE *out;
} emitter_t;

static void put_number(const emitter_t *e, double value)
{
    char text[OST_NUMBER_SIZE];
    ost_text_number(value, text);
    if (isnan(value)) {
        fputs("NAN", e->out);
    } else if (isinf(value)) {
        fputs(value < 0 ? "-INFINITY" : "INFINITY", e->out);
    } else {
        fprintf(e->out, strpbrk(text, ".e") == NULL ? "%s.0" : "%s", text);
    }
}

/* What a row is called in the model, NULL where it has no name of its own. */
static const char *name_of(const emitter_t *e, ost_operand_t operand)
{
    uint32_t row = ost_operand_row(operand);
    switch (ost_operand_bank(operand)) {
    case OST_BANK_PARAM:
        return e->model->params[row].name;
    case OST_BANK_STATE:
        return e->model->states[row].name;
    case OST_BANK_NOISE:
        return e->model->noises[row].name;
    case OST_BANK_READ:
        return e->model->reads[row].name;
    case OST_BANK_HOISTED:
        operand = e->programs->program[OST_PREPARE].root[row];
        return ost_operand_bank(operand) == OST_BANK_PARAM ? name_of(e, operand) : NULL;
    default:
        return NULL;
    }
}

static void put_row(const emitter_t *e, const char *array, uint32_t row)
{
    fprintf(e->out, row > 0 ? "%s + %" PRIu32 " * OST_LANES, q" : "%s, q", array, row);
}

/* An operand of + - * /, where a number stands for a row of it. One register of each row at a time, from the first
 * instruction to the last: whole rows, where they take several registers, would be in memory most of the time. */
static void put_operand(const emitter_t *e, ost_operand_t operand)
{
    uint32_t bank = ost_operand_bank(operand), row = ost_operand_row(operand);
    const char *name = name_of(e, operand);
    if (bank == OST_BANK_CONST) {
        put_number(e, e->programs->constant[row]);
    } else if (bank == OST_BANK_VALUE) {
        fprintf(e->out, "v%" PRIu32, row);
    } else {
        fputs("ost_reg_load(", e->out);
        put_row(e, banks[bank], row);
        fprintf(e->out, name != NULL ? ") /* %s */" : ")", name);
    }
}

static void put_vector(const emitter_t *e, ost_operand_t operand)
{
    bool is_number = ost_operand_bank(operand) == OST_BANK_CONST;
    if (is_number) fputs("ost_reg_splat(", e->out);
    put_operand(e, operand);
    if (is_number) fputs(")", e->out);
}

static const struct {
    const char *name; /* a sign between two operands, or a function of n */
    int n;
} operations[] = {
    [OST_OP_ADD] = { "+", 0 },
    [OST_OP_SUB] = { "-", 0 },
    [OST_OP_MUL] = { "*", 0 },
    [OST_OP_DIV] = { "/", 0 },
    [OST_OP_EXP] = { "ost_reg_exp_finite", 1 },
    [OST_OP_LOG] = { "ost_reg_log", 1 },
    [OST_OP_LOG_FROM] = { "ost_reg_log_from", 2 },
    [OST_OP_SQRT] = { "ost_reg_sqrt", 1 },
    [OST_OP_MIN] = { "ost_reg_min", 2 },
    [OST_OP_MAX] = { "ost_reg_max", 2 },
};

static void put_call(const emitter_t *e, const char *function, const ost_instr_t *i, int n_operands)
{
    fprintf(e->out, "%s(", function);
    put_vector(e, i->a);
    if (n_operands > 1) fputs(", ", e->out);
    if (n_operands > 1) put_vector(e, i->b);
    fputs(")", e->out);
}

static void put_expression(const emitter_t *e, const ost_instr_t *i)
{
    if (i->op == OST_OP_READ) {
        fprintf(e->out, "ost_reg_load(at->s[%" PRIu32 "], q)", ost_operand_row(i->a));
    } else if (i->op == OST_OP_NEG) {
        fputs("-", e->out);
        put_vector(e, i->a);
    } else if (i->op == OST_OP_STEP) {
        fputs("ost_reg_blend(ost_reg_splat(0.0) <= ", e->out);
        put_vector(e, i->a);
        fputs(", ost_reg_splat(1.0), ost_reg_splat(0.0))", e->out);
    } else if (i->op == OST_OP_SELECT) {
        fputs("ost_reg_blend(", e->out);
        put_vector(e, i->a);
        fputs(" == ost_reg_splat(0.0), ", e->out);
        put_vector(e, i->c);
        fputs(", ", e->out);
        put_vector(e, i->b);
        fputs(")", e->out);
    } else if (operations[i->op].n == 0) {
        put_operand(e, i->a);
        fprintf(e->out, " %s ", operations[i->op].name);
        put_operand(e, i->b);
    } else {
        put_call(e, operations[i->op].name, i, operations[i->op].n);
    }
}

static void end_line(const emitter_t *e, const char *name)
{
    if (name != NULL) fprintf(e->out, "; /* %s */\n", name);
    if (name == NULL) fputs(";\n", e->out);
}

/* "E' by estradiol", "load by time" */
static void entry_name(const ost_model_t *m, size_t entry, char *name, size_t size)
{
    uint32_t r = m->jac[entry].row, c = m->jac[entry].col;
    snprintf(name, size, "%s%s by %s", r < m->n_states ? m->states[r].name : m->drives[r - m->n_states].name,
        r < m->n_states ? "'" : "",
        c < m->n_states                ? m->states[c].name
        : c < m->n_states + m->n_reads ? m->reads[c - m->n_states].name
                                       : "time");
}

static void put_store(const emitter_t *e, size_t k)
{
    const ost_model_t *m = e->model;
    size_t i_program = (size_t) (e->program - e->programs->program);
    ost_operand_t to = ost_programs_result(e->programs, e->program, k);
    uint32_t bank = ost_operand_bank(to), row = ost_operand_row(to);
    const char *array = bank == OST_BANK_HOISTED ? "h" : bank == OST_BANK_RATE ? "f" : "result";
    char name[600] = "";
    if (bank == OST_BANK_HOISTED) {
        const char *param = name_of(e, ost_operand(OST_BANK_HOISTED, k));
        if (param != NULL) snprintf(name, sizeof(name), "%s", param);
    } else if (i_program == OST_PREPARE) {
        array = "x0";
        snprintf(name, sizeof(name), "%s at the start", m->states[row].name);
    } else if (i_program == OST_RHS || bank == OST_BANK_RATE) {
        snprintf(name, sizeof(name), "%s'", m->states[row].name);
    } else if (i_program == OST_JACOBIAN) {
        entry_name(m, k, name, sizeof(name));
    } else if (i_program >= OST_FIRST_DRIVE && (i_program - OST_FIRST_DRIVE) % 2 == 1) {
        entry_name(m, m->first_entry[(i_program - OST_FIRST_DRIVE) / 2] + k, name, sizeof(name));
    } else if (i_program == OST_OUTPUTS) {
        snprintf(name, sizeof(name), "%s", m->outputs[k].name);
    }
    fputs("        ost_reg_store(", e->out);
    put_row(e, array, row);
    fputs(", ", e->out);
    put_vector(e, e->program->root[k]);
    fputs(")", e->out);
    end_line(e, name[0] != '\0' ? name : NULL);
}

static bool takes_long(const ost_instr_t *i)
{
    return i->op == OST_OP_EXP || i->op == OST_OP_LOG || i->op == OST_OP_LOG_FROM || i->op == OST_OP_DIV ||
           i->op == OST_OP_SQRT;
}

/* The processor works on several long operations at once if it meets them one after the other, but it does not look far
 * ahead: first come those that need no other and what they need, then those that need only the first, and so on; last
 * what no long operation needs. @return rounds */
static uint32_t plan_rounds(const emitter_t *e)
{
    const ost_program_t *p = e->program;
    uint32_t n = 0;
    for (size_t i = 0; i < p->n_instr; i++) {
        const ost_operand_t from[] = { p->instr[i].a, p->instr[i].b, p->instr[i].c };
        e->round[i] = 0;
        for (int k = 0; k < 3; k++) {
            uint32_t row = ost_operand_row(from[k]);
            if (ost_operand_bank(from[k]) != OST_BANK_VALUE) continue;
            uint32_t after = e->round[row] + (takes_long(&p->instr[row]) ? 1 : 0);
            if (after > e->round[i]) e->round[i] = after;
        }
        if (e->round[i] >= n) n = e->round[i] + 1;
    }
    for (size_t i = 0; i < p->n_instr; i++)
        if (!takes_long(&p->instr[i])) e->round[i] = n;
    for (size_t i = p->n_instr; i-- > 0;) {
        const ost_operand_t from[] = { p->instr[i].a, p->instr[i].b, p->instr[i].c };
        for (int k = 0; k < 3; k++) {
            uint32_t row = ost_operand_row(from[k]);
            if (ost_operand_bank(from[k]) == OST_BANK_VALUE && e->round[row] > e->round[i]) e->round[row] = e->round[i];
        }
    }
    return n + 1;
}

static void put_results(emitter_t *e, size_t i)
{
    const ost_program_t *p = e->program;
    for (size_t k = 0; k < p->n_roots; k++) {
        if (p->root[k] == p->instr[i].dst) put_store(e, k);
    }
}

static void put_instruction(emitter_t *e, size_t i)
{
    const ost_program_t *p = e->program;
    fprintf(e->out, "        const ost_reg v%zu = ", i);
    put_expression(e, &p->instr[i]);
    end_line(e, p->instr[i].op == OST_OP_READ ? name_of(e, p->instr[i].a) : NULL);
    put_results(e, i);
}

/* Whether instruction k of the program is done in one loop with i: it calls the same function in the same round. */
static bool is_like(const emitter_t *e, size_t i, size_t k)
{
    const ost_instr_t *a = &e->program->instr[i], *b = &e->program->instr[k];
    return (a->op == OST_OP_EXP || a->op == OST_OP_LOG_FROM) && a->op == b->op && e->round[i] == e->round[k] &&
           (operations[a->op].n < 2 || a->b == b->b);
}

static size_t count_like(const emitter_t *e, size_t i, size_t end)
{
    size_t n = 0;
    for (size_t k = 0; k < end; k++) n += is_like(e, i, k);
    return n;
}

static void put_loop(emitter_t *e, size_t i, size_t n)
{
    const ost_program_t *p = e->program;
    fprintf(e->out, "        ost_reg each%zu[%zu];\n", i, n);
    for (size_t k = i, place = 0; k < p->n_instr; k++) {
        if (!is_like(e, i, k)) continue;
        fprintf(e->out, "        each%zu[%zu] = ", i, place++);
        put_vector(e, p->instr[k].a);
        end_line(e, NULL);
    }
    fprintf(e->out, "        %s_each(each%zu, %zu", operations[p->instr[i].op].name, i, n);
    if (operations[p->instr[i].op].n > 1) fputs(", ", e->out);
    if (operations[p->instr[i].op].n > 1) put_vector(e, p->instr[i].b);
    fputs(");\n", e->out);
    for (size_t k = i, place = 0; k < p->n_instr; k++) {
        if (!is_like(e, i, k)) continue;
        fprintf(e->out, "        const ost_reg v%zu = each%zu[%zu];\n", k, i, place++);
        put_results(e, k);
    }
}

/* Functions that a round calls often are called in loops after the rest of it, which needs none of their results, so
 * that their code is there once: that of a large model would else be several times what a processor's cache of it
 * holds. Calls that are few take less time side by side. */
static void put_round(emitter_t *e, uint32_t round)
{
    enum { LEAST_LOOP = 8 };
    const size_t n = e->program->n_instr;
    for (size_t i = 0; i < n; i++)
        if (e->round[i] == round && count_like(e, i, n) < LEAST_LOOP) put_instruction(e, i);
    for (size_t i = 0; i < n; i++) {
        const size_t n_like = e->round[i] == round ? count_like(e, i, n) : 0;
        if (n_like >= LEAST_LOOP && count_like(e, i, i) == 0) put_loop(e, i, n_like);
    }
}

static void put_body(emitter_t *e)
{
    const ost_program_t *p = e->program;
    const uint32_t n_rounds = plan_rounds(e);
    fputs("    for (int q = 0; q < OST_N_REGS; q++) {\n", e->out);
    for (uint32_t round = 0; round < n_rounds; round++) put_round(e, round);
    for (size_t k = 0; k < p->n_roots; k++) {
        if (ost_operand_bank(p->root[k]) != OST_BANK_VALUE) put_store(e, k);
    }
    fputs("    }\n}\n\n", e->out);
}

static void put_function(emitter_t *e, size_t i_program, const char *name)
{
    e->program = &e->programs->program[i_program];
    fprintf(e->out, "static void OST_LANE_FN(%s_%s)(\n    const ost_kernel_t *self, ", e->model->name, name);
    if (i_program == OST_PREPARE) {
        fputs("const double *p, double *restrict h, double *restrict x0, double *scratch)\n{\n"
              "    (void) self, (void) p, (void) h, (void) x0, (void) scratch;\n",
            e->out);
    } else {
        const bool is_both = i_program == OST_JACOBIAN;
        fprintf(e->out,
            "const ost_kernel_args_t *at, %sdouble *restrict result)\n{\n"
            "    (void) self, (void) at, %s(void) result;\n",
            is_both ? "double *restrict f, " : "", is_both ? "(void) f, " : "");
    }
    put_body(e);
}

/* Values of the drives, or (derivatives = 1) the entries of their rows: a function each, and one that chooses. */
static void put_drives(emitter_t *e, const char *what, size_t derivatives)
{
    char name[32];
    for (size_t k = 0; k < e->model->n_drives; k++) {
        snprintf(name, sizeof(name), "%s_%zu", what, k);
        fprintf(e->out, "/* drives %s */\n", e->model->drives[k].name);
        put_function(e, OST_FIRST_DRIVE + 2 * k + derivatives, name);
    }
    fprintf(e->out,
        "static void OST_LANE_FN(%s_%s)(\n"
        "    const ost_kernel_t *self, const ost_kernel_args_t *at, size_t i_drive, double *result)\n"
        "{\n"
        "    (void) self, (void) at, (void) result;\n"
        "    switch (i_drive) {\n",
        e->model->name, what);
    for (size_t k = 0; k < e->model->n_drives; k++) {
        fprintf(e->out, "    case %zu:\n        OST_LANE_FN(%s_%s_%zu)(self, at, result);\n        break;\n", k,
            e->model->name, what, k);
    }
    fputs("    default:\n        break;\n    }\n}\n\n", e->out);
}

int ost_model_emit(const ost_model_t *model, FILE *out, ost_error_t *err)
{
    emitter_t e = { .model = model, .programs = model->impl->programs, .out = out };
    size_t n_instr = 1;
    for (size_t i = 0; i < e.programs->n_programs; i++)
        if (e.programs->program[i].n_instr > n_instr) n_instr = e.programs->program[i].n_instr;
    e.round = malloc(n_instr * sizeof(*e.round));
    if (e.round == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory while writing model '%s'", model->name);
    fprintf(out,
        "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
        "/* The model %s as C over lanes, written by osteon-emit. Do not edit: change %s. */\n"
        "#include \"core/lanes.h\"\n#include \"lang/kernel.h\"\n\n",
        model->name, model->path);
    put_function(&e, OST_PREPARE, "prepare");
    put_function(&e, OST_RHS, "rhs");
    put_function(&e, OST_JACOBIAN, "jacobian");
    put_drives(&e, "drive", 0);
    put_drives(&e, "drive_jacobian", 1);
    put_function(&e, OST_SWITCHES, "switches");
    put_function(&e, OST_OUTPUTS, "outputs");
    fprintf(out,
        "const ost_kernel_t OST_LANE_FN(ost_kernel_%1$s) = {\n"
        "    OST_LANE_FN(%1$s_prepare),\n    OST_LANE_FN(%1$s_rhs),\n    OST_LANE_FN(%1$s_jacobian),\n"
        "    OST_LANE_FN(%1$s_drive),\n    OST_LANE_FN(%1$s_drive_jacobian),\n    OST_LANE_FN(%1$s_switches),\n"
        "    OST_LANE_FN(%1$s_outputs),\n    NULL,\n};\n",
        model->name);
    free(e.round);
    return ferror(out) ? ost_fail(err, OST_ERR_IO, "cannot write the kernel of model '%s'", model->name) : 0;
}
