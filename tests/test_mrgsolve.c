/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models as users of mrgsolve get them. The blocks that compute are C: they are compiled here, and compared with the
 * models at random states. Needs no R. */
#include "core/random.h"
#include "lang/model.h"
#include "testlib.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_NUMBERS = 600, N_POINTS = 20, MAX_SYSTEMS = 80, MAX_MODELS = 4, MAX_SIGNALS = 200 };

typedef struct {
    const ost_model_t *models[MAX_MODELS];
    size_t n;
} system_t;

/* p: parameters in the order of the text; x, x0, f: compartments; y: captures. */
typedef void (*compiled_t)(
    double t, const double *p, const double *x, const double *eps, double *x0, double *f, double *y);

static ost_library_t library;
static system_t systems[MAX_SYSTEMS];
static size_t n_systems;
static void *compiled;

static void add_system(const char *const *names, size_t n)
{
    system_t *self = &systems[n_systems++];
    CU_ASSERT_FATAL(n_systems <= MAX_SYSTEMS && n <= MAX_MODELS);
    for (; self->n < n; self->n++)
        CU_ASSERT_EQUAL_FATAL(ost_library_get(&library, names[self->n], &self->models[self->n], NULL), 0);
}

/* One line of a block as C, in which parameters, compartments and captures are local variables. */
static void put_line(const char *block, const char *line, int length, size_t *n, FILE *body, FILE *tail)
{
    int name = (int) strcspn(line, " ");
    const char *value = strstr(line, " = ");
    if (strcmp(block, "$PARAM @annotated") == 0) {
        fprintf(body, "const double %.*s = p[%zu]; (void) %.*s;\n", name, line, n[0]++, name, line);
    } else if (strcmp(block, "$CMT @annotated") == 0) {
        fprintf(body, "const double %.*s = x[%zu]; (void) %.*s;\n", name, line, n[1], name, line);
        fprintf(body, "double %.*s_0, dxdt_%.*s;\n", name, line, name, line);
        fprintf(tail, "x0[%zu] = %.*s_0, f[%zu] = dxdt_%.*s;\n", n[1], name, line, n[1], name, line);
        n[1]++;
    } else if (strncmp(line, "capture ", 8) == 0) {
        name = (int) strcspn(line + 8, " ");
        fprintf(body, "const double %.*s = %.*s y[%zu] = %.*s;\n", name, line + 8, (int) (line + length - value) - 3,
            value + 3, n[2]++, name, line + 8);
    } else if (strcmp(block, "$MAIN") == 0 || strcmp(block, "$ODE") == 0 || strcmp(block, "$TABLE") == 0) {
        fprintf(body, "%.*s\n", length, line);
    }
}

static void put_system(size_t k, FILE *out)
{
    char *text, *end, block[40] = "";
    size_t size, n[3] = { 0 };
    ost_error_t err = { 0 };
    FILE *exported = open_memstream(&text, &size), *tail = open_memstream(&end, &size);
    int ret = ost_models_write_mrgsolve(&library.signals, systems[k].models, systems[k].n, exported, &err);
    fclose(exported);
    if (ret != 0) fprintf(stderr, "%s: %s\n", systems[k].models[0]->name, err.what);
    CU_ASSERT_EQUAL_FATAL(ret, 0);
    if (k == 0) {
        const char *global = strstr(text, "$GLOBAL\n") + 8;
        fprintf(out, "#include <math.h>\n#define TIME t\n#define SOLVERTIME t\n#define EPS(i) eps[(i) - 1]\n%.*s\n",
            (int) (strstr(global, "$MAIN") - global), global);
    }
    fprintf(out,
        "void system_%zu(double t, const double *p, const double *x, const double *eps, double *x0, double *f, double "
        "*y)\n{\n(void) t, (void) p, (void) x, (void) eps, (void) x0, (void) f, (void) y;\n",
        k);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        int length = (int) strcspn(line, "\n");
        if (*line == '$')
            snprintf(block, sizeof(block), "%.*s", length, line);
        else if (length > 0)
            put_line(block, line, length, n, out, tail);
    }
    fclose(tail);
    fprintf(out, "%s}\n", end);
    CU_ASSERT(n[0] < MAX_NUMBERS && n[1] < MAX_NUMBERS && n[2] < MAX_NUMBERS);
    free(text);
    free(end);
}

/* All systems in one shared object. */
static void compile(void)
{
    char folder[] = "/tmp/test_mrgsolve_XXXXXX", source[64], object[64], command[256];
    size_t n_names;
    if (compiled != NULL) return;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, NULL), 0);
    const char *const *names = ost_library_builtin_names(&n_names);
    for (size_t i = 0; i < n_names; i++) add_system(&names[i], 1);
    add_system((const char *const[]){ "hormones", "aibl", "anastrozole", "zoledronic_acid" }, 4);
    add_system((const char *const[]){ "hormones", "aibl", "anastrozole", "letrozole" }, 4);
    add_system((const char *const[]){ "estrogen_peterson", "peterson2012", "denosumab_peterson" }, 3);
    CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
    snprintf(source, sizeof(source), "%s/all.c", folder);
    snprintf(object, sizeof(object), "%s/all.so", folder);
    FILE *out = fopen(source, "w");
    CU_ASSERT_FATAL(out != NULL);
    for (size_t k = 0; k < n_systems; k++) put_system(k, out);
    fclose(out);
    snprintf(
        command, sizeof(command), "cc -std=c11 -w -O0 -ffp-contract=off -shared -fPIC -o %s %s -lm", object, source);
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
    compiled = dlopen(object, RTLD_NOW);
    CU_ASSERT_FATAL(compiled != NULL);
    unlink(source);
    unlink(object);
    rmdir(folder);
}

/* The values of one point, internal units, by model, and as the text has them. */
typedef struct {
    double params[MAX_MODELS][MAX_NUMBERS], states[MAX_MODELS][MAX_NUMBERS], reads[MAX_MODELS][MAX_NUMBERS];
    double signals[MAX_SIGNALS];
    double p[MAX_NUMBERS], x[MAX_NUMBERS], eps[MAX_NUMBERS];
} point_t;

static double about(double value, size_t k, uint32_t i, uint32_t draw)
{
    return value * exp(0.4 * (ost_random_uniform(7, k, i, draw) - 0.5));
}

static bool is_driven(const system_t *self, const char *name)
{
    bool found = false;
    for (size_t k = 0; k < self->n; k++)
        for (size_t d = 0; d < self->models[k]->n_drives; d++)
            found |= strcmp(self->models[k]->drives[d].name, name) == 0;
    return found;
}

/* Values of signals: each drive from the last values until none changes. */
static void settle_signals(const system_t *self, point_t *at, double *work)
{
    for (int pass = 0; pass < 20; pass++) {
        double sum[MAX_SIGNALS] = { 0 }, rest[MAX_SIGNALS];
        for (size_t s = 0; s < library.signals.n; s++) rest[s] = 1;
        for (size_t k = 0; k < self->n; k++) {
            const ost_model_t *m = self->models[k];
            const ost_model_point_t point = { at->params[k], at->states[k], at->reads[k], 3.5 };
            for (size_t r = 0; r < m->n_reads; r++)
                at->reads[k][r] = at->signals[ost_signals_find(&library.signals, m->reads[r].name)];
            for (size_t d = 0; d < m->n_drives; d++) {
                int s = ost_signals_find(&library.signals, m->drives[d].name);
                double value = ost_model_value(m, OST_MODEL_DRIVE, d, &point, work);
                sum[s] += value;
                rest[s] *= 1 - value;
            }
        }
        for (size_t s = 0; s < library.signals.n; s++)
            if (is_driven(self, library.signals.signal[s].name))
                at->signals[s] = library.signals.signal[s].combine == OST_COMBINE_FRACTION ? 1 - rest[s] : sum[s];
    }
}

static size_t set_params(const system_t *self, size_t seed, point_t *at)
{
    size_t n = 0;
    for (size_t k = 0; k < self->n; k++) {
        const ost_model_t *m = self->models[k];
        for (size_t i = 0; i < m->n_params; i++) {
            const ost_param_t *param = &m->params[i];
            int same = -1;
            for (size_t j = 0; j < k && same < 0 && param->is_covariate; j++) {
                same = ost_model_param(self->models[j], param->name);
                if (same >= 0) at->params[k][i] = at->params[j][same];
            }
            if (same >= 0) continue;
            double value = about(isnan(param->value) ? 60 * param->unit.factor : param->value, seed, (uint32_t) n, 0);
            at->params[k][i] = fmin(fmax(value, param->lower), param->upper);
            at->p[n++] = at->params[k][i] / param->unit.factor;
        }
    }
    for (size_t s = 0; s < library.signals.n; s++) {
        const ost_signal_t *signal = &library.signals.signal[s];
        bool is_read = false;
        for (size_t k = 0; k < self->n; k++)
            for (size_t r = 0; r < self->models[k]->n_reads; r++)
                is_read |= strcmp(self->models[k]->reads[r].name, signal->name) == 0;
        at->signals[s] =
            about(signal->has_neutral && signal->neutral != 0 ? signal->neutral : 0.4, seed, (uint32_t) s, 1);
        if (is_read && !is_driven(self, signal->name)) at->p[n++] = at->signals[s] / signal->unit.factor;
    }
    return n;
}

static void check_point(const system_t *self, compiled_t function, size_t seed, size_t *n_finite, size_t *n_checked)
{
    static point_t at;
    double x0[MAX_NUMBERS], f[MAX_NUMBERS], y[MAX_NUMBERS], expected[MAX_NUMBERS];
    size_t n_work = 1, n_x = 0;
    for (size_t k = 0; k < self->n; k++)
        if (ost_model_n_work(self->models[k]) > n_work) n_work = ost_model_n_work(self->models[k]);
    double *work = malloc(n_work * sizeof(*work));
    set_params(self, seed, &at);
    for (size_t k = 0; k < self->n; k++) {
        const ost_model_t *m = self->models[k];
        const ost_model_point_t point = { at.params[k], NULL, NULL, 0 };
        ost_model_state_values(m, OST_MODEL_INITIAL, &point, work, expected);
        for (size_t i = 0; i < m->n_states; i++) {
            double start = expected[i] != 0 && isfinite(expected[i]) ? expected[i] : m->states[i].scale;
            at.states[k][i] = about(start, seed, (uint32_t) (n_x + i), 2);
            at.x[n_x + i] = at.states[k][i] / m->states[i].unit.factor;
        }
        n_x += m->n_states;
    }
    settle_signals(self, &at, work);
    function(3.5, at.p, at.x, at.eps, x0, f, y);
    size_t n_captures = 0; /* first the signals that are driven */
    for (size_t s = 0; s < library.signals.n; s++)
        if (is_driven(self, library.signals.signal[s].name))
            ost_assert_close(y[n_captures++], at.signals[s], 1e-12, 1e-14);
    n_x = 0;
    for (size_t k = 0; k < self->n; k++) {
        const ost_model_t *m = self->models[k];
        const ost_model_point_t point = { at.params[k], at.states[k], at.reads[k], 3.5 };
        for (int part = OST_MODEL_INITIAL; part <= OST_MODEL_RATE; part++) {
            ost_model_state_values(m, (ost_model_part_t) part, &point, work, expected);
            for (size_t i = 0; i < m->n_states; i++) {
                double factor = m->states[i].unit.factor, size = fmax(fabs(at.states[k][i]), fabs(expected[i]));
                double found = factor * (part == OST_MODEL_RATE ? f[n_x + i] : x0[n_x + i]);
                ost_assert_close(found, expected[i], 1e-12, 1e-12 * size);
                *n_finite += isfinite(expected[i]);
                ++*n_checked;
            }
        }
        n_x += m->n_states;
    }
    free(work);
}

static void test_equations(void)
{
    size_t n_finite = 0, n_checked = 0;
    compile();
    for (size_t k = 0; k < n_systems; k++) {
        char name[40];
        compiled_t function;
        snprintf(name, sizeof(name), "system_%zu", k);
        *(void **) &function = dlsym(compiled, name);
        CU_ASSERT_FATAL(function != NULL);
        for (size_t i = 0; i < N_POINTS; i++) check_point(&systems[k], function, i, &n_finite, &n_checked);
    }
    CU_ASSERT(n_finite > 0.95 * (double) n_checked);
}

static void refuse(const char *const *names, const char *said)
{
    const ost_model_t *models[2];
    ost_error_t err = { 0 };
    for (int k = 0; k < 2; k++) CU_ASSERT_EQUAL_FATAL(ost_library_get(&library, names[k], &models[k], NULL), 0);
    FILE *out = fopen("/dev/null", "w");
    CU_ASSERT_EQUAL(ost_models_write_mrgsolve(&library.signals, models, 2, out, &err), OST_ERR_MODEL);
    ost_assert_contains(err.what, said);
    fclose(out);
}

/* Two models that drive a signal which one at most may drive, and drives in a circle. */
static void test_wrong(void)
{
    const ost_model_t *model;
    compile();
    CU_ASSERT_EQUAL_FATAL(
        ost_library_read(&library, "a.model",
            "model a \"a\"\nkind other\nstate X = 0 [1] scale 1 \"x\"\nreads estradiol\nX' = -1 [1/d]*X\n"
            "drives aromatase_inhibition = X*estradiol/(1 [pmol/L] + estradiol)\n",
            &model, NULL),
        0);
    CU_ASSERT_EQUAL_FATAL(
        ost_library_read(&library, "b.model",
            "model b \"b\"\nkind other\nstate Y = 1 [1] scale 1 \"y\"\nreads aromatase_inhibition\nY' = -1 [1/d]*Y\n"
            "drives estradiol = (1 - aromatase_inhibition)*Y*1 [pmol/L]\n",
            &model, NULL),
        0);
    refuse((const char *const[]){ "a", "b" }, "depends on itself in these models");
    refuse((const char *const[]){ "hormones", "hormones_men" }, "more than one of these models drives the signal");
}

static const ost_test_t tests[] = {
    { "equations", test_equations },
    { "wrong", test_wrong },
};

OST_TEST_MAIN("mrgsolve", tests)
