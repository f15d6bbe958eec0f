/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result file as a table that R, pandas and DuckDB read: which arms, times, outputs and columns it is to have. */
#include "export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of times in days, above the roundings of months and years. */
#define SAME_TIME 1e-6

static int choose_arms(export_t *self)
{
    const ost_text_list_t *arms = &self->results->arms;
    ost_text_list_t words = { 0 };
    int code = self->arms != NULL ? ost_cli_split("arms", self->arms, &words) : OST_EXIT_OK;
    self->i_arms = ost_memory_list(&self->memory, arms->n + words.n, sizeof(*self->i_arms));
    if (self->i_arms == NULL) code = ost_cli_no_memory();
    for (size_t i = 0; i < words.n && code == OST_EXIT_OK; i++) {
        size_t a = ost_results_find_arm(self->results, words.items[i]);
        if (a == SIZE_MAX) code = ost_cli_unknown("arms", "arm ", words.items[i], arms);
        self->i_arms[self->n_arms++] = a;
    }
    for (size_t a = 0; a < arms->n && self->arms == NULL && code == OST_EXIT_OK; a++) self->i_arms[self->n_arms++] = a;
    ost_text_list_free(&words);
    return code;
}

static int wrong_every(const char *text, const char *why)
{
    return OST_CLI_USAGE("--every: '%s' %s", text, why);
}

/* @param[out] step  d, 0: all times */
static int read_every(const export_t *self, double *step)
{
    const ost_dim_t time = { { [OST_DIM_TIME] = 6 } };
    ost_quantity_t quantity;
    ost_error_t err = { 0 };
    char why[OST_DIM_MISMATCH_SIZE];
    *step = 0;
    if (self->every == NULL) return OST_EXIT_OK;
    if (ost_quantity_parse(&quantity, self->every, &err) < 0) return OST_CLI_USAGE("--every: %s", err.what);
    *step = quantity.value;
    if (!ost_dim_equal(quantity.dim, time))
        return wrong_every(self->every, ost_dim_mismatch(quantity.dim, time, "3 month", why));
    return *step > 0 ? OST_EXIT_OK : wrong_every(self->every, "is not above 0; expected a time such as '3 month'");
}

static int choose_times(export_t *self)
{
    const ost_results_t *results = self->results;
    double step;
    size_t n_others = 0; /* than time 0 */
    int code = read_every(self, &step);
    if (code != OST_EXIT_OK) return code;
    self->i_times = ost_memory_list(&self->memory, results->n_times, sizeof(*self->i_times));
    if (self->i_times == NULL) return ost_cli_no_memory();
    for (size_t t = 0; t < results->n_times; t++) {
        char number[32];
        double x = results->times[t];
        if (step > 0 && fabs(x - step * nearbyint(x / step)) > SAME_TIME) continue;
        self->i_times[self->n_times++] = t;
        n_others += x != 0;
        if (ost_text_list_add(&self->times, "%s", ost_export_number(x, number)) < 0) return ost_cli_no_memory();
    }
    if (n_others > 0 || self->n_times == results->n_times) return OST_EXIT_OK;
    return OST_CLI_USAGE(
        "--every: the file has no output time that is a multiple of '%s', besides time 0; its times are "
        "%g d, %g d, ... %g d",
        self->every, results->times[0], results->times[1], results->times[results->n_times - 1]);
}

/* Names of a variable that can be asked for: the output itself, and its change in percent. */
static size_t count_measures(const export_t *self)
{
    return self->results->keep == OST_KEEP_QUANTILES ? 2 : 1;
}

static void name_measure(const export_t *self, size_t variable, size_t measure, char *buf, size_t size)
{
    snprintf(buf, size, "%.100s%s", self->results->names.items[variable], measure > 0 ? "_change" : "");
}

static int add_output(export_t *self, size_t variable, size_t element, size_t measure)
{
    const char *of = ost_results_element(self->results, self->results->names.items[variable], element);
    char name[128];
    export_output_t *output = &self->outputs[self->n_outputs++];
    name_measure(self, variable, measure, name, sizeof(name));
    char *first = ost_export_field(name), *second = ost_export_field(of);
    *output = (export_output_t){ .variable = variable,
        .element = element,
        .is_change = measure > 0,
        .of = ost_export_text(self, "%s", name),
        .name = ost_export_text(self, "%s%s%s", name, of[0] != '\0' ? "_" : "", of),
        .text = ost_export_text(self, "%s,%s,", first != NULL ? first : "", second != NULL ? second : "") };
    const bool ok = first != NULL && second != NULL && !self->memory.failed;
    free(first);
    free(second);
    return ok ? OST_EXIT_OK : ost_cli_no_memory();
}

/* All elements of a variable, or one of them, or a column of subjects. @param names  what the file has
 * @param n_outputs  of them, outputs and their elements; the others are of subjects */
static int add_word(export_t *self, const char *word, const ost_text_list_t *names, size_t n_outputs)
{
    const ost_results_t *results = self->results;
    int code = OST_EXIT_OK;
    size_t found = 0;
    for (size_t i = 0; i < results->names.n * count_measures(self) && n_outputs > 0; i++) {
        const size_t v = i / count_measures(self), measure = i % count_measures(self);
        const char *of = results->names.items[v];
        char name[128];
        name_measure(self, v, measure, name, sizeof(name));
        for (size_t e = 0; e < ost_results_n_elements(results, of) && code == OST_EXIT_OK; e++) {
            if (strcmp(word, name) != 0 && !ost_results_is_output(word, name, ost_results_element(results, of, e)))
                continue;
            for (size_t o = 0; o < self->n_outputs; o++)
                if (strcmp(self->outputs[o].of, name) == 0 && self->outputs[o].element == e)
                    return OST_CLI_USAGE("--columns: '%s' is among the elements of a name that is there as well", word);
            code = add_output(self, v, e, measure);
            found++;
        }
    }
    if (found > 0) return code;
    for (size_t i = n_outputs; i < names->n; i++)
        if (strcmp(word, names->items[i]) == 0)
            return ost_text_list_add(&self->covariates, "%s", word) < 0 ? ost_cli_no_memory() : OST_EXIT_OK;
    return ost_cli_unknown("columns", "column ", word, names);
}

/* @param[out] names  outputs with their elements, then what there is of subjects
 * @param[out] n_outputs  how many the first are; @param[out] n_values  columns that outputs can have */
static int list_names(const export_t *self, ost_text_list_t *names, size_t *n_outputs, size_t *n_values)
{
    const ost_results_t *results = self->results;
    ost_error_t err = { 0 };
    for (size_t i = 0; i < results->names.n * count_measures(self) && self->people == NULL; i++) {
        const size_t v = i / count_measures(self);
        const size_t n = results->variables[v].elements.n;
        char name[128];
        name_measure(self, v, i % count_measures(self), name, sizeof(name));
        if (ost_text_list_add(names, "%s", name) < 0) return ost_cli_no_memory();
        for (size_t e = 0; e < n; e++)
            if (ost_text_list_add(names, "%s[%s]", name, results->variables[v].elements.items[e]) < 0)
                return ost_cli_no_memory();
        *n_values += n > 0 ? n : 1;
    }
    *n_outputs = names->n;
    if (results->keep == OST_KEEP_QUANTILES) return OST_EXIT_OK; /* it has no subjects */
    return ost_results_list_columns(results, names, &err) < 0 ? ost_cli_fail(&err) : OST_EXIT_OK;
}

static int choose_columns(export_t *self)
{
    ost_text_list_t names = { 0 }, words = { 0 };
    size_t n_outputs = 0, n_values = 0;
    int code = list_names(self, &names, &n_outputs, &n_values);
    if (code == OST_EXIT_OK && self->columns != NULL) code = ost_cli_split("columns", self->columns, &words);
    const size_t n_default = self->columns != NULL ? 0 : self->people != NULL ? names.n : n_outputs;
    for (size_t i = 0; i < n_default && code == OST_EXIT_OK; i++) /* neither elements nor parameters */
        if (strpbrk(names.items[i], "[.") == NULL && ost_text_list_add(&words, "%s", names.items[i]) < 0)
            code = ost_cli_no_memory();
    if (code == OST_EXIT_OK && self->people == NULL &&
        (self->outputs = ost_memory_list(&self->memory, n_values, sizeof(*self->outputs))) == NULL)
        code = ost_cli_no_memory();
    for (size_t i = 0; i < words.n && code == OST_EXIT_OK; i++)
        code = add_word(self, words.items[i], &names, n_outputs);
    if (code == OST_EXIT_OK && self->n_outputs == 0)
        code = OST_CLI_USAGE(
            "--columns: '%s' has one value for each subject and names no output, of which a table has its "
            "rows; add one, such as '%s'",
            self->columns, names.items[0]);
    ost_text_list_free(&names);
    ost_text_list_free(&words);
    return code;
}

/* A table has each name once. */
static int check_names(const export_t *self)
{
    const char *name, *other;
    for (size_t i = 0; (name = ost_export_column(self, i)) != NULL; i++)
        for (size_t k = 0; k < i && (other = ost_export_column(self, k)) != NULL; k++)
            if (strcmp(name, other) == 0)
                return OST_CLI_USAGE("two columns of the table would be named '%s'; --columns chooses one of them%s",
                    name,
                    self->observations ? " or neither"
                    : self->wide       ? ", or leave out --wide"
                                       : ", or add --wide");
    return OST_EXIT_OK;
}

/* "long.csv" has its units in "long.units.csv". @return NULL if out of memory */
static const char *name_units(export_t *self)
{
    const char *ending = ost_outputs[OST_OUTPUT_VALUES].ending;
    return ost_export_text(self, "%.*s.units%s", (int) (strlen(self->csv) - strlen(ending)), self->csv, ending);
}

static int write_tables(export_t *self, const char *units)
{
    ost_error_t err = { 0 };
    char rows[64];
    const size_t n_parts = self->results->models.n > 0 ? self->results->models.n : 1;
    const uint64_t n_rows = self->people ? (uint64_t) n_parts * self->results->n_subjects
                            : self->observations
                                ? (uint64_t) self->n_arms * self->n_observations
                                : (uint64_t) n_parts * self->n_arms * ost_export_n_rows(self->results) * self->n_times *
                                      (self->wide ? 1 : self->n_outputs);
    if (ost_export_write(self, units, &err) < 0) return ost_cli_fail(&err);
    printf("wrote %s: %s; units: %s\n", self->csv, ost_cli_plural(n_rows, "row", rows), units);
    return OST_EXIT_OK;
}

static int export_file(export_t *self, const char *path, const char *units)
{
    int code = ost_cli_open(&self->results, path);
    if (self->results == NULL) return code;
    if (self->results->is_analysis)
        return OST_CLI_USAGE(
            "export: %s is of 'osteon sensitivity', which keeps no subjects; 'osteon show %s' prints its "
            "tables, and 'osteon sensitivity ... --csv OUT.csv' writes them",
            path, path);
    if (self->results->keep == OST_KEEP_ENDPOINTS)
        return OST_CLI_USAGE(
            "export: %s keeps endpoints alone, and no subjects; 'osteon show %s --csv OUT.csv' writes them", path,
            path);
    if ((code = choose_arms(self)) != OST_EXIT_OK || (code = choose_times(self)) != OST_EXIT_OK ||
        (self->people != NULL && (code = ost_export_choose_people(self)) != OST_EXIT_OK) ||
        (self->observations && (code = ost_export_choose_observations(self)) != OST_EXIT_OK) ||
        (code = choose_columns(self)) != OST_EXIT_OK || (code = check_names(self)) != OST_EXIT_OK)
        return code;
    return write_tables(self, units);
}

static int run_export(char **words, void *arguments)
{
    export_t *a = arguments;
    if ((a->csv == NULL) == (a->people == NULL))
        return OST_CLI_USAGE(a->csv == NULL ? "export: --csv OUT.csv is missing; 'osteon export --help' shows the usage"
                                            : "export: --csv and --people are two tables; expected one of them");
    if (a->csv == NULL) a->csv = a->people;
    const char *units = name_units(a);
    int code = units != NULL ? ost_cli_check_output(a->people != NULL ? "--people" : "--csv",
                                   &ost_outputs[OST_OUTPUT_UNITS], units, false)
                             : ost_cli_no_memory();
    if (code == OST_EXIT_OK) code = export_file(a, words[0], units);
    ost_results_close(a->results);
    ost_text_list_free(&a->covariates);
    ost_text_list_free(&a->times);
    ost_text_list_free(&a->heads);
    ost_text_list_free(&a->head_units);
    ost_experiment_free(&a->experiment);
    ost_memory_free(&a->memory);
    return code;
}

static const ost_option_t options[] = {
    { "csv", "OUT.csv", "the table to write; its units go beside it into OUT.units.csv",
        .target = OST_WORD(export_t, csv), .output = &ost_outputs[OST_OUTPUT_VALUES] },
    { "columns", "NAME,...",
        "outputs (bmd), elements (bmd[total_hip]), covariates and parameters (age, aibl.k_C); default: all "
        "outputs",
        .target = OST_WORD(export_t, columns) },
    { "arms", "ARM,...", "arms to write (default: all)", .target = OST_WORD(export_t, arms) },
    { "every", "TIME", "output times that are multiples of it, as in '3 month' (default: all)",
        .target = OST_WORD(export_t, every) },
    { "wide", NULL, "a column for each output, instead of a row for each value", .target = OST_FLAG(export_t, wide) },
    { "observations", NULL,
        "of a run with a dosing table: the table's observation rows, all columns as they stand there (ID, TIME, "
        "DV), and a column for each output",
        .target = OST_FLAG(export_t, observations) },
    { "people", "OUT.csv",
        "instead of --csv a row for each subject: stratum and number as a candidate where they are enrolled, "
        "covariates (or --columns), and a column for each arm: ok, failed, not_eligible or not_run",
        .target = OST_WORD(export_t, people), .output = &ost_outputs[OST_OUTPUT_PEOPLE] },
};

const ost_command_t ost_command_export = {
    .name = "export",
    .argument = "RESULT.h5|OUT.h5.part",
    .summary = "write a result file as a table for R, pandas and DuckDB",
    .about = "Write the values of all subjects as CSV (RFC 4180), in the order of the file: a row for each value, or "
             "with --wide\nfor each arm, subject and time.",
    .notes =
        "Columns: arm, subject, time [d], then 'model' of a comparison, 'draw' of draws of parameters, or the "
        "entries that\na sweep varies (before them 'point', unless it is a grid), then covariates and parameters "
        "that --columns names.\nOf a file that keeps quantiles, 'statistic' instead of 'subject': n, mean, sd, "
        "q0.05, ..., of outputs and of their\npercent changes, as bmd_change. A long table ends in variable, "
        "element, value; a wide one has columns such as\nbmd_total_hip. A field is empty where there is no value. "
        "OUT.units.csv names the unit and the meaning of every\ncolumn and variable. Statistics over subjects, and "
        "the endpoints of a sweep, are written by 'osteon show --csv'.\nAs Parquet: duckdb -c \"COPY (FROM "
        "'OUT.csv') TO 'OUT.parquet'\"; or in Python\npandas.read_csv('OUT.csv').to_parquet('OUT.parquet').",
    OST_OPTIONS(options),
    OST_ARGUMENTS(export_t, .csv = NULL),
    .run = run_export,
};
