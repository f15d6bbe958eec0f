/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes prediction checks; gives them as columns of text: of printed tables, of the page, and of CSV. */
#include "analysis/validate.h"

#include "input/csv.h"

#include <math.h>
#include <stdio.h>

#define SAME_MONTH 0.05

/* Digits after the point that suit numbers of a size, in the unit of a check's row. */
static int decimals_for(const ost_prediction_check_t *self, double size)
{
    ost_measure_t measure = self->observation->endpoint.measure;
    bool is_percent =
        measure == OST_MEASURE_PERCENT || measure == OST_MEASURE_FRACTION || self->observation->endpoint.is_ratio;
    if (!(size > 0) || !isfinite(size)) return 2;
    return (int) fmin(fmax(2 - floor(log10(size)), 0), is_percent ? 2 : 6);
}

static int decimals_of(const ost_prediction_check_t *self)
{
    return decimals_for(self, fmax(fabs(self->observation->row->value), fabs(self->estimate.value)));
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
    if (isnan(row->upper) || !isnan(row->lower)) return range(decimals_of(self), row->lower, row->upper, buf);
    const int d = decimals_for(self, row->upper); /* a width may be far less than its value */
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

/* Of subjects who are selected, those who are eligible, or all candidates. */
static double selected_of(const ost_prediction_check_t *self, bool eligible)
{
    uint64_t n, n_candidates;
    return ost_validation_eligible(self->trial, &n, &n_candidates) ? (double) (eligible ? n : n_candidates) : NAN;
}

static const char *output_of(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])
{
    const ost_endpoint_t *endpoint = &self->observation->endpoint;
    const char *of = endpoint->is_ratio                         ? "ratio"
                     : endpoint->statistic == OST_STATISTIC_SD  ? "SD"
                     : endpoint->measure == OST_MEASURE_PERCENT ? ""
                                                                : self->observation->row->unit;
    snprintf(buf, OST_CHECK_CELL, "%s%s%s%.48s", endpoint->output, endpoint->per_year ? "/y" : "",
        of[0] == '\0' ? "" : ", ", of);
    return buf;
}

static const char *found_of(const ost_prediction_check_t *self)
{
    if (isnan(self->estimate.value)) return "none";
    return self->inside ? "inside" : "outside";
}

/* All columns, in their order: of text, or of numbers, which tables round and CSV does not: X(name in CSV, heading in
 * the other tables, tables, kind, value). */
#define P OST_CHECK_PRINTED
#define H OST_CHECK_ON_PAGE
#define M OST_CHECK_OF_MISSES
#define C OST_CHECK_IN_CSV
#define COLUMNS(OF_TEXT, OF_NUMBER, OF_SD)                                                                             \
    OF_TEXT(experiment, "", C, OST_CHECK_TEXT, e->name)                                                                \
    OF_TEXT(trial, "trial", C, OST_CHECK_TEXT, row->trial)                                                             \
    OF_TEXT(arm, "arm", C | H, OST_CHECK_TEXT, row->arm)                                                               \
    OF_TEXT(simulated_arm, "", C, OST_CHECK_TEXT, e->arms[self->observation->endpoint.arm].name)                       \
    OF_TEXT(versus, "", C, OST_CHECK_TEXT,                                                                             \
        self->observation->endpoint.versus != SIZE_MAX ? e->arms[self->observation->endpoint.versus].name : "")        \
    OF_TEXT(endpoint, "", C, OST_CHECK_TEXT, row->endpoint)                                                            \
    OF_TEXT(site, "", C, OST_CHECK_TEXT, row->site)                                                                    \
    OF_TEXT(printed_output, "output", P | H | M, OST_CHECK_TEXT, output_of(self, buf))                                 \
    OF_TEXT(output, "", C, OST_CHECK_TEXT, self->observation->endpoint.output)                                         \
    OF_TEXT(class, "", C, OST_CHECK_TEXT, ost_class_words[self->observation->endpoint_class])                          \
    OF_TEXT(treatment, "", C, OST_CHECK_TEXT, self->treated != NULL ? self->treated->name : "")                        \
    OF_TEXT(treatment_minus, "", C, OST_CHECK_TEXT, self->treated != NULL ? self->treated->minus : "")                 \
    OF_TEXT(role, "role", C | H | M, OST_CHECK_TEXT, ost_role_words[row->role])                                        \
    OF_TEXT(span, "month", P | H | M, OST_CHECK_RANGE, span_of(self, buf))                                             \
    OF_NUMBER(time_months, "", C, OST_CHECK_COUNT, row->time_months)                                                   \
    OF_NUMBER(from_months, "", C, OST_CHECK_COUNT, from_of(self))                                                      \
    OF_NUMBER(to_months, "", C, OST_CHECK_COUNT, months(self->observation->endpoint.to))                               \
    OF_TEXT(statistic, "", C, OST_CHECK_TEXT, ost_reported_words[row->statistic])                                      \
    OF_TEXT(unit, "", C, OST_CHECK_TEXT, row->unit)                                                                    \
    OF_NUMBER(n, "", C, OST_CHECK_COUNT, row->n)                                                                       \
    OF_TEXT(subjects, "n", H, OST_CHECK_RANGE, subjects_of(self, buf))                                                 \
    OF_NUMBER(observed, "observed", P | H | C | M, OST_CHECK_NUMBER, row->value)                                       \
    OF_TEXT(interval, "interval", P | H, OST_CHECK_RANGE, interval_of(self, buf))                                      \
    OF_NUMBER(observed_lower, "", C, OST_CHECK_NUMBER, row->lower)                                                     \
    OF_NUMBER(observed_upper, "", C, OST_CHECK_NUMBER, row->upper)                                                     \
    OF_TEXT(observed_interval, "", C, OST_CHECK_TEXT, ost_interval_words[row->interval])                               \
    OF_NUMBER(simulated, "simulated", P | H | C | M, OST_CHECK_NUMBER, self->estimate.value)                           \
    OF_NUMBER(sd_subjects, "SD", H | C, OST_CHECK_NUMBER, self->estimate.sd)                                           \
    OST_SD_PARTS(OF_SD)                                                                                                \
    OF_NUMBER(sd, "", C, OST_CHECK_NUMBER, self->sd)                                                                   \
    OF_NUMBER(lower, "", C, OST_CHECK_NUMBER, self->lower)                                                             \
    OF_NUMBER(upper, "", C, OST_CHECK_NUMBER, self->upper)                                                             \
    OF_TEXT(prediction, "90 % prediction", P | H | M, OST_CHECK_RANGE,                                                 \
        range(decimals_of(self), self->lower, self->upper, buf))                                                       \
    OF_NUMBER(residual, "simulated - observed", P | H | C | M, OST_CHECK_SIGNED, self->estimate.value - row->value)    \
    OF_TEXT(check, "check", P | H | C, OST_CHECK_TEXT, found_of(self))                                                 \
    OF_NUMBER(naive, "class mean", H | M | C, OST_CHECK_NUMBER, self->naive)                                           \
    OF_NUMBER(eligible, "", C, OST_CHECK_COUNT, selected_of(self, true))                                               \
    OF_NUMBER(candidates, "", C, OST_CHECK_COUNT, selected_of(self, false))                                            \
    OF_TEXT(reason, "", C, OST_CHECK_TEXT, self->reason != NULL ? self->reason : "")                                   \
    OF_TEXT(population, "", C, OST_CHECK_TEXT, row->population)                                                        \
    OF_TEXT(drug_regimen, "", C, OST_CHECK_TEXT, row->drug_regimen)                                                    \
    OF_TEXT(citation, "", C, OST_CHECK_TEXT, row->citation)                                                            \
    OF_TEXT(reference, "", C, OST_CHECK_TEXT, row->reference)                                                          \
    OF_TEXT(address, "", C, OST_CHECK_TEXT, ost_reference_address(row->reference, buf, OST_CHECK_CELL))                \
    OF_TEXT(note, "", C, OST_CHECK_TEXT, row->note)                                                                    \
    OF_NUMBER(reported, "", C, OST_CHECK_NUMBER, self->observation->reported->value)                                   \
    OF_TEXT(reported_unit, "", C, OST_CHECK_TEXT, self->observation->reported->unit)                                   \
    OF_TEXT(table, "", C, OST_CHECK_TEXT, self->table)                                                                 \
    OF_NUMBER(line, "", C, OST_CHECK_COUNT, row->line)

#define TEXT_OF(name, heading, tables, kind, ...)                                                                      \
    static const char *text_##name(const ost_prediction_check_t *self, char buf[OST_CHECK_CELL])                       \
    {                                                                                                                  \
        const ost_evidence_row_t *row = self->observation->row;                                                        \
        const ost_experiment_t *e = &self->trial->experiment;                                                          \
        (void) row, (void) e, (void) buf;                                                                              \
        return __VA_ARGS__;                                                                                            \
    }
#define NUMBER_OF(name, heading, tables, kind, ...)                                                                    \
    static double number_##name(const ost_prediction_check_t *self)                                                    \
    {                                                                                                                  \
        const ost_evidence_row_t *row = self->observation->row;                                                        \
        (void) row;                                                                                                    \
        return __VA_ARGS__;                                                                                            \
    }
#define TEXT_ROW(name, heading, tables, kind, ...) { #name, heading, tables, kind, text_##name, NULL },
#define NUMBER_ROW(name, heading, tables, kind, ...) { #name, heading, tables, kind, NULL, number_##name },
#define SD_OF(NAME, name, ...) NUMBER_OF(name, "", C, OST_CHECK_NUMBER, self->sd_parts[NAME])
#define SD_ROW(NAME, name, ...) NUMBER_ROW(name, "", C, OST_CHECK_NUMBER, )
COLUMNS(TEXT_OF, NUMBER_OF, SD_OF)
static const ost_check_column_t columns[] = { COLUMNS(TEXT_ROW, NUMBER_ROW, SD_ROW) };

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
