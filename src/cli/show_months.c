/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the months that `osteon show` is asked for; gives those of the file that are shown in their place. */
#include "show.h"

#include <math.h>
#include <stdio.h>

double ost_show_month(const show_t *self, double month)
{
    long i = ost_results_time_index(self->results, month * OST_DAYS_PER_MONTH);
    double shown = i >= 0 ? self->results->times[i] / OST_DAYS_PER_MONTH : month;
    return fabs(shown - month) > 1e-6 ? shown : month;
}

void ost_show_print_months(const show_t *self)
{
    for (size_t i = 0; i < self->n_spans; i++) {
        double month = self->spans[i].to, shown = ost_show_month(self, month);
        if (shown == month || (i > 0 && self->spans[i - 1].to == month)) continue;
        ost_print_wrapped(
            stdout, "month %.6g is not in the file: the nearest time, month %.6g, is shown", month, shown);
    }
}
