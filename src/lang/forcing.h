/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file forcing.h  What the equations of several models say of time alone, and the times at which an integrator has to
 *  end a step because of it: where a condition turns, where min, max, abs or a table bends, and around what lasts so
 *  short that a step could pass it by. Exact, for the parameters of one subject, whether the models run as emitted code
 *  or interpreted. */
#ifndef OST_LANG_FORCING_H
#define OST_LANG_FORCING_H

#include "lang/graph.h"
#include "lang/model.h"

/** Expressions in time and the parameters of all models. Filled by ost_forcing_drive() and ost_forcing_equations(),
 * closed by ost_forcing_close(), then constant and shared by threads. */
typedef struct ost_forcing ost_forcing_t;

/** @return 0 or OST_ERR_NO_MEMORY; free it in any case */
int ost_forcing_new(ost_forcing_t **self, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL. */
void ost_forcing_free(ost_forcing_t *self);

/** A signal of this value. */
ost_node_t ost_forcing_constant(ost_forcing_t *self, double value);
/** A signal with several drivers. @param drivers  [n] @return OST_NO_NODE where one of them is OST_NO_NODE */
ost_node_t ost_forcing_signal(ost_forcing_t *self, ost_combine_t combine, const ost_node_t *drivers, size_t n);

/** What uses an expression, to be named where it has too many breaks. */
typedef struct {
    const ost_model_t *model;
    const char *name; /**< of a state or signal of the model; NULL: one of its conditions */
    int line;         /**< where it is declared in the model's text; 0 without a name */
} ost_forcing_source_t;

/** Equations use this expression together with what depends on more than time. Accepts OST_NO_NODE. */
void ost_forcing_watch(ost_forcing_t *self, ost_node_t node, ost_forcing_source_t source);

/** A model as part of a plan. */
typedef struct {
    const ost_model_t *model;
    uint32_t first_param;    /**< number of its first parameter among those of all models */
    const ost_node_t *reads; /**< [n_reads] the signals read, OST_NO_NODE where they depend on more than time */
} ost_forcing_model_t;

/** Take up what feeds equations through a drive of a model. @return its value, OST_NO_NODE where it depends on more
 * than time and parameters */
ost_node_t ost_forcing_drive(ost_forcing_t *self, const ost_forcing_model_t *of, size_t i_drive);
/** Take up the equations and conditions of a model. */
void ost_forcing_equations(ost_forcing_t *self, const ost_forcing_model_t *of);
/** No more will be taken up. @return 0 or OST_ERR_NO_MEMORY, also of what came before */
int ost_forcing_close(ost_forcing_t *self, ost_error_t *err) OST_MUST_CHECK;

/** The most breaks that one subject can have; 0 where nothing depends on time alone. */
size_t ost_forcing_max_breaks(const ost_forcing_t *self);

/** Scratch of one thread. */
typedef struct ost_break_finder ost_break_finder_t;
/** @param forcing  borrowed: must outlive self. @return 0 or OST_ERR_NO_MEMORY */
int ost_break_finder_new(ost_break_finder_t **self, const ost_forcing_t *forcing, ost_error_t *err) OST_MUST_CHECK;
/** Free. Accepts NULL. */
void ost_break_finder_free(ost_break_finder_t *self);

/** The breaks of one subject. They do not depend on `t1`, but that none are looked for after it. Those of the subject
 * before it are used again where the expressions have the same parameters and times.
 *  @param params  of all models, internal units
 *  @param t0, t1  where the subject's integrations begin, and how far ahead their last steps look, d
 *  @param h_max  the longest step, d: what lasts longer is not passed by
 *  @param[out] breaks  [ost_forcing_max_breaks()] ascending, after t0. Once half of those around what is smooth are
 * used up, only changes of an expression's own size are looked for, those shorter than h_max/8
 *  @param[out] n  their number
 *  @return 0; or OST_ERR_LIMIT, naming model, line and remedy, where these are not all: more would be needed than
 *  ost_forcing_max_breaks(), 8,192 beside the known kinks, or more than 200,000 stretches of time looked at */
int ost_break_finder_find(ost_break_finder_t *self, const double *params, double t0, double t1, double h_max,
    double *breaks, size_t *n, ost_error_t *err) OST_MUST_CHECK;

/** How many expressions were looked at so far, over a stretch of time or at a point: the work of all searches. */
uint64_t ost_break_finder_looks(const ost_break_finder_t *self);

#endif
