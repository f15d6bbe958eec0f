/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a result file; prints how many subjects began or ended dosing that depends on the subject. */
#include "show.h"

#include <math.h>
#include <stdio.h>

/* Percent of the subjects with a value (self->base) whose time (self->value) is at most so many months. */
static double percent_by(const show_t *self, double months)
{
    size_t n = 0, n_valid = 0;
    for (size_t i = 0; i < self->n_subjects; i++) {
        if (isnan(self->base[i])) continue;
        n += self->value[i] <= (months + 1e-6) * OST_DAYS_PER_MONTH;
        n_valid++;
    }
    return n_valid > 0 ? 100.0 * (double) n / (double) n_valid : 0;
}

static bool is_constant(const show_t *self)
{
    size_t i = 1;
    while (i < self->n_subjects && self->value[i] == self->value[0]) i++;
    return i == self->n_subjects;
}

/* How many subjects began or ended a subject-specific dosing schedule in the part results->i_model. */
static int print_schedule(
    const show_t *self, size_t schedule, size_t arm, bool ended, const char **gap, ost_error_t *err)
{
    long zero = ost_results_time_index(self->results, 0);
    int ret = ost_results_read(self->results, self->variable, arm, 0, zero < 0 ? 0 : (size_t) zero, self->base, err);
    if (ret == 0) ret = ost_results_read_schedule(self->results, schedule, arm, ended, self->value, err);
    if (ret < 0 || is_constant(self) || percent_by(self, INFINITY) == 0) return ret;
    bool has_parts = self->results->models.n > 0;
    printf("%s%s%s%s: %s %s by %s", *gap, self->results->arms.items[arm], has_parts ? ", " : "",
        has_parts ? self->results->models.items[self->results->i_model] : "", ended ? "ended" : "began",
        self->results->schedules.items[schedule], self->time_unit->name);
    *gap = "";
    for (size_t i = 0; i < self->n_spans; i++) {
        double month = self->spans[i].to;
        if (i == 0 || month != self->spans[i - 1].to)
            printf("%s %g: %.1f %%", i > 0 ? "," : "", ost_show_in_unit(self, month), percent_by(self, month));
    }
    putchar('\n');
    return 0;
}

int ost_show_print_schedules(const show_t *self, ost_error_t *err)
{
    size_t n = self->results->schedules.n, n_arms = self->results->arms.n, n_parts = self->results->models.n;
    const char *gap = "\n";
    int ret = 0;
    if (n_parts == 0) n_parts = 1;
    for (size_t i = 0; i < 2 * n * n_arms * n_parts && ret == 0; i++) {
        self->results->i_model = i / 2 % n_parts;
        ret = print_schedule(self, i / 2 / n_parts % n, i / 2 / n_parts / n, i % 2 == 1, &gap, err);
    }
    return ret;
}
