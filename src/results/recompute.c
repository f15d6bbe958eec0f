/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a result file hold what its experiment gives? Takes the plans that the file records, runs blocks of them into a
 * second file, and compares the two. */
#include "results/results_impl.h"

#include <math.h>
#include <stdlib.h>

/* Whether the run got as far as a block, as it did in a file without `status`. @return 1, 0, or OST_ERR_NO_MEMORY */
static int was_run(const ost_results_t *results, size_t part, size_t i_block)
{
    ost_slab_t at = ost_results_front_at(results, part);
    double status = OST_STATUS_NOT_RUN;
    ost_slab_add(&at, 0, 1);
    ost_slab_add(&at, (hsize_t) i_block * OST_COHORT_BLOCK, 1);
    int ret = ost_h5_read(results->file, results->path, "status", &at, &status, NULL);
    return ret == OST_ERR_NO_MEMORY ? ret : ret != 0 || status != OST_STATUS_NOT_RUN;
}

/* Of each 1/share of n the last: spread over all. */
static bool is_chosen(size_t i, size_t n, double share)
{
    return share > 0 && (i + 1 == n || floor((double) (i + 1) * share) != floor((double) i * share));
}

/* Blocks spread over the cohort; of a sweep points spread over the design, with all blocks, as endpoints are of all,
 * and with the first point where quantiles are kept, whose widths of bins are all points'. Quantiles of a run are of
 * all. */
static int choose_blocks(ost_recomputed_t *self, const ost_results_t *results, double share, bool is_sweep)
{
    const bool has_quantiles = results->keep == OST_KEEP_QUANTILES;
    for (size_t p = 0; p < self->n_parts; p++)
        for (size_t i = 0; i < self->n_blocks; i++) {
            bool *is_left_out = &self->left_out[p * self->n_blocks + i];
            *is_left_out = share == 0      ? true
                           : has_quantiles ? is_sweep && p > 0 && !is_chosen(p, self->n_parts, share)
                           : is_sweep      ? !is_chosen(p, self->n_parts, share)
                                           : !is_chosen(i, self->n_blocks, share);
            if (*is_left_out || is_sweep || has_quantiles) continue;
            int ret = was_run(results, p, i);
            if (ret < 0) return ret;
            *is_left_out = ret == 0;
            self->parts[p].n_missing += ret == 0;
        }
    return 0;
}

typedef struct {
    ost_journal_t *journal;
    size_t part;
} sink_t;

static int keep_block(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    const sink_t *self = user;
    return ost_journal_block(self->journal, self->part, block, err);
}

/* Run the blocks of a part that are chosen. @return 0, 1: stopped, or a negative code */
static int run_part(
    ost_recomputed_t *self, sink_t *sink, const ost_part_t *part, const ost_recompute_t *how, ost_error_t *err)
{
    const bool *left_out = self->left_out + sink->part * self->n_blocks;
    const ost_plan_t *plan = part->plan;
    ost_cohort_summary_t summary = { 0 };
    size_t n = 0;
    int ret = 0;
    for (size_t i = 0; i < self->n_blocks; i++) n += !left_out[i];
    self->parts[sink->part].n_blocks = n;
    if (n == 0) return 0;
    const ost_cohort_options_t options = { .n_threads = how->n_threads,
        .sink = keep_block,
        .parallel_sink = true,
        .done = left_out,
        .no_probe = true,
        .stop = how->stop,
        .user = sink };
    if (part->sweep != NULL) ret = part->sweep->plan(part->sweep->user, sink->part, &plan, err);
    if (ret == 0) ret = ost_cohort_run(plan, &options, &summary, err);
    if (ret == 0) ret = ost_journal_end(sink->journal, sink->part, &summary, err);
    if (ret == 0) ret = summary.interrupted;
    ost_cohort_summary_free(&summary);
    return ret;
}

/* @return as run_part() */
static int write_again(ost_recomputed_t *self, const ost_part_t *parts, const ost_recompute_t *how, ost_error_t *err)
{
    sink_t sink = { 0 };
    int ret =
        ost_journal_open(&sink.journal, how->again, parts, self->n_parts, (ost_shard_t){ 0 }, OST_JOURNAL_NEW, err);
    for (sink.part = 0; sink.part < self->n_parts && ret == 0; sink.part++)
        ret = run_part(self, &sink, &parts[sink.part], how, err);
    if (ret == 0) ret = ost_results_write(sink.journal, how->again, err);
    ost_journal_close(sink.journal);
    return ret;
}

int ost_results_recompute(ost_recomputed_t *self, ost_results_t *results, const ost_part_t *parts, size_t n_parts,
    const ost_recompute_t *how, ost_error_t *err)
{
    const ost_experiment_t *e = parts[0].plan->experiment;
    ost_results_t *again = NULL;
    *self = (ost_recomputed_t){ .n_parts = n_parts,
        .n_blocks = (size_t) ((e->n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK) };
    self->parts = calloc(n_parts + 1, sizeof(*self->parts));
    self->left_out = calloc(n_parts * self->n_blocks, sizeof(*self->left_out));
    if (self->parts == NULL || self->left_out == NULL) return ost_no_memory(err);
    if (results->keep != OST_KEEP_ENDPOINTS && (results->n_subjects != e->n_subjects || results->n_times != e->n_times))
        return ost_fail_at(err, OST_ERR_FORMAT, results->path, 0, 0,
            "damaged: its experiment has %llu subjects and %zu times, it holds %zu and %zu",
            (unsigned long long) e->n_subjects, e->n_times, results->n_subjects, results->n_times);
    if (choose_blocks(self, results, how->share, parts[0].sweep != NULL) < 0) return ost_no_memory(err);
    int ret = write_again(self, parts, how, err);
    if (ret == 0) ret = ost_results_open(&again, how->again, err);
    if (ret == 0) ret = ost_results_differ(self, results, again, e, err);
    ost_results_close(again);
    return ret;
}

void ost_recomputed_free(ost_recomputed_t *self)
{
    free(self->parts);
    free(self->left_out);
    *self = (ost_recomputed_t){ 0 };
}
