/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an evidence table; gives its rows. */
#include "input/evidence.h"

#include "input/csv.h"

#include <stddef.h>

const char *const ost_role_words[OST_N_ROLES] = { OST_ROLES(OST_WORD_OF) };
const char *const ost_reported_words[OST_N_REPORTED] = { OST_REPORTED(OST_WORD_OF) };
const char *const ost_interval_words[OST_N_INTERVALS] = { OST_INTERVALS(OST_WORD_OF) };

#define COLUMN(kind, member, ...)                                                                                      \
    {                                                                                                                  \
#member, kind, offsetof(ost_evidence_row_t, member), __VA_ARGS__                                               \
    }
static const ost_csv_column_t columns[] = {
    COLUMN(OST_CSV_WORD, role, ost_role_words, OST_N_ROLES, NULL),
    COLUMN(OST_CSV_TEXT, trial, NULL, 0, NULL),
    COLUMN(OST_CSV_TEXT, arm, NULL, 0, NULL),
    COLUMN(OST_CSV_TEXT, endpoint, NULL, 0, NULL),
    COLUMN(OST_CSV_TEXT, site, NULL, 0, NULL),
    COLUMN(OST_CSV_WORD, statistic, ost_reported_words, OST_N_REPORTED, "mean"),
    COLUMN(OST_CSV_TEXT, unit, NULL, 0, NULL),
    COLUMN(OST_CSV_WORD, interval, ost_interval_words, OST_N_INTERVALS, "none"),
    COLUMN(OST_CSV_TEXT, citation, NULL, 0, NULL),
    COLUMN(OST_CSV_TEXT, reference, NULL, 0, NULL),
    COLUMN(OST_CSV_TEXT, note, NULL, 0, NULL),
    COLUMN(OST_CSV_NUMBER, time_months, NULL, 0, NULL),
    COLUMN(OST_CSV_NUMBER, value, NULL, 0, NULL),
    COLUMN(OST_CSV_NUMBER, lower, NULL, 0, NULL),
    COLUMN(OST_CSV_NUMBER, upper, NULL, 0, NULL),
    COLUMN(OST_CSV_NUMBER, n, NULL, 0, NULL),
};
static const ost_csv_table_t table = { columns, sizeof columns / sizeof columns[0], sizeof(ost_evidence_row_t),
    offsetof(ost_evidence_row_t, line) };

int ost_evidence_read(ost_evidence_t *self, const char *path, ost_error_t *err)
{
    void *rows;
    int ret = ost_csv_read_rows(&table, path, &rows, &self->n_rows, err);
    self->rows = rows;
    return ret;
}

void ost_evidence_free(ost_evidence_t *self)
{
    if (self == NULL) return;
    ost_csv_free_rows(&table, self->rows, self->n_rows);
    *self = (ost_evidence_t){ 0 };
}
