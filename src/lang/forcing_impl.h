/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What forcing.c takes from models, kinks.c solves and breaks.c looks at. */
#ifndef OST_LANG_FORCING_IMPL_H
#define OST_LANG_FORCING_IMPL_H

#include "lang/forcing.h"

/* Breaks of one subject at most that have to be searched for, beside the kinks whose times are a formula. */
enum { OST_SEARCHED_BREAKS = 8192 };

struct ost_forcing {
    ost_graph_t graph;             /* leaves: CONST, PARAM of all models, TIME; a condition is a STEP */
    ost_node_t *watched;           /* [n_watched] expressions that equations use, in any order, some of them twice */
    bool *meets_states;            /* [n_watched] what uses it depends on more than time */
    ost_forcing_source_t *sources; /* [n_watched] where it is used */
    size_t n_watched, max_watched;
    ost_node_t *roots; /* [n_roots] times of kinks, on parameters alone */
    size_t n_roots, max_roots;
    /* made by ost_forcing_close(), in the order of evaluation: */
    ost_node_t *fixed; /* [n_fixed] on parameters alone */
    ost_node_t *timed; /* [n_timed] on time too, without what is straight between the roots and used for nothing else */
    bool *is_met;      /* [n_nodes] meets_states of each */
    size_t n_fixed, n_timed;
    size_t max_breaks;
};

/* Add the times of all kinks for which there is a formula. @param used  [n_nodes]; @param[out] straight  [n_nodes], all
 * false at first: true where a used expression in time is straight between these times. @return false if out of memory
 */
bool ost_forcing_find_kinks(ost_forcing_t *self, const bool *used, bool *straight);

#endif
