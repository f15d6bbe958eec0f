/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hill, powers, roots, exp and log over the extremes of double: values and slopes of tests/extremes.model, emitted and
 * interpreted, on every instruction set of this machine, and values of formulas, against long double. */
#include "kernel_calls.h"
#include "lang/model_impl.h"
#include "testlib.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const ost_builtin_t ost_builtin_signals, ost_builtin_extremes;

typedef enum { HILL, POWER, ROOT, EXPONENTIAL, LOGISTIC, LOGARITHM } function_t;

/* The functions of extremes.model in its order, after the states x, k and m; p = NAN: the exponent of the point. */
enum { N_VARIABLES = 3, N_FUNCTIONS = 19 };
static const struct {
    const char *text;
    function_t function;
    double p;
} functions[N_FUNCTIONS] = {
    { "hill(x, k, n)", HILL, NAN },
    { "hill(x, k, n)", HILL, NAN },
    { "hill(x, k, 2)", HILL, 2 },
    { "hill(x, k, 50)", HILL, 50 },
    { "hill(x, k, 0.01)", HILL, 0.01 },
    { "hill(x, k, 1)", HILL, 1 },
    { "hill(x, k, 0)", HILL, 0 },
    { "hill(x, k, -3)", HILL, -3 },
    { "hill(x, k, 70.5)", HILL, 70.5 },
    { "x^n", POWER, NAN },
    { "x^n", POWER, NAN },
    { "x^0.5", POWER, 0.5 },
    { "pow(x, 0.3)", POWER, 0.3 },
    { "x^7", POWER, 7 },
    { "x^1.5", POWER, 1.5 },
    { "sqrt(x)", ROOT, 0.5 },
    { "exp(x)", EXPONENTIAL, 0 },
    { "1/(1 + exp(x))", LOGISTIC, 0 },
    { "log(x)", LOGARITHM, 0 },
};

/* One point, and what is right there: the value, its slopes by x, k and m, and how many times a rounding each may err.
 */
typedef struct {
    double x, k, n, p;
    long double value, slope[N_VARIABLES], roundings;
    bool is_value_known, is_slope_known[N_VARIABLES]; /* elsewhere all but NaN is right */
} point_t;

static long double power_of(long double x, long double p)
{
    return p == 0 ? 1 : x > 0 ? powl(x, p) : p > 0 ? 0 : INFINITY;
}

/* At x = 0 slopes are limits: 0 for p above 1 and for p = 0, that of a line for p = 1, and any number where the limit
 * is infinite. Where x/k is beyond double, kernels have its last value. */
static void expect_hill(point_t *at)
{
    long double x = at->x, k = at->k, p = at->p, log_r = x > 0 ? logl(x) - logl(k) : 0;
    long double h = x > 0 ? 1 / (1 + expl(-p * log_r)) : p > 0 ? 0 : p < 0 ? 1 : 0.5L;
    long double rest = x > 0 ? 1 / (1 + expl(p * log_r)) : 1 - h;
    bool has_ratio = x == 0 || fabsl(log_r) < 700;
    at->value = h;
    at->is_value_known = has_ratio;
    at->slope[0] = x > 0 ? p / x * h * rest : p == 1 ? 1 / k : 0;
    at->slope[1] = -p / k * h * rest;
    at->slope[2] = x > 0 ? h * rest * log_r : 0;
    at->is_slope_known[0] = has_ratio && (x > 0 || p == 0 || p >= 1);
    at->is_slope_known[1] = has_ratio && (x > 0 || p == 0 || p >= 1);
    at->is_slope_known[2] = has_ratio && (x > 0 || p > 0);
    at->roundings = 8 + 4 * (fabsl(p) + 1) * (1 + fabsl(log_r));
}

static void expect_power(point_t *at)
{
    long double x = at->x, p = at->p, log_x = x > 0 ? logl(x) : 0;
    at->value = power_of(x, p);
    at->slope[0] = x > 0 ? p * power_of(x, p - 1) : p == 1;
    at->slope[2] = x > 0 ? at->value * log_x : 0;
    at->is_slope_known[0] = x > 0 || p == 0 || p >= 1;
    at->is_slope_known[2] = x > 0 || p > 0;
    at->roundings = 8 + 4 * (fabsl(p) + 1) * (1 + fabsl(log_x));
}

static void expect(point_t *at, int f)
{
    const function_t function = functions[f].function;
    long double x = at->x, e = function == EXPONENTIAL || function == LOGISTIC ? expl(fminl(x, 11000)) : 0;
    at->p = isnan(functions[f].p) ? at->n : functions[f].p;
    at->is_value_known = true;
    memset(at->slope, 0, sizeof(at->slope));
    for (int v = 0; v < N_VARIABLES; v++) at->is_slope_known[v] = true;
    at->roundings = 8;
    if (function == HILL) {
        expect_hill(at);
    } else if (function == POWER || function == ROOT) {
        expect_power(at);
    } else if (function == LOGARITHM) {
        at->value = logl(x);
        at->slope[0] = 1 / x;
    } else {
        at->value = function == EXPONENTIAL ? e : 1 / (1 + e);
        at->slope[0] = function == EXPONENTIAL ? e : -e / ((1 + e) * (1 + e));
    }
    bool is_slope_by_m = f == 1 || f == 10;
    if (!is_slope_by_m) at->slope[2] = 0;
}

/* @param size  of the largest term that the result is made of; what is beyond double may be any large number */
static bool is_right(double actual, long double expected, long double roundings, long double size)
{
    if (isnan(actual)) return false;
    if (fabsl(expected) > 1e297L) return isinf(expected) || fabs(actual) > 1e297 || size > 1e297L;
    return fabsl(actual - expected) <= roundings * DBL_EPSILON * size + 1e-290L;
}

/* Just below 0, where roundings lead, powers that are 0 at 0 are any number. */
static bool is_in_domain(const point_t *at, int f)
{
    return at->x >= 0 || functions[f].function == EXPONENTIAL || functions[f].function == LOGISTIC;
}
static bool is_out_of_domain(const point_t *at, int f)
{
    bool takes_roundings = (functions[f].function == POWER || functions[f].function == HILL) && at->p >= 0;
    return !is_in_domain(at, f) && !(takes_roundings && at->x / at->k > -1e-4);
}

/* Where parts of a result are beyond double though it is not: x/k^2, and k^2 in the product that (x/k)^50 is. */
static bool has_parts_beyond(const point_t *at, int f, bool is_by_k)
{
    bool is_product_beyond = functions[f].p == 50 && fabs(log10(at->k)) > 150;
    return functions[f].function == HILL && (is_product_beyond || (is_by_k && at->x / at->k / at->k > 1e300));
}

static void check_value(const point_t *at, int f, double actual, const char *where)
{
    if (is_out_of_domain(at, f) || has_parts_beyond(at, f, false)) return;
    bool is_exact = is_in_domain(at, f) && at->is_value_known;
    bool ok = is_exact ? is_right(actual, at->value, at->roundings, fabsl(at->value)) : !isnan(actual);
    if (!ok)
        fprintf(stderr, "\n%s, %s at x %g, k %g, n %g: %g, expected %Lg\n", where, functions[f].text, at->x, at->k,
            at->n, actual, at->value);
    CU_ASSERT(ok);
}

static void check_slope(const point_t *at, int f, uint32_t by, double actual, const char *where)
{
    const function_t function = functions[f].function;
    if (is_out_of_domain(at, f) || has_parts_beyond(at, f, by == 1)) return;
    if (isinf(at->value)) return;
    bool is_exact = is_in_domain(at, f) && at->is_value_known && at->is_slope_known[by];
    long double size = fabsl(at->slope[by]); /* of a hill, of its terms: they cancel where it is flat */
    if (function == LOGISTIC) size += 1e-150L;
    if (function == HILL && at->x > 0) {
        long double each = by == 2 ? 1 + fabsl(logl(at->x) - logl(at->k)) : at->p / (by == 0 ? at->x : at->k);
        size = fabsl(each * at->value) + 1e-70L * (1 + fabsl(at->p) / at->k);
    }
    bool ok = is_exact ? is_right(actual, at->slope[by], at->roundings, size)
                       : !isnan(actual) && (isfinite(actual) || size > 1e297L || !at->is_value_known);
    if (!ok)
        fprintf(stderr, "\n%s, %s by %c at x %g, k %g, n %g: %g, expected %Lg\n", where, functions[f].text, "xkm"[by],
            at -> x, at -> k, at -> n, actual, at -> slope[by]);
    CU_ASSERT(ok);
}

static const double bases[] = { -800, -1e-17, 0, 1e-300, 1e-150, 1e-20, 0.5, 1, 3, 30.5, 400, 709.7, 710, 1e7, 1e20,
    1e150, 1e300 };
static const double scales[] = { 1e-300, 1e-12, 1e-7, 1, 30, 1e7, 1e300 };
static const double exponents[] = { 0, 1e-3, 0.01, 0.3, 0.5, 1, 1.5, 2, 7.3, 50, 100, -0.3, -2, -100 };
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void for_all_points(void (*check)(point_t *at, void *with), void *with)
{
    for (size_t a = 0; a < COUNT(bases); a++)
        for (size_t b = 0; b < COUNT(scales); b++)
            for (size_t c = 0; c < COUNT(exponents); c++) {
                point_t at = { .x = bases[a], .k = scales[b], .n = exponents[c] };
                check(&at, with);
            }
}

typedef struct {
    const ost_model_t *model;
    const ost_kernel_t *kernel;
    double *p, *x, *h, *f, *entries, *scratch, *zero;
    char where[40];
} machine_t;

static double *rows(size_t n)
{
    double *r = aligned_alloc(64, (n + 1) * OST_LANES * sizeof(*r));
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    memset(r, 0, (n + 1) * OST_LANES * sizeof(*r));
    return r;
}

static void check_kernel(point_t *at, void *with)
{
    const machine_t *machine = with;
    const ost_kernel_t *kernel = machine->kernel;
    const double variables[N_VARIABLES] = { at->x, at->k, at->n };
    const size_t lane = 3;
    for (size_t l = 0; l < OST_LANES; l++) {
        machine->p[l] = at->n;
        for (size_t v = 0; v < N_VARIABLES; v++) machine->x[v * OST_LANES + l] = variables[v];
    }
    const ost_kernel_args_t args = { .t = machine->zero,
        .x = machine->x,
        .h = machine->h,
        .mode = machine->zero,
        .scratch = machine->scratch,
        .noise = machine->zero };
    kernel->prepare(kernel, machine->p, machine->h, machine->f, machine->scratch);
    kernel->jacobian(kernel, &args, machine->f, machine->entries);
    kernel->rhs(kernel, &args, machine->f);
    for (int f = 0; f < N_FUNCTIONS; f++) {
        expect(at, f);
        check_value(at, f, machine->f[(N_VARIABLES + (size_t) f) * OST_LANES + lane], machine->where);
        for (size_t e = 0; e < machine->model->first_entry[0]; e++) {
            const ost_jac_entry_t *entry = &machine->model->jac[e];
            if (entry->row == N_VARIABLES + (uint32_t) f)
                check_slope(at, f, entry->col, machine->entries[e * OST_LANES + lane], machine->where);
        }
    }
}

static void kernels(void)
{
    static const ost_builtin_t *const table[] = { &ost_builtin_signals, &ost_builtin_extremes };
    ost_library_t library;
    ost_error_t err = { 0 };
    const ost_model_t *m = NULL;
    CU_ASSERT_EQUAL_FATAL(ost_library_init_with(&library, table, COUNT(table), &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_library_get(&library, "extremes", &m, &err), 0);
    CU_ASSERT_EQUAL_FATAL(m->n_states, N_VARIABLES + N_FUNCTIONS);
    machine_t machine = { .model = m,
        .p = rows(1),
        .x = rows(m->n_states),
        .h = rows(m->n_hoisted),
        .f = rows(m->n_states),
        .entries = rows(m->n_jac),
        .scratch = rows(m->n_scratch),
        .zero = rows(1) };
    for (int isa = 0; isa < OST_N_ISA; isa++) {
        const char *name = ost_isa_name((ost_isa_t) isa);
        if (ost_isa_from_name(name) != isa) continue;
        for (int is_emitted = 0; is_emitted < 2; is_emitted++) {
            machine.kernel = is_emitted ? m->kernel[isa] : ost_model_interpreted(m, (ost_isa_t) isa);
            CU_ASSERT_PTR_NOT_NULL_FATAL(machine.kernel);
            CU_ASSERT_EQUAL(machine.kernel->program == NULL, is_emitted);
            snprintf(machine.where, sizeof(machine.where), "%s, %s", name, is_emitted ? "emitted" : "interpreted");
            for_all_points(check_kernel, &machine);
        }
    }
    double *all[] = { machine.p, machine.x, machine.h, machine.f, machine.entries, machine.scratch, machine.zero };
    for (size_t i = 0; i < COUNT(all); i++) free(all[i]);
    ost_library_free(&library);
}

typedef struct {
    ost_formula_t *formula[N_FUNCTIONS];
} formulas_t;

static void check_formulas(point_t *at, void *with)
{
    const formulas_t *formulas = with;
    const double values[] = { at->x, at->k, at->n };
    for (int f = 0; f < N_FUNCTIONS; f++) {
        expect(at, f);
        check_value(at, f, ost_formula_value(formulas->formula[f], values), "formula");
    }
}

static void formulas(void)
{
    static const ost_name_t names[] = { { .name = "x", .unit = { .factor = 1 }, .unit_text = "1" },
        { .name = "k", .unit = { .factor = 1 }, .unit_text = "1" },
        { .name = "n", .unit = { .factor = 1 }, .unit_text = "1" } };
    formulas_t all;
    ost_memory_t memory = { 0 };
    ost_dim_t dim;
    for (int f = 0; f < N_FUNCTIONS; f++)
        CU_ASSERT_EQUAL_FATAL(ost_formula_new(&all.formula[f], &memory, functions[f].text, names, 3, &dim, NULL), 0);
    for_all_points(check_formulas, &all);
    ost_memory_free(&memory);
}

static const ost_test_t tests[] = { { "kernels", kernels }, { "formulas", formulas } };

OST_TEST_MAIN("extremes", tests)
