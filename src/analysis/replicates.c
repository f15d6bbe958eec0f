/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes checks of all trials; gives the SD between observations of trials that gave the same treatment. */
#include "analysis/validate.h"

#include <math.h>
#include <string.h>

/* Months of visits differ by days between files. */
#define SAME_TIME 10.0

static bool same_time(double a, double b)
{
    return fabs(a - b) < SAME_TIME;
}

static bool same_condition(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Formulas are not compared: a line that has one equals no other. */
static bool is_taken_alike(const ost_regimen_t *self)
{
    return self->amount_formula == NULL && self->start_formula == NULL && self->stop_formula == NULL &&
           self->interval_formula == NULL && self->duration_formula == NULL && self->adherence == NULL &&
           self->inter_occasion == NULL;
}

static bool same_regimen(const ost_regimen_t *a, const ost_regimen_t *b, double until)
{
    return strcmp(a->drug, b->drug) == 0 && a->amount == b->amount && same_time(a->interval, b->interval) &&
           same_time(fmin(a->start, until), fmin(b->start, until)) &&
           same_time(fmin(a->stop, until), fmin(b->stop, until)) && is_taken_alike(a) && is_taken_alike(b) &&
           same_condition(a->begin_if, b->begin_if) && same_condition(a->end_if, b->end_if) &&
           same_time(a->visits, b->visits) && same_time(a->delay, b->delay);
}

static bool same_input(const ost_drive_input_t *a, const ost_drive_input_t *b, double until)
{
    return strcmp(a->signal, b->signal) == 0 && a->value == b->value && same_time(a->start, b->start) &&
           same_time(fmin(a->stop, until), fmin(b->stop, until));
}

/* The same lines in any order. */
static bool same_treatment(const ost_arm_t *a, const ost_arm_t *b, double until)
{
    if (a->n_regimens != b->n_regimens || a->n_inputs != b->n_inputs) return false;
    for (size_t i = 0; i < a->n_regimens; i++) {
        size_t k = 0;
        while (k < b->n_regimens && !same_regimen(&a->regimens[i], &b->regimens[k], until)) k++;
        if (k == b->n_regimens) return false;
    }
    for (size_t i = 0; i < a->n_inputs; i++) {
        size_t k = 0;
        while (k < b->n_inputs && !same_input(&a->inputs[i], &b->inputs[k], until)) k++;
        if (k == b->n_inputs) return false;
    }
    return true;
}

static bool replicates(const ost_prediction_check_t *a, const ost_prediction_check_t *b)
{
    const ost_endpoint_t *f = &a->observation->endpoint, *g = &b->observation->endpoint;
    return strcmp(f->output, g->output) == 0 && f->measure == g->measure && f->per_year == g->per_year &&
           same_time(f->from, g->from) && same_time(f->to, g->to) && f->versus == SIZE_MAX && g->versus == SIZE_MAX &&
           same_treatment(&a->trial->experiment.arms[f->arm], &b->trial->experiment.arms[g->arm], f->to);
}

static bool counts(const ost_prediction_check_t *self, ost_class_t of)
{
    return self->observation->endpoint_class == of && self->observation->row->role != OST_ROLE_CONTEXT;
}

ost_replicates_t ost_validation_replicates(const ost_validation_t *self, ost_class_t of)
{
    ost_replicates_t sum = { .sd = NAN };
    double squares = 0;
    for (size_t i = 0; i < self->n_checks; i++) {
        const ost_prediction_check_t *first = &self->checks[i];
        double n = 0, mean = 0, within = 0;
        bool is_first = counts(first, of), several_trials = false;
        for (size_t k = 0; k < self->n_checks && is_first; k++) {
            const ost_prediction_check_t *v = &self->checks[k];
            if (!counts(v, of) || !replicates(first, v)) continue;
            is_first = k >= i;
            several_trials = several_trials || v->trial != first->trial;
            double step = v->observation->row->value - mean;
            mean += step / ++n;
            within += step * (v->observation->row->value - mean);
        }
        if (!is_first || !several_trials) continue;
        sum.n += (size_t) n;
        sum.n_groups++;
        squares += within;
    }
    if (sum.n > sum.n_groups) sum.sd = sqrt(squares / (double) (sum.n - sum.n_groups));
    return sum;
}
