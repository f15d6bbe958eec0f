/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "core/file.h"
#include "core/table.h"
#include "input/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_drug(const ost_model_t *model)
{
    return model->kind == OST_KIND_DRUG;
}

static bool is_no_drug(const ost_model_t *model)
{
    return !is_drug(model);
}

/* @param is_listed  which models, NULL for all
 * @param print  of a model and the one printed before it, NULL for the first */
static int for_each_model(ost_library_t *library, bool (*is_listed)(const ost_model_t *),
    void (*print)(const ost_model_t *, const ost_model_t *before), ost_error_t *err)
{
    size_t n;
    const char *const *names = ost_library_builtin_names(&n);
    const ost_model_t *before = NULL;
    int ret = 0;
    for (size_t i = 0; i < n && ret == 0; i++) {
        const ost_model_t *model;
        ret = ost_library_get(library, names[i], &model, err);
        if (ret < 0 || (is_listed != NULL && !is_listed(model))) continue;
        print(model, before);
        before = model;
    }
    return ret;
}

/* The heading of a file's folder, where that is not the folder of the file before it. */
static void put_folder(const char *path, const char *before)
{
    const size_t length = (size_t) (strrchr(path, '/') - path);
    if (before == NULL || strncmp(path, before, length + 1) != 0 || strchr(before + length + 1, '/') != NULL)
        printf("%s%.*s\n", before != NULL ? "\n" : "", (int) length, path);
}

/* A line below that heading. */
static void print_line(const ost_model_t *model, const ost_model_t *before)
{
    put_folder(model->path, before != NULL ? before->path : NULL);
    char item[128], usual[200] = "usual ";
    snprintf(item, sizeof(item), "  %-26s %s", model->name, ost_model_kind_words[model->kind]);
    ost_print_item(stdout, item, 41, model->text);
    if (model->n_doses > 0 && ost_dose_regimen(model->doses, usual + 6, sizeof(usual) - 6)[0] != '\0')
        ost_print_item(stdout, "", 41, usual);
}

static void print_outputs(const ost_model_t *model, const ost_model_t *before)
{
    (void) before;
    for (size_t j = 0; j < model->n_outputs; j++) {
        const ost_output_t *o = &model->outputs[j];
        char name[96], unit[48], item[224];
        if (j > 0 && strcmp(o->group, model->outputs[j - 1].group) == 0) continue;
        snprintf(name, sizeof(name), o->index_set != NULL ? "%s[%s]" : "%s", o->group, o->index_set);
        snprintf(unit, sizeof(unit), "[%s]", o->unit_text);
        snprintf(item, sizeof(item), "%-20s %-22s %s", model->name, name, unit);
        ost_print_item(stdout, item, 54, o->text);
    }
}

static int list_models(ost_library_t *library, ost_error_t *err)
{
    return for_each_model(library, is_no_drug, print_line, err);
}

static int list_drugs(ost_library_t *library, ost_error_t *err)
{
    return for_each_model(library, is_drug, print_line, err);
}

static int list_outputs(ost_library_t *library, ost_error_t *err)
{
    return for_each_model(library, NULL, print_outputs, err);
}

static int list_signals(ost_library_t *library, ost_error_t *err)
{
    (void) err;
    for (size_t i = 0; i < library->signals.n; i++) {
        const ost_signal_t *s = &library->signals.signal[i];
        char unit[48], neutral[48] = "-", item[224];
        snprintf(unit, sizeof(unit), "[%s]", s->unit_text);
        if (s->has_neutral) snprintf(neutral, sizeof(neutral), "%g", s->neutral / s->unit.factor);
        snprintf(item, sizeof(item), "%-24s %-10s neutral %s", s->name, unit, neutral);
        ost_print_item(stdout, item, 51, s->text);
    }
    return 0;
}

/* The title in the text of an experiment, which need not be right otherwise. @param[out] title  NULL for none, owned by
 * the caller @return 0 or OST_ERR_NO_MEMORY */
static int read_title(const char *path, char **title, ost_error_t *err)
{
    ost_yaml_t tree = { 0 };
    char *text = NULL;
    *title = NULL;
    int ret = ost_file_read(&text, path, OST_YAML_MAX_BYTES, err);
    if (ret == 0) ret = ost_yaml_parse(&tree, path, text, err);
    const ost_yaml_node_t *node = ret == 0 ? ost_yaml_get(&tree.root, "title") : NULL;
    if (node != NULL && node->text != NULL && node->text[0] != '\0' && (*title = ost_strdup(node->text)) == NULL)
        ret = ost_no_memory(err);
    ost_yaml_free(&tree);
    free(text);
    return ret == OST_ERR_NO_MEMORY ? ret : 0;
}

static int list_configs(ost_library_t *library, ost_error_t *err)
{
    (void) library;
    ost_text_list_t paths = { 0 };
    int ret = ost_cli_configs(&paths) < 0 ? ost_no_memory(err) : 0;
    for (size_t i = 0; i < paths.n && ret == 0; i++) {
        const char *path = paths.items[i], *name = ost_cli_base_name(path);
        char item[128], *title;
        ret = read_title(path, &title, err);
        put_folder(path, i > 0 ? paths.items[i - 1] : NULL);
        snprintf(item, sizeof(item), "  %.*s", (int) (strlen(name) - strlen(".yaml")), name);
        ost_print_item(stdout, item, 34, title != NULL ? title : "no title can be read");
        free(title);
    }
    ost_text_list_free(&paths);
    return ret;
}

/* Each is an experiment as well, which has a title; its drugs are not of the population. */
static int list_populations(ost_library_t *library, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < ost_n_ready_populations && ret == 0; i++) {
        const ost_ready_population_t *ready = &ost_ready_populations[i];
        ost_experiment_t e;
        ret = ost_experiment_parse(&e, ready->name, ready->text, NULL, 0, err);
        if (ret == 0) printf("%-30s %s; for", ready->name, e.title);
        for (size_t k = 0; ret == 0 && k < e.n_models; k++) {
            const ost_model_t *model;
            ret = ost_library_get(library, e.models[k], &model, err);
            if (ret == 0 && is_no_drug(model)) printf(" %s", e.models[k]);
        }
        if (ret == 0) putchar('\n');
        ost_experiment_free(&e);
    }
    return ret;
}

#define LISTS(X) X(models) X(drugs) X(signals) X(outputs) X(configs) X(populations)
#define TEXTS(X) X(keys) X(schema) X(man) X(bash)
#define LIST_WORD(name) "|" #name
#define LIST_ROW(name) { #name, list_##name, NULL },
#define TEXT_ROW(name) { #name, NULL, ost_cli_print_##name },
static const struct {
    const char *name;
    int (*list)(ost_library_t *library, ost_error_t *err); /* NULL: print */
    void (*print)(void);
} lists[] = { LISTS(LIST_ROW) TEXTS(TEXT_ROW) };
#define N_LISTS (sizeof(lists) / sizeof(lists[0]))

static int run_list(char **words, void *arguments)
{
    ost_error_t err = { 0 };
    ost_library_t library = { 0 };
    const char *names[N_LISTS];
    (void) arguments;
    for (size_t i = 0; i < N_LISTS; i++) {
        names[i] = lists[i].name;
        if (strcmp(words[0], names[i]) != 0) continue;
        if (lists[i].print != NULL) {
            lists[i].print();
            return OST_EXIT_OK;
        }
        int code = ost_library_init(&library, &err) < 0 || lists[i].list(&library, &err) < 0 ? ost_cli_fail(&err)
                                                                                             : OST_EXIT_OK;
        ost_library_free(&library);
        return code;
    }
    return OST_CLI_USAGE("list: '%s' must be one of %s%s%s%s", words[0], ost_command_list.argument,
        OST_HINT(ost_nearest(words[0], names, N_LISTS)));
}

const ost_command_t ost_command_list = {
    .name = "list",
    .argument = &LISTS(LIST_WORD) TEXTS(LIST_WORD)[1],
    .summary = "list models, drugs, signals, outputs, configs, populations, or the keys of an experiment file",
    .about =
        "List what is built in, the experiments that can be run by name, or the keys of an experiment file; or "
        "print\nits JSON Schema for editors (schema), the manual page (man) or the completion of command lines (bash).",
    .run = run_list,
};
