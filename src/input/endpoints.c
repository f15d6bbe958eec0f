/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes endpoints.csv and the models whose parameters it names; gives outputs, classes and errors by site. */
#include "input/endpoints.h"

#include "core/file.h"
#include "core/text.h"
#include "input/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const ost_measure_words[OST_N_MEASURES] = { OST_MEASURES(OST_WORD_OF) };
const char *const ost_class_words[OST_N_CLASSES] = { OST_CLASSES(OST_WORD_OF) };

static const ost_csv_column_t columns[] = {
    { "site", OST_CSV_TEXT, offsetof(ost_endpoint_entry_t, site), NULL, 0, NULL },
    { "endpoint", OST_CSV_TEXT, offsetof(ost_endpoint_entry_t, endpoint), NULL, 0, NULL },
    { "output", OST_CSV_TEXT, offsetof(ost_endpoint_entry_t, output), NULL, 0, NULL },
    { "class", OST_CSV_WORD, offsetof(ost_endpoint_entry_t, endpoint_class), ost_class_words, OST_CLASS_LEVEL, NULL },
    { "error", OST_CSV_TEXT, offsetof(ost_endpoint_entry_t, error), NULL, 0, NULL },
};
static const ost_csv_table_t table = { columns, sizeof columns / sizeof columns[0], sizeof(ost_endpoint_entry_t),
    offsetof(ost_endpoint_entry_t, line) };

int ost_endpoint_dictionary_read(
    ost_endpoint_dictionary_t *self, const char *evidence, const char *otherwise, ost_error_t *err)
{
    void *rows;
    *self = (ost_endpoint_dictionary_t){ .path = ost_file_beside(evidence, "endpoints.csv") };
    if (self->path != NULL && otherwise != NULL && access(self->path, F_OK) != 0) {
        free(self->path);
        self->path = ost_strdup(otherwise);
    }
    if (self->path == NULL) return ost_no_memory(err);
    int ret = ost_csv_read_rows(&table, self->path, &rows, &self->n_entries, err);
    self->entries = rows;
    return ret;
}

static int wrong(const ost_endpoint_dictionary_t *self, const ost_endpoint_entry_t *entry, int code, const char *name,
    const char *what, ost_error_t *err)
{
    return ost_fail_at(err, code, self->path, entry->line, 0, "error: '%s' %s", name, what);
}

/* @param[out] square  of the parameter "MODEL.PARAMETER", in percent */
static int square_of(const ost_endpoint_dictionary_t *self, const ost_endpoint_entry_t *entry, ost_library_t *library,
    const char *name, double *square, ost_error_t *err)
{
    const ost_model_t *model;
    const char *dot = strchr(name, '.');
    char of[96];
    snprintf(of, sizeof of, "%.*s", dot != NULL ? (int) (dot - name) : 0, name);
    if (dot == NULL || ost_library_get(library, of, &model, NULL) < 0)
        return wrong(self, entry, OST_ERR_NAME, name, "must be a parameter of a model, as in dxa.visit_cv", err);
    int k = ost_model_param(model, dot + 1);
    if (k < 0) return wrong(self, entry, OST_ERR_NAME, name, "is not a parameter of this model", err);
    if (!ost_dim_is_none(model->params[k].unit.dim))
        return wrong(self, entry, OST_ERR_UNIT, name, "must be a fraction or in %", err);
    *square = pow(100 * model->params[k].value, 2);
    return 0;
}

int ost_endpoint_dictionary_errors(ost_endpoint_dictionary_t *self, ost_library_t *library, ost_error_t *err)
{
    int ret = 0;
    for (size_t i = 0; i < self->n_entries && ret == 0; i++) {
        ost_endpoint_entry_t *entry = &self->entries[i];
        double sum = 0, square = 0;
        char *names = ost_strdup(entry->error);
        if (names == NULL) return ost_no_memory(err);
        for (char *rest = names, *name; ret == 0 && (name = strsep(&rest, " ")) != NULL; sum += square) {
            square = 0;
            if (name[0] != '\0') ret = square_of(self, entry, library, name, &square, err);
        }
        entry->error_cv = sqrt(sum);
        free(names);
    }
    return ret;
}

const ost_endpoint_entry_t *ost_endpoint_entry(
    const ost_endpoint_dictionary_t *self, const char *endpoint, const char *site)
{
    for (size_t i = 0; i < self->n_entries; i++) {
        const ost_endpoint_entry_t *entry = &self->entries[i];
        size_t n = strlen(entry->site);
        bool is_site = n == 0 || (strncmp(site, entry->site, n) == 0 && (site[n] == '\0' || site[n] == '('));
        if (is_site && strncmp(endpoint, entry->endpoint, strlen(entry->endpoint)) == 0) return entry;
    }
    return NULL;
}

const ost_endpoint_entry_t *ost_endpoint_entry_of_output(const ost_endpoint_dictionary_t *self, const char *output)
{
    for (size_t i = 0; i < self->n_entries; i++)
        if (strcmp(self->entries[i].output, output) == 0) return &self->entries[i];
    return NULL;
}

void ost_endpoint_dictionary_free(ost_endpoint_dictionary_t *self)
{
    if (self == NULL) return;
    ost_csv_free_rows(&table, self->entries, self->n_entries);
    free(self->path);
    *self = (ost_endpoint_dictionary_t){ 0 };
}
