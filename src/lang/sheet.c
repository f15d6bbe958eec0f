/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lang/model_impl.h"

#include <math.h>
#include <stdlib.h>

enum { FIELD_SIZE = 160 };

/* Printed width: bytes that begin a character. */
static int width(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++) n += ((unsigned char) *text & 0xc0) != 0x80;
    return n;
}

static void put_padded(FILE *out, const char *text, int columns)
{
    fprintf(out, "%s%*s", text, columns > width(text) ? columns - width(text) : 0, "");
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* "-" where there is none, as with a covariate without default. */
static void format_value(char *buf, double value, ost_unit_t unit, const char *unit_text)
{
    int n = isnan(value) ? snprintf(buf, FIELD_SIZE, "-") : snprintf(buf, FIELD_SIZE, "%.6g", value / unit.factor);
    snprintf(buf + n, (size_t) (FIELD_SIZE - n), " [%s]", unit_text);
}

static void format_range(char *buf, const ost_param_t *param)
{
    char lower[32] = "", upper[32] = "";
    double factor = param->unit.factor;
    buf[0] = '\0';
    if (isfinite(param->lower)) snprintf(lower, sizeof(lower), "%.6g", param->lower / factor);
    if (isfinite(param->upper)) snprintf(upper, sizeof(upper), "%.6g", param->upper / factor);
    if (lower[0] != '\0' || upper[0] != '\0') snprintf(buf, FIELD_SIZE, "in %s..%s", lower, upper);
}

static void format_spread(char *buf, const ost_param_t *param)
{
    const ost_spread_t *spread = &param->spread;
    double factor = param->unit.factor;
    int n = 0;
    buf[0] = '\0';
    switch (spread->kind) {
    case OST_SPREAD_NONE:
        break;
    case OST_SPREAD_LOGNORMAL:
        n = snprintf(buf, FIELD_SIZE, "spread %.6g", spread->sd);
        break;
    case OST_SPREAD_NORMAL:
        n = snprintf(buf, FIELD_SIZE, "spread normal %.6g", spread->sd / factor);
        break;
    case OST_SPREAD_LOGITNORMAL:
        n = snprintf(buf, FIELD_SIZE, "spread logit %.6g", spread->sd);
        break;
    case OST_SPREAD_EXPONENTIAL:
        n = snprintf(buf, FIELD_SIZE, "spread exponential");
        break;
    case OST_SPREAD_CHOICE:
        n = snprintf(buf, FIELD_SIZE, "spread choice");
        for (size_t i = 0; i < spread->n_choices && n < FIELD_SIZE; i++)
            n += snprintf(buf + n, (size_t) (FIELD_SIZE - n), "%s %.6g: %.6g", i > 0 ? "," : "",
                spread->choice[i] / factor, spread->share[i]);
        break;
    }
    if (param->prior_sd > 0 && n < FIELD_SIZE)
        snprintf(buf + n, (size_t) (FIELD_SIZE - n), "%sprior %.6g", n > 0 ? ", " : "", param->prior_sd);
}

/* Elements of one indexed parameter share their lines of meaning and source. */
static bool same_declaration(const ost_param_t *a, const ost_param_t *b)
{
    return a->line == b->line && a->is_covariate == b->is_covariate;
}

static void print_params(const ost_model_t *self, FILE *out, bool covariates)
{
    int name_width = 0, value_width = 0, range_width = 0;
    char value[FIELD_SIZE], range[FIELD_SIZE], spread[FIELD_SIZE];
    for (size_t i = 0; i < self->n_params; i++) {
        const ost_param_t *param = &self->params[i];
        if (param->is_covariate != covariates) continue;
        format_value(value, param->value, param->unit, param->unit_text);
        format_range(range, param);
        name_width = max(name_width, width(param->name));
        value_width = max(value_width, width(value));
        range_width = max(range_width, width(range));
    }
    if (name_width > 0) fputs(covariates ? "\nCovariates\n" : "\nParameters\n", out);
    for (size_t i = 0; i < self->n_params; i++) {
        const ost_param_t *param = &self->params[i];
        if (param->is_covariate != covariates) continue;
        format_value(value, param->value, param->unit, param->unit_text);
        format_range(range, param);
        format_spread(spread, param);
        fputs("  ", out);
        put_padded(out, param->name, name_width + 2);
        put_padded(out, value, range[0] != '\0' || spread[0] != '\0' ? value_width + 2 : 0);
        put_padded(out, range, spread[0] != '\0' ? range_width + 2 : 0);
        fprintf(out, "%s\n", spread);
        if (i + 1 < self->n_params && same_declaration(param, param + 1)) continue;
        fprintf(out, "      %s\n", param->text);
        if (!covariates) fprintf(out, "      @ %s\n", param->source);
    }
}

static int print_states(const ost_model_t *self, FILE *out, ost_error_t *err)
{
    const ost_graph_t *graph = &self->impl->graph;
    int name_width = 0, value_width = 0;
    char value[FIELD_SIZE];
    double *params = malloc((self->n_params + graph->n_nodes + 1) * sizeof(*params)), *v;
    if (params == NULL) return ost_no_memory(err);
    const ost_graph_leaves_t at = { .params = params };
    v = params + self->n_params;
    for (size_t i = 0; i < self->n_params; i++) params[i] = self->params[i].value;
    for (int pass = 0; pass < 2 && self->n_states > 0; pass++) {
        if (pass == 1) fputs("\nStates and their initial values\n", out);
        for (size_t i = 0; i < self->n_states; i++) {
            const ost_state_t *state = &self->states[i];
            ost_graph_values(graph, self->impl->initial[i], &at, v);
            format_value(value, v[self->impl->initial[i]], state->unit, state->unit_text);
            name_width = max(name_width, width(state->name));
            value_width = max(value_width, width(value));
            if (pass == 0) continue;
            fputs("  ", out);
            put_padded(out, state->name, name_width + 2);
            put_padded(out, value, value_width + 2);
            fprintf(out, "%s%s\n", state->text, state->may_be_negative ? " (may be negative)" : "");
        }
    }
    free(params);
    return 0;
}

static void print_outputs(const ost_model_t *self, FILE *out)
{
    int name_width = 0, unit_width = 0;
    for (size_t i = 0; i < self->n_outputs; i++) {
        name_width = max(name_width, width(self->outputs[i].name));
        unit_width = max(unit_width, width(self->outputs[i].unit_text) + 2);
    }
    if (self->n_outputs > 0) fputs("\nOutputs\n", out);
    for (size_t i = 0; i < self->n_outputs; i++) {
        const ost_output_t *output = &self->outputs[i];
        char unit[FIELD_SIZE];
        snprintf(unit, sizeof(unit), "[%s]", output->unit_text);
        fputs("  ", out);
        put_padded(out, output->name, name_width + 2);
        put_padded(out, unit, unit_width + 2);
        fprintf(out, "%s\n", output->text);
    }
}

static void print_noises(const ost_model_t *self, FILE *out)
{
    int name_width = 0;
    for (size_t i = 0; i < self->n_noises; i++) name_width = max(name_width, width(self->noises[i].name));
    if (self->n_noises > 0) fputs("\nNoise, standard normal, drawn anew at each visit\n", out);
    for (size_t i = 0; i < self->n_noises; i++) {
        fputs("  ", out);
        put_padded(out, self->noises[i].name, name_width + 2);
        fprintf(out, "%s\n", self->noises[i].text);
    }
}

static void print_equations(const ost_model_t *self, FILE *out)
{
    if (self->impl->n_equations > 0) fputs("\nEquations\n", out);
    for (size_t i = 0; i < self->impl->n_equations; i++)
        fprintf(out, "  %s = %s\n", self->impl->equations[i].left, self->impl->equations[i].right);
}

static void print_index_sets(const ost_model_t *self, FILE *out)
{
    if (self->n_index_sets > 0) fputs("\nIndex sets\n", out);
    for (size_t i = 0; i < self->n_index_sets; i++) {
        const ost_index_set_t *set = &self->index_sets[i];
        fprintf(out, "  %s = ", set->name);
        for (size_t k = 0; k < set->n_elements; k++) fprintf(out, "%s%s", k > 0 ? ", " : "", set->elements[k]);
        fputs("\n", out);
    }
}

int ost_model_print(const ost_model_t *self, FILE *out, ost_error_t *err)
{
    fprintf(out, "%s: %s\nkind %s, %s\n", self->name, self->text, ost_model_kind_words[self->kind], self->path);
    for (size_t i = 0; i < self->n_reads; i++) fprintf(out, "%s%s", i > 0 ? ", " : "reads ", self->reads[i].name);
    if (self->n_reads > 0) fputs("\n", out);
    for (size_t i = 0; i < self->n_drives; i++) fprintf(out, "%s%s", i > 0 ? ", " : "drives ", self->drives[i].name);
    if (self->n_drives > 0) fputs("\n", out);
    for (size_t i = 0; i < self->n_doses; i++) {
        const ost_dose_t *dose = &self->doses[i];
        char regimen[FIELD_SIZE];
        fprintf(out, "doses go into %s\n", self->states[dose->state].name);
        if (dose->usual.source != NULL)
            fprintf(out, "  usual %s\n  @ %s\n", ost_dose_regimen(dose, regimen, sizeof(regimen)), dose->usual.source);
    }
    print_index_sets(self, out);
    if (print_states(self, out, err) < 0) return OST_ERR_NO_MEMORY;
    print_params(self, out, true);
    print_params(self, out, false);
    print_noises(self, out);
    print_equations(self, out);
    print_outputs(self, out);
    return 0;
}
