/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lanes.h"
#include "lang/program.h"

#include <string.h>

typedef struct {
    char *bank[OST_N_BANKS];
} banks_t;

/* Rows are worked on register by register, because gcc takes wider vectors through memory. */
typedef ost_reg __attribute__((may_alias)) reg_t;

static inline reg_t *row(const banks_t *banks, ost_operand_t operand)
{
    return (reg_t *) (void *) (banks->bank[operand % OST_ROW_BYTES] +
                               operand / OST_ROW_BYTES * (OST_LANES * sizeof(double)));
}

#define EACH(value)                                                                                                    \
    for (int r = 0; r < OST_LANES / OST_REG_LANES; r++) dst[r] = (value);                                              \
    break

static void run(const ost_program_t *program, const banks_t *banks, const double *const *signals)
{
    const ost_reg zero = { 0 }, one = zero + 1.0;
    for (const ost_instr_t *i = program->code, *end = i + program->n_code; i < end; i++) {
        reg_t *dst = row(banks, i->dst);
        const reg_t *a = row(banks, i->a), *b = row(banks, i->b), *c;
        switch (i->op) {
        case OST_OP_ADD:
            EACH(a[r] + b[r]);
        case OST_OP_SUB:
            EACH(a[r] - b[r]);
        case OST_OP_MUL:
            EACH(a[r] * b[r]);
        case OST_OP_DIV:
            EACH(a[r] / b[r]);
        case OST_OP_NEG:
            EACH(-a[r]);
        case OST_OP_EXP:
            EACH(ost_reg_exp_finite(a[r]));
        case OST_OP_LOG:
            EACH(ost_reg_log(a[r]));
        case OST_OP_LOG_FROM:
            EACH(ost_reg_log_from(a[r], b[r]));
        case OST_OP_SQRT:
            EACH(ost_reg_sqrt(a[r]));
        case OST_OP_MIN:
            EACH(ost_reg_min(a[r], b[r]));
        case OST_OP_MAX:
            EACH(ost_reg_max(a[r], b[r]));
        case OST_OP_STEP:
            EACH(ost_reg_blend(a[r] >= zero, one, zero));
        case OST_OP_SELECT:
            c = row(banks, i->c);
            EACH(ost_reg_blend(a[r] == zero, c[r], b[r]));
        case OST_OP_READ:
            a = (const reg_t *) (const void *) signals[ost_operand_row(i->a)];
            EACH(a[r]);
        default: /* OST_OP_COPY */
            EACH(a[r]);
        }
    }
}

/* Banks are written only where the program's results are, so that the casts away from const do no harm. */
static char *bank_of(const double *rows)
{
    char *bank;
    memcpy(&bank, &rows, sizeof(bank));
    return bank;
}

static void run_both(const ost_kernel_t *self, size_t k, const ost_kernel_args_t *at, double *result, double *rates)
{
    const struct ost_programs *programs = self->program;
    banks_t banks = { .bank = { [OST_BANK_VALUE] = bank_of(at->scratch),
                          [OST_BANK_CONST] = bank_of(programs->constant_rows),
                          [OST_BANK_HOISTED] = bank_of(at->h),
                          [OST_BANK_STATE] = bank_of(at->x),
                          [OST_BANK_MODE] = bank_of(at->mode),
                          [OST_BANK_NOISE] = bank_of(at->noise),
                          [OST_BANK_TIME] = bank_of(at->t),
                          [OST_BANK_RESULT] = bank_of(result),
                          [OST_BANK_RATE] = bank_of(rates) } };
    run(&programs->program[k], &banks, at->s);
}

static void run_at(const ost_kernel_t *self, size_t k, const ost_kernel_args_t *at, double *result)
{
    run_both(self, k, at, result, NULL);
}

static void prepare(const ost_kernel_t *self, const double *p, double *h, double *x0, double *scratch)
{
    const struct ost_programs *programs = self->program;
    banks_t banks = { .bank = { [OST_BANK_VALUE] = bank_of(scratch),
                          [OST_BANK_CONST] = bank_of(programs->constant_rows),
                          [OST_BANK_PARAM] = bank_of(p),
                          [OST_BANK_HOISTED] = bank_of(h),
                          [OST_BANK_RESULT] = bank_of(x0) } };
    run(&programs->program[OST_PREPARE], &banks, NULL);
}

static void rhs(const ost_kernel_t *self, const ost_kernel_args_t *at, double *f)
{
    run_at(self, OST_RHS, at, f);
}

static void jacobian(const ost_kernel_t *self, const ost_kernel_args_t *at, double *f, double *entries)
{
    run_both(self, OST_JACOBIAN, at, entries, f);
}

static void drive(const ost_kernel_t *self, const ost_kernel_args_t *at, size_t i_drive, double *value)
{
    run_at(self, OST_FIRST_DRIVE + 2 * i_drive, at, value);
}

static void drive_jacobian(const ost_kernel_t *self, const ost_kernel_args_t *at, size_t i_drive, double *entries)
{
    run_at(self, OST_FIRST_DRIVE + 2 * i_drive + 1, at, entries);
}

static void switches(const ost_kernel_t *self, const ost_kernel_args_t *at, double *g)
{
    run_at(self, OST_SWITCHES, at, g);
}

static void outputs(const ost_kernel_t *self, const ost_kernel_args_t *at, double *y)
{
    run_at(self, OST_OUTPUTS, at, y);
}

const ost_kernel_t OST_LANE_FN(
    ost_interpreter) = { prepare, rhs, jacobian, drive, drive_jacobian, switches, outputs, NULL };
