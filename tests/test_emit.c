/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every built-in model: emitted kernel against interpreted kernel, both against the scalar evaluation of the graph, and
 * the exact Jacobian against differences. A model that is added is tested without a line here. */
#include "graph_oracle.h"
#include "kernel_calls.h"
#include "lang/program.h"
#include "testlib.h"

#include <stdlib.h>
#include <string.h>

enum { N_POINTS = 4 };

static double uniform(uint64_t *seed, double lo, double hi)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return lo + (hi - lo) * (double) (*seed >> 11) * 0x1p-53;
}

/* One evaluation point of a model for all lanes. */
typedef struct {
    const ost_model_t *model;
    double *p, *x, *x0, *s, *mode, *t, *h, *scratch, *noise;
    const double **reads; /* each signal's row of s, from the last to the first */
} setup_t;

static double *rows(size_t n)
{
    double *r = aligned_alloc(64, (n + 1) * OST_LANES * sizeof(*r));
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    memset(r, 0, (n + 1) * OST_LANES * sizeof(*r));
    return r;
}

static double random_param(const ost_param_t *p, uint64_t *seed)
{
    double value = p->has_default ? p->value : 1;
    double lo = isfinite(p->lower) ? p->lower : value - 0.3 * fabs(value);
    double hi = isfinite(p->upper) ? p->upper : value + 0.3 * fabs(value) + (value == 0);
    if (!p->has_default && isfinite(p->upper)) value = 0.5 * (lo + hi);
    double v = value + uniform(seed, -0.2, 0.2) * (value == 0 ? hi : fabs(value));
    return v < lo ? lo : v > hi ? hi : v;
}

static double random_signal(const ost_library_t *library, const char *name, uint64_t *seed)
{
    const ost_signal_t *signal = &library->signals.signal[ost_signals_find(&library->signals, name)];
    if (signal->combine == OST_COMBINE_FRACTION) return uniform(seed, 0.05, 0.95);
    if (signal->has_neutral && signal->neutral != 0) return signal->neutral * uniform(seed, 0.3, 1.7);
    return exp(uniform(seed, -2, 5));
}

static void setup_init(setup_t *self, const ost_library_t *library, const ost_model_t *m, uint64_t *seed)
{
    *self = (setup_t){ m, rows(m->n_params), rows(m->n_states), rows(m->n_states), rows(m->n_reads),
        rows(m->n_switches), rows(1), rows(m->n_hoisted), rows(m->n_scratch), rows(m->n_noises),
        malloc((m->n_reads + 1) * sizeof(*self->reads)) };
    CU_ASSERT_PTR_NOT_NULL_FATAL(self->reads);
    for (size_t k = 0; k < m->n_reads; k++) self->reads[k] = self->s + (m->n_reads - 1 - k) * OST_LANES;
    for (size_t l = 0; l < OST_LANES; l++) {
        for (size_t i = 0; i < m->n_params; i++) self->p[i * OST_LANES + l] = random_param(&m->params[i], seed);
        for (size_t i = 0; i < m->n_reads; i++) {
            self->s[(m->n_reads - 1 - i) * OST_LANES + l] = random_signal(library, m->reads[i].name, seed);
        }
        for (size_t i = 0; i < m->n_switches; i++) self->mode[i * OST_LANES + l] = uniform(seed, 0, 1) < 0.5;
        for (size_t i = 0; i < m->n_noises; i++) self->noise[i * OST_LANES + l] = uniform(seed, -3, 3);
        self->t[l] = uniform(seed, 1, 2000);
    }
    const ost_kernel_t *k = ost_model_interpreted(m, OST_ISA_BASE);
    k->prepare(k, self->p, self->h, self->x0, self->scratch);
    for (size_t i = 0; i < m->n_states * OST_LANES; i++) {
        double size = self->x0[i] != 0 ? fabs(self->x0[i]) : m->states[i / OST_LANES].scale;
        self->x[i] = size * uniform(seed, 0.5, 1.5);
    }
}

static void setup_free(setup_t *self)
{
    free(self->p);
    free(self->x);
    free(self->x0);
    free(self->s);
    free(self->mode);
    free(self->t);
    free(self->h);
    free(self->scratch);
    free(self->noise);
    free(self->reads);
}

static ost_kernel_args_t args_of(const setup_t *s)
{
    return (ost_kernel_args_t){ s->t, s->x, s->h, s->reads, s->mode, s->scratch, s->noise };
}

/* Call `check` for every built-in model at several random points. */
static void for_all_models(void (*check)(setup_t *))
{
    ost_library_t library;
    ost_error_t err = { 0 };
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    const char *const *names = ost_library_builtin_names(&n);
    CU_ASSERT_FATAL(n > 0);
    for (size_t i = 0; i < n; i++) {
        const ost_model_t *model = NULL;
        int ret = ost_library_get(&library, names[i], &model, &err);
        if (ret != 0) fprintf(stderr, "\n%s: %s\n", names[i], err.what);
        CU_ASSERT_EQUAL_FATAL(ret, 0);
        uint64_t seed = 1; /* of its name: a model's points do not depend on the models before it */
        for (const char *c = names[i]; *c != '\0'; c++) seed = 31 * seed + (unsigned char) *c;
        for (int k = 0; k < N_POINTS; k++) {
            setup_t setup;
            setup_init(&setup, &library, model, &seed);
            check(&setup);
            setup_free(&setup);
        }
    }
    ost_library_free(&library);
}

static void compare(const char *model, const char *what, const double *a, const double *b, double rtol,
    const double *size, size_t n_rows)
{
    char text[200];
    for (size_t i = 0; i < n_rows * OST_LANES; i++) {
        double allowed = size != NULL ? rtol * size[i] : 0;
        snprintf(text, sizeof(text), "%s: %s %zu, lane %zu", model, what, i / OST_LANES, i % OST_LANES);
        ost_assert_close_at(a[i], b[i], rtol, allowed, text, __FILE__, __LINE__);
    }
}

/* All results of a kernel, one function after the other: [n_results rows], owned by the caller. */
static double *run_all(const setup_t *s, const ost_kernel_t *k, size_t *n_results)
{
    const ost_model_t *m = s->model;
    *n_results = m->n_hoisted + 2 * m->n_states + m->n_jac + m->n_drives + m->n_switches + m->n_outputs;
    double *all = rows(*n_results), *h = all, *x0 = h + m->n_hoisted * OST_LANES;
    double *f = x0 + m->n_states * OST_LANES, *jac = f + m->n_states * OST_LANES;
    double *drive = jac + m->n_jac * OST_LANES, *g = drive + m->n_drives * OST_LANES;
    double *y = g + m->n_switches * OST_LANES;
    ost_kernel_args_t at = args_of(s);
    k->prepare(k, s->p, h, x0, s->scratch);
    at.h = h;
    all_entries(m, k, &at, f, jac);
    k->rhs(k, &at, f);
    for (size_t i = 0; i < m->n_drives; i++) k->drive(k, &at, i, drive + i * OST_LANES);
    k->switches(k, &at, g);
    k->outputs(k, &at, y);
    return all;
}

static double column(const setup_t *s, uint32_t col, size_t lane)
{
    size_t n = s->model->n_states, n_reads = s->model->n_reads;
    if (col < n) return s->x[col * OST_LANES + lane];
    return col < n + n_reads ? s->reads[col - n][lane] : s->t[lane];
}

/* Where an instruction set fuses a product with a sum, differences of like terms lose other digits than elsewhere: of
 * the size of the terms, for which stands the largest derivative times its variable in the row. 0 where no difference
 * is due. [n_results rows] as those of run_all(), owned by the caller. */
static double *sizes_of(const setup_t *s, const double *all, size_t n_results)
{
    const ost_model_t *m = s->model;
    double *size = rows(n_results), *term = rows(m->n_states + m->n_drives);
    size_t first_f = m->n_hoisted + m->n_states, first_jac = first_f + m->n_states, first_drive = first_jac + m->n_jac;
    for (size_t i = 0; i < m->n_jac * OST_LANES; i++) {
        const ost_jac_entry_t *at = &m->jac[i / OST_LANES];
        double *most = &term[at->row * OST_LANES + i % OST_LANES];
        *most = fmax(*most, fabs(all[first_jac * OST_LANES + i] * column(s, at->col, i % OST_LANES)));
    }
    memcpy(size + first_f * OST_LANES, term, m->n_states * OST_ROW_BYTES);
    memcpy(size + first_drive * OST_LANES, term + m->n_states * OST_LANES, m->n_drives * OST_ROW_BYTES);
    for (size_t i = 0; i < m->n_jac * OST_LANES; i++) {
        const ost_jac_entry_t *at = &m->jac[i / OST_LANES];
        size[first_jac * OST_LANES + i] =
            term[at->row * OST_LANES + i % OST_LANES] / fabs(column(s, at->col, i % OST_LANES));
    }
    free(term);
    return size;
}

static void check_kernels(setup_t *s)
{
    const ost_model_t *m = s->model;
    size_t n = 0;
    CU_ASSERT(m->is_builtin);
    double *base = run_all(s, ost_model_interpreted(m, OST_ISA_BASE), &n), *size = sizes_of(s, base, n);
    for (int isa = 0; isa < OST_N_ISA; isa++) {
        const char *name = ost_isa_name((ost_isa_t) isa);
        if (ost_isa_from_name(name) != isa) continue;
        CU_ASSERT_PTR_NOT_NULL_FATAL(m->kernel[isa]);
        CU_ASSERT_PTR_NULL(m->kernel[isa]->program);
        double *emitted = run_all(s, m->kernel[isa], &n);
        double *interpreted = run_all(s, ost_model_interpreted(m, (ost_isa_t) isa), &n);
        bool is_fused = isa != OST_ISA_BASE;
        compare(m->name, name, emitted, interpreted, is_fused ? 4e-13 : 1e-13, is_fused ? size : NULL, n);
        compare(m->name, name, interpreted, base, 2e-12, size, n);
        free(emitted);
        free(interpreted);
    }
    free(base);
    free(size);
}

static void emitted_and_interpreted_kernels_agree(void)
{
    for_all_models(check_kernels);
}

/* One lane in plain arrays. */
typedef struct {
    double *p, *x, *s, *mode, *z, t;
} point_t;

static double *lane_of(const double *array, size_t n, size_t lane)
{
    double *one = malloc((n + 1) * sizeof(*one));
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    for (size_t i = 0; i < n; i++) one[i] = array[i * OST_LANES + lane];
    return one;
}

static void point_init(point_t *q, const setup_t *s, size_t lane)
{
    const ost_model_t *m = s->model;
    *q = (point_t){ lane_of(s->p, m->n_params, lane), lane_of(s->x, m->n_states, lane), lane_of(s->s, m->n_reads, lane),
        lane_of(s->mode, m->n_switches, lane), lane_of(s->noise, m->n_noises, lane), s->t[lane] };
    for (size_t k = 0; k < m->n_reads; k++) q->s[k] = s->reads[k][lane];
}

static void point_free(point_t *q)
{
    free(q->p);
    free(q->x);
    free(q->s);
    free(q->mode);
    free(q->z);
}

static double value(const ost_model_t *m, ost_node_t node, const point_t *q)
{
    return graph_value(&m->impl->graph, node, q->p, q->x, q->s, q->mode, q->z, q->t);
}

static void compare_to_graph(const setup_t *s, const double *result, const ost_node_t *nodes, size_t n, double slack)
{
    for (size_t lane = 0; lane < OST_LANES; lane++) {
        point_t q;
        point_init(&q, s, lane);
        for (size_t i = 0; i < n; i++) {
            /* differences of like terms lose digits against their size, for which the state's scale stands */
            double size = slack * (i < s->model->n_states ? s->model->states[i].scale : 0);
            ost_assert_close(result[i * OST_LANES + lane], value(s->model, nodes[i], &q), 1e-11, size);
        }
        point_free(&q);
    }
}

static void check_against_graph(setup_t *s)
{
    const ost_model_t *m = s->model;
    ost_isa_t isa = ost_isa_best();
    const ost_kernel_t *k = m->kernel[isa];
    ost_kernel_args_t at = args_of(s);
    double *f = rows(m->n_states), *y = rows(m->n_outputs);
    k->rhs(k, &at, f);
    k->outputs(k, &at, y);
    compare_to_graph(s, f, m->impl->rate, m->n_states, 1e-12);
    compare_to_graph(s, y, m->impl->output, m->n_outputs, 0);
    compare_to_graph(s, s->x0, m->impl->initial, m->n_states, 0);
    CU_ASSERT(m->n_scratch < 200);
    free(f);
    free(y);
}

static void kernels_agree_with_the_graph(void)
{
    for_all_models(check_against_graph);
}

/* Sixth-order differences of a row by a column; the column's variable is put back. */
static double difference(const ost_model_t *m, ost_node_t node, point_t *q, size_t col, double h)
{
    static const double weight[] = { 0.75, -0.15, 1.0 / 60 };
    double *v = col < m->n_states ? &q->x[col] : col < m->n_states + m->n_reads ? &q->s[col - m->n_states] : &q->t;
    double was = *v, step = h * fabs(was), sum = 0;
    for (int k = 0; k < 3; k++) {
        *v = was + (k + 1) * step;
        double up = value(m, node, q);
        *v = was - (k + 1) * step;
        sum += weight[k] * (up - value(m, node, q));
    }
    *v = was;
    return sum / step;
}

/* Kinks are met where two step widths disagree: @return true, and nothing is compared. */
static bool check_entry(const ost_model_t *m, size_t row, size_t col, point_t *q, double entry)
{
    ost_node_t node = row < m->n_states ? m->impl->rate[row] : m->impl->drive[row - m->n_states];
    double wide = difference(m, node, q, col, 4e-3), narrow = difference(m, node, q, col, 2e-3);
    double at = col < m->n_states ? q->x[col] : col < m->n_states + m->n_reads ? q->s[col - m->n_states] : q->t;
    double floor = 1e-10 * fabs(value(m, node, q) / at) + 1e-12 * (row < m->n_states ? m->states[row].scale : 1) / at;
    if (!(fabs(wide - narrow) <= 1e-7 * fabs(narrow) + floor)) return true;
    char text[300];
    snprintf(text, sizeof(text), "%s: row %zu by column %zu", m->name, row, col);
    ost_assert_close_at(entry, narrow, 1e-7, floor, text, __FILE__, __LINE__);
    return false;
}

static size_t n_kinks, n_entries;

static void check_jacobian(setup_t *s)
{
    const ost_model_t *m = s->model;
    const ost_kernel_t *k = m->kernel[ost_isa_best()];
    ost_kernel_args_t at = args_of(s);
    double *jac = rows(m->n_jac), *f = rows(m->n_states), *with_jac = rows(m->n_states);
    point_t q;
    point_init(&q, s, 0);
    k->rhs(k, &at, f);
    all_entries(m, k, &at, with_jac, jac);
    size_t i = 0;
    for (size_t row = 0; row < m->n_states + m->n_drives; row++) {
        double terms = row < m->n_states ? fabs(f[row * OST_LANES]) : 0;
        for (size_t col = 0; col <= m->n_states + m->n_reads; col++) {
            bool has_entry = i < m->n_jac && m->jac[i].row == row && m->jac[i].col == col;
            double entry = has_entry ? jac[i * OST_LANES] : 0;
            n_kinks += check_entry(m, row, col, &q, entry);
            n_entries++;
            i += has_entry;
            terms += fabs(entry * column(s, (uint32_t) col, 0));
        }
        if (row < m->n_states) ost_assert_close(with_jac[row * OST_LANES], f[row * OST_LANES], 1e-14, 1e-13 * terms);
    }
    CU_ASSERT_EQUAL(i, m->n_jac); /* sorted by row and column */
    point_free(&q);
    free(jac);
    free(f);
    free(with_jac);
}

static void jacobians_agree_with_differences(void)
{
    n_kinks = n_entries = 0;
    for_all_models(check_jacobian);
    CU_ASSERT(n_kinks * 50 < n_entries);
}

static void emitted_text_names_what_it_computes(void)
{
    ost_library_t library;
    const ost_model_t *model = NULL;
    char *text = NULL;
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, NULL), 0);
    static const char decay[] = "model decay \"first-order decay\"\n"
                                "kind other\n"
                                "param k = 0.5 [1/d] \"rate\" @ \"assumed: for the test\"\n"
                                "state amount = 1 [mg] \"what is left\"\n"
                                "amount' = -k*amount\n"
                                "output left [mg] = amount \"what is left\"\n"
                                "let chosen = if amount < 2 [mg] then 1 [mg] else amount\n"
                                "output choice [mg] = chosen \"a choice\"\n"
                                "noise blur \"of a reading\"\n"
                                "output reading [mg] = amount*exp(0.01*blur) \"what is read\"\n"
                                "state aside = 1 [mg] \"kept\"\n"
                                "aside' = -k*max(aside, 2 [mg])\n"
                                "output root [mg] = sqrt(aside*4 [mg]) \"a root\"\n"
                                "output least [mg] = min(amount, 3 [mg]) \"a bound\"\n";
    CU_ASSERT_EQUAL_FATAL(ost_library_read(&library, "decay.model", decay, &model, NULL), 0);
    FILE *out = open_memstream(&text, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(ost_model_emit(model, out, NULL), 0);
    fclose(out);
    ost_assert_contains(text, "const ost_kernel_t OST_LANE_FN(ost_kernel_decay) = {");
    ost_assert_contains(
        text, "const ost_reg v0 = ost_reg_load(at->h, q) /* k */ * ost_reg_load(at->x, q) /* amount */;");
    ost_assert_contains(text, "ost_reg_store(result, q, v1); /* amount' */");
    ost_assert_contains(text, "/* amount' by amount */");
    ost_assert_contains(text, "= ost_reg_min(ost_reg_load(at->x, q) /* amount */, ost_reg_splat(3.0));");
    ost_assert_contains(text, "= ost_reg_max(ost_reg_load(at->x + 1 * OST_LANES, q) /* aside */, ost_reg_splat(2.0));");
    ost_assert_contains(text, " /* aside */ - 2.0;"); /* which side of the max is active, for its slope */
    ost_assert_contains(text, "= ost_reg_blend(ost_reg_splat(0.0) <= v0, ost_reg_splat(1.0), ost_reg_splat(0.0));");
    ost_assert_contains(text, "ost_reg_load(at->noise, q) /* blur */");
    ost_assert_contains(text, "= ost_reg_sqrt(v");
    CU_ASSERT_EQUAL(model->n_switches, 1);
    ost_assert_contains(
        text, "= ost_reg_blend(ost_reg_load(at->mode, q) == ost_reg_splat(0.0), ost_reg_splat(1.0), ost_reg_load(");
    free(text);
    ost_library_free(&library);
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) n++;
    return n;
}

/* Quotients of quotients take one division, unless a sum under the line may hold an infinity. */
static void quotients_of_quotients_are_merged(void)
{
    static const char nested[] = "model nested \"quotients\"\n"
                                 "kind other\n"
                                 "param k = 0.5 [1] \"a constant\" @ \"assumed: for the test\"\n"
                                 "param rate = 1 [1/d] \"rate\" @ \"assumed: for the test\"\n"
                                 "state A = 2 [1] \"first\"\n"
                                 "state B = 3 [1] \"second\"\n"
                                 "state C = 800 [1] \"third\"\n"
                                 "let ratio = A/(1 + k/(1 + B))\n"
                                 "A' = rate*(B/(1 + A))/(A/(k + B))\n"
                                 "B' = rate*ratio/(k + ratio)\n"
                                 "C' = rate*A/(k + B/(1 + exp(C)))\n"
                                 "output a [1] = A \"first\"\n"
                                 "output b [1] = B \"second\"\n"
                                 "output c [1] = C \"third\"\n";
    ost_library_t library;
    const ost_model_t *model = NULL;
    uint64_t seed = 1;
    setup_t s;
    char *text = NULL;
    size_t size = 0;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(ost_library_read(&library, "nested.model", nested, &model, NULL), 0);
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(ost_model_emit(model, out, NULL), 0);
    fclose(out);
    char *rhs = strstr(text, "(nested_rhs)"), *jacobian = strstr(text, "(nested_jacobian)");
    CU_ASSERT_PTR_NOT_NULL_FATAL(rhs);
    CU_ASSERT_PTR_NOT_NULL_FATAL(jacobian);
    *jacobian = '\0';
    CU_ASSERT_EQUAL(count(rhs, " / "), 4); /* one for A, one for B, and two for C */
    setup_init(&s, &library, model, &seed);
    ost_kernel_args_t at = args_of(&s);
    const ost_kernel_t *k = ost_model_interpreted(model, ost_isa_best());
    double *f = rows(3), p[] = { 0.5, 1 }, x[] = { 2, 3, 800 };
    for (size_t i = 0; i < 2 * OST_LANES; i++) s.p[i] = p[i / OST_LANES];
    for (size_t i = 0; i < 3 * OST_LANES; i++) s.x[i] = x[i / OST_LANES];
    k->prepare(k, s.p, s.h, s.x0, s.scratch);
    k->rhs(k, &at, f);
    ost_assert_close(f[0], (3.0 / (1 + 2)) / (2 / (0.5 + 3)), 1e-15, 0);
    double ratio = 2 / (1 + 0.5 / (1 + 3));
    ost_assert_close(f[OST_LANES], ratio / (0.5 + ratio), 1e-15, 0);
    ost_assert_close(f[2 * OST_LANES], 4, 0, 0); /* exp(800) is infinite, what stands over it nothing */
    free(f);
    free(text);
    setup_free(&s);
    ost_library_free(&library);
}

static const ost_test_t tests[] = {
    { "emitted_and_interpreted_kernels_agree", emitted_and_interpreted_kernels_agree },
    { "kernels_agree_with_the_graph", kernels_agree_with_the_graph },
    { "jacobians_agree_with_differences", jacobians_agree_with_differences },
    { "emitted_text_names_what_it_computes", emitted_text_names_what_it_computes },
    { "quotients_of_quotients_are_merged", quotients_of_quotients_are_merged },
};

OST_TEST_MAIN("emit", tests)
