/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes rows of `osteon show`; gives a CSV file (RFC 4180) of all statistics, with units, and of the observed values
 * beside them. */
#include "input/csv.h"
#include "show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Columns of observed values. */
static const char evidence[] =
    "trial,trial_arm,reported,observed,lower,upper,interval,role,citation,reference,line,simulated,unit";

const char *ost_show_unit(const show_t *self)
{
    return self->has_values ? ost_results_variable(self->results, self->variable)->unit : "%";
}

char *ost_show_unit_of(const ost_observation_t *observation, char *buf, size_t size)
{
    const ost_endpoint_t *endpoint = &observation->endpoint;
    const bool is_level = endpoint->measure == OST_MEASURE_LEVEL && !endpoint->is_ratio;
    const char *per, *text = is_level ? observation->row->unit : endpoint->per_year ? "%/year" : "%";
    size_t n = 0;
    buf[0] = '\0';
    for (; (per = strstr(text, "_per_")) != NULL && n < size; text = per + strlen("_per_"))
        n += (size_t) snprintf(buf + n, size - n, "%.*s/", (int) (per - text), text);
    if (n < size) snprintf(buf + n, size - n, "%s", text);
    return buf;
}

static bool has_unit(size_t statistic)
{
    return statistic != OST_STATISTIC_N && statistic != OST_STATISTIC_NNT;
}

int ost_show_csv_begin(show_t *self, ost_error_t *err)
{
    if (self->csv == NULL) return 0;
    self->csv_out = open_memstream(&self->csv_text, &self->csv_size);
    if (self->csv_out == NULL) return ost_no_memory(err);
    fputs("variable,arm,element,model,measure,from [month],to [month],", self->csv_out);
    for (size_t i = 0; i < OST_N_STATISTICS; i++) {
        char head[96];
        const char *unit = i == OST_STATISTIC_FRACTION ? "%" : ost_show_unit(self);
        snprintf(head, sizeof(head), has_unit(i) ? "%s [%s]" : "%s", ost_statistic_names[i], unit);
        ost_csv_put(head, self->csv_out);
    }
    fprintf(self->csv_out, "%s\r\n", evidence);
    return 0;
}

/* A difference is of one statistic: that of the observed value. */
static bool has_difference(size_t statistic, const ost_sample_t *sample)
{
    return statistic == OST_STATISTIC_DIFFERENCE || statistic == OST_STATISTIC_RESIDUAL ||
           statistic == (size_t) sample->observed_as;
}

void ost_show_csv_row(show_t *self, const char *arm, size_t element, span_t span, const char *model,
    const char *measure, const ost_sample_t *of, const ost_observation_t *observation, double simulated)
{
    const ost_evidence_row_t *row = observation != NULL ? observation->row : NULL;
    ost_sample_t sample = *of;
    char unit[96];
    bool is_difference = observation != NULL && observation->endpoint.versus != SIZE_MAX;
    if (self->csv_out == NULL) return;
    sample.observed = row != NULL && sample.n > 0 ? row->value : NAN;
    if (row != NULL) sample.observed_as = observation->endpoint.statistic;
    ost_csv_put(self->variable, self->csv_out);
    ost_csv_put(arm, self->csv_out);
    ost_csv_put(ost_results_element(self->results, self->variable, element), self->csv_out);
    ost_csv_put(model, self->csv_out);
    ost_csv_put(measure, self->csv_out);
    ost_csv_put_number(ost_show_month(self, span.from), self->csv_out);
    ost_csv_put_number(ost_show_month(self, span.to), self->csv_out);
    for (size_t i = 0; i < OST_N_STATISTICS; i++)
        ost_csv_put_number(
            is_difference && !has_difference(i, &sample) ? NAN : ost_statistic((ost_statistic_t) i, &sample),
            self->csv_out);
    if (row == NULL) {
        for (const char *c = evidence; *c != '\0'; c++)
            if (*c == ',') fputc(',', self->csv_out);
        fputs("\r\n", self->csv_out);
        return;
    }
    ost_csv_put(row->trial, self->csv_out);
    ost_csv_put(row->arm, self->csv_out);
    ost_csv_put(ost_reported_words[row->statistic], self->csv_out);
    ost_csv_put_number(row->value, self->csv_out);
    ost_csv_put_number(row->lower, self->csv_out);
    ost_csv_put_number(row->upper, self->csv_out);
    ost_csv_put(ost_interval_words[row->interval], self->csv_out);
    ost_csv_put(ost_role_words[row->role], self->csv_out);
    ost_csv_put(row->citation, self->csv_out);
    ost_csv_put(row->reference, self->csv_out);
    fprintf(self->csv_out, "%d,", row->line);
    ost_csv_put_number(simulated, self->csv_out);
    ost_csv_write_text(ost_show_unit_of(observation, unit, sizeof(unit)), self->csv_out);
    fputs("\r\n", self->csv_out);
}

static int put(const void *what, FILE *out, ost_error_t *err)
{
    const show_t *self = what;
    (void) err;
    fwrite(self->csv_text, 1, self->csv_size, out);
    return 0;
}

int ost_show_csv_end(show_t *self, ost_error_t *err)
{
    if (self->csv_out == NULL) return 0;
    if (fflush(self->csv_out) != 0) return ost_no_memory(err);
    return ost_cli_write(self->csv, put, self, err);
}
