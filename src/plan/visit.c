/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dosing records of a subject, and its visits: eligibility, and conditions by which doses begin and end. */
#include "plan/visit.h"

#include <math.h>
#include <string.h>

/* How often doses are given and how long each takes, where that is the subject's. */
static int check_repeats(
    const ost_plan_t *self, const ost_regimen_t *r, const char *name, const ost_own_line_t *own, ost_error_t *err)
{
    if (isnan(own->interval) || isnan(own->duration))
        return ost_fail(
            err, OST_ERR_VALUE, "the %s of '%s' is not a number", isnan(own->interval) ? "interval" : "duration", name);
    if (r->interval_formula != NULL && !(own->interval > 0 && isfinite(own->interval)))
        return ost_fail(err, OST_ERR_VALUE, "the interval of '%s' is %g d; expected more than 0", name, own->interval);
    if (r->interval_formula != NULL &&
        (fmin(own->stop, self->doses->t_end) - own->start) / own->interval > OST_MAX_DOSES)
        return ost_fail(
            err, OST_ERR_LIMIT, "the interval of '%s' is %g d: more than %d doses", name, own->interval, OST_MAX_DOSES);
    if (r->duration_formula != NULL && !(own->duration >= OST_MIN_DURATION && isfinite(own->duration)))
        return ost_fail(err, OST_ERR_VALUE, "the duration of '%s' is %g d; expected at least %g d", name, own->duration,
            OST_MIN_DURATION);
    if (own->interval > 0 && own->duration > own->interval)
        return ost_fail(err, OST_ERR_VALUE, "infusions of '%s' would overlap: %g d over every %g d", name,
            own->duration, own->interval);
    return 0;
}

static int check_record(const ost_plan_t *self, const ost_schedule_line_t *schedule, const ost_own_line_t *own,
    double fraction, double sd_log, ost_error_t *err)
{
    const ost_regimen_t *r = schedule->regimen;
    if (isnan(own->start) || own->start == -INFINITY || isnan(own->stop))
        return ost_fail(err, OST_ERR_VALUE, "start or stop of '%s' is not a number", schedule->name);
    const bool is_drug = self->blocks->block[schedule->block].model->kind == OST_KIND_DRUG;
    if (!isfinite(own->amount) || (own->amount < 0 && is_drug))
        return ost_fail(err, OST_ERR_VALUE, "the dose of '%s' is %s", schedule->name,
            isfinite(own->amount) ? "negative" : "not a finite number");
    const ost_dim_t mass = { { [OST_DIM_MASS] = 6 } };
    if (is_drug && ost_dim_equal(r->dim, mass) && r->amount_formula != NULL && own->amount > OST_LARGEST_DOSE)
        return ost_fail(err, OST_ERR_VALUE, "the dose of '%s' is %g kg; expected at most 1 kg", schedule->name,
            own->amount / OST_LARGEST_DOSE);
    if (!(fraction >= 0 && fraction <= 1))
        return ost_fail(err, OST_ERR_VALUE, "adherence of '%s' is %g, expected 0 to 1", schedule->name, fraction);
    if (!(sd_log >= 0 && sd_log <= OST_LARGEST_SD_LOG))
        return ost_fail(err, OST_ERR_VALUE, "inter-occasion variability of '%s' is %g, expected 0 to %g",
            schedule->name, sd_log, OST_LARGEST_SD_LOG);
    return check_repeats(self, r, schedule->name, own, err);
}

int ost_plan_dosing_records(
    const ost_plan_t *self, const double *covariates, ost_dosing_record_t *records, double *t_begin, ost_error_t *err)
{
    for (size_t c = 0; c < self->schedules->n; c++) {
        const ost_schedule_line_t *schedule = &self->schedules->line[c];
        const ost_regimen_t *r = schedule->regimen;
        const ost_own_line_t own = ost_regimen_own(r, covariates);
        const double fraction = r->adherence != NULL ? ost_formula_value(r->adherence, covariates) : 1;
        const bool varies = r->inter_occasion != NULL && self->experiment->variability;
        const double sd_log = varies ? ost_formula_value(r->inter_occasion, covariates) : 0;
        const bool has_amount = r->amount_formula != NULL || r->duration_formula != NULL;
        int ret = check_record(self, schedule, &own, fraction, sd_log, err);
        if (ret < 0) {
            ost_error_prepend(err, "arm '%s': ", self->experiment->arms[schedule->arm].name);
            return ret;
        }
        records[c] = (ost_dosing_record_t){
            .start = own.start,
            .stop = own.stop,
            .fraction = fraction,
            .sd_log = sd_log,
            .amount = !has_amount        ? 0
                      : own.duration > 0 ? own.amount / own.duration
                                         : own.amount,
            .interval = r->interval_formula != NULL ? own.interval : 0,
            .duration = r->duration_formula != NULL ? own.duration : 0,
        };
        if (own.start < own.stop) *t_begin = fmin(*t_begin, own.start);
    }
    return 0;
}

/* Whether a condition holds; where it is not a number, this is noted and it does not. */
static bool holds(ost_visit_context_t *self, const ost_formula_t *condition, const char *key, const char *text,
    const double *y, double t)
{
    const ost_plan_t *plan = self->plan;
    const uint32_t *row = plan->outputs->condition_row;
    size_t n_covariates = plan->experiment->n_covariates;
    memcpy(self->values, self->covariates, n_covariates * sizeof(*self->values));
    for (size_t i = n_covariates; i < plan->conditions->n_values; i++)
        if (row[i] != OST_NO_ROW) self->values[i] = y[(size_t) row[i] * OST_LANE_COUNT];
    double value = ost_condition_value(condition, self->values, t);
    if (!isnan(value)) return value > 0;
    if (self->undecided != NULL) return false;
    self->undecided = key;
    self->undecided_text = text;
    self->t_undecided = t;
    return false;
}

/* Whether a subject takes part, and in which stratum. */
static bool is_in(ost_visit_context_t *self, const double *y, double t)
{
    const ost_conditions_t *conditions = self->plan->conditions;
    const ost_experiment_t *e = self->plan->experiment;
    self->is_eligible =
        conditions->eligible == NULL || holds(self, conditions->eligible, "eligible", e->eligible, y, t);
    if (!self->is_eligible) return false;
    for (self->stratum = 0; self->stratum < conditions->n_strata; self->stratum++) {
        const ost_stratum_t *stratum = &e->strata[self->stratum];
        if (holds(self, conditions->stratum[self->stratum], stratum->name, stratum->condition, y, t)) return true;
    }
    return conditions->n_strata == 0;
}

void ost_visit_context_exclude(ost_visit_context_t *self)
{
    const size_t *first = self->plan->schedules->first + self->arm;
    self->is_out = true;
    for (size_t k = 0; k < first[1] - first[0]; k++)
        self->began[k * self->stride] = self->ended[k * self->stride] = NAN;
}

/* ost_job_t.on_visit */
static void on_visit(ost_job_t *job, const ost_visit_t *visit, const double *y)
{
    ost_visit_context_t *self = job->user;
    if (visit->index == job->n_schedules) {
        if (!is_in(self, y, visit->t)) ost_visit_context_exclude(self);
        return;
    }
    if (self->is_out) return;
    const ost_schedules_t *schedules = self->plan->schedules;
    size_t i = visit->index;
    const ost_schedule_line_t *line = &schedules->line[schedules->first[self->arm] + i];
    ost_schedule_state_t *state = &job->schedule_states[i];
    double *began = &self->began[i * self->stride], *ended = &self->ended[i * self->stride];
    double t = visit->t, t_first = t + line->regimen->delay;
    bool waits = isinf(state->start);
    const ost_formula_t *condition = waits ? line->conditions->begin : line->conditions->end;
    if (condition == NULL || (waits ? t_first >= job->records[i].stop : t <= state->start)) return;
    const ost_regimen_t *regimen = line->regimen;
    if (!holds(self, condition, waits ? "begin_if" : "end_if", waits ? regimen->begin_if : regimen->end_if, y, t))
        return;
    state->start = waits ? t_first : INFINITY;
    if (isnan(waits ? *began : *ended)) *(waits ? began : ended) = waits ? t_first : t;
}

void ost_visit_context_attach(ost_visit_context_t *self, ost_job_t *job)
{
    const ost_plan_t *plan = self->plan;
    const ost_schedules_t *schedules = plan->schedules;
    job->n_schedules = schedules->first[self->arm + 1] - schedules->first[self->arm];
    job->seed = plan->experiment->seed;
    job->visits = schedules->visits[self->arm];
    job->n_visits = schedules->n_visits[self->arm];
    job->on_visit = on_visit;
    job->user = self;
    for (size_t c = 0; c < job->n_schedules; c++) {
        const ost_dosing_record_t *record = &job->records[c];
        bool begins = record->start < fmin(record->stop, plan->doses->t_end);
        self->began[c * self->stride] = begins ? record->start : NAN;
        self->ended[c * self->stride] = begins && record->stop < plan->doses->t_end ? record->stop : NAN;
    }
}
