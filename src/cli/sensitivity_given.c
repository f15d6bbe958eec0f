/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the file of a sweep; gives the analysis of its points and endpoints, as they are there. */
#include "results/arrays.h"
#include "results/results.h"
#include "sensitivity.h"
#include "sweep.h"

#include <math.h>
#include <string.h>

/* The first option that asks for points of another design; NULL: none. */
static const char *asks_for_points(const ost_sensitivity_arguments_t *a)
{
    const struct {
        const char *option;
        bool is_given;
    } options[] = { { "method", a->method != NULL && strcmp(a->method, "sobol") != 0 }, { "by", a->by != NULL },
        { "parameters", a->table != NULL }, { "over", a->over.n > 0 }, { "vary", a->vary.n > 0 },
        { "group", a->group.n > 0 }, { "base", a->n_base > 0 }, { "levels", a->n_levels > 0 },
        { "trajectories", a->n_trajectories > 0 }, { "design-seed", a->seed > 0 }, { "set", a->overrides.n > 0 } };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].is_given) return options[i].option;
    return NULL;
}

int ost_analysis_is_given(const char *name, const ost_sensitivity_arguments_t *a, bool *is)
{
    ost_sweep_asked_t asked = { 0 };
    const char *option = asks_for_points(a);
    *is = false;
    if (!ost_cli_ends_with(name, ".h5") || ost_journal_is(name)) return OST_EXIT_OK;
    int code = ost_cli_recorded_sweep(name, &asked, is);
    *is = *is && code == OST_EXIT_OK && asked.n_drawn == 0;
    if (*is && option != NULL)
        code = OST_CLI_USAGE(
            "--%s: of a sweep, whose points are taken as they are, nothing is simulated; new points are of "
            "its experiment: 'osteon sensitivity EXPERIMENT%s%s --vary PATH=LOWER..UPPER'",
            option, a->method != NULL ? " --method " : "", a->method != NULL ? a->method : "");
    ost_cli_sweep_free(&asked);
    return code;
}

/* The experiment of the sweep, without its points. @return an exit code */
static int plan(ost_analysis_t *self, const char *name)
{
    ost_error_t err = { 0 };
    int code = ost_cli_experiment(&self->experiment, name, NULL);
    if (code != OST_EXIT_OK) return code;
    int ret = ost_library_init(&self->library, &err);
    if (ret == 0) ret = ost_plan_build(&self->plan, &self->library, &self->experiment, &err);
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

/* Of their names. @return an exit code */
static int choose_endpoints(ost_analysis_t *self, const ost_results_t *results, const ost_sensitivity_arguments_t *a)
{
    for (size_t i = 0; i < a->of.n; i++)
        if (strchr(a->of.items[i], '=') != NULL)
            return OST_CLI_USAGE(
                "--of: '%.100s': a sweep has values of its own endpoints alone; expected the name of one",
                a->of.items[i]);
    if (results->endpoints.n == 0)
        return OST_CLI_INPUT(
            "%s: the sweep has no endpoint; name one under 'endpoints' of the experiment, and repeat the "
            "sweep",
            results->path);
    return ost_analysis_choose(self, &a->of);
}

/* Of words, the number of the first point that has the same. */
static double value_of(const ost_varied_t *axis, size_t i)
{
    size_t first = 0;
    if (axis->values != NULL) return axis->values[i];
    while (strcmp(axis->texts.items[first], axis->texts.items[i]) != 0) first++;
    return (double) first;
}

/* Words of a factor, each once. */
static int list_words(ost_factor_t *one, const ost_varied_t *axis)
{
    int ret = 0;
    for (size_t i = 0; i < axis->texts.n && axis->values == NULL && ret == 0; i++)
        if (value_of(axis, i) == (double) i) ret = ost_text_list_add(&one->vary.texts, "%s", axis->texts.items[i]);
    return ret;
}

static int take_points(ost_analysis_t *self, const ost_design_t *design, ost_error_t *err)
{
    const size_t n = design->n_axes;
    int ret = ost_factors_of_design(&self->factors, design, &self->plan, err);
    self->n_points = design->n_points;
    self->of_sweep = design->kind;
    self->design = (ost_sensitivity_t){ .kind = OST_SENSITIVITY_SOBOL, .n_inputs = n, .n_groups = n };
    self->group = ost_memory_list(&self->memory, n, sizeof(*self->group));
    self->u = ost_memory_list(&self->memory, n * design->n_points, sizeof(double));
    self->y = ost_memory_list(&self->memory, self->n_endpoints * design->n_points, sizeof(double));
    if (design->kind == OST_DESIGN_GRID) self->n_levels = ost_memory_list(&self->memory, n, sizeof(*self->n_levels));
    if (ret == 0 && self->memory.failed) ret = ost_no_memory(err);
    self->design.group = self->group;
    for (size_t k = 0; k < n && ret == 0; k++) {
        const ost_varied_t *axis = &design->axes[k];
        self->group[k] = k;
        if (self->n_levels != NULL) self->n_levels[k] = axis->texts.n;
        for (size_t i = 0; i < design->n_points; i++)
            self->u[i * n + k] = value_of(axis, ost_design_index(design, i, k));
        ret = list_words(&self->factors.factors[k], axis);
        if (ret == 0) ret = ost_text_list_add(&self->groups, "%s", self->factors.factors[k].name);
        if (ret < 0) ret = ost_no_memory(err);
    }
    return ret;
}

static int take_values(ost_analysis_t *self, ost_results_t *results, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < self->n_endpoints && ret == 0; i++) {
        const char *name = self->experiment.endpoints[self->chosen[i]].name;
        const size_t k = ost_words_find((const char *const *) results->endpoints.items, results->endpoints.n, name);
        if (k == results->endpoints.n) return ost_fail_at(err, OST_ERR_FORMAT, results->path, 0, 0, "lacks '%s'", name);
        ret = ost_results_read_endpoint(results, k, OST_ENDPOINT_VALUE, self->y + i * self->n_points, NULL, NULL, err);
    }
    self->took.failures = ost_results_failures(results);
    snprintf(self->took.first_failure, sizeof(self->took.first_failure), "as 'osteon show' says");
    return ret;
}

static int note(ost_analysis_t *self)
{
    ost_error_t err = { 0 };
    int ret = ost_analysis_identify(self, "none", &err);
    ost_identity_add(&self->identity, OST_FACT_TEXT, ANALYSIS_POINTS_OF, "sweep %s", ost_design_words[self->of_sweep]);
    if (ret == 0 && self->identity.memory.failed) ret = ost_no_memory(&err);
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

int ost_analysis_take_sweep(ost_analysis_t *self, const char *name, const ost_sensitivity_arguments_t *a)
{
    ost_results_t *results = NULL;
    ost_error_t err = { 0 };
    self->is_given = self->without_parameters = true;
    int code = ost_cli_open_result(&results, name, false, &err) < 0 ? ost_cli_fail(&err) : plan(self, name);
    if (code == OST_EXIT_OK) code = choose_endpoints(self, results, a);
    if (code == OST_EXIT_OK && take_points(self, &results->design, &err) < 0) code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK && take_values(self, results, &err) < 0) code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK && self->n_levels == NULL && self->n_points < OST_GIVEN_LEAST)
        code = OST_CLI_INPUT("%s: %zu points of a design %s; expected at least %d, or a grid", name, self->n_points,
            ost_design_words[self->of_sweep], OST_GIVEN_LEAST);
    if (code == OST_EXIT_OK)
        code = ost_analysis_check_correlation(self, "the points' values of ", "a sweep of another design");
    if (code == OST_EXIT_OK) code = note(self);
    ost_results_close(results);
    return code;
}
