/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See draws.h. Takes an experiment and a table of draws; gives a sweep over the parameters that both have. */
#include "draws.h"

#include "input/draws.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    ost_experiment_t experiment;
    ost_library_t library;
    ost_plan_t plan;
    ost_draws_t draws;
    const ost_text_list_t *varied; /* "PATH=VALUES" beside the draws */
    size_t n_varied;
} run_t;

/* Whether values of a parameter come from elsewhere, the same in each draw. Says so. */
static bool is_left_out(const run_t *self, const char *name)
{
    const ost_people_t *people = &self->experiment.people;
    const size_t n = strlen("parameters."), n_name = strlen(name);
    if (ost_people_column(people, name) < people->n_columns) {
        ost_cli_message("warning: the draws of '%s' are left out: it is a column of '%.200s', the same in each draw",
            name, people->path);
        return true;
    }
    for (size_t i = 0; i < self->n_varied; i++) {
        const char *path = self->varied->items[i], *rest = path + n + n_name;
        if (strncmp(path, "parameters.", n) != 0 || strncmp(path + n, name, n_name) != 0) continue;
        if (rest[0] != '=' && strncmp(rest, ".value=", strlen(".value=")) != 0) continue;
        ost_cli_message("warning: the draws of '%s' are left out: the sweep varies it; the draws of the others are "
                        "those that were made together with its own",
            name);
        return true;
    }
    return false;
}

static bool sets_spread(const ost_experiment_t *e, const char *name)
{
    for (size_t i = 0; i < e->n_settings; i++) {
        const ost_param_setting_t *set = &e->settings[i];
        const size_t n = strlen(set->model);
        if (set->sets_spread && strncmp(set->model, name, n) == 0 && name[n] == '.' &&
            strcmp(set->param, name + n + 1) == 0)
            return true;
    }
    return false;
}

/* The entries of a BSV: of each element of an index, but for those that vary otherwise in the experiment. */
static int find_spreads(const run_t *self, const char *name, ost_text_list_t *entries)
{
    int ret = 0;
    for (size_t i = 0; i < self->plan.blocks->n_params && ret == 0; i++) {
        char own[256];
        ost_blocks_param_name(self->plan.blocks, i, own, sizeof(own));
        if (!ost_names_spread(name, own) || isnan(ost_plan_sd(&self->plan, i))) continue;
        if (sets_spread(&self->experiment, own))
            ost_cli_message(
                "warning: the draws of '%s' are left out for '%s': the experiment sets its spread, the same "
                "in each draw",
                name, own);
        else
            ret = ost_text_list_add(entries, "parameters.%s.spread", own);
    }
    return ret;
}

/* The entry of a parameter; none where the experiment has no such model, or a table of subjects gives the values. */
static int find_entries(void *user, const char *name, ost_text_list_t *entries, ost_error_t *err)
{
    const run_t *self = user;
    const ost_experiment_t *e = &self->experiment;
    char of[80];
    const char *dot = strchr(name, '.'), *last = strrchr(name, '.');
    if (last != dot && strcmp(last, ".spread") == 0)
        return find_spreads(self, name, entries) < 0 ? ost_no_memory(err) : 0;
    snprintf(of, sizeof(of), "%.*s", dot != NULL ? (int) (dot - name) : 0, name);
    if (ost_blocks_find(self->plan.blocks, of) < 0) return 0;
    if (is_left_out(self, name)) return 0;
    bool has_spread = sets_spread(e, name); /* which stays */
    for (size_t k = 0; k < self->draws.n_params; k++)
        has_spread = has_spread || ost_names_spread(self->draws.names[k], name);
    return ost_text_list_add(entries, "parameters.%s%s", name, has_spread ? ".value" : "") < 0 ? ost_no_memory(err) : 0;
}

/* Of an experiment that lists no outputs, those that are shown: densities and what endpoints ask for. All outputs at
 * all draws would fill a disk. */
static int add_outputs(const run_t *self, ost_text_list_t *overrides)
{
    const ost_outputs_t *outputs = self->plan.outputs;
    const ost_experiment_t *e = &self->experiment;
    ost_text_list_t names = { 0 };
    int ret = 0;
    for (size_t v = 0; v < outputs->n_variables && ret == 0; v++) {
        const char *name = outputs->variables[v].name;
        size_t n = strlen(name);
        bool is = strcmp(name, "bmd") == 0 || strcmp(name, "scanned_bmd") == 0;
        for (size_t i = 0; i < e->n_endpoints; i++)
            is |= strncmp(e->endpoints[i].output, name, n) == 0 && strchr("[", e->endpoints[i].output[n]) != NULL;
        if (is) ret = ost_text_list_add(&names, "%s", name);
    }
    char *list = ret == 0 && names.n > 0 ? ost_text_join((const char *const *) names.items, names.n, ", ") : NULL;
    if (list != NULL) ret = ost_text_list_add(overrides, "outputs=[%s]", list);
    if (names.n > 0 && list == NULL) ret = OST_ERR_NO_MEMORY;
    free(list);
    ost_text_list_free(&names);
    return ret;
}

/* The estimate before the settings of the command line, which stay. */
static int set_estimate(ost_text_list_t *estimate, ost_text_list_t *overrides)
{
    int ret = 0;
    for (size_t i = 0; i < overrides->n && ret == 0; i++) ret = ost_text_list_add(estimate, "%s", overrides->items[i]);
    const ost_text_list_t before = *overrides;
    *overrides = *estimate;
    *estimate = before;
    return ret;
}

/* @return an exit code */
static int list_draws(run_t *self, const ost_draws_asked_t *asked, const char *table, ost_text_list_t *overrides,
    ost_sweep_asked_t *sweep)
{
    ost_text_list_t estimate = { 0 };
    ost_error_t err = { 0 };
    int ret = ost_library_init(&self->library, &err);
    if (ret == 0) ret = ost_plan_build(&self->plan, &self->library, &self->experiment, &err);
    if (ret == 0) ret = ost_draws_read(&self->draws, table, &err);
    if (ret == 0) ret = ost_draws_check(&self->draws, &self->library, &err);
    const uint64_t n = asked->n_draws < UINT64_MAX ? asked->n_draws : self->draws.n_draws;
    if (ret == 0 && (n > self->draws.n_draws || n == 1))
        return OST_CLI_USAGE(
            "--draws: %s has %zu draws beside its estimate; expected 0, for the estimate alone, or 2 to as "
            "many ('osteon fit --draws' makes them)",
            table, self->draws.n_draws);
    ost_text_list_t *to = n > 0 ? &sweep->vary : &estimate;
    const size_t n_before = to->n;
    self->varied = &sweep->vary;
    self->n_varied = sweep->vary.n;
    if (ret == 0) ret = ost_draws_vary(&self->draws, (size_t) n, find_entries, self, to, &err);
    if (ret == 0 && to->n == n_before)
        ret = ost_fail_at(&err, OST_ERR_NAME, table, 1, 0, "has no parameter of a model of the experiment '%s'",
            self->experiment.name);
    sweep->n_drawn = n > 0 ? to->n - n_before : 0;
    if (ret == 0 && n > 0 && self->experiment.n_outputs == 0 && add_outputs(self, overrides) < 0)
        ret = ost_no_memory(&err);
    if (ret == 0 && n == 0 && set_estimate(&estimate, overrides) < 0) ret = ost_no_memory(&err);
    ost_text_list_free(&estimate);
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

int ost_cli_add_draws(
    const char *name, const ost_draws_asked_t *asked, ost_text_list_t *overrides, ost_sweep_asked_t *sweep, bool quiet)
{
    run_t self = { 0 };
    char *table = NULL;
    if (asked->parameters == NULL) return OST_CLI_USAGE("--draws: of which table? expected --parameters TABLE.csv");
    int code = ost_cli_draws_table(asked->parameters, &table);
    if (code == OST_EXIT_OK) code = ost_cli_experiment(&self.experiment, name, overrides);
    if (code == OST_EXIT_OK) code = list_draws(&self, asked, table, overrides, sweep);
    if (code == OST_EXIT_OK && sweep->n_drawn == 0 && !quiet)
        printf("parameters: the estimate of %s, without draws\n", table);
    ost_draws_free(&self.draws);
    ost_plan_free(&self.plan);
    ost_experiment_free(&self.experiment);
    ost_library_free(&self.library);
    free(table);
    return code;
}

static int simulate(const ost_part_t *parts, size_t n_parts, const void *simulation)
{
    ost_simulation_t how = *(const ost_simulation_t *) simulation;
    char *own = NULL;
    int code = how.out == NULL ? ost_cli_default_output(parts, &own) : OST_EXIT_OK;
    if (how.out == NULL) how.out = own;
    if (code == OST_EXIT_OK) code = ost_cli_simulate(parts, n_parts, &how);
    if ((code == OST_EXIT_OK || code == OST_EXIT_FAILURES) && !how.quiet && how.shard.n == 0) {
        char word[] = "show", *path = strdup(how.out), *words[] = { word, path, NULL };
        putchar('\n');
        int shown = path != NULL ? ost_cli_run(&ost_command_show, 2, words) : ost_cli_no_memory();
        if (shown != OST_EXIT_OK) code = shown;
        free(path);
    }
    free(own);
    return code;
}

int ost_cli_run_draws(
    const char *name, const ost_draws_asked_t *asked, ost_text_list_t *overrides, int isa, const ost_simulation_t *how)
{
    ost_sweep_asked_t sweep = { .kind = OST_DESIGN_DRAWS, .keep = OST_N_KEEPS, .seed = 1 };
    bool is_sweep;
    int code;
    if ((asked->parameters != NULL || asked->repeats) && (asked->has_subject || asked->is_dry)) {
        const char *other = asked->has_subject ? "subject" : "dry-run";
        if (asked->repeats)
            return OST_CLI_USAGE("run: '%s' is of draws of parameters, which --%s excludes", name, other);
        return OST_CLI_USAGE("--parameters and --%s exclude each other", other);
    }
    code = asked->repeats ? ost_cli_recorded_sweep(name, &sweep, &is_sweep)
                          : ost_cli_add_draws(name, asked, overrides, &sweep, how->quiet);
    if (code == OST_EXIT_OK)
        code = sweep.n_drawn == 0 ? ost_cli_plan(name, overrides, isa, ost_cli_simulate, how)
                                  : ost_cli_plan_sweep(name, &sweep, overrides, isa, simulate, how);
    ost_cli_sweep_free(&sweep);
    return code;
}
