/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a result file hold what its experiment gives? Takes a plan and the file that it was run into, runs blocks again,
 * and gives the first value that differs. */
#include "results/results_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    ost_results_t *results;
    ost_columns_t columns;
    ost_packer_t *packer;
    double *values; /* [subjects of a chunk][n_times] of the file */
    ost_recomputed_t *out;
} recompute_t;

/* The rows of subjects of one arm and element. @return 0 or OST_ERR_FORMAT */
static int read_rows(recompute_t *self, const char *name, size_t arm, const ost_results_variable_t *variable,
    size_t element, uint64_t first, size_t n, ost_error_t *err)
{
    ost_results_t *results = self->results;
    hsize_t start[OST_MAX_RANK], count[OST_MAX_RANK];
    size_t rank = ost_results_front_at(results, results->i_model, start);
    start[rank++] = arm;
    if (variable->elements.n > 0) start[rank++] = element;
    for (size_t d = 0; d < rank; d++) count[d] = 1;
    start[rank] = first;
    count[rank++] = n;
    start[rank] = 0;
    count[rank++] = results->n_times;
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    hid_t id = ost_h5_open(results->file, name);
    int ret = ost_h5_transfer(id, H5P_DEFAULT, rank, start, count, self->values, NULL);
    if (ret == OST_ERR_FORMAT) ret = ost_h5_fail(err, ret, results->path, "damaged: '%s' cannot be read", name);
    if (ret == OST_ERR_NO_MEMORY) ret = ost_no_memory(err);
    OST_H5_CLOSE(id);
    ost_h5_leave(&handler);
    return ret;
}

static size_t find(const ost_text_list_t *list, const char *text)
{
    size_t i = 0;
    while (i < list->n && strcmp(list->items[i], text) != 0) i++;
    return i;
}

static double value_of(const ost_experiment_t *e, const void *values, size_t i)
{
    return e->float64 ? ((const double *) values)[i] : (double) ((const float *) values)[i];
}

/* Rows of one arm and element against what was computed. */
static void compare_rows(recompute_t *self, const ost_plan_t *plan, const void *ours, size_t n, uint64_t first,
    const char *name, const char *element, size_t arm)
{
    const ost_experiment_t *e = plan->experiment;
    const double tolerance = OST_SAME_VALUE + (e->float64 ? 0 : ldexp(1, -23));
    ost_recomputed_t *out = self->out;
    double largest = 0; /* of a subject: a value near zero is as exact as the others */
    for (size_t i = 0; i < n * e->n_times; i++) {
        double now = value_of(e, ours, i), then = self->values[i];
        for (size_t t = i; i % e->n_times == 0 && t < i + e->n_times; t++)
            largest = fmax(t == i ? 0 : largest, fabs(value_of(e, ours, t)));
        out->n_values++;
        if (now == then || (isnan(now) && isnan(then))) continue;
        out->n_unequal++;
        if (fabs(now - then) <= tolerance * largest) continue;
        if (out->n_different++ > 0) continue;
        snprintf(out->where, sizeof(out->where), "%s%s%s%s, arm '%s', subject %llu, day %g: %.9g in the file, now %.9g",
            name, element[0] != '\0' ? "[" : "", element, element[0] != '\0' ? "]" : "", e->arms[arm].name,
            (unsigned long long) (e->first_subject + first + i / e->n_times), e->times[i % e->n_times], then, now);
    }
}

/* Whether the run got as far as a block, as it did in a file without `status`. @return 1, 0, or OST_ERR_NO_MEMORY */
static int was_run(recompute_t *self, uint64_t first)
{
    hsize_t start[OST_MAX_RANK], count[OST_MAX_RANK];
    size_t rank = ost_results_front_at(self->results, self->results->i_model, start);
    double status = OST_STATUS_NOT_RUN;
    start[rank++] = 0;
    start[rank++] = first;
    for (size_t d = 0; d < rank; d++) count[d] = 1;
    ost_h5_handler_t handler;
    ost_h5_enter(&handler);
    hid_t id = ost_h5_open(self->results->file, "status");
    int ret = ost_h5_transfer(id, H5P_DEFAULT, rank, start, count, &status, NULL);
    OST_H5_CLOSE(id);
    ost_h5_leave(&handler);
    return ret == OST_ERR_NO_MEMORY ? ret : ret != 0 || status != OST_STATUS_NOT_RUN;
}

static int compare_block(void *user, const ost_cohort_block_t *block, ost_error_t *err)
{
    recompute_t *self = user;
    const ost_plan_t *plan = self->columns.plan;
    size_t n_times = plan->experiment->n_times, stride = plan->system->n_outputs * n_times;
    int ret = was_run(self, block->first);
    if (ret < 0) return ost_no_memory(err);
    if (ret == 0) {
        self->out->n_missing++;
        return 0;
    }
    ret = 0;
    self->out->n_blocks++;
    for (size_t v = 0; v < plan->outputs->n_variables; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        char name[OST_DATASET_NAME_SIZE];
        snprintf(name, sizeof(name), "%.78s", variable->name);
        const ost_results_variable_t *there = ost_results_variable(self->results, name);
        if (there == NULL || (there->elements.n > 0) != (variable->index_set != NULL)) {
            if (self->results->models.n > 0 && self->results->design.n_axes == 0)
                snprintf(name, sizeof(name), "%.78s_%.78s", variable->name,
                    self->results->models.items[self->results->i_model]);
            there = ost_results_variable(self->results, name);
        }
        if (there == NULL)
            return ost_fail_at(
                err, OST_ERR_FORMAT, self->results->path, 0, 0, "damaged: variable '%s' is not there", variable->name);
        for (size_t i = 0; i < plan->experiment->n_arms * variable->n_elements && ret == 0; i++) {
            size_t arm = i / variable->n_elements, element = i % variable->n_elements;
            const char *label = variable->index_set != NULL ? variable->index_set->elements[element] : "";
            ret = read_rows(self, name, find(&self->results->arms, plan->experiment->arms[arm].name), there,
                find(&there->elements, label), block->first, block->n_subjects, err);
            const double *y = block->y + arm * block->n_subjects * stride + (variable->first + element) * n_times;
            const void *ours = ost_packer_values(self->packer, y, stride, block->n_subjects,
                self->columns.is_relative[v] ? self->columns.i_zero : SIZE_MAX);
            if (ret == 0) compare_rows(self, plan, ours, block->n_subjects, block->first, name, label, arm);
        }
    }
    return ret;
}

/* Blocks spread over the cohort: of each 1/share blocks the last. */
static void choose_blocks(bool *left_out, size_t n, double share)
{
    for (size_t i = 0; i < n; i++) left_out[i] = floor((double) (i + 1) * share) == floor((double) i * share);
    left_out[n - 1] = false;
}

int ost_results_recompute(ost_results_t *results, const ost_part_t *parts, size_t n_parts, size_t i_part, double share,
    int n_threads, ost_recomputed_t *out, ost_error_t *err)
{
    const ost_plan_t *plan = parts[i_part].plan;
    const ost_sweep_t *sweep = parts[i_part].sweep;
    const ost_experiment_t *e = plan->experiment;
    size_t n_blocks = (size_t) ((e->n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK);
    ost_columns_t *columns = calloc(n_parts, sizeof(*columns));
    ost_cohort_summary_t summary = { 0 };
    recompute_t self = { .results = results, .packer = ost_packer_new(e), .out = out };
    bool *left_out = calloc(n_blocks, sizeof(*left_out));
    *out = (ost_recomputed_t){ 0 };
    self.values = malloc(ost_chunk_subjects(e) * e->n_times * sizeof(*self.values));
    int ret =
        columns == NULL || self.packer == NULL || left_out == NULL || self.values == NULL ? ost_no_memory(err) : 0;
    if (ret == 0 && (results->n_subjects != e->n_subjects || results->n_times != e->n_times))
        ret = ost_fail_at(err, OST_ERR_FORMAT, results->path, 0, 0,
            "damaged: its experiment has %llu subjects and %zu times, it holds %zu and %zu",
            (unsigned long long) e->n_subjects, e->n_times, results->n_subjects, results->n_times);
    if (ret == 0) ret = ost_columns_init(columns, parts, n_parts, err);
    if (ret == 0 && sweep != NULL) ret = sweep->plan(sweep->user, i_part, &plan, err);
    if (ret == 0) {
        self.columns = columns[sweep != NULL ? 0 : i_part];
        choose_blocks(left_out, n_blocks, share);
        const ost_cohort_options_t options = {
            .n_threads = n_threads, .sink = compare_block, .done = left_out, .no_probe = true, .user = &self
        };
        ret = ost_cohort_run(plan, &options, &summary, err);
    }
    ost_cohort_summary_free(&summary);
    for (size_t p = 0; columns != NULL && p < ost_columns_n(parts, n_parts); p++) ost_columns_free(&columns[p]);
    ost_packer_delete(self.packer);
    free(columns);
    free(left_out);
    free(self.values);
    return ret;
}
