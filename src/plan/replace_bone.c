/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment on another bone model than its own. */
#include "core/text.h"
#include "input/yaml.h"
#include "plan/plan.h"
#include "plan/response.h"

#include <stdlib.h>
#include <string.h>

/* Hormones that drive what the bone model drives itself, as a signal of one driver. */
static bool collide(const ost_library_t *library, const ost_model_t *hormones, const ost_model_t *bone)
{
    for (size_t i = 0; i < hormones->n_drives; i++)
        for (size_t k = 0; k < bone->n_drives; k++) {
            int s = ost_signals_find(&library->signals, bone->drives[k].name);
            if (strcmp(hormones->drives[i].name, bone->drives[k].name) == 0 && s >= 0 &&
                library->signals.signal[s].combine == OST_COMBINE_ONE)
                return true;
        }
    return false;
}

/* A signal that an observation reads, a bone model of the experiment drives and the new one does not, such as a density
 * in other units; NULL: none. */
static const char *observed_that_goes(
    const ost_experiment_t *e, ost_library_t *library, const ost_model_t *observation, const ost_model_t *bone)
{
    const ost_model_t *old;
    for (size_t i = 0; i < observation->n_reads; i++) {
        const char *signal = observation->reads[i].name;
        int s = ost_signals_find(&library->signals, signal);
        if (s < 0 || library->signals.signal[s].has_neutral || ost_model_drives(bone, signal)) continue;
        for (size_t m = 0; m < e->n_models; m++)
            if (e->models[m] != NULL && ost_library_get(library, e->models[m], &old, NULL) == 0 &&
                old->kind == OST_KIND_BONE && ost_model_drives(old, signal))
                return signal;
    }
    return NULL;
}

static void drop_settings(ost_experiment_t *e, const char *model)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_settings; i++)
        if (strcmp(e->settings[i].model, model) != 0) e->settings[n++] = e->settings[i];
    e->n_settings = n;
}

/* The list of models: the new one where the first of kind bone stood, without the others and without drugs, which the
 * arms name themselves. */
static int replace_models(
    ost_experiment_t *e, ost_library_t *library, const ost_model_t *bone, const char *name, ost_error_t *err)
{
    size_t n = 0;
    bool placed = false;
    int ret = 0;
    /* of observations, while the bone models of before stand there */
    const char **goes = calloc(e->n_models + 1, sizeof(*goes));
    if (goes == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < e->n_models; i++) {
        const ost_model_t *model;
        if (ost_library_get(library, e->models[i], &model, NULL) == 0 && model->kind == OST_KIND_OBSERVATION)
            goes[i] = observed_that_goes(e, library, model, bone);
    }
    for (size_t i = 0; i < e->n_models && ret == 0; i++) {
        const ost_model_t *model;
        if ((ret = ost_library_get(library, e->models[i], &model, err)) < 0) break;
        if (goes[i] != NULL && (ost_text_list_add(&e->left_out, "%s", model->name) < 0 ||
                                   ost_text_list_add(&e->left_out, "%s", goes[i]) < 0))
            ret = ost_no_memory(err);
        bool is_bone = model->kind == OST_KIND_BONE;
        bool stays = !is_bone && model->kind != OST_KIND_DRUG && goes[i] == NULL &&
                     !(model->kind == OST_KIND_HORMONES && collide(library, model, bone));
        if (!stays && model != bone && model->kind != OST_KIND_DRUG) drop_settings(e, model->name);
        char *kept = stays ? e->models[i] : NULL;
        if (is_bone && !placed) {
            placed = true;
            if ((kept = ost_memory_text(&e->memory, name, strlen(name))) == NULL) ret = ost_no_memory(err);
        }
        if (kept == NULL) continue;
        e->models[n] = kept;
        e->model_locations[n++] = e->model_locations[i];
    }
    free(goes);
    if (ret < 0) return ret;
    e->n_models = n;
    return placed
               ? 0
               : ost_fail(err, OST_ERR_MODEL, "the experiment has no bone model in whose place '%s' could stand", name);
}

int ost_experiment_replace_bone(ost_experiment_t *self, ost_library_t *library, const char *name, ost_error_t *err)
{
    const ost_model_t *bone, *own;
    int ret = ost_blocks_read_texts(self, library, err);
    for (size_t i = 0; i < self->n_models && ret == 0; i++) /* they may define signals that the new one reads */
        ret = ost_library_get(library, self->models[i], &own, err);
    if (ret == 0) ret = ost_library_get(library, name, &bone, err);
    if (ret < 0) return ret;
    if (bone->kind != OST_KIND_BONE)
        return ost_fail(
            err, OST_ERR_NAME, "model '%s' is of kind %s, not bone", name, ost_model_kind_words[bone->kind]);
    return replace_models(self, library, bone, name, err);
}

int ost_experiment_check_arm(const ost_experiment_t *self, ost_library_t *library, size_t i_arm, ost_error_t *err)
{
    ost_experiment_t alone = *self;
    ost_plan_t plan;
    alone.arms = &self->arms[i_arm];
    alone.n_arms = 1;
    int ret = ost_plan_build(&plan, library, &alone, err);
    ost_plan_free(&plan);
    return ret;
}

/* Whether a model of the experiment or a drug of its arms has this output. What cannot be read has none. @return 0, 1
 * or OST_ERR_NO_MEMORY */
static int is_to_be_had(const ost_experiment_t *self, ost_library_t *library, const char *name)
{
    const ost_model_t *model;
    int ret = 0;
    for (size_t i = 0; i < self->n_models && ret != OST_ERR_NO_MEMORY; i++)
        if ((ret = ost_library_get(library, self->models[i], &model, NULL)) == 0 && ost_model_has_output(model, name))
            return 1;
    for (size_t a = 0; a < self->n_arms; a++)
        for (size_t i = 0; i < self->arms[a].n_regimens && ret != OST_ERR_NO_MEMORY; i++)
            if ((ret = ost_library_get(library, self->arms[a].regimens[i].drug, &model, NULL)) == 0 &&
                ost_model_has_output(model, name))
                return 1;
    return ret == OST_ERR_NO_MEMORY ? ret : 0;
}

int ost_experiment_drop_outputs(ost_experiment_t *self, ost_library_t *library, ost_error_t *err)
{
    size_t n = 0;
    int ret = 0;
    for (size_t i = 0; i < self->n_outputs; i++) {
        int has = ret == 0 ? is_to_be_had(self, library, self->outputs[i]) : 1;
        if (has < 0) ret = has;
        if (has == 0) continue;
        self->outputs[n] = self->outputs[i];
        self->output_locations[n++] = self->output_locations[i];
    }
    bool is_left = n > 0 || self->n_outputs == 0;
    self->n_outputs = n;
    return ret < 0 ? ost_no_memory(err) : is_left;
}
