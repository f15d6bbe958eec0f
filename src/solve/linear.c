/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "solve/linear.h"

#include <math.h>

#define MAX OST_LINEAR_MAX
/* How much larger than their sum the terms of a solution may be. */
#define MOST_CANCELLED 1e3
/* What rounding leaves of a sum that is 0, relative to its terms. */
#define ROUNDING 1e-14

/* A with its states in an order in which each group, one state or two that feed each other, comes after all that feed
 * it: nothing stands above the blocks of groups on the diagonal. */
typedef struct {
    size_t n, state[MAX], first[MAX], size[MAX]; /* of each place: its state; of its group: first place, size */
    double a[MAX][MAX], v[MAX][MAX], w[MAX][MAX], lambda[MAX];
} form_t;

static unsigned count_bits(unsigned set)
{
    unsigned n = 0;
    for (; set != 0; set &= set - 1) n++;
    return n;
}

/* @param[out] feeds  [n] the states that feed each one, itself among them, directly or through others */
static void find_feeds(size_t n, const double *a, unsigned *feeds)
{
    for (size_t i = 0; i < n; i++) {
        feeds[i] = 1U << i;
        for (size_t j = 0; j < n; j++)
            if (a[i * n + j] != 0) feeds[i] |= 1U << j;
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++)
            if ((feeds[i] >> k & 1U) != 0) feeds[i] |= feeds[k];
}

/* @return false where a circle has more than two states */
static bool order(form_t *self, size_t n, const double *a)
{
    unsigned feeds[MAX];
    find_feeds(n, a, feeds);
    self->n = n;
    for (size_t i = 0; i < n; i++) {
        size_t k = i; /* what is fed by more comes later; states of one circle are fed by the same */
        for (; k > 0; k--) {
            unsigned before = feeds[self->state[k - 1]];
            if (count_bits(before) < count_bits(feeds[i]) || before == feeds[i] ||
                (count_bits(before) == count_bits(feeds[i]) && before < feeds[i]))
                break;
            self->state[k] = self->state[k - 1];
        }
        self->state[k] = i;
    }
    for (size_t k = 0; k < n; k++) {
        bool joins = k > 0 && feeds[self->state[k]] == feeds[self->state[k - 1]];
        self->first[k] = joins ? self->first[k - 1] : k;
        for (size_t i = self->first[k]; i <= k; i++) self->size[i] = k - self->first[k] + 1;
        if (self->size[k] > 2) return false;
        for (size_t i = 0; i < n; i++) self->a[k][i] = a[self->state[k] * n + self->state[i]];
    }
    return true;
}

/* r[g], and r[g + 1] where the group has two, by the group's matrix m - A; of V where there is no m. */
static void solve_group(const form_t *self, size_t g, double m[2][2], double *r)
{
    if (self->size[g] == 1) {
        r[g] = r[g] == 0 ? 0 : r[g] / m[0][0];
        return;
    }
    double det = m[0][0] * m[1][1] - m[0][1] * m[1][0], r0 = r[g], r1 = r[g + 1];
    if (r0 == 0 && r1 == 0) return;
    r[g] = (m[1][1] * r0 - m[0][1] * r1) / det;
    r[g + 1] = (m[0][0] * r1 - m[1][0] * r0) / det;
}

/* Eigenvalue of place k and its vector inside its group. @return false for complex ones */
static bool find_mode(form_t *self, size_t k, double *vector)
{
    size_t g = self->first[k];
    if (self->size[g] == 1) {
        self->lambda[k] = self->a[k][k];
        vector[k] = 1;
        return true;
    }
    double a = self->a[g][g], d = self->a[g + 1][g + 1], up = self->a[g][g + 1], down = self->a[g + 1][g];
    double half = 0.5 * (a - d), mean = 0.5 * (a + d), square = half * half + up * down, root = sqrt(square);
    if (!(square > 0)) return false;
    double larger = mean + copysign(root, mean), smaller = (a * d - up * down) / larger;
    bool is_upper = (k == g) == !signbit(mean); /* lambda is mean + root */
    self->lambda[k] = k == g ? larger : smaller;
    double side = is_upper ? root : -root;
    bool by_row = half * side >= 0; /* lambda - d = half + side without cancellation, else lambda - a = side - half */
    vector[g] = by_row ? half + side : up;
    vector[g + 1] = by_row ? down : side - half;
    return true;
}

/* A row of A or V times a vector, of the places before group g. */
static double before(const double row[MAX], const double *vector, size_t g)
{
    double sum = 0;
    for (size_t l = 0; l < g; l++) sum += row[l] * vector[l];
    return sum;
}

static bool find_vectors(form_t *self)
{
    for (size_t k = 0; k < self->n; k++) {
        double x[MAX] = { 0 };
        if (!find_mode(self, k, x)) return false;
        double lambda = self->lambda[k];
        for (size_t g = self->first[k] + self->size[k]; g < self->n; g += self->size[g]) {
            double m[2][2];
            for (size_t i = 0; i < self->size[g]; i++) {
                x[g + i] = before(self->a[g + i], x, g);
                for (size_t j = 0; j < self->size[g]; j++) m[i][j] = (i == j ? lambda : 0) - self->a[g + i][g + j];
            }
            solve_group(self, g, m, x);
        }
        for (size_t i = 0; i < self->n; i++) self->v[i][k] = x[i];
    }
    return true;
}

static void invert(form_t *self)
{
    for (size_t k = 0; k < self->n; k++) {
        double x[MAX] = { 0 };
        for (size_t g = self->first[k]; g < self->n; g += self->size[g]) {
            double m[2][2];
            for (size_t i = 0; i < self->size[g]; i++) {
                x[g + i] = (g + i == k) - before(self->v[g + i], x, g);
                for (size_t j = 0; j < self->size[g]; j++) m[i][j] = self->v[g + i][g + j];
            }
            solve_group(self, g, m, x);
        }
        for (size_t i = 0; i < self->n; i++) self->w[i][k] = x[i];
    }
}

/* Whether the solution from each state to each other is as large, at times like those of the modes, as its terms allow
 * but for three digits. */
static bool is_well_conditioned(const form_t *self)
{
    double e[MAX + 1][MAX];
    for (size_t m = 0; m <= self->n; m++)
        for (size_t k = 0; k < self->n; k++)
            e[m][k] = m == self->n || self->lambda[m] == 0 ? 1 : exp(self->lambda[k] / fabs(self->lambda[m]));
    for (size_t i = 0; i < self->n * self->n; i++) {
        size_t to = i / self->n, from = i % self->n;
        double terms = 0, peak = 0;
        for (size_t k = 0; k < self->n; k++) terms += fabs(self->v[to][k] * self->w[k][from]);
        for (size_t m = 0; m <= self->n; m++) {
            double sum = 0;
            for (size_t k = 0; k < self->n; k++) sum += self->v[to][k] * e[m][k] * self->w[k][from];
            peak = fmax(peak, fabs(sum));
        }
        if (!(terms <= MOST_CANCELLED * peak)) return false;
    }
    return true;
}

void ost_linear_forget(ost_linear_part_t *self, int lane)
{
    self->active[lane] = 0;
    self->lambda[lane] = NAN;
    for (size_t k = 0; k < self->of->n_flows; k++) self->flow[k * OST_LANE_COUNT + (size_t) lane] = 0;
}

static void add_flows(ost_linear_part_t *self, size_t lane, const double *values, double *a)
{
    for (size_t k = 0; k < self->of->n_flows; k++)
        self->flow[k * OST_LANE_COUNT + lane] = a[self->into[k] * self->n + self->from[k]] =
            values[self->of->flow[k] * OST_LANE_COUNT + lane];
}

static void drop_flows(ost_linear_part_t *self, size_t lane, double *a)
{
    for (size_t k = 0; k < self->of->n_flows; k++)
        self->flow[k * OST_LANE_COUNT + lane] = a[self->into[k] * self->n + self->from[k]] = 0;
}

/* b of x' = A x + b, 0 where it is what rounding leaves. @return whether anything moves */
static bool find_constant(const ost_linear_part_t *self, const double *a, const double *x, const double *f, double *b)
{
    const ost_linear_t *of = self->of;
    bool moves = false;
    for (size_t i = 0; i < of->n_states; i++) {
        double size = 0;
        b[i] = f[of->state[i] * OST_LANE_COUNT];
        for (size_t j = 0; j < of->n_states; j++) {
            double term = a[i * self->n + j] * x[of->state[j] * OST_LANE_COUNT];
            b[i] -= term;
            size += fabs(term);
            moves = moves || a[i * self->n + j] != 0;
        }
        if (fabs(b[i]) <= ROUNDING * size) b[i] = 0;
        moves = moves || b[i] != 0;
    }
    return moves;
}

void ost_linear_make(
    ost_linear_part_t *self, int lane, const double *x, const double *u, const double *f, const double *values)
{
    const ost_linear_t *of = self->of;
    size_t n = self->n, row = OST_LANE_COUNT, l = (size_t) lane;
    double a[MAX * MAX] = { 0 }, b[MAX] = { 0 }, lambda[MAX], v[MAX * MAX], w[MAX * MAX];
    bool is_closed = true;
    for (size_t e = 0; e < self->n_entries; e++)
        if (self->col[e] < MAX) a[self->row[e] * n + self->col[e]] = values[self->entry[e] * row + l];
    for (size_t i = 0; i < of->n_inputs; i++) self->seen[i * row + l] = u[of->input[i] * row + l];
    for (size_t i = 0; i < of->n_conditions; i++) is_closed = is_closed && u[of->condition[i] * row + l] != 0;
    is_closed = is_closed && find_constant(self, a, x + l, f + l, b);
    add_flows(self, l, values, a);
    if (!is_closed || !ost_linear_modes(n, a, lambda, v, w)) {
        drop_flows(self, l, a);
        is_closed = is_closed && ost_linear_modes(n, a, lambda, v, w);
    }
    self->active[l] = is_closed;
    self->lambda[l] = 0;
    for (size_t i = 0; i < n && is_closed; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) {
            self->v[(i * n + j) * row + l] = v[i * n + j];
            self->w[(i * n + j) * row + l] = w[i * n + j];
            sum += w[i * n + j] * b[j];
        }
        self->lambda[i * row + l] = lambda[i];
        self->b[i * row + l] = sum;
    }
}

bool ost_linear_modes(size_t n, const double *a, double *lambda, double *v, double *w)
{
    form_t form = { 0 };
    if (!order(&form, n, a) || !find_vectors(&form)) return false;
    invert(&form);
    if (!is_well_conditioned(&form)) return false;
    for (size_t i = 0; i < n; i++) {
        lambda[i] = form.lambda[i];
        for (size_t k = 0; k < n; k++) {
            v[form.state[i] * n + k] = form.v[i][k];
            w[k * n + form.state[i]] = form.w[k][i];
        }
    }
    return true;
}
