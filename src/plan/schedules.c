/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From subject-specific regimen lines to schedules as the solver takes them, and the visits of each arm. */
#include "plan/schedules.h"

#include "core/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The schedules while they are made. */
typedef struct {
    const ost_experiment_t *e;
    const ost_doses_t *doses;
    const ost_conditions_t *conditions;
    const ost_inputs_t *inputs;
    ost_schedules_t *schedules;
    ost_schedule_line_t *line;
    ost_schedule_t *exact;
    size_t *first, *n_visits;
    ost_visit_t **visits;
    ost_maker_t *make;
} builder_t;

/* The drug, and behind it which of the arm's lines of that drug it is, from the second on. */
static const char *line_name(builder_t *self, const char *drug, size_t ordinal)
{
    char behind[24] = "";
    if (ordinal > 0) snprintf(behind, sizeof(behind), "_%zu", ordinal + 1);
    return ost_maker_join(self->make, drug, behind, "", "");
}

static int add_line(builder_t *self, size_t arm, size_t i)
{
    const ost_regimen_t *regimens = self->e->arms[arm].regimens, *r = &regimens[i];
    const ost_dose_target_t *to = &self->doses->target[arm][i];
    size_t c = self->schedules->n++, of_drug = 0;
    char purpose[160], occasion[160];
    for (size_t k = 0; k < i; k++) of_drug += strcmp(regimens[k].drug, r->drug) == 0;
    snprintf(purpose, sizeof(purpose), "dose %.100s %zu", r->drug, of_drug);
    snprintf(occasion, sizeof(occasion), "occasion %.100s %zu", r->drug, of_drug);
    self->line[c] = (ost_schedule_line_t){
        .arm = arm,
        .regimen = r,
        .name = line_name(self, r->drug, of_drug),
        .block = to->block,
        .conditions = &self->conditions->line[arm][i],
    };
    self->exact[c] = (ost_schedule_t){
        .kind = to->is_infusion ? OST_EVENT_SET_INPUT : OST_EVENT_ADD_STATE,
        .index = to->is_infusion ? self->inputs->infusion[arm][i] : to->state,
        .amount = r->duration > 0 ? r->amount / r->duration : r->amount,
        .interval = r->interval > 0 ? r->interval : INFINITY,
        .duration = r->duration_formula != NULL ? INFINITY : r->duration,
        .hold_input = self->inputs->hold[to->block],
        .series = -1,
        .purpose = ost_random_purpose(purpose),
        .occasion = ost_random_purpose(occasion),
    };
    return self->make->err.code;
}

static int compare_visits(const void *a, const void *b)
{
    const ost_visit_t *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static size_t count_visits(const builder_t *self, const ost_regimen_t *r)
{
    if (r->begin_if == NULL && r->end_if == NULL) return 0;
    double stop = fmin(r->stop, self->doses->t_known);
    return r->start < stop ? (size_t) ceil((stop - r->start) / r->visits) : 0;
}

static int add_visits(builder_t *self, size_t arm)
{
    size_t first = self->first[arm], n_schedules = self->schedules->n - first;
    bool is_tested = self->conditions->eligible != NULL || self->conditions->n_strata > 0;
    size_t n = is_tested;
    for (size_t c = 0; c < n_schedules; c++) n += count_visits(self, self->line[first + c].regimen);
    if (n == 0) return 0;
    ost_visit_t *visits = self->visits[arm] = ost_maker_list(self->make, n, sizeof(*visits)), *visit = visits;
    if (visits == NULL) return self->make->err.code;
    self->n_visits[arm] = n;
    for (size_t c = 0; c < n_schedules; c++) {
        const ost_regimen_t *r = self->line[first + c].regimen;
        for (size_t k = 0, n_of = count_visits(self, r); k < n_of; k++)
            *visit++ = (ost_visit_t){ .t = r->start + (double) k * r->visits, .index = (uint32_t) c };
    }
    if (is_tested) *visit = (ost_visit_t){ .t = 0, .index = (uint32_t) n_schedules };
    qsort(visits, n, sizeof(*visits), compare_visits);
    return 0;
}

size_t ost_schedules_timed(const ost_schedules_t *self, size_t k)
{
    size_t i = 0;
    for (; i < self->n; i++) {
        const ost_regimen_t *r = self->line[i].regimen;
        if (r->start_formula == NULL && r->stop_formula == NULL && r->begin_if == NULL && r->end_if == NULL) continue;
        if (k-- == 0) break;
    }
    return i;
}

const ost_schedules_t *ost_schedules_new(const ost_experiment_t *e, const ost_doses_t *doses,
    const ost_conditions_t *conditions, const ost_inputs_t *inputs, ost_maker_t *make)
{
    if (make->err.code != 0) return NULL;
    size_t n = 0;
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++) n += doses->target[a][i].is_scheduled;
    builder_t self = { e, doses, conditions, inputs, .make = make };
    ost_schedules_t *schedules = self.schedules = ost_maker_list(make, 1, sizeof(*schedules));
    self.line = ost_maker_list(make, n, sizeof(*self.line));
    self.exact = ost_maker_list(make, n, sizeof(*self.exact));
    self.first = ost_maker_list(make, e->n_arms + 1, sizeof(*self.first));
    self.n_visits = ost_maker_list(make, e->n_arms, sizeof(*self.n_visits));
    self.visits = ost_maker_list(make, e->n_arms, sizeof(*self.visits));
    if (make->err.code != 0) return NULL;
    for (size_t a = 0; a < e->n_arms; a++) {
        self.first[a] = schedules->n;
        for (size_t i = 0; i < e->arms[a].n_regimens; i++)
            if (doses->target[a][i].is_scheduled && add_line(&self, a, i) < 0) return NULL;
        if (add_visits(&self, a) < 0) return NULL;
        self.first[a + 1] = schedules->n;
    }
    *schedules = (ost_schedules_t){ self.line, schedules->n, self.exact, self.first,
        (const ost_visit_t *const *) self.visits, self.n_visits };
    return schedules;
}
