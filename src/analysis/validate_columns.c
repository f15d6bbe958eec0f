/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes prediction checks; gives them as columns of text: of printed tables, of the page, and of CSV. */
#include "analysis/validate.h"

#include "input/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SAME_MONTH 0.05

/* Digits after the point that suit the numbers of a check, in its row's unit. */
static int decimals_of(const ost_prediction_check_t *self)
{
    ost_measure_t measure = self->observation->endpoint.measure;
    bool is_percent =
        measure == OST_MEASURE_PERCENT || measure == OST_MEASURE_FRACTION || self->observation->endpoint.is_ratio;
    double size = fmax(fabs(self->observation->row->value), fabs(self->estimate.value));
    if (!(size > 0) || !isfinite(size)) return 2;
    return (int) fmin(fmax(2 - floor(log10(size)), 0), is_percent ? 2 : 6);
}

/* A column: of text, or of numbers, which tables round and CSV does not. */
#define OF_TEXT(name, ...)                                                                                             \
    static const char *name(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])                              \
    {                                                                                                                  \
        const ost_evidence_row_t *row = self->observation->row;                                                        \
        const ost_experiment_t *e = &self->trial->experiment;                                                          \
        (void) row, (void) e, (void) buf;                                                                              \
        return __VA_ARGS__;                                                                                            \
    }
#define OF_NUMBER(name, ...)                                                                                           \
    static double name(const ost_prediction_check_t *self)                                                             \
    {                                                                                                                  \
        const ost_evidence_row_t *row = self->observation->row;                                                        \
        (void) row;                                                                                                    \
        return __VA_ARGS__;                                                                                            \
    }

static const char *range(int decimals, double lower, double upper, char buf[OST_CHECK_CELL])
{
    buf[0] = '\0';
    if (!isnan(lower) && !isnan(upper))
        snprintf(buf, OST_CHECK_CELL, "%.*f..%.*f", decimals, lower, decimals, upper);
    else if (!isnan(upper))
        snprintf(buf, OST_CHECK_CELL, "%.*f", decimals, upper);
    return buf;
}

/* The two bounds, or which measure of uncertainty it is, and its size. */
static const char *interval_of(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])
{
    const ost_evidence_row_t *row = self->observation->row;
    char size[OST_CHECK_CELL];
    int d = decimals_of(self);
    if (isnan(row->upper) || !isnan(row->lower)) return range(d, row->lower, row->upper, buf);
    snprintf(buf, OST_CHECK_CELL, "%s %.40s", ost_interval_words[row->interval], range(d, NAN, row->upper, size));
    return buf;
}

static double months(double days)
{
    return days / OST_DAYS_PER_MONTH;
}

/* Where a change counts from; NAN of levels and of other numbers of one time. */
static double from_of(const ost_prediction_check_t *self)
{
    const ost_endpoint_t *endpoint = &self->observation->endpoint;
    return endpoint->measure == OST_MEASURE_LEVEL ? NAN : months(endpoint->from);
}

/* "72", or "60-72" of a change that does not count from time 0; "24 (48-72)" where the table of evidence counts from
 * another time than the simulation does. */
static const char *span_of(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])
{
    double from = from_of(self), to = months(self->observation->endpoint.to),
           month = self->observation->row->time_months;
    const bool is_moved = fabs(month - to) > SAME_MONTH;
    char simulated[OST_CHECK_CELL];
    if (from > 0 || from < 0)
        snprintf(simulated, sizeof(simulated), "%g-%g", from, to);
    else
        snprintf(simulated, sizeof(simulated), "%g", to);
    if (is_moved)
        snprintf(buf, OST_CHECK_CELL, "%g (%.48s)", month, simulated);
    else
        snprintf(buf, OST_CHECK_CELL, "%s", simulated);
    return buf;
}

/* For readers: subjects of the observation. */
static const char *subjects_of(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])
{
    const double n = self->observation->row->n;
    snprintf(buf, OST_CHECK_CELL, isnan(n) ? "unknown" : "%g", n);
    return buf;
}

static double eligible_of(const ost_prediction_check_t *self)
{
    uint64_t n, n_candidates;
    return ost_validation_eligible(self->trial, &n, &n_candidates) ? (double) n : NAN;
}

static double candidates_of(const ost_prediction_check_t *self)
{
    uint64_t n, n_candidates;
    return ost_validation_eligible(self->trial, &n, &n_candidates) ? (double) n_candidates : NAN;
}

static const char *output_of(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])
{
    const ost_endpoint_t *endpoint = &self->observation->endpoint;
    bool is_percent = endpoint->measure == OST_MEASURE_PERCENT && !endpoint->per_year;
    const char *of = endpoint->is_ratio ? "ratio" : endpoint->statistic == OST_STATISTIC_SD ? "SD" : "";
    if (of[0] == '\0' && !is_percent) of = self->observation->row->unit;
    snprintf(buf, OST_CHECK_CELL, "%s%s%.48s", endpoint->output, of[0] == '\0' ? "" : ", ", of);
    return buf;
}

OF_TEXT(experiment_of, e->name)
OF_TEXT(trial_of, row->trial)
OF_TEXT(arm_of, row->arm)
OF_TEXT(simulated_arm_of, e->arms[self->observation->endpoint.arm].name)
OF_TEXT(
    versus_of, self->observation->endpoint.versus != SIZE_MAX ? e->arms[self->observation->endpoint.versus].name : "")
OF_TEXT(endpoint_of, row->endpoint)
OF_TEXT(site_of, row->site)
OF_TEXT(class_of, ost_class_words[self->observation->endpoint_class])
OF_TEXT(treatment_of, self->treated != NULL ? self->treated->name : "")
OF_TEXT(minus_of, self->treated != NULL ? self->treated->minus : "")
OF_NUMBER(naive_of, self->naive)
OF_TEXT(role_of, ost_role_words[row->role])
OF_TEXT(statistic_of, ost_reported_words[row->statistic])
OF_TEXT(unit_of, row->unit)
OF_TEXT(kind_of_interval, ost_interval_words[row->interval])
OF_TEXT(prediction_of, range(decimals_of(self), self->lower, self->upper, buf))
OF_TEXT(inside_of, isnan(self->estimate.value) ? "none" : self->inside ? "inside" : "outside")
OF_TEXT(plain_output_of, self->observation->endpoint.output)
OF_TEXT(reason_of, self->reason != NULL ? self->reason : "")
OF_TEXT(population_of, row->population)
OF_TEXT(regimen_of, row->drug_regimen)
OF_TEXT(citation_of, row->citation)
OF_TEXT(reference_of, row->reference)
OF_TEXT(address_of, ost_reference_address(row->reference, buf, OST_CHECK_CELL))
OF_TEXT(note_of, row->note)
OF_TEXT(reported_unit_of, self->observation->reported->unit)
OF_NUMBER(reported_of, self->observation->reported->value)
OF_TEXT(table_of, self->table)
OF_NUMBER(line_of, row->line)
OF_NUMBER(month_of, row->time_months)
OF_NUMBER(to_of, months(self->observation->endpoint.to))
OF_NUMBER(n_of, row->n)
OF_NUMBER(observed_of, row->value)
OF_NUMBER(observed_lower_of, row->lower)
OF_NUMBER(observed_upper_of, row->upper)
OF_NUMBER(simulated_of, self->estimate.value)
OF_NUMBER(sd_subjects_of, self->estimate.sd)
OF_NUMBER(residual_of, self->estimate.value - row->value)
OF_NUMBER(sd_of, self->sd)
OF_NUMBER(lower_of, self->lower)
OF_NUMBER(upper_of, self->upper)
#define SD_PART(NAME, name, ...) OF_NUMBER(name##_of, self->sd_parts[NAME])
OST_SD_PARTS(SD_PART)

#define P OST_CHECK_PRINTED
#define H OST_CHECK_ON_PAGE
#define M OST_CHECK_OF_MISSES
#define C OST_CHECK_IN_CSV
#define SD_COLUMN(NAME, name, ...) { #name, "", C, OST_CHECK_NUMBER, NULL, name##_of },
static const ost_check_column_t columns[] = {
    { "experiment", "", C, OST_CHECK_TEXT, experiment_of, NULL },
    { "trial", "trial", C, OST_CHECK_TEXT, trial_of, NULL },
    { "arm", "arm", C | H, OST_CHECK_TEXT, arm_of, NULL },
    { "simulated_arm", "", C, OST_CHECK_TEXT, simulated_arm_of, NULL },
    { "versus", "", C, OST_CHECK_TEXT, versus_of, NULL },
    { "endpoint", "", C, OST_CHECK_TEXT, endpoint_of, NULL },
    { "site", "", C, OST_CHECK_TEXT, site_of, NULL },
    { "", "output", P | H | M, OST_CHECK_TEXT, output_of, NULL },
    { "output", "", C, OST_CHECK_TEXT, plain_output_of, NULL },
    { "class", "", C, OST_CHECK_TEXT, class_of, NULL },
    { "treatment", "", C, OST_CHECK_TEXT, treatment_of, NULL },
    { "treatment_minus", "", C, OST_CHECK_TEXT, minus_of, NULL },
    { "role", "role", C | H | M, OST_CHECK_TEXT, role_of, NULL },
    { "", "month", P | H | M, OST_CHECK_RANGE, span_of, NULL },
    { "time_months", "", C, OST_CHECK_COUNT, NULL, month_of },
    { "from_months", "", C, OST_CHECK_COUNT, NULL, from_of },
    { "to_months", "", C, OST_CHECK_COUNT, NULL, to_of },
    { "statistic", "", C, OST_CHECK_TEXT, statistic_of, NULL },
    { "unit", "", C, OST_CHECK_TEXT, unit_of, NULL },
    { "n", "", C, OST_CHECK_COUNT, NULL, n_of },
    { "", "n", H, OST_CHECK_RANGE, subjects_of, NULL },
    { "observed", "observed", P | H | C | M, OST_CHECK_NUMBER, NULL, observed_of },
    { "", "interval", P | H, OST_CHECK_RANGE, interval_of, NULL },
    { "observed_lower", "", C, OST_CHECK_NUMBER, NULL, observed_lower_of },
    { "observed_upper", "", C, OST_CHECK_NUMBER, NULL, observed_upper_of },
    { "observed_interval", "", C, OST_CHECK_TEXT, kind_of_interval, NULL },
    { "simulated", "simulated", P | H | C | M, OST_CHECK_NUMBER, NULL, simulated_of },
    { "sd_subjects", "SD", H | C, OST_CHECK_NUMBER, NULL, sd_subjects_of },
    OST_SD_PARTS(SD_COLUMN) /* a comma is in each */
    { "sd", "", C, OST_CHECK_NUMBER, NULL, sd_of },
    { "lower", "", C, OST_CHECK_NUMBER, NULL, lower_of },
    { "upper", "", C, OST_CHECK_NUMBER, NULL, upper_of },
    { "", "90 % prediction", P | H | M, OST_CHECK_RANGE, prediction_of, NULL },
    { "residual", "simulated - observed", P | H | C | M, OST_CHECK_SIGNED, NULL, residual_of },
    { "check", "check", P | H | C, OST_CHECK_TEXT, inside_of, NULL },
    { "naive", "class mean", H | M | C, OST_CHECK_NUMBER, NULL, naive_of },
    { "eligible", "", C, OST_CHECK_COUNT, NULL, eligible_of },
    { "candidates", "", C, OST_CHECK_COUNT, NULL, candidates_of },
    { "reason", "", C, OST_CHECK_TEXT, reason_of, NULL },
    { "population", "", C, OST_CHECK_TEXT, population_of, NULL },
    { "drug_regimen", "", C, OST_CHECK_TEXT, regimen_of, NULL },
    { "citation", "", C, OST_CHECK_TEXT, citation_of, NULL },
    { "reference", "", C, OST_CHECK_TEXT, reference_of, NULL },
    { "address", "", C, OST_CHECK_TEXT, address_of, NULL },
    { "note", "", C, OST_CHECK_TEXT, note_of, NULL },
    { "reported", "", C, OST_CHECK_NUMBER, NULL, reported_of },
    { "reported_unit", "", C, OST_CHECK_TEXT, reported_unit_of, NULL },
    { "table", "", C, OST_CHECK_TEXT, table_of, NULL },
    { "line", "", C, OST_CHECK_COUNT, NULL, line_of },
};

const ost_check_column_t *ost_check_next(const ost_check_column_t *after, ost_check_table_t table)
{
    for (const ost_check_column_t *c = after == NULL ? columns : after + 1;
         c < columns + sizeof(columns) / sizeof(columns[0]); c++)
        if (c->tables & table) return c;
    return NULL;
}

const char *ost_check_cell(
    const ost_prediction_check_t *self, const ost_check_column_t *column, char buf[OST_CHECK_CELL])
{
    if (column->text != NULL) return column->text(self, buf);
    double number = column->number(self);
    buf[0] = '\0';
    if (isnan(number)) return buf;
    if (column->kind == OST_CHECK_COUNT)
        snprintf(buf, OST_CHECK_CELL, "%g", number);
    else
        snprintf(buf, OST_CHECK_CELL, column->kind == OST_CHECK_SIGNED ? "%+.*f" : "%.*f", decimals_of(self), number);
    return buf;
}

void ost_validation_write_csv(const ost_validation_t *self, FILE *out)
{
    const ost_check_column_t *c = NULL;
    char buf[OST_CHECK_CELL];
    for (bool is_first = true; (c = ost_check_next(c, OST_CHECK_IN_CSV)) != NULL; is_first = false)
        fprintf(out, "%s%s", is_first ? "" : ",", c->name);
    fputc('\n', out);
    for (size_t i = 0; i < self->n_checks; i++) {
        c = NULL;
        for (bool is_first = true; (c = ost_check_next(c, OST_CHECK_IN_CSV)) != NULL; is_first = false) {
            if (!is_first) fputc(',', out);
            double number = c->number != NULL ? c->number(&self->checks[i]) : NAN;
            if (c->text != NULL) ost_csv_write_text(c->text(&self->checks[i], buf), out);
            if (isfinite(number)) fprintf(out, "%.9g", number);
        }
        fputc('\n', out);
    }
}
