/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the name of an experiment, or a file that records it, to plans and what a command does with them. */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ost_cli_plan(const char *name, const ost_text_list_t *overrides, int isa, ost_cli_act_t act, const void *how)
{
    ost_error_t err = { 0 };
    ost_experiment_t experiment = { 0 };
    ost_library_t library = { 0 };
    ost_plan_t plan = { 0 };
    const ost_part_t part = { .plan = &plan };
    int code = ost_cli_experiment(&experiment, name, overrides);
    if (code == OST_EXIT_OK && isa >= 0) experiment.solver.isa = (ost_isa_t) isa;
    if (code == OST_EXIT_OK &&
        (ost_library_init(&library, &err) < 0 || ost_plan_build(&plan, &library, &experiment, &err) < 0 ||
            ost_endpoints_check(&plan, &err) < 0)) {
        code = ost_cli_fail(&err);
    } else if (code == OST_EXIT_OK) {
        if (overrides != NULL) code = ost_cli_doubts(&plan, true, NULL); /* not of what a file records */
        if (code == OST_EXIT_OK) code = act(&part, 1, how);
    }
    ost_plan_free(&plan);
    ost_library_free(&library);
    ost_experiment_free(&experiment);
    return code;
}

/* The experiment on one of the models. */
typedef struct {
    const char *model; /* its name, of the library */
    ost_experiment_t experiment;
    ost_plan_t plan;
    char *left_out; /* arms and conditions that are left out, and reasons, a line each */
} side_t;

/* Add a line to what the model leaves out. */
static int leave_out(side_t *self, const char *why, ost_error_t *err)
{
    char *more;
    const char *so_far = self->left_out != NULL ? self->left_out : "";
    if (asprintf(&more, "%s%s%s: %s", so_far, so_far[0] != '\0' ? "\n" : "", self->model, why) < 0)
        return ost_no_memory(err);
    free(self->left_out);
    self->left_out = more;
    return 0;
}

static int drop_arm(side_t *self, size_t arm, const char *why, ost_error_t *err)
{
    int ret = leave_out(self, why, err);
    if (ret == 0) ost_experiment_drop_arm(&self->experiment, arm);
    return ret;
}

/* What keeps a model from the condition by which subjects are eligible: then all are, in each model. */
typedef struct {
    bool is_dropped; /* the condition */
    size_t n_models; /* that lack what it is evaluated with */
    size_t i_model;  /* the first of these */
    char why[300];   /* of it */
} eligible_t;

/* @return an exit code: OK without a plan, where a model lacks what the condition needs */
static int fail_side(eligible_t *eligible, const ost_error_t *err)
{
    static const char key[] = "eligible: ";
    if (eligible->is_dropped || err->code == OST_ERR_NO_MEMORY || strncmp(err->what, key, strlen(key)) != 0)
        return ost_cli_fail(err);
    if (eligible->n_models++ == 0)
        snprintf(eligible->why, sizeof(eligible->why),
            "all subjects are eligible, in each model, as here the condition cannot be evaluated: %.180s",
            err->what + strlen(key));
    return OST_EXIT_OK;
}

/* @return an exit code */
static int plan_side(side_t *self, ost_library_t *library, const char *name, const ost_text_list_t *overrides,
    const char *model, bool allow_gaps, int isa, eligible_t *eligible)
{
    const ost_model_t *bone;
    ost_error_t err = { 0 };
    int code = ost_cli_experiment(&self->experiment, name, overrides);
    if (code != OST_EXIT_OK) return code;
    ost_experiment_t *e = &self->experiment;
    if (isa >= 0) e->solver.isa = (ost_isa_t) isa;
    if (eligible->is_dropped) ost_experiment_drop_eligible(e);
    if (ost_experiment_replace_bone(e, library, model, &err) < 0 || ost_library_get(library, model, &bone, &err) < 0)
        return fail_side(eligible, &err);
    self->model = bone->name;
    int has = ost_experiment_drop_outputs(e, library, &err);
    if (has < 0) return fail_side(eligible, &err);
    if (has == 0)
        return OST_CLI_INPUT(
            "compare: model '%s' has none of the outputs that %s asks for; 'osteon model %s' lists its own", bone->name,
            name, bone->name);
    for (size_t i = e->n_arms; i-- > 0 && allow_gaps;) {
        int ret = ost_experiment_check_arm(e, library, i, &err);
        if (ret == OST_ERR_MODEL) ret = drop_arm(self, i, err.what, &err);
        if (ret < 0) return fail_side(eligible, &err);
    }
    if (e->n_arms == 0)
        return OST_CLI_INPUT("compare: model '%s' responds to the drugs of no arm:\n%s", bone->name, self->left_out);
    if (ost_plan_build(&self->plan, library, e, &err) < 0) {
        code = fail_side(eligible, &err);
        if (err.code == OST_ERR_MODEL) ost_cli_message("compare: --allow-gaps leaves such arms without values");
        return code;
    }
    return overrides != NULL ? ost_cli_doubts(&self->plan, false, NULL) : OST_EXIT_OK;
}

static bool has_output(const ost_experiment_t *e, const char *output)
{
    for (size_t i = 0; i < e->n_outputs; i++)
        if (strcmp(e->outputs[i], output) == 0) return true;
    return false;
}

/* Outputs that are asked for and that no model has are slips, models that are named twice as well. @return an exit code
 */
static int check_sides(const side_t *sides, size_t n, const char *name, const ost_text_list_t *overrides)
{
    ost_experiment_t whole;
    int code = ost_cli_experiment(&whole, name, overrides);
    for (size_t i = 0; i < whole.n_outputs && code == OST_EXIT_OK; i++) {
        size_t k = 0;
        while (k < n && !has_output(&sides[k].experiment, whole.outputs[i])) k++;
        if (k < n) continue;
        code = OST_CLI_INPUT("compare: no model has the output '%s'", whole.outputs[i]);
    }
    for (size_t i = 0; i < whole.n_endpoints && code == OST_EXIT_OK; i++) {
        ost_error_t err = { 0 };
        size_t k = 0;
        while (k < n && ost_endpoint_check(&sides[k].plan, i, &err) < 0) k++;
        if (k == n) code = ost_cli_fail(&err); /* of no model */
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i && code == OST_EXIT_OK; k++)
            if (strcmp(sides[i].model, sides[k].model) == 0)
                code = OST_CLI_USAGE("--models: '%s' is named twice", sides[i].model);
    ost_experiment_free(&whole);
    return code;
}

static void free_sides(side_t *sides, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ost_plan_free(&sides[i].plan);
        ost_experiment_free(&sides[i].experiment);
        free(sides[i].left_out);
        sides[i] = (side_t){ 0 };
    }
}

/* Plans of all models; where some lack what the condition needs by which subjects are eligible, of all subjects in
 * each, as they are to be the same. @return an exit code */
static int plan_sides(side_t *sides, const char *const *models, size_t n, ost_library_t *library, const char *name,
    const ost_text_list_t *overrides, bool allow_gaps, int isa)
{
    eligible_t eligible = { 0 };
    ost_error_t err = { 0 };
    int code = OST_EXIT_OK;
    for (size_t i = 0; i < n && code == OST_EXIT_OK; i++) {
        code = plan_side(&sides[i], library, name, overrides, models[i], allow_gaps, isa, &eligible);
        if (eligible.n_models == 0) eligible.i_model = i + 1;
    }
    if (code != OST_EXIT_OK || eligible.n_models == 0) return code;
    if (eligible.n_models == n)
        return OST_CLI_INPUT("compare: no model has what 'eligible' needs%s", strrchr(eligible.why, ':'));
    free_sides(sides, n);
    eligible.is_dropped = true;
    for (size_t i = 0; i < n && code == OST_EXIT_OK; i++)
        code = plan_side(&sides[i], library, name, overrides, models[i], allow_gaps, isa, &eligible);
    side_t *first = &sides[eligible.i_model];
    if (code == OST_EXIT_OK && leave_out(first, eligible.why, &err) < 0) code = ost_cli_fail(&err);
    return code;
}

int ost_cli_plan_models(const char *name, char *models, bool allow_gaps, const ost_text_list_t *overrides, int isa,
    ost_cli_act_t act, const void *how)
{
    ost_error_t err = { 0 };
    ost_library_t library = { 0 };
    size_t n = 0, max = 1;
    for (const char *c = models; *c != '\0'; c++) max += *c == ',';
    side_t *sides = calloc(max, sizeof(*sides));
    ost_part_t *parts = calloc(max, sizeof(*parts));
    const char **names = calloc(max, sizeof(*names));
    int ret = sides == NULL || parts == NULL || names == NULL ? ost_no_memory(&err) : ost_library_init(&library, &err);
    int code = ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
    for (char *rest = models; code == OST_EXIT_OK && n < max;) names[n++] = strsep(&rest, ",");
    if (code == OST_EXIT_OK) code = plan_sides(sides, names, n, &library, name, overrides, allow_gaps, isa);
    if (code == OST_EXIT_OK) code = check_sides(sides, n, name, overrides);
    if (code == OST_EXIT_OK && n > 1 && sides[0].experiment.enrolls)
        code = OST_CLI_INPUT(
            "compare: the models have the same subjects, and would not enroll the same; expected 'subjects' "
            "in place of 'enroll' or 'strata'");
    if (code == OST_EXIT_OK && sides->experiment.keep != OST_KEEP_SUBJECTS)
        code = OST_CLI_INPUT(
            "compare: a comparison of models keeps all subjects; the experiment has 'results: {keep: %s}'; "
            "add --set results.keep=%s, or 'osteon sweep' with --vary models...",
            ost_keep_words[sides->experiment.keep], ost_keep_words[OST_KEEP_SUBJECTS]);
    for (size_t i = 0; i < n && parts != NULL; i++)
        parts[i] = (ost_part_t){ .plan = &sides[i].plan, .name = sides[i].model, .left_out = sides[i].left_out };
    if (code == OST_EXIT_OK) code = act(parts, n, how);
    free_sides(sides, n);
    free(sides);
    free(parts);
    free(names);
    ost_library_free(&library);
    return code;
}

int ost_cli_plan_recorded(const char *path, bool needs_isa, ost_cli_act_t act, const void *how)
{
    char *models = NULL;
    ost_identity_t recorded = { 0 };
    ost_sweep_asked_t asked;
    bool is_sweep;
    int code = ost_cli_recorded_sweep(path, &asked, &is_sweep);
    if (code == OST_EXIT_OK) code = ost_cli_compared_models(path, &models);
    if (code == OST_EXIT_OK) code = ost_cli_recorded(path, &recorded);
    const char *left_out = ost_identity_get(&recorded, OST_ARMS_LEFT_OUT), *on = ost_identity_get(&recorded, "isa");
    int isa = !needs_isa && on != NULL ? ost_isa_find(on) : -1;
    if (code == OST_EXIT_OK && is_sweep)
        code = ost_cli_plan_sweep(path, &asked, NULL, isa, act, how);
    else if (code == OST_EXIT_OK)
        code = models == NULL
                   ? ost_cli_plan(path, NULL, isa, act, how)
                   : ost_cli_plan_models(path, models, left_out != NULL && left_out[0] != '\0', NULL, isa, act, how);
    ost_cli_sweep_free(&asked);
    ost_identity_free(&recorded);
    free(models);
    return code;
}
