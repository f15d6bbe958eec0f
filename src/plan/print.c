/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan as text, and as a graph. */
#include "plan/doubts.h"
#include "plan/rows.h"

#include <math.h>
#include <string.h>

static const char *s_of(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_blocks(const ost_plan_t *self, FILE *out)
{
    fprintf(out, "\nblocks\n");
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_block_t *block = &self->blocks->block[b];
        const ost_model_t *m = block->model;
        fprintf(out, "  %-20s %-11s %3zu state%-1s %4zu parameters  %s%s\n", m->name, ost_model_kind_words[m->kind],
            m->n_states, s_of(m->n_states), m->n_params, m->text,
            self->inputs->hold[b] >= 0 ? " (inactive until its first dose)" : "");
    }
}

static void print_ends(const ost_plan_t *self, size_t s, FILE *out)
{
    const ost_wired_t *signal = &self->wiring->signals[s];
    const char *sep = "";
    for (size_t i = 0; i < signal->n_drivers; i++, sep = " + ")
        fprintf(out, "%s%s", sep, self->blocks->block[signal->drivers[i].block].model->name);
    if (signal->has_outside) fprintf(out, "%sfrom outside", sep);
    if (signal->n_drivers == 0 && !signal->has_outside)
        fprintf(out, strcmp(signal->signal.unit_text, "1") == 0 ? "%g" : "%g %s",
            signal->signal.neutral / signal->signal.unit.factor, signal->signal.unit_text);
    fprintf(out, " -> ");
    sep = "";
    for (size_t b = 0; b < self->blocks->n; b++) {
        for (size_t i = 0; i < self->blocks->block[b].model->n_reads; i++) {
            if (self->wiring->reads[b][i] != s) continue;
            fprintf(out, "%s%s", sep, self->blocks->block[b].model->name);
            sep = ", ";
        }
    }
    fprintf(out, "%s\n", sep[0] == '\0' ? "no model" : "");
}

static void print_signals(const ost_plan_t *self, FILE *out)
{
    fprintf(out, "\nsignals, in the order of evaluation\n");
    for (size_t s = 0; s < self->wiring->n_signals; s++) {
        char name[128];
        snprintf(name, sizeof(name), "%s [%s]", self->wiring->signals[s].signal.name,
            self->wiring->signals[s].signal.unit_text);
        fprintf(out, "  %-36s ", name);
        print_ends(self, s, out);
    }
}

/* @param column  of the line so far @return that after the name */
static int print_name(const char *name, int column, FILE *out)
{
    const bool is_full = column > 0 && column + (int) strlen(name) > 100;
    if (is_full) fprintf(out, "\n ");
    return (is_full ? 0 : column) + fprintf(out, " %s", name);
}

static void print_states(const ost_plan_t *self, FILE *out)
{
    const ost_system_t *system = self->system;
    int column = 0;
    fprintf(out, "\nstates\n ");
    for (size_t x = 0; x < system->n_states; x++) column = print_name(system->state_names[x], column, out);
    if (system->n_linear > 0) fprintf(out, "\n\nof these in closed form while their coefficients are constant\n ");
    column = 0;
    for (const ost_linear_t *part = system->linear; part < system->linear + system->n_linear; part++)
        for (size_t i = 0; i < part->n_states; i++)
            column = print_name(system->state_names[part->state[i]], column, out);
    if (system->n_forced > 0) fprintf(out, "\n\nof these from what drives them, where that is in closed form\n ");
    column = 0;
    for (size_t i = 0; i < system->n_forced; i++)
        column = print_name(system->state_names[system->forced[i].state], column, out);
    fprintf(out, "\n");
}

static void print_outputs(const ost_plan_t *self, FILE *out)
{
    fprintf(out, "\noutputs\n");
    for (size_t i = 0; i < self->outputs->n_variables; i++) {
        const ost_variable_t *v = &self->outputs->variables[i];
        char name[128], of[64] = "";
        snprintf(name, sizeof(name), "%s [%s]", v->name, v->unit_text);
        if (v->index_set != NULL) snprintf(of, sizeof(of), " at each %s (%u)", v->index_set->name, v->n_elements);
        fprintf(out, "  %-36s %s%s\n", name, v->text, of);
    }
}

/* What events do to one place, counted: states first, then inputs. */
static void print_arm_events(const ost_plan_t *self, size_t arm, FILE *out)
{
    const ost_event_t *events = self->timeline->arms[arm].events;
    size_t n_events = self->timeline->arms[arm].n_events;
    for (size_t x = 0; x < self->blocks->n_states; x++) {
        size_t n = 0;
        double first = NAN, last = NAN;
        for (size_t k = 0; k < n_events; k++) {
            if (events[k].kind != OST_EVENT_ADD_STATE || events[k].index != x) continue;
            if (n++ == 0) first = events[k].t;
            last = events[k].t;
        }
        if (n == 1) fprintf(out, "      a dose into %s on day %g\n", self->system->state_names[x], first);
        if (n > 1)
            fprintf(out, "      %zu doses into %s, day %g to %g\n", n, self->system->state_names[x], first, last);
    }
    for (size_t i = 0; i < self->inputs->n_shared_infusions; i++) {
        size_t n = 0;
        for (size_t k = 0; k < n_events; k++)
            n += events[k].kind == OST_EVENT_SET_INPUT && events[k].index == self->inputs->infusions[i].input;
        if (n > 0)
            fprintf(out, "      %zu change%s of the rate of infusion into %s\n", n, s_of(n),
                self->system->state_names[self->inputs->infusions[i].state]);
    }
    for (size_t s = 0; s < self->wiring->n_signals; s++) {
        size_t n = 0;
        for (size_t k = 0; k < n_events && self->wiring->signals[s].has_outside; k++)
            n += events[k].kind == OST_EVENT_SET_INPUT && events[k].index == (uint32_t) self->inputs->outside[s];
        if (n > 0)
            fprintf(out, "      %zu change%s of %s from outside\n", n, s_of(n), self->wiring->signals[s].signal.name);
    }
    for (size_t i = 0; i < self->timeline->arms[arm].n_repeats; i++) {
        const ost_repeat_t *series = &self->timeline->arms[arm].repeats[i];
        if (isnan(series->t_first)) continue; /* of a schedule */
        fprintf(out, "      every %g d from day %g to %g: held at periodic steady state once its effect repeats\n",
            series->interval, series->t_first, fmin(series->t_last, self->doses->t_end));
    }
}

/* Subject-specific lines. */
static void print_schedules(const ost_plan_t *self, size_t arm, FILE *out)
{
    for (size_t c = self->schedules->first[arm]; c < self->schedules->first[arm + 1]; c++) {
        const ost_regimen_t *r = self->schedules->line[c].regimen;
        const char *drug = r->drug;
        fprintf(out, "      %s, subject-specific:", drug);
        if (r->interval_formula != NULL) fprintf(out, " at an interval of the subject");
        if (r->interval > 0) fprintf(out, " every %g d", r->interval);
        if (r->duration_formula != NULL) fprintf(out, " over a time of the subject");
        if (r->duration > 0) fprintf(out, " over %g d", r->duration);
        if (r->start_formula != NULL) fprintf(out, " from a day of the subject");
        if (r->start_formula == NULL && r->begin_if == NULL) fprintf(out, " from day %g", r->start);
        if (r->stop_formula != NULL) fprintf(out, " to a day of the subject");
        if (r->stop_formula == NULL && isfinite(r->stop)) fprintf(out, " to day %g", r->stop);
        if (r->adherence != NULL) fprintf(out, ", some doses missed");
        if (r->inter_occasion != NULL) fprintf(out, ", doses differ by a lognormal factor");
        if (self->timeline->repeat_of_schedule[c] >= 0)
            fprintf(out, "; held at periodic steady state once its effect repeats%s",
                r->adherence != NULL || r->inter_occasion != NULL ? ", where a subject's doses are all alike" : "");
        fprintf(out, "\n");
        if (r->begin_if == NULL && r->end_if == NULL) continue;
        fprintf(out, "        visits every %g d from day %g\n", r->visits, r->start);
        if (r->begin_if != NULL) fprintf(out, "        begins if %s", r->begin_if);
        if (r->begin_if != NULL && r->delay > 0) fprintf(out, ", %g d after the visit", r->delay);
        if (r->begin_if != NULL) fprintf(out, "\n");
        if (r->end_if != NULL) fprintf(out, "        ends if %s\n", r->end_if);
    }
}

/* Rows of a table of events, and steady states. */
static void print_rows(const ost_plan_t *self, size_t arm, FILE *out)
{
    const ost_experiment_t *e = self->experiment;
    for (size_t i = 0; i < e->arms[arm].n_regimens; i++) {
        const ost_regimen_t *r = &e->arms[arm].regimens[i];
        const ost_dose_target_t *to = &self->doses->target[arm][i];
        const ost_compartment_t *from = r->rows_of > 0 ? &e->events.compartments[r->rows_of - 1] : NULL;
        const char *how = ost_rows_is_linear(self, to->block, NULL) ? "in closed form" : "by iteration";
        if (from != NULL)
            fprintf(out, "      rows of '%s' with CMT %s, subject-specific, into %s%s%s\n", e->people.path, from->cmt,
                self->system->state_names[to->state], from->has_steady ? "; steady states " : "",
                from->has_steady ? how : "");
        if (r->is_steady) fprintf(out, "      %s begins at steady state, %s\n", r->drug, how);
    }
}

/* Parameters that follow covariates of a dosing table. */
static void print_changing(const ost_plan_t *self, FILE *out)
{
    char name[256];
    size_t n = 0;
    for (size_t i = 0; i < self->blocks->n_params; i++)
        if (self->population->params[i].changes)
            fprintf(out, "%s%s", n++ == 0 ? "  change with rows of the dosing table: " : ", ",
                ost_blocks_param_name(self->blocks, i, name, sizeof(name)));
    if (n > 0) fprintf(out, "\n");
}

static void print_sizes(const ost_plan_t *self, FILE *out)
{
    const ost_system_t *system = self->system;
    const ost_experiment_t *e = self->experiment;
    fprintf(out, "\nsizes\n  states %zu, signals and drives %zu, entries of the Jacobian %zu, conditions %zu\n",
        system->n_states, system->n_algebraic, system->n_entries, system->n_switches);
    fprintf(out, "  parameters %zu, values computed once for each subject %zu, inputs %zu\n", self->blocks->n_params,
        self->blocks->n_hoisted, system->n_inputs);
    fprintf(out, "  subjects %llu x arms %zu x output rows %zu x times %zu\n", (unsigned long long) e->n_subjects,
        e->n_arms, system->n_outputs, e->n_times);
}

void ost_plan_print(const ost_plan_t *self, FILE *out)
{
    const ost_experiment_t *e = self->experiment;
    if (e->name != NULL)
        fprintf(out, "%s%s%s\n", e->name, e->title != NULL ? ": " : "", e->title != NULL ? e->title : "");
    print_blocks(self, out);
    print_signals(self, out);
    print_states(self, out);
    print_outputs(self, out);
    fprintf(out, "\narms, from day %g to %g", self->doses->t_begin, self->doses->t_end);
    if (e->start != NULL) fprintf(out, ", after a run-in from %s", e->start_text != NULL ? e->start_text : "its start");
    fprintf(out, "\n");
    if (e->eligible != NULL) fprintf(out, "  subjects eligible on day 0: %s\n", e->eligible);
    for (size_t i = 0; i < e->n_strata; i++)
        fprintf(out, "  stratum %s on day 0, %llu subjects: %s\n", e->strata[i].name,
            (unsigned long long) e->strata[i].quota, e->strata[i].condition);
    for (size_t i = 0; i < e->n_baselines; i++)
        fprintf(out, "  %s is given on day 0, and %s solved for it\n", e->baselines[i].output, e->baselines[i].param);
    for (size_t i = 0; i < e->correlations.names.n; i++)
        fprintf(out, "%s%s%s", i == 0 ? "  correlated: " : ", ", e->correlations.names.items[i],
            i + 1 == e->correlations.names.n ? "\n" : "");
    ost_plan_print_defaults(self, out);
    print_changing(self, out);
    for (size_t a = 0; a < e->n_arms; a++) {
        fprintf(out, "  %s: %zu event%s\n", e->arms[a].name, self->timeline->arms[a].n_events,
            s_of(self->timeline->arms[a].n_events));
        print_arm_events(self, a, out);
        print_schedules(self, a, out);
        print_rows(self, a, out);
    }
    print_sizes(self, out);
}

void ost_plan_dot(const ost_plan_t *self, FILE *out)
{
    fprintf(out, "digraph plan {\n    rankdir=LR;\n    node [fontname=\"sans-serif\"];\n");
    for (size_t b = 0; b < self->blocks->n; b++) {
        const ost_model_t *m = self->blocks->block[b].model;
        fprintf(out, "    \"block %s\" [shape=box, style=rounded, label=\"%s\\n%zu state%s\"];\n", m->name, m->name,
            m->n_states, s_of(m->n_states));
    }
    for (size_t s = 0; s < self->wiring->n_signals; s++) {
        const ost_wired_t *signal = &self->wiring->signals[s];
        const char *name = signal->signal.name;
        if (signal->n_drivers == 0 && !signal->has_outside) continue; /* at its neutral value: no news */
        fprintf(
            out, "    \"signal %s\" [shape=plaintext, label=\"%s\\n[%s]\"];\n", name, name, signal->signal.unit_text);
        for (size_t i = 0; i < signal->n_drivers; i++)
            fprintf(out, "    \"block %s\" -> \"signal %s\";\n",
                self->blocks->block[signal->drivers[i].block].model->name, name);
        if (signal->has_outside) fprintf(out, "    \"outside\" -> \"signal %s\";\n", name);
        for (size_t b = 0; b < self->blocks->n; b++)
            for (size_t i = 0; i < self->blocks->block[b].model->n_reads; i++)
                if (self->wiring->reads[b][i] == s)
                    fprintf(out, "    \"signal %s\" -> \"block %s\";\n", name, self->blocks->block[b].model->name);
    }
    fprintf(out, "}\n");
}
