/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "solve/elimination.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* The pattern while it is planned: row of the value array at (r, c), or NONE. Unknown i is a state for i < n_states;
 * the last column is time. */
typedef struct {
    const ost_system_t *system;
    size_t n, n_columns;
    uint32_t *location;
    uint32_t *order; /* [n] unknowns as they are eliminated */
    size_t n_rows;   /* handed out so far */
    size_t zero;
} pattern_t;

static uint32_t *location(pattern_t *self, size_t r, size_t c)
{
    return &self->location[r * self->n_columns + c];
}

static void fill_in(pattern_t *self, size_t r, size_t c)
{
    if (*location(self, r, c) == NONE) *location(self, r, c) = (uint32_t) self->n_rows++;
}

static int read_entries(pattern_t *self, ost_error_t *err)
{
    const ost_system_t *system = self->system;
    memset(self->location, 0xff, self->n * self->n_columns * sizeof(*self->location));
    for (size_t e = 0; e < system->n_entries; e++) {
        size_t r = system->row[e], c = system->col[e];
        if (r >= self->n || c >= self->n_columns)
            return ost_fail(err, OST_ERR_MODEL, "Jacobian entry %zu at (%zu, %zu) lies outside %zu rows, %zu columns",
                e, r, c, self->n, self->n_columns);
        if (*location(self, r, c) != NONE)
            return ost_fail(err, OST_ERR_MODEL, "Jacobian entry %zu: (%zu, %zu) is given twice", e, r, c);
        *location(self, r, c) = (uint32_t) e;
    }
    self->zero = system->n_entries;
    self->n_rows = system->n_entries + 1;
    for (size_t i = 0; i < system->n_states; i++) fill_in(self, i, i);
    return 0;
}

/* Fill of eliminating `pivot` from the rows that are left, at worst (Markowitz). */
static size_t fill_cost(pattern_t *self, const bool *gone, size_t pivot, size_t n_columns)
{
    size_t in_row = 0, in_column = 0;
    for (size_t c = 0; c < n_columns; c++)
        in_row += c != pivot && (c == self->n || !gone[c]) && *location(self, pivot, c) != NONE;
    for (size_t r = 0; r < self->n; r++) in_column += r != pivot && !gone[r] && *location(self, r, pivot) != NONE;
    return in_row * in_column;
}

static void eliminate(pattern_t *self, const bool *gone, size_t pivot, size_t n_columns)
{
    for (size_t r = 0; r < self->n; r++) {
        if (r == pivot || gone[r] || *location(self, r, pivot) == NONE) continue;
        for (size_t c = 0; c < n_columns; c++) {
            if (c != pivot && (c == self->n || !gone[c]) && *location(self, pivot, c) != NONE) fill_in(self, r, c);
        }
    }
}

/* Choose the order and add the fill. Only algebraic pivots carry the time column along: what is left of it in the
 * state rows then is a right-hand side. */
static int choose_order(pattern_t *self, bool *gone, ost_error_t *err)
{
    size_t n_states = self->system->n_states;
    for (size_t k = 0; k < self->n; k++) {
        bool algebraic = k < self->system->n_algebraic;
        size_t first = algebraic ? n_states : 0, end = algebraic ? self->n : n_states;
        size_t n_columns = algebraic ? self->n + 1 : self->n;
        size_t best = NONE, best_cost = SIZE_MAX;
        for (size_t i = first; i < end; i++) {
            if (gone[i]) continue;
            size_t cost = fill_cost(self, gone, i, n_columns);
            if (cost < best_cost) {
                best = i;
                best_cost = cost;
            }
        }
        /* A quantity that depends on itself, perhaps through others, has fill on its diagonal. */
        if (algebraic && *location(self, best, best) != NONE)
            return ost_fail(err, OST_ERR_MODEL, "algebraic quantity %zu depends on itself", best - n_states);
        gone[best] = true;
        self->order[k] = (uint32_t) best;
        eliminate(self, gone, best, n_columns);
    }
    return 0;
}

static int grow_terms(ost_op_list_t *self, ost_error_t *err)
{
    size_t max = self->max_terms == 0 ? 256 : 2 * self->max_terms;
    ost_term_t *terms = realloc(self->terms, max * sizeof(*terms));
    if (terms == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for %zu elimination terms", max);
    self->terms = terms;
    self->max_terms = max;
    return 0;
}

/* Where there are steps there is room for terms, so that pointers to these can be moved. */
static int push_op(ost_op_list_t *self, size_t dst, size_t src, size_t scale, ost_error_t *err)
{
    int code = self->terms == NULL ? grow_terms(self, err) : 0;
    if (code < 0) return code;
    if (self->n_ops == self->max_ops) {
        size_t max = self->max_ops == 0 ? 64 : 2 * self->max_ops;
        ost_sum_t *ops = realloc(self->ops, max * sizeof(*ops));
        if (ops == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for %zu elimination steps", max);
        self->ops = ops;
        self->max_ops = max;
    }
    self->ops[self->n_ops++] = (ost_sum_t){ .dst = (uint32_t) dst * OST_LANE_COUNT,
        .src = (uint32_t) src * OST_LANE_COUNT,
        .scale = scale >= OST_STORE_PIVOT ? (uint32_t) scale : (uint32_t) scale * OST_LANE_COUNT };
    return 0;
}

static int push_term(ost_op_list_t *self, size_t a, size_t b, ost_error_t *err)
{
    int code = self->n_terms == self->max_terms ? grow_terms(self, err) : 0;
    if (code < 0) return code;
    self->terms[self->n_terms++] =
        (ost_term_t){ .a = (uint32_t) a * OST_LANE_COUNT, .b = (uint32_t) b * OST_LANE_COUNT };
    self->ops[self->n_ops - 1].n_terms++;
    return 0;
}

/* One value of L or U in the row of the i-th pivot: what the entry is less what the first `n_before` pivots take. */
static int plan_value(
    pattern_t *self, ost_op_list_t *list, size_t r, size_t c, size_t n_before, size_t scale, ost_error_t *err)
{
    size_t at = *location(self, r, c);
    int code = push_op(list, at, at < self->zero ? at : self->zero, scale, err);
    for (size_t k = 0; code == 0 && k < n_before; k++) {
        size_t pivot = self->order[k];
        if (*location(self, r, pivot) != NONE && *location(self, pivot, c) != NONE)
            code = push_term(list, *location(self, r, pivot), *location(self, pivot, c), err);
    }
    if (code == 0 && scale == OST_STORE_PLAIN && list->ops[list->n_ops - 1].n_terms == 0) list->n_ops--;
    return code;
}

static int plan_row(pattern_t *self, ost_op_list_t *list, size_t i, ost_error_t *err)
{
    size_t r = self->order[i], n_algebraic = self->system->n_algebraic;
    int code = 0;
    for (size_t j = 0; code == 0 && j < i; j++) {
        size_t c = self->order[j];
        if (*location(self, r, c) == NONE) continue;
        size_t scale = j < n_algebraic ? OST_STORE_PLAIN : *location(self, c, c);
        code = plan_value(self, list, r, c, j, scale, err);
    }
    if (code == 0 && i >= n_algebraic) code = plan_value(self, list, r, r, i, OST_STORE_PIVOT, err);
    for (size_t j = i + 1; code == 0 && j < self->n; j++) {
        size_t c = self->order[j];
        if (*location(self, r, c) != NONE) code = plan_value(self, list, r, c, i, OST_STORE_PLAIN, err);
    }
    if (code == 0 && *location(self, r, self->n) != NONE)
        code = plan_value(self, list, r, self->n, i < n_algebraic ? i : n_algebraic, OST_STORE_PLAIN, err);
    return code;
}

static int plan_solve(pattern_t *self, ost_elimination_t *to, ost_error_t *err)
{
    size_t first = self->system->n_algebraic;
    int code = 0;
    for (size_t i = first; code == 0 && i < self->n; i++) {
        size_t r = self->order[i];
        code = push_op(&to->forward, r, r, OST_STORE_PLAIN, err);
        for (size_t j = first; code == 0 && j < i; j++) {
            size_t c = self->order[j];
            if (*location(self, r, c) != NONE) code = push_term(&to->forward, *location(self, r, c), c, err);
        }
        if (code == 0 && to->forward.ops[to->forward.n_ops - 1].n_terms == 0) to->forward.n_ops--;
    }
    for (size_t i = self->n; code == 0 && i-- > first;) {
        size_t r = self->order[i];
        code = push_op(&to->backward, r, r, *location(self, r, r), err);
        for (size_t j = i + 1; code == 0 && j < self->n; j++) {
            size_t c = self->order[j];
            if (*location(self, r, c) != NONE) code = push_term(&to->backward, *location(self, r, c), c, err);
        }
    }
    for (size_t r = 0; r < self->system->n_states; r++) {
        if (*location(self, r, self->n) == NONE) continue;
        to->time_state[to->n_time] = (uint32_t) r * OST_LANE_COUNT;
        to->time_value[to->n_time++] = *location(self, r, self->n) * OST_LANE_COUNT;
    }
    return code;
}

int ost_elimination_init(ost_elimination_t *self, const ost_system_t *system, ost_error_t *err)
{
    memset(self, 0, sizeof(*self));
    pattern_t pattern = { .system = system, .n = system->n_states + system->n_algebraic };
    pattern.n_columns = pattern.n + 1;
    int code = 0;
    pattern.location = malloc((pattern.n * pattern.n_columns + 1) * sizeof(*pattern.location));
    pattern.order = malloc((pattern.n + 1) * sizeof(*pattern.order));
    bool *gone = calloc(pattern.n + 1, sizeof(*gone));
    self->time_state = malloc((system->n_states + 1) * sizeof(*self->time_state));
    self->time_value = malloc((system->n_states + 1) * sizeof(*self->time_value));
    if (pattern.location == NULL || pattern.order == NULL || gone == NULL || self->time_state == NULL ||
        self->time_value == NULL) {
        code = ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the elimination of %zu unknowns", pattern.n);
        goto out;
    }
    if ((code = read_entries(&pattern, err)) != 0) goto out;
    if ((code = choose_order(&pattern, gone, err)) != 0) goto out;
    for (size_t i = 0; code == 0 && i < pattern.n; i++) code = plan_row(&pattern, &self->factor, i, err);
    if (code == 0) code = plan_solve(&pattern, self, err);
    self->n_rows = pattern.n_rows;
out:
    free(pattern.location);
    free(pattern.order);
    free(gone);
    return code;
}

static void free_list(ost_op_list_t *self)
{
    free(self->ops);
    free(self->terms);
    memset(self, 0, sizeof(*self));
}

void ost_elimination_free(ost_elimination_t *self)
{
    if (self == NULL) return;
    free_list(&self->factor);
    free_list(&self->forward);
    free_list(&self->backward);
    free(self->time_state);
    free(self->time_value);
    memset(self, 0, sizeof(*self));
}

static int reserve_list(ost_op_list_t *self, const ost_op_list_t *all, ost_error_t *err)
{
    self->max_ops = all->n_ops;
    self->max_terms = all->n_terms;
    self->ops = malloc((all->n_ops + 1) * sizeof(*self->ops));
    self->terms = malloc((all->n_terms + 1) * sizeof(*self->terms));
    if (self->ops != NULL && self->terms != NULL) return 0;
    return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for %zu elimination steps", all->n_ops);
}

int ost_elimination_reserve(ost_elimination_t *self, const ost_elimination_t *all, size_t n_states, ost_error_t *err)
{
    self->n_rows = all->n_rows;
    self->time_state = malloc((n_states + 1) * sizeof(*self->time_state));
    self->time_value = malloc((n_states + 1) * sizeof(*self->time_value));
    if (self->time_state == NULL || self->time_value == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the elimination of %zu states", n_states);
    int code = reserve_list(&self->factor, &all->factor, err);
    if (code == 0) code = reserve_list(&self->forward, &all->forward, err);
    return code == 0 ? reserve_list(&self->backward, &all->backward, err) : code;
}

/* Add the operation with those of its terms of which neither factor is 0. @param is_zero_b  [row of b] @return it */
static ost_sum_t *select_terms(
    ost_op_list_t *self, const ost_sum_t *op, const ost_term_t *term, const bool *is_zero, const bool *is_zero_b)
{
    ost_sum_t *to = &self->ops[self->n_ops++];
    *to = *op;
    to->n_terms = 0;
    for (const ost_term_t *end = term + op->n_terms; term < end; term++)
        if (!is_zero[term->a / OST_LANE_COUNT] && !is_zero_b[term->b / OST_LANE_COUNT])
            self->terms[self->n_terms + to->n_terms++] = *term;
    return to;
}

/* The operation stays only if it `is_needed`. */
static void keep(ost_op_list_t *self, const ost_sum_t *op, bool is_needed)
{
    if (is_needed)
        self->n_terms += op->n_terms;
    else
        self->n_ops--;
}

static void select_factor(ost_op_list_t *self, const ost_op_list_t *all, bool *is_zero)
{
    const ost_term_t *term = all->terms;
    self->n_ops = self->n_terms = 0;
    for (const ost_sum_t *op = all->ops; op < all->ops + all->n_ops; term += op++->n_terms) {
        const ost_sum_t *to = select_terms(self, op, term, is_zero, is_zero);
        const bool is_pivot = op->scale == OST_STORE_PIVOT;
        bool *is_dst_zero = &is_zero[op->dst / OST_LANE_COUNT];
        if (!is_pivot) *is_dst_zero = to->n_terms == 0 && is_zero[op->src / OST_LANE_COUNT];
        const bool stays = op->scale == OST_STORE_PLAIN && to->n_terms == 0 && op->src == op->dst;
        keep(self, to, !*is_dst_zero && !stays);
    }
}

static void select_solve(ost_op_list_t *self, const ost_op_list_t *all, const bool *is_still, const bool *is_zero)
{
    const ost_term_t *term = all->terms;
    self->n_ops = self->n_terms = 0;
    for (const ost_sum_t *op = all->ops; op < all->ops + all->n_ops; term += op++->n_terms) {
        const ost_sum_t *to = select_terms(self, op, term, is_zero, is_still);
        const bool stays = op->scale == OST_STORE_PLAIN && to->n_terms == 0;
        keep(self, to, !is_still[op->dst / OST_LANE_COUNT] && !stays);
    }
}

void ost_elimination_select(ost_elimination_t *self, const ost_elimination_t *all, const ost_system_t *system,
    const bool *is_still, bool *is_zero)
{
    const size_t n = system->n_states;
    memset(is_zero, 0, all->n_rows * sizeof(*is_zero));
    for (size_t e = 0; e < system->n_entries; e++)
        is_zero[e] =
            (system->row[e] < n && is_still[system->row[e]]) || (system->col[e] < n && is_still[system->col[e]]);
    is_zero[system->n_entries] = true;
    for (const ost_sum_t *op = all->backward.ops; op < all->backward.ops + all->backward.n_ops; op++)
        if (is_still[op->dst / OST_LANE_COUNT]) is_zero[op->scale / OST_LANE_COUNT] = true;
    select_factor(&self->factor, &all->factor, is_zero);
    select_solve(&self->forward, &all->forward, is_still, is_zero);
    select_solve(&self->backward, &all->backward, is_still, is_zero);
    self->n_time = 0;
    for (size_t k = 0; k < all->n_time; k++) {
        if (is_zero[all->time_value[k] / OST_LANE_COUNT]) continue;
        self->time_state[self->n_time] = all->time_state[k];
        self->time_value[self->n_time++] = all->time_value[k];
    }
}
