/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/writer.h"

#include <string.h>

enum { MAX_DEPTH = 24 }; /* of an expression that is written in one piece */

/* Whether a parameter, a state or a signal of these models has that name. */
static bool is_taken(const ost_writer_t *w, const char *name)
{
    bool found = ost_signals_find(w->signals, name) >= 0;
    for (size_t k = 0; k < w->n_parts && !found; k++) {
        const ost_model_t *m = w->parts[k].model;
        for (size_t i = 0; i < m->n_params; i++) found |= strcmp(m->params[i].name, name) == 0;
        for (size_t i = 0; i < m->n_states; i++) found |= strcmp(m->states[i].name, name) == 0;
    }
    return found;
}

char *ost_writer_name(const ost_writer_t *self, const ost_model_t *owner, const char *name, char *buf)
{
    enum { ROOM = OST_WRITER_NAME_SIZE - 6 }; /* "_" or "_out" may follow */
    const char *prefix = self->n_parts > 1 && owner != NULL ? owner->name : "";
    int n = snprintf(buf, ROOM, "%s%s%s", prefix, prefix[0] != '\0' ? "_" : "", name);
    if (n >= ROOM) n = ROOM - 1;
    if (n > 0 && buf[n - 1] == ']') buf[n - 1] = '\0';
    for (char *c = buf; *c != '\0'; c++)
        if (*c == '[') *c = '_';
    if (self->language->is_reserved(buf)) strcat(buf, "_");
    return buf;
}

char *ost_writer_param(const ost_writer_t *self, const ost_model_t *m, size_t i, char *buf)
{
    return ost_writer_name(self, m->params[i].is_covariate ? NULL : m, m->params[i].name, buf);
}

char *ost_writer_state(const ost_writer_t *self, const ost_model_t *m, size_t i, char *buf)
{
    return ost_writer_name(self, m, m->states[i].name, buf);
}

char *ost_writer_output(const ost_writer_t *self, const ost_model_t *m, size_t i, char *buf)
{
    ost_writer_name(self, m, m->outputs[i].name, buf);
    return is_taken(self, m->outputs[i].name) ? strcat(buf, "_out") : buf;
}

/* How many models drive a signal, or something from outside. */
static size_t n_drivers(const ost_writer_t *self, size_t signal)
{
    size_t n = self->has_outside != NULL && self->has_outside[signal];
    for (size_t k = 0; k < self->n_parts; k++)
        for (size_t d = 0; d < self->parts[k].model->n_drives; d++)
            n += strcmp(self->parts[k].model->drives[d].name, self->signals->signal[signal].name) == 0;
    return n;
}

bool ost_writer_is_set(const ost_writer_t *self, size_t signal)
{
    bool is_read = false;
    for (size_t k = 0; k < self->n_parts; k++)
        for (size_t r = 0; r < self->parts[k].model->n_reads; r++)
            is_read |= strcmp(self->parts[k].model->reads[r].name, self->signals->signal[signal].name) == 0;
    return is_read && n_drivers(self, signal) == 0;
}

bool ost_writer_is_repeated(const ost_writer_t *self, size_t k, size_t i)
{
    const ost_param_t *param = &self->parts[k].model->params[i];
    bool found = false;
    for (size_t j = 0; j < k && param->is_covariate; j++) {
        int same = ost_model_param(self->parts[j].model, param->name);
        found |= same >= 0 && self->parts[j].model->params[same].is_covariate;
    }
    return found;
}

ost_node_t ost_writer_operand(const ost_writer_t *self, const ost_writer_part_t *part, ost_node_t node, int k)
{
    const ost_node_data_t *n = &ost_writer_impl(part)->graph.nodes[node];
    if (n->op == OST_OP_MODE)
        return k == 0 && !self->language->names_modes ? ost_writer_impl(part)->sw[n->index] : OST_NO_NODE;
    return k == 0 ? n->a : k == 1 ? n->b : n->c;
}

static bool is_leaf(const ost_writer_t *self, ost_op_t op)
{
    return op <= OST_OP_TIME && (op != OST_OP_MODE || self->language->names_modes);
}

void ost_writer_count(const ost_writer_t *self, ost_writer_part_t *part, ost_node_t root)
{
    if (part->uses[root]++ > 0) return;
    memset(part->reached, 0, (root + 1) * sizeof(bool));
    part->reached[root] = true;
    for (ost_node_t i = root + 1; i-- > 0;) {
        for (int k = 0; part->reached[i] && k < 3; k++) {
            ost_node_t from = ost_writer_operand(self, part, i, k);
            if (from != OST_NO_NODE && part->uses[from]++ == 0) part->reached[from] = true;
        }
    }
}

void ost_writer_variables(ost_writer_t *self, ost_writer_part_t *part, ost_node_t root)
{
    const ost_graph_t *graph = &ost_writer_impl(part)->graph;
    char name[OST_WRITER_NAME_SIZE];
    memset(part->reached, 0, (root + 1) * sizeof(bool));
    part->reached[root] = true;
    for (ost_node_t i = root + 1; i-- > 0;) {
        for (int k = 0; part->reached[i] && part->variable[i] == 0 && k < 3; k++) {
            ost_node_t from = ost_writer_operand(self, part, i, k);
            if (from != OST_NO_NODE) part->reached[from] = true;
        }
    }
    for (ost_node_t i = 0; i <= root; i++) {
        if (!part->reached[i] || part->variable[i] > 0 || is_leaf(self, graph->nodes[i].op)) continue;
        part->depth[i] = 1;
        for (int k = 0; k < 3; k++) {
            ost_node_t from = ost_writer_operand(self, part, i, k);
            if (from != OST_NO_NODE && part->depth[from] >= part->depth[i]) part->depth[i] = part->depth[from] + 1;
        }
        if (part->uses[i] < 2 && part->depth[i] < MAX_DEPTH) continue;
        self->language->begin_variable(
            self, self->language->variable(self, self->n_variables + 1, name), graph->nodes[i].varies);
        ost_writer_put(self, part, i, 0);
        self->language->end_variable(self);
        part->variable[i] = ++self->n_variables;
        part->depth[i] = 0;
    }
}

static void put_signal(const ost_writer_t *self, const char *read, int least)
{
    const int i = ost_signals_find(self->signals, read);
    const ost_signal_t *s = &self->signals->signal[i];
    char name[OST_WRITER_NAME_SIZE];
    if (n_drivers(self, (size_t) i) > 0)
        self->language->quantity(self, self->language->signal(self, s->name, name), 1, least);
    else
        self->language->quantity(self, ost_writer_name(self, NULL, s->name, name), s->unit.factor, least);
}

void ost_writer_put(const ost_writer_t *self, const ost_writer_part_t *part, ost_node_t node, int least)
{
    const ost_model_t *m = part->model;
    const ost_node_data_t *n = &ost_writer_impl(part)->graph.nodes[node];
    const ost_language_t *language = self->language;
    char name[OST_WRITER_NAME_SIZE];
    if (part->variable[node] > 0) {
        language->quantity(self, language->variable(self, part->variable[node], name), 1, least);
    } else if (n->op == OST_OP_CONST) {
        language->number(self, n->value, least);
    } else if (n->op == OST_OP_PARAM) {
        language->quantity(self, ost_writer_param(self, m, n->index, name), m->params[n->index].unit.factor, least);
    } else if (n->op == OST_OP_STATE) {
        language->quantity(self, ost_writer_state(self, m, n->index, name), m->states[n->index].unit.factor, least);
    } else if (n->op == OST_OP_READ) {
        put_signal(self, m->reads[n->index].name, least);
    } else if (is_leaf(self, n->op)) {
        language->leaf(self, part, node);
    } else {
        language->compute(self, part, node, least);
    }
}

static int put_drivers(ost_writer_t *self, size_t signal);

/* Write the signals that a drive reads. */
static int put_reads(ost_writer_t *self, const ost_model_t *m, size_t drive)
{
    int ret = 0;
    for (size_t r = 0; r < m->n_reads && ret == 0; r++)
        if (m->drive_uses[drive * m->n_reads + r] != 0)
            ret = put_drivers(self, (size_t) ost_signals_find(self->signals, m->reads[r].name));
    return ret;
}

/* Write a signal that is driven, and before it those that it depends on. */
static int put_drivers(ost_writer_t *self, size_t signal)
{
    const ost_signal_t *s = &self->signals->signal[signal];
    const size_t n = n_drivers(self, signal), first = self->n_terms;
    if (n == 0 || self->state[signal] == 2) return 0;
    if (self->state[signal] == 1)
        return ost_fail(self->err, OST_ERR_MODEL, "the signal '%s' depends on itself in these models", s->name);
    if (n > 1 && s->combine == OST_COMBINE_ONE)
        return ost_fail(self->err, OST_ERR_MODEL, "more than one of these models drives the signal '%s'", s->name);
    self->state[signal] = 1;
    int ret = 0;
    for (size_t k = 0; k < self->n_parts; k++) {
        ost_writer_part_t *part = &self->parts[k];
        for (size_t d = 0; d < part->model->n_drives && ret == 0; d++) {
            if (strcmp(part->model->drives[d].name, s->name) != 0) continue;
            const ost_node_t root = ost_writer_impl(part)->drive[d];
            ret = put_reads(self, part->model, d);
            if (ret == 0) ost_writer_variables(self, part, root);
            self->terms[self->n_terms++] = (ost_writer_term_t){ part, root };
        }
    }
    if (ret == 0 && self->n_terms - first < n) self->terms[self->n_terms++] = (ost_writer_term_t){ NULL, 0 };
    if (ret == 0) self->language->drive(self, signal, self->terms + first, n);
    self->n_terms = first;
    self->state[signal] = 2;
    return ret;
}

void ost_writer_count_drives(ost_writer_t *self)
{
    for (ost_writer_part_t *part = self->parts; part < self->parts + self->n_parts; part++)
        for (size_t d = 0; d < part->model->n_drives; d++) ost_writer_count(self, part, part->model->impl->drive[d]);
}

int ost_writer_signals(ost_writer_t *self)
{
    int ret = 0;
    for (size_t s = 0; s < self->signals->n && ret == 0; s++) ret = put_drivers(self, s);
    return ret;
}

void ost_writer_begin(ost_writer_t *self)
{
    self->n_variables = 0;
    memset(self->state, 0, self->signals->n);
    for (ost_writer_part_t *part = self->parts; part < self->parts + self->n_parts; part++) {
        const size_t n = ost_writer_impl(part)->graph.n_nodes;
        memset(part->uses, 0, n * sizeof(uint32_t));
        memset(part->variable, 0, n * sizeof(uint32_t));
        memset(part->depth, 0, n);
    }
}

int ost_writer_init(ost_writer_t *self, const ost_language_t *language, const ost_signals_t *signals,
    const ost_model_t *const *models, size_t n, FILE *out, ost_error_t *err)
{
    ost_memory_t *memory = &self->memory;
    size_t n_terms = signals->n;
    for (size_t k = 0; k < n; k++) n_terms += models[k]->n_drives;
    *self = (ost_writer_t){ .language = language, .signals = signals, .n_parts = n, .out = out, .err = err };
    self->parts = ost_memory_list(memory, n, sizeof(*self->parts));
    self->terms = ost_memory_list(memory, n_terms, sizeof(*self->terms));
    self->state = ost_memory_list(memory, signals->n, 1);
    for (size_t k = 0; k < n && !memory->failed; k++) {
        const size_t n_nodes = models[k]->impl->graph.n_nodes;
        self->parts[k] = (ost_writer_part_t){ .model = models[k],
            .uses = ost_memory_list(memory, n_nodes, sizeof(uint32_t)),
            .variable = ost_memory_list(memory, n_nodes, sizeof(uint32_t)),
            .depth = ost_memory_list(memory, n_nodes, 1),
            .reached = ost_memory_list(memory, n_nodes, sizeof(bool)) };
    }
    return memory->failed ? ost_no_memory(err) : 0;
}
