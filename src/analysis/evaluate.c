/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See evaluate.h. Points whose settings other than parameters are the same share a plan, and run as its variants. */
#include "analysis/evaluate.h"
#include "core/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Subjects of all points of one run at most: an assumption; their measures are kept until its end. Of runs that are
 * kept, fewer are lost when one is killed. */
#define MOST_POSITIONS ((uint64_t) 1 << 18)
#define MOST_POSITIONS_KEPT ((uint64_t) 1 << 15)

typedef struct {
    const ost_evaluation_t *how;
    const double *u;
    size_t n_points;
    double *y;
    ost_values_took_t *took, one; /* of all runs; of this one */
    uint64_t first_failed;        /* of this run: point * n_subjects + subject */
    size_t n_left;                /* points to be evaluated */
    size_t *order;                /* [n_left] those with the same settings side by side */
    char **entries;               /* [n_points] settings other than parameters, a line each */
    ost_experiment_t experiment;
    ost_plan_t plan;
    ost_endpoint_t *endpoints; /* [how->n_endpoints] bound to the plan */
    ost_collector_t collector;
    const size_t *points; /* [n] of this run */
    ost_memory_t memory;
} run_t;

/* Whether an endpoint that is asked for is of the arm. */
static bool is_needed(const run_t *self, const ost_experiment_t *e, const char *arm)
{
    for (size_t i = 0; i < self->how->n_endpoints; i++) {
        const ost_asked_t *asked = &e->endpoints[self->how->endpoints[i]];
        if (strcmp(asked->arm, arm) == 0 || (asked->versus != NULL && strcmp(asked->versus, arm) == 0)) return true;
    }
    return false;
}

static void trim_arms(const run_t *self, ost_experiment_t *e)
{
    for (size_t a = e->n_arms; a-- > 0;)
        if (!is_needed(self, e, e->arms[a].name)) ost_experiment_drop_arm(e, a);
}

/* The first time stays, as arms begin there. */
static int trim_times(const run_t *self, ost_experiment_t *e, ost_error_t *err)
{
    bool *is_used = calloc(e->n_times + 1, sizeof(*is_used));
    size_t n = 1;
    if (is_used == NULL) return ost_no_memory(err);
    for (size_t i = 0; i < self->how->n_endpoints; i++) {
        const ost_asked_t *asked = &e->endpoints[self->how->endpoints[i]];
        const size_t to = ost_endpoint_time(e, asked->to), from = ost_endpoint_time(e, asked->from);
        if (to != SIZE_MAX) is_used[to] = true;
        if (asked->measure != OST_MEASURE_LEVEL && from != SIZE_MAX) is_used[from] = true;
    }
    for (size_t t = 1; t < e->n_times; t++) {
        const bool is_second = t + 1 == e->n_times && n == 1; /* an experiment has two times */
        if (is_used[t] || is_second) e->times[n++] = e->times[t];
    }
    free(is_used);
    e->n_times = n;
    return 0;
}

/* Groups of outputs, as "bmd". */
static int trim_outputs(const run_t *self, ost_experiment_t *e, ost_error_t *err)
{
    const size_t n = self->how->n_endpoints;
    char **outputs = ost_memory_list(&e->memory, n, sizeof(*outputs));
    ost_location_t *locations = ost_memory_list(&e->memory, n, sizeof(*locations));
    size_t n_outputs = 0;
    for (size_t i = 0; i < n && !e->memory.failed; i++) {
        const ost_asked_t *asked = &e->endpoints[self->how->endpoints[i]];
        const size_t length = strcspn(asked->output, "[");
        size_t k = 0;
        while (k < n_outputs && (strlen(outputs[k]) != length || strncmp(outputs[k], asked->output, length) != 0)) k++;
        if (k < n_outputs) continue;
        locations[n_outputs] = asked->output_at;
        outputs[n_outputs++] = ost_memory_text(&e->memory, asked->output, length);
    }
    e->outputs = outputs;
    e->output_locations = locations;
    e->n_outputs = n_outputs;
    return e->memory.failed ? ost_no_memory(err) : 0;
}

static void free_plan(run_t *self)
{
    ost_plan_free(&self->plan);
    ost_experiment_free(&self->experiment);
}

/* The experiment with the settings of a point, reduced to what the endpoints need. */
static int make_plan(run_t *self, const char *entries, ost_error_t *err)
{
    const ost_evaluation_t *how = self->how;
    ost_text_list_t settings = { 0 };
    char why[240];
    free_plan(self);
    int ret = ost_text_list_split(&settings, entries);
    for (size_t i = 0; i < how->settings->n && ret == 0; i++)
        ret = ost_text_list_add(&settings, "%s", how->settings->items[i]);
    ret = ret < 0 ? ost_no_memory(err)
                  : ost_experiment_vary(
                        &self->experiment, how->experiment, (const char *const *) settings.items, settings.n, err);
    ost_text_list_free(&settings);
    ost_experiment_t *e = &self->experiment;
    if (ret == 0) ret = trim_outputs(self, e, err);
    if (ret == 0) trim_arms(self, e);
    if (ret == 0) ret = trim_times(self, e, err);
    if (ret == 0) ret = ost_plan_build(&self->plan, how->library, e, err);
    for (size_t i = 0; i < how->n_endpoints && ret == 0; i++) {
        const ost_asked_t *asked = &e->endpoints[how->endpoints[i]];
        ret = ost_endpoint_asked(&self->endpoints[i], e, asked, err);
        if (ret == 0 && !ost_endpoint_bind(&self->endpoints[i], &self->plan, why, sizeof(why)))
            ret = OST_FAIL_AT(err, OST_ERR_NAME, e, asked->output_at, "endpoints.%s.output: %s", asked->name, why);
    }
    if (ret < 0 && ret != OST_ERR_NO_MEMORY && entries[0] != '\0')
        ost_error_prepend(err, "at %.*s: ", (int) strcspn(entries, "\n"), entries);
    return ret;
}

/* ---- a run of points that share a plan -------------------------------------------------------------------------- */

static int report(void *user, const ost_progress_t *progress)
{
    run_t *self = user;
    const ost_evaluation_t *how = self->how;
    const ost_values_took_t *before = self->took;
    if (how->progress != NULL)
        how->progress(how->user, before->n_points * self->one.n_subjects + progress->subjects_done,
            self->one.n_subjects * self->n_left, before->seconds_wall + progress->seconds,
            before->failures + progress->failures);
    return 0;
}

static int collect(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    run_t *self = user;
    const size_t n = block->n_subjects;
    const uint64_t n_subjects = self->one.n_subjects;
    for (size_t k = 0; block->failures > 0 && k < n * self->experiment.n_arms; k++) {
        const uint64_t at = block->first + k % n, point = self->points[at / n_subjects];
        if (block->messages[k] == NULL || point * n_subjects + at % n_subjects >= self->first_failed) continue;
        self->first_failed = point * n_subjects + at % n_subjects;
        self->one.first_failed = point;
        snprintf(self->one.first_failure, sizeof(self->one.first_failure), "point %llu, subject %llu, arm '%s': %.200s",
            (unsigned long long) point, (unsigned long long) (self->experiment.first_subject + at % n_subjects),
            self->experiment.arms[k / n].name, block->messages[k]);
    }
    return ost_collector_sink(&self->collector, block, err);
}

/* Typical values of the parameters at each point, as a setting would give them. @return NULL: out of memory */
static double *variants_of(const run_t *self, size_t n, ost_memory_t *memory)
{
    const ost_factors_t *factors = self->how->factors;
    const size_t n_params = self->plan.blocks->n_params;
    double *variants = ost_memory_list(memory, n * n_params, sizeof(*variants));
    for (size_t v = 0; v < n && variants != NULL; v++) {
        ost_plan_typical(&self->plan, variants + v * n_params);
        for (size_t k = 0; k < factors->n; k++) {
            const ost_factor_t *one = &factors->factors[k];
            char text[OST_FACTOR_TEXT];
            ost_quantity_t value;
            if (one->param < 0) continue;
            ost_factor_text(one, self->how->kind, self->u[self->points[v] * factors->n + k], text, sizeof(text));
            if (ost_quantity_parse(&value, text, NULL) == 0)
                variants[v * n_params + (size_t) one->param] =
                    ost_param_within(ost_blocks_param(self->plan.blocks, (size_t) one->param), value.value);
        }
    }
    return variants;
}

static void estimate(run_t *self, size_t n, double *work)
{
    const size_t n_subjects = (size_t) self->one.n_subjects;
    for (size_t i = 0; i < self->how->n_endpoints; i++)
        for (size_t v = 0; v < n; v++)
            self->y[i * self->n_points + self->points[v]] =
                ost_collector_estimate(&self->collector, i, v * n_subjects, n_subjects, work).value;
}

/* Add what this run of n points took. */
static void sum_up(run_t *self, size_t n, const ost_cohort_summary_t *summary)
{
    self->one.n_points = n;
    self->one.seconds_wall = summary->seconds_wall;
    self->one.seconds_cpu = summary->seconds_cpu;
    self->one.failures = summary->failures;
    self->one.n_threads = (uint64_t) summary->n_threads;
    self->one.isa = summary->isa;
    ost_values_take(self->took, &self->one);
}

/* Run n points. @return 0, 1: interrupted, or an error */
static int run_points(run_t *self, size_t n, ost_error_t *err)
{
    ost_cohort_summary_t summary = { 0 };
    const uint64_t n_subjects = self->experiment.n_subjects;
    self->one =
        (ost_values_took_t){ .n_subjects = n_subjects, .n_arms = self->experiment.n_arms, .first_failed = UINT64_MAX };
    self->first_failed = UINT64_MAX;
    ost_memory_t memory = { 0 };
    double *variants = variants_of(self, n, &memory), *work = ost_memory_list(&memory, n_subjects, sizeof(*work));
    int ret = memory.failed ? ost_no_memory(err) : 0;
    if (ret == 0)
        ret = ost_collector_init(
            &self->collector, &self->plan, self->endpoints, self->how->n_endpoints, n * (size_t) n_subjects, err);
    const ost_cohort_options_t options = { .n_threads = self->how->n_threads,
        .variants = variants,
        .n_variants = n,
        .no_probe = true,
        .sink = collect,
        .progress = report,
        .stop = self->how->stop,
        .user = self };
    if (ret == 0) ret = ost_cohort_run(&self->plan, &options, &summary, err);
    if (ret == 0 && !summary.interrupted) estimate(self, n, work);
    sum_up(self, n, &summary);
    if (ret == 0) ret = summary.interrupted;
    if (ret == 0 && self->how->keep != NULL) ret = self->how->keep(self->how->user, self->points, n, &self->one, err);
    ost_cohort_summary_free(&summary);
    ost_collector_free(&self->collector);
    ost_memory_free(&memory);
    return ret;
}

/* ---- all points ------------------------------------------------------------------------------------------------- */

/* Settings of a point other than parameters, a line each. @return NULL: out of memory */
static char *entries_at(const run_t *self, size_t p)
{
    const ost_factors_t *factors = self->how->factors;
    ost_text_list_t lines = { 0 };
    char text[OST_FACTOR_TEXT], *joined = NULL;
    int ret = 0;
    for (size_t k = 0; k < factors->n && ret == 0; k++) {
        const ost_factor_t *one = &factors->factors[k];
        if (one->param < 0)
            ret = ost_text_list_add(&lines, "%s=%s", one->path,
                ost_factor_text(one, self->how->kind, self->u[p * factors->n + k], text, sizeof(text)));
    }
    if (ret == 0)
        joined = lines.n == 0 ? ost_strdup("") : ost_text_join((const char *const *) lines.items, lines.n, "\n");
    ost_text_list_free(&lines);
    return joined;
}

/* Move points with the same settings to each other, in the order of the first of each: n log n comparisons. */
static int compare_entries(const void *a, const void *b, void *user)
{
    const run_t *self = user;
    const size_t i = *(const size_t *) a, k = *(const size_t *) b;
    const int order = strcmp(self->entries[i], self->entries[k]);
    return order != 0 ? order : (i > k) - (i < k);
}

static int sort_points(run_t *self, ost_error_t *err)
{
    self->order = ost_memory_list(&self->memory, self->n_points, sizeof(*self->order));
    self->endpoints = ost_memory_list(&self->memory, self->how->n_endpoints, sizeof(*self->endpoints));
    self->entries = ost_memory_list(&self->memory, self->n_points, sizeof(*self->entries));
    if (self->memory.failed) return ost_no_memory(err);
    for (size_t p = 0; p < self->n_points; p++) {
        if (self->how->done != NULL && self->how->done[p]) continue;
        self->order[self->n_left++] = p;
        if ((self->entries[p] = entries_at(self, p)) == NULL) return ost_no_memory(err);
    }
    qsort_r(self->order, self->n_left, sizeof(*self->order), compare_entries, self);
    return 0;
}

int ost_evaluate(const ost_evaluation_t *self, const double *u, size_t n_points, double *y, ost_values_took_t *took,
    ost_error_t *err)
{
    run_t run = { .how = self, .u = u, .n_points = n_points, .y = y, .took = took };
    const uint64_t most = self->keep != NULL ? MOST_POSITIONS_KEPT : MOST_POSITIONS;
    *took = (ost_values_took_t){ .first_failed = UINT64_MAX };
    for (size_t i = 0; i < self->n_endpoints * n_points; i++)
        if (self->done == NULL || !self->done[i % n_points]) y[i] = NAN;
    int ret = sort_points(&run, err);
    for (size_t first = 0, n; first < run.n_left && ret == 0; first += n) {
        const char *entries = run.entries[run.order[first]];
        if (first == 0 || strcmp(entries, run.entries[run.order[first - 1]]) != 0) ret = make_plan(&run, entries, err);
        if (ret < 0) break;
        n = 1;
        while (first + n < run.n_left && (n + 1) * run.experiment.n_subjects <= most &&
               strcmp(entries, run.entries[run.order[first + n]]) == 0)
            n++;
        run.points = run.order + first;
        ret = run_points(&run, n, err);
    }
    free_plan(&run);
    for (size_t p = 0; p < n_points && run.entries != NULL; p++) free(run.entries[p]);
    ost_memory_free(&run.memory);
    return ret;
}
