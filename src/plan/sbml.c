/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One subject in one arm of a plan as SBML: from the history before treatment on, every dose given. */
#include "plan/visit.h"

#include "lang/sbml.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    const ost_plan_t *plan;
    size_t arm;
    ost_memory_t memory;
    double *covariates, *params;  /* of the subject */
    ost_dosing_record_t *records; /* [schedules->n] */
    const ost_model_t **models;   /* [blocks->n] */
    const double **params_of;     /* [blocks->n] */
    ost_sbml_dose_t *doses;       /* [n_doses] */
    ost_sbml_change_t *changes;   /* [n_changes] */
    double *outside;              /* [signals->n] */
    size_t n_doses, n_changes;
    size_t n_bases;
    double t_begin; /* of the subject */
} draft_t;

static int allocate(draft_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    ost_memory_t *memory = &self->memory;
    self->covariates = ost_memory_list(memory, plan->experiment->n_covariates, sizeof(double));
    self->params = ost_memory_list(memory, plan->blocks->n_params, sizeof(double));
    self->records = ost_memory_list(memory, plan->schedules->n, sizeof(*self->records));
    self->models = ost_memory_list(memory, plan->blocks->n, sizeof(*self->models));
    self->params_of = ost_memory_list(memory, plan->blocks->n, sizeof(*self->params_of));
    self->doses = ost_memory_list(memory, plan->experiment->arms[self->arm].n_regimens, sizeof(*self->doses));
    self->changes = ost_memory_list(memory, plan->timeline->arms[self->arm].n_events, sizeof(*self->changes));
    self->outside = ost_memory_list(memory, plan->signals->n, sizeof(double));
    return memory->failed ? ost_no_memory(err) : 0;
}

/* Whether the doses of a line are known before the subject is simulated. @param record  NULL: the same for all */
static int check_line(const draft_t *self, const ost_regimen_t *r, const ost_dosing_record_t *record, ost_error_t *err)
{
    const ost_experiment_t *e = self->plan->experiment;
    const char *text = r->begin_if != NULL ? r->begin_if : r->end_if;
    if (r->rows_of > 0 || r->is_steady)
        return OST_FAIL_AT(err, OST_ERR_MODEL, e, r->location, "SBML cannot have %s",
            r->is_steady ? "a steady state at the start; set steady_state to false, and start earlier, by --set"
                         : "the rows of a table of events; write the doses as a regimen");
    if (text != NULL)
        return OST_FAIL_AT(err, OST_ERR_MODEL, e, r->begin_if != NULL ? r->begin_location : r->end_location,
            "SBML cannot have doses that depend on visits: '%s'; take the condition away by --set", text);
    if (record != NULL && (record->fraction < 1 || record->sd_log > 0))
        return OST_FAIL_AT(err, OST_ERR_MODEL, e, r->location, "SBML cannot have doses that %s by --set",
            record->fraction < 1 ? "are missed at random; set the adherence to 1"
                                 : "differ at random; set inter_occasion to 0");
    return 0;
}

/* The record of a subject-specific line. */
static const ost_dosing_record_t *record_of(const draft_t *self, const ost_regimen_t *r)
{
    const ost_schedules_t *schedules = self->plan->schedules;
    for (size_t c = schedules->first[self->arm]; c < schedules->first[self->arm + 1]; c++)
        if (schedules->line[c].regimen == r) return &self->records[c];
    return NULL;
}

static int add_doses(draft_t *self, ost_error_t *err)
{
    const ost_arm_t *arm = &self->plan->experiment->arms[self->arm];
    int ret = 0;
    for (size_t i = 0; i < arm->n_regimens && ret == 0; i++) {
        const ost_regimen_t *r = &arm->regimens[i];
        const ost_dose_target_t *to = &self->plan->doses->target[self->arm][i];
        const ost_own_line_t own = ost_regimen_own(r, self->covariates);
        ost_sbml_dose_t dose = { .model = to->block,
            .state = to->state - self->plan->blocks->block[to->block].first_state,
            .amount = own.amount,
            .duration = own.duration,
            .start = own.start,
            .stop = own.stop,
            .interval = own.interval };
        ret = check_line(self, r, record_of(self, r), err);
        if (dose.start < dose.stop) self->doses[self->n_doses++] = dose;
    }
    return ret;
}

/* What drives signals from outside. */
static void add_changes(draft_t *self)
{
    const ost_plan_t *plan = self->plan;
    const ost_arm_timeline_t *timeline = &plan->timeline->arms[self->arm];
    for (size_t s = 0; s < self->plan->signals->n; s++) self->outside[s] = NAN;
    for (size_t s = 0; s < plan->wiring->n_signals; s++) {
        if (!plan->wiring->signals[s].has_outside) continue;
        const uint32_t input = (uint32_t) plan->inputs->outside[s];
        const size_t signal = (size_t) ost_signals_find(self->plan->signals, plan->wiring->signals[s].signal.name);
        self->outside[signal] = plan->inputs->idle[input];
        for (const ost_event_t *event = timeline->events; event < timeline->events + timeline->n_events; event++)
            if (event->kind == OST_EVENT_SET_INPUT && event->index == input)
                self->changes[self->n_changes++] = (ost_sbml_change_t){ signal, event->t, event->amount };
    }
}

static int write_arm(draft_t *self, FILE *out, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    double t_begin = plan->doses->t_begin;
    char *name = NULL;
    if (e->n_baselines > 0)
        return OST_FAIL_AT(err, OST_ERR_MODEL, e, e->baselines[0].location,
            "SBML cannot have a parameter that is solved for '%.80s' at time 0; take that away by --set "
            "population.baseline=[], and set '%.80s'",
            e->baselines[0].output, e->baselines[0].param);
    if (plan->population->n_changing > 0)
        return ost_fail_at(err, OST_ERR_MODEL, OST_WHERE(e), 0, 0,
            "osteon does not write SBML of covariates that change in time, as in 'events.covariates'");
    int ret = ost_plan_subject(plan, e->first_subject, self->covariates, self->params, err);
    if (ret == 0) ret = ost_plan_dosing_records(plan, self->covariates, self->records, &t_begin, err);
    if (ret == 0) ret = add_doses(self, err);
    if (ret < 0) return ret;
    add_changes(self);
    for (size_t b = 0; b < plan->blocks->n; b++) {
        self->models[b] = plan->blocks->block[b].model;
        self->params_of[b] = self->params + plan->blocks->block[b].first_param;
    }
    if (e->start != NULL) t_begin = fmin(t_begin, ost_formula_value(e->start, self->covariates));
    if (!isfinite(t_begin)) return ost_fail(err, OST_ERR_VALUE, "the start of the run-in is not a finite number");
    if (asprintf(&name, "%s, arm %s, subject %llu", e->name != NULL ? e->name : "experiment", e->arms[self->arm].name,
            (unsigned long long) e->first_subject) < 0)
        return ost_no_memory(err);
    const ost_sbml_arm_t arm = { .name = name,
        .title = e->title,
        .params = self->params_of,
        .t_begin = self->t_begin = t_begin,
        .n_bases = self->n_bases,
        .doses = self->doses,
        .n_doses = self->n_doses,
        .outside = self->outside,
        .changes = self->changes,
        .n_changes = self->n_changes };
    ret = ost_models_write_sbml(self->plan->signals, self->models, plan->blocks->n, &arm, out, err);
    free(name);
    return ret;
}

int ost_plan_write_sbml(
    const ost_plan_t *self, size_t i_arm, size_t n_bases, double *t_begin, FILE *out, ost_error_t *err)
{
    draft_t draft = { .plan = self, .arm = i_arm, .n_bases = n_bases };
    int ret = allocate(&draft, err);
    if (ret == 0) ret = write_arm(&draft, out, err);
    if (t_begin != NULL) *t_begin = draft.t_begin;
    ost_memory_free(&draft.memory);
    return ret;
}
