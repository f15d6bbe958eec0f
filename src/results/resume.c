/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going on with a file that an earlier run of the same experiment left unfinished. */
#include "cohort/cohort.h"
#include "results/results_impl.h"

#include <stdlib.h>
#include <string.h>

static int open_dataset(ost_writer_t *self, hid_t *id, hid_t parent, const char *name, ost_error_t *err)
{
    *id = H5Dopen2(parent, name, H5P_DEFAULT);
    return *id >= 0 ? 0 : ost_h5_fail(err, OST_ERR_FORMAT, self->part, "'%s' cannot be read", name);
}

static int open_parameters(ost_writer_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    int ret = 0;
    self->parameters = H5Gopen2(self->file, "parameters", H5P_DEFAULT);
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_block_t *block = &plan->blocks[b];
        for (size_t k = 0; k < block->model->n_params && ret == 0; k++) {
            char name[160];
            size_t i = block->first_param + k;
            if (block->model->params[k].is_covariate) continue;
            ost_plan_param_name(plan, i, name, sizeof name);
            ret = open_dataset(self, &self->params[i], self->parameters, name, err);
        }
    }
    return ret;
}

static int open_schedule(ost_writer_t *self, size_t i, ost_error_t *err)
{
    char name[OST_COURSE_NAME_SIZE];
    size_t first = ost_results_first_schedule(self->plan, i);
    if (first == i) {
        snprintf(name, sizeof name, OST_BEGAN "%.100s", self->plan->schedules[i].name);
        int ret = open_dataset(self, &self->began[i], self->file, name, err);
        snprintf(name, sizeof name, OST_ENDED "%.100s", self->plan->schedules[i].name);
        if (ret == 0) ret = open_dataset(self, &self->ended[i], self->file, name, err);
        return ret;
    }
    self->began[i] = self->began[first];
    self->ended[i] = self->ended[first];
    return 0;
}

static int open_datasets(ost_writer_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    int ret = open_dataset(self, &self->status, self->file, "status", err);
    if (ret == 0) ret = open_dataset(self, &self->n_steps, self->file, "n_steps", err);
    if (ret == 0) ret = open_dataset(self, &self->n_rejected, self->file, "n_rejected", err);
    for (size_t i = 0; i < plan->n_schedules && ret == 0; i++) ret = open_schedule(self, i, err);
    for (size_t v = 0; v < plan->n_variables && ret == 0; v++) {
        ret = open_dataset(self, &self->variables[v], self->file, plan->variables[v].name, err);
    }
    for (size_t i = 0; i < e->n_covariates && ret == 0; i++) {
        ret = open_dataset(self, &self->covariates[i], self->file, e->covariates[i].name, err);
    }
    return ret == 0 ? open_parameters(self, err) : ret;
}

/* What the end of an interrupted run added; until the next end the file does not count as finished. */
static int drop_summary(ost_writer_t *self, ost_error_t *err)
{
    static const char *const datasets[] = { "failure_message", "failure_arm", "failure_subject", "failure" };
    bool ok = H5Aexists(self->file, "n_done") <= 0 || H5Adelete(self->file, "n_done") >= 0;
    for (size_t i = 0; i < sizeof datasets / sizeof datasets[0] && ok; i++) {
        ok = H5Lexists(self->file, datasets[i], H5P_DEFAULT) <= 0 ||
             H5Ldelete(self->file, datasets[i], H5P_DEFAULT) >= 0;
    }
    return ok ? 0 : ost_h5_fail(err, OST_ERR_FORMAT, self->part, "cannot be resumed");
}

/* A program that was killed in the middle of a checkpoint can have lost chunks that it says are there. */
static bool has_chunks(const ost_writer_t *self, uint64_t first)
{
    const ost_plan_t *plan = self->plan;
    for (size_t v = 0; v < plan->n_variables; v++) {
        const ost_variable_t *variable = &plan->variables[v];
        for (size_t i = 0; i < plan->experiment->n_arms * variable->n_elements; i++) {
            hsize_t arm = i / variable->n_elements, element = i % variable->n_elements, size = 0;
            const hsize_t at4[] = { arm, element, first, 0 }, at3[] = { arm, first, 0 };
            const hsize_t *at = variable->index_set != NULL ? at4 : at3;
            if (H5Dget_chunk_storage_size(self->variables[v], at, &size) < 0 || size == 0) return false;
        }
    }
    return true;
}

static int read_status(const ost_writer_t *self, uint64_t first, size_t n, uint8_t *status)
{
    const hsize_t start[] = { 0, first }, count[] = { self->plan->experiment->n_arms, n };
    hid_t space = H5Dget_space(self->status), memory = H5Screate_simple(2, count, NULL);
    bool ok = space >= 0 && memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(self->status, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, status) >= 0;
    if (space >= 0) H5Sclose(space);
    if (memory >= 0) H5Sclose(memory);
    return ok ? 0 : -1;
}

/* Blocks that need not be run again. The first one always is, for what the run measures on it; and those with failures,
 * for their messages. */
static int find_done(ost_writer_t *self, ost_error_t *err)
{
    uint64_t n_subjects = self->plan->experiment->n_subjects;
    size_t n_arms = self->plan->experiment->n_arms;
    uint8_t *status = calloc(n_arms, OST_COHORT_BLOCK);
    self->done = calloc((size_t) ((n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK), sizeof *self->done);
    if (self->done == NULL || status == NULL) {
        free(status);
        return ost_no_memory(err);
    }
    int ret = 0;
    for (uint64_t first = OST_COHORT_BLOCK; first < n_subjects; first += OST_COHORT_BLOCK) {
        size_t n = n_subjects - first < OST_COHORT_BLOCK ? (size_t) (n_subjects - first) : OST_COHORT_BLOCK, n_ok = 0;
        if (read_status(self, first, n, status) != 0) {
            ret = ost_h5_fail(err, OST_ERR_FORMAT, self->part, "'status' cannot be read");
            break;
        }
        for (size_t i = 0; i < n_arms * n; i++) n_ok += status[i] == 0;
        bool is_done = n_ok == n_arms * n && has_chunks(self, first);
        self->done[first / OST_COHORT_BLOCK] = is_done;
        self->n_done += is_done ? n : 0;
    }
    self->n_resumed = self->n_done;
    free(status);
    return ret;
}

int ost_results_reopen(ost_writer_t *self, ost_error_t *err)
{
    int ret = open_datasets(self, err);
    if (ret == 0) ret = drop_summary(self, err);
    return ret == 0 ? find_done(self, err) : ret;
}

const bool *ost_writer_done(const ost_writer_t *self, uint64_t *n_subjects)
{
    *n_subjects = self->n_resumed;
    return self->done;
}
