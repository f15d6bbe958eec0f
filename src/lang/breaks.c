/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the kinks that are known by a formula, branch and bound over time: every expression in time is enclosed, with
 * its slope, over a stretch of time. Where a condition or a bend is undecided the stretch is cut at its root; where an
 * expression may do something too short for the steps it is halved. Stretches that turn out to need no step's end
 * between them are joined again. */
#include "lang/forcing_impl.h"
#include "lang/straight.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stretches begin with this length, d: about 90 years. */
#define LONGEST 32768.0
/* Nothing shorter than this is looked for, d: about a second. */
#define SHORTEST 1e-5
/* Steps end so much behind a root, d: there slopes are those of the stretch that begins, and finite. */
#define BEHIND 1e-11
/* An expression that changes by less than this part of its largest value does not change. */
#define FLAT 1e-4
/* A change of R at a slope of L lasts R/L at least. A step of this many times that cannot pass it by: a bump of
 * exp(-x^2) is then seen from 2.7 SD away, through the longest gap between two stages of a method, 0.6 of a step. */
#define SEEN 8
/* Longest steps that are tried where more changes are found than steps can end at, d. */
static const double shorter_steps[] = { 0.001, 0.01, 0.1, 1 };
enum { MAX_STRETCHES = 200000, MAX_DEPTH = 128, MAX_PARTS = 64, ROOT_TRIES = 100 };
/* A bound so many times above what is reached is close enough. */
#define CLOSE 4

struct ost_break_finder {
    const ost_forcing_t *forcing;
    ost_memory_t memory;
    ost_look_t *look; /* [n_nodes] */
    ost_straight_t straight;
    double *roots; /* [n_roots] of one subject */
    size_t n_roots;
    double h_max;
    ost_node_t unseen; /* for which a stretch was cut or halved last */
    bool *uses_unseen; /* [n_nodes] */
    /* what was found for the subject before */
    double t0, t1; /* NAN: nothing */
    double *breaks;
    size_t n_breaks;
    ost_error_t failure; /* code 0: all were found */
};

int ost_break_finder_new(ost_break_finder_t **out, const ost_forcing_t *forcing, ost_error_t *err)
{
    const size_t n = forcing->graph.n_nodes;
    ost_break_finder_t *self = *out = calloc(1, sizeof(*self));
    if (self == NULL) return ost_no_memory(err);
    self->forcing = forcing;
    self->look = ost_memory_list(&self->memory, n, sizeof(*self->look));
    self->roots = ost_memory_list(&self->memory, forcing->n_kinks, sizeof(*self->roots));
    self->uses_unseen = ost_memory_list(&self->memory, n, sizeof(*self->uses_unseen));
    self->breaks = ost_memory_list(&self->memory, forcing->max_breaks, sizeof(*self->breaks));
    self->t0 = NAN;
    ost_straight_init(&self->straight, forcing, self->look, &self->memory);
    return self->memory.failed ? ost_no_memory(err) : 0;
}

void ost_break_finder_free(ost_break_finder_t *self)
{
    if (self != NULL) ost_memory_free(&self->memory);
    free(self);
}

/* Look at the stretch from l to r, after the expressions before this one. */
static void enclose(ost_break_finder_t *self, ost_node_t i, double l, double r, bool closely)
{
    if (self->forcing->is_straight[i]) {
        ost_straight_enclose(&self->straight, i, l, r, closely);
    } else {
        ost_look_enclose(self->look, &self->forcing->graph, i, l, r, closely);
        self->straight.n_looks++;
    }
}

/* The value at OST_PROBE, a time of the stretch looked at last, after the expressions before this one. */
static void probe(ost_break_finder_t *self, ost_node_t i, double t)
{
    if (self->forcing->is_straight[i]) {
        ost_straight_probe(&self->straight, i, t);
    } else {
        self->look[i].at[OST_PROBE] = ost_look_point(self->look, &self->forcing->graph, i, OST_PROBE, t);
        self->straight.n_looks++;
    }
}

/* Where the lead of a bend is 0 between l and r, at which its signs differ; the Illinois method. */
static double root(ost_break_finder_t *self, ost_node_t bend_node, double l, double r)
{
    const ost_forcing_t *f = self->forcing;
    const ost_node_data_t *n = &f->graph.nodes[bend_node];
    double g_l = ost_look_lead(self->look, n, OST_LEFT), g_r = ost_look_lead(self->look, n, OST_RIGHT);
    int last = 0;
    for (int k = 0; k < ROOT_TRIES && r - l > 4e-16 * most(fabs(l), fabs(r)); k++) {
        double t = r - g_r * (r - l) / (g_r - g_l);
        if (!(t > l && t < r)) t = 0.5 * (l + r);
        if (!(t > l && t < r)) break;
        for (size_t i = 0; i < f->n_timed && f->timed[i] < bend_node; i++) probe(self, f->timed[i], t);
        double g = ost_look_lead(self->look, n, OST_PROBE);
        if (g == 0) return t;
        if ((g > 0) == (g_r > 0)) {
            r = t;
            g_r = g;
            if (last > 0) g_l *= 0.5;
            last = 1;
        } else {
            l = t;
            g_l = g;
            if (last < 0) g_r *= 0.5;
            last = -1;
        }
    }
    return r;
}

/* Whether steps that end where the stretch ends cannot pass by what the expression does in it. What only other
 * expressions in time use may change as fast as it likes if it only rises, or only falls: they are looked at too. */
static bool is_seen(const ost_break_finder_t *self, ost_node_t i, double length)
{
    const ost_look_t *y = &self->look[i];
    double width = y->value.hi - y->value.lo, steepest = most(fabs(y->slope.lo), fabs(y->slope.hi));
    if (!(width > FLAT * y->size)) return true;
    if (is_monotone(y->slope) && !self->forcing->is_met[i]) return true;
    if (isinf(width)) return false;
    if (length > self->h_max) return steepest * self->h_max <= SEEN * width;
    double lo = least(least(y->at[OST_LEFT], y->at[OST_MIDDLE]), y->at[OST_RIGHT]);
    double hi = most(most(y->at[OST_LEFT], y->at[OST_MIDDLE]), y->at[OST_RIGHT]);
    return steepest * length <= SEEN * (hi - lo);
}

typedef enum { SEEN_ALL, CUT, HALVE } finding_t;

/* Look at a stretch. @param[out] cut  where to cut it */
static finding_t examine(ost_break_finder_t *self, double l, double r, double *cut)
{
    const ost_forcing_t *f = self->forcing;
    for (size_t k = 0; k < f->n_timed; k++) {
        ost_node_t i = f->timed[k];
        const ost_node_data_t *n = &f->graph.nodes[i];
        ost_look_t *y = &self->look[i];
        self->unseen = i;
        enclose(self, i, l, r, true);
        if (ost_is_bend(n) && !f->is_straight[i] && y->side == OST_UNDECIDED) {
            if (!is_monotone(ost_look_lead_slope(self->look, n))) return HALVE;
            *cut = root(self, i, l, r) + BEHIND;
            if (*cut > l + OST_SAME_BREAK && *cut < r - OST_SAME_BREAK) return CUT;
            y->side = ost_look_lead(self->look, n, OST_MIDDLE) >= 0 ? OST_FIRST : OST_SECOND;
            ost_look_bend(y, self->look, n);
        }
        if (!is_seen(self, i, r - l)) return HALVE;
    }
    return SEEN_ALL;
}

/* Values of what depends on parameters alone. @return whether they are those of the subject before */
static bool set_fixed(ost_break_finder_t *self, const double *params)
{
    const ost_forcing_t *f = self->forcing;
    bool is_same = true;
    for (size_t k = 0; k < f->n_fixed; k++) {
        const ost_node_data_t *n = &f->graph.nodes[f->fixed[k]];
        ost_look_t *y = &self->look[f->fixed[k]];
        double value = n->op == OST_OP_CONST ? n->value : n->op == OST_OP_PARAM ? params[n->index] : NAN;
        if (n->a != OST_NO_NODE) value = ost_look_apply(self->look, n, OST_LEFT);
        is_same = is_same && y->at[OST_LEFT] == value;
        for (int p = 0; p < OST_N_POINTS; p++) y->at[p] = value;
        y->value = hull(value, value);
        y->slope = y->growth = (range_t){ 0, 0 };
    }
    return is_same;
}

/* Ascending, by Shell's method, which is fast for the points of tables: these come nearly sorted. */
static void sort(double *t, size_t n)
{
    size_t gap = 1;
    while (gap < n) gap = 2 * gap + 1;
    for (; gap > 0; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            double moved = t[i];
            size_t k = i;
            for (; k >= gap && t[k - gap] > moved; k -= gap) t[k] = t[k - gap];
            t[k] = moved;
        }
}

/* Times of the known kinks after t0, ascending and apart. */
static void set_roots(ost_break_finder_t *self)
{
    const ost_forcing_t *f = self->forcing;
    size_t n = 0, n_apart = 0;
    for (size_t k = 0; k < f->n_kinks; k++) {
        double t = self->look[f->kinks[k].root].at[OST_LEFT] + BEHIND;
        if (t > self->t0 + OST_SAME_BREAK && t < INFINITY) self->roots[n++] = t;
    }
    sort(self->roots, n);
    for (size_t k = 0; k < n; k++)
        if (n_apart == 0 || self->roots[k] > self->roots[n_apart - 1] + OST_SAME_BREAK)
            self->roots[n_apart++] = self->roots[k];
    self->n_roots = n_apart;
    double begin = n_apart > 0 ? self->roots[0] : INFINITY, end = n_apart > 0 ? self->roots[n_apart - 1] : self->t0;
    const double first[] = { self->t0, least(begin, self->t0 + LONGEST) }, last[] = { end, end + LONGEST };
    ost_straight_settle(&self->straight, self->t0, first, last);
}

/* A first look at all time, which for most models is the only one. @return whether everything is decided and seen */
static bool is_all_slow(ost_break_finder_t *self)
{
    const ost_forcing_t *f = self->forcing;
    for (size_t k = 0; k < f->n_timed; k++) {
        ost_node_t i = f->timed[k];
        enclose(self, i, self->t0, self->t0 + LONGEST, false);
        self->look[i].size = 0;
        bool is_undecided = f->is_straight[i] ? ost_straight_bends(&self->straight, i, self->t0, self->t0 + LONGEST)
                                              : ost_is_bend(&f->graph.nodes[i]) && self->look[i].side == OST_UNDECIDED;
        if (is_undecided) return false;
        if (!is_seen(self, i, LONGEST)) return false;
    }
    return true;
}

/* Largest absolute value of a timed expression over a stretch, by its enclosure. @param[out] reached  made as large as
 * values at points of the stretch */
static double bound(ost_break_finder_t *self, size_t k, double l, double r, double *reached)
{
    const ost_forcing_t *f = self->forcing;
    const ost_look_t *y = &self->look[f->timed[k]];
    const double points[] = { l, 0.5 * (l + r), r };
    for (size_t i = 0; i <= k; i++) enclose(self, f->timed[i], l, r, false);
    for (int p = 0; p < 3; p++) {
        for (size_t i = 0; i <= k; i++) probe(self, f->timed[i], points[p]);
        if (isfinite(y->at[OST_PROBE])) *reached = most(*reached, fabs(y->at[OST_PROBE]));
    }
    return most(fabs(y->value.lo), fabs(y->value.hi));
}

/* How large each expression becomes: the bound of all time is that of parts, of which the one with the largest bound is
 * halved until no bound is far above the values that are reached. */
static void set_sizes(ost_break_finder_t *self)
{
    struct {
        double l, r, bound;
    } parts[MAX_PARTS];
    for (size_t k = 0; k < self->forcing->n_timed; k++) {
        double reached = 0, *size = &self->look[self->forcing->timed[k]].size;
        size_t n = 1, widest = 0;
        parts[0].l = self->t0;
        parts[0].r = self->t0 + LONGEST;
        parts[0].bound = bound(self, k, parts[0].l, parts[0].r, &reached);
        while (n < MAX_PARTS && !(parts[widest].bound <= CLOSE * reached) &&
               parts[widest].r - parts[widest].l > SHORTEST) {
            double middle = 0.5 * (parts[widest].l + parts[widest].r);
            parts[n].l = middle;
            parts[n].r = parts[widest].r;
            parts[n].bound = bound(self, k, middle, parts[n].r, &reached);
            parts[widest].r = middle;
            parts[widest].bound = bound(self, k, parts[widest].l, middle, &reached);
            n++;
            for (size_t i = 0; i < n; i++)
                if (!(parts[i].bound <= parts[widest].bound)) widest = i;
        }
        *size = isfinite(parts[widest].bound) ? parts[widest].bound : reached;
    }
}

/* The end of the next stretch from `l` on: where it is cut in any case. @param k  of the roots, the first that may be
 * after l; moved on */
static double next_cut(const ost_break_finder_t *self, double l, size_t *k)
{
    while (*k < self->n_roots && self->roots[*k] <= l) ++*k;
    return *k < self->n_roots ? least(self->roots[*k], l + LONGEST) : l + LONGEST;
}

/* Branch and bound. @return 0, or -1 where not all breaks were found */
static int search(ost_break_finder_t *self)
{
    struct {
        double t;
        bool is_cut;
    } ends[MAX_DEPTH]; /* of stretches that are still to be looked at, the next one last */
    size_t n_ends = 0, i_root = 0;
    double joined = self->t0, l = self->t0, cut; /* where the joined stretches begin, and the next one */
    bool is_cut = false;                         /* at l */
    self->n_breaks = 0;
    for (int k = 0; l < self->t1; k++) {
        if (n_ends == 0) {
            ends[n_ends].t = next_cut(self, l, &i_root);
            ends[n_ends++].is_cut = true;
        }
        double r = ends[n_ends - 1].t;
        finding_t finding = examine(self, l, r, &cut);
        if (k == MAX_STRETCHES || n_ends == MAX_DEPTH) return -1;
        if (finding != SEEN_ALL && r - l > SHORTEST) {
            ends[n_ends].t = finding == CUT ? cut : 0.5 * (l + r);
            ends[n_ends++].is_cut = finding == CUT;
            continue;
        }
        if (l > joined && (is_cut || examine(self, joined, r, &cut) != SEEN_ALL)) {
            if (self->n_breaks == self->forcing->max_breaks) return -1;
            self->breaks[self->n_breaks++] = joined = l;
        }
        l = r;
        is_cut = ends[--n_ends].is_cut;
    }
    return 0;
}

/* The state or signal that uses an expression. */
static const ost_forcing_source_t *source_of(ost_break_finder_t *self, ost_node_t used)
{
    const ost_forcing_t *f = self->forcing;
    memset(self->uses_unseen, 0, f->graph.n_nodes * sizeof(*self->uses_unseen));
    self->uses_unseen[used] = true;
    for (size_t k = 0; k < f->n_timed; k++) {
        const ost_node_data_t *n = &f->graph.nodes[f->timed[k]];
        const ost_node_t operands[3] = { n->a, n->b, n->c };
        for (int o = 0; o < 3; o++)
            if (operands[o] != OST_NO_NODE && self->uses_unseen[operands[o]]) self->uses_unseen[f->timed[k]] = true;
    }
    size_t k = 0;
    while (k + 1 < f->n_watched && !self->uses_unseen[f->watched[k].node]) k++;
    return &f->watched[k].source;
}

/* There are too many breaks. Short steps pass by nothing that is smooth: where they do not help, it is the bends. */
static void fail(ost_break_finder_t *self)
{
    const double given = self->h_max;
    char remedy[80] = "write it with fewer bends and jumps, or as a table";
    ost_node_t unseen = self->unseen;
    for (size_t k = 0; k < sizeof(shorter_steps) / sizeof(*shorter_steps) && shorter_steps[k] < given; k++) {
        self->h_max = shorter_steps[k];
        if (search(self) < 0) break;
        snprintf(remedy, sizeof(remedy), "with 'solver.h_max: %g day' no step passes a change by", self->h_max);
    }
    self->h_max = given;
    const ost_forcing_source_t *source = source_of(self, unseen);
    const char *quote = source->name != NULL ? "'" : "";
    ost_fail(&self->failure, OST_ERR_LIMIT, "%s:%d: %s%s%s changes in time more often than steps can end at: %s",
        source->model->path, source->line, quote, source->name != NULL ? source->name : "a condition", quote, remedy);
}

uint64_t ost_break_finder_looks(const ost_break_finder_t *self)
{
    return self->straight.n_looks;
}

int ost_break_finder_find(ost_break_finder_t *self, const double *params, double t0, double t1, double h_max,
    double *breaks, size_t *n, ost_error_t *err)
{
    const ost_forcing_t *f = self->forcing;
    *n = 0;
    if (f->max_breaks == 0) return 0;
    bool is_known = set_fixed(self, params) && t0 == self->t0 && t1 == self->t1 && h_max == self->h_max;
    if (!is_known) {
        self->t0 = t0;
        self->t1 = t1;
        self->h_max = h_max;
        self->n_breaks = 0;
        self->failure = (ost_error_t){ 0 };
        set_roots(self);
        bool is_slow = t1 <= t0 + LONGEST && h_max < LONGEST && is_all_slow(self);
        if (f->n_timed > 0 && !is_slow) {
            set_sizes(self);
            if (search(self) < 0) fail(self);
        } else {
            while (self->n_breaks < self->n_roots && self->roots[self->n_breaks] < t1) {
                self->breaks[self->n_breaks] = self->roots[self->n_breaks];
                self->n_breaks++;
            }
        }
    }
    *n = self->n_breaks;
    memcpy(breaks, self->breaks, *n * sizeof(*breaks));
    if (self->failure.code < 0 && err != NULL) *err = self->failure;
    return self->failure.code;
}
