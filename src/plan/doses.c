/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target of every regimen line, found by name once; each line is checked on the way. */
#include "plan/doses.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_DOSES 10e6

static const char *dose_name(const void *from, size_t i)
{
    const ost_model_t *model = from;
    return model->states[model->doses[i].state].name;
}

/* @return index in the model of the state that the doses go into, or an error */
static int find_state(const ost_experiment_t *e, const ost_model_t *model, const ost_regimen_t *r, ost_error_t *err)
{
    if (model->n_doses == 0)
        return OST_FAIL_AT(err, OST_ERR_MODEL, e, r->location, "model '%s' takes no doses", model->name);
    size_t i = 0;
    while (r->compartment != NULL && i < model->n_doses && strcmp(dose_name(model, i), r->compartment) != 0) i++;
    if (i == model->n_doses) {
        char takes[300] = "";
        const char *near = ost_nearest_of(r->compartment, model, model->n_doses, dose_name);
        bool is_state = false;
        for (size_t k = 0; k < model->n_states; k++)
            is_state = is_state || strcmp(model->states[k].name, r->compartment) == 0;
        for (size_t k = 0; k < model->n_doses; k++) {
            const size_t n = strlen(takes);
            snprintf(takes + n, sizeof(takes) - n, "%s%s", k > 0 ? ", " : "", dose_name(model, k));
        }
        return OST_FAIL_AT(err, OST_ERR_NAME, e, r->location,
            "model '%s' takes no doses into '%s'%s%s%s; expected %s%s%s%s", model->name, r->compartment, OST_HINT(near),
            takes, is_state ? ", or 'dose " : "", is_state ? r->compartment : "", is_state ? "' in the model" : "");
    }
    const ost_state_t *state = &model->states[model->doses[i].state];
    char why[OST_UNIT_MISSING_SIZE];
    if (ost_unit_missing(&state->unit, state->unit_text, r->is_plain, r->amount, why) != NULL)
        return OST_FAIL_AT(err, OST_ERR_UNIT, e, r->location, "the dose of '%s': %s", model->name, why);
    if (ost_dim_equal(state->unit.dim, r->dim)) return (int) model->doses[i].state;
    char differs[OST_DIM_MISMATCH_SIZE];
    return OST_FAIL_AT(err, OST_ERR_UNIT, e, r->location, "the dose of '%s' %s", model->name,
        ost_unit_mismatch(r->dim, &state->unit, state->unit_text, differs));
}

static int check_line(const ost_experiment_t *e, const ost_arm_t *arm, const ost_regimen_t *r, bool is_drug,
    double t_end, ost_error_t *err)
{
    if (r->amount < 0 && is_drug)
        return OST_FAIL_AT(
            err, OST_ERR_VALUE, e, r->location, "arm '%s': a dose of the drug '%s' is negative", arm->name, r->drug);
    const ost_dim_t mass = { { [OST_DIM_MASS] = 6 } };
    if (is_drug && ost_dim_equal(r->dim, mass) && r->amount > OST_LARGEST_DOSE)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, r->location,
            "arm '%s': a dose of '%s' is %g kg; expected at most 1 kg", arm->name, r->drug,
            r->amount / OST_LARGEST_DOSE);
    if (!isfinite(r->start) || !isfinite(r->amount) || !(r->interval >= 0) || !(r->duration >= 0))
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, r->location,
            "arm '%s': start, dose, interval and duration of '%s' must be finite, the last two not negative", arm->name,
            r->drug);
    if (r->duration > 0 && r->duration < OST_MIN_DURATION)
        return OST_FAIL_AT(err, OST_ERR_VALUE, e, r->location,
            "arm '%s': an infusion of '%s' over %g d is shorter than %g d; leave the duration out for a bolus",
            arm->name, r->drug, r->duration, OST_MIN_DURATION);
    double n = r->interval > 0 ? (fmin(r->stop, t_end) - r->start) / r->interval : 1;
    if (n > MAX_DOSES)
        return OST_FAIL_AT(err, OST_ERR_LIMIT, e, r->location, "arm '%s': %.3g doses of '%s'; %.0f are the limit",
            arm->name, n, r->drug, MAX_DOSES);
    return 0;
}

/* Whether the doses differ between subjects. */
static bool is_subject_specific(const ost_regimen_t *self)
{
    return self->amount_formula != NULL || self->start_formula != NULL || self->stop_formula != NULL ||
           self->interval_formula != NULL || self->duration_formula != NULL || self->adherence != NULL ||
           self->inter_occasion != NULL || self->begin_if != NULL || self->end_if != NULL || self->rows_of > 0;
}

static int add_line(const ost_doses_t *self, ost_dose_target_t *target, const ost_experiment_t *e,
    const ost_blocks_t *blocks, const ost_arm_t *arm, const ost_regimen_t *r, ost_error_t *err)
{
    int b = ost_blocks_find(blocks, r->drug);
    if (b < 0)
        return OST_FAIL_AT(
            err, OST_ERR_NAME, e, r->location, "arm '%s': the plan has no drug '%s'", arm->name, r->drug);
    const ost_block_t *block = &blocks->block[b];
    int state = find_state(e, block->model, r, err);
    if (state < 0) {
        ost_error_prepend(err, "arm '%s': ", arm->name);
        return state;
    }
    *target = (ost_dose_target_t){ .block = (uint32_t) b,
        .state = block->first_state + (uint32_t) state,
        .is_infusion = r->duration > 0 || r->duration_formula != NULL,
        .is_subject_specific = is_subject_specific(r),
        .is_scheduled = is_subject_specific(r) && r->rows_of == 0 };
    return check_line(e, arm, r, block->model->kind == OST_KIND_DRUG, self->t_end, err);
}

static int add_arm(ost_doses_t *self, ost_dose_target_t *target, const ost_experiment_t *e, const ost_blocks_t *blocks,
    const ost_arm_t *arm, ost_error_t *err)
{
    for (size_t i = 0; i < arm->n_regimens; i++) {
        const ost_regimen_t *r = &arm->regimens[i];
        int ret = add_line(self, &target[i], e, blocks, arm, r, err);
        if (ret < 0) return ret;
        if (r->start_formula == NULL) self->t_begin = fmin(self->t_begin, r->start);
    }
    for (size_t i = 0; i < arm->n_inputs; i++)
        if (isfinite(arm->inputs[i].start)) self->t_begin = fmin(self->t_begin, arm->inputs[i].start);
    return 0;
}

static int find_times(ost_doses_t *self, const ost_experiment_t *e, ost_error_t *err)
{
    if (e->n_times == 0) return ost_fail_at(err, OST_ERR_VALUE, OST_WHERE(e), 0, 0, "there are no output times");
    const double ahead = OST_REPEAT_MIN_DOSES * OST_REPEAT_MAX_INTERVAL + 1;
    self->t_begin = fmin(0, e->times[0]);
    self->t_end = fmax(e->times[e->n_times - 1], self->t_begin) + (e->events.is_given ? 10 * OST_SAME_TIME : 0);
    self->t_known = self->t_end + fmax(ahead, fmin(2 * e->solver.h_max, OST_DAYS_PER_YEAR));
    return 0;
}

static double own_or(const ost_formula_t *formula, const double *covariates, double value)
{
    return formula != NULL ? ost_formula_value(formula, covariates) : value;
}

ost_own_line_t ost_regimen_own(const ost_regimen_t *r, const double *covariates)
{
    return (ost_own_line_t){
        .start = own_or(r->start_formula, covariates, r->begin_if != NULL ? INFINITY : r->start),
        .stop = own_or(r->stop_formula, covariates, r->stop),
        .amount = own_or(r->amount_formula, covariates, r->amount),
        .interval = own_or(r->interval_formula, covariates, r->interval),
        .duration = own_or(r->duration_formula, covariates, r->duration),
    };
}

const ost_doses_t *ost_doses_new(const ost_experiment_t *e, const ost_blocks_t *blocks, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    ost_doses_t *self = ost_maker_list(make, 1, sizeof(*self));
    ost_dose_target_t **target = ost_maker_list(make, e->n_arms, sizeof(*target));
    if (make->err.code != 0 || find_times(self, e, &make->err) < 0) return NULL;
    for (size_t a = 0; a < e->n_arms; a++) {
        target[a] = ost_maker_list(make, e->arms[a].n_regimens, sizeof(**target));
        if (target[a] == NULL || add_arm(self, target[a], e, blocks, &e->arms[a], &make->err) < 0) return NULL;
    }
    self->target = (const ost_dose_target_t *const *) target;
    if (e->n_baselines > 0 && self->t_begin < 0) {
        OST_FAIL_AT(&make->err, OST_ERR_VALUE, e, e->baselines[0].location,
            "baseline: outputs are given at time 0, and outputs or doses of this experiment begin on day %g",
            self->t_begin);
        return NULL;
    }
    return self;
}
