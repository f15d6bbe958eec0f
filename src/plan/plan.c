/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of an experiment: which models take part, then the steps of assembly in their order. */
#include "core/text.h"
#include "plan/plan_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ost_plan_given(ost_dim_t dim, char *buf, size_t size)
{
    return ost_dim_equal(dim, (ost_dim_t){ 0 }) ? "none" : ost_dim_format(dim, buf, size);
}

int ost_plan_block(const ost_plan_t *self, const char *name)
{
    for (size_t b = 0; b < self->n_blocks; b++)
        if (strcmp(self->blocks[b].model->name, name) == 0) return (int) b;
    return -1;
}

static const char *dose_name(const void *from, size_t i)
{
    const ost_model_t *model = from;
    return model->states[model->doses[i].state].name;
}

int ost_plan_dosed_state(const ost_plan_t *self, const ost_regimen_t *regimen, size_t *block, ost_error_t *err)
{
    int b = ost_plan_block(self, regimen->drug);
    if (b < 0)
        return OST_FAIL_AT(
            err, OST_ERR_NAME, self->experiment, regimen->location, "there is no drug '%s' in the plan", regimen->drug);
    const ost_model_t *model = self->blocks[b].model;
    *block = (size_t) b;
    if (model->n_doses == 0)
        return OST_FAIL_AT(
            err, OST_ERR_MODEL, self->experiment, regimen->location, "model '%s' takes no doses", model->name);
    size_t i = 0;
    while (regimen->into != NULL && i < model->n_doses && strcmp(dose_name(model, i), regimen->into) != 0) i++;
    if (i == model->n_doses) {
        const char *near = ost_nearest_of(regimen->into, model, model->n_doses, dose_name);
        return OST_FAIL_AT(err, OST_ERR_NAME, self->experiment, regimen->location,
            "model '%s' takes no doses into '%s'%s%s%s", model->name, regimen->into, OST_HINT(near));
    }
    const ost_state_t *state = &model->states[model->doses[i].state];
    if (ost_dim_equal(state->unit.dim, regimen->dim)) return (int) model->doses[i].state;
    char given[64], due[64];
    return OST_FAIL_AT(err, OST_ERR_UNIT, self->experiment, regimen->location,
        "a dose of '%s' has dimension %s (such as %s), the dose given has %s", model->name,
        ost_plan_given(state->unit.dim, due, sizeof(due)), state->unit_text,
        ost_plan_given(regimen->dim, given, sizeof(given)));
}

static bool is_path(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') != NULL || (n > 6 && strcmp(name + n - 6, ".model") == 0);
}

/* A model that somebody asks for by name, and where in the experiment. */
typedef struct {
    const char *name;
    ost_location_t location;
    const ost_model_t *model;
} request_t;

static int find_model(const ost_plan_t *self, ost_library_t *library, request_t *request, ost_error_t *err)
{
    ost_error_t mine = { 0 };
    if (err == NULL) err = &mine;
    int ret = ost_library_get(library, request->name, &request->model, err);
    if (ret == OST_ERR_IO) {
        ost_error_prepend(err, "model '%s' ", request->name);
        ret = err->code = OST_ERR_NAME;
        err->where[0] = '\0';
    }
    if (ret < 0 && err->where[0] == '\0') {
        snprintf(err->where, sizeof(err->where), "%s", OST_WHERE(self->experiment));
        err->line = request->location.line;
        err->column = request->location.column;
    }
    return ret;
}

static int add_block(ost_plan_t *self, const request_t *request, ost_error_t *err)
{
    const ost_model_t *model = request->model;
    for (size_t b = 0; b < self->n_blocks; b++) {
        if (self->blocks[b].model == model) return 0;
        if (strcmp(self->blocks[b].model->name, model->name) == 0)
            return OST_FAIL_AT(err, OST_ERR_NAME, self->experiment, request->location,
                "two models of this experiment are called '%s': %s and %s", model->name, self->blocks[b].model->path,
                model->path);
    }
    self->impl->locations[self->n_blocks] = request->location;
    ost_block_t *block = &self->blocks[self->n_blocks++];
    *block = (ost_block_t){
        .model = model,
        .first_state = (uint32_t) self->impl->n_block_states,
        .first_param = (uint32_t) self->n_params,
        .first_hoisted = (uint32_t) self->n_hoisted,
        .first_switch = (uint32_t) self->system.n_switches,
        .first_drive = (uint32_t) self->n_drives,
        .first_noise = (uint32_t) self->n_noises,
        .park_input = -1,
        .read_signal = calloc(model->n_reads + 1, sizeof(uint32_t)),
        .drive_signal = calloc(model->n_drives + 1, sizeof(uint32_t)),
    };
    if (block->read_signal == NULL || block->drive_signal == NULL)
        return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the blocks of the plan");
    self->impl->n_block_states += model->n_states;
    self->n_params += model->n_params;
    self->n_hoisted += model->n_hoisted;
    self->system.n_switches += model->n_switches;
    self->n_drives += model->n_drives;
    self->n_noises += model->n_noises;
    return 0;
}

/* In any order: one that reads a signal may stand before the one that defines it. */
int ost_plan_read_texts(const ost_experiment_t *e, ost_library_t *library, ost_error_t *err)
{
    int ret = 0;
    for (size_t left = e->n_model_texts, before = left + 1; left > 0 && left < before;) {
        before = left;
        left = 0;
        for (size_t i = 0; i < e->n_model_texts; i++) {
            const ost_model_text_t *own = &e->model_texts[i];
            const ost_model_t *model;
            size_t k = 0;
            while (k < library->n_models && strcmp(library->models[k]->path, own->path) != 0) k++;
            int code = k < library->n_models ? 0 : ost_library_read(library, own->path, own->text, &model, err);
            if (code < 0) ret = code;
            left += code < 0;
        }
        if (left == 0) ret = 0;
    }
    return ret;
}

/* The experiment's models, then the drugs of its arms. Paths are read first, so that names can mean what they hold; the
 * order of the blocks is the experiment's all the same. */
static int load_blocks(ost_plan_t *self, ost_library_t *library, ost_error_t *err)
{
    const ost_experiment_t *e = self->experiment;
    size_t n = 0, max = e->n_models + 1;
    for (size_t a = 0; a < e->n_arms; a++) max += e->arms[a].n_regimens;
    request_t *requests = calloc(max, sizeof(*requests));
    self->blocks = calloc(max, sizeof(*self->blocks));
    self->impl->locations = calloc(max, sizeof(*self->impl->locations));
    int ret = 0;
    if (requests == NULL || self->blocks == NULL || self->impl->locations == NULL) {
        ret = ost_fail(err, OST_ERR_NO_MEMORY, "no memory for the blocks of the plan");
        goto out;
    }
    for (size_t i = 0; i < e->n_models; i++) {
        requests[n++].name = e->models[i];
        if (e->model_locations != NULL) requests[i].location = e->model_locations[i];
    }
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++)
            requests[n++] = (request_t){ e->arms[a].regimens[i].drug, e->arms[a].regimens[i].location, NULL };
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++)
            if (is_path(requests[i].name) == (pass == 0) && (ret = find_model(self, library, &requests[i], err)) < 0)
                goto out;
    for (size_t i = 0; i < n; i++)
        if ((ret = add_block(self, &requests[i], err)) < 0) goto out;
    if (self->n_blocks == 0) ret = ost_fail_at(err, OST_ERR_MODEL, OST_WHERE(e), 0, 0, "the experiment has no models");
out:
    free(requests);
    return ret;
}

static int map_params(ost_plan_t *self, ost_error_t *err)
{
    uint32_t *param_block = self->impl->param_block = calloc(self->n_params + 1, sizeof(*param_block));
    if (param_block == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "no memory for %zu parameters", self->n_params);
    for (uint32_t b = 0; b < self->n_blocks; b++)
        for (size_t i = 0; i < self->blocks[b].model->n_params; i++) param_block[self->blocks[b].first_param + i] = b;
    return 0;
}

int ost_plan_build(ost_plan_t *self, ost_library_t *library, const ost_experiment_t *experiment, ost_error_t *err)
{
    *self = (ost_plan_t){ .experiment = experiment, .impl = calloc(1, sizeof(*self->impl)) };
    int ret = self->impl == NULL ? ost_fail(err, OST_ERR_NO_MEMORY, "no memory for a plan") : 0;
    if (ret == 0) ret = ost_plan_read_texts(experiment, library, err);
    if (ret == 0) ret = load_blocks(self, library, err);
    if (ret == 0) ret = map_params(self, err);
    if (ret == 0) ret = ost_plan_build_population(self, err);
    if (ret == 0) ret = ost_plan_wire(self, library, err);
    if (ret == 0) ret = ost_plan_build_inputs(self, err);
    if (ret == 0) ret = ost_plan_build_schedules(self, err);
    if (ret == 0) ret = ost_plan_build_events(self, err);
    if (ret == 0) ret = ost_plan_build_visits(self, err);
    if (ret == 0) ret = ost_plan_build_system(self, err);
    if (ret == 0) ret = ost_plan_build_outputs(self, err);
    if (ret < 0) ost_plan_free(self);
    return ret;
}

static void free_lane_plan(ost_lane_plan_t *lane)
{
    for (size_t b = 0; lane->blocks != NULL && b < lane->n_blocks; b++) {
        free(lane->blocks[b].sig);
        free(lane->blocks[b].value);
        free(lane->blocks[b].mean_inputs);
        free(lane->blocks[b].mean_states);
        free(lane->blocks[b].wanted);
        free(lane->blocks[b].noise_purpose);
        free(lane->blocks[b].drive_entry);
    }
    for (size_t s = 0; lane->signals != NULL && s < lane->n_signals; s++) free(lane->signals[s].driver_row);
    free(lane->blocks);
    free(lane->signals);
    free(lane->steps);
    free(lane->infusions);
    free(lane->neutral);
}

static void free_schedules(ost_plan_t *self)
{
    struct ost_plan_impl *impl = self->impl;
    for (size_t c = 0; c < self->n_schedules; c++) {
        free(self->schedules[c].name);
        ost_formula_delete(impl->rules[c].begin);
        ost_formula_delete(impl->rules[c].end);
    }
    for (size_t a = 0; impl->visits != NULL && a < self->experiment->n_arms; a++) free(impl->visits[a]);
    ost_formula_delete(impl->eligible);
    free(self->schedules);
    free(impl->rules);
    free(impl->schedules);
    free(impl->exact_schedules);
    free(impl->first_schedule);
    free(impl->visits);
    free(impl->n_visits);
    free(impl->seen.names);
    free(impl->seen.used);
    free(impl->seen.row);
}

static void free_impl(struct ost_plan_impl *impl, size_t n_states)
{
    free_lane_plan(&impl->lane);
    for (size_t i = 0; impl->state_names != NULL && i < n_states; i++) free(impl->state_names[i]);
    free(impl->state_names);
    free(impl->signals);
    free(impl->params);
    free(impl->purpose);
    free(impl->z);
    free(impl->row);
    free(impl->col);
    free(impl->scale);
    free(impl->positive);
    free(impl->idle_input);
    free(impl->param_block);
    free(impl->locations);
    free(impl->factor);
    free(impl->of_parkable);
    free(impl);
}

void ost_plan_free(ost_plan_t *self)
{
    if (self == NULL) return;
    for (size_t b = 0; b < self->n_blocks; b++) {
        free(self->blocks[b].read_signal);
        free(self->blocks[b].drive_signal);
    }
    for (size_t s = 0; s < self->n_signals; s++) {
        free(self->signals[s].driver_block);
        free(self->signals[s].driver_drive);
    }
    for (size_t a = 0; self->experiment != NULL && a < self->experiment->n_arms; a++) {
        if (self->arm_events != NULL) free(self->arm_events[a]);
        if (self->arm_series != NULL) free(self->arm_series[a]);
    }
    free(self->blocks);
    free(self->signals);
    free(self->variables);
    free(self->arm_events);
    free(self->n_arm_events);
    free(self->n_arm_known);
    free(self->arm_series);
    free(self->n_arm_series);
    if (self->impl != NULL) {
        free_schedules(self);
        free_impl(self->impl, self->system.n_states);
    }
    *self = (ost_plan_t){ 0 };
}
