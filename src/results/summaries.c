/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result file keeps of subjects that it does not have: quantiles, mean, SD and number of each output, and of its
 * percent change from time 0. Takes values from the journal, a block at a time in the order of subjects; gives datasets
 * over arms, elements and times. */
#include "core/memory.h"
#include "observe/summary.h"

#include "results/results_impl.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdlib.h>

const double ost_levels[OST_N_LEVELS] = { 0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.8, 0.9, 0.95,
    0.975, 0.98, 0.99 };

/* Of percent changes: a bin below is 1/256 of a percent point wide. */
#define FLOOR_OF_CHANGES 1.0
/* A change in percent needs a baseline above this, as in `osteon show`; subjects without one are not counted. */
#define LEAST_BASELINE 1e-12

static const struct {
    const char *ending;
    bool is_change;
    const char *meaning;
} kinds[OST_N_SUMMARIES] = {
#define KIND(NAME, ending, is_change, meaning) [NAME] = { ending, is_change, meaning },
    OST_SUMMARIES(KIND)
};

/* Blocks whose values are added together: the bins of all rows and times are larger than a processor's cache. */
enum { BATCH = 16 };

/* Of the values, and of the changes, of a variable, arm, element and time. */
enum { LEVEL, CHANGE, N_MEASURES };

typedef struct {
    size_t n_times, n_rows;
    double *floors;        /* [plan->outputs->n_variables] */
    ost_summary_t *cells;  /* [n_rows][n_times][N_MEASURES] */
    double *values[BATCH]; /* [OST_COHORT_BLOCK][n_times] of a row of each block that was read */
    double *out;           /* [OST_N_LEVELS][n_times] */
    ost_packer_t *packer;  /* that unpacks */
    ost_memory_t memory;   /* of floors, values, out */
    ost_journal_buffer_t buffer[BATCH];
    ost_kept_view_t block[BATCH];
    const char *chunk[BATCH]; /* of the row that follows */
} table_t;

int ost_results_quantile_coordinate(ost_writer_t *self, ost_error_t *err)
{
    ost_dimension_t *dim = &self->dimensions[OST_DIM_QUANTILE];
    const ost_values_t values = { dim->name, H5T_NATIVE_DOUBLE, ost_levels, "1", "fraction of the subjects below" };
    return ost_results_coordinate(self, dim, &values, err);
}

static bool is_quantiles(size_t kind)
{
    return kind == OST_SUMMARY_QUANTILES || kind == OST_SUMMARY_CHANGES;
}

int ost_results_define_summaries(ost_writer_t *self, size_t p, size_t v, const ost_dimension_t *set, ost_error_t *err)
{
    const ost_variable_t *variable = &self->parts[p].plan->outputs->variables[v];
    const double relative = 1.0 / OST_SUMMARY_BINS;
    for (size_t kind = 0; kind < OST_N_SUMMARIES; kind++) {
        const ost_dimension_t *dims[OST_MAX_RANK];
        char name[OST_DATASET_NAME_SIZE], text[512];
        size_t rank = 0;
        for (; rank < self->n_front; rank++) dims[rank] = &self->front[rank];
        dims[rank++] = &self->dimensions[OST_DIM_ARM];
        if (set != NULL) dims[rank++] = set;
        if (is_quantiles(kind)) dims[rank++] = &self->dimensions[OST_DIM_QUANTILE];
        dims[rank++] = &self->dimensions[OST_DIM_TIMES];
        snprintf(name, sizeof(name), "%.78s%s", variable->name, kinds[kind].ending);
        snprintf(text, sizeof(text), "%.300s: %s", variable->text, kinds[kind].meaning);
        const bool is_count = kind == OST_SUMMARY_N || kind == OST_SUMMARY_CHANGE_N;
        const char *unit = is_count ? "1" : kinds[kind].is_change ? "%" : variable->unit_text;
        hid_t id = ost_results_dataset(self, self->file, name, H5T_NATIVE_DOUBLE, rank, dims, unit, text, err);
        self->targets[p].variables[v * OST_N_SUMMARIES + kind] = id;
        if (id < 0) return OST_ERR_IO;
        if ((kind != OST_SUMMARY_QUANTILES && ost_h5_set_text(id, OST_SUMMARY_OF, variable->name) != 0) ||
            (is_quantiles(kind) && ost_h5_set_doubles(id, "relative_error", &relative, 1) != 0))
            return ost_writer_fail(self, name, err);
    }
    return 0;
}

/* Block i of a part, in place b. @return as ost_journal_read() */
static int read_block(const ost_writer_t *self, size_t p, size_t i, table_t *table, size_t b, ost_error_t *err)
{
    const int ret = ost_journal_read(self->journal, p, i, &table->buffer[b], &table->block[b], err);
    table->chunk[b] = table->block[b].chunks;
    return ret;
}

static size_t count_blocks(const ost_writer_t *self)
{
    return (size_t) ((self->parts[0].plan->experiment->n_subjects + OST_COHORT_BLOCK - 1) / OST_COHORT_BLOCK);
}

/* The values of the next row of the block in place b: of a variable, arm after arm, of each element after element. */
static int unpack(const ost_writer_t *self, table_t *table, size_t b, size_t row, ost_error_t *err)
{
    const ost_kept_view_t *block = &table->block[b];
    int ret = ost_packer_unpack(table->packer, table->chunk[b], (size_t) block->sizes[row],
        (size_t) block->counts->n_subjects, table->values[b]);
    table->chunk[b] += block->sizes[row];
    if (ret == OST_ERR_NO_MEMORY) return ost_no_memory(err);
    return ret == 0 ? 0 : ost_fail_at(err, ret, self->path, 0, 0, "a block of the journal does not have its values");
}

/* The floor of each variable, by the largest size of its values in the first block that has any. */
static int find_floors(const ost_writer_t *self, table_t *table, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[0].plan;
    const size_t n_variables = plan->outputs->n_variables, n_blocks = count_blocks(self);
    size_t n_left = n_variables;
    int ret = 0;
    for (size_t k = 0; k < n_blocks * self->n_parts && n_left > 0 && ret >= 0; k++) {
        size_t row = 0;
        if ((ret = read_block(self, k / n_blocks, k % n_blocks, table, 0, err)) != 0) continue;
        n_left = 0;
        for (size_t v = 0; v < n_variables; v++) {
            double largest = 0;
            for (size_t i = 0; i < plan->experiment->n_arms * plan->outputs->variables[v].n_elements; i++, row++) {
                if ((ret = unpack(self, table, 0, row, err)) < 0) return ret;
                for (size_t s = 0; s < table->block[0].counts->n_subjects * table->n_times; s++)
                    if (isfinite(table->values[0][s])) largest = fmax(largest, fabs(table->values[0][s]));
            }
            if (table->floors[v] == 0) table->floors[v] = largest;
            n_left += table->floors[v] == 0;
        }
    }
    for (size_t v = 0; v < n_variables; v++) table->floors[v] = ost_summary_floor(table->floors[v]);
    return ret < 0 ? ret : 0;
}

/* The values of one time of the block in place b, as levels and as changes. */
static int add_time(table_t *table, size_t row, size_t b, size_t t, double floor, size_t i_zero, ost_error_t *err)
{
    const size_t n = (size_t) table->block[b].counts->n_subjects;
    ost_summary_t *cell = &table->cells[(row * table->n_times + t) * N_MEASURES];
    double x[OST_COHORT_BLOCK];
    if (n == 0) return 0;
    for (size_t s = 0; s < n; s++) x[s] = table->values[b][s * table->n_times + t];
    int ret = ost_summary_add(&cell[LEVEL], x, n, floor, err);
    if (ret < 0 || i_zero == SIZE_MAX) return ret;
    for (size_t s = 0; s < n; s++) {
        const double base = table->values[b][s * table->n_times + i_zero];
        x[s] = base >= LEAST_BASELINE ? 100 * (x[s] / base - 1) : NAN;
    }
    return ost_summary_add(&cell[CHANGE], x, n, FLOOR_OF_CHANGES, err);
}

/* One row of blocks: all of them at one time after the other, so that the bins of a time are fetched once. */
static int add_row(table_t *table, size_t row, size_t n_blocks, double floor, size_t i_zero, ost_error_t *err)
{
    int ret = 0;
    for (size_t t = 0; t < table->n_times; t++)
        for (size_t b = 0; b < n_blocks && ret == 0; b++) ret = add_time(table, row, b, t, floor, i_zero, err);
    return ret;
}

/* Blocks that were read, all of their rows. */
static int add_batch(
    const ost_writer_t *self, const ost_columns_t *columns, table_t *table, size_t n_blocks, ost_error_t *err)
{
    const ost_plan_t *plan = columns->plan;
    size_t row = 0;
    int ret = 0;
    for (size_t v = 0; v < plan->outputs->n_variables; v++)
        for (size_t k = 0; k < plan->experiment->n_arms * plan->outputs->variables[v].n_elements; k++, row++) {
            for (size_t b = 0; b < n_blocks && ret == 0; b++) ret = unpack(self, table, b, row, err);
            if (ret == 0) ret = add_row(table, row, n_blocks, table->floors[v], columns->i_zero, err);
            if (ret < 0) return ret;
        }
    return ret;
}

static int add_blocks(const ost_writer_t *self, size_t p, table_t *table, ost_error_t *err)
{
    const ost_columns_t *columns = ost_journal_part(self->journal, p)->columns;
    size_t n = 0;
    int ret = 0;
    for (size_t i = 0; i < count_blocks(self) && ret >= 0; i++) {
        ret = read_block(self, p, i, table, n, err);
        n += ret == 0;
        if (ret < 0 || n < BATCH) continue;
        ret = add_batch(self, columns, table, n, err);
        n = 0;
    }
    if (ret >= 0 && n > 0) ret = add_batch(self, columns, table, n, err);
    return ret < 0 ? ret : 0;
}

/* The numbers of one kind of a row, at all times. */
static void fill(const table_t *table, size_t row, size_t kind, double floor)
{
    const size_t measure = kinds[kind].is_change ? CHANGE : LEVEL;
    for (size_t t = 0; t < table->n_times; t++) {
        const ost_summary_t *cell = &table->cells[(row * table->n_times + t) * N_MEASURES + measure];
        const bool is_count = kind == OST_SUMMARY_N || kind == OST_SUMMARY_CHANGE_N;
        const bool is_mean = kind == OST_SUMMARY_MEAN || kind == OST_SUMMARY_CHANGE_MEAN;
        for (size_t q = 0; q < OST_N_LEVELS && is_quantiles(kind); q++)
            table->out[q * table->n_times + t] =
                ost_summary_quantile(cell, measure == CHANGE ? FLOOR_OF_CHANGES : floor, ost_levels[q]);
        if (is_quantiles(kind)) continue;
        table->out[t] = is_count ? (double) cell->n : cell->n == 0 ? NAN : is_mean ? cell->mean : ost_summary_sd(cell);
    }
}

/* All rows of variable v of a part, the first of which is `row`. */
static int write_variable(ost_writer_t *self, size_t p, size_t v, size_t row, const table_t *table, ost_error_t *err)
{
    const ost_target_t *target = &self->targets[p < self->n_plans ? p : 0];
    const ost_plan_t *plan = self->parts[p].plan;
    const ost_variable_t *variable = &plan->outputs->variables[v];
    for (size_t k = 0; k < plan->experiment->n_arms * variable->n_elements; k++)
        for (size_t kind = 0; kind < OST_N_SUMMARIES; kind++) {
            ost_slab_t at = ost_results_row(self, p, v, k);
            if (is_quantiles(kind)) ost_slab_add(&at, 0, OST_N_LEVELS);
            ost_slab_add(&at, 0, table->n_times);
            fill(table, row + k, kind, table->floors[v]);
            if (ost_h5_transfer(target->variables[v * OST_N_SUMMARIES + kind], self->transfer, &at, NULL, table->out) !=
                0)
                return ost_writer_fail(self, variable->name, err);
        }
    return 0;
}

/* The widest bin below the floor: what small values are known to. */
static int write_errors(ost_writer_t *self, const table_t *table, ost_error_t *err)
{
    for (size_t v = 0; v < self->parts[0].plan->outputs->n_variables; v++) {
        const hid_t *ids = &self->targets[0].variables[v * OST_N_SUMMARIES];
        const double errors[] = { table->floors[v] / OST_SUMMARY_BINS, FLOOR_OF_CHANGES / OST_SUMMARY_BINS };
        if (ost_h5_set_doubles(ids[OST_SUMMARY_QUANTILES], "absolute_error", &errors[LEVEL], 1) != 0 ||
            ost_h5_set_doubles(ids[OST_SUMMARY_CHANGES], "absolute_error", &errors[CHANGE], 1) != 0)
            return ost_writer_fail(self, self->parts[0].plan->outputs->variables[v].name, err);
    }
    return 0;
}

static int write_part(ost_writer_t *self, size_t p, table_t *table, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[p].plan;
    const size_t n_cells = table->n_rows * table->n_times * N_MEASURES;
    size_t row = 0;
    table->cells = calloc(n_cells + 1, sizeof(*table->cells));
    int ret = table->cells == NULL ? ost_no_memory(err) : add_blocks(self, p, table, err);
    for (size_t v = 0; v < plan->outputs->n_variables && ret == 0; v++) {
        ret = write_variable(self, p, v, row, table, err);
        row += plan->experiment->n_arms * plan->outputs->variables[v].n_elements;
    }
    for (size_t i = 0; i < n_cells && table->cells != NULL; i++) ost_summary_free(&table->cells[i]);
    free(table->cells);
    table->cells = NULL;
    return ret;
}

int ost_results_write_summaries(ost_writer_t *self, ost_error_t *err)
{
    const ost_columns_t *columns = ost_journal_part(self->journal, 0)->columns;
    const ost_experiment_t *e = columns->plan->experiment;
    table_t table = { .n_times = e->n_times, .n_rows = columns->n_chunks, .packer = ost_packer_new(e) };
    table.floors = ost_memory_list(&table.memory, columns->plan->outputs->n_variables, sizeof(*table.floors));
    for (size_t b = 0; b < BATCH; b++)
        table.values[b] = ost_memory_list(&table.memory, OST_COHORT_BLOCK * e->n_times, sizeof(double));
    table.out = ost_memory_list(&table.memory, OST_N_LEVELS * e->n_times, sizeof(double));
    int ret = table.packer == NULL || table.memory.failed ? ost_no_memory(err) : find_floors(self, &table, err);
    if (ret == 0) ret = write_errors(self, &table, err);
    for (size_t p = 0; p < self->n_parts && ret == 0; p++) ret = write_part(self, p, &table, err);
    ost_packer_delete(table.packer);
    for (size_t b = 0; b < BATCH; b++) free(table.buffer[b].body);
    ost_memory_free(&table.memory);
    return ret;
}
