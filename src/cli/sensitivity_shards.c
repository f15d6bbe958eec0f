/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An analysis as a journal: what it is asked, as facts, and the points that it has. */
#include "journal/record.h"
#include "results/arrays.h"
#include "sensitivity.h"

#include <string.h>
#include <unistd.h>

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

static uint32_t crc_of(uint32_t crc, double x)
{
    char text[32];
    return ost_record_crc(crc, text, (size_t) snprintf(text, sizeof(text), "%.9g;", x));
}

/* A check of all that values of the inputs are made from, as a table of draws may have changed. */
static uint32_t check_of(const ost_factors_t *factors)
{
    uint32_t crc = 0;
    for (size_t k = 0; k < factors->n; k++) {
        const ost_factor_t *one = &factors->factors[k];
        crc = ost_record_crc(crc, one->path, strlen(one->path));
        crc = crc_of(crc_of(crc_of(crc, one->lower), one->upper), one->sd);
        for (size_t d = 0; d < one->n_draws; d++) crc = crc_of(crc, one->draws[d]);
    }
    return crc;
}

int ost_analysis_identify(ost_analysis_t *self, const char *parameters, ost_error_t *err)
{
    const ost_part_t part = { .plan = &self->plan };
    int ret = ost_parts_identity(&self->identity, &part, 1, err);
    ost_identity_text(&self->identity, OST_ANALYSIS_METHOD, ost_sensitivity_words[self->design.kind]);
    ost_identity_text(&self->identity, ANALYSIS_PARAMETERS, parameters);
    return ret;
}

int ost_analysis_note(ost_analysis_t *self, const ost_sensitivity_arguments_t *a)
{
    const ost_sensitivity_t *design = &self->design;
    const struct {
        const char *name;
        size_t n;
        unsigned methods; /* bits */
    } numbers[] = { { ANALYSIS_SEED, (size_t) design->seed, ~0u },
        { ANALYSIS_TRAJECTORIES, design->n, 1u << OST_SENSITIVITY_MORRIS },
        { ANALYSIS_LEVELS, design->n_levels, 1u << OST_SENSITIVITY_MORRIS },
        { ANALYSIS_BASE, design->n, 1u << OST_SENSITIVITY_SOBOL }, { ANALYSIS_POINTS, self->n_points, ~0u } };
    ost_identity_t *facts = &self->identity;
    ost_text_list_t names = { 0 };
    ost_error_t err = { 0 };
    int ret =
        ost_analysis_identify(self, self->without_parameters ? "none" : ost_factor_source_words[self->source], &err);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].methods & 1u << design->kind)
            ost_identity_add(facts, OST_FACT_TEXT, numbers[i].name, "%zu", numbers[i].n);
    for (size_t i = 0; i < self->n_endpoints; i++)
        facts->memory.failed |= ost_text_list_add(&names, "%s", self->experiment.endpoints[self->chosen[i]].name) < 0;
    ost_identity_lines(facts, ANALYSIS_OF, &names);
    ost_identity_lines(facts, ANALYSIS_OVER, &a->over);
    ost_identity_lines(facts, ANALYSIS_VARY, &a->vary);
    ost_identity_lines(facts, ANALYSIS_GROUPS, &a->group);
    ost_identity_text(facts, ANALYSIS_TABLE, a->table != NULL ? a->table : "");
    ost_identity_add(facts, OST_FACT_TEXT, ANALYSIS_INPUTS, "%08x", (unsigned) check_of(&self->factors));
    ost_text_list_free(&names);
    if (ret == 0 && facts->memory.failed) ret = ost_no_memory(&err);
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

/* ---- points ----------------------------------------------------------------------------------------------------- */

int ost_analysis_check_replaced(const ost_analysis_t *self, const char *output, bool quiet)
{
    bool is_earlier = false;
    int code = ost_cli_check_replaced_by(output, &self->identity, &is_earlier);
    if (is_earlier && !quiet) ost_cli_replaces(output, self->experiment.name);
    return code;
}

int ost_analysis_prepare_kept(ost_analysis_t *self, ost_error_t *err)
{
    self->done = ost_memory_list(&self->memory, self->n_points, sizeof(*self->done));
    if (self->done == NULL) return ost_no_memory(err);
    self->kept = (ost_values_t){ .identity = &self->identity,
        .n_points = self->n_points,
        .n_values = self->n_endpoints,
        .values = self->y,
        .done = self->done,
        .took = &self->took };
    return 0;
}

/* With --resume and no journal, what is asked may be there: a result file, or a shard. @return 0, 1: it is, or an error
 */
static int check_complete(ost_analysis_t *self, const ost_analysis_how_t *how, ost_error_t *err)
{
    ost_results_t *results = NULL;
    if (how->resume != OST_JOURNAL_RESUME || ost_journal_exists(how->output) || access(how->output, F_OK) != 0)
        return 0;
    if (ost_journal_is(how->output)) {
        if (how->shard.n == 0) return 0;
        const int ret = ost_values_gather(&self->kept, &how->output, 1, false, err);
        return ret < 0 ? ret : 1;
    }
    int ret = ost_cli_open_result(&results, how->output, true, err);
    if (ret == 0) ret = ost_identity_compare(&self->identity, &results->attributes, "resumed", how->output, err);
    ost_results_close(results);
    return ret < 0 ? ret : 1;
}

int ost_analysis_open(ost_analysis_t *self, const ost_analysis_how_t *how, bool *is_complete)
{
    ost_error_t err = { 0 };
    if (how->shard.n > self->n_points)
        return OST_CLI_USAGE("--shard: %zu shards of %zu points", how->shard.n, self->n_points);
    int ret = ost_analysis_prepare_kept(self, &err);
    if (ret == 0) ret = check_complete(self, how, &err);
    *is_complete = ret > 0;
    if (*is_complete) ost_cli_message("%s is complete; there is nothing to resume", how->output);
    if (ret == 0) ret = ost_values_open(&self->log, how->output, &self->kept, how->shard, how->resume, &err);
    if (ret < 0) return ost_cli_fail(&err);
    if (how->shard.n == 0) return OST_EXIT_OK;
    for (size_t p = 0; p < self->n_points && !*is_complete; p++) /* points of other shards are not evaluated */
        self->done[p] = self->done[p] || p < ost_values_begin(how->shard, self->n_points) ||
                        p >= ost_values_begin((ost_shard_t){ how->shard.i + 1, how->shard.n }, self->n_points);
    return OST_EXIT_OK;
}
