/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the table of dosing records; gives warnings of rows that give more or less than they seem to. */
#include "plan/doses.h"
#include "plan/doubts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of such rows: NAME, a format of the line, ID and TIME, then of the series' last time and line. */
#define DOUBTS(X)                                                                                                      \
    X(OVERLAP,                                                                                                         \
        "ID %.10g has a dose at TIME %.10g, though ADDL of line %d goes on until TIME %.10g: both are given, as "      \
        "by NONMEM; a lower ADDL ends the series before")                                                              \
    X(LONE_II, "ID %.10g has II at TIME %.10g, but neither ADDL nor SS: one dose is given")                            \
    X(EMPTY, "ID %.10g has a dose of AMT 0 at TIME %.10g: nothing is given")
#define MEMBER(NAME, format) NAME,
enum { DOUBTS(MEMBER) N_DOUBTS };
#undef MEMBER

/* A series of doses that ADDL gives. */
typedef struct {
    const ost_event_row_t *row; /* NULL: none */
    double last;                /* d, of its last dose */
} series_t;

/* The first row of a kind, and how many there are. */
typedef struct {
    const ost_event_row_t *row;
    double id;
    series_t series;
    size_t n;
} found_t;

static void add(found_t *self, const ost_event_row_t *row, double id, series_t series)
{
    if (self->n++ == 0) *self = (found_t){ row, id, series, 1 };
}

/* Whether a series goes on past a later row, and is not one of two doses of a day. */
static bool overlaps(const series_t *series, const ost_event_row_t *row)
{
    const double shift = series->row != NULL ? row->t - series->row->t : 0;
    if (series->row == NULL || shift <= OST_SAME_TIME || row->t > series->last + OST_SAME_TIME) return false;
    return row->n_more == 0 || fabs(row->interval - series->row->interval) > OST_SAME_TIME ||
           shift >= row->interval - OST_SAME_TIME;
}

/* @param series  [n_compartments] of the subject so far */
static void check_row(
    const ost_events_t *events, const ost_event_row_t *row, double id, series_t *series, found_t found[N_DOUBTS])
{
    const ost_compartment_t *to = &events->compartments[row->compartment];
    const bool is_bolus = row->rate_kind == OST_RATE_BOLUS;
    if (row->kind == OST_ROW_RESET || row->kind == OST_ROW_RESET_DOSE)
        memset(series, 0, events->n_compartments * sizeof(*series));
    if (row->kind != OST_ROW_DOSE && row->kind != OST_ROW_RESET_DOSE) return;
    if (row->amount == 0 && is_bolus) add(&found[EMPTY], row, id, (series_t){ 0 });
    if (row->interval > 0 && row->n_more == 0 && row->steady == 0) add(&found[LONE_II], row, id, (series_t){ 0 });
    for (size_t c = 0; c < events->n_compartments; c++)
        if (strcmp(events->compartments[c].drug, to->drug) == 0 && overlaps(&series[c], row)) {
            add(&found[OVERLAP], row, id, series[c]);
            break;
        }
    const double last = row->t + row->n_more * row->interval;
    if (row->n_more > 0 && last > series[row->compartment].last)
        series[row->compartment] = (series_t){ .row = row, .last = last };
}

int ost_plan_doubt_rows(const ost_plan_t *self, ost_text_list_t *warnings)
{
#define FORMAT(NAME, format) "%s:%d: " format "%s",
    static const char *const formats[N_DOUBTS] = { DOUBTS(FORMAT) };
#undef FORMAT
    const ost_experiment_t *e = self->experiment;
    const ost_events_t *events = &e->events;
    found_t found[N_DOUBTS] = { 0 };
    if (!events->is_given) return 0;
    series_t *series = malloc((events->n_compartments + 1) * sizeof(*series));
    if (series == NULL) return OST_ERR_NO_MEMORY;
    for (size_t i = 0; i < e->people.n_rows; i++) {
        memset(series, 0, events->n_compartments * sizeof(*series));
        for (size_t r = events->first[i]; r < events->first[i + 1]; r++)
            check_row(events, &events->rows[r], e->people.values[i * e->people.n_columns], series, found);
    }
    free(series);
    int ret = 0;
    for (size_t k = 0; k < N_DOUBTS && ret == 0; k++) {
        const found_t *one = &found[k];
        char more[48] = "";
        if (one->n == 0) continue;
        if (one->n > 1) snprintf(more, sizeof(more), " (and %zu more such rows)", one->n - 1);
        const double time = one->row->t / events->time.factor, last = one->series.last / events->time.factor;
        if (k == OVERLAP)
            ret = ost_text_list_add(warnings, formats[OVERLAP], e->people.path, one->row->line, one->id, time,
                one->series.row->line, last, more);
        else
            ret = ost_text_list_add(warnings, formats[k], e->people.path, one->row->line, one->id, time, more);
    }
    return ret;
}
