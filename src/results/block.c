/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a finished block adds to the file. */
#include "cohort/cohort.h"
#include "core/text.h"
#include "input/yaml.h"
#include "results/results_impl.h"

#include <stdlib.h>
#include <string.h>

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
    int ret = packer == NULL ? ost_no_memory(err) : 0;
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

/* Parameters that are the same for all, once, as the first subject that finished had them. */
static int write_constants(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t typical = self->has_constants ? block->n_subjects : find_finished(block, plan->experiment->n_arms);
    if (typical == block->n_subjects) return 0;
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            size_t i = plan->blocks[b].first_param + k;
            double value = block->params[typical * plan->n_params + i] / model->params[k].unit.factor;
            if (self->params[i] < 0 || ost_plan_param_varies(plan, i)) continue;
            if (H5Dwrite(self->params[i], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0) {
                return ost_writer_fail(self, model->params[k].name, err);
            }
        }
    }
    self->has_constants = true;
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
    if (copy == NULL) return ost_no_memory(err);
    memmove(&self->failures[at + 1], &self->failures[at], (self->n_failures - at) * sizeof *self->failures);
    self->failures[at] = (ost_failure_note_t){ position, arm, copy };
    if (self->n_failures < OST_MAX_FAILURES) {
        self->n_failures++;
    } else {
        free(self->failures[OST_MAX_FAILURES].text);
    }
    return 0;
}

static int note_failures(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    for (size_t i = 0; i < self->plan->experiment->n_arms * block->n_subjects; i++) {
        if (block->status[i] == 0) continue;
        const char *text = block->messages != NULL ? block->messages[i] : NULL;
        int ret = note_failure(self, block->first + i % block->n_subjects, i / block->n_subjects,
            text != NULL ? text : ost_error_text(-(int) block->status[i]), err);
        if (ret != 0) return ret;
    }
    return 0;
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
    if (ret == 0) ret = write_constants(self, block, err);
    if (ret == 0) ret = note_failures(self, block, err);
    if (ret == 0) ret = ost_writer_hold(self, block, err);
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
