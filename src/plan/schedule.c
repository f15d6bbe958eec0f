/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regimen lines that people take each in their own way: with an own start or stop, missing doses, or by a rule that is
 * looked at on visits. Everything else of an arm is the same for all and stands in its list of events. */
#include "core/random.h"
#include "plan/plan_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(ost_error_t *err)
{
    return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the dosing schedules");
}

/* The drug, and behind it which of the arm's lines of that drug it is, from the second on. */
static char *schedule_name(const char *drug, size_t ordinal)
{
    size_t size = strlen(drug) + 24;
    char *name = malloc(size), behind[24] = "";
    if (ordinal > 0) snprintf(behind, sizeof(behind), "_%zu", ordinal + 1);
    if (name != NULL) snprintf(name, size, "%s%s", drug, behind);
    return name;
}

static int add_schedule(ost_plan_t *self, size_t arm, size_t i, ost_error_t *err)
{
    const ost_arm_t *a = &self->experiment->arms[arm];
    const ost_regimen_t *r = &a->regimens[i];
    const ost_dose_target_t *targets = self->doses->target[arm];
    size_t c = self->n_schedules, of_drug = 0, block = targets[i].block, x = targets[i].state;
    char purpose[160];
    for (size_t k = 0; k < i; k++) of_drug += strcmp(a->regimens[k].drug, r->drug) == 0;
    snprintf(purpose, sizeof(purpose), "dose %.100s %zu", r->drug, of_drug);
    bool is_infusion = r->duration > 0;
    self->schedules[c] = (ost_plan_schedule_t){ .arm = arm, .regimen = r, .name = schedule_name(r->drug, of_drug) };
    self->impl->rules[c] = (ost_rule_t){ .block = block, .conditions = &self->conditions->line[arm][i] };
    self->impl->schedules[c] = (ost_schedule_t){
        .kind = is_infusion ? OST_EVENT_SET_INPUT : OST_EVENT_ADD_STATE,
        .index = is_infusion ? self->inputs->infusion[arm][i] : (uint32_t) x,
        .amount = is_infusion ? r->amount / r->duration : r->amount,
        .interval = r->interval > 0 ? r->interval : INFINITY,
        .duration = r->duration,
        .wake = self->inputs->hold[block],
        .series = -1,
        .purpose = ost_random_purpose(purpose),
    };
    self->n_schedules++;
    return self->schedules[c].name != NULL ? 0 : no_memory(err);
}

int ost_plan_build_schedules(ost_plan_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    struct ost_plan_impl *impl = self->impl;
    size_t n = 1;
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++)
            n += ost_regimen_is_subject_specific(&e->arms[a].regimens[i]);
    self->schedules = calloc(n, sizeof(*self->schedules));
    impl->rules = calloc(n, sizeof(*impl->rules));
    impl->schedules = calloc(n, sizeof(*impl->schedules));
    impl->exact_schedules = calloc(n, sizeof(*impl->exact_schedules));
    impl->first_schedule = calloc(e->n_arms + 1, sizeof(*impl->first_schedule));
    impl->visits = calloc(e->n_arms + 1, sizeof(*impl->visits));
    impl->n_visits = calloc(e->n_arms + 1, sizeof(*impl->n_visits));
    if (self->schedules == NULL || impl->rules == NULL || impl->schedules == NULL || impl->exact_schedules == NULL ||
        impl->first_schedule == NULL || impl->visits == NULL || impl->n_visits == NULL)
        return no_memory(err);
    int ret = 0;
    for (size_t a = 0; a < e->n_arms && ret == 0; a++) {
        impl->first_schedule[a] = self->n_schedules;
        for (size_t i = 0; i < e->arms[a].n_regimens && ret == 0; i++)
            if (ost_regimen_is_subject_specific(&e->arms[a].regimens[i])) ret = add_schedule(self, a, i, err);
        impl->first_schedule[a + 1] = self->n_schedules;
    }
    return ret;
}

static int compare_visits(const void *a, const void *b)
{
    const ost_visit_t *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static size_t count_visits(const ost_plan_t *self, const ost_regimen_t *r)
{
    if (r->begin_if == NULL && r->end_if == NULL) return 0;
    double stop = fmin(r->stop, self->doses->t_known);
    return r->start < stop ? (size_t) ceil((stop - r->start) / r->visits) : 0;
}

/* When each arm is looked at; once all schedules are as the solver is to know them. */
int ost_plan_build_visits(ost_plan_t *self, ost_error_t *err)
{
    struct ost_plan_impl *impl = self->impl;
    for (size_t c = 0; c < self->n_schedules; c++) {
        impl->exact_schedules[c] = impl->schedules[c];
        impl->exact_schedules[c].series = -1;
    }
    for (size_t a = 0; a < self->experiment->n_arms; a++) {
        size_t n = self->conditions->eligible != NULL, first = impl->first_schedule[a],
               n_schedules = impl->first_schedule[a + 1] - first;
        for (size_t c = first; c < impl->first_schedule[a + 1]; c++)
            n += count_visits(self, self->schedules[c].regimen);
        if (n == 0) continue;
        impl->visits[a] = calloc(n, sizeof(*impl->visits[a]));
        if (impl->visits[a] == NULL) return no_memory(err);
        for (size_t c = first; c < impl->first_schedule[a + 1]; c++) {
            const ost_regimen_t *r = self->schedules[c].regimen;
            for (size_t k = 0; k < count_visits(self, r); k++)
                impl->visits[a][impl->n_visits[a]++] =
                    (ost_visit_t){ .t = r->start + (double) k * r->visits, .index = (uint32_t) (c - first) };
        }
        if (self->conditions->eligible != NULL)
            impl->visits[a][impl->n_visits[a]++] = (ost_visit_t){ .t = 0, .index = (uint32_t) n_schedules };
        qsort(impl->visits[a], n, sizeof(*impl->visits[a]), compare_visits);
    }
    return 0;
}

static int check_record(const ost_plan_t *self, size_t c, const ost_dosing_record_t *record, ost_error_t *err)
{
    const ost_plan_schedule_t *schedule = &self->schedules[c];
    const char *arm = self->experiment->arms[schedule->arm].name;
    if (isnan(record->start) || record->start == -INFINITY || isnan(record->stop))
        return ost_fail(err, OST_ERR_VALUE, "arm '%s': start or stop of '%s' is not a number", arm, schedule->name);
    if (!(record->share >= 0 && record->share <= 1))
        return ost_fail(err, OST_ERR_VALUE, "arm '%s': adherence of '%s' is %g, expected 0 to 1", arm, schedule->name,
            record->share);
    return 0;
}

int ost_plan_dosing_records(
    const ost_plan_t *self, const double *covariates, ost_dosing_record_t *records, double *t_begin, ost_error_t *err)
{
    for (size_t c = 0; c < self->n_schedules; c++) {
        const ost_regimen_t *r = self->schedules[c].regimen;
        records[c] = (ost_dosing_record_t){
            .start = r->start_formula != NULL ? ost_formula_value(r->start_formula, covariates)
                     : r->begin_if != NULL    ? INFINITY
                                              : r->start,
            .stop = r->stop_formula != NULL ? ost_formula_value(r->stop_formula, covariates) : r->stop,
            .share = r->adherence != NULL ? ost_formula_value(r->adherence, covariates) : 1,
        };
        int ret = check_record(self, c, &records[c], err);
        if (ret < 0) return ret;
        if (records[c].start < records[c].stop) *t_begin = fmin(*t_begin, records[c].start);
    }
    return 0;
}

/* What a condition uses, into the visitor's scratch. @return false if some of it has no value: then nothing is decided
 */
static bool see(const ost_visitor_t *self, const double *y)
{
    const ost_plan_t *plan = self->plan;
    const uint32_t *row = plan->impl->condition_row;
    size_t n_covariates = plan->experiment->n_covariates;
    memcpy(self->values, self->covariates, n_covariates * sizeof(*self->values));
    for (size_t i = n_covariates; i < plan->conditions->n_values; i++) {
        if (row[i] == OST_NO_ROW) continue;
        self->values[i] = y[(size_t) row[i] * OST_LANE_COUNT];
        if (isnan(self->values[i])) return false;
    }
    return true;
}

/* ost_job_t.look */
static void look(ost_job_t *job, const ost_visit_t *visit, const double *y)
{
    ost_visitor_t *self = job->user;
    if (visit->index == job->n_schedules) {
        self->is_out = !see(self, y) || !ost_condition_holds(self->plan->conditions->eligible, self->values, visit->t);
        for (size_t k = 0; self->is_out && k < job->n_schedules; k++)
            self->began[k * self->stride] = self->ended[k * self->stride] = NAN;
        return;
    }
    if (self->is_out) return;
    size_t i = visit->index, c = self->plan->impl->first_schedule[self->arm] + i;
    const ost_rule_t *rule = &self->plan->impl->rules[c];
    ost_schedule_state_t *state = &job->schedule_states[i];
    double *began = &self->began[i * self->stride], *ended = &self->ended[i * self->stride];
    double t = visit->t, t_first = t + self->plan->schedules[c].regimen->delay;
    bool waits = isinf(state->start);
    const ost_formula_t *condition = waits ? rule->conditions->begin : rule->conditions->end;
    if (condition == NULL || (waits ? t_first >= job->records[i].stop : t <= state->start)) return;
    if (!see(self, y) || !ost_condition_holds(condition, self->values, t)) return;
    state->start = waits ? t_first : INFINITY;
    if (isnan(waits ? *began : *ended)) *(waits ? began : ended) = waits ? t_first : t;
}

void ost_plan_give(ost_visitor_t *self, ost_job_t *job)
{
    const ost_plan_t *plan = self->plan;
    const struct ost_plan_impl *impl = plan->impl;
    job->n_schedules = impl->first_schedule[self->arm + 1] - impl->first_schedule[self->arm];
    job->seed = plan->experiment->seed;
    job->visits = impl->visits[self->arm];
    job->n_visits = impl->n_visits[self->arm];
    job->look = look;
    job->user = self;
    for (size_t c = 0; c < job->n_schedules; c++) {
        const ost_dosing_record_t *record = &job->records[c];
        bool begins = record->start < fmin(record->stop, plan->doses->t_end);
        self->began[c * self->stride] = begins ? record->start : NAN;
        self->ended[c * self->stride] = begins && record->stop < plan->doses->t_end ? record->stop : NAN;
    }
}
