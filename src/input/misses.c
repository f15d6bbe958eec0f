/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes misses.csv beside an evidence table; gives the reason for a model and a trial. */
#include "input/misses.h"

#include "core/file.h"
#include "core/text.h"
#include "input/csv.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define TEXT(member)                                                                                                   \
    {                                                                                                                  \
        .name = #member, .kind = OST_CSV_TEXT, .offset = offsetof(ost_miss_t, member)                                  \
    }
static const ost_csv_column_t columns[] = { TEXT(trial), TEXT(model), TEXT(reason) };
static const ost_csv_table_t table = { .columns = columns,
    .n_columns = sizeof columns / sizeof columns[0],
    .row_size = sizeof(ost_miss_t),
    .line = offsetof(ost_miss_t, line) };

static int check_trial(const ost_miss_t *self, const ost_evidence_t *evidence, const char *path, ost_error_t *err)
{
    size_t i = 0;
    while (i < evidence->n_rows && strcmp(evidence->rows[i].trial, self->trial) != 0) i++;
    if (i < evidence->n_rows) return 0;
    const char *near = OST_NEAREST_IN(self->trial, evidence->rows, evidence->n_rows, ost_evidence_row_t, trial);
    return ost_fail_at(err, OST_ERR_NAME, path, self->line, 0, "trial '%s' has no row in %s%s%s%s", self->trial,
        evidence->path, OST_HINT(near));
}

int ost_misses_read(ost_misses_t *self, const ost_evidence_t *evidence, ost_memory_t *memory, ost_error_t *err)
{
    *self = (ost_misses_t){ 0 };
    const char *path = ost_file_beside(memory, evidence->path, "misses.csv");
    if (path == NULL) return ost_no_memory(err);
    void *rows = NULL;
    int ret = access(path, F_OK) == 0 ? ost_csv_read_rows(&table, NULL, path, memory, &rows, &self->n_rows, err) : 0;
    self->rows = rows;
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) ret = check_trial(&self->rows[i], evidence, path, err);
    return ret;
}

const char *ost_misses_reason(const ost_misses_t *self, const char *trial, const char *model)
{
    for (size_t i = 0; i < self->n_rows; i++)
        if (strcmp(self->rows[i].trial, trial) == 0 && strcmp(self->rows[i].model, model) == 0)
            return self->rows[i].reason;
    return NULL;
}
