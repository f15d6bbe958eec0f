/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/file.h"
#include "core/text.h"
#include "input/experiment.h"
#include "input/experiment_keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TIMES 1000000

/* Whether a listed model is this drug, by name or as the file name of a path. */
static bool is_listed(const ost_experiment_t *self, const char *drug)
{
    for (size_t i = 0; i < self->n_models; i++) {
        const char *slash = strrchr(self->models[i], '/');
        const char *name = slash != NULL ? slash + 1 : self->models[i];
        size_t n = strlen(drug);
        if (strncmp(name, drug, n) == 0 && (name[n] == '\0' || strcmp(name + n, ".model") == 0)) return true;
    }
    return false;
}

/* @param name  a piece of the experiment's memory; there is room for it */
static void add_model(ost_experiment_t *self, char *name, ost_location_t location)
{
    self->model_locations[self->n_models] = location;
    self->models[self->n_models++] = name;
}

static void read_models(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "models");
    if (node->n_members == 0)
        ost_yaml_fail(tree, node, OST_ERR_SYNTAX, "at least one model is needed, such as [hormones, aibl]");
    self->models = ost_yaml_items(tree, node->n_members, sizeof *self->models);
    self->model_locations = ost_yaml_items(tree, node->n_members, sizeof *self->model_locations);
    for (size_t i = 0; i < node->n_members && tree->code == 0; i++) {
        char *name = NULL;
        ost_field_text(tree, &node->members[i], &name);
        if (name != NULL && ost_is_model_path(name)) name = ost_yaml_beside(tree, self->path, name);
        for (size_t k = 0; k < self->n_models && tree->code == 0; k++)
            if (strcmp(self->models[k], name) == 0)
                ost_yaml_fail(tree, &node->members[i], OST_ERR_NAME, "'%.100s' is listed twice", name);
        if (tree->code == 0) add_model(self, name, node->members[i].location);
    }
}

static void add_drugs(ost_experiment_t *self, ost_yaml_t *tree)
{
    const size_t n = self->n_models;
    size_t more = 0;
    for (size_t i = 0; i < self->n_arms; i++) more += self->arms[i].n_regimens;
    self->models = ost_memory_extend(tree->memory, self->models, n, more, sizeof *self->models);
    self->model_locations =
        ost_memory_extend(tree->memory, self->model_locations, n, more, sizeof *self->model_locations);
    if (self->models == NULL || self->model_locations == NULL) ost_yaml_no_memory(tree);
    for (size_t i = 0; i < self->n_arms && tree->code == 0; i++)
        for (size_t k = 0; k < self->arms[i].n_regimens; k++) {
            const ost_regimen_t *regimen = &self->arms[i].regimens[k];
            if (!is_listed(self, regimen->drug)) add_model(self, regimen->drug, regimen->location);
        }
}

/* The last time where `to` is not met: outputs end before it. */
static void warn_of_end(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *to, double last)
{
    char where[400];
    if (to->origin != NULL)
        snprintf(where, sizeof where, "in the setting '%.200s'", to->origin);
    else
        snprintf(where, sizeof where, "%.200s:%d:%d", tree->path, to->location.line, to->location.column);
    if (ost_text_list_add(&self->warnings,
            "%s: the last output is at day %.10g, not at 'to: %.60s': no whole number of steps 'every' leads there",
            where, last, to->text) < 0)
        ost_yaml_no_memory(tree);
}

/* A time within a life of time 0: a slip of the unit would take hours. */
static void read_time(ost_yaml_t *tree, const ost_yaml_node_t *node, double *time)
{
    ost_field_time(tree, node, time);
    if (node != NULL && fabs(*time) > OST_LONGEST_LIFE)
        ost_yaml_fail(tree, node, OST_ERR_VALUE, "'%.60s' is more than %d years from time 0, longer than a human life",
            node->text, OST_LIFE_YEARS);
}

static void times_by_step(ost_experiment_t *self, ost_yaml_t *tree, const ost_yaml_node_t *node)
{
    double from = 0, to = 0, every = 0;
    const ost_yaml_node_t *to_node = ost_yaml_get(node, "to"), *every_node = ost_yaml_get(node, "every");
    read_time(tree, ost_yaml_get(node, "from"), &from);
    read_time(tree, to_node, &to);
    ost_field_time(tree, every_node, &every);
    if (!(every > 0)) ost_yaml_fail(tree, every_node, OST_ERR_VALUE, "it must be greater than 0");
    if (to < from) ost_yaml_fail(tree, to_node, OST_ERR_VALUE, "the last output is before the first");
    /* the last one counts where it is met but for rounding: 7 year / 1 month */
    double n = floor((to - from) / every * (1 + 1e-12) + 1e-9) + 1;
    if (!(n <= MAX_TIMES)) ost_yaml_fail(tree, every_node, OST_ERR_LIMIT, "more than %d times", MAX_TIMES);
    if (tree->code == 0) self->times = ost_yaml_items(tree, (size_t) n, sizeof *self->times);
    if (tree->code != 0) return;
    self->n_times = (size_t) n;
    for (size_t i = 0; i < self->n_times; i++) self->times[i] = from + (double) i * every;
    double *last = &self->times[self->n_times - 1];
    if (fabs(to - *last) > 1e-9 * every + 1e-12 * (to - from))
        warn_of_end(self, tree, to_node, *last);
    else
        *last = to; /* 0.3 day, where 3 times 0.1 day is a little more */
}

static void read_times(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "times");
    if (node == NULL) { /* those of all observation rows of a table of events */
        self->times = ost_yaml_items(tree, self->events.n_rows, sizeof *self->times);
        if (self->times != NULL) self->n_times = ost_events_times(&self->events, self->times);
        if (self->n_times == 0)
            ost_yaml_fail(tree, &tree->root, OST_ERR_NAME,
                "'times' is missing here, as in '{to: 5 year, every: 1 month}'%s",
                self->events.is_given ? ", as no row of 'events.table' is an observation (EVID 0)" : "");
    } else if (node->kind == OST_YAML_MAPPING) {
        times_by_step(self, tree, node);
    } else {
        if (node->n_members == 0) ost_yaml_fail(tree, node, OST_ERR_SYNTAX, "at least one time is needed");
        self->times = ost_yaml_list(tree, node, sizeof *self->times, &self->n_times);
        for (size_t i = 0; i < self->n_times; i++) {
            read_time(tree, &node->members[i], &self->times[i]);
            if (i > 0 && self->times[i] <= self->times[i - 1])
                ost_yaml_fail(tree, &node->members[i], OST_ERR_VALUE, "'%.60s' is not after the one before it",
                    node->members[i].text);
        }
    }
}

static void read_outputs(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "outputs");
    bool is_text = node != NULL && node->kind == OST_YAML_SCALAR;
    if (node == NULL || (is_text && strcmp(node->text, "all") == 0)) return;
    if (is_text || node->n_members == 0)
        ost_yaml_fail(tree, node, OST_ERR_SYNTAX, "a list of names, or all, is expected");
    size_t n;
    self->output_locations = ost_yaml_list(tree, node, sizeof *self->output_locations, &n);
    self->outputs = ost_yaml_list(tree, node, sizeof *self->outputs, &self->n_outputs);
    for (size_t i = 0; i < self->n_outputs && tree->code == 0; i++) {
        const ost_yaml_node_t *member = &node->members[i];
        ost_field_text(tree, member, &self->outputs[i]);
        self->output_locations[i] = member->location;
        for (size_t k = 0; k < i && tree->code == 0; k++)
            if (strcmp(self->outputs[k], self->outputs[i]) == 0)
                ost_yaml_fail(tree, member, OST_ERR_NAME, "'%.100s' is listed twice", self->outputs[i]);
    }
}

static void read_solver(ost_experiment_t *self, ost_yaml_t *tree)
{
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "solver");
    const ost_yaml_node_t *h_max = ost_yaml_get(node, "h_max"), *h_min = ost_yaml_get(node, "h_min");
    ost_solver_options_t *solver = &self->solver;
    ost_solver_options_default(solver);
    int stepper = (int) solver->stepper, dosing = OST_DOSING_PERIODIC;
    ost_field_choice(tree, ost_yaml_get(node, "stepper"), ost_stepper_names, OST_N_STEPPERS, &stepper);
    ost_field_choice(tree, ost_yaml_get(node, "dosing"), ost_dosing_names, 2, &dosing);
    ost_field_number(tree, ost_yaml_get(node, "rtol"), 1e-14, 0.1, &solver->rtol);
    ost_field_number(tree, ost_yaml_get(node, "atol_factor"), 1e-12, 1e12, &solver->atol_factor);
    ost_field_time(tree, h_max, &solver->h_max);
    ost_field_time(tree, h_min, &solver->h_min);
    ost_field_count(tree, ost_yaml_get(node, "max_steps"), 1, OST_MAX_STEPS, &solver->max_steps);
    if (!(solver->h_min > 0)) ost_yaml_fail(tree, h_min, OST_ERR_VALUE, "it must be greater than 0");
    if (!(solver->h_max > solver->h_min))
        ost_yaml_fail(tree, h_max != NULL ? h_max : h_min, OST_ERR_VALUE, "h_max must be greater than h_min");
    solver->stepper = (ost_stepper_t) stepper;
    self->dosing = (ost_dosing_t) dosing;
}

const char *const ost_keep_words[OST_N_KEEPS] = { OST_KEEPS(OST_WORD_OF) };

static void read_results(ost_experiment_t *self, ost_yaml_t *tree)
{
    static const char *const precisions[] = { "float32", "float64" };
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "results");
    int precision = 0, keep = OST_KEEP_SUBJECTS;
    uint64_t level = 1, digits = 0;
    ost_field_choice(tree, ost_yaml_get(node, "precision"), precisions, 2, &precision);
    ost_field_choice(tree, ost_yaml_get(node, "keep"), ost_keep_words, OST_N_KEEPS_OF_RUN, &keep);
    ost_field_count(tree, ost_yaml_get(node, "compression"), 0, 1, &level);
    ost_field_count(tree, ost_yaml_get(node, "digits"), 1, 15, &digits);
    self->keep = (ost_keep_t) keep;
    self->float64 = precision == 1;
    self->compression = (int) level;
    self->digits = (int) digits;
}

/* Panels and unit of time are for osteon-plot, which finds them in the result file; only the words are checked here. */
static void read_plot(ost_experiment_t *self, ost_yaml_t *tree)
{
    static const char *const panels[] = { "variables", "arms" }, *const shows[] = { "value", "change", "ratio" },
                             *const times[] = { "day", "month", "year" };
    const ost_yaml_node_t *node = ost_yaml_get(&tree->root, "plot"), *variables = ost_yaml_get(node, "variables");
    int ignored, show = node != NULL ? OST_SHOW_VALUE : OST_SHOW_CHANGE;
    ost_field_choice(tree, ost_yaml_get(node, "panels"), panels, 2, &ignored);
    ost_field_choice(tree, ost_yaml_get(node, "show"), shows, 3, &show);
    ost_field_choice(tree, ost_yaml_get(node, "time"), times, 3, &ignored);
    for (size_t i = 0; variables != NULL && i < variables->n_members; i++) {
        char *name = NULL;
        ost_field_text(tree, &variables->members[i], &name);
        if (name != NULL && ost_text_list_add(&self->drawn, "%s", name) < 0) ost_yaml_no_memory(tree);
    }
    self->show = (ost_show_as_t) show;
}

/* Name, by default that of the file without folder and ending; title, by default the name. */
static void read_names(ost_experiment_t *self, ost_yaml_t *tree)
{
    const char *slash = strrchr(self->path, '/');
    self->name = ost_yaml_copy(tree, slash != NULL ? slash + 1 : self->path);
    char *dot = self->name != NULL ? strrchr(self->name, '.') : NULL;
    if (dot != NULL && dot != self->name) *dot = '\0';
    ost_field_text(tree, ost_yaml_get(&tree->root, "name"), &self->name);
    ost_field_text(tree, ost_yaml_get(&tree->root, "title"), &self->title);
    ost_field_text(tree, ost_yaml_get(&tree->root, "notes"), &self->notes);
    if (self->title == NULL) self->title = ost_yaml_copy(tree, self->name);
}

static int read_tree(ost_experiment_t *self, ost_yaml_t *tree, const ost_people_source_t *people)
{
    static void (*const parts[])(ost_experiment_t *, ost_yaml_t *) = { read_times, ost_experiment_arms,
        ost_experiment_events, add_drugs, read_outputs, read_solver, read_results, ost_experiment_evidence,
        ost_experiment_endpoints, read_plot };
    read_names(self, tree);
    read_models(self, tree);
    ost_experiment_event_table(self, tree, people);
    ost_experiment_people(self, tree, people);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && tree->code == 0; i++) parts[i](self, tree);
    return tree->code;
}

static int base_of(ost_from_t *self, const char *name, const char *text, ost_error_t *err)
{
    if (name == NULL || text == NULL) return 0;
    self->name = ost_strdup(name);
    self->text = ost_strdup(text);
    return self->name != NULL && self->text != NULL ? 0 : ost_no_memory(err);
}

/* The population to be taken is set first: other settings change what is taken. */
static bool is_from(const char *override)
{
    static const char from[] = "population.from";
    return strcspn(override, "= ") == strlen(from) && strncmp(override, from, strlen(from)) == 0;
}

/* @param overrides  borrowed: must outlive the tree  @param[in,out] base  the population that it takes; free it in any
 * case */
static int parse_tree(ost_yaml_t *tree, const char *path, const char *text, const char *const *overrides,
    size_t n_overrides, ost_from_t *base, ost_error_t *err)
{
    int ret = ost_yaml_parse(tree, path, text, err);
    if (ret < 0) return ret;
    /* so that settings find the present names */
    if ((ret = ost_schema_rename(&ost_experiment_schema, tree)) < 0) return ret;
    for (size_t i = 0; i < n_overrides; i++)
        if (is_from(overrides[i])) ost_experiment_override(tree, overrides[i]);
    ost_experiment_from(tree, base);
    for (size_t i = 0; i < n_overrides; i++)
        if (!is_from(overrides[i])) ost_experiment_override(tree, overrides[i]);
    for (size_t i = 0; i < n_overrides; i++) ost_experiment_settle(tree, overrides[i]);
    ost_experiment_from(tree, base); /* of a setting of the whole population */
    ost_from_check(base, tree);
    return tree->code;
}

/* The tree of an experiment that was read. Free it in any case. */
static int parse_again(const ost_experiment_t *self, ost_yaml_t *tree, ost_error_t *err)
{
    ost_from_t base = { 0 };
    *tree = (ost_yaml_t){ 0 };
    int ret = base_of(&base, self->population, self->population_text, err);
    if (ret == 0)
        ret = parse_tree(
            tree, self->path, self->text, (const char *const *) self->overrides, self->n_overrides, &base, err);
    ost_from_free(&base);
    return ret;
}

int ost_experiment_yaml(const ost_experiment_t *self, char **yaml, ost_error_t *err)
{
    ost_yaml_t tree;
    *yaml = NULL;
    int ret = parse_again(self, &tree, err);
    if (ret == 0) ret = ost_yaml_write(&tree, yaml, err);
    ost_yaml_free(&tree);
    return ret;
}

/* The node below `node` that a path names; NULL without one. */
static const ost_yaml_node_t *node_at(const ost_yaml_node_t *node, const char *path)
{
    char word[256];
    while (node != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        if (n >= sizeof word) return NULL;
        memcpy(word, path, n);
        word[n] = '\0';
        path += n + (path[n] == '.');
        if (node->kind == OST_YAML_SEQUENCE) {
            size_t i = strspn(word, "0123456789") == n && n > 0 ? (size_t) strtoull(word, NULL, 10) : SIZE_MAX;
            node = i < node->n_members ? &node->members[i] : NULL;
        } else {
            node = ost_yaml_get(node, word);
        }
    }
    return node;
}

int ost_experiment_entry(const ost_experiment_t *self, const char *path, char **text, ost_error_t *err)
{
    ost_yaml_t tree;
    *text = NULL;
    int ret = parse_again(self, &tree, err);
    const ost_yaml_node_t *node = ret == 0 ? node_at(&tree.root, path) : NULL;
    if (node != NULL && node->kind == OST_YAML_SCALAR && (*text = ost_strdup(node->text)) == NULL)
        ret = ost_no_memory(err);
    ost_yaml_free(&tree);
    return ret;
}

int ost_experiment_parse(ost_experiment_t *self, const char *path, const char *text, const char *const *overrides,
    size_t n_overrides, ost_error_t *err)
{
    const ost_experiment_texts_t none = { 0 };
    return ost_experiment_parse_with(self, path, text, &none, overrides, n_overrides, err);
}

static char *copy(ost_experiment_t *self, const char *text)
{
    return ost_memory_text(&self->memory, text, strlen(text));
}

int ost_experiment_parse_with(ost_experiment_t *self, const char *path, const char *text,
    const ost_experiment_texts_t *texts, const char *const *overrides, size_t n_overrides, ost_error_t *err)
{
    memset(self, 0, sizeof *self);
    self->path = copy(self, path);
    self->text = copy(self, text);
    self->overrides = ost_memory_list(&self->memory, n_overrides, sizeof *self->overrides);
    for (size_t i = 0; i < n_overrides && !self->memory.failed; i++) self->overrides[i] = copy(self, overrides[i]);
    if (self->memory.failed) return ost_no_memory(err);
    self->n_overrides = n_overrides;
    ost_yaml_t tree = { 0 };
    ost_from_t base = { 0 };
    int ret = base_of(&base, texts->population, texts->population_text, err);
    if (ret == 0) ret = parse_tree(&tree, self->path, text, overrides, n_overrides, &base, err);
    if (ret == 0) ret = ost_schema_check(&ost_experiment_schema, &tree);
    self->warnings = tree.warnings;
    tree.warnings = (ost_text_list_t){ 0 };
    tree.memory = &self->memory;
    if (ret == 0 && base.is_taken) {
        self->population = ost_yaml_copy(&tree, base.name);
        self->population_text = ost_yaml_copy(&tree, base.text);
    }
    if (ret == 0) ret = read_tree(self, &tree, &texts->people);
    ost_from_free(&base);
    ost_yaml_free(&tree);
    return ret;
}

void ost_experiment_add_text(ost_experiment_t *self, const char *path, const char *text)
{
    ost_model_text_t *texts =
        ost_memory_extend(&self->memory, self->model_texts, self->n_model_texts, 1, sizeof(*texts));
    if (texts == NULL) return;
    texts[self->n_model_texts++] = (ost_model_text_t){ copy(self, path), copy(self, text) };
    self->model_texts = texts;
}

int ost_experiment_vary(
    ost_experiment_t *self, const ost_experiment_t *base, const char *const *settings, size_t n, ost_error_t *err)
{
    const char **all = malloc((base->n_overrides + n + 1) * sizeof(*all));
    *self = (ost_experiment_t){ 0 };
    if (all == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < base->n_overrides + n; i++)
        all[i] = i < base->n_overrides ? base->overrides[i] : settings[i - base->n_overrides];
    ost_experiment_texts_t texts = { .people = { .path = base->people.path, .text = base->people.text },
        .population = base->population,
        .population_text = base->population_text };
    ost_experiment_forget(&texts, settings, n);
    int ret = ost_experiment_parse_with(self, base->path, base->text, &texts, all, base->n_overrides + n, err);
    free(all);
    self->solver.isa = base->solver.isa;
    if (ret < 0 || base->n_model_texts == 0) return ret;
    for (size_t i = 0; i < base->n_model_texts && !self->memory.failed; i++)
        ost_experiment_add_text(self, base->model_texts[i].path, base->model_texts[i].text);
    return self->memory.failed ? ost_no_memory(err) : 0;
}

int ost_experiment_read(
    ost_experiment_t *self, const char *path, const char *const *overrides, size_t n_overrides, ost_error_t *err)
{
    memset(self, 0, sizeof *self);
    char *text;
    int ret = ost_file_read(&text, path, OST_YAML_MAX_BYTES, err);
    if (ret == 0) ret = ost_experiment_parse(self, path, text, overrides, n_overrides, err);
    free(text);
    return ret;
}

const char *ost_stepper_name(ost_stepper_t stepper)
{
    return ost_stepper_names[stepper];
}

const char *ost_dosing_name(ost_dosing_t dosing)
{
    return ost_dosing_names[dosing];
}
