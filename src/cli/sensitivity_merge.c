/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the result file or journals of a sensitivity analysis; gives what was asked, and of journals the analysis
 * again, with their points. */
#include "core/table.h"
#include "results/arrays.h"
#include "sensitivity.h"

#include <stdlib.h>
#include <string.h>

/* What a file or journal was asked. @return an exit code */
static int read_arguments(const char *path, ost_sensitivity_arguments_t *a)
{
    const struct {
        const char *fact;
        uint64_t *number;
        ost_text_list_t *list;
    } facts[] = { { ANALYSIS_SEED, &a->seed, NULL }, { ANALYSIS_TRAJECTORIES, &a->n_trajectories, NULL },
        { ANALYSIS_LEVELS, &a->n_levels, NULL }, { ANALYSIS_BASE, &a->n_base, NULL }, { ANALYSIS_OF, NULL, &a->of },
        { ANALYSIS_OVER, NULL, &a->over }, { ANALYSIS_VARY, NULL, &a->vary }, { ANALYSIS_GROUPS, NULL, &a->group } };
    int code = ost_cli_recorded(path, &a->recorded);
    if (code != OST_EXIT_OK) return code;
    const char *by = ost_identity_get(&a->recorded, ANALYSIS_PARAMETERS),
               *table = ost_identity_get(&a->recorded, ANALYSIS_TABLE);
    a->method = ost_identity_get(&a->recorded, OST_ANALYSIS_METHOD);
    a->by = by != NULL && strcmp(by, "none") != 0 ? by : NULL;
    a->table = table != NULL && table[0] != '\0' ? table : NULL;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const char *text = ost_identity_get(&a->recorded, facts[i].fact);
        if (text != NULL && facts[i].number != NULL) *facts[i].number = strtoull(text, NULL, 10);
        if (text != NULL && facts[i].list != NULL && ost_text_list_split(facts[i].list, text) < 0)
            return ost_cli_no_memory();
    }
    return OST_EXIT_OK;
}

void ost_analysis_free_arguments(ost_sensitivity_arguments_t *self)
{
    ost_text_list_t *const lists[] = { &self->of, &self->over, &self->vary, &self->group, &self->overrides };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) ost_text_list_free(lists[i]);
    ost_identity_free(&self->recorded);
}

static void take_list(ost_text_list_t *self, ost_text_list_t *then)
{
    ost_text_list_free(self);
    *self = *then;
    *then = (ost_text_list_t){ 0 };
}

int ost_analysis_recall(const char *path, ost_sensitivity_arguments_t *a)
{
    ost_sensitivity_arguments_t then = { 0 };
    int code = read_arguments(path, &then);
    if (code == OST_EXIT_OK && ost_identity_get(&then.recorded, ANALYSIS_POINTS_OF) != NULL)
        code = OST_CLI_USAGE(
            "sensitivity: '%s' is an analysis of the points of a sweep; expected the file of that sweep, or "
            "the experiment",
            path);
    a->recorded = then.recorded;
    then.recorded = (ost_identity_t){ 0 };
    if (code == OST_EXIT_OK && then.method != NULL) {
        const bool has_inputs = a->by != NULL || a->table != NULL || a->over.n + a->vary.n + a->group.n > 0;
        const bool has_seed = strcmp(then.method, ost_sensitivity_words[OST_SENSITIVITY_LOCAL]) != 0;
        if (a->of.n == 0) take_list(&a->of, &then.of);
        if (!has_inputs) {
            a->by = then.by;
            a->table = then.table;
            take_list(&a->over, &then.over);
            take_list(&a->vary, &then.vary);
            take_list(&a->group, &then.group);
        }
        if (a->method == NULL) a->method = then.method;
        if (strcmp(a->method, then.method) == 0) {
            if (a->seed == 0 && has_seed) a->seed = then.seed;
            if (a->n_trajectories == 0) a->n_trajectories = then.n_trajectories;
            if (a->n_levels == 0) a->n_levels = then.n_levels;
            if (a->n_base == 0) a->n_base = then.n_base;
        }
    }
    ost_analysis_free_arguments(&then);
    return code;
}

int ost_analysis_is_journal(const char *path, bool *is)
{
    ost_identity_t recorded;
    *is = false;
    if (!ost_journal_is(path)) return OST_EXIT_OK;
    const int code = ost_cli_recorded(path, &recorded);
    *is = ost_identity_get(&recorded, OST_ANALYSIS_METHOD) != NULL;
    ost_identity_free(&recorded);
    return code;
}

/* The analysis that a journal is of. @return an exit code */
static int read_analysis(ost_analysis_t *self, const char *path, ost_sensitivity_arguments_t *a)
{
    ost_error_t err = { 0 };
    int code = read_arguments(path, a);
    if (code != OST_EXIT_OK) return code;
    const size_t kind = ost_words_find(ost_sensitivity_words, OST_N_SENSITIVITIES, a->method);
    if (kind == OST_N_SENSITIVITIES)
        return OST_CLI_INPUT("%s: is damaged: '%s' is not a method of sensitivity", path, a->method);
    self->design.kind = (ost_sensitivity_kind_t) kind;
    code = ost_analysis_prepare(self, path, a, -1);
    if (code == OST_EXIT_OK && ost_analysis_prepare_kept(self, &err) < 0) code = ost_cli_fail(&err);
    return code;
}

int ost_analysis_merge(const ost_text_list_t *shards, const char *output, bool force, bool quiet)
{
    ost_analysis_t self = { 0 };
    ost_sensitivity_arguments_t a = { 0 };
    ost_error_t err = { 0 };
    char n[64];
    int code = read_analysis(&self, shards->items[0], &a);
    if (code == OST_EXIT_OK && !force) code = ost_analysis_check_replaced(&self, output, quiet);
    if (code == OST_EXIT_OK &&
        ost_values_gather(&self.kept, (const char *const *) shards->items, shards->n, true, &err) < 0)
        code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK) code = ost_analysis_make_indices(&self);
    int ret = code == OST_EXIT_OK ? ost_analysis_write(&self, output, &err) : 0;
    if (ret == 0 && code == OST_EXIT_OK && !quiet) {
        ret = ost_analysis_print(&self, stdout, &err);
        printf("\nmerged: %s\n", ost_cli_plural(shards->n, "shard", n));
        ost_cli_written(output, true);
    }
    if (ret < 0) code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK && self.took.failures > 0) code = OST_EXIT_FAILURES;
    ost_analysis_free(&self);
    ost_analysis_free_arguments(&a);
    return code;
}

int ost_analysis_show_journal(const char *path)
{
    ost_analysis_t self = { 0 };
    ost_sensitivity_arguments_t a = { 0 };
    ost_error_t err = { 0 };
    char done[32], all[64];
    int code = read_analysis(&self, path, &a);
    if (code == OST_EXIT_OK && ost_values_gather(&self.kept, &path, 1, false, &err) < 0) code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK)
        ost_print_wrapped(stdout, "%s: a sensitivity analysis of %s by the method %s; finished: %s of %s", path,
            self.experiment.name, ost_sensitivity_words[self.design.kind], ost_cli_thousands(self.took.n_points, done),
            ost_cli_plural(self.n_points, "point", all));
    ost_analysis_free(&self);
    ost_analysis_free_arguments(&a);
    return code;
}
