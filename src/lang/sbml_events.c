/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SBML: what happens at times and conditions. Events use the values of the moment in which they act, so that doses at
 * one time add. */
#include "lang/sbml_impl.h"

#include <math.h>

/* Begin an event; the condition of its trigger follows. @param is_met  at time 0 without that the event happens */
static void begin_event(ost_sbml_t *self, const char *name, bool is_met)
{
    ost_writer_t *w = &self->writer;
    w->out = self->list[OST_SBML_EVENTS];
    fprintf(w->out,
        "<event%s%s%s useValuesFromTriggerTime=\"false\"><trigger initialValue=\"%s\" persistent=\"true\">%s",
        name != NULL ? " name=\"" : "", name != NULL ? name : "", name != NULL ? "\"" : "", is_met ? "true" : "false",
        ost_sbml_math);
}

static void begin_assignments(const ost_sbml_t *self)
{
    fputs("</math></trigger><listOfEventAssignments>", self->list[OST_SBML_EVENTS]);
}

static void end_event(const ost_sbml_t *self)
{
    fputs("</listOfEventAssignments></event>\n", self->list[OST_SBML_EVENTS]);
}

/* variable = expression in MathML */
static void assign(const ost_sbml_t *self, const char *variable_name, const char *expression)
{
    fprintf(self->list[OST_SBML_EVENTS], "<eventAssignment variable=\"%s\">%s%s</math></eventAssignment>",
        variable_name, ost_sbml_math, expression);
}

void ost_sbml_put_switch(ost_sbml_t *self, ost_writer_part_t *part, size_t i)
{
    ost_writer_t *w = &self->writer;
    const ost_node_t root = ost_writer_impl(part)->sw[i];
    const bool varies = ost_writer_impl(part)->graph.nodes[root].varies;
    char name[OST_WRITER_NAME_SIZE], title[64];
    ost_writer_variables(w, part, root);
    snprintf(title, sizeof(title), "1 where the condition in line %d holds, else 0", ost_writer_impl(part)->sw_line[i]);
    ost_sbml_put_parameter(self, ost_sbml_switch(w, part->model, i, name), title, &ost_sbml_plain, NULL, NAN, !varies);
    ost_sbml_begin(w, OST_SBML_INITIAL, name);
    fputs("<piecewise><piece><cn>1</cn><apply><geq/>", w->out);
    ost_writer_put(w, part, root, 0);
    fputs("<cn>0</cn></apply></piece><otherwise><cn>0</cn></otherwise></piecewise>", w->out);
    ost_sbml_end(w);
    for (int holds = 0; holds < 2 && varies; holds++) {
        begin_event(self, NULL, true);
        fputs(holds ? "<apply><geq/>" : "<apply><lt/>", w->out);
        ost_writer_put(w, part, root, 0);
        fputs("<cn>0</cn></apply>", w->out);
        begin_assignments(self);
        assign(self, name, holds ? "<cn>1</cn>" : "<cn>0</cn>");
        end_event(self);
    }
}

void ost_sbml_put_changes(ost_sbml_t *self)
{
    const ost_writer_t *w = &self->writer;
    char name[OST_WRITER_NAME_SIZE];
    for (const ost_sbml_change_t *c = self->arm->changes; c < self->arm->changes + self->arm->n_changes; c++) {
        begin_event(self, NULL, false);
        fputs("<apply><geq/>", w->out);
        ost_sbml_put_time(w);
        ost_sbml_put_number(w, c->t, 0);
        fputs("</apply>", w->out);
        begin_assignments(self);
        fprintf(w->out, "<eventAssignment variable=\"%s\">%s", ost_sbml_outside(w, c->signal, name), ost_sbml_math);
        ost_sbml_put_number(w, c->value, 0);
        fputs("</math></eventAssignment>", w->out);
        end_event(self);
    }
}

/* Time is start + `counter` intervals + `after` or later, and dose `counter` is one that is given. @param p  what the
 * names of the dose begin with; @param after  NULL: the dose itself, before stop */
static void put_dose_trigger(
    const ost_sbml_t *self, const ost_sbml_dose_t *dose, const char *p, const char *counter, const char *after)
{
    FILE *out = self->list[OST_SBML_EVENTS];
    char due[400];
    snprintf(due, sizeof(due),
        "<apply><plus/><ci>%sstart_</ci><apply><times/><ci>%s%s</ci><ci>%sinterval_</ci></apply></apply>", p, p,
        counter, p);
    fputs("<apply><and/><apply><geq/>", out);
    ost_sbml_put_time(&self->writer);
    if (after != NULL)
        fprintf(out, "<apply><plus/>%s<ci>%s%s</ci></apply>", due, p, after);
    else
        fputs(due, out);
    fputs("</apply>", out);
    if (after != NULL)
        fprintf(out, "<apply><lt/><ci>%s%s</ci><ci>%sgiven_</ci></apply>", p, counter, p);
    else if (dose->interval > 0)
        fprintf(out, "<apply><lt/>%s<ci>%sstop_</ci></apply>", due, p);
    else
        fprintf(out, "<apply><lt/><ci>%sgiven_</ci><cn>1</cn></apply>", p);
    fputs("</apply>", out);
}

/* A sum of the variable and a term, or their difference. */
static void add(const ost_sbml_t *self, const char *name, const char *sign, const char *term)
{
    char text[600];
    snprintf(text, sizeof(text), "<apply><%s/><ci>%s</ci>%s</apply>", sign, name, term);
    assign(self, name, text);
}

static void put_dose_params(ost_sbml_t *self, const ost_sbml_dose_t *dose, const char *p)
{
    const ost_state_t *state = &self->writer.parts[dose->model].model->states[dose->state];
    const struct {
        const char *name;
        const ost_unit_t *unit;
        double value;
        bool is_constant, of_infusion;
    } params[] = { { "amount_", &state->unit, dose->amount / state->unit.factor, true, false },
        { "start_", &ost_sbml_day, dose->start, true, false }, { "stop_", &ost_sbml_day, dose->stop, true, false },
        { "interval_", &ost_sbml_day, dose->interval, true, false }, { "given_", &ost_sbml_plain, 0, false, false },
        { "duration_", &ost_sbml_day, dose->duration, true, true }, { "ended_", &ost_sbml_plain, 0, false, true },
        { "rate_", NULL, 0, false, true } };
    char name[64];
    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        if (params[i].of_infusion && dose->duration == 0) continue;
        snprintf(name, sizeof(name), "%s%s", p, params[i].name);
        ost_sbml_put_parameter(
            self, name, NULL, params[i].unit, state->unit_text, params[i].value, params[i].is_constant);
    }
}

void ost_sbml_put_dose(ost_sbml_t *self, const ost_sbml_dose_t *dose, size_t d)
{
    const ost_writer_t *w = &self->writer;
    const bool is_infusion = dose->duration > 0;
    char p[40], name[OST_WRITER_NAME_SIZE], term[200], counter[64];
    snprintf(p, sizeof(p), "dose_%zu_", d);
    put_dose_params(self, dose, p);
    for (int ends = 0; ends < (is_infusion ? 2 : 1); ends++) {
        begin_event(self, ends ? "end of an infusion" : "dose", false);
        put_dose_trigger(self, dose, p, ends ? "ended_" : "given_", ends ? "duration_" : NULL);
        begin_assignments(self);
        snprintf(counter, sizeof(counter), "%s%s", p, ends ? "ended_" : "given_");
        add(self, counter, "plus", "<cn>1</cn>");
        if (is_infusion) {
            snprintf(name, sizeof(name), "%srate_", p);
            snprintf(term, sizeof(term), "<apply><divide/><ci>%samount_</ci><ci>%sduration_</ci></apply>", p, p);
        } else {
            ost_writer_state(w, w->parts[dose->model].model, dose->state, name);
            snprintf(term, sizeof(term), "<ci>%samount_</ci>", p);
        }
        add(self, name, ends ? "minus" : "plus", term);
        end_event(self);
    }
}
