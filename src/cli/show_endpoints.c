/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; prints the table of the endpoints that its experiment asks for. */
#include "cli.h"
#include "core/table.h"
#include "results/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below a row of percents, why subjects have none: their baseline is 0. @param base  [n] */
static void explain_zeros(const ost_asked_t *asked, const double *base, size_t n, size_t n_values, ost_table_t *table)
{
    size_t n_zero = 0;
    for (size_t i = 0; i < n; i++) n_zero += base[i] == 0;
    if (n_zero == 0 || asked->measure < OST_MEASURE_PERCENT) return;
    if (n_values == 0)
        ost_table_line(table,
            "    no value: %s is 0 at month %g; 'measure: change' gives the absolute change, 'measure: level' the "
            "value",
            asked->output, asked->from / OST_DAYS_PER_MONTH);
    else
        ost_table_line(table, "    of the others, %zu have 0 at month %g, of which no percent can be taken", n_zero,
            asked->from / OST_DAYS_PER_MONTH);
}

/* A row of the table of endpoints, of the model in use. @param work  [4][n_subjects] @return 0 or an error */
static int add_endpoint(ost_results_t *results, const ost_experiment_t *e, const ost_asked_t *asked, const char *model,
    double *work, ost_table_t *table, ost_error_t *err)
{
    ost_endpoint_t endpoint;
    ost_estimate_t estimate;
    const char *unit;
    const size_t n = results->n_subjects;
    int ret = ost_results_estimate(results, e, asked, work, &endpoint, &estimate, &unit, err);
    if (ret <= 0) return ret;
    char from[32] = "", value_text[32] = "";
    if (asked->measure != OST_MEASURE_LEVEL) snprintf(from, sizeof(from), "%g to ", asked->from / OST_DAYS_PER_MONTH);
    if (!isnan(estimate.value)) snprintf(value_text, sizeof(value_text), "%.4g", estimate.value);
    ost_table_row(table, "%s\t%s\t%s\t%s\t%s%s%s\t%s%g\t%s\t%s\t%s\t%zu", asked->name,
        ost_statistic_names[endpoint.statistic], ost_measure_words[asked->measure], asked->output, asked->arm,
        asked->versus != NULL ? " - " : "", asked->versus != NULL ? asked->versus : "", from,
        asked->to / OST_DAYS_PER_MONTH, model, value_text, endpoint.statistic == OST_STATISTIC_N ? "" : unit,
        estimate.n);
    if (results->keep == OST_KEEP_SUBJECTS) explain_zeros(asked, work + 2 * n, n, estimate.n, table);
    return 0;
}

int ost_cli_print_endpoints(ost_results_t *results, const ost_experiment_t *e, ost_error_t *err)
{
    ost_table_t table = { 0 };
    size_t n_models = results->models.n;
    if (e->n_endpoints == 0) return 0;
    double *work = calloc(4 * (results->keep == OST_KEEP_SUBJECTS ? results->n_subjects : 1) + 1, sizeof(*work));
    int ret = work != NULL ? 0 : ost_no_memory(err);
    ost_table_columns(&table, "<endpoint\t<statistic\t<measure\t<output\t<arm\tmonths");
    ost_table_column(&table, n_models > 0 ? "model" : "", true);
    ost_table_columns(&table, "value\t<unit\tn");
    for (size_t i = 0; i < e->n_endpoints; i++)
        for (size_t m = 0; (m == 0 || m < n_models) && ret == 0; m++) {
            results->i_model = m;
            ret = add_endpoint(
                results, e, &e->endpoints[i], n_models > 0 ? results->models.items[m] : "", work, &table, err);
        }
    if (ret == 0) putchar('\n');
    if (ret == 0) ret = ost_table_print(&table, stdout, err);
    ost_table_free(&table);
    free(work);
    return ret;
}
