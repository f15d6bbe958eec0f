/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What forcing.c takes from models, kinks.c solves, and breaks.c and straight.c look at. */
#ifndef OST_LANG_FORCING_IMPL_H
#define OST_LANG_FORCING_IMPL_H

#include "core/memory.h"
#include "lang/forcing.h"

/* Breaks of one subject at most that have to be searched for, beside the kinks whose times are a formula. */
enum { OST_SEARCHED_BREAKS = 8192 };

/* Breaks closer than this are one, d. */
#define OST_SAME_BREAK 1e-9

/* A time for which there is a formula. */
typedef struct {
    ost_node_t bend; /* the condition, min or max that turns there */
    ost_node_t root; /* the time, on parameters alone */
} ost_kink_t;

/* An expression that equations use. */
typedef struct {
    ost_node_t node;
    bool meets_states;           /* what uses it depends on more than time */
    ost_forcing_source_t source; /* where it is used */
} ost_watched_t;

struct ost_forcing {
    ost_graph_t graph;      /* leaves: CONST, PARAM of all models, TIME; a condition is a STEP */
    ost_memory_t memory;    /* of what ost_forcing_close() makes */
    ost_watched_t *watched; /* [n_watched] in any order, some of them twice */
    size_t n_watched;
    ost_kink_t *kinks; /* [n_kinks] in any order, a time once for each node that bends there */
    size_t n_kinks;
    /* made by ost_forcing_close(), in the order of evaluation: */
    ost_node_t *fixed; /* [n_fixed] on parameters alone */
    ost_node_t *timed; /* [n_timed] on time too: what is not straight between the kinks, and its straight operands */
    ost_node_t *inner; /* [n_inner] what the straight ones are computed from, themselves included */
    bool *is_straight; /* [n_nodes] of timed ones */
    bool *is_met;      /* [n_nodes] meets_states of each */
    size_t n_fixed, n_timed, n_inner;
    size_t max_breaks;
};

/* Add the times of all kinks for which there is a formula. @param used  [n_nodes]; @param[out] straight  [n_nodes], all
 * false at first: true where a used expression in time is straight between these times. @return false if out of memory
 */
bool ost_forcing_find_kinks(ost_forcing_t *self, const bool *used, bool *straight);

#endif
