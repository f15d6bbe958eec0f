/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; prints the table of the endpoints that its experiment asks for, and what its values leave out.
 */
#include "cli.h"
#include "core/table.h"
#include "input/draws.h"
#include "results/measure.h"
#include "show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIT "flagship" /* draws that come with osteon */

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
    ost_results_estimate_t found;
    const ost_estimate_t *estimate = &found.estimate;
    const size_t n = results->n_subjects;
    int ret = ost_results_estimate(results, e, asked, work, &found, err);
    if (ret <= 0) return ret;
    char from[32] = "", value_text[32] = "", error_text[32] = "", limit[64] = "";
    if (asked->has_limit)
        snprintf(limit, sizeof(limit), " %s %.40s", asked->is_below ? "below" : "above", asked->limit_text);
    if (asked->measure != OST_MEASURE_LEVEL) snprintf(from, sizeof(from), "%g to ", asked->from / OST_DAYS_PER_MONTH);
    if (!isnan(estimate->value)) snprintf(value_text, sizeof(value_text), "%.4g", estimate->value);
    if (!isnan(estimate->error)) snprintf(error_text, sizeof(error_text), "%.2g", estimate->error);
    ost_table_row(table, "%s\t%s\t%s%s\t%s\t%s%s%s\t%s%g\t%s\t%s\t%s\t%s\t%zu", asked->name,
        ost_statistic_names[found.endpoint.statistic], ost_measure_words[asked->measure], limit, asked->output,
        asked->arm, asked->versus != NULL ? " - " : "", asked->versus != NULL ? asked->versus : "", from,
        asked->to / OST_DAYS_PER_MONTH, model, value_text, error_text,
        found.endpoint.statistic == OST_STATISTIC_N ? "" : found.unit, estimate->n);
    if (found.why[0] != '\0')
        ost_table_line(table, "    no value: %s", found.why);
    else if (results->keep == OST_KEEP_SUBJECTS)
        explain_zeros(asked, work + 2 * n, n, estimate->n, table);
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
    ost_table_column(&table, "value", false);
    ost_table_column(&table, results->n_subjects > 1 ? "SE" : "", false);
    ost_table_columns(&table, "<unit\tn");
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

/* Whether the fit that comes with osteon is there and of a model of the experiment. @return 0, 1 or OST_ERR_NO_MEMORY
 */
static int has_fit(const ost_experiment_t *e, ost_error_t *err)
{
    ost_draws_t draws = { 0 };
    ost_error_t why = { 0 };
    char *path = NULL;
    bool is_fitted = false;
    int ret = ost_cli_draws_table(FIT, &path) == OST_EXIT_OK ? ost_draws_read(&draws, path, &why) : OST_ERR_NO_MEMORY;
    for (size_t i = 0; i < draws.n_params && ret == 0; i++)
        for (size_t m = 0; m < e->n_models && !is_fitted; m++) {
            const size_t n = strlen(e->models[m]);
            is_fitted = strncmp(draws.names[i], e->models[m], n) == 0 && draws.names[i][n] == '.';
        }
    ost_draws_free(&draws);
    free(path);
    return ret == OST_ERR_NO_MEMORY ? ost_no_memory(err) : is_fitted;
}

int ost_show_print_uncertainty(const show_t *self, ost_error_t *err)
{
    const ost_results_t *results = self->results;
    const char *name = ost_results_attribute(results, "name"),
               *path = ost_results_attribute(results, "experiment_path");
    const char *changes = ost_results_attribute(results, "overrides");
    char error[120] = "", command[400] = "", shipped[200];
    const int is_fitted = results->models.n > 0 ? 0 : has_fit(&self->experiment, err);
    if (results->models.n > 0 || is_fitted < 0) return is_fitted;
    if (self->experiment.n_endpoints > 0 && results->n_subjects > 1)
        snprintf(error, sizeof(error), "SE: standard error, as %zu subjects were simulated. ", results->n_subjects);
    if (name != NULL && path != NULL && is_fitted > 0) {
        snprintf(shipped, sizeof(shipped), "/configs/%.150s.yaml", name);
        snprintf(command, sizeof(command), "; that is shown by 'osteon run %.300s --parameters " FIT " --draws 40'%s",
            ost_cli_ends_with(path, shipped) ? name : path,
            changes != NULL && changes[0] != '\0' ? " with the same changes" : "");
    }
    putchar('\n');
    ost_print_wrapped(
        stdout, "%sAll values are at one set of parameters, without the uncertainty of these%s.", error, command);
    return 0;
}
