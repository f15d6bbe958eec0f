/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a finished block adds to the file. */
#include "io/results_impl.h"
#include "io/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a program that is killed may lose, about. */
#define CHECKPOINT_SECONDS 1.0

static int write_slab(
    hid_t dataset, hid_t type, size_t rank, const hsize_t *start, const hsize_t *count, const void *values)
{
    hid_t file_space = H5Dget_space(dataset), memory = H5Screate_simple((int) rank, count, NULL);
    int ret = -1;
    if (file_space >= 0 && memory >= 0 &&
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
        H5Dwrite(dataset, type, memory, file_space, H5P_DEFAULT, values) >= 0) {
        ret = 0;
    }
    if (file_space >= 0) H5Sclose(file_space);
    if (memory >= 0) H5Sclose(memory);
    return ret;
}

static int write_chunk(ost_writer_t *self, size_t v, size_t arm, size_t element, uint64_t first, const void *data,
    size_t size, ost_error_t *err)
{
    ost_h5_handler_t handler;
    const hsize_t at4[] = { arm, element, first, 0 }, at3[] = { arm, first, 0 };
    const hsize_t *at = self->plan->variables[v].index_set != NULL ? at4 : at3;
    ost_h5_enter(&handler);
    int ret = H5Dwrite_chunk(self->variables[v], H5P_DEFAULT, 0, at, size, data) < 0
                  ? ost_writer_fail(self, self->plan->variables[v].name, err)
                  : 0;
    ost_h5_leave(&handler);
    return ret;
}

/* Everything but the writing itself is outside the lock, so that threads compress side by side. */
static int write_variables(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t n_times = plan->experiment->n_times, stride = plan->system.n_outputs * n_times;
    ost_packer_t *packer = ost_packer_take(self);
    int ret = packer == NULL ? ost_fail(err, OST_ERR_NO_MEMORY, "out of memory") : 0;
    for (size_t v = 0; v < plan->n_variables; v++) {
        const ost_variable_t *variable = &plan->variables[v];
        for (size_t i = 0; i < plan->experiment->n_arms * variable->n_elements && ret == 0; i++) {
            size_t arm = i / variable->n_elements, element = i % variable->n_elements, size;
            const double *y = block->y + arm * block->n_subjects * stride + (variable->first + element) * n_times;
            const void *data = ost_packer_pack(packer, y, stride, block->n_subjects, &size);
            ret = write_chunk(self, v, arm, element, block->first, data, size, err);
        }
    }
    if (packer != NULL) ost_packer_give_back(packer, self);
    return ret;
}

/* One value a subject: column `index` of rows[n_subjects][n_columns], from internal units to the reported one. */
static int write_column(ost_writer_t *self, hid_t dataset, const char *name, const ost_cohort_block_t *block,
    const double *rows, size_t n_columns, size_t index, double factor, ost_error_t *err)
{
    hsize_t start = block->first, count = block->n_subjects;
    double column[OST_COHORT_BLOCK];
    for (size_t s = 0; s < block->n_subjects; s++) column[s] = rows[s * n_columns + index] / factor;
    return write_slab(dataset, H5T_NATIVE_DOUBLE, 1, &start, &count, column) == 0 ? 0
                                                                                  : ost_writer_fail(self, name, err);
}

/* The first subject of the block that finished in any arm, n_subjects if none did. */
static size_t find_finished(const ost_cohort_block_t *block, size_t n_arms)
{
    for (size_t s = 0; s < block->n_subjects; s++) {
        for (size_t arm = 0; arm < n_arms; arm++) {
            if (block->status[arm * block->n_subjects + s] == 0) return s;
        }
    }
    return block->n_subjects;
}

static int write_people(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) {
        int ret = write_column(self, self->covariates[i], e->covariates[i].name, block, block->covariates,
            e->n_covariates, i, e->covariates[i].unit.factor, err);
        if (ret != 0) return ret;
    }
    size_t typical = self->has_constants ? block->n_subjects : find_finished(block, e->n_arms);
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            size_t i = plan->blocks[b].first_param + k;
            double factor = model->params[k].unit.factor;
            if (self->params[i] < 0) continue;
            if (ost_plan_param_varies(plan, i)) {
                int ret = write_column(
                    self, self->params[i], model->params[k].name, block, block->params, plan->n_params, i, factor, err);
                if (ret != 0) return ret;
            } else if (typical < block->n_subjects) {
                double value = block->params[typical * plan->n_params + i] / factor;
                if (H5Dwrite(self->params[i], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0) {
                    return ost_writer_fail(self, model->params[k].name, err);
                }
            }
        }
    }
    self->has_constants = self->has_constants || typical < block->n_subjects;
    return 0;
}

static int write_courses(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    for (size_t i = 0; i < self->plan->n_courses; i++) {
        const ost_plan_course_t *course = &self->plan->courses[i];
        const hsize_t start[] = { course->arm, block->first }, count[] = { 1, block->n_subjects };
        const double *began = block->began + i * block->n_subjects, *ended = block->ended + i * block->n_subjects;
        if (write_slab(self->began[i], H5T_NATIVE_DOUBLE, 2, start, count, began) != 0 ||
            write_slab(self->ended[i], H5T_NATIVE_DOUBLE, 2, start, count, ended) != 0)
            return ost_writer_fail(self, course->name, err);
    }
    return 0;
}

static int note_failure(ost_writer_t *self, uint64_t position, size_t arm, const char *text, ost_error_t *err)
{
    size_t at = self->n_failures;
    while (at > 0 && (self->failures[at - 1].position > position ||
                         (self->failures[at - 1].position == position && self->failures[at - 1].arm > arm))) {
        at--;
    }
    if (at == OST_MAX_FAILURES) return 0;
    char *copy = ost_strdup(text);
    if (copy == NULL) return ost_fail(err, OST_ERR_NO_MEMORY, "out of memory");
    memmove(&self->failures[at + 1], &self->failures[at], (self->n_failures - at) * sizeof *self->failures);
    self->failures[at] = (ost_failure_note_t){ position, arm, copy };
    if (self->n_failures < OST_MAX_FAILURES) {
        self->n_failures++;
    } else {
        free(self->failures[OST_MAX_FAILURES].text);
    }
    return 0;
}

static double wall_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* A program that is killed leaves what was written out last. So the status, which says that a block is there, follows
 * when all that the block consists of has been handed to the system. */
int ost_writer_checkpoint(ost_writer_t *self, ost_error_t *err)
{
    size_t n_arms = self->plan->experiment->n_arms;
    int ret = ost_writer_flush(self, err);
    for (size_t i = 0; i < self->n_held && ret == 0; i++) {
        const ost_held_t *held = &self->held[i];
        const hsize_t start[] = { 0, held->first }, count[] = { n_arms, held->n_subjects };
        const uint8_t *status = self->held_status + i * n_arms * OST_COHORT_BLOCK;
        if (write_slab(self->status, H5T_NATIVE_UINT8, 2, start, count, status) != 0) {
            ret = ost_writer_fail(self, "status", err);
        }
    }
    if (ret == 0 && H5Dflush(self->status) < 0) ret = ost_writer_fail(self, "status", err);
    self->has_checkpoint = self->has_checkpoint || (ret == 0 && self->n_held > 0);
    self->n_held = 0;
    self->t_checkpoint = wall_seconds();
    return ret;
}

static int hold_status(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    size_t n_arms = self->plan->experiment->n_arms;
    self->held[self->n_held] = (ost_held_t){ block->first, block->n_subjects };
    memcpy(self->held_status + self->n_held * n_arms * OST_COHORT_BLOCK, block->status, n_arms * block->n_subjects);
    self->n_held++;
    if (self->t_checkpoint == 0) self->t_checkpoint = wall_seconds();
    bool is_due = self->n_held == OST_MAX_HELD || wall_seconds() - self->t_checkpoint >= CHECKPOINT_SECONDS;
    return is_due ? ost_writer_checkpoint(self, err) : 0;
}

static int write_counts(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    size_t n_arms = self->plan->experiment->n_arms;
    const hsize_t start[] = { 0, block->first }, count[] = { n_arms, block->n_subjects };
    for (size_t i = 0; i < n_arms * block->n_subjects; i++) {
        if (block->status[i] == 0) continue;
        const char *text = block->messages != NULL ? block->messages[i] : NULL;
        int ret = note_failure(self, block->first + i % block->n_subjects, i / block->n_subjects,
            text != NULL ? text : ost_error_text(-(int) block->status[i]), err);
        if (ret != 0) return ret;
    }
    if (write_slab(self->n_steps, H5T_NATIVE_UINT32, 2, start, count, block->steps) != 0) {
        return ost_writer_fail(self, "n_steps", err);
    }
    if (write_slab(self->n_rejected, H5T_NATIVE_UINT32, 2, start, count, block->rejected) != 0) {
        return ost_writer_fail(self, "n_rejected", err);
    }
    return hold_status(self, block, err);
}

int ost_writer_block(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    ost_h5_handler_t handler;
    uint64_t n_subjects = self->plan->experiment->n_subjects, first = block->first;
    if (first % OST_COHORT_BLOCK != 0 || first >= n_subjects || block->n_subjects > OST_COHORT_BLOCK ||
        (block->n_subjects < OST_COHORT_BLOCK && block->n_subjects != n_subjects - first)) {
        return ost_fail(err, OST_ERR_VALUE, "%zu subjects from %llu on are no block of a cohort of %llu",
            block->n_subjects, (unsigned long long) first, (unsigned long long) n_subjects);
    }
    int ret = write_variables(self, block, err);
    ost_h5_enter(&handler);
    if (ret == 0) ret = write_people(self, block, err);
    if (ret == 0) ret = write_courses(self, block, err);
    if (ret == 0) ret = write_counts(self, block, err);
    self->is_broken = self->is_broken || ret != 0;
    self->n_done += ret == 0 ? block->n_subjects : 0;
    ost_h5_leave(&handler);
    return ret;
}

bool ost_writer_failure(ost_writer_t *self, size_t i, ost_failed_t *out)
{
    ost_h5_handler_t handler;
    const ost_experiment_t *e = self->plan->experiment;
    ost_h5_enter(&handler);
    bool there = i < self->n_failures;
    if (there) {
        const ost_failure_note_t *note = &self->failures[i];
        *out = (ost_failed_t){ e->first_subject + note->position, e->arms[note->arm].name, note->text };
    }
    ost_h5_leave(&handler);
    return there;
}
