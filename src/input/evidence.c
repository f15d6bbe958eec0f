/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes an evidence table and the dictionary of its endpoints; gives its rows, each of them checked. */
#include "input/evidence.h"

#include "core/file.h"
#include "input/csv.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const ost_role_words[OST_N_ROLES] = { OST_ROLES(OST_WORD_OF) };
const char *const ost_reported_words[OST_N_REPORTED] = { OST_REPORTED(OST_WORD_OF) };
const char *const ost_interval_words[OST_N_INTERVALS] = { OST_INTERVALS(OST_WORD_OF) };
static const char *const interval_also[OST_N_INTERVALS] = {
    [OST_INTERVAL_NONE] = "None; NA",
    [OST_INTERVAL_95CI] = "95CI; CI95; 95%CI; 95% CI; 95 % CI; 95%ci",
    [OST_INTERVAL_SD] = "SD",
    [OST_INTERVAL_SE] = "SE; SEM; sem",
    [OST_INTERVAL_IQR] = "IQR",
};

#define COLUMN(INDEX, member, of, ...)                                                                                 \
    [INDEX] = { .name = #member, .kind = of, .offset = offsetof(ost_evidence_row_t, member), __VA_ARGS__ },
#define WORDS(list, size, none) .words = list, .n_words = size, .empty = none
/* clang-format off */
/* those by which two rows are the same observation */
#define KEYS(X)                                                                                                        \
    X(TRIAL, trial, OST_CSV_TEXT, )                                                                                    \
    X(ARM, arm, OST_CSV_TEXT, )                                                                                        \
    X(ENDPOINT, endpoint, OST_CSV_TEXT, )                                                                              \
    X(SITE, site, OST_CSV_TEXT, )                                                                                      \
    X(MONTHS, time_months, OST_CSV_NUMBER, )                                                                           \
    X(STATISTIC, statistic, OST_CSV_WORD, WORDS(ost_reported_words, OST_N_REPORTED, "mean"))                           \
    X(VALUE, value, OST_CSV_NUMBER, )                                                                                  \
    X(UNIT, unit, OST_CSV_TEXT, )
#define COLUMNS(X)                                                                                                     \
    KEYS(X)                                                                                                            \
    X(ROLE, role, OST_CSV_WORD, WORDS(ost_role_words, OST_N_ROLES, NULL))                                              \
    X(POPULATION, population, OST_CSV_TEXT, .is_optional = true)                                                       \
    X(REGIMEN, drug_regimen, OST_CSV_TEXT, .is_optional = true)                                                        \
    X(INTERVAL, interval, OST_CSV_WORD, WORDS(ost_interval_words, OST_N_INTERVALS, "none"), .also = interval_also)     \
    X(CITATION, citation, OST_CSV_TEXT, )                                                                              \
    X(REFERENCE, reference, OST_CSV_TEXT, )                                                                            \
    X(NOTE, note, OST_CSV_TEXT, )                                                                                      \
    X(LOWER, lower, OST_CSV_NUMBER, )                                                                                  \
    X(UPPER, upper, OST_CSV_NUMBER, )                                                                                  \
    X(N, n, OST_CSV_NUMBER, )
/* clang-format on */
#define INDEX_OF(INDEX, ...) INDEX,
enum { COLUMNS(INDEX_OF) N_COLUMNS, N_KEYS = UNIT + 1 };
static const ost_csv_column_t columns[N_COLUMNS] = { COLUMNS(COLUMN) };

/* A row that is being checked. */
typedef struct {
    const ost_endpoint_dictionary_t *dictionary;
    ost_csv_t *csv;
    const size_t *field; /* of each column */
    ost_evidence_row_t *row;
} check_t;

#define FAIL(self, INDEX, code, ...) ost_csv_fail((self)->csv, (self)->field[INDEX], code, __VA_ARGS__)

/* Put the dictionary's spelling in the place of the table's. */
static int replace(const check_t *self, char **text, const char *word)
{
    char *copy = ost_csv_text(self->csv, word, strlen(word));
    if (copy != NULL) *text = copy;
    return self->csv->code;
}

/* Endpoint, site and unit, and that they go together. */
static int check_words(const check_t *self)
{
    ost_evidence_row_t *row = self->row;
    char word[OST_EVIDENCE_WORD], what[400];
    const ost_endpoint_entry_t *endpoint = ost_endpoint_word(self->dictionary, row->endpoint, &row->base, word);
    if (endpoint == NULL)
        return FAIL(self, ENDPOINT, OST_ERR_NAME, "%s",
            ost_endpoint_unknown(self->dictionary, false, row->endpoint, what, sizeof(what)));
    row->kind = endpoint->kind;
    int ret = replace(self, &row->endpoint, word);
    if (ret < 0) return ret;
    const ost_endpoint_entry_t *site = ost_endpoint_site(self->dictionary, row->site, word);
    if (site == NULL)
        return FAIL(self, SITE, OST_ERR_NAME, "%s",
            ost_endpoint_unknown(self->dictionary, true, row->site, what, sizeof(what)));
    if (endpoint->endpoint_class != site->endpoint_class && endpoint->endpoint_class != OST_CLASS_LEVEL &&
        site->endpoint_class != OST_CLASS_LEVEL)
        return FAIL(self, SITE, OST_ERR_NAME, "site: '%s' (class %s) does not go with endpoint '%s' (class %s)",
            row->site, ost_class_words[site->endpoint_class], row->endpoint, ost_class_words[endpoint->endpoint_class]);
    if ((ret = replace(self, &row->site, word)) < 0) return ret;
    ost_error_t why = { 0 };
    if (ost_evidence_unit_parse(&row->in, row->unit, word, &why) < 0)
        return FAIL(self, UNIT, OST_ERR_UNIT, "%s", why.what);
    char expected[OST_WORDS_SIZE];
    if (!ost_evidence_unit_fits(&row->in, row->kind, endpoint->endpoint_class, expected))
        return FAIL(self, UNIT, OST_ERR_UNIT, "unit: '%s' does not fit endpoint '%s'; expected %s", row->unit,
            row->endpoint, expected);
    return replace(self, &row->unit, word);
}

static int check_interval(const check_t *self)
{
    const ost_evidence_row_t *row = self->row;
    const char *kind = ost_interval_words[row->interval];
    bool has_lower = !isnan(row->lower), has_upper = !isnan(row->upper);
    switch (row->interval) {
    case OST_INTERVAL_NONE:
    case OST_N_INTERVALS:
        if (!has_lower && !has_upper) return 0;
        return FAIL(self, has_lower ? LOWER : UPPER, OST_ERR_VALUE,
            "%s: a bound without a kind; 'interval' must be 95ci, sd, se, iqr or range", has_lower ? "lower" : "upper");
    case OST_INTERVAL_SD:
    case OST_INTERVAL_SE:
        if (has_lower)
            return FAIL(self, LOWER, OST_ERR_VALUE, "lower: the %s is in 'upper', and 'lower' must be empty", kind);
        if (!has_upper) return FAIL(self, UPPER, OST_ERR_VALUE, "upper: the %s is missing", kind);
        if (row->upper > 0) return 0;
        return FAIL(self, UPPER, OST_ERR_VALUE, "upper: the %s is %g; it must be above 0", kind, row->upper);
    case OST_INTERVAL_95CI:
    case OST_INTERVAL_IQR:
    case OST_INTERVAL_RANGE:
    case OST_INTERVAL_MARKERS:
        break;
    }
    if (!has_lower || !has_upper)
        return FAIL(self, has_lower ? UPPER : LOWER, OST_ERR_VALUE, "%s: a bound of the %s is missing",
            has_lower ? "upper" : "lower", kind);
    if (!(row->lower < row->upper))
        return FAIL(self, LOWER, OST_ERR_VALUE, "lower: %g must be below 'upper' (%g)", row->lower, row->upper);
    /* a mean may lie outside the quartiles */
    if (row->interval == OST_INTERVAL_IQR && row->statistic != OST_REPORTED_MEDIAN) return 0;
    if (row->value >= row->lower && row->value <= row->upper) return 0;
    return FAIL(self, VALUE, OST_ERR_VALUE, "value: %g is outside its own %s, %g to %g", row->value, kind, row->lower,
        row->upper);
}

static int check_time(const check_t *self)
{
    const ost_evidence_row_t *row = self->row;
    double month = row->time_months;
    if (isnan(month)) return 0;
    if (fabs(month) > 12 * OST_LIFE_YEARS)
        return FAIL(self, MONTHS, OST_ERR_VALUE,
            "time_months: %.10g months are more than %d years, longer than a human life", month, OST_LIFE_YEARS);
    if (month < 0 && !isnan(row->base.months) && row->kind != OST_ENDPOINT_LEVEL && row->kind != OST_ENDPOINT_OTHER)
        return FAIL(self, MONTHS, OST_ERR_VALUE, "time_months: %g is before the trial's start; '%s' counts from there",
            month, row->endpoint);
    if (!isnan(row->base.until) && month != row->base.until)
        return FAIL(self, MONTHS, OST_ERR_VALUE, "time_months: %g where '%s' ends at month %g", month, row->endpoint,
            row->base.until);
    if (month > row->base.months || !(row->base.months > 0)) return 0;
    return FAIL(self, MONTHS, OST_ERR_VALUE, "time_months: %g where '%s' begins at month %g", month, row->endpoint,
        row->base.months);
}

/* Values that no subject can have. */
static int check_value(const check_t *self)
{
    const ost_evidence_row_t *row = self->row;
    bool is_absolute = row->in.form == OST_COUNTED_PHYSICAL || row->in.form == OST_COUNTED_FRACTION;
    if (isnan(row->value)) return FAIL(self, VALUE, OST_ERR_VALUE, "value: a number is expected");
    if (row->statistic == OST_REPORTED_SD && !(row->value > 0))
        return FAIL(self, VALUE, OST_ERR_VALUE, "value: %g; an SD between subjects must be above 0", row->value);
    if (row->kind == OST_ENDPOINT_CHANGE && row->in.form == OST_COUNTED_PERCENT && row->value < -100)
        return FAIL(self, VALUE, OST_ERR_VALUE, "value: a change of %g percent leaves less than nothing", row->value);
    if (row->kind == OST_ENDPOINT_LEVEL && is_absolute && !(row->value > 0))
        return FAIL(self, VALUE, OST_ERR_VALUE, "value: %g; a level must be above 0", row->value);
    if (isnan(row->n) || (row->n >= 1 && row->n == floor(row->n) && row->n <= 1e9)) return 0;
    return FAIL(self, N, OST_ERR_VALUE, "n: %g must be a whole number of subjects, 1 or more", row->n);
}

static int check_row(const void *user, ost_csv_t *csv, const size_t *field, void *row)
{
    const check_t self = { user, csv, field, row };
    int ret = check_words(&self);
    if (ret == 0) ret = check_value(&self);
    if (ret == 0) ret = check_interval(&self);
    return ret == 0 ? check_time(&self) : ret;
}

static const ost_csv_table_t table = { columns, N_COLUMNS, sizeof(ost_evidence_row_t),
    offsetof(ost_evidence_row_t, line), check_row };

static int check_key(const void *user, ost_csv_t *csv, const size_t *field, void *row)
{
    const check_t self = { user, csv, field, row };
    return check_words(&self);
}

/* Of frozen.csv: a row is the key of one of the evidence. */
static const ost_csv_table_t frozen = { columns, N_KEYS, sizeof(ost_evidence_row_t), offsetof(ost_evidence_row_t, line),
    check_key };

static int compare_numbers(double a, double b)
{
    return isnan(a) || isnan(b) ? isnan(a) - isnan(b) : (a > b) - (a < b);
}

/* The order in which rows of one measurement stand together. */
static int compare_measured(const ost_evidence_row_t *a, const ost_evidence_row_t *b)
{
    const char *const texts[][2] = { { a->trial, b->trial }, { a->arm, b->arm }, { a->endpoint, b->endpoint },
        { a->site, b->site }, { a->unit, b->unit } };
    int order = compare_numbers(a->time_months, b->time_months);
    if (order == 0) order = (a->statistic > b->statistic) - (a->statistic < b->statistic);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && order == 0; i++)
        order = strcmp(texts[i][0], texts[i][1]);
    return order;
}

/* The same of the same observation. */
static int compare_observed(const ost_evidence_row_t *a, const ost_evidence_row_t *b)
{
    const int order = compare_measured(a, b);
    return order != 0 ? order : compare_numbers(a->value, b->value);
}

static int compare_rows(const void *x, const void *y)
{
    const ost_evidence_row_t *a = *(ost_evidence_row_t *const *) x, *b = *(ost_evidence_row_t *const *) y;
    int order = compare_observed(a, b);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Notes rows that are there twice. */
static int find_duplicates(ost_evidence_t *self, const char *path, ost_error_t *err)
{
    ost_evidence_row_t **sorted = malloc((self->n_rows + 1) * sizeof(*sorted));
    int ret = sorted == NULL ? ost_no_memory(err) : 0;
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) sorted[i] = &self->rows[i];
    if (ret == 0 && self->n_rows > 0) qsort(sorted, self->n_rows, sizeof(*sorted), compare_rows);
    for (size_t i = 1; i < self->n_rows && ret == 0; i++) {
        const ost_evidence_row_t *before = sorted[i - 1];
        if (compare_observed(before, sorted[i]) == 0)
            sorted[i]->same_as = before->same_as > 0 ? before->same_as : before->line;
        else if (compare_measured(before, sorted[i]) == 0 && before->role != OST_ROLE_CONTEXT &&
                 sorted[i]->role != OST_ROLE_CONTEXT && strcmp(before->population, sorted[i]->population) == 0)
            ret = ost_text_list_add(&self->warnings,
                "%s:%d: values %g and %g of line %d for one measurement (%s, %s, %s %s); both count", path,
                sorted[i]->line, sorted[i]->value, before->value, before->line, before->trial, before->arm,
                before->endpoint, before->site);
    }
    for (size_t i = 0; i < self->n_rows && ret == 0; i++) {
        const ost_evidence_row_t *row = &self->rows[i];
        if (row->same_as > 0 && ost_text_list_add(&self->warnings,
                                    "%s:%d: the observation of line %d again (%s, %s, %s %s); it counts once", path,
                                    row->line, row->same_as, row->trial, row->arm, row->endpoint, row->site) < 0)
            ret = OST_ERR_NO_MEMORY;
    }
    if (ret < 0) ret = ost_no_memory(err);
    free(sorted);
    return ret;
}

/* Rows that frozen.csv beside the table names count as validate, whatever their role. */
static int read_frozen(ost_evidence_t *self, const ost_endpoint_dictionary_t *dictionary, ost_error_t *err)
{
    const char *path = ost_file_beside(&self->memory, self->path, "frozen.csv");
    if (path == NULL) return ost_no_memory(err);
    void *rows = NULL;
    int ret = 0;
    if (access(path, F_OK) == 0)
        ret = ost_csv_read_rows(&frozen, dictionary, path, &self->memory, &rows, &self->n_frozen, err);
    const ost_evidence_row_t *keys = rows;
    for (size_t k = 0; k < self->n_frozen && ret == 0; k++) {
        size_t i = 0;
        while (i < self->n_rows && compare_observed(&keys[k], &self->rows[i]) != 0) i++;
        if (i == self->n_rows)
            ret = ost_fail_at(err, OST_ERR_NAME, path, keys[k].line, 0,
                "%s does not have this observation any more (%s, %s, %s %s); rows of the frozen list stay as they are",
                self->path, keys[k].trial, keys[k].arm, keys[k].endpoint, keys[k].site);
        else
            self->rows[i].is_frozen = true;
    }
    return ret;
}

const char *ost_evidence_path(const char *named, const char *endpoints, ost_memory_t *memory)
{
    static const char folder[] = "evidence/";
    const char *name = NULL;
    for (const char *at = named; (at = strstr(at, folder)) != NULL; at += strlen(folder)) name = at + strlen(folder);
    if (name == NULL || endpoints == NULL || access(named, F_OK) == 0) return named;
    const char *shipped = ost_file_beside(memory, endpoints, name);
    return shipped == NULL || access(shipped, F_OK) == 0 ? shipped : named;
}

int ost_evidence_read(
    ost_evidence_t *self, const char *path, const ost_endpoint_dictionary_t *dictionary, ost_error_t *err)
{
    void *rows;
    *self = (ost_evidence_t){ 0 };
    if ((self->path = ost_memory_text(&self->memory, path, strlen(path))) == NULL) return ost_no_memory(err);
    int ret = ost_csv_read_rows(&table, dictionary, path, &self->memory, &rows, &self->n_rows, err);
    self->rows = rows;
    if (ret == 0) ret = find_duplicates(self, path, err);
    if (ret == 0 && ost_evidence_doubt(self) < 0) ret = ost_no_memory(err);
    return ret == 0 ? read_frozen(self, dictionary, err) : ret;
}

ost_role_t ost_evidence_role(const ost_evidence_row_t *row)
{
    return row->is_frozen ? OST_ROLE_VALIDATE : row->role;
}

bool ost_evidence_bounds(const ost_evidence_row_t *row, double *lower, double *upper)
{
    const double n = row->interval == OST_INTERVAL_SE ? 1 : row->n;
    const double half = 1.96 * row->upper / sqrt(n);
    const bool is_width = row->interval == OST_INTERVAL_SE || row->interval == OST_INTERVAL_SD;
    *lower = is_width ? row->value - half : row->lower;
    *upper = is_width ? row->value + half : row->upper;
    return isfinite(*lower) && isfinite(*upper);
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
    ost_memory_free(&self->memory);
    ost_text_list_free(&self->warnings);
    *self = (ost_evidence_t){ 0 };
}
