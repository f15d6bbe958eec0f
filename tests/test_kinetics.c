/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which states of the shipped drugs have linear kinetics, and their closed form against integration. */
#include "lang/model_impl.h"
#include "one_person.h"

typedef struct {
    const char *drug, *closed; /* states of its linear part, each after a space, then with > those that they feed */
    const char *output;        /* a linear function of closed states; NULL: the drug has no such output */
    const char *extra;         /* of its arm */
} drug_t;

#define INDUCTION "    signals: [{signal: enzyme_induction, value: 1, start: 30 day, stop: 45 day}]\n"
#define BISPHOSPHONATE(name)                                                                                           \
    {                                                                                                                  \
        name, " plasma >sites >surface", NULL, ""                                                                      \
    }

/* Drugs of models/drugs. Three equal rates in a row, as goserelin's, have fewer modes than states. */
static const drug_t drugs[] = {
    BISPHOSPHONATE("alendronate"),
    { "anastrozole", " depot central", "anastrozole_concentration", INDUCTION },
    { "denosumab", " depot >central", NULL, "" },
    { "estradiol_oral", " depot central", "estradiol_oral_concentration", "" },
    { "estradiol_patch", " central", "estradiol_patch_concentration", "" },
    { "exemestane", " depot central", "exemestane_concentration", "" },
    { "goserelin", " implant swollen eroding", NULL, "" },
    BISPHOSPHONATE("ibandronate_iv"),
    BISPHOSPHONATE("ibandronate_oral"),
    { "letrozole", " depot central", "letrozole_concentration", INDUCTION },
    { "raloxifene", " depot central", "raloxifene_concentration", "" },
    BISPHOSPHONATE("risedronate"),
    { "romosozumab", " depot >central", NULL, "" },
    { "tamoxifen", " depot central active", "tamoxifen_concentration", "" },
    { "tamoxifen", " depot central active", "endoxifen_concentration", "" },
    { "teriparatide", " depot central mean", "teriparatide_concentration", "" },
    { "testosterone_gel", " skin", "testosterone_from_gel", "" },
    { "testosterone_injection", " muscle", "testosterone_injected", "" },
    BISPHOSPHONATE("zoledronic_acid"),
};
#define N_DRUGS (sizeof(drugs) / sizeof(drugs[0]))

/* Doses of which some are missed, and an infusion; every dose given. */
static void write_text(const drug_t *drug, char *text, size_t size)
{
    bool for_men = strncmp(drug->drug, "testosterone", 12) == 0;
    snprintf(text, size,
        "name: kinetics\n%sarms:\n  a:\n    regimen:\n"
        "      - {drug: %s, dose: 1 mg, interval: 1 day, adherence: 80 %%}\n"
        "      - {drug: %s, dose: 2 mg, start: 20.5 day, duration: 3 hour}\n%s"
        "times: {from: 0 day, to: 60 day, every: 0.37 day}\nsolver: {dosing: exact}\n",
        for_men ? MEN : WOMEN, drug->drug, drug->drug, drug->extra);
}

/* @param integrated  with nothing in closed form */
static void run(person_t *self, double rtol, bool integrated)
{
    const ost_system_t *system = self->plan.system;
    ost_system_t changed = *system;
    if (integrated) changed.n_linear = changed.n_forced = 0;
    self->plan.system = &changed;
    self->experiment.solver.rtol = rtol;
    person_simulate(self);
    self->plan.system = system;
}

static void test_linear_states(void)
{
    for (size_t d = 0; d < N_DRUGS; d++) {
        char text[1024], found[256] = "";
        person_t self;
        write_text(&drugs[d], text, sizeof(text));
        person_plan(&self, text);
        for (size_t k = 0; k < self.plan.system->n_linear; k++) {
            const ost_linear_t *part = &self.plan.system->linear[k];
            for (size_t i = 0; i < part->n_states + part->n_fed; i++) {
                const bool is_fed = i >= part->n_states;
                const char *name =
                    self.plan.system->state_names[is_fed ? part->fed[i - part->n_states] : part->state[i]];
                size_t n = strlen(drugs[d].drug);
                if (strncmp(name, drugs[d].drug, n) != 0 || name[n] != '.') continue;
                strncat(found, is_fed ? " >" : " ", sizeof(found) - strlen(found) - 1);
                strncat(found, name + n + 1, sizeof(found) - strlen(found) - 1);
            }
        }
        if (strcmp(found, drugs[d].closed) != 0) printf("\n%s:%s, expected%s\n", drugs[d].drug, found, drugs[d].closed);
        CU_ASSERT_STRING_EQUAL(found, drugs[d].closed);
        person_free(&self);
    }
}

/* Women's estradiol and vitamin D follow what is from outside; bone does not, nor men's hormones, which feed back. */
static void test_forced_states(void)
{
    static const char *const arms[] = { WOMEN, MEN }, *const expected[] = { " hormones.E mineral.D", "" };
    for (int i = 0; i < 2; i++) {
        char text[1024], found[256] = "";
        person_t self;
        snprintf(text, sizeof(text), "name: kinetics\n%sarms: {a: {}}\ntimes: {to: 1 year, every: 1 month}\n", arms[i]);
        person_plan(&self, text);
        const ost_system_t *system = self.plan.system;
        for (size_t k = 0; k < system->n_forced; k++) {
            const ost_forced_t *at = &system->forced[k];
            CU_ASSERT(system->row[at->entry] == at->state && system->col[at->entry] == at->state);
            strncat(found, " ", sizeof(found) - strlen(found) - 1);
            strncat(found, system->state_names[at->state], sizeof(found) - strlen(found) - 1);
        }
        if (strcmp(found, expected[i]) != 0) printf("\n%s, expected%s\n", found, expected[i]);
        CU_ASSERT_STRING_EQUAL(found, expected[i]);
        person_free(&self);
    }
}

/* A hormone that a drug blocks is forced; one whose clearance the drug raises relaxes at no constant rate. */
static void test_forced_at_constant_rates(void)
{
    static const char *const rates[] = { "E0*(1 - share) - E", "E0 - (1 + share)*E" };
    for (size_t i = 0; i < 2; i++) {
        char axis[512];
        snprintf(axis, sizeof(axis),
            "model axis \"a hormone\"\nkind hormones\nreads share\nparam E0 = 20 [pmol/L] \"at rest\" @ \"assumed: "
            "test\"\n"
            "state E = E0 [pmol/L] scale 10 \"hormone\"\nE' = 1 [1/d]*(%s)\noutput hormone [pmol/L] = E \"hormone\"\n",
            rates[i]);
        const ost_builtin_t models[] = {
            { .name = "signals", .text = "signal share [1] = 0 combine fraction \"a share that is blocked\"\n" },
            { .name = "pill",
                .text = "model pill \"a drug\"\nkind drug\nstate body = 0 [mg] scale 1 \"in the body\"\n"
                        "body' = -0.5 [1/d]*body\ndose body\ndrives share = body/(2 [mg] + body)\n" },
            { .name = "axis", .text = axis },
        };
        const ost_builtin_t *const table[] = { &models[0], &models[1], &models[2] };
        person_t self = { 0 };
        ost_error_t err = { 0 };
        CU_ASSERT_EQUAL_FATAL(ost_library_init_with(&self.library, table, 3, &err), 0);
        CU_ASSERT_EQUAL_FATAL(ost_experiment_parse(&self.experiment, "k.yaml",
                                  "models: [axis]\narms: {a: {regimen: [{drug: pill, dose: 1 mg}]}}\n"
                                  "times: {to: 10 day, every: 1 day}\n",
                                  NULL, 0, &err),
            0);
        CU_ASSERT_EQUAL_FATAL(ost_plan_build(&self.plan, &self.library, &self.experiment, &err), 0);
        CU_ASSERT_EQUAL(self.plan.system->n_forced, i == 0);
        person_free(&self);
    }
}

/* A drug that is added has to be added above. */
static void test_all_drugs(void)
{
    ost_library_t library;
    ost_error_t err = { 0 };
    size_t n;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    const char *const *names = ost_library_builtin_names(&n);
    for (size_t i = 0; i < n; i++) {
        const ost_model_t *model;
        bool is_known = false;
        CU_ASSERT_EQUAL_FATAL(ost_library_get(&library, names[i], &model, &err), 0);
        if (model->n_doses == 0 || strncmp(model->path, "models/drugs/", 13) != 0) continue;
        for (size_t d = 0; d < N_DRUGS; d++) is_known |= strcmp(drugs[d].drug, names[i]) == 0;
        if (!is_known) printf("\n%s is not among the drugs here\n", names[i]);
        CU_ASSERT(is_known);
    }
    ost_library_free(&library);
}

/* Of anastrozole, absorption is constant, and the clearance, which is induced, is not. */
static void test_constant_rates(void)
{
    ost_library_t library;
    ost_error_t err = { 0 };
    const ost_model_t *model;
    CU_ASSERT_EQUAL_FATAL(ost_library_init(&library, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ost_library_get(&library, "anastrozole", &model, &err), 0);
    CU_ASSERT_EQUAL(model->first_entry[0], 4); /* by depot; by depot, central and the signal */
    for (size_t e = 0; e < model->first_entry[0]; e++) CU_ASSERT_EQUAL(model->is_constant[e], model->jac[e].col == 0);
    ost_library_free(&library);
}

static void test_concentrations(void)
{
    for (size_t d = 0; d < N_DRUGS; d++) {
        char text[1024];
        person_t self;
        if (drugs[d].output == NULL) continue;
        write_text(&drugs[d], text, sizeof(text));
        person_plan(&self, text);
        size_t n = self.plan.system->n_outputs * self.experiment.n_times, n_times = self.experiment.n_times;
        double *exact = malloc(n * sizeof(*exact)), largest = 0, off = 0;
        CU_ASSERT_FATAL(exact != NULL);
        run(&self, 1e-12, true);
        memcpy(exact, self.y, n * sizeof(*exact));
        run(&self, 1e-4, false);
        const double *y = person_schedule(&self, "a", drugs[d].output), *y_exact = exact + (y - self.y);
        for (size_t t = 0; t < n_times; t++) {
            largest = fmax(largest, y_exact[t]);
            off = fmax(off, fabs(y[t] - y_exact[t]));
        }
        if (!(off < 1e-10 * largest)) printf("\n%s: off by %g of %g\n", drugs[d].output, off, largest);
        CU_ASSERT(largest > 0 && off < 1e-10 * largest);
        free(exact);
        person_free(&self);
    }
}

/* While tamoxifen accumulates, the clearance of anastrozole moves, and is no coefficient. */
static void test_moving_induction(void)
{
    static const char text[] = "name: kinetics\n" WOMEN "arms:\n  a:\n    regimen:\n"
                               "      - {drug: anastrozole, dose: 1 mg, interval: 1 day}\n"
                               "      - {drug: tamoxifen, dose: 20 mg, interval: 1 day, start: 10 day, stop: 20 day}\n"
                               "times: {from: 0 day, to: 40 day, every: 0.37 day}\nsolver: {dosing: exact}\n";
    person_t self;
    person_plan(&self, text);
    double before = 0, after = 0;
    const double *y = person_schedule(&self, "a", "anastrozole_concentration");
    double *exact = malloc(self.experiment.n_times * sizeof(*exact));
    CU_ASSERT_FATAL(exact != NULL);
    run(&self, 1e-11, true);
    memcpy(exact, y, self.experiment.n_times * sizeof(*exact));
    run(&self, 1e-6, false);
    for (size_t t = 1; t < self.experiment.n_times; t++) {
        double off = fabs(y[t] / exact[t] - 1), *worst = self.experiment.times[t] <= 10 ? &before : &after;
        *worst = fmax(*worst, off);
    }
    CU_ASSERT(before < 1e-9);
    CU_ASSERT(after > 1e-9 && after < 1e-5);
    free(exact);
    person_free(&self);
}

static const ost_test_t tests[] = {
    { "linear_states_of_the_shipped_drugs", test_linear_states },
    { "forced_states", test_forced_states },
    { "forced_at_constant_rates", test_forced_at_constant_rates },
    { "no_drug_is_left_out", test_all_drugs },
    { "rates_of_parameters_alone", test_constant_rates },
    { "concentrations_against_integration", test_concentrations },
    { "induction_that_moves", test_moving_induction },
};
OST_TEST_MAIN("kinetics", tests)
