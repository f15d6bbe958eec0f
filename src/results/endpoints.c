/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Endpoints of a sweep. Takes measures of all subjects from the journal, a point at a time, gives datasets over the
 * dimensions in front: NAME, its standard error NAME_se, and of the measure between subjects NAME_q05, NAME_q95 and
 * NAME_n. */
#include "core/memory.h"
#include "results/results_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE, Q05, Q95, N, SE, N_KINDS };
static const char *const endings[N_KINDS] = { "", OST_ENDPOINT_Q05, OST_ENDPOINT_Q95, OST_ENDPOINT_N, OST_ENDPOINT_SE };

typedef struct {
    size_t n_subjects;
    size_t n_endpoints;
    double *measures;           /* [n_endpoints][2][n_subjects] of the arm, of the one that is subtracted */
    double *differences, *work; /* [n_subjects] */
    double *values;             /* [n_endpoints][N_KINDS][n_parts] */
    ost_journal_buffer_t buffer;
    ost_memory_t memory;
} table_t;

/* Measures of all endpoints at a point; NaN of subjects that are not there. */
static int read_measures(const ost_writer_t *self, size_t p, table_t *table, ost_error_t *err)
{
    const ost_columns_t *columns = ost_journal_part(self->journal, p)->columns;
    int ret = 0;
    for (size_t s = 0; s < 2 * table->n_endpoints * table->n_subjects; s++) table->measures[s] = NAN;
    for (size_t first = 0; first < table->n_subjects && ret >= 0; first += OST_COHORT_BLOCK) {
        ost_kept_view_t block;
        ret = ost_journal_read(self->journal, p, first / OST_COHORT_BLOCK, &table->buffer, &block, err);
        for (size_t c = 0; c < columns->n_columns && ret == 0; c++) {
            const ost_column_t *column = &columns->columns[c];
            const size_t n = block.counts->n_subjects;
            if (column->source == OST_COLUMN_MEASURE)
                memcpy(table->measures + column->index * table->n_subjects + first, block.columns + c * n,
                    n * sizeof(double));
        }
    }
    return ret < 0 ? ret : 0;
}

/* The values of endpoint i at a point. */
static void estimate(const ost_endpoint_t *endpoint, size_t i, size_t p, size_t n_parts, table_t *table)
{
    const size_t n = table->n_subjects;
    double *values = table->values + i * N_KINDS * n_parts;
    const double *value = table->measures + 2 * i * n, *versus = endpoint->versus != SIZE_MAX ? value + n : NULL;
    const ost_estimate_t whole = ost_estimate(endpoint->statistic, value, versus, false, n, table->work);
    for (size_t s = 0; s < n; s++) {
        const double own = ost_endpoint_unlimited(endpoint, value[s]);
        table->differences[s] = versus != NULL ? own - ost_endpoint_unlimited(endpoint, versus[s]) : own;
    }
    const ost_sample_t between = ost_sample_of(table->differences, n, table->work);
    values[VALUE * n_parts + p] = whole.value;
    const bool is_share = endpoint->statistic == OST_STATISTIC_FRACTION; /* of subjects: none has a share */
    values[Q05 * n_parts + p] = is_share ? NAN : ost_statistic(OST_STATISTIC_Q05, &between);
    values[Q95 * n_parts + p] = is_share ? NAN : ost_statistic(OST_STATISTIC_Q95, &between);
    values[N * n_parts + p] = (double) whole.n;
    values[SE * n_parts + p] = ost_standard_error(endpoint->statistic, value, versus, n, table->work);
}

static int write_endpoint(ost_writer_t *self, size_t i, const table_t *table, ost_error_t *err)
{
    const ost_plan_t *plan = self->parts[0].plan;
    const ost_asked_t *asked = &plan->experiment->endpoints[i];
    const ost_endpoint_t *endpoint = &ost_journal_part(self->journal, 0)->columns->endpoints[i];
    const char *const between[] = { "", ": 5th percentile between subjects", ": 95th percentile between subjects",
        ": subjects with a value", ": standard error by the number of subjects" };
    const ost_dimension_t *dims[OST_MAX_FRONT];
    char text[400], long_name[480], name[OST_DATASET_NAME_SIZE];
    ost_asked_describe(asked, endpoint->statistic, text, sizeof(text));
    for (size_t k = 0; k < self->n_front; k++) dims[k] = &self->front[k];
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        const char *unit = kind == N                     ? "1"
                           : kind == VALUE || kind == SE ? ost_endpoint_unit(endpoint, plan)
                                                         : ost_endpoint_measure_unit(endpoint, plan);
        snprintf(name, sizeof(name), "%.120s%s", asked->name, endings[kind]);
        snprintf(long_name, sizeof(long_name), "%s%s", text, between[kind]);
        hid_t id =
            ost_results_dataset(self, self->file, name, H5T_NATIVE_DOUBLE, self->n_front, dims, unit, long_name, err);
        if (id < 0) return OST_ERR_IO;
        if (H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, self->transfer,
                table->values + (i * N_KINDS + kind) * self->n_parts) < 0)
            return ost_writer_fail(self, name, err);
    }
    return 0;
}

/* Their names, a line each. */
static int write_names(ost_writer_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = self->parts[0].plan->experiment;
    ost_text_list_t names = { 0 };
    int ret = 0;
    for (size_t i = 0; i < e->n_endpoints && ret == 0; i++) ret = ost_text_list_add(&names, "%s", e->endpoints[i].name);
    char *lines = ret == 0 ? ost_text_join((const char *const *) names.items, names.n, "\n") : NULL;
    ret = lines == NULL ? ost_no_memory(err) : 0;
    const char *attribute = self->sweep != NULL ? OST_SWEEP_ENDPOINTS : OST_RESULTS_ENDPOINTS;
    if (ret == 0 && ost_h5_set_text(self->file, attribute, lines) != 0) ret = ost_writer_fail(self, attribute, err);
    ost_text_list_free(&names);
    free(lines);
    return ret;
}

int ost_results_write_endpoints(ost_writer_t *self, ost_error_t *err)
{
    const ost_columns_t *columns = ost_journal_part(self->journal, 0)->columns;
    const size_t n = (size_t) self->parts[0].plan->experiment->n_subjects, n_endpoints = columns->n_endpoints;
    table_t table = { .n_subjects = n, .n_endpoints = n_endpoints };
    table.measures = ost_memory_list(&table.memory, 2 * n_endpoints * n, sizeof(double));
    table.differences = ost_memory_list(&table.memory, n, sizeof(double));
    table.work = ost_memory_list(&table.memory, n, sizeof(double));
    table.values = ost_memory_list(&table.memory, n_endpoints * N_KINDS * self->n_parts, sizeof(double));
    int ret = table.memory.failed ? ost_no_memory(err) : write_names(self, err);
    for (size_t p = 0; p < self->n_parts && ret == 0; p++) {
        ret = read_measures(self, p, &table, err);
        for (size_t i = 0; i < n_endpoints && ret == 0; i++)
            estimate(&columns->endpoints[i], i, p, self->n_parts, &table);
    }
    for (size_t i = 0; i < n_endpoints && ret == 0; i++) ret = write_endpoint(self, i, &table, err);
    free(table.buffer.body);
    ost_memory_free(&table.memory);
    return ret;
}
