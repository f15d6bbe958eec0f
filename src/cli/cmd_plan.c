/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "observe/petab.h"
#include "plan/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    bool dot;
    const char *sbml, *petab;
    ost_text_list_t overrides;
} plan_arguments_t;

static int write_sbml(const ost_plan_t *plan, const char *name)
{
    const ost_experiment_t *e = plan->experiment;
    ost_error_t err = { 0 };
    size_t i = 0;
    while (i < e->n_arms && strcmp(e->arms[i].name, name) != 0) i++;
    if (i == e->n_arms) {
        const char *near = OST_NEAREST_IN(name, e->arms, e->n_arms, ost_arm_t, name);
        return OST_CLI_USAGE("--sbml: the experiment has no arm '%s'%s%s%s", name, OST_HINT(near));
    }
    return ost_plan_write_sbml(plan, i, 0, NULL, stdout, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

/* A file of a problem. */
typedef struct {
    const ost_petab_t *problem;
    size_t file;
    const char *model; /* its text; NULL: the file is a table */
} petab_file_t;

/* ost_cli_put_t */
static int put_petab(const void *what, FILE *out, ost_error_t *err)
{
    const petab_file_t *self = what;
    (void) err;
    if (self->model != NULL)
        fputs(self->model, out);
    else
        ost_petab_put(self->problem, self->file, out);
    return 0;
}

static int write_file(const char *folder, const char *name, const petab_file_t *file, ost_error_t *err)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0) return ost_no_memory(err);
    int ret = ost_cli_write(path, put_petab, file, err);
    free(path);
    return ret;
}

/* A new folder, or one that has no problem. */
static int make_folder(const char *folder, ost_error_t *err)
{
    struct stat found;
    char *path;
    if (mkdir(folder, 0777) == 0) return 0;
    if (errno != EEXIST) return ost_fail(err, OST_ERR_IO, "%s: %s", folder, strerror(errno));
    if (asprintf(&path, "%s/%s", folder, ost_petab_names[OST_PETAB_PROBLEM]) < 0) return ost_no_memory(err);
    int ret = stat(path, &found) == 0 ? ost_fail(err, OST_ERR_IO, "%s: %s; name another folder, or delete this problem",
                                            path, strerror(EEXIST))
                                      : 0;
    free(path);
    return ret;
}

static int write_files(const ost_petab_t *problem, const char *folder, size_t n_arms, ost_error_t *err)
{
    char name[300];
    int ret = make_folder(folder, err);
    for (size_t a = 0; a < n_arms && ret == 0; a++) {
        const petab_file_t file = { .model = ost_petab_model(problem, a, name) };
        if (file.model != NULL) ret = write_file(folder, name, &file, err);
    }
    for (size_t i = 0; i < OST_PETAB_N_FILES && ret == 0; i++) {
        const petab_file_t file = { .problem = problem, .file = i };
        ret = write_file(folder, ost_petab_names[i], &file, err);
    }
    return ret;
}

/* The experiment and its evidence as PEtab: the typical subject with the covariates of the first. */
static int write_petab(const plan_arguments_t *a, const char *name)
{
    ost_error_t err = { 0 };
    ost_experiment_t experiment = { 0 };
    ost_library_t library = { 0 };
    ost_plan_t plan = { 0 };
    ost_matched_t matched = { 0 };
    ost_evidence_t evidence = { 0 };
    ost_petab_t *problem = NULL;
    ost_experiment_t *e = &experiment;
    int code = ost_cli_experiment(e, name, &a->overrides);
    if (code != OST_EXIT_OK) {
        ost_experiment_free(e);
        return code;
    }
    int ret = e->evidence_path == NULL || e->n_comparisons == 0
                  ? ost_fail_at(&err, OST_ERR_VALUE, OST_WHERE(e), 0, 0,
                        "--petab needs measurements, but the experiment names no rows under 'evidence'")
                  : ost_library_init(&library, &err);
    e->variability = false;
    e->n_subjects = 1;
    if (ret == 0) ret = ost_cli_evidence(e, &matched, &evidence, &err);
    if (ret == 0) ret = ost_plan_build(&plan, &library, e, &err);
    if (ret == 0) ret = ost_matched_bind(&matched, &plan, &err);
    if (ret == 0) ret = ost_matched_convert(&matched, &plan, 0, NULL, &err);
    if (ret == 0) ret = ost_petab_new(&problem, &plan, &matched, &err);
    if (ret == 0) ret = write_files(problem, a->petab, e->n_arms, &err);
    if (ret == 0) ost_cli_not_compared(&matched);
    if (ret < 0) code = ost_cli_fail(&err);
    if (ret == 0) printf("wrote %s/problem.yaml: %zu measurements\n", a->petab, matched.n_observations);
    ost_petab_delete(problem);
    ost_matched_free(&matched);
    ost_plan_free(&plan);
    ost_experiment_free(e);
    ost_evidence_free(&evidence);
    ost_library_free(&library);
    return code;
}

/* ost_cli_act_t */
static int print_plan(const ost_part_t *parts, size_t n_parts, const void *arguments)
{
    const plan_arguments_t *a = arguments;
    (void) n_parts;
    if (a->sbml != NULL) return write_sbml(parts->plan, a->sbml);
    (a->dot ? ost_plan_dot : ost_plan_print)(parts->plan, stdout);
    return OST_EXIT_OK;
}

static int run_plan(char **words, void *arguments)
{
    const plan_arguments_t *a = arguments;
    return a->petab != NULL ? write_petab(a, words[0]) : ost_cli_plan(words[0], &a->overrides, -1, print_plan, a);
}

static const ost_option_t options[] = {
    { "dot", NULL, "write a Graphviz graph of blocks and signals", .target = OST_FLAG(plan_arguments_t, dot) },
    { "sbml", "ARM", "write the first subject in this arm as SBML (Level 3 Version 2)",
        .target = OST_WORD(plan_arguments_t, sbml) },
    { "petab", "FOLDER", "write typical subjects of the arms, and the evidence, as PEtab (version 2) into a folder",
        .target = OST_WORD(plan_arguments_t, petab) },
    { "set", "PATH=VALUE", "change the experiment, as in 'osteon run'",
        .target = OST_CHANGES(plan_arguments_t, overrides), .path = "" },
};

const ost_command_t ost_command_plan = {
    .name = "plan",
    .argument = "EXPERIMENT",
    .summary = "print or draw how blocks, signals and events of an experiment fit together",
    .about = "Print how an experiment is assembled: blocks, signals, states, outputs, events of every arm.",
    .notes = "To draw it: osteon plan EXPERIMENT --dot | dot -Tsvg > plan.svg\nAs SBML: models, their signals, the "
             "subject's "
             "parameters, doses and changes as events, from its history before treatment on;\n"
             "--set population.first_subject=N takes another subject.",
    OST_OPTIONS(options),
    OST_ARGUMENTS(plan_arguments_t, .dot = false),
    .run = run_plan,
};
