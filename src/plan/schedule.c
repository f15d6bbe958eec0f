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

static size_t find_name(const ost_seen_t *seen, const char *name, size_t n)
{
    size_t i = 0;
    while (i < n && strcmp(seen->names[i].name, name) != 0) i++;
    return i;
}

static void add_name(ost_seen_t *seen, const char *name, ost_dim_t dim, const ost_index_set_t *set)
{
    if (find_name(seen, name, seen->n_names) < seen->n_names) return; /* a covariate, or an element of it */
    seen->names[seen->n_names++] = (ost_name_t){ .name = name, .dim = dim, .set = set };
    seen->n_values += set != NULL ? set->n_elements : 1;
}

static int list_names(ost_plan_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    ost_seen_t *seen = &self->impl->seen;
    size_t n = e->n_covariates + 1;
    for (size_t b = 0; b < self->blocks->n; b++) n += self->blocks->block[b].model->n_outputs;
    seen->names = calloc(n, sizeof(*seen->names));
    seen->used = calloc(n, sizeof(*seen->used));
    if (seen->names == NULL || seen->used == NULL) return no_memory(err);
    for (size_t i = 0; i < e->n_covariates; i++) add_name(seen, e->covariates[i].name, e->covariates[i].unit.dim, NULL);
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *model = self->blocks->block[b].model;
        for (size_t i = 0; i < model->n_outputs; i++) {
            const ost_output_t *output = &model->outputs[i];
            add_name(seen, output->group, output->unit.dim, ost_plan_index_set(model, output));
        }
    }
    seen->row = calloc(seen->n_values + 1, sizeof(*seen->row));
    if (seen->row == NULL) return no_memory(err);
    for (size_t i = 0; i < seen->n_values; i++) seen->row[i] = OST_NO_ROW;
    return 0;
}

bool ost_plan_is_seen(const ost_plan_t *self, const char *group)
{
    const ost_seen_t *seen = &self->impl->seen;
    size_t i = find_name(seen, group, seen->n_names);
    return i < seen->n_names && seen->used[i];
}

void ost_plan_see_row(ost_plan_t *self, const char *group, uint32_t element, uint32_t row)
{
    ost_seen_t *seen = &self->impl->seen;
    size_t value = element;
    if (!ost_plan_is_seen(self, group)) return;
    for (size_t i = 0; strcmp(seen->names[i].name, group) != 0; i++)
        value += seen->names[i].set != NULL ? seen->names[i].set->n_elements : 1;
    if (value >= self->experiment->n_covariates) seen->row[value] = row;
}

static int read_condition(ost_plan_t *self, ost_formula_t **condition, const char *key, const char *text,
    ost_location_t location, ost_error_t *err)
{
    ost_seen_t *seen = &self->impl->seen;
    ost_error_t why = { 0 };
    if (text == NULL) return 0;
    bool *used = calloc(seen->n_names + 1, sizeof(*used));
    if (used == NULL) return no_memory(err);
    int ret = ost_condition_new(condition, text, seen->names, seen->n_names, used, &why);
    for (size_t i = 0; i < seen->n_names; i++) seen->used[i] |= used[i];
    free(used);
    if (ret == 0) return 0;
    if (why.line == 1 && location.line > 0) location.column += why.column - 1;
    return OST_FAIL_AT(err, ret, self->experiment, location, "%s: %s", key, why.what);
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

static int check_line(const ost_plan_t *self, const ost_regimen_t *r, ost_error_t *err)
{
    bool has_rule = r->begin_if != NULL || r->end_if != NULL;
    if (has_rule && !(r->visits > 0 && isfinite(r->visits)))
        return OST_FAIL_AT(err, OST_ERR_VALUE, self->experiment, r->location,
            "'begin_if' and 'end_if' are looked at on visits: say how often, as in 'visits: 6 month'");
    if (has_rule && r->start_formula != NULL)
        return OST_FAIL_AT(err, OST_ERR_VALUE, self->experiment, r->location,
            "with 'begin_if' or 'end_if', 'start' is the first visit, and the same for all");
    if (!(r->delay >= 0))
        return OST_FAIL_AT(err, OST_ERR_VALUE, self->experiment, r->location, "a delay is not negative");
    return 0;
}

static int add_schedule(ost_plan_t *self, size_t arm, size_t i, ost_error_t *err)
{
    const ost_arm_t *a = &self->experiment->arms[arm];
    const ost_regimen_t *r = &a->regimens[i];
    const ost_dose_target_t *targets = self->doses->target[arm];
    size_t c = self->n_schedules, of_drug = 0, of_state = 0, block = targets[i].block, x = targets[i].state;
    char purpose[160];
    for (size_t k = 0; k < i; k++) of_drug += strcmp(a->regimens[k].drug, r->drug) == 0;
    int ret = check_line(self, r, err);
    if (ret < 0) return ret;
    for (size_t k = 0; k < i; k++)
        of_state += targets[k].is_subject_specific && targets[k].is_infusion && targets[k].state == x;
    snprintf(purpose, sizeof(purpose), "dose %.100s %zu", r->drug, of_drug);
    bool is_infusion = r->duration > 0;
    self->schedules[c] = (ost_plan_schedule_t){ .arm = arm, .regimen = r, .name = schedule_name(r->drug, of_drug) };
    self->impl->rules[c] = (ost_rule_t){ .block = block };
    self->impl->schedules[c] = (ost_schedule_t){
        .kind = is_infusion ? OST_EVENT_SET_INPUT : OST_EVENT_ADD_STATE,
        .index = is_infusion ? ost_plan_own_infusion(self, x, of_state) : (uint32_t) x,
        .amount = is_infusion ? r->amount / r->duration : r->amount,
        .interval = r->interval > 0 ? r->interval : INFINITY,
        .duration = r->duration,
        .wake = self->impl->hold[block],
        .series = -1,
        .purpose = ost_random_purpose(purpose),
    };
    self->n_schedules++;
    if (self->schedules[c].name == NULL) return no_memory(err);
    ret = read_condition(self, &self->impl->rules[c].begin, "begin_if", r->begin_if, r->begin_location, err);
    return ret == 0 ? read_condition(self, &self->impl->rules[c].end, "end_if", r->end_if, r->end_location, err) : ret;
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
    int ret = n > 1 || e->eligible != NULL ? list_names(self, err) : 0;
    if (ret == 0) ret = read_condition(self, &impl->eligible, "eligible", e->eligible, e->eligible_location, err);
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
        size_t n = impl->eligible != NULL, first = impl->first_schedule[a],
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
        if (impl->eligible != NULL)
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
    const ost_seen_t *seen = &self->plan->impl->seen;
    size_t n_covariates = self->plan->experiment->n_covariates;
    memcpy(self->values, self->covariates, n_covariates * sizeof(*self->values));
    for (size_t i = n_covariates; i < seen->n_values; i++) {
        if (seen->row[i] == OST_NO_ROW) continue;
        self->values[i] = y[(size_t) seen->row[i] * OST_LANE_COUNT];
        if (isnan(self->values[i])) return false;
    }
    return true;
}

/* ost_job_t.look */
static void look(ost_job_t *job, const ost_visit_t *visit, const double *y)
{
    ost_visitor_t *self = job->user;
    if (visit->index == job->n_schedules) {
        self->is_out = !see(self, y) || !ost_condition_holds(self->plan->impl->eligible, self->values, visit->t);
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
    const ost_formula_t *condition = waits ? rule->begin : rule->end;
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
