/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See block.h. Takes blocks as a run hands them over, gives bytes, and finds its way in such bytes. */
#include "journal/block.h"

#include <stdlib.h>
#include <string.h>

size_t ost_kept_subjects(const ost_plan_t *plan, size_t i)
{
    uint64_t left = plan->experiment->n_subjects - (uint64_t) i * OST_COHORT_BLOCK;
    return left < OST_COHORT_BLOCK ? (size_t) left : OST_COHORT_BLOCK;
}

bool ost_kept_read(ost_kept_view_t *self, const ost_columns_t *columns, size_t i, const void *bytes, size_t length)
{
    const ost_plan_t *plan = columns->plan;
    size_t n_values = columns->n_columns * ost_kept_subjects(plan, i), n_outputs = plan->system->n_outputs;
    size_t fixed = sizeof(ost_kept_counts_t) + 8 * (n_outputs + n_values + columns->n_chunks), left = length - fixed;
    if (length < fixed) return false;
    self->counts = bytes;
    self->n_not_finite = (const void *) (self->counts + 1);
    self->columns = (const void *) (self->n_not_finite + n_outputs);
    self->sizes = (const void *) (self->columns + n_values);
    self->text = (const void *) (self->sizes + columns->n_chunks);
    if (self->counts->n_subjects != ost_kept_subjects(plan, i) || self->counts->n_text > left) return false;
    self->chunks = self->text + self->counts->n_text;
    left -= self->counts->n_text;
    for (size_t k = 0; k < columns->n_chunks; left -= self->sizes[k++])
        if (self->sizes[k] > left) return false;
    return left == 0;
}

ost_kept_body_t *ost_kept_body_new(const ost_experiment_t *e)
{
    ost_kept_body_t *self = calloc(1, sizeof(*self));
    if (self != NULL && (self->packer = ost_packer_new(e)) != NULL) return self;
    free(self);
    return NULL;
}

void ost_kept_body_delete(ost_kept_body_t *self)
{
    if (self == NULL) return;
    ost_packer_delete(self->packer);
    free(self->bytes);
    free(self);
}

/* Room for `size` more bytes. @return where they go, NULL: out of memory */
static char *grow(ost_kept_body_t *self, size_t size)
{
    if (size > self->room - self->size) {
        size_t room = 2 * self->size + size;
        char *more = realloc(self->bytes, room);
        if (more == NULL) return NULL;
        self->bytes = more;
        self->room = room;
    }
    self->size += size;
    return self->bytes + self->size - size;
}

static int put(ost_kept_body_t *self, const void *bytes, size_t size, ost_error_t *err)
{
    char *to = grow(self, size);
    if (to == NULL) return ost_no_memory(err);
    memcpy(to, bytes, size);
    return 0;
}

static int put_messages(ost_kept_body_t *self, const ost_cohort_block_t *block, size_t n_arms, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < n_arms * block->n_subjects && ret == 0; i++) {
        if (block->status[i] == 0) continue;
        const char *text = block->messages != NULL ? block->messages[i] : NULL;
        if (text == NULL) text = ost_error_text(-(int) block->status[i]);
        const ost_kept_note_t note = { (uint32_t) i, (uint32_t) strlen(text) };
        ret = put(self, &note, sizeof(note), err);
        if (ret == 0) ret = put(self, text, note.length, err);
    }
    return ret;
}

static int put_chunks(ost_kept_body_t *self, const ost_columns_t *columns, const ost_cohort_block_t *block,
    size_t sizes_at, ost_error_t *err)
{
    const ost_plan_t *plan = columns->plan;
    size_t n_times = plan->experiment->n_times, stride = plan->system->n_outputs * n_times, k = 0;
    for (size_t v = 0; v < plan->outputs->n_variables && columns->n_chunks > 0; v++) {
        const ost_variable_t *variable = &plan->outputs->variables[v];
        for (size_t i = 0; i < plan->experiment->n_arms * variable->n_elements; i++, k++) {
            size_t arm = i / variable->n_elements, element = i % variable->n_elements, size;
            const double *y = block->y + arm * block->n_subjects * stride + (variable->first + element) * n_times;
            const void *chunk = ost_packer_pack(self->packer, y, stride, block->n_subjects,
                columns->is_relative[v] ? columns->i_zero : SIZE_MAX, &size);
            int ret = put(self, chunk, size, err);
            if (ret < 0) return ret;
            memcpy(self->bytes + sizes_at + k * sizeof(uint64_t), &(uint64_t){ size }, sizeof(uint64_t));
        }
    }
    return 0;
}

int ost_kept_write(ost_kept_body_t *self, const ost_columns_t *columns, const ost_cohort_block_t *block,
    double seconds_wall, double seconds_cpu, ost_error_t *err)
{
    const ost_plan_t *plan = columns->plan;
    ost_kept_counts_t counts = { .n_subjects = block->n_subjects,
        .failures = block->failures,
        .not_eligible = block->not_eligible,
        .run_in_steps = block->run_in_steps,
        .stats = *block->stats,
        .seconds_wall = seconds_wall,
        .seconds_cpu = seconds_cpu,
        .has_probe = block->probed != NULL };
    self->size = 0;
    int ret = put(self, &counts, sizeof(counts), err);
    if (ret == 0) ret = put(self, block->n_not_finite, plan->system->n_outputs * sizeof(uint64_t), err);
    char *to = ret == 0 ? grow(self, columns->n_columns * block->n_subjects * sizeof(double)) : NULL;
    for (size_t c = 0; c < columns->n_columns && to != NULL; c++) {
        for (size_t s = 0; s < block->n_subjects; s++, to += sizeof(double)) {
            const double value = ost_column_value(columns, &columns->columns[c], block, s);
            memcpy(to, &value, sizeof(value));
        }
    }
    if (ret == 0 && to == NULL) ret = ost_no_memory(err);
    size_t sizes_at = self->size;
    if (ret == 0 && grow(self, columns->n_chunks * sizeof(uint64_t)) == NULL) ret = ost_no_memory(err);
    size_t text_at = self->size;
    if (ret == 0) ret = put_messages(self, block, plan->experiment->n_arms, err);
    if (ret < 0) return ret;
    counts.n_text = self->size - text_at;
    memcpy(self->bytes, &counts, sizeof(counts));
    return put_chunks(self, columns, block, sizes_at, err);
}
