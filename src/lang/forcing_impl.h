/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What forcing.c takes from models and breaks.c looks at. */
#ifndef OST_LANG_FORCING_IMPL_H
#define OST_LANG_FORCING_IMPL_H

#include "lang/forcing.h"

/* Breaks of one subject at most: for each bend or condition, and around what is smooth but short. */
enum { OST_BREAKS_PER_BEND = 4, OST_SMOOTH_BREAKS = 256 };

struct ost_forcing {
    ost_graph_t graph;   /* leaves: CONST, PARAM of all models, TIME; a condition is a STEP */
    ost_node_t *watched; /* [n_watched] expressions that equations use, in any order, some of them twice */
    bool *meets_states;  /* [n_watched] what uses it depends on more than time */
    size_t n_watched, max_watched;
    /* made by ost_forcing_close(), in the order of evaluation: */
    ost_node_t *fixed, *timed; /* [n_fixed], [n_timed] on parameters alone, on time too */
    bool *is_met;              /* [n_nodes] meets_states of each */
    size_t n_fixed, n_timed;
    size_t max_breaks;
};

#endif
