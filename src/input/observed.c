/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See observed.h. Takes a table as CSV; gives its observations by arm, person and time. */
#include "input/observed.h"

#include "core/vocabulary.h"
#include "input/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 1000000 /* an assumption */

/* Those from N_NEEDED on may be left out, as may ARM where there is one. */
typedef enum {
    COLUMN_ID,
    COLUMN_TIME,
    COLUMN_DV,
    COLUMN_ARM,
    N_NEEDED,
    COLUMN_MDV = N_NEEDED,
    COLUMN_EVID,
    N_COLUMNS
} column_t;
static const char *const names[N_COLUMNS] = { "ID", "TIME", "DV", "ARM", "MDV", "EVID" };

typedef struct {
    ost_observed_t *table;
    const ost_observed_fit_t *fit;
    ost_csv_t csv;
    size_t field[N_COLUMNS]; /* SIZE_MAX: the table does not have it */
    ost_csv_head_t head[N_NEEDED];
} reader_t;

#define FAIL(self, column, code, ...) ost_csv_fail(&(self)->csv, (self)->field[column], code, __VA_ARGS__)

/* A unit behind TIME or DV: there, and of a time, of the output, or percent of a change. */
static void check_unit(reader_t *self, column_t column)
{
    const ost_csv_head_t *head = &self->head[column];
    const char *expected = column == COLUMN_TIME ? "month" : self->fit->unit;
    ost_unit_t unit;
    char why[OST_DIM_MISMATCH_SIZE];
    if (self->csv.code != 0) return;
    if (head->unit_text == NULL)
        FAIL(self, column, OST_ERR_UNIT, "column '%s' has no unit; write it, as in '%s [%s]'", names[column],
            names[column], expected);
    if (self->csv.code == 0) self->csv.code = ost_unit_parse(&unit, expected, self->csv.err);
    if (self->csv.code != 0) return;
    const bool is_percent = strcmp(head->unit_text, "%") == 0;
    if (column == COLUMN_DV) self->table->is_change = is_percent && !ost_dim_is_none(unit.dim);
    if ((column == COLUMN_DV && self->table->is_change) || ost_dim_equal(head->unit.dim, unit.dim)) return;
    FAIL(self, column, OST_ERR_UNIT, "column '%s' %s%s%s%s", names[column],
        ost_dim_mismatch(head->unit.dim, unit.dim, expected, why), column == COLUMN_DV ? "; DV observes " : "",
        column == COLUMN_DV ? self->fit->output : "", column == COLUMN_DV ? ", or its change in [%]" : "");
}

static bool is_ignored(const reader_t *self, const char *name)
{
    const ost_text_list_t *ignore = self->fit->ignore;
    return ignore != NULL && ost_words_find((const char *const *) ignore->items, ignore->n, name) < ignore->n;
}

/* A run of one arm needs no ARM. */
static bool is_needed(const reader_t *self, size_t column)
{
    return column < N_NEEDED && (column != COLUMN_ARM || self->fit->arms->n > 1);
}

/* That columns which are to be left out are there, and needed ones are. @param found  names in the heads */
static void check_found(reader_t *self, const char *const *found, size_t n)
{
    const ost_text_list_t *ignore = self->fit->ignore;
    char columns[OST_CSV_COLUMNS_SIZE];
    for (size_t i = 0; ignore != NULL && i < ignore->n; i++)
        if (ost_words_find(found, n, ignore->items[i]) == n)
            OST_CSV_FAIL_ROW(&self->csv, OST_ERR_NAME, "has no column '%.80s', which is to be left out%s%s%s%s",
                ignore->items[i], OST_HINT(ost_nearest(ignore->items[i], found, n)),
                ost_csv_columns(&self->csv, columns));
    for (size_t c = 0; c < N_NEEDED; c++)
        if (self->field[c] == SIZE_MAX && is_needed(self, c))
            OST_CSV_FAIL_ROW(&self->csv, OST_ERR_NAME,
                "has no column '%s'%s%s%s; expected ID, TIME [month], DV [unit]%s%s", names[c],
                OST_HINT(is_ignored(self, names[c]) ? NULL : ost_nearest(names[c], found, n)),
                is_needed(self, COLUMN_ARM) ? ", ARM" : "", ost_csv_columns(&self->csv, columns));
    for (size_t i = 0; i < n; i++)
        if (!is_ignored(self, found[i]) && ost_words_find(names, N_COLUMNS, found[i]) == N_COLUMNS)
            ost_csv_fail(&self->csv, i, OST_ERR_NAME,
                "unknown column '%.80s'%s%s%s; expected ID, TIME, DV, ARM, MDV or EVID, or name it with --ignore",
                found[i], OST_HINT(ost_nearest(found[i], names, N_COLUMNS)));
}

static void find_columns(reader_t *self, const char *const *found)
{
    const size_t n = self->csv.n_names;
    for (size_t c = 0; c < N_COLUMNS; c++) self->field[c] = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const size_t c = ost_words_find(names, N_COLUMNS, found[i]);
        if (c == N_COLUMNS || is_ignored(self, names[c])) continue;
        if (self->field[c] != SIZE_MAX) ost_csv_fail(&self->csv, i, OST_ERR_NAME, "duplicate column '%s'", names[c]);
        self->field[c] = i;
    }
    check_found(self, found, n);
    for (size_t c = 0; c < N_NEEDED; c++)
        if (self->field[c] != SIZE_MAX) ost_csv_head(&self->csv, self->field[c], false, &self->head[c]);
}

static void read_heads(reader_t *self)
{
    const char *found[OST_CSV_MAX_FIELDS];
    for (size_t i = 0; i < self->csv.n_names; i++) {
        const char *head = ost_csv_word(&self->csv, i);
        size_t n = strcspn(head, "[");
        while (n > 0 && head[n - 1] == ' ') n--;
        if ((found[i] = ost_csv_text(&self->csv, head, n)) == NULL) return;
    }
    find_columns(self, found);
    check_unit(self, COLUMN_TIME);
    check_unit(self, COLUMN_DV);
    const char *unit = self->head[COLUMN_DV].unit_text;
    if (self->csv.code == 0) self->table->unit_text = ost_csv_text(&self->csv, unit, strlen(unit));
}

static bool is_missing(const reader_t *self, column_t column)
{
    const char *text = ost_csv_word(&self->csv, self->field[column]);
    return text[0] == '\0' || strcmp(text, ".") == 0;
}

/* A whole number from 0 to `most`; 0 where it is missing. */
static double read_flag(reader_t *self, column_t column, int most)
{
    if (self->field[column] == SIZE_MAX || is_missing(self, column)) return 0;
    const double flag = ost_csv_number(&self->csv, self->field[column], names[column]);
    if (!(flag >= 0 && flag <= most && flag == floor(flag)))
        FAIL(self, column, OST_ERR_VALUE, "%s is %g; expected a whole number from 0 to %d", names[column], flag, most);
    return flag;
}

static double read_number(reader_t *self, column_t column)
{
    if (is_missing(self, column))
        FAIL(self, column, OST_ERR_VALUE, "%s is missing; leave out rows without it", names[column]);
    return ost_csv_quantity(&self->csv, self->field[column], &self->head[column]);
}

/* How far a time may lie from the output time that is meant, d: half a day, in a short run a hundredth of it. */
static double slack(const ost_observed_fit_t *fit)
{
    return fmin(0.5, fmax(fabs(fit->first), fabs(fit->last)) / 100);
}

/* Whether a row counts: its reason to be left out, OST_N_LEFT_OUT for none. */
static ost_left_out_t sort_out(reader_t *self)
{
    const double mdv = read_flag(self, COLUMN_MDV, 1), evid = read_flag(self, COLUMN_EVID, 4);
    if (mdv > 0 || evid > 0) return OST_NOT_OBSERVATION;
    if (is_missing(self, COLUMN_DV)) return OST_NO_VALUE;
    if (!self->table->is_change || self->csv.code != 0) return OST_N_LEFT_OUT;
    return fabs(read_number(self, COLUMN_TIME)) <= slack(self->fit) ? OST_AT_BASELINE : OST_N_LEFT_OUT;
}

static void read_row(reader_t *self, ost_observed_row_t *row)
{
    ost_csv_t *csv = &self->csv;
    const ost_text_list_t *arms = self->fit->arms;
    const char *id = ost_csv_word(csv, self->field[COLUMN_ID]);
    const char *arm = self->field[COLUMN_ARM] != SIZE_MAX ? ost_csv_word(csv, self->field[COLUMN_ARM]) : arms->items[0];
    char wrong[400];
    row->at = csv->location[0];
    if (id[0] == '\0') FAIL(self, COLUMN_ID, OST_ERR_VALUE, "ID is missing");
    row->arm = ost_words_find((const char *const *) arms->items, arms->n, arm);
    if (row->arm == arms->n)
        FAIL(self, COLUMN_ARM, OST_ERR_NAME, "ARM: %s",
            ost_words_wrong((const char *const *) arms->items, arms->n, arm, wrong, sizeof(wrong)));
    row->time = read_number(self, COLUMN_TIME);
    row->value = read_number(self, COLUMN_DV);
    if (!(row->time >= self->fit->first - slack(self->fit) && row->time <= self->fit->last + slack(self->fit)))
        FAIL(self, COLUMN_TIME, OST_ERR_VALUE, "TIME %g month is outside of the simulated times, month %g to %g",
            row->time / OST_DAYS_PER_MONTH, self->fit->first / OST_DAYS_PER_MONTH,
            self->fit->last / OST_DAYS_PER_MONTH);
    if (self->table->is_change) row->value *= 100;
    if (self->table->is_change && row->value < -100)
        FAIL(self, COLUMN_DV, OST_ERR_VALUE, "DV %g %% is a change to a value below zero; expected -100 %% or more",
            row->value);
    row->id = ost_csv_text(&self->csv, id, strlen(id));
}

static int compare_rows(const void *a, const void *b)
{
    const ost_observed_row_t *x = a, *y = b;
    if (x->arm != y->arm) return x->arm < y->arm ? -1 : 1;
    int by_id = strcmp(x->id, y->id);
    if (by_id != 0) return by_id;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->at.line > y->at.line) - (x->at.line < y->at.line);
}

/* Order the rows, and number persons. */
static void number_persons(reader_t *self)
{
    ost_observed_t *table = self->table;
    qsort(table->rows, table->n, sizeof(*table->rows), compare_rows);
    for (size_t i = 1; i < table->n; i++) {
        ost_observed_row_t *row = &table->rows[i], *before = row - 1;
        const bool is_same_arm = row->arm == before->arm, is_same = is_same_arm && strcmp(row->id, before->id) == 0;
        row->person = is_same ? before->person : is_same_arm ? before->person + 1 : 0;
        if (is_same && row->time == before->time)
            ost_csv_fail_at(&self->csv, row->at, OST_ERR_VALUE,
                "ID '%.60s' is observed twice at one time, month %g, as in line %d", row->id,
                row->time / OST_DAYS_PER_MONTH, before->at.line);
    }
}

static void read_rows(reader_t *self)
{
    ost_observed_t *table = self->table;
    const size_t most = ost_csv_most_records(&self->csv, MOST_ROWS);
    table->rows = ost_csv_list(&self->csv, most, sizeof(*table->rows));
    while (ost_csv_next(&self->csv)) {
        const ost_left_out_t reason = sort_out(self);
        if (reason != OST_N_LEFT_OUT)
            table->n_left_out[reason]++;
        else if (table->n == MOST_ROWS)
            ost_csv_fail(&self->csv, 0, OST_ERR_LIMIT, "more than %d observations", MOST_ROWS);
        else
            read_row(self, &table->rows[table->n++]);
    }
    if (table->n == 0)
        ost_csv_fail_at(&self->csv, (ost_location_t){ 1, 0 }, OST_ERR_VALUE, "has no observations%s",
            table->n_left_out[OST_AT_BASELINE] > 0 ? " after the baseline, where a change is 0 by definition" : "");
    if (self->csv.code == 0) number_persons(self);
}

int ost_observed_read(ost_observed_t *self, const char *path, const ost_observed_fit_t *fit, ost_error_t *err)
{
    reader_t reader = { .table = self, .fit = fit };
    *self = (ost_observed_t){ 0 };
    if (ost_csv_open(&reader.csv, path, &self->memory, err) == 0) read_heads(&reader);
    read_rows(&reader);
    ost_csv_close(&reader.csv);
    return reader.csv.code;
}

void ost_observed_free(ost_observed_t *self)
{
    ost_memory_free(&self->memory);
    *self = (ost_observed_t){ 0 };
}
