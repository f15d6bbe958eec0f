/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the result file of a run over draws of parameters; prints two intervals that are not mixed: of the median, by
 * the uncertainty of the parameters, and between subjects. */
#include "input/csv.h"
#include "show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Numbers of each draw: the estimate, and both ends between subjects. */
enum { N_OF_DRAW = 3 };

typedef struct {
    double *values, *work; /* [N_OF_DRAW][n_draws], [n_draws] */
    size_t n_draws, n_subjects;
    FILE *csv; /* NULL: none */
} draws_t;

bool ost_show_is_of_draws(const show_t *self)
{
    return self->results->design.n_axes > 0 && self->results->design.kind == OST_DESIGN_DRAWS;
}

static void add_cells(ost_table_t *table, const draws_t *self, const double cells[OST_N_DRAWN], int decimals)
{
    for (size_t k = 0; k < OST_N_DRAWN; k++) ost_table_number(table, cells[k], decimals);
    ost_table_cell(table, "%zu", self->n_subjects);
    for (size_t k = 0; k < OST_N_DRAWN && self->csv != NULL; k++) ost_csv_put_number(cells[k], self->csv);
}

/* A row of the variable: each draw's subjects, then all draws. @return 1, 0 without a value, or an error */
static int add_row(show_t *show, draws_t *self, size_t arm, size_t element, span_t span, ost_error_t *err)
{
    double cells[OST_N_DRAWN];
    const char *name = show->results->arms.items[arm];
    const char *site = ost_results_element(show->results, show->variable, element);
    self->n_subjects = 0;
    for (size_t d = 0; d < self->n_draws; d++) {
        ost_sample_t of;
        show->results->i_model = d;
        int ret = ost_show_sample(show, arm, element, span, &of, err);
        if (ret < 0) return ret;
        const ost_statistic_t parts[] = { OST_STATISTIC_MEDIAN, OST_STATISTIC_Q05, OST_STATISTIC_Q95 };
        for (size_t k = 0; k < N_OF_DRAW; k++)
            self->values[k * self->n_draws + d] = of.n > 0 ? ost_statistic(parts[k], &of) : NAN;
        if (of.n > self->n_subjects) self->n_subjects = of.n;
    }
    if (self->n_subjects == 0) return 0;
    ost_drawn(self->values, self->n_draws, self->work, cells);
    ost_table_cell(&show->table, "%s", name);
    if (show->n_elements > 1) ost_table_cell(&show->table, "%s", site);
    ost_show_add_times(show, &show->table, (span_t){ 0, span.to });
    if (self->csv != NULL) {
        fprintf(self->csv, "%s,", show->variable);
        ost_csv_write_text(name, self->csv);
        fprintf(self->csv, ",%s,%.9g,", site, ost_show_month(show, span.to));
    }
    add_cells(&show->table, self, cells, show->has_values ? 4 : 2);
    if (self->csv != NULL) fprintf(self->csv, "%zu,%s\r\n", self->n_subjects, ost_show_unit(show));
    return 1;
}

static int print_variable(show_t *show, draws_t *self, ost_error_t *err)
{
    ost_table_columns(&show->table, show->n_elements > 1 ? "<arm\t<site" : "<arm");
    ost_show_add_time_column(show, &show->table);
    ost_table_columns(&show->table, "median\tmedian 2.5 %\tmedian 97.5 %\tsubjects 5 %\tsubjects 95 %\tn");
    for (size_t a = 0; a < show->results->arms.n; a++)
        for (size_t e = 0; e < show->n_elements; e++)
            for (size_t i = 0; i < show->n_spans; i++) {
                if ((show->element != SIZE_MAX && show->element != e) || show->spans[i].from > 0) continue;
                int ret = add_row(show, self, a, e, show->spans[i], err);
                if (ret < 0) return ret;
            }
    return ost_table_print(&show->table, stdout, err);
}

/* The endpoints of the experiment, as the file has them for each draw. */
static int print_endpoints(show_t *show, draws_t *self, ost_error_t *err)
{
    ost_results_t *results = show->results;
    ost_table_t table = { 0 };
    int ret = 0;
    if (results->endpoints.n == 0) return 0;
    ost_table_columns(&table, "<endpoint\tvalue\tvalue 2.5 %\tvalue 97.5 %\tsubjects 5 %\tsubjects 95 %\tn");
    for (size_t i = 0; i < results->endpoints.n && ret == 0; i++) {
        double cells[OST_N_DRAWN + 1];
        char *text = NULL, *unit = NULL;
        ret = ost_results_read_drawn(results, i, cells, &text, &unit, err);
        if (ret == 0) {
            self->n_subjects = (size_t) cells[OST_N_DRAWN];
            if (self->csv != NULL) fprintf(self->csv, "%s,,,,", results->endpoints.items[i]);
            ost_table_line(&table, "%s [%s]: %s", results->endpoints.items[i], unit != NULL ? unit : "1",
                text != NULL ? text : "");
            ost_table_cell(&table, "%s", results->endpoints.items[i]);
            add_cells(&table, self, cells, 2);
            if (self->csv != NULL) fprintf(self->csv, "%zu,%s\r\n", self->n_subjects, unit != NULL ? unit : "1");
        }
        free(text);
        free(unit);
    }
    putchar('\n');
    if (ret == 0) ret = ost_table_print(&table, stdout, err);
    ost_table_free(&table);
    return ret;
}

int ost_show_print_draws(show_t *show, const char *path, ost_error_t *err)
{
    draws_t self = { .n_draws = show->results->design.n_points };
    char draws[64];
    int ret = 0;
    self.values = malloc((N_OF_DRAW + 1) * self.n_draws * sizeof(double));
    if (self.values == NULL) return ost_no_memory(err);
    self.work = self.values + N_OF_DRAW * self.n_draws;
    if (show->csv != NULL && (self.csv = show->csv_out = open_memstream(&show->csv_text, &show->csv_size)) == NULL)
        ret = ost_no_memory(err);
    if (self.csv != NULL)
        fputs(
            "variable,arm,element,month,median,median_q025,median_q975,subjects_q05,subjects_q95,n,unit\r\n", self.csv);
    ost_show_print_head(show, path);
    ost_print_wrapped(stdout,
        "median 2.5 %% to 97.5 %%: of the median over %s of the parameters, their uncertainty; subjects 5 %% to 95 %%: "
        "differences between subjects, the median over draws of both ends",
        ost_cli_plural(self.n_draws, "draw", draws));
    ost_show_print_few(self.n_draws, "draw", OST_DRAWN_PART);
    ost_show_print_few(show->n_subjects, "subject", 0.9);
    putchar('\n');
    if (ret == 0) ret = print_variable(show, &self, err);
    if (ret == 0) ret = print_endpoints(show, &self, err);
    if (ret == 0) ret = ost_show_csv_end(show, err);
    free(self.values);
    return ret;
}
