/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The models of a plan, found in the library by the names that the experiment gives, and numbered one after another. */
#include "plan/blocks.h"

#include <stdio.h>
#include <string.h>

/* A model named by the experiment. */
typedef struct {
    const char *name;
    ost_location_t location;
    const ost_model_t *model;
} request_t;

/* Texts are read in any order: one that reads a signal may stand before the one that defines it. */
int ost_blocks_read_texts(const ost_experiment_t *e, ost_library_t *library, ost_error_t *err)
{
    ost_error_t why = { 0 };
    int ret = 0;
    for (size_t left = e->n_model_texts, before = left + 1; left > 0 && left < before;) {
        before = left;
        left = 0;
        for (size_t i = 0; i < e->n_model_texts; i++) {
            const ost_model_text_t *own = &e->model_texts[i];
            const ost_model_t *model;
            size_t k = 0;
            while (k < library->n_models && strcmp(library->models[k]->path, own->path) != 0) k++;
            int code = k < library->n_models ? 0 : ost_library_read(library, own->path, own->text, &model, &why);
            if (code == OST_ERR_NO_MEMORY) return ost_no_memory(err);
            if (code < 0) ret = code;
            left += code < 0;
        }
        if (left == 0) ret = 0;
    }
    if (ret < 0 && err != NULL) *err = why;
    return ret;
}

static bool is_drug(const ost_experiment_t *e, const char *name)
{
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++)
            if (strcmp(e->arms[a].regimens[i].drug, name) == 0) return true;
    return false;
}

static int find_model(ost_library_t *library, const ost_experiment_t *e, request_t *request, ost_error_t *err)
{
    int ret = ost_library_get(library, request->name, &request->model, err);
    if (ret == OST_ERR_IO || ret == OST_ERR_MISSING) {
        ost_error_prepend(err, "model '%s' ", request->name);
        ret = err->code = OST_ERR_NAME;
        err->where[0] = '\0';
    }
    if (ret < 0 && err->where[0] == '\0') {
        if (is_drug(e, request->name)) ost_error_prepend(err, "drug: ");
        snprintf(err->where, sizeof(err->where), "%s", OST_WHERE(e));
        err->line = request->location.line;
        err->column = request->location.column;
    }
    return ret;
}

/* The experiment's models, then the drugs of its arms. @param[out] requests  [at least as many] @return how many */
static size_t list_requests(const ost_experiment_t *e, request_t *requests)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_models; i++) {
        requests[n++].name = e->models[i];
        if (e->model_locations != NULL) requests[i].location = e->model_locations[i];
    }
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < e->arms[a].n_regimens; i++)
            requests[n++] = (request_t){ e->arms[a].regimens[i].drug, e->arms[a].regimens[i].location, NULL };
    return n;
}

static int add_block(
    ost_blocks_t *self, ost_block_t *block, const ost_experiment_t *e, const request_t *request, ost_error_t *err)
{
    const ost_model_t *model = request->model;
    for (size_t b = 0; b < self->n; b++) {
        if (block[b].model == model) return 0;
        if (strcmp(block[b].model->name, model->name) == 0)
            return OST_FAIL_AT(err, OST_ERR_NAME, e, request->location,
                "two models of this experiment are called '%s': %s and %s", model->name, block[b].model->path,
                model->path);
    }
    block[self->n++] = (ost_block_t){
        .model = model,
        .location = request->location,
        .first_state = (uint32_t) self->n_states,
        .first_param = (uint32_t) self->n_params,
        .first_hoisted = (uint32_t) self->n_hoisted,
        .first_switch = (uint32_t) self->n_switches,
        .first_drive = (uint32_t) self->n_drives,
    };
    self->n_states += model->n_states;
    self->n_params += model->n_params;
    self->n_hoisted += model->n_hoisted;
    self->n_switches += model->n_switches;
    self->n_drives += model->n_drives;
    self->n_noises += model->n_noises;
    return 0;
}

/* Paths are read first, so that names can mean the models that they hold; the blocks keep the experiment's order. */
static int find_blocks(ost_blocks_t *self, ost_block_t *block, ost_library_t *library, const ost_experiment_t *e,
    request_t *requests, ost_error_t *err)
{
    size_t n = list_requests(e, requests);
    int ret = ost_blocks_read_texts(e, library, err);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n && ret == 0; i++)
            if (ost_is_model_path(requests[i].name) == (pass == 0)) ret = find_model(library, e, &requests[i], err);
    for (size_t i = 0; i < n && ret == 0; i++) ret = add_block(self, block, e, &requests[i], err);
    if (ret == 0 && self->n == 0)
        ret = ost_fail_at(err, OST_ERR_MODEL, OST_WHERE(e), 0, 0, "the experiment has no models");
    return ret;
}

const ost_blocks_t *ost_blocks_new(ost_library_t *library, const ost_experiment_t *e, ost_maker_t *make)
{
    size_t max = e->n_models;
    for (size_t a = 0; a < e->n_arms; a++) max += e->arms[a].n_regimens;
    ost_blocks_t *self = ost_maker_list(make, 1, sizeof(*self));
    ost_block_t *block = ost_maker_list(make, max, sizeof(*block));
    request_t *requests = ost_maker_list(make, max, sizeof(*requests));
    if (make->err.code != 0 || find_blocks(self, block, library, e, requests, &make->err) < 0) return NULL;
    uint32_t *of_param = ost_maker_list(make, self->n_params, sizeof(*of_param));
    if (of_param == NULL) return NULL;
    for (uint32_t b = 0; b < self->n; b++)
        for (size_t i = 0; i < block[b].model->n_params; i++) of_param[block[b].first_param + i] = b;
    self->block = block;
    self->of_param = of_param;
    self->library = library;
    self->left_out = &e->left_out;
    return self;
}

int ost_blocks_find(const ost_blocks_t *self, const char *name)
{
    for (size_t b = 0; b < self->n; b++)
        if (strcmp(self->block[b].model->name, name) == 0) return (int) b;
    return -1;
}

/* The signal of a model that is left out, NULL where it is not. */
static const char *lacking(const ost_text_list_t *left_out, const char *model)
{
    for (size_t i = 0; i + 1 < left_out->n; i += 2)
        if (strcmp(left_out->items[i], model) == 0) return left_out->items[i + 1];
    return NULL;
}

char *ost_blocks_elsewhere(const ost_blocks_t *self, const char *text, char buf[OST_ELSEWHERE_SIZE])
{
    size_t n;
    const char *const *names = ost_library_builtin_names(&n);
    buf[0] = '\0';
    for (size_t m = 0; m < n && buf[0] == '\0'; m++) {
        const ost_model_t *model;
        if (ost_library_get(self->library, names[m], &model, NULL) < 0) continue;
        for (size_t i = 0; i < model->n_outputs && buf[0] == '\0'; i++) {
            const char *name = model->outputs[i].group;
            bool is_here = !ost_experiment_names(text, name);
            for (size_t b = 0; b < self->n && !is_here; b++) is_here = ost_model_has_output(self->block[b].model, name);
            const char *lacks = is_here ? NULL : lacking(self->left_out, model->name);
            if (lacks != NULL)
                snprintf(buf, OST_ELSEWHERE_SIZE,
                    "; '%.40s' is an output of '%.60s', which is left out, as the bone model does not have "
                    "'drives %.60s'",
                    name, model->name, lacks);
            else if (!is_here)
                snprintf(buf, OST_ELSEWHERE_SIZE, "; '%.40s' is an output of '%.60s': add that to 'models'", name,
                    model->name);
        }
    }
    return buf;
}

char *ost_blocks_param_name(const ost_blocks_t *self, size_t i, char *buf, size_t size)
{
    snprintf(buf, size, "%s.%s", self->block[self->of_param[i]].model->name, ost_blocks_param(self, i)->name);
    return buf;
}
