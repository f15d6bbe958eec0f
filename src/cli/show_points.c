/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the result file of a sweep; prints its endpoints, the varied values in front of each, and writes them as CSV.
 */
#include "input/csv.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a table on a terminal, and values of an entry that stand across; assumptions. */
#define MOST_ROWS 200
#define MOST_ACROSS 10
/* Entries that have a column; there is room for four more. */
#define MOST_AXES (OST_TABLE_MAX_COLUMNS - 5)

/* Columns of an endpoint, in their order in tables. */
static const ost_endpoint_column_t columns[] = { OST_ENDPOINT_VALUE, OST_ENDPOINT_ERROR, OST_ENDPOINT_LOWER,
    OST_ENDPOINT_UPPER, OST_ENDPOINT_N_SUBJECTS };

typedef struct {
    double *values; /* [n_columns][n_points] */
    char *text, *unit;
} shown_endpoint_t;

typedef struct {
    ost_results_t *results;
    ost_design_t design; /* without draws */
    bool is_drawn;
    size_t n_columns;            /* the last is the number of subjects */
    const char *heads, *csv;     /* of columns */
    shown_endpoint_t *endpoints; /* [results->endpoints.n] */
} points_t;

static points_t points_of(ost_results_t *results)
{
    const bool is_drawn = results->design.n_drawn > 0;
    return (points_t){ results, ost_design_without_draws(&results->design), is_drawn,
        is_drawn ? OST_N_DRAWN + 1 : sizeof(columns) / sizeof(columns[0]),
        is_drawn ? "value\tvalue 2.5 %\tvalue 97.5 %\tq05\tq95\tn" : "value\tSE\tq05\tq95\tn",
        is_drawn ? "value,value_q025,value_q975,q05,q95,n" : "value,SE,q05,q95,n", NULL };
}

static bool asks_for_subjects(const show_t *self)
{
    return self->variable != NULL || self->months != NULL || self->columns != NULL || self->versus_name != NULL;
}

bool ost_show_is_of_points(const show_t *self)
{
    const ost_results_t *results = self->results;
    return results->design.n_axes > 0 && !(ost_show_is_of_draws(self) && results->keep != OST_KEEP_ENDPOINTS) &&
           (results->keep == OST_KEEP_ENDPOINTS || (results->endpoints.n > 0 && !asks_for_subjects(self)));
}

static const ost_varied_t *axis_at(const ost_design_t *design, size_t p, size_t k, size_t *i)
{
    *i = ost_design_index(design, p, k);
    return &design->axes[k];
}

/* "dose [mg]" */
static void axis_head(const ost_varied_t *axis, char *buf, size_t size)
{
    bool has_unit = axis->unit != NULL && strcmp(axis->unit, "1") != 0;
    snprintf(buf, size, has_unit ? "%s [%s]" : "%s", axis->name, axis->unit);
}

static void cell_of_axis(ost_table_t *table, const ost_varied_t *axis, size_t at)
{
    if (axis->values != NULL)
        ost_table_cell(table, "%.6g", axis->values[at]);
    else
        ost_table_cell(table, "%s", axis->texts.items[at]);
}

/* A row for each point. */
static void list_points(ost_table_t *table, const points_t *self, const double *values, int decimals)
{
    char head[160];
    const ost_design_t *design = &self->design;
    const size_t n_axes = design->n_axes < MOST_AXES ? design->n_axes : MOST_AXES;
    for (size_t k = 0; k < n_axes; k++) {
        axis_head(&design->axes[k], head, sizeof(head));
        ost_table_column(table, head, design->axes[k].values == NULL);
    }
    ost_table_columns(table, self->heads);
    for (size_t p = 0; p < design->n_points && p < MOST_ROWS; p++) {
        for (size_t k = 0; k < n_axes; k++) {
            size_t at;
            const ost_varied_t *axis = axis_at(design, p, k, &at);
            cell_of_axis(table, axis, at);
        }
        for (size_t c = 0; c < self->n_columns; c++)
            ost_table_number(table, values[c * design->n_points + p], c + 1 == self->n_columns ? 0 : decimals);
    }
}

/* Whether values stand in rows of the last entry but one and columns of the last. */
static bool is_crossed(const ost_design_t *design)
{
    return design->kind == OST_DESIGN_GRID && design->n_axes > 1 &&
           design->axes[design->n_axes - 1].texts.n <= MOST_ACROSS;
}

/* The values alone, a table below the other for each combination of further entries. */
static void cross_points(ost_table_t *table, const points_t *self, const double *values, int decimals)
{
    const ost_design_t *design = &self->design;
    const size_t n_axes = design->n_axes, n_across = design->axes[n_axes - 1].texts.n;
    const ost_varied_t *down = &design->axes[n_axes - 2], *across = &design->axes[n_axes - 1];
    char head[160], of[160];
    axis_head(down, of, sizeof(of));
    axis_head(across, head, sizeof(head));
    ost_table_column(table, of, down->values == NULL);
    for (size_t i = 0; i < n_across; i++) {
        char value[80];
        snprintf(value, sizeof(value), "%.79s", across->texts.items[i]);
        if (across->values != NULL) snprintf(value, sizeof(value), "%.6g", across->values[i]);
        snprintf(of, sizeof(of), "%.78s%s%s", i == 0 ? head : "", i == 0 ? " " : "", value);
        ost_table_column(table, of, false);
    }
    for (size_t p = 0; p < design->n_points && p < MOST_ROWS * n_across; p++) {
        size_t at;
        const ost_varied_t *axis = axis_at(design, p, n_axes - 2, &at);
        if (p % n_across == 0 && at == 0 && n_axes > 2) {
            size_t n = 0;
            for (size_t k = 0, i; k + 2 < n_axes && n < sizeof(head); k++) {
                const ost_varied_t *other = axis_at(design, p, k, &i);
                n += (size_t) snprintf(
                    head + n, sizeof(head) - n, "%s%s %s", k > 0 ? ", " : "", other->name, other->texts.items[i]);
            }
            ost_table_line(table, "%s", head);
        }
        if (p % n_across == 0) cell_of_axis(table, axis, at);
        ost_table_number(table, values[p], decimals);
    }
}

static int print_endpoint(const points_t *self, size_t i, ost_error_t *err)
{
    const ost_design_t *design = &self->design;
    const shown_endpoint_t *shown = &self->endpoints[i];
    ost_table_t table = { 0 };
    const bool crossed = is_crossed(design) && !self->is_drawn;
    const size_t most = crossed ? MOST_ROWS * design->axes[design->n_axes - 1].texts.n : MOST_ROWS;
    const int decimals = ost_text_decimals(shown->values, (crossed ? 1 : self->n_columns - 1) * design->n_points);
    putchar('\n');
    ost_print_wrapped(stdout, "%s [%s]: %s", self->results->endpoints.items[i], shown->unit != NULL ? shown->unit : "1",
        shown->text != NULL ? shown->text : "");
    (crossed ? cross_points : list_points)(&table, self, shown->values, decimals);
    int ret = ost_table_print(&table, stdout, err);
    if (most < design->n_points) printf("... and %zu points more; --csv OUT.csv writes all\n", design->n_points - most);
    if (design->n_axes > MOST_AXES)
        printf("... and %zu entries more; --csv OUT.csv writes all\n", design->n_axes - MOST_AXES);
    ost_table_free(&table);
    return ret;
}

/* A row for each endpoint and point. */
static int put_csv(const void *what, FILE *out, ost_error_t *err)
{
    (void) err;
    const points_t *self = what;
    const ost_design_t *design = &self->design;
    char head[160];
    for (size_t k = 0; k < design->n_axes; k++) {
        axis_head(&design->axes[k], head, sizeof(head));
        ost_csv_put(head, out);
    }
    fprintf(out, "endpoint,%s,unit,meaning\r\n", self->csv);
    for (size_t i = 0; i < self->results->endpoints.n; i++)
        for (size_t p = 0; p < design->n_points; p++) {
            const shown_endpoint_t *shown = &self->endpoints[i];
            for (size_t k = 0; k < design->n_axes; k++) {
                size_t at;
                const ost_varied_t *axis = axis_at(design, p, k, &at);
                if (axis->values != NULL) {
                    ost_csv_put_number(axis->values[at], out);
                } else {
                    ost_csv_put(axis->texts.items[at], out);
                }
            }
            ost_csv_put(self->results->endpoints.items[i], out);
            for (size_t c = 0; c < self->n_columns; c++)
                ost_csv_put_number(shown->values[c * design->n_points + p], out);
            ost_csv_put(shown->unit != NULL ? shown->unit : "1", out);
            ost_csv_write_text(shown->text != NULL ? shown->text : "", out);
            fputs("\r\n", out);
        }
    return 0;
}

static int read_all(points_t *self, ost_error_t *err)
{
    const size_t n = self->design.n_points;
    int ret = 0;
    for (size_t i = 0; i < self->results->endpoints.n && ret == 0; i++) {
        shown_endpoint_t *shown = &self->endpoints[i];
        shown->values = malloc(self->n_columns * n * sizeof(double));
        if (shown->values == NULL) return ost_no_memory(err);
        if (self->is_drawn)
            ret = ost_results_read_drawn(self->results, i, shown->values, &shown->text, &shown->unit, err);
        for (size_t c = 0; c < self->n_columns && ret == 0 && !self->is_drawn; c++)
            ret = ost_results_read_endpoint(self->results, i, columns[c], shown->values + c * n,
                c == 0 ? &shown->text : NULL, c == 0 ? &shown->unit : NULL, err);
    }
    return ret;
}

static void print_head(const points_t *self, const char *path)
{
    const ost_results_t *results = self->results;
    const char *title = ost_results_attribute(results, "title"),
               *subjects = ost_results_attribute(results, "n_subjects");
    const size_t n_draws = ost_design_n_draws(&results->design);
    char points[64], failed[64], draws[64], kind[32];
    snprintf(kind, sizeof(kind), "%s", ost_design_words[results->design.kind]);
    for (char *c = kind; *c != '\0'; c++)
        if (*c == '_') *c = ' ';
    ost_print_wrapped(stdout, "%s: %s", path, title != NULL ? title : "");
    ost_print_wrapped(stdout, "%s (%s)%s%s, the same %s subjects at each, %s failed",
        ost_cli_plural(self->design.n_points, "point", points), kind, self->is_drawn ? " x " : "",
        self->is_drawn ? ost_cli_plural(n_draws, "draw", draws) : "", subjects != NULL ? subjects : "?",
        ost_cli_plural(ost_results_failures(results), "subject-arm", failed));
    ost_show_print_failure(results);
    for (size_t k = 0; k < self->design.n_axes; k++)
        printf("%s: %s\n", self->design.axes[k].name, self->design.axes[k].path);
    ost_print_wrapped(stdout, "%s",
        self->is_drawn ? "value: the median over draws of the parameters; value 2.5 % to 97.5 %: over draws, their "
                         "uncertainty; q05 "
                         "and q95: differences between subjects, the median over draws of both ends"
        : is_crossed(&self->design)
            ? "--csv OUT.csv also writes SE, the standard error, q05 and q95 between subjects, and n"
            : "SE: standard error by the number of subjects; q05 and q95: 5th and 95th "
              "percentile of the measure between subjects");
    if (self->is_drawn) ost_show_print_few(n_draws, "draw", OST_DRAWN_PART);
    if (subjects != NULL) ost_show_print_few(strtoull(subjects, NULL, 10), "subject", 0.9);
}

int ost_show_points(show_t *self, const char *path)
{
    points_t points = points_of(self->results);
    const size_t n = self->results->endpoints.n;
    ost_error_t err = { 0 };
    if (asks_for_subjects(self))
        return OST_CLI_USAGE("show: %s keeps endpoints alone, and no subjects; of its options --csv is left", path);
    points.endpoints = calloc(n + 1, sizeof(*points.endpoints));
    int ret = points.endpoints == NULL ? ost_no_memory(&err) : read_all(&points, &err);
    if (ret == 0) print_head(&points, path);
    for (size_t i = 0; i < n && ret == 0; i++) ret = print_endpoint(&points, i, &err);
    if (ret == 0 && self->csv != NULL) ret = ost_cli_write(self->csv, put_csv, &points, &err);
    for (size_t i = 0; i < n && points.endpoints != NULL; i++) {
        free(points.endpoints[i].values);
        free(points.endpoints[i].text);
        free(points.endpoints[i].unit);
    }
    free(points.endpoints);
    return ret < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}
