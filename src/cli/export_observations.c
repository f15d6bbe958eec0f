/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the result file of a run with a dosing table; gives the table's observation rows as they stand there, with
 * outputs of their subject at their time behind them. */
#include "export.h"
#include "input/csv.h"
#include "plan/doses.h"
#include "results/measure.h"

#include <stdlib.h>
#include <string.h>

/* The table as the run read it; to be closed in any case. */
static int open_table(const export_t *self, ost_csv_t *csv, ost_error_t *err)
{
    const ost_people_t *people = &self->experiment.people;
    char *text = ost_strdup(people->text);
    *csv = (ost_csv_t){ 0 };
    return text == NULL ? ost_no_memory(err) : ost_csv_begin(csv, people->path, text, NULL, err);
}

/* Unit of a column of the table, "" where the experiment gives none. */
static const char *unit_of(const ost_events_t *events, const char *head)
{
    for (size_t i = 0; i < events->n_covariates; i++)
        if (strcmp(events->covariates[i].column, head) == 0) return events->covariates[i].unit_text;
    if (strcasecmp(head, "TIME") == 0 || strcasecmp(head, "II") == 0) return events->time_text;
    return strcasecmp(head, "AMT") == 0 ? events->amount_text : "";
}

static int read_heads(export_t *self, ost_error_t *err)
{
    ost_csv_t csv;
    int ret = open_table(self, &csv, err);
    for (size_t i = 0; ret == 0 && i < csv.n_names; i++)
        if (ost_text_list_add(&self->heads, "%s", ost_csv_word(&csv, i)) < 0 ||
            ost_text_list_add(&self->head_units, "%s", unit_of(&self->experiment.events, csv.fields[i])) < 0)
            ret = ost_no_memory(err);
    ost_csv_close(&csv);
    return ret;
}

/* The output time at t, SIZE_MAX without one. */
static size_t find_time(const ost_results_t *results, double t)
{
    size_t first = 0, end = results->n_times;
    while (first < end) { /* the first that is not before t */
        const size_t middle = first + (end - first) / 2;
        if (results->times[middle] < t - OST_SAME_TIME)
            first = middle + 1;
        else
            end = middle;
    }
    return first < results->n_times && results->times[first] <= t + OST_SAME_TIME ? first : SIZE_MAX;
}

/* The output time of each observation row of a subject in the file. */
static int find_times(export_t *self, ost_error_t *err)
{
    const ost_experiment_t *e = &self->experiment;
    const ost_events_t *events = &e->events;
    self->time_of_row = ost_memory_list(&self->memory, events->n_rows, sizeof(*self->time_of_row));
    if (self->time_of_row == NULL) return ost_no_memory(err);
    for (size_t r = 0; r < events->n_rows; r++) self->time_of_row[r] = SIZE_MAX;
    const size_t end = events->first[e->first_subject + self->results->n_subjects];
    for (size_t r = events->first[e->first_subject]; r < end; r++) {
        const ost_event_row_t *row = &events->rows[r];
        if (row->kind != OST_ROW_OBSERVATION) continue;
        self->time_of_row[r] = find_time(self->results, row->t);
        if (self->time_of_row[r] == SIZE_MAX)
            return ost_fail_at(err, OST_ERR_VALUE, e->people.path, row->line, 0,
                "the run has no output at TIME %g %s; without 'times' in the experiment it has one at each observation "
                "row",
                row->t / events->time.factor, events->time_text);
        self->n_observations++;
    }
    return 0;
}

/* The arm in which the table's rows act, or all. */
static int choose_arm(export_t *self)
{
    const char *arm = self->experiment.events.arm;
    if (arm == NULL || self->arms != NULL) return 0;
    self->n_arms = 1;
    self->i_arms[0] = ost_results_find_arm(self->results, arm);
    return self->i_arms[0] != SIZE_MAX ? 0 : OST_ERR_FORMAT;
}

/* @param i  of the block that is read */
static void put_row(const export_t *self, const char *arm, const ost_csv_t *csv, size_t i, size_t time, FILE *out)
{
    char number[32];
    fprintf(out, "%s,%.0f", arm, self->subjects[i]);
    for (size_t c = 0; c < csv->n_fields; c++) {
        fputc(',', out);
        ost_csv_write_text(csv->fields[c], out);
    }
    for (size_t c = 0; c < self->covariates.n; c++)
        fprintf(out, ",%s", ost_export_number(self->of_subjects[c * self->n_block + i], number));
    for (size_t o = 0; o < self->n_outputs; o++) {
        fputc(',', out);
        ost_export_value(self, o, i, time, out);
    }
    fputs("\r\n", out);
}

/* Rows of the table stand in the order of subjects. */
static int put_arm(const export_t *self, size_t arm, FILE *out, ost_error_t *err)
{
    const ost_experiment_t *e = &self->experiment;
    const ost_events_t *events = &e->events;
    const size_t n = self->results->n_subjects;
    size_t r = 0, first = 0, n_read = 0;
    ost_csv_t csv;
    char *name = ost_export_field(self->results->arms.items[arm]);
    int ret = name == NULL ? ost_no_memory(err) : 0, opened = open_table(self, &csv, err);
    if (ret == 0) ret = opened;
    for (size_t i = 0; i < n && ret == 0 && !ferror(out); i++) {
        if (i == first + n_read) {
            first = i;
            n_read = n - i < self->n_block ? n - i : self->n_block;
            ret = ost_export_read_block(self, arm, first, n_read, err);
        }
        for (const size_t end = events->first[e->first_subject + i + 1]; r < end && ret == 0; r++) {
            if (!ost_csv_next(&csv))
                ret = csv.code < 0 ? csv.code : ost_fail(err, OST_ERR_FORMAT, "%s: rows are missing", csv.path);
            if (ret == 0 && self->time_of_row[r] != SIZE_MAX)
                put_row(self, name, &csv, i - first, self->time_of_row[r], out);
        }
    }
    ost_csv_close(&csv);
    free(name);
    return ret;
}

static int put_rows(const export_t *self, FILE *out, ost_error_t *err)
{
    int ret = 0;
    for (size_t a = 0; a < self->n_arms && ret == 0 && !ferror(out); a++)
        ret = put_arm(self, self->i_arms[a], out, err);
    return ret;
}

int ost_export_choose_observations(export_t *self)
{
    const ost_results_t *results = self->results;
    const ost_experiment_t *e = &self->experiment;
    ost_error_t err = { 0 };
    if (results->keep != OST_KEEP_SUBJECTS || results->models.n > 0 || self->every != NULL)
        return OST_CLI_USAGE(self->every != NULL
                                 ? "--observations: --every is of other tables; rows are those of the table"
                                 : "--observations: only of one run that keeps its subjects");
    if (ost_results_experiment(results, NULL, 0, &self->experiment, &err) < 0) return ost_cli_fail(&err);
    if (!e->events.is_given || e->enrolls)
        return OST_CLI_USAGE(e->enrolls ? "--observations: the run enrols others than the subjects of its table"
                                        : "--observations: the run has no dosing table ('events')");
    self->wide = true;
    self->put_rows = put_rows;
    int ret = read_heads(self, &err);
    if (ret == 0) ret = choose_arm(self);
    if (ret == 0) ret = find_times(self, &err);
    if (ret < 0) return ost_cli_fail(&err);
    if (self->n_observations > 0) return OST_EXIT_OK;
    return OST_CLI_USAGE("--observations: no row of %s is an observation (EVID 0)", e->people.path);
}
