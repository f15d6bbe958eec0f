/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accuracy ladder: error against tolerance for every method over lanes, each rung below those before ("up"
 * marks one that is not), and the error that the run measures of itself beside the true one. OST_LADDER names
 * experiments and what to change in them: PATH [SETTING...] (default: half a year of the shipped trial; `scripts/prove
 * ladder` climbs higher, on all). */
#include "whole_run.h"

#include <gsl/gsl_errno.h>

#define MAX_SETTINGS 12
/* Below this part of the exact value, rounding is all that is left; and it adds up over many steps. */
#define ROUNDING 1e-12
#define ROUNDING_OF_STEP 2e-16
/* Where doses, stability or outputs set the steps, a smaller tolerance changes nothing; a rung is one with this many
 * times the steps of the one before. */
#define MORE_STEPS 1.05
/* The errors of steps may cancel: then one rung may rise by as much, but not above the one before that. */
#define RISE 1.5
/* A rung is climbed at so many tolerances, evenly from its own to the next one's. Where a model has kinks, the error of
 * one run depends on where in its step the kink lies and varies tenfold between neighbours; the largest of several is
 * less of a draw. */
#define PARTS 6

typedef struct {
    const char *path;
    const char *settings[MAX_SETTINGS];
    size_t n_settings;
    bool integrates; /* forced states, too */
} climb_t;

static void run_at(run_t *run, const climb_t *climb, const char *stepper, double rtol, bool probe)
{
    char tolerance[40], text[32];
    const char *settings[MAX_SETTINGS + 2];
    memcpy(settings, climb->settings, sizeof(climb->settings));
    snprintf(tolerance, sizeof(tolerance), "solver.rtol=%g", rtol);
    snprintf(text, sizeof(text), "solver.stepper=%s", stepper);
    settings[climb->n_settings] = tolerance;
    settings[climb->n_settings + 1] = text;
    run_plan(run, climb->path, settings, climb->n_settings + 2);
    const ost_system_t *planned = run->plan.system;
    ost_system_t system = *planned;
    if (climb->integrates) system.n_forced = 0;
    run->plan.system = &system;
    run_cohort(run, 0, probe);
    run->plan.system = planned;
}

/* BMD where there is one, else everything. */
static bool counts(const run_t *run, size_t row)
{
    for (size_t v = 0; v < run->plan.outputs->n_variables; v++) {
        const ost_variable_t *bmd = &run->plan.outputs->variables[v];
        if (strcmp(bmd->name, "bmd") == 0) return row >= bmd->first && row < bmd->first + bmd->n_elements;
    }
    return true;
}

/* Largest difference over time as part of the exact maximum, of the worst output of the first subjects in all arms. */
static double difference(const run_t *run, const run_t *exact, size_t n_subjects)
{
    double worst = 0;
    for (size_t arm = 0; arm < run->experiment.n_arms; arm++) {
        for (size_t i = 0; i < n_subjects; i++) {
            for (size_t row = 0; row < run->plan.system->n_outputs; row++) {
                const double *y = series(run, arm, i, row), *y_exact = series(exact, arm, i, row);
                double off = 0, largest = 0;
                for (size_t t = 0; t < run->experiment.n_times; t++) {
                    off = fmax(off, fabs(y[t] - y_exact[t]));
                    largest = fmax(largest, fabs(y_exact[t]));
                }
                if (largest > 0 && counts(run, row)) worst = fmax(worst, off / largest);
            }
        }
    }
    return worst;
}

static double printed_error(const run_t *run)
{
    double worst = 0;
    for (size_t row = 0; row < run->plan.system->n_outputs; row++)
        if (counts(run, row)) worst = fmax(worst, 0.01 * run->summary.solver_error[row]);
    return worst;
}

/* What the run prints is the difference of its first subjects from those at a tenth of the tolerance and 0.37 of the
 * longest step, half a year. */
static void test_printed_error(void)
{
    const climb_t self = { .path = CONFIG("atac"),
        .settings = { "population.subjects=10", "times={to: 3 month, every: 1 month}", "solver.h_max=67.57125 day" },
        .n_settings = 2 };
    climb_t shorter = self;
    shorter.n_settings = 3;
    run_t run, tenth;
    run_at(&run, &self, "rodas5p", 1e-5, true);
    run_at(&tenth, &shorter, "rodas5p", 1e-6, false);
    CU_ASSERT_EQUAL(run.summary.n_solver_probed, 8);
    CU_ASSERT(printed_error(&run) > 0);
    ost_assert_close(printed_error(&run), difference(&run, &tenth, 8), 1e-3, 1e-15);
    CU_ASSERT_EQUAL(tenth.summary.n_solver_probed, 0);
    CU_ASSERT(isnan(tenth.summary.solver_error[0]));
    run_free(&run);
    run_free(&tenth);
}

/* Where one step from dose to dose is enough at a tenth of the tolerance too, the run looks further. */
static void test_printed_between_doses(void)
{
    const climb_t self = { .path = OST_SOURCE_DIR "/configs/published/pillai2004_kpd_oral.yaml",
        .settings = { "population.subjects=3", "times={to: 3 month, every: 1 month}", "solver.dosing=exact" },
        .n_settings = 3,
        .integrates = true };
    run_t run, tenth, exact;
    run_at(&run, &self, "rodas5p", 1e-3, true);
    run_at(&tenth, &self, "rodas5p", 1e-4, false);
    run_at(&exact, &self, "rodas5p", 1e-11, false);
    double error = difference(&run, &exact, 3);
    CU_ASSERT(error > 1e-8);
    CU_ASSERT(difference(&run, &tenth, 3) < 0.01 * error); /* which says nothing */
    ost_assert_close(printed_error(&run), error, 0.5, 0);
    run_free(&run);
    run_free(&tenth);
    run_free(&exact);
}

/* `auto` is what it says it chose, to the last bit. */
static void test_auto(void)
{
    const climb_t self = { .path = CONFIG("atac"),
        .settings = { "population.subjects=3", "times={to: 3 month, every: 1 month}" },
        .n_settings = 2 };
    run_t chosen, named;
    run_at(&chosen, &self, "auto", 1e-4, false);
    CU_ASSERT_EQUAL(chosen.experiment.solver.stepper, OST_STEPPER_AUTO);
    CU_ASSERT_FATAL(ost_steppers[chosen.summary.stepper].family == OST_FAMILY_LANES);
    run_at(&named, &self, ost_stepper_name(chosen.summary.stepper), 1e-4, false);
    CU_ASSERT_EQUAL(named.summary.stepper, chosen.summary.stepper);
    CU_ASSERT_EQUAL(difference(&chosen, &named, 3), 0);
    run_free(&chosen);
    run_free(&named);
}

typedef struct {
    double error, printed, steps; /* largest of the parts; of its own tolerance, a subject-arm */
} rung_t;

static rung_t run_rung(const climb_t *self, const run_t *exact, const char *stepper, int rung)
{
    rung_t r = { 0 };
    run_t run;
    for (int k = 0; k < PARTS; k++) {
        run_at(&run, self, stepper, pow(10, -rung - k / (double) PARTS), true);
        r.error = fmax(r.error, difference(&run, exact, run.experiment.n_subjects));
        r.printed = fmax(r.printed, printed_error(&run));
        double n = (double) (run.experiment.n_arms * run.experiment.n_subjects);
        if (k == 0) r.steps = (double) run.summary.stats.steps / n;
        run_free(&run);
    }
    return r;
}

static void climb(const climb_t *self, int first, int last)
{
    run_t exact;
    run_at(&exact, self, "rodas5p", pow(10, -last - 3), false);
    printf("\n  %s", self->path + strlen(OST_SOURCE_DIR) + 1);
    for (size_t i = 0; i < self->n_settings; i++) printf("  %s", self->settings[i]);
    for (int m = 0; m < OST_N_STEPPERS; m++) {
        if (ost_steppers[m].family != OST_FAMILY_LANES) continue;
        double before[] = { INFINITY, INFINITY }, steps = 0;
        printf("\n    %-8s", ost_steppers[m].name);
        for (int rung = first; rung <= last; rung++) {
            rung_t r = run_rung(self, &exact, ost_steppers[m].name, rung);
            double rounding = fmax(ROUNDING, ROUNDING_OF_STEP * r.steps);
            printf("  1e-%d: %.1e (%.1e) %.0f", rung, r.error, r.printed, r.steps);
            if (r.error > rounding) CU_ASSERT(r.printed > 0.1 * r.error && r.printed < 10 * r.error);
            if (r.steps > MORE_STEPS * steps) {
                CU_ASSERT(r.error < fmax(fmin(RISE * before[0], before[1]), rounding));
                if (r.error >= before[0] && r.error > rounding) printf(" up");
                before[1] = before[0];
                before[0] = r.error;
                steps = r.steps;
            }
            before[0] = fmin(before[0], r.error);
        }
    }
    printf("\n");
    run_free(&exact);
}

static void test_ladder(void)
{
    climb_t self = { .path = CONFIG("atac"),
        .settings = { "solver.dosing=exact", "population.subjects=8", "times={to: 6 month, every: 1 month}" },
        .n_settings = 3 };
    int first = 4, last = 7;
    char *wanted = getenv("OST_LADDER");
    if (wanted != NULL) {
        self.path = strtok(wanted, ";");
        self.n_settings = 0;
        for (char *word; (word = strtok(NULL, ";")) != NULL && self.n_settings < MAX_SETTINGS;)
            self.settings[self.n_settings++] = word;
        first = 3;
        last = 9;
    }
    climb(&self, first, last);
}

/* A woman at rest stays there for 50 years: to rounding by Rosenbrock methods, whose steps at rest are exact; an
 * explicit one wanders about within its tolerance where that is what limits its steps. */
static void test_drift(void)
{
    const climb_t self = { .path = OST_SOURCE_DIR "/tests/drift.yaml" };
    for (int m = 0; m < OST_N_STEPPERS; m++) {
        if (ost_steppers[m].family != OST_FAMILY_LANES) continue;
        run_t run;
        run_at(&run, &self, ost_steppers[m].name, 1e-6, false);
        double worst = 0;
        for (size_t row = 0; row < run.plan.system->n_outputs; row++) {
            const double *y = series(&run, 0, 0, row);
            if (fabs(y[0]) < 1e-9) continue;
            for (size_t t = 0; t < run.experiment.n_times; t++) worst = fmax(worst, fabs(y[t] / y[0] - 1));
        }
        printf("\n    %-8s drifts by %.1e in 50 years", ost_steppers[m].name, worst);
        CU_ASSERT(worst < (run.summary.stats.jacobians == 0 ? 1e-5 : 1e-12));
        run_free(&run);
    }
}

static const ost_test_t tests[] = {
    { "drift", test_drift },
    { "printed_error", test_printed_error },
    { "printed_between_doses", test_printed_between_doses },
    { "auto", test_auto },
    { "ladder", test_ladder },
};

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    return ost_test_main(argc, argv, "ladder", tests, sizeof(tests) / sizeof(tests[0]));
}
