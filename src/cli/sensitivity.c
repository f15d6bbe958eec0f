/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes what is asked of a sensitivity analysis; gives its endpoints, inputs and points, and the indices. */
#include "sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Subjects unless more are asked for: an assumption; the same in all points, so that they leave no noise. */
#define MOST_SUBJECTS 100
/* Defaults: trajectories and levels of Campolongo 2007; base samples, an assumption. */
#define TRAJECTORIES 20
#define LEVELS 4
#define BASE_SAMPLES 1024
/* Points at most, and numbers in them: assumptions. */
#define MOST_POINTS 4000000
#define MOST_NUMBERS 50000000
/* Tolerance of LOCAL, so that noise of the steps is far below its differences. */
#define LOCAL_RTOL 1e-10

/* ---- the experiment and its endpoints --------------------------------------------------------------------------- */

/* `--of NAME={...}` defines an endpoint in the words of the experiment's own. @param[out] names  of all that are asked
 * for */
static int read_endpoints(ost_sensitivity_arguments_t *a, ost_text_list_t *names)
{
    for (size_t i = 0; i < a->of.n; i++) {
        const char *text = a->of.items[i], *equals = strchr(text, '=');
        const size_t n = strcspn(text, "= {");
        if (text[0] == '{' || n == 0 || (equals == NULL && text[n] != '\0') || (equals != NULL && equals != text + n))
            return OST_CLI_USAGE(
                "--of: '%.100s' is neither the name of an endpoint nor NAME={output: ..., arm: ..., to: ...}", text);
        if (ost_text_list_add(names, "%.*s", (int) n, text) < 0) return ost_cli_no_memory();
        if (equals != NULL && ost_text_list_add(&a->overrides, "endpoints.%s", text) < 0) return ost_cli_no_memory();
        for (size_t k = 0; k + 1 < names->n; k++)
            if (strcmp(names->items[k], names->items[names->n - 1]) == 0)
                return OST_CLI_USAGE("--of: '%s' is named twice", names->items[k]);
    }
    return OST_EXIT_OK;
}

static bool sets_subjects(const ost_experiment_t *e)
{
    static const char path[] = "population.subjects";
    for (size_t i = 0; i < e->n_overrides; i++)
        if (strncmp(e->overrides[i], path, sizeof(path) - 1) == 0) return true;
    return false;
}

/* Read and plan. @return an exit code */
static int plan(ost_analysis_t *self, const char *name, ost_sensitivity_arguments_t *a, int isa)
{
    ost_error_t err = { 0 };
    int code = ost_cli_experiment(&self->experiment, name, &a->overrides);
    if (code != OST_EXIT_OK) return code;
    if (self->experiment.n_subjects > MOST_SUBJECTS && !sets_subjects(&self->experiment)) {
        if (ost_text_list_add(&a->overrides, "population.subjects=%d", MOST_SUBJECTS) < 0) return ost_cli_no_memory();
        ost_experiment_free(&self->experiment);
        if ((code = ost_cli_experiment(&self->experiment, name, &a->overrides)) != OST_EXIT_OK) return code;
    }
    if (isa >= 0) self->experiment.solver.isa = (ost_isa_t) isa;
    int ret = ost_library_init(&self->library, &err);
    if (ret == 0) ret = ost_plan_build(&self->plan, &self->library, &self->experiment, &err);
    if (ret == 0) ret = ost_endpoints_check(&self->plan, &err);
    return ret < 0 ? ost_cli_fail(&err) : ost_cli_doubts(&self->plan, true, NULL);
}

/* What can be written where an experiment asks for nothing: the last arm, the hip or the first output. */
static int fail_without_endpoints(const ost_plan_t *of)
{
    const ost_experiment_t *e = of->experiment;
    const ost_variable_t *v = ost_cli_shown(of);
    const char *element = v->index_set != NULL ? v->index_set->elements[v->n_elements > 1 ? 1 : 0] : NULL;
    return OST_CLI_USAGE("sensitivity: the experiment '%s' asks for no endpoints; name one under 'endpoints', or with\n"
                         "  --of 'change={output: \"%s%s%s%s\", arm: %s, to: %g day}'",
        e->name, v->name, element != NULL ? "[" : "", element != NULL ? element : "", element != NULL ? "]" : "",
        e->arms[e->n_arms > 1 ? 1 : 0].name, e->times[e->n_times - 1]);
}

int ost_analysis_choose(ost_analysis_t *self, const ost_text_list_t *names)
{
    const ost_experiment_t *e = &self->experiment;
    self->chosen = ost_memory_list(&self->memory, e->n_endpoints + names->n, sizeof(*self->chosen));
    if (self->chosen == NULL) return ost_cli_no_memory();
    if (e->n_endpoints == 0 && names->n == 0) return fail_without_endpoints(&self->plan);
    for (size_t i = 0; i < e->n_endpoints && names->n == 0; i++) self->chosen[self->n_endpoints++] = i;
    for (size_t i = 0; i < names->n; i++) {
        size_t k = 0;
        while (k < e->n_endpoints && strcmp(e->endpoints[k].name, names->items[i]) != 0) k++;
        if (k == e->n_endpoints) {
            const char *near = OST_NEAREST_IN(names->items[i], e->endpoints, e->n_endpoints, ost_asked_t, name);
            return OST_CLI_USAGE(
                "--of: the experiment '%s' has no endpoint '%s'%s%s%s; define it as '%s={output: ..., arm: "
                "..., to: ...}'",
                e->name, names->items[i], OST_HINT(near), names->items[i]);
        }
        self->chosen[self->n_endpoints++] = k;
    }
    return OST_EXIT_OK;
}

/* ---- inputs and design ------------------------------------------------------------------------------------------ */

/* "one,two" of --over as names of their own. @return an exit code */
static int split_names(ost_sensitivity_arguments_t *a)
{
    ost_text_list_t names = { 0 };
    int ret = 0;
    for (size_t i = 0; i < a->over.n && ret == 0; i++)
        for (char *rest = a->over.items[i], *name; ret == 0 && (name = strsep(&rest, ",")) != NULL;)
            ret = ost_text_list_add(&names, "%s", name + strspn(name, " "));
    ost_text_list_free(&a->over);
    a->over = names;
    return ret < 0 ? ost_cli_no_memory() : OST_EXIT_OK;
}

/* Whether a parameter is one of --over, or of a model of it; without --over, every one is. */
static bool is_over(const ost_text_list_t *over, const char *param)
{
    for (size_t i = 0; i < over->n; i++)
        if (ost_factor_is_named(over->items[i], param)) return true;
    return over->n == 0;
}

/* Whether the models of the plan have a parameter of the shipped fit, of those of --over. */
static bool is_fitted(const ost_plan_t *of, const char *table, const ost_text_list_t *over)
{
    ost_draws_t draws = { 0 };
    bool is = false;
    char name[256];
    if (ost_draws_read(&draws, table, NULL) == 0)
        for (size_t k = 0; k < draws.n_params; k++)
            for (size_t i = 0; i < of->blocks->n_params; i++)
                is = is || (is_over(over, draws.names[k]) &&
                               strcmp(ost_blocks_param_name(of->blocks, i, name, sizeof(name)), draws.names[k]) == 0);
    ost_draws_free(&draws);
    return is;
}

static int find_factors(ost_analysis_t *self, const ost_sensitivity_arguments_t *a)
{
    ost_error_t err = { 0 };
    char **shipped = &self->table; /* or the one that is named */
    int source = a->table != NULL ? OST_SOURCE_POSTERIOR : OST_N_SOURCES;
    if (a->by != NULL && !ost_cli_word("by", a->by, ost_factor_source_words, OST_N_SOURCES, &source))
        return OST_EXIT_USAGE;
    if (a->table != NULL && source != OST_SOURCE_POSTERIOR)
        return OST_CLI_USAGE("--parameters: a table of draws is for --by posterior, not %s", a->by);
    self->without_parameters = a->vary.n > 0 && a->over.n == 0 && source == OST_N_SOURCES;
    bool needs_table =
        !self->without_parameters && a->table == NULL && (source == OST_N_SOURCES || source == OST_SOURCE_POSTERIOR);
    if (a->table != NULL && ost_cli_draws_table(a->table, shipped) != OST_EXIT_OK) return OST_EXIT_MEMORY;
    if (needs_table && ost_cli_data_folder(OST_CLI_FIT, shipped) != OST_EXIT_OK) return OST_EXIT_MEMORY;
    if (source == OST_N_SOURCES)
        source =
            *shipped != NULL && is_fitted(&self->plan, *shipped, &a->over) ? OST_SOURCE_POSTERIOR : OST_SOURCE_RANGE;
    if (source == OST_SOURCE_POSTERIOR && needs_table && *shipped == NULL)
        return OST_CLI_INPUT(
            "--by posterior: the table of draws that comes with osteon is not there; expected --parameters "
            "TABLE.csv");
    self->source = (ost_factor_source_t) source;
    self->is_of_all = a->over.n == 0 && !self->without_parameters;
    const ost_factors_asked_t asked = { .kind = self->design.kind,
        .source = self->source,
        .without_parameters = self->without_parameters,
        .table = *shipped,
        .only = &a->over,
        .vary = &a->vary };
    if (ost_factors_find(&self->factors, &asked, &self->plan, &self->library, &err) < 0) {
        const bool is_of_file = err.where[0] != '\0';
        if (!is_of_file) ost_error_prepend(&err, "sensitivity: ");
        const int code = ost_cli_fail(&err);
        return is_of_file || code == OST_EXIT_MEMORY || code == OST_EXIT_IO ? code : OST_EXIT_USAGE;
    }
    return self->design.kind != OST_SENSITIVITY_SOBOL
               ? OST_EXIT_OK
               : ost_analysis_check_correlation(
                     self, "the draws of ", "--by prior, --by range, or --over with inputs that are not correlated");
}

int ost_analysis_check_correlation(const ost_analysis_t *self, const char *what, const char *remedy)
{
    const ost_factor_t *factors = self->factors.factors;
    if (!ost_factors_are_correlated(&self->factors)) return OST_EXIT_OK;
    return OST_CLI_USAGE("--method sobol: %s'%s' and '%s' are correlated (%.2f), and parts of the variance are "
                         "defined for independent inputs alone; expected %s",
        what, factors[self->factors.correlated[0]].name, factors[self->factors.correlated[1]].name,
        self->factors.correlation, remedy);
}

/* Entries that are varied are not set as well. @return an exit code */
static int check_settings(const ost_analysis_t *self, const ost_sensitivity_arguments_t *a)
{
    for (size_t k = 0; k < self->factors.n; k++) {
        const ost_factor_t *one = &self->factors.factors[k];
        const size_t n = strlen(one->path);
        for (size_t i = 0; i < a->overrides.n && one->vary.path != NULL; i++) {
            if (strncmp(a->overrides.items[i], one->path, n) != 0 || a->overrides.items[i][n] != '=') continue;
            return OST_CLI_USAGE("--vary: '%s' is varied, and set to '%s'", one->path, a->overrides.items[i] + n + 1);
        }
    }
    return OST_EXIT_OK;
}

/* One member of a group: a name of a parameter or of several, as --over takes it. @return whether there is one */
static bool add_member(ost_analysis_t *self, size_t g, const char *group, const char *name)
{
    const ost_factors_t *factors = &self->factors;
    bool has = false;
    for (size_t k = 0; k < factors->n; k++) {
        const char *own = factors->factors[k].name;
        if (!ost_factor_is_named(name, own)) continue;
        if (self->group[k] != SIZE_MAX) {
            ost_cli_message(
                "--group: '%s' is in the groups '%s' and '%s'", own, self->groups.items[self->group[k]], group);
            return false;
        }
        self->group[k] = g;
        has = true;
    }
    if (has) return true;
    const char *near = OST_NEAREST_IN(name, factors->factors, factors->n, ost_factor_t, name);
    ost_cli_message("--group: '%s' of group '%s' is not an input%s%s%s", name, group, OST_HINT(near));
    return false;
}

/* `NAME=INPUT,INPUT`; every other input is a group of its own. @return an exit code */
static int make_groups(ost_analysis_t *self, const ost_sensitivity_arguments_t *a)
{
    const size_t n = self->factors.n;
    self->group = ost_memory_list(&self->memory, n, sizeof(*self->group));
    if (self->group == NULL) return ost_cli_no_memory();
    for (size_t k = 0; k < n; k++) self->group[k] = SIZE_MAX;
    for (size_t i = 0; i < a->group.n; i++) {
        const char *text = a->group.items[i], *equals = strchr(text, '=');
        if (equals == NULL || equals == text || equals[1] == '\0')
            return OST_CLI_USAGE("--group: '%.100s' is not of the form NAME=INPUT,INPUT", text);
        if (ost_text_list_add(&self->groups, "%.*s", (int) (equals - text), text) < 0) return ost_cli_no_memory();
        char *members = ost_strdup(equals + 1), *rest = members;
        bool is_right = members != NULL;
        for (char *name; is_right && (name = strsep(&rest, ",")) != NULL;)
            is_right = add_member(self, i, self->groups.items[i], name + strspn(name, " "));
        free(members);
        if (!is_right) return members == NULL ? ost_cli_no_memory() : OST_EXIT_USAGE;
    }
    for (size_t k = 0; k < n; k++) {
        if (self->group[k] != SIZE_MAX) continue;
        self->group[k] = self->groups.n;
        if (ost_text_list_add(&self->groups, "%s", self->factors.factors[k].name) < 0) return ost_cli_no_memory();
    }
    for (size_t g = 1; g < self->groups.n; g++)
        for (size_t k = 0; k < g; k++)
            if (strcmp(self->groups.items[g], self->groups.items[k]) == 0)
                return OST_CLI_USAGE("--group: two groups or inputs are named '%s'", self->groups.items[g]);
    return OST_EXIT_OK;
}

/* The points. @return an exit code */
static int make_points(ost_analysis_t *self, const ost_sensitivity_arguments_t *a)
{
    ost_sensitivity_t *design = &self->design;
    ost_error_t err = { 0 };
    design->n_inputs = self->factors.n;
    design->n_groups = self->groups.n;
    design->group = self->group;
    design->seed = a->seed > 0 ? a->seed : 1;
    design->n_levels = a->n_levels > 0 ? (size_t) a->n_levels : LEVELS;
    design->n = design->kind == OST_SENSITIVITY_MORRIS
                    ? (a->n_trajectories > 0 ? (size_t) a->n_trajectories : TRAJECTORIES)
                    : (a->n_base > 0 ? (size_t) a->n_base : BASE_SAMPLES);
    self->n_points = ost_sensitivity_n_points(design);
    if (self->n_points > MOST_POINTS || self->n_points > MOST_NUMBERS / design->n_inputs)
        return OST_CLI_USAGE("sensitivity: %zu points of %zu inputs; expected at most %d, and %d numbers in them",
            self->n_points, design->n_inputs, MOST_POINTS, MOST_NUMBERS);
    self->u = ost_memory_list(&self->memory, self->n_points * design->n_inputs, sizeof(double));
    self->y = ost_memory_list(&self->memory, self->n_points * self->n_endpoints, sizeof(double));
    if (self->memory.failed) return ost_cli_no_memory();
    return ost_sensitivity_points(design, self->u, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

/* ---- running and results ---------------------------------------------------------------------------------------- */

typedef struct {
    ost_analysis_t *of;
    ost_cli_progress_t *progress;
} evaluating_t;

static void report(void *user, uint64_t done, uint64_t all, double seconds, uint64_t failures)
{
    ost_cli_progress_t *self = ((evaluating_t *) user)->progress;
    char a[32], b[32];
    bool is_end = done == all;
    if (!is_end && !ost_cli_progress_is_due(self)) return;
    double rate = seconds > 0 ? (double) done / seconds : 0, left = rate > 0 ? (double) (all - done) / rate : 0;
    json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:f, s:f}", "event", is_end ? "finished" : "progress",
        "subjects_done", (json_int_t) done, "subjects", (json_int_t) all, "failures", (json_int_t) failures, "seconds",
        seconds, "seconds_left", left);
    ost_cli_thousands(done, a);
    ost_cli_thousands(all, b);
    if (is_end)
        ost_cli_progress(self, OST_PROGRESS_ENDS, object, "%s subjects of all points in %.1f s", b, seconds);
    else
        ost_cli_progress(
            self, OST_PROGRESS_GOES_ON, object, "%s of %s subjects of all points, %.0f s left", a, b, left);
}

static int keep_points(void *user, const size_t *points, size_t n, const ost_values_took_t *took, ost_error_t *err)
{
    return ost_values_append(((evaluating_t *) user)->of->log, points, n, took, err);
}

/* Settings of all points besides the inputs. */
static int list_settings(const ost_analysis_t *self, ost_text_list_t *settings)
{
    int ret = 0;
    if (self->design.kind == OST_SENSITIVITY_LOCAL && self->experiment.solver.rtol > LOCAL_RTOL)
        ret = ost_text_list_add(settings, "solver.rtol=%g", LOCAL_RTOL);
    if (ret == 0 && self->source == OST_SOURCE_VARIABILITY && !self->without_parameters) {
        ret = ost_text_list_add(settings, "population.variability=false");
        if (ret == 0) ret = ost_text_list_add(settings, "population.subjects=1");
    }
    return ret;
}

/* @return an exit code; INTERRUPTED */
static int evaluate(ost_analysis_t *self, ost_analysis_how_t *run)
{
    ost_text_list_t settings = { 0 };
    ost_values_took_t took;
    ost_error_t err = { 0 };
    evaluating_t user = { self, &run->progress };
    int ret = list_settings(self, &settings);
    const ost_evaluation_t how = { .experiment = &self->experiment,
        .library = &self->library,
        .settings = &settings,
        .endpoints = self->chosen,
        .n_endpoints = self->n_endpoints,
        .factors = &self->factors,
        .kind = self->design.kind,
        .n_threads = run->n_threads,
        .stop = ost_cli_catch_signals(),
        .done = self->done,
        .keep = self->log != NULL ? keep_points : NULL,
        .progress = report,
        .user = &user };
    ret = ret < 0 ? ost_no_memory(&err) : ost_evaluate(&how, self->u, self->n_points, self->y, &took, &err);
    ost_text_list_free(&settings);
    if (ret >= 0 && self->log == NULL) self->took = took; /* else the journal counts those of all sessions */
    return ret < 0 ? ost_cli_fail(&err) : ret > 0 ? OST_EXIT_INTERRUPTED : OST_EXIT_OK;
}

static void local_indices(const ost_analysis_t *self, const double *y, double *work, ost_index_t *out)
{
    const size_t n = self->factors.n;
    double *value = work, *step = value + n, *sd = step + n;
    for (size_t k = 0; k < n; k++) {
        value[k] = self->factors.factors[k].value;
        step[k] = self->factors.factors[k].step;
        sd[k] = self->factors.factors[k].sd;
    }
    ost_sensitivity_local(&self->design, value, step, sd, y, out);
}

int ost_analysis_make_indices(ost_analysis_t *self)
{
    const ost_experiment_t *e = &self->experiment;
    const ost_given_t given = { self->factors.n, self->n_points, self->u, self->n_levels,
        self->of_sweep == OST_DESIGN_SOBOL || self->of_sweep == OST_DESIGN_HALTON };
    ost_error_t err = { 0 };
    int ret = 0;
    self->endpoints = ost_memory_list(&self->memory, self->n_endpoints, sizeof(*self->endpoints));
    double *work = ost_memory_list(&self->memory, 3 * self->factors.n, sizeof(*work));
    ret = self->memory.failed ? ost_no_memory(&err) : 0;
    for (size_t i = 0; i < self->n_endpoints && ret == 0; i++) {
        const ost_asked_t *asked = &e->endpoints[self->chosen[i]];
        ost_analysed_t *of = &self->endpoints[i];
        ost_endpoint_t endpoint;
        char text[400];
        ret = ost_endpoint_asked(&endpoint, e, asked, &err);
        if (ret == 0) (void) ost_endpoint_bind(&endpoint, &self->plan, text, sizeof(text));
        of->y = self->y + i * self->n_points;
        of->indices = ost_memory_list(&self->memory, self->design.n_groups * OST_N_INDICES, sizeof(*of->indices));
        const char *what = ost_asked_describe(asked, endpoint.statistic, text, sizeof(text)),
                   *unit = ost_endpoint_unit(&endpoint, &self->plan);
        of->name = ost_memory_text(&self->memory, asked->name, strlen(asked->name));
        of->text = ost_memory_text(&self->memory, what, strlen(what));
        of->unit = ost_memory_text(&self->memory, unit, strlen(unit));
        if (self->memory.failed) ret = ost_no_memory(&err);
        if (ret == 0 && self->design.kind == OST_SENSITIVITY_LOCAL)
            local_indices(self, of->y, work, of->indices);
        else if (ret == 0 && self->is_given)
            ret = ost_given_estimate(&given, of->y, of->indices, &err);
        else if (ret == 0)
            ret = ost_sensitivity_estimate(&self->design, self->u, of->y, of->indices, &err);
    }
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

void ost_analysis_free(ost_analysis_t *self)
{
    free(self->table);
    ost_values_close(self->log);
    ost_memory_free(&self->memory);
    ost_identity_free(&self->identity);
    ost_text_list_free(&self->groups);
    ost_factors_free(&self->factors);
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
    ost_library_free(&self->library);
}

int ost_analysis_prepare(ost_analysis_t *self, const char *name, ost_sensitivity_arguments_t *a, int isa)
{
    ost_text_list_t names = { 0 };
    int code = split_names(a);
    if (code == OST_EXIT_OK) code = read_endpoints(a, &names);
    if (code == OST_EXIT_OK) code = plan(self, name, a, isa);
    if (code == OST_EXIT_OK) code = ost_analysis_choose(self, &names);
    if (code == OST_EXIT_OK) code = find_factors(self, a);
    if (code == OST_EXIT_OK) code = check_settings(self, a);
    if (code == OST_EXIT_OK) code = make_groups(self, a);
    if (code == OST_EXIT_OK) code = make_points(self, a);
    if (code == OST_EXIT_OK) code = ost_analysis_note(self, a);
    ost_text_list_free(&names);
    return code;
}

int ost_analysis_run(ost_analysis_t *self, ost_analysis_how_t *how)
{
    bool is_complete = false;
    int code = how->output != NULL && !self->is_given ? ost_analysis_open(self, how, &is_complete) : OST_EXIT_OK;
    if (code != OST_EXIT_OK || is_complete) return code;
    if (!self->is_given) code = evaluate(self, how);
    if (code == OST_EXIT_OK) return how->shard.n == 0 ? ost_analysis_make_indices(self) : OST_EXIT_OK;
    if (code != OST_EXIT_INTERRUPTED) return code;
    if (self->log != NULL && self->took.n_points > 0)
        ost_cli_message("interrupted: %s.part holds what was computed; the same command with --resume goes on from "
                        "there",
            how->output);
    else
        ost_cli_message("interrupted; nothing is written, as indices need all points");
    return code;
}
