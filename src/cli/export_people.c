/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; gives a row for each subject: its number, stratum and covariates, and whether it took part in
 * each arm. */
#include "export.h"

#include <stdlib.h>
#include <string.h>

#define STATUS_WORD(NAME, word) word,
static const char *const words[] = { OST_SUBJECT_STATUSES(STATUS_WORD) };

static void put_number(const export_t *self, size_t column, double x, FILE *out)
{
    const ost_experiment_t *e = &self->experiment;
    char number[32];
    fputc(',', out);
    if (strcmp(self->covariates.items[column], OST_EXPORT_STRATUM) != 0)
        fputs(ost_export_number(x, number), out);
    else if (x >= 0 && x < (double) e->n_strata)
        fputs(e->strata[(size_t) x].name, out);
}

/* Of the part results->i_model. @param statuses  [n_arms][n_block] */
static int put_part(const export_t *self, uint8_t *statuses, FILE *out, ost_error_t *err)
{
    const size_t n_subjects = self->results->n_subjects;
    int ret = 0;
    for (size_t first = 0, n; first < n_subjects && ret == 0 && !ferror(out); first += n) {
        n = n_subjects - first < self->n_block ? n_subjects - first : self->n_block;
        ret = ost_export_read_subjects(self, first, n, err);
        for (size_t a = 0; a < self->n_arms && ret == 0; a++)
            ret = ost_results_read_subject_status(
                self->results, self->i_arms[a], first, n, self->values, statuses + a * self->n_block, err);
        for (size_t i = 0; i < n && ret == 0; i++) {
            fprintf(out, "%.0f", self->subjects[i]);
            ost_export_put_front(self->results, out);
            for (size_t c = 0; c < self->covariates.n; c++)
                put_number(self, c, self->of_subjects[c * self->n_block + i], out);
            for (size_t a = 0; a < self->n_arms; a++) fprintf(out, ",%s", words[statuses[a * self->n_block + i]]);
            fputs("\r\n", out);
        }
    }
    return ret;
}

static int put_rows(const export_t *self, FILE *out, ost_error_t *err)
{
    uint8_t *statuses = calloc(self->n_arms, self->n_block);
    int ret = statuses == NULL ? ost_no_memory(err) : 0;
    for (size_t p = 0; (p == 0 || p < self->results->models.n) && ret == 0; p++) {
        self->results->i_model = p;
        ret = put_part(self, statuses, out, err);
    }
    free(statuses);
    return ret;
}

int ost_export_choose_people(export_t *self)
{
    ost_error_t err = { 0 };
    if (self->results->keep != OST_KEEP_SUBJECTS || self->every != NULL || self->observations)
        return OST_CLI_USAGE("--people: %s", self->observations    ? "--observations is another table"
                                             : self->every != NULL ? "--every is of tables with times"
                                                                   : "the file keeps no subjects");
    self->wide = true;
    self->put_rows = put_rows;
    if (ost_results_experiment(self->results, NULL, 0, &self->experiment, &err) < 0) return ost_cli_fail(&err);
    self->outputs = ost_memory_list(&self->memory, self->n_arms, sizeof(*self->outputs));
    if (self->outputs == NULL) return ost_cli_no_memory();
    for (size_t a = 0; a < self->n_arms; a++) {
        export_output_t *output = &self->outputs[self->n_outputs++];
        output->of = ost_export_text(self, "status");
        output->name = ost_export_text(self, "status_%s", self->results->arms.items[self->i_arms[a]]);
    }
    return self->memory.failed ? ost_cli_no_memory() : OST_EXIT_OK;
}
