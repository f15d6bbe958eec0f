/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a plan; gives warnings about what is allowed, but most likely a slip. */
#include "plan/doubts.h"

#include "plan/visit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Subjects that are looked at, of the first of the cohort. */
enum { N_LOOKS = 16 };
/* Change of a state in a year, as a part of its size, below which it counts as a steady state (assumed: a percent). */
static const double STEADY = 0.01;
/* Of a dose that is converted between units, relative to it. */
static const double ROUNDING = 1e-9;

/* A covariate that is computed from others may be there for the result file alone. */
static bool is_used(const ost_plan_t *self, size_t i)
{
    const ost_experiment_t *e = self->experiment;
    const ost_covariate_t *c = &e->covariates[i];
    if (c->origin == OST_ORIGIN_FORMULA || c->treats || ost_experiment_names(e->start_text, c->name)) return true;
    for (size_t k = 0; k < self->blocks->n_params; k++)
        if (self->population->params[k].covariate == (int32_t) i) return true;
    for (size_t k = i + 1; k < e->n_covariates; k++)
        if (ost_experiment_names(e->covariates[k].formula_text, c->name)) return true;
    for (size_t k = 0; k < self->conditions->n_names; k++)
        if (self->conditions->is_used[k] && strcmp(self->conditions->names[k].name, c->name) == 0) return true;
    return false;
}

/* Name of a covariate of the models that the population does not define, "" of any other parameter. */
static const char *free_name(const void *plan, size_t i)
{
    const ost_plan_t *self = plan;
    const ost_param_t *param = ost_blocks_param(self->blocks, i);
    return param->is_covariate && self->population->params[i].covariate < 0 ? param->name : "";
}

static int doubt_covariates(const ost_plan_t *self, ost_text_list_t *warnings)
{
    const ost_experiment_t *e = self->experiment;
    int ret = 0;
    for (size_t i = 0; i < e->n_covariates && ret == 0; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        const char *near = is_used(self, i) ? NULL : ost_nearest_of(c->name, self, self->blocks->n_params, free_name);
        if (!is_used(self, i) && c->origin != OST_ORIGIN_COLUMN)
            ret = ost_text_list_add_at(warnings, OST_WHERE(e), c->location,
                "nothing uses covariate '%s': no model of this experiment, no formula and no condition%s%s%s", c->name,
                OST_HINT(near));
    }
    return ret;
}

/* A menopause under a model of men: what drives `male`. */
static int doubt_sex(const ost_plan_t *self, ost_text_list_t *warnings)
{
    const ost_experiment_t *e = self->experiment;
    const char *of_men = NULL;
    int ret = 0;
    for (size_t b = 0; b < self->blocks->n; b++)
        for (size_t k = 0; k < self->blocks->block[b].model->n_drives; k++)
            if (strcmp(self->blocks->block[b].model->drives[k].name, "male") == 0)
                of_men = self->blocks->block[b].model->name;
    for (size_t i = 0; i < e->n_covariates && of_men != NULL && ret == 0; i++)
        if (strcmp(e->covariates[i].name, "menopause_age") == 0)
            ret = ost_text_list_add_at(warnings, OST_WHERE(e), e->covariates[i].location,
                "a menopause ('menopause_age'), but model '%s' is of men", of_men);
    return ret;
}

/* The usual dose of which this one is a thousand or a million times too much or too little; NAN: of none.
 */
static double meant(const ost_param_t *usual, double amount)
{
    static const double slips[] = { 1e-3, 1e3, 1e-6, 1e6 };
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++)
        if (amount * slips[i] >= usual->lower / 2 && amount * slips[i] <= usual->upper * 2) return amount * slips[i];
    return (double) NAN;
}

/* What the model says of the doses of a line, NULL where it says nothing. */
static const ost_dose_t *usual_of(const ost_plan_t *self, size_t arm, size_t line)
{
    const ost_dose_target_t *target = &self->doses->target[arm][line];
    const ost_block_t *block = &self->blocks->block[target->block];
    for (size_t i = 0; i < block->model->n_doses; i++)
        if (block->first_state + block->model->doses[i].state == target->state)
            return block->model->doses[i].usual.source != NULL ? &block->model->doses[i] : NULL;
    return NULL;
}

/* Whether doses are repeated at an interval far from the usual ones (assumed: below half of the shortest, at more than
 * four times the usual dose in that time, or above ten times the usual one). Daily doses in place of a weekly one are
 * five to ten times less, in their sum about the same. */
static bool repeats_wrongly(const ost_dose_t *usual, const ost_own_line_t *own)
{
    const double shortest = usual->shortest_d > 0 ? usual->shortest_d : usual->interval_d;
    if (!(own->interval > 0)) return false;
    return own->interval > 10 * usual->interval_d ||
           (own->interval < shortest / 2 && own->amount * usual->interval_d > 4 * usual->usual.value * own->interval);
}

/* Doses beyond what is usual, of the first subject where they differ: more than ten times (assumed), or by a slip of
 * the unit. An infusion beyond the usual interval stands for as many doses. */
static int doubt_doses(const ost_plan_t *self, ost_text_list_t *warnings)
{
    const ost_experiment_t *e = self->experiment;
    double *values = calloc(e->n_covariates + self->blocks->n_params + 1, sizeof(*values));
    int ret = values == NULL ? OST_ERR_NO_MEMORY : 0;
    bool is_first = ret == 0 && ost_plan_subject(self, e->first_subject, values, values + e->n_covariates, NULL) == 0;
    for (size_t a = 0; a < e->n_arms && is_first; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens && ret == 0; i++) {
            const ost_regimen_t *r = &e->arms[a].regimens[i];
            const ost_dose_t *dose = usual_of(self, a, i);
            if (dose == NULL) continue;
            const ost_param_t *usual = &dose->usual;
            const ost_own_line_t own = ost_regimen_own(r, values);
            const double amount = own.amount / fmax(1, own.duration / dose->interval_d), instead = meant(usual, amount);
            char text[200], near[64] = "", times[64] = "";
            if (repeats_wrongly(dose, &own))
                snprintf(times, sizeof(times), " every %.6g day", own.interval);
            else if (!(amount > 10 * usual->upper || (amount < usual->lower && !isnan(instead))))
                continue;
            if (instead >= usual->lower * (1 - ROUNDING) && instead <= usual->upper * (1 + ROUNDING))
                snprintf(near, sizeof(near), "%.6g %s", instead / usual->unit.factor, usual->unit_text);
            const ost_location_t nowhere = { 0 }, at = r->setting != NULL ? nowhere : r->location;
            ret = ost_text_list_add_at(warnings, OST_WHERE(e), at,
                "%s%s%sarms.%s: regimen.%zu: a dose of %.6g %s of %s%s is far from the usual one (%s; %s)%s%s%s",
                r->setting != NULL ? "in the setting '" : "", r->setting != NULL ? r->setting : "",
                r->setting != NULL ? "': " : "", e->arms[a].name, i, amount / usual->unit.factor, usual->unit_text,
                r->drug, times, ost_dose_regimen(dose, text, sizeof(text)), usual->source,
                OST_HINT(near[0] != '\0' ? near : NULL));
        }
    free(values);
    return ret;
}

/* Doses that are given again and again, at times that are the same for all. */
static bool is_regular(const ost_regimen_t *line)
{
    return line->interval > 0 && line->rows_of == 0 && line->begin_if == NULL && line->end_if == NULL &&
           line->start_formula == NULL && line->stop_formula == NULL;
}

/* Whether two lines give the same again and again at the same time, most likely by mistake. @param[out] from, to  when
 */
static bool overlap(const ost_regimen_t *a, const ost_regimen_t *b, double *from, double *to)
{
    const char *into[] = { a->compartment != NULL ? a->compartment : "", b->compartment != NULL ? b->compartment : "" };
    const double shift = fabs(a->start - b->start), shorter = fmin(a->interval, b->interval);
    *from = fmax(a->start, b->start);
    *to = fmin(a->stop, b->stop);
    if (strcmp(a->drug, b->drug) != 0 || strcmp(into[0], into[1]) != 0 || !is_regular(a) || !is_regular(b))
        return false;
    const bool are_meant = shift > 0 ? shift < shorter - 1e-9 : a->interval != b->interval;
    return !are_meant && *to - *from > shorter + 1e-9; /* more than one dose of each */
}

/* Lines of which no output sees a dose, and those that give the same at the same time. */
static int doubt_lines(const ost_plan_t *self, ost_text_list_t *warnings)
{
    const ost_experiment_t *e = self->experiment;
    const double end = e->times[e->n_times - 1];
    int ret = 0;
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t k = 0; k < e->arms[a].n_regimens && ret == 0; k++) {
            const ost_regimen_t *other = &e->arms[a].regimens[k];
            if (other->start_formula == NULL && other->rows_of == 0 && other->start >= end)
                ret = ost_text_list_add_at(warnings, OST_WHERE(e), other->location,
                    "arms.%s: regimen.%zu: %s begins at day %.6g, 'times' end at day %.6g: no output sees a dose",
                    e->arms[a].name, k, other->drug, other->start, end);
            for (size_t i = 0; i < k && ret == 0; i++) {
                const ost_regimen_t *one = &e->arms[a].regimens[i];
                double from, to;
                if (!overlap(one, other, &from, &to)) continue;
                ret = ost_text_list_add_at(warnings, OST_WHERE(e), other->location,
                    "arms.%s: regimen.%zu and regimen.%zu both give %s from day %.6g to %.6g; where the dose changes, "
                    "the line before needs 'stop'",
                    e->arms[a].name, i, k, one->drug, from, fmin(to, end));
            }
        }
    return ret;
}

/* What an arm has before time 0, with its own lines as the subject of these records takes them.
 * @return owned by the caller, NULL: out of memory */
static char *earlier_of(const ost_plan_t *self, size_t arm, const ost_dosing_record_t *records)
{
    const ost_arm_timeline_t *timeline = &self->timeline->arms[arm];
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    for (size_t i = 0; i < timeline->n_known && timeline->events[i].t < 0; i++) {
        const ost_event_t *event = &timeline->events[i];
        if (event->kind != OST_EVENT_OUTPUT && event->kind != OST_EVENT_STOP)
            fprintf(out, "%d %u %a %a\n", (int) event->kind, event->index, event->t, event->amount);
    }
    for (size_t c = self->schedules->first[arm]; c < self->schedules->first[arm + 1]; c++) {
        const ost_dosing_record_t *r = &records[c];
        const ost_schedule_line_t *line = &self->schedules->line[c];
        if (r->start < fmin(r->stop, 0))
            fprintf(out, "%u %a %a %a %a %a %a\n", line->block, r->start, fmin(r->stop, 0), r->amount,
                line->regimen->amount, r->interval, line->regimen->interval);
    }
    return fclose(out) == 0 ? text : NULL;
}

/* Arms that differ before time 0, where it is decided who takes part. */
static int doubt_eligible(const ost_plan_t *self, ost_text_list_t *warnings)
{
    const ost_experiment_t *e = self->experiment;
    const bool is_eligible = e->eligible != NULL;
    if (!is_eligible && e->n_strata == 0) return 0;
    const ost_location_t at = is_eligible ? e->eligible_location : e->strata[0].location;
    ost_memory_t memory = { 0 };
    double *covariates = ost_memory_list(&memory, e->n_covariates, sizeof(*covariates)),
           *params = ost_memory_list(&memory, self->blocks->n_params, sizeof(*params)), t_begin = 0;
    ost_dosing_record_t *records = ost_memory_list(&memory, self->schedules->n, sizeof(*records));
    int ret = memory.failed ? OST_ERR_NO_MEMORY : 0;
    if (ret == 0 && (ost_plan_subject(self, e->first_subject, covariates, params, NULL) < 0 ||
                        ost_plan_dosing_records(self, covariates, records, &t_begin, NULL) < 0))
        goto out; /* it fails, and says why */
    char *first = ret == 0 ? earlier_of(self, 0, records) : NULL;
    for (size_t a = 1; a < e->n_arms && ret == 0; a++) {
        char *other = earlier_of(self, a, records);
        const bool differs = first != NULL && other != NULL && strcmp(first, other) != 0;
        if (first == NULL || other == NULL) ret = OST_ERR_NO_MEMORY;
        free(other);
        if (!differs) continue;
        ret = ost_text_list_add_at(warnings, OST_WHERE(e), at,
            "arms '%s' and '%s' differ before time 0, when '%s' is evaluated: a subject takes part where it is "
            "eligible in every arm; groups that were selected apart need an experiment each",
            e->arms[0].name, e->arms[a].name, is_eligible ? "eligible" : "strata");
        break;
    }
    free(first);
out:
    ost_memory_free(&memory);
    return ret;
}

/* The name of covariate i: of the models' parameters, then of the experiment's own; "" where i is no covariate. */
static const char *covariate_name(const void *plan, size_t i)
{
    const ost_plan_t *self = plan;
    const size_t n = self->blocks->n_params;
    if (i < n) return ost_blocks_param(self->blocks, i)->is_covariate ? ost_blocks_param(self->blocks, i)->name : "";
    const ost_covariate_t *c = &self->experiment->covariates[i - n];
    return c->origin != OST_ORIGIN_COLUMN ? c->name : "";
}

int ost_plan_check_columns(const ost_plan_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    const ost_people_column_t *columns = e->people.columns;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *c = &e->covariates[i];
        bool is = false;
        for (size_t k = 0; k < e->n_covariates && c->origin == OST_ORIGIN_COLUMN; k++)
            is |= e->covariates[k].origin == OST_ORIGIN_COLUMN &&
                  columns[e->covariates[k].column].field == columns[c->column].field && is_used(self, k);
        if (is || c->origin != OST_ORIGIN_COLUMN) continue;
        return OST_FAIL_COVARIATE(err, OST_ERR_NAME, e, c,
            "nothing uses column '%s': no model of this experiment, no formula, as of 'parameters', and no condition; "
            "'ignore' leaves columns out%s%s%s",
            c->name, OST_HINT(ost_nearest_of(c->name, self, self->blocks->n_params + e->n_covariates, covariate_name)));
    }
    return 0;
}

/* Where a subject starts without a run-in. */
typedef struct {
    const ost_plan_t *plan;
    double *covariates, *params; /* of the subject */
    double *states;              /* [blocks->n_states] */
    double *drives;              /* [blocks->n_drives] */
    double *now, *once;          /* [blocks->n_states] rates at the start, and before a life */
    double *reads, *work;        /* of one block */
} start_t;

/* The value of a signal by those of its drivers; no dose is given yet. */
static double signal_of(const start_t *self, const ost_wired_t *wired)
{
    double sum = 0;
    if (wired->n_drivers == 0) return wired->signal.has_neutral ? wired->signal.neutral : wired->signal.unit.factor;
    for (size_t k = 0; k < wired->n_drivers; k++)
        sum += self->drives[self->plan->blocks->block[wired->drivers[k].block].first_drive + wired->drivers[k].drive];
    return sum;
}

static ost_model_point_t point_of(const start_t *self, size_t b, double t)
{
    const ost_block_t *block = &self->plan->blocks->block[b];
    const ost_wiring_t *wiring = self->plan->wiring;
    for (size_t k = 0; k < block->model->n_reads; k++)
        self->reads[k] = signal_of(self, &wiring->signals[wiring->reads[b][k]]);
    return (ost_model_point_t){ self->params + block->first_param, self->states + block->first_state, self->reads, t };
}

/* The drives that rates depend on, each after those it is computed from. */
static void evaluate_drives(const start_t *self, double t)
{
    const ost_jacobian_t *jacobian = self->plan->jacobian;
    for (size_t i = 0; i < jacobian->n_rate_steps; i++) {
        const ost_driver_t *step = &jacobian->steps[i];
        if (step->block == OST_NO_BLOCK) continue;
        const ost_block_t *block = &self->plan->blocks->block[step->block];
        const ost_model_point_t at = point_of(self, step->block, t);
        self->drives[block->first_drive + step->drive] =
            ost_model_value(block->model, OST_MODEL_DRIVE, step->drive, &at, self->work);
    }
}

/* Of all states. @param[out] values  [blocks->n_states] */
static void evaluate_states(const start_t *self, ost_model_part_t part, double t, double *values)
{
    const ost_blocks_t *blocks = self->plan->blocks;
    for (size_t b = 0; b < blocks->n; b++) {
        const ost_model_point_t at = point_of(self, b, t);
        ost_model_state_values(blocks->block[b].model, part, &at, self->work, values + blocks->block[b].first_state);
    }
}

/* Rates of all states where they start. @param[out] rates  [blocks->n_states] */
static void evaluate_rates(const start_t *self, double t, double *rates)
{
    evaluate_drives(self, t);
    evaluate_states(self, OST_MODEL_RATE, t, rates);
}

/* Whether the rate of a state changes with time, and moves it from its start at once. */
static bool has_history(const start_t *self, size_t b, size_t i)
{
    const ost_block_t *block = &self->plan->blocks->block[b];
    size_t x = block->first_state + i;
    double least = STEADY * fmax(fabs(self->states[x]), block->model->states[i].scale) / OST_DAYS_PER_YEAR;
    return fabs(self->now[x]) > least && fabs(self->now[x] - self->once[x]) > least;
}

static bool find_history(start_t *self, size_t *block, size_t *state)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    double t = plan->doses->t_begin;
    for (uint64_t k = 0; k < N_LOOKS && k < e->n_subjects; k++) {
        if (ost_plan_subject(plan, e->first_subject + k, self->covariates, self->params, NULL) < 0) continue;
        evaluate_states(self, OST_MODEL_INITIAL, t, self->states);
        evaluate_rates(self, t, self->now);
        evaluate_rates(self, -OST_LONGEST_LIFE, self->once);
        for (*block = 0; *block < plan->blocks->n; ++*block)
            for (*state = 0; *state < plan->blocks->block[*block].model->n_states; ++*state)
                if (has_history(self, *block, *state)) return true;
    }
    return false;
}

/* @return false: out of memory */
static bool begin(start_t *self, const ost_plan_t *plan, ost_memory_t *memory)
{
    const ost_blocks_t *blocks = plan->blocks;
    size_t n_reads = 0, n_work = 0;
    for (size_t b = 0; b < blocks->n; b++) {
        n_reads += blocks->block[b].model->n_reads;
        n_work += ost_model_n_work(blocks->block[b].model);
    }
    *self = (start_t){ .plan = plan,
        .covariates = ost_memory_list(memory, plan->experiment->n_covariates, sizeof(double)),
        .params = ost_memory_list(memory, blocks->n_params, sizeof(double)),
        .states = ost_memory_list(memory, blocks->n_states, sizeof(double)),
        .drives = ost_memory_list(memory, blocks->n_drives, sizeof(double)),
        .now = ost_memory_list(memory, blocks->n_states, sizeof(double)),
        .once = ost_memory_list(memory, blocks->n_states, sizeof(double)),
        .reads = ost_memory_list(memory, n_reads, sizeof(double)),
        .work = ost_memory_list(memory, n_work, sizeof(double)) };
    return !memory->failed;
}

static int doubt_start(const ost_plan_t *self, ost_text_list_t *warnings)
{
    if (self->experiment->start != NULL) return 0;
    const ost_blocks_t *blocks = self->blocks;
    start_t start;
    size_t b, i;
    ost_memory_t memory = { 0 };
    int ret = begin(&start, self, &memory) ? 0 : OST_ERR_NO_MEMORY;
    if (ret == 0 && find_history(&start, &b, &i)) {
        const ost_model_t *model = blocks->block[b].model;
        const ost_state_t *state = &model->states[i];
        const char *unit = strcmp(state->unit_text, "1") == 0 ? "" : state->unit_text;
        ret = ost_text_list_add(warnings,
            "%s: there is no 'run_in', but the rate of '%s' of model '%s' (%s) changes with time before the start, "
            "where its value of %.4g%s%s is not its steady state: say when that history begins, as in 'run_in: {start: "
            "-60 "
            "year}'",
            OST_WHERE(self->experiment), state->name, model->name, state->text,
            start.states[blocks->block[b].first_state + i] / state->unit.factor, unit[0] != '\0' ? " " : "", unit);
    }
    ost_memory_free(&memory);
    return ret;
}

/* The first drive, in the order of evaluation, or else the first rate that is not finite: where it is, and its name. */
static const ost_model_t *find_infinite(const start_t *self, int *line, const char **what, const char **name)
{
    const ost_plan_t *plan = self->plan;
    for (size_t k = 0; k < plan->jacobian->n_rate_steps; k++) {
        const ost_driver_t *step = &plan->jacobian->steps[k];
        if (step->block == OST_NO_BLOCK) continue;
        const ost_block_t *block = &plan->blocks->block[step->block];
        if (isfinite(self->drives[block->first_drive + step->drive])) continue;
        *what = "the drive of";
        *name = block->model->drives[step->drive].name;
        *line = block->model->drives[step->drive].line;
        return block->model;
    }
    for (size_t b = 0; b < plan->blocks->n; b++) {
        const ost_block_t *block = &plan->blocks->block[b];
        for (size_t i = 0; i < block->model->n_states; i++) {
            if (isfinite(self->now[block->first_state + i])) continue;
            *what = "the rate of";
            *name = block->model->states[i].name;
            *line = block->model->states[i].rate_line;
            return block->model;
        }
    }
    return NULL;
}

static int doubt_rates(const ost_plan_t *self, ost_text_list_t *warnings)
{
    start_t start;
    ost_memory_t memory = { 0 };
    int line = 0, ret = begin(&start, self, &memory) ? 0 : OST_ERR_NO_MEMORY;
    const char *what = "", *name = "";
    const double t = self->doses->t_begin;
    if (ret == 0 &&
        ost_plan_subject(self, self->experiment->first_subject, start.covariates, start.params, NULL) == 0) {
        evaluate_states(&start, OST_MODEL_INITIAL, t, start.states);
        evaluate_rates(&start, t, start.now);
        const ost_model_t *model = find_infinite(&start, &line, &what, &name);
        if (model != NULL)
            ret = ost_text_list_add(warnings,
                "%s:%d: %s '%s' is not a finite number where the first subject starts: a division by 0, or the "
                "logarithm of 0, with the initial values of the states",
                model->path, line, what, name);
    }
    ost_memory_free(&memory);
    return ret;
}

int ost_plan_doubts(const ost_plan_t *self, bool is_own, ost_text_list_t *warnings)
{
    static const struct {
        int (*add)(const ost_plan_t *self, ost_text_list_t *warnings);
        bool is_own; /* only of the models that the experiment names */
    } doubts[] = { { doubt_covariates, true }, { doubt_sex, true }, { doubt_doses, true },
        { ost_plan_doubt_rows, true }, { doubt_lines, true }, { doubt_eligible, true }, { doubt_start, false },
        { doubt_rates, false } };
    int ret = 0;
    for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]) && ret == 0; i++)
        if (is_own || !doubts[i].is_own) ret = doubts[i].add(self, warnings);
    return ret;
}

void ost_plan_print_defaults(const ost_plan_t *self, FILE *out)
{
    size_t n = 0;
    for (size_t i = 0; i < self->blocks->n_params; i++) {
        const ost_param_t *param = ost_blocks_param(self->blocks, i);
        bool is = param->is_covariate && self->population->params[i].covariate < 0;
        for (size_t k = 0; k < i && is; k++) {
            const ost_param_t *other = ost_blocks_param(self->blocks, k);
            is = !other->is_covariate || strcmp(other->name, param->name) != 0;
        }
        if (!is) continue;
        const char *unit = strcmp(param->unit_text, "1") == 0 ? "" : param->unit_text;
        fprintf(out, "%s%s %.6g%s%s", n++ == 0 ? "  covariates that 'population' does not give, by default: " : ", ",
            param->name, param->value / param->unit.factor, unit[0] != '\0' ? " " : "", unit);
    }
    if (n > 0) fprintf(out, "\n");
}
