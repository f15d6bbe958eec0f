/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the summary of a run; prints what it measured of its own errors. */
#include "doubts.h"
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Percent of an output from which a difference is worth a hint (assumed). */
#define MUCH 1.0
/* The same of BMD: a tenth of what the flagship misses trials by. */
#define MUCH_OF_BMD 0.1

static double solver_error(const ost_cohort_summary_t *s, size_t o)
{
    return s->solver_error[o];
}

/* An error in percent of output row o. */
typedef double error_t(const ost_cohort_summary_t *s, size_t o);

/* Largest error over the elements of a variable, NAN where it was not measured. */
static double error_of(const ost_cohort_summary_t *s, error_t *error, const ost_variable_t *v)
{
    double worst = NAN;
    for (size_t i = v->first; i < v->first + v->n_elements; i++) worst = fmax(worst, error(s, i));
    return worst;
}

/* How far something is off, in BMD and where it is farthest; and what is to be done where that matters.
 * @param by  ", estimated for the worst of all from 2 % of its doses", or "" */
static void print_error(const ost_plan_t *plan, const char *what, size_t n_subjects, const char *by,
    const ost_cohort_summary_t *s, error_t *errors, const char *remedy)
{
    const ost_variable_t *farthest = NULL, *bmd = NULL;
    char text[64];
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        const ost_variable_t *v = &plan->outputs->variables[i];
        double error = error_of(s, errors, v);
        if (isnan(error)) continue;
        if (strcmp(v->name, "bmd") == 0) bmd = v;
        if (farthest == NULL || error > error_of(s, errors, farthest)) farthest = v;
    }
    if (farthest == NULL) return;
    const ost_variable_t *first = bmd != NULL ? bmd : farthest;
    double error = error_of(s, errors, first), most = error_of(s, errors, farthest);
    printf("%s, %s of each arm%s: %s differs by at most %.*g %% of its largest value", what,
        ost_cli_plural(n_subjects, "subject", text), by, first->name, error < 10 ? 2 : 3, error);
    if (first != farthest) printf(", and most of all %s, by %.*g %%", farthest->name, most < 10 ? 2 : 3, most);
    putchar('\n');
    if (bmd != NULL && error > MUCH_OF_BMD)
        printf("  in BMD that is more than %g percent points: consider %s\n", MUCH_OF_BMD, remedy);
    else if (most > MUCH && bmd != NULL)
        printf("  BMD is right to %g percent points; where %s itself matters, consider %s\n", MUCH_OF_BMD,
            farthest->name, remedy);
    else if (most > MUCH)
        printf("  more than %g %%: consider %s\n", MUCH, remedy);
}

void ost_cli_print_doubts(const ost_plan_t *plan, const ost_cohort_summary_t *s)
{
    char text[64], doses[64] = "";
    if (s->periodic_share < 1)
        snprintf(doses, sizeof(doses), ", estimated for the worst of all from %.2g %% of its doses",
            100 * s->periodic_share);
    print_error(plan, "this tolerance and longest step against smaller ones", s->n_solver_probed, "", s, solver_error,
        "a smaller solver.h_max or solver.rtol");
    if (s->n_periodic_probed > 0 && !(s->periodic_share > 0))
        puts("periodic dosing against exact: not measured, consider --dosing exact");
    print_error(plan, "periodic dosing against exact", s->n_periodic_probed, doses, s,
        ost_cohort_summary_periodic_error, "--dosing exact");
    for (size_t i = 0; i < plan->outputs->n_variables; i++) {
        const ost_variable_t *v = &plan->outputs->variables[i];
        uint64_t n = 0;
        for (size_t o = v->first; o < v->first + v->n_elements; o++)
            n = s->n_not_finite[o] > n ? s->n_not_finite[o] : n;
        if (n > 0)
            printf(
                "no value: %s is not a number at some times of %s\n", v->name, ost_cli_plural(n, "subject-arm", text));
    }
}
