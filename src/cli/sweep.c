/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sweep.h. Takes an experiment and what is varied; gives a part for each point, which is planned when its turn
 * comes, so that memory does not grow with the plans. */
#include "sweep.h"

#include "analysis/points.h"
#include "lang/token.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points that are tried at most before a sweep of other designs than a grid, an assumption. */
#define MOST_TRIED 200

/* A point as a thread has planned it. */
typedef struct {
    ost_experiment_t experiment;
    ost_plan_t plan;
} planned_t;

typedef struct {
    ost_library_t library;
    ost_experiment_t base; /* as it is */
    ost_plan_t plan;       /* the same */
    planned_t **planned;   /* [n_planned] by thread; owned, as each */
    size_t n_planned;
    ost_columns_t columns;  /* of plan */
    ost_text_list_t doubts; /* that were said of the experiment and its points */
    bool has_doubts;        /* false: they are not said */
    ost_design_t design;
    ost_sweep_t sweep;
} sweep_t;

void ost_cli_sweep_free(ost_sweep_asked_t *self)
{
    ost_text_list_free(&self->vary);
}

int ost_cli_recorded_sweep(const char *path, ost_sweep_asked_t *asked, bool *is_sweep)
{
    ost_identity_t recorded;
    int code = ost_cli_recorded(path, &recorded);
    const char *design = ost_identity_get(&recorded, OST_SWEEP_DESIGN),
               *vary = ost_identity_get(&recorded, OST_SWEEP_VARY),
               *points = ost_identity_get(&recorded, OST_SWEEP_POINTS),
               *seed = ost_identity_get(&recorded, OST_SWEEP_SEED), *kept = ost_identity_get(&recorded, OST_SWEEP_KEEP),
               *drawn = ost_identity_get(&recorded, OST_SWEEP_DRAWN);
    *asked = (ost_sweep_asked_t){ 0 };
    *is_sweep = design != NULL && vary != NULL && points != NULL && seed != NULL && kept != NULL;
    if (code == OST_EXIT_OK && *is_sweep) {
        size_t kind = ost_words_find(ost_design_words, OST_N_DESIGNS, design);
        size_t keep = ost_words_find(ost_keep_words, OST_N_KEEPS, kept);
        asked->kind = kind < OST_N_DESIGNS ? (ost_design_kind_t) kind : OST_DESIGN_TABLE;
        asked->keep = keep < OST_N_KEEPS ? (ost_keep_t) keep : OST_KEEP_SUBJECTS;
        if (ost_design_is_chosen(asked->kind)) asked->n_points = strtoull(points, NULL, 10);
        asked->seed = strtoull(seed, NULL, 10);
        if (ost_text_list_split(&asked->vary, vary) < 0) code = ost_cli_no_memory();
        if (asked->kind == OST_DESIGN_DRAWS) asked->n_drawn = asked->vary.n;
        if (drawn != NULL) asked->n_drawn = strtoull(drawn, NULL, 10);
        if (asked->n_drawn > asked->vary.n) asked->n_drawn = 0; /* of a damaged file */
    }
    ost_identity_free(&recorded);
    return code;
}

/* The experiment with values for some of the axes. @param axes, points  [n] axis k has its value of points[k] */
static int vary(
    sweep_t *self, const size_t *axes, const size_t *points, size_t n, ost_experiment_t *to, ost_error_t *err)
{
    ost_text_list_t settings = { 0 };
    int ret = 0;
    for (size_t k = 0; k < n && ret == 0; k++) ret = ost_design_setting(&self->design, points[k], axes[k], &settings);
    ret = ret < 0 ? ost_no_memory(err)
                  : ost_experiment_vary(to, &self->base, (const char *const *) settings.items, settings.n, err);
    ost_text_list_free(&settings);
    return ret;
}

/* What the calling thread has planned, emptied. @return NULL: out of memory */
static planned_t *planned_of_thread(sweep_t *self)
{
    const size_t i = (size_t) omp_get_thread_num();
    while (self->n_planned <= i) {
        planned_t **more = realloc(self->planned, (self->n_planned + 1) * sizeof(planned_t *));
        if (more == NULL) return NULL;
        self->planned = more;
        if ((more[self->n_planned] = calloc(1, sizeof(planned_t))) == NULL) return NULL;
        self->n_planned++;
    }
    ost_plan_free(&self->planned[i]->plan);
    ost_experiment_free(&self->planned[i]->experiment);
    return self->planned[i];
}

/* Read and plan a point. @param[out] is_read  false: the setting itself is wrong; plan  may be NULL */
static int plan_point(sweep_t *self, size_t i, bool *is_read, const ost_plan_t **plan, ost_error_t *err)
{
    size_t axes[OST_MAX_AXES], points[OST_MAX_AXES];
    char name[160];
    planned_t *to = planned_of_thread(self);
    *is_read = false;
    if (to == NULL) return ost_no_memory(err);
    for (size_t k = 0; k < self->design.n_axes; k++) axes[k] = k, points[k] = i;
    int ret = vary(self, axes, points, self->design.n_axes, &to->experiment, err);
    *is_read = ret == 0;
    if (ret == 0) ret = ost_plan_build(&to->plan, &self->library, &to->experiment, err);
    if (ret == 0) ret = ost_columns_fit(&self->columns, &to->plan, err);
    if (plan != NULL) *plan = &to->plan;
    if (ret < 0 && ret != OST_ERR_NO_MEMORY)
        ost_error_prepend(err, "at %s: ", ost_design_point(&self->design, i, name, sizeof(name)));
    return ret;
}

static int make_plan(void *user, size_t point, const ost_plan_t **plan, ost_error_t *err)
{
    sweep_t *self = user;
    bool is_read;
    return plan_point(self, point, &is_read, plan, err);
}

static bool is_of_grid(const ost_design_t *design, size_t k)
{
    return design->kind == OST_DESIGN_GRID && k < design->n_axes - design->n_drawn;
}

/* Whether the value of axis k at point i is tried, with the first of other dimensions: every value of a grid; else the
 * least and the largest of all, and words that no point before has. */
static bool is_tried(const ost_design_t *design, size_t i, size_t k)
{
    const ost_varied_t *axis = &design->axes[k];
    size_t least = 0, most = 0, same = 0;
    for (size_t d = 0; d < ost_design_n_dimensions(design); d++)
        if (d != ost_design_dimension(design, k) && ost_design_place(design, i, d) != 0) return false;
    if (is_of_grid(design, k)) return true;
    i = ost_design_index(design, i, k);
    for (size_t p = 1; p < axis->texts.n && axis->values != NULL; p++) {
        if (axis->values[p] < axis->values[least]) least = p;
        if (axis->values[p] > axis->values[most]) most = p;
    }
    while (axis->values == NULL && strcmp(axis->texts.items[same], axis->texts.items[i]) != 0) same++;
    return axis->values != NULL ? i == least || i == most : i == same;
}

/* Faults of values before anything is run. @return an exit code */
static int try_points(sweep_t *self)
{
    const ost_design_t *design = &self->design;
    ost_error_t err = { 0 };
    size_t n_tried = 0;
    for (size_t k = 0; k < design->n_axes; k++)
        for (size_t i = 0; i < design->n_points && (n_tried < MOST_TRIED || is_of_grid(design, k)); i++) {
            const ost_plan_t *plan;
            bool is_read;
            if (!is_tried(design, i, k)) continue;
            n_tried++;
            int code = plan_point(self, i, &is_read, &plan, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
            if (code == OST_EXIT_OK && self->has_doubts) code = ost_cli_doubts(plan, true, &self->doubts);
            if (code != OST_EXIT_OK) return is_read || code == OST_EXIT_MEMORY ? code : OST_EXIT_USAGE;
        }
    return OST_EXIT_OK;
}

/* Whether two values of axis a give one experiment where axis b is set after it: both are one entry. @return 1, 0, or
 * an error: a value is wrong */
static int is_hidden(sweep_t *self, size_t a, size_t b, ost_error_t *err)
{
    const ost_design_t *design = &self->design;
    char *const *texts = design->axes[a].texts.items, *yaml[2] = { NULL, NULL };
    const size_t axes[] = { a, b };
    size_t other = 1;
    int ret = 0;
    while (other < design->n_points && strcmp(texts[ost_design_index(design, other, a)], texts[0]) == 0) other++;
    if (other >= design->n_points) return 0;
    for (size_t i = 0; i < 2 && ret == 0; i++) {
        ost_experiment_t e = { 0 };
        const size_t points[] = { i == 0 ? 0 : other, 0 };
        ret = vary(self, axes, points, 2, &e, err);
        if (ret == 0) ret = ost_experiment_yaml(&e, &yaml[i], err);
        ost_experiment_free(&e);
    }
    if (ret == 0) ret = strcmp(yaml[0], yaml[1]) == 0;
    free(yaml[0]);
    free(yaml[1]);
    return ret;
}

/* Of two names for one entry, and of entries that --set and options change. @return an exit code */
static int check_entries(sweep_t *self, const ost_text_list_t *overrides)
{
    const ost_design_t *design = &self->design;
    ost_error_t err = { 0 };
    for (size_t k = 0; k < design->n_axes; k++)
        for (size_t i = 0; overrides != NULL && i < overrides->n; i++) {
            size_t n = strlen(design->axes[k].path);
            if (strncmp(overrides->items[i], design->axes[k].path, n) != 0 || overrides->items[i][n] != '=') continue;
            return OST_CLI_USAGE("'%s' is varied, and set to '%s'", design->axes[k].path, overrides->items[i] + n + 1);
        }
    for (size_t b = 1; b + design->n_drawn < design->n_axes; b++) /* columns of draws are parameters of their own */
        for (size_t a = 0; a < b; a++) {
            int ret = is_hidden(self, a, b, &err);
            if (ret == 0) continue;
            if (ret > 0)
                ost_cli_message(
                    "'%s' and '%s', which are varied, are one entry", design->axes[a].path, design->axes[b].path);
            int code = ret < 0 ? ost_cli_fail(&err) : OST_EXIT_USAGE;
            return code == OST_EXIT_MEMORY ? code : OST_EXIT_USAGE;
        }
    return OST_EXIT_OK;
}

static bool varies_arm(const ost_design_t *design, const char *name)
{
    char path[160];
    const size_t n = (size_t) snprintf(path, sizeof(path), "arms.%.100s", name);
    size_t k = 0;
    while (k < design->n_axes &&
           (strncmp(design->axes[k].path, path, n) != 0 || strchr(".", design->axes[k].path[n]) == NULL))
        k++;
    return k < design->n_axes;
}

/* "endpoints={...}": what 'show' would have of a run at its last time, in the arms that are varied, or else in all. */
static int list_endpoints(const sweep_t *self, FILE *out)
{
    const ost_experiment_t *e = &self->base;
    const ost_variable_t *v = ost_cli_shown(&self->plan);
    bool is_change = false, is_any = false; /* a concentration is 0 at first */
    for (size_t t = 0; t + 1 < e->n_times; t++) is_change |= e->times[t] == 0 && strstr(v->name, "bmd") != NULL;
    for (size_t a = 0; a < e->n_arms; a++) is_any |= varies_arm(&self->design, e->arms[a].name);
    fputs("endpoints={", out);
    for (size_t a = 0; a < e->n_arms; a++)
        for (size_t i = 0; i < v->n_elements && (!is_any || varies_arm(&self->design, e->arms[a].name)); i++) {
            const char *of = v->index_set != NULL ? v->index_set->elements[i] : "";
            char name[300];
            int n = snprintf(name, sizeof(name), "%s_%s%s%s", v->name, e->arms[a].name, of[0] != '\0' ? "_" : "", of);
            if (n >= OST_NAME_SIZE) snprintf(name, sizeof(name), "endpoint_%zu_%zu", a + 1, i + 1);
            fprintf(out, "%s: {output: \"%s%s%s%s\", arm: %s, to: %.17g day%s}, ", name, v->name,
                of[0] != '\0' ? "[" : "", of, of[0] != '\0' ? "]" : "", e->arms[a].name, e->times[e->n_times - 1],
                is_change ? "" : ", measure: level");
        }
    fputs("}", out);
    return fclose(out) == 0 ? 0 : OST_ERR_NO_MEMORY;
}

/* Adds default endpoints, unless a setting gives `endpoints`, as `endpoints={}` for none. */
static int add_endpoints(sweep_t *self, ost_error_t *err)
{
    for (size_t i = 0; i < self->base.n_overrides; i++)
        if (strncmp(self->base.overrides[i], "endpoints", strlen("endpoints")) == 0) return 0;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ost_experiment_t with = { 0 };
    int ret = out != NULL && list_endpoints(self, out) == 0 ? 0 : ost_no_memory(err);
    if (ret == 0) ret = ost_experiment_vary(&with, &self->base, (const char *const[]){ text }, 1, err);
    free(text);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->base);
    self->base = with;
    return ret == 0 ? ost_plan_build(&self->plan, &self->library, &self->base, err) : ret;
}

/* The experiment as it is, and its columns. @return an exit code */
static int plan_base(sweep_t *self, const ost_text_list_t *overrides)
{
    const ost_part_t part = { .plan = &self->plan, .sweep = &self->sweep };
    ost_error_t err = { 0 };
    int ret = ost_library_init(&self->library, &err);
    if (ret == 0) ret = ost_plan_build(&self->plan, &self->library, &self->base, &err);
    if (ret == 0 && overrides != NULL && self->base.n_endpoints == 0 && self->design.kind != OST_DESIGN_DRAWS)
        ret = add_endpoints(self, &err);
    if (ret == 0) ret = ost_columns_init(&self->columns, &part, 1, &err);
    if (ret == 0) ret = ost_design_name(&self->design, ost_columns_is_taken, &self->plan, &err);
    if (ret < 0) return ost_cli_fail(&err);
    if (self->sweep.keep == OST_KEEP_ENDPOINTS && self->base.n_endpoints == 0)
        return OST_CLI_USAGE(
            "--keep endpoints: the experiment '%s' asks for no endpoints; name them under 'endpoints', or "
            "leave --keep out",
            self->base.name);
    self->has_doubts = overrides != NULL;
    return self->has_doubts ? ost_cli_doubts(&self->plan, true, &self->doubts) : OST_EXIT_OK;
}

static void free_sweep(sweep_t *self)
{
    ost_columns_free(&self->columns);
    ost_text_list_free(&self->doubts);
    for (size_t i = 0; i < self->n_planned; i++) {
        ost_plan_free(&self->planned[i]->plan);
        ost_experiment_free(&self->planned[i]->experiment);
        free(self->planned[i]);
    }
    free(self->planned);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->base);
    ost_library_free(&self->library);
    ost_design_free(&self->design);
}

int ost_cli_plan_sweep(const char *name, const ost_sweep_asked_t *asked, const ost_text_list_t *overrides, int isa,
    ost_cli_act_t act, const void *how)
{
    sweep_t self = { .sweep = { .plan = make_plan } };
    ost_error_t err = { 0 };
    self.sweep.design = &self.design;
    self.sweep.user = &self;
    int code = OST_EXIT_OK;
    if (ost_points_make(
            &self.design, asked->kind, &asked->vary, asked->n_drawn, (size_t) asked->n_points, asked->seed, &err) < 0) {
        ost_error_prepend(&err, "sweep: ");
        code = ost_cli_fail(&err) == OST_EXIT_MEMORY ? OST_EXIT_MEMORY : OST_EXIT_USAGE;
    }
    if (code == OST_EXIT_OK) code = ost_cli_experiment(&self.base, name, overrides);
    self.sweep.keep = asked->keep != OST_N_KEEPS ? asked->keep : self.base.keep;
    if (code == OST_EXIT_OK && isa >= 0) self.base.solver.isa = (ost_isa_t) isa;
    if (code == OST_EXIT_OK) code = plan_base(&self, overrides);
    if (code == OST_EXIT_OK) code = check_entries(&self, overrides);
    if (code == OST_EXIT_OK) code = try_points(&self);
    ost_part_t *parts = code == OST_EXIT_OK ? malloc(self.design.n_points * sizeof(*parts)) : NULL;
    if (code == OST_EXIT_OK && parts == NULL) code = ost_cli_no_memory();
    for (size_t i = 0; parts != NULL && i < self.design.n_points; i++)
        parts[i] = (ost_part_t){ .plan = &self.plan, .sweep = &self.sweep };
    if (code == OST_EXIT_OK) code = act(parts, self.design.n_points, how);
    free(parts);
    free_sweep(&self);
    return code;
}
