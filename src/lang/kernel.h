/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a model is to the engine: a handful of functions over lanes. Either emitted C (built-in models) or the
 * interpreter running the same programs (a user's own model); what lies above sees no difference. */
#ifndef OST_LANG_KERNEL_H
#define OST_LANG_KERNEL_H

#include "core/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef struct ost_kernel ost_kernel_t;

enum { OST_MAX_READS = 64 }; /* signals that one model can read */

/* One evaluation point of one block. Rows are [OST_LANES] doubles, 64-byte aligned; all borrowed for the call. */
typedef struct {
    const double *t;        /* [1 row] time, d from the start of treatment */
    const double *x;        /* [n_states rows] the block's states */
    const double *h;        /* [n_hoisted rows] what depends on parameters alone, from prepare() */
    const double *const *s; /* [n_reads] the row of each signal read */
    const double *mode;     /* [n_switches rows] 1.0 where the condition holds, else 0.0; held constant during a step */
    double *scratch;        /* [n_scratch rows] for the interpreter; emitted code ignores it */
    const double *noise;    /* [n_noises rows] standard normals, for outputs() alone */
} ost_kernel_args_t;

struct ost_kernel {
    /* p [n_params rows] -> h [n_hoisted rows], x0 [n_states rows] */
    void (*prepare)(const ost_kernel_t *self, const double *p, double *h, double *x0, double *scratch);
    /* f [n_states rows] */
    void (*rhs)(const ost_kernel_t *self, const ost_kernel_args_t *at, double *f);
    /* f as rhs() to rounding, and the entries of states' rows, in the model's order (ost_jac_entry_t) */
    void (*jacobian)(const ost_kernel_t *self, const ost_kernel_args_t *at, double *f, double *entries);
    /* value [1 row] of driven signal i_drive; reads only the signals that its expression names */
    void (*drive)(const ost_kernel_t *self, const ost_kernel_args_t *at, size_t i_drive, double *value);
    /* the entries of its row */
    void (*drive_jacobian)(const ost_kernel_t *self, const ost_kernel_args_t *at, size_t i_drive, double *entries);
    /* g [n_switches rows]; the condition holds where g >= 0 */
    void (*switches)(const ost_kernel_t *self, const ost_kernel_args_t *at, double *g);
    /* y [n_outputs rows], internal units */
    void (*outputs)(const ost_kernel_t *self, const ost_kernel_args_t *at, double *y);
    const void *program; /* the interpreter's, NULL for emitted code */
};

/* A built-in model: its text, and its emitted kernel for each instruction set (NULL where not built). The fingerprint
 * ties the emitted code to the programs that the reader makes of the text, see ost_model_compile. Generated at build
 * time. */
typedef struct ost_builtin {
    const char *name;
    const char *folder; /* below models/, as "drugs/"; NULL or empty for none */
    const char *text;
    uint64_t fingerprint;
    const ost_kernel_t *kernel[OST_N_ISA];
} ost_builtin_t;

extern const ost_builtin_t *const ost_builtins[];
extern const size_t ost_n_builtins;
extern const char *const ost_builtin_names[]; /* of the models among them, NULL at the end */

#endif
