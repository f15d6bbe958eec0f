/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model that has been read: its memory, its parameters by name, and the words of kinds. */
#include "core/distribution.h"
#include "core/vocabulary.h"
#include "lang/model_impl.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const ost_model_kind_words[OST_N_MODEL_KINDS] = { OST_MODEL_KINDS(OST_WORD_OF) };

void ost_model_free(ost_model_t *self)
{
    if (self == NULL || self->impl == NULL) return;
    ost_graph_free(&self->impl->graph);
    ost_memory_free(&self->impl->memory);
    free(self->impl);
    *self = (ost_model_t){ 0 };
}

char *ost_dose_regimen(const ost_dose_t *self, char *buf, size_t size)
{
    const ost_param_t *usual = &self->usual;
    buf[0] = '\0';
    if (usual->source == NULL) return buf;
    const double unit = usual->unit.factor;
    int n = snprintf(buf, size, "dose: %.6g %s, interval: %s%s%s", usual->value / unit, usual->unit_text,
        self->interval, self->duration != NULL ? ", duration: " : "", self->duration != NULL ? self->duration : "");
    if (self->shortest != NULL && n >= 0 && (size_t) n < size)
        n += snprintf(buf + n, size - (size_t) n, "; interval from %s", self->shortest);
    if (usual->lower < usual->upper && n >= 0 && (size_t) n < size)
        snprintf(buf + n, size - (size_t) n, "; range %.6g to %.6g %s", usual->lower / unit, usual->upper / unit,
            usual->unit_text);
    return buf;
}

const char *ost_model_source(const ost_model_t *self)
{
    return self->impl->source != NULL ? self->impl->source->text : self->impl->text;
}

/* Elements first to first + n of a part. @param v  [ost_model_n_work()] */
static void evaluate(const ost_model_t *self, ost_model_part_t part, size_t first, size_t n,
    const ost_model_point_t *at, double *v, double *values)
{
    const struct ost_model_impl *impl = self->impl;
    const ost_node_t *nodes[] = {
        [OST_MODEL_INITIAL] = impl->initial, [OST_MODEL_RATE] = impl->rate, [OST_MODEL_DRIVE] = impl->drive
    };
    const ost_graph_leaves_t leaves = {
        .params = at->params, .states = at->states, .reads = at->reads, .switches = impl->sw, .t = at->t
    };
    const ost_node_t *node = nodes[part] + first;
    ost_node_t last = 0;
    for (size_t i = 0; i < n; i++) last = node[i] > last ? node[i] : last;
    if (n > 0) ost_graph_values(&impl->graph, last, &leaves, v);
    for (size_t i = 0; i < n; i++) values[i] = v[node[i]];
}

int ost_model_condition_line(const ost_model_t *self, size_t i)
{
    return self->impl->sw_line[i];
}

size_t ost_model_n_work(const ost_model_t *self)
{
    return self->impl->graph.n_nodes;
}

double ost_model_value(
    const ost_model_t *self, ost_model_part_t part, size_t i, const ost_model_point_t *at, double *work)
{
    double value;
    evaluate(self, part, i, 1, at, work, &value);
    return value;
}

void ost_model_state_values(
    const ost_model_t *self, ost_model_part_t part, const ost_model_point_t *at, double *work, double *values)
{
    evaluate(self, part, 0, self->n_states, at, work, values);
}

double ost_param_within(const ost_param_t *self, double value)
{
    const double rounding = 4 * DBL_EPSILON;
    if (value < self->lower && value >= self->lower - rounding * fabs(self->lower)) return self->lower;
    if (value > self->upper && value <= self->upper + rounding * fabs(self->upper)) return self->upper;
    return value >= self->lower && value <= self->upper ? value : (double) NAN;
}

char *ost_param_outside(const ost_param_t *self, double value, const char *how, char buf[OST_OUTSIDE_SIZE])
{
    const double factor = self->unit.factor;
    snprintf(buf, OST_OUTSIDE_SIZE, "%.10g %.120s%s %.10g..%.10g", value / factor, self->unit_text, how,
        self->lower / factor, self->upper / factor);
    return buf;
}

bool ost_model_has_output(const ost_model_t *self, const char *name)
{
    const size_t n = strcspn(name, "[");
    for (size_t i = 0; i < self->n_outputs; i++)
        if (strncmp(self->outputs[i].group, name, n) == 0 && self->outputs[i].group[n] == '\0') return true;
    return false;
}

int ost_model_param(const ost_model_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_params; i++) {
        if (strcmp(self->params[i].name, name) == 0) return (int) i;
    }
    return -1;
}

int ost_signals_find(const ost_signals_t *self, const char *name)
{
    for (size_t i = 0; i < self->n; i++) {
        if (strcmp(self->signal[i].name, name) == 0) return (int) i;
    }
    return -1;
}

bool ost_names_spread(const char *name, const char *param)
{
    size_t n = strcspn(param, "[");
    return strncmp(name, param, n) == 0 && strcmp(name + n, ".spread") == 0;
}

bool ost_spread_has_sd(ost_spread_kind_t kind)
{
    return kind == OST_SPREAD_LOGNORMAL || kind == OST_SPREAD_NORMAL || kind == OST_SPREAD_LOGITNORMAL;
}

ost_param_t ost_param_of_spread(const ost_param_t *self)
{
    static char plain[] = "1";
    const bool is_normal = self->spread.kind == OST_SPREAD_NORMAL;
    return (ost_param_t){ .name = self->name,
        .unit_text = is_normal ? self->unit_text : plain,
        .unit = is_normal ? self->unit : (ost_unit_t){ .factor = 1 },
        .value = self->spread.sd,
        .upper = is_normal ? INFINITY : OST_LARGEST_SD_LOG };
}

int ost_model_spread(const ost_model_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_params; i++)
        if (!self->params[i].is_covariate && ost_spread_has_sd(self->params[i].spread.kind) &&
            ost_names_spread(name, self->params[i].name))
            return (int) i;
    return -1;
}

const ost_index_set_t *ost_model_index_set(const ost_model_t *self, const char *name)
{
    for (size_t i = 0; name != NULL && i < self->n_index_sets; i++)
        if (strcmp(self->index_sets[i].name, name) == 0) return &self->index_sets[i];
    return NULL;
}
