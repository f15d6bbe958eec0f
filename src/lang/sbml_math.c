/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SBML: units, parameters, and expressions as MathML. */
#include "lang/sbml_impl.h"

#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void ost_sbml_put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else
            fputc(*text, out);
    }
}

/* Define a unit, unless it is. Factors of units are exact where SBML has the unit itself. */
static void define_unit(ost_sbml_t *self, const ost_unit_t *unit, const char *name)
{
    static const char *const base[OST_N_DIMS] = { [OST_DIM_TIME] = "kind=\"second\" scale=\"0\" multiplier=\"86400\"",
        [OST_DIM_MASS] = "kind=\"gram\" scale=\"-3\" multiplier=\"1\"",
        [OST_DIM_LENGTH] = "kind=\"metre\" scale=\"-1\" multiplier=\"1\"",
        [OST_DIM_AMOUNT] = "kind=\"mole\" scale=\"-12\" multiplier=\"1\"",
        [OST_DIM_IU] = "kind=\"item\" scale=\"0\" multiplier=\"1\"" };
    FILE *out = self->list[OST_SBML_UNITS];
    char number[OST_NUMBER_SIZE];
    if (ost_list_grow(&self->units, self->n_units, &self->max_units, sizeof(*self->units)) < 0) {
        self->out_of_memory = true;
        return;
    }
    self->units[self->n_units++] = *unit;
    fprintf(out, "<unitDefinition id=\"unit_%zu_\" name=\"", self->n_units);
    ost_sbml_put_text(out, name);
    fputs("\"><listOfUnits>", out);
    for (int d = 0; d < OST_N_DIMS; d++)
        if (unit->dim.sixths[d] != 0)
            fprintf(out, "<unit %s exponent=\"%s\"/>", base[d], ost_text_number(unit->dim.sixths[d] / 6.0, number));
    fprintf(out, "<unit kind=\"dimensionless\" scale=\"0\" exponent=\"1\" multiplier=\"%s\"/>",
        ost_text_number(unit->factor, number));
    fputs("</listOfUnits></unitDefinition>\n", out);
}

char *ost_sbml_unit(ost_sbml_t *self, const ost_unit_t *unit, const char *name, char buf[40])
{
    char dim[80];
    size_t i = 0;
    if (ost_dim_is_none(unit->dim) && unit->factor == 1) return strcpy(buf, "dimensionless");
    while (
        i < self->n_units && (self->units[i].factor != unit->factor || !ost_dim_equal(self->units[i].dim, unit->dim)))
        i++;
    if (i == self->n_units) define_unit(self, unit, name != NULL ? name : ost_dim_format(unit->dim, dim, sizeof(dim)));
    snprintf(buf, 40, "unit_%zu_", i + 1);
    return buf;
}

const ost_unit_t ost_sbml_day = { { { [OST_DIM_TIME] = 6 } }, 1 }, ost_sbml_plain = { { { 0 } }, 1 };

void ost_sbml_put_parameter(ost_sbml_t *self, const char *id, const char *title, const ost_unit_t *unit,
    const char *unit_text, double value, bool is_constant)
{
    FILE *out = self->list[OST_SBML_PARAMETERS];
    char text[OST_NUMBER_SIZE];
    fprintf(out, "<parameter id=\"%s\"", id);
    if (title != NULL) {
        fputs(" name=\"", out);
        ost_sbml_put_text(out, title);
        fputc('"', out);
    }
    if (isinf(value)) fputs(" value=\"INF\"", out);
    if (isfinite(value)) fprintf(out, " value=\"%s\"", ost_text_number(value, text));
    if (unit != NULL) fprintf(out, " units=\"%s\"", ost_sbml_unit(self, unit, unit_text, text));
    fprintf(out, " constant=\"%s\"/>\n", is_constant ? "true" : "false");
}

static bool is_reserved(const char *name)
{
    return name[0] != '\0' && name[strlen(name) - 1] == '_';
}

void ost_sbml_put_number(const ost_writer_t *w, double value, int least)
{
    char text[OST_NUMBER_SIZE];
    (void) least;
    char *e = strchr(ost_text_number(fabs(value), text), 'e');
    const char *sign = signbit(value) ? "-" : "";
    if (isinf(value)) {
        fputs(value > 0 ? "<infinity/>" : "<apply><minus/><infinity/></apply>", w->out);
    } else if (isnan(value)) {
        fputs("<notanumber/>", w->out);
    } else if (e != NULL) {
        *e = '\0';
        fprintf(w->out, "<cn type=\"e-notation\">%s%s<sep/>%d</cn>", sign, text, atoi(e + 1));
    } else {
        fprintf(w->out, "<cn>%s%s</cn>", sign, text);
    }
}

static void quantity(const ost_writer_t *w, const char *name, double factor, int least)
{
    if (factor != 1) {
        fputs("<apply><times/>", w->out);
        ost_sbml_put_number(w, factor, least);
    }
    fprintf(w->out, "<ci>%s</ci>%s", name, factor != 1 ? "</apply>" : "");
}

void ost_sbml_put_time(const ost_writer_t *w)
{
    const ost_sbml_t *self = (const ost_sbml_t *) w;
    const char *time = "<csymbol encoding=\"text\" definitionURL=\"http://www.sbml.org/sbml/symbols/time\">t</csymbol>";
    if (self->arm != NULL && self->arm->t_begin != 0)
        fprintf(w->out, "<apply><plus/>%s<ci>t_begin_</ci></apply>", time);
    else
        fputs(time, w->out);
}

char *ost_sbml_switch(const ost_writer_t *w, const ost_model_t *m, size_t i, char *buf)
{
    char name[40];
    snprintf(name, sizeof(name), "switch_%zu", i + 1);
    return strcat(ost_writer_name(w, m, name, buf), "_");
}

static void leaf(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node)
{
    const ost_node_data_t *n = &ost_writer_impl(part)->graph.nodes[node];
    char name[OST_WRITER_NAME_SIZE];
    if (n->op == OST_OP_NOISE)
        quantity(w, ost_writer_name(w, part->model, part->model->noises[n->index].name, name), 1, 0);
    else if (n->op == OST_OP_MODE)
        quantity(w, ost_sbml_switch(w, part->model, n->index, name), 1, 0);
    else
        ost_sbml_put_time(w);
}

static void compute(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node, int least)
{
    static const char *const elements[] = { [OST_OP_ADD] = "<plus/>",
        [OST_OP_SUB] = "<minus/>",
        [OST_OP_MUL] = "<times/>",
        [OST_OP_DIV] = "<divide/>",
        [OST_OP_NEG] = "<minus/>",
        [OST_OP_EXP] = "<exp/>",
        [OST_OP_LOG] = "<ln/>",
        [OST_OP_SQRT] = "<root/>",
        [OST_OP_POW] = "<ci>power_</ci>",
        [OST_OP_MIN] = "<min/>",
        [OST_OP_MAX] = "<max/>" };
    const ost_op_t op = ost_writer_impl(part)->graph.nodes[node].op;
    (void) least;
    if (op == OST_OP_STEP) {
        fputs("<piecewise><piece><cn>1</cn><apply><geq/>", w->out);
        ost_writer_put(w, part, ost_writer_operand(w, part, node, 0), 0);
        fputs("<cn>0</cn></apply></piece><otherwise><cn>0</cn></otherwise></piecewise>", w->out);
    } else if (op == OST_OP_SELECT) {
        fputs("<piecewise><piece>", w->out);
        ost_writer_put(w, part, ost_writer_operand(w, part, node, 1), 0);
        fputs("<apply><neq/>", w->out);
        ost_writer_put(w, part, ost_writer_operand(w, part, node, 0), 0);
        fputs("<cn>0</cn></apply></piece><otherwise>", w->out);
        ost_writer_put(w, part, ost_writer_operand(w, part, node, 2), 0);
        fputs("</otherwise></piecewise>", w->out);
    } else {
        fprintf(w->out, "<apply>%s", elements[op]);
        for (int k = 0; k < 3 && ost_writer_operand(w, part, node, k) != OST_NO_NODE; k++)
            ost_writer_put(w, part, ost_writer_operand(w, part, node, k), 0);
        fputs("</apply>", w->out);
    }
}

static char *variable(const ost_writer_t *w, uint32_t i, char *buf)
{
    (void) w;
    snprintf(buf, OST_WRITER_NAME_SIZE, "v%u_", i);
    return buf;
}

static char *driven(const ost_writer_t *w, const char *name, char *buf)
{
    return ost_writer_name(w, NULL, name, buf);
}

/* The elements that set a symbol. */
static const struct {
    const char *tag, *attribute;
    int list;
} settings[] = { { "initialAssignment", "symbol", OST_SBML_INITIALS }, { "assignmentRule", "variable", OST_SBML_RULES },
    { "rateRule", "variable", OST_SBML_RULES } };

const char ost_sbml_math[] = "<math xmlns=\"http://www.w3.org/1998/Math/MathML\">";

void ost_sbml_begin(ost_writer_t *w, int kind, const char *symbol)
{
    ost_sbml_t *self = (ost_sbml_t *) w;
    w->out = self->list[settings[kind].list];
    self->closing = settings[kind].tag;
    fprintf(w->out, "<%s %s=\"%s\">%s", self->closing, settings[kind].attribute, symbol, ost_sbml_math);
}

void ost_sbml_end(ost_writer_t *w)
{
    fprintf(w->out, "</math></%s>\n", ((ost_sbml_t *) w)->closing);
}

static void begin_variable(ost_writer_t *w, const char *name, bool varies)
{
    ost_sbml_put_parameter((ost_sbml_t *) w, name, NULL, NULL, NULL, NAN, !varies);
    ost_sbml_begin(w, varies ? OST_SBML_ASSIGNMENT : OST_SBML_INITIAL, name);
}

char *ost_sbml_outside(const ost_writer_t *w, size_t signal, char *buf)
{
    char name[OST_WRITER_NAME_SIZE];
    snprintf(name, sizeof(name), "%.140s_outside", w->signals->signal[signal].name);
    return strcat(ost_writer_name(w, NULL, name, buf), "_");
}

static void drive(ost_writer_t *w, size_t signal, const ost_writer_term_t *terms, size_t n)
{
    const ost_signal_t *s = &w->signals->signal[signal];
    const ost_unit_t internal = { s->unit.dim, 1 };
    const bool rests = n > 1 && s->combine == OST_COMBINE_FRACTION;
    const char *rest = "<apply><minus/><cn>1</cn>", *end = rests ? "</apply>" : "";
    char name[OST_WRITER_NAME_SIZE], outside[OST_WRITER_NAME_SIZE];
    ost_sbml_put_parameter((ost_sbml_t *) w, driven(w, s->name, name), s->text, &internal, NULL, NAN, false);
    ost_sbml_begin(w, OST_SBML_ASSIGNMENT, name);
    if (n > 1) fprintf(w->out, "%s<apply>%s", rests ? rest : "", rests ? "<times/>" : "<plus/>");
    for (size_t i = 0; i < n; i++) {
        fputs(rests ? rest : "", w->out);
        if (terms[i].part != NULL)
            ost_writer_put(w, terms[i].part, terms[i].root, 0);
        else
            quantity(w, ost_sbml_outside(w, signal, outside), 1, 0);
        fputs(end, w->out);
    }
    if (n > 1) fprintf(w->out, "</apply>%s", end);
    ost_sbml_end(w);
}

const ost_language_t ost_sbml_language = { .names_modes = true,
    .is_reserved = is_reserved,
    .number = ost_sbml_put_number,
    .quantity = quantity,
    .leaf = leaf,
    .compute = compute,
    .variable = variable,
    .signal = driven,
    .begin_variable = begin_variable,
    .end_variable = ost_sbml_end,
    .drive = drive };
