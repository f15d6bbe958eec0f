/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another bone model in the place of a trial's own. */
#include "analysis/trials_impl.h"
#include "io/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_kind(const ost_model_t *model, const char *kind)
{
    return strcmp(model->kind, kind) == 0;
}

/* Hormones that drive what the bone model drives itself, as a signal of one driver. */
static bool collide(const ost_library_t *library, const ost_model_t *hormones, const ost_model_t *bone)
{
    for (size_t i = 0; i < hormones->n_drives; i++)
        for (size_t k = 0; k < bone->n_drives; k++) {
            int s = ost_library_signal(library, bone->drives[k].name);
            if (strcmp(hormones->drives[i].name, bone->drives[k].name) == 0 && s >= 0 &&
                library->signals[s].combine == OST_COMBINE_ONE)
                return true;
        }
    return false;
}

static void drop_settings(ost_experiment_t *e, const char *model)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_settings; i++) {
        if (strcmp(e->settings[i].model, model) == 0) {
            free(e->settings[i].model);
            free(e->settings[i].param);
        } else {
            e->settings[n++] = e->settings[i];
        }
    }
    e->n_settings = n;
}

/* The list of models: the new one where the first of kind bone stood, without the others and without drugs, which the
 * arms that are left name themselves. A model that cannot be read stays, for the plan to say so. */
static int replace_models(ost_experiment_t *e, ost_library_t *library, const ost_model_t *bone, const char *name)
{
    size_t n = 0;
    bool placed = false;
    for (size_t i = 0; i < e->n_models; i++) {
        const ost_model_t *model = NULL;
        bool known = ost_library_get(library, e->models[i], &model, NULL) == 0;
        bool is_bone = known && is_kind(model, "bone");
        bool stays = !known || (!is_bone && !is_kind(model, "drug") &&
                                   !(is_kind(model, "hormones") && collide(library, model, bone)));
        if (known && !stays && model != bone && !is_kind(model, "drug")) drop_settings(e, model->name);
        if (!stays) {
            free(e->models[i]);
            e->models[i] = NULL;
        }
        if (is_bone && !placed) {
            placed = stays = true;
            if ((e->models[i] = ost_strdup(name)) == NULL) return OST_ERR_NO_MEMORY;
        }
        if (!stays) continue;
        char *kept = e->models[i];
        e->models[i] = NULL;
        e->models[n] = kept;
        e->model_places[n++] = e->model_places[i];
    }
    e->n_models = n;
    return 0;
}

static int drop_arm(ost_trial_t *self, size_t arm, const char *why, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    size_t n = 0;
    for (size_t i = 0; i < self->n_figures; i++) {
        ost_figure_t figure = self->figures[i];
        if (figure.arm == arm || figure.versus == arm) {
            int ret = ost_trial_unmatched(self, figure.row, why, err);
            if (ret < 0) return ret;
            continue;
        }
        figure.arm -= figure.arm > arm;
        figure.versus -= figure.versus != SIZE_MAX && figure.versus > arm;
        self->figures[n++] = figure;
    }
    self->n_figures = n;
    ost_arm_free(&e->arms[arm]);
    e->n_arms--;
    memmove(&e->arms[arm], &e->arms[arm + 1], (e->n_arms - arm) * sizeof(*e->arms));
    return 0;
}

int ost_trial_replace_bone(ost_trial_t *self, ost_library_t *library, const char *name, ost_error_t *err)
{
    ost_experiment_t *e = &self->experiment;
    const ost_model_t *bone;
    int ret = ost_library_get(library, name, &bone, err);
    if (ret < 0) return ret;
    if (!is_kind(bone, "bone"))
        return ost_fail(err, OST_ERR_NAME, "model '%s' is of kind %s, not bone", name, bone->kind);
    if (replace_models(e, library, bone, name) < 0) return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory");
    for (size_t a = e->n_arms; a-- > 0 && ret == 0;) {
        ost_experiment_t alone = *e;
        ost_plan_t plan;
        ost_error_t why = { 0 };
        alone.arms = &e->arms[a];
        alone.n_arms = 1;
        ret = ost_plan_build(&plan, library, &alone, &why);
        ost_plan_free(&plan);
        if (ret == OST_ERR_MODEL)
            ret = drop_arm(self, a, why.what, err);
        else if (ret < 0 && err != NULL)
            *err = why;
    }
    return ret;
}
