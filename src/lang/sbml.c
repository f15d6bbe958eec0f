/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models as SBML: its lists are written side by side, as a variable that an equation needs is declared in one list and
 * set in another. Names that end in an underscore are not of the models. */
#include "lang/sbml_impl.h"

#include <math.h>
#include <stdlib.h>

static const char *const list_names[OST_SBML_N_LISTS] = { "listOfUnitDefinitions", "listOfParameters",
    "listOfInitialAssignments", "listOfRules", "listOfEvents" };

static void put_params(ost_sbml_t *self)
{
    const ost_writer_t *w = &self->writer;
    char name[OST_WRITER_NAME_SIZE];
    for (size_t k = 0; k < w->n_parts; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t i = 0; i < m->n_params; i++) {
            const ost_param_t *p = &m->params[i];
            const double value = self->arm != NULL ? self->arm->params[k][i] : p->value;
            if (ost_writer_is_repeated(w, k, i)) continue;
            ost_sbml_put_parameter(
                self, ost_writer_param(w, m, i, name), p->text, &p->unit, p->unit_text, value / p->unit.factor, true);
        }
        for (size_t i = 0; i < m->n_noises; i++)
            ost_sbml_put_parameter(self, ost_writer_name(w, m, m->noises[i].name, name), m->noises[i].text,
                &ost_sbml_plain, NULL, 0, true);
    }
}

/* Signals that nothing drives, and what drives others from outside. */
static void put_signals(ost_sbml_t *self)
{
    const ost_writer_t *w = &self->writer;
    char name[OST_WRITER_NAME_SIZE];
    for (size_t s = 0; s < w->signals->n; s++) {
        const ost_signal_t *signal = &w->signals->signal[s];
        const ost_unit_t internal = { signal->unit.dim, 1 };
        if (ost_writer_is_set(w, s))
            ost_sbml_put_parameter(self, ost_writer_name(w, NULL, signal->name, name), signal->text, &signal->unit,
                signal->unit_text, signal->has_neutral ? signal->neutral / signal->unit.factor : NAN, true);
        if (w->has_outside != NULL && w->has_outside[s])
            ost_sbml_put_parameter(
                self, ost_sbml_outside(w, s, name), NULL, &internal, NULL, self->arm->outside[s], false);
    }
}

static void count_roots(ost_writer_t *w)
{
    for (ost_writer_part_t *part = w->parts; part < w->parts + w->n_parts; part++) {
        const struct ost_model_impl *impl = ost_writer_impl(part);
        for (size_t i = 0; i < part->model->n_states; i++) {
            ost_writer_count(w, part, impl->initial[i]);
            ost_writer_count(w, part, impl->rate[i]);
        }
        for (size_t i = 0; i < part->model->n_switches; i++)
            for (int k = 0; k < 3; k++) ost_writer_count(w, part, impl->sw[i]); /* at the start, and in two events */
        for (size_t i = 0; i < part->model->n_outputs; i++) ost_writer_count(w, part, impl->output[i]);
    }
    ost_writer_count_drives(w);
}

/* symbol = (root + what is infused)/factor. @param dosed  of which model and state, NULL: nothing is infused */
static void put_setting(ost_writer_t *w, int kind, const char *symbol, ost_writer_part_t *part, ost_node_t root,
    double factor, const ost_sbml_dose_t *dosed)
{
    const ost_sbml_arm_t *arm = ((ost_sbml_t *) w)->arm;
    ost_writer_variables(w, part, root);
    ost_sbml_begin(w, kind, symbol);
    size_t n = 0;
    for (size_t d = 0; arm != NULL && dosed != NULL && d < arm->n_doses; d++) {
        const ost_sbml_dose_t *dose = &arm->doses[d];
        if (dose->duration == 0 || dose->model != dosed->model || dose->state != dosed->state) continue;
        fprintf(w->out, "%s<ci>dose_%zu_rate_</ci>", n++ == 0 ? "<apply><plus/>" : "", d + 1);
    }
    if (factor != 1) fputs("<apply><divide/>", w->out);
    ost_writer_put(w, part, root, 0);
    if (factor != 1) {
        ost_sbml_put_number(w, factor, 0);
        fputs("</apply>", w->out);
    }
    if (n > 0) fputs("</apply>", w->out);
    ost_sbml_end(w);
}

static void put_equations(ost_sbml_t *self, size_t k)
{
    ost_writer_t *w = &self->writer;
    ost_writer_part_t *part = &w->parts[k];
    const ost_model_t *m = part->model;
    char name[OST_WRITER_NAME_SIZE];
    for (size_t i = 0; i < m->n_states; i++) {
        const ost_state_t *state = &m->states[i];
        const ost_sbml_dose_t dosed = { .model = k, .state = (uint32_t) i };
        ost_sbml_put_parameter(
            self, ost_writer_state(w, m, i, name), state->text, &state->unit, state->unit_text, NAN, false);
        put_setting(w, OST_SBML_INITIAL, name, part, ost_writer_impl(part)->initial[i], state->unit.factor, NULL);
        put_setting(w, OST_SBML_RATE, name, part, ost_writer_impl(part)->rate[i], state->unit.factor, &dosed);
    }
    for (size_t i = 0; i < m->n_switches; i++) ost_sbml_put_switch(self, part, i);
    for (size_t i = 0; i < m->n_outputs; i++) {
        const ost_output_t *output = &m->outputs[i];
        ost_sbml_put_parameter(
            self, ost_writer_output(w, m, i, name), output->text, &output->unit, output->unit_text, NAN, false);
        put_setting(w, OST_SBML_ASSIGNMENT, name, part, ost_writer_impl(part)->output[i], output->unit.factor, NULL);
    }
}

static int put_lists(ost_sbml_t *self)
{
    ost_writer_t *w = &self->writer;
    put_params(self);
    put_signals(self);
    if (self->arm != NULL && self->arm->t_begin != 0)
        ost_sbml_put_parameter(self, "t_begin_", NULL, &ost_sbml_day, "d", self->arm->t_begin, true);
    for (size_t i = 0; self->arm != NULL && i < self->arm->n_bases; i++) {
        char name[40];
        snprintf(name, sizeof(name), "base_%zu_", i + 1);
        ost_sbml_put_parameter(self, name, NULL, NULL, NULL, 1, false);
    }
    ost_writer_begin(w);
    count_roots(w);
    int ret = ost_writer_signals(w);
    for (size_t k = 0; k < w->n_parts && ret == 0; k++) put_equations(self, k);
    if (self->arm != NULL && ret == 0) {
        ost_sbml_put_changes(self);
        for (size_t d = 0; d < self->arm->n_doses; d++) ost_sbml_put_dose(self, &self->arm->doses[d], d + 1);
    }
    return ret;
}

/* The whole, once its lists are written. */
static void put_model(ost_sbml_t *self, FILE *out)
{
    const ost_writer_t *w = &self->writer;
    const ost_model_t *first = w->parts[0].model;
    const char *name = self->arm != NULL ? self->arm->name : first->name;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" level=\"3\" version=\"2\">\n<model name=\"",
        out);
    ost_sbml_put_text(out, name);
    fprintf(out,
        "\" timeUnits=\"unit_1_\">\n<notes><body xmlns=\"http://www.w3.org/1999/xhtml\">\n"
        "<p>Written by osteon. Time is in days%s. Signals are in internal units, other quantities in the units in "
        "which "
        "their models are written; numbers in equations have no units. Names that end in an underscore are not of the "
        "models. Noise of observations is 0.</p>\n",
        self->arm != NULL && self->arm->t_begin != 0 ? ", t_begin_ at the beginning" : "");
    if (self->arm != NULL && self->arm->title != NULL) {
        fputs("<p>", out);
        ost_sbml_put_text(out, self->arm->title);
        fputs("</p>\n", out);
    }
    for (size_t k = 0; k < w->n_parts; k++) {
        fprintf(out, "<p>%s: ", w->parts[k].model->name);
        ost_sbml_put_text(out, w->parts[k].model->text);
        fputs("</p>\n", out);
    }
    fprintf(out,
        "</body></notes>\n<listOfFunctionDefinitions>\n"
        "<functionDefinition id=\"power_\" name=\"power; of 0 what it tends to, also of a rounding below 0\">%s<lambda>"
        "<bvar><ci>a</ci></bvar><bvar><ci>b</ci></bvar><piecewise>"
        "<piece><apply><power/><ci>a</ci><ci>b</ci></apply><apply><gt/><ci>a</ci><cn>0</cn></apply></piece>"
        "<piece><cn>0</cn><apply><gt/><ci>b</ci><cn>0</cn></apply></piece>"
        "<piece><cn type=\"e-notation\">1.7976931348623157<sep/>308</cn><apply><lt/><ci>b</ci><cn>0</cn></apply>"
        "</piece><otherwise><cn>1</cn></otherwise></piecewise></lambda></math></functionDefinition>\n"
        "</listOfFunctionDefinitions>\n",
        ost_sbml_math);
    for (int i = 0; i < OST_SBML_N_LISTS; i++)
        if (self->size[i] > 0) fprintf(out, "<%s>\n%s</%s>\n", list_names[i], self->text[i], list_names[i]);
    fputs("</model>\n</sbml>\n", out);
}

int ost_models_sbml_names(const ost_signals_t *signals, const ost_model_t *const *models, size_t n,
    char (*params)[OST_SBML_NAME_SIZE], char (*outputs)[OST_SBML_NAME_SIZE], ost_error_t *err)
{
    ost_writer_t writer;
    int ret = ost_writer_init(&writer, &ost_sbml_language, signals, models, n, NULL, err);
    for (size_t k = 0; k < n && ret == 0; k++) {
        for (size_t i = 0; i < models[k]->n_params; i++) ost_writer_param(&writer, models[k], i, *params++);
        for (size_t i = 0; i < models[k]->n_outputs; i++) ost_writer_output(&writer, models[k], i, *outputs++);
    }
    ost_memory_free(&writer.memory);
    return ret;
}

int ost_models_write_sbml(const ost_signals_t *signals, const ost_model_t *const *models, size_t n,
    const ost_sbml_arm_t *arm, FILE *out, ost_error_t *err)
{
    ost_sbml_t self = { .arm = arm };
    char id[40];
    int ret = ost_writer_init(&self.writer, &ost_sbml_language, signals, models, n, NULL, err);
    bool *has_outside = calloc(signals->n + 1, sizeof(*has_outside));
    bool ok = has_outside != NULL;
    for (int i = 0; i < OST_SBML_N_LISTS; i++)
        ok &= (self.list[i] = open_memstream(&self.text[i], &self.size[i])) != NULL;
    for (size_t s = 0; ok && arm != NULL && s < signals->n; s++) has_outside[s] = !isnan(arm->outside[s]);
    self.writer.has_outside = has_outside;
    if (ret == 0 && ok) {
        ost_sbml_unit(&self, &ost_sbml_day, "d", id); /* the first */
        ret = put_lists(&self);
    }
    for (int i = 0; i < OST_SBML_N_LISTS; i++)
        if (self.list[i] != NULL) ok &= fclose(self.list[i]) == 0;
    if (ret == 0 && (!ok || self.out_of_memory)) ret = ost_no_memory(err);
    if (ret == 0) put_model(&self, out);
    for (int i = 0; i < OST_SBML_N_LISTS; i++) free(self.text[i]);
    free(self.units);
    free(has_outside);
    ost_memory_free(&self.writer.memory);
    return ret;
}
