/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph_oracle.h"
#include "lang/model_impl.h"
#include "testlib.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char signals_text[] = "signal estradiol [pmol/L] combine one \"plasma estradiol\"\n"
                                   "signal aromatase_inhibition [1] = 0 combine fraction \"share blocked\"\n"
                                   "signal bisphosphonate [1] = 0 combine sum \"exposure\"\n";

static const ost_builtin_t table[] = { { .name = "signals", .text = signals_text } };

/* What every small model here needs around the lines it is about. */
#define HEAD "model m \"test\"\nkind other\n"
#define SOURCE " \"text\" @ \"assumed: for a test\"\n"
#define OUT_C "output c [1] = C \"text\"\n"

static const ost_builtin_t *const tables[] = { table };
static ost_library_t library;

static void open_library(void)
{
    ost_error_t err = { 0 };
    CU_ASSERT_EQUAL_FATAL(ost_library_init_with(&library, tables, 1, &err), 0);
}

static char *format(const ost_error_t *err)
{
    static char text[1024];
    return ost_error_format(err, text, sizeof(text));
}

/* Read a model that must be right. */
static const ost_model_t *read_right(const char *text)
{
    const ost_model_t *model = NULL;
    ost_error_t err = { 0 };
    int ret = ost_library_read(&library, "test.model", text, &model, &err);
    if (ret != 0) fprintf(stderr, "\n%s\n", format(&err));
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    return model;
}

static int read_wrong(const char *text, ost_error_t *err)
{
    const ost_model_t *model = NULL;
    *err = (ost_error_t){ 0 };
    int ret = ost_library_read(&library, "test.model", text, &model, err);
    CU_ASSERT_PTR_NULL(model);
    CU_ASSERT_EQUAL(ret, err->code);
    return ret;
}

static const ost_param_t *param_of(const ost_model_t *model, const char *name)
{
    int i = ost_model_param(model, name);
    CU_ASSERT_FATAL(i >= 0);
    return &model->params[i];
}

static double default_value(
    const ost_model_t *model, ost_node_t node, const double *x, const double *s, const double *modes, double t)
{
    double params[32];
    for (size_t i = 0; i < model->n_params; i++) params[i] = model->params[i].value;
    return graph_value(&model->impl->graph, node, params, x, s, modes, NULL, t);
}

static void test_numbers(void)
{
    open_library();
    const ost_model_t *m =
        read_right(HEAD "covariate age [y] = 60 in 18..110 \"age\"\n"
                        "covariate bmi [kg/m2] \"body mass index\"\n"
                        "param a = 1/14 [1/d] in 0.02..0.3 spread 0.3 prior 0.5" SOURCE
                        "param b = -5 [%] in -10..0 spread normal 2" SOURCE
                        "param e = 2 [ug] in 0.5.. spread choice 1: 0.6, 2.5: 0.3, 1000: 0.1" SOURCE
                        "param f = 0.25 [1] spread logit 0.5 prior 0.2" SOURCE
                        "param g = 1e3 [ng/mL] in ..1e4 @ \"Somebody 2001, table 2\" \"text\"\n"
                        "state C = 1 [1] \"cells\"\n"
                        "C' = -a*b*f*C*age/(1 [y])*bmi/(20 [kg/m2])*e*g/(1 [mg])/(1 [mg/L])\n" OUT_C);
    CU_ASSERT_EQUAL(m->n_params, 7);
    const ost_param_t *age = param_of(m, "age"), *bmi = param_of(m, "bmi");
    CU_ASSERT(age->is_covariate && age->has_default && bmi->is_covariate && !bmi->has_default);
    ost_assert_close(age->value, 60 * 365.25, 1e-15, 0);
    ost_assert_close(age->lower, 18 * 365.25, 1e-15, 0);
    ost_assert_close(age->upper, 110 * 365.25, 1e-15, 0);
    CU_ASSERT(isnan(bmi->value) && isinf(bmi->lower) && isinf(bmi->upper));
    CU_ASSERT_STRING_EQUAL(age->source, "");
    const ost_param_t *a = param_of(m, "a");
    CU_ASSERT(!a->is_covariate && a->has_default);
    ost_assert_close(a->value, 1.0 / 14, 1e-15, 0);
    ost_assert_close(a->lower, 0.02, 1e-15, 0);
    ost_assert_close(a->upper, 0.3, 1e-15, 0);
    CU_ASSERT_EQUAL(a->spread.kind, OST_SPREAD_LOGNORMAL);
    ost_assert_close(a->spread.sd, 0.3, 0, 0);
    ost_assert_close(a->prior_sd, 0.5, 0, 0);
    CU_ASSERT_EQUAL(a->line, 5);
    CU_ASSERT_STRING_EQUAL(a->text, "text");
    CU_ASSERT_STRING_EQUAL(a->source, "assumed: for a test");
    CU_ASSERT_STRING_EQUAL(a->unit_text, "1/d");
    const ost_param_t *b = param_of(m, "b");
    ost_assert_close(b->value, -0.05, 1e-15, 0);
    ost_assert_close(b->lower, -0.1, 1e-15, 0);
    CU_ASSERT_EQUAL(b->spread.kind, OST_SPREAD_NORMAL);
    ost_assert_close(b->spread.sd, 0.02, 1e-15, 0);
    const ost_param_t *e = param_of(m, "e");
    ost_assert_close(e->value, 2e-3, 1e-15, 0); /* mg */
    CU_ASSERT(e->lower == 0.5e-3 && isinf(e->upper));
    CU_ASSERT_EQUAL(e->spread.kind, OST_SPREAD_CHOICE);
    CU_ASSERT_EQUAL_FATAL(e->spread.n_choices, 3);
    ost_assert_close(e->spread.choice[1], 2.5e-3, 1e-15, 0);
    ost_assert_close(e->spread.choice[2], 1, 1e-15, 0);
    ost_assert_close(e->spread.share[2], 0.1, 0, 0);
    const ost_param_t *f = param_of(m, "f");
    CU_ASSERT_EQUAL(f->spread.kind, OST_SPREAD_LOGITNORMAL);
    ost_assert_close(f->prior_sd, 0.2, 0, 0);
    const ost_param_t *g = param_of(m, "g");
    ost_assert_close(g->value, 1, 1e-15, 0); /* mg/L */
    CU_ASSERT(isinf(g->lower) && g->lower < 0);
    ost_assert_close(g->upper, 10, 1e-15, 0);
    CU_ASSERT_EQUAL(ost_model_param(m, "k"), -1);
    ost_library_free(&library);
}

static void test_index(void)
{
    open_library();
    const ost_model_t *m = read_right(HEAD "index site = spine, hip, neck\n"
                                           "index side = left, right\n"
                                           "param T[site] = 0.1, 0.06, 0.05 [1/y] in 0..1 spread choice 0.1: 1" SOURCE
                                           "param w[side] = 2 [1]" SOURCE "state Y[site] = 3 [mg] \"bone\"\n"
                                           "state Z[side] = w[side]*sum(site, T[site])*(1 [y]) [1] scale 7 \"sides\"\n"
                                           "let all = sum(site, Y[site])\n"
                                           "let both[site] = sum(side, Z[side]*Y[site])\n"
                                           "Y[site]' = -T[site]*Y[site]*Z[right] + T[hip]*both[site] - T[site]*all\n"
                                           "Z[side]' = -Z[side]*T[neck]\n"
                                           "output total [mg] = all \"sum\"\n"
                                           "output bone[site] [ug] = Y[site] \"bone\"\n");
    CU_ASSERT_EQUAL(m->n_index_sets, 2);
    CU_ASSERT_EQUAL(m->index_sets[0].n_elements, 3);
    CU_ASSERT_STRING_EQUAL(m->index_sets[0].elements[2], "neck");
    CU_ASSERT_EQUAL(m->n_params, 5);
    CU_ASSERT_STRING_EQUAL(m->params[1].name, "T[hip]");
    ost_assert_close(param_of(m, "T[neck]")->value, 0.05 / 365.25, 1e-15, 0);
    CU_ASSERT_STRING_EQUAL(param_of(m, "T[neck]")->source, "assumed: for a test");
    ost_assert_close(param_of(m, "T[neck]")->spread.choice[0], 0.1 / 365.25, 1e-15, 0);
    ost_assert_close(param_of(m, "w[right]")->value, 2, 0, 0);
    CU_ASSERT_EQUAL(m->n_states, 5);
    CU_ASSERT_STRING_EQUAL(m->states[4].name, "Z[right]");
    ost_assert_close(m->states[2].scale, 3, 0, 0);
    ost_assert_close(m->states[3].scale, 7, 0, 0);
    ost_assert_close(default_value(m, m->impl->initial[3], NULL, NULL, NULL, 0), 2 * 0.21, 1e-15, 0);
    double x[] = { 2, 3, 5, 7, 11 }, y = 365.25;
    double both = (7.0 + 11) * 3, all = 2 + 3 + 5;
    double rate = -0.06 / y * 3 * 11 + 0.06 / y * both - 0.06 / y * all;
    ost_assert_close(default_value(m, m->impl->rate[1], x, NULL, NULL, 0), rate, 1e-14, 0);
    ost_assert_close(default_value(m, m->impl->rate[4], x, NULL, NULL, 0), -11 * 0.05 / y, 1e-14, 0);
    CU_ASSERT_EQUAL(m->n_outputs, 4);
    CU_ASSERT_STRING_EQUAL(m->outputs[0].name, "total");
    CU_ASSERT_PTR_NULL(m->outputs[0].index_set);
    CU_ASSERT_STRING_EQUAL(m->outputs[2].name, "bone[hip]");
    CU_ASSERT_STRING_EQUAL(m->outputs[2].group, "bone");
    CU_ASSERT_STRING_EQUAL(m->outputs[2].index_set, "site");
    CU_ASSERT_EQUAL(m->outputs[2].element, 1);
    ost_assert_close(m->outputs[2].unit.factor, 1e-3, 1e-15, 0);
    ost_assert_close(default_value(m, m->impl->output[2], x, NULL, NULL, 0), 3, 0, 0);
    ost_library_free(&library);
}

/* Value of a formula over x = 3, y = 0.5, age = 60 y, E = 200 pmol/L; its dimension must be that of `unit`. */
static double formula(const char *text, const char *unit)
{
    static const char *const names[] = { "x", "y", "age", "E" };
    static const char *const units_text[] = { "1", "1", "y", "pmol/L" };
    ost_name_t variables[4];
    ost_unit_t expected;
    double values[] = { 3, 0.5, 60, 200 };
    ost_error_t err = { 0 };
    ost_memory_t memory = { 0 };
    ost_formula_t *f = NULL;
    ost_dim_t dim;
    for (int i = 0; i < 4; i++) {
        variables[i] = (ost_name_t){ .name = names[i], .unit_text = units_text[i] };
        CU_ASSERT_EQUAL_FATAL(ost_unit_parse(&variables[i].unit, units_text[i], NULL), 0);
        values[i] *= variables[i].unit.factor;
    }
    CU_ASSERT_EQUAL_FATAL(ost_unit_parse(&expected, unit, NULL), 0);
    int ret = ost_formula_new(&f, &memory, text, variables, 4, &dim, &err);
    if (ret != 0) fprintf(stderr, "\n%s: %s\n", text, format(&err));
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    if (!ost_dim_equal(dim, expected.dim)) fprintf(stderr, "\n%s: not of dimension %s\n", text, unit);
    CU_ASSERT(ost_dim_equal(dim, expected.dim));
    double value = ost_formula_value(f, values) / expected.factor;
    ost_memory_free(&memory);
    return value;
}

static void test_formula_values(void)
{
    static const struct {
        const char *text, *unit;
        double value;
    } cases[] = {
        { "-2^2", "1", -4 },
        { "2^3^2", "1", 512 },
        { "2^-x", "1", 0.125 },
        { "-x^-2", "1", -1.0 / 9 },
        { "1 - 2 - x", "1", -4 },
        { "12/x/2", "1", 2 },
        { "12/x*2", "1", 8 },
        { "x*-2", "1", -6 },
        { "--x", "1", 3 },
        { "1 + x*2^2", "1", 13 },
        { "(1 + x)*2", "1", 8 },
        { "exp(log(x))", "1", 3 },
        { "sqrt(x*x)", "1", 3 },
        { "abs(-x) + abs(y)", "1", 3.5 },
        { "min(x, y) - max(x, y)", "1", -2.5 },
        { "pow(x, 4)", "1", 81 },
        { "hill(x, 2, 2)", "1", 9.0 / 13 },
        { "hill(x, 2, 1)", "1", 0.6 },
        { "hill(E, 100 [pmol/L], 3)", "1", 8.0 / 9 },
        { "hill(0, x, 2)", "1", 0 },
        { "age - 50 [y]", "y", 10 },
        { "max(1 [y], age - 70 [y])", "y", 1 },
        { "max(0, age - 70 [y])", "y", 0 },
        { "0 + age", "y", 60 },
        { "age/(1 [y])", "1", 60 },
        { "365.25 [d] - 1 [y]", "d", 0 },
        { "12 [month]", "y", 1 },
        { "sqrt(age^2)", "y", 60 },
        { "(age*age*age)^(1/3)", "y", 60 },
        { "E*1 [mL]", "fmol", 200 },
        { "5 [%]", "1", 0.05 },
        { "if x > y then 1 else 2", "1", 1 },
        { "if x > 3 then 1 else 2", "1", 2 },
        { "if x >= 3 then 1 else 2", "1", 1 },
        { "if x < 3 then 1 else 2", "1", 2 },
        { "if x <= 3 then 1 else 2", "1", 1 },
        { "if age > 50 [y] then E else 0", "pmol/L", 200 },
        { "if not x < y and (y > 1 or x > 2) then 1 else 0", "1", 1 },
        { "if x < y and y > 1 or x > 2 then 1 else 0", "1", 1 },
        { "if x < y and (y > 1 or x > 2) then 1 else 0", "1", 0 },
        { "if not (x > 2 and y > 1) then 1 else 0", "1", 1 },
        { "if not not x > 2 then 1 else 0", "1", 1 },
        { "if x < y then 1 else if y < 1 then 2 else 3", "1", 2 },
        { "2*(if x > y then 1 else 2) + 1", "1", 3 },
        { "if x > y then 1 else 2 + 10", "1", 1 },
        { "if (x + 1) > y then 1 else 2", "1", 1 },
        { " # a comment\n x\n + y # another\n", "1", 3.5 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ost_assert_close_at(
            formula(cases[i].text, cases[i].unit), cases[i].value, 1e-14, 1e-14, cases[i].text, __FILE__, __LINE__);
}

static void test_formula_errors(void)
{
    static const struct {
        const char *text;
        int code, column;
        const char *part;
    } cases[] = {
        { "age - 50", OST_ERR_UNIT, 5, "the second value has no unit of time" },
        { "agee", OST_ERR_NAME, 1, "did you mean 'age'?" },
        { "age +", OST_ERR_SYNTAX, 6, "end of the expression" },
        { "age age", OST_ERR_SYNTAX, 5, "expected an operator" },
        { "age > 50 [y]", OST_ERR_SYNTAX, 1, "between 'if' and 'then'" },
        { "time", OST_ERR_NAME, 1, "unknown name 'time'" },
        { "", OST_ERR_SYNTAX, 1, "end of the expression" },
        { "1/0", OST_ERR_VALUE, 2, "not a finite number" },
        { "\xc3\xa9 + x", OST_ERR_SYNTAX, 1, "unexpected '\xc3\xa9'" },
        { "age^x", OST_ERR_UNIT, 5, "constant" },
        { "x\xff", OST_ERR_SYNTAX, 2, "UTF-8" },
        { "x\x01", OST_ERR_SYNTAX, 2, "control character" },
        /* a plain number beside a unit with a scale but no dimension */
        { "ntx - 5", OST_ERR_UNIT, 7, "5 [nmol/mmol] or 5000000 [nmol/mmol]" },
        { "-5 + ntx", OST_ERR_UNIT, 1, "-5 [nmol/mmol]" },
        { "2*3 + ntx", OST_ERR_UNIT, 1, "6 [nmol/mmol]" },
        { "max(ntx, 30)", OST_ERR_UNIT, 10, "30 [nmol/mmol]" },
        { "min(1/3, ntx)", OST_ERR_UNIT, 5, "[nmol/mmol]" },
        { "if ntx > 30 then 1 else 2", OST_ERR_UNIT, 10, "30 [nmol/mmol]" },
        { "if 30 >= 2*ntx then 1 else 2", OST_ERR_UNIT, 4, "30 [nmol/mmol]" },
        { "if x*abs(ntx) < 30 then 1 else 2", OST_ERR_UNIT, 17, "30 [nmol/mmol]" },
        { "if x > 1 then ntx else 27", OST_ERR_UNIT, 24, "27 [nmol/mmol]" },
        { "hill(ntx, 30, 2)", OST_ERR_UNIT, 11, "30 [nmol/mmol]" },
        { "table(ntx; 20: 1, 30: 2)", OST_ERR_UNIT, 7, "table(x [nmol/mmol]; ...)" },
        { "table(x; 20: ntx, 30: 2)", OST_ERR_UNIT, 23, "2 [nmol/mmol]" },
        { "1 - 30 [%]", OST_ERR_UNIT, 1, "1 [%] or 100 [%]" },
    };
    ost_name_t names[] = { { .name = "x", .unit_text = "1" }, { .name = "age", .unit_text = "y" },
        { .name = "ntx", .unit_text = "nmol/mmol" } };
    for (size_t i = 0; i < 3; i++) CU_ASSERT_EQUAL_FATAL(ost_unit_parse(&names[i].unit, names[i].unit_text, NULL), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ost_formula_t *f = NULL;
        ost_error_t err = { 0 };
        ost_dim_t dim;
        ost_memory_t memory = { 0 };
        CU_ASSERT_EQUAL(ost_formula_new(&f, &memory, cases[i].text, names, 3, &dim, &err), cases[i].code);
        CU_ASSERT_PTR_NULL(f);
        CU_ASSERT_EQUAL(err.column, cases[i].column);
        ost_assert_contains(err.what, cases[i].part);
        CU_ASSERT(ost_formula_new(&f, &memory, cases[i].text, names, 3, &dim, NULL) < 0);
        ost_memory_free(&memory);
    }
}

static void test_equations(void)
{
    open_library();
    const ost_model_t *m = read_right(HEAD "reads estradiol, bisphosphonate\n"
                                           "param k = 0.5 [1/d]" SOURCE "param K = 100 [pmol/L]" SOURCE
                                           "state A = 5 [ug] \"depot\"\nstate C = 2*k*(1 [d]) [1] \"cells\"\n"
                                           "dose A\n"
                                           "let f = hill(estradiol, K, 2)\n"
                                           "A' = -k*A\n"
                                           "C' = k*(f - C*(1 + bisphosphonate)) + A*exp(-time/(2 [d]))/(1 [mg d])\n"
                                           "drives aromatase_inhibition = C/(1 + C)\n"
                                           "output c [%] = C^1.5 \"text\"\n");
    double x[] = { 0.002, 3 }, s[] = { 200, 0.25 }; /* mg, 1; pmol/L, 1 */
    CU_ASSERT_EQUAL(m->n_states, 2);
    CU_ASSERT_EQUAL(m->n_doses, 1);
    CU_ASSERT_EQUAL(m->doses[0].state, 0);
    CU_ASSERT_EQUAL(m->n_reads, 2);
    CU_ASSERT_STRING_EQUAL(m->reads[1].name, "bisphosphonate");
    CU_ASSERT_EQUAL(m->n_drives, 1);
    CU_ASSERT_STRING_EQUAL(m->drives[0].name, "aromatase_inhibition");
    ost_assert_close(default_value(m, m->impl->initial[0], NULL, NULL, NULL, 0), 0.005, 1e-15, 0);
    ost_assert_close(default_value(m, m->impl->initial[1], NULL, NULL, NULL, 0), 1, 1e-15, 0);
    ost_assert_close(default_value(m, m->impl->rate[0], x, s, NULL, 0), -0.001, 1e-15, 0);
    double rate = 0.5 * (0.8 - 3 * 1.25) + 0.002 * exp(-2);
    ost_assert_close(default_value(m, m->impl->rate[1], x, s, NULL, 4), rate, 1e-14, 0);
    ost_assert_close(default_value(m, m->impl->drive[0], x, s, NULL, 0), 0.75, 1e-15, 0);
    ost_assert_close(default_value(m, m->impl->output[0], x, s, NULL, 0), sqrt(27), 1e-14, 0);
    CU_ASSERT_EQUAL(m->drive_uses[0] + m->drive_uses[1], 0);
    CU_ASSERT_STRING_EQUAL(m->name, "m");
    CU_ASSERT_EQUAL(m->kind, OST_KIND_OTHER);
    CU_ASSERT_STRING_EQUAL(m->path, "test.model");
    CU_ASSERT(!m->is_builtin);
    ost_library_free(&library);
}

static void test_states(void)
{
    open_library();
    const ost_model_t *m = read_right(HEAD "param k = 4 [1/d]" SOURCE "state a = 5 [ug] \"text\"\n"
                                           "state b = 0 [mg] signed \"text\" scale 20\n"
                                           "state c = -1/4 [g] \"text\" signed\n"
                                           "state d = 0 [g] \"text\"\n"
                                           "state e = k*(2 [mg]) [mg/d] \"text\"\n"
                                           "state f = 2*0.5 [1] [1] \"text\"\n"
                                           "state g = if k > 4 [1/d] then 1 else 2 [1] \"text\"\n"
                                           "a' = 0\nb' = 0\nc' = 0\nd' = 0\ne' = 0\nf' = 0\ng' = 0\n"
                                           "output y [1] = (a + b + c + d)/(1 [mg]) + e/(1 [mg/d]) + f + g \"text\"\n");
    static const double initial[] = { 5e-3, 0, -250, 0, 8, 1, 2 }, scale[] = { 5e-3, 20, 250, 1000, 8, 1, 2 };
    CU_ASSERT_EQUAL_FATAL(m->n_states, 7);
    for (size_t i = 0; i < 7; i++) {
        ost_assert_close(default_value(m, m->impl->initial[i], NULL, NULL, NULL, 0), initial[i], 1e-15, 0);
        ost_assert_close(m->states[i].scale, scale[i], 1e-15, 0);
        CU_ASSERT_EQUAL(m->states[i].may_be_negative, i == 1 || i == 2);
    }
    CU_ASSERT_EQUAL(m->n_switches, 0); /* a condition of parameters alone */
    ost_library_free(&library);
}

/* A switch holds where its function is >= 0; strict comparisons must be false at equality. */
static void test_switches(void)
{
    open_library();
    const ost_model_t *m = read_right(HEAD "param p = 2 [1]" SOURCE "state C = 1 [1] \"cells\"\n"
                                           "C' = if C > p then -1 [1/d] else 1 [1/d]\n"
                                           "let a = if C >= p then 1 else 0\n"
                                           "let b = if C < p or time >= 3 [d] then 1 else 0\n"
                                           "let c = if C <= p and not time >= 3 [d] then 1 else 0\n"
                                           "let d = if p > 1 and C > p then 1 else 0\n"
                                           "output a [1] = a \"text\"\noutput b [1] = b \"text\"\n"
                                           "output c [1] = c \"text\"\noutput d [1] = d \"text\"\n"
                                           "output e [1] = if C > 2.5 then 1 else 0 \"turns nothing in the system\"\n");
    CU_ASSERT_EQUAL_FATAL(m->n_switches, 3); /* p - C, C - p, time - 3 d, each once */
    static const double xs[] = { 1, 2, 3 }, ts[] = { 2, 3, 4 };
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            double C = xs[i], t = ts[k], mode[3];
            for (int j = 0; j < 3; j++) mode[j] = default_value(m, m->impl->sw[j], &C, NULL, NULL, t) >= 0;
            double rate = default_value(m, m->impl->rate[0], &C, NULL, mode, t), y[5];
            for (int j = 0; j < 5; j++) y[j] = default_value(m, m->impl->output[j], &C, NULL, mode, t);
            CU_ASSERT_EQUAL(rate, C > 2 ? -1 : 1);
            CU_ASSERT_EQUAL(y[0], C >= 2);
            CU_ASSERT_EQUAL(y[1], C < 2 || t >= 3);
            CU_ASSERT_EQUAL(y[2], C <= 2 && !(t >= 3));
            CU_ASSERT_EQUAL(y[3], C > 2);
            CU_ASSERT_EQUAL(y[4], C > 2.5);
        }
    }
    ost_library_free(&library);
}

/* Straight between the points, constant outside, with the slope of the stretch; points in x's unit, values any
 * expressions of parameters. */
static void test_tables(void)
{
    open_library();
    const ost_model_t *m =
        read_right(HEAD "index age = young, old\nparam p[age] = 10, 30 [mg/d]" SOURCE "state C = 1 [mg] \"cells\"\n"
                        "C' = table(time [y]; -1: 0, 1: p[young], 3: 2*p[old], 4: 40 [mg/d]) - C/(1 [d])\n"
                        "output y [1] = table(2*C/(1 [mg]); 1: 5, 3: -1) \"text\"\n");
    CU_ASSERT_EQUAL(m->n_switches, 0);
    static const double years[] = { -5, -1, 0, 1, 2, 3, 3.5, 4, 90 };
    static const double values[] = { 0, 0, 5, 10, 35, 60, 50, 40, 40 };
    ost_graph_t *g = &m->impl->graph;
    ost_node_t slope = graph_derivative(g, m->impl->rate[0], OST_OP_TIME, 0);
    for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
        double C = 0, t = 365.25 * years[i], next = t + 1;
        ost_assert_close(default_value(m, m->impl->rate[0], &C, NULL, NULL, t), values[i], 1e-14, 1e-14);
        if (years[i] == 90) break;
        double rise = default_value(m, m->impl->rate[0], &C, NULL, NULL, next) - values[i];
        ost_assert_close(default_value(m, slope, &C, NULL, NULL, t + 0.5), rise, 1e-9, 1e-15);
    }
    static const double cells[] = { 0, 0.5, 1, 1.5, 2 }, y[] = { 5, 5, 2, -1, -1 };
    for (size_t i = 0; i < 5; i++)
        ost_assert_close(default_value(m, m->impl->output[0], &cells[i], NULL, NULL, 0), y[i], 1e-15, 0);
    ost_library_free(&library);
}

static void test_layout(void)
{
    static const char plain[] = "model m \"test\"\nkind other\nparam k = 2 [1/d] \"text\" @ \"assumed: \xc3\xa9\"\n"
                                "state C = 1 [1] \"cells\"\nlet r = k*C\nC' = -r + k\noutput c [1] = C \"text\"\n";
    static const char other[] =
        "\xef\xbb\xbf# first a comment\r\n\r\n  # and an indented one\nmodel m\r\n \"test\" # title\r\noutput c [1] =\n"
        "# a comment does not end a statement\n\n\tC\n   \"text\"\nlet r = k\n *\n C\nkind other\nstate C = 1 [ 1 ]\n"
        "   \"cells\"\nC' = -r +\n k\nparam k = 2 [1/d] @ \"assumed: \xc3\xa9\"\n \"text\"";
    open_library();
    const ost_model_t *a = read_right(plain), *b = read_right(other);
    double x = 3;
    ost_assert_close(default_value(a, a->impl->rate[0], &x, NULL, NULL, 0), -4, 1e-15, 0);
    ost_assert_close(default_value(b, b->impl->rate[0], &x, NULL, NULL, 0), -4, 1e-15, 0);
    CU_ASSERT_STRING_EQUAL(a->params[0].source, b->params[0].source);
    CU_ASSERT_STRING_EQUAL(a->outputs[0].text, b->outputs[0].text);
    CU_ASSERT_EQUAL(b->params[0].line, 19);
    CU_ASSERT_EQUAL_FATAL(b->impl->n_equations, 3);
    CU_ASSERT_STRING_EQUAL(b->impl->equations[1].left, "r");
    CU_ASSERT_STRING_EQUAL(b->impl->equations[1].right, "k * C");
    CU_ASSERT_STRING_EQUAL(b->impl->equations[2].right, "-r + k");
    ost_error_t err;
    /* columns count characters, not bytes */
    CU_ASSERT_EQUAL(read_wrong("model m \"\xc3\xa9\xe2\x82\xac\" !\n", &err), OST_ERR_SYNTAX);
    CU_ASSERT_EQUAL(err.line, 1);
    CU_ASSERT_EQUAL(err.column, 14);
    ost_library_free(&library);
}

static void test_library(void)
{
    open_library();
    CU_ASSERT_EQUAL(library.signals.n, 3);
    int e = ost_signals_find(&library.signals, "estradiol");
    CU_ASSERT_FATAL(e >= 0);
    CU_ASSERT(!library.signals.signal[e].has_neutral && library.signals.signal[e].combine == OST_COMBINE_ONE);
    CU_ASSERT_EQUAL(library.signals.signal[ost_signals_find(&library.signals, "aromatase_inhibition")].combine,
        OST_COMBINE_FRACTION);
    CU_ASSERT_EQUAL(ost_signals_find(&library.signals, "Estradiol"), -1);

    static const char driver[] =
        "model d \"driver\"\nkind drug\nsignal load [%] = 100 combine sum \"load\"\n"
        "signal bisphosphonate [1] = 0 combine sum \"exposure\"\n"
        "state A = 0 [1] \"depot\"\nA' = 0\ndose A\ndrives load = A\ndrives bisphosphonate = A\n";
    ost_error_t err;
    char wrong[512];
    snprintf(wrong, sizeof(wrong), "%sB' = 0\n", driver);
    CU_ASSERT_EQUAL(read_wrong(wrong, &err), OST_ERR_NAME);
    CU_ASSERT_EQUAL(library.signals.n, 3); /* a model that is refused leaves nothing behind */
    const ost_model_t *d = read_right(driver), *again = NULL;
    CU_ASSERT_EQUAL(library.signals.n, 4);
    int load = ost_signals_find(&library.signals, "load");
    CU_ASSERT_FATAL(load >= 0);
    ost_assert_close(library.signals.signal[load].neutral, 1, 1e-15, 0);
    const ost_model_t *r =
        read_right(HEAD "reads load\nstate C = 1 [1] \"cells\"\nC' = load/(1 [d]) - C/(1 [d])\n" OUT_C);
    CU_ASSERT_EQUAL(r->n_reads, 1);
    CU_ASSERT_EQUAL(ost_library_get(&library, "d", &again, &err), 0);
    CU_ASSERT_PTR_EQUAL(d, again);
    CU_ASSERT_EQUAL(ost_library_get(&library, "signals", &again, &err), OST_ERR_NAME);
    CU_ASSERT_PTR_NULL(again);
    CU_ASSERT_EQUAL(ost_library_get(&library, "no/such.model", &again, &err), OST_ERR_IO);
    CU_ASSERT_STRING_EQUAL(err.where, "no/such.model");
    CU_ASSERT_EQUAL(ost_library_get(&library, "/", &again, &err), OST_ERR_IO);
    ost_library_free(&library);
    ost_library_free(&library);

    ost_builtin_t second = { .name = "driver", .folder = "drugs/", .text = driver };
    const ost_builtin_t *const two[] = { table, &second };
    CU_ASSERT_EQUAL_FATAL(ost_library_init_with(&library, two, 2, &err), 0);
    CU_ASSERT_EQUAL(ost_library_get(&library, "drver", &again, &err), OST_ERR_NAME);
    ost_assert_contains(err.what, "did you mean 'driver'?");
    CU_ASSERT_EQUAL(ost_library_get(&library, "driver", &again, &err), 0);
    CU_ASSERT_STRING_EQUAL(again->path, "models/drugs/driver.model");
    /* a user's model of the same name or path does not hide the built-in one */
    const ost_model_t *own = NULL;
    CU_ASSERT_EQUAL(ost_library_read(&library, "models/drugs/driver.model",
                        HEAD "state C = 1 [1] \"cells\"\nC' = 0\n" OUT_C, &own, &err),
        0);
    CU_ASSERT(own != NULL && own != again);
    CU_ASSERT(ost_library_get(&library, "driver", &d, &err) == 0 && d == again);
    CU_ASSERT(ost_library_get(&library, "models/drugs/driver.model", &d, &err) == 0 && d == own);
    CU_ASSERT(ost_library_get(&library, "m", &d, &err) == 0 && d == own);
    ost_library_free(&library);
    ost_builtin_t bad = { .name = "signals", .text = "signal x [1] combine one \"x\"\nkind drug\n" };
    const ost_builtin_t *const bads[] = { &bad };
    CU_ASSERT_EQUAL(ost_library_init_with(&library, bads, 1, &err), OST_ERR_SYNTAX);
    CU_ASSERT_EQUAL(err.line, 2);
    ost_library_free(&library);
}

static void test_limits(void)
{
    open_library();
    ost_error_t err;
    size_t size = 2u << 20;
    char *text = malloc(size), *p;
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, '\n', size);
    text[size - 1] = '\0';
    CU_ASSERT_EQUAL(read_wrong(text, &err), OST_ERR_LIMIT);
    p = text + sprintf(text, HEAD "state C = 1 [1] \"cells\"\nC' = ");
    for (int i = 0; i < 100000; i++) *p++ = i % 2 == 0 ? '-' : '(';
    *p = '\0';
    CU_ASSERT_EQUAL(read_wrong(text, &err), OST_ERR_LIMIT);
    ost_assert_contains(err.what, "nested");
    p = text + sprintf(text, HEAD "state C = 1 [1] \"cells\"\nC' = C");
    for (int i = 0; i < 100000; i++) p += sprintf(p, "^2");
    CU_ASSERT_EQUAL(read_wrong(text, &err), OST_ERR_LIMIT);
    p = text + sprintf(text, HEAD);
    for (int i = 0; i < 65; i++) p += sprintf(p, "signal s%d [1] = 0 combine sum \"a signal\"\nreads s%d\n", i, i);
    CU_ASSERT_EQUAL(read_wrong(text, &err), OST_ERR_LIMIT);
    ost_assert_contains(err.what, "64 signals");
    /* three sets of 100 elements: a million terms from one line */
    p = text + sprintf(text, HEAD);
    for (int k = 0; k < 3; k++) {
        p += sprintf(p, "index s%d = e0", k);
        for (int i = 1; i < 100; i++) p += sprintf(p, ", e%d", i);
        p += sprintf(p, "\nstate C%d[s%d] = 1 [1] \"cells\"\nC%d[s%d]' = 0\n", k, k, k, k);
    }
    sprintf(p, "output y [1] = sum(s0, sum(s1, sum(s2, C0[s0]*C1[s1]*C2[s2]))) \"text\"\n");
    CU_ASSERT_EQUAL(read_wrong(text, &err), OST_ERR_LIMIT);
    CU_ASSERT_EQUAL(err.line, 12);
    /* long, but fine */
    p = text + sprintf(text, HEAD "state C = 1 [1] \"cells\"\nC' = (C");
    for (int i = 0; i < 3000; i++) p += sprintf(p, " + C^%d", i % 7);
    sprintf(p, ")/(1 [d])\n" OUT_C);
    CU_ASSERT_EQUAL(read_right(text)->n_jac, 1);
    free(text);
    ost_library_free(&library);
}

static char *read_file(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s/%s", OST_SOURCE_DIR, folder, name);
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);
    CU_ASSERT_FATAL(file != NULL && text != NULL);
    size_t n = fread(text, 1, (1 << 16) - 1, file);
    CU_ASSERT_FATAL(n > 0);
    fclose(file);
    return text;
}

/* tests/wrong_models: the first line of each says `# CODE LINE:COLUMN: part of the message`, parts are joined by `...`.
 */
static void test_wrong_models(void)
{
    DIR *folder = opendir(OST_SOURCE_DIR "/tests/wrong_models");
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    size_t n = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strstr(entry->d_name, ".model") == NULL) continue;
        char code[64] = "", part[512] = "";
        int line = 0, column = 0;
        ost_error_t err;
        char *text = read_file("tests/wrong_models", entry->d_name);
        CU_ASSERT_EQUAL_FATAL(sscanf(text, "# %63s %d:%d: %511[^\n]", code, &line, &column, part), 4);
        open_library();
        read_wrong(text, &err);
        bool ok = strcmp(ost_error_name(err.code), code) == 0 && err.line == line && err.column == column &&
                  ost_contains_parts(err.what, part);
        if (!ok)
            fprintf(stderr, "\n%s: expected %s %d:%d: %s\nactual %s %s\n", entry->d_name, code, line, column, part,
                ost_error_name(err.code), format(&err));
        CU_ASSERT(ok);
        ost_library_free(&library);
        free(text);
        n++;
    }
    closedir(folder);
    CU_ASSERT(n >= 110);
}

static void test_example_of_the_page(void)
{
    char *page = read_file("models", "README.md"), *signals = read_file("models", "signals.model");
    char *text = strstr(page, "```\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    text += 4;
    char *end = strstr(text, "```");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    *end = '\0';
    ost_error_t err = { 0 };
    ost_builtin_t builtin = { .name = "signals", .text = signals };
    const ost_builtin_t *const builtins[] = { &builtin };
    CU_ASSERT_EQUAL_FATAL(ost_library_init_with(&library, builtins, 1, &err), 0);
    const ost_model_t *m = read_right(text);
    CU_ASSERT_EQUAL(m->n_states, 4);
    CU_ASSERT_EQUAL(m->n_outputs, 3);
    CU_ASSERT_EQUAL(m->n_switches, 1);
    double x[] = { 1.2, 1.1, 0.9, 0.8 }, s[] = { 10, 0.5 }, y = 365.25;
    double mode = default_value(m, m->impl->sw[0], x, s, NULL, 2 * y) >= 0;
    double recruited = 1 + 0.6 * (1 - 10.0 / 50), refill = 1 - 0.001 * 12;
    ost_assert_close(
        default_value(m, m->impl->rate[0], x, s, &mode, 2 * y), (recruited - (1 + 1.0 / 3) * 1.2) / 14, 1e-13, 0);
    ost_assert_close(
        default_value(m, m->impl->rate[3], x, s, &mode, 2 * y), 0.05 / y * (1.1 * refill - 1.2 * 0.8), 1e-13, 0);
    ost_assert_close(
        default_value(m, m->impl->output[1], x, s, &mode, 0) / m->outputs[1].unit.factor, 0.95 * 0.8, 1e-13, 0);
    ost_library_free(&library);
    free(page);
    free(signals);
}

/* A text cut off anywhere is a model or an error with a place, and nothing is leaked or left in the library. */
static void test_cut_off_texts(void)
{
    char *page = read_file("models", "README.md");
    char *text = strstr(page, "```\n") + 4;
    size_t n = (size_t) (strstr(text, "```") - text), n_right = 0;
    open_library();
    for (size_t i = 0; i < n; i++) {
        const ost_model_t *model = NULL;
        ost_error_t err = { 0 };
        char kept = text[n - i];
        text[n - i] = '\0';
        int ret = ost_library_read(&library, "test.model", text, &model, &err);
        text[n - i] = kept;
        CU_ASSERT((ret == 0) == (model != NULL));
        CU_ASSERT(ret == 0 || (err.line > 0 && err.column > 0 && err.what[0] != '\0'));
        n_right += ret == 0;
    }
    CU_ASSERT_EQUAL(n_right, 4); /* with and without the last output, with and without the last line end */
    CU_ASSERT_EQUAL(library.n_models, n_right);
    CU_ASSERT_EQUAL(library.signals.n, 3);
    ost_library_free(&library);
    free(page);
}

/* The sheet of a model, owned by the caller. */
static char *printed(const ost_model_t *m)
{
    char *sheet = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&sheet, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(ost_model_print(m, out, NULL), 0);
    fclose(out);
    return sheet;
}

/* Each kind of the table is read, printed, and named by the page. */
static void test_kinds(void)
{
    char *page = read_file("models", "README.md"), *row = strstr(page, "| `kind drug` |");
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    *strchr(row, '\n') = '\0';
    open_library();
    for (int kind = 0; kind < OST_N_MODEL_KINDS; kind++) {
        char text[256], word[64];
        snprintf(text, sizeof(text), "model m%d \"test\"\nkind %s\noutput c [1] = 1 \"one\"\n", kind,
            ost_model_kind_words[kind]);
        const ost_model_t *m = read_right(text);
        CU_ASSERT_EQUAL((int) m->kind, kind);
        snprintf(word, sizeof(word), "kind %s,", ost_model_kind_words[kind]);
        char *sheet = printed(m);
        ost_assert_contains(sheet, word);
        free(sheet);
        snprintf(word, sizeof(word), "%s`", ost_model_kind_words[kind]);
        ost_assert_contains(row, word);
    }
    ost_library_free(&library);
    free(page);
}

static void test_sheet(void)
{
    open_library();
    const ost_model_t *m =
        read_right(HEAD "reads estradiol\nindex site = spine, hip\ncovariate age [y] in 18.. \"age\"\n"
                        "param T[site] = 10, 6 [%/y] in 1..40 spread 0.3 prior 0.5 \"turnover\"\n"
                        " @ \"Somebody 2001, table 2\"\n"
                        "param K = 40 [pmol/L] spread choice 40: 0.75, 80: 0.25" SOURCE
                        "param w = 20 [%] in 0..100 spread normal 5" SOURCE
                        "param v = 0.3 [1] in 0..1 spread logit 0.5" SOURCE "state A = 0 [ug] \"depot\"\n"
                        "dose A usual 60 [mg] every 6 [month] over 15 [min] from 28 [d] in 20.. @ \"its label\"\n"
                        "state V[site] = age/(60 [y]) [1] scale 1 "
                        "signed \"bone\"\n"
                        "let x = hill(estradiol, # the\n   K, 1)\nA' = -A/(1 [d])\n"
                        "V[site]' = T[site]*(w + v)*x*(A/(1 [mg]) - V[site])\n"
                        "drives bisphosphonate = A/(1 [mg])\noutput bone[site] [%] = V[site] \"bone\"\n");
    const ost_dose_t *dose = &m->doses[0];
    ost_assert_close(dose->usual.lower, 20, 1e-15, 0);
    ost_assert_close(dose->usual.upper, 60, 1e-15, 0);
    ost_assert_close(dose->interval_d, 6 * OST_DAYS_PER_MONTH, 1e-15, 0);
    ost_assert_close(dose->shortest_d, 28, 1e-15, 0);
    char *sheet = printed(m);
    static const char *const parts[] = { "m: test\n", "kind other", "reads estradiol\n", "drives bisphosphonate\n",
        "doses go into A\n  usual dose: 60 mg, interval: 6 month, duration: 15 min; interval from 28 d; range 20 to 60 "
        "mg\n  @ its label\n",
        "site = spine, hip\n", "  A         0 [ug]  depot\n", "  V[spine]  - [1]", "bone (may be negative)\n",
        "  age  - [y]  in 18..\n", "  T[spine]  10 [%/y]     in 1..40   spread 0.3, prior 0.5\n", "  T[hip]    6 [%/y]",
        "      turnover\n      @ Somebody 2001, table 2\n", "spread choice 40: 0.75, 80: 0.25", "spread normal 5",
        "spread logit 0.5", "  x = hill(estradiol, K, 1)\n", "  V[site]' = T[site]*(w + v)*x*(A/(1 [mg]) - V[site])\n",
        "  drives bisphosphonate = A/(1 [mg])\n", "  output bone[site] [%] = V[site]\n", "  bone[hip]    [%]  bone\n" };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) ost_assert_contains(sheet, parts[i]);
    free(sheet);
    ost_library_free(&library);
}

static const ost_test_t tests[] = {
    { "numbers", test_numbers },
    { "index", test_index },
    { "formula_values", test_formula_values },
    { "formula_errors", test_formula_errors },
    { "equations", test_equations },
    { "states", test_states },
    { "switches", test_switches },
    { "tables", test_tables },
    { "layout", test_layout },
    { "library", test_library },
    { "limits", test_limits },
    { "wrong_models", test_wrong_models },
    { "example_of_the_page", test_example_of_the_page },
    { "cut_off_texts", test_cut_off_texts },
    { "kinds", test_kinds },
    { "sheet", test_sheet },
};

OST_TEST_MAIN("reader", tests)
