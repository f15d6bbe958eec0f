/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows become acts, each at its time; acts are sorted, and become events. The order of acts at one time is that of
 * configs/events/README.md: what rows of earlier times have led to, then the rows of this time as they stand. */
#include "plan/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An infusion that is shorter is refused, as that of a regimen line. */
#define MIN_DURATION 1e-6
/* Infusions that overlap at steady state: an assumption, more take more memory than they are worth. */
#define MOST_RUNNING 100000

typedef struct {
    ost_own_events_t *own;
    ost_rows_work_t *work;
    const ost_plan_t *plan;
    const ost_events_t *table;
    const ost_arm_t *arm;
    size_t i_arm;
    uint64_t subject;
    const double *covariates;
    const ost_rows_calls_t *calls;
    ost_error_t *err;
    int code; /* 0, or that of the first error: nothing is added after it */
} builder_t;

/* A dose of a row once its formulas are evaluated. */
typedef struct {
    double lag, amount, rate, duration;
} dose_t;

bool ost_rows_has(const ost_plan_t *plan, size_t arm)
{
    const ost_arm_t *a = &plan->experiment->arms[arm];
    if (plan->population->n_changing > 0) return true;
    for (size_t i = 0; i < a->n_regimens; i++)
        if (a->regimens[i].rows_of > 0 || a->regimens[i].is_steady) return true;
    return false;
}

bool ost_rows_has_steady(const ost_plan_t *plan, size_t block)
{
    const ost_experiment_t *e = plan->experiment;
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++) {
            const ost_regimen_t *r = &e->arms[a].regimens[i];
            bool has = r->is_steady || (r->rows_of > 0 && e->events.compartments[r->rows_of - 1].has_steady);
            if (has && plan->doses->target[a][i].block == block) return true;
        }
    return false;
}

bool ost_rows_is_linear(const ost_plan_t *plan, size_t block, const double *inputs)
{
    const ost_system_t *system = plan->system;
    const ost_block_t *of = &plan->blocks->block[block];
    size_t n = 0;
    for (const ost_linear_t *part = system->linear; part < system->linear + system->n_linear; part++) {
        bool is_closed = true;
        for (size_t i = 0; i < part->n_conditions && inputs != NULL; i++) is_closed &= inputs[part->condition[i]] != 0;
        for (size_t i = 0; i < part->n_states && is_closed; i++)
            n += part->state[i] >= of->first_state && part->state[i] < of->first_state + of->model->n_states;
    }
    return n == of->model->n_states && n <= OST_LINEAR_MAX;
}

/* The line of an arm that line i, which begins at steady state, cannot be added to, SIZE_MAX: none. */
static size_t find_other(const ost_plan_t *plan, size_t arm, size_t i)
{
    const ost_arm_t *a = &plan->experiment->arms[arm];
    const ost_dose_target_t *to = plan->doses->target[arm];
    const ost_regimen_t *line = &a->regimens[i];
    for (size_t k = 0; k < a->n_regimens; k++) {
        const ost_regimen_t *other = &a->regimens[k];
        const bool is_same = k != i && to[k].block == to[i].block;
        bool is_before = other->start_formula != NULL || line->start_formula != NULL || other->start < line->start;
        if (is_same && (other->is_steady || is_before)) return k;
    }
    return SIZE_MAX;
}

int ost_rows_check(const ost_plan_t *plan, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++) {
            const ost_regimen_t *r = &e->arms[a].regimens[i];
            if (!r->is_steady || ost_rows_is_linear(plan, plan->doses->target[a][i].block, NULL)) continue;
            const size_t k = find_other(plan, a, i);
            if (k < SIZE_MAX)
                return OST_FAIL_AT(err, OST_ERR_MODEL, e, r->location,
                    "arm '%s': 'steady_state' of this line leaves out the doses of line %d, and the kinetics of '%s' "
                    "are "
                    "not linear, so that steady states cannot be added; expected one line, or an earlier 'start' "
                    "without "
                    "'steady_state'",
                    e->arms[a].name, e->arms[a].regimens[k].location.line, r->drug);
        }
    return 0;
}

static const ost_dose_target_t *target(const builder_t *self, size_t line)
{
    return &self->plan->doses->target[self->i_arm][line];
}

/* Room for one more in a list of n. @return false after an error */
static bool has_room(builder_t *self, void *list, size_t n, size_t *max, size_t size)
{
    if (self->code == 0 && ost_list_grow(list, n, max, size) < 0) self->code = ost_no_memory(self->err);
    return self->code == 0;
}

static void add_act(builder_t *self, ost_act_t act)
{
    ost_rows_work_t *work = self->work;
    if (act.t >= self->plan->doses->t_known ||
        !has_room(self, &work->acts, work->n_acts, &work->max_acts, sizeof(*work->acts)))
        return;
    act.seq = (uint32_t) work->n_acts;
    work->acts[work->n_acts++] = act;
}

/* A dose that enters at `t`: its own row's time, or later. Nothing enters of a dose whose bioavailability is 0. */
static void add_entry(builder_t *self, const ost_act_t *like, double t_row, double t, const dose_t *dose)
{
    ost_act_t act = *like;
    if (dose->amount == 0) return;
    act.t = t;
    act.after = t <= t_row + OST_SAME_TIME ? like->row : 0;
    act.kind = dose->rate > 0 ? OST_ACT_RATE : OST_ACT_BOLUS;
    act.amount = dose->rate > 0 ? dose->rate : dose->amount;
    act.count = 1;
    add_act(self, act);
    if (act.kind == OST_ACT_BOLUS) return;
    act.t = t + dose->duration;
    act.after = 0;
    act.amount = -dose->rate;
    act.count = -1;
    add_act(self, act);
}

/* Ask for a steady state. @return its index */
static uint32_t add_cycle(builder_t *self, size_t line, double t, const ost_repeated_t *repeated, bool is_added)
{
    ost_rows_work_t *work = self->work;
    const ost_dose_target_t *to = target(self, line);
    if (!has_room(self, &work->cycles, work->n_cycles, &work->max_cycles, sizeof(*work->cycles))) return 0;
    work->cycles[work->n_cycles] = (ost_cycle_t){ .block = to->block,
        .into = to->state - self->plan->blocks->block[to->block].first_state,
        .infusion = to->is_infusion ? (int32_t) self->plan->inputs->infusion[self->i_arm][line] : -1,
        .t = t,
        .is_added = is_added,
        .repeated = *repeated };
    return (uint32_t) work->n_cycles++;
}

/* A row with SS: the state at its time, infusions that run then, and doses that were given before it and enter from
 * then on, where the lag is longer than the interval. */
static void add_steady(builder_t *self, const ost_event_row_t *row, const ost_act_t *like, const dose_t *dose)
{
    double shift = row->interval > 0 ? fmod(dose->lag, row->interval) : 0;
    if (shift < OST_SAME_TIME || row->interval - shift < OST_SAME_TIME) shift = 0;
    const ost_repeated_t repeated = { .amount = dose->rate > 0 ? 0 : dose->amount,
        .rate = dose->rate,
        .duration = dose->duration,
        .interval = row->interval,
        .phase = row->interval - shift };
    ost_act_t act = *like;
    act.kind = OST_ACT_STEADY;
    act.index = add_cycle(self, like->line, like->t, &repeated, row->steady == 2);
    add_act(self, act);
    size_t n = ost_repeated_running(&repeated);
    if (n > MOST_RUNNING && self->code == 0)
        self->code = ost_fail(
            self->err, OST_ERR_LIMIT, "%zu infusions overlap at steady state; %d are the limit", n, MOST_RUNNING);
    for (size_t k = 0; k < n && self->code == 0; k++) {
        act.kind = OST_ACT_RATE;
        act.t = like->t;
        act.after = like->row;
        act.amount = dose->rate;
        act.count = 1;
        add_act(self, act);
        act.t = like->t + dose->duration - repeated.phase - (double) k * row->interval;
        act.after = 0;
        act.amount = -dose->rate;
        act.count = -1;
        add_act(self, act);
    }
    for (double entry = dose->lag - row->interval; row->interval > 0 && entry > -OST_SAME_TIME && self->code == 0;
         entry -= row->interval)
        add_entry(self, like, like->t, like->t + fmax(entry, 0), dose);
}

/* A column's value where it is that of one row or of another, by its interpolation. */
static double column_at(const builder_t *self, size_t column, const ost_change_t *at)
{
    const ost_events_t *table = self->table;
    const bool is_next = table->covariates[column].interpolation == OST_INTERPOLATION_NOCB;
    return table->values[(is_next ? at->next : at->last) * table->n_covariates + column];
}

/* The covariates at a row: columns of the table as they are there, and what is computed from them. */
static const double *values_at(const builder_t *self, const ost_change_t *at)
{
    const ost_experiment_t *e = self->plan->experiment;
    double *values = self->work->values;
    memcpy(values, self->covariates, e->n_covariates * sizeof(*values));
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        if (c->origin == OST_ORIGIN_COLUMN && c->column > 0) values[i] = column_at(self, c->column - 1, at);
        if (c->origin == OST_ORIGIN_FORMULA)
            values[i] = ost_clamp(ost_formula_value(c->formula, values), c->dist.lower, c->dist.upper);
    }
    return values;
}

static double formula_at(const ost_event_formula_t *self, const double *values)
{
    return self->formula != NULL ? ost_formula_value(self->formula, values) : self->value;
}

static void fail_row(builder_t *self, const ost_event_row_t *row, const char *what, double value, const char *expected)
{
    if (self->code == 0)
        self->code = ost_fail(self->err, OST_ERR_VALUE, "%s:%d: the %s of this dose is %.10g; expected %s",
            self->plan->experiment->people.path, row->line, what, value, expected);
}

static dose_t find_dose(builder_t *self, const ost_event_row_t *row, const double *values)
{
    const ost_compartment_t *to = &self->table->compartments[row->compartment];
    double part = formula_at(&to->bioavailability, values);
    dose_t dose = { .lag = formula_at(&to->lag, values), .amount = part * row->amount, .rate = row->rate };
    if (!(dose.lag >= 0 && isfinite(dose.lag)))
        fail_row(self, row, "lag", dose.lag, "a time in days that is not negative");
    if (!(part >= 0 && isfinite(part))) fail_row(self, row, "bioavailability", part, "0 or more");
    if (row->rate_kind == OST_RATE_BOLUS) return dose;
    if (row->rate_kind == OST_RATE_DURATION) {
        dose.duration = formula_at(&to->duration, values);
        dose.rate = dose.amount / dose.duration;
    } else {
        if (row->rate_kind == OST_RATE_MODELLED) dose.rate = formula_at(&to->rate, values);
        dose.duration = dose.amount / dose.rate;
    }
    if (!(dose.duration >= 0 && isfinite(dose.duration)))
        fail_row(self, row, row->rate_kind == OST_RATE_DURATION ? "duration" : "rate",
            row->rate_kind == OST_RATE_DURATION ? dose.duration : dose.rate, "more than 0");
    if (dose.duration < MIN_DURATION && dose.amount > 0)
        fail_row(self, row, "duration", dose.duration, "at least 1e-6 d, or RATE 0 for a bolus");
    return dose;
}

/* The line of the arm that stands for a compartment. */
static uint32_t line_of(const builder_t *self, uint32_t compartment)
{
    uint32_t line = 0;
    while (self->arm->regimens[line].rows_of != (int32_t) compartment + 1) line++;
    return line;
}

static void add_dose(builder_t *self, size_t i, ost_act_t like)
{
    const ost_event_row_t *row = &self->table->rows[i];
    const dose_t dose = find_dose(self, row, values_at(self, &(ost_change_t){ i, i }));
    like.line = line_of(self, row->compartment);
    if (row->steady > 0 && self->code == 0) add_steady(self, row, &like, &dose);
    for (uint32_t k = 0; k <= row->n_more && dose.amount > 0 && self->code == 0; k++) {
        double t = row->t + dose.lag + k * row->interval;
        if (t >= self->plan->doses->t_known) break;
        add_entry(self, &like, row->t, t, &dose);
    }
}

/* Index of an output time, SIZE_MAX for another time. */
static size_t time_index(const ost_experiment_t *e, double t)
{
    size_t first = 0, end = e->n_times;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (e->times[middle] < t - OST_SAME_TIME)
            first = middle + 1;
        else
            end = middle;
    }
    return first < e->n_times && e->times[first] <= t + OST_SAME_TIME ? first : SIZE_MAX;
}

static void add_row(builder_t *self, size_t i, uint32_t number)
{
    const ost_event_row_t *row = &self->table->rows[i];
    ost_act_t act = { .t = row->t, .row = number, .after = number };
    if (row->kind == OST_ROW_OBSERVATION) {
        size_t index = time_index(self->plan->experiment, row->t);
        act.kind = OST_ACT_OUTPUT;
        act.index = (uint32_t) index;
        if (index != SIZE_MAX) add_act(self, act);
        return;
    }
    if (row->kind == OST_ROW_RESET || row->kind == OST_ROW_RESET_DOSE) {
        act.kind = OST_ACT_RESET;
        add_act(self, act);
    }
    if (row->kind == OST_ROW_DOSE || row->kind == OST_ROW_RESET_DOSE) add_dose(self, i, act);
}

/* Whether covariates that models follow differ between two times. */
static bool differ(const builder_t *self, const ost_change_t *a, const ost_change_t *b)
{
    bool is = false;
    for (size_t i = 0; i < self->table->n_covariates; i++)
        is |= self->plan->population->is_followed[i] && column_at(self, i, a) != column_at(self, i, b);
    return is;
}

/* Covariates change with row i: before it acts, and where it is the first of its time before all that acts then,
 * outputs included; or after it. */
static void add_change(builder_t *self, size_t i, uint32_t number, const ost_change_t *from, const ost_change_t *to)
{
    ost_rows_work_t *work = self->work;
    const ost_event_row_t *row = &self->table->rows[i];
    const bool is_first = number > 1 && row[-1].t < row->t - OST_SAME_TIME && to->next == i;
    const bool is_early = row->t < self->calls->t_begin - OST_SAME_TIME;
    const size_t output = is_first ? time_index(self->plan->experiment, row->t) : SIZE_MAX;
    ost_act_t act = { fmax(row->t, self->calls->t_begin), OST_ACT_CHANGE, .row = number };
    act.after = is_first || is_early ? 0 : number;
    if (self->plan->population->n_changing == 0 || !differ(self, from, to) ||
        !has_room(self, &work->changes, work->n_changes, &work->max_changes, sizeof(*work->changes)))
        return;
    act.index = (uint32_t) work->n_changes;
    act.count = output != SIZE_MAX ? (int32_t) output : -1;
    work->changes[work->n_changes++] = *to;
    add_act(self, act);
}

/* What the rows of a subject do. @param has_rows  in this arm; else covariates change alone */
static void add_rows(builder_t *self, uint64_t subject, bool has_rows)
{
    const size_t first = self->table->first[subject], end = self->table->first[subject + 1];
    ost_change_t now = { first, first };
    for (size_t i = first; i < end && self->code == 0; i++) {
        const uint32_t number = (uint32_t) (i - first + 1);
        const ost_change_t here = { i, i }, after = { i, i + 1 < end ? i + 1 : i };
        add_change(self, i, number, &now, &here);
        if (has_rows) add_row(self, i, number);
        add_change(self, i, number, &here, &after);
        now = after;
    }
}

/* A regimen line that begins at steady state. */
static void add_line(builder_t *self, size_t i)
{
    const ost_regimen_t *r = &self->arm->regimens[i];
    const ost_own_line_t own = ost_regimen_own(r, self->covariates);
    const ost_repeated_t repeated = { .amount = own.duration > 0 ? 0 : own.amount,
        .rate = own.duration > 0 ? own.amount / own.duration : 0,
        .duration = own.duration,
        .interval = own.interval,
        .phase = own.interval };
    if (!(own.amount >= 0) || isnan(own.start) || !(own.interval > 0)) return; /* the dosing record says so */
    size_t index = time_index(self->plan->experiment, own.start);
    ost_act_t act = { own.start, OST_ACT_STEADY, .line = (uint32_t) i, .row = UINT32_MAX,
        .index = add_cycle(self, i, own.start, &repeated, true) };
    add_act(self, act);
    act.kind = OST_ACT_OUTPUT;
    act.index = (uint32_t) index;
    if (index != SIZE_MAX) add_act(self, act);
}

static int compare_acts(const void *a, const void *b)
{
    const ost_act_t *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    if (x->after != y->after) return x->after < y->after ? -1 : 1;
    if (x->after == 0 && (x->kind == OST_ACT_CHANGE) != (y->kind == OST_ACT_CHANGE))
        return x->kind == OST_ACT_CHANGE ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void sort_acts(ost_rows_work_t *work)
{
    if (work->n_acts == 0) return;
    qsort(work->acts, work->n_acts, sizeof(*work->acts), compare_acts);
    for (size_t i = 1; i < work->n_acts; i++)
        if (work->acts[i].t <= work->acts[i - 1].t + OST_SAME_TIME) work->acts[i].t = work->acts[i - 1].t;
    qsort(work->acts, work->n_acts, sizeof(*work->acts), compare_acts);
}

static void add_event(builder_t *self, double t, ost_event_kind_t kind, size_t index, double amount)
{
    ost_own_events_t *own = self->own;
    if (has_room(self, &own->events, own->n, &own->max, sizeof(*own->events)))
        own->events[own->n++] =
            (ost_event_t){ .t = t, .kind = kind, .index = (uint32_t) index, .amount = amount, .series = -1 };
}

/* No infusion into the blocks runs any more. @param block  OST_NO_BLOCK: all */
static void end_infusions(builder_t *self, double t, uint32_t block)
{
    const ost_inputs_t *inputs = self->plan->inputs;
    for (size_t k = inputs->n_shared_infusions; k < inputs->n_infusions; k++) {
        const ost_infusion_t *infusion = &inputs->infusions[k];
        const ost_block_t *of = block != OST_NO_BLOCK ? &self->plan->blocks->block[block] : NULL;
        bool is_in = of == NULL ||
                     (infusion->state >= of->first_state && infusion->state < of->first_state + of->model->n_states);
        if (!is_in || self->work->running[infusion->input] == 0) continue;
        self->work->running[infusion->input] = 0;
        self->work->rate[infusion->input] = 0;
        add_event(self, t, OST_EVENT_SET_INPUT, infusion->input, 0);
    }
}

/* A block that is held until its first dose goes on. */
static void release(builder_t *self, double t, uint32_t block)
{
    const int32_t hold = self->plan->inputs->hold[block];
    if (hold < 0 || self->work->is_free[block]) return;
    self->work->is_free[block] = true;
    add_event(self, t, OST_EVENT_SET_INPUT, (size_t) hold, 0);
}

static void act_steady(builder_t *self, const ost_act_t *act)
{
    ost_rows_work_t *work = self->work;
    const ost_cycle_t *cycle = &work->cycles[act->index];
    const ost_block_t *block = &self->plan->blocks->block[cycle->block];
    if (self->code == 0) self->code = self->calls->steady(self->calls->user, cycle, work->x, self->err);
    if (!cycle->is_added) {
        work->since[cycle->block] = act->row;
        end_infusions(self, act->t, cycle->block);
    }
    for (size_t i = 0; i < block->model->n_states; i++)
        add_event(self, act->t, cycle->is_added ? OST_EVENT_ADD_STATE : OST_EVENT_SET_STATE, block->first_state + i,
            work->x[i]);
}

static void act_rate(builder_t *self, const ost_act_t *act)
{
    const uint32_t input = self->plan->inputs->infusion[self->i_arm][act->line];
    double *rate = &self->work->rate[input];
    int32_t *running = &self->work->running[input];
    *running += act->count;
    *rate = *running > 0 ? *rate + act->amount : 0;
    add_event(self, act->t, OST_EVENT_SET_INPUT, input, *rate);
}

static void act_reset(builder_t *self, const ost_act_t *act)
{
    for (size_t b = 0; b < self->plan->blocks->n; b++) self->work->since[b] = act->row;
    end_infusions(self, act->t, OST_NO_BLOCK);
    add_event(self, act->t, OST_EVENT_RESET, 0, 0);
}

/* No block is held on: at other constants its states may not stand still. */
static void act_change(builder_t *self, const ost_act_t *act)
{
    const double *values = values_at(self, &self->work->changes[act->index]);
    self->code = self->calls->change(self->calls->user, act->t, values, self->err);
    if (self->code < 0) {
        const size_t row = self->table->first[self->subject] + act->row - 1;
        ost_error_prepend(self->err, "%s:%d: ", self->plan->experiment->people.path, self->table->rows[row].line);
    }
    for (uint32_t b = 0; b < self->plan->blocks->n; b++) release(self, act->t, b);
    add_event(self, act->t, OST_EVENT_SET_CONSTANTS, self->own->n_sets - 1, 0);
    if (act->count >= 0) add_event(self, act->t, OST_EVENT_OUTPUT, (size_t) act->count, 0);
}

static void act(builder_t *self, const ost_act_t *act)
{
    const ost_own_events_t *own = self->own;
    const bool is_after = own->n > 0 && own->events[own->n - 1].t == act->t; /* else outputs are written there anyway */
    if (act->kind == OST_ACT_OUTPUT && is_after) add_event(self, act->t, OST_EVENT_OUTPUT, act->index, 0);
    if (act->kind == OST_ACT_RESET) act_reset(self, act);
    if (act->kind == OST_ACT_CHANGE) act_change(self, act);
    if (act->kind == OST_ACT_OUTPUT || act->kind == OST_ACT_RESET || act->kind == OST_ACT_CHANGE) return;
    const ost_dose_target_t *to = target(self, act->line);
    if (act->row < self->work->since[to->block]) return;
    release(self, act->t, to->block);
    if (act->kind == OST_ACT_STEADY)
        act_steady(self, act);
    else if (act->kind == OST_ACT_RATE)
        act_rate(self, act);
    else
        add_event(self, act->t, OST_EVENT_ADD_STATE, to->state, act->amount);
}

/* Scratch of the sizes of the plan, cleared. */
static int clear(ost_rows_work_t *self, const ost_plan_t *plan, ost_error_t *err)
{
    if (self->x == NULL) {
        self->values = ost_memory_list(&self->memory, plan->experiment->n_covariates, sizeof(*self->values));
        self->rate = ost_memory_list(&self->memory, plan->inputs->n, sizeof(*self->rate));
        self->running = ost_memory_list(&self->memory, plan->inputs->n, sizeof(*self->running));
        self->since = ost_memory_list(&self->memory, plan->blocks->n, sizeof(*self->since));
        self->is_free = ost_memory_list(&self->memory, plan->blocks->n, sizeof(*self->is_free));
        self->x = ost_memory_list(&self->memory, plan->blocks->n_states, sizeof(*self->x));
    }
    if (self->memory.failed) return ost_no_memory(err);
    memset(self->rate, 0, plan->inputs->n * sizeof(*self->rate));
    memset(self->running, 0, plan->inputs->n * sizeof(*self->running));
    memset(self->since, 0, plan->blocks->n * sizeof(*self->since));
    memset(self->is_free, 0, plan->blocks->n * sizeof(*self->is_free));
    self->n_acts = self->n_cycles = self->n_changes = 0;
    return 0;
}

static int make_room(ost_own_events_t *self, size_t n, ost_error_t *err)
{
    if (n <= self->max_merged) return 0;
    ost_event_t *merged = realloc(self->merged, n * sizeof(*merged));
    if (merged == NULL) return ost_no_memory(err);
    self->merged = merged;
    self->max_merged = n;
    return 0;
}

int ost_rows_events(ost_own_events_t *self, ost_rows_work_t *work, const ost_plan_t *plan, size_t arm, uint64_t subject,
    const double *covariates, const ost_rows_calls_t *calls, ost_error_t *err)
{
    const ost_experiment_t *e = plan->experiment;
    builder_t builder = { self, work, plan, &e->events, &e->arms[arm], arm, subject, covariates, calls, err,
        clear(work, plan, err) };
    bool has_rows = false;
    self->n = self->n_sets = self->n_breaks = 0;
    for (size_t i = 0; i < e->arms[arm].n_regimens && builder.code == 0; i++) {
        has_rows |= e->arms[arm].regimens[i].rows_of > 0;
        if (e->arms[arm].regimens[i].is_steady) add_line(&builder, i);
    }
    if (has_rows || plan->population->n_changing > 0) add_rows(&builder, subject, has_rows);
    if (builder.code == 0) sort_acts(work);
    for (size_t i = 0; i < work->n_acts && builder.code == 0; i++) act(&builder, &work->acts[i]);
    self->status = builder.code;
    if (self->status < 0) self->n = 0;
    int room = make_room(self, self->n + plan->timeline->arms[arm].n_known, self->status == 0 ? err : NULL);
    return self->status < 0 ? self->status : room;
}

size_t ost_own_events_merge(ost_own_events_t *self, const ost_event_t *events, size_t n)
{
    size_t i = 0, k = 0;
    while (i < n || k < self->n) {
        bool is_shared = k == self->n || (i < n && events[i].t < self->events[k].t);
        self->merged[i + k] = is_shared ? events[i] : self->events[k];
        is_shared ? i++ : k++;
    }
    return n + self->n;
}

void ost_own_events_free(ost_own_events_t *self)
{
    free(self->events);
    free(self->merged);
    free(self->sets);
    free(self->breaks);
    *self = (ost_own_events_t){ 0 };
}

void ost_rows_work_free(ost_rows_work_t *self)
{
    free(self->acts);
    free(self->cycles);
    free(self->changes);
    ost_memory_free(&self->memory);
    *self = (ost_rows_work_t){ 0 };
}
