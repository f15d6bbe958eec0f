/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What there is one number of for each subject, or for each subject of an arm. A block has few of each; so they are
 * held in memory and written at a checkpoint, those of successive blocks in one go. */
#include "cohort/cohort.h"
#include "results/results_impl.h"

#include <stdlib.h>
#include <time.h>

/* What a program that is killed may lose, about. */
#define CHECKPOINT_SECONDS 1.0

enum source { COVARIATE, PARAM, BEGAN, ENDED, STEPS, REJECTED, STATUS };

struct ost_column {
    enum source source;
    size_t index; /* of the covariate, parameter, schedule or arm */
    hid_t dataset;
    const char *name;
    long arm;      /* -1 where the dataset has no such dimension */
    double factor; /* from the reported unit to the internal one */
};

static void add(ost_writer_t *self, ost_column_t column)
{
    self->columns[self->n_columns++] = column;
}

/* In the order in which they are written: status, which says that a block is there, after all others. */
static void list_columns(ost_writer_t *self)
{
    const ost_plan_t *plan = self->plan;
    const ost_experiment_t *e = plan->experiment;
    for (size_t i = 0; i < e->n_covariates; i++) {
        const ost_covariate_t *covariate = &e->covariates[i];
        add(self, (ost_column_t){ COVARIATE, i, self->covariates[i], covariate->name, -1, covariate->unit.factor });
    }
    for (size_t b = 0; b < plan->n_blocks; b++) {
        const ost_model_t *model = plan->blocks[b].model;
        for (size_t k = 0; k < model->n_params; k++) {
            size_t i = plan->blocks[b].first_param + k;
            const ost_param_t *param = &model->params[k];
            if (self->params[i] < 0 || !ost_plan_param_varies(plan, i)) continue;
            add(self, (ost_column_t){ PARAM, i, self->params[i], param->name, -1, param->unit.factor });
        }
    }
    for (size_t i = 0; i < plan->n_schedules; i++) {
        const ost_plan_schedule_t *schedule = &plan->schedules[i];
        add(self, (ost_column_t){ BEGAN, i, self->began[i], schedule->name, (long) schedule->arm, 1 });
        add(self, (ost_column_t){ ENDED, i, self->ended[i], schedule->name, (long) schedule->arm, 1 });
    }
    for (size_t a = 0; a < e->n_arms; a++) add(self, (ost_column_t){ STEPS, a, self->n_steps, "n_steps", (long) a, 1 });
    for (size_t a = 0; a < e->n_arms; a++)
        add(self, (ost_column_t){ REJECTED, a, self->n_rejected, "n_rejected", (long) a, 1 });
    for (size_t a = 0; a < e->n_arms; a++) add(self, (ost_column_t){ STATUS, a, self->status, "status", (long) a, 1 });
}

static double wall_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

int ost_writer_hold_new(ost_writer_t *self, ost_error_t *err)
{
    const ost_plan_t *plan = self->plan;
    size_t most =
        plan->experiment->n_covariates + plan->n_params + 2 * plan->n_schedules + 3 * plan->experiment->n_arms;
    self->columns = calloc(most, sizeof *self->columns);
    self->held = calloc(OST_MAX_HELD, sizeof *self->held);
    if (self->columns == NULL || self->held == NULL) return ost_no_memory(err);
    list_columns(self);
    self->row = calloc(OST_MAX_HELD * OST_COHORT_BLOCK, sizeof *self->row);
    self->held_values = calloc(OST_MAX_HELD * self->n_columns * OST_COHORT_BLOCK, sizeof *self->held_values);
    self->t_checkpoint = wall_seconds();
    return self->row != NULL && self->held_values != NULL ? 0 : ost_no_memory(err);
}

void ost_writer_hold_free(ost_writer_t *self)
{
    free(self->columns);
    free(self->held);
    free(self->held_values);
    free(self->row);
}

static double value_of(const ost_writer_t *self, const ost_column_t *c, const ost_cohort_block_t *block, size_t s)
{
    size_t i = c->index * block->n_subjects + s;
    switch (c->source) {
    case COVARIATE:
        return block->covariates[s * self->plan->experiment->n_covariates + c->index] / c->factor;
    case PARAM:
        return block->params[s * self->plan->n_params + c->index] / c->factor;
    case BEGAN:
        return block->began[i];
    case ENDED:
        return block->ended[i];
    case STEPS:
        return block->steps[i];
    case REJECTED:
        return block->rejected[i];
    case STATUS:
        break;
    }
    return block->status[i];
}

static int compare_held(const void *a, const void *b)
{
    const ost_held_t *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* `n` values of a column from subject `first` on. */
static int write_stretch(const ost_column_t *c, uint64_t first, size_t n, const double *values)
{
    const hsize_t start[] = { (hsize_t) c->arm, first }, count[] = { 1, n };
    size_t skipped = c->arm < 0; /* of the two dimensions */
    hid_t space = H5Dget_space(c->dataset), memory = H5Screate_simple(1, count + 1, NULL);
    bool ok = space >= 0 && memory >= 0 &&
              H5Sselect_hyperslab(space, H5S_SELECT_SET, start + skipped, NULL, count + skipped, NULL) >= 0 &&
              H5Dwrite(c->dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values) >= 0;
    if (space >= 0) H5Sclose(space);
    if (memory >= 0) H5Sclose(memory);
    return ok ? 0 : -1;
}

/* All that is held of columns [begin, end); held blocks are in order. */
static int write_columns(ost_writer_t *self, size_t begin, size_t end, ost_error_t *err)
{
    for (const ost_column_t *c = self->columns + begin; c < self->columns + end; c++) {
        for (size_t i = 0, n = 0; i < self->n_held; i++) {
            const ost_held_t *held = &self->held[i];
            const double *values =
                self->held_values + (held->slot * self->n_columns + (size_t) (c - self->columns)) * OST_COHORT_BLOCK;
            for (size_t s = 0; s < held->n_subjects; s++) self->row[n++] = values[s];
            uint64_t next = held->first + held->n_subjects;
            if (i + 1 < self->n_held && self->held[i + 1].first == next) continue;
            if (write_stretch(c, next - n, n, self->row) != 0) return ost_writer_fail(self, c->name, err);
            n = 0;
        }
    }
    return 0;
}

/* A program that is killed leaves what was written out last. So the status, which says that a block is there, follows
 * when all that the block consists of has been handed to the system. */
int ost_writer_checkpoint(ost_writer_t *self, ost_error_t *err)
{
    size_t first_status = self->n_columns - self->plan->experiment->n_arms;
    qsort(self->held, self->n_held, sizeof *self->held, compare_held);
    int ret = write_columns(self, 0, first_status, err);
    if (ret == 0) ret = ost_writer_flush(self, err);
    if (ret == 0) ret = write_columns(self, first_status, self->n_columns, err);
    if (ret == 0 && H5Dflush(self->status) < 0) ret = ost_writer_fail(self, "status", err);
    self->has_checkpoint = self->has_checkpoint || (ret == 0 && self->n_held > 0);
    self->n_held = 0;
    self->t_checkpoint = wall_seconds();
    return ret;
}

int ost_writer_hold(ost_writer_t *self, const ost_cohort_block_t *block, ost_error_t *err)
{
    size_t slot = self->n_held++;
    double *values = self->held_values + slot * self->n_columns * OST_COHORT_BLOCK;
    self->held[slot] = (ost_held_t){ block->first, block->n_subjects, slot };
    for (size_t c = 0; c < self->n_columns; c++, values += OST_COHORT_BLOCK) {
        for (size_t s = 0; s < block->n_subjects; s++) values[s] = value_of(self, &self->columns[c], block, s);
    }
    bool is_due = self->n_held == OST_MAX_HELD || wall_seconds() - self->t_checkpoint >= CHECKPOINT_SECONDS;
    return is_due ? ost_writer_checkpoint(self, err) : 0;
}
