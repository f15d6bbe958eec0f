/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Straight programs: what a model's graph becomes. The emitter writes them as C, the interpreter runs them over lanes.
 */
#ifndef OST_LANG_PROGRAM_H
#define OST_LANG_PROGRAM_H

#include "lang/model_impl.h"

/* An operand: where a row lives (bank, low 6 bits) and which row (the bits above, so that with 8 lanes they are its
 * byte offset). */
typedef uint32_t ost_operand_t;
enum {
    OST_BANK_VALUE, /* instr: the value of instruction `row`; code: a scratch row */
    OST_BANK_CONST,
    OST_BANK_PARAM, /* prepare only */
    OST_BANK_HOISTED,
    OST_BANK_STATE,
    OST_BANK_READ, /* only as operand of OST_OP_READ */
    OST_BANK_MODE,
    OST_BANK_NOISE,
    OST_BANK_TIME,
    OST_BANK_RESULT,
    OST_BANK_RATE, /* of the program of derivatives, which makes the rates too */
    OST_N_BANKS
};
enum { OST_ROW_BYTES = 64 };

static inline ost_operand_t ost_operand(uint32_t bank, size_t row)
{
    return (uint32_t) row * OST_ROW_BYTES | bank;
}
static inline uint32_t ost_operand_bank(ost_operand_t operand)
{
    return operand % OST_ROW_BYTES;
}
static inline uint32_t ost_operand_row(ost_operand_t operand)
{
    return operand / OST_ROW_BYTES;
}

/* One operation. Of ost_op_t only READ (copies a signal's row) and what computes, without POW; operands that are not
 * used repeat `a`. */
typedef struct {
    uint32_t op;
    ost_operand_t dst, a, b, c;
} ost_instr_t;

enum { OST_OP_COPY = OST_OP_SELECT + 1 }; /* code only */

typedef struct {
    ost_instr_t *instr; /* each value once: instruction i makes value i */
    size_t n_instr;
    ost_operand_t *root; /* [n_roots] what the results are */
    size_t n_roots;
    ost_instr_t *code; /* the same for the interpreter, values in scratch rows and results */
    size_t n_code;
} ost_program_t;

enum { OST_PREPARE, OST_RHS, OST_JACOBIAN, OST_SWITCHES, OST_OUTPUTS, OST_FIRST_DRIVE }; /* each: value, derivatives */

struct ost_programs {
    ost_program_t *program; /* OST_PREPARE .. OST_FIRST_DRIVE + 2 n_drives - 1 */
    size_t n_programs;
    double *constant; /* [n_constants] */
    size_t n_constants;
    double *constant_rows; /* [n_constants rows] */
    size_t n_hoisted;      /* roots of prepare: the hoisted values, then the initial states */
    size_t n_scratch;
};

/* Rewrite what the roots depend on into the operations of programs: powers become exp and log, divisions a product with
 * a reciprocal, and factors that depend on parameters alone are brought together, to be computed once per subject.
 * @param roots  [n_roots] of one program, replaced
 * @param merge  make one division of quotients of quotients; not for derivatives, which share their reciprocals
 * @return false if out of memory */
bool ost_graph_lower(ost_graph_t *graph, ost_node_t *roots, size_t n_roots, bool merge);

/* Programs from lowered roots. @param roots  [n_programs] of arrays; of OST_PREPARE only the initial states
 * @param n_roots  [n_programs]; @param memory  of the programs */
int ost_programs_new(struct ost_programs **self, const ost_graph_t *graph, ost_node_t *const *roots,
    const size_t *n_roots, size_t n_programs, ost_memory_t *memory, ost_error_t *err) OST_MUST_CHECK;

/* The row of a program's root k among its results. */
ost_operand_t ost_programs_result(const struct ost_programs *self, const ost_program_t *program, size_t k);

/* FNV-1a over all programs. */
uint64_t ost_programs_fingerprint(const struct ost_programs *self);

#endif
