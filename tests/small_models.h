/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small models with known answers, and experiments over them, for the tests of plans and cohorts. */
#ifndef OST_SMALL_MODELS_H
#define OST_SMALL_MODELS_H

#include "lang/model_impl.h"
#include "plan/plan.h"
#include "testlib.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const ost_builtin_t small_models[] = {
    { .name = "signals",
        .text = "signal share [1] = 0 combine fraction \"a share that is blocked\"\n"
                "signal load [1] = 0 combine sum \"exposures that add\"\n"
                "signal hormone [pmol/L] combine one \"no neutral value\"\n"
                "signal level [1] = 2 combine one \"a neutral value of 2\"\n"
                "signal tone [1] = 0 combine one \"half of a loop\"\n"
                "signal echo [1] = 0 combine one \"the other half\"\n" },
    /* absorbed at 3/d, eliminated at ke: drives two signals, of which one saturates */
    { .name = "pill",
        .text = "model pill \"a drug by mouth\"\n"
                "kind drug\n"
                "param ke = 0.5 [1/d] in 0.2..1 spread 0.5 \"elimination\" @ \"assumed: test\"\n"
                "param K = 2 [mg] \"half effect\" @ \"assumed: test\"\n"
                "state gut = 0 [mg] scale 1 \"in the gut\"\n"
                "state body = 0 [mg] scale 1 \"in the body\"\n"
                "gut' = -3 [1/d]*gut\n"
                "body' = 3 [1/d]*gut - ke*body\n"
                "dose gut\n"
                "drives share = body/(K + body)\n"
                "drives load = body/K\n"
                "output pill_amount [ug] = body \"drug in the body\"\n" },
    { .name = "patch",
        .text = "model patch \"a second drug\"\n"
                "kind drug\n"
                "param ke = 0.1 [1/d] \"elimination\" @ \"assumed: test\"\n"
                "param K = 5 [mg] \"half effect\" @ \"assumed: test\"\n"
                "state skin = 0 [mg] scale 1 \"in the body\"\n"
                "skin' = -ke*skin\n"
                "dose skin\n"
                "drives share = 0.5*skin/(K + skin)\n"
                "drives load = skin/K\n"
                "output patch_amount [mg] = skin \"drug in the body\"\n" },
    { .name = "axis",
        .text = "model axis \"a hormone that a drug blocks\"\n"
                "kind hormones\n"
                "reads share\n"
                "covariate age [y] = 60 in 40..90 \"age\"\n"
                "param E0 = 20 [pmol/L] in 5..80 spread 0.3 \"at rest\" @ \"assumed: test\"\n"
                "state E = E0 [pmol/L] scale 10 \"hormone\"\n"
                "E' = 1 [1/d]*(E0*(1 - share) - E) + 0.001 [1/d]*E0*(age/60 [y] - 1)\n"
                "drives hormone = E\n"
                "output hormone [pmol/L] = E \"hormone\"\n" },
    { .name = "bone",
        .text = "model bone \"what feels it all\"\n"
                "kind bone\n"
                "index site = spine, hip\n"
                "reads hormone, load, level\n"
                "param k[site] = 0.01, 0.02 [1/d] in 0.001..0.1 spread 0.2 \"pace\" @ \"assumed: test\"\n"
                "param g = 0.5 [1] in 0..1 spread normal 0.1 \"weight\" @ \"assumed: test\"\n"
                "param f = 0.3 [1] in 0.05..0.95 spread logit 0.5 \"share\" @ \"assumed: test\"\n"
                "param r = 1 [1] in 1..9 spread choice 1: 0.5, 3: 0.3, 9: 0.2 \"kind of person\" @ \"assumed: test\"\n"
                "state C = 1 [1] \"cells\"\n"
                "state M[site] = 1 [1] \"bone\"\n"
                "C' = 0.1 [1/d]*(20 [pmol/L]/(10 [pmol/L] + hormone) - C*(g + f + load/(1 + load)*level) + 0.01*r)\n"
                "M[site]' = k[site]*(1 - C*M[site])\n"
                "output cells [1] = C \"cells\"\n"
                "output bmd[site] [g/cm2] = 1 [g/cm2]*M[site] \"density\"\n" },
    /* a drug that feels the bone's answer through an algebraic chain */
    { .name = "relay",
        .text = "model relay \"passes a tone on\"\n"
                "kind other\n"
                "reads tone, load\n"
                "state W = 1 [1] \"memory\"\n"
                "W' = 0.3 [1/d]*(1 + tone - W)\n"
                "drives level = 2 + tone*tone + 0.1*load + W\n"
                "output memory [1] = W \"memory\"\n" },
    { .name = "source",
        .text = "model source \"makes a tone that changes with time\"\n"
                "kind other\n"
                "state S = 0.5 [1] signed \"tone\"\n"
                "S' = 0.2 [1/d]*(1 - S)*exp(-time/100 [d])\n"
                "drives tone = S*exp(-time/50 [d])\n"
                "output tone_out [1] = S \"tone\"\n" },
    { .name = "mirror",
        .text = "model mirror \"echo from tone\"\nkind other\nreads tone\ndrives echo = tone + 1\n"
                "output mirror_out [1] = tone \"t\"\n" },
    { .name = "prism",
        .text = "model prism \"tone from echo\"\nkind other\nreads echo\ndrives tone = 0.5*echo\n"
                "output cells [1] = echo \"also called cells\"\n" },
    /* drugs that must not sleep: one is not at rest, the other changes with time */
    { .name = "leftover",
        .text = "model leftover \"some of it is there already\"\nkind drug\nstate A = 5 [mg] \"amount\"\n"
                "A' = -0.1 [1/d]*A\ndose A\ndrives load = A/5 [mg]\noutput leftover_amount [mg] = A \"amount\"\n" },
    { .name = "tide",
        .text = "model tide \"its clearance changes\"\nkind drug\nstate A = 0 [mg] scale 1 \"amount\"\n"
                "A' = -0.1 [1/d]*(1 + time/100 [d])*A\ndose A\ndrives load = A/5 [mg]\n"
                "output tide_amount [mg] = A \"amount\"\n" },
    /* conditions in two models, one on the other's drive: fills at 0.1/d up to 2, at 0.05/d from there */
    { .name = "pool",
        .text =
            "model pool \"fills\"\nkind other\nstate W = 0 [1] scale 1 \"level\"\n"
            "W' = if W < 2 then 0.1 [1/d] else 0.05 [1/d]\ndrives load = W\noutput pool_level [1] = W \"level\"\n" },
    { .name = "gate",
        .text = "model gate \"opens\"\nkind other\nreads load\n"
                "param dip = -2 [1] in -4..-1 \"negative\" @ \"assumed: test\"\n"
                "state G = 0 [1] scale 1 signed \"days open\"\n"
                "G' = if load > 3 and time < 70 [d] then 1 [1/d] else 0 [1/d]\n"
                "output open [1] = if load > 3 then 1 else 0 \"is it open\"\n"
                "output gone [1] = G + 0*dip \"days open\"\n" },
    { .name = "needy",
        .text = "model needy \"cannot do without a covariate\"\nkind other\ncovariate weight [kg] \"body weight\"\n"
                "state N = 0 [1] scale 1 \"n\"\nN' = weight/70 [kg]*1 [1/d]\noutput needs [1] = N \"n\"\n" },
    /* what noise is of and on: two people's worth of it, one alone */
    { .name = "scanner",
        .text = "model scanner \"reads a hormone, badly\"\nkind other\nindex eye = left, right\nreads hormone\n"
                "param patience = 3 [d] spread exponential \"waits so long\" @ \"assumed: test\"\n"
                "param hurry = 3 [d] in 1..6 spread exponential \"waits so long\" @ \"assumed: test\"\n"
                "noise blur[eye] \"of one eye\"\nnoise mood \"of both\"\n"
                "let seen[eye] = log(hormone/20 [pmol/L]) + 0.03*blur[eye] + 0.04*mood\n"
                "output reading[eye] [1] = seen[eye] \"log of the hormone\"\n"
                "output high [1] = if max(seen[left], seen[right]) > 0 then 1 else 0 \"above 20\"\n"
                "output waits [d] = patience + 0*hurry \"waiting time\"\n" },
    /* x' = x^2: infinite at t = 1/x0 */
    { .name = "bomb",
        .text = "model bomb \"blows up\"\nkind other\n"
                "covariate fuse [1/d] = 0.01 in 0..10 \"1 over the time of explosion\"\n"
                "param one = 1 [1] in 0.5..2 spread 0.1 \"size\" @ \"assumed: test\"\n"
                "state X = fuse [1/d] scale 0.1 \"charge\"\n"
                "X' = X*X\n"
                "output charge [1/d] = one*X \"charge\"\n"
                "output margin [1] = sqrt(2 - X/fuse) \"no value once the charge has doubled\"\n" },
};

/* The table of them. */
static inline const ost_builtin_t *const *small_table(void)
{
    static const ost_builtin_t *small[COUNT(small_models)];
    for (size_t i = 0; i < COUNT(small_models); i++) small[i] = &small_models[i];
    return small;
}

static inline void open_library(ost_library_t *library)
{
    CU_ASSERT_EQUAL_FATAL(ost_library_init_with(library, small_table(), COUNT(small_models), NULL), 0);
}

/* Unit and dimension by text. */
static inline ost_unit_t unit_of(const char *text)
{
    ost_unit_t unit = { 0 };
    CU_ASSERT_EQUAL_FATAL(ost_unit_parse(&unit, text, NULL), 0);
    return unit;
}

/* A string literal for the non-const fields of an experiment, which nobody writes to. */
static inline char *text(const char *literal)
{
    union {
        const char *from;
        char *to;
    } u = { literal };
    return u.to;
}

static inline ost_regimen_t doses(const char *drug, double mg, double interval, double start, double stop)
{
    return (ost_regimen_t){ .drug = text(drug),
        .amount = mg,
        .dim = unit_of("mg").dim,
        .interval = interval,
        .start = start,
        .stop = stop,
        .location = { 7, 3 } };
}

/* One of the fixture's experiments: its arrays live as long as the struct. */
typedef struct {
    ost_library_t library;
    ost_experiment_t e;
    char *models[8];
    ost_location_t locations[8];
    ost_arm_t arms[4];
    ost_regimen_t regimens[4][4];
    ost_drive_input_t inputs[4][4];
    ost_covariate_t covariates[4];
    ost_param_setting_t settings[8];
    double times[64];
    ost_plan_t plan;
    ost_error_t err;
} study_t;

/* Models by name ("bone axis"), one arm without doses, outputs on days 0, 10, ... 100, exact dosing, one subject. */
static inline void study_init(study_t *self, const char *const *models, size_t n_models)
{
    memset(self, 0, sizeof(*self));
    open_library(&self->library);
    for (size_t i = 0; i < n_models; i++) {
        self->models[i] = text(models[i]);
        self->locations[i] = (ost_location_t){ 3, (int) (10 + i) };
    }
    for (int i = 0; i <= 10; i++) self->times[i] = 10 * i;
    static const char *const names[] = { "control", "treated", "third", "fourth" };
    for (int a = 0; a < 4; a++)
        self->arms[a] = (ost_arm_t){ .name = text(names[a]),
            .label = text(names[a]),
            .regimens = self->regimens[a],
            .inputs = self->inputs[a],
            .location = { 20 + a, 1 } };
    self->e = (ost_experiment_t){ .name = text("study"),
        .title = text("a study"),
        .path = text("study.yaml"),
        .models = self->models,
        .model_locations = self->locations,
        .n_models = n_models,
        .n_subjects = 1,
        .seed = 5,
        .covariates = self->covariates,
        .variability = true,
        .settings = self->settings,
        .arms = self->arms,
        .n_arms = 1,
        .times = self->times,
        .n_times = 11,
        .dosing = OST_DOSING_EXACT };
    ost_solver_options_default(&self->e.solver);
}
#define STUDY(self, ...)                                                                                               \
    study_init(self, (const char *const[]){ __VA_ARGS__ }, COUNT(((const char *const[]){ __VA_ARGS__ })))

static inline void give(study_t *self, size_t arm, ost_regimen_t regimen)
{
    self->regimens[arm][self->arms[arm].n_regimens++] = regimen;
}

static inline void drive(
    study_t *self, size_t arm, const char *signal, double value, const char *unit, double start, double stop)
{
    ost_unit_t u = unit_of(unit);
    self->inputs[arm][self->arms[arm].n_inputs++] = (ost_drive_input_t){ .signal = text(signal),
        .value = value * u.factor,
        .dim = u.dim,
        .start = start,
        .stop = stop,
        .location = { 9, 5 } };
}

static inline int study_plan(study_t *self)
{
    int ret = ost_plan_build(&self->plan, &self->library, &self->e, &self->err);
    CU_ASSERT_EQUAL(self->err.code, ret);
    return ret;
}

static inline void must_plan(study_t *self)
{
    char buf[1024];
    if (study_plan(self) < 0) fprintf(stderr, "\n%s\n", ost_error_format(&self->err, buf, sizeof(buf)));
    CU_ASSERT_FATAL(self->plan.blocks->n > 0);
}

static inline void study_free(study_t *self)
{
    ost_plan_free(&self->plan);
    ost_library_free(&self->library);
    ost_memory_free(&self->e.memory);
}

/* Row of an output by variable and element. */
static inline size_t output_row(const ost_plan_t *plan, const char *name, size_t element)
{
    for (size_t i = 0; i < plan->outputs->n_variables; i++)
        if (strcmp(plan->outputs->variables[i].name, name) == 0) return plan->outputs->variables[i].first + element;
    CU_FAIL_FATAL("no such output");
    return 0;
}

static inline size_t state_index(const ost_plan_t *plan, const char *name)
{
    for (size_t i = 0; i < plan->system->n_states; i++)
        if (strcmp(plan->system->state_names[i], name) == 0) return i;
    CU_FAIL_FATAL("no such state");
    return 0;
}

static inline size_t param_index(const ost_plan_t *plan, const char *name)
{
    char buf[256];
    for (size_t i = 0; i < plan->blocks->n_params; i++)
        if (strcmp(ost_blocks_param_name(plan->blocks, i, buf, sizeof(buf)), name) == 0) return i;
    CU_FAIL_FATAL("no such parameter");
    return 0;
}

/* Four models, and two arms: none and all kinds of inputs. */
static inline void full_study(study_t *s)
{
    STUDY(s, "bone", "axis", "relay", "source");
    s->e.n_arms = 2;
    give(s, 1, doses("pill", 4, 1, 0, 60));
    give(s, 1, doses("patch", 10, 30, 5, 100));
    drive(s, 1, "share", 0.25, "1", 40, 50);
    must_plan(s);
}

#endif
