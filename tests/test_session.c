/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one door: every wrong argument, every text, and the bits of the engine's own run. */
#include "osteon/session.h"
#include "whole_run.h"

#include <ctype.h>
#include <pthread.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define N_THREADS 8

static ost_call_t *call;
static ost_session_t *session;

static const char drop[] = "model drop \"an amount that goes\"\nkind bone\ncovariate age [y] = 60 in 40..70 \"age\"\n"
                           "param k = 0.5 [1/d] in 0.2..1 spread 0.5 \"elimination\" @ \"assumed: test\"\n"
                           "state body = 1000 [mg] scale 1 \"in the body\"\nbody' = -k*body\n"
                           "output amount [ug] = body \"what is left\"\noutput days [d] = age \"age in days\"\n";
static const char drops[] =
    "models: [drop]\narms: {a: {label: First}, b: {}}\ntimes: [1 day, 2 day]\n"
    "population: {subjects: 150, seed: 3, covariates: {age: {distribution: uniform, from: 41 y, to: 69 y}}}\n";

static void begin(void)
{
    call = ost_call_new();
    session = ost_session_new(call);
    CU_ASSERT_FATAL(session != NULL);
    CU_ASSERT_EQUAL_FATAL(ost_session_add_model(session, "./drop.model", drop, call), 0);
}

static void end(void)
{
    ost_session_free(session);
    ost_call_free(call);
}

static ost_study_t *plan(const char *path, const char *yaml, const char *const *set, size_t n_set)
{
    ost_study_t *study = ost_study_new(session, path, yaml, set, n_set, call);
    if (study == NULL) fprintf(stderr, "\n%s\n", ost_call_error(call, NULL, NULL));
    CU_ASSERT_FATAL(study != NULL);
    return study;
}

/* What a run gave, in the order of subjects. */
typedef struct {
    const ost_study_t *study;
    ost_call_t *call;
    uint64_t first, n, n_sunk, stop_after; /* subjects; stop_after 0: never */
    bool by_call;                          /* stopped by ost_call_stop() */
    double *y, *covariates, *params;       /* [arms][n][outputs][times], [n][covariates], [n][params] */
    unsigned char *status;                 /* [arms][n] */
    int ret;
} kept_t;

static size_t size(const kept_t *self, ost_axis_t axis)
{
    return ost_study_size(self->study, axis);
}

static size_t y_size(const kept_t *self)
{
    return size(self, OST_AXIS_OUTPUT) * size(self, OST_AXIS_TIME);
}

static int take(void *user, uint64_t first, size_t n, const double *outputs, const double *covariates,
    const double *params, const unsigned char *status)
{
    kept_t *self = user;
    size_t n_y = y_size(self), at = (size_t) (first - self->first);
    CU_ASSERT_FATAL(first >= self->first && at + n <= self->n);
    for (size_t a = 0; a < size(self, OST_AXIS_ARM); a++) {
        memcpy(self->y + (a * self->n + at) * n_y, outputs + a * n * n_y, n * n_y * sizeof(double));
        memcpy(self->status + a * self->n + at, status + a * n, n);
    }
    size_t n_covariates = size(self, OST_AXIS_COVARIATE), n_params = size(self, OST_AXIS_PARAM);
    memcpy(self->covariates + at * n_covariates, covariates, n * n_covariates * sizeof(double));
    memcpy(self->params + at * n_params, params, n * n_params * sizeof(double));
    self->n_sunk += n;
    if (self->stop_after == 0 || self->n_sunk < self->stop_after) return 0;
    return self->by_call ? ost_call_stop(self->call) : 1;
}

static void *run_kept(void *user)
{
    kept_t *self = user;
    self->ret = ost_study_run(self->study, self->first, self->n, take, self, self->call);
    return NULL;
}

static kept_t kept_new(const ost_study_t *study, uint64_t first, uint64_t n)
{
    kept_t self = { .study = study, .call = call, .first = first, .n = n };
    self.y = calloc(n * size(&self, OST_AXIS_ARM) * y_size(&self) + 1, sizeof(double));
    self.covariates = calloc(n * size(&self, OST_AXIS_COVARIATE) + 1, sizeof(double));
    self.params = calloc(n * size(&self, OST_AXIS_PARAM) + 1, sizeof(double));
    self.status = calloc(n * size(&self, OST_AXIS_ARM) + 1, 1);
    return self;
}

static kept_t keep_run(const ost_study_t *study, uint64_t first, uint64_t n)
{
    kept_t self = kept_new(study, first, n);
    run_kept(&self);
    CU_ASSERT_EQUAL(self.ret, 0);
    CU_ASSERT_EQUAL(self.n_sunk, n);
    return self;
}

static void kept_free(kept_t *self)
{
    free(self->y);
    free(self->covariates);
    free(self->params);
    free(self->status);
}

/* A part of a run has the bits that the whole has for these subjects. */
static void same_part(const kept_t *whole, const kept_t *part)
{
    size_t n_y = y_size(whole), n_params = size(whole, OST_AXIS_PARAM), n = part->n;
    size_t at = (size_t) (part->first - whole->first);
    for (size_t a = 0; a < size(whole, OST_AXIS_ARM); a++) {
        const double *y = whole->y + (a * whole->n + at) * n_y;
        CU_ASSERT_EQUAL(memcmp(y, part->y + a * n * n_y, n * n_y * sizeof(double)), 0);
        CU_ASSERT_EQUAL(memcmp(whole->status + a * whole->n + at, part->status + a * n, n), 0);
    }
    CU_ASSERT_EQUAL(memcmp(whole->params + at * n_params, part->params, n * n_params * sizeof(double)), 0);
}

static bool is_refused(const char *argument)
{
    char text[80];
    snprintf(text, sizeof(text), "argument '%s' is NULL or out of range", argument);
    return ost_call_code(call) == OST_ERR_ARGUMENT && strcmp(ost_call_error(call, NULL, NULL), text) == 0;
}

/* What a function gives for an argument that is wrong: a code, a pointer, a size; or for one that may be as it is. */
#define CODE(made) ((made) == OST_ERR_ARGUMENT)
#define POINTER(made) ((made) == NULL)
#define SIZE(made) ((made) == 0)
#define RIGHT_VOID(made) ((made), true)
#define RIGHT(made) ((void) (made), ost_call_code(call) == 0)
#define RIGHT_STUDY(made) (ost_study_free(made), ost_call_code(call) == 0)

/* Every argument of every function, NULL and out of range: X(what it gives, function, argument, values) */
#define MISUSES(X)                                                                                                     \
    X(RIGHT_VOID, ost_call_free, call, NULL)                                                                           \
    X(CODE, ost_call_threads, call, NULL, 1)                                                                           \
    X(CODE, ost_call_threads, n, call, -1)                                                                             \
    X(CODE, ost_call_threads, n, call, 65537)                                                                          \
    X(CODE, ost_call_stop, call, NULL)                                                                                 \
    X(POINTER, ost_call_error, call, NULL, &line, &column)                                                             \
    X(RIGHT, ost_call_error, line, call, NULL, &column)                                                                \
    X(RIGHT, ost_call_error, column, call, &line, NULL)                                                                \
    X(CODE, ost_call_code, call, NULL)                                                                                 \
    X(POINTER, ost_session_new, call, NULL)                                                                            \
    X(RIGHT_VOID, ost_session_free, session, NULL)                                                                     \
    X(CODE, ost_session_add_model, session, NULL, "./a.model", drop, call)                                             \
    X(CODE, ost_session_add_model, path, session, NULL, drop, call)                                                    \
    X(CODE, ost_session_add_model, text, session, "./a.model", NULL, call)                                             \
    X(CODE, ost_session_add_model, call, session, "./a.model", drop, NULL)                                             \
    X(SIZE, ost_session_n_models, session, NULL)                                                                       \
    X(POINTER, ost_session_model, session, NULL, 0, "name", call)                                                      \
    X(POINTER, ost_session_model, i, session, n_models, "name", call)                                                  \
    X(POINTER, ost_session_model, i, session, SIZE_MAX, "name", call)                                                  \
    X(POINTER, ost_session_model, what, session, 0, NULL, call)                                                        \
    X(POINTER, ost_session_model, what, session, 0, "colour", call)                                                    \
    X(POINTER, ost_session_model, call, session, 0, "name", NULL)                                                      \
    X(POINTER, ost_study_new, session, NULL, "drops.yaml", drops, NULL, 0, call)                                       \
    X(POINTER, ost_study_new, path, session, NULL, drops, NULL, 0, call)                                               \
    X(POINTER, ost_study_new, path, session, NULL, NULL, NULL, 0, call)                                                \
    X(RIGHT_STUDY, ost_study_new, yaml, session, CONFIG("atac"), NULL, NULL, 0, call)                                  \
    X(POINTER, ost_study_new, set, session, "drops.yaml", drops, NULL, 1, call)                                        \
    X(POINTER, ost_study_new, set, session, "drops.yaml", drops, no_set, 1, call)                                      \
    X(RIGHT_STUDY, ost_study_new, n_set, session, "drops.yaml", drops, no_set, 0, call)                                \
    X(POINTER, ost_study_new, call, session, "drops.yaml", drops, NULL, 0, NULL)                                       \
    X(RIGHT_VOID, ost_study_free, study, NULL)                                                                         \
    X(SIZE, ost_study_size, study, NULL, OST_AXIS_ARM)                                                                 \
    X(SIZE, ost_study_size, axis, study, (ost_axis_t) (OST_AXIS_SUBJECT + 1))                                          \
    X(SIZE, ost_study_size, axis, study, (ost_axis_t) -1)                                                              \
    X(POINTER, ost_study_text, study, NULL, OST_AXIS_ARM, 0, "name")                                                   \
    X(POINTER, ost_study_text, axis, study, OST_AXIS_SUBJECT, 0, "name")                                               \
    X(POINTER, ost_study_text, axis, study, (ost_axis_t) (OST_AXIS_SUBJECT + 1), 0, "name")                            \
    X(POINTER, ost_study_text, axis, study, (ost_axis_t) -1, 0, "name")                                                \
    X(POINTER, ost_study_text, i, study, OST_AXIS_ARM, 2, "name")                                                      \
    X(POINTER, ost_study_text, i, study, OST_AXIS_ARM, SIZE_MAX, "name")                                               \
    X(POINTER, ost_study_text, what, study, OST_AXIS_ARM, 0, NULL)                                                     \
    X(POINTER, ost_study_text, what, study, OST_AXIS_ARM, 0, "colour")                                                 \
    X(CODE, ost_study_values, study, NULL, OST_AXIS_TIME, values)                                                      \
    X(CODE, ost_study_values, axis, study, (ost_axis_t) (OST_AXIS_SUBJECT + 1), values)                                \
    X(CODE, ost_study_values, axis, study, (ost_axis_t) -1, values)                                                    \
    X(CODE, ost_study_values, values, study, OST_AXIS_TIME, NULL)                                                      \
    X(SIZE, ost_study_yaml, study, NULL, text, sizeof(text))                                                           \
    X(SIZE, ost_study_yaml, buf, study, NULL, sizeof(text))                                                            \
    X(RIGHT, ost_study_yaml, size, study, text, 0)                                                                     \
    X(CODE, ost_study_run, study, NULL, 0, 1, take, NULL, call)                                                        \
    X(CODE, ost_study_run, first, study, UINT64_MAX, 1, take, NULL, call)                                              \
    X(CODE, ost_study_run, first, study, ((uint64_t) 1 << 62) + 1, 0, take, NULL, call)                                \
    X(CODE, ost_study_run, n, study, 1, UINT64_MAX, take, NULL, call)                                                  \
    X(CODE, ost_study_run, sink, study, 0, 1, NULL, NULL, call)                                                        \
    X(CODE, ost_study_run, sink, study, 0, 0, NULL, NULL, call)                                                        \
    X(RIGHT, ost_study_run, user, study, 0, 0, take, NULL, call)                                                       \
    X(CODE, ost_study_run, call, study, 0, 1, take, NULL, NULL)

/* The functions of the header, each with the names of its arguments between blanks, as in " study axis ". */
typedef struct {
    char name[40], arguments[80], tried[80];
} function_t;

static function_t functions[64];
static size_t n_functions;

static void read_header(void)
{
    static char text[65536];
    FILE *file = fopen(OST_SOURCE_DIR "/include/osteon/session.h", "r");
    CU_ASSERT_FATAL(file != NULL);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    n_functions = 0;
    for (char *at = text; (at = strstr(at, "\nOST_API ")) != NULL;) {
        function_t *made = &functions[n_functions++];
        char *open = strchr(at, '('), *close = strchr(at, ')'), *name = open;
        CU_ASSERT_FATAL(n_functions < COUNT(functions) && open != NULL && close != NULL);
        while (isalnum((unsigned char) name[-1]) || name[-1] == '_') name--;
        *made = (function_t){ .arguments = " ", .tried = " " };
        snprintf(made->name, sizeof(made->name), "%.*s", (int) (open - name), name);
        for (at = open; at < close; at = open) {
            open += 1 + strcspn(open + 1, ",)");
            for (name = open; isalnum((unsigned char) name[-1]) || name[-1] == '_';) name--;
            size_t n = strlen(made->arguments);
            if ((int) (open - name) != 4 || strncmp(name, "void", 4) != 0)
                snprintf(made->arguments + n, sizeof(made->arguments) - n, "%.*s ", (int) (open - name), name);
        }
    }
}

static bool has_word(const char *words, const char *word)
{
    char text[40];
    snprintf(text, sizeof(text), " %s ", word);
    return strstr(words, text) != NULL;
}

/* @param is_wrong  the argument is, and not only unusual; @param ok  the function gave what it should */
static void judge(const char *name, const char *argument, bool is_wrong, bool ok)
{
    size_t i = 0;
    while (i < n_functions && strcmp(functions[i].name, name) != 0) i++;
    CU_ASSERT_FATAL(i < n_functions && has_word(functions[i].arguments, argument));
    size_t n = strlen(functions[i].tried);
    if (!has_word(functions[i].tried, argument))
        snprintf(functions[i].tried + n, sizeof(functions[i].tried) - n, "%s ", argument);
    if (is_wrong && has_word(functions[i].arguments, "call") && strcmp(argument, "call") != 0)
        ok = ok && is_refused(argument);
    if (!ok) fprintf(stderr, "\n%s, %s: %s\n", name, argument, ost_call_error(call, NULL, NULL));
    CU_ASSERT(ok);
}

static void test_arguments(void)
{
    static const char *const no_set[] = { NULL };
    double values[8];
    char text[8], name[40];
    int line = 7, column = 7;
    begin();
    read_header();
    ost_study_t *study = plan("drops.yaml", drops, NULL, 0);
    size_t n_models = ost_session_n_models(session), n_listed = 0;
#define JUDGE(HOW, function, argument, ...)                                                                            \
    CU_ASSERT_EQUAL(ost_call_threads(call, 1), 0); /* no error is left of the last one */                              \
    judge(#function, #argument, strncmp(#HOW, "RIGHT", 5) != 0, HOW(function(__VA_ARGS__)));
    MISUSES(JUDGE)
    FILE *list = fopen(OST_SOURCE_DIR "/tests/abi.txt", "r");
    CU_ASSERT_FATAL(list != NULL);
    for (; fscanf(list, "%39s", name) == 1; n_listed++) {
        size_t i = 0;
        while (i < n_functions && strcmp(functions[i].name, name) != 0) i++;
        CU_ASSERT_FATAL(i < n_functions);
        CU_ASSERT_EQUAL(strlen(functions[i].tried), strlen(functions[i].arguments));
    }
    fclose(list);
    CU_ASSERT_EQUAL(n_listed, n_functions);
    CU_ASSERT_EQUAL(ost_session_n_models(session), n_models);
    ost_study_free(study);
    end();
}

static void test_without_a_call(void)
{
    int line = 7, column = 7;
    CU_ASSERT_EQUAL(ost_session_version(), OST_SESSION_VERSION);
    CU_ASSERT_PTR_NULL(ost_call_error(NULL, &line, &column));
    CU_ASSERT(line == 0 && column == 0);
    begin();
    CU_ASSERT_PTR_NULL(ost_study_new(session, "no/such.yaml", NULL, NULL, 0, call));
    ost_assert_contains(ost_call_error(call, NULL, NULL), "no/such.yaml");
    CU_ASSERT_EQUAL(ost_call_threads(call, 0), 0);
    CU_ASSERT_STRING_EQUAL(ost_call_error(call, NULL, NULL), "");
    end();
}

static void test_models(void)
{
    begin();
    size_t n = ost_session_n_models(session), n_builtins;
    ost_library_builtin_names(&n_builtins);
    CU_ASSERT_EQUAL_FATAL(n, n_builtins + 1);
    for (size_t i = 0; i < n; i++) {
        const char *name = ost_session_model(session, i, "name", call),
                   *text = ost_session_model(session, i, "text", call);
        char head[80];
        CU_ASSERT_FATAL(name != NULL && text != NULL);
        snprintf(head, sizeof(head), "model %s \"", name);
        ost_assert_contains(text, head);
        CU_ASSERT(strlen(ost_session_model(session, i, "title", call)) > 0);
    }
    CU_ASSERT_STRING_EQUAL(ost_session_model(session, n - 1, "name", call), "drop");
    CU_ASSERT_STRING_EQUAL(ost_session_model(session, n - 1, "kind", call), "bone");
    CU_ASSERT_STRING_EQUAL(ost_session_model(session, n - 1, "title", call), "an amount that goes");
    CU_ASSERT_STRING_EQUAL(ost_session_model(session, n - 1, "text", call), drop);
    int line, column;
    CU_ASSERT_EQUAL(ost_session_add_model(session, "./drop.model", drop, call), OST_ERR_NAME);
    CU_ASSERT_EQUAL(ost_session_add_model(session, "./bad.model", "model bad \"x\"\nstat x = 1", call), OST_ERR_SYNTAX);
    ost_assert_contains(ost_call_error(call, &line, &column), "./bad.model:2:1: ");
    CU_ASSERT(line == 2 && column == 1);
    CU_ASSERT_EQUAL(ost_session_n_models(session), n);
    CU_ASSERT_PTR_NULL(ost_study_new(session, "x.yaml", "models: [drop]\narms: {}\ntimes: [1 dayy]\n", NULL, 0, call));
    ost_assert_contains(ost_call_error(call, &line, &column), "x.yaml:3:");
    CU_ASSERT_EQUAL(ost_call_code(call), OST_ERR_UNIT);
    CU_ASSERT(line == 3 && column > 0);
    end();
}

static void test_texts(void)
{
    begin();
    const char *const set[] = { "outputs=[days, amount]" };
    ost_study_t *study = plan("drops.yaml", drops, set, 1);
    const size_t sizes[] = { 2, 2, 2, 2, 1, 150 };
    for (int a = 0; a < (int) COUNT(sizes); a++) CU_ASSERT_EQUAL_FATAL(ost_study_size(study, (ost_axis_t) a), sizes[a]);
    const struct {
        ost_axis_t axis;
        size_t i;
        const char *name, *unit, *title;
        double value;
    } right[] = {
        { OST_AXIS_ARM, 0, "a", "", "First", NAN },
        { OST_AXIS_OUTPUT, 0, "days", "d", "age in days", NAN },
        { OST_AXIS_OUTPUT, 1, "amount", "ug", "what is left", NAN },
        { OST_AXIS_TIME, 1, "", "d", "", 2 },
        { OST_AXIS_PARAM, 0, "drop.age", "y", "age", 60 },
        { OST_AXIS_PARAM, 1, "drop.k", "1/d", "elimination", 0.5 },
        { OST_AXIS_COVARIATE, 0, "age", "y", "", NAN },
    };
    for (size_t i = 0; i < COUNT(right); i++) {
        double values[2];
        CU_ASSERT_STRING_EQUAL(ost_study_text(study, right[i].axis, right[i].i, "name"), right[i].name);
        CU_ASSERT_STRING_EQUAL(ost_study_text(study, right[i].axis, right[i].i, "unit"), right[i].unit);
        CU_ASSERT_STRING_EQUAL(ost_study_text(study, right[i].axis, right[i].i, "title"), right[i].title);
        CU_ASSERT_EQUAL(ost_study_values(study, right[i].axis, values), 0);
        ost_assert_close(values[right[i].i], right[i].value, 1e-15, 0);
    }
    CU_ASSERT_STRING_EQUAL(ost_study_text(study, OST_AXIS_OUTPUT, 1, "index"), "");
    double numbers[150];
    CU_ASSERT_EQUAL(ost_study_values(study, OST_AXIS_SUBJECT, numbers), 0);
    CU_ASSERT(numbers[0] == 0 && numbers[149] == 149);
    ost_study_t *sites =
        plan("sites.yaml", "models: [aibl, hormones]\noutputs: [bmd]\narms: {a: {}}\ntimes: [1 day]\n", NULL, 0);
    CU_ASSERT_STRING_EQUAL(ost_study_text(sites, OST_AXIS_OUTPUT, 1, "name"), "bmd[total_hip]");
    CU_ASSERT_STRING_EQUAL(ost_study_text(sites, OST_AXIS_OUTPUT, 1, "index"), "site");
    ost_study_free(sites);
    /* reported units: y and d, 1/d, ug of what decays */
    kept_t kept = keep_run(study, 0, 150);
    for (size_t i = 0; i < kept.n; i++) {
        double age = kept.covariates[i], k = kept.params[2 * i + 1];
        CU_ASSERT(age > 41 && age < 69 && k >= 0.2 && k <= 1);
        ost_assert_close(kept.params[2 * i], age, 1e-15, 0);
        ost_assert_close(kept.y[4 * i], age * 365.25, 1e-14, 0);
        ost_assert_close(kept.y[4 * i + 3], 1e6 * exp(-2 * k), 1e-3, 0);
    }
    kept_free(&kept);
    ost_study_free(study);
    end();
}

/* 40 women, 4 arms, 5 times: 800 values of the hip among them. */
static void test_same_bits(void)
{
    begin();
    const char *const set[] = { "population.subjects=40", "times={to: 2 year, every: 6 month}" };
    run_t engine;
    run_init(&engine, CONFIG("atac"), set, COUNT(set), 1, false);
    ost_study_t *study = plan(CONFIG("atac"), NULL, set, COUNT(set));
    kept_t kept = keep_run(study, 0, 40), first = keep_run(study, 0, 13), rest = keep_run(study, 13, 27);
    size_t n_y = y_size(&kept), hip = 0, n_equal = 0;
    while (strcmp(ost_study_text(study, OST_AXIS_OUTPUT, hip, "name"), "bmd[total_hip]") != 0) hip++;
    CU_ASSERT_EQUAL_FATAL(n_y, engine.plan.system->n_outputs * 5);
    CU_ASSERT_EQUAL_FATAL(hip, variable(&engine, "bmd")->first + 1);
    for (size_t job = 0; job < 160; job++)
        for (size_t k = job * n_y + hip * 5; k < job * n_y + hip * 5 + 5; k++)
            n_equal += memcmp(&kept.y[k], &engine.y[k], sizeof(double)) == 0 && isfinite(kept.y[k]);
    CU_ASSERT_EQUAL(n_equal, 800);
    CU_ASSERT_EQUAL(memcmp(kept.y, engine.y, 160 * n_y * sizeof(double)), 0);
    same_part(&kept, &first);
    same_part(&kept, &rest);
    kept_free(&kept);
    kept_free(&first);
    kept_free(&rest);
    ost_study_free(study);
    run_free(&engine);
    end();
}

/* The outputs that are asked for, in their order, whatever else conditions of the experiment evaluate. */
static void test_selected_outputs(void)
{
    begin();
    const char *const all[] = { "population.eligible=days > 18000 [d]" };
    const char *const one[] = { "population.eligible=days > 18000 [d]", "outputs=[amount]" };
    const char *const turned[] = { "outputs=[days, amount]", "population.eligible=days > 18000 [d]" };
    ost_study_t *studies[] = { plan("drops.yaml", drops, all, 1), plan("drops.yaml", drops, one, 2),
        plan("drops.yaml", drops, turned, 2) };
    kept_t a = keep_run(studies[0], 0, 150), b = keep_run(studies[1], 0, 150), c = keep_run(studies[2], 0, 150);
    CU_ASSERT_EQUAL_FATAL(y_size(&b), 2);
    size_t n_out = 0;
    for (size_t i = 0; i < 300; i++) {
        CU_ASSERT_EQUAL(memcmp(a.y + 4 * i, b.y + 2 * i, 2 * sizeof(double)), 0);
        CU_ASSERT_EQUAL(memcmp(a.y + 4 * i, c.y + 4 * i + 2, 2 * sizeof(double)), 0);
        CU_ASSERT_EQUAL(memcmp(a.y + 4 * i + 2, c.y + 4 * i, 2 * sizeof(double)), 0);
        n_out += isnan(a.y[4 * i]) != 0;
    }
    CU_ASSERT(n_out > 0 && n_out < 300);
    kept_free(&a);
    kept_free(&b);
    kept_free(&c);
    for (size_t i = 0; i < 3; i++) ost_study_free(studies[i]);
    end();
}

static void test_parts_of_a_latin_hypercube(void)
{
    begin();
    const char *const set[] = { "population.sampling=latin_hypercube" };
    ost_study_t *study = plan("drops.yaml", drops, set, 1);
    kept_t whole = keep_run(study, 0, 150), part = keep_run(study, 60, 90);
    same_part(&whole, &part);
    CU_ASSERT_EQUAL(ost_study_run(study, 60, 91, take, &part, call), OST_ERR_ARGUMENT);
    CU_ASSERT(is_refused("n"));
    kept_free(&whole);
    kept_free(&part);
    ost_study_free(study);
    end();
}

static void test_failures(void)
{
    begin();
    const char *const set[] = { "population.covariates.age.to=79 y" };
    ost_study_t *study = plan("drops.yaml", drops, set, 1);
    kept_t kept = keep_run(study, 0, 150);
    size_t n_failed = 0;
    for (size_t i = 0; i < 150; i++) {
        CU_ASSERT_EQUAL(kept.status[150 + i], kept.covariates[i] > 70 ? -OST_ERR_VALUE : 0);
        CU_ASSERT_EQUAL(isnan(kept.y[4 * (150 + i)]) != 0, kept.covariates[i] > 70);
        n_failed += kept.status[i] != 0;
    }
    CU_ASSERT(n_failed > 0 && n_failed < 150);
    kept_free(&kept);
    ost_study_free(study);
    end();
}

static void test_stop(void)
{
    begin();
    ost_study_t *study = plan("drops.yaml", drops, NULL, 0);
    CU_ASSERT_EQUAL(ost_call_threads(call, 1), 0);
    for (int by_call = 0; by_call < 2; by_call++) {
        kept_t kept = kept_new(study, 0, 640);
        kept.stop_after = 65;
        kept.by_call = by_call;
        run_kept(&kept);
        CU_ASSERT_EQUAL(kept.ret, 1);
        CU_ASSERT_EQUAL(kept.n_sunk, 128);
        CU_ASSERT_STRING_EQUAL(ost_call_error(call, NULL, NULL), "");
        kept_free(&kept);
    }
    /* one that comes before the run, which uses it up */
    kept_t kept = kept_new(study, 0, 150);
    CU_ASSERT_EQUAL(ost_call_stop(call), 0);
    run_kept(&kept);
    CU_ASSERT(kept.ret == 1 && kept.n_sunk == 0);
    run_kept(&kept);
    CU_ASSERT(kept.ret == 0 && kept.n_sunk == 150);
    kept_free(&kept);
    ost_study_free(study);
    end();
}

static int run_inside(void *user, uint64_t first, size_t n, const double *outputs, const double *covariates,
    const double *params, const unsigned char *status)
{
    (void) first, (void) n, (void) outputs, (void) covariates, (void) params, (void) status;
    run_kept(user);
    return 0;
}

static void test_threads(void)
{
    begin();
    ost_study_t *study = plan("drops.yaml", drops, NULL, 0);
    kept_t whole = keep_run(study, 0, 400), kept[N_THREADS];
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        kept[i] = kept_new(study, 20 * i, 260);
        kept[i].call = ost_call_new();
        CU_ASSERT_EQUAL(ost_call_threads(kept[i].call, 1 + (int) i % 3), 0);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, run_kept, &kept[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(kept[i].ret, 0);
        CU_ASSERT_EQUAL(kept[i].n_sunk, 260);
        same_part(&whole, &kept[i]);
        ost_call_free(kept[i].call);
        kept_free(&kept[i]);
    }
    /* a run that the sink of another begins */
    kept_t inner = kept_new(study, 100, 70);
    inner.call = ost_call_new();
    CU_ASSERT_EQUAL(ost_study_run(study, 0, 64, run_inside, &inner, call), 0);
    same_part(&whole, &inner);
    ost_call_free(inner.call);
    kept_free(&inner);
    kept_free(&whole);
    ost_study_free(study);
    end();
}

static void test_yaml(void)
{
    begin();
    const char *const set[] = { "population.seed=11", "arms.b.label='12'", "arms.c={}",
        "title=\"two\\nlines: # \u00e9\"" };
    ost_study_t *study = plan("drops.yaml", drops, set, COUNT(set));
    size_t n = ost_study_yaml(study, NULL, 0);
    char *yaml = malloc(n + 1), head[9];
    CU_ASSERT_FATAL(n > strlen(drops) && yaml != NULL);
    CU_ASSERT_EQUAL(ost_study_yaml(study, yaml, n + 1), n);
    CU_ASSERT_EQUAL(strlen(yaml), n);
    CU_ASSERT_EQUAL(ost_study_yaml(study, head, sizeof(head)), n);
    CU_ASSERT(strlen(head) == 8 && strncmp(head, yaml, 8) == 0);
    ost_study_t *again = plan("drops.yaml", yaml, NULL, 0);
    CU_ASSERT_STRING_EQUAL(ost_study_text(again, OST_AXIS_ARM, 1, "title"), "12");
    kept_t a = keep_run(study, 0, 70), b = keep_run(again, 0, 70);
    same_part(&a, &b);
    CU_ASSERT_EQUAL(size(&b, OST_AXIS_ARM), 3);
    char *twice = malloc(n + 1);
    CU_ASSERT_EQUAL(ost_study_yaml(again, twice, n + 1), n);
    CU_ASSERT_STRING_EQUAL(twice, yaml);
    kept_free(&a);
    kept_free(&b);
    free(yaml);
    free(twice);
    ost_study_free(study);
    ost_study_free(again);
    end();
}

static const ost_test_t tests[] = {
    { "arguments", test_arguments },
    { "without_a_call", test_without_a_call },
    { "models", test_models },
    { "texts", test_texts },
    { "same_bits", test_same_bits },
    { "selected_outputs", test_selected_outputs },
    { "parts_of_a_latin_hypercube", test_parts_of_a_latin_hypercube },
    { "failures", test_failures },
    { "stop", test_stop },
    { "threads", test_threads },
    { "yaml", test_yaml },
};

OST_TEST_MAIN("session", tests)
