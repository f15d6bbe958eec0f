/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models as one model of mrgsolve (R): takes their graphs, gives the text of a model file that its users run as it is.
 * Parameters, states and outputs are in the units in which the models are written, time is in days. What is used once
 * is written where it is used; the rest is a variable of its own. */
#include "lang/model_impl.h"

#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 160, MAX_DEPTH = 24 };

/* A block of the file that computes: its variables have names of their own, as mrgsolve makes all of them global. */
typedef struct {
    const char *variable,
        *signal; /* formats of a variable, by its number, and of a signal that is computed, by its name */
    const char *signal_is, *time; /* what stands before the latter; the time */
} block_t;
static const block_t at_start = { "i%u_", "%s_start", "double ", "TIME" },
                     in_rates = { "r%u_", "%s", "double ", "SOLVERTIME" },
                     in_outputs = { "o%u_", "%s_now", "capture ", "TIME" };

/* A model within a block. */
typedef struct {
    const ost_model_t *model;
    uint32_t *uses, *variable; /* [n_nodes]: how often a node is used in this block; its variable, 0: none */
    uint8_t *depth;            /* [n_nodes] of the expression that is written in its place */
    bool *reached;             /* [n_nodes] by the root that is written next */
} part_t;

typedef struct {
    const ost_signals_t *signals;
    part_t *parts; /* [n_parts] */
    size_t n_parts;
    const block_t *block;
    uint8_t *state; /* [signals->n] of a signal in this block: 0 not written, 1 begun, 2 written */
    uint32_t n_variables;
    FILE *out;
    ost_error_t *err;
} writer_t;

static const struct ost_model_impl *impl_of(const part_t *part)
{
    return part->model->impl;
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

/* Whether a parameter, a state or a signal of these models has that name. */
static bool is_taken(const writer_t *w, const char *name)
{
    bool found = ost_signals_find(w->signals, name) >= 0;
    for (size_t k = 0; k < w->n_parts && !found; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t i = 0; i < m->n_params; i++) found |= strcmp(m->params[i].name, name) == 0;
        for (size_t i = 0; i < m->n_states; i++) found |= strcmp(m->states[i].name, name) == 0;
    }
    return found;
}

/* A name as C has it, `T[lumbar_spine]` as T_lumbar_spine; of one of several models with that model's before it. */
static const char *c_name(const writer_t *w, const ost_model_t *owner, const char *name, char *buf)
{
    const char *prefix = w->n_parts > 1 && owner != NULL ? owner->name : "";
    int n = snprintf(buf, NAME_SIZE - 1, "%s%s%s", prefix, prefix[0] != '\0' ? "_" : "", name);
    if (n > NAME_SIZE - 2) n = NAME_SIZE - 2;
    if (n > 0 && buf[n - 1] == ']') buf[n - 1] = '\0';
    for (char *c = buf; *c != '\0'; c++)
        if (*c == '[') *c = '_';
    if (is_reserved(buf)) strcat(buf, "_");
    return buf;
}

static const char *param_name(const writer_t *w, const ost_model_t *m, size_t i, char *buf)
{
    return c_name(w, m->params[i].is_covariate ? NULL : m, m->params[i].name, buf);
}

static const char *state_name(const writer_t *w, const ost_model_t *m, size_t i, char *buf)
{
    return c_name(w, m, m->states[i].name, buf);
}

/* Operand k of a node; that of a condition is what it compares with 0. */
static ost_node_t operand(const part_t *part, ost_node_t i, int k)
{
    const ost_node_data_t *n = &impl_of(part)->graph.nodes[i];
    if (n->op == OST_OP_MODE) return k == 0 ? impl_of(part)->sw[n->index] : OST_NO_NODE;
    return k == 0 ? n->a : k == 1 ? n->b : n->c;
}

static bool is_leaf(ost_op_t op)
{
    return op <= OST_OP_TIME && op != OST_OP_MODE;
}

/* Count what a root uses. */
static void count(part_t *part, ost_node_t root)
{
    if (part->uses[root]++ > 0) return;
    memset(part->reached, 0, (root + 1) * sizeof(bool));
    part->reached[root] = true;
    for (ost_node_t i = root + 1; i-- > 0;) {
        for (int k = 0; part->reached[i] && k < 3; k++) {
            ost_node_t from = operand(part, i, k);
            if (from != OST_NO_NODE && part->uses[from]++ == 0) part->reached[from] = true;
        }
    }
}

static void put_number(const writer_t *w, double value)
{
    char text[OST_NUMBER_SIZE];
    fputs(ost_text_number(value, text), w->out);
    if (strpbrk(text, ".en") == NULL) fputs(".0", w->out);
}

enum { SUM = 1, PRODUCT, PRIMARY }; /* how tightly an expression binds */

static void put(const writer_t *w, const part_t *part, ost_node_t i, int least);

static void put_infix(const writer_t *w, const part_t *part, ost_node_t i, const char *sign, int binds)
{
    put(w, part, operand(part, i, 0), binds);
    fputs(sign, w->out);
    put(w, part, operand(part, i, 1), binds + 1);
}

static void put_call(const writer_t *w, const part_t *part, ost_node_t i, const char *function)
{
    fprintf(w->out, "%s(", function);
    put(w, part, operand(part, i, 0), 0);
    if (operand(part, i, 1) != OST_NO_NODE) {
        fputs(", ", w->out);
        put(w, part, operand(part, i, 1), 0);
    }
    fputc(')', w->out);
}

/* What a choice looks at. */
static void put_condition(const writer_t *w, const part_t *part, ost_node_t i)
{
    const ost_op_t op = impl_of(part)->graph.nodes[i].op;
    bool compares = (op == OST_OP_MODE || op == OST_OP_STEP) && part->variable[i] == 0;
    put(w, part, compares ? operand(part, i, 0) : i, SUM);
    fputs(compares ? " >= 0" : " != 0", w->out);
}

static void put_choice(const writer_t *w, const part_t *part, ost_node_t i)
{
    bool selects = impl_of(part)->graph.nodes[i].op == OST_OP_SELECT;
    fputs("choose_(", w->out);
    put_condition(w, part, selects ? operand(part, i, 0) : i);
    for (int k = 1; k < 3; k++) {
        fputs(", ", w->out);
        if (selects)
            put(w, part, operand(part, i, k), 0);
        else
            fputs(k == 1 ? "1.0" : "0.0", w->out);
    }
    fputc(')', w->out);
}

/* A quantity that the user sees in a unit with another scale than osteon's own. */
static void put_scaled(const writer_t *w, const char *name, double factor, int least)
{
    if (factor == 1) {
        fputs(name, w->out);
        return;
    }
    fputs(least > PRODUCT ? "(" : "", w->out);
    put_number(w, factor);
    fprintf(w->out, "*%s%s", name, least > PRODUCT ? ")" : "");
}

static void put_signal(const writer_t *w, int signal, int least);

static void put_leaf(const writer_t *w, const part_t *part, const ost_node_data_t *n, int least)
{
    const ost_model_t *m = part->model;
    char name[NAME_SIZE];
    size_t first_noise = 0;
    switch (n->op) {
    case OST_OP_CONST:
        if (n->value < 0 && least > PRODUCT) fputc('(', w->out);
        put_number(w, n->value);
        if (n->value < 0 && least > PRODUCT) fputc(')', w->out);
        break;
    case OST_OP_PARAM:
        put_scaled(w, param_name(w, m, n->index, name), m->params[n->index].unit.factor, least);
        break;
    case OST_OP_STATE:
        put_scaled(w, state_name(w, m, n->index, name), m->states[n->index].unit.factor, least);
        break;
    case OST_OP_READ:
        put_signal(w, ost_signals_find(w->signals, m->reads[n->index].name), least);
        break;
    case OST_OP_NOISE:
        for (const part_t *p = w->parts; p < part; p++) first_noise += p->model->n_noises;
        fprintf(w->out, "EPS(%zu)", first_noise + n->index + 1);
        break;
    default: /* OST_OP_TIME */
        fputs(w->block->time, w->out);
        break;
    }
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

/* An expression, in parentheses where it binds less tightly than `least`. */
static void put(const writer_t *w, const part_t *part, ost_node_t i, int least)
{
    const ost_node_data_t *n = &impl_of(part)->graph.nodes[i];
    if (part->variable[i] > 0) {
        fprintf(w->out, w->block->variable, part->variable[i]);
    } else if (is_leaf(n->op)) {
        put_leaf(w, part, n, least);
    } else if (function_of(n->op) != NULL) {
        put_call(w, part, i, function_of(n->op));
    } else if (n->op == OST_OP_MODE || n->op == OST_OP_STEP || n->op == OST_OP_SELECT) {
        put_choice(w, part, i);
    } else {
        int binds = n->op == OST_OP_ADD || n->op == OST_OP_SUB ? SUM : PRODUCT;
        if (binds < least) fputc('(', w->out);
        if (n->op == OST_OP_NEG) {
            fputc('-', w->out);
            put(w, part, n->a, PRIMARY);
        } else {
            const char *const sign[] = { " + ", " - ", "*", "/" };
            put_infix(w, part, i, sign[n->op - OST_OP_ADD], binds);
        }
        if (binds < least) fputc(')', w->out);
    }
}

/* Write the variables that a root needs and does not have yet. */
static void put_variables(writer_t *w, part_t *part, ost_node_t root)
{
    const ost_graph_t *graph = &impl_of(part)->graph;
    memset(part->reached, 0, (root + 1) * sizeof(bool));
    part->reached[root] = true;
    for (ost_node_t i = root + 1; i-- > 0;) {
        for (int k = 0; part->reached[i] && part->variable[i] == 0 && k < 3; k++)
            if (operand(part, i, k) != OST_NO_NODE) part->reached[operand(part, i, k)] = true;
    }
    for (ost_node_t i = 0; i <= root; i++) {
        if (!part->reached[i] || part->variable[i] > 0 || is_leaf(graph->nodes[i].op)) continue;
        part->depth[i] = 1;
        for (int k = 0; k < 3; k++) {
            ost_node_t from = operand(part, i, k);
            if (from != OST_NO_NODE && part->depth[from] >= part->depth[i]) part->depth[i] = part->depth[from] + 1;
        }
        if (part->uses[i] < 2 && part->depth[i] < MAX_DEPTH) continue;
        fputs("double ", w->out);
        fprintf(w->out, w->block->variable, w->n_variables + 1);
        fputs(" = ", w->out);
        put(w, part, i, 0);
        fputs(";\n", w->out);
        part->variable[i] = ++w->n_variables;
        part->depth[i] = 0;
    }
}

/* Models that drive a signal. */
static size_t n_drivers(const writer_t *w, size_t signal)
{
    size_t n = 0;
    for (size_t k = 0; k < w->n_parts; k++)
        for (size_t d = 0; d < w->parts[k].model->n_drives; d++)
            n += strcmp(w->parts[k].model->drives[d].name, w->signals->signal[signal].name) == 0;
    return n;
}

static void put_signal(const writer_t *w, int signal, int least)
{
    const ost_signal_t *s = &w->signals->signal[signal];
    char name[NAME_SIZE];
    c_name(w, NULL, s->name, name);
    if (n_drivers(w, (size_t) signal) > 0)
        fprintf(w->out, w->block->signal, name);
    else
        put_scaled(w, name, s->unit.factor, least);
}

static int put_drivers(writer_t *w, size_t signal);

/* Write the signals that a drive reads. */
static int put_reads(writer_t *w, const part_t *part, size_t drive)
{
    const ost_model_t *m = part->model;
    int ret = 0;
    for (size_t r = 0; r < m->n_reads && ret == 0; r++)
        if (m->drive_uses[drive * m->n_reads + r] != 0)
            ret = put_drivers(w, (size_t) ost_signals_find(w->signals, m->reads[r].name));
    return ret;
}

/* Write a signal that models drive, and before it those that it depends on. */
static int put_drivers(writer_t *w, size_t signal)
{
    const ost_signal_t *s = &w->signals->signal[signal];
    size_t n = n_drivers(w, signal), i = 0;
    char name[NAME_SIZE];
    if (n == 0 || w->state[signal] == 2) return 0;
    if (w->state[signal] == 1)
        return ost_fail(w->err, OST_ERR_MODEL, "the signal '%s' depends on itself in these models", s->name);
    if (n > 1 && s->combine == OST_COMBINE_ONE)
        return ost_fail(w->err, OST_ERR_MODEL, "more than one of these models drives the signal '%s'", s->name);
    w->state[signal] = 1;
    int ret = 0;
    for (int pass = 0; pass < 2 && ret == 0; pass++) {
        if (pass == 1) {
            fputs(w->block->signal_is, w->out);
            fprintf(w->out, w->block->signal, c_name(w, NULL, s->name, name));
            fputs(n > 1 && s->combine == OST_COMBINE_FRACTION ? " = 1.0 - " : " = ", w->out);
        }
        for (size_t k = 0; k < w->n_parts && ret == 0; k++) {
            part_t *part = &w->parts[k];
            for (size_t d = 0; d < part->model->n_drives && ret == 0; d++) {
                if (strcmp(part->model->drives[d].name, s->name) != 0) continue;
                ost_node_t root = impl_of(part)->drive[d];
                if (pass == 0) {
                    ret = put_reads(w, part, d);
                    if (ret == 0) put_variables(w, part, root);
                } else {
                    bool rests = n > 1 && s->combine == OST_COMBINE_FRACTION;
                    if (i++ > 0) fputs(rests ? "*" : " + ", w->out);
                    fputs(rests ? "(1.0 - " : "", w->out);
                    put(w, part, root, rests ? PRODUCT : n > 1 ? SUM + 1 : SUM);
                    fputs(rests ? ")" : "", w->out);
                }
            }
        }
    }
    fputs(";\n", w->out);
    w->state[signal] = 2;
    return ret;
}

/* Begin a block: nothing is written in it. */
static void begin(writer_t *w, const char *head, const block_t *block)
{
    fprintf(w->out, "\n%s\n", head);
    w->block = block;
    w->n_variables = 0;
    memset(w->state, 0, w->signals->n);
    for (size_t k = 0; k < w->n_parts; k++) {
        size_t n = impl_of(&w->parts[k])->graph.n_nodes;
        memset(w->parts[k].uses, 0, n * sizeof(uint32_t));
        memset(w->parts[k].variable, 0, n * sizeof(uint32_t));
        memset(w->parts[k].depth, 0, n);
    }
}

/* Count what the models' drives and n roots of each use, and write the drives. */
static int put_all_drives(writer_t *w)
{
    int ret = 0;
    for (size_t k = 0; k < w->n_parts; k++)
        for (size_t d = 0; d < w->parts[k].model->n_drives; d++) count(&w->parts[k], impl_of(&w->parts[k])->drive[d]);
    for (size_t s = 0; s < w->signals->n && ret == 0; s++) ret = put_drivers(w, s);
    return ret;
}

static void put_start(writer_t *w)
{
    char name[NAME_SIZE];
    begin(w, "$MAIN", &at_start);
    for (size_t k = 0; k < w->n_parts; k++) {
        part_t *part = &w->parts[k];
        const ost_model_t *m = part->model;
        for (size_t i = 0; i < m->n_states; i++) count(part, impl_of(part)->initial[i]);
        for (size_t i = 0; i < m->n_states; i++) {
            put_variables(w, part, impl_of(part)->initial[i]);
            fprintf(w->out, "%s_0 = ", state_name(w, m, i, name));
            put(w, part, impl_of(part)->initial[i], m->states[i].unit.factor == 1 ? 0 : PRODUCT);
            if (m->states[i].unit.factor != 1) {
                fputc('/', w->out);
                put_number(w, m->states[i].unit.factor);
            }
            fputs(";\n", w->out);
        }
    }
}

static int put_rates(writer_t *w)
{
    char name[NAME_SIZE];
    begin(w, "$ODE", &in_rates);
    for (size_t k = 0; k < w->n_parts; k++)
        for (size_t i = 0; i < w->parts[k].model->n_states; i++) count(&w->parts[k], impl_of(&w->parts[k])->rate[i]);
    int ret = put_all_drives(w);
    for (size_t k = 0; k < w->n_parts && ret == 0; k++) {
        part_t *part = &w->parts[k];
        const ost_model_t *m = part->model;
        for (size_t i = 0; i < m->n_states; i++) {
            double factor = m->states[i].unit.factor;
            put_variables(w, part, impl_of(part)->rate[i]);
            fprintf(w->out, "dxdt_%s = ", state_name(w, m, i, name));
            put(w, part, impl_of(part)->rate[i], factor == 1 ? 0 : PRODUCT);
            if (factor != 1) fputc('/', w->out);
            if (factor != 1) put_number(w, factor);
            fputs(";\n", w->out);
        }
    }
    return ret;
}

static void put_capture(const writer_t *w, const ost_model_t *owner, const char *name, bool is_output)
{
    char buf[NAME_SIZE];
    c_name(w, owner, name, buf);
    fprintf(w->out, "capture %s%s = ", buf, is_output && is_taken(w, name) ? "_out" : "");
}

static int put_outputs(writer_t *w)
{
    begin(w, "$TABLE", &in_outputs);
    for (size_t k = 0; k < w->n_parts; k++)
        for (size_t i = 0; i < w->parts[k].model->n_outputs; i++) count(&w->parts[k], impl_of(&w->parts[k])->output[i]);
    int ret = put_all_drives(w);
    for (size_t k = 0; k < w->n_parts && ret == 0; k++) {
        part_t *part = &w->parts[k];
        const ost_model_t *m = part->model;
        for (size_t i = 0; i < m->n_outputs; i++) {
            double factor = m->outputs[i].unit.factor;
            put_variables(w, part, impl_of(part)->output[i]);
            put_capture(w, m, m->outputs[i].name, true);
            put(w, part, impl_of(part)->output[i], factor == 1 ? 0 : PRODUCT);
            if (factor != 1) fputc('/', w->out);
            if (factor != 1) put_number(w, factor);
            fputs(";\n", w->out);
        }
    }
    return ret;
}

/* Text within a line of an annotated block: a colon would end it. */
static void put_text(const writer_t *w, const char *text, const char *unit)
{
    for (; *text != '\0'; text++) fputc(*text == ':' ? ';' : *text == '\n' ? ' ' : *text, w->out);
    fprintf(w->out, " (%s)\n", unit);
}

static void put_param(const writer_t *w, const char *name, double value, const char *text, const char *unit)
{
    fprintf(w->out, "%s : ", name);
    put_number(w, isnan(value) ? 0 : value);
    fputs(isnan(value) ? " : has no value of its own, set it; " : " : ", w->out);
    put_text(w, text, unit);
}

/* Whether an earlier model has this covariate. */
static bool is_repeated(const writer_t *w, size_t k, const char *name)
{
    for (size_t j = 0; j < k; j++) {
        int i = ost_model_param(w->parts[j].model, name);
        if (i >= 0 && w->parts[j].model->params[i].is_covariate) return true;
    }
    return false;
}

static bool is_read(const writer_t *w, const char *name)
{
    for (size_t k = 0; k < w->n_parts; k++)
        for (size_t r = 0; r < w->parts[k].model->n_reads; r++)
            if (strcmp(w->parts[k].model->reads[r].name, name) == 0) return true;
    return false;
}

static void put_params(const writer_t *w)
{
    char name[NAME_SIZE];
    fputs("\n$PARAM @annotated\n", w->out);
    for (size_t k = 0; k < w->n_parts; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t i = 0; i < m->n_params; i++) {
            const ost_param_t *p = &m->params[i];
            if (p->is_covariate && is_repeated(w, k, p->name)) continue;
            put_param(w, param_name(w, m, i, name), p->value / p->unit.factor, p->text, p->unit_text);
        }
    }
    for (size_t s = 0; s < w->signals->n; s++) {
        const ost_signal_t *signal = &w->signals->signal[s];
        if (n_drivers(w, s) > 0 || !is_read(w, signal->name)) continue;
        double value = signal->has_neutral ? signal->neutral / signal->unit.factor : NAN;
        put_param(w, c_name(w, NULL, signal->name, name), value, signal->text, signal->unit_text);
    }
}

static void put_head(const writer_t *w)
{
    char name[NAME_SIZE];
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
                state_name(w, m, m->doses[d].state, name));
        n_noises += m->n_noises;
    }
    put_params(w);
    fputs("\n$CMT @annotated\n", w->out);
    for (size_t k = 0; k < w->n_parts; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t i = 0; i < m->n_states; i++) {
            fprintf(w->out, "%s : ", state_name(w, m, i, name));
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

static bool allocate(part_t *part, const ost_model_t *model)
{
    size_t n = model->impl->graph.n_nodes + 1;
    *part = (part_t){ .model = model,
        .uses = calloc(n, sizeof(uint32_t)),
        .variable = calloc(n, sizeof(uint32_t)),
        .depth = calloc(n, 1),
        .reached = calloc(n, sizeof(bool)) };
    return part->uses != NULL && part->variable != NULL && part->depth != NULL && part->reached != NULL;
}

int ost_models_write_mrgsolve(
    const ost_signals_t *signals, const ost_model_t *const *models, size_t n, FILE *out, ost_error_t *err)
{
    writer_t w = { .signals = signals,
        .parts = calloc(n + 1, sizeof(part_t)),
        .state = calloc(signals->n + 1, 1),
        .out = out,
        .err = err };
    bool ok = w.parts != NULL && w.state != NULL;
    for (; ok && w.n_parts < n; w.n_parts++) ok = allocate(&w.parts[w.n_parts], models[w.n_parts]);
    int ret = ok ? 0 : ost_no_memory(err);
    if (ret == 0) {
        put_head(&w);
        put_start(&w);
        ret = put_rates(&w);
    }
    if (ret == 0) ret = put_outputs(&w);
    for (size_t k = 0; k < w.n_parts; k++) {
        free(w.parts[k].uses);
        free(w.parts[k].variable);
        free(w.parts[k].depth);
        free(w.parts[k].reached);
    }
    free(w.parts);
    free(w.state);
    return ret;
}
