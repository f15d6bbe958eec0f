/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes journals of a sensitivity analysis; makes the analysis again from what they record, with their points. */
#include "core/table.h"
#include "results/arrays.h"
#include "sensitivity.h"

#include <stdlib.h>
#include <string.h>

/* What a journal was asked. @param[out] texts  of the words in `a`, owned by the caller as the lists are @return an
 * exit code */
enum { N_TEXTS = 11 };
static int read_arguments(const char *path, ost_sensitivity_arguments_t *a, char **texts)
{
    static const char *const facts[N_TEXTS] = { OST_ANALYSIS_METHOD, ANALYSIS_PARAMETERS, ANALYSIS_TABLE, ANALYSIS_SEED,
        ANALYSIS_TRAJECTORIES, ANALYSIS_LEVELS, ANALYSIS_BASE, ANALYSIS_OF, ANALYSIS_OVER, ANALYSIS_VARY,
        ANALYSIS_GROUPS };
    uint64_t *const numbers[] = { &a->seed, &a->n_trajectories, &a->n_levels, &a->n_base };
    ost_text_list_t *const lists[] = { &a->of, &a->over, &a->vary, &a->group };
    int code = ost_cli_recorded(path, facts, N_TEXTS, texts);
    if (code != OST_EXIT_OK) return code;
    a->method = texts[0];
    a->by = texts[1] != NULL && strcmp(texts[1], "none") != 0 ? texts[1] : NULL;
    a->table = texts[2] != NULL && texts[2][0] != '\0' ? texts[2] : NULL;
    for (size_t i = 0; i < 4; i++)
        if (texts[3 + i] != NULL) *numbers[i] = strtoull(texts[3 + i], NULL, 10);
    for (size_t i = 0; i < 4; i++)
        if (texts[7 + i] != NULL && texts[7 + i][0] != '\0' && ost_text_list_split(lists[i], texts[7 + i]) < 0)
            return ost_cli_no_memory();
    return OST_EXIT_OK;
}

int ost_analysis_is_journal(const char *path, bool *is)
{
    static const char *const facts[] = { OST_ANALYSIS_METHOD };
    char *method = NULL;
    *is = false;
    if (!ost_journal_is(path)) return OST_EXIT_OK;
    int code = ost_cli_recorded(path, facts, 1, &method);
    *is = method != NULL;
    free(method);
    return code;
}

/* The analysis that a journal is of. @return an exit code */
static int read_analysis(ost_analysis_t *self, const char *path, ost_sensitivity_arguments_t *a, char **texts)
{
    ost_error_t err = { 0 };
    int code = read_arguments(path, a, texts);
    if (code != OST_EXIT_OK) return code;
    const size_t kind = ost_words_find(ost_sensitivity_words, OST_N_SENSITIVITIES, a->method);
    if (kind == OST_N_SENSITIVITIES) {
        ost_cli_message("%s: is damaged: '%s' is not a method of sensitivity", path, a->method);
        return OST_EXIT_INPUT;
    }
    self->design.kind = (ost_sensitivity_kind_t) kind;
    code = ost_analysis_prepare(self, path, a, -1);
    if (code == OST_EXIT_OK && ost_analysis_prepare_kept(self, &err) < 0) code = ost_cli_fail(&err);
    return code;
}

static void free_arguments(ost_sensitivity_arguments_t *a, char **texts)
{
    ost_text_list_t *const lists[] = { &a->of, &a->over, &a->vary, &a->group, &a->overrides };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) ost_text_list_free(lists[i]);
    for (size_t i = 0; i < N_TEXTS; i++) free(texts[i]);
}

int ost_analysis_merge(const ost_text_list_t *shards, const char *output, bool quiet)
{
    ost_analysis_t self = { 0 };
    ost_sensitivity_arguments_t a = { 0 };
    ost_error_t err = { 0 };
    char *texts[N_TEXTS] = { NULL }, n[64];
    int code = read_analysis(&self, shards->items[0], &a, texts);
    if (code == OST_EXIT_OK &&
        ost_values_gather(&self.kept, (const char *const *) shards->items, shards->n, true, &err) < 0)
        code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK) ost_analysis_sum_up(&self);
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
    free_arguments(&a, texts);
    return code;
}

int ost_analysis_show_journal(const char *path)
{
    ost_analysis_t self = { 0 };
    ost_sensitivity_arguments_t a = { 0 };
    ost_error_t err = { 0 };
    char *texts[N_TEXTS] = { NULL }, done[32], all[64];
    int code = read_analysis(&self, path, &a, texts);
    if (code == OST_EXIT_OK && ost_values_gather(&self.kept, &path, 1, false, &err) < 0) code = ost_cli_fail(&err);
    if (code == OST_EXIT_OK)
        ost_print_wrapped(stdout, "%s: a sensitivity analysis of %s by the method %s; finished: %s of %s", path,
            self.experiment.name, ost_sensitivity_words[self.design.kind], ost_cli_thousands(self.all.n_points, done),
            ost_cli_plural(self.n_points, "point", all));
    ost_analysis_free(&self);
    free_arguments(&a, texts);
    return code;
}
