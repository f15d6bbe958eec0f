/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the months that `osteon show` is asked for; gives the times of the file that are shown in their place, in the
 * unit of its tables. */
#include "show.h"

#include <math.h>
#include <stdio.h>

/* Units of times, shorter first. Each but the last is for files that end before twice the next longer. */
static const ost_show_unit_t units[] = { { "hour", 1.0 / 24 }, { "day", 1 }, { "month", OST_DAYS_PER_MONTH } };
#define N_UNITS (sizeof(units) / sizeof(units[0]))

double ost_show_month(const show_t *self, double month)
{
    long i = ost_results_time_index(self->results, month * OST_DAYS_PER_MONTH);
    double shown = i >= 0 ? self->results->times[i] / OST_DAYS_PER_MONTH : month;
    return fabs(shown - month) > 1e-6 ? shown : month;
}

void ost_show_find_time_unit(show_t *self)
{
    const double *times = self->results->times;
    double longest = fmax(fabs(times[0]), fabs(times[self->results->n_times - 1]));
    self->time_unit = units;
    while (self->time_unit + 1 < units + N_UNITS && longest >= 2 * self->time_unit[1].days) self->time_unit++;
}

double ost_show_in_unit(const show_t *self, double month)
{
    return ost_show_month(self, month) * (OST_DAYS_PER_MONTH / self->time_unit->days);
}

void ost_show_add_time_column(const show_t *self, ost_table_t *table)
{
    ost_table_column(table, self->time_unit->name, false);
}

void ost_show_add_times(const show_t *self, ost_table_t *table, span_t span)
{
    if (span.from > 0)
        ost_table_cell(table, "%g-%g", ost_show_in_unit(self, span.from), ost_show_in_unit(self, span.to));
    else
        ost_table_cell(table, "%g", ost_show_in_unit(self, span.to));
}

void ost_show_print_months(const show_t *self)
{
    const char *unit = self->time_unit->name;
    for (size_t i = 0; i < self->n_spans; i++) {
        double month = self->spans[i].to, asked = month * (OST_DAYS_PER_MONTH / self->time_unit->days);
        if (ost_show_month(self, month) == month || (i > 0 && self->spans[i - 1].to == month)) continue;
        ost_print_wrapped(stdout, "%s %.6g is not in the file: the nearest time, %s %.6g, is shown", unit, asked, unit,
            ost_show_in_unit(self, month));
    }
}
