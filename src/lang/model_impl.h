/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the reader hands to the compiler of a model, and what both keep. */
#ifndef OST_LANG_MODEL_IMPL_H
#define OST_LANG_MODEL_IMPL_H

#include "core/memory.h"
#include "lang/graph.h"
#include "lang/kernel.h"
#include "lang/model.h"

struct ost_programs; /* program.h */

/* For the printed sheet: lines of the model text in their order, e.g. lets and equations. */
typedef struct {
    char *left, *right; /* as written */
} ost_equation_t;

struct ost_model_impl {
    ost_memory_t memory; /* of all that the model has but its graph */
    ost_graph_t graph;
    /* filled by the reader (reader.c): */
    const ost_builtin_t *source; /* the entry its text comes from, NULL for a user's own model */
    char *text;                  /* of a user's own model, as it was read; NULL for a built-in one */
    ost_node_t *initial;         /* [n_states], parameters only */
    ost_node_t *rate;            /* [n_states], time derivatives */
    ost_node_t *drive;           /* [n_drives] */
    ost_node_t *output;          /* [n_outputs] */
    ost_node_t *sw;              /* [n_switches], condition holds where >= 0 */
    int *sw_line;                /* [n_switches] where each stands first in the text */
    ost_equation_t *equations;
    size_t n_equations;
    /* filled by ost_model_compile (program.c): */
    struct ost_programs *programs;
    ost_kernel_t interpreted[OST_N_ISA];
    uint64_t fingerprint; /* FNV-1a over all programs */
};

/* Start with the signals of any table of built-in models (its entry "signals"), which is how the build tool and tests
 * begin without generated code. @param table  [n], kept, with its entries: must outlive self */
int ost_library_init_with(
    ost_library_t *self, const ost_builtin_t *const *table, size_t n, ost_error_t *err) OST_MUST_CHECK;

/* Free all that a model owns. Accepts NULL, a zeroed and a half-read one. */
void ost_model_free(ost_model_t *self);

/* From graph to programs, Jacobian pattern, hoisted values and kernels: fills n_hoisted, n_scratch, jac, first_entry,
 * uses, kernel[] of the model. With `builtin` (NULL for none) its emitted kernels are used where the fingerprints
 * agree; a fingerprint that differs is OST_ERR_MODEL (the build is stale). */
int ost_model_compile(ost_model_t *model, const ost_builtin_t *builtin, ost_error_t *err) OST_MUST_CHECK;

/* The same model run by the interpreter even if it is built in (tests; never by users). Shape and order as
 * model->kernel. */
const ost_kernel_t *ost_model_interpreted(const ost_model_t *model, ost_isa_t isa);

/* Write the emitted C of a model (one *_lanes.c; functions and one ost_kernel_t named OST_LANE_FN(ost_kernel_NAME)). */
int ost_model_emit(const ost_model_t *model, FILE *out, ost_error_t *err) OST_MUST_CHECK;

#endif
