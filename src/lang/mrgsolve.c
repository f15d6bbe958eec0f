/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models as one model of mrgsolve (R): takes their graphs, gives the text of a model file that its users run as it is.
 * Parameters, states and outputs are in the units in which the models are written, time is in days. What is used once
 * is written where it is used; the rest is a variable of its own. */
#include "core/text.h"
#include "lang/writer.h"

#include <math.h>
#include <string.h>

/* A block of the file that computes: its variables have names of their own, as mrgsolve makes all of them global. */
typedef struct {
    const char *variable,
        *signal; /* formats of a variable, by its number, and of a signal that is computed, by its name */
    const char *signal_is, *time; /* what stands before the latter; the time */
} block_t;
static const block_t at_start = { "i%u_", "%s_start", "double ", "TIME" },
                     in_rates = { "r%u_", "%s", "double ", "SOLVERTIME" },
                     in_outputs = { "o%u_", "%s_now", "capture ", "TIME" };

static const block_t *block_of(const ost_writer_t *w)
{
    return w->user;
}

/* Whether a name means something else in mrgsolve. */
static bool is_reserved(const char *name)
{
    static const char *const words[] = { "ID", "TIME", "AMT", "CMT", "EVID", "RATE", "II", "ADDL", "SS", "NEWIND",
        "SOLVERTIME", "ETA", "EPS", "THETA", "DONE", "self", "amt", "cmt", "evid", "rate", "ii", "addl", "ss", "time",
        "table", "report", "double", "int", "bool", "float", "long", "short", "char", "void", "const", "if", "else",
        "for", "do", "while", "new", "delete", "this", "class", "struct", "return", "default", "switch", "case",
        "static", "auto", "capture", "and", "or", "not", "exp", "log", "pow", "sqrt", "fmin", "fmax" };
    static const char *const beginnings[] = { "F_", "D_", "R_", "ALAG_", "dxdt_" }; /* of a compartment */
    size_t length = strlen(name);
    bool found = length > 2 && strcmp(name + length - 2, "_0") == 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) found |= strcmp(name, words[i]) == 0;
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
        found |= strncmp(name, beginnings[i], strlen(beginnings[i])) == 0;
    return found;
}

static void put_number(const ost_writer_t *w, double value)
{
    char text[OST_NUMBER_SIZE];
    fputs(ost_text_number(value, text), w->out);
    if (strpbrk(text, ".en") == NULL) fputs(".0", w->out);
}

static void number(const ost_writer_t *w, double value, int least)
{
    bool encloses = value < 0 && least > OST_BINDS_PRODUCT;
    if (encloses) fputc('(', w->out);
    put_number(w, value);
    if (encloses) fputc(')', w->out);
}

static void quantity(const ost_writer_t *w, const char *name, double factor, int least)
{
    if (factor == 1) {
        fputs(name, w->out);
        return;
    }
    fputs(least > OST_BINDS_PRODUCT ? "(" : "", w->out);
    put_number(w, factor);
    fprintf(w->out, "*%s%s", name, least > OST_BINDS_PRODUCT ? ")" : "");
}

static void leaf(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node)
{
    const ost_node_data_t *n = &ost_writer_impl(part)->graph.nodes[node];
    size_t first_noise = 0;
    for (const ost_writer_part_t *p = w->parts; p < part; p++) first_noise += p->model->n_noises;
    if (n->op == OST_OP_NOISE)
        fprintf(w->out, "EPS(%zu)", first_noise + n->index + 1);
    else
        fputs(block_of(w)->time, w->out);
}

static void put_operand(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node, int k, int least)
{
    ost_writer_put(w, part, ost_writer_operand(w, part, node, k), least);
}

static void put_call(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node, const char *function)
{
    fprintf(w->out, "%s(", function);
    put_operand(w, part, node, 0, 0);
    if (ost_writer_operand(w, part, node, 1) != OST_NO_NODE) {
        fputs(", ", w->out);
        put_operand(w, part, node, 1, 0);
    }
    fputc(')', w->out);
}

/* What a choice depends on. */
static void put_condition(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node)
{
    const ost_op_t op = ost_writer_impl(part)->graph.nodes[node].op;
    bool compares = (op == OST_OP_MODE || op == OST_OP_STEP) && part->variable[node] == 0;
    ost_writer_put(w, part, compares ? ost_writer_operand(w, part, node, 0) : node, OST_BINDS_SUM);
    fputs(compares ? " >= 0" : " != 0", w->out);
}

static void put_choice(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node)
{
    bool selects = ost_writer_impl(part)->graph.nodes[node].op == OST_OP_SELECT;
    fputs("choose_(", w->out);
    put_condition(w, part, selects ? ost_writer_operand(w, part, node, 0) : node);
    for (int k = 1; k < 3; k++) {
        fputs(", ", w->out);
        if (selects)
            put_operand(w, part, node, k, 0);
        else
            fputs(k == 1 ? "1.0" : "0.0", w->out);
    }
    fputc(')', w->out);
}

static const char *function_of(ost_op_t op)
{
    static const char *const functions[] = { [OST_OP_EXP] = "exp",
        [OST_OP_LOG] = "log",
        [OST_OP_SQRT] = "sqrt",
        [OST_OP_POW] = "power_",
        [OST_OP_MIN] = "fmin",
        [OST_OP_MAX] = "fmax" };
    return op < sizeof(functions) / sizeof(functions[0]) ? functions[op] : NULL;
}

static void compute(const ost_writer_t *w, const ost_writer_part_t *part, ost_node_t node, int least)
{
    const ost_op_t op = ost_writer_impl(part)->graph.nodes[node].op;
    if (function_of(op) != NULL) {
        put_call(w, part, node, function_of(op));
    } else if (op == OST_OP_MODE || op == OST_OP_STEP || op == OST_OP_SELECT) {
        put_choice(w, part, node);
    } else {
        const char *const sign[] = { " + ", " - ", "*", "/" };
        int binds = op == OST_OP_ADD || op == OST_OP_SUB ? OST_BINDS_SUM : OST_BINDS_PRODUCT;
        if (binds < least) fputc('(', w->out);
        if (op != OST_OP_NEG) {
            put_operand(w, part, node, 0, binds);
            fputs(sign[op - OST_OP_ADD], w->out);
            put_operand(w, part, node, 1, binds + 1);
        } else {
            fputc('-', w->out);
            put_operand(w, part, node, 0, OST_BINDS_ALL);
        }
        if (binds < least) fputc(')', w->out);
    }
}

static char *variable(const ost_writer_t *w, uint32_t i, char *buf)
{
    snprintf(buf, OST_WRITER_NAME_SIZE, block_of(w)->variable, i);
    return buf;
}

static char *driven(const ost_writer_t *w, const char *name, char *buf)
{
    char c_name[OST_WRITER_NAME_SIZE];
    snprintf(buf, OST_WRITER_NAME_SIZE, block_of(w)->signal, ost_writer_name(w, NULL, name, c_name));
    return buf;
}

static void begin_variable(ost_writer_t *w, const char *name, bool varies)
{
    (void) varies;
    fprintf(w->out, "double %s = ", name);
}

static void end_variable(ost_writer_t *w)
{
    fputs(";\n", w->out);
}

static void drive(ost_writer_t *w, size_t signal, const ost_writer_term_t *terms, size_t n)
{
    const ost_signal_t *s = &w->signals->signal[signal];
    const bool rests = n > 1 && s->combine == OST_COMBINE_FRACTION;
    char name[OST_WRITER_NAME_SIZE];
    fprintf(w->out, "%s%s = %s", block_of(w)->signal_is, driven(w, s->name, name), rests ? "1.0 - " : "");
    for (size_t i = 0; i < n; i++) {
        fputs(i == 0 ? "" : rests ? "*" : " + ", w->out);
        fputs(rests ? "(1.0 - " : "", w->out);
        ost_writer_put(w, terms[i].part, terms[i].root,
            rests   ? OST_BINDS_PRODUCT
            : n > 1 ? OST_BINDS_SUM + 1
                    : OST_BINDS_SUM);
        fputs(rests ? ")" : "", w->out);
    }
    fputs(";\n", w->out);
}

static const ost_language_t mrgsolve = { .is_reserved = is_reserved,
    .number = number,
    .quantity = quantity,
    .leaf = leaf,
    .compute = compute,
    .variable = variable,
    .signal = driven,
    .begin_variable = begin_variable,
    .end_variable = end_variable,
    .drive = drive };

/* The roots of a kind of a model: one for each state, or for each output. */
static const ost_node_t *roots(const ost_writer_part_t *part, const block_t *block)
{
    const struct ost_model_impl *impl = ost_writer_impl(part);
    return block == &at_start ? impl->initial : block == &in_rates ? impl->rate : impl->output;
}

static size_t n_roots(const ost_writer_part_t *part, const block_t *block)
{
    return block == &in_outputs ? part->model->n_outputs : part->model->n_states;
}

/* What stands before a root. */
static void put_left(const ost_writer_t *w, const ost_model_t *m, size_t i, const block_t *block)
{
    char name[OST_WRITER_NAME_SIZE];
    if (block == &in_outputs)
        fprintf(w->out, "capture %s = ", ost_writer_output(w, m, i, name));
    else
        fprintf(w->out, block == &at_start ? "%s_0 = " : "dxdt_%s = ", ost_writer_state(w, m, i, name));
}

/* All roots of a kind, in the units of their states or outputs. */
static void put_roots(ost_writer_t *w, const block_t *block)
{
    for (ost_writer_part_t *part = w->parts; part < w->parts + w->n_parts; part++) {
        const ost_model_t *m = part->model;
        for (size_t i = 0; i < n_roots(part, block); i++) {
            double factor = block == &in_outputs ? m->outputs[i].unit.factor : m->states[i].unit.factor;
            ost_writer_variables(w, part, roots(part, block)[i]);
            put_left(w, m, i, block);
            ost_writer_put(w, part, roots(part, block)[i], factor == 1 ? 0 : OST_BINDS_PRODUCT);
            if (factor != 1) {
                fputc('/', w->out);
                put_number(w, factor);
            }
            fputs(";\n", w->out);
        }
    }
}

static int put_block(ost_writer_t *w, const char *head, const block_t *block)
{
    fprintf(w->out, "\n%s\n", head);
    w->user = block;
    ost_writer_begin(w);
    if (block != &at_start) ost_writer_count_drives(w);
    for (ost_writer_part_t *part = w->parts; part < w->parts + w->n_parts; part++)
        for (size_t i = 0; i < n_roots(part, block); i++) ost_writer_count(w, part, roots(part, block)[i]);
    int ret = block == &at_start ? 0 : ost_writer_signals(w);
    if (ret == 0) put_roots(w, block);
    return ret;
}

/* Text within a line of an annotated block: a colon would end it. */
static void put_text(const ost_writer_t *w, const char *text, const char *unit)
{
    for (; *text != '\0'; text++) fputc(*text == ':' ? ';' : *text == '\n' ? ' ' : *text, w->out);
    fprintf(w->out, " (%s)\n", unit);
}

static void put_param(const ost_writer_t *w, const char *name, double value, const char *text, const char *unit)
{
    fprintf(w->out, "%s : ", name);
    put_number(w, isnan(value) ? 0 : value);
    fputs(isnan(value) ? " : has no value of its own, set it; " : " : ", w->out);
    put_text(w, text, unit);
}

static void put_params(const ost_writer_t *w)
{
    char name[OST_WRITER_NAME_SIZE];
    fputs("\n$PARAM @annotated\n", w->out);
    for (size_t k = 0; k < w->n_parts; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t i = 0; i < m->n_params; i++) {
            const ost_param_t *p = &m->params[i];
            if (ost_writer_is_repeated(w, k, i)) continue;
            put_param(w, ost_writer_param(w, m, i, name), p->value / p->unit.factor, p->text, p->unit_text);
        }
    }
    for (size_t s = 0; s < w->signals->n; s++) {
        const ost_signal_t *signal = &w->signals->signal[s];
        if (!ost_writer_is_set(w, s)) continue;
        double value = signal->has_neutral ? signal->neutral / signal->unit.factor : NAN;
        put_param(w, ost_writer_name(w, NULL, signal->name, name), value, signal->text, signal->unit_text);
    }
}

static void put_head(const ost_writer_t *w)
{
    char name[OST_WRITER_NAME_SIZE];
    size_t n_noises = 0;
    fputs("$PROB", w->out);
    for (size_t k = 0; k < w->n_parts; k++)
        fprintf(w->out, "%s %s: %s", k > 0 ? ";" : "", w->parts[k].model->name, w->parts[k].model->text);
    fputs("\n# Written by osteon. Time is in days. Between-subject variability is not in it: give parameters and "
          "covariates\n"
          "# that vary as columns of a data set.\n",
        w->out);
    for (size_t k = 0; k < w->n_parts; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t d = 0; d < m->n_doses; d++)
            fprintf(w->out, "# Doses in %s go into %s.\n", m->states[m->doses[d].state].unit_text,
                ost_writer_state(w, m, m->doses[d].state, name));
        n_noises += m->n_noises;
    }
    put_params(w);
    fputs("\n$CMT @annotated\n", w->out);
    for (size_t k = 0; k < w->n_parts; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t i = 0; i < m->n_states; i++) {
            fprintf(w->out, "%s : ", ost_writer_state(w, m, i, name));
            put_text(w, m->states[i].text, m->states[i].unit_text);
        }
    }
    if (n_noises > 0) fputs("\n$SIGMA\n", w->out);
    for (size_t i = 0; i < n_noises; i++) fputs(i + 1 < n_noises ? "1 " : "1\n", w->out);
    fputs("\n$GLOBAL\n/* 0 to a power is what it tends to, also a rounding below 0 */\n"
          "static inline double power_(double a, double b)\n{\n"
          "  return a > 0 ? pow(a, b) : b > 0 ? 0.0 : b < 0 ? 1.7976931348623157e308 : 1.0;\n}\n"
          "static inline double choose_(int holds, double a, double b)\n{\n  return holds ? a : b;\n}\n",
        w->out);
}

int ost_models_write_mrgsolve(
    const ost_signals_t *signals, const ost_model_t *const *models, size_t n, FILE *out, ost_error_t *err)
{
    ost_writer_t w;
    int ret = ost_writer_init(&w, &mrgsolve, signals, models, n, out, err);
    if (ret == 0) {
        put_head(&w);
        ret = put_block(&w, "$MAIN", &at_start);
    }
    if (ret == 0) ret = put_block(&w, "$ODE", &in_rates);
    if (ret == 0) ret = put_block(&w, "$TABLE", &in_outputs);
    ost_memory_free(&w.memory);
    return ret;
}
