/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes what `osteon export` is to write of a result file; writes it as CSV (RFC 4180), a block of subjects at a time,
 * and a second table with units and meanings. */
#include "export.h"
#include "input/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t) 4 << 20) /* of the values that are read at a time */
#define CHUNK_SUBJECTS ((size_t) 64)   /* of the result file, so that none is read twice */
#define ROW_END "\r\n"

char *ost_export_number(double x, char buf[32])
{
    buf[0] = '\0';
    if (!isfinite(x)) return buf;
    snprintf(buf, 32, "%.15g", x);
    if (strtod(buf, NULL) != x) snprintf(buf, 32, "%.17g", x);
    return buf;
}

static const char *first_column(const export_t *self, size_t i)
{
    const char *const names[] = { "arm", self->results->keep == OST_KEEP_QUANTILES ? "statistic" : "subject", "time" };
    return names[self->people != NULL ? 1 : i];
}

static size_t n_first_columns(const export_t *self)
{
    return self->people != NULL ? 1 : self->observations ? 2 : 3; /* TIME is in the table */
}

/* Numbers before the quantiles. */
static const struct {
    const char *name;
    ost_summary_kind_t kind, of_change;
} numbers[] = {
    { "n", OST_SUMMARY_N, OST_SUMMARY_CHANGE_N },
    { "mean", OST_SUMMARY_MEAN, OST_SUMMARY_CHANGE_MEAN },
    { "sd", OST_SUMMARY_SD, OST_SUMMARY_CHANGE_SD },
};
enum { N_NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

size_t ost_export_n_rows(const ost_results_t *results)
{
    return results->keep == OST_KEEP_QUANTILES ? N_NUMBERS + OST_N_LEVELS : results->n_subjects;
}

/* Subject i of the block, or a statistic: "mean", "q0.05". */
static void put_row_name(const export_t *self, size_t i, char *to)
{
    if (self->results->keep != OST_KEEP_QUANTILES)
        sprintf(to, "%.0f", self->subjects[i]);
    else if (i < N_NUMBERS)
        strcpy(to, numbers[i].name);
    else
        sprintf(to, "q%.3g", ost_levels[i - N_NUMBERS]);
}

/* Columns before the entries: the number of the draw or point, or the model. */
static size_t n_before_axes(const ost_results_t *results)
{
    return results->models.n > 0 && (results->design.n_axes == 0 || results->design.kind != OST_DESIGN_GRID);
}

/* Names of what is in front of arms in the file: "model", "draw", the entries that a grid varies, or "point" and then
 * the entries of another design; after entries "draw", where there are draws at each point. */
static size_t n_front_columns(const ost_results_t *results)
{
    const ost_design_t *design = &results->design;
    return n_before_axes(results) + design->n_axes - design->n_drawn +
           (design->n_drawn > 0 && design->kind != OST_DESIGN_DRAWS);
}

/* @param k  below their number */
static const char *front_column(const ost_results_t *results, size_t k)
{
    const ost_design_t *design = &results->design;
    const size_t n = n_before_axes(results);
    if (k >= n && k - n < design->n_axes - design->n_drawn) return design->axes[k - n].name;
    return ost_results_front_name(design, k < n ? 0 : ost_design_n_dimensions(design) - 1);
}

static void put_text(const char *text, FILE *out)
{
    fputc_unlocked(',', out);
    ost_csv_write_text(text, out);
}

void ost_export_put_front(const ost_results_t *results, FILE *out)
{
    const ost_design_t *design = &results->design;
    char number[32];
    const size_t n = n_before_axes(results);
    if (n > 0 && design->n_axes == 0) put_text(results->models.items[results->i_model], out);
    if (n > 0 && design->n_axes > 0) fprintf(out, ",%zu", ost_design_place(design, results->i_model, 0));
    for (size_t k = 0; k + design->n_drawn < design->n_axes; k++) {
        size_t i = ost_design_index(design, results->i_model, k);
        const ost_varied_t *axis = &design->axes[k];
        put_text(axis->values == NULL ? axis->texts.items[i] : ost_export_number(axis->values[i], number), out);
    }
    if (design->n_drawn > 0 && design->kind != OST_DESIGN_DRAWS)
        fprintf(out, ",%zu", ost_design_index(design, results->i_model, design->n_axes - 1));
}

const char *ost_export_column(const export_t *self, size_t i)
{
    static const char *const last[] = { "variable", "element", "value" };
    const size_t n_first = n_first_columns(self), n_front = n_front_columns(self->results);
    if (i < n_first) return first_column(self, i);
    if ((i -= n_first) < self->heads.n) return self->heads.items[i];
    if ((i -= self->heads.n) < n_front) return front_column(self->results, i);
    if ((i -= n_front) < self->covariates.n) return self->covariates.items[i];
    i -= self->covariates.n;
    if (self->wide) return i < self->n_outputs ? self->outputs[i].name : NULL;
    return i < sizeof(last) / sizeof(last[0]) ? last[i] : NULL;
}

/* A field; of NULL, what is in front of arms for the part that is read. */
static char *text_of(const char *field, const ost_results_t *results)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    if (field != NULL)
        ost_csv_write_text(field, out);
    else
        ost_export_put_front(results, out);
    bool ok = !ferror(out);
    if (fclose(out) == 0 && ok) return text;
    free(text);
    return NULL;
}

char *ost_export_field(const char *text)
{
    return text_of(text, NULL);
}

char *ost_export_text(export_t *self, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = ost_memory_print(&self->memory, fmt, args);
    va_end(args);
    return text;
}

static void put_head(const export_t *self, FILE *out)
{
    const char *name;
    for (size_t i = 0; (name = ost_export_column(self, i)) != NULL; i++) {
        if (i > 0) fputc(',', out);
        ost_csv_write_text(name, out);
    }
    fputs(ROW_END, out);
}

/* A value of the file, with as many digits as its type has. */
static void put_value(double x, bool is_double, FILE *out)
{
    char number[32];
    if (is_double)
        fputs_unlocked(ost_export_number(x, number), out);
    else if (isfinite(x))
        fwrite_unlocked(number, 1, (size_t) snprintf(number, sizeof(number), "%.9g", x), out);
}

void ost_export_value(const export_t *self, size_t output, size_t i, size_t time, FILE *out)
{
    const ost_results_t *results = self->results;
    put_value(self->values[(output * self->n_block + i) * results->n_times + time],
        results->variables[self->outputs[output].variable].is_double, out);
}

/* All rows of subject i of the block. @param head  "arm,subject," @param tail  what follows the time */
static void put_subject(const export_t *self, size_t i, const char *head, const char *tail, FILE *out)
{
    const size_t n_head = strlen(head), n_tail = strlen(tail);
    for (size_t t = 0; t < self->n_times; t++)
        for (size_t o = 0; o < self->n_outputs; o++) {
            const export_output_t *output = &self->outputs[o];
            if (!self->wide || o == 0) {
                fwrite_unlocked(head, 1, n_head, out);
                fputs_unlocked(self->times.items[t], out);
                fwrite_unlocked(tail, 1, n_tail, out);
            }
            fputc_unlocked(',', out);
            if (!self->wide) fputs_unlocked(output->text, out);
            ost_export_value(self, o, i, self->i_times[t], out);
            if (!self->wide || o + 1 == self->n_outputs) fputs_unlocked(ROW_END, out);
        }
}

/* All statistics of an arm. @return as ost_export_read_block() */
static int read_statistics(const export_t *self, size_t arm, ost_error_t *err)
{
    ost_results_t *results = self->results;
    int ret = 0;
    for (size_t o = 0; o < self->n_outputs; o++) {
        const export_output_t *output = &self->outputs[o];
        const char *name = results->names.items[output->variable];
        double *to = self->values + o * self->n_block * results->n_times;
        for (size_t i = 0; i < N_NUMBERS && ret == 0; i++, to += results->n_times)
            ret = ost_results_read_summary(results, name, output->is_change ? numbers[i].of_change : numbers[i].kind,
                arm, output->element, to, err);
        if (ret == 0)
            ret = ost_results_read_summary(results, name,
                output->is_change ? OST_SUMMARY_CHANGES : OST_SUMMARY_QUANTILES, arm, output->element, to, err);
    }
    return ret;
}

int ost_export_read_subjects(const export_t *self, size_t first, size_t n, ost_error_t *err)
{
    int ret = ost_results_read_column(self->results, "subject", first, n, self->subjects, err);
    for (size_t c = 0; c < self->covariates.n && ret == 0; c++)
        ret = ost_results_read_column(
            self->results, self->covariates.items[c], first, n, self->of_subjects + c * self->n_block, err);
    return ret;
}

int ost_export_read_block(const export_t *self, size_t arm, size_t first, size_t n, ost_error_t *err)
{
    ost_results_t *results = self->results;
    if (results->keep == OST_KEEP_QUANTILES) return read_statistics(self, arm, err);
    int ret = ost_export_read_subjects(self, first, n, err);
    for (size_t o = 0; o < self->n_outputs && ret == 0; o++)
        ret = ost_results_read_block(results, results->names.items[self->outputs[o].variable], arm,
            self->outputs[o].element, first, n, self->values + o * self->n_block * results->n_times, err);
    return ret;
}

/* @param front  fields of what is in front of arms; @param head, tail  as of put_subject(), filled anew for each */
static void put_block(
    const export_t *self, const char *arm, const char *front, size_t n, char *head, char *tail, FILE *out)
{
    char number[32];
    for (size_t i = 0; i < n; i++) {
        char *end = tail + sprintf(tail, "%s", front);
        put_row_name(self, i, head + sprintf(head, "%s,", arm));
        strcat(head, ",");
        for (size_t c = 0; c < self->covariates.n; c++)
            end += sprintf(end, ",%s", ost_export_number(self->of_subjects[c * self->n_block + i], number));
        put_subject(self, i, head, tail, out);
    }
}

static int put_arm(const export_t *self, size_t arm, FILE *out, ost_error_t *err)
{
    const size_t n_subjects = ost_export_n_rows(self->results);
    char *name = ost_export_field(self->results->arms.items[arm]), *front = text_of(NULL, self->results);
    char *head = name != NULL ? malloc(strlen(name) + 340) : NULL; /* room for any double in "%.0f" */
    char *tail = front != NULL ? malloc(strlen(front) + 32 * self->covariates.n + 1) : NULL;
    int ret = head == NULL || tail == NULL ? ost_no_memory(err) : 0;
    for (size_t first = 0, n; first < n_subjects && ret == 0; first += n) {
        n = n_subjects - first < self->n_block ? n_subjects - first : self->n_block;
        ret = ost_export_read_block(self, arm, first, n, err);
        if (ret == 0) put_block(self, name, front, n, head, tail, out);
        if (ferror(out)) break;
    }
    free(name);
    free(front);
    free(head);
    free(tail);
    return ret;
}

static int put_rows(const void *what, FILE *out, ost_error_t *err)
{
    const export_t *self = what;
    const size_t n_parts = self->results->models.n > 0 ? self->results->models.n : 1;
    int ret = 0;
    put_head(self, out);
    if (self->put_rows != NULL) return self->put_rows(self, out, err);
    for (size_t p = 0; p < n_parts && ret == 0; p++) {
        self->results->i_model = p;
        for (size_t a = 0; a < self->n_arms && ret == 0 && !ferror(out); a++)
            ret = put_arm(self, self->i_arms[a], out, err);
    }
    return ret;
}

/* A row of the table of units. @param of  its name in the result file */
static int put_unit(const export_t *self, const char *name, const char *of, FILE *out, ost_error_t *err)
{
    char *unit, *meaning;
    int ret = ost_results_read_meaning(self->results, of, &unit, &meaning, err);
    ost_csv_write_text(name, out);
    put_text(unit != NULL ? unit : "", out);
    put_text(meaning != NULL ? meaning : "", out);
    fputs(ROW_END, out);
    free(unit);
    free(meaning);
    return ret;
}

static int put_units(const void *what, FILE *out, ost_error_t *err)
{
    const export_t *self = what;
    const ost_results_t *results = self->results;
    int ret = 0;
    fputs("name,unit,meaning" ROW_END, out);
    for (size_t i = 0; i < n_first_columns(self) && ret == 0; i++) {
        const char *first = first_column(self, i);
        if (strcmp(first, "statistic") == 0)
            fputs(
                "statistic,1,\"over subjects: n, mean, sd, and quantiles: q0.05 is the 5th percentile\"" ROW_END, out);
        else
            ret = put_unit(self, first, first, out, err);
    }
    for (size_t i = 0; i < self->heads.n; i++) {
        ost_csv_write_text(self->heads.items[i], out);
        put_text(self->head_units.items[i], out);
        fputs(",column of the dosing table" ROW_END, out);
    }
    for (size_t k = 0; k < n_front_columns(results) && ret == 0; k++) {
        const char *name = front_column(results, k);
        ret = put_unit(self, name, name, out, err);
    }
    for (size_t c = 0; c < self->covariates.n && ret == 0; c++)
        ret = put_unit(self, self->covariates.items[c], self->covariates.items[c], out, err);
    for (size_t o = 0; o < self->n_outputs && ret == 0; o++) {
        const export_output_t *output = &self->outputs[o];
        if (!self->wide && o > 0 && strcmp(self->outputs[o - 1].of, output->of) == 0) continue;
        ret = put_unit(self, self->wide ? output->name : output->of, output->of, out, err);
    }
    return ret;
}

/* Subjects of a block so that its values take no more than BLOCK_BYTES, in whole chunks where one fits. */
static size_t block_subjects(const export_t *self)
{
    const size_t n_bytes = sizeof(double) * (self->n_outputs * self->results->n_times + self->covariates.n + 1);
    size_t n = BLOCK_BYTES / n_bytes;
    if (n >= CHUNK_SUBJECTS) n -= n % CHUNK_SUBJECTS;
    const size_t n_rows = ost_export_n_rows(self->results);
    if (n > n_rows || self->results->keep == OST_KEEP_QUANTILES) n = n_rows;
    return n > 0 ? n : 1;
}

int ost_export_write(export_t *self, const char *units, ost_error_t *err)
{
    const size_t n = self->n_block = block_subjects(self);
    self->values = ost_memory_list(&self->memory, self->n_outputs * n * self->results->n_times, sizeof(double));
    self->subjects = ost_memory_list(&self->memory, n, sizeof(double));
    self->of_subjects = ost_memory_list(&self->memory, self->covariates.n * n, sizeof(double));
    if (self->memory.failed) return ost_no_memory(err);
    int ret = ost_cli_write(units, put_units, self, err);
    if (ret < 0) return ret;
    ret = ost_cli_write(self->csv, put_rows, self, err);
    if (ret < 0) remove(units); /* of a table that is not there */
    return ret;
}
