/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an evidence table; gives its rows. */
#include "input/evidence.h"

#include "core/text.h"
#include "input/csv.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    COLUMN(OST_CSV_OPTIONAL_TEXT, population, NULL, 0, NULL),
    COLUMN(OST_CSV_OPTIONAL_TEXT, drug_regimen, NULL, 0, NULL),
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
    *self = (ost_evidence_t){ .path = ost_strdup(path) };
    if (self->path == NULL) return ost_no_memory(err);
    int ret = ost_csv_read_rows(&table, path, &rows, &self->n_rows, err);
    self->rows = rows;
    return ret;
}

char *ost_reference_address(const char *reference, char *buf, size_t size)
{
    static const char *const kinds[][2] = { /* how a reference begins, what takes the place of this in the address */
        { "doi ", "https://doi.org/" }, { "PMID ", "https://pubmed.ncbi.nlm.nih.gov/" },
        { "PMC", "https://pmc.ncbi.nlm.nih.gov/articles/PMC" }, { "https://", "https://" }, { "http://", "http://" }
    };
    buf[0] = '\0';
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i][0]);
        if (strncmp(reference, kinds[i][0], n) != 0 || strcspn(reference + n, " ;,<>\"") != strlen(reference + n))
            continue;
        snprintf(buf, size, "%s%s", kinds[i][1], reference + n);
    }
    return buf;
}

void ost_evidence_free(ost_evidence_t *self)
{
    if (self == NULL) return;
    ost_csv_free_rows(&table, self->rows, self->n_rows);
    free(self->path);
    *self = (ost_evidence_t){ 0 };
}
