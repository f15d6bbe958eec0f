/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file design.h  A design: the points of a sweep, a matrix of values with units over entries of an experiment. */
#ifndef OST_INPUT_DESIGN_H
#define OST_INPUT_DESIGN_H

#include "core/vocabulary.h"
#include "input/vary.h"

#include <stdint.h>

/** How points may be chosen: X(MEMBER, word). */
#define OST_DESIGNS_OFFERED(X)                                                                                         \
    X(OST_DESIGN_GRID, "grid")                       /* every combination of the values */                             \
    X(OST_DESIGN_LATIN_HYPERCUBE, "latin_hypercube") /* one in each of n strata of every entry (McKay 1979) */         \
    X(OST_DESIGN_SOBOL, "sobol")                     /* Sobol' sequence with a digital shift */                        \
    X(OST_DESIGN_HALTON, "halton")                   /* Halton sequence, rotated */                                    \
    X(OST_DESIGN_TABLE, "table")                     /* the i-th point has the i-th value of every entry */
/** The same, and that of a run with draws of parameters, without other points. */
#define OST_DESIGNS(X) OST_DESIGNS_OFFERED(X) X(OST_DESIGN_DRAWS, "draws")

/** See OST_DESIGNS. */
typedef enum { OST_DESIGNS(OST_MEMBER) OST_N_DESIGNS } ost_design_kind_t;
/** Whether points of a kind are chosen by the program, not listed one by one. */
static inline bool ost_design_is_chosen(ost_design_kind_t kind)
{
    return kind != OST_DESIGN_GRID && kind != OST_DESIGN_TABLE && kind != OST_DESIGN_DRAWS;
}
extern const char *const ost_design_words[OST_N_DESIGNS]; /**< by ost_design_kind_t */

/** Entries of a grid at most: each is a dimension of a result file. */
#define OST_MAX_GRID_AXES 6
/** Entries of a sweep at most, an assumption. */
#define OST_MAX_AXES 256

/** A design. Where parameters are drawn, each point is run with every draw. */
typedef struct {
    ost_design_kind_t kind; /**< how the points were chosen */
    ost_text_list_t vary;   /**< `PATH=VALUES` as read, that the points are made from again */
    uint64_t seed;          /**< of what is random in them */
    size_t n_points;        /**< of the sweep, each draw at each point counted */
    ost_varied_t *axes;     /**< [n_axes] GRID: each with its own values; else with one value for each point; owned */
    size_t n_axes;          /**< entries that are varied */
    size_t n_drawn;         /**< the last of them: parameters, with one value for each draw; DRAWS: all */
} ost_design_t;

/** Dimensions of the points: of a grid each entry, else the points; then draws where there are any. */
size_t ost_design_n_dimensions(const ost_design_t *self);
/** Length of dimension d. */
size_t ost_design_length(const ost_design_t *self, size_t d);
/** The dimension of axis k. */
size_t ost_design_dimension(const ost_design_t *self, size_t k);
/** Where point i stands in dimension d: points are in the order of the last. */
size_t ost_design_place(const ost_design_t *self, size_t i, size_t d);
/** Index of the value of axis k at point i. */
size_t ost_design_index(const ost_design_t *self, size_t i, size_t k);
/** Draws at each point; 1 without. */
size_t ost_design_n_draws(const ost_design_t *self);
/** The points alone, without the draws at each. @return borrows all of self, not to be freed */
ost_design_t ost_design_without_draws(const ost_design_t *self);
/** "PATH=VALUE" of axis k at point i, as an override. @return 0 or OST_ERR_NO_MEMORY */
int ost_design_setting(const ost_design_t *self, size_t i, size_t k, ost_text_list_t *settings) OST_MUST_CHECK;
/** "dose 0.5 mg, age 60 year, draw 3" of point i. @return buf */
char *ost_design_point(const ost_design_t *self, size_t i, char *buf, size_t size);
/** Name the axes by the last word of their paths, preceded by words before it until it is not taken.
 *  @param is_taken  whether another thing of the file has the name @return 0 or OST_ERR_NO_MEMORY */
int ost_design_name(ost_design_t *self, bool (*is_taken)(const void *user, const char *name), const void *user,
    ost_error_t *err) OST_MUST_CHECK;
/** Whether an entry below the path `top` is varied, or one that has it below. */
bool ost_design_varies(const ost_design_t *self, const char *top);
/** Free. Accepts a zeroed one. */
void ost_design_free(ost_design_t *self);

#endif
